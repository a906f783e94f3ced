//! The three text formats: CSV, JSON and XML.

use std::io::{self, Write};

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::cell::{Cell, Cells, guard_formula};
use super::{Head, RowWriter};

/// RFC 4180 with a UTF-8 byte order mark, so that a double click in Excel
/// shows Chinese. The header row bears the items' names, as the API does.
pub struct CsvWriter<W: Write>(csv::Writer<W>);

impl<W: Write> CsvWriter<W> {
    pub fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        out.write_all("\u{feff}".as_bytes())?;
        let mut inner = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(out);
        inner.write_record(head.items.iter().map(|i| i.name.as_str()))?;
        Ok(Self(inner))
    }
}
impl<W: Write> RowWriter for CsvWriter<W> {
    fn rows(&mut self, cells: &Cells<'_>) -> io::Result<()> {
        for row in 0..cells.rows() {
            for column in 0..cells.width() {
                match cells.get(row, column) {
                    Cell::Text(text) => self.0.write_field(guard_formula(&text).as_bytes())?,
                    other => self.0.write_field(other.text())?,
                }
            }
            self.0.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }
    fn finish(mut self: Box<Self>) -> io::Result<Option<String>> {
        self.0.flush()?;
        Ok(None)
    }
}

/// `{"dataset":…,"items":[…],"rows":[{…},…]}`, one row a line.
pub struct JsonWriter<W: Write> {
    out: W,
    /// `"name":` of each item, already escaped.
    keys: Vec<String>,
    any: bool,
}

impl<W: Write> JsonWriter<W> {
    pub fn begin(mut out: W, head: &Head) -> io::Result<Self> {
        let dataset = serde_json::json!({
            "id": head.id, "title": head.title, "opener": head.opener, "version": head.version,
            "table_version": head.table_version, "licence": head.licence, "source": head.source,
        });
        let items = serde_json::to_string(&head.items)?;
        write!(out, "{{\"dataset\":{dataset},\n\"items\":{items},\n\"rows\":[")?;
        let keys = head
            .items
            .iter()
            .map(|i| serde_json::to_string(&i.name).map(|k| k + ":"))
            .collect::<Result<_, _>>()?;
        Ok(Self { out, keys, any: false })
    }
}
impl<W: Write> RowWriter for JsonWriter<W> {
    fn rows(&mut self, cells: &Cells<'_>) -> io::Result<()> {
        for row in 0..cells.rows() {
            self.out.write_all(if self.any { b",\n{" } else { b"\n{" })?;
            self.any = true;
            for (column, key) in self.keys.iter().enumerate() {
                if column > 0 {
                    self.out.write_all(b",")?;
                }
                self.out.write_all(key.as_bytes())?;
                write_json(&mut self.out, &cells.get(row, column))?;
            }
            self.out.write_all(b"}")?;
        }
        Ok(())
    }
    fn finish(mut self: Box<Self>) -> io::Result<Option<String>> {
        self.out.write_all(b"\n]}\n")?;
        self.out.flush()?;
        Ok(None)
    }
}

fn write_json(out: &mut impl Write, cell: &Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Null => out.write_all(b"null"),
        Cell::Bool(b) => write!(out, "{b}"),
        // NaN and infinity have no JSON form
        Cell::Number(n) if n.parse::<f64>().is_ok_and(f64::is_finite) => out.write_all(n.as_bytes()),
        Cell::Number(_) => out.write_all(b"null"),
        Cell::Text(t) => Ok(serde_json::to_writer(out, t.as_ref())?),
    }
}

/// `<dataset …><record><name>value</name>…</record>…</dataset>`; a missing
/// value has no element.
pub struct XmlWriter<W: Write> {
    out: quick_xml::Writer<W>,
    names: Vec<String>,
}

impl<W: Write> XmlWriter<W> {
    pub fn begin(out: W, head: &Head) -> io::Result<Self> {
        let mut out = quick_xml::Writer::new(out);
        out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut root = BytesStart::new("dataset");
        let version = head.version.to_string();
        let table_version = head.table_version.to_string();
        for (name, value) in [
            ("id", head.id.as_str()),
            ("title", head.title.as_str()),
            ("opener", head.opener.as_str()),
            ("version", version.as_str()),
            ("table-version", table_version.as_str()),
            ("licence", head.licence.as_str()),
        ] {
            root.push_attribute((name, legal(value).as_str()));
        }
        out.write_event(Event::Start(root))?;
        Ok(Self {
            out,
            names: head.items.iter().map(|i| element_name(&i.name)).collect(),
        })
    }
}
impl<W: Write> RowWriter for XmlWriter<W> {
    fn rows(&mut self, cells: &Cells<'_>) -> io::Result<()> {
        for row in 0..cells.rows() {
            self.out.get_mut().write_all(b"\n")?;
            self.out.write_event(Event::Start(BytesStart::new("record")))?;
            for (column, name) in self.names.iter().enumerate() {
                let cell = cells.get(row, column);
                if cell == Cell::Null {
                    continue;
                }
                self.out.write_event(Event::Start(BytesStart::new(name)))?;
                self.out.write_event(Event::Text(BytesText::new(&legal(cell.text()))))?;
                self.out.write_event(Event::End(BytesEnd::new(name)))?;
            }
            self.out.write_event(Event::End(BytesEnd::new("record")))?;
        }
        Ok(())
    }
    fn finish(mut self: Box<Self>) -> io::Result<Option<String>> {
        self.out.get_mut().write_all(b"\n")?;
        self.out.write_event(Event::End(BytesEnd::new("dataset")))?;
        self.out.get_mut().flush()?;
        Ok(None)
    }
}

/// Without the characters that XML 1.0 cannot carry, escaped or not.
fn legal(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..))
        .collect()
}

/// An XML name for an item: its own where it is one, its characters replaced where not.
fn element_name(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '_' | '-' | '.') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !out.starts_with(|c: char| c.is_alphabetic() || c == '_') || out.to_ascii_lowercase().starts_with("xml") {
        out.insert(0, '_');
    }
    out
}

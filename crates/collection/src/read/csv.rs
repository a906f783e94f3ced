//! Separated values. The splitter cuts the file into blocks at ends of records
//! with the same idea of quotes as the parser: a quote counts at the begin of
//! a field only, `""` within quotes is one quote.

use std::io::Read;
use std::sync::Arc;

use ::csv::ByteRecord;
use base::{Error, Result};

use super::blocks::{Cut, Text};
use super::{Format, Input, Layout, Parser};
use crate::errors::{BROKEN_FILE, EMPTY_FILE};
use crate::spec::TableSpec;
use crate::text::{BrokenRow, ColumnBuilder, TextBatch};

const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];

pub(super) fn open(text: impl Read + Send + 'static, spec: &Arc<TableSpec>) -> Result<Input> {
    let mut text = Text::open(text, "CSV")?;
    let (layout, delimiter, header_end) = read_header(text.start(), spec)?;
    text.skip_header(header_end);
    let unknown_columns = layout.unknown.clone();
    let parser = Parser::Csv(CsvParser {
        delimiter,
        layout,
        items: spec.items.len(),
    });
    Ok(Input {
        format: Format::Csv,
        encoding: None,
        sheet: None,
        unknown_columns,
        parser: Arc::new(parser),
        blocks: Box::new(text.blocks(move |bytes, ended| cut(bytes, delimiter, ended))),
        consumed: Arc::default(),
    })
}

/// The first record, under the delimiter that makes most of it items.
fn read_header(start: &[u8], spec: &TableSpec) -> Result<(Layout, u8, usize)> {
    let mut best: Option<(Layout, u8, usize)> = None;
    let mut refused = None;
    for delimiter in DELIMITERS {
        let Some((headings, end)) = first_record(start, delimiter)? else {
            continue;
        };
        match Layout::of(headings, spec) {
            Ok(layout) => {
                if best.as_ref().is_none_or(|(b, ..)| layout.matched() > b.matched()) {
                    best = Some((layout, delimiter, end));
                }
            }
            // The reason that the better delimiter gives is the one to tell.
            Err(e) if refused.is_none() || e.code() == "collection.missing_columns" => refused = Some(e),
            Err(_) => {}
        }
    }
    best.ok_or_else(|| refused.unwrap_or_else(|| Error::new(&EMPTY_FILE)))
}

fn first_record(start: &[u8], delimiter: u8) -> Result<Option<(Vec<String>, usize)>> {
    let mut reader = reader(start, delimiter);
    let mut record = ByteRecord::new();
    if !reader.read_byte_record(&mut record).map_err(broken)? {
        return Ok(None);
    }
    let headings = record.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect();
    Ok(Some((headings, reader.position().byte() as usize)))
}

fn reader(bytes: &[u8], delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(bytes)
}

fn broken(e: ::csv::Error) -> Error {
    Error::new(&BROKEN_FILE).with("detail", "CSV").because(e)
}

/// Whole records at the begin of `bytes`; all of it when `ended`.
fn cut(bytes: &[u8], delimiter: u8, ended: bool) -> Cut {
    if memchr::memchr(b'"', bytes).is_none() && !lone_return(bytes) {
        return cut_plain(bytes, ended);
    }
    cut_quoted(bytes, delimiter, ended)
}

fn lone_return(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).any(|at| bytes.get(at + 1) != Some(&b'\n'))
}

fn cut_plain(bytes: &[u8], ended: bool) -> Cut {
    let (mut start, mut records) = (0, 0);
    for newline in memchr::memchr_iter(b'\n', bytes) {
        records += u64::from(!matches!(&bytes[start..newline], [] | [b'\r']));
        start = newline + 1;
    }
    if ended {
        records += u64::from(!matches!(&bytes[start..], [] | [b'\r']));
        start = bytes.len();
    }
    Cut { end: start, records }
}

#[derive(PartialEq, Clone, Copy)]
enum At {
    Record,
    Field,
    Inside,
    Quoted,
    QuoteInQuoted,
}

fn cut_quoted(bytes: &[u8], delimiter: u8, ended: bool) -> Cut {
    let mut at = At::Record;
    let (mut end, mut records) = (0, 0);
    for (i, byte) in bytes.iter().enumerate() {
        let byte = *byte;
        let newline = byte == b'\n' || byte == b'\r';
        at = match at {
            At::Quoted if byte == b'"' => At::QuoteInQuoted,
            At::Quoted => At::Quoted,
            At::QuoteInQuoted if byte == b'"' => At::Quoted,
            At::Record if newline => {
                end = i + 1;
                At::Record
            }
            _ if newline => {
                records += 1;
                end = i + 1;
                At::Record
            }
            _ if byte == delimiter => At::Field,
            At::Record | At::Field if byte == b'"' => At::Quoted,
            _ => At::Inside,
        };
    }
    if ended {
        records += u64::from(at != At::Record);
        end = bytes.len();
    }
    Cut { end, records }
}

/// Parses blocks.
pub struct CsvParser {
    delimiter: u8,
    layout: Layout,
    items: usize,
}

impl CsvParser {
    pub fn parse(&self, bytes: &[u8], first_row: u64) -> Result<TextBatch> {
        let mut reader = reader(bytes, self.delimiter);
        let guess = bytes.len() / (16 * self.items.max(1)) + 16;
        let mut columns: Vec<ColumnBuilder> = (0..self.items).map(|_| ColumnBuilder::new(guess)).collect();
        let mut batch = TextBatch::default();
        let mut record = ByteRecord::new();
        let mut row = first_row;
        let width = self.layout.headings.len();
        while reader.read_byte_record(&mut record).map_err(broken)? {
            let spare_blank = record.len() > width && (width..record.len()).all(|i| record[i].is_empty());
            if record.len() == width || spare_blank {
                batch.rows.push(row);
                for (column, source) in columns.iter_mut().zip(&self.layout.source) {
                    match source {
                        Some(source) => column.push(&record[*source]),
                        None => column.push_null(),
                    }
                }
            } else {
                batch.broken.push(self.ragged(&record, row));
            }
            row += 1;
        }
        batch.columns = columns
            .into_iter()
            .map(ColumnBuilder::finish)
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        Ok(batch)
    }

    fn ragged(&self, record: &ByteRecord, row: u64) -> BrokenRow {
        let headings = &self.layout.headings;
        BrokenRow {
            row,
            code: "ragged",
            message: format!("应有 {} 列，实有 {} 列", headings.len(), record.len()),
            values: record
                .iter()
                .enumerate()
                .map(|(i, field)| {
                    let name = headings.get(i).cloned().unwrap_or_else(|| format!("#{}", i + 1));
                    (name, String::from_utf8_lossy(field).into_owned())
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(bytes: &[u8]) -> u64 {
        reader(bytes, b',').byte_records().filter(|r| r.is_ok()).count() as u64
    }

    proptest! {
        /// The splitter counts and cuts as the parser reads, whatever quotes
        /// and line ends come: row numbers depend on it.
        #[test]
        fn the_splitter_counts_as_the_parser(text in "[ab,\"\r\n]{0,60}") {
            let bytes = text.as_bytes();
            let whole = cut(bytes, b',', true);
            prop_assert_eq!(whole.records, parsed(bytes));
            let part = cut(bytes, b',', false);
            let rest = cut(&bytes[part.end..], b',', true);
            prop_assert_eq!(part.records, parsed(&bytes[..part.end]));
            prop_assert_eq!(part.records + rest.records, whole.records);
        }
    }
}

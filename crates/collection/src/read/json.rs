//! JSON Lines: one object a line, its members named as the items or their titles.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use base::{Error, Result};
use serde_json::Value;

use super::blocks::{Cut, Text};
use super::{Format, Input, Layout, Parser};
use crate::errors::{BROKEN_FILE, EMPTY_FILE};
use crate::spec::TableSpec;
use crate::text::{BrokenRow, ColumnBuilder, TextBatch};

pub(super) fn open(text: impl Read + Send + 'static, spec: &Arc<TableSpec>) -> Result<Input> {
    let text = Text::open(text, "JSON Lines")?;
    // The first object stands for the header: it must mean some item. Members
    // may be left out of an object, so required ones are checked row by row.
    let headings = first_members(text.start())?;
    let lenient = TableSpec::from_items(
        spec.items
            .iter()
            .cloned()
            .map(|mut i| {
                i.key = false;
                i.nullable = true;
                i
            })
            .collect(),
    );
    let layout = Layout::of(headings, &lenient)?;
    Ok(Input {
        format: Format::JsonLines,
        encoding: None,
        sheet: None,
        unknown_columns: layout.unknown,
        parser: Arc::new(Parser::Json(JsonParser { spec: spec.clone() })),
        blocks: Box::new(text.blocks(cut)),
        consumed: Arc::default(),
    })
}

fn first_members(start: &[u8]) -> Result<Vec<String>> {
    let first = start.split(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty());
    let first = first.ok_or_else(|| Error::new(&EMPTY_FILE))?;
    match serde_json::from_slice::<Value>(first) {
        Ok(Value::Object(members)) => Ok(members.keys().cloned().collect()),
        Ok(_) => Err(Error::new(&BROKEN_FILE).with("detail", "JSON Lines 第 1 行")),
        Err(e) => Err(Error::new(&BROKEN_FILE).with("detail", "JSON Lines 第 1 行").because(e)),
    }
}

/// At the last end of a line.
fn cut(bytes: &[u8], ended: bool) -> Cut {
    let end = match memchr::memrchr(b'\n', bytes) {
        _ if ended => bytes.len(),
        Some(last) => last + 1,
        None => 0,
    };
    Cut {
        end,
        records: lines_of(&bytes[..end]).count() as u64,
    }
}

fn lines_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes
        .split(|b| *b == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|l| !l.is_empty())
}

pub struct JsonParser {
    spec: Arc<TableSpec>,
}

impl JsonParser {
    /// Row numbers count lines that are not blank.
    pub fn parse(&self, bytes: &[u8], first_row: u64) -> Result<TextBatch> {
        let items = self.spec.items.len();
        let mut columns: Vec<ColumnBuilder> = (0..items).map(|_| ColumnBuilder::new(1024)).collect();
        let mut batch = TextBatch::default();
        let mut known: HashMap<String, Option<usize>> = HashMap::new();
        for (row, line) in (first_row..).zip(lines_of(bytes)) {
            match self.row(line, &mut known) {
                Ok(cells) => {
                    let at = batch.rows.len();
                    batch.rows.push(row);
                    for (item, (column, cell)) in columns.iter_mut().zip(&cells).enumerate() {
                        column.push(cell.text.as_bytes());
                        if cell.imprecise {
                            batch.through_number.push((at, item));
                        }
                    }
                }
                Err(message) => batch.broken.push(BrokenRow {
                    row,
                    code: "malformed",
                    message,
                    values: vec![("#1".into(), String::from_utf8_lossy(line).chars().take(2000).collect())],
                }),
            }
        }
        batch.columns = columns
            .into_iter()
            .map(ColumnBuilder::finish)
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        Ok(batch)
    }

    fn row(&self, line: &[u8], known: &mut HashMap<String, Option<usize>>) -> Result<Vec<Cell>, String> {
        let members = match serde_json::from_slice::<Value>(line) {
            Ok(Value::Object(members)) => members,
            Ok(_) => return Err("这一行不是 JSON 对象".into()),
            Err(e) => return Err(format!("这一行不是有效的 JSON(第 {} 个字符)", e.column())),
        };
        let mut cells = vec![Cell::default(); self.spec.items.len()];
        for (name, value) in members {
            let item = match known.get(&name) {
                Some(item) => *item,
                None => {
                    let item = self.spec.item_for(&name);
                    known.insert(name.clone(), item);
                    item
                }
            };
            if let Some(item) = item {
                cells[item] = Cell::of(value).ok_or_else(|| format!("“{name}”的值是数组或对象，应是单个值"))?;
            }
        }
        Ok(cells)
    }
}

#[derive(Clone, Default)]
struct Cell {
    text: String,
    /// A number with more digits than a binary number keeps.
    imprecise: bool,
}

impl Cell {
    fn of(value: Value) -> Option<Self> {
        let exact = |text: String| Some(Self { text, imprecise: false });
        match value {
            Value::Null => exact(String::new()),
            Value::Bool(b) => exact(b.to_string()),
            Value::String(s) => exact(s),
            Value::Number(n) if n.is_f64() => {
                let text = n.to_string();
                Some(Self {
                    imprecise: n.as_f64().is_some_and(|f| f.abs() >= 1e15),
                    text,
                })
            }
            Value::Number(n) => exact(n.to_string()),
            Value::Array(_) | Value::Object(_) => None,
        }
    }
}

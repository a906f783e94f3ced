//! Files become rows of text, block by block: memory does not grow with the
//! file. Splitting a text file into blocks is one thread's work, parsing the
//! blocks is everybody's.

mod blocks;
pub mod csv;
pub mod encoding;
pub mod json;
pub mod parquet;
pub mod sniff;
pub mod xlsx;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use base::{Error, FieldError, Result};
pub use encoding::Encoding;
pub use sniff::Format;

use crate::errors::{DOUBLE_COLUMN, MISSING_COLUMNS, NO_HEADER};
use crate::spec::TableSpec;
use crate::text::TextBatch;

/// Rows that a block of a text file has at about; its size is what is bounded.
pub(crate) const BLOCK_BYTES: usize = 4 << 20;
/// Rows of a block that a reader of rows (not bytes) gives.
pub(crate) const BLOCK_ROWS: usize = 16 * 1024;

/// What the sender said about the file; each is found out where it is `None`.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    pub format: Option<Format>,
    pub encoding: Option<Encoding>,
    pub sheet: Option<String>,
}

/// A part of a file: bytes of whole records, or rows already.
pub enum Block {
    Bytes { bytes: Vec<u8>, first_row: u64, rows: u64 },
    Rows(TextBatch),
}

impl Block {
    pub fn rows(&self) -> u64 {
        match self {
            Self::Bytes { rows, .. } => *rows,
            Self::Rows(batch) => (batch.rows.len() + batch.broken.len()) as u64,
        }
    }
}

/// A file opened for loading.
pub struct Input {
    pub format: Format,
    pub encoding: Option<Encoding>,
    /// Sheet read, of a workbook.
    pub sheet: Option<String>,
    /// Headings that mean no item: read over, and said so.
    pub unknown_columns: Vec<String>,
    pub parser: Arc<Parser>,
    pub blocks: Box<dyn Iterator<Item = Result<Block>> + Send>,
    /// Bytes of the source consumed so far, for progress.
    pub consumed: Arc<std::sync::atomic::AtomicU64>,
}

/// Turns blocks into rows; shared by the workers.
pub enum Parser {
    Csv(csv::CsvParser),
    Json(json::JsonParser),
    Rows,
}

impl Parser {
    pub fn parse(&self, block: Block) -> Result<TextBatch> {
        match (self, block) {
            (_, Block::Rows(batch)) => Ok(batch),
            (Self::Csv(parser), Block::Bytes { bytes, first_row, .. }) => parser.parse(&bytes, first_row),
            (Self::Json(parser), Block::Bytes { bytes, first_row, .. }) => parser.parse(&bytes, first_row),
            (Self::Rows, Block::Bytes { .. }) => Err(Error::internal("bytes without a parser")),
        }
    }
}

/// Opens a stored file. `name` is the name it was sent under, for its ending
/// only: it never becomes a path.
pub fn open(path: &Path, name: &str, hints: &Hints, spec: &Arc<TableSpec>) -> Result<Input> {
    let format = sniff::format_of(path, name, hints.format)?;
    match format {
        Format::Csv | Format::JsonLines => {
            let encoding = match hints.encoding {
                Some(told) => {
                    // The lines are measured even where the encoding is told.
                    encoding::measure_lines(&mut file(path)?)?;
                    told
                }
                None => encoding::detect(&mut file(path)?)?,
            };
            let consumed: Arc<std::sync::atomic::AtomicU64> = Arc::default();
            let counted = Counted {
                inner: file(path)?,
                consumed: consumed.clone(),
            };
            let text = encoding::Utf8Reader::new(counted, encoding);
            let mut input = match format {
                Format::Csv => csv::open(text, spec)?,
                _ => json::open(text, spec)?,
            };
            input.encoding = Some(encoding);
            input.consumed = consumed;
            Ok(input)
        }
        Format::Xlsx => xlsx::open(path, hints.sheet.as_deref(), spec),
        Format::Parquet => parquet::open(path, spec),
    }
}

fn file(path: &Path) -> Result<BufReader<File>> {
    Ok(BufReader::with_capacity(
        256 * 1024,
        File::open(path).map_err(Error::internal)?,
    ))
}

struct Counted<R> {
    inner: R,
    consumed: Arc<std::sync::atomic::AtomicU64>,
}
impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(into)?;
        self.consumed.fetch_add(n as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(n)
    }
}

/// Which column of a file is which item.
#[derive(Debug, Clone)]
pub struct Layout {
    /// By column of the file: the item's name, or the heading of no item.
    pub headings: Vec<String>,
    /// By item: the file's column.
    pub source: Vec<Option<usize>>,
    pub unknown: Vec<String>,
}

impl Layout {
    pub fn of(headings: Vec<String>, spec: &TableSpec) -> Result<Self> {
        let mut source = vec![None; spec.items.len()];
        let mut unknown = vec![];
        for (column, heading) in headings.iter().enumerate() {
            match spec.item_for(heading) {
                Some(item) if source[item].is_some() => {
                    return Err(Error::new(&DOUBLE_COLUMN).with("item", spec.items[item].shown()));
                }
                Some(item) => source[item] = Some(column),
                None if heading.trim().is_empty() => {}
                None => unknown.push(heading.trim().chars().take(80).collect()),
            }
        }
        if source.iter().all(Option::is_none) {
            let expected = spec.items.iter().map(|i| i.shown()).collect::<Vec<_>>().join("、");
            return Err(Error::new(&NO_HEADER).with("expected", expected));
        }
        missing(spec, &source)?;
        let mut headings = headings;
        for (item, column) in spec.items.iter().zip(&source) {
            if let Some(column) = column {
                headings[*column].clone_from(&item.name);
            }
        }
        Ok(Self {
            headings,
            source,
            unknown,
        })
    }

    pub fn matched(&self) -> usize {
        self.source.iter().flatten().count()
    }
}

fn missing(spec: &TableSpec, source: &[Option<usize>]) -> Result<()> {
    let absent: Vec<_> = spec
        .items
        .iter()
        .zip(source)
        .filter(|(i, s)| i.required() && s.is_none())
        .map(|(i, _)| i)
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    let columns = absent.iter().map(|i| i.shown()).collect::<Vec<_>>().join("、");
    let mut error = Error::new(&MISSING_COLUMNS).with("columns", columns);
    error.fields = absent
        .iter()
        .map(|i| FieldError {
            field: i.name.clone(),
            code: "required".into(),
            message: i.shown().into(),
        })
        .collect();
    Err(error)
}

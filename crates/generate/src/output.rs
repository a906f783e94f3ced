//! Rows to bytes: chunks are made and encoded by several threads and written
//! in their order, so that the file does not depend on how many threads ran.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::chance::Chance;
use crate::errors::{Counts, spoil};
use crate::schema::Item;
use crate::tables::Table;
use crate::{Encoding, Format, GenerateError, GenerateReport, Spec};

/// Rows of a chunk: the unit of work, and a row group's size is a multiple.
const CHUNK_ROWS: u64 = 16_384;

enum Encoded {
    Bytes(Vec<u8>),
    Batch(RecordBatch),
}

struct Chunk {
    encoded: Encoded,
    errors: Counts,
}

pub(crate) fn write<W: Write + Send>(table: &dyn Table, spec: &Spec, out: W) -> Result<GenerateReport, GenerateError> {
    spec.check()?;
    let mut writer = Writer::new(table, spec, out)?;
    let chunks = spec.rows.div_ceil(CHUNK_ROWS);
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let mut errors = Counts::new();
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(spec.threads * 2);
        for _ in 0..spec.threads {
            let send = send.clone();
            let (next, stop) = (&next, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= chunks || send.send((at, chunk(table, spec, at))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let written = in_order(receive, |chunk| {
            for (kind, count) in chunk.errors {
                *errors.entry(kind).or_default() += count;
            }
            writer.write(chunk.encoded)
        });
        stop.store(true, Ordering::Relaxed);
        written
    })?;
    let bytes = writer.finish()?;
    Ok(GenerateReport {
        rows: spec.rows,
        bytes,
        errors,
    })
}

/// Hands chunks on in the order of their numbers, whatever order they come in.
fn in_order(
    receive: mpsc::Receiver<(u64, Result<Chunk, GenerateError>)>,
    mut take: impl FnMut(Chunk) -> Result<(), GenerateError>,
) -> Result<(), GenerateError> {
    let mut waiting = BTreeMap::new();
    let mut expected = 0;
    for (at, chunk) in receive {
        waiting.insert(at, chunk?);
        while let Some(chunk) = waiting.remove(&expected) {
            take(chunk)?;
            expected += 1;
        }
    }
    Ok(())
}

fn chunk(table: &dyn Table, spec: &Spec, at: u64) -> Result<Chunk, GenerateError> {
    let items = table.items();
    let targets = table.targets();
    let mut chance = Chance::new(spec.seed, at);
    let mut row: Vec<String> = items.iter().map(|_| String::with_capacity(64)).collect();
    let mut key_before: Option<Vec<String>> = None;
    let mut errors = Counts::new();
    let first = at * CHUNK_ROWS;
    let rows = CHUNK_ROWS.min(spec.rows - first);
    let mut encoder = Encoder::new(spec, items, rows as usize);
    for index in first..first + rows {
        row.iter_mut().for_each(String::clear);
        table.row(index, &mut chance, &mut row);
        if chance.happens(spec.error_rate) {
            *errors
                .entry(spoil(&mut row, &targets, key_before.as_deref(), &mut chance))
                .or_default() += 1;
        } else {
            let key = key_before.get_or_insert_with(|| vec![String::new(); targets.keys.len()]);
            for (kept, column) in key.iter_mut().zip(targets.keys) {
                kept.clone_from(&row[*column]);
            }
        }
        encoder.row(&row);
    }
    Ok(Chunk {
        encoded: encoder.finish()?,
        errors,
    })
}

enum Encoder<'a> {
    Csv {
        text: String,
        encoding: Encoding,
    },
    Json {
        text: String,
        items: &'a [Item],
    },
    Columns {
        items: &'a [Item],
        builders: Vec<StringBuilder>,
    },
}

impl<'a> Encoder<'a> {
    fn new(spec: &Spec, items: &'a [Item], rows: usize) -> Self {
        let text = String::with_capacity(rows * if spec.format == Format::Json { 460 } else { 200 });
        match spec.format {
            Format::Csv => Self::Csv {
                text,
                encoding: spec.encoding,
            },
            Format::Json => Self::Json { text, items },
            Format::Parquet => {
                let builders = items
                    .iter()
                    .map(|_| StringBuilder::with_capacity(rows, rows * 16))
                    .collect();
                Self::Columns { items, builders }
            }
        }
    }

    fn row(&mut self, row: &[String]) {
        match self {
            Self::Csv { text, .. } => csv_row(text, row.iter().map(String::as_str)),
            Self::Json { text, items } => json_row(text, items, row),
            Self::Columns { builders, .. } => {
                for (builder, value) in builders.iter_mut().zip(row) {
                    builder.append_option((!value.is_empty()).then_some(value));
                }
            }
        }
    }

    fn finish(self) -> Result<Encoded, GenerateError> {
        Ok(match self {
            Self::Csv { text, encoding } => Encoded::Bytes(encode(text, encoding)),
            Self::Json { text, .. } => Encoded::Bytes(text.into_bytes()),
            Self::Columns { items, builders } => {
                let columns = builders
                    .into_iter()
                    .map(|mut b| Arc::new(b.finish()) as ArrayRef)
                    .collect();
                Encoded::Batch(RecordBatch::try_new(arrow_schema(items), columns)?)
            }
        })
    }
}

fn arrow_schema(items: &[Item]) -> Arc<Schema> {
    Arc::new(Schema::new(
        items
            .iter()
            .map(|i| Field::new(i.name, DataType::Utf8, true))
            .collect::<Vec<_>>(),
    ))
}

fn encode(text: String, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.into_bytes(),
        Encoding::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
    }
}

/// RFC 4180, lines end in LF.
fn csv_row<'a>(text: &mut String, values: impl Iterator<Item = &'a str>) {
    for (at, value) in values.enumerate() {
        if at > 0 {
            text.push(',');
        }
        if value.bytes().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r')) {
            text.push('"');
            text.push_str(&value.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(value);
        }
    }
    text.push('\n');
}

fn json_row(text: &mut String, items: &[Item], row: &[String]) {
    for (at, (item, value)) in items.iter().zip(row).enumerate() {
        text.push_str(if at == 0 { "{\"" } else { ",\"" });
        text.push_str(item.name);
        text.push_str("\":");
        if value.is_empty() {
            text.push_str("null");
        } else if value.bytes().any(|b| b < 0x20 || matches!(b, b'"' | b'\\')) {
            text.push_str(&serde_json::Value::from(value.as_str()).to_string());
        } else {
            text.push('"');
            text.push_str(value);
            text.push('"');
        }
    }
    text.push_str("}\n");
}

/// Counts what goes through.
struct Counted<W> {
    inner: W,
    bytes: u64,
}
impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.bytes += written as u64;
        Ok(written)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

enum Writer<W: Write + Send> {
    Bytes(Counted<W>),
    Parquet(Box<ArrowWriter<Counted<W>>>),
}

impl<W: Write + Send> Writer<W> {
    fn new(table: &dyn Table, spec: &Spec, out: W) -> Result<Self, GenerateError> {
        let mut out = Counted { inner: out, bytes: 0 };
        Ok(match spec.format {
            Format::Parquet => {
                let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                Self::Parquet(Box::new(ArrowWriter::try_new(
                    out,
                    arrow_schema(table.items()),
                    Some(properties),
                )?))
            }
            Format::Csv => {
                let mut header = String::new();
                let title = |i: &Item| if spec.titles { i.title } else { i.name };
                csv_row(&mut header, table.items().iter().map(title));
                out.write_all(&encode(header, spec.encoding))?;
                Self::Bytes(out)
            }
            Format::Json => Self::Bytes(out),
        })
    }

    fn write(&mut self, encoded: Encoded) -> Result<(), GenerateError> {
        match (self, encoded) {
            (Self::Bytes(out), Encoded::Bytes(bytes)) => out.write_all(&bytes)?,
            (Self::Parquet(out), Encoded::Batch(batch)) => out.write(&batch)?,
            _ => unreachable!("the encoder and the writer follow the same format"),
        }
        Ok(())
    }

    fn finish(self) -> Result<u64, GenerateError> {
        let mut out = match self {
            Self::Bytes(out) => out,
            Self::Parquet(writer) => writer.into_inner()?,
        };
        out.flush()?;
        Ok(out.bytes)
    }
}

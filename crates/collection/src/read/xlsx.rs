//! Workbooks. A workbook is a ZIP of XML, so before anything of it is read, it
//! is unpacked once into nothing, counting: sizes that a bomb declares may lie.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use base::limits::{UNPACKED_BYTES_MAX, UNPACKED_RATIO_MAX};
use base::{Error, Result};
use calamine::{DataRef, Reader, Xlsx, open_workbook};

use super::{BLOCK_ROWS, Block, Format, Input, Layout, Parser};
use crate::errors::{BROKEN_FILE, EMPTY_FILE, SHEET_MISSING, ZIP_BOMB};
use crate::spec::TableSpec;
use crate::text::{BrokenRow, ColumnBuilder, TextBatch};

/// Members smaller than this unpacked are no danger, whatever their ratio.
const HARMLESS_BYTES: u64 = 16 << 20;

pub(super) fn open(path: &Path, sheet: Option<&str>, spec: &Arc<TableSpec>) -> Result<Input> {
    guard(path)?;
    let book: Xlsx<BufReader<File>> = open_workbook(path).map_err(broken)?;
    let sheets = book.sheet_names();
    let sheet = match sheet {
        Some(wanted) => sheets.iter().find(|s| s.as_str() == wanted).ok_or_else(|| {
            Error::new(&SHEET_MISSING)
                .with("sheet", wanted)
                .with("sheets", sheets.join("、"))
        })?,
        None => sheets.first().ok_or_else(|| Error::new(&EMPTY_FILE))?,
    }
    .clone();
    drop(book);
    let (layout_tx, layout_rx) = sync_channel(1);
    let (tx, rx) = sync_channel(2);
    let reading = Reading {
        path: path.to_owned(),
        sheet: sheet.clone(),
        spec: spec.clone(),
    };
    // The cell reader borrows the workbook, so both live on one thread.
    std::thread::Builder::new()
        .name("xlsx".into())
        .spawn(move || {
            if let Err(e) = reading.run(&layout_tx, &tx) {
                match layout_tx.try_send(Err(e)) {
                    Ok(()) => {}
                    Err(std::sync::mpsc::TrySendError::Full(e) | std::sync::mpsc::TrySendError::Disconnected(e)) => {
                        let _ = tx.send(e.map(|_| Block::Rows(TextBatch::default())));
                    }
                }
            }
        })
        .map_err(Error::internal)?;
    let layout: Layout = layout_rx.recv().map_err(|_| Error::new(&EMPTY_FILE))??;
    drop(layout_rx);
    Ok(Input {
        format: Format::Xlsx,
        encoding: None,
        sheet: Some(sheet),
        unknown_columns: layout.unknown,
        parser: Arc::new(Parser::Rows),
        blocks: Box::new(rx.into_iter()),
        consumed: Arc::default(),
    })
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::new(&BROKEN_FILE).with("detail", "XLSX").because(e)
}

/// Refuses a bomb: any member, or all of them, unpacking to more than the
/// limits allow.
fn guard(path: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(File::open(path).map_err(Error::internal)?).map_err(broken)?;
    let mut total = 0u64;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(broken)?;
        let packed = member.compressed_size().max(1);
        let allowed = packed
            .saturating_mul(UNPACKED_RATIO_MAX)
            .clamp(HARMLESS_BYTES, UNPACKED_BYTES_MAX);
        let room = allowed.min(UNPACKED_BYTES_MAX - total);
        let name: String = member.name().map_err(broken)?.chars().take(80).collect();
        let unpacked = io::copy(&mut (&mut member).take(room + 1), &mut io::sink()).map_err(broken)?;
        if unpacked > room {
            return Err(Error::new(&ZIP_BOMB).with("member", name));
        }
        total += unpacked;
    }
    Ok(())
}

struct Reading {
    path: PathBuf,
    sheet: String,
    spec: Arc<TableSpec>,
}

/// Cells of one row, by column.
#[derive(Default)]
struct Row {
    number: u64,
    cells: Vec<(String, bool)>,
}

impl Reading {
    fn run(&self, layout_tx: &SyncSender<Result<Layout>>, tx: &SyncSender<Result<Block>>) -> Result<()> {
        let mut book: Xlsx<BufReader<File>> = open_workbook(&self.path).map_err(broken)?;
        let mut cells = book.worksheet_cells_reader(&self.sheet).map_err(broken)?;
        let mut gather = Gather::new(self.spec.clone());
        let mut row = Row::default();
        let send = |block: Option<TextBatch>| block.is_none_or(|b| tx.send(Ok(Block::Rows(b))).is_ok());
        while let Some(cell) = cells.next_cell().map_err(broken)? {
            let (number, column) = cell.get_position();
            if u64::from(number) + 1 != row.number {
                if !send(gather.take(std::mem::take(&mut row), layout_tx)?) {
                    return Ok(());
                }
                row.number = u64::from(number) + 1;
            }
            let column = column as usize;
            if row.cells.len() <= column {
                row.cells.resize(column + 1, Default::default());
            }
            row.cells[column] = text_of(cell.get_value());
        }
        if !send(gather.take(row, layout_tx)?) {
            return Ok(());
        }
        if gather.layout.is_none() {
            return Err(Error::new(&EMPTY_FILE));
        }
        send(Some(gather.finish()?));
        Ok(())
    }
}

/// Rows gathered into blocks; the first that is not blank is the header.
struct Gather {
    spec: Arc<TableSpec>,
    layout: Option<Layout>,
    batch: TextBatch,
    columns: Vec<ColumnBuilder>,
}

impl Gather {
    fn new(spec: Arc<TableSpec>) -> Self {
        let columns = Self::builders(&spec);
        Self {
            spec,
            layout: None,
            batch: TextBatch::default(),
            columns,
        }
    }
    fn builders(spec: &TableSpec) -> Vec<ColumnBuilder> {
        (0..spec.items.len()).map(|_| ColumnBuilder::new(BLOCK_ROWS)).collect()
    }

    fn take(&mut self, row: Row, layout_tx: &SyncSender<Result<Layout>>) -> Result<Option<TextBatch>> {
        if row.cells.iter().all(|(text, _)| text.trim().is_empty()) {
            return Ok(None);
        }
        let Some(layout) = &self.layout else {
            let layout = Layout::of(row.cells.into_iter().map(|(t, _)| t).collect(), &self.spec)?;
            let _ = layout_tx.send(Ok(layout.clone()));
            self.layout = Some(layout);
            return Ok(None);
        };
        let beyond = row
            .cells
            .iter()
            .skip(layout.headings.len())
            .any(|(t, _)| !t.trim().is_empty());
        if beyond {
            self.batch.broken.push(ragged(row, layout));
        } else {
            let at = self.batch.rows.len();
            self.batch.rows.push(row.number);
            for (item, (column, source)) in self.columns.iter_mut().zip(&layout.source).enumerate() {
                match source.and_then(|s| row.cells.get(s)) {
                    Some((text, imprecise)) => {
                        column.push(text.as_bytes());
                        if *imprecise {
                            self.batch.through_number.push((at, item));
                        }
                    }
                    None => column.push_null(),
                }
            }
        }
        if self.batch.rows.len() + self.batch.broken.len() < BLOCK_ROWS {
            return Ok(None);
        }
        self.finish().map(Some)
    }

    fn finish(&mut self) -> Result<TextBatch> {
        let fresh = Self::builders(&self.spec);
        let columns = std::mem::replace(&mut self.columns, fresh);
        let mut batch = std::mem::take(&mut self.batch);
        batch.columns = columns
            .into_iter()
            .map(ColumnBuilder::finish)
            .collect::<Result<_, _>>()
            .map_err(Error::internal)?;
        Ok(batch)
    }
}

fn ragged(row: Row, layout: &Layout) -> BrokenRow {
    let name = |i: usize| layout.headings.get(i).cloned().unwrap_or_else(|| format!("#{}", i + 1));
    BrokenRow {
        row: row.number,
        code: "ragged",
        message: format!("应有 {} 列，实有 {} 列", layout.headings.len(), row.cells.len()),
        values: row
            .cells
            .into_iter()
            .enumerate()
            .map(|(i, (text, _))| (name(i), text))
            .collect(),
    }
}

/// The text of a cell, and whether it was a number with more digits than a
/// spreadsheet keeps (15).
fn text_of(value: &DataRef<'_>) -> (String, bool) {
    match value {
        DataRef::Empty => (String::new(), false),
        DataRef::String(s) => (s.clone(), false),
        DataRef::SharedString(s) => ((*s).to_owned(), false),
        DataRef::Bool(b) => (b.to_string(), false),
        DataRef::Int(i) => (i.to_string(), i.unsigned_abs() >= 1_000_000_000_000_000),
        DataRef::Float(f) => (number(*f), f.abs() >= 1e15),
        DataRef::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second) {
                (0, 0, 0) => (date, false),
                _ => (format!("{date} {hour:02}:{minute:02}:{second:02}"), false),
            }
        }
        DataRef::DateTime(length) => (number(length.as_f64()), false),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => (s.clone(), false),
        // #REF! and its like: the text says more than an empty cell would.
        DataRef::Error(e) => (e.to_string(), false),
    }
}

/// As a spreadsheet shows it with enough width: no exponent, no `.0`.
fn number(f: f64) -> String {
    if f.fract() == 0.0 && f.abs() < 1e22 {
        format!("{f:.0}")
    } else {
        f.to_string()
    }
}

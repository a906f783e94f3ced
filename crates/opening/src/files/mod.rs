//! Materialised files of a publication: all formats from one pass over the
//! rows. Pure but for the directory that it writes into.

pub mod cell;
mod text;
mod xlsx;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::Path;

use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::model::DictionaryItem;
use cell::Cells;

/// An open format that a dataset is downloaded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DatasetFormat)]
pub enum Format {
    Csv,
    Xlsx,
    Json,
    Xml,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Csv, Format::Xlsx, Format::Json, Format::Xml];

    pub fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
            Format::Json => "json",
            Format::Xml => "xml",
        }
    }
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str().eq_ignore_ascii_case(s))
    }
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
            Format::Xml => "application/xml",
        }
    }
    /// With the character set, where the type has one.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xml => "application/xml; charset=utf-8",
            other => other.media_type(),
        }
    }
}

/// What a file says of its dataset.
#[derive(Clone, Debug)]
pub struct Head {
    pub id: String,
    pub title: String,
    pub opener: String,
    pub licence: String,
    /// Address of the dataset's page.
    pub source: String,
    /// Version of the catalog entry.
    pub version: i64,
    pub table_version: i64,
    /// In the order of the columns.
    pub items: Vec<DictionaryItem>,
}

/// One finished file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    pub format: Format,
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    pub rows: u64,
    /// What a reader should know: several sheets, rows left out.
    pub note: Option<String>,
}

pub(crate) trait RowWriter {
    fn rows(&mut self, cells: &Cells<'_>) -> io::Result<()>;
    /// Ends the file; what a reader should know, if anything.
    fn finish(self: Box<Self>) -> io::Result<Option<String>>;
}

/// Writes the files `data.csv`, `data.xlsx`, `data.json` and `data.xml` of one
/// publication into a directory.
pub struct Files<'a> {
    directory: &'a Path,
    writers: Vec<(Format, Box<dyn RowWriter>)>,
    rows: u64,
}

impl<'a> Files<'a> {
    pub fn begin(directory: &'a Path, head: &Head) -> io::Result<Self> {
        Self::with_sheet_rows(directory, head, xlsx::SHEET_ROWS)
    }
    fn with_sheet_rows(directory: &'a Path, head: &Head, sheet_rows: u32) -> io::Result<Self> {
        let out =
            |format: Format| File::create(path_of(directory, format)).map(|f| BufWriter::with_capacity(1 << 18, f));
        let writers: Vec<(Format, Box<dyn RowWriter>)> = vec![
            (Format::Csv, Box::new(text::CsvWriter::begin(out(Format::Csv)?, head)?)),
            (
                Format::Xlsx,
                Box::new(xlsx::XlsxWriter::begin(
                    path_of(directory, Format::Xlsx),
                    head,
                    sheet_rows,
                )?),
            ),
            (
                Format::Json,
                Box::new(text::JsonWriter::begin(out(Format::Json)?, head)?),
            ),
            (Format::Xml, Box::new(text::XmlWriter::begin(out(Format::Xml)?, head)?)),
        ];
        Ok(Self {
            directory,
            writers,
            rows: 0,
        })
    }
    /// Columns in the order of [`Head::items`].
    pub fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let options = cell::formats();
        let cells = Cells::of(batch, &options).map_err(io::Error::other)?;
        for (_, writer) in &mut self.writers {
            writer.rows(&cells)?;
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }
    /// On the disk for good when this returns.
    pub fn finish(self) -> io::Result<Vec<FileFacts>> {
        let (directory, rows) = (self.directory, self.rows);
        self.writers
            .into_iter()
            .map(|(format, writer)| {
                let note = writer.finish()?;
                let (bytes, sha256) = seal(&path_of(directory, format))?;
                Ok(FileFacts {
                    format,
                    bytes,
                    sha256,
                    rows,
                    note,
                })
            })
            .collect()
    }
}

/// Where a format's file lies in a publication's directory.
pub fn path_of(directory: &Path, format: Format) -> std::path::PathBuf {
    directory.join(format!("data.{}", format.as_str()))
}

/// Forces the file to the disk and reads its size and digest from there: what
/// is promised is what was really written.
fn seal(path: &Path) -> io::Result<(u64, String)> {
    let file = File::open(path)?;
    file.sync_all()?;
    let (mut reader, mut hash, mut bytes) = (BufReader::new(file), Sha256::new(), 0u64);
    let mut buffer = vec![0u8; 1 << 18];
    loop {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Ok((bytes, hex(&hash.finalize())));
        }
        hash.update(&buffer[..n]);
        bytes += n as u64;
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests;

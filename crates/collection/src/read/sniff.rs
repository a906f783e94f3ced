//! What a file is: by its first bytes, held against its name.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::encoding::utf16;
use crate::errors::{BROKEN_FILE, EMPTY_FILE, JSON_NOT_LINES, TYPE_MISMATCH, UNKNOWN_FORMAT};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    Xlsx,
    #[serde(rename = "jsonl")]
    JsonLines,
    Parquet,
}

impl Format {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::JsonLines => "jsonl",
            Self::Parquet => "parquet",
        }
    }
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
    fn shown(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::JsonLines => "JSON Lines",
            Self::Parquet => "Parquet",
        }
    }
}

/// What the first and last bytes say.
enum Seen {
    Is(Format),
    /// Text: CSV or, if its first sign is `{`, JSON.
    Text {
        brace: bool,
        bracket: bool,
    },
    /// Something else that has a name.
    Other(&'static str),
    Empty,
}

/// The format, or why there is none: a name that promises one thing over a
/// content that is another is refused, for it is a mistake or worse.
pub fn format_of(path: &Path, name: &str, told: Option<Format>) -> Result<Format> {
    let named = told.or_else(|| name.rsplit_once('.').and_then(|(_, ending)| Format::parse(ending)));
    let mismatch = |named: Format, found: &str| {
        Err(Error::new(&TYPE_MISMATCH)
            .with("named", named.shown())
            .with("found", found))
    };
    match (look(path)?, named) {
        (Seen::Empty, _) => Err(Error::new(&EMPTY_FILE)),
        (Seen::Is(found), None) => Ok(found),
        (Seen::Is(found), Some(named)) if found == named => Ok(found),
        (Seen::Is(found), Some(named)) => mismatch(named, found.shown()),
        (Seen::Other(found), Some(named)) => mismatch(named, found),
        (Seen::Other(_), None) => Err(Error::new(&UNKNOWN_FORMAT).with("name", tail(name))),
        (Seen::Text { bracket: true, .. }, Some(Format::JsonLines)) => Err(Error::new(&JSON_NOT_LINES)),
        (Seen::Text { brace: true, .. }, None | Some(Format::JsonLines)) => Ok(Format::JsonLines),
        (Seen::Text { brace: true, .. }, Some(Format::Csv)) => mismatch(Format::Csv, Format::JsonLines.shown()),
        (Seen::Text { .. }, Some(Format::Csv) | None) => Ok(Format::Csv),
        (Seen::Text { .. }, Some(named)) => mismatch(named, "文本 / text"),
    }
}

/// The last part of a name: what precedes it may be a path of the sender's.
fn tail(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or("").chars().take(80).collect()
}

fn look(path: &Path) -> Result<Seen> {
    let mut file = File::open(path).map_err(Error::internal)?;
    let mut start = vec![0u8; 64 * 1024];
    let mut filled = 0;
    while filled < start.len() {
        match file.read(&mut start[filled..]).map_err(Error::internal)? {
            0 => break,
            n => filled += n,
        }
    }
    start.truncate(filled);
    Ok(match start.as_slice() {
        [] => Seen::Empty,
        s if s.starts_with(b"PAR1") => {
            let mut end = [0u8; 4];
            let whole = file.seek(SeekFrom::End(-4)).is_ok() && file.read_exact(&mut end).is_ok();
            if !whole || &end != b"PAR1" {
                return Err(Error::new(&BROKEN_FILE).with("detail", "Parquet"));
            }
            Seen::Is(Format::Parquet)
        }
        s if s.starts_with(b"PK\x03\x04") => match zip::ZipArchive::new(file) {
            Ok(archive) if archive.file_names().any(|n| n.is_ok_and(|n| n == "xl/workbook.xml")) => {
                Seen::Is(Format::Xlsx)
            }
            Ok(_) => Seen::Other("ZIP"),
            Err(_) => return Err(Error::new(&BROKEN_FILE).with("detail", "ZIP")),
        },
        s if s.starts_with(b"PK\x05\x06") => Seen::Other("ZIP"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Seen::Other("XLS(旧版 Excel)"),
        s if s.starts_with(b"%PDF") => Seen::Other("PDF"),
        [0x1f, 0x8b, ..] => Seen::Other("GZIP"),
        s if s.starts_with(b"SQLite format 3\0") => Seen::Other("SQLite"),
        s if s.starts_with(&[0xff, 0xd8, 0xff]) || s.starts_with(b"\x89PNG") => Seen::Other("图片 / picture"),
        s if s.starts_with(b"\x7fELF") || s.starts_with(b"MZ") && s.contains(&0) => Seen::Other("程序 / program"),
        s => text(s),
    })
}

fn text(start: &[u8]) -> Seen {
    // UTF-16 has zeros in every second place; anything else with zeros is no text.
    if start.contains(&0) && utf16(start).is_none() {
        return Seen::Other("二进制数据 / binary data");
    }
    let first = start
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(start)
        .iter()
        .find(|b| !b.is_ascii_whitespace() && **b != 0 && **b < 0xfe);
    match first {
        None => Seen::Empty,
        Some(first) => Seen::Text {
            brace: *first == b'{',
            bracket: *first == b'[',
        },
    }
}

//! Made-up data of any size, for the demo, tests and benchmarks: persons, firms,
//! insurance records (社会保险个人参保信息) and equipment certificates
//! (特种设备使用登记证) with valid check digits, divisions and plausible Chinese
//! names and addresses, and errors put in on purpose at a known rate.
//!
//! Invariants:
//! - The bytes are a function of the [`Spec`] without its `threads`.
//! - Citizen ID numbers, USCCs and certificate numbers are unique within a
//!   world; only `duplicate_key` errors repeat a key.
//! - Memory does not grow with the rows: a few chunks per thread.
//!
//! Deliberately absent: real persons. Names and numbers are combined by chance;
//! a number may by chance be somebody's.

mod chance;
mod entities;
mod errors;
mod names;
mod output;
pub mod schema;
mod tables;

use std::io::Write;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use entities::{Firm, Person, World};
pub use errors::{Counts, ErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Csv,
    /// JSON lines.
    Json,
    /// All columns text, Snappy.
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    Utf8,
    /// CSV only.
    Gb18030,
}

/// What to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub rows: u64,
    pub seed: u64,
    /// Share of rows with one error each, 0 to 1, drawn evenly from the kinds.
    pub error_rate: f64,
    /// The newest day that occurs.
    pub as_of: NaiveDate,
    pub format: Format,
    pub encoding: Encoding,
    /// Chinese titles in the header of a CSV instead of column names.
    pub titles: bool,
    /// At least 1. Changes the speed and nothing else.
    pub threads: usize,
}

impl Spec {
    /// UTF-8 CSV without errors, a thread a core.
    pub fn new(rows: u64, seed: u64, as_of: NaiveDate) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (format, encoding) = (Format::Csv, Encoding::Utf8);
        Self {
            rows,
            seed,
            error_rate: 0.0,
            as_of,
            format,
            encoding,
            titles: false,
            threads,
        }
    }

    fn check(&self) -> Result<(), GenerateError> {
        if !(0.0..=1.0).contains(&self.error_rate) {
            return Err(GenerateError::Spec("the rate of errors lies between 0 and 1"));
        }
        if self.threads == 0 {
            return Err(GenerateError::Spec("at least one thread"));
        }
        if self.encoding == Encoding::Gb18030 && self.format != Format::Csv {
            return Err(GenerateError::Spec("only CSV can be GB18030"));
        }
        Ok(())
    }
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GenerateReport {
    pub rows: u64,
    pub bytes: u64,
    /// Rows spoilt on purpose, by kind.
    pub errors: Counts,
}

#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error("the specification cannot be met: {0}")]
    Spec(&'static str),
    #[error("writing: {0}")]
    Io(#[from] std::io::Error),
    #[error("columns: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
}

/// 社会保险个人参保信息, columns as [`schema::INSURANCE`].
pub fn insurance(spec: &Spec, out: impl Write + Send) -> Result<GenerateReport, GenerateError> {
    output::write(
        &tables::Insurance {
            world: World::new(spec.seed),
            rows: spec.rows,
            as_of: spec.as_of,
        },
        spec,
        out,
    )
}

/// 特种设备使用登记证, columns as [`schema::EQUIPMENT`].
pub fn equipment(spec: &Spec, out: impl Write + Send) -> Result<GenerateReport, GenerateError> {
    output::write(
        &tables::Equipment {
            world: World::new(spec.seed),
            rows: spec.rows,
            as_of: spec.as_of,
        },
        spec,
        out,
    )
}

//! `shuqiao generate`: made-up data of any size, with known errors.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use anyhow::{Context, Result};
use base::{Clock, SystemClock};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use generate::{Encoding, Format, GenerateReport, Spec, equipment, insurance};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// 社会保险个人参保信息
    Insurance,
    /// 特种设备使用登记证
    Equipment,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FileFormat {
    Csv,
    /// CSV in GB18030 with Chinese titles, as departments send it.
    CsvGb18030,
    /// JSON lines.
    Json,
    Parquet,
}

#[derive(Args, Clone, Debug)]
pub struct Options {
    pub kind: Kind,
    #[arg(long, default_value_t = 10_000)]
    pub rows: u64,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Share of rows with one error each, 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    pub errors: f64,
    #[arg(long, value_enum, default_value_t = FileFormat::Csv)]
    pub format: FileFormat,
    /// The newest day that occurs; today unless told.
    #[arg(long)]
    pub as_of: Option<NaiveDate>,
    /// Changes the speed and nothing else; a thread a core unless told.
    #[arg(long)]
    pub threads: Option<usize>,
    /// `-` is the standard output.
    #[arg(long)]
    pub out: PathBuf,
}

/// Writes the file; prints what was made, errors by kind included, as JSON.
pub fn run(options: &Options) -> Result<()> {
    let mut spec = Spec::new(
        options.rows,
        options.seed,
        options.as_of.unwrap_or_else(|| SystemClock.now().date()),
    );
    spec.error_rate = options.errors;
    spec.threads = options.threads.unwrap_or(spec.threads);
    (spec.format, spec.encoding, spec.titles) = match options.format {
        FileFormat::Csv => (Format::Csv, Encoding::Utf8, false),
        FileFormat::CsvGb18030 => (Format::Csv, Encoding::Gb18030, true),
        FileFormat::Json => (Format::Json, Encoding::Utf8, false),
        FileFormat::Parquet => (Format::Parquet, Encoding::Utf8, false),
    };
    if options.out.as_os_str() == "-" {
        let report = make(options.kind, &spec, stdout())?;
        eprintln!("{}", serde_json::to_string(&report)?);
    } else {
        let file = File::create(&options.out).with_context(|| format!("cannot write {}", options.out.display()))?;
        let report = make(options.kind, &spec, BufWriter::with_capacity(1 << 20, file))?;
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}

fn make(kind: Kind, spec: &Spec, out: impl Write + Send) -> Result<GenerateReport> {
    Ok(match kind {
        Kind::Insurance => insurance(spec, out)?,
        Kind::Equipment => equipment(spec, out)?,
    })
}

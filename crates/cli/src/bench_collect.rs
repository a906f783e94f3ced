//! `shuqiao bench collect`: a CSV becomes a checked Delta table, beside DuckDB's plain
//! `COPY` of the same file to Parquet, in turn, on the same machine.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use base::ResourceId;
use chrono::NaiveDate;
use collection::load::{Load, Progress};
use collection::read::{self, Hints};
use collection::spec::{Identifier, ItemSpec, ItemType, TableSpec};
use lake::{Lake, LakeConfig, LoadMode, TableName};

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u64,
    /// Share of rows with an error, 0 to 1.
    #[arg(long, default_value_t = 0.0001)]
    pub error_rate: f64,
    /// Times that each side runs, in turn; medians are printed.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// A Python interpreter that has the package `duckdb`.
    #[arg(long, default_value = "python3")]
    pub python: PathBuf,
    /// Where files are made, and removed at the end; the system's folder for
    /// such files when absent.
    #[arg(long)]
    pub dir: Option<PathBuf>,
}

/// What one run of ours took.
struct Ours {
    seconds: f64,
    good: u64,
    bad: u64,
}

/// Prints a table in Markdown.
pub async fn run(options: &Options) -> Result<()> {
    let work = make_folder(options.dir.as_deref())?;
    let csv = work.join("insurance.csv");
    let bytes = make_csv(&csv, options)?;
    let (mut ours, mut theirs, mut counts) = (vec![], vec![], (0, 0));
    for turn in 0..options.rounds.max(1) {
        let one = load_once(&work, &csv, turn).await?;
        ours.push(one.seconds);
        counts = (one.good, one.bad);
        theirs.push(duckdb_once(&options.python, &work, &csv)?);
    }
    let peak = peak_memory_mib();
    std::fs::remove_dir_all(&work).context("emptying the folder")?;
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let mib = bytes as f64 / (1 << 20) as f64;
    println!(
        "| what | rows | file MiB | seconds (median of {}) | rows/s | MiB/s |",
        options.rounds.max(1)
    );
    println!("|---|---:|---:|---:|---:|---:|");
    let line = |name: &str, seconds: f64| {
        let rows = options.rows as f64;
        println!(
            "| {name} | {} | {mib:.0} | {seconds:.2} | {:.0} | {:.0} |",
            options.rows,
            rows / seconds,
            mib / seconds
        );
    };
    line("Shuqiao: CSV, every row checked, to Delta", ours);
    line("DuckDB: COPY of the CSV to Parquet, unchecked", theirs);
    println!();
    println!(
        "ratio of speeds {:.2} (target 0.60); {} rows good, {} set apart; peak memory of the process {peak} MiB",
        theirs / ours,
        counts.0,
        counts.1
    );
    Ok(())
}

fn make_folder(dir: Option<&Path>) -> Result<PathBuf> {
    let work = dir
        .map_or_else(std::env::temp_dir, Path::to_owned)
        .join(format!("bench-collect-{}", std::process::id()));
    std::fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
    Ok(work)
}

fn make_csv(path: &Path, options: &Options) -> Result<u64> {
    let as_of = NaiveDate::from_ymd_opt(2026, 11, 1).context("a day")?;
    let spec = generate::Spec {
        error_rate: options.error_rate,
        ..generate::Spec::new(options.rows, 7, as_of)
    };
    let report = generate::insurance(&spec, BufWriter::new(File::create(path)?))?;
    ensure!(report.rows == options.rows, "the generator made {} rows", report.rows);
    Ok(report.bytes)
}

fn spec() -> TableSpec {
    let items = generate::schema::INSURANCE.iter().map(|item| {
        let kind = match item.r#type {
            "date" => ItemType::Date,
            "datetime" => ItemType::Datetime,
            _ => ItemType::String,
        };
        ItemSpec {
            length: (item.length > 0).then_some(item.length),
            identifier: item.identifier.map(Identifier::of),
            key: item.key,
            nullable: item.nullable,
            codes: item.code_set.and_then(collection::code_set),
            ..ItemSpec::text(item.name, item.title).of(kind)
        }
    });
    TableSpec::from_items(items.collect())
}

async fn load_once(work: &Path, csv: &Path, turn: usize) -> Result<Ours> {
    let dir = work.join(format!("lake-{turn}"));
    let lake = Lake::open(LakeConfig::local(&dir)?)?;
    let table = TableName::new("insurance")?;
    let spec = Arc::new(spec());
    let begin = Instant::now();
    let (path, reading) = (csv.to_owned(), spec.clone());
    let input =
        tokio::task::spawn_blocking(move || read::open(&path, "insurance.csv", &Hints::default(), &reading)).await??;
    let load = Load {
        lake,
        resource: ResourceId("insurance".into()),
        table,
        spec: spec.clone(),
        mode: LoadMode::Append,
        batch: format!("bench-{turn}"),
        spool_dir: work.to_owned(),
        workers: std::thread::available_parallelism().map_or(2, usize::from),
        seed: 1,
        progress: Arc::new(Progress::default()),
    };
    let staged = load.stage(input).await?;
    let (good, bad) = (staged.rows_good, staged.rows_bad);
    staged
        .staging
        .commit(staged.files, LoadMode::Append, &spec.key_names(), base::Moment(0))
        .await?;
    let seconds = begin.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&dir)?;
    Ok(Ours { seconds, good, bad })
}

/// Starting Python and importing the package are not counted.
fn duckdb_once(python: &Path, work: &Path, csv: &Path) -> Result<f64> {
    const SCRIPT: &str = "\
import sys, time, duckdb
db = duckdb.connect()
db.execute('SET enable_progress_bar = false')
begin = time.perf_counter()
db.execute(\"COPY (SELECT * FROM read_csv('%s', header=true, all_varchar=true)) TO '%s' (FORMAT parquet, COMPRESSION snappy)\" % (sys.argv[1], sys.argv[2]))
print(time.perf_counter() - begin)
";
    let out = work.join("duckdb.parquet");
    let done = Command::new(python)
        .arg("-c")
        .arg(SCRIPT)
        .arg(csv)
        .arg(&out)
        .output()
        .context("starting Python")?;
    ensure!(
        done.status.success(),
        "DuckDB: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    std::fs::remove_file(&out)?;
    String::from_utf8(done.stdout)?.trim().parse().context("DuckDB's time")
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// From `/proc`; 0 where there is none.
fn peak_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

//! `bench quality`: all rules of the insurance records in one scan, beside a
//! scan that reads the same columns and does nothing, in turn, on one machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use base::{Clock, ItemId, Moment, QualityRuleId, ResourceId, SystemClock};
use catalog::PublishedEntry;
use catalog::model::{DataType as ItemType, Grade, OpeningAttribute, PublishedItem, SharingAttribute};
use chrono::NaiveDate;
use generate::{Format, Spec, schema::INSURANCE};
use lake::{Lake, LakeConfig, LoadMode, TableName};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use quality::scan::{Subject, bare_scan, scan};
use quality::{Rule, propose};

/// What to measure.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Insurance records in the table.
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u64,
    /// Share of rows with an error: the province's own problem rate is 0.01 %.
    #[arg(long, default_value_t = 0.0001)]
    pub errors: f64,
    /// Times each side runs; medians are printed.
    #[arg(long, default_value_t = 5)]
    pub runs: usize,
    /// Where the table is made; emptied of it at the end.
    #[arg(long, default_value = ".")]
    pub dir: PathBuf,
}

const RESOURCE: &str = "bench_quality";

/// Prints a table in Markdown.
pub async fn run(options: &Options) -> Result<()> {
    ensure!(options.runs > 0, "at least one run");
    let work = options.dir.join(format!("bench-quality-{}", std::process::id()));
    std::fs::create_dir_all(&work).context("making the folder")?;
    let measured = measure(&work, options).await;
    std::fs::remove_dir_all(&work).context("emptying the folder")?;
    measured
}

async fn measure(work: &Path, options: &Options) -> Result<()> {
    let now = SystemClock.now();
    let lake = Lake::open(LakeConfig::local(work)?)?;
    let put_in = load(&lake, work, options, now).await?;
    let entry = entry(now);
    let rules = rules(&entry, now);
    let version = lake.version(&TableName::new(RESOURCE)?).await?.context("no table")?;
    let subject = Subject {
        entry: &entry,
        version,
        batches: None,
        newest_load: Some(now),
        now,
    };
    bare_scan(&lake, &subject, &rules).await?;
    let (mut with_rules, mut bare, mut failed) = (vec![], vec![], 0);
    for _ in 0..options.runs {
        let begin = Instant::now();
        ensure!(
            bare_scan(&lake, &subject, &rules).await? == options.rows,
            "the bare scan lost rows"
        );
        bare.push(begin.elapsed().as_secs_f64());
        let begin = Instant::now();
        let scanned = scan(&lake, &subject, &rules).await?;
        with_rules.push(begin.elapsed().as_secs_f64());
        ensure!(scanned.rows == options.rows, "the scan lost rows");
        failed = scanned.outcomes.iter().map(|o| o.failed).sum::<u64>();
    }
    let (with_rules, bare) = (median(&mut with_rules), median(&mut bare));
    println!("| what | rows | seconds (median of {}) | rows/s |", options.runs);
    println!("|---|---:|---:|---:|");
    for (name, seconds) in [
        ("bare scan of the same columns".to_owned(), bare),
        (format!("{} rules in one scan", rules.len()), with_rules),
    ] {
        println!(
            "| {name} | {} | {seconds:.3} | {:.0} |",
            options.rows,
            options.rows as f64 / seconds
        );
    }
    println!();
    println!(
        "cost of the rules {:.2} × the bare scan (target ≤ 2); {failed} failures, {put_in} rows spoilt on purpose",
        with_rules / bare
    );
    Ok(())
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// Generated records as one batch of a table; an impossible date becomes null.
/// Returns how many rows were spoilt.
async fn load(lake: &Lake, work: &Path, options: &Options, now: Moment) -> Result<u64> {
    let path = work.join("insurance.parquet");
    let as_of = NaiveDate::from_ymd_opt(2026, 11, 1).context("a day")?;
    let spec = Spec {
        format: Format::Parquet,
        error_rate: options.errors,
        ..Spec::new(options.rows, 7, as_of)
    };
    let report = generate::insurance(&spec, std::fs::File::create(&path)?)?;
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let of = |i: &generate::schema::Item| {
        if i.r#type == "datetime" {
            time.clone()
        } else {
            DataType::Utf8
        }
    };
    let fields: Vec<Field> = INSURANCE.iter().map(|i| Field::new(i.name, of(i), true)).collect();
    let table = TableName::new(RESOURCE)?;
    let schema = lake.prepare(&table, &Schema::new(fields)).await?;
    let staging = lake.stage(&table, schema.clone(), "bench").await?;
    let mut writer = staging.writer()?;
    let mut row = 1i64;
    for part in ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path)?)?.build()? {
        let part = part?;
        let rows = part.num_rows();
        let mut columns: Vec<ArrayRef> = part
            .columns()
            .iter()
            .zip(&INSURANCE)
            .map(|(c, i)| cast(c, &of(i)))
            .collect::<Result<_, _>>()?;
        for field in &schema.fields()[columns.len()..] {
            columns.push(match field.name().as_str() {
                lake::BATCH_COLUMN => Arc::new(StringArray::from(vec!["bench"; rows])),
                _ => Arc::new(Int64Array::from_iter_values(row + 1..=row + rows as i64)),
            });
        }
        row += rows as i64;
        writer.write(&RecordBatch::try_new(schema.clone(), columns)?).await?;
    }
    let keys = ["cert_no".to_owned(), "insurance_type".to_owned()];
    staging
        .commit(writer.close().await?, LoadMode::Append, &keys, now)
        .await?;
    Ok(report.errors.values().sum())
}

fn rules(entry: &PublishedEntry, now: Moment) -> Vec<Rule> {
    let rule = |(at, draft): (usize, quality::Draft)| Rule {
        id: QualityRuleId(format!("qrl_{at}")),
        resource_id: entry.id.clone(),
        category: quality::kinds::kind(&draft.kind)
            .map(|k| k.category.clone())
            .unwrap_or_default(),
        title: draft.title,
        kind: draft.kind,
        items: draft.items,
        params: draft.params,
        tolerance: draft.tolerance,
        enabled: true,
        revision: 1,
        updated_at: now,
    };
    propose(entry).into_iter().enumerate().map(rule).collect()
}

fn entry(now: Moment) -> PublishedEntry {
    let item = |i: &generate::schema::Item| PublishedItem {
        id: ItemId(i.name.into()),
        name: i.name.into(),
        title: i.title.into(),
        meaning: i.meaning.into(),
        data_type: ItemType::parse(i.r#type).unwrap_or(ItemType::String),
        length: (i.length > 0).then_some(i.length),
        scale: None,
        format: None,
        code_set: i.code_set.map(Into::into),
        data_element: None,
        identifier: i.identifier.map(Into::into),
        key: i.key,
        nullable: i.nullable,
        grade: Grade::parse(i.grade).unwrap_or(Grade::L3),
        sharing: SharingAttribute::Restricted,
        opening: OpeningAttribute::Restricted,
    };
    PublishedEntry {
        id: ResourceId(RESOURCE.into()),
        code: String::new(),
        version: 1,
        title: "社会保险个人参保信息".into(),
        summary: String::new(),
        provider_id: "bench".into(),
        responsible_id: "bench".into(),
        division_code: "330000".into(),
        subject: String::new(),
        format: String::new(),
        libraries: vec![],
        items: INSURANCE.iter().map(item).collect(),
        sharing: SharingAttribute::Restricted,
        sharing_condition: None,
        modes: vec![],
        opening: OpeningAttribute::Restricted,
        opening_condition: None,
        update_frequency: "daily".into(),
        time_span: None,
        grade: Grade::L3,
        published_at: now,
    }
}

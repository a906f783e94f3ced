//! Step 3: data arrives, is checked row by row, and nothing of it is lost.

use std::io::{BufWriter, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chrono::NaiveDate;
use generate::{Encoding, Format, Spec};
use sea_orm::sqlx;
use sea_orm::sqlx::postgres::PgPool;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use serde_json::{Value, json};

use super::Stage;
use super::catalog::Facts;
use super::client::{Api, find, text};

pub const FACTS: &[Facts] = &[
    Facts {
        key: "figures",
        file: "共享工作成效.csv",
        content: include_str!("../../../../rules/demo/sharing-figures.csv"),
        title: "全省公共数据共享工作成效",
        summary: "2018 年至 2021 年省级公共数据平台的共享需求数、满足数、需求满足率和平均审批时间。",
        subject: "other",
        columns: &[
            ("year", "年份", "integer", true),
            ("demands", "共享需求(件)", "integer", false),
            ("met", "共享数量(件)", "integer", false),
            ("met_rate", "需求满足率", "decimal", false),
            ("approval_days", "平均审批时间(天)", "decimal", false),
        ],
    },
    Facts {
        key: "warehouses",
        file: "市县数据仓.csv",
        content: include_str!("../../../../rules/demo/city-warehouses.csv"),
        title: "设区市数据回流与数据仓建设情况",
        summary: "省平台向 11 个设区市回流的数据类数，以及各市的市级、区县级数据仓数量。",
        subject: "other",
        columns: &[
            ("division_code", "行政区划代码", "string", true),
            ("city", "设区市", "string", false),
            ("return_classes", "数据回流(类)", "integer", false),
            ("city_warehouses", "设区市数据仓数", "integer", false),
            ("county_warehouses", "区县数据仓数", "integer", false),
        ],
    },
    Facts {
        key: "opening-list",
        file: "开放清单.csv",
        content: include_str!("../../../../rules/demo/opening-list-2021.csv"),
        title: "2021年浙江省第一批公共数据开放清单",
        summary: "2021 年第一批新增开放数据目录的名称、数源单位、更新频率、开放属性和计划开放时间。",
        subject: "other",
        columns: &[
            ("number", "编号", "integer", true),
            ("title", "新增开放数据目录名称", "string", false),
            ("provider", "数源单位", "string", false),
            ("update_frequency", "更新频率", "string", false),
            ("opening_attribute", "开放属性", "string", false),
            ("planned_on", "计划开放实施时间", "date", false),
        ],
    },
];

/// The demo's data is of the day before, whatever the day is: a record of
/// today could bear an hour that has not come.
fn as_of() -> NaiveDate {
    let today = base::Ctx::system().now().date();
    today.pred_opt().unwrap_or(today)
}

pub struct SourceWish<'a> {
    pub resource: &'a str,
    pub title: &'a str,
    pub kind: &'a str,
    pub about: &'a str,
    pub mode: &'a str,
    pub config: Value,
}

/// The source with this title, made when missing.
pub async fn source(api: &Api, wish: SourceWish<'_>) -> Result<String> {
    let known = api.get("/api/v1/sources?limit=200").await?;
    if let Some(found) = find(&known, |s| s["title"] == wish.title) {
        return Ok(text(&found, "id")?.to_owned());
    }
    let form = json!({
        "resource_id": wish.resource, "title": wish.title, "kind": wish.kind, "config": wish.config, "about": wish.about, "load_mode": wish.mode,
        "legal_basis": "《浙江省公共数据条例》第十五条；本单位法定职责",
        "purpose": "履行法定职责并按目录提供共享、开放",
        "scope": "目录条目所列数据项",
    });
    Ok(text(&api.post("/api/v1/sources", &form).await?, "id")?.to_owned())
}

/// Waits until a batch has ended, showing its progress; its end must be one of
/// `wanted`.
pub async fn ended(api: &Api, batch: &Value, wanted: &[&str]) -> Result<Value> {
    let id = text(batch, "id")?.to_owned();
    loop {
        let batch = api.get(&format!("/api/v1/batches/{id}")).await?;
        let state = text(&batch, "state")?;
        match state {
            "received" | "checking" | "loading" => {
                let fraction = batch["progress"]["fraction"].as_f64();
                if let Some(fraction) = fraction.filter(|_| std::io::stderr().is_terminal()) {
                    let speed = batch["progress"]["rows_per_s"].as_f64().unwrap_or_default();
                    eprint!("\r      {:>5.1} %  {speed:>9.0} 行/秒   ", fraction * 100.0);
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            state if wanted.contains(&state) => {
                if std::io::stderr().is_terminal() {
                    eprint!("\r{:60}\r", "");
                }
                return Ok(batch);
            }
            state => bail!("batch {id} ended as {state}: {}", batch["error"]),
        }
    }
}

pub async fn load(api: &Api, source: &str, file: &Path) -> Result<Value> {
    let batch = api.upload(&format!("/api/v1/sources/{source}/files"), file).await?;
    ended(api, &batch, &["done", "duplicate"]).await
}

fn number(batch: &Value, field: &str) -> Result<u64> {
    batch[field]
        .as_u64()
        .with_context(|| format!("no `{field}` in {batch}"))
}

fn generated(stage: &Stage, name: &str, spec: &Spec, equipment: bool) -> Result<PathBuf> {
    let path = stage.files.join(name);
    if !path.exists() {
        let beside = path.with_extension("part");
        let out = BufWriter::new(std::fs::File::create(&beside)?);
        if equipment {
            generate::equipment(spec, out)?;
        } else {
            generate::insurance(spec, out)?;
        }
        std::fs::rename(beside, &path)?;
    }
    Ok(path)
}

pub async fn insurance(stage: &mut Stage) -> Result<String> {
    let rows = stage.insurance_rows;
    let spec = Spec {
        error_rate: 0.002,
        ..Spec::new(rows, 2026, as_of())
    };
    let file = tokio::task::block_in_place(|| generated(stage, "参保信息.csv", &spec, false))?;
    let api = stage.as_person("rst-shuju").await?;
    let resource = stage.state.get("resource.insurance")?;
    let wish = SourceWish {
        resource: &resource,
        title: "社保经办系统日终文件",
        kind: "upload",
        about: "personal",
        mode: "append",
        config: json!({}),
    };
    let source = source(&api, wish).await?;
    stage.state.put("source.insurance", &source)?;
    let batch = load(&api, &source, &file).await?;
    if batch["state"] == "done" {
        stage.state.put("batch.insurance", text(&batch, "id")?)?;
        let (read, good, bad) = (
            number(&batch, "rows_read")?,
            number(&batch, "rows_good")?,
            number(&batch, "rows_quarantined")?,
        );
        ensure!(
            read == rows && good + bad == read && bad > 0,
            "rows do not add up: {batch}"
        );
    }
    // the same file again changes nothing
    let before = api.get(&format!("/api/v1/resources/{resource}/data/status")).await?;
    let again = load(&api, &source, &file).await?;
    ensure!(again["state"] == "duplicate", "the same batch twice: {again}");
    let after = api.get(&format!("/api/v1/resources/{resource}/data/status")).await?;
    ensure!(
        before["rows"] == after["rows"] && before["table_version"] == after["table_version"],
        "a duplicate changed the table"
    );
    Ok(format!(
        "入库 {} 行，隔离 {} 行，重复上传不改变数据",
        after["rows"],
        number(
            &api.get(&format!("/api/v1/batches/{}", stage.state.get("batch.insurance")?))
                .await?,
            "rows_quarantined"
        )?
    ))
}

pub async fn formats(stage: &mut Stage) -> Result<String> {
    let api = stage.as_person("scjg-shuju").await?;
    let resource = stage.state.get("resource.equipment")?;
    let wish = SourceWish {
        resource: &resource,
        title: "特种设备登记系统导出文件",
        kind: "upload",
        about: "legal_person",
        mode: "upsert",
        config: json!({}),
    };
    let source = source(&api, wish).await?;
    stage.state.put("source.equipment", &source)?;
    let base = Spec {
        error_rate: 0.003,
        ..Spec::new(stage.insurance_rows / 100, 7, as_of())
    };
    let wanted = [
        (
            "登记证-一季度.csv",
            Spec {
                encoding: Encoding::Gb18030,
                titles: true,
                ..base.clone()
            },
        ),
        (
            "登记证-二季度.jsonl",
            Spec {
                format: Format::Json,
                seed: 8,
                ..base.clone()
            },
        ),
        (
            "登记证-三季度.parquet",
            Spec {
                format: Format::Parquet,
                seed: 9,
                ..base.clone()
            },
        ),
    ];
    let mut told = vec![];
    for (name, spec) in wanted {
        let file = generated(stage, name, &spec, true)?;
        let batch = load(&api, &source, &file).await?;
        told.push(format!(
            "{} {}",
            batch["format"].as_str().unwrap_or("?"),
            batch["encoding"].as_str().unwrap_or("")
        ));
    }
    let spec = Spec { seed: 10, ..base };
    let csv = generated(stage, "登记证-四季度.csv", &spec, true)?;
    let workbook = csv.with_extension("xlsx");
    as_workbook(&csv, &workbook)?;
    let batch = load(&api, &source, &workbook).await?;
    told.push(batch["format"].as_str().unwrap_or("?").to_owned());
    let author = stage.as_person("dsj-bianmu").await?;
    for facts in FACTS {
        let file = stage.files.join(facts.file);
        std::fs::write(&file, facts.content)?;
        let wish = SourceWish {
            resource: &stage.state.get(&format!("resource.{}", facts.key))?,
            title: facts.title,
            kind: "upload",
            about: "other",
            mode: "snapshot",
            config: json!({}),
        };
        let source = self::source(&author, wish).await?;
        let batch = load(&author, &source, &file).await?;
        ensure!(batch["rows_quarantined"] == 0, "a fact went to quarantine: {batch}");
    }
    Ok(told.join("、"))
}

/// As a clerk would send it: the same rows on a sheet.
fn as_workbook(csv: &Path, path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(csv)?;
    for (row, record) in reader.records().enumerate() {
        for (column, value) in record?.iter().enumerate() {
            sheet.write_string(u32::try_from(row)?, u16::try_from(column)?, value)?;
        }
    }
    let beside = path.with_extension("part");
    workbook.save(&beside)?;
    Ok(std::fs::rename(beside, path)?)
}

/// A department's own databases: an SQLite file in the front-end folder, and a
/// PostgreSQL where one was given.
pub async fn database(stage: &mut Stage) -> Result<String> {
    let rows = (stage.insurance_rows / 200).max(50);
    let spec = Spec::new(rows, 11, as_of());
    let csv = generated(stage, "参保信息-省直.csv", &spec, false)?;
    let folder = stage
        .files
        .parent()
        .context("the demo's folder")?
        .join("node/front-end");
    std::fs::create_dir_all(&folder)?;
    let columns = columns_of(&csv)?;
    let sqlite = folder.join("szsb.db");
    if !sqlite.exists() {
        let beside = sqlite.with_extension("part");
        let options = SqliteConnectOptions::new().filename(&beside).create_if_missing(true);
        let pool = SqlitePool::connect_with(options).await?;
        fill_sqlite(&pool, &columns, &csv).await?;
        pool.close().await;
        std::fs::rename(beside, sqlite)?;
    }
    let api = stage.as_person("rst-shuju").await?;
    let wish = SourceWish {
        resource: &stage.state.get("resource.insurance")?,
        title: "省直社保业务库",
        kind: "sqlite",
        about: "personal",
        mode: "upsert",
        config: json!({ "file": "szsb.db", "table": "participation" }),
    };
    let source = source(&api, wish).await?;
    let batch = api.post(&format!("/api/v1/sources/{source}/pull"), &json!({})).await?;
    let batch = ended(&api, &batch, &["done", "duplicate"]).await?;
    let told = format!("SQLite {} 行", batch["rows_read"]);
    let Some(url) = stage.department.clone() else {
        return Ok(told);
    };
    let spec = Spec::new(rows, 12, as_of());
    let csv = generated(stage, "参保信息-杭州.csv", &spec, false)?;
    let pool = PgPool::connect(&url).await.context("the department's PostgreSQL")?;
    fill_postgres(&pool, &columns, &csv).await?;
    pool.close().await;
    let wish = SourceWish {
        resource: &stage.state.get("resource.insurance")?,
        title: "杭州社保业务库",
        kind: "postgres",
        about: "personal",
        mode: "upsert",
        config: json!({ "url": url, "table": "participation" }),
    };
    let source = self::source(&api, wish).await?;
    let batch = api.post(&format!("/api/v1/sources/{source}/pull"), &json!({})).await?;
    let batch = ended(&api, &batch, &["done", "duplicate"]).await?;
    Ok(format!("{told},PostgreSQL {} 行", batch["rows_read"]))
}

fn columns_of(csv: &Path) -> Result<Vec<String>> {
    let mut reader = csv::Reader::from_path(csv)?;
    Ok(reader.headers()?.iter().map(|c| format!("\"{c}\"")).collect())
}

/// The table as either database takes it: how it is made, how a row comes in.
macro_rules! fill {
    ($pool:ident, $columns:ident, $csv:ident, $mark:expr) => {{
        let marks: Vec<String> = (1..=$columns.len()).map($mark).collect();
        let typed: Vec<String> = $columns.iter().map(|c| format!("{c} TEXT")).collect();
        let create = format!("CREATE TABLE participation ({})", typed.join(","));
        let insert = format!("INSERT INTO participation VALUES ({})", marks.join(","));
        let mut tx = $pool.begin().await?;
        sqlx::query("DROP TABLE IF EXISTS participation")
            .execute(&mut *tx)
            .await?;
        sqlx::query(sqlx::AssertSqlSafe(create)).execute(&mut *tx).await?;
        for record in csv::Reader::from_path($csv)?.records() {
            let record = record?;
            let mut query = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
            for value in &record {
                query = query.bind((!value.is_empty()).then(|| value.to_owned()));
            }
            query.execute(&mut *tx).await?;
        }
        Ok(tx.commit().await?)
    }};
}

async fn fill_sqlite(pool: &SqlitePool, columns: &[String], csv: &Path) -> Result<()> {
    fill!(pool, columns, csv, |_| "?".to_owned())
}

async fn fill_postgres(pool: &PgPool, columns: &[String], csv: &Path) -> Result<()> {
    fill!(pool, columns, csv, |at| format!("${at}"))
}

/// One row is corrected in the console, the rest of that kind stays for people
/// to look at.
pub async fn correct(stage: &mut Stage) -> Result<String> {
    let api = stage.as_person("rst-shuju").await?;
    let batch = stage.state.get("batch.insurance")?;
    let summary = api.get(&format!("/api/v1/batches/{batch}/quarantine/summary")).await?;
    let rows = api
        .get(&format!("/api/v1/batches/{batch}/quarantine?limit=200"))
        .await?;
    // a code outside of its set: the clerk knows the right one
    let row = find(&rows, |r| {
        let reasons = r["reasons"].as_array().map_or(&[][..], Vec::as_slice);
        r["state"] == "open" && reasons.len() == 1 && reasons[0]["item"] == "payment_state"
    })
    .or_else(|| {
        find(&rows, |r| {
            let reasons = r["reasons"].as_array().map_or(&[][..], Vec::as_slice);
            r["state"] == "open" && reasons.len() == 1 && reasons[0]["item"] == "division_code"
        })
    })
    .context("no row with a wrong code in quarantine")?;
    let item = text(&row["reasons"][0], "item")?;
    let right = if item == "payment_state" { "1" } else { "330106" };
    let mut values = row["values"].clone();
    values[item] = json!(right);
    let corrected = json!({ "values": values, "revision": row["revision"] });
    api.patch(&format!("/api/v1/quarantine/{}", text(&row, "id")?), &corrected)
        .await?;
    let replay = api.post(&format!("/api/v1/batches/{batch}/replay"), &json!({})).await?;
    let replay = ended(&api, &replay, &["done"]).await?;
    ensure!(
        number(&replay, "rows_written")? >= 1,
        "the corrected row did not arrive: {replay}"
    );
    Ok(format!(
        "隔离区 {} 行，更正并入库 {} 行",
        summary["total"], replay["rows_written"]
    ))
}

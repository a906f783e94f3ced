//! Step 4: a rule fails, the provider gets a work order, corrects the data, and
//! the same check closes it.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::Stage;
use super::client::{Api, find, text};
use super::collection::load;

const RULE: &str = "下次检验日期不早于登记日期";

async fn run(api: &Api, resource: &str) -> Result<Value> {
    let run = api
        .post(&format!("/api/v1/resources/{resource}/quality/runs"), &json!({}))
        .await?;
    let id = text(&run, "id")?.to_owned();
    for _ in 0..1200 {
        let run = api.get(&format!("/api/v1/quality/runs/{id}")).await?;
        match text(&run, "state")? {
            "done" => return Ok(run),
            "failed" => bail!("the check failed: {}", run["error"]),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    bail!("the check did not end in two minutes")
}

fn result(run: &Value) -> Result<&Value> {
    let results = run["results"].as_array().context("a run without results")?;
    results
        .iter()
        .find(|r| r["rule"] == RULE)
        .with_context(|| format!("no result of the rule in {run}"))
}

/// Two certificates of the second quarter's file, whose next inspection `wrong`
/// puts before their registration.
fn file(stage: &Stage, name: &str, wrong: bool) -> Result<std::path::PathBuf> {
    let source = std::fs::read_to_string(stage.files.join("登记证-二季度.jsonl"))?;
    let mut lines = vec![];
    for line in source.lines() {
        let mut row: Value = serde_json::from_str(line)?;
        let whole = row.as_object().is_some_and(|r| r.values().all(|v| !v.is_null()));
        let dated = row["registered_on"].as_str().is_some_and(|d| d.len() == 10);
        if !whole || !dated {
            continue;
        }
        row["next_inspection_on"] = json!(if wrong { "2001-01-01" } else { "2027-06-30" });
        row["registered_on"] = json!("2020-03-09");
        lines.push(row.to_string());
        if lines.len() == 2 {
            break;
        }
    }
    ensure!(lines.len() == 2, "the second quarter's file has no two whole rows");
    let path = stage.files.join(name);
    std::fs::write(&path, lines.join("\n") + "\n")?;
    Ok(path)
}

pub async fn improve(stage: &mut Stage) -> Result<String> {
    let api = stage.as_person("scjg-shuju").await?;
    let resource = stage.state.get("resource.equipment")?;
    let source = stage.state.get("source.equipment")?;
    let rules = api
        .get(&format!("/api/v1/quality/rules?resource={resource}&limit=200"))
        .await?;
    let listed = rules["items"].as_array().or(rules.as_array()).map_or(0, Vec::len);
    if find(&rules, |r| r["title"] == RULE).is_none() {
        let rule = json!({ "resource_id": resource, "title": RULE, "kind": "order", "items": ["registered_on", "next_inspection_on"] });
        api.post("/api/v1/quality/rules", &rule).await?;
    }
    load(&api, &source, &file(stage, "登记证-补录.jsonl", true)?).await?;
    let first = run(&api, &resource).await?;
    let failing = result(&first)?;
    ensure!(
        failing["failed"].as_u64().is_some_and(|n| n >= 1),
        "the rule did not fail: {failing}"
    );
    let order = text(failing, "work_order_id")?.to_owned();
    let path = format!("/api/v1/work-orders/{order}");
    if api.get(&path).await?["state"] == "open" {
        api.post(&format!("{path}/accept"), &json!({})).await?;
    }
    load(&api, &source, &file(stage, "登记证-更正.jsonl", false)?).await?;
    let second = run(&api, &resource).await?;
    ensure!(
        result(&second)?["failed"] == 0,
        "the corrected data still fails: {}",
        result(&second)?
    );
    let order = api.get(&path).await?;
    ensure!(order["state"] == "closed", "the work order is not closed: {order}");
    // the datasets that are opened later show their score
    let author = stage.as_person("dsj-bianmu").await?;
    for facts in super::collection::FACTS {
        run(&author, &stage.state.get(&format!("resource.{}", facts.key))?).await?;
    }
    Ok(format!(
        "{} 条规则；{} 行不一致，整改后复检通过，工单关闭",
        listed + 1,
        failing["failed"]
    ))
}

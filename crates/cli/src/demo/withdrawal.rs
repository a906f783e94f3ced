//! Steps 8 and 9: a firm asks for a record's withdrawal; and the proof of it all.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Stage;
use super::cast::FIRM;
use super::client::{Api, text};

async fn decide(api: &Api, id: &str, outcome: &str, reason: &str, more: Value) -> Result<()> {
    let matter = api.get(&format!("/api/v1/withdrawals/{id}")).await?;
    let steps = matter["timelines"][0]["steps"]
        .as_array()
        .context("a withdrawal without a timeline")?;
    let step = steps
        .iter()
        .find(|s| s["closed_at"].is_null())
        .context("no step is open")?;
    let mut decision = json!({ "step_id": step["id"], "outcome": outcome, "reason": reason });
    if let (Some(decision), Value::Object(more)) = (decision.as_object_mut(), more) {
        decision.extend(more);
    }
    api.post(&format!("/api/v1/withdrawals/{id}/decide"), &decision).await?;
    Ok(())
}

pub async fn withdraw(stage: &mut Stage) -> Result<String> {
    let anybody = stage.anybody()?;
    let firm = stage.as_person(FIRM.0).await?;
    let opener = stage.as_person("scjg-shenpi").await?;
    let resource = stage.state.get("resource.equipment")?;
    let slug = stage.state.get("slug.equipment")?;
    let preview = anybody
        .get(&format!("/api/v1/datasets/{resource}/preview?limit=1"))
        .await?;
    let row = preview["rows"]
        .get(0)
        .or(preview["items"].get(0))
        .context("an empty dataset")?;
    let record = row["certificate_no"]
        .as_str()
        .or(row[0].as_str())
        .context("a row without its key")?
        .to_owned();
    let id = match stage.state.find("withdrawal") {
        Some(id) => id,
        None => {
            let form = json!({
                "dataset_id": resource, "kind": "commercial_secret", "record_key": record,
                "reason": "该登记证的使用地点涉及本企业在建保密车间，公开后损害商业利益。",
            });
            let made = firm.post("/api/v1/withdrawals", &form).await?;
            let id = text(&made, "id")?.to_owned();
            stage.state.put("withdrawal", &id)?;
            stage.state.put("withdrawal.record", &record)?;
            id
        }
    };
    let record = stage.state.get("withdrawal.record")?;
    // the provider suspends: every door closes within a second
    let asked = Instant::now();
    decide(
        &opener,
        &id,
        "suspend",
        "申请人提供了初步材料，先行中止开放。",
        json!({}),
    )
    .await?;
    let csv = format!("/api/v1/datasets/{resource}/files/csv");
    let rows = format!("/api/v1/datasets/{resource}/rows");
    let ckan = format!("/api/3/action/package_show?id={slug}");
    let mut shut = false;
    while asked.elapsed() < Duration::from_millis(2_000) && !shut {
        shut = true;
        for door in [&csv, &rows, &ckan] {
            shut &= anybody.status(door).await?.is_client_error();
        }
    }
    let took = asked.elapsed();
    ensure!(shut, "a door was still open after {} ms", took.as_millis());
    let treatment = json!({ "treatment": { "items": [], "rows": [record] } });
    decide(&opener, &id, "treat", "经核实，删除该条记录后重新开放。", treatment).await?;
    let dataset = super::opening::opened(&anybody, &resource).await?;
    ensure!(
        !anybody.text(&csv).await?.contains(&record),
        "the record is still in the download"
    );
    let told = firm.get(&format!("/api/v1/withdrawals/{id}")).await?;
    ensure!(told["outcome"] == "treated", "the firm is not told: {told}");
    let notices = firm.get("/api/v1/notices?limit=50").await?;
    ensure!(
        notices["items"].as_array().is_some_and(|n| !n.is_empty()),
        "the firm has no notice: {notices}"
    );
    Ok(format!(
        "{} 毫秒内全部入口关闭；处理后重新开放 {} 行",
        took.as_millis(),
        dataset["rows"]
    ))
}

/// Every decision of the story is in the ledger, and can be proved.
pub async fn ledger(stage: &mut Stage) -> Result<String> {
    let auditor = stage.as_person("dsj-shenji").await?;
    let mut subjects = vec![];
    for name in [
        "resource.insurance",
        "resource.equipment",
        "request.query",
        "withdrawal",
    ] {
        let subject = stage.state.get(name)?;
        let entries = auditor
            .get(&format!("/api/v1/ledger?subject={subject}&limit=50"))
            .await?;
        let entries = entries["items"].as_array().context("no entries")?.clone();
        ensure!(!entries.is_empty(), "{name} has left nothing in the ledger");
        subjects.push(entries);
    }
    let seq = subjects[0][0]["seq"].as_u64().context("an entry without a number")?;
    let proof = auditor.get(&format!("/api/v1/ledger/{seq}/proof")).await?;
    ensure!(
        proof["checkpoint"].is_object() || proof["checkpoint"].is_string(),
        "a proof without a checkpoint: {proof}"
    );
    Ok(format!("核对 {} 个事项的记录，取得第 {seq} 条的证明", subjects.len()))
}

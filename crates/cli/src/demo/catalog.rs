//! Step 2: what there is, who may have it, and under which conditions.

use anyhow::{Context, Result, ensure};
use generate::schema::{EQUIPMENT, INSURANCE, Item};
use serde_json::{Value, json};

use super::Stage;
use super::client::{Api, find, text};

fn items_of(items: &[Item]) -> Vec<Value> {
    let of = |i: &Item| {
        // names and addresses are no codes that can be checked
        let checked = i
            .identifier
            .filter(|id| matches!(*id, "citizen_id" | "uscc" | "division"));
        let mut item = json!({
            "name": i.name, "title": i.title, "meaning": i.meaning, "type": i.r#type, "key": i.key, "nullable": i.nullable, "grade": i.grade,
        });
        if i.length > 0 {
            item["length"] = json!(i.length);
        }
        if let Some(code_set) = i.code_set {
            item["code_set"] = json!(code_set);
        }
        if let Some(identifier) = checked {
            item["identifier"] = json!(identifier);
        }
        item
    };
    items.iter().map(of).collect()
}

fn insurance() -> Value {
    json!({
        "title": "社会保险个人参保信息",
        "summary": "全省职工和城乡居民参加社会保险的人员、参保单位、险种、参保状态和缴费状态，由各级社会保险经办机构登记形成。",
        "division_code": "330000", "subject": "social_security", "format": "database", "data_type": "structured",
        "libraries": ["population", "theme_social_security"],
        "items": items_of(&INSURANCE),
        "sharing": {
            "attribute": "restricted", "grounds": ["conditional_use"], "modes": ["verify", "query"],
            "reason": "涉及个人参保和缴费情况，仅限履行法定职责使用。",
            "condition": "须有明确的应用场景和法定依据，按证件号码逐人核验或查询，不得留存。",
        },
        "opening": {
            "attribute": "restricted", "grounds": ["anonymised"], "reason": "涉及个人信息。",
            "condition": "仅以匿名化后的模型结果开放。", "treatment": "删除姓名、证件号码和单位名称，按县(市、区)和险种汇总。",
        },
        "update_frequency": "daily", "grade": "L3", "channels": ["interface"],
    })
}

fn equipment() -> Value {
    json!({
        "title": "特种设备使用登记证",
        "summary": "电梯、锅炉、压力容器、起重机械等特种设备的使用登记信息，含使用单位、地点、登记日期和下次检验日期。",
        "division_code": "330000", "subject": "work_safety", "format": "database", "data_type": "structured",
        "libraries": ["certificates"],
        "items": items_of(&EQUIPMENT),
        "sharing": { "attribute": "unconditional", "modes": ["verify", "query"] },
        "opening": { "attribute": "unconditional" },
        "update_frequency": "weekly", "grade": "L1", "channels": ["interface", "portal"],
    })
}

/// The entry with this title, if the person can see one.
async fn existing(api: &Api, title: &str) -> Result<Option<Value>> {
    let page = api
        .get(&format!("/api/v1/resources?limit=50&q={}", encode(title)))
        .await?;
    Ok(find(&page, |r| r["title"] == title))
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() {
                (b as char).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

pub async fn drafted(api: &Api, document: &Value) -> Result<Value> {
    let title = text(document, "title")?;
    match existing(api, title).await? {
        Some(found) => api.get(&format!("/api/v1/resources/{}", text(&found, "id")?)).await,
        None => api.post("/api/v1/resources", document).await,
    }
}

pub async fn submit(api: &Api, id: &str) -> Result<()> {
    let entry = api.get(&format!("/api/v1/resources/{id}")).await?;
    if matches!(entry["state"].as_str(), Some("draft" | "returned" | "revising")) {
        api.post(
            &format!("/api/v1/resources/{id}/submit"),
            &json!({ "revision": entry["revision"] }),
        )
        .await?;
    }
    Ok(())
}

/// The open step of what is under way about an entry.
async fn open_step(api: &Api, id: &str) -> Result<String> {
    let timeline = api.get(&format!("/api/v1/resources/{id}/timeline")).await?;
    let steps = timeline["steps"].as_array().context("a timeline without steps")?;
    let open = steps
        .iter()
        .find(|s| s["closed_at"].is_null())
        .context("no step is open")?;
    Ok(text(open, "id")?.to_owned())
}

pub async fn review(api: &Api, id: &str, outcome: &str, reason: Option<&str>) -> Result<()> {
    let entry = api.get(&format!("/api/v1/resources/{id}")).await?;
    let mut decision =
        json!({ "step_id": open_step(api, id).await?, "outcome": outcome, "revision": entry["revision"] });
    if let Some(reason) = reason {
        decision["reason"] = json!(reason);
    }
    api.post(&format!("/api/v1/resources/{id}/review"), &decision).await?;
    Ok(())
}

async fn state_of(api: &Api, id: &str) -> Result<String> {
    Ok(text(&api.get(&format!("/api/v1/resources/{id}")).await?, "state")?.to_owned())
}

/// Brings a draft to publication.
async fn publish_one(author: &Api, reviewer: &Api, document: &Value) -> Result<String> {
    let id = text(&drafted(author, document).await?, "id")?.to_owned();
    submit(author, &id).await?;
    if state_of(reviewer, &id).await? == "in_review" {
        review(reviewer, &id, "publish", None).await?;
    }
    ensure!(
        state_of(author, &id).await? == "published",
        "the entry is not published"
    );
    Ok(id)
}

pub async fn publish(stage: &mut Stage) -> Result<String> {
    let reviewer = stage.as_person("dsj-shenhe").await?;
    let rst = stage.as_person("rst-bianmu").await?;
    let id = publish_one(&rst, &reviewer, &insurance()).await?;
    stage.state.put("resource.insurance", &id)?;

    // sent back once: the summary did not say where the data comes from
    let scjg = stage.as_person("scjg-bianmu").await?;
    let mut document = equipment();
    let complete = document["summary"].clone();
    document["summary"] = json!("特种设备使用登记信息。");
    let id = text(&drafted(&scjg, &document).await?, "id")?.to_owned();
    stage.state.put("resource.equipment", &id)?;
    if matches!(state_of(&scjg, &id).await?.as_str(), "draft" | "in_review") {
        submit(&scjg, &id).await?;
        review(
            &reviewer,
            &id,
            "return",
            Some("摘要过于简略，请写明设备种类和登记内容，便于检索。"),
        )
        .await?;
    }
    if state_of(&scjg, &id).await? == "returned" {
        let entry = scjg.get(&format!("/api/v1/resources/{id}")).await?;
        let mut corrected = equipment();
        corrected["items"] = entry["items"].clone();
        corrected["summary"] = complete;
        corrected["revision"] = entry["revision"].clone();
        scjg.put(&format!("/api/v1/resources/{id}"), &corrected).await?;
        submit(&scjg, &id).await?;
    }
    if state_of(&scjg, &id).await? == "in_review" {
        review(&reviewer, &id, "publish", None).await?;
    }
    ensure!(
        state_of(&scjg, &id).await? == "published",
        "the register of equipment is not published"
    );
    Ok("退回 1 次，发布 2 条".into())
}

/// A second version of the insurance entry: the summary names the counties.
pub async fn revise(stage: &mut Stage) -> Result<String> {
    let id = stage.state.get("resource.insurance")?;
    let author = stage.as_person("rst-bianmu").await?;
    let reviewer = stage.as_person("dsj-shenhe2").await?;
    let path = format!("/api/v1/resources/{id}");
    let entry = author.get(&path).await?;
    if entry["version"] == 1 {
        if entry["state"] == "published" {
            author
                .post(&format!("{path}/revise"), &json!({ "revision": entry["revision"] }))
                .await?;
        }
        if state_of(&author, &id).await? != "in_review" {
            let entry = author.get(&path).await?;
            let mut document = insurance();
            document["items"] = entry["items"].clone();
            document["summary"] = json!(
                "全省 90 个县(市、区)职工和城乡居民参加社会保险的人员、参保单位、险种、参保状态和缴费状态，由各级社会保险经办机构登记形成，每日更新。"
            );
            document["revision"] = entry["revision"].clone();
            author.put(&path, &document).await?;
            submit(&author, &id).await?;
        }
        review(&reviewer, &id, "publish", None).await?;
    }
    let compared = author.get(&format!("{path}/compare?from=1&to=2")).await?;
    let changed = compared["fields"].as_array().context("a comparison without fields")?;
    ensure!(
        changed.iter().any(|f| f["path"] == "summary"),
        "the comparison does not show the summary: {compared}"
    );
    let versions = author.get(&format!("{path}/versions")).await?;
    let count = versions.as_array().or(versions["items"].as_array()).map_or(0, Vec::len);
    ensure!(count >= 2, "two versions are kept: {versions}");
    Ok(format!("{count} 个版本"))
}

/// Datasets whose rows are facts of the texts: title, summary, columns, file.
pub struct Facts {
    pub key: &'static str,
    pub file: &'static str,
    pub content: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub subject: &'static str,
    /// name, title, type, key
    pub columns: &'static [(&'static str, &'static str, &'static str, bool)],
}

pub async fn publish_facts(stage: &mut Stage) -> Result<String> {
    let author = stage.as_person("dsj-bianmu").await?;
    let reviewer = stage.as_person("dsj-shenhe").await?;
    for facts in super::collection::FACTS {
        let items: Vec<Value> = facts
            .columns
            .iter()
            .map(|(name, title, kind, key)| {
                let mut item = json!({ "name": name, "title": title, "meaning": title, "type": kind, "key": key, "nullable": !key, "grade": "L1" });
                if *kind == "string" {
                    item["length"] = json!(200);
                }
                if *kind == "decimal" {
                    item["length"] = json!(18);
                    item["scale"] = json!(4);
                }
                item
            })
            .collect();
        let document = json!({
            "title": facts.title, "summary": facts.summary, "division_code": "330000", "subject": facts.subject,
            "format": "spreadsheet", "data_type": "structured", "items": items,
            "sharing": { "attribute": "unconditional", "modes": ["query"] },
            "opening": { "attribute": "unconditional" },
            "update_frequency": "yearly", "grade": "L1", "channels": ["portal", "file"],
        });
        let id = publish_one(&author, &reviewer, &document).await?;
        stage.state.put(&format!("resource.{}", facts.key), &id)?;
    }
    Ok(format!("{} 条", super::collection::FACTS.len()))
}

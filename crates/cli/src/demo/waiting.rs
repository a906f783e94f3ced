//! After the story: matters that wait for their people, so that whoever signs in
//! finds work with a running clock.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::Stage;
use super::cast::CITIZEN;
use super::catalog::{drafted, submit};
use super::client::text;
use super::sharing;

fn item(name: &str, title: &str, more: Value) -> Value {
    let mut item = json!({
        "name": name, "title": title, "meaning": title, "type": "string", "length": 64, "nullable": true, "grade": "L2",
    });
    if let (Some(item), Value::Object(more)) = (item.as_object_mut(), more) {
        item.extend(more);
    }
    item
}

fn injury() -> Value {
    json!({
        "title": "工伤保险待遇发放信息",
        "summary": "全省工伤职工享受的工伤保险待遇项目、发放金额和发放时间，由各级社会保险经办机构发放时形成。",
        "division_code": "330000", "subject": "social_security", "format": "database", "data_type": "structured",
        "libraries": ["theme_social_security"],
        "items": [
            item("cert_no", "证件号码", json!({ "key": true, "nullable": false, "identifier": "citizen_id", "length": 18, "grade": "L3" })),
            item("name", "姓名", json!({ "grade": "L3" })),
            item("benefit", "待遇项目", json!({})),
            item("amount", "发放金额(元)", json!({ "type": "decimal", "length": 18, "scale": 2 })),
            item("paid_on", "发放日期", json!({ "type": "date", "length": null })),
            item("division_code", "行政区划代码", json!({ "identifier": "division", "length": 6, "grade": "L1" })),
        ],
        "sharing": {
            "attribute": "restricted", "grounds": ["conditional_use"], "modes": ["verify"],
            "reason": "涉及个人待遇和伤情。", "condition": "仅限核验是否享受待遇，不得留存。",
        },
        "opening": {
            "attribute": "restricted", "grounds": ["anonymised"], "reason": "涉及个人信息。",
            "condition": "仅以匿名化后的统计结果开放。", "treatment": "删除姓名和证件号码，按县(市、区)和待遇项目汇总。",
        },
        "update_frequency": "monthly", "grade": "L3", "channels": ["interface"],
    })
}

fn annual_reports() -> Value {
    json!({
        "title": "企业年度报告公示信息",
        "summary": "全省企业依法公示的年度报告基本情况，含企业名称、统一社会信用代码、报告年度和经营状态。",
        "division_code": "330000", "subject": "credit", "format": "database", "data_type": "structured",
        "libraries": ["legal_persons", "credit_base"],
        "items": [
            item("uscc", "统一社会信用代码", json!({ "key": true, "nullable": false, "identifier": "uscc", "length": 18, "grade": "L1" })),
            item("enterprise", "企业名称", json!({ "length": 200, "grade": "L1" })),
            item("report_year", "报告年度", json!({ "type": "integer", "length": null, "grade": "L1" })),
            item("business_state", "经营状态", json!({ "grade": "L1" })),
        ],
        "sharing": { "attribute": "unconditional", "modes": ["verify", "query"] },
        "opening": { "attribute": "unconditional" },
        "update_frequency": "yearly", "grade": "L1", "channels": ["interface", "portal"],
    })
}

pub async fn leave(stage: &mut Stage) -> Result<String> {
    for (login, document) in [("rst-bianmu", injury()), ("scjg-bianmu", annual_reports())] {
        let author = stage.as_person(login).await?;
        let entry = drafted(&author, &document).await?;
        submit(&author, text(&entry, "id")?).await?;
    }
    let purpose = "办理跨省异地就医备案时核对申请人的参保地和参保状态。";
    sharing::ask(stage, "waiting.consult", "跨省异地就医备案", purpose, "query").await?;
    let purpose = "受理长期护理保险失能评估申请时核对参保状态。";
    let request = sharing::ask(stage, "waiting.answer", "长期护理保险失能评估", purpose, "verify").await?;
    sharing::consult(stage, &request).await?;
    if stage.state.find("waiting.opinion").is_none() {
        let citizen = stage.as_person(CITIZEN.0).await?;
        let form = json!({
            "dataset_id": stage.state.get("resource.equipment")?, "kind": "suggestion",
            "text": "建议增加电梯的维护保养单位和最近一次维保日期，方便居民监督。",
        });
        let made = citizen.post("/api/v1/opinions", &form).await?;
        stage.state.put("waiting.opinion", text(&made, "id")?)?;
    }
    let reviewer = stage.as_person("dsj-shenhe").await?;
    let tasks = reviewer.get("/api/v1/tasks?limit=50").await?;
    let waiting = tasks["items"].as_array().map_or(0, Vec::len);
    ensure!(waiting >= 3, "the reviewer's workbench shows {waiting} tasks");
    Ok("待审核目录 2 条、待办共享申请 2 件、待答复意见 1 件".into())
}

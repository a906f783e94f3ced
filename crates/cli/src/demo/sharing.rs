//! Steps 5 and 6: an application for data, its way through the offices, and the
//! calls that the grant allows.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use super::Stage;
use super::catalog::encode;
use super::client::{Api, find, text};

const SCENARIO: &str = "医保待遇资格核验";
/// What 省医保局 asks for; the rest of the items stays with the provider.
const WANTED: &[&str] = &[
    "name",
    "cert_no",
    "insurance_type",
    "participation_state",
    "payment_state",
    "division_code",
];

/// The open step of a request, as the person sees it.
async fn open_step(api: &Api, id: &str) -> Result<Option<Value>> {
    let request = api.get(&format!("/api/v1/share-requests/{id}")).await?;
    let steps = request["timeline"]["steps"]
        .as_array()
        .context("a request without a timeline")?;
    Ok(steps.iter().find(|s| s["closed_at"].is_null()).cloned())
}

async fn decide(api: &Api, id: &str, at: &str, outcome: &str, more: Value) -> Result<()> {
    let step = open_step(api, id).await?.context("no step is open")?;
    ensure!(step["name"] == at, "the open step is {} and not {at}", step["name"]);
    let mut decision = json!({ "step_id": step["id"], "outcome": outcome });
    if let (Some(decision), Value::Object(more)) = (decision.as_object_mut(), more) {
        decision.extend(more);
    }
    api.post(&format!("/api/v1/share-requests/{id}/decide"), &decision)
        .await?;
    Ok(())
}

/// Goes on from wherever the request is.
async fn decided(stage: &mut Stage, id: &str, masks: Value) -> Result<()> {
    let authority = stage.as_person("dsj-shenhe").await?;
    let provider = stage.as_person("rst-shenpi").await?;
    while let Some(step) = open_step(&authority, id).await? {
        match text(&step, "name")? {
            "consult" => decide(&authority, id, "consult", "consult", json!({})).await?,
            "answer" => {
                let reason = "医保经办机构已有参保数据，重复提供扩大了知悉范围。";
                decide(&provider, id, "answer", "refuse", json!({ "reason": reason })).await?;
            }
            "decide" => {
                let reason =
                    "待遇资格核验须以实时参保状态为准，属履行法定职责所必需；缴费状态、姓名作脱敏处理后予以共享。";
                decide(&authority, id, "decide", "should_share", json!({ "reason": reason })).await?;
            }
            "share_overruling" => {
                let terms = json!({ "masks": masks, "rate_per_s": 50_000 });
                decide(&authority, id, "share_overruling", "share", terms).await?;
            }
            other => anyhow::bail!("the story does not know the step {other}"),
        }
    }
    Ok(())
}

/// The wanted items of the insurance entry, as a line of a request.
async fn lines(applicant: &Api, resource: &str) -> Result<(Value, Vec<Value>)> {
    let entry = applicant.get(&format!("/api/v1/resources/{resource}")).await?;
    let items = entry["items"].as_array().context("an entry without items")?.clone();
    let ids: Vec<Value> = WANTED.iter().map(|n| id_of(&items, n)).collect::<Result<_>>()?;
    Ok((json!([{ "resource_id": resource, "item_ids": ids }]), items))
}

fn id_of(items: &[Value], name: &str) -> Result<Value> {
    let item = items
        .iter()
        .find(|i| i["name"] == name)
        .with_context(|| format!("no item {name}"))?;
    Ok(item["id"].clone())
}

/// Asks once for the insurance entry; the request waits for the authority.
pub async fn ask(stage: &mut Stage, key: &str, scenario: &str, purpose: &str, mode: &str) -> Result<String> {
    if let Some(id) = stage.state.find(key) {
        return Ok(id);
    }
    let resource = stage.state.get("resource.insurance")?;
    let applicant = stage.as_person("ybj-yongshu").await?;
    let form = json!({
        "scenario": scenario, "purpose": purpose, "mode": mode, "basis": "《社会保险法》第二十八条", "term_months": 12,
        "application_id": stage.state.get("application")?, "lines": lines(&applicant, &resource).await?.0,
    });
    let made = applicant.post("/api/v1/share-requests", &form).await?;
    let id = text(&made["items"][0], "id")?.to_owned();
    stage.state.put(key, &id)?;
    Ok(id)
}

/// The authority asks the provider, unless it has.
pub async fn consult(stage: &mut Stage, id: &str) -> Result<()> {
    let authority = stage.as_person("dsj-shenhe").await?;
    match open_step(&authority, id).await? {
        Some(step) if step["name"] == "consult" => decide(&authority, id, "consult", "consult", json!({})).await,
        _ => Ok(()),
    }
}

pub async fn apply(stage: &mut Stage) -> Result<String> {
    let resource = stage.state.get("resource.insurance")?;
    let applicant = stage.as_person("ybj-yongshu").await?;
    // found by words in the middle of the title
    let found = applicant
        .get(&format!("/api/v1/resources?q={}", encode("个人参保")))
        .await?;
    let entry = find(&found, |r| r["id"] == resource.as_str()).context("the entry is not found by its words")?;
    let (lines, items) = lines(&applicant, text(&entry, "id")?).await?;
    applicant.put("/api/v1/cart", &json!({ "items": lines })).await?;

    let applications = applicant.get("/api/v1/applications?limit=200").await?;
    let application = match find(&applications, |a| a["name"] == "医保待遇审核系统") {
        Some(found) => found,
        None => {
            applicant
                .post(
                    "/api/v1/applications",
                    &json!({ "name": "医保待遇审核系统", "scenario": SCENARIO }),
                )
                .await?
        }
    };
    let application = text(&application, "id")?.to_owned();
    stage.state.put("application", &application)?;
    let secret = applicant
        .post(&format!("/api/v1/applications/{application}/secret"), &json!({}))
        .await?;
    stage.state.put("client.id", text(&secret, "client_id")?)?;
    stage.state.put("client.secret", text(&secret, "client_secret")?)?;

    let masks = json!({
        text_of(&id_of(&items, "name")?)?: "name",
        text_of(&id_of(&items, "cert_no")?)?: "citizen_id",
        text_of(&id_of(&items, "payment_state")?)?: "all",
    });
    let mut ended = vec![];
    for mode in ["query", "verify"] {
        let key = format!("request.{mode}");
        let id = match stage.state.find(&key) {
            Some(id) => id,
            None => {
                let form = json!({
                    "scenario": SCENARIO, "purpose": "审核参保人员享受医疗保险待遇的资格，核对参保状态和参保地。", "mode": mode,
                    "basis": "《社会保险法》第二十八条", "term_months": 12, "application_id": application, "lines": lines,
                });
                let made = applicant.post("/api/v1/share-requests", &form).await?;
                let id = text(&made["items"][0], "id")?.to_owned();
                stage.state.put(&key, &id)?;
                id
            }
        };
        let masks = if mode == "query" { masks.clone() } else { json!({}) };
        decided(stage, &id, masks).await?;
        let request = applicant.get(&format!("/api/v1/share-requests/{id}")).await?;
        ensure!(
            request["timeline"]["outcome"] == "shared",
            "the request did not end in sharing: {}",
            request["timeline"]["outcome"]
        );
        ended.push(id);
    }
    let services = applicant.get("/api/v1/services?limit=200").await?;
    for (mode, request) in ["query", "verify"].iter().zip(&ended) {
        let service = find(&services, |s| s["mode"] == *mode).with_context(|| format!("no service for {request}"))?;
        stage.state.put(&format!("service.{mode}"), text(&service, "slug")?)?;
    }
    // batch sharing is not offered yet, and says so
    let batch = json!({ "scenario": SCENARIO, "purpose": "批量", "mode": "batch", "lines": lines });
    let (status, code) = applicant
        .refused(Method::POST, "/api/v1/share-requests", Some(&batch))
        .await?;
    ensure!(status == 422, "a batch request was answered {status} {code}");
    Ok("数源部门不同意，主管部门决定共享，授权 2 项".into())
}

fn text_of(value: &Value) -> Result<String> {
    value
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("{value} is no text"))
}

async fn token(stage: &Stage) -> Result<String> {
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", stage.state.get("client.id")?),
        ("client_secret", stage.state.get("client.secret")?),
    ];
    let response = reqwest::Client::builder()
        .no_proxy()
        .build()?
        .post(format!("{}/oauth/token", stage.base))
        .form(&form)
        .send()
        .await?;
    ensure!(
        response.status().is_success(),
        "the token was refused: {}",
        response.text().await?
    );
    let answer: Value = response.json().await?;
    Ok(text(&answer, "access_token")?.to_owned())
}

/// Calls until the interface knows the grant: it may follow a moment later.
async fn call(stage: &Stage, token: &str, service: &str, body: &Value) -> Result<(u16, Value)> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = format!("{}/gateway/v1/{service}", stage.base);
    for _ in 0..200 {
        let response = http.post(&url).bearer_auth(token).json(body).send().await?;
        let status = response.status().as_u16();
        let answer: Value = response.json().await?;
        let not_yet = matches!(
            answer["code"].as_str(),
            Some("gateway.no_service" | "gateway.grants_stale" | "gateway.index_missing")
        ) || status == 503;
        if !not_yet {
            return Ok((status, answer));
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    anyhow::bail!("{url} did not get ready in fifty seconds")
}

/// A person who is in the data.
async fn somebody(stage: &mut Stage) -> Result<String> {
    if let Some(known) = stage.state.find("somebody") {
        return Ok(known);
    }
    let mut reader = csv::Reader::from_path(stage.files.join("参保信息-省直.csv"))?;
    let column = reader
        .headers()?
        .iter()
        .position(|c| c == "social_security_no")
        .context("no column social_security_no")?;
    let first = reader.records().next().context("an empty file")??;
    let number = first.get(column).context("no number")?.to_owned();
    stage.state.put("somebody", &number)?;
    Ok(number)
}

pub async fn call_interfaces(stage: &mut Stage) -> Result<String> {
    let number = somebody(stage).await?;
    let token = token(stage).await?;
    let (query, verify) = (stage.state.get("service.query")?, stage.state.get("service.verify")?);
    let keys = json!({ "social_security_no": number });
    let (status, answer) = call(stage, &token, &query, &json!({ "keys": keys })).await?;
    ensure!(status == 200, "the query was answered {status}: {answer}");
    let row = answer["rows"][0].as_object().context("the query found nobody")?;
    ensure!(
        row.keys().all(|k| WANTED.contains(&k.as_str())),
        "items that were not granted came out: {answer}"
    );
    ensure!(
        row["cert_no"] != number.as_str() && row["name"].as_str().is_some_and(|n| n.contains('*')),
        "masks are missing: {answer}"
    );
    let state = row["participation_state"].clone();
    let (status, answer) = call(
        stage,
        &token,
        &verify,
        &json!({ "keys": keys, "match": { "participation_state": state } }),
    )
    .await?;
    ensure!(
        status == 200 && answer["match"] == true,
        "the verification was answered {status}: {answer}"
    );
    let (status, refused) = call(stage, &token, &query, &json!({ "keys": keys, "items": ["employer"] })).await?;
    ensure!(
        status == 403,
        "an item outside of the grant was answered {status}: {refused}"
    );
    let (status, _) = call(stage, "not-a-token", &query, &json!({ "keys": keys })).await?;
    ensure!(status == 401, "a forged token was answered {status}");
    Ok(format!(
        "查询与核验成功；越权被拒：{}",
        refused["title"].as_str().unwrap_or_default()
    ))
}

/// The provider asks who read the record of one person.
pub async fn who_read(stage: &mut Stage) -> Result<String> {
    let provider = stage.as_person("rst-shenpi").await?;
    let question =
        json!({ "resource_id": stage.state.get("resource.insurance")?, "key_value": somebody(stage).await? });
    let answer = provider.post("/api/v1/access-log/by-record", &question).await?;
    let calls = answer["items"]
        .as_array()
        .or(answer.as_array())
        .context("no list of calls")?;
    ensure!(!calls.is_empty(), "nobody seems to have read the record: {answer}");
    ensure!(
        calls.iter().all(|c| c["scenario"] == SCENARIO),
        "a call without its scenario: {answer}"
    );
    let stranger = stage.as_person("scjg-shenpi").await?;
    let (status, _) = stranger
        .refused(Method::POST, "/api/v1/access-log/by-record", Some(&question))
        .await?;
    ensure!(
        status == 404 || status == 403,
        "another unit's question was answered {status}"
    );
    Ok(format!("{} 次调用，场景：{SCENARIO}", calls.len()))
}

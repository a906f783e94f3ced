//! The gateway in the whole platform: from a grant to an answer, to the log,
//! to the ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use axum::body::Body;
use axum::http::Request;
use base::Clock;
use base::{GrantId, ResourceId, Role};
use base64::Engine;
use it::{On, TestPlatform};
use lake::{LoadMode, TableName};
use serde_json::{Value, json};
use sharing::access_log::{AccessLogQuery, ByRecord};
use sharing::applications::ApplicationForm;
use sharing::grants::Change;
use sharing::model::Terms;

use crate::sharing::{RESTRICTED, applied, decide, published};

const PERSON: &str = "33010119900101123X";
const OTHER: &str = "330102198505056789";

/// Rows of (cert_no, name, state) take the place of what the table held.
async fn load(p: &TestPlatform, resource: &ResourceId, rows: &[(&str, &str, &str)]) {
    let lake = p.platform.state().lake;
    let table = TableName::new(resource.as_str()).expect("a name");
    let column = |of: fn(&(&str, &str, &str)) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(of)))
    };
    let items = [
        ("cert_no", column(|r| r.0.to_owned())),
        ("name", column(|r| r.1.to_owned())),
        ("state", column(|r| r.2.to_owned())),
    ];
    let batch = RecordBatch::try_from_iter(items.clone()).expect("items");
    let schema: &Schema = &batch.schema();
    let schema = lake.prepare(&table, schema).await.expect("a table");
    let own: [(&str, ArrayRef); 2] = [
        (
            lake::BATCH_COLUMN,
            Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "bat_test"))),
        ),
        (
            lake::ROW_COLUMN,
            Arc::new(Int64Array::from_iter_values(1..=rows.len() as i64)),
        ),
    ];
    let columns = items.into_iter().chain(own).map(|(_, column)| column).collect();
    let staging = lake
        .stage(&table, schema.clone(), &format!("bat_{}", rows.len()))
        .await
        .expect("staging");
    let mut writer = staging.writer().expect("a writer");
    writer
        .write(&RecordBatch::try_new(schema, columns).expect("rows"))
        .await
        .expect("written");
    let files = writer.close().await.expect("closed");
    staging
        .commit(files, LoadMode::Snapshot, &[], p.clock.now())
        .await
        .expect("committed");
}

struct Granted {
    p: TestPlatform,
    resource: ResourceId,
    grant: GrantId,
    slug: String,
    client_id: String,
    secret: String,
}

struct Stage {
    p: TestPlatform,
    resource: ResourceId,
    grant: GrantId,
    slug: String,
    client_id: String,
    secret: String,
    base: String,
}

/// A granted query on loaded data, an application with a secret, a server.
async fn stage(on: On) -> Stage {
    let Granted {
        p,
        resource,
        grant,
        slug,
        client_id,
        secret,
    } = granted(on).await;
    let base = p.serve().await;
    Stage {
        p,
        resource,
        grant,
        slug,
        client_id,
        secret,
        base,
    }
}

/// The same, without a server.
async fn granted(on: On) -> Granted {
    let p = TestPlatform::start(on).await;
    let state = p.platform.state();
    let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
    load(
        &p,
        &resource,
        &[
            (PERSON, "张三丰", "参保"),
            (PERSON, "张三丰", "停保"),
            (OTHER, "李四", "参保"),
        ],
    )
    .await;
    let form = ApplicationForm {
        name: "医保经办系统".into(),
        scenario: "参保登记".into(),
        addresses: vec![],
    };
    let application = state
        .bridge
        .register_application(&p.applicant(), form)
        .await
        .expect("registered");
    let made = state
        .bridge
        .make_secret(&p.applicant(), &application.id.as_str().into())
        .await
        .expect("a secret");
    let request = applied(&p, &resource).await;
    let name = state.catalog.published(&resource).await.expect("published").items[1]
        .id
        .0
        .clone();
    let terms = Terms {
        masks: [(name, "name".to_owned())].into(),
        ..Terms::default()
    };
    decide(&p, &p.reviewer(), &request, "consult", Terms::default())
        .await
        .expect("asked");
    decide(&p, &p.approver(), &request, "agree", terms)
        .await
        .expect("agreed");
    decide(&p, &p.reviewer(), &request, "share", Terms::default())
        .await
        .expect("shared");
    let seen = state
        .sharing
        .share_request(&p.applicant(), &request)
        .await
        .expect("seen");
    let grant = seen.grant_id.expect("a grant").into();
    let services = state
        .sharing
        .services(&p.applicant(), Default::default())
        .await
        .expect("services");
    let slug = services.items[0].slug.clone();
    p.run_until_quiet().await;
    Granted {
        p,
        resource,
        grant,
        slug,
        client_id: made.client_id,
        secret: made.client_secret,
    }
}

impl Stage {
    async fn token(&self) -> String {
        let answer: Value = reqwest::Client::new()
            .post(format!("{}/oauth/token", self.base))
            .basic_auth(&self.client_id, Some(&self.secret))
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .expect("answered")
            .json()
            .await
            .expect("JSON");
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}"))
            .to_owned()
    }

    async fn call(&self, token: &str, body: Value) -> (u16, Value) {
        let answer = reqwest::Client::new()
            .post(format!("{}/gateway/v1/{}", self.base, self.slug))
            .bearer_auth(token)
            .json(&body)
            .send()
            .await
            .expect("answered");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }
}

fn keys(cert_no: &str) -> Value {
    json!({ "keys": { "cert_no": cert_no } })
}

#[tokio::test]
async fn sha_7_sha_8_from_a_grant_to_an_answer_to_who_read_which_record() {
    for on in [On::Sqlite, On::Postgres] {
        let s = stage(on).await;
        let (p, bridge) = (&s.p, s.p.platform.state().bridge);
        let token = s.token().await;
        let (status, answer) = s.call(&token, keys(&PERSON.to_lowercase())).await;
        assert_eq!(status, 200, "{answer}");
        let row = |state: &str| json!({ "cert_no": PERSON, "name": "张**", "state": state });
        assert_eq!(answer["rows"], json!([row("参保"), row("停保")]));
        let (status, refused) = s
            .call(&token, json!({ "keys": { "cert_no": OTHER }, "items": ["salary"] }))
            .await;
        assert_eq!(
            (status, refused["code"].as_str()),
            (403, Some("gateway.item_not_granted"))
        );

        // the provider: everything on its data; the consumer: its own; others: nothing
        let query = AccessLogQuery::default;
        for ctx in [p.approver(), p.applicant(), p.auditor()] {
            let log = bridge.access_log(&ctx, &query()).await.expect("seen");
            let outcomes: Vec<_> = log.items.iter().map(|r| (r.outcome.as_str(), r.rows)).collect();
            assert_eq!(outcomes, [("refused", 0), ("ok", 2)]);
            assert_eq!(log.items[1].scenario.as_deref(), Some("医保参保登记核验"));
            assert_eq!(log.items[1].items, ["证件号码", "姓名", "人员参保状态"]);
        }
        let stranger = p.person("stranger", &p.cast.opener, &[Role::Approver]);
        assert!(
            bridge
                .access_log(&stranger, &query())
                .await
                .expect("empty")
                .items
                .is_empty()
        );
        let clerk = p.cataloguer();
        assert_eq!(
            bridge
                .access_log(&clerk, &query())
                .await
                .map_err(|e| e.kind.status)
                .err(),
            Some(403)
        );

        // down to the record
        let ask = |key: &str| ByRecord {
            resource_id: s.resource.0.clone(),
            key_value: key.to_owned(),
        };
        let read = bridge.who_read(&p.approver(), &ask(PERSON)).await.expect("asked");
        let readers: Vec<_> = read
            .items
            .iter()
            .map(|r| r.consumer.as_ref().map(|c| c.id.clone()))
            .collect();
        assert_eq!(readers, [Some(p.cast.consumer.clone())]);
        assert!(
            bridge
                .who_read(&p.approver(), &ask("nobody"))
                .await
                .expect("asked")
                .items
                .is_empty()
        );
        assert_eq!(
            bridge
                .who_read(&stranger, &ask(PERSON))
                .await
                .map_err(|e| e.kind.status)
                .err(),
            Some(403)
        );
        s.p.close().await;
    }
}

#[tokio::test]
async fn sha_7_a_suspended_grant_is_refused_within_a_second_and_works_again_when_restored() {
    let s = stage(On::Sqlite).await;
    let state = s.p.platform.state();
    let background = s.p.platform.spawn().await.expect("spawned");
    let token = s.token().await;
    assert_eq!(s.call(&token, keys(OTHER)).await.0, 200);
    let until = async |wanted: u16| {
        let begun = Instant::now();
        loop {
            let (status, answer) = s.call(&token, keys(OTHER)).await;
            if status == wanted {
                return (begun.elapsed(), answer);
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{status}: {answer}");
        }
    };
    state
        .sharing
        .change_grant(&s.p.approver(), &s.grant, Change::Suspend, "发现异常调用")
        .await
        .expect("suspended");
    let (took, answer) = until(403).await;
    assert_eq!(answer["code"], "gateway.grant_suspended");
    assert!(took.as_millis() as i64 <= base::limits::SUSPENSION_MS_MAX, "{took:?}");
    state
        .sharing
        .change_grant(&s.p.approver(), &s.grant, Change::Restore, "已查明")
        .await
        .expect("restored");
    until(200).await;
    background.stop().await;
    s.p.close().await;
}

#[tokio::test]
async fn a_new_version_of_the_table_is_swapped_in_whole() {
    let s = stage(On::Sqlite).await;
    let token = s.token().await;
    let before = s.call(&token, keys(OTHER)).await.1;
    load(&s.p, &s.resource, &[(OTHER, "李四", "停保")]).await;
    s.p.run_until_quiet().await;
    let after = s.call(&token, keys(OTHER)).await.1;
    assert_eq!(
        (before["rows"][0]["state"].as_str(), after["rows"][0]["state"].as_str()),
        (Some("参保"), Some("停保"))
    );
    assert!(after["table_version"].as_u64() > before["table_version"].as_u64());
    assert_eq!(s.call(&token, keys(PERSON)).await.1["count"], 0);
    s.p.close().await;
}

#[tokio::test]
async fn a_token_and_the_lookup_tables_survive_a_restart() {
    for on in [On::Sqlite, On::Postgres] {
        let s = granted(on).await;
        let post = |path: &str, body: String, header: (&str, String), kind: &str| {
            Request::post(path)
                .header(header.0, header.1)
                .header("content-type", kind)
                .body(Body::from(body))
                .expect("a request")
        };
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", s.client_id, s.secret));
        let (status, answer) =
            s.p.ask(post(
                "/oauth/token",
                "grant_type=client_credentials".into(),
                ("authorization", format!("Basic {pair}")),
                "application/x-www-form-urlencoded",
            ))
            .await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(status, 200, "{answer}");
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        let call = || {
            post(
                &format!("/gateway/v1/{}", s.slug),
                keys(OTHER).to_string(),
                ("authorization", format!("Bearer {token}")),
                "application/json",
            )
        };
        let before = s.p.ask(call()).await;
        let requests = [call(), call()];
        let p = s.p.restart().await;
        p.run_until_quiet().await;
        for request in requests {
            let after = p.ask(request).await;
            assert_eq!(
                (before.0.as_u16(), after.0.as_u16(), &before.1),
                (200, 200, &after.1),
                "the same answer from a new process"
            );
        }
        p.close().await;
    }
}

#[tokio::test]
async fn a_new_secret_revokes_tokens() {
    let s = stage(On::Sqlite).await;
    let token = s.token().await;
    assert_eq!(s.call(&token, keys(OTHER)).await.0, 200);
    let bridge = s.p.platform.state().bridge;
    bridge
        .make_secret(&s.p.applicant(), &s.client_id.as_str().into())
        .await
        .expect("a new secret");
    let (status, refused) = s.call(&token, keys(OTHER)).await;
    assert_eq!((status, refused["code"].as_str()), (401, Some("gateway.token_revoked")));
    // another institution's applicant neither sees nor changes the application
    let stranger = s.p.person("stranger", &s.p.cast.opener, &[Role::Applicant]);
    let code = bridge
        .make_secret(&stranger, &s.client_id.as_str().into())
        .await
        .map_err(|e| e.kind.status)
        .err();
    assert_eq!(code, Some(404));
    s.p.close().await;
}

#[tokio::test]
async fn sec_2_roots_of_the_access_log_stand_in_the_ledger_and_a_flipped_byte_is_named() {
    let s = stage(On::Sqlite).await;
    let state = s.p.platform.state();
    let token = s.token().await;
    s.call(&token, keys(OTHER)).await;
    state.gateway.log().expect("a log").close_segment();
    assert_eq!(state.bridge.record_segments().await.expect("recorded"), 1);
    assert_eq!(state.bridge.record_segments().await.expect("once only"), 0);
    assert_eq!(state.store.entries_of("segment-1").await.expect("the ledger").len(), 1);
    let checked = state.bridge.check_access_log(&s.p.auditor()).await.expect("checked");
    assert_eq!((checked.segments, checked.findings.len()), (1, 0));
    let path = s.p.path().join("access-log").join("000000000001.parquet");
    let mut bytes = std::fs::read(&path).expect("the segment");
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).expect("altered");
    let checked = state.bridge.check_access_log(&s.p.auditor()).await.expect("checked");
    assert_eq!(
        checked
            .findings
            .iter()
            .map(|f| (f.segment, f.code.as_str()))
            .collect::<Vec<_>>(),
        [(1, "records")]
    );
    s.p.close().await;
}

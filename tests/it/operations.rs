//! Every operation of the API stands here: what it answers to somebody who may
//! nothing. A new operation changes the snapshot, and its author must say why a
//! stranger gets what the snapshot then shows.

use std::fmt::Write;

use axum::body::Body;
use axum::http::{Method, Request};
use base::Actor;
use identity::people::{DataUserForm, DataUserKind, DocumentType, PersonForm};
use it::{On, TestPlatform};
use serde_json::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

fn document() -> Value {
    serde_json::to_value(server::openapi()).expect("the document is JSON")
}

/// (method, path, operation)
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = vec![];
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push((method.to_uppercase(), path.clone(), operation.clone()));
            }
        }
    }
    operations.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    operations
}

/// A request that names something that is not there, with the emptiest body of the right kind.
fn request(method: &str, path: &str, operation: &Value, session: Option<&str>) -> Request<Body> {
    let path: String = path
        .split('/')
        .map(|part| if part.starts_with('{') { "nothing" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).expect("a method"))
        .uri(path)
        .header("x-requested-with", "shuqiao");
    if let Some(session) = session {
        request = request.header("cookie", format!("shuqiao_session={session}"));
    }
    let kind = operation["requestBody"]["content"]
        .as_object()
        .and_then(|kinds| kinds.keys().next());
    let body = match kind.map(String::as_str) {
        None => "",
        Some("application/json") => "{}",
        Some("multipart/form-data") => "--b--\r\n",
        Some(_) => "",
    };
    if let Some(kind) = kind {
        let kind = if kind.starts_with("multipart/") {
            format!("{kind}; boundary=b")
        } else {
            kind.clone()
        };
        request = request.header("content-type", kind);
    }
    request.body(Body::from(body)).expect("a request")
}

#[tokio::test]
async fn every_operation_refuses_strangers_or_says_that_it_is_public() {
    let p = TestPlatform::start(On::Sqlite).await;
    let identity = p.platform.state().identity;
    let user = identity
        .register_data_user(
            &p.anonymous(),
            DataUserForm {
                kind: DataUserKind::Natural,
                name: "张三".into(),
                document_type: DocumentType::CitizenId,
                document_number: "11010519491231002X".into(),
                login: "zhangsan".into(),
                password: "correct horse battery".into(),
            },
        )
        .await
        .expect("a citizen");
    let clerk = identity
        .create_person(
            &p.system(),
            PersonForm {
                institution_id: p.cast.consumer.clone(),
                name: "王五".into(),
                login: "wangwu".into(),
                password: "correct horse battery".into(),
                roles: vec![],
            },
        )
        .await
        .expect("a person without a role");
    // the gateway refuses everybody until it has read the grants
    p.run_until_quiet().await;
    let mut table = String::new();
    for (method, path, operation) in operations(&document()) {
        let mut statuses = vec![];
        for who in [None, Some(user.id.as_str()), Some(clerk.id.as_str())] {
            // a session of its own, so that signing out ends nobody else's
            let session = match who {
                None => None,
                Some(id) => Some(identity.open(&p.ctx(Actor::System), id).await.expect("a session")),
            };
            let (status, body) = p.ask(request(&method, &path, &operation, session.as_deref())).await;
            assert!(
                status.as_u16() < 500,
                "{method} {path}: {status} {}",
                String::from_utf8_lossy(&body)
            );
            statuses.push(status.as_u16().to_string());
        }
        let id = operation["operationId"].as_str().expect("an operation id");
        writeln!(table, "{:<42} {}", id, statuses.join("  ")).expect("written");
    }
    insta::assert_snapshot!(format!(
        "{:<42} nobody, a citizen, a person without a role\n{table}",
        "operation"
    ));
    p.close().await;
}

/// The shape of the API: what the web app and other people's programs hold us to.
#[test]
fn the_api_is_as_it_was() {
    let document = document();
    let mut shape = String::new();
    for (method, path, operation) in operations(&document) {
        let answers: Vec<_> = operation["responses"]
            .as_object()
            .expect("answers")
            .keys()
            .cloned()
            .collect();
        let parameters: Vec<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] != "path")
            .map(|parameter| parameter["name"].as_str().expect("a name").to_owned())
            .collect();
        writeln!(shape, "{method} {path}").expect("written");
        if !parameters.is_empty() {
            writeln!(shape, "    takes {}", parameters.join(" ")).expect("written");
        }
        if let Some(kinds) = operation["requestBody"]["content"].as_object() {
            let kinds: Vec<_> = kinds
                .iter()
                .map(|(kind, content)| format!("{kind} {}", named(&content["schema"])))
                .collect();
            writeln!(shape, "    reads {}", kinds.join(" ")).expect("written");
        }
        writeln!(shape, "    answers {}", answers.join(" ")).expect("written");
    }
    insta::assert_snapshot!(shape);
}

fn named(schema: &Value) -> &str {
    schema["$ref"]
        .as_str()
        .and_then(|name| name.rsplit('/').next())
        .unwrap_or("inline")
}

#[test]
fn every_shape_that_is_named_is_there() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(name)) = members.get("$ref") {
                    found.push(name.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = vec![];
    references(&document, &mut found);
    assert!(found.len() > 100, "only {} references", found.len());
    found.retain(|name| document.pointer(name.trim_start_matches('#')).is_none());
    assert!(found.is_empty(), "named and not there: {found:?}");
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let missing: Vec<_> = operations(&document)
        .into_iter()
        .filter(|(_, _, operation)| {
            let said = |name: &str| operation[name].as_str().is_some_and(|text| !text.is_empty());
            !(said("operationId") && (said("summary") || said("description")))
        })
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert!(missing.is_empty(), "without a name or a sentence: {missing:#?}");
}

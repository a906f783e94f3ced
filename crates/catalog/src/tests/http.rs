//! The routes themselves: statuses, bodies, headers.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;

struct Answer {
    status: u16,
    media_type: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

async fn call(f: &Fixture, ctx: Ctx, method: &str, path: &str, body: Option<Value>) -> Answer {
    let (router, _) = crate::routes::<Catalog>().split_for_parts();
    let router: Router = router.with_state(f.catalog.clone()).layer(axum::Extension(ctx));
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/json");
    let body = body.map_or_else(Body::empty, |b| Body::from(b.to_string()));
    let response = router
        .oneshot(request.body(body).expect("a request"))
        .await
        .expect("an answer");
    Answer {
        status: response.status().as_u16(),
        media_type: response.headers()[header::CONTENT_TYPE]
            .to_str()
            .expect("a media type")
            .to_owned(),
        body: to_bytes(response.into_body(), usize::MAX)
            .await
            .expect("a body")
            .to_vec(),
    }
}

fn body_of(document: &Document) -> Value {
    serde_json::to_value(document).expect("it encodes")
}

#[tokio::test]
async fn cat_4_a_conflict_answers_409_with_both_texts() {
    for f in fixtures().await {
        let created = call(&f, f.cataloguer(), "POST", "/resources", Some(body_of(&complete()))).await;
        assert_eq!(created.status, 201, "{}", created.json());
        let path = format!("/resources/{}", created.json()["id"].as_str().expect("an id"));
        let mut mine = body_of(&titled("我的标题"));
        mine["revision"] = json!(1);
        let saved = call(&f, f.cataloguer(), "PUT", &path, Some(mine)).await;
        assert_eq!((saved.status, &saved.json()["revision"]), (200, &json!(2)));
        let mut yours = body_of(&titled("你的标题"));
        yours["revision"] = json!(1);
        let refused = call(&f, f.cataloguer(), "PUT", &path, Some(yours)).await;
        assert_eq!(
            (refused.status, refused.media_type.as_str()),
            (409, "application/problem+json")
        );
        let refused = refused.json();
        assert_eq!(refused["code"], "catalog.revision_conflict");
        assert_eq!(
            (&refused["current"]["title"], &refused["submitted"]["title"]),
            (&json!("我的标题"), &json!("你的标题"))
        );
        assert_eq!(refused["differences"]["fields"][0]["path"], "title");
        let timeline = call(&f, f.cataloguer(), "GET", &format!("{path}/timeline"), None).await;
        assert_eq!((timeline.status, timeline.json()), (200, Value::Null));
        f.close().await;
    }
}

#[tokio::test]
async fn the_format_of_an_export_is_not_taken_for_a_filter() {
    for f in fixtures().await {
        f.published(titled("可导出的资源")).await;
        f.followers.catch_up().await.expect("the index follows");
        let csv = call(
            &f,
            f.applicant(),
            "GET",
            "/resources/export?format=csv&subject=social_security",
            None,
        )
        .await;
        assert_eq!((csv.status, csv.media_type.as_str()), (200, "text/csv; charset=utf-8"));
        assert!(String::from_utf8_lossy(&csv.body).contains("可导出的资源"));
        let none = call(
            &f,
            f.applicant(),
            "GET",
            "/resources/export?format=csv&subject=market",
            None,
        )
        .await;
        assert!(!String::from_utf8_lossy(&none.body).contains("可导出的资源"));
        let xlsx = call(&f, f.applicant(), "GET", "/resources/export?format=xlsx", None).await;
        assert_eq!((xlsx.status, &xlsx.body[..2]), (200, b"PK".as_slice()));
        f.close().await;
    }
}

#[tokio::test]
async fn every_route_asks_who_is_there() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = entry.head.id.as_str();
        let document = body_of(&complete());
        let mut save = document.clone();
        save["revision"] = json!(1);
        let review = json!({ "outcome": "publish", "step_id": "stp_1", "revision": 1 });
        for (method, path, body) in [
            ("GET", "/resources".to_owned(), None),
            ("GET", "/resources/export".to_owned(), None),
            ("GET", "/catalog/units".to_owned(), None),
            ("GET", "/catalog/libraries".to_owned(), None),
            ("GET", "/search?q=a".to_owned(), None),
            (
                "POST",
                "/resources/derive-items".to_owned(),
                Some(json!({ "columns": [] })),
            ),
            ("GET", format!("/resources/{id}"), None),
            ("GET", format!("/resources/{id}/versions"), None),
            ("GET", format!("/resources/{id}/compare?from=1&to=1"), None),
            ("GET", format!("/resources/{id}/timeline"), None),
            ("POST", "/resources".to_owned(), Some(document)),
            ("PUT", format!("/resources/{id}"), Some(save)),
            ("POST", format!("/resources/{id}/submit"), Some(json!({}))),
            ("POST", format!("/resources/{id}/revise"), Some(json!({}))),
            ("POST", format!("/resources/{id}/review"), Some(review)),
            (
                "POST",
                format!("/resources/{id}/withdraw"),
                Some(json!({ "reason": "理由" })),
            ),
        ] {
            let anonymous = f.ctx.as_actor(Actor::Anonymous);
            let answer = call(&f, anonymous, method, &path, body).await;
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.json());
        }
        f.close().await;
    }
}

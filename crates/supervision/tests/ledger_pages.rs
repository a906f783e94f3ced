//! The ledger as auditors, and strangers, meet it at the API.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use base::{Actor, Chance, Ctx, InstitutionId, Lang, Moment, PersonId, Role};
use crypto::NodeKeys;
use db::Store;
use db::ledger_log::entry;
use identity::{Authorizer, Identity, Node};
use law::Law;
use ledger::export::{Trust, verify};
use ledger::{Checkpoint, Entry, InclusionProof, leaf_hash};
use procedure::{NoDirectory, Procedures};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use supervision::{Supervision, routes};
use tower::util::ServiceExt;

struct Pages {
    store: Store,
    supervision: Supervision,
    ctx: Ctx,
    _dir: tempfile::TempDir,
}

async fn pages(entries: usize) -> Pages {
    let dir = tempfile::tempdir().unwrap();
    let actor = person(Role::Auditor);
    let ctx = Ctx::test(actor, Moment(1_795_000_000_000), 3);
    let url = format!("sqlite://{}", dir.path().join("control.db").display());
    let migrations = [identity::migrations(), procedure::migrations()].concat();
    let store = Store::connect(&url, &ctx, &migrations).await.unwrap();
    let identity = Identity {
        store: store.clone(),
        keys: Arc::new(NodeKeys::ephemeral(&Chance::seeded(4))),
        authz: Authorizer::shipped().unwrap(),
        node: Arc::new(Node {
            name: "测试".into(),
            division: "330000".into(),
            rule_set: "zhejiang-2022".into(),
        }),
        rule_set_title: "浙江".into(),
        secure_cookies: false,
    };
    let procedures = Procedures::new(
        store.clone(),
        Law::embedded("zhejiang-2022").unwrap(),
        Arc::new(NoDirectory),
    );
    let supervision = Supervision::new(store.clone(), identity, procedures);
    let mut tx = store.begin(&ctx).await.unwrap();
    for i in 0..entries {
        let kind = if i % 2 == 0 {
            "catalog.published"
        } else {
            "sharing.refused"
        };
        tx.append(
            Entry::new(kind, format!("res_{i}"))
                .article("《浙江省公共数据条例》第二十条")
                .put("version", i),
        );
    }
    tx.commit().await.unwrap();
    Pages {
        store,
        supervision,
        ctx,
        _dir: dir,
    }
}

fn person(role: Role) -> Actor {
    Actor::Person {
        id: PersonId::from("per_1"),
        institution: InstitutionId::from("org_1"),
        roles: vec![role],
    }
}

impl Pages {
    async fn ask(&self, method: &str, path: &str, ctx: Ctx) -> (StatusCode, Vec<u8>) {
        let (router, _) = routes::<Supervision>().split_for_parts();
        let router: Router = router.with_state(self.supervision.clone());
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ctx);
        let answer = router.oneshot(request).await.unwrap();
        (
            answer.status(),
            to_bytes(answer.into_body(), usize::MAX).await.unwrap().to_vec(),
        )
    }
    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, self.ctx.clone()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }
}

#[tokio::test]
async fn sec_2_an_auditor_reads_filters_and_proves_every_entry() {
    let pages = pages(30).await;
    let page = pages.get("/ledger?kind=catalog&limit=10").await;
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 10);
    assert_eq!(
        (&items[0]["seq"], &items[0]["kind_title"]),
        (&28.into(), &"目录条目审核发布".into())
    );
    let next = page["next"].as_str().unwrap();
    let page = pages.get(&format!("/ledger?kind=catalog&limit=10&cursor={next}")).await;
    assert_eq!(
        (page["items"].as_array().unwrap().len(), &page["next"]),
        (5, &Value::Null)
    );
    assert_eq!(pages.get("/ledger?subject=res_7").await["items"][0]["seq"], 7);
    assert_eq!(pages.get("/ledger?to=2020-01-01").await["items"], Value::Array(vec![]));

    for seq in [0, 7, 29] {
        let shown = pages.get(&format!("/ledger/{seq}")).await;
        let leaf = leaf_hash(shown["canonical"].as_str().unwrap().as_bytes());
        let proof = pages.get(&format!("/ledger/{seq}/proof")).await;
        let inclusion: InclusionProof = serde_json::from_value(proof["proof"].clone()).unwrap();
        let note = proof["checkpoint"]["note"].as_str().unwrap();
        let checkpoint = Checkpoint::open(note, &pages.supervision.verifiers()).unwrap();
        assert!(inclusion.verify(&leaf, &checkpoint.root), "{seq}");
        let algorithms: Vec<_> = proof["checkpoint"]["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| &s["algorithm"])
            .collect();
        assert_eq!(algorithms, ["Ed25519", "SM2"]);
    }
}

#[tokio::test]
async fn sec_2_an_alteration_is_named_to_the_auditor() {
    let pages = pages(6).await;
    let (_, body) = pages.ask("POST", "/ledger/verify", pages.ctx.clone()).await;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["ok"], true);
    let change = entry::Entity::update_many().col_expr(entry::Column::Actor, Expr::value("per_2"));
    change
        .filter(entry::Column::Seq.eq(4))
        .exec(pages.store.conn())
        .await
        .unwrap();
    let (_, body) = pages.ask("POST", "/ledger/verify", pages.ctx.clone()).await;
    let found: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0], "条目 4 actor:索引列已被改动，与条目内容不符");
}

#[tokio::test]
async fn an_export_from_the_api_verifies_offline() {
    let pages = pages(300).await;
    let (status, body) = pages.ask("GET", "/ledger/export", pages.ctx.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let trust = Trust {
        verifiers: pages.supervision.verifiers(),
        checkpoints: vec![],
    };
    let report = verify(body.as_slice(), &trust).unwrap();
    assert!(
        report.is_clean(),
        "{:?}",
        report.findings.iter().map(|f| f.text(Lang::En)).collect::<Vec<_>>()
    );
    assert_eq!(report.entries, 300);
}

#[tokio::test]
async fn entries_are_for_those_who_may_and_hashes_for_everybody() {
    let pages = pages(300).await;
    pages.supervision.checkpoint(&pages.ctx).await.unwrap();
    let anonymous = pages.ctx.as_actor(Actor::Anonymous);
    let applicant = pages.ctx.as_actor(person(Role::Applicant));
    for path in [
        "/ledger",
        "/ledger/1",
        "/ledger/1/proof",
        "/ledger/export",
        "/ledger/tiles/entries/000",
    ] {
        assert_eq!(
            pages.ask("GET", path, anonymous.clone()).await.0,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(
            pages.ask("GET", path, applicant.clone()).await.0,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for (path, status) in [
        ("/ledger/checkpoints", 200),
        ("/ledger/checkpoints/latest", 200),
        ("/ledger/consistency?from=1&to=300", 200),
        ("/ledger/consistency?from=1&to=301", 404),
        ("/ledger/tiles/0/000", 200),
        ("/ledger/tiles/0/001.p/44", 200),
        ("/ledger/tiles/0/001.p/45", 404),
        ("/ledger/tiles/0/001", 404),
        ("/ledger/tiles/1/000.p/1", 200),
        ("/ledger/tiles/..%2F..%2Fkeys", 404),
    ] {
        assert_eq!(
            pages.ask("GET", path, anonymous.clone()).await.0.as_u16(),
            status,
            "{path}"
        );
    }
    let bundle = pages
        .ask("GET", "/ledger/tiles/entries/001.p/44", pages.ctx.clone())
        .await
        .1;
    let length = u16::from_be_bytes([bundle[0], bundle[1]]) as usize;
    assert_eq!(Entry::from_canonical(&bundle[2..2 + length]).unwrap().seq, 256);
    for path in [
        "/ledger/300",
        "/ledger/x",
        "/ledger/99999999999999999999",
        "/ledger/18446744073709551615/proof",
    ] {
        assert_eq!(
            pages.ask("GET", path, pages.ctx.clone()).await.0,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(
        pages.ask("GET", "/ledger?from=yesterday", pages.ctx.clone()).await.0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        pages.ask("GET", "/ledger?cursor=x", pages.ctx.clone()).await.0,
        StatusCode::BAD_REQUEST
    );
}

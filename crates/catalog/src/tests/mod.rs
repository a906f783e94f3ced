//! The use-cases on a real store, with the real policies, rule set, procedures
//! and index.

mod finding;
mod http;
mod life;

use std::sync::Arc;

use base::{Actor, Chance, Ctx, InstitutionId, ManualClock, Moment, PersonId, ResourceId, Role};
use identity::institutions::{InstitutionForm, Kind};
use identity::{Authorizer, Identity, Node};
use procedure::{NoDirectory, Procedures};
use sea_orm::{ConnectionTrait, Database};

use crate::model::{OpeningAttribute, SharingAttribute};
use crate::queries::ResourceFilter;
use crate::usecases::*;
use crate::validate::tests::complete;
use crate::views::Resource;
use crate::{Catalog, Document};

pub(super) struct Fixture {
    catalog: Catalog,
    followers: db::Followers,
    store: db::Store,
    ctx: Ctx,
    authority: InstitutionId,
    provider: InstitutionId,
    other: InstitutionId,
    folder: tempfile::TempDir,
    database: Option<(String, String)>,
}

/// On SQLite, and on PostgreSQL where a cluster is named.
async fn fixtures() -> Vec<Fixture> {
    let mut all = vec![fixture(None).await];
    if let Ok(cluster) = std::env::var("SHUQIAO_TEST_POSTGRES") {
        all.push(fixture(Some(cluster)).await);
    }
    all
}

async fn fixture(cluster: Option<String>) -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(Moment::parse("2026-03-06T09:30:00+08:00").expect("a moment"));
    let ctx = Ctx::new(Actor::System, Arc::new(clock), Chance::seeded(7));
    let database = match cluster {
        None => None,
        Some(cluster) => {
            let name = format!("t_{}", Ctx::system().ulid().to_lowercase());
            let conn = Database::connect(format!("{cluster}/postgres"))
                .await
                .expect("the cluster");
            conn.execute_unprepared(&format!("CREATE DATABASE \"{name}\""))
                .await
                .expect("a database");
            Some((cluster, name))
        }
    };
    let url = match &database {
        None => format!("sqlite://{}/test.db", folder.path().display()),
        Some((cluster, name)) => format!("{cluster}/{name}"),
    };
    let migrations = [identity::migrations(), procedure::migrations(), crate::migrations()].concat();
    let store = db::Store::connect(&url, &ctx, &migrations)
        .await
        .expect("the store opens");
    let identity = Identity {
        store: store.clone(),
        keys: Arc::new(crypto::NodeKeys::ephemeral(&ctx.chance)),
        authz: Authorizer::shipped().expect("the policies fit"),
        node: Arc::new(Node {
            name: "测试".into(),
            division: "330000".into(),
            rule_set: "zhejiang-2022".into(),
        }),
        rule_set_title: "测试".into(),
        secure_cookies: false,
    };
    let law = law::Law::embedded("zhejiang-2022").expect("the rule set parses");
    let procedures = Procedures::new(store.clone(), law, Arc::new(NoDirectory));
    let catalog = Catalog::new(
        store.clone(),
        identity.clone(),
        procedures,
        &folder.path().join("index"),
    )
    .expect("it opens");
    let followers = db::Followers::new(store.clone(), vec![catalog.follower()]);
    let make = async |name: &str, kind| {
        let form = InstitutionForm {
            name: name.into(),
            short_name: name.into(),
            kind,
            division: None,
            parent_id: None,
            uscc: None,
            responsible: Default::default(),
        };
        identity
            .create_institution(&ctx, form)
            .await
            .expect("an institution")
            .id
    };
    let authority = make("省大数据局", Kind::Authority).await;
    let provider = make("省人力社保厅", Kind::StateOrgan).await;
    let other = make("省医保局", Kind::StateOrgan).await;
    Fixture {
        catalog,
        followers,
        store,
        ctx,
        authority,
        provider,
        other,
        folder,
        database,
    }
}

impl Fixture {
    async fn close(self) {
        self.store.close().await.expect("the store closes");
        if let Some((cluster, name)) = self.database {
            let conn = Database::connect(format!("{cluster}/postgres"))
                .await
                .expect("the cluster");
            conn.execute_unprepared(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
                .await
                .expect("it goes");
        }
    }
    fn person(&self, id: &str, institution: &InstitutionId, role: Role) -> Ctx {
        self.ctx.as_actor(Actor::Person {
            id: PersonId(format!("per_{id}")),
            institution: institution.clone(),
            roles: vec![role],
        })
    }
    fn cataloguer(&self) -> Ctx {
        self.person("cataloguer", &self.provider, Role::Cataloguer)
    }
    fn reviewer(&self) -> Ctx {
        self.person("reviewer", &self.authority, Role::Reviewer)
    }
    fn applicant(&self) -> Ctx {
        self.person("applicant", &self.other, Role::Applicant)
    }
    async fn draft(&self, document: Document) -> Resource {
        let new = NewResource {
            provider_id: None,
            document,
        };
        self.catalog.create(&self.cataloguer(), new).await.expect("a draft")
    }
    async fn submitted(&self, document: Document) -> Resource {
        let draft = self.draft(document).await;
        let id = &draft.head.id;
        self.catalog
            .submit(&self.cataloguer(), id, AtRevision::default())
            .await
            .expect("it is submitted")
    }
    async fn published(&self, document: Document) -> Resource {
        let submitted = self.submitted(document).await;
        self.review(&self.reviewer(), &submitted, "publish", None)
            .await
            .expect("it is published")
    }
    async fn step(&self, id: &ResourceId) -> String {
        let timeline = self
            .catalog
            .timeline(&self.reviewer(), id)
            .await
            .expect("a timeline")
            .expect("a review");
        timeline.steps.last().expect("a step").id.to_string()
    }
    async fn review(&self, ctx: &Ctx, r: &Resource, outcome: &str, reason: Option<&str>) -> base::Result<Resource> {
        let review = Review {
            outcome: outcome.into(),
            reason: reason.map(str::to_owned),
            step_id: self.step(&r.head.id).await,
            revision: r.head.revision,
        };
        self.catalog.review(ctx, &r.head.id, review).await
    }
    async fn save(&self, r: &Resource, document: Document) -> base::Result<Saved> {
        let save = SaveResource {
            revision: r.head.revision,
            document,
        };
        self.catalog.save(&self.cataloguer(), &r.head.id, save).await
    }
    async fn found(&self, ctx: &Ctx, q: &str) -> Vec<String> {
        self.followers.catch_up().await.expect("the index follows");
        let filter = ResourceFilter {
            q: Some(q.into()),
            ..ResourceFilter::default()
        };
        let page = self
            .catalog
            .list(ctx, &filter, &Default::default())
            .await
            .expect("a list");
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|r| r.head.title).collect()
    }
}

fn titled(title: &str) -> Document {
    Document {
        title: title.into(),
        ..complete()
    }
}
fn saved(saved: Saved) -> Resource {
    match saved {
        Saved::Saved(r) => *r,
        Saved::Conflict(_) => panic!("nobody else saved"),
    }
}

//! As much of the platform as collection stands on: real store, policies, law,
//! catalog, lake and jobs, on a clock moved by hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Actor, Chance, Ctx, InstitutionId, ManualClock, Moment, PersonId, Role};
use catalog::Catalog;
use db::{Jobs, Store};
use identity::institutions::{InstitutionForm, Kind};
use identity::{Authorizer, Identity, Node};
use lake::{Lake, LakeConfig};
use procedure::{NoDirectory, Procedures};
use sea_orm::{ConnectionTrait, Database};

use crate::Collection;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// One process on some data.
pub struct Platform {
    pub store: Store,
    pub lake: Lake,
    pub identity: Identity,
    pub catalog: Catalog,
    pub collection: Collection,
    pub jobs: Jobs,
    pub ctx: Ctx,
}

impl Platform {
    pub async fn open(data: &Path, url: &str, clock: &ManualClock) -> Self {
        // Seeded by the system: two processes must not draw the same ids.
        let ctx = Ctx::new(Actor::System, Arc::new(clock.clone()), Chance::system());
        let migrations = [
            identity::migrations(),
            procedure::migrations(),
            catalog::migrations(),
            crate::migrations(),
        ]
        .concat();
        let store = Store::connect(url, &ctx, &migrations).await.expect("the store opens");
        let node = Node {
            name: "测试".into(),
            division: "330000".into(),
            rule_set: "zhejiang-2022".into(),
        };
        let identity = Identity {
            store: store.clone(),
            keys: Arc::new(crypto::NodeKeys::ephemeral(&ctx.chance)),
            authz: Authorizer::shipped().expect("the policies fit"),
            node: Arc::new(node),
            rule_set_title: "测试".into(),
            secure_cookies: false,
        };
        let law = law::Law::embedded("zhejiang-2022").expect("the rule set parses");
        let procedures = Procedures::new(store.clone(), law, Arc::new(NoDirectory));
        // Each process has an index of its own: the engine locks it.
        let index = data.join(format!("index-{}", std::process::id()));
        let catalog = Catalog::new(store.clone(), identity.clone(), procedures, &index).expect("it opens");
        let lake = Lake::open(LakeConfig::local(data).expect("a lake")).expect("a lake");
        let collection = Collection::new(store.clone(), lake.clone(), identity.clone(), catalog.clone(), data)
            .expect("collection opens");
        let jobs = Jobs::new(store.clone(), vec![collection.runner()]);
        jobs.recover().await.expect("what was running is queued again");
        Self {
            store,
            lake,
            identity,
            catalog,
            collection,
            jobs,
            ctx,
        }
    }
}

pub struct TestPlatform {
    pub now: Platform,
    pub clock: ManualClock,
    pub url: String,
    authority: InstitutionId,
    provider: InstitutionId,
    consumer: InstitutionId,
    server: Option<(String, String)>,
    dir: tempfile::TempDir,
}

impl TestPlatform {
    pub async fn start(on: On) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let clock = ManualClock::at(Moment::parse("2026-03-06T09:30:00+08:00").expect("a moment"));
        let server = match on {
            On::Sqlite => None,
            On::Postgres => Some(make_database().await),
        };
        let url = match &server {
            Some((server, name)) => format!("{server}/{name}"),
            None => store_url(dir.path()),
        };
        let now = Platform::open(dir.path(), &url, &clock).await;
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
            now.identity
                .create_institution(&now.ctx, form)
                .await
                .expect("an institution")
                .id
        };
        let authority = make("省大数据局", Kind::Authority).await;
        let provider = make("省人力社保厅", Kind::StateOrgan).await;
        let consumer = make("省医保局", Kind::StateOrgan).await;
        Self {
            now,
            clock,
            url,
            authority,
            provider,
            consumer,
            server,
            dir,
        }
    }

    fn person(&self, id: &str, institution: &InstitutionId, role: Role) -> Ctx {
        self.now.ctx.as_actor(Actor::Person {
            id: PersonId(format!("per_{id}")),
            institution: institution.clone(),
            roles: vec![role],
        })
    }
    pub fn cataloguer(&self) -> Ctx {
        self.person("cataloguer", &self.provider, Role::Cataloguer)
    }
    pub fn reviewer(&self) -> Ctx {
        self.person("reviewer", &self.authority, Role::Reviewer)
    }
    pub fn data_manager(&self) -> Ctx {
        self.person("data_manager", &self.provider, Role::DataManager)
    }
    pub fn applicant(&self) -> Ctx {
        self.person("applicant", &self.consumer, Role::Applicant)
    }

    pub async fn run_until_quiet(&self) {
        self.now
            .jobs
            .run_until_empty(&self.now.ctx)
            .await
            .expect("jobs do their work");
    }

    /// As after a kill: a new process on the same data.
    pub async fn restart(self) -> Self {
        let TestPlatform {
            now,
            clock,
            url,
            authority,
            provider,
            consumer,
            server,
            dir,
        } = self;
        now.store.clone().close().await.expect("the store closes");
        drop(now);
        // The search index of the old process is let go with it.
        let now = Platform::open(dir.path(), &url, &clock).await;
        Self {
            now,
            clock,
            url,
            authority,
            provider,
            consumer,
            server,
            dir,
        }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub async fn close(self) {
        self.now.store.clone().close().await.expect("the store closes");
        if let Some((server, name)) = &self.server {
            let conn = Database::connect(format!("{server}/postgres"))
                .await
                .expect("the cluster");
            let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
            conn.execute_unprepared(&drop).await.expect("the database goes");
        }
    }
}

pub fn store_url(data: &Path) -> String {
    format!("sqlite://{}", PathBuf::from(data).join("store.db").display())
}

/// Runs `test` on both stores, one after the other.
pub async fn on_both<F: Future<Output = TestPlatform>>(test: impl Fn(TestPlatform) -> F) {
    for on in [On::Sqlite, On::Postgres] {
        let platform = TestPlatform::start(on).await;
        test(platform).await.close().await;
    }
}

async fn make_database() -> (String, String) {
    let server = std::env::var("SHUQIAO_TEST_POSTGRES")
        .expect("SHUQIAO_TEST_POSTGRES names a PostgreSQL cluster; `cargo xtask test rust` makes one");
    let name = format!("t_{}", Ctx::system().ulid().to_lowercase());
    let conn = Database::connect(format!("{server}/postgres"))
        .await
        .expect("the cluster");
    conn.execute_unprepared(&format!("CREATE DATABASE \"{name}\""))
        .await
        .expect("a database of the test's own");
    (server, name)
}

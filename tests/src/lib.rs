//! The whole platform in a process, for tests: a clock that is moved by hand,
//! seeded chance, both stores, and time that passes in working days.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use base::{Actor, Chance, Clock, Ctx, DataUserId, InstitutionId, ManualClock, Moment, PersonId, Role};
use chrono::NaiveDate;
use identity::institutions::{InstitutionForm, Kind};
use sea_orm::{ConnectionTrait, Database};
use server::{Config, Platform};
use tempfile::TempDir;
use tower::ServiceExt;

/// Where tests begin: a Friday morning, before an ordinary week.
pub const START: &str = "2026-03-06T09:30:00+08:00";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// The institutions that every test finds.
pub struct Cast {
    /// 省大数据局, the authority.
    pub authority: InstitutionId,
    /// 省人社厅, a provider.
    pub provider: InstitutionId,
    /// 省市场监管局, another provider, an opener.
    pub opener: InstitutionId,
    /// 省医保局, a consumer.
    pub consumer: InstitutionId,
    /// 省政府, which decides disputes.
    pub government: InstitutionId,
    /// 专家委员会
    pub committee: InstitutionId,
}

pub struct TestPlatform {
    pub platform: Platform,
    pub clock: ManualClock,
    pub cast: Cast,
    chance: Chance,
    config: Config,
    database: Option<(String, String)>,
    dir: Arc<TempDir>,
}

impl TestPlatform {
    pub async fn start(on: On) -> Self {
        Self::with(on, |_| {}).await
    }

    /// With another configuration: a rule set, a division.
    pub async fn with(on: On, change: impl FnOnce(&mut Config)) -> Self {
        let dir = Arc::new(tempfile::tempdir().expect("a folder for the test"));
        let clock = ManualClock::at(Moment::parse(START).expect("a moment"));
        let chance = Chance::seeded(2026);
        let mut config = Config {
            data: dir.path().to_path_buf(),
            ..Config::default()
        };
        let database = match on {
            On::Sqlite => None,
            On::Postgres => Some(make_database().await),
        };
        config.store = database.as_ref().map(|(server, name)| format!("{server}/{name}"));
        change(&mut config);
        let ctx = Ctx::new(Actor::System, Arc::new(clock.clone()), chance.clone());
        let platform = Platform::start(config.clone(), ctx.clone())
            .await
            .expect("the platform starts");
        let cast = make_cast(&platform, &ctx).await;
        Self {
            platform,
            clock,
            cast,
            chance,
            config,
            database,
            dir,
        }
    }

    /// The platform acting by itself.
    pub fn system(&self) -> Ctx {
        self.ctx(Actor::System)
    }
    pub fn anonymous(&self) -> Ctx {
        self.ctx(Actor::Anonymous)
    }
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(actor, Arc::new(self.clock.clone()), self.chance.clone())
    }
    /// Somebody of an institution with these roles. The id tells people apart.
    pub fn person(&self, id: &str, institution: &InstitutionId, roles: &[Role]) -> Ctx {
        self.ctx(Actor::Person {
            id: PersonId(format!("per_{id}")),
            institution: institution.clone(),
            roles: roles.to_vec(),
        })
    }
    pub fn reviewer(&self) -> Ctx {
        self.person("reviewer", &self.cast.authority, &[Role::Reviewer])
    }
    pub fn cataloguer(&self) -> Ctx {
        self.person("cataloguer", &self.cast.provider, &[Role::Cataloguer])
    }
    pub fn data_manager(&self) -> Ctx {
        self.person("data_manager", &self.cast.provider, &[Role::DataManager])
    }
    pub fn approver(&self) -> Ctx {
        self.person("approver", &self.cast.provider, &[Role::Approver])
    }
    pub fn applicant(&self) -> Ctx {
        self.person("applicant", &self.cast.consumer, &[Role::Applicant])
    }
    pub fn decider(&self) -> Ctx {
        self.person("decider", &self.cast.government, &[Role::Decider])
    }
    pub fn auditor(&self) -> Ctx {
        self.person("auditor", &self.cast.authority, &[Role::Auditor])
    }
    pub fn data_user(&self, id: &str) -> Ctx {
        self.ctx(Actor::DataUser {
            id: DataUserId(format!("usr_{id}")),
        })
    }

    /// The clock to 09:30 of the n-th working day after today.
    pub fn advance_working_days(&self, n: u32) {
        let law = &self.platform.state().law;
        let mut day = self.clock.now().date();
        let mut left = n;
        while left > 0 {
            day = day.succ_opt().expect("a next day");
            if law.calendar().is_working_day(day) {
                left -= 1;
            }
        }
        self.set_day(day);
    }
    pub fn set_day(&self, day: NaiveDate) {
        self.clock.set(Moment::start_of(day).plus_ms(9 * 3_600_000 + 1_800_000));
    }

    /// Until no follower has anything to read and no job anything to do.
    pub async fn run_until_quiet(&self) {
        self.platform
            .run_until_quiet()
            .await
            .expect("followers and jobs do their work");
    }

    /// As after a kill: a new process on the same data. Only for a platform
    /// that serves nothing: a served one lives as long as its connections.
    pub async fn restart(self) -> Self {
        self.while_down(async |_| ()).await.0
    }

    /// What happens while no process has the data open; then a new one does.
    pub async fn while_down<T>(self, act: impl AsyncFnOnce(&Config) -> T) -> (Self, T) {
        let ctx = self.system();
        let Self {
            platform,
            clock,
            cast,
            chance,
            config,
            database,
            dir,
        } = self;
        // the old process holds the index's lock until it is gone
        drop(platform);
        let done = act(&config).await;
        let platform = Platform::start(config.clone(), ctx)
            .await
            .expect("the platform starts again");
        let again = Self {
            platform,
            clock,
            cast,
            chance,
            config,
            database,
            dir,
        };
        (again, done)
    }

    /// One request through every layer, without a socket.
    pub async fn ask(&self, mut request: Request<Body>) -> (StatusCode, Bytes) {
        let from: SocketAddr = "127.0.0.1:40000".parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(from));
        let answer = server::router(self.platform.state())
            .oneshot(request)
            .await
            .expect("a router always answers");
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a whole answer");
        (status, body)
    }

    /// Serves on a free port of the loopback; returns the base address.
    pub async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let app = server::router(self.platform.state()).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    pub fn path(&self) -> &std::path::Path {
        self.dir.path()
    }
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// Ends the platform and removes what it made.
    pub async fn close(self) {
        self.platform.close().await.expect("the platform closes");
        if let Some((server, name)) = &self.database {
            let conn = Database::connect(format!("{server}/postgres"))
                .await
                .expect("the cluster");
            conn.execute_unprepared(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
                .await
                .expect("the database goes");
        }
    }
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

async fn make_cast(platform: &Platform, ctx: &Ctx) -> Cast {
    let make = |name: &str, kind: Kind| {
        let form = InstitutionForm {
            name: name.to_owned(),
            short_name: name.to_owned(),
            kind,
            division: None,
            parent_id: None,
            uscc: None,
            responsible: Default::default(),
        };
        async {
            platform
                .state()
                .identity
                .create_institution(ctx, form)
                .await
                .expect("an institution")
                .id
        }
    };
    Cast {
        authority: make("浙江省大数据发展管理局", Kind::Authority).await,
        provider: make("浙江省人力资源和社会保障厅", Kind::StateOrgan).await,
        opener: make("浙江省市场监督管理局", Kind::StateOrgan).await,
        consumer: make("浙江省医疗保障局", Kind::StateOrgan).await,
        government: make("浙江省人民政府", Kind::Government).await,
        committee: make("浙江省公共数据专家委员会", Kind::ExpertCommittee).await,
    }
}

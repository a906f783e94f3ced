//! The platform in one process: everything made in order, and the tasks that
//! run beside the requests.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRef;
use base::{Actor, Ctx, Error, Result};
use catalog::Catalog;
use collection::Collection;
use crypto::{NodeKeys, Suite};
use db::{Followers, Jobs, Store};
use identity::{Authorizer, Identity, Node};
use lake::{Lake, LakeConfig};
use law::Law;
use opening::Opening;
use procedure::Procedures;
use quality::Quality;
use serve::access_log::AccessLog;
use serve::gateway::Gateway;
use sharing::Sharing;
use sharing::gateway::GatewayBridge;
use supervision::Supervision;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::directory::Names;
use crate::ops::Ops;

/// What every route can have. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub keys: Arc<NodeKeys>,
    pub law: Law,
    pub identity: Identity,
    pub procedures: Procedures,
    pub lake: Lake,
    pub catalog: Catalog,
    pub collection: Collection,
    pub quality: Quality,
    pub gateway: Gateway,
    pub sharing: Sharing,
    pub bridge: GatewayBridge,
    pub opening: Opening,
    pub supervision: Supervision,
    pub jobs: Jobs,
    pub followers: Followers,
    pub ops: Arc<Ops>,
    /// The context of the platform itself: its clock and chance serve every request.
    pub base: Ctx,
}

impl AppState {
    pub fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(actor, self.base.clock.clone(), self.base.chance.clone())
    }
}

pub struct Platform {
    state: AppState,
}

/// How often deadlines that ran out are looked for, and the ledger is signed, ms.
const TIMERS_EVERY_MS: u64 = 60_000;

impl Platform {
    /// Opens the stores, brings the schema up to date, takes up what the last
    /// process left unfinished. Serves nothing yet.
    pub async fn start(config: Config, ctx: Ctx) -> Result<Self> {
        let keys = Arc::new(
            NodeKeys::load_or_create(&config.directory("keys")?, Suite::International, &ctx.chance)
                .map_err(Error::internal)?,
        );
        let store = Store::connect(&config.store_url(), &ctx, &migrations()).await?;
        let law = Law::embedded(&config.rule_set).map_err(Error::internal)?;
        let identity = Identity {
            store: store.clone(),
            keys: keys.clone(),
            authz: Authorizer::shipped()?,
            node: Arc::new(Node {
                name: config.name.clone(),
                division: config.division.clone(),
                rule_set: config.rule_set.clone(),
            }),
            rule_set_title: law.rules().title(base::Lang::Zh).into(),
            secure_cookies: config.secure_cookies,
        };
        let procedures = Procedures::new(store.clone(), law.clone(), Arc::new(Names(identity.clone())));
        let lake = Lake::open(LakeConfig::local(&config.data)?)?;
        let catalog = Catalog::new(
            store.clone(),
            identity.clone(),
            procedures.clone(),
            &config.directory("index")?,
        )?;
        let collection = Collection::new(
            store.clone(),
            lake.clone(),
            identity.clone(),
            catalog.clone(),
            &config.data,
        )?;
        let log = Arc::new(AccessLog::open(
            &config.directory("access-log")?,
            ctx.clock.clone(),
            Default::default(),
        )?);
        let gateway = Gateway::new(&config.division, keys.lookup.clone(), &ctx, log);
        let bridge = GatewayBridge::new(
            store.clone(),
            identity.clone(),
            catalog.clone(),
            lake.clone(),
            gateway.clone(),
            &keys.lookup,
            &config.directory("lookup")?,
            ctx.clone(),
        )?;
        let sharing = Sharing::new(store.clone(), identity.clone(), catalog.clone(), procedures.clone());
        let quality = Quality::new(
            store.clone(),
            lake.clone(),
            identity.clone(),
            catalog.clone(),
            procedures.clone(),
        );
        let supervision = Supervision::new(store.clone(), identity.clone(), procedures.clone());
        let opening = Opening::new(opening::Parts {
            store: store.clone(),
            identity: identity.clone(),
            catalog: catalog.clone(),
            procedures: procedures.clone(),
            lake: lake.clone(),
            site: opening::Site {
                base: config.base_url(),
                title: format!("{}开放门户", config.name),
                publisher: config.name.clone(),
            },
            files: config.directory("opening")?,
        });
        let jobs = Jobs::new(
            store.clone(),
            vec![collection.runner(), quality.runner(), opening.publisher()],
        );
        let followers = Followers::new(
            store.clone(),
            vec![catalog.follower(), bridge.follower(), opening.follower(ctx.clone())],
        );
        let state = AppState {
            config: Arc::new(config),
            store,
            keys,
            law,
            identity,
            procedures,
            lake,
            catalog,
            collection,
            quality,
            gateway,
            sharing,
            bridge,
            opening,
            supervision,
            jobs,
            followers,
            ops: Arc::default(),
            base: ctx,
        };
        state.jobs.recover().await?;
        Ok(Self { state })
    }

    pub fn state(&self) -> AppState {
        self.state.clone()
    }

    /// Runs followers and jobs until neither has anything left: for tests, and
    /// to be caught up before serving.
    pub async fn run_until_quiet(&self) -> Result<()> {
        loop {
            let read = self.state.followers.catch_up().await?;
            let ran = self.state.jobs.run_until_empty(&self.state.base).await?;
            if read + ran == 0 {
                return self.state.bridge.settle().await;
            }
        }
    }

    /// Starts what runs beside the requests.
    pub async fn spawn(&self) -> Result<Background> {
        self.state.followers.catch_up().await?;
        self.state.bridge.refresh().await?;
        let stop = CancellationToken::new();
        let mut tasks = self.state.followers.spawn(stop.clone());
        tasks.extend(
            self.state
                .jobs
                .spawn(self.state.base.clone(), self.state.config.job_width, stop.clone()),
        );
        tasks.extend(self.state.bridge.spawn(stop.clone()));
        tasks.push(tokio::spawn(timers(self.state.clone(), stop.clone())));
        Ok(Background { stop, tasks })
    }

    pub async fn close(self) -> Result<()> {
        self.state.store.close().await
    }
}

/// The tasks beside the requests.
pub struct Background {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}
impl Background {
    /// Tells every task to end, and waits for it.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(e) = task.await {
                tracing::error!(error = %e, "a background task did not end well");
            }
        }
    }
}

async fn timers(state: AppState, stop: CancellationToken) {
    loop {
        if let Err(e) = state.procedures.flag_overdue(&state.base).await {
            tracing::error!(error = %e, "overdue deadlines could not be flagged");
        }
        if let Err(e) = state.supervision.checkpoint(&state.base).await {
            tracing::error!(error = %e, "the ledger could not be signed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(TIMERS_EVERY_MS)) => {}
        }
    }
}

fn migrations() -> Vec<db::Migration> {
    [
        identity::migrations(),
        procedure::migrations(),
        catalog::migrations(),
        collection::migrations(),
        quality::migrations(),
        sharing::migrations(),
        opening::migrations(),
        supervision::migrations(),
    ]
    .concat()
}

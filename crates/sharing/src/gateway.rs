//! The bridge to the gateway: follows the ledger, makes the snapshot that calls
//! are judged by, builds the indexes that they are answered from, and writes
//! the roots of the access log into the ledger.
//!
//! - The snapshot is made anew when an entry concerns it, and confirmed as the
//!   newest while nothing does. A store that does not answer confirms nothing,
//!   so the gateway soon refuses.
//! - An index is built beside the one in use; grants never wait for it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{FromRef, Path, State};
use axum::response::Response;
use base::error::Problem;
use base::{Ctx, Error, Moment, ResourceId, Result};
use catalog::{Catalog, PublishedEntry};
use crypto::{KeyedHash, Suite};
use db::{Follower, Store};
use futures::TryStreamExt;
use identity::{Action, Identity, Target};
use lake::{Lake, Scan, TableName};
use ledger::Entry;
use parking_lot::Mutex;
use protect::{AccessPlan, Internal, MaskKey};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serve::access_log::SegmentRoot;
use serve::gateway::{
    Addresses, Answer, Application, Call, Credential, Gateway, Grant, GrantState, Input, Request, Service, Snapshot,
    Table,
};
use serve::index::{Index, IndexStore, KeyItem, Spec};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::applications::application;
use crate::model::{RequestedItem, mode_of};
use crate::store::{grant, service};

/// How often the snapshot is confirmed as the newest, ms.
const CONFIRM_EVERY_MS: u64 = 500;
/// How often full or old segments of the access log are looked for, ms.
const SEAL_EVERY_MS: u64 = 1_000;
/// How often tables are compared with their indexes without being told, ms.
const BUILD_EVERY_MS: u64 = 30_000;

pub mod segment {
    use sea_orm::entity::prelude::*;

    /// Segments of the access log whose root is in the ledger.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_log_segment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        /// Hex.
        pub root: String,
        pub records: i64,
        pub first_at: i64,
        pub last_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<db::Migration> {
    vec![db::Migration::new("sharing-0003-access-log-segments").entity(segment::Entity)]
}

/// Cheap to clone.
#[derive(Clone)]
pub struct GatewayBridge {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    identity: Identity,
    catalog: Catalog,
    lake: Lake,
    gateway: Gateway,
    indexes: IndexStore,
    base: Ctx,
    /// Of masks that hash; each grant has its own domain under it.
    mask_secret: [u8; 32],
    /// First entry of the ledger that the snapshot does not know.
    handled: AtomicU64,
    /// The index in use, by resource and key items.
    in_use: Mutex<HashMap<String, Arc<Index>>>,
    refreshing: tokio::sync::Mutex<()>,
    building: tokio::sync::Mutex<()>,
    build: Notify,
}

impl GatewayBridge {
    /// `index_directory` holds the keyed indexes; it can be deleted, they are
    /// built again. `keys` is the node's key of keyed hashes.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        store: Store,
        identity: Identity,
        catalog: Catalog,
        lake: Lake,
        gateway: Gateway,
        keys: &KeyedHash,
        index_directory: &std::path::Path,
        base: Ctx,
    ) -> Result<Self> {
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                identity,
                catalog,
                lake,
                gateway,
                indexes: IndexStore::open(index_directory)?,
                base,
                mask_secret: keys.of("mask-secret", b""),
                handled: AtomicU64::new(0),
                in_use: Mutex::default(),
                refreshing: tokio::sync::Mutex::default(),
                building: tokio::sync::Mutex::default(),
                build: Notify::new(),
            }),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }
    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }
    pub fn gateway(&self) -> &Gateway {
        &self.inner.gateway
    }
    pub fn follower(&self) -> Arc<dyn Follower> {
        Arc::new(self.clone())
    }

    /// Makes the snapshot from the store as it stands, and puts it in place.
    pub async fn refresh(&self) -> Result<()> {
        let _one_at_a_time = self.inner.refreshing.lock().await;
        let at = self.inner.base.now();
        // read before the state: what comes after is handled again, never missed
        let size = self.inner.store.ledger_size().await?;
        let conn = self.inner.store.conn();
        let services = service::Entity::find().all(conn).await?;
        let grants = grant::Entity::find().order_by_desc(grant::Column::Id).all(conn).await?;
        let applications = application::Entity::find().all(conn).await?;
        let resources: Vec<String> = services.iter().map(|s| s.resource_id.clone()).collect();
        let entries = self.inner.catalog.published_many(&resources).await?;
        let mut snapshot = Snapshot {
            version: size,
            ..Snapshot::default()
        };
        let mut of_institution: HashMap<&str, Vec<&str>> = HashMap::new();
        for row in &applications {
            of_institution.entry(&row.institution).or_default().push(&row.id);
            let networks = row.networks()?;
            let addresses = Addresses::parse(networks.iter().map(String::as_str)).map_err(Error::internal)?;
            let application = Application {
                id: row.id.as_str().into(),
                institution: row.institution.as_str().into(),
                active: row.active,
                addresses,
                secret: row.secret(),
            };
            snapshot
                .applications
                .insert(row.id.as_str().into(), Arc::new(application));
        }
        let mut grants_of: HashMap<&str, Vec<&grant::Model>> = HashMap::new();
        for row in &grants {
            grants_of.entry(&row.service_id).or_default().push(row);
        }
        for row in &services {
            let grants = grants_of.remove(row.id.as_str()).unwrap_or_default();
            let service = self.service(row, entries.get(&row.resource_id), &grants, &of_institution)?;
            snapshot.services.insert(row.slug.as_str().into(), Arc::new(service));
        }
        self.inner.gateway.install(snapshot, at);
        self.inner.handled.fetch_max(size, Ordering::AcqRel);
        Ok(())
    }

    fn service(
        &self,
        row: &service::Model,
        entry: Option<&PublishedEntry>,
        grants: &[&grant::Model],
        of_institution: &HashMap<&str, Vec<&str>>,
    ) -> Result<Service> {
        let key_items = key_items(row, entry)?;
        let index = self
            .inner
            .in_use
            .lock()
            .get(&place(&row.resource_id, &key_items))
            .cloned();
        let table = index.map(|index| Arc::new(Table::from(index)));
        let mut service = Service {
            id: row.id.as_str().into(),
            mode: mode_of(&row.mode)?,
            resource: row.resource_id.as_str().into(),
            provider: row.provider.as_str().into(),
            key_items,
            // an entry that is not in force is offered on no door
            suspended: entry.is_none(),
            table,
            grants: HashMap::new(),
            grants_of_institutions: HashMap::new(),
        };
        for row in grants {
            let grant = Arc::new(self.grant(row, service.table.as_deref())?);
            let applications = match &row.application_id {
                Some(id) => vec![id.as_str()],
                None => of_institution.get(row.consumer.as_str()).cloned().unwrap_or_default(),
            };
            for id in applications {
                service.grants.entry(id.into()).or_default().push(Arc::clone(&grant));
            }
            service
                .grants_of_institutions
                .entry(row.consumer.as_str().into())
                .or_default()
                .push(grant);
        }
        Ok(service)
    }

    fn grant(&self, row: &grant::Model, table: Option<&Table>) -> Result<Grant> {
        let plan: AccessPlan = serde_json::from_str(&row.plan).map_err(Error::internal)?;
        let plan = plan.with_key(MaskKey::new(Suite::National, &self.inner.mask_secret, &row.id));
        let state = match row.state.as_str() {
            "active" => GrantState::Active,
            "suspended" => GrantState::Suspended,
            _ => GrantState::Ended,
        };
        let bucket = plan.rate_per_s().map(|rate| self.inner.gateway.bucket(&row.id, rate));
        Grant::new(
            &row.id,
            state,
            &plan,
            table.map(|t| t.items.as_slice()).unwrap_or_default(),
            bucket,
        )
    }

    /// Builds the indexes that are missing or behind their table, one after the
    /// other, and puts each in place when it is verified.
    pub async fn build_indexes(&self) -> Result<()> {
        let _one_at_a_time = self.inner.building.lock().await;
        let mut wanted: BTreeMap<String, (ResourceId, Vec<KeyItem>)> = BTreeMap::new();
        let services = service::Entity::find().all(self.inner.store.conn()).await?;
        let resources: Vec<String> = services.iter().map(|s| s.resource_id.clone()).collect();
        let entries = self.inner.catalog.published_many(&resources).await?;
        for row in &services {
            let keys = key_items(row, entries.get(&row.resource_id))?;
            wanted.insert(place(&row.resource_id, &keys), (row.resource_id.as_str().into(), keys));
        }
        let mut in_use = Vec::new();
        for (place, (resource, keys)) in &wanted {
            match self.index(resource, keys).await {
                Ok(Some(index)) => {
                    in_use.push(index.manifest.spec.clone());
                    let before = self.inner.in_use.lock().insert(place.clone(), Arc::clone(&index));
                    if before.is_none_or(|before| !Arc::ptr_eq(&before, &index)) {
                        self.refresh().await?;
                    }
                }
                // nothing loaded yet
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(resource = resource.as_str(), %error, "the index could not be built; the one before goes on");
                    in_use.extend(
                        self.inner
                            .in_use
                            .lock()
                            .get(place)
                            .map(|index| index.manifest.spec.clone()),
                    );
                }
            }
        }
        self.inner.in_use.lock().retain(|place, _| wanted.contains_key(place));
        self.inner.indexes.retain(&in_use)
    }

    /// The index of a table's newest version, built if it is not there.
    async fn index(&self, resource: &ResourceId, keys: &[KeyItem]) -> Result<Option<Arc<Index>>> {
        let table = TableName::new(resource.as_str())?;
        let Some(version) = self.inner.lake.version(&table).await? else {
            return Ok(None);
        };
        let committed_at = self.inner.lake.stats(&table, Some(version)).await?.committed_at;
        let spec = Spec {
            table: resource.0.clone(),
            version,
            key_items: keys.to_vec(),
            as_of: committed_at.unwrap_or(Moment(0)),
        };
        if let Some(index) = self.inner.indexes.get(&spec)? {
            return Ok(Some(index));
        }
        let plan = AccessPlan::internal(Internal::IndexBuild, resource.clone(), table.as_str());
        let rows = self
            .inner
            .lake
            .scan(
                &plan,
                &Scan {
                    version: Some(version),
                    ..Scan::default()
                },
            )
            .await?;
        // the table's own columns are nobody's items
        let schema = rows.schema();
        let items: Vec<usize> = (0..schema.fields().len())
            .filter(|i| !schema.field(*i).name().starts_with('_'))
            .collect();
        let rows = rows
            .map_err(Error::internal)
            .and_then(move |batch| std::future::ready(batch.project(&items).map_err(Error::internal)));
        self.inner.indexes.build(spec, rows).await.map(Some)
    }

    /// Writes the roots of sealed segments into the ledger, each once, in order.
    pub async fn record_segments(&self) -> Result<u64> {
        let Some(log) = self.inner.gateway.log().cloned() else {
            return Ok(0);
        };
        let sealing = Arc::clone(&log);
        tokio::task::spawn_blocking(move || sealing.tick().and_then(|()| sealing.seal_closed()))
            .await
            .map_err(Error::internal)??;
        let newest = segment::Entity::find()
            .order_by_desc(segment::Column::Number)
            .one(self.inner.store.conn())
            .await?
            .map_or(0, |row| row.number as u64);
        let roots = log.sealed_after(newest);
        for root in &roots {
            let hex = crypto::hex::encode(root.root);
            let mut tx = self.inner.store.begin(&self.inner.base).await?;
            let row = segment::Model {
                number: root.number as i64,
                root: hex.clone(),
                records: root.records as i64,
                first_at: root.first_at.0,
                last_at: root.last_at.0,
            };
            segment::Entity::insert(segment::ActiveModel::from(row))
                .exec_without_returning(tx.conn())
                .await?;
            tx.append(
                Entry::new("access_log.sealed", format!("segment-{}", root.number))
                    .put("root", hex.as_str())
                    .put("records", root.records)
                    .put("first_at", root.first_at.rfc3339().as_str())
                    .put("last_at", root.last_at.rfc3339().as_str()),
            );
            tx.commit().await?;
        }
        Ok(roots.len() as u64)
    }

    /// The roots that the ledger holds.
    pub async fn recorded_segments(&self) -> Result<Vec<SegmentRoot>> {
        let rows = segment::Entity::find()
            .order_by_asc(segment::Column::Number)
            .all(self.inner.store.conn())
            .await?;
        rows.into_iter()
            .map(|row| {
                let mut root = [0; 32];
                crypto::hex::decode_to_slice(&row.root, &mut root).map_err(Error::internal)?;
                Ok(SegmentRoot {
                    number: row.number as u64,
                    root,
                    records: row.records as u64,
                    first_at: Moment(row.first_at),
                    last_at: Moment(row.last_at),
                })
            })
            .collect()
    }

    /// Says that the snapshot is the newest, if the ledger has not grown beyond it.
    pub async fn confirm(&self) -> Result<()> {
        let at = self.inner.base.now();
        if self.inner.store.ledger_size().await? <= self.inner.handled.load(Ordering::Acquire) {
            self.inner.gateway.confirm(at);
        }
        Ok(())
    }

    /// Everything brought up to date at once: for tests and before serving.
    pub async fn settle(&self) -> Result<()> {
        self.build_indexes().await?;
        self.refresh().await
    }

    /// What runs beside the requests.
    pub fn spawn(&self, stop: CancellationToken) -> Vec<tokio::task::JoinHandle<()>> {
        let every = |ms: u64, what: &'static str, work: fn(Self) -> Work| {
            let (this, stop) = (self.clone(), stop.clone());
            tokio::spawn(async move {
                loop {
                    if let Err(error) = work(this.clone()).await {
                        tracing::error!(%error, "gateway: {what} failed; it is tried again");
                    }
                    let woken = async {
                        match what {
                            "building indexes" => this.inner.build.notified().await,
                            _ => std::future::pending().await,
                        }
                    };
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = woken => {}
                        () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                    }
                }
            })
        };
        vec![
            every(CONFIRM_EVERY_MS, "confirming the snapshot", |this| {
                Box::pin(async move { this.confirm().await })
            }),
            every(BUILD_EVERY_MS, "building indexes", |this| {
                Box::pin(async move { this.build_indexes().await })
            }),
            every(SEAL_EVERY_MS, "sealing the access log", |this| {
                Box::pin(async move { this.record_segments().await.map(drop) })
            }),
        ]
    }

    /// 试用: a person of the consumer calls a service under its institution's
    /// grant. Logged as any call.
    pub async fn try_service(&self, ctx: &Ctx, id: &str, request: Request) -> Result<Answer> {
        let own = ctx
            .actor
            .institution()
            .ok_or_else(|| Action::ServiceTry.refused_to(ctx))?;
        self.inner
            .identity
            .authz
            .check(ctx, Action::ServiceTry, &Target::any().party(own))?;
        let row = service::Entity::find_by_id(id).one(self.inner.store.conn()).await?;
        let row = row.ok_or_else(|| Error::not_found("接口服务"))?;
        let granted = grant::Entity::find()
            .filter(grant::Column::ServiceId.eq(id))
            .filter(grant::Column::Consumer.eq(own.as_str()))
            .one(self.inner.store.conn())
            .await?;
        granted.ok_or_else(|| Error::not_found("接口服务"))?;
        let call = Call {
            service: &row.slug,
            credential: Credential::Console {
                institution: own.as_str(),
            },
            address: std::net::Ipv4Addr::UNSPECIFIED.into(),
            grant: None,
            input: Input::Ready(request),
        };
        Ok(self.inner.gateway.call(call).await)
    }
}

type Work = std::pin::Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Which index serves: resources are looked up by the same items in each mode.
fn place(resource: &str, keys: &[KeyItem]) -> String {
    let names: Vec<&str> = keys.iter().map(|k| k.name.as_str()).collect();
    format!("{resource}/{}", names.join(","))
}

/// The items that a service is asked by; letters of identifying codes do not count.
fn key_items(row: &service::Model, entry: Option<&PublishedEntry>) -> Result<Vec<KeyItem>> {
    let names: Vec<RequestedItem> = serde_json::from_str(&row.key_items).map_err(Error::internal)?;
    let codes: HashSet<&str> = entry
        .into_iter()
        .flat_map(|e| &e.items)
        .filter(|i| matches!(i.identifier.as_deref(), Some("citizen_id" | "uscc")))
        .map(|i| i.name.as_str())
        .collect();
    Ok(names
        .into_iter()
        .map(|item| KeyItem {
            capitals: codes.contains(item.name.as_str()),
            name: item.name,
        })
        .collect())
}

#[async_trait]
impl Follower for GatewayBridge {
    fn name(&self) -> &'static str {
        "gateway"
    }
    /// The snapshot lives in memory, so it is made anew at each start.
    async fn position(&self, _: &Store) -> Result<u64> {
        self.refresh().await?;
        self.inner.build.notify_one();
        Ok(self.inner.handled.load(Ordering::Acquire))
    }
    async fn handle(&self, entries: &[Entry]) -> Result<()> {
        let concerns = |prefixes: &[&str]| entries.iter().any(|e| prefixes.iter().any(|p| e.kind.starts_with(p)));
        if concerns(&["sharing.grant", "application.", "catalog."]) {
            self.refresh().await?;
        }
        if concerns(&["sharing.granted", "collection.", "catalog."]) {
            self.inner.build.notify_one();
        }
        if let Some(last) = entries.last() {
            self.inner.handled.fetch_max(last.seq + 1, Ordering::AcqRel);
        }
        self.confirm().await
    }
}

pub fn routes<S>() -> OpenApiRouter<S>
where
    GatewayBridge: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(try_service))
        .merge(crate::applications::routes())
        .merge(crate::access_log::routes())
}

/// 试用接口: the same answer as the gateway gives, under the caller's institution's grant.
#[utoipa::path(post, path = "/services/{id}/try", tag = "sharing", operation_id = "try_service",
    params(("id" = String, Path, max_length = 64)), request_body = Request, responses(
    (status = 200, body = serve::gateway::http::QueryAnswer, description = "Query: rows; verify: {match, found}"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
async fn try_service(
    State(this): State<GatewayBridge>,
    ctx: Ctx,
    Path(id): Path<String>,
    axum::Json(request): axum::Json<Request>,
) -> Result<Response> {
    let answer = this.try_service(&ctx, &id, request).await?;
    Ok(serve::gateway::http::render(answer, ctx.lang))
}

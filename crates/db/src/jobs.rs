//! Durable jobs: long work that survives a restart, shows its progress, can be
//! cancelled, and never runs twice for one key.
//!
//! A job is queued in the transaction of the decision that wants it. One
//! process runs it; what was running when the process died is taken up again,
//! so a handler is idempotent and asks its own state how far it came.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base::{Ctx, Error, JobId, Result};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, Set};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::{Migration, Store, Tx};

pub(crate) mod job {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kind: String,
        /// What the work is about; one job a (kind, key).
        pub key: String,
        pub state: String,
        #[sea_orm(column_type = "Text")]
        pub payload: String,
        /// Done of all, 0 to 1.
        pub fraction: f64,
        #[sea_orm(column_type = "Text", nullable)]
        pub note: Option<String>,
        pub attempts: i32,
        pub cancel: bool,
        #[sea_orm(column_type = "Text", nullable)]
        pub error: Option<String>,
        pub created_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("db-0004-job")
            .entity(job::Entity)
            .unique("job", &["kind", "key"])
            .index("job", &["state", "created_at"]),
    ]
}

/// Times a job is tried when it fails by the platform's own fault.
pub const ATTEMPTS_MAX: i32 = 3;
/// How often the queue is looked at without being told, ms.
const POLL_MS: u64 = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}
impl JobState {
    fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Running => "running",
            JobState::Done => "done",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }
}

/// Does the work of one kind of job.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    fn kind(&self) -> &'static str;
    /// Idempotent. A kind of error below 500 is final (it is recorded by the
    /// handler in its own state); one of 500 and above is tried again.
    async fn run(&self, ctx: &Ctx, job: &JobHandle) -> Result<()>;
}

/// What a running handler sees of its job.
pub struct JobHandle {
    pub id: JobId,
    pub key: String,
    pub payload: serde_json::Value,
    pub attempt: i32,
    store: Store,
    cancelled: Arc<AtomicBool>,
}

impl JobHandle {
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
    /// Saves how far the work is (0 to 1) and learns whether somebody cancelled.
    pub async fn progress(&self, fraction: f64, note: Option<String>) -> Result<()> {
        job::Entity::update_many()
            .col_expr(job::Column::Fraction, Expr::value(fraction.clamp(0.0, 1.0)))
            .col_expr(job::Column::Note, Expr::value(note))
            .filter(job::Column::Id.eq(self.id.as_str()))
            .exec(self.store.conn())
            .await?;
        if let Some(row) = job::Entity::find_by_id(self.id.as_str()).one(self.store.conn()).await? {
            self.cancelled.store(row.cancel, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The queue and the runner of this process.
#[derive(Clone)]
pub struct Jobs {
    store: Store,
    handlers: Arc<HashMap<&'static str, Arc<dyn JobHandler>>>,
    wake: Arc<Notify>,
    /// One runner at a time picks a job, so none is picked twice.
    pick: Arc<Mutex<()>>,
}

impl Jobs {
    pub fn new(store: Store, handlers: Vec<Arc<dyn JobHandler>>) -> Self {
        let handlers = handlers.into_iter().map(|h| (h.kind(), h)).collect();
        Self {
            store,
            handlers: Arc::new(handlers),
            wake: Arc::default(),
            pick: Arc::default(),
        }
    }

    /// Queues in the caller's transaction. A job of the same kind and key that
    /// is queued or running is left as it is; a finished one is queued anew.
    pub async fn enqueue(tx: &Tx, kind: &str, key: &str, payload: &impl Serialize) -> Result<JobId> {
        let payload = serde_json::to_string(payload).map_err(Error::internal)?;
        let found = job::Entity::find()
            .filter(job::Column::Kind.eq(kind))
            .filter(job::Column::Key.eq(key))
            .one(tx.conn())
            .await?;
        let (id, renew) = match found {
            Some(row) if row.state == "queued" || row.state == "running" => return Ok(row.id.into()),
            Some(row) => (JobId(row.id), true),
            None => (JobId::new(tx.ctx()), false),
        };
        let row = job::ActiveModel {
            id: Set(id.0.clone()),
            kind: Set(kind.to_owned()),
            key: Set(key.to_owned()),
            state: Set(JobState::Queued.as_str().to_owned()),
            payload: Set(payload),
            fraction: Set(0.0),
            note: Set(None),
            attempts: Set(0),
            cancel: Set(false),
            error: Set(None),
            created_at: Set(tx.ctx().now().0),
            started_at: Set(None),
            finished_at: Set(None),
        };
        if renew {
            job::Entity::update(row).exec(tx.conn()).await?;
        } else {
            job::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        }
        Ok(id)
    }

    /// Asks a job to stop; a queued one ends at once.
    pub async fn cancel(tx: &Tx, kind: &str, key: &str) -> Result<()> {
        let of = |state: JobState| {
            job::Entity::update_many()
                .filter(job::Column::Kind.eq(kind))
                .filter(job::Column::Key.eq(key))
                .filter(job::Column::State.eq(state.as_str()))
        };
        of(JobState::Running)
            .col_expr(job::Column::Cancel, Expr::value(true))
            .exec(tx.conn())
            .await?;
        of(JobState::Queued)
            .col_expr(job::Column::State, Expr::value(JobState::Cancelled.as_str()))
            .col_expr(job::Column::FinishedAt, Expr::value(tx.ctx().now().0))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// Progress of the job with this key: state, fraction, note.
    pub async fn state(store: &Store, kind: &str, key: &str) -> Result<Option<(String, f64, Option<String>)>> {
        let row = job::Entity::find()
            .filter(job::Column::Kind.eq(kind))
            .filter(job::Column::Key.eq(key))
            .one(store.conn())
            .await?;
        Ok(row.map(|r| (r.state, r.fraction, r.note)))
    }

    /// Tells the runner that something was queued. Not needed for correctness.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// After a start: what was running when the last process ended is queued again.
    pub async fn recover(&self) -> Result<u64> {
        let result = job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(JobState::Queued.as_str()))
            .filter(job::Column::State.eq(JobState::Running.as_str()))
            .exec(self.store.conn())
            .await?;
        Ok(result.rows_affected)
    }

    /// Runs queued jobs one after the other until none is left. Returns how
    /// many ran.
    pub async fn run_until_empty(&self, ctx: &Ctx) -> Result<u64> {
        let mut ran = 0;
        while self.run_one(ctx).await? {
            ran += 1;
        }
        Ok(ran)
    }

    pub async fn queued(&self) -> Result<u64> {
        let waiting = [JobState::Queued.as_str(), JobState::Running.as_str()];
        Ok(job::Entity::find()
            .filter(job::Column::State.is_in(waiting))
            .count(self.store.conn())
            .await?)
    }

    async fn pick(&self, ctx: &Ctx) -> Result<Option<job::Model>> {
        let _one = self.pick.lock().await;
        let Some(row) = job::Entity::find()
            .filter(job::Column::State.eq(JobState::Queued.as_str()))
            .order_by_asc(job::Column::CreatedAt)
            .order_by_asc(job::Column::Id)
            .one(self.store.conn())
            .await?
        else {
            return Ok(None);
        };
        let taken = job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(JobState::Running.as_str()))
            .col_expr(job::Column::Attempts, Expr::value(row.attempts + 1))
            .col_expr(job::Column::StartedAt, Expr::value(ctx.now().0))
            .filter(job::Column::Id.eq(&row.id))
            .filter(job::Column::State.eq(JobState::Queued.as_str()))
            .exec(self.store.conn())
            .await?;
        Ok((taken.rows_affected == 1).then_some(row))
    }

    async fn run_one(&self, ctx: &Ctx) -> Result<bool> {
        let Some(row) = self.pick(ctx).await? else {
            return Ok(false);
        };
        let attempt = row.attempts + 1;
        let outcome = match self.handlers.get(row.kind.as_str()) {
            None => Err(Error::internal(format!("no handler for jobs of kind {}", row.kind))),
            Some(handler) => {
                let handle = JobHandle {
                    id: row.id.clone().into(),
                    key: row.key.clone(),
                    payload: serde_json::from_str(&row.payload).map_err(Error::internal)?,
                    attempt,
                    store: self.store.clone(),
                    cancelled: Arc::new(AtomicBool::new(false)),
                };
                let outcome = handler.run(ctx, &handle).await;
                if handle.is_cancelled() {
                    outcome.map(|()| JobState::Cancelled)
                } else {
                    outcome.map(|()| JobState::Done)
                }
            }
        };
        let (state, error) = match outcome {
            Ok(state) => (state, None),
            Err(e) if e.kind.status >= 500 && attempt < ATTEMPTS_MAX => {
                tracing::warn!(kind = row.kind, job = row.id, attempt, error = %e, "job failed; it is tried again");
                (JobState::Queued, Some(e.code()))
            }
            Err(e) => {
                tracing::error!(kind = row.kind, job = row.id, attempt, error = %e, "job failed");
                (JobState::Failed, Some(e.code()))
            }
        };
        let mut update = job::Entity::update_many()
            .col_expr(job::Column::State, Expr::value(state.as_str()))
            .col_expr(job::Column::Error, Expr::value(error))
            .col_expr(job::Column::FinishedAt, Expr::value(ctx.now().0));
        if state == JobState::Done {
            update = update.col_expr(job::Column::Fraction, Expr::value(1.0));
        }
        update
            .filter(job::Column::Id.eq(&row.id))
            .exec(self.store.conn())
            .await?;
        Ok(true)
    }

    /// Runs jobs as they come, `width` at a time, until `stop` is cancelled.
    pub fn spawn(&self, ctx: Ctx, width: usize, stop: CancellationToken) -> Vec<tokio::task::JoinHandle<()>> {
        (0..width)
            .map(|_| {
                let (this, ctx, stop) = (self.clone(), ctx.clone(), stop.clone());
                tokio::spawn(async move {
                    loop {
                        match this.run_one(&ctx).await {
                            Ok(true) => continue,
                            Ok(false) => {}
                            Err(e) => tracing::error!(error = %e, "the job queue could not be read"),
                        }
                        tokio::select! {
                            () = stop.cancelled() => return,
                            () = this.wake.notified() => {}
                            () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
                        }
                    }
                })
            })
            .collect()
    }
}

//! A batch's work, from its stored file to the commit. It may be killed
//! anywhere: what is true is the tag in the table, and everything before it
//! can be done again.

use std::sync::Arc;

use async_trait::async_trait;
use base::{BatchId, Ctx, Error, Moment, QuarantineId, ResourceId, Result};
use db::jobs::{ATTEMPTS_MAX, JobHandler};
use db::{JobHandle, Tx};
use lake::{LoadMode, TableName};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::Collection;
use crate::check::{BadRow, Reason};
use crate::errors::{CANCELLED, DISK_FULL};
use crate::load::{Load, Progress, Staged, of_lake};
use crate::model::{BatchKind, Mode, RowState, StoredProblem};
use crate::read::{self, Input};
use crate::spec::TableSpec;
use crate::states::BatchState;
use crate::store::{batch, quarantine, source};
use crate::usecases::files::{SentHints, mark_duplicate};

pub const JOB_KIND: &str = "collection.batch";

/// Rows of one insert into the control store.
const INSERT_ROWS: usize = 500;

/// A point between two steps, told to whoever observes (tests that kill the
/// process there).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The batch is being checked.
    Checking,
    /// Its files are staged; the control store does not know yet.
    Staged,
    /// Its bad rows and counts are kept; the table is not changed yet.
    Kept,
    /// The table has its rows; the control store does not know yet.
    Committed,
    /// All is recorded.
    Done,
}

/// Does the jobs of kind [`JOB_KIND`].
pub struct BatchRunner(pub Collection);

#[async_trait]
impl JobHandler for BatchRunner {
    fn kind(&self) -> &'static str {
        JOB_KIND
    }

    async fn run(&self, ctx: &Ctx, job: &JobHandle) -> Result<()> {
        let id = BatchId(job.key.clone());
        match self.0.run_batch(ctx, &id).await {
            // A full disk does not empty itself within three attempts.
            Err(e) if e.kind.status >= 500 && e.code() != DISK_FULL.code && job.attempt < ATTEMPTS_MAX => Err(e),
            Err(e) => self.0.give_up(ctx, &id, e).await,
            Ok(()) => Ok(()),
        }
    }
}

impl Collection {
    /// Idempotent: an ended batch is left as it is, a committed one is only
    /// recorded, any other is done from its stored file.
    pub(crate) async fn run_batch(&self, ctx: &Ctx, id: &BatchId) -> Result<()> {
        let mut row = self.batch_row_of(id).await?;
        if BatchState::parse(&row.state).is_none_or(BatchState::has_ended) {
            return Ok(());
        }
        let table = TableName::new(&row.resource_id)?;
        if let Some(version) = self.lake().committed(&table, id.as_str()).await.map_err(of_lake)? {
            return self.record_done(ctx, row, version).await;
        }
        let progress = Arc::new(Progress::default());
        let _running = self.running(id, progress.clone(), ctx.now());
        self.start(ctx, &mut row).await?;
        self.observe(Step::Checking);
        let source = self.source_of(&row).await?;
        if row.kind == BatchKind::Pull.as_str() {
            self.pull(&source, &mut row).await?;
            if row.bytes == 0 {
                return self.record_nothing(ctx, row).await;
            }
            if self.turned_out_duplicate(ctx, &source, &mut row).await? {
                return Ok(());
            }
        }
        let resource = ResourceId(row.resource_id.clone());
        let entry = self.published(&resource).await?;
        let spec = Arc::new(TableSpec::from_entry(&entry));
        row.entry_version = Some(entry.version as i32);
        let input = self.input_of(&mut row, &spec).await?;
        let mode = mode_of(&row);
        let load = Load {
            lake: self.lake().clone(),
            resource,
            table,
            spec: spec.clone(),
            mode,
            batch: row.id.clone(),
            spool_dir: self.spool_dir().to_owned(),
            workers: self.workers(),
            seed: u64::from_le_bytes(ctx.chance.bytes()),
            progress: progress.clone(),
        };
        let staged = load.stage(input).await?;
        self.observe(Step::Staged);
        self.commit(ctx, row, staged, mode, &spec, &progress).await
    }

    async fn start(&self, ctx: &Ctx, row: &mut batch::Model) -> Result<()> {
        row.state = BatchState::Checking.as_str().to_owned();
        row.started_at = Some(ctx.now().0);
        row.error = None;
        save(self.store().conn(), row).await
    }

    async fn source_of(&self, row: &batch::Model) -> Result<source::Model> {
        let found = source::Entity::find_by_id(&row.source_id)
            .one(self.store().conn())
            .await?;
        found.ok_or_else(|| Error::internal("a batch without a source"))
    }

    /// A pull knows its content only now.
    async fn turned_out_duplicate(&self, ctx: &Ctx, source: &source::Model, row: &mut batch::Model) -> Result<bool> {
        let mut tx = self.store().begin(ctx).await?;
        let Some(same) = self.same_content(&tx, source, row).await? else {
            save(tx.conn(), row).await?;
            tx.commit().await?;
            return Ok(false);
        };
        mark_duplicate(&mut tx, row, same);
        save(tx.conn(), row).await?;
        tx.commit().await?;
        let _ = tokio::fs::remove_file(self.file_of(&BatchId(row.id.clone()))).await;
        Ok(true)
    }

    /// A pull that found nothing new has done its work.
    async fn record_nothing(&self, ctx: &Ctx, mut row: batch::Model) -> Result<()> {
        row.state = BatchState::Done.as_str().to_owned();
        row.digest = None;
        row.finished_at = Some(ctx.now().0);
        let mut tx = self.store().begin(ctx).await?;
        save(tx.conn(), &row).await?;
        tx.append(
            Entry::new("collection.pull_empty", &row.id)
                .put("resource", row.resource_id.as_str())
                .put("source", row.source_id.as_str()),
        );
        tx.commit().await?;
        Ok(())
    }

    async fn input_of(&self, row: &mut batch::Model, spec: &Arc<TableSpec>) -> Result<Input> {
        if row.kind == BatchKind::Replay.as_str() {
            return self.replay_input(row, spec).await;
        }
        let hints = serde_json::from_str::<SentHints>(&row.hints)
            .map_err(Error::internal)?
            .read()?;
        let path = self.file_of(&BatchId(row.id.clone()));
        let name = row.file_name.clone().unwrap_or_default();
        let spec = spec.clone();
        let opened = tokio::task::spawn_blocking(move || read::open(&path, &name, &hints, &spec)).await;
        let input = opened.map_err(Error::internal)??;
        row.format = Some(input.format.as_str().to_owned());
        row.encoding = input.encoding.map(|e| e.as_str().to_owned());
        row.sheet.clone_from(&input.sheet);
        if !input.unknown_columns.is_empty() {
            row.unknown_columns = Some(serde_json::to_string(&input.unknown_columns).map_err(Error::internal)?);
        }
        Ok(input)
    }

    /// Keeps bad rows and counts, then makes the good rows part of the table,
    /// then records that. Killed in between, the next start finds the tag.
    async fn commit(
        &self,
        ctx: &Ctx,
        mut row: batch::Model,
        staged: Staged,
        mode: LoadMode,
        spec: &TableSpec,
        progress: &Progress,
    ) -> Result<()> {
        let Staged {
            staging,
            files,
            rows_read,
            rows_good,
            rows_bad,
            normalised,
            mut bad,
        } = staged;
        row.state = BatchState::Loading.as_str().to_owned();
        row.rows_read = rows_read as i64;
        row.rows_good = rows_good as i64;
        row.rows_quarantined = rows_bad as i64;
        row.normalised = normalised as i64;
        let kept = async {
            if progress.cancelled.load(std::sync::atomic::Ordering::Relaxed) {
                return Err(Error::new(&CANCELLED));
            }
            let tx = self.store().begin(ctx).await?;
            forget_bad_rows(&tx, &row).await?;
            for chunk in bad.chunks(INSERT_ROWS)? {
                keep_bad_rows(ctx, &tx, &row, chunk?).await?;
            }
            save(tx.conn(), &row).await?;
            tx.commit().await
        };
        if let Err(e) = kept.await {
            staging.discard().await.map_err(of_lake)?;
            return Err(e);
        }
        self.observe(Step::Kept);
        let committed = staging.commit(files, mode, &spec.key_names(), ctx.now()).await;
        let version = match committed {
            Ok(done) => done.version,
            // What fails after the commit's own file was written does not undo it.
            Err(e) => match self.lake().committed(&TableName::new(&row.resource_id)?, &row.id).await {
                Ok(Some(version)) => version,
                _ => return Err(of_lake(e)),
            },
        };
        self.observe(Step::Committed);
        self.record_done(ctx, row, version).await
    }

    async fn record_done(&self, ctx: &Ctx, mut row: batch::Model, version: u64) -> Result<()> {
        let resource = ResourceId(row.resource_id.clone());
        let stats = self
            .lake()
            .stats(&TableName::new(&row.resource_id)?, None)
            .await
            .map_err(of_lake)?;
        row.state = BatchState::Done.as_str().to_owned();
        row.rows_written = row.rows_good;
        row.table_version = Some(version as i64);
        row.finished_at = Some(ctx.now().0);
        let mut tx = self.store().begin(ctx).await?;
        save(tx.conn(), &row).await?;
        if row.kind == BatchKind::Replay.as_str() {
            quarantine::Entity::update_many()
                .col_expr(quarantine::Column::State, Expr::value(RowState::Replayed.as_str()))
                .filter(quarantine::Column::ReplayBatch.eq(&row.id))
                .filter(quarantine::Column::State.eq(RowState::Corrected.as_str()))
                .exec(tx.conn())
                .await?;
        }
        self.catalog()
            .record_load(
                &tx,
                &resource,
                catalog::Load {
                    rows: stats.rows,
                    at: ctx.now(),
                },
            )
            .await?;
        tx.append(
            Entry::new("collection.batch_done", &row.id)
                .put("resource", row.resource_id.as_str())
                .put("source", row.source_id.as_str())
                .put("digest", row.digest.clone().unwrap_or_default())
                .put("table_version", version as i64)
                .put("rows_read", row.rows_read)
                .put("rows_written", row.rows_written)
                .put("rows_quarantined", row.rows_quarantined)
                .put("started_by", row.created_by.as_str()),
        );
        tx.commit().await?;
        self.observe(Step::Done);
        Ok(())
    }

    /// Ends a batch that cannot go on. Its file stays for a retry, unless its
    /// content is what is wrong.
    async fn give_up(&self, ctx: &Ctx, id: &BatchId, error: Error) -> Result<()> {
        let mut row = self.batch_row_of(id).await?;
        let (state, kind) = match error.kind.status {
            _ if error.code() == CANCELLED.code => (BatchState::Cancelled, "collection.batch_cancelled"),
            500.. => (BatchState::Failed, "collection.batch_failed"),
            _ => (BatchState::Refused, "collection.batch_refused"),
        };
        if state == BatchState::Failed {
            tracing::error!(batch = %id, error = %error, "a batch failed");
        }
        row.state = state.as_str().to_owned();
        row.finished_at = Some(ctx.now().0);
        if state != BatchState::Cancelled {
            let problem = StoredProblem::of(&error, &ctx.trace);
            row.error = Some(serde_json::to_string(&problem).map_err(Error::internal)?);
        }
        let mut tx = self.store().begin(ctx).await?;
        forget_bad_rows(&tx, &row).await?;
        if row.kind == BatchKind::Replay.as_str() {
            super::replay::release(&tx, &row.id).await?;
        }
        save(tx.conn(), &row).await?;
        tx.append(
            Entry::new(kind, id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("source", row.source_id.as_str())
                .put("code", error.code()),
        );
        tx.commit().await?;
        Ok(())
    }
}

/// A replay adds its rows to a snapshot rather than be one.
fn mode_of(row: &batch::Model) -> LoadMode {
    match Mode::parse(&row.load_mode) {
        Some(Mode::Snapshot) if row.kind == BatchKind::Replay.as_str() => LoadMode::Append,
        Some(mode) => mode.into(),
        None => LoadMode::Append,
    }
}

pub(crate) async fn save(conn: &impl ConnectionTrait, row: &batch::Model) -> Result<()> {
    batch::Entity::update(batch::ActiveModel::from(row.clone()).reset_all())
        .exec(conn)
        .await?;
    Ok(())
}

/// What an attempt before this one kept; a replay's rows belong to another batch.
async fn forget_bad_rows(tx: &Tx, row: &batch::Model) -> Result<()> {
    if row.kind != BatchKind::Replay.as_str() {
        quarantine::Entity::delete_many()
            .filter(quarantine::Column::BatchId.eq(&row.id))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

async fn keep_bad_rows(ctx: &Ctx, tx: &Tx, row: &batch::Model, bad: Vec<BadRow>) -> Result<()> {
    if let Some(original) = row
        .replay_of
        .as_deref()
        .filter(|_| row.kind == BatchKind::Replay.as_str())
    {
        return super::replay::reopen(tx, original, &row.id, &bad).await;
    }
    let rows = bad
        .into_iter()
        .map(|b| {
            Ok(quarantine::ActiveModel::from(quarantine::Model {
                id: QuarantineId::new(ctx).0,
                batch_id: row.id.clone(),
                resource_id: row.resource_id.clone(),
                row_number: b.row as i64,
                data: serde_json::to_string(&b.values).map_err(Error::internal)?,
                codes: codes_of(&b.reasons),
                reasons: serde_json::to_string(&b.reasons).map_err(Error::internal)?,
                state: RowState::Open.as_str().to_owned(),
                revision: 1,
                replay_batch: None,
                discard_text: None,
                changed_by: None,
                changed_at: None,
            })
            .reset_all())
        })
        .collect::<Result<Vec<_>>>()?;
    quarantine::Entity::insert_many(rows)
        .exec_without_returning(tx.conn())
        .await?;
    Ok(())
}

/// `;code;code;`
pub(crate) fn codes_of(reasons: &[Reason]) -> String {
    let mut codes: Vec<&str> = reasons.iter().map(|r| r.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    format!(";{};", codes.join(";"))
}

/// When a running batch began, and how far it is.
pub(crate) struct Running {
    pub progress: Arc<Progress>,
    pub since: Moment,
}

//! Building a publication: the files of one table version, as a durable job.
//!
//! The files grow in a directory of their own, are forced to the disk, and the
//! directory gets its name; then one transaction makes it the publication in
//! force. Killed anywhere before that, the former publication stands as it
//! was, and the job begins anew after the restart.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base::{Ctx, Error, Moment, Result};
use catalog::model::PublishedEntry;
use db::JobHandle;
use db::jobs::JobHandler;
use futures::StreamExt;
use lake::Scan;
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::mpsc;

use crate::files::{FileFacts, Files, Head};
use crate::model::{LICENCE, Treatment};
use crate::states::{Event, State};
use crate::store::{dataset, publication};
use crate::{Opening, plan, usecases};

/// Kind of the job; its key is the publication's id.
pub const JOB: &str = "opening.publish";
/// Batches that wait for the writers.
const BATCHES_AHEAD: usize = 4;

/// Runs the jobs; see [`db::Jobs`].
pub struct Publisher(pub Opening);

#[async_trait]
impl JobHandler for Publisher {
    fn kind(&self) -> &'static str {
        JOB
    }
    async fn run(&self, ctx: &Ctx, job: &JobHandle) -> Result<()> {
        match self.0.build(ctx, &job.key, Some(job)).await {
            Err(e) if e.kind.status < 500 => {
                tracing::warn!(publication = job.key, error = %e, "a publication cannot be built");
                self.0.give_up(ctx, &job.key, &e).await
            }
            other => other,
        }
    }
}

impl Opening {
    /// Where a publication's files lie.
    pub fn directory(&self, resource: &str, publication: &str) -> PathBuf {
        self.files_dir().join(resource).join(publication)
    }

    async fn build(&self, ctx: &Ctx, id: &str, job: Option<&JobHandle>) -> Result<()> {
        let Some(row) = publication::Entity::find_by_id(id).one(self.store().conn()).await? else {
            return Ok(());
        };
        // done by an earlier attempt, or no longer wanted
        if row.state != "building" {
            return Ok(());
        }
        let entry: PublishedEntry = serde_json::from_str(&row.entry).map_err(Error::internal)?;
        let treatment: Treatment = serde_json::from_str(&row.treatment).map_err(Error::internal)?;
        let directory = self.directory(&row.resource_id, id);
        let growing = directory.with_extension("growing");
        renew(&growing).await?;
        let facts = self.write_files(&row, &entry, &treatment, growing.clone(), job).await?;
        settle(&growing, &directory).await?;
        self.put_in_force(ctx, &row, facts).await?;
        self.sweep(&row.resource_id, id).await;
        Ok(())
    }

    async fn write_files(
        &self,
        row: &publication::Model,
        entry: &PublishedEntry,
        treatment: &Treatment,
        directory: PathBuf,
        job: Option<&JobHandle>,
    ) -> Result<Vec<FileFacts>> {
        let items = plan::dictionary(entry, treatment)?;
        let key = plan::single_key(entry);
        let access = plan::of(&row.resource_id, &items, treatment, key.as_deref())?;
        let opener = self.identity().institution(&entry.provider_id).await?.name;
        let slug = self.slug_of(&row.resource_id).await?;
        let head = Head {
            id: row.resource_id.clone(),
            title: entry.title.clone(),
            opener,
            licence: LICENCE.title.to_owned(),
            source: format!("{}/datasets/{slug}", self.site().base),
            version: row.catalog_version,
            table_version: row.table_version,
            items,
        };
        let version = Some(row.table_version as u64);
        let all = self.lake().count(&access, version, None).await?.max(1);
        let columns = Some(head.items.iter().map(|i| i.name.clone()).collect());
        let scan = Scan {
            version,
            columns,
            ..Scan::default()
        };
        let mut stream = self.lake().scan(&access, &scan).await?;

        let (send, mut receive) = mpsc::channel::<lake::arrow::array::RecordBatch>(BATCHES_AHEAD);
        let writing = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<FileFacts>> {
            let mut files = Files::begin(&directory, &head)?;
            while let Some(batch) = receive.blocking_recv() {
                files.batch(&batch)?;
            }
            files.finish()
        });
        let mut done = 0u64;
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(lake::LakeError::from)?;
            done += batch.num_rows() as u64;
            // a writer that failed has hung up; its error is told below
            if send.send(batch).await.is_err() {
                break;
            }
            if let Some(job) = job {
                job.progress(done as f64 / all as f64, Some(format!("{done}/{all}")))
                    .await?;
            }
        }
        drop(send);
        writing.await.map_err(Error::internal)?.map_err(told)
    }

    /// One transaction: this publication is in force, the former one is not.
    async fn put_in_force(&self, ctx: &Ctx, row: &publication::Model, facts: Vec<FileFacts>) -> Result<()> {
        let mut tx = self.store().begin(ctx).await?;
        let of = usecases::locked(&tx, &row.resource_id).await?;
        if of.pending_id.as_deref() != Some(row.id.as_str()) {
            set_state(&tx, &row.id, "superseded").await?;
            tx.commit().await?;
            return Ok(());
        }
        let state = State::parse(&of.state).unwrap_or(State::Withdrawn);
        let next = state.after(Event::Built).unwrap_or(state);
        if let Some(former) = &of.publication_id {
            set_state(&tx, former, "former").await?;
        }
        let rows = facts.first().map_or(0, |f| f.rows);
        publication::Entity::update_many()
            .col_expr(publication::Column::State, Expr::value("current"))
            .col_expr(publication::Column::Rows, Expr::value(rows as i64))
            .col_expr(
                publication::Column::Files,
                Expr::value(serde_json::to_string(&facts).map_err(Error::internal)?),
            )
            .col_expr(publication::Column::BuiltAt, Expr::value(ctx.now().0))
            .filter(publication::Column::Id.eq(&row.id))
            .exec(tx.conn())
            .await?;
        let mut changed = of.clone();
        changed.state = next.as_str().to_owned();
        changed.publication_id = Some(row.id.clone());
        changed.pending_id = None;
        changed.updated_at = ctx.now().0;
        if next != state {
            changed.since = ctx.now().0;
        }
        let changed = usecases::save(&tx, of, changed).await?;
        let mut entry = Entry::new("opening.publication_built", &row.resource_id)
            .put("publication", &row.id)
            .put("catalog_version", row.catalog_version)
            .put("table_version", row.table_version)
            .put("rows", rows)
            .put("state", next.as_str());
        for file in &facts {
            entry = entry.put(&format!("sha256_{}", file.format.as_str()), &file.sha256);
        }
        tx.append(entry);
        tx.commit().await?;
        self.told_of(&changed);
        Ok(())
    }

    /// Not the platform's fault: the publication is marked, the former one stays.
    async fn give_up(&self, ctx: &Ctx, id: &str, why: &Error) -> Result<()> {
        let Some(row) = publication::Entity::find_by_id(id).one(self.store().conn()).await? else {
            return Ok(());
        };
        let mut tx = self.store().begin(ctx).await?;
        publication::Entity::update_many()
            .col_expr(publication::Column::State, Expr::value("failed"))
            .col_expr(publication::Column::Error, Expr::value(why.code()))
            .filter(publication::Column::Id.eq(id))
            .exec(tx.conn())
            .await?;
        dataset::Entity::update_many()
            .col_expr(dataset::Column::PendingId, Expr::value(None::<String>))
            .filter(dataset::Column::ResourceId.eq(&row.resource_id))
            .filter(dataset::Column::PendingId.eq(id))
            .exec(tx.conn())
            .await?;
        tx.append(
            Entry::new("opening.publication_failed", &row.resource_id)
                .put("publication", id)
                .put("error", why.code()),
        );
        tx.commit().await?;
        self.stale();
        Ok(())
    }

    /// Directories of publications that are no longer in force. A download
    /// under way keeps its open file.
    async fn sweep(&self, resource: &str, keep: &str) {
        let Ok(mut entries) = tokio::fs::read_dir(self.files_dir().join(resource)).await else {
            return;
        };
        while let Ok(Some(entry)) = entries.next_entry().await {
            if entry.file_name().to_string_lossy() != keep
                && let Err(e) = tokio::fs::remove_dir_all(entry.path()).await
            {
                tracing::warn!(error = %e, "files of a former publication could not be removed");
            }
        }
    }
}

async fn set_state(tx: &db::Tx, id: &str, state: &str) -> Result<()> {
    publication::Entity::update_many()
        .col_expr(publication::Column::State, Expr::value(state))
        .filter(publication::Column::Id.eq(id))
        .exec(tx.conn())
        .await?;
    Ok(())
}

async fn renew(directory: &Path) -> Result<()> {
    match tokio::fs::remove_dir_all(directory).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(told(e)),
        _ => {}
    }
    tokio::fs::create_dir_all(directory).await.map_err(told)
}

/// Gives the finished directory its name, for good. One that stands there is
/// left of an attempt that died before its transaction.
async fn settle(growing: &Path, directory: &Path) -> Result<()> {
    match tokio::fs::remove_dir_all(directory).await {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(told(e)),
        _ => {}
    }
    tokio::fs::rename(growing, directory).await.map_err(told)?;
    if let Some(parent) = directory.parent() {
        let parent = tokio::fs::File::open(parent).await.map_err(told)?;
        parent.sync_all().await.map_err(told)?;
    }
    Ok(())
}

fn told(e: std::io::Error) -> Error {
    if e.kind() == std::io::ErrorKind::StorageFull {
        return lake::LakeError::from(
            Error::new(&base::error::UNAVAILABLE)
                .with("what", "磁盘空间不足")
                .because(e),
        )
        .into();
    }
    Error::internal(e)
}

/// When a publication was built, for lists.
pub fn built_at(row: &publication::Model) -> Moment {
    Moment(row.built_at.unwrap_or(row.created_at))
}

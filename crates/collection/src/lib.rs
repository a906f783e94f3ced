//! 收集、归集: departments' data comes in, is checked against the catalog, and
//! becomes a table.
//!
//! Nouns
//! - *source* (数据来源): where a resource's rows come from, on which legal
//!   basis, for which purpose, in which scope (COL-3).
//! - *batch* (批次): one file or pull, wholly loaded or not at all; see
//!   [`states`] for its states.
//! - *quarantined row* (问题行): a row that broke the catalog's rules, with its
//!   reasons; corrected and replayed, or discarded with a reason (COL-4).
//!
//! Invariants
//! - The file is stored, with its digest, before anything else happens to it.
//! - A batch is in its table once or not at all: the commit carries its id, and
//!   is asked for it before any work is done again. Killed at any point, the
//!   next start brings it to the same end.
//! - Every row read is a row written or a row quarantined: the counts add up.
//! - Memory does not grow with a file: see [`load`].
//! - The same content of the same source twice changes nothing.
//!
//! Deliberately absent: change capture, forms and drop-folder watching
//! (COL-1's other ways in), quality rules (crate `quality`), lineage (COL-6).

mod check;
mod codes;
pub mod errors;
mod export;
mod keys;
pub mod load;
pub mod model;
mod queries;
pub mod read;
mod routes;
pub mod spec;
pub mod states;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod usecases;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use base::{BatchId, Ctx, Error, Moment, ResourceId, Result};
use catalog::{Catalog, PublishedEntry};
use db::Store;
use identity::{Action, Identity, Target};
use lake::Lake;

pub use check::{BadRow, Checker, Reason};
pub use codes::code_set;
pub use errors::KINDS;
pub use export::ExportFormat;
pub use routes::routes;
pub use store::migrations;
pub use usecases::files::{Incoming, SentHints};
pub use usecases::quarantine::CorrectionsReport;
pub use usecases::run::{BatchRunner, JOB_KIND, Step};

use crate::errors::NOT_COLLECTABLE;
use crate::load::{Progress, disk};
use crate::model::BatchProgress;
use crate::usecases::run::Running;

/// Collection of a node. Cheap to clone.
#[derive(Clone)]
pub struct Collection {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    lake: Lake,
    identity: Identity,
    catalog: Catalog,
    files: PathBuf,
    drop_folder: PathBuf,
    spool: PathBuf,
    workers: usize,
    running: Mutex<HashMap<String, Running>>,
    observer: Option<Arc<dyn Fn(Step) + Send + Sync>>,
}

impl Collection {
    /// `data_dir` holds received files (`files`), the front-end folder that
    /// SQLite sources are read from (`front-end`), and what does not fit in
    /// memory (`spool`). Half uploads of an earlier process are removed.
    pub fn new(store: Store, lake: Lake, identity: Identity, catalog: Catalog, data_dir: &Path) -> Result<Self> {
        let [files, drop_folder, spool] = ["files", "front-end", "spool"].map(|name| data_dir.join(name));
        for dir in [&files, &drop_folder, &spool] {
            std::fs::create_dir_all(dir).map_err(disk)?;
        }
        for left in std::fs::read_dir(&files).map_err(disk)?.flatten() {
            if left.path().extension().is_some_and(|e| e == "part") {
                std::fs::remove_file(left.path()).map_err(disk)?;
            }
        }
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let inner = Inner {
            store,
            lake,
            identity,
            catalog,
            files,
            drop_folder,
            spool,
            workers,
            running: Mutex::default(),
            observer: None,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Told of each step of each batch, on the thread that takes it.
    pub fn observed(self, observer: impl Fn(Step) + Send + Sync + 'static) -> Result<Self> {
        let inner = Arc::into_inner(self.inner).ok_or_else(|| Error::internal("observed after it was shared"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                observer: Some(Arc::new(observer)),
                ..inner
            }),
        })
    }

    /// What runs batches, for the process's [`db::Jobs`].
    pub fn runner(&self) -> Arc<BatchRunner> {
        Arc::new(BatchRunner(self.clone()))
    }

    pub fn lake(&self) -> &Lake {
        &self.inner.lake
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
    pub(crate) fn files_dir(&self) -> &Path {
        &self.inner.files
    }
    /// The front-end folder (前置机目录).
    pub fn drop_dir(&self) -> &Path {
        &self.inner.drop_folder
    }
    pub(crate) fn spool_dir(&self) -> &Path {
        &self.inner.spool
    }
    pub(crate) fn workers(&self) -> usize {
        self.inner.workers
    }
    /// Where a batch's file is: its id is all that its path is made of.
    pub(crate) fn file_of(&self, id: &BatchId) -> PathBuf {
        self.inner.files.join(id.as_str())
    }
    pub(crate) fn observe(&self, step: Step) {
        if let Some(observer) = &self.inner.observer {
            observer(step);
        }
    }

    /// The entry that data is collected for: in force, and known to the actor.
    pub(crate) async fn entry(&self, ctx: &Ctx, id: &ResourceId) -> Result<PublishedEntry> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        self.catalog().published(id).await
    }

    /// As [`Self::entry`], for the platform's own work.
    pub(crate) async fn published(&self, id: &ResourceId) -> Result<PublishedEntry> {
        self.catalog().published(id).await.map_err(|e| match e.kind.status {
            404 => Error::new(&NOT_COLLECTABLE),
            _ => e,
        })
    }

    /// Registers a batch as running until the answer is dropped.
    pub(crate) fn running(&self, id: &BatchId, progress: Arc<Progress>, since: Moment) -> RunningGuard {
        self.lock_running().insert(id.0.clone(), Running { progress, since });
        RunningGuard {
            collection: self.clone(),
            id: id.0.clone(),
        }
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Running>> {
        self.inner.running.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Asks a running batch to stop; false where none runs under the id.
    pub(crate) fn stop_running(&self, id: &BatchId) -> bool {
        match self.lock_running().get(id.as_str()) {
            Some(running) => {
                running.progress.cancelled.store(true, Ordering::Relaxed);
                true
            }
            None => false,
        }
    }

    /// Progress, rows read and rows bad of a running batch of `bytes`.
    pub(crate) fn progress_of(&self, id: &str, bytes: u64, now: Moment) -> Option<(BatchProgress, u64, u64)> {
        let running = self.lock_running();
        let Running { progress, since } = running.get(id)?;
        let (rows, bad) = (
            progress.rows.load(Ordering::Relaxed),
            progress.bad.load(Ordering::Relaxed),
        );
        let seconds = ((now.0 - since.0) as f64 / 1000.0).max(0.001);
        let consumed = progress.consumed_bytes();
        let fraction = (bytes > 0 && consumed > 0).then(|| (consumed as f64 / bytes as f64).min(1.0));
        let eta_s = fraction.filter(|f| *f > 0.01).map(|f| seconds * (1.0 - f) / f);
        Some((
            BatchProgress {
                fraction,
                rows_per_s: rows as f64 / seconds,
                eta_s,
            },
            rows,
            bad,
        ))
    }
}

pub(crate) struct RunningGuard {
    collection: Collection,
    id: String,
}
impl Drop for RunningGuard {
    fn drop(&mut self) {
        self.collection.lock_running().remove(&self.id);
    }
}

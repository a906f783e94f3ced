//! A transaction that also appends to the ledger.

use base::{Ctx, Result};
use ledger::Entry;
use sea_orm::DatabaseTransaction;
use tokio::sync::OwnedMutexGuard;

use crate::{Store, TextRef, ledger_log, texts};

/// Dropped without [`Tx::commit`], it changes nothing.
pub struct Tx {
    store: Store,
    ctx: Ctx,
    tx: DatabaseTransaction,
    entries: Vec<Entry>,
    /// Held until the end; see `Store`.
    _writer: Option<OwnedMutexGuard<()>>,
}

impl Tx {
    pub(crate) fn new(store: Store, ctx: Ctx, tx: DatabaseTransaction, writer: Option<OwnedMutexGuard<()>>) -> Self {
        Self {
            store,
            ctx,
            tx,
            entries: vec![],
            _writer: writer,
        }
    }

    /// For the queries of the state that changes. Lock rows that a decision
    /// depends on with a guarded update (`WHERE revision = …`).
    pub fn conn(&self) -> &DatabaseTransaction {
        &self.tx
    }
    pub fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Appends at commit: the store fills in number, moment, actor,
    /// institution and trace.
    pub fn append(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Keeps a text (a reason, a letter) in a row of its own that can be
    /// destroyed; the ledger gets its salted hash.
    pub async fn text(&mut self, body: &str) -> Result<TextRef> {
        texts::keep(&self.tx, &self.ctx, body).await
    }
    /// Destroys a text; what the ledger holds stays provable.
    pub async fn destroy_text(&mut self, id: &base::TextId) -> Result<()> {
        texts::destroy(&self.tx, id).await
    }

    /// Returns the numbers of the appended entries.
    pub async fn commit(mut self) -> Result<Vec<u64>> {
        let entries = std::mem::take(&mut self.entries);
        let mut numbers = vec![];
        let mut size = None;
        if !entries.is_empty() {
            self.store.lock_ledger(&self.tx).await?;
            let (given, new_size) = ledger_log::append(&self.tx, &self.ctx, entries).await?;
            numbers = given;
            size = Some(new_size);
        }
        self.tx.commit().await?;
        if let Some(size) = size {
            self.store.announce(size);
        }
        Ok(numbers)
    }
}

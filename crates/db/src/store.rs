//! Connection, and everything that differs between the two stores.

use std::sync::Arc;
use std::time::Duration;

use base::{Ctx, Result};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, watch};

use crate::{Migration, Tx, migrate};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A handle to the control store. Clones share everything.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    conn: DatabaseConnection,
    backend: Backend,
    /// SQLite has one writer: waiting in line here is fair and never answers
    /// "busy" in the middle of a decision. PostgreSQL does without.
    writer: Arc<Mutex<()>>,
    /// Size of the ledger after the newest commit of this process.
    committed: watch::Sender<u64>,
}

/// Connections to the store.
const CONNECTIONS_MAX: u32 = 16;
/// How long a writer waits for another process, ms.
const BUSY_TIMEOUT_MS: u64 = 10_000;
/// Key of PostgreSQL's advisory lock under which sequence numbers are given.
const LEDGER_LOCK: i64 = 0x5348_5551_4941_4f31;
/// And of the one under which checkpoints are made: appending goes on meanwhile.
const CHECKPOINT_LOCK: i64 = 0x5348_5551_4941_4f32;

impl Store {
    /// `sqlite:///path/to/file.db` (made when missing) or `postgres://…`; runs
    /// the migrations that are still missing.
    pub async fn connect(url: &str, ctx: &Ctx, migrations: &[Migration]) -> Result<Self> {
        let backend = if url.starts_with("postgres") {
            Backend::Postgres
        } else {
            Backend::Sqlite
        };
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(CONNECTIONS_MAX)
            .min_connections(1)
            .acquire_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            .sqlx_logging(false);
        if backend == Backend::Sqlite {
            options.map_sqlx_sqlite_opts(|o| {
                use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
                o.create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // a decision that was answered survives a power cut
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            });
        }
        let conn = Database::connect(options).await?;
        let (committed, _) = watch::channel(0);
        let store = Self {
            inner: Arc::new(Inner {
                conn,
                backend,
                writer: Arc::default(),
                committed,
            }),
        };
        migrate::run(store.conn(), ctx, &crate::migrations()).await?;
        migrate::run(store.conn(), ctx, migrations).await?;
        store
            .inner
            .committed
            .send_replace(crate::ledger_log::size(store.conn()).await?);
        Ok(store)
    }

    pub fn backend(&self) -> Backend {
        self.inner.backend
    }
    /// For reads. Writes go through [`Store::begin`].
    pub fn conn(&self) -> &DatabaseConnection {
        &self.inner.conn
    }

    /// A transaction of `ctx`'s actor. Dropping it rolls back.
    pub async fn begin(&self, ctx: &Ctx) -> Result<Tx> {
        let guard = match self.inner.backend {
            Backend::Sqlite => Some(self.inner.writer.clone().lock_owned().await),
            Backend::Postgres => None,
        };
        let options = TransactionOptions {
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: (self.inner.backend == Backend::Sqlite)
                .then_some(SqliteTransactionMode::Immediate),
        };
        let tx = self.inner.conn.begin_with_options(options).await?;
        Ok(Tx::new(self.clone(), ctx.clone(), tx, guard))
    }

    /// Taken at the end of a transaction that appends; released by its end.
    pub(crate) async fn lock_ledger(&self, tx: &DatabaseTransaction) -> Result<()> {
        self.lock(tx, LEDGER_LOCK).await
    }
    /// Taken by a transaction that signs; released by its end.
    pub(crate) async fn lock_checkpoints(&self, tx: &DatabaseTransaction) -> Result<()> {
        self.lock(tx, CHECKPOINT_LOCK).await
    }
    async fn lock(&self, tx: &DatabaseTransaction, key: i64) -> Result<()> {
        if self.inner.backend == Backend::Postgres {
            let statement = sea_orm::Statement::from_sql_and_values(
                DatabaseBackend::Postgres,
                "SELECT pg_advisory_xact_lock($1)",
                [key.into()],
            );
            tx.execute_raw(statement).await?;
        }
        Ok(())
    }

    pub(crate) fn announce(&self, size: u64) {
        self.inner.committed.send_if_modified(|known| {
            let grew = size > *known;
            *known = size.max(*known);
            grew
        });
    }
    /// Tells when this process has appended to the ledger. Another process's
    /// appends are found by polling (`follow`).
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.inner.committed.subscribe()
    }
    /// Does the store answer?
    pub async fn ping(&self) -> Result<()> {
        Ok(self.inner.conn.ping().await?)
    }
    pub async fn close(self) -> Result<()> {
        Ok(self.inner.conn.clone().close().await?)
    }
}

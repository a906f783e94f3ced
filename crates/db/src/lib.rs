//! The control store on SQLite (default) or PostgreSQL: connection, migrations,
//! the transaction that also appends to the ledger, texts that can be
//! destroyed, cursors of the ledger's readers, and durable jobs.
//!
//! Invariants:
//! - A [`Tx`] changes state and appends its ledger entries together, or does
//!   neither. There is no other way to write to the ledger.
//! - Sequence numbers are given under one lock at the very end of the
//!   transaction, so a reader's cursor never sees a gap that fills later.
//! - No I/O to a peer happens inside a transaction.
//!
//! Deliberately absent: any capability's tables (each crate brings its own
//! [`Migration`]s), and dialects: what is not portable between the two stores
//! stands in `store.rs` and nowhere else.

pub mod errors;
pub mod follow;
pub mod jobs;
pub mod ledger_audit;
pub mod ledger_export;
pub mod ledger_log;
pub mod ledger_tiles;
mod migrate;
mod store;
mod texts;
mod tx;

pub use follow::{Follower, Followers};
pub use jobs::{JobHandle, JobState, Jobs};
pub use ledger_tiles::Signed;
pub use migrate::{Migration, Step};
pub use store::{Backend, Store};
pub use texts::TextRef;
pub use tx::Tx;

/// Migrations of this crate's own tables.
pub fn migrations() -> Vec<Migration> {
    [
        ledger_log::migrations(),
        texts::migrations(),
        follow::migrations(),
        jobs::migrations(),
        ledger_tiles::migrations(),
    ]
    .concat()
}

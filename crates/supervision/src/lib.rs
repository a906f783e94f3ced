//! 监督: what auditors, the authority and anybody with an export can see and
//! check: the ledger with its proofs, its signed checkpoints and its tiles, and
//! the register of statutory deadlines (SUP-1).
//!
//! Nouns: entry (账本条目), proof (存在证明), checkpoint (检查点), tile (哈希块),
//! export (导出), audit (校验), deadline (期限).
//!
//! Invariants:
//! - Supervision reads. What it writes is tiles and checkpoints, which follow from
//!   the entries.
//! - A checkpoint carries an Ed25519 and an SM2 signature of the node's keys.
//! - Tiles and checkpoints hold hashes only and are public; entries are for those
//!   whom `ledger.read` permits.
//!
//! Deliberately absent: rectification orders, yearly evaluation, inspections
//! (SUP-2 to SUP-4), witnesses that co-sign checkpoints.

mod kinds;
mod model;
mod queries;
mod routes;

use std::sync::Arc;

use base::Ctx;
use db::Store;
use identity::Identity;
pub use kinds::title_of_kind;
use ledger::note::{Signers, Verifier};
pub use model::{AuditView, CheckpointView, ConsistencyView, EntryView, InclusionView, LedgerQuery};
use procedure::Procedures;
pub use routes::routes;

/// This crate keeps no tables of its own: the ledger's stand in `db`.
pub fn migrations() -> Vec<db::Migration> {
    vec![]
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Supervision {
    store: Store,
    identity: Identity,
    procedures: Procedures,
    signers: Arc<Signers>,
}

impl Supervision {
    pub fn new(store: Store, identity: Identity, procedures: Procedures) -> Self {
        let origin = origin(&identity.node.division);
        let signers = Signers::new(origin, identity.keys.ed25519.clone(), identity.keys.sm2.clone());
        Self {
            store,
            identity,
            procedures,
            signers: Arc::new(signers),
        }
    }
    /// The public keys that verify this node's checkpoints.
    pub fn verifiers(&self) -> Vec<Verifier> {
        self.signers.verifiers()
    }
    pub fn signers(&self) -> &Signers {
        &self.signers
    }

    /// Signs the ledger as it stands.
    ///
    /// # Errors
    /// `ledger.altered` where the ledger contradicts itself.
    pub async fn checkpoint(&self, ctx: &Ctx) -> base::Result<Option<db::Signed>> {
        self.store.sign_checkpoint(ctx, &self.signers).await
    }
}

/// Name of a node's ledger, under which its keys sign.
pub fn origin(division: &str) -> String {
    format!("shuqiao/{division}/ledger")
}

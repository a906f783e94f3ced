//! The gateway's runtime: a call is checked and answered from memory.
//!
//! ```text
//! call ─ age of the snapshot ─ token ─ application ─ address ─ service ─ grant ─ items
//!      ─ rate ─ key ─ index ─ row filter ─ masks ─ answer ─ access log ─> leaves
//! ```
//!
//! The first check that fails gives the refusal its code; the refusal is
//! logged as an answer is.

mod address;
mod answer;
mod call;
pub mod http;
mod rate;
mod snapshot;
mod token;

pub use address::Addresses;
pub use call::{Answer, CONSOLE, Call, Credential, Input, Request};
pub use rate::Bucket;
pub use snapshot::{Application, Grant, GrantState, Secret, Service, Snapshot, Table};
pub use token::Token;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use base::{Clock, Ctx, Moment};
use crypto::KeyedHash;
use parking_lot::Mutex;

use crate::access_log::{AccessLog, RecordHash};

/// Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    node: Arc<str>,
    keys: KeyedHash,
    clock: Arc<dyn Clock>,
    chance: base::Chance,
    snapshot: ArcSwap<Snapshot>,
    /// When the snapshot was last known to be the newest, ms.
    confirmed_ms: AtomicI64,
    log: Option<Arc<AccessLog>>,
    /// Rate limits by grant; only asked when a snapshot is built.
    buckets: Mutex<HashMap<Box<str>, Arc<Bucket>>>,
    /// Request ids: chosen at the start, then counted.
    run: u64,
    calls: AtomicU64,
    answered: AtomicU64,
}

impl Gateway {
    /// Refuses every call until the first [`Gateway::install`].
    ///
    /// `node` stands in tokens; `keys` signs them and hashes what is looked up.
    pub fn new(node: &str, keys: KeyedHash, ctx: &Ctx, log: Arc<AccessLog>) -> Self {
        Self::build(node, keys, ctx, Some(log))
    }

    /// Without evidence: only to measure what the evidence costs.
    pub fn without_log(node: &str, keys: KeyedHash, ctx: &Ctx) -> Self {
        Self::build(node, keys, ctx, None)
    }

    fn build(node: &str, keys: KeyedHash, ctx: &Ctx, log: Option<Arc<AccessLog>>) -> Self {
        Self {
            inner: Arc::new(Inner {
                node: node.into(),
                keys,
                clock: Arc::clone(&ctx.clock),
                chance: ctx.chance.clone(),
                snapshot: ArcSwap::from_pointee(Snapshot::default()),
                confirmed_ms: AtomicI64::new(i64::MIN),
                log,
                buckets: Mutex::default(),
                run: u64::from_le_bytes(ctx.chance.bytes()),
                calls: AtomicU64::new(0),
                answered: AtomicU64::new(0),
            }),
        }
    }

    /// Puts a new snapshot in place: calls under way end with the old one.
    pub fn install(&self, snapshot: Snapshot, at: Moment) {
        drop(self.inner.snapshot.swap(Arc::new(snapshot)));
        self.inner
            .buckets
            .lock()
            .retain(|_, bucket| Arc::strong_count(bucket) > 1);
        self.confirm(at);
    }

    /// The rate limit of a grant, for the snapshot that is being built: the one
    /// in use, if the rate has not changed.
    pub fn bucket(&self, grant: &str, per_s: u32) -> Arc<Bucket> {
        let mut buckets = self.inner.buckets.lock();
        match buckets.get(grant) {
            Some(bucket) if bucket.per_s() == per_s.max(1) => Arc::clone(bucket),
            _ => {
                let bucket = Arc::new(Bucket::new(per_s));
                buckets.insert(grant.into(), Arc::clone(&bucket));
                bucket
            }
        }
    }

    /// The snapshot is known to be the newest at this moment.
    pub fn confirm(&self, at: Moment) {
        self.inner.confirmed_ms.fetch_max(at.0, Ordering::AcqRel);
    }

    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.snapshot.load_full()
    }

    /// Milliseconds since the snapshot was known to be the newest; `None`
    /// before the first.
    pub fn snapshot_age_ms(&self) -> Option<i64> {
        let confirmed = self.inner.confirmed_ms.load(Ordering::Acquire);
        (confirmed != i64::MIN).then(|| self.inner.clock.now().0 - confirmed)
    }

    pub fn log(&self) -> Option<&Arc<AccessLog>> {
        self.inner.log.as_ref()
    }

    /// Calls since the start, and how many of them were answered `ok`.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.inner.calls.load(Ordering::Relaxed),
            self.inner.answered.load(Ordering::Relaxed),
        )
    }

    /// What the access log holds of a record: `key` as [`crate::index::key_of`]
    /// makes it. Hashes of different resources cannot be joined.
    pub fn record_hash(&self, resource: &str, key: &[u8]) -> RecordHash {
        let mut domain = String::with_capacity(16 + resource.len());
        domain.push_str("access-log/");
        domain.push_str(resource);
        let mut hash = [0; 16];
        hash.copy_from_slice(&self.inner.keys.of(&domain, key)[..16]);
        hash
    }
}

#[cfg(test)]
mod tests;

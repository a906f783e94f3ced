//! 数据质量: rules over stored data, runs, failing rows, and work orders that
//! close only when the check passes or a named person explains.
//!
//! Nouns: *rule kind* (规则类型), *rule* (质量规则), *run* (质量检查), *failing
//! row* (问题行), *score* (质量得分), *work order* (问题工单).
//!
//! ```text
//! work order:  reported ─accept─▶ correcting ─respond─▶ rechecking ─passed─▶ closed
//!                                  │    ▲                    │
//!                                  │    └───────failed───────┘
//!                                  └─explain─▶ explained
//! ```
//! Its steps and deadlines are the rule set's procedure `work_order`.
//!
//! Invariants:
//! - All rules of a resource go through its table in one scan ([`scan`]).
//! - Every failing row is counted; the first ones are kept, by batch and row of
//!   the source, with masked values only.
//! - One work order is open for a rule at a time. A later run that passes
//!   closes it; one that fails keeps it open.
//! - What a check finds is accepted at once by the platform; what a person
//!   reports waits for the provider.
//!
//! Deliberately absent: correcting data (crate `collection`: quarantine, upsert
//! loads), rules across tables.

mod columns;
pub mod errors;
pub mod kinds;
mod orders;
mod queries;
mod routes;
pub mod rule;
mod rules;
mod runs;
pub mod scan;
mod store;
mod unique;
pub mod views;

use std::sync::Arc;

use base::{Ctx, Error, ResourceId, Result};
use catalog::{Catalog, PublishedEntry};
use db::Store;
use identity::{Action, Identity, Target};
use lake::Lake;
use procedure::Procedures;

pub use errors::KINDS;
pub use queries::{FailureQuery, OrderQuery};
pub use routes::routes;
pub use rule::{Draft, Params, Rule, propose};
pub use runs::{JOB_KIND, Runner};
pub use store::migrations;

/// Quality of a node. Cheap to clone.
#[derive(Clone)]
pub struct Quality {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    lake: Lake,
    identity: Identity,
    catalog: Catalog,
    procedures: Procedures,
}

impl Quality {
    pub fn new(store: Store, lake: Lake, identity: Identity, catalog: Catalog, procedures: Procedures) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                lake,
                identity,
                catalog,
                procedures,
            }),
        }
    }

    /// What runs checks: one of the process's [`db::Jobs`] handlers.
    pub fn runner(&self) -> Arc<dyn db::jobs::JobHandler> {
        Arc::new(Runner(self.clone()))
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }
    pub(crate) fn lake(&self) -> &Lake {
        &self.inner.lake
    }
    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }
    pub(crate) fn procedures(&self) -> &Procedures {
        &self.inner.procedures
    }
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// The published entry, if the actor may do this with its provider's data.
    pub(crate) async fn entry_for(&self, ctx: &Ctx, action: Action, id: &ResourceId) -> Result<PublishedEntry> {
        if !ctx.actor.is_signed_in() && ctx.actor != base::Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let entry = self.catalog().published(id).await?;
        self.identity()
            .authz
            .check(ctx, action, &Target::owned_by(&entry.provider_id))?;
        Ok(entry)
    }
}

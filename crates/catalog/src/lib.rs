//! 目录: the catalog of public data resources. An institution compiles its
//! entries, the authority of its level reviews and publishes them; everybody
//! who works with data finds it here first.
//!
//! Nouns: *entry* ([`Entry`], 目录条目) is a data resource (数据资源) as the
//! catalog lists it; *version* is what it said at some time ([`model::Document`]);
//! *item* (信息项) is a column; *sharing attribute* (共享属性) and *opening
//! attribute* (开放属性) say to whom it may go, on which grounds;
//! [`PublishedEntry`] is what other capabilities read.
//!
//! The states and their diagram stand in [`states`].
//!
//! Invariants:
//! - A published version changes no more; it stays in force until the next one
//!   is published or the entry is withdrawn. No version is ever erased.
//! - A version that left its unit is frozen: after a return the next save opens
//!   the next version.
//! - Who saves says which revision they saw; of two, the second gets both texts.
//! - Every change is a ledger entry in the same transaction. The search index
//!   is made from the store and follows the ledger; it decides nothing.
//! - Who may not see drafts learns nothing of them, not by a total or a facet.
//!
//! Deliberately absent: reading files (crate `collection` reads a sample and
//! hands over its columns), the data itself, and requests for it (`sharing`).

mod access;
mod code;
pub mod compare;
pub mod derive;
pub mod errors;
mod export;
mod follow;
pub mod model;
mod queries;
mod routes;
pub mod search;
pub mod states;
mod store;
#[cfg(test)]
mod tests;
mod tree;
mod usecases;
pub mod validate;
pub mod views;
mod visits;
pub mod vocabulary;

use std::path::Path;
use std::sync::Arc;

use base::{Ctx, ResourceId, Result};
use db::Store;
use identity::{Action, Identity, Target};
use law::Law;
use procedure::{Procedures, Timeline};

pub use follow::IndexFollower;
pub use model::{Document, Item, PublishedEntry, PublishedItem};
pub use queries::ResourceFilter;
pub use routes::routes;
pub use search::{SearchIndex, Viewer};
pub use store::{Entry, migrations};
pub use usecases::{AtRevision, Load, NewResource, Review, SaveResource, Saved, Withdraw};

/// The catalog of a node. Cheap to clone.
#[derive(Clone)]
pub struct Catalog {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    identity: Identity,
    procedures: Procedures,
    index: SearchIndex,
    visits: visits::Visits,
}

impl Catalog {
    /// `index_folder` holds the search index; it may be empty or deleted at any
    /// time while the platform is down.
    pub fn new(store: Store, identity: Identity, procedures: Procedures, index_folder: &Path) -> Result<Self> {
        let index = SearchIndex::open(index_folder)?;
        let visits = visits::Visits::default();
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                identity,
                procedures,
                index,
                visits,
            }),
        })
    }

    /// What keeps the search index up to date: one of the process's [`db::Followers`].
    pub fn follower(&self) -> Arc<dyn db::Follower> {
        Arc::new(IndexFollower(self.clone()))
    }

    /// The newest review of an entry, for who takes part in it; nothing before
    /// the first.
    pub async fn timeline(&self, ctx: &Ctx, id: &ResourceId) -> Result<Option<Timeline>> {
        self.resource(ctx, id, None).await?;
        let newest = self.entry(id).await?.procedure_id;
        let all = self.procedures().timelines_of(ctx, id.as_str()).await?;
        Ok(all.into_iter().find(|t| Some(&t.id) == newest.as_ref()))
    }

    pub(crate) fn may_read(&self, ctx: &Ctx) -> Result<()> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())
    }
    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }
    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }
    pub(crate) fn procedures(&self) -> &Procedures {
        &self.inner.procedures
    }
    pub(crate) fn law(&self) -> &Law {
        self.inner.procedures.law()
    }
    pub(crate) fn index(&self) -> &SearchIndex {
        &self.inner.index
    }
    pub(crate) fn visits(&self) -> &visits::Visits {
        &self.inner.visits
    }
}

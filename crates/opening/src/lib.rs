//! 开放: public data that everybody may have, and taking it back.
//!
//! Nouns: *dataset* (a catalog entry that its opener has opened
//! unconditionally), *publication* (one catalog version and one table version
//! under one treatment, as files and rows), *treatment* (items dropped or
//! masked, records left out), *door* (any way to the data: page, preview, rows,
//! download, CKAN, DCAT), *opinion* (意见建议), *withdrawal* (撤回申请).
//!
//! States of a dataset: see [`states`]. An opinion and a withdrawal are
//! procedures of the rule set (`opinion`, `withdrawal`, `withdrawal_review`).
//!
//! Invariants
//! - Every door reads under one access plan ([`plan`]), so a mask or a removed
//!   record is the same through all of them.
//! - What is not open is behind every door at once: at the beginning of an
//!   answer by the shelf, in the middle of a stream by a [`doors::Pass`].
//! - A publication is in force wholly or not at all ([`publish`]).
//! - A treated dataset is shut until the treated publication stands.
//!
//! Deliberately absent: restricted opening (applications, agreements, sandbox),
//! showcase and contests; they come with their own issue.

pub mod ckan;
pub mod dcat;
pub mod doors;
mod errors;
mod feed;
pub mod files;
mod matters;
pub mod model;
mod page;
pub mod plan;
mod publish;
mod queries;
mod routes;
pub mod rows;
pub mod shelf;
pub mod slug;
pub mod states;
mod store;
#[cfg(test)]
mod tests;
mod upkeep;
mod usecases;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use catalog::Catalog;
use db::Store;
use identity::Identity;
use lake::Lake;
use procedure::Procedures;

pub use dcat::Site;
pub use errors::KINDS;
pub use page::PageHead;
pub use publish::Publisher;
pub use routes::{public_routes, routes};
pub use store::migrations;
pub use upkeep::Upkeep;

/// The capability. Cheap to clone.
#[derive(Clone)]
pub struct Opening(Arc<Inner>);

struct Inner {
    store: Store,
    identity: Identity,
    catalog: Catalog,
    procedures: Procedures,
    lake: Lake,
    site: Site,
    /// Where publications' files lie.
    files: PathBuf,
    doors: doors::Doors,
    shelf: tokio::sync::Mutex<Arc<shelf::Shelf>>,
    stale: AtomicBool,
    counts: feed::Counts,
}

/// What the capability is built on.
pub struct Parts {
    pub store: Store,
    pub identity: Identity,
    pub catalog: Catalog,
    pub procedures: Procedures,
    pub lake: Lake,
    pub site: Site,
    /// Directory of its own on a local disk.
    pub files: PathBuf,
}

impl Opening {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            store: parts.store,
            identity: parts.identity,
            catalog: parts.catalog,
            procedures: parts.procedures,
            lake: parts.lake,
            site: parts.site,
            files: parts.files,
            doors: doors::Doors::default(),
            shelf: tokio::sync::Mutex::default(),
            stale: AtomicBool::new(true),
            counts: feed::Counts::default(),
        }))
    }
    /// What builds publications: one of the process's [`db::Jobs`].
    pub fn publisher(&self) -> Arc<dyn db::jobs::JobHandler> {
        Arc::new(Publisher(self.clone()))
    }
    /// What reacts to loads and catalog changes: one of the process's
    /// [`db::Followers`].
    pub fn follower(&self, ctx: base::Ctx) -> Arc<dyn db::Follower> {
        Arc::new(Upkeep {
            opening: self.clone(),
            ctx,
        })
    }
    pub fn site(&self) -> &Site {
        &self.0.site
    }
    fn store(&self) -> &Store {
        &self.0.store
    }
    fn identity(&self) -> &Identity {
        &self.0.identity
    }
    fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }
    fn procedures(&self) -> &Procedures {
        &self.0.procedures
    }
    fn lake(&self) -> &Lake {
        &self.0.lake
    }
    fn files_dir(&self) -> &Path {
        &self.0.files
    }
    fn doors(&self) -> &doors::Doors {
        &self.0.doors
    }
}

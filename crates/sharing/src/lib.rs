//! 共享: one institution uses the data of another. It finds the resource in
//! the catalog, puts items into the cart, applies with scenario, purpose and
//! mode; the rule set's procedure decides; a grant follows and opens the gateway.
//!
//! Nouns: *cart* (申购车) · *share request* (共享申请): items of one resource ·
//! *terms* (授权条件): masks, rows, rate, expiry · *grant* (共享授权): what was
//! decided, compiled to a [`protect::AccessPlan`] · *interface* (接口服务): one
//! resource in one mode on the gateway · *consumer* (使用部门), *provider*
//! (数源部门), *authority* (主管部门).
//!
//! ```text
//! request:  running ──grant──▶ granted
//!              └─────refuse──▶ refused
//! grant:    active ◀─restore── suspended
//!              │ └──suspend──▶    │
//!              └──────end─────────┴──▶ ended
//! ```
//! What stands between *running* and its end is the rule set's business: crate
//! `law` describes the steps, crate `procedure` runs them; only the effects
//! `grant` and `refuse` come back here.
//!
//! Invariants:
//! - A grant's plan is compiled once, when it is issued; what it lets through
//!   never widens afterwards. Terms only get tighter along the procedure.
//! - Every decision is in the ledger in the transaction that makes it. The
//!   gateway learns of grants from there and never asks this store per call.
//! - Who takes no part in a request or a grant gets 404.
//!
//! *Applications* (应用) call the gateway with tokens that their client secret
//! gets; [`GatewayBridge`] makes the gateway's snapshot and indexes from the
//! ledger and the lake, and shows the access log to whom it concerns.
//!
//! Ledger entries that others follow: `sharing.requested`, `sharing.granted`,
//! `sharing.refused`, `sharing.grant_suspended`, `sharing.grant_restored`,
//! `sharing.grant_ended`; `application.registered`, `application.changed`,
//! `application.secret_made`, `application.activated`, `application.deactivated`;
//! `access_log.sealed` (a segment's root), `access_log.asked_by_record`.
//!
//! Deliberately absent: batch sharing (refused with
//! `sharing.batch_not_available`), and reading rows (crates `serve`, `lake`).

pub mod access_log;
pub mod applications;
mod apply;
pub mod cart;
mod decide;
pub mod errors;
pub mod gateway;
pub mod grants;
pub mod model;
pub mod overview;
mod routes;
pub mod services;
pub mod store;
pub mod views;

use catalog::Catalog;
use db::Store;
use identity::Identity;
use procedure::Procedures;

pub use apply::Application;
pub use decide::Decision;
pub use gateway::GatewayBridge;
pub use routes::routes;

pub fn migrations() -> Vec<db::Migration> {
    [store::migrations(), applications::migrations(), gateway::migrations()].concat()
}

/// The sharing of a node. Cheap to clone.
#[derive(Clone)]
pub struct Sharing {
    pub(crate) store: Store,
    pub(crate) identity: Identity,
    pub(crate) catalog: Catalog,
    pub(crate) procedures: Procedures,
}

impl Sharing {
    pub fn new(store: Store, identity: Identity, catalog: Catalog, procedures: Procedures) -> Self {
        Self {
            store,
            identity,
            catalog,
            procedures,
        }
    }
}

//! Who takes part: institutions of the four kinds and the bodies beside them,
//! the people who act for them, the users of opened data; signing in; and who
//! may do what.
//!
//! Nouns: institution (机构), person (人员), role (角色), data user
//! (数据利用主体), session (会话).
//!
//! Invariants:
//! - Roles that decide belong to bodies that decide: a reviewer sits in an
//!   authority, a decider in a government, an expert in a committee.
//! - A citizen ID number is never kept in the clear: its keyed hash finds it,
//!   its sealed form can be destroyed.
//! - What no policy in `policies/` permits is refused.
//!
//! Deliberately absent: single sign-on (a second way to reach
//! [`sessions::open`]; its place is there), masks and row filters (they belong
//! to a grant, crate `protect`).

pub mod authz;
pub mod errors;
pub mod institutions;
mod migrations;
pub mod people;
pub mod routes;
pub mod sessions;
pub mod store;

use std::sync::Arc;

pub use authz::{Action, Authorizer, Target};
use crypto::NodeKeys;
use db::Store;
pub use migrations::migrations;
pub use routes::routes;

/// The node that this process is.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Node {
    /// Shown in the top bar.
    pub name: String,
    /// Division code of the node (GB/T 2260).
    pub division: String,
    /// Name of the rule set in force.
    pub rule_set: String,
}

#[derive(Clone)]
pub struct Identity {
    pub store: Store,
    pub keys: Arc<NodeKeys>,
    pub authz: Authorizer,
    pub node: Arc<Node>,
    /// Title of the rule set, for people.
    pub rule_set_title: Arc<str>,
    /// Whether session cookies demand HTTPS.
    pub secure_cookies: bool,
}

//! What answers at speed: keyed indexes ([`index`]), the gateway's runtime
//! ([`gateway`]) and the access log ([`access_log`]).
//!
//! Nouns: an *index* holds one version of a table, row by row as it will leave
//! the platform; a *service* (接口服务) is one resource in one mode; a *grant*
//! (共享授权) names what an application gets of it; the *snapshot* is all of
//! these as they stood at one place of the ledger; a *record* is one call in the
//! access log, kept in *segments*.
//!
//! Invariants:
//! - A call asks nothing of the control store. It is answered from a snapshot,
//!   and refused when the snapshot is older than `limits::GRANTS_AGE_MS_MAX`.
//! - No row leaves but through the [`protect::ReadyPlan`] of a grant.
//! - No answer leaves before its record stands in the access log; a refusal is
//!   an answer.
//! - An index, once named, never changes.
//!
//! Deliberately absent: where grants come from (crate `sharing` builds the
//! snapshot from the ledger's state) and reading tables (crate `lake`).

pub mod access_log;
pub mod errors;
pub mod gateway;
pub mod index;

//! Puts the capabilities together: one process, one address.
//!
//! ```text
//! request ─ security headers ─ session ─ error rendering ─┬─ /api/v1/*        capabilities
//!                                                         ├─ /api/3, /catalog.*  opening's public faces
//!                                                         └─ /*               the web app, with page heads
//! request ─────────────────────────────────────────────────── /gateway, /oauth  the gateway, without sessions
//! ```
//!
//! Invariants:
//! - A route gets its [`base::Ctx`] from the session layer and from nowhere else.
//! - Every answer of 400 and above is `application/problem+json`.
//! - The gateway never passes the session layer: its only credential is a token.
//!
//! Deliberately absent: decisions. Everything that the law or a policy says is
//! in a capability.

pub mod config;
mod directory;
mod http;
mod openapi;
mod ops;
mod platform;
mod web;

pub use config::Config;
pub use http::router;
pub use openapi::openapi;
pub use platform::{AppState, Platform};

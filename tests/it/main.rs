//! Tests of the whole platform, one module a capability.

#![allow(clippy::expect_used, clippy::unwrap_used)]

mod crash;
mod gateway;
mod operations;
mod quality;
mod sharing;

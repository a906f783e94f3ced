//! Tests of the whole platform, one module a capability.

mod gateway;
mod quality;
mod sharing;

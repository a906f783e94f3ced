//! One function a use-case: authorise, load, change, append to the ledger, commit.

pub mod control;
pub mod files;
pub mod pull;
pub mod quarantine;
pub mod replay;
pub mod run;
pub mod sources;

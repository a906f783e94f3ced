//! No code. This crate names the features of third-party crates that differ
//! between one selection of workspace crates and another, so that
//! `cargo test -p law`, `cargo build -p shuqiao` and `cargo test --workspace`
//! share one build of DataFusion, Delta Lake and the rest, instead of
//! rebuilding them for each selection..

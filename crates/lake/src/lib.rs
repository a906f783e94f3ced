//! Where the rows live: Delta tables on an object store, read and written with
//! the embedded query engine.
//!
//! Nouns
//! - [`Lake`]: the store of all tables of a node and the engine's session.
//! - [`TableName`]: one table a data resource; the name is the resource's id.
//! - [`Staging`]: the files of one batch that are not part of the table yet.
//!   They become so in one commit that carries the batch's tag
//!   ([`Lake::committed`] tells whether it happened), so a batch is in the
//!   table wholly or not at all, and once, wherever the process is killed.
//! - a *version*: the number of a commit. Every read can name one.
//!
//! Invariants
//! - Nothing reads a row of a table without a [`protect::AccessPlan`]: the one
//!   way in is [`Lake::frame`], which puts the plan's rows and masks *under*
//!   whatever the caller does with the frame, so that a filter or an order can
//!   only see what the plan lets out.
//! - Every table carries two columns of its own, [`BATCH_COLUMN`] and
//!   [`ROW_COLUMN`]: which batch and which row of its source a row came from.
//!   A plan that names items never lets them out.
//!
//! Deliberately absent: suspension (a property of the doors), quality rules,
//! and anything that knows what a resource means.

mod errors;
mod scan;
mod stage;
mod stats;
mod table;

pub use errors::{KINDS, LakeError};
pub use scan::{Order, Scan, column};
pub use stage::{Committed, LoadMode, StagedFile, StagedWriter, Staging};
pub use stats::{TableStats, Version};
pub use table::{Lake, LakeConfig, TableName};

pub use arrow;
pub use datafusion;
pub use datafusion::dataframe::DataFrame;
pub use datafusion::execution::SendableRecordBatchStream;

/// Which batch a row came from (its id).
pub const BATCH_COLUMN: &str = "_batch";
/// Which row of the batch's source: 1-based, the header counted, as a
/// spreadsheet shows it.
pub const ROW_COLUMN: &str = "_row";

use arrow::array::ArrayRef;
use datafusion::common::hash_utils::{QualityRandomState, RandomState, create_hashes};

/// 128-bit hashes of the rows of `columns`, for finding equal keys. Stable for
/// one seed within one process run; never stored or shown.
pub fn key_hashes(columns: &[ArrayRef], rows: usize, seed: u64) -> Result<Vec<u128>, LakeError> {
    let mut high = vec![0u64; rows];
    let mut low = vec![0u64; rows];
    create_hashes(columns, &RandomState::with_seed(seed), &mut high)?;
    create_hashes(columns, &QualityRandomState::with_seed(!seed), &mut low)?;
    Ok(high
        .into_iter()
        .zip(low)
        .map(|(h, l)| (u128::from(h) << 64) | u128::from(l))
        .collect())
}

//! 访问日志: every call on the gateway, refused ones too, written down before
//! its answer leaves.
//!
//! ```text
//! append ─ batch ─> NNN.log (open: checksummed, chained frames)
//!                      │ full or old enough
//!                      v
//!            NNN.parquet + NNN.bloom + NNN.json (sealed: root over all three
//!                                                and the root before)
//! ```
//!
//! - An answer leaves only after its record was handed to the operating
//!   system: a killed process loses nothing that was answered. Records reach
//!   the disk itself within [`SYNC_MS`]; a power cut can cost that much.
//! - The first of several calls at work writes for all (no timer, no thread).
//! - Roots of sealed segments go into the ledger (crate `sharing` does it), so
//!   nobody can alter a segment unnoticed, nor remove one.
//! - No citizen ID: what was looked up and which records were returned stand as
//!   keyed hashes, so "who read this record" can be answered by whoever holds
//!   the key and by nobody else.

mod bloom;
mod log;
mod read;
mod record;
mod segment;
mod verify;

pub use log::{AccessLog, Recovered};
pub use read::{Cursor, Filter, Found, Scope};
pub use record::{Record, RecordHash};
pub use segment::{Manifest, SegmentRoot};
pub use verify::Finding;

/// Records of one segment.
pub const SEGMENT_RECORDS_MAX: u64 = 131_072;
/// Age at which an open segment with records is sealed, ms.
pub const SEGMENT_MS_MAX: i64 = 5 * 60_000;
/// How often the open segment is forced to the disk, ms.
pub const SYNC_MS: u64 = 1_000;
/// Records of a page of the log.
pub const PAGE_RECORDS_MAX: usize = 200;

/// When segments are closed; the constants above unless a test says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub records_max: u64,
    pub age_ms_max: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            records_max: SEGMENT_RECORDS_MAX,
            age_ms_max: SEGMENT_MS_MAX,
        }
    }
}

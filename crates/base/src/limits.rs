//! Every limit has a name, a unit in its name, and stands here. The table is
//! shown in `docs/operators/limits.md`.

/// Rows of a list page when none is asked for.
pub const PAGE_DEFAULT: u32 = 20;
/// Rows of a list page at most.
pub const PAGE_MAX: u32 = 200;
/// Body of an ordinary API request, bytes.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// An uploaded file, bytes.
pub const UPLOAD_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;
/// One line of a text file, bytes.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// What one zip member (XLSX) may unpack to, bytes.
pub const UNPACKED_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Unpacked to packed size beyond which a zip member is a bomb.
pub const UNPACKED_RATIO_MAX: u64 = 200;
/// Quarantined rows of one batch; beyond it the batch is refused whole.
pub const QUARANTINE_ROWS_MAX: u64 = 100_000;
/// Items of one data resource.
pub const ITEMS_MAX: usize = 500;
/// Characters of a short text (names, titles).
pub const SHORT_TEXT_CHARS_MAX: usize = 200;
/// Characters of a long text (summaries, reasons).
pub const LONG_TEXT_CHARS_MAX: usize = 4_000;
/// Characters of a search query.
pub const QUERY_CHARS_MAX: usize = 200;
/// Failed sign-ins before an account is locked.
pub const SIGN_IN_FAILURES_MAX: u32 = 5;
/// How long a locked account stays locked, ms.
pub const SIGN_IN_LOCK_MS: i64 = 15 * 60 * 1000;
/// A session without a request, ms.
pub const SESSION_IDLE_MS: i64 = 2 * 3_600_000;
/// A session from sign-in, ms.
pub const SESSION_MAX_MS: i64 = 12 * 3_600_000;
/// A gateway token, ms.
pub const TOKEN_MS: i64 = 3_600_000;
/// Age of the gateway's snapshot of grants beyond which it refuses, ms.
pub const GRANTS_AGE_MS_MAX: i64 = 10_000;
/// Body of a gateway call, bytes.
pub const GATEWAY_BODY_BYTES_MAX: usize = 64 * 1024;
/// Rows of one gateway answer.
pub const GATEWAY_ROWS_MAX: usize = 1_000;
/// Greatest delay of a suspension on any door, ms.
pub const SUSPENSION_MS_MAX: i64 = 1_000;

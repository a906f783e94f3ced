//! What every other crate stands on: typed ids, time, the request context,
//! errors, paging, named limits and the identifying codes of persons,
//! organisations and divisions.
//!
//! Invariants:
//! - No I/O and no global state. Time and chance reach the rest of the
//!   platform only through [`Ctx`] (`clippy.toml` bans the other ways).
//! - An [`Error`] never carries personal data: only codes, counts, names of
//!   fields.
//!
//! Deliberately absent: anything that knows a capability's nouns, storage, or
//! the law (see crate `law`).

pub mod code_sets;
pub mod codes;
pub mod ctx;
pub mod error;
pub mod ids;
pub mod limits;
pub mod page;
pub mod time;

pub use ctx::{Actor, Chance, Ctx, Lang, Role};
pub use error::{Error, ErrorKind, FieldError, Result};
pub use ids::*;
pub use page::{Page, PageQuery};
pub use time::{Clock, ManualClock, Moment, SystemClock};

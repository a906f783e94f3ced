//! Protection of data on its way out: masks, row filters, and the one
//! [`AccessPlan`] without which no door opens a table.
//!
//! - [`Mask`] (脱敏): turns a value into one that tells less. The library of
//!   named masks is `rules/masks.toml`.
//! - [`Filter`]: which rows. A tree of tests that travels as JSON.
//! - [`AccessPlan`] (访问计划): what a grant comes to: items, masks, rows, mode,
//!   purpose, rate, expiry, watermark. The platform's own work (quality scan,
//!   building an index, publishing) has plans too, and they name the reason.
//!
//! Invariants:
//! - One meaning of a value: masks and filters work on its canonical text
//!   ([`text`]), so a row served one by one and a column exported by the
//!   million give the same answer. Property tests hold both doors together.
//! - Fail closed: a mask without its key, an item that is not in the table, a
//!   plan without items is an error, never a value let through.
//! - A masked column is text, whatever it was before.
//! - What is null stays null; a test on null is false.
//!
//! Deliberately absent: who may have a plan (crate `sharing` and the Cedar
//! policies decide), and reading tables (crate `lake`).

mod errors;
mod filter;
mod library;
mod mask;
mod plan;
pub mod text;

pub use errors::*;
pub use filter::{Filter, Op, Value};
pub use library::{NamedMask, mask_library, named_mask};
pub use mask::{Mask, MaskKey, ReadyMask, Rule};
pub use plan::{AccessPlan, Basis, GrantDescription, Internal, Mode, PlanItem, ReadyPlan};

//! 办理流程: procedures that run. What the law describes (crate `law`), this
//! crate keeps: which step is open, whose turn it is, until when, who decided
//! what with which reason; and the notices that follow.
//!
//! Nouns: procedure (办理流程) · step (环节) · desk: the institution and role
//! that sit at a party's place · task (待办): an open step as its desk sees it ·
//! timeline (办理过程) · notice (通知) · register of deadlines (期限台账).
//!
//! ```text
//!   start ─▶ [step open] ─decide─▶ [step open] ─decide─▶ … ─▶ ended
//! ```
//!
//! Invariants:
//! - One step of a procedure is open until it has ended.
//! - A step is decided once: of two who decide at once, the second gets
//!   `procedure.step_closed`.
//! - Every start and decision is a ledger entry in the caller's transaction; so
//!   is, once, a deadline that ran out. Each closing entry says whether the
//!   deadline was kept or missed (SUP-1).
//! - A procedure keeps the description under which it began.
//!
//! How a capability uses it: begin a transaction, save its own state, call
//! [`Procedures::start`] or [`Procedures::decide`], carry out
//! [`Decided::effect`], commit.
//!
//! Deliberately absent: what an effect does to the thing decided upon (the
//! capability's own), and names of people ([`Directory`]).

mod engine;
pub mod errors;
mod model;
mod notices;
mod overdue;
mod register;
mod routes;
mod store;
mod tasks;
mod timeline;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use db::Store;
use law::{Law, ProcedureSpec};

pub use model::{Decided, Desk, Directory, NoDirectory, OpenStep, Parties, Started, Subject};
pub use notices::{Notice, NoticeQuery, NoticeRow, Recipient};
pub use register::{DeadlineFigures, DeadlineQuery, DeadlineRow};
pub use routes::routes;
pub use store::migrations;
pub use tasks::{Task, TaskCounts, TaskQuery};
pub use timeline::{AllowedOutcome, Named, StepParty, Timeline, TimelineStep};

/// The running procedures of a node. Cheap to clone.
#[derive(Clone)]
pub struct Procedures {
    store: Store,
    law: Law,
    directory: Arc<dyn Directory>,
    /// Descriptions read from the store; they never change once written.
    specs: Arc<Mutex<HashMap<String, Arc<ProcedureSpec>>>>,
}

impl Procedures {
    pub fn new(store: Store, law: Law, directory: Arc<dyn Directory>) -> Self {
        Self {
            store,
            law,
            directory,
            specs: Arc::default(),
        }
    }
    pub fn law(&self) -> &Law {
        &self.law
    }
}

//! What every door asks before it lets a byte out, also in the middle of a
//! stream: is this dataset open, and has it been open since the stream began?
//!
//! Filled in the same process by the transaction that shuts, and by the ledger
//! for what other processes shut (greatest delay: the follower's poll, a
//! quarter of a second; promised: `limits::SUSPENSION_MS_MAX`).

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use crate::states::State;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Door {
    state: State,
    shut_count: i64,
    /// Of the dataset's row.
    revision: i64,
}

#[derive(Clone, Default)]
pub struct Doors(Arc<RwLock<HashMap<String, Door>>>);

/// Allowed to read one dataset for as long as it stays open.
#[derive(Clone)]
pub struct Pass {
    doors: Doors,
    dataset: String,
    shut_count: i64,
}

impl Pass {
    /// Still open, and not shut in between: a paused download does not go on
    /// after a treatment took rows away.
    pub fn holds(&self) -> bool {
        let doors = self.doors.0.read().unwrap_or_else(|e| e.into_inner());
        doors
            .get(&self.dataset)
            .is_some_and(|d| d.state == State::Open && d.shut_count == self.shut_count)
    }
}

impl Doors {
    /// The later revision wins, in whatever order the news comes.
    pub fn set(&self, dataset: &str, state: State, shut_count: i64, revision: i64) {
        let mut doors = self.0.write().unwrap_or_else(|e| e.into_inner());
        let news = Door {
            state,
            shut_count,
            revision,
        };
        let door = doors.entry(dataset.to_owned()).or_insert(news);
        if revision >= door.revision {
            *door = news;
        }
    }
    pub fn pass(&self, dataset: &str) -> Option<Pass> {
        let doors = self.0.read().unwrap_or_else(|e| e.into_inner());
        let door = doors.get(dataset).filter(|d| d.state == State::Open)?;
        Some(Pass {
            doors: self.clone(),
            dataset: dataset.to_owned(),
            shut_count: door.shut_count,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opn_9_a_pass_ends_with_the_suspension_and_does_not_come_back() {
        let doors = Doors::default();
        assert!(doors.pass("a").is_none(), "unknown is shut");
        doors.set("a", State::Open, 0, 1);
        let pass = doors.pass("a").expect("open");
        assert!(pass.holds());
        doors.set("a", State::Suspended, 1, 2);
        assert!(!pass.holds());
        assert!(doors.pass("a").is_none());
        doors.set("a", State::Open, 0, 1);
        assert!(doors.pass("a").is_none(), "old news");
        doors.set("a", State::Open, 1, 3);
        assert!(doors.pass("a").is_some());
        assert!(!pass.holds(), "the stream that began before stays cut");
    }
}

//! The states of an opened dataset. Pure: what may follow what, nothing else.
//!
//! ```text
//!            publish                built
//! (nothing) ─────────► preparing ──────────► open ◄──────────┐
//!     ▲                   │                   │ suspend      │ restore
//!     │ publish           │ withdraw          ▼              │
//!  withdrawn ◄────────────┴────────────── suspended ─────────┤
//!     ▲                                       │ treat        │
//!     └────────── withdraw ───────────────treating ──────────┘ built
//! ```
//!
//! Treating begins from `open` too (the check found it needless to suspend
//! first), and a review by the authority may restore or treat what was withdrawn.
//!
//! A treated dataset stays shut until the publication without the treated
//! data stands: there is no moment in which the former one is readable again.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DatasetState)]
pub enum State {
    /// 发布准备中: the first publication is being built.
    Preparing,
    /// 开放
    Open,
    /// 中止开放
    Suspended,
    /// 处理中: the treated publication is being built.
    Treating,
    /// 已撤回
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Publish,
    /// A publication was built.
    Built,
    Suspend,
    Restore,
    Treat,
    Withdraw,
}

impl State {
    pub const ALL: [State; 5] = [
        State::Preparing,
        State::Open,
        State::Suspended,
        State::Treating,
        State::Withdrawn,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Preparing => "preparing",
            State::Open => "open",
            State::Suspended => "suspended",
            State::Treating => "treating",
            State::Withdrawn => "withdrawn",
        }
    }
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|x| x.as_str() == s)
    }
    /// The state after `event`; `None` where it may not happen.
    pub fn after(self, event: Event) -> Option<State> {
        use Event::*;
        use State::*;
        Some(match (self, event) {
            (Preparing, Built) | (Open, Built) | (Treating, Built) => Open,
            // a load that arrives meanwhile is published, and stays shut
            (Suspended, Built) => Suspended,
            (Open, Publish) => Open,
            (Withdrawn, Publish) => Preparing,
            (Preparing | Open | Treating, Suspend) => Suspended,
            // on review the authority may open again what was withdrawn
            (Open | Suspended | Withdrawn, Restore) => Open,
            (Open | Suspended | Withdrawn, Treat) => Treating,
            (Preparing | Open | Suspended | Treating, Withdraw) => Withdrawn,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [Event; 6] = [
        Event::Publish,
        Event::Built,
        Event::Suspend,
        Event::Restore,
        Event::Treat,
        Event::Withdraw,
    ];

    #[test]
    fn opn_9_nothing_but_a_restore_or_a_treated_publication_reopens_what_was_suspended() {
        let reopening: Vec<_> = [State::Suspended, State::Treating, State::Withdrawn]
            .into_iter()
            .flat_map(|s| EVENTS.map(|e| (s, e)))
            .filter(|(s, e)| s.after(*e) == Some(State::Open))
            .collect();
        assert_eq!(
            reopening,
            [
                (State::Suspended, Event::Restore),
                (State::Treating, Event::Built),
                (State::Withdrawn, Event::Restore)
            ]
        );
    }

    #[test]
    fn opn_9_every_state_that_shows_data_can_be_shut() {
        for state in State::ALL {
            let shut = state.after(Event::Suspend);
            assert_eq!(
                shut.is_some(),
                !matches!(state, State::Suspended | State::Withdrawn),
                "{state:?}"
            );
            assert_ne!(shut, Some(State::Open));
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}

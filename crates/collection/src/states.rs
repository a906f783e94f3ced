//! The states of a batch.
//!
//! ```text
//! received ──> checking ──> loading ──> done
//!    │            │  ^         │
//!    │            │  └─retry─┐ │ (killed: the tag in the table decides)
//!    ├─> duplicate├─> refused│ │
//!    └─> cancelled└─> failed─┴─┘  failed, cancelled: retry goes back to received
//! ```

use base::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::errors::{NOT_CANCELLABLE, NOT_RETRYABLE};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchState {
    /// Its file is stored; it waits for its turn.
    Received,
    /// Its rows are read, checked and written aside.
    Checking,
    /// Checked: its bad rows are kept, its good rows are about to join the table.
    Loading,
    Done,
    /// Its content is at fault: nothing of it was loaded.
    Refused,
    /// The platform is at fault (a full disk): nothing was loaded, retry is possible.
    Failed,
    /// The same content of the same source was loaded before.
    Duplicate,
    Cancelled,
}

impl BatchState {
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Checking,
        Self::Loading,
        Self::Done,
        Self::Refused,
        Self::Failed,
        Self::Duplicate,
        Self::Cancelled,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Checking => "checking",
            Self::Loading => "loading",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Duplicate => "duplicate",
            Self::Cancelled => "cancelled",
        }
    }
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
    pub fn has_ended(self) -> bool {
        !matches!(self, Self::Received | Self::Checking | Self::Loading)
    }
    /// Refused once the rows are about to join the table: the commit is one
    /// step and cannot be called back.
    pub fn cancel(self) -> Result<Self> {
        match self {
            Self::Received | Self::Checking => Ok(Self::Cancelled),
            _ => Err(Error::new(&NOT_CANCELLABLE)),
        }
    }
    pub fn retry(self) -> Result<Self> {
        match self {
            Self::Failed | Self::Cancelled => Ok(Self::Received),
            _ => Err(Error::new(&NOT_RETRYABLE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_not_ended_is_cancelled_and_only_what_failed_is_retried() {
        for state in BatchState::ALL {
            assert_eq!(BatchState::parse(state.as_str()), Some(state));
            assert!(!(state.has_ended() && state.cancel().is_ok()), "{state:?}");
            assert!(state.retry().is_err() || state.has_ended(), "{state:?}");
        }
        assert!(BatchState::Done.retry().is_err() && BatchState::Refused.retry().is_err());
    }
}

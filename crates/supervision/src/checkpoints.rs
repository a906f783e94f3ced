//! Checkpoints at regular times, beside everything else.

use std::time::Duration;

use base::{Ctx, limits};
use tokio_util::sync::CancellationToken;

use crate::Supervision;

impl Supervision {
    /// Signs what was appended, every [`limits::CHECKPOINT_EVERY_MS`], until `stop`
    /// is cancelled. A ledger that contradicts itself is not signed, and the log
    /// says so each time.
    pub async fn keep_checkpoints(self, ctx: Ctx, stop: CancellationToken) {
        loop {
            if let Err(e) = self.checkpoint(&ctx).await {
                tracing::error!(error = %e, "the ledger could not be signed");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(limits::CHECKPOINT_EVERY_MS)) => {}
            }
        }
    }
}

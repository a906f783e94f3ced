//! How often entries are looked at. Reading a page never waits for the count
//! to be written, and a burst of readers writes once.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Ctx, Result};
use parking_lot::Mutex;

use crate::Catalog;
use crate::store::{self, measure};

#[derive(Clone, Default)]
pub(crate) struct Visits(Arc<Mutex<Pending>>);

#[derive(Default)]
struct Pending {
    counts: HashMap<String, i64>,
    writing: bool,
}

impl Catalog {
    /// Counts a visit.
    pub fn visited(&self, ctx: &Ctx, id: &str) {
        let mut pending = self.visits().0.lock();
        *pending.counts.entry(id.to_owned()).or_default() += 1;
        if !std::mem::replace(&mut pending.writing, true) {
            let (catalog, ctx) = (self.clone(), ctx.clone());
            tokio::spawn(async move {
                if let Err(e) = catalog.write_visits(&ctx).await {
                    tracing::warn!(error = %e, "visits could not be counted");
                }
            });
        }
    }

    async fn write_visits(&self, ctx: &Ctx) -> Result<()> {
        loop {
            let counts = {
                let mut pending = self.visits().0.lock();
                pending.writing = !pending.counts.is_empty();
                std::mem::take(&mut pending.counts)
            };
            if counts.is_empty() {
                return Ok(());
            }
            if let Err(e) = self.add_visits(ctx, &counts).await {
                self.visits().0.lock().writing = false;
                return Err(e);
            }
        }
    }

    async fn add_visits(&self, ctx: &Ctx, counts: &HashMap<String, i64>) -> Result<()> {
        let tx = self.store().begin(ctx).await?;
        for (id, count) in counts {
            store::add_count(tx.conn(), id, measure::Column::Visits, *count).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

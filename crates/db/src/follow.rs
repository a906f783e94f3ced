//! Readers of the ledger. Whatever reacts to a decision (search index, grants
//! on the gateway, caches, notices) follows the ledger from a cursor of its
//! own, so it can crash, catch up, and never miss or repeat.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::Result;
use ledger::Entry;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};
use tokio::sync::Mutex;

use crate::{Migration, Store};

mod cursor {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_cursor")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Number of the first entry not yet handled.
        pub next: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![Migration::new("db-0003-ledger-cursor").entity(cursor::Entity)]
}

/// Entries handed over at once.
pub const BATCH: u64 = 500;
/// How often the ledger is looked at for entries of other processes, ms.
const POLL_MS: u64 = 250;

/// Something that reacts to the ledger.
#[async_trait]
pub trait Follower: Send + Sync + 'static {
    /// Stable: the cursor is kept under it.
    fn name(&self) -> &'static str;
    /// Where to begin. Most keep their place in the store (the default); one
    /// whose state lives in memory or in an index of its own answers itself.
    async fn position(&self, store: &Store) -> Result<u64> {
        store.cursor(self.name()).await
    }
    /// Handles entries in order. After a crash the last batch may come again,
    /// so handling is idempotent by sequence number.
    async fn handle(&self, entries: &[Entry]) -> Result<()>;
}

impl Store {
    pub async fn cursor(&self, name: &str) -> Result<u64> {
        Ok(cursor::Entity::find_by_id(name)
            .one(self.conn())
            .await?
            .map_or(0, |c| c.next as u64))
    }
    pub async fn save_cursor(&self, name: &str, next: u64) -> Result<()> {
        let row = cursor::ActiveModel {
            name: Set(name.to_owned()),
            next: Set(next as i64),
        };
        let update = OnConflict::column(cursor::Column::Name)
            .update_column(cursor::Column::Next)
            .to_owned();
        cursor::Entity::insert(row)
            .on_conflict(update)
            .exec_without_returning(self.conn())
            .await?;
        Ok(())
    }
}

struct Seat {
    follower: Arc<dyn Follower>,
    /// First entry not yet handled; `None` until asked for.
    next: Mutex<Option<u64>>,
}

/// The followers of this process.
#[derive(Clone)]
pub struct Followers {
    store: Store,
    seats: Arc<Vec<Seat>>,
}

impl Followers {
    pub fn new(store: Store, followers: Vec<Arc<dyn Follower>>) -> Self {
        let seats = followers
            .into_iter()
            .map(|follower| Seat {
                follower,
                next: Mutex::new(None),
            })
            .collect();
        Self {
            store,
            seats: Arc::new(seats),
        }
    }

    /// Brings every follower up to the ledger's end. Returns how many entries
    /// were handled.
    pub async fn catch_up(&self) -> Result<u64> {
        let mut handled = 0;
        for seat in self.seats.iter() {
            handled += self.advance(seat).await?;
        }
        Ok(handled)
    }

    async fn advance(&self, seat: &Seat) -> Result<u64> {
        let mut place = seat.next.lock().await;
        let mut next = match *place {
            Some(next) => next,
            None => seat.follower.position(&self.store).await?,
        };
        let mut handled = 0;
        loop {
            let entries = self.store.entries(next, BATCH).await?;
            let Some(last) = entries.last() else { break };
            let after = last.seq + 1;
            seat.follower.handle(&entries).await?;
            self.store.save_cursor(seat.follower.name(), after).await?;
            handled += entries.len() as u64;
            next = after;
            *place = Some(next);
        }
        *place = Some(next);
        Ok(handled)
    }

    /// One task a follower, until `stop` is cancelled: a slow or failing one
    /// holds up nobody else.
    pub fn spawn(&self, stop: tokio_util::sync::CancellationToken) -> Vec<tokio::task::JoinHandle<()>> {
        (0..self.seats.len())
            .map(|index| {
                let (this, stop) = (self.clone(), stop.clone());
                tokio::spawn(async move { this.run(index, stop).await })
            })
            .collect()
    }

    async fn run(&self, index: usize, stop: tokio_util::sync::CancellationToken) {
        let seat = &self.seats[index];
        let mut committed = self.store.committed();
        loop {
            committed.mark_unchanged();
            if let Err(e) = self.advance(seat).await {
                tracing::error!(follower = seat.follower.name(), error = %e, "follower failed; it tries again");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = committed.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(POLL_MS)) => {}
            }
        }
    }
}

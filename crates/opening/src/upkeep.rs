//! What opening does by itself when others decide: a new load or a new version
//! of the entry is published, and an entry that may no longer be open is shut.

use std::collections::BTreeSet;

use async_trait::async_trait;
use base::{Ctx, ResourceId, Result};
use catalog::model::OpeningAttribute;
use ledger::{Entry, Value};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};

use crate::Opening;
use crate::states::{Event, State};
use crate::store::{dataset, score};
use crate::usecases::Change;

/// Follows the ledger; see [`db::Followers`].
pub struct Upkeep {
    pub opening: Opening,
    /// Of the platform itself.
    pub ctx: Ctx,
}

#[async_trait]
impl db::Follower for Upkeep {
    fn name(&self) -> &'static str {
        "opening-upkeep"
    }

    async fn position(&self, store: &db::Store) -> Result<u64> {
        self.opening.refresh_doors(None).await?;
        store.cursor(self.name()).await
    }

    async fn handle(&self, entries: &[Entry]) -> Result<()> {
        let mut doors = BTreeSet::new();
        let mut touched = BTreeSet::new();
        for entry in entries {
            let area = entry.kind.split('.').next().unwrap_or_default();
            match area {
                "opening" => {
                    doors.insert(entry.subject.clone());
                }
                "catalog" | "collection" => touched.extend(resources(entry)),
                "quality" => self.keep_score(entry).await?,
                "institution" => self.opening.stale(),
                _ => {}
            }
        }
        if !doors.is_empty() {
            let ids: Vec<String> = doors.into_iter().collect();
            self.opening.refresh_doors(Some(&ids)).await?;
        }
        for id in touched {
            self.keep_fresh(&id).await?;
        }
        Ok(())
    }
}

/// Catalog entries that a ledger entry names.
fn resources(entry: &Entry) -> BTreeSet<String> {
    let texts = entry
        .data
        .values()
        .filter_map(|v| if let Value::Text(t) = v { Some(t) } else { None });
    texts
        .chain([&entry.subject])
        .filter(|t| t.starts_with("res_"))
        .cloned()
        .collect()
}

impl Upkeep {
    /// The score of a whole run of a table, for the dataset's page.
    async fn keep_score(&self, entry: &Entry) -> Result<()> {
        let Some(Value::Text(given)) = entry.data.get("score") else {
            return Ok(());
        };
        let Ok(value) = given.parse::<f64>() else {
            return Ok(());
        };
        let row = score::ActiveModel {
            resource_id: Set(entry.subject.clone()),
            score: Set(value),
        };
        let newer = OnConflict::column(score::Column::ResourceId)
            .update_column(score::Column::Score)
            .to_owned();
        score::Entity::insert(row)
            .on_conflict(newer)
            .exec_without_returning(self.opening.store().conn())
            .await?;
        self.opening.stale();
        Ok(())
    }

    async fn keep_fresh(&self, id: &str) -> Result<()> {
        let store = self.opening.store();
        let found = dataset::Entity::find()
            .filter(dataset::Column::ResourceId.eq(id))
            .one(store.conn())
            .await?;
        let Some(row) = found else { return Ok(()) };
        let state = State::parse(&row.state).unwrap_or(State::Withdrawn);
        if state == State::Withdrawn {
            return Ok(());
        }
        let entry = match self.opening.published_entry(&ResourceId::from(id)).await {
            Ok(entry) if entry.opening == OpeningAttribute::Unconditional => entry,
            Err(e) if e.kind.status >= 500 => return Err(e),
            // withdrawn from the catalog, or no longer for unconditional opening
            _ => return self.shut(&row, state).await,
        };
        if self.is_current(&row, entry.version, id).await? {
            return Ok(());
        }
        match self.opening.publish_entry(&self.ctx, entry, false).await {
            Err(e) if e.kind.status < 500 => {
                tracing::warn!(resource = id, error = %e, "an opened dataset cannot be published anew");
                Ok(())
            }
            other => other,
        }
    }

    /// Does the publication in force, or the one being built, carry what is there now?
    async fn is_current(&self, row: &dataset::Model, catalog_version: u32, id: &str) -> Result<bool> {
        use crate::store::publication;
        let Some(newest) = row.pending_id.as_ref().or(row.publication_id.as_ref()) else {
            return Ok(false);
        };
        let table = lake::TableName::new(id).map_err(base::Error::from)?;
        let version = self.opening.lake().version(&table).await?;
        let publication = publication::Entity::find_by_id(newest)
            .one(self.opening.store().conn())
            .await?;
        Ok(publication.is_some_and(|p| {
            p.catalog_version == i64::from(catalog_version) && Some(p.table_version) == version.map(|v| v as i64)
        }))
    }

    async fn shut(&self, row: &dataset::Model, state: State) -> Result<()> {
        if state == State::Suspended {
            return Ok(());
        }
        let mut tx = self.opening.store().begin(&self.ctx).await?;
        let change = Change {
            event: Event::Suspend,
            treatment: None,
            articles: vec![],
            procedure: None,
        };
        let changed = self
            .opening
            .carry_out(&mut tx, &row.resource_id, change, None, None)
            .await?;
        tx.commit().await?;
        self.opening.told_of(&changed);
        Ok(())
    }
}

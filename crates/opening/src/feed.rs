//! Keeping the shelf up to date: it is read anew from the store when something
//! that stands on it was changed, by this process or, through the ledger, by
//! another. And the counts of use, gathered in memory and written now and then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base::{Error, Moment, Result, codes};
use catalog::model::PublishedEntry;
use catalog::vocabulary::{Term, Vocabulary, find};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter};

use crate::doors::Pass;
use crate::errors::{SUSPENDED, WITHDRAWN};
use crate::model::{Dataset, DivisionRef, OrgRef, Treatment, Word};
use crate::shelf::Shelf;
use crate::states::State;
use crate::store::{dataset, publication, score};
use crate::{Opening, plan};

/// How long counts of use wait in memory.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    visits: i64,
    downloads: i64,
    calls: i64,
}

#[derive(Default)]
pub struct Counts {
    waiting: Mutex<HashMap<String, Count>>,
    since: Mutex<Option<Instant>>,
    flushing: AtomicBool,
}

impl Opening {
    /// Everything on the portal, as of now.
    pub async fn shelf(&self) -> Result<Arc<Shelf>> {
        let mut shelf = self.0.shelf.lock().await;
        if self.0.stale.swap(false, Ordering::SeqCst) {
            match self.read().await {
                Ok(fresh) => *shelf = Arc::new(fresh),
                Err(e) => {
                    self.stale();
                    return Err(e);
                }
            }
        }
        Ok(shelf.clone())
    }

    /// The shelf is read anew before the next answer.
    pub(crate) fn stale(&self) {
        self.0.stale.store(true, Ordering::SeqCst);
    }
    /// Called right after the commit that changed the dataset.
    pub(crate) fn told_of(&self, row: &dataset::Model) {
        if let Some(state) = State::parse(&row.state) {
            self.doors().set(&row.resource_id, state, row.shut_count, row.revision);
        }
        self.stale();
    }

    /// Fills the doors from the store: at the start, and for what other
    /// processes decided.
    pub(crate) async fn refresh_doors(&self, ids: Option<&[String]>) -> Result<()> {
        let mut find = dataset::Entity::find();
        if let Some(ids) = ids {
            find = find.filter(dataset::Column::ResourceId.is_in(ids));
        }
        for row in find.all(self.store().conn()).await? {
            self.told_of(&row);
        }
        Ok(())
    }

    /// Let in to read, or told why not.
    pub(crate) fn pass(&self, d: &Dataset) -> Result<Pass> {
        if !d.is_open() {
            return Err(self.shut(d));
        }
        self.doors().pass(&d.id).ok_or_else(|| self.shut(d))
    }
    pub(crate) fn shut(&self, d: &Dataset) -> Error {
        Error::new(if d.state == State::Withdrawn {
            &WITHDRAWN
        } else {
            &SUSPENDED
        })
    }

    async fn read(&self) -> Result<Shelf> {
        let conn = self.store().conn();
        let rows = dataset::Entity::find().all(conn).await?;
        let wanted: Vec<String> = rows.iter().filter_map(|r| r.publication_id.clone()).collect();
        let publications: HashMap<String, publication::Model> = publication::Entity::find()
            .filter(publication::Column::Id.is_in(wanted))
            .all(conn)
            .await?
            .into_iter()
            .map(|p| (p.id.clone(), p))
            .collect();
        let names = self
            .identity()
            .institution_names(rows.iter().map(|r| r.opener_id.clone()))
            .await?;
        let scores: HashMap<String, f64> = score::Entity::find()
            .all(conn)
            .await?
            .into_iter()
            .map(|s| (s.resource_id, s.score))
            .collect();
        let vocabulary = Vocabulary::shipped()?;
        let mut all = vec![];
        for row in rows {
            if let Some(state) = State::parse(&row.state) {
                self.doors().set(&row.resource_id, state, row.shut_count, row.revision);
            }
            let Some(publication) = row.publication_id.as_ref().and_then(|id| publications.get(id)) else {
                continue;
            };
            let opener = names
                .get(&row.opener_id)
                .map(|(name, _)| name.clone())
                .unwrap_or_default();
            let quality = scores.get(&row.resource_id).copied();
            all.push(Dataset {
                quality,
                ..dataset_of(row, publication, opener, vocabulary)?
            });
        }
        Ok(Shelf::new(all))
    }

    pub(crate) async fn slug_of(&self, resource: &str) -> Result<String> {
        Ok(self.row(resource).await?.slug)
    }

    pub(crate) fn count_visit(&self, id: &str) {
        self.count(id, |c| c.visits += 1);
    }
    pub(crate) fn count_download(&self, id: &str) {
        self.count(id, |c| c.downloads += 1);
    }
    pub(crate) fn count_call(&self, id: &str) {
        self.count(id, |c| c.calls += 1);
    }
    fn count(&self, id: &str, add: impl FnOnce(&mut Count)) {
        let counts = &self.0.counts;
        add(counts
            .waiting
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .entry(id.to_owned())
            .or_default());
        let due = {
            let mut since = counts.since.lock().unwrap_or_else(|e| e.into_inner());
            match *since {
                Some(last) if last.elapsed() < FLUSH_EVERY => false,
                _ => {
                    *since = Some(Instant::now());
                    true
                }
            }
        };
        if due && !counts.flushing.swap(true, Ordering::SeqCst) {
            let this = self.clone();
            tokio::spawn(async move {
                if let Err(e) = this.flush_counts().await {
                    tracing::warn!(error = %e, "counts of use could not be written; they wait");
                }
                this.0.counts.flushing.store(false, Ordering::SeqCst);
            });
        }
    }

    /// Writes the counts of use. Called now and then, and at the end.
    pub async fn flush_counts(&self) -> Result<()> {
        let taken = std::mem::take(&mut *self.0.counts.waiting.lock().unwrap_or_else(|e| e.into_inner()));
        for (id, count) in taken {
            use dataset::Column::{Calls, Downloads, Visits};
            dataset::Entity::update_many()
                .col_expr(Visits, Expr::col(Visits).add(count.visits))
                .col_expr(Downloads, Expr::col(Downloads).add(count.downloads))
                .col_expr(Calls, Expr::col(Calls).add(count.calls))
                .filter(dataset::Column::ResourceId.eq(&id))
                .exec(self.store().conn())
                .await?;
        }
        self.stale();
        Ok(())
    }
}

fn word(term: Option<&Term>, code: &str) -> Word {
    match term {
        Some(t) => Word {
            code: code.to_owned(),
            title: t.zh.clone(),
            title_en: t.en.clone(),
        },
        None => Word {
            code: code.to_owned(),
            title: code.to_owned(),
            title_en: String::new(),
        },
    }
}

fn dataset_of(row: dataset::Model, p: &publication::Model, opener: String, vocabulary: &Vocabulary) -> Result<Dataset> {
    let entry: PublishedEntry = serde_json::from_str(&p.entry).map_err(Error::internal)?;
    let treatment: Treatment = serde_json::from_str(&p.treatment).map_err(Error::internal)?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let span = entry.time_span.as_ref().map(|t| {
        let day = |d: Option<chrono::NaiveDate>| d.map(|d| d.to_string()).unwrap_or_default();
        format!("{}/{}", day(t.from), day(t.to))
    });
    Ok(Dataset {
        items: plan::dictionary(&entry, &treatment)?,
        key: plan::single_key(&entry),
        files: serde_json::from_str(&p.files).map_err(Error::internal)?,
        state: State::parse(&row.state).ok_or_else(|| Error::internal("state of a dataset"))?,
        id: row.resource_id,
        slug: row.slug,
        code: entry.code,
        title: entry.title,
        summary: entry.summary,
        opener: OrgRef {
            id: row.opener_id,
            name: opener,
        },
        division: DivisionRef {
            name: codes::division(&entry.division_code)
                .map(|d| d.name.to_owned())
                .unwrap_or_default(),
            code: entry.division_code,
        },
        subject: word(find(&vocabulary.subjects, &entry.subject), &entry.subject),
        keywords: entry.libraries.iter().map(|l| word(vocabulary.library(l), l)).collect(),
        frequency: word(
            find(&vocabulary.frequencies, &entry.update_frequency),
            &entry.update_frequency,
        ),
        time_span: span.filter(|s| s != "/"),
        grade: entry.grade.as_str().to_owned(),
        since: Moment(row.since),
        version: p.catalog_version,
        table_version: p.table_version,
        publication_id: p.id.clone(),
        treatment,
        rows: count(p.rows),
        opened_at: Moment(row.opened_at),
        updated_at: Moment(row.updated_at),
        built_at: crate::publish::built_at(p),
        quality: None,
        visits: count(row.visits),
        downloads: count(row.downloads),
        calls: count(row.calls),
    })
}

//! What is decided about a dataset: opening it, shutting it, opening it again.

use base::{Ctx, Error, Lang, ResourceId, Result};
use catalog::model::{OpeningAttribute, PublishedEntry};
use db::{Jobs, Tx};
use identity::{Action, Target};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, Set};

use crate::errors::{NO_DATA, NOT_PUBLISHED, NOT_UNCONDITIONAL, WRONG_STATE};
use crate::model::Treatment;
use crate::states::{Event, State};
use crate::store::{dataset, publication};
use crate::{Opening, plan, publish, slug};

/// Codes of the articles on which opening rests, as the rule sets name them.
mod articles {
    pub const OPEN: &str = "ordinance-2022/32";
    /// Suspension by the unit itself, on a risk.
    pub const RISK: &str = "ordinance-2022/44.3";
}

impl Opening {
    /// 开放: the opener opens a published entry whose attribute is
    /// unconditional. Opened before, it is published anew from the entry and
    /// the table as they are now.
    pub async fn publish(&self, ctx: &Ctx, id: &ResourceId) -> Result<()> {
        let entry = self.published_entry(id).await?;
        self.identity().authz.reveal(
            ctx,
            Action::OpeningPublish,
            &Target::owned_by(&entry.provider_id),
            "数据集",
        )?;
        self.publish_entry(ctx, entry, true).await
    }

    pub(crate) async fn published_entry(&self, id: &ResourceId) -> Result<PublishedEntry> {
        self.catalog().published(id).await.map_err(|e| {
            if e.kind.status == 404 {
                Error::new(&NOT_PUBLISHED)
            } else {
                e
            }
        })
    }

    /// `decided`: a person opens it; else it is kept fresh by the platform.
    pub(crate) async fn publish_entry(&self, ctx: &Ctx, entry: PublishedEntry, decided: bool) -> Result<()> {
        if entry.opening != OpeningAttribute::Unconditional {
            return Err(Error::new(&NOT_UNCONDITIONAL));
        }
        let table = lake::TableName::new(entry.id.as_str()).map_err(Error::from)?;
        let version = self.lake().version(&table).await?.ok_or_else(|| Error::new(&NO_DATA))?;
        let mut tx = self.store().begin(ctx).await?;
        let before = dataset::Entity::find_by_id(entry.id.as_str()).one(tx.conn()).await?;
        let treatment: Treatment = match &before {
            Some(d) => serde_json::from_str(&d.treatment).map_err(Error::internal)?,
            None => Treatment::default(),
        };
        plan::dictionary(&entry, &treatment)?;
        let publication = self.new_publication(&tx, &entry, version, &treatment).await?;
        let changed = match before {
            None => self.first_opening(&tx, &entry, &publication).await?,
            Some(row) => {
                let state = State::parse(&row.state).unwrap_or(State::Withdrawn);
                // what is suspended or treated gets its fresh files too, and stays shut
                let next = match (state.after(Event::Publish), decided) {
                    (Some(next), _) => next,
                    (None, true) if state != State::Preparing => return Err(wrong_state(ctx.lang, state, "publish")),
                    (None, _) => state,
                };
                let mut changed = row.clone();
                changed.pending_id = Some(publication.clone());
                if next != state {
                    changed.state = next.as_str().to_owned();
                    changed.since = ctx.now().0;
                    changed.opened_at = ctx.now().0;
                }
                save(&tx, row, changed).await?
            }
        };
        Jobs::enqueue(&tx, publish::JOB, &publication, &serde_json::json!({})).await?;
        let kind = if decided { "opening.opened" } else { "opening.refreshed" };
        let decision = Entry::new(kind, entry.id.as_str())
            .put("catalog_version", entry.version)
            .put("table_version", version)
            .put("publication", publication);
        tx.append(cited(decision, &self.article(articles::OPEN)));
        tx.commit().await?;
        self.told_of(&changed);
        Ok(())
    }

    async fn first_opening(&self, tx: &Tx, entry: &PublishedEntry, publication: &str) -> Result<dataset::Model> {
        let now = tx.ctx().now().0;
        let mut name = slug::slug(&entry.title);
        let taken = dataset::Entity::find()
            .filter(dataset::Column::Slug.eq(&name))
            .count(tx.conn())
            .await?;
        if taken > 0 {
            name = slug::with_suffix(&name, entry.id.as_str());
        }
        let row = dataset::Model {
            resource_id: entry.id.0.clone(),
            slug: name,
            opener_id: entry.provider_id.0.clone(),
            state: State::Preparing.as_str().to_owned(),
            since: now,
            shut_count: 0,
            publication_id: None,
            pending_id: Some(publication.to_owned()),
            treatment: serde_json::to_string(&Treatment::default()).map_err(Error::internal)?,
            opened_at: now,
            updated_at: now,
            visits: 0,
            downloads: 0,
            calls: 0,
            revision: 1,
        };
        dataset::Entity::insert(dataset::ActiveModel::from(row.clone()))
            .exec_without_returning(tx.conn())
            .await?;
        Ok(row)
    }

    async fn new_publication(
        &self,
        tx: &Tx,
        entry: &PublishedEntry,
        version: u64,
        treatment: &Treatment,
    ) -> Result<String> {
        let id = base::PublicationId::new(tx.ctx());
        let row = publication::ActiveModel {
            id: Set(id.0.clone()),
            resource_id: Set(entry.id.0.clone()),
            state: Set("building".to_owned()),
            catalog_version: Set(i64::from(entry.version)),
            table_version: Set(version as i64),
            entry: Set(serde_json::to_string(entry).map_err(Error::internal)?),
            treatment: Set(serde_json::to_string(treatment).map_err(Error::internal)?),
            rows: Set(0),
            files: Set("[]".to_owned()),
            error: Set(None),
            created_at: Set(tx.ctx().now().0),
            built_at: Set(None),
        };
        publication::Entity::insert(row)
            .exec_without_returning(tx.conn())
            .await?;
        Ok(id.0)
    }

    /// 中止: a unit that sees a risk suspends by itself; the authority may too.
    pub async fn suspend(&self, ctx: &Ctx, id: &str, reason: &str) -> Result<()> {
        self.decide(
            ctx,
            id,
            Action::OpeningSuspend,
            Change {
                event: Event::Suspend,
                treatment: None,
                articles: self.article(articles::RISK),
                procedure: None,
            },
            reason,
        )
        .await
    }

    /// 恢复: after the risk is gone; with a treatment, only what is left of the
    /// data is opened again.
    pub async fn restore(&self, ctx: &Ctx, id: &str, reason: &str, treatment: Option<Treatment>) -> Result<()> {
        let treatment = treatment.filter(|t| !t.is_empty());
        let event = if treatment.is_some() {
            Event::Treat
        } else {
            Event::Restore
        };
        self.decide(
            ctx,
            id,
            Action::OpeningRestore,
            Change {
                event,
                treatment,
                articles: self.article(articles::RISK),
                procedure: None,
            },
            reason,
        )
        .await
    }

    async fn decide(&self, ctx: &Ctx, id: &str, action: Action, change: Change<'_>, reason: &str) -> Result<()> {
        let row = self.row(id).await?;
        self.identity()
            .authz
            .reveal(ctx, action, &Target::owned_by(&row.opener_id.as_str().into()), "数据集")?;
        let reason = required("reason", reason)?;
        if let Some(treatment) = &change.treatment {
            plan::check(
                &self.published_entry(&row.resource_id.as_str().into()).await?,
                treatment,
            )?;
        }
        let prepared = self.prepare(&row.resource_id, &change).await?;
        let mut tx = self.store().begin(ctx).await?;
        if matches!(change.event, Event::Restore | Event::Treat) {
            self.nothing_else_holds(&tx, &row.resource_id, None).await?;
        }
        let text = tx.text(reason).await?;
        let changed = self
            .carry_out(&mut tx, &row.resource_id, change, prepared, Some(&text))
            .await?;
        tx.commit().await?;
        self.told_of(&changed);
        Ok(())
    }

    /// What a treatment needs from outside the transaction.
    pub(crate) async fn prepare(&self, resource: &str, change: &Change<'_>) -> Result<Option<(PublishedEntry, u64)>> {
        if change.event != Event::Treat {
            return Ok(None);
        }
        let entry = self.published_entry(&resource.into()).await?;
        let table = lake::TableName::new(resource).map_err(Error::from)?;
        let version = self.lake().version(&table).await?.ok_or_else(|| Error::new(&NO_DATA))?;
        Ok(Some((entry, version)))
    }

    /// Changes the dataset's state in the caller's transaction, with its entry
    /// in the ledger. The caller calls [`Opening::told_of`] after the commit.
    pub(crate) async fn carry_out(
        &self,
        tx: &mut Tx,
        resource: &str,
        change: Change<'_>,
        prepared: Option<(PublishedEntry, u64)>,
        reason: Option<&db::TextRef>,
    ) -> Result<dataset::Model> {
        let row = locked(tx, resource).await?;
        let now = tx.ctx().now().0;
        let state = State::parse(&row.state).unwrap_or(State::Withdrawn);
        let next = match state.after(change.event) {
            // a dataset that somebody else shut meanwhile is shut: the aim is reached
            None if change.event == Event::Suspend && state == State::Suspended => state,
            None => return Err(wrong_state(tx.ctx().lang, state, event_name(change.event))),
            Some(next) => next,
        };
        let mut changed = row.clone();
        changed.state = next.as_str().to_owned();
        if next != state {
            changed.since = now;
        }
        if next != State::Open && state == State::Open {
            changed.shut_count += 1;
        }
        let mut entry = cited(
            Entry::new(format!("opening.{}", event_name(change.event)), resource),
            &change.articles,
        )
        .put("from", state.as_str())
        .put("to", next.as_str())
        .put("shut_count", changed.shut_count);
        if let (Some(treatment), Some((published, version))) = (change.treatment, prepared) {
            let before: Treatment = serde_json::from_str(&row.treatment).map_err(Error::internal)?;
            let both = before.and(treatment);
            plan::check(&published, &both)?;
            let publication = self.new_publication(tx, &published, version, &both).await?;
            Jobs::enqueue(tx, publish::JOB, &publication, &serde_json::json!({})).await?;
            entry = entry
                .put("publication", &publication)
                .put("items_dropped", both.items.iter().filter(|i| i.drop).count())
                .put("items_masked", both.items.iter().filter(|i| !i.drop).count())
                .put("records_removed", both.rows.len());
            changed.treatment = serde_json::to_string(&both).map_err(Error::internal)?;
            changed.pending_id = Some(publication);
        }
        if change.event == Event::Withdraw {
            changed.pending_id = None;
        }
        if let Some(reason) = reason {
            entry = entry
                .put("reason_hash", &reason.hash)
                .put("reason_text", reason.id.as_str());
        }
        if let Some(procedure) = change.procedure {
            entry = entry.put("procedure", procedure);
        }
        let changed = save(tx, row, changed).await?;
        tx.append(entry);
        Ok(changed)
    }

    /// The citation, where the rule set in force knows the text.
    fn article(&self, code: &str) -> Vec<String> {
        let article = self.procedures().law().rules().article(code);
        article.map(|a| a.citation(Lang::Zh)).into_iter().collect()
    }

    pub(crate) async fn row(&self, id: &str) -> Result<dataset::Model> {
        let found = dataset::Entity::find()
            .filter(
                Condition::any()
                    .add(dataset::Column::ResourceId.eq(id))
                    .add(dataset::Column::Slug.eq(id)),
            )
            .one(self.store().conn())
            .await?;
        found.ok_or_else(|| Error::not_found("数据集"))
    }
}

/// A change of a dataset's state, and on what it rests.
pub(crate) struct Change<'a> {
    pub event: Event,
    pub treatment: Option<Treatment>,
    /// Citations.
    pub articles: Vec<String>,
    pub procedure: Option<&'a str>,
}

fn cited(entry: Entry, articles: &[String]) -> Entry {
    articles.iter().fold(entry, |entry, article| entry.article(article))
}

/// The row as the transaction sees it.
pub(crate) async fn locked(tx: &Tx, resource: &str) -> Result<dataset::Model> {
    dataset::Entity::find_by_id(resource)
        .one(tx.conn())
        .await?
        .ok_or_else(|| Error::not_found("数据集"))
}

/// Guarded by the revision that was read: two decisions at once do not both win.
pub(crate) async fn save(tx: &Tx, seen: dataset::Model, mut changed: dataset::Model) -> Result<dataset::Model> {
    changed.revision = seen.revision + 1;
    let result = dataset::Entity::update_many()
        .col_expr(dataset::Column::State, Expr::value(&changed.state))
        .col_expr(dataset::Column::Since, Expr::value(changed.since))
        .col_expr(dataset::Column::ShutCount, Expr::value(changed.shut_count))
        .col_expr(
            dataset::Column::PublicationId,
            Expr::value(changed.publication_id.clone()),
        )
        .col_expr(dataset::Column::PendingId, Expr::value(changed.pending_id.clone()))
        .col_expr(dataset::Column::Treatment, Expr::value(&changed.treatment))
        .col_expr(dataset::Column::OpenedAt, Expr::value(changed.opened_at))
        .col_expr(dataset::Column::UpdatedAt, Expr::value(changed.updated_at))
        .col_expr(dataset::Column::Revision, Expr::value(changed.revision))
        .filter(dataset::Column::ResourceId.eq(&seen.resource_id))
        .filter(dataset::Column::Revision.eq(seen.revision))
        .exec(tx.conn())
        .await?;
    if result.rows_affected == 1 {
        Ok(changed)
    } else {
        Err(Error::new(&base::error::CONFLICT))
    }
}

/// A text that must be given, without the blanks around it.
pub(crate) fn required<'a>(field: &str, text: &'a str) -> Result<&'a str> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(Error::invalid(vec![]).field(field, "required", "必填"));
    }
    if length > base::limits::LONG_TEXT_CHARS_MAX {
        return Err(Error::invalid(vec![]).field(field, "too_long", "不超过 4000 个字"));
    }
    Ok(text)
}

fn event_name(event: Event) -> &'static str {
    match event {
        Event::Publish => "opened",
        Event::Built => "built",
        Event::Suspend => "suspended",
        Event::Restore => "restored",
        Event::Treat => "treated",
        Event::Withdraw => "withdrawn",
    }
}

fn wrong_state(lang: Lang, state: State, action: &str) -> Error {
    let shown = |zh: &str, en: &str| if lang == Lang::En { en.to_owned() } else { zh.to_owned() };
    let state = match state {
        State::Preparing => shown("发布准备中", "being prepared"),
        State::Open => shown("开放", "open"),
        State::Suspended => shown("中止开放", "suspended"),
        State::Treating => shown("处理中", "being treated"),
        State::Withdrawn => shown("已撤回", "withdrawn"),
    };
    let action = match action {
        "suspended" => shown("中止", "suspended"),
        "restored" => shown("恢复", "restored"),
        "treated" => shown("处理", "treated"),
        "withdrawn" => shown("撤回", "withdrawn"),
        _ => shown("再次发布", "published again"),
    };
    Error::new(&WRONG_STATE).with("state", state).with("action", action)
}

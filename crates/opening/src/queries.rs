//! What is read of opening.

use std::collections::HashMap;

use base::{Actor, Ctx, Error, Moment, Page, PageQuery, Result, codes};
use catalog::search::{SearchQuery, Sort as CatalogSort, Viewer};
use db::Jobs;
use identity::{Action, Target};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};

use crate::model::{Dataset, OrgRef, Treatment};
use crate::shelf::{self, Facet, Query, Shelf};
use crate::states::{Event, State};
use crate::store::{dataset, opinion, publication, withdrawal};
use crate::views::*;
use crate::{Opening, publish};

/// What the index is asked for at most.
const RANKED_MAX: usize = 1_000;
/// Versions on a dataset's page.
const VERSIONS: u64 = 20;

impl Opening {
    /// Ids of entries of the open catalog that the words find, best first.
    pub async fn ranked(&self, _ctx: &Ctx, words: &str) -> Result<Vec<String>> {
        let query = SearchQuery {
            q: words.chars().take(base::limits::QUERY_CHARS_MAX).collect(),
            viewer: Viewer::Public,
            chosen: vec![],
            sort: CatalogSort::Relevance,
            cursor: None,
            limit: RANKED_MAX,
            facets: false,
        };
        Ok(self.catalog().search(query).await?.ids)
    }

    pub(crate) async fn list(&self, ctx: &Ctx, mut query: Query, page: &PageQuery) -> Result<DatasetList> {
        let shelf = self.shelf().await?;
        query.lang = ctx.lang;
        if let Some(q) = query.q.as_deref().filter(|q| !q.trim().is_empty()) {
            query.ranked = Some(self.ranked(ctx, q).await?);
        }
        let mut found = shelf::search(&shelf, &query);
        let start = match page.cursor.as_deref() {
            None => 0,
            Some(c) => c.parse::<usize>().map_err(|_| Error::bad_request("cursor"))?,
        };
        let total = found.datasets.len();
        let end = start.saturating_add(page.limit() as usize);
        let items = found.datasets.iter().skip(start).take(page.limit() as usize);
        let mut facet = |f: Facet| found.facets.remove(&f).unwrap_or_default();
        let facets = DatasetFacets {
            subject: facet(Facet::Subject),
            opener: facet(Facet::Opener),
            division: facet(Facet::Division),
            format: facet(Facet::Format),
            frequency: facet(Facet::Frequency),
            keyword: facet(Facet::Keyword),
        };
        Ok(DatasetList {
            items: items.map(|d| DatasetCard::of(d, ctx.lang)).collect(),
            next: (end < total).then(|| end.to_string()),
            total: total as u64,
            facets,
        })
    }

    pub(crate) async fn home(&self, ctx: &Ctx) -> Result<PortalHome> {
        const SHOWN: usize = 6;
        let shelf = self.shelf().await?;
        let query = Query {
            lang: ctx.lang,
            ..Query::default()
        };
        let mut all = shelf::search(&shelf, &query);
        let card = |d: &std::sync::Arc<Dataset>| DatasetCard::of(d, ctx.lang);
        let newest = all.datasets.iter().take(SHOWN).map(card).collect();
        let mut used = all.datasets.clone();
        used.sort_by_key(|d| std::cmp::Reverse(d.uses()));
        Ok(PortalHome {
            title: self.site().title.clone(),
            figures: shelf::figures(&shelf, ctx.now()),
            subjects: all.facets.remove(&Facet::Subject).unwrap_or_default(),
            newest,
            most_used: used.iter().filter(|d| d.uses() > 0).take(SHOWN).map(card).collect(),
            cities: cities(&shelf, &self.identity().node.division),
        })
    }

    pub(crate) async fn detail(&self, ctx: &Ctx, name: &str) -> Result<DatasetDetail> {
        let shelf = self.shelf().await?;
        let d = shelf.visible(name).ok_or_else(|| Error::not_found("数据集"))?;
        self.count_visit(&d.id);
        let versions = publication::Entity::find()
            .filter(publication::Column::ResourceId.eq(&d.id))
            .filter(publication::Column::State.is_in(["current", "former"]))
            .order_by_desc(publication::Column::CreatedAt)
            .order_by_desc(publication::Column::Id)
            .limit(VERSIONS)
            .all(self.store().conn())
            .await?;
        let versions = versions
            .iter()
            .map(|p| DatasetVersion {
                version: p.catalog_version,
                table_version: p.table_version,
                rows: u64::try_from(p.rows).unwrap_or(0),
                built_at: publish::built_at(p),
                state: p.state.clone(),
            })
            .collect();
        let actions = self.actions(ctx, &d.opener.id, d.state);
        Ok(DatasetDetail::of(self.site(), d, ctx.lang, versions, actions))
    }

    fn actions(&self, ctx: &Ctx, opener: &str, state: State) -> Vec<String> {
        let target = Target::owned_by(&opener.into());
        [
            ("publish", Action::OpeningPublish, Event::Publish),
            ("suspend", Action::OpeningSuspend, Event::Suspend),
            ("restore", Action::OpeningRestore, Event::Restore),
        ]
        .into_iter()
        .filter(|(name, action, event)| {
            let fits = state.after(*event).is_some() && (*name != "restore" || state == State::Suspended);
            fits && self.identity().authz.permits(ctx, *action, &target)
        })
        .map(|(name, ..)| name.to_owned())
        .collect()
    }

    /// Datasets in every state: a unit's own, or all for the authority.
    pub(crate) async fn managed(&self, ctx: &Ctx, page: &PageQuery) -> Result<Page<ManagedDataset>> {
        let mut find = dataset::Entity::find();
        if !self
            .identity()
            .authz
            .permits(ctx, Action::OpeningSuspend, &Target::any())
        {
            let Some(unit) = ctx.actor.institution() else {
                return Err(Action::OpeningSuspend.refused_to(ctx));
            };
            self.identity()
                .authz
                .check(ctx, Action::OpeningSuspend, &Target::owned_by(unit))?;
            find = find.filter(dataset::Column::OpenerId.eq(unit.as_str()));
        }
        if let Some(after) = &page.cursor {
            find = find.filter(dataset::Column::ResourceId.lt(after));
        }
        let rows = find
            .order_by_desc(dataset::Column::ResourceId)
            .limit(page.limit() + 1)
            .all(self.store().conn())
            .await?;
        let rows = Page::from_overfetch(rows, page.limit(), |r| r.resource_id.clone());
        let shelf = self.shelf().await?;
        let names = self
            .identity()
            .institution_names(rows.items.iter().map(|r| r.opener_id.clone()))
            .await?;
        let mut items = vec![];
        for row in rows.items {
            items.push(self.managed_one(ctx, &shelf, &names, row).await?);
        }
        Ok(Page {
            items,
            next: rows.next,
            total: None,
        })
    }

    async fn managed_one(
        &self,
        ctx: &Ctx,
        shelf: &Shelf,
        names: &HashMap<String, (String, String)>,
        row: dataset::Model,
    ) -> Result<ManagedDataset> {
        let shown = shelf.get(&row.resource_id);
        let newest = publication::Entity::find()
            .filter(publication::Column::ResourceId.eq(&row.resource_id))
            .order_by_desc(publication::Column::CreatedAt)
            .order_by_desc(publication::Column::Id)
            .one(self.store().conn())
            .await?;
        let building = match &row.pending_id {
            Some(id) => Jobs::state(self.store(), publish::JOB, id)
                .await?
                .map(|(_, fraction, _)| fraction),
            None => None,
        };
        let title = match (shown, &newest) {
            (Some(d), _) => d.title.clone(),
            (None, Some(p)) => {
                let entry: catalog::model::PublishedEntry = serde_json::from_str(&p.entry).map_err(Error::internal)?;
                entry.title
            }
            _ => row.slug.clone(),
        };
        let state = State::parse(&row.state).ok_or_else(|| Error::internal("state of a dataset"))?;
        let treatment: Treatment = serde_json::from_str(&row.treatment).map_err(Error::internal)?;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(ManagedDataset {
            title,
            opener: org(names, &row.opener_id),
            state,
            since: Moment(row.since),
            updated_at: Moment(row.updated_at),
            rows: shown.map_or(0, |d| d.rows),
            visits: count(row.visits),
            downloads: count(row.downloads),
            calls: count(row.calls),
            treatment,
            building,
            failed: newest.filter(|p| p.state == "failed").and_then(|p| p.error),
            actions: self.actions(ctx, &row.opener_id, state),
            id: row.resource_id,
            slug: row.slug,
        })
    }

    pub(crate) async fn opinions(
        &self,
        ctx: &Ctx,
        dataset: Option<&str>,
        state: Option<&str>,
        page: &PageQuery,
    ) -> Result<Page<OpinionView>> {
        use opinion::Column;
        let mut find = opinion::Entity::find();
        find = self.mine(ctx, find, Action::OpinionRead, Column::OpenerId, Column::AuthorId)?;
        if let Some(id) = dataset {
            find = find.filter(Column::ResourceId.eq(id));
        }
        if let Some(state) = state {
            find = find.filter(Column::State.eq(state));
        }
        if let Some(after) = &page.cursor {
            find = find.filter(Column::Id.lt(after));
        }
        let rows = find
            .order_by_desc(Column::Id)
            .limit(page.limit() + 1)
            .all(self.store().conn())
            .await?;
        let rows = Page::from_overfetch(rows, page.limit(), |r| r.id.clone());
        Ok(Page {
            items: self.opinion_views(rows.items).await?,
            next: rows.next,
            total: None,
        })
    }

    pub(crate) async fn opinion(&self, ctx: &Ctx, id: &str) -> Result<OpinionView> {
        let row = self.opinion_row(id).await?;
        let target = Target::owned_by(&row.opener_id.as_str().into()).person(&row.author_id);
        self.identity()
            .authz
            .reveal(ctx, Action::OpinionRead, &target, "意见建议")?;
        let procedure = row.procedure_id.as_str().into();
        let mut view = self
            .opinion_views(vec![row])
            .await?
            .pop()
            .ok_or_else(|| Error::not_found("意见建议"))?;
        view.timeline = self.procedures().timeline(ctx, &procedure).await.ok();
        Ok(view)
    }

    async fn opinion_views(&self, rows: Vec<opinion::Model>) -> Result<Vec<OpinionView>> {
        let shelf = self.shelf().await?;
        let wanted: Vec<String> = rows
            .iter()
            .flat_map(|r| [Some(r.text_id.clone()), r.answer_id.clone()])
            .flatten()
            .collect();
        let texts = self.store().texts(&wanted).await?;
        let names = self
            .identity()
            .institution_names(rows.iter().map(|r| r.opener_id.clone()))
            .await?;
        Ok(rows
            .into_iter()
            .map(|r| OpinionView {
                dataset: dataset_ref(&shelf, &r.resource_id),
                opener: org(&names, &r.opener_id),
                text: texts.get(&r.text_id).cloned(),
                answer: r.answer_id.as_ref().and_then(|id| texts.get(id)).cloned(),
                id: r.id,
                kind: r.kind,
                state: r.state,
                created_at: Moment(r.created_at),
                closed_at: r.closed_at.map(Moment),
                timeline: None,
            })
            .collect())
    }

    pub(crate) async fn withdrawals(
        &self,
        ctx: &Ctx,
        state: Option<&str>,
        page: &PageQuery,
    ) -> Result<Page<WithdrawalView>> {
        use withdrawal::Column;
        let mut find = withdrawal::Entity::find();
        find = self.mine(ctx, find, Action::WithdrawalRead, Column::OpenerId, Column::ApplicantId)?;
        if let Some(state) = state {
            find = find.filter(Column::State.eq(state));
        }
        if let Some(after) = &page.cursor {
            find = find.filter(Column::Id.lt(after));
        }
        let rows = find
            .order_by_desc(Column::Id)
            .limit(page.limit() + 1)
            .all(self.store().conn())
            .await?;
        let rows = Page::from_overfetch(rows, page.limit(), |r| r.id.clone());
        Ok(Page {
            items: self.withdrawal_views(ctx, rows.items).await?,
            next: rows.next,
            total: None,
        })
    }

    pub(crate) async fn withdrawal(&self, ctx: &Ctx, id: &str) -> Result<WithdrawalView> {
        let row = self.withdrawal_row(id).await?;
        let target = Target::owned_by(&row.opener_id.as_str().into()).person(&row.applicant_id);
        self.identity()
            .authz
            .reveal(ctx, Action::WithdrawalRead, &target, "撤回申请")?;
        let resource = row.resource_id.clone();
        let mut view = self
            .withdrawal_views(ctx, vec![row])
            .await?
            .pop()
            .ok_or_else(|| Error::not_found("撤回申请"))?;
        view.timelines = self.procedures().timelines_of(ctx, id).await?;
        view.timelines.reverse();
        if matches!(ctx.actor, Actor::Person { .. }) {
            view.dictionary = self
                .shelf()
                .await?
                .get(&resource)
                .map(|d| d.items.clone())
                .unwrap_or_default();
        }
        Ok(view)
    }

    async fn withdrawal_views(&self, ctx: &Ctx, rows: Vec<withdrawal::Model>) -> Result<Vec<WithdrawalView>> {
        let shelf = self.shelf().await?;
        let wanted: Vec<String> = rows
            .iter()
            .flat_map(|r| {
                [
                    Some(r.reason_id.clone()),
                    r.record_key_id.clone(),
                    r.evidence_id.clone(),
                    r.answer_id.clone(),
                ]
            })
            .flatten()
            .collect();
        let texts = self.store().texts(&wanted).await?;
        let names = self
            .identity()
            .institution_names(rows.iter().map(|r| r.opener_id.clone()))
            .await?;
        let text = |id: &Option<String>| id.as_ref().and_then(|id| texts.get(id)).cloned();
        rows.into_iter()
            .map(|r| {
                let own = matches!(&ctx.actor, Actor::DataUser { id } if id.as_str() == r.applicant_id);
                let treatment = r
                    .treatment
                    .as_deref()
                    .map(serde_json::from_str)
                    .transpose()
                    .map_err(Error::internal)?;
                Ok(WithdrawalView {
                    dataset: dataset_ref(&shelf, &r.resource_id),
                    dataset_state: shelf.get(&r.resource_id).map_or(State::Preparing, |d| d.state),
                    opener: org(&names, &r.opener_id),
                    reason: texts.get(&r.reason_id).cloned(),
                    evidence: text(&r.evidence_id),
                    record_key: text(&r.record_key_id),
                    answer: text(&r.answer_id),
                    may_ask_review: own && r.state == "ended" && r.review_id.is_none(),
                    treatment,
                    id: r.id,
                    kind: r.kind,
                    state: r.state,
                    outcome: r.outcome,
                    created_at: Moment(r.created_at),
                    closed_at: r.closed_at.map(Moment),
                    dictionary: vec![],
                    timelines: vec![],
                })
            })
            .collect()
    }

    /// Only what the caller may read: everything, the own unit's, the own matters.
    fn mine<E: EntityTrait>(
        &self,
        ctx: &Ctx,
        find: Select<E>,
        action: Action,
        opener: E::Column,
        person: E::Column,
    ) -> Result<Select<E>> {
        if self.identity().authz.permits(ctx, action, &Target::any()) {
            return Ok(find);
        }
        match &ctx.actor {
            Actor::Person { institution, .. } => {
                self.identity()
                    .authz
                    .check(ctx, action, &Target::owned_by(institution))?;
                Ok(find.filter(Condition::all().add(opener.eq(institution.as_str()))))
            }
            Actor::DataUser { id } => Ok(find.filter(Condition::all().add(person.eq(id.as_str())))),
            _ => Err(Error::new(&base::error::SIGN_IN_REQUIRED)),
        }
    }
}

fn org(names: &HashMap<String, (String, String)>, id: &str) -> OrgRef {
    OrgRef {
        id: id.to_owned(),
        name: names.get(id).map(|(name, _)| name.clone()).unwrap_or_default(),
    }
}

fn dataset_ref(shelf: &Shelf, id: &str) -> DatasetRef {
    match shelf.get(id) {
        Some(d) => DatasetRef {
            id: d.id.clone(),
            slug: d.slug.clone(),
            title: d.title.clone(),
        },
        None => DatasetRef {
            id: id.to_owned(),
            slug: id.to_owned(),
            title: id.to_owned(),
        },
    }
}

/// The cities below the node's division, each with its counties' datasets.
fn cities(shelf: &Shelf, division: &str) -> Vec<PortalCity> {
    codes::divisions()
        .iter()
        .filter(|d| d.parent == Some(division))
        .map(|d| PortalCity {
            code: d.code.to_owned(),
            name: d.name.to_owned(),
            datasets: shelf
                .open()
                .filter(|s| codes::division(&s.division.code).is_some_and(|of| of.code == d.code || of.within(d)))
                .count() as u64,
        })
        .collect()
}

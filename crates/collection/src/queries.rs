//! What people look at.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use base::{BatchId, Ctx, Error, Moment, Page, PageQuery, QuarantineId, ResourceId, Result, SourceId};
use catalog::model::{Grade, PublishedEntry};
use catalog::vocabulary::{Vocabulary, find};
use futures::TryStreamExt;
use identity::{Action, Target};
use lake::{Scan, TableName, TableStats};
use protect::{AccessPlan, Internal, Mask, PlanItem};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use crate::Collection;
use crate::check::Reason;
use crate::export::{self, ExportFormat};
use crate::load::of_lake;
use crate::model::*;
use crate::spec::TableSpec;
use crate::states::BatchState;
use crate::store::{batch, quarantine, source};

/// Rows of a sample.
const SAMPLE_ROWS: u64 = 20;

/// Which batches.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BatchQuery {
    pub resource: Option<String>,
    pub source: Option<String>,
    /// A state's name.
    pub state: Option<String>,
}

impl Collection {
    /// Whose sources and batches the actor may see: everybody's, or its own.
    fn visible(&self, ctx: &Ctx) -> Result<Option<String>> {
        let authz = &self.identity().authz;
        if authz.permits(ctx, Action::BatchRead, &Target::any()) {
            return Ok(None);
        }
        let own = ctx.actor.institution().cloned();
        let target = own.as_ref().map_or_else(Target::any, Target::owned_by);
        authz.check(ctx, Action::BatchRead, &target)?;
        Ok(own.map(|o| o.0))
    }

    pub async fn sources(&self, ctx: &Ctx, resource: Option<&str>, page: PageQuery) -> Result<Page<Source>> {
        let mut find = source::Entity::find().order_by_desc(source::Column::Id);
        if let Some(own) = self.visible(ctx)? {
            find = find.filter(source::Column::ProviderId.eq(own));
        }
        if let Some(resource) = resource {
            find = find.filter(source::Column::ResourceId.eq(resource));
        }
        if let Some(cursor) = &page.cursor {
            find = find.filter(source::Column::Id.lt(cursor));
        }
        let rows = find.limit(page.limit() + 1).all(self.store().conn()).await?;
        let titles = self.titles(rows.iter().map(|r| r.resource_id.clone())).await?;
        let mut views = vec![];
        for row in rows {
            let last = self.last_batch(ctx, &row.id).await?;
            let title = titles.get(&row.resource_id).cloned().unwrap_or_default();
            views.push(self.source_view(row, &title, last)?);
        }
        Ok(Page::from_overfetch(views, page.limit(), |s| s.id.0.clone()))
    }

    pub async fn source(&self, ctx: &Ctx, id: &SourceId) -> Result<Source> {
        let row = self.source_row(ctx, id, Action::BatchRead).await?;
        let titles = self.titles([row.resource_id.clone()]).await?;
        let title = titles.get(&row.resource_id).cloned().unwrap_or_default();
        let last = self.last_batch(ctx, &row.id).await?;
        self.source_view(row, &title, last)
    }

    async fn last_batch(&self, ctx: &Ctx, source: &str) -> Result<Option<Batch>> {
        let row = batch::Entity::find()
            .filter(batch::Column::SourceId.eq(source))
            .order_by_desc(batch::Column::Id)
            .one(self.store().conn())
            .await?;
        match row {
            Some(row) => Ok(Some(self.batch_view(ctx, row).await?)),
            None => Ok(None),
        }
    }

    async fn titles(&self, ids: impl IntoIterator<Item = String>) -> Result<HashMap<String, String>> {
        let ids: Vec<String> = ids.into_iter().collect::<HashSet<_>>().into_iter().collect();
        let entries = self.catalog().published_many(&ids).await?;
        Ok(entries.into_iter().map(|(id, entry)| (id, entry.title)).collect())
    }

    pub async fn batches(&self, ctx: &Ctx, query: BatchQuery, page: PageQuery) -> Result<Page<Batch>> {
        let mut find = batch::Entity::find().order_by_desc(batch::Column::Id);
        if let Some(own) = self.visible(ctx)? {
            find = find.filter(batch::Column::ProviderId.eq(own));
        }
        let filters = [
            (batch::Column::ResourceId, query.resource),
            (batch::Column::SourceId, query.source),
            (batch::Column::State, query.state),
        ];
        for (column, value) in filters {
            if let Some(value) = value {
                find = find.filter(column.eq(value));
            }
        }
        let total = find.clone().count(self.store().conn()).await?;
        if let Some(cursor) = &page.cursor {
            find = find.filter(batch::Column::Id.lt(cursor));
        }
        let rows = find.limit(page.limit() + 1).all(self.store().conn()).await?;
        let mut views = vec![];
        for row in rows {
            views.push(self.batch_view(ctx, row).await?);
        }
        Ok(Page {
            total: Some(total),
            ..Page::from_overfetch(views, page.limit(), |b| b.id.0.clone())
        })
    }

    pub async fn batch(&self, ctx: &Ctx, id: &BatchId) -> Result<Batch> {
        let row = self.batch_row(ctx, id, Action::BatchRead).await?;
        self.batch_view(ctx, row).await
    }

    pub(crate) async fn batch_row_of(&self, id: &BatchId) -> Result<batch::Model> {
        let found = batch::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        found.ok_or_else(|| Error::not_found("批次"))
    }

    pub(crate) async fn batch_row(&self, ctx: &Ctx, id: &BatchId, action: Action) -> Result<batch::Model> {
        let row = self.batch_row_of(id).await?;
        let owner = Target::owned_by(&row.provider_id.as_str().into());
        self.identity().authz.reveal(ctx, Action::BatchRead, &owner, "批次")?;
        self.identity().authz.check(ctx, action, &owner)?;
        Ok(row)
    }

    pub(crate) async fn batch_view(&self, ctx: &Ctx, row: batch::Model) -> Result<Batch> {
        let bad = || Error::internal("a stored batch has an unknown word");
        let state = BatchState::parse(&row.state).ok_or_else(bad)?;
        let source = source::Entity::find_by_id(&row.source_id)
            .one(self.store().conn())
            .await?;
        let resource_title = self
            .titles([row.resource_id.clone()])
            .await?
            .remove(&row.resource_id)
            .unwrap_or_default();
        let running = self.progress_of(&row.id, row.bytes as u64, ctx.now());
        let (rows_read, rows_bad) = running.as_ref().map_or((0, 0), |(_, read, bad)| (*read, *bad));
        let error: Option<StoredProblem> = row
            .error
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(Error::internal)?;
        let unknown = row
            .unknown_columns
            .as_deref()
            .map(serde_json::from_str)
            .transpose()
            .map_err(Error::internal)?;
        Ok(Batch {
            actions: self.batch_actions(ctx, &row, state),
            source_title: source.map(|s| s.title).unwrap_or_default(),
            kind: BatchKind::parse(&row.kind).ok_or_else(bad)?,
            load_mode: Mode::parse(&row.load_mode).ok_or_else(bad)?,
            progress: running.map(|(p, ..)| p).unwrap_or_else(|| BatchProgress {
                fraction: state.has_ended().then_some(1.0),
                ..Default::default()
            }),
            rows_read: if state.has_ended() {
                row.rows_read as u64
            } else {
                rows_read.max(row.rows_read as u64)
            },
            rows_quarantined: rows_bad.max(row.rows_quarantined as u64),
            error: error.map(|e| e.in_lang(ctx.lang)),
            unknown_columns: unknown.unwrap_or_default(),
            id: BatchId(row.id),
            source_id: SourceId(row.source_id),
            resource_id: ResourceId(row.resource_id),
            resource_title,
            state,
            file_name: row.file_name,
            format: row.format,
            encoding: row.encoding,
            sheet: row.sheet,
            bytes: row.bytes as u64,
            digest: row.digest,
            same_as: row.same_as.map(BatchId),
            replay_of: row.replay_of.map(BatchId),
            rows_good: row.rows_good as u64,
            rows_written: row.rows_written as u64,
            normalised: row.normalised as u64,
            table_version: row.table_version.map(|v| v as u64),
            received_at: Moment(row.received_at),
            started_at: row.started_at.map(Moment),
            finished_at: row.finished_at.map(Moment),
        })
    }

    fn batch_actions(&self, ctx: &Ctx, row: &batch::Model, state: BatchState) -> Vec<String> {
        let owner = Target::owned_by(&row.provider_id.as_str().into());
        let may = |action| self.identity().authz.permits(ctx, action, &owner);
        let mut actions = vec![];
        if state.cancel().is_ok() && may(Action::BatchLoad) {
            actions.push("cancel".to_owned());
        }
        if state.retry().is_ok() && row.kind != BatchKind::Replay.as_str() && may(Action::BatchLoad) {
            actions.push("retry".to_owned());
        }
        if state == BatchState::Done && row.rows_quarantined > 0 && may(Action::QuarantineCorrect) {
            actions.extend(["correct".to_owned(), "replay".to_owned()]);
        }
        actions
    }

    fn of_batch(id: &BatchId, reason: Option<&str>, state: Option<&str>) -> Select<quarantine::Entity> {
        let mut which = Condition::all().add(quarantine::Column::BatchId.eq(id.as_str()));
        // A code is plain letters; anything else finds nothing.
        if let Some(reason) = reason {
            let plain: String = reason
                .chars()
                .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            which = which.add(quarantine::Column::Codes.contains(format!(";{plain};")));
        }
        if let Some(state) = state {
            which = which.add(quarantine::Column::State.eq(state));
        }
        quarantine::Entity::find()
            .filter(which)
            .order_by_asc(quarantine::Column::RowNumber)
            .order_by_asc(quarantine::Column::Id)
    }

    /// Rows in the order of their numbers; the cursor is the last number and id.
    pub async fn quarantine(
        &self,
        ctx: &Ctx,
        id: &BatchId,
        reason: Option<&str>,
        state: Option<&str>,
        page: PageQuery,
    ) -> Result<Page<QuarantinedRow>> {
        self.batch_row(ctx, id, Action::BatchRead).await?;
        let mut find = Self::of_batch(id, reason, state);
        let total = find.clone().count(self.store().conn()).await?;
        if let Some((number, after)) = page.cursor.as_deref().and_then(|c| c.split_once('.')) {
            let number: i64 = number.parse().map_err(|_| Error::bad_request("cursor"))?;
            find = find.filter(
                Condition::any().add(quarantine::Column::RowNumber.gt(number)).add(
                    Condition::all()
                        .add(quarantine::Column::RowNumber.eq(number))
                        .add(quarantine::Column::Id.gt(after)),
                ),
            );
        }
        let rows = find.limit(page.limit() + 1).all(self.store().conn()).await?;
        let views = rows.into_iter().map(|r| self.row_view(r)).collect::<Result<Vec<_>>>()?;
        let page = Page::from_overfetch(views, page.limit(), |r| format!("{}.{}", r.row_number, r.id));
        Ok(Page {
            total: Some(total),
            ..page
        })
    }

    pub(crate) fn row_view(&self, row: quarantine::Model) -> Result<QuarantinedRow> {
        Ok(QuarantinedRow {
            row_number: row.row_number as u64,
            values: serde_json::from_str(&row.data).map_err(Error::internal)?,
            reasons: serde_json::from_str(&row.reasons).map_err(Error::internal)?,
            state: RowState::parse(&row.state).ok_or_else(|| Error::internal("a stored row has an unknown state"))?,
            revision: row.revision,
            replay_batch: row.replay_batch.map(BatchId),
            id: QuarantineId(row.id),
        })
    }

    pub async fn quarantine_summary(&self, ctx: &Ctx, id: &BatchId) -> Result<QuarantineSummary> {
        self.batch_row(ctx, id, Action::BatchRead).await?;
        let states: Vec<(String, i64)> = quarantine::Entity::find()
            .select_only()
            .column(quarantine::Column::State)
            .column_as(quarantine::Column::Id.count(), "rows")
            .filter(quarantine::Column::BatchId.eq(id.as_str()))
            .group_by(quarantine::Column::State)
            .into_tuple()
            .all(self.store().conn())
            .await?;
        let of = |state: RowState| {
            states
                .iter()
                .find(|(s, _)| s == state.as_str())
                .map_or(0, |(_, n)| *n as u64)
        };
        Ok(QuarantineSummary {
            total: states.iter().map(|(_, n)| *n as u64).sum(),
            open: of(RowState::Open),
            corrected: of(RowState::Corrected),
            replayed: of(RowState::Replayed),
            discarded: of(RowState::Discarded),
            reasons: self.reason_counts(id).await?,
        })
    }

    async fn reason_counts(&self, id: &BatchId) -> Result<Vec<ReasonCount>> {
        // A cell's reasons differ in their detail; few forms of text repeat.
        let texts: Vec<(String, i64)> = quarantine::Entity::find()
            .select_only()
            .column(quarantine::Column::Codes)
            .column_as(quarantine::Column::Id.count(), "rows")
            .filter(quarantine::Column::BatchId.eq(id.as_str()))
            .filter(quarantine::Column::State.eq(RowState::Open.as_str()))
            .group_by(quarantine::Column::Codes)
            .into_tuple()
            .all(self.store().conn())
            .await?;
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (codes, rows) in &texts {
            for code in codes.split(';').filter(|c| !c.is_empty()) {
                *counts.entry(code.to_owned()).or_default() += *rows as u64;
            }
        }
        let mut reasons = vec![];
        for (code, rows) in counts {
            let example = Self::of_batch(id, Some(&code), Some(RowState::Open.as_str()))
                .one(self.store().conn())
                .await?;
            let known: Vec<Reason> = example
                .map(|e| serde_json::from_str(&e.reasons).map_err(Error::internal))
                .transpose()?
                .unwrap_or_default();
            let known = known.into_iter().find(|r| r.code == code);
            let (item, message) = known.map(|r| (r.item, r.message)).unwrap_or_default();
            reasons.push(ReasonCount {
                code,
                item,
                message,
                rows,
            });
        }
        reasons.sort_by_key(|r| std::cmp::Reverse(r.rows));
        Ok(reasons)
    }

    /// Rows not settled yet, as a file.
    pub async fn export_quarantine(&self, ctx: &Ctx, id: &BatchId, format: ExportFormat) -> Result<Vec<u8>> {
        let row = self.batch_row(ctx, id, Action::QuarantineCorrect).await?;
        let entry = self.published(&ResourceId(row.resource_id)).await?;
        let spec = TableSpec::from_entry(&entry);
        let rows = Self::of_batch(id, None, None)
            .filter(quarantine::Column::State.is_in([RowState::Open.as_str(), RowState::Corrected.as_str()]))
            .all(self.store().conn())
            .await?;
        let write = move || match format {
            ExportFormat::Csv => export::csv(&spec, &rows),
            ExportFormat::Xlsx => export::xlsx(&spec, &rows),
        };
        tokio::task::spawn_blocking(write).await.map_err(Error::internal)?
    }

    /// COL-5.
    pub async fn data_status(&self, ctx: &Ctx, id: &ResourceId) -> Result<DataStatus> {
        let entry = self.entry(ctx, id).await?;
        let table = TableName::new(id.as_str())?;
        let stats = match self.lake().exists(&table).await.map_err(of_lake)? {
            true => Some(self.lake().stats(&table, None).await.map_err(of_lake)?),
            false => None,
        };
        let last = batch::Entity::find()
            .filter(batch::Column::ResourceId.eq(id.as_str()))
            .filter(batch::Column::State.eq(BatchState::Done.as_str()))
            .order_by_desc(batch::Column::FinishedAt)
            .one(self.store().conn())
            .await?;
        let last_load = last.map(|b| LastLoad {
            at: Moment(b.finished_at.unwrap_or(b.received_at)),
            rows_written: b.rows_written as u64,
            batch_id: BatchId(b.id),
        });
        Ok(DataStatus {
            rows: stats.as_ref().map_or(0, |s| s.rows),
            size_bytes: stats.as_ref().map_or(0, |s| s.size_bytes),
            table_version: stats.as_ref().map(|s| s.version),
            time_span: stats.as_ref().and_then(|s| span_of(&entry, s)),
            freshness: freshness(&entry, last_load.as_ref().map(|l| l.at), ctx.now()),
            last_load,
        })
    }

    /// The first rows of the table, whole for people of the provider, with the
    /// masks of each item's grade for others who may see samples.
    pub async fn data_sample(&self, ctx: &Ctx, id: &ResourceId) -> Result<DataSample> {
        let entry = self.entry(ctx, id).await?;
        let own = Target::owned_by(&entry.provider_id);
        let whole = self.identity().authz.permits(ctx, Action::DataSample, &own);
        if !whole {
            self.identity().authz.check(ctx, Action::BatchRead, &own)?;
        }
        let table = TableName::new(id.as_str())?;
        let present = self.lake().schema(&table, None).await.map_err(of_lake)?;
        let items: Vec<_> = entry
            .items
            .iter()
            .filter(|i| present.column_with_name(&i.name).is_some())
            .collect();
        let plan_items = items
            .iter()
            .map(|i| {
                if whole {
                    Ok(PlanItem::plain(&i.name))
                } else {
                    sample_item(&i.name, i.grade, i.identifier.as_deref())
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let shown = items
            .iter()
            .zip(&plan_items)
            .map(|(i, p)| SampleItem {
                name: i.name.clone(),
                title: i.title.clone(),
                data_type: i.data_type.as_str().to_owned(),
                grade: i.grade.as_str().to_owned(),
                masked: p.mask.is_some(),
            })
            .collect();
        let plan = AccessPlan::internal(Internal::Sample, id.clone(), table.as_str()).with_items(plan_items)?;
        let scan = Scan {
            limit: Some(SAMPLE_ROWS),
            ..Default::default()
        };
        let mut stream = self.lake().scan(&plan, &scan).await.map_err(of_lake)?;
        let mut rows = vec![];
        while let Some(found) = stream.try_next().await.map_err(|e| of_lake(e.into()))? {
            rows.extend(texts_of(&found)?);
        }
        let version = self.lake().version(&table).await.map_err(of_lake)?.unwrap_or(0);
        Ok(DataSample {
            items: shown,
            rows,
            table_version: version,
        })
    }

    pub async fn overview(&self, ctx: &Ctx) -> Result<CollectionOverview> {
        let own = self.visible(ctx)?;
        let conn = self.store().conn();
        let mut sources = source::Entity::find();
        let mut batches = batch::Entity::find();
        if let Some(own) = &own {
            sources = sources.filter(source::Column::ProviderId.eq(own));
            batches = batches.filter(batch::Column::ProviderId.eq(own));
        }
        let state = |s: BatchState| batches.clone().filter(batch::Column::State.eq(s.as_str()));
        let running = batches.clone().filter(
            batch::Column::State
                .is_in([BatchState::Received, BatchState::Checking, BatchState::Loading].map(BatchState::as_str)),
        );
        let done: Vec<(i64, i64)> = state(BatchState::Done)
            .select_only()
            .column(batch::Column::RowsWritten)
            .column(batch::Column::RowsQuarantined)
            .into_tuple()
            .all(conn)
            .await?;
        let resources: Vec<String> = sources
            .clone()
            .select_only()
            .column(source::Column::ResourceId)
            .distinct()
            .into_tuple()
            .all(conn)
            .await?;
        Ok(CollectionOverview {
            sources: sources.count(conn).await?,
            batches: batches.clone().count(conn).await?,
            batches_running: running.count(conn).await?,
            batches_refused: state(BatchState::Refused).count(conn).await?,
            rows_written: done.iter().map(|(w, _)| *w as u64).sum(),
            rows_quarantined_open: self.open_rows(own.as_deref()).await?,
            late: self.late(ctx, &resources).await?,
        })
    }

    async fn open_rows(&self, provider: Option<&str>) -> Result<u64> {
        let mut of = batch::Entity::find().select_only().column(batch::Column::Id);
        if let Some(provider) = provider {
            of = of.filter(batch::Column::ProviderId.eq(provider));
        }
        Ok(quarantine::Entity::find()
            .filter(quarantine::Column::State.eq(RowState::Open.as_str()))
            .filter(quarantine::Column::BatchId.in_subquery(of.into_query()))
            .count(self.store().conn())
            .await?)
    }

    async fn late(&self, ctx: &Ctx, resources: &[String]) -> Result<u64> {
        let mut late = 0;
        for (id, entry) in self.catalog().published_many(resources).await? {
            let last = batch::Entity::find()
                .filter(batch::Column::ResourceId.eq(id))
                .filter(batch::Column::State.eq(BatchState::Done.as_str()))
                .order_by_desc(batch::Column::FinishedAt)
                .one(self.store().conn())
                .await?;
            let at = last.and_then(|b| b.finished_at).map(Moment);
            late += u64::from(freshness(&entry, at, ctx.now()).late);
        }
        Ok(late)
    }
}

/// Masks by grade: L1 and L2 are seen, L3 is masked by what it is, L4 is not
/// shown at all.
fn sample_item(name: &str, grade: Grade, identifier: Option<&str>) -> Result<PlanItem> {
    let mask = match (grade, identifier) {
        (Grade::L1 | Grade::L2, _) => return Ok(PlanItem::plain(name)),
        (Grade::L4, _) => Mask::named("all")?,
        (Grade::L3, Some(identifier)) => Mask::named(identifier).or_else(|_| Mask::named("all"))?,
        (Grade::L3, None) => Mask::named("all")?,
    };
    Ok(PlanItem::masked(name, mask))
}

fn texts_of(batch: &arrow::array::RecordBatch) -> Result<Vec<BTreeMap<String, Option<String>>>> {
    let mut rows = vec![BTreeMap::new(); batch.num_rows()];
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let text = arrow::compute::cast(column, &DataType::Utf8).map_err(Error::internal)?;
        let text = text.as_string::<i32>();
        for (at, row) in rows.iter_mut().enumerate() {
            row.insert(
                field.name().clone(),
                text.is_valid(at).then(|| text.value(at).to_owned()),
            );
        }
    }
    Ok(rows)
}

/// Of the first date item that the table knows a span of.
fn span_of(entry: &PublishedEntry, stats: &TableStats) -> Option<DataSpan> {
    let text = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    entry.items.iter().find_map(|item| {
        let (low, high) = stats.spans.get(&item.name)?;
        Some(DataSpan {
            item: item.name.clone(),
            title: item.title.clone(),
            from: text(low)?,
            to: text(high)?,
        })
    })
}

/// Late: the last load, or the publication where nothing was loaded, is longer
/// ago than the declared frequency allows.
fn freshness(entry: &PublishedEntry, last: Option<Moment>, now: Moment) -> Freshness {
    const DAY_MS: i64 = 86_400_000;
    let term = Vocabulary::shipped()
        .ok()
        .and_then(|v| find(&v.frequencies, &entry.update_frequency));
    let due = term
        .and_then(|t| t.days)
        .map(|days| last.unwrap_or(entry.published_at).plus_ms(i64::from(days) * DAY_MS));
    Freshness {
        frequency: entry.update_frequency.clone(),
        due,
        late: due.is_some_and(|due| now > due),
    }
}

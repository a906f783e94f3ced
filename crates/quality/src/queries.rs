//! What is read: runs, failing rows, work orders, figures.

use std::collections::{BTreeMap, HashMap};

use base::{Ctx, Error, InstitutionId, Moment, Page, PageQuery, QualityRunId, ResourceId, Result, WorkOrderId};
use identity::{Action, Target};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Deserialize;

use crate::Quality;
use crate::kinds;
use crate::store::{failure, order, outcome, run};
use crate::views::{AgeFigure, CategoryFigure, FailingRow, Overview, Ref, RuleResult, Run, Scope, WorkOrder};

/// Failing rows shown beside a result.
const SAMPLE_ROWS: u64 = 5;
/// Runs whose results make up the overview.
const OVERVIEW_RUNS_MAX: usize = 2_000;
const DAY_MS: i64 = 86_400_000;

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FailureQuery {
    /// Id of a rule.
    #[param(max_length = 64)]
    pub rule: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrderQuery {
    /// `open`, `closed`, or a state.
    #[param(max_length = 32)]
    pub state: Option<String>,
    /// Id of a resource.
    #[param(max_length = 64)]
    pub resource: Option<String>,
    /// Only those of the caller's institution: as provider or as reporter.
    pub mine: Option<bool>,
}

impl Quality {
    pub async fn runs(&self, ctx: &Ctx, resource: &ResourceId, page: &PageQuery) -> Result<Page<Run>> {
        let entry = self.entry_for(ctx, Action::QualityRead, resource).await?;
        let mut find = run::Entity::find().filter(run::Column::ResourceId.eq(resource.as_str()));
        if let Some(cursor) = &page.cursor {
            find = find.filter(run::Column::Id.lt(cursor.as_str()));
        }
        let limit = page.limit();
        let rows = find
            .order_by(run::Column::Id, Order::Desc)
            .limit(limit + 1)
            .all(self.store().conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |r| r.id.clone());
        Ok(page.map(|row| run_view(row, &entry.title, vec![])))
    }

    /// A run with its results and the first failing rows of each.
    pub async fn run(&self, ctx: &Ctx, id: &QualityRunId) -> Result<Run> {
        let row = self.run_row(ctx, id).await?;
        let title = self.catalog().published(&row.resource_id.clone().into()).await?.title;
        let rows = outcome::Entity::find()
            .filter(outcome::Column::RunId.eq(id.as_str()))
            .order_by_asc(outcome::Column::Position)
            .all(self.store().conn())
            .await?;
        let orders = self.orders_of(id).await?;
        let mut results = vec![];
        for row in rows {
            let sample = self.failing(id, Some(&row.rule_id), None, SAMPLE_ROWS).await?;
            let order = orders.get(&row.rule_id).cloned();
            results.push(result_view(ctx, row, sample, order));
        }
        Ok(run_view(row, &title, results))
    }

    async fn run_row(&self, ctx: &Ctx, id: &QualityRunId) -> Result<run::Model> {
        let row = run::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        let row = row.ok_or_else(|| Error::not_found("质量检查"))?;
        let entry = self.catalog().published(&row.resource_id.clone().into()).await?;
        let target = Target::owned_by(&entry.provider_id);
        self.identity()
            .authz
            .reveal(ctx, Action::QualityRead, &target, "质量检查")?;
        Ok(row)
    }

    /// Orders that a run opened or looked at, by rule.
    async fn orders_of(&self, id: &QualityRunId) -> Result<HashMap<String, WorkOrderId>> {
        let rows = order::Entity::find()
            .filter(order::Column::RunId.eq(id.as_str()))
            .all(self.store().conn())
            .await?;
        Ok(rows
            .into_iter()
            .filter_map(|r| Some((r.rule_id?, r.id.into())))
            .collect())
    }

    pub async fn failures(
        &self,
        ctx: &Ctx,
        id: &QualityRunId,
        query: &FailureQuery,
        page: &PageQuery,
    ) -> Result<Page<FailingRow>> {
        self.run_row(ctx, id).await?;
        let after = page.cursor.as_deref().and_then(|c| c.split_once(':'));
        let after = after.and_then(|(rule, at)| Some((rule.to_owned(), at.parse::<i32>().ok()?)));
        if page.cursor.is_some() && after.is_none() {
            return Err(Error::bad_request("cursor"));
        }
        let limit = page.limit();
        let rows = self.failing(id, query.rule.as_deref(), after, limit + 1).await?;
        Ok(Page::from_overfetch(rows, limit, |(at, r)| format!("{}:{at}", r.rule_id)).map(|(_, row)| row))
    }

    /// Every kept failing row of a run, as CSV. Cells that a spreadsheet would
    /// take for a formula are defused.
    pub async fn export_failures(&self, ctx: &Ctx, id: &QualityRunId, query: &FailureQuery) -> Result<String> {
        self.run_row(ctx, id).await?;
        let mut out = String::from("\u{feff}规则，批次，行号，主键，问题值\n");
        let mut after = None;
        loop {
            let rows = self.failing(id, query.rule.as_deref(), after.clone(), 1_000).await?;
            let Some((at, last)) = rows.last() else { return Ok(out) };
            after = Some((last.rule_id.0.clone(), *at));
            for (_, row) in &rows {
                let key: Vec<String> = row.key.iter().map(|(name, value)| format!("{name}={value}")).collect();
                let number = row.row_number.to_string();
                let value = row.value.clone().unwrap_or_default();
                let cells = [&row.rule, &row.batch_id, &number, &key.join(";"), &value].map(|c| cell(c));
                out.push_str(&cells.join(","));
                out.push('\n');
            }
        }
    }

    async fn failing(
        &self,
        id: &QualityRunId,
        rule: Option<&str>,
        after: Option<(String, i32)>,
        limit: u64,
    ) -> Result<Vec<(i32, FailingRow)>> {
        use failure::Column as C;
        let mut find = failure::Entity::find().filter(C::RunId.eq(id.as_str()));
        if let Some(rule) = rule {
            find = find.filter(C::RuleId.eq(rule));
        }
        if let Some((rule, at)) = after {
            let same = Condition::all()
                .add(C::RuleId.eq(rule.as_str()))
                .add(C::Position.gt(at));
            find = find.filter(Condition::any().add(C::RuleId.gt(rule.as_str())).add(same));
        }
        let rows = find
            .order_by_asc(C::RuleId)
            .order_by_asc(C::Position)
            .limit(limit)
            .all(self.store().conn())
            .await?;
        let titles = outcome::Entity::find()
            .filter(outcome::Column::RunId.eq(id.as_str()))
            .all(self.store().conn());
        let titles: HashMap<String, String> = titles.await?.into_iter().map(|r| (r.rule_id, r.title)).collect();
        let view = |row: failure::Model| -> Result<(i32, FailingRow)> {
            let shown = FailingRow {
                rule: titles.get(&row.rule_id).cloned().unwrap_or_default(),
                rule_id: row.rule_id.into(),
                batch_id: row.batch_id,
                row_number: row.row_number,
                key: serde_json::from_str(&row.key).map_err(Error::internal)?,
                value: row.value,
            };
            Ok((row.position, shown))
        };
        rows.into_iter().map(view).collect()
    }

    pub async fn orders(&self, ctx: &Ctx, query: &OrderQuery, page: &PageQuery) -> Result<Page<WorkOrder>> {
        if !ctx.actor.is_signed_in() {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        use order::Column as C;
        let mut find = order::Entity::find();
        let sees_all = self
            .identity()
            .authz
            .permits(ctx, Action::WorkOrderRead, &Target::any());
        if !sees_all || query.mine == Some(true) {
            let own = ctx.actor.institution().map_or("", InstitutionId::as_str);
            find = find.filter(
                Condition::any()
                    .add(C::ProviderId.eq(own))
                    .add(C::ReporterInstitution.eq(own)),
            );
        }
        match query.state.as_deref() {
            None => {}
            Some("open") => find = find.filter(C::ClosedAt.is_null()),
            Some("closed") => find = find.filter(C::ClosedAt.is_not_null()),
            Some(state) => find = find.filter(C::State.eq(state)),
        }
        if let Some(resource) = &query.resource {
            find = find.filter(C::ResourceId.eq(resource.as_str()));
        }
        if let Some(cursor) = &page.cursor {
            find = find.filter(C::Id.lt(cursor.as_str()));
        }
        let limit = page.limit();
        let rows = find
            .order_by(C::Id, Order::Desc)
            .limit(limit + 1)
            .all(self.store().conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |r| r.id.clone());
        let names = self.names(&page.items).await?;
        Ok(page.map(|row| self.order_view(ctx, row, &names)))
    }

    pub async fn order(&self, ctx: &Ctx, id: &WorkOrderId) -> Result<WorkOrder> {
        let row = self.order_row(id).await?;
        let own = ctx
            .actor
            .institution()
            .is_some_and(|i| row.reporter_institution.as_deref() == Some(i.as_str()));
        if !own {
            let target = Target::owned_by(&row.provider_id.clone().into());
            self.identity()
                .authz
                .reveal(ctx, Action::WorkOrderRead, &target, "工单")?;
        }
        let timeline = self
            .procedures()
            .timeline(ctx, &row.procedure_id.clone().into())
            .await?;
        let text = match &row.text_id {
            Some(id) => self.store().text(&id.clone().into()).await?,
            None => None,
        };
        let names = self.names(std::slice::from_ref(&row)).await?;
        let view = self.order_view(ctx, row, &names);
        Ok(WorkOrder {
            text,
            timeline: Some(timeline),
            ..view
        })
    }

    /// Titles of resources and names of institutions, by id.
    async fn names(&self, rows: &[order::Model]) -> Result<HashMap<String, String>> {
        let resources: Vec<String> = rows.iter().map(|r| r.resource_id.clone()).collect();
        let institutions: Vec<String> = rows
            .iter()
            .flat_map(|r| [Some(&r.provider_id), r.reporter_institution.as_ref()])
            .flatten()
            .cloned()
            .collect();
        let entries = self.catalog().published_many(&resources).await?;
        let known = self.identity().institution_names(institutions).await?;
        let mut names: HashMap<String, String> = known.into_iter().map(|(id, (name, _))| (id, name)).collect();
        names.extend(entries.into_iter().map(|(id, entry)| (id, entry.title)));
        Ok(names)
    }

    fn order_view(&self, ctx: &Ctx, row: order::Model, names: &HashMap<String, String>) -> WorkOrder {
        let named = |id: &str| Ref {
            id: id.to_owned(),
            name: names.get(id).cloned().unwrap_or_else(|| id.to_owned()),
        };
        let target = Target::owned_by(&row.provider_id.clone().into());
        let handles = self.identity().authz.permits(ctx, Action::WorkOrderHandle, &target);
        let actions: &[&str] = match row.state.as_str() {
            "reported" if handles => &["accept"],
            "correcting" if handles && row.rule_id.is_some() => &["recheck", "close"],
            "correcting" if handles => &["respond", "close"],
            "rechecking" if handles && row.rule_id.is_some() => &["recheck"],
            "rechecking" if handles => &["respond"],
            _ => &[],
        };
        let until = row.closed_at.unwrap_or(ctx.now().0);
        WorkOrder {
            resource: named(&row.resource_id),
            provider: named(&row.provider_id),
            reporter: row.reporter_institution.as_deref().map(named),
            id: row.id.into(),
            title: row.title,
            origin: row.origin,
            rule_id: row.rule_id.map(Into::into),
            run_id: row.run_id.map(Into::into),
            failed: row.failed.map(|f| f as u64),
            text: None,
            state: row.state,
            procedure_id: row.procedure_id,
            created_at: Moment(row.created_at),
            accepted_at: row.accepted_at.map(Moment),
            closed_at: row.closed_at.map(Moment),
            age_days: (until - row.created_at).max(0) / DAY_MS,
            actions: actions.iter().map(|a| (*a).to_owned()).collect(),
            timeline: None,
        }
    }

    /// Figures over the newest run of each resource that the caller may see.
    pub async fn overview(&self, ctx: &Ctx) -> Result<Overview> {
        if !ctx.actor.is_signed_in() {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let runs = run::Entity::find()
            .filter(run::Column::State.eq("done"))
            .order_by(run::Column::Id, Order::Desc)
            .limit(OVERVIEW_RUNS_MAX as u64)
            .all(self.store().conn())
            .await?;
        let ids: Vec<String> = runs.iter().map(|r| r.resource_id.clone()).collect();
        let entries = self.catalog().published_many(&ids).await?;
        let mut newest: BTreeMap<String, run::Model> = BTreeMap::new();
        for row in runs {
            let Some(entry) = entries.get(&row.resource_id) else {
                continue;
            };
            let target = Target::owned_by(&entry.provider_id);
            if self.identity().authz.permits(ctx, Action::QualityRead, &target) {
                newest.entry(row.resource_id.clone()).or_insert(row);
            }
        }
        let scores: Vec<f64> = newest.values().filter_map(|r| r.score).collect();
        let results = outcome::Entity::find()
            .filter(outcome::Column::RunId.is_in(newest.values().map(|r| r.id.clone())))
            .all(self.store().conn())
            .await?;
        let categories = category_figures(ctx, &results);
        let checked: u64 = categories.iter().map(|c| c.checked).sum();
        let failed: u64 = categories.iter().map(|c| c.failed).sum();
        let orders = self.order_figures(ctx).await?;
        let mut shown: Vec<run::Model> = newest.into_values().collect();
        shown.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(Overview {
            resources: shown.len() as u64,
            score: (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64),
            problem_rate: (checked > 0).then(|| failed as f64 / checked as f64),
            categories,
            newest: shown
                .into_iter()
                .take(10)
                .map(|r| {
                    let title = entries.get(&r.resource_id).map_or("", |e| e.title.as_str());
                    run_view(r, title, vec![])
                })
                .collect(),
            ..orders
        })
    }

    async fn order_figures(&self, ctx: &Ctx) -> Result<Overview> {
        use order::Column as C;
        let mut find = order::Entity::find();
        if !self
            .identity()
            .authz
            .permits(ctx, Action::WorkOrderRead, &Target::any())
        {
            let own = ctx.actor.institution().map_or("", InstitutionId::as_str);
            find = find.filter(
                Condition::any()
                    .add(C::ProviderId.eq(own))
                    .add(C::ReporterInstitution.eq(own)),
            );
        }
        let conn = self.store().conn();
        let open = find.clone().filter(C::ClosedAt.is_null());
        let opened: Vec<i64> = open.select_only().column(C::CreatedAt).into_tuple().all(conn).await?;
        let closed = find.filter(C::ClosedAt.is_not_null());
        let closed_count = closed.clone().count(conn).await?;
        let spans: Vec<(i64, Option<i64>)> = closed
            .select_only()
            .column(C::CreatedAt)
            .column(C::ClosedAt)
            .into_tuple()
            .all(conn)
            .await?;
        let days: Vec<f64> = spans
            .iter()
            .filter_map(|(from, to)| Some((to.as_ref()? - from) as f64 / DAY_MS as f64))
            .collect();
        let all = opened.len() as u64 + closed_count;
        let age = |at: &i64| (ctx.now().0 - at).max(0) / DAY_MS;
        let bounds = [(0, Some(5)), (6, Some(10)), (11, Some(30)), (31, None)];
        let ageing = bounds.map(|(from, days_max)| AgeFigure {
            days_max,
            count: opened
                .iter()
                .filter(|at| age(at) >= from && days_max.is_none_or(|max| age(at) <= max))
                .count() as u64,
        });
        Ok(Overview {
            resources: 0,
            score: None,
            problem_rate: None,
            categories: vec![],
            orders_open: opened.len() as u64,
            orders_closed: closed_count,
            orders_closed_rate: (all > 0).then(|| closed_count as f64 / all as f64),
            orders_mean_days: (!days.is_empty()).then(|| days.iter().sum::<f64>() / days.len() as f64),
            ageing: ageing.into(),
            newest: vec![],
        })
    }
}

fn category_figures(ctx: &Ctx, results: &[outcome::Model]) -> Vec<CategoryFigure> {
    let of = |category: &kinds::Category| {
        let rows = results.iter().filter(|r| r.category == category.name);
        let (checked, failed) = rows.fold((0, 0), |(c, f), r| (c + r.checked as u64, f + r.failed as u64));
        let title = if ctx.lang == base::Lang::En {
            &category.title_en
        } else {
            &category.title
        };
        CategoryFigure {
            category: category.name.clone(),
            title: title.clone(),
            checked,
            failed,
        }
    };
    kinds::library().categories.iter().map(of).collect()
}

fn run_view(row: run::Model, title: &str, results: Vec<RuleResult>) -> Run {
    Run {
        id: row.id.into(),
        resource_id: row.resource_id.into(),
        resource_title: title.to_owned(),
        scope: if row.scope == "new" { Scope::New } else { Scope::Full },
        state: row.state,
        table_version: row.table_version.map(|v| v as u64),
        rows: row.rows.map(|r| r as u64),
        score: row.score,
        error: row.error,
        created_at: Moment(row.created_at),
        started_at: row.started_at.map(Moment),
        finished_at: row.finished_at.map(Moment),
        duration_ms: row.started_at.zip(row.finished_at).map(|(from, to)| to - from),
        results,
    }
}

fn result_view(
    ctx: &Ctx,
    row: outcome::Model,
    sample: Vec<(i32, FailingRow)>,
    work_order_id: Option<WorkOrderId>,
) -> RuleResult {
    let kind = kinds::kind(&row.kind);
    let title = kind.map(|k| {
        if ctx.lang == base::Lang::En {
            k.title_en.clone()
        } else {
            k.title.clone()
        }
    });
    RuleResult {
        rule_id: row.rule_id.into(),
        rule: row.title,
        kind_title: title.unwrap_or_else(|| row.kind.clone()),
        kind: row.kind,
        category: row.category,
        checked: row.checked as u64,
        failed: row.failed as u64,
        ratio: if row.checked == 0 {
            0.0
        } else {
            row.failed as f64 / row.checked as f64
        },
        found: row.found,
        sample: sample.into_iter().map(|(_, row)| row).collect(),
        work_order_id,
    }
}

/// A CSV cell; what a spreadsheet would run as a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

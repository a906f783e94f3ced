//! Runs: queued in a transaction, done by a job, stored with their results and
//! failing rows; what fails opens work orders, what passes closes them.

use async_trait::async_trait;
use base::{Ctx, Error, Moment, QualityRunId, ResourceId, Result};
use catalog::PublishedEntry;
use db::jobs::{JobHandle, JobHandler, Jobs};
use identity::Action;
use lake::TableName;
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};

use crate::Quality;
use crate::errors::{NO_DATA, NOTHING_ENABLED};
use crate::rule::Rule;
use crate::rules::rules_of;
use crate::scan::{Failure, Outcome, Scanned, Subject, scan};
use crate::store::{failure, outcome, run};
use crate::views::{Run, Scope};

pub const JOB_KIND: &str = "quality.run";
/// Commits of a table that a run of new rows looks back over.
const VERSIONS_MAX: usize = 1_000;
/// Rows of one insert.
const INSERT_ROWS: usize = 500;

impl Quality {
    /// Queues a check of a resource (202); the resource has data and a rule.
    pub async fn start_run(&self, ctx: &Ctx, resource: &ResourceId, scope: Scope) -> Result<Run> {
        let entry = self.entry_for(ctx, Action::QualityRun, resource).await?;
        let id = self.queue(ctx, &entry, scope).await?;
        self.run(ctx, &id).await
    }

    pub(crate) async fn queue(&self, ctx: &Ctx, entry: &PublishedEntry, scope: Scope) -> Result<QualityRunId> {
        let table = TableName::new(entry.id.as_str())?;
        if self.lake().version(&table).await?.is_none() {
            return Err(Error::new(&NO_DATA));
        }
        let mut tx = self.store().begin(ctx).await?;
        let rules = self.adopted(&mut tx, entry).await?;
        if !rules.iter().any(|r| r.enabled) {
            return Err(Error::new(&NOTHING_ENABLED));
        }
        let id = QualityRunId::new(ctx);
        let row = run::Model {
            id: id.0.clone(),
            resource_id: entry.id.0.clone(),
            scope: if scope == Scope::New { "new" } else { "full" }.to_owned(),
            state: "queued".to_owned(),
            table_version: None,
            rows: None,
            score: None,
            error: None,
            started_by: ctx.actor.id().to_owned(),
            created_at: ctx.now().0,
            started_at: None,
            finished_at: None,
        };
        run::Entity::insert(row.into_active_model())
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(Entry::new("quality.run_started", entry.id.as_str()).put("run", id.as_str()));
        Jobs::enqueue(&tx, JOB_KIND, id.as_str(), &serde_json::json!({})).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Does a queued run. Idempotent: a finished one is left as it is.
    pub async fn perform(&self, ctx: &Ctx, id: &QualityRunId) -> Result<()> {
        let row = run::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        let row = row.ok_or_else(|| Error::not_found("质量检查"))?;
        if row.state == "done" {
            return Ok(());
        }
        set_state(self, id, "running", Some(ctx.now()), None, None).await?;
        let outcome = self.look(ctx, id, &row).await;
        if let Err(e) = &outcome {
            set_state(self, id, "failed", None, Some(ctx.now()), Some(e.code())).await?;
        }
        outcome
    }

    async fn look(&self, ctx: &Ctx, id: &QualityRunId, row: &run::Model) -> Result<()> {
        let entry = self.catalog().published(&row.resource_id.clone().into()).await?;
        let table = TableName::new(entry.id.as_str())?;
        let version = self.lake().version(&table).await?.ok_or_else(|| Error::new(&NO_DATA))?;
        let rules: Vec<Rule> = rules_of(self.store().conn(), &entry.id)
            .await?
            .into_iter()
            .filter(|r| r.enabled)
            .collect();
        let scope = if row.scope == "new" { Scope::New } else { Scope::Full };
        let batches = match scope {
            Scope::New => Some(self.batches_since_last(&entry.id, &table).await?),
            Scope::Full => None,
        };
        let newest_load = self.lake().stats(&table, Some(version)).await?.committed_at;
        let subject = Subject {
            entry: &entry,
            version,
            batches,
            newest_load,
            now: ctx.now(),
        };
        let scanned = scan(self.lake(), &subject, &rules).await?;
        self.save(ctx, (id, scope), &entry, version, &rules, scanned).await
    }

    /// Batches of commits after the version that the last finished run saw.
    async fn batches_since_last(&self, resource: &ResourceId, table: &TableName) -> Result<Vec<String>> {
        let last = run::Entity::find()
            .filter(run::Column::ResourceId.eq(resource.as_str()))
            .filter(run::Column::State.eq("done"))
            .order_by_desc(run::Column::TableVersion)
            .one(self.store().conn())
            .await?;
        let seen = last.and_then(|r| r.table_version);
        let versions = self.lake().versions(table, VERSIONS_MAX).await?;
        Ok(versions
            .into_iter()
            .filter(|v| seen.is_none_or(|s| v.version as i64 > s))
            .filter_map(|v| v.batch)
            .collect())
    }

    async fn save(
        &self,
        ctx: &Ctx,
        (id, scope): (&QualityRunId, Scope),
        entry: &PublishedEntry,
        version: u64,
        rules: &[Rule],
        scanned: Scanned,
    ) -> Result<()> {
        let score = score(rules, &scanned.outcomes);
        let failed: u64 = scanned.outcomes.iter().map(|o| o.failed).sum();
        let mut tx = self.store().begin(ctx).await?;
        // An earlier attempt may have died between its inserts and the end.
        outcome::Entity::delete_many()
            .filter(outcome::Column::RunId.eq(id.as_str()))
            .exec(tx.conn())
            .await?;
        failure::Entity::delete_many()
            .filter(failure::Column::RunId.eq(id.as_str()))
            .exec(tx.conn())
            .await?;
        for outcome in &scanned.outcomes {
            let row = outcome_row(id, &rules[outcome.rule], outcome);
            outcome::Entity::insert(row.into_active_model())
                .exec_without_returning(tx.conn())
                .await?;
            for (at, rows) in outcome.failures.chunks(INSERT_ROWS).enumerate() {
                let rows = rows.iter().enumerate().map(|(i, f)| {
                    failure_row(id, &rules[outcome.rule], at * INSERT_ROWS + i, f)
                        .map(IntoActiveModel::into_active_model)
                });
                let rows = rows.collect::<Result<Vec<failure::ActiveModel>>>()?;
                failure::Entity::insert_many(rows)
                    .exec_without_returning(tx.conn())
                    .await?;
            }
        }
        run::Entity::update_many()
            .col_expr(run::Column::State, Expr::value("done"))
            .col_expr(run::Column::TableVersion, Expr::value(version as i64))
            .col_expr(run::Column::Rows, Expr::value(scanned.rows as i64))
            .col_expr(run::Column::Score, Expr::value(score))
            .col_expr(run::Column::Error, Expr::value(None::<String>))
            .col_expr(run::Column::FinishedAt, Expr::value(ctx.now().0))
            .filter(run::Column::Id.eq(id.as_str()))
            .exec(tx.conn())
            .await?;
        let mut finished = Entry::new("quality.run_finished", entry.id.as_str())
            .put("run", id.as_str())
            .put("table_version", version)
            .put("rows", scanned.rows)
            .put("failed", failed);
        if let Some(score) = score.filter(|_| scope == Scope::Full) {
            finished = finished.put("score", format!("{score:.2}"));
        }
        tx.append(finished);
        self.settle_orders(&mut tx, entry, (id, scope), rules, &scanned.outcomes)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn set_state(
    quality: &Quality,
    id: &QualityRunId,
    state: &str,
    started: Option<Moment>,
    finished: Option<Moment>,
    error: Option<&str>,
) -> Result<()> {
    let mut update = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(state))
        .col_expr(run::Column::Error, Expr::value(error.map(str::to_owned)));
    if let Some(at) = started {
        update = update.col_expr(run::Column::StartedAt, Expr::value(at.0));
    }
    if let Some(at) = finished {
        update = update.col_expr(run::Column::FinishedAt, Expr::value(at.0));
    }
    update
        .filter(run::Column::Id.eq(id.as_str()))
        .exec(quality.store().conn())
        .await?;
    Ok(())
}

fn outcome_row(id: &QualityRunId, rule: &Rule, outcome: &Outcome) -> outcome::Model {
    outcome::Model {
        run_id: id.0.clone(),
        rule_id: rule.id.0.clone(),
        title: rule.title.clone(),
        kind: rule.kind.clone(),
        category: rule.category.clone(),
        position: outcome.rule as i32,
        checked: outcome.checked as i64,
        failed: outcome.failed as i64,
        found: outcome.found.clone(),
    }
}

fn failure_row(id: &QualityRunId, rule: &Rule, position: usize, failure: &Failure) -> Result<failure::Model> {
    let key: std::collections::BTreeMap<_, _> = failure.key.iter().cloned().collect();
    Ok(failure::Model {
        run_id: id.0.clone(),
        rule_id: rule.id.0.clone(),
        position: position as i32,
        batch_id: failure.batch.clone(),
        row_number: failure.row,
        key: serde_json::to_string(&key).map_err(Error::internal)?,
        value: failure.value.clone(),
    })
}

/// 0 to 100: the mean over the categories that were checked of the mean share
/// that passed, so that many rules of one kind do not drown another.
pub(crate) fn score(rules: &[Rule], outcomes: &[Outcome]) -> Option<f64> {
    let mut categories: std::collections::BTreeMap<&str, (f64, f64)> = Default::default();
    for outcome in outcomes.iter().filter(|o| o.checked > 0) {
        let passed = 1.0 - outcome.failed as f64 / outcome.checked as f64;
        let (sum, count) = categories.entry(&rules[outcome.rule].category).or_default();
        *sum += passed;
        *count += 1.0;
    }
    let shares: Vec<f64> = categories.values().map(|(sum, count)| sum / count).collect();
    (!shares.is_empty()).then(|| 100.0 * shares.iter().sum::<f64>() / shares.len() as f64)
}

/// The job that performs runs.
pub struct Runner(pub(crate) Quality);

#[async_trait]
impl JobHandler for Runner {
    fn kind(&self) -> &'static str {
        JOB_KIND
    }
    async fn run(&self, ctx: &Ctx, job: &JobHandle) -> Result<()> {
        self.0.perform(ctx, &QualityRunId(job.key.clone())).await
    }
}

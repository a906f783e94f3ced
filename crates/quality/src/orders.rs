//! 问题工单: opened by a failing check or a report, closed by a check that
//! passes or by a person who explains.

use base::{Actor, Ctx, Error, QualityRunId, ResourceId, Result, Role, WorkOrderId};
use catalog::PublishedEntry;
use db::Tx;
use identity::{Action, Target};
use law::Party;
use ledger::Entry;
use procedure::{Decided, Parties, Subject};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::Quality;
use crate::errors::{EXPLANATION_REQUIRED, WRONG_STATE};
use crate::rule::Rule;
use crate::scan::Outcome;
use crate::store::order;
use crate::views::{NewWorkOrder, Scope, WorkOrder};

/// The procedure's kind in the rule sets.
const PROCEDURE: &str = "work_order";
const OPEN: [&str; 3] = ["reported", "correcting", "rechecking"];

/// What a new order says.
pub(crate) struct Report {
    pub title: String,
    pub origin: &'static str,
    pub rule: Option<Rule>,
    pub run: Option<QualityRunId>,
    pub failed: Option<u64>,
    pub description: Option<String>,
}

impl Quality {
    /// 问题反馈: anybody of an institution who uses the data tells its provider.
    pub async fn report(&self, ctx: &Ctx, new: NewWorkOrder) -> Result<WorkOrder> {
        let entry = self
            .entry_for(ctx, Action::WorkOrderReport, &ResourceId(new.resource_id))
            .await?;
        let mut wrong = Error::invalid(vec![]);
        for (field, text, max) in [
            ("title", &new.title, base::limits::SHORT_TEXT_CHARS_MAX),
            ("description", &new.description, base::limits::LONG_TEXT_CHARS_MAX),
        ] {
            let chars = text.trim().chars().count();
            if chars == 0 || chars > max {
                wrong = wrong.field(field, "length", format!("应为 1 至 {max} 个字符"));
            }
        }
        if !wrong.fields.is_empty() {
            return Err(wrong);
        }
        let mut tx = self.store().begin(ctx).await?;
        let report = Report {
            title: new.title.trim().to_owned(),
            origin: "report",
            rule: None,
            run: None,
            failed: None,
            description: Some(new.description),
        };
        let id = self.open(&mut tx, &entry, report).await?;
        tx.commit().await?;
        self.order(ctx, &id).await
    }

    async fn open(&self, tx: &mut Tx, entry: &PublishedEntry, report: Report) -> Result<WorkOrderId> {
        let ctx = tx.ctx().clone();
        let id = WorkOrderId::new(&ctx);
        let text = match &report.description {
            Some(description) => Some(tx.text(description).await?),
            None => None,
        };
        let mut parties = Parties::new()
            .provider(entry.provider_id.clone())
            .role(Party::Provider, Role::DataManager);
        if let Some(institution) = ctx.actor.institution() {
            parties = parties.applicant(institution.clone());
        }
        let subject = Subject::new("work_order", id.as_str(), format!("{}:{}", entry.title, report.title));
        let href = format!("/quality/work-orders/{id}");
        let started = self.procedures().start(tx, PROCEDURE, subject, href, parties).await?;
        let row = order::Model {
            id: id.0.clone(),
            resource_id: entry.id.0.clone(),
            provider_id: entry.provider_id.0.clone(),
            origin: report.origin.to_owned(),
            rule_id: report.rule.as_ref().map(|r| r.id.0.clone()),
            run_id: report.run.map(String::from),
            title: report.title,
            text_id: text.as_ref().map(|t| t.id.0.clone()),
            reporter_id: ctx.actor.id().to_owned(),
            reporter_institution: ctx.actor.institution().map(|i| i.0.clone()),
            failed: report.failed.map(|f| f as i64),
            procedure_id: started.procedure.0,
            state: "reported".to_owned(),
            created_at: ctx.now().0,
            accepted_at: None,
            closed_at: None,
        };
        order::Entity::insert(row.clone().into_active_model())
            .exec_without_returning(tx.conn())
            .await?;
        let mut ledger = Entry::new("quality.work_order_opened", id.as_str())
            .put("resource", entry.id.as_str())
            .put("origin", report.origin);
        if let Some(rule) = &report.rule {
            ledger = ledger.put("rule", rule.id.as_str());
        }
        if let Some(text) = &text {
            ledger = ledger.put("text_hash", text.hash.as_str());
        }
        tx.append(ledger);
        // What the platform itself has found needs nobody to look whether it is so.
        if ctx.actor == Actor::System {
            self.decide(tx, &row, "accept", None).await?;
        }
        Ok(id)
    }

    /// 受理
    pub async fn accept(&self, ctx: &Ctx, id: &WorkOrderId) -> Result<WorkOrder> {
        self.step(ctx, id, &["reported"], "accept", None).await
    }

    /// 说明办结: closes without a passed check, with a reason under a name.
    pub async fn explain(&self, ctx: &Ctx, id: &WorkOrderId, explanation: Option<String>) -> Result<WorkOrder> {
        let Some(explanation) = explanation.filter(|e| !e.trim().is_empty()) else {
            return Err(Error::new(&EXPLANATION_REQUIRED).field("explanation", "required", "请填写情况说明"));
        };
        self.step(ctx, id, &["correcting"], "explained", Some(&explanation))
            .await
    }

    /// 已更正: the provider says that the data is right now. A check of the
    /// rules follows; an order without a rule goes to the re-check by a person.
    pub async fn recheck(&self, ctx: &Ctx, id: &WorkOrderId) -> Result<WorkOrder> {
        let row = self.order_row(id).await?;
        if row.state == "correcting" {
            self.step(ctx, id, &["correcting"], "corrected", None).await?;
        } else if row.state != "rechecking" {
            self.handled(ctx, &row)?;
            return Err(Error::new(&WRONG_STATE));
        }
        if row.rule_id.is_some() {
            self.handled(ctx, &row)?;
            let entry = self.catalog().published(&ResourceId(row.resource_id)).await?;
            self.queue(ctx, &entry, Scope::Full).await?;
        }
        self.order(ctx, id).await
    }

    /// 答复: of a reported problem that no rule checks, the provider tells the
    /// outcome of the re-check.
    pub async fn respond(&self, ctx: &Ctx, id: &WorkOrderId, explanation: Option<String>) -> Result<WorkOrder> {
        let row = self.order_row(id).await?;
        if row.rule_id.is_some() {
            return self.recheck(ctx, id).await;
        }
        if row.state == "correcting" {
            self.step(ctx, id, &["correcting"], "corrected", explanation.as_deref())
                .await?;
        }
        self.step(ctx, id, &["rechecking"], "passed", explanation.as_deref())
            .await
    }

    fn handled(&self, ctx: &Ctx, row: &order::Model) -> Result<()> {
        let target = Target::owned_by(&row.provider_id.clone().into());
        self.identity()
            .authz
            .reveal(ctx, Action::WorkOrderHandle, &target, "工单")
    }

    pub(crate) async fn order_row(&self, id: &WorkOrderId) -> Result<order::Model> {
        let row = order::Entity::find_by_id(id.as_str()).one(self.store().conn()).await?;
        row.ok_or_else(|| Error::not_found("工单"))
    }

    async fn step(
        &self,
        ctx: &Ctx,
        id: &WorkOrderId,
        from: &[&str],
        outcome: &str,
        reason: Option<&str>,
    ) -> Result<WorkOrder> {
        let mut tx = self.store().begin(ctx).await?;
        let row = order::Entity::find_by_id(id.as_str()).one(tx.conn()).await?;
        let row = row.ok_or_else(|| Error::not_found("工单"))?;
        self.handled(ctx, &row)?;
        if !from.contains(&row.state.as_str()) {
            return Err(Error::new(&WRONG_STATE));
        }
        self.decide(&mut tx, &row, outcome, reason).await?;
        tx.commit().await?;
        self.order(ctx, id).await
    }

    /// Decides the order's open step, and keeps the order's state in step.
    async fn decide(&self, tx: &mut Tx, row: &order::Model, outcome: &str, reason: Option<&str>) -> Result<Decided> {
        let procedure = row.procedure_id.clone().into();
        let open = self.procedures().open_step(tx.conn(), &procedure).await?;
        let open = open.ok_or_else(|| Error::new(&WRONG_STATE))?;
        let decided = self.procedures().decide(tx, &row.id, &open.id, outcome, reason).await?;
        let now = tx.ctx().now().0;
        let state = match (decided.ended.as_deref(), &decided.next) {
            (Some("closed"), _) => "closed",
            (Some(_), _) => "explained",
            (None, Some(next)) if next.name.starts_with("recheck") => "rechecking",
            _ => "correcting",
        };
        let mut update = order::Entity::update_many().col_expr(order::Column::State, Expr::value(state));
        if outcome == "accept" {
            update = update.col_expr(order::Column::AcceptedAt, Expr::value(now));
        }
        if decided.ended.is_some() {
            update = update.col_expr(order::Column::ClosedAt, Expr::value(now));
        }
        update.filter(order::Column::Id.eq(&row.id)).exec(tx.conn()).await?;
        let mut ledger = Entry::new(format!("quality.work_order_{state}"), row.id.as_str()).put("outcome", outcome);
        for article in &decided.articles {
            ledger = ledger.article(article.citation(base::Lang::Zh));
        }
        if let Some(reason) = &decided.reason {
            ledger = ledger.put("reason_hash", reason.hash.as_str());
        }
        tx.append(ledger);
        Ok(decided)
    }

    /// After a run: what fails opens an order unless one is open; what passes
    /// closes the open one, if the whole table was looked at. The decisions are
    /// the platform's.
    pub(crate) async fn settle_orders(
        &self,
        tx: &mut Tx,
        entry: &PublishedEntry,
        (run, scope): (&QualityRunId, Scope),
        rules: &[Rule],
        outcomes: &[Outcome],
    ) -> Result<()> {
        for outcome in outcomes {
            let rule = &rules[outcome.rule];
            let open = order::Entity::find()
                .filter(order::Column::RuleId.eq(rule.id.as_str()))
                .filter(order::Column::State.is_in(OPEN))
                .one(tx.conn())
                .await?;
            let ratio = if outcome.checked == 0 {
                0.0
            } else {
                outcome.failed as f64 / outcome.checked as f64
            };
            let fails = outcome.failed > 0 && ratio > rule.tolerance;
            match open {
                None if fails => {
                    let report = Report {
                        title: rule.title.clone(),
                        origin: "check",
                        rule: Some(rule.clone()),
                        run: Some(run.clone()),
                        failed: Some(outcome.failed),
                        description: None,
                    };
                    self.open(tx, entry, report).await?;
                }
                None => {}
                // New rows that pass say nothing of the old ones that failed.
                Some(_) if scope == Scope::New => {}
                Some(order) => self.recheck_order(tx, run, &order, outcome.failed, fails).await?,
            }
        }
        Ok(())
    }

    async fn recheck_order(
        &self,
        tx: &mut Tx,
        run: &QualityRunId,
        order: &order::Model,
        failed: u64,
        fails: bool,
    ) -> Result<()> {
        order::Entity::update_many()
            .col_expr(order::Column::RunId, Expr::value(run.as_str()))
            .col_expr(order::Column::Failed, Expr::value(failed as i64))
            .filter(order::Column::Id.eq(&order.id))
            .exec(tx.conn())
            .await?;
        let outcomes: &[&str] = match (order.state.as_str(), fails) {
            ("reported", false) => &["accept", "corrected", "passed"],
            ("correcting", false) => &["corrected", "passed"],
            ("rechecking", false) => &["passed"],
            ("rechecking", true) => &["failed"],
            _ => &[],
        };
        for outcome in outcomes {
            self.decide(tx, order, outcome, None).await?;
        }
        Ok(())
    }
}

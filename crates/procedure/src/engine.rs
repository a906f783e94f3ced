//! Starting and deciding.

use std::sync::Arc;

use base::{Ctx, Error, Moment, ProcedureId, Result, StepId, limits};
use db::Tx;
use law::{Deadline, ProcedureSpec, StepSpec, Taken, To, TransitionError};
use ledger::Entry;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Set};

use crate::errors::{
    KIND_UNKNOWN, NOT_YOUR_TURN, OUTCOME_NOT_ALLOWED, PARTY_MISSING, REASON_REQUIRED, REASON_TOO_LONG, STEP_CLOSED,
};
use crate::notices::{Notice, Recipient};
use crate::store::{NEVER_DUE, running, spec, step};
use crate::{Decided, Desk, OpenStep, Parties, Procedures, Started, Subject};

impl Procedures {
    /// Starts a procedure of the rule set in force, in the caller's transaction.
    /// `href` is the page of the web app on which its steps are decided.
    pub async fn start(
        &self,
        tx: &mut Tx,
        kind: &str,
        subject: Subject,
        href: impl Into<String>,
        parties: Parties,
    ) -> Result<Started> {
        let ctx = tx.ctx().clone();
        let rules = self.law.rules();
        let spec = rules
            .procedure(kind)
            .ok_or_else(|| Error::new(&KIND_UNKNOWN).with("kind", kind))?;
        for step in &spec.steps {
            desk_of(&parties, step)?;
        }
        let spec_id = format!("{}@{}/{kind}", rules.name, rules.version);
        keep_spec(tx.conn(), &spec_id, spec).await?;
        let id = ProcedureId::new(&ctx);
        let row = running::ActiveModel {
            id: Set(id.0.clone()),
            kind: Set(kind.to_owned()),
            rule_set: Set(rules.name.clone()),
            rule_set_version: Set(rules.version.clone()),
            spec_id: Set(spec_id),
            subject_type: Set(subject.r#type),
            subject_id: Set(subject.id.clone()),
            subject_title: Set(subject.title),
            href: Set(href.into()),
            parties: Set(serde_json::to_string(&parties).map_err(Error::internal)?),
            started_at: Set(ctx.now().0),
            ended_at: Set(None),
            outcome: Set(None),
        };
        running::Entity::insert(row).exec_without_returning(tx.conn()).await?;
        let opened = self
            .open(tx.conn(), &ctx, &id, kind, 1, spec.begin(), &parties, None)
            .await?;
        let entry = Entry::new("procedure.started", subject.id)
            .article(spec.begin().citation(base::Lang::Zh))
            .put("procedure", id.as_str())
            .put("kind", kind)
            .put("rule_set", rules.name.as_str())
            .put("rule_set_version", rules.version.as_str());
        tx.append(with_next(entry, Some(&opened)));
        Ok(Started {
            procedure: id,
            step: opened,
        })
    }

    /// Decides the open step `step` of a procedure about `subject`. Answers 404
    /// to who takes no part in it, 403 to whose turn it is not, 409
    /// `procedure.step_closed` to who comes second.
    pub async fn decide(
        &self,
        tx: &mut Tx,
        subject: &str,
        step: &StepId,
        outcome: &str,
        reason: Option<&str>,
    ) -> Result<Decided> {
        let ctx = tx.ctx().clone();
        let not_found = || Error::not_found("办理环节");
        let row = step::Entity::find_by_id(step.as_str())
            .one(tx.conn())
            .await?
            .ok_or_else(not_found)?;
        let procedure = procedure_row(tx.conn(), &row.procedure_id).await?;
        let parties: Parties = serde_json::from_str(&procedure.parties).map_err(Error::internal)?;
        if procedure.subject_id != subject || !(parties.concern(&ctx.actor)) {
            return Err(not_found());
        }
        let spec = self.spec(tx.conn(), &procedure.spec_id).await?;
        let at = spec
            .step(&row.name)
            .ok_or_else(|| Error::internal(format!("{} has no step {}", spec.kind, row.name)))?;
        if !desk_of(&parties, at)?.is_of(&ctx.actor) {
            return Err(Error::new(&NOT_YOUR_TURN)
                .with("party", at.by.as_str())
                .article(at.citation(ctx.lang)));
        }
        let reason = checked_reason(reason)?;
        let earlier = steps_of(tx.conn(), &row.procedure_id).await?;
        let taken = taken(&earlier);
        let advance = spec
            .advance(&row.name, outcome, reason, &taken)
            .map_err(|e| refused(e, at, &ctx))?;
        let reason = match reason {
            Some(text) => Some(tx.text(text).await?),
            None => None,
        };
        close(tx.conn(), &ctx, &row, outcome, reason.as_ref()).await?;

        let deadline = row.deadline()?;
        let (next, ended) = match advance.to {
            To::Step(spec_step) => {
                let before = counted_from(spec_step, &earlier)?;
                let id = ProcedureId(row.procedure_id.clone());
                let position = row.position + 1;
                let opened = self
                    .open(
                        tx.conn(),
                        &ctx,
                        &id,
                        &spec.kind,
                        position,
                        spec_step,
                        &parties,
                        before.as_ref(),
                    )
                    .await?;
                (Some(opened), None)
            }
            To::End { name, .. } => {
                end(tx.conn(), &ctx, &row.procedure_id, name).await?;
                (None, Some(name.to_owned()))
            }
        };
        let chosen = advance.outcome;
        let articles = if chosen.articles.is_empty() {
            at.articles.clone()
        } else {
            chosen.articles.clone()
        };
        self.tell(tx, &spec, at, chosen, &procedure, &parties).await?;

        let mut entry = Entry::new("procedure.decided", subject)
            .put("procedure", row.procedure_id.as_str())
            .put("kind", spec.kind.as_str())
            .put("step", at.name.as_str())
            .put("outcome", outcome);
        for article in &articles {
            entry = entry.article(article.citation(base::Lang::Zh));
        }
        if let Some(text) = &reason {
            entry = entry.put("reason_hash", text.hash.as_str());
        }
        if let Some(end) = &ended {
            entry = entry.put("end", end.as_str());
        }
        tx.append(with_next(
            with_kept(entry, self, deadline.as_ref(), ctx.now()),
            next.as_ref(),
        ));
        Ok(Decided {
            procedure: row.procedure_id.into(),
            kind: spec.kind.clone(),
            step: at.name.clone(),
            outcome: outcome.to_owned(),
            effect: chosen.effect,
            articles,
            reason,
            ended,
            next,
        })
    }

    /// The open step of a procedure, if it has not ended.
    pub async fn open_step(&self, conn: &impl ConnectionTrait, procedure: &ProcedureId) -> Result<Option<OpenStep>> {
        let row = step::Entity::find()
            .filter(step::Column::ProcedureId.eq(procedure.as_str()))
            .filter(step::Column::ClosedAt.is_null())
            .one(conn)
            .await?;
        row.map(|row| {
            let by = law::Party::parse(&row.party).ok_or_else(|| Error::internal(format!("party of {}", row.id)))?;
            let deadline = row.deadline()?;
            Ok(OpenStep {
                id: row.id.into(),
                name: row.name,
                by,
                deadline,
            })
        })
        .transpose()
    }

    #[allow(clippy::too_many_arguments)]
    async fn open(
        &self,
        conn: &impl ConnectionTrait,
        ctx: &Ctx,
        procedure: &ProcedureId,
        kind: &str,
        position: i32,
        spec: &StepSpec,
        parties: &Parties,
        before: Option<&Deadline>,
    ) -> Result<OpenStep> {
        let calendar = self.law.calendar();
        let deadline = spec.deadline(calendar, ctx.now(), before);
        let desk = desk_of(parties, spec)?;
        let id = StepId::new(ctx);
        let row = step::ActiveModel {
            id: Set(id.0.clone()),
            procedure_id: Set(procedure.0.clone()),
            kind: Set(kind.to_owned()),
            position: Set(position),
            name: Set(spec.name.clone()),
            party: Set(spec.by.as_str().to_owned()),
            institution: Set(desk.institution.clone().map(Into::into)),
            data_user: Set(desk.data_user.clone().map(Into::into)),
            role: Set(desk.role.as_str().to_owned()),
            opened_at: Set(ctx.now().0),
            closed_at: Set(None),
            counted_from: Set(deadline.map(|d| d.from.to_string())),
            working_days: Set(deadline.map(|d| i32::from(d.working_days))),
            warns_at: Set(deadline.map(|d| d.warns_at(calendar).0)),
            due: Set(deadline.map(|d| d.due.0)),
            provisional: Set(deadline.is_some_and(|d| d.provisional)),
            order_due: Set(deadline.map_or(NEVER_DUE, |d| d.due.0)),
            warned: Set(false),
            overdue_flagged: Set(false),
            outcome: Set(None),
            actor: Set(None),
            reason: Set(None),
        };
        step::Entity::insert(row).exec_without_returning(conn).await?;
        Ok(OpenStep {
            id,
            name: spec.name.clone(),
            by: spec.by,
            deadline,
        })
    }

    async fn tell(
        &self,
        tx: &mut Tx,
        spec: &ProcedureSpec,
        at: &StepSpec,
        outcome: &law::OutcomeSpec,
        procedure: &running::Model,
        parties: &Parties,
    ) -> Result<()> {
        for party in &outcome.tell {
            let Some(desk) = parties.desk(*party) else { continue };
            let title = &procedure.subject_title;
            Notice {
                to: Recipient::Desk(desk.clone()),
                kind: format!("{}.{}.{}", spec.kind, at.name, outcome.name),
                zh: format!("{title}：{} — {}", at.title.zh, outcome.title.zh),
                en: format!("{title}: {} — {}", at.title.en, outcome.title.en),
                subject: Subject::new(&procedure.subject_type, &procedure.subject_id, title),
                href: procedure.href.clone(),
            }
            .post(tx)
            .await?;
        }
        Ok(())
    }

    /// The description under which a procedure began.
    pub(crate) async fn spec(&self, conn: &impl ConnectionTrait, id: &str) -> Result<Arc<ProcedureSpec>> {
        let cached = |this: &Self| this.specs.lock().unwrap_or_else(|e| e.into_inner()).get(id).cloned();
        if let Some(spec) = cached(self) {
            return Ok(spec);
        }
        let row = spec::Entity::find_by_id(id).one(conn).await?;
        let row = row.ok_or_else(|| Error::internal(format!("description {id} is gone")))?;
        let spec: Arc<ProcedureSpec> = Arc::new(serde_json::from_str(&row.document).map_err(Error::internal)?);
        self.specs
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .insert(id.to_owned(), spec.clone());
        Ok(spec)
    }
}

pub(crate) fn desk_of<'a>(parties: &'a Parties, step: &StepSpec) -> Result<&'a Desk> {
    parties
        .desk(step.by)
        .ok_or_else(|| Error::new(&PARTY_MISSING).with("party", step.by.as_str()))
}

pub(crate) async fn procedure_row(conn: &impl ConnectionTrait, id: &str) -> Result<running::Model> {
    let row = running::Entity::find_by_id(id).one(conn).await?;
    row.ok_or_else(|| Error::not_found("办理流程"))
}

pub(crate) async fn steps_of(conn: &impl ConnectionTrait, procedure: &str) -> Result<Vec<step::Model>> {
    let found = step::Entity::find().filter(step::Column::ProcedureId.eq(procedure));
    Ok(found.order_by_asc(step::Column::Position).all(conn).await?)
}

pub(crate) fn taken(steps: &[step::Model]) -> Vec<Taken> {
    let closed = steps.iter().filter_map(|s| Some((s, s.outcome.clone()?)));
    closed
        .map(|(s, outcome)| Taken {
            step: s.name.clone(),
            outcome,
        })
        .collect()
}

/// The deadline of the step that `spec` counts from: its newest run.
fn counted_from(spec: &StepSpec, steps: &[step::Model]) -> Result<Option<Deadline>> {
    let Some(name) = &spec.count_from else { return Ok(None) };
    steps
        .iter()
        .rev()
        .find(|s| s.name == *name)
        .map_or(Ok(None), step::Model::deadline)
}

fn checked_reason(reason: Option<&str>) -> Result<Option<&str>> {
    let reason = reason.map(str::trim).filter(|text| !text.is_empty());
    match reason {
        Some(text) if text.chars().count() > limits::LONG_TEXT_CHARS_MAX => {
            Err(Error::new(&REASON_TOO_LONG).with("limit", limits::LONG_TEXT_CHARS_MAX))
        }
        reason => Ok(reason),
    }
}

fn refused(error: TransitionError, at: &StepSpec, ctx: &Ctx) -> Error {
    match error {
        TransitionError::ReasonMissing(_) => Error::new(&REASON_REQUIRED)
            .field("reason", "required", REASON_REQUIRED.zh)
            .article(at.citation(ctx.lang)),
        TransitionError::NoOutcome { outcome, .. } | TransitionError::TakenBefore(outcome) => {
            Error::new(&OUTCOME_NOT_ALLOWED)
                .with("outcome", outcome)
                .article(at.citation(ctx.lang))
        }
        other => Error::internal(other),
    }
}

async fn keep_spec(conn: &impl ConnectionTrait, id: &str, spec: &ProcedureSpec) -> Result<()> {
    let row = spec::ActiveModel {
        id: Set(id.to_owned()),
        document: Set(serde_json::to_string(spec).map_err(Error::internal)?),
    };
    let keep_first = OnConflict::column(spec::Column::Id).do_nothing().to_owned();
    spec::Entity::insert(row)
        .on_conflict(keep_first)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Guarded: of two who decide at once, one finds the step closed.
async fn close(
    conn: &impl ConnectionTrait,
    ctx: &Ctx,
    row: &step::Model,
    outcome: &str,
    reason: Option<&db::TextRef>,
) -> Result<()> {
    let closed = step::Entity::update_many()
        .col_expr(step::Column::ClosedAt, Expr::value(Some(ctx.now().0)))
        .col_expr(step::Column::Outcome, Expr::value(Some(outcome.to_owned())))
        .col_expr(step::Column::Actor, Expr::value(Some(ctx.actor.id().to_owned())))
        .col_expr(step::Column::Reason, Expr::value(reason.map(|r| r.id.0.clone())))
        .filter(step::Column::Id.eq(row.id.as_str()))
        .filter(step::Column::ClosedAt.is_null())
        .exec(conn)
        .await?;
    if closed.rows_affected == 1 {
        Ok(())
    } else {
        Err(Error::new(&STEP_CLOSED))
    }
}

async fn end(conn: &impl ConnectionTrait, ctx: &Ctx, procedure: &str, outcome: &str) -> Result<()> {
    running::Entity::update_many()
        .col_expr(running::Column::EndedAt, Expr::value(Some(ctx.now().0)))
        .col_expr(running::Column::Outcome, Expr::value(Some(outcome.to_owned())))
        .filter(running::Column::Id.eq(procedure))
        .exec(conn)
        .await?;
    Ok(())
}

fn with_next(entry: Entry, next: Option<&OpenStep>) -> Entry {
    let Some(step) = next else { return entry };
    let entry = entry
        .put("opens", step.name.as_str())
        .put("opens_step", step.id.as_str())
        .put("by", step.by.as_str());
    match step.deadline {
        Some(deadline) => entry
            .put("due", deadline.due.rfc3339())
            .put("working_days", u32::from(deadline.working_days)),
        None => entry,
    }
}

/// SUP-1: whether the deadline of the closed step was kept.
fn with_kept(entry: Entry, procedures: &Procedures, deadline: Option<&Deadline>, now: Moment) -> Entry {
    let Some(deadline) = deadline else { return entry };
    let calendar = procedures.law.calendar();
    let entry = entry.put("deadline", deadline.state(calendar, now, Some(now)).as_str());
    match deadline.late_working_days(calendar, now) {
        0 => entry,
        late => entry.put("late_working_days", late),
    }
}

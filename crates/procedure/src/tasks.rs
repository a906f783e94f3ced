//! 待办: open steps as the people who sit at their desks see them.

use std::collections::HashMap;

use base::{Actor, Ctx, Error, Moment, Page, PageQuery, Result};
use law::{Clock, ClockState};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::store::{running, step};
use crate::{Procedures, Subject};

/// An open step of the caller, or one that the caller's desk has decided.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Task {
    pub step_id: String,
    pub procedure_id: String,
    pub kind: String,
    pub kind_title: String,
    /// Name of the step, stable.
    pub step: String,
    pub step_title: String,
    pub subject: Subject,
    /// Page of the web app on which it is decided.
    pub href: String,
    pub opened_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// Absent where the law sets no number of days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TaskCounts {
    pub open: u64,
    /// Of the open ones: in the last third of their time.
    pub warning: u64,
    /// Of the open ones: past their end.
    pub overdue: u64,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TaskQuery {
    /// `open` (by due date, the default) or `done` (newest first).
    #[param(pattern = "^(open|done)$")]
    pub state: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Whose desk: the conditions on steps that the actor may decide.
fn mine(actor: &Actor) -> Result<Condition> {
    match actor {
        Actor::Person { institution, roles, .. } => {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            Ok(Condition::all()
                .add(step::Column::Institution.eq(institution.as_str()))
                .add(step::Column::Role.is_in(roles)))
        }
        Actor::DataUser { id } => Ok(Condition::all().add(step::Column::DataUser.eq(id.as_str()))),
        _ => Err(Error::new(&base::error::SIGN_IN_REQUIRED)),
    }
}

impl Procedures {
    pub async fn tasks(&self, ctx: &Ctx, query: &TaskQuery) -> Result<Page<Task>> {
        let done = match query.state.as_deref() {
            None | Some("open") => false,
            Some("done") => true,
            Some(_) => return Err(Error::bad_request("state")),
        };
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let after = query.cursor.as_deref().map(cursor).transpose()?;
        let mut found = step::Entity::find().filter(mine(&ctx.actor)?);
        found = if done {
            if let Some((at, id)) = after {
                let same = Condition::all()
                    .add(step::Column::ClosedAt.eq(at))
                    .add(step::Column::Id.lt(id));
                found = found.filter(Condition::any().add(step::Column::ClosedAt.lt(at)).add(same));
            }
            found
                .filter(step::Column::ClosedAt.is_not_null())
                .order_by_desc(step::Column::ClosedAt)
                .order_by_desc(step::Column::Id)
        } else {
            if let Some((at, id)) = after {
                let same = Condition::all()
                    .add(step::Column::OrderDue.eq(at))
                    .add(step::Column::Id.gt(id));
                found = found.filter(Condition::any().add(step::Column::OrderDue.gt(at)).add(same));
            }
            found
                .filter(step::Column::ClosedAt.is_null())
                .order_by_asc(step::Column::OrderDue)
                .order_by_asc(step::Column::Id)
        };
        let rows = found.limit(limit + 1).all(self.store.conn()).await?;
        let page = Page::from_overfetch(rows, limit, |row| {
            format!(
                "{}:{}",
                if done {
                    row.closed_at.unwrap_or_default()
                } else {
                    row.order_due
                },
                row.id
            )
        });
        let items = self.as_tasks(ctx, page.items).await?;
        Ok(Page {
            items,
            next: page.next,
            total: None,
        })
    }

    pub async fn task_counts(&self, ctx: &Ctx) -> Result<TaskCounts> {
        let now = ctx.now().0;
        let open = || -> Result<_> {
            Ok(step::Entity::find()
                .filter(mine(&ctx.actor)?)
                .filter(step::Column::ClosedAt.is_null()))
        };
        let conn = self.store.conn();
        Ok(TaskCounts {
            open: open()?.count(conn).await?,
            warning: open()?
                .filter(step::Column::WarnsAt.lte(now))
                .filter(step::Column::OrderDue.gte(now))
                .count(conn)
                .await?,
            overdue: open()?.filter(step::Column::OrderDue.lt(now)).count(conn).await?,
        })
    }

    /// The open step of each of these procedures, by procedure id. For lists of
    /// things that the caller may see.
    pub async fn current(&self, ctx: &Ctx, procedures: &[String]) -> Result<HashMap<String, Task>> {
        let rows = step::Entity::find()
            .filter(step::Column::ProcedureId.is_in(procedures))
            .filter(step::Column::ClosedAt.is_null())
            .all(self.store.conn())
            .await?;
        Ok(self
            .as_tasks(ctx, rows)
            .await?
            .into_iter()
            .map(|task| (task.procedure_id.clone(), task))
            .collect())
    }

    async fn as_tasks(&self, ctx: &Ctx, rows: Vec<step::Model>) -> Result<Vec<Task>> {
        let ids: Vec<&str> = rows.iter().map(|row| row.procedure_id.as_str()).collect();
        let found = running::Entity::find()
            .filter(running::Column::Id.is_in(ids))
            .all(self.store.conn())
            .await?;
        let procedures: HashMap<String, running::Model> = found.into_iter().map(|p| (p.id.clone(), p)).collect();
        let mut tasks = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(procedure) = procedures.get(&row.procedure_id) else {
                continue;
            };
            let spec = self.spec(self.store.conn(), &procedure.spec_id).await?;
            let step_title = spec
                .step(&row.name)
                .map_or(row.name.clone(), |s| s.title.get(ctx.lang).to_owned());
            tasks.push(Task {
                clock: self.clock(ctx, &spec, &row)?,
                step_id: row.id,
                procedure_id: row.procedure_id,
                kind: procedure.kind.clone(),
                kind_title: spec.title.get(ctx.lang).to_owned(),
                step: row.name,
                step_title,
                subject: Subject::new(&procedure.subject_type, &procedure.subject_id, &procedure.subject_title),
                href: procedure.href.clone(),
                opened_at: Moment(row.opened_at),
                closed_at: row.closed_at.map(Moment),
            });
        }
        Ok(tasks)
    }

    pub(crate) fn clock(&self, ctx: &Ctx, spec: &law::ProcedureSpec, row: &step::Model) -> Result<Option<Clock>> {
        let (Some(deadline), Some(step)) = (row.deadline()?, spec.step(&row.name)) else {
            return Ok(None);
        };
        let closed = row.closed_at.map(Moment);
        Ok(Some(deadline.clock(
            self.law.calendar(),
            ctx.lang,
            step.article(),
            ctx.now(),
            closed,
        )))
    }
}

/// `MILLISECONDS:ID`
pub(crate) fn cursor(text: &str) -> Result<(i64, &str)> {
    let parts = text.split_once(':').and_then(|(at, id)| Some((at.parse().ok()?, id)));
    parts.ok_or_else(|| Error::bad_request("cursor"))
}

/// The state of a stored step's deadline at a moment; `None` without deadline.
pub(crate) fn state_of(row: &step::Model, now: Moment) -> Option<ClockState> {
    let due = row.due?;
    Some(match row.closed_at {
        Some(at) if at <= due => ClockState::Kept,
        Some(_) => ClockState::Missed,
        None if now.0 > due => ClockState::Overdue,
        None if row.warns_at.is_some_and(|at| now.0 >= at) => ClockState::Warning,
        None => ClockState::Running,
    })
}

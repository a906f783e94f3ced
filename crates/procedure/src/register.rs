//! 期限台账 (SUP-1): every statutory deadline, running or over. Supervision
//! reads it; who may see it is for supervision to say.

use std::collections::HashMap;

use base::{Ctx, Error, Moment, Page, PageQuery, Result};
use law::{Clock, ClockState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde::{Deserialize, Serialize};

use crate::store::{running, step};
use crate::tasks::{cursor, state_of};
use crate::timeline::Named;
use crate::{Procedures, Subject};

/// One deadline.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Deadline)]
pub struct DeadlineRow {
    pub step_id: String,
    pub procedure_id: String,
    pub kind: String,
    pub kind_title: String,
    pub step_title: String,
    /// `authority`, `provider`, `applicant`, `committee`, `government`.
    pub party: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<Named>,
    pub subject: Subject,
    pub href: String,
    pub opened_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    pub state: ClockState,
    pub clock: Clock,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DeadlineFigures {
    pub running: u64,
    pub warning: u64,
    pub overdue: u64,
    pub kept: u64,
    pub missed: u64,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeadlineQuery {
    pub state: Option<ClockState>,
    /// Kind of procedure.
    #[param(max_length = 64)]
    pub kind: Option<String>,
    /// Id of the institution whose turn it is or was.
    #[param(max_length = 64)]
    pub institution: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

fn in_state(state: ClockState, now: Moment) -> Condition {
    let (closed, due) = (step::Column::ClosedAt, step::Column::Due);
    let open = Condition::all().add(closed.is_null());
    match state {
        ClockState::Overdue => open.add(due.lt(now.0)),
        ClockState::Warning => open.add(due.gte(now.0)).add(step::Column::WarnsAt.lte(now.0)),
        ClockState::Running => open.add(due.gte(now.0)).add(step::Column::WarnsAt.gt(now.0)),
        ClockState::Kept => Condition::all().add(Expr::col(closed).lte(Expr::col(due))),
        ClockState::Missed => Condition::all().add(Expr::col(closed).gt(Expr::col(due))),
    }
}

fn scoped(query: &DeadlineQuery) -> Select<step::Entity> {
    let mut found = step::Entity::find().filter(step::Column::Due.is_not_null());
    if let Some(kind) = &query.kind {
        found = found.filter(step::Column::Kind.eq(kind));
    }
    if let Some(institution) = &query.institution {
        found = found.filter(step::Column::Institution.eq(institution));
    }
    found
}

impl Procedures {
    /// Deadlines by due date, latest first.
    pub async fn deadlines(&self, ctx: &Ctx, query: &DeadlineQuery) -> Result<Page<DeadlineRow>> {
        let mut found = scoped(query);
        if let Some(state) = query.state {
            found = found.filter(in_state(state, ctx.now()));
        }
        if let Some((at, id)) = query.cursor.as_deref().map(cursor).transpose()? {
            let same = Condition::all()
                .add(step::Column::OrderDue.eq(at))
                .add(step::Column::Id.lt(id));
            found = found.filter(Condition::any().add(step::Column::OrderDue.lt(at)).add(same));
        }
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let rows = found
            .order_by_desc(step::Column::OrderDue)
            .order_by_desc(step::Column::Id)
            .limit(limit + 1)
            .all(self.store.conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |row| format!("{}:{}", row.order_due, row.id));
        Ok(Page {
            items: self.as_deadlines(ctx, page.items).await?,
            next: page.next,
            total: None,
        })
    }

    /// How many deadlines stand in each state; `state` of the query is ignored.
    pub async fn deadline_figures(&self, ctx: &Ctx, query: &DeadlineQuery) -> Result<DeadlineFigures> {
        let count = async |state| {
            scoped(query)
                .filter(in_state(state, ctx.now()))
                .count(self.store.conn())
                .await
        };
        Ok(DeadlineFigures {
            running: count(ClockState::Running).await?,
            warning: count(ClockState::Warning).await?,
            overdue: count(ClockState::Overdue).await?,
            kept: count(ClockState::Kept).await?,
            missed: count(ClockState::Missed).await?,
        })
    }

    async fn as_deadlines(&self, ctx: &Ctx, rows: Vec<step::Model>) -> Result<Vec<DeadlineRow>> {
        let ids: Vec<&str> = rows.iter().map(|row| row.procedure_id.as_str()).collect();
        let found = running::Entity::find()
            .filter(running::Column::Id.is_in(ids))
            .all(self.store.conn())
            .await?;
        let procedures: HashMap<String, running::Model> = found.into_iter().map(|p| (p.id.clone(), p)).collect();
        let mut institutions: Vec<String> = rows.iter().filter_map(|row| row.institution.clone()).collect();
        institutions.sort_unstable();
        institutions.dedup();
        let names = self.directory.names(&institutions).await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(procedure) = procedures.get(&row.procedure_id) else {
                continue;
            };
            let spec = self.spec(self.store.conn(), &procedure.spec_id).await?;
            let (Some(clock), Some(state)) = (self.clock(ctx, &spec, &row)?, state_of(&row, ctx.now())) else {
                return Err(Error::internal(format!("step {} lost its deadline", row.id)));
            };
            let name = |id: String| Named {
                name: names.get(&id).cloned().unwrap_or_else(|| id.clone()),
                id,
            };
            views.push(DeadlineRow {
                kind_title: spec.title.get(ctx.lang).to_owned(),
                step_title: spec
                    .step(&row.name)
                    .map_or(row.name.clone(), |s| s.title.get(ctx.lang).to_owned()),
                step_id: row.id,
                procedure_id: row.procedure_id,
                kind: row.kind,
                party: row.party,
                institution: row.institution.map(name),
                subject: Subject::new(&procedure.subject_type, &procedure.subject_id, &procedure.subject_title),
                href: procedure.href.clone(),
                opened_at: Moment(row.opened_at),
                closed_at: row.closed_at.map(Moment),
                state,
                clock,
            });
        }
        Ok(views)
    }
}

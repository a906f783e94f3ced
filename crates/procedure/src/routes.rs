//! HTTP: the workbench, procedures and notices.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use base::{Ctx, Page, Result};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{NoticeQuery, NoticeRow, Procedures, Task, TaskCounts, TaskQuery, Timeline};

pub fn routes<S>() -> OpenApiRouter<S>
where
    Procedures: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_tasks))
        .routes(routes!(count_tasks))
        .routes(routes!(list_procedures))
        .routes(routes!(show_procedure))
        .routes(routes!(list_notices))
        .routes(routes!(read_notice))
}

/// 我的待办: open steps of the caller's institution and role, by due date.
#[utoipa::path(get, path = "/tasks", tag = "procedure", operation_id = "list_tasks", params(TaskQuery), responses((status = 200, body = Page<Task>)))]
async fn list_tasks(
    State(this): State<Procedures>,
    ctx: Ctx,
    Query(query): Query<TaskQuery>,
) -> Result<Json<Page<Task>>> {
    this.tasks(&ctx, &query).await.map(Json)
}

/// How many tasks wait, and how many of them are urgent.
#[utoipa::path(get, path = "/tasks/count", tag = "procedure", operation_id = "count_tasks", responses((status = 200, body = TaskCounts)))]
async fn count_tasks(State(this): State<Procedures>, ctx: Ctx) -> Result<Json<TaskCounts>> {
    this.task_counts(&ctx).await.map(Json)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct OfSubject {
    /// Id of what the procedures are about.
    #[param(max_length = 64)]
    subject: String,
}

/// Procedures about one subject that the caller takes part in, newest first.
#[utoipa::path(get, path = "/procedures", tag = "procedure", operation_id = "list_procedures", params(OfSubject), responses((status = 200, body = Page<Timeline>)))]
async fn list_procedures(
    State(this): State<Procedures>,
    ctx: Ctx,
    Query(query): Query<OfSubject>,
) -> Result<Json<Page<Timeline>>> {
    signed_in(&ctx)?;
    let items = this.timelines_of(&ctx, &query.subject).await?;
    Ok(Json(Page {
        items,
        next: None,
        total: None,
    }))
}

/// 办理过程 of one procedure.
#[utoipa::path(get, path = "/procedures/{id}", tag = "procedure", operation_id = "show_procedure",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = Timeline)))]
async fn show_procedure(State(this): State<Procedures>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<Timeline>> {
    signed_in(&ctx)?;
    this.timeline(&ctx, &id.into()).await.map(Json)
}

/// 通知 of the caller, newest first; `total` is the number of unread ones.
#[utoipa::path(get, path = "/notices", tag = "procedure", operation_id = "list_notices", params(NoticeQuery), responses((status = 200, body = Page<NoticeRow>)))]
async fn list_notices(
    State(this): State<Procedures>,
    ctx: Ctx,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<Page<NoticeRow>>> {
    this.notices(&ctx, &query).await.map(Json)
}

/// Marks a notice as read.
#[utoipa::path(post, path = "/notices/{id}/read", tag = "procedure", operation_id = "read_notice",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = NoticeRow)))]
async fn read_notice(State(this): State<Procedures>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<NoticeRow>> {
    this.read_notice(&ctx, &id).await.map(Json)
}

fn signed_in(ctx: &Ctx) -> Result<()> {
    if ctx.actor.is_signed_in() {
        Ok(())
    } else {
        Err(base::Error::new(&base::error::SIGN_IN_REQUIRED))
    }
}

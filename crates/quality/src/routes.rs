//! HTTP of quality.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Ctx, Page, PageQuery, QualityRuleId, QualityRunId, ResourceId, Result, WorkOrderId};
use identity::{Action, Target};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Quality;
use crate::kinds::{self, Library};
use crate::queries::{FailureQuery, OrderQuery};
use crate::rule::Rule;
use crate::views::*;

/// Routes of quality, below `/api/v1`.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Quality: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_quality_rule_kinds))
        .routes(routes!(list_quality_rules, create_quality_rule))
        .routes(routes!(change_quality_rule))
        .routes(routes!(start_quality_run, list_quality_runs))
        .routes(routes!(get_quality_run))
        .routes(routes!(list_quality_failures))
        .routes(routes!(export_quality_failures))
        .routes(routes!(list_work_orders, report_work_order))
        .routes(routes!(get_work_order))
        .routes(routes!(accept_work_order))
        .routes(routes!(respond_work_order))
        .routes(routes!(close_work_order))
        .routes(routes!(recheck_work_order))
        .routes(routes!(quality_overview))
}

#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct RulesOf {
    /// Id of the resource.
    #[param(max_length = 64)]
    resource: String,
}

/// The library of rule kinds, by the six categories of GB/T 36344.
#[utoipa::path(get, path = "/quality/rule-kinds", tag = "quality", operation_id = "list_quality_rule_kinds",
    responses((status = 200, description = "categories and kinds", body = Library)))]
async fn list_quality_rule_kinds(State(quality): State<Quality>, ctx: Ctx) -> Result<Json<Library>> {
    quality
        .identity()
        .authz
        .check(&ctx, Action::CatalogRead, &Target::any())?;
    Ok(Json(kinds::library().clone()))
}

/// Rules of a resource; the proposed ones where nobody wrote any.
#[utoipa::path(get, path = "/quality/rules", tag = "quality", operation_id = "list_quality_rules",
    params(RulesOf),
    responses((status = 200, description = "the rules", body = Vec<Rule>)))]
async fn list_quality_rules(
    State(quality): State<Quality>,
    ctx: Ctx,
    Query(of): Query<RulesOf>,
) -> Result<Json<Vec<Rule>>> {
    Ok(Json(quality.rules(&ctx, &ResourceId(of.resource)).await?))
}

/// A new rule.
#[utoipa::path(post, path = "/quality/rules", tag = "quality", operation_id = "create_quality_rule",
    request_body = NewRule,
    responses((status = 201, description = "the rule", body = Rule)))]
async fn create_quality_rule(
    State(quality): State<Quality>,
    ctx: Ctx,
    Json(new): Json<NewRule>,
) -> Result<(StatusCode, Json<Rule>)> {
    let rule = quality
        .create_rule(&ctx, &ResourceId(new.resource_id), new.draft)
        .await?;
    Ok((StatusCode::CREATED, Json(rule)))
}

/// Changes a rule, or switches it on or off.
#[utoipa::path(patch, path = "/quality/rules/{id}", tag = "quality", operation_id = "change_quality_rule",
    params(("id" = String, Path, description = "id of the rule")),
    request_body = ChangeRule,
    responses((status = 200, description = "the rule", body = Rule)))]
async fn change_quality_rule(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(change): Json<ChangeRule>,
) -> Result<Json<Rule>> {
    Ok(Json(quality.change_rule(&ctx, &QualityRuleId(id), change).await?))
}

/// Queues a check of all enabled rules.
#[utoipa::path(post, path = "/resources/{id}/quality/runs", tag = "quality", operation_id = "start_quality_run",
    params(("id" = String, Path, description = "id of the resource")),
    request_body = Option<StartRun>,
    responses((status = 202, description = "the queued run", body = Run)))]
async fn start_quality_run(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    body: Option<Json<StartRun>>,
) -> Result<(StatusCode, Json<Run>)> {
    let scope = body.map(|Json(b)| b.scope).unwrap_or_default();
    Ok((
        StatusCode::ACCEPTED,
        Json(quality.start_run(&ctx, &ResourceId(id), scope).await?),
    ))
}

/// Runs of a resource, the newest first.
#[utoipa::path(get, path = "/resources/{id}/quality/runs", tag = "quality", operation_id = "list_quality_runs",
    params(("id" = String, Path, description = "id of the resource"), PageQuery),
    responses((status = 200, description = "a page of runs", body = Page<Run>)))]
async fn list_quality_runs(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Run>>> {
    Ok(Json(quality.runs(&ctx, &ResourceId(id), &page).await?))
}

/// A run with the result of each rule.
#[utoipa::path(get, path = "/quality/runs/{id}", tag = "quality", operation_id = "get_quality_run",
    params(("id" = String, Path, description = "id of the run")),
    responses((status = 200, description = "the run", body = Run)))]
async fn get_quality_run(State(quality): State<Quality>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<Run>> {
    Ok(Json(quality.run(&ctx, &QualityRunId(id)).await?))
}

/// Failing rows of a run: batch, row and masked key.
#[utoipa::path(get, path = "/quality/runs/{id}/failures", tag = "quality", operation_id = "list_quality_failures",
    params(("id" = String, Path, description = "id of the run"), FailureQuery, PageQuery),
    responses((status = 200, description = "a page of failing rows", body = Page<FailingRow>)))]
async fn list_quality_failures(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(query): Query<FailureQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<FailingRow>>> {
    Ok(Json(quality.failures(&ctx, &QualityRunId(id), &query, &page).await?))
}

/// Failing rows of a run as CSV (UTF-8 with a byte order mark, formulas defused).
#[utoipa::path(get, path = "/quality/runs/{id}/failures/export", tag = "quality", operation_id = "export_quality_failures",
    params(("id" = String, Path, description = "id of the run"), FailureQuery),
    responses((status = 200, description = "the rows", body = String, content_type = "text/csv")))]
async fn export_quality_failures(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(query): Query<FailureQuery>,
) -> Result<Response> {
    let csv = quality.export_failures(&ctx, &QualityRunId(id), &query).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"failures.csv\""),
    ];
    Ok((headers, csv).into_response())
}

/// Work orders that the caller may see, the newest first.
#[utoipa::path(get, path = "/work-orders", tag = "quality", operation_id = "list_work_orders",
    params(OrderQuery, PageQuery),
    responses((status = 200, description = "a page of work orders", body = Page<WorkOrder>)))]
async fn list_work_orders(
    State(quality): State<Quality>,
    ctx: Ctx,
    Query(query): Query<OrderQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<WorkOrder>>> {
    Ok(Json(quality.orders(&ctx, &query, &page).await?))
}

/// Reports problem data to its provider.
#[utoipa::path(post, path = "/work-orders", tag = "quality", operation_id = "report_work_order",
    request_body = NewWorkOrder,
    responses((status = 201, description = "the work order", body = WorkOrder)))]
async fn report_work_order(
    State(quality): State<Quality>,
    ctx: Ctx,
    Json(new): Json<NewWorkOrder>,
) -> Result<(StatusCode, Json<WorkOrder>)> {
    Ok((StatusCode::CREATED, Json(quality.report(&ctx, new).await?)))
}

/// A work order with its timeline.
#[utoipa::path(get, path = "/work-orders/{id}", tag = "quality", operation_id = "get_work_order",
    params(("id" = String, Path, description = "id of the work order")),
    responses((status = 200, description = "the work order", body = WorkOrder)))]
async fn get_work_order(State(quality): State<Quality>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<WorkOrder>> {
    Ok(Json(quality.order(&ctx, &WorkOrderId(id)).await?))
}

/// The provider accepts a reported problem.
#[utoipa::path(post, path = "/work-orders/{id}/accept", tag = "quality", operation_id = "accept_work_order",
    params(("id" = String, Path, description = "id of the work order")),
    responses((status = 200, description = "the work order", body = WorkOrder)))]
async fn accept_work_order(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<WorkOrder>> {
    Ok(Json(quality.accept(&ctx, &WorkOrderId(id)).await?))
}

/// The provider says that the data is right now; where a rule found the problem, a check follows.
#[utoipa::path(post, path = "/work-orders/{id}/respond", tag = "quality", operation_id = "respond_work_order",
    params(("id" = String, Path, description = "id of the work order")),
    request_body = Option<Explanation>,
    responses((status = 200, description = "the work order", body = WorkOrder)))]
async fn respond_work_order(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    body: Option<Json<Explanation>>,
) -> Result<Json<WorkOrder>> {
    let explanation = body.and_then(|Json(b)| b.explanation);
    Ok(Json(quality.respond(&ctx, &WorkOrderId(id), explanation).await?))
}

/// Closes with an explanation and without a passed check.
#[utoipa::path(post, path = "/work-orders/{id}/close", tag = "quality", operation_id = "close_work_order",
    params(("id" = String, Path, description = "id of the work order")),
    request_body = Explanation,
    responses((status = 200, description = "the work order", body = WorkOrder)))]
async fn close_work_order(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Explanation>,
) -> Result<Json<WorkOrder>> {
    Ok(Json(quality.explain(&ctx, &WorkOrderId(id), body.explanation).await?))
}

/// Runs the check again; the order closes when it passes.
#[utoipa::path(post, path = "/work-orders/{id}/recheck", tag = "quality", operation_id = "recheck_work_order",
    params(("id" = String, Path, description = "id of the work order")),
    responses((status = 202, description = "the work order; the check is queued", body = WorkOrder)))]
async fn recheck_work_order(
    State(quality): State<Quality>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<WorkOrder>)> {
    Ok((
        StatusCode::ACCEPTED,
        Json(quality.recheck(&ctx, &WorkOrderId(id)).await?),
    ))
}

/// Scores, problem rate, work orders by age.
#[utoipa::path(get, path = "/quality/overview", tag = "quality", operation_id = "quality_overview",
    responses((status = 200, description = "the figures", body = Overview)))]
async fn quality_overview(State(quality): State<Quality>, ctx: Ctx) -> Result<Json<Overview>> {
    Ok(Json(quality.overview(&ctx).await?))
}

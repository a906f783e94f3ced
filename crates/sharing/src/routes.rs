//! HTTP.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::StatusCode;
use base::error::Problem;
use base::{Ctx, Lang, Page, Result};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::cart::Cart;
use crate::grants::{Change, GrantQuery, GrantView, Reason};
use crate::overview::SharingOverview;
use crate::services::{ServiceQuery, ServiceView};
use crate::views::{RequestQuery, ShareRequest};
use crate::{Application, Decision, Sharing};

pub fn routes<S>() -> OpenApiRouter<S>
where
    Sharing: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(show_cart, save_cart))
        .routes(routes!(list_share_requests, create_share_requests))
        .routes(routes!(show_share_request))
        .routes(routes!(decide_share_request))
        .routes(routes!(list_grants))
        .routes(routes!(show_grant))
        .routes(routes!(suspend_grant))
        .routes(routes!(restore_grant))
        .routes(routes!(end_grant))
        .routes(routes!(list_services))
        .routes(routes!(list_masks))
        .routes(routes!(sharing_overview))
}

/// 申购车 of the caller.
#[utoipa::path(get, path = "/cart", tag = "sharing", operation_id = "show_cart", responses((status = 200, body = Cart)))]
async fn show_cart(State(this): State<Sharing>, ctx: Ctx) -> Result<Json<Cart>> {
    this.cart(&ctx).await.map(Json)
}

/// Replaces the caller's cart.
#[utoipa::path(put, path = "/cart", tag = "sharing", operation_id = "save_cart", request_body = Cart, responses(
    (status = 200, body = Cart),
    (status = 404, description = "a resource is not in the catalog", body = Problem, content_type = "application/problem+json"),
))]
async fn save_cart(State(this): State<Sharing>, ctx: Ctx, Json(cart): Json<Cart>) -> Result<Json<Cart>> {
    this.save_cart(&ctx, cart).await.map(Json)
}

/// Applies for items of one or several resources: one request for each.
#[utoipa::path(post, path = "/share-requests", tag = "sharing", operation_id = "create_share_requests",
    request_body = Application, responses(
    (status = 201, body = Page<ShareRequest>),
    (status = 404, description = "a resource is not in the catalog", body = Problem, content_type = "application/problem+json"),
))]
async fn create_share_requests(
    State(this): State<Sharing>,
    ctx: Ctx,
    Json(body): Json<Application>,
) -> Result<(StatusCode, Json<Page<ShareRequest>>)> {
    let mut items = vec![];
    for id in this.apply(&ctx, body).await? {
        items.push(this.share_request(&ctx, &id).await?);
    }
    Ok((
        StatusCode::CREATED,
        Json(Page {
            items,
            next: None,
            total: None,
        }),
    ))
}

/// Requests that the caller may see, newest first.
#[utoipa::path(get, path = "/share-requests", tag = "sharing", operation_id = "list_share_requests",
    params(RequestQuery), responses((status = 200, body = Page<ShareRequest>)))]
async fn list_share_requests(
    State(this): State<Sharing>,
    ctx: Ctx,
    Query(query): Query<RequestQuery>,
) -> Result<Json<Page<ShareRequest>>> {
    this.share_requests(&ctx, &query).await.map(Json)
}

/// One request with its timeline and, for who may decide, the allowed outcomes.
#[utoipa::path(get, path = "/share-requests/{id}", tag = "sharing", operation_id = "show_share_request",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = ShareRequest)))]
async fn show_share_request(
    State(this): State<Sharing>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<ShareRequest>> {
    this.share_request(&ctx, &id.into()).await.map(Json)
}

/// Decides the open step of a request.
#[utoipa::path(post, path = "/share-requests/{id}/decide", tag = "sharing", operation_id = "decide_share_request",
    params(("id" = String, Path, max_length = 64)), request_body = Decision, responses(
    (status = 200, body = ShareRequest),
    (status = 403, description = "it is another party's turn", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "somebody else has decided", body = Problem, content_type = "application/problem+json"),
))]
async fn decide_share_request(
    State(this): State<Sharing>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Decision>,
) -> Result<Json<ShareRequest>> {
    let id = id.into();
    this.decide(&ctx, &id, body).await?;
    this.share_request(&ctx, &id).await.map(Json)
}

/// Grants that the caller may see, newest first.
#[utoipa::path(get, path = "/grants", tag = "sharing", operation_id = "list_grants", params(GrantQuery), responses((status = 200, body = Page<GrantView>)))]
async fn list_grants(
    State(this): State<Sharing>,
    ctx: Ctx,
    Query(query): Query<GrantQuery>,
) -> Result<Json<Page<GrantView>>> {
    this.grants(&ctx, &query).await.map(Json)
}

/// One grant.
#[utoipa::path(get, path = "/grants/{id}", tag = "sharing", operation_id = "show_grant",
    params(("id" = String, Path, max_length = 64)), responses((status = 200, body = GrantView)))]
async fn show_grant(State(this): State<Sharing>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<GrantView>> {
    this.grant(&ctx, &id.into()).await.map(Json)
}

async fn changed(this: Sharing, ctx: Ctx, id: String, change: Change, body: Reason) -> Result<Json<GrantView>> {
    let id = id.into();
    this.change_grant(&ctx, &id, change, &body.reason).await?;
    this.grant(&ctx, &id).await.map(Json)
}

/// 中止: the gateway refuses within a second.
#[utoipa::path(post, path = "/grants/{id}/suspend", tag = "sharing", operation_id = "suspend_grant",
    params(("id" = String, Path, max_length = 64)), request_body = Reason, responses((status = 200, body = GrantView)))]
async fn suspend_grant(
    State(this): State<Sharing>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Json<GrantView>> {
    changed(this, ctx, id, Change::Suspend, body).await
}

/// 恢复 a suspended grant.
#[utoipa::path(post, path = "/grants/{id}/restore", tag = "sharing", operation_id = "restore_grant",
    params(("id" = String, Path, max_length = 64)), request_body = Reason, responses((status = 200, body = GrantView)))]
async fn restore_grant(
    State(this): State<Sharing>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Json<GrantView>> {
    changed(this, ctx, id, Change::Restore, body).await
}

/// 终止 a grant for good.
#[utoipa::path(post, path = "/grants/{id}/end", tag = "sharing", operation_id = "end_grant",
    params(("id" = String, Path, max_length = 64)), request_body = Reason, responses((status = 200, body = GrantView)))]
async fn end_grant(
    State(this): State<Sharing>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Json<GrantView>> {
    changed(this, ctx, id, Change::End, body).await
}

/// Interfaces that the caller's institution may call.
#[utoipa::path(get, path = "/services", tag = "sharing", operation_id = "list_services", params(ServiceQuery), responses((status = 200, body = Page<ServiceView>)))]
async fn list_services(
    State(this): State<Sharing>,
    ctx: Ctx,
    Query(query): Query<ServiceQuery>,
) -> Result<Json<Page<ServiceView>>> {
    this.services(&ctx, query).await.map(Json)
}

/// A mask that a grant can name.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MaskOfLibrary)]
struct MaskView {
    name: String,
    title: String,
    /// What stays and what goes.
    description: String,
    /// Identifiers of items that it is proposed for.
    suits: Vec<String>,
    /// A value and what it becomes; absent for keyed masks.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<[String; 2]>,
}

/// 脱敏规则库
#[utoipa::path(get, path = "/masks", tag = "sharing", operation_id = "list_masks", responses((status = 200, body = Page<MaskView>)))]
async fn list_masks(ctx: Ctx) -> Json<Page<MaskView>> {
    let in_language = |zh: &str, en: &str| {
        if ctx.lang == Lang::En {
            en.to_owned()
        } else {
            zh.to_owned()
        }
    };
    let masks = protect::mask_library().iter().map(|mask| MaskView {
        name: mask.name.clone(),
        title: in_language(&mask.title, &mask.title_en),
        description: in_language(&mask.description, &mask.description_en),
        suits: mask.suits.clone(),
        example: mask.example.clone(),
    });
    Json(Page {
        items: masks.collect(),
        next: None,
        total: None,
    })
}

/// 共享概况
#[utoipa::path(get, path = "/sharing/overview", tag = "sharing", operation_id = "sharing_overview", responses((status = 200, body = SharingOverview)))]
async fn sharing_overview(State(this): State<Sharing>, ctx: Ctx) -> Result<Json<SharingOverview>> {
    this.overview(&ctx).await.map(Json)
}

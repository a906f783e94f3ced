//! Every route with its description: OpenAPI 3.1, from which the web client is
//! generated.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base::Error;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "数桥 Shuqiao",
        description = "公共数据平台接口。错误以 application/problem+json 返回:稳定的 code、说明、下一步与依据条款。\n\nPublic data platform. Errors are application/problem+json with a stable code, what is wrong, what to do next, and the article.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "identity", description = "登录、机构、人员"),
        (name = "procedure", description = "办理流程与待办"),
        (name = "catalog", description = "目录"),
        (name = "collection", description = "归集"),
        (name = "quality", description = "质量"),
        (name = "sharing", description = "共享"),
        (name = "gateway", description = "网关"),
        (name = "opening", description = "开放"),
        (name = "supervision", description = "监督与存证")
    )
)]
struct Document;

/// Routes under `/api/v1`.
pub fn api_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(identity::routes())
        .merge(procedure::routes())
        .merge(catalog::routes())
        .merge(collection::routes())
        .merge(quality::routes())
        .merge(sharing::routes())
        .merge(sharing::gateway::routes())
        .merge(opening::routes())
        .merge(supervision::routes())
}

/// The whole document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, document) = OpenApiRouter::<AppState>::with_openapi(Document::openapi())
        .nest("/api/v1", api_routes())
        .merge(serve::gateway::http::routes())
        .split_for_parts();
    document
}

pub fn document_routes() -> Router<AppState> {
    Router::new().route("/openapi.json", get(|| async { Json(openapi()) }))
}

pub async fn no_such_route() -> Response {
    Error::not_found("该接口").into_response()
}

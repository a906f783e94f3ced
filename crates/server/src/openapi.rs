//! Every route with its description: OpenAPI 3.1, from which the web client is
//! generated.

use std::collections::HashSet;

use axum::http::Method;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base::Error;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as OpenApiDocument, Ref, ResponseBuilder};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::AppState;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "数桥 Shuqiao",
        description = "公共数据平台接口。错误以 application/problem+json 返回：稳定的 code、说明、下一步与依据条款。\n\nPublic data platform. Errors are application/problem+json with a stable code, what is wrong, what to do next, and the article.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(base::error::Problem)),
    modifiers(&Credentials),
    // of every operation that does not name another; `()` is nobody's
    security(("session" = [])),
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

struct Credentials;
impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApiDocument) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(
            "shuqiao_session",
            "Set by `POST /session`. A request that changes something also carries `X-Requested-With: shuqiao`.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        components.add_security_scheme("client", SecurityScheme::Http(Http::new(HttpAuthScheme::Basic)));
    }
}

/// Operations that nobody need sign in for, by method and path: those that the
/// document calls public, so that it and the gate cannot say two things.
pub fn public_operations() -> HashSet<(Method, String)> {
    let nobody = SecurityRequirement::default();
    let mut public = HashSet::new();
    for (path, mut item) in openapi().paths.paths {
        let operations = [
            (Method::GET, item.get.take()),
            (Method::POST, item.post.take()),
            (Method::PUT, item.put.take()),
            (Method::PATCH, item.patch.take()),
            (Method::DELETE, item.delete.take()),
        ];
        for (method, operation) in operations {
            let asked = operation.and_then(|o| o.security);
            if asked.is_some_and(|s| s.contains(&nobody)) {
                public.insert((method, path.clone()));
            }
        }
    }
    public
}

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
pub fn openapi() -> OpenApiDocument {
    let (_, mut document) = OpenApiRouter::<AppState>::with_openapi(Document::openapi())
        .nest("/api/v1", api_routes())
        .merge(serve::gateway::http::routes())
        .split_for_parts();
    // axum's mark of a parameter that takes the rest of the path is no part of its name
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (false, &mut item.get),
            (true, &mut item.post),
            (true, &mut item.put),
            (true, &mut item.patch),
            (true, &mut item.delete),
        ];
        for (changes, operation) in operations {
            if let Some(operation) = operation {
                add_common_answers(operation, changes, path.contains('{'));
            }
        }
    }
    document
}

/// What any operation may answer, said once. An operation names an error only
/// where it has more to say about it.
fn add_common_answers(operation: &mut Operation, changes: bool, addressed: bool) {
    let reads_body = operation.request_body.is_some();
    let reads_input = reads_body || addressed || operation.parameters.as_ref().is_some_and(|p| !p.is_empty());
    let common = [
        (reads_input, 400, "a parameter or the body cannot be read"),
        (true, 401, "not signed in, or the session has ended"),
        (true, 403, "not allowed"),
        (true, 404, "not there, or not for the caller"),
        (changes, 409, "the state has changed, or does not allow it"),
        (reads_body, 413, "larger than the limit"),
        (reads_body, 415, "not of the described media type"),
        (reads_input, 422, "mistakes, by field"),
        (true, 429, "too many requests"),
        (
            true,
            503,
            "busy or not ready; try again after the time in `Retry-After`",
        ),
    ];
    for (applies, status, description) in common {
        let answers = &mut operation.responses.responses;
        if !applies || answers.contains_key(&status.to_string()) {
            continue;
        }
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", problem)
            .build();
        answers.insert(status.to_string(), response.into());
    }
}

pub fn document_routes() -> Router<AppState> {
    Router::new().route("/openapi.json", get(|| async { Json(openapi()) }))
}

pub async fn no_such_route() -> Response {
    Error::not_found("该接口").into_response()
}

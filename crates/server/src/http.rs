//! The layers around every route.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use base::{Actor, Ctx, Error, Lang, limits};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::{AppState, openapi, ops, web};

/// Everything that the node answers.
pub fn router(state: AppState) -> Router {
    let (api, _) = openapi::api_routes().split_for_parts();
    let api = api.route_layer(from_fn_with_state(Arc::new(openapi::public_operations()), gate));
    let pages = Router::new()
        .nest("/api/v1", api.fallback(openapi::no_such_route))
        .merge(opening::public_routes())
        .merge(openapi::document_routes())
        .fallback(web::serve)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(state.clone(), session));
    let (gateway, _) = serve::gateway::http::routes::<AppState>().split_for_parts();
    Router::new()
        .merge(gateway)
        .merge(ops::routes())
        .merge(pages)
        .layer(from_fn(security_headers))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Error::internal("a handler panicked").render(Lang::Zh, None)
        }))
        .with_state(state)
}

/// Finds out who asks, refuses forged requests, and renders errors in the
/// asker's language.
async fn session(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let accept = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let lang = Lang::from_accept_language(accept);
    let token = identity::routes::session_token(headers).map(str::to_owned);
    let mut ctx = state.ctx(Actor::Anonymous);
    ctx.lang = lang;
    if let Some(token) = token {
        match state.identity.resolve(&ctx, &token).await {
            Ok(actor) => ctx.actor = actor,
            Err(e) => return answer_error(&e, &ctx, request.method(), request.uri().path()),
        }
        let unsafe_method = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        let asked_by_page = headers.get("x-requested-with").is_some_and(|v| v == "shuqiao");
        if unsafe_method && ctx.actor.is_signed_in() && !asked_by_page && request.uri().path().starts_with("/api/v1") {
            return Error::new(&identity::errors::CSRF).render(lang, Some(&ctx.trace));
        }
    }
    request.extensions_mut().insert(ctx.clone());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    state.ops.count(response.status());
    let mut response = as_problem(response, &ctx, &method, &path).await;
    if let Ok(trace) = HeaderValue::from_str(&ctx.trace) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-trace-id"), trace);
    }
    if ctx.actor.is_signed_in() && !response.headers().contains_key(header::CACHE_CONTROL) {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    response
}

/// Who is not signed in gets past here only to public operations: before a
/// parameter or a body is looked at.
async fn gate(
    State(public): State<Arc<HashSet<(Method, String)>>>,
    path: MatchedPath,
    ctx: Ctx,
    request: Request,
    next: Next,
) -> Response {
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    let operation = (method, path.as_str().replace("{*", "{"));
    if !ctx.actor.is_signed_in() && !public.contains(&operation) {
        return Error::new(&base::error::SIGN_IN_REQUIRED).into_response();
    }
    next.run(request).await
}

async fn as_problem(response: Response, ctx: &Ctx, method: &Method, path: &str) -> Response {
    if let Some(error) = response.extensions().get::<Arc<Error>>().cloned() {
        return answer_error(&error, ctx, method, path);
    }
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .is_none_or(|t| t.starts_with("text/plain"));
    if !status.is_client_error() && !status.is_server_error() || !plain {
        return response;
    }
    // an extractor's refusal: its text says what could not be read
    let allow = response.headers().get(header::ALLOW).cloned();
    let text = to_bytes(response.into_body(), limits::SHORT_TEXT_CHARS_MAX * 16)
        .await
        .unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    let error = match status {
        StatusCode::NOT_FOUND => Error::not_found("该地址"),
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(&base::error::TOO_LARGE)
            .with("what", "请求体")
            .with("limit", format!("{} MB", limits::BODY_BYTES_MAX / 1024 / 1024)),
        StatusCode::UNPROCESSABLE_ENTITY => Error::invalid(vec![]).field("body", "shape", detail),
        _ => Error::bad_request(detail),
    };
    let mut rendered = error.render(ctx.lang, Some(&ctx.trace));
    if status != StatusCode::UNPROCESSABLE_ENTITY && status != StatusCode::NOT_FOUND {
        rendered = with_status(error.problem(ctx.lang, Some(&ctx.trace)), status);
    }
    if let Some(allow) = allow {
        rendered.headers_mut().insert(header::ALLOW, allow);
    }
    rendered
}

fn with_status(mut problem: base::error::Problem, status: StatusCode) -> Response {
    problem.status = status.as_u16();
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json; charset=utf-8"),
    );
    response
}

/// The one place where an internal error is logged.
fn answer_error(error: &Error, ctx: &Ctx, method: &Method, path: &str) -> Response {
    if error.kind.status >= 500 {
        tracing::error!(trace = ctx.trace, %method, path, error = %error, "request failed");
    }
    error.render(ctx.lang, Some(&ctx.trace))
}

async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        (
            "content-security-policy",
            "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; \
             frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'",
        ),
    ];
    for (name, value) in fixed {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

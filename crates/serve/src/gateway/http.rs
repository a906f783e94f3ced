//! The gateway on HTTP: calls and tokens.

use std::net::{IpAddr, SocketAddr};

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRef, Path, RawQuery, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use base::error::Problem;
use base::{Error, Lang, Moment, Result, limits};
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Answer, Call, Credential, Gateway, Input, Request, address};
use crate::errors::{CLIENT_INVALID, GRANT_TYPE};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const GRANT_ID: HeaderName = HeaderName::from_static("x-grant-id");
/// Clients differ in whether they pad (Go's does not).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// `POST|GET /gateway/v1/{service}` and `POST /oauth/token`, outside of
/// sessions: a token is the only credential here.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Gateway: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(post_call, get_call))
        .routes(routes!(post_token))
        .layer(DefaultBodyLimit::max(limits::GATEWAY_BODY_BYTES_MAX))
}

/// The answer of a query.
#[derive(Serialize, ToSchema)]
pub struct QueryAnswer {
    /// Granted items and their values, masked as the grant says.
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
    pub count: u64,
    /// When the table got this version.
    pub as_of: Moment,
    pub table_version: u64,
}

/// The answer of a verification.
#[derive(Serialize, ToSchema)]
pub struct VerifyAnswer {
    /// One record of the key has all the values.
    pub r#match: bool,
    /// There is a record of the key.
    pub found: bool,
}

/// 调用接口服务: looks up by key. A query service answers `QueryAnswer`, a
/// verify service `VerifyAnswer`.
#[utoipa::path(
    post, path = "/gateway/v1/{service}", tag = "gateway", operation_id = "gateway_call", security(("token" = [])),
    params(("service" = String, Path, description = "Name of the service"),
           ("X-Grant-Id" = Option<String>, Header, description = "Which grant, where there are several")),
    request_body = Request,
    responses(
        (status = 200, body = QueryAnswer, description = "Query: rows; verify: {match, found}"),
    )
)]
async fn post_call(
    State(gateway): State<Gateway>,
    Path(service): Path<String>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let input = body.map_or(Input::Unreadable("body"), Input::Body);
    respond(&gateway, &service, &headers, &extensions, input).await
}

/// The same with the keys as parameters: `?cert_no=…&items=a,b`, for verify
/// `&match.name=…`. Addresses end up in logs of machines between, so POST is
/// the better way for personal data.
#[utoipa::path(
    get, path = "/gateway/v1/{service}", tag = "gateway", operation_id = "gateway_call_get", security(("token" = [])),
    params(("service" = String, Path, description = "Name of the service"),
           ("X-Grant-Id" = Option<String>, Header, description = "Which grant, where there are several")),
    responses(
        (status = 200, body = QueryAnswer, description = "Query: rows; verify: {match, found}"),
    )
)]
async fn get_call(
    State(gateway): State<Gateway>,
    Path(service): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    extensions: Extensions,
) -> Response {
    let input = serde_urlencoded::from_str(query.as_deref().unwrap_or_default())
        .map_or(Input::Unreadable("query"), Input::Query);
    respond(&gateway, &service, &headers, &extensions, input).await
}

async fn respond(
    gateway: &Gateway,
    service: &str,
    headers: &HeaderMap,
    extensions: &Extensions,
    input: Input,
) -> Response {
    let call = Call {
        service,
        credential: Credential::Bearer(bearer(headers)),
        address: caller(extensions),
        grant: headers.get(GRANT_ID).and_then(|v| v.to_str().ok()),
        input,
    };
    render(gateway.call(call).await, lang(headers))
}

/// An answer of the gateway as HTTP sees it.
pub fn render(answer: Answer, lang: Lang) -> Response {
    let mut response = match answer.result {
        Ok(body) => ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response(),
        Err(error) => {
            let mut response = error.render(lang, Some(&answer.request_id));
            if error.kind.status == 401 {
                response
                    .headers_mut()
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (REQUEST_ID, Some(&answer.request_id)),
        (GRANT_ID, answer.grant.as_ref()),
    ] {
        if let Some(value) = value.and_then(|v| HeaderValue::from_str(v).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

fn lang(headers: &HeaderMap) -> Lang {
    Lang::from_accept_language(headers.get("accept-language").and_then(|v| v.to_str().ok()))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address at the other end of the socket. Headers that claim another one
/// are not believed.
fn caller(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(address::NOWHERE, |c| address::canonical(c.0.ip()))
}

/// Form of a token request; the client may stand in `Authorization: Basic` instead.
#[derive(Deserialize, ToSchema)]
struct TokenForm {
    /// `client_credentials`
    grant_type: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: i64,
}

/// What OAuth 2 (RFC 6749, 5.2) wants of a refusal, and the problem beside it.
#[derive(Serialize, ToSchema)]
struct TokenRefusal {
    /// `invalid_request`, `invalid_client`, `unsupported_grant_type`
    error: &'static str,
    error_description: String,
    #[serde(flatten)]
    problem: Problem,
}

/// 换取访问令牌: OAuth 2 client credentials.
#[utoipa::path(
    post, path = "/oauth/token", tag = "gateway", operation_id = "oauth_token", security(("client" = [])),
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, body = TokenAnswer),
        (status = 400, body = TokenRefusal),
        (status = 401, body = TokenRefusal),
        (status = 403, body = TokenRefusal),
        (status = 503, body = TokenRefusal),
    )
)]
async fn post_token(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
    extensions: Extensions,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match token(&gateway, &headers, &extensions, body.ok().as_deref()) {
        Ok(answer) => ([(CACHE_CONTROL, "no-store")], Json(answer)).into_response(),
        Err(error) => {
            let lang = lang(&headers);
            let refusal = TokenRefusal {
                error: match error.code() {
                    "gateway.grant_type" => "unsupported_grant_type",
                    _ if error.kind.status == 400 => "invalid_request",
                    _ if error.kind.status == 503 => "temporarily_unavailable",
                    _ => "invalid_client",
                },
                error_description: error.title(Lang::En),
                problem: error.problem(lang, None),
            };
            let rendered = error.render(lang, None);
            let mut response = (rendered.status(), Json(refusal)).into_response();
            if error.kind.status == 401 {
                response
                    .headers_mut()
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"shuqiao\""));
            }
            response
        }
    }
}

fn token(gateway: &Gateway, headers: &HeaderMap, extensions: &Extensions, body: Option<&[u8]>) -> Result<TokenAnswer> {
    let form: TokenForm =
        serde_urlencoded::from_bytes(body.unwrap_or_default()).map_err(|_| Error::bad_request("form"))?;
    if form.grant_type.as_deref() != Some("client_credentials") {
        return Err(Error::new(&GRANT_TYPE));
    }
    let basic = headers.get(AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(basic);
    let body = form.client_id.zip(form.client_secret);
    let (id, secret) = basic.or(body).ok_or_else(|| Error::new(&CLIENT_INVALID))?;
    let access_token = gateway.issue_token(&id, &secret, caller(extensions))?;
    Ok(TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: limits::TOKEN_MS / 1_000,
    })
}

fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

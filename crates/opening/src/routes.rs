//! HTTP: datasets and matters under `/api/v1`; CKAN and DCAT beside it.

use axum::body::{Body, Bytes};
use axum::extract::{FromRef, Path, Query, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use base::error::Problem;
use base::{Ctx, Error, Page, PageQuery, ResourceId, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Opening;
use crate::ckan::params::Params;
use crate::ckan::{self, CkanError};
use crate::dcat::{self, Spelling};
use crate::errors::NOT_OFFERED;
use crate::files::{Format, path_of};
use crate::matters::{Answer, Decision, OpinionForm, WithdrawalForm};
use crate::model::{Dataset, Treatment};
use crate::rows::{self, Condition, RowsQuery};
use crate::shelf::{Facet, Query as ShelfQuery, Sort, suggest};
use crate::views::*;

/// Bytes of a download that leave between two looks at the door.
const CHUNK_BYTES: usize = 64 * 1024;
/// Suggestions under the search field.
const SUGGESTIONS: usize = 8;

pub fn routes<S>() -> OpenApiRouter<S>
where
    Opening: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(portal_home))
        .routes(routes!(suggest_datasets))
        .routes(routes!(list_datasets))
        .routes(routes!(managed_datasets))
        .routes(routes!(show_dataset))
        .routes(routes!(preview_dataset))
        .routes(routes!(dataset_rows))
        .routes(routes!(download_dataset))
        .routes(routes!(publish_dataset))
        .routes(routes!(suspend_dataset))
        .routes(routes!(restore_dataset))
        .routes(routes!(list_opinions, give_opinion))
        .routes(routes!(show_opinion))
        .routes(routes!(answer_opinion))
        .routes(routes!(list_withdrawals, ask_withdrawal))
        .routes(routes!(show_withdrawal))
        .routes(routes!(decide_withdrawal))
        .routes(routes!(review_withdrawal))
}

/// The doors outside of `/api/v1`: CKAN's action API and the DCAT catalog.
pub fn public_routes<S>() -> Router<S>
where
    Opening: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    Router::new()
        .route(
            "/api/3/action/{action}",
            axum::routing::get(ckan_action).post(ckan_action),
        )
        .route(
            "/api/action/{action}",
            axum::routing::get(ckan_action).post(ckan_action),
        )
        .route(
            "/catalog.ttl",
            axum::routing::get(|s, q| catalog(s, q, Spelling::Turtle)),
        )
        .route(
            "/catalog.jsonld",
            axum::routing::get(|s, q| catalog(s, q, Spelling::JsonLd)),
        )
        .route(
            "/catalog.rdf",
            axum::routing::get(|s, q| catalog(s, q, Spelling::RdfXml)),
        )
}

/// What the portal's home shows: figures, subjects, newest, most used, cities.
#[utoipa::path(get, path = "/portal/home", tag = "portal", operation_id = "portal_home", security(()), responses((status = 200, body = PortalHome)))]
async fn portal_home(State(this): State<Opening>, ctx: Ctx) -> Result<Json<PortalHome>> {
    this.home(&ctx).await.map(Json)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Typed {
    /// What was typed so far.
    #[param(max_length = 200)]
    q: String,
}

/// Datasets that fit what was typed so far.
#[utoipa::path(get, path = "/portal/suggest", tag = "portal", operation_id = "suggest_datasets", security(()), params(Typed), responses((status = 200, body = Vec<DatasetRef>)))]
async fn suggest_datasets(State(this): State<Opening>, Query(typed): Query<Typed>) -> Result<Json<Vec<DatasetRef>>> {
    let found = suggest(&*this.shelf().await?, &typed.q, SUGGESTIONS);
    let refs = found.iter().map(|d| DatasetRef {
        id: d.id.clone(),
        slug: d.slug.clone(),
        title: d.title.clone(),
    });
    Ok(Json(refs.collect()))
}

/// Several values of one filter have commas between.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    #[param(max_length = 200)]
    q: Option<String>,
    #[param(max_length = 500)]
    subject: Option<String>,
    /// Ids of openers.
    #[param(max_length = 1000)]
    opener: Option<String>,
    /// Division codes; what lies within is included.
    #[param(max_length = 500)]
    division: Option<String>,
    /// `csv`, `xlsx`, `json`, `xml`
    #[param(max_length = 100)]
    format: Option<String>,
    #[param(max_length = 200)]
    frequency: Option<String>,
    /// Base or thematic libraries.
    #[param(max_length = 500)]
    keyword: Option<String>,
    #[param(inline)]
    sort: Option<Sort>,
}

/// Open datasets, with facets.
#[utoipa::path(get, path = "/datasets", tag = "portal", operation_id = "list_datasets", security(()), params(ListQuery, PageQuery), responses((status = 200, body = DatasetList)))]
async fn list_datasets(
    State(this): State<Opening>,
    ctx: Ctx,
    Query(list): Query<ListQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<DatasetList>> {
    let filters = [
        (Facet::Subject, list.subject),
        (Facet::Opener, list.opener),
        (Facet::Division, list.division),
        (Facet::Format, list.format),
        (Facet::Frequency, list.frequency),
        (Facet::Keyword, list.keyword),
    ];
    let filters = filters
        .into_iter()
        .filter_map(|(facet, values)| {
            let values: Vec<String> = values?
                .split(',')
                .filter(|v| !v.is_empty())
                .map(str::to_owned)
                .collect();
            (!values.is_empty()).then_some((facet, values))
        })
        .collect();
    let query = ShelfQuery {
        q: list.q,
        filters,
        sort: list.sort.unwrap_or_default(),
        ..ShelfQuery::default()
    };
    this.list(&ctx, query, &page).await.map(Json)
}

/// Datasets in every state: a unit's own; all of them for the authority.
#[utoipa::path(get, path = "/opening/datasets", tag = "opening", operation_id = "managed_datasets", params(PageQuery), responses((status = 200, body = Page<ManagedDataset>)))]
async fn managed_datasets(
    State(this): State<Opening>,
    ctx: Ctx,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<ManagedDataset>>> {
    this.managed(&ctx, &page).await.map(Json)
}

/// A dataset by id or name. Of a suspended or withdrawn one only its state is told.
#[utoipa::path(get, path = "/datasets/{id}", tag = "portal", operation_id = "show_dataset", security(()), params(("id" = String, Path, max_length = 200)), responses((status = 200, body = DatasetDetail)))]
async fn show_dataset(State(this): State<Opening>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<DatasetDetail>> {
    this.detail(&ctx, &id).await.map(Json)
}

/// Conditions and order of rows. `filter` may come several times.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
struct RowsParams {
    /// `item:operator:value`, operators `eq ne lt le gt ge in contains starts_with is_null not_null`.
    #[param(max_length = 500)]
    filter: Option<String>,
    /// A text that some item contains.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Items with commas between; `-item` for the greatest first.
    #[param(max_length = 500)]
    sort: Option<String>,
    /// Items with commas between; all when absent.
    #[param(max_length = 2000)]
    fields: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    cursor: Option<String>,
    /// 1 to 1,000; 20 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Rows of one answer of the rows API.
const ROWS_MAX: u64 = 1_000;

fn rows_query(d: &Dataset, raw: Option<&str>) -> Result<RowsQuery> {
    let mut query = RowsQuery {
        limit: u64::from(base::limits::PAGE_DEFAULT),
        count: true,
        ..RowsQuery::default()
    };
    let list = |v: &str| {
        v.split(',')
            .map(str::trim)
            .filter(|p| !p.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for (name, value) in url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "filter" if value.is_empty() => {}
            "filter" => query.conditions.push(Condition::parse(&value)?),
            "q" => query.contains = Some(value.into_owned()),
            "sort" => {
                query.sort = list(&value)
                    .into_iter()
                    .map(|s| {
                        s.strip_prefix('-')
                            .map_or((s.clone(), false), |item| (item.to_owned(), true))
                    })
                    .collect();
            }
            "fields" => query.fields = list(&value),
            "cursor" if value.is_empty() => {}
            "cursor" => query.offset = rows::offset_of(d, Some(&value))?,
            "limit" => {
                let limit: u64 = value.parse().map_err(|_| Error::bad_request("limit"))?;
                query.limit = limit.clamp(1, ROWS_MAX);
            }
            _ => {}
        }
    }
    Ok(query)
}

async fn some_rows(this: &Opening, id: &str, raw: Option<&str>) -> Result<RowsView> {
    let shelf = this.shelf().await?;
    let d = shelf.visible(id).ok_or_else(|| Error::not_found("数据集"))?;
    this.pass(d)?;
    let mut query = rows_query(d, raw)?;
    let limit = query.limit;
    query.limit += 1;
    let mut found = this.rows(d, &query).await?;
    let more = found.rows.len() as u64 > limit;
    found.rows.truncate(limit as usize);
    Ok(RowsView {
        fields: found.items,
        items: found.rows,
        next: more.then(|| rows::cursor(d, query.offset + limit)),
        total: found.total,
        table_version: d.table_version,
        built_at: d.built_at,
    })
}

/// Rows for the dataset's page.
#[utoipa::path(get, path = "/datasets/{id}/preview", tag = "portal", operation_id = "preview_dataset", security(()), params(("id" = String, Path, max_length = 200), RowsParams), responses(
    (status = 200, body = RowsView),
    (status = 410, description = "suspended or withdrawn", body = Problem, content_type = "application/problem+json"),
))]
async fn preview_dataset(
    State(this): State<Opening>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<RowsView>> {
    some_rows(&this, &id, raw.as_deref()).await.map(Json)
}

/// Rows for programs: free, without an account.
#[utoipa::path(get, path = "/datasets/{id}/rows", tag = "portal", operation_id = "dataset_rows", security(()), params(("id" = String, Path, max_length = 200), RowsParams), responses(
    (status = 200, body = RowsView),
    (status = 410, description = "suspended or withdrawn", body = Problem, content_type = "application/problem+json"),
))]
async fn dataset_rows(
    State(this): State<Opening>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response> {
    let answer = some_rows(&this, &id, raw.as_deref()).await?;
    if let Some(d) = this.shelf().await?.get(&id) {
        this.count_call(&d.id);
    }
    // data that everybody may have, from any page
    Ok(([(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")], Json(answer)).into_response())
}

/// A file of the publication in force. The stream ends at the next chunk when
/// the dataset is suspended; the length then falls short of `Content-Length`.
#[utoipa::path(get, path = "/datasets/{id}/files/{format}", tag = "portal", operation_id = "download_dataset", security(()),
    params(("id" = String, Path, max_length = 200), ("format" = String, Path, description = "csv, xlsx, json or xml", max_length = 10)), responses(
    (status = 200, description = "the file", content((Vec<u8> = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/json"), (Vec<u8> = "application/xml"))),
    (status = 304, description = "unchanged since the ETag that was sent"),
    (status = 410, description = "suspended or withdrawn", body = Problem, content_type = "application/problem+json"),
))]
async fn download_dataset(
    State(this): State<Opening>,
    Path((id, format)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response> {
    let shelf = this.shelf().await?;
    let d = shelf.visible(&id).ok_or_else(|| Error::not_found("数据集"))?;
    let pass = this.pass(d)?;
    let format = Format::parse(&format).ok_or_else(|| Error::new(&NOT_OFFERED))?;
    let facts = d.file(format).ok_or_else(|| Error::new(&NOT_OFFERED))?;
    let etag = format!("\"{}\"", facts.sha256);
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v.as_bytes() == etag.as_bytes())
    {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let path = path_of(&this.directory(&d.id, &d.publication_id), format);
    let file = tokio::fs::File::open(&path).await.map_err(Error::internal)?;
    this.count_download(&d.id);
    let stream = futures::stream::try_unfold((file, pass), |(mut file, pass)| async move {
        use tokio::io::AsyncReadExt;
        if !pass.holds() {
            return Err(std::io::Error::other("the dataset was suspended"));
        }
        let mut chunk = vec![0u8; CHUNK_BYTES];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(chunk), (file, pass))))
    });
    let mut response = Body::from_stream(stream).into_response();
    let out = response.headers_mut();
    let put = |out: &mut HeaderMap, name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(name, value);
        }
    };
    put(out, header::CONTENT_TYPE, format.content_type());
    put(out, header::CONTENT_LENGTH, &facts.bytes.to_string());
    put(out, header::ETAG, &etag);
    put(out, header::CONTENT_DISPOSITION, &disposition(d, format));
    put(out, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    // a copy kept on the way would outlive a suspension
    put(out, header::CACHE_CONTROL, "no-cache");
    Ok(response)
}

/// RFC 6266: an ASCII name for old readers, the Chinese one for the others.
fn disposition(d: &Dataset, format: Format) -> String {
    let name = format!("{}.{}", d.title, format.as_str());
    let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
    format!(
        "attachment; filename=\"{}.{}\"; filename*=UTF-8''{encoded}",
        d.slug,
        format.as_str()
    )
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpeningCreated)]
struct Created {
    id: String,
}

/// Opens a published entry for unconditional opening, or publishes it anew.
#[utoipa::path(post, path = "/datasets/{id}/publish", tag = "opening", operation_id = "publish_dataset", params(("id" = String, Path, description = "id of the catalog entry", max_length = 64)), responses((status = 202, body = Created)))]
async fn publish_dataset(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Created>)> {
    this.publish(&ctx, &ResourceId(id.clone())).await?;
    Ok((StatusCode::ACCEPTED, Json(Created { id })))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = SuspensionForm)]
struct Suspension {
    #[schema(max_length = 4000)]
    reason: String,
}

/// Suspends opening at once: portal, API, files, CKAN and DCAT.
#[utoipa::path(post, path = "/datasets/{id}/suspend", tag = "opening", operation_id = "suspend_dataset", params(("id" = String, Path, max_length = 200)), request_body = Suspension, responses((status = 204, description = "suspended")))]
async fn suspend_dataset(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<Suspension>,
) -> Result<StatusCode> {
    this.suspend(&ctx, &id, &form.reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[schema(as = RestorationForm)]
struct Restoration {
    #[schema(max_length = 4000)]
    reason: String,
    /// Opens again only what is left of the data.
    treatment: Option<Treatment>,
}

/// Opens a suspended dataset again, treated where a treatment is given.
#[utoipa::path(post, path = "/datasets/{id}/restore", tag = "opening", operation_id = "restore_dataset", params(("id" = String, Path, max_length = 200)), request_body = Restoration, responses((status = 204, description = "restored, or being treated")))]
async fn restore_dataset(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<Restoration>,
) -> Result<StatusCode> {
    this.restore(&ctx, &id, &form.reason, form.treatment).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct MattersQuery {
    /// Id of a dataset.
    #[param(max_length = 64)]
    dataset: Option<String>,
    /// `running` or `ended`.
    #[param(max_length = 20)]
    state: Option<String>,
}

/// Opinions: one's own, or those about the unit's datasets.
#[utoipa::path(get, path = "/opinions", tag = "opening", operation_id = "list_opinions", params(MattersQuery, PageQuery), responses((status = 200, body = Page<OpinionView>)))]
async fn list_opinions(
    State(this): State<Opening>,
    ctx: Ctx,
    Query(of): Query<MattersQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<OpinionView>>> {
    this.opinions(&ctx, of.dataset.as_deref(), of.state.as_deref(), &page)
        .await
        .map(Json)
}

/// Gives an opinion on a dataset; the opener settles it in ten working days.
#[utoipa::path(post, path = "/opinions", tag = "opening", operation_id = "give_opinion", request_body = OpinionForm, responses((status = 201, body = Created)))]
async fn give_opinion(
    State(this): State<Opening>,
    ctx: Ctx,
    Json(form): Json<OpinionForm>,
) -> Result<(StatusCode, Json<Created>)> {
    let id = this.give_opinion(&ctx, form).await?;
    Ok((StatusCode::CREATED, Json(Created { id: id.0 })))
}

/// An opinion with its procedure.
#[utoipa::path(get, path = "/opinions/{id}", tag = "opening", operation_id = "show_opinion", params(("id" = String, Path, max_length = 64)), responses((status = 200, body = OpinionView)))]
async fn show_opinion(State(this): State<Opening>, ctx: Ctx, Path(id): Path<String>) -> Result<Json<OpinionView>> {
    this.opinion(&ctx, &id).await.map(Json)
}

/// The opener's answer.
#[utoipa::path(post, path = "/opinions/{id}/answer", tag = "opening", operation_id = "answer_opinion", params(("id" = String, Path, max_length = 64)), request_body = Answer, responses((status = 200, body = OpinionView)))]
async fn answer_opinion(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<Answer>,
) -> Result<Json<OpinionView>> {
    this.answer_opinion(&ctx, &id, form).await?;
    this.opinion(&ctx, &id).await.map(Json)
}

/// Requests for withdrawal: one's own, or those about the unit's datasets.
#[utoipa::path(get, path = "/withdrawals", tag = "opening", operation_id = "list_withdrawals", params(MattersQuery, PageQuery), responses((status = 200, body = Page<WithdrawalView>)))]
async fn list_withdrawals(
    State(this): State<Opening>,
    ctx: Ctx,
    Query(of): Query<MattersQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<WithdrawalView>>> {
    this.withdrawals(&ctx, of.state.as_deref(), &page).await.map(Json)
}

/// Asks the opener to take back data that harms one's rights.
#[utoipa::path(post, path = "/withdrawals", tag = "opening", operation_id = "ask_withdrawal", request_body = WithdrawalForm, responses((status = 201, body = Created)))]
async fn ask_withdrawal(
    State(this): State<Opening>,
    ctx: Ctx,
    Json(form): Json<WithdrawalForm>,
) -> Result<(StatusCode, Json<Created>)> {
    let id = this.ask_withdrawal(&ctx, form).await?;
    Ok((StatusCode::CREATED, Json(Created { id: id.0 })))
}

/// A request with its procedure and review.
#[utoipa::path(get, path = "/withdrawals/{id}", tag = "opening", operation_id = "show_withdrawal", params(("id" = String, Path, max_length = 64)), responses((status = 200, body = WithdrawalView)))]
async fn show_withdrawal(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<WithdrawalView>> {
    this.withdrawal(&ctx, &id).await.map(Json)
}

/// Decides the open step; the dataset follows at once.
#[utoipa::path(post, path = "/withdrawals/{id}/decide", tag = "opening", operation_id = "decide_withdrawal", params(("id" = String, Path, max_length = 64)), request_body = Decision, responses((status = 200, body = WithdrawalView)))]
async fn decide_withdrawal(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<Decision>,
) -> Result<Json<WithdrawalView>> {
    this.decide_withdrawal(&ctx, &id, form).await?;
    this.withdrawal(&ctx, &id).await.map(Json)
}

/// Asks the authority to review the result; once.
#[utoipa::path(post, path = "/withdrawals/{id}/review", tag = "opening", operation_id = "review_withdrawal", params(("id" = String, Path, max_length = 64)), request_body = Suspension, responses((status = 200, body = WithdrawalView)))]
async fn review_withdrawal(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(form): Json<Suspension>,
) -> Result<Json<WithdrawalView>> {
    this.ask_review(&ctx, &id, &form.reason).await?;
    this.withdrawal(&ctx, &id).await.map(Json)
}

async fn ckan_action(
    State(this): State<Opening>,
    ctx: Ctx,
    Path(action): Path<String>,
    method: Method,
    RawQuery(raw): RawQuery,
    body: Bytes,
) -> Response {
    let params = match method {
        Method::POST if !body.is_empty() => match serde_json::from_slice(&body) {
            Ok(value) => Params::from_json(value),
            // a form instead of JSON: old clients send the JSON as its only key
            Err(_) => Err(CkanError::BadRequest(
                "Bad request - JSON Error: Error decoding JSON data".into(),
            )),
        },
        _ => Ok(Params::from_pairs(
            url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).into_owned(),
        )),
    };
    let outcome = match params {
        Ok(params) => ckan::call(&this, &ctx, &action, &params).await,
        Err(e) => Err(e),
    };
    let mut response = ckan::answer(&this.site().base, &action, outcome);
    response
        .headers_mut()
        .insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

#[derive(Deserialize)]
struct CatalogPage {
    page: Option<usize>,
}

async fn catalog(
    State(this): State<Opening>,
    Query(query): Query<CatalogPage>,
    spelling: Spelling,
) -> Result<Response> {
    let shelf = this.shelf().await?;
    let open: Vec<&Dataset> = shelf.open().map(AsRef::as_ref).collect();
    let page = query.page.unwrap_or(1);
    let graph = dcat::catalog(this.site(), &open, page, spelling).ok_or_else(|| Error::not_found("目录页"))?;
    let mut response = spelling.write(&graph).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(spelling.content_type()));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if page * dcat::PAGE < open.len() {
        let next = format!(
            "<{}/catalog.{}?page={}>; rel=\"next\"",
            this.site().base,
            spelling.extension(),
            page + 1
        );
        if let Ok(next) = HeaderValue::from_str(&next) {
            headers.insert(header::LINK, next);
        }
    }
    Ok(response)
}

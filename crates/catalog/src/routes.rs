//! HTTP of the catalog.

use axum::Json;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::error::Problem;
use base::{Ctx, PageQuery, ResourceId, Result, limits};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Catalog;
use crate::compare::Comparison;
use crate::derive::{Column, derive_items as derive};
use crate::export::ExportFormat;
use crate::model::Item;
use crate::queries::ResourceFilter;
use crate::usecases::{AtRevision, NewResource, Review, SaveResource, Saved, Withdraw};
use crate::views::*;
use crate::vocabulary::Vocabulary;

/// Routes of the catalog, below `/api/v1`.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Catalog: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_resources, create_resource))
        .routes(routes!(export_resources))
        .routes(routes!(derive_items))
        .routes(routes!(get_resource, save_resource))
        .routes(routes!(submit_resource))
        .routes(routes!(review_resource))
        .routes(routes!(revise_resource))
        .routes(routes!(withdraw_resource))
        .routes(routes!(list_versions))
        .routes(routes!(compare_versions))
        .routes(routes!(resource_timeline))
        .routes(routes!(list_units))
        .routes(routes!(list_libraries))
        .routes(routes!(get_vocabulary))
        .routes(routes!(list_grounds))
        .routes(routes!(search_everything))
}

/// Entries that match, with counts by facet; the caller sees what is published
/// and what is their own unit's.
#[utoipa::path(get, path = "/resources", tag = "catalog", operation_id = "list_resources",
    params(ResourceFilter, PageQuery),
    responses((status = 200, description = "a page of entries", body = ResourcePage)))]
async fn list_resources(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Query(filter): Query<ResourceFilter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<ResourcePage>> {
    Ok(Json(catalog.list(&ctx, &filter, &page).await?))
}

/// A new entry, as a draft. It may be incomplete; what is wrong is told by field.
#[utoipa::path(post, path = "/resources", tag = "catalog", operation_id = "create_resource",
    request_body = NewResource,
    responses((status = 201, description = "the draft", body = Resource)))]
async fn create_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Json(body): Json<NewResource>,
) -> Result<(StatusCode, Json<Resource>)> {
    Ok((StatusCode::CREATED, Json(catalog.create(&ctx, body).await?)))
}

/// Which version of an entry is meant.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct WhichVersion {
    /// The newest that the caller may see unless told.
    #[param(minimum = 1)]
    version: Option<u32>,
}

/// One entry. Who may not see drafts gets the published version.
#[utoipa::path(get, path = "/resources/{id}", tag = "catalog", operation_id = "get_resource",
    params(("id" = String, Path, description = "id of the entry"), WhichVersion),
    responses((status = 200, description = "the entry", body = Resource)))]
async fn get_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(which): Query<WhichVersion>,
) -> Result<Json<Resource>> {
    let resource = catalog.resource(&ctx, &ResourceId(id), which.version).await?;
    catalog.visited(&ctx, resource.head.id.as_str());
    Ok(Json(resource))
}

/// Saves a draft against the revision it was read at. Where somebody else
/// saved meanwhile, the answer holds both texts and their differences.
#[utoipa::path(put, path = "/resources/{id}", tag = "catalog", operation_id = "save_resource",
    params(("id" = String, Path, description = "id of the entry")),
    request_body = SaveResource,
    responses(
        (status = 200, description = "the draft as saved", body = Resource),
        (status = 409, description = "saved by somebody else (with both texts), or not in a state to be edited (without)", body = EditConflict, content_type = "application/problem+json"),
    ))]
async fn save_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<SaveResource>,
) -> Result<Response> {
    Ok(match catalog.save(&ctx, &ResourceId(id), body).await? {
        Saved::Saved(resource) => Json(resource).into_response(),
        Saved::Conflict(conflict) => {
            let body = (
                StatusCode::CONFLICT,
                [(header::CONTENT_TYPE, "application/problem+json")],
                Json(conflict),
            );
            body.into_response()
        }
    })
}

/// Hands a draft to the authority for review. Everything that the law asks of
/// an entry must be there.
#[utoipa::path(post, path = "/resources/{id}/submit", tag = "catalog", operation_id = "submit_resource",
    params(("id" = String, Path, description = "id of the entry")),
    request_body = AtRevision,
    responses(
        (status = 200, description = "the entry, in review", body = Resource),
        (status = 409, description = "changed meanwhile, or not a draft", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "what is missing, by field", body = Problem, content_type = "application/problem+json"),
    ))]
async fn submit_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<AtRevision>,
) -> Result<Json<Resource>> {
    Ok(Json(catalog.submit(&ctx, &ResourceId(id), body).await?))
}

/// The authority decides on the version under review: publish it, or return
/// it with a reason.
#[utoipa::path(post, path = "/resources/{id}/review", tag = "catalog", operation_id = "review_resource",
    params(("id" = String, Path, description = "id of the entry")),
    request_body = Review,
    responses(
        (status = 200, description = "the entry, published or returned", body = Resource),
        (status = 403, description = "not allowed, or not the caller's turn", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "another reviewer was faster", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "the outcome is not allowed, or the reason is missing", body = Problem, content_type = "application/problem+json"),
    ))]
async fn review_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Review>,
) -> Result<Json<Resource>> {
    Ok(Json(catalog.review(&ctx, &ResourceId(id), body).await?))
}

/// Opens the next version of a published entry; the published one stays in
/// force until the next is published.
#[utoipa::path(post, path = "/resources/{id}/revise", tag = "catalog", operation_id = "revise_resource",
    params(("id" = String, Path, description = "id of the entry")),
    request_body = AtRevision,
    responses(
        (status = 200, description = "the entry with its new draft", body = Resource),
        (status = 409, description = "changed meanwhile, or not published", body = Problem, content_type = "application/problem+json"),
    ))]
async fn revise_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<AtRevision>,
) -> Result<Json<Resource>> {
    Ok(Json(catalog.revise(&ctx, &ResourceId(id), body).await?))
}

/// Takes an entry out of force for good. It is kept with all its versions.
#[utoipa::path(post, path = "/resources/{id}/withdraw", tag = "catalog", operation_id = "withdraw_resource",
    params(("id" = String, Path, description = "id of the entry")),
    request_body = Withdraw,
    responses(
        (status = 200, description = "the entry, withdrawn", body = Resource),
        (status = 409, description = "changed meanwhile, or in review", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "the reason is missing", body = Problem, content_type = "application/problem+json"),
    ))]
async fn withdraw_resource(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Json(body): Json<Withdraw>,
) -> Result<Json<Resource>> {
    Ok(Json(catalog.withdraw(&ctx, &ResourceId(id), body).await?))
}

/// All versions that the caller may see, newest first.
#[utoipa::path(get, path = "/resources/{id}/versions", tag = "catalog", operation_id = "list_resource_versions",
    params(("id" = String, Path, description = "id of the entry")),
    responses((status = 200, description = "the versions", body = Vec<VersionRow>)))]
async fn list_versions(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<Vec<VersionRow>>> {
    Ok(Json(catalog.versions(&ctx, &ResourceId(id)).await?))
}

/// Two versions to compare.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct FromTo {
    #[param(minimum = 1)]
    from: u32,
    #[param(minimum = 1)]
    to: u32,
}

/// What changes on the way from one version to another.
#[utoipa::path(get, path = "/resources/{id}/compare", tag = "catalog", operation_id = "compare_resource_versions",
    params(("id" = String, Path, description = "id of the entry"), FromTo),
    responses((status = 200, description = "fields and items that differ", body = Comparison)))]
async fn compare_versions(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
    Query(FromTo { from, to }): Query<FromTo>,
) -> Result<Json<Comparison>> {
    Ok(Json(catalog.compare(&ctx, &ResourceId(id), from, to).await?))
}

/// The newest review of an entry with its steps; `null` before the first.
#[utoipa::path(get, path = "/resources/{id}/timeline", tag = "catalog", operation_id = "get_resource_timeline",
    params(("id" = String, Path, description = "id of the entry")),
    responses((status = 200, description = "the review", body = Option<procedure::Timeline>)))]
async fn resource_timeline(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Path(id): Path<String>,
) -> Result<Json<Option<procedure::Timeline>>> {
    Ok(Json(catalog.timeline(&ctx, &ResourceId(id)).await?))
}

/// The format of an export, beside the filters of the list.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// All entries that match, as a file: at most 10,000.
#[utoipa::path(get, path = "/resources/export", tag = "catalog", operation_id = "export_resources",
    params(ResourceFilter, ExportQuery),
    responses(
        (status = 200, description = "the file", content(
            (String = "text/csv; charset=utf-8"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 422, description = "too many entries for one file", body = Problem, content_type = "application/problem+json"),
    ))]
async fn export_resources(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Query(filter): Query<ResourceFilter>,
    Query(export): Query<ExportQuery>,
) -> Result<Response> {
    let format = export.format.unwrap_or_default();
    let file = catalog.export(&ctx, &filter, format).await?;
    let disposition = format!("attachment; filename=\"{}\"", format.file_name());
    Ok((
        [
            (header::CONTENT_TYPE, format.media_type().to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ],
        file,
    )
        .into_response())
}

/// Columns of a sample.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
struct DeriveItems {
    #[schema(max_items = 500)]
    columns: Vec<Column>,
}

/// Items proposed for columns: names, types, identifiers by check digit, grades.
#[utoipa::path(post, path = "/resources/derive-items", tag = "catalog", operation_id = "derive_items",
    request_body = DeriveItems,
    responses(
        (status = 200, description = "one item a column", body = Vec<Item>),
        (status = 413, description = "too many columns", body = Problem, content_type = "application/problem+json"),
    ))]
async fn derive_items(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Json(body): Json<DeriveItems>,
) -> Result<Json<Vec<Item>>> {
    catalog.may_read(&ctx)?;
    if body.columns.len() > limits::ITEMS_MAX {
        let what = if ctx.lang == base::Lang::En {
            "the number of columns"
        } else {
            "列数"
        };
        return Err(base::Error::new(&base::error::TOO_LARGE)
            .with("what", what)
            .with("limit", limits::ITEMS_MAX));
    }
    Ok(Json(derive(&body.columns)))
}

/// Institutions as a tree, with the number of entries that the caller may see.
#[utoipa::path(get, path = "/catalog/units", tag = "catalog", operation_id = "list_catalog_units",
    responses((status = 200, description = "the roots of the tree", body = Vec<UnitNode>)))]
async fn list_units(State(catalog): State<Catalog>, ctx: Ctx) -> Result<Json<Vec<UnitNode>>> {
    Ok(Json(catalog.units(&ctx).await?))
}

/// Base and thematic libraries with the number of entries in each.
#[utoipa::path(get, path = "/catalog/libraries", tag = "catalog", operation_id = "list_catalog_libraries",
    responses((status = 200, description = "the libraries", body = Vec<LibraryRow>)))]
async fn list_libraries(State(catalog): State<Catalog>, ctx: Ctx) -> Result<Json<Vec<LibraryRow>>> {
    Ok(Json(catalog.libraries(&ctx).await?))
}

/// The lists that an entry chooses from.
#[utoipa::path(get, path = "/catalog/vocabulary", tag = "catalog", operation_id = "get_catalog_vocabulary", security(()),
    responses((status = 200, description = "the lists", body = Vocabulary)))]
async fn get_vocabulary() -> Result<Json<&'static Vocabulary>> {
    Ok(Json(Vocabulary::shipped()?))
}

/// For what grounds are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum GroundsFor {
    Sharing,
    Opening,
}
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct GroundsQuery {
    #[param(inline)]
    r#for: GroundsFor,
}

/// Grounds of the rule set in force on which an attribute may rest, each with
/// its article and what it asks to be stated.
#[utoipa::path(get, path = "/rule-set/grounds", tag = "catalog", operation_id = "list_grounds",
    params(GroundsQuery),
    responses((status = 200, description = "the grounds", body = Vec<law::GroundView>)))]
async fn list_grounds(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Query(query): Query<GroundsQuery>,
) -> Result<Json<Vec<law::GroundView>>> {
    let area = match query.r#for {
        GroundsFor::Sharing => "sharing",
        GroundsFor::Opening => "opening",
    };
    Ok(Json(
        catalog
            .law()
            .rules()
            .grounds(area, None)
            .map(|g| g.view(ctx.lang))
            .collect(),
    ))
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct GlobalQuery {
    #[param(max_length = 200)]
    q: String,
}

/// Entries and institutions for the search field of the top bar.
#[utoipa::path(get, path = "/search", tag = "catalog", operation_id = "search_everything",
    params(GlobalQuery),
    responses((status = 200, description = "the first hits of each kind", body = GlobalResults)))]
async fn search_everything(
    State(catalog): State<Catalog>,
    ctx: Ctx,
    Query(query): Query<GlobalQuery>,
) -> Result<Json<GlobalResults>> {
    Ok(Json(catalog.global(&ctx, &query.q).await?))
}

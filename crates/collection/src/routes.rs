use std::collections::BTreeMap;

use axum::Json;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRef, Multipart, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::error::Problem;
use base::{BatchId, Ctx, Error, Page, PageQuery, QuarantineId, ResourceId, Result, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::errors::{NO_FILE, UPLOAD_CUT};
use crate::model::*;
use crate::queries::BatchQuery;
use crate::usecases::quarantine::CorrectionsReport;
use crate::{Collection, ExportFormat, Incoming, SentHints};

/// Everything under `/api/v1`.
pub fn routes<S>() -> OpenApiRouter<S>
where
    Collection: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    // Files are bounded as they are written, by `UPLOAD_BYTES_MAX`.
    let files = OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(import_quarantine))
        .layer(DefaultBodyLimit::disable());
    OpenApiRouter::new()
        .routes(routes!(list_sources, create_source))
        .routes(routes!(read_source, change_source))
        .routes(routes!(pull))
        .routes(routes!(list_batches))
        .routes(routes!(read_batch))
        .routes(routes!(cancel_batch))
        .routes(routes!(retry_batch))
        .routes(routes!(list_quarantine))
        .routes(routes!(quarantine_summary))
        .routes(routes!(correct_row))
        .routes(routes!(discard_row))
        .routes(routes!(replay))
        .routes(routes!(export_quarantine))
        .routes(routes!(data_status))
        .routes(routes!(data_sample))
        .routes(routes!(overview))
        .merge(files)
}

macro_rules! api {
    ($(#[$doc:meta])* $method:ident $path:literal $id:literal
     params($($params:tt)*) body($($body:tt)*) answers($($ok:tt)*)
     async fn $name:ident ($($args:tt)*) -> $ret:ty $block:block) => {
        $(#[$doc])*
        #[utoipa::path(
            $method, path = $path, tag = "collection", operation_id = $id,
            params($($params)*), $($body)*
            responses(
                $($ok)*,
                (status = 409, description = "the state has changed or does not allow it", body = Problem, content_type = "application/problem+json"),
                (status = 413, description = "larger than the limit", body = Problem, content_type = "application/problem+json"),
                (status = 507, description = "the disk is full", body = Problem, content_type = "application/problem+json"),
            )
        )]
        async fn $name($($args)*) -> $ret $block
    };
}

/// Filter of the list of sources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SourceQuery {
    resource: Option<String>,
}

api! {
    /// Sources of data that the caller may see, the newest first.
    get "/sources" "list_sources"
    params(SourceQuery, PageQuery) body() answers((status = 200, body = Page<Source>))
    async fn list_sources(State(collection): State<Collection>, ctx: Ctx, Query(query): Query<SourceQuery>, Query(page): Query<PageQuery>) -> Result<Json<Page<Source>>> {
        Ok(Json(collection.sources(&ctx, query.resource.as_deref(), page).await?))
    }
}

api! {
    /// Registers a source, with its legal basis, purpose and scope.
    post "/sources" "create_source"
    params() body(request_body = SourceForm,) answers((status = 201, body = Source))
    async fn create_source(State(collection): State<Collection>, ctx: Ctx, Json(form): Json<SourceForm>) -> Result<(StatusCode, Json<Source>)> {
        Ok((StatusCode::CREATED, Json(collection.create_source(&ctx, form).await?)))
    }
}

api! {
    /// One source, its password hidden.
    get "/sources/{id}" "read_source"
    params(("id" = String, Path)) body() answers((status = 200, body = Source))
    async fn read_source(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<SourceId>) -> Result<Json<Source>> {
        Ok(Json(collection.source(&ctx, &id).await?))
    }
}

api! {
    /// Changes what is given; `revision` is the one that was read.
    patch "/sources/{id}" "change_source"
    params(("id" = String, Path)) body(request_body = SourceChange,) answers((status = 200, body = Source))
    async fn change_source(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<SourceId>, Json(change): Json<SourceChange>) -> Result<Json<Source>> {
        Ok(Json(collection.change_source(&ctx, &id, change).await?))
    }
}

/// A file, and what the sender knows of it. Its first line names the items.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(as = CollectionUpload)]
struct UploadForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// `csv`, `xlsx`, `jsonl`, `parquet`; by name and content when absent.
    format: Option<String>,
    /// `utf-8`, `gb18030`, `utf-16le`, `utf-16be`; found when absent.
    encoding: Option<String>,
    /// Sheet of a workbook; the first when absent.
    sheet: Option<String>,
}

api! {
    /// Receives a file. The batch is checked and loaded in the background; the
    /// same content sent twice answers a `duplicate` and changes nothing.
    post "/sources/{id}/files" "upload_file"
    params(("id" = String, Path))
    body(request_body(content = UploadForm, content_type = "multipart/form-data"),)
    answers((status = 202, body = Batch))
    async fn upload(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<SourceId>, form: Multipart) -> Result<(StatusCode, Json<Batch>)> {
        let (source, batch, mut incoming) = collection.begin_upload(&ctx, &id).await?;
        let sent = take_form(form, &mut incoming).await?;
        let batch = collection.finish_upload(&ctx, source, batch, incoming, &sent.name, sent.hints).await?;
        Ok((StatusCode::ACCEPTED, Json(batch)))
    }
}

struct Sent {
    name: String,
    hints: SentHints,
}

/// Parts in any order; the one named `file` goes to disk as it comes.
async fn take_form(mut form: Multipart, incoming: &mut Incoming) -> Result<Sent> {
    let cut = |e: axum::extract::multipart::MultipartError| Error::new(&UPLOAD_CUT).because(e);
    let mut name = None;
    let mut hints = SentHints::default();
    while let Some(mut field) = form.next_field().await.map_err(cut)? {
        match field.name() {
            Some("file") if name.is_none() => {
                name = Some(field.file_name().unwrap_or_default().to_owned());
                while let Some(chunk) = field.chunk().await.map_err(cut)? {
                    incoming.write(&chunk).await?;
                }
            }
            Some("format") => hints.format = Some(short_text(field).await?),
            Some("encoding") => hints.encoding = Some(short_text(field).await?),
            Some("sheet") => hints.sheet = Some(short_text(field).await?),
            _ => {}
        }
    }
    Ok(Sent {
        name: name.ok_or_else(|| Error::new(&NO_FILE))?,
        hints,
    })
}

async fn short_text(mut field: Field<'_>) -> Result<String> {
    let mut text = vec![];
    while let Some(chunk) = field.chunk().await.map_err(|e| Error::new(&UPLOAD_CUT).because(e))? {
        text.extend_from_slice(&chunk);
        if text.len() > base::limits::SHORT_TEXT_CHARS_MAX * 4 {
            return Err(Error::bad_request("field too long"));
        }
    }
    String::from_utf8(text).map_err(|_| Error::bad_request("field is not UTF-8"))
}

api! {
    /// Reads the source's database, in the background.
    post "/sources/{id}/pull" "pull_source"
    params(("id" = String, Path)) body() answers((status = 202, body = Batch))
    async fn pull(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<SourceId>) -> Result<(StatusCode, Json<Batch>)> {
        Ok((StatusCode::ACCEPTED, Json(collection.start_pull(&ctx, &id).await?)))
    }
}

api! {
    /// Batches that the caller may see, the newest first.
    get "/batches" "list_batches"
    params(BatchQuery, PageQuery) body() answers((status = 200, body = Page<Batch>))
    async fn list_batches(State(collection): State<Collection>, ctx: Ctx, Query(query): Query<BatchQuery>, Query(page): Query<PageQuery>) -> Result<Json<Page<Batch>>> {
        Ok(Json(collection.batches(&ctx, query, page).await?))
    }
}

api! {
    /// One batch: its state, its counts and how far it is.
    get "/batches/{id}" "read_batch"
    params(("id" = String, Path)) body() answers((status = 200, body = Batch))
    async fn read_batch(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>) -> Result<Json<Batch>> {
        Ok(Json(collection.batch(&ctx, &id).await?))
    }
}

api! {
    /// Stops a batch that is not loading yet; nothing of it stays.
    post "/batches/{id}/cancel" "cancel_batch"
    params(("id" = String, Path)) body() answers((status = 200, body = Batch))
    async fn cancel_batch(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>) -> Result<Json<Batch>> {
        Ok(Json(collection.cancel(&ctx, &id).await?))
    }
}

api! {
    /// Loads the stored file of a failed or cancelled batch once more.
    post "/batches/{id}/retry" "retry_batch"
    params(("id" = String, Path)) body() answers((status = 202, body = Batch))
    async fn retry_batch(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>) -> Result<(StatusCode, Json<Batch>)> {
        Ok((StatusCode::ACCEPTED, Json(collection.retry(&ctx, &id).await?)))
    }
}

/// Filter of quarantined rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct QuarantineQuery {
    /// A reason's code.
    reason: Option<String>,
    /// `open`, `corrected`, `replayed`, `discarded`.
    state: Option<String>,
}

api! {
    /// Rows set apart, in the order of the file.
    get "/batches/{id}/quarantine" "list_quarantine"
    params(("id" = String, Path), QuarantineQuery, PageQuery) body() answers((status = 200, body = Page<QuarantinedRow>))
    async fn list_quarantine(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>, Query(query): Query<QuarantineQuery>, Query(page): Query<PageQuery>) -> Result<Json<Page<QuarantinedRow>>> {
        let (reason, state) = (query.reason.as_deref(), query.state.as_deref());
        Ok(Json(collection.quarantine(&ctx, &id, reason, state, page).await?))
    }
}

api! {
    /// Rows in quarantine, counted by item and reason.
    get "/batches/{id}/quarantine/summary" "quarantine_summary"
    params(("id" = String, Path)) body() answers((status = 200, body = QuarantineSummary))
    async fn quarantine_summary(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>) -> Result<Json<QuarantineSummary>> {
        Ok(Json(collection.quarantine_summary(&ctx, &id).await?))
    }
}

/// Values by item name; items left out stay as they are.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct RowCorrection {
    values: BTreeMap<String, Option<String>>,
    revision: i64,
}

api! {
    /// Corrects a row; the answer tells whether it is good now.
    patch "/quarantine/{id}" "correct_quarantined_row"
    params(("id" = String, Path)) body(request_body = RowCorrection,) answers((status = 200, body = QuarantinedRow))
    async fn correct_row(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<QuarantineId>, Json(body): Json<RowCorrection>) -> Result<Json<QuarantinedRow>> {
        Ok(Json(collection.correct_row(&ctx, &id, body.values, body.revision).await?))
    }
}

#[derive(Debug, Deserialize, Serialize, ToSchema)]
struct RowDiscard {
    reason: String,
    revision: i64,
}

api! {
    /// Gives a row up, with a reason that is kept.
    post "/quarantine/{id}/discard" "discard_quarantined_row"
    params(("id" = String, Path)) body(request_body = RowDiscard,) answers((status = 200, body = QuarantinedRow))
    async fn discard_row(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<QuarantineId>, Json(body): Json<RowDiscard>) -> Result<Json<QuarantinedRow>> {
        Ok(Json(collection.discard_row(&ctx, &id, &body.reason, body.revision).await?))
    }
}

api! {
    /// Loads the rows that are corrected, as a batch of their own.
    post "/batches/{id}/replay" "replay_batch"
    params(("id" = String, Path)) body() answers((status = 202, body = Batch))
    async fn replay(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>) -> Result<(StatusCode, Json<Batch>)> {
        Ok((StatusCode::ACCEPTED, Json(collection.replay(&ctx, &id).await?)))
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    #[param(inline)]
    format: ExportFormat,
}

api! {
    /// Rows not settled yet, as a file to correct and send back.
    get "/batches/{id}/quarantine/export" "export_quarantine"
    params(("id" = String, Path), ExportQuery) body()
    answers((status = 200, description = "the file", content(
        (Vec<u8> = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))))
    async fn export_quarantine(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>, Query(query): Query<ExportQuery>) -> Result<Response> {
        let bytes = collection.export_quarantine(&ctx, &id, query.format).await?;
        let (ending, kind) = match query.format {
            ExportFormat::Csv => ("csv", "text/csv; charset=utf-8"),
            ExportFormat::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        };
        let headers = [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"quarantine-{id}.{ending}\"")),
        ];
        Ok((headers, bytes).into_response())
    }
}

/// An export of this batch's rows, corrected.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(as = CollectionCorrections)]
struct CorrectionsForm {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

api! {
    /// Takes corrections from a file: each line names its row.
    post "/batches/{id}/quarantine/import" "import_quarantine"
    params(("id" = String, Path))
    body(request_body(content = CorrectionsForm, content_type = "multipart/form-data"),)
    answers((status = 200, body = CorrectionsReport))
    async fn import_quarantine(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<BatchId>, form: Multipart) -> Result<Json<CorrectionsReport>> {
        let mut incoming = collection.begin_import(&ctx, &id).await?;
        let sent = take_form(form, &mut incoming).await?;
        Ok(Json(collection.finish_import(&ctx, &id, incoming, &sent.name).await?))
    }
}

api! {
    /// Volume, time span, last load, freshness.
    get "/resources/{id}/data/status" "data_status"
    params(("id" = String, Path)) body() answers((status = 200, body = DataStatus))
    async fn data_status(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<ResourceId>) -> Result<Json<DataStatus>> {
        Ok(Json(collection.data_status(&ctx, &id).await?))
    }
}

api! {
    /// A few rows, masked by grade for who is not of the provider.
    get "/resources/{id}/data/sample" "data_sample"
    params(("id" = String, Path)) body() answers((status = 200, body = DataSample))
    async fn data_sample(State(collection): State<Collection>, ctx: Ctx, Path(id): Path<ResourceId>) -> Result<Json<DataSample>> {
        Ok(Json(collection.data_sample(&ctx, &id).await?))
    }
}

api! {
    /// Figures of collection: what arrived, what was set apart, what waits.
    get "/collection/overview" "collection_overview"
    params() body() answers((status = 200, body = CollectionOverview))
    async fn overview(State(collection): State<Collection>, ctx: Ctx) -> Result<Json<CollectionOverview>> {
        Ok(Json(collection.overview(&ctx).await?))
    }
}

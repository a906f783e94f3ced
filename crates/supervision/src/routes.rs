//! Addresses of the ledger and of the register of deadlines.

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base::{Ctx, Error, Page, PageQuery, Result};
use identity::{Action, Target};
use ledger::tile::{self, TILE_WIDTH, TileId};
use procedure::{DeadlineFigures, DeadlineQuery, DeadlineRow};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Supervision;
use crate::model::{AuditView, CheckpointView, ConsistencyView, EntryView, InclusionView, LedgerQuery};

pub fn routes<S>() -> OpenApiRouter<S>
where
    Supervision: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    OpenApiRouter::new()
        .routes(routes!(list_entries))
        .routes(routes!(show_entry))
        .routes(routes!(prove_entry))
        .routes(routes!(list_checkpoints))
        .routes(routes!(latest_checkpoint))
        .routes(routes!(prove_consistency))
        .routes(routes!(ledger_tile))
        .routes(routes!(export_ledger))
        .routes(routes!(verify_ledger))
        .routes(routes!(list_deadlines))
        .routes(routes!(deadline_figures))
}

/// 账本条目,新的在前。Entries of the ledger, newest first.
#[utoipa::path(get, path = "/ledger", tag = "supervision", operation_id = "list_ledger_entries", params(LedgerQuery), responses((status = 200, body = Page<EntryView>)))]
async fn list_entries(
    State(this): State<Supervision>,
    ctx: Ctx,
    Query(query): Query<LedgerQuery>,
) -> Result<Json<Page<EntryView>>> {
    this.entries(&ctx, &query).await.map(Json)
}

/// One entry, with the bytes that were sealed.
#[utoipa::path(get, path = "/ledger/{seq}", tag = "supervision", operation_id = "show_ledger_entry",
    params(("seq" = u64, Path, description = "Number of the entry, from 0")), responses((status = 200, body = EntryView)))]
async fn show_entry(State(this): State<Supervision>, ctx: Ctx, Path(seq): Path<String>) -> Result<Json<EntryView>> {
    this.may_read(&ctx)?;
    this.entry(&ctx, number(&seq)?).await.map(Json)
}

/// 存在证明:条目在最新检查点之中。Proof that an entry is in the newest checkpoint.
#[utoipa::path(get, path = "/ledger/{seq}/proof", tag = "supervision", operation_id = "prove_ledger_entry",
    params(("seq" = u64, Path, description = "Number of the entry, from 0")), responses((status = 200, body = InclusionView)))]
async fn prove_entry(
    State(this): State<Supervision>,
    ctx: Ctx,
    Path(seq): Path<String>,
) -> Result<Json<InclusionView>> {
    this.may_read(&ctx)?;
    this.prove(&ctx, number(&seq)?).await.map(Json)
}

/// 检查点,新的在前。Signed checkpoints, newest first. Public: they hold hashes only.
#[utoipa::path(get, path = "/ledger/checkpoints", tag = "supervision", operation_id = "list_ledger_checkpoints", security(()), params(PageQuery), responses((status = 200, body = Page<CheckpointView>)))]
async fn list_checkpoints(
    State(this): State<Supervision>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<CheckpointView>>> {
    this.checkpoints(&page).await.map(Json)
}

/// The newest checkpoint. With `Accept: text/plain`, the signed note alone.
#[utoipa::path(get, path = "/ledger/checkpoints/latest", tag = "supervision", operation_id = "latest_ledger_checkpoint", security(()), responses((status = 200, content((CheckpointView = "application/json"), (String = "text/plain")))))]
async fn latest_checkpoint(State(this): State<Supervision>, headers: HeaderMap) -> Result<Response> {
    let latest = this.latest_checkpoint().await?;
    let plain = headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.starts_with("text/plain"));
    Ok(if plain {
        latest.note.into_response()
    } else {
        Json(latest).into_response()
    })
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Between {
    /// Entries of the earlier checkpoint.
    from: u64,
    /// Entries of the later checkpoint.
    to: u64,
}

/// Proof that one checkpoint is the beginning of another.
#[utoipa::path(get, path = "/ledger/consistency", tag = "supervision", operation_id = "prove_ledger_consistency", security(()), params(Between), responses((status = 200, body = ConsistencyView)))]
async fn prove_consistency(
    State(this): State<Supervision>,
    Query(between): Query<Between>,
) -> Result<Json<ConsistencyView>> {
    let latest = this.latest_checkpoint().await?;
    if between.to > latest.size {
        return Err(Error::new(&db::errors::NOT_COVERED));
    }
    let proof = this.store.consistency_proof(between.from, between.to).await?;
    Ok(Json(ConsistencyView { proof }))
}

/// Tiles as C2SP tlog-tiles lays them out: `0/x001/x234/067`, `.p/W` where partial;
/// entry bundles at `entries/…` for those who may read the ledger.
#[utoipa::path(get, path = "/ledger/tiles/{*path}", tag = "supervision", operation_id = "get_ledger_tile", security(()),
    params(("path" = String, Path, description = "Level and index of the tile")), responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream")))]
async fn ledger_tile(State(this): State<Supervision>, ctx: Ctx, Path(path): Path<String>) -> Result<Response> {
    let missing = || Error::not_found("哈希块");
    let (bytes, full) = match path.strip_prefix("entries/") {
        Some(path) => {
            this.may_read(&ctx)?;
            let (index, width) = tile::parse_index_path(path).ok_or_else(missing)?;
            (
                this.store.entry_bundle(index, width).await?.ok_or_else(missing)?,
                width == TILE_WIDTH,
            )
        }
        None => {
            let (id, width) = TileId::parse(&path).ok_or_else(missing)?;
            let hashes = this.store.tile(id, width).await?.ok_or_else(missing)?;
            (tile::to_bytes(&hashes), width == TILE_WIDTH)
        }
    };
    // a full tile never changes
    let cache = if full {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Ok((
        [
            (header::CACHE_CONTROL, cache),
            (header::CONTENT_TYPE, "application/octet-stream"),
        ],
        bytes,
    )
        .into_response())
}

/// 导出整个账本,可离线校验。The whole ledger, for `shuqiao ledger verify`.
#[utoipa::path(get, path = "/ledger/export", tag = "supervision", operation_id = "export_ledger", responses((status = 200, body = String, content_type = "application/x-ndjson")))]
async fn export_ledger(State(this): State<Supervision>, ctx: Ctx) -> Result<Response> {
    this.identity.authz.check(&ctx, Action::LedgerExport, &Target::any())?;
    let signed = this
        .checkpoint(&ctx)
        .await?
        .ok_or_else(|| Error::not_found("账本条目"))?;
    let size = signed.checkpoint.size;
    let stream = this.store.export(signed.checkpoint.origin, this.verifiers(), size);
    let name =
        HeaderValue::from_str(&format!("attachment; filename=\"ledger-{size}.ndjson\"")).map_err(Error::internal)?;
    let kind = HeaderValue::from_static("application/x-ndjson");
    Ok((
        [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)],
        Body::from_stream(stream),
    )
        .into_response())
}

/// 校验整个账本:任何一个字节被改动都会被指出。Checks every byte of the ledger.
#[utoipa::path(post, path = "/ledger/verify", tag = "supervision", operation_id = "verify_ledger", responses((status = 200, body = AuditView)))]
async fn verify_ledger(State(this): State<Supervision>, ctx: Ctx) -> Result<Json<AuditView>> {
    this.may_read(&ctx)?;
    // what is not signed yet is signed first, so that the check covers it; a ledger
    // that contradicts itself is not signed, and the check says where
    if let Err(e) = this.checkpoint(&ctx).await {
        tracing::error!(error = %e, "the ledger could not be signed before its check");
    }
    this.audit(&ctx).await.map(Json)
}

/// 期限台账:每一个法定期限,进行中的和已了结的 (SUP-1)。
#[utoipa::path(get, path = "/deadlines", tag = "supervision", operation_id = "list_deadlines", params(DeadlineQuery), responses((status = 200, body = Page<DeadlineRow>)))]
async fn list_deadlines(
    State(this): State<Supervision>,
    ctx: Ctx,
    Query(query): Query<DeadlineQuery>,
) -> Result<Json<Page<DeadlineRow>>> {
    let query = this.own_deadlines(&ctx, query)?;
    this.procedures.deadlines(&ctx, &query).await.map(Json)
}

/// How many deadlines stand in each state.
#[utoipa::path(get, path = "/deadlines/figures", tag = "supervision", operation_id = "deadline_figures", params(DeadlineQuery), responses((status = 200, body = DeadlineFigures)))]
async fn deadline_figures(
    State(this): State<Supervision>,
    ctx: Ctx,
    Query(query): Query<DeadlineQuery>,
) -> Result<Json<DeadlineFigures>> {
    let query = this.own_deadlines(&ctx, query)?;
    this.procedures.deadline_figures(&ctx, &query).await.map(Json)
}

impl Supervision {
    /// Whoever may not see all deadlines sees those of its own institution, where
    /// the policies give it that.
    fn own_deadlines(&self, ctx: &Ctx, mut query: DeadlineQuery) -> Result<DeadlineQuery> {
        if self.identity.authz.permits(ctx, Action::DeadlineRead, &Target::any()) {
            return Ok(query);
        }
        let Some(own) = ctx.actor.institution() else {
            return self
                .identity
                .authz
                .check(ctx, Action::DeadlineRead, &Target::any())
                .map(|()| query);
        };
        self.identity
            .authz
            .check(ctx, Action::DeadlineRead, &Target::owned_by(own))?;
        query.institution = Some(own.0.clone());
        Ok(query)
    }
}

/// A number that is none is an entry that is not there.
fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| Error::not_found("账本条目"))
}

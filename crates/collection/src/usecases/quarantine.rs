//! Rows set apart: corrected one by one or by file, or discarded with a reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{BatchId, Ctx, Error, QuarantineId, ResourceId, Result, limits};
use db::Tx;
use identity::{Action, Target};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use crate::Collection;
use crate::check::{Checker, Reason};
use crate::errors::{BATCH_OPEN, REVISION_CONFLICT, ROW_CLOSED};
use crate::export::{ID_HEADING, read_corrections};
use crate::model::{QuarantinedRow, RowState};
use crate::spec::TableSpec;
use crate::states::BatchState;
use crate::store::{batch, quarantine};
use crate::usecases::files::Incoming;
use crate::usecases::run::codes_of;

/// What an import of corrected rows did.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct CorrectionsReport {
    /// Rows that are good now and wait to be replayed.
    pub corrected: u64,
    /// Rows changed that still have a fault.
    pub still_bad: u64,
    /// Rows whose values are as they were.
    pub unchanged: u64,
    /// Lines of the file that name no row of this batch, or a closed one.
    pub unknown: u64,
}

impl Collection {
    /// The batch, once it has ended and the actor may work on its rows.
    pub(crate) async fn settled_batch(&self, ctx: &Ctx, id: &BatchId, action: Action) -> Result<batch::Model> {
        let row = self.batch_row(ctx, id, action).await?;
        match BatchState::parse(&row.state) {
            Some(BatchState::Done) => Ok(row),
            _ => Err(Error::new(&BATCH_OPEN)),
        }
    }

    /// Checks the corrected row at once: it is `corrected` when it is good,
    /// `open` with its reasons when not.
    pub async fn correct_row(
        &self,
        ctx: &Ctx,
        id: &QuarantineId,
        values: BTreeMap<String, Option<String>>,
        revision: i64,
    ) -> Result<QuarantinedRow> {
        let row = self.quarantined(ctx, id).await?;
        let checker = self.checker(&row.resource_id).await?;
        if values
            .values()
            .flatten()
            .any(|v| v.chars().count() > limits::LONG_TEXT_CHARS_MAX)
        {
            return Err(Error::invalid(vec![]).field("values", "too_long", "单个值过长"));
        }
        let mut merged = values_of(&row)?;
        merged.extend(values);
        let reasons = checker.check_one(&merged)?;
        let mut tx = self.store().begin(ctx).await?;
        let changed = put_correction(&tx, &row, &merged, &reasons, revision).await?;
        tx.append(
            Entry::new("collection.row_corrected", id.as_str())
                .put("batch", row.batch_id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("good", reasons.is_empty()),
        );
        tx.commit().await?;
        self.row_view(changed)
    }

    /// Gives a row up. The reason is kept; the row stays to be seen.
    pub async fn discard_row(
        &self,
        ctx: &Ctx,
        id: &QuarantineId,
        reason: &str,
        revision: i64,
    ) -> Result<QuarantinedRow> {
        let row = self.quarantined(ctx, id).await?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > limits::LONG_TEXT_CHARS_MAX {
            return Err(Error::invalid(vec![]).field("reason", "required", "请填写作废理由"));
        }
        let mut tx = self.store().begin(ctx).await?;
        let text = tx.text(reason).await?;
        let done = quarantine::Entity::update_many()
            .col_expr(quarantine::Column::State, Expr::value(RowState::Discarded.as_str()))
            .col_expr(quarantine::Column::DiscardText, Expr::value(text.id.as_str()))
            .col_expr(quarantine::Column::Revision, Expr::value(revision + 1))
            .col_expr(quarantine::Column::ChangedBy, Expr::value(ctx.actor.id()))
            .col_expr(quarantine::Column::ChangedAt, Expr::value(ctx.now().0))
            .filter(quarantine::Column::Id.eq(id.as_str()))
            .filter(quarantine::Column::Revision.eq(revision))
            .exec(tx.conn())
            .await?;
        if done.rows_affected == 0 {
            return Err(Error::new(&REVISION_CONFLICT));
        }
        tx.append(
            Entry::new("collection.row_discarded", id.as_str())
                .put("batch", row.batch_id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("reason", text.hash.as_str()),
        );
        tx.commit().await?;
        let row = quarantine::Entity::find_by_id(id.as_str())
            .one(self.store().conn())
            .await?;
        self.row_view(row.ok_or_else(|| Error::not_found("问题行"))?)
    }

    /// Before a byte is read: whether the actor may correct the batch's rows.
    pub async fn begin_import(&self, ctx: &Ctx, id: &BatchId) -> Result<Incoming> {
        self.settled_batch(ctx, id, Action::QuarantineCorrect).await?;
        Incoming::open(self.files_dir(), &format!("import-{}", ctx.ulid())).await
    }

    /// Reads an export of this batch's rows back, corrected: each line names
    /// its row in the first column. The file itself is not kept.
    pub async fn finish_import(
        &self,
        ctx: &Ctx,
        id: &BatchId,
        incoming: Incoming,
        name: &str,
    ) -> Result<CorrectionsReport> {
        let file = self.spool_dir().join(format!("import-{}", ctx.ulid()));
        incoming.keep(&file).await?;
        let report = self.import_corrections(ctx, id, &file, name).await;
        let _ = tokio::fs::remove_file(&file).await;
        report
    }

    async fn import_corrections(
        &self,
        ctx: &Ctx,
        id: &BatchId,
        file: &std::path::Path,
        name: &str,
    ) -> Result<CorrectionsReport> {
        let original = self.settled_batch(ctx, id, Action::QuarantineCorrect).await?;
        let entry = self.published(&ResourceId(original.resource_id.clone())).await?;
        let spec = Arc::new(TableSpec::from_entry(&entry));
        let checker = Checker::new(spec.clone())?;
        let (path, name, reading) = (file.to_owned(), name.to_owned(), spec.clone());
        let lines = tokio::task::spawn_blocking(move || read_corrections(&path, &name, &reading)).await;
        let lines = lines.map_err(Error::internal)??;
        let mut report = CorrectionsReport::default();
        let mut tx = self.store().begin(ctx).await?;
        for values in lines {
            self.import_line(&tx, id, &checker, values, &mut report).await?;
        }
        tx.append(
            Entry::new("collection.rows_imported", id.as_str())
                .put("resource", original.resource_id.as_str())
                .put("corrected", report.corrected as i64)
                .put("still_bad", report.still_bad as i64),
        );
        tx.commit().await?;
        Ok(report)
    }

    async fn import_line(
        &self,
        tx: &Tx,
        batch: &BatchId,
        checker: &Checker,
        mut values: BTreeMap<String, Option<String>>,
        report: &mut CorrectionsReport,
    ) -> Result<()> {
        let Some(id) = values.remove(ID_HEADING).flatten() else {
            report.unknown += 1;
            return Ok(());
        };
        let found = quarantine::Entity::find_by_id(&id)
            .filter(quarantine::Column::BatchId.eq(batch.as_str()))
            .one(tx.conn())
            .await?;
        let Some(row) = found.filter(|r| require_open(r).is_ok()) else {
            report.unknown += 1;
            return Ok(());
        };
        let before = values_of(&row)?;
        let mut merged = before.clone();
        merged.extend(values);
        if merged == before {
            report.unchanged += 1;
            return Ok(());
        }
        let reasons = checker.check_one(&merged)?;
        put_correction(tx, &row, &merged, &reasons, row.revision).await?;
        if reasons.is_empty() {
            report.corrected += 1
        } else {
            report.still_bad += 1
        }
        Ok(())
    }

    pub(crate) async fn checker(&self, resource: &str) -> Result<Checker> {
        let entry = self.published(&ResourceId(resource.to_owned())).await?;
        Checker::new(Arc::new(TableSpec::from_entry(&entry)))
    }

    /// A row that the actor may correct and that is not closed.
    async fn quarantined(&self, ctx: &Ctx, id: &QuarantineId) -> Result<quarantine::Model> {
        let found = quarantine::Entity::find_by_id(id.as_str())
            .one(self.store().conn())
            .await?;
        let row = found.ok_or_else(|| Error::not_found("问题行"))?;
        let batch = self.batch_row_of(&BatchId(row.batch_id.clone())).await?;
        let owner = Target::owned_by(&batch.provider_id.as_str().into());
        self.identity().authz.reveal(ctx, Action::BatchRead, &owner, "问题行")?;
        self.identity().authz.check(ctx, Action::QuarantineCorrect, &owner)?;
        if batch.state != BatchState::Done.as_str() {
            return Err(Error::new(&BATCH_OPEN));
        }
        require_open(&row)?;
        Ok(row)
    }
}

fn require_open(row: &quarantine::Model) -> Result<()> {
    match RowState::parse(&row.state) {
        Some(RowState::Open) => Ok(()),
        // Corrected and under way to the table: too late.
        Some(RowState::Corrected) if row.replay_batch.is_none() => Ok(()),
        _ => Err(Error::new(&ROW_CLOSED)),
    }
}

pub(crate) fn values_of(row: &quarantine::Model) -> Result<BTreeMap<String, Option<String>>> {
    serde_json::from_str(&row.data).map_err(Error::internal)
}

async fn put_correction(
    tx: &Tx,
    row: &quarantine::Model,
    values: &BTreeMap<String, Option<String>>,
    reasons: &[Reason],
    revision: i64,
) -> Result<quarantine::Model> {
    let state = if reasons.is_empty() {
        RowState::Corrected
    } else {
        RowState::Open
    };
    let new = quarantine::Model {
        data: serde_json::to_string(values).map_err(Error::internal)?,
        reasons: serde_json::to_string(reasons).map_err(Error::internal)?,
        codes: codes_of(reasons),
        state: state.as_str().to_owned(),
        revision: revision + 1,
        replay_batch: None,
        changed_by: Some(tx.ctx().actor.id().to_owned()),
        changed_at: Some(tx.ctx().now().0),
        ..row.clone()
    };
    let done = quarantine::Entity::update_many()
        .set(quarantine::ActiveModel {
            id: sea_orm::NotSet,
            ..quarantine::ActiveModel::from(new.clone()).reset_all()
        })
        .filter(quarantine::Column::Id.eq(&row.id))
        .filter(quarantine::Column::Revision.eq(revision))
        .exec(tx.conn())
        .await?;
    if done.rows_affected == 0 {
        return Err(Error::new(&REVISION_CONFLICT));
    }
    Ok(new)
}

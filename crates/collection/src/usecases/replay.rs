//! Corrected rows join their table: a batch of their own, whose source is the
//! quarantine. Rows that fail again go back to where they came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{BatchId, Ctx, Error, Result};
use crypto::Hasher;
use db::{Jobs, Tx};
use identity::Action;
use ledger::Entry;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::Collection;
use crate::check::{BadRow, text_of};
use crate::errors::NOTHING_TO_REPLAY;
use crate::model::{Batch, BatchKind, RowState};
use crate::read::{BLOCK_ROWS, Block, Format, Input, Parser};
use crate::spec::TableSpec;
use crate::store::{batch, quarantine, source};
use crate::usecases::files::new_batch;
use crate::usecases::run::{JOB_KIND, codes_of};

impl Collection {
    /// Takes all rows of the batch that are corrected and not under way. Asked
    /// twice, the second finds none (409 `collection.nothing_to_replay`).
    pub async fn replay(&self, ctx: &Ctx, id: &BatchId) -> Result<Batch> {
        let original = self.settled_batch(ctx, id, Action::QuarantineCorrect).await?;
        let source = source::Entity::find_by_id(&original.source_id)
            .one(self.store().conn())
            .await?;
        let source = source.ok_or_else(|| Error::internal("a batch without a source"))?;
        let new_id = BatchId::new(ctx);
        let mut row = new_batch(ctx, &source, &new_id, BatchKind::Replay);
        row.replay_of = Some(original.id.clone());
        let mut tx = self.store().begin(ctx).await?;
        let taken = quarantine::Entity::update_many()
            .col_expr(quarantine::Column::ReplayBatch, Expr::value(new_id.as_str()))
            .filter(quarantine::Column::BatchId.eq(&original.id))
            .filter(quarantine::Column::State.eq(RowState::Corrected.as_str()))
            .filter(quarantine::Column::ReplayBatch.is_null())
            .exec(tx.conn())
            .await?;
        if taken.rows_affected == 0 {
            return Err(Error::new(&NOTHING_TO_REPLAY));
        }
        batch::Entity::insert(batch::ActiveModel::from(row.clone()).reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        Jobs::enqueue(&tx, JOB_KIND, new_id.as_str(), &()).await?;
        tx.append(
            Entry::new("collection.replay_started", new_id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("replay_of", original.id.as_str())
                .put("rows", taken.rows_affected as i64),
        );
        tx.commit().await?;
        self.batch_view(ctx, row).await
    }

    /// The rows as blocks; there are at most as many as quarantine holds of
    /// one batch.
    pub(crate) async fn replay_input(&self, row: &mut batch::Model, spec: &Arc<TableSpec>) -> Result<Input> {
        let rows = quarantine::Entity::find()
            .filter(quarantine::Column::ReplayBatch.eq(&row.id))
            .filter(quarantine::Column::State.eq(RowState::Corrected.as_str()))
            .order_by_asc(quarantine::Column::RowNumber)
            .all(self.store().conn())
            .await?;
        let mut hasher = Hasher::sha256();
        let mut kept: Vec<(u64, BTreeMap<String, Option<String>>)> = Vec::with_capacity(rows.len());
        for held in rows {
            hasher.update(held.id.as_bytes());
            hasher.update(held.data.as_bytes());
            kept.push((
                held.row_number as u64,
                serde_json::from_str(&held.data).map_err(Error::internal)?,
            ));
        }
        row.digest = Some(hasher.finish_hex());
        let blocks: Vec<Result<Block>> = kept
            .chunks(BLOCK_ROWS)
            .map(|chunk| {
                let chunk: Vec<_> = chunk.iter().map(|(number, values)| (*number, values)).collect();
                Ok(Block::Rows(text_of(spec, &chunk)))
            })
            .collect();
        Ok(Input {
            format: Format::JsonLines,
            encoding: None,
            sheet: None,
            unknown_columns: vec![],
            parser: Arc::new(Parser::Rows),
            blocks: Box::new(blocks.into_iter()),
            consumed: Arc::default(),
        })
    }
}

/// Rows of a replay that failed again: open once more, with their new reasons.
pub(crate) async fn reopen(tx: &Tx, original: &str, replay: &str, bad: &[BadRow]) -> Result<()> {
    for row in bad {
        let reasons = serde_json::to_string(&row.reasons).map_err(Error::internal)?;
        quarantine::Entity::update_many()
            .col_expr(quarantine::Column::State, Expr::value(RowState::Open.as_str()))
            .col_expr(quarantine::Column::Reasons, Expr::value(reasons))
            .col_expr(quarantine::Column::Codes, Expr::value(codes_of(&row.reasons)))
            .col_expr(
                quarantine::Column::Revision,
                Expr::col(quarantine::Column::Revision).add(1),
            )
            .filter(quarantine::Column::BatchId.eq(original))
            .filter(quarantine::Column::ReplayBatch.eq(replay))
            .filter(quarantine::Column::RowNumber.eq(row.row as i64))
            .exec(tx.conn())
            .await?;
    }
    Ok(())
}

/// A replay that ended without loading gives its rows back. Those that it had
/// reopened before it was stopped are checked again when they are corrected.
pub(crate) async fn release(tx: &Tx, replay: &str) -> Result<()> {
    quarantine::Entity::update_many()
        .col_expr(quarantine::Column::ReplayBatch, Expr::value(None::<String>))
        .filter(quarantine::Column::ReplayBatch.eq(replay))
        .exec(tx.conn())
        .await?;
    Ok(())
}

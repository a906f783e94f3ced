//! Pull, cancel, retry.

use base::{BatchId, Ctx, Error, Result, SourceId};
use db::Jobs;
use identity::Action;
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter};

use crate::Collection;
use crate::errors::{BAD_CONFIG, NOT_CANCELLABLE, NOT_RETRYABLE};
use crate::model::{Batch, BatchKind, SourceKind};
use crate::states::BatchState;
use crate::store::batch;
use crate::usecases::files::new_batch;
use crate::usecases::run::JOB_KIND;

impl Collection {
    /// Queues a pull of a database source.
    pub async fn start_pull(&self, ctx: &Ctx, id: &SourceId) -> Result<Batch> {
        let source = self.source_row(ctx, id, Action::BatchLoad).await?;
        super::sources::require_active(&source)?;
        if source.kind == SourceKind::Upload.as_str() {
            return Err(Error::new(&BAD_CONFIG).with("detail", "该来源只接收文件"));
        }
        let mut row = new_batch(ctx, &source, &BatchId::new(ctx), BatchKind::Pull);
        let mut tx = self.store().begin(ctx).await?;
        self.receive(&mut tx, &source, &mut row).await?;
        tx.commit().await?;
        self.batch_view(ctx, row).await
    }

    /// A batch that waits ends at once; a running one at its next block.
    pub async fn cancel(&self, ctx: &Ctx, id: &BatchId) -> Result<Batch> {
        let row = self.batch_row(ctx, id, Action::BatchLoad).await?;
        let state =
            BatchState::parse(&row.state).ok_or_else(|| Error::internal("a stored batch has an unknown state"))?;
        state.cancel()?;
        if !self.stop_running(id) {
            let mut tx = self.store().begin(ctx).await?;
            let ended = batch::Entity::update_many()
                .col_expr(batch::Column::State, Expr::value(BatchState::Cancelled.as_str()))
                .col_expr(batch::Column::FinishedAt, Expr::value(ctx.now().0))
                .filter(batch::Column::Id.eq(id.as_str()))
                .filter(batch::Column::State.eq(&row.state))
                .exec(tx.conn())
                .await?;
            if ended.rows_affected == 0 {
                return Err(Error::new(&NOT_CANCELLABLE));
            }
            if row.kind == BatchKind::Replay.as_str() {
                super::replay::release(&tx, id.as_str()).await?;
            }
            Jobs::cancel(&tx, JOB_KIND, id.as_str()).await?;
            tx.append(
                Entry::new("collection.batch_cancelled", id.as_str())
                    .put("resource", row.resource_id.as_str())
                    .put("source", row.source_id.as_str()),
            );
            tx.commit().await?;
        }
        self.batch(ctx, id).await
    }

    /// From its stored file once more.
    pub async fn retry(&self, ctx: &Ctx, id: &BatchId) -> Result<Batch> {
        let mut row = self.batch_row(ctx, id, Action::BatchLoad).await?;
        let state =
            BatchState::parse(&row.state).ok_or_else(|| Error::internal("a stored batch has an unknown state"))?;
        let state = state.retry()?;
        // A replay's rows went back to their batch: they are replayed anew.
        if row.kind == BatchKind::Replay.as_str() {
            return Err(Error::new(&NOT_RETRYABLE));
        }
        let before = std::mem::replace(&mut row.state, state.as_str().to_owned());
        row.error = None;
        row.finished_at = None;
        let mut tx = self.store().begin(ctx).await?;
        let changed = batch::Entity::update_many()
            .set(batch::ActiveModel {
                id: sea_orm::NotSet,
                ..batch::ActiveModel::from(row.clone()).reset_all()
            })
            .filter(batch::Column::Id.eq(id.as_str()))
            .filter(batch::Column::State.eq(before))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::new(&NOT_RETRYABLE));
        }
        Jobs::enqueue(&tx, JOB_KIND, id.as_str(), &()).await?;
        tx.append(
            Entry::new("collection.batch_retried", id.as_str())
                .put("resource", row.resource_id.as_str())
                .put("source", row.source_id.as_str()),
        );
        tx.commit().await?;
        self.batch_view(ctx, row).await
    }
}

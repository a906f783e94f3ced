//! Files come in: streamed to disk, hashed on the way, whole or not at all.

use std::path::PathBuf;

use base::error::TOO_LARGE;
use base::limits::UPLOAD_BYTES_MAX;
use base::{BatchId, Ctx, Error, Result, SourceId};
use crypto::Hasher;
use db::{Jobs, Tx};
use identity::Action;
use ledger::Entry;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use crate::Collection;
use crate::errors::NO_FILE;
use crate::load::disk;
use crate::model::{Batch, BatchKind, Mode};
use crate::read::{Encoding, Format, Hints};
use crate::states::BatchState;
use crate::store::{batch, source};
use crate::usecases::run::JOB_KIND;

/// A file on its way in. Dropped before [`Incoming::keep`], it leaves nothing.
pub struct Incoming {
    part: PathBuf,
    file: Option<tokio::fs::File>,
    hasher: Option<Hasher>,
    bytes: u64,
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Gone already where it was kept.
        let _ = std::fs::remove_file(&self.part);
    }
}

impl Incoming {
    pub(crate) async fn open(dir: &std::path::Path, name: &str) -> Result<Self> {
        let part = dir.join(format!("{name}.part"));
        let file = tokio::fs::File::create(&part).await.map_err(disk)?;
        Ok(Self {
            part,
            file: Some(file),
            hasher: Some(Hasher::sha256()),
            bytes: 0,
        })
    }

    pub async fn write(&mut self, chunk: &[u8]) -> Result<()> {
        self.bytes += chunk.len() as u64;
        if self.bytes > UPLOAD_BYTES_MAX {
            return Err(Error::new(&TOO_LARGE)
                .with("what", "文件")
                .with("limit", format!("{} GiB", UPLOAD_BYTES_MAX >> 30)));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(chunk);
        }
        match &mut self.file {
            Some(file) => file.write_all(chunk).await.map_err(disk),
            None => Err(Error::internal("written after the end")),
        }
    }

    /// On disk under its final name, for good. Returns size and digest.
    pub(crate) async fn keep(mut self, to: &std::path::Path) -> Result<(u64, String)> {
        if let Some(mut file) = self.file.take() {
            file.flush().await.map_err(disk)?;
            file.sync_all().await.map_err(disk)?;
        }
        tokio::fs::rename(&self.part, to).await.map_err(disk)?;
        let digest = self.hasher.take().map(Hasher::finish_hex).unwrap_or_default();
        Ok((self.bytes, digest))
    }
}

/// What the sender says of a file, as stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SentHints {
    pub format: Option<String>,
    pub encoding: Option<String>,
    pub sheet: Option<String>,
}

impl SentHints {
    /// Refuses words that mean no format or encoding (422 `invalid`).
    pub fn read(&self) -> Result<Hints> {
        let unknown = |field: &str| Error::invalid(vec![]).field(field, "unknown", "不支持的取值");
        let said = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
        Ok(Hints {
            format: said(&self.format)
                .map(|f| Format::parse(&f).ok_or_else(|| unknown("format")))
                .transpose()?,
            encoding: said(&self.encoding)
                .map(|e| Encoding::parse(&e).ok_or_else(|| unknown("encoding")))
                .transpose()?,
            sheet: said(&self.sheet),
        })
    }
}

impl Collection {
    /// Before a byte is read: whether the actor may send files to the source.
    pub async fn begin_upload(&self, ctx: &Ctx, id: &SourceId) -> Result<(source::Model, BatchId, Incoming)> {
        let source = self.source_row(ctx, id, Action::BatchLoad).await?;
        super::sources::require_active(&source)?;
        let batch = BatchId::new(ctx);
        let incoming = Incoming::open(self.files_dir(), batch.as_str()).await?;
        Ok((source, batch, incoming))
    }

    /// The file is whole: the batch is received, or known as a duplicate.
    pub async fn finish_upload(
        &self,
        ctx: &Ctx,
        source: source::Model,
        id: BatchId,
        incoming: Incoming,
        name: &str,
        hints: SentHints,
    ) -> Result<Batch> {
        hints.read()?;
        if incoming.bytes == 0 && name.is_empty() {
            return Err(Error::new(&NO_FILE));
        }
        let path = self.file_of(&id);
        let (bytes, digest) = incoming.keep(&path).await?;
        let mut row = new_batch(ctx, &source, &id, BatchKind::Upload);
        row.file_name = Some(tail(name));
        row.hints = serde_json::to_string(&hints).map_err(Error::internal)?;
        row.bytes = bytes as i64;
        row.digest = Some(digest);
        let mut tx = self.store().begin(ctx).await?;
        let saved = self.receive(&mut tx, &source, &mut row).await;
        match saved {
            Ok(()) => tx.commit().await?,
            Err(e) => {
                let _ = tokio::fs::remove_file(&path).await;
                return Err(e);
            }
        };
        if row.state == BatchState::Duplicate.as_str() {
            let _ = tokio::fs::remove_file(&path).await;
        }
        self.batch_view(ctx, row).await
    }

    /// Keeps a batch, and queues it unless the same content is there already.
    pub(crate) async fn receive(&self, tx: &mut Tx, source: &source::Model, row: &mut batch::Model) -> Result<()> {
        if let Some(same) = self.same_content(tx, source, row).await? {
            mark_duplicate(tx, row, same);
        }
        batch::Entity::insert(batch::ActiveModel::from(row.clone()).reset_all())
            .exec_without_returning(tx.conn())
            .await?;
        if row.state == BatchState::Received.as_str() {
            Jobs::enqueue(tx, JOB_KIND, &row.id, &()).await?;
        }
        Ok(())
    }

    /// An earlier batch of the source with this content that was loaded or is
    /// about to be. A snapshot counts only while it is the newest: going back
    /// to an older one is a change.
    pub(crate) async fn same_content(
        &self,
        tx: &Tx,
        source: &source::Model,
        row: &batch::Model,
    ) -> Result<Option<String>> {
        let Some(digest) = &row.digest else { return Ok(None) };
        let alive = [
            BatchState::Received,
            BatchState::Checking,
            BatchState::Loading,
            BatchState::Done,
        ];
        let newest = batch::Entity::find()
            .filter(batch::Column::SourceId.eq(&source.id))
            .filter(batch::Column::Id.ne(&row.id))
            .filter(batch::Column::Kind.ne(BatchKind::Replay.as_str()))
            .filter(batch::Column::State.is_in(alive.map(BatchState::as_str)))
            .order_by_desc(batch::Column::ReceivedAt)
            .order_by_desc(batch::Column::Id);
        let found = if source.load_mode == Mode::Snapshot.as_str() {
            newest
                .one(tx.conn())
                .await?
                .filter(|b| b.digest.as_ref() == Some(digest))
        } else {
            newest.filter(batch::Column::Digest.eq(digest)).one(tx.conn()).await?
        };
        Ok(found.map(|b| b.id))
    }
}

pub(crate) fn mark_duplicate(tx: &mut Tx, row: &mut batch::Model, same: String) {
    row.state = BatchState::Duplicate.as_str().to_owned();
    row.finished_at = Some(tx.ctx().now().0);
    tx.append(
        Entry::new("collection.batch_duplicate", &row.id)
            .put("resource", row.resource_id.as_str())
            .put("source", row.source_id.as_str())
            .put("same_as", same.as_str()),
    );
    row.same_as = Some(same);
}

pub(crate) fn new_batch(ctx: &Ctx, source: &source::Model, id: &BatchId, kind: BatchKind) -> batch::Model {
    batch::Model {
        id: id.0.clone(),
        source_id: source.id.clone(),
        resource_id: source.resource_id.clone(),
        provider_id: source.provider_id.clone(),
        kind: kind.as_str().to_owned(),
        state: BatchState::Received.as_str().to_owned(),
        load_mode: source.load_mode.clone(),
        file_name: None,
        hints: "{}".to_owned(),
        format: None,
        encoding: None,
        sheet: None,
        bytes: 0,
        digest: None,
        same_as: None,
        replay_of: None,
        cursor_to: None,
        entry_version: None,
        rows_read: 0,
        rows_good: 0,
        rows_quarantined: 0,
        rows_written: 0,
        normalised: 0,
        table_version: None,
        error: None,
        unknown_columns: None,
        created_by: ctx.actor.id().to_owned(),
        received_at: ctx.now().0,
        started_at: None,
        finished_at: None,
    }
}

/// The last part of a name as sent: a path in it means nothing here, and
/// neither do signs that would disturb a terminal or a page.
pub(crate) fn tail(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars()
        .filter(|c| !c.is_control())
        .take(base::limits::SHORT_TEXT_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_name_is_no_path() {
        for (sent, shown) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\x\\参保.csv", "参保.csv"),
            ("a\u{0}\u{1b}[2J.csv", "a[2J.csv"),
            ("..", ".."),
        ] {
            assert_eq!(tail(sent), shown);
        }
    }
}

//! Writing: files first, then one commit that names them.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Int64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use base::Moment;
use datafusion::common::{Column, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::Expr;
use datafusion::prelude::ParquetReadOptions;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, Transaction};
use deltalake::operations::write::writer::{PartitionWriter, PartitionWriterConfig};
use deltalake::parquet::basic::{Compression, Encoding};
use deltalake::parquet::file::properties::WriterProperties;
use deltalake::parquet::schema::types::ColumnPath;
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::table::config::TablePropertiesExt as _;
use deltalake::{DeltaTable, DeltaTableError};
use futures::{StreamExt, TryStreamExt};
use indexmap::IndexMap;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use crate::{BATCH_COLUMN, Lake, LakeError, ROW_COLUMN, TableName};

/// Key of the batch's id in a commit's information.
pub(crate) const BATCH_KEY: &str = "batch";
/// Files roll at about this size, bytes: few enough to list, small enough to
/// rewrite one for an upsert.
const FILE_BYTES: u64 = 128 << 20;
/// Rows of a row group: what a writer holds in memory at most.
const ROW_GROUP_ROWS: usize = 256 * 1024;

/// How a batch joins its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadMode {
    /// Its rows are added.
    Append,
    /// Its rows take the place of rows with the same key; others are added.
    Upsert,
    /// Its rows are the table from now on.
    Snapshot,
}

/// What a commit did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    pub version: u64,
    pub rows: u64,
}

/// A file that a [`StagedWriter`] closed.
#[derive(Clone, Debug)]
pub struct StagedFile(Add);

impl StagedFile {
    pub fn rows(&self) -> u64 {
        self.0
            .stats
            .as_deref()
            .and_then(|s| serde_json::from_str::<serde_json::Value>(s).ok())
            .and_then(|s| s["numRecords"].as_u64())
            .unwrap_or(0)
    }
    pub fn size_bytes(&self) -> u64 {
        self.0.size.max(0) as u64
    }
}

/// The files of one batch, in a folder of their own beside the table's.
pub struct Staging {
    lake: Lake,
    table: TableName,
    delta: DeltaTable,
    schema: SchemaRef,
    batch: String,
}

/// Writes one worker's share of a batch; several write side by side.
pub struct StagedWriter(PartitionWriter);

impl StagedWriter {
    /// `rows` have the schema of [`Staging::schema`], in its order.
    pub async fn write(&mut self, rows: &RecordBatch) -> Result<(), LakeError> {
        Ok(self.0.write(rows).await?)
    }
    pub async fn close(self) -> Result<Vec<StagedFile>, LakeError> {
        Ok(self.0.close().await?.into_iter().map(StagedFile).collect())
    }
    /// Gives up what was written; the files go with the staging's folder.
    pub async fn abort(self) -> Result<(), LakeError> {
        Ok(self.0.abort().await?)
    }
}

impl Lake {
    /// The version at which `batch` was committed to `table`, if it was. Asked
    /// first after every restart: it decides whether the work is done.
    pub async fn committed(&self, table: &TableName, batch: &str) -> Result<Option<u64>, LakeError> {
        let Some(delta) = self.find(table).await? else {
            return Ok(None);
        };
        let tagged = delta
            .snapshot()?
            .transaction_version(delta.log_store().as_ref(), batch)
            .await?;
        // The tag carries the version that the commit was based on; the commit
        // itself is found in the history, or stands right after it.
        let Some(base) = tagged else { return Ok(None) };
        let newest = delta.version().unwrap_or(0);
        let recent = self.versions(table, (newest - base as u64 + 1) as usize).await?;
        let made = recent
            .iter()
            .find(|v| v.batch.as_deref() == Some(batch))
            .map(|v| v.version);
        Ok(Some(made.unwrap_or(base as u64 + 1)))
    }

    /// Opens the folder for the files of `batch`, empty: what an attempt
    /// before this one left is removed. The batch must not be committed.
    pub async fn stage(&self, table: &TableName, schema: SchemaRef, batch: &str) -> Result<Staging, LakeError> {
        let delta = self.at(table, None).await?;
        let staging = Staging {
            lake: self.clone(),
            table: table.clone(),
            delta,
            schema,
            batch: batch.to_owned(),
        };
        staging.discard().await?;
        Ok(staging)
    }
}

impl Staging {
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn folder(&self) -> Path {
        Path::from(format!("batch-{}", self.batch))
    }

    pub fn writer(&self) -> Result<StagedWriter, LakeError> {
        let config = PartitionWriterConfig::try_new(
            self.schema.clone(),
            IndexMap::new(),
            Some(writer_properties()),
            NonZeroU64::new(FILE_BYTES),
            Some(32 * 1024),
            None,
            Some(self.folder()),
        )?;
        let indexed = self.delta.snapshot()?.table_config().num_indexed_cols();
        Ok(StagedWriter(PartitionWriter::try_with_config(
            self.delta.object_store(),
            config,
            indexed,
            None,
        )?))
    }

    async fn frame(&self, files: &[StagedFile]) -> Result<DataFrame, LakeError> {
        self.delta.update_datafusion_session(&self.lake.session().state())?;
        let root = self.delta.table_url().as_str().trim_end_matches('/').to_owned();
        let urls: Vec<String> = files.iter().map(|f| format!("{root}/{}", f.0.path)).collect();
        Ok(self
            .lake
            .session()
            .read_parquet(urls, ParquetReadOptions::default())
            .await?)
    }

    /// The staged rows whose [`ROW_COLUMN`] is in `rows`, to set them apart.
    pub async fn rows(&self, files: &[StagedFile], rows: &BTreeSet<i64>) -> Result<Vec<RecordBatch>, LakeError> {
        let mut found = vec![];
        let mut stream = self.frame(files).await?.execute_stream().await?;
        while let Some(batch) = stream.try_next().await? {
            let hit = filter_record_batch(&batch, &mask_of(&batch, rows, true)?)?;
            if hit.num_rows() > 0 {
                found.push(hit);
            }
        }
        Ok(found)
    }

    /// Takes `rows` (by [`ROW_COLUMN`]) out of the staged files: those that
    /// hold one are written anew without it.
    pub async fn without(&self, files: Vec<StagedFile>, rows: &BTreeSet<i64>) -> Result<Vec<StagedFile>, LakeError> {
        let mut kept = vec![];
        for file in files {
            if self.rows(std::slice::from_ref(&file), rows).await?.is_empty() {
                kept.push(file);
                continue;
            }
            let mut writer = self.writer()?;
            let mut stream = self.frame(std::slice::from_ref(&file)).await?.execute_stream().await?;
            while let Some(batch) = stream.try_next().await? {
                let rest = filter_record_batch(&batch, &mask_of(&batch, rows, false)?)?;
                writer.write(&rest.with_schema(self.schema.clone())?).await?;
            }
            kept.extend(writer.close().await?);
            self.delta
                .object_store()
                .delete(&Path::parse(&file.0.path).map_err(object_store::Error::from)?)
                .await?;
        }
        Ok(kept)
    }

    /// Makes the files part of the table in one commit tagged with the batch.
    /// `keys` are the key columns, for [`LoadMode::Upsert`].
    pub async fn commit(
        self,
        files: Vec<StagedFile>,
        mode: LoadMode,
        keys: &[String],
        at: Moment,
    ) -> Result<Committed, LakeError> {
        let rows = files.iter().map(StagedFile::rows).sum();
        // The newest version: another batch may have been committed since.
        let delta = self.lake.at(&self.table, None).await?;
        let version = match mode {
            LoadMode::Upsert if delta.snapshot()?.log_data().num_files() > 0 => {
                let version = self.merge(delta, &files, keys, at).await?;
                self.discard().await?;
                version
            }
            _ => self.add(&delta, files, mode, at).await?,
        };
        Ok(Committed { version, rows })
    }

    /// Removes the batch's folder.
    pub async fn discard(&self) -> Result<(), LakeError> {
        let store = self.delta.object_store();
        let leftovers = store.list(Some(&self.folder())).map_ok(|m| m.location).boxed();
        store
            .delete_stream(leftovers)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        Ok(())
    }

    fn properties(&self, delta: &DeltaTable, at: Moment) -> CommitProperties {
        let base = delta.version().unwrap_or(0) as i64;
        CommitProperties::default()
            .with_application_transaction(Transaction::new_with_last_update(&self.batch, base, Some(at.0)))
            .with_metadata([(BATCH_KEY.to_owned(), self.batch.clone().into())])
    }

    async fn add(
        &self,
        delta: &DeltaTable,
        files: Vec<StagedFile>,
        mode: LoadMode,
        at: Moment,
    ) -> Result<u64, LakeError> {
        let state = delta.snapshot()?;
        let mut actions: Vec<Action> = files.into_iter().map(|f| Action::Add(f.0)).collect();
        let save_mode = if mode == LoadMode::Snapshot {
            SaveMode::Overwrite
        } else {
            SaveMode::Append
        };
        if mode == LoadMode::Snapshot {
            actions.extend(state.log_data().iter().map(|f| Action::Remove(f.remove_action(true))));
        }
        let operation = DeltaOperation::Write {
            mode: save_mode,
            partition_by: None,
            predicate: None,
        };
        let done = CommitBuilder::from(self.properties(delta, at))
            .with_actions(actions)
            .build(Some(state), delta.log_store(), operation)
            .await?;
        Ok(done.version)
    }

    async fn merge(
        &self,
        delta: DeltaTable,
        files: &[StagedFile],
        keys: &[String],
        at: Moment,
    ) -> Result<u64, LakeError> {
        if keys.is_empty() {
            return Err(DeltaTableError::Generic("an upsert needs a key".into()).into());
        }
        let of = |side: &str, name: &str| Expr::Column(Column::new(Some(TableReference::bare(side)), name));
        let same = keys
            .iter()
            .map(|k| of("target", k).eq(of("source", k)))
            .reduce(Expr::and)
            .unwrap_or_else(|| datafusion::prelude::lit(false));
        let names: Vec<String> = self.schema.fields().iter().map(|f| f.name().clone()).collect();
        let source = self.frame(files).await?;
        let properties = self.properties(&delta, at);
        let (merged, _) = delta
            .merge(source, same)
            .with_source_alias("source")
            .with_target_alias("target")
            .with_session_state(Arc::new(self.lake.session().state()))
            .with_writer_properties(writer_properties())
            .with_commit_properties(properties)
            .when_matched_update(|u| names.iter().fold(u, |u, n| u.update(n.as_str(), of("source", n))))?
            .when_not_matched_insert(|i| names.iter().fold(i, |i, n| i.set(n.as_str(), of("source", n))))?
            .await?;
        Ok(merged.version().unwrap_or(0))
    }
}

fn mask_of(batch: &RecordBatch, rows: &BTreeSet<i64>, inside: bool) -> Result<BooleanArray, LakeError> {
    let numbers = batch
        .column_by_name(ROW_COLUMN)
        .and_then(|c| c.as_any().downcast_ref::<Int64Array>())
        .ok_or_else(|| DeltaTableError::Generic(format!("a staged file has no {ROW_COLUMN}")))?;
    Ok(numbers
        .iter()
        .map(|n| Some(n.is_some_and(|n| rows.contains(&n)) == inside))
        .collect())
}

fn writer_properties() -> WriterProperties {
    let own = HashMap::from([(ROW_COLUMN, false), (BATCH_COLUMN, true)]);
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
    for (column, dictionary) in own {
        properties = properties.set_column_dictionary_enabled(ColumnPath::from(column), dictionary);
    }
    properties
        .set_column_encoding(ColumnPath::from(ROW_COLUMN), Encoding::DELTA_BINARY_PACKED)
        .build()
}

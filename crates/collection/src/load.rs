//! A file's way into a table: split, parse, check and write, on every core,
//! with a few blocks in memory. Ends with staged files and a spool of bad
//! rows; whoever called decides when they become true.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use base::limits::QUARANTINE_ROWS_MAX;
use base::{Error, ResourceId, Result};
use futures::TryStreamExt;
use lake::{Lake, LoadMode, ROW_COLUMN, Scan, StagedFile, StagedWriter, Staging, TableName};
use protect::{AccessPlan, Internal};

use crate::check::{BadRow, Checker, Reason};
use crate::errors::{CANCELLED, DISK_FULL, TOO_MANY_BAD_ROWS};
use crate::keys::{KeyIndex, Taken};
use crate::read::{Block, Input, Parser};
use crate::spec::TableSpec;

/// How far a load is. Read by whoever shows it, written by the load.
#[derive(Default)]
pub struct Progress {
    pub rows: AtomicU64,
    pub bad: AtomicU64,
    pub cancelled: AtomicBool,
    /// Bytes of the source read; set once the source is open.
    consumed: Mutex<Option<Arc<AtomicU64>>>,
}

impl Progress {
    pub fn consumed_bytes(&self) -> u64 {
        lock(&self.consumed).as_ref().map_or(0, |c| c.load(Ordering::Relaxed))
    }
}

/// What is to be loaded, and where to.
pub struct Load {
    pub lake: Lake,
    pub resource: ResourceId,
    pub table: TableName,
    pub spec: Arc<TableSpec>,
    pub mode: LoadMode,
    /// Id of the batch: the commit's tag.
    pub batch: String,
    /// For what does not fit in memory.
    pub spool_dir: PathBuf,
    pub workers: usize,
    /// Of the key hashes.
    pub seed: u64,
    pub progress: Arc<Progress>,
}

/// A load that is checked and staged, and not yet true.
pub struct Staged {
    pub staging: Staging,
    pub files: Vec<StagedFile>,
    pub rows_read: u64,
    pub rows_good: u64,
    pub rows_bad: u64,
    pub normalised: u64,
    pub bad: BadRows,
}

/// Rows set apart, kept in a nameless file: they may be many and long.
pub struct BadRows {
    file: BufWriter<File>,
    pub by_code: BTreeMap<String, u64>,
    count: u64,
}

impl BadRows {
    fn new(dir: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(dir).map_err(disk)?;
        Ok(Self {
            file: BufWriter::new(file),
            by_code: BTreeMap::new(),
            count: 0,
        })
    }

    fn add(&mut self, rows: &[BadRow]) -> Result<()> {
        for row in rows {
            for reason in &row.reasons {
                *self.by_code.entry(reason.code.clone()).or_default() += 1;
            }
            serde_json::to_writer(&mut self.file, row).map_err(|e| disk(e.into()))?;
            self.file.write_all(b"\n").map_err(disk)?;
        }
        self.count += rows.len() as u64;
        if self.count > QUARANTINE_ROWS_MAX {
            let most = self
                .by_code
                .iter()
                .max_by_key(|(_, n)| **n)
                .map_or("", |(code, _)| code.as_str());
            return Err(Error::new(&TOO_MANY_BAD_ROWS)
                .with("limit", QUARANTINE_ROWS_MAX)
                .with("most", most));
        }
        Ok(())
    }

    /// Reads them back, in chunks of at most `chunk` rows.
    pub fn chunks(&mut self, chunk: usize) -> Result<impl Iterator<Item = Result<Vec<BadRow>>>> {
        self.file.flush().map_err(disk)?;
        let mut file = self.file.get_ref().try_clone().map_err(disk)?;
        file.seek(SeekFrom::Start(0)).map_err(disk)?;
        let mut lines = BufReader::new(file).lines();
        Ok(std::iter::from_fn(move || {
            let rows: Result<Vec<BadRow>> = lines
                .by_ref()
                .take(chunk)
                .map(|line| serde_json::from_str(&line.map_err(disk)?).map_err(Error::internal))
                .collect();
            match rows {
                Ok(rows) if rows.is_empty() => None,
                other => Some(other),
            }
        }))
    }
}

/// A full disk is told as such; anything else of the file system is ours.
pub(crate) fn disk(e: std::io::Error) -> Error {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match e.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => Error::new(&DISK_FULL).because(e),
        _ => Error::internal(e),
    }
}

pub(crate) fn of_lake(e: lake::LakeError) -> Error {
    if e.is_disk_full() {
        Error::new(&DISK_FULL).because(e)
    } else {
        e.into()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

/// What the workers share.
struct Shared {
    checker: Checker,
    parser: Arc<Parser>,
    schema: SchemaRef,
    key_columns: Vec<usize>,
    keys: Mutex<KeyIndex>,
    bad: Mutex<BadRows>,
    rows_read: AtomicU64,
    rows_good: AtomicU64,
    normalised: AtomicU64,
    failed: Mutex<Option<Error>>,
    stop: AtomicBool,
}

impl Shared {
    fn fail(&self, error: Error) {
        lock(&self.failed).get_or_insert(error);
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// Runs to staged files. On an error nothing of the batch is left in the
    /// table's folder.
    pub async fn stage(self, input: Input) -> Result<Staged> {
        let schema = self
            .lake
            .prepare(&self.table, &self.spec.schema())
            .await
            .map_err(of_lake)?;
        let staging = self
            .lake
            .stage(&self.table, schema.clone(), &self.batch)
            .await
            .map_err(of_lake)?;
        match self.run(input, &staging, schema).await {
            Ok(done) => Ok(Staged {
                staging,
                files: done.files,
                rows_read: done.rows_read,
                rows_good: done.rows_good,
                rows_bad: done.bad.count,
                normalised: done.normalised,
                bad: done.bad,
            }),
            Err(e) => {
                if let Err(left) = staging.discard().await {
                    tracing::warn!(batch = self.batch, error = %left, "staged files were left; the next attempt removes them");
                }
                Err(e)
            }
        }
    }

    async fn run(&self, input: Input, staging: &Staging, schema: SchemaRef) -> Result<Counted> {
        *lock(&self.progress.consumed) = Some(input.consumed.clone());
        let shared = Arc::new(Shared {
            checker: Checker::new(self.spec.clone())?,
            parser: input.parser.clone(),
            schema,
            key_columns: self.spec.keys(),
            keys: Mutex::new(KeyIndex::new(&self.spool_dir)),
            bad: Mutex::new(BadRows::new(&self.spool_dir)?),
            rows_read: AtomicU64::new(0),
            rows_good: AtomicU64::new(0),
            normalised: AtomicU64::new(0),
            failed: Mutex::new(None),
            stop: AtomicBool::new(false),
        });
        let files = self.work(input, staging, &shared).await?;
        if let Some(error) = lock(&shared.failed).take() {
            return Err(error);
        }
        let shared = Arc::into_inner(shared).ok_or_else(|| Error::internal("a worker still runs"))?;
        self.settle(shared, staging, files).await
    }

    async fn work(&self, input: Input, staging: &Staging, shared: &Arc<Shared>) -> Result<Vec<StagedFile>> {
        let (tx, rx) = sync_channel::<Block>(self.workers);
        let rx = Arc::new(Mutex::new(rx));
        let mut workers = vec![];
        for _ in 0..self.workers.max(1) {
            let worker = Worker {
                blocks: rx.clone(),
                shared: shared.clone(),
                progress: self.progress.clone(),
                batch: self.batch.clone(),
                seed: self.seed,
            };
            let writer = staging.writer().map_err(of_lake)?;
            let runtime = tokio::runtime::Handle::current();
            workers.push(tokio::task::spawn_blocking(move || worker.run(writer, &runtime)));
        }
        drop(rx);
        let (splitting, progress) = (shared.clone(), self.progress.clone());
        let splitter = tokio::task::spawn_blocking(move || {
            for block in input.blocks {
                if progress.cancelled.load(Ordering::Relaxed) {
                    splitting.fail(Error::new(&CANCELLED));
                }
                match block {
                    _ if splitting.stop.load(Ordering::Relaxed) => break,
                    Ok(block) => {
                        if tx.send(block).is_err() {
                            break;
                        }
                    }
                    Err(e) => return splitting.fail(e),
                }
            }
        });
        splitter.await.map_err(Error::internal)?;
        let mut files = vec![];
        for worker in workers {
            files.extend(worker.await.map_err(Error::internal)?);
        }
        Ok(files)
    }

    /// Takes rows with repeated keys out again, and adds up.
    async fn settle(&self, shared: Shared, staging: &Staging, files: Vec<StagedFile>) -> Result<Counted> {
        let mut keys = shared.keys.into_inner().unwrap_or_else(|e| e.into_inner());
        let mut bad = shared.bad.into_inner().unwrap_or_else(|e| e.into_inner());
        if self.mode == LoadMode::Append && !shared.key_columns.is_empty() {
            self.add_table_keys(&mut keys).await?;
        }
        let taken = keys.taken(QUARANTINE_ROWS_MAX as usize + 1).map_err(disk)?;
        let mut files = files;
        if !taken.is_empty() {
            let rows: BTreeSet<i64> = taken.keys().copied().collect();
            for batch in staging.rows(&files, &rows).await.map_err(of_lake)? {
                bad.add(&repeated_rows(&shared.checker, &self.spec, &batch, &taken)?)?;
            }
            files = staging.without(files, &rows).await.map_err(of_lake)?;
        }
        let good = shared.rows_good.into_inner() - taken.len() as u64;
        self.progress.bad.store(bad.count, Ordering::Relaxed);
        Ok(Counted {
            files,
            rows_read: shared.rows_read.into_inner(),
            rows_good: good,
            normalised: shared.normalised.into_inner(),
            bad,
        })
    }

    async fn add_table_keys(&self, keys: &mut KeyIndex) -> Result<()> {
        let plan = AccessPlan::internal(Internal::Collection, self.resource.clone(), self.table.as_str());
        let names = self.spec.key_names();
        let plan = plan.narrowed(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut stream = self.lake.scan(&plan, &Scan::default()).await.map_err(of_lake)?;
        while let Some(batch) = stream.try_next().await.map_err(|e| of_lake(e.into()))? {
            let hashes = lake::key_hashes(batch.columns(), batch.num_rows(), self.seed).map_err(of_lake)?;
            keys.add_table(&hashes).map_err(disk)?;
        }
        Ok(())
    }
}

/// [`Staged`] before its staging joins it.
struct Counted {
    files: Vec<StagedFile>,
    rows_read: u64,
    rows_good: u64,
    normalised: u64,
    bad: BadRows,
}

fn repeated_rows(
    checker: &Checker,
    spec: &TableSpec,
    batch: &RecordBatch,
    taken: &BTreeMap<i64, Taken>,
) -> Result<Vec<BadRow>> {
    let numbers = batch
        .column_by_name(ROW_COLUMN)
        .and_then(|c| c.as_any().downcast_ref::<Int64Array>())
        .ok_or_else(|| Error::internal("a staged file has no row numbers"))?;
    let key = spec.key_names().join(",");
    let mut rows = vec![];
    for at in 0..batch.num_rows() {
        let row = numbers.value(at);
        let (code, message) = match taken.get(&row) {
            Some(Taken::ByRow(first)) => ("duplicate_key", format!("主键与本批第 {first} 行重复")),
            Some(Taken::InTable) => ("duplicate_in_table", "主键在数据表中已存在".to_owned()),
            None => continue,
        };
        let reasons = vec![Reason {
            item: key.clone(),
            code: code.into(),
            message,
            value_hint: None,
        }];
        rows.push(BadRow {
            row: row as u64,
            values: checker.untyped(batch, at)?,
            reasons,
        });
    }
    Ok(rows)
}

struct Worker {
    blocks: Arc<Mutex<Receiver<Block>>>,
    shared: Arc<Shared>,
    progress: Arc<Progress>,
    batch: String,
    seed: u64,
}

impl Worker {
    fn run(self, mut writer: StagedWriter, runtime: &tokio::runtime::Handle) -> Vec<StagedFile> {
        loop {
            let next = lock(&self.blocks).recv();
            let Ok(block) = next else { break };
            // After a failure blocks are only taken away, so that the splitter
            // does not wait for room.
            if self.shared.stop.load(Ordering::Relaxed) {
                continue;
            }
            if let Err(e) = self.block(block, &mut writer, runtime) {
                self.shared.fail(e);
            }
        }
        let closed = if self.shared.stop.load(Ordering::Relaxed) {
            runtime.block_on(writer.abort()).map(|()| vec![])
        } else {
            runtime.block_on(writer.close())
        };
        closed.unwrap_or_else(|e| {
            self.shared.fail(of_lake(e));
            vec![]
        })
    }

    fn block(&self, block: Block, writer: &mut StagedWriter, runtime: &tokio::runtime::Handle) -> Result<()> {
        let shared = &self.shared;
        let text = shared.parser.parse(block)?;
        let read = (text.rows.len() + text.broken.len()) as u64;
        let checked = shared.checker.check(&text)?;
        if !checked.bad.is_empty() {
            self.progress.bad.fetch_add(checked.bad.len() as u64, Ordering::Relaxed);
            lock(&shared.bad).add(&checked.bad)?;
        }
        if !shared.key_columns.is_empty() && checked.good.num_rows() > 0 {
            let columns: Vec<ArrayRef> = shared
                .key_columns
                .iter()
                .map(|i| checked.good.column(*i).clone())
                .collect();
            let hashes = lake::key_hashes(&columns, checked.rows.len(), self.seed).map_err(of_lake)?;
            lock(&shared.keys).add(&hashes, &checked.rows).map_err(disk)?;
        }
        let good = checked.rows.len();
        let mut columns = checked.good.columns().to_vec();
        columns.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            &self.batch,
            good,
        ))));
        columns.push(Arc::new(Int64Array::from(checked.rows)));
        let rows = RecordBatch::try_new(shared.schema.clone(), columns).map_err(Error::internal)?;
        runtime.block_on(writer.write(&rows)).map_err(of_lake)?;
        shared.rows_read.fetch_add(read, Ordering::Relaxed);
        shared.rows_good.fetch_add(good as u64, Ordering::Relaxed);
        shared.normalised.fetch_add(checked.normalised, Ordering::Relaxed);
        self.progress.rows.fetch_add(read, Ordering::Relaxed);
        Ok(())
    }
}

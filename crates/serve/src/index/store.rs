//! The indexes of a node on disk: built beside the one in use, verified,
//! swapped in whole, and removed when nobody reads them any more.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use base::{Error, Moment, Result};
use futures::{Stream, StreamExt};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::encode::{Encoder, KeyItem};
use super::file::{IndexFile, Writer, hash_of};
use super::sort::{SORT_MEMORY_BYTES_MAX, Sorter};
use super::{Lookup, Rows};

/// What an index is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The table: the id of its resource.
    pub table: String,
    /// Version of the Delta table.
    pub version: u64,
    pub key_items: Vec<KeyItem>,
    /// When the table got this version: `as_of` in answers.
    #[serde(with = "moment_ms")]
    pub as_of: Moment,
}

impl Spec {
    /// Name of the files: different for another table, version or key.
    fn name(&self) -> String {
        let keys = self
            .key_items
            .iter()
            .map(|k| format!("{}/{}", k.name, k.capitals))
            .collect::<Vec<_>>()
            .join(",");
        format!(
            "{:016x}-{:016x}-{}",
            hash_of(self.table.as_bytes()),
            hash_of(keys.as_bytes()),
            self.version
        )
    }
}

/// Stands beside the index file; the index exists once this does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub spec: Spec,
    /// Names of the row's items, in the order of the encoded row.
    pub items: Vec<String>,
    pub keys: u64,
    pub rows: u64,
    /// Rows of the table that had no key.
    pub rows_without_key: u64,
    pub bytes: u64,
    /// Hex, of the index file.
    pub sha256: String,
}

/// An index in use. The files go when the store has dropped it and the last
/// call that reads it is over.
pub struct Index {
    pub manifest: Manifest,
    file: IndexFile,
    path: PathBuf,
    retired: std::sync::atomic::AtomicBool,
}

impl Index {
    fn open(path: &Path) -> Result<Self> {
        let manifest: Manifest =
            serde_json::from_slice(&fs::read(path.with_extension("json")).map_err(Error::internal)?)
                .map_err(Error::internal)?;
        let file = IndexFile::open(&path.with_extension("rows")).map_err(Error::internal)?;
        if (file.keys(), file.rows()) != (manifest.keys, manifest.rows) {
            return Err(Error::internal(format!(
                "index {}: row count differs from its manifest",
                path.display()
            )));
        }
        Ok(Self {
            manifest,
            file,
            path: path.to_owned(),
            retired: false.into(),
        })
    }

    /// Reads the whole file and holds it against the checksum in the manifest.
    pub fn verify(&self) -> Result<()> {
        if hex::encode(self.file.sha256()) != self.manifest.sha256 {
            return Err(Error::internal(format!(
                "index {}: checksum differs from its manifest",
                self.path.display()
            )));
        }
        Ok(())
    }

    /// Position of an item in the encoded rows.
    pub fn item(&self, name: &str) -> Option<usize> {
        self.manifest.items.iter().position(|item| item == name)
    }
}

impl Lookup for Index {
    fn get(&self, key: &[u8]) -> std::io::Result<Rows<'_>> {
        self.file.get(key)
    }
    fn keys(&self) -> u64 {
        self.file.keys()
    }
    fn rows(&self) -> u64 {
        self.file.rows()
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        if self.retired.load(std::sync::atomic::Ordering::Acquire) {
            // the manifest first: without it the rows are a left-over that the next start sweeps
            for extension in ["json", "rows"] {
                let path = self.path.with_extension(extension);
                if let Err(error) = fs::remove_file(&path) {
                    tracing::warn!(path = %path.display(), %error, "an unused index could not be removed");
                }
            }
        }
    }
}

/// All indexes under one directory.
pub struct IndexStore {
    directory: PathBuf,
    open: Mutex<HashMap<String, Arc<Index>>>,
    sort_memory_max: usize,
}

impl IndexStore {
    /// Opens the directory and sweeps what an interrupted build has left.
    pub fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).map_err(Error::internal)?;
        for entry in fs::read_dir(directory).map_err(Error::internal)? {
            let path = entry.map_err(Error::internal)?.path();
            let unfinished = path.extension().is_some_and(|e| e == "rows") && !path.with_extension("json").exists();
            if path.is_dir() {
                fs::remove_dir_all(&path).map_err(Error::internal)?;
            } else if unfinished {
                fs::remove_file(&path).map_err(Error::internal)?;
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            open: Mutex::new(HashMap::new()),
            sort_memory_max: SORT_MEMORY_BYTES_MAX,
        })
    }

    /// The index of a specification, if it was built before.
    pub fn get(&self, spec: &Spec) -> Result<Option<Arc<Index>>> {
        let name = spec.name();
        let mut open = self.open.lock();
        if let Some(index) = open.get(&name) {
            return Ok(Some(Arc::clone(index)));
        }
        let path = self.directory.join(&name);
        if !path.with_extension("json").exists() {
            return Ok(None);
        }
        let index = Arc::new(Index::open(&path)?);
        open.insert(name, Arc::clone(&index));
        Ok(Some(index))
    }

    /// Builds the index from all rows of the table, verifies it and opens it.
    /// Nothing changes for those who read an earlier one.
    pub async fn build<S>(&self, spec: Spec, batches: S) -> Result<Arc<Index>>
    where
        S: Stream<Item = Result<RecordBatch>> + Send,
    {
        if let Some(index) = self.get(&spec)? {
            return Ok(index);
        }
        let scratch = tempfile::tempdir_in(&self.directory).map_err(Error::internal)?;
        let mut sorter = Sorter::new(scratch.path(), self.sort_memory_max);
        let mut encoder = Encoder::new(spec.key_items.clone());
        let (mut items, mut read) = (Vec::new(), 0);
        let mut batches = std::pin::pin!(batches);
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            if items.is_empty() {
                items = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
            }
            read += batch.num_rows() as u64;
            encoder.encode(&batch, |key, row| sorter.push(key, row))?;
            tokio::task::yield_now().await;
        }
        let path = self.directory.join(spec.name());
        let rows_path = path.with_extension("rows");
        let written = tokio::task::spawn_blocking({
            let rows_path = rows_path.clone();
            move || {
                let _scratch = &scratch;
                let mut writer = Writer::create(&rows_path)?;
                sorter.write_to(&mut writer)?;
                writer.finish()
            }
        })
        .await
        .map_err(Error::internal)?
        .map_err(Error::internal)?;
        if written.rows + encoder.rows_without_key != read {
            return Err(Error::internal(format!(
                "index: {read} rows read, {} written",
                written.rows
            )));
        }
        let manifest = Manifest {
            spec,
            items,
            keys: written.keys,
            rows: written.rows,
            rows_without_key: encoder.rows_without_key,
            bytes: written.bytes,
            sha256: hex::encode(written.sha256),
        };
        let json = serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?;
        let path_of_json = path.with_extension("json");
        let staged = path.with_extension("json-new");
        fs::write(&staged, json).map_err(Error::internal)?;
        let index = {
            fs::rename(&staged, &path_of_json).map_err(Error::internal)?;
            let path = path.clone();
            tokio::task::spawn_blocking(move || Index::open(&path).and_then(|index| index.verify().map(|()| index)))
                .await
                .map_err(Error::internal)?
        };
        // an index that does not verify must not be found again
        let index = index.inspect_err(|_| drop(fs::remove_file(&path_of_json)))?;
        let index = Arc::new(index);
        self.open.lock().insert(manifest.spec.name(), Arc::clone(&index));
        Ok(index)
    }

    /// Keeps only these; the files of the others go with their last reader.
    pub fn retain(&self, in_use: &[Spec]) -> Result<()> {
        let names: Vec<String> = in_use.iter().map(Spec::name).collect();
        for entry in fs::read_dir(&self.directory).map_err(Error::internal)? {
            let path = entry.map_err(Error::internal)?.path();
            let name = path
                .file_stem()
                .map(|s| s.to_string_lossy().into_owned())
                .unwrap_or_default();
            if path.extension().is_some_and(|e| e == "json") && !names.contains(&name) {
                let index = self.open.lock().remove(&name);
                let index = match index {
                    Some(index) => index,
                    None => Arc::new(Index::open(&path.with_extension(""))?),
                };
                index.retired.store(true, std::sync::atomic::Ordering::Release);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    fn with_sort_memory(mut self, bytes: usize) -> Self {
        self.sort_memory_max = bytes;
        self
    }
}

mod moment_ms {
    use base::Moment;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(moment: &Moment, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_i64(moment.0)
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Moment, D::Error> {
        i64::deserialize(d).map(Moment)
    }
}

#[cfg(test)]
mod tests;

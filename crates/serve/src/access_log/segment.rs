//! A sealed segment: the records as Parquet, a filter over their hashes, and a
//! manifest whose root binds both and the segment before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, Int64Array, ListBuilder, RecordBatch, StringArray, UInt32Array,
};
use arrow::datatypes::{Int64Type, UInt32Type};
use base::{Error, Moment, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde::{Deserialize, Serialize};

use super::bloom::Bloom;
use super::log::{Chain, ReadLog};
use super::{Record, RecordHash};

/// Records of a row group: what a page of the log reads at least.
const GROUP_RECORDS: usize = 8_192;
const TEXT_COLUMNS: [&str; 11] = [
    "request_id",
    "address",
    "application",
    "institution",
    "grant",
    "service",
    "resource",
    "provider",
    "scenario",
    "outcome",
    "items",
];

/// What the ledger holds of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRoot {
    pub number: u64,
    pub root: [u8; 32],
    pub records: u64,
    pub first_at: Moment,
    pub last_at: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub body: Body,
    /// Hex of SHA-256 over the body's JSON.
    pub root: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    pub number: u64,
    /// Hex; zeros for the first segment.
    pub previous_root: String,
    pub parquet_sha256: String,
    pub bloom_sha256: String,
    /// Chain of the open log at its end, where the next log goes on.
    #[serde(with = "hex_32")]
    pub chain: Chain,
    pub records: u64,
    /// Milliseconds since the epoch.
    pub first_at_ms: i64,
    pub last_at_ms: i64,
    /// Calls by service and outcome.
    pub calls: BTreeMap<String, BTreeMap<String, u64>>,
    /// Institutions that may see any of the records: providers and consumers.
    pub institutions: BTreeSet<String>,
    pub applications: BTreeSet<String>,
    pub resources: BTreeSet<String>,
}

impl Body {
    pub(super) fn root(&self) -> Result<[u8; 32]> {
        let mut hasher = crypto::Hasher::sha256();
        hasher.update(b"shuqiao/access-log/segment/1\n");
        hasher.update(&serde_json::to_vec(self).map_err(Error::internal)?);
        Ok(hasher.finish())
    }
}

impl Manifest {
    pub fn segment_root(&self) -> SegmentRoot {
        let mut root = [0; 32];
        // a manifest that does not read as hex fails its verification
        let _ = hex::decode_to_slice(&self.root, &mut root);
        SegmentRoot {
            number: self.body.number,
            root,
            records: self.body.records,
            first_at: Moment(self.body.first_at_ms),
            last_at: Moment(self.body.last_at_ms),
        }
    }
}

pub(super) fn parquet_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.parquet"))
}
pub(super) fn bloom_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.bloom"))
}
pub(super) fn manifest_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.json"))
}

/// The manifests that are there, oldest first.
pub(super) fn load_all(directory: &Path) -> Result<Vec<Arc<Manifest>>> {
    let mut manifests = Vec::new();
    for entry in fs::read_dir(directory).map_err(Error::internal)? {
        let path = entry.map_err(Error::internal)?.path();
        if path.extension().is_some_and(|e| e == "json") {
            let manifest: Manifest = serde_json::from_slice(&fs::read(&path).map_err(Error::internal)?)
                .map_err(|e| Error::internal(format!("{}: {e}", path.display())))?;
            manifests.push(Arc::new(manifest));
        }
    }
    manifests.sort_by_key(|m| m.body.number);
    Ok(manifests)
}

/// Writes the three files; the manifest last, so that a segment is sealed
/// whole or not at all.
pub(super) fn seal(directory: &Path, number: u64, previous: Option<&Manifest>, log: &ReadLog) -> Result<Manifest> {
    let parquet = to_parquet(&log.records)?;
    let hashes: BTreeSet<&RecordHash> = log
        .records
        .iter()
        .flat_map(|r| r.record_hashes.iter().chain([&r.key_hash]))
        .filter(|h| **h != [0; 16])
        .collect();
    let bloom = Bloom::of(hashes.into_iter().collect::<Vec<_>>().into_iter());
    write_whole(&parquet_path(directory, number), &parquet)?;
    write_whole(&bloom_path(directory, number), bloom.as_bytes())?;
    let mut body = Body {
        number,
        previous_root: previous.map_or_else(|| hex::encode([0; 32]), |m| m.root.clone()),
        parquet_sha256: hex::encode(crypto::sha256(&parquet)),
        bloom_sha256: hex::encode(crypto::sha256(bloom.as_bytes())),
        chain: log.chain,
        records: log.records.len() as u64,
        first_at_ms: log.records.iter().map(|r| r.at.0).min().unwrap_or(0),
        last_at_ms: log.records.iter().map(|r| r.at.0).max().unwrap_or(0),
        calls: BTreeMap::new(),
        institutions: BTreeSet::new(),
        applications: BTreeSet::new(),
        resources: BTreeSet::new(),
    };
    for record in &log.records {
        *body
            .calls
            .entry(record.service.to_string())
            .or_default()
            .entry(record.outcome.to_string())
            .or_default() += 1;
        note(&mut body.institutions, &record.institution);
        note(&mut body.institutions, &record.provider);
        note(&mut body.applications, &record.application);
        note(&mut body.resources, &record.resource);
    }
    let manifest = Manifest {
        root: hex::encode(body.root()?),
        body,
    };
    let json = serde_json::to_vec_pretty(&manifest).map_err(Error::internal)?;
    write_whole(&manifest_path(directory, number), &json)?;
    Ok(manifest)
}

fn note(set: &mut BTreeSet<String>, text: &str) {
    if !set.contains(text) {
        set.insert(text.to_owned());
    }
}

/// Under another name first: a file with its own name is complete and on disk.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let staged = path.with_extension("new");
    let write = || {
        let mut file = File::create(&staged)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&staged, path)
    };
    write().map_err(Error::internal)
}

fn to_parquet(records: &[Record]) -> Result<Vec<u8>> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(GROUP_RECORDS))
        .build();
    let mut out = Vec::new();
    let schema = to_batch(&[]).map_err(Error::internal)?.schema();
    let mut writer = ArrowWriter::try_new(&mut out, schema, Some(properties)).map_err(Error::internal)?;
    for chunk in records.chunks(GROUP_RECORDS) {
        writer
            .write(&to_batch(chunk).map_err(Error::internal)?)
            .map_err(Error::internal)?;
    }
    writer.close().map_err(Error::internal)?;
    Ok(out)
}

fn to_batch(records: &[Record]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        (
            "at_ms",
            Arc::new(Int64Array::from_iter_values(records.iter().map(|r| r.at.0))),
        ),
        (
            "rows",
            Arc::new(UInt32Array::from_iter_values(records.iter().map(|r| r.rows))),
        ),
        (
            "latency_us",
            Arc::new(UInt32Array::from_iter_values(records.iter().map(|r| r.latency_us))),
        ),
    ];
    let mut keys = FixedSizeBinaryBuilder::with_capacity(records.len(), 16);
    let mut hashes = ListBuilder::new(FixedSizeBinaryBuilder::new(16));
    for record in records {
        keys.append_value(record.key_hash)?;
        for hash in &record.record_hashes {
            hashes.values().append_value(hash)?;
        }
        hashes.append(true);
    }
    columns.push(("key_hash", Arc::new(keys.finish())));
    columns.push(("record_hashes", Arc::new(hashes.finish())));
    for (i, name) in TEXT_COLUMNS.into_iter().enumerate() {
        columns.push((
            name,
            Arc::new(StringArray::from_iter_values(records.iter().map(|r| &**r.texts()[i]))),
        ));
    }
    RecordBatch::try_from_iter(columns)
}

fn from_batch(batch: &RecordBatch) -> Option<Vec<Record>> {
    let column = |name: &str| batch.column_by_name(name);
    let at = column("at_ms")?.as_primitive_opt::<Int64Type>()?;
    let rows = column("rows")?.as_primitive_opt::<UInt32Type>()?;
    let latency = column("latency_us")?.as_primitive_opt::<UInt32Type>()?;
    let keys = column("key_hash")?.as_fixed_size_binary_opt()?;
    let hashes = column("record_hashes")?.as_list_opt::<i32>()?;
    let texts = TEXT_COLUMNS
        .iter()
        .map(|name| column(name)?.as_string_opt::<i32>())
        .collect::<Option<Vec<_>>>()?;
    (0..batch.num_rows())
        .map(|i| {
            let list = hashes.value(i);
            let list = list.as_fixed_size_binary_opt()?;
            let mut record = Record {
                at: Moment(at.value(i)),
                rows: rows.value(i),
                latency_us: latency.value(i),
                key_hash: keys.value(i).try_into().ok()?,
                record_hashes: (0..list.len())
                    .map(|j| list.value(j).try_into().ok())
                    .collect::<Option<_>>()?,
                ..Record::default()
            };
            for (text, column) in record.texts_mut().into_iter().zip(&texts) {
                *text = column.value(i).into();
            }
            Some(record)
        })
        .collect()
}

/// Reads a sealed segment backwards, a row group at a time: `each` gets the
/// position of the group's first record and its records, and says whether to go on.
pub(super) fn read_backwards(
    directory: &Path,
    number: u64,
    mut each: impl FnMut(u64, Vec<Record>) -> bool,
) -> Result<()> {
    let open = || {
        let file = File::open(parquet_path(directory, number)).map_err(Error::internal)?;
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(Error::internal)
    };
    let metadata = Arc::clone(open()?.metadata());
    let mut end = metadata.row_groups().iter().map(|g| g.num_rows() as u64).sum::<u64>();
    for group in (0..metadata.num_row_groups()).rev() {
        let rows = metadata.row_group(group).num_rows() as u64;
        end -= rows;
        let reader = open()?
            .with_row_groups(vec![group])
            .with_batch_size(rows as usize)
            .build()
            .map_err(Error::internal)?;
        let mut records = Vec::with_capacity(rows as usize);
        for batch in reader {
            let batch = batch.map_err(Error::internal)?;
            records.extend(from_batch(&batch).ok_or_else(|| Error::internal("access log: unknown columns"))?);
        }
        if !each(end, records) {
            break;
        }
    }
    Ok(())
}

mod hex_32 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(bytes))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(String::deserialize(d)?, &mut bytes).map_err(D::Error::custom)?;
        Ok(bytes)
    }
}

use base::Moment;
use deltalake::kernel::CommitInfo;
use futures::TryStreamExt;
use serde_json::Value;

use crate::table::arrow_schema;
use crate::{Lake, LakeError, TableName};

/// What the transaction log tells of a table without reading a row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableStats {
    pub version: u64,
    pub rows: u64,
    pub files: u64,
    pub size_bytes: u64,
    /// When the version was committed.
    pub committed_at: Option<Moment>,
    /// Smallest and greatest value of date and time columns, as the log writes
    /// them (`2026-11-20`, RFC 3339); absent where a file has none. Of other
    /// columns nothing is told: an extreme value is a value, and no plan
    /// stands behind a figure.
    pub spans: std::collections::BTreeMap<String, (Value, Value)>,
}

/// One commit of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub version: u64,
    pub at: Option<Moment>,
    pub operation: Option<String>,
    /// The batch that made it, where one did.
    pub batch: Option<String>,
}

impl Lake {
    pub async fn exists(&self, table: &TableName) -> Result<bool, LakeError> {
        Ok(self.find(table).await?.is_some())
    }

    /// The newest version; `None` where nothing was loaded yet.
    pub async fn version(&self, table: &TableName) -> Result<Option<u64>, LakeError> {
        Ok(self.find(table).await?.and_then(|t| t.version()))
    }

    pub async fn stats(&self, table: &TableName, version: Option<u64>) -> Result<TableStats, LakeError> {
        let delta = self.at(table, version).await?;
        let state = delta.snapshot()?;
        let mut stats = TableStats {
            version: state.version(),
            rows: 0,
            files: 0,
            size_bytes: 0,
            committed_at: state.version_timestamp(state.version()).map(Moment),
            spans: Default::default(),
        };
        for (index, file) in state.log_data().iter().enumerate() {
            stats.files += 1;
            stats.size_bytes += file.size().max(0) as u64;
            stats.rows += file.num_records().unwrap_or(0) as u64;
            let of_file: Value = file
                .stats()
                .and_then(|s| serde_json::from_str(&s).ok())
                .unwrap_or(Value::Null);
            widen(&mut stats.spans, &of_file, index == 0);
        }
        let schema = arrow_schema(&delta)?;
        stats.spans.retain(|column, _| {
            schema
                .field_with_name(column)
                .is_ok_and(|f| f.data_type().is_temporal())
        });
        Ok(stats)
    }

    /// Commits, the newest first.
    pub async fn versions(&self, table: &TableName, limit: usize) -> Result<Vec<Version>, LakeError> {
        let delta = self.at(table, None).await?;
        let newest = delta.version().unwrap_or(0);
        let commits: Vec<CommitInfo> = delta.history(Some(limit)).try_collect().await?;
        Ok(commits
            .into_iter()
            .enumerate()
            .map(|(back, c)| version_of(newest - back as u64, c))
            .collect())
    }
}

fn version_of(version: u64, commit: CommitInfo) -> Version {
    Version {
        version,
        at: commit.timestamp.map(Moment),
        operation: commit.operation,
        batch: commit
            .info
            .get(crate::stage::BATCH_KEY)
            .and_then(Value::as_str)
            .map(str::to_owned),
    }
}

/// A column has a span only as long as every file tells one.
fn widen(spans: &mut std::collections::BTreeMap<String, (Value, Value)>, file: &Value, first: bool) {
    let (low, high) = (&file["minValues"], &file["maxValues"]);
    if first {
        for (column, value) in low.as_object().into_iter().flatten() {
            spans.insert(column.clone(), (value.clone(), high[column].clone()));
        }
        return;
    }
    spans.retain(|column, (least, most)| {
        let (l, h) = (&low[column.as_str()], &high[column.as_str()]);
        if l.is_null() || h.is_null() {
            return false;
        }
        if less(l, least) {
            *least = l.clone();
        }
        if less(most, h) {
            *most = h.clone();
        }
        true
    });
}

fn less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() < b.as_f64(),
        (Value::String(a), Value::String(b)) => a < b,
        _ => false,
    }
}

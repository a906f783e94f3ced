//! Is the log as it was written? Names the segment where it is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base::Result;

use super::segment::{Manifest, bloom_path, manifest_path, parquet_path};
use super::{AccessLog, SegmentRoot};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub segment: u64,
    /// `missing`, `manifest`, `root`, `chain`, `records`, `filter`, `ledger`.
    pub code: &'static str,
}

impl AccessLog {
    /// Checks every sealed segment on disk, and against the roots that the
    /// ledger holds. No finding means that not a byte has changed.
    pub fn verify(&self, ledger: &[SegmentRoot]) -> Result<Vec<Finding>> {
        verify(&self.directory, ledger)
    }
}

/// [`AccessLog::verify`] without a running platform.
pub fn verify(directory: &Path, ledger: &[SegmentRoot]) -> Result<Vec<Finding>> {
    let mut known: BTreeMap<u64, Option<[u8; 32]>> = ledger.iter().map(|r| (r.number, Some(r.root))).collect();
    for entry in fs::read_dir(directory).map_err(base::Error::internal)? {
        let path = entry.map_err(base::Error::internal)?.path();
        let sealed = path.extension().is_some_and(|e| e == "json" || e == "parquet");
        if let Some(number) = path
            .file_stem()
            .and_then(|s| s.to_str())
            .and_then(|s| s.parse().ok())
            .filter(|_| sealed)
        {
            known.entry(number).or_insert(None);
        }
    }
    let mut findings = Vec::new();
    let mut previous_root = hex::encode([0; 32]);
    for (number, in_ledger) in known {
        let mut finding = |code| findings.push(Finding { segment: number, code });
        let Ok(bytes) = fs::read(manifest_path(directory, number)) else {
            finding("missing");
            continue;
        };
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
            finding("manifest");
            continue;
        };
        // the manifest as the platform writes it, to the byte
        if serde_json::to_vec_pretty(&manifest).ok().as_ref() != Some(&bytes) {
            finding("manifest");
        }
        if manifest.body.number != number || hex::encode(manifest.body.root()?) != manifest.root {
            finding("root");
        }
        if manifest.body.previous_root != previous_root {
            finding("chain");
        }
        if file_hash(&parquet_path(directory, number)).as_ref() != Some(&manifest.body.parquet_sha256) {
            finding("records");
        }
        if file_hash(&bloom_path(directory, number)).as_ref() != Some(&manifest.body.bloom_sha256) {
            finding("filter");
        }
        if in_ledger.is_some_and(|root| hex::encode(root) != manifest.root) {
            finding("ledger");
        }
        previous_root = manifest.root;
    }
    Ok(findings)
}

fn file_hash(path: &Path) -> Option<String> {
    fs::read(path).ok().map(|bytes| hex::encode(crypto::sha256(&bytes)))
}

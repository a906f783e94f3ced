//! The file of a keyed index. Written once from keys in order of their hash,
//! synced, and from then on only read, by many threads, without a lock:
//!
//! ```text
//! head       magic "SQIX0001"
//! groups     one per key: key length u32 · rows u32 · key · rows × (length u32 · bytes)
//! entries    one per key, ascending: hash u64 · offset of the group u64
//! directory  2^bits + 1 entry numbers u64: where hashes with these leading bits begin
//! foot       keys u64 · rows u64 · start of entries u64 · start of directory u64 · bits u64 · magic
//! ```
//!
//! Hashes are uniform, so a directory slot spans about four entries: a look-up
//! touches one slot, one run of entries and one group. All numbers are
//! little-endian. Every read is checked against the file's bounds: a damaged
//! file gives an error, never a panic.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use crypto::{Hasher, sha256};

use super::map::Map;
use super::{Lookup, Rows};

const MAGIC: &[u8; 8] = b"SQIX0001";
const FOOT: usize = 6 * 8;
const ENTRIES_PER_SLOT: u64 = 4;
/// Bytes per write to the file.
const BUFFER_BYTES: usize = 1 << 20;

/// Where a key stands: the first 64 bits of its SHA-256, big-endian, so that
/// nobody can choose keys that fall together.
pub fn hash_of(key: &[u8]) -> u64 {
    let digest = sha256(key);
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

/// Takes rows sorted by (hash, key) and writes the file.
pub struct Writer {
    out: BufWriter<File>,
    at: u64,
    entries: Vec<(u64, u64)>,
    rows: u64,
    key: Vec<u8>,
    group: Vec<u8>,
    group_rows: u32,
    digest: Hasher,
}

/// What [`Writer::finish`] has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub keys: u64,
    pub rows: u64,
    pub bytes: u64,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
}

impl Writer {
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut writer = Self {
            out: BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?),
            at: 0,
            entries: Vec::new(),
            rows: 0,
            key: Vec::new(),
            group: Vec::new(),
            group_rows: 0,
            digest: Hasher::sha256(),
        };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    /// Adds a row; keys must come in ascending order of (hash, key).
    pub fn push(&mut self, hash: u64, key: &[u8], row: &[u8]) -> io::Result<()> {
        if self.group_rows == 0 || self.key != key {
            self.close_group()?;
            if self.entries.last().is_some_and(|(last, _)| *last > hash) {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "keys are not in order"));
            }
            self.entries.push((hash, self.at));
            self.key.clear();
            self.key.extend_from_slice(key);
        }
        self.group.extend_from_slice(&length(row.len())?.to_le_bytes());
        self.group.extend_from_slice(row);
        self.group_rows = self.group_rows.checked_add(1).ok_or_else(too_large)?;
        self.rows += 1;
        Ok(())
    }

    fn close_group(&mut self) -> io::Result<()> {
        if self.group_rows == 0 {
            return Ok(());
        }
        let group = std::mem::take(&mut self.group);
        let key = std::mem::take(&mut self.key);
        self.put(&length(key.len())?.to_le_bytes())?;
        self.put(&self.group_rows.to_le_bytes())?;
        self.put(&key)?;
        self.put(&group)?;
        self.group_rows = 0;
        (self.group, self.key) = (group, key);
        self.group.clear();
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.digest.update(bytes);
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    pub fn finish(mut self) -> io::Result<Written> {
        self.close_group()?;
        let entries = std::mem::take(&mut self.entries);
        let entries_at = self.at;
        for (hash, offset) in &entries {
            self.put(&hash.to_le_bytes())?;
            self.put(&offset.to_le_bytes())?;
        }
        let keys = entries.len() as u64;
        let bits = u64::from((keys / ENTRIES_PER_SLOT).max(1).ilog2());
        let directory_at = self.at;
        let mut next = 0;
        for slot in 0..=(1u64 << bits) {
            while next < entries.len() && slot_of(entries[next].0, bits) < slot {
                next += 1;
            }
            self.put(&(next as u64).to_le_bytes())?;
        }
        let rows = self.rows;
        for number in [keys, rows, entries_at, directory_at, bits] {
            self.put(&number.to_le_bytes())?;
        }
        self.put(MAGIC)?;
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(Written {
            keys,
            rows,
            bytes: self.at,
            sha256: self.digest.finish(),
        })
    }
}

fn slot_of(hash: u64, bits: u64) -> u64 {
    if bits == 0 { 0 } else { hash >> (64 - bits) }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "longer than 4 GiB")
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| too_large())
}

/// The file, mapped.
pub struct IndexFile {
    map: Map,
    keys: u64,
    rows: u64,
    entries_at: usize,
    directory_at: usize,
    bits: u64,
}

impl IndexFile {
    /// Maps the file and checks its foot; does not read the rest.
    pub fn open(path: &Path) -> io::Result<Self> {
        let map = Map::open(path)?;
        let bytes: &[u8] = &map;
        let foot_at = bytes.len().checked_sub(FOOT).ok_or_else(damaged)?;
        if !bytes.starts_with(MAGIC) || !bytes.ends_with(MAGIC) {
            return Err(damaged());
        }
        let number = |i: usize| u64_at(bytes, foot_at + i * 8).ok_or_else(damaged);
        let (keys, rows, entries_at, directory_at, bits) = (number(0)?, number(1)?, number(2)?, number(3)?, number(4)?);
        let entries_end = keys.checked_mul(16).and_then(|n| n.checked_add(entries_at));
        let directory_end = 1u64
            .checked_shl(bits as u32)
            .and_then(|n| (n + 1).checked_mul(8))
            .and_then(|n| n.checked_add(directory_at));
        if bits > 48 || entries_end != Some(directory_at) || directory_end != Some(foot_at as u64) {
            return Err(damaged());
        }
        Ok(Self {
            keys,
            rows,
            entries_at: entries_at as usize,
            directory_at: directory_at as usize,
            bits,
            map,
        })
    }

    /// SHA-256 of the whole file, to hold against the one that was written down.
    pub fn sha256(&self) -> [u8; 32] {
        sha256(&self.map)
    }

    fn group(&self, key: &[u8]) -> io::Result<Option<Rows<'_>>> {
        let bytes: &[u8] = &self.map;
        let hash = hash_of(key);
        let slot = self.directory_at + slot_of(hash, self.bits) as usize * 8;
        let entries: Range<u64> =
            u64_at(bytes, slot).ok_or_else(damaged)?..u64_at(bytes, slot + 8).ok_or_else(damaged)?;
        for entry in entries {
            let at = self.entries_at + entry as usize * 16;
            match u64_at(bytes, at).ok_or_else(damaged)? {
                smaller if smaller < hash => continue,
                larger if larger > hash => break,
                _ => {}
            }
            let group = u64_at(bytes, at + 8).ok_or_else(damaged)? as usize;
            let key_len = u32_at(bytes, group).ok_or_else(damaged)? as usize;
            let rows = u32_at(bytes, group + 4).ok_or_else(damaged)?;
            let rows_at = group + 8 + key_len;
            if bytes.get(group + 8..rows_at).ok_or_else(damaged)? == key {
                return Ok(Some(Rows::new(
                    bytes.get(rows_at..self.entries_at).ok_or_else(damaged)?,
                    rows,
                )));
            }
        }
        Ok(None)
    }
}

impl Lookup for IndexFile {
    fn get(&self, key: &[u8]) -> io::Result<Rows<'_>> {
        Ok(self.group(key)?.unwrap_or_default())
    }
    fn keys(&self) -> u64 {
        self.keys
    }
    fn rows(&self) -> u64 {
        self.rows
    }
}

pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the index file is damaged")
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes
        .get(at..at.checked_add(8)?)?
        .try_into()
        .ok()
        .map(u64::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at.checked_add(4)?)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

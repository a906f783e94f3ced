//! Keyed look-ups: one immutable index per (table, version of the table, key
//! items). A value is the row as it will leave the platform, item by item, so
//! that an answer is put together by copying and nothing is parsed or planned
//! per call (`docs/decisions/0007-keyed-index.md` says why it is a file of our
//! own and not LMDB or fjall).

mod encode;
mod file;
mod map;
mod row;
mod sort;
mod store;

pub use encode::{Encoder, KeyItem, key_of};
pub use file::{IndexFile, Writer, Written, hash_of};
pub(crate) use row::write_json_text;
pub use row::{Row, RowBuilder, Rows};
pub use sort::{SORT_MEMORY_BYTES_MAX, Sorter};
pub use store::{Index, IndexStore, Manifest, Spec};

use std::collections::HashMap;
use std::io;

/// Whatever answers "which rows have this key".
pub trait Lookup: Send + Sync {
    /// The rows of a key, in the order in which the table holds them; none if
    /// the key is unknown. An error means that the index is damaged.
    fn get(&self, key: &[u8]) -> io::Result<Rows<'_>>;
    /// Different keys.
    fn keys(&self) -> u64;
    fn rows(&self) -> u64;
}

/// A small table held in memory: what the file is compared with, and enough
/// for a try-out.
#[derive(Default)]
pub struct InMemory {
    groups: HashMap<Vec<u8>, (u32, Vec<u8>)>,
    rows: u64,
}

impl InMemory {
    pub fn push(&mut self, key: &[u8], row: &[u8]) {
        let (count, bytes) = self.groups.entry(key.to_vec()).or_default();
        *count += 1;
        bytes.extend_from_slice(&(row.len() as u32).to_le_bytes());
        bytes.extend_from_slice(row);
        self.rows += 1;
    }
}

impl Lookup for InMemory {
    fn get(&self, key: &[u8]) -> io::Result<Rows<'_>> {
        Ok(self
            .groups
            .get(key)
            .map(|(count, bytes)| Rows::new(bytes, *count))
            .unwrap_or_default())
    }
    fn keys(&self) -> u64 {
        self.groups.len() as u64
    }
    fn rows(&self) -> u64 {
        self.rows
    }
}

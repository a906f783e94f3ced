//! Which combinations of values were seen, over a whole table and from several
//! threads at once.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::Mutex;

const SHARDS: usize = 64;

/// 64-bit hashes of values, under a key of this run's own: eight bytes a row
/// and load factor. Of 150 million rows, two different values share a hash with
/// a chance of one in two thousand; the rows are shown, so a person sees it.
pub struct Seen {
    keys: RandomState,
    shards: Vec<Mutex<HashSet<u64, BuildHasherDefault<Same>>>>,
}

/// Hashes are not hashed again.
#[derive(Default)]
pub struct Same(u64);
impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            keys: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl Seen {
    /// Whether these values were there before; they are now.
    pub fn again<'a>(&self, values: impl Iterator<Item = &'a str>) -> bool {
        let mut hasher = self.keys.build_hasher();
        for value in values {
            hasher.write(value.as_bytes());
            hasher.write_u8(0xFF);
        }
        let hash = hasher.finish();
        // Bits that the set itself looks at neither for its bucket nor for its tag.
        let shard = &self.shards[(hash >> 48) as usize % SHARDS];
        !shard.lock().unwrap_or_else(|e| e.into_inner()).insert(hash)
    }
}

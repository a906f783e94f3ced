//! Finding equal keys among any number of rows in bounded memory: hashes go
//! to partitions by their first bits, partitions go to disk when they grow,
//! and each is sorted by itself at the end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const PARTITIONS: usize = 64;
/// Entries held in memory, all partitions together: 64 MiB.
const MEMORY_ENTRIES: usize = 2 << 20;
/// Row number of a key that stands in the table already.
const IN_TABLE: u64 = 0;

#[derive(Default)]
struct Partition {
    memory: Vec<(u128, u64)>,
    spilled: Option<BufWriter<File>>,
}

/// Keys of one batch, and of its table where they must differ from those.
pub struct KeyIndex {
    partitions: Vec<Partition>,
    held: usize,
    memory_entries: usize,
    dir: PathBuf,
}

/// Why a row's key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// By an earlier row of the batch.
    ByRow(u64),
    /// By a row of the table.
    InTable,
}

impl KeyIndex {
    /// `dir` is where partitions spill; the files have no name there.
    pub fn new(dir: &Path) -> Self {
        Self {
            partitions: (0..PARTITIONS).map(|_| Partition::default()).collect(),
            held: 0,
            memory_entries: MEMORY_ENTRIES,
            dir: dir.to_owned(),
        }
    }

    /// Rows of the batch, numbered from 1.
    pub fn add(&mut self, hashes: &[u128], rows: &[i64]) -> io::Result<()> {
        self.put(hashes.iter().zip(rows).map(|(h, r)| (*h, *r as u64)))
    }

    pub fn add_table(&mut self, hashes: &[u128]) -> io::Result<()> {
        self.put(hashes.iter().map(|h| (*h, IN_TABLE)))
    }

    fn put(&mut self, entries: impl Iterator<Item = (u128, u64)>) -> io::Result<()> {
        for entry in entries {
            self.partitions[(entry.0 >> 122) as usize].memory.push(entry);
            self.held += 1;
        }
        if self.held >= self.memory_entries {
            self.spill()
        } else {
            Ok(())
        }
    }

    fn spill(&mut self) -> io::Result<()> {
        for partition in &mut self.partitions {
            let file = match &mut partition.spilled {
                Some(file) => file,
                none => none.insert(BufWriter::new(tempfile::tempfile_in(&self.dir)?)),
            };
            for (hash, row) in partition.memory.drain(..) {
                file.write_all(&hash.to_le_bytes())?;
                file.write_all(&row.to_le_bytes())?;
            }
        }
        self.held = 0;
        Ok(())
    }

    /// Rows whose key is taken, and by what; at most `most` of them (the
    /// caller refuses a batch with more).
    pub fn taken(self, most: usize) -> io::Result<BTreeMap<i64, Taken>> {
        let mut taken = BTreeMap::new();
        for partition in self.partitions {
            for (row, by) in repeated(partition.load()?) {
                if taken.len() >= most {
                    return Ok(taken);
                }
                taken.insert(row as i64, by);
            }
        }
        Ok(taken)
    }
}

impl Partition {
    fn load(self) -> io::Result<Vec<(u128, u64)>> {
        let mut entries = self.memory;
        let Some(file) = self.spilled else { return Ok(entries) };
        let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        let mut file = BufReader::new(file);
        let mut entry = [0u8; 24];
        loop {
            match file.read_exact(&mut entry) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(entries),
                Err(e) => return Err(e),
            }
            let (hash, row) = entry.split_at(16);
            let hash = u128::from_le_bytes(hash.try_into().map_err(io::Error::other)?);
            entries.push((hash, u64::from_le_bytes(row.try_into().map_err(io::Error::other)?)));
        }
    }
}

/// Of rows with one key the first stays, unless the table has it.
fn repeated(mut entries: Vec<(u128, u64)>) -> impl Iterator<Item = (u64, Taken)> {
    entries.sort_unstable();
    let mut first: Option<(u128, u64)> = None;
    entries.into_iter().filter_map(move |(hash, row)| match first {
        Some((same, holder)) if same == hash => {
            let by = if holder == IN_TABLE {
                Taken::InTable
            } else {
                Taken::ByRow(holder)
            };
            (row != IN_TABLE).then_some((row, by))
        }
        _ => {
            first = Some((hash, row));
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(memory_entries: usize) -> KeyIndex {
        KeyIndex {
            memory_entries,
            ..KeyIndex::new(&std::env::temp_dir())
        }
    }

    #[test]
    fn the_first_of_equal_keys_stays_in_memory_and_on_disk() {
        for memory_entries in [1_000_000, 7] {
            let mut keys = index(memory_entries);
            let spread = |k: u128| k << 122 | k;
            for (row, key) in [(2, 5u128), (3, 9), (4, 5), (5, 7), (6, 5), (7, 9)] {
                keys.add(&[spread(key)], &[row]).expect("adds");
            }
            keys.add_table(&[spread(7), spread(40)]).expect("adds");
            let taken = keys.taken(100).expect("reads");
            let expected = [
                (4, Taken::ByRow(2)),
                (5, Taken::InTable),
                (6, Taken::ByRow(2)),
                (7, Taken::ByRow(3)),
            ];
            assert_eq!(
                taken.into_iter().collect::<Vec<_>>(),
                expected,
                "memory for {memory_entries}"
            );
        }
    }
}

//! External sort of (key, row) pairs by the key's hash: memory stays below a
//! bound however large the table, and equal keys keep the order they came in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::file::{Writer, hash_of};

/// Bytes of rows held in memory before a run goes to disk.
pub const SORT_MEMORY_BYTES_MAX: usize = 256 * 1024 * 1024;

struct Slot {
    hash: u64,
    at: usize,
    key_len: u32,
    row_len: u32,
}

/// Collects rows in any order; [`Sorter::write_to`] hands them on in order.
pub struct Sorter {
    directory: PathBuf,
    memory_max: usize,
    arena: Vec<u8>,
    slots: Vec<Slot>,
    runs: Vec<PathBuf>,
}

impl Sorter {
    /// Runs are spilled to `directory`, which must be empty and is the caller's to remove.
    pub fn new(directory: &Path, memory_max: usize) -> Self {
        Self {
            directory: directory.to_owned(),
            memory_max,
            arena: Vec::new(),
            slots: Vec::new(),
            runs: Vec::new(),
        }
    }

    pub fn push(&mut self, key: &[u8], row: &[u8]) -> io::Result<()> {
        let slot = Slot {
            hash: hash_of(key),
            at: self.arena.len(),
            key_len: u32::try_from(key.len()).map_err(io::Error::other)?,
            row_len: u32::try_from(row.len()).map_err(io::Error::other)?,
        };
        self.arena.extend_from_slice(key);
        self.arena.extend_from_slice(row);
        self.slots.push(slot);
        if self.arena.len() + self.slots.len() * size_of::<Slot>() >= self.memory_max {
            self.spill()?;
        }
        Ok(())
    }

    fn key_of(&self, slot: &Slot) -> &[u8] {
        &self.arena[slot.at..slot.at + slot.key_len as usize]
    }

    fn row_of(&self, slot: &Slot) -> &[u8] {
        let start = slot.at + slot.key_len as usize;
        &self.arena[start..start + slot.row_len as usize]
    }

    /// `at` grows with arrival, so it keeps rows of one key in their order.
    fn sort(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        slots.sort_unstable_by(|a, b| {
            a.hash
                .cmp(&b.hash)
                .then_with(|| self.key_of(a).cmp(self.key_of(b)))
                .then(a.at.cmp(&b.at))
        });
        self.slots = slots;
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let path = self.directory.join(format!("run-{}", self.runs.len()));
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        for slot in &self.slots {
            out.write_all(&slot.hash.to_le_bytes())?;
            out.write_all(&slot.key_len.to_le_bytes())?;
            out.write_all(&slot.row_len.to_le_bytes())?;
            out.write_all(self.key_of(slot))?;
            out.write_all(self.row_of(slot))?;
        }
        out.flush()?;
        self.runs.push(path);
        self.slots.clear();
        self.arena.clear();
        Ok(())
    }

    /// Merges runs and memory into the writer.
    pub fn write_to(mut self, writer: &mut Writer) -> io::Result<()> {
        if self.runs.is_empty() {
            self.sort();
            for slot in &self.slots {
                writer.push(slot.hash, self.key_of(slot), self.row_of(slot))?;
            }
            return Ok(());
        }
        self.spill()?;
        let mut runs = self
            .runs
            .iter()
            .map(|path| Run::open(path))
            .collect::<io::Result<Vec<_>>>()?;
        let mut heap = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            if let Some((hash, key)) = run.advance()? {
                heap.push(Reverse((hash, key, number)));
            }
        }
        // earlier runs hold earlier rows: the run's number breaks a tie of keys
        while let Some(Reverse((hash, key, number))) = heap.pop() {
            writer.push(hash, &key, &runs[number].row)?;
            if let Some((hash, key)) = runs[number].advance()? {
                heap.push(Reverse((hash, key, number)));
            }
        }
        Ok(())
    }
}

struct Run {
    input: BufReader<File>,
    row: Vec<u8>,
}

impl Run {
    fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            input: BufReader::with_capacity(1 << 18, File::open(path)?),
            row: Vec::new(),
        })
    }

    fn advance(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let mut head = [0; 16];
        match self.input.read_exact(&mut head) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let (hash, lengths) = head.split_at(8);
        let word = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let (key_len, row_len) = (word(&lengths[..4]) as usize, word(&lengths[4..]) as usize);
        let mut key = vec![0; key_len];
        self.input.read_exact(&mut key)?;
        self.row.resize(row_len, 0);
        self.input.read_exact(&mut self.row)?;
        Ok(Some((word(hash), key)))
    }
}

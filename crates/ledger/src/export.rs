//! 导出: the whole ledger in one file that anybody verifies offline.
//!
//! Lines of JSON, each in one spelling:
//! 1. `{"format":"shuqiao-ledger-export/1","origin":…,"size":…,"verifiers":[…]}`: name
//!    and size of the ledger, the public keys as C2SP verifier keys;
//! 2. `{"checkpoint":…,"size":…}`: every signed checkpoint, as a C2SP note;
//! 3. `{"hashes":…,"tile":"1/000.p/3"}`: the tiles above level 0, hashes as hex;
//! 4. for each 256 entries, the tile of level 0 and then the entries,
//!    `{"entry":…,"leaf":…}`: the canonical bytes as they were hashed, and the leaf
//!    hash as hex;
//! 5. `{"end":…}`: the number of entries, so that a cut file shows.

use std::collections::HashMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::audit::{Auditor, Finding, Problem, Recorded, Report};
use crate::note::Verifier;
use crate::tile::{self, TileId};
use crate::{Entry, Hash, tile::TILE_WIDTH};

pub const FORMAT: &str = "shuqiao-ledger-export/1";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    origin: String,
    size: u64,
    verifiers: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: String,
    size: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TileLine {
    hashes: String,
    tile: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: u64,
}

/// Each of these gives one line with its line feed.
pub fn header_line(origin: &str, size: u64, verifiers: &[Verifier]) -> String {
    line(&Header {
        format: FORMAT.to_owned(),
        origin: origin.to_owned(),
        size,
        verifiers: verifiers.iter().map(Verifier::encode).collect(),
    })
}
pub fn checkpoint_line(size: u64, note: &str) -> String {
    line(&CheckpointLine {
        checkpoint: note.to_owned(),
        size,
    })
}
pub fn tile_line(id: TileId, hashes: &[Hash]) -> String {
    line(&TileLine {
        hashes: crypto::hex::encode(tile::to_bytes(hashes)),
        tile: id.path(hashes.len() as u64),
    })
}
pub fn entry_line(canonical: &[u8], leaf: &Hash) -> Vec<u8> {
    [
        b"{\"entry\":".as_slice(),
        canonical,
        b",\"leaf\":\"",
        crypto::hex::encode(leaf).as_bytes(),
        b"\"}\n",
    ]
    .concat()
}
pub fn end_line(size: u64) -> String {
    line(&EndLine { end: size })
}

fn line(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text + "\n",
        Err(_) => unreachable!("strings and integers always encode"),
    }
}

/// What the verifier trusts beside the file.
#[derive(Debug, Default)]
pub struct Trust {
    /// Public keys got from elsewhere. Empty: those in the file are taken, which
    /// proves that the file is whole, not who signed it.
    pub verifiers: Vec<Verifier>,
    /// Checkpoint notes kept from earlier: they show a ledger that was cut off or
    /// written anew since.
    pub checkpoints: Vec<String>,
}

/// Reads an export and checks everything in it.
///
/// # Errors
/// Only those of reading; whatever is wrong with the content is a finding.
pub fn verify(mut reader: impl BufRead, trust: &Trust) -> std::io::Result<Report> {
    let mut number = 0;
    let mut buffer = vec![];
    let mut state = Reading::default();
    loop {
        buffer.clear();
        if reader.read_until(b'\n', &mut buffer)? == 0 {
            break;
        }
        number += 1;
        state.take(number, &buffer, trust);
    }
    Ok(state.finish(trust))
}

#[derive(Default)]
struct Reading {
    header: Option<Header>,
    notes: Vec<(u64, String)>,
    upper: HashMap<TileId, Vec<Hash>>,
    /// The tile of level 0 that the next entries belong to.
    tile: Option<(u64, Vec<Hash>)>,
    auditor: Option<Auditor>,
    early: Vec<Finding>,
    ended: bool,
}

impl Reading {
    fn take(&mut self, number: u64, raw: &[u8], trust: &Trust) {
        let Some(body) = raw.strip_suffix(b"\n") else {
            self.find(malformed(number, "no line feed"));
            return;
        };
        if self.ended {
            self.find(malformed(number, "after the end"));
        } else if let Some(rest) = body.strip_prefix(b"{\"entry\":") {
            self.entry(number, rest, trust);
        } else if number == 1 {
            match exact::<Header>(raw) {
                Some(header) if header.format == FORMAT => self.header = Some(header),
                _ => self.find(malformed(number, "the header")),
            }
        } else if let Some(c) = exact::<CheckpointLine>(raw) {
            self.notes.push((c.size, c.checkpoint));
        } else if let Some((id, hashes)) = exact::<TileLine>(raw).and_then(|t| tile_of(&t)) {
            if id.level == 0 {
                self.tile = Some((id.index, hashes));
            } else {
                self.upper.insert(id, hashes);
            }
        } else if let Some(end) = exact::<EndLine>(raw) {
            self.ended = true;
            self.auditor(trust);
            self.missing_until(end.end);
        } else {
            self.find(malformed(number, "the layout"));
        }
    }

    fn entry(&mut self, number: u64, rest: &[u8], trust: &Trust) {
        self.auditor(trust);
        // `,"leaf":"` 64 digits `"}`
        let parts = rest.len().checked_sub(75).map(|at| rest.split_at(at));
        let leaf = parts.and_then(|(_, tail)| {
            let digits = tail.strip_prefix(b",\"leaf\":\"")?.strip_suffix(b"\"}")?;
            let mut hash = [0; 32];
            let lower = !digits.iter().any(u8::is_ascii_uppercase);
            (lower && crypto::hex::decode_to_slice(digits, &mut hash).is_ok()).then_some(hash)
        });
        if leaf.is_none() {
            let seq = self.auditor.as_ref().map_or(0, Auditor::next);
            self.find(malformed(number, &format!("the leaf hash of entry {seq}")));
        }
        let canonical = parts.map(|(canonical, _)| canonical);
        if let (Some(canonical), Some(leaf)) = (canonical, leaf)
            && !self.resume_at(number, canonical, &leaf)
        {
            return;
        }
        self.push(canonical, leaf);
    }

    /// A line that is whole in itself but stands elsewhere: lines before it are
    /// missing, or it is one too many. False where it is not to be read.
    fn resume_at(&mut self, number: u64, canonical: &[u8], leaf: &Hash) -> bool {
        let Some(next) = self.auditor.as_ref().map(Auditor::next) else {
            return true;
        };
        let seq = match Entry::from_canonical(canonical) {
            Ok(entry) if crate::leaf_hash(canonical) == *leaf => entry.seq,
            _ => return true,
        };
        if seq < next || seq >= self.size() {
            self.find(Finding {
                entries: Some((seq, seq)),
                ..Finding::new(Problem::EntryUnexpected, format!("line {number}"))
            });
            return false;
        }
        for _ in next..seq {
            self.push(None, None);
        }
        true
    }

    fn push(&mut self, canonical: Option<&[u8]>, leaf: Option<Hash>) {
        let Some(auditor) = self.auditor.as_mut() else { return };
        let seq = auditor.next();
        let tile = match &self.tile {
            Some((index, hashes)) if *index == seq / TILE_WIDTH => hashes.get((seq % TILE_WIDTH) as usize).copied(),
            _ => None,
        };
        auditor.push(canonical, Recorded { leaf, tile });
    }

    fn size(&self) -> u64 {
        self.header.as_ref().map_or(0, |h| h.size)
    }

    /// Made at the first entry, when keys, checkpoints and upper tiles are read.
    fn auditor(&mut self, trust: &Trust) {
        if self.auditor.is_some() {
            return;
        }
        let origin = self.header.as_ref().map_or("", |h| h.origin.as_str()).to_owned();
        let mut own = vec![];
        for text in self.header.iter().flat_map(|h| &h.verifiers) {
            match Verifier::decode(text) {
                Ok(verifier) => own.push(verifier),
                Err(_) => self.early.push(malformed(1, "a public key")),
            }
        }
        let verifiers = if trust.verifiers.is_empty() {
            own.clone()
        } else {
            trust.verifiers.clone()
        };
        for key in own.iter().filter(|k| !verifiers.contains(k)) {
            self.early
                .push(Finding::new(Problem::KeyUnknown, format!("key {}", key.encode())));
        }
        if verifiers.is_empty() {
            self.early.push(malformed(1, "no public key"));
        }
        let notes = std::mem::take(&mut self.notes);
        let anchors = trust.checkpoints.iter().map(|note| {
            let size = note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
            (size, note.clone())
        });
        let upper = std::mem::take(&mut self.upper);
        let mut auditor = Auditor::new(&origin, verifiers, notes.into_iter().chain(anchors), upper);
        for finding in self.early.drain(..) {
            auditor.find(finding);
        }
        self.auditor = Some(auditor);
    }

    fn missing_until(&mut self, end: u64) {
        let size = self.size();
        let Some(read) = self.auditor.as_ref().map(Auditor::next) else {
            return;
        };
        if end != size {
            let detail = format!("the header counts {size} entries, the end {end}");
            self.find(Finding::new(Problem::EntriesCutOff, "file").detail(detail));
        } else {
            (read..size).for_each(|_| self.push(None, None));
        }
    }

    fn find(&mut self, finding: Finding) {
        match &mut self.auditor {
            Some(auditor) => auditor.find(finding),
            None => self.early.push(finding),
        }
    }

    fn finish(mut self, trust: &Trust) -> Report {
        self.auditor(trust);
        if !self.ended {
            self.find(Finding::new(Problem::EntriesCutOff, "file").detail("no end line"));
        }
        match self.auditor {
            Some(auditor) => auditor.finish(None),
            None => unreachable!("made above"),
        }
    }
}

fn malformed(number: u64, detail: &str) -> Finding {
    Finding::new(Problem::LineMalformed, format!("line {number}")).detail(detail)
}

/// Only the one spelling that the export writes.
fn exact<'a, T: Serialize + Deserialize<'a>>(raw: &'a [u8]) -> Option<T> {
    let value: T = serde_json::from_slice(raw).ok()?;
    (line(&value).as_bytes() == raw).then_some(value)
}

fn tile_of(t: &TileLine) -> Option<(TileId, Vec<Hash>)> {
    let (id, width) = TileId::parse(&t.tile)?;
    let bytes = crypto::hex::decode(&t.hashes)
        .ok()
        .filter(|b| crypto::hex::encode(b) == t.hashes)?;
    tile::from_bytes(&bytes)
        .filter(|hashes| hashes.len() as u64 == width)
        .map(|hashes| (id, hashes))
}

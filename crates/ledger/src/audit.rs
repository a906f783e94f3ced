//! The audit that both the offline verifier and the store's own check run: entries
//! go in one by one, in order, with what is recorded of them elsewhere; out
//! comes a report that names each altered thing.
//!
//! Of every leaf there are up to three records: the entry's bytes, the leaf hash
//! beside them, and the tile. Which of them tells the truth the signed
//! checkpoints decide: a frontier grows for each of them, and one for what most of
//! them say, and the one with the signed root is believed.

use std::collections::{BTreeMap, HashMap};

use base::{Lang, Moment};
use serde::{Deserialize, Serialize};

use crate::note::Verifier;
use crate::tile::{TileBuilder, TileId};
use crate::{Checkpoint, Entry, Frontier, Hash, leaf_hash};

/// What is wrong with a named thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LedgerProblem)]
pub enum Problem {
    /// The entry's bytes are not those that were sealed.
    EntryAltered,
    /// The bytes were sealed so, but are no entry.
    EntryUnreadable,
    /// The leaf hash beside the entry is not the entry's.
    LeafAltered,
    /// A column beside the entry says something else than the entry.
    ColumnAltered,
    /// No row, or line, for this number.
    EntryMissing,
    /// A row, or line, that does not belong there.
    EntryUnexpected,
    /// A tile holds other hashes than the entries give.
    TileAltered,
    /// A tile that should be there is not.
    TileMissing,
    /// A tile that does not belong there.
    TileUnexpected,
    /// The head (frontier and size) is not that of the entries.
    HeadAltered,
    /// A checkpoint that its keys did not sign so.
    CheckpointAltered,
    /// No record of these entries gives the root that was signed.
    RootDiffers,
    /// A checkpoint was signed for more entries than there are.
    EntriesCutOff,
    /// A line that is not of the format.
    LineMalformed,
    /// Signed by other keys than those that the verifier trusts.
    KeyUnknown,
}

/// One altered thing, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    pub problem: Problem,
    /// `entry 17`, `entry 17 kind`, `tile 0/003`, `checkpoint 512`, `head`, `line 9`.
    pub place: String,
    /// First and last entry concerned, where it is about entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries: Option<(u64, u64)>,
    /// More for the reader, in English and without personal data.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub detail: String,
}

impl Finding {
    pub fn new(problem: Problem, place: impl Into<String>) -> Self {
        Self {
            problem,
            place: place.into(),
            entries: None,
            detail: String::new(),
        }
    }
    pub fn entry(problem: Problem, seq: u64) -> Self {
        Self {
            entries: Some((seq, seq)),
            ..Self::new(problem, format!("entry {seq}"))
        }
    }
    pub fn column(seq: u64, column: &str) -> Self {
        Self {
            entries: Some((seq, seq)),
            ..Self::new(Problem::ColumnAltered, format!("entry {seq} {column}"))
        }
    }
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// One sentence for a person.
    pub fn text(&self, lang: Lang) -> String {
        let place = &self.place;
        let detail = if self.detail.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.detail)
        };
        let zh = match self.problem {
            Problem::EntryAltered => "内容已被改动，与封存时的哈希不符",
            Problem::EntryUnreadable => "不是规范的账本条目",
            Problem::LeafAltered => "叶哈希已被改动，与条目内容不符",
            Problem::ColumnAltered => "索引列已被改动，与条目内容不符",
            Problem::EntryMissing => "条目缺失",
            Problem::EntryUnexpected => "多出的条目，不在应有的位置",
            Problem::TileAltered => "哈希块已被改动",
            Problem::TileMissing => "哈希块缺失",
            Problem::TileUnexpected => "多出的哈希块",
            Problem::HeadAltered => "账本头(前沿与条数)已被改动",
            Problem::CheckpointAltered => "检查点已被改动，签名验证不通过",
            Problem::RootDiffers => "条目、叶哈希与哈希块均不能得出检查点签名的根",
            Problem::EntriesCutOff => "检查点签名的条数多于现有条目，账本被截断",
            Problem::LineMalformed => "该行不符合导出格式",
            Problem::KeyUnknown => "签名公钥不在信任之列",
        };
        let en = match self.problem {
            Problem::EntryAltered => "its content is not what was sealed",
            Problem::EntryUnreadable => "it is no canonical entry",
            Problem::LeafAltered => "its leaf hash is not that of its content",
            Problem::ColumnAltered => "the column disagrees with the entry",
            Problem::EntryMissing => "the entry is missing",
            Problem::EntryUnexpected => "an entry that does not belong there",
            Problem::TileAltered => "the tile was altered",
            Problem::TileMissing => "the tile is missing",
            Problem::TileUnexpected => "a tile that does not belong there",
            Problem::HeadAltered => "the head (frontier and size) was altered",
            Problem::CheckpointAltered => "the checkpoint's signatures do not verify",
            Problem::RootDiffers => "neither entries, leaf hashes nor tiles give the root that was signed",
            Problem::EntriesCutOff => "more entries were signed for than there are: the ledger was cut off",
            Problem::LineMalformed => "the line is not of the export's format",
            Problem::KeyUnknown => "signed by a key that is not trusted",
        };
        match lang {
            Lang::Zh => format!("{}:{zh}{detail}", place_zh(place)),
            Lang::En => format!("{place}: {en}{detail}"),
        }
    }
}

fn place_zh(place: &str) -> String {
    place
        .replace("entries ", "条目 ")
        .replace("entry ", "条目 ")
        .replace("tile ", "哈希块 ")
        .replace("checkpoint ", "检查点 ")
        .replace("head", "账本头")
        .replace("line ", "行 ")
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Report {
    pub origin: String,
    /// Entries read.
    pub entries: u64,
    /// Checkpoints with good signatures.
    pub checkpoints: u64,
    /// Entries that a good checkpoint covers.
    pub covered: u64,
    /// Root over the entries, hex.
    pub root: String,
    /// Moment of the newest entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_at: Option<Moment>,
    /// Public keys that signed, as C2SP verifier keys.
    pub verifiers: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Report {
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Findings that a report holds at most: a store that was overwritten whole is
/// not listed entry by entry.
pub const FINDINGS_MAX: usize = 1_000;

/// What is recorded of one leaf, beside the entry's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    pub leaf: Option<Hash>,
    pub tile: Option<Hash>,
}

/// A leaf whose records disagree, until a checkpoint tells which is right.
struct Doubt {
    seq: u64,
    computed: Option<Hash>,
    recorded: Recorded,
}

pub struct Auditor {
    verifiers: Vec<Verifier>,
    origin: String,
    checkpoints: BTreeMap<u64, Hash>,
    /// Tiles above level 0, as they stand; taken out as they are found right.
    upper: HashMap<TileId, Vec<Hash>>,
    /// Entries that the tiles reach to.
    tiled: u64,
    next: u64,
    /// From what most records say, from the entries' bytes, from the leaf hashes,
    /// from the tiles.
    sides: [Frontier; 4],
    doubts: Vec<Doubt>,
    /// Last size whose root a checkpoint or the head confirmed.
    confirmed: u64,
    /// A root was not reached: what follows cannot be judged by roots.
    lost: bool,
    builder: TileBuilder,
    newest_at: Option<Moment>,
    findings: Vec<Finding>,
}

impl Auditor {
    /// `notes`: the checkpoints, each with the size under which it is kept.
    /// `upper`: tiles above level 0.
    pub fn new(
        origin: &str,
        verifiers: Vec<Verifier>,
        notes: impl IntoIterator<Item = (u64, String)>,
        upper: HashMap<TileId, Vec<Hash>>,
    ) -> Self {
        let mut auditor = Self {
            verifiers,
            origin: origin.to_owned(),
            checkpoints: BTreeMap::new(),
            upper,
            tiled: 0,
            next: 0,
            sides: std::array::from_fn(|_| Frontier::new()),
            doubts: vec![],
            confirmed: 0,
            lost: false,
            builder: TileBuilder::default(),
            newest_at: None,
            findings: vec![],
        };
        for (size, note) in notes {
            auditor.checkpoint(size, &note);
        }
        auditor.tiled = auditor.checkpoints.keys().next_back().copied().unwrap_or(0);
        auditor
    }

    fn checkpoint(&mut self, size: u64, note: &str) {
        let place = format!("checkpoint {size}");
        match Checkpoint::open(note, &self.verifiers) {
            Ok(c) if c.size != size => {
                self.find(
                    Finding::new(Problem::CheckpointAltered, place).detail(format!("signed for size {}", c.size)),
                );
                // what was signed stays signed, under whatever size it is kept
                self.checkpoints.insert(c.size, c.root);
            }
            Ok(c) if c.origin != self.origin => {
                self.find(Finding::new(Problem::CheckpointAltered, place).detail("of another ledger"));
            }
            Ok(c) => match self.checkpoints.insert(c.size, c.root) {
                Some(other) if other != c.root => {
                    self.find(Finding::new(Problem::RootDiffers, place).detail("two roots were signed for one size"))
                }
                _ => {}
            },
            Err(why) => self.find(Finding::new(Problem::CheckpointAltered, place).detail(why)),
        }
    }

    /// The number of the next entry.
    pub fn next(&self) -> u64 {
        self.next
    }
    /// Entries that the newest good checkpoint covers: tiles reach as far.
    pub fn tiled(&self) -> u64 {
        self.tiled
    }
    pub fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }

    /// The next entry's bytes, or `None` where they are missing. Returns the entry
    /// for checks of what else is kept about it.
    pub fn push(&mut self, canonical: Option<&[u8]>, recorded: Recorded) -> Option<Entry> {
        let seq = self.next;
        self.next += 1;
        let computed = canonical.map(leaf_hash);
        let agreed = computed.is_some()
            && recorded.leaf == computed
            && (recorded.tile == computed || (recorded.tile.is_none() && seq >= self.tiled));
        if !agreed {
            self.doubts.push(Doubt {
                seq,
                computed,
                recorded,
            });
        }
        let most = majority(computed, recorded).unwrap_or_default();
        let records = [Some(most), computed, recorded.leaf, recorded.tile];
        for (side, record) in self.sides.iter_mut().zip(records) {
            side.push(record.unwrap_or(most));
        }
        self.grow_tiles(most);
        if let Some(root) = self.checkpoints.get(&self.next).copied() {
            let place = format!("checkpoint {}", self.next);
            self.settle(root, &place);
        }
        self.read(seq, canonical)
    }

    fn read(&mut self, seq: u64, canonical: Option<&[u8]>) -> Option<Entry> {
        match Entry::from_canonical(canonical?) {
            Ok(entry) if entry.seq == seq => {
                self.newest_at = Some(entry.at);
                Some(entry)
            }
            Ok(entry) => {
                let detail = format!("it says that it is entry {}", entry.seq);
                self.find(Finding::entry(Problem::EntryAltered, seq).detail(detail));
                None
            }
            Err(why) => {
                self.find(Finding::entry(Problem::EntryUnreadable, seq).detail(why.to_string()));
                None
            }
        }
    }

    fn grow_tiles(&mut self, leaf: Hash) {
        if self.next > self.tiled {
            return;
        }
        let (upper, findings) = (&mut self.upper, &mut self.findings);
        self.builder.push(leaf, |id, hashes| {
            if id.level > 0 {
                compare(upper, findings, id, hashes);
            }
        });
        if self.next == self.tiled {
            for (id, hashes) in self.builder.open_tiles().filter(|(id, _)| id.level > 0) {
                compare(&mut self.upper, &mut self.findings, id, hashes);
            }
        }
    }

    /// `root` is attested for all entries so far: believe the side that gives it.
    fn settle(&mut self, root: Hash, by: &str) {
        if self.lost {
            return;
        }
        let Some(right) = self.sides.iter().position(|side| side.root() == root) else {
            let last = self.next.saturating_sub(1);
            let mut finding = Finding::new(Problem::RootDiffers, format!("entries {} to {last}", self.confirmed));
            finding.entries = Some((self.confirmed, last));
            self.find(finding.detail(format!("signed root of {by}")));
            self.name_doubts(None);
            self.lost = true;
            return;
        };
        self.name_doubts(Some(right));
        let believed = self.sides[right].clone();
        self.sides = std::array::from_fn(|_| believed.clone());
        self.confirmed = self.next;
    }

    fn name_doubts(&mut self, right: Option<usize>) {
        for doubt in std::mem::take(&mut self.doubts) {
            let Doubt {
                seq,
                computed,
                recorded,
            } = doubt;
            let most = majority(computed, recorded);
            let truth = match right {
                Some(1) => computed.or(most),
                Some(2) => recorded.leaf.or(most),
                Some(3) => recorded.tile.or(most),
                _ => most,
            };
            match computed {
                None => self.find(Finding::entry(Problem::EntryMissing, seq)),
                Some(hash) if Some(hash) != truth => self.find(Finding::entry(Problem::EntryAltered, seq)),
                _ => {}
            }
            if computed.is_some() && recorded.leaf != truth {
                self.find(Finding::entry(Problem::LeafAltered, seq));
            }
            let tile = TileId {
                level: 0,
                index: seq / crate::tile::TILE_WIDTH,
            };
            if seq < self.tiled && recorded.tile != truth {
                let place = format!("tile {}", tile.path(crate::tile::TILE_WIDTH));
                let problem = if recorded.tile.is_none() {
                    Problem::TileMissing
                } else {
                    Problem::TileAltered
                };
                let finding = Finding {
                    entries: Some((seq, seq)),
                    ..Finding::new(problem, place)
                };
                let again = problem_is_named(&self.findings, &finding);
                if !again {
                    self.find(finding.detail(format!("from entry {seq}")));
                }
            }
        }
    }

    /// `head`: the stored frontier, where there is one and it can be read.
    pub fn finish(mut self, head: Option<&Frontier>) -> Report {
        if let Some(head) = head {
            if head.size() == self.next {
                // the head is not signed, so it only decides where something backs it
                if self.sides.iter().any(|side| side.root() == head.root()) {
                    self.settle(head.root(), "head");
                }
                // every hash of the frontier is in the root, but compare them all the same
                if !self.lost && !self.sides.contains(head) {
                    self.find(Finding::new(Problem::HeadAltered, "head"));
                }
            } else {
                let detail = format!("it counts {} entries, {} are there", head.size(), self.next);
                self.find(Finding::new(Problem::HeadAltered, "head").detail(detail));
            }
        }
        self.name_doubts(None);
        if let Some((&size, _)) = self.checkpoints.range(self.next + 1..).next_back() {
            let mut finding = Finding::new(Problem::EntriesCutOff, format!("entries {} to {}", self.next, size - 1));
            finding.entries = Some((self.next, size - 1));
            self.find(finding);
        }
        let bad_checkpoint = self.findings.iter().any(|f| f.problem == Problem::CheckpointAltered);
        if !bad_checkpoint {
            for id in std::mem::take(&mut self.upper).into_keys() {
                self.find(Finding::new(Problem::TileUnexpected, format!("tile {}", id.path(256))));
            }
        }
        let covered = self
            .checkpoints
            .range(..=self.next)
            .next_back()
            .map_or(0, |(size, _)| *size);
        Report {
            origin: self.origin,
            entries: self.next,
            checkpoints: self.checkpoints.len() as u64,
            covered,
            root: crypto::hex::encode(self.sides[0].root()),
            newest_at: self.newest_at,
            verifiers: self.verifiers.iter().map(Verifier::encode).collect(),
            findings: self.findings,
        }
    }
}

fn majority(computed: Option<Hash>, recorded: Recorded) -> Option<Hash> {
    let records = [computed, recorded.leaf, recorded.tile];
    records
        .iter()
        .flatten()
        .find(|r| records.iter().flatten().filter(|o| o == r).count() >= 2)
        .copied()
        // one word against another: the hash, which nobody gains by altering
        .or(recorded.leaf)
        .or(recorded.tile)
        .or(computed)
}

fn problem_is_named(findings: &[Finding], finding: &Finding) -> bool {
    findings
        .iter()
        .any(|f| f.problem == finding.problem && f.place == finding.place)
}

/// A stored tile may reach further than the newest good checkpoint only where a
/// later one was altered; that one is a finding already.
fn compare(upper: &mut HashMap<TileId, Vec<Hash>>, findings: &mut Vec<Finding>, id: TileId, hashes: &[Hash]) {
    let place = format!("tile {}", id.path(crate::tile::TILE_WIDTH));
    match upper.remove(&id) {
        None => findings.push(Finding::new(Problem::TileMissing, place)),
        Some(stored) if !stored.starts_with(hashes) => findings.push(Finding::new(Problem::TileAltered, place)),
        Some(_) => {}
    }
}

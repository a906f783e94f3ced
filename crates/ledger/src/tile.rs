//! Tiles (C2SP tlog-tiles): 256 hashes of every eighth level, so that a proof
//! over millions of entries reads a handful of them, and anybody can mirror the
//! ledger with plain file requests.

use crate::proof::Node;
use crate::tree::{Frontier, Hash, root_of};

/// Hashes of a full tile.
pub const TILE_WIDTH: u64 = 256;
const TILE_HEIGHT: u8 = 8;
/// Tile levels that a ledger of 2^63 entries could have.
const TILE_LEVEL_MAX: u8 = 7;

/// Where a tile stands: `level` 0 holds leaf hashes, level 1 the roots of full
/// tiles of level 0, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    pub level: u8,
    pub index: u64,
}

impl TileId {
    /// Hashes of this tile in a tree of `size` leaves: 256 when full, 0 when it is
    /// not there yet.
    pub fn width(self, size: u64) -> u64 {
        let hashes = size >> (TILE_HEIGHT * self.level);
        hashes.saturating_sub(self.index * TILE_WIDTH).min(TILE_WIDTH)
    }

    /// The tile that holds what `node` is made of, and which of its hashes.
    pub fn of(node: Node) -> (Self, std::ops::Range<usize>) {
        let within = node.level % TILE_HEIGHT;
        let first = node.index << within;
        let id = Self {
            level: node.level / TILE_HEIGHT,
            index: first / TILE_WIDTH,
        };
        let offset = (first % TILE_WIDTH) as usize;
        (id, offset..offset + (1 << within))
    }

    /// The path below `tile/`: `0/x001/x234/067`, with `.p/W` where it is partial.
    pub fn path(self, width: u64) -> String {
        let mut path = format!("{}/{}", self.level, index_path(self.index));
        if width < TILE_WIDTH {
            path.push_str(&format!(".p/{width}"));
        }
        path
    }

    /// Reads [`Self::path`]; the second value is the width.
    pub fn parse(path: &str) -> Option<(Self, u64)> {
        let (level, index) = path.split_once('/')?;
        let level: u8 = level.parse().ok().filter(|l| *l <= TILE_LEVEL_MAX)?;
        let (index, width) = parse_index_path(index)?;
        let id = Self { level, index };
        // exactly one spelling
        (id.path(width) == path).then_some((id, width))
    }
}

/// `1234067` becomes `x001/x234/067`.
pub fn index_path(index: u64) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    groups.join("/")
}

/// Index and width of `x001/x234/067` or `x001/x234/067.p/5`.
pub fn parse_index_path(path: &str) -> Option<(u64, u64)> {
    let (groups, width) = match path.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok().filter(|w| (1..TILE_WIDTH).contains(w))?),
        None => (path, TILE_WIDTH),
    };
    let mut index: u64 = 0;
    for group in groups.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((index, width))
}

/// The hash of `node` from the hashes of its tile. `None` where the tile does not
/// reach that far.
pub fn node_in(tile: &[Hash], range: std::ops::Range<usize>) -> Option<Hash> {
    tile.get(range).map(root_of)
}

/// The hashes of a tile as bytes, and back.
pub fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.concat()
}
pub fn from_bytes(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() as u64 <= TILE_WIDTH).then(|| hashes.to_vec())
}

/// Appends an entry to an entry bundle: length in 16 bits big-endian, then the
/// canonical bytes.
pub fn push_bundled(bundle: &mut Vec<u8>, canonical: &[u8]) {
    bundle.extend_from_slice(&(canonical.len() as u16).to_be_bytes());
    bundle.extend_from_slice(canonical);
}

/// All tiles, grown leaf by leaf: what a follower of the ledger keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileBuilder {
    /// The open tile of each level, and its index.
    open: Vec<(u64, Vec<Hash>)>,
}

impl TileBuilder {
    /// The tiles that are there in part in a tree of `size` leaves, and how wide.
    pub fn open_ids(size: u64) -> impl Iterator<Item = (TileId, u64)> {
        (0..=TILE_LEVEL_MAX).map_while(move |level| {
            let hashes = size >> (TILE_HEIGHT * level);
            (hashes > 0).then_some((
                TileId {
                    level,
                    index: hashes / TILE_WIDTH,
                },
                hashes % TILE_WIDTH,
            ))
        })
    }

    /// Continues from the open tiles of a tree of `size` leaves. `open(id)` gives
    /// the hashes of a tile that is there in part.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn resume<E>(size: u64, mut open: impl FnMut(TileId, u64) -> Result<Vec<Hash>, E>) -> Result<Self, E> {
        let mut builder = Self::default();
        for level in 0..=TILE_LEVEL_MAX {
            let hashes = size >> (TILE_HEIGHT * level);
            if hashes == 0 {
                break;
            }
            let index = hashes / TILE_WIDTH;
            let width = hashes % TILE_WIDTH;
            let tile = if width == 0 {
                vec![]
            } else {
                open(TileId { level, index }, width)?
            };
            builder.open.push((index, tile));
        }
        Ok(builder)
    }

    /// Adds a leaf; `full` gets each tile that this completes.
    pub fn push(&mut self, leaf: Hash, mut full: impl FnMut(TileId, &[Hash])) {
        let mut hash = leaf;
        for level in 0..=TILE_LEVEL_MAX {
            if self.open.len() == usize::from(level) {
                self.open.push((0, vec![]));
            }
            let Some((index, tile)) = self.open.get_mut(usize::from(level)) else {
                return;
            };
            tile.push(hash);
            if (tile.len() as u64) < TILE_WIDTH {
                return;
            }
            full(TileId { level, index: *index }, tile);
            hash = root_of(tile);
            tile.clear();
            *index += 1;
        }
    }

    /// The tiles that are there in part.
    pub fn open_tiles(&self) -> impl Iterator<Item = (TileId, &[Hash])> {
        self.open
            .iter()
            .enumerate()
            .filter(|(_, (_, tile))| !tile.is_empty())
            .map(|(level, (index, tile))| {
                (
                    TileId {
                        level: level as u8,
                        index: *index,
                    },
                    tile.as_slice(),
                )
            })
    }

    /// The frontier that these tiles have: what the head must be.
    pub fn frontier(&self) -> Frontier {
        let mut hashes = vec![];
        let mut size = 0;
        for (level, (index, tile)) in self.open.iter().enumerate().rev() {
            let mut at = 0;
            for bit in (0..TILE_HEIGHT).rev().filter(|bit| tile.len() >> bit & 1 == 1) {
                hashes.push(root_of(&tile[at..at + (1 << bit)]));
                at += 1 << bit;
            }
            if level == 0 {
                size = index * TILE_WIDTH + tile.len() as u64;
            }
        }
        Frontier::from_parts(size, hashes)
    }
}

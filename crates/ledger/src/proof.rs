//! Inclusion and consistency proofs (RFC 6962 sections 2.1.1 and 2.1.2): which
//! hashes they are made of, and how anybody verifies them.

use serde::{Deserialize, Serialize};

use crate::tree::{Hash, node_hash, split_point};

/// A complete subtree: the `index`-th of those with 2^`level` leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node {
    pub level: u8,
    pub index: u64,
}

/// The recipe of one hash of a proof: complete subtrees, left to right, folded
/// from the right. More than one only at the right edge of the tree.
pub type Recipe = Vec<Node>;

/// Leaves `low..high` as complete subtrees, largest first, left to right.
fn subtrees(mut low: u64, high: u64) -> Recipe {
    let mut nodes = vec![];
    while low < high {
        let fits = 63 - (high - low).leading_zeros();
        let aligned = if low == 0 { fits } else { low.trailing_zeros().min(fits) };
        nodes.push(Node {
            level: aligned as u8,
            index: low >> aligned,
        });
        low += 1 << aligned;
    }
    nodes
}

/// The hashes that prove leaf `index` (from 0) in the tree of `size` leaves, leaf
/// upwards. Empty where the leaf is not in the tree.
pub fn inclusion_recipes(index: u64, size: u64) -> Vec<Recipe> {
    let mut out = vec![];
    if index >= size {
        return out;
    }
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split_point(high - low);
        if index < middle {
            out.push(subtrees(middle, high));
            high = middle;
        } else {
            out.push(subtrees(low, middle));
            low = middle;
        }
    }
    out.reverse();
    out
}

/// The hashes that prove that the tree of `from` leaves is the beginning of the
/// tree of `to`. Empty where there is nothing to prove: from 0, or from itself.
pub fn consistency_recipes(from: u64, to: u64) -> Vec<Recipe> {
    let mut out = vec![];
    if from == 0 || from >= to {
        return out;
    }
    let (mut low, mut high) = (0, to);
    // `whole`: the range is still a prefix that `from` itself is a tree of
    let mut whole = true;
    while from != high {
        let middle = low + split_point(high - low);
        if from <= middle {
            out.push(subtrees(middle, high));
            high = middle;
        } else {
            out.push(subtrees(low, middle));
            low = middle;
            whole = false;
        }
    }
    if !whole {
        out.push(subtrees(low, high));
    }
    out.reverse();
    out
}

/// Makes the hashes of `recipes` from the hashes of complete subtrees.
///
/// # Errors
/// Those of `node`.
pub fn bake<E>(recipes: &[Recipe], mut node: impl FnMut(Node) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    recipes
        .iter()
        .map(|recipe| {
            let mut hashes = recipe
                .iter()
                .map(|n| node(*n))
                .collect::<Result<Vec<_>, E>>()?
                .into_iter()
                .rev();
            let last = hashes.next().unwrap_or_else(crate::tree::empty_root);
            Ok(hashes.fold(last, |right, left| node_hash(&left, &right)))
        })
        .collect()
}

/// Proof that an entry is in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InclusionProof {
    /// The leaf: `seq` of the entry.
    pub index: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// Leaf upwards; hex.
    #[serde(with = "hex_hashes")]
    #[schema(value_type = Vec<String>)]
    pub hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Whether the tree with this root holds the leaf.
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> bool {
        self.root_from(leaf).is_some_and(|computed| computed == *root)
    }

    /// RFC 9162 section 2.1.3.2.
    fn root_from(&self, leaf: &Hash) -> Option<Hash> {
        if self.index >= self.size {
            return None;
        }
        let (mut position, mut last) = (self.index, self.size - 1);
        let mut node = *leaf;
        for hash in &self.hashes {
            if last == 0 {
                return None;
            }
            if position & 1 == 1 || position == last {
                node = node_hash(hash, &node);
                while position & 1 == 0 && position != 0 {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                node = node_hash(&node, hash);
            }
            position >>= 1;
            last >>= 1;
        }
        (last == 0).then_some(node)
    }
}

/// Proof that one tree is the beginning of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ConsistencyProof {
    /// Leaves of the earlier tree.
    pub from: u64,
    /// Leaves of the later tree.
    pub to: u64,
    /// Hex.
    #[serde(with = "hex_hashes")]
    #[schema(value_type = Vec<String>)]
    pub hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// Whether the tree with `later` began as the tree with `earlier` (RFC 9162
    /// section 2.1.4.2).
    pub fn verify(&self, earlier: &Hash, later: &Hash) -> bool {
        let (from, to) = (self.from, self.to);
        if from > to {
            return false;
        }
        if from == to {
            return self.hashes.is_empty() && earlier == later;
        }
        if from == 0 {
            return self.hashes.is_empty() && *earlier == crate::tree::empty_root();
        }
        let mut hashes = self.hashes.iter();
        let start = if from.is_power_of_two() {
            Some(earlier)
        } else {
            hashes.next()
        };
        let Some(start) = start else { return false };
        let (mut position, mut last) = (from - 1, to - 1);
        while position & 1 == 1 {
            position >>= 1;
            last >>= 1;
        }
        let (mut old, mut new) = (*start, *start);
        for hash in hashes {
            if last == 0 {
                return false;
            }
            if position & 1 == 1 || position == last {
                old = node_hash(hash, &old);
                new = node_hash(hash, &new);
                while position & 1 == 0 && position != 0 {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                new = node_hash(&new, hash);
            }
            position >>= 1;
            last >>= 1;
        }
        last == 0 && old == *earlier && new == *later
    }
}

mod hex_hashes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(hashes: &[[u8; 32]], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(hashes.iter().map(crypto::hex::encode))
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let texts = Vec::<String>::deserialize(d)?;
        texts
            .iter()
            .map(|text| {
                let mut hash = [0; 32];
                crypto::hex::decode_to_slice(text, &mut hash).map_err(D::Error::custom)?;
                Ok(hash)
            })
            .collect()
    }
}

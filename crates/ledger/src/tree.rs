//! The Merkle tree of RFC 6962 section 2.1, with SHA-256.

use crypto::Hasher;

/// SHA-256.
pub type Hash = [u8; 32];

/// Hash of a leaf: SHA-256 of a zero byte and the entry's canonical bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut h = Hasher::sha256();
    h.update(&[0]);
    h.update(bytes);
    h.finish()
}

/// Hash of an inner node: SHA-256 of a one byte and the two hashes below.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut h = Hasher::sha256();
    h.update(&[1]);
    h.update(left);
    h.update(right);
    h.finish()
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    crypto::sha256(&[])
}

/// Root over the hashes of nodes of one level. Of a power of two of hashes, it is
/// the node that many levels up.
pub fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => empty_root(),
        [one] => *one,
        _ => {
            let (left, right) = hashes.split_at(split_point(hashes.len() as u64) as usize);
            node_hash(&root_of(left), &root_of(right))
        }
    }
}

/// The largest power of two below `n`, for n ≥ 2.
pub(crate) fn split_point(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Bytes that [`Frontier::to_bytes`] did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frontier: the number of hashes does not fit the size")]
pub struct NotAFrontier;

/// The right edge of the tree: one hash for each complete subtree, largest first,
/// as many as `size` has bits set. Appending a leaf costs O(1) hashes on average
/// and O(log n) at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

impl Frontier {
    pub fn new() -> Self {
        Self::default()
    }
    pub(crate) fn from_parts(size: u64, hashes: Vec<Hash>) -> Self {
        Self { size, hashes }
    }
    /// Leaves so far; also the `seq` of the next entry.
    pub fn size(&self) -> u64 {
        self.size
    }
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // each trailing one bit of the size is a complete subtree of that height
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.hashes.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.hashes.push(node);
        self.size += 1;
    }
    pub fn root(&self) -> Hash {
        let mut right_to_left = self.hashes.iter().rev();
        let Some(&last) = right_to_left.next() else {
            return empty_root();
        };
        right_to_left.fold(last, |right, left| node_hash(left, &right))
    }
    /// Size, 8 bytes big-endian, then the hashes, largest subtree first.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.size.to_be_bytes().to_vec();
        for hash in &self.hashes {
            out.extend_from_slice(hash);
        }
        out
    }
    /// # Errors
    /// Bytes whose number of hashes does not fit the size.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAFrontier> {
        let (size, hashes) = bytes.split_first_chunk::<8>().ok_or(NotAFrontier)?;
        let size = u64::from_be_bytes(*size);
        let (hashes, rest) = hashes.as_chunks::<32>();
        if !rest.is_empty() || hashes.len() as u32 != size.count_ones() {
            return Err(NotAFrontier);
        }
        Ok(Self {
            size,
            hashes: hashes.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6962's definition, word for word and slow.
    fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves.len() {
            0 => empty_root(),
            1 => leaves[0],
            n => {
                let mut k = 1;
                while k * 2 < n {
                    k *= 2;
                }
                node_hash(&naive_root(&leaves[..k]), &naive_root(&leaves[k..]))
            }
        }
    }

    /// The reference tree of the Certificate Transparency implementations.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
            ],
        ];
        let mut frontier = Frontier::new();
        let mut roots = vec![];
        for leaf in leaves {
            frontier.push(leaf_hash(leaf));
            roots.push(crypto::hex::encode(frontier.root()));
        }
        assert_eq!(
            roots[0],
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            roots[6],
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"
        );
        assert_eq!(
            roots[7],
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
        );
    }

    proptest! {
        #[test]
        fn the_frontier_has_the_root_of_the_naive_tree(n in 0usize..700) {
            let leaves: Vec<Hash> = (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect();
            let mut frontier = Frontier::new();
            for leaf in &leaves {
                frontier = Frontier::from_bytes(&frontier.to_bytes()).unwrap();
                frontier.push(*leaf);
            }
            prop_assert_eq!(frontier.size(), n as u64);
            prop_assert_eq!(frontier.root(), naive_root(&leaves));
            prop_assert_eq!(root_of(&leaves), naive_root(&leaves));
        }
    }

    #[test]
    fn bytes_that_are_no_frontier_are_refused() {
        let mut frontier = Frontier::new();
        for i in 0..5u8 {
            frontier.push([i; 32]);
        }
        let bytes = frontier.to_bytes();
        assert!(Frontier::from_bytes(&bytes[..bytes.len() - 1]).is_err());
        assert!(Frontier::from_bytes(&bytes[..40]).is_err());
        assert!(Frontier::from_bytes(&[]).is_err());
    }
}

//! Which segments can hold a record: ten bits a hash, seven probes, about one
//! false "maybe" in a hundred and never a false "no".

use super::RecordHash;

const BITS_PER_HASH: usize = 10;
const PROBES: u64 = 7;

pub struct Bloom(Vec<u8>);

impl Bloom {
    pub fn of<'a>(hashes: impl ExactSizeIterator<Item = &'a RecordHash>) -> Self {
        let mut bloom = Self(vec![0; (hashes.len() * BITS_PER_HASH).div_ceil(8).max(8)]);
        for hash in hashes {
            for bit in bloom.probes(hash) {
                bloom.0[bit / 8] |= 1 << (bit % 8);
            }
        }
        bloom
    }
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    pub fn may_hold(&self, hash: &RecordHash) -> bool {
        self.0.is_empty()
            || self
                .probes(hash)
                .into_iter()
                .all(|bit| self.0[bit / 8] & (1 << (bit % 8)) != 0)
    }

    /// The hash is random already: its halves serve as the two hash functions.
    fn probes(&self, hash: &RecordHash) -> Vec<usize> {
        let half = |bytes: &[u8]| bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let (first, step) = (half(&hash[..8]), half(&hash[8..]) | 1);
        let bits = self.0.len() as u64 * 8;
        (0..PROBES)
            .map(|i| (first.wrapping_add(i.wrapping_mul(step)) % bits) as usize)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_a_false_no_and_seldom_a_false_maybe() {
        let hash = |n: u64| -> RecordHash { crypto::sha256(&n.to_le_bytes())[..16].try_into().expect("16 bytes") };
        let held: Vec<_> = (0..5_000).map(hash).collect();
        let bloom = Bloom::of(held.iter());
        assert!(held.iter().all(|h| bloom.may_hold(h)));
        let false_maybes = (5_000..15_000).filter(|n| bloom.may_hold(&hash(*n))).count();
        assert!(false_maybes < 250, "{false_maybes} of 10,000");
    }
}

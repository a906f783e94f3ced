//! Hashes: SHA-256 and SM3, keyed (HMAC, RFC 2104) and salted.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Digest;
use subtle::ConstantTimeEq;

/// Which family of algorithms a deployment uses where it may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suite {
    /// 国密: SM2, SM3, SM4.
    #[default]
    National,
    /// Ed25519, SHA-256.
    International,
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sha2::Sha256::digest(bytes).into()
}

/// SM3 (GB/T 32905-2016).
pub fn sm3(bytes: &[u8]) -> [u8; 32] {
    sm3::Sm3::digest(bytes).into()
}

/// A hash over bytes that come in pieces: files, streams.
#[derive(Clone)]
pub enum Hasher {
    Sha256(sha2::Sha256),
    Sm3(sm3::Sm3),
}
impl Hasher {
    pub fn sha256() -> Self {
        Self::Sha256(sha2::Sha256::new())
    }
    pub fn sm3() -> Self {
        Self::Sm3(sm3::Sm3::new())
    }
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(h) => h.update(bytes),
            Self::Sm3(h) => h.update(bytes),
        }
    }
    pub fn finish(self) -> [u8; 32] {
        match self {
            Self::Sha256(h) => h.finalize().into(),
            Self::Sm3(h) => h.finalize().into(),
        }
    }
    /// 64 lower-case hex digits.
    pub fn finish_hex(self) -> String {
        hex::encode(self.finish())
    }
}

/// A keyed hash: whoever holds the key can ask "is it this value?", and nobody
/// else can, not even by trying all citizen ids. Cheap to clone, and a call
/// costs two compressions: the key's own are done once.
#[derive(Clone)]
pub struct KeyedHash(Keyed);

#[derive(Clone)]
enum Keyed {
    Sha256(Hmac<sha2::Sha256>),
    Sm3(Hmac<sm3::Sm3>),
}

impl KeyedHash {
    pub fn new(suite: Suite, key: &[u8; 32]) -> Self {
        // HMAC takes keys of any length, so this cannot fail.
        Self(match suite {
            Suite::International => Keyed::Sha256(
                Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")),
            ),
            Suite::National => {
                Keyed::Sm3(Hmac::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")))
            }
        })
    }

    /// The hash of `value` within `domain`: the same citizen id gives different
    /// hashes in different domains, so that two logs cannot be joined unless
    /// they name the same domain.
    pub fn of(&self, domain: &str, value: &[u8]) -> [u8; 32] {
        let length = (domain.len() as u32).to_be_bytes();
        match &self.0 {
            Keyed::Sha256(mac) => mac
                .clone()
                .chain_update(length)
                .chain_update(domain)
                .chain_update(value)
                .finalize()
                .into_bytes()
                .into(),
            Keyed::Sm3(mac) => mac
                .clone()
                .chain_update(length)
                .chain_update(domain)
                .chain_update(value)
                .finalize()
                .into_bytes()
                .into(),
        }
    }

    /// [`Self::of`] as 64 lower-case hex digits.
    pub fn hex(&self, domain: &str, value: &[u8]) -> String {
        hex::encode(self.of(domain, value))
    }
}
impl std::fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Keyed::Sha256(_) => "KeyedHash(SHA-256)",
            Keyed::Sm3(_) => "KeyedHash(SM3)",
        })
    }
}

/// HMAC-SHA-256 of `message` (RFC 4231).
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac =
        Hmac::<sha2::Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.chain_update(message).finalize().into_bytes().into()
}

/// HMAC-SM3 of `message` (GB/T 15852.2).
pub fn hmac_sm3(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<sm3::Sm3>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    mac.chain_update(message).finalize().into_bytes().into()
}

/// What the ledger holds of a text: SHA-256 of salt and text. The salt (16
/// random bytes) stands beside the text; when both are destroyed the hash tells
/// nothing, not even to somebody who guesses the text.
pub fn salted_hash(salt: &[u8; 16], text: &str) -> [u8; 32] {
    let mut h = Hasher::sha256();
    h.update(salt);
    h.update(text.as_bytes());
    h.finish()
}

/// Compares without telling by its time where two secrets differ.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sm3_gives_the_vectors_of_the_standard() {
        // GB/T 32905-2016, appendix A.1 and A.2
        assert_eq!(
            hex::encode(sm3(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(
            hex::encode(sm3(&b"abcd".repeat(16))),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    #[test]
    fn sha256_gives_the_vectors_of_fips_180() {
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let mut pieces = Hasher::sha256();
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(pieces.finish(), sha256(b"abc"));
    }

    #[test]
    fn hmac_gives_published_vectors() {
        // RFC 4231, test case 2
        assert_eq!(
            hex::encode(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn a_keyed_hash_depends_on_key_domain_and_value() {
        for suite in [Suite::National, Suite::International] {
            let h = KeyedHash::new(suite, &[7; 32]);
            let id = h.of("access-log", b"330106199001011234");
            assert_eq!(id, h.of("access-log", b"330106199001011234"));
            assert_ne!(id, h.of("access-log", b"330106199001011235"));
            assert_ne!(id, h.of("other", b"330106199001011234"));
            assert_ne!(
                id,
                KeyedHash::new(suite, &[8; 32]).of("access-log", b"330106199001011234")
            );
            // a domain cannot borrow from the value
            assert_ne!(h.of("ab", b"c"), h.of("a", b"bc"));
        }
    }
}

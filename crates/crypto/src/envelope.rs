//! 信封: content sealed under a key of its own with SM4-GCM (RFC 8998), so that
//! throwing the key away destroys the content wherever copies of it lie (销毁:
//! destroyed means no key can open it).

use aes_gcm::AesGcm;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use base::Chance;

use crate::{CryptoError, Result};

type Sm4Gcm = AesGcm<sm4::Sm4, U12>;

const NONCE_BYTES: usize = 12;

/// The key of one or more envelopes: 128 bits. Keep it apart from what it seals.
#[derive(Clone)]
pub struct EnvelopeKey([u8; 16]);

impl EnvelopeKey {
    pub fn generate(chance: &Chance) -> Self {
        Self(chance.bytes())
    }
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
    pub fn to_bytes(&self) -> [u8; 16] {
        self.0
    }

    /// Nonce (12 bytes), ciphertext, tag (16 bytes). `about` is bound to the
    /// content without being in it: the id of the row, so that an envelope
    /// cannot be moved to another row.
    pub fn seal(&self, chance: &Chance, about: &[u8], content: &[u8]) -> Result<Vec<u8>> {
        let nonce = chance.bytes::<NONCE_BYTES>();
        self.seal_with(&nonce, about, content)
    }

    fn seal_with(&self, nonce: &[u8; NONCE_BYTES], about: &[u8], content: &[u8]) -> Result<Vec<u8>> {
        let sealed = self
            .cipher()
            .encrypt(
                &(*nonce).into(),
                Payload {
                    msg: content,
                    aad: about,
                },
            )
            .map_err(|_| CryptoError::Malformed("content: too long for one envelope"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub fn open(&self, about: &[u8], envelope: &[u8]) -> Result<Vec<u8>> {
        let (nonce, sealed) = envelope
            .split_at_checked(NONCE_BYTES)
            .ok_or(CryptoError::EnvelopeClosed)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| CryptoError::EnvelopeClosed)?;
        self.cipher()
            .decrypt(
                &nonce.into(),
                Payload {
                    msg: sealed,
                    aad: about,
                },
            )
            .map_err(|_| CryptoError::EnvelopeClosed)
    }

    /// This key sealed under another: what a store keeps. Destroying the row
    /// that holds it destroys all that the key opens.
    pub fn wrap(&self, master: &EnvelopeKey, chance: &Chance, about: &[u8]) -> Result<Vec<u8>> {
        master.seal(chance, about, &self.0)
    }
    /// `wrapped` is `None` once the key was destroyed; `name` is for the error.
    pub fn unwrap_from(master: &EnvelopeKey, name: &str, about: &[u8], wrapped: Option<&[u8]>) -> Result<Self> {
        let wrapped = wrapped.ok_or_else(|| CryptoError::KeyDestroyed(name.to_owned()))?;
        let bytes: [u8; 16] = master
            .open(about, wrapped)?
            .try_into()
            .map_err(|_| CryptoError::EnvelopeClosed)?;
        Ok(Self(bytes))
    }

    fn cipher(&self) -> Sm4Gcm {
        Sm4Gcm::new(&self.0.into())
    }
}
impl std::fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnvelopeKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8998, appendix A.1.
    #[test]
    fn sm4_gcm_gives_the_published_vector() {
        let key: [u8; 16] = hex::decode("0123456789abcdeffedcba9876543210")
            .unwrap()
            .try_into()
            .unwrap();
        let nonce: [u8; 12] = hex::decode("00001234567800000000abcd").unwrap().try_into().unwrap();
        let aad = hex::decode("feedfacedeadbeeffeedfacedeadbeefabaddad2").unwrap();
        let plain = hex::decode(concat!(
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb",
            "ccccccccccccccccdddddddddddddddd",
            "eeeeeeeeeeeeeeeeffffffffffffffff",
            "eeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
        ))
        .unwrap();
        let sealed = EnvelopeKey(key).seal_with(&nonce, &aad, &plain).unwrap();
        assert_eq!(
            hex::encode(&sealed[12..]),
            concat!(
                "17f399f08c67d5ee19d0dc9969c4bb7d",
                "5fd46fd3756489069157b282bb200735",
                "d82710ca5c22f0ccfa7cbf93d496ac15",
                "a56834cbcf98c397b4024a2691233b8d",
                "83de3541e4c2b58177e065a9bf7b62ec"
            )
        );
    }

    #[test]
    fn an_envelope_opens_with_its_key_in_its_place_and_unaltered_only() {
        let chance = Chance::seeded(1);
        let key = EnvelopeKey::generate(&chance);
        let sealed = key.seal(&chance, b"txt_1", "理由".as_bytes()).unwrap();
        assert_eq!(key.open(b"txt_1", &sealed).unwrap(), "理由".as_bytes());
        assert!(key.open(b"txt_2", &sealed).is_err(), "moved to another row");
        assert!(
            EnvelopeKey::generate(&chance).open(b"txt_1", &sealed).is_err(),
            "another key"
        );
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open(b"txt_1", &altered).is_err(), "byte {at} altered");
        }
    }

    #[test]
    fn a_destroyed_key_opens_nothing() {
        let chance = Chance::seeded(2);
        let (master, key) = (EnvelopeKey::generate(&chance), EnvelopeKey::generate(&chance));
        let wrapped = key.wrap(&master, &chance, b"k1").unwrap();
        let back = EnvelopeKey::unwrap_from(&master, "k1", b"k1", Some(&wrapped)).unwrap();
        assert_eq!(back.to_bytes(), key.to_bytes());
        let gone = EnvelopeKey::unwrap_from(&master, "k1", b"k1", None);
        assert!(matches!(gone, Err(CryptoError::KeyDestroyed(name)) if name == "k1"));
    }
}

//! 密码: the national suite (SM2, SM3, SM4) and the international one (Ed25519,
//! SHA-256) behind a few plain functions.
//!
//! Nouns: a *signing key* ([`Ed25519Key`], [`Sm2Key`]) and its public half, a
//! *keyed hash* ([`KeyedHash`]) that stands for a value nobody may read in a
//! log, a *salted hash* ([`salted_hash`]) that stands for a text the ledger may
//! not hold, an *envelope* ([`envelope`]) whose content is gone for good once its
//! key is thrown away, a *key file* ([`keyfile`]).
//!
//! Invariants:
//! - Chance comes in through [`base::Chance`]; signing needs none (RFC 8032 for
//!   Ed25519, nonces by RFC 6979 for SM2).
//! - A key file is readable by its owner alone, or it is not used.
//! - Secrets are compared in constant time and never printed (`Debug` shows the
//!   public half).
//!
//! Deliberately absent: password hashing (argon2, in `identity`), TLS, and any
//! algorithm of our own.

pub mod envelope;
pub mod hash;
pub mod keyfile;
pub mod sign;

pub use envelope::EnvelopeKey;
pub use hash::{Hasher, KeyedHash, Suite, constant_time_eq, salted_hash, sha256, sm3};
pub use hex;
pub use keyfile::NodeKeys;
pub use sign::{Ed25519Key, Ed25519Public, SM2_USER_ID, Sm2Key, Sm2Public};

/// What can go wrong with keys, signatures and envelopes. Never carries key
/// material or plaintext.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    #[error("not a valid {0}")]
    Malformed(&'static str),
    #[error("signing failed: {0}")]
    Signing(&'static str),
    #[error("the envelope does not open: wrong key, or altered content")]
    EnvelopeClosed,
    #[error("the key {0} was destroyed")]
    KeyDestroyed(String),
    #[error("key file {path} may be read by others than its owner (mode {mode:o}); run chmod 600 on it")]
    KeyFileExposed { path: String, mode: u32 },
    #[error("key file {path}: {source}")]
    KeyFile { path: String, source: std::io::Error },
}

pub type Result<T, E = CryptoError> = std::result::Result<T, E>;

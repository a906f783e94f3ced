//! 账本: what an entry is, how entries hang together in a Merkle tree, and how
//! anybody checks them without the platform. Pure: no I/O, no clock, no chance.
//!
//! Nouns: an *entry* ([`Entry`]: who decided what, when, under which article); its
//! *canonical bytes* (one encoding, JSON after RFC 8785) and *leaf hash* (RFC
//! 6962 with SHA-256); the *frontier* ([`Frontier`]: the O(log n) hashes that
//! appending needs); *tiles* ([`tile`]: 256 hashes of one level, as C2SP
//! tlog-tiles lays them out); *proofs* ([`proof`]); a *checkpoint*
//! ([`Checkpoint`]: origin, size and root, signed with Ed25519 and SM2 as a C2SP
//! signed note); an *export* ([`export`]) that carries all of these and verifies
//! offline.
//!
//! Invariants:
//! - `seq` counts from 0 without a gap: entry `seq` is leaf `seq` of the tree, and
//!   a tree of size n holds the entries 0 to n - 1.
//! - One entry has exactly one encoding: decoding refuses all others.
//! - No personal data in an entry. Texts that people write are salted hashes.
//!
//! Deliberately absent: storage and its transaction (crate `db`), the titles of
//! kinds (crate `supervision`).

pub mod audit;
pub mod checkpoint;
pub mod entry;
pub mod export;
pub mod note;
pub mod proof;
pub mod tile;
pub mod tree;

pub use checkpoint::Checkpoint;
pub use entry::{ENTRY_BYTES_MAX, Entry, EntryError, Value};
pub use proof::{ConsistencyProof, InclusionProof};
pub use tree::{Frontier, Hash, leaf_hash, node_hash};

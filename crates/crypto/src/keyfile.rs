//! Key files: PKCS#8 PEM for signing keys, hex for symmetric ones; made at the
//! first start with mode 0600, refused when others can read them.

use std::io::Write;
use std::path::{Path, PathBuf};

use base::Chance;

use crate::{CryptoError, Ed25519Key, EnvelopeKey, KeyedHash, Result, Sm2Key, Suite};

/// The keys of a node, from one directory.
#[derive(Clone, Debug)]
pub struct NodeKeys {
    /// Signs checkpoints of the ledger and tokens of the gateway: `ed25519.pem`.
    pub ed25519: Ed25519Key,
    /// Signs checkpoints and seals: `sm2.pem`.
    pub sm2: Sm2Key,
    /// Hashes citizen ids in the access log: `lookup.key`.
    pub lookup: KeyedHash,
    /// Wraps envelope keys: `master.key`.
    pub master: EnvelopeKey,
}

impl NodeKeys {
    /// Reads the keys of `directory`; makes those that are not there yet.
    ///
    /// # Errors
    /// A file that others can read, is no key, or cannot be read or written.
    pub fn load_or_create(directory: &Path, suite: Suite, chance: &Chance) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(|e| io(directory, e))?;
        let lookup: [u8; 32] = symmetric(&directory.join("lookup.key"), chance)?;
        let master: [u8; 16] = symmetric(&directory.join("master.key"), chance)?;
        Ok(Self {
            ed25519: Ed25519Key::from_pem(&load_or_create(&directory.join("ed25519.pem"), || {
                Ed25519Key::generate(chance).to_pem()
            })?)?,
            sm2: Sm2Key::from_pem(&load_or_create(&directory.join("sm2.pem"), || {
                Sm2Key::generate(chance).to_pem()
            })?)?,
            lookup: KeyedHash::new(suite, &lookup),
            master: EnvelopeKey::from_bytes(master),
        })
    }

    /// Keys that live in memory only: for tests and tools.
    pub fn ephemeral(chance: &Chance) -> Self {
        Self {
            ed25519: Ed25519Key::generate(chance),
            sm2: Sm2Key::generate(chance),
            lookup: KeyedHash::new(Suite::National, &chance.bytes()),
            master: EnvelopeKey::generate(chance),
        }
    }
}

fn symmetric<const N: usize>(path: &Path, chance: &Chance) -> Result<[u8; N]> {
    let text = load_or_create(path, || Ok(hex::encode(chance.bytes::<N>()) + "\n"))?;
    let bytes = hex::decode(text.trim()).map_err(|_| CryptoError::Malformed("symmetric key in hex"))?;
    bytes
        .try_into()
        .map_err(|_| CryptoError::Malformed("symmetric key: wrong length"))
}

/// The text of the file, which `make` gives where there is none. Written to a
/// name beside it and renamed, so that a crash leaves no half key.
fn load_or_create(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    match std::fs::metadata(path) {
        Ok(metadata) => {
            refuse_exposed(path, &metadata)?;
            std::fs::read_to_string(path).map_err(|e| io(path, e))
        }
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let text = make()?;
            write_private(path, &text).map_err(|e| io(path, e))?;
            Ok(text)
        }
        Err(e) => Err(io(path, e)),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let beside: PathBuf = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(beside, path)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(CryptoError::KeyFileExposed {
            path: path.display().to_string(),
            mode,
        })
    }
}
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &std::fs::Metadata) -> Result<()> {
    Ok(())
}

fn io(path: &Path, source: std::io::Error) -> CryptoError {
    CryptoError::KeyFile {
        path: path.display().to_string(),
        source,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn keys_are_made_once_private_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let first = NodeKeys::load_or_create(dir.path(), Suite::National, &Chance::seeded(1)).unwrap();
        for file in ["ed25519.pem", "sm2.pem", "lookup.key", "master.key"] {
            let mode = std::fs::metadata(dir.path().join(file)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{file}");
        }
        let again = NodeKeys::load_or_create(dir.path(), Suite::National, &Chance::seeded(2)).unwrap();
        assert_eq!(first.ed25519.public(), again.ed25519.public());
        assert_eq!(first.sm2.public(), again.sm2.public());
        assert_eq!(first.lookup.of("d", b"v"), again.lookup.of("d", b"v"));
        assert_eq!(first.master.to_bytes(), again.master.to_bytes());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        NodeKeys::load_or_create(dir.path(), Suite::National, &Chance::seeded(1)).unwrap();
        let path = dir.path().join("sm2.pem");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = NodeKeys::load_or_create(dir.path(), Suite::National, &Chance::seeded(1));
        assert!(matches!(refused, Err(CryptoError::KeyFileExposed { mode: 0o644, .. })));
    }
}

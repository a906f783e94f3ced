//! Signed notes (C2SP signed-note): a text, an empty line, and signature lines
//! `— NAME BASE64(key hash, signature)`, Ed25519 as the specification has it and
//! SM2 under the byte 0xff that it leaves to others, followed by [`SM2_ALGORITHM`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use crypto::{Ed25519Key, Ed25519Public, Sm2Key, Sm2Public};

const ED25519_ALGORITHM: u8 = 0x01;
const OTHER_ALGORITHM: u8 = 0xff;
/// What follows 0xff in the key of an SM2 signature: SM2 with SM3 (GB/T 32918.2)
/// under the default identifier, r and s of 32 bytes each.
pub const SM2_ALGORITHM: &[u8] = b"sm2-sm3";

/// A public key with the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    pub name: String,
    pub key: PublicKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    Ed25519(Ed25519Public),
    Sm2(Sm2Public),
}

/// Why a text is no note, or a key no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a signed note")]
    Malformed,
    #[error("not a verifier key")]
    MalformedKey,
    #[error("signing failed")]
    Signing,
}

impl PublicKey {
    /// Algorithm byte (and identifier), then the key.
    fn encoded(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => [&[ED25519_ALGORITHM], key.to_bytes().as_slice()].concat(),
            Self::Sm2(key) => [&[OTHER_ALGORITHM], SM2_ALGORITHM, &key.to_bytes()].concat(),
        }
    }
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "Ed25519",
            Self::Sm2(_) => "SM2",
        }
    }
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => key.verify(message, signature),
            Self::Sm2(key) => key.verify(message, signature),
        }
    }
}

impl Verifier {
    /// First four bytes of SHA-256 of name, line feed, algorithm and key.
    pub fn key_hash(&self) -> [u8; 4] {
        let hash = crypto::sha256(&[self.name.as_bytes(), b"\n", &self.key.encoded()].concat());
        [hash[0], hash[1], hash[2], hash[3]]
    }
    /// `NAME+HEX(key hash)+BASE64(algorithm and key)`.
    pub fn encode(&self) -> String {
        format!(
            "{}+{}+{}",
            self.name,
            crypto::hex::encode(self.key_hash()),
            BASE64.encode(self.key.encoded())
        )
    }
    /// # Errors
    /// Anything that [`Self::encode`] would not have written.
    pub fn decode(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(_), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(NoteError::MalformedKey);
        };
        let key = BASE64.decode(key).map_err(|_| NoteError::MalformedKey)?;
        let key = match key.split_first() {
            Some((&ED25519_ALGORITHM, key)) => Ed25519Public::from_bytes(key).ok().map(PublicKey::Ed25519),
            Some((&OTHER_ALGORITHM, rest)) => rest
                .strip_prefix(SM2_ALGORITHM)
                .and_then(|key| Sm2Public::from_bytes(key).ok())
                .map(PublicKey::Sm2),
            _ => None,
        };
        let verifier = Self {
            name: name.to_owned(),
            key: key.ok_or(NoteError::MalformedKey)?,
        };
        if verifier.encode() == text {
            Ok(verifier)
        } else {
            Err(NoteError::MalformedKey)
        }
    }
}

/// The keys that sign, both under one name.
#[derive(Clone, Debug)]
pub struct Signers {
    name: String,
    ed25519: Ed25519Key,
    sm2: Sm2Key,
}

impl Signers {
    /// `name`: the ledger's origin, without white space or plus sign.
    pub fn new(name: impl Into<String>, ed25519: Ed25519Key, sm2: Sm2Key) -> Self {
        Self {
            name: name.into(),
            ed25519,
            sm2,
        }
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn verifiers(&self) -> Vec<Verifier> {
        [
            PublicKey::Ed25519(self.ed25519.public()),
            PublicKey::Sm2(self.sm2.public()),
        ]
        .map(|key| Verifier {
            name: self.name.clone(),
            key,
        })
        .to_vec()
    }
    /// `text` ends with a line feed and has no empty line.
    ///
    /// # Errors
    /// SM2 signing, in theory only.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        let signatures = [
            self.ed25519.sign(text.as_bytes()),
            self.sm2.sign(text.as_bytes()).map_err(|_| NoteError::Signing)?,
        ];
        let mut note = format!("{text}\n");
        for (verifier, signature) in self.verifiers().iter().zip(signatures) {
            let line = [verifier.key_hash().as_slice(), &signature].concat();
            note.push_str(&format!("\u{2014} {} {}\n", verifier.name, BASE64.encode(line)));
        }
        Ok(note)
    }
}

/// What checking a note's signatures found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked<'a> {
    pub text: &'a str,
    /// One for each verifier given: whether a signature of it is there and good.
    pub good: Vec<bool>,
    /// Signature lines that no verifier given accepted.
    pub unknown: usize,
}

/// Splits a note and checks its signatures against `verifiers`.
///
/// # Errors
/// A text that is no signed note.
pub fn check<'a>(note: &'a str, verifiers: &[Verifier]) -> Result<Checked<'a>, NoteError> {
    let split = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
    let (text, signatures) = (&note[..=split], &note[split + 2..]);
    if !signatures.ends_with('\n') {
        return Err(NoteError::Malformed);
    }
    let mut good = vec![false; verifiers.len()];
    let mut unknown = 0;
    for line in signatures.lines() {
        let (name, encoded) = line
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(NoteError::Malformed)?;
        let bytes = BASE64.decode(encoded).map_err(|_| NoteError::Malformed)?;
        let (key_hash, signature) = bytes.split_at_checked(4).ok_or(NoteError::Malformed)?;
        let signer = verifiers
            .iter()
            .position(|v| v.name == name && v.key_hash() == key_hash);
        match signer.filter(|i| verifiers[*i].key.verify(text.as_bytes(), signature)) {
            Some(i) if !good[i] => good[i] = true,
            _ => unknown += 1,
        }
    }
    Ok(Checked { text, good, unknown })
}

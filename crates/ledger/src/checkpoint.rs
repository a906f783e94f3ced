//! 检查点: what the ledger's owner has signed that it was, at a size (C2SP
//! tlog-checkpoint).

use base::Moment;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::Hash;
use crate::note::{NoteError, Signers, Verifier, check};

/// The line that says when it was signed; the specification lets notes carry
/// further lines, and readers that do not know them pass over them.
const AT: &str = "at ";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the ledger: `shuqiao.NODE/ledger`.
    pub origin: String,
    /// Entries.
    pub size: u64,
    pub root: Hash,
    /// When it was signed.
    pub at: Moment,
}

impl Checkpoint {
    /// The text that is signed: origin, size, root in base 64, and the moment.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n{AT}{}\n",
            self.origin,
            self.size,
            BASE64.encode(self.root),
            self.at
        )
    }
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root = BASE64.decode(lines.next()?).ok()?.try_into().ok()?;
        let at = Moment::parse(lines.next()?.strip_prefix(AT)?)?;
        let checkpoint = Self { origin, size, root, at };
        (checkpoint.text() == text).then_some(checkpoint)
    }
    /// # Errors
    /// See [`Signers::sign`].
    pub fn sign(&self, signers: &Signers) -> Result<String, NoteError> {
        signers.sign(&self.text())
    }
    /// The checkpoint of a note that every one of `verifiers` has signed, and
    /// nobody else.
    ///
    /// # Errors
    /// A text that is no signed checkpoint, or lacks a good signature.
    pub fn open(note: &str, verifiers: &[Verifier]) -> Result<Self, String> {
        let checked = check(note, verifiers).map_err(|e| e.to_string())?;
        let checkpoint = Self::parse(checked.text).ok_or("the text is no checkpoint")?;
        let bad: Vec<_> = verifiers
            .iter()
            .zip(&checked.good)
            .filter(|(_, good)| !**good)
            .map(|(v, _)| v.key.algorithm())
            .collect();
        if !bad.is_empty() {
            return Err(format!("no good signature by {}", bad.join(" and ")));
        }
        if checked.unknown > 0 {
            return Err("a signature line of an unknown key".to_owned());
        }
        if verifiers.iter().any(|v| v.name != checkpoint.origin) {
            return Err("the origin is not the name of the keys".to_owned());
        }
        Ok(checkpoint)
    }
}

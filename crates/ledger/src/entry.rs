//! One decision, and its one encoding.

use std::collections::BTreeMap;

use base::Moment;
use serde::{Deserialize, Serialize};

/// Canonical bytes of one entry at most: the entry bundles of C2SP tlog-tiles
/// count lengths in 16 bits.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Integers that every JSON reader keeps exact (RFC 8785 section 3.2.2.3).
const SAFE_INTEGER_MAX: i64 = (1 << 53) - 1;

/// A value of an entry's data: an id, a code, a hash, a count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = LedgerValue)]
pub enum Value {
    Text(String),
    Number(i64),
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        if (-SAFE_INTEGER_MAX..=SAFE_INTEGER_MAX).contains(&number) {
            Self::Number(number)
        } else {
            Self::Text(number.to_string())
        }
    }
}
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::Text(number.to_string()), Self::from)
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Text(if yes { "true" } else { "false" }.to_owned())
    }
}

/// 账本条目: one decision. A use-case names `kind`, `subject`, articles and data;
/// the store fills in `seq`, `at`, `actor`, `institution` and `trace` when it
/// appends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 0, without a gap: the place of its leaf in the tree. The store gives it.
    pub seq: u64,
    /// When it was decided.
    pub at: Moment,
    /// Dotted: `catalog.published`.
    pub kind: String,
    /// Id of what it is about.
    pub subject: String,
    /// Id of who decided; `system` for the platform itself.
    pub actor: String,
    /// Id of the actor's institution.
    pub institution: Option<String>,
    /// Citations: 《浙江省公共数据条例》第二十五条.
    pub articles: Vec<String>,
    /// Trace of the request, hex.
    pub trace: String,
    /// Ids, codes, hashes, counts; never personal data. Keys are ASCII.
    pub data: BTreeMap<String, Value>,
}

/// Why bytes are not an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    #[error("not JSON")]
    NotJson,
    #[error("field {0} is missing or of another type")]
    Field(&'static str),
    #[error("not the canonical encoding")]
    NotCanonical,
}

impl Entry {
    pub fn new(kind: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            seq: 0,
            at: Moment(0),
            kind: kind.into(),
            subject: subject.into(),
            actor: String::new(),
            institution: None,
            articles: Vec::new(),
            trace: String::new(),
            data: BTreeMap::new(),
        }
    }
    /// The article under which it was decided; call again for another.
    pub fn article(mut self, citation: impl Into<String>) -> Self {
        self.articles.push(citation.into());
        self
    }
    /// An id, code, hash or count. `key` is ASCII, snake case.
    pub fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        debug_assert!(key.is_ascii(), "keys of an entry are ASCII");
        self.data.insert(key.to_owned(), value.into());
        self
    }
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.data.get(key) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.data.get(key) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// The one encoding: a JSON object after RFC 8785 (keys in order, no white
    /// space, shortest escapes) with the keys `actor`, `articles`, `at` (RFC 3339,
    /// milliseconds, +08:00), `data`, `institution` (absent where there is none),
    /// `kind`, `seq`, `subject`, `trace` and `v`, the version of this layout, 1.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(384);
        out.extend_from_slice(b"{\"actor\":");
        json(&mut out, &self.actor);
        out.extend_from_slice(b",\"articles\":");
        json(&mut out, &self.articles);
        out.extend_from_slice(b",\"at\":");
        json(&mut out, &self.at);
        out.extend_from_slice(b",\"data\":");
        json(&mut out, &self.data);
        if let Some(institution) = &self.institution {
            out.extend_from_slice(b",\"institution\":");
            json(&mut out, institution);
        }
        out.extend_from_slice(b",\"kind\":");
        json(&mut out, &self.kind);
        out.extend_from_slice(b",\"seq\":");
        json(&mut out, &self.seq);
        out.extend_from_slice(b",\"subject\":");
        json(&mut out, &self.subject);
        out.extend_from_slice(b",\"trace\":");
        json(&mut out, &self.trace);
        out.extend_from_slice(b",\"v\":1}");
        out
    }

    /// # Errors
    /// Bytes that [`Self::canonical`] would not have written.
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, EntryError> {
        #[derive(Deserialize)]
        struct Layout {
            actor: String,
            articles: Vec<String>,
            at: Moment,
            data: BTreeMap<String, Value>,
            institution: Option<String>,
            kind: String,
            seq: u64,
            subject: String,
            trace: String,
        }
        let layout: Layout = serde_json::from_slice(bytes).map_err(|_| EntryError::NotJson)?;
        let entry = Self {
            seq: layout.seq,
            at: layout.at,
            kind: layout.kind,
            subject: layout.subject,
            actor: layout.actor,
            institution: layout.institution,
            articles: layout.articles,
            trace: layout.trace,
            data: layout.data,
        };
        if entry.canonical() == bytes {
            Ok(entry)
        } else {
            Err(EntryError::NotCanonical)
        }
    }
}

/// serde_json writes what RFC 8785 asks: control characters as \b \t \n \f \r or
/// \u00xx in lower case, quote and backslash escaped, nothing else. Writing
/// strings, integers and maps of them to memory has no way to fail.
fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    if serde_json::to_writer(out, value).is_err() {
        unreachable!("strings and integers always encode");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Entry {
        let mut entry = Entry::new("sharing.refused", "req_01")
            .article("《浙江省公共数据条例》第二十五条")
            .put("reason", "9f86d081")
            .put("days", 3);
        (entry.seq, entry.at) = (7, Moment(1_795_000_000_123));
        entry.actor = "per_01".into();
        entry.institution = Some("org_01".into());
        entry.trace = "00ff".into();
        entry
    }

    /// The layout is a promise to everybody who holds an export.
    #[test]
    fn the_encoding_stays_as_it_is() {
        assert_eq!(
            String::from_utf8(sample().canonical()).unwrap(),
            concat!(
                r#"{"actor":"per_01","articles":["《浙江省公共数据条例》第二十五条"],"#,
                r#""at":"2026-11-18T19:06:40.123+08:00","data":{"days":3,"reason":"9f86d081"},"#,
                r#""institution":"org_01","kind":"sharing.refused","seq":7,"subject":"req_01","trace":"00ff","v":1}"#
            )
        );
    }

    #[test]
    fn any_other_encoding_is_refused() {
        let canonical = String::from_utf8(sample().canonical()).unwrap();
        for other in [
            canonical.replace(",\"v\":1", ""),
            canonical.replace("\"v\":1", "\"v\":1,\"w\":2"),
            canonical.replace("\"seq\":7", "\"seq\": 7"),
            canonical.replace(
                "\"days\":3,\"reason\":\"9f86d081\"",
                "\"reason\":\"9f86d081\",\"days\":3",
            ),
            canonical.replace("+08:00", "+09:00"),
            canonical.replace("per_01", "per_\\u0030\\u0031"),
            format!("{canonical} "),
        ] {
            assert_eq!(
                Entry::from_canonical(other.as_bytes()),
                Err(EntryError::NotCanonical),
                "{other}"
            );
        }
        assert_eq!(Entry::from_canonical(b"{}"), Err(EntryError::NotJson));
    }

    prop_compose! {
        pub(crate) fn entries()(
            seq in 1u64..1 << 50, at in 0i64..4_000_000_000_000, kind in "[a-z]{1,9}\\.[a-z_]{1,12}",
            subject in "\\PC{0,20}", actor in "\\PC{0,12}", institution in prop::option::of("\\PC{0,12}"),
            articles in prop::collection::vec("\\PC{0,12}", 0..3), trace in "[0-9a-f]{0,32}",
            texts in prop::collection::btree_map("[a-z_]{1,8}", any::<String>(), 0..4),
            numbers in prop::collection::btree_map("[a-z_]{1,8}", any::<i64>(), 0..4),
        ) -> Entry {
            let mut entry = Entry::new(kind, subject);
            (entry.seq, entry.at, entry.actor, entry.institution) = (seq, Moment(at), actor, institution);
            (entry.articles, entry.trace) = (articles, trace);
            for (key, text) in texts { entry = entry.put(&key, text); }
            for (key, number) in numbers { entry = entry.put(&key, number); }
            entry
        }
    }

    proptest! {
        #[test]
        fn every_entry_reads_back_as_written(entry in entries()) {
            let bytes = entry.canonical();
            prop_assert_eq!(Entry::from_canonical(&bytes).unwrap(), entry);
        }
    }
}

//! Masks: pure functions from a value's canonical text to what may be seen.

use std::borrow::Cow;

use arrow::array::{Array, StringArray, StringBuilder};
use base::{Error, Result};
use crypto::hash::{KeyedHash, Suite};
use serde::{Deserialize, Serialize};

use crate::{MASK_INVALID, MASK_KEY_MISSING, MASK_UNKNOWN, library, text};

/// What a mask does to a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The first and last characters stay, each one between becomes `*`. Where
    /// nothing would be hidden, everything is.
    Keep { first: u16, last: u16 },
    /// A person's name: the surname stays (two characters for compound ones).
    Name,
    /// An address down to the county; the rest becomes `****`.
    Address,
    /// An e-mail address: first character and domain.
    Email,
    /// The year of a date.
    Year,
    /// Year and month of a date.
    Month,
    /// A division code up to a level: 2 digits the province, 4 the city; noughts follow.
    Division { digits: u8 },
    /// A whole number down to a multiple of `unit`.
    Round { unit: u32 },
    /// Keyed hash, 32 hex digits: equal values stay equal under one grant, and only there.
    Hash,
    /// Always the same text.
    Fixed { text: String },
    /// Nothing.
    Null,
}

/// 脱敏方式, as a grant holds it. On the wire: its description, or the name of
/// one of the library (`"citizen_id"`), which is then resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "Written")]
pub struct Mask {
    /// Of the library; absent for one made for a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub rule: Rule,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Name(String),
    Full { name: Option<String>, rule: Rule },
    Rule(Rule),
}

impl TryFrom<Written> for Mask {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let mask = match written {
            Written::Name(name) => Mask::named(&name).map_err(|e| e.title(base::Lang::Zh))?,
            Written::Full { name, rule } => Mask { name, rule },
            Written::Rule(rule) => Mask { name: None, rule },
        };
        mask.checked().map_err(|e| e.title(base::Lang::Zh))
    }
}

impl Mask {
    pub fn new(rule: Rule) -> Self {
        Self { name: None, rule }
    }
    /// Of the library `rules/masks.toml`.
    pub fn named(name: &str) -> Result<Self> {
        let found = library::named_mask(name).ok_or_else(|| Error::new(&MASK_UNKNOWN).with("name", name))?;
        Ok(Self {
            name: Some(found.name.clone()),
            rule: found.rule.clone(),
        })
    }
    fn checked(self) -> Result<Self> {
        let detail = match &self.rule {
            Rule::Division { digits } if !matches!(digits, 2 | 4) => "digits: 2, 4",
            Rule::Round { unit: 0 } => "unit ≥ 1",
            Rule::Fixed { text } if text.chars().count() > base::limits::SHORT_TEXT_CHARS_MAX => "text",
            _ => return Ok(self),
        };
        Err(Error::new(&MASK_INVALID).with("detail", detail))
    }
    /// With the key it needs, if it needs one.
    pub fn ready(&self, key: Option<&MaskKey>) -> Result<ReadyMask> {
        let key = match (&self.rule, key) {
            (Rule::Hash, None) => return Err(Error::new(&MASK_KEY_MISSING)),
            (Rule::Hash, Some(key)) => Some(key.clone()),
            _ => None,
        };
        Ok(ReadyMask {
            rule: self.rule.clone(),
            key,
        })
    }
}

/// The key of hash masks under one grant. Another grant's hashes cannot be
/// joined with these.
#[derive(Clone)]
pub struct MaskKey {
    hash: KeyedHash,
    domain: String,
}

impl MaskKey {
    /// From the node's secret for masks; `grant` separates grants from each other.
    pub fn new(suite: Suite, secret: &[u8; 32], grant: &str) -> Self {
        Self {
            hash: KeyedHash::new(suite, secret),
            domain: format!("mask/{grant}"),
        }
    }
}

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MaskKey({})", self.domain)
    }
}

/// A mask with its key, for values and for columns.
#[derive(Clone, Debug)]
pub struct ReadyMask {
    rule: Rule,
    key: Option<MaskKey>,
}

impl ReadyMask {
    /// The masked text of a canonical text; `None` is null.
    pub fn value<'a>(&self, value: &'a str) -> Option<Cow<'a, str>> {
        Some(match &self.rule {
            Rule::Keep { first, last } => Cow::Owned(keep(value, usize::from(*first), usize::from(*last))),
            Rule::Name => Cow::Owned(keep(value, surname_chars(value), 0)),
            Rule::Address => Cow::Owned(address(value)),
            Rule::Email => Cow::Owned(email(value)),
            Rule::Year => Cow::Borrowed(date_prefix(value, 4)?),
            Rule::Month => return month(value),
            Rule::Division { digits } => Cow::Owned(division(value, usize::from(*digits))?),
            Rule::Round { unit } => Cow::Owned(round(value, i128::from(*unit))?),
            Rule::Hash => {
                // Without a key nothing is shown; `Mask::ready` has refused before.
                let key = self.key.as_ref()?;
                Cow::Owned(hex::encode(&key.hash.of(&key.domain, value.as_bytes())[..16]))
            }
            Rule::Fixed { text } => Cow::Owned(text.clone()),
            Rule::Null => return None,
        })
    }

    /// A column of any type, masked: the same answers as [`Self::value`].
    pub fn column(&self, array: &dyn Array) -> Result<StringArray, arrow::error::ArrowError> {
        if self.rule == Rule::Null {
            return Ok(StringArray::new_null(array.len()));
        }
        let texts = text::column(array)?;
        let mut out = StringBuilder::with_capacity(texts.len(), texts.values().len());
        for value in &texts {
            out.append_option(value.and_then(|v| self.value(v)));
        }
        Ok(out.finish())
    }
}

fn keep(value: &str, first: usize, last: usize) -> String {
    let count = value.chars().count();
    let (first, last) = if first + last >= count { (0, 0) } else { (first, last) };
    let visible = |at: usize| at < first || at >= count - last;
    value
        .chars()
        .enumerate()
        .map(|(at, c)| if visible(at) { c } else { '*' })
        .collect()
}

/// Compound surnames in use; a name of two characters begins with a simple one.
const COMPOUND_SURNAMES: [&str; 12] = [
    "欧阳", "上官", "司马", "诸葛", "夏侯", "东方", "尉迟", "公孙", "慕容", "司徒", "令狐", "皇甫",
];

fn surname_chars(name: &str) -> usize {
    let compound = name.chars().count() > 2 && COMPOUND_SURNAMES.iter().any(|s| name.starts_with(s));
    if compound { 2 } else { 1 }
}

fn address(value: &str) -> String {
    let mut end = 0;
    let mut before = ' ';
    // 省, 市, 区, 县 each end a division; beyond three of them, or a good dozen
    // characters, such a character belongs to a road or an estate.
    let mut levels = 0;
    for (at, (byte, c)) in value.char_indices().enumerate() {
        if at > 15 || levels == 3 {
            break;
        }
        if matches!(c, '省' | '市' | '区' | '县') && !matches!(before, '小' | '社' | '园') && at > 0 {
            end = byte + c.len_utf8();
            levels += 1;
        }
        before = c;
    }
    format!("{}****", &value[..end])
}

fn email(value: &str) -> String {
    match value.rsplit_once('@') {
        Some((local, domain)) => format!("{}***@{domain}", local.chars().take(1).collect::<String>()),
        None => "***".to_owned(),
    }
}

/// The first digits of `2020-02-29…` or `20200229`.
fn date_prefix(value: &str, digits: usize) -> Option<&str> {
    let prefix = value.get(..digits)?;
    prefix.bytes().all(|b| b.is_ascii_digit()).then_some(prefix)
}

fn month(value: &str) -> Option<Cow<'_, str>> {
    let year = date_prefix(value, 4)?;
    let rest = &value[4..];
    let month = date_prefix(rest.strip_prefix(['-', '/']).unwrap_or(rest), 2)?;
    Some(Cow::Owned(format!("{year}-{month}")))
}

fn division(value: &str, digits: usize) -> Option<String> {
    if value.len() < 6 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(format!("{:0<6}", &value[..digits]))
}

fn round(value: &str, unit: i128) -> Option<String> {
    let negative = value.starts_with('-');
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    // -0.5 lies below nought: the floor of what was cut off.
    let floor = if negative && fraction.bytes().any(|b| b != b'0') {
        whole - 1
    } else {
        whole
    };
    Some((floor.div_euclid(unit) * unit).to_string())
}

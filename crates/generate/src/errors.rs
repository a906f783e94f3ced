//! Errors put into rows on purpose, at a known rate, counted by kind.

use std::collections::BTreeMap;

use base::codes;
use serde::{Deserialize, Serialize};

use crate::chance::Chance;
use crate::tables::Targets;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The last character of the citizen ID or USCC is another one.
    WrongCheckDigit,
    /// A required item is empty.
    MissingRequired,
    /// 30 February.
    ImpossibleDate,
    /// A division code that was never given out.
    UnknownDivision,
    /// The key of the row before.
    DuplicateKey,
    /// Full-width digits in a code.
    FullWidthDigits,
    /// Longer than the item allows.
    Overlong,
    /// A value that the code set does not have.
    UnknownCode,
}

impl ErrorKind {
    pub const ALL: [ErrorKind; 8] = [
        Self::WrongCheckDigit,
        Self::MissingRequired,
        Self::ImpossibleDate,
        Self::UnknownDivision,
        Self::DuplicateKey,
        Self::FullWidthDigits,
        Self::Overlong,
        Self::UnknownCode,
    ];
}

/// How many rows were spoilt, by kind.
pub type Counts = BTreeMap<ErrorKind, u64>;

/// Spoils a row in one way. `key_before` is the key of the sound row before,
/// if the chunk has one yet.
pub(crate) fn spoil(
    row: &mut [String],
    targets: &Targets,
    key_before: Option<&[String]>,
    chance: &mut Chance,
) -> ErrorKind {
    let drawn = ErrorKind::ALL[chance.below(8) as usize];
    let kind = if drawn == ErrorKind::DuplicateKey && key_before.is_none() {
        ErrorKind::Overlong
    } else {
        drawn
    };
    match kind {
        ErrorKind::WrongCheckDigit => wrong_check_digit(&mut row[targets.check_digit]),
        ErrorKind::MissingRequired => row[targets.required].clear(),
        ErrorKind::ImpossibleDate => row[targets.date].replace_range(5..10, "02-30"),
        ErrorKind::UnknownDivision => {
            row[targets.division].clear();
            row[targets.division].push_str(chance.pick(&["339999", "330199", "000000", "999999"]));
        }
        ErrorKind::DuplicateKey => {
            for (column, value) in targets.keys.iter().zip(key_before.into_iter().flatten()) {
                row[*column].clone_from(value);
            }
        }
        ErrorKind::FullWidthDigits => {
            let wide = |c: char| {
                if c.is_ascii_digit() {
                    char::from_u32(c as u32 + 0xFEE0).unwrap_or(c)
                } else {
                    c
                }
            };
            row[targets.full_width] = row[targets.full_width].chars().map(wide).collect();
        }
        ErrorKind::Overlong => row[targets.overlong] = "超长".repeat(60),
        ErrorKind::UnknownCode => {
            row[targets.code].clear();
            row[targets.code].push_str("999");
        }
    }
    kind
}

/// Another check character; of a USCC also another organisation code, since a
/// failing check character alone is no proof.
fn wrong_check_digit(code: &mut String) {
    let other = |c: char| if c == '1' { "2" } else { "1" };
    let organisation = codes::citizen_id(code).is_err() && codes::uscc(code) == codes::Uscc::Valid;
    if let Some(last) = code.pop() {
        code.push_str(other(last));
    }
    if organisation {
        let spoilt = other(code[16..17].chars().next().unwrap_or('0'));
        code.replace_range(16..17, spoilt);
        if codes::uscc(code) == codes::Uscc::Valid {
            code.replace_range(17.., "3");
        }
    }
}

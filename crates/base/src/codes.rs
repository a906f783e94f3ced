//! Codes that identify persons, organisations and divisions: whether they can
//! be true, and what they tell.
//!
//! - Citizen ID number: GB 11643-1999. Seventeen digits and a check character;
//!   the fifteen digits issued before 1999 are recognised. The division in it
//!   is that of the day it was issued, so only the province is looked at.
//! - Unified social credit code (USCC): GB 32100-2015. Some codes were issued
//!   with a wrong check character, so it is evidence and not a veto: the
//!   organisation code inside (GB 11714-1997) has one of its own.
//! - Divisions: GB/T 2260, those of Zhejiang as `rules/divisions.csv` has them.
//!
//! Deliberately absent: whether a code was ever issued. No check digit tells.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What a citizen ID number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CitizenId {
    pub birth: NaiveDate,
    pub female: bool,
    /// GB/T 2260 of the day it was issued.
    pub division: u32,
    /// Fifteen digits: no check character, the century is taken to be the twentieth.
    pub legacy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CitizenIdFault {
    /// Not 17 digits and a check character, nor 15 digits, or of no province.
    Malformed,
    ImpossibleBirth,
    CheckDigitFails,
    /// It went through a number and lost its tail: `3.30106E+17`, `330106199003070000`.
    TailLost,
}

impl CitizenIdFault {
    /// Stable, for quarantine and quality results.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "citizen_id_malformed",
            Self::ImpossibleBirth => "citizen_id_birth",
            Self::CheckDigitFails => "citizen_id_check_digit",
            Self::TailLost => "citizen_id_tail_lost",
        }
    }
    pub fn message(self, lang: crate::Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Malformed => ("不是有效的公民身份号码格式", "not in the form of a citizen ID number"),
            Self::ImpossibleBirth => (
                "公民身份号码中的出生日期不存在",
                "the birth date in the ID number does not exist",
            ),
            Self::CheckDigitFails => ("公民身份号码校验位不符", "the check digit of the ID number fails"),
            Self::TailLost => (
                "公民身份号码被当作数值保存，末位已丢失",
                "the ID number was stored as a number and lost its last digits",
            ),
        };
        if lang == crate::Lang::En { en } else { zh }
    }
}

const CITIZEN_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CITIZEN_CHECKS: &[u8; 11] = b"10X98765432";

/// The check character of the first 17 digits of a citizen ID number (ISO 7064 MOD 11-2).
pub fn citizen_id_check(first_17: &[u8]) -> Option<u8> {
    if first_17.len() != 17 || !first_17.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = first_17
        .iter()
        .zip(CITIZEN_WEIGHTS)
        .map(|(d, w)| u32::from(d - b'0') * w)
        .sum();
    Some(CITIZEN_CHECKS[(sum % 11) as usize])
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'))
}

/// The first two digits: a province (GB/T 2260), 83 for residents from Taiwan;
/// a leading 9 is a foreigner's permanent residence.
fn is_province(prefix: u32) -> bool {
    matches!(prefix, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 90..=99)
}

/// Reads a citizen ID number as written, without white space; a lower-case `x` passes.
pub fn citizen_id(s: &str) -> Result<CitizenId, CitizenIdFault> {
    let bytes = s.as_bytes();
    match bytes.len() {
        18 if bytes[..17].iter().all(u8::is_ascii_digit) => citizen_id_18(bytes),
        15 if bytes.iter().all(u8::is_ascii_digit) => citizen_id_15(bytes),
        _ if is_scientific(s) => Err(CitizenIdFault::TailLost),
        _ => Err(CitizenIdFault::Malformed),
    }
}

fn citizen_id_18(bytes: &[u8]) -> Result<CitizenId, CitizenIdFault> {
    let last = bytes[17].to_ascii_uppercase();
    if !last.is_ascii_digit() && last != b'X' || !is_province(number(&bytes[..2])) {
        return Err(CitizenIdFault::Malformed);
    }
    if citizen_id_check(&bytes[..17]) != Some(last) {
        // A spreadsheet keeps fifteen significant digits and fills with noughts.
        let tail_lost = bytes.ends_with(b"000");
        return Err(if tail_lost {
            CitizenIdFault::TailLost
        } else {
            CitizenIdFault::CheckDigitFails
        });
    }
    let birth = NaiveDate::from_ymd_opt(
        number(&bytes[6..10]) as i32,
        number(&bytes[10..12]),
        number(&bytes[12..14]),
    )
    .filter(|_| number(&bytes[6..10]) >= 1850)
    .ok_or(CitizenIdFault::ImpossibleBirth)?;
    Ok(CitizenId {
        birth,
        female: bytes[16].is_multiple_of(2),
        division: number(&bytes[..6]),
        legacy: false,
    })
}

fn citizen_id_15(bytes: &[u8]) -> Result<CitizenId, CitizenIdFault> {
    if !is_province(number(&bytes[..2])) {
        return Err(CitizenIdFault::Malformed);
    }
    let birth = NaiveDate::from_ymd_opt(
        1900 + number(&bytes[6..8]) as i32,
        number(&bytes[8..10]),
        number(&bytes[10..12]),
    )
    .ok_or(CitizenIdFault::ImpossibleBirth)?;
    Ok(CitizenId {
        birth,
        female: bytes[14].is_multiple_of(2),
        division: number(&bytes[..6]),
        legacy: true,
    })
}

/// Written as a number in exponents: `3.30106E+17`. What it was cannot be had back.
pub fn is_scientific(s: &str) -> bool {
    let Some((mantissa, exponent)) = s.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let digits = mantissa.replacen('.', "", 1);
    !exponent.is_empty()
        && !digits.is_empty()
        && exponent.bytes().all(|b| b.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether an 18-character code went through a number on its way and lost its
/// last digits: written in exponents, with a decimal part, or ending in noughts
/// where the check character says otherwise.
pub fn lost_tail(s: &str) -> bool {
    let whole = s.strip_suffix(".0").unwrap_or(s);
    is_scientific(s)
        || whole.len() == 18 && whole.len() < s.len()
        || matches!(citizen_id(whole), Err(CitizenIdFault::TailLost))
}

/// What can be said of a unified social credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "result")]
pub enum Uscc {
    Valid,
    /// The code's own check character fails. Where the embedded organisation
    /// code still checks, it is most likely one that was issued so.
    CheckDigitFails {
        organisation_code_ok: bool,
    },
    Malformed,
}

impl Uscc {
    /// Valid, or issued with a wrong check character.
    pub fn is_plausible(self) -> bool {
        matches!(
            self,
            Uscc::Valid
                | Uscc::CheckDigitFails {
                    organisation_code_ok: true
                }
        )
    }
}

/// No I, O, S, V, Z: they look like digits.
pub const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const USCC_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

const fn inverse(alphabet: &[u8]) -> [u8; 128] {
    let mut table = [255; 128];
    let mut i = 0;
    while i < alphabet.len() {
        table[alphabet[i] as usize] = i as u8;
        i += 1;
    }
    table
}
static USCC_VALUES: [u8; 128] = inverse(USCC_ALPHABET);

fn uscc_value(byte: u8) -> Option<u32> {
    USCC_VALUES
        .get(usize::from(byte))
        .filter(|v| **v != 255)
        .map(|v| u32::from(*v))
}

/// The check character of the first 17 of a USCC (ISO 7064 MOD 31-3).
pub fn uscc_check(first_17: &[u8]) -> Option<u8> {
    if first_17.len() != 17 {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in first_17.iter().zip(USCC_WEIGHTS) {
        sum += uscc_value(*byte)? * weight;
    }
    Some(USCC_ALPHABET[((31 - sum % 31) % 31) as usize])
}

/// The check character of an organisation code's first 8 (GB 11714).
pub fn organisation_code_check(first_8: &[u8]) -> Option<u8> {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    if first_8.len() != 8 {
        return None;
    }
    let mut sum = 0;
    for (byte, weight) in first_8.iter().zip(WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    })
}

/// Nine characters of GB 11714, with or without the hyphen before the last.
pub fn is_organisation_code(s: &str) -> bool {
    let plain = s.replacen('-', "", 1);
    let bytes = plain.as_bytes();
    bytes.len() == 9 && organisation_code_check(&bytes[..8]) == Some(bytes[8])
}

/// Judges a USCC as written: upper case, no white space.
pub fn uscc(s: &str) -> Uscc {
    let bytes = s.as_bytes();
    let in_form = bytes.len() == 18
        && bytes.iter().all(|b| uscc_value(*b).is_some())
        && bytes[2..8].iter().all(u8::is_ascii_digit);
    if !in_form {
        return Uscc::Malformed;
    }
    if uscc_check(&bytes[..17]) == Some(bytes[17]) {
        return Uscc::Valid;
    }
    Uscc::CheckDigitFails {
        organisation_code_ok: organisation_code_check(&bytes[8..16]) == Some(bytes[16]),
    }
}

/// A mobile phone number of mainland China: eleven digits from 13… to 19….
pub fn is_mobile_phone(s: &str) -> bool {
    let bytes = s.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]) && bytes.iter().all(u8::is_ascii_digit)
}

/// Full-width letters, digits, signs and the ideographic space as ASCII, and
/// white space at both ends away. Borrowed when there was nothing to do.
pub fn half_width(s: &str) -> Cow<'_, str> {
    let trimmed = s.trim();
    if !trimmed
        .chars()
        .any(|c| matches!(c, '\u{FF01}'..='\u{FF5E}' | '\u{3000}'))
    {
        return Cow::Borrowed(trimmed);
    }
    let narrow = |c: char| match c {
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    Cow::Owned(trimmed.chars().map(narrow).collect())
}

/// Whether some digits or letters are full-width.
pub fn has_full_width(s: &str) -> bool {
    s.chars()
        .any(|c| matches!(c, '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}'))
}

/// 行政层级: the three levels of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Province,
    City,
    County,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Province => "province",
            Level::City => "city",
            Level::County => "county",
        }
    }
}

/// 行政区划 (GB/T 2260).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// Six digits.
    pub code: &'static str,
    pub name: &'static str,
    pub short_name: &'static str,
    pub english: &'static str,
    pub level: Level,
    pub parent: Option<&'static str>,
}

impl Division {
    /// Whether it is, or lies within, the other one.
    pub fn within(&self, other: &Division) -> bool {
        match other.level {
            Level::Province => self.code[..2] == other.code[..2],
            Level::City => self.code[..4] == other.code[..4],
            Level::County => self.code == other.code,
        }
    }
}

static DIVISIONS: LazyLock<Vec<Division>> = LazyLock::new(|| {
    include_str!("../../../rules/divisions.csv")
        .lines()
        .skip(1)
        .filter_map(parse_division)
        .collect()
});
static BY_CODE: LazyLock<HashMap<&'static str, &'static Division>> =
    LazyLock::new(|| DIVISIONS.iter().map(|d| (d.code, d)).collect());

fn parse_division(line: &'static str) -> Option<Division> {
    let mut fields = line.split(',');
    Some(Division {
        code: fields.next()?,
        name: fields.next()?,
        short_name: fields.next()?,
        english: fields.next()?,
        level: match fields.next()? {
            "province" => Level::Province,
            "city" => Level::City,
            "county" => Level::County,
            _ => return None,
        },
        parent: fields.next().filter(|p| !p.is_empty()),
    })
}

/// The divisions of Zhejiang in the order of their codes: 1 province, 11 cities, 90 counties.
pub fn divisions() -> &'static [Division] {
    &DIVISIONS
}

pub fn division(code: &str) -> Option<&'static Division> {
    BY_CODE.get(code).copied()
}

/// 浙江省杭州市西湖区: the names from the province down.
pub fn division_path(code: &str) -> Option<String> {
    let found = division(code)?;
    let above = found.parent.and_then(division_path).unwrap_or_default();
    Some(above + found.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(first_17: &str) -> String {
        let check = citizen_id_check(first_17.as_bytes()).expect("digits");
        format!("{first_17}{}", check as char)
    }

    #[test]
    fn plt_4_citizen_id_is_checked_by_its_check_digit() {
        // The example of the standard.
        let example = citizen_id("11010519491231002X").expect("the standard's example");
        assert_eq!(
            (example.birth.to_string().as_str(), example.female, example.division),
            ("1949-12-31", true, 110105)
        );
        assert_eq!(citizen_id("11010519491231002x"), Ok(example));
        for last in "0123456789".chars() {
            let wrong = format!("11010519491231002{last}");
            assert!(citizen_id(&wrong).is_err(), "{wrong}");
        }
        // Every single wrong digit and every swap of neighbours is found.
        let good = id("33010619900307123");
        let bytes = good.as_bytes();
        for at in 0..17 {
            for digit in b'0'..=b'9' {
                let mut wrong = bytes.to_vec();
                wrong[at] = digit;
                let passes = citizen_id(std::str::from_utf8(&wrong).expect("ascii")).is_ok();
                assert_eq!(passes, digit == bytes[at], "digit {digit} at {at}");
            }
        }
    }

    #[test]
    fn plt_4_citizen_id_faults_are_told_apart() {
        assert_eq!(citizen_id(""), Err(CitizenIdFault::Malformed));
        assert_eq!(citizen_id("12345"), Err(CitizenIdFault::Malformed));
        assert_eq!(
            citizen_id(&id("33010619900230123")),
            Err(CitizenIdFault::ImpossibleBirth)
        );
        assert_eq!(citizen_id(&id("00010619900203123")), Err(CitizenIdFault::Malformed));
        assert_eq!(citizen_id("330106199003071235"), Err(CitizenIdFault::CheckDigitFails));
        assert_eq!(citizen_id("330106199003071000"), Err(CitizenIdFault::TailLost));
        assert_eq!(citizen_id("3.30106199003071E+17"), Err(CitizenIdFault::TailLost));
        assert!(lost_tail("1.2E+17") && lost_tail("330106199003071232.0") && !lost_tail(&id("33010619900307123")));
        // A division that no longer exists keeps its numbers valid: 下城区, until 2021.
        assert!(citizen_id(&id("33010319900307123")).is_ok() && division("330103").is_none());
        let legacy = citizen_id("330106900307123").expect("fifteen digits");
        assert_eq!((legacy.legacy, legacy.birth.to_string().as_str()), (true, "1990-03-07"));
    }

    #[test]
    fn plt_4_uscc_check_digit_is_evidence_not_a_veto() {
        assert_eq!(uscc("91350100M000100Y43"), Uscc::Valid, "the standard's example");
        let mut wrong_check = "91350100M000100Y4".to_owned();
        wrong_check.push('4');
        assert_eq!(
            uscc(&wrong_check),
            Uscc::CheckDigitFails {
                organisation_code_ok: true
            }
        );
        assert!(uscc(&wrong_check).is_plausible());
        assert_eq!(
            uscc("91350100M000200Y43"),
            Uscc::CheckDigitFails {
                organisation_code_ok: false
            }
        );
        for malformed in [
            "",
            "91350100M000100Y4",
            "9135O100M000100Y43",
            "913501００M000100Y43",
            "91350100m000100y43",
        ] {
            assert_eq!(uscc(malformed), Uscc::Malformed, "{malformed}");
        }
        assert!(is_organisation_code("M000100Y-4") && !is_organisation_code("M000100Y-5"));
    }

    #[test]
    fn full_width_becomes_half_width_and_plain_text_is_only_borrowed() {
        assert_eq!(half_width(" 330106１９９００３０７１２３Ｘ　"), "33010619900307123X");
        assert!(has_full_width("３3") && !has_full_width("33,杭州"));
        assert!(matches!(half_width("杭州 330100"), Cow::Borrowed("杭州 330100")));
    }

    #[test]
    fn plt_1_zhejiang_has_eleven_cities_and_ninety_counties() {
        let count = |level| divisions().iter().filter(|d| d.level == level).count();
        assert_eq!(
            (count(Level::Province), count(Level::City), count(Level::County)),
            (1, 11, 90)
        );
        assert_eq!(BY_CODE.len(), 102, "no code twice");
        for d in divisions() {
            assert!(
                d.code.len() == 6 && d.code.bytes().all(|b| b.is_ascii_digit()),
                "{}",
                d.code
            );
            let parent = d.parent.map(|p| division(p).expect("its parent is in the table"));
            assert_eq!(parent.is_none(), d.level == Level::Province, "{}", d.name);
            if let Some(parent) = parent {
                assert!(d.within(parent) && parent.level < d.level, "{}", d.name);
            }
        }
        assert_eq!(division_path("330113").as_deref(), Some("浙江省杭州市临平区"));
    }

    #[test]
    fn mobile_phones() {
        assert!(is_mobile_phone("13800138000"));
        assert!(!is_mobile_phone("12800138000") && !is_mobile_phone("1380013800") && !is_mobile_phone("1380013800a"));
    }
}

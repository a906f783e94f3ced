//! One item's values: from text to type, with what is wrong of each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringArray, StringBuilder,
    TimestampMicrosecondBuilder,
};
use base::{Error, Lang, Result, codes};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime};

use super::format::Pattern;
use super::{Reason, hint};
use crate::spec::{Identifier, ItemSpec, ItemType};

/// A full-width character as the ASCII one that it means.
pub fn narrow(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

/// A column under check: its text, and the faults found by row.
pub struct Column<'a> {
    text: &'a StringArray,
    faults: &'a mut BTreeMap<usize, Vec<Reason>>,
    required: bool,
    /// Rows of this column that are faulty already.
    seen: HashSet<usize>,
    pub normalised: u64,
}

impl<'a> Column<'a> {
    pub fn new(text: &'a StringArray, faults: &'a mut BTreeMap<usize, Vec<Reason>>, required: bool) -> Self {
        Self {
            text,
            faults,
            required,
            seen: HashSet::new(),
            normalised: 0,
        }
    }

    pub fn through_number(&mut self, row: usize, item: &ItemCheck) {
        // A number in a number's column is where it belongs.
        if item.kind == ItemType::String && self.text.is_valid(row) && self.text.value(row).len() > 15 {
            self.fault(row, item, Fault::new("through_number", THROUGH_NUMBER));
        }
    }

    fn fault(&mut self, row: usize, item: &ItemCheck, fault: Fault) {
        if !self.seen.insert(row) {
            return;
        }
        let value_hint = self.text.is_valid(row).then(|| hint(self.text.value(row)));
        self.faults.entry(row).or_default().push(Reason {
            item: item.name.clone(),
            code: fault.code.into(),
            message: format!("{}:{}", item.shown, fault.message),
            value_hint,
        });
    }
}

const THROUGH_NUMBER: &str = "曾被当作数值保存，末尾数字已丢失，须从源头取回原值";

/// What is wrong with one value.
struct Fault {
    code: &'static str,
    message: Cow<'static, str>,
}
impl Fault {
    fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// An item made ready to check many values.
pub struct ItemCheck {
    name: String,
    shown: String,
    pub(super) kind: ItemType,
    length: Option<usize>,
    precision: u8,
    scale: i8,
    pattern: Option<Pattern>,
    codes: Option<Arc<HashSet<String>>>,
    identifier: Option<Identifier>,
}

impl ItemCheck {
    pub fn new(item: &ItemSpec) -> Result<Self> {
        let pattern = match (&item.format, item.kind) {
            (Some(format), ItemType::String) => Pattern::parse(format)?,
            _ => None,
        };
        Ok(Self {
            name: item.name.clone(),
            shown: item.shown().to_owned(),
            kind: item.kind,
            length: (item.kind == ItemType::String)
                .then_some(item.length)
                .flatten()
                .map(|l| l as usize),
            precision: item.precision(),
            scale: item.decimal_scale(),
            pattern,
            codes: item.codes.clone(),
            identifier: item.identifier,
        })
    }

    /// Full-width characters are a slip of the keyboard in codes and numbers;
    /// in a name or an address they may be meant.
    fn narrows(&self) -> bool {
        self.kind != ItemType::String || self.identifier.is_some() || self.codes.is_some() || self.pattern.is_some()
    }

    pub fn convert(&self, column: &mut Column<'_>) -> Result<ArrayRef> {
        let text = column.text;
        let rows = text.len();
        if column.required && text.null_count() > 0 {
            for row in (0..rows).filter(|r| text.is_null(*r)) {
                column.fault(row, self, Fault::new("required", "不能为空"));
            }
        }
        Ok(match self.kind {
            ItemType::String => self.strings(column)?,
            ItemType::Integer => {
                let mut out = Int64Builder::with_capacity(rows);
                self.each(column, |v| out.append_option(v), integer);
                Arc::new(out.finish())
            }
            ItemType::Decimal => {
                let mut out = Decimal128Builder::with_capacity(rows)
                    .with_precision_and_scale(self.precision, self.scale)
                    .map_err(Error::internal)?;
                self.each(
                    column,
                    |v| out.append_option(v),
                    |s| decimal(s, self.precision, self.scale),
                );
                Arc::new(out.finish())
            }
            ItemType::Date => {
                let mut out = Date32Builder::with_capacity(rows);
                self.each(column, |v: Option<NaiveDate>| out.append_option(v.map(days)), date);
                Arc::new(out.finish())
            }
            ItemType::Datetime => {
                let mut out = TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC");
                self.each(column, |v| out.append_option(v), datetime);
                Arc::new(out.finish())
            }
            ItemType::Boolean => {
                let mut out = BooleanBuilder::with_capacity(rows);
                self.each(column, |v| out.append_option(v), boolean);
                Arc::new(out.finish())
            }
        })
    }

    fn each<T>(
        &self,
        column: &mut Column<'_>,
        mut push: impl FnMut(Option<T>),
        read: impl Fn(&str) -> Result<T, Fault>,
    ) {
        let text = column.text;
        for row in 0..text.len() {
            if text.is_null(row) {
                push(None);
                continue;
            }
            let (value, narrowed) = narrowed(text.value(row));
            column.normalised += u64::from(narrowed);
            match read(&value) {
                Ok(value) => push(Some(value)),
                Err(fault) => {
                    push(None);
                    column.fault(row, self, fault);
                }
            }
        }
    }

    fn strings(&self, column: &mut Column<'_>) -> Result<ArrayRef> {
        let text = column.text;
        // 0xEF begins every full-width form in UTF-8; without it there is
        // nothing to narrow, and the column goes on as it is.
        let wide = self.narrows() && memchr::memchr(0xef, text.value_data()).is_some();
        let mut rewritten = wide.then(|| StringBuilder::with_capacity(text.len(), text.value_data().len()));
        for row in 0..text.len() {
            if text.is_null(row) {
                rewritten.iter_mut().for_each(StringBuilder::append_null);
                continue;
            }
            let (value, narrowed) = if wide {
                narrowed(text.value(row))
            } else {
                (text.value(row).into(), false)
            };
            column.normalised += u64::from(narrowed);
            rewritten.iter_mut().for_each(|r| r.append_value(&value));
            if let Err(fault) = self.string(&value) {
                column.fault(row, self, fault);
            }
        }
        Ok(match rewritten {
            Some(mut rewritten) => Arc::new(rewritten.finish()),
            None => Arc::new(text.clone()),
        })
    }

    fn string(&self, value: &str) -> Result<(), Fault> {
        match self.identifier {
            Some(Identifier::CitizenId) => citizen_id(value)?,
            Some(Identifier::Uscc) => uscc(value)?,
            Some(Identifier::Division) => division(value)?,
            Some(Identifier::Phone) if !phone(value) => return Err(Fault::new("phone", "不是有效的电话号码")),
            _ => {}
        }
        // A text has at most as many characters as bytes.
        if let Some(length) = self.length
            && value.len() > length
            && value.chars().count() > length
        {
            return Err(Fault::new("length", format!("超过 {length} 个字符")));
        }
        if let Some(codes) = &self.codes
            && !codes.contains(value)
        {
            return Err(Fault::new("code_set", "不在代码集中"));
        }
        match &self.pattern {
            Some(pattern) if !pattern.fits(value) => Err(Fault::new("format", "不符合规定的格式")),
            _ => Ok(()),
        }
    }
}

fn narrowed(value: &str) -> (Cow<'_, str>, bool) {
    if value.bytes().any(|b| b == 0xef || b == 0xe3) && value.chars().any(|c| narrow(c) != c) {
        let text: String = value.chars().map(narrow).collect();
        return (text.trim().to_owned().into(), true);
    }
    (value.into(), false)
}

fn citizen_id(value: &str) -> Result<(), Fault> {
    match codes::citizen_id(value) {
        Ok(_) => Ok(()),
        Err(_) if codes::lost_tail(value) => Err(Fault::new("through_number", THROUGH_NUMBER)),
        Err(fault) => Err(Fault::new(fault.code(), fault.message(Lang::Zh))),
    }
}

fn uscc(value: &str) -> Result<(), Fault> {
    match codes::uscc(value) {
        judged if judged.is_plausible() => Ok(()),
        _ if codes::is_scientific(value) => Err(Fault::new("through_number", THROUGH_NUMBER)),
        codes::Uscc::Malformed => Err(Fault::new("uscc", "不是有效的统一社会信用代码格式")),
        _ => Err(Fault::new(
            "uscc_check_digit",
            "统一社会信用代码校验位不符，内含的组织机构代码也不符",
        )),
    }
}

/// Zhejiang's own divisions by the list; those of other provinces by their form.
fn division(value: &str) -> Result<(), Fault> {
    let digits = value.len() == 6 && value.bytes().all(|b| b.is_ascii_digit());
    let elsewhere = digits && !value.starts_with("33") && (b'1'..=b'8').contains(&value.as_bytes()[0]);
    if elsewhere || codes::division(value).is_some() {
        Ok(())
    } else {
        Err(Fault::new("division", "不是 GB/T 2260 中的行政区划代码"))
    }
}

fn phone(value: &str) -> bool {
    let digits: Vec<u8> = value.bytes().filter(|b| *b != b'-').collect();
    codes::is_mobile_phone(value)
        || ((7..=12).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && value.bytes().filter(|b| *b == b'-').count() <= 1)
}

fn integer(value: &str) -> Result<i64, Fault> {
    // `12.0` is how a spreadsheet writes 12.
    let whole = value.strip_suffix(".0").unwrap_or(value);
    whole.parse().map_err(|_| Fault::new("type", "不是整数"))
}

/// Exact: digits are never rounded away.
fn decimal(value: &str, precision: u8, scale: i8) -> Result<i128, Fault> {
    let (negative, digits) = match value.as_bytes() {
        [b'-', ..] => (true, &value[1..]),
        [b'+', ..] => (false, &value[1..]),
        _ => (false, value),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return Err(Fault::new("type", "不是数值"));
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = usize::try_from(scale).unwrap_or(0);
    if fraction.len() > scale {
        return Err(Fault::new("scale", format!("小数超过 {scale} 位")));
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() + scale > usize::from(precision) {
        return Err(Fault::new(
            "length",
            format!("整数部分超过 {} 位", usize::from(precision) - scale),
        ));
    }
    let mut units: i128 = 0;
    for digit in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', scale - fraction.len()))
    {
        units = units * 10 + i128::from(digit - b'0');
    }
    Ok(if negative { -units } else { units })
}

/// Days since 1970-01-01, which is day 719,163 of the common era.
fn days(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - 719_163
}

/// `2026-11-20`, `2026/11/20`, `2026.11.20`, `20261120`, `2026年11月20日`, and
/// any of them with a midnight after it. A day that the calendar does not have
/// is told apart from what is no date at all.
fn date(value: &str) -> Result<NaiveDate, Fault> {
    let day = match value.split_once([' ', 'T']) {
        Some((day, time))
            if time
                .trim_end_matches('Z')
                .bytes()
                .all(|b| matches!(b, b'0' | b':' | b'.')) =>
        {
            day
        }
        Some(_) => return Err(Fault::new("type", "不是日期")),
        None => value,
    };
    let (y, m, d) = parts(day).ok_or_else(|| Fault::new("type", "不是日期"))?;
    match NaiveDate::from_ymd_opt(y, m, d) {
        Some(date) if (1800..=2199).contains(&y) => Ok(date),
        _ => Err(Fault::new("date", "日期不存在")),
    }
}

fn parts(day: &str) -> Option<(i32, u32, u32)> {
    let bytes = day.as_bytes();
    if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
        return Some((day[..4].parse().ok()?, day[4..6].parse().ok()?, day[6..].parse().ok()?));
    }
    let mut fields = day.trim_end_matches('日').split(['-', '/', '.', '年', '月']);
    let (y, m, d) = (fields.next()?, fields.next()?, fields.next()?);
    let digits = |s: &str, most: usize| (1..=most).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    if fields.next().is_some() || y.len() != 4 || !digits(y, 4) || !digits(m, 2) || !digits(d, 2) {
        return None;
    }
    Some((y.parse().ok()?, m.parse().ok()?, d.parse().ok()?))
}

/// Microseconds UTC. A moment without a zone is China's.
fn datetime(value: &str) -> Result<i64, Fault> {
    let not_a_moment = || Fault::new("type", "不是日期时间");
    if let Ok(moment) = DateTime::parse_from_rfc3339(&value.replacen(' ', "T", 1)) {
        return Ok(moment.timestamp_micros());
    }
    let (day, time) = value.split_once([' ', 'T']).unwrap_or((value, "00:00:00"));
    let day = date(day)?;
    let time = ["%H:%M:%S%.f", "%H:%M", "%H%M%S"]
        .iter()
        .find_map(|f| NaiveTime::parse_from_str(time.trim(), f).ok())
        .ok_or_else(not_a_moment)?;
    let china = day
        .and_time(time)
        .and_local_timezone(base::time::china())
        .single()
        .ok_or_else(not_a_moment)?;
    Ok(china.timestamp_micros())
}

fn boolean(value: &str) -> Result<bool, Fault> {
    match value {
        "1" | "true" | "TRUE" | "True" | "是" | "Y" | "y" | "有" => Ok(true),
        "0" | "false" | "FALSE" | "False" | "否" | "N" | "n" | "无" => Ok(false),
        _ => Err(Fault::new("type", "不是“是”或“否”")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code<T>(r: Result<T, Fault>) -> &'static str {
        r.err().map_or("good", |f| f.code)
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_date_of_any_notation() {
        for good in [
            "2024-02-29",
            "2024/2/29",
            "20240229",
            "2024年2月29日",
            "2024.02.29",
            "2024-02-29 00:00:00",
        ] {
            assert_eq!(date(good).ok(), NaiveDate::from_ymd_opt(2024, 2, 29), "{good}");
        }
        for impossible in ["2023-02-29", "20231301", "2023年2月30日", "0001-01-01"] {
            assert_eq!(code(date(impossible)), "date", "{impossible}");
        }
        assert_eq!(code(date("昨天")), "type");
        assert_eq!(code(date("24-02-29")), "type");
        assert_eq!(days(NaiveDate::from_ymd_opt(1970, 1, 2).expect("a day")), 1);
    }

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal("1234.50", 10, 2).ok(), Some(123_450));
        assert_eq!(decimal("-0.07", 10, 2).ok(), Some(-7));
        assert_eq!(decimal("1.2300", 10, 2).ok(), Some(123));
        assert_eq!(code(decimal("1.239", 10, 2)), "scale");
        assert_eq!(code(decimal("123456789.00", 10, 2)), "length");
        assert_eq!(code(decimal("1,234", 10, 2)), "type");
        assert_eq!(code(decimal("1e5", 10, 2)), "type");
    }

    #[test]
    fn a_moment_without_a_zone_is_chinas() {
        let utc = datetime("2026-11-20T06:05:00Z").ok();
        assert!(utc.is_some());
        assert_eq!(datetime("2026-11-20 14:05").ok(), utc);
        assert_eq!(datetime("2026-11-20 14:05:00").ok(), utc);
        assert_eq!(datetime("2026-11-20T14:05:00+08:00").ok(), utc);
    }
}

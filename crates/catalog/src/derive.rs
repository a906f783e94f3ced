//! Items proposed from columns and sample values. A proposal is only that: the
//! cataloguer looks at it, the authority reviews it.

use std::collections::HashSet;

use base::codes;
use pinyin::ToPinyin;
use serde::{Deserialize, Serialize};

use crate::model::{DataType, Grade, Item};

/// Sample values that are looked at per column.
pub const SAMPLES_MAX: usize = 100;

/// A column of a sample, with some of its values as text.
#[derive(Clone, Debug, Default, Deserialize, Serialize, utoipa::ToSchema)]
#[schema(as = SampleColumn)]
pub struct Column {
    #[schema(max_length = 200)]
    pub name: String,
    /// Up to 100 are looked at.
    #[serde(default)]
    pub samples: Vec<String>,
}

/// One item per column, in order, with names that are unique.
pub fn derive_items(columns: &[Column]) -> Vec<Item> {
    let mut taken = HashSet::new();
    columns
        .iter()
        .map(|column| {
            let mut item = derive_item(column);
            let base_name = item.name.clone();
            let mut next = 2;
            while !taken.insert(item.name.clone()) {
                item.name = format!("{base_name}_{next}");
                next += 1;
            }
            item
        })
        .collect()
}

fn derive_item(column: &Column) -> Item {
    let header = codes::half_width(column.name.trim()).into_owned();
    let values: Vec<String> = column
        .samples
        .iter()
        .take(SAMPLES_MAX)
        .map(|v| codes::half_width(v.trim()).into_owned())
        .filter(|v| !v.is_empty())
        .collect();
    let known = KNOWN
        .iter()
        .find(|k| k.title == header || k.name == header.to_ascii_lowercase());
    let identifier = identifier_of(&values).or_else(|| known.and_then(|k| k.identifier));
    let data_type = if identifier.is_some() {
        DataType::String
    } else {
        type_of(&values)
    };
    let longest = values.iter().map(|v| v.chars().count()).max();
    Item {
        name: known.map_or_else(|| column_name(&header), |k| k.name.to_owned()),
        title: known.map_or_else(|| header.clone(), |k| k.title.to_owned()),
        data_type: Some(data_type),
        length: match data_type {
            DataType::String => longest.map(|n| fixed_length(identifier).unwrap_or_else(|| round_up(n))),
            _ => None,
        },
        scale: (data_type == DataType::Decimal).then(|| scale_of(&values)),
        format: match data_type {
            DataType::Date => Some("YYYY-MM-DD".into()),
            DataType::Datetime => Some("YYYY-MM-DD HH:MM:SS".into()),
            _ => None,
        },
        identifier: identifier.map(str::to_owned),
        nullable: values.len() < column.samples.len().min(SAMPLES_MAX) || column.samples.is_empty(),
        grade: Some(grade_of(identifier)),
        ..Item::default()
    }
}

/// Headers that departments use everywhere.
struct Known {
    title: &'static str,
    name: &'static str,
    identifier: Option<&'static str>,
}
const fn known(title: &'static str, name: &'static str, identifier: Option<&'static str>) -> Known {
    Known {
        title,
        name,
        identifier,
    }
}
const KNOWN: &[Known] = &[
    known("姓名", "name", Some("name")),
    known("性别", "sex", None),
    known("民族", "ethnicity", None),
    known("出生日期", "birth_date", None),
    known("证件类型", "cert_type", None),
    known("证件号码", "cert_no", None),
    known("身份证号", "citizen_id", Some("citizen_id")),
    known("身份证号码", "citizen_id", Some("citizen_id")),
    known("公民身份号码", "citizen_id", Some("citizen_id")),
    known("社会保障号码", "social_security_no", Some("citizen_id")),
    known("统一社会信用代码", "uscc", Some("uscc")),
    known("单位名称", "org_name", None),
    known("企业名称", "firm_name", None),
    known("参保单位", "employer", None),
    known("法定代表人", "legal_representative", Some("name")),
    known("联系电话", "phone", Some("phone")),
    known("手机号码", "phone", Some("phone")),
    known("地址", "address", Some("address")),
    known("住所", "address", Some("address")),
    known("电子邮箱", "email", Some("email")),
    known("行政区划代码", "division", Some("division")),
    known("行政区划", "division", Some("division")),
    known("更新时间", "updated_at", None),
];

/// A column name: of ASCII words joined by `_`, of Chinese the initials of its pinyin.
fn column_name(header: &str) -> String {
    let mut name = String::new();
    for c in header.chars() {
        match c.to_pinyin() {
            Some(syllable) => name.push_str(&syllable.plain()[..1]),
            None if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            None if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            None => {}
        }
    }
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "column".into(),
        Some(c) if c.is_ascii_digit() => format!("c_{name}"),
        Some(_) => name.chars().take(60).collect(),
    }
}

/// What nearly all values identify, judged by their check digits and shapes. A
/// few wrong ones do not hide it: finding those is what the item's check is for.
fn identifier_of(values: &[String]) -> Option<&'static str> {
    let mostly = |test: fn(&str) -> bool| {
        !values.is_empty() && values.iter().filter(|v| test(v)).count() * 10 >= values.len() * 8
    };
    type Test = (&'static str, fn(&str) -> bool);
    let tests: [Test; 4] = [
        ("citizen_id", |v| codes::citizen_id(v).is_ok()),
        ("uscc", |v| {
            v.len() == 18 && !v.bytes().all(|b| b.is_ascii_digit()) && codes::uscc(v).is_plausible()
        }),
        ("phone", codes::is_mobile_phone),
        ("email", |v| {
            v.split_once('@')
                .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        }),
    ];
    tests.into_iter().find(|(_, test)| mostly(*test)).map(|(name, _)| name)
}

fn type_of(values: &[String]) -> DataType {
    let all = |test: fn(&str) -> bool| !values.is_empty() && values.iter().all(|v| test(v));
    if all(|v| matches!(v, "是" | "否" | "true" | "false" | "TRUE" | "FALSE")) {
        DataType::Boolean
    } else if all(is_integer) {
        DataType::Integer
    } else if all(is_decimal) {
        DataType::Decimal
    } else if all(|v| date_of(v).is_some()) {
        DataType::Date
    } else if all(is_datetime) {
        DataType::Datetime
    } else {
        DataType::String
    }
}

/// Codes are texts: a leading nought or more digits than a number keeps means text.
fn is_integer(v: &str) -> bool {
    let digits = v.strip_prefix('-').unwrap_or(v);
    !digits.is_empty()
        && digits.len() <= 15
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}
fn is_decimal(v: &str) -> bool {
    match v.split_once('.') {
        Some((whole, part)) => {
            let whole = whole.strip_prefix('-').unwrap_or(whole);
            (whole == "0" || is_integer(whole)) && !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
        }
        None => is_integer(v),
    }
}
fn date_of(v: &str) -> Option<chrono::NaiveDate> {
    ["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"]
        .iter()
        .find_map(|layout| chrono::NaiveDate::parse_from_str(v, layout).ok())
}
fn is_datetime(v: &str) -> bool {
    [
        "%Y-%m-%d %H:%M:%S",
        "%Y/%m/%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S",
        "%Y-%m-%d %H:%M",
    ]
    .iter()
    .any(|layout| chrono::NaiveDateTime::parse_from_str(v, layout).is_ok())
}
fn scale_of(values: &[String]) -> u32 {
    let digits = |v: &String| v.split_once('.').map_or(0, |(_, part)| part.len());
    u32::try_from(values.iter().map(digits).max().unwrap_or(0)).unwrap_or(0)
}

fn fixed_length(identifier: Option<&str>) -> Option<u32> {
    match identifier? {
        "citizen_id" | "uscc" => Some(18),
        "phone" => Some(11),
        "division" => Some(6),
        _ => None,
    }
}
/// Room to grow: the sample's longest is hardly the table's longest.
fn round_up(chars: usize) -> u32 {
    [10u32, 20, 50, 100, 200, 500, 1000]
        .into_iter()
        .find(|&n| n as usize >= chars)
        .unwrap_or(4000)
}

/// 分级建议: what identifies a person is L3, what reaches or places one too;
/// a firm's public code is L1; the rest L2 until a person decides otherwise.
fn grade_of(identifier: Option<&str>) -> Grade {
    match identifier {
        Some("citizen_id" | "phone" | "address" | "email" | "bank_card" | "name") => Grade::L3,
        Some("uscc" | "division") => Grade::L1,
        _ => Grade::L2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, samples: &[&str]) -> Item {
        let column = Column {
            name: name.into(),
            samples: samples.iter().map(|s| (*s).to_owned()).collect(),
        };
        derive_items(&[column]).remove(0)
    }

    #[test]
    fn cat_2_a_column_of_citizen_ids_is_known_by_its_check_digits_whatever_its_name() {
        let item = one("号码", &["11010519491231002X", "440524188001010014"]);
        assert_eq!(item.identifier.as_deref(), Some("citizen_id"));
        assert_eq!(
            (item.data_type, item.length, item.grade),
            (Some(DataType::String), Some(18), Some(Grade::L3))
        );
        assert_eq!(
            one("编号", &["110105194912310021", "123"]).identifier,
            None,
            "a wrong check digit tells nothing"
        );
    }

    #[test]
    fn cat_2_types_follow_the_values_and_codes_stay_texts() {
        assert_eq!(one("a", &["1", "-20"]).data_type, Some(DataType::Integer));
        assert_eq!(
            one("a", &["007", "010"]).data_type,
            Some(DataType::String),
            "a leading nought would be lost"
        );
        assert_eq!(
            one("a", &["123456789012345678"]).data_type,
            Some(DataType::String),
            "18 digits do not fit a number"
        );
        let money = one("a", &["1.50", "20"]);
        assert_eq!((money.data_type, money.scale), (Some(DataType::Decimal), Some(2)));
        assert_eq!(one("a", &["2026-11-20", "2026/1/2"]).data_type, Some(DataType::Date));
        assert_eq!(
            one("a", &["2026-02-30"]).data_type,
            Some(DataType::String),
            "no such day"
        );
        assert_eq!(one("a", &["是", "否"]).data_type, Some(DataType::Boolean));
        assert!(one("a", &["x", ""]).nullable && !one("a", &["x"]).nullable);
    }

    #[test]
    fn cat_2_names_are_made_from_headers_and_are_unique() {
        let columns: Vec<Column> = [
            "人员参保状态",
            "Cert No.",
            "人员参保状态",
            "3月产量",
            "—",
            "统一社会信用代码",
        ]
        .iter()
        .map(|n| Column {
            name: (*n).into(),
            samples: vec![],
        })
        .collect();
        let names: Vec<String> = derive_items(&columns).into_iter().map(|i| i.name).collect();
        assert_eq!(names, ["rycbzt", "cert_no", "rycbzt_2", "c_3ycl", "column", "uscc"]);
    }
}

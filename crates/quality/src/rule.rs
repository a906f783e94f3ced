//! 质量规则: what a rule says, whether it can be, and the test it compiles to.

use std::collections::HashSet;

use base::{Error, FieldError, Moment, QualityRuleId, ResourceId, Result};
use catalog::PublishedEntry;
use catalog::model::DataType;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::kinds::{self, Items};
use crate::unique::Seen;

/// What a rule's kind needs to know beside the items.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = QualityParams)]
pub struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub code_set: Option<String>,
    /// Name of an item.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub when: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub values: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub allowed: Vec<String>,
}

/// A rule of a resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRule)]
pub struct Rule {
    pub id: QualityRuleId,
    pub resource_id: ResourceId,
    pub title: String,
    /// Name of a kind of the library.
    pub kind: String,
    pub category: String,
    /// Column names.
    pub items: Vec<String>,
    pub params: Params,
    /// Share of failing rows, 0 to 1, above which a work order is opened.
    pub tolerance: f64,
    pub enabled: bool,
    /// To be named when it is changed.
    pub revision: i32,
    pub updated_at: Moment,
}

/// A rule as somebody writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRuleDraft)]
pub struct Draft {
    #[schema(max_length = 200)]
    pub title: String,
    #[schema(max_length = 64)]
    pub kind: String,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub items: Vec<String>,
    #[serde(default)]
    pub params: Params,
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1)]
    pub tolerance: f64,
}

impl Draft {
    pub fn new(title: impl Into<String>, kind: &str, items: &[&str]) -> Self {
        let items = items.iter().map(|i| (*i).to_owned()).collect();
        Self {
            title: title.into(),
            kind: kind.to_owned(),
            items,
            params: Params::default(),
            tolerance: 0.0,
        }
    }
    pub fn params(self, params: Params) -> Self {
        Self { params, ..self }
    }

    /// 422 with a mistake by field unless the entry has the items and the kind
    /// its parameters.
    pub fn check(&self, entry: &PublishedEntry) -> Result<()> {
        let mut wrong: Vec<FieldError> = vec![];
        let mut say = |field: &str, code: &str, message: &str| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message: message.into(),
            });
        };
        let title = self.title.trim().chars().count();
        if title == 0 || title > base::limits::SHORT_TEXT_CHARS_MAX {
            say("title", "length", "规则名称应为 1 至 200 个字符");
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            say("tolerance", "range", "容许比例应在 0 到 1 之间");
        }
        let known = |name: &String| entry.items.iter().any(|i| i.name == *name);
        let named = self.items.iter().chain(&self.params.when);
        for name in named.filter(|name| !known(name)) {
            say("items", "unknown_item", &format!("目录条目中没有数据项“{name}”"));
        }
        match kinds::kind(&self.kind) {
            None => say("kind", "unknown_kind", "没有这种规则类型"),
            Some(kind) => {
                let fits = match kind.items {
                    Items::None => self.items.is_empty(),
                    Items::One => self.items.len() == 1,
                    Items::Two => self.items.len() == 2,
                    Items::Any => !self.items.is_empty(),
                };
                if !fits {
                    say("items", "count", "数据项的个数与规则类型不符");
                }
                if wrong.is_empty()
                    && let Err((field, message)) = Test::new(&self.kind, &self.items, &self.params)
                {
                    wrong.push(FieldError {
                        field: format!("params.{field}"),
                        code: "param".into(),
                        message,
                    });
                }
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid(wrong))
        }
    }
}

/// A condition on another item.
pub struct When {
    pub item: String,
    pub values: HashSet<String>,
}

/// A rule made ready to run.
pub enum Test {
    NotNull,
    LengthMax(usize),
    Pattern(Regex),
    HalfWidth,
    Codes(HashSet<String>),
    RequiredWhen(When),
    CitizenId,
    Uscc,
    Division,
    Phone,
    Range(f64, f64),
    Unique(Seen),
    Implies(When, HashSet<String>),
    EqualWhen(Option<When>),
    Order,
    BirthMatches,
    Fresh(u32),
    NotFuture,
    RowCountMin(u64),
    TableFresh(u32),
    Readable,
}

type Fault = (&'static str, String);

impl Test {
    /// The test of a kind; else which parameter is wrong, and how.
    pub fn new(kind: &str, items: &[String], params: &Params) -> Result<Self, Fault> {
        let missing = |name: &'static str| (name, "缺少参数".to_owned());
        let days = || params.days.filter(|d| *d > 0).ok_or_else(|| missing("days"));
        let when = || -> Result<When, Fault> {
            let item = params.when.clone().ok_or_else(|| missing("when"))?;
            if params.values.is_empty() {
                return Err(missing("values"));
            }
            Ok(When {
                item,
                values: params.values.iter().cloned().collect(),
            })
        };
        Ok(match kind {
            "not_null" => Self::NotNull,
            "length_max" => match params.max {
                Some(max) if (1.0..=100_000.0).contains(&max) => Self::LengthMax(max as usize),
                _ => return Err(missing("max")),
            },
            "pattern" => {
                let pattern = params.pattern.as_deref().ok_or_else(|| missing("pattern"))?;
                let whole = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
                    .size_limit(1 << 20)
                    .build();
                Self::Pattern(whole.map_err(|e| ("pattern", format!("正则表达式有误：{e}")))?)
            }
            "half_width" => Self::HalfWidth,
            "code_set" => Self::Codes(codes(params.code_set.as_deref().ok_or_else(|| missing("code_set"))?)?),
            "required_when" => Self::RequiredWhen(when()?),
            "citizen_id" => Self::CitizenId,
            "uscc" => Self::Uscc,
            "division" => Self::Division,
            "phone" => Self::Phone,
            "range" if params.min.is_none() && params.max.is_none() => return Err(missing("min")),
            "range" => Self::Range(
                params.min.unwrap_or(f64::NEG_INFINITY),
                params.max.unwrap_or(f64::INFINITY),
            ),
            "unique" => Self::Unique(Seen::default()),
            "implies" if params.allowed.is_empty() => return Err(missing("allowed")),
            "implies" => Self::Implies(when()?, params.allowed.iter().cloned().collect()),
            "equal_when" if params.when.is_some() => Self::EqualWhen(Some(when()?)),
            "equal_when" => Self::EqualWhen(None),
            "order" => Self::Order,
            "birth_matches" => Self::BirthMatches,
            "fresh" => Self::Fresh(days()?),
            "not_future" => Self::NotFuture,
            "row_count_min" => {
                Self::RowCountMin(params.min.filter(|m| *m >= 0.0).ok_or_else(|| missing("min"))? as u64)
            }
            "table_fresh" => Self::TableFresh(days()?),
            "readable" if items.is_empty() => return Err(("items", "缺少数据项".to_owned())),
            "readable" => Self::Readable,
            _ => return Err(("kind", "没有这种规则类型".to_owned())),
        })
    }
}

fn codes(name: &str) -> Result<HashSet<String>, Fault> {
    if let Some(listed) = name.trim().strip_prefix('|') {
        return Ok(listed
            .split('|')
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect());
    }
    let set = base::code_sets::code_set(name).ok_or_else(|| ("code_set", format!("没有代码集“{name}”")))?;
    Ok(set.codes.keys().cloned().collect())
}

/// Days that may pass between two loads, by the declared frequency.
fn frequency_days(frequency: &str) -> Option<u32> {
    Some(match frequency {
        "realtime" | "hourly" => 1,
        "daily" => 2,
        "weekly" => 9,
        "ten_days" => 13,
        "monthly" => 35,
        "quarterly" => 100,
        "half_yearly" => 195,
        "yearly" => 380,
        _ => return None,
    })
}

/// Rules that an entry's items suggest. A person adopts, changes or adds.
pub fn propose(entry: &PublishedEntry) -> Vec<Draft> {
    let mut out = vec![];
    for item in &entry.items {
        let (name, title) = (item.name.as_str(), &item.title);
        let identifier = item.identifier.as_deref();
        if item.key || !item.nullable {
            out.push(Draft::new(format!("{title}不为空"), "not_null", &[name]));
        }
        if let Some(set) = &item.code_set
            && codes(set).is_ok()
        {
            let params = Params {
                code_set: Some(set.clone()),
                ..Params::default()
            };
            out.push(Draft::new(format!("{title}取值在代码集内"), "code_set", &[name]).params(params));
        }
        if let (DataType::String, Some(length)) = (item.data_type, item.length) {
            let params = Params {
                max: Some(f64::from(length)),
                ..Params::default()
            };
            out.push(Draft::new(format!("{title}长度不超限"), "length_max", &[name]).params(params));
        }
        match identifier {
            Some("citizen_id") => {
                out.push(Draft::new(format!("{title}校验位有效"), "citizen_id", &[name]));
                out.push(Draft::new(format!("{title}无全角字符"), "half_width", &[name]));
            }
            Some("uscc") => out.push(Draft::new(format!("{title}有效"), "uscc", &[name])),
            Some("division") => out.push(Draft::new(format!("{title}存在"), "division", &[name])),
            Some("phone") => out.push(Draft::new(format!("{title}有效"), "phone", &[name])),
            _ => {}
        }
    }
    out.extend(propose_together(entry));
    out
}

/// Rules on several items, or on the whole table.
fn propose_together(entry: &PublishedEntry) -> Vec<Draft> {
    let mut out = vec![];
    let item = |name: &str| entry.items.iter().find(|i| i.name == name);
    let texts = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    let keys: Vec<&str> = entry.keys().map(|i| i.name.as_str()).collect();
    if !keys.is_empty() {
        out.push(Draft::new("主键不重复", "unique", &keys));
    }
    let id = entry
        .items
        .iter()
        .find(|i| i.identifier.as_deref() == Some("citizen_id"));
    if let (Some(id), Some(number), Some(kind)) = (id, item("cert_no"), item("cert_type"))
        && id.name != number.name
    {
        let params = Params {
            when: Some(kind.name.clone()),
            values: texts(&["111"]),
            ..Params::default()
        };
        let title = format!("{}与{}一致", number.title, id.title);
        out.push(Draft::new(title, "equal_when", &[&number.name, &id.name]).params(params));
    }
    if let (Some(participation), Some(payment)) = (item("participation_state"), item("payment_state")) {
        let when = Some(participation.name.clone());
        let params = Params {
            when,
            values: texts(&["3"]),
            allowed: texts(&["3"]),
            ..Params::default()
        };
        out.push(Draft::new("终止参保的缴费状态为终止", "implies", &[&payment.name]).params(params));
    }
    if let (Some(registered), Some(next)) = (item("registered_on"), item("next_inspection_on")) {
        let title = format!("{}不早于{}", next.title, registered.title);
        out.push(Draft::new(title, "order", &[&registered.name, &next.name]));
    }
    let times = entry.items.iter().filter(|i| i.data_type == DataType::Datetime);
    for time in times {
        out.push(Draft::new(
            format!("{}不晚于当前", time.title),
            "not_future",
            &[&time.name],
        ));
    }
    if let Some(days) = frequency_days(&entry.update_frequency) {
        let params = Params {
            days: Some(days),
            ..Params::default()
        };
        out.push(Draft::new("按声明的频率更新", "table_fresh", &[]).params(params));
    }
    let all: Vec<&str> = entry.items.iter().map(|i| i.name.as_str()).collect();
    out.push(Draft::new("全部数据项可读取", "readable", &all));
    out
}

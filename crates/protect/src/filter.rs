//! Row filters: a tree of tests on canonical texts, that travels as JSON in a
//! grant: `{"all":[{"item":"division_code","op":"starts_with","value":"3301"}]}`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{COLUMN_MISSING, VALUE_UNREADABLE, text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    /// Any of `values`.
    In,
    /// None of `values`.
    NotIn,
    StartsWith,
    IsNull,
    NotNull,
}

/// What a test compares with. Text compares as text (dates and times in their
/// canonical form order rightly); a number compares as a number, and a value
/// that is none is never equal, less or greater.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
#[schema(as = FilterValue)]
pub enum Value {
    Bool(bool),
    Integer(i64),
    Text(String),
}

impl Value {
    fn compare(&self, text: &str) -> Option<Ordering> {
        match self {
            Value::Text(s) => Some(text.cmp(s.as_str())),
            Value::Bool(b) => Some(text.cmp(if *b { "true" } else { "false" })),
            Value::Integer(n) => compare_number(text, i128::from(*n)),
        }
    }
}

/// `text` against `n`, exact at any size.
fn compare_number(text: &str, n: i128) -> Option<Ordering> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let order = whole.parse::<i128>().ok()?.cmp(&n);
    let has_fraction = fraction.bytes().any(|b| b != b'0');
    Some(match order {
        Ordering::Equal if has_fraction && text.starts_with('-') => Ordering::Less,
        Ordering::Equal if has_fraction => Ordering::Greater,
        _ => order,
    })
}

/// Which rows: all of, any of, or one test on an item. A test on null is false,
/// except `is_null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Filter {
    All {
        #[schema(no_recursion)]
        all: Vec<Filter>,
    },
    Any {
        #[schema(no_recursion)]
        any: Vec<Filter>,
    },
    Test {
        /// Column name.
        item: String,
        op: Op,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<Value>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        values: Vec<Value>,
    },
}

impl Filter {
    pub fn test(item: impl Into<String>, op: Op, value: Value) -> Self {
        Self::Test {
            item: item.into(),
            op,
            value: Some(value),
            values: vec![],
        }
    }
    pub fn eq(item: impl Into<String>, value: impl Into<String>) -> Self {
        Self::test(item, Op::Eq, Value::Text(value.into()))
    }
    pub fn starts_with(item: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self::test(item, Op::StartsWith, Value::Text(prefix.into()))
    }
    pub fn not_in(item: impl Into<String>, values: impl IntoIterator<Item = String>) -> Self {
        let values = values.into_iter().map(Value::Text).collect();
        Self::Test {
            item: item.into(),
            op: Op::NotIn,
            value: None,
            values,
        }
    }
    pub fn and(self, other: Filter) -> Self {
        Self::All { all: vec![self, other] }
    }

    /// The columns it reads.
    pub fn items(&self) -> BTreeSet<&str> {
        match self {
            Self::All { all: parts } | Self::Any { any: parts } => parts.iter().flat_map(Filter::items).collect(),
            Self::Test { item, .. } => BTreeSet::from([item.as_str()]),
        }
    }

    /// What is wrong with it, if anything: an operator without its operand.
    pub fn fault(&self) -> Option<String> {
        match self {
            Self::All { all: parts } | Self::Any { any: parts } => parts.iter().find_map(Filter::fault),
            Self::Test {
                item,
                op,
                value,
                values,
            } => {
                let fits = match op {
                    Op::IsNull | Op::NotNull => value.is_none() && values.is_empty(),
                    Op::In | Op::NotIn => value.is_none(),
                    Op::StartsWith => matches!(value, Some(Value::Text(_))) && values.is_empty(),
                    _ => value.is_some() && values.is_empty(),
                };
                (!fits).then(|| item.clone())
            }
        }
    }

    /// Whether a row passes; `get` gives the canonical text of a column.
    pub fn admits<'a>(&self, get: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> bool {
        match self {
            Self::All { all } => all.iter().all(|f| f.admits(get)),
            Self::Any { any } => any.iter().any(|f| f.admits(get)),
            Self::Test {
                item,
                op,
                value,
                values,
            } => passes(*op, value.as_ref(), values, get(item).as_deref()),
        }
    }

    /// Which rows of a batch pass: the same answers as [`Self::admits`].
    pub fn rows(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        let mut parts = match self {
            Self::Test {
                item,
                op,
                value,
                values,
            } => {
                let column = column(batch, item)?;
                let passes = |text| passes(*op, value.as_ref(), values, text);
                return Ok(column.iter().map(|text| Some(passes(text))).collect());
            }
            Self::All { all: parts } | Self::Any { any: parts } => parts.iter(),
        };
        let all = matches!(self, Self::All { .. });
        let start = BooleanArray::from(vec![all; batch.num_rows()]);
        parts.try_fold(start, |so_far, part| {
            let next = part.rows(batch)?;
            let joined = if all {
                arrow::compute::and(&so_far, &next)
            } else {
                arrow::compute::or(&so_far, &next)
            };
            joined.map_err(Error::internal)
        })
    }
}

fn column(batch: &RecordBatch, item: &str) -> Result<StringArray> {
    let array = batch
        .column_by_name(item)
        .ok_or_else(|| Error::new(&COLUMN_MISSING).with("item", item))?;
    text::column(array).map_err(|e| Error::new(&VALUE_UNREADABLE).with("item", item).because(e))
}

fn passes(op: Op, value: Option<&Value>, values: &[Value], text: Option<&str>) -> bool {
    let Some(text) = text else { return op == Op::IsNull };
    let order = value.and_then(|v| v.compare(text));
    match op {
        Op::IsNull => false,
        Op::NotNull => true,
        Op::Eq => order == Some(Ordering::Equal),
        Op::Ne => matches!(order, Some(Ordering::Less | Ordering::Greater)),
        Op::Lt => order == Some(Ordering::Less),
        Op::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Op::Gt => order == Some(Ordering::Greater),
        Op::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Op::In => values.iter().any(|v| v.compare(text) == Some(Ordering::Equal)),
        Op::NotIn => values.iter().all(|v| v.compare(text) != Some(Ordering::Equal)),
        Op::StartsWith => matches!(value, Some(Value::Text(prefix)) if text.starts_with(prefix.as_str())),
    }
}

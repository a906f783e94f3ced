//! Rows of the publication in force: filtered, ordered, paged. Every answer is
//! made under the publication's access plan, so it shows what the files show.

use base::{Error, Result};
use lake::datafusion::common::ScalarValue;
use lake::datafusion::logical_expr::{Expr, lit, not, try_cast};
use lake::{Order, Scan, column};
use serde_json::{Map, Value};

use crate::errors::{BAD_FILTER, CHANGED, NO_ITEM, TOO_DEEP};
use crate::files::cell::{Cell, Cells, formats};
use crate::model::{Dataset, DictionaryItem};
use crate::{Opening, plan};

/// Rows that paging reaches; beyond it the file is the right door.
pub const OFFSET_MAX: u64 = 1_000_000;
/// Conditions of one question.
pub const CONDITIONS_MAX: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    Contains,
    StartsWith,
    IsNull,
    NotNull,
}

impl Op {
    pub fn parse(s: &str) -> Option<Self> {
        Some(match s {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "lt" => Op::Lt,
            "le" => Op::Le,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "in" => Op::In,
            "contains" => Op::Contains,
            "starts_with" => Op::StartsWith,
            "is_null" => Op::IsNull,
            "not_null" => Op::NotNull,
            _ => return None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub item: String,
    pub op: Op,
    pub values: Vec<String>,
}

impl Condition {
    /// `item:op:value`; the values of `in` have commas between.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = || Error::new(&BAD_FILTER).with("filter", text.chars().take(80).collect::<String>());
        let mut parts = text.splitn(3, ':');
        let (Some(item), Some(op)) = (parts.next(), parts.next()) else {
            return Err(bad());
        };
        let op = Op::parse(op).ok_or_else(bad)?;
        let values = match (op, parts.next()) {
            (Op::IsNull | Op::NotNull, _) => vec![],
            (Op::In, Some(list)) => list.split(',').map(str::to_owned).collect(),
            (_, Some(value)) => vec![value.to_owned()],
            _ => return Err(bad()),
        };
        Ok(Self {
            item: item.to_owned(),
            op,
            values,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub struct RowsQuery {
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// A text that some item contains, upper and lower case alike.
    pub contains: Option<String>,
    /// Item, and whether the greatest comes first.
    pub sort: Vec<(String, bool)>,
    /// All items when empty.
    pub fields: Vec<String>,
    pub offset: u64,
    pub limit: u64,
    pub count: bool,
}

pub struct RowsFound {
    /// Names of the items, in the order of the rows' keys.
    pub items: Vec<String>,
    pub rows: Vec<Map<String, Value>>,
    pub total: Option<u64>,
}

/// Where a page begins, and of which publication it is.
pub fn cursor(d: &Dataset, offset: u64) -> String {
    format!("{offset}.{}", d.publication_id)
}
pub fn offset_of(d: &Dataset, cursor: Option<&str>) -> Result<u64> {
    let Some(cursor) = cursor else { return Ok(0) };
    let bad = || Error::bad_request("cursor");
    let (offset, publication) = cursor.split_once('.').ok_or_else(bad)?;
    if publication != d.publication_id {
        return Err(Error::new(&CHANGED));
    }
    offset.parse().map_err(|_| bad())
}

impl Opening {
    /// Refuses unknown items (422) and paging past [`OFFSET_MAX`].
    pub async fn rows(&self, d: &Dataset, query: &RowsQuery) -> Result<RowsFound> {
        let pass = self.pass(d)?;
        if query.offset > OFFSET_MAX {
            return Err(Error::new(&TOO_DEEP).with("limit", OFFSET_MAX));
        }
        let known = |name: &str| d.item(name).ok_or_else(|| Error::new(&NO_ITEM).with("item", name));
        for name in query.fields.iter().chain(query.sort.iter().map(|(n, _)| n)) {
            known(name)?;
        }
        let filter = filter(d, query)?;
        let items: Vec<String> = if query.fields.is_empty() {
            d.items.iter().map(|i| i.name.clone()).collect()
        } else {
            query.fields.clone()
        };
        let access = plan::access(d)?;
        let version = Some(d.table_version as u64);
        let total = match (query.count, &filter) {
            (false, _) => None,
            (true, None) => Some(d.rows),
            (true, Some(filter)) => Some(self.lake().count(&access, version, Some(filter.clone())).await?),
        };
        let scan = Scan {
            version,
            columns: Some(items.clone()),
            filter,
            order: order(d, &query.sort),
            offset: query.offset,
            limit: Some(query.limit),
        };
        let mut stream = self.lake().scan(&access, &scan).await?;
        let mut rows = vec![];
        let options = formats();
        while let Some(batch) = futures::StreamExt::next(&mut stream).await {
            let batch = batch.map_err(lake::LakeError::from)?;
            let cells = Cells::of(&batch, &options).map_err(Error::internal)?;
            rows.extend((0..cells.rows()).map(|row| object(&cells, row, &items)));
        }
        // shut while the answer was made: it is not given
        if !pass.holds() {
            return Err(self.shut(d));
        }
        Ok(RowsFound { items, rows, total })
    }
}

fn object(cells: &Cells<'_>, row: usize, items: &[String]) -> Map<String, Value> {
    items
        .iter()
        .enumerate()
        .map(|(i, name)| (name.clone(), json(cells.get(row, i))))
        .collect()
}

fn json(cell: Cell<'_>) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(b) => Value::Bool(b),
        Cell::Text(t) => Value::String(t.into_owned()),
        // a number that a double cannot hold exactly stays a text
        Cell::Number(n) => match (n.parse::<i64>(), n.parse::<f64>()) {
            (Ok(i), _) => Value::from(i),
            (_, Ok(f)) if n.bytes().filter(u8::is_ascii_digit).count() <= 15 => {
                serde_json::Number::from_f64(f).map_or(Value::Null, Value::Number)
            }
            _ => Value::String(n.into_owned()),
        },
    }
}

/// As asked, then by the key, so that paging never shows a row twice.
fn order(d: &Dataset, sort: &[(String, bool)]) -> Vec<Order> {
    let asked = sort.iter().map(|(item, descending)| Order {
        column: item.clone(),
        descending: *descending,
    });
    let keys: Vec<&DictionaryItem> = d.items.iter().filter(|i| i.key).collect();
    let ties = if keys.is_empty() {
        d.items.iter().collect()
    } else {
        keys
    };
    let ties = ties.into_iter().filter(|i| !sort.iter().any(|(s, _)| *s == i.name));
    asked
        .chain(ties.map(|i| Order {
            column: i.name.clone(),
            descending: false,
        }))
        .collect()
}

fn filter(d: &Dataset, query: &RowsQuery) -> Result<Option<Expr>> {
    if query.conditions.len() > CONDITIONS_MAX {
        return Err(Error::new(&BAD_FILTER).with("filter", format!("> {CONDITIONS_MAX}")));
    }
    let mut all = vec![];
    for condition in &query.conditions {
        let item = d
            .item(&condition.item)
            .ok_or_else(|| Error::new(&NO_ITEM).with("item", &condition.item))?;
        all.push(test(item, condition)?);
    }
    if let Some(text) = query.contains.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
        let any = d
            .items
            .iter()
            .filter(|i| is_text(i))
            .map(|i| column(&i.name).ilike(lit(pattern(text))))
            .reduce(Expr::or);
        all.push(any.unwrap_or(lit(false)));
    }
    Ok(all.into_iter().reduce(Expr::and))
}

fn is_text(item: &DictionaryItem) -> bool {
    item.r#type == "string" || item.mask.is_some()
}

/// What `LIKE` takes for its own is taken as it stands.
fn pattern(text: &str) -> String {
    format!("%{}%", escape(text))
}
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn test(item: &DictionaryItem, condition: &Condition) -> Result<Expr> {
    let col = column(&item.name);
    let first = condition.values.first().cloned().unwrap_or_default();
    let value = |text: &str| value_of(item, text);
    Ok(match condition.op {
        Op::Eq => col.eq(value(&first)?),
        Op::Ne => col.not_eq(value(&first)?),
        Op::Lt => col.lt(value(&first)?),
        Op::Le => col.lt_eq(value(&first)?),
        Op::Gt => col.gt(value(&first)?),
        Op::Ge => col.gt_eq(value(&first)?),
        Op::In => {
            let values = condition.values.iter().map(|v| value(v)).collect::<Result<Vec<_>>>()?;
            values
                .into_iter()
                .map(|v| col.clone().eq(v))
                .reduce(Expr::or)
                .unwrap_or(lit(false))
        }
        Op::Contains if is_text(item) => col.ilike(lit(pattern(&first))),
        Op::StartsWith if is_text(item) => col.like(lit(format!("{}%", escape(&first)))),
        Op::Contains | Op::StartsWith => {
            return Err(Error::new(&BAD_FILTER).with("filter", &item.name));
        }
        Op::IsNull => col.is_null(),
        Op::NotNull => not(col.is_null()),
    })
}

/// The text as a value of the item's type; 422 where it is none.
fn value_of(item: &DictionaryItem, text: &str) -> Result<Expr> {
    use lake::arrow::datatypes::DataType;
    if is_text(item) {
        return Ok(lit(text));
    }
    let bad = || {
        Error::new(&BAD_FILTER).with(
            "filter",
            format!("{}: {}", item.name, text.chars().take(40).collect::<String>()),
        )
    };
    match item.r#type.as_str() {
        "integer" => text.trim().parse::<i64>().map(lit).map_err(|_| bad()),
        "decimal" => {
            let number: f64 = text.trim().parse().map_err(|_| bad())?;
            if number.is_finite() {
                Ok(lit(number))
            } else {
                Err(bad())
            }
        }
        "boolean" => match text.trim() {
            "true" | "1" | "是" => Ok(lit(true)),
            "false" | "0" | "否" => Ok(lit(false)),
            _ => Err(bad()),
        },
        "date" => match chrono::NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
            Ok(_) => Ok(try_cast(lit(ScalarValue::from(text.trim())), DataType::Date32)),
            Err(_) => Err(bad()),
        },
        // the engine compares a moment with a text by reading the text as one
        _ if text.len() >= 10
            && chrono::NaiveDate::parse_from_str(text.get(..10).unwrap_or(""), "%Y-%m-%d").is_ok() =>
        {
            Ok(lit(text))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::tests::dataset;

    #[test]
    fn conditions_are_read_and_nonsense_is_refused() {
        let c = Condition::parse("code:in:a,b").expect("condition");
        assert_eq!((c.op, c.values), (Op::In, vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(Condition::parse("code:eq:a:b").expect("colons").values, ["a:b"]);
        assert_eq!(Condition::parse("code:is_null").expect("null").op, Op::IsNull);
        for bad in ["", "code", "code:eq", "code:like:x"] {
            assert!(Condition::parse(bad).is_err(), "{bad}");
        }
        let d = dataset(1, "甲", "乙", "330000");
        let with = |c: &str| {
            filter(
                &d,
                &RowsQuery {
                    conditions: vec![Condition::parse(c).expect(c)],
                    ..Default::default()
                },
            )
        };
        assert!(with("qty:ge:10").is_ok());
        assert_eq!(with("qty:ge:x").map_err(|e| e.code()).err(), Some("opening.bad_filter"));
        assert_eq!(
            with("nothing:eq:x").map_err(|e| e.code()).err(),
            Some("opening.no_item")
        );
        assert_eq!(pattern("100%_\\"), "%100\\%\\_\\\\%");
    }

    #[test]
    fn paging_is_ordered_by_the_key_and_bound_to_its_publication() {
        let d = dataset(1, "甲", "乙", "330000");
        let by: Vec<String> = order(&d, &[("qty".into(), true)])
            .into_iter()
            .map(|o| o.column)
            .collect();
        assert_eq!(by, ["qty", "code"]);
        assert_eq!(offset_of(&d, Some(&cursor(&d, 40))).expect("own"), 40);
        assert_eq!(
            offset_of(&d, Some("40.pub_old")).map_err(|e| e.code()).err(),
            Some("opening.changed")
        );
        assert!(offset_of(&d, Some("x")).is_err());
    }
}

//! `datastore_search` and `datastore_info`: rows of the publication in force.

use serde_json::{Value, json};

use super::params::Params;
use super::{CkanError, actions, shape};
use crate::Opening;
use crate::rows::{Condition, Op, RowsQuery};
use crate::shelf::Shelf;

/// Rows when none is asked for, as in CKAN.
const LIMIT_DEFAULT: u64 = 100;
/// Rows of one answer at most, as in CKAN.
const LIMIT_MAX: u64 = 32_000;

pub async fn search(opening: &Opening, shelf: &Shelf, params: &Params) -> Result<Value, CkanError> {
    let id = params
        .text("resource_id")
        .or(params.text("id"))
        .ok_or_else(|| CkanError::missing("resource_id"))?;
    let (d, _) = actions::resource(shelf, id)?;
    let limit = params.number("limit")?.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX);
    let offset = params.number("offset")?.unwrap_or(0);
    let query = RowsQuery {
        conditions: conditions(params)?,
        contains: params
            .text("q")
            .filter(|q| !q.trim().is_empty())
            .map(|q| q.trim().trim_end_matches(":*").to_owned()),
        sort: sort(&params.list("sort"), params.text("sort")),
        fields: params.list("fields").into_iter().filter(|f| f != "_id").collect(),
        offset,
        limit,
        count: params.get("include_total").is_none() || params.flag("include_total"),
    };
    let found = opening.rows(&d, &query).await?;
    opening.count_call(&d.id);
    let fields: Vec<Value> = std::iter::once(json!({ "id": "_id", "type": "int" }))
        .chain(
            found
                .items
                .iter()
                .map(|name| d.item(name).map(shape::field).unwrap_or_default()),
        )
        .collect();
    let records: Vec<Value> = found
        .rows
        .into_iter()
        .enumerate()
        .map(|(i, mut row)| {
            row.insert("_id".into(), json!(offset + 1 + i as u64));
            Value::Object(row)
        })
        .collect();
    let next = offset + limit;
    let link = |offset: u64| format!("/api/3/action/datastore_search?resource_id={id}&limit={limit}&offset={offset}");
    Ok(json!({
        "resource_id": id, "fields": fields, "records": records, "records_format": "objects",
        "limit": limit, "offset": offset, "total": found.total, "total_was_estimated": false, "include_total": found.total.is_some(),
        "_links": { "start": link(0), "next": link(next) },
    }))
}

pub fn info(shelf: &Shelf, params: &Params) -> Result<Value, CkanError> {
    let id = params
        .text("id")
        .or(params.text("resource_id"))
        .ok_or_else(|| CkanError::missing("id"))?;
    let (d, _) = actions::resource(shelf, id)?;
    let fields: Vec<Value> = d.items.iter().map(shape::field).collect();
    Ok(json!({ "meta": { "id": id, "count": d.rows, "table_type": "BASE TABLE" }, "fields": fields }))
}

/// `{"item": value}` or `{"item": [value, value]}`; all must hold.
fn conditions(params: &Params) -> Result<Vec<Condition>, CkanError> {
    let text = |v: &Value| match v {
        Value::String(s) => Ok(s.clone()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Bool(b) => Ok(b.to_string()),
        _ => Err(CkanError::invalid(
            "filters",
            "Values must be texts, numbers or lists of them",
        )),
    };
    params
        .object("filters")?
        .into_iter()
        .map(|(item, wanted)| {
            let values = match &wanted {
                Value::Array(values) => values.iter().map(text).collect::<Result<_, _>>()?,
                single => vec![text(single)?],
            };
            Ok(Condition {
                item,
                op: Op::In,
                values,
            })
        })
        .collect()
}

/// `"a desc, b"`.
fn sort(list: &[String], text: Option<&str>) -> Vec<(String, bool)> {
    let parts: Vec<&str> = match text {
        Some(t) => t.split(',').collect(),
        None => list.iter().map(String::as_str).collect(),
    };
    parts
        .into_iter()
        .filter_map(|p| {
            let mut words = p.split_whitespace();
            let item = words.next()?.trim_matches('"').to_owned();
            Some((item, words.next().is_some_and(|d| d.eq_ignore_ascii_case("desc"))))
        })
        .filter(|(item, _)| item != "_id")
        .collect()
}

//! Answers, put together from fragments that were encoded when the index was
//! built.

use std::borrow::Cow;

use base::{Error, Result};
use serde_json::{Map, Value};

use super::snapshot::{GrantedItem, Table};
use crate::index::{Row, write_json_text};

/// `{"rows":[{…}],"count":n,"as_of":"…","table_version":n}`
pub(super) fn query(table: &Table, rows: &[Row<'_>], items: &[&GrantedItem]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(128 + rows.len() * items.len() * 32);
    out.extend_from_slice(b"{\"rows\":[");
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.push(b'{');
        for (j, item) in items.iter().enumerate() {
            if j > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&item.prefix);
            append_value(&mut out, row, item)?;
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"count\":");
    out.extend_from_slice(rows.len().to_string().as_bytes());
    out.extend_from_slice(b",\"as_of\":");
    write_json_text(&mut out, &table.as_of.rfc3339());
    out.extend_from_slice(b",\"table_version\":");
    out.extend_from_slice(table.version.to_string().as_bytes());
    out.push(b'}');
    Ok(out)
}

fn append_value(out: &mut Vec<u8>, row: &Row<'_>, item: &GrantedItem) -> Result<()> {
    // a granted item that the table lost is an error of ours, not an empty value
    let damaged = || Error::internal("a granted item is missing in the index");
    let position = item.position.ok_or_else(damaged)?;
    match &item.mask {
        None => out.extend_from_slice(row.json(position).ok_or_else(damaged)?),
        Some(mask) => {
            let text = row.text(position);
            match text.as_deref().and_then(|text| mask.value(text)) {
                Some(masked) => write_json_text(out, &masked),
                None => out.extend_from_slice(b"null"),
            }
        }
    }
    Ok(())
}

/// `{"match":true|false,"found":true|false}`: true if one record of the key has
/// all the values. Compared unmasked; no value leaves.
pub(super) fn verify(rows: &[Row<'_>], items: &[&GrantedItem], values: &Map<String, Value>) -> Vec<u8> {
    let same = |row: &Row<'_>, item: &GrantedItem| {
        let held = item.position.and_then(|position| row.text(position));
        let asked = values.get(&item.name).and_then(text_of);
        match (held, asked) {
            (Some(held), Some(asked)) => held.trim() == asked.trim(),
            (held, asked) => held.is_none() && asked.is_none(),
        }
    };
    let matched = rows.iter().any(|row| items.iter().all(|item| same(row, item)));
    format!("{{\"match\":{matched},\"found\":{}}}", !rows.is_empty()).into_bytes()
}

/// The text of a value as people write it; `None` for null, lists and objects.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(yes) => Some(Cow::Borrowed(if *yes { "true" } else { "false" })),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

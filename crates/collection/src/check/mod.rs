//! Every row held against the catalog's items. Column by column: a column is
//! converted whole, its faults noted by row; then the rows without fault go on
//! typed, the others apart with all their reasons.

mod format;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter;
use arrow::datatypes::{DataType, SchemaRef};
use base::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::spec::TableSpec;
use crate::text::TextBatch;
pub use value::narrow;
use value::{Column, ItemCheck};

/// Why a value, or a row, was set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reason {
    /// Item's column name; empty where the row as a whole is meant.
    pub item: String,
    /// Stable: `required`, `type`, `length`, `code_set`, `format`, `date`,
    /// `citizen_id_check_digit`, `uscc`, `division`, `phone`, `through_number`,
    /// `duplicate_key`, `duplicate_in_table`, `ragged`, `malformed` …
    pub code: String,
    /// In Chinese, for people.
    pub message: String,
    /// Begin and length of the value, never all of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value_hint: Option<String>,
}

/// A row set apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BadRow {
    pub row: u64,
    /// Text as read, by item name (or heading, where the row never fitted).
    pub values: BTreeMap<String, Option<String>>,
    pub reasons: Vec<Reason>,
}

/// What became of a block of rows.
pub struct Checked {
    /// Typed, in the table's schema; without the lake's own columns.
    pub good: RecordBatch,
    /// Row numbers of `good`.
    pub rows: Vec<i64>,
    pub bad: Vec<BadRow>,
    /// Values whose full-width characters were narrowed.
    pub normalised: u64,
}

/// Checks blocks of rows against one table's items. Shared by the workers.
pub struct Checker {
    spec: Arc<TableSpec>,
    schema: SchemaRef,
    items: Vec<ItemCheck>,
}

impl Checker {
    /// An item whose format cannot be understood is an error of the catalog
    /// entry, told before any row is read.
    pub fn new(spec: Arc<TableSpec>) -> Result<Self> {
        let items = spec.items.iter().map(ItemCheck::new).collect::<Result<_>>()?;
        Ok(Self {
            schema: Arc::new(spec.schema()),
            spec,
            items,
        })
    }

    pub fn check(&self, text: &TextBatch) -> Result<Checked> {
        let count = text.rows.len();
        let mut faults: BTreeMap<usize, Vec<Reason>> = BTreeMap::new();
        let mut normalised = 0;
        let mut typed: Vec<ArrayRef> = Vec::with_capacity(self.items.len());
        for (index, item) in self.items.iter().enumerate() {
            let mut column = Column::new(&text.columns[index], &mut faults, self.spec.items[index].required());
            for (row, _) in text.through_number.iter().filter(|(_, i)| *i == index) {
                column.through_number(*row, item);
            }
            typed.push(item.convert(&mut column)?);
            normalised += column.normalised;
        }
        let mut bad: Vec<BadRow> = text.broken.iter().map(broken_row).collect();
        let (typed, rows) = if faults.is_empty() {
            (typed, text.rows.iter().map(|r| *r as i64).collect())
        } else {
            let keep: BooleanArray = (0..count).map(|i| Some(!faults.contains_key(&i))).collect();
            let kept = typed
                .iter()
                .map(|c| filter(c, &keep))
                .collect::<Result<_, _>>()
                .map_err(Error::internal)?;
            let rows = (0..count)
                .filter(|i| !faults.contains_key(i))
                .map(|i| text.rows[i] as i64)
                .collect();
            bad.extend(faults.into_iter().map(|(i, reasons)| self.bad_row(text, i, reasons)));
            (kept, rows)
        };
        let good = RecordBatch::try_new(self.schema.clone(), typed).map_err(Error::internal)?;
        Ok(Checked {
            good,
            rows,
            bad,
            normalised,
        })
    }

    fn bad_row(&self, text: &TextBatch, at: usize, reasons: Vec<Reason>) -> BadRow {
        let value = |c: &StringArray| c.is_valid(at).then(|| c.value(at).to_owned());
        let values = self
            .spec
            .items
            .iter()
            .zip(&text.columns)
            .map(|(i, c)| (i.name.clone(), value(c)))
            .collect();
        BadRow {
            row: text.rows[at],
            values,
            reasons,
        }
    }

    /// A typed row of the table as its text again, for rows found bad late.
    pub fn untyped(&self, batch: &RecordBatch, at: usize) -> Result<BTreeMap<String, Option<String>>> {
        let mut values = BTreeMap::new();
        for item in &self.spec.items {
            let column = batch
                .column_by_name(&item.name)
                .ok_or_else(|| Error::internal("a staged column is missing"))?;
            let one = arrow::compute::cast(&column.slice(at, 1), &DataType::Utf8).map_err(Error::internal)?;
            let one = one.as_string::<i32>();
            values.insert(item.name.clone(), one.is_valid(0).then(|| one.value(0).to_owned()));
        }
        Ok(values)
    }

    /// One row of text by item name, as when it is corrected by hand: its
    /// reasons, none when it is good.
    pub fn check_one(&self, values: &BTreeMap<String, Option<String>>) -> Result<Vec<Reason>> {
        let checked = self.check(&text_of(&self.spec, &[(1, values)]))?;
        Ok(checked.bad.into_iter().next().map(|b| b.reasons).unwrap_or_default())
    }
}

/// Rows kept as text by item name, as a block.
pub fn text_of(spec: &TableSpec, rows: &[(u64, &BTreeMap<String, Option<String>>)]) -> TextBatch {
    let cell = |name: &str, values: &BTreeMap<String, Option<String>>| {
        values
            .get(name)
            .cloned()
            .flatten()
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty())
    };
    TextBatch {
        rows: rows.iter().map(|(row, _)| *row).collect(),
        columns: spec
            .items
            .iter()
            .map(|i| rows.iter().map(|(_, v)| cell(&i.name, v)).collect())
            .collect(),
        ..Default::default()
    }
}

fn broken_row(broken: &crate::text::BrokenRow) -> BadRow {
    BadRow {
        row: broken.row,
        values: broken
            .values
            .iter()
            .map(|(k, v)| (k.clone(), Some(v.clone())))
            .collect(),
        reasons: vec![Reason {
            item: String::new(),
            code: broken.code.into(),
            message: broken.message.clone(),
            value_hint: None,
        }],
    }
}

/// Begin and length of a value: enough to find it, too little to know it.
pub(crate) fn hint(value: &str) -> String {
    let begin: String = value.chars().take(3).collect();
    format!("{begin}…({} 字符)", value.chars().count())
}

//! One value of a row, as the writers see it, and the guard against formulas.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// A value, borrowed from an Arrow array where it can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Bool(bool),
    /// A number, in its exact decimal form: a file never rounds.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
}

impl Cell<'_> {
    /// As text; empty for a missing value.
    pub fn text(&self) -> &str {
        match self {
            Cell::Null => "",
            Cell::Bool(true) => "true",
            Cell::Bool(false) => "false",
            Cell::Number(s) | Cell::Text(s) => s,
        }
    }
}

/// Reads the columns of one batch as cells.
pub struct Cells<'a> {
    columns: Vec<Column<'a>>,
    rows: usize,
}

enum Column<'a> {
    Bool(&'a ArrayRef),
    Number(&'a ArrayRef, ArrayFormatter<'a>),
    Utf8(&'a ArrayRef),
    Other(&'a ArrayRef, ArrayFormatter<'a>),
}

impl<'a> Cells<'a> {
    pub fn of(batch: &'a RecordBatch, options: &'a FormatOptions<'a>) -> Result<Self, arrow::error::ArrowError> {
        let columns = batch
            .columns()
            .iter()
            .map(|array| {
                Ok(match array.data_type() {
                    DataType::Boolean => Column::Bool(array),
                    DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Column::Utf8(array),
                    t if t.is_numeric() => Column::Number(array, ArrayFormatter::try_new(array, options)?),
                    _ => Column::Other(array, ArrayFormatter::try_new(array, options)?),
                })
            })
            .collect::<Result<_, arrow::error::ArrowError>>()?;
        Ok(Self {
            columns,
            rows: batch.num_rows(),
        })
    }
    pub fn rows(&self) -> usize {
        self.rows
    }
    pub fn width(&self) -> usize {
        self.columns.len()
    }
    pub fn get(&self, row: usize, column: usize) -> Cell<'_> {
        match &self.columns[column] {
            Column::Bool(a) if a.is_valid(row) => Cell::Bool(a.as_boolean().value(row)),
            Column::Number(a, f) if a.is_valid(row) => Cell::Number(Cow::Owned(f.value(row).to_string())),
            Column::Utf8(a) if a.is_valid(row) => Cell::Text(Cow::Borrowed(text_at(a, row))),
            Column::Other(a, f) if a.is_valid(row) => Cell::Text(Cow::Owned(f.value(row).to_string())),
            _ => Cell::Null,
        }
    }
}

fn text_at(array: &ArrayRef, row: usize) -> &str {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().value(row),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row),
        _ => array.as_string_view().value(row),
    }
}

/// How dates and times are written in every file: ISO 8601.
pub fn formats() -> FormatOptions<'static> {
    FormatOptions::new()
        .with_date_format(Some("%Y-%m-%d"))
        .with_datetime_format(Some("%Y-%m-%dT%H:%M:%S"))
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S"))
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%:z"))
}

/// A text that a spreadsheet would take for a formula gets an apostrophe in
/// front (OWASP, "CSV injection"). Plain signed numbers (`-3.5`, `+86`) are
/// data and stay as they are. Full-width signs count: Excel in East Asian
/// locales evaluates them too.
pub fn guard_formula(text: &str) -> Cow<'_, str> {
    let dangerous = match text.chars().next() {
        Some('=' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => true,
        Some('+' | '-') => text[1..].parse::<f64>().is_err() || text[1..].starts_with(['+', '-']),
        _ => false,
    };
    if dangerous {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded_and_numbers_are_not() {
        for bad in [
            "=1+1",
            "@SUM(A1)",
            "+cmd|' /C calc'!A0",
            "-2+3+cmd",
            "\t=1",
            "\r=1",
            "＝1+1",
            "--1",
            "-",
        ] {
            assert!(guard_formula(bad).starts_with('\''), "{bad:?}");
        }
        for good in ["", "浙A12345", "-3.5", "+86", "1-2", "a=b", "中文"] {
            assert_eq!(guard_formula(good), good);
        }
    }
}

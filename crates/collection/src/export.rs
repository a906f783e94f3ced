//! Quarantined rows as a file to correct, and back again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::Array;
use base::{Error, Result};
use rust_xlsxwriter::{Format, Workbook};

use crate::check::Reason;
use crate::read::{self, Hints};
use crate::spec::{ItemSpec, TableSpec};
use crate::store::quarantine;
use crate::usecases::quarantine::values_of;

/// First column of an export: which row a line is. Kept as it is by whoever
/// corrects the others.
pub const ID_HEADING: &str = "问题行编号";
const ROW_HEADING: &str = "行号";
const REASON_HEADING: &str = "问题";

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    Csv,
    Xlsx,
}

fn headings(spec: &TableSpec) -> Vec<String> {
    [ID_HEADING, ROW_HEADING, REASON_HEADING]
        .into_iter()
        .map(str::to_owned)
        .chain(spec.items.iter().map(|i| i.shown().to_owned()))
        .collect()
}

fn cells(spec: &TableSpec, row: &quarantine::Model) -> Result<Vec<String>> {
    let reasons: Vec<Reason> = serde_json::from_str(&row.reasons).map_err(Error::internal)?;
    let values = values_of(row)?;
    let mut cells = vec![
        row.id.clone(),
        row.row_number.to_string(),
        reasons.into_iter().map(|r| r.message).collect::<Vec<_>>().join(";"),
    ];
    cells.extend(
        spec.items
            .iter()
            .map(|i| values.get(&i.name).cloned().flatten().unwrap_or_default()),
    );
    Ok(cells)
}

pub fn csv(spec: &TableSpec, rows: &[quarantine::Model]) -> Result<Vec<u8>> {
    // With the mark, or spreadsheets take it for the system's encoding.
    let mut out = csv_writer(b"\xef\xbb\xbf".to_vec());
    out.write_record(headings(spec)).map_err(Error::internal)?;
    for row in rows {
        out.write_record(cells(spec, row)?.iter().map(|c| guarded(c)))
            .map_err(Error::internal)?;
    }
    out.into_inner().map_err(Error::internal)
}

fn csv_writer(begin: Vec<u8>) -> ::csv::Writer<Vec<u8>> {
    ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(begin)
}

pub fn xlsx(spec: &TableSpec, rows: &[quarantine::Model]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    for (column, heading) in headings(spec).iter().enumerate() {
        sheet
            .write_string_with_format(0, column as u16, heading, &bold)
            .map_err(Error::internal)?;
    }
    for (line, row) in rows.iter().enumerate() {
        // Cells of text: a spreadsheet neither computes them nor shortens a
        // long number.
        for (column, cell) in cells(spec, row)?.iter().enumerate() {
            sheet
                .write_string(line as u32 + 1, column as u16, cell)
                .map_err(Error::internal)?;
        }
    }
    book.save_to_buffer().map_err(Error::internal)
}

/// A text that a spreadsheet would run as a formula, made harmless.
fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
        _ => cell,
    }
}

/// Lines of a corrected export: values by item name, and the row's id under
/// [`ID_HEADING`]. Every item's column must be there, so that none is emptied
/// by being left out.
pub fn read_corrections(path: &Path, name: &str, spec: &TableSpec) -> Result<Vec<BTreeMap<String, Option<String>>>> {
    let mut items = vec![ItemSpec::text(ID_HEADING, ID_HEADING).as_key()];
    items.extend(spec.items.iter().map(|i| ItemSpec {
        nullable: false,
        ..ItemSpec::text(&i.name, &i.title)
    }));
    let wanted = Arc::new(TableSpec::from_items(items));
    let input = read::open(path, name, &Hints::default(), &wanted)?;
    let mut lines = vec![];
    for block in input.blocks {
        let text = input.parser.parse(block?)?;
        for at in 0..text.rows.len() {
            let value = |column: &arrow::array::StringArray| {
                column.is_valid(at).then(|| unguarded(column.value(at)).to_owned())
            };
            lines.push(
                wanted
                    .items
                    .iter()
                    .zip(&text.columns)
                    .map(|(i, c)| (i.name.clone(), value(c)))
                    .collect(),
            );
        }
        if lines.len() as u64 > base::limits::QUARANTINE_ROWS_MAX {
            return Err(Error::new(&base::error::TOO_LARGE)
                .with("what", "更正文件的行数")
                .with("limit", base::limits::QUARANTINE_ROWS_MAX));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: &str) -> quarantine::Model {
        quarantine::Model {
            id: "qrw_1".into(),
            batch_id: "bat_1".into(),
            resource_id: "res_1".into(),
            row_number: 7,
            data: serde_json::json!({ "name": value }).to_string(),
            reasons: "[]".into(),
            codes: ";;".into(),
            state: "open".into(),
            revision: 1,
            replay_batch: None,
            discard_text: None,
            changed_by: None,
            changed_at: None,
        }
    }

    #[test]
    fn col_4_an_export_carries_no_formula_and_comes_back_as_it_was() {
        let spec = TableSpec::from_items(vec![ItemSpec::text("name", "姓名")]);
        for value in ["=cmd|'/c calc'!A1", "+1+1", "-5", "@SUM(A1)", "张三,\"引号\"", "'它"] {
            for (file, bytes) in [
                ("a.csv", csv(&spec, &[row(value)]).expect("writes")),
                ("a.xlsx", xlsx(&spec, &[row(value)]).expect("writes")),
            ] {
                let dir = tempfile::tempdir().expect("a folder");
                let path = dir.path().join(file);
                std::fs::write(&path, &bytes).expect("writes");
                if file == "a.csv" {
                    let text = String::from_utf8(bytes).expect("UTF-8");
                    let cell = text
                        .lines()
                        .nth(1)
                        .and_then(|l| l.rsplit_once(",,"))
                        .map(|(_, c)| c.trim_matches('"'));
                    assert!(!cell.is_some_and(|c| c.starts_with(['=', '+', '-', '@'])), "{text}");
                }
                let back = read_corrections(&path, file, &spec).expect("reads");
                assert_eq!(back[0]["name"].as_deref(), Some(value), "{file}");
                assert_eq!(back[0][ID_HEADING].as_deref(), Some("qrw_1"), "{file}");
            }
        }
    }
}

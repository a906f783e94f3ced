//! Lists of entries as files. A spreadsheet must not take a text for a formula.

use base::{Ctx, Error, Lang, Result};
use identity::{Action, Target};
use rust_xlsxwriter::{Format, Workbook};

use crate::Catalog;
use crate::errors::TOO_MANY_ROWS;
use crate::queries::{ResourceFilter, state_title};
use crate::views::ResourceRow;

/// Entries in one file.
pub const EXPORT_ROWS_MAX: u64 = 10_000;
const CHUNK: usize = 200;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = CatalogExportFormat)]
pub enum ExportFormat {
    #[default]
    Csv,
    Xlsx,
}

impl ExportFormat {
    pub fn media_type(self) -> &'static str {
        match self {
            ExportFormat::Csv => "text/csv; charset=utf-8",
            ExportFormat::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
    pub fn file_name(self) -> &'static str {
        match self {
            ExportFormat::Csv => "catalog.csv",
            ExportFormat::Xlsx => "catalog.xlsx",
        }
    }
}

impl Catalog {
    /// All entries that match and that the caller may see.
    pub async fn export(&self, ctx: &Ctx, filter: &ResourceFilter, format: ExportFormat) -> Result<Vec<u8>> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        let viewer = self.viewer(ctx);
        let mut table = vec![];
        let mut cursor = None;
        loop {
            let found = self.find(&viewer, filter, cursor, CHUNK, false).await?;
            if found.total > EXPORT_ROWS_MAX {
                return Err(Error::new(&TOO_MANY_ROWS)
                    .with("count", found.total)
                    .with("limit", EXPORT_ROWS_MAX));
            }
            for row in self.rows(ctx, &viewer, &found.ids, "").await? {
                table.push(cells(&row, ctx.lang));
            }
            match found.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let headers = if ctx.lang == Lang::En { HEADERS_EN } else { HEADERS_ZH };
        match format {
            ExportFormat::Csv => csv_file(&headers, &table),
            ExportFormat::Xlsx => xlsx_file(&headers, &table),
        }
    }
}

const COLUMNS: usize = 17;
const HEADERS_ZH: [&str; COLUMNS] = [
    "资源代码",
    "资源名称",
    "摘要",
    "数源单位",
    "责任单位",
    "行政区划",
    "主题领域",
    "所属库",
    "信息项数",
    "信息项",
    "共享属性",
    "开放属性",
    "更新频率",
    "数据分级",
    "数据量",
    "状态",
    "发布时间",
];
const HEADERS_EN: [&str; COLUMNS] = [
    "code",
    "title",
    "summary",
    "provider",
    "responsible",
    "division",
    "subject",
    "libraries",
    "item count",
    "items",
    "sharing",
    "opening",
    "update frequency",
    "grade",
    "rows",
    "state",
    "published",
];

fn cells(row: &ResourceRow, lang: Lang) -> [String; COLUMNS] {
    let h = &row.head;
    [
        h.code.clone(),
        h.title.clone(),
        h.summary.clone(),
        h.provider.name.clone(),
        h.responsible.name.clone(),
        h.division.name.clone(),
        h.labels.subject.clone(),
        h.labels.libraries.join("、"),
        row.item_count.to_string(),
        row.item_titles.join("、"),
        h.sharing.attribute.map_or(String::new(), |a| a.title(lang).into()),
        h.opening.attribute.map_or(String::new(), |a| a.title(lang).into()),
        h.labels.update_frequency.clone(),
        h.grade.map_or(String::new(), |g| g.as_str().into()),
        h.volume.map_or(String::new(), |v| v.to_string()),
        state_title(&h.state, lang).unwrap_or(&h.state).to_owned(),
        h.published_at.map_or(String::new(), |m| m.date().to_string()),
    ]
}

/// A text that a spreadsheet would compute gets an apostrophe in front, which
/// spreadsheets read as "this is text".
fn guard(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn csv_file<const N: usize>(headers: &[&str; N], table: &[[String; N]]) -> Result<Vec<u8>> {
    // the mark by which Excel knows UTF-8
    let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    writer.write_record(headers).map_err(Error::internal)?;
    for row in table {
        writer
            .write_record(row.iter().map(|cell| guard(cell)))
            .map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|e| Error::internal(e.error()))
}

/// Cells are written as strings, which a workbook never computes; the guard
/// stays for whoever saves it as CSV.
fn xlsx_file<const N: usize>(headers: &[&str; N], table: &[[String; N]]) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet();
    for (column, header) in (0u16..).zip(headers) {
        sheet
            .write_string_with_format(0, column, *header, &bold)
            .map_err(Error::internal)?;
        sheet.set_column_width(column, 18).map_err(Error::internal)?;
    }
    for (line, row) in (1u32..).zip(table) {
        for (column, cell) in (0u16..).zip(row) {
            sheet.write_string(line, column, guard(cell)).map_err(Error::internal)?;
        }
    }
    sheet.set_freeze_panes(1, 0).map_err(Error::internal)?;
    book.save_to_buffer().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_exported_cell_is_a_formula() {
        for hostile in [
            "=HYPERLINK(\"http://x\")",
            "+1+1",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1+1",
        ] {
            let file = csv_file(&["a"], &[[hostile.to_owned()]]).expect("the file is written");
            let text = String::from_utf8(file).expect("it is UTF-8");
            let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
            let cell = reader.records().next().expect("a row").expect("it parses")[0].to_owned();
            assert_eq!(cell, format!("'{hostile}"));
        }
        assert_eq!(guard("社会保险 = 参保"), "社会保险 = 参保");
    }
}

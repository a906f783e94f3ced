//! XLSX. A sheet holds 1,048,576 rows and no more (Microsoft, "Excel
//! specifications and limits"), so a larger dataset goes on over several
//! sheets; beyond [`SHEETS_MAX`] sheets no spreadsheet opens the file any
//! more, the file ends there, and says so.

use std::io;
use std::path::PathBuf;

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::cell::{Cell, Cells};
use super::{Head, RowWriter};

/// Rows of a sheet, its header row included.
pub const SHEET_ROWS: u32 = 1_048_576;
/// Sheets of data in one file.
pub const SHEETS_MAX: usize = 4;
/// UTF-16 units of one cell.
const CELL_UNITS_MAX: usize = 32_767;

pub struct XlsxWriter {
    book: Workbook,
    path: PathBuf,
    titles: Vec<String>,
    header: Format,
    sheet_rows: u32,
    sheets: usize,
    /// Next row of the sheet being written.
    next: u32,
    written: u64,
    left_out: u64,
    shortened: u64,
}

impl XlsxWriter {
    /// `sheet_rows` is [`SHEET_ROWS`] except in tests.
    pub fn begin(path: PathBuf, head: &Head, sheet_rows: u32) -> io::Result<Self> {
        let mut writer = Self {
            book: Workbook::new(),
            path,
            titles: head.items.iter().map(|i| i.title.clone()).collect(),
            header: Format::new().set_bold(),
            sheet_rows,
            sheets: 0,
            next: sheet_rows,
            written: 0,
            left_out: 0,
            shortened: 0,
        };
        writer.dictionary(head).map_err(io::Error::other)?;
        writer.new_sheet().map_err(io::Error::other)?;
        Ok(writer)
    }

    fn dictionary(&mut self, head: &Head) -> Result<(), XlsxError> {
        let bold = self.header.clone();
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name("数据字典")?;
        for (row, (name, value)) in [
            ("名称", &head.title),
            ("开放主体", &head.opener),
            ("许可", &head.licence),
            ("来源", &head.source),
        ]
        .into_iter()
        .enumerate()
        {
            sheet.write_with_format(row as u32, 0, name, &bold)?;
            sheet.write_string(row as u32, 1, value)?;
        }
        for (column, name) in ["数据项", "名称", "含义", "类型", "长度"].into_iter().enumerate() {
            sheet.write_with_format(5, column as u16, name, &bold)?;
        }
        for (i, item) in head.items.iter().enumerate() {
            let row = 6 + i as u32;
            sheet.write_string(row, 0, &item.name)?;
            sheet.write_string(row, 1, &item.title)?;
            sheet.write_string(row, 2, fit(&item.meaning).0)?;
            sheet.write_string(row, 3, &item.r#type)?;
            if let Some(length) = item.length {
                sheet.write_number(row, 4, length)?;
            }
        }
        Ok(())
    }

    fn new_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = if self.sheets == 1 {
            "数据".to_owned()
        } else {
            format!("数据{}", self.sheets)
        };
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(name)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, title) in self.titles.iter().enumerate() {
            sheet.write_with_format(0, column as u16, fit(title).0, &self.header)?;
        }
        self.next = 1;
        Ok(())
    }

    fn row(&mut self, cells: &Cells<'_>, row: usize) -> Result<(), XlsxError> {
        if self.next >= self.sheet_rows {
            if self.sheets == SHEETS_MAX {
                self.left_out += 1;
                return Ok(());
            }
            self.new_sheet()?;
        }
        let at = self.next;
        let sheet = self.book.worksheet_from_index(self.sheets)?;
        for column in 0..cells.width() {
            let to = column as u16;
            match cells.get(row, column) {
                Cell::Null => {}
                Cell::Bool(b) => {
                    sheet.write_boolean(at, to, b)?;
                }
                // a spreadsheet keeps 15 digits: longer numbers stay exact as text
                Cell::Number(n) => match n.parse::<f64>() {
                    Ok(value) if value.is_finite() && n.chars().filter(char::is_ascii_digit).count() <= 15 => {
                        sheet.write_number(at, to, value)?;
                    }
                    _ => {
                        sheet.write_string(at, to, n.as_ref())?;
                    }
                },
                // a string cell is never evaluated, so a formula in it stays a text
                Cell::Text(t) => {
                    let (text, whole) = fit(&t);
                    self.shortened += u64::from(!whole);
                    sheet.write_string(at, to, text)?;
                }
            }
        }
        self.next += 1;
        self.written += 1;
        Ok(())
    }
}

impl RowWriter for XlsxWriter {
    fn rows(&mut self, cells: &Cells<'_>) -> io::Result<()> {
        (0..cells.rows())
            .try_for_each(|row| self.row(cells, row))
            .map_err(io::Error::other)
    }
    fn finish(mut self: Box<Self>) -> io::Result<Option<String>> {
        self.book.save(&self.path).map_err(io::Error::other)?;
        let mut notes = vec![];
        if self.sheets > 1 {
            notes.push(format!("共{}张数据表", self.sheets));
        }
        if self.left_out > 0 {
            notes.push(format!(
                "仅含前{}行，其余{}行请下载其他格式",
                self.written, self.left_out
            ));
        }
        if self.shortened > 0 {
            notes.push(format!("{}个超长文本已截短，全文见其他格式", self.shortened));
        }
        Ok((!notes.is_empty()).then(|| notes.join("；")))
    }
}

/// What fits into one cell, and whether that is all.
fn fit(text: &str) -> (&str, bool) {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > CELL_UNITS_MAX {
            return (&text[..at], false);
        }
    }
    (text, true)
}

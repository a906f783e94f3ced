//! Rows as they were read, before any check: text by column.

use arrow::array::StringArray;
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

/// A row whose shape is wrong, so that it never becomes columns.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenRow {
    pub row: u64,
    pub code: &'static str,
    pub message: String,
    /// Heading or position, and text, of whatever could be read.
    pub values: Vec<(String, String)>,
}

/// Rows of text, one column an item of the table, in its order. An empty cell
/// is null.
#[derive(Debug, Default)]
pub struct TextBatch {
    /// Row numbers, 1-based, the header counted.
    pub rows: Vec<u64>,
    pub columns: Vec<StringArray>,
    pub broken: Vec<BrokenRow>,
    /// Cells (position in `rows`, column) that the source kept as a binary
    /// number although they have more digits than one can hold.
    pub through_number: Vec<(usize, usize)>,
}

/// Builds one text column: offsets and bytes, checked as UTF-8 once at the end.
pub struct ColumnBuilder {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
    valid: Vec<bool>,
    nulls: usize,
}

impl ColumnBuilder {
    pub fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            offsets,
            bytes: Vec::with_capacity(rows * 16),
            valid: Vec::with_capacity(rows),
            nulls: 0,
        }
    }
    pub fn push(&mut self, text: &[u8]) {
        let text = trim(text);
        self.bytes.extend_from_slice(text);
        // Blocks are a few MiB, far below the 2 GiB that i32 offsets reach.
        self.offsets.push(self.bytes.len() as i32);
        let valid = !text.is_empty();
        self.nulls += usize::from(!valid);
        self.valid.push(valid);
    }
    pub fn push_null(&mut self) {
        self.push(b"");
    }
    pub fn finish(self) -> Result<StringArray, arrow::error::ArrowError> {
        let nulls = (self.nulls > 0).then(|| NullBuffer::from(self.valid));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        StringArray::try_new(offsets, Buffer::from_vec(self.bytes), nulls)
    }
}

/// Without blanks around it: ASCII ones and the ideographic space U+3000.
fn trim(mut text: &[u8]) -> &[u8] {
    const WIDE: &[u8] = "\u{3000}".as_bytes();
    loop {
        let before = text.len();
        text = text.trim_ascii();
        text = text.strip_prefix(WIDE).unwrap_or(text);
        text = text.strip_suffix(WIDE).unwrap_or(text);
        if text.len() == before {
            return text;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::Array;

    #[test]
    fn blanks_of_both_kinds_go_and_nothing_is_null() {
        let mut column = ColumnBuilder::new(3);
        column.push(" \u{3000}杭州\u{3000} ".as_bytes());
        column.push("\u{3000}".as_bytes());
        column.push(b"x y");
        let column = column.finish().expect("UTF-8");
        assert_eq!(column.value(0), "杭州");
        assert!(column.is_null(1));
        assert_eq!(column.value(2), "x y");
    }
}

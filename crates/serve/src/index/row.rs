//! One row, encoded: `items u16 · items × end of fragment u32 · fragments`.
//! A fragment is the item's value as JSON.

use std::borrow::Cow;
use std::io;

use super::file::{damaged, u32_at};

/// The rows of one key.
#[derive(Clone, Copy, Default)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    left: u32,
}

impl<'a> Rows<'a> {
    pub(super) fn new(bytes: &'a [u8], rows: u32) -> Self {
        Self { bytes, left: rows }
    }
    pub fn count(&self) -> u32 {
        self.left
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = io::Result<Row<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let row = u32_at(self.bytes, 0).and_then(|length| {
            let row = self.bytes.get(4..4 + length as usize)?;
            self.bytes = &self.bytes[4 + length as usize..];
            Row::read(row)
        });
        if row.is_none() {
            self.left = 0;
        }
        Some(row.ok_or_else(damaged))
    }
}

#[derive(Clone, Copy)]
pub struct Row<'a> {
    ends: &'a [u8],
    fragments: &'a [u8],
}

impl<'a> Row<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let items = u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?) as usize;
        let ends = bytes.get(2..2 + items * 4)?;
        Some(Self {
            ends,
            fragments: &bytes[2 + items * 4..],
        })
    }

    pub fn items(&self) -> usize {
        self.ends.len() / 4
    }

    /// The item's value as JSON; `None` if there is no such item.
    pub fn json(&self, item: usize) -> Option<&'a [u8]> {
        let end = u32_at(self.ends, item * 4)? as usize;
        let start = if item == 0 {
            0
        } else {
            u32_at(self.ends, item * 4 - 4)? as usize
        };
        self.fragments.get(start..end)
    }

    /// The item's value as plain text, for masks and filters; `None` for null.
    pub fn text(&self, item: usize) -> Option<Cow<'a, str>> {
        let json = self.json(item)?;
        if json == b"null" {
            return None;
        }
        match json.strip_prefix(b"\"").and_then(|j| j.strip_suffix(b"\"")) {
            // hardly any value holds an escape: then the text is the slice itself
            Some(inner) if !inner.contains(&b'\\') => std::str::from_utf8(inner).ok().map(Cow::Borrowed),
            Some(_) => serde_json::from_slice(json).ok().map(Cow::Owned),
            None => std::str::from_utf8(json).ok().map(Cow::Borrowed),
        }
    }
}

/// Builds one encoded row; reused from row to row.
#[derive(Default)]
pub struct RowBuilder {
    ends: Vec<u32>,
    fragments: Vec<u8>,
    out: Vec<u8>,
}

impl RowBuilder {
    pub fn begin(&mut self) {
        self.ends.clear();
        self.fragments.clear();
    }
    pub fn null(&mut self) {
        self.literal("null");
    }
    /// A value that is JSON already: a number, `true`, `null`.
    pub fn literal(&mut self, json: &str) {
        self.fragments.extend_from_slice(json.as_bytes());
        self.ends.push(self.fragments.len() as u32);
    }
    pub fn text(&mut self, text: &str) {
        write_json_text(&mut self.fragments, text);
        self.ends.push(self.fragments.len() as u32);
    }
    pub fn finish(&mut self) -> &[u8] {
        self.out.clear();
        self.out.extend_from_slice(&(self.ends.len() as u16).to_le_bytes());
        for end in &self.ends {
            self.out.extend_from_slice(&end.to_le_bytes());
        }
        self.out.extend_from_slice(&self.fragments);
        &self.out
    }
}

/// Appends a text as a JSON string.
pub fn write_json_text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        // writing to memory does not fail
        let _ = serde_json::to_writer(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_back_json_and_text_of_each_item() {
        let mut builder = RowBuilder::default();
        builder.begin();
        builder.text("张三");
        builder.null();
        builder.literal("12.50");
        builder.text("a\"b\\\n");
        let bytes = builder.finish().to_vec();
        let row = Row::read(&bytes).expect("a row");
        assert_eq!(row.items(), 4);
        assert_eq!(row.json(0), Some("\"张三\"".as_bytes()));
        assert_eq!(row.text(0).as_deref(), Some("张三"));
        assert_eq!((row.json(1), row.text(1)), (Some(&b"null"[..]), None));
        assert_eq!(row.text(2).as_deref(), Some("12.50"));
        assert_eq!(row.text(3).as_deref(), Some("a\"b\\\n"));
        assert_eq!(row.json(4), None);
    }
}

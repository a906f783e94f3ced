//! From record batches to keys and encoded rows.

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use base::{Error, Result};
use serde::{Deserialize, Serialize};

use super::row::RowBuilder;

/// An item that look-ups go by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyItem {
    pub name: String,
    /// Letters do not count (citizen ID, USCC): both sides are put in capitals.
    pub capitals: bool,
}

impl KeyItem {
    fn append(&self, key: &mut Vec<u8>, text: &str) {
        let text = text.trim();
        key.extend_from_slice(&(text.len() as u32).to_le_bytes());
        let start = key.len();
        key.extend_from_slice(text.as_bytes());
        if self.capitals {
            key[start..].make_ascii_uppercase();
        }
    }
}

/// The key that the index is asked with, from the values in the order of the key items.
pub fn key_of<T: AsRef<str>>(items: &[KeyItem], values: &[T]) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    for (item, value) in items.iter().zip(values) {
        item.append(&mut key, value.as_ref());
    }
    key
}

/// Encodes batches of one schema.
pub struct Encoder {
    key_items: Vec<KeyItem>,
    row: RowBuilder,
    key: Vec<u8>,
    /// Rows left out because a key item was null: nobody can ask for them.
    pub rows_without_key: u64,
}

impl Encoder {
    pub fn new(key_items: Vec<KeyItem>) -> Self {
        Self {
            key_items,
            row: RowBuilder::default(),
            key: Vec::new(),
            rows_without_key: 0,
        }
    }

    /// Hands each row on as (key, encoded row).
    pub fn encode(
        &mut self,
        batch: &RecordBatch,
        mut each: impl FnMut(&[u8], &[u8]) -> std::io::Result<()>,
    ) -> Result<()> {
        // the canonical texts of crate `protect`: what masks work on and what every door shows
        let texts = batch
            .columns()
            .iter()
            .map(|column| protect::text::column(column))
            .collect::<Result<Vec<StringArray>, _>>()
            .map_err(Error::internal)?;
        let schema = batch.schema();
        let literal: Vec<bool> = schema.fields().iter().map(|f| is_literal(f.data_type())).collect();
        let keys = self
            .key_items
            .iter()
            .map(|item| schema.index_of(&item.name).map_err(Error::internal))
            .collect::<Result<Vec<_>>>()?;
        for row in 0..batch.num_rows() {
            if keys.iter().any(|column| texts[*column].is_null(row)) {
                self.rows_without_key += 1;
                continue;
            }
            self.key.clear();
            for (item, column) in self.key_items.iter().zip(&keys) {
                item.append(&mut self.key, texts[*column].value(row));
            }
            self.row.begin();
            for (text, literal) in texts.iter().zip(&literal) {
                match (text.is_valid(row).then(|| text.value(row)), literal) {
                    // JSON has no word for these numbers
                    (None, _) | (Some("NaN" | "inf" | "-inf"), true) => self.row.null(),
                    (Some(value), true) => self.row.literal(value),
                    (Some(value), false) => self.row.text(value),
                }
            }
            each(&self.key, self.row.finish()).map_err(Error::internal)?;
        }
        Ok(())
    }
}

/// Types whose canonical text is JSON as it stands.
fn is_literal(kind: &DataType) -> bool {
    kind.is_numeric() || *kind == DataType::Boolean
}

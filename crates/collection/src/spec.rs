//! What a table's rows must be: the catalog entry's items, as the loader
//! needs them. This is the boundary to the catalog.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use catalog::model::{PublishedEntry, PublishedItem};

/// Type of an item's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemType {
    String,
    Integer,
    Decimal,
    Date,
    Datetime,
    Boolean,
}

/// A code whose own rules are checked beside type and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    CitizenId,
    Uscc,
    Division,
    Phone,
    /// Names, addresses and what else has no rules of its own.
    Other,
}

impl Identifier {
    /// As the catalog writes it.
    pub fn of(word: &str) -> Self {
        match word {
            "citizen_id" => Self::CitizenId,
            "uscc" => Self::Uscc,
            "division" => Self::Division,
            "phone" => Self::Phone,
            _ => Self::Other,
        }
    }
}

/// One item as the catalog describes it.
#[derive(Clone, Debug)]
pub struct ItemSpec {
    /// Column name.
    pub name: String,
    /// Chinese title.
    pub title: String,
    pub kind: ItemType,
    /// Characters of a text; digits in all of a decimal.
    pub length: Option<u32>,
    /// Digits after the point.
    pub scale: Option<u32>,
    /// `n18`, `an..50`, `c..100` (GB/T 18391 notation), or `^…$` (a pattern).
    pub format: Option<String>,
    /// The codes allowed; `None` where the item binds to no code set.
    pub codes: Option<Arc<HashSet<String>>>,
    pub identifier: Option<Identifier>,
    pub key: bool,
    pub nullable: bool,
}

impl ItemSpec {
    pub fn text(name: &str, title: &str) -> Self {
        Self {
            name: name.into(),
            title: title.into(),
            kind: ItemType::String,
            length: None,
            scale: None,
            format: None,
            codes: None,
            identifier: None,
            key: false,
            nullable: true,
        }
    }
    pub fn of(mut self, kind: ItemType) -> Self {
        self.kind = kind;
        self
    }
    pub fn as_key(mut self) -> Self {
        self.key = true;
        self.nullable = false;
        self
    }
    pub fn identified(mut self, identifier: Identifier) -> Self {
        self.identifier = Some(identifier);
        self
    }
    pub fn required(&self) -> bool {
        self.key || !self.nullable
    }
    /// Title as people read it; the name where there is none.
    pub fn shown(&self) -> &str {
        if self.title.is_empty() { &self.name } else { &self.title }
    }
    pub fn data_type(&self) -> DataType {
        match self.kind {
            ItemType::String => DataType::Utf8,
            ItemType::Integer => DataType::Int64,
            ItemType::Decimal => DataType::Decimal128(self.precision(), self.decimal_scale()),
            ItemType::Date => DataType::Date32,
            ItemType::Datetime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            ItemType::Boolean => DataType::Boolean,
        }
    }
    pub fn precision(&self) -> u8 {
        self.length.unwrap_or(18).clamp(1, 38) as u8
    }
    pub fn decimal_scale(&self) -> i8 {
        self.scale.unwrap_or(2).min(u32::from(self.precision())) as i8
    }
}

/// All items of a table, in the catalog's order.
#[derive(Clone, Debug)]
pub struct TableSpec {
    pub items: Vec<ItemSpec>,
}

impl TableSpec {
    pub fn from_items(items: Vec<ItemSpec>) -> Self {
        Self { items }
    }
    /// From the version of an entry that is in force. Code sets are those of
    /// `rules/code-sets/`; a set that they do not hold is not checked.
    pub fn from_entry(entry: &PublishedEntry) -> Self {
        Self::from_items(entry.items.iter().map(item_of).collect())
    }
    /// Arrow schema of checked rows.
    pub fn schema(&self) -> Schema {
        Schema::new(
            self.items
                .iter()
                .map(|i| Field::new(&i.name, i.data_type(), true))
                .collect::<Vec<_>>(),
        )
    }
    pub fn keys(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|i| self.items[*i].key).collect()
    }
    pub fn key_names(&self) -> Vec<String> {
        self.items.iter().filter(|i| i.key).map(|i| i.name.clone()).collect()
    }
    /// The item that a column's heading means: its name or title, however
    /// cased, padded or widened.
    pub fn item_for(&self, heading: &str) -> Option<usize> {
        let wanted = plain(heading);
        if wanted.is_empty() {
            return None;
        }
        self.items
            .iter()
            .position(|i| plain(&i.name) == wanted)
            .or_else(|| self.items.iter().position(|i| plain(&i.title) == wanted))
    }
}

fn item_of(item: &PublishedItem) -> ItemSpec {
    ItemSpec {
        name: item.name.clone(),
        title: item.title.clone(),
        kind: match item.data_type {
            catalog::model::DataType::String => ItemType::String,
            catalog::model::DataType::Integer => ItemType::Integer,
            catalog::model::DataType::Decimal => ItemType::Decimal,
            catalog::model::DataType::Date => ItemType::Date,
            catalog::model::DataType::Datetime => ItemType::Datetime,
            catalog::model::DataType::Boolean => ItemType::Boolean,
        },
        length: item.length,
        scale: item.scale,
        format: item.format.clone(),
        codes: item.code_set.as_deref().and_then(crate::codes::code_set),
        identifier: item.identifier.as_deref().map(Identifier::of),
        key: item.key,
        nullable: item.nullable,
    }
}

fn plain(heading: &str) -> String {
    heading
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
        .chars()
        .map(crate::check::narrow)
        .flat_map(char::to_lowercase)
        .collect()
}

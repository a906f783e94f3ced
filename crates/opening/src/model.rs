//! The nouns, as the API shows them.

use base::Moment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::files::{FileFacts, Format};
pub use crate::states::State;

/// A reference to an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpenerRef)]
pub struct OrgRef {
    pub id: String,
    pub name: String,
}

/// A division of GB/T 2260.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetDivision)]
pub struct DivisionRef {
    /// Six digits.
    pub code: String,
    pub name: String,
}

/// A word of the catalog's vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CatalogWord)]
pub struct Word {
    pub code: String,
    /// Chinese.
    pub title: String,
    pub title_en: String,
}
impl Word {
    pub fn title(&self, lang: base::Lang) -> &str {
        if lang == base::Lang::En && !self.title_en.is_empty() {
            &self.title_en
        } else {
            &self.title
        }
    }
}

/// 数据字典: one item of an opened dataset.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DictionaryItem {
    pub id: String,
    /// Column name in files and API.
    pub name: String,
    /// Chinese name.
    pub title: String,
    pub meaning: String,
    /// `string`, `integer`, `decimal`, `date`, `datetime` or `boolean`.
    pub r#type: String,
    /// Characters, or digits of a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_set: Option<String>,
    /// The set's codes with their titles, so that a reader need not look them up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_element: Option<String>,
    /// Part of the key that names a record.
    pub key: bool,
    pub nullable: bool,
    /// The mask under which the item is opened, where a treatment put one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
}

/// What is left out of, or masked in, the opened data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetTreatment)]
pub struct Treatment {
    /// Items that are dropped or masked.
    #[serde(default)]
    pub items: Vec<ItemTreatment>,
    /// Values of the key item whose records are left out.
    #[serde(default)]
    pub rows: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemTreatment {
    pub item_id: String,
    /// Name of a mask of the rule set; absent where the item is dropped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// The item is not opened at all.
    #[serde(default)]
    pub drop: bool,
}

impl Treatment {
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.rows.is_empty()
    }
    pub fn of(&self, item_id: &str) -> Option<&ItemTreatment> {
        self.items.iter().find(|t| t.item_id == item_id)
    }
    /// Both together: what was once dropped stays dropped.
    pub fn and(mut self, more: Treatment) -> Self {
        for new in more.items {
            match self.items.iter_mut().find(|t| t.item_id == new.item_id) {
                Some(old) => {
                    old.drop |= new.drop;
                    old.mask = new.mask.or(old.mask.take());
                }
                None => self.items.push(new),
            }
        }
        for key in more.rows {
            if !self.rows.contains(&key) {
                self.rows.push(key);
            }
        }
        self
    }
}

/// An opened dataset as the shelf holds it: the pinned catalog version and the
/// pinned table version of its current publication.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// The catalog entry's id.
    pub id: String,
    /// Name in addresses and in CKAN: `[a-z0-9-]`.
    pub slug: String,
    pub code: String,
    pub title: String,
    pub summary: String,
    pub opener: OrgRef,
    pub division: DivisionRef,
    pub subject: Word,
    /// Base and thematic libraries.
    pub keywords: Vec<Word>,
    pub frequency: Word,
    pub time_span: Option<String>,
    pub grade: String,
    pub state: State,
    /// Since when it is in that state.
    pub since: Moment,
    /// Version of the catalog entry.
    pub version: i64,
    pub table_version: i64,
    pub publication_id: String,
    pub items: Vec<DictionaryItem>,
    /// The key item's column, where records have a key of one item.
    pub key: Option<String>,
    pub treatment: Treatment,
    pub rows: u64,
    pub files: Vec<FileFacts>,
    pub opened_at: Moment,
    pub updated_at: Moment,
    pub built_at: Moment,
    /// 0 to 100, of the last quality run.
    pub quality: Option<f64>,
    pub visits: u64,
    pub downloads: u64,
    pub calls: u64,
}

impl Dataset {
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }
    pub fn file(&self, format: Format) -> Option<&FileFacts> {
        self.files.iter().find(|f| f.format == format)
    }
    pub fn item(&self, name: &str) -> Option<&DictionaryItem> {
        self.items.iter().find(|i| i.name == name)
    }
    /// How often it was read, by any door.
    pub fn uses(&self) -> u64 {
        self.visits + self.downloads + self.calls
    }
}

/// The terms under which unconditionally opened data is used.
pub struct Licence {
    pub id: &'static str,
    pub title: &'static str,
    pub title_en: &'static str,
    pub article: &'static str,
}

/// Article 27 of decree 381: data opened without condition is free of charge.
/// Naming the source and the date is asked for as good practice, not demanded.
pub const LICENCE: Licence = Licence {
    id: "zj-open-unconditional",
    title: "无条件开放：免费获取、自由利用(建议注明来源和获取日期)",
    title_en: "Unconditional opening: free of charge, free to use (please name the source and the date)",
    article: "《浙江省公共数据开放与安全管理暂行办法》第二十七条",
};

//! 数据资源 and its parts, as they are stored and as they travel.
//!
//! A [`Document`] is what one version of an entry says. While it is a draft it
//! may be incomplete, therefore closed choices are `Option`; what other
//! capabilities read is a [`PublishedEntry`], where nothing is missing any more.

use base::{InstitutionId, ItemId, ResourceId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub fn as_str(self) -> &'static str { match self { $($name::$variant => $code),* } }
            pub fn parse(s: &str) -> Option<Self> { Self::ALL.iter().copied().find(|v| v.as_str() == s) }
            pub fn title(self, lang: base::Lang) -> &'static str {
                match (self, lang) { $(
                    ($name::$variant, base::Lang::Zh) => $zh,
                    ($name::$variant, base::Lang::En) => $en,
                )* }
            }
        }
        // written out: the derive cannot read a name that a macro passes on
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($code),*]))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                concat!("Catalog", stringify!($name)).into()
            }
        }
    };
}

choices! {
    /// 字段类型
    DataType {
        String = "string", "文本", "text";
        Integer = "integer", "整数", "integer";
        /// `scale` digits after the point.
        Decimal = "decimal", "小数", "decimal";
        Date = "date", "日期", "date";
        Datetime = "datetime", "日期时间", "date and time";
        Boolean = "boolean", "是否", "yes or no";
    }
}
choices! {
    /// 数据分级: L1 harms nobody, L4 harms gravely.
    Grade {
        L1 = "L1", "一级(L1)", "L1";
        L2 = "L2", "二级(L2)", "L2";
        L3 = "L3", "三级(L3)", "L3";
        L4 = "L4", "四级(L4)", "L4";
    }
}
choices! {
    /// 共享属性, 《浙江省公共数据条例》第二十三条
    SharingAttribute {
        Unconditional = "unconditional", "无条件共享", "unconditional sharing";
        Restricted = "restricted", "受限共享", "restricted sharing";
        NotShared = "not_shared", "不共享", "not shared";
    }
}
choices! {
    /// 开放属性, 《浙江省公共数据条例》第三十条
    OpeningAttribute {
        Unconditional = "unconditional", "无条件开放", "unconditional opening";
        Restricted = "restricted", "受限开放", "restricted opening";
        Prohibited = "prohibited", "禁止开放", "prohibited";
    }
}
choices! {
    /// 共享方式
    SharingMode {
        /// Yes or no for a key and values.
        Verify = "verify", "核验", "verify";
        /// Rows for a key.
        Query = "query", "查询", "query";
        Batch = "batch", "批量", "batch";
    }
}
choices! {
    /// 归集状态
    CollectionState {
        NotCollected = "not_collected", "未归集", "not collected";
        Collected = "collected", "已归集", "collected";
    }
}

/// 数据项: one column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = CatalogItem)]
pub struct Item {
    /// Given by the platform on the first save; stays with the item through all versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ItemId>,
    /// 英文名: column name, `[a-z][a-z0-9_]*`, unique within the resource.
    pub name: String,
    /// 中文名
    pub title: String,
    /// 含义
    pub meaning: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub data_type: Option<DataType>,
    /// Characters of a text, digits of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Digits after the point of a decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    /// Pattern or layout of the values: `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// 代码集: name of the code set that values come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_set: Option<String>,
    /// 数据元
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_element: Option<String>,
    /// What the values identify: `citizen_id`, `uscc`, `division`, `phone`, `name`, `address`, `email`, `bank_card`, `plate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// Part of the key of a row.
    pub key: bool,
    /// May be empty.
    pub nullable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// Where it differs from the resource's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sharing: Option<SharingAttribute>,
    /// Where it differs from the resource's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<OpeningAttribute>,
}

/// What `identifier` of an item may say.
pub const IDENTIFIERS: &[&str] = &[
    "citizen_id",
    "uscc",
    "division",
    "phone",
    "name",
    "address",
    "email",
    "bank_card",
    "plate",
];

/// 共享属性 with its type, condition and basis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = CatalogSharing)]
pub struct Sharing {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<SharingAttribute>,
    /// 共享条件: required for restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// 理由: required for restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Codes of grounds from the rule set; required for not shared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// 依据: the law by its name, `《…》第…条`; required for not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// 共享方式
    pub modes: Vec<SharingMode>,
}

/// 开放属性 with its condition, grounds and basis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = CatalogOpening)]
pub struct Opening {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<OpeningAttribute>,
    /// 开放条件: required for restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Codes of grounds from the rule set; required for restricted and prohibited.
    /// Each ground says what else has to be stated (`requires`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<String>,
    /// 理由
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 依据, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// 处理方式: how the data was anonymised, masked or declassified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment: Option<String>,
}

/// 时间范围: days, both ends included; no end means until today.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct TimeSpan {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

/// What one version of an entry says (CAT-2). Provider and code belong to the
/// entry, not to a version: they never change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = CatalogDocument)]
pub struct Document {
    /// 资源名称
    pub title: String,
    /// 摘要
    pub summary: String,
    /// 责任单位; the provider where empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsible_id: Option<InstitutionId>,
    /// 行政区划: six digits, GB/T 2260; the provider's where empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division_code: Option<String>,
    /// 主题领域: code from the vocabulary.
    pub subject: String,
    /// 资源格式: code from the vocabulary.
    pub format: String,
    /// 数据类型: code from the vocabulary.
    pub data_type: String,
    /// 所属基础库, 专题库: codes from the vocabulary.
    pub libraries: Vec<String>,
    /// 信息项
    pub items: Vec<Item>,
    pub sharing: Sharing,
    pub opening: Opening,
    /// 更新频率: code from the vocabulary.
    pub update_frequency: String,
    /// 时间范围, as declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_span: Option<TimeSpan>,
    /// 数据量 in rows, as declared; what was loaded is counted by collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// 归集状态, as declared; a load makes it `collected`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_state: Option<CollectionState>,
    /// 提供渠道: codes from the vocabulary.
    pub channels: Vec<String>,
    /// 关联资源
    pub related: Vec<ResourceId>,
}

/// An item of a published version: nothing is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedItem {
    pub id: ItemId,
    pub name: String,
    pub title: String,
    pub meaning: String,
    pub data_type: DataType,
    pub length: Option<u32>,
    pub scale: Option<u32>,
    pub format: Option<String>,
    pub code_set: Option<String>,
    pub data_element: Option<String>,
    pub identifier: Option<String>,
    pub key: bool,
    pub nullable: bool,
    pub grade: Grade,
    /// The item's own attribute, or the resource's.
    pub sharing: SharingAttribute,
    /// The item's own attribute, or the resource's.
    pub opening: OpeningAttribute,
}

/// The published version of an entry, as other capabilities read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedEntry {
    pub id: ResourceId,
    pub code: String,
    pub version: u32,
    pub title: String,
    pub summary: String,
    pub provider_id: InstitutionId,
    pub responsible_id: InstitutionId,
    pub division_code: String,
    pub subject: String,
    pub format: String,
    pub libraries: Vec<String>,
    pub items: Vec<PublishedItem>,
    pub sharing: SharingAttribute,
    pub sharing_condition: Option<String>,
    pub modes: Vec<SharingMode>,
    pub opening: OpeningAttribute,
    pub opening_condition: Option<String>,
    pub update_frequency: String,
    pub time_span: Option<TimeSpan>,
    pub grade: Grade,
    pub published_at: base::Moment,
}

impl PublishedEntry {
    pub fn item(&self, id: &ItemId) -> Option<&PublishedItem> {
        self.items.iter().find(|i| i.id == *id)
    }
    /// Items that make up the key of a row, in order.
    pub fn keys(&self) -> impl Iterator<Item = &PublishedItem> {
        self.items.iter().filter(|i| i.key)
    }
}

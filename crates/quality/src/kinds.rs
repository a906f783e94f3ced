//! The library of rule kinds, `rules/quality-kinds.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// 质量维度 (GB/T 36344).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityCategory)]
pub struct Category {
    pub name: String,
    pub title: String,
    pub title_en: String,
}

/// How many items a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityItems)]
pub enum Items {
    None,
    One,
    Two,
    /// At least one.
    Any,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityParam)]
pub struct Param {
    pub name: String,
    /// `integer`, `number`, `pattern`, `code_set`, `item`, `texts`.
    pub r#type: String,
    pub title: String,
    pub title_en: String,
    #[serde(default)]
    pub optional: bool,
}

/// 规则类型
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRuleKind)]
pub struct Kind {
    pub name: String,
    /// Name of the category.
    pub category: String,
    pub title: String,
    pub title_en: String,
    pub description: String,
    pub description_en: String,
    pub items: Items,
    pub params: Vec<Param>,
}

/// The library: categories and kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRuleKinds)]
pub struct Library {
    #[serde(alias = "category")]
    pub categories: Vec<Category>,
    #[serde(alias = "kind")]
    pub kinds: Vec<Kind>,
}

static LIBRARY: LazyLock<Library> = LazyLock::new(|| {
    let read = toml::from_str(include_str!("../../../rules/quality-kinds.toml"));
    // The file is part of the binary and a test reads it: it cannot fail for a user.
    read.unwrap_or_else(|e| unreachable!("rules/quality-kinds.toml: {e}"))
});

pub fn library() -> &'static Library {
    &LIBRARY
}

pub fn kind(name: &str) -> Option<&'static Kind> {
    LIBRARY.kinds.iter().find(|k| k.name == name)
}

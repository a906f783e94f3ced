//! The library of named masks, `rules/masks.toml`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::Rule;

/// A mask that people choose by name in a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedMask {
    /// Stable: `citizen_id`.
    pub name: String,
    pub title: String,
    pub title_en: String,
    /// What stays and what goes.
    pub description: String,
    pub description_en: String,
    /// Identifiers of items (`citizen_id`, `phone` …) that it is proposed for.
    #[serde(default)]
    pub suits: Vec<String>,
    pub rule: Rule,
    /// A value and what it becomes; absent for keyed masks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<[String; 2]>,
}

#[derive(Deserialize)]
struct File {
    mask: Vec<NamedMask>,
}

static LIBRARY: LazyLock<Vec<NamedMask>> = LazyLock::new(|| {
    let file: Result<File, _> = toml::from_str(include_str!("../../../rules/masks.toml"));
    // The file is part of the binary and a test reads it: it cannot fail for a user.
    file.unwrap_or_else(|e| unreachable!("rules/masks.toml: {e}")).mask
});

pub fn mask_library() -> &'static [NamedMask] {
    &LIBRARY
}

pub fn named_mask(name: &str) -> Option<&'static NamedMask> {
    LIBRARY.iter().find(|m| m.name == name)
}

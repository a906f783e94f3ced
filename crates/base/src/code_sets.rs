//! 代码集: the values that a coded item may take, `rules/code-sets/*.toml`. A
//! catalog item names one (CAT-12); collection and quality check against it.

use std::sync::LazyLock;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeSet {
    /// Stable: `cert_type`.
    pub name: String,
    pub title: String,
    pub title_en: String,
    /// The standard it follows.
    pub source: String,
    /// Code to its title in Chinese and in English.
    pub codes: IndexMap<String, (String, String)>,
}

impl CodeSet {
    pub fn has(&self, code: &str) -> bool {
        self.codes.contains_key(code)
    }
    pub fn title_of(&self, code: &str, lang: crate::Lang) -> Option<&str> {
        self.codes.get(code).map(|(zh, en)| {
            if lang == crate::Lang::En {
                en.as_str()
            } else {
                zh.as_str()
            }
        })
    }
}

const FILES: [&str; 8] = [
    include_str!("../../../rules/code-sets/cert_type.toml"),
    include_str!("../../../rules/code-sets/equipment_kind.toml"),
    include_str!("../../../rules/code-sets/equipment_state.toml"),
    include_str!("../../../rules/code-sets/insurance_type.toml"),
    include_str!("../../../rules/code-sets/participation_state.toml"),
    include_str!("../../../rules/code-sets/payment_state.toml"),
    include_str!("../../../rules/code-sets/sex.toml"),
    include_str!("../../../rules/code-sets/yes_no.toml"),
];

static CODE_SETS: LazyLock<Vec<CodeSet>> = LazyLock::new(|| {
    // The files are part of the binary and a test reads each: this cannot fail for a user.
    let read = |text: &&str| toml::from_str(text).unwrap_or_else(|e| unreachable!("rules/code-sets: {e}"));
    FILES.iter().map(read).collect()
});

pub fn code_sets() -> &'static [CodeSet] {
    &CODE_SETS
}

pub fn code_set(name: &str) -> Option<&'static CodeSet> {
    CODE_SETS.iter().find(|s| s.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_code_set_and_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../rules/code-sets");
        let files = std::fs::read_dir(folder).expect("the folder").count();
        assert_eq!(code_sets().len(), files);
        assert!(code_sets().iter().all(|s| !s.codes.is_empty()));
        let kinds = code_set("insurance_type").expect("the set");
        assert!(kinds.has("110") && !kinds.has("999"));
        assert_eq!(kinds.title_of("210", crate::Lang::Zh), Some("失业保险"));
    }
}

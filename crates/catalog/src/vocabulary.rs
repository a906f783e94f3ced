//! 编目词表: the fixed lists that an entry chooses from, read from
//! `rules/vocabulary/catalog.toml` when first needed.

use std::sync::OnceLock;

use base::{Error, Lang, Result};
use serde::{Deserialize, Serialize};

/// One word of a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = VocabularyTerm)]
pub struct Term {
    /// What the API carries; never changes.
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Two-digit class of a resource code; subjects only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Greatest age of the newest load, days; frequencies only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

impl Term {
    pub fn title(&self, lang: Lang) -> &str {
        if lang == Lang::En { &self.en } else { &self.zh }
    }
}

/// All lists that an entry chooses from.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CatalogVocabulary)]
pub struct Vocabulary {
    pub subjects: Vec<Term>,
    pub formats: Vec<Term>,
    pub data_types: Vec<Term>,
    pub frequencies: Vec<Term>,
    pub channels: Vec<Term>,
    pub base_libraries: Vec<Term>,
    pub thematic_libraries: Vec<Term>,
}

impl Vocabulary {
    /// The lists that ship with the platform.
    pub fn shipped() -> Result<&'static Vocabulary> {
        static SHIPPED: OnceLock<std::result::Result<Vocabulary, String>> = OnceLock::new();
        SHIPPED
            .get_or_init(|| {
                toml::from_str(include_str!("../../../rules/vocabulary/catalog.toml")).map_err(|e| e.to_string())
            })
            .as_ref()
            .map_err(|e| Error::internal(format!("rules/vocabulary/catalog.toml: {e}")))
    }

    pub fn libraries(&self) -> impl Iterator<Item = &Term> {
        self.base_libraries.iter().chain(&self.thematic_libraries)
    }
    pub fn library(&self, code: &str) -> Option<&Term> {
        self.libraries().find(|t| t.code == code)
    }
}

/// The term of a list by its code.
pub fn find<'a>(terms: &'a [Term], code: &str) -> Option<&'a Term> {
    terms.iter().find(|t| t.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_lists_parse_and_hold_the_libraries_of_the_ordinance() {
        let v = Vocabulary::shipped().expect("the file parses");
        assert_eq!((v.base_libraries.len(), v.thematic_libraries.len()), (5, 9));
        let mut codes: Vec<&str> = v.libraries().map(|t| t.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), 14, "a library's code stands for one library");
        assert!(
            v.subjects
                .iter()
                .all(|s| s.number.as_ref().is_some_and(|n| n.len() == 2))
        );
    }
}

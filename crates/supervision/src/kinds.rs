//! What each kind of entry is called (`messages/ledger-kinds.toml`).

use std::collections::HashMap;
use std::sync::LazyLock;

use base::Lang;
use serde::Deserialize;

#[derive(Deserialize)]
struct Title {
    zh: String,
    en: String,
}

static TITLES: LazyLock<HashMap<String, HashMap<String, Title>>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../../messages/ledger-kinds.toml")).unwrap_or_else(|e| {
        // the test below reads the same text
        tracing::error!(error = %e, "messages/ledger-kinds.toml");
        HashMap::new()
    })
});

/// The title of `catalog.published`; the kind itself where the table has none.
pub fn title_of_kind(kind: &str, lang: Lang) -> String {
    let title = kind
        .split_once('.')
        .and_then(|(group, name)| TITLES.get(group)?.get(name));
    match (title, lang) {
        (Some(title), Lang::Zh) => title.zh.clone(),
        (Some(title), Lang::En) => title.en.clone(),
        (None, _) => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_title_in_both_languages() {
        assert!(TITLES.len() > 8);
        for (group, names) in TITLES.iter() {
            for (name, title) in names {
                assert!(!title.zh.is_ascii() && title.en.is_ascii(), "{group}.{name}");
            }
        }
        assert_eq!(title_of_kind("catalog.published", Lang::Zh), "目录条目审核发布");
        assert_eq!(title_of_kind("nobody.knows", Lang::Zh), "nobody.knows");
    }
}

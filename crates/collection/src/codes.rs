//! 代码集: which values an item may have. An item names a set of
//! `rules/code-sets/`, or lists its codes itself, between bars: `|在职|退休|`.

use std::collections::HashSet;
use std::sync::Arc;

/// The values of a set. `None` for a set that the platform does not hold: it
/// is documentation of the entry and nothing is checked against it.
pub fn code_set(name: &str) -> Option<Arc<HashSet<String>>> {
    if let Some(listed) = name.trim().strip_prefix('|') {
        let codes = listed
            .split('|')
            .map(str::trim)
            .filter(|c| !c.is_empty())
            .map(str::to_owned);
        return Some(Arc::new(codes.collect()));
    }
    base::code_sets::code_set(name.trim()).map(|set| Arc::new(set.codes.keys().cloned().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_found_by_name_or_listed_by_the_item() {
        let types = code_set("cert_type").expect("ships");
        assert!(types.contains("111") && !types.contains("999"));
        assert_eq!(code_set("|在职|退休|").expect("is listed").len(), 2);
        assert!(code_set("某部门代码").is_none());
    }
}

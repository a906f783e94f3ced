//! Requirements × tests × state. `docs/requirements.toml` holds what the law asks
//! and how far it is; tests bear the ids in their names
//! (`sha_3_provider_refuses_authority_overrides`). An id that claims to be done
//! and that no test bears is an error, and so is a test of an id nobody knows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirements {
    /// The order of the tables is that of the file.
    requirement: Vec<Requirement>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requirement {
    /// `SHA-3`
    id: String,
    /// What the software does, in a line.
    text: String,
    /// Articles.
    source: String,
    state: State,
    /// What of it is not there yet.
    #[serde(default)]
    missing: String,
    /// Addresses of pages and of the API where it shows.
    #[serde(default)]
    pages: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Done,
    Partial,
    NotYet,
}
impl State {
    fn shown(self) -> &'static str {
        match self {
            State::Done => "done",
            State::Partial => "partial",
            State::NotYet => "not yet",
        }
    }
}

pub fn run(root: &Path) -> Result<()> {
    let text = fs::read_to_string(root.join("docs/requirements.toml")).context("docs/requirements.toml")?;
    let requirements: Requirements = toml::from_str(&text).context("docs/requirements.toml")?;
    let tests = tests_by_id(root)?;
    let problems = check(&requirements.requirement, &tests);
    print(&requirements.requirement, &tests);
    if problems.is_empty() {
        return Ok(());
    }
    println!();
    for problem in &problems {
        println!("{problem}");
    }
    bail!("law: {} to mend", problems.len())
}

fn print(requirements: &[Requirement], tests: &BTreeMap<String, Vec<String>>) {
    println!("{:<8} {:<8} {:>5}  requirement", "id", "state", "tests");
    for r in requirements {
        let names = tests.get(&r.id).map_or(&[][..], Vec::as_slice);
        println!(
            "{:<8} {:<8} {:>5}  {} [{}]",
            r.id,
            r.state.shown(),
            names.len(),
            r.text,
            r.source
        );
        for name in names {
            println!("{:26}· {name}", "");
        }
        if !r.missing.is_empty() {
            println!("{:26}– missing: {}", "", r.missing);
        }
        if !r.pages.is_empty() {
            println!("{:26}→ {}", "", r.pages.join(" · "));
        }
    }
    let count = |state| requirements.iter().filter(|r| r.state == state).count();
    println!(
        "\n{} requirements: {} done, {} partial, {} not yet; {} tests bear an id",
        requirements.len(),
        count(State::Done),
        count(State::Partial),
        count(State::NotYet),
        tests.values().map(Vec::len).sum::<usize>()
    );
}

fn check(requirements: &[Requirement], tests: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut problems = vec![];
    for (i, r) in requirements.iter().enumerate() {
        if requirements[..i].iter().any(|other| other.id == r.id) {
            problems.push(format!("{}: stands twice", r.id));
        }
        if r.state == State::Done && !tests.contains_key(&r.id) {
            problems.push(format!("{}: claims to be done, and no test bears its id", r.id));
        }
        if r.state == State::Partial && r.missing.is_empty() {
            problems.push(format!("{}: partial, and does not say what is missing", r.id));
        }
    }
    for (id, names) in tests {
        if !requirements.iter().any(|r| r.id == *id) {
            problems.push(format!("{}: a test bears {id}, which is no requirement", names[0]));
        }
    }
    problems
}

/// Names of tests by the id that they bear.
fn tests_by_id(root: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut folders: Vec<PathBuf> = ["crates", "tests", "web", "xtask"]
        .iter()
        .map(|f| root.join(f))
        .collect();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !matches!(name, "target" | "node_modules" | "dist") {
                    folders.push(path);
                }
                continue;
            }
            let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
            if !matches!(extension, "rs" | "ts" | "tsx" | "mjs" | "py") {
                continue;
            }
            for test in test_names(&fs::read_to_string(&path)?, extension) {
                if let Some(id) = id_of(&test) {
                    out.entry(id).or_default().push(test);
                }
            }
        }
    }
    out.values_mut().for_each(|names| {
        names.sort();
        names.dedup();
    });
    Ok(out)
}

/// Functions under a test attribute in Rust; `test('…')`, `test("…")` and `it(…)`
/// in scripts; `def test_…` in Python.
fn test_names(text: &str, extension: &str) -> Vec<String> {
    let mut names = vec![];
    match extension {
        "rs" => {
            let mut armed = false;
            for line in text.lines().map(str::trim) {
                let attribute = line.starts_with("#[");
                if attribute && (line.contains("test]") || line.contains("test(")) {
                    armed = true;
                }
                let function = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
                if let Some(function) = function {
                    // a property test stands in a macro, its attribute within
                    if armed {
                        names.extend(function.split(['(', '<']).next().map(str::to_owned));
                    }
                    armed = false;
                }
            }
        }
        "py" => {
            let functions = text.lines().filter_map(|l| l.trim().strip_prefix("def test_"));
            names.extend(functions.filter_map(|f| f.split('(').next()).map(str::to_owned));
        }
        _ => {
            for opening in ["test('", "test(\"", "test(`", "it('", "step('", "step(\""] {
                for (at, _) in text.match_indices(opening) {
                    let rest = &text[at + opening.len()..];
                    names.extend(rest.split(['\'', '"', '`']).next().map(|n| n.replace([' ', '-'], "_")));
                }
            }
        }
    }
    names
}

/// `sha_3_provider_refuses` bears SHA-3; `sha_256_of_nothing` bears none, because
/// no requirement has three digits.
fn id_of(name: &str) -> Option<String> {
    const CAPABILITIES: [&str; 12] = [
        "plt", "cat", "col", "qua", "sha", "opn", "opr", "sec", "sup", "res", "fed", "egv",
    ];
    let mut words = name.split('_');
    let capability = words
        .next()
        .filter(|w| CAPABILITIES.contains(&w.to_lowercase().as_str()))?;
    let number = words
        .next()
        .filter(|w| (1..=2).contains(&w.len()) && w.bytes().all(|b| b.is_ascii_digit()))?;
    Some(format!("{}-{number}", capability.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_names() {
        assert_eq!(
            id_of("sha_3_provider_refuses_authority_overrides").as_deref(),
            Some("SHA-3")
        );
        assert_eq!(id_of("cat_14_search").as_deref(), Some("CAT-14"));
        for none in ["sha_256_of_nothing", "catalog_1", "cat_names", "it_works"] {
            assert_eq!(id_of(none), None, "{none}");
        }
        let rust = "#[tokio::test]\nasync fn sec_2_x() {}\nfn sec_3_helper() {}\n#[test]\nfn opn_9_y() {}";
        assert_eq!(test_names(rust, "rs"), ["sec_2_x", "opn_9_y"]);
        assert_eq!(test_names("test('OPN-2 the portal', run)", "ts"), ["OPN_2_the_portal"]);
        assert_eq!(id_of("OPN_2_the_portal").as_deref(), Some("OPN-2"));
    }

    #[test]
    fn a_claim_without_a_test_and_a_test_without_a_requirement_are_errors() {
        let one = |id: &str, state, missing: &str| Requirement {
            id: id.into(),
            text: "x".into(),
            source: "x".into(),
            state,
            missing: missing.into(),
            pages: vec![],
        };
        let tests = BTreeMap::from([("SHA-2".to_owned(), vec!["sha_2_x".to_owned()])]);
        assert!(check(&[one("SHA-2", State::Done, "")], &tests).is_empty());
        assert_eq!(
            check(&[one("SHA-2", State::Done, ""), one("SHA-3", State::Done, "")], &tests).len(),
            1
        );
        assert_eq!(check(&[one("SHA-2", State::Partial, "")], &tests).len(), 1);
        assert_eq!(check(&[one("SHA-1", State::NotYet, "")], &tests).len(), 1);
        assert_eq!(
            check(
                &[one("SHA-2", State::NotYet, ""), one("SHA-2", State::NotYet, "")],
                &tests
            )
            .len(),
            1
        );
    }
}

//! What must hold of the tree and no compiler checks: the edges between crates
//! that ARCHITECTURE.md allows and no others, sizes, crate docs, words, titles of
//! ledger kinds, titles of requirements.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// Lines of a source file at most.
const LINES_MAX: usize = 800;

/// Words that say that something is not there, or where it was made. In pieces,
/// or this file would find itself.
fn forbidden() -> Vec<(String, &'static str)> {
    let say = |parts: &[&str], why| (parts.concat(), why);
    vec![
        say(&["todo", "!("], "unfinished code"),
        say(&["unimple", "mented!("], "unfinished code"),
        say(&["敬请", "期待"], "a page that is not there"),
        say(&["Coming", " soon"], "a page that is not there"),
        say(&["lorem", " ipsum"], "filler"),
        say(&["/wo", "rk/"], "a path of one machine"),
        say(&["/ro", "ot/"], "a path of one machine"),
    ]
}

pub fn run(root: &Path) -> Result<()> {
    let mut problems = vec![];
    edges(root, &mut problems)?;
    let files = sources(root)?;
    for file in &files {
        file_rules(root, file, &mut problems)?;
    }
    crate_docs(root, &mut problems)?;
    ledger_kinds(root, &files, &mut problems)?;
    if problems.is_empty() {
        println!("tidy: {} files, every edge in the table, nothing to mend", files.len());
        return Ok(());
    }
    for problem in &problems {
        println!("{problem}");
    }
    bail!("tidy: {} to mend", problems.len())
}

/// Edges of the crate table: `| layer | `crate` | `may`, `use` | holds |`.
fn table(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let mut out = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        // a row begins and ends with a bar, and names its crate in code
        if cells.len() != 6 {
            continue;
        }
        let names =
            |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        for name in names(cells[2]) {
            out.insert(name, names(cells[3]));
        }
    }
    if out.is_empty() {
        bail!("ARCHITECTURE.md holds no table of crates");
    }
    Ok(out)
}

/// The crates and what their manifests name, dev-dependencies included.
fn manifests(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut folders: Vec<PathBuf> = fs::read_dir(root.join("crates"))?
        .map(|e| e.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    folders.extend([root.join("xtask"), root.join("tests")]);
    let mut raw = BTreeMap::new();
    for folder in folders.iter().filter(|f| f.join("Cargo.toml").is_file()) {
        let path = folder.join("Cargo.toml");
        let manifest: toml::Table =
            toml::from_str(&fs::read_to_string(&path)?).with_context(|| path.display().to_string())?;
        let name = folder
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default()
            .to_owned();
        let mut uses = BTreeSet::new();
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            uses.extend(
                manifest
                    .get(section)
                    .and_then(|s| s.as_table())
                    .into_iter()
                    .flat_map(|t| t.keys().cloned()),
            );
        }
        raw.insert(name, uses);
    }
    let own: BTreeSet<String> = raw.keys().cloned().collect();
    Ok(raw
        .into_iter()
        .map(|(name, uses)| (name, uses.intersection(&own).cloned().collect()))
        .collect())
}

fn edges(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    let (allowed, real) = (table(root)?, manifests(root)?);
    for (name, uses) in &real {
        let Some(may) = allowed.get(name) else {
            problems.push(format!("{name}: not in the table of ARCHITECTURE.md"));
            continue;
        };
        // `unify` makes third-party features agree; it holds no code
        for extra in uses.difference(may).filter(|u| *u != "unify") {
            problems.push(format!(
                "{name} → {extra}: an edge that is not in the table of ARCHITECTURE.md"
            ));
        }
    }
    for name in allowed.keys().filter(|name| !real.contains_key(*name)) {
        problems.push(format!("{name}: in the table of ARCHITECTURE.md, but no such crate"));
    }
    Ok(())
}

/// Every text file that people write: not what is generated or fetched.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    const SKIPPED: [&str; 7] = [
        "target",
        "node_modules",
        "dist",
        ".git",
        "snapshots",
        "generated",
        "data",
    ];
    const KINDS: [&str; 12] = [
        "rs", "ts", "tsx", "css", "mjs", "js", "toml", "md", "cedar", "sh", "html", "py",
    ];
    let mut out = vec![];
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !SKIPPED.contains(&name) && !path.is_symlink() {
                    folders.push(path);
                }
            } else if path
                .extension()
                .and_then(|e| e.to_str())
                .is_some_and(|e| KINDS.contains(&e))
            {
                out.push(path);
            }
        }
    }
    out.sort();
    Ok(out)
}

fn file_rules(root: &Path, file: &Path, problems: &mut Vec<String>) -> Result<()> {
    let shown = file.strip_prefix(root).unwrap_or(file).display();
    let text = fs::read_to_string(file).with_context(|| shown.to_string())?;
    let extension = file.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let code = matches!(extension, "rs" | "ts" | "tsx" | "css" | "mjs" | "js" | "py");
    let generated = text
        .lines()
        .take(5)
        .any(|l| l.contains("enerated") && l.contains("do not"))
        || file.ends_with("schema.d.ts");
    let lines = text.lines().count();
    if code && !generated && lines > LINES_MAX {
        problems.push(format!(
            "{shown}: {lines} lines, {LINES_MAX} at most: it holds two things"
        ));
    }
    for (word, why) in forbidden() {
        for (number, _) in text.lines().enumerate().filter(|(_, line)| line.contains(&word)) {
            problems.push(format!("{shown}:{}: `{word}`: {why}", number + 1));
        }
    }
    Ok(())
}

fn crate_docs(root: &Path, problems: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(root.join("crates"))? {
        let src = entry?.path().join("src");
        let Some(file) = ["lib.rs", "main.rs"].iter().map(|f| src.join(f)).find(|f| f.is_file()) else {
            continue;
        };
        let docs: usize = fs::read_to_string(&file)?
            .lines()
            .take_while(|l| l.starts_with("//!"))
            .map(str::len)
            .sum();
        if docs < 60 {
            let shown = file.strip_prefix(root).unwrap_or(&file).display();
            problems.push(format!("{shown}: says in no crate doc what the crate is for"));
        }
    }
    Ok(())
}

/// Every kind that the code writes must have a title.
fn ledger_kinds(root: &Path, files: &[PathBuf], problems: &mut Vec<String>) -> Result<()> {
    let titles: toml::Table = toml::from_str(&fs::read_to_string(root.join("messages/ledger-kinds.toml"))?)?;
    let titled = |kind: &str| {
        kind.split_once('.')
            .is_some_and(|(group, name)| titles.get(group).and_then(|g| g.get(name)).is_some())
    };
    let mut seen = BTreeSet::new();
    let tests = |f: &Path| f.components().any(|c| c.as_os_str() == "tests") || f.ends_with("tests.rs");
    for file in files
        .iter()
        .filter(|f| f.extension().is_some_and(|e| e == "rs") && !tests(f))
    {
        let text = fs::read_to_string(file)?;
        // tests make up kinds of their own
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, call) in code.match_indices("Entry::new(") {
            let argument = code[at + call.len()..].trim_start();
            let Some(kind) = argument.strip_prefix('"').and_then(|a| a.split('"').next()) else {
                continue;
            };
            if !titled(kind) && seen.insert(kind.to_owned()) {
                let shown = file.strip_prefix(root).unwrap_or(file).display();
                problems.push(format!(
                    "{shown}: ledger kind `{kind}` has no title in messages/ledger-kinds.toml"
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small tree that is tidy, then one thing wrong at a time.
    fn tree(name: &str, change: impl Fn(&Path)) -> Vec<String> {
        let root = std::env::temp_dir().join(format!("tidy-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "ARCHITECTURE.md",
            "| 0 | `low` | – | x |\n| 1 | `high` | `low` | x |\n| – | `xtask` | – | x |\n",
        );
        let manifest = |uses: &str| format!("[package]\nname = \"x\"\n[dependencies]\n{uses}");
        write("crates/low/Cargo.toml", &manifest("serde = \"1\"\n"));
        write("crates/high/Cargo.toml", &manifest("low.workspace = true\n"));
        write("xtask/Cargo.toml", &manifest(""));
        let doc = "//! What this crate is for, said in a sentence that is long enough to say it.\n";
        write("crates/low/src/lib.rs", doc);
        write(
            "crates/high/src/lib.rs",
            &format!("{doc}fn f() {{ Entry::new(\"a.b\", 1); }}\n"),
        );
        write("messages/ledger-kinds.toml", "[a]\nb = { zh = \"乙\", en = \"b\" }\n");
        change(&root);
        let mut problems = vec![];
        edges(&root, &mut problems).unwrap();
        let files = sources(&root).unwrap();
        files.iter().for_each(|f| file_rules(&root, f, &mut problems).unwrap());
        crate_docs(&root, &mut problems).unwrap();
        ledger_kinds(&root, &files, &mut problems).unwrap();
        fs::remove_dir_all(&root).unwrap();
        problems
    }

    fn append(path: PathBuf, text: &str) {
        let old = fs::read_to_string(&path).unwrap();
        fs::write(path, old + text).unwrap();
    }

    #[test]
    fn each_rule_finds_its_breach_and_nothing_else() {
        assert_eq!(tree("clean", |_| {}), Vec::<String>::new());
        let one = |name: &str, change: &dyn Fn(&Path), says: &str| {
            let problems = tree(name, change);
            assert!(
                problems.len() == 1 && problems[0].contains(says),
                "{name}: {problems:?}"
            );
        };
        one(
            "edge",
            &|r| append(r.join("crates/low/Cargo.toml"), "high.workspace = true\n"),
            "low → high",
        );
        one(
            "long",
            &|r| append(r.join("crates/low/src/lib.rs"), &"//\n".repeat(800)),
            "801 lines",
        );
        one(
            "word",
            &|r| append(r.join("crates/low/src/lib.rs"), &["fn g() { todo", "!() }\n"].concat()),
            "unfinished",
        );
        one(
            "docs",
            &|r| fs::write(r.join("crates/low/src/lib.rs"), "fn g() {}\n").unwrap(),
            "crate doc",
        );
        one(
            "kind",
            &|r| append(r.join("crates/low/src/lib.rs"), "fn g() { Entry::new(\"a.c\") }\n"),
            "a.c",
        );
        one(
            "gone",
            &|r| append(r.join("ARCHITECTURE.md"), "| 2 | `none` | – | x |\n"),
            "no such crate",
        );
    }
}

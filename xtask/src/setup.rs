//! What the machine must have: installed through apt where we may, else said.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

const CARGO_DENY: &str = "cargo-deny@0.20.2";

/// A system package, and how to see that it is there.
struct Need {
    package: &'static str,
    why: &'static str,
    present: fn() -> bool,
}

const NEEDS_BUILD: &[Need] = &[
    Need {
        package: "gcc",
        why: "C parts of some crates",
        present: || sh::has("cc"),
    },
    Need {
        package: "nodejs",
        why: "the web app (Node 20 or later)",
        present: || sh::has("node"),
    },
];

const NEEDS_TEST: &[Need] = &[
    Need {
        package: "postgresql",
        why: "tests on PostgreSQL",
        present: || postgres_bin().is_some(),
    },
    Need {
        package: "chromium",
        why: "tests in a browser",
        present: || chromium().is_some(),
    },
    Need {
        package: "fonts-noto-cjk",
        why: "Chinese in pictures",
        present: has_chinese_font,
    },
    Need {
        package: "python3-venv",
        why: "real clients from PyPI",
        present: || sh::has("python3") && has_venv(),
    },
    Need {
        package: "openssl",
        why: "a second opinion on signatures",
        present: || sh::has("openssl"),
    },
];

pub fn build_tools() -> Result<()> {
    ensure(NEEDS_BUILD)
}
pub fn test_tools() -> Result<()> {
    ensure(NEEDS_BUILD)?;
    ensure(NEEDS_TEST)
}

fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|n| !(n.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|n| n.package).collect();
    for need in &missing {
        eprintln!("missing: {} ({})", need.package, need.why);
    }
    let root = sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    let sudo = !root
        && Command::new("sudo")
            .args(["-n", "true"])
            .status()
            .is_ok_and(|s| s.success());
    if !sh::has("apt-get") || !(root || sudo) {
        bail!(
            "please run this once, then try again:\n\n    sudo apt-get update && sudo apt-get install -y {}\n",
            packages.join(" ")
        );
    }
    let apt = |args: &[&str]| {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            Command::new("sudo")
        };
        if sudo {
            command.args(["-n", "apt-get"]);
        }
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        sh::run(&mut command)
    };
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], &packages[..]].concat())?;
    let still: Vec<&str> = needs.iter().filter(|n| !(n.present)()).map(|n| n.package).collect();
    if !still.is_empty() {
        bail!("installed, but still not found: {}", still.join(" "));
    }
    Ok(())
}

/// The checker of licences; built once into the cache, where it is not on the path.
pub fn cargo_deny() -> Result<PathBuf> {
    if let Some(found) = sh::find("cargo-deny") {
        return Ok(found);
    }
    let tools = sh::cache().join("tools");
    let built = tools.join("bin/cargo-deny");
    if !built.is_file() {
        let mut install = sh::cargo();
        install.args(["install", "--locked", "--quiet", "--root"]).arg(&tools);
        // debug code of a checker is fast enough, and built in a third of the time
        sh::run(install.args(["--debug", CARGO_DENY]))?;
    }
    Ok(built)
}

/// The folder with `initdb` and `pg_ctl`, of the newest version installed.
pub fn postgres_bin() -> Option<PathBuf> {
    if let Some(initdb) = sh::find("initdb") {
        return initdb.parent().map(PathBuf::from);
    }
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|e| e.path().join("bin"))
        .collect();
    versions.retain(|bin| bin.join("initdb").is_file());
    versions.sort();
    versions.pop()
}

pub fn chromium() -> Option<PathBuf> {
    std::env::var_os("CHROMIUM").map(PathBuf::from).or_else(|| {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(sh::find)
    })
}

fn has_chinese_font() -> bool {
    let noto = std::path::Path::new("/usr/share/fonts/opentype/noto");
    noto.is_dir()
        || Command::new("fc-list")
            .arg(":lang=zh")
            .output()
            .is_ok_and(|o| !o.stdout.is_empty())
}

fn has_venv() -> bool {
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|o| o.status.success())
}

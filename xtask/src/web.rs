//! The web app: installed when its lock file changed, built when a source did.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::sh;

fn web() -> PathBuf {
    sh::root().join("web")
}

pub fn install() -> Result<()> {
    let (lock, done) = (
        web().join("package-lock.json"),
        web().join("node_modules/.package-lock.json"),
    );
    if newest(&done) >= newest(&lock) && done.exists() {
        return Ok(());
    }
    sh::run(
        sh::command("npm")
            .current_dir(web())
            .args(["ci", "--no-audit", "--no-fund"]),
    )
}

pub fn build() -> Result<()> {
    install()?;
    let built = newest(&web().join("dist/index.html"));
    let sources = ["src", "public", "index.html", "vite.config.ts", "package-lock.json"];
    let changed = sources
        .iter()
        .map(|s| newest(&web().join(s)))
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH);
    if built > changed {
        return Ok(());
    }
    sh::run(sh::command("npm").current_dir(web()).args(["run", "build"]))
}

/// The OpenAPI document from the binary, the types from the document.
pub fn generate() -> Result<()> {
    build()?;
    let document = sh::output(sh::cargo().args(["run", "--quiet", "-p", "shuqiao", "--", "openapi"]))?;
    let path = web().join("src/api/openapi.json");
    std::fs::write(&path, document + "\n").with_context(|| path.display().to_string())?;
    sh::run(sh::command("npm").current_dir(web()).args(["run", "gen"]))
}

/// When a file, or the newest in a folder, was last written.
fn newest(path: &Path) -> SystemTime {
    let Ok(meta) = path.metadata() else {
        return SystemTime::UNIX_EPOCH;
    };
    let own = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    if !meta.is_dir() {
        return own;
    }
    let inside = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| newest(&e.path()))
        .max();
    own.max(inside.unwrap_or(SystemTime::UNIX_EPOCH))
}

//! The web app: installed when its lock file changed, built when a source did.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};

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

/// The client's types, from the OpenAPI document of the binary. With `check`,
/// fails when what is in the tree is not what would be written.
pub fn generate(shuqiao: &Path, check: bool) -> Result<()> {
    install()?;
    let document = std::env::temp_dir().join(format!("shuqiao-openapi-{}.json", std::process::id()));
    std::fs::write(&document, sh::output(sh::command(shuqiao).arg("openapi"))?)?;
    let types = web().join("src/api/schema.d.ts");
    let before = std::fs::read(&types).unwrap_or_default();
    let mut npm = sh::command("npm");
    npm.current_dir(web()).args(["run", "--silent", "gen", "--"]);
    let done = sh::run(npm.arg(&document));
    std::fs::remove_file(&document)?;
    done?;
    if check && std::fs::read(&types)? != before {
        std::fs::write(&types, before)?;
        bail!("the API has changed and the web client's types have not: run `cargo xtask gen`");
    }
    Ok(())
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

//! Real clients from PyPI, in an environment of the project's own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::sh;

/// The environment's interpreter; made anew when the list of packages changed.
pub fn interpreter() -> Result<PathBuf> {
    let wanted = std::fs::read_to_string(sh::root().join("tests/python/requirements.txt"))?;
    let home = sh::cache().join("python");
    let (python, stamp) = (home.join("bin/python"), home.join("requirements.txt"));
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|have| have == wanted) {
        return Ok(python);
    }
    sh::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let list = sh::root().join("tests/python/requirements.txt");
    sh::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(list),
    )?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

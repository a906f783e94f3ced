//! The demo and the benchmarks: build, then hand over to the binary.

use std::path::PathBuf;

use anyhow::Result;

use crate::{bench_serve, python, setup, sh, web};

/// Builds the binary with the web app inside and returns its path.
pub fn binary(release: bool) -> Result<PathBuf> {
    setup::build_tools()?;
    web::build()?;
    let mut cargo = sh::cargo();
    cargo.args(["build", "-p", "shuqiao"]);
    if release {
        cargo.arg("--release");
    }
    sh::run(&mut cargo)?;
    Ok(sh::target()
        .join(if release { "release" } else { "debug" })
        .join("shuqiao"))
}

pub fn run(args: &[String]) -> Result<()> {
    let shuqiao = binary(false)?;
    let data = sh::cache().join(if args.iter().any(|a| a == "--small") {
        "demo-small"
    } else {
        "demo"
    });
    sh::run(sh::command(shuqiao).arg("demo").arg("--data").arg(data).args(args))
}

/// Figures are taken from the release build.
pub fn bench(args: &[String]) -> Result<()> {
    let shuqiao = binary(true)?;
    if args.first().is_some_and(|a| a == "serve") {
        return bench_serve::run(&shuqiao);
    }
    let mut bench = sh::command(shuqiao);
    bench.arg("bench").args(args);
    if args.first().is_some_and(|a| a == "collect") && !args.iter().any(|a| a == "--python") {
        bench.arg("--python").arg(python::interpreter()?);
    }
    sh::run(&mut bench)
}

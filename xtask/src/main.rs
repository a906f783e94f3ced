//! The project's commands. `cargo xtask demo` and `cargo xtask test` do all the
//! set-up that a fresh machine needs.

mod bench_serve;
mod demo;
mod law;
mod postgres;
mod python;
mod setup;
mod sh;
mod test;
mod tidy;
mod web;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask demo [--small] [--fresh] [--check] [--listen ADDR]
    Builds everything, loads the demo through the API as its people, serves it.
    --small   10,000 insurance records instead of a million
    --fresh   begins anew
    --check   plays and verifies the story without a browser, then exits
cargo xtask test [rust|python|browser|lint]
    Everything that must hold: formatting, layers, the law's table, Rust tests on
    SQLite and PostgreSQL, the story by API, clients from PyPI, axe-core.
cargo xtask bench gateway|collect|quality|serve
    Prints a table; the peer or the limit is measured in the same run.
cargo xtask gen
    Writes the web client's types anew, from the OpenAPI document.
cargo xtask tidy
    Layers, sizes, words.
cargo xtask law
    Requirements, their tests and their state.
";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let rest = args.get(1..).unwrap_or_default();
    match args.first().map(String::as_str) {
        Some("demo") => demo::run(rest),
        Some("test") => test::run(rest),
        Some("bench") => demo::bench(rest),
        Some("gen") => web::generate(&demo::binary(false)?, false),
        Some("tidy") => tidy::run(&sh::root()),
        Some("law") => law::run(&sh::root()),
        Some("help" | "--help" | "-h") | None => {
            print!("{USAGE}");
            Ok(())
        }
        Some(other) => bail!("no command `{other}`\n\n{USAGE}"),
    }
}

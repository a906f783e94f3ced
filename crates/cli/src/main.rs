//! `shuqiao`: one binary. `serve` is the platform; the other commands are what
//! its operators and auditors need beside it.

mod bench_collect;
mod bench_gateway;
mod bench_quality;
mod demo;
mod generate_command;
mod ledger_command;
mod logging;
mod serve_command;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use server::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 数桥 Shuqiao: a public data platform.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration stands.
#[derive(Args, Clone)]
pub struct Node {
    /// Configuration file (TOML); every line has a default.
    #[arg(long, env = "SHUQIAO_CONFIG")]
    config: Option<PathBuf>,
    /// Overrides `data` of the configuration.
    #[arg(long, env = "SHUQIAO_DATA")]
    data: Option<PathBuf>,
    /// Overrides `listen`.
    #[arg(long, env = "SHUQIAO_LISTEN")]
    listen: Option<String>,
    /// Overrides `store`: sqlite:///… or postgres://…
    #[arg(long, env = "SHUQIAO_STORE")]
    store: Option<String>,
}

impl Node {
    pub fn config(&self) -> Result<Config> {
        let mut config = match &self.config {
            Some(path) => Config::read(path).with_context(|| format!("configuration {}", path.display()))?,
            None => Config::default(),
        };
        if let Some(data) = &self.data {
            config.data = data.clone();
        }
        if let Some(listen) = &self.listen {
            config.listen = listen.clone();
        }
        if self.store.is_some() {
            config.store = self.store.clone();
        }
        Ok(config)
    }
}

#[derive(Subcommand)]
enum Command {
    /// Serve the platform: portal, console, API, gateway.
    Serve {
        #[command(flatten)]
        node: Node,
    },
    /// Make the authority and its first administrator on an empty node.
    Init {
        #[command(flatten)]
        node: Node,
        /// Full name of the public data authority.
        #[arg(long)]
        authority: String,
        /// Account name of the administrator.
        #[arg(long)]
        login: String,
        /// Password; asked from the environment so that it stands in no history.
        #[arg(long, env = "SHUQIAO_ADMIN_PASSWORD", hide_env_values = true)]
        password: String,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Export the ledger; verify an export offline, or a store.
    #[command(subcommand)]
    Ledger(ledger_command::LedgerCommand),
    /// Generate persons, firms, insurance records, equipment certificates.
    Generate(generate_command::Options),
    /// Load the demo through the API as its people, and serve it.
    Demo(demo::Options),
    /// Measure, beside a peer or a limit.
    #[command(subcommand)]
    Bench(Bench),
}

#[derive(Subcommand)]
enum Bench {
    /// Keyed queries with masks and access log, beside a bare handler.
    Gateway(bench_gateway::Options),
    /// CSV to checked Delta, beside DuckDB's COPY.
    Collect(bench_collect::Options),
    /// Quality rules in one scan, beside the bare scan.
    Quality(bench_quality::Options),
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    logging::start();
    // these make their own threads
    match &cli.command {
        Command::Generate(options) => return generate_command::run(options).map(|()| ExitCode::SUCCESS),
        Command::Bench(Bench::Gateway(options)) => return bench_gateway::run(options).map(|()| ExitCode::SUCCESS),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Ledger(command) => return ledger_command::run(command).await,
            Command::Demo(options) => demo::run(options).await,
            Command::Bench(Bench::Collect(options)) => bench_collect::run(&options).await,
            Command::Bench(Bench::Quality(options)) => bench_quality::run(&options).await,
            Command::Generate(_) | Command::Bench(Bench::Gateway(_)) => Ok(()),
            Command::Serve { node } => serve_command::serve(node.config()?).await,
            Command::Init {
                node,
                authority,
                login,
                password,
            } => serve_command::init(node.config()?, &authority, &login, &password).await,
            Command::Openapi => {
                println!("{}", serde_json::to_string_pretty(&server::openapi())?);
                Ok(())
            }
        }
        .map(|()| ExitCode::SUCCESS)
    })
}

//! `shuqiao ledger`: export for those who keep a copy, verification for anybody.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use base::{Ctx, Lang};
use clap::Subcommand;
use crypto::{NodeKeys, Suite};
use db::Store;
use futures::StreamExt;
use ledger::audit::Report;
use ledger::export::{Trust, verify};
use ledger::note::{Signers, Verifier};
use server::Config;

use crate::Node;

#[derive(Subcommand)]
pub enum LedgerCommand {
    /// 导出账本:签发检查点,写出可离线校验的文件。
    /// Sign a checkpoint and write the whole ledger to a file.
    Export {
        #[command(flatten)]
        node: Node,
        /// File to write; must not exist yet.
        #[arg(long, short)]
        out: PathBuf,
    },
    /// 校验账本:离线校验导出文件,或以 --in-store 就地校验控制库。
    /// Check an export offline, or with --in-store the control store in place.
    /// Exits with 1 and names what was altered.
    Verify {
        /// The export.
        #[arg(required_unless_present = "store_in_place", conflicts_with = "store_in_place")]
        file: Option<PathBuf>,
        /// Check the control store that the configuration names.
        #[arg(long = "in-store", id = "store_in_place")]
        in_store: bool,
        /// Public key got from elsewhere, as a C2SP verifier key; may be repeated.
        /// Without it the keys in the file are taken.
        #[arg(long = "key", value_name = "VERIFIER")]
        keys: Vec<String>,
        /// Checkpoint kept from earlier: shows a ledger cut off or written anew.
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// `zh` or `en`.
        #[arg(long, default_value = "zh")]
        lang: String,
        #[command(flatten)]
        node: Node,
    },
}

pub async fn run(command: LedgerCommand) -> Result<ExitCode> {
    match command {
        LedgerCommand::Export { node, out } => export(node.config()?, &out).await,
        LedgerCommand::Verify {
            file,
            in_store,
            keys,
            checkpoints,
            lang,
            node,
        } => {
            let lang = if lang == "en" { Lang::En } else { Lang::Zh };
            let report = match file {
                _ if in_store => audit(node.config()?).await?,
                Some(file) => offline(&file, &keys, &checkpoints)?,
                None => bail!("name an export, or --in-store"),
            };
            print_report(&report, keys.is_empty() && !in_store, lang);
            Ok(if report.is_clean() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

/// The store and its keys, without the rest of the platform: it may be serving.
async fn open(config: &Config) -> Result<(Store, Signers)> {
    let ctx = Ctx::system();
    let directory = config.data.join("keys");
    if !directory.is_dir() {
        bail!(
            "{} holds no keys: this node has never been started",
            directory.display()
        );
    }
    let keys = NodeKeys::load_or_create(&directory, Suite::International, &ctx.chance)?;
    let store = Store::connect(&config.store_url(), &ctx, &[]).await?;
    let origin = supervision::origin(&config.division);
    Ok((store, Signers::new(origin, keys.ed25519.clone(), keys.sm2.clone())))
}

async fn export(config: Config, out: &Path) -> Result<ExitCode> {
    let (store, signers) = open(&config).await?;
    let Some(signed) = store.sign_checkpoint(&Ctx::system(), &signers).await? else {
        bail!("账本为空，没有可导出的条目 (the ledger is empty)");
    };
    let file = File::create_new(out).with_context(|| format!("{}", out.display()))?;
    let mut writer = BufWriter::new(file);
    let size = signed.checkpoint.size;
    let stream = store.export(signers.name().to_owned(), signers.verifiers(), size);
    let mut stream = std::pin::pin!(stream);
    while let Some(chunk) = stream.next().await {
        writer.write_all(&chunk?)?;
    }
    writer.into_inner().map_err(|e| e.into_error())?.sync_all()?;
    println!("已导出 {size} 条账本条目到 {}", out.display());
    println!("检查点根 {}", crypto::hex::encode(signed.checkpoint.root));
    println!("公钥(请另行公布，校验时以 --key 指定):");
    for verifier in signers.verifiers() {
        println!("  {}", verifier.encode());
    }
    Ok(ExitCode::SUCCESS)
}

fn offline(file: &Path, keys: &[String], checkpoints: &[PathBuf]) -> Result<Report> {
    let verifiers = keys
        .iter()
        .map(|key| Verifier::decode(key).with_context(|| format!("--key {key}")))
        .collect::<Result<Vec<_>>>()?;
    let checkpoints = checkpoints
        .iter()
        .map(|path| std::fs::read_to_string(path).with_context(|| format!("{}", path.display())))
        .collect::<Result<Vec<_>>>()?;
    let reader = BufReader::new(File::open(file).with_context(|| format!("{}", file.display()))?);
    Ok(verify(reader, &Trust { verifiers, checkpoints })?)
}

async fn audit(config: Config) -> Result<Report> {
    let (store, signers) = open(&config).await?;
    Ok(store.verify_store(signers.name(), signers.verifiers()).await?)
}

fn print_report(report: &Report, own_keys: bool, lang: Lang) {
    let say = |zh: String, en: String| println!("{}", if lang == Lang::En { en } else { zh });
    say(
        format!(
            "账本 {}:{} 条，{} 个有效检查点，覆盖到第 {} 条",
            report.origin, report.entries, report.checkpoints, report.covered
        ),
        format!(
            "ledger {}: {} entries, {} good checkpoints, covering {}",
            report.origin, report.entries, report.checkpoints, report.covered
        ),
    );
    println!("  root {}", report.root);
    for key in &report.verifiers {
        println!("  key  {key}");
    }
    if own_keys {
        say(
            "公钥取自文件本身：请与公布的公钥核对，或以 --key 指定".into(),
            "the keys are the file's own: compare them with those published, or give --key".into(),
        );
    }
    if report.is_clean() {
        say(
            "校验通过：没有发现任何改动".into(),
            "verified: nothing was altered".into(),
        );
        return;
    }
    for finding in &report.findings {
        println!("✗ {}", finding.text(lang));
    }
    say(
        format!("校验未通过：发现 {} 处改动", report.findings.len()),
        format!("not verified: {} findings", report.findings.len()),
    );
}

//! `shuqiao demo`: starts the platform, loads the story through the public API
//! as its people, and serves it. Loading again changes nothing.

mod cast;
mod catalog;
mod client;
mod collection;
mod opening;
mod organisations;
mod quality;
mod sharing;
mod state;
mod waiting;
mod withdrawal;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use base::Ctx;
use server::{Config, Platform};
use tokio::net::TcpListener;

use client::Api;
use state::State;

#[derive(clap::Args)]
pub struct Options {
    /// Where the demo's data lies.
    #[arg(long)]
    data: PathBuf,
    /// Begin anew: what is in the data folder is removed first.
    #[arg(long)]
    fresh: bool,
    /// 10,000 insurance records instead of a million.
    #[arg(long)]
    small: bool,
    /// Play and verify the story, then exit.
    #[arg(long)]
    check: bool,
    /// An empty PostgreSQL database that plays a department's: a table is made
    /// in it, and collected from. Without it, the department has SQLite only.
    #[arg(long, value_name = "URL")]
    department: Option<String>,
    #[arg(long, default_value = "127.0.0.1:8100")]
    listen: String,
}

/// What every step of the story can use.
pub struct Stage {
    pub base: String,
    pub state: State,
    /// Generated files.
    pub files: PathBuf,
    pub insurance_rows: u64,
    /// A department's own PostgreSQL, where there is one.
    pub department: Option<String>,
    sessions: HashMap<String, Api>,
}

impl Stage {
    /// The API as one of the demo's people; signs in once.
    pub async fn as_person(&mut self, login: &str) -> Result<Api> {
        if let Some(api) = self.sessions.get(login) {
            return Ok(api.clone());
        }
        let api = Api::signed_in(&self.base, login, cast::PASSWORD).await?;
        self.sessions.insert(login.to_owned(), api.clone());
        Ok(api)
    }
    pub fn anybody(&self) -> Result<Api> {
        Api::new(&self.base)
    }
}

/// Prints what happens, and how long it took.
struct Progress {
    number: usize,
    began: Instant,
}
impl Progress {
    async fn step<F>(&mut self, title: &str, done: bool, work: F) -> Result<()>
    where
        F: Future<Output = Result<String>>,
    {
        self.number += 1;
        if done {
            println!("  {:>2}. {title} …… 已完成", self.number);
            return Ok(());
        }
        let began = Instant::now();
        let told = work.await.with_context(|| format!("step {}: {title}", self.number))?;
        println!(
            "  {:>2}. {title} …… {told}({:.1} 秒)",
            self.number,
            began.elapsed().as_secs_f64()
        );
        Ok(())
    }
}

/// Runs a step of the story unless it is done, and remembers that it is.
macro_rules! step {
    ($progress:ident, $stage:ident, $name:literal, $title:literal, $work:path) => {{
        let done = $stage.state.is_done($name);
        $progress.step($title, done, $work(&mut $stage)).await?;
        $stage.state.finish($name)?;
    }};
}

pub async fn run(options: Options) -> Result<()> {
    if options.fresh && options.data.exists() {
        std::fs::remove_dir_all(&options.data).with_context(|| options.data.display().to_string())?;
    }
    std::fs::create_dir_all(options.data.join("files"))?;
    let config = Config {
        data: options.data.join("node"),
        listen: options.listen.clone(),
        ..Config::default()
    };
    let listener = TcpListener::bind(&config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let base = format!("http://{}", listener.local_addr()?);
    let platform = Platform::start(config, Ctx::system()).await?;
    crate::serve_command::first_administrator(&platform, cast::AUTHORITY, cast::ADMINISTRATOR, cast::PASSWORD).await?;
    let background = platform.spawn().await?;
    let app = server::router(platform.state()).into_make_service_with_connect_info::<std::net::SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });

    let stage = Stage {
        base: base.clone(),
        state: State::read(&options.data.join("story.json"))?,
        files: options.data.join("files"),
        insurance_rows: if options.small { 10_000 } else { 1_000_000 },
        department: options.department,
        sessions: HashMap::new(),
    };
    play(stage).await?;
    if !options.check {
        tell_addresses(&base);
        crate::serve_command::asked_to_stop().await;
    }
    serving.abort();
    background.stop().await;
    platform.close().await?;
    Ok(())
}

async fn play(mut stage: Stage) -> Result<()> {
    println!("数桥演示：以各方人员的身份，通过公开接口走完一遍\n");
    let mut progress = Progress {
        number: 0,
        began: Instant::now(),
    };
    step!(progress, stage, "organisations", "机构与人员", organisations::file);
    step!(
        progress,
        stage,
        "data-users",
        "公民和企业注册，校验证件号码",
        organisations::register_data_users
    );
    step!(progress, stage, "catalog", "编目、退回、修改、发布", catalog::publish);
    step!(progress, stage, "versions", "修订并比较版本", catalog::revise);
    step!(
        progress,
        stage,
        "facts",
        "把法规解读中的统计数据编入目录",
        catalog::publish_facts
    );
    step!(
        progress,
        stage,
        "collect",
        "归集参保信息，问题数据进入隔离区",
        collection::insurance
    );
    step!(
        progress,
        stage,
        "collect-formats",
        "归集其他格式:Excel、JSON 行、Parquet、GB18030",
        collection::formats
    );
    step!(
        progress,
        stage,
        "collect-database",
        "从部门数据库拉取",
        collection::database
    );
    step!(
        progress,
        stage,
        "quarantine",
        "更正问题数据并重新入库",
        collection::correct
    );
    step!(
        progress,
        stage,
        "quality",
        "质量检查、工单、整改、复检",
        quality::improve
    );
    step!(progress, stage, "sharing", "申请、答复、裁定、授权", sharing::apply);
    step!(
        progress,
        stage,
        "gateway",
        "应用调用核验与查询，越权被拒",
        sharing::call_interfaces
    );
    step!(
        progress,
        stage,
        "access-log",
        "数源部门查看谁用了哪条记录",
        sharing::who_read
    );
    step!(
        progress,
        stage,
        "opening",
        "开放登记证数据：预览、下载、接口",
        opening::open
    );
    step!(
        progress,
        stage,
        "clients",
        "公民免登录读取;CKAN 与 DCAT 可见",
        opening::read
    );
    step!(
        progress,
        stage,
        "withdrawal",
        "企业申请撤回：即时中止、处理、重新开放、告知",
        withdrawal::withdraw
    );
    step!(
        progress,
        stage,
        "ledger",
        "每个决定都在账本里，且可以证明",
        withdrawal::ledger
    );
    step!(
        progress,
        stage,
        "waiting",
        "留下待办事项，供各方人员登录办理",
        waiting::leave
    );
    println!(
        "\n故事走完，共 {} 步，用时 {:.0} 秒。",
        progress.number,
        progress.began.elapsed().as_secs_f64()
    );
    Ok(())
}

fn tell_addresses(base: &str) {
    println!("\n地址");
    for (title, path) in [
        ("开放门户", "/"),
        ("管理控制台", "/console"),
        ("接口文档", "/openapi.json"),
        ("CKAN 接口", "/api/3/action/package_list"),
        ("DCAT 目录", "/catalog.ttl"),
    ] {
        println!("  {title:<12}{base}{path}");
    }
    println!("\n账号(密码均为 {})", cast::PASSWORD);
    println!("  {:<16}平台管理员", cast::ADMINISTRATOR);
    for (login, name, _, _, role) in cast::PEOPLE {
        println!("  {login:<16}{name}  {role}");
    }
    println!("  {:<16}{}  公民", cast::CITIZEN.0, cast::CITIZEN.1);
    println!("  {:<16}{}  企业", cast::FIRM.0, cast::FIRM.1);
    println!("\n按 Ctrl-C 结束；再次运行会从这里继续。");
}

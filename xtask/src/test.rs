//! Everything that must hold. Each part prints what it runs; the first failure
//! ends the run with its exit code.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::postgres::Cluster;
use crate::{demo, law, python, setup, sh, tidy, web};

pub fn run(args: &[String]) -> Result<()> {
    let parts: Vec<&str> = args.iter().map(String::as_str).collect();
    let wants = |part: &str| parts.is_empty() || parts.contains(&part);
    let began = Instant::now();
    setup::test_tools()?;
    web::build()?;
    if wants("lint") {
        lint()?;
    }
    if wants("rust") {
        rust()?;
    }
    if wants("python") || wants("browser") {
        served(wants("python"), wants("browser"))?;
    }
    eprintln!("\nall parts passed in {} s", began.elapsed().as_secs());
    Ok(())
}

fn lint() -> Result<()> {
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run(&sh::root())?;
    law::run(&sh::root())?;
    sh::run(
        sh::command("npm")
            .current_dir(sh::root().join("web"))
            .args(["run", "typecheck"]),
    )
}

fn rust() -> Result<()> {
    let cluster = Cluster::start()?;
    let python = python::interpreter()?;
    sh::run(
        sh::cargo()
            .args(["test", "--workspace", "--quiet"])
            .env("SHUQIAO_TEST_POSTGRES", cluster.url())
            .env("SHUQIAO_TEST_PYTHON", python),
    )
}

/// Plays the story by API (`demo --check`), then serves the small demo for the
/// clients and the browser.
fn served(with_python: bool, with_browser: bool) -> Result<()> {
    let shuqiao = demo::binary(false)?;
    let data = std::env::temp_dir().join(format!("shuqiao-demo-{}", std::process::id()));
    let address = format!(
        "127.0.0.1:{}",
        std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()
    );
    let mut story = sh::command(&shuqiao);
    story
        .arg("demo")
        .arg("--data")
        .arg(&data)
        .args(["--small", "--fresh", "--check", "--listen", &address]);
    sh::run(&mut story)?;
    let url = format!("http://{address}");
    let mut server = sh::command(&shuqiao);
    server
        .arg("demo")
        .arg("--data")
        .arg(&data)
        .args(["--small", "--listen", &address])
        .stdout(Stdio::null());
    let server = Server(server.spawn().context("cannot start the demo")?);
    wait_until_ready(&url)?;
    if with_python {
        let python = python::interpreter()?;
        let mut scripts: Vec<_> = std::fs::read_dir(sh::root().join("tests/python"))?
            .flatten()
            .map(|e| e.path())
            .collect();
        scripts.sort();
        for script in scripts.iter().filter(|s| s.extension().is_some_and(|e| e == "py")) {
            sh::run(sh::command(&python).arg(script).arg(&url))?;
        }
    }
    if with_browser {
        let chromium = setup::chromium().context("Chromium is not installed")?;
        for script in ["axe"] {
            let mut npm = sh::command("npm");
            npm.current_dir(sh::root().join("web"))
                .args(["run", "--silent", script]);
            sh::run(npm.env("SHUQIAO_URL", &url).env("CHROMIUM", &chromium))?;
        }
    }
    drop(server);
    std::fs::remove_dir_all(&data).context("cannot remove the demo's data")
}

/// Ends with its guard.
struct Server(Child);
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_until_ready(url: &str) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(120);
    while Instant::now() < deadline {
        let answered = Command::new("curl")
            .args(["-fsS", "-o", "/dev/null", &format!("{url}/readyz")])
            .stderr(Stdio::null())
            .status();
        if answered.is_ok_and(|s| s.success()) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    bail!("{url} did not get ready within two minutes")
}

//! Everything that must hold. Each part prints what it runs; the first failure
//! ends the run with its exit code.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::postgres::Cluster;
use crate::{law, python, setup, sh, tidy, web};

pub fn run(args: &[String]) -> Result<()> {
    let parts: Vec<&str> = args.iter().map(String::as_str).collect();
    let wants = |part: &str| parts.is_empty() || parts.contains(&part);
    let began = Instant::now();
    setup::test_tools()?;
    web::build()?;
    if wants("lint") {
        lint()?;
    }
    let (tests, python, browser) = (wants("rust"), wants("python"), wants("browser"));
    if tests || python || browser {
        let cluster = Cluster::start()?;
        if tests {
            rust(&cluster)?;
        }
        if python || browser {
            served(&cluster, python, browser)?;
        }
    }
    eprintln!("\nall parts passed in {} s", began.elapsed().as_secs());
    Ok(())
}

fn lint() -> Result<()> {
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run(&sh::root())?;
    law::run(&sh::root())?;
    sh::run(sh::command(setup::cargo_deny()?).args(["check", "licenses", "bans", "sources"]))?;
    sh::run(
        sh::command("npm")
            .current_dir(sh::root().join("web"))
            .args(["run", "typecheck"]),
    )
}

fn rust(cluster: &Cluster) -> Result<()> {
    let python = python::interpreter()?;
    sh::run(
        sh::linting_cargo()
            .args(["test", "--workspace", "--quiet", "--no-fail-fast"])
            .env("SHUQIAO_TEST_POSTGRES", cluster.url())
            .env("SHUQIAO_TEST_PYTHON", python),
    )
}

/// Plays the story by API (`demo --check`), then serves the small demo for the
/// clients and the browser.
fn served(cluster: &Cluster, with_python: bool, with_browser: bool) -> Result<()> {
    sh::run(sh::linting_cargo().args(["build", "-p", "shuqiao"]))?;
    let shuqiao = sh::target().join("debug/shuqiao");
    web::generate(&shuqiao, true)?;
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
        .args(["--small", "--fresh", "--check", "--listen", &address])
        .arg("--department")
        .arg(format!("{}/postgres", cluster.url()));
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
        clients("check_", &url)?;
    }
    if with_browser {
        let chromium = setup::chromium().context("Chromium is not installed")?;
        for script in ["e2e", "axe"] {
            let mut npm = sh::command("npm");
            npm.current_dir(sh::root().join("web"))
                .args(["run", "--silent", script]);
            sh::run(npm.env("SHUQIAO_URL", &url).env("CHROMIUM", &chromium))?;
        }
    }
    // last, because it leaves nonsense behind
    if with_python {
        clients("fuzz_", &url)?;
    }
    drop(server);
    std::fs::remove_dir_all(&data).context("cannot remove the demo's data")
}

/// Runs the Python programs whose name begins so, against the server.
fn clients(prefix: &str, url: &str) -> Result<()> {
    let python = python::interpreter()?;
    let mut scripts: Vec<_> = std::fs::read_dir(sh::root().join("tests/python"))?
        .flatten()
        .filter(|e| {
            let name = e.file_name();
            let name = name.to_string_lossy();
            name.starts_with(prefix) && name.ends_with(".py")
        })
        .map(|e| e.path())
        .collect();
    scripts.sort();
    for script in scripts {
        let mut client = sh::command(&python);
        sh::run(client.arg(script).arg(url).current_dir(std::env::temp_dir()))?;
    }
    Ok(())
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

//! `cargo xtask bench serve`: how soon a node with the small demo's data is
//! ready, and what it weighs when nobody asks it anything.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::sh;

const ROUNDS: usize = 5;
/// After the first answers, before memory is read.
const IDLE: Duration = Duration::from_secs(5);
const READY_TARGET_S: f64 = 2.0;
const IDLE_TARGET_MIB: u64 = 300;

struct Node(Child);
impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn run(shuqiao: &Path) -> Result<()> {
    let data = std::env::temp_dir().join(format!("bench-serve-{}", std::process::id()));
    let mut story = sh::command(shuqiao);
    story.arg("demo").arg("--data").arg(&data);
    sh::run(story.args(["--small", "--fresh", "--check", "--listen", "127.0.0.1:0"]))?;
    let (mut ready, mut idle) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let began = Instant::now();
        let mut serve = sh::command(shuqiao);
        serve.arg("serve").arg("--data").arg(data.join("node"));
        let child = serve
            .args(["--listen", &address])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the node")?;
        let node = Node(child);
        while !is_ready(&address) {
            if began.elapsed() > Duration::from_secs(60) {
                bail!("the node was not ready within a minute");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        ready.push(began.elapsed().as_secs_f64());
        std::thread::sleep(IDLE);
        idle.push(resident_mib(node.0.id())?);
    }
    std::fs::remove_dir_all(&data)?;
    ready.sort_by(f64::total_cmp);
    idle.sort_unstable();
    println!("| what | median of {ROUNDS} | best | worst | target |");
    println!("|---|---:|---:|---:|---:|");
    println!(
        "| `serve` ready, s | {:.2} | {:.2} | {:.2} | {READY_TARGET_S:.0} |",
        ready[ROUNDS / 2],
        ready[0],
        ready[ROUNDS - 1]
    );
    println!(
        "| memory {} s later, MiB | {} | {} | {} | {IDLE_TARGET_MIB} |",
        IDLE.as_secs(),
        idle[ROUNDS / 2],
        idle[0],
        idle[ROUNDS - 1]
    );
    Ok(())
}

fn is_ready(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

fn resident_mib(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("memory is read from /proc")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    Ok(kib.context("no VmRSS")? / 1024)
}

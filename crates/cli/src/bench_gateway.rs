//! `shuqiao bench gateway`: the gateway beside a bare handler that answers the
//! same bytes, and with and without its access log, in one run on one machine,
//! the load generator among them. Rounds alternate, and the table gives the
//! median round, because the machine is shared and noisy.

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use base::{Ctx, GrantId, ResourceId};
use hdrhistogram::Histogram;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use protect::{AccessPlan, GrantDescription, Mask, Mode, PlanItem};
use serve::access_log::{AccessLog, Limits};
use serve::gateway::{Addresses, Application, Gateway, Grant, GrantState, Secret, Service, Snapshot, Table, http};
use serve::index::{Index, IndexStore, KeyItem, Spec};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Insurance records in the table.
    #[arg(long, default_value_t = 1_000_000)]
    pub rows: u64,
    /// Keep-alive connections, each with one call under way.
    #[arg(long, default_value_t = 128)]
    pub connections: usize,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    pub seconds: u64,
    /// Measurements of each kind.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

/// Keys asked for, in turn by each connection from a place of its own.
const KEYS: usize = 50_000;
const MASKED: [(&str, &str); 3] = [
    ("social_security_no", "citizen_id"),
    ("name", "name"),
    ("cert_no", "citizen_id"),
];
const PLAIN: [&str; 4] = [
    "insurance_type",
    "participation_state",
    "payment_state",
    "division_code",
];
const SECRET: &str = "bench";

struct Measured {
    calls_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Prints the table as markdown.
pub fn run(options: &Options) -> Result<()> {
    let directory = tempfile::tempdir().context("no directory for the benchmark's table")?;
    let servers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let load = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    eprintln!("making {} rows", options.rows);
    let (index, keys) = servers.block_on(table(directory.path(), options.rows))?;
    eprintln!(
        "index: {} keys, {} rows, {} MB",
        index.manifest.keys,
        index.manifest.rows,
        index.manifest.bytes / 1_000_000
    );
    let ctx = Ctx::system();
    let mac = crypto::KeyedHash::new(crypto::Suite::International, &ctx.chance.bytes());
    let log = AccessLog::open(
        &directory.path().join("access-log"),
        ctx.clock.clone(),
        Limits::default(),
    )?;
    let log = Arc::new(log);
    let gateways = [
        Gateway::new("bench", mac.clone(), &ctx, Arc::clone(&log)),
        Gateway::without_log("bench", mac, &ctx),
    ];
    for gateway in &gateways {
        gateway.install(snapshot(gateway, &index)?, ctx.now());
    }
    servers.spawn(keep_fresh(gateways.to_vec(), Arc::clone(&log), ctx));
    let mut targets = Vec::new();
    for gateway in &gateways {
        let (router, _) = http::routes::<Gateway>().split_for_parts();
        let address = servers.block_on(listen(router.with_state(gateway.clone())))?;
        targets.push((address, gateway.issue_token("app_bench", SECRET, address.ip())?));
    }
    // the bare handler answers what the gateway answers to one of the calls
    let sample = load.block_on(one_answer(targets[0].0, &request("q", &targets[0].1, &keys[0])))?;
    let bare = Router::new()
        .route("/gateway/v1/{service}", post(bare))
        .with_state(sample.clone());
    let bare = servers.block_on(listen(bare))?;
    let requests =
        |token: &str| -> Arc<Vec<Vec<u8>>> { Arc::new(keys.iter().map(|k| request("q", token, k)).collect()) };
    let kinds = [
        ("bare axum handler, same bytes", bare, requests(&targets[1].1)),
        ("gateway, access log on", targets[0].0, requests(&targets[0].1)),
        ("gateway, access log off", targets[1].0, requests(&targets[1].1)),
    ];
    let mut rounds: Vec<Vec<Measured>> = kinds.iter().map(|_| Vec::new()).collect();
    for round in 0..=options.rounds {
        for ((name, address, requests), measured) in kinds.iter().zip(&mut rounds) {
            // the first round warms up
            let seconds = if round == 0 { 1 } else { options.seconds };
            let outcome = load.block_on(measure(*address, requests, options.connections, seconds))?;
            eprintln!(
                "round {round}: {name}: {:.0}/s, p99 {:.2} ms",
                outcome.calls_per_s, outcome.p99_ms
            );
            if round > 0 {
                measured.push(outcome);
            }
        }
    }
    print(options, &index, sample.len(), &kinds.map(|k| k.0), rounds);
    let (calls, answered) = gateways[0].counts();
    ensure!(calls == answered, "{} calls were refused", calls - answered);
    Ok(())
}

async fn table(directory: &Path, rows: u64) -> Result<(Arc<Index>, Vec<String>)> {
    let path = directory.join("insurance.parquet");
    let as_of = chrono::NaiveDate::from_ymd_opt(2026, 11, 1).context("a day")?;
    let spec = generate::Spec {
        format: generate::Format::Parquet,
        ..generate::Spec::new(rows, 1, as_of)
    };
    generate::insurance(&spec, File::create(&path)?)?;
    let read = || -> Result<_> { Ok(ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?.build()?) };
    let store = IndexStore::open(&directory.join("indexes"))?;
    let key_items = vec![KeyItem {
        name: "cert_no".into(),
        capitals: true,
    }];
    let spec = Spec {
        table: "bench".into(),
        version: 1,
        key_items,
        as_of: base::Moment(0),
    };
    let batches = read()?.map(|batch| batch.map_err(base::Error::internal));
    let started = Instant::now();
    let index = store.build(spec, futures::stream::iter(batches)).await?;
    eprintln!("index built and verified in {:.1} s", started.elapsed().as_secs_f64());
    let mut keys = Vec::with_capacity(KEYS);
    let step = (rows as usize / KEYS).max(1);
    let mut row = 0;
    for batch in read()? {
        let batch = batch?;
        let column = batch.column_by_name("cert_no").context("no cert_no")?;
        let column = protect::text::column(column)?;
        for i in 0..batch.num_rows() {
            if row % step == 0 && keys.len() < KEYS {
                keys.push(column.value(i).to_owned());
            }
            row += 1;
        }
    }
    ensure!(!keys.is_empty(), "no rows");
    Ok((index, keys))
}

fn snapshot(gateway: &Gateway, index: &Arc<Index>) -> Result<Snapshot> {
    let table = Table::from(Arc::clone(index));
    let masked = MASKED
        .iter()
        .map(|(item, mask)| Ok(PlanItem::masked(*item, Mask::named(mask)?)));
    let plain = PLAIN.iter().map(|item| Ok(PlanItem::plain(*item)));
    let plan = AccessPlan::for_grant(GrantDescription {
        grant: GrantId("grt_bench".into()),
        resource: ResourceId("res_bench".into()),
        table: "bench".into(),
        items: masked.chain(plain).collect::<base::Result<_>>()?,
        filter: None,
        mode: Mode::Query,
        purpose: "benchmark".into(),
        scenario: "基准测试".into(),
        rate_per_s: Some(1_000_000),
        expires_at: None,
        watermark: String::new(),
    })?;
    let bucket = gateway.bucket("grt_bench", 1_000_000);
    let grant = Grant::new("grt_bench", GrantState::Active, &plan, &table.items, Some(bucket))?;
    let service = Service {
        id: "svc_bench".into(),
        mode: Mode::Query,
        resource: "res_bench".into(),
        provider: "org_provider".into(),
        key_items: index.manifest.spec.key_items.clone(),
        suspended: false,
        table: Some(Arc::new(table)),
        grants: HashMap::from([("app_bench".into(), vec![Arc::new(grant)])]),
        grants_of_institutions: HashMap::new(),
    };
    let salt = [0; 16];
    let application = Application {
        id: "app_bench".into(),
        institution: "org_consumer".into(),
        active: true,
        addresses: Addresses::default(),
        secret: Some(Secret {
            version: 1,
            salt,
            hash: crypto::salted_hash(&salt, SECRET),
        }),
    };
    Ok(Snapshot {
        version: 1,
        services: HashMap::from([("q".into(), Arc::new(service))]),
        applications: HashMap::from([("app_bench".into(), Arc::new(application))]),
    })
}

/// What the platform does beside the calls: snapshots confirmed, the log synced and sealed.
async fn keep_fresh(gateways: Vec<Gateway>, log: Arc<AccessLog>, ctx: Ctx) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        for gateway in &gateways {
            gateway.confirm(ctx.now());
        }
        let log = Arc::clone(&log);
        let sealed = tokio::task::spawn_blocking(move || log.tick().and_then(|()| log.seal_closed())).await;
        if !matches!(sealed, Ok(Ok(_))) {
            eprintln!("the access log could not be sealed");
        }
    }
}

async fn bare(State(answer): State<Bytes>, _call: Bytes) -> ([(axum::http::HeaderName, &'static str); 1], Bytes) {
    ([(CONTENT_TYPE, "application/json")], answer)
}

async fn listen(router: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

fn request(service: &str, token: &str, key: &str) -> Vec<u8> {
    let body = format!("{{\"keys\":{{\"cert_no\":\"{key}\"}}}}");
    format!(
        "POST /gateway/v1/{service} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// One keep-alive connection.
struct Connection {
    socket: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            buffer: Vec::with_capacity(4_096),
        })
    }

    /// Sends a call and reads its answer whole; gives the length of the head.
    async fn call(&mut self, request: &[u8]) -> Result<usize> {
        self.socket.write_all(request).await?;
        self.buffer.clear();
        loop {
            ensure!(self.socket.read_buf(&mut self.buffer).await? > 0, "the server hung up");
            let Some(head) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
                continue;
            };
            let head = head + 4;
            let text = std::str::from_utf8(&self.buffer[..head])?;
            if !text.starts_with("HTTP/1.1 200") {
                bail!("answered {}", String::from_utf8_lossy(&self.buffer));
            }
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .context("no length")?;
            let whole = head + length.trim().parse::<usize>()?;
            while self.buffer.len() < whole {
                ensure!(self.socket.read_buf(&mut self.buffer).await? > 0, "the server hung up");
            }
            return Ok(head);
        }
    }
}

async fn one_answer(address: SocketAddr, request: &[u8]) -> Result<Bytes> {
    let mut connection = Connection::open(address).await?;
    let head = connection.call(request).await?;
    Ok(Bytes::copy_from_slice(&connection.buffer[head..]))
}

async fn measure(
    address: SocketAddr,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    seconds: u64,
) -> Result<Measured> {
    let started = Instant::now();
    let until = started + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for number in 0..connections {
        let requests = Arc::clone(requests);
        tasks.push(tokio::spawn(async move {
            let mut histogram = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
            let mut connection = Connection::open(address).await?;
            let mut next = number * requests.len() / connections;
            while Instant::now() < until {
                let sent = Instant::now();
                connection.call(&requests[next % requests.len()]).await?;
                histogram.saturating_record(sent.elapsed().as_micros() as u64);
                // a stride without a common factor with the number of keys: neighbours are not asked in order
                next += 7_919;
            }
            anyhow::Ok(histogram)
        }));
    }
    let mut all = Histogram::<u64>::new_with_bounds(1, 60_000_000, 3)?;
    for task in tasks {
        all.add(task.await??)?;
    }
    let ms = |quantile| all.value_at_quantile(quantile) as f64 / 1_000.0;
    Ok(Measured {
        calls_per_s: all.len() as f64 / started.elapsed().as_secs_f64(),
        p50_ms: ms(0.5),
        p99_ms: ms(0.99),
    })
}

fn print(options: &Options, index: &Index, answer_bytes: usize, names: &[&str], rounds: Vec<Vec<Measured>>) {
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    println!(
        "Gateway: keyed query on {} rows ({} keys), 7 items, 3 masked, token, grant check, rate limit; answer {} bytes; \
         {} keep-alive connections, load generator on the same machine; median of {} rounds of {} s; {profile} build\n",
        index.manifest.rows, index.manifest.keys, answer_bytes, options.connections, options.rounds, options.seconds
    );
    println!("| what | calls/s | of bare | p50 ms | p99 ms |\n|---|---:|---:|---:|---:|");
    let mut medians = Vec::new();
    for (name, mut measured) in names.iter().zip(rounds) {
        measured.sort_by(|a, b| a.calls_per_s.total_cmp(&b.calls_per_s));
        let median = measured.swap_remove(measured.len() / 2);
        let bare = medians.first().copied().unwrap_or(median.calls_per_s);
        medians.push(median.calls_per_s);
        println!(
            "| {name} | {:.0} | {:.0} % | {:.2} | {:.2} |",
            median.calls_per_s,
            median.calls_per_s / bare * 100.0,
            median.p50_ms,
            median.p99_ms
        );
    }
    if let [_, on, off] = medians[..] {
        println!(
            "\nEvidence (access log on against off): {:.1} % of the calls/s",
            (1.0 - on / off) * 100.0
        );
    }
}

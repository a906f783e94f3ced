use std::io::BufRead;
use std::process::{Command, Stdio};

use base::ManualClock;

use super::super::record::sample;
use super::super::{Filter, Scope};
use super::*;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Moment(1_000)))
}

fn open(directory: &Path, records_max: u64) -> Arc<AccessLog> {
    let limits = Limits {
        records_max,
        age_ms_max: 60_000,
    };
    Arc::new(AccessLog::open(directory, clock(), limits).expect("log opens"))
}

async fn fill(log: &AccessLog, numbers: std::ops::Range<u64>) {
    for n in numbers {
        log.append(&sample(n)).await.expect("written");
    }
}

/// Request ids of everything in the log, newest first, page by page.
fn all(log: &AccessLog, filter: &Filter, page: usize) -> Vec<String> {
    let (mut ids, mut before) = (Vec::new(), None);
    loop {
        let found = log.search(filter, before, page).expect("search");
        ids.extend(found.iter().map(|f| f.record.request_id.to_string()));
        match found.last() {
            Some(last) if found.len() == page => before = Some(last.cursor),
            _ => return ids,
        }
    }
}

fn ids(numbers: impl Iterator<Item = u64>) -> Vec<String> {
    numbers.map(|n| format!("q{n}")).collect()
}

#[tokio::test]
async fn sha_8_records_are_read_newest_first_across_open_and_sealed_segments() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 10);
    fill(&log, 0..35).await;
    let everything = Filter::of(Scope::All);
    assert_eq!(all(&log, &everything, 7), ids((0..35).rev()));
    assert_eq!(log.seal_closed().expect("sealed").len(), 3);
    assert_eq!(all(&log, &everything, 7), ids((0..35).rev()));
    let refused = Filter {
        outcome: Some("gateway.rate".into()),
        ..everything.clone()
    };
    assert_eq!(all(&log, &refused, 3), ids((0..35).rev().filter(|n| n % 5 == 0)));
    let since = Filter {
        from: Some(Moment(1_028)),
        to: Some(Moment(1_032)),
        ..everything
    };
    assert_eq!(all(&log, &since, 9), ids((28..32).rev()));
}

#[tokio::test]
async fn sha_8_an_institution_sees_its_own_calls_and_the_provider_those_on_its_data() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 4);
    fill(&log, 0..6).await;
    log.seal_closed().expect("sealed");
    let seen = |scope| log.search(&Filter::of(scope), None, 50).expect("search").len();
    assert_eq!(seen(Scope::Institution("org_consumer".into())), 6);
    assert_eq!(seen(Scope::Institution("org_provider".into())), 6);
    assert_eq!(seen(Scope::Provider("org_provider".into())), 6);
    assert_eq!(seen(Scope::Provider("org_consumer".into())), 0);
    assert_eq!(seen(Scope::Consumer("org_consumer".into())), 6);
    assert_eq!(seen(Scope::Consumer("org_provider".into())), 0);
    assert_eq!(seen(Scope::Institution("org_other".into())), 0);
}

#[tokio::test]
async fn sha_8_who_read_this_record_is_answered_from_every_segment() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 10);
    fill(&log, 0..25).await;
    log.append(&Record {
        request_id: "again".into(),
        ..sample(3)
    })
    .await
    .expect("written");
    log.seal_closed().expect("sealed");
    let filter = Filter {
        record: Some(sample(3).key_hash),
        ..Filter::of(Scope::All)
    };
    assert_eq!(all(&log, &filter, 9), ["again", "q3"]);
    let raw = fs::read(segment::parquet_path(dir.path(), 1)).expect("segment");
    assert!(raw.starts_with(b"PAR1"));
}

#[tokio::test]
async fn calls_at_once_share_writes_and_none_is_lost() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 1_000);
    let tasks: Vec<_> = (0..500)
        .map(|n| {
            let log = Arc::clone(&log);
            tokio::spawn(async move { log.append(&sample(n)).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("task").expect("written");
    }
    let mut found = all(&log, &Filter::of(Scope::All), 100);
    found.sort();
    let mut expected = ids(0..500);
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_nobody_waiting() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 1_000);
    let mut hung_up = Box::pin(async { log.append(&sample(0)).await });
    // polled once, it has taken the lead and waits for its turn
    assert!(futures::poll!(hung_up.as_mut()).is_pending());
    let mut other = Box::pin(async { log.append(&sample(1)).await });
    assert!(futures::poll!(other.as_mut()).is_pending());
    drop(hung_up);
    other.await.expect("written");
    assert_eq!(all(&log, &Filter::of(Scope::All), 10), ["q1", "q0"]);
}

#[tokio::test]
async fn a_torn_tail_is_cut_reported_and_kept_aside() {
    let dir = tempfile::tempdir().expect("dir");
    fill(&open(dir.path(), 1_000), 0..5).await;
    let path = log_path(dir.path(), 1);
    let mut bytes = fs::read(&path).expect("log");
    let whole = bytes.len();
    bytes.extend_from_within(HEAD..HEAD + 60);
    fs::write(&path, bytes).expect("torn");
    let log = open(dir.path(), 1_000);
    assert_eq!(
        log.recovered,
        Recovered {
            records: 5,
            bytes_cut: 60
        }
    );
    assert_eq!(fs::metadata(&path).expect("log").len() as usize, whole);
    assert_eq!(fs::read(path.with_extension("cut")).expect("kept").len(), 60);
    fill(&log, 5..7).await;
    assert_eq!(all(&log, &Filter::of(Scope::All), 3), ids((0..7).rev()));
    log.close_segment();
    assert_eq!(log.seal_closed().expect("sealed").len(), 2);
    assert_eq!(log.verify(&log.sealed_after(0)).expect("verify"), []);
}

#[tokio::test]
async fn a_run_killed_between_sealing_and_clearing_up_seals_once() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 5);
    fill(&log, 0..12).await;
    let left_over = fs::read(log_path(dir.path(), 1)).expect("log");
    log.seal_closed().expect("sealed");
    let roots = log.sealed_after(0);
    drop(log);
    fs::write(log_path(dir.path(), 1), left_over).expect("left over");
    let log = open(dir.path(), 5);
    log.seal_closed().expect("sealed");
    assert_eq!(log.sealed_after(0)[..2], roots[..]);
    assert_eq!(all(&log, &Filter::of(Scope::All), 50), ids((0..12).rev()));
    assert_eq!(log.verify(&roots).expect("verify"), []);
}

#[tokio::test]
async fn sec_2_a_flipped_byte_anywhere_in_a_sealed_segment_is_found_and_named() {
    let dir = tempfile::tempdir().expect("dir");
    let log = open(dir.path(), 5);
    fill(&log, 0..15).await;
    log.seal_closed().expect("sealed");
    let roots = log.sealed_after(0);
    assert_eq!(log.verify(&roots).expect("verify"), []);
    let paths = [segment::parquet_path, segment::bloom_path, segment::manifest_path].map(|of| of(dir.path(), 2));
    for path in paths {
        let whole = fs::read(&path).expect("file");
        for at in (0..whole.len()).step_by((whole.len() / 23).max(1)) {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            fs::write(&path, altered).expect("altered");
            let findings = log.verify(&roots).expect("verify");
            assert!(
                findings.iter().any(|f| f.segment == 2),
                "byte {at} of {}: {findings:?}",
                path.display()
            );
        }
        fs::write(&path, whole).expect("restored");
    }
    // a segment that is gone, and one that was replaced with a root of its own
    for extension in ["json", "parquet", "bloom"] {
        fs::remove_file(log_path(dir.path(), 3).with_extension(extension)).expect("removed");
    }
    assert_eq!(
        log.verify(&roots).expect("verify"),
        [super::super::Finding {
            segment: 3,
            code: "missing"
        }]
    );
}

#[tokio::test]
async fn age_closes_a_segment() {
    let dir = tempfile::tempdir().expect("dir");
    let clock = clock();
    let limits = Limits {
        records_max: 1_000,
        age_ms_max: 60_000,
    };
    let log = AccessLog::open(dir.path(), clock.clone(), limits).expect("log");
    clock.advance_ms(120_000);
    log.tick().expect("tick");
    assert_eq!(log.seal_closed().expect("nothing to seal"), []);
    log.append(&sample(1)).await.expect("written");
    log.tick().expect("tick");
    assert_eq!(log.seal_closed().expect("sealed").len(), 1);
}

const CHILD: &str = "SHUQIAO_TEST_ACCESS_LOG";

/// Not a test of its own: what the next one starts as another process. Several
/// callers at once; each answer leaves by one write to a file, which a killed
/// process has either done or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_logs_until_it_is_killed() {
    let Ok(directory) = std::env::var(CHILD) else { return };
    let answers = Arc::new(File::create(Path::new(&directory).join("answers")).expect("a file"));
    let log = open(Path::new(&directory), 400);
    let callers = (0..8u64).map(|caller| {
        let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
        tokio::spawn(async move {
            for n in 0.. {
                let request_id = format!("c{caller}-{n}");
                let record = Record {
                    request_id: request_id.as_str().into(),
                    ..sample(n)
                };
                log.append(&record).await.expect("written");
                (&*answers)
                    .write_all(format!("{request_id}\n").as_bytes())
                    .expect("answered");
                if caller == 0 && n % 64 == 0 {
                    log.seal_closed().expect("sealed");
                }
                if caller == 0 && n == 300 {
                    println!("kill me now");
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.expect("goes on until killed");
    }
}

#[test]
fn sha_8_kill_9_in_the_middle_of_logging_loses_nothing_that_was_answered() {
    let dir = tempfile::tempdir().expect("dir");
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "access_log::log::tests::child_that_logs_until_it_is_killed",
            "--nocapture",
        ])
        .env(CHILD, dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("child starts");
    let mut lines = std::io::BufReader::new(child.stdout.take().expect("its output")).lines();
    while !lines
        .next()
        .expect("the child goes on")
        .expect("a line")
        .contains("kill me now")
    {}
    child.kill().expect("killed");
    child.wait().expect("gone");
    let answers = fs::read_to_string(dir.path().join("answers")).expect("answers");
    let log = open(dir.path(), 400);
    let found: std::collections::HashSet<String> = all(&log, &Filter::of(Scope::All), 200).into_iter().collect();
    let lost: Vec<_> = answers.lines().filter(|id| !found.contains(*id)).collect();
    assert!(lost.is_empty(), "answered without a record: {lost:?}");
    assert!(answers.lines().count() > 300, "the child was at work");
    log.seal_closed().expect("sealed");
    assert_eq!(log.verify(&log.sealed_after(0)).expect("verify"), []);
}

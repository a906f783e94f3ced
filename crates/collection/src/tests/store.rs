//! Collection on the whole platform: sources, batches, quarantine, and what a
//! kill leaves.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use base::{BatchId, Ctx, ManualClock, PageQuery, ResourceId, SourceId};
use catalog::{AtRevision, Document, NewResource, Review};
use lake::{Scan, TableName};
use protect::{AccessPlan, Internal};
use serde_json::json;

use super::platform::{On, Platform, TestPlatform, on_both, store_url};
use crate::model::{About, Batch, Mode, RowState, Source, SourceConfig, SourceForm, SourceKind};
use crate::states::BatchState;
use crate::{Collection, ExportFormat, SentHints, Step};

const HEADER: &str = "证件号码,姓名,更新日期\n";

fn document(with_identifier: bool) -> Document {
    let identifier = with_identifier.then_some("citizen_id");
    serde_json::from_value(json!({
        "title": "社会保险个人参保信息", "summary": "参保登记", "subject": "social_security", "format": "database",
        "data_type": "structured", "libraries": ["theme_social_security"], "update_frequency": "monthly", "grade": "L3",
        "collection_state": "not_collected", "channels": ["interface"], "division_code": "330000",
        "sharing": {"attribute": "restricted", "condition": "办理社会保险业务", "reason": "含个人信息", "modes": ["verify", "query"]},
        "opening": {"attribute": "restricted", "condition": "经本人授权", "grounds": ["anonymised"], "treatment": "隐去姓名"},
        "items": [
            {"name": "cert_no", "title": "证件号码", "meaning": "号码", "type": "string", "length": 18, "identifier": identifier, "key": true, "nullable": false, "grade": "L3"},
            {"name": "name", "title": "姓名", "meaning": "姓名", "type": "string", "length": 20, "identifier": "name", "key": false, "nullable": true, "grade": "L3"},
            {"name": "updated_on", "title": "更新日期", "meaning": "日期", "type": "date", "key": false, "nullable": true, "grade": "L1"}
        ]
    }))
    .expect("a document")
}

async fn publish(t: &TestPlatform, document: Document) -> ResourceId {
    let catalog = &t.now.catalog;
    let new = NewResource {
        provider_id: None,
        document,
    };
    let draft = catalog.create(&t.cataloguer(), new).await.expect("a draft");
    let id = draft.head.id.clone();
    let submitted = catalog
        .submit(&t.cataloguer(), &id, AtRevision { revision: None })
        .await
        .expect("it is submitted");
    let timeline = catalog
        .timeline(&t.reviewer(), &id)
        .await
        .expect("a timeline")
        .expect("a review");
    let review = Review {
        outcome: "publish".into(),
        reason: None,
        step_id: timeline.steps.last().expect("a step").id.to_string(),
        revision: submitted.head.revision,
    };
    catalog
        .review(&t.reviewer(), &id, review)
        .await
        .expect("it is published");
    id
}

fn form(resource: &ResourceId) -> SourceForm {
    SourceForm {
        resource_id: resource.clone(),
        title: "参保登记库".into(),
        kind: SourceKind::Upload,
        config: SourceConfig::default(),
        legal_basis: "《中华人民共和国社会保险法》".into(),
        purpose: "社会保险经办".into(),
        scope: "全省参保人员".into(),
        consent: None,
        about: None,
        load_mode: Some(Mode::Append),
        schedule: None,
    }
}

async fn source(t: &TestPlatform) -> (ResourceId, Source) {
    let resource = publish(t, document(true)).await;
    let collection = &t.now.collection;
    let source = collection
        .create_source(&t.data_manager(), form(&resource))
        .await
        .expect("a source");
    (resource, source)
}

async fn send(collection: &Collection, ctx: &Ctx, source: &SourceId, name: &str, content: &[u8]) -> Batch {
    let (row, id, mut incoming) = collection.begin_upload(ctx, source).await.expect("may send");
    for chunk in content.chunks(1000) {
        incoming.write(chunk).await.expect("writes");
    }
    collection
        .finish_upload(ctx, row, id, incoming, name, SentHints::default())
        .await
        .expect("is received")
}

async fn load(t: &TestPlatform, source: &SourceId, name: &str, content: &str) -> Batch {
    let ctx = t.data_manager();
    let collection = t.now.collection.clone();
    let batch = send(&collection, &ctx, source, name, content.as_bytes()).await;
    t.run_until_quiet().await;
    collection.batch(&ctx, &batch.id).await.expect("the batch")
}

fn id_number(n: usize) -> String {
    let first = format!("33010219{:02}0101{:03}", n / 1000 % 100, n % 1000);
    let check = base::codes::citizen_id_check(first.as_bytes()).expect("17 digits");
    format!("{first}{}", check as char)
}

async fn rows(t: &TestPlatform, resource: &ResourceId) -> u64 {
    let plan = AccessPlan::internal(Internal::Statistics, resource.clone(), resource.as_str());
    t.now.lake.count(&plan, None, None).await.expect("counts")
}

#[tokio::test(flavor = "multi_thread")]
async fn col_3_a_source_names_basis_purpose_and_scope_and_the_necessary_identifier() {
    on_both(|t| async move {
        let collection = t.now.collection.clone();
        let manager = t.data_manager();
        let resource = publish(&t, document(true)).await;
        for spoil in [
            |f: &mut SourceForm| f.legal_basis.clear(),
            |f: &mut SourceForm| f.purpose = " ".into(),
            |f: &mut SourceForm| f.scope.clear(),
        ] {
            let mut form = form(&resource);
            spoil(&mut form);
            let error = collection.create_source(&manager, form).await.expect_err("refuses");
            assert_eq!(error.code(), "collection.basis_required");
            assert!(error.article.is_some());
        }
        let consented = SourceForm {
            legal_basis: String::new(),
            consent: Some("同意书编号 2026-1".into()),
            ..form(&resource)
        };
        let source = collection
            .create_source(&manager, consented)
            .await
            .expect("consent is a basis");
        assert_eq!(source.about, About::Personal, "found from the items");
        let without = publish(
            &t,
            Document {
                title: "无标识".into(),
                ..document(false)
            },
        )
        .await;
        let personal = SourceForm {
            about: Some(About::Personal),
            ..form(&without)
        };
        let error = collection.create_source(&manager, personal).await.expect_err("refuses");
        assert_eq!(error.code(), "collection.identifier_required");
        let error = collection
            .create_source(&t.applicant(), form(&resource))
            .await
            .expect_err("refuses");
        assert_eq!(error.kind.status, 403);
        assert_eq!(
            collection
                .source(&t.applicant(), &source.id)
                .await
                .expect_err("hides")
                .kind
                .status,
            404
        );
        t
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_bad_rows_are_corrected_replayed_and_nothing_is_lost_or_doubled() {
    on_both(|t| async move {
        let (resource, source) = source(&t).await;
        let (collection, ctx) = (t.now.collection.clone(), t.data_manager());
        let content = format!(
            "{HEADER}{},张三,2024-01-01\n{},李四,2024-02-30\nX,王五,\n{},赵六,2024-01-01\n",
            id_number(1),
            id_number(2),
            id_number(3)
        );
        let batch = load(&t, &source.id, "参保.csv", &content).await;
        assert_eq!(
            (batch.state, batch.rows_read, batch.rows_written, batch.rows_quarantined),
            (BatchState::Done, 4, 2, 2)
        );
        assert_eq!(batch.rows_read, batch.rows_written + batch.rows_quarantined);
        let again = load(&t, &source.id, "副本.csv", &content).await;
        assert_eq!(
            (again.state, again.same_as.as_ref()),
            (BatchState::Duplicate, Some(&batch.id))
        );
        assert_eq!(rows(&t, &resource).await, 2, "the same batch twice changes nothing");

        let page = collection
            .quarantine(&ctx, &batch.id, Some("date"), None, PageQuery::default())
            .await
            .expect("a page");
        let row = &page.items[0];
        assert_eq!((row.row_number, row.values["name"].as_deref()), (3, Some("李四")));
        let still = BTreeMap::from([("updated_on".to_owned(), Some("2024-02-31".to_owned()))]);
        let still = collection
            .correct_row(&ctx, &row.id, still, row.revision)
            .await
            .expect("is kept");
        assert_eq!((still.state, still.reasons[0].code.as_str()), (RowState::Open, "date"));
        let good = BTreeMap::from([("updated_on".to_owned(), Some("2024-02-29".to_owned()))]);
        let stale = collection
            .correct_row(&ctx, &row.id, good.clone(), row.revision)
            .await
            .expect_err("refuses");
        assert_eq!(stale.code(), "collection.revision_conflict");
        let corrected = collection
            .correct_row(&ctx, &row.id, good, still.revision)
            .await
            .expect("is kept");
        assert_eq!(corrected.state, RowState::Corrected);

        let replay = collection.replay(&ctx, &batch.id).await.expect("starts");
        assert_eq!(
            collection.replay(&ctx, &batch.id).await.expect_err("refuses").code(),
            "collection.nothing_to_replay"
        );
        t.run_until_quiet().await;
        let replay = collection.batch(&ctx, &replay.id).await.expect("the batch");
        assert_eq!((replay.state, replay.rows_written), (BatchState::Done, 1));
        assert_eq!(rows(&t, &resource).await, 3);
        let summary = collection.quarantine_summary(&ctx, &batch.id).await.expect("a summary");
        assert_eq!((summary.total, summary.replayed, summary.open), (2, 1, 1));

        let file = collection
            .export_quarantine(&ctx, &batch.id, ExportFormat::Csv)
            .await
            .expect("a file");
        let file = String::from_utf8(file)
            .expect("UTF-8")
            .replace(",X,", &format!(",{},", id_number(3)));
        let mut incoming = collection.begin_import(&ctx, &batch.id).await.expect("may send");
        incoming.write(file.as_bytes()).await.expect("writes");
        let report = collection
            .finish_import(&ctx, &batch.id, incoming, "a.csv")
            .await
            .expect("reads");
        assert_eq!((report.corrected, report.unknown), (1, 0));
        let replay = collection.replay(&ctx, &batch.id).await.expect("starts");
        t.run_until_quiet().await;
        let replay = collection.batch(&ctx, &replay.id).await.expect("the batch");
        assert_eq!(
            (replay.rows_written, replay.rows_quarantined),
            (0, 1),
            "its key is taken"
        );
        let page = collection
            .quarantine(&ctx, &batch.id, Some("duplicate_in_table"), None, PageQuery::default())
            .await
            .expect("a page");
        let row = &page.items[0];
        assert_eq!(row.state, RowState::Open, "the row is back where it came from");
        let gone = collection
            .discard_row(&ctx, &row.id, "重复登记", row.revision)
            .await
            .expect("is discarded");
        assert_eq!(gone.state, RowState::Discarded);
        t
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_refused_file_says_why_and_loads_nothing() {
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let collection = t.now.collection.clone();
    let refused = load(&t, &source.id, "a.xlsx", "not a workbook").await;
    assert_eq!(refused.state, BatchState::Refused);
    let error = refused.error.expect("a reason");
    assert_eq!(
        (error.code.as_str(), error.next.is_empty()),
        ("collection.type_mismatch", false)
    );
    assert!(
        !t.now
            .lake
            .exists(&TableName::new(resource.as_str()).expect("a name"))
            .await
            .expect("asks")
    );
    // A half upload leaves nothing.
    let (_, _, mut incoming) = collection
        .begin_upload(&t.data_manager(), &source.id)
        .await
        .expect("may send");
    incoming.write(b"half").await.expect("writes");
    let files = t.path().join("files");
    let parts = |dir: &Path| {
        std::fs::read_dir(dir)
            .expect("lists")
            .flatten()
            .filter(|f| f.path().extension().is_some())
            .count()
    };
    assert_eq!(parts(&files), 1);
    drop(incoming);
    assert_eq!(parts(&files), 0);
    t.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_waiting_batch_is_cancelled_and_retried() {
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let (collection, ctx) = (t.now.collection.clone(), t.data_manager());
    let batch = send(
        &collection,
        &ctx,
        &source.id,
        "a.csv",
        format!("{HEADER}{},a,\n", id_number(1)).as_bytes(),
    )
    .await;
    assert_eq!(
        collection.cancel(&ctx, &batch.id).await.expect("cancels").state,
        BatchState::Cancelled
    );
    t.run_until_quiet().await;
    assert_eq!(
        collection.batch(&ctx, &batch.id).await.expect("the batch").state,
        BatchState::Cancelled
    );
    collection.retry(&ctx, &batch.id).await.expect("retries");
    t.run_until_quiet().await;
    assert_eq!(rows(&t, &resource).await, 1);
    assert_eq!(
        collection.cancel(&ctx, &batch.id).await.expect_err("refuses").code(),
        "collection.not_cancellable"
    );
    t.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn col_5_status_and_sample_tell_of_the_data_and_mask_it_for_others() {
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let collection = t.now.collection.clone();
    let number = id_number(1);
    load(
        &t,
        &source.id,
        "a.csv",
        &format!("{HEADER}{number},张三,2024-01-01\n{},李四,2024-03-01\n", id_number(2)),
    )
    .await;
    let status = collection
        .data_status(&t.data_manager(), &resource)
        .await
        .expect("a status");
    let span = status.time_span.expect("a span");
    assert_eq!(
        (status.rows, span.from.as_str(), span.to.as_str()),
        (2, "2024-01-01", "2024-03-01")
    );
    assert!(!status.freshness.late);
    t.clock.advance_ms(40 * 86_400_000);
    assert!(
        collection
            .data_status(&t.data_manager(), &resource)
            .await
            .expect("a status")
            .freshness
            .late
    );
    let own = collection
        .data_sample(&t.data_manager(), &resource)
        .await
        .expect("a sample");
    assert!(own.rows.iter().any(|r| r["cert_no"].as_deref() == Some(&number)));
    let others = collection
        .data_sample(&t.reviewer(), &resource)
        .await
        .expect("a sample");
    assert!(others.items[0].masked && !serde_json::to_string(&others.rows).expect("JSON").contains(&number));
    t.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_pull_reads_what_is_new_from_sqlite_and_postgres() {
    on_both(|t| async move {
        let resource = publish(&t, document(true)).await;
        let (collection, ctx) = (t.now.collection.clone(), t.data_manager());
        let on_postgres = t.url.starts_with("postgres");
        let (kind, config, url) = match on_postgres {
            true => {
                let url = t.url.clone();
                (
                    SourceKind::Postgres,
                    SourceConfig {
                        url: Some(url.clone()),
                        ..Default::default()
                    },
                    url,
                )
            }
            false => {
                let file = collection.drop_dir().join("social.db");
                let url = format!("sqlite://{}?mode=rwc", file.display());
                (
                    SourceKind::Sqlite,
                    SourceConfig {
                        file: Some("social.db".into()),
                        ..Default::default()
                    },
                    url,
                )
            }
        };
        let db = sea_orm::Database::connect(url)
            .await
            .expect("the department's database");
        let run = async |sql: String| {
            sea_orm::ConnectionTrait::execute_unprepared(&db, &sql)
                .await
                .map(drop)
                .expect("runs")
        };
        run("CREATE TABLE insured (cert_no TEXT, name TEXT, updated_on DATE, seq BIGINT)".into()).await;
        run(format!(
            "INSERT INTO insured VALUES ('{}', '张三', '2024-01-01', 9), ('bad', NULL, NULL, 10)",
            id_number(1)
        ))
        .await;
        let config = SourceConfig {
            table: Some("insured".into()),
            cursor_column: Some("seq".into()),
            ..config
        };
        let source = collection
            .create_source(
                &ctx,
                SourceForm {
                    kind,
                    config,
                    ..form(&resource)
                },
            )
            .await
            .expect("a source");
        assert!(source.config.url.is_none_or(|u| !u.contains(":postgres@")));
        let pull = async || {
            let batch = collection.start_pull(&ctx, &source.id).await.expect("starts");
            t.run_until_quiet().await;
            collection.batch(&ctx, &batch.id).await.expect("the batch")
        };
        let first = pull().await;
        assert_eq!(
            (first.state, first.rows_written, first.rows_quarantined),
            (BatchState::Done, 1, 1),
            "{:?}",
            first.error
        );
        run(format!(
            "INSERT INTO insured VALUES ('{}', '李四', '2024-01-02', 11)",
            id_number(2)
        ))
        .await;
        let second = pull().await;
        assert_eq!(
            (second.state, second.rows_read, second.rows_written),
            (BatchState::Done, 1, 1),
            "{:?}",
            second.error
        );
        let nothing = pull().await;
        assert_eq!(
            (nothing.state, nothing.rows_read),
            (BatchState::Done, 0),
            "{:?}",
            nothing.error
        );
        assert_eq!(rows(&t, &resource).await, 2);
        db.close().await.expect("closes");
        t
    })
    .await;
}

const STEPS: [Step; 4] = [Step::Checking, Step::Staged, Step::Kept, Step::Committed];

/// This test runs itself as a child, which is killed at each step of a load in
/// turn; the parent then starts the platform on what is left.
#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_load_killed_at_any_step_is_finished_once_by_the_next_start() {
    const NAME: &str = "tests::store::col_4_a_load_killed_at_any_step_is_finished_once_by_the_next_start";
    if let (Ok(data), Ok(step)) = (std::env::var("COLLECTION_DATA"), std::env::var("COLLECTION_KILL_AT")) {
        return killed_at(Path::new(&data), &step).await;
    }
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let ctx = t.data_manager();
    let mut expected = 0;
    let mut t = t;
    for (n, step) in STEPS.iter().enumerate() {
        let content: String = (0..500)
            .map(|i| format!("{},甲,2024-01-01\n", id_number(n * 500 + i)))
            .collect();
        let collection = t.now.collection.clone();
        let batch = send(
            &collection,
            &ctx,
            &source.id,
            "a.csv",
            format!("{HEADER}{content}bad,,\n").as_bytes(),
        )
        .await;
        let child = Command::new(std::env::current_exe().expect("itself"))
            .args([NAME, "--exact", "--nocapture"])
            .env("COLLECTION_DATA", t.path())
            .env("COLLECTION_KILL_AT", format!("{step:?}"))
            .output()
            .expect("the child runs");
        let signal = std::os::unix::process::ExitStatusExt::signal(&child.status);
        assert_eq!(
            signal,
            Some(9),
            "at {step:?}: {}",
            String::from_utf8_lossy(&child.stdout)
        );
        t = t.restart().await;
        t.run_until_quiet().await;
        expected += 500;
        let collection = t.now.collection.clone();
        let done = collection.batch(&ctx, &batch.id).await.expect("the batch");
        assert_eq!(
            (done.state, done.rows_written, done.rows_quarantined),
            (BatchState::Done, 500, 1),
            "{step:?}"
        );
        assert_eq!(rows(&t, &resource).await, expected, "killed at {step:?}");
        let entries = t.now.store.entries_of(batch.id.as_str()).await.expect("entries");
        assert_eq!(
            entries.iter().filter(|e| e.kind == "collection.batch_done").count(),
            1,
            "recorded once, {step:?}"
        );
        let page = collection
            .quarantine(&ctx, &batch.id, None, None, PageQuery::default())
            .await
            .expect("a page");
        assert_eq!(page.total, Some(1), "killed at {step:?}");
    }
    t.close().await;
}

/// The child: works on the parent's data until its step, then is gone.
async fn killed_at(data: &Path, step: &str) {
    let clock = ManualClock::at(Ctx::system().now());
    let platform = Platform::open(data, &store_url(data), &clock).await;
    let wanted = step.to_owned();
    let Platform {
        store,
        lake,
        identity,
        catalog,
        ctx,
        ..
    } = platform;
    let collection = Collection::new(store.clone(), lake, identity, catalog, data)
        .expect("a collection")
        .observed(move |step| {
            if format!("{step:?}") == wanted {
                let _ = Command::new("kill")
                    .args(["-9", &std::process::id().to_string()])
                    .status();
            }
        })
        .expect("observed");
    let jobs = db::Jobs::new(store, vec![collection.runner()]);
    jobs.run_until_empty(&ctx).await.expect("runs");
}

/// The same with a full disk: the child may write no file above 1 MiB, a
/// limit of the system that ends a write as a full disk does.
#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_full_disk_fails_the_batch_keeps_its_file_and_a_retry_loads_it() {
    const NAME: &str = "tests::store::col_4_a_full_disk_fails_the_batch_keeps_its_file_and_a_retry_loads_it";
    if let Ok(data) = std::env::var("COLLECTION_DATA") {
        let data = Path::new(&data);
        let platform = Platform::open(data, &store_url(data), &ManualClock::at(Ctx::system().now())).await;
        platform.jobs.run_until_empty(&platform.ctx).await.expect("runs");
        return;
    }
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let (collection, ctx) = (t.now.collection.clone(), t.data_manager());
    // Names that do not compress, so that the table's file outgrows the limit.
    let name = |i: usize| (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let content: String = (0..100_000)
        .map(|i| format!("{},{:016x},2024-01-01\n", id_number(i), name(i)))
        .collect();
    let batch = send(
        &collection,
        &ctx,
        &source.id,
        "a.csv",
        format!("{HEADER}{content}").as_bytes(),
    )
    .await;
    let limited = format!("trap '' XFSZ; ulimit -f 1024; exec \"$0\" {NAME} --exact --nocapture");
    let child = Command::new("bash")
        .args(["-c", &limited])
        .arg(std::env::current_exe().expect("itself"))
        .env("COLLECTION_DATA", t.path())
        .output()
        .expect("the child runs");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    let failed = collection.batch(&ctx, &batch.id).await.expect("the batch");
    let error = failed.error.expect("a reason");
    assert_eq!(
        (failed.state, error.code.as_str()),
        (BatchState::Failed, "collection.disk_full")
    );
    collection.retry(&ctx, &batch.id).await.expect("its file is kept");
    t.run_until_quiet().await;
    assert_eq!(rows(&t, &resource).await, 100_000);
    t.close().await;
}

/// QUA-4 stands on this: a problem is traced to its batch and its line.
#[tokio::test(flavor = "multi_thread")]
async fn col_4_every_row_tells_its_batch_and_its_row_in_the_file() {
    let t = TestPlatform::start(On::Sqlite).await;
    let (resource, source) = source(&t).await;
    let batch: BatchId = load(&t, &source.id, "a.csv", &format!("{HEADER}{},甲,\n", id_number(1)))
        .await
        .id;
    let plan = AccessPlan::internal(Internal::Backup, resource.clone(), resource.as_str());
    let stream = t.now.lake.scan(&plan, &Scan::default()).await.expect("scans");
    let batches: Vec<arrow::array::RecordBatch> = futures::TryStreamExt::try_collect(stream).await.expect("reads");
    let text = arrow::util::pretty::pretty_format_batches(&batches)
        .expect("prints")
        .to_string();
    assert!(text.contains(batch.as_str()) && text.contains("_row"), "{text}");
    t.close().await;
}

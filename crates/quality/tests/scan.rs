//! Rules against a table whose errors are known, in a real lake.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use base::{ItemId, Moment, QualityRuleId, ResourceId};
use catalog::PublishedEntry;
use catalog::model::{DataType as ItemType, Grade, OpeningAttribute, PublishedItem, SharingAttribute};
use chrono::NaiveDate;
use generate::{ErrorKind, Format, GenerateReport, Spec};
use lake::{Lake, LakeConfig, LoadMode, TableName};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use quality::scan::{Scanned, Subject, bare_scan, scan};
use quality::{Draft, Params, Rule, propose};

const RESOURCE: &str = "res_01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn now() -> Moment {
    Moment::parse("2026-11-20T12:00:00+08:00").expect("a moment")
}

fn entry(items: &[generate::schema::Item]) -> PublishedEntry {
    let item = |i: &generate::schema::Item| PublishedItem {
        id: ItemId(format!("itm_{}", i.name)),
        name: i.name.into(),
        title: i.title.into(),
        meaning: i.meaning.into(),
        data_type: ItemType::parse(i.r#type).expect("a type"),
        length: (i.length > 0).then_some(i.length),
        scale: None,
        format: None,
        code_set: i.code_set.map(Into::into),
        data_element: None,
        identifier: i.identifier.map(Into::into),
        key: i.key,
        nullable: i.nullable,
        grade: Grade::parse(i.grade).expect("a grade"),
        sharing: SharingAttribute::Restricted,
        opening: OpeningAttribute::Restricted,
    };
    PublishedEntry {
        id: ResourceId(RESOURCE.into()),
        code: "330000-1".into(),
        version: 1,
        title: "社会保险个人参保信息".into(),
        summary: String::new(),
        provider_id: "org_1".into(),
        responsible_id: "org_1".into(),
        division_code: "330000".into(),
        subject: String::new(),
        format: String::new(),
        libraries: vec![],
        items: items.iter().map(item).collect(),
        sharing: SharingAttribute::Restricted,
        sharing_condition: None,
        modes: vec![],
        opening: OpeningAttribute::Restricted,
        opening_condition: None,
        update_frequency: "daily".into(),
        time_span: None,
        grade: Grade::L3,
        published_at: now(),
    }
}

fn rules(drafts: Vec<Draft>) -> Vec<Rule> {
    let rule = |(at, draft): (usize, Draft)| Rule {
        id: QualityRuleId(format!("qrl_{at}")),
        resource_id: ResourceId(RESOURCE.into()),
        category: quality::kinds::kind(&draft.kind).expect("a kind").category.clone(),
        title: draft.title,
        kind: draft.kind,
        items: draft.items,
        params: draft.params,
        tolerance: draft.tolerance,
        enabled: true,
        revision: 1,
        updated_at: now(),
    };
    drafts.into_iter().enumerate().map(rule).collect()
}

struct Table {
    lake: Lake,
    _dir: tempfile::TempDir,
}

impl Table {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let lake = Lake::open(LakeConfig::local(dir.path()).expect("a place")).expect("a lake");
        Self { lake, _dir: dir }
    }

    /// Loads generated records as one batch; an impossible date becomes null.
    async fn load(&self, batch: &str, spec: &Spec) -> GenerateReport {
        let mut file = tempfile::tempfile().expect("a file");
        let spec = Spec {
            format: Format::Parquet,
            ..spec.clone()
        };
        let report = generate::insurance(&spec, &mut file).expect("generated");
        let table = TableName::new(RESOURCE).expect("a name");
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let columns = generate::schema::INSURANCE.iter();
        let fields: Vec<Field> = columns
            .map(|i| {
                Field::new(
                    i.name,
                    if i.r#type == "datetime" {
                        time.clone()
                    } else {
                        DataType::Utf8
                    },
                    true,
                )
            })
            .collect();
        let schema = self.lake.prepare(&table, &Schema::new(fields)).await.expect("prepared");
        let staging = self.lake.stage(&table, schema.clone(), batch).await.expect("staged");
        let mut writer = staging.writer().expect("a writer");
        let mut row = 1i64;
        for part in ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("parquet")
            .build()
            .expect("a reader")
        {
            let part = part.expect("a batch");
            let mut columns: Vec<ArrayRef> = part.columns().to_vec();
            let last = columns.len() - 1;
            columns[last] = cast(&columns[last], &time).expect("times");
            let rows = part.num_rows();
            for field in &schema.fields()[columns.len()..] {
                columns.push(match field.name().as_str() {
                    lake::BATCH_COLUMN => Arc::new(StringArray::from(vec![batch; rows])),
                    _ => Arc::new(Int64Array::from_iter_values(row + 1..=row + rows as i64)),
                });
            }
            row += rows as i64;
            writer
                .write(&RecordBatch::try_new(schema.clone(), columns).expect("whole"))
                .await
                .expect("written");
        }
        let files = writer.close().await.expect("closed");
        let keys = ["cert_no".to_owned(), "insurance_type".to_owned()];
        staging
            .commit(files, LoadMode::Append, &keys, now())
            .await
            .expect("committed");
        report
    }

    async fn scan(&self, entry: &PublishedEntry, rules: &[Rule], batches: Option<Vec<String>>) -> Scanned {
        let subject = self.subject(entry, batches).await;
        scan(&self.lake, &subject, rules).await.expect("scanned")
    }

    async fn subject<'a>(&self, entry: &'a PublishedEntry, batches: Option<Vec<String>>) -> Subject<'a> {
        let table = TableName::new(RESOURCE).expect("a name");
        let version = self.lake.version(&table).await.expect("readable").expect("loaded");
        Subject {
            entry,
            version,
            batches,
            newest_load: Some(now()),
            now: now(),
        }
    }
}

fn spec(rows: u64) -> Spec {
    Spec {
        error_rate: 0.02,
        ..Spec::new(rows, 7, NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day"))
    }
}

fn failed(rules: &[Rule], scanned: &Scanned) -> BTreeMap<String, u64> {
    let name = |r: &Rule| format!("{} {}", r.kind, r.items.join("+"));
    scanned
        .outcomes
        .iter()
        .map(|o| (name(&rules[o.rule]), o.failed))
        .collect()
}

#[tokio::test]
async fn qua_1_one_scan_finds_every_error_that_was_put_in() {
    let table = Table::new().await;
    let report = table.load("bat_1", &spec(30_000)).await;
    let entry = entry(&generate::schema::INSURANCE);
    let rules = rules(propose(&entry));
    let scanned = table.scan(&entry, &rules, None).await;
    assert_eq!(scanned.rows, 30_000);
    let found = failed(&rules, &scanned);
    let put_in = |kinds: &[ErrorKind]| kinds.iter().map(|k| report.errors[k]).sum::<u64>();
    assert_eq!(found["not_null name"], put_in(&[ErrorKind::MissingRequired]));
    assert_eq!(found["length_max name"], put_in(&[ErrorKind::Overlong]));
    assert_eq!(found["code_set cert_type"], put_in(&[ErrorKind::UnknownCode]));
    assert_eq!(found["division division_code"], put_in(&[ErrorKind::UnknownDivision]));
    assert_eq!(
        found["half_width social_security_no"],
        put_in(&[ErrorKind::FullWidthDigits])
    );
    let ids = put_in(&[ErrorKind::WrongCheckDigit, ErrorKind::FullWidthDigits]);
    assert_eq!(found["citizen_id social_security_no"], ids);
    assert_eq!(
        found["unique cert_no+insurance_type"],
        put_in(&[ErrorKind::DuplicateKey])
    );
    assert_eq!(found["not_null updated_at"], put_in(&[ErrorKind::ImpossibleDate]));
    assert_eq!(found["uscc uscc"], 0);
    assert_eq!(found["table_fresh "], 0);
    // Each of the six categories is there.
    let categories: std::collections::BTreeSet<_> = rules.iter().map(|r| r.category.as_str()).collect();
    assert_eq!(categories.len(), 6, "{categories:?}");
    let subject = table.subject(&entry, None).await;
    assert_eq!(bare_scan(&table.lake, &subject, &rules).await.expect("scanned"), 30_000);
}

#[tokio::test]
async fn qua_1_failing_rows_are_told_by_batch_row_and_masked_key() {
    let table = Table::new().await;
    table.load("bat_1", &spec(3_000)).await;
    let entry = entry(&generate::schema::INSURANCE);
    let rules = rules(vec![Draft::new("号码有效", "citizen_id", &["social_security_no"])]);
    let scanned = table.scan(&entry, &rules, None).await;
    let failures = &scanned.outcomes[0].failures;
    assert_eq!(failures.len() as u64, scanned.outcomes[0].failed);
    assert!(failures.is_sorted() && !failures.is_empty());
    for failure in failures {
        assert!(failure.batch == "bat_1" && failure.row >= 2);
        let key: BTreeMap<_, _> = failure.key.iter().cloned().collect();
        assert!(key["cert_no"].starts_with("****"), "{key:?}");
        let value = failure.value.as_deref().expect("the value at fault, masked");
        assert!(value.contains("****"), "{value}");
    }
}

#[tokio::test]
async fn qua_1_a_run_of_new_rows_reads_only_the_new_batch() {
    let table = Table::new().await;
    table.load("bat_1", &spec(2_000)).await;
    let second = Spec { seed: 8, ..spec(1_000) };
    let report = table.load("bat_2", &second).await;
    let entry = entry(&generate::schema::INSURANCE);
    let rules = rules(vec![Draft::new("姓名不为空", "not_null", &["name"])]);
    let new = table.scan(&entry, &rules, Some(vec!["bat_2".into()])).await;
    let missing = report.errors.get(&ErrorKind::MissingRequired).copied().unwrap_or(0);
    assert_eq!((new.rows, new.outcomes[0].failed), (1_000, missing));
    assert_eq!(table.scan(&entry, &rules, None).await.rows, 3_000);
}

#[tokio::test]
async fn qua_1_rules_on_several_items_and_on_time() {
    let table = Table::new().await;
    let clean = Spec {
        error_rate: 0.0,
        ..spec(2_000)
    };
    table.load("bat_1", &clean).await;
    let mut entry = entry(&generate::schema::INSURANCE);
    let params = |days| Params {
        days: Some(days),
        ..Params::default()
    };
    let texts = |v: &[&str]| v.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    let when = Params {
        when: Some("insurance_type".into()),
        values: texts(&["170"]),
        ..Params::default()
    };
    let employed = Params {
        values: texts(&["110", "120", "210", "410"]),
        ..when.clone()
    };
    let drafts = vec![
        Draft::new("居民参保没有单位时必填", "required_when", &["employer"]).params(when.clone()),
        Draft::new("职工参保有单位", "required_when", &["employer"]).params(employed),
        Draft::new("半年内更新", "fresh", &["updated_at"]).params(params(181)),
        Draft::new("一天内更新", "fresh", &["updated_at"]).params(params(1)),
        Draft::new("不晚于当前", "not_future", &["updated_at"]),
        Draft::new("姓名二至四字", "pattern", &["name"]).params(Params {
            pattern: Some(r"\p{Han}{2,4}".into()),
            ..Params::default()
        }),
        Draft::new("至少三千行", "row_count_min", &[]).params(Params {
            min: Some(3_000.0),
            ..Params::default()
        }),
        Draft::new("可读取", "readable", &["name", "lost"]),
        Draft::new("证件号码一致", "equal_when", &["cert_no", "social_security_no"]).params(Params {
            when: Some("cert_type".into()),
            values: texts(&["111"]),
            ..Params::default()
        }),
        Draft::new("险种取值", "implies", &["payment_state"]).params(Params {
            when: Some("participation_state".into()),
            values: texts(&["3"]),
            allowed: texts(&["3"]),
            ..Params::default()
        }),
    ];
    let lost = PublishedItem {
        name: "lost".into(),
        ..entry.items[1].clone()
    };
    entry.items.push(lost);
    for draft in &drafts {
        draft.check(&entry).expect("a rule that can be");
    }
    let rules = rules(drafts);
    let scanned = table.scan(&entry, &rules, None).await;
    let outcome = |at: usize| (scanned.outcomes[at].checked, scanned.outcomes[at].failed);
    assert_eq!(
        outcome(0),
        (400, 400),
        "one row in five is a resident's, without employer"
    );
    assert_eq!(outcome(1), (1_600, 0));
    assert_eq!(outcome(2), (2_000, 0));
    assert!(outcome(3).1 > 1_900 && outcome(3).1 < 2_000);
    assert_eq!((outcome(5), outcome(6)), ((2_000, 0), (1, 1)));
    assert_eq!(
        (outcome(7), scanned.outcomes[7].found.as_deref()),
        ((1, 1), Some("lost"))
    );
    assert_eq!(outcome(8).1, 0);
    assert!(outcome(9).0 > 20 && outcome(9).1 == 0);
}

#[test]
fn qua_1_a_rule_that_cannot_be_is_refused_by_field() {
    let entry = entry(&generate::schema::INSURANCE);
    let refused = |draft: Draft| draft.check(&entry).expect_err("refused").fields[0].field.clone();
    assert_eq!(refused(Draft::new("", "not_null", &["name"])), "title");
    assert_eq!(refused(Draft::new("无此项", "not_null", &["no_such"])), "items");
    assert_eq!(refused(Draft::new("无此类", "no_such", &["name"])), "kind");
    assert_eq!(refused(Draft::new("两项", "order", &["name"])), "items");
    assert_eq!(refused(Draft::new("缺参数", "fresh", &["updated_at"])), "params.days");
    let broken = Params {
        pattern: Some("(".into()),
        ..Params::default()
    };
    assert_eq!(
        refused(Draft::new("坏正则", "pattern", &["name"]).params(broken)),
        "params.pattern"
    );
    let unknown = Params {
        code_set: Some("no_such".into()),
        ..Params::default()
    };
    assert_eq!(
        refused(Draft::new("无代码集", "code_set", &["name"]).params(unknown)),
        "params.code_set"
    );
}

#[test]
fn qua_1_the_library_has_every_category_and_a_test_for_every_kind() {
    let library = quality::kinds::library();
    assert_eq!(library.categories.len(), 6);
    assert!(library.kinds.len() >= 12);
    for category in &library.categories {
        assert!(
            library.kinds.iter().any(|k| k.category == category.name),
            "{}",
            category.name
        );
    }
    let entry = entry(&generate::schema::INSURANCE);
    for kind in &library.kinds {
        let items: &[&str] = match kind.items {
            quality::kinds::Items::None => &[],
            quality::kinds::Items::Two => &["name", "employer"],
            _ => &["name"],
        };
        let params = Params {
            min: Some(1.0),
            max: Some(9.0),
            days: Some(3),
            pattern: Some(".*".into()),
            code_set: Some("sex".into()),
            when: Some("cert_type".into()),
            values: vec!["111".into()],
            allowed: vec!["1".into()],
        };
        Draft::new(&kind.title, &kind.name, items)
            .params(params)
            .check(&entry)
            .expect(&kind.name);
    }
}

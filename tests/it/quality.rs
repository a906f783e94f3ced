//! Quality over its use-cases: a failing rule opens a work order, corrected
//! data closes it; reports by users; who sees what. On both stores.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType as ArrowType, Field, Schema};
use base::{PageQuery, ResourceId, WorkOrderId};
use catalog::model::{CollectionState, DataType, Grade, Opening, OpeningAttribute, Sharing, SharingAttribute};
use catalog::{AtRevision, Document, Item, NewResource, Review};
use it::{On, TestPlatform};
use lake::{LoadMode, TableName};
use quality::views::{NewWorkOrder, Run, Scope, WorkOrder};
use quality::{Draft, Quality};

fn document() -> Document {
    let item = |name: &str, title: &str, key: bool| Item {
        name: name.into(),
        title: title.into(),
        meaning: title.into(),
        data_type: Some(DataType::String),
        length: Some(64),
        grade: Some(Grade::L1),
        key,
        nullable: !key,
        ..Item::default()
    };
    Document {
        title: "特种设备使用登记证".into(),
        summary: "特种设备使用登记".into(),
        subject: "social_security".into(),
        format: "database".into(),
        data_type: "structured".into(),
        libraries: vec!["theme_social_security".into()],
        items: vec![
            item("certificate_no", "使用登记证编号", true),
            item("user_unit", "使用单位", false),
        ],
        sharing: Sharing {
            attribute: Some(SharingAttribute::Unconditional),
            modes: vec![catalog::model::SharingMode::Query],
            ..Sharing::default()
        },
        opening: Opening {
            attribute: Some(OpeningAttribute::Unconditional),
            ..Opening::default()
        },
        update_frequency: "monthly".into(),
        volume: Some(10),
        time_span: Some(catalog::model::TimeSpan {
            from: chrono::NaiveDate::from_ymd_opt(2016, 1, 1),
            to: None,
        }),
        grade: Some(Grade::L1),
        collection_state: Some(CollectionState::Collected),
        channels: vec!["interface".into()],
        ..Document::default()
    }
}

async fn published(p: &TestPlatform) -> ResourceId {
    let catalog = &p.platform.state().catalog;
    let new = NewResource {
        provider_id: None,
        document: document(),
    };
    let id = catalog.create(&p.cataloguer(), new).await.expect("a draft").head.id;
    catalog
        .submit(&p.cataloguer(), &id, AtRevision::default())
        .await
        .expect("submitted");
    let timeline = catalog
        .timeline(&p.reviewer(), &id)
        .await
        .expect("the review")
        .expect("one runs");
    let seen = catalog.resource(&p.reviewer(), &id, None).await.expect("seen");
    let step_id = timeline.steps[0].id.clone();
    let review = Review {
        outcome: "publish".into(),
        reason: None,
        step_id,
        revision: seen.head.revision,
    };
    catalog.review(&p.reviewer(), &id, review).await.expect("published");
    id
}

/// The table holds these rows from now on.
async fn load(p: &TestPlatform, resource: &ResourceId, batch: &str, units: &[Option<&str>]) {
    let lake = &p.platform.state().lake;
    let table = TableName::new(resource.as_str()).expect("a name");
    let fields = ["certificate_no", "user_unit"].map(|name| Field::new(name, ArrowType::Utf8, true));
    let schema = lake
        .prepare(&table, &Schema::new(fields.to_vec()))
        .await
        .expect("prepared");
    let staging = lake.stage(&table, schema.clone(), batch).await.expect("staged");
    let mut writer = staging.writer().expect("a writer");
    let numbers: Vec<String> = (0..units.len()).map(|n| format!("梯11浙A{n:08}")).collect();
    let columns: Vec<ArrayRef> = schema
        .fields()
        .iter()
        .map(|f| match f.name().as_str() {
            "certificate_no" => Arc::new(StringArray::from(numbers.clone())) as ArrayRef,
            "user_unit" => Arc::new(StringArray::from(units.to_vec())),
            lake::BATCH_COLUMN => Arc::new(StringArray::from(vec![batch; units.len()])),
            _ => Arc::new(Int64Array::from_iter_values(2..units.len() as i64 + 2)),
        })
        .collect();
    writer
        .write(&RecordBatch::try_new(schema, columns).expect("rows"))
        .await
        .expect("written");
    let files = writer.close().await.expect("closed");
    let keys = ["certificate_no".to_owned()];
    staging
        .commit(files, LoadMode::Snapshot, &keys, p.clock_now())
        .await
        .expect("committed");
}

trait Now {
    fn clock_now(&self) -> base::Moment;
}
impl Now for TestPlatform {
    fn clock_now(&self) -> base::Moment {
        self.system().now()
    }
}

fn quality(p: &TestPlatform) -> Quality {
    p.platform.state().quality.clone()
}

async fn check(p: &TestPlatform, resource: &ResourceId, scope: Scope) -> Run {
    let run = quality(p)
        .start_run(&p.data_manager(), resource, scope)
        .await
        .expect("queued");
    assert_eq!(run.state, "queued");
    p.run_until_quiet().await;
    quality(p).run(&p.data_manager(), &run.id).await.expect("the run")
}

async fn open_orders(p: &TestPlatform) -> Vec<WorkOrder> {
    let query = quality::OrderQuery {
        state: Some("open".into()),
        ..Default::default()
    };
    quality(p)
        .orders(&p.data_manager(), &query, &PageQuery::default())
        .await
        .expect("orders")
        .items
}

#[tokio::test(flavor = "multi_thread")]
async fn qua_2_a_failing_rule_opens_a_work_order_and_corrected_data_closes_it() {
    for on in [On::Sqlite, On::Postgres] {
        let p = TestPlatform::start(on).await;
        let resource = published(&p).await;
        let none = quality(&p).start_run(&p.data_manager(), &resource, Scope::Full).await;
        assert_eq!(none.expect_err("nothing was loaded").code(), "quality.no_data");

        load(&p, &resource, "bat_1", &[Some("甲厂"), None, Some("丙厂"), None]).await;
        let rule = Draft::new("使用单位不为空", "not_null", &["user_unit"]);
        let rule = quality(&p)
            .create_rule(&p.data_manager(), &resource, rule)
            .await
            .expect("a rule");
        let first = check(&p, &resource, Scope::Full).await;
        assert_eq!((first.state.as_str(), first.rows), ("done", Some(4)));
        assert!(first.score.expect("a score") < 100.0);
        let result = first.results.iter().find(|r| r.rule_id == rule.id).expect("its result");
        assert_eq!((result.checked, result.failed, result.ratio), (4, 2, 0.5));
        assert_eq!(result.sample.len(), 2);
        let others = first.results.iter().filter(|r| r.rule_id != rule.id);
        assert!(
            others.clone().count() >= 4 && others.clone().all(|r| r.failed == 0),
            "the proposed rules pass"
        );

        let order = result.work_order_id.clone().expect("a work order");
        let seen = quality(&p).order(&p.data_manager(), &order).await.expect("the order");
        assert_eq!(
            (seen.state.as_str(), seen.failed),
            ("correcting", Some(2)),
            "what a check finds is accepted at once"
        );
        let timeline = seen.timeline.expect("its timeline");
        let step = timeline
            .steps
            .iter()
            .find(|s| s.closed_at.is_none())
            .expect("an open step");
        assert!(step.clock.is_some(), "correction has a deadline");

        check(&p, &resource, Scope::Full).await;
        assert_eq!(open_orders(&p).await.len(), 1, "one order for one rule");

        load(
            &p,
            &resource,
            "bat_2",
            &[Some("甲厂"), Some("乙厂"), Some("丙厂"), None],
        )
        .await;
        quality(&p)
            .recheck(&p.data_manager(), &order)
            .await
            .expect("a check is queued");
        p.run_until_quiet().await;
        let still = quality(&p).order(&p.data_manager(), &order).await.expect("the order");
        assert_eq!(
            (still.state.as_str(), still.failed),
            ("correcting", Some(1)),
            "a failed re-check leads back"
        );

        load(&p, &resource, "bat_3", &[Some("甲厂"), Some("乙厂")]).await;
        let new = check(&p, &resource, Scope::New).await;
        assert_eq!(new.rows, Some(2));
        assert_eq!(
            open_orders(&p).await.len(),
            1,
            "new rows that pass say nothing of the old ones"
        );
        quality(&p)
            .recheck(&p.data_manager(), &order)
            .await
            .expect("a check is queued");
        p.run_until_quiet().await;
        let closed = quality(&p).order(&p.data_manager(), &order).await.expect("the order");
        assert_eq!((closed.state.as_str(), closed.failed), ("closed", Some(0)));
        let kinds: Vec<String> = p
            .platform
            .state()
            .store
            .entries_of(order.as_str())
            .await
            .expect("entries")
            .into_iter()
            .map(|e| e.kind)
            .collect();
        assert!(
            kinds.contains(&"quality.work_order_opened".to_owned())
                && kinds.contains(&"quality.work_order_closed".to_owned()),
            "{kinds:?}"
        );
        let figures = quality(&p).overview(&p.data_manager()).await.expect("figures");
        assert_eq!(
            (figures.orders_open, figures.orders_closed, figures.resources),
            (0, 1, 1)
        );
        assert_eq!(figures.problem_rate, Some(0.0));
        p.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn qua_2_a_user_reports_and_the_provider_answers_under_a_name() {
    for on in [On::Sqlite, On::Postgres] {
        let p = TestPlatform::start(on).await;
        let resource = published(&p).await;
        let report = |title: &str, description: &str| NewWorkOrder {
            resource_id: resource.0.clone(),
            title: title.into(),
            description: description.into(),
        };
        let empty = quality(&p)
            .report(&p.applicant(), report("", ""))
            .await
            .expect_err("refused");
        assert_eq!(empty.fields.len(), 2);
        assert_eq!(
            quality(&p)
                .report(&p.anonymous(), report("a", "b"))
                .await
                .expect_err("refused")
                .kind
                .status,
            401
        );
        let order = quality(&p)
            .report(&p.applicant(), report("登记机关有误", "某证的登记机关已更名"))
            .await
            .expect("reported");
        let id: WorkOrderId = order.id.clone();
        assert_eq!(
            (order.state.as_str(), order.actions.len()),
            ("reported", 0),
            "the reporter decides nothing"
        );
        let other = p.person("other", &p.cast.opener, &[base::Role::DataManager]);
        assert_eq!(
            quality(&p)
                .order(&other, &id)
                .await
                .expect_err("not theirs")
                .kind
                .status,
            404
        );
        assert_eq!(
            quality(&p)
                .accept(&other, &id)
                .await
                .expect_err("not theirs")
                .kind
                .status,
            404
        );

        let accepted = quality(&p).accept(&p.data_manager(), &id).await.expect("accepted");
        assert_eq!(accepted.state, "correcting");
        assert_eq!(
            quality(&p)
                .accept(&p.data_manager(), &id)
                .await
                .expect_err("twice")
                .code(),
            "quality.work_order_state"
        );
        let silent = quality(&p)
            .explain(&p.data_manager(), &id, Some("  ".into()))
            .await
            .expect_err("no explanation");
        assert_eq!(silent.code(), "quality.explanation_required");
        let explained = quality(&p)
            .explain(&p.data_manager(), &id, Some("登记时的名称，依规定不变更".into()))
            .await
            .expect("explained");
        assert_eq!(explained.state, "explained");
        let seen = quality(&p)
            .order(&p.applicant(), &id)
            .await
            .expect("the reporter sees it");
        assert_eq!(seen.text.as_deref(), Some("某证的登记机关已更名"));

        let second = quality(&p)
            .report(&p.applicant(), report("单位名称有误", "缺字"))
            .await
            .expect("reported");
        quality(&p)
            .accept(&p.data_manager(), &second.id)
            .await
            .expect("accepted");
        p.advance_working_days(2);
        let done = quality(&p)
            .respond(&p.data_manager(), &second.id, Some("已更正".into()))
            .await
            .expect("answered");
        assert_eq!(done.state, "closed");
        assert!(done.age_days >= 2);
        p.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn qua_1_rules_are_the_providers_and_change_by_revision() {
    let p = TestPlatform::start(On::Sqlite).await;
    let resource = published(&p).await;
    let other = p.person("other", &p.cast.opener, &[base::Role::DataManager]);
    let draft = || Draft::new("使用单位不为空", "not_null", &["user_unit"]);
    assert_eq!(
        quality(&p)
            .create_rule(&other, &resource, draft())
            .await
            .expect_err("not theirs")
            .kind
            .status,
        403
    );
    let rule = quality(&p)
        .create_rule(&p.data_manager(), &resource, draft())
        .await
        .expect("a rule");
    let change = |revision| -> quality::views::ChangeRule {
        serde_json::from_value(serde_json::json!({ "revision": revision, "enabled": false })).expect("a change")
    };
    let changed = quality(&p)
        .change_rule(&p.data_manager(), &rule.id, change(1))
        .await
        .expect("changed");
    assert!(!changed.enabled && changed.revision == 2);
    let late = quality(&p)
        .change_rule(&p.data_manager(), &rule.id, change(1))
        .await
        .expect_err("somebody was faster");
    assert_eq!(late.code(), "quality.rule_changed");
    let rules = quality(&p).rules(&p.data_manager(), &resource).await.expect("rules");
    assert!(rules.len() >= 5, "the proposed ones were adopted too");
    p.close().await;
}

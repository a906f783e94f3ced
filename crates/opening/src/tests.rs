//! The use-cases on a real store, a real lake, with the real policies, rule
//! set, procedures and catalog.

use std::sync::Arc;

use base::{Actor, Chance, Ctx, DataUserId, InstitutionId, ManualClock, Moment, PersonId, ResourceId, Role};
use catalog::model::{
    CollectionState, DataType, Document, Grade, Item, Opening as OpeningTerms, OpeningAttribute, Sharing,
    SharingAttribute, SharingMode,
};
use catalog::{AtRevision, Catalog, NewResource, Review, Withdraw};
use db::{Followers, Jobs, Store};
use identity::institutions::{InstitutionForm, Kind};
use identity::{Authorizer, Identity, Node};
use lake::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lake::arrow::datatypes::{DataType as ArrowType, Field, Schema};
use lake::{Lake, LakeConfig, LoadMode, TableName};
use procedure::{NoDirectory, Procedures};
use serde_json::json;

use crate::ckan::{self, CkanError, params::Params};
use crate::matters::{Answer, Decision, OpinionForm, WithdrawalForm};
use crate::model::{ItemTreatment, Treatment};
use crate::rows::{Condition, RowsQuery};
use crate::states::State;
use crate::{Opening, Parts, Site, Upkeep};

struct Fixture {
    opening: Opening,
    catalog: Catalog,
    lake: Lake,
    store: Store,
    followers: Followers,
    jobs: Jobs,
    clock: ManualClock,
    ctx: Ctx,
    authority: InstitutionId,
    opener: InstitutionId,
    other: InstitutionId,
    folder: Arc<tempfile::TempDir>,
}

async fn fixture() -> Fixture {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let clock = ManualClock::at(Moment::parse("2026-03-06T09:30:00+08:00").expect("a moment"));
    let ctx = Ctx::new(Actor::System, Arc::new(clock.clone()), Chance::seeded(7));
    build(folder, clock, ctx, None).await
}

/// `cast` is given on a restart: the institutions stand in the store already.
async fn build(
    folder: Arc<tempfile::TempDir>,
    clock: ManualClock,
    ctx: Ctx,
    cast: Option<[InstitutionId; 3]>,
) -> Fixture {
    let url = format!("sqlite://{}/test.db", folder.path().display());
    build_on(&url, folder, clock, ctx, cast).await
}

/// On a PostgreSQL database of its own, which goes with the cluster.
async fn fixture_on_postgres() -> Fixture {
    use sea_orm::ConnectionTrait;
    let server = std::env::var("SHUQIAO_TEST_POSTGRES")
        .expect("SHUQIAO_TEST_POSTGRES names a PostgreSQL cluster; `cargo xtask test rust` makes one");
    let name = format!("t_{}", Ctx::system().ulid().to_lowercase());
    let conn = sea_orm::Database::connect(format!("{server}/postgres"))
        .await
        .expect("the cluster");
    conn.execute_unprepared(&format!("CREATE DATABASE \"{name}\""))
        .await
        .expect("a database of the test's own");
    let clock = ManualClock::at(Moment::parse("2026-03-06T09:30:00+08:00").expect("a moment"));
    let ctx = Ctx::new(Actor::System, Arc::new(clock.clone()), Chance::seeded(7));
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    build_on(&format!("{server}/{name}"), folder, clock, ctx, None).await
}

async fn build_on(
    url: &str,
    folder: Arc<tempfile::TempDir>,
    clock: ManualClock,
    ctx: Ctx,
    cast: Option<[InstitutionId; 3]>,
) -> Fixture {
    let migrations = [
        identity::migrations(),
        procedure::migrations(),
        catalog::migrations(),
        crate::migrations(),
    ]
    .concat();
    let store = Store::connect(url, &ctx, &migrations).await.expect("the store opens");
    let identity = Identity {
        store: store.clone(),
        keys: Arc::new(crypto::NodeKeys::ephemeral(&ctx.chance)),
        authz: Authorizer::shipped().expect("the policies fit"),
        node: Arc::new(Node {
            name: "测试".into(),
            division: "330000".into(),
            rule_set: "zhejiang-2022".into(),
        }),
        rule_set_title: "测试".into(),
        secure_cookies: false,
    };
    let law = law::Law::embedded("zhejiang-2022").expect("the rule set parses");
    let procedures = Procedures::new(store.clone(), law, Arc::new(NoDirectory));
    let catalog = Catalog::new(
        store.clone(),
        identity.clone(),
        procedures.clone(),
        &folder.path().join("index"),
    )
    .expect("the catalog opens");
    let lake = Lake::open(LakeConfig::local(folder.path()).expect("a place")).expect("the lake opens");
    let opening = Opening::new(Parts {
        store: store.clone(),
        identity: identity.clone(),
        catalog: catalog.clone(),
        procedures,
        lake: lake.clone(),
        site: Site {
            base: "http://portal".into(),
            title: "开放".into(),
            publisher: "省大数据局".into(),
        },
        files: folder.path().join("opening"),
    });
    let upkeep = Upkeep {
        opening: opening.clone(),
        ctx: ctx.clone(),
    };
    let followers = Followers::new(store.clone(), vec![catalog.follower(), Arc::new(upkeep)]);
    let jobs = Jobs::new(store.clone(), vec![opening.publisher()]);
    jobs.recover().await.expect("recovered");
    let make = async |name: &str, kind| {
        let form = InstitutionForm {
            name: name.into(),
            short_name: name.into(),
            kind,
            division: None,
            parent_id: None,
            uscc: None,
            responsible: Default::default(),
        };
        identity
            .create_institution(&ctx, form)
            .await
            .expect("an institution")
            .id
    };
    let [authority, opener, other] = match cast {
        Some(cast) => cast,
        None => [
            make("省大数据局", Kind::Authority).await,
            make("省市场监管局", Kind::StateOrgan).await,
            make("省医保局", Kind::StateOrgan).await,
        ],
    };
    Fixture {
        opening,
        catalog,
        lake,
        store,
        followers,
        jobs,
        clock,
        ctx,
        authority,
        opener,
        other,
        folder,
    }
}

fn item(name: &str, title: &str, data_type: DataType, key: bool) -> Item {
    Item {
        name: name.into(),
        title: title.into(),
        data_type: Some(data_type),
        length: Some(40),
        grade: Some(Grade::L1),
        key,
        ..Item::default()
    }
}

fn document(opening: OpeningAttribute) -> Document {
    Document {
        title: "特种设备使用登记证".into(),
        summary: "登记的特种设备".into(),
        subject: "market".into(),
        format: "database".into(),
        data_type: "structured".into(),
        items: vec![
            item("reg_no", "登记证编号", DataType::String, true),
            item("unit", "使用单位", DataType::String, false),
            item("qty", "数量", DataType::Integer, false),
        ],
        sharing: Sharing {
            attribute: Some(SharingAttribute::Unconditional),
            modes: vec![SharingMode::Query],
            ..Sharing::default()
        },
        opening: OpeningTerms {
            attribute: Some(opening),
            condition: (opening == OpeningAttribute::Restricted).then(|| "经授权".into()),
            ..OpeningTerms::default()
        },
        update_frequency: "daily".into(),
        grade: Some(Grade::L1),
        collection_state: Some(CollectionState::Collected),
        channels: vec!["portal".into()],
        ..Document::default()
    }
}

impl Fixture {
    fn person(&self, id: &str, institution: &InstitutionId, role: Role) -> Ctx {
        self.ctx.as_actor(Actor::Person {
            id: PersonId(format!("per_{id}")),
            institution: institution.clone(),
            roles: vec![role],
        })
    }
    fn approver(&self) -> Ctx {
        self.person("approver", &self.opener, Role::Approver)
    }
    fn reviewer(&self) -> Ctx {
        self.person("reviewer", &self.authority, Role::Reviewer)
    }
    fn user(&self, id: &str) -> Ctx {
        self.ctx.as_actor(Actor::DataUser {
            id: DataUserId(format!("usr_{id}")),
        })
    }

    async fn published(&self, opening: OpeningAttribute) -> ResourceId {
        let cataloguer = self.person("cataloguer", &self.opener, Role::Cataloguer);
        let new = NewResource {
            provider_id: None,
            document: document(opening),
        };
        let made = self.catalog.create(&cataloguer, new).await.expect("a draft");
        let id = made.head.id.clone();
        self.catalog
            .submit(&cataloguer, &id, AtRevision::default())
            .await
            .expect("submitted");
        let reviewer = self.reviewer();
        let under_review = self.catalog.resource(&reviewer, &id, None).await.expect("seen");
        let timeline = self
            .catalog
            .timeline(&reviewer, &id)
            .await
            .expect("a timeline")
            .expect("a review");
        let step = timeline
            .steps
            .iter()
            .find(|s| s.closed_at.is_none())
            .expect("an open step");
        let review = Review {
            outcome: "publish".into(),
            reason: None,
            step_id: step.id.clone(),
            revision: under_review.head.revision,
        };
        self.catalog.review(&reviewer, &id, review).await.expect("published");
        id
    }

    async fn load(&self, id: &ResourceId, batch: &str, rows: &[(&str, &str, i64)]) {
        let table = TableName::new(id.as_str()).expect("a name");
        let items = Schema::new(vec![
            Field::new("reg_no", ArrowType::Utf8, true),
            Field::new("unit", ArrowType::Utf8, true),
            Field::new("qty", ArrowType::Int64, true),
        ]);
        let schema = self.lake.prepare(&table, &items).await.expect("prepared");
        let staging = self.lake.stage(&table, schema.clone(), batch).await.expect("staged");
        let n = rows.len();
        let columns: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .map(|f| match f.name().as_str() {
                "reg_no" => Arc::new(rows.iter().map(|r| Some(r.0)).collect::<StringArray>()) as ArrayRef,
                "unit" => Arc::new(rows.iter().map(|r| Some(r.1)).collect::<StringArray>()),
                "qty" => Arc::new(rows.iter().map(|r| Some(r.2)).collect::<Int64Array>()),
                name if name == lake::BATCH_COLUMN => Arc::new(StringArray::from(vec![batch; n])),
                _ => Arc::new(Int64Array::from((0..n as i64).collect::<Vec<_>>())),
            })
            .collect();
        let mut writer = staging.writer().expect("a writer");
        let rows = RecordBatch::try_new(schema, columns).expect("a batch");
        writer.write(&rows).await.expect("written");
        let files = writer.close().await.expect("closed");
        staging
            .commit(files, LoadMode::Append, &[], self.ctx.now())
            .await
            .expect("committed");
    }

    /// Until neither followers nor jobs have anything left.
    async fn quiet(&self) {
        while self.followers.catch_up().await.expect("caught up")
            + self.jobs.run_until_empty(&self.ctx).await.expect("jobs ran")
            > 0
        {}
    }

    /// The story's dataset, open.
    async fn opened(&self) -> ResourceId {
        let id = self.published(OpeningAttribute::Unconditional).await;
        self.load(
            &id,
            "b1",
            &[("A1", "=甲公司", 3), ("A2", "乙公司", 1), ("A3", "丙公司", 2)],
        )
        .await;
        self.opening.publish(&self.approver(), &id).await.expect("opened");
        self.quiet().await;
        id
    }

    async fn state(&self, id: &ResourceId) -> State {
        self.opening
            .shelf()
            .await
            .expect("shelf")
            .get(id.as_str())
            .expect("on the shelf")
            .state
    }
    async fn keys(&self, id: &ResourceId, query: RowsQuery) -> base::Result<Vec<String>> {
        let shelf = self.opening.shelf().await?;
        let d = shelf.get(id.as_str()).expect("on the shelf").clone();
        let found = self.opening.rows(&d, &RowsQuery { limit: 10, ..query }).await?;
        Ok(found
            .rows
            .iter()
            .map(|r| r["reg_no"].as_str().unwrap_or_default().to_owned())
            .collect())
    }
    async fn csv(&self, id: &ResourceId) -> String {
        let shelf = self.opening.shelf().await.expect("shelf");
        let d = shelf.get(id.as_str()).expect("on the shelf");
        let path = crate::files::path_of(
            &self.opening.directory(&d.id, &d.publication_id),
            crate::files::Format::Csv,
        );
        std::fs::read_to_string(path).expect("the file")
    }
    async fn decide(&self, ctx: &Ctx, id: &str, outcome: &str, treatment: Option<Treatment>) -> base::Result<()> {
        let view = self.opening.withdrawal(ctx, id).await?;
        let open = view
            .timelines
            .iter()
            .flat_map(|t| &t.steps)
            .find(|s| s.closed_at.is_none());
        let step_id = open.map(|s| s.id.clone()).unwrap_or_default();
        let reason = Some("已核实".to_owned());
        self.opening
            .decide_withdrawal(
                ctx,
                id,
                Decision {
                    step_id,
                    outcome: outcome.into(),
                    reason,
                    treatment,
                },
            )
            .await
    }
    async fn ask(&self, user: &Ctx, id: &ResourceId, key: Option<&str>) -> String {
        let form = WithdrawalForm {
            dataset_id: id.0.clone(),
            kind: "commercial_secret".into(),
            record_key: key.map(str::to_owned),
            reason: "泄露商业秘密".into(),
            evidence: None,
        };
        self.opening.ask_withdrawal(user, form).await.expect("asked").0
    }
    async fn ckan(&self, action: &str, params: serde_json::Value) -> Result<serde_json::Value, CkanError> {
        ckan::call(
            &self.opening,
            &self.ctx,
            action,
            &Params::from_json(params).expect("params"),
        )
        .await
    }
    async fn ledger(&self) -> Vec<String> {
        self.store
            .entries(0, 1_000)
            .await
            .expect("entries")
            .into_iter()
            .map(|e| e.kind)
            .collect()
    }
}

fn code<T>(result: base::Result<T>) -> &'static str {
    result.map(|_| ()).map_err(|e| e.code()).expect_err("refused")
}

#[tokio::test]
async fn opn_2_an_opened_entry_is_found_previewed_and_downloaded_through_every_door() {
    let f = fixture().await;
    let id = f.opened().await;
    assert_eq!(f.state(&id).await, State::Open);
    assert!(f.csv(&id).await.contains("A1,'=甲公司,3\r\n"), "formulas are guarded");

    let by_qty = RowsQuery {
        sort: vec![("qty".into(), true)],
        ..RowsQuery::default()
    };
    assert_eq!(f.keys(&id, by_qty).await.expect("rows"), ["A1", "A3", "A2"]);
    let filtered = RowsQuery {
        conditions: vec![Condition::parse("qty:ge:2").expect("a condition")],
        contains: Some("丙".into()),
        ..RowsQuery::default()
    };
    assert_eq!(f.keys(&id, filtered).await.expect("rows"), ["A3"]);

    let names = f.ckan("package_list", json!({})).await.expect("list");
    assert_eq!(names, json!(["te-zhong-she-bei-shi-yong-deng-ji-zheng"]));
    let table = format!("{id}.csv");
    let rows = f
        .ckan(
            "datastore_search",
            json!({ "resource_id": table, "filters": { "unit": "乙公司" } }),
        )
        .await;
    assert_eq!(rows.expect("rows")["records"][0]["reg_no"], "A2");
    let found = f
        .ckan("package_search", json!({ "q": "特种设备" }))
        .await
        .expect("found");
    assert_eq!(found["count"], 1);

    let head = f
        .opening
        .page_head("te-zhong-she-bei-shi-yong-deng-ji-zheng")
        .await
        .expect("a head");
    assert!(head.noscript_html.contains("乙公司") && head.json_ld.contains("\"Dataset\""));
    assert!(f.ledger().await.iter().any(|k| k == "opening.publication_built"));
}

#[tokio::test]
async fn opn_3_what_is_not_for_unconditional_opening_cannot_be_opened() {
    let f = fixture().await;
    let id = f.published(OpeningAttribute::Unconditional).await;
    assert_eq!(code(f.opening.publish(&f.approver(), &id).await), "opening.no_data");
    f.load(&id, "b1", &[("A1", "甲", 1)]).await;
    let stranger = f.person("x", &f.other, Role::Approver);
    assert_eq!(code(f.opening.publish(&stranger, &id).await), "not_found");
    assert_eq!(code(f.opening.publish(&f.user("u"), &id).await), "not_found");
}

#[tokio::test]
async fn opn_2_a_new_load_is_published_by_itself() {
    let f = fixture().await;
    let id = f.opened().await;
    f.load(&id, "b2", &[("A4", "丁公司", 9)]).await;
    let mut tx = f.store.begin(&f.ctx).await.expect("tx");
    tx.append(ledger::Entry::new("collection.loaded", "bat_1").put("resource", id.as_str()));
    tx.commit().await.expect("commit");
    f.quiet().await;
    assert_eq!(
        f.keys(&id, RowsQuery::default()).await.expect("rows"),
        ["A1", "A2", "A3", "A4"]
    );
    assert!(f.csv(&id).await.contains("A4"));
}

#[tokio::test]
async fn opn_9_a_firm_asks_the_provider_suspends_treats_and_reopens_and_the_firm_is_told() {
    withdrawal_story(fixture().await).await;
}
#[tokio::test]
async fn opn_9_the_same_on_postgresql() {
    withdrawal_story(fixture_on_postgres().await).await;
}

async fn withdrawal_story(f: Fixture) {
    let id = f.opened().await;
    let (firm, approver) = (f.user("firm"), f.approver());
    let pass = f.opening.doors().pass(id.as_str()).expect("open");
    let asked = f.ask(&firm, &id, Some("A2")).await;
    assert!(pass.holds(), "asking shuts nothing");

    f.decide(&approver, &asked, "suspend", None).await.expect("suspended");
    assert!(!pass.holds(), "a download under way is cut at its next chunk");
    assert_eq!(f.state(&id).await, State::Suspended);
    assert_eq!(code(f.keys(&id, RowsQuery::default()).await), "opening.suspended");
    assert!(matches!(
        f.ckan("package_show", json!({ "id": id.0 })).await,
        Err(CkanError::NotFound)
    ));
    assert_eq!(f.ckan("package_list", json!({})).await.expect("list"), json!([]));
    let shelf = f.opening.shelf().await.expect("shelf");
    assert_eq!(shelf.open().count(), 0, "DCAT lists what is open");
    drop(shelf);

    let treatment = Treatment {
        items: vec![],
        rows: vec!["A2".into()],
    };
    f.decide(&approver, &asked, "treat", Some(treatment))
        .await
        .expect("treated");
    assert_eq!(
        f.state(&id).await,
        State::Treating,
        "shut until the treated files stand"
    );
    assert!(f.keys(&id, RowsQuery::default()).await.is_err());
    f.quiet().await;
    assert_eq!(f.state(&id).await, State::Open);
    assert_eq!(f.keys(&id, RowsQuery::default()).await.expect("rows"), ["A1", "A3"]);
    assert!(!f.csv(&id).await.contains("乙公司"));
    assert!(!pass.holds(), "what was cut stays cut");

    let told = f.opening.withdrawal(&firm, &asked).await.expect("the firm's own");
    assert_eq!(
        (told.state.as_str(), told.outcome.as_deref()),
        ("ended", Some("treated"))
    );
    assert_eq!(told.answer.as_deref(), Some("已核实"));
    assert!(told.may_ask_review);
    assert_eq!(
        code(f.opening.withdrawal(&f.user("somebody"), &asked).await.map(|_| ())),
        "not_found"
    );
}

#[tokio::test]
async fn opn_9_the_authority_reviews_once_what_the_person_disagrees_with() {
    let f = fixture().await;
    let id = f.opened().await;
    let (firm, approver) = (f.user("firm"), f.approver());
    let asked = f.ask(&firm, &id, None).await;
    assert_eq!(code(f.opening.ask_review(&firm, &asked, "不服").await), "conflict");
    f.decide(&approver, &asked, "continue", None).await.expect("stays open");
    f.decide(&approver, &asked, "keep", None).await.expect("kept");
    f.opening
        .ask_review(&firm, &asked, "数据仍然有误")
        .await
        .expect("a review");
    assert_eq!(
        code(f.opening.ask_review(&firm, &asked, "再来").await),
        "opening.review_running"
    );
    f.decide(&f.reviewer(), &asked, "withdraw", None)
        .await
        .expect("decided");
    assert_eq!(f.state(&id).await, State::Withdrawn);
    assert_eq!(code(f.keys(&id, RowsQuery::default()).await), "opening.withdrawn");
}

#[tokio::test]
async fn opn_9_two_requests_both_hold_the_dataset_until_both_are_decided() {
    let f = fixture().await;
    let id = f.opened().await;
    let approver = f.approver();
    let one = f.ask(&f.user("one"), &id, Some("A1")).await;
    let two = f.ask(&f.user("two"), &id, Some("A2")).await;
    f.decide(&approver, &one, "suspend", None).await.expect("shut");
    f.decide(&approver, &two, "suspend", None).await.expect("shut as well");
    assert_eq!(code(f.decide(&approver, &one, "restore", None).await), "opening.held");
    assert_eq!(
        code(f.opening.restore(&approver, id.as_str(), "风险消除", None).await),
        "opening.held"
    );
    f.decide(&approver, &two, "withdraw", None).await.expect("withdrawn");
    assert_eq!(f.state(&id).await, State::Withdrawn);
}

#[tokio::test]
async fn opn_9_a_unit_that_sees_a_risk_suspends_by_itself_and_masks_what_is_sensitive() {
    let f = fixture().await;
    let id = f.opened().await;
    let approver = f.approver();
    assert_eq!(
        code(f.opening.suspend(&f.user("u"), id.as_str(), "风险").await),
        "not_found"
    );
    assert_eq!(code(f.opening.suspend(&approver, id.as_str(), " ").await), "invalid");
    f.opening
        .suspend(&approver, id.as_str(), "发现安全风险")
        .await
        .expect("suspended");
    assert_eq!(
        code(
            f.opening
                .suspend(&approver, "te-zhong-she-bei-shi-yong-deng-ji-zheng", "再次")
                .await
                .and(Err::<(), _>(base::Error::new(&base::error::CONFLICT)))
        ),
        "conflict"
    );

    let shelf = f.opening.shelf().await.expect("shelf");
    let unit = shelf
        .get(id.as_str())
        .expect("there")
        .item("unit")
        .expect("an item")
        .id
        .clone();
    drop(shelf);
    let unknown = Treatment {
        items: vec![ItemTreatment {
            item_id: unit.clone(),
            mask: Some("no_such".into()),
            drop: false,
        }],
        rows: vec![],
    };
    assert_eq!(
        code(f.opening.restore(&approver, id.as_str(), "已处理", Some(unknown)).await),
        "invalid"
    );
    let masked = Treatment {
        items: vec![ItemTreatment {
            item_id: unit,
            mask: Some("name".into()),
            drop: false,
        }],
        rows: vec![],
    };
    f.opening
        .restore(&approver, id.as_str(), "已处理", Some(masked))
        .await
        .expect("treated");
    f.quiet().await;
    assert_eq!(f.state(&id).await, State::Open);
    let csv = f.csv(&id).await;
    assert!(!csv.contains("乙公司") && csv.contains("A2,"), "{csv}");
}

#[tokio::test]
async fn opn_9_an_entry_withdrawn_from_the_catalog_is_shut_by_itself() {
    let f = fixture().await;
    let id = f.opened().await;
    let reason = Withdraw {
        reason: "目录调整".into(),
        revision: None,
    };
    f.catalog
        .withdraw(&f.reviewer(), &id, reason)
        .await
        .expect("withdrawn from the catalog");
    f.quiet().await;
    assert_eq!(f.state(&id).await, State::Suspended);
}

#[tokio::test]
async fn opn_2_killed_in_the_middle_of_a_publication_the_former_one_stays_whole() {
    let f = fixture().await;
    let id = f.opened().await;
    let before = f.csv(&id).await;
    f.load(&id, "b2", &[("A4", "丁公司", 9)]).await;
    f.opening.publish(&f.approver(), &id).await.expect("queued");
    // what a process that was killed leaves: half a file of the next publication
    let shelf = f.opening.shelf().await.expect("shelf");
    let current = shelf.get(id.as_str()).expect("there").publication_id.clone();
    let growing = f.folder.path().join("opening").join(id.as_str()).join("pub_x.growing");
    std::fs::create_dir_all(&growing).expect("a folder");
    std::fs::write(growing.join("data.csv"), "reg_no").expect("half a file");
    drop(shelf);

    let cast = [f.authority.clone(), f.opener.clone(), f.other.clone()];
    let (folder, clock, ctx) = (f.folder.clone(), f.clock.clone(), f.ctx.clone());
    // one process at a time holds the catalog's index
    drop(f);
    let again = build(folder, clock, ctx, Some(cast)).await;
    again.followers.catch_up().await.expect("caught up");
    let shelf = again.opening.shelf().await.expect("shelf");
    assert_eq!(shelf.get(id.as_str()).expect("there").publication_id, current);
    drop(shelf);
    assert_eq!(again.csv(&id).await, before, "the former publication, whole");
    assert_eq!(again.keys(&id, RowsQuery::default()).await.expect("rows").len(), 3);

    again.quiet().await;
    assert!(again.csv(&id).await.contains("A4"), "the job was taken up");
    assert!(!growing.exists(), "what was left over is swept away");
}

#[tokio::test]
async fn opn_7_an_opinion_is_settled_by_the_opener_with_a_deadline_of_ten_working_days() {
    let f = fixture().await;
    let id = f.opened().await;
    let citizen = f.user("citizen");
    let form = |kind: &str| OpinionForm {
        dataset_id: id.0.clone(),
        kind: kind.into(),
        text: "A2 的数量有误".into(),
    };
    assert_eq!(
        code(f.opening.give_opinion(&f.approver(), form("error")).await),
        "forbidden"
    );
    assert_eq!(
        code(
            f.opening
                .give_opinion(&f.ctx.as_actor(Actor::Anonymous), form("error"))
                .await
        ),
        "sign_in_required"
    );
    assert_eq!(
        code(f.opening.give_opinion(&citizen, form("nonsense")).await),
        "invalid"
    );
    let opinion = f.opening.give_opinion(&citizen, form("error")).await.expect("given");
    let seen = f
        .opening
        .opinion(&f.approver(), opinion.as_str())
        .await
        .expect("the opener sees it");
    let step = &seen.timeline.as_ref().expect("a timeline").steps[0];
    assert_eq!(step.clock.as_ref().expect("a clock").working_days, 10);
    let answer = || Answer {
        answer: "已更正".into(),
        adopt: true,
    };
    assert_eq!(
        code(
            f.opening
                .answer_opinion(&f.person("x", &f.other, Role::Approver), opinion.as_str(), answer())
                .await
        ),
        "not_found"
    );
    f.opening
        .answer_opinion(&f.approver(), opinion.as_str(), answer())
        .await
        .expect("answered");
    let told = f.opening.opinion(&citizen, opinion.as_str()).await.expect("told");
    assert_eq!((told.state.as_str(), told.answer.as_deref()), ("ended", Some("已更正")));
}

//! The use-cases on a real store, with the real policies, rule set, procedures
//! and index.

use std::sync::Arc;

use base::{Actor, Chance, Ctx, InstitutionId, ManualClock, Moment, PersonId, ResourceId, Role};
use identity::institutions::{InstitutionForm, Kind};
use identity::{Authorizer, Identity, Node};
use procedure::{NoDirectory, Procedures};
use sea_orm::{ConnectionTrait, Database};

use crate::model::{OpeningAttribute, SharingAttribute};
use crate::queries::ResourceFilter;
use crate::usecases::*;
use crate::validate::tests::complete;
use crate::views::Resource;
use crate::{Catalog, Document};

struct Fixture {
    catalog: Catalog,
    followers: db::Followers,
    store: db::Store,
    ctx: Ctx,
    authority: InstitutionId,
    provider: InstitutionId,
    other: InstitutionId,
    folder: tempfile::TempDir,
    database: Option<(String, String)>,
}

/// On SQLite, and on PostgreSQL where a cluster is named.
async fn fixtures() -> Vec<Fixture> {
    let mut all = vec![fixture(None).await];
    if let Ok(cluster) = std::env::var("SHUQIAO_TEST_POSTGRES") {
        all.push(fixture(Some(cluster)).await);
    }
    all
}

async fn fixture(cluster: Option<String>) -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::at(Moment::parse("2026-03-06T09:30:00+08:00").expect("a moment"));
    let ctx = Ctx::new(Actor::System, Arc::new(clock), Chance::seeded(7));
    let database = match cluster {
        None => None,
        Some(cluster) => {
            let name = format!("t_{}", Ctx::system().ulid().to_lowercase());
            let conn = Database::connect(format!("{cluster}/postgres"))
                .await
                .expect("the cluster");
            conn.execute_unprepared(&format!("CREATE DATABASE \"{name}\""))
                .await
                .expect("a database");
            Some((cluster, name))
        }
    };
    let url = match &database {
        None => format!("sqlite://{}/test.db", folder.path().display()),
        Some((cluster, name)) => format!("{cluster}/{name}"),
    };
    let migrations = [identity::migrations(), procedure::migrations(), crate::migrations()].concat();
    let store = db::Store::connect(&url, &ctx, &migrations)
        .await
        .expect("the store opens");
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
        procedures,
        &folder.path().join("index"),
    )
    .expect("it opens");
    let followers = db::Followers::new(store.clone(), vec![catalog.follower()]);
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
    let authority = make("省大数据局", Kind::Authority).await;
    let provider = make("省人力社保厅", Kind::StateOrgan).await;
    let other = make("省医保局", Kind::StateOrgan).await;
    Fixture {
        catalog,
        followers,
        store,
        ctx,
        authority,
        provider,
        other,
        folder,
        database,
    }
}

impl Fixture {
    async fn close(self) {
        self.store.close().await.expect("the store closes");
        if let Some((cluster, name)) = self.database {
            let conn = Database::connect(format!("{cluster}/postgres"))
                .await
                .expect("the cluster");
            conn.execute_unprepared(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"))
                .await
                .expect("it goes");
        }
    }
    fn person(&self, id: &str, institution: &InstitutionId, role: Role) -> Ctx {
        self.ctx.as_actor(Actor::Person {
            id: PersonId(format!("per_{id}")),
            institution: institution.clone(),
            roles: vec![role],
        })
    }
    fn cataloguer(&self) -> Ctx {
        self.person("cataloguer", &self.provider, Role::Cataloguer)
    }
    fn reviewer(&self) -> Ctx {
        self.person("reviewer", &self.authority, Role::Reviewer)
    }
    fn applicant(&self) -> Ctx {
        self.person("applicant", &self.other, Role::Applicant)
    }
    async fn draft(&self, document: Document) -> Resource {
        let new = NewResource {
            provider_id: None,
            document,
        };
        self.catalog.create(&self.cataloguer(), new).await.expect("a draft")
    }
    async fn submitted(&self, document: Document) -> Resource {
        let draft = self.draft(document).await;
        let id = &draft.head.id;
        self.catalog
            .submit(&self.cataloguer(), id, AtRevision::default())
            .await
            .expect("it is submitted")
    }
    async fn published(&self, document: Document) -> Resource {
        let submitted = self.submitted(document).await;
        self.review(&self.reviewer(), &submitted, "publish", None)
            .await
            .expect("it is published")
    }
    async fn step(&self, id: &ResourceId) -> String {
        let timeline = self
            .catalog
            .timeline(&self.reviewer(), id)
            .await
            .expect("a timeline")
            .expect("a review");
        timeline.steps.last().expect("a step").id.to_string()
    }
    async fn review(&self, ctx: &Ctx, r: &Resource, outcome: &str, reason: Option<&str>) -> base::Result<Resource> {
        let review = Review {
            outcome: outcome.into(),
            reason: reason.map(str::to_owned),
            step_id: self.step(&r.head.id).await,
            revision: r.head.revision,
        };
        self.catalog.review(ctx, &r.head.id, review).await
    }
    async fn save(&self, r: &Resource, document: Document) -> base::Result<Saved> {
        let save = SaveResource {
            revision: r.head.revision,
            document,
        };
        self.catalog.save(&self.cataloguer(), &r.head.id, save).await
    }
    async fn found(&self, ctx: &Ctx, q: &str) -> Vec<String> {
        self.followers.catch_up().await.expect("the index follows");
        let filter = ResourceFilter {
            q: Some(q.into()),
            ..ResourceFilter::default()
        };
        let page = self
            .catalog
            .list(ctx, &filter, &Default::default())
            .await
            .expect("a list");
        assert_eq!(page.total, page.items.len() as u64);
        page.items.into_iter().map(|r| r.head.title).collect()
    }
}

fn titled(title: &str) -> Document {
    Document {
        title: title.into(),
        ..complete()
    }
}
fn saved(saved: Saved) -> Resource {
    match saved {
        Saved::Saved(r) => *r,
        Saved::Conflict(_) => panic!("nobody else saved"),
    }
}

#[tokio::test]
async fn cat_1_the_institution_compiles_and_the_authority_of_its_level_reviews() {
    for f in fixtures().await {
        let entry = f.submitted(complete()).await;
        assert_eq!((entry.head.state.as_str(), entry.actions.len()), ("in_review", 0));
        let by_itself = f.review(&f.cataloguer(), &entry, "publish", None).await.unwrap_err();
        assert_eq!(by_itself.kind.status, 403, "nobody reviews their own");
        let silent = f.review(&f.reviewer(), &entry, "return", None).await.unwrap_err();
        assert_eq!(silent.kind.status, 422, "a return needs a reason");

        let returned = f
            .review(&f.reviewer(), &entry, "return", Some("共享条件不明确"))
            .await
            .expect("returned");
        assert_eq!(returned.head.state, "returned");
        let versions = f
            .catalog
            .versions(&f.cataloguer(), &entry.head.id)
            .await
            .expect("versions");
        assert_eq!(
            (versions[0].state.as_str(), versions[0].reason.as_deref()),
            ("returned", Some("共享条件不明确"))
        );

        let again = saved(
            f.save(&returned, titled("社会保险个人参保信息(修改)"))
                .await
                .expect("saved"),
        );
        assert_eq!((again.head.state.as_str(), again.head.version), ("draft", 2));
        let again = f
            .catalog
            .submit(&f.cataloguer(), &entry.head.id, AtRevision::default())
            .await
            .expect("submitted");
        let published = f
            .review(&f.reviewer(), &again, "publish", None)
            .await
            .expect("published");
        assert_eq!(
            (published.head.state.as_str(), published.head.version),
            ("published", 2)
        );

        let kinds: Vec<String> = f
            .store
            .entries_of(entry.head.id.as_str())
            .await
            .expect("entries")
            .into_iter()
            .map(|e| e.kind)
            .collect();
        for kind in [
            "catalog.created",
            "catalog.submitted",
            "catalog.returned",
            "catalog.edited",
            "catalog.published",
        ] {
            assert!(kinds.iter().any(|k| k == kind), "{kind} is missing from {kinds:?}");
        }
        f.close().await;
    }
}

#[tokio::test]
async fn cat_1_of_two_reviewers_who_decide_at_once_one_wins() {
    for f in fixtures().await {
        let entry = f.submitted(complete()).await;
        let second = f.person("second", &f.authority, Role::Reviewer);
        let first = f.reviewer();
        let (a, b) = tokio::join!(
            f.review(&first, &entry, "publish", None),
            f.review(&second, &entry, "return", Some("理由")),
        );
        assert!(a.is_ok() != b.is_ok(), "exactly one decision counts");
        let refused = a.err().or(b.err()).expect("one is refused");
        assert_eq!(refused.kind.status, 409, "{refused}");
        let decided = f.store.entries_of(entry.head.id.as_str()).await.expect("entries");
        let decisions = decided
            .iter()
            .filter(|e| matches!(e.kind.as_str(), "catalog.published" | "catalog.returned"));
        assert_eq!(decisions.count(), 1);
        f.close().await;
    }
}

#[tokio::test]
async fn cat_2_an_incomplete_entry_is_kept_as_a_draft_and_told_what_it_lacks_when_submitted() {
    for f in fixtures().await {
        let draft = f
            .draft(Document {
                title: "草稿".into(),
                ..Document::default()
            })
            .await;
        assert!(
            draft.head.code.starts_with("330000-") && draft.head.code.ends_with("-99-000001"),
            "{}",
            draft.head.code
        );
        let refused = f
            .catalog
            .submit(&f.cataloguer(), &draft.head.id, AtRevision::default())
            .await
            .unwrap_err();
        assert_eq!(refused.kind.status, 422);
        assert!(
            refused.fields.iter().any(|e| e.field == "sharing.attribute"),
            "{:?}",
            refused.fields
        );
        let still = f
            .catalog
            .resource(&f.cataloguer(), &draft.head.id, None)
            .await
            .expect("the draft");
        assert_eq!((still.head.state.as_str(), still.head.revision), ("draft", 1));
        f.close().await;
    }
}

#[tokio::test]
async fn cat_2_codes_are_unique_and_stay() {
    for f in fixtures().await {
        let mut codes = vec![];
        for n in 0..5 {
            codes.push(f.draft(titled(&format!("资源{n}"))).await.head.code);
        }
        let first = f.draft(titled("改领域")).await;
        let mut document = titled("改领域");
        document.subject = "market".into();
        let moved = saved(f.save(&first, document).await.expect("saved"));
        assert_eq!(moved.head.code, first.head.code, "a code does not follow its subject");
        codes.push(moved.head.code);
        let count = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), count);
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_every_version_is_kept_and_any_two_compare() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = entry.head.id.clone();
        let revising = f
            .catalog
            .revise(&f.cataloguer(), &id, AtRevision::default())
            .await
            .expect("revising");
        assert_eq!((revising.head.state.as_str(), revising.head.version), ("revising", 2));
        assert_eq!(revising.items, entry.items, "items keep their ids");
        let mut next = complete();
        next.items[1].title = "参保人姓名".into();
        saved(f.save(&revising, next).await.expect("saved"));

        let other = f
            .catalog
            .resource(&f.applicant(), &id, None)
            .await
            .expect("others see it");
        assert_eq!(
            (other.head.state.as_str(), other.head.version),
            ("published", 1),
            "the published version stays in force"
        );
        assert_eq!(
            f.catalog
                .resource(&f.applicant(), &id, Some(2))
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );

        let submitted = f
            .catalog
            .submit(&f.cataloguer(), &id, AtRevision::default())
            .await
            .expect("submitted");
        f.review(&f.reviewer(), &submitted, "publish", None)
            .await
            .expect("published");
        let found = f
            .catalog
            .compare(&f.applicant(), &id, 1, 2)
            .await
            .expect("both versions were public");
        assert_eq!(
            (
                found.fields.len(),
                found.items.len(),
                found.items[0].fields[0].path.as_str()
            ),
            (0, 1, "title")
        );
        let states: Vec<String> = f
            .catalog
            .versions(&f.applicant(), &id)
            .await
            .expect("versions")
            .into_iter()
            .map(|v| v.state)
            .collect();
        assert_eq!(states, ["published", "superseded"]);
        let published = f.catalog.published(&id).await.expect("in force");
        assert_eq!(
            (published.version, published.items[1].title.as_str()),
            (2, "参保人姓名")
        );
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_a_withdrawn_entry_is_out_of_force_and_still_there() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = entry.head.id.clone();
        let without = Withdraw {
            reason: "  ".into(),
            revision: None,
        };
        assert_eq!(
            f.catalog
                .withdraw(&f.cataloguer(), &id, without)
                .await
                .unwrap_err()
                .kind
                .status,
            422
        );
        let withdraw = Withdraw {
            reason: "职责调整".into(),
            revision: None,
        };
        let gone = f
            .catalog
            .withdraw(&f.cataloguer(), &id, withdraw)
            .await
            .expect("withdrawn");
        assert_eq!((gone.head.state.as_str(), gone.actions.len()), ("withdrawn", 0));
        assert_eq!(f.catalog.published(&id).await.unwrap_err().kind.status, 404);
        let kept = f
            .catalog
            .resource(&f.applicant(), &id, Some(1))
            .await
            .expect("it can be read");
        assert_eq!(kept.items.len(), 2);
        let again = f
            .catalog
            .revise(&f.cataloguer(), &id, AtRevision::default())
            .await
            .unwrap_err();
        assert_eq!(again.kind.code, "catalog.wrong_state");
        f.close().await;
    }
}

#[tokio::test]
async fn cat_4_two_who_edit_one_draft_lose_no_word() {
    for f in fixtures().await {
        let draft = f.draft(complete()).await;
        saved(f.save(&draft, titled("先保存的标题")).await.expect("the first saves"));
        let mut mine = titled("后保存的标题");
        mine.summary = "我写的摘要".into();
        let Saved::Conflict(conflict) = f.save(&draft, mine).await.expect("an answer") else {
            panic!("the second must not overwrite the first");
        };
        assert_eq!(
            (conflict.problem.status, conflict.problem.code.as_str()),
            (409, "catalog.revision_conflict")
        );
        assert_eq!(
            (conflict.current.head.title.as_str(), conflict.submitted.title.as_str()),
            ("先保存的标题", "后保存的标题")
        );
        let differs: Vec<&str> = conflict.differences.fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(differs, ["title", "summary"]);
        assert!(
            conflict.differences.items.is_empty(),
            "{:?}",
            conflict.differences.items
        );
        let merged = f
            .save(&conflict.current, *conflict.submitted)
            .await
            .expect("the merged text is saved");
        assert_eq!(saved(merged).head.title, "后保存的标题");
        f.close().await;
    }
}

#[tokio::test]
async fn cat_5_an_attribute_without_its_grounds_does_not_reach_the_authority() {
    for f in fixtures().await {
        let mut document = complete();
        document.sharing.attribute = Some(SharingAttribute::NotShared);
        let draft = f.draft(document).await;
        let refused = f
            .catalog
            .submit(&f.cataloguer(), &draft.head.id, AtRevision::default())
            .await
            .unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["sharing.grounds", "sharing.basis"]);
        f.close().await;
    }
}

#[tokio::test]
async fn drafts_are_seen_by_their_own_unit_and_the_authority_only() {
    for f in fixtures().await {
        let draft = f.draft(titled("未发布的草稿")).await;
        f.published(titled("已发布的资源")).await;
        let id = &draft.head.id;
        assert_eq!(
            f.catalog
                .resource(&f.applicant(), id, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let save = SaveResource {
            revision: 1,
            document: complete(),
        };
        let stranger = f.person("stranger", &f.other, Role::Cataloguer);
        assert_eq!(
            f.catalog.save(&stranger, id, save).await.err().map(|e| e.kind.status),
            Some(404)
        );
        assert_eq!(f.found(&f.applicant(), "发布").await, ["已发布的资源"]);
        assert_eq!(f.found(&f.cataloguer(), "发布").await.len(), 2);
        assert_eq!(f.found(&f.reviewer(), "发布").await.len(), 2);
        let anonymous = f.ctx.as_actor(Actor::Anonymous);
        let refused = f
            .catalog
            .list(&anonymous, &ResourceFilter::default(), &Default::default())
            .await
            .unwrap_err();
        assert_eq!(refused.kind.status, 401);
        f.close().await;
    }
}

#[tokio::test]
async fn the_index_and_the_detail_page_agree_on_who_sees_what() {
    use crate::search::{SearchQuery, Sort, Viewer};
    for f in fixtures().await {
        f.draft(titled("甲")).await;
        f.submitted(titled("乙")).await;
        let entry = f.published(titled("丙")).await;
        f.catalog
            .revise(&f.cataloguer(), &entry.head.id, AtRevision::default())
            .await
            .expect("revising");
        let gone = f.published(titled("丁")).await;
        let withdraw = Withdraw {
            reason: "职责调整".into(),
            revision: None,
        };
        f.catalog
            .withdraw(&f.cataloguer(), &gone.head.id, withdraw)
            .await
            .expect("withdrawn");
        let mut closed = titled("戊");
        closed.opening.attribute = Some(OpeningAttribute::Prohibited);
        closed.opening.grounds = vec!["public_interest".into()];
        closed.opening.reason = Some("公共利益".into());
        f.published(closed).await;
        f.followers.catch_up().await.expect("the index follows");

        let unit = |id: &InstitutionId| Viewer::Unit(id.clone());
        for viewer in [
            Viewer::All,
            unit(&f.provider),
            unit(&f.other),
            Viewer::SignedIn,
            Viewer::Public,
        ] {
            let query = SearchQuery {
                q: String::new(),
                viewer: viewer.clone(),
                chosen: vec![],
                sort: Sort::Title,
                cursor: None,
                limit: 50,
                facets: false,
            };
            let mut indexed = f.catalog.search(query).await.expect("the search runs").ids;
            let all = crate::store::entries_after(f.store.conn(), "", 50)
                .await
                .expect("entries");
            let mut seen = vec![];
            for entry in all {
                let number = crate::access::shown_version(entry.state);
                let row = crate::store::version(f.store.conn(), &entry.id, number)
                    .await
                    .expect("a version")
                    .expect("one");
                let opening = crate::store::decode(&row).expect("a document").opening.attribute;
                if crate::access::sees(&viewer, &entry, opening) {
                    seen.push(entry.id.0);
                }
            }
            indexed.sort();
            seen.sort();
            assert_eq!(indexed, seen, "{viewer:?}");
        }
        f.close().await;
    }
}

#[tokio::test]
async fn cat_14_an_edit_is_found_and_the_index_is_built_again_when_it_is_gone() {
    for f in fixtures().await {
        let draft = f.draft(titled("旧的名称")).await;
        assert_eq!(f.found(&f.cataloguer(), "旧的").await, ["旧的名称"]);
        saved(f.save(&draft, titled("新的名称")).await.expect("saved"));
        assert_eq!(f.found(&f.cataloguer(), "新的").await, ["新的名称"]);
        assert_eq!(f.found(&f.cataloguer(), "旧的").await, Vec::<String>::new());

        let folder = f.folder.path().join("another-index");
        let again = Catalog::new(
            f.store.clone(),
            f.catalog.identity().clone(),
            f.catalog.procedures().clone(),
            &folder,
        )
        .expect("a second catalog on the same store");
        db::Followers::new(f.store.clone(), vec![again.follower()])
            .catch_up()
            .await
            .expect("the index is built");
        let filter = ResourceFilter {
            q: Some("新的".into()),
            ..ResourceFilter::default()
        };
        let page = again
            .list(&f.cataloguer(), &filter, &Default::default())
            .await
            .expect("a list");
        assert_eq!(page.total, 1);
        f.close().await;
    }
}

#[tokio::test]
async fn what_no_store_can_hold_is_refused_with_a_clear_answer() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let nul = ResourceId("res_\u{0}".into());
        assert_eq!(
            f.catalog
                .resource(&f.reviewer(), &nul, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let mut document = complete();
        document.responsible_id = Some("org_\u{0}".into());
        document.related = vec![entry.head.id.clone(), "res_nobody".into(), nul];
        let new = NewResource {
            provider_id: None,
            document,
        };
        let refused = f.catalog.create(&f.cataloguer(), new).await.unwrap_err();
        let fields: Vec<&str> = refused.fields.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["responsible_id", "related[1]", "related[2]"]);
        let withdraw = Withdraw {
            reason: "理由\u{0}".into(),
            revision: None,
        };
        let refused = f
            .catalog
            .withdraw(&f.cataloguer(), &entry.head.id, withdraw)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.kind.status, refused.fields[0].code.as_str()),
            (422, "control_character")
        );
        f.close().await;
    }
}

#[tokio::test]
async fn hostile_texts_stay_texts() {
    for f in fixtures().await {
        for text in [
            "<img src=x onerror=alert(1)>",
            "'; DROP TABLE catalog_resource; --",
            "=HYPERLINK(\"http://x\")",
            "{{7*7}}",
        ] {
            let entry = f.published(titled(text)).await;
            let read = f
                .catalog
                .resource(&f.applicant(), &entry.head.id, None)
                .await
                .expect("it is read");
            assert_eq!(read.head.title, text);
            f.found(&f.applicant(), text).await;
        }
        let foreign_id = ResourceId("res_' OR '1'='1".into());
        assert_eq!(
            f.catalog
                .resource(&f.reviewer(), &foreign_id, None)
                .await
                .unwrap_err()
                .kind
                .status,
            404
        );
        let file = f
            .catalog
            .export(
                &f.applicant(),
                &ResourceFilter::default(),
                crate::export::ExportFormat::Csv,
            )
            .await;
        let text = String::from_utf8(file.expect("a file")).expect("UTF-8");
        assert!(text.contains("'=HYPERLINK") && !text.contains(",=HYPERLINK") && !text.contains("\"=HYPERLINK"));
        let xlsx = f
            .catalog
            .export(
                &f.applicant(),
                &ResourceFilter::default(),
                crate::export::ExportFormat::Xlsx,
            )
            .await;
        assert!(xlsx.expect("a workbook").starts_with(b"PK"));
        f.close().await;
    }
}

#[tokio::test]
async fn cat_13_and_cat_14_the_catalog_is_browsed_by_unit_and_library() {
    for f in fixtures().await {
        f.published(complete()).await;
        f.draft(complete()).await;
        f.followers.catch_up().await.expect("the index follows");
        let count = |units: &[crate::views::UnitNode]| units.iter().find(|u| u.id == f.provider).map(|u| u.count);
        assert_eq!(
            count(&f.catalog.units(&f.applicant()).await.expect("a tree")),
            Some(1),
            "the draft does not count"
        );
        assert_eq!(count(&f.catalog.units(&f.cataloguer()).await.expect("a tree")), Some(2));
        let libraries = f.catalog.libraries(&f.applicant()).await.expect("libraries");
        let theme = libraries
            .iter()
            .find(|l| l.code == "theme_social_security")
            .expect("the library");
        assert_eq!((libraries.len(), theme.count), (14, 1));
        let found = f.catalog.global(&f.applicant(), "社保").await.expect("a search");
        assert_eq!(found.institutions.len(), 1, "省人力社保厅");
        f.close().await;
    }
}

#[tokio::test]
async fn visits_requests_and_loads_are_counted() {
    for f in fixtures().await {
        let entry = f.published(complete()).await;
        let id = &entry.head.id;
        let mut tx = f.store.begin(&f.ctx).await.expect("a transaction");
        f.catalog.record_request(&tx, id).await.expect("counted");
        f.catalog
            .record_load(
                &tx,
                id,
                Load {
                    rows: 1_000_000,
                    at: f.ctx.now(),
                },
            )
            .await
            .expect("noted");
        tx.append(ledger::Entry::new("test.loaded", id.as_str()));
        tx.commit().await.expect("committed");
        let read = f.catalog.resource(&f.applicant(), id, None).await.expect("read");
        assert_eq!((read.head.requests, read.head.volume), (1, Some(1_000_000)));
        assert_eq!(read.head.last_update, Some(f.ctx.now()));
        for _ in 0..20 {
            f.catalog.visited(&f.applicant(), id.as_str());
        }
        while f
            .catalog
            .resource(&f.applicant(), id, None)
            .await
            .expect("read")
            .head
            .visits
            < 20
        {
            tokio::task::yield_now().await;
        }
        f.close().await;
    }
}

//! Sharing over its public use-cases: each path of each rule set to its end, on
//! both stores; grants, their terms and their suspension; who may do what.

use base::{Ctx, GrantId, Moment, ResourceId, Role, ShareRequestId};
use catalog::model::{
    CollectionState, DataType, Grade, Opening, OpeningAttribute, Sharing, SharingAttribute, SharingMode,
};
use catalog::{AtRevision, Document, Item, NewResource, Review};
use it::{On, TestPlatform};
use law::{Law, Party, kinds};
use procedure::NoticeQuery;
use protect::{AccessPlan, Mode};
use sea_orm::EntityTrait;
use sharing::grants::{Change, GrantQuery};
use sharing::model::{Line, Terms};
use sharing::views::RequestQuery;
use sharing::{Application, Decision};

fn document(law: &Law, attribute: SharingAttribute, collected: CollectionState) -> Document {
    let item = |name: &str, title: &str, identifier: Option<&str>, key: bool| Item {
        name: name.into(),
        title: title.into(),
        meaning: title.into(),
        data_type: Some(DataType::String),
        length: Some(64),
        grade: Some(Grade::L3),
        identifier: identifier.map(Into::into),
        key,
        nullable: !key,
        ..Item::default()
    };
    let ground = law
        .rules()
        .grounds("opening", Some("restricted"))
        .next()
        .map(|g| g.code.clone());
    Document {
        title: "社会保险个人参保信息".into(),
        summary: "全省参加社会保险的个人的参保登记信息".into(),
        subject: "social_security".into(),
        format: "database".into(),
        data_type: "structured".into(),
        libraries: vec!["theme_social_security".into()],
        items: vec![
            item("cert_no", "证件号码", Some("citizen_id"), true),
            item("name", "姓名", Some("name"), false),
            item("state", "人员参保状态", None, false),
        ],
        sharing: Sharing {
            attribute: Some(attribute),
            reason: Some("含个人敏感信息".into()),
            condition: Some("因履行法定职责确需使用".into()),
            basis: Some("《中华人民共和国社会保险法》第八十一条".into()),
            modes: vec![SharingMode::Verify, SharingMode::Query],
            ..Sharing::default()
        },
        opening: Opening {
            attribute: Some(OpeningAttribute::Restricted),
            condition: Some("经个人授权".into()),
            grounds: ground.into_iter().collect(),
            basis: Some("《浙江省公共数据条例》第三十条".into()),
            treatment: Some("隐去姓名，证件号码哈希化".into()),
            reason: Some("含个人信息".into()),
        },
        update_frequency: "daily".into(),
        time_span: Some(catalog::model::TimeSpan {
            from: chrono::NaiveDate::from_ymd_opt(2016, 1, 1),
            to: None,
        }),
        volume: Some(1_000),
        grade: Some(Grade::L3),
        collection_state: Some(collected),
        channels: vec!["interface".into()],
        ..Document::default()
    }
}

/// A published entry of the provider.
pub(crate) async fn published(p: &TestPlatform, attribute: SharingAttribute, collected: CollectionState) -> ResourceId {
    let state = p.platform.state();
    let new = NewResource {
        provider_id: None,
        document: document(&state.law, attribute, collected),
    };
    let draft = state.catalog.create(&p.cataloguer(), new).await.expect("a draft");
    let id = draft.head.id.clone();
    state
        .catalog
        .submit(&p.cataloguer(), &id, AtRevision::default())
        .await
        .expect("submitted");
    let timeline = state
        .catalog
        .timeline(&p.reviewer(), &id)
        .await
        .expect("the review")
        .expect("one runs");
    let seen = state.catalog.resource(&p.reviewer(), &id, None).await.expect("seen");
    let review = Review {
        outcome: "publish".into(),
        reason: None,
        step_id: timeline.steps[0].id.clone(),
        revision: seen.head.revision,
    };
    state
        .catalog
        .review(&p.reviewer(), &id, review)
        .await
        .expect("published");
    id
}

async fn application(p: &TestPlatform, resource: &ResourceId, mode: Mode) -> Application {
    let entry = p.platform.state().catalog.published(resource).await.expect("published");
    Application {
        scenario: "医保参保登记核验".into(),
        purpose: "办理参保登记时核对参保状态".into(),
        mode,
        basis: Some("《中华人民共和国社会保险法》第五十八条".into()),
        term_months: Some(12),
        application_id: None,
        lines: vec![Line {
            resource_id: resource.0.clone(),
            item_ids: entry.items.iter().map(|item| item.id.clone()).collect(),
        }],
    }
}

pub(crate) async fn applied(p: &TestPlatform, resource: &ResourceId) -> ShareRequestId {
    let application = application(p, resource, Mode::Query).await;
    p.platform
        .state()
        .sharing
        .apply(&p.applicant(), application)
        .await
        .expect("applied")
        .remove(0)
}

fn at_desk(p: &TestPlatform, party: Party) -> Ctx {
    match party {
        Party::Authority => p.reviewer(),
        Party::Provider => p.approver(),
        Party::Applicant => p.applicant(),
        Party::Government => p.decider(),
        Party::Committee => p.person("expert", &p.cast.committee, &[Role::Expert]),
    }
}

pub(crate) async fn decide(
    p: &TestPlatform,
    ctx: &Ctx,
    id: &ShareRequestId,
    outcome: &str,
    terms: Terms,
) -> base::Result<()> {
    let sharing = p.platform.state().sharing;
    let seen = sharing.share_request(&p.reviewer(), id).await?;
    let step_id = seen
        .timeline
        .and_then(|t| t.steps.last().map(|s| s.id.clone()))
        .expect("a step");
    let decision = Decision {
        step_id,
        outcome: outcome.into(),
        reason: Some("经研究决定".into()),
        terms,
    };
    sharing.decide(ctx, id, decision).await
}

/// Walks every path that the rule set describes for a kind of request, deciding
/// each step as its party, one working day before it is due at the latest.
async fn walk_every_path(
    on: On,
    rule_set: &str,
    kind: &str,
    attribute: SharingAttribute,
    collected: CollectionState,
) -> usize {
    let rule_set = rule_set.to_owned();
    let p = TestPlatform::with(on, |config| config.rule_set = rule_set).await;
    let state = p.platform.state();
    let resource = published(&p, attribute, collected).await;
    let spec = state.law.rules().procedure(kind).expect("described").clone();
    let paths = spec.paths();
    for path in &paths {
        let id = applied(&p, &resource).await;
        for taken in path {
            let party = spec.step(&taken.step).expect("a step").by;
            decide(&p, &at_desk(&p, party), &id, &taken.outcome, Terms::default())
                .await
                .unwrap_or_else(|e| {
                    panic!(
                        "{} {kind}: {} at {}: {e}",
                        state.law.rules().name,
                        taken.outcome,
                        taken.step
                    )
                });
        }
        let last = path
            .last()
            .and_then(|t| spec.step(&t.step)?.outcome(&t.outcome))
            .expect("an outcome");
        let seen = state
            .sharing
            .share_request(&p.applicant(), &id)
            .await
            .expect("the applicant sees it");
        let expected = if last.effect == Some(law::Effect::Grant) {
            "granted"
        } else {
            "refused"
        };
        assert_eq!(seen.state, expected, "{path:?}");
        assert_eq!(seen.grant_id.is_some(), expected == "granted");
        let timeline = seen.timeline.expect("a party sees the timeline");
        assert_eq!((timeline.state.as_str(), timeline.steps.len()), ("ended", path.len()));
        assert!(
            timeline
                .steps
                .iter()
                .all(|s| !s.articles.is_empty() && s.actor.is_some())
        );
        assert_eq!(timeline.rule_set, state.law.rules().name);
        let decided = state.store.entries_of(id.as_str()).await.expect("the ledger");
        assert_eq!(
            decided.iter().filter(|e| e.kind == "procedure.decided").count(),
            path.len()
        );
    }
    p.close().await;
    paths.len()
}

pub(crate) const RESTRICTED: (SharingAttribute, CollectionState) =
    (SharingAttribute::Restricted, CollectionState::Collected);
const UNCONDITIONAL: (SharingAttribute, CollectionState) =
    (SharingAttribute::Unconditional, CollectionState::Collected);

#[tokio::test]
async fn sha_2_sha_3_zhejiang_2022_every_path_ends_as_described() {
    for on in [On::Sqlite, On::Postgres] {
        let (attribute, collected) = UNCONDITIONAL;
        assert_eq!(
            walk_every_path(on, "zhejiang-2022", kinds::SHARING_UNCONDITIONAL, attribute, collected).await,
            1
        );
        let (attribute, collected) = RESTRICTED;
        assert_eq!(
            walk_every_path(on, "zhejiang-2022", kinds::SHARING_RESTRICTED, attribute, collected).await,
            3
        );
    }
}

#[tokio::test]
async fn sha_4_yongjia_2021_every_path_ends_as_described() {
    for on in [On::Sqlite, On::Postgres] {
        let (attribute, collected) = UNCONDITIONAL;
        walk_every_path(on, "yongjia-2021", kinds::SHARING_UNCONDITIONAL, attribute, collected).await;
        let (attribute, collected) = RESTRICTED;
        walk_every_path(on, "yongjia-2021", kinds::SHARING_RESTRICTED, attribute, collected).await;
        let not = CollectionState::NotCollected;
        walk_every_path(on, "yongjia-2021", kinds::SHARING_UNCOLLECTED, attribute, not).await;
    }
}

#[tokio::test]
async fn national_2025_every_path_ends_as_described() {
    for on in [On::Sqlite, On::Postgres] {
        let (attribute, collected) = UNCONDITIONAL;
        walk_every_path(on, "national-2025", kinds::SHARING_UNCONDITIONAL, attribute, collected).await;
        let (attribute, collected) = RESTRICTED;
        walk_every_path(on, "national-2025", kinds::SHARING_RESTRICTED, attribute, collected).await;
    }
}

#[tokio::test]
async fn sha_3_provider_refuses_authority_overrides_grant_is_issued_and_provider_told() {
    it::on_both(|p| async move {
        let state = p.platform.state();
        let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
        let id = applied(&p, &resource).await;
        let clock = |seen: sharing::views::ShareRequest| seen.clock.expect("a clock");
        // START is Friday 6 March 2026
        let asked = clock(state.sharing.share_request(&p.reviewer(), &id).await.expect("seen"));
        assert_eq!(
            (asked.working_days, asked.due_date.to_string().as_str()),
            (1, "2026-03-09")
        );
        assert_eq!(asked.article.citation, "《浙江省公共数据条例》第二十五条第二款");
        decide(&p, &p.reviewer(), &id, "consult", Terms::default())
            .await
            .expect("asked");
        p.advance_working_days(4);
        assert_eq!(state.procedures.flag_overdue(&p.system()).await.expect("flagged"), 1);
        decide(&p, &p.approver(), &id, "refuse", Terms::default())
            .await
            .expect("refused, late");
        decide(&p, &p.reviewer(), &id, "should_share", Terms::default())
            .await
            .expect("overridden");
        let cert_no = state.catalog.published(&resource).await.expect("published").items[0]
            .id
            .0
            .clone();
        let terms = Terms {
            masks: [(cert_no, "citizen_id".to_owned())].into(),
            rate_per_s: Some(50),
            ..Terms::default()
        };
        decide(&p, &p.reviewer(), &id, "share", terms).await.expect("shared");

        let seen = state.sharing.share_request(&p.applicant(), &id).await.expect("seen");
        let grant: GrantId = seen.grant_id.clone().expect("a grant").into();
        let view = state
            .sharing
            .grant(&p.applicant(), &grant)
            .await
            .expect("the consumer sees it");
        assert_eq!(
            (view.state.as_str(), view.rate_per_s, view.items[0].mask.as_deref()),
            ("active", Some(50), Some("citizen_id"))
        );
        assert_eq!(
            view.expires_at.map(|at| at.date().to_string()).as_deref(),
            Some("2027-03-12")
        );
        let row = sharing::store::grant::Entity::find_by_id(grant.as_str())
            .one(state.store.conn())
            .await
            .expect("read")
            .expect("a row");
        let plan: AccessPlan = serde_json::from_str(&row.plan).expect("a plan");
        assert_eq!(
            (plan.table(), plan.scenario(), plan.mode()),
            (resource.as_str(), "医保参保登记核验", Mode::Query)
        );
        assert!(plan.item("cert_no").is_some_and(|i| i.mask.is_some()));

        let told = state
            .procedures
            .notices(&p.approver(), &NoticeQuery::default())
            .await
            .expect("notices");
        assert!(
            told.items
                .iter()
                .any(|n| n.kind == "sharing_restricted.share_overruling.share")
        );
        let steps = seen.timeline.expect("a timeline").steps;
        let states: Vec<_> = steps
            .iter()
            .filter_map(|s| s.clock.as_ref().map(|c| c.state.as_str()))
            .collect();
        assert_eq!(states, ["kept", "missed", "kept", "kept"]);
        let services = state
            .sharing
            .services(&p.applicant(), Default::default())
            .await
            .expect("interfaces");
        assert_eq!(
            services
                .items
                .iter()
                .map(|s| s.key_items[0].name.as_str())
                .collect::<Vec<_>>(),
            ["cert_no"]
        );
        p
    })
    .await;
}

#[tokio::test]
async fn sha_7_terms_only_get_tighter_and_the_plan_holds_them() {
    let p = TestPlatform::start(On::Sqlite).await;
    let state = p.platform.state();
    let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
    let id = applied(&p, &resource).await;
    let name = state.catalog.published(&resource).await.expect("published").items[1]
        .id
        .0
        .clone();
    let terms = |mask: &str, rate| Terms {
        masks: [(name.clone(), mask.to_owned())].into(),
        rate_per_s: Some(rate),
        ..Terms::default()
    };
    decide(&p, &p.reviewer(), &id, "consult", Terms::default())
        .await
        .expect("asked");
    decide(&p, &p.approver(), &id, "agree", terms("name", 10))
        .await
        .expect("agreed, masked");
    let code = |r: base::Result<()>| r.map_err(|e| (e.kind.status, e.code()));
    let wider = Err((422, "sharing.wider_terms"));
    assert_eq!(
        code(decide(&p, &p.reviewer(), &id, "share", terms("phone", 10)).await),
        wider
    );
    assert_eq!(
        code(decide(&p, &p.reviewer(), &id, "share", terms("name", 11)).await),
        wider
    );
    let unknown = Terms {
        masks: [(name.clone(), "nonsense".to_owned())].into(),
        ..Terms::default()
    };
    assert_eq!(
        code(decide(&p, &p.reviewer(), &id, "share", unknown).await),
        Err((422, "invalid"))
    );
    let past = Terms {
        expires_at: Some(Moment(0)),
        ..Terms::default()
    };
    assert_eq!(
        code(decide(&p, &p.reviewer(), &id, "share", past).await),
        Err((422, "invalid"))
    );
    decide(&p, &p.reviewer(), &id, "share", Terms::default())
        .await
        .expect("the provider's terms stand");
    let page = state
        .sharing
        .grants(&p.applicant(), &GrantQuery::default())
        .await
        .expect("grants");
    assert_eq!(
        (page.items[0].rate_per_s, page.items[0].items[1].mask.as_deref()),
        (Some(10), Some("name"))
    );
    p.close().await;
}

#[tokio::test]
async fn sha_7_a_grant_is_suspended_restored_and_ended_with_reasons_in_the_ledger() {
    it::on_both(|p| async move {
        let state = p.platform.state();
        let resource = published(&p, UNCONDITIONAL.0, UNCONDITIONAL.1).await;
        let id = applied(&p, &resource).await;
        decide(&p, &p.reviewer(), &id, "share", Terms::default())
            .await
            .expect("shared");
        let seen = state.sharing.share_request(&p.applicant(), &id).await.expect("seen");
        let grant: GrantId = seen.grant_id.expect("a grant").into();
        let change = async |ctx: &Ctx, change, reason: &str| {
            state
                .sharing
                .change_grant(ctx, &grant, change, reason)
                .await
                .map_err(|e| (e.kind.status, e.code()))
        };
        assert_eq!(
            change(&p.applicant(), Change::Suspend, "试试").await,
            Err((403, "forbidden"))
        );
        let stranger = p.person("stranger", &p.cast.opener, &[Role::Approver]);
        assert_eq!(
            change(&stranger, Change::Suspend, "试试").await,
            Err((404, "not_found"))
        );
        assert_eq!(change(&p.approver(), Change::Suspend, " ").await, Err((422, "invalid")));
        assert_eq!(
            change(&p.approver(), Change::Restore, "未中止").await,
            Err((409, "sharing.grant_state"))
        );
        assert_eq!(change(&p.approver(), Change::Suspend, "超出约定场景使用").await, Ok(()));
        assert_eq!(
            change(&p.reviewer(), Change::Suspend, "再次").await,
            Err((409, "sharing.grant_state"))
        );
        assert!(
            state
                .sharing
                .services(&p.applicant(), Default::default())
                .await
                .expect("none")
                .items
                .is_empty()
        );
        assert_eq!(change(&p.reviewer(), Change::Restore, "已整改").await, Ok(()));
        assert_eq!(change(&p.approver(), Change::End, "职责调整").await, Ok(()));
        assert_eq!(
            change(&p.approver(), Change::Restore, "想恢复").await,
            Err((409, "sharing.grant_state"))
        );
        let entries = state.store.entries_of(grant.as_str()).await.expect("the ledger");
        let kinds: Vec<_> = entries.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(
            kinds,
            [
                "sharing.granted",
                "sharing.grant_suspended",
                "sharing.grant_restored",
                "sharing.grant_ended"
            ]
        );
        assert!(entries.iter().all(|e| !e.articles.is_empty()));
        p
    })
    .await;
}

#[tokio::test]
async fn sha_1_what_cannot_be_applied_for_is_refused_with_a_reason() {
    let p = TestPlatform::start(On::Sqlite).await;
    let sharing = p.platform.state().sharing;
    let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
    let refusal = async |ctx: &Ctx, application: Application| {
        sharing
            .apply(ctx, application)
            .await
            .map(|_| ())
            .map_err(|e| (e.kind.status, e.code()))
    };
    let batch = application(&p, &resource, Mode::Batch).await;
    assert_eq!(
        refusal(&p.applicant(), batch).await,
        Err((422, "sharing.batch_not_available"))
    );
    let good = application(&p, &resource, Mode::Query).await;
    let nameless = Application {
        scenario: "  ".into(),
        ..good.clone()
    };
    assert_eq!(refusal(&p.applicant(), nameless).await, Err((422, "invalid")));
    let own = p.person("own", &p.cast.provider, &[Role::Applicant]);
    assert_eq!(refusal(&own, good.clone()).await, Err((422, "sharing.own_data")));
    assert_eq!(refusal(&p.approver(), good.clone()).await, Err((403, "forbidden")));
    assert_eq!(
        refusal(&p.anonymous(), good.clone()).await,
        Err((401, "sign_in_required"))
    );
    let foreign = Application {
        application_id: Some("app_of_another".into()),
        ..good.clone()
    };
    assert_eq!(
        refusal(&p.applicant(), foreign).await,
        Err((422, "sharing.no_application"))
    );
    let mut unknown = good.clone();
    unknown.lines[0].item_ids = vec!["itm_unknown".into()];
    assert_eq!(refusal(&p.applicant(), unknown).await, Err((422, "invalid")));
    let mut gone = good.clone();
    gone.lines[0].resource_id = "res_unknown".into();
    assert_eq!(refusal(&p.applicant(), gone).await, Err((404, "not_found")));
    let page = sharing
        .share_requests(&p.applicant(), &RequestQuery::default())
        .await
        .expect("a list");
    assert!(page.items.is_empty(), "a refused application leaves nothing behind");
    p.close().await;
}

#[tokio::test]
async fn who_takes_no_part_in_a_request_does_not_learn_of_it() {
    let p = TestPlatform::start(On::Sqlite).await;
    let sharing = p.platform.state().sharing;
    let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
    let id = applied(&p, &resource).await;
    let seen = async |ctx: &Ctx| {
        let one = sharing
            .share_request(ctx, &id)
            .await
            .map(|_| ())
            .map_err(|e| e.kind.status);
        let list = sharing
            .share_requests(ctx, &RequestQuery::default())
            .await
            .map_or(0, |page| page.items.len());
        (one, list)
    };
    for ctx in [p.applicant(), p.approver(), p.reviewer(), p.auditor()] {
        assert_eq!(seen(&ctx).await, (Ok(()), 1), "{:?}", ctx.actor);
    }
    for ctx in [
        p.person("other", &p.cast.opener, &[Role::Approver]),
        p.person("other", &p.cast.opener, &[Role::Applicant]),
        p.cataloguer(),
    ] {
        assert_eq!(seen(&ctx).await, (Err(404), 0), "{:?}", ctx.actor);
    }
    assert_eq!(seen(&p.anonymous()).await, (Err(401), 0));
    p.close().await;
}

#[tokio::test]
async fn of_two_reviewers_who_decide_at_once_one_gets_a_conflict() {
    it::on_both(|p| async move {
        let sharing = p.platform.state().sharing;
        let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
        let id = applied(&p, &resource).await;
        let seen = sharing.share_request(&p.reviewer(), &id).await.expect("seen");
        let step_id = seen.timeline.expect("a timeline").steps[0].id.clone();
        let one = async |ctx: Ctx| {
            let decision = Decision {
                step_id: step_id.clone(),
                outcome: "consult".into(),
                reason: None,
                terms: Terms::default(),
            };
            sharing
                .decide(&ctx, &id, decision)
                .await
                .map_err(|e| (e.kind.status, e.code()))
        };
        let other = p.person("other_reviewer", &p.cast.authority, &[Role::Reviewer]);
        let (a, b) = tokio::join!(one(p.reviewer()), one(other));
        let mut both = [a, b];
        both.sort();
        assert_eq!(both, [Ok(()), Err((409, "procedure.step_closed"))]);
        p
    })
    .await;
}

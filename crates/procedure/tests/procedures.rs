//! Procedures on a store: one wins, clocks are kept or missed, the right people
//! see their tasks, notices arrive.
#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::sync::Arc;

use base::{Actor, Chance, Ctx, ManualClock, Moment, Role};
use db::Store;
use law::{Effect, Law, kinds};
use procedure::{DeadlineQuery, NoDirectory, NoticeQuery, Parties, Procedures, Started, Subject, TaskQuery};

struct World {
    store: Store,
    procedures: Procedures,
    clock: ManualClock,
    chance: Chance,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new(rule_set: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Moment::parse("2026-11-16T09:00:00+08:00").unwrap());
        let chance = Chance::seeded(1);
        let ctx = Ctx::new(Actor::System, Arc::new(clock.clone()), chance.clone());
        let url = format!("sqlite://{}", dir.path().join("control.db").display());
        let store = Store::connect(&url, &ctx, &procedure::migrations())
            .await
            .expect("a store");
        let law = Law::embedded(rule_set).expect("the rule sets");
        let procedures = Procedures::new(store.clone(), law, Arc::new(NoDirectory));
        Self {
            store,
            procedures,
            clock,
            chance,
            _dir: dir,
        }
    }
    fn ctx(&self, actor: Actor) -> Ctx {
        Ctx::new(actor, Arc::new(self.clock.clone()), self.chance.clone())
    }
    fn person(&self, institution: &str, role: Role) -> Ctx {
        let id = format!("per_{institution}_{}", role.as_str());
        self.ctx(Actor::Person {
            id: id.as_str().into(),
            institution: institution.into(),
            roles: vec![role],
        })
    }
    fn authority(&self) -> Ctx {
        self.person("org_authority", Role::Reviewer)
    }
    fn provider(&self) -> Ctx {
        self.person("org_provider", Role::Approver)
    }
    fn applicant(&self) -> Ctx {
        self.person("org_applicant", Role::Applicant)
    }
    async fn start(&self, kind: &str, subject: &str) -> Started {
        let parties = Parties::new()
            .authority("org_authority".into())
            .provider("org_provider".into())
            .applicant("org_applicant".into())
            .committee("org_committee".into())
            .government("org_government".into());
        let mut tx = self.store.begin(&self.applicant()).await.unwrap();
        let subject = Subject::new("share_request", subject, "社会保险个人参保信息");
        let started = self
            .procedures
            .start(&mut tx, kind, subject, "/sharing/requests/x", parties)
            .await
            .expect("it starts");
        tx.commit().await.unwrap();
        started
    }
    async fn decide(
        &self,
        ctx: &Ctx,
        subject: &str,
        outcome: &str,
        reason: Option<&str>,
    ) -> base::Result<procedure::Decided> {
        let timeline = self
            .procedures
            .timelines_of(&self.authority(), subject)
            .await?
            .remove(0);
        let step = timeline.steps.last().expect("a step").id.as_str().into();
        let mut tx = self.store.begin(ctx).await?;
        let decided = self.procedures.decide(&mut tx, subject, &step, outcome, reason).await?;
        tx.commit().await?;
        self.clock.advance_ms(1_000);
        Ok(decided)
    }
    fn set(&self, at: &str) {
        self.clock.set(Moment::parse(&format!("{at}+08:00")).unwrap());
    }
}

#[tokio::test]
async fn sha_3_the_refusal_is_overridden_and_each_step_stands_in_the_timeline() {
    let w = World::new("zhejiang-2022").await;
    let started = w.start(kinds::SHARING_RESTRICTED, "req_1").await;
    w.decide(&w.authority(), "req_1", "consult", None).await.expect("asked");
    w.set("2026-11-18T10:00:00");
    w.decide(&w.provider(), "req_1", "refuse", Some("涉及个人信息"))
        .await
        .expect("refused");
    w.decide(&w.authority(), "req_1", "should_share", Some("共享条件已满足"))
        .await
        .expect("overridden");
    let end = w.decide(&w.authority(), "req_1", "share", None).await.expect("shared");
    assert_eq!(
        (end.effect, end.ended.as_deref()),
        (Some(Effect::Grant), Some("shared"))
    );
    assert!(end.next.is_none());

    let timeline = w
        .procedures
        .timeline(&w.applicant(), &started.procedure)
        .await
        .expect("a party sees it");
    let steps: Vec<_> = timeline
        .steps
        .iter()
        .map(|s| (s.name.as_str(), s.outcome.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        steps,
        [
            ("consult", "consult"),
            ("answer", "refuse"),
            ("decide", "should_share"),
            ("share_overruling", "share")
        ]
    );
    assert_eq!(timeline.steps[1].reason.as_deref(), Some("涉及个人信息"));
    assert_eq!(
        (timeline.state.as_str(), timeline.outcome_title.as_deref()),
        ("ended", Some("已共享"))
    );
    assert_eq!(
        timeline.steps[1].clock.as_ref().map(|c| c.state),
        Some(law::ClockState::Kept)
    );

    // the provider is told, at once
    let notices = w
        .procedures
        .notices(&w.provider(), &NoticeQuery::default())
        .await
        .expect("notices");
    let kinds: Vec<_> = notices.items.iter().map(|n| n.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "sharing_restricted.share_overruling.share",
            "sharing_restricted.decide.should_share"
        ]
    );
    assert_eq!(notices.total, Some(2));
    w.procedures
        .read_notice(&w.provider(), &notices.items[0].id)
        .await
        .expect("read");
    w.procedures
        .read_notice(&w.provider(), &notices.items[0].id)
        .await
        .expect("once more changes nothing");
    assert_eq!(
        w.procedures
            .notices(&w.provider(), &NoticeQuery::default())
            .await
            .unwrap()
            .total,
        Some(1)
    );
    let strange = w.procedures.read_notice(&w.applicant(), &notices.items[1].id).await;
    assert_eq!(strange.map(|_| ()).map_err(|e| e.kind.status), Err(404));
}

#[tokio::test]
async fn sup_1_every_start_and_decision_is_in_the_ledger_with_kept_or_missed() {
    let w = World::new("zhejiang-2022").await;
    w.start(kinds::SHARING_RESTRICTED, "req_1").await;
    w.set("2026-11-17T23:00:00");
    w.decide(&w.authority(), "req_1", "consult", None)
        .await
        .expect("in time");
    w.set("2026-11-23T09:00:00");
    w.decide(&w.provider(), "req_1", "agree", None)
        .await
        .expect("late, but decided");
    let entries = w.store.entries_of("req_1").await.expect("entries");
    let told: Vec<_> = entries
        .iter()
        .map(|e| (e.kind.as_str(), e.text("deadline"), e.number("late_working_days")))
        .collect();
    assert_eq!(
        told,
        [
            ("procedure.started", None, None),
            ("procedure.decided", Some("kept"), None),
            ("procedure.decided", Some("missed"), Some(1)),
        ]
    );
    assert!(
        entries
            .iter()
            .all(|e| e.articles == ["《浙江省公共数据条例》第二十五条第二款"])
    );
    let missed = DeadlineQuery {
        state: Some(law::ClockState::Missed),
        ..DeadlineQuery::default()
    };
    let page = w
        .procedures
        .deadlines(&w.authority(), &missed)
        .await
        .expect("the register");
    assert_eq!(
        page.items.iter().map(|d| d.party.as_str()).collect::<Vec<_>>(),
        ["provider"]
    );
    let figures = w
        .procedures
        .deadline_figures(&w.authority(), &DeadlineQuery::default())
        .await
        .expect("figures");
    assert_eq!((figures.kept, figures.missed, figures.running), (1, 1, 1));
}

#[tokio::test]
async fn sup_1_a_step_is_warned_of_once_and_flagged_once_to_its_desk_and_to_the_authority() {
    let w = World::new("zhejiang-2022").await;
    w.start(kinds::SHARING_RESTRICTED, "req_1").await;
    w.decide(&w.authority(), "req_1", "consult", None).await.expect("asked");
    w.set("2026-11-19T12:00:00");
    assert_eq!(
        w.procedures
            .flag_overdue(&w.ctx(Actor::System))
            .await
            .expect("nothing yet"),
        0
    );
    let counts = w.procedures.task_counts(&w.provider()).await.expect("counts");
    assert_eq!((counts.open, counts.warning, counts.overdue), (1, 1, 0));
    w.procedures
        .flag_overdue(&w.ctx(Actor::System))
        .await
        .expect("warned once");
    let notices = w
        .procedures
        .notices(&w.provider(), &NoticeQuery::default())
        .await
        .expect("notices");
    let told: Vec<_> = notices
        .items
        .iter()
        .map(|n| (n.kind.as_str(), n.title.as_str()))
        .collect();
    let warning = "社会保险个人参保信息：数据提供单位反馈意见将于2026年11月19日到期";
    assert_eq!(told, [("procedure.warning", warning)]);
    w.set("2026-11-20T00:00:00");
    assert_eq!(
        w.procedures.flag_overdue(&w.ctx(Actor::System)).await.expect("flagged"),
        1
    );
    assert_eq!(w.procedures.flag_overdue(&w.ctx(Actor::System)).await.expect("once"), 0);
    let counts = w.procedures.task_counts(&w.provider()).await.expect("counts");
    assert_eq!((counts.open, counts.warning, counts.overdue), (1, 0, 1));
    let overdue: Vec<_> = w
        .store
        .entries_of("req_1")
        .await
        .unwrap()
        .into_iter()
        .filter(|e| e.kind == "procedure.overdue")
        .collect();
    assert_eq!(overdue.len(), 1);
    assert_eq!(overdue[0].text("of"), Some("org_provider"));
    for ctx in [w.provider(), w.authority()] {
        let notices = w
            .procedures
            .notices(&ctx, &NoticeQuery::default())
            .await
            .expect("notices");
        assert!(
            notices.items.iter().any(|n| n.kind == "procedure.overdue"),
            "{:?}",
            ctx.actor
        );
    }
}

#[tokio::test]
async fn of_two_who_decide_at_once_one_wins_and_the_other_is_told() {
    let w = World::new("zhejiang-2022").await;
    let started = w.start(kinds::SHARING_RESTRICTED, "req_1").await;
    let step = started.step.id.clone();
    let both = futures_of(&w, &step).await;
    let won = both.iter().filter(|r| r.is_ok()).count();
    let lost: Vec<_> = both
        .iter()
        .filter_map(|r| r.as_ref().err().map(|e| (e.kind.status, e.code())))
        .collect();
    assert_eq!((won, lost), (1, vec![(409, "procedure.step_closed")]));
    assert_eq!(
        w.procedures.timelines_of(&w.authority(), "req_1").await.unwrap()[0]
            .steps
            .len(),
        2
    );
}

async fn futures_of(w: &World, step: &base::StepId) -> Vec<base::Result<()>> {
    let one = async |who: &str| {
        let actor = Actor::Person {
            id: who.into(),
            institution: "org_authority".into(),
            roles: vec![Role::Reviewer],
        };
        let mut tx = w.store.begin(&w.ctx(actor)).await?;
        w.procedures.decide(&mut tx, "req_1", step, "consult", None).await?;
        tx.commit().await?;
        Ok(())
    };
    let (a, b) = tokio::join!(one("per_a"), one("per_b"));
    vec![a, b]
}

#[tokio::test]
async fn only_the_desk_whose_turn_it_is_decides_and_strangers_see_nothing() {
    let w = World::new("zhejiang-2022").await;
    let started = w.start(kinds::SHARING_RESTRICTED, "req_1").await;
    let code = |r: base::Result<procedure::Decided>| r.map(|_| ()).map_err(|e| (e.kind.status, e.code()));
    assert_eq!(
        code(w.decide(&w.provider(), "req_1", "consult", None).await),
        Err((403, "procedure.not_your_turn"))
    );
    let cataloguer = w.person("org_authority", Role::Cataloguer);
    assert_eq!(
        code(w.decide(&cataloguer, "req_1", "consult", None).await),
        Err((403, "procedure.not_your_turn"))
    );
    let stranger = w.person("org_other", Role::Reviewer);
    assert_eq!(
        code(w.decide(&stranger, "req_1", "consult", None).await),
        Err((404, "not_found"))
    );
    assert!(w.procedures.timeline(&stranger, &started.procedure).await.is_err());
    assert!(
        w.procedures
            .timeline(&w.person("org_other", Role::Auditor), &started.procedure)
            .await
            .is_ok()
    );
    assert_eq!(
        code(w.decide(&w.authority(), "req_1", "shoo", None).await),
        Err((422, "procedure.outcome_not_allowed"))
    );
    w.decide(&w.authority(), "req_1", "consult", None)
        .await
        .expect("the authority's turn");
    assert_eq!(
        code(w.decide(&w.provider(), "req_1", "refuse", None).await),
        Err((422, "procedure.reason_required"))
    );

    let offered = |ctx: &Ctx| {
        let ctx = ctx.clone();
        let (procedures, id) = (w.procedures.clone(), started.procedure.clone());
        async move {
            procedures
                .timeline(&ctx, &id)
                .await
                .unwrap()
                .steps
                .last()
                .unwrap()
                .allowed_outcomes
                .len()
        }
    };
    assert_eq!((offered(&w.provider()).await, offered(&w.applicant()).await), (2, 0));
}

#[tokio::test]
async fn tasks_are_sorted_by_due_date_and_page_by_cursor() {
    let w = World::new("zhejiang-2022").await;
    for n in 0..5 {
        w.clock.advance_ms(86_400_000);
        w.start(kinds::SHARING_RESTRICTED, &format!("req_{n}")).await;
    }
    let mut seen = vec![];
    let mut cursor = None;
    loop {
        let query = TaskQuery {
            cursor,
            limit: Some(2),
            ..TaskQuery::default()
        };
        let page = w.procedures.tasks(&w.authority(), &query).await.expect("tasks");
        seen.extend(page.items.iter().map(|task| task.subject.id.clone()));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["req_0", "req_1", "req_2", "req_3", "req_4"]);
    assert_eq!(
        w.procedures
            .tasks(&w.provider(), &TaskQuery::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
    w.decide(&w.authority(), "req_3", "consult", None).await.expect("asked");
    let done = TaskQuery {
        state: Some("done".into()),
        ..TaskQuery::default()
    };
    let done = w.procedures.tasks(&w.authority(), &done).await.unwrap();
    assert_eq!(
        done.items.iter().map(|t| t.subject.id.as_str()).collect::<Vec<_>>(),
        ["req_3"]
    );
}

#[tokio::test]
async fn a_running_procedure_keeps_the_rule_set_version_under_which_it_began() {
    let w = World::new("zhejiang-2022").await;
    w.start(kinds::OPINION, "opi_1").await;
    // the node moves to another rule set; what runs goes on as it began
    let law = Law::embedded("national-2025").unwrap();
    let after = Procedures::new(w.store.clone(), law, Arc::new(NoDirectory));
    let timeline = after.timelines_of(&w.provider(), "opi_1").await.unwrap().remove(0);
    assert_eq!(
        (timeline.rule_set.as_str(), timeline.rule_set_version.as_str()),
        ("zhejiang-2022", "2022.1")
    );
    let mut tx = w.store.begin(&w.provider()).await.unwrap();
    let step = timeline.steps[0].id.as_str().into();
    after
        .decide(&mut tx, "opi_1", &step, "adopt", Some("已更正"))
        .await
        .expect("decided under the old description");
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_extension_counts_on_from_the_first_deadline_and_its_denial_keeps_it() {
    let w = World::new("national-2025").await;
    w.set("2026-10-12T09:00:00");
    for (subject, outcome, reason, due) in [
        ("req_1", "consent", None, "2026-11-09"),
        ("req_2", "deny", Some("理由不足"), "2026-10-26"),
    ] {
        w.set("2026-10-12T09:00:00");
        w.start(kinds::SHARING_RESTRICTED, subject).await;
        w.set("2026-10-20T09:00:00");
        w.decide(&w.provider(), subject, "ask_extension", Some("数据量大"))
            .await
            .expect("asked");
        w.decide(&w.authority(), subject, outcome, reason)
            .await
            .expect("decided");
        let timeline = w
            .procedures
            .timelines_of(&w.provider(), subject)
            .await
            .unwrap()
            .remove(0);
        let clock = timeline.steps.last().and_then(|s| s.clock.clone()).expect("a clock");
        assert_eq!(clock.due_date.to_string(), due, "{subject}");
    }
}

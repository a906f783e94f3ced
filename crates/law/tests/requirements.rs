//! The shipped rule sets, held against `requirements.md`. Names bear the ids.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use base::{Lang, Moment};
use law::{ClockState, Effect, Law, Party, ProcedureSpec, Taken, To, kinds};

fn law(rule_set: &str) -> Law {
    Law::embedded(rule_set).expect("the shipped rule sets")
}
fn at(text: &str) -> Moment {
    Moment::parse(&format!("{text}+08:00")).expect("a moment")
}

/// Walks one path; returns "party step within" of each step, and the end's effect.
fn walk(spec: &ProcedureSpec, outcomes: &[&str]) -> (Vec<String>, String, Option<Effect>) {
    let (mut step, mut taken, mut seen) = (spec.begin(), Vec::<Taken>::new(), vec![]);
    for outcome in outcomes {
        let within = step.within.map_or("-".to_owned(), |n| n.to_string());
        seen.push(format!("{} {} {within}", step.by.as_str(), step.name));
        let advance = spec
            .advance(&step.name, outcome, Some("理由"), &taken)
            .expect("a legal outcome");
        taken.push(Taken {
            step: step.name.clone(),
            outcome: (*outcome).to_owned(),
        });
        match advance.to {
            To::Step(next) => step = next,
            To::End { name, .. } => return (seen, name.to_owned(), advance.outcome.effect),
        }
    }
    panic!("{outcomes:?} does not end");
}

#[test]
fn every_rule_set_walks_each_path_of_each_procedure_to_its_end() {
    let law = law("zhejiang-2022");
    let mut walked = 0;
    for set in law.rule_sets() {
        for spec in set.procedures() {
            let paths = spec.paths();
            assert!(!paths.is_empty(), "{} {}", set.name, spec.kind);
            for path in paths {
                let outcomes: Vec<&str> = path.iter().map(|t| t.outcome.as_str()).collect();
                let (_, end, _) = walk(spec, &outcomes);
                assert!(spec.end(&end).is_some());
                walked += 1;
            }
        }
    }
    assert!(walked > 100, "{walked} paths");
}

#[test]
fn every_step_and_every_ground_has_an_article_that_can_be_cited() {
    for set in law("zhejiang-2022").rule_sets() {
        for step in set.procedures().flat_map(|p| &p.steps) {
            assert!(step.citation(Lang::Zh).starts_with('《'), "{}", step.name);
        }
        assert!(
            set.grounds("sharing", Some("not_shared"))
                .all(|g| g.requires.contains(&"basis".to_owned()))
        );
        assert!(set.grounds("opening", Some("prohibited")).count() >= 5, "{}", set.name);
    }
}

#[test]
fn sup_1_the_deadline_is_the_end_of_the_last_working_day_and_the_day_of_receipt_does_not_count() {
    let law = law("zhejiang-2022");
    let step = law
        .rules()
        .procedure(kinds::SHARING_RESTRICTED)
        .and_then(|p| p.step("answer"))
        .expect("the step");
    // asked on Wednesday 30 September 2026; National Day 1 to 7 October; Saturday the 10th is worked
    let opened = at("2026-09-30T09:00:00");
    let deadline = step.deadline(law.calendar(), opened, None).expect("a deadline");
    let clock = deadline.clock(law.calendar(), Lang::Zh, step.article(), opened, None);
    assert_eq!(clock.due.rfc3339(), "2026-10-10T23:59:59.999+08:00");
    assert_eq!(
        (clock.working_days, clock.remaining_working_days, clock.provisional),
        (3, 3, false)
    );
    assert_eq!(clock.article.citation, "《浙江省公共数据条例》第二十五条第二款");
    let days: Vec<_> = clock
        .counted_days
        .iter()
        .map(|d| (d.date.to_string(), d.counts, d.why.as_str()))
        .collect();
    assert_eq!(days[0], ("2026-09-30".to_owned(), false, "收到当日不计入"));
    assert_eq!(days[1], ("2026-10-01".to_owned(), false, "国庆节放假"));
    assert_eq!(days[10], ("2026-10-10".to_owned(), true, "国庆节调休上班"));
    assert_eq!(days.iter().filter(|d| d.1).count(), 3);
}

#[test]
fn sup_1_a_clock_warns_in_the_last_third_then_is_overdue_and_is_kept_or_missed_for_ever() {
    let law = law("zhejiang-2022");
    let calendar = law.calendar();
    let deadline = calendar.deadline(at("2026-11-16T09:00:00"), 3);
    let article = law.rules().article("ordinance-2022/25.2").expect("an article");
    let state = |now: &str, closed: Option<&str>| {
        let clock = deadline.clock(calendar, Lang::Zh, &article, at(now), closed.map(at));
        (clock.state, clock.remaining_working_days, clock.late_working_days)
    };
    assert_eq!(state("2026-11-16T09:00:00", None), (ClockState::Running, 3, 0));
    assert_eq!(state("2026-11-18T23:59:59", None), (ClockState::Running, 1, 0));
    assert_eq!(state("2026-11-19T00:00:00", None), (ClockState::Warning, 0, 0));
    assert_eq!(state("2026-11-20T00:00:00", None), (ClockState::Overdue, -1, 1));
    assert_eq!(state("2026-11-23T08:00:00", None), (ClockState::Overdue, -2, 2));
    assert_eq!(
        state("2027-03-01T08:00:00", Some("2026-11-19T20:00:00")),
        (ClockState::Kept, 0, 0)
    );
    assert_eq!(
        state("2027-03-01T08:00:00", Some("2026-11-20T08:00:00")),
        (ClockState::Missed, -1, 1)
    );
}

#[test]
fn sup_1_a_calendar_that_does_not_reach_makes_the_deadline_provisional() {
    let law = law("zhejiang-2022");
    assert!(law.calendar().deadline(at("2026-12-28T09:00:00"), 10).provisional);
    assert!(!law.calendar().deadline(at("2026-11-20T09:00:00"), 10).provisional);
}

#[test]
fn sha_2_unconditional_is_shared_within_two_working_days() {
    let law = law("zhejiang-2022");
    let spec = law.rules().procedure(kinds::SHARING_UNCONDITIONAL).expect("described");
    let (steps, end, effect) = walk(spec, &["share"]);
    assert_eq!(
        (steps, end.as_str(), effect),
        (vec!["authority share 2".to_owned()], "shared", Some(Effect::Grant))
    );
    assert_eq!(
        spec.begin().outcomes.len(),
        1,
        "an unconditional request cannot be refused"
    );
}

#[test]
fn sha_3_provider_agrees_and_there_is_no_second_approval() {
    let law = law("zhejiang-2022");
    let spec = law.rules().procedure(kinds::SHARING_RESTRICTED).expect("described");
    let (steps, end, effect) = walk(spec, &["consult", "agree", "share"]);
    assert_eq!(steps, ["authority consult 1", "provider answer 3", "authority share 2"]);
    assert_eq!((end.as_str(), effect), ("shared", Some(Effect::Grant)));
    assert_eq!(spec.step("share").map(|s| s.outcomes.len()), Some(1));
}

#[test]
fn sha_3_provider_refuses_authority_overrides() {
    let law = law("zhejiang-2022");
    let spec = law.rules().procedure(kinds::SHARING_RESTRICTED).expect("described");
    let (steps, end, effect) = walk(spec, &["consult", "refuse", "should_share", "share"]);
    assert_eq!(
        steps,
        [
            "authority consult 1",
            "provider answer 3",
            "authority decide 2",
            "authority share_overruling 2"
        ]
    );
    assert_eq!((end.as_str(), effect), ("shared", Some(Effect::Grant)));
    let told = &spec
        .step("share_overruling")
        .and_then(|s| s.outcome("share"))
        .expect("the outcome")
        .tell;
    assert!(told.contains(&Party::Provider));
    let without_reason = spec.advance("answer", "refuse", Some("  "), &[]);
    assert!(without_reason.is_err(), "a refusal gives reasons");
}

#[test]
fn sha_3_authority_upholds_the_refusal_and_the_applicant_is_told() {
    let law = law("zhejiang-2022");
    let spec = law.rules().procedure(kinds::SHARING_RESTRICTED).expect("described");
    let (_, end, effect) = walk(spec, &["consult", "refuse", "should_not_share"]);
    assert_eq!((end.as_str(), effect), ("refused", Some(Effect::Refuse)));
    let outcome = spec
        .step("decide")
        .and_then(|s| s.outcome("should_not_share"))
        .expect("the outcome");
    assert!(outcome.tell.contains(&Party::Applicant) && outcome.reason_required);
}

#[test]
fn sha_4_centre_and_provider_approve_and_disagreement_goes_to_the_county_government() {
    let law = law("yongjia-2021");
    let rules = law.rules();
    let unconditional = rules.procedure(kinds::SHARING_UNCONDITIONAL).expect("described");
    assert_eq!(walk(unconditional, &["approve"]).2, Some(Effect::Grant));
    let restricted = rules.procedure(kinds::SHARING_RESTRICTED).expect("described");
    let (steps, _, effect) = walk(restricted, &["approve", "agree"]);
    assert_eq!(steps, ["authority approve 1", "provider answer 3"]);
    assert_eq!(effect, Some(Effect::Grant));
    let (steps, _, effect) = walk(restricted, &["approve", "refuse", "coordinate", "refer", "share"]);
    assert_eq!(steps.last().map(String::as_str), Some("government government -"));
    assert_eq!(effect, Some(Effect::Grant));
}

#[test]
fn sha_4_data_not_yet_collected_gets_an_answer_in_seven_working_days() {
    let law = law("yongjia-2021");
    let spec = law.rules().procedure(kinds::SHARING_UNCOLLECTED).expect("described");
    assert_eq!((spec.begin().by, spec.begin().within), (Party::Provider, Some(7)));
    assert!(spec.begin().outcome("refuse").is_some_and(|o| o.reason_required));
    assert_eq!(
        spec.begin().citation(Lang::Zh),
        "《永嘉县公共数据共享开放管理暂行办法》第二十条第一款"
    );
}

#[test]
fn national_2025_answers_in_ten_days_once_extended_by_ten_and_delivers_in_twenty() {
    let law = law("national-2025");
    let spec = law.rules().procedure(kinds::SHARING_RESTRICTED).expect("described");
    let (steps, _, effect) = walk(spec, &["ask_extension", "consent", "agree", "deliver"]);
    assert_eq!(
        steps,
        [
            "provider answer 10",
            "authority consent -",
            "provider answer_extended 10",
            "provider deliver 20"
        ]
    );
    assert_eq!(effect, Some(Effect::Grant));

    let calendar = law.calendar();
    let opened = at("2026-10-12T09:00:00");
    let answer = spec.begin().deadline(calendar, opened, None).expect("a deadline");
    assert_eq!(answer.due_date().to_string(), "2026-10-26");
    let extended = spec
        .step("answer_extended")
        .and_then(|s| s.deadline(calendar, at("2026-10-20T09:00:00"), Some(&answer)));
    assert_eq!(
        extended.map(|d| d.due_date().to_string()).as_deref(),
        Some("2026-11-09")
    );
    let denied = spec
        .step("answer_unextended")
        .and_then(|s| s.deadline(calendar, at("2026-10-20T09:00:00"), Some(&answer)));
    assert_eq!(denied, Some(answer), "without consent the first deadline goes on");
}

#[test]
fn national_2025_tells_once_what_is_missing_instead_of_refusing() {
    let law = law("national-2025");
    let spec = law.rules().procedure(kinds::SHARING_RESTRICTED).expect("described");
    let taken = [Taken {
        step: "answer".into(),
        outcome: "incomplete".into(),
    }];
    assert!(spec.allowed("answer", &[]).any(|o| o.name == "incomplete"));
    assert!(!spec.allowed("answer", &taken).any(|o| o.name == "incomplete"));
    assert!(spec.advance("answer", "incomplete", Some("缺少依据"), &taken).is_err());
    assert_eq!(
        walk(spec, &["incomplete", "supplement", "agree", "deliver"]).1,
        "shared"
    );
}

#[test]
fn opn_9_withdrawal_suspends_at_once_then_decides_and_tells_the_person() {
    let law = law("zhejiang-2022");
    let spec = law.rules().procedure(kinds::WITHDRAWAL).expect("described");
    assert_eq!(spec.begin().within, Some(0));
    assert_eq!(
        spec.begin().outcome("suspend").and_then(|o| o.effect),
        Some(Effect::Suspend)
    );
    for (path, effect) in [
        ("withdraw", Effect::Withdraw),
        ("treat", Effect::Treat),
        ("restore", Effect::Restore),
    ] {
        assert_eq!(walk(spec, &["suspend", path]).2, Some(effect));
        let outcome = spec
            .step("decide_suspended")
            .and_then(|s| s.outcome(path))
            .expect("the outcome");
        assert!(outcome.tell.contains(&Party::Applicant));
    }
}

#[test]
fn cat_5_a_dispute_about_the_attribute_ends_with_the_government() {
    let law = law("zhejiang-2022");
    let spec = law
        .rules()
        .procedure(kinds::SHARING_ATTRIBUTE_DISPUTE)
        .expect("described");
    let (steps, _, effect) = walk(spec, &["maintain", "refer", "change"]);
    assert_eq!(
        steps,
        ["provider negotiate -", "authority refer -", "government government -"]
    );
    assert_eq!(effect, Some(Effect::ChangeAttribute));
}

#[test]
fn a_node_names_a_third_rule_set_without_a_change_of_code() {
    let further = r#"
        name = "hangzhou-2030"
        version = "1"
        title = { zh = "杭州规则集", en = "Hangzhou" }
        extends = "zhejiang-2022"
        [[procedures]]
        kind = "opinion"
        zh = "意见建议"
        en = "opinion"
        ends = [{ name = "done", zh = "已办结", en = "done" }]
        [[procedures.steps]]
        name = "settle"
        zh = "处理"
        en = "settle"
        by = "provider"
        within = 4
        articles = ["decree-381/21"]
        [[procedures.steps.outcomes]]
        name = "done"
        zh = "办结"
        en = "done"
        end = "done"
    "#;
    let law = Law::embedded_and(&[further.to_owned()], "hangzhou-2030").expect("read");
    let within = |kind: &str| law.rules().procedure(kind).and_then(|p| p.begin().within);
    assert_eq!(
        (within(kinds::OPINION), within(kinds::SHARING_UNCONDITIONAL)),
        (Some(4), Some(2))
    );
}

#[test]
fn a_rule_set_with_a_mistake_is_refused_and_the_mistake_is_named() {
    let with = |steps: &str| {
        let text = format!(
            "name = 'x'\nversion = '1'\ntitle = {{ zh = '', en = '' }}\nextends = 'zhejiang-2022'\n[[procedures]]\n\
             kind = 'opinion'\nzh = ''\nen = ''\nends = [{{ name = 'done', zh = '', en = '' }}]\n{steps}"
        );
        Law::embedded_and(&[text], "x")
            .err()
            .map(|e| e.message)
            .unwrap_or_default()
    };
    let step = |name: &str, article: &str, outcome: &str| {
        format!(
            "[[procedures.steps]]\nname = '{name}'\nzh = ''\nen = ''\nby = 'provider'\narticles = [{article}]\n\
             [[procedures.steps.outcomes]]\nname = 'o'\nzh = ''\nen = ''\n{outcome}\n"
        )
    };
    let cited = "'decree-381/21'";
    assert!(with(&step("a", cited, "next = 'b'")).contains("leads nowhere"));
    assert!(with(&step("a", cited, "end = 'other'")).contains("leads nowhere"));
    assert!(with(&step("a", "", "end = 'done'")).contains("no article"));
    assert!(with(&step("a", "'decree-999/1'", "end = 'done'")).contains("no text is called decree-999"));
    assert!(with(&(step("a", cited, "end = 'done'") + &step("b", cited, "end = 'done'"))).contains("never reached"));
    let loop_ = step("a", cited, "next = 'b'")
        + &step("b", cited, "next = 'a'")
        + "[[procedures.steps.outcomes]]\nname = 'p'\nzh = ''\nen = ''\nend = 'done'";
    assert!(with(&loop_).contains("loop"));
    assert_eq!(with(&step("a", cited, "end = 'done'")), "");
}

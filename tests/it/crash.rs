//! A process killed while people decide: what was answered stands, what was not
//! is whole or not there, and the ledger says the same as the tables.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use base::{Actor, Chance, Ctx, InstitutionId, ManualClock, Moment, PersonId, Role, ShareRequestId};
use it::{On, START, TestPlatform};
use server::{Config, Platform};
use sharing::Decision;
use sharing::model::Terms;

use crate::sharing::{RESTRICTED, applied, published};

const NAME: &str = "crash::sha_3_a_process_killed_while_it_decides_leaves_each_decision_whole_or_undone";
const REQUESTS: usize = 24;

/// The child: decides one request after the other and says so, until it is killed.
async fn decide_until_killed(config: &str, authority: &str, requests: &str) {
    let config: Config = toml::from_str(config).expect("the configuration");
    let actor = Actor::Person {
        id: PersonId("per_reviewer".into()),
        institution: InstitutionId(authority.into()),
        roles: vec![Role::Reviewer],
    };
    let clock = ManualClock::at(Moment::parse(START).expect("a moment"));
    let ctx = Ctx::new(actor, Arc::new(clock), Chance::system());
    let platform = Platform::start(config, ctx.as_actor(Actor::System))
        .await
        .expect("the platform starts");
    let sharing = platform.state().sharing;
    for id in requests.split(',') {
        let id = ShareRequestId(id.into());
        let seen = sharing.share_request(&ctx, &id).await.expect("seen");
        let step_id = seen.timeline.expect("a procedure").steps[0].id.clone();
        let decision = Decision {
            step_id,
            outcome: "consult".into(),
            reason: None,
            terms: Terms::default(),
        };
        sharing.decide(&ctx, &id, decision).await.expect("decided");
        println!("decided {}", id.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sha_3_a_process_killed_while_it_decides_leaves_each_decision_whole_or_undone() {
    let given = |name: &str| std::env::var(name).ok();
    if let (Some(config), Some(authority), Some(requests)) =
        (given("CRASH_CONFIG"), given("CRASH_AUTHORITY"), given("CRASH_REQUESTS"))
    {
        return decide_until_killed(&config, &authority, &requests).await;
    }
    for on in [On::Sqlite, On::Postgres] {
        let p = TestPlatform::start(on).await;
        let resource = published(&p, RESTRICTED.0, RESTRICTED.1).await;
        let mut requests = vec![];
        for _ in 0..REQUESTS {
            requests.push(applied(&p, &resource).await);
        }
        let authority = p.cast.authority.clone();
        let names: Vec<_> = requests.iter().map(|id| id.as_str().to_owned()).collect();
        // killed after some answers, wherever it then is in the next decision
        let mut p = p;
        let mut open = names.clone();
        for answers in [3, 5, 2, 4] {
            let left = open.join(",");
            let (again, answered) = p
                .while_down(async |config: &Config| {
                    let mut child = Command::new(std::env::current_exe().expect("itself"))
                        .args([NAME, "--exact", "--nocapture", "--test-threads=1"])
                        .env("CRASH_CONFIG", toml::to_string(config).expect("the configuration"))
                        .env("CRASH_AUTHORITY", authority.as_str())
                        .env("CRASH_REQUESTS", &left)
                        .stdout(Stdio::piped())
                        .spawn()
                        .expect("the child runs");
                    let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
                    let mut answered = vec![];
                    while let Some(Ok(line)) = said.next() {
                        if let Some(id) = line.strip_prefix("decided ") {
                            answered.push(id.to_owned());
                        }
                        if answered.len() == answers {
                            break;
                        }
                    }
                    child.kill().expect("killed");
                    child.wait().expect("gone");
                    answered.extend(
                        said.map_while(Result::ok)
                            .filter_map(|line| line.strip_prefix("decided ").map(str::to_owned)),
                    );
                    assert!(answered.len() >= answers, "the child decided only {answered:?}");
                    answered
                })
                .await;
            p = again;
            let state = p.platform.state();
            for id in &names {
                let id = ShareRequestId(id.clone());
                let seen = state.sharing.share_request(&p.reviewer(), &id).await.expect("seen");
                let steps = seen.timeline.expect("a procedure").steps;
                let entries = state.store.entries_of(id.as_str()).await.expect("entries");
                let entries = entries.iter().filter(|e| e.kind == "procedure.decided").count();
                let decided = steps[0].outcome.is_some();
                assert_eq!(
                    (steps.len() == 2, entries),
                    (decided, usize::from(decided)),
                    "{id:?}: the step, the next step and the ledger agree"
                );
                if answered.contains(&id.0) {
                    assert!(decided, "{id:?} was answered and is lost");
                }
            }
            open.retain(|id| !answered.contains(id));
            // one more may have been written and not answered
            let mut undecided = vec![];
            for id in open {
                let seen = state
                    .sharing
                    .share_request(&p.reviewer(), &ShareRequestId(id.clone()))
                    .await
                    .expect("seen");
                if seen.timeline.expect("a procedure").steps[0].outcome.is_none() {
                    undecided.push(id);
                }
            }
            open = undecided;
            let audit = state.supervision.audit(&p.auditor()).await.expect("audited");
            assert!(audit.ok, "{:?}", audit.problems);
        }
        p.close().await;
    }
}

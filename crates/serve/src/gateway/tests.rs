use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::AtomicBool;

use base::{Actor, GrantId, ManualClock, ResourceId};
use crypto::Suite;
use protect::{AccessPlan, Filter, GrantDescription, Mask, Mode, PlanItem};

use super::*;
use crate::access_log::{Filter as LogFilter, Limits, Scope};
use crate::index::{InMemory, KeyItem, RowBuilder, key_of};

const NOON: Moment = Moment(1_790_000_000_000);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 8));
/// With "app_1:" before it, base 64 of it is padded.
const SECRET: &str = "s3cret!";
const CERT: &str = "33010119900101001X";

struct Bench {
    gateway: Gateway,
    clock: ManualClock,
    _dir: tempfile::TempDir,
}

fn key_items() -> Vec<KeyItem> {
    vec![KeyItem {
        name: "cert_no".into(),
        capitals: true,
    }]
}

fn table(version: u64) -> Arc<Table> {
    let (mut rows, mut row) = (InMemory::default(), RowBuilder::default());
    for (cert, name, status, division) in [
        (CERT, "张三丰", "参保", "330102"),
        (CERT, "张三丰", "停保", "330205"),
        ("B", "李\"四", "参保", "330102"),
    ] {
        row.begin();
        for text in [cert, name, status, division] {
            row.text(text);
        }
        row.literal(&version.to_string());
        rows.push(&key_of(&key_items(), &[cert]), row.finish());
    }
    let items = ["cert_no", "name", "status", "division", "version"]
        .map(str::to_owned)
        .to_vec();
    Arc::new(Table {
        items,
        version,
        as_of: NOON,
        rows: Arc::new(rows),
    })
}

/// What a test changes of the grant.
#[derive(Clone)]
struct Setup {
    state: GrantState,
    filter: Option<Filter>,
    rate: Option<u32>,
    expires_at: Option<Moment>,
    active: bool,
    addresses: &'static [&'static str],
    secret_version: u32,
    suspended: bool,
    version: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            state: GrantState::Active,
            filter: None,
            rate: None,
            expires_at: None,
            active: true,
            addresses: &[],
            secret_version: 1,
            suspended: false,
            version: 7,
        }
    }
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let clock = ManualClock::at(NOON);
        let mut ctx = Ctx::test(Actor::System, NOON, 1);
        ctx.clock = Arc::new(clock.clone());
        let log = AccessLog::open(dir.path(), Arc::clone(&ctx.clock), Limits::default()).expect("log");
        let keys = KeyedHash::new(Suite::National, &[7; 32]);
        let gateway = Gateway::new("zj", keys, &ctx, Arc::new(log));
        let bench = Self {
            gateway,
            clock,
            _dir: dir,
        };
        bench.set(Setup::default());
        bench
    }

    fn set(&self, setup: Setup) {
        let mut snapshot = Snapshot::default();
        for (id, active) in [("app_1", setup.active), ("app_2", true)] {
            let salt = [3; 16];
            let application = Application {
                id: id.into(),
                institution: "org_consumer".into(),
                active,
                addresses: Addresses::parse(setup.addresses.iter().copied()).expect("addresses"),
                secret: Some(Secret {
                    version: setup.secret_version,
                    salt,
                    hash: crypto::salted_hash(&salt, SECRET),
                }),
            };
            snapshot.applications.insert(id.into(), Arc::new(application));
        }
        let table = table(setup.version);
        for (slug, mode) in [("q", Mode::Query), ("v", Mode::Verify)] {
            let grant_id = format!("grt_{slug}");
            let plan = AccessPlan::for_grant(GrantDescription {
                grant: GrantId(grant_id.clone()),
                resource: ResourceId("res_1".into()),
                table: "t".into(),
                items: vec![
                    PlanItem::masked("name", Mask::named("name").expect("mask")),
                    PlanItem::plain("status"),
                    PlanItem::plain("version"),
                ],
                filter: setup.filter.clone(),
                mode,
                purpose: "核定待遇".into(),
                scenario: "医保待遇核定".into(),
                rate_per_s: setup.rate,
                expires_at: setup.expires_at,
                watermark: grant_id.clone(),
            })
            .expect("plan");
            let bucket = setup.rate.map(|rate| self.gateway.bucket(&grant_id, rate));
            let grant = Grant::new(&grant_id, setup.state, &plan, &table.items, bucket).expect("grant");
            let grant = Arc::new(grant);
            let service = Service {
                id: format!("svc_{slug}").into(),
                mode,
                resource: "res_1".into(),
                provider: "org_provider".into(),
                key_items: key_items(),
                suspended: setup.suspended,
                table: Some(Arc::clone(&table)),
                grants: HashMap::from([("app_1".into(), vec![Arc::clone(&grant)])]),
                grants_of_institutions: HashMap::from([("org_consumer".into(), vec![grant])]),
            };
            snapshot.services.insert(slug.into(), Arc::new(service));
        }
        self.gateway.install(snapshot, self.clock.now());
    }

    fn token(&self) -> String {
        self.gateway.issue_token("app_1", SECRET, HERE).expect("token")
    }

    async fn call_from(&self, address: IpAddr, token: Option<&str>, service: &str, body: &str) -> Answer {
        let input = Input::Body(bytes::Bytes::copy_from_slice(body.as_bytes()));
        let credential = Credential::Bearer(token);
        self.gateway
            .call(Call {
                service,
                credential,
                address,
                grant: None,
                input,
            })
            .await
    }

    async fn call(&self, token: &str, service: &str, body: &str) -> Result<String, &'static str> {
        let answer = self.call_from(HERE, Some(token), service, body).await;
        answer
            .result
            .map(|body| String::from_utf8(body).expect("text"))
            .map_err(|e| e.code())
    }

    async fn query(&self) -> Result<String, &'static str> {
        let token = self.token();
        self.call(&token, "q", &keys(CERT)).await
    }

    fn logged(&self) -> Vec<crate::access_log::Record> {
        let log = self.gateway.log().expect("log");
        let found = log.search(&LogFilter::of(Scope::All), None, 100).expect("search");
        found.into_iter().map(|f| f.record).collect()
    }
}

fn keys(cert: &str) -> String {
    format!(r#"{{"keys":{{"cert_no":"{cert}"}}}}"#)
}

#[tokio::test]
async fn sha_7_a_query_gives_granted_items_only_masked_as_the_grant_says() {
    let bench = Bench::new();
    let body = bench.query().await.expect("answer");
    assert_eq!(
        body,
        format!(
            r#"{{"rows":[{{"name":"张**","status":"参保","version":7}},{{"name":"张**","status":"停保","version":7}}],"count":2,"as_of":"{}","table_version":7}}"#,
            NOON.rfc3339()
        )
    );
    serde_json::from_str::<serde_json::Value>(&body).expect("JSON");
    let token = bench.token();
    let fewer = bench
        .call(
            &token,
            "q",
            r#"{"keys":{"cert_no":" 33010119900101001x"},"items":["status"]}"#,
        )
        .await;
    assert!(
        fewer
            .expect("answer")
            .starts_with(r#"{"rows":[{"status":"参保"},{"status":"停保"}],"count":2"#)
    );
    let none = bench.call(&token, "q", &keys("nobody")).await.expect("answer");
    assert!(none.starts_with(r#"{"rows":[],"count":0"#));
}

#[tokio::test]
async fn sha_7_the_row_filter_of_the_grant_hides_rows() {
    let bench = Bench::new();
    bench.set(Setup {
        filter: Some(Filter::eq("division", "330102")),
        ..Setup::default()
    });
    let body = bench.query().await.expect("answer");
    assert!(body.contains(r#""count":1"#) && !body.contains("停保"), "{body}");
}

#[tokio::test]
async fn sha_7_verify_says_yes_or_no_and_nothing_else() {
    let bench = Bench::new();
    let token = bench.token();
    let ask = |name: &str, status: &str| {
        format!(r#"{{"keys":{{"cert_no":"{CERT}"}},"match":{{"name":"{name}","status":"{status}"}}}}"#)
    };
    let yes = bench.call(&token, "v", &ask("张三丰", "停保")).await;
    assert_eq!(yes.as_deref(), Ok(r#"{"match":true,"found":true}"#));
    let no = bench.call(&token, "v", &ask("张三", "停保")).await;
    assert_eq!(no.as_deref(), Ok(r#"{"match":false,"found":true}"#));
    let number = bench
        .call(&token, "v", r#"{"keys":{"cert_no":"B"},"match":{"version":7}}"#)
        .await;
    assert_eq!(number.as_deref(), Ok(r#"{"match":true,"found":true}"#));
    let nobody = bench
        .call(&token, "v", r#"{"keys":{"cert_no":"no"},"match":{"name":"x"}}"#)
        .await;
    assert_eq!(nobody.as_deref(), Ok(r#"{"match":false,"found":false}"#));
    assert_eq!(bench.call(&token, "v", &keys(CERT)).await, Err("gateway.match_missing"));
}

#[tokio::test]
async fn sha_7_use_outside_of_the_grant_is_refused_with_its_reason_and_logged() {
    let bench = Bench::new();
    let token = bench.token();
    let other = bench.gateway.issue_token("app_2", SECRET, HERE).expect("token");
    let cases = [
        (
            &token,
            "q",
            r#"{"keys":{"cert_no":"B"},"items":["division"]}"#,
            "gateway.item_not_granted",
        ),
        (
            &token,
            "v",
            r#"{"keys":{"cert_no":"B"},"match":{"cert_no":"B"}}"#,
            "gateway.item_not_granted",
        ),
        (&other, "q", r#"{"keys":{"cert_no":"B"}}"#, "gateway.not_granted"),
        (&token, "x", r#"{"keys":{"cert_no":"B"}}"#, "gateway.no_service"),
        (&token, "q", r#"{"keys":{}}"#, "gateway.key_missing"),
        (
            &token,
            "q",
            r#"{"keys":{"cert_no":"B","name":"x"}}"#,
            "gateway.key_unknown",
        ),
        (&token, "q", r#"{"keys":{"cert_no":["B"]}}"#, "gateway.key_missing"),
        (
            &token,
            "q",
            r#"{"keys":{"cert_no":"B"},"match":{"name":"x"}}"#,
            "gateway.match_not_allowed",
        ),
        (
            &token,
            "q",
            r#"{"keys":{"cert_no":"B"},"more":1}"#,
            "gateway.bad_request",
        ),
        (&token, "q", "not json", "gateway.bad_request"),
    ];
    for (token, service, body, code) in cases {
        assert_eq!(bench.call(token, service, body).await, Err(code), "{body}");
    }
    let logged = bench.logged();
    let outcomes: Vec<_> = logged.iter().rev().map(|r| r.outcome.to_string()).collect();
    assert_eq!(outcomes, cases.map(|c| c.3));
    assert!(logged.iter().all(|r| r.rows == 0 && r.record_hashes.is_empty()));
}

#[tokio::test]
async fn sha_7_state_and_expiry_of_grant_application_and_resource_are_checked_on_each_call() {
    let bench = Bench::new();
    let token = bench.token();
    let cases = [
        (
            Setup {
                state: GrantState::Suspended,
                ..Setup::default()
            },
            "gateway.grant_suspended",
        ),
        (
            Setup {
                state: GrantState::Ended,
                ..Setup::default()
            },
            "gateway.grant_ended",
        ),
        (
            Setup {
                expires_at: Some(NOON),
                ..Setup::default()
            },
            "gateway.grant_expired",
        ),
        (
            Setup {
                suspended: true,
                ..Setup::default()
            },
            "gateway.resource_suspended",
        ),
        (
            Setup {
                active: false,
                ..Setup::default()
            },
            "gateway.application_inactive",
        ),
        (
            Setup {
                secret_version: 2,
                ..Setup::default()
            },
            "gateway.token_revoked",
        ),
        (
            Setup {
                addresses: &["10.9.0.0/16"],
                ..Setup::default()
            },
            "gateway.address_not_allowed",
        ),
    ];
    for (setup, code) in cases {
        bench.set(setup);
        assert_eq!(bench.call(&token, "q", &keys("B")).await, Err(code));
    }
    bench.set(Setup {
        addresses: &["10.0.0.0/24", "::1"],
        expires_at: Some(NOON.plus_ms(1)),
        ..Setup::default()
    });
    assert!(bench.call(&token, "q", &keys("B")).await.is_ok());
}

#[tokio::test]
async fn sha_7_each_bad_token_has_its_own_code() {
    let bench = Bench::new();
    let token = bench.token();
    let refused = async |token: Option<&str>, address| {
        bench
            .call_from(address, token, "q", &keys("B"))
            .await
            .result
            .expect_err("refused")
            .code()
    };
    assert_eq!(refused(None, HERE).await, "gateway.token_missing");
    assert_eq!(refused(Some("sq1.x"), HERE).await, "gateway.token_invalid");
    assert_eq!(
        refused(Some(&token[..token.len() - 4]), HERE).await,
        "gateway.token_invalid"
    );
    let elsewhere = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
    assert_eq!(refused(Some(&token), elsewhere).await, "gateway.token_replayed");
    let keys = KeyedHash::new(Suite::National, &[7; 32]);
    let chance = base::Chance::seeded(9);
    let foreign = Token::issue("hz", "app_1", 1, HERE, NOON, &keys, &chance);
    assert_eq!(refused(Some(&foreign), HERE).await, "gateway.token_other_node");
    let forged = Token::issue(
        "zj",
        "app_1",
        1,
        HERE,
        NOON,
        &KeyedHash::new(Suite::National, &[8; 32]),
        &chance,
    );
    assert_eq!(refused(Some(&forged), HERE).await, "gateway.token_invalid");
    // no byte of a token can be changed
    for at in 4..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).expect("text");
        assert_ne!(
            bench.call(&altered, "q", &self::keys("B")).await.map(drop),
            Ok(()),
            "byte {at}"
        );
    }
    bench.clock.advance_ms(base::limits::TOKEN_MS);
    bench.gateway.confirm(bench.clock.now());
    assert_eq!(refused(Some(&token), HERE).await, "gateway.token_expired");
    assert!(bench.gateway.issue_token("app_1", "wrong", HERE).is_err());
    assert!(bench.gateway.issue_token("app_9", SECRET, HERE).is_err());
}

#[tokio::test]
async fn sha_7_calls_beyond_the_granted_rate_are_refused_even_across_a_new_snapshot() {
    let bench = Bench::new();
    let setup = Setup {
        rate: Some(3),
        ..Setup::default()
    };
    bench.set(setup.clone());
    let token = bench.token();
    for _ in 0..3 {
        assert!(bench.call(&token, "q", &keys("B")).await.is_ok());
    }
    bench.set(setup);
    let answer = bench.call_from(HERE, Some(&token), "q", &keys("B")).await;
    let error = answer.result.expect_err("refused");
    assert_eq!((error.code(), error.retry_after_s), ("gateway.rate", Some(1)));
    bench.clock.advance_ms(1_000);
    assert!(bench.call(&token, "q", &keys("B")).await.is_ok());
}

#[tokio::test]
async fn the_console_tries_a_service_under_the_grant_of_its_institution_and_is_logged() {
    let bench = Bench::new();
    let request: Request = serde_json::from_str(&keys("B")).expect("request");
    let ask = async |institution: &str| {
        let credential = Credential::Console { institution };
        let input = Input::Ready(request.clone());
        let call = Call {
            service: "q",
            credential,
            address: HERE,
            grant: None,
            input,
        };
        bench.gateway.call(call).await.result.map_err(|e| e.code())
    };
    assert!(ask("org_consumer").await.is_ok());
    assert_eq!(ask("org_other").await, Err("gateway.not_granted"));
    assert!(bench.logged().iter().all(|r| &*r.application == CONSOLE));
}

#[tokio::test]
async fn a_snapshot_that_is_too_old_answers_nothing() {
    let bench = Bench::new();
    let token = bench.token();
    bench.clock.advance_ms(base::limits::GRANTS_AGE_MS_MAX);
    assert!(bench.call(&token, "q", &keys("B")).await.is_ok());
    bench.clock.advance_ms(1);
    assert_eq!(bench.call(&token, "q", &keys("B")).await, Err("gateway.grants_stale"));
    bench.gateway.confirm(bench.clock.now());
    assert!(bench.call(&token, "q", &keys("B")).await.is_ok());
}

#[tokio::test]
async fn sha_8_the_record_names_everything_but_the_person() {
    let bench = Bench::new();
    bench.query().await.expect("answer");
    let logged = bench.logged();
    let [record] = &logged[..] else {
        panic!("one call, one record")
    };
    let texts = [
        &record.application,
        &record.institution,
        &record.provider,
        &record.grant,
        &record.service,
    ];
    assert_eq!(
        texts.map(|t| t.to_string()),
        ["app_1", "org_consumer", "org_provider", "grt_q", "svc_q"]
    );
    assert_eq!(
        (&*record.scenario, &*record.outcome, &*record.items),
        ("医保待遇核定", "ok", "name,status,version")
    );
    assert_eq!((record.at, record.rows, &*record.address), (NOON, 2, "10.0.0.8"));
    let hash = bench.gateway.record_hash("res_1", &key_of(&key_items(), &[CERT]));
    assert!(record.touches(&hash) && record.record_hashes == [hash]);
    assert_ne!(hash, bench.gateway.record_hash("res_2", &key_of(&key_items(), &[CERT])));
    assert!(!format!("{record:?}").contains(&CERT[..17]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_under_swaps_comes_from_one_version_whole() {
    let bench = Arc::new(Bench::new());
    let token = bench.token();
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (bench, token, done) = (Arc::clone(&bench), token.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut seen = std::collections::BTreeSet::new();
                while !done.load(Ordering::Acquire) || seen.is_empty() {
                    let body = bench
                        .call(&token, "q", &keys(CERT))
                        .await
                        .expect("no call fails in a swap");
                    let answer: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                    let version = answer["table_version"].as_u64().expect("version");
                    assert_eq!(answer["rows"][0]["version"].as_u64(), Some(version));
                    assert_eq!(answer["rows"][1]["version"].as_u64(), Some(version));
                    seen.insert(version);
                }
                seen.into_iter().max()
            })
        })
        .collect();
    for version in 8..60 {
        bench.set(Setup {
            version,
            ..Setup::default()
        });
        tokio::task::yield_now().await;
    }
    let last = bench.query().await.expect("answer");
    assert!(last.contains(r#""table_version":59"#));
    done.store(true, Ordering::Release);
    for caller in callers {
        assert!(caller.await.expect("caller").expect("answers") >= 7);
    }
}

mod http {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::ConnectInfo;
    use axum::http::{Request, StatusCode};
    use axum::response::Response;
    use tower::ServiceExt;

    use super::*;

    fn app(bench: &Bench) -> Router {
        let (router, _) = crate::gateway::http::routes::<Gateway>().split_for_parts();
        router.with_state(bench.gateway.clone())
    }

    async fn send(bench: &Bench, request: axum::http::request::Builder, body: &str) -> (StatusCode, Response, String) {
        let peer = ConnectInfo(std::net::SocketAddr::new(HERE, 5_000));
        let request: Request<Body> = request
            .extension(peer)
            .body(Body::from(body.to_owned()))
            .expect("request");
        let response = app(bench).oneshot(request).await.expect("answer");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("body");
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        (parts.status, Response::from_parts(parts, Body::empty()), text)
    }

    async fn token(bench: &Bench, authorization: Option<&str>, form: &str) -> (StatusCode, serde_json::Value) {
        let mut request = Request::post("/oauth/token").header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let (status, _, body) = send(bench, request, form).await;
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn a_token_comes_by_basic_with_or_without_padding_and_by_form() {
        let bench = Bench::new();
        let form = "grant_type=client_credentials";
        for (authorization, form) in [
            (Some("Basic YXBwXzE6czNjcmV0IQ=="), form),
            (Some("basic YXBwXzE6czNjcmV0IQ"), form),
            (
                None,
                "grant_type=client_credentials&client_id=app_1&client_secret=s3cret%21",
            ),
        ] {
            let (status, answer) = token(&bench, authorization, form).await;
            assert_eq!(
                (status.as_u16(), answer["token_type"].as_str()),
                (200, Some("Bearer")),
                "{answer}"
            );
        }
        for wrong in ["Basic YXBwXzE6bm8=", "Basic YXBwXzE6bm8", "Basic %"] {
            let (status, answer) = token(&bench, Some(wrong), form).await;
            assert_eq!(
                (status.as_u16(), answer["error"].as_str()),
                (401, Some("invalid_client"))
            );
            assert_eq!(answer["code"], "gateway.client_invalid");
        }
        let (status, answer) = token(&bench, None, "grant_type=password").await;
        assert_eq!(
            (status.as_u16(), answer["error"].as_str()),
            (400, Some("unsupported_grant_type"))
        );
    }

    #[tokio::test]
    async fn a_call_by_post_and_by_get_gives_the_same_and_names_request_and_grant() {
        let bench = Bench::new();
        let bearer = format!("Bearer {}", bench.token());
        let post = Request::post("/gateway/v1/q").header("authorization", &bearer);
        let (status, response, posted) = send(&bench, post, &keys("B")).await;
        assert_eq!(status, 200);
        assert_eq!(response.headers()["x-grant-id"], "grt_q");
        assert_eq!(response.headers()["x-request-id"].len(), 32);
        let get = Request::get("/gateway/v1/q?cert_no=B").header("authorization", &bearer);
        assert_eq!(send(&bench, get, "").await.2, posted);
        let verify =
            Request::get("/gateway/v1/v?cert_no=B&match.status=%E5%8F%82%E4%BF%9D").header("authorization", &bearer);
        assert_eq!(send(&bench, verify, "").await.2, r#"{"match":true,"found":true}"#);
    }

    #[tokio::test]
    async fn a_refusal_is_a_problem_in_the_language_of_the_request() {
        let bench = Bench::new();
        let request = || Request::post("/gateway/v1/q");
        let (status, response, body) = send(&bench, request(), &keys("B")).await;
        assert_eq!(
            (status.as_u16(), &response.headers()["www-authenticate"]),
            (401, &"Bearer".parse().expect("value"))
        );
        assert!(
            body.contains("gateway.token_missing") && body.contains("访问令牌"),
            "{body}"
        );
        let english = request()
            .header("accept-language", "en")
            .header("authorization", format!("Bearer {}", bench.token()));
        let (status, _, body) = send(&bench, english, &"x".repeat(100_000)).await;
        assert_eq!(status, 400);
        assert!(body.contains("the call cannot be read"), "{body}");
        assert_eq!(bench.logged().len(), 2);
    }
}

//! The request context: who acts, for which institution, at what moment, in
//! which language, and under which trace. Handlers take a [`Ctx`] as an
//! extractor; the server's session layer puts it into the request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use crate::{Clock, DataUserId, Error, InstitutionId, ManualClock, Moment, PersonId, SystemClock};

/// 角色: what a person may do for an institution. Cedar policies in `policies/`
/// say what each role can do; this is only the list of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 平台管理员: organisations, people, configuration of the node.
    Administrator,
    /// 主管部门审核员: reviews catalog entries, decides on sharing and opening.
    Reviewer,
    /// 编目员: compiles an institution's catalog entries.
    Cataloguer,
    /// 数据管理员: sources, batches, quarantine, quality of its institution.
    DataManager,
    /// 数源审批人: answers sharing requests, suspends opening, for its institution.
    Approver,
    /// 用数申请人: searches, fills the cart, applies, registers applications.
    Applicant,
    /// 专家: member of the expert committee.
    Expert,
    /// 政府决定人: decides disputes for the government of its level.
    Decider,
    /// 审计员: reads the ledger and the access log of everything, changes nothing.
    Auditor,
    /// 数据利用主体: a citizen or firm on the portal.
    DataUser,
}

impl Role {
    pub const ALL: [Role; 10] = [
        Role::Administrator,
        Role::Reviewer,
        Role::Cataloguer,
        Role::DataManager,
        Role::Approver,
        Role::Applicant,
        Role::Expert,
        Role::Decider,
        Role::Auditor,
        Role::DataUser,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Administrator => "administrator",
            Role::Reviewer => "reviewer",
            Role::Cataloguer => "cataloguer",
            Role::DataManager => "data_manager",
            Role::Approver => "approver",
            Role::Applicant => "applicant",
            Role::Expert => "expert",
            Role::Decider => "decider",
            Role::Auditor => "auditor",
            Role::DataUser => "data_user",
        }
    }
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == s)
    }
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Not signed in: anybody on the portal.
    Anonymous,
    /// A person of an institution.
    Person {
        id: PersonId,
        institution: InstitutionId,
        roles: Vec<Role>,
    },
    /// A citizen or firm.
    DataUser { id: DataUserId },
    /// The platform itself: timers, jobs, catching up.
    System,
}

impl Actor {
    /// The id that the ledger writes down.
    pub fn id(&self) -> &str {
        match self {
            Actor::Anonymous => "anonymous",
            Actor::Person { id, .. } => id.as_str(),
            Actor::DataUser { id } => id.as_str(),
            Actor::System => "system",
        }
    }
    pub fn institution(&self) -> Option<&InstitutionId> {
        match self {
            Actor::Person { institution, .. } => Some(institution),
            _ => None,
        }
    }
    pub fn roles(&self) -> &[Role] {
        match self {
            Actor::Person { roles, .. } => roles,
            Actor::DataUser { .. } => &[Role::DataUser],
            _ => &[],
        }
    }
    pub fn has(&self, role: Role) -> bool {
        self.roles().contains(&role)
    }
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Actor::Person { .. } | Actor::DataUser { .. })
    }
}

/// Language of messages: Chinese unless the request asks for English first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Lang {
    #[default]
    Zh,
    En,
}
impl Lang {
    pub fn from_accept_language(header: Option<&str>) -> Self {
        match header {
            Some(h) if h.trim_start().to_ascii_lowercase().starts_with("en") => Lang::En,
            _ => Lang::Zh,
        }
    }
}

/// Where chance comes from: the system's generator, or a seed in tests.
#[derive(Clone)]
pub struct Chance(Option<Arc<std::sync::Mutex<StdRng>>>);
impl Chance {
    pub fn system() -> Self {
        Self(None)
    }
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(std::sync::Mutex::new(StdRng::seed_from_u64(seed)))))
    }
    #[allow(clippy::disallowed_methods)]
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            None => rand::rng().fill(bytes),
            Some(seeded) => seeded.lock().unwrap_or_else(|e| e.into_inner()).fill(bytes),
        }
    }
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}

#[derive(Clone)]
pub struct Ctx {
    pub actor: Actor,
    pub lang: Lang,
    /// Hex, 16 bytes; stands in the log line, the error answer and the ledger entry.
    pub trace: String,
    pub clock: Arc<dyn Clock>,
    pub chance: Chance,
}

impl Ctx {
    pub fn new(actor: Actor, clock: Arc<dyn Clock>, chance: Chance) -> Self {
        let trace = hex_of(&chance.bytes::<16>());
        Self {
            actor,
            lang: Lang::Zh,
            trace,
            clock,
            chance,
        }
    }
    /// The platform acting by itself, on the machine's clock.
    pub fn system() -> Self {
        Self::new(Actor::System, Arc::new(SystemClock), Chance::system())
    }
    /// For tests: a clock that stands still and seeded chance.
    pub fn test(actor: Actor, at: Moment, seed: u64) -> Self {
        Self::new(actor, Arc::new(ManualClock::at(at)), Chance::seeded(seed))
    }
    /// The same moment and chance, another actor.
    pub fn as_actor(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }
    pub fn now(&self) -> Moment {
        self.clock.now()
    }
    /// 26 characters of Crockford base 32: 48 bits of milliseconds, 80 of chance.
    pub fn ulid(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut value = (u128::from(self.now().0.max(0) as u64) & 0xFFFF_FFFF_FFFF) << 80;
        let mut low = [0u8; 16];
        self.chance.fill(&mut low[6..]);
        value |= u128::from_be_bytes(low);
        (0..26)
            .rev()
            .map(|i| ALPHABET[((value >> (i * 5)) & 31) as usize] as char)
            .collect()
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The session layer inserts the context; a route outside of it is a mistake
/// in the server's wiring, so it answers 500 rather than act as anybody.
impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts
            .extensions
            .get::<Ctx>()
            .cloned()
            .ok_or_else(|| Error::internal("no request context"))
    }
}

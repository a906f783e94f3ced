//! What a procedure is about, and who takes part.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use base::{Actor, DataUserId, InstitutionId, ProcedureId, Result, Role, StepId};
use law::{Article, Effect, Party};
use serde::{Deserialize, Serialize};

/// What is decided upon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProcedureSubject)]
pub struct Subject {
    /// `resource`, `share_request`, `withdrawal`, `work_order`, `opinion`.
    pub r#type: String,
    pub id: String,
    /// For people, without personal data: it stands in task lists.
    pub title: String,
}

impl Subject {
    pub fn new(r#type: &str, id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            r#type: r#type.to_owned(),
            id: id.into(),
            title: title.into(),
        }
    }
}

/// Who sits at a party's desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    pub institution: Option<InstitutionId>,
    pub data_user: Option<DataUserId>,
    pub role: Role,
}

impl Desk {
    /// Whether the actor sits there. The platform itself may act for any desk:
    /// a re-check that passes closes its own step.
    pub fn is_of(&self, actor: &Actor) -> bool {
        match actor {
            Actor::System => true,
            Actor::Person { institution, .. } => self.institution.as_ref() == Some(institution) && actor.has(self.role),
            Actor::DataUser { id } => self.data_user.as_ref() == Some(id),
            Actor::Anonymous => false,
        }
    }
    /// Whether the actor's institution (or the actor) takes part.
    pub fn concerns(&self, actor: &Actor) -> bool {
        self.is_of(actor) || (self.institution.is_some() && self.institution.as_ref() == actor.institution())
    }
}

/// The parties of one procedure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties(BTreeMap<Party, Desk>);

impl Parties {
    pub fn new() -> Self {
        Self::default()
    }
    fn seat(mut self, party: Party, institution: InstitutionId, role: Role) -> Self {
        self.0.insert(
            party,
            Desk {
                institution: Some(institution),
                data_user: None,
                role,
            },
        );
        self
    }
    pub fn authority(self, institution: InstitutionId) -> Self {
        self.seat(Party::Authority, institution, Role::Reviewer)
    }
    /// By its approver, unless [`Parties::role`] says another.
    pub fn provider(self, institution: InstitutionId) -> Self {
        self.seat(Party::Provider, institution, Role::Approver)
    }
    pub fn applicant(self, institution: InstitutionId) -> Self {
        self.seat(Party::Applicant, institution, Role::Applicant)
    }
    pub fn applicant_user(mut self, user: DataUserId) -> Self {
        self.0.insert(
            Party::Applicant,
            Desk {
                institution: None,
                data_user: Some(user),
                role: Role::DataUser,
            },
        );
        self
    }
    pub fn committee(self, institution: InstitutionId) -> Self {
        self.seat(Party::Committee, institution, Role::Expert)
    }
    pub fn government(self, institution: InstitutionId) -> Self {
        self.seat(Party::Government, institution, Role::Decider)
    }
    /// Another role sits at a party's desk than usual.
    pub fn role(mut self, party: Party, role: Role) -> Self {
        if let Some(desk) = self.0.get_mut(&party) {
            desk.role = role;
        }
        self
    }
    pub fn desk(&self, party: Party) -> Option<&Desk> {
        self.0.get(&party)
    }
    pub fn concern(&self, actor: &Actor) -> bool {
        self.0.values().any(|desk| desk.concerns(actor))
    }
}

/// A step that waits for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenStep {
    pub id: StepId,
    pub name: String,
    pub by: Party,
    pub deadline: Option<law::Deadline>,
}

#[derive(Clone, Debug)]
pub struct Started {
    pub procedure: ProcedureId,
    pub step: OpenStep,
}

/// What a decision came to. The caller carries out `effect` in the same
/// transaction.
#[derive(Clone, Debug)]
pub struct Decided {
    pub procedure: ProcedureId,
    pub kind: String,
    /// Name of the step decided.
    pub step: String,
    pub outcome: String,
    pub effect: Option<Effect>,
    /// Of the outcome, or of its step.
    pub articles: Vec<Article>,
    /// The reason, kept as a text that can be destroyed.
    pub reason: Option<db::TextRef>,
    /// Name of the end, if it has ended.
    pub ended: Option<String>,
    pub next: Option<OpenStep>,
}

/// Names of institutions, people and data users, by id; who is not known is
/// left out. Implemented over crate `identity` by the server.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    async fn names(&self, ids: &[String]) -> Result<HashMap<String, String>>;
}

/// A directory that knows nobody: ids stand for names.
pub struct NoDirectory;

#[async_trait]
impl Directory for NoDirectory {
    async fn names(&self, _: &[String]) -> Result<HashMap<String, String>> {
        Ok(HashMap::new())
    }
}

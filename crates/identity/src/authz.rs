//! Who may do what: Cedar policies in `policies/`, readable by auditors and
//! checked against a schema when the platform starts.

use std::str::FromStr;
use std::sync::Arc;

use base::{Actor, Ctx, Error, InstitutionId, Result};
use cedar_policy::{
    Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request, RestrictedExpression,
    Schema, ValidationMode, Validator,
};

macro_rules! actions {
    ($($name:ident = $id:literal, $zh:literal, $en:literal;)*) => {
        /// 操作: everything that a policy can permit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($name),* }
        impl Action {
            pub const ALL: &[Action] = &[$(Action::$name),*];
            pub fn id(self) -> &'static str {
                match self { $(Action::$name => $id),* }
            }
            pub fn title(self, lang: base::Lang) -> &'static str {
                match (self, lang) { $((Action::$name, base::Lang::Zh) => $zh, (Action::$name, base::Lang::En) => $en),* }
            }
        }
    };
}

actions! {
    InstitutionRead = "institution.read", "查看机构", "read institutions";
    InstitutionManage = "institution.manage", "管理机构", "manage institutions";
    PersonManage = "person.manage", "管理人员", "manage people";
    TaskRead = "task.read", "查看待办", "read tasks";
    CatalogRead = "catalog.read", "查看目录", "read the catalog";
    CatalogReadDraft = "catalog.read_draft", "查看未发布的目录条目", "read unpublished entries";
    CatalogEdit = "catalog.edit", "编制目录", "edit catalog entries";
    CatalogSubmit = "catalog.submit", "提交审核", "submit for review";
    CatalogReview = "catalog.review", "审核目录", "review catalog entries";
    CatalogWithdraw = "catalog.withdraw", "撤回目录条目", "withdraw catalog entries";
    SourceManage = "source.manage", "管理数据来源", "manage sources";
    BatchLoad = "batch.load", "归集数据", "load data";
    BatchRead = "batch.read", "查看批次", "read batches";
    QuarantineCorrect = "quarantine.correct", "更正问题数据", "correct quarantined rows";
    DataSample = "data.sample", "查看样例数据", "see sample rows";
    QualityManage = "quality.manage", "管理质量规则", "manage quality rules";
    QualityRun = "quality.run", "执行质量检查", "run quality checks";
    QualityRead = "quality.read", "查看质量结果", "read quality results";
    WorkOrderReport = "work_order.report", "报告数据问题", "report problem data";
    WorkOrderRead = "work_order.read", "查看问题工单", "read work orders";
    WorkOrderHandle = "work_order.handle", "处理问题工单", "handle work orders";
    SharingApply = "sharing.apply", "申请共享", "apply for sharing";
    SharingRead = "sharing.read", "查看共享申请", "read sharing requests";
    SharingDecideAsAuthority = "sharing.decide_as_authority", "以主管部门身份决定", "decide as the authority";
    SharingDecideAsProvider = "sharing.decide_as_provider", "以数源部门身份答复", "answer as the provider";
    SharingDecideAsApplicant = "sharing.decide_as_applicant", "以申请单位身份办理", "act as the applicant";
    SharingDecideAsGovernment = "sharing.decide_as_government", "以政府身份决定", "decide as the government";
    SharingDecideAsCommittee = "sharing.decide_as_committee", "以专家委员会身份提出意见", "advise as the expert committee";
    GrantManage = "grant.manage", "管理共享授权", "manage grants";
    ApplicationManage = "application.manage", "管理应用", "manage applications";
    ServiceTry = "service.try", "试用接口", "try an interface";
    AccessLogRead = "access_log.read", "查看调用记录", "read the access log";
    AccessLogByRecord = "access_log.by_record", "查询谁看过某条记录", "ask who read a record";
    OpeningPublish = "opening.publish", "开放数据集", "open a dataset";
    OpeningSuspend = "opening.suspend", "中止开放", "suspend opening";
    OpeningRestore = "opening.restore", "恢复开放", "restore opening";
    OpinionCreate = "opinion.create", "提出意见建议", "give an opinion";
    OpinionRead = "opinion.read", "查看意见建议", "read opinions";
    OpinionAnswer = "opinion.answer", "答复意见建议", "answer opinions";
    WithdrawalCreate = "withdrawal.create", "申请撤回", "ask for withdrawal";
    WithdrawalRead = "withdrawal.read", "查看撤回申请", "read withdrawals";
    WithdrawalDecideAsOpener = "withdrawal.decide_as_opener", "以开放主体身份处理撤回", "handle a withdrawal as the opener";
    WithdrawalDecideAsAuthority = "withdrawal.decide_as_authority", "以主管部门身份复核撤回", "review a withdrawal as the authority";
    WithdrawalDecideAsDataUser = "withdrawal.decide_as_data_user", "以申请人身份办理撤回", "act on one's own withdrawal";
    LedgerRead = "ledger.read", "查看存证账本", "read the ledger";
    LedgerExport = "ledger.export", "导出存证账本", "export the ledger";
    DeadlineRead = "deadline.read", "查看期限台账", "read the register of deadlines";
}

impl Action {
    /// 401 for who is not signed in, else 403.
    pub fn refused_to(self, ctx: &Ctx) -> Error {
        if ctx.actor.is_signed_in() {
            Error::forbidden(self.title(ctx.lang))
        } else {
            Error::new(&base::error::SIGN_IN_REQUIRED)
        }
    }
}

/// What is acted upon, as far as policies look at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The institution whose it is.
    pub owner: Option<InstitutionId>,
    /// Another institution concerned: the consumer of a sharing request.
    pub party: Option<InstitutionId>,
    /// The data user concerned.
    pub person: Option<String>,
}
impl Target {
    /// Nobody's in particular.
    pub fn any() -> Self {
        Self::default()
    }
    pub fn owned_by(institution: &InstitutionId) -> Self {
        Self {
            owner: Some(institution.clone()),
            ..Self::default()
        }
    }
    pub fn party(mut self, institution: &InstitutionId) -> Self {
        self.party = Some(institution.clone());
        self
    }
    pub fn person(mut self, id: impl Into<String>) -> Self {
        self.person = Some(id.into());
        self
    }
}

/// Answers from the policies. Clones share them.
#[derive(Clone)]
pub struct Authorizer {
    inner: Arc<Inner>,
}
struct Inner {
    policies: PolicySet,
    schema: Schema,
    engine: cedar_policy::Authorizer,
}

const POLICIES: &str = include_str!("../../../policies/people.cedar");
const ENTITIES: &str = include_str!("../../../policies/shuqiao.cedarschema");

impl Authorizer {
    /// The policies that ship with the platform.
    pub fn shipped() -> Result<Self> {
        Self::from_policies(POLICIES)
    }

    /// Refuses policies that do not fit the schema: a misspelt action would
    /// otherwise silently permit nothing.
    pub fn from_policies(text: &str) -> Result<Self> {
        let mut schema_text = ENTITIES.to_owned();
        for action in Action::ALL {
            let line = format!(
                "action \"{}\" appliesTo {{ principal: [Person, DataUser], resource: [Object] }};\n",
                action.id()
            );
            schema_text.push_str(&line);
        }
        let (schema, _) = Schema::from_cedarschema_str(&schema_text).map_err(Error::internal)?;
        let policies = PolicySet::from_str(text).map_err(Error::internal)?;
        let found = Validator::new(schema.clone()).validate(&policies, ValidationMode::default());
        if !found.validation_passed() {
            let all: Vec<String> = found.validation_errors().map(ToString::to_string).collect();
            return Err(Error::internal(format!(
                "policies do not fit the schema: {}",
                all.join("; ")
            )));
        }
        Ok(Self {
            inner: Arc::new(Inner {
                policies,
                schema,
                engine: cedar_policy::Authorizer::new(),
            }),
        })
    }

    pub fn permits(&self, ctx: &Ctx, action: Action, target: &Target) -> bool {
        if ctx.actor == Actor::System {
            return true;
        }
        self.decide(&ctx.actor, action, target).unwrap_or_else(|e| {
            tracing::error!(error = %e, action = action.id(), "authorisation could not be decided; refused");
            false
        })
    }

    /// Refused: 401 for who is not signed in, else 403. Where the very
    /// existence is not theirs to know, use [`Authorizer::reveal`].
    pub fn check(&self, ctx: &Ctx, action: Action, target: &Target) -> Result<()> {
        if self.permits(ctx, action, target) {
            Ok(())
        } else {
            Err(action.refused_to(ctx))
        }
    }

    /// As [`Authorizer::check`], but a signed-in person who may not see it gets
    /// "not found".
    pub fn reveal(&self, ctx: &Ctx, action: Action, target: &Target, what: &str) -> Result<()> {
        self.check(ctx, action, target).map_err(|e| {
            if e.kind.status == 403 {
                Error::not_found(what)
            } else {
                e
            }
        })
    }

    /// Ids of the actions that the actor may do on something of its own or
    /// nobody's: what the web app shows.
    pub fn own_actions(&self, ctx: &Ctx) -> Vec<&'static str> {
        let mut target = Target::any();
        if let Some(own) = ctx.actor.institution() {
            target = Target::owned_by(own).party(own);
        }
        if let Actor::DataUser { id } = &ctx.actor {
            target = target.person(id.as_str());
        }
        Action::ALL
            .iter()
            .filter(|a| self.permits(ctx, **a, &target))
            .map(|a| a.id())
            .collect()
    }

    fn decide(&self, actor: &Actor, action: Action, target: &Target) -> Result<bool> {
        let (kind, attributes) = match actor {
            Actor::Anonymous => return Ok(false),
            Actor::System => return Ok(true),
            Actor::Person { institution, .. } => (
                "Person",
                vec![text("name", actor.id()), text("institution", institution.as_str())],
            ),
            Actor::DataUser { .. } => ("DataUser", vec![text("name", actor.id())]),
        };
        let roles: Vec<EntityUid> = actor
            .roles()
            .iter()
            .map(|r| uid("Role", r.as_str()))
            .collect::<Result<_>>()?;
        let principal = uid(kind, actor.id())?;
        let object = uid("Object", "object")?;
        let mut facts = vec![];
        facts.extend(target.owner.as_ref().map(|i| text("owner", i.as_str())));
        facts.extend(target.party.as_ref().map(|i| text("party", i.as_str())));
        facts.extend(target.person.as_ref().map(|p| text("person", p)));
        let mut entities = vec![
            Entity::new(
                principal.clone(),
                attributes.into_iter().collect(),
                roles.iter().cloned().collect(),
            )
            .map_err(Error::internal)?,
            Entity::new(object.clone(), facts.into_iter().collect(), Default::default()).map_err(Error::internal)?,
        ];
        entities.extend(roles.into_iter().map(Entity::with_uid));
        let entities = Entities::from_entities(entities, Some(&self.inner.schema)).map_err(Error::internal)?;
        let request = Request::new(
            principal,
            uid("Action", action.id())?,
            object,
            Context::empty(),
            Some(&self.inner.schema),
        )
        .map_err(Error::internal)?;
        let answer = self
            .inner
            .engine
            .is_authorized(&request, &self.inner.policies, &entities);
        Ok(answer.decision() == Decision::Allow)
    }
}

fn text(name: &str, value: &str) -> (String, RestrictedExpression) {
    (name.to_owned(), RestrictedExpression::new_string(value.to_owned()))
}

fn uid(kind: &str, id: &str) -> Result<EntityUid> {
    let kind = EntityTypeName::from_str(kind).map_err(Error::internal)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Moment, Role};

    fn person(role: Role, institution: &str) -> Ctx {
        let actor = Actor::Person {
            id: "per_1".into(),
            institution: institution.into(),
            roles: vec![role],
        };
        Ctx::test(actor, Moment(0), 1)
    }

    #[test]
    fn role_by_action_matrix() {
        let authz = Authorizer::shipped().expect("policies fit the schema");
        let mut table = String::from("action | role | own | other's\n");
        for action in Action::ALL {
            for role in Role::ALL {
                let ctx = match role {
                    Role::DataUser => Ctx::test(Actor::DataUser { id: "usr_1".into() }, Moment(0), 1),
                    _ => person(role, "org_own"),
                };
                let own = Target::owned_by(&"org_own".into())
                    .party(&"org_own".into())
                    .person("usr_1");
                let other = Target::owned_by(&"org_x".into()).party(&"org_x".into()).person("usr_x");
                let mark = |t: &Target| if authz.permits(&ctx, *action, t) { "yes" } else { "-" };
                if (mark(&own), mark(&other)) != ("-", "-") {
                    table += &format!(
                        "{} | {} | {} | {}\n",
                        action.id(),
                        role.as_str(),
                        mark(&own),
                        mark(&other)
                    );
                }
            }
        }
        insta::assert_snapshot!("role_by_action", table);
    }

    #[test]
    fn nobody_in_particular_may_nothing_and_the_platform_everything() {
        let authz = Authorizer::shipped().expect("policies");
        let nobody = Ctx::test(Actor::Anonymous, Moment(0), 1);
        for action in Action::ALL {
            assert!(!authz.permits(&nobody, *action, &Target::any()), "{}", action.id());
            assert!(authz.permits(&nobody.as_actor(Actor::System), *action, &Target::any()));
        }
        let refused = authz.check(&nobody, Action::CatalogRead, &Target::any());
        assert_eq!(refused.map_err(|e| e.kind.status), Err(401));
    }

    #[test]
    fn a_policy_with_a_misspelt_action_does_not_start() {
        let wrong = r#"permit (principal, action == Action::"catalog.reveiw", resource);"#;
        assert!(Authorizer::from_policies(wrong).is_err());
    }
}

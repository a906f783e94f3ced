//! People of institutions, and users of opened data.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base::{Ctx, DataUserId, Error, InstitutionId, Lang, Moment, Page, PageQuery, PersonId, Result, Role, codes};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::institutions::Kind;
use crate::store::{data_user, person, session};
use crate::{Action, Identity, Target, errors};

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Person {
    pub id: PersonId,
    pub institution_id: InstitutionId,
    pub name: String,
    pub login: String,
    pub roles: Vec<Role>,
    pub active: bool,
    pub created_at: Moment,
}
impl From<person::Model> for Person {
    fn from(m: person::Model) -> Self {
        Self {
            id: m.id.into(),
            institution_id: m.institution_id.into(),
            name: m.name,
            login: m.login,
            roles: parse_roles(&m.roles),
            active: m.active,
            created_at: Moment(m.created_at),
        }
    }
}

pub(crate) fn parse_roles(joined: &str) -> Vec<Role> {
    joined.split(',').filter_map(Role::parse).collect()
}
fn join_roles(roles: &[Role]) -> String {
    roles.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(",")
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct PersonForm {
    pub institution_id: InstitutionId,
    #[schema(max_length = 200)]
    pub name: String,
    /// 3 to 64 letters, digits, `.`, `-`, `_`.
    #[schema(min_length = 3, max_length = 64)]
    pub login: String,
    /// 10 characters and more.
    #[schema(min_length = 10, max_length = 200)]
    pub password: String,
    pub roles: Vec<Role>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
pub struct PersonChange {
    pub roles: Option<Vec<Role>>,
    /// `false` closes the account and ends its sessions at once.
    pub active: Option<bool>,
    #[schema(min_length = 10, max_length = 200)]
    pub password: Option<String>,
}

/// 主体类别
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataUserKind {
    /// 自然人
    Natural,
    /// 法人
    Legal,
    /// 非法人组织
    Unincorporated,
}

/// 证件类型
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    /// 居民身份证
    CitizenId,
    /// 护照
    Passport,
    /// 港澳居民来往内地通行证
    HkMacaoPermit,
    /// 台湾居民来往大陆通行证
    TaiwanPermit,
    /// 外国人永久居留身份证
    ForeignerPermanentResidence,
    /// 统一社会信用代码
    Uscc,
    /// 其他登记代码
    OtherCode,
}
impl DocumentType {
    fn as_str(self) -> &'static str {
        match self {
            DocumentType::CitizenId => "citizen_id",
            DocumentType::Passport => "passport",
            DocumentType::HkMacaoPermit => "hk_macao_permit",
            DocumentType::TaiwanPermit => "taiwan_permit",
            DocumentType::ForeignerPermanentResidence => "foreigner_permanent_residence",
            DocumentType::Uscc => "uscc",
            DocumentType::OtherCode => "other_code",
        }
    }
}

/// Registration of a user of opened data.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct DataUserForm {
    pub kind: DataUserKind,
    #[schema(max_length = 200)]
    pub name: String,
    pub document_type: DocumentType,
    #[schema(max_length = 40)]
    pub document_number: String,
    #[schema(min_length = 3, max_length = 64)]
    pub login: String,
    #[schema(min_length = 10, max_length = 200)]
    pub password: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DataUser {
    pub id: DataUserId,
    pub kind: DataUserKind,
    pub name: String,
    pub login: String,
    /// Masked.
    pub document: String,
    pub created_at: Moment,
}
impl TryFrom<data_user::Model> for DataUser {
    type Error = Error;
    fn try_from(m: data_user::Model) -> Result<Self> {
        let kind = match m.kind.as_str() {
            "natural" => DataUserKind::Natural,
            "legal" => DataUserKind::Legal,
            "unincorporated" => DataUserKind::Unincorporated,
            other => return Err(Error::internal(format!("kind of data user {other}"))),
        };
        Ok(Self {
            id: m.id.into(),
            kind,
            name: m.name,
            login: m.login,
            document: m.document_shown,
            created_at: Moment(m.created_at),
        })
    }
}

const PASSWORD_CHARS_MIN: usize = 10;

fn check_account(wrong: Error, name: &str, login: &str, password: &str) -> Error {
    let mut wrong = wrong;
    if name.trim().is_empty() || name.chars().count() > base::limits::SHORT_TEXT_CHARS_MAX {
        wrong = wrong.field("name", "required", "请填写姓名或名称，不超过 200 个字");
    }
    let fits = login.len() <= 64 && login.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    if login.len() < 3 || !fits {
        wrong = wrong.field("login", "format", "账号为 3 至 64 位字母、数字或 . - _");
    }
    if password.chars().count() < PASSWORD_CHARS_MIN || password.len() > 200 {
        wrong = wrong.field("password", "too_short", "密码至少 10 个字符");
    }
    wrong
}

/// argon2id takes tens of milliseconds and megabytes: off the async threads.
async fn hash_password(password: String) -> Result<String> {
    tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|h| h.to_string())
            .map_err(Error::internal)
    })
    .await
    .map_err(Error::internal)?
}

pub(crate) async fn verify_password(password: String, hash: String) -> Result<bool> {
    tokio::task::spawn_blocking(move || {
        let parsed = PasswordHash::new(&hash).map_err(Error::internal)?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await
    .map_err(Error::internal)?
}

/// The body that a role belongs to; `None` for roles of any institution.
fn home_of(role: Role) -> Option<&'static [Kind]> {
    match role {
        Role::Administrator | Role::Reviewer => Some(&[Kind::Authority]),
        Role::Auditor => Some(&[Kind::Authority, Kind::Regulator, Kind::StateOrgan]),
        Role::Expert => Some(&[Kind::ExpertCommittee]),
        Role::Decider => Some(&[Kind::Government]),
        Role::DataUser => Some(&[]),
        _ => None,
    }
}

fn check_roles(roles: &[Role], kind: Kind) -> Result<()> {
    match roles
        .iter()
        .find(|r| home_of(**r).is_some_and(|homes| !homes.contains(&kind)))
    {
        None => Ok(()),
        Some(role) => Err(Error::invalid(vec![]).field(
            "roles",
            "not_of_this_kind",
            format!("这类机构的人员不能担任 {} 角色", role.as_str()),
        )),
    }
}

impl Identity {
    pub async fn create_person(&self, ctx: &Ctx, form: PersonForm) -> Result<Person> {
        self.authz
            .check(ctx, Action::PersonManage, &Target::owned_by(&form.institution_id))?;
        let wrong = check_account(Error::invalid(vec![]), &form.name, &form.login, &form.password);
        if !wrong.fields.is_empty() {
            return Err(wrong);
        }
        let institution = self.institution(&form.institution_id).await?;
        check_roles(&form.roles, institution.kind)?;
        self.login_is_free(&form.login).await?;
        let password = hash_password(form.password).await?;
        let mut tx = self.store.begin(ctx).await?;
        let row = person::Model {
            id: PersonId::new(ctx).0,
            institution_id: form.institution_id.0,
            name: form.name.trim().to_owned(),
            login: form.login.to_ascii_lowercase(),
            password,
            roles: join_roles(&form.roles),
            active: true,
            failures: 0,
            locked_until: 0,
            created_at: ctx.now().0,
        };
        person::Entity::insert(person::ActiveModel::from(row.clone()))
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(
            Entry::new("person.appointed", row.id.as_str())
                .put("institution", row.institution_id.as_str())
                .put("roles", row.roles.as_str()),
        );
        tx.commit().await?;
        Ok(row.into())
    }

    pub async fn change_person(&self, ctx: &Ctx, id: &PersonId, change: PersonChange) -> Result<Person> {
        let found = person::Entity::find_by_id(id.as_str()).one(self.store.conn()).await?;
        let found = found.ok_or_else(|| Error::not_found("人员"))?;
        let institution = self.institution(&found.institution_id.clone().into()).await?;
        self.authz
            .check(ctx, Action::PersonManage, &Target::owned_by(&institution.id))?;
        if let Some(roles) = &change.roles {
            check_roles(roles, institution.kind)?;
        }
        let mut entry = Entry::new("person.changed", id.as_str());
        let mut update = person::Entity::update_many().filter(person::Column::Id.eq(id.as_str()));
        if let Some(roles) = &change.roles {
            update = update.col_expr(person::Column::Roles, Expr::value(join_roles(roles)));
            entry = entry.put("roles", join_roles(roles));
        }
        if let Some(active) = change.active {
            update = update.col_expr(person::Column::Active, Expr::value(active));
            entry = entry.put("active", active.to_string());
        }
        if let Some(password) = change.password {
            if password.chars().count() < PASSWORD_CHARS_MIN {
                return Err(Error::invalid(vec![]).field("password", "too_short", "密码至少 10 个字符"));
            }
            update = update
                .col_expr(person::Column::Password, Expr::value(hash_password(password).await?))
                .col_expr(person::Column::Failures, Expr::value(0))
                .col_expr(person::Column::LockedUntil, Expr::value(0_i64));
            entry = entry.put("password_reset", "true");
        }
        let mut tx = self.store.begin(ctx).await?;
        // set the name to itself so that an empty change is still a statement
        update
            .col_expr(person::Column::Name, Expr::value(found.name))
            .exec(tx.conn())
            .await?;
        session::Entity::delete_many()
            .filter(session::Column::ActorId.eq(id.as_str()))
            .exec(tx.conn())
            .await?;
        tx.append(entry);
        tx.commit().await?;
        self.person(id).await
    }

    pub async fn person(&self, id: &PersonId) -> Result<Person> {
        let row = person::Entity::find_by_id(id.as_str()).one(self.store.conn()).await?;
        Ok(row.ok_or_else(|| Error::not_found("人员"))?.into())
    }

    /// Names of people and data users by id, for timelines and lists.
    pub async fn actor_names(
        &self,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<std::collections::HashMap<String, String>> {
        let ids: std::collections::HashSet<String> = ids.into_iter().collect();
        let people = person::Entity::find()
            .filter(person::Column::Id.is_in(ids.clone()))
            .all(self.store.conn())
            .await?;
        let users = data_user::Entity::find()
            .filter(data_user::Column::Id.is_in(ids))
            .all(self.store.conn())
            .await?;
        let people = people.into_iter().map(|p| (p.id, p.name));
        Ok(people.chain(users.into_iter().map(|u| (u.id, u.name))).collect())
    }

    pub async fn people(&self, ctx: &Ctx, institution: Option<&str>, page: PageQuery) -> Result<Page<Person>> {
        self.authz.check(ctx, Action::PersonManage, &Target::any())?;
        let mut find = person::Entity::find().order_by_asc(person::Column::Id);
        if let Some(institution) = institution {
            find = find.filter(person::Column::InstitutionId.eq(institution));
        }
        if let Some(after) = &page.cursor {
            find = find.filter(person::Column::Id.gt(after));
        }
        let rows = find.limit(page.limit() + 1).all(self.store.conn()).await?;
        Ok(Page::from_overfetch(rows, page.limit(), |p| p.id.clone()).map(Person::from))
    }

    /// Registers a user of opened data; the document's check digit is verified.
    pub async fn register_data_user(&self, ctx: &Ctx, form: DataUserForm) -> Result<DataUser> {
        let mut wrong = check_account(Error::invalid(vec![]), &form.name, &form.login, &form.password);
        let number = codes::half_width(form.document_number.trim()).to_ascii_uppercase();
        if let Some(message) = document_fault(form.kind, form.document_type, &number, ctx.lang) {
            wrong = wrong.field("document_number", "check_digit", message);
        }
        if !wrong.fields.is_empty() {
            return Err(wrong);
        }
        self.login_is_free(&form.login).await?;
        let document_hash = self.keys.lookup.hex(form.document_type.as_str(), number.as_bytes());
        let taken = data_user::Entity::find().filter(data_user::Column::DocumentHash.eq(&document_hash));
        if taken.one(self.store.conn()).await?.is_some() {
            return Err(Error::new(&errors::ALREADY_REGISTERED));
        }
        let password = hash_password(form.password).await?;
        let id = DataUserId::new(ctx);
        let sealed = self
            .keys
            .master
            .seal(&ctx.chance, id.as_str().as_bytes(), number.as_bytes())
            .map_err(Error::internal)?;
        let kind = match form.kind {
            DataUserKind::Natural => "natural",
            DataUserKind::Legal => "legal",
            DataUserKind::Unincorporated => "unincorporated",
        };
        let row = data_user::Model {
            id: id.0.clone(),
            kind: kind.to_owned(),
            name: form.name.trim().to_owned(),
            login: form.login.to_ascii_lowercase(),
            password,
            document_type: form.document_type.as_str().to_owned(),
            document_hash,
            document_shown: shown(&number),
            document_sealed: sealed,
            failures: 0,
            locked_until: 0,
            created_at: ctx.now().0,
        };
        let mut tx = self.store.begin(ctx).await?;
        data_user::Entity::insert(data_user::ActiveModel::from(row.clone()))
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(Entry::new("data_user.registered", id.as_str()).put("kind", kind));
        tx.commit().await?;
        row.try_into()
    }

    pub async fn data_user(&self, id: &DataUserId) -> Result<DataUser> {
        let row = data_user::Entity::find_by_id(id.as_str())
            .one(self.store.conn())
            .await?;
        row.ok_or_else(|| Error::not_found("用户"))?.try_into()
    }

    async fn login_is_free(&self, login: &str) -> Result<()> {
        let login = login.to_ascii_lowercase();
        let person = person::Entity::find()
            .filter(person::Column::Login.eq(&login))
            .one(self.store.conn())
            .await?;
        let user = data_user::Entity::find()
            .filter(data_user::Column::Login.eq(&login))
            .one(self.store.conn())
            .await?;
        if person.is_some() || user.is_some() {
            Err(Error::new(&errors::LOGIN_TAKEN))
        } else {
            Ok(())
        }
    }
}

/// 3301**********1234; shorter numbers keep their ends.
fn shown(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    let keep = if chars.len() >= 15 { 4 } else { 1 };
    chars
        .iter()
        .enumerate()
        .map(|(i, c)| if i < keep || i + keep >= chars.len() { *c } else { '*' })
        .collect()
}

fn document_fault(kind: DataUserKind, document: DocumentType, number: &str, lang: Lang) -> Option<String> {
    let natural = kind == DataUserKind::Natural;
    let (zh, en) = match document {
        DocumentType::CitizenId if natural => {
            return codes::citizen_id(number)
                .err()
                .map(|fault| fault.message(lang).to_owned());
        }
        DocumentType::Uscc if !natural => {
            if codes::uscc(number).is_plausible() {
                return None;
            }
            (
                "统一社会信用代码有误，请核对 18 位代码",
                "the unified social credit code is wrong; check its 18 characters",
            )
        }
        DocumentType::OtherCode if kind == DataUserKind::Unincorporated => {
            if (4..=40).contains(&number.len()) {
                return None;
            }
            ("登记代码为 4 至 40 位", "a registration code has 4 to 40 characters")
        }
        DocumentType::Passport
        | DocumentType::HkMacaoPermit
        | DocumentType::TaiwanPermit
        | DocumentType::ForeignerPermanentResidence
            if natural =>
        {
            if (5..=20).contains(&number.len()) && number.chars().all(|c| c.is_ascii_alphanumeric()) {
                return None;
            }
            (
                "证件号码为 5 至 20 位字母或数字",
                "a document number has 5 to 20 letters or digits",
            )
        }
        _ => ("这类主体不能使用该证件类型", "this kind of user has no such document"),
    };
    Some(if lang == Lang::En { en } else { zh }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plt_4_documents_are_checked_by_kind() {
        let fault = |kind, document, number| document_fault(kind, document, number, Lang::Zh);
        assert_eq!(
            fault(DataUserKind::Natural, DocumentType::CitizenId, "11010519491231002X"),
            None
        );
        assert!(fault(DataUserKind::Natural, DocumentType::CitizenId, "110105194912310021").is_some());
        assert!(fault(DataUserKind::Legal, DocumentType::CitizenId, "11010519491231002X").is_some());
        assert!(fault(DataUserKind::Legal, DocumentType::Uscc, "91330000MA00000000").is_some());
        assert_eq!(fault(DataUserKind::Natural, DocumentType::Passport, "E12345678"), None);
    }

    #[test]
    fn plt_2_roles_that_decide_belong_to_bodies_that_decide() {
        assert!(check_roles(&[Role::Reviewer], Kind::StateOrgan).is_err());
        assert!(check_roles(&[Role::Decider], Kind::Authority).is_err());
        assert!(check_roles(&[Role::Reviewer, Role::Administrator], Kind::Authority).is_ok());
        assert!(check_roles(&[Role::Cataloguer, Role::Approver], Kind::StateOrgan).is_ok());
    }

    #[test]
    fn a_document_is_shown_by_its_ends_only() {
        assert_eq!(shown("11010519491231002X"), "1101**********002X");
        assert_eq!(shown("E1234567"), "E******7");
    }
}

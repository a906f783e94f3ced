//! Institutions and the bodies beside them.

use base::{Ctx, Error, InstitutionId, Moment, Page, PageQuery, Result, codes};
use ledger::Entry;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::store::institution;
use crate::{Action, Identity, Target};

/// 机构类别. The first four are the kinds of public management and service
/// institution (公共管理和服务机构); the rest stand beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 国家机关
    StateOrgan,
    /// 法律、法规授权的组织
    AuthorisedOrganisation,
    /// 公共服务运营单位
    PublicServiceOperator,
    /// 国家有关部门派驻机构
    NationalAgency,
    /// 公共数据主管部门
    Authority,
    /// 主管部门的工作机构
    WorkingBody,
    /// 本级人民政府
    Government,
    /// 专家委员会
    ExpertCommittee,
    /// 网信、公安、国家安全、保密、密码等管理部门
    Regulator,
}

impl Kind {
    pub const ALL: [Kind; 9] = [
        Kind::StateOrgan,
        Kind::AuthorisedOrganisation,
        Kind::PublicServiceOperator,
        Kind::NationalAgency,
        Kind::Authority,
        Kind::WorkingBody,
        Kind::Government,
        Kind::ExpertCommittee,
        Kind::Regulator,
    ];
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::StateOrgan => "state_organ",
            Kind::AuthorisedOrganisation => "authorised_organisation",
            Kind::PublicServiceOperator => "public_service_operator",
            Kind::NationalAgency => "national_agency",
            Kind::Authority => "authority",
            Kind::WorkingBody => "working_body",
            Kind::Government => "government",
            Kind::ExpertCommittee => "expert_committee",
            Kind::Regulator => "regulator",
        }
    }
    pub fn parse(s: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == s)
    }
}

/// 责任人: who answers for the institution's data (Ordinance, article 39).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Responsible {
    /// 第一责任人
    #[serde(default)]
    #[schema(max_length = 200)]
    pub first: String,
    /// 分管负责人
    #[serde(default)]
    #[schema(max_length = 200)]
    pub leader: String,
    /// 日常管理人员
    #[serde(default)]
    pub managers: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Institution {
    pub id: InstitutionId,
    pub name: String,
    pub short_name: String,
    pub kind: Kind,
    pub division: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub division_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<InstitutionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uscc: Option<String>,
    pub responsible: Responsible,
    pub revision: i32,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl TryFrom<institution::Model> for Institution {
    type Error = Error;
    fn try_from(m: institution::Model) -> Result<Self> {
        Ok(Self {
            kind: Kind::parse(&m.kind).ok_or_else(|| Error::internal(format!("kind of {}", m.id)))?,
            division_name: codes::division(&m.division).map(|d| d.name.to_owned()),
            responsible: serde_json::from_str(&m.responsible).map_err(Error::internal)?,
            id: m.id.into(),
            name: m.name,
            short_name: m.short_name,
            division: m.division,
            parent_id: m.parent_id.map(Into::into),
            uscc: m.uscc,
            revision: m.revision,
            created_at: Moment(m.created_at),
            updated_at: Moment(m.updated_at),
        })
    }
}

/// What is filed of an institution.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct InstitutionForm {
    #[schema(max_length = 200)]
    pub name: String,
    #[schema(max_length = 200)]
    pub short_name: String,
    pub kind: Kind,
    /// Division code; the node's own where absent.
    #[schema(max_length = 12)]
    pub division: Option<String>,
    pub parent_id: Option<InstitutionId>,
    #[schema(max_length = 40)]
    pub uscc: Option<String>,
    #[serde(default)]
    pub responsible: Responsible,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InstitutionQuery {
    pub kind: Option<Kind>,
    /// Part of a name.
    #[param(max_length = 200)]
    pub q: Option<String>,
    #[param(max_length = 64)]
    pub parent: Option<String>,
}

fn check(form: &InstitutionForm) -> Result<()> {
    let mut wrong = Error::invalid(vec![]);
    for (field, value) in [("name", &form.name), ("short_name", &form.short_name)] {
        let length = value.trim().chars().count();
        if length == 0 {
            wrong = wrong.field(field, "required", "必填");
        } else if length > base::limits::SHORT_TEXT_CHARS_MAX {
            wrong = wrong.field(field, "too_long", "不超过 200 个字");
        }
    }
    if let Some(uscc) = form.uscc.as_deref().filter(|u| !u.is_empty())
        && !codes::uscc(uscc).is_plausible()
    {
        wrong = wrong.field("uscc", "check_digit", "统一社会信用代码有误，请核对 18 位代码");
    }
    if let Some(division) = form.division.as_deref()
        && codes::division(division).is_none()
    {
        wrong = wrong.field("division", "unknown_code", "没有这个行政区划代码");
    }
    if wrong.fields.is_empty() { Ok(()) } else { Err(wrong) }
}

impl Identity {
    pub async fn create_institution(&self, ctx: &Ctx, form: InstitutionForm) -> Result<Institution> {
        self.authz.check(ctx, Action::InstitutionManage, &Target::any())?;
        check(&form)?;
        if let Some(parent) = &form.parent_id {
            self.institution(parent).await?;
        }
        let mut tx = self.store.begin(ctx).await?;
        let id = InstitutionId::new(ctx);
        let row = institution::Model {
            id: id.0.clone(),
            name: form.name.trim().to_owned(),
            short_name: form.short_name.trim().to_owned(),
            kind: form.kind.as_str().to_owned(),
            division: form.division.unwrap_or_else(|| self.node.division.clone()),
            parent_id: form.parent_id.map(Into::into),
            uscc: form.uscc.filter(|u| !u.is_empty()),
            responsible: serde_json::to_string(&form.responsible).map_err(Error::internal)?,
            revision: 1,
            created_at: ctx.now().0,
            updated_at: ctx.now().0,
        };
        institution::Entity::insert(institution::ActiveModel::from(row.clone()))
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(
            Entry::new("institution.filed", id.as_str())
                .put("kind", row.kind.as_str())
                .put("division", row.division.as_str()),
        );
        tx.commit().await?;
        row.try_into()
    }

    /// Files changed facts; the ledger dates the change of responsible persons.
    pub async fn change_institution(
        &self,
        ctx: &Ctx,
        id: &InstitutionId,
        revision: i32,
        form: InstitutionForm,
    ) -> Result<Institution> {
        self.authz
            .check(ctx, Action::InstitutionManage, &Target::owned_by(id))?;
        check(&form)?;
        let before = self.institution(id).await?;
        if form.parent_id.as_ref() == Some(id) {
            return Err(Error::invalid(vec![]).field("parent_id", "circular", "上级不能是自己"));
        }
        let mut tx = self.store.begin(ctx).await?;
        let changed = institution::Entity::update_many()
            .col_expr(institution::Column::Name, Expr::value(form.name.trim()))
            .col_expr(institution::Column::ShortName, Expr::value(form.short_name.trim()))
            .col_expr(institution::Column::Kind, Expr::value(form.kind.as_str()))
            .col_expr(
                institution::Column::Division,
                Expr::value(form.division.unwrap_or(before.division)),
            )
            .col_expr(
                institution::Column::ParentId,
                Expr::value(form.parent_id.map(String::from)),
            )
            .col_expr(
                institution::Column::Uscc,
                Expr::value(form.uscc.filter(|u| !u.is_empty())),
            )
            .col_expr(
                institution::Column::Responsible,
                Expr::value(serde_json::to_string(&form.responsible).map_err(Error::internal)?),
            )
            .col_expr(institution::Column::Revision, Expr::value(revision + 1))
            .col_expr(institution::Column::UpdatedAt, Expr::value(ctx.now().0))
            .filter(institution::Column::Id.eq(id.as_str()))
            .filter(institution::Column::Revision.eq(revision))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::new(&base::error::CONFLICT));
        }
        let responsible = form.responsible != before.responsible;
        tx.append(Entry::new("institution.changed", id.as_str()).put("responsible_changed", responsible.to_string()));
        tx.commit().await?;
        self.institution(id).await
    }

    pub async fn institution(&self, id: &InstitutionId) -> Result<Institution> {
        let row = institution::Entity::find_by_id(id.as_str())
            .one(self.store.conn())
            .await?;
        row.ok_or_else(|| Error::not_found("机构"))?.try_into()
    }

    /// Names by id, for lists: `(name, short name)`.
    pub async fn institution_names(
        &self,
        ids: impl IntoIterator<Item = String>,
    ) -> Result<std::collections::HashMap<String, (String, String)>> {
        let ids: std::collections::HashSet<String> = ids.into_iter().collect();
        let rows = institution::Entity::find()
            .filter(institution::Column::Id.is_in(ids))
            .all(self.store.conn())
            .await?;
        Ok(rows.into_iter().map(|m| (m.id, (m.name, m.short_name))).collect())
    }

    /// The first body of a kind in the node's division: its authority, its
    /// government, its expert committee.
    pub async fn body(&self, kind: Kind) -> Result<Option<Institution>> {
        institution::Entity::find()
            .filter(institution::Column::Kind.eq(kind.as_str()))
            .filter(institution::Column::Division.eq(&self.node.division))
            .order_by_asc(institution::Column::Id)
            .one(self.store.conn())
            .await?
            .map(TryInto::try_into)
            .transpose()
    }

    pub async fn institutions(&self, ctx: &Ctx, query: InstitutionQuery, page: PageQuery) -> Result<Page<Institution>> {
        self.authz.check(ctx, Action::InstitutionRead, &Target::any())?;
        let mut find = institution::Entity::find().order_by_asc(institution::Column::Id);
        if let Some(kind) = query.kind {
            find = find.filter(institution::Column::Kind.eq(kind.as_str()));
        }
        if let Some(parent) = query.parent {
            find = find.filter(institution::Column::ParentId.eq(parent));
        }
        if let Some(q) = query.q.filter(|q| !q.trim().is_empty()) {
            let part = q.trim().replace(['%', '_'], "");
            find = find.filter(
                Condition::any()
                    .add(institution::Column::Name.contains(&part))
                    .add(institution::Column::ShortName.contains(&part)),
            );
        }
        if let Some(after) = &page.cursor {
            find = find.filter(institution::Column::Id.gt(after));
        }
        let rows = find.limit(page.limit() + 1).all(self.store.conn()).await?;
        let rows = rows
            .into_iter()
            .map(TryInto::try_into)
            .collect::<Result<Vec<Institution>>>()?;
        Ok(Page::from_overfetch(rows, page.limit(), |i| i.id.0.clone()))
    }
}

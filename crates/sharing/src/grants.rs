//! 共享授权: looked at, suspended, restored, ended.

use std::collections::HashMap;

use base::{Actor, Ctx, Error, GrantId, Moment, Page, PageQuery, Result, limits};
use identity::{Action, Target};
use ledger::Entry;
use procedure::{Notice, Recipient, Subject};
use protect::{AccessPlan, Mode};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::Sharing;
use crate::applications::application;
use crate::errors::GRANT_STATE;
use crate::model::{ApplicationRef, OrgRef, RequestedItem, ResourceRef, Terms, mode_of};
use crate::store::{grant, request};

/// 共享授权 as people see it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantView {
    pub id: String,
    pub resource: ResourceRef,
    pub provider: OrgRef,
    /// 使用部门
    pub consumer: OrgRef,
    pub scenario: String,
    pub purpose: String,
    pub mode: Mode,
    /// What it lets through, each item with its mask.
    pub items: Vec<RequestedItem>,
    /// Which rows; all where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<protect::Filter>,
    /// `active`, `suspended`, `ended` or, past its end, `expired`.
    pub state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<u32>,
    pub request_id: String,
    pub service_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationRef>,
    pub created_at: Moment,
    /// Why it was suspended, restored or ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the caller may do now: `suspend`, `restore`, `end`.
    pub actions: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GrantQuery {
    /// `consumer` or `provider`; all that the caller may see where absent.
    #[param(pattern = "^(consumer|provider)$")]
    pub role: Option<String>,
    /// `active`, `suspended`, `ended` or `expired`.
    #[param(pattern = "^(active|suspended|ended|expired)$")]
    pub state: Option<String>,
    /// Id of an interface: the grants to call it.
    #[param(max_length = 64)]
    pub service: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// Why a grant is suspended, restored or ended.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = GrantReason)]
pub struct Reason {
    #[schema(min_length = 1, max_length = 4000)]
    pub reason: String,
}

/// What can be done to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// 中止: use outside the grant, a risk.
    Suspend,
    /// 恢复
    Restore,
    /// 终止: for good.
    End,
}

impl Change {
    const ALL: [Change; 3] = [Change::Suspend, Change::Restore, Change::End];

    fn name(self) -> &'static str {
        match self {
            Change::Suspend => "suspend",
            Change::Restore => "restore",
            Change::End => "end",
        }
    }
    fn done(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Change::Suspend => ("suspended", "sharing.grant_suspended", "已中止", "suspended"),
            Change::Restore => ("active", "sharing.grant_restored", "已恢复", "restored"),
            Change::End => ("ended", "sharing.grant_ended", "已终止", "ended"),
        }
    }
    /// States from which it can be done.
    fn from(self) -> &'static [&'static str] {
        match self {
            Change::Suspend => &["active"],
            Change::Restore => &["suspended"],
            Change::End => &["active", "suspended"],
        }
    }
}

impl Sharing {
    /// By the provider's approver or the authority's reviewer. The gateway
    /// refuses within `limits::SUSPENSION_MS_MAX`.
    pub async fn change_grant(&self, ctx: &Ctx, id: &GrantId, change: Change, reason: &str) -> Result<()> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Error::invalid(vec![]).field("reason", "required", "请说明理由"));
        }
        if reason.chars().count() > limits::LONG_TEXT_CHARS_MAX {
            return Err(Error::invalid(vec![]).field("reason", "too_long", "不超过 4000 个字"));
        }
        let row = self.grant_row(ctx, id).await?;
        self.identity.authz.check(ctx, Action::GrantManage, &target_of(&row))?;
        let (state, kind, zh, en) = change.done();
        let mut tx = self.store.begin(ctx).await?;
        let text = tx.text(reason).await?;
        let changed = grant::Entity::update_many()
            .col_expr(grant::Column::State, Expr::value(state))
            .col_expr(grant::Column::ChangedAt, Expr::value(ctx.now().0))
            .col_expr(grant::Column::ReasonText, Expr::value(Some(text.id.0.clone())))
            .filter(grant::Column::Id.eq(id.as_str()))
            .filter(grant::Column::State.is_in(change.from().iter().copied()))
            .exec(tx.conn())
            .await?;
        if changed.rows_affected == 0 {
            return Err(Error::new(&GRANT_STATE).with("state", &row.state));
        }
        let entry = Entry::new(kind, id.as_str())
            .put("resource", row.resource_id.as_str())
            .put("provider", row.provider.as_str())
            .put("consumer", row.consumer.as_str())
            .put("service", row.service_id.as_str())
            .put("reason_hash", text.hash.as_str());
        tx.append(match self.procedures.law().rules().citation("grant_suspension") {
            Some(article) => entry.article(article.citation(base::Lang::Zh)),
            None => entry,
        });
        let asked = request::Entity::find_by_id(&row.request_id).one(tx.conn()).await?;
        let title = asked.map(|r| r.resource_title).unwrap_or_default();
        Notice {
            to: Recipient::Institution(row.consumer.as_str().into()),
            kind: kind.to_owned(),
            zh: format!("{title}的共享授权{zh}"),
            en: format!("the grant of {title} was {en}"),
            subject: Subject::new("grant", id.as_str(), title),
            href: format!("/sharing/grants/{id}"),
        }
        .post(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn grant(&self, ctx: &Ctx, id: &GrantId) -> Result<GrantView> {
        let row = self.grant_row(ctx, id).await?;
        let mut views = self.grant_views(ctx, vec![row]).await?;
        views.pop().ok_or_else(|| Error::not_found("共享授权"))
    }

    /// Newest first.
    pub async fn grants(&self, ctx: &Ctx, query: &GrantQuery) -> Result<Page<GrantView>> {
        let mut found = grant::Entity::find().filter(self.my_grants(ctx, query.role.as_deref())?);
        let now = ctx.now().0;
        let over = Condition::all().add(grant::Column::ExpiresAt.lte(now));
        found = match query.state.as_deref() {
            None => found,
            Some("expired") => found.filter(grant::Column::State.ne("ended")).filter(over),
            Some("ended") => found.filter(grant::Column::State.eq("ended")),
            Some(state @ ("active" | "suspended")) => found.filter(grant::Column::State.eq(state)).filter(
                Condition::any()
                    .add(grant::Column::ExpiresAt.is_null())
                    .add(grant::Column::ExpiresAt.gt(now)),
            ),
            Some(_) => return Err(Error::bad_request("state")),
        };
        if let Some(service) = &query.service {
            found = found.filter(grant::Column::ServiceId.eq(service));
        }
        if let Some(before) = &query.cursor {
            found = found.filter(grant::Column::Id.lt(before));
        }
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let rows = found
            .order_by_desc(grant::Column::Id)
            .limit(limit + 1)
            .all(self.store.conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |row| row.id.clone());
        Ok(Page {
            items: self.grant_views(ctx, page.items).await?,
            next: page.next,
            total: None,
        })
    }

    fn my_grants(&self, ctx: &Ctx, role: Option<&str>) -> Result<Condition> {
        if !ctx.actor.is_signed_in() && ctx.actor != Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let permits = |target: &Target| self.identity.authz.permits(ctx, Action::SharingRead, target);
        let own = ctx.actor.institution();
        let consumer = own.filter(|own| permits(&Target::any().party(own)));
        let provider = own.filter(|own| permits(&Target::owned_by(own)));
        let mut mine = Condition::any();
        match role {
            None if permits(&Target::any()) => return Ok(Condition::all()),
            None | Some("consumer") | Some("provider") => {}
            Some(_) => return Err(Error::bad_request("role")),
        }
        // an institution that the caller may not speak for matches nothing
        let nobody = Expr::value(false);
        mine = mine.add(nobody);
        if let Some(own) = consumer.filter(|_| role != Some("provider")) {
            mine = mine.add(grant::Column::Consumer.eq(own.as_str()));
        }
        if let Some(own) = provider.filter(|_| role != Some("consumer")) {
            mine = mine.add(grant::Column::Provider.eq(own.as_str()));
        }
        Ok(mine)
    }

    async fn grant_row(&self, ctx: &Ctx, id: &GrantId) -> Result<grant::Model> {
        if !ctx.actor.is_signed_in() && ctx.actor != Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let row = grant::Entity::find_by_id(id.as_str()).one(self.store.conn()).await?;
        let row = row.ok_or_else(|| Error::not_found("共享授权"))?;
        self.identity
            .authz
            .reveal(ctx, Action::SharingRead, &target_of(&row), "共享授权")?;
        Ok(row)
    }

    async fn grant_views(&self, ctx: &Ctx, rows: Vec<grant::Model>) -> Result<Vec<GrantView>> {
        let requests: Vec<&str> = rows.iter().map(|row| row.request_id.as_str()).collect();
        let requests = request::Entity::find()
            .filter(request::Column::Id.is_in(requests))
            .all(self.store.conn())
            .await?;
        let requests: HashMap<String, request::Model> = requests.into_iter().map(|r| (r.id.clone(), r)).collect();
        let orgs = self
            .orgs(rows.iter().flat_map(|row| [row.provider.clone(), row.consumer.clone()]))
            .await?;
        let texts: Vec<String> = rows.iter().filter_map(|row| row.reason_text.clone()).collect();
        let texts = if texts.is_empty() {
            HashMap::new()
        } else {
            self.store.texts(&texts).await?
        };
        let applications = self
            .applications_of(rows.iter().filter_map(|row| row.application_id.clone()))
            .await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(request) = requests.get(&row.request_id) else {
                continue;
            };
            let plan: AccessPlan = serde_json::from_str(&row.plan).map_err(Error::internal)?;
            let terms: Terms = serde_json::from_str(&request.terms).map_err(Error::internal)?;
            let items: Vec<RequestedItem> = serde_json::from_str(&request.items).map_err(Error::internal)?;
            let expired = row.expires_at.is_some_and(|at| at <= ctx.now().0) && row.state != "ended";
            let may = self.identity.authz.permits(ctx, Action::GrantManage, &target_of(&row));
            let actions = Change::ALL
                .into_iter()
                .filter(|c| may && c.from().contains(&row.state.as_str()));
            views.push(GrantView {
                resource: ResourceRef {
                    id: row.resource_id.clone(),
                    code: request.resource_code.clone(),
                    title: request.resource_title.clone(),
                    provider: orgs.get(&row.provider),
                },
                provider: orgs.get(&row.provider),
                consumer: orgs.get(&row.consumer),
                scenario: plan.scenario().to_owned(),
                purpose: plan.purpose().to_owned(),
                mode: mode_of(&row.mode)?,
                items: terms.shown(items),
                rows: plan.filter().cloned(),
                state: if expired {
                    "expired".to_owned()
                } else {
                    row.state.clone()
                },
                expires_at: row.expires_at.map(Moment),
                rate_per_s: plan.rate_per_s(),
                request_id: row.request_id.clone(),
                service_id: row.service_id.clone(),
                application: row.application_id.as_deref().map(|id| applications.get(id)),
                created_at: Moment(row.granted_at),
                reason: row.reason_text.as_ref().and_then(|id| texts.get(id).cloned()),
                actions: actions.map(|c| c.name().to_owned()).collect(),
                id: row.id,
            });
        }
        Ok(views)
    }

    pub(crate) async fn applications_of(&self, ids: impl IntoIterator<Item = String>) -> Result<Applications> {
        let ids: Vec<String> = ids.into_iter().collect();
        if ids.is_empty() {
            return Ok(Applications(HashMap::new()));
        }
        let found = application::Entity::find().filter(application::Column::Id.is_in(ids));
        let rows = found.all(self.store.conn()).await?;
        Ok(Applications(rows.into_iter().map(|row| (row.id, row.name)).collect()))
    }

    pub(crate) async fn orgs(&self, ids: impl IntoIterator<Item = String>) -> Result<Orgs> {
        Ok(Orgs(self.identity.institution_names(ids).await?))
    }
}

/// Names of applications.
pub(crate) struct Applications(HashMap<String, String>);

impl Applications {
    pub(crate) fn get(&self, id: &str) -> ApplicationRef {
        ApplicationRef {
            id: id.to_owned(),
            name: self.0.get(id).cloned().unwrap_or_else(|| id.to_owned()),
        }
    }
}

/// Names of institutions.
pub(crate) struct Orgs(HashMap<String, (String, String)>);

impl Orgs {
    pub(crate) fn get(&self, id: &str) -> OrgRef {
        match self.0.get(id) {
            Some((name, short)) => OrgRef {
                id: id.into(),
                name: name.clone(),
                short_name: Some(short.clone()),
            },
            None => OrgRef {
                id: id.into(),
                name: id.to_owned(),
                short_name: None,
            },
        }
    }
}

fn target_of(row: &grant::Model) -> Target {
    Target::owned_by(&row.provider.as_str().into()).party(&row.consumer.as_str().into())
}

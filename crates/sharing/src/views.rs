//! Share requests as people see them.

use std::collections::HashMap;

use base::{Actor, Ctx, Error, Moment, Page, PageQuery, Result, ShareRequestId};
use identity::{Action, Target};
use law::Clock;
use procedure::Timeline;
use protect::Mode;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use crate::Sharing;
use crate::model::{ApplicationRef, OrgRef, RequestedItem, ResourceRef, Terms, mode_of};
use crate::store::request;

/// 共享申请
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShareRequest {
    pub id: String,
    pub resource: ResourceRef,
    pub applicant: OrgRef,
    pub provider: OrgRef,
    pub scenario: String,
    pub purpose: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    pub mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_months: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationRef>,
    /// Each item with the mask fixed for it so far.
    pub items: Vec<RequestedItem>,
    /// Terms fixed so far.
    pub terms: Terms,
    /// `running`, `granted`, `refused`.
    pub state: String,
    pub submitted_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Moment>,
    /// The open step, and its clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    pub procedure_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Only of a single request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    /// `applicant`, `provider` or `authority`; all that the caller may see where absent.
    #[param(pattern = "^(applicant|provider|authority)$")]
    pub role: Option<String>,
    /// `running`, `granted` or `refused`.
    #[param(pattern = "^(running|granted|refused)$")]
    pub state: Option<String>,
    /// Id of a resource.
    #[param(max_length = 64)]
    pub resource: Option<String>,
    /// Opaque; the `next` of the page before.
    #[param(max_length = 512)]
    pub cursor: Option<String>,
    /// 1 to 200; 20 unless told.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

impl Sharing {
    pub async fn share_request(&self, ctx: &Ctx, id: &ShareRequestId) -> Result<ShareRequest> {
        let row = self.request_row(ctx, id).await?;
        let procedure = row.procedure_id.as_str().into();
        let mut views = self.request_views(ctx, vec![row]).await?;
        let mut view = views.pop().ok_or_else(|| Error::not_found("共享申请"))?;
        // an auditor of another body sees the request, and the procedure too; a
        // government's decider only the procedures that reach the government
        view.timeline = match self.procedures.timeline(ctx, &procedure).await {
            Ok(timeline) => Some(timeline),
            Err(error) if error.kind.status == 404 => None,
            Err(error) => return Err(error),
        };
        Ok(view)
    }

    /// Newest first.
    pub async fn share_requests(&self, ctx: &Ctx, query: &RequestQuery) -> Result<Page<ShareRequest>> {
        let mut found = request::Entity::find().filter(self.my_requests(ctx, query.role.as_deref())?);
        if let Some(state) = &query.state {
            found = found.filter(request::Column::State.eq(state));
        }
        if let Some(resource) = &query.resource {
            found = found.filter(request::Column::ResourceId.eq(resource));
        }
        if let Some(before) = &query.cursor {
            found = found.filter(request::Column::Id.lt(before));
        }
        let limit = PageQuery {
            cursor: None,
            limit: query.limit,
        }
        .limit();
        let rows = found
            .order_by_desc(request::Column::Id)
            .limit(limit + 1)
            .all(self.store.conn())
            .await?;
        let page = Page::from_overfetch(rows, limit, |row| row.id.clone());
        Ok(Page {
            items: self.request_views(ctx, page.items).await?,
            next: page.next,
            total: None,
        })
    }

    /// Which rows the caller may see: all for the authority and auditors, those
    /// of the own institution for the rest.
    fn my_requests(&self, ctx: &Ctx, role: Option<&str>) -> Result<Condition> {
        if !ctx.actor.is_signed_in() && ctx.actor != Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let permits = |target: &Target| self.identity.authz.permits(ctx, Action::SharingRead, target);
        let own = ctx.actor.institution();
        let all = permits(&Target::any());
        let mut mine = Condition::any().add(Expr::value(false));
        let (applicant, provider) = match role {
            None if all => return Ok(Condition::all()),
            Some("authority") if all => return Ok(Condition::all()),
            None => (true, true),
            Some("applicant") => (true, false),
            Some("provider") => (false, true),
            Some("authority") => (false, false),
            Some(_) => return Err(Error::bad_request("role")),
        };
        if let Some(own) = own.filter(|own| applicant && permits(&Target::any().party(own))) {
            mine = mine.add(request::Column::Applicant.eq(own.as_str()));
        }
        if let Some(own) = own.filter(|own| provider && permits(&Target::owned_by(own))) {
            mine = mine.add(request::Column::Provider.eq(own.as_str()));
        }
        Ok(mine)
    }

    async fn request_views(&self, ctx: &Ctx, rows: Vec<request::Model>) -> Result<Vec<ShareRequest>> {
        let orgs = self
            .orgs(
                rows.iter()
                    .flat_map(|row| [row.provider.clone(), row.applicant.clone()]),
            )
            .await?;
        let ids: Vec<String> = rows
            .iter()
            .flat_map(|row| {
                [
                    Some(&row.scenario_text),
                    Some(&row.purpose_text),
                    row.basis_text.as_ref(),
                ]
            })
            .flatten()
            .cloned()
            .collect();
        let texts = if ids.is_empty() {
            HashMap::new()
        } else {
            self.store.texts(&ids).await?
        };
        let text = |id: &str| texts.get(id).cloned().unwrap_or_default();
        let running: Vec<String> = rows
            .iter()
            .filter(|row| row.state == "running")
            .map(|row| row.procedure_id.clone())
            .collect();
        let mut open = self.procedures.current(ctx, &running).await?;
        let applications = self
            .applications_of(rows.iter().filter_map(|row| row.application_id.clone()))
            .await?;
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            let terms: Terms = serde_json::from_str(&row.terms).map_err(Error::internal)?;
            let items: Vec<RequestedItem> = serde_json::from_str(&row.items).map_err(Error::internal)?;
            let step = open.remove(&row.procedure_id);
            views.push(ShareRequest {
                resource: ResourceRef {
                    id: row.resource_id,
                    code: row.resource_code,
                    title: row.resource_title,
                    provider: orgs.get(&row.provider),
                },
                applicant: orgs.get(&row.applicant),
                provider: orgs.get(&row.provider),
                scenario: text(&row.scenario_text),
                purpose: text(&row.purpose_text),
                basis: row.basis_text.as_deref().map(text),
                mode: mode_of(&row.mode)?,
                term_months: row.term_months.map(i32::unsigned_abs),
                application: row.application_id.as_deref().map(|id| applications.get(id)),
                items: terms.shown(items),
                terms,
                state: row.state,
                submitted_at: Moment(row.created_at),
                decided_at: row.decided_at.map(Moment),
                step_title: step.as_ref().map(|task| task.step_title.clone()),
                clock: step.and_then(|task| task.clock),
                procedure_id: row.procedure_id,
                grant_id: row.grant_id,
                timeline: None,
                id: row.id,
            });
        }
        Ok(views)
    }
}

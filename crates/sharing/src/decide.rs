//! Deciding a step of a request, and what an end does: a grant, or a refusal.

use base::{Ctx, Error, GrantId, Moment, Result, ShareRequestId, StepId};
use chrono::Months;
use db::Tx;
use identity::{Action, Target};
use law::{Effect, Party};
use ledger::Entry;
use procedure::{Decided, Notice, Recipient, Subject};
use protect::{AccessPlan, GrantDescription};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Deserialize;

use crate::Sharing;
use crate::model::{RequestedItem, Terms, mode_of};
use crate::store::{grant, request};

/// A decision on the open step of a request.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = ShareDecision)]
pub struct Decision {
    #[schema(max_length = 64)]
    pub step_id: String,
    /// One of the step's allowed outcomes.
    #[schema(max_length = 64)]
    pub outcome: String,
    /// Required where the outcome says so.
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    #[serde(flatten)]
    pub terms: Terms,
}

impl Sharing {
    pub async fn decide(&self, ctx: &Ctx, id: &ShareRequestId, decision: Decision) -> Result<()> {
        let row = self.request_row(ctx, id).await?;
        let step: StepId = decision.step_id.as_str().into();
        let open = self
            .procedures
            .open_step(self.store.conn(), &row.procedure_id.as_str().into())
            .await?;
        if let Some(open) = open.filter(|open| open.id == step) {
            self.identity.authz.check(ctx, action_of(open.by), &target_of(&row))?;
        }
        let items: Vec<RequestedItem> = serde_json::from_str(&row.items).map_err(Error::internal)?;
        decision.terms.check(&items, ctx.now())?;
        let fixed: Terms = serde_json::from_str(&row.terms).map_err(Error::internal)?;
        let terms = fixed.tightened(decision.terms)?;

        let scenario = self
            .store
            .text(&row.scenario_text.as_str().into())
            .await?
            .unwrap_or_default();
        let purpose = self
            .store
            .text(&row.purpose_text.as_str().into())
            .await?
            .unwrap_or_default();
        let mut tx = self.store.begin(ctx).await?;
        let decided = self
            .procedures
            .decide(
                &mut tx,
                id.as_str(),
                &step,
                &decision.outcome,
                decision.reason.as_deref(),
            )
            .await?;
        match decided.effect {
            Some(Effect::Grant) => {
                let grant = self
                    .issue(&mut tx, &row, &items, &terms, scenario, purpose, &decided)
                    .await?;
                self.settle(&mut tx, &row, "granted", Some(&grant), &terms).await?;
            }
            Some(Effect::Refuse) => {
                tx.append(
                    cited(Entry::new("sharing.refused", id.as_str()), &decided)
                        .put("resource", row.resource_id.as_str()),
                );
                self.settle(&mut tx, &row, "refused", None, &terms).await?;
            }
            _ => keep_terms(&tx, &row, &terms).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// Compiles the access plan and opens the interface.
    #[allow(clippy::too_many_arguments)]
    async fn issue(
        &self,
        tx: &mut Tx,
        row: &request::Model,
        items: &[RequestedItem],
        terms: &Terms,
        scenario: String,
        purpose: String,
        decided: &Decided,
    ) -> Result<GrantId> {
        let ctx = tx.ctx().clone();
        let id = GrantId::new(&ctx);
        let mode = mode_of(&row.mode)?;
        let expires_at = earliest(terms.expires_at, term_end(ctx.now(), row.term_months)?);
        let plan = AccessPlan::for_grant(GrantDescription {
            grant: id.clone(),
            resource: row.resource_id.as_str().into(),
            // a resource's table bears the resource's id
            table: row.resource_id.clone(),
            items: terms.plan_items(items)?,
            filter: terms.rows.clone(),
            mode,
            purpose,
            scenario,
            rate_per_s: terms.rate_per_s,
            expires_at,
            watermark: id.0.clone(),
        })?;
        let service = self.open_service(tx, &row.resource_id.as_str().into(), mode).await?;
        let new = grant::ActiveModel {
            id: Set(id.0.clone()),
            request_id: Set(row.id.clone()),
            resource_id: Set(row.resource_id.clone()),
            service_id: Set(service.clone()),
            provider: Set(row.provider.clone()),
            consumer: Set(row.applicant.clone()),
            application_id: Set(row.application_id.clone()),
            mode: Set(row.mode.clone()),
            plan: Set(serde_json::to_string(&plan).map_err(Error::internal)?),
            state: Set("active".into()),
            expires_at: Set(expires_at.map(|at| at.0)),
            granted_at: Set(ctx.now().0),
            changed_at: Set(ctx.now().0),
            reason_text: Set(None),
        };
        grant::Entity::insert(new).exec_without_returning(tx.conn()).await?;
        let mut entry = cited(Entry::new("sharing.granted", id.as_str()), decided)
            .put("request", row.id.as_str())
            .put("resource", row.resource_id.as_str())
            .put("service", service.as_str())
            .put("provider", row.provider.as_str())
            .put("consumer", row.applicant.as_str())
            .put("mode", row.mode.as_str())
            .put(
                "items",
                items.iter().map(|i| i.id.as_str()).collect::<Vec<_>>().join(","),
            )
            .put("masked", terms.masks.keys().cloned().collect::<Vec<_>>().join(","));
        if let Some(at) = expires_at {
            entry = entry.put("expires_at", at.rfc3339());
        }
        if let Some(rate) = terms.rate_per_s {
            entry = entry.put("rate_per_s", rate);
        }
        tx.append(entry);
        let title = &row.resource_title;
        Notice {
            to: Recipient::Institution(row.applicant.as_str().into()),
            kind: "sharing.granted".into(),
            zh: format!("{title}已授权共享，可在接口服务中使用"),
            en: format!("{title} has been granted; its interface is open"),
            subject: Subject::new("grant", id.as_str(), title.as_str()),
            href: format!("/sharing/grants/{id}"),
        }
        .post(tx)
        .await?;
        Ok(id)
    }

    async fn settle(
        &self,
        tx: &mut Tx,
        row: &request::Model,
        state: &str,
        grant: Option<&GrantId>,
        terms: &Terms,
    ) -> Result<()> {
        let now = tx.ctx().now();
        let took = self
            .procedures
            .law()
            .calendar()
            .working_days(Moment(row.created_at).date(), now.date());
        request::Entity::update_many()
            .col_expr(request::Column::State, Expr::value(state))
            .col_expr(request::Column::GrantId, Expr::value(grant.map(|g| g.0.clone())))
            .col_expr(
                request::Column::Terms,
                Expr::value(serde_json::to_string(terms).map_err(Error::internal)?),
            )
            .col_expr(request::Column::DecidedAt, Expr::value(Some(now.0)))
            .col_expr(request::Column::TookDays, Expr::value(Some(took as i32)))
            .filter(request::Column::Id.eq(row.id.as_str()))
            .exec(tx.conn())
            .await?;
        Ok(())
    }

    /// The row, for who takes part; 404 for everybody else.
    pub(crate) async fn request_row(&self, ctx: &Ctx, id: &ShareRequestId) -> Result<request::Model> {
        let not_found = || Error::not_found("共享申请");
        if !ctx.actor.is_signed_in() && ctx.actor != base::Actor::System {
            return Err(Error::new(&base::error::SIGN_IN_REQUIRED));
        }
        let row = request::Entity::find_by_id(id.as_str())
            .one(self.store.conn())
            .await?
            .ok_or_else(not_found)?;
        self.identity
            .authz
            .reveal(ctx, Action::SharingRead, &target_of(&row), "共享申请")?;
        Ok(row)
    }
}

pub(crate) fn target_of(row: &request::Model) -> Target {
    Target::owned_by(&row.provider.as_str().into()).party(&row.applicant.as_str().into())
}

fn action_of(party: Party) -> Action {
    match party {
        Party::Authority => Action::SharingDecideAsAuthority,
        Party::Provider => Action::SharingDecideAsProvider,
        Party::Applicant => Action::SharingDecideAsApplicant,
        Party::Government => Action::SharingDecideAsGovernment,
        Party::Committee => Action::SharingDecideAsCommittee,
    }
}

async fn keep_terms(tx: &Tx, row: &request::Model, terms: &Terms) -> Result<()> {
    request::Entity::update_many()
        .col_expr(
            request::Column::Terms,
            Expr::value(serde_json::to_string(terms).map_err(Error::internal)?),
        )
        .filter(request::Column::Id.eq(row.id.as_str()))
        .exec(tx.conn())
        .await?;
    Ok(())
}

fn cited(entry: Entry, decided: &Decided) -> Entry {
    let entry = decided
        .articles
        .iter()
        .fold(entry, |entry, article| entry.article(article.citation(base::Lang::Zh)));
    match &decided.reason {
        Some(reason) => entry.put("reason_hash", reason.hash.as_str()),
        None => entry,
    }
}

/// The last millisecond of the day `months` from now.
fn term_end(now: Moment, months: Option<i32>) -> Result<Option<Moment>> {
    let Some(months) = months else { return Ok(None) };
    let day = now.date().checked_add_months(Months::new(months.unsigned_abs()));
    Ok(Some(Moment::end_of(day.ok_or_else(|| {
        Error::internal("the term ends beyond the calendar")
    })?)))
}

fn earliest(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

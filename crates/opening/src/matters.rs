//! 意见建议 and 撤回申请: what a data user brings forward, and how it is settled.
//! Both are procedures of the rule set; here stands what their outcomes do.

use base::{Actor, Ctx, DataUserId, Error, InstitutionId, OpinionId, Result, StepId, WithdrawalId};
use identity::institutions::Kind;
use identity::{Action, Target};
use law::{Effect, kinds};
use ledger::Entry;
use procedure::{Decided, Parties, Subject};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::Deserialize;

use crate::errors::{HELD, NO_TREATMENT, REVIEWED};
use crate::model::Treatment;
use crate::states::Event;
use crate::store::{opinion, withdrawal};
use crate::usecases::{Change, required};
use crate::{Opening, plan};

/// 意见类别, decree 381 article 21.
pub const OPINION_KINDS: [&str; 5] = ["attribute", "quality", "error", "unlawful", "suggestion"];
/// Whose right is harmed: decree 381 article 35.
pub const WITHDRAWAL_KINDS: [&str; 4] = ["commercial_secret", "privacy", "error", "other"];

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct OpinionForm {
    /// Id or slug.
    #[schema(max_length = 200)]
    pub dataset_id: String,
    /// `attribute`, `quality`, `error`, `unlawful` or `suggestion`.
    #[schema(max_length = 40)]
    pub kind: String,
    #[schema(max_length = 4000)]
    pub text: String,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct WithdrawalForm {
    /// Id or slug.
    #[schema(max_length = 200)]
    pub dataset_id: String,
    /// `commercial_secret`, `privacy`, `error` or `other`.
    #[schema(max_length = 40)]
    pub kind: String,
    /// Value of the key item of the record complained of.
    #[schema(max_length = 200)]
    pub record_key: Option<String>,
    #[schema(max_length = 4000)]
    pub reason: String,
    /// Facts that support the request (事实材料).
    #[schema(max_length = 4000)]
    pub evidence: Option<String>,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = OpinionAnswer)]
pub struct Answer {
    #[schema(max_length = 4000)]
    pub answer: String,
    /// 采纳: the opinion is followed, not only answered.
    #[serde(default)]
    pub adopt: bool,
}

#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = WithdrawalDecision)]
pub struct Decision {
    #[schema(max_length = 64)]
    pub step_id: String,
    /// One of the step's `allowed_outcomes`.
    #[schema(max_length = 64)]
    pub outcome: String,
    #[schema(max_length = 4000)]
    pub reason: Option<String>,
    /// For `treat`; without it the record complained of is left out.
    pub treatment: Option<Treatment>,
}

fn one_of(field: &str, value: &str, all: &[&str]) -> Result<()> {
    if all.contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(vec![]).field(field, "unknown", "请选择列出的类别"))
    }
}

impl Opening {
    fn data_user(&self, ctx: &Ctx, action: Action) -> Result<DataUserId> {
        self.identity().authz.check(ctx, action, &Target::any())?;
        match &ctx.actor {
            Actor::DataUser { id } => Ok(id.clone()),
            _ => Err(Error::forbidden(action.title(ctx.lang))),
        }
    }

    async fn authority(&self) -> Result<InstitutionId> {
        let authority = self.identity().body(Kind::Authority).await?;
        Ok(authority
            .ok_or_else(|| Error::internal("the node has no authority"))?
            .id)
    }

    /// Files an opinion; the opener settles it in ten working days (OPN-7).
    pub async fn give_opinion(&self, ctx: &Ctx, form: OpinionForm) -> Result<OpinionId> {
        let author = self.data_user(ctx, Action::OpinionCreate)?;
        one_of("kind", &form.kind, &OPINION_KINDS)?;
        let text = required("text", &form.text)?;
        let shelf = self.shelf().await?;
        let d = shelf
            .visible(&form.dataset_id)
            .ok_or_else(|| Error::not_found("数据集"))?
            .clone();
        let authority = self.authority().await?;
        let mut tx = self.store().begin(ctx).await?;
        let id = OpinionId::new(ctx);
        let text = tx.text(text).await?;
        let parties = Parties::new()
            .applicant_user(author.clone())
            .provider(d.opener.id.as_str().into())
            .authority(authority);
        let subject = Subject::new("opinion", id.as_str(), d.title.clone());
        let started = self
            .procedures()
            .start(
                &mut tx,
                kinds::OPINION,
                subject,
                format!("/console/opening/opinions/{id}"),
                parties,
            )
            .await?;
        let row = opinion::Model {
            id: id.0.clone(),
            resource_id: d.id.clone(),
            opener_id: d.opener.id.clone(),
            author_id: author.0,
            kind: form.kind.clone(),
            text_id: text.id.0.clone(),
            procedure_id: started.procedure.0,
            state: "running".into(),
            answer_id: None,
            created_at: ctx.now().0,
            closed_at: None,
        };
        opinion::Entity::insert(opinion::ActiveModel::from(row))
            .exec_without_returning(tx.conn())
            .await?;
        tx.append(
            Entry::new("opening.opinion_given", id.as_str())
                .put("dataset", &d.id)
                .put("kind", form.kind)
                .put("text_hash", text.hash),
        );
        tx.commit().await?;
        Ok(id)
    }

    /// The opener's answer ends the matter.
    pub async fn answer_opinion(&self, ctx: &Ctx, id: &str, answer: Answer) -> Result<()> {
        let row = self.opinion_row(id).await?;
        let target = Target::owned_by(&row.opener_id.as_str().into());
        self.identity()
            .authz
            .reveal(ctx, Action::OpinionAnswer, &target, "意见建议")?;
        let text = required("answer", &answer.answer)?;
        let mut tx = self.store().begin(ctx).await?;
        let open = self
            .procedures()
            .open_step(tx.conn(), &row.procedure_id.as_str().into())
            .await?;
        let step = open.ok_or_else(|| Error::new(&base::error::CONFLICT))?.id;
        let outcome = if answer.adopt { "adopt" } else { "explain" };
        let decided = self
            .procedures()
            .decide(&mut tx, id, &step, outcome, Some(text))
            .await?;
        if decided.ended.is_some() {
            opinion::Entity::update_many()
                .col_expr(opinion::Column::State, Expr::value("ended"))
                .col_expr(opinion::Column::AnswerId, Expr::value(decided.reason.map(|r| r.id.0)))
                .col_expr(opinion::Column::ClosedAt, Expr::value(ctx.now().0))
                .filter(opinion::Column::Id.eq(id))
                .exec(tx.conn())
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// 申请撤回 (OPN-9): the check begins at once.
    pub async fn ask_withdrawal(&self, ctx: &Ctx, form: WithdrawalForm) -> Result<WithdrawalId> {
        let applicant = self.data_user(ctx, Action::WithdrawalCreate)?;
        one_of("kind", &form.kind, &WITHDRAWAL_KINDS)?;
        let reason = required("reason", &form.reason)?;
        let shelf = self.shelf().await?;
        let d = shelf
            .visible(&form.dataset_id)
            .ok_or_else(|| Error::not_found("数据集"))?
            .clone();
        let authority = self.authority().await?;
        let mut tx = self.store().begin(ctx).await?;
        let id = WithdrawalId::new(ctx);
        let reason = tx.text(reason).await?;
        let record_key = optional_text(&mut tx, form.record_key.as_deref()).await?;
        let evidence = optional_text(&mut tx, form.evidence.as_deref()).await?;
        let parties = Parties::new()
            .applicant_user(applicant.clone())
            .provider(d.opener.id.as_str().into())
            .authority(authority);
        let subject = Subject::new("withdrawal", id.as_str(), d.title.clone());
        let href = format!("/console/opening/withdrawals/{id}");
        let started = self
            .procedures()
            .start(&mut tx, kinds::WITHDRAWAL, subject, href, parties)
            .await?;
        let row = withdrawal::Model {
            id: id.0.clone(),
            resource_id: d.id.clone(),
            opener_id: d.opener.id.clone(),
            applicant_id: applicant.0,
            kind: form.kind.clone(),
            reason_id: reason.id.0.clone(),
            record_key_id: record_key.as_ref().map(|t| t.id.0.clone()),
            evidence_id: evidence.as_ref().map(|t| t.id.0.clone()),
            procedure_id: started.procedure.0,
            state: "running".into(),
            outcome: None,
            holds: false,
            treatment: None,
            answer_id: None,
            review_id: None,
            created_at: ctx.now().0,
            closed_at: None,
        };
        withdrawal::Entity::insert(withdrawal::ActiveModel::from(row))
            .exec_without_returning(tx.conn())
            .await?;
        let mut entry = Entry::new("opening.withdrawal_asked", id.as_str())
            .put("dataset", &d.id)
            .put("kind", form.kind)
            .put("reason_hash", reason.hash);
        if let Some(evidence) = evidence {
            entry = entry.put("evidence_hash", evidence.hash);
        }
        tx.append(entry);
        tx.commit().await?;
        Ok(id)
    }

    /// Takes an outcome at the open step of a withdrawal or of its review, and
    /// does to the dataset what the outcome says.
    pub async fn decide_withdrawal(&self, ctx: &Ctx, id: &str, decision: Decision) -> Result<()> {
        let row = self.withdrawal_row(id).await?;
        self.may_decide(ctx, &row)?;
        let treatment = self.treatment_asked(&row, decision.treatment.clone()).await?;
        // read before the transaction: it may be needed, and no peer is asked inside
        let trial = Change {
            event: Event::Treat,
            treatment: Some(treatment.clone()),
            articles: vec![],
            procedure: None,
        };
        let prepared = if treatment.is_empty() {
            None
        } else {
            Some(self.prepare(&row.resource_id, &trial).await?)
        };

        let mut tx = self.store().begin(ctx).await?;
        let step = StepId::from(decision.step_id);
        let decided = self
            .procedures()
            .decide(&mut tx, id, &step, &decision.outcome, decision.reason.as_deref())
            .await?;
        let event = match decided.effect {
            Some(Effect::Suspend) => Some(Event::Suspend),
            Some(Effect::Withdraw) => Some(Event::Withdraw),
            Some(Effect::Restore) => Some(Event::Restore),
            Some(Effect::Treat) => Some(Event::Treat),
            _ => None,
        };
        if matches!(event, Some(Event::Restore | Event::Treat)) {
            self.nothing_else_holds(&tx, &row.resource_id, Some(id)).await?;
        }
        let mut changed = None;
        if let Some(event) = event {
            let prepared = match (event, prepared) {
                (Event::Treat, None) => {
                    return Err(Error::new(&NO_TREATMENT).field("treatment", "required", NO_TREATMENT.zh));
                }
                (Event::Treat, Some(prepared)) => {
                    if let Some((entry, _)) = &prepared {
                        plan::check(entry, &treatment)?;
                    }
                    prepared
                }
                _ => None,
            };
            let change = Change {
                event,
                treatment: (event == Event::Treat).then(|| treatment.clone()),
                articles: decided.articles.iter().map(|a| a.citation(base::Lang::Zh)).collect(),
                procedure: Some(decided.procedure.as_str()),
            };
            changed = Some(
                self.carry_out(&mut tx, &row.resource_id, change, prepared, decided.reason.as_ref())
                    .await?,
            );
        }
        note_outcome(&tx, &row, &decided, event, &treatment).await?;
        tx.commit().await?;
        if let Some(changed) = changed {
            self.told_of(&changed);
        }
        Ok(())
    }

    /// 申请复核: who disagrees with the result asks the authority, once.
    pub async fn ask_review(&self, ctx: &Ctx, id: &str, reason: &str) -> Result<()> {
        let row = self.withdrawal_row(id).await?;
        let own = Target::default().person(&row.applicant_id);
        self.identity()
            .authz
            .reveal(ctx, Action::WithdrawalDecideAsDataUser, &own, "撤回申请")?;
        let reason = required("reason", reason)?;
        if row.state != "ended" {
            return Err(Error::new(&base::error::CONFLICT));
        }
        if row.review_id.is_some() {
            return Err(Error::new(&REVIEWED));
        }
        let title = self
            .shelf()
            .await?
            .get(&row.resource_id)
            .map(|d| d.title.clone())
            .unwrap_or_default();
        let authority = self.authority().await?;
        let mut tx = self.store().begin(ctx).await?;
        let reason = tx.text(reason).await?;
        let parties = Parties::new()
            .applicant_user(DataUserId(row.applicant_id.clone()))
            .provider(row.opener_id.as_str().into())
            .authority(authority);
        let subject = Subject::new("withdrawal", id, title);
        let href = format!("/console/opening/withdrawals/{id}");
        let started = self
            .procedures()
            .start(&mut tx, kinds::WITHDRAWAL_REVIEW, subject, href, parties)
            .await?;
        let set = withdrawal::Entity::update_many()
            .col_expr(withdrawal::Column::ReviewId, Expr::value(started.procedure.as_str()))
            .filter(withdrawal::Column::Id.eq(id))
            .filter(withdrawal::Column::ReviewId.is_null())
            .exec(tx.conn())
            .await?;
        if set.rows_affected != 1 {
            return Err(Error::new(&REVIEWED));
        }
        tx.append(
            Entry::new("opening.review_asked", id)
                .put("dataset", &row.resource_id)
                .put("reason_hash", reason.hash),
        );
        tx.commit().await?;
        Ok(())
    }

    fn may_decide(&self, ctx: &Ctx, row: &withdrawal::Model) -> Result<()> {
        let target = Target::owned_by(&row.opener_id.as_str().into()).person(&row.applicant_id);
        let authz = &self.identity().authz;
        let may = [
            Action::WithdrawalDecideAsOpener,
            Action::WithdrawalDecideAsAuthority,
            Action::WithdrawalDecideAsDataUser,
        ];
        if may.into_iter().any(|action| authz.permits(ctx, action, &target)) {
            return Ok(());
        }
        authz.reveal(ctx, Action::WithdrawalDecideAsOpener, &target, "撤回申请")
    }

    /// As told, or else the record complained of left out.
    async fn treatment_asked(&self, row: &withdrawal::Model, told: Option<Treatment>) -> Result<Treatment> {
        if let Some(told) = told.filter(|t| !t.is_empty()) {
            return Ok(told);
        }
        let key = match &row.record_key_id {
            Some(id) => self.store().text(&id.as_str().into()).await?,
            None => None,
        };
        Ok(Treatment {
            items: vec![],
            rows: key.into_iter().collect(),
        })
    }

    /// A dataset that another withdrawal had suspended stays shut until that
    /// one is decided too.
    pub(crate) async fn nothing_else_holds(&self, tx: &db::Tx, resource: &str, except: Option<&str>) -> Result<()> {
        let mut others = withdrawal::Entity::find()
            .filter(withdrawal::Column::ResourceId.eq(resource))
            .filter(withdrawal::Column::Holds.eq(true));
        if let Some(id) = except {
            others = others.filter(withdrawal::Column::Id.ne(id));
        }
        if others.count(tx.conn()).await? > 0 {
            Err(Error::new(&HELD))
        } else {
            Ok(())
        }
    }

    pub(crate) async fn opinion_row(&self, id: &str) -> Result<opinion::Model> {
        opinion::Entity::find_by_id(id)
            .one(self.store().conn())
            .await?
            .ok_or_else(|| Error::not_found("意见建议"))
    }
    pub(crate) async fn withdrawal_row(&self, id: &str) -> Result<withdrawal::Model> {
        withdrawal::Entity::find_by_id(id)
            .one(self.store().conn())
            .await?
            .ok_or_else(|| Error::not_found("撤回申请"))
    }
}

async fn optional_text(tx: &mut db::Tx, text: Option<&str>) -> Result<Option<db::TextRef>> {
    match text.map(str::trim).filter(|t| !t.is_empty()) {
        Some(text) if text.chars().count() > base::limits::LONG_TEXT_CHARS_MAX => {
            Err(Error::invalid(vec![]).field("evidence", "too_long", "不超过 4000 个字"))
        }
        Some(text) => Ok(Some(tx.text(text).await?)),
        None => Ok(None),
    }
}

/// What the decision made of the request itself.
async fn note_outcome(
    tx: &db::Tx,
    row: &withdrawal::Model,
    decided: &Decided,
    event: Option<Event>,
    treatment: &Treatment,
) -> Result<()> {
    let mut update = withdrawal::Entity::update_many().filter(withdrawal::Column::Id.eq(&row.id));
    update = update.col_expr(
        withdrawal::Column::Holds,
        Expr::value(decided.ended.is_none() && (event == Some(Event::Suspend) || row.holds)),
    );
    if let Some(end) = &decided.ended {
        update = update
            .col_expr(withdrawal::Column::State, Expr::value("ended"))
            .col_expr(withdrawal::Column::Outcome, Expr::value(end.as_str()))
            .col_expr(withdrawal::Column::ClosedAt, Expr::value(tx.ctx().now().0))
            .col_expr(
                withdrawal::Column::AnswerId,
                Expr::value(decided.reason.as_ref().map(|r| r.id.0.clone())),
            );
    }
    if event == Some(Event::Treat) {
        let json = serde_json::to_string(treatment).map_err(Error::internal)?;
        update = update.col_expr(withdrawal::Column::Treatment, Expr::value(json));
    }
    update.exec(tx.conn()).await?;
    Ok(())
}

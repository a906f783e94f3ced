//! 办理过程: everything that a screen shows of one procedure.

use std::collections::HashMap;

use base::{Ctx, Error, Lang, Moment, ProcedureId, Result, Role};
use law::{ArticleView, Clock};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::{Deserialize, Serialize};

use crate::engine::{procedure_row, steps_of, taken};
use crate::store::{running, step};
use crate::{Parties, Procedures, Subject};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NamedRef)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// Whose turn a step is.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StepParty {
    /// `authority`, `provider`, `applicant`, `committee`, `government`.
    pub role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub institution: Option<Named>,
}

/// An outcome that the caller may choose now.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AllowedOutcome {
    pub name: String,
    pub title: String,
    pub reason_required: bool,
    /// What it does to the thing decided upon: `grant`, `refuse`, `publish`,
    /// `suspend` … Absent where it only passes the matter on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<law::Effect>,
    pub articles: Vec<ArticleView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TimelineStep {
    pub id: String,
    /// Stable name: `answer`.
    pub name: String,
    pub title: String,
    pub by: StepParty,
    pub opened_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// Absent where the law sets no number of days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_title: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub articles: Vec<ArticleView>,
    /// Only of an open step, and only for who may decide it.
    pub allowed_outcomes: Vec<AllowedOutcome>,
}

/// A procedure from its beginning to now.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Timeline {
    pub id: String,
    pub kind: String,
    pub kind_title: String,
    /// Rule set under which it began, and runs to its end.
    pub rule_set: String,
    pub rule_set_version: String,
    pub subject: Subject,
    /// `running` or `ended`.
    pub state: String,
    /// Name of the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_title: Option<String>,
    pub started_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
    pub steps: Vec<TimelineStep>,
}

impl Procedures {
    /// For the parties, and for auditors; others get 404.
    pub async fn timeline(&self, ctx: &Ctx, id: &ProcedureId) -> Result<Timeline> {
        let row = procedure_row(self.store.conn(), id.as_str()).await?;
        let parties = parties(&row)?;
        if !(parties.concern(&ctx.actor) || ctx.actor.has(Role::Auditor)) {
            return Err(Error::not_found("办理流程"));
        }
        self.timeline_unchecked(ctx, row).await
    }

    /// The procedures about one subject that the caller takes part in, newest
    /// first.
    pub async fn timelines_of(&self, ctx: &Ctx, subject: &str) -> Result<Vec<Timeline>> {
        let found = running::Entity::find()
            .filter(running::Column::SubjectId.eq(subject))
            .order_by_desc(running::Column::StartedAt)
            .order_by_desc(running::Column::Id)
            .all(self.store.conn())
            .await?;
        let mut timelines = vec![];
        for row in found {
            if parties(&row)?.concern(&ctx.actor) || ctx.actor.has(Role::Auditor) {
                timelines.push(self.timeline_unchecked(ctx, row).await?);
            }
        }
        Ok(timelines)
    }

    async fn timeline_unchecked(&self, ctx: &Ctx, row: running::Model) -> Result<Timeline> {
        let spec = self.spec(self.store.conn(), &row.spec_id).await?;
        let rows = steps_of(self.store.conn(), &row.id).await?;
        let known = self.known(&rows).await?;
        let taken = taken(&rows);
        let parties = parties(&row)?;
        let mut steps = Vec::with_capacity(rows.len());
        for step_row in &rows {
            let Some(step) = spec.step(&step_row.name) else {
                continue;
            };
            let may = step_row.closed_at.is_none() && parties.desk(step.by).is_some_and(|d| d.is_of(&ctx.actor));
            let allowed = if may {
                spec.allowed(&step.name, &taken).map(|o| allowed(o, ctx.lang)).collect()
            } else {
                vec![]
            };
            let outcome = step_row.outcome.as_deref().and_then(|name| step.outcome(name));
            let articles = outcome
                .map(|o| &o.articles)
                .filter(|a| !a.is_empty())
                .unwrap_or(&step.articles);
            steps.push(TimelineStep {
                id: step_row.id.clone(),
                name: step.name.clone(),
                title: step.title.get(ctx.lang).to_owned(),
                by: StepParty {
                    role: step.by.as_str().to_owned(),
                    institution: step_row.institution.as_deref().map(|id| known.named(id)),
                },
                opened_at: Moment(step_row.opened_at),
                closed_at: step_row.closed_at.map(Moment),
                clock: self.clock(ctx, &spec, step_row)?,
                outcome: step_row.outcome.clone(),
                outcome_title: outcome.map(|o| o.title.get(ctx.lang).to_owned()),
                actor: step_row.actor.as_deref().map(|id| known.actor(id, ctx.lang)),
                reason: step_row.reason.as_deref().and_then(|id| known.texts.get(id).cloned()),
                articles: articles.iter().map(|a| a.view(ctx.lang)).collect(),
                allowed_outcomes: allowed,
            });
        }
        Ok(Timeline {
            kind_title: spec.title.get(ctx.lang).to_owned(),
            state: if row.ended_at.is_some() { "ended" } else { "running" }.to_owned(),
            outcome_title: row
                .outcome
                .as_deref()
                .and_then(|end| spec.end(end))
                .map(|t| t.get(ctx.lang).to_owned()),
            subject: Subject::new(&row.subject_type, row.subject_id, row.subject_title),
            id: row.id,
            kind: row.kind,
            rule_set: row.rule_set,
            rule_set_version: row.rule_set_version,
            outcome: row.outcome,
            started_at: Moment(row.started_at),
            ended_at: row.ended_at.map(Moment),
            steps,
        })
    }

    async fn known(&self, rows: &[step::Model]) -> Result<Known> {
        let mut ids: Vec<String> = rows
            .iter()
            .flat_map(|r| [r.institution.clone(), r.actor.clone()])
            .flatten()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let texts: Vec<String> = rows.iter().filter_map(|r| r.reason.clone()).collect();
        let texts = if texts.is_empty() {
            HashMap::new()
        } else {
            self.store.texts(&texts).await?
        };
        Ok(Known {
            names: self.directory.names(&ids).await?,
            texts,
        })
    }
}

/// Names and reasons that the steps refer to.
struct Known {
    names: HashMap<String, String>,
    texts: HashMap<String, String>,
}

impl Known {
    fn named(&self, id: &str) -> Named {
        Named {
            id: id.to_owned(),
            name: self.names.get(id).cloned().unwrap_or_else(|| id.to_owned()),
        }
    }
    fn actor(&self, id: &str, lang: Lang) -> Named {
        match (id, lang) {
            ("system", Lang::Zh) => Named {
                id: id.to_owned(),
                name: "平台".to_owned(),
            },
            ("system", Lang::En) => Named {
                id: id.to_owned(),
                name: "the platform".to_owned(),
            },
            _ => self.named(id),
        }
    }
}

fn allowed(outcome: &law::OutcomeSpec, lang: Lang) -> AllowedOutcome {
    AllowedOutcome {
        name: outcome.name.clone(),
        title: outcome.title.get(lang).to_owned(),
        reason_required: outcome.reason_required,
        effect: outcome.effect,
        articles: outcome.articles.iter().map(|a| a.view(lang)).collect(),
    }
}

fn parties(row: &running::Model) -> Result<Parties> {
    serde_json::from_str(&row.parties).map_err(Error::internal)
}

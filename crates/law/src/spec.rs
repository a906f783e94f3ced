//! The description of a procedure, and the pure engine that advances one.
//!
//! ```text
//!   begin ──▶ step ──outcome──▶ step ──outcome──▶ … ──outcome──▶ end
//! ```
//! One step is open at a time; an outcome closes it and opens the next or ends
//! the procedure. What an outcome *does* to the thing decided upon is its
//! [`Effect`], which the capability carries out in the same transaction.

use base::{Lang, Moment};
use serde::{Deserialize, Serialize};

use crate::{Article, Calendar, Deadline, Text};

/// Whose turn it is, or who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// 公共数据主管部门
    Authority,
    /// 数源部门 (in opening: 开放主体)
    Provider,
    /// Who began it: a consumer, a data user, the unit that reports.
    Applicant,
    /// 专家委员会
    Committee,
    /// 本级人民政府
    Government,
}

impl Party {
    pub const ALL: [Party; 5] = [
        Party::Authority,
        Party::Provider,
        Party::Applicant,
        Party::Committee,
        Party::Government,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Party::Authority => "authority",
            Party::Provider => "provider",
            Party::Applicant => "applicant",
            Party::Committee => "committee",
            Party::Government => "government",
        }
    }
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|party| party.as_str() == text)
    }
}

/// What an outcome does to the thing decided upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 发布: the catalog entry becomes the published one.
    Publish,
    /// 退回: the draft goes back to its unit.
    Return,
    /// The change stands in the catalog.
    Updated,
    /// 共享: a grant is issued.
    Grant,
    /// 不予共享
    Refuse,
    /// 中止: opening is suspended at once.
    Suspend,
    /// 撤回: taken back for good.
    Withdraw,
    /// 恢复: opened again as it was.
    Restore,
    /// 处理后再开放: treated, then opened again.
    Treat,
    /// The request is not followed; everything stays as it is.
    Keep,
    /// The attribute is changed as the authority proposed.
    ChangeAttribute,
    /// The attribute stays as the unit set it.
    KeepAttribute,
    /// The check is to be run again.
    Recheck,
    /// The matter is settled.
    Settle,
}

/// 办理流程
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcedureSpec {
    pub kind: String,
    pub title: Text,
    /// The first is where it begins.
    pub steps: Vec<StepSpec>,
    /// Ways in which it can end, and their titles.
    pub ends: Vec<(String, Text)>,
}

/// 办理环节
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSpec {
    pub name: String,
    pub title: Text,
    pub by: Party,
    /// Working days; 0 is "at once"; none where the law sets no number.
    pub within: Option<u16>,
    /// An earlier step. With `within`, the days are counted on from that step's
    /// end (an extension); without it, that step's deadline goes on. Where none
    /// is named, the days count from the opening of this step.
    pub count_from: Option<String>,
    /// The first is the one that the clock cites.
    pub articles: Vec<Article>,
    pub outcomes: Vec<OutcomeSpec>,
}

/// 办理结果
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeSpec {
    pub name: String,
    pub title: Text,
    pub next: Next,
    pub reason_required: bool,
    /// May be taken once in the life of a procedure ("told once").
    pub once: bool,
    /// Leads back on purpose and may be taken as often as needed.
    pub again: bool,
    pub effect: Option<Effect>,
    /// Who is told of it at once.
    pub tell: Vec<Party>,
    pub articles: Vec<Article>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    Step(String),
    End(String),
}

/// An outcome that a running procedure has taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    pub step: String,
    pub outcome: String,
}

/// What taking an outcome leads to.
#[derive(Clone, Copy, Debug)]
pub struct Advance<'a> {
    pub outcome: &'a OutcomeSpec,
    pub to: To<'a>,
}
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    Step(&'a StepSpec),
    End { name: &'a str, title: &'a Text },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    #[error("there is no step {0}")]
    NoStep(String),
    #[error("step {step} has no outcome {outcome}")]
    NoOutcome { step: String, outcome: String },
    #[error("outcome {0} has been taken before and may be taken once")]
    TakenBefore(String),
    #[error("outcome {0} needs a reason")]
    ReasonMissing(String),
}

impl ProcedureSpec {
    /// The step that a new procedure opens with.
    pub fn begin(&self) -> &StepSpec {
        &self.steps[0]
    }
    pub fn step(&self, name: &str) -> Option<&StepSpec> {
        self.steps.iter().find(|step| step.name == name)
    }
    pub fn end(&self, name: &str) -> Option<&Text> {
        self.ends.iter().find(|(end, _)| end == name).map(|(_, title)| title)
    }

    /// The outcomes that may be taken at `step`, given those taken before.
    pub fn allowed<'a>(&'a self, step: &str, taken: &'a [Taken]) -> impl Iterator<Item = &'a OutcomeSpec> {
        let step = self.step(step);
        step.into_iter().flat_map(|step| &step.outcomes).filter(move |outcome| {
            let name = step.map(|s| s.name.as_str());
            !(outcome.once
                && taken
                    .iter()
                    .any(|t| Some(t.step.as_str()) == name && t.outcome == outcome.name))
        })
    }

    /// Takes an outcome at the open step.
    pub fn advance(
        &self,
        step: &str,
        outcome: &str,
        reason: Option<&str>,
        taken: &[Taken],
    ) -> Result<Advance<'_>, TransitionError> {
        let spec = self
            .step(step)
            .ok_or_else(|| TransitionError::NoStep(step.to_owned()))?;
        let found = spec.outcomes.iter().find(|o| o.name == outcome);
        let found = found.ok_or_else(|| TransitionError::NoOutcome {
            step: step.to_owned(),
            outcome: outcome.to_owned(),
        })?;
        if found.once && taken.iter().any(|t| t.step == step && t.outcome == outcome) {
            return Err(TransitionError::TakenBefore(outcome.to_owned()));
        }
        if found.reason_required && reason.is_none_or(|text| text.trim().is_empty()) {
            return Err(TransitionError::ReasonMissing(outcome.to_owned()));
        }
        Ok(Advance {
            outcome: found,
            to: self.follow(found)?,
        })
    }

    pub(crate) fn follow<'a>(&'a self, outcome: &'a OutcomeSpec) -> Result<To<'a>, TransitionError> {
        match &outcome.next {
            Next::Step(name) => self
                .step(name)
                .map(To::Step)
                .ok_or_else(|| TransitionError::NoStep(name.clone())),
            Next::End(name) => {
                let title = self.end(name).ok_or_else(|| TransitionError::NoStep(name.clone()))?;
                Ok(To::End { name, title })
            }
        }
    }
}

impl StepSpec {
    /// The deadline of this step, opened at `opened`; `earlier` is the deadline
    /// of the step that [`StepSpec::count_from`] names, where it had one.
    pub fn deadline(&self, calendar: &Calendar, opened: Moment, earlier: Option<&Deadline>) -> Option<Deadline> {
        match (self.within, earlier.filter(|_| self.count_from.is_some())) {
            (Some(within), Some(earlier)) => Some(earlier.extended(calendar, within)),
            (Some(within), None) => Some(calendar.deadline(opened, within)),
            (None, earlier) => earlier.copied(),
        }
    }
    pub fn outcome(&self, name: &str) -> Option<&OutcomeSpec> {
        self.outcomes.iter().find(|outcome| outcome.name == name)
    }
    /// The article that the clock cites.
    pub fn article(&self) -> &Article {
        &self.articles[0]
    }
    pub fn citation(&self, lang: Lang) -> String {
        self.article().citation(lang)
    }
}

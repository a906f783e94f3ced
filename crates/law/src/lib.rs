//! The law as data (design idea 1): rule sets with their articles, the State
//! Council's working-day calendar, deadlines and how they were counted, grounds,
//! and the description of every procedure with a pure engine that walks it.
//!
//! Code knows *what a deadline is*; the rule set knows *that it is 3 working
//! days, by Article 25*. A third rule set is one more file in `rules/`.
//!
//! Nouns: [`Calendar`] 工作日历 · [`Deadline`] 期限 · [`Clock`] what a screen
//! shows of a deadline · [`RuleSet`] 规则集 · [`Instrument`] 法规文件 ·
//! [`Article`] 条款 · [`Ground`] 事由 · [`ProcedureSpec`] 办理流程 with its
//! [`StepSpec`]s 环节 and [`OutcomeSpec`]s 办理结果.
//!
//! Invariants, checked when a rule set is read, not when it is used:
//! - every outcome leads to a step that exists or to an end that is named;
//! - every step has an article, can be reached, and can reach an end;
//! - no path runs for ever: each loop passes an outcome marked `once` or `again`.
//!
//! Deliberately absent: I/O, a clock of its own, persistence (crate
//! `procedure`), and who sits at which desk (crate `identity`).

mod article;
mod calendar;
mod deadline;
mod parse;
mod ruleset;
mod spec;
mod walk;

use std::sync::Arc;

pub use article::{Article, ArticleView, Instrument, Text};
pub use calendar::{Calendar, CountedDay, Why};
pub use deadline::{Clock, ClockState, Deadline};
pub use ruleset::{Ground, GroundView, RuleSet};
pub use spec::{Advance, Effect, Next, OutcomeSpec, Party, ProcedureSpec, StepSpec, Taken, To, TransitionError};

/// The kinds of procedure that capabilities start. A rule set describes each
/// of [`kinds::REQUIRED`]; the others only where its law has them.
pub mod kinds {
    /// 目录审核 (CAT-1)
    pub const CATALOG_REVIEW: &str = "catalog_review";
    /// 目录更新 (CAT-3)
    pub const CATALOG_CHANGE: &str = "catalog_change";
    /// 无条件共享 (SHA-2)
    pub const SHARING_UNCONDITIONAL: &str = "sharing_unconditional";
    /// 受限共享 (SHA-3, SHA-4)
    pub const SHARING_RESTRICTED: &str = "sharing_restricted";
    /// 未归集数据的共享 (SHA-4); where a rule set lacks it, restricted applies.
    pub const SHARING_UNCOLLECTED: &str = "sharing_uncollected";
    /// 共享属性异议 (CAT-5)
    pub const SHARING_ATTRIBUTE_DISPUTE: &str = "sharing_attribute_dispute";
    /// 撤回开放数据 (OPN-9)
    pub const WITHDRAWAL: &str = "withdrawal";
    /// 撤回结果复核 (OPN-9)
    pub const WITHDRAWAL_REVIEW: &str = "withdrawal_review";
    /// 数据质量问题工单 (QUA-2)
    pub const WORK_ORDER: &str = "work_order";
    /// 开放意见建议 (OPN-7)
    pub const OPINION: &str = "opinion";

    pub const REQUIRED: [&str; 9] = [
        CATALOG_REVIEW,
        CATALOG_CHANGE,
        SHARING_UNCONDITIONAL,
        SHARING_RESTRICTED,
        SHARING_ATTRIBUTE_DISPUTE,
        WITHDRAWAL,
        WITHDRAWAL_REVIEW,
        WORK_ORDER,
        OPINION,
    ];
}

const CALENDAR_CN: &str = include_str!("../../../rules/calendar-cn.toml");
const RULE_SETS: [&str; 3] = [
    include_str!("../../../rules/zhejiang-2022.toml"),
    include_str!("../../../rules/yongjia-2021.toml"),
    include_str!("../../../rules/national-2025.toml"),
];

/// A rule file that cannot be used, and where.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {message}")]
pub struct LawError {
    pub file: String,
    pub message: String,
}

impl LawError {
    pub(crate) fn new(file: impl Into<String>, message: impl std::fmt::Display) -> Self {
        Self {
            file: file.into(),
            message: message.to_string(),
        }
    }
}

/// Everything a node knows of the law: the calendar, all rule sets, and which
/// of them it lives under. Cheap to clone.
#[derive(Clone)]
pub struct Law {
    calendar: Arc<Calendar>,
    rule_sets: Arc<Vec<Arc<RuleSet>>>,
    active: Arc<RuleSet>,
}

impl Law {
    /// The shipped calendar and rule sets; `active` is the node's (its name, as
    /// `zhejiang-2022`).
    pub fn embedded(active: &str) -> Result<Self, LawError> {
        Self::read(CALENDAR_CN, &RULE_SETS, active)
    }

    /// The shipped ones and further rule sets, each the text of a TOML file. A
    /// file may extend any that stands before it.
    pub fn embedded_and(further: &[String], active: &str) -> Result<Self, LawError> {
        let texts: Vec<&str> = RULE_SETS
            .into_iter()
            .chain(further.iter().map(String::as_str))
            .collect();
        Self::read(CALENDAR_CN, &texts, active)
    }

    /// From the texts of a calendar and of rule sets.
    pub fn read(calendar: &str, rule_sets: &[&str], active: &str) -> Result<Self, LawError> {
        let calendar = Arc::new(Calendar::parse(calendar)?);
        let rule_sets = parse::rule_sets(rule_sets)?
            .into_iter()
            .map(Arc::new)
            .collect::<Vec<_>>();
        let active = rule_sets
            .iter()
            .find(|set| set.name == active)
            .cloned()
            .ok_or_else(|| {
                let known = rule_sets
                    .iter()
                    .map(|set| set.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                LawError::new(active, format!("no such rule set; there are: {known}"))
            })?;
        Ok(Self {
            calendar,
            rule_sets: Arc::new(rule_sets),
            active,
        })
    }

    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }
    /// The rule set that the node lives under.
    pub fn rules(&self) -> &RuleSet {
        &self.active
    }
    pub fn rule_set(&self, name: &str) -> Option<&RuleSet> {
        self.rule_sets.iter().find(|set| set.name == name).map(Arc::as_ref)
    }
    pub fn rule_sets(&self) -> impl Iterator<Item = &RuleSet> {
        self.rule_sets.iter().map(Arc::as_ref)
    }
}

//! What travels: runs, results, failing rows, work orders, figures.

use std::collections::BTreeMap;

use base::{Moment, QualityRuleId, QualityRunId, ResourceId, WorkOrderId};
use procedure::Timeline;
use serde::{Deserialize, Serialize};

use crate::rule::{Draft, Params};

/// A new rule and the resource it is for.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityNewRule)]
pub struct NewRule {
    #[schema(max_length = 64)]
    pub resource_id: String,
    #[serde(flatten)]
    pub draft: Draft,
}

/// What changes of a rule; what is absent stays.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityChangeRule)]
pub struct ChangeRule {
    /// The revision that the caller saw.
    pub revision: i32,
    #[schema(max_length = 200)]
    pub title: Option<String>,
    #[schema(max_items = 20)]
    pub items: Option<Vec<String>>,
    pub params: Option<Params>,
    #[schema(minimum = 0, maximum = 1)]
    pub tolerance: Option<f64>,
    pub enabled: Option<bool>,
}

/// What a run looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = QualityScope)]
pub enum Scope {
    /// The whole table.
    #[default]
    Full,
    /// Rows of batches that came after the last run; files of others are not read.
    New,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
#[schema(as = QualityStartRun)]
pub struct StartRun {
    pub scope: Scope,
}

/// 质量检查
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRun)]
pub struct Run {
    pub id: QualityRunId,
    pub resource_id: ResourceId,
    pub resource_title: String,
    pub scope: Scope,
    /// `queued`, `running`, `done`, `failed`.
    pub state: String,
    /// Version of the table that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_version: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// 0 to 100: the mean over categories of the share that passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    pub created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub results: Vec<RuleResult>,
}

/// What a rule came to in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityResult)]
pub struct RuleResult {
    pub rule_id: QualityRuleId,
    /// Title of the rule as it stood.
    pub rule: String,
    pub kind: String,
    pub kind_title: String,
    pub category: String,
    /// Values, rows or whole tables looked at.
    pub checked: u64,
    pub failed: u64,
    /// Failed of checked, 0 to 1.
    pub ratio: f64,
    /// For rules of the whole table: what was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The first failing rows.
    pub sample: Vec<FailingRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work_order_id: Option<WorkOrderId>,
}

/// 问题行: where it came from and its key, masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityFailingRow)]
pub struct FailingRow {
    pub rule_id: QualityRuleId,
    pub rule: String,
    pub batch_id: String,
    /// Row of the batch's source.
    pub row_number: i64,
    /// Items of the key and their masked values.
    pub key: BTreeMap<String, String>,
    /// The value at fault, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// 问题工单
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WorkOrder {
    pub id: WorkOrderId,
    pub title: String,
    pub resource: Ref,
    pub provider: Ref,
    /// `check` or `report`.
    pub origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<QualityRuleId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<QualityRunId>,
    /// Failing rows when it was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
    /// What the reporter wrote. Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<Ref>,
    /// `reported`, `correcting`, `rechecking`, `closed`, `explained`.
    pub state: String,
    pub procedure_id: String,
    pub created_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Moment>,
    /// Whole days since it was opened, or that it took.
    pub age_days: i64,
    /// What the caller may do: `accept`, `respond`, `close`, `recheck`.
    pub actions: Vec<String>,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = QualityRef)]
pub struct Ref {
    pub id: String,
    pub name: String,
}

/// A report of problem data by somebody who uses it.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
pub struct NewWorkOrder {
    #[schema(max_length = 64)]
    pub resource_id: String,
    #[schema(max_length = 200)]
    pub title: String,
    #[schema(max_length = 4000)]
    pub description: String,
}

#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Explanation {
    #[schema(max_length = 4000)]
    pub explanation: Option<String>,
}

/// 质量概况
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = QualityOverview)]
pub struct Overview {
    /// Resources with a finished run.
    pub resources: u64,
    /// Mean of their newest scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Failed of checked in the newest runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem_rate: Option<f64>,
    pub categories: Vec<CategoryFigure>,
    pub orders_open: u64,
    pub orders_closed: u64,
    /// Closed of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders_closed_rate: Option<f64>,
    /// Mean days from opening to closing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders_mean_days: Option<f64>,
    /// Open orders by age.
    pub ageing: Vec<AgeFigure>,
    pub newest: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = QualityCategoryFigure)]
pub struct CategoryFigure {
    pub category: String,
    pub title: String,
    pub checked: u64,
    pub failed: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = QualityAgeFigure)]
pub struct AgeFigure {
    /// Days at most; absent for the oldest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_max: Option<i64>,
    pub count: u64,
}

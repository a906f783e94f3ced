//! Tables of rules, runs, their results and failing rows, and work orders.

use base::{Error, Moment, Result};
use db::Migration;

use crate::rule::Rule;

pub(crate) mod rule {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "quality_rule")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        pub title: String,
        pub kind: String,
        /// JSON list of column names.
        #[sea_orm(column_type = "Text")]
        pub items: String,
        #[sea_orm(column_type = "Text")]
        pub params: String,
        pub tolerance: f64,
        pub enabled: bool,
        pub revision: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod run {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "quality_run")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        /// `full` or `new`.
        pub scope: String,
        /// `queued`, `running`, `done`, `failed`.
        pub state: String,
        pub table_version: Option<i64>,
        pub rows: Option<i64>,
        pub score: Option<f64>,
        /// Code of the error of a failed run.
        pub error: Option<String>,
        pub started_by: String,
        pub created_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod outcome {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "quality_result")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule_id: String,
        /// As the rule stood when it ran.
        pub title: String,
        pub kind: String,
        pub category: String,
        pub position: i32,
        pub checked: i64,
        pub failed: i64,
        pub found: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod failure {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "quality_failure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub run_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub position: i32,
        pub batch_id: String,
        pub row_number: i64,
        /// JSON object of masked values.
        #[sea_orm(column_type = "Text")]
        pub key: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub value: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod order {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "work_order")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        /// Institution whose data it is.
        pub provider_id: String,
        /// `check` or `report`.
        pub origin: String,
        pub rule_id: Option<String>,
        /// The run that found it, or that was looked at last.
        pub run_id: Option<String>,
        pub title: String,
        /// What a reporter wrote: a text that can be destroyed.
        pub text_id: Option<String>,
        pub reporter_id: String,
        pub reporter_institution: Option<String>,
        pub failed: Option<i64>,
        pub procedure_id: String,
        /// `reported`, `correcting`, `rechecking`, `closed`, `explained`.
        pub state: String,
        pub created_at: i64,
        pub accepted_at: Option<i64>,
        pub closed_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("quality-0001-rules")
            .entity(rule::Entity)
            .index("quality_rule", &["resource_id"]),
        Migration::new("quality-0002-runs")
            .entity(run::Entity)
            .index("quality_run", &["resource_id", "created_at"])
            .entity(outcome::Entity)
            .entity(failure::Entity),
        Migration::new("quality-0003-work-orders")
            .entity(order::Entity)
            .index("work_order", &["state", "created_at"])
            .index("work_order", &["provider_id"])
            .index("work_order", &["resource_id"]),
    ]
}

impl TryFrom<rule::Model> for Rule {
    type Error = Error;
    fn try_from(row: rule::Model) -> Result<Self> {
        let category = crate::kinds::kind(&row.kind)
            .map(|k| k.category.clone())
            .unwrap_or_default();
        Ok(Rule {
            id: row.id.into(),
            resource_id: row.resource_id.into(),
            title: row.title,
            kind: row.kind,
            category,
            items: serde_json::from_str(&row.items).map_err(Error::internal)?,
            params: serde_json::from_str(&row.params).map_err(Error::internal)?,
            tolerance: row.tolerance,
            enabled: row.enabled,
            revision: row.revision,
            updated_at: Moment(row.updated_at),
        })
    }
}

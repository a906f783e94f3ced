//! Tables.

use base::{Error, Result};
use db::Migration;
use law::Deadline;

pub(crate) mod spec {
    use sea_orm::entity::prelude::*;

    /// The description of a procedure as it stood when the first one began
    /// under it: a running procedure keeps the version under which it began.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure_spec")]
    pub struct Model {
        /// `zhejiang-2022@2022.1/sharing_restricted`
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(column_type = "Text")]
        pub document: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod running {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kind: String,
        pub rule_set: String,
        pub rule_set_version: String,
        pub spec_id: String,
        pub subject_type: String,
        pub subject_id: String,
        pub subject_title: String,
        pub href: String,
        /// JSON of [`crate::Parties`].
        #[sea_orm(column_type = "Text")]
        pub parties: String,
        pub started_at: i64,
        pub ended_at: Option<i64>,
        /// Name of the end, once ended.
        pub outcome: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod step {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure_step")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub procedure_id: String,
        /// Of its procedure's kind, for lists.
        pub kind: String,
        pub position: i32,
        pub name: String,
        pub party: String,
        pub institution: Option<String>,
        pub data_user: Option<String>,
        pub role: String,
        pub opened_at: i64,
        pub closed_at: Option<i64>,
        /// The day that the counting starts from.
        pub counted_from: Option<String>,
        pub working_days: Option<i32>,
        pub warns_at: Option<i64>,
        pub due: Option<i64>,
        pub provisional: bool,
        /// `due`, or beyond every due date where there is none: for sorting.
        pub order_due: i64,
        /// Its desk was warned of the last third.
        pub warned: bool,
        pub overdue_flagged: bool,
        pub outcome: Option<String>,
        pub actor: Option<String>,
        pub reason: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod notice {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub institution: Option<String>,
        /// Within the institution; everybody of it where absent.
        pub role: Option<String>,
        pub data_user: Option<String>,
        pub kind: String,
        pub title_zh: String,
        pub title_en: String,
        pub subject_type: String,
        pub subject_id: String,
        pub href: String,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod notice_read {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice_read")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub notice_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reader: String,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("procedure-0001")
            .entity(spec::Entity)
            .entity(running::Entity)
            .entity(step::Entity)
            .entity(notice::Entity)
            .entity(notice_read::Entity)
            .index("procedure", &["subject_id", "started_at"])
            .unique("procedure_step", &["procedure_id", "position"])
            .index("procedure_step", &["institution", "closed_at", "order_due"])
            .index("procedure_step", &["data_user", "closed_at", "order_due"])
            .index("procedure_step", &["closed_at", "order_due"])
            .index("notice", &["institution", "at"])
            .index("notice", &["data_user", "at"]),
    ]
}

/// Sorts after every real due date.
pub(crate) const NEVER_DUE: i64 = 9_000_000_000_000_000;

impl step::Model {
    pub(crate) fn deadline(&self) -> Result<Option<Deadline>> {
        let (Some(from), Some(days), Some(due)) = (&self.counted_from, self.working_days, self.due) else {
            return Ok(None);
        };
        Ok(Some(Deadline {
            from: from.parse().map_err(Error::internal)?,
            working_days: days as u16,
            due: base::Moment(due),
            provisional: self.provisional,
        }))
    }
}

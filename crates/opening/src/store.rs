//! The tables. Documents are JSON in text columns; moments are milliseconds.

use db::Migration;

pub mod dataset {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "opening_dataset")]
    pub struct Model {
        /// The catalog entry's id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource_id: String,
        #[sea_orm(unique)]
        pub slug: String,
        pub opener_id: String,
        pub state: String,
        pub since: i64,
        /// How often it was shut; a stream that began before the last time is cut.
        pub shut_count: i64,
        /// The publication in force.
        pub publication_id: Option<String>,
        /// The publication that is being built.
        pub pending_id: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub treatment: String,
        pub opened_at: i64,
        pub updated_at: i64,
        pub visits: i64,
        pub downloads: i64,
        pub calls: i64,
        pub revision: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod score {
    use sea_orm::entity::prelude::*;

    /// What the last whole quality run of a table gave; also of what is not
    /// opened yet.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "opening_score")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource_id: String,
        /// 0 to 100.
        #[sea_orm(column_type = "Double")]
        pub score: f64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod publication {
    use sea_orm::entity::prelude::*;

    /// One catalog version and one table version under one treatment, as files.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "opening_publication")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        /// `building`, `current`, `former`, `failed` or `superseded`.
        pub state: String,
        pub catalog_version: i64,
        pub table_version: i64,
        /// The published entry that it was built from.
        #[sea_orm(column_type = "Text")]
        pub entry: String,
        #[sea_orm(column_type = "Text")]
        pub treatment: String,
        pub rows: i64,
        #[sea_orm(column_type = "Text")]
        pub files: String,
        pub error: Option<String>,
        pub created_at: i64,
        pub built_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod opinion {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "opening_opinion")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        pub opener_id: String,
        pub author_id: String,
        pub kind: String,
        pub text_id: String,
        pub procedure_id: String,
        pub state: String,
        pub answer_id: Option<String>,
        pub created_at: i64,
        pub closed_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod withdrawal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "opening_withdrawal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        pub opener_id: String,
        pub applicant_id: String,
        pub kind: String,
        pub reason_id: String,
        /// Key of the record complained of: a text, because it may name a person.
        pub record_key_id: Option<String>,
        pub evidence_id: Option<String>,
        pub procedure_id: String,
        /// `running` or `ended`.
        pub state: String,
        pub outcome: Option<String>,
        /// It had the dataset suspended, and is not decided yet.
        pub holds: bool,
        #[sea_orm(column_type = "Text", nullable)]
        pub treatment: Option<String>,
        pub answer_id: Option<String>,
        /// The review's procedure.
        pub review_id: Option<String>,
        pub created_at: i64,
        pub closed_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("opening-0001-datasets")
            .entity(dataset::Entity)
            .entity(publication::Entity)
            .index("opening_publication", &["resource_id", "created_at"]),
        Migration::new("opening-0002-opinions")
            .entity(opinion::Entity)
            .index("opening_opinion", &["resource_id", "created_at"])
            .index("opening_opinion", &["opener_id", "state"])
            .index("opening_opinion", &["author_id"])
            .index("opening_opinion", &["procedure_id"]),
        Migration::new("opening-0003-withdrawals")
            .entity(withdrawal::Entity)
            .index("opening_withdrawal", &["resource_id", "created_at"])
            .index("opening_withdrawal", &["opener_id", "state"])
            .index("opening_withdrawal", &["applicant_id"])
            .index("opening_withdrawal", &["procedure_id"]),
        Migration::new("opening-0004-scores").entity(score::Entity),
    ]
}

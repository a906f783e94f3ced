//! Rows of the control store.

use db::Migration;

pub mod source {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_source")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        pub provider_id: String,
        pub title: String,
        pub kind: String,
        /// JSON of [`crate::model::SourceConfig`], sealed with the node's key, hex.
        #[sea_orm(column_type = "Text")]
        pub config: String,
        #[sea_orm(column_type = "Text")]
        pub legal_basis: String,
        #[sea_orm(column_type = "Text")]
        pub purpose: String,
        #[sea_orm(column_type = "Text")]
        pub scope: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub consent: Option<String>,
        pub about: String,
        pub load_mode: String,
        pub schedule: Option<String>,
        pub state: String,
        pub revision: i64,
        pub created_at: i64,
        pub created_by: String,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod batch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_batch")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub source_id: String,
        pub resource_id: String,
        pub provider_id: String,
        /// `upload`, `pull`, `replay`.
        pub kind: String,
        pub state: String,
        pub load_mode: String,
        /// Name as sent, its last part; for people only.
        pub file_name: Option<String>,
        /// JSON of what the sender said of the file.
        #[sea_orm(column_type = "Text")]
        pub hints: String,
        pub format: Option<String>,
        pub encoding: Option<String>,
        pub sheet: Option<String>,
        pub bytes: i64,
        /// SHA-256, hex.
        pub digest: Option<String>,
        pub same_as: Option<String>,
        /// The batch whose corrected rows this one loads.
        pub replay_of: Option<String>,
        /// Greatest value of the cursor column that a pull read.
        pub cursor_to: Option<String>,
        pub entry_version: Option<i32>,
        pub rows_read: i64,
        pub rows_good: i64,
        pub rows_quarantined: i64,
        pub rows_written: i64,
        pub normalised: i64,
        pub table_version: Option<i64>,
        /// JSON of [`crate::model::StoredProblem`].
        #[sea_orm(column_type = "Text", nullable)]
        pub error: Option<String>,
        /// JSON list of headings that meant no item.
        #[sea_orm(column_type = "Text", nullable)]
        pub unknown_columns: Option<String>,
        pub created_by: String,
        pub received_at: i64,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod quarantine {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "collection_quarantine")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub batch_id: String,
        pub resource_id: String,
        pub row_number: i64,
        /// JSON, text by item name.
        #[sea_orm(column_type = "Text")]
        pub data: String,
        /// JSON list of reasons.
        #[sea_orm(column_type = "Text")]
        pub reasons: String,
        /// `;code;code;`, to filter by.
        #[sea_orm(column_type = "Text")]
        pub codes: String,
        pub state: String,
        pub revision: i64,
        pub replay_batch: Option<String>,
        /// Id of the text that says why the row was discarded.
        pub discard_text: Option<String>,
        pub changed_by: Option<String>,
        pub changed_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Tables of this crate.
pub fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("collection-0001-sources")
            .entity(source::Entity)
            .index("collection_source", &["resource_id"])
            .index("collection_source", &["provider_id"]),
        Migration::new("collection-0002-batches")
            .entity(batch::Entity)
            .index("collection_batch", &["source_id", "digest"])
            .index("collection_batch", &["resource_id"])
            .index("collection_batch", &["provider_id"]),
        Migration::new("collection-0003-quarantine")
            .entity(quarantine::Entity)
            .index("collection_quarantine", &["batch_id", "row_number"])
            .index("collection_quarantine", &["replay_batch"]),
    ]
}

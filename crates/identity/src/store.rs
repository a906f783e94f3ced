//! The rows.

pub mod institution {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "institution")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub name: String,
        pub short_name: String,
        pub kind: String,
        pub division: String,
        pub parent_id: Option<String>,
        pub uscc: Option<String>,
        /// JSON of [`crate::institutions::Responsible`].
        #[sea_orm(column_type = "Text")]
        pub responsible: String,
        pub revision: i32,
        pub created_at: i64,
        pub updated_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod person {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub institution_id: String,
        pub name: String,
        pub login: String,
        /// argon2id, PHC string.
        pub password: String,
        /// Names of roles, joined by commas.
        pub roles: String,
        pub active: bool,
        pub failures: i32,
        pub locked_until: i64,
        pub created_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod data_user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "data_user")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub kind: String,
        pub name: String,
        pub login: String,
        pub password: String,
        pub document_type: String,
        /// Keyed hash: finds the document, tells nothing.
        pub document_hash: String,
        /// What people are shown: 3301**********1234.
        pub document_shown: String,
        /// The number under the node's envelope key.
        #[sea_orm(column_type = "Blob")]
        pub document_sealed: Vec<u8>,
        pub failures: i32,
        pub locked_until: i64,
        pub created_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "session")]
    pub struct Model {
        /// SHA-256 of the cookie's token, hex: a stolen table opens no session.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        pub actor_id: String,
        pub created_at: i64,
        pub seen_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

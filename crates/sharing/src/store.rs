//! Tables.

use db::Migration;

pub mod cart {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_cart")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person: String,
        /// JSON of [`crate::cart::Cart`].
        #[sea_orm(column_type = "Text")]
        pub document: String,
        pub updated_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod request {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        pub resource_id: String,
        /// Of the entry when it was asked for.
        pub resource_version: i32,
        pub resource_code: String,
        pub resource_title: String,
        pub provider: String,
        pub applicant: String,
        pub applied_by: String,
        pub scenario_text: String,
        pub purpose_text: String,
        pub basis_text: Option<String>,
        pub mode: String,
        pub term_months: Option<i32>,
        pub application_id: Option<String>,
        /// JSON of `Vec<`[`crate::model::RequestedItem`]`>`.
        #[sea_orm(column_type = "Text")]
        pub items: String,
        /// JSON of [`crate::model::Terms`], as fixed so far.
        #[sea_orm(column_type = "Text")]
        pub terms: String,
        /// `running`, `granted`, `refused`.
        pub state: String,
        pub procedure_id: String,
        pub grant_id: Option<String>,
        pub created_at: i64,
        pub decided_at: Option<i64>,
        /// Working days from the request to its end.
        pub took_days: Option<i32>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod grant {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_grant")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(unique)]
        pub request_id: String,
        pub resource_id: String,
        pub service_id: String,
        pub provider: String,
        pub consumer: String,
        /// The one application that may use it; any of the consumer's where absent.
        pub application_id: Option<String>,
        pub mode: String,
        /// JSON of [`protect::AccessPlan`].
        #[sea_orm(column_type = "Text")]
        pub plan: String,
        /// `active`, `suspended`, `ended`.
        pub state: String,
        pub expires_at: Option<i64>,
        pub granted_at: i64,
        pub changed_at: i64,
        /// Why it was suspended, restored or ended last.
        pub reason_text: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod service {
    use sea_orm::entity::prelude::*;

    /// 接口服务: one resource in one mode.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "share_service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Name in the gateway's address.
        #[sea_orm(unique)]
        pub slug: String,
        pub resource_id: String,
        pub provider: String,
        pub mode: String,
        /// JSON of `Vec<`[`crate::model::RequestedItem`]`>`: what a call looks up by.
        #[sea_orm(column_type = "Text")]
        pub key_items: String,
        pub created_at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("sharing-0001")
            .entity(cart::Entity)
            .entity(request::Entity)
            .entity(grant::Entity)
            .entity(service::Entity)
            .index("share_request", &["applicant", "id"])
            .index("share_request", &["provider", "id"])
            .index("share_request", &["resource_id"])
            .index("share_grant", &["consumer", "id"])
            .index("share_grant", &["provider", "id"])
            .index("share_grant", &["service_id"])
            .unique("share_service", &["resource_id", "mode"]),
    ]
}

use db::Migration;

use crate::store::{data_user, institution, person, session};

pub fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("identity-0001")
            .entity(institution::Entity)
            .entity(person::Entity)
            .entity(data_user::Entity)
            .entity(session::Entity)
            .index("institution", &["parent_id"])
            .index("institution", &["kind"])
            .unique("person", &["login"])
            .index("person", &["institution_id"])
            .unique("data_user", &["login"])
            .unique("data_user", &["document_hash"])
            .index("session", &["actor_id"]),
    ]
}

//! Texts that people write. They may hold personal data, so the ledger knows
//! them only by a salted hash; destroying text and salt leaves the proof whole
//! and makes the hash mean nothing.

use base::{Ctx, Result, TextId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Set};

use crate::{Migration, Store};

pub(crate) mod text {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "text")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        /// Hex; empty once destroyed.
        pub salt: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub body: Option<String>,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn migrations() -> Vec<Migration> {
    vec![Migration::new("db-0001-text").entity(text::Entity)]
}

/// What the ledger and the state keep of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRef {
    pub id: TextId,
    /// Hex of SHA-256 over salt and text.
    pub hash: String,
}

pub(crate) async fn keep(conn: &impl ConnectionTrait, ctx: &Ctx, body: &str) -> Result<TextRef> {
    let salt = ctx.chance.bytes::<16>();
    let hash = crypto::salted_hash(&salt, body);
    let id = TextId::new(ctx);
    let row = text::ActiveModel {
        id: Set(id.0.clone()),
        salt: Set(hex(&salt)),
        body: Set(Some(body.to_owned())),
        at: Set(ctx.now().0),
    };
    text::Entity::insert(row).exec_without_returning(conn).await?;
    Ok(TextRef { id, hash: hex(&hash) })
}

pub(crate) async fn destroy(conn: &impl ConnectionTrait, id: &TextId) -> Result<()> {
    text::Entity::update_many()
        .col_expr(text::Column::Body, Expr::value(None::<String>))
        .col_expr(text::Column::Salt, Expr::value(""))
        .filter(text::Column::Id.eq(id.as_str()))
        .exec(conn)
        .await?;
    Ok(())
}

impl Store {
    /// The text, unless it was destroyed.
    pub async fn text(&self, id: &TextId) -> Result<Option<String>> {
        let row = text::Entity::find_by_id(id.as_str()).one(self.conn()).await?;
        Ok(row.and_then(|t| t.body))
    }
    /// Several texts at once, by id; destroyed ones are absent.
    pub async fn texts(&self, ids: &[String]) -> Result<std::collections::HashMap<String, String>> {
        let rows = text::Entity::find()
            .filter(text::Column::Id.is_in(ids))
            .all(self.conn())
            .await?;
        Ok(rows.into_iter().filter_map(|t| Some((t.id, t.body?))).collect())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

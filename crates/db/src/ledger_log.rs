//! The ledger's rows: entries in order, and the head (the frontier of the
//! Merkle tree), which every appending transaction moves.

use base::{Ctx, Error, Moment, Result};
use ledger::{Entry, Frontier};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use crate::{Migration, Store};

pub mod entry {
    use sea_orm::entity::prelude::*;

    /// The columns beside `canonical` repeat what is inside it, for look-ups;
    /// verification compares them.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub at: i64,
        pub kind: String,
        pub subject: String,
        pub actor: String,
        pub institution: Option<String>,
        #[sea_orm(column_type = "Blob")]
        pub canonical: Vec<u8>,
        #[sea_orm(column_type = "Blob")]
        pub leaf: Vec<u8>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod head {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ledger_head")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub size: i64,
        #[sea_orm(column_type = "Blob")]
        pub frontier: Vec<u8>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const HEAD: i32 = 1;

pub(crate) fn migrations() -> Vec<Migration> {
    vec![
        Migration::new("db-0002-ledger")
            .entity(entry::Entity)
            .entity(head::Entity)
            .index("ledger_entry", &["kind", "seq"])
            .index("ledger_entry", &["subject", "seq"])
            .index("ledger_entry", &["actor", "seq"]),
    ]
}

/// The head, as it stands.
pub(crate) async fn head(conn: &impl ConnectionTrait) -> Result<Option<head::Model>> {
    Ok(head::Entity::find_by_id(HEAD).one(conn).await?)
}

pub(crate) async fn size(conn: &impl ConnectionTrait) -> Result<u64> {
    Ok(head::Entity::find_by_id(HEAD)
        .one(conn)
        .await?
        .map_or(0, |h| h.size as u64))
}

/// Numbers, seals into the tree, and inserts. The caller holds the lock.
pub(crate) async fn append(tx: &DatabaseTransaction, ctx: &Ctx, entries: Vec<Entry>) -> Result<(Vec<u64>, u64)> {
    let head = head::Entity::find_by_id(HEAD).one(tx).await?;
    let mut frontier = match &head {
        Some(h) => Frontier::from_bytes(&h.frontier).map_err(Error::internal)?,
        None => Frontier::new(),
    };
    let now = ctx.now();
    let mut rows = Vec::with_capacity(entries.len());
    let mut numbers = Vec::with_capacity(entries.len());
    for mut entry in entries {
        entry.seq = frontier.size();
        entry.at = now;
        entry.actor = ctx.actor.id().to_owned();
        entry.institution = ctx.actor.institution().map(|i| i.0.clone());
        entry.trace = ctx.trace.clone();
        let canonical = entry.canonical();
        if canonical.len() > ledger::ENTRY_BYTES_MAX {
            return Err(Error::internal(format!(
                "a ledger entry of {} bytes: {}",
                canonical.len(),
                entry.kind
            )));
        }
        let leaf = ledger::leaf_hash(&canonical);
        frontier.push(leaf);
        numbers.push(entry.seq);
        rows.push(entry::ActiveModel {
            seq: Set(entry.seq as i64),
            at: Set(now.0),
            kind: Set(entry.kind),
            subject: Set(entry.subject),
            actor: Set(entry.actor),
            institution: Set(entry.institution),
            canonical: Set(canonical),
            leaf: Set(leaf.to_vec()),
        });
    }
    entry::Entity::insert_many(rows).exec_without_returning(tx).await?;
    let size = frontier.size();
    let moved = head::ActiveModel {
        id: Set(HEAD),
        size: Set(size as i64),
        frontier: Set(frontier.to_bytes()),
    };
    match head {
        None => head::Entity::insert(moved)
            .exec_without_returning(tx)
            .await
            .map(|_| ())?,
        Some(_) => head::Entity::update(moved).exec(tx).await.map(|_| ())?,
    }
    Ok((numbers, size))
}

impl Store {
    /// Number of entries in the ledger.
    pub async fn ledger_size(&self) -> Result<u64> {
        size(self.conn()).await
    }
    /// Up to `limit` entries from number `from` on, in order.
    pub async fn entries(&self, from: u64, limit: u64) -> Result<Vec<Entry>> {
        let rows = entry::Entity::find()
            .filter(entry::Column::Seq.gte(from as i64))
            .order_by_asc(entry::Column::Seq)
            .limit(limit)
            .all(self.conn())
            .await?;
        rows.iter().map(decode).collect()
    }
    /// All entries about one subject, oldest first.
    pub async fn entries_of(&self, subject: &str) -> Result<Vec<Entry>> {
        let rows = entry::Entity::find()
            .filter(entry::Column::Subject.eq(subject))
            .order_by_asc(entry::Column::Seq)
            .all(self.conn())
            .await?;
        rows.iter().map(decode).collect()
    }
    /// How many entries of a kind since a moment: for figures.
    pub async fn count_entries(&self, kind: &str, since: Moment) -> Result<u64> {
        Ok(entry::Entity::find()
            .filter(entry::Column::Kind.eq(kind))
            .filter(entry::Column::At.gte(since.0))
            .count(self.conn())
            .await?)
    }
}

pub fn decode(row: &entry::Model) -> Result<Entry> {
    Entry::from_canonical(&row.canonical).map_err(|e| Error::internal(format!("ledger entry {}: {e}", row.seq)))
}

//! Tables of the catalog and how entries are read from and written to them.
//! Why an entry is one row and a version one document: `docs/decisions/0003-catalog-tables.md`.

use std::collections::HashMap;

use base::{Error, InstitutionId, Moment, ResourceId, Result};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::model::Document;
use crate::states::{Stage, State};

pub mod resource {
    use sea_orm::entity::prelude::*;

    /// 目录条目: what does not change with a version, and where it stands.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalog_resource")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: String,
        #[sea_orm(unique)]
        pub code: String,
        pub provider_id: String,
        /// Of the version that is shown, so that lists of names need no document.
        pub title: String,
        pub division_code: String,
        pub state: String,
        pub published_version: Option<i32>,
        pub working_version: Option<i32>,
        pub stage: Option<String>,
        pub newest_version: i32,
        /// Counts every change; who saves says which one they saw.
        pub revision: i64,
        pub procedure_id: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
        pub published_at: Option<i64>,
        pub withdrawn_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod version {
    use sea_orm::entity::prelude::*;

    /// 版本: what was said, by whom, and what became of it. Frozen once submitted.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalog_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        /// `draft`, `in_review`, `returned`, `published`, `superseded`, `withdrawn`.
        pub standing: String,
        #[sea_orm(column_type = "Text")]
        pub document: String,
        /// Hex of SHA-256 over the document as stored; stands in the ledger.
        pub digest: String,
        pub created_by: String,
        pub created_at: i64,
        pub saved_by: String,
        pub saved_at: i64,
        pub submitted_by: Option<String>,
        pub submitted_at: Option<i64>,
        pub decided_by: Option<String>,
        pub decided_at: Option<i64>,
        /// Text of the reason of a return or withdrawal.
        pub reason_id: Option<String>,
        pub procedure_id: Option<String>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod serial {
    use sea_orm::entity::prelude::*;

    /// Last number given within a code's prefix.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalog_serial")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub prefix: String,
        pub last: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub mod measure {
    use sea_orm::entity::prelude::*;

    /// What is counted about an entry and not declared in it.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalog_measure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource_id: String,
        pub visits: i64,
        pub requests: i64,
        /// Rows of its table after the newest load.
        pub rows: Option<i64>,
        pub loaded_at: Option<i64>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub fn migrations() -> Vec<db::Migration> {
    vec![
        db::Migration::new("catalog-0001-entries")
            .entity(resource::Entity)
            .entity(version::Entity)
            .entity(serial::Entity)
            .entity(measure::Entity)
            .index("catalog_resource", &["provider_id", "state"])
            .index("catalog_resource", &["state", "id"]),
    ]
}

/// An entry's row, with its state as the type that knows the transitions.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: ResourceId,
    pub code: String,
    pub provider_id: InstitutionId,
    pub title: String,
    pub division_code: String,
    pub state: State,
    pub revision: i64,
    pub procedure_id: Option<String>,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub published_at: Option<Moment>,
    pub withdrawn_at: Option<Moment>,
}

impl TryFrom<resource::Model> for Entry {
    type Error = Error;
    fn try_from(row: resource::Model) -> Result<Self> {
        Ok(Self {
            state: state_of(&row).ok_or_else(|| Error::internal(format!("entry {} has no valid state", row.id)))?,
            id: row.id.into(),
            code: row.code,
            provider_id: row.provider_id.into(),
            title: row.title,
            division_code: row.division_code,
            revision: row.revision,
            procedure_id: row.procedure_id,
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
            published_at: row.published_at.map(Moment),
            withdrawn_at: row.withdrawn_at.map(Moment),
        })
    }
}

fn state_of(row: &resource::Model) -> Option<State> {
    let number = |n: i32| u32::try_from(n).ok();
    let published = row.published_version.and_then(number);
    let working = row
        .working_version
        .and_then(number)
        .zip(row.stage.as_deref().and_then(Stage::parse));
    let state = match (published, working) {
        _ if row.state == "withdrawn" => State::Withdrawn {
            published,
            version: number(row.newest_version)?,
        },
        (None, Some((version, stage))) => State::Preparing { version, stage },
        (Some(version), None) => State::Published { version },
        (Some(published), Some((version, stage))) => State::Revising {
            published,
            version,
            stage,
        },
        (None, None) => return None,
    };
    (state.name() == row.state).then_some(state)
}

impl Entry {
    fn row(&self) -> resource::ActiveModel {
        let signed = |n: u32| n as i32;
        let working = self.state.working();
        resource::ActiveModel {
            id: Set(self.id.0.clone()),
            code: Set(self.code.clone()),
            provider_id: Set(self.provider_id.0.clone()),
            title: Set(self.title.clone()),
            division_code: Set(self.division_code.clone()),
            state: Set(self.state.name().to_owned()),
            published_version: Set(self.state.published().map(signed)),
            working_version: Set(working.map(|(v, _)| signed(v))),
            stage: Set(working.map(|(_, stage)| stage.as_str().to_owned())),
            newest_version: Set(signed(self.state.newest())),
            revision: Set(self.revision),
            procedure_id: Set(self.procedure_id.clone()),
            created_at: Set(self.created_at.0),
            updated_at: Set(self.updated_at.0),
            published_at: Set(self.published_at.map(|m| m.0)),
            withdrawn_at: Set(self.withdrawn_at.map(|m| m.0)),
        }
    }
}

pub async fn insert(conn: &impl ConnectionTrait, entry: &Entry) -> Result<()> {
    resource::Entity::insert(entry.row())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// Writes an entry that was read at revision `seen`, as revision `seen + 1`.
/// False where somebody else was faster; nothing is written then.
pub async fn update(conn: &impl ConnectionTrait, entry: &mut Entry, seen: i64) -> Result<bool> {
    entry.revision = seen + 1;
    let done = resource::Entity::update_many()
        .set(entry.row())
        .filter(resource::Column::Id.eq(entry.id.as_str()))
        .filter(resource::Column::Revision.eq(seen))
        .exec(conn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Whether a text can be an id at all. PostgreSQL takes no NUL in a text, and
/// what cannot be an id need not be asked for.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

pub async fn entry(conn: &impl ConnectionTrait, id: &ResourceId) -> Result<Option<Entry>> {
    if !is_id(id.as_str()) {
        return Ok(None);
    }
    resource::Entity::find_by_id(id.as_str())
        .one(conn)
        .await?
        .map(Entry::try_from)
        .transpose()
}

/// Entries by id, in no order; unknown ids are absent.
pub async fn entries(conn: &impl ConnectionTrait, ids: &[String]) -> Result<HashMap<String, Entry>> {
    let rows = resource::Entity::find()
        .filter(resource::Column::Id.is_in(ids))
        .all(conn)
        .await?;
    rows.into_iter()
        .map(|row| Ok((row.id.clone(), Entry::try_from(row)?)))
        .collect()
}

pub async fn entries_of_provider(conn: &impl ConnectionTrait, provider: &str) -> Result<Vec<Entry>> {
    let rows = resource::Entity::find()
        .filter(resource::Column::ProviderId.eq(provider))
        .all(conn)
        .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// Up to `limit` entries whose ids come after `after`: to walk them all.
pub async fn entries_after(conn: &impl ConnectionTrait, after: &str, limit: u64) -> Result<Vec<Entry>> {
    let rows = resource::Entity::find()
        .filter(resource::Column::Id.gt(after))
        .order_by_asc(resource::Column::Id)
        .limit(limit)
        .all(conn)
        .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

pub fn decode(row: &version::Model) -> Result<Document> {
    serde_json::from_str(&row.document)
        .map_err(|e| Error::internal(format!("document of {} version {}: {e}", row.resource_id, row.version)))
}

pub async fn version(conn: &impl ConnectionTrait, id: &ResourceId, number: u32) -> Result<Option<version::Model>> {
    Ok(version::Entity::find_by_id((id.0.clone(), number as i32))
        .one(conn)
        .await?)
}

/// The documents of some entries, each in the version asked for.
pub async fn documents(
    conn: &impl ConnectionTrait,
    wanted: &[(ResourceId, u32)],
) -> Result<HashMap<String, (version::Model, Document)>> {
    let ids: Vec<&str> = wanted.iter().map(|(id, _)| id.as_str()).collect();
    let numbers: HashMap<&str, i32> = wanted.iter().map(|(id, v)| (id.as_str(), *v as i32)).collect();
    let mut any = sea_orm::Condition::any();
    for (id, number) in &numbers {
        any = any.add(
            version::Column::ResourceId
                .eq(*id)
                .and(version::Column::Version.eq(*number)),
        );
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = version::Entity::find().filter(any).all(conn).await?;
    rows.into_iter()
        .map(|row| {
            let document = decode(&row)?;
            Ok((row.resource_id.clone(), (row, document)))
        })
        .collect()
}

pub async fn versions(conn: &impl ConnectionTrait, id: &ResourceId) -> Result<Vec<version::Model>> {
    Ok(version::Entity::find()
        .filter(version::Column::ResourceId.eq(id.as_str()))
        .order_by_desc(version::Column::Version)
        .all(conn)
        .await?)
}

/// Inserts a version, or replaces the one that is still a draft.
pub async fn save_version(conn: &impl ConnectionTrait, row: version::Model) -> Result<()> {
    use version::Column as C;
    let changing = [
        C::Standing,
        C::Document,
        C::Digest,
        C::SavedBy,
        C::SavedAt,
        C::SubmittedBy,
        C::SubmittedAt,
        C::DecidedBy,
        C::DecidedAt,
        C::ReasonId,
        C::ProcedureId,
    ];
    let on_conflict = OnConflict::columns([C::ResourceId, C::Version])
        .update_columns(changing)
        .to_owned();
    let row = version::ActiveModel {
        resource_id: Set(row.resource_id),
        version: Set(row.version),
        standing: Set(row.standing),
        document: Set(row.document),
        digest: Set(row.digest),
        created_by: Set(row.created_by),
        created_at: Set(row.created_at),
        saved_by: Set(row.saved_by),
        saved_at: Set(row.saved_at),
        submitted_by: Set(row.submitted_by),
        submitted_at: Set(row.submitted_at),
        decided_by: Set(row.decided_by),
        decided_at: Set(row.decided_at),
        reason_id: Set(row.reason_id),
        procedure_id: Set(row.procedure_id),
    };
    version::Entity::insert(row)
        .on_conflict(on_conflict)
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

/// The next number within a prefix, from 1. The row's lock lasts until the end
/// of the transaction, so no number is given twice.
pub async fn next_serial(conn: &impl ConnectionTrait, prefix: &str) -> Result<i64> {
    let first = serial::ActiveModel {
        prefix: Set(prefix.to_owned()),
        last: Set(0),
    };
    serial::Entity::insert(first)
        .on_conflict(OnConflict::column(serial::Column::Prefix).do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    serial::Entity::update_many()
        .col_expr(serial::Column::Last, Expr::col(serial::Column::Last).add(1))
        .filter(serial::Column::Prefix.eq(prefix))
        .exec(conn)
        .await?;
    let row = serial::Entity::find_by_id(prefix).one(conn).await?;
    row.map(|r| r.last)
        .ok_or_else(|| Error::internal("a serial number vanished"))
}

async fn ensure_measure(conn: &impl ConnectionTrait, id: &str) -> Result<()> {
    let empty = measure::ActiveModel {
        resource_id: Set(id.to_owned()),
        visits: Set(0),
        requests: Set(0),
        rows: Set(None),
        loaded_at: Set(None),
    };
    measure::Entity::insert(empty)
        .on_conflict(OnConflict::column(measure::Column::ResourceId).do_nothing().to_owned())
        .exec_without_returning(conn)
        .await?;
    Ok(())
}

pub async fn add_count(conn: &impl ConnectionTrait, id: &str, column: measure::Column, count: i64) -> Result<()> {
    ensure_measure(conn, id).await?;
    measure::Entity::update_many()
        .col_expr(column, Expr::col(column).add(count))
        .filter(measure::Column::ResourceId.eq(id))
        .exec(conn)
        .await?;
    Ok(())
}

pub async fn set_load(conn: &impl ConnectionTrait, id: &ResourceId, rows: i64, at: Moment) -> Result<()> {
    ensure_measure(conn, id.as_str()).await?;
    measure::Entity::update_many()
        .col_expr(measure::Column::Rows, Expr::value(rows))
        .col_expr(measure::Column::LoadedAt, Expr::value(at.0))
        .filter(measure::Column::ResourceId.eq(id.as_str()))
        .exec(conn)
        .await?;
    Ok(())
}

pub async fn measures(conn: &impl ConnectionTrait, ids: &[String]) -> Result<HashMap<String, measure::Model>> {
    let rows = measure::Entity::find()
        .filter(measure::Column::ResourceId.is_in(ids))
        .all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.resource_id.clone(), row)).collect())
}

//! One migration source for both stores: statements of sea-query, which write
//! themselves in either dialect.

use base::{Ctx, Result};
use sea_orm::sea_query::{
    Alias, ColumnDef, Index, IndexCreateStatement, Table, TableAlterStatement, TableCreateStatement,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, Set, TransactionTrait};

/// One step of a migration.
#[derive(Clone)]
pub enum Step {
    Table(Box<TableCreateStatement>),
    Index(IndexCreateStatement),
    Alter(TableAlterStatement),
}
impl From<TableCreateStatement> for Step {
    fn from(s: TableCreateStatement) -> Self {
        Step::Table(Box::new(s))
    }
}
impl From<IndexCreateStatement> for Step {
    fn from(s: IndexCreateStatement) -> Self {
        Step::Index(s)
    }
}
impl From<TableAlterStatement> for Step {
    fn from(s: TableAlterStatement) -> Self {
        Step::Alter(s)
    }
}

/// A named, once-only change of the schema. Names sort in the order in which
/// they apply within a crate; a landed migration is never edited.
#[derive(Clone)]
pub struct Migration {
    /// `catalog-0001-resources`
    pub name: &'static str,
    pub steps: Vec<Step>,
}

impl Migration {
    pub fn new(name: &'static str) -> Self {
        Self { name, steps: vec![] }
    }
    pub fn step(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }
    /// A table with `columns` as sea-query column definitions.
    pub fn table(self, name: &str, columns: Vec<ColumnDef>) -> Self {
        let mut table = Table::create();
        table.table(Alias::new(name));
        for mut column in columns {
            table.col(&mut column);
        }
        self.step(table.take())
    }
    /// A table whose rows `E` describes: names, types, keys and uniqueness come
    /// from the entity, so the two cannot come apart in a new table.
    pub fn entity<E: EntityTrait>(self, entity: E) -> Self {
        // Only types that both stores know are used, so either dialect's
        // statement serves; the text is made when it runs.
        let schema = sea_orm::Schema::new(sea_orm::DatabaseBackend::Sqlite);
        self.step(schema.create_table_from_entity(entity))
    }
    /// An index named `ix_<table>_<columns>`.
    pub fn index(self, table: &str, columns: &[&str]) -> Self {
        self.step(index(table, columns, false))
    }
    pub fn unique(self, table: &str, columns: &[&str]) -> Self {
        self.step(index(table, columns, true))
    }
}

fn index(table: &str, columns: &[&str], unique: bool) -> IndexCreateStatement {
    let mut statement = Index::create();
    let prefix = if unique { "ux" } else { "ix" };
    statement
        .name(format!("{prefix}_{table}_{}", columns.join("_")))
        .table(Alias::new(table));
    for column in columns {
        statement.col(Alias::new(*column));
    }
    if unique {
        statement.unique();
    }
    statement.take()
}

mod applied {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "schema_migration")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub at: i64,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Applies what has not been applied yet, each migration in a transaction.
pub(crate) async fn run(conn: &DatabaseConnection, ctx: &Ctx, migrations: &[Migration]) -> Result<()> {
    let schema = sea_orm::Schema::new(conn.get_database_backend());
    conn.execute(schema.create_table_from_entity(applied::Entity).if_not_exists())
        .await?;
    let done: std::collections::HashSet<String> = applied::Entity::find()
        .all(conn)
        .await?
        .into_iter()
        .map(|m| m.name)
        .collect();
    for migration in migrations.iter().filter(|m| !done.contains(m.name)) {
        let tx = conn.begin().await?;
        for step in &migration.steps {
            match step {
                Step::Table(s) => tx.execute(s.as_ref()).await?,
                Step::Index(s) => tx.execute(s).await?,
                Step::Alter(s) => tx.execute(s).await?,
            };
        }
        let row = applied::ActiveModel {
            name: Set(migration.name.to_owned()),
            at: Set(ctx.now().0),
        };
        applied::Entity::insert(row).exec_without_returning(&tx).await?;
        tx.commit().await?;
        tracing::info!(migration = migration.name, "schema migrated");
    }
    Ok(())
}

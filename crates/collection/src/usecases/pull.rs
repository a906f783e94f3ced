//! Rows out of a department's database: streamed into a file of JSON Lines,
//! which is then a batch like any other. So a pull that is killed, or whose
//! rows are in doubt later, has its evidence, and the database is read once.

use std::path::Path;

use base::{BatchId, Error, Result};
use futures::TryStreamExt;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Map, Value};
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ColumnIndex, ConnectOptions, Connection, Decode, Row, Type};

use crate::Collection;
use crate::errors::{BAD_CONFIG, SOURCE_UNREACHABLE};
use crate::model::{BatchKind, SourceConfig, SourceKind};
use crate::states::BatchState;
use crate::store::{batch, source};
use crate::usecases::files::{Incoming, SentHints};

/// Bytes written at once.
const CHUNK_BYTES: usize = 256 * 1024;

impl Collection {
    /// Reads the source's database into the batch's file.
    pub(crate) async fn pull(&self, source: &source::Model, row: &mut batch::Model) -> Result<()> {
        let config = self.config_of(source)?;
        let after = match config.cursor_column {
            Some(_) => self.last_cursor(&source.id).await?,
            None => None,
        };
        let incoming = Incoming::open(self.files_dir(), &row.id).await?;
        let mut out = Lines {
            incoming,
            buffer: Vec::with_capacity(CHUNK_BYTES),
            cursor: None,
        };
        match SourceKind::parse(&source.kind) {
            Some(SourceKind::Sqlite) => from_sqlite(self.drop_dir(), &config, after, &mut out).await?,
            Some(SourceKind::Postgres) => from_postgres(&config, after, &mut out).await?,
            _ => return Err(Error::new(&BAD_CONFIG).with("detail", "该来源不是数据库")),
        }
        row.cursor_to = out.cursor.take();
        let (bytes, digest) = out.end(&self.file_of(&BatchId(row.id.clone()))).await?;
        row.bytes = bytes as i64;
        row.digest = Some(digest);
        row.hints = serde_json::to_string(&SentHints {
            format: Some("jsonl".into()),
            ..Default::default()
        })
        .map_err(Error::internal)?;
        Ok(())
    }

    async fn last_cursor(&self, source: &str) -> Result<Option<String>> {
        let last = batch::Entity::find()
            .filter(batch::Column::SourceId.eq(source))
            .filter(batch::Column::Kind.eq(BatchKind::Pull.as_str()))
            .filter(batch::Column::State.eq(BatchState::Done.as_str()))
            .filter(batch::Column::CursorTo.is_not_null())
            // Commits are in order; moments can be equal.
            .order_by_desc(batch::Column::TableVersion)
            .one(self.store().conn())
            .await?;
        Ok(last.and_then(|b| b.cursor_to))
    }
}

/// JSON Lines on their way to the batch's file.
struct Lines {
    incoming: Incoming,
    buffer: Vec<u8>,
    /// Greatest value of the cursor column so far.
    cursor: Option<String>,
}

impl Lines {
    async fn row(&mut self, columns: &[Column], values: Vec<Option<String>>, cursor_at: Option<usize>) -> Result<()> {
        if let Some(at) = cursor_at {
            self.cursor = values[at].clone().or(self.cursor.take());
        }
        let object: Map<String, Value> = columns
            .iter()
            .zip(values)
            .map(|(c, v)| (c.name.clone(), v.map_or(Value::Null, Value::String)))
            .collect();
        serde_json::to_writer(&mut self.buffer, &object).map_err(Error::internal)?;
        self.buffer.push(b'\n');
        if self.buffer.len() >= CHUNK_BYTES {
            self.flush().await
        } else {
            Ok(())
        }
    }
    async fn flush(&mut self) -> Result<()> {
        let chunk = std::mem::take(&mut self.buffer);
        self.incoming.write(&chunk).await
    }
    async fn end(mut self, to: &Path) -> Result<(u64, String)> {
        self.flush().await?;
        self.incoming.keep(to).await
    }
}

struct Column {
    name: String,
    data_type: String,
}

/// A table, view or column: `name` or `schema.name`, letters, digits and `_`
/// of any script, so that quoting it is safe.
pub(crate) fn identifier(name: &str) -> Result<()> {
    let plain = |part: &str| {
        !part.is_empty() && part.chars().count() <= 63 && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    let parts: Vec<_> = name.split('.').collect();
    if parts.len() <= 2 && parts.iter().all(|p| plain(p)) {
        return Ok(());
    }
    Err(Error::new(&BAD_CONFIG).with("detail", "表名、列名只能包含文字、数字和下划线"))
}

fn quoted(name: &str) -> String {
    name.split('.')
        .map(|part| format!("\"{part}\""))
        .collect::<Vec<_>>()
        .join(".")
}

/// A name within the front-end folder, not a way out of it.
pub(crate) fn plain_file_name(name: &str) -> Result<()> {
    let bad = name.is_empty()
        || name.starts_with('.')
        || name
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '\\' | ':' | '\0'));
    if bad {
        Err(Error::new(&BAD_CONFIG).with("detail", "请只填写前置机目录中的文件名，不含路径"))
    } else {
        Ok(())
    }
}

fn unreachable_because(e: impl std::fmt::Display) -> Error {
    // The driver's words may hold the address and login: to the log only.
    Error::new(&SOURCE_UNREACHABLE)
        .with("detail", "连接或查询未成功")
        .because(e)
}

fn column_missing(name: &str) -> Error {
    Error::new(&BAD_CONFIG).with("detail", format!("表中没有列 {name}"))
}

fn no_columns() -> Error {
    Error::new(&BAD_CONFIG).with("detail", "没有这个表")
}

/// `rest` names columns with `t.`: a bare name would mean the column as cast to
/// text, and `10` sorts before `9` there.
fn statement(table: &str, columns: &[Column], cast: impl Fn(&Column) -> String, rest: &str) -> String {
    let list = columns.iter().map(cast).collect::<Vec<_>>().join(", ");
    format!("SELECT {list} FROM {} AS t{rest}", quoted(table))
}

fn position(columns: &[Column], name: Option<&str>) -> Result<Option<usize>> {
    name.map(|name| {
        columns
            .iter()
            .position(|c| c.name == name)
            .ok_or_else(|| column_missing(name))
    })
    .transpose()
}

async fn from_sqlite(dir: &Path, config: &SourceConfig, after: Option<String>, out: &mut Lines) -> Result<()> {
    let (file, table) = (
        config.file.as_deref().unwrap_or_default(),
        config.table.as_deref().unwrap_or_default(),
    );
    plain_file_name(file)?;
    identifier(table)?;
    let options = SqliteConnectOptions::new()
        .filename(dir.join(file))
        .read_only(true)
        .create_if_missing(false);
    let mut db: SqliteConnection = options
        .disable_statement_logging()
        .connect()
        .await
        .map_err(unreachable_because)?;
    let named = sqlx::query("SELECT name, type FROM pragma_table_info(?)")
        .bind(table)
        .fetch_all(&mut db)
        .await
        .map_err(unreachable_because)?;
    let columns = columns_of(&named)?;
    let cursor_at = position(&columns, config.cursor_column.as_deref())?;
    let rest = match (cursor_at, &after) {
        (None, _) => String::new(),
        (Some(at), None) => format!(" ORDER BY t.\"{}\"", columns[at].name),
        (Some(at), Some(_)) => {
            // Its values compare as what they were stored as.
            let number = columns[at].data_type.to_ascii_uppercase().contains("INT");
            let bound = if number { "CAST(? AS INTEGER)" } else { "?" };
            format!(" WHERE t.\"{0}\" > {bound} ORDER BY t.\"{0}\"", columns[at].name)
        }
    };
    // A number too long for its type is written with its exponent, so that the
    // check finds that it lost digits.
    let cast = |c: &Column| {
        let name = quoted(&c.name);
        format!(
            "CASE WHEN typeof({name}) = 'real' AND abs({name}) >= 1e15 THEN printf('%.15e', {name}) ELSE CAST({name} AS TEXT) END"
        )
    };
    let mut query = sqlx::query(AssertSqlSafe(statement(table, &columns, cast, &rest)));
    if let (Some(_), Some(after)) = (cursor_at, after) {
        query = query.bind(after);
    }
    let mut rows = query.fetch(&mut db);
    while let Some(row) = rows.try_next().await.map_err(unreachable_because)? {
        let values = (0..columns.len())
            .map(|i| row.try_get(i))
            .collect::<Result<Vec<Option<String>>, _>>();
        out.row(&columns, values.map_err(unreachable_because)?, cursor_at)
            .await?;
    }
    Ok(())
}

/// Rows of (name, type). Their names go into a statement, so each must be one.
fn columns_of<R>(named: &[R]) -> Result<Vec<Column>>
where
    R: Row,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
{
    let columns = named
        .iter()
        .map(|r| {
            Ok(Column {
                name: r.try_get(0)?,
                data_type: r.try_get(1)?,
            })
        })
        .collect::<Result<Vec<_>, sqlx::Error>>()
        .map_err(unreachable_because)?;
    if columns.is_empty() {
        return Err(no_columns());
    }
    for column in &columns {
        identifier(&column.name)?;
    }
    Ok(columns)
}

async fn from_postgres(config: &SourceConfig, after: Option<String>, out: &mut Lines) -> Result<()> {
    let (url, table) = (
        config.url.as_deref().unwrap_or_default(),
        config.table.as_deref().unwrap_or_default(),
    );
    identifier(table)?;
    let mut db = PgConnection::connect(url).await.map_err(unreachable_because)?;
    // Whatever the account may do, this session only reads, and reads one state.
    sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut db)
        .await
        .map_err(unreachable_because)?;
    let (schema, name) = table.split_once('.').unwrap_or(("", table));
    let named = sqlx::query(
        "SELECT column_name::text, data_type::text FROM information_schema.columns \
         WHERE table_name = $1 AND (table_schema = $2 OR ($2 = '' AND table_schema = ANY (current_schemas(false)))) \
         ORDER BY ordinal_position",
    )
    .bind(name)
    .bind(schema)
    .fetch_all(&mut db)
    .await
    .map_err(unreachable_because)?;
    let columns = columns_of(&named)?;
    let cursor_at = position(&columns, config.cursor_column.as_deref())?;
    let rest = match (cursor_at, &after) {
        (None, _) => String::new(),
        (Some(at), None) => format!(" ORDER BY t.\"{}\"", columns[at].name),
        // The type's name comes from the database itself.
        (Some(at), Some(_)) => format!(
            " WHERE t.\"{0}\" > $1::{1} ORDER BY t.\"{0}\"",
            columns[at].name, columns[at].data_type
        ),
    };
    let cast = |c: &Column| format!("{}::text", quoted(&c.name));
    let mut query = sqlx::query(AssertSqlSafe(statement(table, &columns, cast, &rest)));
    if let (Some(_), Some(after)) = (cursor_at, after) {
        query = query.bind(after);
    }
    let mut rows = query.fetch(&mut db);
    while let Some(row) = rows.try_next().await.map_err(unreachable_because)? {
        let values = (0..columns.len())
            .map(|i| row.try_get(i))
            .collect::<Result<Vec<Option<String>>, _>>();
        out.row(&columns, values.map_err(unreachable_because)?, cursor_at)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_not_paths_or_statements() {
        for good in ["insured", "public.insured", "参保_2026"] {
            assert!(identifier(good).is_ok(), "{good}");
        }
        for bad in ["", "a;drop table b", "a\"b", "a.b.c", "a b", "(select 1)"] {
            assert!(identifier(bad).is_err(), "{bad}");
        }
        assert!(plain_file_name("社保.db").is_ok());
        for bad in ["", "../x.db", "/etc/x", "a\\b", "..", ".hidden", "C:x"] {
            assert!(plain_file_name(bad).is_err(), "{bad}");
        }
    }
}

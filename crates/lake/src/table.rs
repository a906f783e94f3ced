use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::SessionContext;
use deltalake::delta_datafusion::DeltaSessionContext;
use deltalake::kernel::engine::arrow_conversion::{TryIntoArrow, TryIntoKernel};
use deltalake::kernel::{StructField, StructType};
use deltalake::protocol::SaveMode;
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use url::Url;

use crate::errors::{NO_TABLE, NO_VERSION, TYPE_CHANGED};
use crate::{BATCH_COLUMN, LakeError, ROW_COLUMN};

/// Name of a table: the id of its data resource. Letters, digits, `-`, `_`;
/// at most 64 characters, so that it is safe in every store's paths.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableName(String);

impl TableName {
    pub fn new(name: &str) -> Result<Self, LakeError> {
        let safe = (1..=64).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !name.starts_with('_');
        if safe {
            Ok(Self(name.to_owned()))
        } else {
            Err(base::Error::not_found("table").into())
        }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the tables are and what the engine may use.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// `file:///…/tables/` or, with the store's feature compiled in, `s3://…`.
    pub location: Url,
    /// Options of the object store (endpoint, keys); empty for local files.
    pub options: HashMap<String, String>,
    /// Memory of all queries together, bytes; beyond it they spill.
    pub memory_bytes: usize,
    /// Where queries spill.
    pub spill_dir: PathBuf,
    /// Greatest size of all spilled data, bytes.
    pub spill_bytes: u64,
}

impl LakeConfig {
    /// Tables under a local directory, 2 GiB of memory, 64 GiB of spill.
    pub fn local(data_dir: &std::path::Path) -> Result<Self, LakeError> {
        let told = |e: std::io::Error| LakeError::Told(base::Error::internal(e));
        let (tables, spill_dir) = (data_dir.join("tables"), data_dir.join("spill"));
        std::fs::create_dir_all(&tables).map_err(told)?;
        std::fs::create_dir_all(&spill_dir).map_err(told)?;
        let tables = tables.canonicalize().map_err(told)?;
        let location = Url::from_directory_path(&tables)
            .map_err(|()| LakeError::Told(base::Error::internal("the data directory is not absolute")))?;
        Ok(Self {
            location,
            options: HashMap::new(),
            memory_bytes: 2 << 30,
            spill_dir,
            spill_bytes: 64 << 30,
        })
    }
}

/// All tables of a node. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    config: Arc<LakeConfig>,
    session: SessionContext,
    /// Tables as last loaded; each use brings its copy up to date first.
    known: Arc<Mutex<HashMap<TableName, DeltaTable>>>,
}

impl Lake {
    pub fn open(config: LakeConfig) -> Result<Self, LakeError> {
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![config.spill_dir.clone()]))
            .with_max_temp_directory_size(config.spill_bytes);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(config.memory_bytes)))
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let state = DeltaSessionContext::with_runtime_env(runtime).state();
        // One text type everywhere: the readers above need not know of views.
        let engine = state
            .config()
            .clone()
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false);
        let state = SessionStateBuilder::new_from_existing(state)
            .with_config(engine)
            .build();
        Ok(Self {
            config: Arc::new(config),
            session: SessionContext::new_with_state(state),
            known: Arc::default(),
        })
    }

    pub(crate) fn session(&self) -> &SessionContext {
        &self.session
    }

    fn url(&self, table: &TableName) -> Result<Url, LakeError> {
        let url = self.config.location.join(&format!("{}/", table.as_str()));
        Ok(url.map_err(base::Error::internal)?)
    }

    fn builder(&self, table: &TableName) -> Result<DeltaTableBuilder, LakeError> {
        let url = self.url(table)?;
        Ok(DeltaTableBuilder::from_url(url)?.with_storage_options(self.config.options.clone()))
    }

    /// A local directory must be there before a table is made in it; an object
    /// store knows no directories.
    fn make_place(&self, table: &TableName) -> Result<(), LakeError> {
        if self.config.location.scheme() != "file" {
            return Ok(());
        }
        let root = self.config.location.to_file_path();
        let root = root.map_err(|()| base::Error::internal("the lake's location is not a local path"))?;
        let made = std::fs::create_dir_all(root.join(table.as_str()));
        made.map_err(|source| {
            LakeError::Store(object_store::Error::Generic {
                store: "local",
                source: Box::new(source),
            })
        })
    }

    /// The table at its newest version, or `None` where nothing was loaded yet.
    pub(crate) async fn find(&self, table: &TableName) -> Result<Option<DeltaTable>, LakeError> {
        let known = self.known.lock().unwrap_or_else(|e| e.into_inner()).get(table).cloned();
        // a local folder that is not there is an error to the layer below, not "no table"
        if known.is_none() && self.url(table)?.to_file_path().is_ok_and(|folder| !folder.exists()) {
            return Ok(None);
        }
        let mut delta = match known {
            Some(delta) => delta,
            None => {
                let delta = self.builder(table)?.build()?;
                // Asked first: loading a table whose place does not exist at
                // all is an error of another kind in each store.
                if !delta.verify_deltatable_existence().await? {
                    return Ok(None);
                }
                delta
            }
        };
        match delta.update_incremental(None).await {
            Ok(()) => {}
            Err(DeltaTableError::NotATable(_)) => return Ok(None),
            Err(e) => return Err(e.into()),
        }
        self.known
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .insert(table.clone(), delta.clone());
        Ok(Some(delta))
    }

    /// The table at a version, the newest when none is named.
    pub(crate) async fn at(&self, table: &TableName, version: Option<u64>) -> Result<DeltaTable, LakeError> {
        let newest = self.find(table).await?.ok_or_else(|| base::Error::new(&NO_TABLE))?;
        match version {
            None => Ok(newest),
            Some(v) if newest.version() == Some(v) => Ok(newest),
            Some(v) => {
                let mut delta = self.builder(table)?.build()?;
                match delta.load_version(v).await {
                    Ok(()) => Ok(delta),
                    Err(e) => Err(base::Error::new(&NO_VERSION).with("version", v).because(e).into()),
                }
            }
        }
    }

    /// Makes the table ready for rows of `items`: creates it, or adds columns
    /// that are new. A column that left the schema stays, and is null in new
    /// rows; a column whose type changed is refused (`lake.type_changed`).
    /// Returns the schema that staged batches have: `items` and the two
    /// columns of the lake's own.
    pub async fn prepare(&self, table: &TableName, items: &Schema) -> Result<SchemaRef, LakeError> {
        let wanted = with_own_columns(items);
        match self.find(table).await? {
            None => {
                let columns: StructType = (&wanted).try_into_kernel()?;
                self.make_place(table)?;
                if let Ok(folder) = self.url(table)?.to_file_path() {
                    std::fs::create_dir_all(folder).map_err(|e| LakeError::Told(base::Error::internal(e)))?;
                }
                let delta = self
                    .builder(table)?
                    .build()?
                    .create()
                    .with_save_mode(SaveMode::Ignore)
                    .with_table_name(table.as_str())
                    .with_columns(columns.fields().cloned())
                    .await?;
                self.known
                    .lock()
                    .unwrap_or_else(|e| e.into_inner())
                    .insert(table.clone(), delta);
            }
            Some(delta) => {
                let added = new_columns(&delta, &wanted)?;
                if !added.is_empty() {
                    let fields = added
                        .iter()
                        .map(|f| f.try_into_kernel())
                        .collect::<Result<Vec<StructField>, ArrowError>>()?;
                    delta.add_columns().with_fields(fields).await?;
                }
            }
        }
        Ok(Arc::new(wanted))
    }

    /// Names and types of a table's items, without the lake's own columns.
    pub async fn schema(&self, table: &TableName, version: Option<u64>) -> Result<SchemaRef, LakeError> {
        let delta = self.at(table, version).await?;
        let all = arrow_schema(&delta)?;
        let items = all
            .fields()
            .iter()
            .filter(|f| f.name() != BATCH_COLUMN && f.name() != ROW_COLUMN);
        Ok(Arc::new(Schema::new(items.cloned().collect::<Vec<_>>())))
    }
}

/// Nullable throughout: what may be null is the check's business, and a column
/// that is required today was not always.
fn with_own_columns(items: &Schema) -> Schema {
    let mut fields: Vec<Field> = items
        .fields()
        .iter()
        .map(|f| Field::new(f.name(), f.data_type().clone(), true))
        .collect();
    fields.push(Field::new(BATCH_COLUMN, DataType::Utf8, true));
    fields.push(Field::new(ROW_COLUMN, DataType::Int64, true));
    Schema::new(fields)
}

pub(crate) fn arrow_schema(delta: &DeltaTable) -> Result<Schema, LakeError> {
    let kernel = delta.snapshot()?.schema();
    Ok(kernel.as_ref().try_into_arrow()?)
}

fn new_columns(delta: &DeltaTable, wanted: &Schema) -> Result<Vec<Field>, LakeError> {
    let present = arrow_schema(delta)?;
    let mut added = vec![];
    for field in wanted.fields() {
        match present.field_with_name(field.name()) {
            Err(_) => added.push(field.as_ref().clone()),
            Ok(there) if there.data_type() == field.data_type() => {}
            Ok(there) => {
                return Err(base::Error::new(&TYPE_CHANGED)
                    .with("column", field.name())
                    .with("from", there.data_type())
                    .with("to", field.data_type())
                    .into());
            }
        }
    }
    Ok(added)
}

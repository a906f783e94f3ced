//! Reading: always through a plan, and never past it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Column;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use protect::{AccessPlan, ReadyPlan};

use crate::errors::NO_COLUMN;
use crate::{Lake, LakeError, TableName};

/// An order by one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub column: String,
    pub descending: bool,
}

/// What of a table's permitted rows is wanted. All of it sees masked values
/// only, where the plan masks.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// The newest when absent.
    pub version: Option<u64>,
    /// In this order; all that the plan permits when absent.
    pub columns: Option<Vec<String>>,
    /// Made with [`column`] and DataFusion's operators.
    pub filter: Option<Expr>,
    pub order: Vec<Order>,
    pub offset: u64,
    pub limit: Option<u64>,
}

/// A column by its exact name (DataFusion's own `col` lowers the case).
pub fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

impl Lake {
    /// The rows and items that `plan` permits, masked, as a frame to compute
    /// on. Lazy: nothing is read until it is executed.
    pub async fn frame(&self, plan: &AccessPlan, version: Option<u64>) -> Result<DataFrame, LakeError> {
        let raw = self.raw(&TableName::new(plan.table())?, version).await?;
        if let Some(wanted) = plan.columns() {
            let missing = wanted
                .iter()
                .find(|name| raw.schema().index_of_column_by_name(None, name).is_none());
            if let Some(name) = missing {
                return Err(base::Error::new(&NO_COLUMN).with("column", name).into());
            }
        }
        let read = match plan.columns() {
            None => raw,
            Some(columns) => raw.select(columns.into_iter().map(column))?,
        };
        let masked = plan.items().unwrap_or_default().iter().any(|i| i.mask.is_some());
        if !masked && plan.filter().is_none() {
            return Ok(read);
        }
        self.behind(read, plan.ready()?).await
    }

    /// As [`Self::frame`], narrowed, ordered and cut; the rows as a stream.
    pub async fn scan(&self, plan: &AccessPlan, scan: &Scan) -> Result<SendableRecordBatchStream, LakeError> {
        let mut frame = self.frame(plan, scan.version).await?;
        if let Some(filter) = &scan.filter {
            frame = frame.filter(filter.clone())?;
        }
        if !scan.order.is_empty() {
            frame = frame.sort(
                scan.order
                    .iter()
                    .map(|o| column(&o.column).sort(!o.descending, false))
                    .collect(),
            )?;
        }
        if scan.offset > 0 || scan.limit.is_some() {
            frame = frame.limit(scan.offset as usize, scan.limit.map(|l| l as usize))?;
        }
        if let Some(columns) = &scan.columns {
            frame = frame.select(columns.iter().map(|c| column(c)))?;
        }
        Ok(frame.execute_stream().await?)
    }

    /// How many rows `plan` permits that also pass `filter`.
    pub async fn count(&self, plan: &AccessPlan, version: Option<u64>, filter: Option<Expr>) -> Result<u64, LakeError> {
        let frame = self.frame(plan, version).await?;
        let frame = match filter {
            Some(filter) => frame.filter(filter)?,
            None => frame,
        };
        Ok(frame.count().await? as u64)
    }

    /// All columns and rows. Private: the plan is what lets rows out.
    async fn raw(&self, table: &TableName, version: Option<u64>) -> Result<DataFrame, LakeError> {
        let delta = self.at(table, version).await?;
        let state = self.session().state();
        delta.update_datafusion_session(&state)?;
        let provider = delta.table_provider().with_session(Arc::new(state)).build().await?;
        Ok(self.session().read_table(Arc::new(provider))?)
    }

    /// The frame's rows passed through the plan, partition by partition, and a
    /// frame over the outcome: what is built on it sees nothing else.
    async fn behind(&self, read: DataFrame, plan: ReadyPlan) -> Result<DataFrame, LakeError> {
        let inner = read.create_physical_plan().await?;
        let schema = plan.apply(&RecordBatch::new_empty(inner.schema()))?.schema();
        let schema = Arc::new(Schema::new(schema.fields().clone()));
        let plan = Arc::new(plan);
        let partitions = (0..inner.output_partitioning().partition_count())
            .map(|index| {
                let (inner, plan, schema) = (inner.clone(), plan.clone(), schema.clone());
                Arc::new(Masked {
                    inner,
                    index,
                    plan,
                    schema,
                }) as Arc<dyn PartitionStream>
            })
            .collect();
        let table = StreamingTable::try_new(schema, partitions)?;
        Ok(self.session().read_table(Arc::new(table))?)
    }
}

#[derive(Debug)]
struct Masked {
    inner: Arc<dyn ExecutionPlan>,
    index: usize,
    plan: Arc<ReadyPlan>,
    schema: SchemaRef,
}

impl PartitionStream for Masked {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }
    fn execute(&self, ctx: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (plan, schema) = (self.plan.clone(), self.schema.clone());
        let apply = move |batch: Result<RecordBatch, DataFusionError>| {
            let masked = plan
                .apply(&batch?)
                .map_err(|e| DataFusionError::External(Box::new(e)))?;
            Ok(masked.with_schema(schema.clone())?)
        };
        match self.inner.execute(self.index, ctx) {
            Ok(stream) => Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream.map(apply))),
            Err(e) => {
                let failed = futures::stream::once(async move { Err(e) });
                Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), failed))
            }
        }
    }
}

//! 数据来源, 批次, 问题行: as they travel.

use std::collections::BTreeMap;

use base::error::Problem;
use base::{BatchId, Error, Lang, Moment, QuarantineId, ResourceId, SourceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::check::Reason;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }
        impl $name {
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),* } }
            pub fn parse(word: &str) -> Option<Self> { match word { $($word => Some(Self::$variant),)* _ => None } }
        }
        // written out: the derive cannot read a name that a macro passes on
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),*]))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                concat!("Collection", stringify!($name)).into()
            }
        }
    };
}

words! {
    /// Where a source's rows come from.
    SourceKind {
        /// Files that people or programs send.
        Upload = "upload",
        /// An SQLite file in the front-end folder.
        Sqlite = "sqlite",
        Postgres = "postgres",
    }
}
words! {
    /// How a batch joins the table.
    Mode { Append = "append", Upsert = "upsert", Snapshot = "snapshot" }
}
words! {
    /// Whom the rows are about: decides the necessary identifier (COL-3).
    About {
        /// Persons: the citizen ID number.
        Personal = "personal",
        /// Legal persons and organisations: the USCC.
        LegalPerson = "legal_person",
        Other = "other",
    }
}
words! {
    SourceState { Active = "active", Paused = "paused" }
}
words! {
    BatchKind { Upload = "upload", Pull = "pull", Replay = "replay" }
}
words! {
    /// State of a quarantined row.
    RowState { Open = "open", Corrected = "corrected", Replayed = "replayed", Discarded = "discarded" }
}

impl From<Mode> for lake::LoadMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Append => Self::Append,
            Mode::Upsert => Self::Upsert,
            Mode::Snapshot => Self::Snapshot,
        }
    }
}

/// How to reach a source's rows. Only the fields of its kind are used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SourceConfig {
    /// `sqlite`: file name within the node's front-end folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// `postgres`: `postgres://user:password@host:port/database`; never shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Table or view, `schema.table` where needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Column that only grows: a pull reads what is above the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor_column: Option<String>,
}

/// 数据来源
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CollectionSource)]
pub struct Source {
    pub id: SourceId,
    pub resource_id: ResourceId,
    pub resource_title: String,
    pub provider_id: String,
    pub title: String,
    pub kind: SourceKind,
    pub config: SourceConfig,
    /// 法律依据
    pub legal_basis: String,
    /// 目的
    pub purpose: String,
    /// 范围
    pub scope: String,
    /// Record of the subjects' consent, where no law covers the collection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    pub about: About,
    pub load_mode: Mode,
    /// When it is pulled: a note for people; pulls are started by hand or API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    pub state: SourceState,
    pub revision: i64,
    pub created_at: Moment,
    pub last_batch: Option<Batch>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CollectionSourceForm)]
pub struct SourceForm {
    pub resource_id: ResourceId,
    pub title: String,
    pub kind: SourceKind,
    #[serde(default)]
    pub config: SourceConfig,
    #[serde(default)]
    pub legal_basis: String,
    #[serde(default)]
    pub purpose: String,
    #[serde(default)]
    pub scope: String,
    #[serde(default)]
    pub consent: Option<String>,
    /// Found from the items' identifiers when absent.
    #[serde(default)]
    pub about: Option<About>,
    #[serde(default)]
    pub load_mode: Option<Mode>,
    #[serde(default)]
    pub schedule: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = CollectionSourceChange)]
pub struct SourceChange {
    pub revision: i64,
    pub title: Option<String>,
    /// `url` is kept as it is when absent.
    pub config: Option<SourceConfig>,
    pub legal_basis: Option<String>,
    pub purpose: Option<String>,
    pub scope: Option<String>,
    pub consent: Option<String>,
    pub load_mode: Option<Mode>,
    pub schedule: Option<String>,
    pub state: Option<SourceState>,
}

/// How far a running batch is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = CollectionProgress)]
pub struct BatchProgress {
    /// 0 to 1; absent while the size is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
    pub rows_per_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<f64>,
}

/// 批次
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CollectionBatch)]
pub struct Batch {
    pub id: BatchId,
    pub source_id: SourceId,
    pub source_title: String,
    pub resource_id: ResourceId,
    pub resource_title: String,
    pub kind: BatchKind,
    pub state: crate::states::BatchState,
    pub load_mode: Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    pub bytes: u64,
    /// SHA-256, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The batch that loaded the same content before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<BatchId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<BatchId>,
    pub rows_read: u64,
    pub rows_good: u64,
    pub rows_quarantined: u64,
    pub rows_written: u64,
    /// Values whose full-width characters were narrowed.
    pub normalised: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_version: Option<u64>,
    /// Headings of the file that are no item of the catalog entry.
    pub unknown_columns: Vec<String>,
    pub progress: BatchProgress,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    pub received_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Moment>,
    /// What the caller may do: `cancel`, `retry`, `replay`, `correct`.
    pub actions: Vec<String>,
}

/// 问题行
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuarantinedRow {
    pub id: QuarantineId,
    pub row_number: u64,
    /// Text by item name, as read or corrected.
    pub values: BTreeMap<String, Option<String>>,
    pub reasons: Vec<Reason>,
    pub state: RowState,
    pub revision: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_batch: Option<BatchId>,
}

/// Rows of a batch by reason.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QuarantineSummary {
    pub total: u64,
    pub open: u64,
    pub corrected: u64,
    pub replayed: u64,
    pub discarded: u64,
    /// Of rows not settled yet: rows by reason and item, the most first.
    pub reasons: Vec<ReasonCount>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReasonCount {
    pub code: String,
    pub item: String,
    pub message: String,
    pub rows: u64,
}

/// An error as it was, in both languages, for whoever looks later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredProblem {
    pub zh: Problem,
    pub en: Problem,
}

impl StoredProblem {
    pub fn of(error: &Error, trace: &str) -> Self {
        Self {
            zh: error.problem(Lang::Zh, Some(trace)),
            en: error.problem(Lang::En, Some(trace)),
        }
    }
    pub fn in_lang(self, lang: Lang) -> Problem {
        if lang == Lang::En { self.en } else { self.zh }
    }
}

/// 数据状态 (COL-5)
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DataStatus {
    pub rows: u64,
    pub size_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table_version: Option<u64>,
    /// Smallest and greatest day or moment of any date item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_span: Option<DataSpan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_load: Option<LastLoad>,
    pub freshness: Freshness,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DataSpan {
    pub item: String,
    pub title: String,
    pub from: String,
    pub to: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LastLoad {
    pub batch_id: BatchId,
    pub at: Moment,
    pub rows_written: u64,
}

/// Held against the declared update frequency.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Freshness {
    /// Code of the update frequency.
    pub frequency: String,
    /// When the next load is due; absent where the frequency sets none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Moment>,
    pub late: bool,
}

/// A few rows, masked unless the caller is of the provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DataSample {
    pub items: Vec<SampleItem>,
    pub rows: Vec<BTreeMap<String, Option<String>>>,
    pub table_version: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SampleItem {
    pub name: String,
    pub title: String,
    #[serde(rename = "type")]
    pub data_type: String,
    pub grade: String,
    pub masked: bool,
}

/// 归集概览
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct CollectionOverview {
    pub sources: u64,
    pub batches: u64,
    pub batches_running: u64,
    pub batches_refused: u64,
    pub rows_written: u64,
    pub rows_quarantined_open: u64,
    /// Resources with a source whose data is late.
    pub late: u64,
}

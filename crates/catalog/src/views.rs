//! Shapes in which the API shows entries.

use base::{InstitutionId, Moment, ResourceId};
use serde::{Deserialize, Serialize};

use crate::compare::Comparison;
use crate::model::{CollectionState, Document, Grade, Item, Opening, Sharing, TimeSpan};
use crate::search::Highlight;

/// An institution by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OrgRef)]
pub struct OrgRef {
    pub id: InstitutionId,
    pub name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub short_name: String,
}

/// A person by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PersonRef)]
pub struct PersonRef {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DivisionRef {
    /// Six digits, GB/T 2260.
    pub code: String,
    pub name: String,
}

/// Another entry by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceRef {
    pub id: ResourceId,
    pub code: String,
    pub title: String,
}

/// The version under work, for those who may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = WorkingVersion)]
pub struct Working {
    pub version: u32,
    /// `draft`, `in_review` or `returned`.
    pub stage: String,
}

/// Names of an entry's coded fields in the language of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ResourceLabels)]
pub struct Labels {
    pub subject: String,
    pub format: String,
    pub data_type: String,
    pub update_frequency: String,
    /// Names of `libraries`, in the same order.
    pub libraries: Vec<String>,
}

/// What lists and the detail page show of an entry.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceHead {
    pub id: ResourceId,
    /// 资源代码: division, organisation code, class of the subject, serial.
    pub code: String,
    pub title: String,
    pub summary: String,
    pub provider: OrgRef,
    pub responsible: OrgRef,
    pub division: DivisionRef,
    pub subject: String,
    pub format: String,
    pub data_type: String,
    pub libraries: Vec<String>,
    pub labels: Labels,
    pub sharing: Sharing,
    pub opening: Opening,
    pub update_frequency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_span: Option<TimeSpan>,
    /// Rows: as loaded, else as declared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection_state: Option<CollectionState>,
    pub channels: Vec<String>,
    /// `draft`, `in_review`, `returned`, `published`, `revising` or `withdrawn`; who
    /// may not see drafts is shown a revising entry as published.
    pub state: String,
    /// The version that is shown.
    pub version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working: Option<Working>,
    /// Goes up with every change; sent back when saving.
    pub revision: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Moment>,
    /// The newest load of its data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update: Option<Moment>,
    pub visits: u64,
    pub requests: u64,
    /// The running review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure_id: Option<String>,
}

/// 目录条目, whole.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Resource {
    #[serde(flatten)]
    pub head: ResourceHead,
    pub items: Vec<Item>,
    pub related: Vec<ResourceRef>,
    /// What the caller may do now: `edit`, `submit`, `review`, `revise`, `withdraw`.
    pub actions: Vec<String>,
}

/// A row of a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourceRow {
    #[serde(flatten)]
    pub head: ResourceHead,
    pub item_count: usize,
    /// Titles of the first items.
    pub item_titles: Vec<String>,
    /// Where the query was found.
    pub highlights: Vec<Highlight>,
}

/// One value of a facet and how many entries have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = FacetValue)]
pub struct FacetValue {
    pub value: String,
    pub title: String,
    pub count: u64,
}

/// A page of the catalog.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResourcePage {
    pub items: Vec<ResourceRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Entries found that the caller may see.
    pub total: u64,
    /// Data items of all of them together.
    pub item_total: u64,
    /// By the name of the filter. A filter that is set counts its other values as if it were not.
    pub facets: indexmap::IndexMap<String, Vec<FacetValue>>,
}

/// A version in the list of versions.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ResourceVersion)]
pub struct VersionRow {
    pub version: u32,
    /// `draft`, `in_review`, `returned`, `published`, `superseded` or `withdrawn`.
    pub state: String,
    pub title: String,
    /// SHA-256 of the document, hex; the ledger holds it.
    pub digest: String,
    pub author: PersonRef,
    pub created_at: Moment,
    pub updated_at: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<PersonRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Moment>,
    /// Why it was returned or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure_id: Option<String>,
}

/// Two texts of one draft: the stored one and the one that could not be saved
/// over it. Problem details (RFC 9457) with three members more.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EditConflict {
    #[serde(flatten)]
    pub problem: base::error::Problem,
    /// The entry as it is stored now, with the revision to save with.
    pub current: Box<Resource>,
    /// What the caller sent.
    pub submitted: Box<Document>,
    /// What would change from the stored to the sent.
    pub differences: Comparison,
}

/// An institution in the unit tree.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UnitNode {
    pub id: InstitutionId,
    pub name: String,
    pub short_name: String,
    pub kind: String,
    pub division_code: String,
    /// Entries of the institution and of all below it that the caller may see.
    pub count: u64,
    #[schema(no_recursion)]
    pub children: Vec<UnitNode>,
}

/// A base or thematic library and how many entries stand in it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LibraryRow {
    pub code: String,
    /// `base` or `thematic`.
    pub kind: String,
    pub title: String,
    pub count: u64,
}

/// What the search field of the top bar finds.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GlobalResults {
    pub resources: Vec<GlobalResource>,
    pub institutions: Vec<OrgRef>,
}

#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GlobalResource {
    pub id: ResourceId,
    pub code: String,
    pub title: String,
    pub provider: OrgRef,
    pub highlights: Vec<Highlight>,
}

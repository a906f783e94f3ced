//! Shapes in which the API shows datasets and matters.

use base::{Lang, Moment};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dcat::Site;
use crate::files::Format;
use crate::model::{Dataset, DictionaryItem, DivisionRef, LICENCE, OrgRef, Treatment};
use crate::shelf::{FacetValue, Figures};
use crate::states::State;

/// A coded word with its name in the language of the request.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetLabel)]
pub struct Label {
    pub code: String,
    pub title: String,
}

/// A row of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetCard {
    pub id: String,
    pub slug: String,
    pub code: String,
    pub title: String,
    pub summary: String,
    pub opener: OrgRef,
    pub division: DivisionRef,
    pub subject: Label,
    pub keywords: Vec<Label>,
    pub frequency: Label,
    /// Always `unconditional`.
    pub attribute: String,
    pub formats: Vec<Format>,
    pub rows: u64,
    /// Number of items.
    pub items: usize,
    pub state: State,
    pub opened_at: Moment,
    pub updated_at: Moment,
    pub visits: u64,
    pub downloads: u64,
    pub calls: u64,
}

impl DatasetCard {
    pub fn of(d: &Dataset, lang: Lang) -> Self {
        let label = |w: &crate::model::Word| Label {
            code: w.code.clone(),
            title: w.title(lang).to_owned(),
        };
        Self {
            id: d.id.clone(),
            slug: d.slug.clone(),
            code: d.code.clone(),
            title: d.title.clone(),
            summary: d.summary.clone(),
            opener: d.opener.clone(),
            division: d.division.clone(),
            subject: label(&d.subject),
            keywords: d.keywords.iter().map(label).collect(),
            frequency: label(&d.frequency),
            attribute: "unconditional".into(),
            formats: d.files.iter().map(|f| f.format).collect(),
            rows: d.rows,
            items: d.items.len(),
            state: d.state,
            opened_at: d.opened_at,
            updated_at: d.updated_at,
            visits: d.visits,
            downloads: d.downloads,
            calls: d.calls,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetDownload)]
pub struct Download {
    pub format: Format,
    pub href: String,
    pub media_type: String,
    pub bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    pub rows: u64,
    /// Several sheets, rows left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub built_at: Moment,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetApi {
    /// Address of the rows.
    pub href: String,
    /// Id under which CKAN's `datastore_search` finds the rows.
    pub ckan_resource_id: String,
    /// A question that has an answer.
    pub sample: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetLicence)]
pub struct Licence {
    pub id: String,
    pub title: String,
    pub article: String,
}

/// One publication, newest first.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetVersion {
    pub version: i64,
    pub table_version: i64,
    pub rows: u64,
    pub built_at: Moment,
    /// `current` or `former`.
    pub state: String,
}

/// A dataset's page. Of one that is not open only what names it and its state.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetDetail {
    #[serde(flatten)]
    pub card: DatasetCard,
    /// Since when it is in its state.
    pub since: Moment,
    pub licence: Licence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_span: Option<String>,
    pub grade: String,
    pub version: i64,
    pub table_version: i64,
    pub built_at: Moment,
    pub dictionary: Vec<DictionaryItem>,
    /// Name of the item that names a record, where one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub downloads_offered: Vec<Download>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<DatasetApi>,
    /// 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<f64>,
    pub versions: Vec<DatasetVersion>,
    /// How many records a treatment left out.
    pub records_removed: usize,
    /// What the caller may do: `publish`, `suspend`, `restore`.
    pub actions: Vec<String>,
}

impl DatasetDetail {
    pub fn of(site: &Site, d: &Dataset, lang: Lang, versions: Vec<DatasetVersion>, actions: Vec<String>) -> Self {
        let open = d.is_open();
        let mut card = DatasetCard::of(d, lang);
        if !open {
            card.formats = vec![];
            card.summary = String::new();
        }
        let base = format!("{}/api/v1/datasets/{}", site.base, d.slug);
        let downloads = d.files.iter().map(|f| Download {
            format: f.format,
            href: format!("{base}/files/{}", f.format.as_str()),
            media_type: f.format.media_type().to_owned(),
            bytes: f.bytes,
            sha256: f.sha256.clone(),
            rows: f.rows,
            note: f.note.clone(),
            built_at: d.built_at,
        });
        let api = DatasetApi {
            href: format!("{base}/rows"),
            ckan_resource_id: format!("{}.csv", d.id),
            sample: format!("{base}/rows?limit=5"),
        };
        Self {
            card,
            since: d.since,
            licence: Licence {
                id: LICENCE.id.into(),
                title: if lang == Lang::En {
                    LICENCE.title_en
                } else {
                    LICENCE.title
                }
                .into(),
                article: LICENCE.article.into(),
            },
            time_span: d.time_span.clone().filter(|_| open),
            grade: d.grade.clone(),
            version: d.version,
            table_version: d.table_version,
            built_at: d.built_at,
            dictionary: if open { d.items.clone() } else { vec![] },
            key: d.key.clone(),
            downloads_offered: if open { downloads.collect() } else { vec![] },
            api: open.then_some(api),
            quality: d.quality.filter(|_| open),
            versions: if open { versions } else { vec![] },
            records_removed: d.treatment.rows.len(),
            actions,
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetFacets {
    pub subject: Vec<FacetValue>,
    pub opener: Vec<FacetValue>,
    pub division: Vec<FacetValue>,
    pub format: Vec<FacetValue>,
    pub frequency: Vec<FacetValue>,
    pub keyword: Vec<FacetValue>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetList {
    pub items: Vec<DatasetCard>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    pub total: u64,
    pub facets: DatasetFacets,
}

/// A city of the node's division, for the tile map.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PortalCity {
    pub code: String,
    pub name: String,
    /// Open datasets of the city and its counties.
    pub datasets: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PortalHome {
    pub title: String,
    pub figures: Figures,
    /// Subjects that have open datasets, with their number.
    pub subjects: Vec<FacetValue>,
    pub newest: Vec<DatasetCard>,
    pub most_used: Vec<DatasetCard>,
    pub cities: Vec<PortalCity>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RowsView {
    /// Names of the items, in order.
    pub fields: Vec<String>,
    /// Objects by item name. A number that a double cannot hold exactly is a text.
    #[schema(value_type = Vec<Object>)]
    pub items: Vec<serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    pub table_version: i64,
    pub built_at: Moment,
}

/// A dataset as its opener and the authority manage it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ManagedDataset {
    pub id: String,
    pub slug: String,
    pub title: String,
    pub opener: OrgRef,
    pub state: State,
    pub since: Moment,
    pub updated_at: Moment,
    pub rows: u64,
    pub visits: u64,
    pub downloads: u64,
    pub calls: u64,
    pub treatment: Treatment,
    /// Progress of the publication being built, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building: Option<f64>,
    /// Code of the error of the last publication that could not be built.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    pub actions: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct DatasetRef {
    pub id: String,
    pub slug: String,
    pub title: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpinionView {
    pub id: String,
    pub dataset: DatasetRef,
    pub opener: OrgRef,
    pub kind: String,
    pub text: Option<String>,
    /// `running` or `ended`.
    pub state: String,
    pub answer: Option<String>,
    pub created_at: Moment,
    pub closed_at: Option<Moment>,
    /// In the detail only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<procedure::Timeline>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WithdrawalView {
    pub id: String,
    pub dataset: DatasetRef,
    pub dataset_state: State,
    pub opener: OrgRef,
    pub kind: String,
    pub reason: Option<String>,
    pub evidence: Option<String>,
    pub record_key: Option<String>,
    /// `running` or `ended`.
    pub state: String,
    pub outcome: Option<String>,
    pub treatment: Option<Treatment>,
    pub answer: Option<String>,
    pub created_at: Moment,
    pub closed_at: Option<Moment>,
    /// Whether the caller may still ask the authority for a review.
    pub may_ask_review: bool,
    /// Items that a treatment may drop or mask; in the detail, for who decides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dictionary: Vec<DictionaryItem>,
    /// The procedure and, after it, its review; in the detail only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timelines: Vec<procedure::Timeline>,
}

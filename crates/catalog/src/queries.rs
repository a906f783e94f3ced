//! What is read of the catalog, by people and by other capabilities.

use std::collections::HashMap;

use base::{Ctx, Error, ItemId, Moment, PageQuery, ResourceId, Result, codes};
use identity::{Action, Target};

use crate::Catalog;
use crate::access::{not_found, public_state, sees, sees_drafts, shown_version};
use crate::compare::{Comparison, compare};
use crate::model::{CollectionState, Document, PublishedEntry, PublishedItem};
use crate::search::{Chosen, FacetCounts, Highlighter, SearchQuery, SearchResult, Sort, Viewer};
use crate::store::{self, Entry, measure, version};
use crate::views::*;
use crate::vocabulary::{Term, Vocabulary, find};

/// Filters of the list of entries. Several values of one filter are joined by commas.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ResourceFilter {
    /// Words, parts of words, codes, column names or pinyin.
    #[param(max_length = 200)]
    pub q: Option<String>,
    /// Ids of institutions; those below them are included.
    #[param(max_length = 2000)]
    pub unit: Option<String>,
    #[param(max_length = 500)]
    pub library: Option<String>,
    #[param(max_length = 500)]
    pub subject: Option<String>,
    #[param(max_length = 200)]
    pub state: Option<String>,
    #[param(max_length = 200)]
    pub sharing: Option<String>,
    #[param(max_length = 200)]
    pub opening: Option<String>,
    /// Division codes; what lies within is included.
    #[param(max_length = 500)]
    pub division: Option<String>,
    /// `province`, `city`, `county`
    #[param(max_length = 100)]
    pub level: Option<String>,
    /// Mode of sharing.
    #[param(max_length = 100)]
    pub mode: Option<String>,
    /// Collection state.
    #[param(max_length = 100)]
    pub collection: Option<String>,
    #[param(max_length = 200)]
    pub frequency: Option<String>,
    #[param(max_length = 200)]
    pub resource_format: Option<String>,
    #[param(max_length = 50)]
    pub grade: Option<String>,
    #[param(inline)]
    pub sort: Option<Sort>,
}

impl ResourceFilter {
    fn chosen(&self) -> Vec<Chosen> {
        [
            ("unit", &self.unit),
            ("library", &self.library),
            ("subject", &self.subject),
            ("state", &self.state),
            ("sharing", &self.sharing),
            ("opening", &self.opening),
            ("division", &self.division),
            ("level", &self.level),
            ("mode", &self.mode),
            ("collection", &self.collection),
            ("frequency", &self.frequency),
            ("resource_format", &self.resource_format),
            ("grade", &self.grade),
        ]
        .into_iter()
        .filter_map(|(facet, values)| {
            let values = values.as_deref()?.split(',').map(str::trim).filter(|v| !v.is_empty());
            let values: Vec<String> = values.take(CHOSEN_MAX).map(str::to_owned).collect();
            (!values.is_empty()).then(|| Chosen {
                facet: facet.into(),
                values,
            })
        })
        .collect()
    }
}

/// Values of one filter that are looked at.
const CHOSEN_MAX: usize = 500;
/// Titles of items in a row of a list.
const ROW_ITEMS: usize = 12;

/// Everything that is needed to show an entry.
struct Shown {
    entry: Entry,
    document: Document,
    version: u32,
    measure: Option<measure::Model>,
}

impl Catalog {
    /// The entry's row: for capabilities that need its provider, code or state.
    pub async fn entry(&self, id: &ResourceId) -> Result<Entry> {
        store::entry(self.store().conn(), id).await?.ok_or_else(not_found)
    }

    /// The version in force; 404 for what is not published or was withdrawn.
    pub async fn published(&self, id: &ResourceId) -> Result<PublishedEntry> {
        let entry = self.entry(id).await?;
        let number = entry.state.in_force().ok_or_else(not_found)?;
        let row = store::version(self.store().conn(), id, number)
            .await?
            .ok_or_else(not_found)?;
        published_entry(&entry, number, &row)
    }

    /// Several versions in force at once, by id; others are absent.
    pub async fn published_many(&self, ids: &[String]) -> Result<HashMap<String, PublishedEntry>> {
        let conn = self.store().conn();
        let entries = store::entries(conn, ids).await?;
        let wanted: Vec<(ResourceId, u32)> = entries
            .values()
            .filter_map(|e| Some((e.id.clone(), e.state.in_force()?)))
            .collect();
        let rows = store::documents(conn, &wanted).await?;
        wanted
            .iter()
            .filter_map(|(id, number)| Some((entries.get(id.as_str())?, *number, rows.get(id.as_str())?)))
            .map(|(entry, number, (row, _))| Ok((entry.id.0.clone(), published_entry(entry, number, row)?)))
            .collect()
    }

    /// Asks the index; `viewer` says for whom.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchResult> {
        let index = self.index().clone();
        tokio::task::spawn_blocking(move || index.search(&query))
            .await
            .map_err(Error::internal)?
    }

    /// One entry in the version asked for, else the one that the viewer is shown.
    pub async fn resource(&self, ctx: &Ctx, id: &ResourceId, wanted: Option<u32>) -> Result<Resource> {
        let shown = self.shown(ctx, id, wanted).await?;
        let conn = self.store().conn();
        let related: Vec<String> = shown.document.related.iter().map(|r| r.0.clone()).collect();
        let viewer = self.viewer(ctx);
        let known = store::entries(conn, &related).await?;
        let related = related
            .iter()
            .filter_map(|id| known.get(id))
            .filter(|entry| sees(&viewer, entry, None))
            .map(|e| ResourceRef {
                id: e.id.clone(),
                code: e.code.clone(),
                title: e.title.clone(),
            })
            .collect();
        let actions = self.actions(ctx, &shown.entry);
        let items = shown.document.items.clone();
        let head = self
            .heads(ctx, &viewer, vec![shown])
            .await?
            .pop()
            .ok_or_else(not_found)?;
        Ok(Resource {
            head,
            items,
            related,
            actions,
        })
    }

    async fn shown(&self, ctx: &Ctx, id: &ResourceId, wanted: Option<u32>) -> Result<Shown> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        let conn = self.store().conn();
        let entry = self.entry(id).await?;
        let viewer = self.viewer(ctx);
        let number = match wanted {
            Some(number) => number,
            None if sees_drafts(&viewer, &entry) => entry.state.newest(),
            None => shown_version(entry.state),
        };
        let row = store::version(conn, id, number).await?.ok_or_else(not_found)?;
        if !sees_version(&viewer, &entry, &row) {
            return Err(not_found());
        }
        let measure = store::measures(conn, std::slice::from_ref(&id.0))
            .await?
            .remove(id.as_str());
        Ok(Shown {
            document: store::decode(&row)?,
            version: number,
            entry,
            measure,
        })
    }

    pub async fn list(&self, ctx: &Ctx, filter: &ResourceFilter, page: &PageQuery) -> Result<ResourcePage> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        let viewer = self.viewer(ctx);
        let found = self
            .find(&viewer, filter, page.cursor.clone(), page.limit() as usize, true)
            .await?;
        let rows = self
            .rows(ctx, &viewer, &found.ids, filter.q.as_deref().unwrap_or_default())
            .await?;
        let facets = self.facet_values(ctx, &found.facets).await?;
        Ok(ResourcePage {
            items: rows,
            next: found.next,
            total: found.total,
            item_total: found.items,
            facets,
        })
    }

    pub(crate) async fn find(
        &self,
        viewer: &Viewer,
        filter: &ResourceFilter,
        cursor: Option<String>,
        limit: usize,
        facets: bool,
    ) -> Result<SearchResult> {
        let mut chosen = filter.chosen();
        for choice in chosen.iter_mut().filter(|c| c.facet == "unit") {
            choice.values = self.with_units_below(std::mem::take(&mut choice.values)).await?;
        }
        let sort = filter.sort.unwrap_or_default();
        let q = filter.q.clone().unwrap_or_default();
        self.search(SearchQuery {
            q,
            viewer: viewer.clone(),
            chosen,
            sort,
            cursor,
            limit,
            facets,
        })
        .await
    }

    /// Rows of a list, in the order of `ids`, from the store: what they show is
    /// never older than the store, even where the index lags.
    pub(crate) async fn rows(&self, ctx: &Ctx, viewer: &Viewer, ids: &[String], q: &str) -> Result<Vec<ResourceRow>> {
        let conn = self.store().conn();
        let mut entries = store::entries(conn, ids).await?;
        let wanted: Vec<_> = entries
            .values()
            .map(|e| (e.id.clone(), shown_version(e.state)))
            .collect();
        let mut documents = store::documents(conn, &wanted).await?;
        let mut measures = store::measures(conn, ids).await?;
        let shown: Vec<Shown> = ids
            .iter()
            .filter_map(|id| {
                let (row, document) = documents.remove(id)?;
                Some(Shown {
                    entry: entries.remove(id)?,
                    document,
                    version: row.version as u32,
                    measure: measures.remove(id),
                })
            })
            .filter(|s| sees(viewer, &s.entry, s.document.opening.attribute))
            .collect();
        let items: Vec<Vec<(String, String)>> = shown
            .iter()
            .map(|s| {
                s.document
                    .items
                    .iter()
                    .map(|i| (i.title.clone(), i.name.clone()))
                    .collect()
            })
            .collect();
        let heads = self.heads(ctx, viewer, shown).await?;
        let marker = Highlighter::new(q);
        Ok(heads
            .into_iter()
            .zip(items)
            .map(|(head, items)| row(head, &items, &marker))
            .collect())
    }

    async fn heads(&self, ctx: &Ctx, viewer: &Viewer, shown: Vec<Shown>) -> Result<Vec<ResourceHead>> {
        let mut ids: Vec<String> = shown.iter().map(|s| s.entry.provider_id.0.clone()).collect();
        ids.extend(
            shown
                .iter()
                .filter_map(|s| s.document.responsible_id.as_ref())
                .map(|r| r.0.clone()),
        );
        let names = self.identity().institution_names(ids).await?;
        let vocabulary = Vocabulary::shipped()?;
        Ok(shown
            .into_iter()
            .map(|s| head(ctx, viewer, s, &names, vocabulary))
            .collect())
    }

    pub async fn versions(&self, ctx: &Ctx, id: &ResourceId) -> Result<Vec<VersionRow>> {
        let shown = self.shown(ctx, id, None).await?;
        let viewer = self.viewer(ctx);
        let mut rows = store::versions(self.store().conn(), id).await?;
        rows.retain(|row| sees_version(&viewer, &shown.entry, row));
        let mut people: Vec<String> = rows.iter().map(|r| r.created_by.clone()).collect();
        people.extend(rows.iter().filter_map(|r| r.submitted_by.clone()));
        people.extend(rows.iter().filter_map(|r| r.decided_by.clone()));
        let names = self.identity().actor_names(people).await?;
        let reasons: Vec<String> = rows.iter().filter_map(|r| r.reason_id.clone()).collect();
        let reasons = self.store().texts(&reasons).await?;
        rows.into_iter().map(|row| version_row(row, &names, &reasons)).collect()
    }

    pub async fn compare(&self, ctx: &Ctx, id: &ResourceId, from: u32, to: u32) -> Result<Comparison> {
        let from = self.shown(ctx, id, Some(from)).await?;
        let to = self.shown(ctx, id, Some(to)).await?;
        compare(&from.document, &to.document, ctx.lang)
    }

    async fn facet_values(
        &self,
        ctx: &Ctx,
        counts: &FacetCounts,
    ) -> Result<indexmap::IndexMap<String, Vec<FacetValue>>> {
        let units: Vec<String> = counts.get("unit").into_iter().flat_map(|c| c.keys().cloned()).collect();
        let units = self.identity().institution_names(units).await?;
        let vocabulary = Vocabulary::shipped()?;
        let mut facets = indexmap::IndexMap::new();
        for name in crate::search::FACETS {
            let Some(counts) = counts.get(name) else { continue };
            let mut values: Vec<FacetValue> = counts
                .iter()
                .map(|(value, count)| FacetValue {
                    title: facet_title(ctx, name, value, &units, vocabulary),
                    value: value.clone(),
                    count: *count,
                })
                .collect();
            values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            facets.insert((*name).to_owned(), values);
        }
        Ok(facets)
    }
}

fn sees_version(viewer: &Viewer, entry: &Entry, row: &version::Model) -> bool {
    sees_drafts(viewer, entry)
        || (sees(viewer, entry, None) && matches!(row.standing.as_str(), "published" | "superseded"))
        || (sees(viewer, entry, None) && entry.state.published() == u32::try_from(row.version).ok())
}

fn head(
    ctx: &Ctx,
    viewer: &Viewer,
    shown: Shown,
    names: &HashMap<String, (String, String)>,
    vocabulary: &Vocabulary,
) -> ResourceHead {
    let Shown {
        entry,
        document: d,
        version,
        measure,
    } = shown;
    let org = |id: &base::InstitutionId| {
        let (name, short_name) = names
            .get(id.as_str())
            .cloned()
            .unwrap_or_else(|| (id.0.clone(), String::new()));
        OrgRef {
            id: id.clone(),
            name,
            short_name,
        }
    };
    let title = |terms: &[Term], code: &str| find(terms, code).map_or(code, |t| t.title(ctx.lang)).to_owned();
    let drafts = sees_drafts(viewer, &entry);
    let working = entry.state.working().filter(|_| drafts);
    let loaded = measure.as_ref().and_then(|m| m.rows);
    let division = d.division_code.clone().unwrap_or_else(|| entry.division_code.clone());
    let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    ResourceHead {
        provider: org(&entry.provider_id),
        responsible: org(d.responsible_id.as_ref().unwrap_or(&entry.provider_id)),
        division: DivisionRef {
            name: codes::division(&division)
                .map_or(division.as_str(), |d| d.name)
                .to_owned(),
            code: division,
        },
        labels: Labels {
            subject: title(&vocabulary.subjects, &d.subject),
            format: title(&vocabulary.formats, &d.format),
            data_type: title(&vocabulary.data_types, &d.data_type),
            update_frequency: title(&vocabulary.frequencies, &d.update_frequency),
            libraries: d
                .libraries
                .iter()
                .map(|l| {
                    vocabulary
                        .library(l)
                        .map_or(l.as_str(), |t| t.title(ctx.lang))
                        .to_owned()
                })
                .collect(),
        },
        volume: loaded.and_then(|rows| u64::try_from(rows).ok()).or(d.volume),
        collection_state: match loaded {
            Some(_) => Some(CollectionState::Collected),
            None => Some(d.collection_state.unwrap_or(CollectionState::NotCollected)),
        },
        state: if drafts {
            entry.state.name()
        } else {
            public_state(entry.state)
        }
        .to_owned(),
        version,
        published_version: entry.state.published(),
        working: working.map(|(version, stage)| Working {
            version,
            stage: stage.as_str().into(),
        }),
        revision: entry.revision,
        last_update: measure.as_ref().and_then(|m| m.loaded_at).map(Moment),
        visits: count(measure.as_ref().map(|m| m.visits)),
        requests: count(measure.as_ref().map(|m| m.requests)),
        procedure_id: entry.procedure_id.filter(|_| drafts),
        id: entry.id,
        code: entry.code,
        title: d.title,
        summary: d.summary,
        subject: d.subject,
        format: d.format,
        data_type: d.data_type,
        libraries: d.libraries,
        sharing: d.sharing,
        opening: d.opening,
        update_frequency: d.update_frequency,
        time_span: d.time_span,
        grade: d.grade,
        channels: d.channels,
        created_at: entry.created_at,
        updated_at: entry.updated_at,
        published_at: entry.published_at,
        withdrawn_at: entry.withdrawn_at,
    }
}

fn row(head: ResourceHead, items: &[(String, String)], marker: &Highlighter) -> ResourceRow {
    let mut highlights: Vec<_> = [
        ("title", &head.title),
        ("code", &head.code),
        ("provider", &head.provider.name),
        ("summary", &head.summary),
    ]
    .into_iter()
    .filter_map(|(field, text)| marker.mark(field, text))
    .collect();
    let hits = items
        .iter()
        .flat_map(|(title, name)| [title, name])
        .filter_map(|text| marker.mark("item", text));
    highlights.extend(hits.take(3));
    ResourceRow {
        head,
        item_count: items.len(),
        item_titles: items.iter().take(ROW_ITEMS).map(|(title, _)| title.clone()).collect(),
        highlights,
    }
}

fn version_row(
    row: version::Model,
    names: &HashMap<String, String>,
    reasons: &HashMap<String, String>,
) -> Result<VersionRow> {
    let person = |id: String| PersonRef {
        name: names.get(&id).cloned().unwrap_or_else(|| id.clone()),
        id,
    };
    let published = matches!(row.standing.as_str(), "published" | "superseded");
    Ok(VersionRow {
        version: row.version as u32,
        title: store::decode(&row)?.title,
        state: row.standing,
        digest: row.digest,
        author: person(row.created_by),
        created_at: Moment(row.created_at),
        updated_at: Moment(row.saved_at),
        submitted_by: row.submitted_by.map(person),
        submitted_at: row.submitted_at.map(Moment),
        decided_by: row.decided_by.map(person),
        published_at: row.decided_at.filter(|_| published).map(Moment),
        decided_at: row.decided_at.map(Moment),
        reason: row.reason_id.and_then(|id| reasons.get(&id).cloned()),
        procedure_id: row.procedure_id,
    })
}

fn facet_title(
    ctx: &Ctx,
    facet: &str,
    value: &str,
    units: &HashMap<String, (String, String)>,
    v: &Vocabulary,
) -> String {
    use crate::model::{Grade, OpeningAttribute, SharingAttribute, SharingMode};
    let term = |terms: &[Term]| find(terms, value).map(|t| t.title(ctx.lang).to_owned());
    let choice = |title: Option<&'static str>| title.map(str::to_owned);
    let found = match facet {
        "unit" => units
            .get(value)
            .map(|(name, short)| if short.is_empty() { name.clone() } else { short.clone() }),
        "subject" => term(&v.subjects),
        "resource_format" => term(&v.formats),
        "frequency" => term(&v.frequencies),
        "library" => v.library(value).map(|t| t.title(ctx.lang).to_owned()),
        "division" => codes::division(value).map(|d| d.name.to_owned()),
        "sharing" => choice(SharingAttribute::parse(value).map(|a| a.title(ctx.lang))),
        "opening" => choice(OpeningAttribute::parse(value).map(|a| a.title(ctx.lang))),
        "mode" => choice(SharingMode::parse(value).map(|m| m.title(ctx.lang))),
        "collection" => choice(CollectionState::parse(value).map(|c| c.title(ctx.lang))),
        "grade" => choice(Grade::parse(value).map(|g| g.title(ctx.lang))),
        "state" => choice(state_title(value, ctx.lang)),
        "level" => choice(level_title(value, ctx.lang)),
        _ => None,
    };
    found.unwrap_or_else(|| value.to_owned())
}

pub(crate) fn state_title(state: &str, lang: base::Lang) -> Option<&'static str> {
    let (zh, en) = match state {
        "draft" => ("草稿", "draft"),
        "in_review" => ("审核中", "in review"),
        "returned" => ("已退回", "returned"),
        "published" => ("已发布", "published"),
        "revising" => ("修订中", "being revised"),
        "withdrawn" => ("已撤回", "withdrawn"),
        _ => return None,
    };
    Some(if lang == base::Lang::En { en } else { zh })
}

fn level_title(level: &str, lang: base::Lang) -> Option<&'static str> {
    let (zh, en) = match level {
        "province" => ("省级", "province"),
        "city" => ("市级", "city"),
        "county" => ("县级", "county"),
        _ => return None,
    };
    Some(if lang == base::Lang::En { en } else { zh })
}

/// A version that went through the checks of submission lacks nothing.
fn published_entry(entry: &Entry, number: u32, row: &version::Model) -> Result<PublishedEntry> {
    let document = store::decode(row)?;
    let published_at = entry.published_at.unwrap_or(entry.updated_at);
    complete(entry, number, published_at, document)
        .ok_or_else(|| Error::internal(format!("published version {number} of {} is incomplete", entry.id)))
}

fn complete(entry: &Entry, version: u32, published_at: Moment, d: Document) -> Option<PublishedEntry> {
    let (sharing, opening) = (d.sharing.attribute?, d.opening.attribute?);
    let items = d
        .items
        .into_iter()
        .map(|i| {
            Some(PublishedItem {
                id: i.id.unwrap_or_else(|| ItemId(i.name.clone())),
                name: i.name,
                title: i.title,
                meaning: i.meaning,
                data_type: i.data_type?,
                length: i.length,
                scale: i.scale,
                format: i.format,
                code_set: i.code_set,
                data_element: i.data_element,
                identifier: i.identifier,
                key: i.key,
                nullable: i.nullable,
                grade: i.grade?,
                sharing: i.sharing.unwrap_or(sharing),
                opening: i.opening.unwrap_or(opening),
            })
        })
        .collect::<Option<Vec<_>>>()?;
    Some(PublishedEntry {
        id: entry.id.clone(),
        code: entry.code.clone(),
        version,
        title: d.title,
        summary: d.summary,
        provider_id: entry.provider_id.clone(),
        responsible_id: d.responsible_id.unwrap_or_else(|| entry.provider_id.clone()),
        division_code: d.division_code.unwrap_or_else(|| entry.division_code.clone()),
        subject: d.subject,
        format: d.format,
        libraries: d.libraries,
        items,
        sharing,
        sharing_condition: d.sharing.condition,
        modes: d.sharing.modes,
        opening,
        opening_condition: d.opening.condition,
        update_frequency: d.update_frequency,
        time_span: d.time_span,
        grade: d.grade?,
        published_at,
    })
}

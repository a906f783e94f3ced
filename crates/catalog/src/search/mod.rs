//! The catalog's index: one document an entry, kept beside the control store
//! and made from it.
//!
//! Invariants:
//! - It holds nothing that the control store does not; it may be deleted at any
//!   time and is built anew, as it is when its schema is older.
//! - The number of the next ledger entry stands in the index's own commit, so
//!   contents and place in the ledger cannot come apart.
//! - Who may see what is part of the query ([`Viewer`]).

mod analyse;
mod collect;
mod fold;
mod highlight;
mod query;
mod schema;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Error, InstitutionId, Result};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tantivy::schema::Value;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument};

use collect::{Place, States, Walk};
pub use highlight::{Highlight, Highlighter, Piece};
pub use query::Chosen;
pub use schema::{FACETS, Indexed};

/// Who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// The authority, an auditor, the platform itself: every entry.
    All,
    /// A person of an institution: what is published, and their own unit's.
    Unit(InstitutionId),
    /// What is published.
    SignedIn,
    /// 开放目录: published with opening attribute unconditional or restricted.
    Public,
}

pub(crate) const SIGNED_IN: &str = "signed_in";
pub(crate) const PUBLIC: &str = "public";
pub(crate) fn audience_of_unit(unit: &InstitutionId) -> String {
    format!("unit:{unit}")
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CatalogSort)]
pub enum Sort {
    /// Best find first; without a query the most requested.
    #[default]
    Relevance,
    Requests,
    /// Newest first.
    Updated,
    /// In dictionary order of the pinyin.
    Title,
}

impl Sort {
    fn letter(self) -> char {
        match self {
            Sort::Relevance => 'r',
            Sort::Requests => 'q',
            Sort::Updated => 'u',
            Sort::Title => 't',
        }
    }
}

#[derive(Clone, Debug)]
pub struct SearchQuery {
    pub q: String,
    pub viewer: Viewer,
    /// Names of [`FACETS`] and the values of which one must apply.
    pub chosen: Vec<Chosen>,
    pub sort: Sort,
    pub cursor: Option<String>,
    pub limit: usize,
    pub facets: bool,
}

/// Counts of each facet's values. A facet by which is filtered counts as if it
/// were not, so that its other values can be chosen.
pub type FacetCounts = HashMap<&'static str, BTreeMap<String, u64>>;

#[derive(Clone, Debug, Default)]
pub struct SearchResult {
    /// Ids of entries, in order.
    pub ids: Vec<String>,
    pub next: Option<String>,
    pub total: u64,
    /// Items of all found entries together.
    pub items: u64,
    pub facets: FacetCounts,
}

/// Memory of the writer's arena; segments are flushed when it is full.
const WRITER_BYTES: usize = 24 * 1024 * 1024;

#[derive(Clone)]
pub struct SearchIndex(Arc<Inner>);

struct Inner {
    fields: schema::Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    /// What the index knew when it was opened; `None`: it is empty and has to be built.
    opened_at: Option<u64>,
}

/// What stands in each commit.
#[derive(Serialize, Deserialize)]
struct Mark {
    schema: u32,
    /// First ledger entry not yet in the index.
    next: u64,
}

impl SearchIndex {
    /// Opens the index of a folder; an unreadable or older one makes room for
    /// a new, empty one.
    pub fn open(folder: &Path) -> Result<Self> {
        let fields = schema::Fields::build();
        let folder: PathBuf = folder.to_owned();
        std::fs::create_dir_all(&folder).map_err(Error::internal)?;
        let opened = Index::open_in_dir(&folder).ok().and_then(|index| {
            let mark = mark_of(&index)?;
            (mark.schema == schema::VERSION && index.schema() == fields.schema).then_some((index, mark))
        });
        let (index, opened_at) = match opened {
            Some((index, mark)) => (index, Some(mark.next)),
            None => {
                std::fs::remove_dir_all(&folder).map_err(Error::internal)?;
                std::fs::create_dir_all(&folder).map_err(Error::internal)?;
                (
                    Index::create_in_dir(&folder, fields.schema.clone()).map_err(Error::internal)?,
                    None,
                )
            }
        };
        let writer = index
            .writer_with_num_threads(1, WRITER_BYTES)
            .map_err(Error::internal)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()
            .map_err(Error::internal)?;
        Ok(Self(Arc::new(Inner {
            fields,
            reader,
            writer: Mutex::new(writer),
            opened_at,
        })))
    }

    /// The first ledger entry that the index does not know; `None` where it
    /// has to be built from the store.
    pub fn position(&self) -> Option<u64> {
        self.0.opened_at
    }

    /// Replaces entries and removes those in `gone`; visible when it returns.
    /// Blocks: call it off the async threads.
    /// `next` is the first ledger entry that the index then does not know yet;
    /// without it the index counts as unfinished and is built again when opened.
    pub fn replace(&self, entries: &[Indexed], gone: &[String], next: Option<u64>) -> Result<()> {
        let mut writer = self.0.writer.lock();
        let run = |writer: &mut IndexWriter| -> tantivy::Result<()> {
            for id in gone {
                writer.delete_term(self.0.fields.id_term(id));
            }
            for entry in entries {
                writer.delete_term(self.0.fields.id_term(&entry.id));
                writer.add_document(self.0.fields.document(entry))?;
            }
            let mut commit = writer.prepare_commit()?;
            if let Some(next) = next {
                let mark = Mark {
                    schema: schema::VERSION,
                    next,
                };
                commit.set_payload(&serde_json::to_string(&mark).unwrap_or_default());
            }
            commit.commit()?;
            self.0.reader.reload()
        };
        if let Err(e) = run(&mut writer) {
            // what was not committed must not slip into the next commit
            writer.rollback().map_err(Error::internal)?;
            return Err(Error::internal(e));
        }
        Ok(())
    }

    /// Blocks for some milliseconds: call it off the async threads.
    pub fn search(&self, query: &SearchQuery) -> Result<SearchResult> {
        let after = query
            .cursor
            .as_deref()
            .map(|cursor| parse_cursor(cursor, query.sort))
            .transpose()?;
        let sort = match query.sort {
            Sort::Relevance if query.q.trim().is_empty() => Sort::Requests,
            sort => sort,
        };
        let compiler = query::Compiler {
            fields: &self.0.fields,
            viewer: &query.viewer,
        };
        let states = match &query.viewer {
            Viewer::All => States::True,
            Viewer::Unit(unit) => States::OwnedBy(unit.0.clone()),
            Viewer::SignedIn | Viewer::Public => States::Public,
        };
        let is_chosen = |name: &str| query.chosen.iter().any(|c| c.facet == name);
        let free: Vec<&'static str> = FACETS
            .iter()
            .copied()
            .filter(|name| query.facets && !is_chosen(name))
            .collect();
        let searcher = self.0.reader.searcher();
        let run = |walk: &Walk, except| {
            searcher
                .search(&compiler.compile(&query.q, &query.chosen, except), walk)
                .map_err(Error::internal)
        };

        let walk = Walk {
            sort,
            after,
            limit: query.limit + 1,
            facets: free,
            states: states.clone(),
        };
        let mut found = run(&walk, None)?;
        for name in FACETS.iter().copied().filter(|name| query.facets && is_chosen(name)) {
            let walk = Walk {
                sort,
                after: None,
                limit: 0,
                facets: vec![name],
                states: states.clone(),
            };
            found.facets.extend(run(&walk, Some(name))?.facets);
        }

        let more = found.top.len() > query.limit;
        found.top.truncate(query.limit);
        let mut ids = Vec::with_capacity(found.top.len());
        for (_, address) in &found.top {
            let document: TantivyDocument = searcher.doc(*address).map_err(Error::internal)?;
            ids.extend(
                document
                    .get_first(self.0.fields.id)
                    .and_then(|v| v.as_str())
                    .map(str::to_owned),
            );
        }
        let next = found
            .top
            .last()
            .filter(|_| more)
            .map(|(place, _)| format!("{}{}", query.sort.letter(), place.to_cursor()));
        Ok(SearchResult {
            ids,
            next,
            total: found.total,
            items: found.items,
            facets: found.facets,
        })
    }
}

fn mark_of(index: &Index) -> Option<Mark> {
    serde_json::from_str(&index.load_metas().ok()?.payload?).ok()
}

/// A cursor belongs to the order in which it was given out.
fn parse_cursor(cursor: &str, sort: Sort) -> Result<Place> {
    cursor
        .strip_prefix(sort.letter())
        .and_then(Place::parse)
        .ok_or_else(|| Error::bad_request("cursor"))
}

#[cfg(test)]
mod tests;

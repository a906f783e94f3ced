//! 单位目录 and 库目录: the catalog by institution and by library, and the
//! search over everything that the top bar has.

use std::collections::{BTreeMap, HashMap, HashSet};

use base::{Ctx, Result};
use identity::store::institution;
use identity::{Action, Target};
use sea_orm::{EntityTrait, QueryOrder};

use crate::Catalog;
use crate::queries::ResourceFilter;
use crate::search::{Highlighter, SearchQuery, Sort, Viewer};
use crate::views::{GlobalResource, GlobalResults, LibraryRow, OrgRef, UnitNode};
use crate::vocabulary::Vocabulary;

/// Hits of each kind in the global search.
const GLOBAL_HITS: usize = 8;

impl Catalog {
    async fn facet_counts(&self, viewer: Viewer, name: &str) -> Result<BTreeMap<String, u64>> {
        let query = SearchQuery {
            q: String::new(),
            viewer,
            chosen: vec![],
            sort: Sort::Updated,
            cursor: None,
            limit: 0,
            facets: true,
        };
        Ok(self.search(query).await?.facets.remove(name).unwrap_or_default())
    }

    /// Institutions as a tree, each with the entries at it and below it.
    /// Branches without a public management and service institution and
    /// without entries are left out.
    pub async fn units(&self, ctx: &Ctx) -> Result<Vec<UnitNode>> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        let counts = self.facet_counts(self.viewer(ctx), "unit").await?;
        let rows = self.institutions().await?;
        let known: HashSet<&str> = rows.iter().map(|r| r.id.as_str()).collect();
        let mut below: HashMap<Option<&str>, Vec<&institution::Model>> = HashMap::new();
        for row in &rows {
            let parent = row.parent_id.as_deref().filter(|p| known.contains(p));
            below.entry(parent).or_default().push(row);
        }
        Ok(branch(None, &below, &counts, 0))
    }

    async fn institutions(&self) -> Result<Vec<institution::Model>> {
        Ok(institution::Entity::find()
            .order_by_asc(institution::Column::Division)
            .order_by_asc(institution::Column::Id)
            .all(self.store().conn())
            .await?)
    }

    /// The institutions and all below them.
    pub(crate) async fn with_units_below(&self, units: Vec<String>) -> Result<Vec<String>> {
        let rows = self.institutions().await?;
        let mut all: HashSet<String> = units.into_iter().collect();
        // one more round per level; a circle of parents adds nothing and ends
        loop {
            let more: Vec<String> = rows
                .iter()
                .filter(|r| r.parent_id.as_ref().is_some_and(|p| all.contains(p)) && !all.contains(&r.id))
                .map(|r| r.id.clone())
                .collect();
            if more.is_empty() {
                return Ok(all.into_iter().collect());
            }
            all.extend(more);
        }
    }

    pub async fn libraries(&self, ctx: &Ctx) -> Result<Vec<LibraryRow>> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        let counts = self.facet_counts(self.viewer(ctx), "library").await?;
        let vocabulary = Vocabulary::shipped()?;
        let base = vocabulary.base_libraries.iter().map(|t| ("base", t));
        let thematic = vocabulary.thematic_libraries.iter().map(|t| ("thematic", t));
        Ok(base
            .chain(thematic)
            .map(|(kind, term)| LibraryRow {
                code: term.code.clone(),
                kind: kind.to_owned(),
                title: term.title(ctx.lang).to_owned(),
                count: counts.get(&term.code).copied().unwrap_or(0),
            })
            .collect())
    }

    /// Entries and institutions for the search field of the top bar.
    pub async fn global(&self, ctx: &Ctx, q: &str) -> Result<GlobalResults> {
        self.identity().authz.check(ctx, Action::CatalogRead, &Target::any())?;
        if q.trim().is_empty() {
            return Ok(GlobalResults {
                resources: vec![],
                institutions: vec![],
            });
        }
        let viewer = self.viewer(ctx);
        let filter = ResourceFilter {
            q: Some(q.to_owned()),
            ..ResourceFilter::default()
        };
        let found = self.find(&viewer, &filter, None, GLOBAL_HITS, false).await?;
        let rows = self.rows(ctx, &viewer, &found.ids, q).await?;
        let resources = rows
            .into_iter()
            .map(|row| GlobalResource {
                id: row.head.id,
                code: row.head.code,
                title: row.head.title,
                provider: row.head.provider,
                highlights: row.highlights,
            })
            .collect();
        let marker = Highlighter::new(q);
        let institutions = self
            .institutions()
            .await?
            .into_iter()
            .filter(|i| marker.mark("name", &i.name).is_some() || marker.mark("name", &i.short_name).is_some())
            .take(GLOBAL_HITS)
            .map(|i| OrgRef {
                id: i.id.into(),
                name: i.name,
                short_name: i.short_name,
            })
            .collect();
        Ok(GlobalResults {
            resources,
            institutions,
        })
    }
}

/// Levels of a unit tree; a circle of parents hangs below nothing and never shows.
const DEPTH_MAX: usize = 12;

fn branch(
    parent: Option<&str>,
    below: &HashMap<Option<&str>, Vec<&institution::Model>>,
    counts: &BTreeMap<String, u64>,
    depth: usize,
) -> Vec<UnitNode> {
    if depth == DEPTH_MAX {
        return vec![];
    }
    let rows = below.get(&parent).map(Vec::as_slice).unwrap_or_default();
    let nodes = rows.iter().map(|row| {
        let children = branch(Some(&row.id), below, counts, depth + 1);
        let own = counts.get(&row.id).copied().unwrap_or(0);
        UnitNode {
            id: row.id.clone().into(),
            name: row.name.clone(),
            short_name: row.short_name.clone(),
            kind: row.kind.clone(),
            division_code: row.division.clone(),
            count: own + children.iter().map(|c| c.count).sum::<u64>(),
            children,
        }
    });
    nodes
        .filter(|node| node.count > 0 || compiles(&node.kind) || !node.children.is_empty())
        .collect()
}

/// The four kinds of public management and service institution compile
/// catalogs; the bodies beside them appear only where they have entries.
fn compiles(kind: &str) -> bool {
    matches!(
        kind,
        "state_organ" | "authorised_organisation" | "public_service_operator" | "national_agency"
    )
}

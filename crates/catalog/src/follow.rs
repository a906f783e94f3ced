//! The index follows the ledger: whatever entry names a catalog entry, by its
//! subject or in its data, makes that entry be indexed anew from the store.

use std::collections::BTreeSet;

use async_trait::async_trait;
use base::{Error, Result, codes};
use ledger::Value;

use crate::Catalog;
use crate::access::{audience, public_state, shown_version};
use crate::model::Document;
use crate::search::Indexed;
use crate::store::{self, Entry};
use crate::vocabulary::{Vocabulary, find};

/// Entries read and indexed at once.
const CHUNK: u64 = 500;

/// Brings the index up to the ledger; see [`db::Followers`].
pub struct IndexFollower(pub(crate) Catalog);

#[async_trait]
impl db::Follower for IndexFollower {
    fn name(&self) -> &'static str {
        "catalog-index"
    }

    /// The index knows its own place; an empty one is built first.
    async fn position(&self, store: &db::Store) -> Result<u64> {
        match self.0.index().position() {
            Some(next) => Ok(next),
            None => {
                let next = store.ledger_size().await?;
                self.0.rebuild_index(next).await?;
                Ok(next)
            }
        }
    }

    async fn handle(&self, entries: &[ledger::Entry]) -> Result<()> {
        let mut named = BTreeSet::new();
        for entry in entries {
            let texts = entry
                .data
                .values()
                .filter_map(|v| if let Value::Text(t) = v { Some(t) } else { None });
            for text in texts.chain([&entry.subject]) {
                if text.starts_with("res_") {
                    named.insert(text.clone());
                }
            }
            if entry.kind == "institution.changed" {
                let of = store::entries_of_provider(self.0.store().conn(), &entry.subject).await?;
                named.extend(of.into_iter().map(|e| e.id.0));
            }
        }
        let next = entries.last().map_or(0, |last| last.seq + 1);
        self.0.index_entries(named.into_iter().collect(), next).await
    }
}

impl Catalog {
    /// Builds the index from the store; `next` is the ledger's place from
    /// before it began, so nothing that happens meanwhile is missed.
    async fn rebuild_index(&self, next: u64) -> Result<()> {
        let mut after = String::new();
        loop {
            let entries = store::entries_after(self.store().conn(), &after, CHUNK).await?;
            let Some(last) = entries.last() else { break };
            after = last.id.0.clone();
            let indexed = self.indexed(entries).await?;
            // the mark stays at nothing until all is in: a half-built index is built again
            self.put(indexed, vec![], None).await?;
        }
        self.put(vec![], vec![], Some(next)).await?;
        tracing::info!("catalog index built");
        Ok(())
    }

    async fn index_entries(&self, ids: Vec<String>, next: u64) -> Result<()> {
        for chunk in ids.chunks(CHUNK as usize) {
            let found = store::entries(self.store().conn(), chunk).await?;
            let gone = chunk.iter().filter(|id| !found.contains_key(*id)).cloned().collect();
            let indexed = self.indexed(found.into_values().collect()).await?;
            self.put(indexed, gone, Some(next)).await?;
        }
        if ids.is_empty() {
            self.put(vec![], vec![], Some(next)).await
        } else {
            Ok(())
        }
    }

    async fn put(&self, entries: Vec<Indexed>, gone: Vec<String>, next: Option<u64>) -> Result<()> {
        let index = self.index().clone();
        tokio::task::spawn_blocking(move || index.replace(&entries, &gone, next))
            .await
            .map_err(Error::internal)?
    }

    /// What the index is told of some entries.
    async fn indexed(&self, entries: Vec<Entry>) -> Result<Vec<Indexed>> {
        let conn = self.store().conn();
        let wanted: Vec<_> = entries.iter().map(|e| (e.id.clone(), shown_version(e.state))).collect();
        let documents = store::documents(conn, &wanted).await?;
        let ids: Vec<String> = entries.iter().map(|e| e.id.0.clone()).collect();
        let measures = store::measures(conn, &ids).await?;
        let units: Vec<String> = entries.iter().map(|e| e.provider_id.0.clone()).collect();
        let names = self.identity().institution_names(units).await?;
        let vocabulary = Vocabulary::shipped()?;
        Ok(entries
            .iter()
            .filter_map(|entry| {
                let (_, document) = documents.get(entry.id.as_str())?;
                let mut indexed = describe(entry, document, vocabulary);
                if let Some((name, short)) = names.get(entry.provider_id.as_str()) {
                    indexed.unit_names = vec![name.clone(), short.clone()];
                }
                if let Some(measure) = measures.get(entry.id.as_str()) {
                    indexed.requests = u64::try_from(measure.requests).unwrap_or(0);
                    if measure.rows.is_some() {
                        indexed.facets.retain(|(name, _)| *name != "collection");
                        indexed.facets.push(("collection", "collected".into()));
                    }
                }
                Some(indexed)
            })
            .collect())
    }
}

fn describe(entry: &Entry, d: &Document, vocabulary: &Vocabulary) -> Indexed {
    let mut facets = vec![("state", entry.state.name().to_owned())];
    let mut add = |name: &'static str, value: &str| {
        if !value.is_empty() {
            facets.push((name, value.to_owned()));
        }
    };
    add("subject", &d.subject);
    add("resource_format", &d.format);
    add("frequency", &d.update_frequency);
    add("sharing", d.sharing.attribute.map_or("", |a| a.as_str()));
    add("opening", d.opening.attribute.map_or("", |a| a.as_str()));
    add("grade", d.grade.map_or("", |g| g.as_str()));
    add("collection", d.collection_state.map_or("", |c| c.as_str()));
    d.libraries.iter().for_each(|library| add("library", library));
    d.sharing.modes.iter().for_each(|mode| add("mode", mode.as_str()));
    // An entry of a county is found under its city and its province too.
    let mut division = codes::division(&entry.division_code);
    add("level", division.map_or("", |d| d.level.as_str()));
    if division.is_none() {
        add("division", &entry.division_code);
    }
    while let Some(found) = division {
        add("division", found.code);
        division = found.parent.and_then(codes::division);
    }
    let mut other_words: Vec<String> = d
        .libraries
        .iter()
        .filter_map(|l| vocabulary.library(l))
        .map(|t| t.zh.clone())
        .collect();
    other_words.extend(find(&vocabulary.subjects, &d.subject).map(|t| t.zh.clone()));
    Indexed {
        id: entry.id.0.clone(),
        audience: audience(entry, d.opening.attribute),
        code: entry.code.clone(),
        title: d.title.clone(),
        summary: d.summary.clone(),
        unit_id: entry.provider_id.0.clone(),
        unit_names: vec![],
        items: d
            .items
            .iter()
            .map(|i| (i.name.clone(), i.title.clone(), i.meaning.clone()))
            .collect(),
        other_words,
        facets,
        public_state: public_state(entry.state).to_owned(),
        requests: 0,
        updated: Some(entry.updated_at),
    }
}

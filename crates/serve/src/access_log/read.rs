//! Reading the log: newest first, by filters, a page at a time.

use std::fs;
use std::sync::Arc;

use base::{Error, Moment, Result};

use super::bloom::Bloom;
use super::segment::{self, Manifest, bloom_path};
use super::{AccessLog, PAGE_RECORDS_MAX, Record, RecordHash};

/// Whose calls the asker may see. Part of every query, so that totals and
/// pages never count what it may not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// An auditor's.
    All,
    /// Calls on this institution's resources, and calls by its applications.
    Institution(String),
    /// Calls on this institution's resources only.
    Provider(String),
    /// Calls by this institution's applications only.
    Consumer(String),
}

#[derive(Clone, Debug)]
pub struct Filter {
    pub scope: Scope,
    pub resource: Option<String>,
    pub application: Option<String>,
    pub institution: Option<String>,
    pub grant: Option<String>,
    pub service: Option<String>,
    pub outcome: Option<String>,
    pub from: Option<Moment>,
    /// Not included.
    pub to: Option<Moment>,
    /// Only calls that asked for or returned this record.
    pub record: Option<RecordHash>,
}

impl Filter {
    pub fn of(scope: Scope) -> Self {
        Self {
            scope,
            resource: None,
            application: None,
            institution: None,
            grant: None,
            service: None,
            outcome: None,
            from: None,
            to: None,
            record: None,
        }
    }

    fn admits(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, text: &str| wanted.as_deref().is_none_or(|w| w == text);
        (match &self.scope {
            Scope::All => true,
            Scope::Institution(id) => **id == *record.provider || **id == *record.institution,
            Scope::Provider(id) => **id == *record.provider,
            Scope::Consumer(id) => **id == *record.institution,
        }) && is(&self.resource, &record.resource)
            && is(&self.application, &record.application)
            && is(&self.institution, &record.institution)
            && is(&self.grant, &record.grant)
            && is(&self.service, &record.service)
            && is(&self.outcome, &record.outcome)
            && self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && self.record.is_none_or(|hash| record.touches(&hash))
    }

    /// False only if no record of the segment can pass.
    fn may_hold(&self, log: &AccessLog, manifest: &Manifest) -> bool {
        let body = &manifest.body;
        let scope = match &self.scope {
            Scope::All => true,
            Scope::Institution(id) | Scope::Provider(id) | Scope::Consumer(id) => body.institutions.contains(id),
        };
        let bloom = |hash: &RecordHash| match fs::read(bloom_path(&log.directory, body.number)) {
            Ok(bytes) => Bloom::from_bytes(bytes).may_hold(hash),
            // the verification names the loss; the search goes on without the filter
            Err(_) => true,
        };
        scope
            && self.from.is_none_or(|from| body.last_at_ms >= from.0)
            && self.to.is_none_or(|to| body.first_at_ms < to.0)
            && self.resource.as_ref().is_none_or(|r| body.resources.contains(r))
            && self.application.as_ref().is_none_or(|a| body.applications.contains(a))
            && self.institution.as_ref().is_none_or(|i| body.institutions.contains(i))
            && self.service.as_ref().is_none_or(|s| body.calls.contains_key(s))
            && self.record.as_ref().is_none_or(bloom)
    }
}

/// Where a page ended: the last record shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub segment: u64,
    pub position: u64,
}

impl Cursor {
    pub fn parse(text: &str) -> Option<Self> {
        let (segment, position) = text.split_once('-')?;
        Some(Self {
            segment: segment.parse().ok()?,
            position: position.parse().ok()?,
        })
    }
}
impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.segment, self.position)
    }
}

#[derive(Clone, Debug)]
pub struct Found {
    pub cursor: Cursor,
    pub record: Record,
}

struct Search<'a> {
    filter: &'a Filter,
    before: Option<Cursor>,
    limit: usize,
    found: Vec<Found>,
}

impl Search<'_> {
    /// Looks through records, newest last; false when the page is full.
    fn take(&mut self, segment: u64, first: u64, records: Vec<Record>) -> bool {
        for (i, record) in records.into_iter().enumerate().rev() {
            let cursor = Cursor {
                segment,
                position: first + i as u64,
            };
            if self.before.is_none_or(|before| cursor < before) && self.filter.admits(&record) {
                self.found.push(Found { cursor, record });
                if self.found.len() == self.limit {
                    return false;
                }
            }
        }
        true
    }
}

impl AccessLog {
    /// Up to `limit` records (at most [`PAGE_RECORDS_MAX`] + 1) before a
    /// cursor, newest first. Reads files: call it where blocking is allowed.
    pub fn search(&self, filter: &Filter, before: Option<Cursor>, limit: usize) -> Result<Vec<Found>> {
        let mut search = Search {
            filter,
            before,
            limit: limit.clamp(1, PAGE_RECORDS_MAX + 1),
            found: Vec::new(),
        };
        // the sealed list after the open logs: a segment sealed in between is seen once or twice, never lost
        let unsealed = self.unsealed()?;
        let sealed: Vec<Arc<Manifest>> = self.manifests();
        let newest_sealed = sealed.last().map_or(0, |m| m.body.number);
        for (number, records) in unsealed.into_iter().rev().filter(|(number, _)| *number > newest_sealed) {
            if !search.take(number, 0, records) {
                return Ok(search.found);
            }
        }
        for manifest in sealed.iter().rev() {
            let number = manifest.body.number;
            if before.is_some_and(|b| number > b.segment) || !filter.may_hold(self, manifest) {
                continue;
            }
            let mut more = true;
            segment::read_backwards(&self.directory, number, |first, records| {
                more = search.take(number, first, records);
                more
            })?;
            if !more {
                break;
            }
        }
        Ok(search.found)
    }

    /// [`AccessLog::search`] away from the threads that answer calls.
    pub async fn page(self: &Arc<Self>, filter: Filter, before: Option<Cursor>, limit: usize) -> Result<Vec<Found>> {
        let log = Arc::clone(self);
        tokio::task::spawn_blocking(move || log.search(&filter, before, limit))
            .await
            .map_err(Error::internal)?
    }
}

//! The actions by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Ctx;
use serde_json::{Value, json};

use super::params::Params;
use super::{CkanError, datastore, search, shape};
use crate::Opening;
use crate::model::Dataset;
use crate::shelf::{self, Shelf};

type Answer = Result<Value, CkanError>;

/// Every action and what it answers; `help_show` reads from here.
pub const ACTIONS: &[(&str, &str)] = &[
    (
        "current_package_list_with_resources",
        "Packages with their resources. limit, offset.",
    ),
    (
        "datastore_info",
        "Columns and row count of a datastore table. id: resource id.",
    ),
    (
        "datastore_search",
        "Rows. resource_id, filters, q, limit (100, at most 32000), offset, sort, fields, include_total.",
    ),
    ("group_list", "Groups (subject fields). all_fields."),
    ("group_package_show", "Packages of a group. id, limit."),
    ("group_show", "A group. id, include_datasets."),
    ("help_show", "What an action does. name."),
    ("license_list", "Licences."),
    ("organization_list", "Organizations (openers). all_fields."),
    ("organization_show", "An organization. id, include_datasets."),
    ("package_autocomplete", "Packages whose title contains q. limit."),
    ("package_list", "Names of all packages. limit, offset."),
    (
        "package_search",
        "Packages. q, fq, fq_list, rows (10, at most 1000), start, sort, facet.field, facet.limit.",
    ),
    ("package_show", "A package. id: id or name."),
    (
        "resource_search",
        "Resources whose field contains a text. query: field:text.",
    ),
    ("resource_show", "A resource. id."),
    ("site_read", "Whether the site can be read."),
    ("status_show", "Version and title of the site."),
    ("tag_list", "Tags (base and thematic libraries). all_fields."),
    ("tag_show", "A tag. id, include_datasets."),
];

pub async fn call(opening: &Opening, ctx: &Ctx, action: &str, params: &Params) -> Answer {
    if !ACTIONS.iter().any(|(name, _)| *name == action) {
        let writes = [
            "_create", "_update", "_delete", "_patch", "_revise", "_purge", "_upsert",
        ];
        return Err(if writes.iter().any(|w| action.ends_with(w)) {
            CkanError::Denied
        } else {
            let shown: String = action.chars().take(60).collect();
            CkanError::BadRequest(format!("Bad request - Action name not known: {shown}"))
        });
    }
    let shelf = opening.shelf().await?;
    let site = opening.site();
    match action {
        "site_read" => Ok(json!(true)),
        "status_show" => Ok(json!({
            "ckan_version": "2.10.0", "site_url": site.base, "site_title": site.title, "site_description": "",
            "error_emails_to": null, "locale_default": "zh_Hans_CN", "extensions": ["datastore", "dcat"],
        })),
        "help_show" => {
            let name = params.required("name")?;
            ACTIONS
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, help)| json!(help))
                .ok_or(CkanError::NotFound)
        }
        "license_list" => Ok(json!([shape::licence(site)])),
        "package_list" => {
            let mut names: Vec<&str> = shelf.open().map(|d| d.slug.as_str()).collect();
            names.sort_unstable();
            Ok(json!(page(names, params, usize::MAX)?))
        }
        "current_package_list_with_resources" => {
            let packages = page(shelf.open().collect(), params, 100)?;
            Ok(packages.into_iter().map(|d| shape::package(site, d)).collect())
        }
        "package_show" => {
            let d = package(&shelf, params.required("id")?)?;
            opening.count_call(&d.id);
            Ok(shape::package(site, &d))
        }
        "package_search" => {
            let ranked = match search::words(params)? {
                Some(words) => Some(opening.ranked(ctx, &words).await?),
                None => None,
            };
            search::package_search(site, &shelf, params, ranked)
        }
        "package_autocomplete" => {
            let limit = params.number("limit")?.unwrap_or(10).min(100) as usize;
            let found = shelf::suggest(&shelf, params.required("q")?, limit);
            Ok(found
                .iter()
                .map(
                    |d| json!({ "name": d.slug, "title": d.title, "match_field": "title", "match_displayed": d.title }),
                )
                .collect())
        }
        "resource_show" => {
            let (d, position) = resource(&shelf, params.required("id")?)?;
            Ok(shape::resource(site, &d, &d.files[position], position))
        }
        "resource_search" => resource_search(opening, &shelf, params),
        "organization_list" | "group_list" | "tag_list" => list(&shelf, action, params),
        "organization_show" | "group_show" | "tag_show" | "group_package_show" => show(opening, &shelf, action, params),
        "datastore_search" => datastore::search(opening, &shelf, params).await,
        _ => datastore::info(&shelf, params),
    }
}

/// Open packages only; anything else is not there.
pub(super) fn package(shelf: &Shelf, name: &str) -> Result<Arc<Dataset>, CkanError> {
    shelf
        .get(name)
        .filter(|d| d.is_open())
        .cloned()
        .ok_or(CkanError::NotFound)
}

/// A resource id is `<dataset>.<format>`.
pub(super) fn resource(shelf: &Shelf, id: &str) -> Result<(Arc<Dataset>, usize), CkanError> {
    let (name, format) = id.rsplit_once('.').ok_or(CkanError::NotFound)?;
    let d = package(shelf, name)?;
    let position = d
        .files
        .iter()
        .position(|f| f.format.as_str() == format)
        .ok_or(CkanError::NotFound)?;
    Ok((d, position))
}

fn page<T>(all: Vec<T>, params: &Params, unless_told: usize) -> Result<Vec<T>, CkanError> {
    let offset = params.number("offset")?.unwrap_or(0) as usize;
    let limit = params.number("limit")?.map_or(unless_told, |n| n as usize);
    Ok(all.into_iter().skip(offset).take(limit).collect())
}

fn resource_search(opening: &Opening, shelf: &Shelf, params: &Params) -> Answer {
    let queries = params.list("query");
    let conditions: Vec<(&str, String)> = queries
        .iter()
        .map(|q| q.split_once(':').map(|(f, v)| (f, v.to_lowercase())))
        .collect::<Option<_>>()
        .ok_or_else(|| CkanError::invalid("query", "Must be <field>:<value>"))?;
    let mut results = vec![];
    for d in shelf.open() {
        for (i, file) in d.files.iter().enumerate() {
            let shown = shape::resource(opening.site(), d, file, i);
            let holds = |(field, wanted): &(&str, String)| {
                shown[*field]
                    .as_str()
                    .is_some_and(|v| v.to_lowercase().contains(wanted))
            };
            if conditions.iter().all(holds) {
                results.push(shown);
            }
        }
    }
    let count = results.len();
    Ok(json!({ "count": count, "results": page(results, params, 1_000)? }))
}

/// The datasets of each organization, group or tag: its id, its name, its shape.
fn sorted_out<'a>(shelf: &'a Shelf, kind: &str) -> BTreeMap<String, (Value, Vec<&'a Arc<Dataset>>)> {
    let mut all: BTreeMap<String, (Value, Vec<&Arc<Dataset>>)> = BTreeMap::new();
    for d in shelf.open() {
        let belongs: Vec<(String, Value)> = match kind.split('_').next() {
            Some("organization") => vec![(d.opener.id.clone(), shape::organization(&d.opener, Some(0)))],
            Some("group") => vec![(d.subject.code.clone(), shape::group(&d.subject, Some(0)))],
            _ => d.keywords.iter().map(|k| (k.code.clone(), shape::tag(k))).collect(),
        };
        for (id, shown) in belongs {
            all.entry(id).or_insert((shown, vec![])).1.push(d);
        }
    }
    for (shown, datasets) in all.values_mut() {
        if shown.get("package_count").is_some() {
            shown["package_count"] = json!(datasets.len());
        }
    }
    all
}

fn list(shelf: &Shelf, action: &str, params: &Params) -> Answer {
    let all = sorted_out(shelf, action).into_values().map(|(shown, _)| shown);
    let shown: Vec<Value> = if params.flag("all_fields") {
        all.collect()
    } else {
        all.map(|s| s["name"].clone()).collect()
    };
    Ok(json!(page(shown, params, usize::MAX)?))
}

fn show(opening: &Opening, shelf: &Shelf, action: &str, params: &Params) -> Answer {
    let wanted = params.required("id")?;
    let (_, (mut shown, datasets)) = sorted_out(shelf, action)
        .into_iter()
        .find(|(id, (shown, _))| id == wanted || shown["name"] == wanted)
        .ok_or(CkanError::NotFound)?;
    let packages = || {
        datasets
            .iter()
            .map(|d| shape::package(opening.site(), d))
            .collect::<Value>()
    };
    if action == "group_package_show" {
        return Ok(packages());
    }
    if params.flag("include_datasets") {
        shown["packages"] = packages();
    }
    Ok(shown)
}

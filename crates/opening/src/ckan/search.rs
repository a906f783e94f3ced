//! `package_search`: CKAN's parameters over the shelf.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::expr::{self, Expr, Match};
use super::params::Params;
use super::{CkanError, shape};
use crate::dcat::Site;
use crate::model::{Dataset, LICENCE};
use crate::shelf::{self, Shelf, Sort};

/// Packages of one answer; CKAN's own limit.
const ROWS_MAX: u64 = 1_000;

/// What the index is asked before the shelf is searched.
pub fn words(params: &Params) -> Result<Option<String>, CkanError> {
    let expr = expr::parse(params.text("q").unwrap_or_default())?;
    Ok(expr.plain_words().map(|w| w.join(" ")).filter(|w| !w.is_empty()))
}

/// `ranked`: what the index found for [`words`], best first.
pub fn package_search(
    site: &Site,
    shelf: &Shelf,
    params: &Params,
    ranked: Option<Vec<String>>,
) -> Result<Value, CkanError> {
    let q = expr::parse(params.text("q").unwrap_or_default())?;
    let mut filters = vec![];
    for fq in params.list("fq").into_iter().chain(params.list("fq_list")) {
        filters.push(expr::parse(&fq)?);
    }
    let rows = params.number("rows")?.unwrap_or(10).min(ROWS_MAX);
    let start = params.number("start")?.unwrap_or(0);
    let sort = params.text("sort").unwrap_or_default().to_owned();

    let base = shelf::Query {
        q: words(params)?,
        ranked,
        sort: if sort.contains("title") {
            Sort::Title
        } else {
            Sort::Relevance
        },
        ..Default::default()
    };
    let holds = |d: &Dataset, e: &Expr| e.holds(&|w| shelf::mentions(d, w), &|f, m| field_holds(d, f, m));
    let mut found: Vec<Arc<Dataset>> = shelf::search(shelf, &base)
        .datasets
        .into_iter()
        .filter(|d| (base.q.is_some() || holds(d, &q)) && filters.iter().all(|f| holds(d, f)))
        .collect();
    order(&mut found, &sort);

    let (facets, search_facets) = facets(
        &found,
        &params.list("facet.field"),
        params.number("facet.limit")?.unwrap_or(50),
    );
    let results: Vec<Value> = found
        .iter()
        .skip(start as usize)
        .take(rows as usize)
        .map(|d| shape::package(site, d))
        .collect();
    Ok(
        json!({ "count": found.len(), "sort": sort, "results": results, "facets": facets, "search_facets": search_facets }),
    )
}

fn order(found: &mut [Arc<Dataset>], sort: &str) {
    let (field, descending) = (
        sort.split_whitespace().next().unwrap_or_default(),
        sort.contains("desc"),
    );
    match field {
        "metadata_modified" => found.sort_by_key(|d| d.updated_at),
        "metadata_created" => found.sort_by_key(|d| d.opened_at),
        "name" => found.sort_by(|a, b| a.slug.cmp(&b.slug)),
        "title" | "title_string" => found.sort_by(|a, b| a.title.cmp(&b.title)),
        "views_recent" | "views_total" => found.sort_by_key(|d| d.visits),
        _ => return,
    }
    if descending {
        found.reverse();
    }
}

fn field_holds(d: &Dataset, field: &str, wanted: &Match) -> bool {
    values(d, field).iter().any(|v| wanted.holds(v)) || wanted.in_text(d, field)
}

impl Match {
    /// Titles and notes match by a word of them, as Solr's text fields do.
    fn in_text(&self, d: &Dataset, field: &str) -> bool {
        let Match::Value(wanted) = self else { return false };
        match field {
            "title" => d.title.contains(wanted.trim_matches('*')),
            "notes" => d.summary.contains(wanted.trim_matches('*')),
            "text" => shelf::mentions(d, wanted.trim_matches('*')),
            _ => false,
        }
    }
}

/// Values of a Solr field of a package; empty for a field that there is not.
fn values(d: &Dataset, field: &str) -> Vec<String> {
    match field {
        "id" => vec![d.id.clone()],
        "name" => vec![d.slug.clone(), d.id.clone()],
        "title" | "title_string" => vec![d.title.clone()],
        "organization" => vec![shape::organization_name(&d.opener)],
        "owner_org" => vec![d.opener.id.clone()],
        "author" | "maintainer" => vec![d.opener.name.clone()],
        "groups" => vec![d.subject.code.clone()],
        "tags" => d.keywords.iter().map(|k| k.title.clone()).collect(),
        "res_format" => d.files.iter().map(|f| f.format.as_str().to_uppercase()).collect(),
        "license_id" => vec![LICENCE.id.to_owned()],
        "metadata_modified" => vec![shape::moment(d.updated_at)],
        "metadata_created" => vec![shape::moment(d.opened_at)],
        "state" => vec!["active".to_owned()],
        "type" | "dataset_type" => vec!["dataset".to_owned()],
        "private" => vec!["false".to_owned()],
        "capacity" => vec!["public".to_owned()],
        "code" => vec![d.code.clone()],
        "division_code" => vec![d.division.code.clone()],
        "update_frequency" => vec![d.frequency.title.clone(), d.frequency.code.clone()],
        _ => vec![],
    }
}

/// What a facet's value is shown as.
fn display(d: &Dataset, field: &str, value: &str) -> String {
    match field {
        "organization" | "owner_org" => d.opener.name.clone(),
        "groups" => d.subject.title.clone(),
        "license_id" => LICENCE.title.to_owned(),
        _ => value.to_owned(),
    }
}

fn facets(found: &[Arc<Dataset>], fields: &[String], limit: u64) -> (Value, Value) {
    let (mut plain, mut shown) = (Map::new(), Map::new());
    for field in fields {
        let mut counts: BTreeMap<String, (u64, String)> = BTreeMap::new();
        for d in found {
            for value in values(d, field) {
                let title = display(d, field, &value);
                counts.entry(value).or_insert((0, title)).0 += 1;
            }
        }
        let mut items: Vec<_> = counts.into_iter().collect();
        items.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        items.truncate(if limit == 0 { usize::MAX } else { limit as usize });
        let counted: Map<String, Value> = items.iter().map(|(v, (n, _))| (v.clone(), json!(n))).collect();
        plain.insert(field.clone(), Value::Object(counted));
        let items: Vec<Value> = items
            .into_iter()
            .map(|(name, (count, title))| json!({ "name": name, "display_name": title, "count": count }))
            .collect();
        shown.insert(field.clone(), json!({ "title": field, "items": items }));
    }
    (Value::Object(plain), Value::Object(shown))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shelf::tests::shelf;

    fn search(params: Value) -> Value {
        let site = Site {
            base: "http://h".into(),
            title: "t".into(),
            publisher: "p".into(),
        };
        let params = Params::from_json(params).expect("params");
        package_search(&site, &shelf(), &params, None).expect("found")
    }

    #[test]
    fn opn_2_ckan_clients_search_filter_page_and_count() {
        let all = search(json!({}));
        assert_eq!(all["count"], 3, "the suspended one is not there");
        assert_eq!(all["results"][0]["name"], "dataset-3", "last updated first");
        assert_eq!(search(json!({ "q": "停车" }))["count"], 1);
        assert_eq!(search(json!({ "q": "title:特种设备*" }))["count"], 1);
        assert_eq!(
            search(json!({ "fq": "groups:交通运输 OR groups:市场监管" }))["count"],
            2
        );
        assert_eq!(
            search(json!({ "fq_list": ["res_format:CSV", "-groups:交通运输"] }))["count"],
            2
        );
        let paged = search(json!({ "rows": "1", "start": 1, "sort": "name asc", "facet.field": ["groups", "tags"] }));
        assert_eq!(paged["results"].as_array().map(Vec::len), Some(1));
        assert_eq!(paged["results"][0]["name"], "dataset-2");
        assert_eq!(paged["facets"]["groups"]["交通运输"], 1);
        assert_eq!(paged["search_facets"]["tags"]["items"][0]["count"], 3);
        assert_eq!(search(json!({ "rows": 0 }))["results"], json!([]));
    }
}

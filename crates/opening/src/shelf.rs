//! 开放目录 as the portal reads it: all datasets in memory, and pure
//! searching, counting and sorting over them. `feed.rs` keeps it up to date.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use base::Lang;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::files::Format;
use crate::model::{Dataset, State, Word};

/// Everything that stands on the portal at one moment, newest first.
#[derive(Clone, Default)]
pub struct Shelf {
    all: Vec<Arc<Dataset>>,
    by_name: HashMap<String, usize>,
}

impl Shelf {
    pub fn new(mut all: Vec<Dataset>) -> Self {
        all.sort_by(|a, b| (b.updated_at, &a.id).cmp(&(a.updated_at, &b.id)));
        let by_name = all
            .iter()
            .enumerate()
            .flat_map(|(i, d)| [(d.id.clone(), i), (d.slug.clone(), i)])
            .collect();
        Self {
            all: all.into_iter().map(Arc::new).collect(),
            by_name,
        }
    }
    /// By id or slug, in whatever state.
    pub fn get(&self, name: &str) -> Option<&Arc<Dataset>> {
        self.by_name.get(name).map(|&i| &self.all[i])
    }
    pub fn open(&self) -> impl Iterator<Item = &Arc<Dataset>> {
        self.all.iter().filter(|d| d.is_open())
    }
    pub fn all(&self) -> &[Arc<Dataset>] {
        &self.all
    }
    /// Datasets that a visitor may know of: open ones, and shut ones that he
    /// followed a link to (their page says since when, and nothing of the data).
    pub fn visible(&self, name: &str) -> Option<&Arc<Dataset>> {
        self.get(name).filter(|d| d.state != State::Preparing)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DatasetSort)]
pub enum Sort {
    /// As the search ranks; without words, last updated first.
    #[default]
    Relevance,
    Updated,
    Used,
    Title,
    Rows,
}

/// What is looked for. Values of one facet are alternatives.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub q: Option<String>,
    /// Rank of datasets by the search index, best first; `None` where it was not asked.
    pub ranked: Option<Vec<String>>,
    pub filters: BTreeMap<Facet, Vec<String>>,
    pub sort: Sort,
    /// Language of the facets' titles.
    pub lang: Lang,
}

/// What a list is narrowed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Facet {
    Subject,
    Opener,
    Division,
    Format,
    Frequency,
    Keyword,
}

impl Facet {
    pub const ALL: [Facet; 6] = [
        Facet::Subject,
        Facet::Opener,
        Facet::Division,
        Facet::Format,
        Facet::Frequency,
        Facet::Keyword,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Facet::Subject => "subject",
            Facet::Opener => "opener",
            Facet::Division => "division",
            Facet::Format => "format",
            Facet::Frequency => "frequency",
            Facet::Keyword => "keyword",
        }
    }
    /// Values of a dataset, each with what is shown for it.
    fn values(self, d: &Dataset, lang: Lang) -> Vec<(String, String)> {
        let word = |w: &Word| (w.code.clone(), w.title(lang).to_owned());
        match self {
            Facet::Subject => vec![word(&d.subject)],
            Facet::Opener => vec![(d.opener.id.clone(), d.opener.name.clone())],
            Facet::Division => vec![(d.division.code.clone(), d.division.name.clone())],
            Facet::Format => d
                .files
                .iter()
                .map(|f| (f.format.as_str().to_owned(), f.format.as_str().to_uppercase()))
                .collect(),
            Facet::Frequency => vec![word(&d.frequency)],
            Facet::Keyword => d.keywords.iter().map(word).collect(),
        }
    }
    fn holds(self, d: &Dataset, wanted: &[String]) -> bool {
        self.values(d, Lang::Zh).iter().any(|(value, _)| {
            wanted.iter().any(|w| {
                // a city's filter takes its counties in: 330100 finds 330106
                w == value
                    || (self == Facet::Division
                        && w.len() == 6
                        && w.ends_with("00")
                        && value.starts_with(city_prefix(w)))
            })
        })
    }
}

/// The digits of a division code that its subdivisions share.
fn city_prefix(code: &str) -> &str {
    if code.ends_with("0000") { &code[..2] } else { &code[..4] }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DatasetFacetValue)]
pub struct FacetValue {
    pub value: String,
    pub title: String,
    pub count: u64,
}

pub struct Found {
    pub datasets: Vec<Arc<Dataset>>,
    /// Counts under the other facets' filters, greatest first.
    pub facets: BTreeMap<Facet, Vec<FacetValue>>,
}

/// Open datasets only: what is suspended is neither listed nor counted.
pub fn search(shelf: &Shelf, query: &Query) -> Found {
    let rank: Option<HashMap<&str, usize>> = query
        .ranked
        .as_ref()
        .map(|ids| ids.iter().enumerate().map(|(i, id)| (id.as_str(), i)).collect());
    let matching: Vec<&Arc<Dataset>> = shelf
        .open()
        .filter(
            |d| match (&rank, query.q.as_deref().map(str::trim).filter(|q| !q.is_empty())) {
                (Some(rank), Some(q)) => rank.contains_key(d.id.as_str()) || mentions(d, q),
                (None, Some(q)) => mentions(d, q),
                (_, None) => true,
            },
        )
        .collect();
    let passes = |d: &Dataset, except: Option<Facet>| {
        query
            .filters
            .iter()
            .all(|(f, wanted)| Some(*f) == except || wanted.is_empty() || f.holds(d, wanted))
    };
    let facets = Facet::ALL
        .into_iter()
        .map(|facet| {
            let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
            for d in matching.iter().filter(|d| passes(d, Some(facet))) {
                for value in facet.values(d, query.lang).into_iter().filter(|(v, _)| !v.is_empty()) {
                    *counts.entry(value).or_default() += 1;
                }
            }
            let mut values: Vec<_> = counts
                .into_iter()
                .map(|((value, title), count)| FacetValue { value, title, count })
                .collect();
            values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            (facet, values)
        })
        .collect();
    let mut datasets: Vec<Arc<Dataset>> = matching.into_iter().filter(|d| passes(d, None)).cloned().collect();
    match query.sort {
        Sort::Relevance => {
            if let Some(rank) = rank {
                datasets.sort_by_key(|d| rank.get(d.id.as_str()).copied().unwrap_or(usize::MAX));
            }
        }
        Sort::Updated => {}
        Sort::Used => datasets.sort_by_key(|d| std::cmp::Reverse(d.uses())),
        Sort::Title => datasets.sort_by(|a, b| a.title.cmp(&b.title)),
        Sort::Rows => datasets.sort_by_key(|d| std::cmp::Reverse(d.rows)),
    }
    Found { datasets, facets }
}

/// Every word of the query stands somewhere in what people see of the dataset.
pub(crate) fn mentions(d: &Dataset, q: &str) -> bool {
    let words = [&d.subject, &d.frequency].into_iter().chain(&d.keywords);
    let text = [&d.title, &d.summary, &d.code, &d.opener.name, &d.slug]
        .into_iter()
        .map(String::as_str)
        .chain(words.flat_map(|w| [w.title.as_str(), w.title_en.as_str()]))
        .chain(d.items.iter().flat_map(|i| [i.title.as_str(), i.name.as_str()]))
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase();
    q.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// Titles that begin with, or contain, what was typed so far.
pub fn suggest(shelf: &Shelf, typed: &str, limit: usize) -> Vec<Arc<Dataset>> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return vec![];
    }
    let mut hits: Vec<(usize, &Arc<Dataset>)> = shelf
        .open()
        .filter_map(|d| {
            d.title
                .to_lowercase()
                .find(&typed)
                .or_else(|| mentions(d, &typed).then_some(9_999))
                .map(|at| (at, d))
        })
        .collect();
    hits.sort_by_key(|(at, d)| (*at, std::cmp::Reverse(d.uses())));
    hits.into_iter().take(limit).map(|(_, d)| d.clone()).collect()
}

/// Figures of the portal's home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = PortalFigures)]
pub struct Figures {
    pub datasets: u64,
    pub items: u64,
    pub rows: u64,
    pub openers: u64,
    pub downloads: u64,
    pub calls: u64,
    /// Datasets opened or updated in the last seven days.
    pub changed_this_week: u64,
}

pub fn figures(shelf: &Shelf, now: base::Moment) -> Figures {
    const WEEK_MS: i64 = 7 * 24 * 3_600_000;
    let mut figures = Figures::default();
    let mut openers = HashSet::new();
    for d in shelf.open() {
        figures.datasets += 1;
        figures.items += d.items.len() as u64;
        figures.rows += d.rows;
        figures.downloads += d.downloads;
        figures.calls += d.calls;
        figures.changed_this_week += u64::from(d.updated_at.0 > now.0 - WEEK_MS);
        openers.insert(&d.opener.id);
    }
    figures.openers = openers.len() as u64;
    figures
}

/// Formats that any open dataset has, for lists of choices.
pub fn formats(shelf: &Shelf) -> Vec<Format> {
    let mut formats: Vec<_> = shelf.open().flat_map(|d| d.files.iter().map(|f| f.format)).collect();
    formats.sort();
    formats.dedup();
    formats
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::files::FileFacts;
    use crate::model::{DictionaryItem, DivisionRef, OrgRef, Treatment};
    use base::Moment;

    fn word(code: &str, title: &str) -> Word {
        Word {
            code: code.into(),
            title: title.into(),
            title_en: code.into(),
        }
    }
    pub(crate) fn dataset(n: u32, title: &str, subject: &str, division: &str) -> Dataset {
        Dataset {
            id: format!("res_{n}"),
            slug: format!("dataset-{n}"),
            code: format!("3300000000{n}"),
            title: title.into(),
            summary: format!("{title}的说明 \"引号\" \\ <b>"),
            opener: OrgRef {
                id: format!("org_{}", n % 2),
                name: format!("机构{}", n % 2),
            },
            division: DivisionRef {
                code: division.into(),
                name: format!("区划{division}"),
            },
            subject: word(subject, subject),
            keywords: vec![word("legal_persons", "法人库")],
            frequency: word("daily", "每日"),
            time_span: Some("2019–2026".into()),
            grade: "L1".into(),
            state: State::Open,
            since: Moment(1_780_000_000_000),
            version: 1,
            table_version: 2,
            publication_id: format!("pub_{n}"),
            items: vec![
                DictionaryItem {
                    id: "itm_1".into(),
                    name: "code".into(),
                    title: "编号".into(),
                    r#type: "string".into(),
                    key: true,
                    ..Default::default()
                },
                DictionaryItem {
                    id: "itm_2".into(),
                    name: "qty".into(),
                    title: "数量".into(),
                    r#type: "integer".into(),
                    ..Default::default()
                },
            ],
            key: Some("code".into()),
            treatment: Treatment::default(),
            rows: u64::from(n) * 10,
            files: Format::ALL
                .map(|format| FileFacts {
                    format,
                    bytes: 10,
                    sha256: "ab".repeat(32),
                    rows: 1,
                    note: None,
                })
                .to_vec(),
            opened_at: Moment(1_780_000_000_000),
            updated_at: Moment(1_780_000_000_000 + i64::from(n)),
            built_at: Moment(1_780_000_000_000 + i64::from(n)),
            quality: Some(99.5),
            visits: u64::from(n),
            downloads: 0,
            calls: 0,
        }
    }

    pub(crate) fn shelf() -> Shelf {
        let mut shut = dataset(4, "重点排污单位", "生态环境", "330000");
        shut.state = State::Suspended;
        Shelf::new(vec![
            dataset(1, "特种设备使用登记证", "市场监管", "330000"),
            dataset(2, "杭州市公园名录", "城乡建设", "330106"),
            dataset(3, "宁波市停车场", "交通运输", "330200"),
            shut,
        ])
    }
    fn titles(found: &Found) -> Vec<&str> {
        found.datasets.iter().map(|d| d.title.as_str()).collect()
    }

    #[test]
    fn opn_9_what_is_suspended_is_neither_found_nor_counted() {
        let found = search(
            &shelf(),
            &Query {
                q: Some("排污".into()),
                ranked: Some(vec!["res_4".into()]),
                ..Default::default()
            },
        );
        assert!(found.datasets.is_empty());
        assert!(found.facets[&Facet::Subject].is_empty());
        assert_eq!(figures(&shelf(), Moment(1_780_000_000_000)).datasets, 3);
        assert!(suggest(&shelf(), "重点", 5).is_empty());
        assert!(
            shelf().visible("dataset-4").is_some(),
            "its page says that it is suspended"
        );
    }

    #[test]
    fn a_city_finds_its_counties_and_facets_count_under_the_other_filters() {
        let shelf = shelf();
        let mut query = Query {
            filters: [(Facet::Division, vec!["330100".to_owned()])].into(),
            ..Default::default()
        };
        let found = search(&shelf, &query);
        assert_eq!(titles(&found), ["杭州市公园名录"]);
        assert_eq!(
            found.facets[&Facet::Division].len(),
            3,
            "the facet's own filter does not narrow its choices"
        );
        assert_eq!(found.facets[&Facet::Subject].len(), 1);
        query.filters = [(Facet::Opener, vec!["org_1".to_owned()])].into();
        assert_eq!(titles(&search(&shelf, &query)), ["宁波市停车场", "特种设备使用登记证"]);
    }

    #[test]
    fn the_index_ranks_and_words_are_found_anywhere() {
        let shelf = shelf();
        let ranked = Query {
            q: Some("市".into()),
            ranked: Some(vec!["res_2".into(), "res_3".into()]),
            ..Default::default()
        };
        assert_eq!(
            titles(&search(&shelf, &ranked))[..2],
            ["杭州市公园名录", "宁波市停车场"]
        );
        let plain = Query {
            q: Some("停车 宁波".into()),
            ..Default::default()
        };
        assert_eq!(titles(&search(&shelf, &plain)), ["宁波市停车场"]);
        assert_eq!(suggest(&shelf, "公园", 3)[0].id, "res_2");
    }
}

//! The index alone, without a store.

use super::*;

const TITLES: &[(&str, &str, &str)] = &[
    ("res_1", "社会保险个人参保信息", "省人力社保厅"),
    ("res_2", "社会保险单位参保信息", "省人力社保厅"),
    ("res_3", "特种设备使用登记证", "省市场监管局"),
    ("res_4", "企业登记信息", "省市场监管局"),
    ("res_5", "核酸检测信息", "省卫生健康委"),
];

fn entry(id: &str, title: &str, unit: &str) -> Indexed {
    Indexed {
        id: id.into(),
        audience: vec![SIGNED_IN.into(), format!("unit:org_{unit}")],
        code: format!("330000-MB158876{}-03-00000{}", &id[4..], &id[4..]),
        title: title.into(),
        unit_id: format!("org_{unit}"),
        unit_names: vec![unit.into()],
        items: vec![("cert_no".into(), "证件号码".into(), "参保人员的证件号码".into())],
        facets: vec![("sharing", "restricted".into()), ("state", "published".into())],
        public_state: "published".into(),
        ..Indexed::default()
    }
}

struct Fixture {
    _folder: tempfile::TempDir,
    index: SearchIndex,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().expect("a folder");
    let index = SearchIndex::open(folder.path()).expect("the index opens");
    let entries: Vec<Indexed> = TITLES.iter().map(|(id, title, unit)| entry(id, title, unit)).collect();
    index.replace(&entries, &[], Some(7)).expect("entries are indexed");
    Fixture { _folder: folder, index }
}

fn query(q: &str) -> SearchQuery {
    SearchQuery {
        q: q.into(),
        viewer: Viewer::SignedIn,
        chosen: vec![],
        sort: Sort::Relevance,
        cursor: None,
        limit: 20,
        facets: false,
    }
}

fn ids(index: &SearchIndex, query: &SearchQuery) -> Vec<String> {
    index.search(query).expect("the search runs").ids
}

#[test]
fn cat_14_people_find_entries_as_they_type() {
    let f = fixture();
    let first = |q: &str| ids(&f.index, &query(q)).first().cloned();
    for (q, expect) in [
        ("社会保险个人参保信息", "res_1"),
        ("个人参保", "res_1"),
        ("險單", "res_2"),
        ("單位參保", "res_2"),
        ("种设", "res_3"),
        ("登记证", "res_3"),
        ("tzsb", "res_3"),
        ("grcb", "res_1"),
        ("hesuanjiance", "res_5"),
        ("核酸 信息", "res_5"),
        ("330000-MB1588764", "res_4"),
        ("３３００００－mb1588763", "res_3"),
        ("卫生健康委", "res_5"),
        ("酸", "res_5"),
        ("证", "res_3"),
    ] {
        assert_eq!(first(q).as_deref(), Some(expect), "{q}");
    }
    assert_eq!(ids(&f.index, &query("证件号码")).len(), 5, "items are found");
    assert_eq!(ids(&f.index, &query("cert_no")).len(), 5, "column names are found");
    assert_eq!(first("医疗保险费用"), None);
    assert_eq!(
        first("※※"),
        None,
        "what holds no word finds nothing rather than everything"
    );
}

#[test]
fn cat_14_exact_titles_come_before_titles_that_contain_the_words() {
    let f = fixture();
    f.index
        .replace(&[entry("res_6", "信息", "省档案馆")], &[], Some(8))
        .expect("one more");
    assert_eq!(ids(&f.index, &query("信息")).first().map(String::as_str), Some("res_6"));
}

#[test]
fn hostile_queries_are_texts_like_others() {
    let f = fixture();
    for q in [
        "'; DROP TABLE catalog_resource; --",
        "title_exact:社会保险 OR *:*",
        "\"unbalanced (quote [and {brackets",
        "a^99999 ~5 /.*.*.*/ \\",
        "(((((((((((((((((((((",
        "%_%' OR 1=1",
        "<script>alert(1)</script>",
        "\u{0}\u{202e}\u{feff}",
        "-- NOT -社会 +保险 AND",
    ] {
        let found = f.index.search(&query(q)).expect("any text can be searched for");
        assert!(found.total < 5, "{q} found everything");
    }
    let long = "社会保险".repeat(50_000);
    f.index
        .search(&query(&long))
        .expect("a very long text is cut, not refused");
    f.index
        .search(&query(&"a.*".repeat(10_000)))
        .expect("a long pattern is no pattern");
}

#[test]
fn what_the_viewer_may_not_see_counts_nowhere() {
    let f = fixture();
    let mut draft = entry("res_7", "社会保险待遇发放草稿", "省人力社保厅");
    draft.audience = vec!["unit:org_省人力社保厅".into()];
    draft.facets = vec![("sharing", "not_shared".into()), ("state", "draft".into())];
    f.index.replace(&[draft], &[], Some(8)).expect("a draft is indexed");

    let look = |viewer: Viewer| {
        let q = SearchQuery {
            viewer,
            facets: true,
            ..query("社会保险")
        };
        let found = f.index.search(&q).expect("the search runs");
        (
            found.total,
            found.facets["sharing"].len(),
            found.facets["state"].clone(),
        )
    };
    let counts = |pairs: &[(&str, u64)]| {
        pairs
            .iter()
            .map(|(s, n)| ((*s).to_owned(), *n))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(look(Viewer::SignedIn), (2, 1, counts(&[("published", 2)])));
    assert_eq!(
        look(Viewer::Unit("org_省市场监管局".into())),
        (2, 1, counts(&[("published", 2)]))
    );
    assert_eq!(
        look(Viewer::Unit("org_省人力社保厅".into())),
        (3, 2, counts(&[("draft", 1), ("published", 2)]))
    );
    assert_eq!(look(Viewer::All).0, 3);
    assert_eq!(look(Viewer::Public).0, 0, "nothing here is in the open catalog");
}

#[test]
fn others_see_a_revising_entry_as_published() {
    let f = fixture();
    let mut revising = entry("res_1", "社会保险个人参保信息", "省人力社保厅");
    revising.facets = vec![("state", "revising".into())];
    f.index.replace(&[revising], &[], Some(8)).expect("it is replaced");
    let by_state = |unit: &str, state: &str| {
        let chosen = vec![Chosen {
            facet: "state".into(),
            values: vec![state.into()],
        }];
        f.index
            .search(&SearchQuery {
                viewer: Viewer::Unit(unit.into()),
                chosen,
                ..query("")
            })
            .expect("it runs")
            .total
    };
    assert_eq!(
        (
            by_state("org_省人力社保厅", "revising"),
            by_state("org_省人力社保厅", "published")
        ),
        (1, 4)
    );
    assert_eq!(
        (
            by_state("org_省市场监管局", "revising"),
            by_state("org_省市场监管局", "published")
        ),
        (0, 5)
    );
}

#[test]
fn cat_14_pages_follow_each_other_without_a_repeat_while_entries_come_and_go() {
    let f = fixture();
    let many: Vec<Indexed> = (100..180)
        .map(|n| entry(&format!("res_{n}"), &format!("参保信息{n}"), "省人力社保厅"))
        .collect();
    f.index.replace(&many, &[], Some(8)).expect("many are indexed");
    for sort in [Sort::Relevance, Sort::Requests, Sort::Updated, Sort::Title] {
        let mut seen = vec![];
        let mut q = SearchQuery {
            sort,
            limit: 7,
            ..query("参保信息")
        };
        let total = f.index.search(&q).expect("a page").total as usize;
        assert!(total >= 82, "all titles with the words");
        loop {
            let page = f.index.search(&q).expect("a page");
            seen.extend(page.ids);
            // another entry's coming and going moves nobody
            f.index
                .replace(
                    &[entry("res_999", "无关的资源", "省档案馆")],
                    &["res_998".into()],
                    Some(9),
                )
                .expect("a change");
            match page.next {
                Some(next) => q.cursor = Some(next),
                None => break,
            }
        }
        let count = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!((count, seen.len()), (total, total), "{sort:?}");
    }
    let stolen = SearchQuery {
        cursor: Some("r1-2-3-4".into()),
        sort: Sort::Title,
        ..query("参保")
    };
    assert_eq!(
        f.index.search(&stolen).unwrap_err().kind.status,
        400,
        "a cursor of another order is refused"
    );
}

#[test]
fn cat_14_facets_count_as_if_their_own_choice_were_open() {
    let f = fixture();
    let chosen = vec![Chosen {
        facet: "unit".into(),
        values: vec!["org_省人力社保厅".into()],
    }];
    let found = f
        .index
        .search(&SearchQuery {
            chosen,
            facets: true,
            ..query("信息")
        })
        .expect("it runs");
    assert_eq!(found.total, 2);
    assert_eq!(found.facets["unit"].len(), 3, "the other units can still be chosen");
    assert_eq!(found.facets["sharing"]["restricted"], 2);
}

#[test]
fn cat_14_titles_sort_as_in_a_dictionary() {
    let f = fixture();
    let found = ids(
        &f.index,
        &SearchQuery {
            sort: Sort::Title,
            ..query("")
        },
    );
    assert_eq!(
        found,
        ["res_5", "res_4", "res_2", "res_1", "res_3"],
        "核 企 社…单 社…个 特"
    );
}

#[test]
fn the_index_is_opened_where_it_was_left_and_made_anew_when_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    {
        let index = SearchIndex::open(folder.path()).expect("it opens");
        assert_eq!(index.position(), None, "a new index has to be built");
        index
            .replace(&[entry("res_1", "参保信息", "省人力社保厅")], &[], Some(42))
            .expect("indexed");
    }
    {
        let index = SearchIndex::open(folder.path()).expect("it opens again");
        assert_eq!((index.position(), ids(&index, &query("参保")).len()), (Some(42), 1));
    }
    std::fs::write(folder.path().join("meta.json"), b"{").expect("the file is broken");
    let index = SearchIndex::open(folder.path()).expect("it opens all the same");
    assert_eq!(index.position(), None);
}

//! The demo's real datasets say what the briefing says, totals included.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;

fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../rules/demo")
        .join(name);
    csv::Reader::from_path(file)
        .expect("the file")
        .deserialize()
        .map(|r| r.expect("a row"))
        .collect()
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> u64 {
    rows.iter().map(|r| r[column].parse::<u64>().expect("a number")).sum()
}

#[test]
fn the_table_of_data_warehouses_adds_up_to_the_briefings_totals() {
    let cities = rows("city-warehouses.csv");
    assert_eq!(
        (sum(&cities, "city_warehouses"), sum(&cities, "county_warehouses")),
        (182, 611)
    );
    assert_eq!(cities.len(), 11);
    for city in &cities {
        assert_eq!(
            base::codes::division(&city["division_code"]).expect("a division").name,
            city["city"]
        );
    }
}

#[test]
fn sha_10_the_yearly_sharing_figures_add_up() {
    let years = rows("sharing-figures.csv");
    // 2018 以来,收集数据共享需求 2.97 万个,满足 2.72 万个
    assert_eq!((sum(&years, "demands") + 50) / 100, 297);
    assert_eq!((sum(&years, "met") + 50) / 100, 272);
    let last = years.last().expect("a year");
    assert_eq!(
        (last["demands"].as_str(), last["met_rate"].as_str()),
        ("10815", "0.9850")
    );
    for year in &years {
        let rate: f64 = year["met_rate"].parse().expect("a rate");
        let exact = sum(std::slice::from_ref(year), "met") as f64 / sum(std::slice::from_ref(year), "demands") as f64;
        assert!((rate - exact).abs() < 0.0002, "{year:?}: {exact}");
    }
}

#[test]
fn the_first_opening_list_of_2021_is_whole() {
    let list = rows("opening-list-2021.csv");
    assert_eq!(list.len(), 11);
    assert_eq!(list.iter().filter(|r| r["opening_attribute"] == "受限开放").count(), 3);
    assert!(list.iter().any(|r| r["title"].starts_with("特种设备使用登记证")));
}

use std::collections::BTreeSet;

use arrow::array::AsArray;
use futures::TryStreamExt;
use lake::{Scan, column};
use protect::{AccessPlan, Internal};

use super::*;

const HEADER: &str = "cert_no,name,division_code,updated_on\n";

/// Numbers with right check characters, as many as asked for.
pub fn ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|n| {
            let first = format!("33010219{:02}0101{:03}", n / 1000 % 100, n % 1000);
            let check = base::codes::citizen_id_check(first.as_bytes()).expect("17 digits");
            format!("{first}{}", check as char)
        })
        .collect()
}

async fn keys_in(bench: &Bench, version: Option<u64>) -> BTreeSet<String> {
    let plan = AccessPlan::internal(Internal::Statistics, ResourceId("res_1".into()), bench.table.as_str());
    let scan = Scan {
        version,
        columns: Some(vec!["cert_no".into()]),
        ..Default::default()
    };
    let stream = bench.lake.scan(&plan, &scan).await.expect("scans");
    let batches: Vec<_> = stream.try_collect().await.expect("reads");
    batches
        .iter()
        .flat_map(|b| b.column(0).as_string::<i32>().iter().flatten().map(str::to_owned))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_each_kind_of_fault_is_set_apart_with_its_reason() {
    let bench = Bench::new(persons());
    let rows = [
        format!("{GOOD_ID},张三,330100,2024-02-29"),
        "110105194912310021,错位,330100,2024-01-01".into(),
        format!("{OTHER_ID},名字长到十个字符以上了吧,330100,2023-02-29"),
        "3.30102E+17,科学,330100,".into(),
        ",无号,330199,".into(),
        format!("{GOOD_ID},重复,330100,"),
        "1,2".into(),
        "１１０１０５１９４９１２３１００２Ｘ,全角重复,330100,".into(),
    ];
    let content = format!("{HEADER}{}\n", rows.join("\n"));
    let (_, bad) = bench
        .load("a.csv", content.as_bytes(), LoadMode::Append, "b1")
        .await
        .expect("loads");
    let expected: Vec<(u64, Vec<&str>)> = vec![
        (3, vec!["citizen_id_check_digit"]),
        (4, vec!["length", "date"]),
        (5, vec!["through_number"]),
        (6, vec!["required", "division"]),
        (7, vec!["duplicate_key"]),
        (8, vec!["ragged"]),
        (9, vec!["duplicate_key"]),
    ];
    assert_eq!(codes(&bad), expected);
    assert_eq!(keys_in(&bench, None).await, BTreeSet::from([GOOD_ID.to_owned()]));
    let hints: Vec<_> = bad
        .iter()
        .flat_map(|b| &b.reasons)
        .filter_map(|r| r.value_hint.as_deref())
        .collect();
    assert!(
        hints.iter().all(|h| !h.contains("110105194912310021")),
        "a hint never is the value: {hints:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_key_in_the_table_is_taken_for_an_append_and_replaced_by_an_upsert() {
    let bench = Bench::new(persons());
    let ids = ids(3);
    let row = |id: &str, name: &str| format!("{id},{name},330100,2024-01-01\n");
    let first = format!("{HEADER}{}{}", row(&ids[0], "甲"), row(&ids[1], "乙"));
    let (v1, _) = bench
        .load("a.csv", first.as_bytes(), LoadMode::Append, "b1")
        .await
        .expect("loads");
    let second = format!("{HEADER}{}{}", row(&ids[1], "乙二"), row(&ids[2], "丙"));
    let (v2, bad) = bench
        .load("b.csv", second.as_bytes(), LoadMode::Append, "b2")
        .await
        .expect("loads");
    assert_eq!(codes(&bad), [(2, vec!["duplicate_in_table"])]);
    assert_eq!(bad[0].values["name"].as_deref(), Some("乙二"), "its values are kept");
    let (v3, bad) = bench
        .load("c.csv", second.as_bytes(), LoadMode::Upsert, "b3")
        .await
        .expect("loads");
    assert!(bad.is_empty());
    assert_eq!(keys_in(&bench, None).await, ids.iter().cloned().collect());
    assert_eq!(
        keys_in(&bench, Some(v1)).await,
        ids[..2].iter().cloned().collect(),
        "version {v1} stays as it was"
    );
    assert!(v1 < v2 && v2 < v3);
    let plan = AccessPlan::internal(Internal::Statistics, ResourceId("res_1".into()), bench.table.as_str());
    let renamed = column("name").eq(lake::datafusion::prelude::lit("乙二"));
    assert_eq!(bench.lake.count(&plan, None, Some(renamed)).await.expect("counts"), 1);
    assert_eq!(bench.lake.stats(&bench.table, None).await.expect("stats").rows, 3);
    let (_, _) = bench
        .load("d.csv", first.as_bytes(), LoadMode::Snapshot, "b4")
        .await
        .expect("loads");
    assert_eq!(
        keys_in(&bench, None).await,
        ids[..2].iter().cloned().collect(),
        "a snapshot is the whole table"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_batch_is_in_the_table_once_whatever_an_attempt_left() {
    let bench = Bench::new(persons());
    let content = format!("{HEADER}{GOOD_ID},甲,330100,2024-01-01\n");
    let path = bench.file("a.csv", content.as_bytes());
    // An attempt that got as far as its staged files.
    let left = bench
        .stage(&path, "a.csv", LoadMode::Append, "b1")
        .await
        .expect("stages");
    assert_eq!(left.staged.files.len(), 1);
    assert_eq!(bench.lake.committed(&bench.table, "b1").await.expect("asks"), None);
    drop(left);
    let (version, _) = bench
        .load("a.csv", content.as_bytes(), LoadMode::Append, "b1")
        .await
        .expect("loads");
    assert_eq!(
        bench.lake.committed(&bench.table, "b1").await.expect("asks"),
        Some(version)
    );
    assert_eq!(bench.lake.stats(&bench.table, None).await.expect("stats").rows, 1);
    let folder = bench.dir.path().join("tables/res_1/batch-b1");
    assert_eq!(
        std::fs::read_dir(folder).expect("lists").count(),
        1,
        "nothing of the first attempt is left"
    );
    // A second commit under the same tag, as by a process that did not know.
    let again = bench
        .stage(
            &bench.file("b.csv", format!("{HEADER}{OTHER_ID},乙,,\n").as_bytes()),
            "b.csv",
            LoadMode::Append,
            "b2",
        )
        .await
        .expect("stages");
    again
        .staged
        .staging
        .commit(again.staged.files, LoadMode::Append, &[], Moment(0))
        .await
        .expect("commits");
    assert_eq!(
        bench.lake.committed(&bench.table, "b2").await.expect("asks"),
        Some(version + 1)
    );
    assert_eq!(
        bench.lake.committed(&bench.table, "b1").await.expect("asks"),
        Some(version)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_batch_with_too_many_bad_rows_is_refused_whole() {
    let bench = Bench::new(persons());
    let rows = "x,y,,\n".repeat(base::limits::QUARANTINE_ROWS_MAX as usize + 1);
    let path = bench.file("a.csv", format!("{HEADER}{rows}").as_bytes());
    let error = bench
        .stage(&path, "a.csv", LoadMode::Append, "b1")
        .await
        .err()
        .expect("refuses");
    assert_eq!(error.code(), "collection.too_many_bad_rows");
    let folder = bench.dir.path().join("tables/res_1/batch-b1");
    assert!(
        !folder.exists() || std::fs::read_dir(folder).expect("lists").count() == 0,
        "nothing is left"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_all_formats_load_the_same_rows() {
    let ids = ids(1500);
    let csv: String = ids
        .iter()
        .enumerate()
        .map(|(n, id)| format!("{id},张{n},330100,2024-01-01\n"))
        .collect();
    let csv = format!("{HEADER}{csv}");
    let json: String = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            format!(
                "{{\"cert_no\":\"{id}\",\"name\":\"张{n}\",\"division_code\":330100,\"updated_on\":\"2024-01-01\"}}\n"
            )
        })
        .collect();
    let gb = encoding_rs::GB18030.encode(&csv).0.into_owned();
    let expected: BTreeSet<String> = ids.into_iter().collect();
    for (name, content) in [
        ("a.csv", csv.into_bytes()),
        ("b.csv", gb),
        ("c.jsonl", json.into_bytes()),
    ] {
        let bench = Bench::new(persons());
        let (_, bad) = bench.load(name, &content, LoadMode::Append, "b1").await.expect("loads");
        assert!(bad.is_empty(), "{name}: {:?}", codes(&bad));
        assert_eq!(keys_in(&bench, None).await, expected, "{name}");
    }
}

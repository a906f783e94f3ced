use std::collections::BTreeMap;

use arrow::array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray};
use proptest::prelude::*;

use super::*;
use crate::index::{InMemory, key_of};

fn spec(version: u64) -> Spec {
    Spec {
        table: "res_1".into(),
        version,
        key_items: vec![KeyItem {
            name: "cert_no".into(),
            capitals: true,
        }],
        as_of: Moment(1_000),
    }
}

fn batch(keys: &[Option<&str>], names: &[&str]) -> RecordBatch {
    let amounts = Decimal128Array::from(vec![1250_i128; keys.len()])
        .with_precision_and_scale(10, 2)
        .expect("decimal");
    RecordBatch::try_from_iter([
        ("cert_no", Arc::new(StringArray::from(keys.to_vec())) as ArrayRef),
        ("name", Arc::new(StringArray::from(names.to_vec()))),
        ("n", Arc::new(Int64Array::from_iter_values(0..keys.len() as i64))),
        ("amount", Arc::new(amounts)),
        ("day", Arc::new(Date32Array::from(vec![0; keys.len()]))),
    ])
    .expect("batch")
}

async fn build(store: &IndexStore, spec: Spec, batches: Vec<RecordBatch>) -> Result<Arc<Index>> {
    store
        .build(spec, futures::stream::iter(batches.into_iter().map(Ok)))
        .await
}

fn names(index: &Index, key: &str) -> Vec<String> {
    let key = key_of(&index.manifest.spec.key_items, &[key]);
    index
        .get(&key)
        .expect("look-up")
        .map(|row| row.expect("row").text(1).expect("name").into_owned())
        .collect()
}

#[tokio::test]
async fn a_row_is_found_by_its_key_with_every_value_as_json() {
    let dir = tempfile::tempdir().expect("dir");
    let store = IndexStore::open(dir.path()).expect("store");
    let rows = batch(
        &[Some("33010119900101001x"), None, Some("b"), Some("33010119900101001X")],
        &["甲", "无", "乙", "丙"],
    );
    let index = build(&store, spec(1), vec![rows]).await.expect("index");
    assert_eq!((index.keys(), index.rows(), index.manifest.rows_without_key), (2, 3, 1));
    assert_eq!(names(&index, " 33010119900101001X "), ["甲", "丙"]);
    assert_eq!(names(&index, "c"), Vec::<String>::new());
    let key = key_of(&index.manifest.spec.key_items, &["b"]);
    let row = index.get(&key).expect("look-up").next().expect("a row").expect("whole");
    let json: Vec<_> = (0..5)
        .map(|i| String::from_utf8_lossy(row.json(i).expect("item")).into_owned())
        .collect();
    assert_eq!(json, ["\"b\"", "\"乙\"", "2", "12.50", "\"1970-01-01\""]);
}

#[tokio::test]
async fn a_flipped_byte_in_an_index_is_found_before_it_is_used() {
    let dir = tempfile::tempdir().expect("dir");
    let store = IndexStore::open(dir.path()).expect("store");
    let index = build(&store, spec(1), vec![batch(&[Some("a"), Some("b")], &["甲", "乙"])])
        .await
        .expect("index");
    index.verify().expect("whole");
    let path = dir.path().join(spec(1).name()).with_extension("rows");
    let mut bytes = fs::read(&path).expect("file");
    bytes[40] ^= 1;
    fs::write(&path, bytes).expect("altered");
    let again = IndexStore::open(dir.path())
        .expect("store")
        .get(&spec(1))
        .expect("opens")
        .expect("is there");
    assert!(again.verify().is_err());
}

#[tokio::test]
async fn an_old_version_stays_for_its_readers_and_then_goes() {
    let dir = tempfile::tempdir().expect("dir");
    let store = IndexStore::open(dir.path()).expect("store");
    let old = build(&store, spec(1), vec![batch(&[Some("a")], &["旧"])])
        .await
        .expect("old");
    let new = build(&store, spec(2), vec![batch(&[Some("a")], &["新"])])
        .await
        .expect("new");
    store.retain(&[spec(2)]).expect("retain");
    assert_eq!(
        (names(&old, "a"), names(&new, "a")),
        (vec!["旧".to_owned()], vec!["新".to_owned()])
    );
    let old_path = dir.path().join(spec(1).name()).with_extension("rows");
    assert!(old_path.exists());
    drop(old);
    assert!(!old_path.exists());
    assert!(store.get(&spec(1)).expect("store").is_none());
    // what a killed build leaves is swept
    fs::write(&old_path, b"half").expect("left-over");
    let store = IndexStore::open(dir.path()).expect("store");
    assert!(!old_path.exists());
    assert_eq!(names(&store.get(&spec(2)).expect("store").expect("kept"), "a"), ["新"]);
}

#[tokio::test]
async fn a_build_that_fails_half_way_leaves_nothing() {
    let dir = tempfile::tempdir().expect("dir");
    let store = IndexStore::open(dir.path()).expect("store");
    let broken = futures::stream::iter([Ok(batch(&[Some("a")], &["甲"])), Err(Error::internal("cut"))]);
    assert!(store.build(spec(1), broken).await.is_err());
    assert!(store.get(&spec(1)).expect("store").is_none());
    assert_eq!(fs::read_dir(dir.path()).expect("dir").count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However small the memory of the sort, the file answers like a map.
    #[test]
    fn the_file_answers_like_a_map(keys in prop::collection::vec("[a-d]{0,3}", 0..400), memory in 1usize..20_000) {
        let dir = tempfile::tempdir().expect("dir");
        let store = IndexStore::open(dir.path()).expect("store").with_sort_memory(memory);
        let labels: Vec<String> = (0..keys.len()).map(|i| format!("n{i}")).collect();
        let batches = keys.chunks(37).zip(labels.chunks(37)).map(|(keys, names)| {
            batch(&keys.iter().map(|k| Some(k.as_str())).collect::<Vec<_>>(),
                  &names.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
        let index = runtime.block_on(build(&store, spec(7), batches)).expect("index");
        let mut map = InMemory::default();
        let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, name) in keys.iter().zip(&labels) {
            map.push(&key_of(&spec(7).key_items, &[key.as_str()]), name.as_bytes());
            expected.entry(key.to_uppercase()).or_default().push(name.clone());
        }
        prop_assert_eq!((index.keys(), index.rows()), (map.keys(), map.rows()));
        for (key, names_expected) in expected {
            prop_assert_eq!(names(&index, &key), names_expected);
        }
        prop_assert!(names(&index, "zzz").is_empty());
    }
}

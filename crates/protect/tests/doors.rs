//! The same plan gives the same answer through every door: a column at a time
//! (exports, SQL, publication) and a row at a time (the gateway).

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use base::{GrantId, Moment, ResourceId};
use crypto::hash::Suite;
use proptest::prelude::*;
use protect::*;

fn key() -> MaskKey {
    MaskKey::new(Suite::National, &[7; 32], "grt_1")
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (0u16..8, 0u16..8).prop_map(|(first, last)| Rule::Keep { first, last }),
        Just(Rule::Name),
        Just(Rule::Address),
        Just(Rule::Email),
        Just(Rule::Year),
        Just(Rule::Month),
        prop_oneof![Just(2u8), Just(4)].prop_map(|digits| Rule::Division { digits }),
        (1u32..10_000).prop_map(|unit| Rule::Round { unit }),
        Just(Rule::Hash),
        Just(Rule::Fixed {
            text: "已脱敏".into()
        }),
        Just(Rule::Null),
    ]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{17}[0-9X]",
        "[\\u{4e00}-\\u{4fff}]{1,6}",
        "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9])",
        "-?[0-9]{1,9}(\\.[0-9]{1,3})?",
        "浙江省[杭州宁波]{2}市[\\u{4e00}-\\u{4fff}]{0,8}[区县路号0-9]{1,6}",
        "[a-z]{1,8}@[a-z]{1,5}\\.cn",
        "\\PC{0,12}",
        "",
    ]
}

fn plan(items: Vec<PlanItem>, filter: Option<Filter>) -> AccessPlan {
    AccessPlan::for_grant(GrantDescription {
        grant: GrantId::from("grt_1"),
        resource: ResourceId::from("res_1"),
        table: "t".into(),
        items,
        filter,
        mode: Mode::Query,
        purpose: "参保核验".into(),
        scenario: "医保参保登记".into(),
        rate_per_s: Some(100),
        expires_at: Some(Moment(1_000)),
        watermark: "wm".into(),
    })
    .expect("a plan")
    .with_key(key())
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let array = text::column(batch.column_by_name(column).expect("the column")).expect("text");
    array.iter().map(|v| v.map(str::to_owned)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn sha_6_a_mask_gives_the_same_answer_through_both_doors(
        rule in rules(),
        column in proptest::collection::vec(proptest::option::weighted(0.9, values()), 0..40),
    ) {
        let mask = Mask::new(rule).ready(Some(&key())).expect("ready");
        let single: Vec<Option<String>> =
            column.iter().map(|v| v.as_deref().and_then(|v| mask.value(v)).map(Cow::into_owned)).collect();
        for array in [
            Arc::new(StringArray::from(column.clone())) as ArrayRef,
            Arc::new(LargeStringArray::from(column.clone())),
            arrow::compute::cast(&StringArray::from(column.clone()), &arrow::datatypes::DataType::Utf8View).expect("view"),
        ] {
            let masked: Vec<Option<String>> =
                mask.column(&array).expect("masked").iter().map(|v| v.map(str::to_owned)).collect();
            prop_assert_eq!(&masked, &single);
        }
    }

    #[test]
    fn sha_6_a_plan_gives_the_same_rows_through_both_doors(
        rule in rules(),
        names in proptest::collection::vec(proptest::option::weighted(0.9, values()), 1..30),
        low in -50i64..50, op in prop_oneof![Just(Op::Eq), Just(Op::Ne), Just(Op::Lt), Just(Op::Le), Just(Op::Gt), Just(Op::Ge)],
    ) {
        let rows = names.len();
        let numbers: Vec<Option<i64>> = (0..rows as i64).map(|n| (n % 7 != 6).then_some(n * 5 - 40)).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("name", Arc::new(StringArray::from(names)) as ArrayRef, true),
            ("number", Arc::new(Int64Array::from(numbers)), true),
            ("day", Arc::new(Date32Array::from((0..rows as i32).map(|d| d * 400).collect::<Vec<_>>())), true),
            ("at", Arc::new(TimestampMillisecondArray::from((0..rows as i64).map(|t| t * 99_999_999).collect::<Vec<_>>()).with_timezone("UTC")), true),
            ("sum", Arc::new(Decimal128Array::from((0..rows as i128).map(|s| s * 1234 - 999).collect::<Vec<_>>()).with_precision_and_scale(12, 2).expect("scale")), true),
            ("flag", Arc::new(BooleanArray::from((0..rows).map(|b| b % 3 == 0).collect::<Vec<_>>())), true),
        ]).expect("a batch");
        let filter = Filter::Any { any: vec![
            Filter::test("number", op, Value::Integer(low)),
            Filter::starts_with("day", "1971"),
            Filter::test("flag", Op::Eq, Value::Bool(true)).and(Filter::Test { item: "number".into(), op: Op::NotNull, value: None, values: vec![] }),
        ]};
        let names = ["name", "number", "day", "at", "sum", "flag"];
        let items: Vec<PlanItem> = names.iter().enumerate()
            .map(|(i, n)| if i % 2 == 0 { PlanItem::masked(*n, Mask::new(rule.clone())) } else { PlanItem::plain(*n) })
            .collect();
        let plan = plan(items, Some(filter));

        let by_column = plan.apply(&batch).expect("applied");
        let ready = plan.ready().expect("ready");
        let before: Vec<_> = names.iter().map(|n| texts(&batch, n)).collect();
        let one_row = |row: usize| {
            let get = |name: &str| {
                let at = names.iter().position(|n| *n == name)?;
                before[at][row].as_deref().map(Cow::Borrowed)
            };
            let items = ready.row(&get)?;
            Some(items.into_iter().map(|(_, v)| v.map(Cow::into_owned)).collect::<Vec<_>>())
        };
        let by_row: Vec<_> = (0..rows).filter_map(one_row).collect();
        let columns: Vec<_> = names.iter().map(|n| texts(&by_column, n)).collect();
        let by_column: Vec<Vec<Option<String>>> =
            (0..by_column.num_rows()).map(|r| columns.iter().map(|c| c[r].clone()).collect()).collect();
        prop_assert_eq!(by_row, by_column);
    }

    #[test]
    fn sha_6_keep_never_shows_more_than_it_says(first in 0u16..6, last in 0u16..6, value in "[a-z0-9\\u{4e00}-\\u{4fff}]{1,20}") {
        let mask = Mask::new(Rule::Keep { first, last }).ready(None).expect("ready");
        let masked = mask.value(&value).expect("text").into_owned();
        prop_assert_eq!(masked.chars().count(), value.chars().count());
        let shown = masked.chars().filter(|c| *c != '*').count();
        prop_assert!(shown <= usize::from(first + last));
        prop_assert!(shown < value.chars().count(), "something is always hidden");
    }
}

#[test]
fn sha_6_every_mask_of_the_library_does_what_its_example_says() {
    assert!(mask_library().len() >= 16);
    for named in mask_library() {
        assert!(
            !named.title_en.is_empty() && !named.description_en.is_empty(),
            "{}",
            named.name
        );
        let mask = Mask::named(&named.name)
            .expect("named")
            .ready(Some(&key()))
            .expect("ready");
        match &named.example {
            Some([value, becomes]) => {
                assert_eq!(mask.value(value).as_deref(), Some(becomes.as_str()), "{}", named.name)
            }
            None => assert_ne!(
                mask.value("330106199003071235").as_deref(),
                Some("330106199003071235"),
                "{}",
                named.name
            ),
        }
    }
}

#[test]
fn sha_6_hashes_agree_within_a_grant_and_only_there() {
    let hash = |grant| {
        let key = MaskKey::new(Suite::National, &[7; 32], grant);
        let mask = Mask::new(Rule::Hash).ready(Some(&key)).expect("ready");
        mask.value("330106199003071235").expect("hashed").into_owned()
    };
    assert_eq!(hash("grt_1"), hash("grt_1"));
    assert_ne!(hash("grt_1"), hash("grt_2"));
    assert_eq!(hash("grt_1").len(), 32);
    let refused = Mask::new(Rule::Hash).ready(None).expect_err("no key, no value");
    assert_eq!(refused.code(), "protect.mask_key_missing");
}

#[test]
fn sha_7_a_plan_travels_whole_and_comes_only_from_a_grant_or_a_named_purpose() {
    let before = plan(
        vec![
            PlanItem::masked("cert_no", Mask::named("citizen_id").expect("named")),
            PlanItem::plain("name"),
        ],
        Some(Filter::starts_with("division_code", "3301")),
    );
    let json = serde_json::to_string(&before).expect("written");
    assert!(!json.contains("key\""), "the key of masks never travels: {json}");
    let after: AccessPlan = serde_json::from_str(&json).expect("read");
    assert_eq!(serde_json::to_string(&after).expect("written"), json);
    assert_eq!(after.columns(), Some(vec!["cert_no", "name", "division_code"]));
    assert!(after.expired(Moment(1_000)) && !after.expired(Moment(999)));

    // A stored plan is checked like a new one.
    for broken in [
        json.replace(r#""items":[{"name":"cert_no""#, r#""items":[{"name":"name""#),
        json.replace(r#""table":"t""#, r#""table":"""#),
        json.replace("医保参保登记", " "),
        json.replace(r#""op":"starts_with""#, r#""op":"is_null""#),
    ] {
        assert_ne!(broken, json);
        assert!(serde_json::from_str::<AccessPlan>(&broken).is_err(), "{broken}");
    }
}

#[test]
fn sha_7_a_grants_items_cannot_be_widened() {
    let granted = plan(
        vec![
            PlanItem::masked("cert_no", Mask::new(Rule::Null)),
            PlanItem::plain("name"),
        ],
        None,
    );
    assert_eq!(
        granted.narrowed(&["phone"]).expect_err("not granted").code(),
        "protect.item_not_granted"
    );
    let fewer = granted.narrowed(&["cert_no"]).expect("granted");
    assert_eq!(
        fewer.item("cert_no"),
        granted.item("cert_no"),
        "narrowing keeps the mask"
    );
    assert!(
        granted.clone().with_items(vec![PlanItem::plain("cert_no")]).is_err(),
        "a mask cannot be taken off"
    );

    let batch =
        RecordBatch::try_from_iter([("name", Arc::new(StringArray::from(vec!["甲"])) as ArrayRef)]).expect("batch");
    assert_eq!(
        granted.apply(&batch).expect_err("an item is missing").code(),
        "protect.column_missing"
    );
    let scan = AccessPlan::internal(Internal::QualityScan, ResourceId::from("res_1"), "t");
    assert_eq!(scan.apply(&batch).expect("all columns"), batch);
    assert!(matches!(
        scan.basis(),
        Basis::Internal {
            purpose: Internal::QualityScan
        }
    ));
}

#[test]
fn a_mask_is_written_by_name_or_in_full() {
    let named: Mask = serde_json::from_str(r#""phone""#).expect("by name");
    let full: Mask = serde_json::from_str(r#"{"kind":"keep","first":3,"last":4}"#).expect("in full");
    assert_eq!(named.rule, full.rule);
    assert_eq!(
        serde_json::from_str::<Mask>(&serde_json::to_string(&named).expect("written")).expect("read"),
        named
    );
    assert!(serde_json::from_str::<Mask>(r#""no such mask""#).is_err());
    assert!(serde_json::from_str::<Mask>(r#"{"kind":"round","unit":0}"#).is_err());
    assert!(serde_json::from_str::<Mask>(r#"{"kind":"keep","first":3}"#).is_err());
}

#![allow(clippy::expect_used, clippy::unwrap_used)]
use std::collections::{BTreeMap, HashSet};

use base::codes;
use chrono::NaiveDate;
use generate::*;

fn spec(rows: u64) -> Spec {
    Spec::new(rows, 7, NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day"))
}

type Row = BTreeMap<String, String>;

fn rows(csv_text: &[u8]) -> Vec<Row> {
    csv::Reader::from_reader(csv_text)
        .deserialize()
        .map(|r| r.expect("a row"))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_bytes_whatever_the_threads() {
    for format in [Format::Csv, Format::Json, Format::Parquet] {
        let make = |threads| {
            let mut out = Vec::new();
            let spec = Spec {
                threads,
                format,
                error_rate: 0.01,
                ..spec(40_000)
            };
            let report = insurance(&spec, &mut out).expect("made");
            assert_eq!(report.bytes, out.len() as u64);
            (out, report)
        };
        let (one, three) = (make(1), make(3));
        assert!(one == three, "{format:?} differs");
        let other = Spec {
            seed: 8,
            format,
            error_rate: 0.01,
            ..spec(40_000)
        };
        let mut out = Vec::new();
        insurance(&other, &mut out).expect("made");
        assert!(out != one.0, "another seed, other bytes");
    }
}

#[test]
fn plt_4_sound_rows_have_codes_that_check_and_keys_of_their_own() {
    let mut out = Vec::new();
    insurance(&spec(30_000), &mut out).expect("made");
    let mut keys = HashSet::new();
    for row in rows(&out) {
        codes::citizen_id(&row["social_security_no"]).expect("a valid number");
        assert!(row["uscc"].is_empty() || codes::uscc(&row["uscc"]) == codes::Uscc::Valid);
        assert!(codes::division(&row["division_code"]).is_some());
        for coded in schema::INSURANCE.iter().filter_map(|i| Some((i.name, i.code_set?))) {
            assert!(
                base::code_sets::code_set(coded.1).expect("the set").has(&row[coded.0]),
                "{coded:?}"
            );
        }
        for item in &schema::INSURANCE {
            assert!(item.nullable || !row[item.name].is_empty(), "{}", item.name);
            assert!(
                item.length == 0 || row[item.name].chars().count() <= item.length as usize,
                "{}",
                item.name
            );
        }
        assert!(
            keys.insert((row["cert_no"].clone(), row["insurance_type"].clone())),
            "{row:?}"
        );
    }
    let mut out = Vec::new();
    equipment(&spec(20_000), &mut out).expect("made");
    let mut keys = HashSet::new();
    for row in rows(&out) {
        assert_eq!(codes::uscc(&row["uscc"]), codes::Uscc::Valid);
        assert!(row["next_inspection_on"] > row["registered_on"]);
        assert!(row["location"].contains(codes::division(&row["division_code"]).expect("known").name));
        assert_eq!(row["equipment_code"].len(), 17);
        assert!(keys.insert(row["certificate_no"].clone()));
    }
}

/// What is wrong with a row, found by looking and not by asking the generator.
fn fault(row: &Row, seen: &mut HashSet<(String, String)>) -> Option<ErrorKind> {
    let id = &row["social_security_no"];
    let key = (row["cert_no"].clone(), row["insurance_type"].clone());
    Some(match () {
        () if row["name"].is_empty() => ErrorKind::MissingRequired,
        () if row["name"].chars().count() > 50 => ErrorKind::Overlong,
        () if codes::has_full_width(id) => ErrorKind::FullWidthDigits,
        () if codes::citizen_id(id).is_err() => ErrorKind::WrongCheckDigit,
        () if NaiveDate::parse_from_str(&row["updated_at"][..10], "%Y-%m-%d").is_err() => ErrorKind::ImpossibleDate,
        () if codes::division(&row["division_code"]).is_none() => ErrorKind::UnknownDivision,
        () if !base::code_sets::code_set("cert_type")
            .expect("the set")
            .has(&row["cert_type"]) =>
        {
            ErrorKind::UnknownCode
        }
        () if !seen.insert(key) => ErrorKind::DuplicateKey,
        () => return None,
    })
}

#[test]
fn the_report_counts_every_error_that_is_in_the_file() {
    let mut out = Vec::new();
    let report = insurance(
        &Spec {
            error_rate: 0.02,
            ..spec(50_000)
        },
        &mut out,
    )
    .expect("made");
    let mut seen = HashSet::new();
    let mut found = Counts::new();
    for row in rows(&out) {
        if let Some(kind) = fault(&row, &mut seen) {
            *found.entry(kind).or_default() += 1;
        }
    }
    assert_eq!(found, report.errors);
    assert_eq!(found.len(), ErrorKind::ALL.len(), "every kind occurs");
    let all: u64 = found.values().sum();
    assert!((850..1150).contains(&all), "about two percent: {all}");
}

#[test]
fn equipment_errors_are_counted_too() {
    let mut out = Vec::new();
    let report = equipment(
        &Spec {
            error_rate: 0.05,
            ..spec(20_000)
        },
        &mut out,
    )
    .expect("made");
    let failing = rows(&out)
        .iter()
        .filter(|r| {
            matches!(
                codes::uscc(&r["uscc"]),
                codes::Uscc::CheckDigitFails {
                    organisation_code_ok: false
                }
            )
        })
        .count();
    assert_eq!(failing as u64, report.errors[&ErrorKind::WrongCheckDigit]);
}

#[test]
fn every_format_holds_the_same_rows() {
    let make = |format, encoding, titles| {
        let mut out = Vec::new();
        insurance(
            &Spec {
                format,
                encoding,
                titles,
                error_rate: 0.05,
                ..spec(3_000)
            },
            &mut out,
        )
        .expect("made");
        out
    };
    let plain = rows(&make(Format::Csv, Encoding::Utf8, false));
    let (text, _, damaged) = encoding_rs::GB18030
        .decode(&make(Format::Csv, Encoding::Gb18030, true))
        .to_owned_parts();
    assert!(!damaged && text.starts_with("社会保障号码,姓名,证件类型"));
    let titled = rows(text.as_bytes());
    for (a, b) in plain.iter().zip(&titled) {
        for item in &schema::INSURANCE {
            assert_eq!(a[item.name], b[item.title]);
        }
    }
    let json = String::from_utf8(make(Format::Json, Encoding::Utf8, false)).expect("UTF-8");
    for (a, line) in plain.iter().zip(json.lines()) {
        let b: BTreeMap<String, Option<String>> = serde_json::from_str(line).expect("an object");
        assert!(
            a.iter().all(|(k, v)| b[k].as_deref().unwrap_or_default() == v),
            "{line}"
        );
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), make(Format::Parquet, Encoding::Utf8, false)).expect("written");
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file.reopen().expect("open"));
    let mut at = 0;
    for batch in reader.expect("parquet").build().expect("a reader") {
        let batch = batch.expect("a batch");
        let names = batch.column_by_name("name").expect("name");
        let names = names
            .as_any()
            .downcast_ref::<arrow::array::StringArray>()
            .expect("text");
        for name in names {
            assert_eq!(name.unwrap_or_default(), plain[at]["name"]);
            at += 1;
        }
    }
    assert_eq!((at, plain.len(), titled.len()), (3_000, 3_000, 3_000));
}

trait OwnedParts {
    fn to_owned_parts(self) -> (String, &'static encoding_rs::Encoding, bool);
}
impl OwnedParts for (std::borrow::Cow<'_, str>, &'static encoding_rs::Encoding, bool) {
    fn to_owned_parts(self) -> (String, &'static encoding_rs::Encoding, bool) {
        (self.0.into_owned(), self.1, self.2)
    }
}

#[test]
fn a_specification_that_cannot_be_met_is_refused() {
    assert!(
        insurance(
            &Spec {
                error_rate: 1.5,
                ..spec(1)
            },
            std::io::sink()
        )
        .is_err()
    );
    assert!(
        insurance(
            &Spec {
                encoding: Encoding::Gb18030,
                format: Format::Json,
                ..spec(1)
            },
            std::io::sink()
        )
        .is_err()
    );
    assert_eq!(insurance(&spec(0), std::io::sink()).expect("nothing").rows, 0);
}

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray};

use super::*;

fn head() -> Head {
    let item = |name: &str, title: &str| DictionaryItem {
        name: name.into(),
        title: title.into(),
        meaning: String::new(),
        r#type: "string".into(),
        length: None,
        ..Default::default()
    };
    Head {
        id: "res_1".into(),
        title: "特种设备<使用>登记证".into(),
        opener: "省市场监管局".into(),
        licence: "免费".into(),
        source: "http://127.0.0.1/datasets/x".into(),
        version: 1,
        table_version: 3,
        items: vec![
            item("code", "编号"),
            item("n", "数量"),
            item("price", "价"),
            item("ok", "在用"),
            item("day", "日期"),
        ],
    }
}

fn batch() -> RecordBatch {
    RecordBatch::try_from_iter([
        (
            "code",
            Arc::new(StringArray::from(vec![
                Some("=HYPERLINK(\"x\")"),
                Some("a<b&\u{1}c"),
                None,
            ])) as ArrayRef,
        ),
        (
            "n",
            Arc::new(Int64Array::from(vec![Some(-5), Some(9_007_199_254_740_993), None])),
        ),
        (
            "price",
            Arc::new(
                Decimal128Array::from(vec![Some(1250), None, Some(-1)])
                    .with_precision_and_scale(10, 2)
                    .expect("decimal"),
            ),
        ),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("day", Arc::new(Date32Array::from(vec![Some(20_000), None, Some(0)]))),
    ])
    .expect("batch")
}

fn write(sheet_rows: u32, times: usize) -> (tempfile::TempDir, Vec<FileFacts>) {
    let dir = tempfile::tempdir().expect("dir");
    let mut files = Files::with_sheet_rows(dir.path(), &head(), sheet_rows).expect("begin");
    for _ in 0..times {
        files.batch(&batch()).expect("batch");
    }
    let facts = files.finish().expect("finish");
    (dir, facts)
}

#[test]
fn opn_2_every_format_carries_the_same_rows_with_its_size_and_checksum() {
    let (dir, facts) = write(SHEETS, 1);
    for f in &facts {
        let bytes = std::fs::read(path_of(dir.path(), f.format)).expect("file");
        assert_eq!(f.bytes, bytes.len() as u64);
        assert_eq!(f.sha256, hex(&Sha256::digest(&bytes)));
        assert_eq!(f.rows, 3);
    }
    let csv = std::fs::read_to_string(path_of(dir.path(), Format::Csv)).expect("csv");
    assert_eq!(
        csv,
        "\u{feff}code,n,price,ok,day\r\n\"'=HYPERLINK(\"\"x\"\")\",-5,12.50,true,2024-10-04\r\n\
         a<b&\u{1}c,9007199254740993,,,\r\n,,-0.01,false,1970-01-01\r\n"
    );
    let json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path_of(dir.path(), Format::Json)).expect("json")).expect("valid");
    assert_eq!(
        json["rows"][0]["code"], "=HYPERLINK(\"x\")",
        "only spreadsheets need the guard"
    );
    assert_eq!(json["rows"][1]["n"], 9_007_199_254_740_993_i64);
    assert_eq!(json["rows"][2]["code"], serde_json::Value::Null);
    let xml = std::fs::read_to_string(path_of(dir.path(), Format::Xml)).expect("xml");
    assert!(xml.contains("<code>a&lt;b&amp;c</code>"), "{xml}");
    assert!(xml.contains("title=\"特种设备&lt;使用&gt;登记证\""), "{xml}");
    let mut reader = quick_xml::Reader::from_str(&xml);
    while !matches!(reader.read_event().expect("well formed"), quick_xml::events::Event::Eof) {}
}

#[test]
fn opn_2_a_table_longer_than_a_sheet_goes_on_and_says_so() {
    let (dir, facts) = write(4, 3);
    let xlsx = facts.iter().find(|f| f.format == Format::Xlsx).expect("xlsx");
    assert_eq!(xlsx.note.as_deref(), Some("共3张数据表"));
    assert!(
        std::fs::read(path_of(dir.path(), Format::Xlsx))
            .expect("xlsx")
            .starts_with(b"PK")
    );

    let (_dir, facts) = write(4, 5);
    let xlsx = facts.iter().find(|f| f.format == Format::Xlsx).expect("xlsx");
    assert_eq!(
        xlsx.note.as_deref(),
        Some("共4张数据表；仅含前12行，其余3行请下载其他格式")
    );
}

const SHEETS: u32 = xlsx::SHEET_ROWS;

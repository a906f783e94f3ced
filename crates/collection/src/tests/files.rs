use std::io::{Read, Write};

use super::*;
use crate::read::encoding::{Encoding, detect};

const HEADER: &str = "证件号码,姓名,行政区划代码,更新日期\n";

fn csv_of(rows: &str) -> Vec<u8> {
    format!("{HEADER}{rows}").into_bytes()
}

fn gb18030(text: &str) -> Vec<u8> {
    encoding_rs::GB18030.encode(text).0.into_owned()
}

#[test]
fn col_4_the_encoding_is_found_wherever_in_the_file_it_shows() {
    let late = format!("{}杭州市西湖区\n", "a,b\n".repeat(500_000));
    assert_eq!(detect(&mut late.as_bytes()).expect("finds"), Encoding::Utf8);
    assert_eq!(
        detect(&mut gb18030(&late).as_slice()).expect("finds"),
        Encoding::Gb18030
    );
    // 联通 in GB18030 happens to be UTF-8 too: one such line decides nothing.
    assert_eq!(
        detect(&mut gb18030("联通\n杭州\n").as_slice()).expect("finds"),
        Encoding::Gb18030
    );
    let wide: Vec<u8> = "证件号码\n1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(
        detect(&mut [&[0xff, 0xfe][..], &wide].concat().as_slice()).expect("finds"),
        Encoding::Utf16Le
    );
}

#[test]
fn col_4_mixed_encodings_are_told_with_their_lines() {
    let mixed = [csv_of("1,张三丰,330100,\n"), gb18030("2,李四光,330100,\n")].concat();
    let error = detect(&mut mixed.as_slice()).expect_err("refuses");
    assert_eq!(error.code(), "collection.encoding_mixed");
    let told = error.title(base::Lang::Zh);
    assert!(
        told.contains("第 1 行是 UTF-8") && told.contains("第 3 行是 GB18030"),
        "{told}"
    );
    let neither = [b"a,b\n".as_slice(), &[0xff, 0xff, 0xfe, b'\n']].concat();
    assert_eq!(
        detect(&mut neither.as_slice()).expect_err("refuses").code(),
        "collection.encoding_unknown"
    );
}

#[test]
fn col_4_a_line_of_two_gib_is_refused_after_two_mib() {
    struct Counting<R>(R, u64);
    impl<R: Read> Read for Counting<R> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let n = self.0.read(into)?;
            self.1 += n as u64;
            Ok(n)
        }
    }
    let header = HEADER.as_bytes();
    let mut endless = Counting(header.chain(std::io::repeat(b'x').take(2 << 30)), 0);
    let error = detect(&mut endless).expect_err("refuses");
    assert_eq!(error.code(), "collection.line_too_long");
    assert!(
        error.title(base::Lang::Zh).contains("第 2 行"),
        "{}",
        error.title(base::Lang::Zh)
    );
    assert!(endless.1 <= 4 << 20, "read {} bytes", endless.1);
}

#[test]
fn col_4_an_open_quote_does_not_swallow_the_file() {
    let bench = Bench::new(persons());
    let rows = format!("\"1,x,330100,\n{}", "2,y,330100,2024-01-01\n".repeat(400_000));
    let input = bench.open("a.csv", &csv_of(&rows)).expect("opens");
    let error = input
        .blocks
        .map(|b| b.map(drop))
        .find_map(std::result::Result::err)
        .expect("refuses");
    assert_eq!(error.code(), "collection.line_too_long");
}

#[test]
fn col_4_a_name_that_lies_is_refused() {
    let bench = Bench::new(persons());
    let csv = csv_of("1,x,330100,\n");
    assert_eq!(refused(bench.open("a.xlsx", &csv)), "collection.type_mismatch");
    assert_eq!(refused(bench.open("a.parquet", &csv)), "collection.type_mismatch");
    assert_eq!(
        refused(bench.open("a.csv", b"\x89PNG\r\n\x1a\n0000")),
        "collection.type_mismatch"
    );
    assert_eq!(refused(bench.open("a.csv", b"%PDF-1.7")), "collection.type_mismatch");
    assert_eq!(
        refused(bench.open("a.csv", b"PAR1xxxxPAR1")),
        "collection.type_mismatch"
    );
    assert_eq!(
        refused(bench.open("a.csv", &[1, 2, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12])),
        "collection.type_mismatch"
    );
    assert_eq!(refused(bench.open("a.parquet", b"PAR1cut")), "collection.broken_file");
    assert_eq!(
        refused(bench.open("a.jsonl", b"[{\"cert_no\":\"1\"}]")),
        "collection.json_not_lines"
    );
    assert_eq!(refused(bench.open("a", b"\x1f\x8b00")), "collection.unknown_format");
    assert_eq!(refused(bench.open("a.csv", b"")), "collection.empty_file");
    assert_eq!(
        refused(bench.open("../../a.csv", &csv)),
        "opened",
        "a path in a name is no path"
    );
}

#[test]
fn col_4_the_header_says_which_column_is_which_item() {
    let bench = Bench::new(persons());
    let headers = [
        "cert_no,name,division_code,updated_on",
        "\u{feff}证件号码;姓名;行政区划代码;更新日期",
        "姓名\t CERT_NO \t备注",
        "证件号码|ｎａｍｅ",
    ];
    for header in headers {
        assert_eq!(
            refused(bench.open("a.csv", format!("{header}\n").as_bytes())),
            "opened",
            "{header}"
        );
    }
    assert_eq!(refused(bench.open("a.csv", b"x,y\n1,2\n")), "collection.no_header");
    assert_eq!(
        refused(bench.open("a.csv", "姓名,更新日期\n".as_bytes())),
        "collection.missing_columns"
    );
    assert_eq!(
        refused(bench.open("a.csv", "证件号码,cert_no\n".as_bytes())),
        "collection.double_column"
    );
    let input = bench.open("a.csv", "证件号码,备注\n1,x\n".as_bytes()).expect("opens");
    assert_eq!(input.unknown_columns, ["备注"]);
}

fn zip_of(members: &[(&str, u64)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, zeros) in members {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).expect("begins");
        std::io::copy(&mut std::io::repeat(0).take(*zeros), &mut zip).expect("writes");
    }
    zip.finish().expect("ends").into_inner()
}

#[test]
fn col_4_a_zip_bomb_is_refused_before_it_is_unpacked() {
    let bench = Bench::new(persons());
    let bomb = zip_of(&[("xl/workbook.xml", 100), ("xl/worksheets/sheet1.xml", 64 << 20)]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(refused(bench.open("a.xlsx", &bomb)), "collection.zip_bomb");
    assert_eq!(
        refused(bench.open("a.xlsx", &zip_of(&[("readme.txt", 10)]))),
        "collection.type_mismatch"
    );
    let cut = &bomb[..bomb.len() / 2];
    assert_eq!(refused(bench.open("a.xlsx", cut)), "collection.broken_file");
}

fn workbook() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().set_name("说明").expect("a name");
    let sheet = book.add_worksheet().set_name("数据").expect("a name");
    for (column, title) in ["证件号码", "姓名", "行政区划代码", "更新日期"].into_iter().enumerate() {
        sheet.write_string(0, column as u16, title).expect("writes");
    }
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    sheet.write_string(1, 0, GOOD_ID).expect("writes");
    sheet.write_number(1, 2, 330100.0).expect("writes");
    sheet.write_number_with_format(1, 3, 45292.0, &date).expect("writes");
    sheet.write_number(3, 0, 330102199001011234.0).expect("writes");
    book.save_to_buffer().expect("saves")
}

#[tokio::test(flavor = "multi_thread")]
async fn col_4_a_workbook_gives_dates_and_says_which_numbers_lost_their_tail() {
    let bench = Bench::new(persons());
    let path = bench.file("a.xlsx", &workbook());
    let hints = |sheet: &str| Hints {
        sheet: Some(sheet.into()),
        ..Default::default()
    };
    assert_eq!(
        refused(read::open(&path, "a.xlsx", &hints("别的"), &bench.spec)),
        "collection.sheet_missing"
    );
    let input = read::open(&path, "a.xlsx", &hints("数据"), &bench.spec).expect("opens");
    let checker = crate::Checker::new(bench.spec.clone()).expect("a checker");
    let mut rows = vec![];
    let mut bad = vec![];
    for block in input.blocks {
        let text = input.parser.parse(block.expect("reads")).expect("parses");
        let checked = checker.check(&text).expect("checks");
        rows.extend(checked.rows);
        bad.extend(checked.bad);
        if checked.good.num_rows() > 0 {
            let day = arrow::compute::cast(checked.good.column(3), &arrow::datatypes::DataType::Utf8).expect("casts");
            assert_eq!(arrow::array::AsArray::as_string::<i32>(&day).value(0), "2024-01-01");
        }
    }
    assert_eq!(rows, [2]);
    assert_eq!(
        codes(&bad),
        [(4, vec!["through_number"])],
        "row 3 is blank, row 4 went through a number"
    );
}

#[test]
fn col_4_json_lines_keep_long_numbers_and_tell_broken_lines() {
    let bench = Bench::new(persons());
    let lines = format!(
        "{{\"证件号码\":\"{GOOD_ID}\",\"姓名\":null}}\n{{\"cert_no\":440524188001010014}}\n\n{{\"cert_no\":[1]}}\nnot json\n{{\"cert_no\":4.40524188001010e17}}\n"
    );
    let input = bench.open("a.jsonl", lines.as_bytes()).expect("opens");
    let block = input.blocks.map(|b| b.expect("reads")).next().expect("a block");
    let text = input.parser.parse(block).expect("parses");
    assert_eq!(text.columns[0].value(1), OTHER_ID);
    assert_eq!(text.broken.iter().map(|b| b.row).collect::<Vec<_>>(), [3, 4]);
    assert_eq!(text.through_number, [(2, 0)]);
}

/// The property that memory stands on: no block is larger than its bound.
#[test]
fn col_4_blocks_are_bounded_however_long_the_file() {
    let bench = Bench::new(persons());
    let path = bench.dir.path().join("long.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("creates"));
    file.write_all(HEADER.as_bytes()).expect("writes");
    for n in 0..400_000 {
        writeln!(file, "{n},\"某某,{n}\",330100,2024-01-01").expect("writes");
    }
    file.into_inner().expect("flushes");
    let input = read::open(&path, "long.csv", &Hints::default(), &bench.spec).expect("opens");
    let mut rows = 0;
    for block in input.blocks {
        let block = block.expect("reads");
        if let crate::read::Block::Bytes { bytes, first_row, .. } = &block {
            assert!(bytes.len() <= crate::read::BLOCK_BYTES + base::limits::LINE_BYTES_MAX);
            assert_eq!(*first_row, rows + 2);
        }
        rows += block.rows();
    }
    assert_eq!(rows, 400_000);
}

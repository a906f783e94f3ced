//! Parquet: typed already, but checked like everything else; its values are
//! read as the text that means them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::util::display::FormatOptions;
use base::{Error, Result};

use super::{BLOCK_ROWS, Block, Format, Input, Layout, Parser};
use crate::errors::BROKEN_FILE;
use crate::spec::TableSpec;
use crate::text::TextBatch;

pub(super) fn open(path: &Path, spec: &Arc<TableSpec>) -> Result<Input> {
    let file = File::open(path).map_err(Error::internal)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
    let headings = builder.schema().fields().iter().map(|f| f.name().clone()).collect();
    let layout = Layout::of(headings, spec)?;
    let reader = builder.with_batch_size(BLOCK_ROWS).build().map_err(broken)?;
    let source = layout.source.clone();
    let mut next_row = 1u64;
    let blocks = reader.map(move |batch| {
        let batch = batch.map_err(broken)?;
        let text = text_of(&batch, &source, next_row)?;
        next_row += batch.num_rows() as u64;
        Ok(Block::Rows(text))
    });
    Ok(Input {
        format: Format::Parquet,
        encoding: None,
        sheet: None,
        unknown_columns: layout.unknown,
        parser: Arc::new(Parser::Rows),
        blocks: Box::new(blocks),
        consumed: Arc::default(),
    })
}

fn broken(e: impl std::fmt::Display) -> Error {
    Error::new(&BROKEN_FILE).with("detail", "Parquet").because(e)
}

fn text_of(batch: &RecordBatch, source: &[Option<usize>], first_row: u64) -> Result<TextBatch> {
    let mut text = TextBatch {
        rows: (first_row..first_row + batch.num_rows() as u64).collect(),
        ..Default::default()
    };
    for (item, column) in source.iter().enumerate() {
        let column = match column {
            Some(column) => batch.column(*column),
            None => {
                text.columns.push(StringArray::new_null(batch.num_rows()));
                continue;
            }
        };
        text.columns.push(as_text(column)?);
        if matches!(column.data_type(), DataType::Float32 | DataType::Float64) {
            text.through_number.extend(many_digits(column).map(|at| (at, item)));
        }
    }
    Ok(text)
}

fn as_text(column: &ArrayRef) -> Result<StringArray> {
    // Moments without a zone are China's, as everywhere in the loader.
    let format = FormatOptions::new().with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"));
    let options = CastOptions {
        safe: false,
        format_options: format,
    };
    let column = cast_with_options(column, &DataType::Utf8, &options).map_err(broken)?;
    let text = column.as_string::<i32>();
    // An empty text means the same as none, in every format.
    Ok(text
        .iter()
        .map(|t| t.map(str::trim).filter(|t| !t.is_empty()))
        .collect())
}

fn many_digits(column: &ArrayRef) -> impl Iterator<Item = usize> {
    let doubles = arrow::compute::cast(column, &DataType::Float64).ok();
    let rows = column.len();
    (0..rows).filter(move |i| {
        doubles.as_ref().is_some_and(|d| {
            let d = d.as_primitive::<arrow::datatypes::Float64Type>();
            d.is_valid(*i) && d.value(*i).abs() >= 1e15
        })
    })
}

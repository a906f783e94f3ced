//! The canonical text of a value: what masks and filters work on, and what
//! every door shows. Dates `2020-02-29`; times with a zone RFC 3339 in China's
//! (`2020-02-29T08:00:00.000+08:00`), without one `2020-02-29T08:00:00`;
//! numbers in full, without exponents of the writer's choosing; `true`, `false`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

const OPTIONS: FormatOptions<'static> = FormatOptions::new()
    .with_display_error(false)
    .with_date_format(Some("%Y-%m-%d"))
    .with_datetime_format(Some("%Y-%m-%dT%H:%M:%S"))
    .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S"))
    .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.3f%:z"));

/// A column as its canonical texts. Text columns are shared, not copied.
pub fn column(array: &dyn Array) -> Result<StringArray, ArrowError> {
    match array.data_type() {
        DataType::Utf8 => downcast(array),
        DataType::LargeUtf8 | DataType::Utf8View => downcast(&*cast(array, &DataType::Utf8)?),
        DataType::Dictionary(_, values) if values.is_string() => downcast(&*cast(array, &DataType::Utf8)?),
        DataType::Timestamp(_, Some(_)) => {
            let china = DataType::Timestamp(TimeUnit::Millisecond, Some(Arc::from("+08:00")));
            formatted(&cast(array, &china)?)
        }
        _ => formatted(&arrow::array::make_array(array.to_data())),
    }
}

fn downcast(array: &dyn Array) -> Result<StringArray, ArrowError> {
    let strings = array.as_any().downcast_ref::<StringArray>();
    strings
        .cloned()
        .ok_or_else(|| ArrowError::CastError(format!("{} is not text", array.data_type())))
}

fn formatted(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let formatter = ArrayFormatter::try_new(array, &OPTIONS)?;
    let mut out = StringBuilder::with_capacity(array.len(), array.len() * 12);
    for row in 0..array.len() {
        if array.is_null(row) {
            out.append_null();
        } else {
            formatter.value(row).write(&mut out)?;
            out.append_value("");
        }
    }
    Ok(out.finish())
}

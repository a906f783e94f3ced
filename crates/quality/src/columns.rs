//! Columns as tests read them: without copying where the table's type allows.

use arrow::array::{
    Array, ArrayRef, Float64Array, LargeStringArray, StringArray, StringViewArray, TimestampMillisecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use base::Moment;

/// A column's texts.
pub enum Texts {
    Utf8(StringArray),
    Large(LargeStringArray),
    View(StringViewArray),
}

impl Texts {
    pub fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let any = array.as_any();
        Ok(if let Some(texts) = any.downcast_ref::<StringViewArray>() {
            Self::View(texts.clone())
        } else if let Some(texts) = any.downcast_ref::<LargeStringArray>() {
            Self::Large(texts.clone())
        } else {
            Self::Utf8(protect::text::column(array)?)
        })
    }
    pub fn get(&self, row: usize) -> Option<&str> {
        match self {
            Self::Utf8(a) => a.is_valid(row).then(|| a.value(row)),
            Self::Large(a) => a.is_valid(row).then(|| a.value(row)),
            Self::View(a) => a.is_valid(row).then(|| a.value(row)),
        }
    }
}

/// A column's moments, ms; a date is its first moment in China.
pub struct Moments(TimestampMillisecondArray, i64);

impl Moments {
    pub fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let utc = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let (target, shift_ms) = match array.data_type() {
            DataType::Timestamp(_, Some(_)) => (utc, 0),
            // Without a zone it was written in China.
            _ => (DataType::Timestamp(TimeUnit::Millisecond, None), 8 * 3_600_000),
        };
        let cast = cast(array, &target)?;
        let moments = cast.as_any().downcast_ref::<TimestampMillisecondArray>();
        let moments = moments.ok_or_else(|| ArrowError::CastError(format!("{} is no time", array.data_type())))?;
        Ok(Self(moments.clone(), shift_ms))
    }
    pub fn get(&self, row: usize) -> Option<Moment> {
        self.0.is_valid(row).then(|| Moment(self.0.value(row) - self.1))
    }
}

/// A column's numbers.
pub struct Numbers(Float64Array);

impl Numbers {
    pub fn new(array: &ArrayRef) -> Result<Self, ArrowError> {
        let cast = cast(array, &DataType::Float64)?;
        let numbers = cast.as_any().downcast_ref::<Float64Array>();
        numbers
            .cloned()
            .map(Self)
            .ok_or_else(|| ArrowError::CastError(format!("{} is no number", array.data_type())))
    }
    pub fn get(&self, row: usize) -> Option<f64> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

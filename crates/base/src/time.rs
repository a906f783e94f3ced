//! Time comes in through a [`Clock`]. A [`Moment`] is milliseconds since the
//! Unix epoch, UTC; people and the law read it in China Standard Time, which
//! has had no other offset since 1991.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, NaiveDate, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// UTC+08:00, Asia/Shanghai.
pub fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| unreachable!("eight hours is an offset"))
}

/// A point in time: milliseconds since 1970-01-01T00:00:00Z. On the wire it is
/// RFC 3339 with the offset `+08:00`; in the stores it is the integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    pub fn in_china(self) -> DateTime<FixedOffset> {
        china()
            .timestamp_millis_opt(self.0)
            .single()
            .unwrap_or_else(|| china().timestamp_nanos(0))
    }
    /// The calendar day in China.
    pub fn date(self) -> NaiveDate {
        self.in_china().date_naive()
    }
    /// The last millisecond of a day in China: when a deadline on that day ends.
    pub fn end_of(day: NaiveDate) -> Self {
        let midnight_utc = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis();
        Self(midnight_utc - 8 * 3_600_000 + 86_400_000 - 1)
    }
    pub fn start_of(day: NaiveDate) -> Self {
        Self(Self::end_of(day).0 - 86_400_000 + 1)
    }
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0 + ms)
    }
    pub fn rfc3339(self) -> String {
        self.in_china().to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
    }
    pub fn parse(s: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(s).ok().map(|t| Self(t.timestamp_millis()))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rfc3339())
    }
}
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.rfc3339())
    }
}
impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = String::deserialize(d)?;
        Self::parse(&s).ok_or_else(|| serde::de::Error::custom("not an RFC 3339 time"))
    }
}
impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .description(Some("RFC 3339, offset +08:00"))
            .into()
    }
}
impl utoipa::ToSchema for Moment {
    fn name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
}

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Moment;
}

/// The machine's clock: the only place that reads it.
pub struct SystemClock;
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Moment {
        Moment(Utc::now().timestamp_millis())
    }
}

/// A clock that a test (or the demo's checks) moves by hand.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);
impl ManualClock {
    pub fn at(moment: Moment) -> Self {
        Self(Arc::new(AtomicI64::new(moment.0)))
    }
    pub fn set(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::SeqCst);
    }
    pub fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}
impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_china_ends_at_sixteen_hours_utc() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
        assert_eq!(Moment::end_of(day).rfc3339(), "2026-11-20T23:59:59.999+08:00");
        assert_eq!(Moment::start_of(day).rfc3339(), "2026-11-20T00:00:00.000+08:00");
        assert_eq!(Moment::end_of(day).date(), day);
        assert_eq!(Moment::parse("2026-11-20T16:00:00Z").map(Moment::date), day.succ_opt());
    }
}

//! Working days by the State Council's yearly notices.

use std::collections::{BTreeMap, BTreeSet};

use base::Lang;
use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::{LawError, Text};

/// 工作日历. Within the years it covers, holidays and adjusted weekends count as
/// the notice says; outside of them only weekends are known.
#[derive(Debug)]
pub struct Calendar {
    years: BTreeSet<i32>,
    off: BTreeMap<NaiveDate, Text>,
    worked: BTreeMap<NaiveDate, Text>,
}

/// Why a day counts or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// 收到当日
    Receipt,
    Workday,
    /// 调休上班: a weekend day worked for the holiday named.
    Adjusted(Text),
    Weekend,
    Holiday(Text),
    /// A weekday of a year without a published calendar.
    Unpublished,
}

impl Why {
    pub fn counts(&self) -> bool {
        matches!(self, Why::Workday | Why::Adjusted(_) | Why::Unpublished)
    }

    pub fn text(&self, lang: Lang) -> String {
        let zh = lang == Lang::Zh;
        match self {
            Why::Receipt if zh => "收到当日不计入".into(),
            Why::Receipt => "the day of receipt does not count".into(),
            Why::Workday if zh => "工作日".into(),
            Why::Workday => "working day".into(),
            Why::Adjusted(holiday) if zh => format!("{}调休上班", holiday.zh),
            Why::Adjusted(holiday) => format!("worked instead of a day off at {}", holiday.en),
            Why::Weekend if zh => "周末".into(),
            Why::Weekend => "weekend".into(),
            Why::Holiday(holiday) if zh => format!("{}放假", holiday.zh),
            Why::Holiday(holiday) => holiday.en.clone(),
            Why::Unpublished if zh => "工作日(该年放假安排尚未公布，暂按周一至周五计)".into(),
            Why::Unpublished => "working day (that year's calendar is not published; weekdays counted for now)".into(),
        }
    }
}

/// One day of a counting, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CountedDay {
    /// The day in China.
    pub date: NaiveDate,
    pub counts: bool,
    /// Why it counts or does not, in the language of the request.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    years: Vec<Year>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i32,
    #[serde(rename = "notice")]
    _notice: String,
    holidays: Vec<Holiday>,
}
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Holiday {
    zh: String,
    en: String,
    days: [NaiveDate; 2],
    #[serde(default)]
    work: Vec<NaiveDate>,
}

impl Calendar {
    pub fn parse(text: &str) -> Result<Self, LawError> {
        let bad = |message: String| LawError::new("calendar", message);
        let file: File = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
        let mut calendar = Self {
            years: BTreeSet::new(),
            off: BTreeMap::new(),
            worked: BTreeMap::new(),
        };
        for year in file.years {
            if !calendar.years.insert(year.year) {
                return Err(bad(format!("{} stands twice", year.year)));
            }
            for holiday in year.holidays {
                let name = Text {
                    zh: holiday.zh,
                    en: holiday.en,
                };
                let [first, last] = holiday.days;
                if last < first {
                    return Err(bad(format!("{} {first}: ends before it begins", name.zh)));
                }
                calendar.off.extend(
                    first
                        .iter_days()
                        .take_while(|day| *day <= last)
                        .map(|day| (day, name.clone())),
                );
                for day in holiday.work {
                    if !is_weekend(day) {
                        return Err(bad(format!("{day} is worked instead, but is no weekend day")));
                    }
                    calendar.worked.insert(day, name.clone());
                }
            }
        }
        if calendar.years.is_empty() {
            return Err(bad("no year".into()));
        }
        Ok(calendar)
    }

    /// Whether the day's year has a published calendar.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.years.contains(&day.year())
    }
    /// The years covered, ascending.
    pub fn years(&self) -> impl Iterator<Item = i32> {
        self.years.iter().copied()
    }

    pub fn why(&self, day: NaiveDate) -> Why {
        match (self.worked.get(&day), self.off.get(&day)) {
            (Some(holiday), _) => Why::Adjusted(holiday.clone()),
            (None, Some(holiday)) => Why::Holiday(holiday.clone()),
            (None, None) if is_weekend(day) => Why::Weekend,
            (None, None) if self.covers(day) => Why::Workday,
            (None, None) => Why::Unpublished,
        }
    }
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        self.why(day).counts()
    }

    /// The working days after `day`, without end.
    pub fn working_days_after(&self, day: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        day.iter_days().skip(1).filter(|day| self.is_working_day(*day))
    }
    /// The day `n` working days after `day`; `day` itself when `n` is 0.
    pub fn add(&self, day: NaiveDate, n: u16) -> NaiveDate {
        match n {
            0 => day,
            n => self
                .working_days_after(day)
                .nth(usize::from(n) - 1)
                .unwrap_or(NaiveDate::MAX),
        }
    }
    /// Working days after `from`, up to and with `to`.
    pub fn working_days(&self, from: NaiveDate, to: NaiveDate) -> u32 {
        self.working_days_after(from).take_while(|day| *day <= to).count() as u32
    }
}

fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }
    fn calendar() -> Calendar {
        Calendar::parse(crate::CALENDAR_CN).expect("the shipped calendar")
    }

    #[test]
    fn holidays_and_adjusted_weekends_count_as_the_notice_says() {
        let calendar = calendar();
        // the eve of National Day 2024: Sunday 29 September is worked
        assert_eq!(calendar.add(day("2024-09-27"), 1), day("2024-09-29"));
        assert_eq!(calendar.add(day("2024-09-30"), 2), day("2024-10-09"));
        assert_eq!(calendar.working_days(day("2024-09-30"), day("2024-10-12")), 5);
        assert!(matches!(calendar.why(day("2026-02-16")), Why::Holiday(name) if name.zh == "春节"));
        assert!(matches!(calendar.why(day("2026-02-14")), Why::Adjusted(_)));
    }

    #[test]
    fn a_year_without_a_notice_is_counted_by_weekends_and_says_so() {
        let calendar = calendar();
        assert!(!calendar.covers(day("2027-01-04")));
        assert_eq!(calendar.why(day("2027-01-04")), Why::Unpublished);
        assert_eq!(calendar.why(day("2027-01-02")), Why::Weekend);
    }

    #[test]
    fn a_calendar_with_a_mistake_is_refused() {
        for text in [
            "years = []",
            "[[years]]\nyear = 2020\nnotice = ''\nholidays = [{ zh = '元旦', en = '', days = ['2020-01-02', '2020-01-01'] }]",
            "[[years]]\nyear = 2020\nnotice = ''\nholidays = [{ zh = '元旦', en = '', days = ['2020-01-01', '2020-01-01'], work = ['2020-01-02'] }]",
        ] {
            assert!(Calendar::parse(text).is_err(), "{text}");
        }
    }
}

//! Deadlines: when one ends, how it was counted, how it stands now.
//!
//! The day of receipt does not count; a deadline is the end of its last
//! working day, Asia/Shanghai. 立即 ("at once") is 0 working days: it ends with
//! the day of receipt, be it a working day or not.

use base::{Lang, Moment};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, CountedDay, Why};
use crate::{Article, ArticleView};

const DAY_MS: i64 = 86_400_000;

/// 期限
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The day that the counting starts from and that does not count itself.
    pub from: NaiveDate,
    pub working_days: u16,
    /// The last millisecond of the last day.
    pub due: Moment,
    /// The calendar does not reach that far: a later notice can move it.
    pub provisional: bool,
}

/// 期限状态
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    /// Open, with more than a third of its working time left.
    Running,
    /// Open, in the last third of its working time.
    Warning,
    /// Open, and past its end.
    Overdue,
    /// Closed in time.
    Kept,
    /// Closed late.
    Missed,
}

impl ClockState {
    pub const ALL: [ClockState; 5] = [
        ClockState::Running,
        ClockState::Warning,
        ClockState::Overdue,
        ClockState::Kept,
        ClockState::Missed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            ClockState::Running => "running",
            ClockState::Warning => "warning",
            ClockState::Overdue => "overdue",
            ClockState::Kept => "kept",
            ClockState::Missed => "missed",
        }
    }
}

/// A deadline as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Clock {
    /// When it ends.
    pub due: Moment,
    /// The day that it ends, in China.
    pub due_date: NaiveDate,
    /// Working days given; 0 is "at once".
    pub working_days: u16,
    /// Day by day, from the day of receipt to the day due.
    pub counted_days: Vec<CountedDay>,
    /// Whole working days left after today (0: due today); below 0, working days late.
    pub remaining_working_days: i32,
    pub state: ClockState,
    /// Working days late, begun ones included; 0 when in time.
    pub late_working_days: u32,
    /// The State Council has not published the calendar of some day counted.
    pub provisional: bool,
    /// The article that sets it.
    pub article: ArticleView,
}

impl Deadline {
    pub fn due_date(&self) -> NaiveDate {
        self.due.date()
    }

    /// The same duty given `working_days` more, counted on from its end (延长).
    pub fn extended(&self, calendar: &Calendar, working_days: u16) -> Self {
        let further = calendar.deadline(self.due, working_days);
        Self {
            provisional: self.provisional || further.provisional,
            ..further
        }
    }

    /// Each day from the day of receipt to the day due, and why it counts or not.
    pub fn counting(&self, calendar: &Calendar, lang: Lang) -> Vec<CountedDay> {
        let whys = self
            .from
            .iter_days()
            .take_while(|day| *day <= self.due_date())
            .map(|day| {
                let why = if day == self.from {
                    Why::Receipt
                } else {
                    calendar.why(day)
                };
                (day, why)
            });
        whys.map(|(date, why)| CountedDay {
            date,
            counts: why.counts(),
            why: why.text(lang),
        })
        .collect()
    }

    /// How it stands: at `now` while open, at `closed` for ever after.
    pub fn state(&self, calendar: &Calendar, now: Moment, closed: Option<Moment>) -> ClockState {
        match closed {
            Some(at) if at <= self.due => ClockState::Kept,
            Some(_) => ClockState::Missed,
            None if now > self.due => ClockState::Overdue,
            None if now >= self.warns_at(calendar) => ClockState::Warning,
            None => ClockState::Running,
        }
    }

    /// Working days past the end at a moment; a begun one counts, and so does a
    /// rest day right after the end.
    pub fn late_working_days(&self, calendar: &Calendar, at: Moment) -> u32 {
        if at <= self.due {
            0
        } else {
            calendar.working_days(self.due_date(), at.date()).max(1)
        }
    }

    /// When the last third of its working time begins.
    pub fn warns_at(&self, calendar: &Calendar) -> Moment {
        let thirds = 2 * i64::from(self.working_days);
        let whole_days = (thirds / 3) as u16;
        let day = if self.working_days == 0 {
            self.from
        } else {
            calendar.add(self.from, whole_days + 1)
        };
        Moment::start_of(day).plus_ms(thirds % 3 * DAY_MS / 3)
    }

    pub fn clock(
        &self,
        calendar: &Calendar,
        lang: Lang,
        article: &Article,
        now: Moment,
        closed: Option<Moment>,
    ) -> Clock {
        let at = closed.unwrap_or(now);
        let late = self.late_working_days(calendar, at);
        let left = calendar.working_days(at.date().max(self.from), self.due_date());
        Clock {
            due: self.due,
            due_date: self.due_date(),
            working_days: self.working_days,
            counted_days: self.counting(calendar, lang),
            remaining_working_days: if late > 0 { -(late as i32) } else { left as i32 },
            state: self.state(calendar, now, closed),
            late_working_days: late,
            provisional: self.provisional,
            article: article.view(lang),
        }
    }
}

impl Calendar {
    /// The deadline of a duty of `working_days` that begins with what was
    /// received at `received`.
    pub fn deadline(&self, received: Moment, working_days: u16) -> Deadline {
        let from = received.date();
        let due_date = self.add(from, working_days);
        Deadline {
            from,
            working_days,
            due: Moment::end_of(due_date),
            provisional: !self.covers(due_date),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn calendar() -> Calendar {
        Calendar::parse(crate::CALENDAR_CN).expect("the shipped calendar")
    }
    fn at(text: &str) -> Moment {
        Moment::parse(&format!("{text}+08:00")).expect("a moment")
    }

    #[test]
    fn one_working_day_received_on_a_friday_evening_ends_on_monday_night() {
        let calendar = calendar();
        let deadline = calendar.deadline(at("2026-11-20T22:00:00"), 1);
        assert_eq!(deadline.due.rfc3339(), "2026-11-23T23:59:59.999+08:00");
        let state = |now: &str| deadline.state(&calendar, at(now), None);
        assert_eq!(state("2026-11-22T12:00:00"), ClockState::Running);
        assert_eq!(state("2026-11-23T15:59:59"), ClockState::Running);
        assert_eq!(state("2026-11-23T16:00:00"), ClockState::Warning);
        assert_eq!(state("2026-11-24T00:00:00"), ClockState::Overdue);
    }

    #[test]
    fn at_once_ends_with_the_day() {
        let calendar = calendar();
        let deadline = calendar.deadline(at("2026-11-21T09:00:00"), 0);
        assert_eq!(deadline.due.rfc3339(), "2026-11-21T23:59:59.999+08:00");
        assert_eq!(
            deadline.state(&calendar, at("2026-11-21T09:00:00"), None),
            ClockState::Warning
        );
        assert_eq!(deadline.late_working_days(&calendar, at("2026-11-22T09:00:00")), 1);
    }

    #[test]
    fn an_extension_counts_on_from_the_end() {
        let calendar = calendar();
        let deadline = calendar.deadline(at("2026-11-20T09:00:00"), 10);
        assert_eq!(deadline.due_date().to_string(), "2026-12-04");
        assert_eq!(deadline.extended(&calendar, 10).due_date().to_string(), "2026-12-18");
    }

    #[test]
    fn a_deadline_beyond_the_calendar_is_provisional() {
        let calendar = calendar();
        assert!(!calendar.deadline(at("2026-12-30T09:00:00"), 1).provisional);
        let deadline = calendar.deadline(at("2026-12-30T09:00:00"), 3);
        assert!(deadline.provisional);
        assert!(
            deadline
                .counting(&calendar, Lang::Zh)
                .last()
                .expect("days")
                .why
                .contains("尚未公布")
        );
    }

    proptest! {
        #[test]
        fn a_deadline_counts_exactly_its_working_days(days in 0i64..2500, ms in 0i64..DAY_MS, n in 0u16..40) {
            let calendar = calendar();
            let received = Moment(Moment::start_of("2020-01-01".parse().expect("a day")).0 + days * DAY_MS + ms);
            let deadline = calendar.deadline(received, n);
            let counted = deadline.counting(&calendar, Lang::Zh);
            prop_assert_eq!(counted.iter().filter(|day| day.counts).count(), usize::from(n));
            prop_assert_eq!(counted.first().map(|day| day.date), Some(received.date()));
            prop_assert!(n == 0 || counted.last().is_some_and(|day| day.counts));
            prop_assert!(deadline.due >= received);
        }

        #[test]
        fn a_clock_only_ever_moves_on(n in 1u16..15, steps in proptest::collection::vec(0i64..3 * DAY_MS, 1..20)) {
            let calendar = calendar();
            let mut now = at("2026-01-20T10:00:00");
            let deadline = calendar.deadline(now, n);
            let order = |state| [ClockState::Running, ClockState::Warning, ClockState::Overdue].iter().position(|s| *s == state);
            let mut before = order(deadline.state(&calendar, now, None));
            for step in steps {
                now = now.plus_ms(step);
                let state = order(deadline.state(&calendar, now, None));
                prop_assert!(state >= before);
                before = state;
            }
        }
    }
}

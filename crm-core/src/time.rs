//! Days and the periods made of them: half-open, fiscal, working.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SubsecRound, Utc, Weekday};
use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Rule};

/// An instant as records hold it: cut to the microsecond, so that every store gives back what it was given.
pub(crate) fn to_the_microsecond(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.trunc_subsecs(6)
}

/// A run of days from the first, included, until the last, not included.
///
/// ```
/// use crm_core::Period;
///
/// let march = Period::month(2026, 3)?;
/// assert_eq!(march.to_string(), "2026-03-01..2026-04-01");
/// assert_eq!(march.days(), 31);
/// assert!(march.contains("2026-03-31".parse().unwrap()));
/// assert!(!march.contains("2026-04-01".parse().unwrap()));
///
/// let backwards = Period::new("2026-03-02".parse().unwrap(), "2026-03-01".parse().unwrap());
/// assert_eq!(backwards.unwrap_err().to_string(), "period must end after it starts, got 2026-03-02..2026-03-01");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
pub struct Period {
    from: NaiveDate,
    until: NaiveDate,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Period", deny_unknown_fields)]
struct Bounds {
    from: NaiveDate,
    until: NaiveDate,
}

impl TryFrom<Bounds> for Period {
    type Error = Invalid;
    fn try_from(bounds: Bounds) -> Result<Self, Invalid> {
        Self::new(bounds.from, bounds.until)
    }
}

impl From<Period> for Bounds {
    fn from(period: Period) -> Self {
        Self { from: period.from, until: period.until }
    }
}

impl Period {
    /// The days from `from` until the day before `until`.
    ///
    /// # Errors
    ///
    /// [`Rule::EndsBeforeStart`] where that is no day at all.
    pub fn new(from: NaiveDate, until: NaiveDate) -> Result<Self, Invalid> {
        if from < until {
            return Ok(Self { from, until });
        }
        Err(Invalid::new("period", format!("{from}..{until}"), Rule::EndsBeforeStart))
    }

    fn months(year: i32, first: u32, months: u32) -> Result<Self, Invalid> {
        let expected = "a month of a year that the calendar has";
        let refused = || Invalid::new("period", format!("{year}-{first:02}"), Rule::Malformed { expected });
        let from = NaiveDate::from_ymd_opt(year, first, 1).ok_or_else(refused)?;
        let until = from.checked_add_months(Months::new(months)).ok_or_else(refused)?;
        Ok(Self { from, until })
    }

    /// One day.
    pub fn day(day: NaiveDate) -> Result<Self, Invalid> {
        Self::new(day, day.checked_add_days(Days::new(1)).unwrap_or(day))
    }

    /// A calendar month, 1 to 12.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] for a month that the calendar does not have.
    pub fn month(year: i32, month: u32) -> Result<Self, Invalid> {
        Self::months(year, month, 1)
    }

    /// The calendar month that a day lies in.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] for the last month that the calendar has: the day after it does not exist.
    pub fn month_of(day: NaiveDate) -> Result<Self, Invalid> {
        Self::month(day.year(), day.month())
    }

    /// A calendar year.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] for a year that the calendar does not have.
    pub fn year(year: i32) -> Result<Self, Invalid> {
        Self::months(year, 1, 12)
    }

    /// The first day.
    pub const fn from(self) -> NaiveDate {
        self.from
    }

    /// The day after the last.
    pub const fn until(self) -> NaiveDate {
        self.until
    }

    /// The last day.
    pub fn last(self) -> NaiveDate {
        // A period has at least one day, so the day before its end exists.
        self.until.pred_opt().unwrap_or(self.from)
    }

    /// How many days: at least one.
    pub fn days(self) -> u64 {
        (self.until - self.from).num_days().unsigned_abs()
    }

    /// Whether the day is one of the period's.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from <= day && day < self.until
    }

    /// The days that both periods have, if any.
    #[must_use]
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.until.min(other.until)).ok()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.until)
    }
}

impl FromStr for Period {
    type Err = Invalid;
    /// Reads what `Display` writes: `2026-01-01..2026-04-01`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = "two days, like 2026-01-01..2026-04-01";
        let refused = || Invalid::new("period", text, Rule::Malformed { expected });
        let (from, until) = text.split_once("..").ok_or_else(refused)?;
        Self::new(from.parse().map_err(|_| refused())?, until.parse().map_err(|_| refused())?)
    }
}

/// A quarter of a fiscal year: `2017Q1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FiscalQuarter {
    /// The fiscal year, by the calendar year in which it ends.
    pub year: i32,
    /// 1 to 4.
    pub quarter: u32,
}

impl fmt::Display for FiscalQuarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Q{}", self.year, self.quarter)
    }
}

/// When the year of the books begins. A fiscal year is named by the calendar year in which it ends.
///
/// ```
/// use crm_core::FiscalCalendar;
///
/// let april = FiscalCalendar::starting_in(4)?;
/// let quarter = april.quarter_of("2026-02-14".parse().unwrap());
/// assert_eq!(quarter.to_string(), "2026Q4");
/// assert_eq!(april.quarter(quarter)?.to_string(), "2026-01-01..2026-04-01");
/// assert_eq!(FiscalCalendar::CALENDAR_YEAR.quarter_of("2017-03-01".parse().unwrap()).to_string(), "2017Q1");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct FiscalCalendar {
    first_month: u32,
}

impl TryFrom<u32> for FiscalCalendar {
    type Error = Invalid;
    fn try_from(first_month: u32) -> Result<Self, Invalid> {
        Self::starting_in(first_month)
    }
}

impl From<FiscalCalendar> for u32 {
    fn from(calendar: FiscalCalendar) -> Self {
        calendar.first_month
    }
}

impl FiscalCalendar {
    /// The fiscal year is the calendar year.
    pub const CALENDAR_YEAR: Self = Self { first_month: 1 };

    /// The fiscal year begins on the first day of this month, 1 to 12.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`].
    pub fn starting_in(first_month: u32) -> Result<Self, Invalid> {
        if (1..=12).contains(&first_month) {
            return Ok(Self { first_month });
        }
        Err(Invalid::new(
            "first month",
            first_month.to_string(),
            Rule::OutOfRange { min: "1".into(), max: "12".into() },
        ))
    }

    /// The quarter that a day lies in.
    pub fn quarter_of(self, day: NaiveDate) -> FiscalQuarter {
        let months_in = (day.month() + 12 - self.first_month) % 12;
        let ends_next_year = self.first_month > 1 && day.month() >= self.first_month;
        FiscalQuarter { year: day.year() + i32::from(ends_next_year), quarter: months_in / 3 + 1 }
    }

    /// The days of a quarter.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`] for a quarter other than 1 to 4; [`Rule::Malformed`] for a year that the calendar does not have.
    pub fn quarter(self, quarter: FiscalQuarter) -> Result<Period, Invalid> {
        if !(1..=4).contains(&quarter.quarter) {
            return Err(Invalid::new(
                "quarter",
                quarter.to_string(),
                Rule::OutOfRange { min: "1".into(), max: "4".into() },
            ));
        }
        let months_in = self.first_month - 1 + (quarter.quarter - 1) * 3;
        let year = self.starts_in(quarter.year) + i32::from(months_in >= 12);
        Period::months(year, months_in % 12 + 1, 3)
    }

    /// The days of the quarter that a day lies in.
    ///
    /// # Errors
    ///
    /// As [`FiscalCalendar::quarter`].
    pub fn quarter_days(self, day: NaiveDate) -> Result<Period, Invalid> {
        self.quarter(self.quarter_of(day))
    }

    /// The days of a fiscal year.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] for a year that the calendar does not have.
    pub fn year(self, year: i32) -> Result<Period, Invalid> {
        Period::months(self.starts_in(year), self.first_month, 12)
    }

    fn starts_in(self, year: i32) -> i32 {
        year.saturating_sub(i32::from(self.first_month > 1))
    }
}

/// Which days are worked: some days of the week, less holidays. Pace and run rates count in these.
///
/// ```
/// use crm_core::{Period, WorkingDays};
///
/// let days = WorkingDays::monday_to_friday().without(["2026-05-01".parse().unwrap()]);
/// assert_eq!(days.in_period(Period::month(2026, 5)?), 20);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenWorkingDays", into = "WrittenWorkingDays")]
pub struct WorkingDays {
    /// By days from Monday.
    week: [bool; 7],
    /// Those on a day of the week that is worked.
    holidays: BTreeSet<NaiveDate>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "WorkingDays")]
struct WrittenWorkingDays {
    week: Vec<Weekday>,
    holidays: BTreeSet<NaiveDate>,
}

impl TryFrom<WrittenWorkingDays> for WorkingDays {
    type Error = Invalid;
    fn try_from(written: WrittenWorkingDays) -> Result<Self, Invalid> {
        Ok(Self::on(written.week)?.without(written.holidays))
    }
}

impl From<WorkingDays> for WrittenWorkingDays {
    fn from(days: WorkingDays) -> Self {
        let all = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
        let week = all.into_iter().filter(|day| days.week[position(*day)]).collect();
        Self { week, holidays: days.holidays }
    }
}

fn position(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

impl WorkingDays {
    /// Monday to Friday, without holidays.
    pub fn monday_to_friday() -> Self {
        Self { week: [true, true, true, true, true, false, false], holidays: BTreeSet::new() }
    }

    /// Every day, as where "calendar days" are meant.
    pub fn every_day() -> Self {
        Self { week: [true; 7], holidays: BTreeSet::new() }
    }

    /// These days of the week.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`]: a week without a working day has no pace.
    pub fn on(days: impl IntoIterator<Item = Weekday>) -> Result<Self, Invalid> {
        let mut week = [false; 7];
        for day in days {
            week[position(day)] = true;
        }
        if week.contains(&true) {
            return Ok(Self { week, holidays: BTreeSet::new() });
        }
        Err(Invalid::new("working days", "", Rule::Empty))
    }

    /// The same week with these days off.
    #[must_use]
    pub fn without(mut self, holidays: impl IntoIterator<Item = NaiveDate>) -> Self {
        let week = self.week;
        self.holidays.extend(holidays.into_iter().filter(|day| week[position(day.weekday())]));
        self
    }

    /// Whether a day is worked.
    pub fn includes(&self, day: NaiveDate) -> bool {
        self.week[position(day.weekday())] && !self.holidays.contains(&day)
    }

    /// How many days of the period are worked. Costs what the period has of holidays, not of days.
    pub fn in_period(&self, period: Period) -> u64 {
        let (weeks, rest) = (period.days() / 7, period.days() % 7);
        let worked = |days: u64| -> u64 {
            let week = self.week.iter().cycle().skip(position(period.from().weekday()));
            (0..days).zip(week).filter(|(_, worked)| **worked).count() as u64
        };
        let off = self.holidays.range(period.from()..period.until()).count() as u64;
        weeks * worked(7) + worked(rest) - off
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_that_is_no_day_is_refused() {
        for until in ["2026-01-01", "2025-12-31"] {
            let refused = Period::new(day("2026-01-01"), day(until)).unwrap_err();
            assert_eq!((refused.field(), refused.rule()), ("period", &Rule::EndsBeforeStart));
        }
        assert!(Period::month(2026, 13).is_err());
        assert!("2026-01-01".parse::<Period>().is_err());
        assert!(serde_json::from_str::<Period>(r#"{"from":"2026-02-01","until":"2026-01-01"}"#).is_err());
    }

    #[test]
    fn fiscal_years_are_named_by_the_year_they_end_in() {
        let cases = [
            (1, "2017-01-01", "2017Q1", "2017-01-01..2017-04-01"),
            (1, "2017-12-31", "2017Q4", "2017-10-01..2018-01-01"),
            (10, "2016-10-20", "2017Q1", "2016-10-01..2017-01-01"),
            (10, "2017-09-30", "2017Q4", "2017-07-01..2017-10-01"),
            (7, "2026-06-30", "2026Q4", "2026-04-01..2026-07-01"),
            (12, "2026-12-01", "2027Q1", "2026-12-01..2027-03-01"),
            (12, "2026-11-30", "2026Q4", "2026-09-01..2026-12-01"),
        ];
        for (first_month, on, name, days) in cases {
            let calendar = FiscalCalendar::starting_in(first_month).unwrap();
            let quarter = calendar.quarter_of(day(on));
            assert_eq!(quarter.to_string(), name);
            assert_eq!(calendar.quarter(quarter).unwrap().to_string(), days);
        }
        assert!(FiscalCalendar::starting_in(0).is_err());
        assert!(FiscalCalendar::starting_in(13).is_err());
    }

    #[test]
    fn a_week_without_work_is_refused() {
        assert_eq!(WorkingDays::on([]).unwrap_err().rule(), &Rule::Empty);
    }

    fn any_day() -> impl Strategy<Value = NaiveDate> {
        (0_u64..40_000).prop_map(|days| day("1970-01-01") + Days::new(days))
    }

    proptest! {
        #[test]
        fn a_day_lies_in_the_quarter_and_the_year_that_it_is_said_to(on in any_day(), first_month in 1_u32..=12) {
            let calendar = FiscalCalendar::starting_in(first_month).unwrap();
            let quarter = calendar.quarter_of(on);
            prop_assert!(calendar.quarter(quarter).unwrap().contains(on));
            prop_assert!(calendar.year(quarter.year).unwrap().contains(on));
        }

        #[test]
        fn working_days_counted_at_once_equal_those_counted_one_by_one(
            from in any_day(), days in 1_u64..400, holidays in prop::collection::btree_set(any_day(), 0..30), mask in 1_u8..128,
        ) {
            let week = (0..7_u8).filter(|bit| mask & (1 << bit) != 0).map(|bit| Weekday::try_from(bit).unwrap());
            let worked = WorkingDays::on(week).unwrap().without(holidays.iter().map(|holiday| from + (*holiday - day("1970-01-01")) / 100));
            let period = Period::new(from, from + Days::new(days)).unwrap();
            let one_by_one = from.iter_days().take(usize::try_from(days).unwrap()).filter(|on| worked.includes(*on)).count();
            prop_assert_eq!(worked.in_period(period), one_by_one as u64);
            let json = serde_json::to_string(&worked).unwrap();
            prop_assert_eq!(serde_json::from_str::<WorkingDays>(&json).unwrap(), worked);
        }
    }
}

//! Open time by a local clock that never changes: a week that repeats, and days that differ.
//!
//! Local instants are microseconds since 1970 by the local clock. What is open up to one is told from whole weeks, the weekday and the sum of how the days that
//! differ do so, found by halving.

use chrono::{Datelike, NaiveDate};

use super::{ClockHours, OpeningHours, WEEKDAYS, hours};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A Thursday's distance from its Monday: 1970 began on one.
const THURSDAY: i64 = 3;

#[derive(Clone, Debug)]
pub(super) struct LocalHours {
    week: [Vec<ClockHours>; 7],
    /// The open time of a week before each weekday, and all of it.
    before: [i64; 8],
    /// The days that differ from their weekday, in order.
    days: Vec<Day>,
}

/// A day that differs from its weekday.
#[derive(Clone, Debug)]
struct Day {
    /// Days since 1970.
    day: i64,
    hours: Vec<ClockHours>,
    /// How much more the days that differ are open than their weekdays, up to this one and with it.
    more: i64,
}

/// Days since 1970.
fn number(day: NaiveDate) -> i64 {
    i64::from(day.num_days_from_ce()) - 719_163
}

fn length(hours: &[ClockHours]) -> i64 {
    hours.iter().map(|hours| i64::from(hours.to_seconds() - hours.from_seconds()) * SECOND).sum()
}

/// The place of a day in its week, from Monday.
fn weekday(day: i64) -> usize {
    usize::try_from((day + THURSDAY).rem_euclid(7)).unwrap_or(0)
}

impl LocalHours {
    pub(super) fn new(hours: &OpeningHours) -> Self {
        let week = WEEKDAYS.map(|day| hours::sorted(hours.week.of(day)));
        let mut before = [0; 8];
        for (place, hours) in week.iter().enumerate() {
            before[place + 1] = before[place] + length(hours);
        }
        let mut days: Vec<Day> = Vec::with_capacity(hours.closed.len() + hours.open.len());
        let closed = hours.closed.iter().filter(|(day, _)| !hours.open.contains_key(day)).map(|(day, closed)| {
            let day = number(*day);
            let closed = hours::sorted(closed);
            let left = if closed.is_empty() { Vec::new() } else { hours::without(&week[weekday(day)], &closed) };
            Day { day, hours: left, more: 0 }
        });
        days.extend(closed);
        days.extend(hours.open.iter().map(|(day, open)| Day {
            day: number(*day),
            hours: hours::sorted(open),
            more: 0,
        }));
        days.sort_unstable_by_key(|day| day.day);
        let mut more = 0;
        for day in &mut days {
            more += length(&day.hours) - length(&week[weekday(day.day)]);
            day.more = more;
        }
        Self { week, before, days }
    }

    pub(super) fn hours_of(&self, day: NaiveDate) -> &[ClockHours] {
        self.hours_on(number(day))
    }

    fn hours_on(&self, day: i64) -> &[ClockHours] {
        match self.days.binary_search_by_key(&day, |differs| differs.day) {
            Ok(place) => &self.days[place].hours,
            Err(_) => &self.week[weekday(day)],
        }
    }

    /// The open time before a day, if no day differed.
    fn regular(&self, day: i64) -> i64 {
        (day + THURSDAY).div_euclid(7) * self.before[7] + self.before[weekday(day)]
    }

    /// How much more was open up to a day that differs, of those before a place.
    fn more(&self, place: usize) -> i64 {
        place.checked_sub(1).map_or(0, |last| self.days[last].more)
    }

    /// The open time before a day.
    fn before_day(&self, day: i64) -> i64 {
        self.regular(day) + self.more(self.days.partition_point(|differs| differs.day < day))
    }

    /// The open time before a local instant, from some Monday on.
    pub(super) fn before(&self, at: i64) -> i64 {
        let (day, time) = (at.div_euclid(DAY), at.rem_euclid(DAY));
        let open = |hours: &ClockHours| {
            let (from, to) = (i64::from(hours.from_seconds()) * SECOND, i64::from(hours.to_seconds()) * SECOND);
            time.min(to).saturating_sub(from).max(0)
        };
        self.before_day(day) + self.hours_on(day).iter().map(open).sum::<i64>()
    }

    /// Until when it stays open that is open at a local instant, up to the end of the day; the instant itself where it is closed.
    pub(super) fn open_until(&self, at: i64) -> i64 {
        let (day, time) = (at.div_euclid(DAY), at.rem_euclid(DAY));
        let around = |hours: &&ClockHours| {
            i64::from(hours.from_seconds()) * SECOND <= time && time < i64::from(hours.to_seconds()) * SECOND
        };
        let hours = self.hours_on(day).iter().find(around);
        hours.map_or(at, |hours| day * DAY + i64::from(hours.to_seconds()) * SECOND)
    }

    /// The first local instant before which so much is open.
    pub(super) fn closing(&self, open: i64) -> i64 {
        self.find(open, |before| before < open, open - 1)
    }

    /// The last local instant before which no more than so much is open.
    pub(super) fn opening(&self, open: i64) -> i64 {
        self.find(open, |before| before <= open, open)
    }

    /// The local instant before which so much is open, of those in the last day, and the last hours of it, before which less is, as `before` says; `most` is the most that it
    /// says so of.
    fn find(&self, open: i64, before: impl Fn(i64) -> bool, most: i64) -> i64 {
        let place = self.days.partition_point(|differs| before(self.regular(differs.day + 1) + differs.more));
        // The last day that begins before, if none differed from here on; it is that, or the next that does.
        let (week, most) = (self.before[7], most - self.more(place));
        let of_week = most.rem_euclid(week);
        let weekday = self.before[..7].partition_point(|before| *before <= of_week);
        let day = most.div_euclid(week) * 7 - THURSDAY + i64::try_from(weekday).unwrap_or(0) - 1;
        let day = self.days.get(place).map_or(day, |differs| day.min(differs.day));
        let (mut sum, mut at) = (self.before_day(day), day.saturating_mul(DAY));
        for hours in self.hours_on(day).iter().copied() {
            if !before(sum) {
                break;
            }
            at = day.saturating_mul(DAY).saturating_add(i64::from(hours.from_seconds()) * SECOND + open - sum);
            sum += length(&[hours]);
        }
        at
    }
}

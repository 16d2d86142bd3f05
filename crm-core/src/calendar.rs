//! Business calendars: when a desk is open, and how much open time lies between two instants.

mod hours;
mod local;
mod zone;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use serde::{Deserialize, Serialize};

pub use self::{hours::ClockHours, zone::Zone};
use self::{local::LocalHours, zone::Stretch};
use crate::invalid::{Invalid, Rule};

/// What a calendar is made of: its zone, the hours of a week, and the days that differ.
///
/// The hours are by the local clock, several stretches a day, each from its first instant up to its last, which is no longer open; `24:00` is the end of the day. A
/// day that differs is open at its own hours, whatever is closed; what is closed takes from the hours of its weekday.
///
/// ```
/// use chrono::{NaiveDate, Weekday};
/// use crm_core::{BusinessCalendar, OpeningHours};
///
/// let (christmas, fair) = (NaiveDate::from_ymd_opt(2026, 12, 25), NaiveDate::from_ymd_opt(2026, 12, 26));
/// let mut hours = OpeningHours::in_zone("Europe/Berlin".parse()?)
///     .weekdays(["09:00-12:00".parse()?, "13:00-17:00".parse()?])
///     .closed(christmas.unwrap(), [])
///     .open(fair.unwrap(), ["10:00-14:00".parse()?]);
/// hours.week.friday = vec!["09:00-15:00".parse()?];
/// let calendar = BusinessCalendar::new(hours)?;
/// assert_eq!(calendar.hours_of(christmas.unwrap()), []);
/// assert_eq!(calendar.hours_of(fair.unwrap())[0].to_string(), "10:00-14:00");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpeningHours {
    /// The zone whose clock the hours are by; UTC where none is named.
    pub zone: Zone,
    /// The hours of each weekday.
    pub week: Week,
    /// Holidays, and hours that a day is closed in part; a day without hours is closed all day.
    pub closed: BTreeMap<NaiveDate, Vec<ClockHours>>,
    /// Days that are open at other hours than their weekday, whatever is closed.
    pub open: BTreeMap<NaiveDate, Vec<ClockHours>>,
}

/// The hours of each weekday; closed where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the weekday of its name")]
pub struct Week {
    pub monday: Vec<ClockHours>,
    pub tuesday: Vec<ClockHours>,
    pub wednesday: Vec<ClockHours>,
    pub thursday: Vec<ClockHours>,
    pub friday: Vec<ClockHours>,
    pub saturday: Vec<ClockHours>,
    pub sunday: Vec<ClockHours>,
}

impl Week {
    /// The hours of a weekday.
    pub const fn of(&self, day: Weekday) -> &Vec<ClockHours> {
        match day {
            Weekday::Mon => &self.monday,
            Weekday::Tue => &self.tuesday,
            Weekday::Wed => &self.wednesday,
            Weekday::Thu => &self.thursday,
            Weekday::Fri => &self.friday,
            Weekday::Sat => &self.saturday,
            Weekday::Sun => &self.sunday,
        }
    }

    const fn of_mut(&mut self, day: Weekday) -> &mut Vec<ClockHours> {
        match day {
            Weekday::Mon => &mut self.monday,
            Weekday::Tue => &mut self.tuesday,
            Weekday::Wed => &mut self.wednesday,
            Weekday::Thu => &mut self.thursday,
            Weekday::Fri => &mut self.friday,
            Weekday::Sat => &mut self.saturday,
            Weekday::Sun => &mut self.sunday,
        }
    }
}

/// The days of a week, from Monday.
const WEEKDAYS: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

impl OpeningHours {
    /// Closed all week, by the clock of a zone.
    pub fn in_zone(zone: Zone) -> Self {
        Self { zone, ..Self::default() }
    }

    /// Open every day around the clock.
    pub fn always() -> Self {
        WEEKDAYS.into_iter().fold(Self::default(), |hours, day| hours.on(day, [ClockHours::ALL_DAY]))
    }

    /// The hours of Monday to Friday.
    #[must_use]
    pub fn weekdays(self, hours: impl IntoIterator<Item = ClockHours>) -> Self {
        let hours: Vec<ClockHours> = hours.into_iter().collect();
        WEEKDAYS[..5].iter().fold(self, |week, day| week.on(*day, hours.clone()))
    }

    /// The hours of a weekday.
    #[must_use]
    pub fn on(mut self, day: Weekday, hours: impl IntoIterator<Item = ClockHours>) -> Self {
        *self.week.of_mut(day) = hours.into_iter().collect();
        self
    }

    /// Closed on a day: at some hours of it, or all day where none are named.
    #[must_use]
    pub fn closed(mut self, day: NaiveDate, hours: impl IntoIterator<Item = ClockHours>) -> Self {
        self.closed.insert(day, hours.into_iter().collect());
        self
    }

    /// Open on a day at other hours than its weekday, whatever is closed.
    #[must_use]
    pub fn open(mut self, day: NaiveDate, hours: impl IntoIterator<Item = ClockHours>) -> Self {
        self.open.insert(day, hours.into_iter().collect());
        self
    }

    fn check(&self) -> Result<(), Invalid> {
        for day in WEEKDAYS {
            hours::check("week", self.week.of(day))?;
        }
        for (field, days) in [("closed", &self.closed), ("open", &self.open)] {
            if days.len() > LIMIT {
                return Err(Invalid::new(field, days.len().to_string(), Rule::TooMany { limit: LIMIT }));
            }
            days.values().try_for_each(|hours| hours::check(field, hours))?;
        }
        if WEEKDAYS.into_iter().all(|day| self.week.of(day).is_empty()) {
            let must = "must be open at some hour of a week (CAL-3)";
            return Err(Invalid::new("week", "", Rule::Inconsistent { must }));
        }
        Ok(())
    }
}

/// Most days that differ, of each kind.
const LIMIT: usize = 100_000;

/// When a desk is open. It answers how much open time lies between two instants, and when some of it has passed, in a time that grows with the logarithm of its
/// holidays (CAL-5), not with what lies between.
///
/// The hours are by the local clock and what passes is elapsed time (CAL-4): an hour that the clocks skip is not there, and one that they repeat is open twice where it
/// is open. Changes of clocks are those that the zone had or is known to have, to the year 2100. Instants are taken to the microsecond.
///
/// ```
/// use chrono::{DateTime, TimeDelta, Utc};
/// use crm_core::{BusinessCalendar, OpeningHours};
///
/// let calendar = BusinessCalendar::new(OpeningHours::default().weekdays(["09:00-17:00".parse()?]))?;
/// let at = |text: &str| text.parse::<DateTime<Utc>>();
/// let friday = at("2026-03-06T16:30:00Z")?;
/// let due = calendar.add(friday, TimeDelta::hours(1))?;
/// assert_eq!(due, at("2026-03-09T09:30:00Z")?);
/// assert_eq!(calendar.elapsed(friday, due), TimeDelta::hours(1));
/// assert_eq!(calendar.next_open(at("2026-03-07T20:00:00Z")?)?, at("2026-03-09T09:00:00Z")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BusinessCalendar {
    hours: OpeningHours,
    local: LocalHours,
    /// Between two changes of clocks each, in order.
    stretches: Arc<[Stretch]>,
    /// The open time before each of them, in microseconds.
    before: Vec<i64>,
}

impl PartialEq for BusinessCalendar {
    fn eq(&self, other: &Self) -> bool {
        self.hours == other.hours
    }
}

impl Eq for BusinessCalendar {}

impl Serialize for BusinessCalendar {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.hours.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for BusinessCalendar {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(OpeningHours::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl BusinessCalendar {
    /// A calendar of these hours.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with [`Rule::Inconsistent`] where no weekday is ever open (CAL-3), [`Rule::Overlap`] for hours of a day that overlap, [`Rule::TooMany`].
    pub fn new(hours: OpeningHours) -> Result<Self, Invalid> {
        hours.check()?;
        let local = LocalHours::new(&hours);
        let stretches = hours.zone.stretches();
        let mut sum = 0;
        let mut before = Vec::with_capacity(stretches.len());
        for (place, stretch) in stretches.iter().enumerate() {
            before.push(sum);
            if let Some(next) = stretches.get(place + 1) {
                let end = next.start + stretch.offset;
                sum += local.before(end) - local.before(stretch.start + stretch.offset);
            }
        }
        Ok(Self { hours, local, stretches, before })
    }

    /// Open every day around the clock.
    pub fn always() -> Self {
        // All hours of a week are some.
        Self::new(OpeningHours::always()).unwrap_or_else(|_| unreachable!("it is open"))
    }

    /// What it is made of.
    pub const fn opening_hours(&self) -> &OpeningHours {
        &self.hours
    }

    /// The hours of a day, in order.
    pub fn hours_of(&self, day: NaiveDate) -> Vec<ClockHours> {
        self.local.hours_of(day).to_vec()
    }

    /// Whether it is open at an instant.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        let at = micros(at);
        self.opening(self.open_before(at)) <= at
    }

    /// The instant, where it is open then, or the next opening.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]: past the last instant that there is.
    pub fn next_open(&self, at: DateTime<Utc>) -> Result<DateTime<Utc>, Invalid> {
        let at_micros = micros(at);
        instant(at, self.opening(self.open_before(at_micros)).max(at_micros))
    }

    /// The instant at which so much open time has passed since another (CAL-1): the last of it, so that what is due at closing time is due then and not at the next opening.
    /// Nothing passes until the next opening. Less than nothing goes back in the same way.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]: past the last instant that there is.
    pub fn add(&self, at: DateTime<Utc>, open: TimeDelta) -> Result<DateTime<Utc>, Invalid> {
        let open = open.num_microseconds().ok_or_else(|| overflow(at))?;
        if open == 0 {
            return self.next_open(at);
        }
        let target = self.open_before(micros(at)).checked_add(open).ok_or_else(|| overflow(at))?;
        instant(at, if open > 0 { self.closing(target) } else { self.opening(target) })
    }

    /// How much open time lies between two instants (CAL-2); nothing where the second is not after the first.
    pub fn elapsed(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let open = self.open_before(micros(to)) - self.open_before(micros(from));
        TimeDelta::microseconds(open.max(0))
    }

    /// The stretches of open time between two instants, in order, each from its first instant up to its last.
    ///
    /// ```
    /// # use chrono::{DateTime, Utc};
    /// # use crm_core::{BusinessCalendar, OpeningHours};
    /// let hours = OpeningHours::default().weekdays(["09:00-12:00".parse()?, "13:00-17:00".parse()?]);
    /// let calendar = BusinessCalendar::new(hours)?;
    /// let at = |text: &str| text.parse::<DateTime<Utc>>();
    /// let open: Vec<_> = calendar.open_between(at("2026-03-06T11:00:00Z")?, at("2026-03-09T10:00:00Z")?).collect();
    /// assert_eq!(open.len(), 3);
    /// assert_eq!(open[2], (at("2026-03-09T09:00:00Z")?, at("2026-03-09T10:00:00Z")?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open_between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let mut at = from;
        std::iter::from_fn(move || {
            let start = self.next_open(at).ok().filter(|start| *start < to)?;
            // Some of it passes, so this ends.
            at = DateTime::from_timestamp_micros(self.open_until(micros(start), micros(to))).unwrap_or(to);
            Some((start, at))
        })
    }

    /// Until when it stays open that is open at an instant, at most until another.
    fn open_until(&self, at: i64, most: i64) -> i64 {
        let mut end = at;
        loop {
            let place = self.stretch_of(end);
            let next = self.stretches.get(place + 1).map_or(most, |next| next.start.min(most));
            let offset = self.stretches[place].offset;
            let closes = self.local.open_until(end + offset) - offset;
            if closes <= end || end >= most {
                return end;
            }
            end = closes.min(next);
        }
    }

    /// The place of the stretch that an instant lies in; what lies before them all is in the first.
    fn stretch_of(&self, at: i64) -> usize {
        self.stretches.partition_point(|stretch| stretch.start <= at).saturating_sub(1)
    }

    /// The open time up to an instant, from the first stretch on.
    fn open_before(&self, at: i64) -> i64 {
        let place = self.stretch_of(at);
        let Stretch { start, offset } = self.stretches[place];
        self.before[place] + self.local.before(at + offset) - self.local.before(start + offset)
    }

    /// The first instant up to which there is so much open time.
    fn closing(&self, open: i64) -> i64 {
        let place = self.before.partition_point(|before| *before < open).saturating_sub(1);
        let Stretch { start, offset } = self.stretches[place];
        self.local.closing(self.local.before(start + offset) + open - self.before[place]) - offset
    }

    /// The last instant up to which there is no more open time than so much.
    fn opening(&self, open: i64) -> i64 {
        let place = self.before.partition_point(|before| *before <= open).saturating_sub(1);
        let Stretch { start, offset } = self.stretches[place];
        self.local.opening(self.local.before(start + offset) + open - self.before[place]) - offset
    }
}

/// Microseconds since 1970.
fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn overflow(at: DateTime<Utc>) -> Invalid {
    Invalid::new("due", at.to_rfc3339(), Rule::Overflow)
}

fn instant(at: DateTime<Utc>, micros: i64) -> Result<DateTime<Utc>, Invalid> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| overflow(at))
}

#[cfg(test)]
mod tests;

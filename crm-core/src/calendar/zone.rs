//! Time zones, and where their clocks change.

use std::{
    collections::HashMap,
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use chrono::{DateTime, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Rule};

/// A time zone by its name in the zone database of the IANA, `Europe/Berlin`.
///
/// ```
/// use crm_core::Zone;
///
/// assert_eq!("Asia/Shanghai".parse::<Zone>()?.to_string(), "Asia/Shanghai");
/// assert_eq!(Zone::default().to_string(), "UTC");
/// let refused = "Mars/Base".parse::<Zone>().unwrap_err();
/// assert_eq!(refused.to_string(), "zone must be the name of a time zone such as Europe/Berlin, got Mars/Base");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        let malformed = Rule::Malformed { expected: "the name of a time zone such as Europe/Berlin" };
        name.trim().parse().map(Self).map_err(|_| Invalid::new("zone", name, malformed))
    }
}

impl TryFrom<String> for Zone {
    type Error = Invalid;

    fn try_from(name: String) -> Result<Self, Invalid> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

/// The time between two changes of a zone's clocks, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Its first instant, since 1970; what lies before the first stretch counts as that.
    pub(super) start: i64,
    /// How far the local clock is ahead of UTC.
    pub(super) offset: i64,
}

/// The first and the last year whose changes of clocks are looked for.
const YEARS: (i32, i32) = (1900, 2100);

/// Those of the zones that were asked for: finding them takes milliseconds, and is the same for all calendars.
static KNOWN: LazyLock<RwLock<HashMap<Tz, Arc<[Stretch]>>>> = LazyLock::new(RwLock::default);

impl Zone {
    /// The local day of an instant.
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.0).date_naive()
    }

    /// The instant at which its clocks show a time.
    ///
    /// ```
    /// use chrono::NaiveDate;
    /// use crm_core::Zone;
    ///
    /// let berlin: Zone = "Europe/Berlin".parse()?;
    /// let on = |month, day| NaiveDate::from_ymd_opt(2026, month, day).and_then(|day| day.and_hms_opt(2, 30, 0)).unwrap();
    /// assert_eq!(berlin.instant(on(7, 1))?.to_rfc3339(), "2026-07-01T00:30:00+00:00");
    /// let skipped = berlin.instant(on(3, 29)).unwrap_err();
    /// assert_eq!(skipped.to_string(), "local_time must not be skipped by the clocks of its zone (CAL-4), got 2026-03-29 02:30:00");
    /// assert!(berlin.instant(on(10, 25)).unwrap_err().to_string().contains("shown twice"));
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] for a time that they skip, and for one that they show twice: the host knows which of the two is meant, if anybody.
    pub fn instant(self, local: NaiveDateTime) -> Result<DateTime<Utc>, Invalid> {
        let must = match self.0.from_local_datetime(&local) {
            MappedLocalTime::Single(at) => return Ok(at.to_utc()),
            MappedLocalTime::None => "must not be skipped by the clocks of its zone (CAL-4)",
            MappedLocalTime::Ambiguous(..) => "must not be shown twice by the clocks of its zone (CAL-4)",
        };
        Err(Invalid::new("local_time", local.to_string(), Rule::Inconsistent { must }))
    }

    /// Its changes of clocks, in order.
    pub(super) fn stretches(self) -> Arc<[Stretch]> {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&self.0).cloned();
        known.unwrap_or_else(|| {
            let found: Arc<[Stretch]> = stretches(self.0).into();
            KNOWN.write().unwrap_or_else(PoisonError::into_inner).entry(self.0).or_insert(found).clone()
        })
    }
}

fn offset(zone: Tz, second: i64) -> i64 {
    // Within the years that chrono knows.
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    i64::from(zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc())
}

/// Looked for day by day, and then by halving; two changes in one day are found where they do not undo each other.
fn stretches(zone: Tz) -> Vec<Stretch> {
    const DAY: i64 = 86_400;
    let midnight = |year| {
        let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        day.and_time(NaiveTime::MIN).and_utc().timestamp()
    };
    let (mut at, end) = (midnight(YEARS.0), midnight(YEARS.1 + 1));
    let mut current = offset(zone, at);
    let mut found = vec![Stretch { start: at * 1_000_000, offset: current * 1_000_000 }];
    while at < end {
        while offset(zone, at + DAY) != current {
            // The first second of the day that is different.
            let (mut same, mut different) = (at, at + DAY);
            while different - same > 1 {
                let middle = i64::midpoint(same, different);
                if offset(zone, middle) == current { same = middle } else { different = middle }
            }
            (at, current) = (different, offset(zone, different));
            found.push(Stretch { start: at * 1_000_000, offset: current * 1_000_000 });
            if at + DAY > end {
                break;
            }
        }
        at += DAY;
    }
    found
}

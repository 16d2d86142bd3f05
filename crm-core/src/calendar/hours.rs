//! Hours of a day by the local clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Rule};

/// Hours of a day by the local clock: from their first instant up to their last, which is not among them. `24:00` is the end of the day.
///
/// ```
/// use crm_core::ClockHours;
///
/// let morning: ClockHours = "09:00-12:30".parse()?;
/// assert_eq!((morning.from_seconds(), morning.to_seconds()), (9 * 3600, 12 * 3600 + 1800));
/// assert_eq!(ClockHours::ALL_DAY.to_string(), "00:00-24:00");
/// assert!("17:00-09:00".parse::<ClockHours>().is_err()); // each day has its own
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockHours {
    from: u32,
    to: u32,
}

/// The seconds of a day.
const DAY: u32 = 24 * 3600;

impl ClockHours {
    /// From midnight to midnight.
    pub const ALL_DAY: Self = Self { from: 0, to: DAY };

    /// From so many seconds after midnight up to so many.
    ///
    /// # Errors
    ///
    /// [`Rule::EndsBeforeStart`], and [`Rule::OutOfRange`] past the end of the day.
    pub fn new(from_seconds: u32, to_seconds: u32) -> Result<Self, Invalid> {
        let hours = Self { from: from_seconds, to: to_seconds };
        if to_seconds > DAY {
            let rule = Rule::OutOfRange { min: "00:00".into(), max: "24:00".into() };
            return Err(Invalid::new("hours", hours.to_string(), rule));
        }
        if from_seconds >= to_seconds {
            return Err(Invalid::new("hours", hours.to_string(), Rule::EndsBeforeStart));
        }
        Ok(hours)
    }

    /// When they start, in seconds after midnight.
    pub const fn from_seconds(self) -> u32 {
        self.from
    }

    /// When they end, in seconds after midnight.
    pub const fn to_seconds(self) -> u32 {
        self.to
    }
}

/// The seconds of `09:00` or `09:00:30`.
fn seconds(text: &str) -> Option<u32> {
    let mut parts = text.split(':');
    let mut next = |limit: u32| {
        let digits =
            parts.next().filter(|digits| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()))?;
        digits.parse::<u32>().ok().filter(|number| *number < limit)
    };
    let (hours, minutes) = (next(25)?, next(60)?);
    let seconds = if text.len() > 5 { next(60)? } else { 0 };
    if text.len() > 8 || text.matches(':').count() > 2 {
        return None;
    }
    Some(hours * 3600 + minutes * 60 + seconds)
}

impl FromStr for ClockHours {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let malformed =
            || Invalid::new("hours", text, Rule::Malformed { expected: "hours of the clock such as 09:00-17:30" });
        let (from, to) = text.trim().split_once('-').ok_or_else(malformed)?;
        let from = seconds(from.trim()).ok_or_else(malformed)?;
        let to = seconds(to.trim()).ok_or_else(malformed)?;
        Self::new(from, to)
    }
}

impl fmt::Display for ClockHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (lead, seconds) in [("", self.from), ("-", self.to)] {
            write!(f, "{lead}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
            if seconds % 60 > 0 {
                write!(f, ":{:02}", seconds % 60)?;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for ClockHours {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<ClockHours> for String {
    fn from(hours: ClockHours) -> Self {
        hours.to_string()
    }
}

/// Refuses hours of one day that overlap.
pub(super) fn check(field: &'static str, hours: &[ClockHours]) -> Result<(), Invalid> {
    let hours = sorted(hours);
    match hours.windows(2).find(|two| two[1].from < two[0].to) {
        Some(two) => Err(Invalid::new(field, format!("{} and {}", two[0], two[1]), Rule::Overlap)),
        None => Ok(()),
    }
}

pub(super) fn sorted(hours: &[ClockHours]) -> Vec<ClockHours> {
    let mut hours = hours.to_vec();
    hours.sort_unstable();
    hours
}

/// The hours without those that are closed; both in order. All of them, where `closed` is empty.
pub(super) fn without(hours: &[ClockHours], closed: &[ClockHours]) -> Vec<ClockHours> {
    let mut left = Vec::with_capacity(hours.len());
    for one in hours {
        let mut from = one.from;
        for gap in closed.iter().filter(|gap| gap.from < one.to && gap.to > one.from) {
            if from < gap.from {
                left.push(ClockHours { from, to: gap.from });
            }
            from = gap.to;
        }
        if from < one.to {
            left.push(ClockHours { from, to: one.to });
        }
    }
    left
}

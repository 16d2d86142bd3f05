//! Windows: the days on which a price or an offer holds, open at either end.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    invalid::{Invalid, Rule},
    time::Period,
};

/// The days on which something holds: from the first, included, until the last, not included (PRC-1); without an end on a side where none is given.
///
/// ```
/// use crm_core::Window;
///
/// let (may, june) = ("2026-05-01".parse().unwrap(), "2026-06-01".parse().unwrap());
/// let window = Window::new(Some(may), Some(june))?;
/// assert!(window.contains(may) && !window.contains(june));
/// assert!(Window::from_day(may).contains(june) && Window::ALWAYS.contains(june));
/// assert_eq!(Window::new(Some(june), Some(may)).unwrap_err().to_string(), "window must end after it starts, got 2026-06-01..2026-05-01");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Bounds", into = "Bounds")]
pub struct Window {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Window", deny_unknown_fields)]
struct Bounds {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
}

impl TryFrom<Bounds> for Window {
    type Error = Invalid;
    fn try_from(bounds: Bounds) -> Result<Self, Invalid> {
        Self::new(bounds.from, bounds.until)
    }
}

impl From<Window> for Bounds {
    fn from(window: Window) -> Self {
        Self { from: window.from, until: window.until }
    }
}

impl From<Period> for Window {
    fn from(days: Period) -> Self {
        Self { from: Some(days.from()), until: Some(days.until()) }
    }
}

impl Window {
    /// Every day.
    pub const ALWAYS: Self = Self { from: None, until: None };

    /// From a day on, until the day before another.
    ///
    /// # Errors
    ///
    /// [`Rule::EndsBeforeStart`] where that is no day at all.
    pub fn new(from: Option<NaiveDate>, until: Option<NaiveDate>) -> Result<Self, Invalid> {
        let window = Self { from, until };
        if from.zip(until).is_some_and(|(from, until)| from >= until) {
            return Err(Invalid::new("window", window.to_string(), Rule::EndsBeforeStart));
        }
        Ok(window)
    }

    /// From a day on.
    pub const fn from_day(day: NaiveDate) -> Self {
        Self { from: Some(day), until: None }
    }

    /// Until the day before another.
    pub const fn until_day(day: NaiveDate) -> Self {
        Self { from: None, until: Some(day) }
    }

    /// The first day.
    pub const fn from(self) -> Option<NaiveDate> {
        self.from
    }

    /// The day after the last.
    pub const fn until(self) -> Option<NaiveDate> {
        self.until
    }

    /// Whether it holds on a day.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        f.pad(&format!("{}..{}", shown(self.from), shown(self.until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::proof::{day, survives_json};

    #[test]
    fn prc_1_a_window_starts_on_its_first_day_and_is_over_on_its_last() {
        let (first, last) = (day("2026-03-02"), day("2026-03-05"));
        let window = Window::new(Some(first), Some(last)).unwrap();
        let on = |text| window.contains(day(text));
        assert_eq!(
            [on("2026-03-01"), on("2026-03-02"), on("2026-03-04"), on("2026-03-05")],
            [false, true, true, false]
        );
        assert!(!Window::from_day(first).contains(day("2026-03-01")) && Window::from_day(first).contains(last));
        assert!(!Window::until_day(last).contains(last) && Window::until_day(last).contains(day("1999-01-01")));
        for window in [window, Window::ALWAYS, Window::from_day(first), Window::until_day(last)] {
            survives_json(&window);
        }
    }

    #[test]
    fn prc_1_a_window_ends_after_it_starts() {
        let same = Some(day("2026-03-02"));
        for (from, until) in [(same, same), (Some(day("2026-03-03")), same)] {
            assert_eq!(Window::new(from, until).unwrap_err().rule(), &Rule::EndsBeforeStart);
        }
        assert!(serde_json::from_str::<Window>(r#"{"from":"2026-03-02","until":"2026-03-02"}"#).is_err());
    }
}

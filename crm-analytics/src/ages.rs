//! Ages and age bands, for customers by age.

use std::fmt;

use chrono::NaiveDate;
use crm_core::{Invalid, Rule};
use serde::{Deserialize, Serialize};

/// Full years from birth to a day; `None` where the birth lies after the day.
///
/// Who was born on 29 February turns a year older on 1 March where the year is no leap year.
///
/// # Examples
///
/// ```
/// use crm_analytics::age_on;
///
/// let birth = "2004-02-29".parse().unwrap();
/// assert_eq!(age_on(birth, "2026-02-28".parse().unwrap()), Some(21));
/// assert_eq!(age_on(birth, "2026-03-01".parse().unwrap()), Some(22));
/// assert_eq!(age_on(birth, "2004-02-28".parse().unwrap()), None);
/// ```
#[must_use]
pub fn age_on(birth: NaiveDate, day: NaiveDate) -> Option<u32> {
    day.years_since(birth)
}

/// Ages from one bound, included, to the next, not included. Sorts by age and displays as `under 18`, `18 to 29`,
/// `65 and over`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u32, Option<u32>)", into = "(u32, Option<u32>)")]
pub struct AgeBand {
    from_years: u32,
    until_years: Option<u32>,
}

impl AgeBand {
    /// The least age.
    #[must_use]
    pub const fn from_years(&self) -> u32 {
        self.from_years
    }

    /// The age that is the first above the band; `None` where it is open.
    #[must_use]
    pub const fn until_years(&self) -> Option<u32> {
        self.until_years
    }

    /// Whether an age lies in the band.
    #[must_use]
    pub fn contains(&self, age_years: u32) -> bool {
        self.from_years <= age_years && self.until_years.is_none_or(|until| age_years < until)
    }
}

impl fmt::Display for AgeBand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match (self.from_years, self.until_years) {
            (from, None) => format!("{from} and over"),
            (0, Some(until)) => format!("under {until}"),
            (from, Some(until)) if until - from == 1 => from.to_string(),
            (from, Some(until)) => format!("{from} to {}", until - 1),
        })
    }
}

impl TryFrom<(u32, Option<u32>)> for AgeBand {
    type Error = Invalid;
    fn try_from((from_years, until_years): (u32, Option<u32>)) -> Result<Self, Invalid> {
        match until_years {
            Some(until) if until <= from_years => Err(not_ascending(&[from_years, until])),
            _ => Ok(Self { from_years, until_years }),
        }
    }
}

impl From<AgeBand> for (u32, Option<u32>) {
    fn from(band: AgeBand) -> Self {
        (band.from_years, band.until_years)
    }
}

fn not_ascending(bounds: &[u32]) -> Invalid {
    let must = "must ascend, each above the one before";
    Invalid::new("age bounds", format!("{bounds:?}"), Rule::Inconsistent { must })
}

/// Bands that share out all ages: one below the first bound, one from each bound on.
///
/// # Examples
///
/// ```
/// use crm_analytics::AgeBands;
///
/// let bands = AgeBands::from_bounds([18, 30, 65])?;
/// let labels: Vec<_> = bands.iter().map(|band| band.to_string()).collect();
/// assert_eq!(labels, ["under 18", "18 to 29", "30 to 64", "65 and over"]);
/// assert_eq!(bands.band_of(29).to_string(), "18 to 29");
///
/// let refused = AgeBands::from_bounds([30, 18]).unwrap_err();
/// assert_eq!(refused.to_string(), "age bounds must ascend, each above the one before, got [30, 18]");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u32>", into = "Vec<u32>")]
pub struct AgeBands {
    /// The least age of each band; the first is 0, so one is never missing.
    lower_years: Vec<u32>,
}

impl AgeBands {
    /// Bands by their least ages, in years. A bound of 0 is understood.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] without a bound; [`Rule::Inconsistent`] where a bound is not above the one before.
    pub fn from_bounds(bounds_years: impl IntoIterator<Item = u32>) -> Result<Self, Invalid> {
        let mut lower_years: Vec<u32> = bounds_years.into_iter().collect();
        let Some(first) = lower_years.first() else {
            return Err(Invalid::new("age bounds", "", Rule::Empty));
        };
        if !lower_years.is_sorted_by(|one, next| one < next) {
            return Err(not_ascending(&lower_years));
        }
        if *first > 0 {
            lower_years.insert(0, 0);
        }
        Ok(Self { lower_years })
    }

    /// The bands, youngest first.
    pub fn iter(&self) -> impl Iterator<Item = AgeBand> + '_ {
        (1..=self.lower_years.len()).map(|above| self.below(above))
    }

    /// The band that an age lies in.
    #[must_use]
    pub fn band_of(&self, age_years: u32) -> AgeBand {
        // The first bound is 0, so at least one bound is not above the age.
        self.below(self.lower_years.partition_point(|lower| *lower <= age_years))
    }

    /// The band that ends at the bound with this index, which is at least 1.
    fn below(&self, above: usize) -> AgeBand {
        AgeBand { from_years: self.lower_years[above - 1], until_years: self.lower_years.get(above).copied() }
    }
}

impl TryFrom<Vec<u32>> for AgeBands {
    type Error = Invalid;
    fn try_from(bounds_years: Vec<u32>) -> Result<Self, Invalid> {
        Self::from_bounds(bounds_years)
    }
}

impl From<AgeBands> for Vec<u32> {
    fn from(bands: AgeBands) -> Self {
        bands.lower_years
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_year_is_full_on_the_birthday() {
        let cases = [
            ("1990-06-15", "2026-06-14", Some(35)),
            ("1990-06-15", "2026-06-15", Some(36)),
            ("2026-06-15", "2026-06-15", Some(0)),
            ("2026-06-16", "2026-06-15", None),
            ("2026-12-31", "2027-01-01", Some(0)),
            ("2000-02-29", "2023-02-28", Some(22)),
            ("2000-02-29", "2023-03-01", Some(23)),
            ("2000-02-29", "2024-02-28", Some(23)),
            ("2000-02-29", "2024-02-29", Some(24)),
        ];
        for (birth, day, age) in cases {
            assert_eq!(age_on(birth.parse().unwrap(), day.parse().unwrap()), age, "{birth} on {day}");
        }
    }

    #[test]
    fn bands_read_as_people_say_them() {
        let cases: &[(&[u32], &[&str])] = &[
            (&[18, 30, 65], &["under 18", "18 to 29", "30 to 64", "65 and over"]),
            (&[0, 18], &["under 18", "18 and over"]),
            (&[18, 19], &["under 18", "18", "19 and over"]),
            (&[0], &["0 and over"]),
            (&[u32::MAX], &["under 4294967295", "4294967295 and over"]),
        ];
        for (bounds, labels) in cases {
            let bands = AgeBands::from_bounds(bounds.iter().copied()).unwrap();
            assert_eq!(bands.iter().map(|band| band.to_string()).collect::<Vec<_>>(), *labels);
        }
    }

    #[test]
    fn bounds_that_do_not_ascend_are_refused() {
        assert_eq!(AgeBands::from_bounds([]).unwrap_err().rule(), &Rule::Empty);
        for bounds in [[18, 18], [30, 18], [0, 0]] {
            assert!(matches!(AgeBands::from_bounds(bounds).unwrap_err().rule(), Rule::Inconsistent { .. }));
        }
        assert!(serde_json::from_str::<AgeBands>("[30,18]").is_err());
        assert!(serde_json::from_str::<AgeBand>("[30,18]").is_err());
    }

    proptest! {
        #[test]
        fn every_age_lies_in_exactly_one_band(
            bounds in prop::collection::btree_set(0_u32..120, 1..10), age in 0_u32..200,
        ) {
            let bands = AgeBands::from_bounds(bounds).unwrap();
            let holding: Vec<_> = bands.iter().filter(|band| band.contains(age)).collect();
            prop_assert_eq!(&holding, &[bands.band_of(age)]);
            let json = serde_json::to_string(&bands).unwrap();
            prop_assert_eq!(serde_json::from_str::<AgeBands>(&json).unwrap(), bands);
            let json = serde_json::to_string(&holding[0]).unwrap();
            prop_assert_eq!(serde_json::from_str::<AgeBand>(&json).unwrap(), holding[0]);
        }
    }
}

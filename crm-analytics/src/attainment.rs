//! Credit against quota: attainment, deviation, pace, and the run rate that is still required.

use std::cmp::Ordering;

use chrono::NaiveDate;
use crm_core::{Invalid, Money, Period, Rounding, Rule, WorkingDays};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::rates::scaled;

/// The share of the quota that is reached (QTA-1): 0.94 is 94 %. `None` where the quota is zero, as no share of nothing
/// exists.
///
/// The quotient is exact up to the 28 decimals of [`Decimal`]. Credit may be negative, when refunds exceed sales.
///
/// # Errors
///
/// [`Rule::CurrencyMismatch`] where credit and quota are in two currencies, [`Rule::Negative`] for a quota below zero.
///
/// # Examples
///
/// ```
/// use crm_analytics::attainment;
/// use crm_core::{Currency, Money};
///
/// let (credited, quota) = (Money::parse("235000", Currency::USD)?, Money::parse("250000", Currency::USD)?);
/// assert_eq!(attainment(credited, quota)?, Some("0.94".parse().unwrap()));
/// assert_eq!(attainment(credited, Money::zero(Currency::USD))?, None);
/// assert!(attainment(credited, Money::zero(Currency::EUR)).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn attainment(credited: Money, quota: Money) -> Result<Option<Decimal>, Invalid> {
    checked(credited, quota)?;
    Ok(share(credited.minor().into(), quota.minor().into()))
}

/// How far a plan or a sales rep has come: what was to be sold in a period and what is credited.
///
/// Serves a whole plan, a team and a single rep alike; [`merge`](Self::merge) rolls them up.
///
/// # Examples
///
/// ```
/// use crm_analytics::Progress;
/// use crm_core::{Currency, Money, Period, Rounding, WorkingDays};
///
/// let usd = |amount| Money::parse(amount, Currency::USD);
/// let march = Progress::new(Period::month(2026, 3)?, usd("22000")?, usd("12000")?)?;
/// assert_eq!(march.attainment().unwrap().to_string(), "0.5454545454545454545454545455");
/// assert_eq!(march.deviation()?.to_string(), "-10000.00 USD");
///
/// // The evening of the 13th: 10 of 22 working days are over, more than half of the quota is reached.
/// let (days, as_of) = (WorkingDays::monday_to_friday(), "2026-03-13".parse().unwrap());
/// assert_eq!(march.pace(&days, as_of), Some("1.2".parse().unwrap()));
/// assert_eq!(march.required_per_working_day(&days, as_of, Rounding::Up)?, Some(usd("833.34")?));
///
/// assert!(Progress::new(Period::month(2026, 3)?, usd("-1")?, usd("0")?).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Progress {
    period: Period,
    quota: Money,
    credited: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Progress")]
struct Written {
    period: Period,
    quota: Money,
    credited: Money,
}

impl TryFrom<Written> for Progress {
    type Error = Invalid;
    fn try_from(written: Written) -> Result<Self, Invalid> {
        Self::new(written.period, written.quota, written.credited)
    }
}

impl From<Progress> for Written {
    fn from(progress: Progress) -> Self {
        let Progress { period, quota, credited } = progress;
        Self { period, quota, credited }
    }
}

fn checked(credited: Money, quota: Money) -> Result<(), Invalid> {
    credited.in_currency(quota.currency()).map_err(|refused| refused.in_field("credited"))?;
    if quota.is_negative() { Err(Invalid::new("quota", quota.to_string(), Rule::Negative)) } else { Ok(()) }
}

/// The quotient of two numbers below 2^96 in magnitude, if it exists.
fn share(part: i128, whole: i128) -> Option<Decimal> {
    (whole != 0).then(|| (Decimal::from_i128_with_scale(part, 0) / Decimal::from_i128_with_scale(whole, 0)).normalize())
}

impl Progress {
    /// What is credited for a period against its quota.
    ///
    /// # Errors
    ///
    /// As [`attainment`].
    pub fn new(period: Period, quota: Money, credited: Money) -> Result<Self, Invalid> {
        checked(credited, quota)?;
        Ok(Self { period, quota, credited })
    }

    /// The days that the quota is for.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// What was to be sold.
    #[must_use]
    pub const fn quota(&self) -> Money {
        self.quota
    }

    /// What is credited so far.
    #[must_use]
    pub const fn credited(&self) -> Money {
        self.credited
    }

    /// The share of the quota that is reached (QTA-1), see [`attainment`].
    #[must_use]
    pub fn attainment(&self) -> Option<Decimal> {
        share(self.credited.minor().into(), self.quota.minor().into())
    }

    /// Credit less quota: above zero where more was sold than planned.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn deviation(&self) -> Result<Money, Invalid> {
        self.credited.checked_sub(self.quota)
    }

    /// Attainment over the share of working days that is over (QTA-5): 1 is on course, 1.2 would end at 120 %.
    ///
    /// Days count up to and including `as_of`; after the period pace is attainment. `None` where the quota is zero, and
    /// before the first working day.
    #[must_use]
    pub fn pace(&self, days: &WorkingDays, as_of: NaiveDate) -> Option<Decimal> {
        // One division: (credited / quota) / (elapsed / total). A calendar has fewer than 2^28 days, so both products
        // stay below 2^96.
        let (elapsed, total) = (i128::from(self.elapsed(days, as_of)), i128::from(days.in_period(self.period)));
        share(i128::from(self.credited.minor()) * total, i128::from(self.quota.minor()) * elapsed)
    }

    /// What each working day after `as_of` must bring to reach the quota (QTA-5); zero once it is reached, for which
    /// [`deviation`](Self::deviation) tells the surplus. `None` where no working day remains.
    ///
    /// [`Rounding::Up`] is the rate that surely suffices.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn required_per_working_day(
        &self,
        days: &WorkingDays,
        as_of: NaiveDate,
        rounding: Rounding,
    ) -> Result<Option<Money>, Invalid> {
        let remaining = days.in_period(self.period) - self.elapsed(days, as_of);
        let missing = self.quota.checked_sub(self.credited)?;
        let missing = if missing.is_negative() { Money::zero(missing.currency()) } else { missing };
        scaled(missing, 1, remaining, rounding)
    }

    /// Working days of the period up to and including a day.
    fn elapsed(&self, days: &WorkingDays, as_of: NaiveDate) -> u64 {
        let until = as_of.succ_opt().unwrap_or(as_of).min(self.period.until());
        Period::new(self.period.from(), until).map_or(0, |elapsed| days.in_period(elapsed))
    }

    /// Adds quota and credit of another: of the same period (the reps of a team), of the one just before or after (the
    /// months of a year), whose days then count as well, or of one that lies within the other (a month of one rep joins
    /// the year of another).
    ///
    /// The periods may never leave a gap, so months merge in their order; what covers the same days merges in any.
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] where there is a gap between the periods, or only a part of each is common to both, [`Rule::CurrencyMismatch`],
    /// [`Rule::Overflow`]; nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        let (ours, theirs) = (self.period, other.period);
        let touch = ours.until() == theirs.from() || theirs.until() == ours.from();
        let common = ours.intersection(theirs);
        if !touch && common != Some(ours) && common != Some(theirs) {
            let must = "must be the same as the other, follow it, be followed by it, lie within it or contain it";
            return Err(Invalid::new("period", theirs.to_string(), Rule::Inconsistent { must }));
        }
        *self = Self {
            period: Period::new(ours.from().min(theirs.from()), ours.until().max(theirs.until()))?,
            quota: self.quota.checked_add(other.quota)?,
            credited: self.credited.checked_add(other.credited)?,
        };
        Ok(())
    }
}

/// The table of sales reps, best attainment first, those without a quota last; equals keep their order.
///
/// Attainment has no currency, so reps with quotas in different ones compare.
///
/// # Examples
///
/// ```
/// use crm_analytics::{Progress, rank_by_attainment};
/// use crm_core::{Currency, Money, Period};
///
/// let of = |quota, credited| {
///     let usd = |major: i64| Money::from_minor(major * 100, Currency::USD);
///     Progress::new(Period::year(2026)?, usd(quota), usd(credited))
/// };
/// let table = rank_by_attainment([("North", of(100, 90)?), ("Trainee", of(0, 40)?), ("South", of(10, 12)?)]);
/// assert_eq!(table.map(|(name, _)| name).collect::<Vec<_>>(), ["South", "North", "Trainee"]);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn rank_by_attainment<K>(rows: impl IntoIterator<Item = (K, Progress)>) -> impl Iterator<Item = (K, Progress)> {
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|(_, one), (_, other)| better_first(one, other));
    rows.into_iter()
}

fn better_first(one: &Progress, other: &Progress) -> Ordering {
    if one.quota.is_zero() || other.quota.is_zero() {
        return one.quota.is_zero().cmp(&other.quota.is_zero());
    }
    // Fractions with denominators above zero compare by their cross products, without a rounding.
    let cross = |part: Money, whole: Money| i128::from(part.minor()) * i128::from(whole.minor());
    cross(other.credited, one.quota).cmp(&cross(one.credited, other.quota))
}

#[cfg(test)]
mod tests {
    use crm_core::Currency;
    use proptest::prelude::*;

    use super::*;

    fn usd(major: i64) -> Money {
        Money::from_minor(major * 100, Currency::USD)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn in_month(month: u32, quota: i64, credited: i64) -> Progress {
        Progress::new(Period::month(2026, month).unwrap(), usd(quota), usd(credited)).unwrap()
    }

    /// Published examples, by their names in the collection of acceptance cases: quota-2 (rekener.com), quota-4
    /// (calculator.academy), quota-5 (climbtheladder.com), commission-8 (super-calc.com).
    #[test]
    fn qta_1_published_attainments() {
        let cases = [
            (235_000, 250_000, "94.0"),
            (51_000, 60_000, "85.0"),
            (120_000, 150_000, "80.0"),
            (80_000, 70_000, "114.3"),
            (-10, 100, "-10.0"),
            (0, 100, "0.0"),
        ];
        for (credited, quota, percent) in cases {
            let ratio = attainment(usd(credited), usd(quota)).unwrap().unwrap();
            assert_eq!((ratio * decimal("100")).round_dp(1), decimal(percent));
        }
    }

    /// quota-1 (prowi.io): three months, each and since the start of the year.
    #[test]
    fn qta_1_months_merge_into_the_year_to_date() {
        let months = [in_month(1, 50_000, 42_500), in_month(2, 50_000, 55_000), in_month(3, 50_000, 52_500)];
        assert_eq!(months.map(|month| month.attainment()), ["0.85", "1.1", "1.05"].map(|text| Some(decimal(text))));
        let mut so_far = months[0];
        so_far.merge(&months[1]).unwrap();
        assert_eq!(so_far.attainment(), Some(decimal("0.975")));
        so_far.merge(&months[2]).unwrap();
        assert_eq!(so_far.attainment(), Some(decimal("1")));
        assert_eq!(so_far.period().to_string(), "2026-01-01..2026-04-01");
    }

    #[test]
    fn months_of_several_reps_merge_in_any_order_that_leaves_no_gap() {
        let (march_of_a, april_of_a) = (in_month(3, 100, 40), in_month(4, 100, 60));
        let (march_of_b, april_of_b) = (in_month(3, 50, 10), in_month(4, 50, 50));
        let merged = |parts: [Progress; 4]| {
            let mut all = parts[0];
            parts[1..].iter().for_each(|part| all.merge(part).unwrap());
            all
        };
        let by_rep = merged([march_of_a, april_of_a, march_of_b, april_of_b]);
        assert_eq!((by_rep.period().to_string().as_str(), by_rep.quota()), ("2026-03-01..2026-05-01", usd(300)));
        assert_eq!(by_rep.credited(), usd(160));
        assert_eq!(merged([march_of_a, march_of_b, april_of_a, april_of_b]), by_rep);
        assert_eq!(merged([april_of_b, march_of_a, april_of_a, march_of_b]), by_rep);
        // What contains takes in, too.
        let mut month = march_of_b;
        month.merge(&by_rep).unwrap();
        assert_eq!((month.period(), month.quota()), (by_rep.period(), usd(350)));
    }

    #[test]
    fn periods_with_a_gap_or_with_only_a_part_in_common_do_not_merge() {
        let of = |period: &str| Progress::new(period.parse().unwrap(), usd(1), usd(1)).unwrap();
        for other in ["2026-05-01..2026-06-01", "2026-03-15..2026-04-15", "2026-02-15..2026-03-15"] {
            let mut march = in_month(3, 1, 1);
            assert!(matches!(march.merge(&of(other)).unwrap_err().rule(), Rule::Inconsistent { .. }), "{other}");
            assert_eq!(march, in_month(3, 1, 1));
        }
    }

    /// quota-7 (codingace.net): 65 000 of 100 000 after 45 of 90 days.
    #[test]
    fn qta_5_published_pace_and_required_rate() {
        let progress = Progress::new("2026-01-01..2026-04-01".parse().unwrap(), usd(100_000), usd(65_000)).unwrap();
        let (days, as_of) = (WorkingDays::every_day(), day("2026-02-14"));
        assert_eq!(progress.attainment(), Some(decimal("0.65")));
        assert_eq!(progress.deviation().unwrap(), usd(-35_000));
        assert_eq!(progress.pace(&days, as_of), Some(decimal("1.3")));
        let required = progress.required_per_working_day(&days, as_of, Rounding::HalfEven).unwrap();
        assert_eq!(required.unwrap().to_string(), "777.78 USD");
    }

    #[test]
    fn qta_5_before_within_and_after_the_period() {
        // May 2026 has 21 days from Monday to Friday; the 1st is a holiday.
        let days = WorkingDays::monday_to_friday().without([day("2026-05-01")]);
        let may = in_month(5, 20_000, 5_000);
        let cases = [
            ("2026-04-30", None, Some("750.00 USD")),
            ("2026-05-03", None, Some("750.00 USD")),
            ("2026-05-04", Some("5"), Some("789.48 USD")),
            ("2026-05-28", Some("0.2631578947368421052631578947"), Some("15000.00 USD")),
            ("2026-05-29", Some("0.25"), None),
            ("2026-07-01", Some("0.25"), None),
            ("+262142-12-31", Some("0.25"), None),
        ];
        for (as_of, pace, required) in cases {
            assert_eq!(may.pace(&days, day(as_of)), pace.map(decimal), "{as_of}");
            let rate = may.required_per_working_day(&days, day(as_of), Rounding::Up).unwrap();
            assert_eq!(rate.map(|rate| rate.to_string()).as_deref(), required, "{as_of}");
        }
    }

    #[test]
    fn qta_5_nothing_more_is_required_once_the_quota_is_reached() {
        for credited in [100, 130] {
            let done = in_month(3, 100, credited);
            let rate =
                done.required_per_working_day(&WorkingDays::every_day(), day("2026-03-10"), Rounding::Up).unwrap();
            assert_eq!(rate, Some(usd(0)));
        }
        assert_eq!(in_month(3, 0, 5).pace(&WorkingDays::every_day(), day("2026-03-10")), None);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let march = Period::month(2026, 3).unwrap();
        let mismatch = Progress::new(march, Money::zero(Currency::EUR), usd(1)).unwrap_err();
        assert_eq!(mismatch.to_string(), "credited must be in EUR, not in USD, got 1.00 USD");
        let negative = attainment(usd(1), usd(-1)).unwrap_err();
        assert_eq!((negative.field(), negative.rule()), ("quota", &Rule::Negative));

        let mut kept = in_month(1, 10, 5);
        let refused = kept.merge(&in_month(3, 10, 5)).unwrap_err();
        assert!(matches!(refused.rule(), Rule::Inconsistent { .. }));
        assert_eq!(kept, in_month(1, 10, 5));
        let negative = serde_json::to_string(&kept).unwrap().replace("10.00", "-10.00");
        assert!(serde_json::from_str::<Progress>(&negative).unwrap_err().to_string().contains("quota"));
    }

    proptest! {
        #[test]
        fn merging_a_team_equals_adding_its_reps(
            reps in prop::collection::vec((0_i64..1 << 40, -(1_i64 << 40)..1 << 40), 1..20),
        ) {
            let march = Period::month(2026, 3).unwrap();
            let cents = |minor| Money::from_minor(minor, Currency::USD);
            let mut team = Progress::new(march, cents(0), cents(0)).unwrap();
            for (quota, credited) in &reps {
                team.merge(&Progress::new(march, cents(*quota), cents(*credited)).unwrap()).unwrap();
            }
            prop_assert_eq!(team.quota().minor(), reps.iter().map(|rep| rep.0).sum::<i64>());
            prop_assert_eq!(team.credited().minor(), reps.iter().map(|rep| rep.1).sum::<i64>());
            let json = serde_json::to_string(&team).unwrap();
            prop_assert_eq!(serde_json::from_str::<Progress>(&json).unwrap(), team);
        }

        /// Also proves that no amount overflows the products inside.
        #[test]
        fn qta_5_at_the_end_pace_is_attainment(quota in 1_i64.., credited: i64) {
            let progress = Progress::new(
                Period::new(NaiveDate::MIN, NaiveDate::MAX).unwrap(),
                Money::from_minor(quota, Currency::USD),
                Money::from_minor(credited, Currency::USD),
            ).unwrap();
            let (pace, attained) =
                (progress.pace(&WorkingDays::every_day(), NaiveDate::MAX).unwrap(), progress.attainment().unwrap());
            prop_assert!((pace - attained).abs() <= decimal("0.000000001"));
        }
    }
}

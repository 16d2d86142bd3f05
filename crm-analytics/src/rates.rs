//! Per unit of time: customers and orders a day, revenue a month, cost per hour of work.

use std::cmp::Ordering;

use chrono::{Months, NaiveDate, TimeDelta};
use crm_core::{Invalid, Money, Period, Rounding, Rule};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// What a figure is counted per.
///
/// Days and weeks are lengths: a week is 7 days. Months and years are those of the calendar, as a sales manager counts:
/// January is one month, the first half of a year is six months and 0.5 years. What remains beyond the last whole
/// month, counted from the first day of the period, is a share of the month that it begins: 1 January to 14 February are
/// one month and 14 of 28 days, 1.5 months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// A day, worked or not.
    Day,
    /// Seven days.
    Week,
    /// A month of the calendar.
    Month,
    /// Twelve months of the calendar.
    Year,
}

/// How many units a period has, as a fraction: `count / per`. Both are at least 1.
struct Length {
    count: u64,
    per: u64,
}

impl TimeUnit {
    fn length_of(self, period: Period) -> Length {
        match self {
            Self::Day => Length { count: period.days(), per: 1 },
            Self::Week => Length { count: period.days(), per: 7 },
            Self::Month => months(period),
            Self::Year => {
                let Length { count, per } = months(period);
                Length { count, per: per * 12 }
            }
        }
    }

    /// How many units a period has, to the 28 digits of [`Decimal`].
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::TimeUnit;
    ///
    /// let period = "2026-01-01..2026-02-15".parse()?;
    /// assert_eq!(TimeUnit::Day.in_period(period), 45.into());
    /// assert_eq!(TimeUnit::Month.in_period(period), "1.5".parse().unwrap());
    /// assert_eq!(TimeUnit::Year.in_period(period), "0.125".parse().unwrap());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    #[must_use]
    pub fn in_period(self, period: Period) -> Decimal {
        let Length { count, per } = self.length_of(period);
        (Decimal::from(count) / Decimal::from(per)).normalize()
    }
}

fn months(period: Period) -> Length {
    let after = |months: u32| period.from().checked_add_months(Months::new(months));
    let fits = |months: u32| after(months).is_some_and(|day| day <= period.until());
    // No month is longer than 31 days, so this many fit for certain; few more follow.
    let mut whole = u32::try_from(period.days() / 31).unwrap_or(u32::MAX);
    while fits(whole + 1) {
        whole += 1;
    }
    let days = |from: NaiveDate, until: NaiveDate| (until - from).num_days().unsigned_abs();
    let begun = after(whole).unwrap_or(period.from());
    // Only the last month of the calendar has no day after it; it is a December.
    let length = after(whole + 1).map_or(31, |next| days(begun, next));
    Length { count: u64::from(whole) * length + days(begun, period.until()), per: length }
}

/// How many customers, orders or tickets there were per unit of time, to the 28 digits of [`Decimal`].
///
/// # Examples
///
/// ```
/// use crm_analytics::{TimeUnit, count_per};
/// use crm_core::Period;
///
/// let quarter = "2026-01-01..2026-04-01".parse()?;
/// assert_eq!(count_per(135, quarter, TimeUnit::Day), "1.5".parse().unwrap());
/// assert_eq!(count_per(135, quarter, TimeUnit::Week), "10.5".parse().unwrap());
/// assert_eq!(count_per(135, quarter, TimeUnit::Month), 45.into());
/// assert_eq!(count_per(135, quarter, TimeUnit::Year), 540.into());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[must_use]
pub fn count_per(count: u64, period: Period, unit: TimeUnit) -> Decimal {
    let length = unit.length_of(period);
    // 64 bits times at most 12 months of 31 days fit a decimal, and the divisor is at least 1.
    (Decimal::from(u128::from(count) * u128::from(length.per)) / Decimal::from(length.count)).normalize()
}

/// How much revenue or cost there was per unit of time, rounded once.
///
/// # Errors
///
/// [`Rule::Overflow`], for a unit longer than the period.
///
/// # Examples
///
/// ```
/// use crm_analytics::{TimeUnit, amount_per};
/// use crm_core::{Currency, Money, Period, Rounding};
///
/// let revenue = Money::parse("1000", Currency::EUR)?;
/// let monthly = amount_per(revenue, "2026-01-01..2026-04-01".parse()?, TimeUnit::Month, Rounding::HalfUp)?;
/// assert_eq!(monthly.to_string(), "333.33 EUR");
///
/// let most = Money::from_minor(i64::MAX, Currency::EUR);
/// assert!(amount_per(most, Period::month(2026, 1)?, TimeUnit::Year, Rounding::HalfUp).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn amount_per(amount: Money, period: Period, unit: TimeUnit, rounding: Rounding) -> Result<Money, Invalid> {
    let Length { count, per } = unit.length_of(period);
    // A period has at least one day, so there is a rate.
    scaled(amount, per, count, rounding).map(|rate| rate.unwrap_or(amount))
}

const MICROSECONDS_PER_HOUR: u64 = 3_600_000_000;

/// What an hour of work cost, rounded once; `None` where no time was worked. Work counts to the microsecond.
///
/// # Errors
///
/// [`Rule::Negative`] for work below zero, [`Rule::Overflow`].
///
/// # Examples
///
/// ```
/// use chrono::TimeDelta;
/// use crm_analytics::cost_per_hour;
/// use crm_core::{Currency, Money, Rounding};
///
/// let cost = Money::parse("100", Currency::USD)?;
/// let hourly = cost_per_hour(cost, TimeDelta::minutes(90), Rounding::HalfUp)?;
/// assert_eq!(hourly.unwrap().to_string(), "66.67 USD");
/// assert_eq!(cost_per_hour(cost, TimeDelta::zero(), Rounding::HalfUp)?, None);
/// assert!(cost_per_hour(cost, TimeDelta::minutes(-1), Rounding::HalfUp).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn cost_per_hour(cost: Money, worked: TimeDelta, rounding: Rounding) -> Result<Option<Money>, Invalid> {
    let refused = |rule| Invalid::new("time worked", worked.to_string(), rule);
    let microseconds = worked.num_microseconds().ok_or_else(|| refused(Rule::Overflow))?;
    let microseconds = u64::try_from(microseconds).map_err(|_| refused(Rule::Negative))?;
    scaled(cost, MICROSECONDS_PER_HOUR, microseconds, rounding)
}

/// `amount · times / over`, rounded once and exactly; `None` where `over` is zero.
pub(crate) fn scaled(amount: Money, times: u64, over: u64, rounding: Rounding) -> Result<Option<Money>, Invalid> {
    if over == 0 {
        return Ok(None);
    }
    let (product, over) = (i128::from(amount.minor()) * i128::from(times), i128::from(over));
    let (whole, rest) = (product / over, product % over);
    // A decimal does not hold every quotient, but rounding asks only where the rest lies about a half: quarters tell.
    let quarters = match (rest.abs() * 2).cmp(&over) {
        _ if rest == 0 => 0,
        Ordering::Less => 1,
        Ordering::Equal => 2,
        Ordering::Greater => 3,
    };
    let hundredths = whole.checked_mul(100).and_then(|whole| whole.checked_add(rest.signum() * quarters * 25));
    hundredths
        .and_then(|hundredths| Decimal::try_from_i128_with_scale(hundredths, amount.currency().exponent() + 2).ok())
        .ok_or_else(|| Invalid::new("amount", format!("{amount} times {times} over {over}"), Rule::Overflow))
        .and_then(|decimal| Money::rounded(decimal, amount.currency(), rounding))
        .map(Some)
}

#[cfg(test)]
mod tests {
    use crm_core::Currency;
    use proptest::prelude::*;

    use super::*;

    const ROUNDINGS: [Rounding; 6] =
        [Rounding::HalfEven, Rounding::HalfUp, Rounding::Up, Rounding::Down, Rounding::Ceiling, Rounding::Floor];

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    #[test]
    fn months_and_years_are_those_of_the_calendar() {
        let cases = [
            ("2026-02-01..2026-03-01", "1", "0.0833333333333333333333333333"),
            ("2026-01-01..2026-07-01", "6", "0.5"),
            ("2024-01-01..2025-01-01", "12", "1"),
            ("2026-01-15..2026-04-15", "3", "0.25"),
            ("2026-01-01..2026-01-17", "0.5161290322580645161290322581", "0.0430107526881720430107526882"),
            ("2026-02-01..2026-02-15", "0.5", "0.0416666666666666666666666667"),
            ("2026-01-31..2026-02-28", "1", "0.0833333333333333333333333333"),
            ("2026-01-31..2026-03-31", "2", "0.1666666666666666666666666667"),
            ("+262142-12-01..+262142-12-31", "0.9677419354838709677419354839", "0.0806451612903225806451612903"),
        ];
        for (period, months, years) in cases {
            let period = period.parse().unwrap();
            assert_eq!(TimeUnit::Month.in_period(period).to_string(), months, "{period}");
            assert_eq!(TimeUnit::Year.in_period(period).to_string(), years, "{period}");
        }
    }

    /// quota-7 of the collection of acceptance cases (codingace.net): 65 000 in 45 days are 1,444.44 a day.
    #[test]
    fn published_revenue_per_day() {
        let daily = |rounding| {
            amount_per(usd(6_500_000), "2026-01-01..2026-02-15".parse().unwrap(), TimeUnit::Day, rounding).unwrap()
        };
        assert_eq!(daily(Rounding::HalfUp), usd(144_444));
        assert_eq!(daily(Rounding::Up), usd(144_445));
    }

    #[test]
    fn cost_per_hour_cases() {
        let cases = [
            (TimeDelta::hours(8), Some(1_250)),
            (TimeDelta::minutes(20), Some(30_000)),
            (TimeDelta::nanoseconds(999), None),
            (TimeDelta::zero(), None),
        ];
        for (worked, hourly) in cases {
            assert_eq!(cost_per_hour(usd(10_000), worked, Rounding::HalfUp).unwrap(), hourly.map(usd), "{worked}");
        }
        let rule = |cost, worked| cost_per_hour(usd(cost), worked, Rounding::HalfUp).unwrap_err().rule().clone();
        assert_eq!(rule(1, TimeDelta::microseconds(-1)), Rule::Negative);
        assert_eq!(rule(1, TimeDelta::MAX), Rule::Overflow);
        assert_eq!(rule(i64::MAX, TimeDelta::microseconds(1)), Rule::Overflow);
    }

    proptest! {
        /// The rounding of a quotient written as a decimal is the core's; where that decimal is exact, both must agree.
        #[test]
        fn a_rounded_quotient_is_that_of_the_core(
            minor: i64, times in 0_u64..1000, power in 0_u32..6, rounding in prop::sample::select(&ROUNDINGS),
        ) {
            let over = 10_u64.pow(power);
            let expected = usd(minor).times(Decimal::new(times.try_into().unwrap(), power), rounding).ok();
            prop_assert_eq!(scaled(usd(minor), times, over, rounding).ok().flatten(), expected);
        }

        #[test]
        fn a_quotient_errs_by_less_than_a_unit(
            minor: i64, over in 1_u64.., rounding in prop::sample::select(&ROUNDINGS),
        ) {
            let quotient = scaled(usd(minor), 1, over, rounding).unwrap().unwrap();
            let error = i128::from(quotient.minor()) * i128::from(over) - i128::from(minor);
            prop_assert!(error.abs() < i128::from(over));
        }

        #[test]
        fn whole_months_count_as_such(
            year in 1900_i32..2200, month in 1_u32..=12, day in 1_u32..=28, months in 1_u32..100,
        ) {
            let from = NaiveDate::from_ymd_opt(year, month, day).unwrap();
            let period = Period::new(from, from + Months::new(months)).unwrap();
            prop_assert_eq!(TimeUnit::Month.in_period(period), Decimal::from(months));
            prop_assert_eq!(count_per(u64::from(months) * 7, period, TimeUnit::Month), Decimal::from(7));
        }
    }
}

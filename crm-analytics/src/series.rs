//! Revenue by month and by fiscal quarter, without gaps, and its trend.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use crm_core::{Currency, FiscalCalendar, FiscalQuarter, Invalid, Money, Period};
use serde::{Deserialize, Serialize};

use crate::{
    moments::Moments,
    regression::{FitError, LinearFit},
};

/// An amount in major units as a double, where money meets statistics; never for sums.
///
/// Up to 2^53 minor units (some 90 trillion USD) the result is the double nearest to the exact amount.
///
/// # Examples
///
/// ```
/// use crm_analytics::major_units;
/// use crm_core::{Currency, Money};
///
/// assert_eq!(major_units(Money::parse("1234.56", Currency::USD)?), 1234.56);
/// assert_eq!(major_units(Money::from_minor(500, Currency::JPY)), 500.0);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[must_use]
pub fn major_units(amount: Money) -> f64 {
    let units: u32 = 10_u32.pow(amount.currency().exponent());
    amount.minor() as f64 / f64::from(units)
}

/// What one month brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MonthTotal {
    /// The calendar year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The sum.
    pub amount: Money,
}

/// What one fiscal quarter brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QuarterTotal {
    /// The quarter.
    pub quarter: FiscalQuarter,
    /// The sum.
    pub amount: Money,
}

/// An accumulator of amounts of one currency by month of their day, in any order.
///
/// The series runs from the month of the first day to that of the last; a month between without a day is zero. It is
/// serialised without such months.
///
/// # Examples
///
/// ```
/// use crm_analytics::MonthlySeries;
/// use crm_core::{Currency, FiscalCalendar, Money};
///
/// let mut revenue = MonthlySeries::new(Currency::EUR);
/// let sales = [("2026-04-02", "300"), ("2026-01-31", "100"), ("2026-03-15", "150.50"), ("2026-03-01", "49.50")];
/// for (day, amount) in sales {
///     revenue.push(day.parse().unwrap(), Money::parse(amount, Currency::EUR)?)?;
/// }
/// // Nothing in February.
/// assert_eq!(revenue.to_major_units(), [100.0, 0.0, 200.0, 300.0]);
/// let quarters = revenue.by_quarter(FiscalCalendar::CALENDAR_YEAR)?;
/// let quarters: Vec<_> = quarters.iter().map(|total| format!("{} {}", total.quarter, total.amount)).collect();
/// assert_eq!(quarters, ["2026Q1 300.00 EUR", "2026Q2 300.00 EUR"]);
///
/// let trend = revenue.trend().unwrap();
/// assert_eq!((trend.slope(), trend.predict(4.0)), (80.0, 350.0));
///
/// let other = revenue.push("2026-05-01".parse().unwrap(), Money::zero(Currency::USD)).unwrap_err();
/// assert_eq!(other.to_string(), "amount must be in EUR, not in USD, got 0.00 USD");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct MonthlySeries {
    currency: Currency,
    /// By months since the year 0, for the months that have a day.
    months: BTreeMap<i32, Money>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "MonthlySeries")]
struct Written {
    currency: Currency,
    months: Vec<MonthTotal>,
}

impl TryFrom<Written> for MonthlySeries {
    type Error = Invalid;
    fn try_from(written: Written) -> Result<Self, Invalid> {
        let mut series = Self::new(written.currency);
        for MonthTotal { year, month, amount } in written.months {
            series.push(Period::month(year, month)?.from(), amount)?;
        }
        Ok(series)
    }
}

impl From<MonthlySeries> for Written {
    fn from(series: MonthlySeries) -> Self {
        let months = series.months.iter().map(|(index, amount)| month_total(*index, *amount)).collect();
        Self { currency: series.currency, months }
    }
}

fn month_total(index: i32, amount: Money) -> MonthTotal {
    MonthTotal { year: index.div_euclid(12), month: index.rem_euclid(12).unsigned_abs() + 1, amount }
}

impl MonthlySeries {
    /// A series without months.
    #[must_use]
    pub const fn new(currency: Currency) -> Self {
        Self { currency, months: BTreeMap::new() }
    }

    /// Adds an amount to the month of its day.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`](crm_core::Rule::CurrencyMismatch) for an amount in another currency,
    /// [`Rule::Overflow`](crm_core::Rule::Overflow); nothing changes then.
    pub fn push(&mut self, day: NaiveDate, amount: Money) -> Result<(), Invalid> {
        // Months of the whole calendar count within 22 bits.
        let index = day.year() * 12 + day.month0().cast_signed();
        let sum = self.in_month(index).checked_add(amount)?;
        self.months.insert(index, sum);
        Ok(())
    }

    /// Takes everything that another series holds, as if its amounts had been pushed here.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push); nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        Money::zero(other.currency).in_currency(self.currency)?;
        let sums = other.months.iter().map(|(index, amount)| Ok((*index, self.in_month(*index).checked_add(*amount)?)));
        let sums: Vec<_> = sums.collect::<Result<_, Invalid>>()?;
        self.months.extend(sums);
        Ok(())
    }

    fn in_month(&self, index: i32) -> Money {
        self.months.get(&index).copied().unwrap_or(Money::zero(self.currency))
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The months from the first to the last, none left out; without any amount there is none.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = MonthTotal> + '_ {
        let ends = self.months.first_key_value().zip(self.months.last_key_value());
        ends.into_iter()
            .flat_map(|((first, _), (last, _))| *first..=*last)
            .map(|index| month_total(index, self.in_month(index)))
    }

    /// The sum of all months.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crm_core::Rule::Overflow).
    pub fn total(&self) -> Result<Money, Invalid> {
        Money::sum(self.months.values().copied(), self.currency)
    }

    /// The quarters from that of the first month to that of the last, none left out.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crm_core::Rule::Overflow); [`Rule::Malformed`](crm_core::Rule::Malformed) for the last month that
    /// the calendar has, in the year 262142.
    pub fn by_quarter(&self, calendar: FiscalCalendar) -> Result<Vec<QuarterTotal>, Invalid> {
        let mut totals: Vec<QuarterTotal> = Vec::new();
        // Months come in order and without gaps, and a fiscal quarter is three of them: so do the quarters.
        for MonthTotal { year, month, amount } in self.iter() {
            let quarter = calendar.quarter_of(Period::month(year, month)?.from());
            match totals.last_mut().filter(|last| last.quarter == quarter) {
                Some(last) => last.amount = last.amount.checked_add(amount)?,
                None => totals.push(QuarterTotal { quarter, amount }),
            }
        }
        Ok(totals)
    }

    /// The months in major units, for statistics; see [`major_units`].
    #[must_use]
    pub fn to_major_units(&self) -> Vec<f64> {
        self.iter().map(|month| major_units(month.amount)).collect()
    }

    /// Mean and spread of the months, in major units.
    #[must_use]
    pub fn moments(&self) -> Moments {
        // Amounts of 64 bits lie far below the limit of the accumulator, so none is refused.
        Moments::from_slice(&self.to_major_units()).unwrap_or_default()
    }

    /// The sample variance of the months (divisor `n - 1`), in major units squared; `None` below two months.
    #[must_use]
    pub fn sample_variance(&self) -> Option<f64> {
        self.moments().sample_variance()
    }

    /// The straight line through the months, in major units per month: the first month is at 0, and `predict(n)` of a
    /// series of `n` months is the month after the last.
    ///
    /// # Errors
    ///
    /// [`FitError::TooFewPoints`] below two months.
    pub fn trend(&self) -> Result<LinearFit, FitError> {
        LinearFit::of_series(&self.to_major_units())
    }
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use crm_core::Rule;
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn series_of(amounts: &[(NaiveDate, i64)]) -> MonthlySeries {
        let mut series = MonthlySeries::new(Currency::USD);
        for (day, minor) in amounts {
            series.push(*day, usd(*minor)).unwrap();
        }
        series
    }

    fn written(quarters: &[QuarterTotal]) -> Vec<String> {
        quarters.iter().map(|total| format!("{} {}", total.quarter, total.amount.to_decimal())).collect()
    }

    #[test]
    fn months_without_an_amount_between_are_zero() {
        let series = series_of(&[(day("2026-02-28"), 5), (day("2025-11-01"), 7), (day("2026-02-01"), -2)]);
        let months: Vec<_> = series.iter().map(|total| (total.year, total.month, total.amount.minor())).collect();
        assert_eq!(months, [(2025, 11, 7), (2025, 12, 0), (2026, 1, 0), (2026, 2, 3)]);
        assert_eq!(series.total().unwrap(), usd(10));
    }

    #[test]
    fn nothing_pushed_gives_nothing() {
        let empty = MonthlySeries::new(Currency::USD);
        assert_eq!((empty.iter().count(), empty.sample_variance()), (0, None));
        assert_eq!(empty.by_quarter(FiscalCalendar::CALENDAR_YEAR).unwrap(), []);
        assert_eq!(empty.trend(), Err(FitError::TooFewPoints { count: 0 }));
        assert_eq!(series_of(&[(day("2026-01-01"), 0)]).trend(), Err(FitError::TooFewPoints { count: 1 }));
    }

    #[test]
    fn quarters_without_an_amount_between_are_zero_too() {
        let series = series_of(&[(day("2025-12-31"), 100), (day("2026-09-01"), 250)]);
        let calendar = |first_month| FiscalCalendar::starting_in(first_month).unwrap();
        let quarters = |first_month| written(&series.by_quarter(calendar(first_month)).unwrap());
        assert_eq!(quarters(1), ["2025Q4 1.00", "2026Q1 0.00", "2026Q2 0.00", "2026Q3 2.50"]);
        assert_eq!(quarters(12), ["2026Q1 1.00", "2026Q2 0.00", "2026Q3 0.00", "2026Q4 2.50"]);
    }

    #[test]
    fn a_refused_amount_or_merge_changes_nothing() {
        let mut series = series_of(&[(day("2026-01-01"), 1), (day("2026-02-01"), i64::MAX)]);
        let before = series.clone();
        assert_eq!(series.push(day("2026-02-02"), usd(1)).unwrap_err().rule(), &Rule::Overflow);
        assert_eq!(series.merge(&before).unwrap_err().rule(), &Rule::Overflow);
        let other = MonthlySeries::new(Currency::EUR);
        assert!(matches!(series.merge(&other).unwrap_err().rule(), Rule::CurrencyMismatch { .. }));
        assert_eq!(series, before);
        let written = serde_json::to_string(&before).unwrap();
        let thirteenth = written.replace(r#""month":2"#, r#""month":13"#);
        assert!(serde_json::from_str::<MonthlySeries>(&thirteenth).unwrap_err().to_string().contains("2026-13"));
    }

    /// The made-up sales year of the examples. Expected figures: integer cents by another program, statistics as exact
    /// fractions rounded once.
    #[test]
    fn the_sales_year_of_the_examples() {
        let mut series = MonthlySeries::new(Currency::USD);
        for file in ["sales_pipeline_north.csv", "sales_pipeline_south.csv"] {
            let path = format!("{}/../examples/data/{file}", env!("CARGO_MANIFEST_DIR"));
            for line in std::fs::read_to_string(path).unwrap().lines().skip(1) {
                // The last four columns hold no commas, so they are read from the end.
                let mut fields = line.rsplit(',');
                let (value, closed, _, stage) =
                    (fields.next().unwrap(), fields.next().unwrap(), fields.next(), fields.next().unwrap());
                // Two planted defects: a product that is not in the list, and a day that is not in the calendar.
                let Ok(closed) = closed.parse() else { continue };
                if stage == "Won" && !line.contains("Halo Max") {
                    series.push(closed, Money::parse(value, Currency::USD).unwrap()).unwrap();
                }
            }
        }
        assert_eq!(series.total().unwrap().to_string(), "183022.87 USD");
        assert_eq!(
            written(&series.by_quarter(FiscalCalendar::CALENDAR_YEAR).unwrap()),
            ["2024Q1 17227.00", "2024Q2 28720.74", "2024Q3 23929.03", "2024Q4 49013.00", "2025Q1 64133.10"]
        );
        let trend = series.trend().unwrap();
        let figures = [
            (series.sample_variance().unwrap(), 43_754_713.187_955_24),
            (trend.slope(), 1_260.141_75),
            (trend.intercept(), 3_380.532_416_666_666_4),
            (trend.r_squared().unwrap(), 0.725_845_109_884_159_4),
            (trend.predict(15.0), 22_282.658_666_666_666),
        ];
        for (computed, expected) in figures {
            assert!((computed / expected - 1.0).abs() < 1e-14, "{computed} is not {expected}");
        }
    }

    fn amounts() -> impl Strategy<Value = Vec<(NaiveDate, i64)>> {
        let amount = (0_u64..4000, -(1_i64 << 40)..1 << 40);
        let amount = amount.prop_map(|(days, minor)| (day("2020-01-01") + Days::new(days), minor));
        prop::collection::vec(amount, 0..30)
    }

    proptest! {
        #[test]
        fn merging_equals_pushing_everything(first in amounts(), second in amounts()) {
            let mut merged = series_of(&first);
            merged.merge(&series_of(&second)).unwrap();
            prop_assert_eq!(&merged, &series_of(&[first, second].concat()));
            let json = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<MonthlySeries>(&json).unwrap(), merged);
        }

        #[test]
        fn months_and_quarters_sum_to_the_total(amounts in amounts(), first_month in 1_u32..=12) {
            let series = series_of(&amounts);
            let total: i64 = amounts.iter().map(|(_, minor)| minor).sum();
            let quarters = series.by_quarter(FiscalCalendar::starting_in(first_month).unwrap()).unwrap();
            prop_assert_eq!(series.iter().map(|month| month.amount.minor()).sum::<i64>(), total);
            prop_assert_eq!(quarters.iter().map(|quarter| quarter.amount.minor()).sum::<i64>(), total);
            prop_assert_eq!(series.total().unwrap().minor(), total);
        }
    }
}

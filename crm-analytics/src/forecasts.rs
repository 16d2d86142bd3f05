//! How a forecast compares: to what became of it, and to what is still to be sold.

use crm_core::{Invalid, Money};
use rust_decimal::Decimal;

use crate::attainment;

/// How near a forecast came: `1 - |forecast - actual| / actual` (FC-6). 1 is exact, below zero it was off by more than the actual amount. `None` where the actual amount is zero.
///
/// It is one less the absolute percentage error (Hyndman and Athanasopoulos, *Forecasting: Principles and Practice*, 3rd edition, 5.8).
///
/// ```
/// use crm_analytics::forecast_accuracy;
/// use crm_core::{Currency, Money};
///
/// let eur = |amount| Money::parse(amount, Currency::EUR);
/// let accuracy = forecast_accuracy(eur("110.00")?, eur("100.00")?)?;
/// assert_eq!(accuracy.map(|share| share.to_string()), Some("0.9".into()));
/// assert_eq!(forecast_accuracy(eur("110.00")?, eur("0.00")?)?, None);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
///
/// # Errors
///
/// [`Rule::CurrencyMismatch`](crm_core::Rule::CurrencyMismatch), [`Rule::Overflow`](crm_core::Rule::Overflow); [`Rule::Negative`](crm_core::Rule::Negative) for an actual amount
/// below zero.
pub fn forecast_accuracy(forecast: Money, actual: Money) -> Result<Option<Decimal>, Invalid> {
    Ok(forecast_bias(forecast, actual)?.map(|bias| (Decimal::ONE - bias.abs()).normalize()))
}

/// Whether a forecast was too high or too low: `(forecast - actual) / actual` (FC-6), above zero where it promised too much. `None` where the actual amount is zero.
///
/// ```
/// use crm_analytics::forecast_bias;
/// use crm_core::{Currency, Money};
///
/// let eur = |amount| Money::parse(amount, Currency::EUR);
/// let bias = forecast_bias(eur("90.00")?, eur("100.00")?)?;
/// assert_eq!(bias.map(|share| share.to_string()), Some("-0.1".into()));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
///
/// # Errors
///
/// As [`forecast_accuracy`].
pub fn forecast_bias(forecast: Money, actual: Money) -> Result<Option<Decimal>, Invalid> {
    attainment(forecast.checked_sub(actual)?, actual).map_err(|refused| refused.in_field("actual"))
}

/// How often the open pipeline covers what is still to be sold: open / (quota - closed) (FC-7). `None` where the quota is reached: there is nothing to cover.
///
/// ```
/// use crm_analytics::pipeline_coverage;
/// use crm_core::{Currency, Money};
///
/// let eur = |amount| Money::parse(amount, Currency::EUR);
/// let coverage = pipeline_coverage(eur("120000.00")?, eur("100000.00")?, eur("60000.00")?)?;
/// assert_eq!(coverage.map(|times| times.to_string()), Some("3".into()));
/// assert_eq!(pipeline_coverage(eur("120000.00")?, eur("100000.00")?, eur("100000.00")?)?, None);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
///
/// # Errors
///
/// [`Rule::CurrencyMismatch`](crm_core::Rule::CurrencyMismatch), [`Rule::Overflow`](crm_core::Rule::Overflow).
pub fn pipeline_coverage(open: Money, quota: Money, closed: Money) -> Result<Option<Decimal>, Invalid> {
    let left = quota.checked_sub(closed)?;
    let open = open.in_currency(left.currency()).map_err(|refused| refused.in_field("open pipeline"))?;
    if left.is_positive() { attainment(open, left) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use crm_core::{Currency, Rule};

    use super::*;

    fn eur(cents: i64) -> Money {
        Money::from_minor(cents, Currency::EUR)
    }

    fn rounded(share: Option<Decimal>) -> String {
        share.map_or_else(|| "none".into(), |share| share.round_dp(4).normalize().to_string())
    }

    #[test]
    fn fc_6_accuracy_and_bias_of_a_forecast() {
        let cases = [
            (100, 100, "1", "0"),
            (150, 100, "0.5", "0.5"),
            (50, 100, "0.5", "-0.5"),
            (300, 100, "-1", "2"),
            (0, 100, "0", "-1"),
            (100, 300, "0.3333", "-0.6667"),
            (100, 0, "none", "none"),
            (0, 0, "none", "none"),
        ];
        for (forecast, actual, accuracy, bias) in cases {
            assert_eq!(rounded(forecast_accuracy(eur(forecast), eur(actual)).unwrap()), accuracy);
            assert_eq!(rounded(forecast_bias(eur(forecast), eur(actual)).unwrap()), bias);
        }
    }

    /// The published case is `quota-7` of the worked examples that the rules were checked by.
    #[test]
    fn fc_7_coverage_is_open_pipeline_over_what_is_left_of_the_quota() {
        let coverage = |open, quota, closed| rounded(pipeline_coverage(eur(open), eur(quota), eur(closed)).unwrap());
        assert_eq!(coverage(12_000_000, 10_000_000, 6_500_000), "3.4286");
        assert_eq!(coverage(0, 100, 50), "0");
        assert_eq!(coverage(100, 100, 100), "none");
        assert_eq!(coverage(100, 100, 150), "none");
        assert_eq!(coverage(100, 100, -100), "0.5");
    }

    #[test]
    fn an_actual_amount_below_zero_is_refused() {
        let refused = forecast_bias(eur(1), eur(-1)).unwrap_err();
        assert_eq!((refused.field(), refused.rule()), ("actual", &Rule::Negative));
    }

    #[test]
    fn other_currencies_are_refused() {
        let usd = Money::from_minor(1, Currency::USD);
        for refused in [
            forecast_accuracy(usd, eur(1)),
            forecast_bias(eur(1), usd),
            pipeline_coverage(usd, eur(1), eur(0)),
            pipeline_coverage(usd, eur(1), eur(1)),
            pipeline_coverage(eur(1), eur(1), usd),
        ] {
            assert!(matches!(refused.unwrap_err().rule(), Rule::CurrencyMismatch { .. }));
        }
    }
}

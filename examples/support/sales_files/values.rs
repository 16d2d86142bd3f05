//! Fields as values: amounts in USD and days.

use chrono::NaiveDate;
use crm::{Currency, Money, Rule};

use super::{csv_table::Field, remarks::Finding};

/// All amounts in the files are in this currency.
pub(crate) const CURRENCY: Currency = Currency::USD;

/// An amount of zero or more: digits, and decimals after a point.
pub(crate) fn amount(field: Field<'_>) -> Result<Money, Finding> {
    let text = field.text();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) {
        return Err(field.finding("not an amount"));
    }
    if digits != text {
        return Err(field.finding("negative amount"));
    }
    Money::parse(text, CURRENCY).map_err(|invalid| match invalid.rule() {
        Rule::TooManyDecimals { .. } => field.finding("more than two decimals"),
        // What is made of digits alone is malformed only where there are too many of them.
        _ => field.finding("amount too large"),
    })
}

/// A day; `None` for an empty field.
pub(crate) fn day(field: Field<'_>) -> Result<Option<NaiveDate>, Finding> {
    let Some(field) = field.given() else { return Ok(None) };
    parsed_day(field.text()).map(Some).ok_or_else(|| field.finding("not a date (yyyy-mm-dd)"))
}

/// A day, strictly `yyyy-mm-dd`.
pub(crate) fn parsed_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day: &NaiveDate| text.len() == "yyyy-mm-dd".len() && day.to_string() == text)
}

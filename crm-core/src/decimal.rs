//! Decimals of a stated scale: percentages, quantities, exchange rates and unit prices.

use std::{fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
};

/// `value` in whole units of `10^-scale`, exactly.
pub(crate) fn scaled(value: Decimal, scale: u32) -> Result<i64, Rule> {
    let value = value.normalize();
    let missing = scale.checked_sub(value.scale()).ok_or(Rule::TooManyDecimals { limit: scale })?;
    let units = value.mantissa().checked_mul(10_i128.pow(missing)).ok_or(Rule::Overflow)?;
    i64::try_from(units).map_err(|_| Rule::Overflow)
}

/// Reads digits, with a sign before and a point between them where they have one; never rounded.
pub(crate) fn parsed(field: &'static str, text: &str) -> Result<Decimal, Invalid> {
    let number = text.trim();
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let read = (digits(whole) && digits(decimals)).then(|| Decimal::from_str_exact(number).ok()).flatten();
    let expected = "a decimal number without separators";
    read.ok_or_else(|| Invalid::new(field, text, Rule::Malformed { expected }))
}

macro_rules! decimals {
    ($($(#[$doc:meta])* $name:ident { field: $field:literal, scale: $scale:literal, negative: $negative:literal, units: $units:ident, from_units: $from_units:ident, unit: $unit:literal })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "Decimal")]
        pub struct $name(i64);

        impl $name {
            /// How many decimals are kept.
            pub const SCALE: u32 = $scale;
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// An exact value.
            ///
            /// # Errors
            ///
            /// [`Rule::TooManyDecimals`], [`Rule::Overflow`], or [`Rule::Negative`] where the type holds none below zero.
            pub fn new(value: Decimal) -> Result<Self, Invalid> {
                let checked = scaled(value, Self::SCALE).and_then(Self::ruled);
                checked.map_err(|rule| Invalid::new($field, value.to_string(), rule))
            }

            #[doc = concat!("So many ", $unit, ": the form for a column.")]
            ///
            /// # Errors
            ///
            /// [`Rule::Negative`] where the type holds none below zero.
            pub fn $from_units(units: i64) -> Result<Self, Invalid> {
                Self::ruled(units).map_err(|rule| Invalid::new($field, Decimal::new(units, Self::SCALE).normalize().to_string(), rule))
            }

            fn ruled(units: i64) -> Result<Self, Rule> {
                if !$negative && units < 0 { Err(Rule::Negative) } else { Ok(Self(units)) }
            }

            #[doc = concat!("The value in ", $unit, ".")]
            pub const fn $units(self) -> i64 {
                self.0
            }

            /// The value, without trailing zeros.
            pub fn to_decimal(self) -> Decimal {
                Decimal::new(self.0, Self::SCALE).normalize()
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = Invalid;
            fn try_from(value: Decimal) -> Result<Self, Invalid> {
                Self::new(value)
            }
        }

        impl From<$name> for Decimal {
            fn from(value: $name) -> Self {
                value.to_decimal()
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::new(parsed($field, text)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

decimals! {
    /// A percentage with up to four decimals: a discount, a rate, a probability. 100 is the whole.
    ///
    /// ```
    /// use crm_core::Percent;
    ///
    /// let rate: Percent = "7.25".parse()?;
    /// assert_eq!(rate.to_string(), "7.25 %");
    /// assert_eq!(rate.fraction().to_string(), "0.0725");
    /// assert!("7.00001".parse::<Percent>().is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Percent { field: "percent", scale: 4, negative: true, units: ten_thousandths, from_units: from_ten_thousandths, unit: "ten thousandths of a percent" }

    /// How many of something, zero or more, with up to six decimals.
    ///
    /// ```
    /// use crm_core::Quantity;
    ///
    /// assert_eq!("2.50".parse::<Quantity>()?, "2.5".parse()?);
    /// assert_eq!(Quantity::from(3_u32).to_string(), "3");
    /// assert!("-1".parse::<Quantity>().is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Quantity { field: "quantity", scale: 6, negative: false, units: millionths, from_units: from_millionths, unit: "millionths" }

    /// How many of something over a time, with up to six decimals: below zero where more was called off than was sold.
    ///
    /// ```
    /// use crm_core::Units;
    ///
    /// assert_eq!("-2.50".parse::<Units>()?.to_string(), "-2.5");
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Units { field: "units", scale: 6, negative: true, units: millionths, from_units: from_millionths, unit: "millionths" }

    /// How much of one currency a unit of another is worth, zero or more, with up to ten decimals: a dong is worth 0.0000362319 EUR.
    ///
    /// ```
    /// use crm_core::Rate;
    ///
    /// assert_eq!("1.08420".parse::<Rate>()?.to_string(), "1.0842");
    /// assert!("-1".parse::<Rate>().is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Rate { field: "rate", scale: 10, negative: false, units: ten_billionths, from_units: from_ten_billionths, unit: "ten billionths" }
}

impl Percent {
    /// The whole.
    pub const HUNDRED: Self = Self(1_000_000);

    /// A whole number of percent.
    pub const fn whole(percent: u16) -> Self {
        Self(percent as i64 * 10_000)
    }

    /// A share of the whole as a percentage, rounded to the four decimals that are kept.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    ///
    /// ```
    /// use crm_core::{Percent, Rounding};
    ///
    /// let third = Percent::of_share("0.3333333333".parse().unwrap(), Rounding::HalfUp)?;
    /// assert_eq!(third.to_string(), "33.3333 %");
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn of_share(share: Decimal, rounding: Rounding) -> Result<Self, Invalid> {
        let per_unit = 10_i128.pow(Self::SCALE + 2);
        let rounded = share.mantissa().checked_mul(per_unit).zip(10_i128.checked_pow(share.scale()));
        let percent = rounded.and_then(|(wide, unit)| i64::try_from(rounding.divide(wide, unit)).ok());
        percent.map(Self).ok_or_else(|| Invalid::new("percent", share.to_string(), Rule::Overflow))
    }

    /// The percentage as a fraction: 7.25 % is 0.0725.
    pub fn fraction(self) -> Decimal {
        Decimal::new(self.0, Self::SCALE + 2).normalize()
    }

    /// Refuses a percentage outside 0 to 100, as a discount, a flat rate and a probability must be.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`], under the name of the field.
    pub fn share(self, field: &'static str) -> Result<Self, Invalid> {
        if (Self::ZERO..=Self::HUNDRED).contains(&self) {
            return Ok(self);
        }
        Err(Invalid::new(field, self.to_string(), Rule::OutOfRange { min: "0 %".into(), max: "100 %".into() }))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} %", self.to_decimal()))
    }
}

impl Quantity {
    /// The sum.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, Invalid> {
        let sum = self.0.checked_add(other.0).map(Self);
        sum.ok_or_else(|| Invalid::new("quantity", format!("{self} and {other}"), Rule::Overflow))
    }

    /// The difference, or `None` where `other` is more.
    #[must_use]
    pub fn less(self, other: Self) -> Option<Self> {
        (other <= self).then(|| Self(self.0 - other.0))
    }

    /// Refuses zero, as the quantity of a line must.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`].
    pub fn positive(self) -> Result<Self, Invalid> {
        if self.0 > 0 { Ok(self) } else { Err(Invalid::new("quantity", self.to_string(), Rule::NotPositive)) }
    }
}

impl From<u32> for Quantity {
    fn from(whole: u32) -> Self {
        Self(i64::from(whole) * 1_000_000)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_decimal().to_string())
    }
}

impl Units {
    /// The sum.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, Invalid> {
        let sum = self.0.checked_add(other.0).map(Self);
        sum.ok_or_else(|| Invalid::new("units", format!("{self} and {other}"), Rule::Overflow))
    }

    /// As many for an order that was confirmed (1) or called off (-1), and none otherwise (0). Quantities are zero or more, so their opposite exists.
    pub(crate) const fn times(self, orders: i64) -> Self {
        Self(self.0 * orders.signum())
    }
}

impl From<Quantity> for Units {
    fn from(quantity: Quantity) -> Self {
        Self(quantity.0)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_decimal().to_string())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_decimal().to_string())
    }
}

/// The price of one unit, zero or more, with up to six decimals whatever the currency: screws cost 0.0125 EUR.
///
/// ```
/// use crm_core::{Currency, Percent, Quantity, Rounding, UnitPrice};
///
/// let screw = UnitPrice::parse("0.0125", Currency::EUR)?;
/// let box_of = screw.amount(Quantity::from(200), Percent::whole(10), Rounding::HalfUp)?;
/// assert_eq!(box_of.to_string(), "2.25 EUR");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenPrice", into = "WrittenPrice")]
pub struct UnitPrice {
    millionths: i64,
    currency: Currency,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "UnitPrice", deny_unknown_fields)]
struct WrittenPrice {
    amount: Decimal,
    currency: Currency,
}

impl TryFrom<WrittenPrice> for UnitPrice {
    type Error = Invalid;
    fn try_from(written: WrittenPrice) -> Result<Self, Invalid> {
        Self::new(written.amount, written.currency)
    }
}

impl From<UnitPrice> for WrittenPrice {
    fn from(price: UnitPrice) -> Self {
        Self { amount: price.to_decimal(), currency: price.currency }
    }
}

impl UnitPrice {
    /// How many decimals are kept.
    pub const SCALE: u32 = 6;

    /// An exact price in major units.
    ///
    /// # Errors
    ///
    /// [`Rule::Negative`], [`Rule::TooManyDecimals`] or [`Rule::Overflow`].
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, Invalid> {
        let refused = |rule| Invalid::new("unit price", amount.to_string(), rule);
        let millionths = scaled(amount, Self::SCALE).map_err(refused)?;
        if millionths < 0 { Err(refused(Rule::Negative)) } else { Ok(Self { millionths, currency }) }
    }

    /// Reads a decimal number without separators: `0.0125`.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`], or as [`UnitPrice::new`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Invalid> {
        Self::new(parsed("unit price", text)?, currency)
    }

    /// So many millionths of the major unit: the form for a column.
    ///
    /// # Errors
    ///
    /// [`Rule::Negative`].
    pub fn from_millionths(millionths: i64, currency: Currency) -> Result<Self, Invalid> {
        if millionths >= 0 {
            return Ok(Self { millionths, currency });
        }
        Err(Invalid::new("unit price", Decimal::new(millionths, Self::SCALE).to_string(), Rule::Negative))
    }

    /// The price in millionths of the major unit.
    pub const fn millionths(self) -> i64 {
        self.millionths
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The price in major units, without trailing zeros.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.millionths, Self::SCALE).normalize()
    }

    /// Quantity times price less discount, rounded once at the end (PRC-6).
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]; [`Rule::OutOfRange`] where the discount is outside 0 to 100 %.
    pub fn amount(self, quantity: Quantity, discount: Percent, rounding: Rounding) -> Result<Money, Invalid> {
        let kept = i128::from(Percent::HUNDRED.0 - discount.share("discount")?.0);
        // Price and quantity carry six decimals each, the kept share another six; i128 holds whatever can still fit 64 bits of minor units.
        let exact = (i128::from(self.millionths) * i128::from(quantity.0)).checked_mul(kept);
        let decimals = Self::SCALE + Quantity::SCALE + 6 - self.currency.exponent();
        Money::divided(exact, 10_i128.checked_pow(decimals), self.currency, rounding)
            .ok_or_else(|| Invalid::new("amount", format!("{quantity} times {self}"), Rule::Overflow))
    }
}

impl UnitPrice {
    /// A share of the price, rounded half up to its six decimals.
    pub(crate) fn share(self, numerator: i128, denominator: i128) -> Result<Self, Invalid> {
        let wide = i128::from(self.millionths).checked_mul(numerator);
        let share = wide.and_then(|wide| i64::try_from(Rounding::HalfUp.divide(wide, denominator)).ok());
        let overflow = || Invalid::new("unit price", self.to_string(), Rule::Overflow);
        Self::from_millionths(share.ok_or_else(overflow)?, self.currency)
    }
}

impl TryFrom<Money> for UnitPrice {
    type Error = Invalid;
    /// The amount as the price of one unit.
    fn try_from(money: Money) -> Result<Self, Invalid> {
        Self::new(money.to_decimal(), money.currency())
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.to_decimal().scale().max(self.currency.exponent());
        let mut amount = self.to_decimal();
        amount.rescale(decimals);
        f.pad(&format!("{amount} {}", self.currency))
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_beyond_the_scale_are_refused_not_rounded() {
        let rule = |result: Result<Quantity, Invalid>| result.unwrap_err().rule().clone();
        assert_eq!(rule("0.0000001".parse()), Rule::TooManyDecimals { limit: 6 });
        assert_eq!(rule("-0.5".parse()), Rule::Negative);
        assert_eq!(rule("9223372036855".parse()), Rule::Overflow);
        assert!(matches!(rule("1,5".parse()), Rule::Malformed { .. }));
        assert_eq!("1.5000000".parse::<Quantity>().unwrap().millionths(), 1_500_000);
    }

    #[test]
    fn a_zero_quantity_is_refused_where_something_is_counted() {
        assert_eq!(Quantity::ZERO.positive().unwrap_err().to_string(), "quantity must be greater than zero, got 0");
    }

    #[test]
    fn a_share_lies_between_nothing_and_the_whole() {
        assert!(Percent::HUNDRED.share("discount").is_ok());
        let refused = Percent::from_ten_thousandths(1_000_001).unwrap().share("discount").unwrap_err();
        assert_eq!(refused.to_string(), "discount must be between 0 % and 100 %, got 100.0001 %");
        assert!("-1".parse::<Percent>().unwrap().share("discount").is_err());
    }

    #[test]
    fn prc_6_a_line_is_rounded_once_at_the_end() {
        let cases = [
            ("10", "30.75", "5", "USD", "292.13 USD"),
            ("1", "70.00", "5", "USD", "66.50 USD"),
            ("3", "0.333333", "0", "USD", "1.00 USD"),
            ("3", "0.335", "0", "JPY", "1 JPY"),
            ("1.5", "1.001", "0", "KWD", "1.502 KWD"),
            ("1", "100", "100", "EUR", "0.00 EUR"),
        ];
        for (quantity, price, discount, currency, expected) in cases {
            let price = UnitPrice::parse(price, currency.parse().unwrap()).unwrap();
            let amount = price.amount(quantity.parse().unwrap(), discount.parse().unwrap(), Rounding::HalfUp).unwrap();
            assert_eq!(amount.to_string(), expected);
        }
    }

    #[test]
    fn an_amount_past_64_bits_is_refused() {
        let price = UnitPrice::from_millionths(i64::MAX, Currency::USD).unwrap();
        let many = Quantity::from_millionths(i64::MAX).unwrap();
        assert_eq!(price.amount(many, Percent::ZERO, Rounding::HalfUp).unwrap_err().rule(), &Rule::Overflow);
    }

    proptest! {
        #[test]
        fn text_of_a_quantity_reads_back(millionths in 0..i64::MAX) {
            let quantity = Quantity::from_millionths(millionths).unwrap();
            prop_assert_eq!(quantity.to_string().parse::<Quantity>().unwrap(), quantity);
        }
    }
}

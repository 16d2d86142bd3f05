//! Money: whole minor units of an ISO 4217 currency, exact or refused.

use std::{cmp::Ordering, fmt, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    decimal::{Percent, parsed, scaled},
    invalid::{Invalid, Rule},
};

/// An ISO 4217 currency that has minor units: precious metals, test codes and units of account are refused.
///
/// ```
/// use crm_core::Currency;
///
/// assert_eq!((Currency::JPY.exponent(), Currency::USD.exponent(), Currency::KWD.exponent()), (0, 2, 3));
/// assert_eq!("CLF".parse::<Currency>()?.exponent(), 4);
/// assert!("XAU".parse::<Currency>().is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

impl Ord for Currency {
    /// By code: stores keep lists in that order.
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Currency {
    /// The three letters of the code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals the minor unit has: 0 for the yen, 2 for the dollar, 3 for the Kuwaiti dinar.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

macro_rules! currencies {
    ($($code:ident)*) => {
        impl Currency {
            $(#[doc = concat!("The currency `", stringify!($code), "`.")]
            pub const $code: Self = Self(iso_currency::Currency::$code);)*
        }
    };
}
currencies! {
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF
    CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP
    GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT
    LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC
    SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XCD
    XCG XOF XPF YER ZAR ZMW ZWG ZWL
}

impl FromStr for Currency {
    type Err = Invalid;
    fn from_str(code: &str) -> Result<Self, Invalid> {
        match iso_currency::Currency::from_code(code) {
            Some(currency) if currency.exponent().is_some() => Ok(Self(currency)),
            _ => Err(Invalid::new(
                "currency",
                code,
                Rule::Malformed { expected: "an ISO 4217 code with a minor unit, like EUR" },
            )),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = Invalid;
    fn try_from(code: String) -> Result<Self, Invalid> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().into()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What happens to the part of an amount that is smaller than a minor unit. Every division names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest, a half to the even neighbour: bankers' rounding, without bias over many amounts.
    HalfEven,
    /// To the nearest, a half away from zero: what most invoices and tax laws mean by rounding.
    HalfUp,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
    /// Towards plus infinity.
    Ceiling,
    /// Towards minus infinity.
    Floor,
}

impl Rounding {
    /// `numerator / denominator` as a whole number; `denominator` is positive.
    pub(crate) fn divide(self, numerator: i128, denominator: i128) -> i128 {
        // One division, which takes longer than all the rest; what it leaves over is at most the numerator, so nothing wraps.
        let mut floor = numerator / denominator;
        let mut rest = numerator.wrapping_sub(floor.wrapping_mul(denominator));
        if rest == 0 {
            return floor;
        }
        if rest < 0 {
            (floor, rest) = (floor - 1, rest + denominator);
        }
        // Compared as rest against denominator − rest: doubling could overflow.
        let half = rest.cmp(&(denominator - rest));
        let up = match self {
            Self::Floor => false,
            Self::Ceiling => true,
            Self::Down => numerator < 0,
            Self::Up => numerator > 0,
            Self::HalfUp => half == Ordering::Greater || half == Ordering::Equal && numerator > 0,
            Self::HalfEven => half == Ordering::Greater || half == Ordering::Equal && floor % 2 != 0,
        };
        floor + i128::from(up)
    }
}

/// An amount of money (MON-1): whole minor units (cents, yen, fils) in 64 bits, with its currency.
///
/// There is no `+`: amounts of two currencies do not add and a sum may not fit, so arithmetic is checked and says which of the two it was.
/// Amounts of different currencies do not compare either (`partial_cmp` is `None`). There is no `/`: a part is [`Money::percent`] or [`Money::times`] with a named rounding, and
/// [`Money::allocate`] splits without losing a unit.
///
/// ```
/// use crm_core::{Currency, Money, Rounding};
///
/// let price = Money::parse("19.99", Currency::USD)?;
/// let three = price.times(3.into(), Rounding::HalfUp)?;
/// assert_eq!(three.to_string(), "59.97 USD");
/// assert_eq!(three.minor(), 5997);
///
/// let yen = Money::from_minor(500, Currency::JPY);
/// assert_eq!(three.checked_add(yen).unwrap_err().to_string(), "amount must be in USD, not in JPY, got 500 JPY");
/// assert_eq!(Money::parse("0.5", Currency::JPY).unwrap_err().to_string(), "amount must not have decimals, got 0.5");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// How an amount is serialised: exact decimal text beside the currency.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Money", deny_unknown_fields)]
struct Written {
    amount: Decimal,
    currency: Currency,
}

impl TryFrom<Written> for Money {
    type Error = Invalid;
    fn try_from(written: Written) -> Result<Self, Invalid> {
        Self::from_decimal(written.amount, written.currency)
    }
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self { amount: money.to_decimal(), currency: money.currency }
    }
}

const FIELD: &str = "amount";

impl Money {
    /// So many minor units.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// Reads a decimal number without separators: `1234.5`.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`], or as [`Money::from_decimal`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Invalid> {
        Self::from_decimal(parsed(FIELD, text)?, currency)
    }

    /// An exact amount in major units.
    ///
    /// # Errors
    ///
    /// [`Rule::TooManyDecimals`] where the currency has fewer, [`Rule::Overflow`] beyond 64 bits of minor units.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, Invalid> {
        match scaled(amount, currency.exponent()) {
            Ok(minor) => Ok(Self { minor, currency }),
            Err(rule) => Err(Invalid::new(FIELD, amount.to_string(), rule)),
        }
    }

    /// An amount in major units, rounded to the currency's minor unit.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn rounded(amount: Decimal, currency: Currency, rounding: Rounding) -> Result<Self, Invalid> {
        let wide = amount.mantissa().checked_mul(10_i128.pow(currency.exponent()));
        Self::divided(wide, 10_i128.checked_pow(amount.scale()), currency, rounding)
            .ok_or_else(|| Invalid::new(FIELD, amount.to_string(), Rule::Overflow))
    }

    /// A fraction of minor units, rounded; `None` where a number does not fit.
    pub(crate) fn divided(
        numerator: Option<i128>,
        denominator: Option<i128>,
        currency: Currency,
        rounding: Rounding,
    ) -> Option<Self> {
        let minor = i64::try_from(rounding.divide(numerator?, denominator?)).ok()?;
        Some(Self { minor, currency })
    }

    /// The minor units: cents, yen, fils.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount in major units, with as many decimals as the currency has.
    pub fn to_decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.exponent())
    }

    /// Whether the amount is zero.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// Refuses an amount in another currency.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`].
    pub fn in_currency(self, expected: Currency) -> Result<Self, Invalid> {
        if self.currency == expected {
            Ok(self)
        } else {
            Err(Invalid::new(FIELD, self.to_string(), Rule::CurrencyMismatch { expected, found: self.currency }))
        }
    }

    fn combined(self, other: Self, minor: Option<i64>) -> Result<Self, Invalid> {
        other.in_currency(self.currency)?;
        let minor = minor.ok_or_else(|| Invalid::new(FIELD, format!("{self} and {other}"), Rule::Overflow))?;
        Ok(Self { minor, ..self })
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] or [`Rule::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, Invalid> {
        self.combined(other, self.minor.checked_add(other.minor))
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] or [`Rule::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, Invalid> {
        self.combined(other, self.minor.checked_sub(other.minor))
    }

    /// The opposite amount.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`], for the one amount without an opposite.
    pub fn checked_neg(self) -> Result<Self, Invalid> {
        Self::zero(self.currency).checked_sub(self)
    }

    /// The sum of amounts, all in `currency`; zero for none.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] or [`Rule::Overflow`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>, currency: Currency) -> Result<Self, Invalid> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// The amount times a number, rounded.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn times(self, factor: Decimal, rounding: Rounding) -> Result<Self, Invalid> {
        Self::divided(
            i128::from(self.minor).checked_mul(factor.mantissa()),
            10_i128.checked_pow(factor.scale()),
            self.currency,
            rounding,
        )
        .ok_or_else(|| Invalid::new(FIELD, format!("{self} times {factor}"), Rule::Overflow))
    }

    /// A percentage of the amount, rounded.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    ///
    /// ```
    /// use crm_core::{Currency, Money, Rounding};
    ///
    /// let deal = Money::parse("0.50", Currency::USD)?;
    /// assert_eq!(deal.percent("5".parse()?, Rounding::HalfEven)?.minor(), 2);
    /// assert_eq!(deal.percent("5".parse()?, Rounding::HalfUp)?.minor(), 3);
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn percent(self, percent: Percent, rounding: Rounding) -> Result<Self, Invalid> {
        self.times(percent.fraction(), rounding)
    }

    /// Splits the amount by weights so that the parts sum to the whole exactly (MON-4): each part gets its share rounded towards zero, and the units
    /// that are left go one each to the largest remainders, ties to the lowest index.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] where there is no weight above zero.
    ///
    /// ```
    /// use crm_core::{Currency, Money};
    ///
    /// let parts = Money::from_minor(100, Currency::EUR).allocate(&[1, 1, 1])?;
    /// assert_eq!(parts.iter().map(|part| part.minor()).collect::<Vec<_>>(), [34, 33, 33]);
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, Invalid> {
        let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        if total == 0 {
            return Err(Invalid::new("weights", "", Rule::Empty));
        }
        let whole = u128::from(self.minor.unsigned_abs());
        // |amount| < 2^64 and weight < 2^64, so the product fits 128 bits.
        let mut shares: Vec<(u64, u128)> = weights
            .iter()
            .map(|weight| {
                let product = whole * u128::from(*weight);
                (u64::try_from(product / total).unwrap_or(u64::MAX), product % total)
            })
            .collect();
        let given: u128 = shares.iter().map(|(share, _)| u128::from(*share)).sum();
        let mut by_remainder: Vec<usize> = (0..shares.len()).collect();
        // A stable sort keeps the lowest index first among equals.
        by_remainder.sort_by_key(|index| std::cmp::Reverse(shares[*index].1));
        let left = usize::try_from(whole - given).unwrap_or(usize::MAX);
        for index in by_remainder.into_iter().take(left) {
            shares[index].0 += 1;
        }
        let signed = |share: u64| match self.minor < 0 {
            // The magnitude of every part is at most that of the whole, which fits.
            true => 0_i64.wrapping_sub_unsigned(share),
            false => 0_i64.wrapping_add_unsigned(share),
        };
        Ok(shares.into_iter().map(|(share, _)| Self { minor: signed(share), ..self }).collect())
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.to_decimal(), self.currency))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = Invalid;
    /// Reads what `Display` writes: `59.97 USD`.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (amount, currency) = text.trim().split_once(' ').ok_or_else(|| {
            Invalid::new(FIELD, text, Rule::Malformed { expected: "an amount and a currency, like 59.97 USD" })
        })?;
        Self::parse(amount, currency.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    #[test]
    fn mon_1_exponents_follow_the_currency() {
        for (code, minor, text) in
            [("JPY", 5, "5 JPY"), ("USD", 5, "0.05 USD"), ("KWD", 5, "0.005 KWD"), ("CLF", 5, "0.0005 CLF")]
        {
            assert_eq!(Money::from_minor(minor, code.parse().unwrap()).to_string(), text);
        }
    }

    /// The published list, where it is at hand: every current code with a minor unit, with the right exponent.
    #[test]
    fn mon_1_exponents_agree_with_the_published_list() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/currency-country/iso4217_codes_all.csv");
        let Ok(list) = std::fs::read_to_string(path) else {
            println!("skipped: the published list of currencies is not at {path}");
            return;
        };
        let mut seen = 0;
        for line in list.lines().skip(1) {
            // The last four columns hold no commas, so they are read from the end.
            let mut fields = line.rsplit(',');
            let (withdrawn, minor, _, code) =
                (fields.next().unwrap(), fields.next().unwrap(), fields.next(), fields.next().unwrap());
            if withdrawn.is_empty() && !code.is_empty() {
                let exponent = code.parse::<Currency>().map(Currency::exponent).ok();
                assert_eq!(exponent, minor.parse().ok(), "{code}");
                seen += 1;
            }
        }
        assert!(seen > 150);
    }

    #[test]
    fn amounts_that_do_not_fit_are_refused() {
        let rule = |result: Result<Money, Invalid>| result.unwrap_err().rule().clone();
        assert_eq!(rule(Money::parse("0.001", Currency::USD)), Rule::TooManyDecimals { limit: 2 });
        assert!(Money::parse("0.100", Currency::USD).is_ok());
        assert_eq!(rule(Money::parse("92233720368547758.08", Currency::USD)), Rule::Overflow);
        assert_eq!(Money::parse("92233720368547758.07", Currency::USD).unwrap().minor(), i64::MAX);
        assert_eq!(rule(usd(i64::MAX).checked_add(usd(1))), Rule::Overflow);
        assert_eq!(rule(usd(i64::MIN).checked_neg()), Rule::Overflow);
        assert_eq!(rule(usd(i64::MAX).times(2.into(), Rounding::HalfUp)), Rule::Overflow);
        assert_eq!(rule(Money::rounded(Decimal::MAX, Currency::KWD, Rounding::Down)), Rule::Overflow);
        for text in
            ["", "1_000", "+5", ".5", "5.", "1,000.00", "1e3", "NaN", "£5", "--5", "99999999999999999999999999999999"]
        {
            assert!(matches!(rule(Money::parse(text, Currency::USD)), Rule::Malformed { .. }), "{text:?}");
        }
    }

    #[test]
    fn two_currencies_neither_add_nor_compare() {
        let yen = Money::from_minor(1, Currency::JPY);
        let mismatch = Rule::CurrencyMismatch { expected: Currency::USD, found: Currency::JPY };
        assert_eq!(usd(1).checked_sub(yen).unwrap_err().rule(), &mismatch);
        assert_eq!(usd(1).partial_cmp(&yen), None);
    }

    #[test]
    fn each_rounding_does_what_its_name_says() {
        use Rounding::{Ceiling, Down, Floor, HalfEven, HalfUp, Up};
        // Tenths, rounded to whole numbers.
        let table: &[(i128, [i128; 6])] = &[
            (25, [2, 3, 3, 2, 3, 2]),
            (-25, [-2, -3, -3, -2, -2, -3]),
            (35, [4, 4, 4, 3, 4, 3]),
            (24, [2, 2, 3, 2, 3, 2]),
            (-26, [-3, -3, -3, -2, -2, -3]),
            (30, [3; 6]),
            (0, [0; 6]),
        ];
        for (tenths, expected) in table {
            assert_eq!(
                [HalfEven, HalfUp, Up, Down, Ceiling, Floor].map(|r| r.divide(*tenths, 10)),
                *expected,
                "{tenths}"
            );
        }
    }

    #[test]
    fn mon_4_literal_cases() {
        let cases: &[(i64, &[u64], &[i64])] = &[
            (100, &[1, 1, 1], &[34, 33, 33]),
            (-100, &[1, 1, 1], &[-34, -33, -33]),
            (5, &[0, 1, 0], &[0, 5, 0]),
            (0, &[3, 4], &[0, 0]),
            (1, &[1, 1], &[1, 0]),
            (10, &[1, 2, 3, 4], &[1, 2, 3, 4]),
            (i64::MIN, &[1], &[i64::MIN]),
            (i64::MAX, &[u64::MAX, u64::MAX], &[4_611_686_018_427_387_904, 4_611_686_018_427_387_903]),
        ];
        for (amount, weights, expected) in cases {
            let parts: Vec<i64> = usd(*amount).allocate(weights).unwrap().into_iter().map(Money::minor).collect();
            assert_eq!(parts, *expected);
        }
        assert_eq!(usd(5).allocate(&[]).unwrap_err().rule(), &Rule::Empty);
        assert_eq!(usd(5).allocate(&[0, 0]).unwrap_err().rule(), &Rule::Empty);
    }

    #[test]
    fn money_serialises_exactly() {
        let json = serde_json::to_string(&usd(1050)).unwrap();
        assert_eq!(json, r#"{"amount":"10.50","currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd(1050));
        assert!(serde_json::from_str::<Money>(r#"{"amount":"10.505","currency":"USD"}"#).is_err());
    }

    proptest! {
        #[test]
        fn mon_4_parts_sum_to_the_whole(minor: i64, weights in prop::collection::vec(any::<u64>(), 1..20)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = usd(minor).allocate(&weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| i128::from(part.minor())).sum::<i128>(), i128::from(minor));
            // No part is a whole unit away from its exact share.
            let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = u128::from(minor.unsigned_abs()) * u128::from(*weight) / total;
                prop_assert!(u128::from(part.minor().unsigned_abs()).abs_diff(exact) <= 1);
            }
        }

        #[test]
        fn text_of_an_amount_reads_back(minor: i64, code in prop::sample::select(vec!["JPY", "USD", "KWD", "CLF"])) {
            let money = Money::from_minor(minor, code.parse().unwrap());
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }

        #[test]
        fn rounding_errs_by_less_than_a_unit(numerator in -1_000_000_i128..1_000_000, denominator in 1_i128..1000) {
            for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::Up, Rounding::Down, Rounding::Ceiling, Rounding::Floor] {
                prop_assert!((rounding.divide(numerator, denominator) * denominator - numerator).abs() < denominator);
            }
        }
    }
}

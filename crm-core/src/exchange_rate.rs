//! Exchange rates: what one currency was worth in another from a day on, and amounts that were converted by one.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::Rate,
    id::ExchangeRateId,
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    record::{Revision, checked_when_read},
    text::Label,
};

/// How much of one currency a unit of another is worth from a day on, and who says so. It holds until the day of the next one of the same pair (MON-2).
///
/// A pair is read in one direction: from EUR to USD is one rate, from USD to EUR another. A division of one would give a rate that no source has published, and a way over a third currency
/// another one for each way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ExchangeRate {
    /// The id.
    pub id: ExchangeRateId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// One unit of this …
    pub from: Currency,
    /// … in this, another currency.
    pub to: Currency,
    /// The first day of which it is the rate.
    pub day: NaiveDate,
    /// How much it is worth, more than nothing.
    pub rate: Rate,
    /// Who says so: a central bank, a treasurer.
    pub source: Label,
}

checked_when_read!(ExchangeRate);

/// What an exchange rate is added with.
///
/// ```
/// use crm_core::{Currency, NewExchangeRate};
///
/// let new = NewExchangeRate::new(Currency::EUR, Currency::USD, "2026-03-02".parse()?, "1.0842".parse()?, "ECB".parse()?);
/// assert_eq!(new.rate.to_string(), "1.0842");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewExchangeRate {
    /// The host's own id; made from the act where there is none.
    pub id: Option<ExchangeRateId>,
    /// One unit of this …
    pub from: Currency,
    /// … in this.
    pub to: Currency,
    /// The first day of which it is the rate.
    pub day: NaiveDate,
    /// How much it is worth.
    pub rate: Rate,
    /// Who says so.
    pub source: Label,
}

impl NewExchangeRate {
    /// So much of `to` for a unit of `from`, from a day on.
    pub fn new(from: Currency, to: Currency, day: NaiveDate, rate: Rate, source: Label) -> Self {
        Self { id: None, from, to, day, rate, source }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: ExchangeRateId) -> Self {
        self.id = Some(id);
        self
    }
}

/// What is to be corrected on an exchange rate. A field that is `None` stays as it is. Another day or another pair is another rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeRatePatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// How much it is worth.
    pub rate: Option<Rate>,
    /// Who says so.
    pub source: Option<Label>,
}

/// What happened to an exchange rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExchangeRateFact {
    /// It was added.
    Added {
        /// As it was then.
        exchange_rate: Box<ExchangeRate>,
    },
    /// It was corrected.
    Updated {
        /// As it was.
        before: Box<ExchangeRate>,
        /// As it is.
        after: Box<ExchangeRate>,
    },
    /// It was deleted.
    Deleted {
        /// As it was.
        exchange_rate: Box<ExchangeRate>,
    },
}

impl ExchangeRate {
    /// A new one.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] for a rate of zero, [`Rule::Inconsistent`] where both currencies are the same.
    pub fn add(id: ExchangeRateId, at: DateTime<Utc>, new: NewExchangeRate) -> Result<Self, Invalid> {
        let NewExchangeRate { id: _, from, to, day, rate, source } = new;
        let added = Self { id, revision: Revision::FIRST, created_at: at, updated_at: at, from, to, day, rate, source };
        added.check()?;
        Ok(added)
    }

    fn check(&self) -> Result<(), Invalid> {
        check(self.from, self.to, self.rate)
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written. What was converted before keeps
    /// the rate that it names.
    ///
    /// # Errors
    ///
    /// As [`ExchangeRate::add`].
    pub fn update(&mut self, at: DateTime<Utc>, patch: ExchangeRatePatch) -> Result<Option<ExchangeRateFact>, Invalid> {
        let mut after = self.clone();
        let ExchangeRatePatch { expected: _, rate, source } = patch;
        crate::patch::set(&mut after.rate, rate);
        crate::patch::set(&mut after.source, source);
        after.check()?;
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(ExchangeRateFact::Updated { before, after: Box::new(self.clone()) }))
    }

    /// The rate as a document pins it and a conversion names it.
    pub fn dated(&self) -> DatedRate {
        let Self { from, to, day, rate, .. } = *self;
        DatedRate { from, to, day, rate, source: self.source.clone() }
    }
}

fn check(from: Currency, to: Currency, rate: Rate) -> Result<(), Invalid> {
    if from == to {
        let must = "must be another currency than that from which is converted";
        return Err(Invalid::new("to", to.code(), Rule::Inconsistent { must }));
    }
    if rate == Rate::ZERO {
        return Err(Invalid::new("rate", rate.to_string(), Rule::NotPositive));
    }
    Ok(())
}

/// A rate with its pair, its day and its source: what a document pins at a named event and every conversion names (MON-3).
///
/// ```
/// use crm_core::{Currency, DatedRate, Money, Rounding};
///
/// let (from, to) = (Currency::EUR, Currency::USD);
/// let rate = DatedRate::new(from, to, "2026-03-02".parse()?, "1.0842".parse()?, "ECB".parse()?)?;
/// assert_eq!(rate.to_string(), "1 EUR = 1.0842 USD (ECB, 2026-03-02)");
/// let converted = rate.convert(Money::parse("49.90", Currency::EUR)?, Rounding::HalfUp)?;
/// assert_eq!(converted.to_string(), "54.10 USD");
/// assert!(rate.convert(converted, Rounding::HalfUp).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
#[non_exhaustive]
pub struct DatedRate {
    /// One unit of this …
    pub from: Currency,
    /// … in this, another currency.
    pub to: Currency,
    /// The first day of which it is the rate.
    pub day: NaiveDate,
    /// How much it is worth, more than nothing.
    pub rate: Rate,
    /// Who says so.
    pub source: Label,
}

checked_when_read!(DatedRate);

impl DatedRate {
    /// A rate that was agreed, and is in no list.
    ///
    /// # Errors
    ///
    /// As [`ExchangeRate::add`].
    pub fn new(from: Currency, to: Currency, day: NaiveDate, rate: Rate, source: Label) -> Result<Self, Invalid> {
        let dated = Self { from, to, day, rate, source };
        dated.check()?;
        Ok(dated)
    }

    fn check(&self) -> Result<(), Invalid> {
        check(self.from, self.to, self.rate)
    }

    /// The amount in the other currency, rounded once at the end.
    ///
    /// # Errors
    ///
    /// [`RateError::OtherPair`] for an amount in another currency than `from`; [`RateError::Invalid`] with [`Rule::Overflow`].
    pub fn convert(&self, amount: Money, rounding: Rounding) -> Result<Money, RateError> {
        self.is_of(amount.currency(), self.to)?;
        let exact = i128::from(amount.minor()).checked_mul(i128::from(self.rate.ten_billionths()));
        // Both sides in whole units of their own: the decimals of the rate and of the first currency go, those of the second come.
        let wide = exact.and_then(|exact| exact.checked_mul(10_i128.pow(self.to.exponent())));
        let unit = 10_i128.checked_pow(Rate::SCALE + self.from.exponent());
        let overflow = || Invalid::new("amount", format!("{amount} in {}", self.to), Rule::Overflow);
        Ok(Money::divided(wide, unit, self.to, rounding).ok_or_else(overflow)?)
    }

    /// Refuses another pair.
    fn is_of(&self, from: Currency, to: Currency) -> Result<(), RateError> {
        if (self.from, self.to) == (from, to) {
            return Ok(());
        }
        Err(RateError::OtherPair { from, to, found: Box::new(self.clone()) })
    }
}

impl fmt::Display for DatedRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1 {} = {} {} ({}, {})", self.from, self.rate, self.to, self.source, self.day)
    }
}

/// Which rate a report converts by (MON-3). A report says which.
///
/// ```
/// use crm_core::RatePolicy;
///
/// assert_eq!(RatePolicy::AsOf("2026-03-31".parse()?).to_string(), "as of 2026-03-31");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RatePolicy {
    /// The rate that each document pinned: what was agreed.
    Pinned,
    /// The rate of one day for all: the close of a quarter.
    AsOf(NaiveDate),
    /// The rate of the day on which the report is made.
    Current,
}

impl fmt::Display for RatePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned => f.write_str("pinned"),
            Self::AsOf(day) => write!(f, "as of {day}"),
            Self::Current => f.write_str("current"),
        }
    }
}

/// How a report brings its amounts into one currency.
///
/// ```
/// use crm_core::{Currency, DatedRate, Exchange, Money, RateError, RatePolicy};
///
/// let exchange = Exchange::to(Currency::USD, RatePolicy::Pinned, "2026-03-31".parse()?);
/// let pinned = DatedRate::new(Currency::EUR, Currency::USD, "2026-03-02".parse()?, "1.0842".parse()?, "ECB".parse()?)?;
/// let amount = Money::parse("100.00", Currency::EUR)?;
/// let converted = exchange.by(amount, Some(&pinned))?;
/// assert_eq!(converted.to.to_string(), "108.42 USD");
/// assert_eq!(converted.rate.as_ref(), Some(&pinned));
///
/// // What is in the currency already needs no rate; what is not and has none is refused.
/// assert_eq!(exchange.by(converted.to, None)?.rate, None);
/// assert_eq!(exchange.by(amount, None), Err(RateError::NotPinned { from: Currency::EUR, to: Currency::USD }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Exchange {
    /// The currency of the report.
    pub to: Currency,
    /// Which rate.
    pub policy: RatePolicy,
    /// The day on which the report is made.
    pub today: NaiveDate,
    /// How each amount is rounded.
    pub rounding: Rounding,
}

impl Exchange {
    /// Into a currency, by a policy, on the day of the report. A half is rounded to the even neighbour, so that many amounts have no bias.
    pub const fn to(to: Currency, policy: RatePolicy, today: NaiveDate) -> Self {
        Self { to, policy, today, rounding: Rounding::HalfEven }
    }

    /// With another rounding.
    #[must_use]
    pub const fn rounding(mut self, rounding: Rounding) -> Self {
        self.rounding = rounding;
        self
    }

    /// The day whose rate is to be looked up; `None` where documents bring theirs.
    pub const fn day(&self) -> Option<NaiveDate> {
        match self.policy {
            RatePolicy::Pinned => None,
            RatePolicy::AsOf(day) => Some(day),
            RatePolicy::Current => Some(self.today),
        }
    }

    /// The amount in the currency of the report, by a rate: the pinned one, or the one that was looked up. An amount that is in this currency stays as it is.
    ///
    /// # Errors
    ///
    /// - [`RateError::NotPinned`] or [`RateError::Missing`] without a rate.
    /// - [`RateError::Later`] where the rate is of a later day than the policy asks for.
    /// - [`RateError::OtherPair`] and [`RateError::Invalid`] as [`DatedRate::convert`].
    pub fn by(&self, amount: Money, rate: Option<&DatedRate>) -> Result<ConvertedAmount, RateError> {
        let (from, to) = (amount.currency(), self.to);
        if from == to {
            return Ok(ConvertedAmount { from: amount, to: amount, rate: None });
        }
        let rate = match (rate, self.day()) {
            (Some(rate), Some(day)) if rate.day > day => {
                return Err(RateError::Later { day, found: Box::new(rate.clone()) });
            }
            (Some(rate), _) => rate,
            (None, Some(day)) => return Err(RateError::Missing { from, to, day }),
            (None, None) => return Err(RateError::NotPinned { from, to }),
        };
        rate.is_of(from, to)?;
        Ok(ConvertedAmount { from: amount, to: rate.convert(amount, self.rounding)?, rate: Some(rate.clone()) })
    }
}

/// An amount that was converted, with the rate, its day and its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConvertedAmount {
    /// The amount that there was.
    pub from: Money,
    /// The amount in the other currency.
    pub to: Money,
    /// By which rate; `None` where both are in one currency.
    pub rate: Option<DatedRate>,
}

/// Why an amount cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// No rate of the pair is stored for that day or an earlier one (MON-2).
    #[error("no rate from {from} to {to} is stored for {day} or an earlier day (MON-2)")]
    Missing {
        /// The currency of the amount.
        from: Currency,
        /// The currency that was asked for.
        to: Currency,
        /// The day.
        day: NaiveDate,
    },
    /// The document has pinned no rate (MON-3).
    #[error("no rate from {from} to {to} is pinned (MON-3)")]
    NotPinned {
        /// The currency of the amount.
        from: Currency,
        /// The currency that was asked for.
        to: Currency,
    },
    /// The rate is of another pair.
    #[error("{found} does not convert from {from} to {to}")]
    OtherPair {
        /// The currency of the amount.
        from: Currency,
        /// The currency that was asked for.
        to: Currency,
        /// The rate.
        found: Box<DatedRate>,
    },
    /// The rate is of a later day than is asked for (MON-2).
    #[error("{found} is later than {day} (MON-2)")]
    Later {
        /// The day.
        day: NaiveDate,
        /// The rate.
        found: Box<DatedRate>,
    },
    /// The pair has a rate of that day: correct it, instead of adding a second one.
    #[error("{found} is the rate of that pair and day already, by {by}")]
    Taken {
        /// The rate that is there.
        found: ExchangeRateId,
        /// Who says so.
        by: Label,
    },
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

#[cfg(test)]
mod tests;

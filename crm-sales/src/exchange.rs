//! Exchange rates, and amounts brought into one currency by them.

use chrono::NaiveDate;
use crm_core::{
    Act, ConvertedAmount, Currency, DatedRate, Exchange, ExchangeRate, ExchangeRateFact, ExchangeRateId,
    ExchangeRatePatch, Money, NewExchangeRate, RateError,
    store::{ExchangeRates, Journal},
};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Adds an exchange rate: what one currency is worth in another from a day on. A pair has one of each day.
///
/// # Errors
///
/// - [`SalesError::Rate`] with [`RateError::Taken`] where the pair has a rate of that day, by whatever source: correct it
///   with [`update_exchange_rate`].
/// - [`SalesError::Invalid`] as [`ExchangeRate::add`].
/// - [`SalesError::Store`]: the id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, Exchange, Money, NewExchangeRate, RateError, RatePolicy, store::Store};
/// use crm_sales::{SalesError, add_exchange_rate, convert};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("treasurer"); // 2 March 2026
///     let (eur, usd) = (Currency::EUR, Currency::USD);
///     add_exchange_rate(tx, act, NewExchangeRate::new(eur, usd, act.day(), "1.0842".parse()?, "ECB".parse()?))?;
///
///     let amount = Money::parse("49.90", eur)?;
///     let current = Exchange::to(usd, RatePolicy::Current, act.day());
///     let converted = convert(tx, &current, amount, None)?;
///     assert_eq!(converted.to.to_string(), "54.10 USD");
///     let rate = converted.rate.map(|rate| rate.to_string());
///     assert_eq!(rate.as_deref(), Some("1 EUR = 1.0842 USD (ECB, 2026-03-02)"));
///
///     // Where no rate is stored yet, nothing is converted.
///     let before = RatePolicy::AsOf(act.day() - chrono::Days::new(1));
///     let refused = convert(tx, &Exchange::to(usd, before, act.day()), amount, None);
///     assert!(matches!(refused, Err(SalesError::Rate(RateError::Missing { .. }))));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn add_exchange_rate(
    tx: &mut (impl ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    new: NewExchangeRate,
) -> Result<ExchangeRate, SalesError> {
    once(tx, act, "add_exchange_rate", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let rate = ExchangeRate::add(id, act.at(), new)?;
        match tx.exchange_rate_on(rate.from, rate.to, rate.day)? {
            Some(found) if found.day == rate.day => Err(RateError::Taken { found: found.id, by: found.source }.into()),
            _ => record::add(tx, act, rate, |exchange_rate| ExchangeRateFact::Added { exchange_rate }),
        }
    })
}

/// Corrects an exchange rate; where nothing is different, nothing is written. What was converted before keeps the rate
/// that it names.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Invalid`] as [`ExchangeRate::update`].
/// - [`SalesError::Store`].
pub fn update_exchange_rate(
    tx: &mut (impl ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    id: ExchangeRateId,
    patch: ExchangeRatePatch,
) -> Result<ExchangeRate, SalesError> {
    once(tx, act, "update_exchange_rate", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, rate: &mut ExchangeRate| Ok(rate.update(act.at(), patch)?))
    })
}

/// Deletes an exchange rate, and gives it as it was. From then on the rate before it holds on its days, where there is
/// one.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn delete_exchange_rate(
    tx: &mut (impl ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    id: ExchangeRateId,
) -> Result<ExchangeRate, SalesError> {
    once(tx, act, "delete_exchange_rate", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |exchange_rate| ExchangeRateFact::Deleted { exchange_rate })
    })
}

/// The rate of a pair that holds on a day: what a document pins (MON-3). It is the newest one that is stored for that
/// day or an earlier one; where there is none, that is an error and never 1 (MON-2). The pair the other way round and
/// pairs with a third currency are not asked.
///
/// # Errors
///
/// [`SalesError::Rate`] with [`RateError::Missing`]; [`SalesError::Store`].
pub fn rate_on(
    tx: &(impl ExchangeRates + ?Sized),
    from: Currency,
    to: Currency,
    day: NaiveDate,
) -> Result<DatedRate, SalesError> {
    let found = tx.exchange_rate_on(from, to, day)?;
    Ok(found.ok_or(RateError::Missing { from, to, day })?.dated())
}

/// An amount in the currency of a report, with the rate, its day and its source. `pinned` is the rate of the document,
/// which [`RatePolicy::Pinned`](crm_core::RatePolicy::Pinned) takes and the other policies pass over.
///
/// # Errors
///
/// [`SalesError::Rate`] as [`Exchange::by`]; [`SalesError::Store`].
pub fn convert(
    tx: &(impl ExchangeRates + ?Sized),
    exchange: &Exchange,
    amount: Money,
    pinned: Option<&DatedRate>,
) -> Result<ConvertedAmount, SalesError> {
    let needed = exchange.day().filter(|_| amount.currency() != exchange.to);
    let found = match needed {
        Some(day) => tx.exchange_rate_on(amount.currency(), exchange.to, day)?,
        None => None,
    };
    let found = found.map(|rate| rate.dated());
    let rate = if exchange.day().is_some() { found.as_ref() } else { pinned };
    Ok(exchange.by(amount, rate)?)
}

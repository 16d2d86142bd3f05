//! Confirming, locking, cancelling and deleting orders.

use chrono::NaiveDate;
use crm_core::{
    Act, Currency, Order, OrderFact, OrderId, Text,
    store::{ExchangeRates, Journal, Orders, Promotions, Redemptions},
};

use crate::{
    error::SalesError,
    exchange::rate_on,
    ordering::change_order,
    promotions::{release_all, released, uses_for},
    record::{self, once},
};

/// Confirms a draft: it binds both sides and counts as revenue of the day of the act, in UTC (ORD-1).
///
/// A draft whose customer was archived or whose product was made inactive meanwhile can be confirmed: it was begun
/// before.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::confirm`].
pub fn confirm_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
) -> Result<Order, SalesError> {
    once(tx, act, "confirm_order", id, |tx, act, id| {
        let day = act.at().date_naive();
        confirm_order_on(tx, act, id, day)
    })
}

/// Confirms a draft as [`confirm_order`] does, on a business day of the host's own calendar.
///
/// # Errors
///
/// As [`confirm_order`].
pub fn confirm_order_on(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    day: NaiveDate,
) -> Result<Order, SalesError> {
    once(tx, act, "confirm_order_on", (id, day), |tx, act, (id, day)| {
        change_order(tx, act, id, |order, at| order.confirm(at, day))
    })
}

/// Confirms a draft as [`confirm_order_on`] does, and pins the rate into the currency that the host reports in, as it
/// holds on that day (MON-3): [`convert`](crate::convert) takes it for [`RatePolicy::Pinned`](crm_core::RatePolicy::Pinned).
/// An order in that currency needs none and pins none. What becomes of the rate since does not matter to the order.
///
/// The order of a quote is a draft, and pins its rate in the same way: in the write in which the quote is accepted, if the
/// host confirms it there.
///
/// # Errors
///
/// As [`confirm_order`]; [`SalesError::Rate`] with [`RateError::Missing`](crm_core::RateError::Missing) where no rate
/// holds on that day (MON-2).
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, Exchange, NewCustomer, NewExchangeRate, NewOrder, NewProduct, RateError, RatePolicy};
/// use crm_core::{UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_exchange_rate, add_product, confirm_order_in, convert, draft_order};
/// use crm_sales::register_customer;
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice"); // 2 March 2026
///     let (eur, usd) = (Currency::EUR, Currency::USD);
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", eur)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = draft_order(tx, act, NewOrder::for_customer(zhang.id, eur).line(lamp.id, 2))?;
///     let refused = confirm_order_in(tx, act, order.id, act.day(), usd);
///     assert!(matches!(refused, Err(SalesError::Rate(RateError::Missing { .. }))));
///
///     add_exchange_rate(tx, act, NewExchangeRate::new(eur, usd, act.day(), "1.0842".parse()?, "ECB".parse()?))?;
///     let order = confirm_order_in(tx, act, order.id, act.day(), usd)?;
///     let report = Exchange::to(usd, RatePolicy::Pinned, act.day());
///     assert_eq!(convert(tx, &report, order.total(), order.rate())?.to.to_string(), "108.20 USD");
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn confirm_order_in(
    tx: &mut (impl Orders + ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    day: NaiveDate,
    base: Currency,
) -> Result<Order, SalesError> {
    once(tx, act, "confirm_order_in", (id, day, base), |tx, act, (id, day, base)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            if order.currency() == base {
                return Ok(Some(order.confirm(act.at(), day)?));
            }
            // Before a rate is looked for: that an order cannot be confirmed comes first.
            order.confirmable()?;
            let rate = rate_on(tx, order.currency(), base, day)?;
            Ok(Some(order.confirm_at_rate(act.at(), day, rate)?))
        })
    })
}

/// Locks a confirmed order against cancelling (ORD-3).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::lock`].
pub fn lock_order(tx: &mut (impl Orders + Journal + ?Sized), act: &mut Act, id: OrderId) -> Result<Order, SalesError> {
    once(tx, act, "lock_order", id, |tx, act, id| change_order(tx, act, id, Order::lock))
}

/// Unlocks a locked order.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::unlock`].
pub fn unlock_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
) -> Result<Order, SalesError> {
    once(tx, act, "unlock_order", id, |tx, act, id| change_order(tx, act, id, Order::unlock))
}

/// Cancels a draft, or a confirmed order whose goods are back and whose money is refunded; what it counted as revenue
/// is taken back on the day of the act ([`Order::business_day`]). The promotions that were used for it can be used once
/// more; its lines keep what they took off.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::cancel`].
pub fn cancel_order(
    tx: &mut (impl Orders + Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    reason: Option<Text>,
) -> Result<Order, SalesError> {
    once(tx, act, "cancel_order", (id, reason), |tx, act, (id, reason)| {
        let order = change_order(tx, act, id, |order, at| order.cancel(at, order.business_day(at), reason))?;
        release_all(tx, act, id, |_| true)?;
        Ok(order)
    })
}

/// Cancels an order as [`cancel_order`] does, on a business day of the host's own calendar.
///
/// # Errors
///
/// As [`cancel_order`].
pub fn cancel_order_on(
    tx: &mut (impl Orders + Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    day: NaiveDate,
    reason: Option<Text>,
) -> Result<Order, SalesError> {
    once(tx, act, "cancel_order_on", (id, day, reason), |tx, act, (id, day, reason)| {
        let order = change_order(tx, act, id, |order, at| order.cancel(at, day, reason))?;
        release_all(tx, act, id, |_| true)?;
        Ok(order)
    })
}

/// Deletes an order that was never confirmed, a draft or a cancelled one (ORD-4), and gives it as it was. The promotions
/// that were used for it can be used once more.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Order`] as [`Order::deletable`]; [`SalesError::Store`] with
/// `StillReferenced`.
pub fn delete_order(
    tx: &mut (impl Orders + Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
) -> Result<Order, SalesError> {
    once(tx, act, "delete_order", id, |tx, act, id| {
        record::find::<Order, _>(tx, id)?.deletable()?;
        // They refer to it, so they go first; where something else refers to it too, they are put back as they were.
        let uses = uses_for(tx, id)?;
        uses.iter().try_for_each(|one| tx.delete_redemption(one.id))?;
        let deleted = record::remove(tx, act, id, |_| Ok(()), |order| OrderFact::Deleted { order });
        match deleted {
            Ok(order) => {
                uses.into_iter().try_for_each(|one| released(tx, act, one))?;
                Ok(order)
            }
            Err(refused) => {
                uses.iter().try_for_each(|one| tx.insert_redemption(one))?;
                Err(refused)
            }
        }
    })
}

//! Money in and money back.

use chrono::NaiveDate;
use crm_core::{
    Act, NewPayment, NewRefund, Order, OrderId,
    store::{Journal, Orders},
};

use crate::{error::SalesError, ordering::change_order, record::once};

/// Takes money for an order, in part or in full, at most what is owed.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::pay`].
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, Money, NewCustomer, NewOrder, NewPayment, NewProduct, PaymentStatus, UnitPrice, store::Store,
/// };
/// use crm_sales::{SalesError, add_product, confirm_order, draft_order, register_customer, pay_order, refund_order};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     confirm_order(tx, act, order.id)?;
///
///     let paid = pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
///     assert_eq!(paid.payment_status(), PaymentStatus::Paid);
///
///     let too_much = Money::parse("99.81", Currency::EUR)?;
///     let refused = refund_order(tx, act, order.id, NewPayment::of(too_much)).unwrap_err();
///     assert!(refused.to_string().contains("99.80 EUR is left of what was paid (REF-1)"));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn pay_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    payment: NewPayment,
) -> Result<Order, SalesError> {
    once(tx, act, "pay_order", (id, payment), |tx, act, (id, payment)| {
        change_order(tx, act, id, |order, at| order.pay(at, payment))
    })
}

/// Gives money back, at most what was paid (REF-1): an amount, what so much of some lines came to, or everything. It
/// counts against the revenue on its own day.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::refund`].
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, NewCustomer, NewOrder, NewPayment, NewProduct, NewRefund, PaymentStatus, Quantity, RefundedLine,
///     UnitPrice, store::Store,
/// };
/// use crm_sales::{SalesError, add_product, pay_order, place_order, refund_order, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("3.333333", Currency::EUR)?;
///     let bulb = add_product(tx, act, NewProduct::new("BULB-1".parse()?, "Bulb".parse()?, price))?;
///     let order = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(bulb.id, 3))?;
///     let order = pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
///
///     let two = RefundedLine { line: 1, quantity: Quantity::from(2) };
///     let order = refund_order(tx, act, order.id, NewRefund::of_lines([two]))?;
///     assert_eq!(order.refunded().to_string(), "6.67 EUR");
///     let refused = refund_order(tx, act, order.id, NewRefund::of_lines([two])).unwrap_err();
///     assert!(refused.to_string().ends_with("1 are left to refund (REF-1)"));
///
///     // The rest of what the three came to, 10.00 EUR, to the cent (REF-2).
///     let order = refund_order(tx, act, order.id, NewRefund::in_full())?;
///     assert_eq!((order.refunded().to_string().as_str(), order.payment_status()), ("10.00 EUR", PaymentStatus::Refunded));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn refund_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    refund: impl Into<NewRefund>,
) -> Result<Order, SalesError> {
    once(tx, act, "refund_order", (id, refund.into()), |tx, act, (id, refund)| {
        change_order(tx, act, id, |order, at| order.refund(at, refund))
    })
}

/// Takes the credit of a refund back, the last one that stands, by the number of its entry: what went back is owed
/// again, and the revenue counts it again on the day of the act, or of the refund where that is later. No money moves; it
/// comes again by [`pay_order`] or a payment with a provider ([`Order::undo_refund`]).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::undo_refund`].
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, Money, NewCustomer, NewOrder, NewPayment, NewProduct, NewRefund, PaymentStatus, UnitPrice, store::Store,
/// };
/// use crm_sales::{SalesError, add_product, pay_order, place_order, refund_order, register_customer, undo_refund};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///
///     // By the wrong card: it goes back, and all of it comes by the right one.
///     pay_order(tx, act, order.id, NewPayment::of(Money::parse("60.00", Currency::EUR)?))?;
///     refund_order(tx, act, order.id, NewRefund::in_full())?;
///     assert!(pay_order(tx, act, order.id, NewPayment::of(order.total())).is_err()); // 39.80 is owed
///     undo_refund(tx, act, order.id, 2)?;
///     let order = pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
///     assert_eq!(order.payment_status(), PaymentStatus::Paid);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn undo_refund(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    entry: u32,
) -> Result<Order, SalesError> {
    once(tx, act, "undo_refund", (id, entry), |tx, act, (id, entry)| {
        change_order(tx, act, id, |order, at| order.undo_refund(at, entry, None))
    })
}

/// Takes the credit of a refund back on a business day of the host's, not before that of the refund ([`undo_refund`]).
///
/// # Errors
///
/// As [`undo_refund`].
pub fn undo_refund_on(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    entry: u32,
    day: NaiveDate,
) -> Result<Order, SalesError> {
    once(tx, act, "undo_refund_on", (id, entry, day), |tx, act, (id, entry, day)| {
        change_order(tx, act, id, |order, at| order.undo_refund(at, entry, Some(day)))
    })
}

//! Money in and money back.

use crm_core::{
    Act, NewPayment, Order, OrderId,
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

/// Gives money back, at most what was paid (REF-1). It counts against the revenue on its own day.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::refund`].
pub fn refund_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    refund: NewPayment,
) -> Result<Order, SalesError> {
    once(tx, act, "refund_order", (id, refund), |tx, act, (id, refund)| {
        change_order(tx, act, id, |order, at| order.refund(at, refund))
    })
}

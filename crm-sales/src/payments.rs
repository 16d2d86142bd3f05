//! Money in and money back.

use crm_core::{
    Act, NewPayment, Order, OrderId,
    store::{Journal, Orders},
};

use crate::{error::SalesError, ordering::change_order};

/// Takes money for an order, in part or in full, at most what is owed.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::pay`].
pub fn pay_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    payment: NewPayment,
) -> Result<Order, SalesError> {
    change_order(tx, act, id, |order, at| order.pay(at, payment))
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
    change_order(tx, act, id, |order, at| order.refund(at, refund))
}

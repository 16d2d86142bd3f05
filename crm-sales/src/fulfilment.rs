//! Goods out and goods back.

use crm_core::{
    Act, Order, OrderId, ShippedLine,
    store::{Journal, Orders},
};

use crate::{error::SalesError, ordering::change_order};

/// Ships all that is left of an order, as one shipment.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::ship`].
pub fn ship_order(tx: &mut (impl Orders + Journal + ?Sized), act: &mut Act, id: OrderId) -> Result<Order, SalesError> {
    change_order(tx, act, id, |order, at| order.ship(at, None))
}

/// Ships some of an order, as one shipment.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::ship`].
pub fn ship_lines(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    lines: Vec<ShippedLine>,
) -> Result<Order, SalesError> {
    change_order(tx, act, id, |order, at| order.ship(at, Some(lines)))
}

/// Notes that a shipment of an order arrived; `shipment` is its number in the order.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::deliver`].
pub fn deliver_shipment(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    shipment: u32,
) -> Result<Order, SalesError> {
    change_order(tx, act, id, |order, at| order.deliver(at, shipment))
}

/// Notes that a shipment of an order came back; what was in it can be shipped again. `shipment` is its number in the order.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::take_back`].
pub fn return_shipment(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    shipment: u32,
) -> Result<Order, SalesError> {
    change_order(tx, act, id, |order, at| order.take_back(at, shipment))
}

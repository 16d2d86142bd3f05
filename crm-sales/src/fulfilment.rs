//! Goods out and goods back.

use crm_core::{
    Act, Order, OrderId, ShippedLine,
    store::{Journal, Orders},
};

use crate::{error::SalesError, ordering::change_order, record::once};

/// Ships all that is left of an order, as one shipment.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::ship`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, Fulfilment, NewCustomer, NewOrder, NewProduct, UnitPrice, store::Store};
/// use crm_sales::{
///     SalesError, add_product, confirm_order, deliver_shipment, draft_order, register_customer, ship_order,
/// };
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
///     assert_eq!(ship_order(tx, act, order.id)?.fulfilment(), Fulfilment::Fulfilled);
///     deliver_shipment(tx, act, order.id, 1)?;
///     let refused = ship_order(tx, act, order.id).unwrap_err();
///     assert_eq!(refused.to_string(), format!("nothing of {} is left to ship", order.id));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn ship_order(tx: &mut (impl Orders + Journal + ?Sized), act: &mut Act, id: OrderId) -> Result<Order, SalesError> {
    once(tx, act, "ship_order", id, |tx, act, id| change_order(tx, act, id, |order, at| order.ship(at, None)))
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
    once(tx, act, "ship_lines", (id, lines), |tx, act, (id, lines)| {
        change_order(tx, act, id, |order, at| order.ship(at, Some(lines)))
    })
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
    once(tx, act, "deliver_shipment", (id, shipment), |tx, act, (id, shipment)| {
        change_order(tx, act, id, |order, at| order.deliver(at, shipment))
    })
}

/// Notes that a shipment of an order came back, or the rest of one; what was in it can be shipped again. `shipment` is
/// its number in the order.
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
    once(tx, act, "return_shipment", (id, shipment), |tx, act, (id, shipment)| {
        change_order(tx, act, id, |order, at| order.take_back(at, shipment))
    })
}

/// Notes that some lines of a shipment of an order came back; they can be shipped again, and the rest stays where it is.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] as [`Order::take_back_lines`].
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, Fulfilment, NewCustomer, NewOrder, NewProduct, Quantity, ShippedLine, UnitPrice, store::Store,
/// };
/// use crm_sales::{SalesError, add_product, place_order, register_customer, return_lines, ship_order};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     ship_order(tx, act, order.id)?;
///
///     let one = vec![ShippedLine { line: 1, quantity: Quantity::from(1) }];
///     assert_eq!(return_lines(tx, act, order.id, 1, one)?.fulfilment(), Fulfilment::Partial);
///     let two = vec![ShippedLine { line: 1, quantity: Quantity::from(2) }];
///     let refused = return_lines(tx, act, order.id, 1, two).unwrap_err();
///     assert!(refused.to_string().ends_with("1 are out"));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn return_lines(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    shipment: u32,
    lines: Vec<ShippedLine>,
) -> Result<Order, SalesError> {
    once(tx, act, "return_lines", (id, shipment, lines), |tx, act, (id, shipment, lines)| {
        change_order(tx, act, id, |order, at| order.take_back_lines(at, shipment, lines))
    })
}

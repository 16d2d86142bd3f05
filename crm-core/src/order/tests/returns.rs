//! Goods that come back, in part too.

use super::*;

#[test]
fn ord_7_some_of_a_shipment_comes_back_and_the_rest_stays() {
    let mut order = confirmed();
    order.ship(at(2), None).unwrap();
    order.deliver(at(3), 1).unwrap();
    let before = ShipmentState::Delivered { at: at(3) };
    let fact = order.take_back_lines(at(4), 1, vec![of_line(3, 1)]);
    assert_eq!(fact, Ok(OrderFact::Returned { shipment: 1, before, lines: vec![of_line(3, 1)] }));
    assert_eq!((order.shipments()[0].state, order.fulfilment()), (before, Fulfilment::Partial));
    assert_eq!(order.shipments()[0].out(), [of_line(1, 2), of_line(3, 3)]);
    assert_eq!((order.unshipped(), order.updated_at), (vec![of_line(3, 1)], at(4)));

    // What came back can be shipped again, while the rest of the first shipment is out.
    order.ship(at(5), None).unwrap();
    assert_eq!(order.fulfilment(), Fulfilment::Fulfilled);
    order.take_back_lines(at(6), 1, vec![of_line(1, 2), of_line(3, 2)]).unwrap();
    assert_eq!(order.shipments()[0].returned, [of_line(3, 3), of_line(1, 2)]);
    // The last of it makes the shipment a returned one; what is in the other one is not back.
    let fact = order.take_back(at(7), 1);
    assert_eq!(fact, Ok(OrderFact::Returned { shipment: 1, before, lines: vec![of_line(3, 1)] }));
    assert_eq!(order.shipments()[0].state, ShipmentState::Returned { at: at(7) });
    assert_eq!((order.shipments()[0].out(), order.fulfilment()), (Vec::new(), Fulfilment::Partial));
    order.take_back_lines(at(8), 2, vec![of_line(3, 1)]).unwrap();
    assert_eq!(order.fulfilment(), Fulfilment::Returned);
}

#[test]
fn a_shipment_that_is_back_in_part_can_still_arrive() {
    let mut order = confirmed();
    order.ship(at(2), None).unwrap();
    order.take_back_lines(at(3), 1, vec![of_line(1, 1)]).unwrap();
    assert_eq!(order.shipments()[0].state, ShipmentState::Shipped);
    order.deliver(at(4), 1).unwrap();
    assert_eq!(order.shipments()[0].out(), [of_line(1, 1), of_line(3, 4)]);
}

#[test]
fn no_more_comes_back_than_is_out() {
    let mut order = confirmed();
    order.ship(at(2), Some(vec![of_line(1, 2)])).unwrap();
    order.take_back_lines(at(3), 1, vec![of_line(1, 1)]).unwrap();
    let take = |lines: Vec<ShippedLine>| move |order: &mut Order| order.take_back_lines(at(4), 1, lines);
    let more = |line, quantity: u32, out: u32| {
        let (quantity, out) = (Quantity::from(quantity), Quantity::from(out));
        OrderError::MoreThanOut { order: order.id, shipment: 1, line, quantity, out }
    };
    assert_eq!(refuses(&order, take(vec![of_line(1, 2)])), more(1, 2, 1));
    assert_eq!(refuses(&order, take(vec![of_line(1, 1), of_line(3, 1)])), more(3, 1, 0));
    assert_eq!(refuses(&order, take(vec![of_line(2, 1)])), OrderError::NoSuchLine { order: order.id, line: 2 });
    assert_eq!(rule_of(refuses(&order, take(vec![of_line(1, 0)]))), ("quantity", Rule::NotPositive));
    assert_eq!(rule_of(refuses(&order, take(vec![of_line(1, 1), of_line(1, 1)]))), ("lines", Rule::Repeated));
    assert_eq!(rule_of(refuses(&order, take(Vec::new()))), ("lines", Rule::Empty));
    let number = order.id;
    assert_eq!(more(1, 2, 1).to_string(), format!("cannot take back 2 of line 1 of shipment 1 of {number}: 1 are out"));

    order.take_back(at(5), 1).unwrap();
    let back = refuses(&order, take(vec![of_line(1, 1)]));
    let status = ShipmentStatus::Returned;
    assert_eq!(back, OrderError::ShipmentNotAllowed { order: number, shipment: 1, status, action: Return });
    let none = refuses(&order, |order| order.take_back_lines(at(6), 2, vec![of_line(1, 1)]));
    assert_eq!(none, OrderError::NoSuchShipment { order: number, shipment: 2 });
}

#[test]
fn ord_3_goods_that_are_out_in_part_keep_an_order_from_being_cancelled() {
    let mut order = confirmed();
    order.ship(at(2), Some(vec![of_line(1, 2)])).unwrap();
    order.take_back_lines(at(3), 1, vec![of_line(1, 1)]).unwrap();
    let cancel = |order: &mut Order| order.cancel(at(9), day("2026-03-05"), None);
    assert_eq!(refuses(&order, cancel), OrderError::StillShipped { order: order.id });
    order.take_back(at(4), 1).unwrap();
    cancel(&mut order).unwrap();
}

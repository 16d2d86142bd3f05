//! A web shop that tries again: under the same key everything is done once.

use crm::{
    Crm, Currency, Error, IdempotencyError, IdempotencyKey, NewOrder, NewPayment, Order, ProductId,
    sales::{self, SalesError},
    store::{Answers, OrderFilter, Orders, Store},
};

use crate::stage::{everything, facts, lamp, on_every_store, person};

on_every_store! {
    a_basket_that_comes_twice_is_sold_once
}

fn orders<S: Store>(crm: &Crm<S>) -> Result<u64, Error> {
    crm.read(|tx| Ok(tx.count_orders(&OrderFilter::default())?))
}

fn a_basket_that_comes_twice_is_sold_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let key: IdempotencyKey = "web shop, basket 4711".parse()?;
    let basket = |lamp: ProductId, units: u32| NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp, units);
    // One act of several operations, in one commit.
    let sell = |new: NewOrder| -> Result<Order, Error> {
        crm.write(|tx| {
            let act = &mut crm.act("web shop")?.with_key(key.clone());
            let order = sales::place_order(tx, act, new)?;
            Ok(sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))?)
        })
    };
    let sold = sell(basket(lamp.id, 2))?;
    let before = everything(crm)?;

    // The answer was lost on its way, so the shop asks again, and again.
    assert_eq!(sell(basket(lamp.id, 2))?, sold);
    assert_eq!(sell(basket(lamp.id, 2))?, sold);
    assert_eq!(everything(crm)?, before);
    assert_eq!(facts(crm, sold.id)?, ["order.drafted", "order.confirmed", "order.paid"]);

    // Another basket under the same key is a mistake of the shop.
    let refused = sell(basket(lamp.id, 3));
    let Err(Error::Sales(SalesError::Idempotency(refused))) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.records(), [sold.id.into()]);
    assert_eq!(everything(crm)?, before);

    // What did not come through is no first answer.
    let other: IdempotencyKey = "web shop, basket 4712".parse()?;
    let attempt = |power_fails: bool| {
        crm.write(|tx| {
            let act = &mut crm.act("web shop")?.with_key(other.clone());
            let order = sales::place_order(tx, act, basket(lamp.id, 1))?;
            if power_fails { Err(Error::host("the power failed")) } else { Ok(order) }
        })
    };
    assert!(attempt(true).is_err());
    assert_eq!(orders(crm)?, 1);
    assert_eq!(attempt(false)?, attempt(false)?);
    assert_eq!(orders(crm)?, 2);

    // Years later what was answered must go; that it was done stays known.
    assert_eq!(crm.write(|tx| Ok(tx.erase_answers(sold.id.into())?))?, 2);
    let refused = sell(basket(lamp.id, 2));
    let Err(Error::Sales(SalesError::Idempotency(IdempotencyError::Erased { records, .. }))) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(records, [sold.id.into()]);
    assert_eq!(orders(crm)?, 2);
    Ok(())
}

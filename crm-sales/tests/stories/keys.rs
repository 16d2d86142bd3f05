//! The same key, the same effect once.

use crm_core::{
    Act, Currency, IdempotencyError, NewOrder, Order, OrderError,
    store::{Answers, OrderFilter, Orders, Page},
};
use crm_sales::{SalesError, place_order};
use crm_testkit::MemoryTx;

use crate::world::World;

impl World {
    /// Does something as a new act of alice under a key; what is refused is rolled back.
    pub(crate) fn under<T>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>,
    ) -> Result<T, SalesError> {
        let act = &mut self.acts.next("alice").with_key(key.parse().unwrap());
        crm_core::store::Store::write(&self.store, |tx| f(tx, act))
    }
}

fn orders(world: &World) -> Vec<Order> {
    world.reads(|tx| Ok(tx.orders(&OrderFilter::default(), Page::first(99))?))
}

#[test]
fn the_same_key_gives_the_first_order_again() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    // On another day, when the record is another one.
    world.acts.wait(chrono::TimeDelta::days(1));
    world.does(|tx, act| crm_sales::lock_order(tx, act, first.id));
    let again = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    assert_eq!(again, first);
    assert_eq!(orders(&world).len(), 1);
    assert_eq!(world.facts(first.id), ["order.drafted", "order.confirmed", "order.locked"]);

    // Another key, and no key at all, are new business.
    world.under("basket 2", |tx, act| place_order(tx, act, two.clone())).unwrap();
    world.does(|tx, act| place_order(tx, act, two));
    assert_eq!(orders(&world).len(), 3);
}

#[test]
fn another_input_under_the_same_key_is_refused_and_changes_nothing() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let basket = |lamps| NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, lamps);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, basket(2))).unwrap();
    let refused = world.is_refused(|tx, act| {
        let act = &mut act.clone().with_key("basket 1".parse()?);
        place_order(tx, act, basket(3))
    });
    let SalesError::Idempotency(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.records(), [first.id.into()]);
    let words = format!("the key \"basket 1\" was used for place_order {} already", first.id);
    assert!(refused.to_string().starts_with(&words), "{refused}");
}

#[test]
fn what_is_refused_under_a_key_is_tried_again() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let empty = NewOrder::for_customer(zhang.id, Currency::EUR);
    let full = empty.clone().line(lamp.id, 1);
    // The host goes on after a refusal, in the same transaction.
    let both = |tx: &mut MemoryTx, act: &mut Act| {
        let refused = place_order(tx, act, empty.clone()).unwrap_err();
        Ok((refused, place_order(tx, act, full.clone())?))
    };
    let (refused, first) = world.under("basket 1", both).unwrap();
    assert!(matches!(refused, SalesError::Order(OrderError::NoLines { .. })), "{refused}");
    let (refused, again) = world.under("basket 1", both).unwrap();
    assert!(matches!(refused, SalesError::Idempotency(IdempotencyError::Mismatch { .. })), "{refused}");
    assert_eq!((again, orders(&world).len()), (first, 1));
}

#[test]
fn an_erased_answer_is_recognised_and_refused() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    assert_eq!(world.does(|tx, _| Ok(tx.erase_answers(first.id.into())?)), 1);
    let refused = world.under("basket 1", |tx, act| place_order(tx, act, two)).unwrap_err();
    let SalesError::Idempotency(refused @ IdempotencyError::Erased { .. }) = refused else { panic!("{refused}") };
    assert_eq!(refused.records(), [first.id.into()]);
    assert_eq!(orders(&world).len(), 1);
}

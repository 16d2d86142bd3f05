use crm_core::{
    Currency, NewProduct, ProductPatch, RecordId, Revision, UnitPrice,
    store::{Products, StoreErrorKind},
};
use crm_sales::{SalesError, add_product, delete_product, update_product};

use crate::world::{World, kind};

#[test]
fn a_product_is_added_changed_and_deleted() {
    let mut world = World::new();
    let lamp = world.product("LAMP-1", "49.90");
    let off = ProductPatch { expected: Some(lamp.revision), active: Some(false), ..ProductPatch::default() };
    assert!(!world.does(|tx, act| update_product(tx, act, lamp.id, off.clone())).active);
    let error = world.is_refused(|tx, act| update_product(tx, act, lamp.id, off.clone()));
    assert!(matches!(error, SalesError::Conflict { expected: Revision::FIRST, .. }));
    world.changes_nothing(|tx, act| update_product(tx, act, lamp.id, ProductPatch { expected: None, ..off }));

    world.does(|tx, act| delete_product(tx, act, lamp.id));
    assert_eq!(world.reads(|tx| Ok(tx.product(lamp.id)?)), None);
    assert_eq!(world.facts(lamp.id), ["product.added", "product.updated", "product.deleted"]);
}

#[test]
fn a_sku_is_given_once() {
    let mut world = World::new();
    world.product("LAMP-1", "49.90");
    let chair = world.product("CHAIR-1", "99.00");
    let price = UnitPrice::parse("1", Currency::EUR).unwrap();
    let again = NewProduct::new("LAMP-1".parse().unwrap(), "Another".parse().unwrap(), price);
    let error = world.is_refused(|tx, act| add_product(tx, act, again));
    assert!(matches!(kind(&error), StoreErrorKind::Duplicate { record: "product", .. }));
    let patch = ProductPatch { sku: Some("LAMP-1".parse().unwrap()), ..ProductPatch::default() };
    let error = world.is_refused(|tx, act| update_product(tx, act, chair.id, patch));
    assert!(matches!(kind(&error), StoreErrorKind::Duplicate { record: "product", .. }));
}

#[test]
fn an_ordered_product_stays() {
    let mut world = World::new();
    let order = world.draft();
    let product = order.lines()[0].product();
    let error = world.is_refused(|tx, act| delete_product(tx, act, product));
    assert!(matches!(kind(&error), StoreErrorKind::StillReferenced { count: 1, .. }));
    let missing = RecordId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| delete_product(tx, act, missing));
    assert!(matches!(error, SalesError::NotFound { .. }));
}

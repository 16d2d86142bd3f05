use crm_core::{
    Currency, Discount, Money, NewPromotion, NewRedemption, Percent, Promotion, PromotionError, PromotionPatch,
    RecordId, RedemptionId, Window,
    store::{Promotions, StoreErrorKind},
};
use crm_sales::{
    SalesError, add_promotion, archive_customer, delete_promotion, find_coupon, redeem_promotion, release_redemption,
    update_promotion,
};

use crate::world::{World, day, eur, kind};

fn offers(world: &mut World, limit: u32) -> Promotion {
    let new = NewPromotion::new("Spring".parse().unwrap(), Discount::Percent(Percent::whole(10)));
    let new = new.coupon("Spring".parse().unwrap()).limit(limit).limit_per_customer(2);
    world.does(|tx, act| add_promotion(tx, act, new.valid(Window::until_day(day("2026-04-01")))))
}

fn used(world: &World, promotion: &Promotion) -> u32 {
    world.reads(|tx| Ok(tx.promotion(promotion.id)?)).unwrap().used()
}

#[test]
fn a_coupon_is_found_in_any_case_used_and_given_back() {
    let mut world = World::new();
    let (offer, order) = (offers(&mut world, 3), world.draft());
    let found = world.reads(|tx| find_coupon(tx, &"sPRING".parse().unwrap()));
    assert_eq!(found, offer);
    let new = NewRedemption::by(order.customer(), eur("9.98")).order(order.id);
    let redemption = world.does(|tx, act| redeem_promotion(tx, act, offer.id, new));
    assert_eq!((redemption.order, redemption.amount, used(&world, &offer)), (Some(order.id), eur("9.98"), 1));
    let refused = world.is_refused(|tx, act| delete_promotion(tx, act, offer.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "redemptions", count: 1 });

    let refused = world.is_refused(|tx, act| redeem_promotion(tx, act, offer.id, new));
    assert!(matches!(refused, SalesError::Promotion(PromotionError::UsedForOrder { .. })), "{refused}");
    world.does(|tx, act| release_redemption(tx, act, redemption.id));
    assert_eq!(used(&world, &offer), 0);
    let refused = world.is_refused(|tx, act| release_redemption(tx, act, redemption.id));
    assert!(matches!(refused, SalesError::NotFound { .. }));
    world.does(|tx, act| delete_promotion(tx, act, offer.id));
    let facts = ["promotion.added", "promotion.used", "promotion.released", "promotion.deleted"];
    assert_eq!(world.facts(offer.id), facts);
    assert_eq!(world.facts(redemption.id), ["redemption.made", "redemption.released"]);
}

#[test]
fn a_coupon_past_its_limits_is_refused() {
    let mut world = World::new();
    let offer = offers(&mut world, 3);
    let (zhang, li) = (world.person("张三"), world.person("李四"));
    let by = |customer| NewRedemption::by(customer, eur("1.00"));
    for _ in 0..2 {
        world.does(|tx, act| redeem_promotion(tx, act, offer.id, by(zhang.id)));
    }
    let refused = world.is_refused(|tx, act| redeem_promotion(tx, act, offer.id, by(zhang.id)));
    assert!(matches!(refused, SalesError::Promotion(PromotionError::UsedUpByCustomer { limit: 2, .. })), "{refused}");
    world.does(|tx, act| redeem_promotion(tx, act, offer.id, by(li.id)));
    let refused = world.is_refused(|tx, act| redeem_promotion(tx, act, offer.id, by(li.id)));
    assert!(matches!(refused, SalesError::Promotion(PromotionError::UsedUp { limit: 3, .. })), "{refused}");
    // One more use is one more customer.
    let more = PromotionPatch { limit: Some(Some(4)), ..PromotionPatch::default() };
    world.does(|tx, act| update_promotion(tx, act, offer.id, more));
    world.does(|tx, act| redeem_promotion(tx, act, offer.id, by(li.id)));
    assert_eq!(used(&world, &offer), 4);
}

#[test]
fn what_a_promotion_refuses_changes_nothing() {
    let mut world = World::new();
    let (offer, order, li) = (offers(&mut world, 3), world.draft(), world.person("李四"));
    let by = |amount: Money| NewRedemption::by(li.id, amount);
    let refused = |world: &mut World, new| world.is_refused(|tx, act| redeem_promotion(tx, act, offer.id, new));
    let others = refused(&mut world, by(eur("1.00")).order(order.id));
    assert!(matches!(others, SalesError::Promotion(PromotionError::OtherCustomer { .. })), "{others}");
    let late = refused(&mut world, by(eur("1.00")).day(day("2026-04-01")));
    assert!(matches!(late, SalesError::Promotion(PromotionError::NotValid { .. })), "{late}");
    for amount in ["0", "-1"] {
        assert_eq!(refused(&mut world, by(eur(amount))).invalid().map(|invalid| invalid.field()), Some("amount"));
    }
    let own = NewRedemption::by(order.customer(), Money::from_minor(1, Currency::JPY)).order(order.id);
    assert!(refused(&mut world, own).invalid().is_some());
    let missing = by(eur("1.00")).order(RecordId::from_uuid(Default::default()));
    assert!(matches!(refused(&mut world, missing), SalesError::NotFound { .. }));
    let id: RedemptionId = RecordId::from_uuid(Default::default());
    world.does(|tx, act| redeem_promotion(tx, act, offer.id, by(eur("1.00")).id(id)));
    let taken = refused(&mut world, by(eur("1.00")).id(id));
    assert_eq!(kind(&taken), &StoreErrorKind::Duplicate { record: "redemption", field: "id" });
    world.does(|tx, act| archive_customer(tx, act, li.id));
    assert!(matches!(refused(&mut world, by(eur("1.00"))), SalesError::Archived { .. }));
    let nobody = world.is_refused(|tx, _| find_coupon(tx, &"summer".parse()?));
    assert!(matches!(nobody, SalesError::Promotion(PromotionError::NoSuchCode { .. })), "{nobody}");
    let again = NewPromotion::new("Again".parse().unwrap(), Discount::Percent(Percent::whole(10)));
    let again = again.coupon("SPRING".parse().unwrap());
    let taken = world.is_refused(|tx, act| add_promotion(tx, act, again));
    assert_eq!(kind(&taken), &StoreErrorKind::Duplicate { record: "promotion", field: "code" });
}

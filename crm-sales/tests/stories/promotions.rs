use crm_core::{
    Currency, Discount, DiscountLimit, Money, NewPromotion, NewQuote, NewRedemption, OrderAction, OrderError, Percent,
    PriceTarget, Promotion, PromotionError, PromotionPatch, RecordId, RedemptionId, Terms, Window,
    store::{Orders, Promotions, StoreErrorKind},
};
use crm_sales::{
    OrderAmendment, SalesError, accept_quote, add_promotion, amend_order, apply_coupon, apply_promotion,
    archive_customer, cancel_order, confirm_order, delete_order, delete_promotion, draft_quote, find_coupon,
    redeem_promotion, release_promotions, release_redemption, send_quote, update_promotion,
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
    assert_eq!((redemption.order(), redemption.amount(), used(&world, &offer)), (Some(order.id), eur("9.98"), 1));
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
    let own = NewRedemption::by(order.customer(), Money::from_minor(1, Currency::JPY)).order(order.id);
    for new in [by(eur("0")), by(eur("-1")), own] {
        let refused = refused(&mut world, new);
        let SalesError::Promotion(PromotionError::Value { promotion, invalid }) = &refused else { panic!("{refused}") };
        assert_eq!((*promotion, invalid.field()), (offer.id, "amount"));
    }
    let nothing = PromotionPatch { limit: Some(Some(0)), ..PromotionPatch::default() };
    let refused_patch = world.is_refused(|tx, act| update_promotion(tx, act, offer.id, nothing));
    assert!(
        matches!(refused_patch, SalesError::Promotion(PromotionError::Value { promotion, .. }) if promotion == offer.id)
    );
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

#[test]
fn what_an_order_cannot_have_is_not_applied() {
    let mut world = World::new();
    let (offer, draft, on) = (offers(&mut world, 1), world.draft(), day("2026-03-02"));
    let apply = |world: &mut World, offer: &Promotion, order, on| {
        world.is_refused(|tx, act| apply_promotion(tx, act, order, offer.id, on))
    };
    let late = apply(&mut world, &offer, draft.id, day("2026-04-01"));
    assert!(matches!(late, SalesError::Promotion(PromotionError::NotValid { .. })), "{late}");
    let unknown = world.is_refused(|tx, act| apply_coupon(tx, act, draft.id, &"summer".parse().unwrap(), on));
    assert!(matches!(unknown, SalesError::Promotion(PromotionError::NoSuchCode { .. })), "{unknown}");

    let new = |benefit| NewPromotion::new("More".parse().unwrap(), benefit);
    let tenth = Discount::Percent(Percent::whole(10));
    let chair = world.product("CHAIR-1", "80.00");
    for (new, words) in [
        (new(tenth).target(PriceTarget::Product(chair.id)), "is for none of the lines"),
        (new(tenth).min_amount(eur("99.81")), "these come to 99.80 EUR"),
        (new(Discount::Amount(Money::from_minor(1, Currency::JPY))), "must be in"),
        (new(Discount::Percent("0.001".parse().unwrap())), "amount must be greater than zero"),
    ] {
        let other = world.does(|tx, act| add_promotion(tx, act, new));
        let refused = apply(&mut world, &other, draft.id, on);
        assert!(refused.to_string().contains(words), "{refused}");
    }
    // A discount on the document that is more than what is left takes that.
    let fixed = Terms::default().discount(Discount::Amount(eur("95.00")));
    world.does(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().terms(fixed)));
    let (free, _) = world.does(|tx, act| apply_promotion(tx, act, draft.id, offer.id, on));
    assert_eq!((free.total(), free.totals().unwrap().discount()), (eur("0.00"), eur("89.82")));
    world.does(|tx, act| release_promotions(tx, act, draft.id));
    assert_eq!(used(&world, &offer), 0);

    let confirmed = world.draft();
    world.does(|tx, act| confirm_order(tx, act, confirmed.id));
    let refused = [
        apply(&mut world, &offer, confirmed.id, on),
        world.is_refused(|tx, act| release_promotions(tx, act, confirmed.id)),
    ];
    for refused in refused {
        let SalesError::Order(OrderError::NotAllowed { action, .. }) = refused else { panic!("{refused}") };
        assert_eq!(action, OrderAction::Amend);
    }
    let second = world.draft();
    world.does(|tx, act| apply_promotion(tx, act, second.id, offer.id, on));
    let (third, lost) = (world.draft(), world.draft());
    let past = apply(&mut world, &offer, third.id, on);
    assert!(matches!(past, SalesError::Promotion(PromotionError::UsedUp { limit: 1, .. })), "{past}");
    world.does(|tx, act| archive_customer(tx, act, lost.customer()));
    assert!(matches!(apply(&mut world, &offer, lost.id, on), SalesError::Archived { .. }));
}

#[test]
fn an_order_that_is_not_deleted_keeps_its_promotions() {
    let mut world = World::new();
    let (offer, zhang, lamp) = (offers(&mut world, 1), world.person("张三"), world.product("LAMP-1", "49.90"));
    let (on, limit) = (day("2026-03-02"), DiscountLimit::up_to(Percent::ZERO).unwrap());
    let order = world.does(|tx, act| {
        let quote = draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
        send_quote(tx, act, quote.id, &limit, on)?;
        let (_, order) = accept_quote(tx, act, quote.id, on)?;
        Ok(apply_promotion(tx, act, order.id, offer.id, on)?.0)
    });
    let refused = world.is_refused(|tx, act| delete_order(tx, act, order.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "quotes", count: 1 });
    assert_eq!(used(&world, &offer), 1);
    let cancelled = world.does(|tx, act| cancel_order(tx, act, order.id, None));
    assert_eq!((cancelled.total(), used(&world, &offer)), (eur("89.82"), 0));
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(cancelled));
}

#[test]
fn prc_6_a_host_and_the_lines_each_take_back_their_own_uses_of_an_order() {
    let mut world = World::new();
    let (on, order) = (day("2026-03-02"), world.draft());
    let mut offer = |name: &str| {
        let new = NewPromotion::new(name.parse().unwrap(), Discount::Percent(Percent::whole(10)));
        world.does(|tx, act| add_promotion(tx, act, new))
    };
    let (own, applied) = (offer("Points"), offer("Spring"));
    let new = NewRedemption::by(order.customer(), eur("5.00")).order(order.id);
    let both = |world: &mut World| {
        let by_host = world.does(|tx, act| redeem_promotion(tx, act, own.id, new));
        let (_, by_lines) = world.does(|tx, act| apply_promotion(tx, act, order.id, applied.id, on));
        assert_eq!((by_host.on_lines(), by_lines.on_lines()), (false, true));
        (by_host.id, by_lines.id)
    };
    // Beside one that the lines have, the host takes its own back.
    let (by_host, by_lines) = both(&mut world);
    let refused = world.is_refused(|tx, act| release_redemption(tx, act, by_lines));
    assert!(matches!(refused, SalesError::Promotion(PromotionError::TakenOff { order: of, .. }) if of == order.id));
    world.does(|tx, act| release_redemption(tx, act, by_host));
    assert_eq!((used(&world, &own), used(&world, &applied)), (0, 1));
    world.does(|tx, act| release_promotions(tx, act, order.id));
    assert_eq!(used(&world, &applied), 0);

    // The lines take back theirs, and leave the host's.
    let (by_host, _) = both(&mut world);
    let released = world.does(|tx, act| release_promotions(tx, act, order.id));
    assert_eq!((released.total(), used(&world, &own), used(&world, &applied)), (order.total(), 1, 0));
    world.does(|tx, act| release_redemption(tx, act, by_host));
    // With the order both go.
    both(&mut world);
    world.does(|tx, act| cancel_order(tx, act, order.id, None));
    assert_eq!((used(&world, &own), used(&world, &applied)), (0, 0));
}

#[test]
fn a_coupon_under_a_key_is_applied_once() {
    let mut world = World::new();
    let (offer, order) = (offers(&mut world, 3), world.draft());
    let code = "spring".parse().unwrap();
    let mut apply = || world.under("basket", |tx, act| apply_coupon(tx, act, order.id, &code, act.day()));
    let first = apply().unwrap();
    assert_eq!(apply().unwrap(), first);
    assert_eq!(used(&world, &offer), 1);
}

use proptest::prelude::*;

use super::*;
use crate::{
    Currency, Fact, NewProduct, UnitPrice,
    record::proof::{at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

fn cents(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn product(n: u128, category: &str) -> Product {
    let price = UnitPrice::parse("10", Currency::EUR).unwrap();
    Product::add(
        id(n),
        at(0),
        NewProduct::new(parsed(&format!("P-{n}")), parsed("Lamp"), price).category(parsed(category)),
    )
}

fn new(benefit: Discount) -> NewPromotion {
    NewPromotion::new(parsed("Marker offer"), benefit)
}

fn promotion(new: NewPromotion) -> Promotion {
    Promotion::add(id(1), at(0), new).unwrap()
}

fn full() -> NewPromotion {
    new(Discount::Amount(cents(1_000)))
        .id(id(1))
        .coupon(parsed("spring-10"))
        .target(PriceTarget::Category(parsed("Lamps")))
        .valid(Window::until_day(day("2026-04-01")))
        .min_amount(cents(5_000))
        .limit(2)
        .limit_per_customer(1)
}

fn used(n: u128) -> Redemption {
    let by = NewRedemption::by(id(7), cents(1_000)).order(id(n)).day(day("2026-03-31"));
    Redemption::make(id(n), at(0), id(1), by).unwrap()
}

#[test]
fn a_promotion_is_used_as_often_as_its_limits_say() {
    let mut offer = promotion(full());
    assert_eq!((offer.left(), offer.used()), (Some(2), 0));
    assert_eq!(offer.redeem(at(1), &used(1), 0), Ok(PromotionFact::Used { redemption: id(1), used: 1 }));
    let before = offer.clone();
    let again = offer.redeem(at(2), &used(2), 1).unwrap_err();
    assert_eq!(again, PromotionError::UsedUpByCustomer { promotion: id(1), customer: id(7), limit: 1 });
    assert_eq!(offer, before);
    offer.redeem(at(2), &used(2), 0).unwrap();
    let over = offer.redeem(at(3), &used(3), 0).unwrap_err();
    assert_eq!(over, PromotionError::UsedUp { promotion: id(1), limit: 2 });
    assert_eq!(offer.release(at(3), id(2)), PromotionFact::Released { redemption: id(2), used: 1 });
    assert_eq!(offer.left(), Some(1));
    assert_eq!(promotion(new(Discount::Percent(Percent::whole(5)))).left(), None);
}

#[test]
fn a_promotion_is_used_on_its_days_and_while_it_is_active() {
    let mut offer = promotion(full());
    let late = offer.usable(day("2026-04-01"), id(7), 0).unwrap_err();
    let valid = Window::until_day(day("2026-04-01"));
    assert_eq!(late, PromotionError::NotValid { promotion: id(1), valid, day: day("2026-04-01") });
    offer.update(at(1), PromotionPatch { active: Some(false), ..PromotionPatch::default() }).unwrap();
    assert_eq!(offer.usable(day("2026-03-02"), id(7), 0), Err(PromotionError::Inactive { promotion: id(1) }));
}

#[test]
fn what_a_promotion_takes_off_is_split_over_the_lines_that_it_is_for() {
    let (lamp, chair) = (product(1, "Lamps / Desk lamps"), product(2, "Chairs"));
    let line = |product, minor| PromotedLine { product, amount: cents(minor) };
    let off = |offer: NewPromotion, lines: &[PromotedLine<'_>]| -> Vec<i64> {
        promotion(offer).taken_off(lines).unwrap().iter().map(|part| part.minor()).collect()
    };
    let lines = [line(&lamp, 4_000), line(&chair, 9_000), line(&lamp, 2_000)];
    assert_eq!(off(full(), &lines), [667, 0, 333]);
    assert_eq!(off(new(Discount::Percent(Percent::whole(10))), &lines), [400, 900, 200]);
    assert_eq!(off(new(Discount::Amount(cents(99_999))), &lines), [4_000, 9_000, 2_000]);
}

#[test]
fn mon_5_a_coupon_of_a_hundred_percent_leaves_exactly_nothing() {
    // odoo PR#271032: two at 11.50.
    let lamp = product(1, "Lamps");
    let lines = [cents(2_300), cents(1)].map(|amount| PromotedLine { product: &lamp, amount });
    let off = promotion(new(Discount::Percent(Percent::HUNDRED))).taken_off(&lines).unwrap();
    assert_eq!(off, [cents(2_300), cents(1)]);
}

#[test]
fn a_promotion_that_is_for_none_of_the_lines_is_refused() {
    let (lamp, chair) = (product(1, "Lamps"), product(2, "Chairs"));
    let offer = promotion(full());
    let off = |lines: &[(&Product, Money)]| {
        let lines: Vec<_> = lines.iter().map(|(product, amount)| PromotedLine { product, amount: *amount }).collect();
        offer.taken_off(&lines).unwrap_err()
    };
    let none = PromotionError::ForNoLine { promotion: id(1) };
    assert_eq!(off(&[]), none);
    assert_eq!(off(&[(&chair, cents(9_999))]), none);
    assert_eq!(off(&[(&lamp, cents(0))]), none);
    let little = PromotionError::TooLittle { promotion: id(1), min: cents(5_000), amount: cents(4_999) };
    assert_eq!(off(&[(&lamp, cents(4_999)), (&chair, cents(9_999))]), little);
    let rule = |error| match error {
        PromotionError::Value { promotion, invalid } if promotion == id(1) => invalid.rule().clone(),
        other => panic!("{other}"),
    };
    assert_eq!(rule(off(&[(&lamp, cents(-1))])), Rule::Negative);
    let yen = Money::from_minor(9_999, Currency::JPY);
    assert_eq!(rule(off(&[(&lamp, yen)])), Rule::CurrencyMismatch { expected: Currency::JPY, found: Currency::EUR });
    assert_eq!(rule(off(&[(&lamp, cents(i64::MAX)), (&lamp, cents(1))])), Rule::Overflow);
}

#[test]
fn a_promotion_that_contradicts_itself_is_refused() {
    let refused = |new| Promotion::add(id(1), at(0), new).unwrap_err();
    let share = |text: &str| new(Discount::Percent(parsed(text)));
    assert_eq!(refused(share("0")).rule(), &Rule::NotPositive);
    assert!(matches!(refused(share("100.0001")).rule(), Rule::OutOfRange { .. }));
    assert!(matches!(refused(share("-1")).rule(), Rule::OutOfRange { .. }));
    for amount in [0, -1] {
        assert_eq!(refused(new(Discount::Amount(cents(amount)))).field(), "benefit");
        assert_eq!(refused(share("5").min_amount(cents(amount))).field(), "least amount");
    }
    assert_eq!(refused(share("5").limit(0)).rule(), &Rule::NotPositive);
    assert_eq!(refused(share("5").limit_per_customer(0)).rule(), &Rule::NotPositive);
    let yen = Money::from_minor(1, Currency::JPY);
    assert!(matches!(refused(full().min_amount(yen)).rule(), Rule::CurrencyMismatch { .. }));
    let mut parts = PromotionParts::from(promotion(full()));
    parts.limit = Some(0);
    assert_eq!(refusal::<Promotion, _>(parts.clone()).field(), "limit");
    // A code that nobody would find.
    (parts.limit, parts.code) = (None, Some(parsed("Spring")));
    assert_eq!(refusal::<Promotion, _>(parts).field(), "code");
    assert_eq!(
        Redemption::make(id(1), at(0), id(1), NewRedemption::by(id(7), cents(0))).unwrap_err().field(),
        "amount"
    );
}

#[test]
fn parts_of_a_use_that_contradict_each_other_are_refused() {
    type Case = (&'static str, fn(&mut RedemptionParts));
    let cases: [Case; 3] = [
        ("amount", |parts| parts.amount = cents(0)),
        ("amount", |parts| parts.amount = cents(-1)),
        ("on lines", |parts| (parts.on_lines, parts.order) = (true, None)),
    ];
    for (field, contradict) in cases {
        let mut parts = RedemptionParts::from(used(1));
        contradict(&mut parts);
        assert_eq!(refusal::<Redemption, _>(parts).field(), field);
    }
}

#[test]
fn a_code_is_the_same_in_any_case() {
    let mut offer = promotion(full());
    assert_eq!(offer.code().map(Label::as_str), Some("SPRING-10"));
    assert_eq!(Promotion::code_of(&parsed("Spring-10")).unwrap().as_str(), "SPRING-10");
    assert!(Promotion::code_of(&parsed(&"ß".repeat(100))).is_err());
    let before = offer.clone();
    let same = PromotionPatch { code: Some(Some(parsed("spring-10"))), ..PromotionPatch::default() };
    assert_eq!(offer.update(at(1), same), Ok(None));
    assert_eq!(offer, before);
    let other = PromotionPatch { code: Some(Some(parsed("may"))), limit: Some(None), ..PromotionPatch::default() };
    let fact = offer.update(at(1), other).unwrap();
    assert_eq!(fact, Some(PromotionFact::Updated { before: Box::new(before), after: Box::new(offer.clone()) }));
    assert_eq!((offer.code().map(Label::as_str), offer.limit()), (Some("MAY"), None));
    let before = offer.clone();
    let refused = offer.update(at(2), PromotionPatch { limit: Some(Some(0)), ..PromotionPatch::default() });
    assert!(matches!(refused, Err(PromotionError::Value { promotion, .. }) if promotion == id(1)));
    assert_eq!(offer, before);
}

#[test]
fn what_a_promotion_is_made_of_survives_json_and_the_name_does_not_show_in_debug() {
    let promotion = || Box::new(promotion(full()));
    survives_json(&full());
    survives_json(&promotion());
    survives_json(&new(Discount::Percent(Percent::whole(5))));
    survives_json(&PromotionPatch::default());
    survives_json(&PromotionPatch {
        expected: Some(Revision::FIRST),
        name: Some(parsed("Marker")),
        code: Some(None),
        valid: Some(Window::ALWAYS),
        limit: Some(None),
        limit_per_customer: Some(Some(1)),
        active: Some(false),
    });
    survives_json(&NewRedemption::by(id(7), cents(1)).id(id(1)).order(id(2)).day(day("2026-03-02")));
    hides_personal_data(&full());
    let facts = [
        PromotionFact::Added { promotion: promotion() },
        PromotionFact::Updated { before: promotion(), after: promotion() },
        PromotionFact::Used { redemption: id(1), used: 1 },
        PromotionFact::Released { redemption: id(1), used: 0 },
        PromotionFact::Deleted { promotion: promotion() },
    ];
    facts.iter().for_each(hides_personal_data);
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((promotion().id, fact))));
    let named = ["promotion.added", "promotion.updated", "promotion.used", "promotion.released", "promotion.deleted"];
    assert_eq!(kinds, named);
    survives_json(&used(1));
    let redemption = || Box::new(used(1));
    let facts =
        [RedemptionFact::Made { redemption: redemption() }, RedemptionFact::Released { redemption: redemption() }];
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((used(1).id, fact))));
    assert_eq!(kinds, ["redemption.made", "redemption.released"]);
}

proptest! {
    #[test]
    fn prc_6_no_line_loses_more_than_it_comes_to_and_the_parts_sum_to_the_whole(
        amounts in prop::collection::vec(0_i64..10_000_000, 1..12),
        off in 1_i64..20_000_000,
        share in 1_i64..=1_000_000,
    ) {
        let lamp = product(1, "Lamps");
        let lines: Vec<_> = amounts.iter().map(|minor| PromotedLine { product: &lamp, amount: cents(*minor) }).collect();
        let total: i64 = amounts.iter().sum();
        prop_assume!(total > 0);
        let share = Percent::from_ten_thousandths(share).unwrap();
        let whole = cents(total).percent(share, Rounding::HalfUp).unwrap().minor();
        for (benefit, whole) in [(Discount::Amount(cents(off)), off.min(total)), (Discount::Percent(share), whole)] {
            let parts = promotion(new(benefit)).taken_off(&lines).unwrap();
            prop_assert_eq!(parts.iter().map(|part| part.minor()).sum::<i64>(), whole);
            for (part, amount) in parts.iter().zip(&amounts) {
                prop_assert!((0..=*amount).contains(&part.minor()), "{} of {}", part, amount);
            }
        }
    }
}

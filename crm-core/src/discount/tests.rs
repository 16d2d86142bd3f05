use super::*;
use crate::{
    Currency,
    record::proof::{at, parsed, survives_json},
};

fn eur(price: &str) -> UnitPrice {
    UnitPrice::parse(price, Currency::EUR).unwrap()
}

fn cents(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn price_of_two(amount: i64) -> UnitPrice {
    UnitPrice::from_millionths(amount * 5_000, Currency::EUR).unwrap()
}

/// Two that are listed at 50.00 and cost 30.00 each.
fn line(amount: i64) -> DiscountedLine {
    DiscountedLine {
        number: 3,
        quantity: 2.into(),
        list_price: eur("50"),
        price: price_of_two(amount),
        net_price: price_of_two(amount),
        cost: Some(eur("30")),
        amount: cents(amount),
        net: cents(amount),
    }
}

fn limit() -> DiscountLimit {
    DiscountLimit::up_to(Percent::whole(10)).unwrap()
}

#[test]
fn prc_5_a_discount_above_the_limit_needs_approval() {
    assert_eq!(limit().beyond(&[line(9_000), line(10_000), line(12_000)]), Ok(Vec::new()));
    let beyond = limit().beyond(&[line(9_000), line(8_999)]).unwrap();
    let expected = BeyondLimit {
        line: 3,
        amount: cents(8_999),
        least: LeastAmount::Known(cents(9_000)),
        limit: LimitKind::Discount(Percent::whole(10)),
        margin: Some(cents(2_999)),
    };
    assert_eq!(beyond, [expected]);
    // A price above the list price is no discount, and what is taken off it counts from there.
    assert_eq!(limit().beyond(&[DiscountedLine { list_price: eur("40"), ..line(7_200) }]), Ok(Vec::new()));
    let unknown = limit().beyond(&[DiscountedLine { cost: None, ..line(8_999) }]).unwrap();
    assert_eq!(unknown[0].margin, None);
}

#[test]
fn prc_5_the_floor_is_the_cost_plus_the_least_margin() {
    let all = DiscountLimit::up_to(Percent::HUNDRED).unwrap();
    for (margin, floor) in [
        (MinMargin::Amount(cents(500)), 7_000),
        (MinMargin::OfCost(Percent::whole(25)), 7_500),
        (MinMargin::OfCost(Percent::ZERO), 6_000),
    ] {
        let limit = all.min_margin(margin).unwrap();
        assert_eq!(limit.beyond(&[line(floor)]), Ok(Vec::new()));
        let beyond = limit.beyond(&[line(floor - 1)]).unwrap();
        assert_eq!((beyond[0].least, beyond[0].limit), (LeastAmount::Known(cents(floor)), LimitKind::Floor));
        assert_eq!(beyond[0].margin, Some(cents(floor - 1 - 6_000)));
        assert_eq!(limit.beyond(&[DiscountedLine { cost: None, ..line(0) }]), Ok(Vec::new()));
    }
    // Both limits are told.
    let both = limit().min_margin(MinMargin::Amount(cents(1_900))).unwrap().beyond(&[line(8_000)]).unwrap();
    assert_eq!(
        both.iter().map(|one| one.least).collect::<Vec<_>>(),
        [9_000, 9_800].map(|least| LeastAmount::Known(cents(least)))
    );
}

#[test]
fn prc_5_exactly_the_floor_is_within_it() {
    let all = DiscountLimit::up_to(Percent::HUNDRED).unwrap();
    // 8.375 and a fifth of it are 10.05; rounded one after the other they would be 10.06.
    let limit = all.min_margin(MinMargin::OfCost(Percent::whole(20))).unwrap();
    let one = |price, net| {
        let (net_price, cost) = (eur(price), Some(eur("8.375")));
        DiscountedLine { quantity: 1.into(), net_price, cost, ..line(net) }
    };
    assert_eq!(limit.beyond(&[one("10.05", 1_005)]), Ok(Vec::new()));
    assert_eq!(limit.beyond(&[one("10.049999", 1_004)]).unwrap().len(), 1);
    // A cent that was rounded away, or that a discount on the document took of this line and not of the next.
    assert_eq!(limit.beyond(&[one("10.05", 1_004)]), Ok(Vec::new()));
    assert_eq!(limit.beyond(&[one("10.049999", 1_005)]), Ok(Vec::new()));
}

#[test]
fn prc_5_what_is_known_in_another_currency_only_needs_approval() {
    let dollars = UnitPrice::parse("100", Currency::USD).unwrap();
    let floor = limit().min_margin(MinMargin::OfCost(Percent::whole(20))).unwrap();
    let by_dollars = limit().min_margin(MinMargin::Amount(Money::from_minor(1, Currency::USD))).unwrap();
    let stated = LeastAmount::StatedIn(Currency::USD);
    for (limit, line, kind, margin) in [
        (floor, DiscountedLine { cost: Some(dollars), ..line(10_000) }, LimitKind::Floor, None),
        (by_dollars, line(10_000), LimitKind::Floor, Some(cents(4_000))),
        (
            limit(),
            DiscountedLine { list_price: dollars, ..line(10_000) },
            LimitKind::Discount(Percent::whole(10)),
            Some(cents(4_000)),
        ),
    ] {
        let beyond = limit.beyond(&[line]).unwrap();
        assert_eq!(beyond, [BeyondLimit { line: 3, amount: cents(10_000), least: stated, limit: kind, margin }]);
        assert!(beyond[0].to_string().contains("the least is known in USD only"), "{}", beyond[0]);
        survives_json(&beyond);
    }
    // Who may give all of it, or has no floor to hold, needs to know neither.
    let all = DiscountLimit::up_to(Percent::HUNDRED).unwrap();
    assert_eq!(all.beyond(&[DiscountedLine { list_price: dollars, cost: Some(dollars), ..line(1) }]), Ok(Vec::new()));
}

#[test]
fn prc_5_nobody_approves_what_they_wrote() {
    let beyond = limit().beyond(&[line(8_000)]).unwrap();
    let (alice, bob): (Actor, Actor) = (parsed("alice"), parsed("bob"));
    let own = Approval::give(vec![alice.clone()], alice.clone(), at(0), beyond.clone()).unwrap_err();
    assert_eq!(own, ApprovalError::ByAuthor { actor: alice.clone() });
    let both = vec![alice.clone(), bob.clone()];
    assert!(Approval::give(both, alice.clone(), at(0), beyond.clone()).is_err());
    let approval = Approval::give(vec![alice.clone()], bob.clone(), at(0), beyond.clone()).unwrap();
    assert_eq!((approval.authors(), approval.approver(), approval.at()), (&[alice][..], &bob, at(0)));
    assert_eq!(approval.beyond(), beyond);
    survives_json(&approval);
    let forged = serde_json::to_string(&approval).unwrap().replace("bob", "alice");
    assert!(serde_json::from_str::<Approval>(&forged).is_err());
}

#[test]
fn limits_and_lines_that_break_a_rule_are_refused() {
    assert!(DiscountLimit::up_to(parsed("100.1")).is_err());
    assert!(DiscountLimit::up_to(parsed("-1")).is_err());
    for margin in [MinMargin::Amount(cents(-1)), MinMargin::OfCost(parsed("-1"))] {
        assert_eq!(limit().min_margin(margin).unwrap_err().rule(), &Rule::Negative);
    }
    let rule = |line| limit().beyond(&[line]).unwrap_err().rule().clone();
    assert_eq!(rule(DiscountedLine { quantity: Quantity::ZERO, ..line(1) }), Rule::NotPositive);
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert_eq!(rule(DiscountedLine { amount: Money::from_minor(1, Currency::JPY), ..line(1) }), mismatch);
    let yen = UnitPrice::parse("1", Currency::JPY).unwrap();
    assert_eq!(rule(DiscountedLine { net_price: yen, ..line(1) }), mismatch);
    survives_json(&limit());
    survives_json(&limit().min_margin(MinMargin::Amount(cents(1))).unwrap());
    assert!(serde_json::from_str::<DiscountLimit>(r#"{"discount":"101","min_margin":null}"#).is_err());
}

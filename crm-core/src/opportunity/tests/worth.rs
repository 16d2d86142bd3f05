//! What a deal is worth.

use super::*;

#[test]
fn an_opportunity_is_won_with_a_value() {
    let actor = alice();
    let mut opportunity = opened();
    opportunity.revise(at(1), OpportunityPatch { value: Some(None), ..OpportunityPatch::default() }).unwrap();
    let win = |value| {
        let actor = actor.clone();
        move |one: &mut Opportunity| one.win(by(&actor, 9), &pipeline(), Sale { value, ..sale() })
    };
    assert_eq!(refuses(&opportunity, win(None)), OpportunityError::NoValue { opportunity: id(9) });
    assert_eq!(rule_of(refuses(&opportunity, win(Some(eur(-1))))), ("value", Rule::Negative));
    win(Some(eur(0)))(&mut opportunity).unwrap();
    assert_eq!(opportunity.value(), Some(eur(0)));
}

#[test]
fn opp_10_the_value_comes_from_the_lines_or_was_typed_never_both() {
    let actor = alice();
    let patch = || OpportunityPatch::default();
    let both = |given| OpportunityError::ValueOfLines { opportunity: id(9), total: eur(209_600), given };
    let mut deal = rich();
    assert_eq!((deal.amount_source(), deal.value()), (AmountSource::Lines, Some(eur(209_600))));
    let typed = OpportunityPatch { value: Some(Some(eur(1))), ..patch() };
    assert_eq!(refuses(&deal, |one| one.revise(at(9), typed)), both(eur(1)));
    let won = refuses(&deal, |one| one.win(by(&actor, 9), &pipeline(), Sale { value: Some(eur(2)), ..sale() }));
    assert_eq!(won, both(eur(2)));
    deal.clone().win(by(&actor, 9), &pipeline(), sale()).unwrap();
    deal.revise(at(2), OpportunityPatch { lines: Some(vec![line(4, 2, "10")]), ..patch() }).unwrap();
    assert_eq!(deal.value(), Some(eur(2_000)));
    deal.revise(at(3), OpportunityPatch { lines: Some(vec![]), ..patch() }).unwrap();
    assert_eq!((deal.amount_source(), deal.value()), (AmountSource::Manual, None));
    deal.revise(at(4), OpportunityPatch { value: Some(Some(eur(7))), ..patch() }).unwrap();
    // Lines beside a typed value are refused until the typed one goes.
    let lines = || OpportunityPatch { lines: Some(vec![line(4, 2, "10")]), ..patch() };
    let beside = OpportunityError::ValueOfLines { opportunity: id(9), total: eur(2_000), given: eur(7) };
    assert_eq!(refuses(&deal, |one| one.revise(at(5), lines())), beside);
    deal.revise(at(5), OpportunityPatch { value: Some(None), ..lines() }).unwrap();
    assert_eq!(deal.value(), Some(eur(2_000)));
    let new = NewOpportunity::new(parsed("lamps")).value(eur(7)).line(line(4, 2, "10"));
    assert_eq!(Opportunity::open(id(9), by(&actor, 0), &pipeline(), new).unwrap_err(), beside);
    assert!(DealLine::new(id(4), Quantity::ZERO, line(4, 1, "1").unit_price(), Percent::ZERO).is_err());
}

#[test]
fn opp_9_monthly_recurring_revenue_is_the_revenue_of_a_plan_by_its_months() {
    let monthly = |minor, months, currency| {
        Recurring::new(Money::from_minor(minor, currency), months).unwrap().monthly(Rounding::HalfUp).unwrap().minor()
    };
    assert_eq!(monthly(120_000, 12, Currency::EUR), 10_000);
    assert_eq!(monthly(100_000, 12, Currency::EUR), 8_333);
    assert_eq!(monthly(10, 4, Currency::JPY), 3);
    assert_eq!(monthly(i64::MAX, 1, Currency::EUR), i64::MAX);
    for (minor, months, field) in [(0, 12, "recurring revenue"), (-1, 12, "recurring revenue"), (1, 0, "plan months")] {
        assert_eq!(Recurring::new(eur(minor), months).unwrap_err().field(), field);
    }
    let mut deal = opened();
    let recurring = Some(Some(Recurring::new(Money::from_minor(5, Currency::USD), 1).unwrap()));
    let patch = OpportunityPatch { value: Some(None), recurring, ..OpportunityPatch::default() };
    deal.revise(at(1), patch).unwrap();
    let won = refuses(&deal, |one| one.win(by(&alice(), 9), &pipeline(), Sale { value: Some(eur(1)), ..sale() }));
    let expected = Rule::CurrencyMismatch { expected: Currency::USD, found: Currency::EUR };
    assert_eq!(rule_of(won), ("value", expected));
}

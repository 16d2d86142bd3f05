use super::*;
use crate::{
    Aggregation, Fact, Money, Percent, PriceBase, PriceFormula, PriceTarget, PriceTier, PriceTiers, Pricing, Quantity,
    Rounding, TierMode, TierPrice, UnitPrice,
    record::proof::{at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

fn eur(price: &str) -> UnitPrice {
    UnitPrice::parse(price, Currency::EUR).unwrap()
}

fn cents(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn fixed(price: &str) -> NewPriceRule {
    NewPriceRule::new(PriceTarget::All, Pricing::Fixed(eur(price)))
}

fn formula(formula: PriceFormula) -> NewPriceRule {
    NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula))
}

fn tiers(mode: TierMode, bounds: &[(&str, Option<&str>)]) -> NewPriceRule {
    let tier = |(from, until): &(&str, Option<&str>)| PriceTier {
        from: parsed(from),
        until: until.map(parsed),
        price: TierPrice::Discount(Percent::ZERO),
    };
    let tiers = bounds.iter().map(tier).collect();
    NewPriceRule::new(PriceTarget::All, Pricing::Tiers(PriceTiers { mode, base: PriceBase::ListPrice, tiers }))
}

fn every_kind() -> NewPriceList {
    let formula = PriceFormula::of(PriceBase::List(id(2)), Percent::whole(10))
        .to_multiple(eur("0.05"), Rounding::HalfUp)
        .surcharge(cents(-1))
        .min_margin(cents(-500))
        .max_margin(cents(500));
    let range = PriceTiers::range_over(Aggregation::Quote).base(PriceBase::Cost);
    let range = range.tier(0.into(), Some(10.into()), TierPrice::Discount(parsed("-20")));
    let slab = PriceTiers::slab().tier(1.into(), Some(11.into()), TierPrice::Price(eur("9.5")));
    let window = Window::new(Some(day("2026-03-02")), None).unwrap();
    NewPriceList::new(parsed("Marker prices"), Currency::EUR)
        .id(id(1))
        .external_id(parsed("ext-1"))
        .valid(Window::until_day(day("2027-01-01")))
        .rule(fixed("12.50").from_quantity(10.into()).valid(window))
        .rule(NewPriceRule::new(PriceTarget::Category(parsed("Lamps / Desk")), Pricing::Formula(formula)))
        .rule(NewPriceRule::new(PriceTarget::Product(id(7)), Pricing::Tiers(range)))
        .rule(NewPriceRule::new(PriceTarget::Product(id(8)), Pricing::Tiers(slab)))
}

fn added() -> PriceList {
    PriceList::add(id(1), at(0), every_kind()).unwrap()
}

fn refused(rule: NewPriceRule) -> (&'static str, Rule) {
    let list = NewPriceList::new(parsed("Prices"), Currency::EUR).rule(fixed("1")).rule(rule);
    match PriceList::add(id(1), at(0), list).unwrap_err() {
        PriceListError::Rule { list, rule: 2, invalid } if list == id(1) => (invalid.field(), invalid.rule().clone()),
        other => panic!("{other}"),
    }
}

#[test]
fn prc_2_a_list_that_refers_to_itself_is_refused() {
    let own = formula(PriceFormula::of(PriceBase::List(id(1)), Percent::ZERO));
    assert_eq!(refused(own), ("base", Rule::Circle));
    let own = PriceTiers::range().base(PriceBase::List(id(1))).tier(0.into(), None, TierPrice::Discount(Percent::ZERO));
    assert_eq!(refused(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(own))), ("base", Rule::Circle));
    let mut parts = PriceListParts::from(added());
    parts.id = id(2);
    assert_eq!(refusal::<PriceList, _>(parts).rule(), &Rule::Circle);
}

#[test]
fn prc_2_a_formula_that_contradicts_itself_is_refused() {
    let off = |percent: &str| PriceFormula::list_less(parsed(percent));
    let above = Rule::OutOfRange { min: "any mark-up".into(), max: "100 %".into() };
    assert_eq!(refused(formula(off("100.0001"))), ("discount", above));
    assert_eq!(refused(formula(off("5").to_multiple(eur("0"), Rounding::Up))), ("multiple", Rule::NotPositive));
    let margins = refused(formula(off("5").min_margin(cents(2)).max_margin(cents(1))));
    assert!(matches!(margins, ("min margin", Rule::Inconsistent { .. })), "{margins:?}");
    let yen = Money::from_minor(1, Currency::JPY);
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert_eq!(refused(formula(off("5").surcharge(yen))), ("surcharge", mismatch.clone()));
    assert_eq!(refused(formula(off("5").min_margin(yen))), ("min margin", mismatch.clone()));
    assert_eq!(refused(formula(off("5").max_margin(yen))), ("max margin", mismatch.clone()));
    let price = UnitPrice::parse("10", Currency::JPY).unwrap();
    assert_eq!(refused(formula(off("5").to_multiple(price, Rounding::Up))), ("multiple", mismatch.clone()));
    assert_eq!(refused(NewPriceRule::new(PriceTarget::All, Pricing::Fixed(price))), ("price", mismatch.clone()));
    let tiers = PriceTiers::range().tier(0.into(), None, TierPrice::Price(price));
    assert_eq!(refused(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers))), ("tier", mismatch));
}

#[test]
fn prc_3_tiers_follow_each_other_without_gap_or_overlap() {
    let range = TierMode::Range { counted: Aggregation::Line };
    for mode in [range, TierMode::Slab] {
        assert_eq!(refused(tiers(mode, &[])), ("tiers", Rule::Empty));
        assert_eq!(refused(tiers(mode, &[("1", Some("11")), ("12", None)])), ("tiers", Rule::Gap));
        assert_eq!(refused(tiers(mode, &[("1", Some("11")), ("10", None)])), ("tiers", Rule::Overlap));
        assert_eq!(refused(tiers(mode, &[("1", None), ("11", None)])), ("tiers", Rule::Overlap));
        assert_eq!(refused(tiers(mode, &[("11", Some("21")), ("1", Some("11"))])), ("tiers", Rule::Overlap));
        assert_eq!(refused(tiers(mode, &[("5", Some("5"))])), ("tier", Rule::EndsBeforeStart));
    }
    assert_eq!(refused(tiers(TierMode::Slab, &[("1", Some("10.5"))])), ("tier", Rule::TooManyDecimals { limit: 0 }));
    let late = refused(tiers(TierMode::Slab, &[("2", None)]));
    assert!(matches!(late, ("tiers", Rule::Inconsistent { .. })), "{late:?}");
    let whole = |rule| PriceList::add(id(1), at(0), NewPriceList::new(parsed("P"), Currency::EUR).rule(rule));
    assert!(whole(tiers(range, &[("0.5", Some("10.5")), ("10.5", None)])).is_ok());
    let many: Vec<_> = (0..1_001).map(|n| (n, n + 1)).collect();
    let many = many.iter().fold(PriceTiers::range(), |tiers, (from, until)| {
        tiers.tier(Quantity::from(*from), Some(Quantity::from(*until)), TierPrice::Discount(Percent::ZERO))
    });
    assert_eq!(refused(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(many))).1, Rule::TooMany { limit: 1_000 });
}

#[test]
fn a_rule_keeps_its_number_and_none_is_given_twice() {
    let mut list = added();
    assert_eq!(list.rules().iter().map(|rule| rule.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let fact = list.reprice(at(1), PriceChanges::new().remove(4).remove(1).rule(fixed("13.00"))).unwrap().unwrap();
    assert_eq!(list.rules().iter().map(|rule| rule.number).collect::<Vec<_>>(), [2, 3, 5]);
    assert_eq!((list.updated_at, list.rule(1), list.rule(5).map(|rule| rule.number)), (at(1), None, Some(5)));
    let PriceListFact::Repriced { removed, added } = fact else { panic!("{fact:?}") };
    assert_eq!(removed.iter().chain(&added).map(|rule| rule.number).collect::<Vec<_>>(), [1, 4, 5]);
    assert_eq!((list.bases(), list.products()), ([id(2)].into(), [id(7)].into()));
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut list = added();
    let refused = [
        PriceChanges::new().remove(9).rule(fixed("1")),
        PriceChanges::new().remove(1).remove(1),
        PriceChanges::new().remove(1).rule(formula(PriceFormula::of(PriceBase::List(id(1)), Percent::ZERO))),
    ];
    for changes in refused {
        list.reprice(at(1), changes).unwrap_err();
        assert_eq!(list, added());
    }
    assert_eq!(list.reprice(at(1), PriceChanges::new()), Ok(None));
    assert_eq!(list.update(at(1), PriceListPatch { active: Some(true), ..PriceListPatch::default() }), None);
    assert_eq!(list, added());
    let missing = list.reprice(at(1), PriceChanges::new().remove(9)).unwrap_err();
    assert_eq!(missing, PriceListError::NoSuchRule { list: id(1), rule: 9 });
}

#[test]
fn a_list_changes_what_a_patch_names() {
    let (before, mut list) = (added(), added());
    let patch = serde_json::from_str::<PriceListPatch>(r#"{"external_id":null,"active":false}"#).unwrap();
    let fact = list.update(at(1), patch).unwrap();
    assert_eq!(fact, PriceListFact::Updated { before: before.terms(), after: list.terms() });
    assert_eq!((list.external_id(), list.active(), list.updated_at), (None, false, at(1)));
    assert_eq!(list.rules(), before.rules());
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let change = |change: fn(&mut PriceListParts)| {
        let mut parts = PriceListParts::from(added());
        change(&mut parts);
        refusal::<PriceList, _>(parts)
    };
    assert_eq!(change(|parts| parts.rules.swap(0, 1)).field(), "rules");
    assert_eq!(change(|parts| parts.rules[1].number = 1).field(), "rules");
    assert_eq!(change(|parts| parts.next_rule = 4).field(), "next rule");
    assert_eq!(change(|parts| parts.currency = Currency::JPY).field(), "price");
    let long = vec![fixed("1"); PriceList::RULES + 1];
    let mut new = NewPriceList::new(parsed("Prices"), Currency::EUR);
    new.rules = long;
    let refused = PriceList::add(id(1), at(0), new).unwrap_err();
    let PriceListError::Value { list, invalid: many } = refused else { panic!("{refused}") };
    assert_eq!(list, id(1));
    assert_eq!(many.rule(), &Rule::TooMany { limit: PriceList::RULES });
}

#[test]
fn what_a_list_is_made_of_survives_json_and_the_name_does_not_show_in_debug() {
    let prices = || Box::new(added());
    survives_json(&every_kind());
    survives_json(&prices());
    survives_json(&PriceListPatch::default());
    survives_json(&PriceListPatch {
        expected: Some(Revision::FIRST),
        name: Some(parsed("Marker")),
        external_id: Some(None),
        valid: Some(Window::ALWAYS),
        active: Some(false),
    });
    survives_json(&PriceChanges::new().expecting(Revision::FIRST).remove(1).rule(fixed("2")));
    hides_personal_data(&every_kind());
    hides_personal_data(&prices());
    let rules = || added().rules().to_vec();
    let facts = [
        PriceListFact::Added { prices: prices() },
        PriceListFact::Updated { before: added().terms(), after: added().terms() },
        PriceListFact::Repriced { removed: rules(), added: rules() },
        PriceListFact::Deleted { prices: prices() },
    ];
    facts.iter().for_each(hides_personal_data);
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
    assert_eq!(kinds, ["price_list.added", "price_list.updated", "price_list.repriced", "price_list.deleted"]);
}

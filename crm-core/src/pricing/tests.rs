use proptest::prelude::*;

use super::*;
use crate::{
    NewPriceList, NewPriceRule, NewProduct, PriceChanges, PriceFormula, PriceListPatch, RecordId as _,
    record::proof::{at, day, id, parsed},
    window::Window,
};

fn eur(price: &str) -> UnitPrice {
    UnitPrice::parse(price, Currency::EUR).unwrap()
}

fn cents(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

/// A product at 100.00 in `Lamps / Desk lamps`, which costs 60.00.
fn product(n: u128, variant_of: Option<u128>) -> Product {
    let sku = format!("LAMP-{n}");
    let new = NewProduct::new(parsed(&sku), parsed("Lamp"), eur("100")).category(parsed("Lamps / Desk lamps"));
    let mut new = new.cost(eur("60"));
    new.variant_of = variant_of.map(id);
    Product::add(id(n), at(0), new)
}

fn fixed(target: PriceTarget, price: &str) -> NewPriceRule {
    NewPriceRule::new(target, Pricing::Fixed(eur(price)))
}

fn by_formula(formula: PriceFormula) -> NewPriceRule {
    NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula))
}

fn by_tiers(tiers: PriceTiers) -> NewPriceRule {
    NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers))
}

fn list(n: u128, currency: Currency, rules: impl IntoIterator<Item = NewPriceRule>) -> PriceList {
    let mut new = NewPriceList::new(parsed("Prices"), currency);
    new.rules = rules.into_iter().collect();
    PriceList::add(id(n), at(0), new).unwrap()
}

fn book(rules: impl IntoIterator<Item = NewPriceRule>) -> PriceBook {
    PriceBook::on(day("2026-03-02"), [list(1, Currency::EUR, rules)], []).unwrap()
}

fn priced(rules: impl IntoIterator<Item = NewPriceRule>, product: &Product, quantity: &str) -> Price {
    book(rules).price(id(1), PriceRequest::new(product, parsed(quantity))).unwrap()
}

fn number(price: &Price) -> Option<u32> {
    price.rule().map(|(_, rule)| rule)
}

fn category(name: &str) -> PriceTarget {
    PriceTarget::Category(parsed(name))
}

#[test]
fn prc_1_the_most_specific_rule_is_chosen() {
    let red = product(2, Some(1));
    let rules = [
        fixed(PriceTarget::All, "1"),
        fixed(category("Lamps"), "2"),
        fixed(PriceTarget::Product(id(1)), "3"),
        fixed(PriceTarget::Product(id(2)), "4"),
    ];
    // Each rule that is left out lets the next less specific one apply, however new the others are.
    for (rules, expected) in [(&rules[..], 4), (&rules[..3], 3), (&rules[..2], 2), (&rules[..1], 1)] {
        let reversed: Vec<_> = rules.iter().rev().cloned().collect();
        assert_eq!(priced(rules.to_vec(), &red, "1").unit_price(), Some(eur(&expected.to_string())));
        assert_eq!(priced(reversed, &red, "1").unit_price(), Some(eur(&expected.to_string())));
    }
    // A rule for the variant is none for its product or for other variants.
    let of_variant = [fixed(PriceTarget::Product(id(2)), "4")];
    assert_eq!(number(&priced(of_variant.clone(), &product(1, None), "1")), None);
    assert_eq!(number(&priced(of_variant, &product(3, Some(1)), "1")), None);
}

#[test]
fn prc_1_a_category_is_any_that_the_product_lies_within() {
    let lamp = product(1, None);
    for name in ["Lamps", "Lamps / Desk lamps"] {
        assert_eq!(number(&priced([fixed(category(name), "2")], &lamp, "1")), Some(1), "{name}");
    }
    for name in ["Lamps / Desk", "Desk lamps", "Lamp", "Lamps / Desk lamps / Red"] {
        assert_eq!(number(&priced([fixed(category(name), "2")], &lamp, "1")), None, "{name}");
    }
    // All of them are as specific as each other: quantity and age decide.
    let both = |from: u32| {
        [fixed(category("Lamps"), "2").from_quantity(from.into()), fixed(category("Lamps / Desk lamps"), "3")]
    };
    assert_eq!(number(&priced(both(5), &lamp, "5")), Some(1));
    assert_eq!(number(&priced(both(5), &lamp, "4.999999")), Some(2));
    assert_eq!(number(&priced(both(0), &lamp, "5")), Some(2));
}

#[test]
fn prc_1_then_the_highest_quantity_then_the_newest() {
    let lamp = product(1, None);
    let rules = || {
        let from = |from: u32, price| fixed(PriceTarget::All, price).from_quantity(from.into());
        [from(10, "7"), from(0, "9"), from(5, "8"), from(5, "8.5"), from(100, "1")]
    };
    for (quantity, rule) in [("1", 2), ("4.5", 2), ("5", 4), ("9", 4), ("10", 1), ("99", 1), ("100", 5)] {
        let price = priced(rules(), &lamp, quantity);
        assert_eq!(number(&price), Some(rule), "{quantity}");
        assert!(matches!(price.explain()[0], PriceReason::ByRule { rule: by, .. } if by == rule));
    }
    // Rules do not stack: ten of the seven are seventy.
    assert_eq!(priced(rules(), &lamp, "10").amount(), cents(7_000));
}

#[test]
fn prc_1_a_rule_holds_on_the_days_of_its_window() {
    let lamp = product(1, None);
    let window = Window::new(Some(day("2026-03-02")), Some(day("2026-03-04"))).unwrap();
    let prices = list(1, Currency::EUR, [fixed(PriceTarget::All, "9"), fixed(PriceTarget::All, "8").valid(window)]);
    for (on, rule) in [("2026-03-01", 1), ("2026-03-02", 2), ("2026-03-03", 2), ("2026-03-04", 1)] {
        let book = PriceBook::on(day(on), [prices.clone()], []).unwrap();
        assert_eq!(number(&book.price(id(1), PriceRequest::new(&lamp, 1.into())).unwrap()), Some(rule), "{on}");
    }
    let new = NewPriceList::new(parsed("Spring"), Currency::EUR).valid(window);
    let spring = PriceList::add(id(1), at(0), new).unwrap();
    let over = PriceBook::on(day("2026-03-04"), [spring], []).unwrap();
    let refused = over.price(id(1), PriceRequest::new(&lamp, 1.into())).unwrap_err();
    assert_eq!(refused, PriceError::NotValid { list: id(1), valid: window, day: day("2026-03-04") });
}

#[test]
fn prc_1_where_no_rule_applies_it_costs_the_list_price() {
    let price = priced([fixed(category("Chairs"), "2")], &product(1, None), "3");
    assert_eq!((price.rule(), price.amount()), (None, cents(30_000)));
    assert!(matches!(price.explain(), [PriceReason::NoRule { .. }, PriceReason::Base { .. }]));
}

#[test]
fn prc_2_the_steps_of_a_formula_come_in_their_order() {
    let off = |percent: &str| PriceFormula::list_less(parsed(percent));
    let to = |formula: PriceFormula, of| formula.to_multiple(eur(of), Rounding::HalfUp);
    let cases: [(PriceFormula, &str); 13] = [
        (off("12.5"), "87.50"),
        (off("-12.5"), "112.50"),
        (off("100"), "0"),
        // Rounded after the discount and before the surcharge: 87.50 → 90 → 89.99.
        (to(off("12.5"), "10").surcharge(cents(-1)), "89.99"),
        (to(off("12.5"), "10"), "90"),
        (to(off("15"), "10"), "90"),
        (off("15").to_multiple(eur("10"), Rounding::HalfEven), "80"),
        // Margins are over the base, here 100, and come last: they may leave the multiple.
        (to(off("12.5"), "10").min_margin(cents(-500)), "95"),
        (to(off("-12.5"), "10").max_margin(cents(555)), "105.55"),
        (off("50").surcharge(cents(100)).min_margin(cents(0)).max_margin(cents(0)), "100"),
        (PriceFormula::of(PriceBase::Cost, parsed("-25")).max_margin(cents(1_000)), "70"),
        (PriceFormula::of(PriceBase::Cost, Percent::ZERO).min_margin(cents(1_234)), "72.34"),
        // A third of a cent is kept, up to six decimals.
        (off("33.3333"), "66.6667"),
    ];
    for (formula, expected) in cases {
        let price = priced([by_formula(formula)], &product(1, None), "1");
        assert_eq!(price.unit_price(), Some(eur(expected)), "{formula:?}");
    }
    // The discount is exact until it is rounded: 0.000005 × 0.9 = 0.0000045, which is 0.000005 and not 0.000004.
    let screw = Product { list_price: eur("0.000005"), ..product(1, None) };
    assert_eq!(priced([by_formula(off("10"))], &screw, "1").unit_price(), Some(eur("0.000005")));
}

#[test]
fn prc_2_each_step_is_a_reason() {
    let formula = PriceFormula::list_less(parsed("12.5")).to_multiple(eur("10"), Rounding::HalfUp).surcharge(cents(-1));
    let price = priced([by_formula(formula.min_margin(cents(-1_000)).max_margin(cents(-500)))], &product(1, None), "1");
    let why: Vec<String> = price.explain().iter().map(ToString::to_string).collect();
    let list: PriceListId = id(1);
    let expected = [
        format!("rule 1 of {list} is for everything"),
        "the list price is 100.00 EUR".into(),
        "less 12.5 % is 87.50 EUR".into(),
        "to a multiple of 10.00 EUR it is 90.00 EUR".into(),
        "with a surcharge of -0.01 EUR it is 89.99 EUR".into(),
        "at least -10.00 EUR above the base it is 90.00 EUR".into(),
    ];
    assert_eq!(why, expected);
    let up =
        priced([by_formula(PriceFormula::list_less(parsed("-10")).max_margin(cents(500)))], &product(1, None), "1");
    let why: Vec<String> = up.explain()[2..].iter().map(ToString::to_string).collect();
    assert_eq!(why, ["plus 10 % is 110.00 EUR", "at most 5.00 EUR above the base it is 105.00 EUR"]);
}

#[test]
fn prc_2_another_list_is_converted_at_the_day() {
    let usd = |price: &str| UnitPrice::parse(price, Currency::USD).unwrap();
    let dollars = list(2, Currency::USD, [NewPriceRule::new(PriceTarget::All, Pricing::Fixed(usd("80")))]);
    let euros = list(1, Currency::EUR, [by_formula(PriceFormula::of(PriceBase::List(id(2)), Percent::whole(10)))]);
    let rate = |on: &str, rate: &str| {
        DatedRate::new(Currency::USD, Currency::EUR, day(on), parsed(rate), parsed("ECB")).unwrap()
    };
    let rates = [rate("2026-03-03", "9"), rate("2026-02-27", "0.85"), rate("2026-02-20", "0.5")];
    let lamp = product(1, None);
    let price = |on: &str| {
        let book = PriceBook::on(day(on), [dollars.clone(), euros.clone()], rates.clone()).unwrap();
        book.price(id(1), PriceRequest::new(&lamp, 1.into()))
    };
    // MON-2: the newest rate that is not after the day.
    assert_eq!(price("2026-03-02").unwrap().unit_price(), Some(eur("61.2")));
    assert_eq!(price("2026-02-26").unwrap().unit_price(), Some(eur("36")));
    let missing = PriceError::NoRate { from: Currency::USD, to: Currency::EUR, day: day("2026-02-19") };
    assert_eq!(price("2026-02-19").unwrap_err(), missing);
    let why: Vec<String> = price("2026-03-02").unwrap().explain()[4..].iter().map(ToString::to_string).collect();
    assert_eq!(why, ["at 0.85 of 2026-02-27 by ECB it is 68.00 EUR", "less 10 % is 61.20 EUR"]);
    // A list price in another currency than the list is converted too, or refused.
    let plain = list(3, Currency::USD, []);
    let refused =
        PriceBook::on(day("2026-03-02"), [plain], []).unwrap().price(id(3), PriceRequest::new(&lamp, 1.into()));
    assert_eq!(refused, Err(PriceError::NoRate { from: Currency::EUR, to: Currency::USD, day: day("2026-03-02") }));
}

#[test]
fn prc_2_lists_that_are_priced_in_a_circle_are_refused() {
    let after = |n: u128, base: u128| {
        list(n, Currency::EUR, [by_formula(PriceFormula::of(PriceBase::List(id(base)), Percent::ZERO))])
    };
    let on = day("2026-03-02");
    let circle = PriceBook::on(on, [after(1, 2), after(2, 3), after(3, 2)], []).unwrap_err();
    assert_eq!(circle, PriceError::Circle { lists: vec![id(2), id(3)] });
    let two: PriceListId = id(2);
    assert!(circle.to_string().ends_with(&format!("after {two}")), "{circle}");
    assert_eq!(PriceBook::on(on, [after(1, 9)], []).unwrap_err(), PriceError::NoList { list: id(9) });
    let lamp = product(1, None);
    let chain = |lists: u128| {
        let deep = (1..=lists).map(|n| if n == lists { list(n, Currency::EUR, []) } else { after(n, n + 1) });
        PriceBook::on(on, deep, [])?.price(id(1), PriceRequest::new(&lamp, 1.into()))
    };
    assert_eq!(chain(33).unwrap().unit_price(), Some(eur("100")));
    assert_eq!(chain(34).unwrap_err(), PriceError::TooDeep { list: id(1), limit: 32 });
    // The other way round, each list is looked at after the one that it is priced after.
    let upwards = |lists: u128| {
        let deep = (1..=lists).map(|n| if n == 1 { list(n, Currency::EUR, []) } else { after(n, n - 1) });
        PriceBook::on(on, deep, [])?.price(id(lists), PriceRequest::new(&lamp, 1.into()))
    };
    assert_eq!(upwards(33).unwrap().unit_price(), Some(eur("100")));
    assert_eq!(upwards(34).unwrap_err(), PriceError::TooDeep { list: id(34), limit: 32 });
}

#[test]
fn prc_2_what_leads_below_zero_or_has_no_cost_is_refused() {
    let lamp = Product { cost: None, ..product(1, None) };
    let request = PriceRequest::new(&lamp, 1.into());
    let refused = book([by_formula(PriceFormula::list_less(Percent::whole(50)).surcharge(cents(-5_001)))]);
    let below = PriceError::BelowZero {
        product: id(1),
        list: id(1),
        rule: 1,
        price: "-0.01".parse().unwrap(),
        currency: Currency::EUR,
    };
    assert_eq!(refused.price(id(1), request), Err(below));
    // A margin may bring it back.
    let formula = PriceFormula::list_less(Percent::whole(50)).surcharge(cents(-5_001)).min_margin(cents(-9_900));
    assert_eq!(book([by_formula(formula)]).price(id(1), request).unwrap().unit_price(), Some(eur("1")));
    let unknown = book([by_formula(PriceFormula::of(PriceBase::Cost, Percent::ZERO))]).price(id(1), request);
    assert_eq!(unknown, Err(PriceError::NoCost { product: id(1), list: id(1), rule: 1 }));
    let nothing = book([]).price(id(1), PriceRequest::new(&lamp, Quantity::ZERO));
    assert!(matches!(nothing, Err(PriceError::Invalid(invalid)) if invalid.rule() == &Rule::NotPositive));
    let mut gone = list(1, Currency::EUR, []);
    gone.update(at(1), PriceListPatch { active: Some(false), ..PriceListPatch::default() });
    let gone = PriceBook::on(day("2026-03-02"), [gone], []).unwrap().price(id(1), request);
    assert_eq!(gone, Err(PriceError::Inactive { list: id(1) }));
    assert_eq!(book([]).price(id(2), request), Err(PriceError::NoList { list: id(2) }));
    let dear = Product { list_price: UnitPrice::from_millionths(i64::MAX, Currency::EUR).unwrap(), ..product(1, None) };
    let dear =
        book([by_formula(PriceFormula::list_less(parsed("-100")))]).price(id(1), PriceRequest::new(&dear, 1.into()));
    assert!(matches!(dear, Err(PriceError::Invalid(invalid)) if invalid.rule() == &Rule::Overflow));
}

/// `[1, 11)` without discount and `[11, 21)` with 5 %.
fn schedule(tiers: PriceTiers) -> PriceTiers {
    let off = |percent| TierPrice::Discount(Percent::whole(percent));
    tiers.tier(1.into(), Some(11.into()), off(0)).tier(11.into(), Some(21.into()), off(5))
}

#[test]
fn prc_3_by_slab_each_unit_takes_its_own_tier_and_by_range_all_take_one() {
    let lamp = product(1, None);
    for (quantity, slab, range) in [
        ("1", 10_000, 10_000),
        ("10", 100_000, 100_000),
        ("11", 109_500, 104_500),
        ("20", 195_000, 190_000),
        // Of the eleventh unit a half is there: it takes the tier of the eleventh.
        ("10.5", 104_750, 105_000),
    ] {
        let amount = |tiers| priced([by_tiers(schedule(tiers))], &lamp, quantity).amount();
        assert_eq!(amount(PriceTiers::slab()), cents(slab), "{quantity}");
        assert_eq!(amount(PriceTiers::range()), cents(range), "{quantity}");
    }
    let price = priced([by_tiers(schedule(PriceTiers::slab()))], &lamp, "11");
    let portions =
        [(10, "100"), (1, "95")].map(|(quantity, price)| Portion { quantity: quantity.into(), unit_price: eur(price) });
    assert_eq!((price.portions(), price.unit_price()), (&portions[..], None));
    let why: Vec<String> = price.explain()[2..].iter().map(ToString::to_string).collect();
    assert_eq!(why, ["10 lie in [1, 11), where one costs 100.00 EUR", "1 lie in [11, 21), where one costs 95.00 EUR"]);
}

#[test]
fn prc_3_a_quantity_without_a_tier_is_left_to_other_rules() {
    let lamp = product(1, None);
    for tiers in [PriceTiers::slab(), PriceTiers::range()] {
        let rules = || [fixed(PriceTarget::All, "77"), by_tiers(schedule(tiers.clone()))];
        assert_eq!(number(&priced(rules(), &lamp, "20")), Some(2));
        assert_eq!(number(&priced(rules(), &lamp, "21")), Some(1));
        let passed = book(rules()).passed_over(id(1), PriceRequest::new(&lamp, 21.into()), &[]).unwrap();
        assert_eq!(passed, [RulePassedOver::NoTier { rule: 2, from: 1.into(), until: Some(21.into()) }]);
    }
    assert_eq!(number(&priced([by_tiers(schedule(PriceTiers::range()))], &lamp, "0.5")), None);
    assert_eq!(number(&priced([by_tiers(schedule(PriceTiers::slab()))], &lamp, "0.5")), Some(1));
}

#[test]
fn prc_3_ranges_count_lines_together_and_slabs_do_not() {
    let (lamp, other) = (product(1, None), product(2, None));
    let (left, right): (Label, Label) = (parsed("left"), parsed("right"));
    let line = |product, quantity: u32| PriceRequest::new(product, quantity.into());
    let lines = [
        line(&lamp, 6).group(&left),
        line(&lamp, 5).group(&left),
        line(&lamp, 5).group(&right),
        line(&lamp, 4),
        line(&other, 10).group(&left),
    ];
    let tiers_of = |tiers: PriceTiers| -> Vec<bool> {
        let prices = book([by_tiers(schedule(tiers))]).prices(id(1), &lines).unwrap();
        prices.iter().map(|price| price.unit_price() == Some(eur("95"))).collect()
    };
    let t = true;
    assert_eq!(tiers_of(PriceTiers::range()), [!t, !t, !t, !t, !t]);
    assert_eq!(tiers_of(PriceTiers::range_over(Aggregation::Group)), [t, t, !t, !t, !t]);
    assert_eq!(tiers_of(PriceTiers::range_over(Aggregation::Quote)), [t, t, t, t, !t]);
    assert_eq!(tiers_of(PriceTiers::slab()), [!t, !t, !t, !t, !t]);
}

#[test]
fn prc_3_tiers_over_a_list_with_slabs_keep_the_price_of_each_unit() {
    // The base has 10 at 100 and the rest at 95; the tiers take 10 % off from the sixth on.
    let slabs = list(2, Currency::EUR, [by_tiers(schedule(PriceTiers::slab()))]);
    let off = |percent| TierPrice::Discount(Percent::whole(percent));
    let tiers = PriceTiers::slab().base(PriceBase::List(id(2))).tier(1.into(), Some(6.into()), off(0)).tier(
        6.into(),
        None,
        off(10),
    );
    let formula = PriceFormula::of(PriceBase::List(id(2)), Percent::whole(50));
    let lists = [slabs, list(1, Currency::EUR, [by_tiers(tiers)]), list(3, Currency::EUR, [by_formula(formula)])];
    let book = PriceBook::on(day("2026-03-02"), lists, []).unwrap();
    let lamp = product(1, None);
    let portions = |list| -> Vec<String> {
        let price = book.price(list, PriceRequest::new(&lamp, 12.into())).unwrap();
        price.portions().iter().map(|portion| format!("{} at {}", portion.quantity, portion.unit_price)).collect()
    };
    assert_eq!(portions(id(1)), ["5 at 100.00 EUR", "5 at 90.00 EUR", "2 at 85.50 EUR"]);
    assert_eq!(portions(id(3)), ["10 at 50.00 EUR", "2 at 47.50 EUR"]);
}

#[test]
fn prc_3_a_tier_that_has_its_price_needs_no_base() {
    let lamp = Product { cost: None, ..product(1, None) };
    let (five, tenth) = (TierPrice::Price(eur("5")), TierPrice::Discount(Percent::whole(10)));
    for empty in [PriceTiers::slab(), PriceTiers::range()] {
        let tiers = empty.base(PriceBase::Cost).tier(1.into(), Some(11.into()), five).tier(11.into(), None, tenth);
        let book = book([by_tiers(tiers)]);
        let price = |quantity: u32| book.price(id(1), PriceRequest::new(&lamp, quantity.into()));
        assert_eq!(price(10).unwrap().amount(), cents(5_000));
        assert_eq!(price(11), Err(PriceError::NoCost { product: id(1), list: id(1), rule: 1 }));
    }
}

#[test]
fn the_rules_that_were_passed_over_say_why() {
    let lamp = product(1, None);
    let rules = [
        fixed(PriceTarget::All, "9"),
        fixed(PriceTarget::All, "8").from_quantity(10.into()),
        fixed(PriceTarget::Product(id(1)), "7").valid(Window::until_day(day("2026-03-02"))),
        fixed(category("Chairs"), "6"),
    ];
    let book = book(rules);
    let passed = book.passed_over(id(1), PriceRequest::new(&lamp, 1.into()), &[]).unwrap();
    let words: Vec<String> = passed.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["rule 3 holds ..2026-03-02", "rule 2 begins at 10"]);
}

#[test]
fn prc_3_the_rule_that_made_a_price_of_lines_together_was_not_passed_over() {
    let lamp = product(1, None);
    let together = PriceTiers::range_over(Aggregation::Quote).tier(11.into(), None, TierPrice::Price(eur("70")));
    let book = book([fixed(PriceTarget::All, "77"), by_tiers(together)]);
    let six = PriceRequest::new(&lamp, 6.into());
    // The second six have their price already and are counted with the first.
    for prices in [book.prices(id(1), &[six, six]), book.prices_with(id(1), &[six], &[six])] {
        assert_eq!(number(&prices.unwrap()[0]), Some(2));
    }
    assert_eq!(book.passed_over(id(1), six, &[six]), Ok(Vec::new()));
    let alone = book.passed_over(id(1), six, &[]).unwrap();
    assert_eq!(alone, [RulePassedOver::NoTier { rule: 2, from: 11.into(), until: None }]);
}

#[test]
fn another_book_has_another_fingerprint() {
    use crate::Fingerprint;

    let day_after =
        PriceBook::on(day("2026-03-03"), [list(1, Currency::EUR, [fixed(PriceTarget::All, "77")])], []).unwrap();
    let of = |price| Fingerprint::of(&book([fixed(PriceTarget::All, price)])).unwrap();
    assert_eq!(of("77"), of("77"));
    assert_ne!(of("77"), of("78"));
    assert_ne!(of("77"), Fingerprint::of(&day_after).unwrap());

    // What decides no price makes no other book.
    let rate = |source| {
        DatedRate::new(Currency::USD, Currency::EUR, day("2026-03-01"), parsed("0.85"), parsed(source)).unwrap()
    };
    let spring = fixed(PriceTarget::All, "7").valid(Window::until_day(day("2026-03-02")));
    let of = |list: &PriceList, source| {
        let book = PriceBook::on(day("2026-03-02"), [list.clone()], [rate(source)]).unwrap();
        Fingerprint::of(&book).unwrap()
    };
    let mut prices = list(1, Currency::EUR, [fixed(PriceTarget::All, "77")]);
    let first = of(&prices, "ECB");
    prices.update(at(1), PriceListPatch { name: Some(parsed("Other prices")), ..PriceListPatch::default() });
    prices.reprice(at(2), PriceChanges::new().rule(spring)).unwrap();
    prices.revision = prices.revision.next();
    assert_eq!(of(&prices, "bank"), first);
    prices.update(at(3), PriceListPatch { active: Some(false), ..PriceListPatch::default() });
    assert_ne!(of(&prices, "ECB"), first);
}

#[test]
fn a_refused_line_is_told_by_its_place() {
    let (lamp, bare) = (product(1, None), Product { cost: None, ..product(2, None) });
    let book = book([by_formula(PriceFormula::of(PriceBase::Cost, Percent::ZERO))]);
    let lines = [PriceRequest::new(&lamp, 1.into()), PriceRequest::new(&bare, 1.into())];
    assert!(matches!(book.prices(id(1), &lines), Err((1, PriceError::NoCost { .. }))));
    let lines = [PriceRequest::new(&lamp, 1.into()), PriceRequest::new(&lamp, Quantity::ZERO)];
    assert!(matches!(book.prices(id(1), &lines), Err((1, PriceError::Invalid(_)))));
}

/// The rule that a plain walk over all rules chooses, by the words of PRC-1.
fn walked(list: &PriceList, product: &Product, quantity: Quantity, on: NaiveDate) -> Option<u32> {
    let applies =
        |rule: &&PriceRule| rule.target.covers(product) && rule.min_quantity <= quantity && rule.valid.contains(on);
    let best = list.rules().iter().filter(applies).max_by_key(|rule| {
        let level = match &rule.target {
            PriceTarget::Product(id) if *id == product.id => 3,
            PriceTarget::Product(_) => 2,
            PriceTarget::Category(_) => 1,
            PriceTarget::All => 0,
        };
        // For a product that is no variant both are the same.
        (if product.variant_of.is_none() && level == 3 { 2 } else { level }, rule.min_quantity, rule.number)
    });
    best.map(|rule| rule.number)
}

fn any_rule() -> impl Strategy<Value = NewPriceRule> {
    let target = prop_oneof![
        Just(PriceTarget::All),
        prop::sample::select(vec!["Lamps", "Lamps / Desk lamps", "Chairs"]).prop_map(category),
        (1_u128..5).prop_map(|n| PriceTarget::Product(id(n))),
    ];
    let window = prop::sample::select(vec![
        Window::ALWAYS,
        Window::until_day(day("2026-03-02")),
        Window::from_day(day("2026-03-02")),
        Window::from_day(day("2026-03-03")),
    ]);
    (target, 0_u32..6, window)
        .prop_map(|(target, from, window)| fixed(target, "5").from_quantity(from.into()).valid(window))
}

proptest! {
    #[test]
    fn prc_1_the_index_chooses_what_a_walk_over_all_rules_does(
        rules in prop::collection::vec(any_rule(), 0..30),
        lines in prop::collection::vec((1_u128..5, prop::option::of(1_u128..5), 1_i64..8_000_000), 1..5),
    ) {
        let prices = list(1, Currency::EUR, rules);
        let book = PriceBook::on(day("2026-03-02"), [prices.clone()], []).unwrap();
        for (n, variant_of, millionths) in lines {
            let lamp = product(n, variant_of.filter(|of| *of != n));
            let quantity = Quantity::from_millionths(millionths).unwrap();
            let request = PriceRequest::new(&lamp, quantity);
            let expected = walked(&prices, &lamp, quantity, day("2026-03-02"));
            prop_assert_eq!(number(&book.price(id(1), request).unwrap()), expected);
            for passed in book.passed_over(id(1), request, &[]).unwrap() {
                let (RulePassedOver::NotValid { rule, .. } | RulePassedOver::BelowQuantity { rule, .. } | RulePassedOver::NoTier { rule, .. }) = passed;
                prop_assert!(Some(rule) != expected && prices.rule(rule).unwrap().target.covers(&lamp));
            }
        }
    }

    #[test]
    fn prc_3_the_portions_sum_to_the_quantity(
        bounds in prop::collection::btree_set(2_u32..50, 0..6),
        millionths in 1_i64..80_000_000,
        slab: bool,
    ) {
        let empty = if slab { PriceTiers::slab() } else { PriceTiers::range() };
        let starts: Vec<u32> = [if slab { 1 } else { 0 }].into_iter().chain(bounds).collect();
        let tiers = starts.iter().enumerate().fold(empty, |tiers, (place, from)| {
            let until = starts.get(place + 1).map(|until| Quantity::from(*until));
            tiers.tier(Quantity::from(*from), until, TierPrice::Discount(Percent::whole(u16::try_from(place).unwrap())))
        });
        let quantity = Quantity::from_millionths(millionths).unwrap();
        let lamp = product(1, None);
        let price = book([by_tiers(tiers)]).price(id(1), PriceRequest::new(&lamp, quantity)).unwrap();
        let sum: i64 = price.portions().iter().map(|portion| portion.quantity.millionths()).sum();
        prop_assert_eq!(sum, millionths);
        // More never costs less a unit in an earlier portion.
        prop_assert!(price.portions().is_sorted_by_key(|portion| std::cmp::Reverse(portion.unit_price.millionths())));
    }
}

/// Kept small enough for every run; the figures are measured elsewhere.
#[test]
fn many_lines_look_at_few_of_many_rules() {
    let rules =
        (1..10_001_u128).map(|n| fixed(PriceTarget::Product(ProductId::from_uuid(uuid::Uuid::from_u128(n))), "5"));
    let book = book(rules);
    let products: Vec<Product> = (1..1_001).map(|n| product(n, None)).collect();
    let lines: Vec<_> = products.iter().map(|product| PriceRequest::new(product, 1.into())).collect();
    let prices = book.prices(id(1), &lines).unwrap();
    assert!(prices.iter().zip(1..).all(|(price, n)| number(price) == Some(n)));
}

use crm_core::{
    Act, Aggregation, Currency, DiscountLimit, NewOrder, NewOrderLine, NewPriceList, NewPriceRule, NewQuote, Order,
    OrderAction, OrderError, OrderLine, Percent, PriceBase, PriceChanges, PriceError, PriceFormula, PriceList,
    PriceListError, PriceListId, PriceListPatch, PriceTarget, PriceTiers, Pricing, ProductId, ProductPatch, Quantity,
    QuoteAction, QuoteError, RecordId, Revision, Rule, Tax, TierPrice, UnitPrice,
    store::{PriceLists, StoreErrorKind},
};
use crm_sales::{
    OrderAmendment, PriceLine, QuoteAmendment, SalesError, accept_quote, add_order_lines, add_price_list,
    add_quote_lines, amend_order, amend_quote, change_prices, confirm_order, copy_order, delete_price_list,
    delete_product, draft_order, draft_quote, price_book, price_lines, price_order_by, price_quote_by, send_quote,
    update_order_prices, update_price_list, update_product, update_quote_prices,
};

use crm_testkit::MemoryTx;

use crate::world::{World, day, eur, kind};

fn fixed(target: PriceTarget, price: &str) -> NewPriceRule {
    NewPriceRule::new(target, Pricing::Fixed(UnitPrice::parse(price, Currency::EUR).unwrap()))
}

fn after(list: PriceListId, percent: u16) -> NewPriceRule {
    let formula = PriceFormula::of(PriceBase::List(list), Percent::whole(percent));
    NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula))
}

fn named(name: &str) -> NewPriceList {
    NewPriceList::new(name.parse().unwrap(), Currency::EUR)
}

fn lists(world: &mut World, new: NewPriceList) -> PriceList {
    world.does(|tx, act| add_price_list(tx, act, new))
}

#[test]
fn a_price_list_is_added_changed_and_deleted() {
    let mut world = World::new();
    let lamp = world.product("LAMP-1", "49.90");
    let list = lists(&mut world, named("Retail").rule(fixed(PriceTarget::Product(lamp.id), "45.00")));
    let patch = PriceListPatch { active: Some(false), expected: Some(Revision::FIRST), ..PriceListPatch::default() };
    assert!(!world.does(|tx, act| update_price_list(tx, act, list.id, patch.clone())).active());
    let error = world.is_refused(|tx, act| update_price_list(tx, act, list.id, patch.clone()));
    assert!(matches!(error, SalesError::Conflict { expected: Revision::FIRST, .. }));
    world.changes_nothing(|tx, act| {
        update_price_list(tx, act, list.id, PriceListPatch { expected: None, ..patch.clone() })
    });

    let changed = PriceChanges::new().remove(1).rule(fixed(PriceTarget::All, "44.00"));
    let changed = world.does(|tx, act| change_prices(tx, act, list.id, changed));
    assert_eq!(changed.rules().iter().map(|rule| rule.number).collect::<Vec<_>>(), [2]);
    world.changes_nothing(|tx, act| change_prices(tx, act, list.id, PriceChanges::new()));
    let stale = PriceChanges::new().remove(2).expecting(Revision::FIRST);
    assert!(matches!(world.is_refused(|tx, act| change_prices(tx, act, list.id, stale)), SalesError::Conflict { .. }));
    world.does(|tx, act| delete_price_list(tx, act, list.id));
    let facts = ["price_list.added", "price_list.updated", "price_list.repriced", "price_list.deleted"];
    assert_eq!(world.facts(list.id), facts);
}

#[test]
fn what_a_price_list_refuses_changes_nothing() {
    let mut world = World::new();
    let (lamp, nobody) = (world.product("LAMP-1", "49.90"), RecordId::from_uuid(Default::default()));
    let list = lists(&mut world, named("Retail").rule(fixed(PriceTarget::Product(lamp.id), "45.00")));
    let gap = PriceTiers::range().tier(1.into(), Some(5.into()), TierPrice::Discount(Percent::ZERO));
    let gap = gap.tier(6.into(), None, TierPrice::Discount(Percent::whole(5)));
    let gap = NewPriceRule::new(PriceTarget::All, Pricing::Tiers(gap));
    let refused = world.is_refused(|tx, act| add_price_list(tx, act, named("Gaps").rule(gap.clone())));
    assert!(
        matches!(&refused, SalesError::PriceList(PriceListError::Rule { rule: 1, invalid, .. }) if invalid.rule() == &Rule::Gap)
    );
    assert_eq!(refused.invalid().map(|invalid| invalid.field()), Some("tiers"));
    let refused = world.is_refused(|tx, act| change_prices(tx, act, list.id, PriceChanges::new().rule(gap)));
    assert!(matches!(refused, SalesError::PriceList(PriceListError::Rule { rule: 2, .. })));
    let refused = world.is_refused(|tx, act| change_prices(tx, act, list.id, PriceChanges::new().remove(7)));
    assert!(matches!(refused, SalesError::PriceList(PriceListError::NoSuchRule { rule: 7, .. })));
    let missing = PriceChanges::new().rule(fixed(PriceTarget::Product(nobody), "1"));
    let refused = world.is_refused(|tx, act| change_prices(tx, act, list.id, missing));
    assert_eq!(kind(&refused), &StoreErrorKind::MissingReference { record: "price list", field: "rules" });
    let refused = world.is_refused(|tx, act| {
        add_price_list(tx, act, named("After nobody").rule(after(RecordId::from_uuid(Default::default()), 5)))
    });
    assert!(matches!(refused, SalesError::NotFound { .. }));
    let refused = world.is_refused(|tx, act| delete_product(tx, act, lamp.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "price lists", count: 1 });
}

#[test]
fn prc_2_a_list_is_never_priced_after_itself() {
    let mut world = World::new();
    let retail = lists(&mut world, named("Retail"));
    let id: PriceListId = "prices_00000000000000000000000007".parse().unwrap();
    let own = named("Own").id(id).rule(after(id, 5));
    let refused = world.is_refused(|tx, act| add_price_list(tx, act, own));
    assert!(
        matches!(&refused, SalesError::PriceList(PriceListError::Rule { invalid, .. }) if invalid.rule() == &Rule::Circle)
    );
    let resale = lists(&mut world, named("Resale").rule(after(retail.id, 10)));
    let staff = lists(&mut world, named("Staff").rule(after(resale.id, 10)));
    let circle = PriceChanges::new().rule(after(staff.id, 1));
    let refused = world.is_refused(|tx, act| change_prices(tx, act, retail.id, circle));
    assert!(matches!(&refused, SalesError::Price(PriceError::Circle { lists }) if lists.len() == 3), "{refused}");
    let refused = world.is_refused(|tx, act| delete_price_list(tx, act, retail.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "price lists", count: 1 });
}

#[test]
fn prc_1_lines_are_priced_by_a_list_and_those_that_it_is_priced_after() {
    let mut world = World::new();
    let (lamp, chair) = (world.product("LAMP-1", "50.00"), world.product("CHAIR-1", "99.00"));
    let rule = fixed(PriceTarget::Product(lamp.id), "40.00").from_quantity(10.into());
    let retail = lists(&mut world, named("Retail").rule(rule));
    let resale = lists(&mut world, named("Resale").rule(after(retail.id, 10)));
    let on = day("2026-03-02");
    let prices = |world: &World, lines: &[PriceLine]| {
        world.reads(|tx| price_lines(tx, &price_book(tx, resale.id, on, [])?, resale.id, lines))
    };
    let lines = [PriceLine::new(lamp.id, 9), PriceLine::new(lamp.id, 10), PriceLine::new(chair.id, 1)];
    let amounts: Vec<_> = prices(&world, &lines).iter().map(|price| price.amount()).collect();
    assert_eq!(amounts, [eur("405.00"), eur("360.00"), eur("89.10")]);

    let none = PriceLine::new(lamp.id, Quantity::ZERO);
    let book = world.reads(|tx| price_book(tx, resale.id, on, []));
    let refused = world.is_refused(|tx, _| price_lines(tx, &book, resale.id, &[lines[0].clone(), none]));
    assert!(matches!(&refused, SalesError::LinePrice { record: None, number: 2, .. }), "{refused}");
    assert_eq!(refused.invalid().map(|invalid| invalid.rule()), Some(&Rule::NotPositive));
    let off = ProductPatch { active: Some(false), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, chair.id, off));
    let refused = world.is_refused(|tx, _| price_lines(tx, &book, resale.id, &lines));
    assert!(matches!(refused, SalesError::Inactive { .. }));
    let missing = RecordId::from_uuid(Default::default());
    assert!(matches!(world.is_refused(|tx, _| price_book(tx, missing, on, [])), SalesError::NotFound { .. }));
    assert_eq!(world.reads(|tx| Ok(tx.count_price_lists(&Default::default())?)), 2);
}

#[test]
fn prc_1_a_variant_has_no_variants() {
    let mut world = World::new();
    let (lamp, red, dark) =
        (world.product("LAMP", "50.00"), world.product("LAMP-RED", "50.00"), world.product("LAMP-DARK", "50.00"));
    let of = |product| ProductPatch { variant_of: Some(Some(product)), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, red.id, of(lamp.id)));
    for (product, whole) in [(dark.id, red.id), (lamp.id, dark.id), (dark.id, dark.id)] {
        let refused = world.is_refused(|tx, act| update_product(tx, act, product, of(whole)));
        assert!(matches!(refused, SalesError::VariantOfVariant { .. }), "{refused}");
    }
    let missing =
        world.is_refused(|tx, act| update_product(tx, act, dark.id, of(RecordId::from_uuid(Default::default()))));
    assert!(matches!(missing, SalesError::NotFound { .. }));
    let refused = world.is_refused(|tx, act| delete_product(tx, act, lamp.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "products", count: 1 });
}

/// A draft of nothing, and a list by which lamps cost 40.00, from the eleventh on 30.00.
fn draft_by_list(world: &mut World) -> (Order, ProductId, PriceList) {
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "50.00"));
    let price = |text| TierPrice::Price(UnitPrice::parse(text, Currency::EUR).unwrap());
    let tiers = PriceTiers::slab().tier(1.into(), Some(11.into()), price("40")).tier(11.into(), None, price("30"));
    let list = lists(world, named("Retail").rule(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers))));
    let order = world.does(|tx, act| draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    (order, lamp.id, list)
}

#[test]
fn prc_4_another_list_prices_only_lines_added_later_until_prices_are_updated() {
    let mut world = World::new();
    let (order, lamp, list) = draft_by_list(&mut world);
    let (id, on) = (order.id, day("2026-03-02"));
    let without = world.is_refused(|tx, act| {
        let book = price_book(tx, list.id, on, [])?;
        update_order_prices(tx, act, id, &book)
    });
    assert!(matches!(without, SalesError::NoPriceList { record } if record == id.into()));
    // Before there is a list, a line has the list price of its product, here less 5 %.
    let plain = NewOrderLine::new(lamp, 2.into()).discount(Percent::whole(5));
    let order = world.does(|tx, act| amend_order(tx, act, id, OrderAmendment::new().add_line(plain.clone())));
    assert_eq!(order.total(), eur("95.00"));
    let before = order.lines().to_vec();
    let order = world.does(|tx, act| price_order_by(tx, act, id, Some(list.id)));
    assert_eq!((order.price_list(), order.lines()), (Some(list.id), &before[..]));
    world.changes_nothing(|tx, act| price_order_by(tx, act, id, Some(list.id)));

    let add = |tx: &mut MemoryTx, act: &mut Act, quantity: u32| {
        let book = price_book(tx, list.id, on, [])?;
        add_order_lines(tx, act, id, &book, &[PriceLine::new(lamp, quantity)])
    };
    let order = world.does(|tx, act| add(tx, act, 12));
    assert_eq!(order.lines()[0], before[0]);
    let shown = |order: &Order| -> Vec<String> {
        let line = |line: &OrderLine| {
            format!("{}: {} at {} less {}", line.number(), line.quantity(), line.unit_price(), line.discount())
        };
        order.lines().iter().map(line).collect()
    };
    let slabs = ["2: 10 at 40.00 EUR less 0 %", "3: 2 at 30.00 EUR less 0 %"];
    assert_eq!(shown(&order)[1..], slabs);
    assert_eq!(order.lines()[2].continues(), Some(2));
    let unpriced = world.is_refused(|tx, act| amend_order(tx, act, id, OrderAmendment::new().add_line(plain)));
    assert!(matches!(unpriced, SalesError::PricedByList { number: 4, .. }), "{unpriced}");

    // What was asked for as one line is priced as one line again: ten and two, not ten and two of the first tier.
    let update = |tx: &mut MemoryTx, act: &mut Act| {
        let book = price_book(tx, list.id, on, [])?;
        update_order_prices(tx, act, id, &book)
    };
    let order = world.does(update);
    assert_eq!(shown(&order), ["1: 2 at 40.00 EUR less 0 %", slabs[0], slabs[1]]);
    world.changes_nothing(update);
    let cheaper = PriceChanges::new().remove(1).rule(fixed(PriceTarget::All, "25.00"));
    world.does(|tx, act| change_prices(tx, act, list.id, cheaper));
    let order = world.does(update);
    assert_eq!(shown(&order), ["1: 2 at 25.00 EUR less 0 %", "2: 12 at 25.00 EUR less 0 %"]);
    let facts = world.facts(id);
    assert_eq!(facts[..3], ["order.drafted", "order.amended", "order.price_list_changed"]);
}

/// A list by which 11 and more of one group cost a tenth less than the list price.
fn by_groups(world: &mut World) -> PriceList {
    let off = |percent| TierPrice::Discount(Percent::whole(percent));
    let tiers = PriceTiers::range_over(Aggregation::Group).tier(1.into(), Some(11.into()), off(0)).tier(
        11.into(),
        None,
        off(10),
    );
    lists(world, named("Groups").rule(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers))))
}

#[test]
fn prc_3_a_line_stays_in_its_group_when_others_are_added_and_prices_are_updated() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "100.00"));
    let list = by_groups(&mut world);
    let order = world.does(|tx, act| draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    world.does(|tx, act| price_order_by(tx, act, order.id, Some(list.id)));
    let book = world.reads(|tx| price_book(tx, list.id, day("2026-03-02"), []));
    let six = |group: &str| PriceLine::new(lamp.id, 6).group(group.parse().unwrap());
    let order = world.does(|tx, act| add_order_lines(tx, act, order.id, &book, &[six("A"), six("A")]));
    assert_eq!(order.total(), eur("1080.00"));
    world.changes_nothing(|tx, act| update_order_prices(tx, act, order.id, &book));
    // The first twelve of the group count for the thirteenth, and not for another group.
    let one = |group: &str| PriceLine::new(lamp.id, 1).group(group.parse().unwrap());
    let order = world.does(|tx, act| add_order_lines(tx, act, order.id, &book, &[one("A"), one("B")]));
    assert_eq!(order.total(), eur("1270.00"));
    let copy = world.does(|tx, act| copy_order(tx, act, order.id));
    assert_eq!(copy.lines(), order.lines());
}

#[test]
fn prc_4_a_line_without_a_price_is_told_with_its_document() {
    let mut world = World::new();
    let (zhang, lamp, desk) =
        (world.person("张三"), world.product("LAMP-1", "50.00"), world.product("DESK-1", "90.00"));
    let by_cost = Pricing::Formula(PriceFormula::of(PriceBase::Cost, Percent::ZERO));
    let list = named("Cost").rule(NewPriceRule::new(PriceTarget::Product(desk.id), by_cost));
    let list = lists(&mut world, list);
    let order = world.does(|tx, act| draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    world.does(|tx, act| price_order_by(tx, act, order.id, Some(list.id)));
    let book = world.reads(|tx| price_book(tx, list.id, day("2026-03-02"), []));
    let lamps = || PriceLine::new(lamp.id, 1);
    world.does(|tx, act| add_order_lines(tx, act, order.id, &book, &[lamps(), lamps()]));
    let both = [lamps(), PriceLine::new(desk.id, 1)];
    let refused = world.is_refused(|tx, act| add_order_lines(tx, act, order.id, &book, &both));
    assert!(refused.to_string().starts_with(&format!("line 4 of {}: rule 1 of", order.id)), "{refused}");
    let SalesError::LinePrice { record, number: 4, error: PriceError::NoCost { .. } } = refused else {
        panic!("{refused}")
    };
    assert_eq!(record, Some(order.id.into()));

    // Of lines that are there, the number is the one that they have.
    let typed = NewOrderLine::new(desk.id, 1.into()).unit_price(desk.list_price);
    let amendment = OrderAmendment::new().add_line(typed).remove(1);
    world.does(|tx, act| amend_order(tx, act, order.id, amendment));
    let refused = world.is_refused(|tx, act| update_order_prices(tx, act, order.id, &book));
    assert!(matches!(refused, SalesError::LinePrice { record: Some(_), number: 3, .. }), "{refused}");
}

#[test]
fn a_line_that_is_to_be_priced_has_no_other_fields() {
    let line = PriceLine::new(ProductId::from_uuid(Default::default()), 2);
    let json = serde_json::to_string(&line).unwrap();
    assert_eq!(serde_json::from_str::<PriceLine>(&json).unwrap(), line);
    let typo = json.replacen("group", "groop", 1);
    assert!(serde_json::from_str::<PriceLine>(&typo).is_err(), "{typo}");
}

#[test]
fn mon_5_what_a_list_prices_is_taxed_and_a_replaced_line_keeps_what_it_came_from() {
    let mut world = World::new();
    let (order, lamp, list) = draft_by_list(&mut world);
    let vat = Tax::new("VAT".parse().unwrap(), Percent::whole(19)).unwrap();
    world.does(|tx, act| price_order_by(tx, act, order.id, Some(list.id)));
    let book = world.reads(|tx| price_book(tx, list.id, day("2026-03-02"), []));
    let lamps = PriceLine::new(lamp, 12).tax(vat);
    let order = world.does(|tx, act| add_order_lines(tx, act, order.id, &book, &[lamps]));
    // Ten at 40.00 and two at 30.00, and 19 % on each.
    assert_eq!((order.net(), order.total()), (eur("460.00"), eur("547.40")));
    world.changes_nothing(|tx, act| update_order_prices(tx, act, order.id, &book));

    // As many of the same keep the price of the list, and what they continue; another quantity needs a price.
    let less = |quantity: u32| NewOrderLine::new(lamp, quantity.into()).discount(Percent::whole(10));
    let cheaper = OrderAmendment::new().replace(2, less(2));
    let order = world.does(|tx, act| amend_order(tx, act, order.id, cheaper));
    let second = &order.lines()[1];
    assert_eq!((second.amount(), second.tax(), second.continues()), (eur("54.00"), None, Some(1)));
    // PRC-4: a line that a list priced stays so, though no list prices those that are added now.
    world.does(|tx, act| price_order_by(tx, act, order.id, None));
    let dearer = NewOrderLine::new(lamp, 2.into());
    let replaced = world.does(|tx, act| amend_order(tx, act, order.id, OrderAmendment::new().replace(2, dearer)));
    assert_eq!(replaced.lines()[1].amount(), eur("60.00"));
    world.does(|tx, act| amend_order(tx, act, order.id, OrderAmendment::new().replace(2, less(2))));
    world.does(|tx, act| price_order_by(tx, act, order.id, Some(list.id)));
    // Two without the tax are not priced with ten that have it.
    let mut copy = world.does(|tx, act| copy_order(tx, act, order.id));
    copy = world.does(|tx, act| update_order_prices(tx, act, copy.id, &book));
    assert_eq!((copy.net(), copy.lines()[1].tax()), (eur("480.00"), None));
    let more = OrderAmendment::new().replace(2, less(3));
    let refused = world.is_refused(|tx, act| amend_order(tx, act, order.id, more));
    assert!(matches!(refused, SalesError::PricedByList { number: 2, .. }), "{refused}");
}

#[test]
fn prc_4_a_quote_is_priced_by_a_list_as_an_order_is() {
    let mut world = World::new();
    let (order, lamp, list) = draft_by_list(&mut world);
    let (none, on) = (DiscountLimit::up_to(Percent::ZERO).unwrap(), day("2026-03-02"));
    let new = NewQuote::for_customer(order.customer(), Currency::EUR);
    let id = world.does(|tx, act| draft_quote(tx, act, new)).id;
    let book = world.reads(|tx| price_book(tx, list.id, on, []));
    let refused = world.is_refused(|tx, act| update_quote_prices(tx, act, id, &book, &none));
    assert!(matches!(refused, SalesError::NoPriceList { record } if record == id.into()));
    let dollars = lists(&mut world, NewPriceList::new("Dollars".parse().unwrap(), Currency::USD));
    let refused = world.is_refused(|tx, act| price_quote_by(tx, act, id, Some(dollars.id)));
    assert_eq!(refused.invalid().map(|invalid| invalid.field()), Some("price list"));
    assert!(matches!(refused, SalesError::Quote(QuoteError::Value { quote, .. }) if quote == id));

    let plain = || QuoteAmendment::new().add_line(NewOrderLine::new(lamp, 2.into()).discount(Percent::whole(5)));
    world.does(|tx, act| amend_quote(tx, act, id, plain(), &none));
    world.does(|tx, act| price_quote_by(tx, act, id, Some(list.id)));
    world.changes_nothing(|tx, act| price_quote_by(tx, act, id, Some(list.id)));
    let refused = world.is_refused(|tx, act| amend_quote(tx, act, id, plain(), &none));
    assert!(matches!(refused, SalesError::PricedByList { number: 2, .. }), "{refused}");
    let quote = world.does(|tx, act| add_quote_lines(tx, act, id, &book, &[PriceLine::new(lamp, 12)], &none));
    // Two at 50.00 less 5 %, ten at 40.00, two at 30.00.
    assert_eq!((quote.total(), quote.lines()[2].continues()), (eur("555.00"), Some(2)));
    let error = world.is_refused(|tx, act| send_quote(tx, act, id, &none, on));
    // What was typed goes beyond the limit of nothing; what the list made does not, though lamps are listed at 50.00.
    let SalesError::Quote(QuoteError::NeedsApproval { beyond, .. }) = &error else { panic!("{error}") };
    assert_eq!(beyond.iter().map(|beyond| beyond.line).collect::<Vec<_>>(), [1]);

    let quote = world.does(|tx, act| update_quote_prices(tx, act, id, &book, &none));
    assert_eq!((quote.total(), quote.lines()[0].discount()), (eur("540.00"), Percent::ZERO));
    world.changes_nothing(|tx, act| update_quote_prices(tx, act, id, &book, &none));
    let refused = world.is_refused(|tx, act| delete_price_list(tx, act, list.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "quotes", count: 1 });
    world.does(|tx, act| send_quote(tx, act, id, &none, on));
    let refused = world.is_refused(|tx, act| add_quote_lines(tx, act, id, &book, &[PriceLine::new(lamp, 1)], &none));
    assert!(matches!(refused, SalesError::Quote(QuoteError::NotAllowed { action: QuoteAction::Amend, .. })));
    let (_, order) = world.does(|tx, act| accept_quote(tx, act, id, on));
    assert_eq!((order.price_list(), order.total()), (Some(list.id), eur("540.00")));
    // Prices that are the same leave each line its own source.
    world.changes_nothing(|tx, act| update_order_prices(tx, act, order.id, &book));
}

#[test]
fn prc_5_what_a_list_asked_for_many_is_not_kept_for_few() {
    let mut world = World::new();
    let (order, lamp, list) = draft_by_list(&mut world);
    let (none, on) = (DiscountLimit::up_to(Percent::ZERO).unwrap(), day("2026-03-02"));
    let new = NewQuote::for_customer(order.customer(), Currency::EUR);
    let id = world.does(|tx, act| draft_quote(tx, act, new)).id;
    world.does(|tx, act| price_quote_by(tx, act, id, Some(list.id)));
    let book = world.reads(|tx| price_book(tx, list.id, on, []));
    // Ten at 40.00, two at 30.00; without the ten, two are not to be had at 30.00.
    world.does(|tx, act| add_quote_lines(tx, act, id, &book, &[PriceLine::new(lamp, 12)], &none));
    let quote = world.does(|tx, act| amend_quote(tx, act, id, QuoteAmendment::new().remove(1), &none));
    assert_eq!((quote.total(), quote.lines()[0].list_price()), (eur("60.00"), None));
    let error = world.is_refused(|tx, act| send_quote(tx, act, id, &none, on));
    assert!(matches!(error, SalesError::Quote(QuoteError::NeedsApproval { .. })), "{error}");
    let quote = world.does(|tx, act| update_quote_prices(tx, act, id, &book, &none));
    assert_eq!(quote.total(), eur("80.00"));
    world.does(|tx, act| send_quote(tx, act, id, &none, on));
}

#[test]
fn ord_4_the_price_list_of_a_confirmed_order_stands() {
    let mut world = World::new();
    let (order, lamp, list) = draft_by_list(&mut world);
    let (id, on) = (order.id, day("2026-03-02"));
    let dollars = NewPriceList::new("Dollars".parse().unwrap(), Currency::USD);
    let dollars = lists(&mut world, dollars);
    let refused = world.is_refused(|tx, act| price_order_by(tx, act, id, Some(dollars.id)));
    assert_eq!(refused.invalid().map(|invalid| invalid.field()), Some("price list"));
    assert!(matches!(refused, SalesError::Order(OrderError::Value { order, .. }) if order == id));
    let refused =
        world.is_refused(|tx, act| price_order_by(tx, act, id, Some(RecordId::from_uuid(Default::default()))));
    assert!(matches!(refused, SalesError::NotFound { .. }));
    world.does(|tx, act| price_order_by(tx, act, id, Some(list.id)));
    world.does(|tx, act| {
        let book = price_book(tx, list.id, on, [])?;
        add_order_lines(tx, act, id, &book, &[PriceLine::new(lamp, 1)])
    });
    let refused = world.is_refused(|tx, act| delete_price_list(tx, act, list.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "orders", count: 1 });
    world.does(|tx, act| confirm_order(tx, act, id));
    let book = world.reads(|tx| price_book(tx, list.id, on, []));
    for refused in [
        world.is_refused(|tx, act| price_order_by(tx, act, id, None)),
        world.is_refused(|tx, act| add_order_lines(tx, act, id, &book, &[PriceLine::new(lamp, 1)])),
        world.is_refused(|tx, act| update_order_prices(tx, act, id, &book)),
    ] {
        assert!(matches!(refused, SalesError::Order(OrderError::NotAllowed { action: OrderAction::Amend, .. })));
    }
}

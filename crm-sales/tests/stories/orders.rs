use crm_core::{
    CreditAt, Currency, CustomerId, Discount, Fact, Fulfilment, NewOrder, NewOrderLine, NewPayment, NewRefund, Order,
    OrderAction, OrderError, OrderFact, OrderStatus, PaymentStatus, Percent, Period, PlanScope, ProductPatch, Quantity,
    RecordId, RefundedLine, Revision, Rule, SalesRepId, ShippedLine, Tax, TaxRounding, Taxation, Terms, UnitPrice,
    store::{OrderFilter, Orders, StoreErrorKind},
};
use crm_sales::{
    OrderAmendment, SalesError, actual_sales, amend_order, archive_customer, cancel_order, cancel_order_on,
    confirm_order, confirm_order_on, copy_order, delete_order, deliver_shipment, draft_order, lock_order, pay_order,
    place_order, place_order_on, reassign_order, refund_order, return_lines, return_shipment, ship_lines, ship_order,
    undo_refund, undo_refund_on, unlock_order, update_product,
};

use crate::world::{World, day, eur, kind};

fn confirmed(world: &mut World) -> Order {
    let draft = world.draft();
    world.does(|tx, act| confirm_order(tx, act, draft.id))
}

fn not_allowed(error: SalesError) -> (OrderStatus, OrderAction) {
    match error {
        SalesError::Order(OrderError::NotAllowed { status, action, .. }) => (status, action),
        other => panic!("{other}"),
    }
}

#[test]
fn an_order_goes_from_draft_through_payment_and_delivery() {
    let mut world = World::new();
    let draft = world.draft();
    assert_eq!((draft.number().as_str(), draft.total()), ("SO-000001", eur("99.80")));
    let order = world.does(|tx, act| confirm_order(tx, act, draft.id));
    assert_eq!(order.state().confirmed_on(), Some(day("2026-03-02")));
    world.does(|tx, act| lock_order(tx, act, draft.id));
    world.does(|tx, act| pay_order(tx, act, draft.id, NewPayment::of(eur("99.80"))));
    world.does(|tx, act| ship_order(tx, act, draft.id));
    let order = world.does(|tx, act| deliver_shipment(tx, act, draft.id, 1));
    assert_eq!((order.payment_status(), order.fulfilment()), (PaymentStatus::Paid, Fulfilment::Fulfilled));
    assert_eq!(order.revision, Revision::new(6));
    assert_eq!(world.reads(|tx| Ok(tx.order(draft.id)?)), Some(order));
    let facts = ["order.drafted", "order.confirmed", "order.locked", "order.paid", "order.shipped", "order.delivered"];
    assert_eq!(world.facts(draft.id), facts);
    let fact = OrderFact::Confirmed { day: day("2026-03-02"), net: eur("99.80"), total: eur("99.80"), rate: None };
    assert_eq!(world.history(draft.id)[1].fact, Some(Fact::Order(draft.id, fact)));
}

#[test]
fn mon_5_an_order_is_taxed_and_discounted_as_its_terms_say() {
    let mut world = World::new();
    let (zhang, lamp, rep) = (world.person("张三"), world.product("LAMP-1", "30.75"), world.rep("Lin Wei", None));
    let vat = || Tax::new("VAT".parse().unwrap(), Percent::whole(15)).unwrap();
    let off = |line: NewOrderLine| line.discount(Percent::whole(5)).tax(vat());
    let new = |rounding: TaxRounding| {
        let chair =
            NewOrderLine::new(lamp.id, Quantity::from(1)).unit_price(UnitPrice::parse("70", Currency::EUR).unwrap());
        NewOrder::for_customer(zhang.id, Currency::EUR)
            .rep(rep.id)
            .line_with(off(NewOrderLine::new(lamp.id, Quantity::from(10))))
            .line_with(off(chair))
            .terms(Taxation::net(rounding).into())
    };
    // odoo#177192: one order, two ways to round.
    let draft = world.does(|tx, act| draft_order(tx, act, new(TaxRounding::PerLine)));
    assert_eq!((draft.net(), draft.total()), (eur("358.63"), eur("412.43")));
    let global = OrderAmendment::new().terms(Taxation::net(TaxRounding::Global).into());
    let order = world.does(|tx, act| amend_order(tx, act, draft.id, global));
    assert_eq!((order.net(), order.total()), (eur("358.63"), eur("412.42")));
    let refused = Terms::default().discount(Discount::Amount(eur("-0.01")));
    let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().terms(refused)));
    assert_eq!(error.invalid().map(|invalid| (invalid.field(), invalid.value())), Some(("discount", "-0.01 EUR")));

    // Revenue and credit are without tax, what is owed is with it.
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    let paid = world.does(|tx, act| pay_order(tx, act, draft.id, NewPayment::of(eur("206.21"))));
    assert_eq!(paid.owed(), eur("206.21"));
    let march = Period::month(2026, 3).unwrap();
    let sold = |world: &World| {
        [CreditAt::Booked, CreditAt::Paid].map(|credit| {
            world.reads(|tx| actual_sales(tx, &PlanScope::SalesRep(rep.id), credit, march, Currency::EUR)).amount
        })
    };
    assert_eq!(sold(&world), [eur("358.63"), eur("179.32")]);
    world.does(|tx, act| refund_order(tx, act, draft.id, NewPayment::of(eur("206.21"))));
    assert_eq!(sold(&world), [eur("179.31"), eur("0")]);
}

#[test]
fn prc_6_an_amount_off_takes_no_more_than_there_is() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "4.00"));
    let terms = Terms::default().discount(Discount::Amount(eur("10.00")));
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).terms(terms);
    let draft = world.does(|tx, act| draft_order(tx, act, new));
    assert_eq!((draft.total(), draft.totals().unwrap().discount()), (eur("0.00"), eur("0.00")));
    let mut amends = |amendment| world.does(|tx, act| amend_order(tx, act, draft.id, amendment));
    assert_eq!(amends(OrderAmendment::new().add(lamp.id, 3)).total(), eur("2.00"));
    let less = amends(OrderAmendment::new().remove(1).add(lamp.id, 2));
    assert_eq!((less.total(), less.totals().unwrap().discount()), (eur("0.00"), eur("8.00")));
    assert_eq!(less.totals().unwrap().lines()[0].discount, eur("8.00"));
}

#[test]
fn ref_3_money_under_a_method_and_a_reference_is_entered_once() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    let named = |amount| NewPayment::of(eur(amount)).method("acme".parse().unwrap()).reference("ch_1".parse().unwrap());
    world.does(|tx, act| pay_order(tx, act, order.id, named("40.00")));
    for amount in ["40.00", "30.00"] {
        let error = world.is_refused(|tx, act| pay_order(tx, act, order.id, named(amount)));
        assert!(matches!(error, SalesError::Order(OrderError::ReferenceTaken { entry: 1, .. })), "{error}");
    }
    world.does(|tx, act| refund_order(tx, act, order.id, named("20.00")));
    let error = world.is_refused(|tx, act| refund_order(tx, act, order.id, named("20.00")));
    assert!(matches!(error, SalesError::Order(OrderError::ReferenceTaken { entry: 2, .. })), "{error}");
}

#[test]
fn ref_2_a_refund_is_undone_on_its_own_day_and_the_money_comes_again() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    world.does(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("60.00"))));
    world.does(|tx, act| refund_order(tx, act, order.id, NewRefund::in_full()));
    let all = || NewPayment::of(eur("99.80"));
    let error = world.is_refused(|tx, act| pay_order(tx, act, order.id, all()));
    assert!(matches!(error, SalesError::Order(OrderError::Overpaid { owed, .. }) if owed == eur("39.80")), "{error}");
    for (entry, last) in [(1, Some(2)), (3, Some(2))] {
        let error = world.is_refused(|tx, act| undo_refund(tx, act, order.id, entry));
        let refused = OrderError::NotTheLastRefund { order: order.id, entry, last };
        assert!(matches!(error, SalesError::Order(error) if error == refused));
    }
    let early = world.is_refused(|tx, act| undo_refund_on(tx, act, order.id, 2, day("2026-03-01")));
    assert_eq!(
        early.to_string(),
        format!("cannot undo a refund of {}: day must not be before 2026-03-02, got 2026-03-01", order.id)
    );
    let after = world.does(|tx, act| undo_refund_on(tx, act, order.id, 2, day("2026-04-01")));
    assert_eq!((after.owed(), after.payment_status()), (eur("99.80"), PaymentStatus::Partial));
    let paid = world.does(|tx, act| pay_order(tx, act, order.id, all()));
    assert_eq!((paid.owed(), paid.payment_status()), (eur("0.00"), PaymentStatus::Paid));
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(paid));
    assert_eq!(world.facts(order.id)[2..], ["order.paid", "order.refunded", "order.refund_undone", "order.paid"]);
    let of_month = |month| {
        let month = Period::month(2026, month).unwrap();
        let product = PlanScope::Product(order.lines()[0].product());
        [CreditAt::Booked, CreditAt::Paid].map(|credit| {
            let sales = world.reads(|tx| actual_sales(tx, &product, credit, month, Currency::EUR));
            (sales.amount, sales.entries)
        })
    };
    assert_eq!(of_month(3), [(eur("39.80"), 2), (eur("99.80"), 3)]);
    assert_eq!(of_month(4), [(eur("60.00"), 1), (eur("0.00"), 1)]);
}

#[test]
fn ref_2_credit_by_payment_gives_refunded_lines_back_with_their_own_tax() {
    let mut world = World::new();
    let (zhang, rep) = (world.person("张三"), world.rep("Lin Wei", None));
    let [lamp, book] = ["LAMP", "BOOK"].map(|sku| world.product(sku, "100.00").id);
    let taxed = |product, rate| {
        let tax = Tax::new(format!("VAT {rate}").parse().unwrap(), Percent::whole(rate)).unwrap();
        NewOrderLine::new(product, Quantity::from(1)).tax(tax)
    };
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).rep(rep.id);
    let new = new.line_with(taxed(lamp, 19)).line_with(taxed(book, 7));
    let order = world.does(|tx, act| place_order(tx, act, new));
    world.does(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("226.00"))));
    let line = |line| NewRefund::of_lines([RefundedLine { line, quantity: Quantity::from(1) }]);
    world.does(|tx, act| refund_order(tx, act, order.id, line(1)));
    let paid = |world: &World, scope: PlanScope| {
        let march = Period::month(2026, 3).unwrap();
        world.reads(|tx| actual_sales(tx, &scope, CreditAt::Paid, march, Currency::EUR)).amount
    };
    assert_eq!(paid(&world, PlanScope::SalesRep(rep.id)), eur("100.00"));
    assert_eq!([lamp, book].map(|product| paid(&world, PlanScope::Product(product))), [eur("0.00"), eur("100.00")]);
    world.does(|tx, act| refund_order(tx, act, order.id, NewRefund::in_full()));
    assert_eq!(paid(&world, PlanScope::SalesRep(rep.id)), eur("0.00"));
}

#[test]
fn ord_1_an_order_that_is_placed_is_drafted_and_confirmed_at_once() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let new = || NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let placed = world.does(|tx, act| place_order(tx, act, new()));
    assert_eq!(world.reads(|tx| Ok(tx.order(placed.id)?)).as_ref(), Some(&placed));
    assert_eq!((placed.state().confirmed_on(), placed.total()), (Some(day("2026-03-02")), eur("99.80")));

    // The same facts as in two steps; in the first of them it is a draft.
    assert_eq!(world.facts(placed.id), ["order.drafted", "order.confirmed"]);
    let history = world.history(placed.id);
    let Some(Fact::Order(_, OrderFact::Drafted { order })) = &history[0].fact else { panic!("{history:?}") };
    assert_eq!((order.state().status(), order.lines()), (OrderStatus::Draft, placed.lines()));
    let confirmed = OrderFact::Confirmed { day: day("2026-03-02"), net: eur("99.80"), total: eur("99.80"), rate: None };
    assert_eq!(history[1].fact, Some(Fact::Order(placed.id, confirmed)));

    let placed = world.does(|tx, act| place_order_on(tx, act, new(), day("2026-02-28")));
    assert_eq!(placed.state().confirmed_on(), Some(day("2026-02-28")));
    let error = world.is_refused(|tx, act| place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    assert!(matches!(error, SalesError::Order(OrderError::NoLines { .. })), "{error}");
    world.does(|tx, act| archive_customer(tx, act, zhang.id));
    let error = world.is_refused(|tx, act| place_order(tx, act, new()));
    assert!(matches!(error, SalesError::Archived { customer } if customer == zhang.id), "{error}");
}

#[test]
fn ord_5_a_copy_is_a_draft_of_the_same_at_the_same_prices() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    world.does(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("99.80"))));
    let dearer = UnitPrice::parse("59.90", Currency::EUR).unwrap();
    let (lamp, patch) =
        (order.lines()[0].product(), ProductPatch { list_price: Some(dearer), ..ProductPatch::default() });
    world.does(|tx, act| update_product(tx, act, lamp, patch));
    let copy = world.does(|tx, act| copy_order(tx, act, order.id));
    assert_eq!((copy.lines(), copy.total(), copy.terms()), (order.lines(), order.total(), order.terms()));
    assert_eq!((copy.state().status(), copy.payments().len(), copy.external_id()), (OrderStatus::Draft, 0, None));
    assert_eq!((copy.number().as_str(), world.facts(copy.id)), ("SO-000002", vec!["order.drafted".to_owned()]));
    let off = ProductPatch { active: Some(false), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, lamp, off));
    let error = world.is_refused(|tx, act| copy_order(tx, act, order.id));
    assert!(matches!(error, SalesError::Inactive { record } if record == lamp.into()), "{error}");
    world.does(|tx, act| archive_customer(tx, act, order.customer()));
    let error = world.is_refused(|tx, act| copy_order(tx, act, order.id));
    assert!(matches!(error, SalesError::Archived { .. }), "{error}");
}

#[test]
fn a_draft_is_for_a_customer_who_is_there_and_in_use() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let new = |customer| NewOrder::for_customer(customer, Currency::EUR).line(lamp.id, 1);
    let nobody = CustomerId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| draft_order(tx, act, new(nobody)));
    assert!(matches!(error, SalesError::NotFound { record } if record == nobody.into()));
    world.does(|tx, act| archive_customer(tx, act, zhang.id));
    let error = world.is_refused(|tx, act| draft_order(tx, act, new(zhang.id)));
    assert!(matches!(error, SalesError::Archived { customer } if customer == zhang.id));
}

#[test]
fn a_line_needs_a_product_in_use_and_a_price_in_the_currency_of_the_order() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let order = |currency| NewOrder::for_customer(zhang.id, currency);
    let dollars = UnitPrice::parse("55.00", Currency::USD).unwrap();
    let at_dollars = NewOrderLine::new(lamp.id, Quantity::from(1)).unit_price(dollars);

    let error = world.is_refused(|tx, act| draft_order(tx, act, order(Currency::USD).line(lamp.id, 1)));
    assert_eq!(error.to_string(), "line 1: list price must be in USD, not in EUR, got 49.90 EUR");
    let error = world.is_refused(|tx, act| draft_order(tx, act, order(Currency::EUR).line_with(at_dollars.clone())));
    assert_eq!(error.to_string(), "line 1: unit price must be in EUR, not in USD, got 55.00 USD");
    let error = world.is_refused(|tx, act| draft_order(tx, act, order(Currency::EUR).line(lamp.id, 0)));
    assert_eq!(error.invalid().unwrap().rule(), &Rule::NotPositive);
    let missing = RecordId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| draft_order(tx, act, order(Currency::EUR).line(missing, 1)));
    assert!(matches!(error, SalesError::NotFound { .. }));

    world.does(|tx, act| draft_order(tx, act, order(Currency::USD).line_with(at_dollars.clone())));
    let off = ProductPatch { active: Some(false), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, lamp.id, off));
    let error = world.is_refused(|tx, act| draft_order(tx, act, order(Currency::EUR).line(lamp.id, 1)));
    assert!(matches!(error, SalesError::Inactive { record } if record == lamp.id.into()));
}

#[test]
fn a_line_that_breaks_a_rule_is_named() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let mut new = NewOrder::for_customer(zhang.id, Currency::EUR);
    for number in 1..=40 {
        new = new.line(lamp.id, u32::from(number != 37));
    }
    let error = world.is_refused(|tx, act| draft_order(tx, act, new));
    assert_eq!(error.to_string(), "line 37: quantity must be greater than zero, got 0");
    assert!(
        matches!(&error, SalesError::Line { record: None, number: 37, invalid } if invalid.rule() == &Rule::NotPositive)
    );
    assert_eq!(error.invalid().map(|invalid| invalid.field()), Some("quantity"));
    assert!(std::error::Error::source(&error).is_none(), "the message shows the cause");

    let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1).line(lamp.id, 2);
    let draft = world.does(|tx, act| draft_order(tx, act, new));
    let none = NewOrderLine::new(lamp.id, Quantity::ZERO);
    for (amendment, line) in
        [(OrderAmendment::new().replace(2, none.clone()), 2), (OrderAmendment::new().add(lamp.id, 1).add_line(none), 4)]
    {
        let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, amendment));
        let SalesError::Line { record, number, .. } = &error else { panic!("{error}") };
        assert_eq!((*record, *number), (Some(draft.id.into()), line));
        assert_eq!(
            error.to_string(),
            format!("line {line} of {}: quantity must be greater than zero, got 0", draft.id)
        );
    }
}

#[test]
fn an_order_goes_to_another_rep_who_sells() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    let order = confirmed(&mut world);
    assert_eq!(order.rep(), None);
    assert_eq!(world.does(|tx, act| reassign_order(tx, act, order.id, Some(lin))).rep(), Some(lin));
    let after = world.does(|tx, act| reassign_order(tx, act, order.id, Some(wang)));
    let fact = OrderFact::Reassigned { from: Some(lin), to: Some(wang) };
    assert_eq!(world.history(order.id).pop().unwrap().fact, Some(Fact::Order(order.id, fact)));
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(after));

    let nobody = SalesRepId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| reassign_order(tx, act, order.id, Some(nobody)));
    assert!(matches!(error, SalesError::NotFound { record } if record == nobody.into()));
    world.sells_at_present(lin, false);
    let error = world.is_refused(|tx, act| reassign_order(tx, act, order.id, Some(lin)));
    assert!(matches!(error, SalesError::Inactive { record } if record == lin.into()));
    // Who has the sale keeps it, and it can go to nobody.
    world.sells_at_present(wang, false);
    world.changes_nothing(|tx, act| reassign_order(tx, act, order.id, Some(wang)));
    assert_eq!(world.does(|tx, act| reassign_order(tx, act, order.id, None)).rep(), None);
    world.changes_nothing(|tx, act| reassign_order(tx, act, order.id, None));

    world.does(|tx, act| cancel_order(tx, act, order.id, None));
    let error = world.is_refused(|tx, act| reassign_order(tx, act, order.id, Some(lin)));
    assert_eq!(not_allowed(error), (OrderStatus::Cancelled, OrderAction::Reassign));
    let missing = RecordId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| reassign_order(tx, act, missing, None));
    assert!(matches!(error, SalesError::NotFound { .. }));
}

#[test]
fn an_order_is_drafted_for_a_rep_who_sells() {
    let mut world = World::new();
    let (zhang, lin) = (world.person("张三"), world.rep("Lin Wei", None).id);
    let new = |rep| NewOrder::for_customer(zhang.id, Currency::EUR).rep(rep);
    world.sells_at_present(lin, false);
    let error = world.is_refused(|tx, act| draft_order(tx, act, new(lin)));
    assert!(matches!(error, SalesError::Inactive { record } if record == lin.into()));
    let nobody = SalesRepId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| draft_order(tx, act, new(nobody)));
    assert!(matches!(error, SalesError::NotFound { record } if record == nobody.into()));
    world.sells_at_present(lin, true);
    let draft = world.does(|tx, act| draft_order(tx, act, new(lin)));
    world.sells_at_present(lin, false);
    let added = world.product("LAMP-1", "49.90").id;
    world.does(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().add(added, 1)));
    assert_eq!(world.does(|tx, act| confirm_order(tx, act, draft.id)).rep(), Some(lin));
}

#[test]
fn the_number_of_a_last_line_that_went_is_given_again_by_a_later_amendment_only() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1).line(lamp.id, 2);
    let draft = world.does(|tx, act| draft_order(tx, act, new));
    let mut amended = |amendment| {
        let order = world.does(|tx, act| amend_order(tx, act, draft.id, amendment));
        order.lines().iter().map(|line| line.number()).collect::<Vec<_>>()
    };
    assert_eq!(amended(OrderAmendment::new().remove(2).add(lamp.id, 3)), [1, 3]);
    assert_eq!(amended(OrderAmendment::new().remove(3)), [1]);
    assert_eq!(amended(OrderAmendment::new().add(lamp.id, 4)), [1, 2]);
}

#[test]
fn a_number_is_given_once() {
    let mut world = World::new();
    let zhang = world.person("张三");
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).number("A-7".parse().unwrap());
    world.does(|tx, act| draft_order(tx, act, new.clone()));
    let error = world.is_refused(|tx, act| draft_order(tx, act, new));
    assert_eq!(kind(&error), &StoreErrorKind::Duplicate { record: "order", field: "number" });
}

#[test]
fn a_draft_is_amended_and_its_lines_keep_their_numbers() {
    let mut world = World::new();
    let (zhang, lamp, desk) = (world.person("张三"), world.product("LAMP-1", "49.90"), world.product("DESK-1", "200"));
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2).line(desk.id, 1);
    let draft = world.does(|tx, act| draft_order(tx, act, new));
    let amendment = OrderAmendment::new().expecting(draft.revision).add(lamp.id, 1).remove(2);
    let after = world.does(|tx, act| amend_order(tx, act, draft.id, amendment.clone()));
    assert_eq!(after.lines().iter().map(|line| line.number()).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(after.total(), eur("149.70"));

    let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, amendment));
    assert!(matches!(error, SalesError::Conflict { .. }));
    for amendment in [
        OrderAmendment::new().remove(2),
        OrderAmendment::new().replace(2, NewOrderLine::new(desk.id, Quantity::from(1))),
    ] {
        let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, amendment));
        assert!(matches!(error, SalesError::Order(OrderError::NoSuchLine { line: 2, .. })));
    }
    // Lines that stay are not priced anew, and not refused where their product went.
    let dearer = ProductPatch {
        list_price: Some(UnitPrice::parse("60", Currency::EUR).unwrap()),
        active: Some(false),
        ..ProductPatch::default()
    };
    world.does(|tx, act| update_product(tx, act, lamp.id, dearer));
    world.changes_nothing(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new()));
    let replaced = NewOrderLine::new(desk.id, Quantity::from(1));
    let after = world.does(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().replace(3, replaced)));
    assert_eq!(after.total(), eur("299.80"));
    let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().add(lamp.id, 1)));
    assert!(matches!(error, SalesError::Inactive { .. }));

    world.does(|tx, act| confirm_order(tx, act, draft.id));
    let error = world.is_refused(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new().remove(9)));
    assert_eq!(not_allowed(error), (OrderStatus::Confirmed, OrderAction::Amend));
}

#[test]
fn ord_1_only_a_draft_with_a_line_is_confirmed() {
    let mut world = World::new();
    let zhang = world.person("张三");
    let empty = world.does(|tx, act| draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    let error = world.is_refused(|tx, act| confirm_order(tx, act, empty.id));
    assert!(matches!(error, SalesError::Order(OrderError::NoLines { .. })));

    let draft = world.draft();
    let order = world.does(|tx, act| confirm_order_on(tx, act, draft.id, day("2026-02-28")));
    assert_eq!(order.state().confirmed_on(), Some(day("2026-02-28")));
    let error = world.is_refused(|tx, act| confirm_order(tx, act, draft.id));
    assert_eq!(not_allowed(error), (OrderStatus::Confirmed, OrderAction::Confirm));
}

#[test]
fn ord_3_a_locked_order_is_not_cancelled() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    let error = world.is_refused(|tx, act| unlock_order(tx, act, order.id));
    assert_eq!(not_allowed(error), (OrderStatus::Confirmed, OrderAction::Unlock));
    world.does(|tx, act| lock_order(tx, act, order.id));
    let error = world.is_refused(|tx, act| lock_order(tx, act, order.id));
    assert_eq!(not_allowed(error), (OrderStatus::Locked, OrderAction::Lock));
    let error = world.is_refused(|tx, act| cancel_order(tx, act, order.id, None));
    assert_eq!(not_allowed(error), (OrderStatus::Locked, OrderAction::Cancel));
    world.does(|tx, act| unlock_order(tx, act, order.id));
    let after = world.does(|tx, act| cancel_order_on(tx, act, order.id, day("2026-03-05"), "too late".parse().ok()));
    assert_eq!(after.revenue().last().unwrap().day, day("2026-03-05"));
    assert_eq!(world.facts(order.id)[2..], ["order.locked", "order.unlocked", "order.cancelled"]);
}

#[test]
fn an_order_is_cancelled_once_goods_and_money_are_back() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    world.does(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("40.00"))));
    world.does(|tx, act| ship_order(tx, act, order.id));
    let error = world.is_refused(|tx, act| cancel_order(tx, act, order.id, None));
    assert!(matches!(error, SalesError::Order(OrderError::StillShipped { .. })));
    world.does(|tx, act| return_shipment(tx, act, order.id, 1));
    let error = world.is_refused(|tx, act| cancel_order(tx, act, order.id, None));
    assert!(matches!(error, SalesError::Order(OrderError::StillPaid { paid, .. }) if paid == eur("40.00")));
    world.does(|tx, act| refund_order(tx, act, order.id, NewPayment::of(eur("40.00"))));
    world.does(|tx, act| cancel_order(tx, act, order.id, None));
    let error = world.is_refused(|tx, act| delete_order(tx, act, order.id));
    assert!(matches!(error, SalesError::Order(OrderError::Booked { .. })));
}

#[test]
fn ord_4_a_draft_is_deleted_and_a_confirmed_order_is_not() {
    let mut world = World::new();
    let draft = world.draft();
    world.does(|tx, act| delete_order(tx, act, draft.id));
    assert_eq!(world.reads(|tx| Ok(tx.order(draft.id)?)), None);
    assert_eq!(world.facts(draft.id), ["order.drafted", "order.deleted"]);
    let order = confirmed(&mut world);
    let error = world.is_refused(|tx, act| delete_order(tx, act, order.id));
    assert_eq!(not_allowed(error), (OrderStatus::Confirmed, OrderAction::Delete));
    for error in [
        world.is_refused(|tx, act| delete_order(tx, act, draft.id)),
        world.is_refused(|tx, act| confirm_order(tx, act, draft.id)),
        world.is_refused(|tx, act| amend_order(tx, act, draft.id, OrderAmendment::new())),
    ] {
        assert!(matches!(error, SalesError::NotFound { record } if record == draft.id.into()));
    }
}

#[test]
fn ref_1_no_more_is_paid_than_is_owed_and_no_more_refunded_than_was_paid() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    let mut pays = |amount: &str| {
        let payment = NewPayment::of(eur(amount));
        world.does(|tx, act| pay_order(tx, act, order.id, payment))
    };
    assert_eq!(pays("50.00").payment_status(), PaymentStatus::Partial);
    let error = world.is_refused(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("49.81"))));
    assert!(matches!(error, SalesError::Order(OrderError::Overpaid { owed, .. }) if owed == eur("49.80")));
    let error = world.is_refused(|tx, act| pay_order(tx, act, order.id, NewPayment::of(eur("0.00"))));
    assert_eq!(error.invalid().unwrap().rule(), &Rule::NotPositive);
    let yen = crm_core::Money::from_minor(10, Currency::JPY);
    let error = world.is_refused(|tx, act| pay_order(tx, act, order.id, NewPayment::of(yen)));
    assert!(matches!(error.invalid().unwrap().rule(), Rule::CurrencyMismatch { .. }));
    let error = world.is_refused(|tx, act| refund_order(tx, act, order.id, NewPayment::of(eur("50.01"))));
    assert!(matches!(error, SalesError::Order(OrderError::OverRefunded { .. })));
    let after = world.does(|tx, act| refund_order(tx, act, order.id, NewPayment::of(eur("50.00"))));
    // The rest is still owed, so it stands among those that are paid in part.
    assert_eq!((after.payment_status(), after.owed()), (PaymentStatus::Partial, eur("49.80")));
    let partial = OrderFilter { payment: Some(PaymentStatus::Partial), ..OrderFilter::default() };
    assert_eq!(world.reads(|tx| Ok(tx.count_orders(&partial)?)), 1);
    assert_eq!(world.facts(order.id)[2..], ["order.paid", "order.refunded"]);

    let draft = world.draft();
    let error = world.is_refused(|tx, act| pay_order(tx, act, draft.id, NewPayment::of(eur("1.00"))));
    assert_eq!(not_allowed(error), (OrderStatus::Draft, OrderAction::Pay));
}

#[test]
fn goods_leave_in_parts_and_come_back() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    let one = vec![ShippedLine { line: 1, quantity: Quantity::from(1) }];
    let three = vec![ShippedLine { line: 1, quantity: Quantity::from(3) }];
    let error = world.is_refused(|tx, act| ship_lines(tx, act, order.id, three));
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanLeft { line: 1, .. })));
    let after = world.does(|tx, act| ship_lines(tx, act, order.id, one.clone()));
    assert_eq!(after.fulfilment(), Fulfilment::Partial);
    assert_eq!(world.does(|tx, act| ship_order(tx, act, order.id)).fulfilment(), Fulfilment::Fulfilled);
    let error = world.is_refused(|tx, act| ship_order(tx, act, order.id));
    assert!(matches!(error, SalesError::Order(OrderError::NothingLeft { .. })));
    world.does(|tx, act| deliver_shipment(tx, act, order.id, 1));
    let error = world.is_refused(|tx, act| deliver_shipment(tx, act, order.id, 1));
    assert!(matches!(error, SalesError::Order(OrderError::ShipmentNotAllowed { shipment: 1, .. })));
    let error = world.is_refused(|tx, act| return_shipment(tx, act, order.id, 3));
    assert!(matches!(error, SalesError::Order(OrderError::NoSuchShipment { shipment: 3, .. })));
    assert_eq!(world.does(|tx, act| return_shipment(tx, act, order.id, 1)).fulfilment(), Fulfilment::Partial);
    let facts = ["order.shipped", "order.shipped", "order.delivered", "order.returned"];
    assert_eq!(world.facts(order.id)[2..], facts);
    let draft = world.draft();
    let error = world.is_refused(|tx, act| ship_lines(tx, act, draft.id, one));
    assert_eq!(not_allowed(error), (OrderStatus::Draft, OrderAction::Ship));
}

#[test]
fn ref_2_what_comes_back_in_part_is_refunded_by_line_and_the_rest_in_full() {
    let mut world = World::new();
    let order = confirmed(&mut world);
    world.does(|tx, act| pay_order(tx, act, order.id, NewPayment::of(order.total())));
    world.does(|tx, act| ship_order(tx, act, order.id));
    let lamps = |many: u32| vec![ShippedLine { line: 1, quantity: Quantity::from(many) }];
    let money_for = |many: u32| NewRefund::of_lines([RefundedLine { line: 1, quantity: Quantity::from(many) }]);

    // One lamp comes back and its money goes back, in one commit.
    let after = world.does(|tx, act| {
        return_lines(tx, act, order.id, 1, lamps(1))?;
        refund_order(tx, act, order.id, money_for(1))
    });
    // Nobody waits for it any more.
    assert_eq!((after.refunded(), after.fulfilment()), (eur("49.90"), Fulfilment::Fulfilled));
    assert_eq!(after.payments()[1].lines, [RefundedLine { line: 1, quantity: Quantity::from(1) }]);
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(after));

    let error = world.is_refused(|tx, act| return_lines(tx, act, order.id, 1, lamps(2)));
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanOut { line: 1, .. })), "{error}");
    let error = world.is_refused(|tx, act| refund_order(tx, act, order.id, money_for(2)));
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanRefundable { line: 1, .. })), "{error}");
    let dear = money_for(1).amount(eur("49.91"));
    let error = world.is_refused(|tx, act| refund_order(tx, act, order.id, dear));
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanTheyCameTo { .. })), "{error}");

    let after = world.does(|tx, act| {
        return_shipment(tx, act, order.id, 1)?;
        refund_order(tx, act, order.id, NewRefund::in_full())
    });
    assert_eq!((after.refundable(), after.fulfilment()), (eur("0.00"), Fulfilment::Returned));
    assert_eq!(after.payment_status(), PaymentStatus::Refunded);
    let error = world.is_refused(|tx, act| refund_order(tx, act, order.id, NewRefund::in_full()));
    assert_eq!(error.invalid().unwrap().rule(), &Rule::NotPositive);
    let facts = ["order.returned", "order.refunded", "order.returned", "order.refunded"];
    assert_eq!(world.facts(order.id)[4..], facts);
}

//! Orders from their parts, in JSON, and in messages.

use super::*;

/// A confirmed order with two shipments, of which one is back in part, and three entries.
fn busy() -> Order {
    after(&[
        Step::Confirm,
        Step::Ship(Some(vec![(1, 1)])),
        Step::Ship(Some(vec![(1, 1), (3, 1)])),
        Step::Deliver(1),
        Step::TakeBackSome(2, vec![(3, 1)]),
        Step::Pay(Some(7_000)),
        Step::Refund(Some(2_000)),
        Step::RefundLines(vec![(3, 1)]),
    ])
}

#[test]
fn parts_of_an_order_that_contradict_each_other_are_refused() {
    type Case = (&'static str, &'static str, fn(&mut OrderParts));
    let cases: &[Case] = &[
        ("lines", "numbered upwards, from 1, got 1", |parts| parts.lines[1] = line(1, 4, "5.00")),
        ("lines", "numbered upwards, from 1, got 0", |parts| parts.lines[0] = line(0, 2, "50.00")),
        ("total", "sum of the lines", |parts| parts.total = eur(12_001)),
        ("total", "sum of the lines", |parts| parts.total = Money::from_minor(12_000, Currency::USD)),
        ("total", "in USD, not in EUR", |parts| parts.currency = Currency::USD),
        ("net", "sum of the lines under the terms", |parts| parts.net = eur(11_999)),
        ("net", "sum of the lines under the terms", |parts| {
            parts.terms = Terms::default().discount(Discount::Amount(eur(1)));
        }),
        ("total", "sum of the lines under the terms", |parts| {
            parts.lines[0] = parts.lines[0].clone().taxed(Some(vat("19")));
        }),
        ("discount", "must not be negative", |parts| {
            parts.terms = Terms::default().discount(Discount::Amount(eur(-1)));
        }),
        ("lines", "not be empty", |parts| {
            (parts.lines, parts.net, parts.total) = (Vec::new(), eur(0), eur(0));
            (parts.shipments, parts.payments) = (Vec::new(), Vec::new());
        }),
        ("state", "been confirmed", |parts| parts.state = OrderState::Draft),
        ("state", "been confirmed", |parts| {
            (parts.state, parts.payments) = (OrderState::Draft, Vec::new());
        }),
        ("state", "been confirmed", |parts| {
            parts.shipments = Vec::new();
            let day = day("2026-03-05");
            parts.state = OrderState::Cancelled { at: at(9), day, confirmed_on: None, reason: None };
        }),
        ("rate", "pinned by the confirmation (MON-3), got 1 EUR = 1.08 USD", |parts| {
            (parts.state, parts.rate) = (OrderState::Draft, Some(dollars(Currency::EUR)));
            (parts.shipments, parts.payments) = (Vec::new(), Vec::new());
        }),
        ("rate", "in EUR, not in JPY", |parts| parts.rate = Some(dollars(Currency::JPY))),
        ("rate", "hold on the day of the confirmation already (MON-3)", |parts| {
            parts.rate = Some(DatedRate { day: day("2026-03-03"), ..dollars(Currency::EUR) });
        }),
        ("shipments", "numbered from 1", |parts| parts.shipments[1].number = 3),
        ("shipments", "numbered from 1", |parts| parts.shipments[0].number = 0),
        ("shipments", "hold something", |parts| parts.shipments[0].lines = Vec::new()),
        ("quantity", "greater than zero", |parts| parts.shipments[0].lines[0] = of_line(1, 0)),
        ("shipments", "lines of the order, got 2", |parts| parts.shipments[0].lines[0] = of_line(2, 1)),
        ("shipments", "listed twice", |parts| parts.shipments[1].lines[1] = of_line(1, 1)),
        ("shipments", "more of a line", |parts| parts.shipments[1].lines[1] = of_line(3, 6)),
        ("shipments", "more than they hold, got 3", |parts| parts.shipments[1].returned[0] = of_line(3, 2)),
        ("shipments", "more than they hold, got 3", |parts| parts.shipments[0].returned = vec![of_line(3, 1)]),
        ("shipments", "listed twice, got 3", |parts| parts.shipments[1].returned.push(of_line(3, 1))),
        ("quantity", "greater than zero", |parts| parts.shipments[1].returned[0] = of_line(3, 0)),
        ("shipments", "returned once all", |parts| parts.shipments[1].returned.push(of_line(1, 1))),
        ("shipments", "returned once all", |parts| parts.shipments[1].state = ShipmentState::Returned { at: at(9) }),
        ("payments", "numbered from 1", |parts| parts.payments[1].number = 1),
        ("amount", "greater than zero", |parts| parts.payments[0].amount = eur(0)),
        ("amount", "greater than zero", |parts| parts.payments[1].amount = eur(-1)),
        ("amount", "in EUR, not in USD", |parts| parts.payments[0].amount = Money::from_minor(1, Currency::USD)),
        ("payments", "exceed the total", |parts| parts.payments[0].amount = eur(12_001)),
        ("payments", "refund more than", |parts| parts.payments[1].amount = eur(7_001)),
        ("payments", "only where money goes back", |parts| parts.payments[0].lines = vec![back(1, 1)]),
        ("payments", "refund more of a line than was ordered (REF-1), got 3", |parts| {
            parts.payments[1].lines = vec![back(3, 4)];
        }),
        ("payments", "refund more of a line than was ordered (REF-1), got 2", |parts| {
            parts.payments[1].lines = vec![back(2, 1)];
        }),
        ("lines", "listed twice, got 1", |parts| parts.payments[1].lines = vec![back(1, 1), back(1, 1)]),
        ("quantity", "greater than zero", |parts| parts.payments[1].lines = vec![back(1, 0)]),
        ("payments", "refund more than", |parts| parts.payments[0].kind = EntryKind::Refund),
        ("payments", "under its method and reference (REF-3), got 3", |parts| {
            for entry in &mut parts.payments[1..] {
                (entry.method, entry.reference) = (Some(parsed("acme")), Some(parsed("re_1")));
            }
        }),
        ("day", "must not be before 2026-03-09", |parts| parts.payments[0].day = day("2026-03-09")),
        ("payments", "no method and no reference where no money moves, got 4", |parts| {
            let undone = PaymentEntry { number: 4, kind: EntryKind::RefundUndone, ..parts.payments[2].clone() };
            parts.payments.push(PaymentEntry { method: Some(parsed("acme")), ..undone });
        }),
        ("state", "while goods are out", |parts| {
            parts.payments = Vec::new();
            let (day, confirmed_on) = (day("2026-03-05"), Some(day("2026-03-02")));
            parts.state = OrderState::Cancelled { at: at(9), day, confirmed_on, reason: None };
        }),
        ("state", "money is not refunded", |parts| {
            parts.shipments = Vec::new();
            let (day, confirmed_on) = (day("2026-03-05"), Some(day("2026-03-02")));
            parts.state = OrderState::Cancelled { at: at(9), day, confirmed_on, reason: None };
        }),
    ];
    for (field, words, contradict) in cases {
        let mut parts = OrderParts::from(busy());
        contradict(&mut parts);
        let refused = refusal::<Order, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn a_line_whose_amount_is_not_its_product_is_refused() {
    let mut json = serde_json::to_value(line(1, 2, "50.00")).unwrap();
    json["amount"]["amount"] = "99.99".into();
    let refused = serde_json::from_value::<OrderLine>(json).unwrap_err().to_string();
    assert_eq!(refused, "amount must be quantity times price less discount and promotions, got 99.99 EUR");
}

#[test]
fn lines_shipments_and_payments_of_one_order_are_bounded() {
    let many = || (1..=10_001).map(|number| line(number, 1, "0.01")).collect::<Vec<_>>();
    let order = drafted(Vec::new());
    let too_many = Rule::TooMany { limit: 10_000 };
    assert_eq!(
        rule_of(refuses(&order, |order| order.amend(at(1), many(), Terms::default()))),
        ("lines", too_many.clone())
    );

    let mut parts = OrderParts::from(confirmed());
    let entry = |number| entry(number, EntryKind::Payment, 1);
    parts.payments = (1..=10_000).map(entry).collect();
    let full = Order::try_from(parts.clone()).unwrap();
    assert_eq!(rule_of(refuses(&full, |order| order.pay(at(9), money(1)))), ("payments", too_many.clone()));
    assert_eq!(rule_of(refuses(&full, |order| order.refund(at(9), money(1)))), ("payments", too_many.clone()));
    parts.payments = (1..=10_001).map(entry).collect();
    assert_eq!(Order::try_from(parts).unwrap_err().field(), "payments");

    let mut parts = OrderParts::from(confirmed());
    let lines = vec![of_line(1, 1)];
    let state = ShipmentState::Returned { at: at(2) };
    let shipment =
        |number| Shipment { number, shipped_at: at(1), state, lines: lines.clone(), returned: lines.clone() };
    parts.shipments = (1..=10_000).map(shipment).collect();
    let full = Order::try_from(parts.clone()).unwrap();
    assert_eq!(rule_of(refuses(&full, |order| order.ship(at(9), None))), ("shipments", too_many));
    parts.shipments = (1..=10_001).map(shipment).collect();
    assert_eq!(Order::try_from(parts).unwrap_err().field(), "shipments");
}

#[test]
fn what_an_order_is_made_of_survives_json() {
    survives_json(&busy());
    survives_json(&standing(Locked, Pay));
    survives_json(&standing(Cancelled, Refund));
    let new = NewOrder::for_customer(id(1), Currency::EUR)
        .id(id(2))
        .number(parsed("SO-7"))
        .external_id(parsed("ext-7"))
        .rep(id(3))
        .line(id(4), 2)
        .line_with(
            NewOrderLine::new(id(5), parsed("0.5"))
                .unit_price(UnitPrice::parse("0.0125", Currency::EUR).unwrap())
                .discount(parsed("7.25")),
        );
    survives_json(&new);
    survives_json(&line(2, 1, "0.50").continuing(1));
    let listed =
        line(2, 1, "0.50").grouped(Some(parsed("left"))).listed(UnitPrice::parse("0.60", Currency::EUR).unwrap());
    survives_json(&listed.unwrap());
    let yen = line(2, 1, "0.50").listed(UnitPrice::parse("60", Currency::JPY).unwrap()).unwrap_err();
    assert_eq!((yen.field(), line(2, 1, "0.50").group()), ("list price", None));
    let mut listed = drafted(lines());
    listed.price_by(at(1), Some(id(6))).unwrap();
    survives_json(&listed);
    survives_json(&NewRefund::of_lines([back(1, 2)]).amount(eur(1)).day(day("2026-03-02")).method(parsed("card")));
    survives_json(&NewRefund::in_full().reference(parsed("R-1")));
    survives_json(&money(1).day(day("2026-03-02")).method(parsed("card")).reference(parsed("R-1")));
    busy().revenue().iter().for_each(survives_json);
}

#[test]
fn each_fact_of_an_order_survives_json_under_its_name() {
    let mut facts = vec![
        OrderFact::Drafted { order: Box::new(busy()) },
        OrderFact::Deleted { order: Box::new(standing(Cancelled, Delete)) },
        OrderFact::PriceListChanged { from: None, to: Some(id(5)) },
    ];
    facts.extend(ACTIONS.into_iter().filter_map(|action| fact_of(action, Confirmed)));
    let order: OrderId = id(9);
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((order, fact)))),
        [
            "order.drafted",
            "order.deleted",
            "order.price_list_changed",
            "order.amended",
            "order.reassigned",
            "order.confirmed",
            "order.locked",
            "order.unlocked",
            "order.cancelled",
            "order.shipped",
            "order.delivered",
            "order.returned",
            "order.paid",
            "order.refunded",
            "order.refund_undone",
        ]
    );
}

#[test]
fn the_reason_of_a_cancellation_does_not_show_in_debug() {
    let mut order = drafted(lines());
    let fact = order.cancel(at(1), day("2026-03-02"), Some(parsed("Marker wrote that"))).unwrap();
    hides_personal_data(&order);
    hides_personal_data(&OrderParts::from(order.clone()));
    hides_personal_data(&Fact::from((order.id, fact)));
    hides_personal_data(&OrderFact::Deleted { order: Box::new(order) });
}

#[test]
fn refusals_name_the_order_and_the_values() {
    let mut order = confirmed();
    let number = order.id.to_string();
    assert_eq!(
        order.amend(at(9), Vec::new(), Terms::default()).unwrap_err().to_string(),
        format!("cannot amend {number}: it is confirmed")
    );
    let refused = order.pay(at(9), money(50_000)).unwrap_err().to_string();
    assert_eq!(refused, format!("cannot take 500.00 EUR for {number}: 120.00 EUR is owed"));
    let method: Label = parsed("card");
    let OrderFact::Paid { entry, .. } = order.pay(at(9), money(1).method(method.clone())).unwrap() else { panic!() };
    assert_eq!((entry.method, entry.day), (Some(method), at(9).date_naive()));
}

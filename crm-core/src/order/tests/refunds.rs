//! Money that goes back: for lines, and in full.

use proptest::prelude::*;

use super::*;
use crate::{Discount, Tax, TaxRounding, Taxation};

fn paid() -> Order {
    let mut order = confirmed();
    order.pay(at(2), money(12_000)).unwrap();
    order
}

fn last(order: &Order) -> &PaymentEntry {
    order.payments().last().unwrap()
}

#[test]
fn ref_1_a_line_is_refunded_up_to_what_was_ordered_of_it() {
    let mut order = paid();
    order.refund(at(3), NewRefund::of_lines([back(3, 3), back(1, 1)])).unwrap();
    assert_eq!((last(&order).amount, last(&order).lines.clone()), (eur(6_500), vec![back(3, 3), back(1, 1)]));
    assert_eq!(order.refundable_lines(), [back(1, 1), back(3, 1)]);
    let ask = |lines: Vec<RefundedLine>| move |order: &mut Order| order.refund(at(4), NewRefund::of_lines(lines));
    let (line, quantity, left) = (3, Quantity::from(2), Quantity::from(1));
    let more = OrderError::MoreThanRefundable { order: order.id, line, quantity, left };
    assert_eq!(refuses(&order, ask(vec![back(1, 1), back(3, 2)])), more);
    assert_eq!(more.to_string(), format!("cannot refund 2 of line 3 of {}: 1 are left to refund (REF-1)", order.id));
    assert_eq!(refuses(&order, ask(vec![back(2, 1)])), OrderError::NoSuchLine { order: order.id, line: 2 });
    assert_eq!(rule_of(refuses(&order, ask(vec![back(1, 0)]))), ("quantity", Rule::NotPositive));
    assert_eq!(rule_of(refuses(&order, ask(vec![back(1, 1), back(1, 1)]))), ("lines", Rule::Repeated));
    order.refund(at(5), NewRefund::of_lines([back(3, 1)])).unwrap();
    order.refund(at(6), NewRefund::of_lines([back(1, 1)])).unwrap();
    assert_eq!((order.refundable(), order.refundable_lines()), (eur(0), Vec::new()));
    assert_eq!(order.payment_status(), PaymentStatus::Refunded);
}

#[test]
fn ref_1_lines_come_to_no_more_than_was_paid() {
    let mut order = confirmed();
    order.pay(at(2), money(5_000)).unwrap();
    let too_much = OrderError::OverRefunded { order: order.id, amount: eur(5_500), refundable: eur(5_000) };
    let lines = || NewRefund::of_lines([back(1, 1), back(3, 1)]);
    assert_eq!(refuses(&order, |order| order.refund(at(3), lines())), too_much);
    // Less than they came to does not make lines paid that were not.
    let not_paid = OrderError::LinesNotPaid { order: order.id, came_to: eur(10_000), paid: eur(5_000) };
    let both = || NewRefund::of_lines([back(1, 2)]).amount(eur(5_000));
    assert_eq!(refuses(&order, |order| order.refund(at(3), both())), not_paid);
    order.refund(at(3), NewRefund::of_lines([back(1, 1)]).amount(eur(4_000))).unwrap();
    let rest = || NewRefund::of_lines([back(1, 1)]).amount(eur(1_000));
    assert_eq!(refuses(&order, |order| order.refund(at(4), rest())), not_paid);
    order.refund(at(4), NewRefund::in_full()).unwrap();
    assert_eq!((order.refundable(), order.owed()), (eur(0), eur(7_000)));
    assert!(not_paid.to_string().ends_with("they come to 100.00 EUR, and 50.00 EUR is paid (REF-1)"));
}

#[test]
fn ref_1_money_goes_back_on_a_day_on_which_it_is_there() {
    let mut order = confirmed();
    order.pay(at(2), money(4_000).day(day("2026-03-10"))).unwrap();
    order.pay(at(2), money(4_000).day(day("2026-03-20"))).unwrap();
    let early = |cents, on, earliest| {
        let (order, amount, day, earliest) = (order.id, eur(cents), day(on), day(earliest));
        OrderError::RefundedTooEarly { order, amount, day, earliest }
    };
    let back = |cents, on| move |order: &mut Order| order.refund(at(3), money(cents).day(day(on)));
    assert_eq!(refuses(&order, back(1, "2026-03-05")), early(1, "2026-03-05", "2026-03-10"));
    assert_eq!(refuses(&order, back(4_001, "2026-03-19")), early(4_001, "2026-03-19", "2026-03-20"));
    let mut order = order.clone();
    order.refund(at(3), money(3_000).day(day("2026-03-12"))).unwrap();
    assert_eq!(refuses(&order, back(1_001, "2026-03-12")), early(1_001, "2026-03-12", "2026-03-20"));
    // What went back later is not there before.
    order.refund(at(4), money(4_000).day(day("2026-03-25"))).unwrap();
    assert_eq!(refuses(&order, back(1_001, "2026-03-22")), {
        let (order, amount) = (order.id, eur(1_001));
        OrderError::OverRefunded { order, amount, refundable: eur(1_000) }
    });
    order.refund(at(5), money(1_000).day(day("2026-03-12"))).unwrap();
    assert_eq!(order.refundable(), eur(0));

    // Without a day it is the first on which the money is there.
    let mut order = confirmed();
    order.pay(at(2), money(4_000).day(day("2026-03-10"))).unwrap();
    order.refund(at(3), money(4_000)).unwrap();
    assert_eq!(last(&order).day, day("2026-03-10"));
}

#[test]
fn ref_3_a_method_and_a_reference_stand_for_one_payment_and_one_refund_of_an_order() {
    let mut order = confirmed();
    let named = |cents| money(cents).method(parsed("acme")).reference(parsed("ch_1"));
    order.pay(at(2), named(4_000)).unwrap();
    let taken = |order: &Order, entry| OrderError::ReferenceTaken { order: order.id, entry };
    for cents in [4_000, 4_001, 99_999] {
        assert_eq!(refuses(&order, |order| order.pay(at(3), named(cents))), taken(&order, 1));
    }
    // A refund may quote the payment that it gives back.
    order.refund(at(3), named(1_000)).unwrap();
    assert_eq!(refuses(&order, |order| order.refund(at(4), named(1_000))), taken(&order, 2));
    assert_eq!(
        taken(&order, 2).to_string(),
        format!("entry 2 of {} has that method and reference already (REF-3)", order.id)
    );
    // Half of the two tells nothing, and another method is another money.
    order.pay(at(5), money(1).reference(parsed("ch_1"))).unwrap();
    order.pay(at(5), money(1).reference(parsed("ch_1"))).unwrap();
    order.pay(at(5), named(1).method(parsed("bank"))).unwrap();
}

#[test]
fn ref_1_what_is_refused_of_money_and_goods_names_the_order() {
    let order = paid();
    let number = order.id;
    let of = |refused: OrderError| refused.to_string();
    assert_eq!(
        of(refuses(&order, |order| order.refund(at(3), money(0)))),
        format!("cannot refund {number}: amount must be greater than zero, got 0.00 EUR")
    );
    assert_eq!(
        of(refuses(&order, |order| order.pay(at(3), NewPayment::of(Money::from_minor(5, Currency::USD))))),
        format!("cannot pay {number}: amount must be in EUR, not in USD, got 0.05 USD")
    );
    assert_eq!(
        of(refuses(&order, |order| order.refund(at(3), NewRefund::of_lines([back(1, 0)])))),
        format!("cannot refund {number}: quantity must be greater than zero, got 0")
    );
    assert_eq!(
        of(refuses(&order, |order| order.ship(at(3), Some(Vec::new())))),
        format!("cannot ship {number}: lines must not be empty")
    );
}

#[test]
fn ref_2_a_refund_that_is_undone_is_owed_again_and_counts_again_on_its_own_day() {
    // Sixty by the wrong card.
    let mut order = confirmed();
    order.pay(at(2), money(6_000)).unwrap();
    order.refund(at(3), NewRefund::in_full()).unwrap();
    assert_eq!((order.owed(), order.worth()), (eur(6_000), eur(6_000)));
    let fact = order.undo_refund(at(4), 2, Some(day("2026-03-09"))).unwrap();
    let OrderFact::RefundUndone { entry, restored, owed } = fact else { panic!() };
    assert_eq!(restored, eur(6_000));
    assert_eq!((entry.number, entry.kind, entry.amount), (3, EntryKind::RefundUndone, eur(6_000)));
    assert_eq!((owed, order.worth(), order.refundable()), (eur(12_000), eur(12_000), eur(0)));
    assert_eq!(order.payment_status(), PaymentStatus::Partial);
    order.pay(at(5), money(12_000)).unwrap();
    assert_eq!((order.owed(), order.payment_status()), (eur(0), PaymentStatus::Paid));
    let revenue: Vec<_> =
        order.revenue().iter().map(|one| (one.day.to_string(), one.kind, one.amount.minor())).collect();
    let on = |day: &str, kind, cents| (day.to_owned(), kind, cents);
    assert_eq!(
        revenue,
        [
            on("2026-03-02", RevenueKind::Booked, 12_000),
            on("2026-03-02", RevenueKind::Refunded, -6_000),
            on("2026-03-09", RevenueKind::RefundUndone, 6_000),
        ]
    );
    // REF-2 holds as before.
    order.refund(at(6), NewRefund::in_full()).unwrap();
    assert_eq!((last(&order).amount, order.worth(), order.refundable_lines()), (eur(12_000), eur(0), Vec::new()));

    // A refund in full that was a mistake: its lines can go out and be refunded again.
    let mut order = paid();
    order.refund(at(3), NewRefund::in_full()).unwrap();
    assert_eq!((order.payment_status(), order.unshipped()), (PaymentStatus::Refunded, Vec::new()));
    order.undo_refund(at(4), 2, None).unwrap();
    assert_eq!((order.owed(), order.unshipped().len(), order.refundable_lines().len()), (eur(12_000), 2, 2));
    assert_eq!(order.customer_figure().unwrap().revenue, eur(12_000));
    survives_json(&order);
}

/// A line of 100.00 at each of two taxes, confirmed and paid.
fn two_taxes(taxes: [u16; 2]) -> Order {
    let price = UnitPrice::parse("100.00", Currency::EUR).unwrap();
    let line = |(number, percent): (u32, u16)| {
        let tax = Tax::new(parsed(&format!("T{percent}")), Percent::whole(percent)).unwrap();
        OrderLine::new(number, id(4), Quantity::from(1), price, Percent::ZERO).unwrap().taxed(Some(tax))
    };
    let lines = (1..).zip(taxes).map(line).collect();
    let mut order = Order::draft(at(0), Draft::new(id(9), parsed("SO-1"), id(1), Currency::EUR, lines)).unwrap();
    order.confirm(at(1), day("2026-03-02")).unwrap();
    order.pay(at(2), NewPayment::of(order.total())).unwrap();
    order
}

#[test]
fn ref_2_what_is_paid_again_counts_by_what_the_undone_refund_took_back() {
    for (taxes, line) in [([19, 7], 1), ([19, 7], 2), ([0, 900], 1), ([0, 900], 2)] {
        let mut order = two_taxes(taxes);
        order.refund(at(3), NewRefund::of_lines([back(line, 1)])).unwrap();
        let amount = last(&order).amount;
        order.undo_refund(at(4), 2, None).unwrap();
        // In two parts, rounded in between.
        let part = Money::from_minor(amount.minor() / 3, Currency::EUR);
        order.pay(at(5), NewPayment::of(part)).unwrap();
        order.pay(at(6), NewPayment::of(amount.checked_sub(part).unwrap())).unwrap();
        let counted = Money::sum(order.paid(), Currency::EUR).unwrap();
        assert_eq!((order.owed(), counted), (eur(0), order.net()), "{taxes:?} {line}");
        order.refund(at(7), NewRefund::in_full()).unwrap();
        assert_eq!(Money::sum(order.paid(), Currency::EUR), Ok(eur(0)), "{taxes:?} {line}");
    }
}

#[test]
fn ref_2_refunds_are_undone_from_the_last_one_back() {
    let mut order = paid();
    let not_last = |entry, last| OrderError::NotTheLastRefund { order: order.id, entry, last };
    let (none, second, of_payment) = (not_last(2, None), not_last(2, Some(3)), not_last(1, Some(3)));
    assert_eq!(refuses(&order, |order| order.undo_refund(at(3), 2, None)), none);
    order.refund(at(3), NewRefund::of_lines([back(1, 1)])).unwrap();
    order.refund(at(4), money(1_000).day(day("2026-03-08"))).unwrap();
    assert_eq!(refuses(&order, |order| order.undo_refund(at(5), 2, None)), second);
    assert_eq!(refuses(&order, |order| order.undo_refund(at(5), 1, None)), of_payment);
    assert!(second.to_string().ends_with("the last refund that stands is entry 3"));
    let early = refuses(&order, |order| order.undo_refund(at(5), 3, Some(day("2026-03-07"))));
    assert_eq!(rule_of(early), ("day", Rule::TooEarly { earliest: day("2026-03-08") }));
    order.undo_refund(at(5), 3, None).unwrap();
    assert_eq!(last(&order).day, day("2026-03-08"));
    order.undo_refund(at(6), 2, None).unwrap();
    assert_eq!((order.worth(), order.owed(), last(&order).lines.clone()), (eur(12_000), eur(6_000), vec![back(1, 1)]));
    assert_eq!(refuses(&order, |order| order.undo_refund(at(7), 2, None)), none);

    let wrong = |change: fn(&mut OrderParts)| {
        let mut parts = OrderParts::from(order.clone());
        change(&mut parts);
        Order::try_from(parts).unwrap_err().to_string()
    };
    let must = "payments must undo the last refund that stands";
    assert!(wrong(|parts| parts.payments[3].amount = eur(999)).starts_with(must));
    assert!(wrong(|parts| parts.payments[4].lines = Vec::new()).starts_with(must));
    assert!(wrong(|parts| parts.payments[1].kind = EntryKind::RefundUndone).starts_with(must));
    assert!(wrong(|parts| parts.payments[3].day = day("2026-03-07")).starts_with("day must not be before 2026-03-08"));
}

#[test]
fn ord_7_what_was_refunded_by_line_is_not_shipped_any_more() {
    let mut order = paid();
    order.refund(at(3), NewRefund::of_lines([back(1, 1)])).unwrap();
    assert_eq!(order.unshipped(), [of_line(1, 1), of_line(3, 4)]);
    let more = OrderError::MoreThanLeft { order: order.id, line: 1, quantity: 2.into(), left: 1.into() };
    assert_eq!(refuses(&order, |order| order.ship(at(4), Some(vec![of_line(1, 2)]))), more);
    order.ship(at(4), None).unwrap();
    assert_eq!(order.fulfilment(), Fulfilment::Fulfilled);
    // What came back is sent again, unless its money went back too; what stays with the customer does not matter.
    order.take_back_lines(at(5), 1, vec![of_line(3, 1)]).unwrap();
    assert_eq!((order.unshipped(), order.fulfilment()), (vec![of_line(3, 1)], Fulfilment::Partial));
    order.refund(at(6), NewRefund::of_lines([back(3, 1)])).unwrap();
    assert_eq!((order.unshipped(), order.fulfilment()), (Vec::new(), Fulfilment::Fulfilled));
    order.refund(at(7), NewRefund::of_lines([back(3, 2)])).unwrap();
    assert_eq!(order.fulfilment(), Fulfilment::Fulfilled);
    order.take_back(at(8), 1).unwrap();
    assert_eq!((order.unshipped(), order.fulfilment()), (vec![of_line(1, 1), of_line(3, 1)], Fulfilment::Returned));
}

#[test]
fn ref_2_credited_money_goes_back_with_the_tax_of_its_lines() {
    let credits = |order: &Order| -> Vec<(i64, Vec<i64>)> {
        let entries = order.paid_by_product().map(|entry| {
            let (net, products) = entry.unwrap();
            (net.minor(), products.values().map(|part| part.minor()).collect())
        });
        entries.collect()
    };
    let mut order = taxed();
    order.refund(at(3), NewRefund::of_lines([back(1, 1)])).unwrap();
    order.refund(at(4), NewRefund::of_lines([back(2, 4)])).unwrap();
    // 59.50 at 19 %, 107.00 at 7 %.
    let expected = [(20_000, vec![10_000, 10_000]), (-5_000, vec![-5_000, 0]), (-10_000, vec![0, -10_000])];
    assert_eq!(credits(&order), expected);
    order.undo_refund(at(5), 3, None).unwrap();
    order.pay(at(6), money(10_700)).unwrap();
    order.refund(at(7), NewRefund::in_full()).unwrap();
    // No money moves, but what is left of it is no longer for the first line alone.
    assert_eq!(credits(&order)[3], (0, vec![-3_333, 3_333]));
    assert_eq!(credits(&order).iter().map(|(net, _)| net).sum::<i64>(), 0);
    for product in 0..2 {
        assert_eq!(credits(&order).iter().map(|(_, products)| products[product]).sum::<i64>(), 0);
    }
}

#[test]
fn ref_2_less_than_lines_came_to_may_go_back_and_never_more() {
    let order = paid();
    let of = |cents| NewRefund::of_lines([back(1, 1)]).amount(eur(cents));
    let (amount, came_to) = (eur(5_001), eur(5_000));
    let more = OrderError::MoreThanTheyCameTo { order: order.id, amount, came_to };
    assert_eq!(refuses(&order, |order| order.refund(at(3), of(5_001))), more);
    assert_eq!(rule_of(refuses(&order, |order| order.refund(at(3), of(0)))), ("amount", Rule::NotPositive));
    let yen = NewRefund::of_lines([back(1, 1)]).amount(Money::from_minor(5, Currency::JPY));
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert_eq!(rule_of(refuses(&order, |order| order.refund(at(3), yen))), ("amount", mismatch));

    // A fee of 5.00 is kept, until all goes back.
    let mut order = order;
    order.refund(at(3), of(4_500)).unwrap();
    assert_eq!((order.refundable(), order.refundable_lines()), (eur(7_500), vec![back(1, 1), back(3, 4)]));
    let OrderFact::Refunded { entry, refundable, .. } = order.refund(at(4), NewRefund::in_full()).unwrap() else {
        panic!()
    };
    assert_eq!((entry.amount, refundable), (eur(7_500), eur(0)));
    assert_eq!(entry.lines, [back(1, 1), back(3, 4)]);
}

#[test]
fn ref_2_a_refund_in_full_leaves_exactly_nothing() {
    let mut order = paid();
    order.refund(at(3), NewRefund::in_full()).unwrap();
    assert_eq!((last(&order).amount, last(&order).lines.clone()), (eur(12_000), vec![back(1, 2), back(3, 4)]));
    assert_eq!((order.refundable(), order.payment_status()), (eur(0), PaymentStatus::Refunded));
    assert_eq!(Money::sum(order.revenue().iter().map(|one| one.amount), Currency::EUR), Ok(eur(0)));
    let nothing = refuses(&order, |order| order.refund(at(4), NewRefund::in_full()));
    assert_eq!(rule_of(nothing), ("amount", Rule::NotPositive));

    // Of an order that is paid in part the money goes back, and the lines stay owed.
    let mut order = confirmed();
    order.pay(at(2), money(5_000)).unwrap();
    order.refund(at(3), NewRefund::in_full()).unwrap();
    assert_eq!((last(&order).amount, last(&order).lines.len()), (eur(5_000), 0));
    assert_eq!(order.refundable_lines().len(), 2);
}

#[test]
fn ref_2_parts_of_a_line_are_rounded_as_parts_of_the_whole() {
    // Three for 10.00: 3.33, 3.34 and 3.33.
    let mut order = drafted(vec![line(1, 1, "0"), line(2, 3, "3.333333")]);
    order.confirm(at(1), day("2026-03-02")).unwrap();
    order.pay(at(2), money(1_000)).unwrap();
    let mut amounts = Vec::new();
    for minute in 3..6 {
        order.refund(at(minute), NewRefund::of_lines([back(2, 1)])).unwrap();
        amounts.push(last(&order).amount.minor());
    }
    assert_eq!((amounts, order.refundable()), (vec![333, 334, 333], eur(0)));
    // A line that cost nothing has nothing to give back by itself.
    let nothing = refuses(&order, |order| order.refund(at(9), NewRefund::of_lines([back(1, 1)])));
    assert_eq!(rule_of(nothing), ("amount", Rule::NotPositive));
}

/// 100.00 of one product at 19 % and 100.00 of another at 7 %, paid: 226.00.
fn taxed() -> Order {
    let tax = |rate: &str| Some(Tax::new(parsed(&format!("VAT {rate}")), parsed(rate)).unwrap());
    let price = |price| UnitPrice::parse(price, Currency::EUR).unwrap();
    let one = OrderLine::new(1, id(7), Quantity::from(2), price("50"), Percent::ZERO).unwrap().taxed(tax("19"));
    let other = OrderLine::new(2, id(8), Quantity::from(4), price("25"), Percent::ZERO).unwrap().taxed(tax("7"));
    let mut order = drafted(vec![one, other]);
    order.confirm(at(1), day("2026-03-02")).unwrap();
    order.pay(at(2), money(22_600)).unwrap();
    order
}

/// What each entry of revenue counts for, in all and of each product.
fn booked(order: &Order) -> Vec<(i64, Vec<i64>)> {
    let entries = order.revenue_by_product().map(|entry| {
        let (revenue, products) = entry.unwrap();
        (revenue.amount.minor(), products.values().map(|part| part.minor()).collect())
    });
    entries.collect()
}

#[test]
fn ref_2_a_refunded_line_gives_its_own_tax_back_and_counts_for_its_own_product() {
    let mut order = taxed();
    order.refund(at(3), NewRefund::of_lines([back(1, 1)])).unwrap();
    assert_eq!(last(&order).amount, eur(5_950));
    order.refund(at(4), NewRefund::of_lines([back(2, 3)])).unwrap();
    assert_eq!(last(&order).amount, eur(8_025));
    // Money alone is a share of what is left: 50.00 at 19 % and 25.00 at 7 %, 86.25.
    order.refund(at(5), money(4_313)).unwrap();
    order.refund(at(6), NewRefund::in_full()).unwrap();
    assert_eq!(last(&order).amount, eur(4_312));
    let expected = [
        (20_000, vec![10_000, 10_000]),
        (-5_000, vec![-5_000, 0]),
        (-7_500, vec![0, -7_500]),
        (-3_750, vec![-2_500, -1_250]),
        (-3_750, vec![-2_500, -1_250]),
    ];
    assert_eq!(booked(&order), expected);
    assert!(order.worth().is_zero());
}

#[test]
fn ref_2_a_fee_that_is_kept_stays_with_its_line() {
    let mut order = taxed();
    // All of the first line goes back, less a fee of 11.90 with its tax.
    order.refund(at(3), NewRefund::of_lines([back(1, 2)]).amount(eur(10_710))).unwrap();
    assert_eq!(booked(&order)[1], (-9_000, vec![-9_000, 0]));
    order.refund(at(4), NewRefund::of_lines([back(2, 4)])).unwrap();
    assert_eq!((order.refundable(), order.worth()), (eur(1_190), eur(1_000)));
    order.refund(at(5), NewRefund::in_full()).unwrap();
    assert_eq!(booked(&order)[2..], [(-10_000, vec![0, -10_000]), (-1_000, vec![-1_000, 0])]);
}

proptest! {
    /// Whatever goes back, by line or as money, of whatever taxes: nothing is left in the end, and nothing comes back on the way.
    #[test]
    fn ref_2_lines_and_money_leave_exactly_nothing(
        made in prop::collection::vec((1_i64..9_000_000, 0_i64..300_000_000, prop::sample::select(vec![0, 7, 19, 100])), 1..4),
        gross in any::<bool>(),
        off in prop::option::of(0_u16..=100),
        refunds in prop::collection::vec((0_usize..6, 1_i64..6_000_000), 0..12),
    ) {
        let lines: Vec<OrderLine> = (1..).zip(&made).map(|(number, (quantity, price, rate))| {
            let price = UnitPrice::from_millionths(*price, Currency::EUR).unwrap();
            let quantity = Quantity::from_millionths(*quantity).unwrap();
            let tax = Tax::new(parsed(&format!("VAT {rate}")), Percent::whole(*rate)).unwrap();
            OrderLine::new(number, id(6 + u128::from(number)), quantity, price, Percent::ZERO).unwrap().taxed(Some(tax))
        }).collect();
        let taxation = if gross { Taxation::gross(TaxRounding::PerLine) } else { Taxation::net(TaxRounding::Global) };
        let discount = off.map(|off| Discount::Percent(Percent::whole(off)));
        let mut order = drafted(Vec::new());
        order.amend(at(0), lines, Terms { discount, ..Terms::from(taxation) }).unwrap();
        order.confirm(at(1), day("2026-03-02")).unwrap();
        if order.total().is_positive() {
            order.pay(at(2), NewPayment::of(order.total())).unwrap();
        }
        for (line, much) in refunds {
            if line == 5 {
                // As though it had not been, and the money comes again.
                if let Some(last) = order.standing_refunds().last().map(|last| last.number) {
                    let undone = order.refund_nets()[order.payments()[..last as usize].iter().filter(|one| one.kind != EntryKind::Payment).count() - 1].net;
                    let worth = order.worth();
                    order.undo_refund(at(3), last, None).unwrap();
                    prop_assert_eq!(order.worth(), worth.checked_add(undone).unwrap());
                    order.pay(at(3), NewPayment::of(order.owed())).unwrap();
                }
                continue;
            }
            let left = order.refundable_lines();
            let Some(left) = left.get(line) else {
                let _ = order.refund(at(3), money(much % 5_000));
                continue;
            };
            let quantity = Quantity::from_millionths(much.min(left.quantity.millionths())).unwrap();
            let _ = order.refund(at(3), NewRefund::of_lines([RefundedLine { quantity, ..*left }]));
            prop_assert!(!order.worth().is_negative() && order.worth() <= order.net());
        }
        if order.refundable().is_positive() {
            order.refund(at(4), NewRefund::in_full()).unwrap();
        }
        let revenue = order.revenue();
        for entry in &revenue[1..] {
            prop_assert!(entry.amount.is_zero() || entry.amount.is_positive() == (entry.kind == RevenueKind::RefundUndone));
        }
        if order.total().is_positive() {
            prop_assert!(order.worth().is_zero());
            let mut paid = std::collections::BTreeMap::<ProductId, i64>::new();
            for entry in order.paid_by_product() {
                entry.unwrap().1.into_iter().for_each(|(product, part)| *paid.entry(product).or_default() += part.minor());
            }
            prop_assert!(paid.values().all(|left| *left == 0), "{:?}", paid);
            let mut left = std::collections::BTreeMap::<ProductId, i64>::new();
            for entry in order.revenue_by_product() {
                entry.unwrap().1.into_iter().for_each(|(product, part)| *left.entry(product).or_default() += part.minor());
            }
            prop_assert!(left.values().all(|left| *left == 0), "{:?}", left);
        }
        prop_assert_eq!(&Order::try_from(OrderParts::from(order.clone())).unwrap(), &order);
    }

    #[test]
    fn ref_2_all_of_a_line_in_whatever_parts_comes_to_its_amount(
        millionths in 1_i64..20_000_000,
        price in 0_i64..2_000_000_000,
        discount in 0_i64..=1_000_000,
        parts in prop::collection::vec(1_i64..10_000_000, 0..12),
    ) {
        let price = UnitPrice::from_millionths(price, Currency::EUR).unwrap();
        let discount = Percent::from_ten_thousandths(discount).unwrap();
        let line = OrderLine::new(1, id(7), Quantity::from_millionths(millionths).unwrap(), price, discount).unwrap();
        let amount = line.amount();
        let mut order = drafted(vec![line]);
        order.confirm(at(1), day("2026-03-02")).unwrap();
        if amount.is_positive() {
            order.pay(at(2), NewPayment::of(amount)).unwrap();
        }
        for part in parts {
            let Some(left) = order.refundable_lines().pop() else { break };
            let part = part.min(left.quantity.millionths());
            let lines = [RefundedLine { line: 1, quantity: Quantity::from_millionths(part).unwrap() }];
            let came_to = order.came_to(&lines).unwrap();
            prop_assert!(!came_to.is_negative());
            if came_to.is_positive() {
                order.refund(at(3), NewRefund::of_lines(lines)).unwrap();
            }
        }
        let left = order.refundable_lines();
        if !left.is_empty() {
            // What is left to refund of the line is what is left of the money, to the cent.
            prop_assert_eq!(order.came_to(&left).unwrap(), order.refundable());
        }
        if order.refundable().is_positive() {
            order.refund(at(4), NewRefund::in_full()).unwrap();
        }
        prop_assert!(order.refundable().is_zero());
        prop_assert_eq!(Money::sum(order.revenue().iter().map(|one| one.amount), Currency::EUR).unwrap(), eur(0));
    }
}

//! What holds after any steps: the axes of fulfilment and payment, and the books.

use proptest::prelude::*;

use super::*;

#[test]
fn ord_7_fulfilment_and_payment_are_axes_of_their_own() {
    use Fulfilment::{Fulfilled, Partial as PartlyShipped, Returned, Unfulfilled};
    use PaymentStatus::{Paid, Partial as PartlyPaid, Refunded, Unpaid};
    use Step::{Cancel, Confirm, Deliver, Lock, Pay, Refund, Ship, TakeBack};
    let some = || Ship(Some(vec![(1, 1)]));
    let cases: Vec<(Vec<Step>, Fulfilment, PaymentStatus, i64)> = vec![
        (vec![], Unfulfilled, Unpaid, 0),
        (vec![Confirm], Unfulfilled, Unpaid, 12_000),
        (vec![Confirm, Lock], Unfulfilled, Unpaid, 12_000),
        (vec![Cancel], Unfulfilled, Unpaid, 0),
        (vec![Confirm, Cancel], Unfulfilled, Unpaid, 0),
        // Goods move, money does not.
        (vec![Confirm, some()], PartlyShipped, Unpaid, 12_000),
        (vec![Confirm, Ship(None)], Fulfilled, Unpaid, 12_000),
        (vec![Confirm, some(), Ship(None)], Fulfilled, Unpaid, 12_000),
        (vec![Confirm, Ship(None), Deliver(1)], Fulfilled, Unpaid, 12_000),
        (vec![Confirm, Ship(None), Deliver(1), TakeBack(1)], Returned, Unpaid, 12_000),
        (vec![Confirm, some(), TakeBack(1)], Returned, Unpaid, 12_000),
        (vec![Confirm, some(), Ship(None), TakeBack(1)], PartlyShipped, Unpaid, 12_000),
        (vec![Confirm, Ship(None), TakeBack(1), Ship(None)], Fulfilled, Unpaid, 12_000),
        (vec![Confirm, Ship(None), TakeBack(1), Cancel], Returned, Unpaid, 0),
        // Money moves, goods do not.
        (vec![Confirm, Pay(Some(1))], Unfulfilled, PartlyPaid, 11_999),
        (vec![Confirm, Pay(None)], Unfulfilled, Paid, 0),
        (vec![Confirm, Pay(Some(1)), Pay(None)], Unfulfilled, Paid, 0),
        (vec![Confirm, Pay(None), Refund(Some(1))], Unfulfilled, Paid, 0),
        (vec![Confirm, Pay(None), Refund(None)], Unfulfilled, Refunded, 0),
        (vec![Confirm, Pay(Some(5_000)), Refund(Some(2_000))], Unfulfilled, PartlyPaid, 7_000),
        // The rest is owed while the order binds, whatever went back.
        (vec![Confirm, Pay(Some(5_000)), Refund(None)], Unfulfilled, PartlyPaid, 7_000),
        (vec![Confirm, Pay(Some(5_000)), Refund(None), Lock], Unfulfilled, PartlyPaid, 7_000),
        (vec![Confirm, Pay(Some(5_000)), Refund(None), Pay(None), Refund(None)], Unfulfilled, Refunded, 0),
        (vec![Confirm, Pay(Some(5_000)), Refund(None), Pay(Some(1))], Unfulfilled, PartlyPaid, 6_999),
        (vec![Confirm, Pay(Some(5_000)), Refund(None), Pay(None)], Unfulfilled, Paid, 0),
        (vec![Confirm, Pay(Some(5_000)), Refund(None), Cancel], Unfulfilled, Refunded, 0),
        // Both.
        (vec![Confirm, Lock, Ship(None), Pay(Some(1))], Fulfilled, PartlyPaid, 11_999),
        (vec![Confirm, Pay(None), some()], PartlyShipped, Paid, 0),
        (vec![Confirm, Pay(None), Ship(None), Refund(None)], Fulfilled, Refunded, 0),
        (vec![Confirm, Pay(None), Ship(None), TakeBack(1)], Returned, Paid, 0),
    ];
    for (steps, fulfilment, payment, owed) in cases {
        let order = after(&steps);
        let found = (order.fulfilment(), order.payment_status(), order.owed());
        assert_eq!(found, (fulfilment, payment, eur(owed)), "{steps:?}");
    }
}

#[test]
fn an_order_over_nothing_is_paid_once_it_is_confirmed() {
    let mut order = drafted(vec![line(1, 1, "0")]);
    assert_eq!(order.payment_status(), PaymentStatus::Unpaid);
    order.confirm(at(1), day("2026-03-02")).unwrap();
    assert_eq!(order.payment_status(), PaymentStatus::Paid);
}

#[test]
fn ref_1_revenue_is_booked_once_and_taken_back_on_its_own_day() {
    use RevenueKind::{Booked, Cancelled, Refunded};
    let entries = |order: &Order| -> Vec<(String, RevenueKind, i64)> {
        let entry = |one: &Revenue| (one.day.to_string(), one.kind, one.amount.minor());
        order.revenue().iter().map(entry).collect()
    };
    let expected = |list: &[(&str, RevenueKind, i64)]| -> Vec<(String, RevenueKind, i64)> {
        list.iter().map(|(day, kind, cents)| ((*day).to_owned(), *kind, *cents)).collect()
    };
    let mut order = drafted(lines());
    assert_eq!(entries(&order), []);
    order.confirm(at(1), day("2026-03-02")).unwrap();
    let booked = ("2026-03-02", Booked, 12_000);
    assert_eq!(entries(&order), expected(&[booked]));

    // Goods and payments change nothing.
    order.ship(at(2), None).unwrap();
    order.pay(at(3), money(10_000).day(day("2026-03-10"))).unwrap();
    assert_eq!(entries(&order), expected(&[booked]));

    // A refund counts on its own day: the one that is given, or that of the act, but not before the money is there.
    order.refund(at(4), money(3_000).day(day("2026-04-01"))).unwrap();
    order.refund(at(5), money(1_000)).unwrap();
    let (late, today) = (("2026-04-01", Refunded, -3_000), ("2026-03-10", Refunded, -1_000));
    assert_eq!(entries(&order), expected(&[booked, late, today]));

    // A cancellation takes back what is left, and the sum is nothing.
    order.refund(at(6), money(6_000).day(day("2026-04-02"))).unwrap();
    order.take_back(at(7), 1).unwrap();
    order.cancel(at(8), day("2026-04-03"), None).unwrap();
    let (last, cancelled) = (("2026-04-02", Refunded, -6_000), ("2026-04-03", Cancelled, -2_000));
    assert_eq!(entries(&order), expected(&[booked, late, today, last, cancelled]));

    // One that was never paid, and a draft.
    let mut unpaid = confirmed();
    unpaid.cancel(at(2), day("2026-03-05"), None).unwrap();
    assert_eq!(entries(&unpaid), expected(&[booked, ("2026-03-05", Cancelled, -12_000)]));
    let mut draft = drafted(lines());
    draft.cancel(at(2), day("2026-03-05"), None).unwrap();
    assert_eq!(entries(&draft), []);
}

#[test]
fn ref_2_tax_goes_back_as_it_came_and_a_refund_in_full_leaves_nothing() {
    // 100.00 at 19 % and 20.00 at 7 %, less 10 % of all.
    let lines = vec![line(1, 2, "50.00").taxed(Some(vat("19"))), line(3, 4, "5.00").taxed(Some(vat("7")))];
    let mut order = drafted(lines.clone());
    let terms = Terms::from(Taxation::net(TaxRounding::PerTaxGroup)).discount(Discount::Percent(Percent::whole(10)));
    order.amend(at(0), lines, terms).unwrap();
    assert_eq!((order.net(), order.total()), (eur(10_800), eur(10_800 + 1_710 + 126)));
    let totals = order.totals().unwrap();
    assert_eq!(totals.lines().iter().map(|line| line.tax.minor()).collect::<Vec<_>>(), [1_710, 126]);

    let confirmed = order.confirm(at(1), day("2026-03-02")).unwrap();
    assert_eq!(
        confirmed,
        OrderFact::Confirmed { day: day("2026-03-02"), net: eur(10_800), total: eur(12_636), rate: None }
    );
    assert_eq!(order.owed(), eur(12_636));
    order.pay(at(2), money(12_636)).unwrap();
    for (minute, cents) in [(3, 1), (4, 6_000), (5, 6_635)] {
        order.refund(at(minute), money(cents)).unwrap();
    }
    let amounts: Vec<i64> = order.revenue().iter().map(|entry| entry.amount.minor()).collect();
    // 1 and 6 001 of 12 636 cents are 0.85 and 5 129.06 of 10 800.
    assert_eq!(amounts, [10_800, -1, -5_128, -5_671]);
    assert_eq!(order.payment_status(), PaymentStatus::Refunded);
    let of_products = order.by_product(eur(10_800)).unwrap();
    assert_eq!(of_products.into_values().collect::<Vec<_>>(), [eur(10_800)]);
}

proptest! {
    /// Whatever the taxes, the discount and the refunds: what is booked is the net, each product gets what its lines come to, and all refunded leaves nothing.
    #[test]
    fn ref_2_books_of_a_taxed_order_close_at_nothing(
        amounts in prop::collection::vec((0_i64..100_000, 0_usize..4), 1..6),
        share in 0_i64..1_000_000,
        gross: bool,
        rounding in prop::sample::select(vec![TaxRounding::PerLine, TaxRounding::PerTaxGroup, TaxRounding::Global]),
        parts in prop::collection::vec(1_u64..1_000, 1..5),
    ) {
        let taxes = ["19", "7", "8.1"].map(vat);
        let lines = (1..).zip(&amounts).map(|(number, (cents, tax))| {
            let price = UnitPrice::new(eur(*cents).to_decimal(), Currency::EUR).unwrap();
            let line = OrderLine::new(number, id(u128::from(number % 3)), Quantity::from(1), price, Percent::ZERO);
            line.unwrap().taxed(taxes.get(*tax).cloned())
        });
        let taxation = if gross { Taxation::gross(rounding) } else { Taxation::net(rounding) };
        let terms = Terms::from(taxation).discount(Discount::Percent(Percent::from_ten_thousandths(share).unwrap()));
        let mut order = drafted(Vec::new());
        order.amend(at(0), lines.collect(), terms).unwrap();
        order.confirm(at(1), day("2026-03-02")).unwrap();
        let totals = order.totals().unwrap();
        prop_assert_eq!((order.net(), order.total()), (totals.net(), totals.total()));
        let mut of_products = std::collections::BTreeMap::new();
        for (line, sums) in order.lines().iter().zip(totals.lines()) {
            *of_products.entry(line.product()).or_insert(0) += sums.net.minor();
        }
        if order.total().is_positive() {
            order.pay(at(2), money(order.total().minor())).unwrap();
            for part in order.total().allocate(&parts).unwrap().into_iter().filter(|part| part.is_positive()) {
                order.refund(at(3), money(part.minor())).unwrap();
            }
        }
        let revenue = order.revenue();
        prop_assert_eq!(revenue[0].amount, order.net());
        prop_assert!(revenue[1..].iter().all(|entry| !entry.amount.is_positive()));
        let mut booked = order.revenue_by_product();
        if let Some(Ok((_, products))) = booked.next() {
            let products: Vec<(ProductId, i64)> = products.into_iter().map(|(id, sum)| (id, sum.minor())).collect();
            prop_assert_eq!(products, of_products.into_iter().collect::<Vec<_>>());
        }
        if order.total().is_positive() {
            prop_assert_eq!(revenue.iter().map(|entry| entry.amount.minor()).sum::<i64>(), 0);
        }
        survives_json(&order);
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let cents = || prop::option::weighted(0.5, prop::sample::select(vec![-1, 0, 1, 1_000, 6_000, 20_000]));
    let some = prop::collection::vec((0_u32..4, 0_u32..4), 0..3);
    prop_oneof![
        1 => prop::collection::vec((1_u32..5, 0_i64..5_000), 0..3).prop_map(Step::Amend),
        1 => prop::option::of(1_u128..4).prop_map(Step::Reassign),
        3 => Just(Step::Confirm),
        1 => Just(Step::Lock),
        1 => Just(Step::Unlock),
        1 => Just(Step::Cancel),
        3 => prop::option::weighted(0.7, some.clone()).prop_map(Step::Ship),
        2 => (0_u32..4).prop_map(Step::Deliver),
        3 => (0_u32..4).prop_map(Step::TakeBack),
        3 => cents().prop_map(Step::Pay),
        3 => cents().prop_map(Step::Refund),
        2 => (1_u32..4, some.clone()).prop_map(|(shipment, lines)| Step::TakeBackSome(shipment, lines)),
        3 => some.prop_map(Step::RefundLines),
        1 => Just(Step::RefundInFull),
        2 => prop::option::weighted(0.2, 0_u32..9).prop_map(Step::UndoRefund),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_of_an_order_its_books_and_its_goods_agree(steps in prop::collection::vec(steps(), 0..40)) {
        let mut order = drafted(lines());
        for (minute, step) in (1..).zip(&steps) {
            let before = order.clone();
            if take(&mut order, step, minute).is_err() {
                prop_assert_eq!(&order, &before, "{:?} was refused", step);
            }
            prop_assert_eq!(&Order::try_from(OrderParts::from(order.clone())).unwrap(), &order);

            let counted = Money::sum(order.revenue().iter().map(|entry| entry.amount), Currency::EUR).unwrap();
            let worth = match order.state().status() {
                Drafted | Cancelled => 0,
                Confirmed | Locked => order.total().minor() - order.standing_refunds().iter().map(|one| one.amount.minor()).sum::<i64>(),
            };
            prop_assert_eq!(counted, eur(worth));
            prop_assert!(eur(0) <= order.refundable() && order.refundable() <= order.total());
            prop_assert!(eur(0) <= order.owed() && order.owed() <= order.total());
            if matches!(order.state().status(), Confirmed | Locked) {
                let dunned = matches!(order.payment_status(), PaymentStatus::Unpaid | PaymentStatus::Partial);
                prop_assert_eq!(dunned, order.owed().is_positive());
            }
            // What is kept and what is owed are what is not refunded (REF-1).
            if matches!(order.state().status(), Confirmed | Locked) {
                prop_assert_eq!(order.refundable().minor() + order.owed().minor(), worth);
            }
            // Money as it is credited is that of what is kept: here there is no tax (REF-2).
            let credited: i64 = order.paid_by_product().map(|entry| entry.unwrap().0.minor()).sum();
            prop_assert_eq!(credited, order.refundable().minor());
            for line in order.lines() {
                let sum = |moved: Vec<ShippedLine>| -> i64 {
                    moved.iter().filter(|one| one.line == line.number()).map(|one| one.quantity.millionths()).sum()
                };
                let left = sum(order.shipments().iter().flat_map(|one| one.lines.clone()).collect());
                let kept = left - sum(order.shipments().iter().flat_map(|one| one.returned.clone()).collect());
                let unshipped = order.unshipped().into_iter().find(|one| one.line == line.number());
                let left = unshipped.map_or(0, |one| one.quantity.millionths());
                let refunded = order.standing_refunds().into_iter().flat_map(|one| &one.lines).filter(|one| one.line == line.number());
                let refunded: i64 = refunded.map(|one| one.quantity.millionths()).sum();
                prop_assert_eq!(left, (line.quantity().millionths() - kept - refunded).max(0));
                let refundable = order.refundable_lines().into_iter().find(|one| one.line == line.number());
                let left = refundable.map_or(0, |one| one.quantity.millionths());
                prop_assert_eq!(refunded + left, line.quantity().millionths());
            }
        }
        survives_json(&order);
    }
}

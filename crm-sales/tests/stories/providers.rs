//! Payments with a provider: what is held, taken, released and given back, and what the provider reports.

use crm_core::{
    AnomalyKind, Currency, Money, NewOrder, NewPayment, NewPaymentPart, NewProviderPayment, NewRefund, Order,
    OrderError, OrderId, Payment, PaymentAction, PaymentAnomaly, PaymentError, PaymentId, PaymentKind, PaymentParts,
    PaymentReport, PaymentStatus, ProviderStatus, Quantity, RefundedLine, Rule,
    store::{Orders, Page, PaymentFilter, Payments, Store, StoreErrorKind},
};
use crm_sales::{
    ReportedPayment, SalesError, authorise_payment, begin_part, begin_payment, cancel_order, capture_payment,
    confirm_order, delete_order, delete_payment, draft_order, enter_payment, fail_payment, pay_order, pend_payment,
    refund_order, report_payment, settle_part, ship_order, undo_refund, void_payment,
};

use crate::world::{World, day, eur, kind};

use ProviderStatus::{Authorised, Cancelled, Done, Draft, Failed, Pending};

/// A confirmed order over two lamps, 99.80 EUR, and a payment for all of it.
fn sold(world: &mut World) -> (OrderId, PaymentId) {
    let draft = world.draft();
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    (draft.id, world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id)
}

/// The same, authorised.
fn held(world: &mut World) -> (OrderId, PaymentId) {
    let (order, payment) = sold(world);
    world.does(|tx, act| authorise_payment(tx, act, payment));
    (order, payment)
}

fn of(order: &Order, reference: &str) -> NewProviderPayment {
    NewProviderPayment::new(order.id, reference.parse().unwrap(), order.total())
}

fn reported(world: &mut World, reference: &str, status: ProviderStatus) -> ReportedPayment {
    let report = PaymentReport::new(reference.parse().unwrap(), status);
    world.does(|tx, act| report_payment(tx, act, report))
}

fn capture(reference: &str, amount: &str) -> NewPaymentPart {
    NewPaymentPart::capture(reference.parse().unwrap()).amount(eur(amount))
}

fn refund(reference: &str) -> NewPaymentPart {
    NewPaymentPart::refund(reference.parse().unwrap())
}

/// Money that was entered by hand as the provider's.
fn by_hand(reference: &str, amount: &str) -> NewPayment {
    NewPayment::of(eur(amount)).method("acme".parse().unwrap()).reference(reference.parse().unwrap())
}

fn order(world: &World, id: OrderId) -> Order {
    world.reads(|tx| Ok(tx.order(id)?)).unwrap()
}

fn payment(world: &World, id: PaymentId) -> Payment {
    world.reads(|tx| Ok(tx.payment(id)?)).unwrap()
}

fn refusal(error: SalesError) -> PaymentError {
    match error {
        SalesError::Payment(refused) => refused,
        other => panic!("{other}"),
    }
}

#[test]
fn a_payment_is_authorised_and_captured_and_the_order_has_the_entry() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    assert_eq!(order(&world, id).payments().len(), 0, "held is not paid");
    let captured = world.does(|tx, act| capture_payment(tx, act, whole));
    assert_eq!((captured.state().status(), captured.entry()), (Done, Some(1)));
    let order = order(&world, id);
    let entry = &order.payments()[0];
    assert_eq!((entry.amount, order.payment_status()), (eur("99.80"), PaymentStatus::Paid));
    let names = (entry.method.as_ref().unwrap().as_str(), entry.reference.as_ref().unwrap().as_str());
    assert_eq!(names, ("acme", "pi_1"));
    assert_eq!(world.facts(whole), ["payment.begun", "payment.authorised", "payment.done"]);
    assert_eq!(world.facts(id).last().unwrap(), "order.paid");
    assert_eq!(world.reads(|tx| Ok(tx.payment(whole)?)), Some(captured));
}

#[test]
fn pay_1_each_cell_that_the_table_refuses_writes_nothing() {
    for status in [Draft, Pending, Authorised, Done, Cancelled, Failed] {
        let mut world = World::new();
        let (_, id) = sold(&mut world);
        match status {
            Draft => {}
            Pending => drop(world.does(|tx, act| pend_payment(tx, act, id))),
            Authorised => drop(world.does(|tx, act| authorise_payment(tx, act, id))),
            Done => drop(world.does(|tx, act| capture_payment(tx, act, id))),
            Cancelled => drop(world.does(|tx, act| void_payment(tx, act, id))),
            Failed => drop(world.does(|tx, act| fail_payment(tx, act, id, "card declined".parse().ok()))),
        }
        let table = ProviderStatus::TRANSITIONS;
        for action in table.actions.iter().copied().filter(|action| table.next(status, *action).is_none()) {
            let error = world.is_refused(|tx, act| match action {
                PaymentAction::Pend => pend_payment(tx, act, id),
                PaymentAction::Authorise => authorise_payment(tx, act, id),
                PaymentAction::Finish => capture_payment(tx, act, id),
                PaymentAction::Cancel => void_payment(tx, act, id),
                PaymentAction::Fail => fail_payment(tx, act, id, None),
                PaymentAction::Delete => delete_payment(tx, act, id),
            });
            assert_eq!(refusal(error), PaymentError::NotAllowed { payment: id, status, action });
        }
    }
}

#[test]
fn pay_2_a_payment_is_taken_in_parts_and_closes_once_they_cover_it() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    let first = world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "40.00")));
    assert_eq!((first.kind(), first.source(), first.entry()), (PaymentKind::Capture, Some(whole), Some(1)));
    assert_eq!(payment(&world, whole).state().status(), Authorised);
    assert_eq!(order(&world, id).owed(), eur("59.80"));

    // One that the provider has not answered takes its room.
    let second = world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_2", "30.00")));
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, capture("acme:ch_3", "29.81")));
    assert!(matches!(refusal(error), PaymentError::MoreThanHeld { left, .. } if left == eur("29.80")));
    let error = world.is_refused(|tx, act| capture_payment(tx, act, whole));
    assert!(matches!(refusal(error), PaymentError::InParts { taken, .. } if taken == eur("70.00")));
    let error = world.is_refused(|tx, act| void_payment(tx, act, whole));
    assert!(matches!(refusal(error), PaymentError::InParts { .. }));
    assert!(reported(&mut world, "acme:ch_2", Done).anomaly.is_none());
    assert_eq!(order(&world, id).owed(), eur("29.80"));

    // The rest is released: the payment closes.
    world.does(|tx, act| settle_part(tx, act, whole, NewPaymentPart::void("acme:vo_1".parse()?)));
    let closed = payment(&world, whole);
    assert_eq!((closed.state().status(), closed.entry()), (Done, None));
    let parts = PaymentFilter { source: Some(whole), ..PaymentFilter::default() };
    let amounts = |parts: Vec<Payment>| parts.iter().map(Payment::amount).collect::<Vec<_>>();
    let parts = world.reads(|tx| Ok(tx.provider_payments(&parts, Page::first(9))?));
    assert_eq!(amounts(parts), [eur("40.00"), eur("30.00"), eur("29.80")]);
    assert_eq!(world.facts(second.id), ["payment.begun", "payment.done"]);
    assert_eq!(world.facts(whole), ["payment.begun", "payment.authorised", "payment.done"]);
}

#[test]
fn pay_2_a_payment_that_is_released_in_parts_is_cancelled() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    for reference in ["acme:vo_1", "acme:vo_2"] {
        let half = NewPaymentPart::void(reference.parse().unwrap()).amount(eur("49.90"));
        assert_eq!(world.does(|tx, act| settle_part(tx, act, whole, half)).entry(), None);
    }
    assert_eq!(payment(&world, whole).state().status(), Cancelled);
    assert_eq!(order(&world, id).payments().len(), 0);
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "1.00")));
    assert!(matches!(refusal(error), PaymentError::NotAuthorised { status: Cancelled, .. }));
}

#[test]
fn a_part_that_is_called_off_or_fails_gives_its_room_back() {
    let mut world = World::new();
    let (_, whole) = held(&mut world);
    let all = |reference: &str| NewPaymentPart::capture(reference.parse().unwrap());
    let part = world.does(|tx, act| begin_part(tx, act, whole, all("acme:ch_1")));
    world.does(|tx, act| void_payment(tx, act, part.id));
    let part = world.does(|tx, act| begin_part(tx, act, whole, all("acme:ch_2")));
    world.does(|tx, act| fail_payment(tx, act, part.id, None));
    let error = world.is_refused(|tx, act| capture_payment(tx, act, part.id));
    assert!(matches!(refusal(error), PaymentError::NotAWhole { kind: PaymentKind::Capture, .. }));
    assert_eq!(world.does(|tx, act| capture_payment(tx, act, whole)).entry(), Some(1));
    // What had failed is done after all: its room is gone.
    let late = reported(&mut world, "acme:ch_2", Done);
    assert_eq!(late.anomaly.unwrap().kind, AnomalyKind::NoRoom);
    assert_eq!(late.payment.state().status(), Failed);
}

#[test]
fn ref_1_what_was_captured_goes_back_by_line_and_in_full() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| capture_payment(tx, act, whole));
    let one = refund("acme:re_1").line(1, Quantity::from(1));
    let part = world.does(|tx, act| settle_part(tx, act, whole, one));
    assert_eq!((part.amount(), part.entry()), (eur("49.90"), Some(2)));
    let line = RefundedLine { line: 1, quantity: Quantity::from(1) };
    assert_eq!(order(&world, id).payments()[1].lines, [line]);
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, refund("acme:re_2").line(1, Quantity::from(2))));
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanRefundable { line: 1, .. })), "{error}");
    let error = world.is_refused(|tx, act| {
        begin_part(tx, act, whole, refund("acme:re_2").line(1, Quantity::from(1)).amount(eur("49.91")))
    });
    assert!(matches!(error, SalesError::Order(OrderError::MoreThanTheyCameTo { .. })), "{error}");

    // What is about to go back counts.
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_2").amount(eur("20.00"))));
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, refund("acme:re_3").amount(eur("29.91"))));
    assert!(matches!(refusal(error), PaymentError::OverRefunded { refundable, .. } if refundable == eur("29.90")));
    world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_3")));
    // It was begun, and the provider answers by the same reference.
    world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2").amount(eur("20.00"))));
    let order = order(&world, id);
    assert_eq!((order.refundable(), order.payment_status()), (eur("0.00"), PaymentStatus::Refunded));
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, refund("acme:re_4")));
    assert_eq!(error.invalid().unwrap().rule(), &Rule::NotPositive);
}

#[test]
fn ref_3_what_is_begun_twice_under_a_reference_is_begun_once() {
    let mut world = World::new();
    let draft = world.draft();
    let new = of(&draft, "acme:pi_1");
    let begun = world.does(|tx, act| begin_payment(tx, act, new.clone()));
    world.changes_nothing(|tx, act| {
        assert_eq!(begin_payment(tx, act, new.clone())?, begun);
        Ok(())
    });
    let other = world.draft();
    let taken = |field| PaymentError::ReferenceTaken { payment: begun.id, field };
    let error = world.is_refused(|tx, act| begin_payment(tx, act, of(&other, "acme:pi_1")));
    assert_eq!(refusal(error), taken("order"));
    let less = NewProviderPayment::new(draft.id, "acme:pi_1".parse().unwrap(), eur("99.79"));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, less));
    assert_eq!(refusal(error), taken("amount"));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, new.clone().id(PaymentId::MAX)));
    assert_eq!(refusal(error), taken("id"));
    // The same reference of another provider is another payment.
    world.does(|tx, act| begin_payment(tx, act, of(&draft, "bank:pi_1")));

    world.does(|tx, act| confirm_order(tx, act, draft.id));
    world.does(|tx, act| authorise_payment(tx, act, begun.id));
    let error = world.is_refused(|tx, act| begin_part(tx, act, begun.id, capture("acme:pi_1", "1.00")));
    assert_eq!(refusal(error), taken("kind"));
    let part = world.does(|tx, act| settle_part(tx, act, begun.id, capture("acme:ch_1", "40.00")));
    world.changes_nothing(|tx, act| settle_part(tx, act, begun.id, capture("acme:ch_1", "40.00")));
    world.changes_nothing(|tx, act| begin_part(tx, act, begun.id, NewPaymentPart::capture("acme:ch_1".parse()?)));
    let taken = |field| PaymentError::ReferenceTaken { payment: part.id, field };
    let error = world.is_refused(|tx, act| settle_part(tx, act, begun.id, capture("acme:ch_1", "40.01")));
    assert_eq!(refusal(error), taken("amount"));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, of(&draft, "acme:ch_1")));
    assert_eq!(refusal(error), taken("kind"));
    assert_eq!(order(&world, draft.id).payments().len(), 1);
}

#[test]
fn a_payment_is_for_an_order_in_its_currency_that_is_not_cancelled() {
    let mut world = World::new();
    let draft = world.draft();
    let missing = NewProviderPayment::new(OrderId::MAX, "acme:pi_1".parse().unwrap(), eur("1.00"));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, missing));
    assert!(matches!(error, SalesError::NotFound { record } if record == OrderId::MAX.into()));
    let over = |amount| NewProviderPayment::new(draft.id, "acme:pi_1".parse().unwrap(), amount);
    let yen = over(Money::from_minor(1, Currency::JPY));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, yen));
    assert!(matches!(error.invalid().unwrap().rule(), Rule::CurrencyMismatch { .. }));
    for amount in ["0.00", "-1.00"] {
        let nothing = over(eur(amount));
        let error = world.is_refused(|tx, act| begin_payment(tx, act, nothing));
        assert_eq!(error.invalid().unwrap().rule(), &Rule::NotPositive);
        let named = format!("cannot pay {}: amount must be greater than zero, got {amount} EUR", draft.id);
        assert_eq!(error.to_string(), named);
    }
    // Money is held before the order binds, and not taken.
    let begun = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1")));
    world.does(|tx, act| authorise_payment(tx, act, begun.id));
    let error = world.is_refused(|tx, act| capture_payment(tx, act, begun.id));
    assert!(matches!(error, SalesError::Order(OrderError::NotAllowed { .. })), "{error}");
    let error = world.is_refused(|tx, act| settle_part(tx, act, begun.id, capture("acme:ch_1", "1.00")));
    assert!(matches!(error, SalesError::Order(OrderError::NotAllowed { .. })), "{error}");
    let error = world.is_refused(|tx, act| delete_order(tx, act, draft.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "payments", count: 1 });
    world.does(|tx, act| void_payment(tx, act, begun.id));
    world.does(|tx, act| cancel_order(tx, act, draft.id, None));
    let error = world.is_refused(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_2")));
    assert!(matches!(error, SalesError::Order(OrderError::NotAllowed { .. })), "{error}");
}

#[test]
fn a_payment_that_the_provider_has_not_answered_is_deleted() {
    let mut world = World::new();
    let draft = world.draft();
    let begun = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1")));
    world.does(|tx, act| delete_payment(tx, act, begun.id));
    assert_eq!(world.reads(|tx| Ok(tx.payment(begun.id)?)), None);
    assert_eq!(world.facts(begun.id), ["payment.begun", "payment.deleted"]);
    world.does(|tx, act| delete_order(tx, act, draft.id));
}

#[test]
fn pay_1_a_report_that_is_repeated_late_or_contradicts_is_kept_and_moves_nothing() {
    let mut world = World::new();
    let (id, whole) = sold(&mut world);
    let unknown = PaymentReport::new("acme:pi_9".parse().unwrap(), Done);
    let error = world.is_refused(|tx, act| report_payment(tx, act, unknown));
    assert_eq!(error.to_string(), "no payment has the reference acme:pi_9 (REF-3)");

    // The capture is reported before the authorisation.
    assert!(reported(&mut world, "acme:pi_1", Done).anomaly.is_none());
    let before = order(&world, id);
    assert_eq!(before.payment_status(), PaymentStatus::Paid);
    let cases = [
        (Authorised, AnomalyKind::Late),
        (Pending, AnomalyKind::Late),
        (Done, AnomalyKind::Repeated),
        (Done, AnomalyKind::Repeated),
        (Cancelled, AnomalyKind::Contradicting),
        (Failed, AnomalyKind::Contradicting),
    ];
    for (status, expected) in cases {
        let ReportedPayment { payment, anomaly, .. } = reported(&mut world, "acme:pi_1", status);
        let anomaly = anomaly.unwrap();
        assert_eq!((anomaly.kind, anomaly.reported, anomaly.found), (expected, status, Done));
        assert_eq!((payment.state().status(), payment.anomalies().last()), (Done, Some(&anomaly)));
    }
    let other = PaymentReport::new("acme:pi_1".parse().unwrap(), Done).amount(eur("99.79"));
    let other = world.does(|tx, act| report_payment(tx, act, other)).anomaly.unwrap();
    assert_eq!((other.kind, other.amount), (AnomalyKind::OtherAmount, Some(eur("99.79"))));
    assert_eq!(order(&world, id), before, "none of it reaches the order");
    assert_eq!(payment(&world, whole).anomalies().len(), cases.len() + 1);
    assert_eq!(world.facts(whole)[2..], vec!["payment.anomaly"; cases.len() + 1]);
    let odd = PaymentFilter { anomalous: Some(true), ..PaymentFilter::default() };
    assert_eq!(world.reads(|tx| Ok(tx.count_payments(&odd)?)), 1);

    // What is cancelled and captured nevertheless.
    let (_, second) = {
        let draft = world.draft();
        (draft.id, world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_2"))).id)
    };
    world.does(|tx, act| void_payment(tx, act, second));
    let after = reported(&mut world, "acme:pi_2", Done);
    assert_eq!(after.anomaly.unwrap().kind, AnomalyKind::Contradicting);
    assert_eq!(after.payment.state().status(), Cancelled);
}

#[test]
fn a_report_moves_a_payment_through_its_states() {
    let mut world = World::new();
    let (id, whole) = sold(&mut world);
    for status in [Pending, Authorised] {
        let moved = reported(&mut world, "acme:pi_1", status);
        assert_eq!((moved.payment.state().status(), moved.anomaly), (status, None));
    }
    let declined = PaymentReport::new("acme:pi_1".parse().unwrap(), Failed).reason("card declined".parse().unwrap());
    world.does(|tx, act| report_payment(tx, act, declined));
    // The customer tried again, on another business day.
    let taken = PaymentReport::new("acme:pi_1".parse().unwrap(), Done).amount(eur("99.80")).day(day("2026-03-09"));
    assert!(world.does(|tx, act| report_payment(tx, act, taken)).anomaly.is_none());
    assert_eq!(order(&world, id).payments()[0].day, day("2026-03-09"));
    let facts = ["begun", "pending", "authorised", "failed", "done"];
    assert_eq!(world.facts(whole), facts.map(|fact| format!("payment.{fact}")));
}

#[test]
fn money_that_the_order_cannot_take_is_done_without_an_entry_and_entered_later_or_given_back() {
    let mut world = World::new();
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
    // The provider took it before the order was confirmed.
    let taken = reported(&mut world, "acme:pi_1", Done);
    assert_eq!(taken.anomaly.unwrap().kind, AnomalyKind::NotEntered);
    assert_eq!((taken.payment.state().status(), taken.payment.entry()), (Done, None));
    let error = world.is_refused(|tx, act| enter_payment(tx, act, whole));
    assert!(matches!(error, SalesError::Order(OrderError::NotAllowed { .. })), "{error}");
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, whole)).entry(), Some(1));
    assert_eq!(order(&world, draft.id).payment_status(), PaymentStatus::Paid);
    let error = world.is_refused(|tx, act| enter_payment(tx, act, whole));
    assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: whole });

    // Paid twice: the second time by cash, so the provider's money goes back and the order never sees it.
    let draft = world.draft();
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_2"))).id;
    world.does(|tx, act| pay_order(tx, act, draft.id, NewPayment::of(draft.total())));
    assert_eq!(reported(&mut world, "acme:pi_2", Done).anomaly.unwrap().kind, AnomalyKind::NotEntered);
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
    assert_eq!((back.state().status(), back.entry()), (Done, None));
    assert_eq!((order(&world, draft.id).payments().len(), order(&world, draft.id).refunded()), (1, eur("0.00")));
    let error = world.is_refused(|tx, act| enter_payment(tx, act, whole));
    assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: whole });
}

#[test]
fn a_refund_that_the_order_knows_of_already_is_done_without_an_entry() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| capture_payment(tx, act, whole));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1")));
    world.does(|tx, act| refund_order(tx, act, id, NewPayment::of(eur("99.80"))));
    let back = reported(&mut world, "acme:re_1", Done);
    assert_eq!((back.anomaly.unwrap().kind, back.payment.entry()), (AnomalyKind::NotEntered, None));
    assert_eq!(order(&world, id).payments().len(), 2);
    let error = world.is_refused(|tx, act| enter_payment(tx, act, back.payment.id));
    assert!(matches!(error, SalesError::Order(OrderError::OverRefunded { .. })), "{error}");

    // By hand it was a mistake, and what was missing is entered.
    world.does(|tx, act| undo_refund(tx, act, id, 2));
    world.does(|tx, act| pay_order(tx, act, id, NewPayment::of(eur("99.80"))));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, back.payment.id)).entry(), Some(5));
    let entered = order(&world, id);
    assert_eq!((entered.refundable(), entered.payment_status()), (eur("0.00"), PaymentStatus::Refunded));
    let error = world.is_refused(|tx, act| enter_payment(tx, act, back.payment.id));
    assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: back.payment.id });
}

#[test]
fn ref_1_a_refund_by_line_is_entered_whatever_money_waits_without_an_entry() {
    let mut world = World::new();
    let draft = world.draft();
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    // More than the order comes to, of which it takes its total.
    let more = NewProviderPayment::new(draft.id, "acme:pi_1".parse().unwrap(), eur("130.00"));
    let whole = world.does(|tx, act| begin_payment(tx, act, more)).id;
    world.does(|tx, act| authorise_payment(tx, act, whole));
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "99.80")));
    let rest = world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_2", "30.20")));
    assert_eq!(reported(&mut world, "acme:ch_2", Done).anomaly.unwrap().kind, AnomalyKind::NotEntered);

    let one = || refund("acme:re_1").line(1, Quantity::from(1)).amount(eur("20.00"));
    let back = world.does(|tx, act| settle_part(tx, act, whole, one()));
    assert_eq!(back.entry(), Some(2));
    let sold = order(&world, draft.id);
    assert_eq!(sold.refundable_lines(), [RefundedLine { line: 1, quantity: Quantity::from(1) }]);
    assert_eq!(sold.revenue().iter().map(|one| one.amount).collect::<Vec<_>>(), [eur("99.80"), eur("-20.00")]);
    // The money that waits goes back without the order.
    let waits = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2").amount(eur("30.20"))));
    assert_eq!((waits.entry(), order(&world, draft.id)), (None, sold));
    for part in [rest.id, waits.id] {
        let error = world.is_refused(|tx, act| enter_payment(tx, act, part));
        assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: part });
    }
}

#[test]
fn ref_1_lines_that_were_not_paid_are_not_refunded() {
    let mut world = World::new();
    let (_, whole) = held(&mut world);
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "49.90")));
    let both = refund("acme:re_1").line(1, Quantity::from(2)).amount(eur("49.90"));
    let error = world.is_refused(|tx, act| begin_part(tx, act, whole, both));
    assert!(
        matches!(error, SalesError::Order(OrderError::LinesNotPaid { came_to, paid, .. }) if (came_to, paid) == (eur("99.80"), eur("49.90"))),
        "{error}"
    );
}

#[test]
fn ref_3_money_that_was_entered_by_hand_under_the_providers_reference_is_not_entered_again() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| pay_order(tx, act, id, by_hand("pi_1", "99.80")));
    assert_eq!(world.does(|tx, act| capture_payment(tx, act, whole)).entry(), Some(1));
    world.does(|tx, act| refund_order(tx, act, id, by_hand("re_1", "99.80")));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1")));
    let back = reported(&mut world, "acme:re_1", Done);
    assert_eq!((back.anomaly, back.payment.entry()), (None, Some(2)));
    assert_eq!(order(&world, id).payments().len(), 2);
}

#[test]
fn ref_1_what_was_given_back_of_money_without_an_entry_is_neither_entered_nor_swallowed() {
    let mut world = World::new();
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
    reported(&mut world, "acme:pi_1", Done);
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1").amount(eur("40.00"))));
    assert_eq!(back.entry(), None);
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, whole)).entry(), Some(1));
    assert_eq!(order(&world, draft.id).owed(), eur("40.00"));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_2")));
    let rest = reported(&mut world, "acme:re_2", Done);
    assert_eq!((rest.anomaly, rest.payment.entry()), (None, Some(2)));
    assert_eq!(order(&world, draft.id).refundable(), eur("0.00"));

    // The same, entered by hand as the provider's.
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_2"))).id;
    reported(&mut world, "acme:pi_2", Done);
    world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_3").amount(eur("40.00"))));
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    world.does(|tx, act| pay_order(tx, act, draft.id, by_hand("pi_2", "59.80")));
    let rest = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_4")));
    assert_eq!((rest.amount(), rest.entry()), (eur("59.80"), Some(2)));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, whole)).entry(), Some(1));
}

#[test]
fn ref_1_a_refund_of_all_takes_what_the_order_has_and_what_it_does_not() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| pay_order(tx, act, id, NewPayment::of(eur("40.00"))));
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "59.80")));
    world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_2", "40.00")));
    assert_eq!(reported(&mut world, "acme:ch_2", Done).anomaly.unwrap().kind, AnomalyKind::NotEntered);
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
    assert_eq!((back.amount(), back.entry()), (eur("99.80"), Some(3)));
    assert_eq!((order(&world, id).refunded(), order(&world, id).refundable()), (eur("59.80"), eur("40.00")));
}

#[test]
fn ref_2_a_refund_in_full_is_for_all_lines_whoever_gives_it_back() {
    for by_provider in [true, false] {
        let mut world = World::new();
        let (id, whole) = held(&mut world);
        world.does(|tx, act| capture_payment(tx, act, whole));
        if by_provider {
            world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
        } else {
            world.does(|tx, act| refund_order(tx, act, id, NewPayment::of(eur("99.80"))));
        }
        assert_eq!(order(&world, id).refundable_lines(), []);
        let error = world.is_refused(|tx, act| ship_order(tx, act, id));
        assert!(matches!(error, SalesError::Order(OrderError::NothingLeft { .. })), "{error}");
    }
}

#[test]
fn ref_1_refunds_of_lines_that_are_begun_take_their_lines() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| capture_payment(tx, act, whole));
    let one = |reference: &str| refund(reference).line(1, Quantity::from(1)).amount(eur("10.00"));
    let first = world.does(|tx, act| begin_part(tx, act, whole, one("acme:re_1"))).id;
    world.does(|tx, act| settle_part(tx, act, whole, one("acme:re_2")));
    let error = world.is_refused(|tx, act| begin_part(tx, act, whole, one("acme:re_3")));
    assert!(
        matches!(error, SalesError::Order(OrderError::MoreThanRefundable { order, line: 1, left, .. }) if (order, left) == (id, Quantity::ZERO)),
        "{error}"
    );
    world.does(|tx, act| fail_payment(tx, act, first, None));
    world.does(|tx, act| begin_part(tx, act, whole, one("acme:re_3")));
    assert_eq!(reported(&mut world, "acme:re_3", Done).anomaly, None);
}

#[test]
fn ref_3_lines_and_all_that_were_refunded_by_hand_as_the_providers_are_not_refunded_again() {
    let lines = || NewRefund::of_lines([RefundedLine { line: 1, quantity: Quantity::from(1) }]);
    let all = refund("acme:re_1");
    let one = refund("acme:re_1").line(1, Quantity::from(1));
    let both = refund("acme:re_1").line(1, Quantity::from(2));
    let two = NewRefund::of_lines([RefundedLine { line: 1, quantity: Quantity::from(2) }]);
    for (by_hand, new) in [(NewRefund::in_full(), all.clone()), (lines(), one), (two.clone(), both), (two, all)] {
        let mut world = World::new();
        let (id, whole) = held(&mut world);
        world.does(|tx, act| capture_payment(tx, act, whole));
        let by_hand = by_hand.method("acme".parse().unwrap()).reference("re_1".parse().unwrap());
        let entered = world.does(|tx, act| refund_order(tx, act, id, by_hand.clone()));
        world.does(|tx, act| begin_part(tx, act, whole, new.clone()));
        let back = reported(&mut world, "acme:re_1", Done);
        assert_eq!((back.anomaly, back.payment.entry(), order(&world, id)), (None, Some(2), entered));
    }
}

#[test]
fn ref_3_a_refund_by_hand_is_the_providers_also_where_it_was_undone_meanwhile() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| capture_payment(tx, act, whole));
    // By the wrong card: back by hand, and owed again, before the provider says that it is done.
    world.does(|tx, act| refund_order(tx, act, id, by_hand("re_1", "99.80")));
    world.does(|tx, act| undo_refund(tx, act, id, 2));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1")));
    let back = reported(&mut world, "acme:re_1", Done);
    assert_eq!((back.anomaly, back.payment.entry()), (None, Some(2)));
    assert_eq!((order(&world, id).owed(), order(&world, id).refundable()), (eur("99.80"), eur("0.00")));
}

/// A report that the order cannot take: of a day before its confirmation.
fn reported_too_early(world: &mut World, reference: &str) -> PaymentId {
    let report = PaymentReport::new(reference.parse().unwrap(), Done).day(day("2020-01-01"));
    let reported = world.does(|tx, act| report_payment(tx, act, report));
    assert_eq!(reported.anomaly.unwrap().kind, AnomalyKind::NotEntered);
    reported.payment.id
}

#[test]
fn ref_1_a_refund_that_was_entered_by_hand_later_lets_the_next_one_through() {
    let mut world = World::new();
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
    world.does(|tx, act| authorise_payment(tx, act, whole));
    world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_2", "40.00")));
    let waiting = reported(&mut world, "acme:ch_2", Done).payment.id; // the order is a draft
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "59.80")));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1").amount(eur("70.00"))));
    let first = reported_too_early(&mut world, "acme:re_1");
    // The forty that wait and thirty of the order's went back.
    let error = world.is_refused(|tx, act| enter_payment(tx, act, waiting));
    assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: waiting });
    world.does(|tx, act| refund_order(tx, act, draft.id, by_hand("re_1", "30.00")));
    let rest = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2")));
    assert_eq!((rest.amount(), rest.entry()), (eur("29.80"), Some(3)));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, first)).entry(), Some(2));
    assert_eq!(order(&world, draft.id).refundable(), eur("0.00"));
}

#[test]
fn ref_3_an_entry_by_hand_of_a_part_that_is_begun_leaves_the_others_alone() {
    // Of a capture.
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_1", "40.00")));
    world.does(|tx, act| pay_order(tx, act, id, by_hand("ch_1", "40.00")));
    let second = world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_2", "59.80")));
    assert_eq!((second.entry(), order(&world, id).owed()), (Some(2), eur("0.00")));
    assert_eq!(reported(&mut world, "acme:ch_1", Done).payment.entry(), Some(1));
    // Of a refund.
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1").amount(eur("30.00"))));
    world.does(|tx, act| refund_order(tx, act, id, by_hand("re_1", "30.00")));
    let rest = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2")));
    assert_eq!((rest.amount(), rest.entry()), (eur("69.80"), Some(4)));
    assert_eq!(reported(&mut world, "acme:re_1", Done).payment.entry(), Some(3));
    assert_eq!(order(&world, id).refundable(), eur("0.00"));
}

#[test]
fn ref_3_money_that_the_order_has_by_hand_is_taken_in_parts_and_not_entered_again() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| pay_order(tx, act, id, by_hand("pi_1", "99.80")));
    for (reference, amount) in [("acme:ch_1", "60.00"), ("acme:ch_2", "39.80")] {
        world.does(|tx, act| begin_part(tx, act, whole, capture(reference, amount)));
        let taken = reported(&mut world, reference, Done);
        assert_eq!((taken.anomaly, taken.payment.entry()), (None, None));
    }
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
    assert_eq!((back.entry(), order(&world, id).refundable()), (Some(2), eur("0.00")));
}

#[test]
fn ref_1_a_refund_that_waits_to_be_entered_leaves_later_money_alone() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "60.00")));
    world.does(|tx, act| begin_part(tx, act, whole, refund("acme:re_1").amount(eur("40.00"))));
    let first = reported_too_early(&mut world, "acme:re_1");
    let later = world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_2", "39.80")));
    assert_eq!((later.entry(), order(&world, id).owed()), (Some(2), eur("0.00")));
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, first)).entry(), Some(3));
    assert_eq!(order(&world, id).refundable(), eur("59.80"));
}

#[test]
fn ref_3_some_of_a_payment_by_hand_under_its_reference_is_looked_at() {
    for amount in ["49.90", "60.00"] {
        let mut world = World::new();
        let (id, whole) = held(&mut world);
        world.does(|tx, act| pay_order(tx, act, id, by_hand("pi_1", amount)));
        let taken = reported(&mut world, "acme:pi_1", Done);
        assert_eq!((taken.anomaly.unwrap().kind, taken.payment.entry()), (AnomalyKind::NotEntered, None));
        assert_eq!(world.does(|tx, act| enter_payment(tx, act, whole)).entry(), Some(1));
        // What the order does not have goes back without it.
        let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
        assert_eq!((back.entry(), order(&world, id).refundable()), (Some(2), eur("0.00")));
    }
}

#[test]
fn ref_1_what_a_refund_gave_back_stays_given_back_whatever_is_entered_later() {
    // By hand under the reference of the whole.
    let mut world = World::new();
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
    world.does(|tx, act| authorise_payment(tx, act, whole));
    world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_1", "49.90")));
    reported(&mut world, "acme:ch_1", Done); // the order is a draft
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1")));
    assert_eq!((back.entry(), back.outside()), (None, Some(eur("49.90"))));
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    world.does(|tx, act| pay_order(tx, act, draft.id, by_hand("pi_1", "49.90")));
    let second = world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_2", "49.90")));
    assert_eq!((second.entry(), order(&world, draft.id).refundable()), (None, eur("49.90")));

    // More by hand than was left: the refund is the order's after all.
    let mut world = World::new();
    let draft = world.draft();
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
    reported(&mut world, "acme:pi_1", Done);
    let back = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_1").amount(eur("20.00")))).id;
    world.does(|tx, act| confirm_order(tx, act, draft.id));
    world.does(|tx, act| pay_order(tx, act, draft.id, by_hand("pi_1", "99.80")));
    let rest = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2")));
    assert_eq!((rest.amount(), rest.entry()), (eur("79.80"), Some(2)));
    let entered = world.does(|tx, act| enter_payment(tx, act, back));
    assert_eq!((entered.entry(), entered.outside()), (Some(3), None));
    assert_eq!(order(&world, draft.id).refundable(), eur("0.00"));

    // All in one act, at one instant.
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_1", "49.90")));
    world.does(|tx, act| pay_order(tx, act, id, NewPayment::of(eur("49.90"))));
    let second = world.does(|tx, act| {
        begin_part(tx, act, whole, refund("acme:re_1"))?;
        let second = begin_part(tx, act, whole, capture("acme:ch_2", "49.90"))?;
        report_payment(tx, act, PaymentReport::new("acme:ch_2".parse()?, Done))?;
        let back = report_payment(tx, act, PaymentReport::new("acme:re_1".parse()?, Done))?;
        assert_eq!((back.anomaly, back.payment.entry()), (None, None));
        Ok(second.id)
    });
    let error = world.is_refused(|tx, act| enter_payment(tx, act, second));
    assert_eq!(refusal(error), PaymentError::NothingToEnter { payment: second });
    assert_eq!(order(&world, id).refundable(), eur("99.80"));
}

#[test]
fn ref_3_money_and_what_went_back_of_it_by_hand_leave_later_money_alone() {
    for given_back in ["20.00", "49.90"] {
        let mut world = World::new();
        let draft = world.draft();
        let whole = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1"))).id;
        world.does(|tx, act| authorise_payment(tx, act, whole));
        world.does(|tx, act| begin_part(tx, act, whole, capture("acme:ch_1", "49.90")));
        reported(&mut world, "acme:ch_1", Done); // the order is a draft
        let back = refund("acme:re_1").amount(eur(given_back));
        assert_eq!(world.does(|tx, act| settle_part(tx, act, whole, back)).entry(), None);
        world.does(|tx, act| confirm_order(tx, act, draft.id));
        // Both, as they happened.
        world.does(|tx, act| pay_order(tx, act, draft.id, by_hand("ch_1", "49.90")));
        world.does(|tx, act| refund_order(tx, act, draft.id, by_hand("re_1", given_back)));
        let second = world.does(|tx, act| settle_part(tx, act, whole, capture("acme:ch_2", "49.90")));
        assert_eq!((second.entry(), order(&world, draft.id).owed()), (Some(3), eur("0.00")));
        let rest = world.does(|tx, act| settle_part(tx, act, whole, refund("acme:re_2")));
        assert_eq!((rest.entry(), order(&world, draft.id).refundable()), (Some(4), eur("0.00")));
    }
}

#[test]
fn ref_1_refunds_of_lines_come_to_what_is_left_of_them_whatever_is_begun_and_in_whatever_order_done() {
    let mut world = World::new();
    let (customer, screw) = (world.person("张三").id, world.product("SCREW-1", "0.033333").id);
    let three = NewOrder::for_customer(customer, Currency::EUR).line(screw, 3); // ten cents: 3, 4 and 3
    let three = world.does(|tx, act| draft_order(tx, act, three));
    world.does(|tx, act| confirm_order(tx, act, three.id));
    let whole = world.does(|tx, act| begin_payment(tx, act, of(&three, "acme:pi_1"))).id;
    world.does(|tx, act| capture_payment(tx, act, whole));
    let one = |reference: &str| refund(reference).line(1, Quantity::from(1));
    let begun = ["acme:re_1", "acme:re_2", "acme:re_3"]
        .map(|reference| world.does(|tx, act| begin_part(tx, act, whole, one(reference))).amount().minor());
    assert_eq!(begun, [3, 4, 3]);
    for reference in ["acme:re_2", "acme:re_3", "acme:re_1"] {
        assert_eq!(reported(&mut world, reference, Done).anomaly, None, "{reference}");
    }
    let order = order(&world, three.id);
    assert_eq!((order.refundable(), order.refundable_lines()), (eur("0.00"), Vec::new()));
}

#[test]
fn ref_1_lines_whose_refund_is_still_to_be_entered_are_not_refunded_again() {
    let mut world = World::new();
    let (id, whole) = held(&mut world);
    world.does(|tx, act| capture_payment(tx, act, whole));
    let some = |reference: &str, lamps: u32, amount: &str| {
        refund(reference).line(1, Quantity::from(lamps)).amount(eur(amount))
    };
    world.does(|tx, act| begin_part(tx, act, whole, some("acme:re_1", 1, "20.00")));
    let first = reported_too_early(&mut world, "acme:re_1");
    let error = world.is_refused(|tx, act| settle_part(tx, act, whole, some("acme:re_2", 2, "60.00")));
    assert!(
        matches!(error, SalesError::Order(OrderError::MoreThanRefundable { left, .. }) if left == Quantity::from(1)),
        "{error}"
    );
    assert_eq!(world.does(|tx, act| enter_payment(tx, act, first)).entry(), Some(2));
    assert_eq!(order(&world, id).refundable(), eur("79.80"));
}

#[test]
fn pay_1_a_report_that_cannot_be_kept_moves_nothing() {
    let mut world = World::new();
    let draft = world.draft();
    let begun = world.does(|tx, act| begin_payment(tx, act, of(&draft, "acme:pi_1")));
    let one =
        PaymentAnomaly { at: begun.created_at, kind: AnomalyKind::Late, reported: Draft, found: Draft, amount: None };
    world.does(|tx, _| {
        let full = PaymentParts { anomalies: vec![one; 10_000], ..PaymentParts::from(begun.clone()) };
        Ok(tx.update_payment(&full.try_into()?)?)
    });
    // The order is a draft and takes no money, which there is no room to keep.
    let done = PaymentReport::new("acme:pi_1".parse().unwrap(), Done);
    let error = world.is_refused(|tx, act| report_payment(tx, act, done));
    assert!(
        matches!(refusal(error), PaymentError::Value { payment, invalid } if payment == begun.id && invalid.field() == "anomalies")
    );
}

#[test]
fn a_report_under_a_key_is_answered_again_and_not_kept_twice() {
    let mut world = World::new();
    let (_, whole) = sold(&mut world);
    let act = world.acts.next("acme").with_key("callback 1".parse().unwrap());
    let report = || PaymentReport::new("acme:pi_1".parse().unwrap(), Done);
    let bring = || world.store.write(|tx| report_payment(tx, &mut act.clone(), report())).unwrap();
    let first = bring();
    assert_eq!((bring(), first.anomaly), (first, None));
    assert_eq!(payment(&world, whole).anomalies().len(), 0);
    let other = PaymentReport::new("acme:pi_1".parse().unwrap(), Failed);
    let refused = world.store.write(|tx| report_payment(tx, &mut act.clone(), other)).unwrap_err();
    assert!(matches!(refused, SalesError::Idempotency(_)), "{refused}");
}

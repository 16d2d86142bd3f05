mod reports;

use std::slice;

use proptest::prelude::*;

use super::*;
use crate::{
    Currency, Draft as OrderDraft, Fact, NewPayment, OrderLine, Percent, Quantity, UnitPrice,
    record::proof::{assert_cells, at, day, id, kinds_of, parsed, refusal, survives_json},
};

use PaymentAction::{Authorise, Cancel, Delete, Fail, Finish, Pend};
use PaymentKind::{Capture, Refund, Void, Whole};
use ProviderStatus::{Authorised, Cancelled, Done, Draft, Failed, Pending};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn begun() -> Payment {
    Payment::begin(id(1), at(0), NewProviderPayment::new(id(9), parsed("acme:pi_1"), eur(10_000))).unwrap()
}

fn perform(payment: &mut Payment, action: PaymentAction) -> Result<PaymentFact, PaymentError> {
    match action {
        Delete => payment.deletable().map(|()| PaymentFact::Deleted { payment: Box::new(payment.clone()) }),
        Pend => payment.pend(at(9)),
        Authorise => payment.authorise(at(9)),
        Finish => payment.finish(at(9), Some(3), eur(10_000)),
        Cancel => payment.cancel(at(9)),
        Fail => payment.fail(at(9), Some(parsed("declined"))),
    }
}

fn standing(status: ProviderStatus) -> Payment {
    let mut payment = begun();
    match status {
        Draft => return payment,
        Pending => payment.pend(at(1)),
        Authorised => payment.authorise(at(1)),
        Done => payment.finish(at(1), Some(1), eur(10_000)),
        Cancelled => payment.cancel(at(1)),
        Failed => payment.fail(at(1), None),
    }
    .unwrap();
    payment
}

fn new_part(kind: PaymentKind, n: u128, cents: i64) -> NewPaymentPart {
    let reference = parsed(&format!("acme:part_{n}"));
    let new = match kind {
        Capture => NewPaymentPart::capture(reference),
        Void => NewPaymentPart::void(reference),
        Refund => NewPaymentPart::refund(reference),
        Whole => NewPaymentPart { kind: Whole, ..NewPaymentPart::capture(reference) },
    };
    new.amount(eur(cents))
}

/// A part of a whole beside some others, with an id.
fn part(whole: &Payment, others: &[Payment], kind: PaymentKind, n: u128, cents: i64) -> Result<Payment, PaymentError> {
    whole.part(id(n), at(2), &whole.balance(others).unwrap(), new_part(kind, n, cents))
}

fn done(mut payment: Payment, entry: Option<u32>) -> Payment {
    let amount = payment.amount();
    payment.finish(at(3), entry, amount).unwrap();
    payment
}

/// A refund that is done, so much of which is its order's, which has no entry of it.
fn given_back(mut refund: Payment, of_order: i64) -> Payment {
    refund.finish(at(3), None, eur(of_order)).unwrap();
    refund
}

const ACTIONS: [PaymentAction; 6] = [Pend, Authorise, Finish, Cancel, Fail, Delete];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(ProviderStatus, [Option<ProviderStatus>; 6]); 6] = {
    let (no, p, a, d, c, f) = (None, Some(Pending), Some(Authorised), Some(Done), Some(Cancelled), Some(Failed));
    [
        (Draft, [p, a, d, c, f, Some(Draft)]),
        (Pending, [no, a, d, c, f, no]),
        (Authorised, [no, no, d, c, f, no]),
        (Done, [no, no, no, no, no, no]),
        (Cancelled, [no, no, no, no, no, no]),
        (Failed, [no, no, d, no, no, no]),
    ]
};

#[test]
fn pay_1_the_table_in_the_code_is_the_literal_one() {
    assert_cells(&ProviderStatus::TRANSITIONS, ACTIONS, &CELLS);
}

#[test]
fn pay_1_each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status);
            assert_eq!(before.state().status(), status);
            let mut payment = before.clone();
            let stepped = perform(&mut payment, action);
            let Some(to) = to else {
                assert_eq!(stepped, Err(PaymentError::NotAllowed { payment: before.id, status, action }));
                assert_eq!(payment, before, "{status} {action}");
                continue;
            };
            if to == Draft {
                assert_eq!(stepped, Ok(PaymentFact::Deleted { payment: Box::new(before.clone()) }));
                assert_eq!(payment, before);
                continue;
            }
            let reason = Some(parsed("declined"));
            let (state, fact) = match to {
                Draft => unreachable!("it was looked at"),
                Pending => (PaymentState::Pending { since: at(9) }, PaymentFact::Pending),
                Authorised => (PaymentState::Authorised { at: at(9) }, PaymentFact::Authorised),
                Done => (PaymentState::Done { at: at(9) }, PaymentFact::Done { entry: Some(3), outside: None }),
                Cancelled => (PaymentState::Cancelled { at: at(9) }, PaymentFact::Cancelled),
                Failed => (PaymentState::Failed { at: at(9), reason: reason.clone() }, PaymentFact::Failed { reason }),
            };
            assert_eq!((stepped, payment.state()), (Ok(fact), &state), "{status} {action}");
            assert_eq!((payment.updated_at, state.since()), (at(9), Some(at(9))));
        }
    }
    assert_eq!(begun().state().since(), None);
}

#[test]
fn ref_3_a_reference_is_a_provider_and_its_own_name_for_the_payment() {
    let reference: PaymentReference = parsed(" acme : pi:1 ");
    assert_eq!(reference.as_str(), "acme:pi:1");
    assert_eq!((reference.provider().as_str(), reference.reference().as_str()), ("acme", "pi:1"));
    assert_eq!(format!("{reference} {reference:?}"), "acme:pi:1 PaymentReference(\"acme:pi:1\")");
    survives_json(&reference);
    for (raw, field) in [("acme", "reference"), ("", "reference"), (":pi", "provider"), ("acme:", "reference")] {
        assert_eq!(raw.parse::<PaymentReference>().unwrap_err().field(), field, "{raw:?}");
    }
    let colon = PaymentReference::new(parsed("ac:me"), parsed("pi_1")).unwrap_err();
    assert_eq!(colon.to_string(), "provider must be a name without a colon, got ac:me");
}

#[test]
fn a_payment_is_of_more_than_nothing() {
    for cents in [0, -1, i64::MIN] {
        let new = NewProviderPayment::new(id(9), parsed("acme:pi_1"), eur(cents));
        assert_eq!(Payment::begin(id(1), at(0), new).unwrap_err().rule(), &Rule::NotPositive);
        let refused = part(&standing(Authorised), &[], Capture, 2, cents).unwrap_err();
        assert!(matches!(refused, PaymentError::Value { invalid, .. } if invalid.rule() == &Rule::NotPositive));
    }
    let yen = new_part(Capture, 2, 1).amount(Money::from_minor(1, Currency::JPY));
    let whole = standing(Authorised);
    let refused = whole.part(id(2), at(2), &whole.balance([]).unwrap(), yen).unwrap_err();
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert!(matches!(refused, PaymentError::Value { invalid, .. } if invalid.rule() == &mismatch));
}

#[test]
fn pay_2_parts_share_what_is_held_and_close_the_whole_once_they_cover_it() {
    let whole = standing(Authorised);
    let first = part(&whole, &[], Capture, 2, 6_000).unwrap();
    assert_eq!((first.order(), first.source(), first.state()), (whole.order(), Some(whole.id), &PaymentState::Draft));
    // One that is begun takes its room at once.
    let more = |kind, amount| PaymentError::MoreThanHeld { payment: whole.id, kind, amount, left: eur(4_000) };
    let one = [first.clone()];
    assert_eq!(part(&whole, &one, Capture, 3, 4_001), Err(more(Capture, eur(4_001))));
    assert_eq!(part(&whole, &one, Void, 3, 5_000), Err(more(Void, eur(5_000))));
    let released = done(part(&whole, &one, Void, 3, 4_000).unwrap(), None);

    let both = [first.clone(), released.clone()];
    let balance = whole.balance(&both).unwrap();
    assert_eq!((balance.voided, balance.capturing_or_voiding, balance.left(&whole)), (eur(4_000), eur(6_000), eur(0)));
    assert_eq!(whole.covered(&balance), None);
    let both = [done(first, Some(1)), released];
    let balance = whole.balance(&both).unwrap();
    assert_eq!((balance.captured, balance.in_parts, whole.covered(&balance)), (eur(6_000), true, Some(Finish)));

    // What is released in parts altogether is cancelled.
    let halves = [2, 3].map(|n| done(part(&whole, &[], Void, n, 5_000).unwrap(), None));
    assert_eq!(whole.covered(&whole.balance(&halves).unwrap()), Some(Cancel));
    // One that has gone its way closes no more.
    assert_eq!(standing(Done).covered(&standing(Done).balance(&both).unwrap()), None);
}

#[test]
fn pay_2_without_an_amount_a_part_is_all_that_is_left() {
    let whole = standing(Authorised);
    let taken = [done(part(&whole, &[], Capture, 2, 6_000).unwrap(), Some(1))];
    let balance = whole.balance(&taken).unwrap();
    let all = |new: NewPaymentPart| whole.part(id(7), at(4), &balance, new).map(|part| part.amount());
    assert_eq!(all(NewPaymentPart::capture(parsed("acme:x"))), Ok(eur(4_000)));
    assert_eq!(all(NewPaymentPart::void(parsed("acme:x"))), Ok(eur(4_000)));
    assert_eq!(all(NewPaymentPart::refund(parsed("acme:x"))), Ok(eur(6_000)));
    let lines = NewPaymentPart::refund(parsed("acme:x")).line(1, Quantity::from(1));
    assert!(matches!(all(lines), Err(PaymentError::Value { invalid, .. }) if invalid.rule() == &Rule::Empty));
}

#[test]
fn pay_2_a_part_is_of_a_whole_that_is_authorised() {
    for status in [Draft, Pending, Done, Cancelled, Failed] {
        for kind in [Capture, Void] {
            let refused = PaymentError::NotAuthorised { payment: id(1), kind, status };
            assert_eq!(part(&standing(status), &[], kind, 2, 1), Err(refused));
        }
    }
    let whole = standing(Authorised);
    let capture = part(&whole, &[], Capture, 2, 1).unwrap();
    for kind in [Capture, Void, Refund] {
        let refused = PaymentError::NotAWhole { payment: id(2), kind: Capture };
        assert_eq!(part(&capture, &[], kind, 3, 1), Err(refused));
    }
    assert!(
        matches!(part(&whole, &[], Whole, 3, 1), Err(PaymentError::Value { invalid, .. }) if invalid.field() == "source")
    );
    let lines = new_part(Capture, 3, 1).line(1, Quantity::from(1));
    let refused = whole.part(id(3), at(2), &whole.balance([]).unwrap(), lines).unwrap_err();
    assert!(matches!(refused, PaymentError::Value { invalid, .. } if invalid.field() == "lines"));
    let mut capture = capture;
    assert_eq!(capture.authorise(at(3)), Err(PaymentError::NotAWhole { payment: id(2), kind: Capture }));
    assert_eq!(capture.state(), &PaymentState::Draft);
}

#[test]
fn pay_2_a_whole_with_parts_does_not_go_its_way_as_one() {
    let whole = standing(Authorised);
    let parts = [part(&whole, &[], Capture, 2, 6_000).unwrap()];
    for action in [Finish, Cancel, Fail] {
        let refused = PaymentError::InParts { payment: whole.id, action, taken: eur(6_000) };
        assert_eq!(whole.allows(action, &whole, &whole.balance(&parts).unwrap()), Err(refused));
        assert_eq!(whole.allows(action, &whole, &whole.balance([]).unwrap()), Ok(()));
        // Parts that failed or were called off hold nothing.
        let mut failed = parts[0].clone();
        failed.fail(at(3), None).unwrap();
        assert_eq!(whole.allows(action, &whole, &whole.balance([&failed]).unwrap()), Ok(()));
    }
}

#[test]
fn ref_1_refunds_that_are_done_or_begun_stay_below_what_was_captured() {
    let whole = standing(Done);
    let over = |amount, refundable| PaymentError::OverRefunded { payment: whole.id, amount, refundable };
    assert_eq!(part(&whole, &[], Refund, 2, 10_001), Err(over(eur(10_001), eur(10_000))));
    let begun = part(&whole, &[], Refund, 2, 6_000).unwrap();
    assert_eq!(part(&whole, slice::from_ref(&begun), Refund, 3, 4_001), Err(over(eur(4_001), eur(4_000))));
    let done = done(begun, Some(2));
    assert_eq!(part(&whole, slice::from_ref(&done), Refund, 3, 4_001), Err(over(eur(4_001), eur(4_000))));
    let rest = part(&whole, slice::from_ref(&done), Refund, 3, 4_000).unwrap();
    assert_eq!(whole.balance([&done, &rest]).unwrap().refundable(), eur(0));

    // Of a whole that is captured in part, before it closes.
    let whole = standing(Authorised);
    assert!(matches!(part(&whole, &[], Refund, 2, 1), Err(PaymentError::OverRefunded { .. })));
    let taken = [self::done(part(&whole, &[], Capture, 2, 6_000).unwrap(), Some(1))];
    part(&whole, &taken, Refund, 3, 6_000).unwrap();
    assert!(matches!(part(&whole, &taken, Refund, 3, 6_001), Err(PaymentError::OverRefunded { .. })));
}

#[test]
fn ref_1_a_part_that_had_failed_is_done_only_where_its_room_is_left() {
    let whole = standing(Authorised);
    let mut first = part(&whole, &[], Capture, 2, 6_000).unwrap();
    first.fail(at(3), None).unwrap();
    assert_eq!(first.allows(Finish, &whole, &whole.balance([&first]).unwrap()), Ok(()));
    let second = part(&whole, &[first.clone()], Capture, 3, 5_000).unwrap();
    let refused = first.allows(Finish, &whole, &whole.balance([&first, &second]).unwrap());
    assert!(matches!(refused, Err(PaymentError::MoreThanHeld { left, .. }) if left == eur(5_000)), "{refused:?}");
}

/// An order over 200.00 EUR that has entries of money under the references of a provider.
fn order_with(entries: &[(EntryKind, &str, i64)]) -> Order {
    let price = UnitPrice::parse("100", Currency::EUR).unwrap();
    let line = OrderLine::new(1, id(5), 2.into(), price, Percent::ZERO).unwrap();
    let draft = OrderDraft::new(id(9), parsed("SO-1"), id(7), Currency::EUR, vec![line]);
    let mut order = Order::draft(at(0), draft).unwrap();
    order.confirm(at(0), at(0).date_naive()).unwrap();
    for (kind, reference, cents) in entries {
        let new = || NewPayment::of(eur(*cents)).method(parsed("acme")).reference(parsed(reference));
        match kind {
            EntryKind::Payment => order.pay(at(1), new()),
            EntryKind::Refund => order.refund(at(1), new()),
            EntryKind::RefundUndone => unreachable!("none is undone here"),
        }
        .unwrap();
    }
    order
}

#[test]
fn money_without_an_entry_is_entered_once() {
    let none = order_with(&[]);
    let mut taken = done(standing(Authorised), None);
    assert_eq!((taken.enterable(), taken.for_the_order(&none, &taken, &[])), (Ok(()), eur(10_000)));
    // What was given back meanwhile is not.
    let back = [given_back(part(&taken, &[], Refund, 2, 4_000).unwrap(), 0)];
    assert_eq!(back[0].outside(), Some(eur(4_000)));
    assert_eq!(taken.for_the_order(&none, &taken, &back), eur(6_000));
    assert_eq!(back[0].for_the_order(&none, &taken, &back), eur(0));
    assert_eq!(taken.enter(at(5), 1, eur(6_000)), Ok(PaymentFact::Entered { entry: 1, outside: None }));
    assert_eq!((taken.entry(), taken.updated_at), (Some(1), at(5)));
    assert_eq!(taken.enterable(), Err(PaymentError::NothingToEnter { payment: taken.id }));
    // The rest is the order's to give back.
    let order = order_with(&[(EntryKind::Payment, "pi_1", 6_000)]);
    let rest = part(&taken, &back, Refund, 3, 6_000).unwrap();
    assert_eq!(rest.for_the_order(&order, &taken, &back), eur(6_000));
    assert!(matches!(taken.clone().enter(at(6), 5, eur(1)), Err(PaymentError::NothingToEnter { .. })));
    assert!(
        matches!(standing(Pending).enter(at(6), 5, eur(1)), Err(PaymentError::Value { invalid, .. }) if invalid.field() == "entry")
    );

    // A whole that its parts cover has no entry of its own.
    let whole = standing(Authorised);
    let parts = [done(part(&whole, &[], Capture, 2, 10_000).unwrap(), None)];
    let whole = done(whole, None);
    assert_eq!(whole.for_the_order(&none, &whole, &parts), eur(0));
    assert_eq!(parts[0].for_the_order(&none, &whole, &parts), eur(10_000));
}

#[test]
fn ref_1_what_the_order_does_not_know_of_goes_back_first() {
    let whole = standing(Authorised);
    let first = done(part(&whole, &[], Capture, 2, 6_000).unwrap(), Some(1));
    let second = done(part(&whole, slice::from_ref(&first), Capture, 3, 4_000).unwrap(), None);
    let mut parts = vec![first, second];
    let paid = (EntryKind::Payment, "part_2", 6_000);
    let back = part(&whole, &parts, Refund, 4, 10_000).unwrap();
    assert_eq!(back.for_the_order(&order_with(&[paid]), &whole, &parts), eur(6_000));
    // Where the order could not take it, the captures that wait went back with it.
    parts.push(given_back(back, 6_000));
    let of_order = |parts: &[Payment], order: &Order| {
        let without = parts.iter().filter(|part| part.entry().is_none());
        without.map(|part| part.for_the_order(order, &whole, parts).minor()).collect::<Vec<_>>()
    };
    assert_eq!(of_order(&parts, &order_with(&[paid])), [0, 6_000]);
    // Entered by hand under its reference, it is done with.
    let order = order_with(&[paid, (EntryKind::Refund, "part_4", 6_000)]);
    assert_eq!(of_order(&parts, &order)[0], 0);
    assert_eq!(parts[2].entry_in(&order).map(|entry| entry.number), Some(2));
}

#[test]
fn ref_3_what_the_order_has_by_hand_is_not_entered_again() {
    // All of the whole by hand; then it is taken in parts, which the order has already.
    let whole = standing(Authorised);
    let order = order_with(&[(EntryKind::Payment, "pi_1", 10_000)]);
    let first = part(&whole, &[], Capture, 2, 6_000).unwrap();
    assert_eq!(first.for_the_order(&order, &whole, slice::from_ref(&first)), eur(0));
    let parts = [done(first, None), done(part(&whole, &[], Capture, 3, 4_000).unwrap(), None)];
    let back = part(&whole, &parts, Refund, 4, 10_000).unwrap();
    assert_eq!(back.for_the_order(&order, &whole, &parts), eur(10_000));

    // More by hand than was left of it: the refund is the order's to enter.
    let taken = done(standing(Authorised), Some(1));
    let back = [given_back(part(&taken, &[], Refund, 2, 4_000).unwrap(), 0)];
    assert_eq!(back[0].for_the_order(&order, &taken, &back), eur(4_000));
    let rest = part(&taken, &back, Refund, 3, 6_000).unwrap();
    assert_eq!(rest.for_the_order(&order, &taken, &back), eur(6_000));
}

#[test]
fn parts_of_a_payment_that_contradict_each_other_are_refused() {
    type Case = (&'static str, &'static str, fn(&mut PaymentParts));
    let cases: &[Case] = &[
        ("amount", "greater than zero", |parts| parts.amount = eur(0)),
        ("source", "only there", |parts| parts.source = Some(id(3))),
        ("source", "there for a part", |parts| parts.kind = Capture),
        ("lines", "for a refund only", |parts| {
            parts.lines = vec![RefundedLine { line: 1, quantity: Quantity::from(1) }];
        }),
        ("quantity", "greater than zero", |parts| {
            parts.lines = vec![RefundedLine { line: 1, quantity: Quantity::ZERO }];
        }),
        ("state", "but for a whole", |parts| {
            (parts.kind, parts.source, parts.entry) = (Refund, Some(id(3)), None);
            parts.state = PaymentState::Authorised { at: at(1) };
        }),
        ("outside", "a refund of money gave back", |parts| parts.outside = Some(eur(1))),
        ("outside", "greater than zero", |parts| parts.outside = Some(eur(0))),
        ("entry", "from 1", |parts| parts.entry = Some(0)),
        ("entry", "taken or given back", |parts| parts.state = PaymentState::Pending { since: at(1) }),
        ("entry", "taken or given back", |parts| (parts.kind, parts.source) = (Void, Some(id(3)))),
        ("anomalies", "at most 10000", |parts| {
            let report = PaymentReport::new(parts.reference.clone(), Done);
            parts.anomalies = vec![report.anomaly(at(1), AnomalyKind::Repeated, Done); 10_001];
        }),
    ];
    for (field, words, contradict) in cases {
        let mut parts = PaymentParts::from(standing(Done));
        contradict(&mut parts);
        let refused = refusal::<Payment, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn what_a_payment_is_made_of_survives_json() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    survives_json(&NewProviderPayment::new(id(9), parsed("acme:pi_1"), eur(1)).id(id(4)));
    survives_json(&new_part(Refund, 3, 7).id(id(3)).line(1, Quantity::from(2)));
    let report = PaymentReport::new(parsed("acme:pi_1"), Failed).amount(eur(1)).reason(parsed("declined"));
    survives_json(&report.clone().day(day("2026-03-02")));
    let anomaly = report.anomaly(at(3), AnomalyKind::Late, Done);
    let payment = Box::new(standing(Authorised));
    let facts = [
        PaymentFact::Begun { payment },
        PaymentFact::Pending,
        PaymentFact::Authorised,
        PaymentFact::Done { entry: Some(1), outside: Some(eur(5)) },
        PaymentFact::Cancelled,
        PaymentFact::Failed { reason: Some(parsed("declined")) },
        PaymentFact::Entered { entry: 1, outside: None },
        PaymentFact::Anomaly { anomaly },
        PaymentFact::Deleted { payment: Box::new(begun()) },
    ];
    let of: PaymentId = id(1);
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((of, fact)))),
        [
            "payment.begun",
            "payment.pending",
            "payment.authorised",
            "payment.done",
            "payment.cancelled",
            "payment.failed",
            "payment.entered",
            "payment.anomaly",
            "payment.deleted",
        ]
    );
}

#[test]
fn refusals_name_the_payment_the_values_and_the_rule() {
    let whole = standing(Authorised);
    let number = whole.id;
    let over = part(&whole, &[], Capture, 2, 10_001).unwrap_err().to_string();
    assert_eq!(
        over,
        format!("cannot begin a partial capture of 100.01 EUR of {number}: 100.00 EUR of it is left (PAY-2)")
    );
    let over = part(&standing(Done), &[], Refund, 2, 10_001).unwrap_err().to_string();
    assert_eq!(over, format!("cannot refund 100.01 EUR of {number}: 100.00 EUR is left of what was captured (REF-1)"));
    let refused = standing(Cancelled).finish(at(9), None, eur(0)).unwrap_err().to_string();
    assert_eq!(refused, format!("cannot finish {number}: it is cancelled"));
}

/// What may be tried on a payment and its parts.
#[derive(Clone, Debug)]
enum Try {
    Begin(PaymentKind, i64),
    Move(usize, PaymentAction),
}

fn tries() -> impl Strategy<Value = Try> {
    let kind = prop::sample::select(vec![Capture, Capture, Void, Refund]);
    prop_oneof![
        3 => (kind, 1_i64..7_000).prop_map(|(kind, cents)| Try::Begin(kind, cents)),
        5 => (0_usize..6, prop::sample::select(ACTIONS.to_vec())).prop_map(|(place, action)| Try::Move(place, action)),
    ]
}

proptest! {
    /// The sums of the parts never pass what was held, nor refunds what was captured, whatever is tried in whatever order.
    #[test]
    fn pay_2_and_ref_1_hold_whatever_is_tried(tries in prop::collection::vec(tries(), 0..60)) {
        let mut whole = standing(Authorised);
        let mut parts: Vec<Payment> = Vec::new();
        for (n, one) in (10..).zip(tries) {
            match one {
                Try::Begin(kind, cents) => parts.extend(part(&whole, &parts, kind, n, cents)),
                Try::Move(0, action) => {
                    if whole.allows(action, &whole, &whole.balance(&parts).unwrap()).is_ok() {
                        perform(&mut whole, action).unwrap();
                    }
                }
                Try::Move(place, action) => {
                    let balance = whole.balance(&parts).unwrap();
                    let Some(part) = parts.get_mut(place - 1) else { continue };
                    if part.allows(action, &whole, &balance).is_ok() {
                        let entry = (part.kind() != Void).then_some(3);
                        if action == Finish { part.finish(at(9), entry, part.amount()).unwrap() } else { perform(part, action).unwrap() };
                    }
                }
            }
            let balance = whole.balance(&parts).unwrap();
            if let Some(action) = whole.covered(&balance) {
                if action == Finish { whole.finish(at(9), None, whole.amount()).unwrap() } else { perform(&mut whole, action).unwrap() };
            }
            let balance = whole.balance(&parts).unwrap();
            prop_assert!(!balance.left(&whole).is_negative());
            prop_assert!(!balance.refundable().is_negative());
            // A whole that has gone its way holds nothing more.
            if matches!(whole.state().status(), Done | Cancelled) {
                prop_assert_eq!(balance.captured.checked_add(balance.voided).unwrap(), whole.amount());
            }
            prop_assert_eq!(&Payment::try_from(PaymentParts::from(whole.clone())).unwrap(), &whole);
        }
    }
}

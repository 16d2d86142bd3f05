mod laws;
mod parts;
mod refunds;
mod returns;

use super::*;
use crate::{
    Discount, Fact, Label, Tax, TaxRounding, Taxation,
    record::proof::{assert_cells, at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

use OrderAction::{
    Amend, Cancel, Confirm, Delete, Deliver, Lock, Pay, Reassign, Refund, Return, Ship, UndoRefund, Unlock,
};
use OrderStatus::{Cancelled, Confirmed, Draft as Drafted, Locked};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn line(number: u32, quantity: u32, price: &str) -> OrderLine {
    let price = UnitPrice::parse(price, Currency::EUR).unwrap();
    OrderLine::new(number, id(7), Quantity::from(quantity), price, Percent::ZERO).unwrap()
}

fn vat(rate: &str) -> Tax {
    Tax::new(parsed("VAT"), parsed(rate)).unwrap()
}

/// Two of the first line and four of the third: 120.00 EUR.
fn lines() -> Vec<OrderLine> {
    vec![line(1, 2, "50.00"), line(3, 4, "5.00")]
}

fn drafted(lines: Vec<OrderLine>) -> Order {
    let (number, external_id) = (parsed("SO-1"), Some(parsed("ext-1")));
    let draft = Draft { external_id, rep: Some(id(2)), ..Draft::new(id(9), number, id(1), Currency::EUR, lines) };
    Order::draft(at(0), draft).unwrap()
}

fn confirmed() -> Order {
    let mut order = drafted(lines());
    order.confirm(at(1), day("2026-03-02")).unwrap();
    order
}

fn of_line(line: u32, quantity: u32) -> ShippedLine {
    ShippedLine { line, quantity: Quantity::from(quantity) }
}

fn back(line: u32, quantity: u32) -> RefundedLine {
    RefundedLine { line, quantity: Quantity::from(quantity) }
}

fn money(cents: i64) -> NewPayment {
    NewPayment::of(eur(cents))
}

/// An order in a state, such that an action could be done if the state allowed it.
fn standing(status: OrderStatus, action: OrderAction) -> Order {
    if status == Drafted {
        return drafted(lines());
    }
    if (status, action) == (Cancelled, Delete) {
        let mut order = drafted(lines());
        order.cancel(at(4), day("2026-03-03"), None).unwrap();
        return order;
    }
    let mut order = confirmed();
    if matches!(action, Deliver | Return) {
        order.ship(at(2), None).unwrap();
    }
    if matches!(action, Refund | UndoRefund) {
        order.pay(at(2), money(5_000)).unwrap();
    }
    if action == UndoRefund {
        order.refund(at(2), money(2_000)).unwrap();
    }
    if status == Locked {
        order.lock(at(3)).unwrap();
    }
    if status == Cancelled {
        if matches!(action, Deliver | Return) {
            order.take_back(at(3), 1).unwrap();
        }
        if matches!(action, Refund | UndoRefund) {
            order.refund(at(3), NewRefund::in_full()).unwrap();
        }
        order.cancel(at(4), day("2026-03-03"), None).unwrap();
    }
    order
}

fn perform(order: &mut Order, action: OrderAction) -> Result<Option<OrderFact>, OrderError> {
    match action {
        Amend => order.amend(at(9), vec![line(1, 1, "50.00")], Terms::default()),
        Reassign => order.reassign(at(9), Some(id(3))),
        Confirm => order.confirm(at(9), day("2026-03-04")).map(Some),
        Lock => order.lock(at(9)).map(Some),
        Unlock => order.unlock(at(9)).map(Some),
        Cancel => order.cancel(at(9), day("2026-03-05"), Some(parsed("no budget"))).map(Some),
        Ship => order.ship(at(9), None).map(Some),
        Deliver => order.deliver(at(9), 1).map(Some),
        Return => order.take_back(at(9), 1).map(Some),
        Pay => order.pay(at(9), money(2_000)).map(Some),
        Refund => order.refund(at(9), money(2_000)).map(Some),
        UndoRefund => {
            let last = order.standing_refunds().last().map_or(0, |last| last.number);
            order.undo_refund(at(9), last, None).map(Some)
        }
        Delete => order.deletable().map(|()| None),
    }
}

fn entry(number: u32, kind: EntryKind, cents: i64) -> PaymentEntry {
    let (amount, at) = (eur(cents), at(9));
    PaymentEntry { number, kind, amount, at, day: day("2026-03-02"), method: None, reference: None, lines: Vec::new() }
}

/// The fact that `perform` makes where it is allowed.
fn fact_of(action: OrderAction, status: OrderStatus) -> Option<OrderFact> {
    Some(match action {
        Amend => OrderFact::Amended {
            before: lines(),
            after: vec![line(1, 1, "50.00")],
            terms_before: Terms::default(),
            terms: Terms::default(),
        },
        Reassign => OrderFact::Reassigned { from: Some(id(2)), to: Some(id(3)) },
        Confirm => OrderFact::Confirmed { day: day("2026-03-04"), net: eur(12_000), total: eur(12_000), rate: None },
        Lock => OrderFact::Locked,
        Unlock => OrderFact::Unlocked,
        Cancel => {
            let reversed = if status == Drafted { eur(0) } else { eur(12_000) };
            OrderFact::Cancelled { day: day("2026-03-05"), reversed, reason: Some(parsed("no budget")) }
        }
        Ship => {
            let lines = vec![of_line(1, 2), of_line(3, 4)];
            let shipment =
                Shipment { number: 1, shipped_at: at(9), state: ShipmentState::Shipped, lines, returned: Vec::new() };
            OrderFact::Shipped { shipment }
        }
        Deliver => OrderFact::Delivered { shipment: 1 },
        Return => {
            let lines = vec![of_line(1, 2), of_line(3, 4)];
            OrderFact::Returned { shipment: 1, before: ShipmentState::Shipped, lines }
        }
        Pay => OrderFact::Paid { entry: entry(1, EntryKind::Payment, 2_000), owed: eur(10_000) },
        Refund => OrderFact::Refunded {
            entry: entry(2, EntryKind::Refund, 2_000),
            reversed: eur(2_000),
            refundable: eur(3_000),
        },
        UndoRefund => OrderFact::RefundUndone {
            entry: entry(3, EntryKind::RefundUndone, 2_000),
            restored: eur(2_000),
            owed: eur(9_000),
        },
        Delete => return None,
    })
}

const ACTIONS: [OrderAction; 13] =
    [Amend, Reassign, Confirm, Lock, Unlock, Cancel, Ship, Deliver, Return, Pay, Refund, UndoRefund, Delete];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(OrderStatus, [Option<OrderStatus>; 13]); 4] = {
    let (no, d, c, l, x) = (None, Some(Drafted), Some(Confirmed), Some(Locked), Some(Cancelled));
    [
        (Drafted, [d, d, c, no, no, x, no, no, no, no, no, no, d]),
        (Confirmed, [no, c, no, l, no, x, c, c, c, c, c, c, no]),
        (Locked, [no, l, no, no, c, no, l, l, l, l, l, l, no]),
        (Cancelled, [no, no, no, no, no, no, no, no, no, no, no, no, x]),
    ]
};

#[test]
fn ord_1_to_4_each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status, action);
            assert_eq!(before.state().status(), status);
            let mut order = before.clone();
            let done = perform(&mut order, action);
            let Some(to) = to else {
                assert_eq!(done, Err(OrderError::NotAllowed { order: before.id, status, action }));
                assert_eq!(order, before, "{status} {action}");
                continue;
            };
            assert_eq!(done, Ok(fact_of(action, status)), "{status} {action}");
            assert_eq!(order.state().status(), to, "{status} {action}");
            match action {
                Delete => assert_eq!(order, before),
                _ => assert_eq!(order.updated_at, at(9), "{status} {action}"),
            }
        }
    }
}

#[test]
fn ord_1_to_4_the_table_in_the_code_is_the_literal_one() {
    assert_cells(&OrderStatus::TRANSITIONS, ACTIONS, &CELLS);
}

/// Asserts that an order refuses something and is as it was.
#[track_caller]
fn refuses<T: std::fmt::Debug>(order: &Order, asked: impl FnOnce(&mut Order) -> Result<T, OrderError>) -> OrderError {
    let mut after = order.clone();
    let refused = asked(&mut after).unwrap_err();
    assert_eq!(&after, order, "{refused}");
    refused
}

#[track_caller]
fn rule_of(refused: OrderError) -> (&'static str, Rule) {
    match refused {
        OrderError::Invalid(invalid) | OrderError::Value { invalid, .. } => (invalid.field(), invalid.rule().clone()),
        other => panic!("{other}"),
    }
}

/// One step of an order in the tables and the laws below.
#[derive(Clone, Debug)]
enum Step {
    Amend(Vec<(u32, i64)>),
    Reassign(Option<u128>),
    Confirm,
    Lock,
    Unlock,
    Cancel,
    /// All that is left, or some.
    Ship(Option<Vec<(u32, u32)>>),
    Deliver(u32),
    TakeBack(u32),
    TakeBackSome(u32, Vec<(u32, u32)>),
    /// All that is owed, or so many cents.
    Pay(Option<i64>),
    /// All that can be refunded, or so many cents.
    Refund(Option<i64>),
    RefundLines(Vec<(u32, u32)>),
    RefundInFull,
    /// An entry by its number, or the last refund that stands.
    UndoRefund(Option<u32>),
}

fn take(order: &mut Order, step: &Step, minute: i64) -> Result<(), OrderError> {
    let at = at(minute);
    let today = at.date_naive();
    match step {
        Step::Amend(new) => {
            let line = |(number, (quantity, cents)): (u32, &(u32, i64))| {
                let price = UnitPrice::try_from(eur(*cents)).unwrap();
                OrderLine::new(number, id(7), Quantity::from(*quantity), price, Percent::whole(5)).unwrap()
            };
            order.amend(at, (1..).zip(new).map(line).collect(), Terms::default()).map(drop)
        }
        Step::Reassign(rep) => order.reassign(at, rep.map(id)).map(drop),
        Step::Confirm => order.confirm(at, today).map(drop),
        Step::Lock => order.lock(at).map(drop),
        Step::Unlock => order.unlock(at).map(drop),
        Step::Cancel => order.cancel(at, today, None).map(drop),
        Step::Ship(lines) => {
            let some = |lines: &Vec<(u32, u32)>| lines.iter().map(|(line, many)| of_line(*line, *many)).collect();
            order.ship(at, lines.as_ref().map(some)).map(drop)
        }
        Step::Deliver(shipment) => order.deliver(at, *shipment).map(drop),
        Step::TakeBack(shipment) => order.take_back(at, *shipment).map(drop),
        Step::TakeBackSome(shipment, lines) => {
            let lines = lines.iter().map(|(line, many)| of_line(*line, *many)).collect();
            order.take_back_lines(at, *shipment, lines).map(drop)
        }
        Step::RefundLines(lines) => {
            let lines = lines.iter().map(|(line, many)| back(*line, *many));
            order.refund(at, NewRefund::of_lines(lines)).map(drop)
        }
        Step::RefundInFull => order.refund(at, NewRefund::in_full()).map(drop),
        Step::UndoRefund(entry) => {
            let last = order.standing_refunds().last().map_or(0, |last| last.number);
            order.undo_refund(at, entry.unwrap_or(last), None).map(drop)
        }
        Step::Pay(cents) => order.pay(at, NewPayment::of(cents.map_or(order.owed(), eur))).map(drop),
        Step::Refund(cents) => order.refund(at, NewPayment::of(cents.map_or(order.refundable(), eur))).map(drop),
    }
}

fn after(steps: &[Step]) -> Order {
    let mut order = drafted(lines());
    for (minute, step) in (1..).zip(steps) {
        take(&mut order, step, minute).unwrap();
    }
    order
}

#[test]
fn ord_2_sent_is_a_state_of_the_quote_and_no_order_goes_back_to_draft() {
    use crate::{QuoteAction, QuoteStatus};

    let sent = QuoteStatus::TRANSITIONS.steps.iter().filter(|step| step.to == QuoteStatus::Sent);
    let sent: Vec<_> = sent.map(|step| (step.from, step.action)).collect();
    assert_eq!(sent, [(QuoteStatus::Draft, QuoteAction::Send), (QuoteStatus::Approved, QuoteAction::Send)]);
    assert!(OrderStatus::TRANSITIONS.states.iter().all(|status| status.to_string() != "sent"));
    for status in [Confirmed, Locked, Cancelled] {
        for action in ACTIONS {
            let mut order = standing(status, action);
            let done = perform(&mut order, action);
            assert_ne!(order.state().status(), Drafted, "{status} {action}: {done:?}");
        }
    }
}

#[test]
fn ord_1_an_order_without_lines_is_not_confirmed() {
    let order = drafted(Vec::new());
    let refused = refuses(&order, |order| order.confirm(at(1), day("2026-03-02")));
    assert_eq!(refused, OrderError::NoLines { order: order.id });
}

#[test]
fn ord_1_a_confirmed_order_knows_its_business_day_even_after_it_is_cancelled() {
    let mut order = confirmed();
    assert_eq!(order.state(), &OrderState::Confirmed { at: at(1), day: day("2026-03-02") });
    order.lock(at(2)).unwrap();
    order.unlock(at(3)).unwrap();
    assert_eq!(order.state(), &OrderState::Confirmed { at: at(1), day: day("2026-03-02") });
    order.cancel(at(4), day("2026-03-09"), None).unwrap();
    assert_eq!(order.state().confirmed_on(), Some(day("2026-03-02")));
}

fn dollars(from: Currency) -> DatedRate {
    DatedRate::new(from, Currency::USD, day("2026-02-27"), parsed("1.08"), parsed("ECB")).unwrap()
}

#[test]
fn mon_3_an_order_pins_its_rate_when_it_is_confirmed_and_keeps_it() {
    let mut order = drafted(lines());
    let (on, rate) = (day("2026-03-02"), dollars(Currency::EUR));
    let fact = order.confirm_at_rate(at(1), on, rate.clone()).unwrap();
    assert_eq!(fact, OrderFact::Confirmed { day: on, net: eur(12_000), total: eur(12_000), rate: Some(rate.clone()) });
    assert_eq!((order.rate(), order.state().confirmed_on()), (Some(&rate), Some(on)));
    survives_json(&order);
    survives_json(&fact);
    refuses(&order, |order| order.amend(at(2), vec![line(1, 1, "50.00")], Terms::default()));
    refuses(&order, |order| order.confirm_at_rate(at(2), on, rate.clone()));
    order.lock(at(2)).unwrap();
    order.unlock(at(3)).unwrap();
    order.cancel(at(4), on, None).unwrap();
    assert_eq!(order.rate(), Some(&rate));
}

#[test]
fn mon_3_a_rate_from_another_currency_or_a_later_day_is_not_pinned() {
    let order = drafted(lines());
    let refused = refuses(&order, |order| order.confirm_at_rate(at(1), day("2026-03-02"), dollars(Currency::JPY)));
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert_eq!(rule_of(refused), ("rate", mismatch));
    let refused = refuses(&order, |order| order.confirm_at_rate(at(1), day("2026-02-26"), dollars(Currency::EUR)));
    let must = "must hold on the day of the confirmation already (MON-3)";
    assert_eq!(rule_of(refused), ("rate", Rule::Inconsistent { must }));
    let empty = drafted(Vec::new());
    let refused = refuses(&empty, |order| order.confirm_at_rate(at(1), day("2026-03-02"), dollars(Currency::EUR)));
    assert_eq!(refused, OrderError::NoLines { order: empty.id });
}

#[test]
fn prc_6_what_promotions_take_off_stands_on_the_lines_until_it_is_released() {
    let order = drafted(lines());
    let mut promoted = order.clone();
    promoted.promote(at(1), &[eur(1_000), eur(0)]).unwrap().unwrap();
    promoted.promote(at(2), &[eur(9_000), eur(500)]).unwrap().unwrap();
    let off: Vec<_> = promoted.lines().iter().map(|line| (line.taken_off(), line.amount())).collect();
    assert_eq!(off, [(Some(eur(10_000)), eur(0)), (Some(eur(500)), eur(1_500))]);
    assert_eq!((promoted.total(), promoted.is_promoted()), (eur(1_500), true));
    assert_eq!(promoted.clone().promote(at(3), &[eur(0), eur(0)]), Ok(None));
    survives_json(&promoted);

    // Other lines are refused, other terms are not: what promotions took off was found for these lines, before the terms.
    let other = vec![line(1, 1, "50.00")];
    let refused = refuses(&promoted, |order| order.amend(at(3), other, Terms::default()));
    assert_eq!(refused, OrderError::Promoted { order: order.id });
    let half = Terms::default().discount(Discount::Percent(Percent::whole(50)));
    let mut cheaper = promoted.clone();
    cheaper.amend(at(3), promoted.lines().to_vec(), half).unwrap();
    assert_eq!(cheaper.total(), eur(750));
    cheaper.release_promotions(at(4)).unwrap().unwrap();
    assert_eq!((cheaper.total(), cheaper.lines()), (eur(6_000), order.lines()));
    assert_eq!(cheaper.release_promotions(at(5)), Ok(None));

    // No line loses more than it comes to, and the discount on the document takes what they leave.
    let too_much = refuses(&promoted, |order| order.promote(at(3), &[eur(1), eur(0)]));
    let range = |max: &str| Rule::OutOfRange { min: "0.00 EUR".into(), max: max.into() };
    assert_eq!(rule_of(too_much), ("taken off", range("0.00 EUR")));
    let negative = refuses(&order, |order| order.promote(at(3), &[eur(-1), eur(0)]));
    assert_eq!(rule_of(negative), ("taken off", range("100.00 EUR")));
    let yen = refuses(&order, |order| order.promote(at(3), &[Money::from_minor(1, Currency::JPY), eur(0)]));
    assert_eq!(rule_of(yen).0, "taken off");
    let one = refuses(&order, |order| order.promote(at(3), &[eur(1)]));
    assert_eq!(rule_of(one).0, "parts");
    let mut fixed = order;
    fixed.amend(at(1), lines(), Terms::default().discount(Discount::Amount(eur(11_500)))).unwrap();
    fixed.promote(at(3), &[eur(501), eur(0)]).unwrap();
    assert_eq!(fixed.totals().map(|totals| (totals.discount(), totals.total())), Ok((eur(11_499), eur(0))));
    let confirmed = confirmed();
    for refused in [
        refuses(&confirmed, |order| order.promote(at(3), &[eur(1), eur(0)])),
        refuses(&confirmed, |order| order.release_promotions(at(3))),
    ] {
        assert_eq!(refused, OrderError::NotAllowed { order: confirmed.id, status: Confirmed, action: Amend });
    }
}

#[test]
fn amending_replaces_the_lines_or_nothing() {
    let order = drafted(lines());
    assert_eq!(order.clone().amend(at(1), lines(), Terms::default()), Ok(None));
    let mut amended = order.clone();
    amended.amend(at(1), vec![line(2, 1, "0.01")], Terms::default()).unwrap();
    assert_eq!((amended.total(), amended.lines().len()), (eur(1), 1));
    amended.amend(at(2), Vec::new(), Terms::default()).unwrap();
    assert_eq!(amended.total(), eur(0));

    let yen = OrderLine::new(1, id(7), 1.into(), UnitPrice::parse("5", Currency::JPY).unwrap(), Percent::ZERO).unwrap();
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    assert_eq!(rule_of(refuses(&order, |order| order.amend(at(1), vec![yen], Terms::default()))), ("total", mismatch));
    let backwards = vec![line(3, 1, "1"), line(1, 1, "1")];
    assert_eq!(rule_of(refuses(&order, |order| order.amend(at(1), backwards, Terms::default()))).0, "lines");
    let most = UnitPrice::parse("9223372036854.775807", Currency::EUR).unwrap();
    let huge = OrderLine::new(1, id(7), 10_000.into(), most, Percent::ZERO).unwrap();
    let twice = OrderLine::new(2, id(7), 10_000.into(), most, Percent::ZERO).unwrap();
    assert_eq!(
        rule_of(refuses(&order, |order| order.amend(at(1), vec![huge, twice], Terms::default()))),
        ("total", Rule::Overflow)
    );
}

#[test]
fn prc_4_another_price_list_leaves_the_lines_as_they_are_and_ord_4_stands_once_it_is_confirmed() {
    let mut order = standing(Drafted, Amend);
    let (before, list) = (order.clone(), Some(id(5)));
    assert_eq!(order.price_by(at(9), None), Ok(None));
    assert_eq!(order, before);
    let fact = order.price_by(at(9), list).unwrap();
    assert_eq!(fact, Some(OrderFact::PriceListChanged { from: None, to: list }));
    assert_eq!((order.price_list(), order.lines(), order.total()), (list, before.lines(), before.total()));
    for status in [Confirmed, Locked, Cancelled] {
        let mut order = standing(status, Amend);
        let before = order.clone();
        let refused = OrderError::NotAllowed { order: order.id, status, action: Amend };
        assert_eq!(order.price_by(at(9), list), Err(refused));
        assert_eq!(order, before);
    }
}

#[test]
fn reassigning_moves_the_sale_with_its_revenue_or_nothing() {
    let mut order = confirmed();
    let before = order.clone();
    assert_eq!(order.reassign(at(9), Some(id(2))), Ok(None));
    assert_eq!(order, before);
    let fact = order.reassign(at(9), None).unwrap();
    assert_eq!(fact, Some(OrderFact::Reassigned { from: Some(id(2)), to: None }));
    assert_eq!((order.rep(), order.updated_at), (None, at(9)));
    assert_eq!((order.revenue(), order.total(), order.state()), (before.revenue(), before.total(), before.state()));
}

#[test]
fn prc_6_a_line_is_quantity_times_price_less_discount_rounded_once() {
    let cases = [
        ("1", "49.90", "0", 4_990),
        ("2", "49.90", "10", 8_982),
        ("0.5", "0.01", "0", 1),
        // 3 times 0.335 is 1.005; rounded before the discount it would come to 0.51.
        ("3", "0.335", "50", 50),
        ("200", "0.0125", "10", 225),
        ("7", "19.99", "100", 0),
        ("7", "0", "0", 0),
    ];
    for (quantity, price, discount, cents) in cases {
        let price = UnitPrice::parse(price, Currency::EUR).unwrap();
        let line = OrderLine::new(1, id(7), parsed(quantity), price, parsed(discount)).unwrap();
        assert_eq!(line.amount(), eur(cents), "{quantity} {price} {discount}");
    }
}

#[test]
fn prc_6_a_discount_above_the_price_and_a_quantity_of_nothing_are_refused() {
    let price = UnitPrice::parse("5", Currency::EUR).unwrap();
    let line = |quantity: &str, discount: &str| OrderLine::new(1, id(7), parsed(quantity), price, parsed(discount));
    for discount in ["100.0001", "-0.0001"] {
        assert_eq!(line("1", discount).unwrap_err().field(), "discount");
    }
    assert_eq!(line("0", "0").unwrap_err().rule(), &Rule::NotPositive);
    assert_eq!(line("9223372036854", "0").unwrap().amount(), eur(4_611_686_018_427_000));
}

#[test]
fn a_shipment_holds_what_is_left_and_nothing_else() {
    let order = confirmed();
    let no_line = OrderError::NoSuchLine { order: order.id, line: 2 };
    assert_eq!(refuses(&order, |order| order.ship(at(2), Some(vec![of_line(1, 1), of_line(2, 1)]))), no_line);
    let (quantity, left) = (Quantity::from(3), Quantity::from(2));
    let too_many = OrderError::MoreThanLeft { order: order.id, line: 1, quantity, left };
    assert_eq!(refuses(&order, |order| order.ship(at(2), Some(vec![of_line(3, 4), of_line(1, 3)]))), too_many);
    let nothing = refuses(&order, |order| order.ship(at(2), Some(vec![of_line(1, 0)])));
    assert_eq!(rule_of(nothing), ("quantity", Rule::NotPositive));
    let twice = refuses(&order, |order| order.ship(at(2), Some(vec![of_line(1, 1), of_line(1, 1)])));
    assert_eq!(rule_of(twice), ("lines", Rule::Repeated));
    assert_eq!(rule_of(refuses(&order, |order| order.ship(at(2), Some(Vec::new())))), ("lines", Rule::Empty));

    let mut order = order;
    order.ship(at(2), Some(vec![of_line(1, 2), of_line(3, 1)])).unwrap();
    assert_eq!(order.unshipped(), [of_line(3, 3)]);
    let (quantity, left) = (Quantity::from(1), Quantity::ZERO);
    let of_that_none = OrderError::MoreThanLeft { order: order.id, line: 1, quantity, left };
    assert_eq!(refuses(&order, |order| order.ship(at(3), Some(vec![of_line(1, 1)]))), of_that_none);
    order.ship(at(3), None).unwrap();
    let nothing_left = OrderError::NothingLeft { order: order.id };
    assert_eq!(refuses(&order, |order| order.ship(at(4), None)), nothing_left);
    assert_eq!(refuses(&order, |order| order.ship(at(4), Some(vec![of_line(2, 1)]))), nothing_left);
}

#[test]
fn what_came_back_can_be_shipped_again() {
    let mut order = confirmed();
    order.ship(at(2), None).unwrap();
    order.take_back(at(3), 1).unwrap();
    assert_eq!(order.unshipped(), [of_line(1, 2), of_line(3, 4)]);
    let OrderFact::Shipped { shipment } = order.ship(at(4), None).unwrap() else { panic!() };
    assert_eq!((shipment.number, order.fulfilment()), (2, Fulfilment::Fulfilled));
}

#[test]
fn ord_7_the_table_of_shipments_is_the_literal_one() {
    use ShipmentStatus::{Delivered, Returned, Shipped};
    let rows =
        [(Shipped, [Some(Delivered), Some(Returned)]), (Delivered, [None, Some(Returned)]), (Returned, [None, None])];
    assert_cells(&ShipmentStatus::TRANSITIONS, [Deliver, Return], &rows);
}

#[test]
fn a_shipment_is_delivered_once_and_comes_back_once() {
    let mut order = confirmed();
    let none = OrderError::NoSuchShipment { order: order.id, shipment: 1 };
    assert_eq!(refuses(&order, |order| order.deliver(at(2), 1)), none);
    assert_eq!(refuses(&order, |order| order.take_back(at(2), 1)), none);
    let refused = |action, status| OrderError::ShipmentNotAllowed { order: order.id, shipment: 1, status, action };
    let (delivered, returned, returned_again) = (
        refused(Deliver, ShipmentStatus::Delivered),
        refused(Deliver, ShipmentStatus::Returned),
        refused(Return, ShipmentStatus::Returned),
    );

    order.ship(at(2), None).unwrap();
    order.deliver(at(3), 1).unwrap();
    assert_eq!(order.shipments()[0].state, ShipmentState::Delivered { at: at(3) });
    assert_eq!(refuses(&order, |order| order.deliver(at(4), 1)), delivered);
    let lines = vec![of_line(1, 2), of_line(3, 4)];
    let back = OrderFact::Returned { shipment: 1, before: ShipmentState::Delivered { at: at(3) }, lines };
    assert_eq!(order.take_back(at(5), 1), Ok(back));
    assert_eq!(order.shipments()[0].state, ShipmentState::Returned { at: at(5) });
    assert_eq!(refuses(&order, |order| order.deliver(at(6), 1)), returned);
    assert_eq!(refuses(&order, |order| order.take_back(at(6), 1)), returned_again);
}

#[test]
fn ref_1_no_more_is_paid_than_owed_and_no_more_refunded_than_paid() {
    let mut order = confirmed();
    let overpaid = |amount, owed| OrderError::Overpaid { order: order.id, amount, owed };
    let over_refunded = |amount, refundable| OrderError::OverRefunded { order: order.id, amount, refundable };
    let (at_once, by_one, unpaid, twice) = (
        overpaid(eur(12_001), eur(12_000)),
        overpaid(eur(1), eur(0)),
        over_refunded(eur(1), eur(0)),
        over_refunded(eur(7_001), eur(7_000)),
    );
    assert_eq!(refuses(&order, |order| order.pay(at(2), money(12_001))), at_once);
    assert_eq!(refuses(&order, |order| order.refund(at(2), money(1))), unpaid);
    order.pay(at(2), money(12_000)).unwrap();
    assert_eq!(refuses(&order, |order| order.pay(at(3), money(1))), by_one);
    order.refund(at(3), money(5_000)).unwrap();
    assert_eq!(refuses(&order, |order| order.refund(at(4), money(7_001))), twice);
    // What was refunded is not owed again.
    assert_eq!(refuses(&order, |order| order.pay(at(4), money(1))), by_one);
    assert_eq!((order.refunded(), order.refundable(), order.owed()), (eur(5_000), eur(7_000), eur(0)));
}

#[test]
fn money_moves_above_zero_and_in_the_currency_of_the_order() {
    let mut order = confirmed();
    order.pay(at(2), money(5_000)).unwrap();
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::JPY };
    let cases = [
        (eur(0), Rule::NotPositive),
        (eur(-1), Rule::NotPositive),
        (eur(i64::MIN), Rule::NotPositive),
        (Money::from_minor(5, Currency::JPY), mismatch),
    ];
    for (amount, rule) in cases {
        let payment = NewPayment::of(amount);
        let paid = refuses(&order, |order| order.pay(at(3), payment.clone()));
        assert_eq!(rule_of(paid), ("amount", rule.clone()));
        let refunded = refuses(&order, |order| order.refund(at(3), payment));
        assert_eq!(rule_of(refunded), ("amount", rule));
    }
}

#[test]
fn ord_3_an_order_is_not_cancelled_while_goods_are_out_or_money_is_in() {
    let mut order = confirmed();
    order.ship(at(2), Some(vec![of_line(1, 1)])).unwrap();
    let cancel = |order: &mut Order| order.cancel(at(9), day("2026-03-05"), None);
    let still_shipped = OrderError::StillShipped { order: order.id };
    assert_eq!(refuses(&order, cancel), still_shipped);
    order.ship(at(3), None).unwrap();
    assert_eq!(refuses(&order, cancel), still_shipped);
    order.take_back(at(4), 1).unwrap();
    assert_eq!(refuses(&order, cancel), still_shipped);
    order.take_back(at(4), 2).unwrap();
    order.pay(at(5), money(3_000)).unwrap();
    order.refund(at(6), money(2_999)).unwrap();
    assert_eq!(refuses(&order, cancel), OrderError::StillPaid { order: order.id, paid: eur(1) });
    order.refund(at(7), money(1)).unwrap();
    let OrderFact::Cancelled { reversed, .. } = cancel(&mut order).unwrap() else { panic!() };
    assert_eq!(reversed, eur(9_000));
}

#[test]
fn revenue_is_not_taken_back_before_it_was_booked() {
    let early = |result: Result<OrderFact, OrderError>| match result.unwrap_err() {
        OrderError::Value { invalid: refused, .. } => {
            assert_eq!(refused.to_string(), "day must not be before 2026-03-02, got 2026-03-01");
        }
        other => panic!("{other}"),
    };
    let mut order = confirmed();
    order.pay(at(2), money(5_000).day(day("2026-02-20"))).unwrap();
    let before = order.clone();
    early(order.refund(at(3), money(5_000).day(day("2026-03-01"))));
    assert_eq!(order, before);
    order.refund(at(3), money(5_000)).unwrap();
    let before = order.clone();
    early(order.cancel(at(4), day("2026-03-01"), None));
    assert_eq!(order, before);
    let mut parts = OrderParts::from(order);
    parts.payments[1].day = day("2026-03-01");
    assert_eq!(Order::try_from(parts).unwrap_err().field(), "day");
}

#[test]
fn a_day_of_the_hosts_calendar_may_be_ahead_of_utc() {
    let mut order = drafted(lines());
    order.confirm(at(1), day("2026-03-03")).unwrap();
    assert_eq!(order.business_day(at(2)), day("2026-03-03"));
    order.pay(at(2), money(5_000)).unwrap();
    order.refund(at(3), money(5_000)).unwrap();
    assert_eq!(order.payments()[1].day, day("2026-03-03"));
}

#[test]
fn ord_4_what_was_confirmed_is_kept() {
    let mut order = confirmed();
    order.pay(at(2), money(1)).unwrap();
    order.refund(at(3), money(1)).unwrap();
    order.cancel(at(4), day("2026-03-05"), None).unwrap();
    assert_eq!(order.deletable(), Err(OrderError::Booked { order: order.id }));
}

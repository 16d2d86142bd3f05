use super::*;
use crate::{
    BeyondLimit, Discount, DiscountLimit, Fact, LeastAmount, LimitKind, Percent, Quantity, Tax, TaxRounding, Taxation,
    UnitPrice,
    record::proof::{assert_cells, at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

use QuoteAction::{
    Accept, Amend, Approve, Cancel, Delete, Expire, Order, Pass, Reject, Send, SendBack, Submit, Supersede,
};
use QuoteStatus::{Accepted, Approved, Cancelled, Draft, Expired, InApproval, Rejected, Sent, Superseded};

const ACTIONS: [QuoteAction; 13] =
    [Amend, Submit, Pass, Approve, SendBack, Send, Accept, Reject, Expire, Supersede, Cancel, Order, Delete];

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn line(number: u32, quantity: u32, price: &str) -> OrderLine {
    let price = UnitPrice::parse(price, Currency::EUR).unwrap();
    OrderLine::new(number, id(7), Quantity::from(quantity), price, Percent::ZERO).unwrap()
}

fn actor(name: &str) -> Actor {
    parsed(name)
}

fn content(lines: Vec<OrderLine>) -> QuoteContent {
    QuoteContent { lines, terms: Terms::default(), valid_until: Some(day("2026-03-31")) }
}

fn drafted() -> Quote {
    let draft = QuoteDraft {
        id: id(5),
        number: parsed("Q-000001"),
        external_id: Some(parsed("ext-1")),
        customer: id(1),
        opportunity: Some(id(3)),
        rep: Some(id(2)),
        authors: vec![actor("alice")],
        currency: Currency::EUR,
        price_list: None,
        content: content(vec![line(1, 2, "50.00"), line(3, 4, "5.00")]),
    };
    Quote::draft(at(0), draft).unwrap()
}

fn ten() -> DiscountLimit {
    DiscountLimit::up_to(Percent::whole(10)).unwrap()
}

fn passing() -> Measured {
    Measured { limit: ten(), beyond: Vec::new() }
}

fn beyond() -> Measured {
    let (least, limit) = (LeastAmount::Known(eur(9_000)), LimitKind::Discount(ten().discount()));
    let beyond = vec![BeyondLimit { line: 1, amount: eur(8_000), least, limit, margin: None }];
    Measured { limit: ten(), beyond }
}

/// A quote in a state.
fn standing(status: QuoteStatus) -> Quote {
    let mut quote = drafted();
    let on = day("2026-03-10");
    match status {
        Draft => {}
        InApproval => drop(quote.submit(at(1), beyond()).unwrap()),
        Approved => drop(quote.submit(at(1), passing()).unwrap()),
        Superseded => drop(quote.revise(at(1), id(6), &actor("bob")).unwrap()),
        Cancelled => drop(quote.cancel(at(1), None).unwrap()),
        Sent | Accepted | Rejected | Expired => drop(quote.send(at(1), on, passing()).unwrap()),
    }
    match status {
        Accepted => drop(quote.accept(at(2), on).unwrap()),
        Rejected => drop(quote.reject(at(2), on, parsed("price"), None).unwrap()),
        Expired => drop(quote.expire(at(2), day("2026-04-01")).unwrap()),
        _ => {}
    }
    assert_eq!(quote.state().status(), status);
    quote
}

fn perform(quote: &mut Quote, action: QuoteAction) -> Result<Option<QuoteFact>, QuoteError> {
    let (bob, on) = (actor("bob"), day("2026-03-10"));
    Ok(Some(match action {
        Amend => return quote.amend(at(9), &actor("alice"), content(vec![line(1, 1, "50.00")]), beyond()),
        Submit => quote.submit(at(9), beyond())?,
        Pass => quote.submit(at(9), passing())?,
        Approve => quote.approve(at(9), &bob)?,
        SendBack => quote.send_back(at(9), parsed("too much"))?,
        Send => quote.send(at(9), on, passing())?,
        Accept => quote.accept(at(9), on)?,
        Reject => quote.reject(at(9), on, parsed("price"), Some(parsed("the other offer")))?,
        Expire => quote.expire(at(9), day("2026-04-01"))?,
        Supersede => quote.revise(at(9), id(6), &bob)?.1,
        Cancel => quote.cancel(at(9), Some(parsed("no longer made")))?,
        Order => quote.ordered(at(9), id(8))?,
        Delete => return quote.deletable().map(|()| None),
    }))
}

/// Asserts that a step is refused and leaves the quote as it was.
fn refuses<T: std::fmt::Debug>(quote: &Quote, step: impl FnOnce(&mut Quote) -> Result<T, QuoteError>) -> QuoteError {
    let mut tried = quote.clone();
    let refused = step(&mut tried).unwrap_err();
    assert_eq!(&tried, quote);
    refused
}

#[test]
fn a_quote_does_what_its_table_allows_and_nothing_else() {
    let no = None;
    let rows: [(QuoteStatus, [Option<QuoteStatus>; 13]); 9] = [
        // amend, submit, pass, approve, send back, send, accept, reject, expire, supersede, cancel, order, delete
        (
            Draft,
            [
                Some(Draft),
                Some(InApproval),
                Some(Approved),
                no,
                no,
                Some(Sent),
                no,
                no,
                no,
                Some(Superseded),
                Some(Cancelled),
                no,
                Some(Draft),
            ],
        ),
        (
            InApproval,
            [no, no, no, Some(Approved), Some(Draft), no, no, no, no, Some(Superseded), Some(Cancelled), no, no],
        ),
        (
            Approved,
            [
                Some(InApproval),
                no,
                no,
                no,
                no,
                Some(Sent),
                no,
                no,
                Some(Expired),
                Some(Superseded),
                Some(Cancelled),
                no,
                no,
            ],
        ),
        (
            Sent,
            [
                no,
                no,
                no,
                no,
                no,
                no,
                Some(Accepted),
                Some(Rejected),
                Some(Expired),
                Some(Superseded),
                Some(Cancelled),
                no,
                no,
            ],
        ),
        (Accepted, [no, no, no, no, no, no, no, no, no, no, Some(Cancelled), Some(Accepted), no]),
        (Rejected, [no; 13]),
        (Expired, [no; 13]),
        (Superseded, [no; 13]),
        (Cancelled, [no; 13]),
    ];
    assert_cells(&QuoteStatus::TRANSITIONS, ACTIONS, &rows);
    let mut facts = Vec::new();
    for (status, cells) in rows {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let mut quote = standing(status);
            match to {
                Some(to) => {
                    facts.extend(perform(&mut quote, action).unwrap());
                    assert_eq!(quote.state().status(), to, "{status} {action}");
                    let parts = QuoteParts::from(quote.clone());
                    assert_eq!(Quote::try_from(parts).as_ref(), Ok(&quote), "{status} {action}");
                    survives_json(&quote);
                }
                None => {
                    let refused = refuses(&quote, |quote| perform(quote, action));
                    assert_eq!(refused, QuoteError::NotAllowed { quote: id(5), status, action });
                    assert!(refused.to_string().starts_with(&format!("cannot {action} quote_")), "{refused}");
                }
            }
        }
    }
    let quote = || Box::new(drafted());
    facts.push(QuoteFact::Drafted { quote: quote() });
    facts.push(QuoteFact::Deleted { quote: quote() });
    facts.extend(drafted().price_by(at(1), Some(id(9))).unwrap());
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((id(5), fact))));
    let kinds: std::collections::BTreeSet<_> = kinds.into_iter().collect();
    assert_eq!(kinds.len(), 15, "{kinds:?}");
}

#[test]
fn qt_1_a_sent_quote_stands_and_its_next_version_supersedes_it() {
    let mut sent = standing(Sent);
    let (mut second, fact) = sent.revise(at(3), id(6), &actor("bob")).unwrap();
    assert_eq!(fact, QuoteFact::Superseded { by: id(6) });
    assert_eq!(sent.state(), &QuoteState::Superseded { at: at(3), by: id(6) });
    assert_eq!((second.number().as_str(), second.version(), second.previous()), ("Q-000001-2", 2, Some(id(5))));
    assert_eq!((second.content(), second.authors()), (sent.content(), &[actor("alice"), actor("bob")][..]));
    assert_eq!((second.state().status(), second.external_id(), second.approval()), (Draft, None, None));
    let (third, _) = second.revise(at(4), id(7), &actor("bob")).unwrap();
    assert_eq!((third.number().as_str(), third.version()), ("Q-000001-3", 3));
    assert_eq!(Quote::try_from(QuoteParts::from(third.clone())), Ok(third));
}

#[test]
fn qt_2_a_quote_is_taken_until_its_last_day() {
    let last = day("2026-03-31");
    let quote = standing(Sent);
    assert!(quote.clone().accept(at(3), last).is_ok());
    let after = day("2026-04-01");
    let late = QuoteError::NoLongerValid { quote: id(5), valid_until: last, day: after, action: Accept };
    assert_eq!(refuses(&quote, |quote| quote.accept(at(3), after)), late);
    assert!(late.to_string().contains("on 2026-04-01: it was valid until 2026-03-31 (QT-2)"), "{late}");
    let early = QuoteError::StillValid { quote: id(5), valid_until: Some(last), day: last };
    assert_eq!(refuses(&quote, |quote| quote.expire(at(3), last)), early);
    assert!(matches!(
        refuses(&standing(Approved), |quote| quote.send(at(3), after, passing())),
        QuoteError::NoLongerValid { action: Send, .. }
    ));
    let mut endless = drafted();
    let content = QuoteContent { valid_until: None, ..endless.content() };
    endless.amend(at(1), &actor("alice"), content, passing()).unwrap();
    endless.send(at(1), last, passing()).unwrap();
    assert!(matches!(refuses(&endless, |quote| quote.expire(at(3), after)), QuoteError::StillValid { .. }));
    assert!(endless.accept(at(3), day("2036-01-01")).is_ok());
}

#[test]
fn qt_2_a_quote_is_answered_on_the_day_on_which_it_was_sent_at_the_earliest() {
    let mut quote = standing(Sent);
    let early = day("2026-03-09");
    for (action, refused) in [
        (Accept, refuses(&quote, |quote| quote.accept(at(3), early))),
        (Reject, refuses(&quote, |quote| quote.reject(at(3), early, parsed("price"), None))),
    ] {
        let rule = Rule::TooEarly { earliest: day("2026-03-10") };
        assert_eq!(
            refused,
            QuoteError::Value { quote: id(5), action, invalid: Invalid::new("day", early.to_string(), rule) }
        );
        assert!(refused.to_string().starts_with(&format!("cannot {action} quote_")), "{refused}");
    }
    assert!(quote.accept(at(3), day("2026-03-10")).is_ok());
}

#[test]
fn qt_3_one_order_is_made_of_an_accepted_quote() {
    let mut quote = standing(Accepted);
    quote.ordered(at(3), id(8)).unwrap();
    for (action, refused) in [
        (Order, refuses(&quote, |quote| quote.ordered(at(4), id(9)))),
        (Cancel, refuses(&quote, |quote| quote.cancel(at(4), None))),
    ] {
        assert_eq!(refused, QuoteError::Ordered { quote: id(5), order: id(8), action });
    }
}

#[test]
fn prc_5_what_goes_beyond_the_limit_is_approved_by_somebody_else() {
    let draft = drafted();
    let refused = refuses(&draft, |quote| quote.send(at(1), day("2026-03-10"), beyond()));
    assert_eq!(refused, QuoteError::NeedsApproval { quote: id(5), beyond: beyond().beyond });
    assert!(
        refused.to_string().ends_with("line 1 comes to 80.00 EUR, below 90.00 EUR (discount 10 %) (PRC-5)"),
        "{refused}"
    );

    let mut quote = standing(InApproval);
    let refused = refuses(&quote, |quote| quote.approve(at(2), &actor("alice")));
    assert!(
        matches!(refused, QuoteError::Approval { .. }) && refused.to_string().contains("alice wrote it"),
        "{refused}"
    );
    quote.approve(at(2), &actor("bob")).unwrap();
    let approval = quote.approval().unwrap();
    assert_eq!((approval.approver().as_str(), approval.at(), approval.beyond()), ("bob", at(2), &beyond().beyond[..]));
    // An approved quote that is sent needs nothing more.
    assert!(quote.clone().send(at(3), day("2026-03-10"), beyond()).is_ok());

    // Who changes what was approved becomes its author, and cannot approve it.
    let cheaper = || content(vec![line(1, 2, "40.00")]);
    quote.amend(at(3), &actor("bob"), cheaper(), beyond()).unwrap();
    assert_eq!((quote.state().status(), quote.authors(), quote.approval()), (InApproval, &[actor("bob")][..], None));
    assert!(matches!(refuses(&quote, |quote| quote.approve(at(4), &actor("bob"))), QuoteError::Approval { .. }));
    quote.approve(at(4), &actor("alice")).unwrap();
    // Within the limit it stays approved; where nothing is different, nothing happens, and the approval stands.
    assert_eq!(quote.amend(at(5), &actor("carol"), cheaper(), beyond()), Ok(None));
    assert_eq!(quote.approval().map(|approval| approval.approver().as_str()), Some("alice"));
    quote.amend(at(5), &actor("carol"), content(vec![line(1, 2, "45.00")]), passing()).unwrap();
    assert_eq!((quote.state().status(), quote.approval()), (Approved, None));

    quote = standing(InApproval);
    quote.send_back(at(2), parsed("too much")).unwrap();
    assert_eq!(quote.state(), &QuoteState::Draft { sent_back: Some(parsed("too much")) });
}

#[test]
fn prc_5_what_is_within_a_limit_says_which() {
    let mut passed = drafted();
    assert_eq!(passed.submit(at(1), passing()), Ok(QuoteFact::Passed { within: ten() }));
    let fact = passed.amend(at(2), &actor("bob"), content(vec![line(1, 2, "45.00")]), passing()).unwrap();
    assert!(matches!(fact, Some(QuoteFact::Amended { within: Some(limit), .. }) if limit == ten()));
    // What was approved before is sent whatever the limit of who sends it.
    let on = day("2026-03-10");
    assert_eq!(passed.send(at(3), on, passing()), Ok(QuoteFact::Sent { day: on, within: None }));
    assert_eq!(drafted().send(at(3), on, passing()), Ok(QuoteFact::Sent { day: on, within: Some(ten()) }));
}

#[test]
fn prc_5_nobody_approves_what_they_wrote_though_others_touched_it_after_them() {
    let later = || QuoteContent { valid_until: Some(day("2026-04-30")), ..drafted().content() };
    let mut moved = drafted();
    moved.amend(at(1), &actor("bob"), later(), passing()).unwrap();
    let (mut revised, _) = drafted().revise(at(1), id(6), &actor("bob")).unwrap();
    let mut passed = standing(Approved);
    passed.amend(at(1), &actor("bob"), later(), passing()).unwrap();
    passed.amend(at(2), &actor("bob"), content(vec![line(1, 2, "40.00")]), beyond()).unwrap();
    for quote in [&mut moved, &mut revised, &mut passed] {
        if quote.state().status() == Draft {
            quote.submit(at(2), beyond()).unwrap();
        }
        for author in ["alice", "bob"] {
            let refused = refuses(quote, |quote| quote.approve(at(3), &actor(author)));
            assert!(matches!(refused, QuoteError::Approval { .. }), "{refused}");
        }
        quote.approve(at(3), &actor("carol")).unwrap();
        assert_eq!(quote.approval().unwrap().authors(), [actor("alice"), actor("bob")]);
        survives_json(quote);
    }
    // What carol approved needs no author of before any more.
    assert_eq!(moved.authors_with(&actor("dora")), [actor("dora")]);
}

#[test]
fn prc_4_another_list_prices_only_lines_that_are_added_later() {
    let mut quote = drafted();
    let fact = quote.price_by(at(1), Some(id(9))).unwrap();
    assert_eq!(fact, Some(QuoteFact::PriceListChanged { from: None, to: Some(id(9)) }));
    assert_eq!((quote.price_list(), quote.content()), (Some(id(9)), drafted().content()));
    assert_eq!(quote.price_by(at(2), Some(id(9))), Ok(None));
    for status in [InApproval, Sent, Accepted, Rejected, Superseded] {
        refuses(&standing(status), |quote| quote.price_by(at(9), None));
    }
}

#[test]
fn prc_5_a_line_that_a_list_priced_is_measured_by_that() {
    let ten = ten();
    let price = |text| UnitPrice::parse(text, Currency::EUR).unwrap();
    for (listed, within) in [("50.00", true), ("55.00", true), ("56.00", false)] {
        let mut quote = drafted();
        let line = line(1, 2, "50.00").listed(price(listed)).unwrap();
        quote.amend(at(1), &actor("alice"), content(vec![line]), passing()).unwrap();
        let offered = quote.discounted(|_| Ok::<_, Invalid>((price("100.00"), None))).unwrap();
        assert_eq!(ten.beyond(&offered).unwrap().is_empty(), within, "{listed}");
    }
}

#[test]
fn prc_5_limits_look_at_a_quote_as_it_is_priced() {
    let price = |text| UnitPrice::parse(text, Currency::EUR).unwrap();
    let known = |_| Ok::<_, Invalid>((price("59.50"), Some(price("30.00"))));
    let vat = || Some(Tax::new(parsed("VAT"), Percent::whole(19)).unwrap());
    let lines = || vec![line(1, 2, "59.50").taxed(vat())];
    for (taxation, net) in
        [(Taxation::net(TaxRounding::PerLine), 10_710), (Taxation::gross(TaxRounding::PerLine), 9_000)]
    {
        let mut quote = drafted();
        let terms = Terms::from(taxation).discount(Discount::Percent(Percent::whole(10)));
        let content = QuoteContent { terms, ..content(lines()) };
        quote.amend(at(1), &actor("alice"), content, passing()).unwrap();
        let offered = quote.discounted(known).unwrap();
        assert_eq!((offered[0].amount, offered[0].net), (eur(10_710), eur(net)));
        let ten = ten();
        assert_eq!(ten.beyond(&offered), Ok(Vec::new()));
        let nine = DiscountLimit::up_to(Percent::whole(9)).unwrap();
        assert_eq!(nine.beyond(&offered).unwrap()[0].margin, Some(eur(net - 6_000)));
    }
}

#[test]
fn prc_5_a_typed_price_is_measured_by_the_list_price() {
    let ten = ten();
    let listed = |_| Ok::<_, Invalid>((UnitPrice::parse("100.00", Currency::EUR).unwrap(), None));
    for (typed, discount, within) in
        [("10.00", 0, false), ("90.00", 0, true), ("89.99", 0, false), ("95.00", 10, false), ("120.00", 25, true)]
    {
        let mut quote = drafted();
        let price = UnitPrice::parse(typed, Currency::EUR).unwrap();
        let typed = OrderLine::new(1, id(7), 1.into(), price, Percent::whole(discount)).unwrap();
        quote.amend(at(1), &actor("alice"), content(vec![typed]), passing()).unwrap();
        let beyond = ten.beyond(&quote.discounted(listed).unwrap()).unwrap();
        assert_eq!(beyond.is_empty(), within, "{price} less {discount} %: {beyond:?}");
    }
}

#[test]
fn prc_5_exactly_the_limit_is_within_it() {
    let ten = ten();
    let off = |percent: &str| Some(Discount::Percent(parsed(percent)));
    let cases = [
        (vec![line(1, 1, "10.05")], off("10"), true),
        (vec![line(1, 1, "10.05"), line(2, 1, "10.05")], off("10"), true),
        // Taken off 0.16 are 0.02, a unit of two of the lines.
        (vec![line(1, 1, "0.04"), line(2, 1, "0.04"), line(3, 1, "0.04"), line(4, 1, "0.04")], off("10"), true),
        (vec![line(1, 1, "10.05"), line(2, 1, "10.05")], Some(Discount::Amount(eur(201))), true),
        (vec![line(1, 1, "10.05"), line(2, 1, "10.05")], Some(Discount::Amount(eur(204))), false),
        // More than there is takes what there is.
        (vec![line(1, 1, "10.05"), line(2, 1, "10.05")], Some(Discount::Amount(eur(5_000))), false),
        (vec![line(1, 1, "10.05")], off("10.1"), false),
        (vec![line(1, 100, "10.05")], off("10.01"), false),
        // That is nothing which anybody could see.
        (vec![line(1, 100, "10.05")], off("10.0001"), true),
    ];
    for (lines, discount, within) in cases {
        let listed: std::collections::BTreeMap<_, _> =
            lines.iter().map(|line| (line.product(), line.unit_price())).collect();
        let mut quote = drafted();
        let content = QuoteContent { terms: Terms { discount, ..Terms::default() }, ..content(lines) };
        quote.amend(at(1), &actor("alice"), content, passing()).unwrap();
        let beyond =
            ten.beyond(&quote.discounted(|product| Ok::<_, Invalid>((listed[&product], None))).unwrap()).unwrap();
        assert_eq!(beyond.is_empty(), within, "{discount:?}: {beyond:?}");
    }
}

#[test]
fn prc_5_exactly_the_floor_is_within_it_whichever_way_its_amount_was_rounded() {
    let all = DiscountLimit::up_to(Percent::HUNDRED).unwrap();
    let limit = all.min_margin(crate::MinMargin::OfCost(Percent::whole(20))).unwrap();
    let vat = || Some(Tax::new(parsed("VAT"), Percent::whole(19)).unwrap());
    let gross = Taxation::gross(TaxRounding::PerTaxGroup);
    let screws = |price: &str, lines: u32| (1..=lines).map(|number| line(number, 1, price)).collect::<Vec<_>>();
    let taxed = |price, lines| screws(price, lines).into_iter().map(|line| line.taxed(vat())).collect();
    let cases: [(Vec<OrderLine>, Terms, &str, bool); 5] = [
        // 0.05 less a tenth are 0.045 each; what is taken off all three is a cent of two of them.
        (screws("0.05", 3), Terms::default().discount(Discount::Percent(Percent::whole(10))), "0.0375", true),
        (screws("0.05", 3), Terms::default().discount(Discount::Percent(Percent::whole(11))), "0.0375", false),
        // 0.119 hold 0.1 without tax, rounded 0.12 and 0.10; the tax of three of them is 0.06.
        (taxed("0.119", 3), Terms::from(gross), "0.083333", true),
        (taxed("10.00", 1), Terms::from(gross), "7.003", true),
        (taxed("10.00", 1), Terms::from(gross), "7.01", false),
    ];
    for (lines, terms, cost, within) in cases {
        let mut quote = drafted();
        let content = QuoteContent { terms, ..content(lines) };
        quote.amend(at(1), &actor("alice"), content, passing()).unwrap();
        let price = |text| UnitPrice::parse(text, Currency::EUR).unwrap();
        let offered = quote.discounted(|_| Ok::<_, Invalid>((price("1"), Some(price(cost))))).unwrap();
        let beyond = limit.beyond(&offered).unwrap();
        assert_eq!(beyond.is_empty(), within, "{offered:?}: {beyond:?}");
    }
}

#[test]
fn a_quote_without_lines_goes_nowhere() {
    let mut empty = drafted();
    empty.amend(at(1), &actor("alice"), content(Vec::new()), passing()).unwrap();
    let no_lines = |action| QuoteError::NoLines { quote: id(5), action };
    assert_eq!(refuses(&empty, |quote| quote.submit(at(2), passing())), no_lines(Pass));
    assert_eq!(refuses(&empty, |quote| quote.submit(at(2), beyond())), no_lines(Submit));
    assert_eq!(refuses(&empty, |quote| quote.send(at(2), day("2026-03-10"), passing())), no_lines(Send));
    let refused =
        refuses(&standing(Approved), |quote| quote.amend(at(2), &actor("alice"), content(Vec::new()), passing()));
    assert_eq!(refused, no_lines(Amend));
}

#[test]
fn parts_of_a_quote_that_contradict_each_other_are_refused() {
    type Case = (&'static str, &'static str, fn(&mut QuoteParts));
    let cases: &[Case] = &[
        ("lines", "numbered upwards", |parts| parts.lines[1] = line(1, 4, "5.00")),
        ("lines", "not be empty", |parts| {
            (parts.lines, parts.net, parts.total) = (Vec::new(), eur(0), eur(0));
        }),
        ("version", "must be 1 for a first one", |parts| parts.version = 0),
        ("version", "must be 1 for a first one", |parts| parts.version = 2),
        ("version", "must be 1 for a first one", |parts| parts.previous = Some(id(4))),
        ("net", "sum of the lines", |parts| parts.net = eur(1)),
        ("total", "sum of the lines", |parts| parts.total = eur(1)),
        ("approval", "before it is approved", |parts| parts.state = QuoteState::Draft { sent_back: None }),
        ("approval", "of what its authors wrote", |parts| parts.authors = vec![actor("carol")]),
        ("authors", "not be empty", |parts| parts.authors = Vec::new()),
        ("beyond", "not be empty where it waits", |parts| {
            (parts.state, parts.approval) = (QuoteState::InApproval { since: at(1), beyond: Vec::new() }, None);
        }),
        ("taken off", "promotions are for orders", |parts| {
            parts.lines[0] = line(1, 2, "51.00").less(eur(200)).unwrap();
        }),
    ];
    let mut approved = standing(InApproval);
    approved.approve(at(2), &actor("bob")).unwrap();
    for (field, words, contradict) in cases {
        let mut parts = QuoteParts::from(approved.clone());
        contradict(&mut parts);
        let refused = refusal::<Quote, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn a_quote_hides_what_people_wrote() {
    let mut quote = standing(InApproval);
    quote.send_back(at(2), parsed("Marker")).unwrap();
    hides_personal_data(&quote);
    let mut quote = standing(Sent);
    hides_personal_data(&quote.reject(at(2), day("2026-03-10"), parsed("price"), Some(parsed("Marker"))));
    hides_personal_data(&quote);
    survives_json(&NewQuote::for_customer(id(1), Currency::EUR).line(id(7), 1).valid_until(day("2026-03-31")));
}

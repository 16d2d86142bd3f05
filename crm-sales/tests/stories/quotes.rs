use crm_core::{
    BeyondLimit, Currency, CustomerId, Discount, DiscountLimit, Fact, LeastAmount, LimitKind, MinMargin, NewOrderLine,
    NewQuote, OrderStatus, Percent, ProductId, ProductPatch, Quantity, Quote, QuoteAction, QuoteError, QuoteFact,
    QuoteState, QuoteStatus, RecordId, Revision, Tax, Terms, UnitPrice,
    store::{Orders, QuoteFilter, Quotes, Store, StoreErrorKind},
};
use crm_sales::{
    OrderAmendment, QuoteAmendment, SalesError, accept_quote, amend_order, amend_quote, approve_quote,
    archive_customer, cancel_order, cancel_quote, copy_quote, delete_order, delete_quote, draft_quote, expire_quote,
    reject_quote, restore_customer, revise_quote, send_back_quote, send_quote, submit_quote, update_product,
};

use crate::world::{World, day, eur, kind};

fn ten() -> DiscountLimit {
    DiscountLimit::up_to(Percent::whole(10)).unwrap()
}

/// Two lamps at 49.90 for 张三, until the end of March.
fn offered(world: &mut World, discount: u16) -> Quote {
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let line = NewOrderLine::new(lamp.id, Quantity::from(2)).discount(Percent::whole(discount));
    let new = NewQuote::for_customer(zhang.id, Currency::EUR).line_with(line).valid_until(day("2026-03-31"));
    world.does(|tx, act| draft_quote(tx, act, new))
}

/// The same lines in another quote.
fn offered_again(world: &mut World, quote: &Quote) -> Quote {
    let line = &quote.lines()[0];
    let new = NewQuote::for_customer(quote.customer(), Currency::EUR)
        .line_with(NewOrderLine::new(line.product(), line.quantity()));
    world.does(|tx, act| draft_quote(tx, act, new))
}

#[test]
fn qt_3_a_quote_becomes_one_order_whose_lines_know_theirs() {
    let mut world = World::new();
    let quote = offered(&mut world, 10);
    assert_eq!(
        (quote.number().as_str(), quote.total(), quote.authors()[0].as_str()),
        ("Q-000001", eur("89.82"), "alice")
    );
    let more = NewOrderLine::new(quote.lines()[0].product(), Quantity::from(1))
        .unit_price(UnitPrice::parse("5", Currency::EUR).unwrap())
        .tax(Tax::new("VAT".parse().unwrap(), Percent::whole(19)).unwrap());
    let amendment =
        QuoteAmendment::new().add_line(more).terms(Terms::default().discount(Discount::Amount(eur("0.82"))));
    let refused = amendment.clone().expecting(Revision::new(7));
    let error = world.is_refused(|tx, act| amend_quote(tx, act, quote.id, refused, &ten()));
    assert!(matches!(error, SalesError::Conflict { .. }), "{error}");
    let quote = world.does(|tx, act| amend_quote(tx, act, quote.id, amendment, &ten()));
    // 0.82 falls on the lines as 0.78 and 0.04; 19 % of 4.96 are 0.94.
    assert_eq!((quote.net(), quote.total()), (eur("94.00"), eur("94.94")));

    // One of them is a tenth of its list price.
    let off = DiscountLimit::up_to(Percent::whole(95)).unwrap();
    world.does(|tx, act| send_quote(tx, act, quote.id, &off, day("2026-03-10")));
    let (quote, order) = world.does(|tx, act| accept_quote(tx, act, quote.id, day("2026-03-31")));
    assert_eq!(
        (order.state().status(), order.quote(), order.total()),
        (OrderStatus::Draft, Some(quote.id), quote.total())
    );
    assert_eq!(order.lines().iter().map(|line| line.source()).collect::<Vec<_>>(), [Some(1), Some(2)]);
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(order.clone()));
    let facts = ["quote.drafted", "quote.amended", "quote.sent", "quote.accepted", "quote.ordered"];
    assert_eq!(world.facts(quote.id), facts);

    // No second order, no way back, and the order stays while the quote names it.
    let error = world.is_refused(|tx, act| accept_quote(tx, act, quote.id, day("2026-03-31")));
    assert!(matches!(error, SalesError::Quote(QuoteError::NotAllowed { action: QuoteAction::Accept, .. })), "{error}");
    let error = world.is_refused(|tx, act| cancel_quote(tx, act, quote.id, None));
    assert!(matches!(error, SalesError::Quote(QuoteError::Ordered { order: made, .. }) if made == order.id), "{error}");
    let error = world.is_refused(|tx, act| delete_order(tx, act, order.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "quotes", count: 1 });
    world.does(|tx, act| cancel_order(tx, act, order.id, None));
}

#[test]
fn prc_5_a_quote_beyond_its_authors_limit_is_approved_by_another() {
    let mut world = World::new();
    let quote = offered(&mut world, 20);
    let cost = Some(UnitPrice::parse("30.00", Currency::EUR).unwrap());
    let known = ProductPatch { cost: Some(cost), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, quote.lines()[0].product(), known));
    let error = world.is_refused(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let SalesError::Quote(QuoteError::NeedsApproval { beyond, .. }) = &error else { panic!("{error}") };
    assert_eq!(beyond.len(), 1);
    let waiting = world.does(|tx, act| submit_quote(tx, act, quote.id, &ten()));
    assert_eq!(waiting.state().status(), QuoteStatus::InApproval);
    let error = world.is_refused(|tx, act| approve_quote(tx, act, quote.id));
    assert!(matches!(error, SalesError::Quote(QuoteError::Approval { .. })), "{error}");

    let sent_back = world.does(|tx, act| send_back_quote(tx, act, quote.id, "why so much?".parse().unwrap()));
    assert_eq!(sent_back.state().status(), QuoteStatus::Draft);
    world.does(|tx, act| submit_quote(tx, act, quote.id, &ten()));
    let approved = world.does_as("bob", |tx, act| approve_quote(tx, act, quote.id));
    // The limit and the margin of that moment are on record: 79.84 for what costs 60.00.
    let margins: Vec<_> =
        approved.approval().unwrap().beyond().iter().map(|beyond: &BeyondLimit| beyond.margin).collect();
    assert_eq!(margins, [Some(eur("19.84"))]);

    // Changed after that, it waits again; within the limit, it would stay approved.
    let line = |discount| {
        let line = NewOrderLine::new(quote.lines()[0].product(), Quantity::from(2)).discount(Percent::whole(discount));
        QuoteAmendment::new().replace(1, line)
    };
    let within = world.does(|tx, act| amend_quote(tx, act, quote.id, line(5), &ten()));
    assert_eq!((within.state().status(), within.approval()), (QuoteStatus::Approved, None));
    let again = world.does(|tx, act| amend_quote(tx, act, quote.id, line(30), &ten()));
    assert_eq!(again.state().status(), QuoteStatus::InApproval);
    let within = world.does(|tx, act| cancel_quote(tx, act, quote.id, Some("too dear".parse().unwrap())));
    assert_eq!(within.state().status(), QuoteStatus::Cancelled);
}

#[test]
fn prc_5_who_lets_a_discount_through_within_their_limit_is_told_with_it() {
    let mut world = World::new();
    let (quote, on) = (offered(&mut world, 20), day("2026-03-10"));
    let error = world.is_refused(|tx, act| send_quote(tx, act, quote.id, &ten(), on));
    assert!(matches!(error, SalesError::Quote(QuoteError::NeedsApproval { .. })), "{error}");
    // More than alice may give, who wrote it, and no more than bob, who sends it.
    let bobs = DiscountLimit::up_to(Percent::whole(20)).unwrap();
    world.does_as("bob", |tx, act| send_quote(tx, act, quote.id, &bobs, on));
    let sent = world.history(quote.id).pop().unwrap();
    let fact = QuoteFact::Sent { day: on, within: Some(bobs) };
    assert_eq!((sent.actor.as_str(), sent.fact), ("bob", Some(Fact::Quote(quote.id, fact))));
}

#[test]
fn prc_5_a_typed_price_counts_as_what_it_is_below_the_list() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "100.00"));
    let mut offer = |typed: &str| {
        let line = NewOrderLine::new(lamp.id, 1.into()).unit_price(UnitPrice::parse(typed, Currency::EUR).unwrap());
        world.does(|tx, act| draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR).line_with(line)))
    };
    let (low, fair) = (offer("10.00"), offer("90.00"));
    let error = world.is_refused(|tx, act| send_quote(tx, act, low.id, &ten(), day("2026-03-10")));
    assert!(error.to_string().contains("line 1 comes to 10.00 EUR, below 90.00 EUR (discount 10 %)"), "{error}");
    world.does(|tx, act| send_quote(tx, act, fair.id, &ten(), day("2026-03-10")));
}

#[test]
fn prc_5_a_floor_in_another_currency_is_not_passed_in_silence() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    let cost = Some(UnitPrice::parse("100.00", Currency::USD).unwrap());
    let known = ProductPatch { cost: Some(cost), ..ProductPatch::default() };
    world.does(|tx, act| update_product(tx, act, quote.lines()[0].product(), known));
    world.does(|tx, act| submit_quote(tx, act, quote.id, &ten()));
    let quote = offered_again(&mut world, &quote);
    let floor = ten().min_margin(MinMargin::OfCost(Percent::whole(20))).unwrap();
    let waiting = world.does(|tx, act| submit_quote(tx, act, quote.id, &floor));
    let QuoteState::InApproval { beyond, .. } = waiting.state() else { panic!("{:?}", waiting.state()) };
    assert_eq!((beyond[0].least, beyond[0].limit), (LeastAmount::StatedIn(Currency::USD), LimitKind::Floor));
}

#[test]
fn prc_5_who_drafted_a_discount_does_not_approve_it_though_another_moved_the_last_day() {
    let mut world = World::new();
    let quote = offered(&mut world, 50);
    let longer = QuoteAmendment::new().valid_until(Some(day("2026-04-30")));
    world.does_as("bob", |tx, act| amend_quote(tx, act, quote.id, longer, &ten()));
    let revised = world.does_as("bob", |tx, act| revise_quote(tx, act, quote.id));
    let copy = world.does_as("bob", |tx, act| copy_quote(tx, act, quote.id));
    for id in [revised.id, copy.id] {
        world.does(|tx, act| submit_quote(tx, act, id, &ten()));
        let error = world.is_refused(|tx, act| approve_quote(tx, act, id));
        assert!(matches!(error, SalesError::Quote(QuoteError::Approval { .. })), "{error}");
        world.does_as("carol", |tx, act| approve_quote(tx, act, id));
    }
}

#[test]
fn qt_2_a_quote_that_is_over_is_copied() {
    let mut world = World::new();
    let quote = offered(&mut world, 10);
    world.does(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let error = world.is_refused(|tx, act| accept_quote(tx, act, quote.id, day("2026-03-09")));
    assert_eq!(error.invalid().map(|invalid| invalid.field()), Some("day"));
    world.does(|tx, act| expire_quote(tx, act, quote.id, day("2026-04-01")));
    let copy = world.does(|tx, act| copy_quote(tx, act, quote.id));
    assert_eq!((copy.number().as_str(), copy.version(), copy.previous()), ("Q-000002", 1, None));
    assert_eq!((copy.lines(), copy.total(), copy.valid_until()), (quote.lines(), quote.total(), None));
    assert_eq!((copy.customer(), copy.state().status()), (quote.customer(), QuoteStatus::Draft));
    world.does(|tx, act| archive_customer(tx, act, quote.customer()));
    let error = world.is_refused(|tx, act| copy_quote(tx, act, quote.id));
    assert!(matches!(error, SalesError::Archived { .. }), "{error}");
}

#[test]
fn qt_3_a_replaced_line_of_the_order_knows_the_line_of_the_quote_still() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    world.does(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let (_, order) = world.does(|tx, act| accept_quote(tx, act, quote.id, day("2026-03-10")));
    let (lamp, desk) = (quote.lines()[0].product(), world.product("DESK-1", "90.00"));
    let replaced = |world: &mut World, product| {
        let amendment = OrderAmendment::new().replace(1, NewOrderLine::new(product, 3.into()));
        world.does(|tx, act| amend_order(tx, act, order.id, amendment)).lines()[0].source()
    };
    assert_eq!(replaced(&mut world, lamp), Some(1));
    assert_eq!(replaced(&mut world, desk.id), None);
}

#[test]
fn an_amendment_of_a_quote_is_read_from_json() {
    let read = |json: &str| serde_json::from_str::<QuoteAmendment>(json).unwrap();
    assert_eq!(read("{}"), QuoteAmendment::new());
    let amendment = QuoteAmendment::new().add(ProductId::from_uuid(Default::default()), 2).valid_until(None).remove(3);
    assert_eq!(read(&serde_json::to_string(&amendment).unwrap()), amendment);
    assert_eq!(read(r#"{"valid_until":null}"#).valid_until, Some(None));
}

#[test]
fn qt_1_a_sent_quote_is_changed_by_its_next_version() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    let sent = world.does(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let longer = || QuoteAmendment::new().valid_until(Some(day("2026-04-30")));
    let error = world.is_refused(|tx, act| amend_quote(tx, act, quote.id, longer(), &ten()));
    assert!(matches!(error, SalesError::Quote(QuoteError::NotAllowed { status: QuoteStatus::Sent, .. })), "{error}");
    let second = world.does(|tx, act| revise_quote(tx, act, quote.id));
    assert_eq!((second.number().as_str(), second.previous()), ("Q-000001-2", Some(quote.id)));
    let first = world.reads(|tx| Ok(tx.quote(quote.id)?)).unwrap();
    assert_eq!((first.superseded_by(), first.lines()), (Some(second.id), sent.lines()));
    assert_eq!(world.facts(quote.id).last().map(String::as_str), Some("quote.superseded"));
    let second = world.does(|tx, act| amend_quote(tx, act, second.id, longer(), &ten()));
    assert_eq!(second.valid_until(), Some(day("2026-04-30")));
    let error = world.is_refused(|tx, act| delete_quote(tx, act, second.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "quotes", count: 1 });
}

#[test]
fn to_leave_the_last_day_and_to_take_it_away_are_two_inputs() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    let act = world.acts.next("alice").with_key("amend 7".parse().unwrap());
    let amend = |day: Option<Option<chrono::NaiveDate>>| {
        let amendment = day.map_or_else(QuoteAmendment::new, |day| QuoteAmendment::new().valid_until(day));
        world.store.write(|tx| amend_quote(tx, &mut act.clone(), quote.id, amendment, &ten()))
    };
    assert_eq!(amend(Some(None)).unwrap().valid_until(), None);
    assert_eq!(amend(Some(None)).unwrap().valid_until(), None);
    let error = amend(None).unwrap_err();
    assert!(matches!(error, SalesError::Idempotency(_)), "{error}");
}

#[test]
fn qt_2_quotes_that_are_over_are_found_and_expire() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    world.does(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let error = world.is_refused(|tx, act| accept_quote(tx, act, quote.id, day("2026-04-01")));
    assert!(matches!(error, SalesError::Quote(QuoteError::NoLongerValid { .. })), "{error}");
    assert_eq!(world.reads(|tx| Ok(tx.count_orders(&Default::default())?)), 0);
    let march = crm_core::Period::month(2026, 3).unwrap();
    let over = QuoteFilter { valid_until: Some(march), status: Some(QuoteStatus::Sent), ..QuoteFilter::default() };
    let found = world.reads(|tx| Ok(tx.quotes(&over, crm_core::store::Page::first(9))?));
    assert_eq!(found.len(), 1);
    let expired = world.does(|tx, act| expire_quote(tx, act, found[0].id, day("2026-04-01")));
    assert_eq!(expired.state().status(), QuoteStatus::Expired);
}

#[test]
fn a_quote_is_for_what_is_there_and_ends_with_a_reason() {
    let mut world = World::new();
    let quote = offered(&mut world, 0);
    let product = quote.lines()[0].product();
    let nobody = CustomerId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| draft_quote(tx, act, NewQuote::for_customer(nobody, Currency::EUR)));
    assert!(matches!(error, SalesError::NotFound { .. }), "{error}");
    let no_deal =
        NewQuote::for_customer(quote.customer(), Currency::EUR).opportunity(RecordId::from_uuid(Default::default()));
    let error = world.is_refused(|tx, act| draft_quote(tx, act, no_deal));
    assert!(matches!(error, SalesError::NotFound { .. }), "{error}");
    let dollars = NewQuote::for_customer(quote.customer(), Currency::USD).line(product, 1);
    let error = world.is_refused(|tx, act| draft_quote(tx, act, dollars));
    assert!(matches!(error, SalesError::Line { number: 1, .. }), "{error}");
    world.does(|tx, act| archive_customer(tx, act, quote.customer()));
    let more = NewQuote::for_customer(quote.customer(), Currency::EUR);
    let error = world.is_refused(|tx, act| draft_quote(tx, act, more));
    assert!(matches!(error, SalesError::Archived { .. }), "{error}");

    // What was begun goes on.
    world.does(|tx, act| send_quote(tx, act, quote.id, &ten(), day("2026-03-10")));
    let note = Some("the other one was cheaper".parse().unwrap());
    world.does(|tx, act| reject_quote(tx, act, quote.id, day("2026-03-12"), "price".parse().unwrap(), note.clone()));
    let fact = QuoteFact::Rejected { day: day("2026-03-12"), reason: "price".parse().unwrap(), note };
    assert_eq!(world.history(quote.id).pop().and_then(|entry| entry.fact), Some(Fact::Quote(quote.id, fact)));
    let error = world.is_refused(|tx, act| cancel_quote(tx, act, quote.id, None));
    assert!(
        matches!(error, SalesError::Quote(QuoteError::NotAllowed { status: QuoteStatus::Rejected, .. })),
        "{error}"
    );
    world.does(|tx, act| restore_customer(tx, act, quote.customer()));
    let draft = world.does(|tx, act| draft_quote(tx, act, NewQuote::for_customer(quote.customer(), Currency::EUR)));
    world.does(|tx, act| delete_quote(tx, act, draft.id));
    assert_eq!(world.reads(|tx| Ok(tx.quote(draft.id)?)), None);
}

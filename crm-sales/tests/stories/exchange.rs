//! Rates of currencies, and what is converted by them.

use crm_core::{
    ConvertedAmount, Currency, DatedRate, Exchange, ExchangeRate, ExchangeRatePatch, Fact, NewExchangeRate, OrderError,
    OrderFact, Rate, RateError, RatePolicy, Revision,
    store::{Orders, StoreErrorKind},
};
use crm_sales::{
    OrderAmendment, SalesError, add_exchange_rate, amend_order, cancel_order_on, confirm_order_in, convert, copy_order,
    delete_exchange_rate, rate_on, update_exchange_rate,
};
use proptest::prelude::*;

use crate::world::{World, day, eur, kind};

const EUR: Currency = Currency::EUR;
const USD: Currency = Currency::USD;

fn new(on: &str, rate: &str) -> NewExchangeRate {
    NewExchangeRate::new(EUR, USD, day(on), rate.parse().unwrap(), "ECB".parse().unwrap())
}

impl World {
    fn rate(&mut self, on: &str, rate: &str) -> ExchangeRate {
        self.does(|tx, act| add_exchange_rate(tx, act, new(on, rate)))
    }

    fn converts(
        &self,
        policy: RatePolicy,
        today: &str,
        pinned: Option<&DatedRate>,
    ) -> Result<ConvertedAmount, RateError> {
        let exchange = Exchange::to(USD, policy, day(today));
        self.reads(|tx| match convert(tx, &exchange, eur("100.00"), pinned) {
            Err(SalesError::Rate(refused)) => Ok(Err(refused)),
            converted => Ok(Ok(converted?)),
        })
    }
}

#[test]
fn mon_2_the_newest_rate_that_is_not_later_converts() {
    let mut world = World::new();
    world.rate("2026-03-10", "1.10");
    world.rate("2026-03-02", "1.08");
    world.rate("2026-03-20", "1.12");
    let on = |on: &str| world.converts(RatePolicy::AsOf(day(on)), "2026-12-31", None).map(|one| one.to.to_string());
    assert_eq!(on("2026-03-02").unwrap(), "108.00 USD");
    assert_eq!(on("2026-03-09").unwrap(), "108.00 USD");
    assert_eq!(on("2026-03-10").unwrap(), "110.00 USD");
    assert_eq!(on("2027-01-01").unwrap(), "112.00 USD");
    let missing = RateError::Missing { from: EUR, to: USD, day: day("2026-03-01") };
    assert_eq!(on("2026-03-01").unwrap_err(), missing);
    // The other way round, and by way of a third currency, nothing is known.
    for (from, to) in [(USD, EUR), (EUR, Currency::JPY), (Currency::JPY, USD)] {
        let refused = world.reads(|tx| Ok(rate_on(tx, from, to, day("2026-03-31")).unwrap_err()));
        assert!(matches!(refused, SalesError::Rate(RateError::Missing { .. })), "{refused}");
    }
}

#[test]
fn mon_3_a_report_converts_pinned_as_of_a_day_or_currently() {
    let mut world = World::new();
    world.rate("2026-03-02", "1.08");
    let pinned = world.reads(|tx| rate_on(tx, EUR, USD, day("2026-03-05")));
    assert_eq!(pinned.to_string(), "1 EUR = 1.08 USD (ECB, 2026-03-02)");
    world.rate("2026-03-31", "1.10");
    world.rate("2026-06-30", "1.20");
    let cases = [
        (RatePolicy::Pinned, "108.00 USD", "2026-03-02"),
        (RatePolicy::AsOf(day("2026-03-31")), "110.00 USD", "2026-03-31"),
        (RatePolicy::Current, "120.00 USD", "2026-06-30"),
    ];
    for (policy, to, of) in cases {
        let converted = world.converts(policy, "2026-07-14", Some(&pinned)).unwrap();
        let rate = converted.rate.unwrap();
        assert_eq!(
            (converted.to.to_string().as_str(), rate.day, rate.source.as_str()),
            (to, day(of), "ECB"),
            "{policy}"
        );
    }
    // Current is of the day of the report, not of the clock.
    assert_eq!(world.converts(RatePolicy::Current, "2026-04-01", None).unwrap().to.to_string(), "110.00 USD");
    let refused = world.converts(RatePolicy::Pinned, "2026-07-14", None).unwrap_err();
    assert_eq!(refused, RateError::NotPinned { from: EUR, to: USD });

    // A correction moves what is looked up, and not what was pinned.
    let first =
        world.reads(|tx| Ok(crm_core::store::ExchangeRates::exchange_rate_on(tx, EUR, USD, pinned.day)?)).unwrap();
    let patch = ExchangeRatePatch { rate: Some("1.09".parse().unwrap()), ..ExchangeRatePatch::default() };
    world.does(|tx, act| update_exchange_rate(tx, act, first.id, patch));
    assert_eq!(world.converts(RatePolicy::AsOf(pinned.day), "2026-07-14", None).unwrap().to.to_string(), "109.00 USD");
    assert_eq!(world.converts(RatePolicy::Pinned, "2026-07-14", Some(&pinned)).unwrap().to.to_string(), "108.00 USD");
}

#[test]
fn mon_3_an_order_pins_its_rate_when_it_is_confirmed() {
    let mut world = World::new();
    world.rate("2026-03-02", "1.08");
    let draft = world.draft();
    let early = world.is_refused(|tx, act| confirm_order_in(tx, act, draft.id, day("2026-03-01"), USD));
    let SalesError::Rate(missing) = early else { panic!("{early}") };
    assert_eq!(missing, RateError::Missing { from: EUR, to: USD, day: day("2026-03-01") });

    let order = world.does(|tx, act| confirm_order_in(tx, act, draft.id, day("2026-03-05"), USD));
    let rate = world.reads(|tx| rate_on(tx, EUR, USD, day("2026-03-05")));
    assert_eq!((order.rate(), order.state().confirmed_on()), (Some(&rate), Some(day("2026-03-05"))));
    assert_eq!(world.reads(|tx| Ok(tx.order(order.id)?)), Some(order.clone()));
    let told = world.history(order.id).pop().unwrap().fact;
    let (net, total) = (order.net(), order.total());
    let fact = OrderFact::Confirmed { day: day("2026-03-05"), net, total, rate: Some(rate.clone()) };
    assert_eq!(told, Some(Fact::Order(order.id, fact)));

    // That it is no draft comes before what its rate would be.
    let again = world.is_refused(|tx, act| confirm_order_in(tx, act, draft.id, day("2026-03-01"), USD));
    assert!(matches!(again, SalesError::Order(OrderError::NotAllowed { .. })), "{again}");
    let amended = world.is_refused(|tx, act| amend_order(tx, act, order.id, OrderAmendment::new().remove(1)));
    assert!(matches!(amended, SalesError::Order(OrderError::NotAllowed { .. })), "{amended}");
    let copy = world.does(|tx, act| copy_order(tx, act, order.id));
    assert_eq!(copy.rate(), None);
    // A later rate is another order's.
    world.rate("2026-03-06", "1.20");
    let cancelled = world.does(|tx, act| cancel_order_on(tx, act, order.id, day("2026-03-09"), None));
    assert_eq!(cancelled.rate(), Some(&rate));

    // What is in the currency already pins none and needs none.
    let own = world.does(|tx, act| confirm_order_in(tx, act, copy.id, day("2026-03-01"), EUR));
    assert_eq!((own.rate(), own.state().confirmed_on()), (None, Some(day("2026-03-01"))));
}

#[test]
fn what_is_in_the_currency_already_needs_no_rate() {
    let world = World::new();
    for policy in [RatePolicy::Pinned, RatePolicy::Current, RatePolicy::AsOf(day("2026-03-02"))] {
        let exchange = Exchange::to(EUR, policy, day("2026-03-02"));
        let same = world.reads(|tx| convert(tx, &exchange, eur("100.00"), None));
        assert_eq!((same.to, same.rate), (eur("100.00"), None));
    }
}

#[test]
fn a_rate_lives_and_its_journal_tells() {
    let mut world = World::new();
    let rate = world.rate("2026-03-02", "1.08");
    let patch = ExchangeRatePatch { source: Some("treasurer".parse().unwrap()), ..ExchangeRatePatch::default() };
    let changed = world.does(|tx, act| update_exchange_rate(tx, act, rate.id, patch.clone()));
    assert_eq!(changed.source.as_str(), "treasurer");
    world.changes_nothing(|tx, act| update_exchange_rate(tx, act, rate.id, patch));
    let earlier = world.rate("2026-02-02", "1.07");
    assert_eq!(world.does(|tx, act| delete_exchange_rate(tx, act, rate.id)), changed);
    let holds = world.reads(|tx| rate_on(tx, EUR, USD, day("2026-03-05")));
    assert_eq!(holds, earlier.dated());
    assert_eq!(world.facts(rate.id), ["exchange_rate.added", "exchange_rate.updated", "exchange_rate.deleted"]);
}

#[test]
fn bad_rates_are_refused_with_their_values() {
    let mut world = World::new();
    let rate = world.rate("2026-03-02", "1.08");
    let mut again = new("2026-03-02", "1.09");
    again.source = "treasurer".parse().unwrap();
    let refused = world.is_refused(|tx, act| add_exchange_rate(tx, act, again));
    let SalesError::Rate(RateError::Taken { found, by }) = refused else { panic!("{refused}") };
    assert_eq!((found, by.as_str()), (rate.id, "ECB"));

    let refused = world.is_refused(|tx, act| add_exchange_rate(tx, act, new("2026-03-03", "0")));
    assert_eq!(refused.invalid().unwrap().to_string(), "rate must be greater than zero, got 0");
    let mut same = new("2026-03-03", "1");
    same.to = EUR;
    let refused = world.is_refused(|tx, act| add_exchange_rate(tx, act, same));
    assert_eq!(refused.invalid().unwrap().field(), "to");
    let taken = new("2026-03-03", "1.09").id(rate.id);
    let refused = world.is_refused(|tx, act| add_exchange_rate(tx, act, taken));
    assert_eq!(kind(&refused), &StoreErrorKind::Duplicate { record: "exchange rate", field: "id" });

    let zero = ExchangeRatePatch { rate: Some(Rate::ZERO), ..ExchangeRatePatch::default() };
    let refused = world.is_refused(|tx, act| update_exchange_rate(tx, act, rate.id, zero));
    assert_eq!(refused.invalid().unwrap().field(), "rate");
    let stale = ExchangeRatePatch { expected: Some(Revision::new(7)), ..ExchangeRatePatch::default() };
    let refused = world.is_refused(|tx, act| update_exchange_rate(tx, act, rate.id, stale));
    assert!(matches!(refused, SalesError::Conflict { .. }), "{refused}");
    world.does(|tx, act| delete_exchange_rate(tx, act, rate.id));
    let refused = world.is_refused(|tx, act| delete_exchange_rate(tx, act, rate.id));
    assert!(matches!(refused, SalesError::NotFound { .. }), "{refused}");
}

#[test]
fn a_rate_under_a_key_is_added_once() {
    let mut world = World::new();
    let mut feed =
        |rate: &str| world.under("ECB of 2 March", |tx, act| add_exchange_rate(tx, act, new("2026-03-02", rate)));
    let first = feed("1.08").unwrap();
    assert_eq!(feed("1.08").unwrap(), first);
    assert!(matches!(feed("1.09"), Err(SalesError::Idempotency(_))));
}

proptest! {
    /// Whatever rates are stored, the one that is found is the newest that is not later, and none before the first.
    #[test]
    fn mon_2_the_look_up_finds_what_a_search_by_hand_finds(
        days in proptest::collection::btree_set(0_u64..60, 0..12),
        asked in 0_u64..70,
    ) {
        let mut world = World::new();
        let first = day("2026-03-02");
        for day in &days {
            let mut new = new("2026-03-02", "1.5");
            new.day = first + chrono::Days::new(*day);
            world.does(|tx, act| add_exchange_rate(tx, act, new));
        }
        let asked_on = first + chrono::Days::new(asked);
        let found = world.reads(|tx| Ok(rate_on(tx, EUR, USD, asked_on).ok().map(|rate| rate.day)));
        let by_hand = days.iter().rev().find(|day| **day <= asked).map(|day| first + chrono::Days::new(*day));
        prop_assert_eq!(found, by_hand);
    }
}

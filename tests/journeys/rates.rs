//! A company that sells in two currencies and reports in one.

use crm::{
    ConvertedAmount, Crm, Currency, DatedRate, DiscountLimit, Error, Exchange, ExchangeRatePatch, Money,
    NewExchangeRate, NewOrder, NewQuote, Order, Percent, QuoteStatus, RateError, RatePolicy,
    sales::{self, SalesError},
    store::{Orders, Quotes, Store},
};

use crate::stage::{alice, day, everything, lamp, on_every_store, person};

on_every_store! {
    mon_3_a_quarter_is_reported_as_its_orders_pinned_it_at_its_close_and_now
    mon_3_the_order_of_a_quote_pins_its_rate_where_it_is_accepted
}

fn rate<S: Store>(crm: &Crm<S>, on: &str, rate: &str) -> Result<crm::ExchangeRate, Error> {
    let new = NewExchangeRate::new(Currency::EUR, Currency::USD, day(on)?, rate.parse()?, "ECB".parse()?);
    alice(crm, |tx, act| sales::add_exchange_rate(tx, act, new))
}

/// A draft over twenty lamps: 998.00 EUR.
fn twenty_lamps<S: Store>(crm: &Crm<S>) -> Result<Order, Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    alice(crm, |tx, act| sales::draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 20)))
}

fn mon_3_a_quarter_is_reported_as_its_orders_pinned_it_at_its_close_and_now<S: Store>(
    crm: &Crm<S>,
) -> Result<(), Error> {
    rate(crm, "2026-02-27", "1.0800")?;
    let close = rate(crm, "2026-03-31", "1.1000")?;
    rate(crm, "2026-04-30", "1.2000")?;

    // An order is confirmed on 5 March, and pins the rate of that day.
    let draft = twenty_lamps(crm)?;
    let before = everything(crm)?;
    let (confirmed, too_early) = (day("2026-03-05")?, day("2026-02-26")?);
    let refused = alice(crm, |tx, act| sales::confirm_order_in(tx, act, draft.id, too_early, Currency::USD));
    let Err(Error::Sales(SalesError::Rate(RateError::Missing { .. }))) = refused else { panic!("{refused:?}") };
    assert_eq!(everything(crm)?, before);
    alice(crm, |tx, act| sales::confirm_order_in(tx, act, draft.id, confirmed, Currency::USD))?;
    let kept = crm.read(|tx| Ok(tx.order(draft.id)?))?;
    let (order, pinned) = (draft.total(), kept.as_ref().and_then(Order::rate));
    assert_eq!(pinned.map(ToString::to_string).as_deref(), Some("1 EUR = 1.08 USD (ECB, 2026-02-27)"));
    let report = |policy: RatePolicy, amount: Money, pinned: Option<&DatedRate>| -> Result<ConvertedAmount, Error> {
        let exchange = Exchange::to(Currency::USD, policy, day("2026-05-04")?);
        crm.read(|tx| Ok(sales::convert(tx, &exchange, amount, pinned)?))
    };
    let at_close = RatePolicy::AsOf(day("2026-03-31")?);
    for (policy, worth) in
        [(RatePolicy::Pinned, "1077.84 USD"), (at_close, "1097.80 USD"), (RatePolicy::Current, "1197.60 USD")]
    {
        assert_eq!(report(policy, order, pinned)?.to.to_string(), worth, "{policy}");
    }

    // The central bank corrects its rate: the report at the close moves, the order does not.
    let patch = ExchangeRatePatch { rate: Some("1.1010".parse()?), ..ExchangeRatePatch::default() };
    alice(crm, |tx, act| sales::update_exchange_rate(tx, act, close.id, patch))?;
    assert_eq!(report(at_close, order, pinned)?.to.to_string(), "1098.80 USD");
    assert_eq!(report(RatePolicy::Pinned, order, pinned)?.to.to_string(), "1077.84 USD");

    // Nobody knows a rate of the yen, and of the day before the first one; nothing is taken for 1.
    let before = everything(crm)?;
    let yen = Money::from_minor(1000, Currency::JPY);
    for (policy, amount) in [(RatePolicy::Current, yen), (RatePolicy::AsOf(too_early), order)] {
        let refused = report(policy, amount, None);
        let Err(Error::Sales(SalesError::Rate(RateError::Missing { .. }))) = refused else { panic!("{refused:?}") };
    }
    let again = rate(crm, "2026-03-31", "1.1020");
    let Err(Error::Sales(SalesError::Rate(RateError::Taken { found, .. }))) = again else { panic!("{again:?}") };
    assert_eq!(found, close.id);
    assert_eq!(everything(crm)?, before);
    Ok(())
}

fn mon_3_the_order_of_a_quote_pins_its_rate_where_it_is_accepted<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp, limit) = (person(crm, "张三")?, lamp(crm)?, DiscountLimit::up_to(Percent::ZERO)?);
    let on = day("2026-03-02")?;
    let quote = alice(crm, |tx, act| {
        let quote = sales::draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
        sales::send_quote(tx, act, quote.id, &limit, on)
    })?;
    let accepts = || {
        alice(crm, |tx, act| {
            let (_, order) = sales::accept_quote(tx, act, quote.id, on)?;
            sales::confirm_order_in(tx, act, order.id, on, Currency::USD)
        })
    };
    // Without a rate the quote is not accepted either: it is one write.
    let refused = accepts();
    let Err(Error::Sales(SalesError::Rate(RateError::Missing { .. }))) = refused else { panic!("{refused:?}") };
    let status = crm.read(|tx| Ok(tx.quote(quote.id)?.map(|quote| quote.state().status())))?;
    assert_eq!(status, Some(QuoteStatus::Sent));
    let rate = rate(crm, "2026-03-02", "1.0800")?;
    assert_eq!(accepts()?.rate(), Some(&rate.dated()));
    Ok(())
}

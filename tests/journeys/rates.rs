//! A company that sells in two currencies and reports in one.

use crm::{
    ConvertedAmount, Crm, Currency, DatedRate, Error, Exchange, ExchangeRatePatch, Money, NewExchangeRate, RateError,
    RatePolicy,
    sales::{self, SalesError},
    store::Store,
};

use crate::stage::{alice, day, eur, everything, on_every_store};

on_every_store! {
    a_quarter_is_reported_pinned_at_its_close_and_now
}

fn rate<S: Store>(crm: &Crm<S>, on: &str, rate: &str) -> Result<crm::ExchangeRate, Error> {
    let new = NewExchangeRate::new(Currency::EUR, Currency::USD, day(on)?, rate.parse()?, "ECB".parse()?);
    alice(crm, |tx, act| sales::add_exchange_rate(tx, act, new))
}

fn a_quarter_is_reported_pinned_at_its_close_and_now<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    rate(crm, "2026-02-27", "1.0800")?;
    let close = rate(crm, "2026-03-31", "1.1000")?;
    rate(crm, "2026-04-30", "1.2000")?;

    // An order was confirmed on 5 March, and pinned the rate of that day.
    let order = eur("1000.00")?;
    let pinned = crm.read(|tx| Ok(sales::rate_on(tx, Currency::EUR, Currency::USD, day("2026-03-05")?)?))?;
    assert_eq!(pinned.to_string(), "1 EUR = 1.08 USD (ECB, 2026-02-27)");
    let report = |policy: RatePolicy, amount: Money, pinned: Option<&DatedRate>| -> Result<ConvertedAmount, Error> {
        let exchange = Exchange::to(Currency::USD, policy, day("2026-05-04")?);
        crm.read(|tx| Ok(sales::convert(tx, &exchange, amount, pinned)?))
    };
    let at_close = RatePolicy::AsOf(day("2026-03-31")?);
    for (policy, worth) in
        [(RatePolicy::Pinned, "1080.00 USD"), (at_close, "1100.00 USD"), (RatePolicy::Current, "1200.00 USD")]
    {
        assert_eq!(report(policy, order, Some(&pinned))?.to.to_string(), worth, "{policy}");
    }

    // The central bank corrects its rate: the report at the close moves, the order does not.
    let patch = ExchangeRatePatch { rate: Some("1.1010".parse()?), ..ExchangeRatePatch::default() };
    alice(crm, |tx, act| sales::update_exchange_rate(tx, act, close.id, patch))?;
    assert_eq!(report(at_close, order, Some(&pinned))?.to.to_string(), "1101.00 USD");
    assert_eq!(report(RatePolicy::Pinned, order, Some(&pinned))?.to.to_string(), "1080.00 USD");

    // Nobody knows a rate of the yen, and of the day before the first one; nothing is taken for 1.
    let before = everything(crm)?;
    let yen = Money::from_minor(1000, Currency::JPY);
    for (policy, amount) in [(RatePolicy::Current, yen), (RatePolicy::AsOf(day("2026-02-26")?), order)] {
        let refused = report(policy, amount, None);
        let Err(Error::Sales(SalesError::Rate(RateError::Missing { .. }))) = refused else { panic!("{refused:?}") };
    }
    let again = rate(crm, "2026-03-31", "1.1020");
    let Err(Error::Sales(SalesError::Rate(RateError::Taken { found, .. }))) = again else { panic!("{again:?}") };
    assert_eq!(found, close.id);
    assert_eq!(everything(crm)?, before);
    Ok(())
}

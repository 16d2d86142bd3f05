//! C79: the rate that holds on a day.

use crm_core::{
    Currency, ExchangeRate, NewExchangeRate,
    store::{ExchangeRates as _, Store},
};

use super::{
    family::{Any, delete},
    maker::{at, day, id, text, valid},
    world::{founded, insert_all, read, write},
};

/// A rate with a number, of a pair, from a day on.
fn rate(n: u32, from: Currency, to: Currency, on: u32) -> ExchangeRate {
    let new = NewExchangeRate::new(from, to, day(on), text(&format!("1.{n:04}")), text("ECB"));
    valid(ExchangeRate::add(id(n), at(n), new))
}

/// C79: the rate of a pair on a day is the one of the latest day that is not after it, and of two of one day the one with the greater id.
pub fn c79_the_rate_of_a_day_is_the_newest_that_is_not_later<S: Store>(open: impl Fn() -> S) {
    const EUR: Currency = Currency::EUR;
    const USD: Currency = Currency::USD;
    const JPY: Currency = Currency::JPY;
    let store = founded(open, "C79");
    let mut rates = vec![
        rate(105, EUR, USD, 10),
        rate(101, EUR, USD, 20),
        // Two of one day, the greater id first.
        rate(104, EUR, USD, 15),
        rate(103, EUR, USD, 15),
        rate(110, EUR, USD, 30),
        rate(106, USD, EUR, 12),
        rate(107, EUR, JPY, 12),
        rate(108, USD, JPY, 12),
    ];
    let records: Vec<Any> = rates.iter().cloned().map(Any::from).collect();
    write(&store, "C79", |tx| insert_all(tx, &records));
    let check = |rates: &[ExchangeRate], clause: &str| {
        read(&store, clause, |tx| {
            for (from, to) in [(EUR, USD), (USD, EUR), (EUR, JPY), (JPY, EUR), (USD, JPY), (EUR, EUR)] {
                for on in (0..35).map(day) {
                    let of_pair = rates.iter().filter(|rate| (rate.from, rate.to) == (from, to) && rate.day <= on);
                    let expected = of_pair.max_by_key(|rate| (rate.day, rate.id));
                    let found = tx.exchange_rate_on(from, to, on)?;
                    assert_eq!(found.as_ref(), expected, "{clause}: from {from} to {to} on {on}");
                }
            }
            Ok(())
        });
    };
    check(&rates, "C79");
    // What is corrected or deleted is no longer found as it was.
    rates[1].day = day(25);
    rates[5].to = JPY;
    write(&store, "C79: an update", |tx| {
        for changed in [1, 5] {
            let rate = &mut rates[changed];
            rate.revision = tx.update_exchange_rate(rate)?;
        }
        Ok(())
    });
    check(&rates, "C79 after an update");
    let gone = rates.swap_remove(2);
    write(&store, "C79: a deletion", |tx| delete(tx, gone.id.into()));
    check(&rates, "C79 after a deletion");
}

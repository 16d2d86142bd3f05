//! The stores that stories are told on, a clock that moves by itself, and the shortest way to what a story begins with.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm::{
    Act, Crm, Currency, Customer, Error, Money, NewCustomer, NewProduct, NewSalesRep, Product, RecordRef, SalesRep,
    TicketId, UnitPrice, sales,
    store::{Journal, Page, Records, Store},
};
use crm_testkit::Acts;

/// Tells each story on SQLite in memory and in a file, on the reference store, and on one that is chosen at run time.
macro_rules! on_every_store {
    ($($story:ident)*) => {$(
        mod $story {
            use crm::{Crm, Error};

            #[test]
            fn on_sqlite_in_memory() -> Result<(), Error> {
                super::$story(&Crm::open_in_memory()?.with_clock(crate::stage::clock()))
            }

            #[test]
            fn on_sqlite_in_a_file() -> Result<(), Error> {
                let folder = tempfile::tempdir().map_err(Error::host)?;
                super::$story(&Crm::open(folder.path().join("crm.db"))?.with_clock(crate::stage::clock()))
            }

            #[test]
            fn on_the_reference_store() -> Result<(), Error> {
                super::$story(&Crm::over(crm_testkit::MemoryStore::new()).with_clock(crate::stage::clock()))
            }

            #[test]
            fn on_a_store_chosen_at_run_time() -> Result<(), Error> {
                let store = crm_testkit::DynStore::new(crm::sqlite::SqliteStore::open_in_memory()?);
                super::$story(&Crm::over(store).with_clock(crate::stage::clock()))
            }
        }
    )*};
}
pub(crate) use on_every_store;

/// A clock of Monday 2 March 2026 from 09:30 UTC on; each look at it takes a minute.
pub(crate) fn clock() -> impl Fn() -> DateTime<Utc> + Send + Sync {
    let looks = AtomicI64::new(0);
    move || at(looks.fetch_add(1, Ordering::Relaxed))
}

/// So many minutes after the clock began.
pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
    Acts::new().now() + TimeDelta::minutes(minutes)
}

/// One act of alice in one commit.
pub(crate) fn alice<S: Store, T, E: Into<Error>>(
    crm: &Crm<S>,
    f: impl FnOnce(&mut S::Tx<'_>, &mut Act) -> Result<T, E>,
) -> Result<T, Error> {
    crm.write(|tx| f(tx, &mut crm.act("alice")?).map_err(Into::into))
}

/// One act of bob in one commit.
pub(crate) fn bob<S: Store, T, E: Into<Error>>(
    crm: &Crm<S>,
    f: impl FnOnce(&mut S::Tx<'_>, &mut Act) -> Result<T, E>,
) -> Result<T, Error> {
    crm.write(|tx| f(tx, &mut crm.act("bob")?).map_err(Into::into))
}

pub(crate) fn person<S: Store>(crm: &Crm<S>, name: &str) -> Result<Customer, Error> {
    let new = NewCustomer::person(name.parse()?);
    alice(crm, |tx, act| sales::register_customer(tx, act, new))
}

/// A product at 49.90 EUR.
pub(crate) fn lamp<S: Store>(crm: &Crm<S>) -> Result<Product, Error> {
    let price = UnitPrice::parse("49.90", Currency::EUR)?;
    let new = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price);
    alice(crm, |tx, act| sales::add_product(tx, act, new))
}

pub(crate) fn rep<S: Store>(crm: &Crm<S>, name: &str) -> Result<SalesRep, Error> {
    let new = NewSalesRep::new(name.parse()?);
    alice(crm, |tx, act| sales::add_sales_rep(tx, act, new))
}

pub(crate) fn eur(amount: &str) -> Result<Money, Error> {
    Ok(Money::parse(amount, Currency::EUR)?)
}

pub(crate) fn day(text: &str) -> Result<NaiveDate, Error> {
    text.parse().map_err(Error::host)
}

/// What happened to a record, oldest first.
pub(crate) fn facts<S: Store>(crm: &Crm<S>, record: impl Into<RecordRef>) -> Result<Vec<String>, Error> {
    let record = record.into();
    crm.read(|tx| Ok(tx.history(record, Page::first(100))?.iter().map(|entry| entry.kind.clone()).collect()))
}

/// Every record, every message and the whole journal, as JSON.
pub(crate) fn everything<S: Store>(crm: &Crm<S>) -> Result<String, Error> {
    crm.read(|tx| all(tx))
}

fn all(tx: &(impl Records + ?Sized)) -> Result<String, Error> {
    let tickets = tx.tickets(&Default::default(), Page::first(100))?;
    let conversation = |ticket: TicketId| tx.messages(ticket, Page::first(100));
    let messages = tickets.iter().map(|ticket| conversation(ticket.id)).collect::<Result<Vec<_>, _>>()?;
    let records = (
        tx.customers(&Default::default(), Page::first(100))?,
        tx.interactions(&Default::default(), Page::first(100))?,
        tx.products(&Default::default(), Page::first(100))?,
        (
            tx.price_lists(&Default::default(), Page::first(100))?,
            tx.promotions(&Default::default(), Page::first(100))?,
            tx.redemptions(&Default::default(), Page::first(100))?,
        ),
        tx.sales_reps(&Default::default(), Page::first(100))?,
        tx.sale_plans(&Default::default(), Page::first(100))?,
        tx.queues(&Default::default(), Page::first(100))?,
        tx.leads(&Default::default(), Page::first(100))?,
        (
            tx.opportunities(&Default::default(), Page::first(100))?,
            tx.forecast_adjustments(&Default::default(), Page::first(100))?,
            tx.forecast_snapshots(&Default::default(), Page::first(100))?,
        ),
        (
            tx.quotes(&Default::default(), Page::first(100))?,
            tx.activities(&Default::default(), Page::first(100))?,
            tx.orders(&Default::default(), Page::first(100))?,
            tx.forecast_adjustments(&Default::default(), Page::first(100))?,
            tx.forecast_snapshots(&Default::default(), Page::first(100))?,
        ),
        tx.provider_payments(&Default::default(), Page::first(100))?,
        tx.exchange_rates(&Default::default(), Page::first(100))?,
        tx.agents(&Default::default(), Page::first(100))?,
    );
    let journal = tx.entries(Page::first(1000))?;
    serde_json::to_string_pretty(&(records, tickets, messages, journal)).map_err(Error::host)
}

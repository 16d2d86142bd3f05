//! A store, a clock, and the shortest way to what a story begins with.

use std::fmt::Debug;

use chrono::NaiveDate;
use crm_core::{
    Act, Currency, Customer, Entry, Money, NewCustomer, NewOrder, NewOrderLine, NewProduct, NewSalesRep, Order,
    OrderId, Product, ProductId, Quantity, RecordRef, SalesRep, SalesRepId, SalesRepPatch, UnitPrice,
    store::{
        Activities, Customers, ExchangeRates, ForecastAdjustments, ForecastSnapshots, Interactions, Journal, Leads,
        Opportunities, Orders, Page, Payments, PriceLists, Products, Promotions, Queues, Quotes, Redemptions,
        SalePlans, SalesReps, Store, StoreErrorKind,
    },
};
use crm_sales::{
    SalesError, add_product, add_sales_rep, confirm_order_on, draft_order, register_customer, update_sales_rep,
};
use crm_testkit::{Acts, MemoryStore, MemoryTx};

pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) acts: Acts,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { store: MemoryStore::new(), acts: Acts::new() }
    }

    /// Does something that must succeed, as one act of alice in one transaction.
    pub(crate) fn does<T>(&mut self, f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>) -> T {
        self.does_as("alice", f)
    }

    /// The same as an act of somebody else.
    pub(crate) fn does_as<T>(
        &mut self,
        actor: &str,
        f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>,
    ) -> T {
        let act = &mut self.acts.next(actor);
        self.store.write(|tx| f(tx, act)).unwrap()
    }

    /// Does something that must be refused, and commits nevertheless: no record is different then and no entry stands
    /// in the journal.
    pub(crate) fn is_refused<T: Debug>(
        &mut self,
        f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>,
    ) -> SalesError {
        let before = self.everything();
        let act = &mut self.acts.next("alice");
        let error = self.store.write(|tx| Ok::<_, SalesError>(f(tx, act).unwrap_err())).unwrap();
        assert_eq!(self.everything(), before, "a refused operation left something: {error}");
        error
    }

    /// Does something that must succeed and change nothing.
    pub(crate) fn changes_nothing<T>(&mut self, f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>) {
        let before = self.everything();
        self.does(f);
        assert_eq!(self.everything(), before);
    }

    pub(crate) fn reads<T>(&self, f: impl FnOnce(&MemoryTx) -> Result<T, SalesError>) -> T {
        self.store.read(f).unwrap()
    }

    /// All records of the families that sales write, and the journal.
    fn everything(&self) -> impl PartialEq + Debug + use<> {
        self.reads(|tx| {
            Ok((
                (
                    tx.customers(&Default::default(), Page::first(u16::MAX))?,
                    tx.interactions(&Default::default(), Page::first(u16::MAX))?,
                    tx.products(&Default::default(), Page::first(u16::MAX))?,
                    tx.price_lists(&Default::default(), Page::first(u16::MAX))?,
                    tx.promotions(&Default::default(), Page::first(u16::MAX))?,
                    tx.redemptions(&Default::default(), Page::first(u16::MAX))?,
                    tx.sales_reps(&Default::default(), Page::first(u16::MAX))?,
                    tx.sale_plans(&Default::default(), Page::first(u16::MAX))?,
                ),
                (
                    tx.queues(&Default::default(), Page::first(u16::MAX))?,
                    tx.leads(&Default::default(), Page::first(u16::MAX))?,
                    tx.opportunities(&Default::default(), Page::first(u16::MAX))?,
                    tx.quotes(&Default::default(), Page::first(u16::MAX))?,
                    tx.activities(&Default::default(), Page::first(u16::MAX))?,
                    tx.orders(&Default::default(), Page::first(u16::MAX))?,
                    tx.provider_payments(&Default::default(), Page::first(u16::MAX))?,
                    tx.exchange_rates(&Default::default(), Page::first(u16::MAX))?,
                    tx.forecast_adjustments(&Default::default(), Page::first(u16::MAX))?,
                    tx.forecast_snapshots(&Default::default(), Page::first(u16::MAX))?,
                    tx.entries(Page::first(u16::MAX))?,
                ),
            ))
        })
    }

    /// The entries of a record, oldest first.
    pub(crate) fn history(&self, record: impl Into<RecordRef>) -> Vec<Entry> {
        let record = record.into();
        self.reads(|tx| Ok(tx.history(record, Page::first(u16::MAX))?))
    }

    /// What happened to a record, oldest first.
    pub(crate) fn facts(&self, record: impl Into<RecordRef>) -> Vec<String> {
        self.history(record).iter().map(|entry| entry.kind.clone()).collect()
    }

    pub(crate) fn person(&mut self, name: &str) -> Customer {
        self.does(|tx, act| register_customer(tx, act, NewCustomer::person(name.parse()?)))
    }

    pub(crate) fn organisation(&mut self, name: &str) -> Customer {
        self.does(|tx, act| register_customer(tx, act, NewCustomer::organisation(name.parse()?)))
    }

    pub(crate) fn product(&mut self, sku: &str, price: &str) -> Product {
        let price = UnitPrice::parse(price, Currency::EUR).unwrap();
        self.does(|tx, act| add_product(tx, act, NewProduct::new(sku.parse()?, sku.parse()?, price)))
    }

    pub(crate) fn rep(&mut self, name: &str, manager: Option<SalesRepId>) -> SalesRep {
        let mut new = NewSalesRep::new(name.parse().unwrap());
        new.manager = manager;
        self.does(|tx, act| add_sales_rep(tx, act, new))
    }

    /// Makes a rep inactive, or active again.
    pub(crate) fn sells_at_present(&mut self, rep: SalesRepId, active: bool) {
        let patch = SalesRepPatch { active: Some(active), ..SalesRepPatch::default() };
        self.does(|tx, act| update_sales_rep(tx, act, rep, patch));
    }

    /// A draft over two of a product at 49.90 EUR.
    pub(crate) fn draft(&mut self) -> Order {
        let customer = self.person("张三");
        let sku = format!("LAMP-{}", self.acts.now().timestamp());
        let lamp = self.product(&sku, "49.90");
        let new = NewOrder::for_customer(customer.id, Currency::EUR).line(lamp.id, 2);
        self.does(|tx, act| draft_order(tx, act, new))
    }

    /// A confirmed order of a rep on a day, with lines of one unit each at a price.
    pub(crate) fn sells(
        &mut self,
        rep: Option<SalesRepId>,
        on: &str,
        currency: Currency,
        lines: &[(ProductId, &str)],
    ) -> OrderId {
        let customer = self.person("李四");
        let mut new = NewOrder::for_customer(customer.id, currency);
        new.rep = rep;
        for (product, price) in lines {
            let price = UnitPrice::parse(price, currency).unwrap();
            new = new.line_with(NewOrderLine::new(*product, Quantity::from(1)).unit_price(price));
        }
        let order = self.does(|tx, act| draft_order(tx, act, new));
        self.does(|tx, act| confirm_order_on(tx, act, order.id, day(on)));
        order.id
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

/// What the store said.
pub(crate) fn kind(error: &SalesError) -> &StoreErrorKind {
    error.store_kind().unwrap_or_else(|| panic!("not an error of the store: {error}"))
}

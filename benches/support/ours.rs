//! The works done by crm-store, through the contract and through the operations.

use std::{path::Path, time::Duration};

use crm::{
    Act, CustomerId, CustomerPatch, DiscountLimit, Label, Money, NewPayment, NewQuote, Number, OrderId, Percent,
    sales::{
        SalesError, accept_quote, confirm_order, deliver_shipment, draft_order, draft_quote, pay_order, place_order,
        register_customer, send_quote, ship_order, update_customer,
    },
    sqlite::{Durability, SqliteOptions, SqliteStore, SqliteTx},
    store::{Customers, OrderFilter, Orders, Page, Products, SalesReps, Store, StoreError, StoreErrorKind},
};

use crate::{
    company::{self, BEST_CUSTOMER, CURRENCY, Done},
    work::{END, Get, PAGE, Picks, Side, Work, timed},
};

pub(crate) struct Ours {
    store: SqliteStore,
    picks: Picks,
}

impl Ours {
    pub(crate) fn open(path: &Path, durability: Durability, picks: Picks) -> Done<Self> {
        Ok(Self { store: SqliteOptions::new().durability(durability).open(path)?, picks })
    }

    /// One write for each input.
    fn writes<I, T>(
        &self,
        inputs: Vec<I>,
        write: impl Fn(&mut SqliteTx<'_>, I) -> Result<T, SalesError>,
    ) -> Done<Duration> {
        timed(|| inputs.into_iter().try_for_each(|input| self.store.write(|tx| write(tx, input)).map(drop)))
    }

    /// From the draft of a quote until the goods are there, a commit for each step.
    fn sell(&self, act: &mut Act, new: NewQuote, limit: &DiscountLimit) -> Result<(), SalesError> {
        let day = act.day();
        let quote = self.store.write(|tx| draft_quote(tx, act, new))?;
        self.store.write(|tx| send_quote(tx, act, quote.id, limit, day))?;
        let (_, order) = self.store.write(|tx| accept_quote(tx, act, quote.id, day))?;
        self.store.write(|tx| confirm_order(tx, act, order.id))?;
        self.store.write(|tx| pay_order(tx, act, order.id, NewPayment::of(order.total())))?;
        self.store.write(|tx| ship_order(tx, act, order.id))?;
        self.store.write(|tx| deliver_shipment(tx, act, order.id, 1)).map(drop)
    }

    /// Gets each record, so many in one snapshot.
    fn gets<K, T>(
        &self,
        keys: &[K],
        each: u32,
        get: impl Fn(&SqliteTx<'_>, &K) -> Result<Option<T>, StoreError>,
    ) -> Done<Duration> {
        timed(|| {
            keys.chunks(each as usize).try_for_each(|keys| {
                self.store.read(|tx| -> Result<(), StoreError> {
                    keys.iter().try_for_each(|key| get(tx, key)?.map(drop).ok_or(StoreErrorKind::Backend.into()))
                })
            })
        })
    }

    fn get(&mut self, work: Work, get: Get, calls: u32) -> Done<Duration> {
        let each = work.times();
        let numbers = self.picks.records_of(work, calls * each).into_iter();
        match get {
            Get::CustomerById => {
                let ids: Vec<CustomerId> = numbers.map(company::id).collect::<Done<_>>()?;
                self.gets(&ids, each, |tx, id| tx.customer(*id))
            }
            Get::CustomerByEmail => {
                let emails: Vec<_> = numbers.map(company::email).collect::<Done<_>>()?;
                self.gets(&emails, each, |tx, email| Ok(tx.customers_with_email(email, Page::first(PAGE))?.pop()))
            }
            Get::OrderById => {
                let ids: Vec<OrderId> = numbers.map(company::id).collect::<Done<_>>()?;
                self.gets(&ids, each, |tx, id| tx.order(*id))
            }
            Get::OrderByNumber => {
                let numbers: Vec<Number> = numbers.map(company::order_number).collect::<Done<_>>()?;
                self.gets(&numbers, each, |tx, number| tx.order_by_number(number))
            }
        }
    }

    /// Pages of the orders of the best customer, each from the key on.
    fn pages(&self, calls: u32, after: Option<OrderId>) -> Done<Duration> {
        let filter = OrderFilter { customer: Some(company::id(BEST_CUSTOMER)?), ..OrderFilter::default() };
        timed(|| {
            (0..calls).try_for_each(|_| -> Result<(), StoreError> {
                let page = self.store.read(|tx| tx.orders(&filter, Page { after, limit: PAGE }))?;
                if page.len() == usize::from(PAGE) { Ok(()) } else { Err(StoreErrorKind::Backend.into()) }
            })
        })
    }
}

impl Side for Ours {
    fn found(&mut self) -> Done<()> {
        let reps: Vec<_> = (1..=company::REPS).map(company::sales_rep).collect::<Done<_>>()?;
        let products: Vec<_> = (1..=company::PRODUCTS).map(company::product).collect::<Done<_>>()?;
        Ok(self.store.write(|tx| {
            reps.iter().try_for_each(|rep| tx.insert_sales_rep(rep))?;
            products.iter().try_for_each(|product| tx.insert_product(product))
        })?)
    }

    fn run(&mut self, work: Work, calls: u32) -> Done<Duration> {
        let size = self.picks.size;
        match work {
            Work::BulkCustomers => {
                let new: Vec<_> = self.picks.new_customers(calls).map(company::customer).collect::<Done<_>>()?;
                timed(|| self.store.write(|tx| new.iter().try_for_each(|customer| tx.insert_customer(customer))))
            }
            Work::BulkOrders => {
                let new: Vec<_> = self.picks.new_orders(calls).map(|n| company::order(n, size)).collect::<Done<_>>()?;
                timed(|| self.store.write(|tx| new.iter().try_for_each(|order| tx.insert_order(order))))
            }
            Work::InsertCustomer => {
                let new = self.picks.new_customers(calls).map(|n| Ok((company::act(n)?, company::new_customer(n)?)));
                let new = new.collect::<Done<Vec<_>>>()?;
                self.writes(new, |tx, (mut act, new)| register_customer(tx, &mut act, new))
            }
            Work::UpdateCustomer => {
                let region: Label = self.picks.region().parse()?;
                let acts = self.picks.some(calls).map(|n| Ok((company::act(n)?, company::id(n)?)));
                let acts = acts.collect::<Done<Vec<_>>>()?;
                self.writes(acts, |tx, (mut act, id)| {
                    let patch = CustomerPatch { region: Some(Some(region.clone())), ..CustomerPatch::default() };
                    update_customer(tx, &mut act, id, patch)
                })
            }
            Work::InsertOrder => {
                let new = self.picks.new_orders(calls).map(|n| Ok((company::act(n)?, company::new_order(n, size)?)));
                let new = new.collect::<Done<Vec<_>>>()?;
                self.writes(new, |tx, (mut act, new)| draft_order(tx, &mut act, new))
            }
            Work::PayOrder => {
                let acts = self.picks.some(calls).map(|n| Ok((company::act(n)?, company::id(n)?)));
                let acts = acts.collect::<Done<Vec<_>>>()?;
                self.writes(acts, |tx, (mut act, id)| {
                    pay_order(tx, &mut act, id, NewPayment::of(Money::from_minor(1, CURRENCY)))
                })
            }
            Work::PlaceOrder => {
                let new = self.picks.new_orders(calls).map(|n| {
                    let act = || company::act(n);
                    Ok(([act()?, act()?, act()?], company::new_order(n, size)?))
                });
                let new = new.collect::<Done<Vec<_>>>()?;
                timed(|| {
                    new.into_iter().try_for_each(|([mut ordered, mut paid, mut shipped], new)| {
                        let order = self.store.write(|tx| place_order(tx, &mut ordered, new))?;
                        let payment = NewPayment::of(order.total());
                        self.store.write(|tx| pay_order(tx, &mut paid, order.id, payment))?;
                        self.store.write(|tx| ship_order(tx, &mut shipped, order.id)).map(drop)
                    })
                })
            }
            Work::QuoteToDelivery => {
                let limit = DiscountLimit::up_to(Percent::whole(10))?;
                let new = self.picks.new_orders(calls).map(|n| Ok((company::act(n)?, company::new_quote(n, size)?)));
                let new = new.collect::<Done<Vec<_>>>()?;
                timed(|| new.into_iter().try_for_each(|(mut act, new)| self.sell(&mut act, new, &limit)))
            }
            Work::PlaceAtOnce => {
                let new = self.picks.new_orders(calls).map(|n| Ok((company::act(n)?, company::new_order(n, size)?)));
                let new = new.collect::<Done<Vec<_>>>()?;
                timed(|| {
                    self.store.write(|tx| {
                        new.into_iter().try_for_each(|(mut act, new)| place_order(tx, &mut act, new).map(drop))
                    })
                })
            }
            Work::Gets(get) | Work::ScatteredGets(get) | Work::LoneGet(get) => self.get(work, get, calls),
            Work::FirstPage(_) => self.pages(calls, None),
            Work::DeepPage(_) => self.pages(calls, Some(company::id(self.picks.size.orders - END)?)),
        }
    }
}

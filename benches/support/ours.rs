//! The works done by crm-store, through the contract and through the operations.

use std::{path::Path, time::Duration};

use crm::{
    Customer, CustomerId, Order, OrderId, RecordId,
    sales::{SalesError, draft_order, pay_order, register_customer},
    sqlite::{Durability, SqliteOptions, SqliteStore},
    store::{
        CustomerFilter, Customers, OrderFilter, Orders, Page, Products, SalesReps, Store, StoreError, StoreErrorKind,
    },
};

use crate::{
    company::{self, Done},
    work::{PAGE, Picks, Side, Work, timed},
};

pub(crate) struct Ours {
    store: SqliteStore,
    picks: Picks,
}

impl Ours {
    pub(crate) fn open(path: &Path, durability: Durability, picks: Picks) -> Done<Self> {
        Ok(Self { store: SqliteOptions::new().durability(durability).open(path)?, picks })
    }

    /// Records as they stand, changed by `change`, ready to be saved.
    fn changed<T>(
        &mut self,
        calls: u32,
        get: impl Fn(&crm::sqlite::SqliteTx<'_>, u32) -> Done<Option<T>>,
        change: impl Fn(&mut T) -> Done<()>,
    ) -> Done<Vec<T>> {
        let mut records = Vec::new();
        for number in self.picks.some(calls) {
            let read = self.store.read(|tx| get(tx, number).map_err(|_| StoreError::from(StoreErrorKind::Backend)))?;
            let mut record = read.ok_or("a record is missing")?;
            change(&mut record)?;
            records.push(record);
        }
        Ok(records)
    }

    /// Gets each record, so many in one snapshot.
    fn gets<I: RecordId, T>(
        &self,
        numbers: Vec<u32>,
        each: usize,
        get: impl Fn(&crm::sqlite::SqliteTx<'_>, I) -> Result<Option<T>, StoreError>,
    ) -> Done<Duration> {
        let ids: Vec<I> = numbers.into_iter().map(company::id).collect::<Done<_>>()?;
        timed(|| {
            ids.chunks(each).try_for_each(|ids| {
                self.store.read(|tx| -> Result<(), StoreError> {
                    ids.iter().try_for_each(|id| get(tx, *id)?.map(drop).ok_or(StoreErrorKind::Backend.into()))
                })
            })
        })
    }

    fn pages<K: Copy, T>(
        &mut self,
        calls: u32,
        after: impl Fn(u32) -> Done<K>,
        fetch: impl Fn(&crm::sqlite::SqliteTx<'_>, Page<K>) -> Result<Vec<T>, StoreError>,
    ) -> Done<Duration> {
        let keys: Vec<K> = self.picks.pages(calls).map(after).collect::<Done<_>>()?;
        timed(|| {
            keys.iter().try_for_each(|key| -> Result<(), StoreError> {
                let page = self.store.read(|tx| fetch(tx, Page::after(*key, PAGE)))?;
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
        let customer = |tx: &crm::sqlite::SqliteTx<'_>, number| Ok(tx.customer(company::id(number)?)?);
        let order = |tx: &crm::sqlite::SqliteTx<'_>, number| Ok(tx.order(company::id(number)?)?);
        match work {
            Work::BulkCustomers => {
                let new: Vec<Customer> = self.picks.new_customers(calls).map(company::customer).collect::<Done<_>>()?;
                timed(|| self.store.write(|tx| new.iter().try_for_each(|customer| tx.insert_customer(customer))))
            }
            Work::BulkOrders => {
                let new: Vec<Order> = self.picks.new_orders(calls).map(company::order).collect::<Done<_>>()?;
                timed(|| self.store.write(|tx| new.iter().try_for_each(|order| tx.insert_order(order))))
            }
            Work::InsertCustomer => {
                let new: Vec<Customer> = self.picks.new_customers(calls).map(company::customer).collect::<Done<_>>()?;
                timed(|| new.iter().try_for_each(|customer| self.store.write(|tx| tx.insert_customer(customer))))
            }
            Work::InsertOrder => {
                let new: Vec<Order> = self.picks.new_orders(calls).map(company::order).collect::<Done<_>>()?;
                timed(|| new.iter().try_for_each(|order| self.store.write(|tx| tx.insert_order(order))))
            }
            Work::UpdateCustomer => {
                let regions = ["North".parse()?, "South".parse()?];
                let records = self.changed(calls, customer, |customer: &mut Customer| {
                    let flip = usize::from(customer.region.as_ref() == Some(&regions[0]));
                    customer.region = Some(regions[flip].clone());
                    Ok(())
                })?;
                timed(|| records.iter().try_for_each(|it| self.store.write(|tx| tx.update_customer(it)).map(drop)))
            }
            Work::UpdateOrder => {
                let records = self.changed(calls, order, |order: &mut Order| {
                    let at = order.updated_at;
                    order.lock(at).or_else(|_| order.unlock(at))?;
                    Ok(())
                })?;
                timed(|| records.iter().try_for_each(|it| self.store.write(|tx| tx.update_order(it)).map(drop)))
            }
            Work::RegisterCustomer => {
                let acts = self.picks.new_customers(calls).map(|n| Ok((company::act(n)?, company::new_customer(n)?)));
                let acts = acts.collect::<Done<Vec<_>>>()?;
                timed(|| {
                    acts.into_iter().try_for_each(|(mut act, new)| {
                        self.store.write(|tx| register_customer(tx, &mut act, new)).map(drop)
                    })
                })
            }
            Work::DraftOrder => {
                let acts = self.picks.new_orders(calls).map(|n| Ok((company::act(n)?, company::new_order(n)?)));
                let acts = acts.collect::<Done<Vec<_>>>()?;
                timed(|| {
                    acts.into_iter()
                        .try_for_each(|(mut act, new)| self.store.write(|tx| draft_order(tx, &mut act, new)).map(drop))
                })
            }
            Work::PayOrder => {
                let acts = self.picks.some(calls).map(|n| Ok((company::act(n)?, company::id::<OrderId>(n)?)));
                let acts = acts.collect::<Done<Vec<_>>>()?;
                timed(|| {
                    acts.into_iter().try_for_each(|(mut act, id)| {
                        let pay = self.store.write(|tx| pay_order(tx, &mut act, id, company::new_payment()));
                        pay.map(drop).map_err(|error: SalesError| error)
                    })
                })
            }
            Work::GetCustomer | Work::GetCustomers | Work::GetCustomerCold => {
                let (numbers, each) = self.picks.gets(work, calls);
                self.gets(numbers, each, |tx, id: CustomerId| tx.customer(id))
            }
            Work::GetOrder | Work::GetOrders | Work::GetOrderCold => {
                let (numbers, each) = self.picks.gets(work, calls);
                self.gets(numbers, each, |tx, id: OrderId| tx.order(id))
            }
            Work::PageCustomers => {
                let all = CustomerFilter::default();
                self.pages(calls, company::id, |tx, page| tx.customers(&all, page))
            }
            Work::PageOrders | Work::PageOrdersJoined => {
                let all = OrderFilter::default();
                self.pages(calls, company::id, |tx, page| tx.orders(&all, page))
            }
        }
    }
}

//! What is measured: the works, and how a side does them.

use std::{
    error::Error,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use crate::company::{Done, RECORDS};

/// Records of a page.
pub(crate) const PAGE: u16 = 50;
/// Gets that share one snapshot, where they do.
pub(crate) const SNAPSHOT: u32 = 100;

/// One kind of work; a call is one transaction, a bulk work is one transaction in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    BulkCustomers,
    BulkOrders,
    InsertCustomer,
    InsertOrder,
    UpdateCustomer,
    UpdateOrder,
    RegisterCustomer,
    DraftOrder,
    PayOrder,
    GetCustomer,
    GetCustomers,
    GetOrder,
    GetOrders,
    PageCustomers,
    PageOrders,
    PageOrdersJoined,
}

impl Work {
    pub(crate) const WRITES: [Self; 7] = [
        Self::InsertCustomer,
        Self::InsertOrder,
        Self::UpdateCustomer,
        Self::UpdateOrder,
        Self::RegisterCustomer,
        Self::DraftOrder,
        Self::PayOrder,
    ];
    pub(crate) const READS: [Self; 7] = [
        Self::GetCustomer,
        Self::GetCustomers,
        Self::GetOrder,
        Self::GetOrders,
        Self::PageCustomers,
        Self::PageOrders,
        Self::PageOrdersJoined,
    ];

    /// What it is in the table.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BulkCustomers => "bulk insert, 500 customers a commit",
            Self::BulkOrders => "bulk insert, 500 orders a commit",
            Self::InsertCustomer => "insert customer",
            Self::InsertOrder => "insert order",
            Self::UpdateCustomer => "update customer",
            Self::UpdateOrder => "update order",
            Self::RegisterCustomer => "register customer, with journal",
            Self::DraftOrder => "draft order, with journal",
            Self::PayOrder => "pay order, with journal",
            Self::GetCustomer => "get customer, 1 a snapshot",
            Self::GetCustomers => "get customer, 100 a snapshot",
            Self::GetOrder => "get order, 1 a snapshot",
            Self::GetOrders => "get order, 100 a snapshot",
            Self::PageCustomers => "page of 50 customers",
            Self::PageOrders => "page of 50 orders with lines",
            Self::PageOrdersJoined => "the same against a join",
        }
    }
}

/// One of the two that are compared.
pub(crate) trait Side {
    /// Writes the reps and the products that everything refers to.
    fn found(&mut self) -> Done<()>;
    /// Does a work so many times and tells how long it took, without making what it needs.
    fn run(&mut self, work: Work, calls: u32) -> Done<Duration>;
}

/// Runs and times.
pub(crate) fn timed<E: Into<Box<dyn Error>>>(run: impl FnOnce() -> Result<(), E>) -> Done<Duration> {
    let start = Instant::now();
    run().map_err(Into::into)?;
    Ok(start.elapsed())
}

/// Which records come next: the same for each side that did the same works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picks {
    customers: u32,
    orders: u32,
    picked: u32,
}

impl Picks {
    /// New records are numbered on from here.
    pub(crate) const fn after(number: u32) -> Self {
        Self { customers: number, orders: number, picked: 0 }
    }

    /// Numbers of customers that are not there yet.
    pub(crate) fn new_customers(&mut self, count: u32) -> RangeInclusive<u32> {
        self.customers += count;
        self.customers - count + 1..=self.customers
    }

    /// Numbers of orders that are not there yet.
    pub(crate) fn new_orders(&mut self, count: u32) -> RangeInclusive<u32> {
        self.orders += count;
        self.orders - count + 1..=self.orders
    }

    /// Numbers of records that are there, scattered over the file, none twice within as many as there are.
    pub(crate) fn some(&mut self, count: u32) -> impl Iterator<Item = u32> + use<> {
        let first = self.picked;
        self.picked = (first + count) % RECORDS;
        // 7 919 is a prime that does not divide the number of records.
        (first..first + count).map(|pick| (pick % RECORDS * 7_919) % RECORDS + 1)
    }

    /// Numbers after which a whole page follows.
    pub(crate) fn pages(&mut self, count: u32) -> impl Iterator<Item = u32> + use<> {
        self.some(count).map(|number| number.min(RECORDS - u32::from(PAGE)))
    }
}

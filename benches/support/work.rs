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
const SNAPSHOT: u32 = 100;
/// Records that are got again and again, where they are.
const FEW: u32 = 500;

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
    GetCustomerCold,
    GetOrder,
    GetOrders,
    GetOrderCold,
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
    pub(crate) const READS: [Self; 9] = [
        Self::GetCustomer,
        Self::GetCustomers,
        Self::GetCustomerCold,
        Self::GetOrder,
        Self::GetOrders,
        Self::GetOrderCold,
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
            Self::GetCustomer => "get customer",
            Self::GetCustomers => "get 100 customers in one snapshot",
            Self::GetCustomerCold => "get customer, scattered over the file",
            Self::GetOrder => "get order",
            Self::GetOrders => "get 100 orders in one snapshot",
            Self::GetOrderCold => "get order, scattered over the file",
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

    /// Numbers of records to get, and how many of them in one snapshot: a few records again and again, whose pages soon stand in SQLite's cache, or all over the file.
    pub(crate) fn gets(&mut self, work: Work, calls: u32) -> (Vec<u32>, usize) {
        let few = |number| number % FEW + 1;
        match work {
            Work::GetCustomers | Work::GetOrders => (self.some(calls * SNAPSHOT).map(few).collect(), SNAPSHOT as usize),
            Work::GetCustomerCold | Work::GetOrderCold => (self.some(calls).collect(), 1),
            _ => (self.some(calls).map(few).collect(), 1),
        }
    }

    /// Numbers after which a whole page follows.
    pub(crate) fn pages(&mut self, count: u32) -> impl Iterator<Item = u32> + use<> {
        self.some(count).map(|number| number.min(RECORDS - u32::from(PAGE)))
    }
}

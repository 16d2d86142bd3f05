//! What is measured: the works, how a side does them, and which records they meet.

use std::{
    error::Error,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use crate::company::{Done, Size};

/// Records of a page.
pub(crate) const PAGE: u16 = 50;
/// Gets that share one snapshot, where they do.
const SNAPSHOT: u32 = 100;
/// Records that are got again and again.
const FEW: u32 = 500;

/// Orders that come after a deep page begins, of which every tenth is of its customer.
pub(crate) const END: u32 = 1_000;
/// A prime that divides no round number.
const STEP: u64 = 419;

/// How one record is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Get {
    CustomerById,
    CustomerByEmail,
    OrderById,
    OrderByNumber,
}

/// How a page of orders is read by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// With the order, in one statement.
    Joined,
    /// In a statement of their own.
    Apart,
}

/// One kind of work. A call is one transaction, or as its title says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    BulkCustomers,
    BulkOrders,
    InsertCustomer,
    UpdateCustomer,
    InsertOrder,
    PayOrder,
    PlaceOrder,
    QuoteToDelivery,
    PlaceAtOnce,
    Gets(Get),
    ScatteredGets(Get),
    LoneGet(Get),
    FirstPage(Lines),
    DeepPage(Lines),
}

impl Work {
    pub(crate) const WRITES: [Self; 5] =
        [Self::InsertCustomer, Self::UpdateCustomer, Self::InsertOrder, Self::PayOrder, Self::PlaceOrder];
    /// The writes of the bench `workflow`.
    pub(crate) const WORKFLOW: [Self; 1] = [Self::QuoteToDelivery];
    pub(crate) const READS: [Self; 11] = [
        Self::Gets(Get::CustomerById),
        Self::Gets(Get::CustomerByEmail),
        Self::Gets(Get::OrderById),
        Self::Gets(Get::OrderByNumber),
        Self::LoneGet(Get::CustomerById),
        Self::LoneGet(Get::CustomerByEmail),
        Self::LoneGet(Get::OrderById),
        Self::LoneGet(Get::OrderByNumber),
        Self::FirstPage(Lines::Joined),
        Self::DeepPage(Lines::Joined),
        Self::FirstPage(Lines::Apart),
    ];

    /// What it is in the table.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BulkCustomers => "500 customers in one commit, each",
            Self::BulkOrders => "500 orders with three lines in one commit, each",
            Self::InsertCustomer => "insert of a customer, with journal",
            Self::UpdateCustomer => "update of a customer, with journal",
            Self::InsertOrder => "insert of an order, with journal",
            Self::PayOrder => "update of an order by a payment, with journal",
            Self::PlaceOrder => "order → pay → ship, three commits, with journal",
            Self::QuoteToDelivery => "quote → order → payment → delivery, seven commits, with journal",
            Self::PlaceAtOnce => "orders with three lines placed in one commit, each",
            Self::Gets(Get::CustomerById) => "get of a customer by id, of 100 in one snapshot",
            Self::Gets(Get::CustomerByEmail) => "get of a customer by e-mail, of 100 in one snapshot",
            Self::Gets(Get::OrderById) => "get of an order by id, of 100 in one snapshot",
            Self::Gets(Get::OrderByNumber) => "get of an order by number, of 100 in one snapshot",
            Self::ScatteredGets(Get::CustomerById) => "get of a customer by id, all over the file",
            Self::ScatteredGets(Get::CustomerByEmail) => "get of a customer by e-mail, all over the file",
            Self::ScatteredGets(Get::OrderById) => "get of an order by id, all over the file",
            Self::ScatteredGets(Get::OrderByNumber) => "get of an order by number, all over the file",
            Self::LoneGet(Get::CustomerById) => "the same alone: a customer by id",
            Self::LoneGet(Get::CustomerByEmail) => "the same alone: a customer by e-mail",
            Self::LoneGet(Get::OrderById) => "the same alone: an order by id",
            Self::LoneGet(Get::OrderByNumber) => "the same alone: an order by number",
            Self::FirstPage(Lines::Joined) => "page of 50 orders of one customer with lines, against a join",
            Self::DeepPage(Lines::Joined) => "page at depth, against a join",
            Self::FirstPage(Lines::Apart) => "page of 50 orders, against two statements",
            Self::DeepPage(Lines::Apart) => "page at depth, against two statements",
        }
    }

    /// The ratio that is to be reached, where one was set; writes have one for each durability.
    pub(crate) fn target(self, relaxed: bool) -> Option<f64> {
        match self {
            Self::PlaceOrder => Some(if relaxed { 1.5 } else { 1.1 }),
            Self::QuoteToDelivery => relaxed.then_some(1.5),
            Self::InsertCustomer | Self::UpdateCustomer | Self::InsertOrder | Self::PayOrder => {
                Some(if relaxed { 1.4 } else { 1.1 })
            }
            Self::Gets(_) => Some(1.4),
            Self::FirstPage(Lines::Joined) | Self::DeepPage(Lines::Joined) => Some(0.6),
            _ => None,
        }
    }

    /// Whether each call commits something.
    pub(crate) fn writes(self) -> bool {
        Self::WRITES.contains(&self) || Self::WORKFLOW.contains(&self)
    }

    /// How many times it is done in one call.
    pub(crate) const fn times(self) -> u32 {
        if matches!(self, Self::Gets(_) | Self::ScatteredGets(_)) { SNAPSHOT } else { 1 }
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
    pub(crate) size: Size,
    customers: u32,
    orders: u32,
    picked: u32,
}

impl Picks {
    /// New records are numbered on from here.
    pub(crate) const fn after(number: u32, size: Size) -> Self {
        Self::after_those(Size { customers: number, orders: number }, size)
    }

    /// The same where so many of each are there.
    pub(crate) const fn after_those(there: Size, size: Size) -> Self {
        Self { size, customers: there.customers, orders: there.orders, picked: 0 }
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

    /// Numbers of customers that are there, scattered over the file, none twice within as many as there are; there are at least as many orders.
    pub(crate) fn some(&mut self, count: u32) -> impl Iterator<Item = u32> + use<> {
        self.some_of(self.size.customers, count)
    }

    fn some_of(&mut self, there: u32, count: u32) -> impl Iterator<Item = u32> + use<> {
        let first = self.picked;
        self.picked = (first + count) % there;
        let scattered = move |pick: u32| u64::from(pick % there) * STEP % u64::from(there);
        // It is less than how many there are.
        (first..first + count).map(move |pick| u32::try_from(scattered(pick)).unwrap_or(0) + 1)
    }

    /// Numbers of records to get: all over the file, or a few again and again, whose pages stand in SQLite's cache.
    pub(crate) fn records_of(&mut self, work: Work, count: u32) -> Vec<u32> {
        match work {
            Work::ScatteredGets(Get::OrderById | Get::OrderByNumber) => self.some_of(self.size.orders, count).collect(),
            Work::ScatteredGets(_) => self.some(count).collect(),
            _ => self.some(count).map(|number| number % FEW + 1).collect(),
        }
    }

    /// A region that no customer is in yet.
    pub(crate) fn region(&self) -> String {
        format!("Area {}-{}", self.customers, self.picked)
    }
}

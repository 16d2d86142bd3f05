#![doc = include_str!("../README.md")]
//!
//! # The parts
//!
//! - the vocabulary and the records of [`crm_core`] stand at the root: [`Money`], [`Customer`], [`Order`] …
//! - [`sales`] and [`service`]: the operations, each `op(tx, act, input)`
//! - [`analytics`]: numbers from values, without storage
//! - [`store`]: the contract that a backend keeps; [`sqlite`]: the backend in a file
//! - [`Crm`]: a store, a clock and entropy in one value, and [`Error`] for all of them
//!
//! # Revenue per rep and month, with attainment
//!
//! One read of the figures and one list of the plans, however many orders there are. [`sales::plan_result`] answers the same for one plan of any scope, period and credit.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use crm::store::{Figures, SalePlanFilter, SalePlans, SalesFilter, pages};
//! use crm::{Crm, Currency, Money, NewCustomer, NewOrder, NewProduct, NewSalePlan, NewSalesRep, PlanScope};
//! use crm::{Period, SalesBy, SalesOf, UnitPrice, analytics, chrono::Datelike, sales};
//!
//! let crm = Crm::open_in_memory()?;
//! let year = crm.write(|tx| {
//!     let act = &mut crm.act("alice")?;
//!     let lin = sales::add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
//!     let zhang = sales::register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
//!     let price = UnitPrice::parse("49.90", Currency::EUR)?;
//!     let lamp = sales::add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
//!     let order = NewOrder::for_customer(zhang.id, Currency::EUR).rep(lin.id).line(lamp.id, 2);
//!     let order = sales::draft_order(tx, act, order)?;
//!     sales::confirm_order(tx, act, order.id)?;
//!     let month = Period::month(act.day().year(), act.day().month())?;
//!     let target = Money::parse("80.00", Currency::EUR)?;
//!     sales::draft_plan(tx, act, NewSalePlan::new("Lin".parse()?, month, target, PlanScope::SalesRep(lin.id)))?;
//!     Ok(Period::year(act.day().year())?)
//! })?;
//! let attained = crm.read(|tx| {
//!     let mut sold = BTreeMap::new();
//!     let filter = SalesFilter::monthly(SalesBy::Reps, year).currency(Currency::EUR);
//!     for figure in pages(1_000, |page| tx.sales_figures(&filter, page), |figure| figure.key()) {
//!         let figure = figure?;
//!         sold.insert((figure.of, figure.day), figure.revenue);
//!     }
//!     let (mut attained, all) = (Vec::new(), SalePlanFilter::default());
//!     for plan in pages(1_000, |page| tx.sale_plans(&all, page), |plan| plan.id) {
//!         let plan = plan?;
//!         let PlanScope::SalesRep(rep) = plan.scope() else { continue };
//!         let sold = sold.get(&(SalesOf::Rep(Some(*rep)), plan.period().from()));
//!         let sold = sold.copied().unwrap_or(Money::zero(plan.target().currency()));
//!         attained.push(analytics::attainment(sold, plan.target())?.map(|share| share.to_string()));
//!     }
//!     Ok(attained)
//! })?;
//! assert_eq!(attained, [Some("1.2475".to_string())]);
//! # Ok::<(), crm::Error>(())
//! ```

mod error;

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};
use crm_core::{
    bulk::{ImportEvent, ImportOptions, ImportReport, ImportRow, Record},
    store::{Page, Store},
};

pub use chrono;
pub use crm_analytics as analytics;
pub use crm_core::*;
pub use crm_sales as sales;
pub use crm_service as service;
pub use crm_store as sqlite;
pub use rust_decimal::Decimal;

pub use self::error::Error;
use crm_store::SqliteStore;

/// A store with a clock and entropy: what a host holds.
///
/// [`Crm::read`] and [`Crm::write`] run closures over a transaction with [`Error`] as their error, so that `?` takes every error of the library and closures need no
/// annotation. A host with an error type of its own uses the store itself ([`Crm::store`]).
///
/// ```
/// use crm::{Crm, NewCustomer, sales, store::Customers};
///
/// let crm = Crm::open_in_memory()?;
/// let zhang = crm.write(|tx| {
///     let act = &mut crm.act("alice")?;
///     Ok(sales::register_customer(tx, act, NewCustomer::person("张三".parse()?))?)
/// })?;
/// let read = crm.read(|tx| Ok(tx.customer(zhang.id)?))?;
/// assert_eq!(read, Some(zhang));
/// # Ok::<(), crm::Error>(())
/// ```
pub struct Crm<S = SqliteStore> {
    store: S,
    clock: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

impl Crm {
    /// Opens a file, made where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], as [`SqliteStore::open`].
    pub fn open(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        Ok(Self::over(SqliteStore::open(path)?))
    }

    /// Opens a store in memory, gone when it is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::Store`], as [`SqliteStore::open_in_memory`].
    pub fn open_in_memory() -> Result<Self, Error> {
        Ok(Self::over(SqliteStore::open_in_memory()?))
    }
}

impl<S: Store> Crm<S> {
    /// Over any store, with the clock of the system.
    pub fn over(store: S) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the facade is the one place that asks the system for the time")]
        Self { store, clock: Box::new(Utc::now) }
    }

    /// The same with another clock: a test's, or one that replays the past.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// A new act of an actor, at this moment.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an actor that is empty, longer than 100 characters or holds control characters; [`Error::Entropy`] where the system has none.
    ///
    /// # Examples
    ///
    /// Under a key an act is done once, however often it comes; a host's own operations too, with [`once`]:
    ///
    /// ```
    /// use crm::{Act, Crm, Customer, Error, NewCustomer, once, sales, store::Records};
    ///
    /// fn two_customers(tx: &mut (impl Records + ?Sized), act: &mut Act, names: [&str; 2]) -> Result<Vec<Customer>, Error> {
    ///     once(tx, act, "two_customers", names, |tx, act, names| {
    ///         let mut register = |name: &str| Ok(sales::register_customer(tx, act, NewCustomer::person(name.parse()?))?);
    ///         names.into_iter().map(|name| register(name)).collect()
    ///     })
    /// }
    ///
    /// let crm = Crm::open_in_memory()?;
    /// let form = || crm.write(|tx| two_customers(tx, &mut crm.act("web")?.with_key("form 17".parse()?), ["张三", "李四"]));
    /// assert_eq!(form()?, form()?);
    /// let others = crm.write(|tx| two_customers(tx, &mut crm.act("web")?.with_key("form 17".parse()?), ["王五", "赵六"]));
    /// assert!(others.is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn act(&self, actor: &str) -> Result<Act, Error> {
        act_at(actor, (self.clock)())
    }

    /// Runs `f` on a snapshot of the store.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`Error::Store`] of the snapshot itself.
    pub fn read<T>(&self, f: impl FnOnce(&S::Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.store.read(f)
    }

    /// Runs `f` in a transaction of the store: `Ok` commits, durably; an error or a panic rolls back.
    ///
    /// # Errors
    ///
    /// What `f` returns, or [`Error::Store`] of the transaction itself.
    pub fn write<T>(&self, f: impl FnOnce(&mut S::Tx<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.store.write(f)
    }

    /// Keeps the records of a source of any size, batch by batch, with one entry in the journal for each: [`bulk::import`].
    ///
    /// With a key the act can be stopped, by `watch` or by a failure, and resumed.
    ///
    /// # Errors
    ///
    /// [`Error::Import`], or [`Error::Store`] where the store failed. What was committed stays.
    ///
    /// # Examples
    ///
    /// Records as lines of JSON, out of one file and into another; a line that is none is rejected, and the import goes on:
    ///
    /// ```
    /// use std::ops::ControlFlow;
    ///
    /// use crm::{Agent, Crm, Error, NewAgent, bulk::{ImportEvent, ImportOptions}, service, store::{AgentFilter, Agents, Page}};
    ///
    /// let (old, new) = (Crm::open_in_memory()?, Crm::open_in_memory()?);
    /// for name in ["Mei", "Zoë"] {
    ///     old.write(|tx| Ok(service::add_agent(tx, &mut old.act("alice")?, NewAgent::new(name.parse()?))?))?;
    /// }
    ///
    /// let mut lines = Vec::new();
    /// old.export(&AgentFilter::default(), Page::first(500), |agent: Agent| -> Result<(), Error> {
    ///     lines.push(serde_json::to_string(&agent).map_err(Error::host)?);
    ///     Ok(())
    /// })?;
    ///
    /// lines.insert(1, "{\"name\":\"Mei\"}".to_owned());
    /// let rows = lines.iter().map(|line| serde_json::from_str::<Agent>(line));
    /// let act = &mut new.act("alice")?.with_key("agents of 2 March".parse()?);
    /// let report = new.import(act, &ImportOptions::new("agents.jsonl".parse()?), rows, |event| {
    ///     if let ImportEvent::Rejected { row, rejection } = event {
    ///         assert_eq!(row, 2, "{rejection}");
    ///     }
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_eq!((report.total.inserted, report.total.rejected), (2, 1));
    ///
    /// let agents = |crm: &Crm| crm.read(|tx| Ok(tx.agents(&AgentFilter::default(), Page::first(9))?));
    /// assert_eq!(agents(&old)?, agents(&new)?);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Rows of another system become records by the constructors of the records, with an act of its own for the ids, since the import holds the other one. An order of the past is made by
    /// [`Order::draft`], then `confirm`, `pay`, `ship` with the dates of then. Reading a file may fail, which is no bad row ([`bulk::ImportRow`]):
    ///
    /// ```
    /// use std::{io::BufRead, ops::ControlFlow};
    ///
    /// use crm::{Crm, Customer, Error, NewCustomer, bulk::{ImportOptions, SourceError}};
    ///
    /// let crm = Crm::open_in_memory()?;
    /// let file = "张三;zhang@example.com\nZoë;nowhere\n".as_bytes();
    /// let mut ids = crm.act("alice")?;
    /// let mut customer = |line: &str| -> Result<Customer, Error> {
    ///     let (name, email) = line.split_once(';').unwrap_or((line, ""));
    ///     let new = NewCustomer::person(name.parse()?).email(email.parse()?);
    ///     Ok(Customer::register(ids.new_id(), ids.at(), new)?)
    /// };
    /// let rows = file.lines().map(|line| Ok::<_, SourceError>(customer(&line?)));
    /// let act = &mut crm.act("alice")?.with_key("customers of 2 March".parse()?);
    /// let options = ImportOptions::new("customers.csv".parse()?);
    /// let report = crm.import(act, &options, rows, |_| ControlFlow::Continue(()))?;
    /// assert_eq!((report.total.inserted, report.total.rejected), (1, 1));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn import<I: ImportRow>(
        &self,
        act: &mut Act,
        options: &ImportOptions,
        rows: impl IntoIterator<Item = I>,
        watch: impl FnMut(ImportEvent<I::Malformed>) -> ControlFlow<()>,
    ) -> Result<ImportReport, Error> {
        Ok(bulk::import(&self.store, act, options, rows, watch)?)
    }

    /// Gives each record of a family that a filter lets through to `each`, by id, page by page; gives how many there were: [`bulk::export`].
    ///
    /// # Errors
    ///
    /// What `each` returns, or [`Error::Store`] of a page.
    pub fn export<R: Record>(
        &self,
        filter: &R::Filter,
        page: Page<R::Id>,
        each: impl FnMut(R) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        bulk::export(&self.store, filter, page, each)
    }
}

/// A new act of an actor at this moment, by the clock of the system: for a host that joins its own transaction and holds no [`Crm`].
///
/// # Errors
///
/// As [`Crm::act`].
///
/// ```
/// let act = crm::act("alice")?;
/// assert_eq!(act.actor().as_str(), "alice");
/// # Ok::<(), crm::Error>(())
/// ```
pub fn act(actor: &str) -> Result<Act, Error> {
    #[expect(clippy::disallowed_methods, reason = "the facade is the one place that asks the system for the time")]
    act_at(actor, Utc::now())
}

/// A new act of an actor at another instant: what is entered later, or brought from another system with its own dates.
///
/// # Errors
///
/// As [`Crm::act`].
pub fn act_at(actor: &str, at: DateTime<Utc>) -> Result<Act, Error> {
    let mut entropy = [0; 10];
    #[expect(clippy::disallowed_methods, reason = "the facade is the one place that asks the system for entropy")]
    getrandom::fill(&mut entropy).map_err(|error| Error::Entropy(error.into()))?;
    Ok(Act::new(at, actor.parse()?, entropy))
}

impl<S: std::fmt::Debug> std::fmt::Debug for Crm<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crm").field("store", &self.store).finish_non_exhaustive()
    }
}

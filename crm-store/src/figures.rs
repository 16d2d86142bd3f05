//! Figures: sums over the records that move with them, in the same transaction.
//!
//! What records count for is added up in memory first ([`Deltas`]) and then written by one statement a figure, in the order of the keys.

mod read;
mod recount;
mod verify;

use std::{collections::BTreeMap, marker::PhantomData};

use chrono::NaiveDate;
use crm_core::{
    Currency, CustomerFigure, CustomerId, ForecastCategory, ForecastFigure, ForecastKey, Invalid, Label, Money,
    PipelineFigure, Priority, RecordId, SalesFigure, SalesOf, Span, TicketFigure, TicketStatus,
    store::{StoreError, StoreErrorKind},
};
use rusqlite::{CachedStatement, Connection};
use uuid::Uuid;

pub(crate) use self::recount::Recount;
use self::verify::{rebuild, verify};
use crate::{
    error::{Broken, Done, Failure},
    part,
    row::{Binder, OrEmpty},
    table::{self, Table, prepared},
};

/// What the figures count of a record.
pub(crate) struct Counted {
    /// The columns that they depend on.
    pub(crate) columns: &'static [&'static str],
    /// The tables of parts that they depend on, one bit each.
    pub(crate) parts: i64,
    /// A table of parts of which each counts by itself, and without which a stored record counts for nothing; zero where each record counts as a whole. It is written after all
    /// else that is counted.
    pub(crate) entries: i64,
}

/// Which table of figures is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Book {
    /// The one that is kept.
    Kept,
    /// The one that a search for damage fills beside it, of the same form.
    Counted,
}

/// The prefix of the tables that are kept, and of those beside them.
const KEPT: &str = "crm_figure_";
const COUNTED: &str = "temp.crm_counted_";

/// A key of a table of figures, whose other columns are sums.
trait Key: Ord {
    /// The name in errors.
    const FIGURES: &'static str;
    /// Binds the key and the sums.
    const UPSERT: &'static str;
    /// Deletes the row of a key that nothing adds to any more.
    const SWEEP: &'static str;
    /// Which of the sums say how many records are in them.
    const COUNTS: &'static [usize];

    /// Binds the columns of the key.
    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()>;
}

/// The statements of a table of figures, from its key, its sums and what is zero in a row that nothing adds to.
macro_rules! key_statements {
    ($figures:literal, $table:literal, [$key:literal $(, $keys:literal)*], [$sum:literal $(, $sums:literal)*], $counts:expr, $empty:literal) => {
        const FIGURES: &'static str = $figures;
        const UPSERT: &'static str = concat!(
            "INSERT INTO ", $table, " (", $key, $(", ", $keys,)* ", ", $sum, $(", ", $sums,)* ") VALUES (?",
            $(table::question!($keys),)* ", ?", $(table::question!($sums),)* ") ON CONFLICT (", $key, $(", ", $keys,)* ") DO UPDATE SET ",
            $sum, " = ", $sum, " + excluded.", $sum, $(", ", $sums, " = ", $sums, " + excluded.", $sums,)*
        );
        const SWEEP: &'static str = concat!(
            "DELETE FROM ", $table, " WHERE ", $key, " = ?", $(" AND ", $keys, " = ?",)* " AND ", $empty, " = 0"
        );
        const COUNTS: &'static [usize] = &$counts;
    };
}

/// Whose sales a row sums up; the number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Everybody = 0,
    Rep = 1,
    Product = 2,
    Customer = 3,
}

impl Whose {
    const ALL: [Self; 4] = [Self::Everybody, Self::Rep, Self::Product, Self::Customer];

    /// The rows of these sales; a region has none of its own.
    fn of(of: &SalesOf) -> Option<(Self, Option<Uuid>)> {
        match of {
            SalesOf::Total => Some((Self::Everybody, None)),
            SalesOf::Rep(rep) => Some((Self::Rep, rep.map(RecordId::uuid))),
            SalesOf::Product(product) => Some((Self::Product, Some(product.uuid()))),
            SalesOf::Customer(customer) => Some((Self::Customer, Some(customer.uuid()))),
            SalesOf::Region(_) => None,
        }
    }

    /// What a key stands for; `None` for one that cannot be.
    fn sales(self, key: Option<Uuid>) -> Option<SalesOf> {
        match (self, key) {
            (Self::Everybody, None) => Some(SalesOf::Total),
            (Self::Rep, rep) => Some(SalesOf::Rep(rep.map(RecordId::from_uuid))),
            (Self::Product, Some(product)) => Some(SalesOf::Product(RecordId::from_uuid(product))),
            (Self::Customer, Some(customer)) => Some(SalesOf::Customer(RecordId::from_uuid(customer))),
            (Self::Everybody, Some(_)) | (Self::Product | Self::Customer, None) => None,
        }
    }

    const fn number(self) -> u32 {
        self as u32
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct SalesRow {
    span: Span,
    whose: Whose,
    day: NaiveDate,
    currency: Currency,
    key: OrEmpty<Uuid>,
}

impl Key for SalesRow {
    key_statements!(
        "sales",
        "crm_figure_sales",
        ["span", "whose", "day", "currency", "key"],
        ["revenue", "entries", "orders", "units"],
        [1],
        "entries"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Self { span, whose, day, currency, key } = self;
        binder.put(span)?.put(&whose.number())?.put(day)?.put(currency)?.put(key)?;
        Ok(())
    }
}

impl Key for (Label, Label, OrEmpty<Currency>) {
    key_statements!(
        "pipeline",
        "crm_figure_pipeline",
        ["pipeline", "stage", "currency"],
        ["open_count", "open_value", "weighted", "won_count", "won_value", "lost_count", "lost_value"],
        [0, 3, 5],
        "open_count + won_count + lost_count"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.0)?.put(&self.1)?.put(&self.2)?;
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ForecastRow {
    span: Span,
    /// Those without a day come first.
    day: OrEmpty<NaiveDate>,
    rep: OrEmpty<Uuid>,
    category: ForecastCategory,
    currency: OrEmpty<Currency>,
}

/// The categories in their order: the place of one is stored, so that figures come in the order of their keys.
const CATEGORIES: [ForecastCategory; 6] = [
    ForecastCategory::Omitted,
    ForecastCategory::Pipeline,
    ForecastCategory::BestCase,
    ForecastCategory::MostLikely,
    ForecastCategory::Commit,
    ForecastCategory::Closed,
];

impl ForecastRow {
    fn new(span: Span, (day, rep, category, currency): ForecastKey) -> Self {
        Self { span, day: OrEmpty(day), rep: OrEmpty(rep.map(RecordId::uuid)), category, currency: OrEmpty(currency) }
    }
}

impl Key for ForecastRow {
    key_statements!(
        "forecast",
        "crm_figure_forecast",
        ["span", "day", "rep", "category", "currency"],
        ["count", "value", "weighted"],
        [0],
        "count"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Self { span, day, rep, category, currency } = self;
        binder.put(span)?.put(day)?.put(rep)?.put(&(*category as u32))?.put(currency)?;
        Ok(())
    }
}

impl Key for (TicketStatus, OrEmpty<Priority>) {
    key_statements!("ticket", "crm_figure_ticket", ["status", "priority"], ["count"], [0], "count");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.0)?.put(&self.1)?;
        Ok(())
    }
}

impl Key for (CustomerId, Currency) {
    const FIGURES: &'static str = "customer";
    /// Binds the days as well: the first and the last one that are added, or days beyond all others.
    const UPSERT: &'static str =
        "INSERT INTO crm_figure_customer (customer, currency, revenue, orders, first_day, last_day) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (customer, currency) DO UPDATE SET revenue = revenue + excluded.revenue, orders = orders + excluded.orders,
        first_day = min(first_day, excluded.first_day), last_day = max(last_day, excluded.last_day)";
    const SWEEP: &'static str = "DELETE FROM crm_figure_customer WHERE customer = ? AND currency = ? AND orders = 0";
    const COUNTS: &'static [usize] = &[1];

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.0)?.put(&self.1)?;
        Ok(())
    }
}

/// Looks up the days of a customer anew, where one that no longer counts was the first or the last.
const CUSTOMER_DAYS: &str = "UPDATE crm_figure_customer SET (first_day, last_day) = (
        SELECT min(day), max(day) FROM crm_order WHERE customer = ?1 AND currency = ?2 AND status IN ('confirmed', 'locked')
        AND (total = 0 OR (SELECT sum(amount) FROM crm_order_revenue WHERE order_row = crm_order.row) > 0)
    ) WHERE customer = ?1 AND currency = ?2 AND (first_day = ?3 OR last_day = ?3)";

/// Sums by key.
struct Sums<K, const N: usize>(BTreeMap<K, [i128; N]>);

impl<K, const N: usize> Default for Sums<K, N> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Key, const N: usize> Sums<K, N> {
    fn add(&mut self, key: K, sums: [i128; N]) {
        let row = self.0.entry(key).or_insert([0; N]);
        for (sum, one) in row.iter_mut().zip(sums) {
            *sum += one;
        }
    }

    /// The rows that move.
    fn moved(&self) -> impl Iterator<Item = (&K, &[i128; N])> {
        self.0.iter().filter(|(_, sums)| sums.iter().any(|sum| *sum != 0))
    }

    fn apply(&self, connection: &Connection, book: Book) -> Done<()> {
        let mut upserts = Upserts::new(connection, book);
        self.moved().try_for_each(|(key, sums)| upserts.add(key, sums, |_| Ok(())))
    }
}

/// Adds sums to the rows of one table. Its statement is looked up once for all of them, and not where there are none.
struct Upserts<'c, K> {
    connection: &'c Connection,
    book: Book,
    statement: Option<CachedStatement<'c>>,
    keys: PhantomData<K>,
}

impl<'c, K: Key> Upserts<'c, K> {
    const fn new(connection: &'c Connection, book: Book) -> Self {
        Self { connection, book, statement: None, keys: PhantomData }
    }

    /// Adds sums to a row, and deletes it where nothing adds to it any more.
    fn add(&mut self, key: &K, sums: &[i128], also: impl Fn(&mut Binder<'_, '_>) -> Done<()> + Copy) -> Done<()> {
        if sums.iter().any(|sum| i64::try_from(*sum).is_err()) {
            // What is added may not fit 64 bits where what comes of it does. The half way does in any case, or there is no way.
            let half: Vec<i128> = sums.iter().map(|sum| sum / 2).collect();
            let rest: Vec<i128> = sums.iter().zip(&half).map(|(sum, half)| sum - half).collect();
            self.add(key, &half, also)?;
            return self.add(key, &rest, also);
        }
        let overflow = || StoreErrorKind::FigureOverflow { figures: K::FIGURES };
        let statement = match &mut self.statement {
            Some(statement) => statement,
            none => none.insert(self.book.prepared(self.connection, K::UPSERT)?),
        };
        let mut binder = Binder::new(statement);
        key.bind(&mut binder)?;
        for sum in sums {
            binder.put(&i64::try_from(*sum).map_err(|_| Failure::from(overflow()))?)?;
        }
        also(&mut binder)?;
        statement.raw_execute().map_err(Failure::Sql).map_err(|failure| match failure.broken() {
            Broken::Overflow => failure.into_source_of(overflow()),
            _ => failure,
        })?;
        if K::COUNTS.iter().any(|count| sums[*count] < 0) {
            let mut statement = self.book.prepared(self.connection, K::SWEEP)?;
            key.bind(&mut Binder::new(&mut statement))?;
            statement.raw_execute()?;
        }
        Ok(())
    }
}

impl Book {
    fn prepared<'c>(self, connection: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
        match self {
            Self::Kept => prepared(connection, sql),
            Self::Counted => prepared(connection, &sql.replace(KEPT, COUNTED)),
        }
    }
}

/// What is to be added to a customer's figures.
#[derive(Default)]
struct OfCustomer {
    revenue: i128,
    orders: i128,
    /// How many orders more, or fewer, count from each day.
    days: BTreeMap<NaiveDate, i128>,
}

/// What records add to the figures and take from them, to be written at once.
#[derive(Default)]
pub(crate) struct Deltas {
    /// By day; the months follow from them.
    sales: Sums<SalesRow, 4>,
    customers: BTreeMap<(CustomerId, Currency), OfCustomer>,
    pipelines: Sums<(Label, Label, OrEmpty<Currency>), 7>,
    /// By day; the months follow from them.
    forecasts: Sums<ForecastRow, 3>,
    tickets: Sums<(TicketStatus, OrEmpty<Priority>), 1>,
}

impl Deltas {
    /// Counts a record in.
    pub(crate) fn add<T: Table>(&mut self, record: &T) -> Done<()> {
        record.count(&mut Tally { deltas: self, times: 1, before: 0 })
    }

    /// Counts a record out, as it was stored.
    pub(crate) fn remove<T: Table>(&mut self, record: &T) -> Done<()> {
        record.count(&mut Tally { deltas: self, times: -1, before: 0 })
    }

    /// How many rows move.
    fn rows(&self) -> usize {
        let customers = self.customers.values().filter(|one| one.moves()).count();
        // A day moves its month, too.
        2 * (self.sales.moved().count() + self.forecasts.moved().count())
            + customers
            + self.pipelines.moved().count()
            + self.tickets.moved().count()
    }

    /// Whether no figure moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// Writes what moves, after the records are written. Where it fails, some of it may be written: the caller undoes that with the records.
    pub(crate) fn apply(&self, connection: &Connection) -> Done<()> {
        self.write(connection, Book::Kept)
    }

    fn write(&self, connection: &Connection, book: Book) -> Done<()> {
        self.sales.apply(connection, book)?;
        let mut months = Sums::default();
        for (row, sums) in self.sales.moved() {
            months.add(SalesRow { span: Span::Month, day: Span::Month.first(row.day), ..*row }, *sums);
        }
        months.apply(connection, book)?;
        self.pipelines.apply(connection, book)?;
        self.forecasts.apply(connection, book)?;
        let mut months = Sums::default();
        for (row, sums) in self.forecasts.moved() {
            let day = OrEmpty(row.day.0.map(|day| Span::Month.first(day)));
            months.add(ForecastRow { span: Span::Month, day, ..*row }, *sums);
        }
        months.apply(connection, book)?;
        self.tickets.apply(connection, book)?;
        let mut upserts = Upserts::new(connection, book);
        for (key, one) in self.customers.iter().filter(|(_, one)| one.moves()) {
            let added = || one.days.iter().filter(|(_, orders)| **orders > 0).map(|(day, _)| *day);
            let (first, last) =
                (added().next().unwrap_or(NaiveDate::MAX), added().next_back().unwrap_or(NaiveDate::MIN));
            upserts.add(key, &[one.revenue, one.orders], |binder| {
                binder.put(&first)?.put(&last)?;
                Ok(())
            })?;
            for (day, _) in one.days.iter().filter(|(_, orders)| **orders < 0) {
                let mut statement = book.prepared(connection, CUSTOMER_DAYS)?;
                let mut binder = Binder::new(&mut statement);
                key.bind(&mut binder)?;
                binder.put(day)?;
                statement.raw_execute()?;
            }
        }
        Ok(())
    }
}

impl OfCustomer {
    fn moves(&self) -> bool {
        self.revenue != 0 || self.orders != 0 || self.days.values().any(|orders| *orders != 0)
    }
}

/// Takes down what a record counts for.
pub(crate) struct Tally<'d> {
    deltas: &'d mut Deltas,
    /// 1 for a record that comes, -1 for one that goes.
    times: i128,
    /// How many entries of the record are counted already.
    before: usize,
}

impl Tally<'_> {
    /// A figure of sales by day, as the record says it.
    pub(crate) fn sales(&mut self, figure: &SalesFigure) {
        let SalesFigure { day, of, revenue, entries, orders, units } = figure;
        let Some((whose, key)) = Whose::of(of) else { return };
        let sums = [revenue.minor().into(), (*entries).into(), (*orders).into(), units.millionths().into()];
        let sums = self.signed(sums);
        let (day, currency) = (*day, revenue.currency());
        self.deltas.sales.add(SalesRow { span: Span::Day, whose, day, currency, key: OrEmpty(key) }, sums);
    }

    /// How many entries of the record are counted already.
    pub(crate) const fn before(&self) -> usize {
        self.before
    }

    /// A customer's figure of an order, in the place of the one that it had before.
    pub(crate) fn customer(&mut self, before: Option<&CustomerFigure>, now: Option<&CustomerFigure>) {
        before.iter().for_each(|figure| self.of_customer(figure, -self.times));
        now.iter().for_each(|figure| self.of_customer(figure, self.times));
    }

    fn of_customer(&mut self, figure: &CustomerFigure, times: i128) {
        let one = self.deltas.customers.entry(figure.key()).or_default();
        let orders = i128::from(figure.orders) * times;
        one.revenue += i128::from(figure.revenue.minor()) * times;
        one.orders += orders;
        // One order, so its first day is its last.
        *one.days.entry(figure.last_day).or_default() += orders;
    }

    pub(crate) fn pipeline(&mut self, figure: PipelineFigure) {
        let PipelineFigure { pipeline, stage, currency, open, weighted, won, lost } = figure;
        let minor = |money: Option<Money>| money.map_or(0, |money| i128::from(money.minor()));
        let sums = [
            open.count.into(),
            minor(open.value),
            minor(weighted),
            won.count.into(),
            minor(won.value),
            lost.count.into(),
            minor(lost.value),
        ];
        self.deltas.pipelines.add((pipeline, stage, OrEmpty(currency)), self.signed(sums));
    }

    /// A figure of the forecast by day.
    pub(crate) fn forecast(&mut self, figure: ForecastFigure) {
        let minor = |money: Option<Money>| money.map_or(0, |money| i128::from(money.minor()));
        let sums = [figure.deals.count.into(), minor(figure.deals.value), minor(figure.weighted)];
        self.deltas.forecasts.add(ForecastRow::new(Span::Day, figure.key()), self.signed(sums));
    }

    pub(crate) fn ticket(&mut self, figure: TicketFigure) {
        let TicketFigure { status, priority, count } = figure;
        self.deltas.tickets.add((status, OrEmpty(priority)), self.signed([count.into()]));
    }

    fn signed<const N: usize>(&self, sums: [i128; N]) -> [i128; N] {
        sums.map(|sum| sum * self.times)
    }
}

/// The error of a record that the figures cannot take.
pub(crate) fn overflow(figures: &'static str) -> impl Fn(Invalid) -> Failure {
    move |refused| StoreError::new(StoreErrorKind::FigureOverflow { figures }).caused_by(refused).into()
}

/// Whether the figures cannot hold what was to be added.
pub(crate) fn is_overflow(failure: &Failure) -> bool {
    matches!(failure, Failure::Store(error) if matches!(error.kind(), StoreErrorKind::FigureOverflow { .. }))
}

/// Counts a record that was inserted.
pub(crate) fn inserted<T: Table>(connection: &Connection, record: &T) -> Done<()> {
    let mut deltas = Deltas::default();
    deltas.add(record)?;
    match deltas.rows() {
        0 => Ok(()),
        // One statement does all or nothing by itself.
        1 => deltas.apply(connection),
        _ => part::atomically(connection, || deltas.apply(connection)),
    }
}

/// What goes with a record that is stored: nothing where it counts for nothing, or is not there.
pub(crate) fn of_stored<T: Table>(connection: &Connection, id: T::Id) -> Done<Deltas> {
    let mut deltas = Deltas::default();
    if T::COUNTED.is_some()
        && let Some(record) = table::get::<T>(connection, id)?
    {
        deltas.remove(&record)?;
    }
    Ok(deltas)
}

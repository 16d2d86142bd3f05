//! The questions that are asked every day, and how long each takes.

use std::time::{Duration, Instant};

use crm::{
    Currency, CustomerId, EmailAddress, Money, Number, OrderId, Period, SalesOf, SearchQuery,
    sqlite::SqliteStore,
    store::{CustomerFilter, Customers, OrderFilter, Orders, Page, Search, Store, StoreError, Timeline, pages},
};

use super::{Done, sums};

/// Records of a page.
const PAGE: u16 = 50;
/// Records of a page where all are read.
const WALK: u16 = 1_000;

/// Whom and what is asked for.
pub(crate) struct Subjects {
    /// Scattered over the file.
    pub(crate) customers: Vec<CustomerId>,
    pub(crate) emails: Vec<EmailAddress>,
    pub(crate) orders: Vec<(OrderId, Number)>,
    /// A customer with many orders.
    pub(crate) best_customer: CustomerId,
    /// What is searched for.
    pub(crate) searches: Vec<&'static str>,
    /// The days that the figures are for.
    pub(crate) period: Period,
    pub(crate) currency: Currency,
}

/// A question, what came out, and the median of how long it took.
pub(crate) struct Answer {
    pub(crate) question: &'static str,
    pub(crate) answer: String,
    pub(crate) time: Duration,
}

/// Asks so many times, and gives the last answer with the median time. Questions that are asked often are asked once before, since what is wanted often stands in memory.
fn asked<T>(times: usize, mut ask: impl FnMut(usize) -> Done<T>) -> Done<(T, Duration)> {
    if times > 100 {
        (0..times).try_for_each(|time| ask(time).map(drop))?;
    }
    let mut took = Vec::new();
    let mut last = None;
    for time in 0..times {
        let start = Instant::now();
        last = Some(ask(time)?);
        took.push(start.elapsed());
    }
    took.sort_unstable();
    Ok((last.ok_or("nothing was asked")?, took[took.len() / 2]))
}

/// Asks all questions.
pub(crate) fn answers(store: &SqliteStore, subjects: &Subjects) -> Done<Vec<Answer>> {
    let mut answers = Vec::new();
    let mut answer = |question, (answer, time): (String, Duration)| answers.push(Answer { question, answer, time });
    let times = subjects.customers.len();
    answer(
        "customer by id",
        asked(times, |time| {
            let found = store.read(|tx| tx.customer(subjects.customers[time]))?;
            Ok(found.map_or("nobody".into(), |_| "1 customer".into()))
        })?,
    );
    if !subjects.emails.is_empty() {
        answer(
            "customer by e-mail",
            asked(subjects.emails.len(), |time| {
                Ok(count(
                    &store.read(|tx| tx.customers_with_email(&subjects.emails[time], Page::first(PAGE)))?,
                    "customers",
                ))
            })?,
        );
    }
    answer(
        "order by number",
        asked(subjects.orders.len(), |time| {
            let found = store.read(|tx| tx.order_by_number(&subjects.orders[time].1))?;
            Ok(found.map_or("nothing".into(), |_| "1 order".into()))
        })?,
    );

    let everything = OrderFilter::default();
    let of_best = OrderFilter { customer: Some(subjects.best_customer), ..OrderFilter::default() };
    let ids = orders_of(store, &of_best)?;
    let deep = ids.get((ids.len() * 9 / 10).min(ids.len().saturating_sub(usize::from(PAGE) + 1)));
    let mut scattered: Vec<_> = subjects.orders.iter().map(|(id, _)| *id).collect();
    scattered.sort_unstable();
    let late = scattered.get(scattered.len() * 9 / 10).copied();
    let first_page = Page::first(PAGE);
    let page = |filter: &OrderFilter, page: Page<OrderId>| {
        asked(101, |_| Ok(count(&store.read(|tx| tx.orders(filter, page))?, "orders with lines")))
    };
    answer("first page of 50 orders", page(&everything, first_page)?);
    answer("the same, deep", page(&everything, Page { after: late, limit: PAGE })?);
    answer("first page of 50 orders of one customer", page(&of_best, first_page)?);
    answer("the same, deep", page(&of_best, Page { after: deep.copied(), limit: PAGE })?);
    answer(
        "first page of a customer's timeline",
        asked(101, |_| Ok(count(&store.read(|tx| tx.timeline(subjects.best_customer, Page::first(PAGE)))?, "items")))?,
    );
    answer(
        "first page of customers by name",
        asked(101, |_| {
            let all = CustomerFilter::default();
            Ok(count(&store.read(|tx| tx.customers_by_name(&all, Page::first(PAGE)))?, "customers"))
        })?,
    );
    for text in &subjects.searches {
        let query = SearchQuery::parse(text)?;
        let hits = asked(101, |_| {
            let hits = store.read(|tx| tx.search(&query, Page::first(PAGE)))?;
            Ok(format!("{text}: {}", count(&hits, "hits")))
        })?;
        answer("first 50 hits of a search, by rank", hits);
    }
    let (period, currency) = (subjects.period, subjects.currency);
    let monthly = asked(21, |_| {
        let figures = store.read(|tx| sums::figures(tx, period, currency).collect::<Result<Vec<_>, StoreError>>())?;
        Ok(figures.into_iter().filter(|figure| figure.of != SalesOf::Rep(None)).collect::<Vec<_>>())
    })?;
    let sum = Money::sum(monthly.0.iter().map(|figure| figure.revenue), currency)?;
    answer("revenue per rep and month, from figures", (format!("{}: {sum}", monthly.0.len()), monthly.1));
    let targets = asked(1, |_| Ok(store.read(sums::targets)?))?.0;
    let shares = asked(21, |_| Ok(store.read(|tx| sums::attained(sums::figures(tx, period, currency), &targets))?))?;
    answer("revenue per rep and month with attainment, targets in memory", (count(&shares.0, "shares"), shares.1));
    let shares =
        asked(21, |_| Ok(store.read(|tx| sums::attained(sums::figures(tx, period, currency), &sums::targets(tx)?))?))?;
    answer(
        "revenue per rep and month with attainment, targets read from the plans",
        (count(&shares.0, "shares"), shares.1),
    );
    let of_orders = asked(1, |_| Ok(store.read(|tx| sums::revenue_of_orders(tx, period, currency))?))?;
    let sum = Money::sum(of_orders.0.values().copied(), currency)?;
    answer("revenue per rep and month, from all orders", (format!("{}: {sum}", of_orders.0.len()), of_orders.1));
    let rfm = asked(5, |_| Ok(store.read(|tx| sums::rfm(tx, currency))?))?;
    answer("RFM of all customers, from figures", (count(&rfm.0, "customers"), rfm.1));
    let of_orders = asked(1, |_| Ok(store.read(|tx| sums::rfm_of_orders(tx, currency))?))?;
    if of_orders.0 != rfm.0 {
        return Err("the figures of the customers are not what their orders come to".into());
    }
    answer("RFM of all customers, from all orders", (count(&of_orders.0, "customers"), of_orders.1));
    Ok(answers)
}

fn count<T>(found: &[T], what: &str) -> String {
    format!("{} {what}", found.len())
}

fn orders_of(store: &SqliteStore, filter: &OrderFilter) -> Done<Vec<OrderId>> {
    let ids = store.read(|tx| {
        pages(WALK, |page| tx.orders(filter, page), |order| order.id)
            .map(|order| order.map(|order| order.id))
            .collect::<Result<_, StoreError>>()
    })?;
    Ok(ids)
}

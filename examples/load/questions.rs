//! The questions that are asked every day, and how long each takes.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use chrono::{Datelike, NaiveDate};
use crm::{
    Currency, CustomerId, EmailAddress, Money, Number, OrderId, Period, PlanScope, SalesRepId, SearchQuery,
    analytics::attainment,
    sqlite::{SqliteStore, SqliteTx},
    store::{
        CustomerFilter, Customers, OrderFilter, Orders, Page, SalePlanFilter, SalePlans, Search, Store, StoreError,
        Timeline, pages,
    },
};

use super::Done;

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

/// Asks so many times, and gives the last answer with the median time.
fn asked<T>(times: usize, mut ask: impl FnMut(usize) -> Done<T>) -> Done<(T, Duration)> {
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
    answer(
        "revenue per rep and month with attainment, from all orders",
        asked(1, |_| {
            let rows = store.read(|tx| attainments(tx, subjects))?;
            Ok(count(&rows, "reps and months"))
        })?,
    );
    answer(
        "RFM of all customers, from all orders",
        asked(1, |_| Ok(count(&store.read(|tx| last_count_and_sum(tx, subjects))?, "customers")))?,
    );
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

/// Revenue of a rep in a month, and what of the plan it reaches.
struct Attained {
    _rep: SalesRepId,
    _month: NaiveDate,
    _attained: Option<crm::Decimal>,
}

type Asked<T> = Result<T, crm::Error>;

fn attainments(tx: &SqliteTx<'_>, subjects: &Subjects) -> Asked<Vec<Attained>> {
    let mut sums: BTreeMap<(SalesRepId, NaiveDate), i64> = BTreeMap::new();
    for entry in pages(WALK, |page| tx.revenue(subjects.period, page), |entry| entry.key()) {
        let entry = entry?;
        if let (Some(rep), Some(month)) = (entry.rep, entry.revenue.day.with_day(1)) {
            *sums.entry((rep, month)).or_default() += entry.revenue.amount.minor();
        }
    }
    let mut targets = BTreeMap::new();
    let all = SalePlanFilter::default();
    for plan in pages(WALK, |page| tx.sale_plans(&all, page), |plan| plan.id) {
        let plan = plan?;
        if let PlanScope::SalesRep(rep) = plan.scope() {
            targets.insert((*rep, plan.period().from()), plan.target());
        }
    }
    let attained = sums.into_iter().map(|((rep, month), sum)| {
        let sum = Money::from_minor(sum, subjects.currency);
        let attained = targets.get(&(rep, month)).map(|target| attainment(sum, *target)).transpose()?.flatten();
        Ok(Attained { _rep: rep, _month: month, _attained: attained })
    });
    attained.collect()
}

fn last_count_and_sum(tx: &SqliteTx<'_>, subjects: &Subjects) -> Asked<Vec<(CustomerId, NaiveDate, u32, i64)>> {
    let mut customers: BTreeMap<CustomerId, (NaiveDate, u32, i64)> = BTreeMap::new();
    for entry in pages(WALK, |page| tx.revenue(subjects.period, page), |entry| entry.key()) {
        let entry = entry?;
        let of = customers.entry(entry.customer).or_insert((entry.revenue.day, 0, 0));
        if entry.number == 0 {
            *of = (of.0.max(entry.revenue.day), of.1 + 1, of.2);
        }
        of.2 += entry.revenue.amount.minor();
    }
    Ok(customers.into_iter().map(|(customer, (last, orders, sum))| (customer, last, orders, sum)).collect())
}

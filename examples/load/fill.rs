//! Writes a company into a store, some thousand records a commit.

use crm::{
    sqlite::{SqliteStore, SqliteTx},
    store::{Customers, Opportunities, Orders, Products, SalePlans, SalesReps, Store, StoreError, Tickets},
};

use super::{
    Done,
    company::{Company, pipeline},
    progress::bar,
};

/// Records of one commit: enough that the disk is not what is waited for.
const BATCH: usize = 2_000;

/// Writes all records of a company, what is referred to first.
pub(crate) fn fill(store: &SqliteStore, company: &Company) -> Done<()> {
    let pipeline = pipeline()?;
    all(store, "sales reps", company.reps, |n| company.rep(n), |tx, rep| tx.insert_sales_rep(rep))?;
    all(store, "products", company.products, |n| company.product(n), |tx, product| tx.insert_product(product))?;
    all(store, "sale plans", company.plans, |n| company.plan(n), |tx, plan| tx.insert_sale_plan(plan))?;
    all(store, "customers", company.customers, |n| company.customer(n), |tx, it| tx.insert_customer(it))?;
    all(store, "orders", company.orders, |n| company.order(n), |tx, order| tx.insert_order(order))?;
    all(store, "tickets", company.tickets, |n| company.ticket(n), |tx, ticket| tx.insert_ticket(ticket))?;
    let opportunity = |n| company.opportunity(&pipeline, n);
    all(store, "opportunities", company.opportunities, opportunity, |tx, it| tx.insert_opportunity(it))
}

fn all<T>(
    store: &SqliteStore,
    what: &'static str,
    count: u32,
    make: impl Fn(u32) -> Done<T>,
    insert: impl Fn(&mut SqliteTx<'_>, &T) -> Result<(), StoreError>,
) -> Done<()> {
    write_all(store, what, count.into(), (1..=count).map(make), insert).map(drop)
}

/// Writes records as they come, and tells how many; `expected` is for the progress bar.
pub(crate) fn write_all<T>(
    store: &SqliteStore,
    what: &'static str,
    expected: u64,
    records: impl Iterator<Item = Done<T>>,
    insert: impl Fn(&mut SqliteTx<'_>, &T) -> Result<(), StoreError>,
) -> Done<u64> {
    let bar = bar(what, expected, "{human_pos}/{human_len}");
    let (mut records, mut written) = (records.peekable(), 0);
    while records.peek().is_some() {
        let batch = records.by_ref().take(BATCH).collect::<Done<Vec<_>>>()?;
        store.write(|tx| batch.iter().try_for_each(|record| insert(tx, record)))?;
        written += batch.len() as u64;
        bar.set_position(written);
    }
    bar.finish_and_clear();
    Ok(written)
}

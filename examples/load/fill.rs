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
const BATCH: u32 = 2_000;

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
    let bar = bar(what, count.into(), "{human_pos}/{human_len}");
    for first in (1..=count).step_by(BATCH as usize) {
        let batch = (first..=count.min(first + BATCH - 1)).map(&make).collect::<Done<Vec<_>>>()?;
        store.write(|tx| batch.iter().try_for_each(|record| insert(tx, record)))?;
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}

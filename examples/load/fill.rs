//! Writes a company into a store by `bulk::import`: some thousand records a commit, and one entry of the journal for each of them.

use std::ops::ControlFlow;

use crm::{
    Act,
    bulk::{ImportEvent, ImportOptions, Record, import},
    sqlite::SqliteStore,
    store::{Journal, Page, Store},
};

use super::{
    Done,
    company::{Company, pipeline},
    progress::bar,
};

/// Writes all records of a company, what is referred to first. Goes on where an earlier run with the same file stopped.
pub(crate) fn fill(store: &SqliteStore, company: &Company) -> Done<()> {
    let first = store.read(|tx| tx.entries(Page::first(1)))?;
    let key = first.first().map(|entry| entry.key.as_ref());
    if key.is_some_and(|key| key.is_none_or(|key| !key.as_str().starts_with(&company.key()))) {
        return Err("the file has something else in it, or another company".into());
    }
    let pipeline = pipeline()?;
    all(store, company, company.reps, |n| company.rep(n))?;
    all(store, company, company.products, |n| company.product(n))?;
    all(store, company, company.plans, |n| company.plan(n))?;
    all(store, company, company.customers, |n| company.customer(n))?;
    all(store, company, company.orders, |n| company.order(n))?;
    all(store, company, company.tickets, |n| company.ticket(n))?;
    all(store, company, company.opportunities, |n| company.opportunity(&pipeline, n))
}

fn all<R: Record>(store: &SqliteStore, company: &Company, count: u32, make: impl Fn(u32) -> Done<R>) -> Done<()> {
    import_all(store, &mut company.import_act(R::FAMILY)?, count.into(), (1..=count).map(make)).map(drop)
}

/// Imports records as they come, and tells how many; `expected` is for the progress bar. The first one that is not taken ends it.
pub(crate) fn import_all<R: Record>(
    store: &SqliteStore,
    act: &mut Act,
    expected: u64,
    records: impl Iterator<Item = Done<R>>,
) -> Done<u64> {
    let bar = bar(R::FAMILY, expected, "{human_pos}/{human_len}");
    let mut refused = None;
    let report = import(store, act, &ImportOptions::new("load".parse()?), records, |event| match event {
        ImportEvent::Rejected { row, rejection } => {
            refused.get_or_insert(format!("{} {row}: {rejection}", R::FAMILY));
            ControlFlow::Break(())
        }
        ImportEvent::Progress(progress) => {
            bar.set_position(progress.total.rows);
            ControlFlow::Continue(())
        }
        _ => ControlFlow::Continue(()),
    })?;
    bar.finish_and_clear();
    refused.map_or(Ok(report.total.inserted), |refused| Err(refused.into()))
}

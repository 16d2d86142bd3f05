//! Imports into a file whose disk fills up in the middle.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{convert::Infallible, ops::ControlFlow};

use crm_core::{
    Order,
    bulk::{ImportError, ImportEvent, ImportOptions, ImportOutcome, ImportReport, export, import},
    store::{Customers, OrderFilter, Page, Products, Store, StoreError, StoreErrorKind},
};
use crm_store::{SqliteOptions, SqliteStore};
use crm_testkit::{Acts, sample};

const ORDERS: u64 = 3_000;

/// Imports the orders; gives how it ended and the last row of each batch.
fn run(store: &SqliteStore, seed: u16) -> (Result<ImportReport, ImportError>, Vec<u64>) {
    let (customer, product) = (sample::customer(1).id, sample::product(1).id);
    let orders = (0..ORDERS).map(|seed| Ok::<_, Infallible>(sample::order(seed, customer, &[product])));
    let act = &mut Acts::seeded(seed).next("alice").with_key("orders".parse().unwrap());
    let options = ImportOptions::new("orders.csv".parse().unwrap()).batch_rows(250);
    let mut lasts = Vec::new();
    let report = import(store, act, &options, orders, |event| {
        match event {
            ImportEvent::Progress(progress) => lasts.push(progress.total.rows),
            other => panic!("no row is to be rejected: {other:?}"),
        }
        ControlFlow::Continue(())
    });
    (report, lasts)
}

#[test]
fn an_import_that_met_a_full_disk_goes_on_when_there_is_room_without_loss_or_repetition() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let store = SqliteOptions::new().limit_bytes(2 * 1_024 * 1_024).open(&path).unwrap();
    let (customer, product) = (sample::customer(1), sample::product(1));
    store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))).unwrap();
    let (full, first) = run(&store, 1);
    let Err(ImportError::Store(full)) = full else { panic!("{full:?}") };
    assert_eq!(full.kind(), &StoreErrorKind::StorageFull);
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    let (report, second) = run(&store, 2);
    let report = report.unwrap();
    assert_eq!((report.outcome, report.total.inserted), (ImportOutcome::Finished, ORDERS));
    assert_eq!(Some(report.before.rows), first.last().copied());
    assert_eq!(first.into_iter().chain(second).collect::<Vec<_>>(), (1..=12).map(|n| n * 250).collect::<Vec<_>>());
    let mut found = 0;
    let exported = export(&store, &OrderFilter::default(), Page::first(500), |order: Order| {
        found += order.lines().len();
        Ok::<_, StoreError>(())
    });
    assert_eq!(exported.unwrap(), ORDERS);
    assert!(found > 6_000);
}

//! P1: a killed process loses nothing that was acknowledged, and leaves no half of a transaction.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    convert::Infallible,
    io::{BufRead, BufReader},
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crm_core::{
    Fact, OrderFact, RecordRef,
    bulk::{ImportEvent, ImportOptions, ImportOutcome, ImportReport, import},
    store::{Customers, Journal, OrderFilter, Orders, Page, Products, Store, StoreError, pages},
};
use crm_store::SqliteStore;
use crm_testkit::{Acts, sample};

const FILE: &str = "CRM_CRASH_FILE";
const ROUND: &str = "CRM_CRASH_ROUND";
const IMPORT: &str = "CRM_CRASH_IMPORT";

/// Writers of the process that is killed; they share commits.
const WRITERS: u64 = 4;

/// The process that is killed: each of its writers writes one order a transaction and says so after each commit. Without its variables it is an empty test.
#[test]
fn writer_that_is_killed() {
    let (Ok(file), Ok(round)) = (std::env::var(FILE), std::env::var(ROUND)) else { return };
    let round: u64 = round.parse().unwrap();
    let store = SqliteStore::open(file).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || write_for_ever(store, round * WRITERS + writer));
        }
    });
}

#[expect(clippy::print_stdout, reason = "the process that started this one reads it")]
fn write_for_ever(store: &SqliteStore, seed: u64) {
    let mut acts = Acts::seeded(u16::try_from(seed).unwrap());
    for number in 0.. {
        let act = acts.next("writer");
        let order = store
            .write(|tx| -> Result<_, StoreError> {
                let customer = sample::customer(0);
                let mut order = sample::order(seed * 1_000_000 + number, customer.id, &[sample::product(0).id]);
                tx.insert_order(&order)?;
                tx.append(&act, &Fact::Order(order.id, OrderFact::Drafted { order: Box::new(order.clone()) }))?;
                order.revision = tx.update_order(&order)?;
                Ok(order)
            })
            .unwrap();
        println!("ack {}", order.id);
    }
}

fn prepare(file: &Path) {
    let store = SqliteStore::open(file).unwrap();
    let customer = crm_core::Customer { owner: None, parent: None, needs: Vec::new(), ..sample::customer(0) };
    store
        .write(|tx| {
            tx.insert_product(&sample::product(0))?;
            tx.insert_customer(&customer)
        })
        .unwrap();
}

/// Starts the writer, kills it after a while, and gives what it acknowledged.
fn killed(file: &Path, round: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_that_is_killed", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reading = std::thread::spawn(move || {
        lines.map_while(Result::ok).filter_map(|line| Some(line.rsplit_once("ack ")?.1.to_owned())).collect::<Vec<_>>()
    });
    // Different rounds are killed at different points of their work; which, is not the point.
    std::thread::sleep(Duration::from_millis(20 + round * 37 % 60));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut acknowledged = reading.join().unwrap();
    // The last line may have been cut in the middle.
    acknowledged.retain(|id| id.parse::<crm_core::OrderId>().is_ok());
    acknowledged
}

#[test]
fn a_killed_writer_loses_nothing_acknowledged_and_leaves_no_half() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crash.db");
    prepare(&file);
    let cycles = std::env::var("CRM_CRASH_CYCLES").ok().and_then(|cycles| cycles.parse().ok()).unwrap_or(40);
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 1..=cycles {
        acknowledged.extend(killed(&file, round));
        let store = SqliteStore::open(&file).unwrap();
        let found = pages_of_orders(&store);
        let ids: Vec<String> = found.iter().map(|order| order.id.to_string()).collect();
        for id in &acknowledged {
            assert!(ids.contains(id), "{id} was acknowledged and is lost");
        }
        // At most one order of each writer was on its way when the process died, in a commit or in an acknowledgement.
        let unknown = u64::try_from(ids.len() - acknowledged.len()).unwrap();
        assert!(
            unknown <= WRITERS * round,
            "{unknown} orders beyond {} acknowledged ones after {round} rounds",
            acknowledged.len()
        );
        for order in &found {
            assert_eq!(order.revision.get(), 2, "half of the transaction of {} is there", order.id);
            let history = store.read(|tx| tx.history(RecordRef::Order(order.id), Page::first(5))).unwrap();
            assert_eq!(history.len(), 1, "the entry of {} is missing", order.id);
        }
    }
    assert!(!acknowledged.is_empty(), "no round acknowledged anything: the test shows nothing");
    assert_eq!(SqliteStore::open(&file).unwrap().verify().unwrap(), []);
}

/// Rows of the import that is killed, and of each of its batches.
const ROWS: u64 = 1_500;
const BATCH: u32 = 50;

/// Imports all orders under one key; tells how many rows each batch has left behind it.
fn import_all(store: &SqliteStore, mut progress: impl FnMut(u64)) -> ImportReport {
    let (customer, product) = (sample::customer(0).id, sample::product(0).id);
    let orders = (0..ROWS).map(|seed| Ok::<_, Infallible>(sample::order(seed, customer, &[product])));
    let act = &mut Acts::seeded(1).next("importer").with_key("orders of 2026".parse().unwrap());
    let options = ImportOptions::new("orders.csv".parse().unwrap()).batch_rows(BATCH);
    import(store, act, &options, orders, |event| {
        match event {
            ImportEvent::Progress(done) => progress(done.total.rows),
            other => panic!("no row is to be rejected: {other:?}"),
        }
        ControlFlow::Continue(())
    })
    .unwrap()
}

/// The process that is killed while it imports. Without its variable it is an empty test.
#[test]
fn importer_that_is_killed() {
    let Ok(file) = std::env::var(IMPORT) else { return };
    import_all(&SqliteStore::open(file).unwrap(), |rows| println!("rows {rows}"));
}

#[test]
fn an_import_that_is_killed_is_resumed_by_its_key_and_brings_each_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("import.db");
    prepare(&file);
    let mut told = 0;
    for kill_after in [1, 3, 6] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "importer_that_is_killed", "--nocapture", "--test-threads=1"])
            .env(IMPORT, &file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut rows = lines.filter_map(|line| line.rsplit_once("rows ")?.1.parse::<u64>().ok());
        told = rows.nth(kill_after - 1).unwrap();
        // Somewhere in the batch that follows.
        std::thread::sleep(Duration::from_millis(u64::try_from(kill_after).unwrap()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = SqliteStore::open(&file).unwrap();
    let report = import_all(&store, |_| {});
    assert_eq!((report.outcome, report.total.rows, report.total.inserted), (ImportOutcome::Finished, ROWS, ROWS));
    let before = report.before.rows;
    assert!(before >= told && before < ROWS && before.is_multiple_of(BATCH.into()), "{told} were told, {before} found");
    let found = pages_of_orders(&store);
    let wanted = (0..ROWS).map(|seed| sample::order(seed, sample::customer(0).id, &[sample::product(0).id]));
    let mut wanted: Vec<crm_core::Order> = wanted.collect();
    wanted.sort_by_key(|order| order.id);
    assert!(found == wanted, "{} orders, not as they were imported", found.len());
    let batches = store.read(|tx| tx.entries_with_key(&"orders of 2026".parse().unwrap(), Page::first(99))).unwrap();
    assert_eq!(batches.len() as u64, ROWS / u64::from(BATCH), "one entry a batch");
    assert_eq!(store.verify().unwrap(), []);
}

fn pages_of_orders(store: &SqliteStore) -> Vec<crm_core::Order> {
    let all = store.read(|tx| {
        pages(500, |page| tx.orders(&OrderFilter::default(), page), |order| order.id).collect::<Result<_, _>>()
    });
    all.unwrap()
}

//! P1: a killed process loses nothing that was acknowledged, and leaves no half of a transaction.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use crm_core::{
    Fact, OrderFact, RecordRef,
    store::{Customers, Journal, OrderFilter, Orders, Page, Products, Store, StoreError, pages},
};
use crm_store::SqliteStore;
use crm_testkit::{Acts, sample};

const FILE: &str = "CRM_CRASH_FILE";
const ROUND: &str = "CRM_CRASH_ROUND";

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
        let found: Vec<_> = store
            .read(|tx| {
                pages(500, |page| tx.orders(&OrderFilter::default(), page), |order| order.id).collect::<Result<_, _>>()
            })
            .unwrap();
        let ids: Vec<String> = found.iter().map(|order: &crm_core::Order| order.id.to_string()).collect();
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

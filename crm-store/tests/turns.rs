//! P7: writers take turns, and nobody sees a busy database before the deadline.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    sync::{Barrier, mpsc},
    time::Duration,
};

use crm_core::{
    Customer, NewCustomer,
    store::{CustomerFilter, Customers, Store, StoreError, StoreErrorKind},
};
use crm_store::{Durability, SqliteOptions, SqliteStore};
use crm_testkit::Acts;

fn customer(seed: u16) -> Customer {
    let mut act = Acts::seeded(seed).next("alice");
    Customer::register(act.new_id(), act.at(), NewCustomer::person("Zhang".parse().unwrap())).unwrap()
}

#[test]
fn threads_and_stores_on_one_file_all_get_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteOptions::new().durability(Durability::Relaxed).open(folder.path().join("crm.db")).unwrap();
    // Two stores on one file stand for two processes: each has its own writer.
    let stores = [open(), open()];
    let (threads, each) = (8_u16, 60_u16);
    let start = Barrier::new(threads.into());
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (store, start) = (&stores[usize::from(thread % 2)], &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..each {
                    store.write(|tx| tx.insert_customer(&customer(thread * 1_000 + number))).unwrap();
                    store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap();
                }
            });
        }
    });
    let count = stores[0].read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap();
    assert_eq!(count, u64::from(threads * each));
}

const FILE: &str = "CRM_OTHER_PROCESS_FILE";
const EXPECTED: &str = "CRM_OTHER_PROCESS_EXPECTED";

fn count(store: &SqliteStore) -> u64 {
    store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap()
}

/// Another process: it opens the file, counts, writes, and closes it. Without its variables it is an empty test.
#[test]
fn writer_in_another_process() {
    let (Ok(file), Ok(expected)) = (std::env::var(FILE), std::env::var(EXPECTED)) else { return };
    let store = SqliteOptions::new().open(file).unwrap();
    assert_eq!(count(&store).to_string(), expected, "what the first process committed is not there");
    let own = customer(700 + u16::try_from(count(&store)).unwrap());
    store.write(|tx| tx.insert_customer(&own)).unwrap();
}

/// Two processes on one file see what the other one committed, also after one of them closed it.
#[test]
fn processes_that_come_and_go_see_all_that_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let store = SqliteOptions::new().open(&path).unwrap();
    for expected in [1, 3, 5] {
        store.write(|tx| tx.insert_customer(&customer(expected))).unwrap();
        assert_eq!(count(&store), u64::from(expected));
        let other = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer_in_another_process"])
            .env(FILE, &path)
            .env(EXPECTED, expected.to_string())
            .output()
            .unwrap();
        assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    }
}

#[test]
fn a_deadline_for_ever_is_a_deadline() {
    let store = SqliteOptions::new().deadline(Duration::MAX).open_in_memory().unwrap();
    store.write(|tx| tx.insert_customer(&customer(1))).unwrap();
}

fn contended(result: Result<(), StoreError>) {
    let refused = result.unwrap_err();
    assert!(
        matches!(refused.kind(), StoreErrorKind::Contended { waited } if *waited >= Duration::from_millis(20)),
        "{refused:?}"
    );
    assert!(refused.is_retryable());
}

#[test]
fn past_the_deadline_a_writer_is_told_that_others_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let open = || SqliteOptions::new().deadline(Duration::from_millis(30)).open(&path).unwrap();
    let (store, other) = (open(), open());
    let (entered, is_in) = mpsc::channel();
    let (leave, may_leave) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let slow = scope.spawn({
            let store = &store;
            move || {
                store.write(|tx| -> Result<(), StoreError> {
                    entered.send(()).unwrap();
                    may_leave.recv().unwrap();
                    tx.insert_customer(&customer(1))
                })
            }
        });
        is_in.recv().unwrap();
        contended(store.write(|tx| tx.insert_customer(&customer(2))));
        contended(other.write(|tx| tx.insert_customer(&customer(3))));
        assert_eq!(
            store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(),
            0,
            "readers wait for nobody"
        );
        leave.send(()).unwrap();
        slow.join().unwrap().unwrap();
    });
    store.write(|tx| tx.insert_customer(&customer(2))).unwrap();
}

//! P7: writers take turns, and nobody sees a busy database before the deadline.

use std::{
    sync::{Barrier, mpsc},
    time::Duration,
};

use crm_core::{
    Customer, NewCustomer,
    store::{CustomerFilter, Customers, Store, StoreError, StoreErrorKind},
};
use crm_store::{Durability, SqliteOptions};
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

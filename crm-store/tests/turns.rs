//! P7: writers take turns, and nobody sees a busy database before the deadline.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
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

const STORM_FILE: &str = "CRM_STORM_FILE";
const STORM_PROCESS: &str = "CRM_STORM_PROCESS";
const PROCESSES: u16 = 4;
const THREADS: u16 = 8;
const EACH: u16 = 25;

/// What each thread of each process does: inserts, updates of one record that all want, refusals, and reads between them. A busy file would come out as `Contended`.
fn storm(file: &std::path::Path, process: u16) {
    let store = SqliteOptions::new().durability(Durability::Relaxed).open(file).unwrap();
    let start = Barrier::new(THREADS.into());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (store, start) = (&store, &start);
            scope.spawn(move || {
                start.wait();
                for number in 0..EACH {
                    let own = customer(1 + (process * THREADS + thread) * EACH + number);
                    let refused = number % 5 == 4;
                    let written = store.write(|tx| -> Result<(), StoreError> {
                        tx.insert_customer(&own)?;
                        let shared = tx.customer(customer(0).id)?.unwrap();
                        tx.update_customer(&shared)?;
                        if refused { Err(StoreErrorKind::NotInstalled.into()) } else { Ok(()) }
                    });
                    match written {
                        Ok(()) => assert!(!refused),
                        Err(error) => assert_eq!((error.kind(), refused), (&StoreErrorKind::NotInstalled, true)),
                    }
                    let found = store.read(|tx| tx.customer(own.id)).unwrap();
                    assert_eq!(found.is_some(), !refused, "what was answered is what is there");
                }
            });
        }
    });
}

/// One of the processes of the next test. Without its variables it is an empty test.
#[test]
fn one_process_of_many() {
    let (Ok(file), Ok(process)) = (std::env::var(STORM_FILE), std::env::var(STORM_PROCESS)) else { return };
    storm(std::path::Path::new(&file), process.parse().unwrap());
}

#[test]
fn threads_and_processes_on_one_file_all_get_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    let store = SqliteOptions::new().open(&path).unwrap();
    store.write(|tx| tx.insert_customer(&customer(0))).unwrap();
    let others: Vec<_> = (1..PROCESSES)
        .map(|process| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "one_process_of_many"])
                .env(STORM_FILE, &path)
                .env(STORM_PROCESS, process.to_string())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    storm(&path, 0);
    for other in others {
        let other = other.wait_with_output().unwrap();
        assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    }
    let kept = u64::from(PROCESSES * THREADS * EACH) / 5 * 4;
    assert_eq!(count(&store), 1 + kept);
    let shared = store.read(|tx| tx.customer(customer(0).id)).unwrap().unwrap();
    assert_eq!(shared.revision.get(), 1 + kept, "an update was lost");
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

/// Errors, panics and successes of many threads at random, on a disk that is waited for: what each was told is what is there.
#[test]
fn what_each_writer_of_a_crowd_was_told_is_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.db");
    for (members, threads) in [(64, 16_u16), (3, 7)] {
        let store = SqliteOptions::new().group(members, Duration::from_millis(2)).open(&path).unwrap();
        let shared = customer(members);
        store.write(|tx| tx.insert_customer(&shared)).unwrap();
        let kept = std::sync::atomic::AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (store, shared, kept) = (&store, &shared, &kept);
                scope.spawn(move || {
                    let mut dice = u64::from(thread * 131 + members);
                    for number in 0..40 {
                        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        let end = (dice >> 33) % 4;
                        let own = customer(members * 1_000 + 100 + thread * 40 + number);
                        let ended = catch_unwind(AssertUnwindSafe(|| {
                            store.write(|tx| -> Result<(), StoreError> {
                                tx.insert_customer(&own)?;
                                let found = tx.customer(shared.id)?.unwrap();
                                tx.update_customer(&found)?;
                                match end {
                                    0 => Err(StoreErrorKind::NotInstalled.into()),
                                    // As a panic, without the noise of the hook.
                                    1 => resume_unwind(Box::new("a writer panics")),
                                    _ => Ok(()),
                                }
                            })
                        }));
                        match (end, ended) {
                            (0, Ok(Err(error))) => assert_eq!(error.kind(), &StoreErrorKind::NotInstalled),
                            (1, Err(_)) => {}
                            (2.., Ok(Ok(()))) => {
                                kept.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            }
                            (end, ended) => panic!("{end} ended as {ended:?}"),
                        }
                        let found = store.read(|tx| tx.customer(own.id)).unwrap();
                        assert_eq!(found.is_some(), end > 1);
                    }
                });
            }
        });
        let found = store.read(|tx| tx.customer(shared.id)).unwrap().unwrap();
        assert_eq!(found.revision.get(), 1 + kept.into_inner(), "an update was lost");
        assert_eq!(store.verify().unwrap(), []);
    }
}

/// Two threads that nest two stores the other way round wait for each other until the deadline; then one is told so, and both go on.
#[test]
fn stores_nested_the_other_way_round_end_by_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let open =
        |name: &str| SqliteOptions::new().deadline(Duration::from_millis(50)).open(folder.path().join(name)).unwrap();
    let (one, other) = (open("one.db"), open("other.db"));
    let both_in = Barrier::new(2);
    let nest = |outer: &SqliteStore, inner: &SqliteStore, seed: u16| {
        outer.write(|tx| -> Result<(), StoreError> {
            tx.insert_customer(&customer(seed))?;
            both_in.wait();
            inner.write(|tx| tx.insert_customer(&customer(seed)))
        })
    };
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| nest(&one, &other, 1));
        let second = nest(&other, &one, 2);
        (first.join().unwrap(), second)
    });
    let refused = [&first, &second].into_iter().filter_map(|result| result.as_ref().err());
    assert!(refused.clone().count() >= 1 && refused.clone().all(StoreError::is_retryable), "{first:?} {second:?}");
    one.write(|tx| tx.insert_customer(&customer(3))).unwrap();
    other.write(|tx| tx.insert_customer(&customer(3))).unwrap();
}

/// Writers who give up, those who are handed a group at that moment, and backups between them: whoever was told that it waited has written nothing and waited that long.
#[test]
fn who_gives_up_in_line_has_written_nothing_and_loses_no_turn() {
    let folder = tempfile::tempdir().unwrap();
    let deadline = Duration::from_micros(200);
    let store = SqliteOptions::new()
        .deadline(deadline)
        .group(5, Duration::from_millis(2))
        .open(folder.path().join("crm.db"))
        .unwrap();
    let (kept, gave_up) = (std::sync::atomic::AtomicU64::new(0), std::sync::atomic::AtomicU64::new(0));
    std::thread::scope(|scope| {
        for thread in 0..12_u16 {
            let (store, kept, gave_up, folder) = (&store, &kept, &gave_up, &folder);
            scope.spawn(move || {
                for number in 0..60 {
                    if number % 20 == 19 && thread % 4 == 0 {
                        let copied = store.backup(folder.path().join(format!("copy{thread}.db")));
                        assert!(copied.as_ref().err().is_none_or(StoreError::is_retryable), "{copied:?}");
                    }
                    let own = customer(1 + thread * 60 + number);
                    let written = store.write(|tx| tx.insert_customer(&own));
                    let told = match written {
                        Ok(()) => kept,
                        Err(error) => {
                            let StoreErrorKind::Contended { waited } = error.kind() else { panic!("{error:?}") };
                            assert!(*waited >= deadline, "{waited:?}");
                            gave_up
                        }
                    };
                    told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let found = loop {
                        match store.read(|tx| tx.customer(own.id)) {
                            Ok(found) => break found,
                            Err(error) => assert!(error.is_retryable(), "{error:?}"),
                        }
                    };
                    assert_eq!(found.is_some(), std::ptr::eq(told, kept));
                }
            });
        }
    });
    assert_eq!(store.verify().unwrap(), []);
    assert_eq!(count(&store), kept.load(std::sync::atomic::Ordering::SeqCst));
    assert!(gave_up.into_inner() > 0 && kept.into_inner() > 0, "the deadline shows nothing");
}

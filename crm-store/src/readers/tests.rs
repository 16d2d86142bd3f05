//! What a read sees, for how long, and how many of them go on.

use std::{
    fs,
    sync::{Barrier, mpsc},
    thread,
    time::Duration,
};

use crm_core::{
    Customer, NewCustomer,
    store::{CustomerFilter, Customers, Page, Store, StoreErrorKind},
};
use crm_testkit::Acts;
use tempfile::TempDir;

use super::*;
use crate::{Durability, SqliteStore};

fn customer(seed: u16) -> Customer {
    let mut act = Acts::seeded(seed).next("alice");
    Customer::register(act.new_id(), act.at(), NewCustomer::person("Zhang".parse().unwrap())).unwrap()
}

fn options() -> SqliteOptions {
    SqliteOptions::new().durability(Durability::Relaxed)
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("crm.db")
}

fn count(tx: &SqliteTx<'_>) -> Result<u64, StoreError> {
    tx.count_customers(&CustomerFilter::default())
}

#[test]
fn as_many_read_as_may_and_one_more_is_told_that_it_waited() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().readers(2).deadline(Duration::from_millis(30)).open(file(&folder)).unwrap();
    let (both, done) = (Barrier::new(3), Barrier::new(3));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                store
                    .read(|tx| {
                        both.wait();
                        done.wait();
                        count(tx)
                    })
                    .unwrap()
            });
        }
        both.wait();
        let refused = store.read(count);
        store.write(|tx| tx.insert_customer(&customer(1))).unwrap();
        done.wait();
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused.kind(), StoreErrorKind::Contended { waited } if *waited >= Duration::from_millis(30)),
            "{refused:?}"
        );
    });
    assert_eq!(store.read(count).unwrap(), 1);
}

#[test]
fn a_place_is_given_back_by_a_panic_and_by_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().readers(1).deadline(Duration::from_millis(30)).open(file(&folder)).unwrap();
    for _ in 0..3 {
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.read(|_| -> Result<(), StoreError> { std::panic::resume_unwind(Box::new("a read panics")) })
        }));
        assert!(panicked.is_err());
        let refused = store.read(|_| -> Result<(), StoreError> { Err(StoreErrorKind::NotInstalled.into()) });
        assert_eq!(refused.unwrap_err().kind(), &StoreErrorKind::NotInstalled);
    }
    assert_eq!(store.read(count).unwrap(), 0);
}

#[test]
fn a_read_finds_tables_that_another_program_made_newer_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().open(file(&folder)).unwrap();
    store.read(count).unwrap();
    let other = Connection::open(file(&folder)).unwrap();
    other.execute("UPDATE crm_schema SET version = 99", []).unwrap();
    let refused = store.read(count).unwrap_err();
    assert!(matches!(refused.kind(), StoreErrorKind::NewerSchema { found: 99, .. }), "{refused:?}");
    other.execute("UPDATE crm_schema SET version = 1", []).unwrap();
    assert_eq!(store.read(count).unwrap(), 0);
}

#[test]
fn a_snapshot_is_of_the_moment_in_which_the_read_begins() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().open(file(&folder)).unwrap();
    let other = options().open(file(&folder)).unwrap();
    let seen = store.read(|tx| {
        // Before the first look.
        other.write(|tx| tx.insert_customer(&customer(1)))?;
        count(tx)
    });
    assert_eq!(seen.unwrap(), 0);
}

const LIMIT: u64 = 400_000;

/// Writes as much as takes the log past its limit and on by a quarter, again and again.
fn write_past_the_limit(store: &SqliteStore, first: u16) {
    for number in 0..60 {
        let seeds = first + 10 * number..first + 10 * number + 10;
        store.write(|tx| seeds.clone().try_for_each(|seed| tx.insert_customer(&customer(seed)))).unwrap();
    }
}

fn log(folder: &TempDir) -> u64 {
    fs::metadata(folder.path().join("crm.db-wal")).unwrap().len()
}

#[test]
fn a_read_that_holds_the_log_past_its_limit_is_ended_and_the_log_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().log_limit_bytes(LIMIT).open(file(&folder)).unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    thread::scope(|scope| {
        let (store, folder) = (&store, &folder);
        let long = scope.spawn(move || {
            store.read(|tx| -> Result<(), StoreError> {
                count(tx)?;
                begun.send(()).unwrap();
                may_go_on.recv().unwrap();
                for _ in 0..3 {
                    let ended = tx.customers(&CustomerFilter::default(), Page::first(9)).unwrap_err();
                    assert_eq!(ended.kind(), &StoreErrorKind::Interrupted, "what is asked after the end");
                    assert!(ended.is_retryable());
                }
                Err(count(tx).unwrap_err())
            })
        });
        has_begun.recv().unwrap();
        write_past_the_limit(store, 0);
        assert!(log(folder) > LIMIT, "the read was to stand in the way");
        // The writers went on, and a read that begins now sees what they wrote.
        assert_eq!(store.read(count).unwrap(), 600);
        go_on.send(()).unwrap();
        assert_eq!(long.join().unwrap().unwrap_err().kind(), &StoreErrorKind::Interrupted);
    });
    write_past_the_limit(&store, 1_000);
    assert!(log(&folder) <= 2 * LIMIT, "{} bytes are left of the log", log(&folder));
    assert_eq!(store.read(count).unwrap(), 1_200, "the connection of the read that was ended reads on");
}

#[test]
fn a_statement_that_runs_for_long_is_ended_in_its_middle() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().log_limit_bytes(LIMIT).open(file(&folder)).unwrap();
    let (begun, has_begun) = mpsc::channel();
    thread::scope(|scope| {
        let store = &store;
        let long = scope.spawn(move || {
            store.read(|tx| -> Result<(), StoreError> {
                begun.send(()).unwrap();
                let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n";
                tx.connection.query_row(endless, [], |_| Ok(())).map_err(|error| Failure::Sql(error).into())
            })
        });
        has_begun.recv().unwrap();
        for round in 0..60 {
            if !long.is_finished() {
                write_past_the_limit(store, 1_000 * round);
            }
        }
        assert_eq!(long.join().unwrap().unwrap_err().kind(), &StoreErrorKind::Interrupted);
    });
}

#[test]
fn reads_that_always_overlap_leave_the_log_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().log_limit_bytes(LIMIT).open(file(&folder)).unwrap();
    let (done, is_done) = (AtomicU64::new(0), 1);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while done.load(Ordering::SeqCst) != is_done {
                    // So low a limit is reached faster than a busy machine reads.
                    let read = store.read(count);
                    assert!(read.as_ref().err().is_none_or(StoreError::is_retryable), "{read:?}");
                }
            });
        }
        write_past_the_limit(&store, 0);
        write_past_the_limit(&store, 1_000);
        done.store(is_done, Ordering::SeqCst);
    });
    assert!(log(&folder) <= 3 * LIMIT, "{} bytes are left of the log", log(&folder));
}

#[test]
fn a_store_that_is_let_go_while_reads_run_closes_when_the_last_one_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(options().open(file(&folder)).unwrap());
    store.write(|tx| tx.insert_customer(&customer(1))).unwrap();
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let shared = Arc::clone(&store);
    let reading = thread::spawn(move || {
        shared.read(|tx| {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            count(tx)
        })
    });
    has_begun.recv().unwrap();
    drop(store);
    go_on.send(()).unwrap();
    assert_eq!(reading.join().unwrap().unwrap(), 1);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["crm.db"], "it is closed, and its log is in the file");
}

/// With the usual limit, which is far away.
#[test]
fn without_long_reads_the_log_stays_at_some_megabytes() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().open(file(&folder)).unwrap();
    let mut written = 0;
    for number in 0..1_500_u32 {
        let name = format!("{number:060000}");
        let row = "INSERT INTO crm_counter (name, last) VALUES (?1, 1)";
        store
            .write(|tx| tx.connection.execute(row, [&name]).map_err(|error| StoreError::from(Failure::Sql(error))))
            .unwrap();
        written += name.len() as u64;
        store.read(count).unwrap();
        assert!(log(&folder) < 60 << 20, "the log is {} bytes long after {written}", log(&folder));
    }
    assert!(written > 80 << 20, "too little to show anything");
}

/// Rows of the common size, of which the writers copy next to nothing themselves.
#[test]
fn the_log_is_copied_beside_the_writers_and_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().open(file(&folder)).unwrap();
    let (mut written, mut in_the_file) = (0, fs::metadata(file(&folder)).unwrap().len());
    let before = in_the_file;
    for seed in 0..1_500 {
        store.write(|tx| tx.insert_customer(&customer(seed))).unwrap();
        written += 1;
        in_the_file = fs::metadata(file(&folder)).unwrap().len();
        if in_the_file > before {
            break;
        }
    }
    assert!(in_the_file > before, "nothing was copied in {written} commits");
    // However late the thread came: past 40 MB a writer copies the rest itself.
    assert!(log(&folder) < 48 << 20, "the log is {} bytes long", log(&folder));
    // It ends with the store.
    drop(store);
    assert!(!folder.path().join("crm.db-wal").exists());
}

/// Reads of 60 ms each, several at once all the time: none is there for a whole quarter of the limit, and there is always one.
#[test]
fn reads_of_middle_length_that_always_overlap_leave_the_log_bounded() {
    const READERS: u64 = 4;
    let folder = tempfile::tempdir().unwrap();
    let store = options().log_limit_bytes(LIMIT).open(file(&folder)).unwrap();
    let done = AtomicU64::new(0);
    let longest = thread::scope(|scope| {
        for reader in 0..READERS {
            let (store, done) = (&store, &done);
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(15 * reader));
                while done.load(Ordering::SeqCst) == 0 {
                    let read = store.read(|tx| {
                        for _ in 0..12 {
                            count(tx)?;
                            thread::sleep(Duration::from_millis(5));
                        }
                        Ok::<_, StoreError>(())
                    });
                    assert!(read.as_ref().err().is_none_or(StoreError::is_retryable), "{read:?}");
                }
            });
        }
        let mut longest = 0;
        for number in 0..120 {
            let seeds = 10 * number..10 * number + 10;
            store.write(|tx| seeds.clone().try_for_each(|seed| tx.insert_customer(&customer(seed)))).unwrap();
            thread::sleep(Duration::from_millis(8));
            longest = longest.max(log(&folder));
        }
        done.store(1, Ordering::SeqCst);
        longest
    });
    assert!(longest <= 5 * LIMIT, "the log was {longest} bytes long");
}

/// SQLite keeps the log beside the file itself, wherever the name that it was opened by stands.
#[cfg(unix)]
#[test]
fn the_log_of_a_file_that_was_opened_by_a_link_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    drop(options().open(file(&folder)).unwrap());
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(file(&folder), &link).unwrap();
    let store = options().log_limit_bytes(LIMIT).open(&link).unwrap();
    let ended = store.read(|tx| -> Result<(), StoreError> {
        thread::scope(|scope| {
            scope.spawn(|| write_past_the_limit(&store, 0));
        });
        count(tx).map(drop)
    });
    assert_eq!(ended.unwrap_err().kind(), &StoreErrorKind::Interrupted);
}

/// A process may work in another folder later, when the next reader is opened.
#[test]
fn a_file_that_was_named_from_the_working_folder_is_known_from_the_root() {
    let folder = tempfile::tempdir().unwrap();
    let up = "../".repeat(std::env::current_dir().unwrap().components().count());
    let named = PathBuf::from(format!("{up}{}", file(&folder).display()).replace("//", "/"));
    let store = options().open(&named).unwrap();
    assert!(named.is_relative());
    assert_eq!(store.path(), Some(&*file(&folder).canonicalize().unwrap()));
}

#[test]
fn a_connection_that_reads_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = options().open(file(&folder)).unwrap();
    let refused = store.read(|tx| -> Result<usize, StoreError> {
        tx.connection.execute("UPDATE crm_schema SET version = 99", []).map_err(|error| Failure::Sql(error).into())
    });
    assert_eq!(refused.unwrap_err().kind(), &StoreErrorKind::ReadOnly);
}

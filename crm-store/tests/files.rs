//! What files there are besides a good one: foreign, newer, damaged, read-only, full; and copies of good ones.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::{error::Error as _, path::PathBuf};

use crm_core::{
    Customer, CustomerFact, Entry, Fact, NewCustomer, Position,
    store::{CustomerFilter, Customers, Journal, Orders, Page, Store, StoreError, StoreErrorKind},
};
use crm_store::{Durability, Problem, SqliteOptions, SqliteStore, SqliteTx, install, rusqlite::Connection};
use crm_testkit::{Acts, sample::Sample};
use tempfile::TempDir;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

fn customer(number: u64) -> Customer {
    let mut acts = Acts::seeded(u16::try_from(number).unwrap());
    let mut act = acts.next("alice");
    Customer::register(act.new_id(), act.at(), NewCustomer::person(format!("Customer {number}").parse().unwrap()))
        .unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.unwrap_err().kind().clone()
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    for (name, content) in [("letter.txt", "Dear customer, ".repeat(500)), ("short", "x".into())] {
        let path = folder.file(name);
        std::fs::write(&path, &content).unwrap();
        assert_eq!(kind(SqliteStore::open(&path)), StoreErrorKind::ForeignFile, "{name}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "{name}");
    }
}

#[test]
fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let path = folder.file("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE invoice (number TEXT); INSERT INTO invoice VALUES ('1')")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(kind(SqliteStore::open(&path)), StoreErrorKind::ForeignFile);
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let path = folder.file("marked.db");
    Connection::open(&path).unwrap().pragma_update(None, "application_id", 77).unwrap();
    assert_eq!(kind(SqliteStore::open(&path)), StoreErrorKind::ForeignFile);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let path = folder.file("newer.db");
    drop(SqliteStore::open(&path).unwrap());
    let other = Connection::open(&path).unwrap();
    other.execute("UPDATE crm_schema SET version = 99", []).unwrap();
    let newer = StoreErrorKind::NewerSchema { found: 99, known: 1 };
    assert_eq!(kind(SqliteStore::open(&path)), newer);
    assert_eq!(kind(SqliteOptions::new().read_only().open(&path)), newer);
    let version: u32 = other.query_row("SELECT version FROM crm_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[test]
fn a_folder_that_is_not_there_is_an_error_that_carries_sqlites_own() {
    let refused = SqliteStore::open(Folder::new().file("nowhere/crm.db")).unwrap_err();
    assert_eq!(refused.kind(), &StoreErrorKind::Backend);
    assert!(refused.source().unwrap().to_string().contains("unable to open"), "{refused:?}");
}

#[test]
fn a_read_only_store_reads_and_refuses_to_write() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let zhang = customer(1);
    SqliteStore::open(&path).unwrap().write(|tx| tx.insert_customer(&zhang)).unwrap();

    let store = SqliteOptions::new().read_only().open(&path).unwrap();
    assert_eq!(store.read(|tx| tx.customer(zhang.id)).unwrap(), Some(zhang));
    assert_eq!(kind(store.write(|tx| tx.insert_customer(&customer(2)))), StoreErrorKind::ReadOnly);
    assert_eq!(store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(), 1);
    assert!(SqliteOptions::new().read_only().open(folder.file("new.db")).is_err());
    assert!(!folder.file("new.db").exists());
}

/// P5: writes fail typed, reads go on, the file is whole, and work goes on once there is room.
#[test]
fn a_full_store_refuses_to_write_and_goes_on_reading() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    drop(SqliteStore::open(&path).unwrap());
    let size = std::fs::metadata(&path).unwrap().len();
    let store = SqliteOptions::new().limit_bytes(size + 40_000).open(&path).unwrap();
    let mut written = 0;
    let full = loop {
        match store.write(|tx| tx.insert_customer(&customer(written))) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 10_000, "the limit does not hold");
    };
    assert_eq!(full.kind(), &StoreErrorKind::StorageFull);
    assert!(written > 0);
    assert_eq!(store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(), written);
    assert_eq!(kind(store.write(|tx| tx.insert_customer(&customer(written)))), StoreErrorKind::StorageFull);
    drop(store);

    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    store.write(|tx| tx.insert_customer(&customer(written))).unwrap();
}

#[test]
fn an_empty_file_becomes_a_store() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    std::fs::write(&path, "").unwrap();
    drop(SqliteStore::open(&path).unwrap());
    let marked: i32 =
        Connection::open(&path).unwrap().pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!(marked.to_be_bytes(), *b"crm1");
}

/// SQLite waits for nobody at some points of making a file; who opens a store waits until the deadline all the same.
#[test]
fn many_who_make_one_file_at_once_all_open_it() {
    const OPENERS: usize = 6;
    let folder = Folder::new();
    for round in 0..40 {
        let path = folder.file(&format!("{round}.db"));
        let start = std::sync::Barrier::new(OPENERS);
        std::thread::scope(|scope| {
            for number in 0..OPENERS {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let store = SqliteOptions::new().durability(Durability::Relaxed).open(path).unwrap();
                    store.write(|tx| tx.insert_customer(&customer(number as u64))).unwrap();
                });
            }
        });
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(), OPENERS as u64);
    }
}

#[test]
fn damage_is_found_and_named() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let store = SqliteStore::open(&path).unwrap();
    let zhang = customer(1);
    store.write(|tx| tx.insert_customer(&zhang)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "foreign_keys", false).unwrap();

    other.execute("UPDATE crm_customer SET owner = randomblob(16)", []).unwrap();
    let nowhere = Problem::Reference { table: "crm_customer".into(), row: Some(1), parent: "crm_sales_rep".into() };
    assert_eq!(store.verify().unwrap(), [nowhere]);
    other.execute("UPDATE crm_customer SET owner = NULL, kind = 'ghost'", []).unwrap();
    let problems = store.verify().unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(
        problems[0].to_string(),
        "the customers cannot be read: row 1 of crm_customer holds a kind that cannot be understood"
    );

    let unreadable = kind(store.read(|tx| tx.customer(zhang.id)));
    assert_eq!(unreadable, StoreErrorKind::Corrupt { table: "crm_customer", column: "kind", row: Some(1) });
}

/// What no constructor would make: uses of promotions of less than nothing, some on the lines of no order, and coupons that nobody finds.
#[test]
fn what_breaks_a_rule_of_its_record_is_refused_when_it_is_read() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let store = SqliteStore::open(&path).unwrap();
    store.write(|tx| Sample::new(7).write_to(tx)).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    let other = Connection::open(&path).unwrap();
    for (damage, repair, table) in [
        ("SET amount = -amount", "SET amount = -amount", "crm_redemption"),
        ("SET on_lines = 1 WHERE order_id IS NULL", "SET on_lines = 0 WHERE order_id IS NULL", "crm_redemption"),
        ("SET code = lower(code)", "SET code = upper(code)", "crm_promotion"),
    ] {
        assert!(other.execute(&format!("UPDATE {table} {damage}"), []).unwrap() > 0, "{table} {damage}");
        let problems = store.verify().unwrap();
        assert!(matches!(problems.first(), Some(Problem::Records { .. })), "{table} {damage}: {problems:?}");
        other.execute(&format!("UPDATE {table} {repair}"), []).unwrap();
        assert_eq!(store.verify().unwrap(), []);
    }
}

/// Columns that only indexes need are not read with the record, so that the search for damage compares them.
#[test]
fn a_derived_column_that_is_wrong_is_found() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let store = SqliteStore::open(&path).unwrap();
    store.write(|tx| tx.insert_customer(&customer(1))).unwrap();
    assert_eq!(store.verify().unwrap(), []);
    Connection::open(&path).unwrap().execute("UPDATE crm_customer SET name_key = 'nobody'", []).unwrap();
    assert!(store.read(|tx| tx.customer(customer(1).id)).unwrap().is_some());
    let problems = store.verify().unwrap();
    assert!(
        matches!(&*problems, [Problem::Records { family: "customers", error }] if error.contains("name_key")),
        "{problems:?}"
    );
}

/// The header of an entry stays when personal data must go.
#[test]
fn an_erased_payload_leaves_the_entry_readable() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let store = SqliteStore::open(&path).unwrap();
    let zhang = customer(1);
    let act = Acts::new().next("alice");
    let fact = Fact::Customer(zhang.id, CustomerFact::Registered { customer: Box::new(zhang.clone()) });
    store.write(|tx| tx.append(&act, &fact)).unwrap();
    let entries = || store.read(|tx| tx.entries(Page::first(9))).unwrap();
    let whole = entries();
    assert_eq!(whole[0].fact, Some(fact));

    Connection::open(&path).unwrap().execute("UPDATE crm_journal SET payload = NULL", []).unwrap();
    assert_eq!(entries(), [Entry { fact: None, ..whole[0].clone() }]);
    assert_eq!((entries()[0].record, entries()[0].kind.as_str()), (zhang.id.into(), "customer.registered"));
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn a_truncated_file_is_a_typed_error_or_a_problem() {
    let folder = Folder::new();
    let path = folder.file("crm.db");
    let store = SqliteStore::open(&path).unwrap();
    store.write(|tx| (0..200).try_for_each(|number| tx.insert_customer(&customer(number)))).unwrap();
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    for part in [1, 2, 3, 5, 7] {
        let path = folder.file(&format!("part{part}.db"));
        std::fs::write(&path, &whole[..whole.len() * part / 8]).unwrap();
        let problems = SqliteStore::open(&path).and_then(|store| store.verify());
        assert!(!matches!(&problems, Ok(none) if none.is_empty()), "{part}/8 of a file passes for a whole one");
    }
}

/// P9: a backup taken while others write is a consistent past state.
#[test]
fn a_backup_taken_while_writing_is_whole() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.file("crm.db")).unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for pair in 0..150 {
                store
                    .write(|tx| {
                        tx.insert_customer(&customer(2 * pair))?;
                        tx.insert_customer(&customer(2 * pair + 1))
                    })
                    .unwrap();
            }
        });
        for copy in 0..5 {
            let path = folder.file(&format!("copy{copy}.db"));
            store.backup(&path).unwrap();
            store.backup(&path).unwrap();
            let copied = SqliteStore::open(&path).unwrap();
            assert_eq!(copied.verify().unwrap(), []);
            let count = copied.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap();
            assert_eq!(count % 2, 0, "half a transaction is in the copy");
        }
        writing.join().unwrap();
    });
    let left: Vec<_> = std::fs::read_dir(folder.0.path())
        .unwrap()
        .filter_map(|file| file.unwrap().file_name().into_string().ok())
        .collect();
    assert!(!left.iter().any(|name| name.ends_with(".part")), "{left:?}");
}

#[test]
fn a_backup_over_a_database_in_use_is_refused() {
    let folder = Folder::new();
    let (path, other) = (folder.file("crm.db"), folder.file("other.db"));
    let store = SqliteStore::open(&path).unwrap();
    let in_use = SqliteStore::open(&other).unwrap();
    in_use.write(|tx| tx.insert_customer(&customer(1))).unwrap();
    for target in [&path, &other] {
        assert!(matches!(kind(store.backup(target)), StoreErrorKind::Unsuitable { .. }), "{target:?}");
    }
    assert_eq!(in_use.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(), 1);
    assert_eq!(kind(store.backup(folder.file("nowhere/copy.db"))), StoreErrorKind::Backend);
}

/// SQLite ends a transaction by itself after some failures. What a closure writes after that must not be committed row by row.
#[test]
fn after_sqlite_ended_the_transaction_nothing_more_is_written() {
    let folder = Folder::new();
    let mut host = host(&folder);
    install(&mut host).unwrap();
    let tx = host.transaction().unwrap();
    let mut crm = SqliteTx::join(&tx).unwrap();
    crm.insert_customer(&customer(1)).unwrap();
    // Stands for the disk that failed.
    tx.execute_batch("ROLLBACK").unwrap();
    assert_eq!(kind(crm.insert_customer(&customer(2))), StoreErrorKind::GroupAborted);
    assert_eq!(kind(crm.delete_customer(customer(1).id)), StoreErrorKind::GroupAborted);
    assert_eq!(kind(crm.next_order_number()), StoreErrorKind::GroupAborted);
    assert_eq!(kind(crm.move_cursor(&"reader".parse().unwrap(), Position::START)), StoreErrorKind::GroupAborted);
    assert_eq!(crm.count_customers(&CustomerFilter::default()).unwrap(), 0);
    drop(tx);
}

#[test]
fn a_store_in_memory_that_is_full_keeps_what_it_has() {
    let store = SqliteOptions::new().limit_bytes(700_000).open_in_memory().unwrap();
    let mut written = 0;
    while store.write(|tx| tx.insert_customer(&customer(written))).is_ok() {
        written += 1;
        assert!(written < 20_000, "the limit does not hold");
    }
    // A closure that swallows the error commits nothing by halves.
    let _ = store.write(|tx| -> Result<(), StoreError> {
        let _ = tx.insert_customer(&customer(written));
        let _ = tx.insert_customer(&customer(written + 1));
        Ok(())
    });
    let count = store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap();
    assert_eq!((count, written > 0), (written, true));
}

fn host(folder: &Folder) -> Connection {
    let host = Connection::open(folder.file("host.db")).unwrap();
    host.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA user_version = 5; CREATE TABLE invoice (number TEXT NOT NULL)",
    )
    .unwrap();
    host
}

#[test]
fn the_hosts_rows_and_ours_share_one_commit() {
    let folder = Folder::new();
    let mut host = host(&folder);
    install(&mut host).unwrap();
    install(&mut host).unwrap();
    let zhang = customer(1);
    let count = |host: &Connection, table: &str| -> i64 {
        host.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    for committed in [false, true] {
        let tx = host.transaction().unwrap();
        tx.execute("INSERT INTO invoice VALUES ('2026-17')", []).unwrap();
        SqliteTx::join(&tx).unwrap().insert_customer(&zhang).unwrap();
        if committed { tx.commit() } else { tx.rollback() }.unwrap();
        let expected = i64::from(committed);
        assert_eq!((count(&host, "invoice"), count(&host, "crm_customer")), (expected, expected));
    }
    let version: i32 = host.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let marked: i32 = host.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    assert_eq!((version, marked), (5, 0), "the host's marks are the host's");
    // The file stays the host's: a store of ours would change how it keeps its log.
    drop(host);
    for options in [SqliteOptions::new(), SqliteOptions::new().read_only()] {
        assert_eq!(kind(options.open(folder.file("host.db"))), StoreErrorKind::ForeignFile);
    }
}

#[test]
fn a_refused_record_leaves_the_hosts_transaction_usable() {
    let folder = Folder::new();
    let mut host = host(&folder);
    install(&mut host).unwrap();
    let tx = host.transaction().unwrap();
    let mut crm = SqliteTx::join(&tx).unwrap();
    let (zhang, li) = (customer(1), customer(2));
    crm.insert_customer(&zhang).unwrap();
    let taken = kind(crm.insert_customer(&zhang));
    assert_eq!(taken, StoreErrorKind::Duplicate { record: "customer", field: "id" });
    crm.insert_customer(&li).unwrap();
    tx.commit().unwrap();
    let tx = host.transaction().unwrap();
    let crm = SqliteTx::join(&tx).unwrap();
    assert_eq!(crm.count_customers(&CustomerFilter::default()).unwrap(), 2);
    assert_eq!(crm.entries(Page::first(10)).unwrap(), []);
}

#[test]
fn joining_is_refused_where_it_would_not_hold() {
    let folder = Folder::new();
    let mut host = host(&folder);
    let join =
        |host: &mut Connection| -> Result<(), StoreError> { SqliteTx::join(&host.transaction().unwrap()).map(drop) };
    assert_eq!(kind(join(&mut host)), StoreErrorKind::NotInstalled);
    install(&mut host).unwrap();
    join(&mut host).unwrap();

    host.pragma_update(None, "foreign_keys", false).unwrap();
    assert!(matches!(kind(join(&mut host)), StoreErrorKind::Unsuitable { must } if must.contains("foreign keys")));
    assert!(matches!(kind(install(&mut host)), StoreErrorKind::Unsuitable { must } if must.contains("foreign keys")));
    host.pragma_update(None, "foreign_keys", true).unwrap();

    host.execute("UPDATE crm_schema SET version = 2", []).unwrap();
    assert_eq!(kind(join(&mut host)), StoreErrorKind::NewerSchema { found: 2, known: 1 });
    assert_eq!(kind(install(&mut host)), StoreErrorKind::NewerSchema { found: 2, known: 1 });
}

#[test]
fn a_failed_migration_changes_nothing() {
    let folder = Folder::new();
    let mut host = host(&folder);
    // The host has a table of that name: the migration stops in its middle.
    host.execute_batch("CREATE TABLE crm_order (surprise TEXT)").unwrap();
    assert_eq!(kind(install(&mut host)), StoreErrorKind::Backend);
    let tables: i64 =
        host.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 2, "the invoice and the surprise");
}

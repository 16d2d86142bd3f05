//! The store: one writer at a time, readers on snapshots beside it.

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crm_core::store::{Store, StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::{
    connection::{self, Opening},
    error::{Done, ended_by, ended_by_again},
    log::Log,
    options::SqliteOptions,
    readers::{Readers, Reads, on_a_snapshot},
    transaction::SqliteTx,
    writers::Writers,
};

/// A store in one file, or in memory. Dropping it closes it; shared by an `Arc`, that is when the last read has ended.
///
/// # Writers
///
/// Writes are serialised, first come, first served. Every write begins `IMMEDIATE`, and other processes may work on the same file. A writer that nobody waits behind commits at once.
/// Writers that are in line meanwhile form a **group**: each runs its closure on its own thread, one after the other, in one transaction and behind a savepoint of its own, and one
/// commit serves all of them. So a wait for the disk is shared by all who were in line.
///
/// - Nobody is answered, with `Ok`, an error or a panic, before that commit is on disk: what a closure saw may be a neighbour's.
/// - An error or a panic undoes just its own work.
/// - Where SQLite ends the transaction by itself (no room, a failing disk, no memory), every member gets [`StoreErrorKind::GroupAborted`] with the cause, and may try again; one who
///   wrote alone gets the cause as its own kind. Where it is not known whether the commit happened, every member gets [`StoreErrorKind::CommitOutcomeUnknown`].
/// - [`SqliteOptions::group`] bounds a group. [`SqliteOptions::deadline`] bounds the waiting for the start of the closure, not for the disk.
/// - A closure that calls the same store again is refused ([`StoreErrorKind::Reentered`]); another store may be called. A closure must not wait for another thread that writes to the
///   same store: that one may wait for the commit that this closure holds up.
///
/// # Readers
///
/// A read sees the snapshot of the moment in which it begins, writers do not wait for it, and it waits for none; at most [`SqliteOptions::readers`] go on at once.
///
/// # The log
///
/// What is committed stands in a log (`-wal`) until a **checkpoint** copies it into the file. A thread of the store does that each time some 2 000 rows have changed (16 to 24 MB), beside
/// readers and writers; it is started when there is first something to copy, and ends with the store. The next writer copies the little that came meanwhile, and SQLite begins the log anew, where
/// no read needs it; so in general it stays below 32 MB; past 40 MB writers wait for the copying. While a read goes on, the log keeps what was written after its snapshot, and grows.
/// Once it is longer than [`SqliteOptions::log_limit_bytes`] (256 MiB by default), the writer that finds this waits 20 ms for the reads to end and cuts the log to nothing. Where that
/// fails, it is tried again after each quarter of the limit. The second time, reads that were there at the first try are ended: what they ask next, or are asking, is
/// [`StoreErrorKind::Interrupted`], and the read may be done again. From the third time on, since reads overlap all the time, all are ended, and none begins meanwhile. So a read that
/// nobody overlaps has at least a quarter of the limit to itself, and the log is about as long as the limit and two quarters more at most, with three exceptions: a closure holds the log
/// until it returns, so one that does not look at the store, or goes on after the error, is not ended; reads of other processes are not ended from here; and one transaction is
/// as long as it is.
pub struct SqliteStore {
    /// Tells one store from another when a closure calls back.
    identity: u64,
    path: Option<PathBuf>,
    /// `None` in memory, where there is one connection. Closed before the writers' connection, which puts the log in order.
    readers: Option<Readers>,
    writers: Writers,
}

impl SqliteStore {
    /// Opens a file with the usual options, made where there is none.
    ///
    /// # Errors
    ///
    /// As [`SqliteOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        SqliteOptions::new().open(path)
    }

    /// Opens a store in memory.
    ///
    /// # Errors
    ///
    /// As [`SqliteOptions::open_in_memory`].
    pub fn open_in_memory() -> Result<Self, StoreError> {
        SqliteOptions::new().open_in_memory()
    }

    pub(crate) fn with(path: Option<PathBuf>, options: SqliteOptions) -> Result<Self, StoreError> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let connection = connection::writer(path.as_deref(), &options, Opening::First, Instant::now())?;
        let path = path.map(|path| found_at(&connection, path));
        let reads = Arc::<Reads>::default();
        let log = Log::beside(path.as_deref(), &options, Arc::clone(&reads));
        Ok(Self {
            identity: STORES.fetch_add(1, Ordering::Relaxed),
            path: path.clone(),
            readers: path.clone().map(|path| Readers::new(path, options.clone(), reads)),
            writers: Writers::new(connection, path, options, log),
        })
    }

    /// The file, if it is one: from the root, and where it was opened by a link, the file that this leads to.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Runs `work` on the writer's connection, outside any transaction, when it is this thread's turn.
    #[cfg(test)]
    pub(crate) fn on_writer<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Result<T, StoreError> {
        let _entered = Entered::new(self.identity)?;
        self.writers.outside(work)
    }

    /// Runs `work`, which copies the file, beside the writers; in memory, where there is one connection, when it is this thread's turn.
    pub(crate) fn copying<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Result<T, StoreError> {
        let _entered = Entered::new(self.identity)?;
        match &self.readers {
            Some(readers) => readers.copy(work),
            None => self.writers.outside(work),
        }
    }
}

/// Where SQLite found the file, and keeps the log beside it: connections that are opened later must find the same one, wherever the process works then.
fn found_at(connection: &Connection, asked: PathBuf) -> PathBuf {
    match connection.path() {
        Some(found) if !found.is_empty() => found.into(),
        // Its name is not text.
        _ => asked.canonicalize().unwrap_or(asked),
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

thread_local! {
    /// The stores that this thread is inside of.
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Notes that this thread is inside a store, until it is dropped.
struct Entered {
    store: u64,
    /// What may have ended the transaction of another store that this thread is inside of.
    outer: Option<rusqlite::Error>,
}

impl Entered {
    fn new(store: u64) -> Result<Self, StoreError> {
        INSIDE.with_borrow_mut(|inside| {
            if inside.contains(&store) {
                return Err(StoreErrorKind::Reentered.into());
            }
            inside.push(store);
            Ok(Self { store, outer: ended_by() })
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|inside| inside.retain(|store| *store != self.store));
        ended_by_again(self.outer.take());
    }
}

impl Store for SqliteStore {
    type Tx<'t> = SqliteTx<'t>;

    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&SqliteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _entered = Entered::new(self.identity)?;
        match &self.readers {
            Some(readers) => readers.read(f),
            None => on_a_snapshot(self.writers.alone(Instant::now())?.connection()?, f),
        }
    }

    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut SqliteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _entered = Entered::new(self.identity)?;
        self.writers.write(f)
    }
}

#[cfg(test)]
mod tests {
    use crm_core::{
        Customer, NewCustomer,
        store::{CustomerFilter, Customers},
    };
    use crm_testkit::Acts;

    use super::*;
    use crate::{error::Failure, table::prepared};

    /// What a store offers beside reading and writing is no way around the refusal, which a closure would otherwise wait for until the deadline.
    #[test]
    fn a_backup_or_a_search_for_damage_in_a_closure_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("crm.db")).unwrap();
        let refused = |result: Result<(), StoreError>| {
            assert_eq!(result.unwrap_err().kind(), &StoreErrorKind::Reentered);
        };
        let all = || {
            refused(store.backup(folder.path().join("copy.db")));
            refused(store.verify().map(drop));
            refused(store.rebuild_search());
            refused(store.compact_search());
            Ok::<_, StoreError>(())
        };
        store.write(|_| all()).unwrap();
        store.read(|_| all()).unwrap();
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name.to_string_lossy().starts_with("crm.db")), "{left:?}");
    }

    /// A statement that keeps no journal of its own, so that SQLite ends the whole transaction where there is no room.
    fn fill(tx: &SqliteTx<'_>) -> Result<(), StoreError> {
        let full = "INSERT INTO crm_counter (name, last) VALUES (hex(zeroblob(4000000)), 1)";
        let done = prepared(tx.connection, full).and_then(|mut insert| insert.execute([]));
        done.map(drop).map_err(|error| Failure::Sql(error).into())
    }

    #[test]
    fn what_ended_a_transaction_is_told_though_another_store_was_called_since() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| SqliteOptions::new().limit_bytes(1 << 20).open(folder.path().join(name)).unwrap();
        let (store, other) = (open("one.db"), open("other.db"));
        let mut act = Acts::new().next("alice");
        let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("Zhang".parse().unwrap())).unwrap();
        let refused = store.write(|tx| {
            assert_eq!(fill(tx).unwrap_err().kind(), &StoreErrorKind::StorageFull);
            other.write(|tx| tx.insert_customer(&zhang))?;
            other.read(|tx| tx.count_customers(&CustomerFilter::default()))
        });
        assert_eq!(refused.unwrap_err().kind(), &StoreErrorKind::StorageFull);

        // The other way round it is the inner one's alone.
        let kept = store.write(|tx| {
            assert!(other.write(|tx| fill(tx)).is_err());
            tx.insert_customer(&zhang)
        });
        assert!(kept.is_ok() && ended_by().is_none());
    }
}

//! The store: one writer at a time, readers on snapshots beside it.

use std::{
    cell::RefCell,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crm_core::store::{Store, StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::{
    connection::{self, Opening},
    error::{Done, Failure, busy},
    schema,
    transaction::SqliteTx,
};

/// How much of what was acknowledged survives a power cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// All of it: `Ok` comes after the disk has it (`synchronous = FULL`).
    #[default]
    Full,
    /// A killed process loses nothing; a power cut or a crash of the system may take the last commits, in their order, and leaves the file whole
    /// (`synchronous = NORMAL`).
    Relaxed,
}

/// How a store is opened.
///
/// ```
/// use crm_store::{Durability, SqliteOptions};
///
/// let store = SqliteOptions::new().durability(Durability::Relaxed).open_in_memory()?;
/// # drop(store);
/// # Ok::<(), crm_core::store::StoreError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct SqliteOptions {
    pub(crate) durability: Durability,
    pub(crate) deadline: Duration,
    pub(crate) read_only: bool,
    pub(crate) limit_bytes: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { durability: Durability::Full, deadline: Duration::from_secs(5), read_only: false, limit_bytes: None }
    }
}

impl SqliteOptions {
    /// Full durability, a deadline of five seconds, no limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// What survives a power cut.
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a writer waits for its turn before [`StoreErrorKind::Contended`]. It does not bound the work or the disk.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Opens the file to look only: every write is [`StoreErrorKind::ReadOnly`], and a file that is not there is not made.
    pub const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// How large the file may grow, rounded up to a page; a write beyond that is [`StoreErrorKind::StorageFull`], and reads go on. The limit binds this store, not other
    /// programs that open the file.
    pub const fn limit_bytes(mut self, bytes: u64) -> Self {
        self.limit_bytes = Some(bytes);
        self
    }

    /// Opens a file, made where there is none.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::ForeignFile`] for a file that is not ours, which is left untouched; [`StoreErrorKind::NewerSchema`];
    /// [`StoreErrorKind::Contended`] where another program holds the file; [`StoreErrorKind::ReadOnly`], [`StoreErrorKind::StorageFull`],
    /// [`StoreErrorKind::Corrupt`] or [`StoreErrorKind::Backend`] as the disk has it.
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, StoreError> {
        SqliteStore::with(Some(path.as_ref().to_owned()), self)
    }

    /// Opens a store in memory, gone when it is dropped. Its reads wait for its writes, since there is one connection.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Backend`] where SQLite has no memory.
    pub fn open_in_memory(self) -> Result<SqliteStore, StoreError> {
        SqliteStore::with(None, self)
    }
}

/// A store in one file, or in memory.
///
/// Writes are serialised, readers see snapshots (WAL) and wait for nobody. Every write begins `IMMEDIATE`, and other processes may work on the same file. Dropping
/// the store closes it.
pub struct SqliteStore {
    /// Tells one store from another when a closure calls back.
    identity: u64,
    path: Option<PathBuf>,
    options: SqliteOptions,
    writer: Mutex<Writer>,
    turn: Condvar,
    /// Connections of readers that are not in use.
    readers: Mutex<Vec<Connection>>,
}

/// The connection of the writer.
enum Writer {
    /// Nobody writes.
    Free(Connection),
    /// Somebody writes.
    Taken,
    /// The last one failed in a way that makes it useless; the next writer opens another.
    Lost,
}

/// Most reader connections that are kept for later.
const KEPT_READERS: usize = 16;

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

    fn with(path: Option<PathBuf>, options: SqliteOptions) -> Result<Self, StoreError> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let started = Instant::now();
        let connection = connection::writer(path.as_deref(), &options, Opening::First)
            .map_err(|failure| contended(failure, started))?;
        Ok(Self {
            identity: STORES.fetch_add(1, Ordering::Relaxed),
            path,
            options,
            writer: Mutex::new(Writer::Free(connection)),
            turn: Condvar::new(),
            readers: Mutex::new(Vec::new()),
        })
    }

    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Waits for the turn to write, which began at `started`.
    fn take_writer(&self, started: Instant) -> Result<Turn<'_>, StoreError> {
        let mut writer = locked(&self.writer);
        while matches!(*writer, Writer::Taken) {
            let left = self.options.deadline.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(StoreErrorKind::Contended { waited: started.elapsed() }.into());
            }
            writer = self.turn.wait_timeout(writer, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        let kept = std::mem::replace(&mut *writer, Writer::Taken);
        drop(writer);
        // From here on the turn is given back whatever happens.
        let mut turn = Turn { store: self, connection: None };
        turn.connection = Some(match (kept, &self.path) {
            (Writer::Free(connection), _) => connection,
            (_, Some(path)) => connection::writer(Some(path), &self.options, Opening::Again)
                .map_err(|failure| contended(failure, started))?,
            // What was in memory is gone with its connection.
            (_, None) => return Err(StoreErrorKind::Closed.into()),
        });
        Ok(turn)
    }

    fn take_reader(&self, path: &Path) -> Result<Connection, StoreError> {
        let kept = locked(&self.readers).pop();
        match kept {
            Some(connection) => Ok(connection),
            None => Ok(connection::reader(path, &self.options)?),
        }
    }

    /// Runs `work` on the writer's connection, outside any transaction, when it is this thread's turn.
    pub(crate) fn on_writer<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Result<T, StoreError> {
        let _entered = Entered::new(self.identity)?;
        let started = Instant::now();
        let mut turn = self.take_writer(started)?;
        work(turn.connection()?).map_err(|failure| contended(failure, started))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A lock that a panic of its holder does not spoil: what it guards is whole at every step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The failure as [`StoreErrorKind::Contended`] where another connection was in the way.
fn contended(failure: Failure, started: Instant) -> StoreError {
    match failure {
        Failure::Sql(error) if busy(&error) => {
            StoreError::new(StoreErrorKind::Contended { waited: started.elapsed() }).caused_by(error)
        }
        failure => failure.into(),
    }
}

/// The turn to write. The connection goes back when it is dropped, also by a panic.
struct Turn<'s> {
    store: &'s SqliteStore,
    /// `None` once it is known to be useless.
    connection: Option<Connection>,
}

impl Turn<'_> {
    fn connection(&mut self) -> Result<&Connection, StoreError> {
        self.connection.as_ref().ok_or_else(|| StoreErrorKind::Closed.into())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let next = match self.connection.take() {
            Some(connection) if connection.is_autocommit() => Writer::Free(connection),
            _ => Writer::Lost,
        };
        *locked(&self.store.writer) = next;
        self.store.turn.notify_one();
    }
}

/// An open transaction; dropped without a commit, also by a panic, it rolls back.
struct Open<'c> {
    connection: &'c Connection,
}

impl<'c> Open<'c> {
    fn begin(connection: &'c Connection, sql: &str) -> Done<Self> {
        connection.prepare_cached(sql)?.execute([])?;
        Ok(Self { connection })
    }

    /// Commits. Where that fails with the transaction still open, the drop that follows rolls back, and nothing is written.
    fn commit(self) -> Result<(), Committing> {
        if self.connection.is_autocommit() {
            return Err(Committing::Not(StoreErrorKind::GroupAborted.into()));
        }
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut statement| statement.execute([]));
        match committed {
            Ok(_) => Ok(()),
            // A full disk is found while the log is written, before anything counts.
            Err(error) if !self.connection.is_autocommit() || full(&error) => {
                Err(Committing::Not(Failure::Sql(error).into()))
            }
            Err(error) => Err(Committing::Unknown(error)),
        }
    }
}

/// How a commit failed.
enum Committing {
    /// It did not happen.
    Not(StoreError),
    /// It may have happened.
    Unknown(rusqlite::Error),
}

fn full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.connection.is_autocommit() {
            // A rollback that fails has nothing left to do: SQLite ended the transaction itself.
            let _ = self.connection.prepare_cached("ROLLBACK").and_then(|mut rollback| rollback.execute([]));
        }
    }
}

thread_local! {
    /// The stores that this thread is inside of.
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Notes that this thread is inside a store, until it is dropped.
struct Entered(u64);

impl Entered {
    fn new(store: u64) -> Result<Self, StoreError> {
        INSIDE.with_borrow_mut(|inside| {
            if inside.contains(&store) {
                return Err(StoreErrorKind::Reentered.into());
            }
            inside.push(store);
            Ok(Self(store))
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|inside| inside.retain(|store| *store != self.0));
    }
}

/// A reader's connection; it goes back when it is dropped, unless its transaction could not be ended or enough are kept.
struct Reading<'s> {
    store: &'s SqliteStore,
    connection: Option<Connection>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take().filter(Connection::is_autocommit) else { return };
        let mut kept = locked(&self.store.readers);
        if kept.len() < KEPT_READERS {
            kept.push(connection);
        } else {
            // Closing may take the disk's time: not while others wait for the list.
            drop(kept);
            drop(connection);
        }
    }
}

fn reading<T, E: From<StoreError>>(
    connection: &Connection,
    f: impl FnOnce(&SqliteTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    // The transaction holds the snapshot from its first look on; there is nothing to commit.
    let _open = Open::begin(connection, "BEGIN DEFERRED").map_err(StoreError::from)?;
    f(&SqliteTx::over(connection))
}

impl Store for SqliteStore {
    type Tx<'t> = SqliteTx<'t>;

    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&SqliteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _entered = Entered::new(self.identity)?;
        let Some(path) = &self.path else {
            let mut turn = self.take_writer(Instant::now())?;
            return reading(turn.connection()?, f);
        };
        let reader = Reading { store: self, connection: Some(self.take_reader(path)?) };
        match &reader.connection {
            Some(connection) => reading(connection, f),
            None => Err(StoreError::from(StoreErrorKind::Closed).into()),
        }
    }

    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut SqliteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        let _entered = Entered::new(self.identity)?;
        let started = Instant::now();
        let mut turn = self.take_writer(started)?;
        let connection = turn.connection()?;
        // Another program may hold the file: it is waited for as long as is left of the deadline.
        let left = connection::timeout(self.options.deadline.saturating_sub(started.elapsed()));
        let open = connection
            .busy_timeout(left)
            .map_err(Failure::Sql)
            .and_then(|()| Open::begin(connection, "BEGIN IMMEDIATE"))
            .map_err(|failure| contended(failure, started))?;
        schema::still_known(connection).map_err(StoreError::from)?;
        let value = f(&mut SqliteTx::over(connection))?;
        match open.commit() {
            Ok(()) => Ok(value),
            Err(Committing::Not(error)) => Err(error.into()),
            Err(Committing::Unknown(error)) => {
                // The connection is not asked again; a store in memory has no other.
                if self.path.is_some() {
                    turn.connection = None;
                }
                Err(StoreError::new(StoreErrorKind::CommitOutcomeUnknown).caused_by(error).into())
            }
        }
    }
}

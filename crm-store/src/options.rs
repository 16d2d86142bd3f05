//! How a store is opened.

use std::{path::Path, time::Duration};

use crm_core::store::StoreError;
#[cfg(doc)]
use crm_core::store::StoreErrorKind;

use crate::store::SqliteStore;

/// How much of what was acknowledged survives a power cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// All of it: `Ok` comes after the disk has it (`synchronous = FULL`).
    #[default]
    Full,
    /// The commits since the last checkpoint may be lost: a power cut or a crash of the system takes the last of them, in their order, though they were acknowledged (in a
    /// simulation, half of the cuts took some). The file stays whole, a killed process loses nothing, and a backup and a store that was closed have everything
    /// (`synchronous = NORMAL`).
    ///
    /// A commit does not wait for the disk then, so it takes a tenth of the time. For what can be done again: an import, a cache, a test.
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
    pub(crate) log_limit_bytes: u64,
    pub(crate) readers: u16,
    pub(crate) group_members: u16,
    pub(crate) group_time: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Full,
            deadline: Duration::from_secs(5),
            read_only: false,
            limit_bytes: None,
            log_limit_bytes: 256 << 20,
            readers: 16,
            group_members: 64,
            group_time: Duration::from_millis(10),
        }
    }
}

impl SqliteOptions {
    /// Full durability, a deadline of five seconds, 16 readers, groups of at most 64 writers and 10 ms, a log of 256 MiB, no limit of the file.
    pub fn new() -> Self {
        Self::default()
    }

    /// What survives a power cut.
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long a writer waits for its turn, and a reader for one of the [`readers`](Self::readers), before [`StoreErrorKind::Contended`]. It does not bound the work or the disk:
    /// a writer whose closure has run waits for its commit as long as that takes.
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

    /// How many writers share one commit at most (one: each has its own), and for how long after its beginning a group takes in another. A group never waits for members: it
    /// closes as soon as nobody is in line. All members are answered together, so the time bounds what the first one waits for the others to start; a closure that takes longer is
    /// not stopped.
    pub const fn group(mut self, members: u16, time: Duration) -> Self {
        self.group_members = members;
        self.group_time = time;
        self
    }

    /// How many reads go on at once at most, at least one; more wait in line. Each has a connection with a cache of its own (up to 16 MB), opened when it is first needed.
    pub const fn readers(mut self, readers: u16) -> Self {
        self.readers = if readers == 0 { 1 } else { readers };
        self
    }

    /// How long the log beside the file (`-wal`) may grow while reads stand in the way of emptying it. Past it, a read that still stands in the way once a quarter of the limit more
    /// was written is ended with [`StoreErrorKind::Interrupted`]; see [`SqliteStore`] for the whole policy. The log needs 32 MB to be copied beside the
    /// writers; with less, writers copy it themselves. Below some 16 MB, reads of no great length are ended beside heavy writing, and at zero all that go on when somebody commits.
    pub const fn log_limit_bytes(mut self, bytes: u64) -> Self {
        self.log_limit_bytes = bytes;
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

    /// Opens a store in memory, gone when it is dropped. Its reads wait for its writes, since there is one connection, and its writers share no commit, since none waits for a
    /// disk.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Backend`] where SQLite has no memory.
    pub fn open_in_memory(self) -> Result<SqliteStore, StoreError> {
        SqliteStore::with(None, self)
    }
}

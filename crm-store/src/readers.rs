//! Readers: a bounded number of connections, each read on a snapshot of its own.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Instant,
};

use crm_core::store::StoreError;
use rusqlite::{Connection, InterruptHandle};

use crate::{
    connection,
    error::{Done, Failure},
    line::{Line, locked},
    options::SqliteOptions,
    schema,
    transaction::SqliteTx,
};

/// The connections that read beside the writer.
pub(crate) struct Readers {
    path: PathBuf,
    options: SqliteOptions,
    /// As many as may read at once; `None` is one that is opened when it is needed.
    line: Line<Option<Reader>>,
    reads: Arc<Reads>,
}

/// A connection, and the read that goes on on it.
struct Reader {
    connection: Connection,
    read: Arc<Read>,
}

/// All reads that go on, so that those which stand in the way of the log can be ended.
#[derive(Default)]
pub(crate) struct Reads {
    /// How often it was asked to end reads.
    calls: AtomicU64,
    /// How many copies of the file are being made: they stand in the way as well, and are not ended.
    copies: AtomicUsize,
    /// One for each connection.
    known: Mutex<Vec<Arc<Read>>>,
}

struct Read {
    /// How often it had been asked when this read began; `None` while none goes on.
    since: Mutex<Option<u64>>,
    interrupt: InterruptHandle,
}

impl Reads {
    /// Whether ending the reads may help.
    pub(crate) fn can_make_way(&self) -> bool {
        self.copies.load(Ordering::Relaxed) == 0
    }

    /// Ends the reads that were there already when this was called the last time: they were let go on, and stand in the way still.
    pub(crate) fn end_those_before_the_last_call(&self) {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        for read in &*locked(&self.known) {
            drop(read.end_where(|since| since < calls));
        }
    }

    /// Ends all reads, and lets none begin while `work` runs.
    pub(crate) fn with_all_ended<T>(&self, work: impl FnOnce() -> T) -> T {
        let known = locked(&self.known);
        // A read that begins, or has ended, waits for its lock.
        let _held: Vec<_> = known.iter().map(|read| read.end_where(|_| true)).collect();
        work()
    }
}

impl Read {
    /// Interrupts what goes on, where `stands_in_the_way` says so of when it began.
    fn end_where(&self, stands_in_the_way: impl FnOnce(u64) -> bool) -> MutexGuard<'_, Option<u64>> {
        // The lock is held, so that it is this read which ends, and not the next one on its connection.
        let since = locked(&self.since);
        if since.is_some_and(stands_in_the_way) {
            self.interrupt.interrupt();
        }
        since
    }
}

impl Readers {
    pub(crate) fn new(path: PathBuf, options: SqliteOptions, reads: Arc<Reads>) -> Self {
        let line = Line::of((0..options.readers).map(|_| None).collect());
        Self { path, options, line, reads }
    }

    /// Runs `f` on a snapshot.
    pub(crate) fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&SqliteTx<'_>) -> Result<T, E>) -> Result<T, E> {
        let kept = self.line.take(Instant::now(), self.options.deadline)?;
        // From here on the place is given back whatever happens.
        let mut reading = Reading { readers: self, reader: kept };
        let reader = match &mut reading.reader {
            Some(reader) => reader,
            none => none.insert(self.opened()?),
        };
        *locked(&reader.read.since) = Some(self.reads.calls.load(Ordering::Relaxed));
        on_a_snapshot(&reader.connection, f)
    }

    /// Runs `work` on a connection of its own, which may stand in the way of the log for as long as it takes.
    pub(crate) fn copy<T>(&self, work: impl FnOnce(&Connection) -> Done<T>) -> Result<T, StoreError> {
        let started = Instant::now();
        let copier = connection::copier(&self.path, &self.options).map_err(|failure| failure.contended(started))?;
        let _copying = Copying::new(&self.reads.copies);
        work(&copier).map_err(|failure| failure.contended(started))
    }

    fn opened(&self) -> Result<Reader, StoreError> {
        let connection = connection::reader(&self.path, &self.options)?;
        let read = Arc::new(Read { since: Mutex::new(None), interrupt: connection.get_interrupt_handle() });
        locked(&self.reads.known).push(Arc::clone(&read));
        Ok(Reader { connection, read })
    }
}

/// Counts a copy while it is made.
struct Copying<'s>(&'s AtomicUsize);

impl<'s> Copying<'s> {
    fn new(copies: &'s AtomicUsize) -> Self {
        copies.fetch_add(1, Ordering::Relaxed);
        Self(copies)
    }
}

impl Drop for Copying<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One of the places to read; it goes back when it is dropped.
struct Reading<'s> {
    readers: &'s Readers,
    reader: Option<Reader>,
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Some(reader) = &self.reader {
            *locked(&reader.read.since) = None;
        }
        self.readers.line.give(self.reader.take());
    }
}

/// Runs `f` on a snapshot of a connection.
///
/// The snapshot is held by a statement that stays at its row until `f` has ended. That is one statement where `BEGIN` and `ROLLBACK` are two, it finds newer tables at each read, and an
/// interrupt holds for all that `f` still asks, not for the statement alone that runs at that moment.
pub(crate) fn on_a_snapshot<T, E: From<StoreError>>(
    connection: &Connection,
    f: impl FnOnce(&SqliteTx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut statement = connection.prepare_cached(schema::VERSION).map_err(Failure::Sql).map_err(StoreError::from)?;
    let mut rows = statement.query([]).map_err(Failure::Sql).map_err(StoreError::from)?;
    schema::found_is_known(&mut rows).map_err(StoreError::from)?;
    f(&SqliteTx::over(connection))
}

#[cfg(test)]
mod tests;

//! Copying the log into the file beside the writers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;

use crate::{connection, line::locked, options::SqliteOptions};

/// A thread that copies the log into the file whenever it is asked to. It is started when it is asked for the first time, and ended when this is dropped.
pub(crate) struct Copying {
    path: PathBuf,
    options: SqliteOptions,
    shared: Arc<Shared>,
    thread: Mutex<Option<Copier>>,
}

#[derive(Default)]
struct Shared {
    /// Held by whoever copies: SQLite lets one do it at a time.
    at_work: Mutex<()>,
    /// How many pages the log had when they were copied last.
    pages: AtomicU64,
}

struct Copier {
    asked: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Copying {
    pub(crate) fn new(path: &Path, options: &SqliteOptions) -> Self {
        let (path, options) = (path.to_owned(), options.clone());
        Self { path, options, shared: Arc::default(), thread: Mutex::new(None) }
    }

    /// Asks for what is in the log to be copied, and does not wait for it.
    pub(crate) fn ask(&self) {
        let mut thread = locked(&self.thread);
        if thread.is_none() {
            *thread = self.started();
        }
        // One that is asked already copies what has come since, too.
        let asked = thread.as_ref().map(|copier| copier.asked.try_send(()));
        if let Some(Err(TrySendError::Disconnected(()))) = asked {
            // It could not open the file. The next time it may.
            *thread = None;
        }
    }

    /// Without a thread SQLite copies by itself, once the log is as long as it may be at all.
    fn started(&self) -> Option<Copier> {
        let (asked, asks) = sync_channel(1);
        let (path, options, shared) = (self.path.clone(), self.options.clone(), Arc::clone(&self.shared));
        let copy = move || copy_when_asked(&path, &options, &shared, &asks);
        let thread = thread::Builder::new().name("crm-store log".into()).spawn(copy).ok()?;
        Some(Copier { asked, thread })
    }

    /// Copies the last pages of a log that has `enough` of them, where nobody copies.
    pub(crate) fn finish(&self, connection: &Connection, enough: u64) {
        if self.shared.pages.load(Ordering::Relaxed) < enough {
            return;
        }
        if let Ok(at_work) = self.shared.at_work.try_lock() {
            AtWork { shared: &self.shared, _at_work: at_work }.finish(connection);
        }
    }

    /// The right to copy, as soon as nobody does.
    pub(crate) fn pause(&self) -> AtWork<'_> {
        AtWork { shared: &self.shared, _at_work: locked(&self.shared.at_work) }
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        if let Some(Copier { asked, thread }) = locked(&self.thread).take() {
            drop(asked);
            // It has nothing to say, and its connection is to be closed before the last one is.
            let _ = thread.join();
        }
    }
}

/// The right to copy the log.
pub(crate) struct AtWork<'c> {
    shared: &'c Shared,
    _at_work: MutexGuard<'c, ()>,
}

impl AtWork<'_> {
    /// Copies what no read needs as it was. What fails is left to the next one: nothing is lost, the log is longer.
    fn copy(&self, connection: &Connection) {
        let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1));
        self.shared.pages.store(pages.map_or(0, |pages| u64::try_from(pages).unwrap_or(0)), Ordering::Relaxed);
    }

    /// Copies what is left, on the connection of the one who has the turn. Where a read needed some of it as it was, the thread will find the log as long as it is.
    pub(crate) fn finish(&self, connection: &Connection) {
        self.copy(connection);
        self.nothing_left();
    }

    /// Takes down that nothing is left to copy.
    pub(crate) fn nothing_left(&self) {
        self.shared.pages.store(0, Ordering::Relaxed);
    }
}

fn copy_when_asked(path: &Path, options: &SqliteOptions, shared: &Shared, asks: &Receiver<()>) {
    let Ok(connection) = connection::copier(path, options) else { return };
    for () in asks {
        AtWork { shared, _at_work: locked(&shared.at_work) }.copy(&connection);
    }
}

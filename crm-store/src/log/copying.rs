//! Copying the log into the file beside the writers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
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
    /// How many pages the log had when the thread copied them; none once what has come since is copied as well. Held by whoever copies: SQLite lets one do it at a time.
    copied: Arc<Mutex<u64>>,
    thread: Mutex<Option<Copier>>,
}

struct Copier {
    asked: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Copying {
    pub(crate) fn new(path: &Path, options: &SqliteOptions) -> Self {
        Self { path: path.to_owned(), options: options.clone(), copied: Arc::default(), thread: Mutex::new(None) }
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
        let (path, options, copied) = (self.path.clone(), self.options.clone(), Arc::clone(&self.copied));
        let copy = move || copy_when_asked(&path, &options, &copied, &asks);
        let thread = thread::Builder::new().name("crm-store log".into()).spawn(copy).ok()?;
        Some(Copier { asked, thread })
    }

    /// Where the thread has copied so many pages and is done, copies those that came since, on the connection of the one who has the turn.
    pub(crate) fn finish(&self, connection: &Connection, enough: u64) {
        if let Ok(mut copied) = self.copied.try_lock()
            && *copied >= enough
        {
            copy(connection);
            *copied = 0;
        }
    }

    /// Lets `work` copy what is left, as soon as nobody else copies. Where it could not copy all, the thread will find the log as long as it is.
    pub(crate) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let mut copied = locked(&self.copied);
        *copied = 0;
        work()
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

/// Copies what no read needs as it was, and tells how many pages the log has. What fails is left to the next one: nothing is lost, the log is longer.
pub(crate) fn copy(connection: &Connection) -> u64 {
    let pages = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(1));
    pages.map_or(0, |pages| u64::try_from(pages).unwrap_or(0))
}

fn copy_when_asked(path: &Path, options: &SqliteOptions, copied: &Mutex<u64>, asks: &Receiver<()>) {
    let Ok(connection) = connection::copier(path, options) else { return };
    for () in asks {
        let mut copied = locked(copied);
        *copied = copy(&connection);
    }
}

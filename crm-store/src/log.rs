//! The log beside the file: who copies it into the file, and how long it may grow.

mod copying;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;

use self::copying::{Copying, copy};
use crate::{options::SqliteOptions, readers::Reads};

/// How long a writer waits for reads to end before the log is emptied; the others in line wait with it. Most reads are over by then.
const WAIT: Duration = Duration::from_millis(20);

/// What a row that is changed writes to the log at most, roughly: the pages of its table and of its indexes.
const A_ROW: u64 = 64 << 10;

/// The length of the log is looked at after so many changed rows, or fewer where the limit is low.
const MOST_ROWS: u64 = 256;

/// The log is copied after so many changed rows, each commit counted for some more: 4 000 to 6 000 pages, as the operations of the library write them.
const COPIED_ROWS: u64 = 2_560;
/// For how many rows a commit counts: a single row with its indexes takes five pages, sixteen rows take 45.
const A_COMMIT: u64 = 2;

/// So many pages in the log (16 MB) are enough: once they are copied, the next writer copies what has come since.
const ENOUGH: u64 = 4_000;

/// Longer than this the log only gets by a long transaction, or where writers are faster than the copying: then a writer waits for it, and copies the rest.
const LONG: u64 = 40 << 20;

/// Keeps the log from growing without bound. A thread copies it into the file while writers go on; SQLite begins it anew at the first write that finds all of it copied and no read
/// that needs it. While writers go on there is always a newer page than what the thread has copied, so once the log is long enough, a writer copies the few that are left. Where
/// there is always some read that needs the log, it is cut past its limit.
pub(crate) struct Log {
    /// Where it stands and who copies it; `None` in memory, where there is none, and where nothing is written.
    file: Option<(PathBuf, Copying)>,
    limit: u64,
    /// The length up to which the thread alone copies it.
    long: AtomicU64,
    /// The length past which reads are waited for and ended.
    too_long: AtomicU64,
    /// How often that was tried in vain since the log was emptied last.
    tries: AtomicU64,
    /// How many rows the connection has changed.
    changed: AtomicU64,
    /// What was written since its length was looked at last, in rows.
    unseen: AtomicU64,
    /// What was written since it was last asked to be copied, in rows.
    uncopied: AtomicU64,
    reads: Arc<Reads>,
}

impl Log {
    pub(crate) fn beside(path: Option<&Path>, options: &SqliteOptions, reads: Arc<Reads>) -> Self {
        let file = path.filter(|_| !options.read_only).map(|path| {
            let mut name = path.as_os_str().to_owned();
            name.push("-wal");
            (PathBuf::from(name), Copying::new(path, options))
        });
        let limit = options.log_limit_bytes;
        Self {
            file,
            limit,
            long: AtomicU64::new(LONG),
            too_long: AtomicU64::new(limit),
            tries: AtomicU64::new(0),
            changed: AtomicU64::new(0),
            unseen: AtomicU64::new(0),
            uncopied: AtomicU64::new(0),
            reads,
        }
    }

    /// After a commit, on the connection of the one who has the turn: nobody else writes.
    pub(crate) fn tend(&self, connection: &Connection) {
        let Some((file, copying)) = &self.file else { return };
        copying.finish(connection, ENOUGH);
        let changed = connection.total_changes();
        let rows = changed.abs_diff(self.changed.swap(changed, Ordering::Relaxed));
        if due(&self.uncopied, rows + A_COMMIT, COPIED_ROWS) {
            copying.ask();
        }
        // To ask for the length after each commit makes the next one half as slow again: the system must then note a new time of change with it.
        if !due(&self.unseen, rows, (self.limit / A_ROW).clamp(1, MOST_ROWS)) {
            return;
        }
        let length = fs::metadata(file).map_or(0, |file| file.len());
        if length > self.limit {
            copying.alone(|| self.cut(connection, length));
        } else if length > self.long.fetch_max(length, Ordering::Relaxed) {
            // What is begun anew stays as long as it was.
            copying.alone(|| copy(connection));
        }
    }

    /// Cuts a log of this length to nothing, past its limit.
    fn cut(&self, connection: &Connection, length: u64) {
        // First without anybody's harm, which also leaves little to be copied while reads are waited for.
        let grown = length > self.too_long.load(Ordering::Relaxed) && self.reads.can_make_way();
        if emptied(connection, Duration::ZERO) || grown && self.emptied_without_reads(connection) {
            self.long.store(LONG, Ordering::Relaxed);
            self.tries.store(0, Ordering::Relaxed);
            self.too_long.store(self.limit, Ordering::Relaxed);
        } else if grown {
            self.tries.fetch_add(1, Ordering::Relaxed);
            self.too_long.store(length.saturating_add(self.limit / 4), Ordering::Relaxed);
        }
    }

    /// Waits for reads, and ends those that were waited for already. Where none was there for so long and the log grew on, they overlap all the time: then all are ended, and none begins.
    fn emptied_without_reads(&self, connection: &Connection) -> bool {
        if self.tries.load(Ordering::Relaxed) > 1 {
            return self.reads.with_all_ended(|| emptied(connection, WAIT));
        }
        self.reads.end_those_before_the_last_call();
        emptied(connection, WAIT)
    }
}

/// Adds to a count, and says whether it has come so far; then it begins anew.
fn due(count: &AtomicU64, more: u64, enough: u64) -> bool {
    let sum = count.load(Ordering::Relaxed).saturating_add(more);
    count.store(if sum >= enough { 0 } else { sum }, Ordering::Relaxed);
    sum >= enough
}

/// Copies the log into the file and cuts it to nothing; `false` where a read, or another program, stands in the way, or the disk fails. Then nothing is lost: the log is longer.
fn emptied(connection: &Connection, wait: Duration) -> bool {
    let _ = connection.busy_timeout(wait);
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    let _ = connection.busy_timeout(Duration::ZERO);
    busy.is_ok_and(|busy| !busy)
}

//! Opening a file: whose it is, and how a connection to it is set up.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crm_core::store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error::{Done, Failure, busy},
    options::{Durability, SqliteOptions},
    schema,
};

/// `application_id` of a file that this library made: the letters `crm1`.
const APPLICATION_ID: i32 = 0x6372_6D31;

/// More statements than a program uses at once, so that each is prepared once a connection: some 150 of the library, and one for each set of fields that it lists by or changes together.
const STATEMENT_CACHE: usize = 256;

/// Pages that a connection keeps in memory, in KiB: so much only where so much was read. SQLite's own 2 MB do not hold the upper levels of the indexes of a large file:
/// gets scattered over 250 MB took 0.57 of their time with 16 MB and 0.47 with 64 MB. A map of the file in memory (`mmap_size`) gave nothing beside it.
const CACHE_KIB: i64 = 16 * 1_024;

/// So long as a transaction changes less, in KiB, its pages stay in memory until it commits, beyond what a connection keeps otherwise. What is more goes to the log before that, and where
/// such a page changes once more, SQLite reads the log back from there on and sums it up anew. A batch of an import changes pages all over the indexes.
const CHANGED_KIB: i64 = 64 * 1_024;

/// From so many pages in the log on (32 MB), a commit copies them itself, as SQLite does it: where a transaction is as long, or the thread that copies falls behind.
const MOST_PAGES: i64 = 8_000;

/// Whether the file may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    /// The store is being opened.
    First,
    /// The store is open: a file that is not there any more was taken away, and a new one in its place would be another store.
    Again,
}

/// How often it is looked whether another program still holds the file. SQLite's own waiting looks every 100 ms in the end, and would hardly ever meet the moment between two commits
/// of a neighbour that writes all the time.
pub(crate) const LOOK: Duration = Duration::from_micros(250);

/// The connection that writes: makes the file where there is none, and brings its tables up to date. Another program is waited for until the deadline after `started`.
pub(crate) fn writer(
    path: Option<&Path>,
    options: &SqliteOptions,
    opening: Opening,
    started: Instant,
) -> Result<Connection, StoreError> {
    loop {
        let left = options.deadline.saturating_sub(started.elapsed());
        match writer_within(path, options, opening, left) {
            // SQLite does not wait where two who make a file at once would wait for each other.
            Err(Failure::Sql(error)) if busy(&error) && !left.is_zero() => thread::sleep(LOOK.min(left)),
            opened => return opened.map_err(|failure| failure.contended(started)),
        }
    }
}

fn writer_within(path: Option<&Path>, options: &SqliteOptions, opening: Opening, left: Duration) -> Done<Connection> {
    let mut connection = opened(path, options, opening, left)?;
    if options.read_only {
        return Ok(connection);
    }
    if path.is_some() {
        // The mode stands in the file; asking for it again does nothing.
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode != "wal" {
            let must = "the file must be on a file system whose files can be shared in memory (WAL)";
            return Err(StoreErrorKind::Unsuitable { must }.into());
        }
    }
    synced(&connection, options)?;
    connection.pragma_update(None, "wal_autocheckpoint", MOST_PAGES)?;
    schema::migrate(&mut connection)?;
    // A savepoint around each record copies the pages that it changes: into memory, not into a temporary file. After the migrations, which may sort more than memory holds.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_spill", -CHANGED_KIB)?;
    if let Some(bytes) = options.limit_bytes {
        let page_size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = bytes.div_ceil(page_size.unsigned_abs().max(1));
        connection.pragma_update(None, "max_page_count", i64::try_from(pages).unwrap_or(i64::MAX))?;
    }
    // From here on writers wait for other programs themselves.
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Done<Connection> {
    let connection = opened(Some(path), options, Opening::Again, options.deadline)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A connection that copies the file, or the log into the file, beside the writer: it changes nothing either, but SQLite takes the copy for a change.
pub(crate) fn copier(path: &Path, options: &SqliteOptions) -> Done<Connection> {
    let connection = opened(Some(path), options, Opening::Again, options.deadline)?;
    synced(&connection, options)?;
    Ok(connection)
}

/// How far what is written gets before it counts.
fn synced(connection: &Connection, options: &SqliteOptions) -> Done<()> {
    let full = options.durability == Durability::Full;
    connection.pragma_update(None, "synchronous", if full { "FULL" } else { "NORMAL" })?;
    // Where the system's fsync does not reach the disk (macOS), this does; elsewhere it changes nothing.
    connection.pragma_update(None, "fullfsync", full)?;
    connection.pragma_update(None, "checkpoint_fullfsync", full)?;
    Ok(())
}

/// A connection, set up, to a file that is ours or, where it may be made, empty. A statement waits for other programs for as long as is given.
fn opened(path: Option<&Path>, options: &SqliteOptions, opening: Opening, wait: Duration) -> Done<Connection> {
    let may_make = opening == Opening::First && !options.read_only;
    let access = match options.read_only {
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
        false => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let made = if may_make { OpenFlags::SQLITE_OPEN_CREATE } else { OpenFlags::empty() };
    let flags = access | made | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match path {
        Some(path) => {
            long_enough(path)?;
            Connection::open_with_flags(path, flags)?
        }
        None => Connection::open_in_memory_with_flags(flags)?,
    };
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Plans do not depend on the values that are bound. Without this, SQLite compiles most cached statements anew whenever they are bound anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(timeout(wait))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    schema::suitable(&connection)?;
    let empty = !ours(&connection)?;
    match (empty, may_make) {
        (true, true) => connection.pragma_update(None, "application_id", APPLICATION_ID)?,
        (true, false) => return Err(StoreErrorKind::ForeignFile.into()),
        (false, true) => schema::not_newer(&connection)?,
        (false, false) => schema::usable(&connection)?,
    }
    Ok(connection)
}

/// A time to wait as SQLite can count it: whole milliseconds in 31 bits.
pub(crate) fn timeout(time: Duration) -> Duration {
    time.clamp(Duration::from_millis(1), Duration::from_millis(i32::MAX.unsigned_abs().into()))
}

/// Refuses a file that is shorter than any database: SQLite would take it for empty and write over it. Its length is asked, and it is never opened here: closing it again would
/// take away the locks that this process holds on it through SQLite.
fn long_enough(path: &Path) -> Done<()> {
    const SHORTEST: u64 = 512;
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() && (1..SHORTEST).contains(&file.len()) => Err(StoreErrorKind::ForeignFile.into()),
        _ => Ok(()),
    }
}

/// Whether the file is one that this library made, or else an empty one; whatever else it is, is refused, untouched. Here it also turns out that a file is no database.
fn ours(connection: &Connection) -> Done<bool> {
    let ask = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (ask("application_id")?, objects) {
        (APPLICATION_ID, 1..) => Ok(true),
        // Marked, and nothing in it: whoever made it did not get further.
        (0 | APPLICATION_ID, 0) if ask("user_version")? == 0 => Ok(false),
        _ => Err(StoreErrorKind::ForeignFile.into()),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_cached_statement_is_not_compiled_anew_when_it_is_bound_anew() {
        let connection = writer(None, &SqliteOptions::new(), Opening::First, Instant::now()).unwrap();
        for customer in 0..3 {
            let sql = "SELECT tag FROM crm_customer_tag WHERE customer = ?1 ORDER BY place";
            let mut statement = connection.prepare_cached(sql).unwrap();
            assert!(!statement.exists([customer]).unwrap());
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}

//! Opening a file: whose it is, and how a connection to it is set up.

use std::{fs::File, io::Read, path::Path, time::Duration};

use crm_core::store::StoreErrorKind;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

use crate::{
    error::{Done, Failure},
    schema,
    store::{Durability, SqliteOptions},
};

/// `application_id` of a file that this library made: the letters `crm1`.
const APPLICATION_ID: i32 = 0x6372_6D31;

/// More statements than the library has, so that each is prepared once a connection.
const STATEMENT_CACHE: usize = 256;

/// The connection that writes: makes the file where there is none, and brings its tables up to date.
pub(crate) fn writer(path: Option<&Path>, options: &SqliteOptions) -> Done<Connection> {
    let mut connection = opened(path, options)?;
    if options.read_only {
        schema::usable(&connection)?;
        return Ok(connection);
    }
    match schema::version(&connection)? {
        Some(found) if found > schema::known() => {
            return Err(StoreErrorKind::NewerSchema { found, known: schema::known() }.into());
        }
        Some(_) => {}
        None => claim(&connection)?,
    }
    // The mode stands in the file; asking for it again does nothing.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(
        None,
        "synchronous",
        match options.durability {
            Durability::Full => "FULL",
            Durability::Relaxed => "NORMAL",
        },
    )?;
    schema::migrate(&mut connection)?;
    // A savepoint around each record copies the pages that it changes: into memory, not into a temporary file. After the migrations, which may sort more than memory holds.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    if let Some(bytes) = options.limit_bytes {
        let page_size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = bytes.div_ceil(page_size.unsigned_abs().max(1));
        connection.pragma_update(None, "max_page_count", i64::try_from(pages).unwrap_or(i64::MAX))?;
    }
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(crate) fn reader(path: &Path, options: &SqliteOptions) -> Done<Connection> {
    let connection = opened(Some(path), options)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn opened(path: Option<&Path>, options: &SqliteOptions) -> Done<Connection> {
    let access = match options.read_only {
        true => OpenFlags::SQLITE_OPEN_READ_ONLY,
        false => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match path {
        Some(path) => {
            database_or_empty(path)?;
            Connection::open_with_flags(path, flags)?
        }
        None => Connection::open_in_memory_with_flags(flags)?,
    };
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    // Plans do not depend on the values that are bound. Without this, SQLite compiles most cached statements anew whenever they are bound anew.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.busy_timeout(options.deadline.max(Duration::from_millis(1)))?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The first look at the file itself: here it turns out that it is no database.
    connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
    Ok(connection)
}

/// Refuses a file that holds something and is no database. SQLite would take a very short one for empty and write over it.
fn database_or_empty(path: &Path) -> Done<()> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut head = Vec::new();
    // A file that cannot be read is left to SQLite, which says why.
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut head));
    if read.is_ok() && !head.is_empty() && head != MAGIC {
        return Err(StoreErrorKind::ForeignFile.into());
    }
    Ok(())
}

/// Marks an empty file as ours, and refuses one that holds anything else, untouched.
fn claim(connection: &Connection) -> Done<()> {
    let ask = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = [0, APPLICATION_ID].contains(&ask("application_id")?);
    if objects > 0 || !ours || ask("user_version")? != 0 {
        return Err(StoreErrorKind::ForeignFile.into());
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(Failure::Sql)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_cached_statement_is_not_compiled_anew_when_it_is_bound_anew() {
        let connection = writer(None, &SqliteOptions::new()).unwrap();
        for customer in 0..3 {
            let sql = "SELECT tag FROM crm_customer_tag WHERE customer = ?1 ORDER BY place";
            let mut statement = connection.prepare_cached(sql).unwrap();
            assert!(!statement.exists([customer]).unwrap());
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}

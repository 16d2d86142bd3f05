//! The version of the tables, and the way from one version to the next.

use crm_core::store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, Error, Rows, TransactionBehavior};

use crate::error::{Done, Failure};

/// The migrations in their order; the first one makes version 1. A migration is frozen with the first release that has it.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql")];

/// The oldest SQLite that has what the tables need: STRICT tables came with 3.37, deletion without a trace from the index of a search with 3.42.
const OLDEST_SQLITE: i32 = 3_042_000;

/// The newest version that this library knows.
pub(crate) fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// The version of the tables in a database; `None` where it has none of them.
pub(crate) fn version(connection: &Connection) -> Done<Option<u32>> {
    let there: bool = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'crm_schema'",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(None);
    }
    match connection.query_row(VERSION, [], |row| row.get(0)) {
        Ok(version) => Ok(Some(version)),
        Err(
            Error::QueryReturnedNoRows
            | Error::InvalidColumnType(..)
            | Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..),
        ) => Err(StoreErrorKind::Corrupt { table: "crm_schema", column: "version", row: None }.into()),
        Err(other) => Err(other.into()),
    }
}

/// Asks for the version of tables that are there.
pub(crate) const VERSION: &str = "SELECT version FROM crm_schema";

/// Refuses tables that are newer than this library; for a transaction that may have waited while another program brought them up to date.
pub(crate) fn still_known(connection: &Connection) -> Done<()> {
    found_is_known(&mut connection.prepare_cached(VERSION)?.query([])?)
}

/// The same of the answer to [`VERSION`].
pub(crate) fn found_is_known(rows: &mut Rows<'_>) -> Done<()> {
    let row = rows.next()?.ok_or(Error::QueryReturnedNoRows)?;
    let found: u32 = row.get(0)?;
    if found > known() { Err(StoreErrorKind::NewerSchema { found, known: known() }.into()) } else { Ok(()) }
}

/// The same where there may be no tables yet.
pub(crate) fn not_newer(connection: &Connection) -> Done<()> {
    match version(connection)? {
        Some(found) if found > known() => Err(StoreErrorKind::NewerSchema { found, known: known() }.into()),
        _ => Ok(()),
    }
}

/// Refuses a connection that the tables cannot be used on, or whose tables are missing, older or newer.
pub(crate) fn usable(connection: &Connection) -> Done<()> {
    suitable(connection)?;
    match version(connection)? {
        None => Err(StoreErrorKind::NotInstalled.into()),
        Some(found) if found > known() => Err(StoreErrorKind::NewerSchema { found, known: known() }.into()),
        Some(found) if found < known() => {
            Err(StoreErrorKind::Unsuitable { must: "the tables must be brought up to date by install" }.into())
        }
        Some(_) => Ok(()),
    }
}

/// Refuses an SQLite that is too old or has no full-text search, and a connection that does not check references.
pub(crate) fn suitable(connection: &Connection) -> Done<()> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreErrorKind::Unsuitable { must: "SQLite must be 3.42.0 or newer" }.into());
    }
    match connection.prepare_cached("SELECT fts5_source_id()") {
        Ok(_) => {}
        // Any other failure is that of the file, not of the function.
        Err(Error::SqlInputError { .. }) => {
            return Err(StoreErrorKind::Unsuitable { must: "SQLite must have full-text search (FTS5)" }.into());
        }
        Err(error) => return Err(error.into()),
    }
    if !connection.pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0))? {
        return Err(StoreErrorKind::Unsuitable { must: "foreign keys must be on (PRAGMA foreign_keys = ON)" }.into());
    }
    if connection.pragma_query_value(None, "defer_foreign_keys", |row| row.get::<_, bool>(0))? {
        let must = "foreign keys must be checked at once (PRAGMA defer_foreign_keys = OFF)";
        return Err(StoreErrorKind::Unsuitable { must }.into());
    }
    Ok(())
}

/// Adds the tables to the host's own file, or brings them up to the version of this library. All are named `crm_…`; the host's tables, `application_id`
/// and `user_version` stay as they are.
///
/// Call it once when the host's program starts, outside a transaction; it is one transaction of its own and does nothing where the tables are up to date.
///
/// # Errors
///
/// [`StoreErrorKind::Unsuitable`] where foreign keys are off or SQLite is too old or without FTS5, [`StoreErrorKind::NewerSchema`] where the tables are newer than this
/// library, [`StoreErrorKind::Backend`] with SQLite's own error where a statement fails; then nothing is changed.
///
/// ```
/// use crm_store::{SqliteTx, install, rusqlite::Connection};
///
/// let mut host = Connection::open_in_memory()?;
/// host.execute_batch("PRAGMA foreign_keys = ON; CREATE TABLE invoice (number TEXT)")?;
/// install(&mut host)?;
///
/// let tx = host.transaction()?;
/// tx.execute("INSERT INTO invoice VALUES ('2026-17')", [])?;
/// let crm = SqliteTx::join(&tx)?; // operations on `crm` share the host's commit
/// # drop(crm);
/// tx.commit()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn install(connection: &mut Connection) -> Result<(), StoreError> {
    suitable(connection)?;
    Ok(migrate(connection)?)
}

/// Brings the tables from whatever version they have to the newest, in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Done<()> {
    if version(connection)? == Some(known()) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again now that nobody else can migrate.
    not_newer(&transaction)?;
    let found = version(&transaction)?;
    if found.is_none() {
        transaction.execute_batch(
            "CREATE TABLE crm_schema (version INTEGER NOT NULL) STRICT; INSERT INTO crm_schema VALUES (0);",
        )?;
    }
    let done = usize::try_from(found.unwrap_or(0)).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.execute("UPDATE crm_schema SET version = ?1", [known()])?;
    transaction.commit().map_err(Failure::Sql)
}

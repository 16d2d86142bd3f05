//! A transaction: our own, or the host's.

use crm_core::store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, Transaction};

use crate::schema;

/// A transaction over the tables. It holds nothing but a connection, so it is ours inside [`SqliteStore::write`](crate::SqliteStore) and the host's after
/// [`SqliteTx::join`].
#[derive(Debug)]
pub struct SqliteTx<'t> {
    pub(crate) connection: &'t Connection,
}

impl<'t> SqliteTx<'t> {
    pub(crate) const fn over(connection: &'t Connection) -> Self {
        Self { connection }
    }

    /// The connection, to write: refused once SQLite ended the transaction by itself, as it does after some failures of the disk. What came next would be
    /// committed row by row.
    pub(crate) fn writing(&mut self) -> Result<&'t Connection, StoreError> {
        if self.connection.is_autocommit() { Err(StoreErrorKind::GroupAborted.into()) } else { Ok(self.connection) }
    }

    /// Joins the host's own transaction: what operations write through the value is committed or rolled back by the host, together with the host's rows.
    ///
    /// Begin the host's transaction as `IMMEDIATE` where others write to the file too: a deferred one may find it busy in the middle. After an error of an operation roll the
    /// transaction back: the record that it was about is undone, but not what the operation had written before. A cache of 256 statements
    /// (`Connection::set_prepared_statement_cache_capacity`) holds what a program uses at once: some 150, and one for each set of fields that it lists by or changes together; rusqlite's
    /// default of 16 prepares them again and again. So does SQLite by itself, unless `SQLITE_DBCONFIG_ENABLE_QPSG` is on (`Connection::set_db_config`): reads then take a third of the time.
    ///
    /// Inserting many at once puts them in temporary tables first, named `new_` and the table (empty afterwards, and kept for the next time), and switches the check of foreign keys
    /// off (`SQLITE_DBCONFIG_ENABLE_FKEY`) while SQLite moves rows that were checked; it is on again before the call ends, whatever happens. Where the host has a trigger on one of the
    /// tables, they are inserted one by one instead, so that what the trigger writes is checked.
    ///
    /// # Errors
    ///
    /// [`NotInstalled`](crm_core::store::StoreErrorKind::NotInstalled) without our tables, [`NewerSchema`](crm_core::store::StoreErrorKind::NewerSchema) where they are
    /// newer than this library, [`Unsuitable`](crm_core::store::StoreErrorKind::Unsuitable) where they are older, foreign keys are off, or SQLite is too
    /// old.
    pub fn join(transaction: &'t Transaction<'_>) -> Result<Self, StoreError> {
        schema::usable(transaction)?;
        Ok(Self::over(transaction))
    }
}

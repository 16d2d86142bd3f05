//! A transaction: our own, or the host's.

use std::{any::Any, cell::RefCell, fmt};

use crm_core::{
    Keyed,
    store::{StoreError, StoreErrorKind},
};
use rusqlite::{Connection, Transaction};

use crate::{
    error::Done,
    schema,
    table::{self, Table},
};

/// A transaction over the tables: ours inside [`SqliteStore::write`](crate::SqliteStore), the host's after [`SqliteTx::join`].
pub struct SqliteTx<'t> {
    pub(crate) connection: &'t Connection,
    /// The last record of each family that was read by its id and not written since, where all that is written is written through this value: an operation reads a record and
    /// then updates it, and what it read tells which parts change.
    read: Option<RefCell<Vec<Box<dyn Any>>>>,
    /// What was done under each idempotency key.
    pub(crate) keyed: Keyed,
}

impl fmt::Debug for SqliteTx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteTx").field("connection", self.connection).finish_non_exhaustive()
    }
}

impl<'t> SqliteTx<'t> {
    /// Our own, to write.
    pub(crate) fn writer(connection: &'t Connection) -> Self {
        Self { connection, read: Some(RefCell::new(Vec::new())), keyed: Keyed::default() }
    }

    /// One that is not alone, or only reads.
    pub(crate) fn over(connection: &'t Connection) -> Self {
        Self { connection, read: None, keyed: Keyed::default() }
    }

    /// The record with an id.
    pub(crate) fn get<T: Table>(&self, id: T::Id) -> Done<Option<T>> {
        let found: Option<T> = table::get(self.connection, id)?;
        if let (Some(read), Some(record)) = (&self.read, &found) {
            let mut read = read.borrow_mut();
            read.retain(|other| !other.is::<T>());
            read.push(Box::new(record.clone()));
        }
        Ok(found)
    }

    /// A record as it was read in the revision that is to be updated.
    pub(crate) fn last_read<T: Table>(&self, record: &T) -> Option<T> {
        let mut read = self.read.as_ref()?.borrow_mut();
        let place = read.iter().position(|other| other.is::<T>())?;
        let last = read.swap_remove(place).downcast::<T>().ok()?;
        (last.id() == record.id() && last.revision() == record.revision()).then_some(*last)
    }

    /// The connection, to write to a family.
    pub(crate) fn changing<T: Table>(&mut self) -> Result<&'t Connection, StoreError> {
        if let Some(read) = &mut self.read {
            read.get_mut().retain(|other| !other.is::<T>());
        }
        self.writing()
    }

    /// The connection, to write: refused once SQLite ended the transaction by itself, as it does after some failures of the disk. What came next would be
    /// committed row by row.
    pub(crate) fn writing(&mut self) -> Result<&'t Connection, StoreError> {
        if self.connection.is_autocommit() { Err(StoreErrorKind::GroupAborted.into()) } else { Ok(self.connection) }
    }

    /// Joins the host's own transaction: what operations write through the value is committed or rolled back by the host, together with the host's rows.
    ///
    /// Join once for a transaction: the value also counts what was done under each idempotency key ([`once`](crm_core::once)).
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

#[cfg(test)]
mod tests {
    use crm_core::store::{Customers, Store, StoreError};
    use crm_testkit::sample;

    use crate::{SqliteStore, plans};

    #[test]
    fn an_update_does_not_read_again_what_its_transaction_has_read() {
        let store = SqliteStore::open_in_memory().unwrap();
        let mut zhang = sample::customer(1);
        zhang.tags = ["gold", "trial"].map(|tag| tag.parse().unwrap()).into();
        let (id, other) = (zhang.id, sample::customer(2));
        store.write(|tx| tx.insert_customer(&zhang).and_then(|()| tx.insert_customer(&other))).unwrap();
        let mut change = |read: bool, tag: &str| {
            zhang.tags.insert(tag.parse().unwrap());
            let (revision, statements) = plans::count(|| {
                store.write(|tx| {
                    // What it was is read, and another record after it or before it.
                    let (first, second) = if read { (other.id, id) } else { (id, other.id) };
                    assert!(tx.customer(first)?.is_some() && tx.customer(second)?.is_some());
                    tx.update_customer(&zhang)
                })
            });
            zhang.revision = revision.unwrap();
            assert_eq!(store.read(|tx| tx.customer(id)).unwrap().as_ref(), Some(&zhang));
            statements
        };
        let tables_of_parts = change(false, "alpha") - change(true, "beta");
        assert!(tables_of_parts >= 2, "{tables_of_parts}");
    }

    #[test]
    fn what_was_read_is_forgotten_once_it_is_written() {
        let store = SqliteStore::open_in_memory().unwrap();
        let zhang = sample::customer(1);
        store.write(|tx| tx.insert_customer(&zhang)).unwrap();
        let tagged = |tags: &[&str]| {
            let mut zhang = zhang.clone();
            zhang.tags = tags.iter().map(|tag| tag.parse().unwrap()).collect();
            zhang
        };
        let kept = store.write(|tx| {
            assert!(tx.customer(zhang.id)?.is_some());
            let mut first = tagged(&["alpha", "beta"]);
            first.revision = tx.update_customer(&first)?;
            // It is there again as it was, in the revision that was read, and has other tags.
            tx.delete_customer(zhang.id)?;
            let second = tagged(&["beta"]);
            tx.insert_customer(&second)?;
            let mut third = tagged(&["alpha", "gamma"]);
            third.revision = tx.update_customer(&third)?;
            Ok::<_, StoreError>(third)
        });
        assert_eq!(store.read(|tx| tx.customer(zhang.id)).unwrap(), Some(kept.unwrap()));
    }
}

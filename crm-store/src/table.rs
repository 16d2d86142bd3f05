//! What all record tables share: one way to insert, update, delete, get and list.

use crm_core::{
    Invalid, RecordId, Revision,
    store::{StoreError, StoreErrorKind},
};
use rusqlite::{CachedStatement, Connection, ToSql};
use uuid::Uuid;

use crate::{
    error::{Broken, Done, Failure},
    figures::{self, Counted, Recount, Tally},
    part::{self, Drafts, PartsOf},
    row::{Binder, Bound, Cells, Column},
    search::Index,
};

/// A record and the table that keeps it. [`statements!`] writes the statements.
pub(crate) trait Table: Clone + 'static {
    /// The id.
    type Id: RecordId + Column;
    /// The record as it is read from its row, before its parts are there.
    type Draft;

    /// The name in errors.
    const RECORD: &'static str;
    /// The statements.
    const SQL: Statements;
    /// Who may refer to the record: the plural of the family, and how many of its records do, by the id.
    const REFERRERS: &'static [(&'static str, &'static str)];
    /// How it is searched, where it is.
    const SEARCH: Option<Index<Self>> = None;

    /// The id.
    fn id(&self) -> Self::Id;
    /// The revision that it carries.
    fn revision(&self) -> Revision;
    /// The fields that must be unique besides the id, with their columns and values, in the order in which they are reported.
    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)>;
    /// Each reference that the record holds: the field, the table that it leads to, the id.
    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)>;
    /// Binds the columns of the table, from `created_at` on.
    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()>;
    /// Reads the columns of the table, from `id` on, without the derived ones.
    fn read(cells: &mut Cells<'_, '_>) -> Done<Self::Draft>;
    /// Reads the parts of records that were read, a table of parts at a time.
    fn read_parts(_: &mut Drafts<'_, Self>) -> Done<()> {
        Ok(())
    }
    /// The record, once its parts are there.
    fn finish(draft: Self::Draft) -> Result<Self, Invalid>;
    /// Writes the parts of a record.
    fn write_parts(_: &PartsOf<'_, Self>) -> Done<()> {
        Ok(())
    }

    /// What the figures count of the record, where they do.
    const COUNTED: Option<Counted> = None;

    /// Takes down what the record counts for.
    fn count(&self, _: &mut Tally<'_>) -> Done<()> {
        Ok(())
    }
}

/// The statements of a record table.
pub(crate) struct Statements {
    /// The name of the table.
    pub(crate) table: &'static str,
    /// The columns that are read, in their order: `id`, `revision`, `created_at`, `updated_at`, then those of the table.
    pub(crate) columns: &'static [&'static str],
    /// The columns that follow from the others: written after them for the sake of indexes, and never read.
    pub(crate) derived: &'static [&'static str],
    /// `SELECT row, parts, id, … FROM table`.
    pub(crate) select: &'static str,
    /// The same for one id.
    pub(crate) select_one: &'static str,
    /// Binds the revision, what [`Table::bind`] binds, and the id.
    pub(crate) insert: &'static str,
    /// The row and the columns that `insert` binds, in their order.
    pub(crate) written: &'static str,
    /// Binds what [`Table::bind`] binds, the id and the revision; gives the row, the parts, and of each column whether it holds what was bound.
    pub(crate) compare: &'static str,
    /// Binds the id.
    pub(crate) delete: &'static str,
    /// Gives the row of an id.
    pub(crate) find: &'static str,
    /// `SELECT count(*) FROM table`.
    pub(crate) count: &'static str,
}

/// The statements of a table from the list of its own columns, those that are derived from others last. `parts` says which of the parts of a record are stored, one bit a
/// table: the column, or a constant.
macro_rules! statements {
    ($table:literal, parts: $parts:literal, $($column:literal)* $(, derived: $($derived:literal)*)?) => {
        $crate::table::Statements {
            table: $table,
            columns: &["id", "revision", "created_at", "updated_at", $($column),*],
            derived: &[$($($derived),*)?],
            select: concat!("SELECT row, ", $parts, ", id, revision, created_at, updated_at", $(", ", $column,)* " FROM ", $table),
            select_one: concat!(
                "SELECT row, ", $parts, ", id, revision, created_at, updated_at", $(", ", $column,)* " FROM ", $table, " WHERE id = ?1"
            ),
            insert: concat!(
                "INSERT INTO ", $table, " (revision, created_at, updated_at", $(", ", $column,)* $($(", ", $derived,)*)? ", id) VALUES (?, ?, ?",
                $($crate::table::question!($column),)* $($($crate::table::question!($derived),)*)? ", ?)"
            ),
            written: concat!("row, revision, created_at, updated_at", $(", ", $column,)* $($(", ", $derived,)*)? ", id"),
            compare: concat!(
                "SELECT row, ", $parts, ", created_at IS ?, updated_at IS ?", $(", ", $column, " IS ?",)* $($(", ", $derived, " IS ?",)*)?
                " FROM ", $table, " WHERE id = ? AND revision = ?"
            ),
            delete: concat!("DELETE FROM ", $table, " WHERE id = ?1"),
            find: concat!("SELECT row FROM ", $table, " WHERE id = ?1"),
            count: concat!("SELECT count(*) FROM ", $table),
        }
    };
}

/// One more parameter for one more column.
macro_rules! question {
    ($column:literal) => {
        ", ?"
    };
}

/// The methods that every family trait has, over its table.
macro_rules! family_methods {
    ($record:ident($id:ident), $filter:ident, $matching:ident { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident }) => {
        fn $get(&self, id: $id) -> Result<Option<$record>, StoreError> {
            Ok(self.get(id)?)
        }

        fn $list(&self, filter: &$filter, page: Page<$id>) -> Result<Vec<$record>, StoreError> {
            Ok($matching(filter).by_id(self.connection, page)?)
        }

        fn $count(&self, filter: &$filter) -> Result<u64, StoreError> {
            Ok($matching(filter).count::<$record>(self.connection)?)
        }

        fn $insert(&mut self, record: &$record) -> Result<(), StoreError> {
            Ok($crate::table::insert(self.changing::<$record>()?, record)?)
        }

        fn $insert_many(&mut self, records: &[$record]) -> Result<Vec<crm_core::store::Refused>, StoreError> {
            Ok($crate::many::insert_many(self.changing::<$record>()?, records)?)
        }

        fn $update(&mut self, record: &$record) -> Result<Revision, StoreError> {
            let read = self.last_read(record);
            Ok($crate::table::update(self.changing::<$record>()?, record, read.as_ref())?)
        }

        fn $delete(&mut self, id: $id) -> Result<(), StoreError> {
            Ok($crate::table::delete::<$record>(self.changing::<$record>()?, id)?)
        }
    };
}

pub(crate) use {family_methods, question, statements};

/// The error of a record that was read and contradicts itself.
pub(crate) fn contradictory<T: Table>(row: i64) -> impl Fn(Invalid) -> StoreError {
    move |refused| {
        let kind = StoreErrorKind::Corrupt { table: T::SQL.table, column: refused.field(), row: Some(row) };
        StoreError::new(kind).caused_by(refused)
    }
}

/// A statement from the cache of the connection.
pub(crate) fn prepared<'c>(connection: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    #[cfg(test)]
    crate::plans::note(sql);
    connection.prepare_cached(sql)
}

/// The row of an id in the table of `T`.
pub(crate) fn row_of<T: Table>(connection: &Connection, id: T::Id) -> Done<Option<i64>> {
    let mut statement = prepared(connection, T::SQL.find)?;
    let mut rows = statement.query([Bound(&id)])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

/// Inserts the row of a record.
fn insert_row<T: Table>(connection: &Connection, record: &T) -> Done<i64> {
    let mut statement = prepared(connection, T::SQL.insert)?;
    let mut binder = Binder::new(&mut statement);
    binder.put(&record.revision())?;
    record.bind(&mut binder)?;
    binder.put(&record.id())?;
    statement.raw_execute()?;
    Ok(connection.last_insert_rowid())
}

/// Inserts a record with its parts.
pub(crate) fn insert<T: Table>(connection: &Connection, record: &T) -> Done<()> {
    insert_row(connection, record)
        .and_then(|row| {
            let parts = PartsOf::new_row(connection, record, row);
            let indexed = || T::SEARCH.map_or(Ok(()), |index| index.insert(connection, row, record));
            let counted = || {
                figures::inserted(connection, record).inspect_err(|_| {
                    let _ = T::SEARCH.map(|index| index.delete(connection, row));
                })
            };
            T::write_parts(&parts).and_then(|()| indexed()).and_then(|()| counted()).inspect_err(|_| {
                // Cheaper than a savepoint around every insert: the row takes its parts with it. Where SQLite itself ended the transaction it is gone already.
                let _ =
                    prepared(connection, T::SQL.delete).and_then(|mut delete| delete.execute([Bound(&record.id())]));
            })
        })
        .or_else(|failure| Err(named(connection, record, None, failure)?))
}

/// Updates a record with its parts, from the revision that it carries. Where the transaction has read that revision, its parts need not be read again.
pub(crate) fn update<T: Table>(connection: &Connection, record: &T, read: Option<&T>) -> Done<Revision> {
    let Some(stored) = Stored::of(connection, record)? else {
        return Err(match row_of::<T>(connection, record.id())? {
            Some(_) => StoreErrorKind::Conflict { record: T::RECORD }.into(),
            None => StoreErrorKind::NotFound { record: T::RECORD }.into(),
        });
    };
    let next = record.revision().next();
    let recount = Recount::<T>::new(connection, record.id(), stored.parts, read);
    let changing = |change| recount.parts(change);
    let parts = PartsOf::stored_row(connection, record, stored.row, stored.parts, read, &changing);
    let write = || {
        recount.columns(stored.changed_columns::<T>())?;
        T::write_parts(&parts)?;
        let searched = T::SEARCH.filter(|index| parts.changed() || index.has_any(stored.changed_columns::<T>()));
        let deltas = recount.deltas(record)?;
        if searched.is_some() || !deltas.is_empty() {
            parts.guard()?;
        }
        // The row comes after its parts: where it is refused, nothing else has changed, or the parts are undone.
        stored.update_row(connection, record, next)?;
        searched.map_or(Ok(()), |index| index.update(connection, stored.row, record))?;
        deltas.apply(connection)
    };
    match write() {
        Ok(()) => parts.keep().map(|()| next),
        Err(failure) => {
            parts.undo();
            Err(named(connection, record, Some(stored.row), failure)?)
        }
    }
}

/// What is stored of a record that is to be updated.
struct Stored {
    row: i64,
    parts: i64,
    /// The columns that will hold something else, from `created_at` on, one bit each.
    changed: u64,
}

impl Stored {
    /// What is stored of the record in the revision that it carries.
    fn of<T: Table>(connection: &Connection, record: &T) -> Done<Option<Self>> {
        let mut statement = prepared(connection, T::SQL.compare)?;
        let mut binder = Binder::new(&mut statement);
        record.bind(&mut binder)?;
        binder.put(&record.id())?.put(&record.revision())?;
        let mut rows = statement.raw_query();
        let Some(row) = rows.next()? else { return Ok(None) };
        let mut changed = 0;
        for (place, _) in own_columns::<T>().enumerate() {
            let same: bool = row.get(2 + place)?;
            changed |= u64::from(!same) << place;
        }
        Ok(Some(Self { row: row.get(0)?, parts: row.get(1)?, changed }))
    }

    /// The columns that change.
    fn changed_columns<T: Table>(&self) -> impl Iterator<Item = &'static str> + use<T> {
        let changed = self.changed;
        own_columns::<T>().enumerate().filter(move |(place, _)| changed >> place & 1 == 1).map(|(_, column)| column)
    }

    /// Writes the columns that change. SQLite keeps an index or checks a reference anew for every column that a statement sets, changed or not.
    fn update_row<T: Table>(&self, connection: &Connection, record: &T, next: Revision) -> Done<()> {
        let mut sql = format!("UPDATE {} SET revision = ?", T::SQL.table);
        for column in self.changed_columns::<T>() {
            sql.push_str(", ");
            sql.push_str(column);
            sql.push_str(" = ?");
        }
        sql.push_str(" WHERE row = ?");
        let mut statement = prepared(connection, &sql)?;
        let mut binder = Binder::new(&mut statement);
        record.bind(binder.put(&next)?.only(self.changed))?;
        binder.only(u64::MAX).put(&self.row)?;
        statement.raw_execute()?;
        Ok(())
    }
}

/// Checks that a record that was read stands in its row as it would be written. The columns that follow from others are never read: by a wrong one, a list would miss the record.
pub(crate) fn stands_as_written<T: Table>(connection: &Connection, record: &T) -> Done<()> {
    let Some(stored) = Stored::of(connection, record)? else {
        return Err(StoreErrorKind::NotFound { record: T::RECORD }.into());
    };
    match own_columns::<T>().enumerate().find(|(place, _)| stored.changed >> place & 1 == 1) {
        Some((_, column)) => Err(StoreErrorKind::Corrupt { table: T::SQL.table, column, row: Some(stored.row) }.into()),
        None => Ok(()),
    }
}

/// The columns that [`Table::bind`] binds: all but the id and the revision.
fn own_columns<T: Table>() -> impl Iterator<Item = &'static str> {
    T::SQL.columns.iter().skip(2).chain(T::SQL.derived).copied()
}

/// Deletes a record with its parts where nothing refers to it.
pub(crate) fn delete<T: Table>(connection: &Connection, id: T::Id) -> Done<()> {
    let counted = figures::of_stored::<T>(connection, id)?;
    let delete = || delete_row::<T>(connection, id).and_then(|()| counted.apply(connection));
    // Where something stands beside the record, all of it goes or nothing.
    if T::SEARCH.is_none() && counted.is_empty() { delete() } else { part::atomically(connection, delete) }
}

fn delete_row<T: Table>(connection: &Connection, id: T::Id) -> Done<()> {
    // The row is known only as long as the record is there.
    let indexed =
        T::SEARCH.map(|index| row_of::<T>(connection, id).map(|row| row.map(|row| (index, row)))).transpose()?;
    match prepared(connection, T::SQL.delete)?.execute([Bound(&id)]).map_err(Failure::Sql) {
        Ok(0) => Err(StoreErrorKind::NotFound { record: T::RECORD }.into()),
        Ok(_) => indexed.flatten().map_or(Ok(()), |(index, row)| index.delete(connection, row)),
        Err(failure) if matches!(failure.broken(), Broken::Reference) => {
            for (by, sql) in T::REFERRERS {
                let count: i64 = prepared(connection, sql)?.query_row([Bound(&id)], |row| row.get(0))?;
                if count > 0 {
                    return Err(
                        failure.into_source_of(StoreErrorKind::StillReferenced { by, count: count.unsigned_abs() })
                    );
                }
            }
            Err(failure)
        }
        Err(failure) => Err(failure),
    }
}

/// The failure with the name of the constraint that it broke.
fn named<T: Table>(connection: &Connection, record: &T, row: Option<i64>, failure: Failure) -> Done<Failure> {
    let kind = match failure.broken() {
        Broken::Unique => taken(connection, record, row)?,
        Broken::Reference => missing(connection, record)?,
        Broken::Overflow | Broken::Other => None,
    };
    Ok(match kind {
        Some(kind) => failure.into_source_of(kind),
        None => failure,
    })
}

/// The first unique field whose value another row holds.
fn taken<T: Table>(connection: &Connection, record: &T, row: Option<i64>) -> Done<Option<StoreErrorKind>> {
    if row.is_none() && row_of::<T>(connection, record.id())?.is_some() {
        return Ok(Some(StoreErrorKind::Duplicate { record: T::RECORD, field: "id" }));
    }
    for (field, column, value) in record.unique() {
        let sql = format!("SELECT 1 FROM {} WHERE {column} = ?1 AND row IS NOT ?2", T::SQL.table);
        if prepared(connection, &sql)?.exists((value, row))? {
            return Ok(Some(StoreErrorKind::Duplicate { record: T::RECORD, field }));
        }
    }
    Ok(None)
}

/// The first reference that leads nowhere.
fn missing<T: Table>(connection: &Connection, record: &T) -> Done<Option<StoreErrorKind>> {
    for (field, table, id) in record.references() {
        let own = table == T::SQL.table && id == record.id().uuid();
        if !own && !is_there(connection, table, id)? {
            return Ok(Some(StoreErrorKind::MissingReference { record: T::RECORD, field }));
        }
    }
    Ok(None)
}

/// Whether a table has a record with an id.
pub(crate) fn is_there(connection: &Connection, table: &str, id: Uuid) -> Done<bool> {
    Ok(prepared(connection, &format!("SELECT 1 FROM {table} WHERE id = ?1"))?.exists([Bound(&id)])?)
}

/// Runs a statement that selects the columns of `T`, and reads the records with their parts: one statement more for each table of parts in which they have any.
pub(crate) fn fetch<T: Table>(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Done<Vec<T>> {
    let mut statement = prepared(connection, sql)?;
    let mut rows = statement.query(parameters)?;
    let mut drafts = Drafts::new(connection);
    while let Some(row) = rows.next()? {
        let (number, parts) = (row.get(0)?, row.get(1)?);
        drafts.push(number, parts, T::read(&mut Cells::numbered(row, T::SQL.table, T::SQL.columns, number))?);
    }
    drop(rows);
    drop(statement);
    T::read_parts(&mut drafts)?;
    drafts.finish()
}

/// The record with an id.
pub(crate) fn get<T: Table>(connection: &Connection, id: T::Id) -> Done<Option<T>> {
    Ok(fetch(connection, T::SQL.select_one, &[&Bound(&id)])?.pop())
}

/// The record whose unique column holds a value.
pub(crate) fn get_by<T: Table, V: Column>(connection: &Connection, column: &'static str, value: &V) -> Done<Option<T>> {
    Ok(fetch(connection, &format!("{} WHERE {column} = ?1", T::SQL.select), &[&Bound(value)])?.pop())
}

#[cfg(test)]
mod tests {
    use crm_core::store::{Agents, Customers, Orders, Store, StoreError, StoreErrorKind};
    use crm_testkit::sample;

    use crate::SqliteStore;

    #[test]
    fn a_record_stays_where_it_cannot_be_taken_out_of_the_index() {
        let (store, agent) = (SqliteStore::open_in_memory().unwrap(), sample::agent(1));
        store.write(|tx| tx.insert_agent(&agent)).unwrap();
        let undone = store.write(|tx| {
            tx.connection.execute_batch("DROP TABLE crm_search").unwrap();
            let error = tx.delete_agent(agent.id).unwrap_err();
            assert_eq!(tx.agent(agent.id)?.as_ref(), Some(&agent));
            Err::<(), _>(error)
        });
        assert!(undone.is_err());
    }

    #[test]
    fn an_insert_that_fails_at_a_line_leaves_nothing_in_its_transaction() {
        let store = SqliteStore::open_in_memory().unwrap();
        let (customer, missing) = (sample::customer(1), sample::product(1).id);
        store
            .write(|tx| {
                tx.insert_customer(&customer)?;
                let order = sample::order(1, customer.id, &[missing]);
                let refused = tx.insert_order(&order).unwrap_err();
                assert!(matches!(refused.kind(), StoreErrorKind::MissingReference { record: "order", field: "lines" }));
                assert_eq!(tx.order(order.id)?, None);
                let left = "SELECT (SELECT count(*) FROM crm_order) + (SELECT count(*) FROM crm_order_line)";
                assert_eq!(tx.connection.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
}

//! Many records inserted at once: written to temporary tables that have neither keys nor indexes, then moved to theirs by one statement a table.
//!
//! One such statement keeps its cursors from row to row and finds the end of a table or an index where it left it, where a statement a row opens all of them anew. The references were
//! looked up before, each record that is referred to once, so the statement does not look them up again for every row; then it needs no copy of the pages
//! that it changes either, since a table that was moved in part is undone by its row numbers. ADR 0016 has the figures.

use std::{cell::RefCell, collections::HashMap};

use crm_core::{
    RecordId as _,
    store::{Refused, StoreError},
};
use rusqlite::{CachedStatement, Connection, config::DbConfig};
use uuid::Uuid;

use crate::{
    error::{Broken, Done},
    figures::{Deltas, is_overflow},
    part::{self, PartsOf},
    row::{Binder, Bound},
    table::{Table, insert, prepared},
};

/// So many records are moved at once: the first at most, and where one of them is refused, the next at most. Where one of those is refused too, they are inserted one by one.
const AT_ONCE: &[usize] = &[8_192, 512];
/// Fewer records than these are inserted one by one: the way over the temporary tables has its price, too.
const WORTHWHILE: usize = 20;

/// Inserts each record that can be kept, and gives the others. After a failure, each record is there as a whole or not at all.
pub(crate) fn insert_many<T: Table>(connection: &Connection, records: &[T]) -> Done<Vec<Refused>> {
    let mut refused = Vec::new();
    let sizes = if records.len() < WORTHWHILE || has_triggers(connection)? { &[] } else { AT_ONCE };
    insert_in(connection, sizes, 0, records, &mut refused)?;
    Ok(refused)
}

/// Inserts records of which the first has a place, so many at once as the sizes say.
fn insert_in<T: Table>(
    connection: &Connection,
    sizes: &[usize],
    first: usize,
    records: &[T],
    refused: &mut Vec<Refused>,
) -> Done<()> {
    let Some((size, smaller)) = sizes.split_first() else {
        for (place, record) in (first..).zip(records) {
            match insert(connection, record).map_err(StoreError::from) {
                Err(error) if error.is_refusal() => refused.push(Refused { place, error }),
                kept => kept?,
            }
        }
        return Ok(());
    };
    for (chunk, first) in records.chunks(*size).zip((first..).step_by(*size)) {
        if chunk.len() < WORTHWHILE || !insert_at_once(connection, chunk)? {
            let smaller = &smaller[smaller.partition_point(|size| *size >= chunk.len())..];
            insert_in(connection, smaller, first, chunk, refused)?;
        }
    }
    Ok(())
}

/// Whether a host has put triggers on tables of ours: what they write is to be checked like anything else, and each is to find the record with its parts.
fn has_triggers(connection: &Connection) -> Done<bool> {
    let sql = "SELECT 1 FROM (SELECT type, tbl_name FROM main.sqlite_schema UNION ALL SELECT type, tbl_name FROM temp.sqlite_schema)
        WHERE type = 'trigger' AND tbl_name LIKE 'crm\\_%' ESCAPE '\\'";
    Ok(connection.prepare_cached(sql)?.exists([])?)
}

/// Inserts all records, or none where one of them is to be refused; says which. None either after a failure.
fn insert_at_once<T: Table>(connection: &Connection, records: &[T]) -> Done<bool> {
    if !all_refer_to_what_is_there(connection, records)? {
        return Ok(false);
    }
    let sql = format!("SELECT coalesce(max(row), 0) FROM {}", T::SQL.table);
    let last: i64 = prepared(connection, &sql)?.query_row([], |row| row.get(0))?;
    if last.checked_add(i64::try_from(records.len()).unwrap_or(i64::MAX)).is_none() {
        return Ok(false);
    }
    let kept = write_at_once(connection, last, records);
    let Err(failure) = kept else { return Ok(true) };
    // Where SQLite itself ended the transaction they are gone already, and later rows are somebody else's.
    if !connection.is_autocommit() {
        // The parts go with their rows.
        let sql = format!("DELETE FROM {} WHERE row > ?1", T::SQL.table);
        let undone = prepared(connection, &sql).and_then(|mut delete| delete.execute([last]));
        if matches!(failure.broken(), Broken::Unique) || is_overflow(&failure) {
            undone?;
            return Ok(false);
        }
    }
    Err(failure)
}

/// Writes records under the rows behind the last one, and what follows from a new record, as `table::insert` does for one. Where it fails, some rows may be there.
fn write_at_once<T: Table>(connection: &Connection, last: i64, records: &[T]) -> Done<()> {
    let mut deltas = Deltas::default();
    records.iter().try_for_each(|record| deltas.add(record))?;
    let staging = Staging::new(connection);
    for (row, record) in (last + 1..).zip(records) {
        staging.put(T::SQL.table, T::SQL.written, &mut |binder| {
            binder.put(&row)?.put(&record.revision())?;
            record.bind(binder)?;
            binder.put(&record.id())?;
            Ok(())
        })?;
        T::write_parts(&PartsOf::staged(connection, record, row, &staging))?;
    }
    staging.moved()?;
    part::atomically(connection, || {
        deltas.apply(connection)?;
        let Some(index) = T::SEARCH else { return Ok(()) };
        (last + 1..).zip(records).try_for_each(|(row, record)| index.insert(connection, row, record))
    })
}

/// Whether each reference leads to a record that is stored or comes before; each record that is referred to is looked up once, by table and id.
fn all_refer_to_what_is_there<T: Table>(connection: &Connection, records: &[T]) -> Done<bool> {
    // With the place of the first record that refers there.
    let mut references = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        for (_, table, id) in record.references() {
            references.entry((table, id)).or_insert(place);
        }
    }
    let mut references: Vec<_> = references.into_iter().collect();
    references.sort_unstable();
    let mut own: Option<HashMap<Uuid, usize>> = None;
    for of_table in references.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
        let Some(((table, _), _)) = of_table.first() else { continue };
        let mut stored = prepared(connection, &format!("SELECT 1 FROM {table} WHERE id = ?1"))?;
        for ((_, id), place) in of_table {
            if stored.exists([Bound(id)])? {
                continue;
            }
            // A record may refer to itself.
            let own = own.get_or_insert_with(|| records.iter().map(|record| record.id().uuid()).zip(0..).collect());
            if *table != T::SQL.table || own.get(id).is_none_or(|before| before > place) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The temporary tables that hold new records and their parts until they are moved, one for each of their tables.
struct Staging<'c> {
    connection: &'c Connection,
    /// In the order in which they were first written to: that of the records comes before those of their parts.
    tables: RefCell<Vec<Staged<'c>>>,
}

struct Staged<'c> {
    table: &'static str,
    /// The columns, in the order in which they are bound.
    written: &'static str,
    insert: CachedStatement<'c>,
}

impl<'c> Staging<'c> {
    fn new(connection: &'c Connection) -> Self {
        Self { connection, tables: RefCell::new(Vec::new()) }
    }

    /// Moves all to where it belongs. After a failure some records are moved, and some of their parts.
    fn moved(self) -> Done<()> {
        let _unchecked = Unchecked::new(self.connection)?;
        self.tables.borrow().iter().try_for_each(|Staged { table, written, .. }| {
            let sql = format!("INSERT OR FAIL INTO {table} ({written}) SELECT {written} FROM temp.new_{table}");
            prepared(self.connection, &sql)?.execute([])?;
            Ok(())
        })
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        for Staged { table, .. } in self.tables.get_mut() {
            // Where SQLite itself ended the transaction, a new table is gone. What cannot be deleted, the next one to write there deletes.
            let _ = emptied(self.connection, table);
        }
    }
}

/// Deletes what is left in the temporary table of a table.
fn emptied(connection: &Connection, table: &str) -> Done<()> {
    prepared(connection, &format!("DELETE FROM temp.new_{table}"))?.execute([])?;
    Ok(())
}

/// Where rows wait until they are moved.
pub(crate) trait Stage {
    /// Writes a row that is to go into a table, with these columns.
    fn put(&self, table: &'static str, written: &'static str, bind: Bind<'_>) -> Done<()>;
}

/// What binds the columns of a row.
type Bind<'a> = &'a mut dyn FnMut(&mut Binder<'_, '_>) -> Done<()>;

impl Stage for Staging<'_> {
    fn put(&self, table: &'static str, written: &'static str, bind: Bind<'_>) -> Done<()> {
        let mut tables = self.tables.borrow_mut();
        let place = match tables.iter().position(|staged| staged.table == table) {
            Some(place) => place,
            None => {
                let create = format!("CREATE TEMP TABLE IF NOT EXISTS new_{table} ({written})");
                prepared(self.connection, &create)?.execute([])?;
                emptied(self.connection, table)?;
                let marks = written.split(',').map(|_| "?").collect::<Vec<_>>().join(", ");
                let insert = prepared(self.connection, &format!("INSERT INTO temp.new_{table} VALUES ({marks})"))?;
                tables.push(Staged { table, written, insert });
                tables.len() - 1
            }
        };
        let insert = &mut tables[place].insert;
        bind(&mut Binder::new(insert))?;
        insert.raw_execute()?;
        Ok(())
    }
}

/// A connection that does not check references, until this is dropped.
struct Unchecked<'c>(&'c Connection);

impl<'c> Unchecked<'c> {
    fn new(connection: &'c Connection) -> Done<Self> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
        Ok(Self(connection))
    }
}

impl Drop for Unchecked<'_> {
    fn drop(&mut self) {
        // It sets a flag in memory, which does not fail; the pragma would do nothing inside a transaction.
        let _ = self.0.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true);
    }
}

#[cfg(test)]
mod tests;

//! Many records inserted at once: written to temporary tables that have neither keys nor indexes, then moved to theirs by one statement a table.
//!
//! One such statement keeps its cursors from row to row and finds the end of a table or an index where it left it, where a statement a row opens all of them anew. The references were
//! looked up before, each record that is referred to once, so the statement does not look them up again for every row; then it needs no copy of the pages
//! that it changes either, since a table that was moved in part is undone by its row numbers. ADR 0016 has the figures.

use std::{cell::RefCell, collections::HashSet};

use crm_core::{
    RecordId as _,
    store::{Refused, StoreError},
};
use rusqlite::{CachedStatement, Connection, config::DbConfig};

use crate::{
    error::{Broken, Done, Failure},
    figures::{Deltas, is_overflow},
    part::{self, PartsOf},
    row::Binder,
    table::{Table, insert, is_there, prepared},
};

/// So many records are moved at once. Where one of them is refused, so many are inserted one by one instead.
const CHUNK: usize = 1_000;
/// Fewer records than these are inserted one by one: the way over the temporary tables has its price, too.
const WORTHWHILE: usize = 20;

/// Inserts each record that can be kept, and gives the others.
pub(crate) fn insert_many<T: Table>(connection: &Connection, records: &[T]) -> Done<Vec<Refused>> {
    let mut refused = Vec::new();
    for (chunk, first) in records.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
        if chunk.len() >= WORTHWHILE && at_once(connection, chunk)? {
            continue;
        }
        for (place, record) in (first..).zip(chunk) {
            match insert(connection, record).map_err(StoreError::from) {
                Err(error) if error.is_refusal() => refused.push(Refused { place, error }),
                kept => kept?,
            }
        }
    }
    Ok(refused)
}

/// Inserts all records, or none where one of them is to be refused; says which.
fn at_once<T: Table>(connection: &Connection, records: &[T]) -> Done<bool> {
    if !all_refer_to_what_is_there(connection, records)? {
        return Ok(false);
    }
    let sql = format!("SELECT coalesce(max(row), 0) FROM {}", T::SQL.table);
    let last: i64 = prepared(connection, &sql)?.query_row([], |row| row.get(0))?;
    if last.checked_add(i64::try_from(records.len()).unwrap_or(i64::MAX)).is_none() {
        return Ok(false);
    }
    let mut deltas = Deltas::default();
    if let Err(failure) = records.iter().try_for_each(|record| deltas.add(record)) {
        return if is_overflow(&failure) { Ok(false) } else { Err(failure) };
    }
    let staging = Staging::new(connection);
    for (row, record) in (last + 1..).zip(records) {
        staging.put(T::SQL.table, T::SQL.written, &mut |binder| {
            binder.put(&row)?.put(&record.revision())?;
            record.bind(binder)?;
            binder.put(&record.id())?;
            Ok(())
        })?;
        record.write_parts(&PartsOf::staged(connection, row, &staging))?;
    }
    // What follows from a new record stands here for a whole chunk, as in `table::insert` for one.
    let kept = staging.finish().and_then(|()| part::atomically(connection, || deltas.apply(connection)));
    if let Err(failure) = &kept
        && (matches!(failure.broken(), Broken::Unique) || is_overflow(failure))
    {
        // The parts go with their rows.
        prepared(connection, &format!("DELETE FROM {} WHERE row > ?1", T::SQL.table))?.execute([last])?;
        return Ok(false);
    }
    kept?;
    if let Some(index) = T::SEARCH {
        (last + 1..).zip(records).try_for_each(|(row, record)| index.insert(connection, row, record))?;
    }
    Ok(true)
}

/// Whether each reference leads to a record that is stored or comes before; each record that is referred to is looked up once.
fn all_refer_to_what_is_there<T: Table>(connection: &Connection, records: &[T]) -> Done<bool> {
    let mut there = HashSet::new();
    for record in records {
        // A record may refer to itself.
        there.insert((T::SQL.table, record.id().uuid()));
        for (_, table, id) in record.references() {
            if !there.contains(&(table, id)) {
                if !is_there(connection, table, id)? {
                    return Ok(false);
                }
                there.insert((table, id));
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

    /// Moves all to where it belongs. Where a value is taken, some records are moved, and none of their parts.
    fn finish(self) -> Done<()> {
        let Self { connection, tables } = self;
        let tables: Vec<_> = tables.into_inner().into_iter().map(|staged| (staged.table, staged.written)).collect();
        let unchecked = Unchecked::new(connection)?;
        let moved = tables.iter().try_for_each(|(table, written)| {
            let sql = format!("INSERT OR FAIL INTO {table} ({written}) SELECT {written} FROM temp.new_{table}");
            prepared(connection, &sql)?.execute([])?;
            Ok::<_, Failure>(())
        });
        drop(unchecked);
        let cleared = tables.iter().try_for_each(|(table, _)| {
            prepared(connection, &format!("DELETE FROM temp.new_{table}"))?.execute([])?;
            Ok(())
        });
        // The first failure tells.
        moved.and(cleared)
    }
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
mod tests {
    use crm_core::{
        CustomerId, Order,
        store::{Customers as _, Figures as _, Orders as _, Products as _, Store as _, StoreError, StoreErrorKind},
    };
    use crm_testkit::sample;

    use crate::SqliteStore;

    /// A store with a customer and a product, and orders of them.
    fn founded() -> (SqliteStore, Vec<Order>) {
        let store = SqliteStore::open_in_memory().unwrap();
        let (customer, product) = (sample::customer(1), sample::product(1));
        store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))).unwrap();
        (store, (0..2_100).map(|seed| sample::order(seed, customer.id, &[product.id])).collect())
    }

    fn count(store: &SqliteStore, sql: &str) -> i64 {
        store.on_writer(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap()
    }

    /// That references are checked again, that all lead somewhere, and that nothing waits any more.
    fn assert_whole(store: &SqliteStore) {
        assert_eq!(count(store, "PRAGMA foreign_keys"), 1);
        assert_eq!(count(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
        assert_eq!(count(store, "SELECT count(*) FROM temp.new_crm_order"), 0);
        assert_eq!(store.read(|tx| tx.verify_figures(9)).unwrap(), []);
        let orphans = "SELECT count(*) FROM crm_order_line WHERE order_row NOT IN (SELECT row FROM crm_order)";
        assert_eq!(count(store, orphans), 0);
        let dangling = sample::order(9_000, sample::customer(77).id, &[sample::product(1).id]);
        let refused = store.write(|tx| tx.insert_order(&dangling)).unwrap_err();
        let missing = StoreErrorKind::MissingReference { record: "order", field: "customer" };
        assert_eq!(refused.kind(), &missing);
    }

    #[test]
    fn orders_of_several_chunks_are_all_there_with_their_parts() {
        let (store, orders) = founded();
        assert!(store.write(|tx| tx.insert_orders(&orders)).unwrap().is_empty());
        assert_whole(&store);
        for order in orders.iter().step_by(97) {
            assert_eq!(store.read(|tx| tx.order(order.id)).unwrap().as_ref(), Some(order));
        }
        assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 2_100);
    }

    #[test]
    fn a_taken_number_in_the_middle_of_a_chunk_refuses_its_order_alone() {
        let (store, orders) = founded();
        store.write(|tx| tx.insert_order(&orders[1_500])).unwrap();
        let refused = store.write(|tx| tx.insert_orders(&orders)).unwrap();
        let duplicate = StoreErrorKind::Duplicate { record: "order", field: "id" };
        assert_eq!(refused.iter().map(|one| (one.place, one.error.kind())).collect::<Vec<_>>(), [(1_500, &duplicate)]);
        assert_whole(&store);
        assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 2_100);
    }

    #[test]
    fn a_store_that_is_full_keeps_nothing_and_goes_on_checking_references() {
        let folder = tempfile::tempdir().unwrap();
        let options = crate::SqliteOptions::new().limit_bytes(800 * 1_024);
        let store = options.open(folder.path().join("crm.db")).unwrap();
        let (customer, product) = (sample::customer(1), sample::product(1));
        store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))).unwrap();
        let orders: Vec<Order> = (0..2_100).map(|seed| sample::order(seed, customer.id, &[product.id])).collect();
        let full = store.write(|tx| tx.insert_orders(&orders)).unwrap_err();
        assert_eq!(full.kind(), &StoreErrorKind::StorageFull);
        assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 0);
        assert!(store.write(|tx| tx.insert_orders(&orders[..50])).unwrap().is_empty());
        assert_whole(&store);
    }

    #[test]
    fn references_within_the_slice_lead_backwards_only() {
        let store = SqliteStore::open_in_memory().unwrap();
        let mut family: Vec<_> = (0..40).map(sample::customer).collect();
        let ids: Vec<CustomerId> = family.iter().map(|customer| customer.id).collect();
        for (child, parent) in family.iter_mut().skip(1).zip(ids) {
            child.parent = Some(parent);
        }
        let insert = |customers: &[_]| store.write(|tx| Ok::<_, StoreError>(tx.insert_customers(customers)?.len()));
        assert_eq!(insert(&[&family[1..], &family[..1]].concat()).unwrap(), 39);
        assert_eq!(insert(&family[1..]).unwrap(), 0);
        assert_eq!(count(&store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    }
}

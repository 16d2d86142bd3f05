//! Rows that belong to a record: the points, tags, lines and payments under its own row number and a place.

use std::{
    cell::{Cell, RefCell},
    fmt::Write as _,
    ops::Deref,
};

use crm_core::store::StoreErrorKind;
use rusqlite::{Connection, Rows};

use crate::{
    error::Done,
    many::Stage,
    row::{Binder, Cells},
    table::{Table, contradictory, prepared},
};

/// A part of a record and the table that keeps it. [`part_statements!`] writes the statements.
pub(crate) trait Part: Sized + PartialEq {
    /// The statements.
    const SQL: PartStatements;

    /// Binds the columns.
    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()>;
    /// Reads the columns.
    fn read(cells: &mut Cells<'_, '_>) -> Done<Self>;
}

/// The statements of a table of parts.
pub(crate) struct PartStatements {
    /// The name of the table.
    pub(crate) table: &'static str,
    /// The columns that are read after the record's row and the place. Derived ones are written behind them for the sake of an index, and never read.
    pub(crate) columns: &'static [&'static str],
    /// Gives the record's row, the place and the columns of all parts of a record, by place.
    pub(crate) select: &'static str,
    /// The same for the records whose rows stand in a JSON array, in no promised order.
    pub(crate) select_many: &'static str,
    /// Binds the record's row and the place, then the columns.
    pub(crate) insert: &'static str,
    /// The columns that `insert` binds, in their order.
    pub(crate) written: &'static str,
    /// Deletes from a place on.
    pub(crate) delete: &'static str,
}

/// The statements of a table of parts from its name, the column of the record's row, and its own columns, those that are derived from others last.
macro_rules! part_statements {
    ($table:literal of $record:literal, $first:literal $($column:literal)* $(, derived: $($derived:literal)*)?) => {
        $crate::part::PartStatements {
            table: $table,
            columns: &[$first, $($column),*],
            select: concat!("SELECT ", $record, ", place, ", $first, $(", ", $column,)* " FROM ", $table, " WHERE ", $record, " = ?1 ORDER BY place"),
            select_many: concat!(
                "WITH page(of_page) AS (SELECT value FROM json_each(?1)) SELECT ", $record, ", place, ", $first, $(", ", $column,)*
                " FROM page CROSS JOIN ", $table, " ON ", $record, " = of_page"
            ),
            insert: concat!(
                "INSERT INTO ", $table, " (", $record, ", place, ", $first, $(", ", $column,)* $($(", ", $derived,)*)? ") VALUES (?, ?, ?",
                $($crate::table::question!($column),)* $($($crate::table::question!($derived),)*)? ")"
            ),
            written: concat!($record, ", place, ", $first, $(", ", $column,)* $($(", ", $derived,)*)? ""),
            delete: concat!("DELETE FROM ", $table, " WHERE ", $record, " = ?1 AND place >= ?2"),
        }
    };
}

pub(crate) use part_statements;

/// A part as it was read: the row of its record, its place there, and itself.
struct Read<P> {
    record: i64,
    place: i64,
    part: P,
}

impl<P: Part> Read<P> {
    fn next(rows: &mut Rows<'_>) -> Done<Option<Self>> {
        let Some(row) = rows.next()? else { return Ok(None) };
        let part = P::read(&mut Cells::of_part(row, P::SQL.table, P::SQL.columns))?;
        Ok(Some(Self { record: row.get(0)?, place: row.get(1)?, part }))
    }

    /// Puts it behind those before it. Places have no gaps: where one is, a part was lost.
    fn put_behind(self, parts: &mut Vec<P>) -> Done<()> {
        if self.place != place(parts.len()) {
            return Err(StoreErrorKind::Corrupt { table: P::SQL.table, column: "place", row: None }.into());
        }
        parts.push(self.part);
        Ok(())
    }
}

/// The parts of a record, in their order.
pub(crate) fn read<P: Part>(connection: &Connection, row: i64) -> Done<Vec<P>> {
    let mut statement = prepared(connection, P::SQL.select)?;
    let mut rows = statement.query([row])?;
    let mut parts = Vec::new();
    while let Some(read) = Read::next(&mut rows)? {
        read.put_behind(&mut parts)?;
    }
    Ok(parts)
}

/// Records that were read from their rows and wait for their parts, in the order of the list.
pub(crate) struct Drafts<'c, T: Table> {
    connection: &'c Connection,
    drafts: Vec<Draft<T::Draft>>,
}

struct Draft<D> {
    row: i64,
    /// Which tables hold something of it, one bit each.
    stored: i64,
    draft: D,
}

impl<'c, T: Table> Drafts<'c, T> {
    pub(crate) const fn new(connection: &'c Connection) -> Self {
        Self { connection, drafts: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: i64, stored: i64, draft: T::Draft) {
        self.drafts.push(Draft { row, stored, draft });
    }

    /// Reads the parts of all records from one table, `bit` in what they say is stored, each into the list that `list` names.
    pub(crate) fn read<P: Part>(&mut self, bit: i64, list: impl Fn(&mut T::Draft) -> &mut Vec<P>) -> Done<()> {
        let mut with = self.drafts.iter_mut().filter(|draft| draft.stored & bit != 0);
        match (with.next(), with.next()) {
            (None, _) => Ok(()),
            (Some(only), None) => {
                *list(&mut only.draft) = read(self.connection, only.row)?;
                Ok(())
            }
            (Some(_), Some(_)) => self.read_many(bit, list),
        }
    }

    fn read_many<P: Part>(&mut self, bit: i64, list: impl Fn(&mut T::Draft) -> &mut Vec<P>) -> Done<()> {
        // The rows with their drafts, ascending: so SQLite meets its pages in their order.
        let mut with: Vec<_> = self.drafts.iter_mut().filter(|draft| draft.stored & bit != 0).collect();
        with.sort_unstable_by_key(|draft| draft.row);
        let mut statement = prepared(self.connection, P::SQL.select_many)?;
        let mut rows = statement.query([json_array(with.iter().map(|draft| draft.row))])?;
        let mut parts = Vec::with_capacity(4 * with.len());
        while let Some(read) = Read::<P>::next(&mut rows)? {
            parts.push(read);
        }
        // The loop over the array and the key of the table give this order already. SQLite would sort to promise it.
        if !parts.is_sorted_by_key(|read| (read.record, read.place)) {
            parts.sort_unstable_by_key(|read| (read.record, read.place));
        }
        let mut parts = parts.into_iter().peekable();
        for Draft { row, draft, .. } in with {
            let list = list(draft);
            while let Some(read) = parts.next_if(|read| read.record == *row) {
                read.put_behind(list)?;
            }
        }
        Ok(())
    }

    /// The records, once all their parts are there.
    pub(crate) fn finish(self) -> Done<Vec<T>> {
        let finish = |Draft { row, draft, .. }| Ok(T::finish(draft).map_err(contradictory::<T>(row))?);
        self.drafts.into_iter().map(finish).collect()
    }
}

fn json_array(numbers: impl Iterator<Item = i64>) -> String {
    let mut json = String::from("[");
    for number in numbers {
        // Writing into a text does not fail.
        let _ = write!(json, "{}{number}", if json.len() > 1 { "," } else { "" });
    }
    json.push(']');
    json
}

/// The parts of one record, to be written.
pub(crate) struct PartsOf<'c, T> {
    connection: &'c Connection,
    record: &'c T,
    row: i64,
    /// Which tables hold something of it, one bit each.
    stored: i64,
    /// The record as it is stored, where it was read before.
    before: Option<&'c T>,
    /// Is told which table is about to change.
    changing: &'c dyn Fn(Change) -> Done<()>,
    undo: Cell<Undo>,
    /// What was put behind stored parts before there was a savepoint: the statement that deletes from a place on, and the place.
    appended: RefCell<Vec<(&'static str, i64)>>,
    /// Where they wait, with those of other records, to be written all at once.
    staging: Option<&'c dyn Stage>,
}

/// A change of a table of parts of a record.
#[derive(Clone, Copy)]
pub(crate) struct Change {
    /// Its bit.
    pub(crate) table: i64,
    /// How many parts stay, where the others are added behind them; `None` where one changes or goes.
    pub(crate) kept: Option<usize>,
}

/// How a failure is undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// The row is new and goes, with its parts.
    WithTheRow,
    /// Nothing has changed yet, but for what was appended: that is deleted again.
    Nothing,
    /// By the savepoint that stands before the first other change.
    Savepoint,
}

impl<'c, T> PartsOf<'c, T> {
    /// Of a row that is new and has none.
    pub(crate) fn new_row(connection: &'c Connection, record: &'c T, row: i64) -> Self {
        Self {
            connection,
            record,
            row,
            stored: 0,
            before: None,
            changing: &|_| Ok(()),
            undo: Cell::new(Undo::WithTheRow),
            appended: RefCell::new(Vec::new()),
            staging: None,
        }
    }

    /// Of a row that has those that `stored` says, and that `before` has, where the record was read; `changing` is called before a table of them changes.
    pub(crate) fn stored_row(
        connection: &'c Connection,
        record: &'c T,
        row: i64,
        stored: i64,
        before: Option<&'c T>,
        changing: &'c dyn Fn(Change) -> Done<()>,
    ) -> Self {
        let new = Self::new_row(connection, record, row);
        Self { stored, before, changing, undo: Cell::new(Undo::Nothing), ..new }
    }

    /// Of a row that is to be, and whose parts wait with it.
    pub(crate) fn staged(connection: &'c Connection, record: &'c T, row: i64, staging: &'c dyn Stage) -> Self {
        Self { staging: Some(staging), ..Self::new_row(connection, record, row) }
    }

    /// Makes the stored parts of one table those that `list` gives of the record. What stands at the front of both stays untouched, so that one more line or payment costs one row.
    /// `bit` is that of the table; where it is not set, none are stored, and none are looked for.
    pub(crate) fn write<P: Part, L: Deref<Target = [P]>>(&self, bit: i64, list: impl Fn(&'c T) -> L) -> Done<()> {
        let parts = list(self.record);
        let parts: &[P] = &parts;
        if let Some(staging) = self.staging {
            return (0_i64..).zip(parts).try_for_each(|(place, part)| {
                let (table, columns) = (P::SQL.table, P::SQL.written);
                staging.put(table, columns, &mut |binder| part.bind(binder.put(&self.row)?.put(&place)?))
            });
        }
        let (before, read);
        let stored: &[P] = match self.before {
            _ if self.stored & bit == 0 => &[],
            Some(record) => {
                before = list(record);
                &before
            }
            None => {
                read = self::read::<P>(self.connection, self.row)?;
                &read
            }
        };
        let same = stored.iter().zip(parts).take_while(|(stored, part)| stored == part).count();
        if same == stored.len() && same == parts.len() {
            return Ok(());
        }
        let kept = (same == stored.len()).then_some(same);
        (self.changing)(Change { table: bit, kept })?;
        match (kept, self.undo.get()) {
            // A savepoint copies each page that changes behind it.
            (Some(kept), Undo::Nothing) => self.appended.borrow_mut().push((P::SQL.delete, place(kept))),
            _ => self.guard()?,
        }
        if same < stored.len() {
            prepared(self.connection, P::SQL.delete)?.execute((self.row, place(same)))?;
        }
        let mut statement = prepared(self.connection, P::SQL.insert)?;
        for (index, part) in parts.iter().enumerate().skip(same) {
            let mut binder = Binder::new(&mut statement);
            binder.put(&self.row)?.put(&place(index))?;
            part.bind(&mut binder)?;
            statement.raw_execute()?;
        }
        Ok(())
    }

    /// Sees to it that what comes can be undone.
    pub(crate) fn guard(&self) -> Done<()> {
        if self.undo.get() == Undo::Nothing {
            run(self.connection, SAVEPOINT)?;
            self.undo.set(Undo::Savepoint);
        }
        Ok(())
    }

    /// Whether parts of a row that was there before were written.
    pub(crate) fn changed(&self) -> bool {
        self.undo.get() == Undo::Savepoint || !self.appended.borrow().is_empty()
    }

    /// Keeps what was written.
    pub(crate) fn keep(&self) -> Done<()> {
        if self.undo.get() == Undo::Savepoint { run(self.connection, RELEASE) } else { Ok(()) }
    }

    /// Undoes what was written to the parts of a row that was there before.
    pub(crate) fn undo(&self) {
        if self.undo.get() == Undo::Savepoint {
            roll_back(self.connection);
        }
        for (delete, place) in self.appended.borrow().iter().rev() {
            // Where SQLite itself ended the transaction nothing is left to undo, and a deletion would be a commit of its own.
            if self.connection.is_autocommit() {
                return;
            }
            let _ = prepared(self.connection, delete).and_then(|mut delete| delete.execute((self.row, place)));
        }
    }
}

const SAVEPOINT: &str = "SAVEPOINT crm_record";
const RELEASE: &str = "RELEASE crm_record";

fn run(connection: &Connection, sql: &str) -> Done<()> {
    prepared(connection, sql)?.execute([])?;
    Ok(())
}

fn roll_back(connection: &Connection) {
    // Where SQLite itself ended the transaction there is no savepoint any more, and nothing left to undo: the first error tells.
    let _ = run(connection, "ROLLBACK TO crm_record");
    let _ = run(connection, RELEASE);
}

/// Does all of some work, or nothing.
pub(crate) fn atomically(connection: &Connection, work: impl FnOnce() -> Done<()>) -> Done<()> {
    run(connection, SAVEPOINT)?;
    work().inspect_err(|_| roll_back(connection))?;
    run(connection, RELEASE)
}

fn place(index: usize) -> i64 {
    // A list in memory never has 2^63 entries.
    i64::try_from(index).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use crm_core::{
        Customer,
        store::{CustomerFilter, Customers, Page, Store, StoreError, StoreErrorKind},
    };
    use crm_testkit::sample;

    use crate::{SqliteStore, plans};

    /// Customers with three tags each and two e-mail addresses.
    fn customers(count: u64) -> (SqliteStore, Vec<Customer>) {
        let store = SqliteStore::open_in_memory().unwrap();
        let mut all: Vec<Customer> = (1..=count).map(sample::customer).collect();
        for (number, customer) in all.iter_mut().enumerate() {
            customer.tags = ["gold", "newsletter", "trial"].map(|tag| tag.parse().unwrap()).into();
            for host in ["example.org", "example.net"] {
                let address = format!("c{number}@{host}").parse().unwrap();
                customer.emails.add(address, crm_core::ContactLabel::Work).unwrap();
            }
        }
        // By descending id, so that the rows of a page do not ascend.
        all.sort_unstable_by_key(|customer| std::cmp::Reverse(customer.id));
        store.write(|tx| all.iter().try_for_each(|customer| tx.insert_customer(customer))).unwrap();
        all.reverse();
        (store, all)
    }

    fn page(store: &SqliteStore, limit: u16) -> Result<Vec<Customer>, StoreError> {
        store.read(|tx| tx.customers(&CustomerFilter::default(), Page::first(limit)))
    }

    #[test]
    fn a_page_takes_one_statement_and_one_for_each_table_of_parts() {
        let (store, all) = customers(60);
        let (ten, for_ten) = plans::count(|| page(&store, 10).unwrap());
        let (sixty, for_sixty) = plans::count(|| page(&store, 60).unwrap());
        assert_eq!((ten, &sixty), (all[..10].to_vec(), &all));
        assert!(for_ten <= 7 && for_sixty <= 7, "{for_ten} statements for ten, {for_sixty} for sixty");
    }

    #[test]
    fn parts_stand_in_their_order_whatever_order_sqlite_finds_them_in() {
        let (store, all) = customers(20);
        store.on_writer(|connection| Ok(connection.pragma_update(None, "reverse_unordered_selects", true)?)).unwrap();
        assert_eq!(store.write(|tx| tx.customers(&CustomerFilter::default(), Page::first(20))).unwrap(), all);
    }

    #[test]
    fn what_a_refused_update_appended_goes_again_alone() {
        let (store, all) = customers(2);
        let mut taken = all[0].clone();
        taken.external_id = Some("42".parse().unwrap());
        let mut refused = all[1].clone();
        refused.external_id = taken.external_id.clone();
        // The last tag of all, so that it is put behind the others; and an address that is put in the place of another.
        refused.tags.insert("zealous".parse().unwrap());
        for move_an_address in [false, true] {
            if move_an_address {
                refused.emails = all[0].emails.clone();
            }
            store
                .write(|tx| {
                    tx.update_customer(&taken)?;
                    let error = tx.update_customer(&refused).unwrap_err();
                    let duplicate = StoreErrorKind::Duplicate { record: "customer", field: "external id" };
                    assert_eq!(error.kind(), &duplicate);
                    assert_eq!(tx.customer(refused.id)?.as_ref(), Some(&all[1]));
                    assert_eq!(tx.customers(&CustomerFilter::default(), Page::first(9))?[1..], all[1..]);
                    Err::<(), _>(error)
                })
                .unwrap_err();
        }
    }

    #[test]
    fn a_part_that_was_lost_is_noticed() {
        let (store, all) = customers(3);
        let lost = "DELETE FROM crm_customer_tag WHERE place = 1 AND customer = 1";
        store.on_writer(|connection| Ok(connection.execute(lost, [])?)).unwrap();
        // The first row is that of the highest id.
        let customer = all[2].id;
        let missing = StoreErrorKind::Corrupt { table: "crm_customer_tag", column: "place", row: None };
        for read in [page(&store, 3).map(drop), store.read(|tx| tx.customer(customer)).map(drop)] {
            assert_eq!(read.unwrap_err().kind(), &missing);
        }
    }
}

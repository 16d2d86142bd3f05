//! Rows that belong to a record: the points, tags, lines and payments under its own row number and a place.

use std::cell::Cell;

use rusqlite::Connection;

use crate::{
    error::Done,
    row::{Binder, Cells},
    table::prepared,
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
    /// The columns after the record's row and the place.
    pub(crate) columns: &'static [&'static str],
    /// Gives the columns of all parts of a record, by place.
    pub(crate) select: &'static str,
    /// Binds the record's row and the place, then the columns.
    pub(crate) insert: &'static str,
    /// Deletes from a place on.
    pub(crate) delete: &'static str,
}

/// The statements of a table of parts from its name, the column of the record's row, and its own columns.
macro_rules! part_statements {
    ($table:literal of $record:literal, $first:literal $($column:literal)*) => {
        $crate::part::PartStatements {
            table: $table,
            columns: &[$first, $($column),*],
            select: concat!("SELECT ", $first, $(", ", $column,)* " FROM ", $table, " WHERE ", $record, " = ?1 ORDER BY place"),
            insert: concat!(
                "INSERT INTO ", $table, " (", $record, ", place, ", $first, $(", ", $column,)* ") VALUES (?, ?, ?",
                $($crate::table::question!($column),)* ")"
            ),
            delete: concat!("DELETE FROM ", $table, " WHERE ", $record, " = ?1 AND place >= ?2"),
        }
    };
}

pub(crate) use part_statements;

/// The parts of a record, in their order.
pub(crate) fn read<P: Part>(connection: &Connection, row: i64) -> Done<Vec<P>> {
    let mut statement = prepared(connection, P::SQL.select)?;
    let mut rows = statement.query([row])?;
    let mut parts = Vec::new();
    while let Some(cells) = rows.next()? {
        parts.push(P::read(&mut Cells::new(cells, P::SQL.table, P::SQL.columns))?);
    }
    Ok(parts)
}

/// The parts of one record, to be written.
pub(crate) struct PartsOf<'c> {
    connection: &'c Connection,
    row: i64,
    /// Which tables hold something of it, one bit each.
    stored: i64,
    /// Is told which table is about to change.
    changing: &'c dyn Fn(i64) -> Done<()>,
    undo: Cell<Undo>,
}

/// How a failure is undone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// The row is new and goes, with its parts.
    WithTheRow,
    /// Nothing has changed yet.
    Nothing,
    /// By the savepoint that stands before the first change.
    Savepoint,
}

impl<'c> PartsOf<'c> {
    /// Of a row that is new and has none.
    pub(crate) const fn new_row(connection: &'c Connection, row: i64) -> Self {
        Self { connection, row, stored: 0, changing: &|_| Ok(()), undo: Cell::new(Undo::WithTheRow) }
    }

    /// Of a row that has those that `stored` says; `changing` is called before a table of them changes.
    pub(crate) const fn stored_row(
        connection: &'c Connection,
        row: i64,
        stored: i64,
        changing: &'c dyn Fn(i64) -> Done<()>,
    ) -> Self {
        Self { connection, row, stored, changing, undo: Cell::new(Undo::Nothing) }
    }

    /// Makes the stored parts these. What stands at the front of both stays untouched, so that one more line or payment costs one row. `bit` is that of their table; where it is
    /// not set, none are stored, and none are looked for.
    pub(crate) fn write<P: Part>(&self, bit: i64, parts: &[P]) -> Done<()> {
        let stored = if self.stored & bit == 0 { Vec::new() } else { read::<P>(self.connection, self.row)? };
        let same = stored.iter().zip(parts).take_while(|(stored, part)| stored == part).count();
        if same == stored.len() && same == parts.len() {
            return Ok(());
        }
        (self.changing)(bit)?;
        self.guard()?;
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

    /// Keeps what was written.
    pub(crate) fn keep(&self) -> Done<()> {
        if self.undo.get() == Undo::Savepoint { run(self.connection, RELEASE) } else { Ok(()) }
    }

    /// Undoes what was written to the parts of a row that was there before.
    pub(crate) fn undo(&self) {
        if self.undo.get() == Undo::Savepoint {
            roll_back(self.connection);
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

//! Rows that belong to a record: the points, tags, lines and payments under its own row number and a place.

use rusqlite::Connection;

use crate::{
    error::Done,
    row::{Binder, Cells},
    table::{RowState, prepared},
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

/// Makes the stored parts of a record these. What stands at the front of both stays untouched, so that one more line or payment costs one row.
pub(crate) fn write<P: Part>(connection: &Connection, row: RowState, parts: &[P]) -> Done<()> {
    let (row, stored) = match row {
        RowState::New(row) => (row, Vec::new()),
        RowState::Old(row) => (row, read::<P>(connection, row)?),
    };
    let same = stored.iter().zip(parts).take_while(|(stored, part)| stored == part).count();
    if same < stored.len() {
        prepared(connection, P::SQL.delete)?.execute((row, place(same)))?;
    }
    if same == parts.len() {
        return Ok(());
    }
    let mut statement = prepared(connection, P::SQL.insert)?;
    for (index, part) in parts.iter().enumerate().skip(same) {
        let mut binder = Binder::new(&mut statement);
        binder.put(&row)?.put(&place(index))?;
        part.bind(&mut binder)?;
        statement.raw_execute()?;
    }
    Ok(())
}

fn place(index: usize) -> i64 {
    // A list in memory never has 2^63 entries.
    i64::try_from(index).unwrap_or(i64::MAX)
}

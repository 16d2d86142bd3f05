//! Figures counted anew, and compared with those that are kept.

use crm_core::{
    CustomerFigure, FigureMismatch, ForecastFigure, Opportunity, Order, PipelineFigure, SalesFigure, Span, Ticket,
    TicketFigure, store::Page,
};
use rusqlite::Connection;

use super::{
    Book, COUNTED, Deltas, KEPT, is_overflow,
    read::{Read, Spanned},
};
use crate::{error::Done, filter::Where, part, row::Cells, table::Table};

/// Records are read, and what they count for is written, in pages of this many.
const PAGE: u16 = 500;

/// The tables of figures.
const TABLES: [&str; 5] =
    ["crm_figure_sales", "crm_figure_customer", "crm_figure_pipeline", "crm_figure_forecast", "crm_figure_ticket"];

/// Counts every record into one of the books.
fn count_all(connection: &Connection, book: Book) -> Done<()> {
    count::<Order>(connection, book)?;
    count::<Opportunity>(connection, book)?;
    count::<Ticket>(connection, book)
}

fn count<T: Table>(connection: &Connection, book: Book) -> Done<()> {
    let (mut after, mut deltas) = (None, Deltas::default());
    loop {
        let records: Vec<T> = Where::default().by_id(connection, Page { after, limit: PAGE })?;
        records.iter().try_for_each(|record| deltas.add(record))?;
        after = records.last().map(Table::id);
        let more = records.len() == usize::from(PAGE);
        match part::atomically(connection, || deltas.write(connection, book)) {
            Ok(()) => deltas = Deltas::default(),
            // What comes may make it fit: no sum but the last must.
            Err(failure) if more && is_overflow(&failure) => {}
            Err(failure) => return Err(failure),
        }
        if !more {
            return Ok(());
        }
    }
}

/// Throws the figures away and counts all records anew.
pub(super) fn rebuild(connection: &Connection) -> Done<()> {
    part::atomically(connection, || {
        for table in TABLES {
            connection.execute(&format!("DELETE FROM {table}"), [])?;
        }
        count_all(connection, Book::Kept)
    })
}

/// Lets a reader fill temporary tables, which are no part of the file, until it is dropped.
struct Scratch<'c> {
    connection: &'c Connection,
    query_only: bool,
}

impl<'c> Scratch<'c> {
    fn new(connection: &'c Connection) -> Done<Self> {
        let query_only = connection.pragma_query_value(None, "query_only", |row| row.get(0))?;
        let scratch = Self { connection, query_only };
        connection.pragma_update(None, "query_only", false)?;
        connection.execute_batch("SAVEPOINT crm_scratch")?;
        for table in TABLES {
            // Of the same form, so that the same statements write it.
            let sql = "SELECT sql FROM main.sqlite_schema WHERE name = ?1";
            let made: String = connection.query_row(sql, [table], |row| row.get(0))?;
            let name = table.replace(KEPT, COUNTED);
            connection.execute_batch(&made.replacen(table, &name, 1))?;
        }
        Ok(scratch)
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // What fails here fails because the transaction has ended, and the tables went with it.
        let _ = self.connection.execute_batch("ROLLBACK TO crm_scratch; RELEASE crm_scratch");
        let _ = self.connection.pragma_update(None, "query_only", self.query_only);
    }
}

/// Gives the rows of one book that the other has not, or, where `changed`, has with other sums; the rows of both. It reads the whole of the one, and looks each row up in the other.
fn difference<F: Read>((book, other): (&str, &str), changed: bool, limit: usize) -> String {
    let columns = |of: &str| F::COLUMNS.iter().map(|column| format!("{of}.{column}")).collect::<Vec<_>>().join(", ");
    let each = |columns: &[&str], operator: &str, between: &str| {
        columns.iter().map(|column| format!("one.{column} {operator} two.{column}")).collect::<Vec<_>>().join(between)
    };
    let (keys, sums) = F::COLUMNS.split_at(F::KEYS);
    let first = keys[0];
    let changed = if changed { format!(" OR {}", each(sums, "<>", " OR ")) } else { String::new() };
    format!(
        "SELECT {}, two.{first} IS NOT NULL, {} FROM {} AS one LEFT JOIN {} AS two ON {} WHERE two.{first} IS NULL{changed} LIMIT {limit}",
        columns("one"),
        columns("two"),
        F::TABLE.replace(KEPT, book),
        F::TABLE.replace(KEPT, other),
        each(keys, "=", " AND "),
    )
}

fn differences<F: Read>(
    connection: &Connection,
    books: (&str, &str),
    changed: bool,
    limit: usize,
) -> Done<Vec<(F, Option<F>)>> {
    let sql = difference::<F>(books, changed, limit);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let there = row.get(F::COLUMNS.len())?;
        let two = || F::read(&mut Cells::after(F::COLUMNS.len() + 1, row, F::TABLE, F::COLUMNS));
        found.push((F::of(row)?, if there { Some(two()?) } else { None }));
    }
    Ok(found)
}

/// Compares a table of figures with what was counted.
fn compare<F: Read>(
    connection: &Connection,
    limit: u16,
    found: &mut Vec<FigureMismatch>,
    mismatch: impl Fn(Option<F>, Option<F>) -> Option<FigureMismatch>,
) -> Done<()> {
    let left = |found: &Vec<FigureMismatch>| usize::from(limit).saturating_sub(found.len());
    for (counted, kept) in differences::<F>(connection, (COUNTED, KEPT), true, left(found))? {
        found.extend(mismatch(kept, Some(counted)));
    }
    for (kept, _) in differences::<F>(connection, (KEPT, COUNTED), false, left(found))? {
        found.extend(mismatch(Some(kept), None));
    }
    Ok(())
}

/// What is kept and what was counted in one span.
fn spanned<F>(kept: Option<Spanned<F>>, counted: Option<Spanned<F>>) -> Option<(Span, Option<F>, Option<F>)> {
    let span = kept.as_ref().or(counted.as_ref()).map(|Spanned(span, _)| *span)?;
    let figure = |one: Option<Spanned<F>>| one.map(|Spanned(_, figure)| figure);
    Some((span, figure(kept), figure(counted)))
}

/// The figures that are not what the records say, at most so many. What is counted stands in temporary tables meanwhile, which SQLite puts on disk where they grow.
pub(super) fn verify(connection: &Connection, limit: u16) -> Done<Vec<FigureMismatch>> {
    let _scratch = Scratch::new(connection)?;
    count_all(connection, Book::Counted)?;
    let mut found = Vec::new();
    compare::<Spanned<SalesFigure>>(connection, limit, &mut found, |kept, counted| {
        let (span, kept, counted) = spanned(kept, counted)?;
        Some(FigureMismatch::Sales { span, kept, counted })
    })?;
    compare::<CustomerFigure>(connection, limit, &mut found, |kept, counted| {
        Some(FigureMismatch::Customer { kept, counted })
    })?;
    compare::<PipelineFigure>(connection, limit, &mut found, |kept, counted| {
        Some(FigureMismatch::Pipeline { kept, counted })
    })?;
    compare::<Spanned<ForecastFigure>>(connection, limit, &mut found, |kept, counted| {
        let (span, kept, counted) = spanned(kept, counted)?;
        Some(FigureMismatch::Forecast { span, kept, counted })
    })?;
    compare::<TicketFigure>(connection, limit, &mut found, |kept, counted| {
        Some(FigureMismatch::Tickets { kept, counted })
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SqliteStore, plans};

    /// Verification reads everything, but it does not compare each row with each other one.
    fn looks_up<F: Read>(store: &SqliteStore) {
        for (books, changed) in [((COUNTED, KEPT), true), ((KEPT, COUNTED), false)] {
            let sql = difference::<F>(books, changed, 9);
            let plan = store
                .on_writer(|connection| {
                    let _scratch = Scratch::new(connection)?;
                    plans::explain(connection, &sql)
                })
                .unwrap();
            let keys = format!(
                "SEARCH two USING PRIMARY KEY ({})",
                F::COLUMNS[..F::KEYS].iter().map(|key| format!("{key}=?")).collect::<Vec<_>>().join(" AND ")
            );
            assert!(plan.len() == 2 && plan[0] == "SCAN one" && plan[1].starts_with(&keys), "{plan:?}\n{sql}");
        }
    }

    #[test]
    fn verification_looks_each_figure_up_in_what_was_counted_and_the_other_way_round() {
        let store = SqliteStore::open_in_memory().unwrap();
        looks_up::<Spanned<SalesFigure>>(&store);
        looks_up::<CustomerFigure>(&store);
        looks_up::<PipelineFigure>(&store);
        looks_up::<Spanned<ForecastFigure>>(&store);
        looks_up::<TicketFigure>(&store);
    }
}

//! How figures are asked for.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use crm_core::{
    Currency, CustomerFigure, CustomerId, Deals, FigureMismatch, ForecastFigure, ForecastKey, Label, Money, Period,
    PipelineFigure, PipelineKey, RecordId, SalesBy, SalesFigure, SalesKey, SalesOf, SalesRepId, Span, TicketFigure,
    TicketKey,
    store::{CustomerFigureFilter, Figures, ForecastFilter, Page, SalesFilter, StoreError},
};
use rusqlite::{Connection, Row, Rows, Statement, ToSql};
use uuid::Uuid;

use super::{CATEGORIES, ForecastRow, Whose, overflow, rebuild, verify};
use crate::{
    error::Done,
    row::{Bound, Cells, OrEmpty},
    table::prepared,
    transaction::SqliteTx,
};

/// The columns of a table of figures, as they are selected and read.
pub(super) trait Read: Sized {
    const TABLE: &'static str;
    /// The key first.
    const COLUMNS: &'static [&'static str];
    /// How many of them are the key.
    const KEYS: usize;
    fn read(cells: &mut Cells<'_, '_>) -> Done<Self>;

    fn of(row: &Row<'_>) -> Done<Self> {
        Self::read(&mut Cells::new(row, Self::TABLE, Self::COLUMNS))
    }
}

/// The figures after a key, in its order; those with some columns like that, where there is a value. The first page has a lower bound as well, before all keys.
fn list<F: Read>(
    connection: &Connection,
    own: &[(&str, Option<&dyn ToSql>)],
    after: &[&dyn ToSql],
    limit: u16,
) -> Done<Vec<F>> {
    let keys = F::COLUMNS[..F::KEYS].join(", ");
    let places = vec!["?"; after.len()].join(", ");
    let mut sql = format!("SELECT {} FROM {} WHERE ({keys}) > ({places})", F::COLUMNS.join(", "), F::TABLE);
    let mut values = after.to_vec();
    for (column, value) in own {
        if let Some(value) = value {
            sql.push_str(&format!(" AND {column} = ?"));
            values.push(*value);
        }
    }
    sql.push_str(&format!(" ORDER BY {keys} LIMIT ?"));
    values.push(&limit);
    let mut statement = prepared(connection, &sql)?;
    let mut rows = statement.query(values.as_slice())?;
    let mut figures = Vec::new();
    while let Some(row) = rows.next()? {
        figures.push(F::of(row)?);
    }
    Ok(figures)
}

const SALES: &str = "crm_figure_sales";

/// The columns of a sales figure after `whose`, the currency first: where it is known, it is neither selected nor read.
const SALES_COLUMNS: &[&str] = &["currency", "day", "key", "revenue", "entries", "orders", "units"];

fn sales_columns(currency: Option<Currency>) -> &'static [&'static str] {
    &SALES_COLUMNS[usize::from(currency.is_some())..]
}

/// Those from a place on, in one currency or in all.
fn sales_from_sql(currency: Option<Currency>) -> String {
    format!(
        "SELECT {} FROM crm_figure_sales
         WHERE span = ?1 AND whose = ?2 AND (day, currency, key) >= (?3, ?4, ?5) AND day < ?6 AND (?7 IS NULL OR currency = ?7)
         ORDER BY day, currency, key LIMIT ?8",
        sales_columns(currency).join(", ")
    )
}

/// What stands behind the day and the currency.
fn read_sales(cells: &mut Cells<'_, '_>, whose: Whose, day: NaiveDate, currency: Currency) -> Done<SalesFigure> {
    let OrEmpty(key): OrEmpty<Uuid> = cells.take()?;
    let of = whose.sales(key).ok_or_else(|| cells.corrupt())?;
    let revenue = Money::from_minor(cells.take()?, currency);
    Ok(SalesFigure { day, of, revenue, entries: cells.take()?, orders: cells.take()?, units: cells.take()? })
}

/// A figure with its span, as a whole row says it.
pub(super) struct Spanned<F>(pub(super) Span, pub(super) F);

impl Read for Spanned<SalesFigure> {
    const TABLE: &'static str = SALES;
    const COLUMNS: &'static [&'static str] =
        &["span", "whose", "day", "currency", "key", "revenue", "entries", "orders", "units"];
    const KEYS: usize = 5;

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (span, whose): (Span, u32) = (cells.take()?, cells.take()?);
        let whose = Whose::ALL.into_iter().find(|known| known.number() == whose).ok_or_else(|| cells.corrupt())?;
        let (day, currency) = (cells.take()?, cells.take()?);
        Ok(Self(span, read_sales(cells, whose, day, currency)?))
    }
}

/// A place between the keys: before all rows whose key is this one or comes after it.
#[derive(Clone)]
struct Place {
    day: NaiveDate,
    currency: OrEmpty<Currency>,
    key: Vec<u8>,
}

impl Place {
    /// Before the rows of a day.
    fn at(day: NaiveDate) -> Self {
        Self { day, currency: OrEmpty(None), key: Vec::new() }
    }

    /// Where a page begins.
    fn of(filter: &SalesFilter, whose: Whose, after: Option<&SalesKey>) -> Self {
        let start = Self::at(filter.days.from());
        let Some((day, currency, of)) = after.filter(|(day, ..)| *day >= filter.days.from()) else { return start };
        let key = match Whose::of(of) {
            // The next key after one is that with a zero at its end.
            Some((own, key)) if own == whose => key_bytes(key).into_iter().chain([0]).collect(),
            Some((own, _)) if own < whose => Vec::new(),
            _ => beyond(),
        };
        Self { day: *day, currency: OrEmpty(Some(*currency)), key }
    }
}

fn key_bytes(key: Option<Uuid>) -> Vec<u8> {
    key.map_or_else(Vec::new, |key| key.as_bytes().to_vec())
}

/// After all keys, which are of 16 bytes.
fn beyond() -> Vec<u8> {
    vec![u8::MAX; 17]
}

/// The rows from a place on, at most so many; all of them for -1.
fn sales_from<'s>(
    statement: &'s mut Statement<'_>,
    filter: &SalesFilter,
    whose: Whose,
    place: &Place,
    limit: i64,
) -> Done<Rows<'s>> {
    let (span, until) = (Bound(&filter.span), filter.days.until());
    let place = (Bound(&place.day), Bound(&place.currency), place.key.as_slice());
    Ok(statement.query((
        span,
        whose.number(),
        place.0,
        place.1,
        place.2,
        Bound(&until),
        Bound(&filter.currency),
        limit,
    ))?)
}

fn next_sales(rows: &mut Rows<'_>, whose: Whose, currency: Option<Currency>) -> Done<Option<SalesFigure>> {
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::new(row, SALES, sales_columns(currency));
    let currency = currency.map_or_else(|| cells.take(), Ok)?;
    let day = cells.take()?;
    read_sales(&mut cells, whose, day, currency).map(Some)
}

/// The figures of each rep, product or customer.
fn sales_of_each(
    connection: &Connection,
    filter: &SalesFilter,
    whose: Whose,
    page: &Page<SalesKey>,
) -> Done<Vec<SalesFigure>> {
    let place = Place::of(filter, whose, page.after.as_ref());
    let mut statement = prepared(connection, &sales_from_sql(filter.currency))?;
    let mut rows = sales_from(&mut statement, filter, whose, &place, page.limit.into())?;
    std::iter::from_fn(|| next_sales(&mut rows, whose, filter.currency).transpose()).collect()
}

/// Those of one key. Where it has any, there is a figure of all sales too, so the days and currencies to look at are those of that one.
fn sales_of_one_sql(currency: Option<Currency>) -> String {
    format!(
        "SELECT one.{} FROM crm_figure_sales AS every
         CROSS JOIN crm_figure_sales AS one
         ON one.span = every.span AND one.whose = ?2 AND one.day = every.day AND one.currency = every.currency AND one.key = ?9
         WHERE every.span = ?1 AND every.whose = 0 AND (every.day, every.currency, every.key) >= (?3, ?4, ?5) AND every.day < ?6
         AND (?7 IS NULL OR every.currency = ?7) ORDER BY every.day, every.currency LIMIT ?8",
        sales_columns(currency).join(", one.")
    )
}

/// The figures of one rep, product or customer.
fn sales_of_one(
    connection: &Connection,
    filter: &SalesFilter,
    (whose, key): (Whose, Option<Uuid>),
    page: &Page<SalesKey>,
) -> Done<Vec<SalesFigure>> {
    let place = match &page.after {
        // Its own figure of that day and currency comes, too, where its key comes after that one.
        Some((day, currency, of)) if *day >= filter.days.from() => {
            let own = whose.sales(key).is_some_and(|own| own > *of);
            Place { day: *day, currency: OrEmpty(Some(*currency)), key: if own { Vec::new() } else { beyond() } }
        }
        _ => Place::at(filter.days.from()),
    };
    let mut statement = prepared(connection, &sales_of_one_sql(filter.currency))?;
    let (span, until) = (Bound(&filter.span), filter.days.until());
    let from = (Bound(&place.day), Bound(&place.currency), place.key.as_slice());
    let mut rows = statement.query((
        span,
        whose.number(),
        from.0,
        from.1,
        from.2,
        Bound(&until),
        Bound(&filter.currency),
        page.limit,
        Bound(&OrEmpty(key)),
    ))?;
    std::iter::from_fn(|| next_sales(&mut rows, whose, filter.currency).transpose()).collect()
}

const REGIONS: &str = "SELECT id, region FROM crm_sales_rep WHERE region IS NOT NULL";

fn regions(connection: &Connection) -> Done<HashMap<SalesRepId, Label>> {
    let mut statement = prepared(connection, REGIONS)?;
    let mut rows = statement.query([])?;
    let mut regions = HashMap::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::new(row, "crm_sales_rep", &["id", "region"]);
        regions.insert(cells.take()?, cells.take()?);
    }
    Ok(regions)
}

/// The figures of regions: those of the reps, put together day by day or month by month.
fn sales_of_regions(connection: &Connection, filter: &SalesFilter, page: &Page<SalesKey>) -> Done<Vec<SalesFigure>> {
    let (regions, limit) = (regions(connection)?, usize::from(page.limit));
    let wanted = |figure: &SalesFigure| {
        filter.by.includes(&figure.of) && page.after.as_ref().is_none_or(|after| figure.key() > *after)
    };
    let place = Place::at(page.after.as_ref().map_or(filter.days.from(), |(day, ..)| filter.days.from().max(*day)));
    let mut statement = prepared(connection, &sales_from_sql(filter.currency))?;
    let mut rows = sales_from(&mut statement, filter, Whose::Rep, &place, -1)?;
    let (mut figures, mut of_day) = (Vec::new(), BTreeMap::<SalesKey, SalesFigure>::new());
    while figures.len() < limit {
        let next = next_sales(&mut rows, Whose::Rep, filter.currency)?.map(|mut figure| {
            if let SalesOf::Rep(rep) = figure.of {
                figure.of = SalesOf::Region(rep.and_then(|rep| regions.get(&rep)).cloned());
            }
            figure
        });
        let day = of_day.first_key_value().map(|((day, ..), _)| *day);
        if next.as_ref().map(|figure| figure.day) != day {
            figures.extend(std::mem::take(&mut of_day).into_values().filter(wanted));
        }
        let Some(figure) = next else { break };
        match of_day.get_mut(&figure.key()) {
            Some(sum) => sum.add(&figure).map_err(overflow("sales"))?,
            None => drop(of_day.insert(figure.key(), figure)),
        }
    }
    figures.truncate(limit);
    Ok(figures)
}

fn sales(connection: &Connection, filter: &SalesFilter, page: &Page<SalesKey>) -> Done<Vec<SalesFigure>> {
    let each = |whose| sales_of_each(connection, filter, whose, page);
    match &filter.by {
        SalesBy::Total => each(Whose::Everybody),
        SalesBy::Reps => each(Whose::Rep),
        SalesBy::Products => each(Whose::Product),
        SalesBy::Customers => each(Whose::Customer),
        SalesBy::Regions => sales_of_regions(connection, filter, page),
        SalesBy::One(one) => match Whose::of(one) {
            Some((Whose::Everybody, _)) => each(Whose::Everybody),
            Some(one) => sales_of_one(connection, filter, one, page),
            None => sales_of_regions(connection, filter, page),
        },
    }
}

impl Read for CustomerFigure {
    const TABLE: &'static str = "crm_figure_customer";
    const COLUMNS: &'static [&'static str] = &["customer", "currency", "revenue", "orders", "first_day", "last_day"];
    const KEYS: usize = 2;

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (customer, currency) = (cells.take()?, cells.take()?);
        let (revenue, orders) = (Money::from_minor(cells.take()?, currency), cells.take()?);
        Ok(Self { customer, revenue, orders, first_day: cells.take()?, last_day: cells.take()? })
    }
}

impl Read for PipelineFigure {
    const TABLE: &'static str = "crm_figure_pipeline";
    const COLUMNS: &'static [&'static str] = &[
        "pipeline",
        "stage",
        "currency",
        "open_count",
        "open_value",
        "weighted",
        "won_count",
        "won_value",
        "lost_count",
        "lost_value",
    ];
    const KEYS: usize = 3;

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (pipeline, stage, OrEmpty(currency)) = (cells.take()?, cells.take()?, cells.take()?);
        let money = |minor| currency.map(|currency| Money::from_minor(minor, currency));
        let mut deals = || -> Done<Deals> { Ok(Deals { count: cells.take()?, value: money(cells.take()?) }) };
        let open = deals()?;
        let weighted = money(cells.take()?);
        let mut deals = || -> Done<Deals> { Ok(Deals { count: cells.take()?, value: money(cells.take()?) }) };
        Ok(Self { pipeline, stage, currency, open, weighted, won: deals()?, lost: deals()? })
    }
}

impl Read for Spanned<ForecastFigure> {
    const TABLE: &'static str = "crm_figure_forecast";
    const COLUMNS: &'static [&'static str] =
        &["span", "day", "rep", "category", "currency", "count", "value", "weighted"];
    const KEYS: usize = 5;

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (span, OrEmpty(day), OrEmpty(rep)): (_, _, OrEmpty<Uuid>) = (cells.take()?, cells.take()?, cells.take()?);
        let category: u32 = cells.take()?;
        let category = CATEGORIES.into_iter().find(|known| *known as u32 == category);
        let category = category.ok_or_else(|| cells.corrupt())?;
        let OrEmpty(currency) = cells.take()?;
        let money = |minor| currency.map(|currency| Money::from_minor(minor, currency));
        let deals = Deals { count: cells.take()?, value: money(cells.take()?) };
        let (rep, weighted) = (rep.map(RecordId::from_uuid), money(cells.take()?));
        Ok(Self(span, ForecastFigure { day, rep, category, currency, deals, weighted }))
    }
}

/// The figures of the forecast after a key and up to a day, in the order of their keys.
const FORECAST: &str = "SELECT span, day, rep, category, currency, count, value, weighted FROM crm_figure_forecast
     WHERE span = ?1 AND (day, rep, category, currency) > (?2, ?3, ?4, ?5) AND day <= ?6
     ORDER BY day, rep, category, currency LIMIT ?7";

fn forecast(connection: &Connection, filter: &ForecastFilter, page: &Page<ForecastKey>) -> Done<Vec<ForecastFigure>> {
    let (first, last) = (filter.days.map(Period::from), filter.days.map(Period::last));
    let after = page.after.filter(|(day, ..)| *day >= first).map(|key| ForecastRow::new(filter.span, key));
    // Before all keys of the first day, since no category has this place.
    let (day, rep, category, currency) = after.map_or((OrEmpty(first), OrEmpty(None), -1, OrEmpty(None)), |row| {
        (row.day, row.rep, i64::from(row.category as u32), row.currency)
    });
    let (span, last) = (Bound(&filter.span), OrEmpty(last));
    let place = (Bound(&day), Bound(&rep), Bound(&currency));
    let mut statement = prepared(connection, FORECAST)?;
    let mut rows = statement.query((span, place.0, place.1, category, place.2, Bound(&last), page.limit))?;
    let mut figures = Vec::new();
    while let Some(row) = rows.next()? {
        let Spanned(_, figure) = Read::of(row)?;
        figures.push(figure);
    }
    Ok(figures)
}

impl Read for TicketFigure {
    const TABLE: &'static str = "crm_figure_ticket";
    const COLUMNS: &'static [&'static str] = &["status", "priority", "count"];
    const KEYS: usize = 2;

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (status, OrEmpty(priority)) = (cells.take()?, cells.take()?);
        Ok(Self { status, priority, count: cells.take()? })
    }
}

impl Figures for SqliteTx<'_> {
    fn sales_figures(&self, filter: &SalesFilter, page: Page<SalesKey>) -> Result<Vec<SalesFigure>, StoreError> {
        Ok(sales(self.connection, filter, &page)?)
    }

    fn customer_figures(
        &self,
        filter: &CustomerFigureFilter,
        page: Page<(CustomerId, Currency)>,
    ) -> Result<Vec<CustomerFigure>, StoreError> {
        let (of, within) = (filter.customer.as_ref().map(Bound), filter.currency.as_ref().map(Bound));
        let own =
            [("customer", of.as_ref().map(|of| of as _)), ("currency", within.as_ref().map(|within| within as _))];
        let (customer, currency) = page.after.unzip();
        let (customer, currency) = (OrEmpty(customer.map(RecordId::uuid)), OrEmpty(currency));
        Ok(list(self.connection, &own, &[&Bound(&customer), &Bound(&currency)], page.limit)?)
    }

    fn pipeline_figures(
        &self,
        pipeline: Option<&Label>,
        page: Page<PipelineKey>,
    ) -> Result<Vec<PipelineFigure>, StoreError> {
        let of = pipeline.map(Bound);
        let own = [("pipeline", of.as_ref().map(|of| of as _))];
        let (pipeline, stage, currency) = match page.after {
            Some((pipeline, stage, currency)) => (Some(pipeline), Some(stage), currency),
            None => (None, None, None),
        };
        let (pipeline, stage, currency) = (OrEmpty(pipeline), OrEmpty(stage), OrEmpty(currency));
        let after: [&dyn ToSql; 3] = [&Bound(&pipeline), &Bound(&stage), &Bound(&currency)];
        Ok(list(self.connection, &own, &after, page.limit)?)
    }

    fn forecast_figures(
        &self,
        filter: &ForecastFilter,
        page: Page<ForecastKey>,
    ) -> Result<Vec<ForecastFigure>, StoreError> {
        Ok(forecast(self.connection, filter, &page)?)
    }

    fn ticket_figures(&self, page: Page<TicketKey>) -> Result<Vec<TicketFigure>, StoreError> {
        // Their order is not that of the texts that are stored, and there are a few dozen at most.
        let mut figures: Vec<TicketFigure> = list(self.connection, &[], &[&"", &""], u16::MAX)?;
        figures.sort_unstable_by_key(TicketFigure::key);
        figures.retain(|one| page.after.is_none_or(|after| one.key() > after));
        figures.truncate(page.limit.into());
        Ok(figures)
    }

    fn verify_figures(&self, limit: u16) -> Result<Vec<FigureMismatch>, StoreError> {
        Ok(verify(self.connection, limit)?)
    }

    fn rebuild_figures(&mut self) -> Result<(), StoreError> {
        Ok(rebuild(self.writing()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SqliteStore, plans};

    #[test]
    fn a_page_of_the_forecast_begins_at_its_key_and_ends_with_its_days() {
        let store = SqliteStore::open_in_memory().unwrap();
        let plan = store.on_writer(|connection| plans::explain(connection, FORECAST)).unwrap();
        let keys = "(span=? AND (day,rep,category,currency)>(?,?,?,?) AND day<?)";
        assert_eq!(plan, [format!("SEARCH crm_figure_forecast USING PRIMARY KEY {keys}")]);
    }
}

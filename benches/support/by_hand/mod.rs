//! The works as one would write them by hand for this one program: rusqlite with cached statements, plain structs, nothing checked.
//!
//! The tables are those of crm-store, made from the same file, so that indexes and children are the same; but a record's id is its INTEGER PRIMARY KEY, and there is no other.
//! The company has no needs and contacts, so their tables are not looked at; crm-store does not look there either, by the same column of bits.

mod customer;
mod figures;
mod order;
mod quote;

use std::{path::Path, time::Duration};

use crm::{
    RecordId,
    sqlite::rusqlite::{Connection, Result, Row, config::DbConfig, params_from_iter},
};
use serde::Serialize;

use crate::{
    company::{self, BEST_CUSTOMER, Done},
    work::{END, Get, Lines, PAGE, Picks, Side, Work, timed},
};

const TABLES: &str = include_str!("../../../crm-store/src/migrations/0001.sql");

/// The tables of crm-store with integers as ids.
fn tables() -> String {
    let (both, one) = ("row INTEGER PRIMARY KEY,\n    id BLOB NOT NULL UNIQUE,", "id INTEGER PRIMARY KEY,");
    TABLES.replace(both, one).replace(" (row)", " (id)").replace(" BLOB", " INTEGER")
}

/// A key as it is bound: of one record, or of the customer and the place of a page.
fn key(id: impl RecordId) -> i64 {
    company::number(id)
}

/// One transaction; what fails ends the bench.
fn transaction<T>(connection: &Connection, begin: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    connection.prepare_cached(begin)?.execute([])?;
    let value = work()?;
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok(value)
}

fn write<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    transaction(connection, "BEGIN IMMEDIATE", work)
}

fn read<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    transaction(connection, "BEGIN DEFERRED", work)
}

fn touched(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(crm::sqlite::rusqlite::Error::StatementChangedRows(rows)) }
}

fn only<T>(mut found: Vec<T>) -> Result<T> {
    found.pop().ok_or(crm::sqlite::rusqlite::Error::QueryReturnedNoRows)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// One row of the search: of the record with an id, of a family with a code.
fn searched(connection: &Connection, family: i64, id: i64, terms: &str) -> Result<()> {
    let sql = "INSERT INTO crm_search (rowid, terms) VALUES (?, ?)";
    connection.prepare_cached(sql)?.execute((family << 48 | id, terms))?;
    Ok(())
}

/// The next number with a prefix.
fn next_number(connection: &Connection, prefix: &str) -> Result<String> {
    let count = "INSERT INTO crm_counter (name, last) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
    let last: i64 = connection.prepare_cached(count)?.query_row([prefix], |row| row.get(0))?;
    Ok(format!("{prefix}{last:06}"))
}

/// One entry of the journal, with the fact as JSON.
fn journal(connection: &Connection, (family, kind): (&str, &str), record: i64, at: i64, fact: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO crm_journal (at, actor, reason, in_answer_to, key, family, record, kind, version, payload)
             VALUES (?, 'bench', NULL, NULL, NULL, ?, ?, ?, 1, ?)",
        )?
        .execute((at, family, record, kind, fact))?;
    Ok(())
}

/// Statements over the children of one record and of a page of them.
struct Children {
    one: String,
    page: String,
}

impl Children {
    /// The columns of a table whose record is in the column `of`.
    fn new(table: &str, of: &str, columns: &str) -> Self {
        let marks = vec!["?"; PAGE.into()].join(", ");
        let select = format!("SELECT {of}, {columns} FROM {table} WHERE {of}");
        Self {
            one: format!("{select} = ? ORDER BY place"),
            page: format!("{select} IN ({marks}) ORDER BY {of}, place"),
        }
    }

    /// Gives each child to its record; the records stand by ascending id.
    fn read<R, C>(
        &self,
        connection: &Connection,
        records: &mut [R],
        id: fn(&R) -> i64,
        read: fn(&Row<'_>) -> Result<C>,
        of: fn(&mut R) -> &mut Vec<C>,
    ) -> Result<()> {
        let sql = if records.len() == 1 { &self.one } else { &self.page };
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(records.iter().map(id)))?;
        let mut place = 0;
        while let Some(row) = rows.next()? {
            let parent: i64 = row.get(0)?;
            while id(&records[place]) < parent {
                place += 1;
            }
            of(&mut records[place]).push(read(row)?);
        }
        Ok(())
    }
}

pub(crate) struct ByHand {
    connection: Connection,
    picks: Picks,
}

impl ByHand {
    pub(crate) fn open(path: &Path, synchronous: &str, picks: Picks) -> Done<Self> {
        let connection = Connection::open(path)?;
        connection.set_prepared_statement_cache_capacity(256);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -16 * 1_024)?;
        if !connection.table_exists(None, "crm_customer")? {
            connection.execute_batch(&tables())?;
        }
        Ok(Self { connection, picks })
    }

    /// One transaction for each input.
    fn writes<I>(&self, inputs: &mut [I], work: impl Fn(&Connection, &mut I) -> Result<()>) -> Done<Duration> {
        let connection = &self.connection;
        timed(|| inputs.iter_mut().try_for_each(|input| write(connection, || work(connection, input))))
    }

    /// Gets each record, each by itself or so many in one read transaction.
    fn gets<K, T>(&self, keys: &[K], each: u32, get: impl Fn(&Connection, &K) -> Result<T>) -> Done<Duration> {
        let connection = &self.connection;
        let all = |keys: &[K]| keys.iter().try_for_each(|key| get(connection, key).map(drop));
        timed(|| match each {
            1 => all(keys),
            _ => keys.chunks(each as usize).try_for_each(|keys| read(connection, || all(keys))),
        })
    }

    fn get(&mut self, work: Work, get: Get, calls: u32) -> Done<Duration> {
        let each = work.times();
        let numbers = self.picks.records_of(work, calls * each);
        let texts = |text: fn(u32) -> Done<String>, numbers: &mut dyn Iterator<Item = u32>| {
            numbers.map(text).collect::<Done<Vec<_>>>()
        };
        let mut numbers = numbers.into_iter();
        match get {
            Get::CustomerById => {
                self.gets(&numbers.map(i64::from).collect::<Vec<_>>(), each, |c, id| customer::get(c, *id))
            }
            Get::CustomerByEmail => {
                let emails = texts(|number| Ok(company::email(number)?.key()), &mut numbers)?;
                self.gets(&emails, each, |c, email| customer::by_email(c, email))
            }
            Get::OrderById => self.gets(&numbers.map(i64::from).collect::<Vec<_>>(), each, |c, id| order::get(c, *id)),
            Get::OrderByNumber => {
                let numbers = texts(|number| Ok(company::order_number(number)?.into()), &mut numbers)?;
                self.gets(&numbers, each, |c, number| order::by_number(c, number))
            }
        }
    }

    /// Pages of the orders of the best customer, each from the key on.
    fn pages(&self, lines: Lines, calls: u32, after: u32) -> Done<Duration> {
        let (customer, after) = (BEST_CUSTOMER.into(), after.into());
        timed(|| {
            (0..calls).try_for_each(|_| {
                let page = read(&self.connection, || match lines {
                    Lines::Joined => order::page_joined(&self.connection, customer, after),
                    Lines::Apart => order::page(&self.connection, customer, after),
                })?;
                touched(page.len() / usize::from(PAGE))
            })
        })
    }
}

impl Side for ByHand {
    fn found(&mut self) -> Done<()> {
        let mut rep = self.connection.prepare(
            "INSERT INTO crm_sales_rep (id, revision, created_at, updated_at, name, name_key, commission_rate, active)
             VALUES (?, 1, 0, 0, ?, ?, 0, 1)",
        )?;
        for number in 1..=company::REPS {
            let from = company::sales_rep(number)?;
            rep.execute((key(from.id), from.name.as_str(), from.name.key()))?;
            searched(&self.connection, 8_000, key(from.id), "trep")?;
        }
        let mut product = self.connection.prepare(
            "INSERT INTO crm_product (id, revision, created_at, updated_at, sku, name, name_key, list_price, currency, active)
             VALUES (?, 1, 0, 0, ?, ?, ?, ?, 'EUR', 1)",
        )?;
        for number in 1..=company::PRODUCTS {
            let from = company::product(number)?;
            let price = from.list_price.millionths();
            product.execute((key(from.id), from.sku.as_str(), from.name.as_str(), from.name.key(), price))?;
            searched(&self.connection, 12_000, key(from.id), "tlamp")?;
        }
        Ok(())
    }

    fn run(&mut self, work: Work, calls: u32) -> Done<Duration> {
        let size = self.picks.size;
        let customers = |numbers: std::ops::RangeInclusive<u32>| numbers.map(customer::new).collect::<Done<Vec<_>>>();
        let orders = |numbers: std::ops::RangeInclusive<u32>| {
            numbers.map(|number| order::new(number, size)).collect::<Done<Vec<_>>>()
        };
        match work {
            Work::BulkCustomers => {
                let new = customers(self.picks.new_customers(calls))?;
                let connection = &self.connection;
                timed(|| write(connection, || new.iter().try_for_each(|it| customer::insert(connection, it))))
            }
            Work::BulkOrders => {
                let new = orders(self.picks.new_orders(calls))?;
                let connection = &self.connection;
                timed(|| write(connection, || new.iter().try_for_each(|it| order::insert(connection, it))))
            }
            Work::InsertCustomer => {
                let mut new = customers(self.picks.new_customers(calls))?;
                self.writes(&mut new, |connection, it| customer::register(connection, it))
            }
            Work::UpdateCustomer => {
                let region = self.picks.region();
                let mut numbers: Vec<_> = self.picks.some(calls).collect();
                self.writes(&mut numbers, |connection, number| customer::move_to(connection, (*number).into(), &region))
            }
            Work::InsertOrder => {
                let mut new = orders(self.picks.new_orders(calls))?;
                self.writes(&mut new, order::draft)
            }
            Work::PayOrder => {
                let mut numbers: Vec<_> = self.picks.some(calls).collect();
                self.writes(&mut numbers, |connection, number| order::pay(connection, (*number).into(), 1))
            }
            Work::PlaceOrder => {
                let mut new = orders(self.picks.new_orders(calls))?;
                let connection = &self.connection;
                timed(|| {
                    new.iter_mut().try_for_each(|it| {
                        write(connection, || order::confirmed(connection, it))?;
                        write(connection, || order::pay(connection, it.id(), it.total()))?;
                        write(connection, || order::ship(connection, it.id()))
                    })
                })
            }
            Work::QuoteToDelivery => {
                let new = self.picks.new_orders(calls).map(|number| quote::new(number, size));
                let mut new = new.collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| {
                    new.iter_mut().try_for_each(|it| {
                        let (at, day) = (it.created_at, it.drafted_on());
                        write(connection, || quote::draft(connection, it))?;
                        write(connection, || quote::send(connection, it.id, at, day))?;
                        write(connection, || quote::accept(connection, it.id, at, day))?;
                        write(connection, || order::confirm(connection, it.id, at, day))?;
                        write(connection, || order::pay(connection, it.id, it.total))?;
                        write(connection, || order::ship(connection, it.id))?;
                        write(connection, || order::deliver(connection, it.id, at))
                    })
                })
            }
            Work::PlaceAtOnce => {
                let mut new = orders(self.picks.new_orders(calls))?;
                let connection = &self.connection;
                timed(|| write(connection, || new.iter_mut().try_for_each(|it| order::confirmed(connection, it))))
            }
            Work::Gets(get) | Work::ScatteredGets(get) | Work::LoneGet(get) => self.get(work, get, calls),
            Work::FirstPage(lines) => self.pages(lines, calls, 0),
            Work::DeepPage(lines) => self.pages(lines, calls, self.picks.size.orders - END),
        }
    }
}

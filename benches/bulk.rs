//! How fast crm-store takes many orders in, against rusqlite written by hand in the same run: `cargo bench --bench bulk`.
//!
//! Both sides read the same plain rows. Ours makes an order of each, which checks it, and keeps them by `bulk::import`, with an entry in the journal for each batch. By hand each row
//! goes to cached statements as it is, in batches of the same size with the same entry; ids are integers, and nothing is checked that SQLite does not check. The two take turns, ten batches each.
//!
//! `CRM_BULK_ORDERS` says how many orders (100 000), `CRM_BULK_BATCH` how many a batch. There are a tenth as many customers.

#[expect(dead_code, reason = "the other works are those of the bench `store`")]
#[path = "support/company.rs"]
mod company;
#[path = "support/memory.rs"]
mod memory;

use std::{
    fs,
    ops::{ControlFlow, RangeInclusive},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use crm::{
    Act, Currency, Customer, Draft, NewCustomer, Order, OrderLine, Percent, Quantity, UnitPrice,
    bulk::{ImportOptions, import},
    sqlite::{
        SqliteStore,
        rusqlite::{self, Connection, config::DbConfig},
    },
    store::{Products, SalesReps, Store},
};

use crate::{
    company::{Done, PRODUCTS, REPS, id},
    memory::peak_mib,
};

const CURRENCY: Currency = Currency::EUR;
/// Batches of a turn.
const TURN: u32 = 10;

/// A row of the source: an order as another system would give it.
struct Row {
    number: u32,
    at: DateTime<Utc>,
    reference: String,
    external_id: String,
    customer: u32,
    rep: u32,
    /// The product, how many, and the price of one in cents.
    lines: [(u32, i64, i64); 3],
}

fn row(number: u32, customers: u32) -> Row {
    let line = |place: u32| {
        let product = (number * 7 + place) % PRODUCTS + 1;
        (product, i64::from(place) + 1, i64::from(product) * 199)
    };
    Row {
        number,
        at: at(number),
        reference: format!("B-{number:07}"),
        external_id: format!("legacy-{number}"),
        // Scattered: a prime that does not divide the number of customers.
        customer: u32::try_from(u64::from(number) * 7_919 % u64::from(customers)).unwrap_or(0) + 1,
        rep: number % REPS + 1,
        lines: [line(1), line(2), line(3)],
    }
}

fn at(number: u32) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(number.into())
}

/// The order of a row, checked.
fn order(row: &Row) -> Done<Order> {
    let mut lines = Vec::with_capacity(row.lines.len());
    for (number, (product, quantity, cents)) in (1..).zip(row.lines) {
        let price = UnitPrice::from_millionths(cents * 10_000, CURRENCY)?;
        let quantity = Quantity::from_millionths(quantity * 1_000_000)?;
        lines.push(OrderLine::new(number, id(product)?, quantity, price, Percent::ZERO)?);
    }
    let draft = Draft {
        external_id: Some(row.external_id.parse()?),
        rep: Some(id(row.rep)?),
        ..Draft::new(id(row.number)?, row.reference.parse()?, id(row.customer)?, CURRENCY, lines)
    };
    let mut order = Order::draft(row.at, draft)?;
    order.confirm(row.at, row.at.date_naive())?;
    Ok(order)
}

/// The store with all that orders refer to.
fn ours(path: &Path, customers: u32) -> Done<SqliteStore> {
    let store = SqliteStore::open(path)?;
    let reps = (1..=REPS).map(company::sales_rep).collect::<Done<Vec<_>>>()?;
    let products = (1..=PRODUCTS).map(company::product).collect::<Done<Vec<_>>>()?;
    store.write(|tx| tx.insert_sales_reps(&reps).and_then(|_| tx.insert_products(&products))).map(drop)?;
    let rows = (1..=customers).map(|n| -> Done<Customer> {
        Ok(Customer::register(id(n)?, at(n), NewCustomer::person(format!("Ada Lovelace {n}").parse()?))?)
    });
    imported(&store, customers, rows)?;
    Ok(store)
}

fn batch_rows() -> u32 {
    asked("CRM_BULK_BATCH").unwrap_or(ImportOptions::BATCH_ROWS)
}

fn asked(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

fn imported<R: crm::bulk::Record>(store: &SqliteStore, count: u32, rows: impl Iterator<Item = Done<R>>) -> Done<()> {
    let act = &mut Act::new(at(count), "bench".parse()?, [3; 10]);
    let options = ImportOptions::new("orders.csv".parse()?).batch_rows(batch_rows());
    let report = import(store, act, &options, rows, |_| ControlFlow::Continue(()))?;
    if report.total.inserted == u64::from(count) { Ok(()) } else { Err(format!("{report:?}").into()) }
}

/// The same tables with integers as ids, and all that orders refer to.
fn by_hand(path: &Path, customers: u32) -> Done<Connection> {
    const TABLES: &str = include_str!("../crm-store/src/migrations/0001.sql");
    let (both, one) = ("row INTEGER PRIMARY KEY,\n    id BLOB NOT NULL UNIQUE,", "id INTEGER PRIMARY KEY,");
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16 * 1_024)?;
    connection.pragma_update(None, "cache_spill", -64 * 1_024)?;
    connection.execute_batch(&TABLES.replace(both, one).replace(" (row)", " (id)").replace(" BLOB", " INTEGER"))?;
    let counting = "WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ?1)";
    let insert = |sql: &str, count: u32| connection.execute(&format!("{sql} {counting} {}", select(sql)), [count]);
    insert(
        "INSERT INTO crm_sales_rep (id, revision, created_at, updated_at, name, name_key, commission_rate, active)",
        REPS,
    )?;
    insert(
        "INSERT INTO crm_product (id, revision, created_at, updated_at, sku, name, name_key, list_price, currency, active)",
        PRODUCTS,
    )?;
    insert("INSERT INTO crm_customer (id, revision, created_at, updated_at, kind, name, name_key, parts)", customers)?;
    connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").or_else(ignored)?;
    Ok(connection)
}

/// The values that go with the columns of an insert.
fn select(insert: &str) -> String {
    let columns = insert.split(['(', ')']).nth(1).unwrap_or_default();
    let value = |column: &str| match column.trim() {
        "id" => "n",
        "revision" | "active" => "1",
        "sku" => "'SKU-' || n",
        "name" | "name_key" => "'Ada Lovelace ' || n",
        "kind" => "'person'",
        "currency" => "'EUR'",
        _ => "0",
    };
    format!("SELECT {} FROM n", columns.split(',').map(value).collect::<Vec<_>>().join(", "))
}

/// A pragma that gives a row is an error of `pragma_update`, and did its work.
fn ignored(error: rusqlite::Error) -> rusqlite::Result<()> {
    if matches!(error, rusqlite::Error::ExecuteReturnedResults) { Ok(()) } else { Err(error) }
}

fn insert_by_hand(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let (id, at, day) = (i64::from(row.number), row.at.timestamp_micros(), row.at.num_days_from_ce());
    let total: i64 = row.lines.iter().map(|(_, quantity, cents)| quantity * cents).sum();
    connection
        .prepare_cached(
            "INSERT INTO crm_order (id, revision, created_at, updated_at, number, external_id, customer, quote, rep, currency, terms, net, total, status, status_at, day,
             cancelled_on, cancel_reason, fulfilment, payment, parts)
             VALUES (?1, 1, ?2, ?2, ?3, ?4, ?5, NULL, ?6, 'EUR', NULL, ?7, ?7, 'confirmed', ?2, ?8, NULL, NULL, 'unfulfilled', 'unpaid', 9)",
        )?
        .execute((id, at, &row.reference, &row.external_id, row.customer, row.rep, total, day))?;
    for (place, (product, quantity, cents)) in (0..).zip(row.lines) {
        let (quantity, price) = (quantity * 1_000_000, cents * 10_000);
        connection
            .prepare_cached(
                "INSERT INTO crm_order_line (order_row, place, number, product, quantity, unit_price, discount, amount, currency, tax, tax_rate, source)
                 VALUES (?, ?, ?, ?, ?, ?, 0, ?, 'EUR', NULL, NULL, NULL)",
            )?
            .execute((id, place, place + 1, product, quantity, price, quantity / 1_000_000 * cents))?;
    }
    connection
        .prepare_cached(
            "INSERT INTO crm_order_revenue (order_row, place, order_id, day, kind, amount, currency) VALUES (?, 0, ?, ?, 'booked', ?, 'EUR')",
        )?
        .execute((id, id, day, total))?;
    Ok(())
}

/// What ours counts of a confirmed order, in the way that comes to mind first: added to each figure as it comes.
fn count_by_hand(connection: &Connection, row: &Row) -> rusqlite::Result<()> {
    let day = row.at.num_days_from_ce();
    let month = row.at.date_naive().with_day(1).map_or(day, |first| first.num_days_from_ce());
    let total: i64 = row.lines.iter().map(|(_, quantity, cents)| quantity * cents).sum();
    let units: i64 = row.lines.iter().map(|(_, quantity, _)| quantity * 1_000_000).sum();
    let products = row.lines.map(|(product, quantity, cents)| (2, product, quantity * cents, quantity * 1_000_000));
    let others = [(0, 0, total, units), (1, row.rep, total, units), (3, row.customer, total, units)];
    for (span, from) in [(0, day), (1, month)] {
        for (whose, key, revenue, units) in others.into_iter().chain(products) {
            connection
                .prepare_cached(
                    "INSERT INTO crm_figure_sales (span, whose, day, currency, key, revenue, entries, orders, units)
                     VALUES (?, ?, ?, 'EUR', ?, ?, 1, 1, ?) ON CONFLICT (span, whose, day, currency, key) DO UPDATE SET
                     revenue = revenue + excluded.revenue, entries = entries + 1, orders = orders + 1, units = units + excluded.units",
                )?
                .execute((span, whose, from, key, revenue, units))?;
        }
    }
    connection
        .prepare_cached(
            "INSERT INTO crm_figure_customer (customer, currency, revenue, orders, first_day, last_day) VALUES (?1, 'EUR', ?2, 1, ?3, ?3)
             ON CONFLICT (customer, currency) DO UPDATE SET revenue = revenue + excluded.revenue, orders = orders + 1,
             first_day = min(first_day, excluded.first_day), last_day = max(last_day, excluded.last_day)",
        )?
        .execute((row.customer, total, day))?;
    Ok(())
}

/// How many figures there are, and the sums over them.
const FIGURES: &str = "SELECT count(*), sum(revenue), sum(orders), sum(units) FROM crm_figure_sales
    UNION ALL SELECT count(*), sum(revenue), sum(orders), sum(last_day - first_day) FROM crm_figure_customer";

fn figures(connection: &Connection) -> rusqlite::Result<Vec<[i64; 4]>> {
    let mut statement = connection.prepare(FIGURES)?;
    statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?.collect()
}

fn import_by_hand(connection: &Connection, numbers: RangeInclusive<u32>, customers: u32, counted: bool) -> Done<()> {
    let numbers: Vec<u32> = numbers.collect();
    for batch in numbers.chunks(batch_rows() as usize) {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for number in batch {
            let row = row(*number, customers);
            insert_by_hand(connection, &row)?;
            if counted {
                count_by_hand(connection, &row)?;
            }
        }
        let fact = serde_json::to_string(&(batch.first(), batch.last(), batch.len()))?;
        connection
            .prepare_cached(
                "INSERT INTO crm_journal (at, actor, reason, in_answer_to, key, family, record, kind, version, payload)
                 VALUES (0, 'bench', NULL, NULL, NULL, 'import', 1, 'import.batch', 1, ?)",
            )?
            .execute([fact])?;
        connection.prepare_cached("COMMIT")?.execute([])?;
    }
    Ok(())
}

/// What a side goes on with by itself, such as copying its log, is over by then, and does not meet the next side.
const REST: Duration = Duration::from_millis(200);

/// Runs and times: on the clock, and on the processor where the system tells, which other work on the machine does not disturb. What goes on beside it belongs to the second.
fn timed(run: impl FnOnce() -> Done<()>) -> Done<Times> {
    let (start, cpu) = (Instant::now(), cpu());
    run()?;
    let took = start.elapsed();
    thread::sleep(REST);
    Ok([took, self::cpu().saturating_sub(cpu)])
}

/// The time that all threads of the process had a processor.
fn cpu() -> Duration {
    let time = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    fs::read_dir("/proc/self/task").into_iter().flatten().filter_map(|task| time(task.ok()?)).sum()
}

/// The time on the clock, and that of the processor.
type Times = [Duration; 2];

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_unstable_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn main() -> Done<()> {
    let orders = asked("CRM_BULK_ORDERS").unwrap_or(100_000);
    let customers = (orders / 10).max(1);
    // A folder of the build, since what stands for a temporary one is memory on many machines.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = |name: &str| folder.path().join(name);
    let store = ours(&path("ours"), customers)?;
    let (bare, counted) = (by_hand(&path("by hand"), customers)?, by_hand(&path("with figures"), customers)?);
    let (mut rounds, mut peaks) = (Vec::new(), Vec::new());
    let mut next = 1;
    while next <= orders {
        let last = orders.min(next + TURN * batch_rows() - 1);
        let mut round = [Times::default(); 3];
        // Who goes first changes from turn to turn.
        for side in 0..3 {
            let side = (side + rounds.len()) % 3;
            round[side] = timed(|| match side {
                0 => imported(&store, last - next + 1, (next..=last).map(|number| order(&row(number, customers)))),
                1 => import_by_hand(&bare, next..=last, customers, false),
                _ => import_by_hand(&counted, next..=last, customers, true),
            })?;
        }
        rounds.push(round);
        if next == 1 || last == orders {
            peaks.push((last, peak_mib()));
        }
        next = last + 1;
    }
    drop(store);
    if figures(&Connection::open(path("ours"))?)? != figures(&counted)? {
        return Err("the figures differ from those by hand".into());
    }
    println!("{orders} orders of three lines, {customers} customers, {} a batch; figures as by hand\n", batch_rows());
    println!(
        "| bulk import, one order | crm-store | by hand | ratio | in the last quarter | by hand with figures | ratio | in the last quarter |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    for (kind, name) in ["by the clock", "time of the processor"].iter().enumerate() {
        let sum = |side: usize| rounds.iter().map(|round| round[side][kind]).sum::<Duration>();
        let ratio = |side| sum(0).div_duration_f64(sum(side));
        let late = |side: usize| {
            let late = &rounds[rounds.len() - rounds.len().div_ceil(4)..];
            median(late.iter().map(|round| round[0][kind].div_duration_f64(round[side][kind])).collect())
        };
        let [ours, bare, counted] = [0, 1, 2].map(|side| sum(side) / orders);
        println!(
            "| {name} | {ours:.1?} | {bare:.1?} | {:.2} | {:.2} | {counted:.1?} | {:.2} | {:.2} |",
            ratio(1),
            late(1),
            ratio(2),
            late(2),
        );
    }
    for (so_far, peak) in peaks {
        println!(
            "peak memory up to order {so_far}, since the line before: {} MiB",
            peak.map_or("unknown".into(), |mib| mib.to_string())
        );
    }
    let size = |name: &str| fs::metadata(path(name)).map_or(0, |file| file.len() / 1_048_576);
    println!("files: {} MiB, {} MiB and {} MiB", size("ours"), size("by hand"), size("with figures"));
    Ok(())
}

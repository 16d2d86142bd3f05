//! Figures of sales, by hand: what a confirmed order adds to them.

use crm::{
    chrono::{Datelike, NaiveDate},
    sqlite::rusqlite::{Connection, Result},
};

/// What of an order is summed up.
pub(super) struct Sale<'a> {
    pub(super) day: i64,
    pub(super) currency: &'a str,
    pub(super) customer: i64,
    pub(super) rep: i64,
    pub(super) total: i64,
    /// Product, amount and quantity of each line; no product comes twice.
    pub(super) lines: Vec<(i64, i64, i64)>,
}

/// Adds a sale to the figures of its day and its month, and to those of its customer.
pub(super) fn add(connection: &Connection, sale: &Sale<'_>) -> Result<()> {
    const SALES: &str = "INSERT INTO crm_figure_sales (span, whose, day, currency, key, revenue, entries, orders, units) VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?)
        ON CONFLICT (span, whose, day, currency, key) DO UPDATE SET revenue = revenue + excluded.revenue, entries = entries + 1, orders = orders + 1,
        units = units + excluded.units";
    const CUSTOMER: &str = "INSERT INTO crm_figure_customer (customer, currency, revenue, orders, first_day, last_day) VALUES (?1, ?2, ?3, 1, ?4, ?4)
        ON CONFLICT (customer, currency) DO UPDATE SET revenue = revenue + excluded.revenue, orders = orders + 1,
        first_day = min(first_day, excluded.first_day), last_day = max(last_day, excluded.last_day)";
    let month = i32::try_from(sale.day)
        .ok()
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .map_or(sale.day, |day| sale.day - i64::from(day.day0()));
    let units: i64 = sale.lines.iter().map(|(_, _, quantity)| quantity).sum();
    let mut upsert = connection.prepare_cached(SALES)?;
    for (span, day) in [(0, sale.day), (1, month)] {
        // 0 is everybody, 1 a rep, 2 a product, 3 a customer.
        for (whose, key) in [(0, 0), (1, sale.rep), (3, sale.customer)] {
            upsert.execute((span, whose, day, sale.currency, key, sale.total, units))?;
        }
        for (product, amount, quantity) in &sale.lines {
            upsert.execute((span, 2, day, sale.currency, product, amount, quantity))?;
        }
    }
    let values = (sale.customer, sale.currency, sale.total, sale.day);
    connection.prepare_cached(CUSTOMER)?.execute(values).map(drop)
}

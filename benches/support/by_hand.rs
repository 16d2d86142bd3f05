//! The works as one would write them by hand for this one program: rusqlite with cached statements, plain structs, nothing checked.
//!
//! The tables are those of crm-store, made from the same file, so that indexes and children are the same. With `i64` as the key a record's id is its INTEGER PRIMARY KEY and
//! there is no other; with `[u8; 16]` the tables stay as they are: an integer row and a unique id of 16 bytes. The company has no needs, contacts and shipments, so their tables are
//! not looked at; crm-store does not look there either, by the same column of bits.

use std::{path::Path, sync::LazyLock, time::Duration};

use chrono::Datelike;
use crm::{
    RecordId,
    sqlite::rusqlite::{Connection, Result, Row, ToSql, config::DbConfig, params, params_from_iter, types::FromSql},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    company::{self, Done},
    work::{PAGE, Picks, Side, Work, timed},
};

const TABLES: &str = include_str!("../../crm-store/src/migrations/0001.sql");

/// A key of records.
pub(crate) trait Key: ToSql + FromSql + Copy + Serialize {
    /// The tables with such keys.
    fn tables() -> String;
    /// The key of a record.
    fn of(id: impl RecordId) -> Self;
}

impl Key for i64 {
    fn tables() -> String {
        let (both, one) = ("row INTEGER PRIMARY KEY,\n    id BLOB NOT NULL UNIQUE,", "id INTEGER PRIMARY KEY,");
        TABLES.replace(both, one).replace(" (row)", " (id)").replace(" BLOB", " INTEGER")
    }
    fn of(id: impl RecordId) -> Self {
        company::number(id)
    }
}

impl Key for [u8; 16] {
    fn tables() -> String {
        TABLES.to_owned()
    }
    fn of(id: impl RecordId) -> Self {
        id.uuid().into_bytes()
    }
}

#[derive(Serialize)]
struct Customer<K> {
    id: K,
    revision: i64,
    created_at: i64,
    updated_at: i64,
    external_id: Option<String>,
    kind: String,
    name: String,
    birth_date: Option<i64>,
    gender: Option<String>,
    region: Option<String>,
    parent: Option<K>,
    owner: Option<K>,
    archived_at: Option<i64>,
    parts: i64,
    emails: Vec<Point<String>>,
    phones: Vec<Point<String>>,
    addresses: Vec<Point<Address>>,
    tags: Vec<String>,
}

#[derive(Serialize)]
struct Point<T> {
    value: T,
    label: String,
    primary: bool,
    opted_out: bool,
    invalid: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Address {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    street: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    city: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    region: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    postcode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    country: String,
}

#[derive(Serialize)]
struct Order<K> {
    id: K,
    revision: i64,
    created_at: i64,
    updated_at: i64,
    number: String,
    external_id: Option<String>,
    customer: K,
    rep: Option<K>,
    currency: String,
    total: i64,
    status: String,
    status_at: Option<i64>,
    day: Option<i64>,
    cancelled_on: Option<i64>,
    cancel_reason: Option<String>,
    fulfilment: String,
    payment: String,
    parts: i64,
    lines: Vec<Line<K>>,
    payments: Vec<Payment>,
}

#[derive(Serialize)]
struct Line<K> {
    number: i64,
    product: K,
    quantity: i64,
    unit_price: i64,
    discount: i64,
    amount: i64,
    currency: String,
}

#[derive(Serialize)]
struct Payment {
    number: i64,
    kind: String,
    amount: i64,
    currency: String,
    at: i64,
    day: i64,
    method: Option<String>,
    reference: Option<String>,
}

fn customer<K: Key>(number: u32) -> Done<Customer<K>> {
    let from = company::customer(number)?;
    let point = |value| Point { value, label: "work".into(), primary: true, opted_out: false, invalid: false };
    let address = |address| -> Done<Address> { Ok(serde_json::from_value(serde_json::to_value(address)?)?) };
    Ok(Customer {
        id: K::of(from.id),
        revision: 1,
        created_at: from.created_at.timestamp_micros(),
        updated_at: from.updated_at.timestamp_micros(),
        external_id: from.external_id.map(Into::into),
        kind: "person".into(),
        name: from.name.into(),
        birth_date: None,
        gender: None,
        region: from.region.map(Into::into),
        parent: None,
        owner: from.owner.map(K::of),
        archived_at: None,
        parts: 15,
        emails: from.emails.iter().map(|email| point(email.value.as_str().to_owned())).collect(),
        phones: from.phones.iter().map(|phone| point(phone.value.as_str().to_owned())).collect(),
        addresses: from
            .addresses
            .iter()
            .map(|point| {
                let value = address(&point.value)?;
                Ok(Point { value, label: "work".into(), primary: true, opted_out: false, invalid: false })
            })
            .collect::<Done<_>>()?,
        tags: from.tags.into_iter().map(Into::into).collect(),
    })
}

fn order<K: Key>(number: u32) -> Done<Order<K>> {
    let from = company::order(number)?;
    let line = |line: &crm::OrderLine| Line {
        number: line.number().into(),
        product: K::of(line.product()),
        quantity: line.quantity().millionths(),
        unit_price: line.unit_price().millionths(),
        discount: line.discount().ten_thousandths(),
        amount: line.amount().minor(),
        currency: line.amount().currency().code().into(),
    };
    Ok(Order {
        id: K::of(from.id),
        revision: 1,
        created_at: from.created_at.timestamp_micros(),
        updated_at: from.updated_at.timestamp_micros(),
        number: from.number().as_str().into(),
        external_id: from.external_id().map(|id| id.as_str().into()),
        customer: K::of(from.customer()),
        rep: from.rep().map(K::of),
        currency: from.currency().code().into(),
        total: from.total().minor(),
        status: "confirmed".into(),
        status_at: Some(from.updated_at.timestamp_micros()),
        day: from.state().confirmed_on().map(|day| day.num_days_from_ce().into()),
        cancelled_on: None,
        cancel_reason: None,
        fulfilment: "unfulfilled".into(),
        payment: "unpaid".into(),
        parts: 0,
        lines: from.lines().iter().map(line).collect(),
        payments: Vec::new(),
    })
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

fn insert_customer<K: Key>(connection: &Connection, customer: &Customer<K>) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO crm_customer (id, revision, created_at, updated_at, external_id, kind, name, name_key, birth_date, gender, region, parent, owner,
             archived_at, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            customer.id,
            customer.revision,
            customer.created_at,
            customer.updated_at,
            customer.external_id,
            customer.kind,
            customer.name,
            customer.name.to_lowercase(),
            customer.birth_date,
            customer.gender,
            customer.region,
            customer.parent,
            customer.owner,
            customer.archived_at,
            customer.parts
        ])?;
    let row = connection.last_insert_rowid();
    const EMAIL: &str = "INSERT INTO crm_customer_email (customer, place, value, value_key, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    const PHONE: &str = "INSERT INTO crm_customer_phone (customer, place, value, value_key, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    for (sql, points) in [(EMAIL, &customer.emails), (PHONE, &customer.phones)] {
        for (place, point) in (0..).zip(points) {
            let Point { value, label, primary, opted_out, invalid } = point;
            let key = value.to_lowercase();
            connection.prepare_cached(sql)?.execute((
                row,
                place as i64,
                value,
                key,
                label,
                primary,
                opted_out,
                invalid,
            ))?;
        }
    }
    for (place, point) in (0..).zip(&customer.addresses) {
        let Point { value, label, primary, opted_out, invalid } = point;
        let sql = "INSERT INTO crm_customer_address (customer, place, value, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let values = (row, place as i64, json(value), label, primary, opted_out, invalid);
        connection.prepare_cached(sql)?.execute(values)?;
    }
    for (place, tag) in (0..).zip(&customer.tags) {
        let sql = "INSERT INTO crm_customer_tag (customer, place, tag, customer_id) VALUES (?, ?, ?, ?)";
        connection.prepare_cached(sql)?.execute((row, place as i64, tag, customer.id))?;
    }
    Ok(())
}

fn insert_order<K: Key>(connection: &Connection, order: &Order<K>) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO crm_order (id, revision, created_at, updated_at, number, external_id, customer, rep, currency, total, status, status_at, day,
             cancelled_on, cancel_reason, fulfilment, payment, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            order.id,
            order.revision,
            order.created_at,
            order.updated_at,
            order.number,
            order.external_id,
            order.customer,
            order.rep,
            order.currency,
            order.total,
            order.status,
            order.status_at,
            order.day,
            order.cancelled_on,
            order.cancel_reason,
            order.fulfilment,
            order.payment,
            order.parts
        ])?;
    let row = connection.last_insert_rowid();
    for (place, line) in (0..).zip(&order.lines) {
        let Line { number, product, quantity, unit_price, discount, amount, currency } = line;
        connection
            .prepare_cached(
                "INSERT INTO crm_order_line (order_row, place, number, product, quantity, unit_price, discount, amount, currency)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute((row, place as i64, number, product, quantity, unit_price, discount, amount, currency))?;
    }
    if let Some(day) = order.day {
        connection
            .prepare_cached("INSERT INTO crm_order_revenue (order_row, place, order_id, day, kind, amount, currency) VALUES (?, 0, ?, ?, 'booked', ?, ?)")?
            .execute((row, order.id, day, order.total, &order.currency))?;
    }
    Ok(())
}

fn update_customer<K: Key>(connection: &Connection, customer: &Customer<K>) -> Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE crm_customer SET revision = ?, updated_at = ?, external_id = ?, kind = ?, name = ?, name_key = ?, birth_date = ?, gender = ?, region = ?,
             parent = ?, owner = ?, archived_at = ?, parts = ? WHERE id = ? AND revision = ?",
        )?
        .execute(params![
            customer.revision + 1,
            customer.updated_at,
            customer.external_id,
            customer.kind,
            customer.name,
            customer.name.to_lowercase(),
            customer.birth_date,
            customer.gender,
            customer.region,
            customer.parent,
            customer.owner,
            customer.archived_at,
            customer.parts,
            customer.id,
            customer.revision
        ])?;
    touched(changed)
}

fn update_order<K: Key>(connection: &Connection, order: &Order<K>) -> Result<()> {
    let changed = connection
        .prepare_cached(
            "UPDATE crm_order SET revision = ?, updated_at = ?, external_id = ?, rep = ?, total = ?, status = ?, status_at = ?, day = ?, cancelled_on = ?,
             cancel_reason = ?, fulfilment = ?, payment = ?, parts = ? WHERE id = ? AND revision = ?",
        )?
        .execute(params![
            order.revision + 1,
            order.updated_at,
            order.external_id,
            order.rep,
            order.total,
            order.status,
            order.status_at,
            order.day,
            order.cancelled_on,
            order.cancel_reason,
            order.fulfilment,
            order.payment,
            order.parts,
            order.id,
            order.revision
        ])?;
    touched(changed)
}

fn touched(rows: usize) -> Result<()> {
    if rows == 1 { Ok(()) } else { Err(crm::sqlite::rusqlite::Error::StatementChangedRows(rows)) }
}

fn journal<K: Key>(
    connection: &Connection,
    record: K,
    family: &str,
    kind: &str,
    fact: &impl Serialize,
    at: i64,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO crm_journal (at, actor, reason, in_answer_to, key, family, record, kind, version, payload)
             VALUES (?, 'bench', NULL, NULL, NULL, ?, ?, ?, 1, ?)",
        )?
        .execute((at, family, record, kind, json(fact)))?;
    Ok(())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn parsed<T: DeserializeOwned + Default>(json: &str) -> T {
    serde_json::from_str(json).unwrap_or_default()
}

const CUSTOMER: &str = "SELECT rowid, id, revision, created_at, updated_at, external_id, kind, name, birth_date, gender, region, parent, owner, archived_at, parts FROM crm_customer";

fn read_customer<K: Key>(row: &Row<'_>) -> Result<(i64, Customer<K>)> {
    let customer = Customer {
        id: row.get(1)?,
        revision: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        external_id: row.get(5)?,
        kind: row.get(6)?,
        name: row.get(7)?,
        birth_date: row.get(8)?,
        gender: row.get(9)?,
        region: row.get(10)?,
        parent: row.get(11)?,
        owner: row.get(12)?,
        archived_at: row.get(13)?,
        parts: row.get(14)?,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
    };
    Ok((row.get(0)?, customer))
}

const ORDER: &str = "SELECT rowid, id, revision, created_at, updated_at, number, external_id, customer, rep, currency, total, status, status_at, day, cancelled_on, cancel_reason, fulfilment, payment, parts FROM crm_order";

fn read_order<K: Key>(row: &Row<'_>) -> Result<(i64, Order<K>)> {
    let order = Order {
        id: row.get(1)?,
        revision: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        number: row.get(5)?,
        external_id: row.get(6)?,
        customer: row.get(7)?,
        rep: row.get(8)?,
        currency: row.get(9)?,
        total: row.get(10)?,
        status: row.get(11)?,
        status_at: row.get(12)?,
        day: row.get(13)?,
        cancelled_on: row.get(14)?,
        cancel_reason: row.get(15)?,
        fulfilment: row.get(16)?,
        payment: row.get(17)?,
        parts: row.get(18)?,
        lines: Vec::new(),
        payments: Vec::new(),
    };
    Ok((row.get(0)?, order))
}

/// Reads a line from the column on.
fn read_line<K: Key>(row: &Row<'_>, from: usize) -> Result<Line<K>> {
    Ok(Line {
        number: row.get(from)?,
        product: row.get(from + 1)?,
        quantity: row.get(from + 2)?,
        unit_price: row.get(from + 3)?,
        discount: row.get(from + 4)?,
        amount: row.get(from + 5)?,
        currency: row.get(from + 6)?,
    })
}

fn read_point(row: &Row<'_>) -> Result<Point<String>> {
    Ok(Point {
        value: row.get(1)?,
        label: row.get(2)?,
        primary: row.get(3)?,
        opted_out: row.get(4)?,
        invalid: row.get(5)?,
    })
}

fn read_address(row: &Row<'_>) -> Result<Point<Address>> {
    let Point { value, label, primary, opted_out, invalid } = read_point(row)?;
    Ok(Point { value: parsed(&value), label, primary, opted_out, invalid })
}

fn read_payment(row: &Row<'_>) -> Result<Payment> {
    Ok(Payment {
        number: row.get(1)?,
        kind: row.get(2)?,
        amount: row.get(3)?,
        currency: row.get(4)?,
        at: row.get(5)?,
        day: row.get(6)?,
        method: row.get(7)?,
        reference: row.get(8)?,
    })
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

    /// Gives each child to its record; the records stand by ascending row.
    fn read<R, C>(
        &self,
        connection: &Connection,
        records: &mut [(i64, R)],
        read: fn(&Row<'_>) -> Result<C>,
        of: fn(&mut R) -> &mut Vec<C>,
    ) -> Result<()> {
        let sql = if records.len() == 1 { &self.one } else { &self.page };
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(params_from_iter(records.iter().map(|(row, _)| *row)))?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            if let Ok(place) = records.binary_search_by_key(&number, |(row, _)| *row) {
                of(&mut records[place].1).push(read(row)?);
            }
        }
        Ok(())
    }
}

const POINT: &str = "value, label, is_primary, opted_out, invalid";
static EMAILS: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_email", "customer", POINT));
static PHONES: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_phone", "customer", POINT));
static ADDRESSES: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_address", "customer", POINT));
static TAGS: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_tag", "customer", "tag"));
static LINES: LazyLock<Children> = LazyLock::new(|| {
    let columns = "number, product, quantity, unit_price, discount, amount, currency";
    Children::new("crm_order_line", "order_row", columns)
});
static PAYMENTS: LazyLock<Children> = LazyLock::new(|| {
    let columns = "number, kind, amount, currency, at, day, method, reference";
    Children::new("crm_order_payment", "order_row", columns)
});

fn customers<K: Key>(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<(i64, Customer<K>)>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query_map(parameters, read_customer)?.collect::<Result<Vec<_>>>()?;
    let parts = found.iter().fold(0, |parts, (_, customer)| parts | customer.parts);
    if parts & 1 != 0 {
        EMAILS.read(connection, &mut found, read_point, |customer| &mut customer.emails)?;
    }
    if parts & 2 != 0 {
        PHONES.read(connection, &mut found, read_point, |customer| &mut customer.phones)?;
    }
    if parts & 4 != 0 {
        ADDRESSES.read(connection, &mut found, read_address, |customer| &mut customer.addresses)?;
    }
    if parts & 8 != 0 {
        TAGS.read(connection, &mut found, |row| row.get(1), |customer| &mut customer.tags)?;
    }
    Ok(found)
}

fn orders<K: Key>(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<(i64, Order<K>)>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query_map(parameters, read_order)?.collect::<Result<Vec<_>>>()?;
    LINES.read(connection, &mut found, |row| read_line(row, 1), |order| &mut order.lines)?;
    if found.iter().any(|(_, order)| order.parts & 2 != 0) {
        PAYMENTS.read(connection, &mut found, read_payment, |order| &mut order.payments)?;
    }
    Ok(found)
}

/// A page in one statement; the columns of the order come again with each of its lines.
fn orders_joined<K: Key>(connection: &Connection, after: K) -> Result<Vec<(i64, Order<K>)>> {
    const SQL: &str = "SELECT o.rowid, o.id, o.revision, o.created_at, o.updated_at, o.number, o.external_id, o.customer, o.rep, o.currency, o.total, o.status,
        o.status_at, o.day, o.cancelled_on, o.cancel_reason, o.fulfilment, o.payment, o.parts, l.number, l.product, l.quantity, l.unit_price, l.discount, l.amount,
        l.currency FROM (SELECT rowid, * FROM crm_order WHERE id > ?1 ORDER BY id LIMIT ?2) AS o JOIN crm_order_line AS l ON l.order_row = o.rowid
        ORDER BY o.id, l.place";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut rows = statement.query((after, PAGE))?;
    let mut found: Vec<(i64, Order<K>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        if found.last().is_none_or(|(last, _)| *last != number) {
            found.push(read_order(row)?);
        }
        if let Some((_, order)) = found.last_mut() {
            order.lines.push(read_line(row, 19)?);
        }
    }
    if found.iter().any(|(_, order)| order.parts & 2 != 0) {
        PAYMENTS.read(connection, &mut found, read_payment, |order| &mut order.payments)?;
    }
    Ok(found)
}

fn only<T>(mut found: Vec<(i64, T)>) -> Result<(i64, T)> {
    found.pop().ok_or(crm::sqlite::rusqlite::Error::QueryReturnedNoRows)
}

fn get_customer<K: Key>(connection: &Connection, id: K) -> Result<(i64, Customer<K>)> {
    static SQL: LazyLock<String> = LazyLock::new(|| format!("{CUSTOMER} WHERE id = ?1"));
    only(customers(connection, &SQL, &[&id])?)
}

fn get_order<K: Key>(connection: &Connection, id: K) -> Result<(i64, Order<K>)> {
    static SQL: LazyLock<String> = LazyLock::new(|| format!("{ORDER} WHERE id = ?1"));
    only(orders(connection, &SQL, &[&id])?)
}

/// Drafts an order from what is ordered: prices from the products, the number from the counter.
fn draft_order<K: Key>(connection: &Connection, order: &mut Order<K>) -> Result<()> {
    let archived: Option<i64> = connection
        .prepare_cached("SELECT archived_at FROM crm_customer WHERE id = ?1")?
        .query_row([order.customer], |row| row.get(0))?;
    touched(usize::from(archived.is_none()))?;
    order.total = 0;
    for line in &mut order.lines {
        let sql = "SELECT list_price FROM crm_product WHERE id = ?1 AND active";
        line.unit_price = connection.prepare_cached(sql)?.query_row([line.product], |row| row.get(0))?;
        line.amount = line.unit_price / 10_000 * line.quantity / 1_000_000;
        order.total += line.amount;
    }
    let count = "INSERT INTO crm_counter (name, last) VALUES ('SO-', 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
    let last: i64 = connection.prepare_cached(count)?.query_row([], |row| row.get(0))?;
    order.number = format!("SO-{last:06}");
    insert_order(connection, order)?;
    journal(connection, order.id, "order", "order.drafted", order, order.created_at)
}

fn pay_order<K: Key>(connection: &Connection, id: K) -> Result<()> {
    let (row, mut order) = get_order(connection, id)?;
    let paid: i64 = order.payments.iter().map(|payment| payment.amount).sum();
    let payment = Payment {
        number: order.payments.last().map_or(1, |last| last.number + 1),
        kind: "payment".into(),
        amount: 1,
        currency: order.currency.clone(),
        at: order.updated_at,
        day: order.day.unwrap_or_default(),
        method: None,
        reference: None,
    };
    order.payment = if paid + payment.amount == order.total { "paid" } else { "partial" }.into();
    order.parts |= 2;
    update_order(connection, &order)?;
    connection
        .prepare_cached(
            "INSERT INTO crm_order_payment (order_row, place, order_id, number, kind, amount, currency, at, day, method, reference)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            row,
            payment.number - 1,
            id,
            payment.number,
            payment.kind,
            payment.amount,
            payment.currency,
            payment.at,
            payment.day,
            payment.method,
            payment.reference
        ])?;
    journal(connection, id, "order", "order.paid", &payment, order.updated_at)
}

pub(crate) struct ByHand<K> {
    connection: Connection,
    picks: Picks,
    key: std::marker::PhantomData<K>,
}

impl<K: Key> ByHand<K> {
    pub(crate) fn open(path: &Path, synchronous: &str, picks: Picks) -> Done<Self> {
        let connection = Connection::open(path)?;
        connection.set_prepared_statement_cache_capacity(256);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        if !connection.table_exists(None, "crm_customer")? {
            connection.execute_batch(&K::tables())?;
        }
        Ok(Self { connection, picks, key: std::marker::PhantomData })
    }

    fn gets<T>(&mut self, work: Work, calls: u32, get: impl Fn(&Connection, K) -> Result<T>) -> Done<Duration> {
        let (numbers, each) = self.picks.gets(work, calls);
        // The ids of customers and orders are made alike.
        let keys = numbers.into_iter().map(|number| Ok(K::of(company::id::<crm::OrderId>(number)?)));
        let keys = keys.collect::<Done<Vec<K>>>()?;
        let get = |id: &K| get(&self.connection, *id).map(drop);
        timed(|| keys.chunks(each).try_for_each(|keys| read(&self.connection, || keys.iter().try_for_each(get))))
    }

    fn pages<T>(&mut self, calls: u32, fetch: impl Fn(&Connection, K) -> Result<Vec<T>>) -> Done<Duration> {
        let keys = self.picks.pages(calls).map(|number| Ok(K::of(company::id::<crm::OrderId>(number)?)));
        let keys = keys.collect::<Done<Vec<K>>>()?;
        timed(|| {
            keys.iter().try_for_each(|key| {
                let page = read(&self.connection, || fetch(&self.connection, *key))?;
                touched(usize::from(page.len() == usize::from(PAGE)))
            })
        })
    }
}

impl<K: Key> Side for ByHand<K> {
    fn found(&mut self) -> Done<()> {
        let mut rep = self.connection.prepare(
            "INSERT INTO crm_sales_rep (id, revision, created_at, updated_at, name, name_key, commission_rate, active) VALUES (?, 1, 0, 0, ?, ?, 0, 1)",
        )?;
        for number in 1..=company::REPS {
            let from = company::sales_rep(number)?;
            rep.execute((K::of(from.id), from.name.as_str(), from.name.key()))?;
        }
        let mut product = self.connection.prepare(
            "INSERT INTO crm_product (id, revision, created_at, updated_at, sku, name, name_key, list_price, currency, active) VALUES (?, 1, 0, 0, ?, ?, ?, ?, 'EUR', 1)",
        )?;
        for number in 1..=company::PRODUCTS {
            let from = company::product(number)?;
            let price = from.list_price.millionths();
            product.execute((K::of(from.id), from.sku.as_str(), from.name.as_str(), from.name.key(), price))?;
        }
        Ok(())
    }

    fn run(&mut self, work: Work, calls: u32) -> Done<Duration> {
        match work {
            Work::BulkCustomers => {
                let new = self.picks.new_customers(calls).map(customer::<K>).collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| write(connection, || new.iter().try_for_each(|it| insert_customer(connection, it))))
            }
            Work::BulkOrders => {
                let new = self.picks.new_orders(calls).map(order::<K>).collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| write(connection, || new.iter().try_for_each(|it| insert_order(connection, it))))
            }
            Work::InsertCustomer => {
                let new = self.picks.new_customers(calls).map(customer::<K>).collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| new.iter().try_for_each(|it| write(connection, || insert_customer(connection, it))))
            }
            Work::InsertOrder => {
                let new = self.picks.new_orders(calls).map(order::<K>).collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| new.iter().try_for_each(|it| write(connection, || insert_order(connection, it))))
            }
            Work::UpdateCustomer => {
                let mut records = Vec::new();
                for number in self.picks.some(calls) {
                    let (_, mut it) = get_customer::<K>(&self.connection, K::of(company::id::<crm::OrderId>(number)?))?;
                    it.region = Some(if it.region.as_deref() == Some("North") { "South" } else { "North" }.into());
                    records.push(it);
                }
                let connection = &self.connection;
                timed(|| records.iter().try_for_each(|it| write(connection, || update_customer(connection, it))))
            }
            Work::UpdateOrder => {
                let mut records = Vec::new();
                for number in self.picks.some(calls) {
                    let (_, mut it) = get_order::<K>(&self.connection, K::of(company::id::<crm::OrderId>(number)?))?;
                    it.status = if it.status == "locked" { "confirmed" } else { "locked" }.into();
                    records.push(it);
                }
                let connection = &self.connection;
                timed(|| records.iter().try_for_each(|it| write(connection, || update_order(connection, it))))
            }
            Work::RegisterCustomer => {
                let new = self.picks.new_customers(calls).map(customer::<K>).collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| {
                    new.iter().try_for_each(|it| {
                        write(connection, || {
                            insert_customer(connection, it)?;
                            journal(connection, it.id, "customer", "customer.registered", it, it.created_at)
                        })
                    })
                })
            }
            Work::DraftOrder => {
                let new = self.picks.new_orders(calls).map(|number| -> Done<Order<K>> {
                    let (status, parts) = ("draft".into(), 0);
                    Ok(Order { status, parts, status_at: None, day: None, ..order(number)? })
                });
                let mut new = new.collect::<Done<Vec<_>>>()?;
                let connection = &self.connection;
                timed(|| new.iter_mut().try_for_each(|it| write(connection, || draft_order(connection, it))))
            }
            Work::PayOrder => {
                let keys = self.picks.some(calls).map(|number| Ok(K::of(company::id::<crm::OrderId>(number)?)));
                let keys = keys.collect::<Done<Vec<K>>>()?;
                let connection = &self.connection;
                timed(|| keys.iter().try_for_each(|key| write(connection, || pay_order(connection, *key))))
            }
            Work::GetCustomer | Work::GetCustomers | Work::GetCustomerCold => self.gets(work, calls, get_customer),
            Work::GetOrder | Work::GetOrders | Work::GetOrderCold => self.gets(work, calls, get_order),
            Work::PageCustomers => {
                static SQL: LazyLock<String> =
                    LazyLock::new(|| format!("{CUSTOMER} WHERE id > ?1 ORDER BY id LIMIT ?2"));
                self.pages(calls, |connection, after| customers::<K>(connection, &SQL, &[&after, &PAGE]))
            }
            Work::PageOrders => {
                static SQL: LazyLock<String> = LazyLock::new(|| format!("{ORDER} WHERE id > ?1 ORDER BY id LIMIT ?2"));
                self.pages(calls, |connection, after| orders::<K>(connection, &SQL, &[&after, &PAGE]))
            }
            Work::PageOrdersJoined => self.pages(calls, orders_joined),
        }
    }
}

//! Orders with their lines, shipments and payments, by hand.

use std::sync::LazyLock;

use crm::{
    chrono::Datelike,
    sqlite::rusqlite::{Connection, Result, Row, ToSql, params},
};
use serde::Serialize;

use super::{
    Children,
    figures::{self, Sale},
    journal, json, key, next_number, only, touched,
};
use crate::{
    company::{self, Done, Size},
    work::PAGE,
};

#[derive(Serialize)]
pub(super) struct Order {
    id: i64,
    revision: i64,
    created_at: i64,
    updated_at: i64,
    number: String,
    external_id: Option<String>,
    customer: i64,
    quote: Option<i64>,
    rep: Option<i64>,
    currency: String,
    price_list: Option<i64>,
    terms: Option<String>,
    net: i64,
    total: i64,
    status: String,
    status_at: Option<i64>,
    day: Option<i64>,
    cancelled_on: Option<i64>,
    cancel_reason: Option<String>,
    rate: Option<String>,
    fulfilment: String,
    payment: String,
    parts: i64,
    lines: Vec<Line>,
    shipments: Vec<Shipment>,
    payments: Vec<Payment>,
}

/// A line of an order or a quote.
#[derive(Serialize)]
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) product: i64,
    pub(super) quantity: i64,
    pub(super) unit_price: i64,
    pub(super) discount: i64,
    pub(super) taken_off: Option<i64>,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) tax: Option<String>,
    pub(super) tax_rate: Option<i64>,
    pub(super) source: Option<i64>,
    pub(super) continues: Option<i64>,
    pub(super) list_price: Option<i64>,
    pub(super) line_group: Option<String>,
}

#[derive(Serialize)]
struct Shipment {
    number: i64,
    shipped_at: i64,
    state: String,
    state_at: Option<i64>,
    lines: Vec<(i64, i64)>,
    returned: Vec<(i64, i64)>,
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
    lines: Vec<(i64, i64)>,
}

/// Bits of `crm_order.parts`, as crm-store has them.
const LINES: i64 = 1;
const SHIPMENTS: i64 = 2;
const PAYMENTS: i64 = 4;
const REVENUE: i64 = 8;

impl Order {
    pub(super) const fn id(&self) -> i64 {
        self.id
    }

    pub(super) const fn total(&self) -> i64 {
        self.total
    }
}

/// The order with a number, confirmed.
pub(super) fn new(number: u32, size: Size) -> Done<Order> {
    let from = company::order(number, size)?;
    let line = |line: &crm::OrderLine| Line {
        number: line.number().into(),
        product: key(line.product()),
        quantity: line.quantity().millionths(),
        unit_price: line.unit_price().millionths(),
        discount: line.discount().ten_thousandths(),
        taken_off: line.taken_off().map(crm::Money::minor),
        amount: line.amount().minor(),
        currency: line.amount().currency().code().into(),
        tax: line.tax().map(|tax| tax.code().as_str().into()),
        tax_rate: line.tax().map(|tax| tax.rate().ten_thousandths()),
        source: line.source().map(i64::from),
        continues: line.continues().map(i64::from),
        list_price: line.list_price().map(crm::UnitPrice::millionths),
        line_group: line.group().map(|group| group.as_str().into()),
    };
    Ok(Order {
        id: key(from.id),
        revision: 1,
        created_at: from.created_at.timestamp_micros(),
        updated_at: from.updated_at.timestamp_micros(),
        number: from.number().as_str().into(),
        external_id: from.external_id().map(|id| id.as_str().into()),
        customer: key(from.customer()),
        quote: from.quote().map(key),
        rep: from.rep().map(key),
        currency: from.currency().code().into(),
        price_list: from.price_list().map(key),
        terms: None,
        net: from.net().minor(),
        total: from.total().minor(),
        status: "confirmed".into(),
        status_at: Some(from.updated_at.timestamp_micros()),
        day: from.state().confirmed_on().map(|day| day.num_days_from_ce().into()),
        cancelled_on: None,
        cancel_reason: None,
        rate: None,
        fulfilment: "unfulfilled".into(),
        payment: "unpaid".into(),
        parts: LINES | REVENUE,
        lines: from.lines().iter().map(line).collect(),
        shipments: Vec::new(),
        payments: Vec::new(),
    })
}

pub(super) fn insert(connection: &Connection, order: &Order) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO crm_order (id, revision, created_at, updated_at, number, external_id, customer, quote, rep, currency, price_list, terms, net, total, status, status_at,
             day, cancelled_on, cancel_reason, rate, fulfilment, payment, parts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            order.id,
            order.revision,
            order.created_at,
            order.updated_at,
            order.number,
            order.external_id,
            order.customer,
            order.quote,
            order.rep,
            order.currency,
            order.price_list,
            order.terms,
            order.net,
            order.total,
            order.status,
            order.status_at,
            order.day,
            order.cancelled_on,
            order.cancel_reason,
            order.rate,
            order.fulfilment,
            order.payment,
            order.parts
        ])?;
    const LINE: &str = "INSERT INTO crm_order_line (order_row, place, number, product, quantity, unit_price, discount, taken_off, amount, currency, tax, tax_rate, source,
         continues, list_price, line_group) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    insert_lines(connection, LINE, order.id, &order.lines)?;
    let Some(day) = order.day else { return Ok(()) };
    let sale = Sale {
        day,
        currency: &order.currency,
        customer: order.customer,
        rep: order.rep.unwrap_or_default(),
        total: order.net,
        lines: order.lines.iter().map(|line| (line.product, line.amount, line.quantity)).collect(),
    };
    book(connection, order.id, &sale)
}

/// Inserts the lines of an order or a quote.
pub(super) fn insert_lines(connection: &Connection, sql: &str, of: i64, lines: &[Line]) -> Result<()> {
    let mut insert = connection.prepare_cached(sql)?;
    for (place, line) in (0_i64..).zip(lines) {
        let Line {
            number,
            product,
            quantity,
            unit_price,
            discount,
            taken_off,
            amount,
            currency,
            tax,
            tax_rate,
            source,
            continues,
            list_price,
            line_group,
        } = line;
        insert.execute(params![
            of, place, number, product, quantity, unit_price, discount, taken_off, amount, currency, tax, tax_rate,
            source, continues, list_price, line_group
        ])?;
    }
    Ok(())
}

/// Notes the revenue of an order that is confirmed, and counts it.
fn book(connection: &Connection, order: i64, sale: &Sale<'_>) -> Result<()> {
    let sql = "INSERT INTO crm_order_revenue (order_row, place, order_id, day, kind, amount, currency) VALUES (?, 0, ?, ?, 'booked', ?, ?)";
    connection.prepare_cached(sql)?.execute((order, order, sale.day, sale.total, sale.currency))?;
    figures::add(connection, sale)
}

/// Prices the lines of an order or a quote from the products, and gives their sum.
pub(super) fn price(connection: &Connection, lines: &mut [Line]) -> Result<i64> {
    let mut total = 0;
    for line in lines {
        let sql = "SELECT list_price FROM crm_product WHERE id = ?1";
        line.unit_price = connection.prepare_cached(sql)?.query_row([line.product], |row| row.get(0))?;
        line.amount = line.unit_price / 10_000 * line.quantity / 1_000_000;
        total += line.amount;
    }
    Ok(total)
}

/// Prices the lines and takes the next number.
fn prepare(connection: &Connection, order: &mut Order) -> Result<()> {
    order.total = price(connection, &mut order.lines)?;
    order.net = order.total;
    order.number = next_number(connection, "SO-")?;
    Ok(())
}

/// Inserts a draft, with the entry of the journal.
pub(super) fn draft(connection: &Connection, order: &mut Order) -> Result<()> {
    (order.status_at, order.day, order.parts) = (None, None, LINES);
    order.status.replace_range(.., "draft");
    prepare(connection, order)?;
    insert(connection, order)?;
    journal(connection, ("order", "order.drafted"), order.id, order.created_at, &json(order))
}

#[derive(Serialize)]
struct Confirmed {
    day: i64,
    net: (i64, &'static str),
    total: (i64, &'static str),
}

/// Inserts an order that is confirmed at once, with the two entries of the journal.
pub(super) fn confirmed(connection: &Connection, order: &mut Order) -> Result<()> {
    prepare(connection, order)?;
    insert(connection, order)?;
    journal(connection, ("order", "order.drafted"), order.id, order.created_at, &json(order))?;
    let (net, total) = ((order.net, "EUR"), (order.total, "EUR"));
    let fact = json(&Confirmed { day: order.day.unwrap_or_default(), net, total });
    journal(connection, ("order", "order.confirmed"), order.id, order.created_at, &fact)
}

/// What of a quote an order is made of, beside its lines, and when.
pub(super) struct Offer {
    pub(super) quote: i64,
    pub(super) at: i64,
    pub(super) customer: i64,
    pub(super) rep: Option<i64>,
    pub(super) currency: String,
    pub(super) terms: Option<String>,
    pub(super) net: i64,
    pub(super) total: i64,
}

/// Inserts the draft that a quote becomes, under the id of the quote, with the entry of the journal.
pub(super) fn of_quote(connection: &Connection, offer: Offer, lines: Vec<Line>) -> Result<()> {
    let Offer { quote, at, customer, rep, currency, terms, net, total } = offer;
    let order = Order {
        id: quote,
        revision: 1,
        created_at: at,
        updated_at: at,
        number: next_number(connection, "SO-")?,
        external_id: None,
        customer,
        quote: Some(quote),
        rep,
        currency,
        price_list: None,
        terms,
        net,
        total,
        status: "draft".into(),
        status_at: None,
        day: None,
        cancelled_on: None,
        cancel_reason: None,
        rate: None,
        fulfilment: "unfulfilled".into(),
        payment: "unpaid".into(),
        parts: LINES,
        lines,
        shipments: Vec::new(),
        payments: Vec::new(),
    };
    insert(connection, &order)?;
    journal(connection, ("order", "order.drafted"), order.id, order.created_at, &json(&order))
}

/// Confirms a draft, with the entry of the journal.
pub(super) fn confirm(connection: &Connection, id: i64, at: i64, day: i64) -> Result<()> {
    let sql = "UPDATE crm_order SET revision = revision + 1, updated_at = ?1, status = 'confirmed', status_at = ?1, day = ?2, parts = parts | ?3 WHERE id = ?4
        RETURNING currency, customer, rep, net, total";
    let (currency, customer, rep, net, total): (String, i64, Option<i64>, i64, i64) =
        connection.prepare_cached(sql)?.query_row((at, day, REVENUE, id), |row| row.try_into())?;
    let sql = "SELECT product, amount, quantity FROM crm_order_line WHERE order_row = ?1 ORDER BY place";
    let mut lines = connection.prepare_cached(sql)?;
    let lines = lines.query_map([id], |row| row.try_into())?.collect::<Result<_>>()?;
    let sale = Sale { day, currency: &currency, customer, rep: rep.unwrap_or_default(), total: net, lines };
    book(connection, id, &sale)?;
    let fact = json(&Confirmed { day, net: (net, "EUR"), total: (total, "EUR") });
    journal(connection, ("order", "order.confirmed"), id, at, &fact)
}

/// Takes money, with the entry of the journal.
pub(super) fn pay(connection: &Connection, id: i64, amount: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Paid<'a> {
        entry: &'a Payment,
        owed: i64,
    }
    let sql = "SELECT total, day, updated_at, currency, (SELECT count(*) FROM crm_order_payment WHERE order_row = id),
        (SELECT coalesce(sum(amount), 0) FROM crm_order_payment WHERE order_row = id) FROM crm_order WHERE id = ?1";
    let (total, day, at, currency, payments, paid): (i64, i64, i64, String, i64, i64) =
        connection.prepare_cached(sql)?.query_row([id], |row| row.try_into())?;
    let (number, owed) = (payments + 1, total - paid - amount);
    let status = if owed == 0 { "paid" } else { "partial" };
    let sql =
        "UPDATE crm_order SET revision = revision + 1, updated_at = ?, payment = ?, parts = parts | ? WHERE id = ?";
    touched(connection.prepare_cached(sql)?.execute((at, status, PAYMENTS, id))?)?;
    let (kind, lines) = ("payment".into(), Vec::new());
    let entry = Payment { number, kind, amount, currency, at, day, method: None, reference: None, lines };
    let sql = "INSERT INTO crm_order_payment (order_row, place, order_id, number, kind, amount, currency, at, day, method, reference)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values =
        params![id, payments, id, number, entry.kind, amount, entry.currency, at, day, entry.method, entry.reference];
    connection.prepare_cached(sql)?.execute(values)?;
    journal(connection, ("order", "order.paid"), id, at, &json(&Paid { entry: &entry, owed }))
}

/// Ships all lines, with the entry of the journal.
pub(super) fn ship(connection: &Connection, id: i64) -> Result<()> {
    let sql = "SELECT number, quantity FROM crm_order_line WHERE order_row = ?1 ORDER BY place";
    let mut statement = connection.prepare_cached(sql)?;
    let lines = statement.query_map([id], |row| row.try_into())?.collect::<Result<_>>()?;
    let sql = "UPDATE crm_order SET revision = revision + 1, fulfilment = 'fulfilled', parts = parts | ? WHERE id = ? RETURNING updated_at";
    let at: i64 = connection.prepare_cached(sql)?.query_row((SHIPMENTS, id), |row| row.get(0))?;
    let (state, returned) = ("shipped".into(), Vec::new());
    let shipment = Shipment { number: 1, shipped_at: at, state, state_at: None, lines, returned };
    let sql = "INSERT INTO crm_order_shipment (order_row, place, number, shipped_at, state, state_at, lines) VALUES (?, 0, ?, ?, ?, ?, ?)";
    let values = (id, shipment.number, at, &shipment.state, shipment.state_at, json(&shipment.lines));
    connection.prepare_cached(sql)?.execute(values)?;
    journal(connection, ("order", "order.shipped"), id, at, &json(&shipment))
}

/// Notes that the shipment arrived, with the entry of the journal.
pub(super) fn deliver(connection: &Connection, id: i64, at: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Delivered {
        shipment: i64,
    }
    let sql = "UPDATE crm_order SET revision = revision + 1, updated_at = ? WHERE id = ?";
    touched(connection.prepare_cached(sql)?.execute((at, id))?)?;
    let sql = "UPDATE crm_order_shipment SET state = 'delivered', state_at = ? WHERE order_row = ? AND number = 1";
    touched(connection.prepare_cached(sql)?.execute((at, id))?)?;
    journal(connection, ("order", "order.delivered"), id, at, &json(&Delivered { shipment: 1 }))
}

const SELECT: &str = "SELECT id, revision, created_at, updated_at, number, external_id, customer, quote, rep, currency, price_list, terms, net, total, status, status_at, day, cancelled_on, cancel_reason, rate, fulfilment, payment, parts FROM crm_order";

pub(super) fn get(connection: &Connection, id: i64) -> Result<Order> {
    static SQL: LazyLock<String> = LazyLock::new(|| format!("{SELECT} WHERE id = ?1"));
    only(fetch(connection, &SQL, &[&id])?)
}

pub(super) fn by_number(connection: &Connection, number: &str) -> Result<Order> {
    static SQL: LazyLock<String> = LazyLock::new(|| format!("{SELECT} WHERE number = ?1"));
    only(fetch(connection, &SQL, &[&number])?)
}

/// A page of the orders of a customer, with a statement for the orders and one for their lines.
pub(super) fn page(connection: &Connection, customer: i64, after: i64) -> Result<Vec<Order>> {
    static SQL: LazyLock<String> =
        LazyLock::new(|| format!("{SELECT} WHERE customer = ?1 AND id > ?2 ORDER BY id LIMIT ?3"));
    fetch(connection, &SQL, &[&customer, &after, &PAGE])
}

/// The same page in one statement; the columns of the order come again with each of its lines.
pub(super) fn page_joined(connection: &Connection, customer: i64, after: i64) -> Result<Vec<Order>> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT o.*, l.number, l.product, l.quantity, l.unit_price, l.discount, l.taken_off, l.amount, l.currency, l.tax, l.tax_rate, l.source, l.continues, l.list_price, l.line_group
             FROM ({SELECT} WHERE customer = ?1 AND id > ?2 ORDER BY id LIMIT ?3) AS o
             JOIN crm_order_line AS l ON l.order_row = o.id ORDER BY o.id, l.place"
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    let mut rows = statement.query((customer, after, PAGE))?;
    let mut found: Vec<Order> = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        if found.last().is_none_or(|last| last.id != id) {
            found.push(read(row)?);
        }
        if let Some(order) = found.last_mut() {
            order.lines.push(read_line(row, 23)?);
        }
    }
    other_parts(connection, found)
}

fn fetch(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Order>> {
    static LINES: LazyLock<Children> = LazyLock::new(|| {
        let columns = "number, product, quantity, unit_price, discount, taken_off, amount, currency, tax, tax_rate, source, continues, list_price, line_group";
        Children::new("crm_order_line", "order_row", columns)
    });
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query_map(parameters, read)?.collect::<Result<Vec<_>>>()?;
    LINES.read(connection, &mut found, Order::id, |row| read_line(row, 1), |order| &mut order.lines)?;
    other_parts(connection, found)
}

/// Shipments and payments, where there are any.
fn other_parts(connection: &Connection, mut found: Vec<Order>) -> Result<Vec<Order>> {
    static SHIPPED: LazyLock<Children> = LazyLock::new(|| {
        let columns = "number, shipped_at, state, state_at, lines, returned";
        Children::new("crm_order_shipment", "order_row", columns)
    });
    static PAID: LazyLock<Children> = LazyLock::new(|| {
        let columns = "number, kind, amount, currency, at, day, method, reference, lines";
        Children::new("crm_order_payment", "order_row", columns)
    });
    let parts = found.iter().fold(0, |parts, order| parts | order.parts);
    if parts & SHIPMENTS != 0 {
        SHIPPED.read(connection, &mut found, Order::id, read_shipment, |order| &mut order.shipments)?;
    }
    if parts & PAYMENTS != 0 {
        PAID.read(connection, &mut found, Order::id, read_payment, |order| &mut order.payments)?;
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Order> {
    Ok(Order {
        id: row.get(0)?,
        revision: row.get(1)?,
        created_at: row.get(2)?,
        updated_at: row.get(3)?,
        number: row.get(4)?,
        external_id: row.get(5)?,
        customer: row.get(6)?,
        quote: row.get(7)?,
        rep: row.get(8)?,
        currency: row.get(9)?,
        price_list: row.get(10)?,
        terms: row.get(11)?,
        net: row.get(12)?,
        total: row.get(13)?,
        status: row.get(14)?,
        status_at: row.get(15)?,
        day: row.get(16)?,
        cancelled_on: row.get(17)?,
        cancel_reason: row.get(18)?,
        rate: row.get(19)?,
        fulfilment: row.get(20)?,
        payment: row.get(21)?,
        parts: row.get(22)?,
        lines: Vec::new(),
        shipments: Vec::new(),
        payments: Vec::new(),
    })
}

/// Reads a line from the column on.
pub(super) fn read_line(row: &Row<'_>, from: usize) -> Result<Line> {
    Ok(Line {
        number: row.get(from)?,
        product: row.get(from + 1)?,
        quantity: row.get(from + 2)?,
        unit_price: row.get(from + 3)?,
        discount: row.get(from + 4)?,
        taken_off: row.get(from + 5)?,
        amount: row.get(from + 6)?,
        currency: row.get(from + 7)?,
        tax: row.get(from + 8)?,
        tax_rate: row.get(from + 9)?,
        source: row.get(from + 10)?,
        continues: row.get(from + 11)?,
        list_price: row.get(from + 12)?,
        line_group: row.get(from + 13)?,
    })
}

fn pairs(json: Option<String>) -> Vec<(i64, i64)> {
    json.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default()
}

fn read_shipment(row: &Row<'_>) -> Result<Shipment> {
    Ok(Shipment {
        number: row.get(1)?,
        shipped_at: row.get(2)?,
        state: row.get(3)?,
        state_at: row.get(4)?,
        lines: pairs(row.get(5)?),
        returned: pairs(row.get(6)?),
    })
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
        lines: pairs(row.get(9)?),
    })
}

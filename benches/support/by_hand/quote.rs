//! Quotes with their lines, by hand.

use crm::{
    chrono::{DateTime, Datelike},
    sqlite::rusqlite::{Connection, Result, params},
};
use serde::Serialize;

use super::{
    journal, json, key, next_number,
    order::{self, Line},
    touched,
};
use crate::company::{self, Done, Size};

#[derive(Serialize)]
pub(super) struct Quote {
    pub(super) id: i64,
    revision: i64,
    pub(super) created_at: i64,
    updated_at: i64,
    number: String,
    external_id: Option<String>,
    version: i64,
    previous: Option<i64>,
    customer: i64,
    opportunity: Option<i64>,
    rep: Option<i64>,
    authors: String,
    currency: String,
    price_list: Option<i64>,
    terms: Option<String>,
    net: i64,
    pub(super) total: i64,
    valid_until: Option<i64>,
    status: String,
    status_at: Option<i64>,
    day: Option<i64>,
    reason: Option<String>,
    note: Option<String>,
    superseded_by: Option<i64>,
    ordered: Option<i64>,
    approver: Option<String>,
    approved_at: Option<i64>,
    beyond: Option<String>,
    parts: i64,
    lines: Vec<Line>,
}

/// Bits of `crm_quote.parts`, as crm-store has them.
const LINES: i64 = 1;

impl Quote {
    /// The day on which it is drafted.
    pub(super) fn drafted_on(&self) -> i64 {
        DateTime::from_timestamp_micros(self.created_at).map_or(0, |at| at.num_days_from_ce().into())
    }
}

/// The quote with a number, before it is priced.
pub(super) fn new(number: u32, size: Size) -> Done<Quote> {
    let (from, at) = (company::new_quote(number, size)?, company::act(number)?.at().timestamp_micros());
    let currency: String = from.currency.code().into();
    let line = |(number, line): (i64, &crm::NewOrderLine)| Line {
        number,
        product: key(line.product),
        quantity: line.quantity.millionths(),
        unit_price: 0,
        discount: line.discount.ten_thousandths(),
        taken_off: None,
        amount: 0,
        currency: currency.clone(),
        tax: None,
        tax_rate: None,
        source: None,
        continues: None,
        list_price: None,
        line_group: None,
    };
    Ok(Quote {
        id: number.into(),
        revision: 1,
        created_at: at,
        updated_at: at,
        number: String::new(),
        external_id: from.external_id.map(Into::into),
        version: 1,
        previous: None,
        customer: key(from.customer),
        opportunity: None,
        rep: from.rep.map(key),
        authors: r#"["bench"]"#.into(),
        currency: currency.clone(),
        price_list: None,
        terms: None,
        net: 0,
        total: 0,
        valid_until: from.valid_until.map(|day| day.num_days_from_ce().into()),
        status: "draft".into(),
        status_at: None,
        day: None,
        reason: None,
        note: None,
        superseded_by: None,
        ordered: None,
        approver: None,
        approved_at: None,
        beyond: None,
        parts: LINES,
        lines: (1..).zip(&from.lines).map(line).collect(),
    })
}

/// Inserts a draft, with the entry of the journal.
pub(super) fn draft(connection: &Connection, quote: &mut Quote) -> Result<()> {
    quote.total = order::price(connection, &mut quote.lines)?;
    quote.net = quote.total;
    quote.number = next_number(connection, "Q-")?;
    connection
        .prepare_cached(
            "INSERT INTO crm_quote (id, revision, created_at, updated_at, number, external_id, version, previous, customer, opportunity, rep, authors, currency, price_list,
             terms, net, total, valid_until, status, status_at, day, reason, note, superseded_by, ordered, approver, approved_at, beyond, parts)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            quote.id,
            quote.revision,
            quote.created_at,
            quote.updated_at,
            quote.number,
            quote.external_id,
            quote.version,
            quote.previous,
            quote.customer,
            quote.opportunity,
            quote.rep,
            quote.authors,
            quote.currency,
            quote.price_list,
            quote.terms,
            quote.net,
            quote.total,
            quote.valid_until,
            quote.status,
            quote.status_at,
            quote.day,
            quote.reason,
            quote.note,
            quote.superseded_by,
            quote.ordered,
            quote.approver,
            quote.approved_at,
            quote.beyond,
            quote.parts,
        ])?;
    const LINE: &str = "INSERT INTO crm_quote_line (quote_row, place, number, product, quantity, unit_price, discount, taken_off, amount, currency, tax, tax_rate, source,
         continues, list_price, line_group) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    order::insert_lines(connection, LINE, quote.id, &quote.lines)?;
    journal(connection, ("quote", "quote.drafted"), quote.id, quote.created_at, &json(quote))
}

#[derive(Serialize)]
struct OnDay {
    day: i64,
}

/// Notes that it was sent, with the entry of the journal.
pub(super) fn send(connection: &Connection, id: i64, at: i64, day: i64) -> Result<()> {
    let sql = "UPDATE crm_quote SET revision = revision + 1, updated_at = ?1, status = 'sent', status_at = ?1, day = ?2 WHERE id = ?3";
    touched(connection.prepare_cached(sql)?.execute((at, day, id))?)?;
    journal(connection, ("quote", "quote.sent"), id, at, &json(&OnDay { day }))
}

/// Notes that it was accepted and makes the order, with the entries of the journal.
pub(super) fn accept(connection: &Connection, id: i64, at: i64, day: i64) -> Result<()> {
    #[derive(Serialize)]
    struct Ordered {
        order: i64,
    }
    let sql = "SELECT customer, rep, currency, terms, net, total FROM crm_quote WHERE id = ?1";
    let quote = connection.prepare_cached(sql)?.query_row([id], |row| {
        Ok(order::Offer {
            quote: id,
            at,
            customer: row.get(0)?,
            rep: row.get(1)?,
            currency: row.get(2)?,
            terms: row.get(3)?,
            net: row.get(4)?,
            total: row.get(5)?,
        })
    })?;
    let sql = "SELECT number, product, quantity, unit_price, discount, taken_off, amount, currency, tax, tax_rate, number, continues, list_price, line_group FROM crm_quote_line
        WHERE quote_row = ?1 ORDER BY place";
    let mut lines = connection.prepare_cached(sql)?;
    let lines = lines.query_map([id], |row| order::read_line(row, 0))?.collect::<Result<_>>()?;
    journal(connection, ("quote", "quote.accepted"), id, at, &json(&OnDay { day }))?;
    order::of_quote(connection, quote, lines)?;
    let sql = "UPDATE crm_quote SET revision = revision + 2, updated_at = ?1, status = 'accepted', status_at = ?1, day = ?2, ordered = ?3 WHERE id = ?3";
    touched(connection.prepare_cached(sql)?.execute((at, day, id))?)?;
    journal(connection, ("quote", "quote.ordered"), id, at, &json(&Ordered { order: id }))
}

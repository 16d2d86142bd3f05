//! Customers, by hand.

use std::sync::LazyLock;

use crm::sqlite::rusqlite::{Connection, Result, Row, ToSql, params};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Children, journal, json, key, only, searched, touched};
use crate::{
    company::{self, Done},
    work::PAGE,
};

#[derive(Clone, Serialize)]
pub(super) struct Customer {
    id: i64,
    revision: i64,
    created_at: i64,
    updated_at: i64,
    external_id: Option<String>,
    kind: String,
    name: String,
    birth_date: Option<i64>,
    gender: Option<String>,
    region: Option<String>,
    parent: Option<i64>,
    owner: Option<i64>,
    archived_at: Option<i64>,
    parts: i64,
    emails: Vec<Point<String>>,
    phones: Vec<Point<String>>,
    addresses: Vec<Point<Address>>,
    tags: Vec<String>,
}

#[derive(Clone, Serialize)]
struct Point<T> {
    value: T,
    label: String,
    primary: bool,
    opted_out: bool,
    invalid: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
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

/// The customer with a number, as it is first written.
pub(super) fn new(number: u32) -> Done<Customer> {
    let from = company::customer(number)?;
    fn point<T>(value: T) -> Point<T> {
        Point { value, label: "work".into(), primary: true, opted_out: false, invalid: false }
    }
    Ok(Customer {
        id: key(from.id),
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
        owner: from.owner.map(key),
        archived_at: None,
        parts: 15,
        emails: from.emails.iter().map(|email| point(email.value.as_str().to_owned())).collect(),
        phones: from.phones.iter().map(|phone| point(phone.value.as_str().to_owned())).collect(),
        addresses: from
            .addresses
            .iter()
            .map(|address| Ok(point(serde_json::from_value(serde_json::to_value(&address.value)?)?)))
            .collect::<Done<_>>()?,
        tags: from.tags.into_iter().map(Into::into).collect(),
    })
}

pub(super) fn insert(connection: &Connection, customer: &Customer) -> Result<()> {
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
    const EMAIL: &str = "INSERT INTO crm_customer_email (customer, place, value, value_key, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    const PHONE: &str = "INSERT INTO crm_customer_phone (customer, place, value, value_key, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    const ADDRESS: &str = "INSERT INTO crm_customer_address (customer, place, value, label, is_primary, opted_out, invalid) VALUES (?, ?, ?, ?, ?, ?, ?)";
    const TAG: &str = "INSERT INTO crm_customer_tag (customer, place, tag, customer_id) VALUES (?, ?, ?, ?)";
    let id = customer.id;
    for (sql, points) in [(EMAIL, &customer.emails), (PHONE, &customer.phones)] {
        for (place, Point { value, label, primary, opted_out, invalid }) in (0_i64..).zip(points) {
            let values = (id, place, value, value.to_lowercase(), label, primary, opted_out, invalid);
            connection.prepare_cached(sql)?.execute(values)?;
        }
    }
    for (place, Point { value, label, primary, opted_out, invalid }) in (0_i64..).zip(&customer.addresses) {
        let values = (id, place, json(value), label, primary, opted_out, invalid);
        connection.prepare_cached(ADDRESS)?.execute(values)?;
    }
    for (place, tag) in (0_i64..).zip(&customer.tags) {
        connection.prepare_cached(TAG)?.execute((id, place, tag, id))?;
    }
    searched(connection, 28_000, id, &terms(customer))
}

/// The words of the name and of what else a customer is found by, as crm-store marks them.
fn terms(customer: &Customer) -> String {
    let mut terms = String::new();
    let mut push = |mark: char, text: &str| {
        for word in text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()) {
            terms.push(mark);
            terms.push_str(&word.to_lowercase());
            terms.push(' ');
        }
    };
    push('t', &customer.name);
    customer.emails.iter().for_each(|email| push('b', &email.value));
    customer.phones.iter().for_each(|phone| push('b', &phone.value));
    customer.tags.iter().for_each(|tag| push('b', tag));
    customer.external_id.iter().for_each(|id| push('b', id));
    terms
}

/// Inserts, with the entry of the journal.
pub(super) fn register(connection: &Connection, customer: &Customer) -> Result<()> {
    insert(connection, customer)?;
    journal(connection, ("customer", "customer.registered"), customer.id, customer.created_at, &json(customer))
}

/// Moves the customer to another region, with the entry of the journal, which holds the customer before and after.
pub(super) fn move_to(connection: &Connection, id: i64, region: &str) -> Result<()> {
    let before = get(connection, id)?;
    let after = Customer { revision: before.revision + 1, region: Some(region.into()), ..before.clone() };
    let sql = "UPDATE crm_customer SET revision = ?, updated_at = ?, region = ? WHERE id = ? AND revision = ?";
    let values = params![after.revision, after.updated_at, after.region, id, before.revision];
    touched(connection.prepare_cached(sql)?.execute(values)?)?;
    let fact = json(&(&before, &after));
    journal(connection, ("customer", "customer.updated"), id, after.updated_at, &fact)
}

const SELECT: &str = "SELECT id, revision, created_at, updated_at, external_id, kind, name, birth_date, gender, region, parent, owner, archived_at, parts FROM crm_customer";
const POINT: &str = "value, label, is_primary, opted_out, invalid";

pub(super) fn get(connection: &Connection, id: i64) -> Result<Customer> {
    static SQL: LazyLock<String> = LazyLock::new(|| format!("{SELECT} WHERE id = ?1"));
    only(fetch(connection, &SQL, &[&id])?)
}

/// The customer with an e-mail address; several may share it, so it is a page.
pub(super) fn by_email(connection: &Connection, key: &str) -> Result<Customer> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        format!(
            "{SELECT} WHERE id IN (SELECT customer FROM crm_customer_email WHERE value_key = ?1) ORDER BY id LIMIT ?2"
        )
    });
    only(fetch(connection, &SQL, &[&key, &PAGE])?)
}

fn fetch(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Customer>> {
    static EMAILS: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_email", "customer", POINT));
    static PHONES: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_phone", "customer", POINT));
    static ADDRESSES: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_address", "customer", POINT));
    static TAGS: LazyLock<Children> = LazyLock::new(|| Children::new("crm_customer_tag", "customer", "tag"));
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query_map(parameters, read)?.collect::<Result<Vec<_>>>()?;
    let parts = found.iter().fold(0, |parts, customer| parts | customer.parts);
    let id = |customer: &Customer| customer.id;
    if parts & 1 != 0 {
        EMAILS.read(connection, &mut found, id, read_point, |customer| &mut customer.emails)?;
    }
    if parts & 2 != 0 {
        PHONES.read(connection, &mut found, id, read_point, |customer| &mut customer.phones)?;
    }
    if parts & 4 != 0 {
        ADDRESSES.read(connection, &mut found, id, read_address, |customer| &mut customer.addresses)?;
    }
    if parts & 8 != 0 {
        TAGS.read(connection, &mut found, id, |row| row.get(1), |customer| &mut customer.tags)?;
    }
    Ok(found)
}

fn read(row: &Row<'_>) -> Result<Customer> {
    Ok(Customer {
        id: row.get(0)?,
        revision: row.get(1)?,
        created_at: row.get(2)?,
        updated_at: row.get(3)?,
        external_id: row.get(4)?,
        kind: row.get(5)?,
        name: row.get(6)?,
        birth_date: row.get(7)?,
        gender: row.get(8)?,
        region: row.get(9)?,
        parent: row.get(10)?,
        owner: row.get(11)?,
        archived_at: row.get(12)?,
        parts: row.get(13)?,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        tags: Vec::new(),
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
    fn parsed<T: DeserializeOwned + Default>(json: &str) -> T {
        serde_json::from_str(json).unwrap_or_default()
    }
    let Point { value, label, primary, opted_out, invalid } = read_point(row)?;
    Ok(Point { value: parsed(&value), label, primary, opted_out, invalid })
}

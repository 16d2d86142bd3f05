//! The host's own rows and the CRM's, in the host's own SQLite file and in one commit:
//! `cargo run --example host_transaction`.
//!
//! A shop keeps invoices in a file of its own. It installs the CRM's tables there, so that an invoice and the confirmed
//! order that it bills are there together, or neither is.

#![expect(clippy::print_stdout, reason = "an example tells what happened")]

use std::error::Error;

use chrono::Utc;
use crm::{
    Act, Currency, NewCustomer, NewOrder, NewProduct, Order, OrderId, UnitPrice, sales,
    sqlite::{
        SqliteTx, install,
        rusqlite::{Connection, TransactionBehavior::Immediate, params},
    },
    store::Orders,
};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut shop = Connection::open(folder.path().join("shop.db"))?;
    shop.pragma_update(None, "foreign_keys", true)?; // Off by default in SQLite; the CRM relies on it.
    shop.set_prepared_statement_cache_capacity(200); // The CRM's statements stay prepared.
    shop.execute_batch("CREATE TABLE invoice (number TEXT PRIMARY KEY, order_id TEXT NOT NULL, total_cents INTEGER)")?;
    install(&mut shop)?; // Adds the tables `crm_…` and leaves all others alone; the second time it does nothing.

    let order = draft(&mut shop)?;
    println!("{} is drafted: {}", order.number(), order.total());

    // Both rows in one commit.
    bill(&mut shop, order.id, "2026-17")?;
    assert_eq!((invoices(&shop)?, status(&mut shop, order.id)?), (1, "confirmed".to_owned()));
    println!("invoice 2026-17 is written and the order confirmed, in one commit");

    // The invoice's number is taken: the host's INSERT fails after the CRM confirmed the order, and both go.
    let second = draft(&mut shop)?;
    let refused = bill(&mut shop, second.id, "2026-17").err().ok_or("the number of an invoice was given twice")?;
    assert_eq!((invoices(&shop)?, status(&mut shop, second.id)?), (1, "draft".to_owned()));
    println!("a second invoice 2026-17 is refused ({refused}), and its order is a draft as before");

    // The other way round: the CRM refuses what is confirmed already, and the host's INSERT before it goes too.
    let refused = bill(&mut shop, order.id, "2026-18").err().ok_or("an order was confirmed twice")?;
    assert_eq!(invoices(&shop)?, 1);
    println!("invoice 2026-18 is refused ({refused}), and no trace of it is left");
    Ok(())
}

/// Writes the host's invoice and confirms the CRM's order, or neither: a transaction that is dropped before its commit
/// rolls back.
fn bill(shop: &mut Connection, order: OrderId, number: &str) -> Outcome<()> {
    let host = shop.transaction_with_behavior(Immediate)?;
    let mut crm = SqliteTx::join(&host)?;
    let order = sales::confirm_order(&mut crm, &mut act("alice")?, order)?;
    host.execute(
        "INSERT INTO invoice (number, order_id, total_cents) VALUES (?1, ?2, ?3)",
        params![number, order.id.to_string(), order.total().minor()],
    )?;
    Ok(host.commit()?)
}

/// A draft over a lamp, by a new customer.
fn draft(shop: &mut Connection) -> Outcome<Order> {
    let host = shop.transaction_with_behavior(Immediate)?;
    let (crm, act) = (&mut SqliteTx::join(&host)?, &mut act("alice")?);
    let customer = sales::register_customer(crm, act, NewCustomer::person("张三".parse()?))?;
    let sku = format!("LAMP-{}", act.new_id::<OrderId>());
    let lamp = NewProduct::new(sku.parse()?, "Desk lamp".parse()?, UnitPrice::parse("49.90", Currency::EUR)?);
    let lamp = sales::add_product(crm, act, lamp)?;
    let order = sales::draft_order(crm, act, NewOrder::for_customer(customer.id, Currency::EUR).line(lamp.id, 2))?;
    host.commit()?;
    Ok(order)
}

fn status(shop: &mut Connection, order: OrderId) -> Outcome<String> {
    let host = shop.transaction()?;
    let order = SqliteTx::join(&host)?.order(order)?.ok_or("the order is not there")?;
    Ok(order.state().status().to_string())
}

fn invoices(shop: &Connection) -> Outcome<u32> {
    Ok(shop.query_row("SELECT count(*) FROM invoice", [], |row| row.get(0))?)
}

/// An act of the host: its clock, and entropy for new ids. Where the CRM has its own file, [`crm::Crm::act`] makes it.
#[expect(clippy::disallowed_methods, reason = "a host may ask for the time and for entropy")]
fn act(actor: &str) -> Outcome<Act> {
    let mut entropy = [0; 10];
    getrandom::fill(&mut entropy)?;
    Ok(Act::new(Utc::now(), actor.parse()?, entropy))
}

//! The storage contract of `crm-core`, kept by SQLite.
//!
//! **What it is.** [`SqliteStore`]: one file that this library makes and opens, one writer at a time, readers on snapshots beside it. And
//! [`SqliteTx::join`]: the same tables inside the host's own file ([`install`]) and the same operations inside the host's own transaction, so that the
//! host's rows and ours share one commit.
//!
//! **What it does not do.** It decides nothing about customers or orders; the operations of `crm-sales` and `crm-service` do, on any store.
//!
//! **Where to start.** With [`SqliteStore::open`]:
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use crm_core::store::{Customers, Store, StoreError};
//! use crm_core::{Act, Customer, NewCustomer};
//! use crm_store::SqliteStore;
//!
//! let store = SqliteStore::open_in_memory()?;
//! let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
//! let mut act = Act::new(at, "alice".parse()?, [7; 10]);
//! let zhang = Customer::register(act.new_id(), at, NewCustomer::person("张三".parse()?))?;
//!
//! store.write(|tx| tx.insert_customer(&zhang))?;
//! let read = store.read(|tx| tx.customer(zhang.id))?;
//! assert_eq!(read, Some(zhang));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! | | |
//! |---|---|
//! | `crm_customer`, `crm_order` … | the records; `row` is the row's own number and never leaves the library |
//! | `crm_customer_tag`, `crm_order_line` … | what belongs to a record, under its row number and a place |
//! | `crm_journal` | every fact: a header that stays, a payload that can be emptied |
//! | `crm_schema` | the version of the tables |
//!
//! Money is stored as whole minor units, an instant as microseconds, a day as a number of days, an id as 16 bytes.

mod agent;
mod connection;
mod counter;
mod customer;
mod error;
mod interaction;
mod journal;
mod many;
mod opportunity;
mod order;
mod part;
#[cfg(test)]
mod plans;
mod product;
mod row;
mod sale_plan;
mod sales_rep;
mod schema;
mod store;
mod table;
mod ticket;
mod timeline;
mod transaction;
mod upkeep;

pub use rusqlite;

pub use self::{
    schema::install,
    store::{Durability, SqliteOptions, SqliteStore},
    transaction::SqliteTx,
    upkeep::Problem,
};

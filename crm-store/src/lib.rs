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
//! | `crm_figure_sales` … | sums over the records, moved by every write of them |
//! | `crm_journal` | every fact: a header that stays, a payload that can be emptied |
//! | `crm_answer`, `crm_answer_record` | what operations under an idempotency key answered, which can be emptied too |
//! | `crm_search` | what is searched, as the terms of an index (FTS5); it has room for 2^30 tickets with 262 142 messages each |
//! | `crm_schema` | the version of the tables |
//!
//! Money is stored as whole minor units, an instant as microseconds, a day as a number of days, an id as 16 bytes.
//!
//! # What a list costs
//!
//! **A list is read from one index, in the order of its key, until the page is full**, and a later page begins at its key. One field of the filter chooses the index; the other fields are
//! looked at in each record that comes. So a page costs what is passed over until it is full: nothing where the chosen field stands alone. The field that chooses is the first one that is set, in
//! this order:
//!
//! | list | fields that choose, the first one first |
//! |---|---|
//! | customers by id | `parent`, `owner`, `without_owner: true`, `tag`, `region`, `archived: true`, `kind: Organisation` |
//! | customers by name | `parent` ¹, `owner`, `without_owner: true` |
//! | interactions by id | `customer`, `opportunity`, `channel` |
//! | leads by id | `waiting_in` ¹, `owner`, `queue`, `without_owner: true`, `source`, `status` |
//! | opportunities by id | `customer`, `rep`, `product`, `stage`, `expected_close` ¹, `closed` ¹, `pipeline`, `status` |
//! | adjustments of forecasts by id | `rep`, `author`, `period` |
//! | snapshots of forecasts by id | `period` |
//! | redemptions by id | `order`, `customer`, `promotion` |
//! | activities by id | `opportunity`, `customer`, `owner`, `due` ¹, `status` |
//! | activities by due, by reminder | `opportunity` ¹, `customer` ¹, `owner` |
//! | orders by id | `customer`, `rep`, `without_rep: true`, `product` ¹, `confirmed` ¹, `fulfilment` and `payment` unless `Fulfilled` and `Paid`, `status` |
//! | orders by day | `customer` ¹; else `confirmed` bounds the days that are read |
//! | payments by id | `order`, `source`, `anomalous: true`, `status` unless `Done`, `kind` unless `Whole`, `provider` |
//! | exchange rates by id | `from`, `to`, `days` ¹ |
//! | tickets by id | `customer`, `assignee`, `unassigned: true`, `status`, `group`, `priority` |
//! | tickets by due | `customer` ¹, `assignee`, `unassigned: true`, `status` |
//!
//! ¹ All records of that customer, employer, deal, product, queue or span of days are read for each page, and sorted.
//!
//! What is not named has no index of its own, since it lets through most of a table (`kind: Person`, `archived: false`, `payment: Paid` …) and a page fills at once, or since the table stays small
//! (products, price lists, promotions, reps, agents, plans, queues). Where such a field lets through little after all, or a field that does not choose in that order (the customers of a small region by name), the list passes over
//! the rest of the table: ask for the list by id, or sort what it gives.
//!
//! A count looks at all records that the choosing field lets through; without one, at the whole table.
//!
//! # What figures cost
//!
//! A write pays for the rows of figures that it moves, in its own commit. Of an order of three lines, confirmed in a file of 100 000 orders, 100 reps and 200 products, these are thirteen.
//! CPU time of a commit with `Relaxed`, on two shared cores, without figures and with them:
//!
//! | | without | with |
//! |---|---|---|
//! | draft, pay, ship | | the same |
//! | confirm | 35 µs | 115 µs |
//! | refund in part | 40 µs | 115 µs |
//! | cancel | 40 µs | 118 µs |
//! | insert of a confirmed order | 159 µs | 246 µs |
//! | insert of a ticket | | the same |
//!
//! An opportunity moves three rows when it comes: its stage, and the day and the month of its forecast; later those that change.
//!
//! A batch (`insert_orders`, an import) writes each row once a thousand records. What is read costs 0.3 µs a row: two years of 100 reps by month 0.7 ms, of one rep or product by day 0.5 ms, 92 000
//! customers 22 ms. Counting all anew (`verify_figures`, `rebuild_figures`) takes 20 µs an order.

mod activity;
mod agent;
mod answer;
mod connection;
mod counter;
mod customer;
mod error;
mod exchange_rate;
mod figures;
mod filter;
mod forecast_adjustment;
mod forecast_snapshot;
mod interaction;
mod journal;
mod lead;
mod line;
mod log;
mod many;
mod opportunity;
mod options;
mod order;
mod part;
mod payment;
#[cfg(test)]
mod plans;
mod price_list;
mod product;
mod promotion;
mod queue;
mod quote;
mod readers;
mod row;
mod sale_plan;
mod sales_rep;
mod schema;
mod search;
mod store;
mod table;
mod ticket;
mod timeline;
mod transaction;
mod upkeep;
mod writers;

pub use rusqlite;

pub use self::{
    options::{Durability, SqliteOptions},
    schema::install,
    store::SqliteStore,
    transaction::SqliteTx,
    upkeep::Problem,
};

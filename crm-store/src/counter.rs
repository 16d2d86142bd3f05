//! Numbers that are given out one after the other.

use crm_core::{
    Number,
    store::{StoreError, StoreErrorKind},
};
use rusqlite::Connection;

use crate::{error::Done, table::prepared};

/// The next number with a prefix that `taken` does not find, `SO-000001` and up. The counter is a row of the same transaction.
pub(crate) fn next(connection: &Connection, prefix: &'static str, taken: &'static str) -> Done<Number> {
    loop {
        let count = "INSERT INTO crm_counter (name, last) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last";
        let last: i64 = prepared(connection, count)?.query_row([prefix], |row| row.get(0))?;
        let number = format!("{prefix}{last:06}");
        if !prepared(connection, taken)?.exists([&number])? {
            return Ok(number
                .parse()
                .map_err(|refused| StoreError::new(StoreErrorKind::Backend).caused_by(refused))?);
        }
    }
}

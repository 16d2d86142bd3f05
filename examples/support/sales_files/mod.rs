//! The files of a sales team: `accounts.csv`, `products.csv`, `sales_teams.csv` and any number of `sales_pipeline*.csv`.
//!
//! `sources` finds them and `import` reads them, with `accounts`, `products`, `team` and `deals` for what a row means.

mod accounts;
pub(crate) mod deals;
pub(crate) mod history;
pub(crate) mod import;
mod products;
pub(crate) mod sources;
pub(crate) mod team;
pub(crate) mod values;

use super::{csv_table, progress, remarks, seen};

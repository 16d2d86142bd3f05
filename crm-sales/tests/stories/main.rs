//! Stories of a sales team on the reference store: what each operation does, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a story that cannot begin is a failed test")]

mod activities;
mod actual_sales;
mod catalogue;
mod contact_points;
mod conversions;
mod customers;
mod exchange;
mod forecasts;
mod interactions;
mod keys;
mod leads;
mod opportunities;
mod orders;
mod plans;
mod prices;
mod promotions;
mod providers;
mod queues;
mod quotes;
mod team;
mod world;

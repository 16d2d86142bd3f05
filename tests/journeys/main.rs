//! Stories of a company, told through the facade on every store: what happened on one happens on all.

mod coupons;
mod customers;
mod deals;
mod forecast;
mod journal;
mod keys;
mod leads;
mod payments;
mod prices;
mod quotes;
mod rates;
mod sales;
mod service;

// What the stories share.
mod stage;

//! What comes in and must not: each mistake is a typed error that names the field and the rule, shows nothing personal,
//! and leaves nothing behind.
//!
//! Files that are no database, are newer or full: the tests of `crm-store` have them.

#![expect(clippy::expect_used, reason = "a company that cannot be read is a failed test")]

mod bulk;
mod deals;
mod leads;
mod references;
mod values;
mod what_stands_there;

// What all mistakes are made in.
mod company;

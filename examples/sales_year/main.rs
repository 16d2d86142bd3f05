//! A sales team's year, end to end: imports a directory of CSV files into a store, through the operations that any program uses, and reports from the store.
//!
//! ```text
//! cargo run --example sales_year                          a small set of its own, in memory
//! cargo run --example sales_year -- DIRECTORY             accounts.csv, products.csv, sales_teams.csv, sales_pipeline*.csv
//! cargo run --example sales_year -- --db FILE DIRECTORY   keeps the store; what is in there already is not imported twice
//! cargo run --example sales_year -- --json DIRECTORY      one JSON object instead of tables and charts
//! ```
//!
//! The way through it: `sales_files` reads the files and understands their rows; `deals` makes opportunities of them; `figures` computes the report; `presentation` prints
//! and draws it.

#[path = "../support/charts.rs"]
mod charts;
#[path = "../support/csv_table.rs"]
mod csv_table;
#[path = "../support/progress.rs"]
mod progress;
#[path = "../support/remarks.rs"]
mod remarks;
#[path = "../support/sales_files/mod.rs"]
mod sales_files;
#[path = "../support/seen.rs"]
mod seen;
#[path = "../support/text_table.rs"]
mod text_table;

mod deals;
mod figures;
pub(crate) mod options;
mod presentation;

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use crm::Crm;

use self::{
    deals::Desk,
    options::Options,
    sales_files::{deals::Hardware, import, sources::Sources},
};

#[expect(clippy::print_stderr, reason = "a program tells a person why it failed")]
fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("sales_year: {wrong}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&options, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sales_year: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Imports, then reports. Whatever is wrong with the files as a whole is found before the store is touched.
pub(crate) fn run(options: &Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let sources = Sources::find(&options.directory)?;
    let crm = match &options.db {
        Some(file) => Crm::open(file)?,
        None => Crm::open_in_memory()?,
    };
    let hardware = Hardware::pipeline()?;
    let imported = import::everything(&crm, &sources, "sales_year", |tx, acts, row, deal| {
        Desk { acts, hardware: &hardware }.take(tx, row, &deal)
    })?;
    let figures = crm.read(|tx| figures::compute(tx))?;
    if options.json {
        presentation::json(&imported, &figures, out)
    } else {
        presentation::tables(&imported, &figures, out)?;
        presentation::charts(&figures, &options.svg, out)
    }
}

//! A pipeline as it was: replays the deals of a directory of CSV files day by day, through the operations that any program uses, and shows where they stand.
//!
//! ```text
//! cargo run --example pipeline                                a small set of its own, in memory, to its last day
//! cargo run --example pipeline -- --as-of 2017-06-30 DIRECTORY   accounts.csv, products.csv, sales_teams.csv, sales_pipeline*.csv, to the end of that day
//! cargo run --example pipeline -- --json DIRECTORY            one JSON object instead of tables and a chart
//! cargo run --example pipeline -- --db FILE DIRECTORY         keeps the store
//! ```
//!
//! The way through it: `sales_files` reads the files and understands their rows; `replay` opens, advances, wins and loses the deals on their days; `standing` asks the store
//! where they stand, `expectation` what they are forecast to bring; `presentation` prints that and `chart` draws it.

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

mod chart;
mod expectation;
pub(crate) mod options;
mod presentation;
mod replay;
mod standing;

use std::{
    error::Error,
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use crm::{
    Crm,
    store::{Opportunities, OpportunityFilter},
};

use self::{
    options::Options,
    replay::{Calendar, Replay},
    sales_files::{deals::Hardware, import, sources::Sources},
    standing::{Standing, managers},
};

#[expect(clippy::print_stderr, reason = "a program tells a person why it failed")]
fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("pipeline: {wrong}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&options, &mut io::stdout().lock(), &mut io::stderr().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pipeline: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Replays, then reports. What is to be said of the rows goes to `remarks`.
pub(crate) fn run(options: &Options, out: &mut impl Write, remarks: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let sources = Sources::find(&options.directory)?;
    let crm = match &options.db {
        Some(file) => empty(Crm::open(file)?, file)?,
        None => Crm::open_in_memory()?,
    };
    let mut deals = Vec::new();
    let imported = import::everything(&crm, &sources, "pipeline", |_, _, row, deal| {
        let oddity = replay::oddity(row, &deal);
        deals.push(deal);
        Ok(oddity.into_iter().collect())
    })?;
    presentation::remarks(&imported, remarks)?;

    let calendar = Calendar::of(deals);
    let as_of = options.as_of.or(calendar.last_day());
    let as_of = as_of.ok_or("no deal has a day, so there is no last one; --as-of names one")?;
    let hardware = Hardware::pipeline()?;
    let last_drawn = calendar.last_day().map_or(as_of, |last| last.min(as_of));
    let days = Replay { crm: &crm, hardware: &hardware }.until(as_of, calendar)?;
    let standing = crm.read(|tx| Standing::read(tx, &hardware.pipeline))?;
    let managers = crm.read(|tx| managers(tx))?;
    let forecast = expectation::forecast(&crm, as_of)?;

    if options.json {
        presentation::json(as_of, &standing, &managers, out)?;
    } else {
        presentation::tables(as_of, &standing, &managers, out)?;
        presentation::forecast(&forecast, &managers, out)?;
    }
    if let Some(file) = options.chart() {
        fs::write(&file, chart::svg(&days, last_drawn)?).map_err(|error| format!("{}: {error}", file.display()))?;
        writeln!(remarks, "chart: {}", file.display())?;
    }
    Ok(())
}

/// A store without opportunities: a replay goes forward from the first day, and what stands there already would be counted with it.
fn empty(crm: Crm, file: &Path) -> Result<Crm, Box<dyn Error>> {
    match crm.read(|tx| Ok(tx.count_opportunities(&OpportunityFilter::default())?))? {
        0 => Ok(crm),
        _ => Err(format!("{} holds opportunities already; a replay begins without any", file.display()).into()),
    }
}

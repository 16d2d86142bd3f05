//! Fills a file with a company of any size, or with the orders of a real shop, and times the questions that are asked every day.
//!
//! ```text
//! cargo run --release --example load                                            a small company, in a temporary file
//! cargo run --release --example load -- --customers 100000 --orders 1000000 --file FILE
//! cargo run --release --example load -- --retail online_retail.csv.gz           order lines of a shop (UCI "Online Retail")
//! cargo run --release --example load -- --peers DIRECTORY                       what DuckDB and polars are measured with
//! ```
//!
//! A company that was half written when its run was stopped is completed by the same command; the command on a whole one only asks.
//!
//! The way through it: `company` makes the records from a seed, with names from `names`, and `fill` imports them; or `retail` reads a shop's lines, or `peers` the company that other
//! engines are measured with. Then `questions` asks and measures, with the sums of `sums`.

#[path = "../support/csv_table.rs"]
mod csv_table;
#[path = "../support/progress.rs"]
mod progress;
#[path = "../support/remarks.rs"]
mod remarks;
#[path = "../support/text_table.rs"]
mod text_table;

pub(crate) mod company;
pub(crate) mod fill;
mod names;
pub(crate) mod options;
mod peers;
mod questions;
pub(crate) mod retail;
pub(crate) mod sums;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use crm::sqlite::SqliteStore;

use self::{
    company::Company,
    options::Options,
    questions::{Answer, Subjects},
    text_table::{grouped, table},
};

/// A result of the example: whatever goes wrong ends it.
type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// How many records of a kind are asked for by their key.
const ASKED: u32 = 1_001;

#[expect(clippy::print_stderr, reason = "a program tells a person why it failed")]
fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("load: {wrong}\n\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(&options, &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Fills, then asks.
pub(crate) fn run(options: &Options, out: &mut impl Write) -> Done<()> {
    let folder = tempfile::tempdir()?;
    let file = options.file.clone().unwrap_or_else(|| folder.path().join("load.db"));
    if file.exists() && (options.retail.is_some() || options.peers.is_some()) {
        return Err(format!("{} is there already; these records go into a new file", file.display()).into());
    }
    let store = SqliteStore::open(&file)?;
    let (start, busy) = (Instant::now(), processor());
    let (filled, subjects) = match (&options.retail, &options.peers) {
        (Some(lines), _) => retail::load(&store, lines, &options.rejected)?,
        (None, Some(directory)) => peers::load(&store, directory)?,
        (None, None) => made(&store, &Company::new(options)?)?,
    };
    let (took, busy) = (start.elapsed(), processor().saturating_sub(busy));
    writeln!(out, "{}", table(["in the file", ""], filled))?;
    writeln!(out, "filled in {}, {} of the processor; {} MiB\n", readable(took), readable(busy), mebibytes(&file)?)?;
    // As after any import; and opened anew, when all that was written is in the file and nothing goes on beside the questions.
    store.compact_search()?;
    drop(store);
    let answers = questions::answers(&SqliteStore::open(&file)?, &subjects)?;
    let rows = answers.into_iter().map(|Answer { question, answer, time }| [question.into(), answer, readable(time)]);
    writeln!(out, "{}", table(["question", "answer", "median time"], rows))?;
    Ok(())
}

/// Makes a company and writes it.
fn made(store: &SqliteStore, company: &Company) -> Done<(Vec<[String; 2]>, Subjects)> {
    fill::fill(store, company)?;
    let filled = [
        ("customers", company.customers),
        ("orders", company.orders),
        ("products", company.products),
        ("sales reps", company.reps),
        ("sale plans", company.plans),
        ("tickets", company.tickets),
        ("opportunities", company.opportunities),
    ];
    let filled = filled.into_iter().map(|(name, count)| [name.to_owned(), grouped(&count)]).collect();
    let scattered = |of: u32| (0..ASKED.min(of)).map(move |place| scatter(place, of));
    let subjects = Subjects {
        customers: scattered(company.customers).map(|n| company.customer_id(n)).collect::<Done<_>>()?,
        emails: scattered(company.customers).map(Company::email).collect::<Done<_>>()?,
        orders: scattered(company.orders)
            .map(|n| Ok((company.order_id(n)?, Company::order_number(n)?)))
            .collect::<Done<_>>()?,
        best_customer: company.customer_id(1)?,
        searches: vec!["张伟", "tanbar"],
        period: company.period()?,
        currency: company::CURRENCY,
    };
    Ok((filled, subjects))
}

/// A number from 1 to `of`, another one for each place, not next to the one before.
fn scatter(place: u32, of: u32) -> u32 {
    // A prime that divides no round number.
    let number = u64::from(place) * 7_919 % u64::from(of) + 1;
    u32::try_from(number).unwrap_or(of)
}

/// The time that this thread had a processor, where the system tells: other work on the machine does not disturb it.
fn processor() -> Duration {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    Duration::from_nanos(nanos.and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0))
}

/// What the file and its log take.
fn mebibytes(file: &Path) -> io::Result<String> {
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let bytes = std::fs::metadata(file)?.len() + std::fs::metadata(log).map_or(0, |log| log.len());
    Ok(grouped(&bytes.div_ceil(1_048_576)))
}

fn readable(time: Duration) -> String {
    format!("{time:.1?}")
}

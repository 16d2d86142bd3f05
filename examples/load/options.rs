//! What was asked on the command line.

use std::path::PathBuf;

pub(crate) const USAGE: &str = "\
usage: load [--customers N] [--orders M] [--seed S] [--file FILE]
       load --retail FILE.csv[.gz] [--rejected FILE] [--file FILE]
       load --peers DIRECTORY [--file FILE]

  --customers N     so many customers (default: 200)
  --orders M        so many orders over three years (default: 1000)
  --seed S          another company of the same size (default: 1)
  --retail FILE     the order lines of a shop instead: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country
  --rejected FILE   where the lines go that could not be taken, with line number and reason (default: rejected.csv)
  --peers DIRECTORY the company that other engines are measured with, from its CSV files
  --file FILE       keep the store in a new file, or go on with a company in the one where it was begun (default: a temporary one)";

/// What to fill the store with, and where it is.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) customers: u32,
    pub(crate) orders: u32,
    pub(crate) seed: u64,
    pub(crate) retail: Option<PathBuf>,
    pub(crate) rejected: PathBuf,
    pub(crate) peers: Option<PathBuf>,
    pub(crate) file: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments after the program's name, or says what is wrong with them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut options = Self {
            customers: 200,
            orders: 1_000,
            seed: 1,
            retail: None,
            rejected: PathBuf::from("rejected.csv"),
            peers: None,
            file: None,
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--customers" => options.customers = number(&argument, &value()?)?,
                "--orders" => options.orders = number(&argument, &value()?)?,
                "--seed" => options.seed = number(&argument, &value()?)?,
                "--retail" => options.retail = Some(value()?.into()),
                "--rejected" => options.rejected = value()?.into(),
                "--peers" => options.peers = Some(value()?.into()),
                "--file" => options.file = Some(value()?.into()),
                unknown => return Err(format!("unknown argument {unknown}")),
            }
        }
        if options.customers == 0 || options.orders == 0 {
            return Err("a company has at least one customer and one order".into());
        }
        Ok(options)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{option} needs a whole number, got {text:?}"))
}

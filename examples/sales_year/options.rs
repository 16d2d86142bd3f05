//! What was asked on the command line.

use std::path::PathBuf;

use super::sales_files::sources::small_set;

pub(crate) const USAGE: &str = "\
usage: sales_year [--db FILE] [--json] [--svg DIR] [DIRECTORY]

  DIRECTORY   holds accounts.csv, products.csv, sales_teams.csv and sales_pipeline*.csv (default: a small set of its own)
  --db FILE   keep the store in a file; a second run imports nothing twice (default: in memory)
  --json      print one JSON object and nothing else
  --svg DIR   where the charts go (default: the current directory)";

/// What to import, where to keep it and how to report.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) directory: PathBuf,
    pub(crate) db: Option<PathBuf>,
    pub(crate) json: bool,
    pub(crate) svg: PathBuf,
}

impl Options {
    /// Reads the arguments after the program's name, or says what is wrong with them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut directory = None;
        let mut options = Self { directory: PathBuf::new(), db: None, json: false, svg: PathBuf::from(".") };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().map(PathBuf::from).ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--db" => options.db = Some(value()?),
                "--svg" => options.svg = value()?,
                "--json" => options.json = true,
                unknown if unknown.starts_with('-') => return Err(format!("unknown option {unknown}")),
                _ if directory.is_some() => return Err("more than one directory".into()),
                path => directory = Some(PathBuf::from(path)),
            }
        }
        options.directory = directory.unwrap_or_else(small_set);
        Ok(options)
    }
}

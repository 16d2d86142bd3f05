//! What was asked on the command line.

use std::path::PathBuf;

use chrono::NaiveDate;

use super::sales_files::{sources::small_set, values::parsed_day};

pub(crate) const USAGE: &str = "\
usage: pipeline [--as-of DATE] [--db FILE] [--json] [--svg FILE] [DIRECTORY]

  DIRECTORY     holds accounts.csv, products.csv, sales_teams.csv and sales_pipeline*.csv (default: a small set of its own)
  --as-of DATE  stop at the end of this day, yyyy-mm-dd (default: the last day in the data)
  --db FILE     keep the store in a file that has no opportunities yet (default: in memory)
  --json        print one JSON object and nothing else
  --svg FILE    where the chart goes (default: pipeline_by_stage.svg, and none with --json)";

const CHART: &str = "pipeline_by_stage.svg";

/// What to replay, how far, and how to report.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) directory: PathBuf,
    pub(crate) as_of: Option<NaiveDate>,
    pub(crate) db: Option<PathBuf>,
    pub(crate) json: bool,
    svg: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments after the program's name, or says what is wrong with them.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.into_iter();
        let mut directory = None;
        let mut options = Self { directory: PathBuf::new(), as_of: None, db: None, json: false, svg: None };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--as-of" => options.as_of = Some(day(&value()?)?),
                "--db" => options.db = Some(value()?.into()),
                "--svg" => options.svg = Some(value()?.into()),
                "--json" => options.json = true,
                unknown if unknown.starts_with('-') => return Err(format!("unknown option {unknown}")),
                _ if directory.is_some() => return Err("more than one directory".into()),
                path => directory = Some(PathBuf::from(path)),
            }
        }
        options.directory = directory.unwrap_or_else(small_set);
        Ok(options)
    }

    /// Where the chart goes, if one is drawn. In a directory it gets its usual name.
    pub(crate) fn chart(&self) -> Option<PathBuf> {
        match &self.svg {
            Some(path) if path.is_dir() => Some(path.join(CHART)),
            Some(path) => Some(path.clone()),
            None => (!self.json).then(|| PathBuf::from(CHART)),
        }
    }
}

fn day(text: &str) -> Result<NaiveDate, String> {
    parsed_day(text).ok_or(format!("--as-of needs a day as yyyy-mm-dd, got {text:?}"))
}

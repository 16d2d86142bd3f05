//! The files to import.

use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

use super::{accounts, csv_table::Table, deals, products, team};

/// The files of a directory, all of which are there and have their columns.
pub(crate) struct Sources {
    pub(crate) accounts: PathBuf,
    pub(crate) products: PathBuf,
    pub(crate) team: PathBuf,
    /// At least one, by name.
    pub(crate) pipelines: Vec<PathBuf>,
}

impl Sources {
    /// Finds the files and looks at their headers, so that an import does not stop half-way for want of a column.
    pub(crate) fn find(directory: &Path) -> Result<Self, Box<dyn Error>> {
        let sources = Self {
            accounts: directory.join("accounts.csv"),
            products: directory.join("products.csv"),
            team: directory.join("sales_teams.csv"),
            pipelines: pipelines(directory).map_err(|error| format!("{}: {error}", directory.display()))?,
        };
        Table::open(&sources.accounts, accounts::COLUMNS)?;
        Table::open(&sources.products, products::COLUMNS)?;
        Table::open(&sources.team, team::COLUMNS)?;
        for pipeline in &sources.pipelines {
            Table::open(pipeline, deals::COLUMNS)?;
        }
        if sources.pipelines.is_empty() {
            return Err(format!("{}: no sales_pipeline*.csv", directory.display()).into());
        }
        Ok(sources)
    }

    /// How many bytes an import reads; the accounts are read twice.
    pub(crate) fn bytes(&self) -> io::Result<u64> {
        let others = [&self.accounts, &self.accounts, &self.products, &self.team];
        others.into_iter().chain(&self.pipelines).map(|path| Ok(fs::metadata(path)?.len())).sum()
    }
}

/// Where the small set lies that examples read when no directory is named.
pub(crate) fn small_set() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data")
}

fn pipelines(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("sales_pipeline") && name.ends_with(".csv") && path.is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

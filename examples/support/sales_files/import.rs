//! Taking the files in: row by row, some hundreds of rows to a transaction, so that memory does not grow with the files. Accounts, products and the team go into the
//! store; what becomes of a deal, the example says.

use std::{
    collections::BTreeMap,
    error::Error,
    io,
    path::{Path, PathBuf},
};

use crm::{Crm, Invalid, sales::SalesError, sqlite::SqliteTx, sqlite::rusqlite, store::StoreError};
use indicatif::ProgressBar;

use super::{
    accounts,
    csv_table::{Row, Table, TableError},
    deals::{self, Deal},
    history::Acts,
    products, progress,
    remarks::{Finding, Remark, Remarks, WrittenRemarks},
    seen::Seen,
    sources::Sources,
    team,
};

/// How many rows go into the store in one transaction.
const ROWS_PER_TRANSACTION: usize = 500;

/// What the import has to say beside what is in the store.
pub(crate) struct Imported {
    /// Data rows of the pipeline files.
    pub(crate) rows: u64,
    /// Rows that did not go in.
    pub(crate) rejected: WrittenRemarks,
    /// What was odd about rows that did.
    pub(crate) notices: WrittenRemarks,
}

impl Imported {
    /// How many rows each thing was noticed of, by its column and reason.
    pub(crate) fn notices_by_reason(&self) -> io::Result<BTreeMap<(String, String), u64>> {
        let mut reasons = BTreeMap::new();
        for remark in self.notices.iter()? {
            let Remark { column, reason, .. } = remark?;
            *reasons.entry((column, reason)).or_default() += 1;
        }
        Ok(reasons)
    }
}

/// Why a row did not go in.
pub(crate) enum Refused {
    /// It cannot be understood; the next ones may.
    Row(Finding),
    /// Something failed that has nothing to do with the row: the import ends.
    Import(crm::Error),
}

impl From<Finding> for Refused {
    fn from(finding: Finding) -> Self {
        Self::Row(finding)
    }
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Import(crm::Error::host(error))
    }
}

macro_rules! failures {
    ($($error:ty),*) => {$(
        impl From<$error> for Refused {
            fn from(error: $error) -> Self {
                Self::Import(error.into())
            }
        }
    )*};
}
failures!(crm::Error, SalesError, StoreError, Invalid);

/// What came of a row that went in: something to notice, or nothing.
pub(crate) type Taken = Result<Vec<Finding>, Refused>;

/// Reads all files: what deals refer to comes first. Each deal is given to `take`, with the acts of its file and its row.
pub(crate) fn everything(
    crm: &Crm,
    sources: &Sources,
    importer: &'static str,
    take: impl FnMut(&mut SqliteTx<'_>, &Acts, &Row, Deal) -> Taken,
) -> Result<Imported, Box<dyn Error>> {
    let mut import = Import {
        crm,
        importer,
        progress: progress::bar("importing", sources.bytes()?, "{bytes}/{total_bytes}"),
        rejected: Remarks::new()?,
        notices: Remarks::new()?,
    };
    import.accounts(&sources.accounts)?;
    import.products(&sources.products)?;
    import.team(&sources.team)?;
    let rows = import.pipelines(&sources.pipelines, take)?;
    import.progress.finish_and_clear();
    Ok(Imported { rows, rejected: import.rejected.finish()?, notices: import.notices.finish()? })
}

struct Import<'a> {
    crm: &'a Crm,
    importer: &'static str,
    progress: ProgressBar,
    rejected: Remarks,
    notices: Remarks,
}

/// Whether a file is read for the first time: what is rejected is told once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    First,
    Second,
}

impl Import<'_> {
    /// Twice through the file: a parent company may stand further down than its subsidiary.
    fn accounts(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let (mut table, acts) = self.open(path, accounts::COLUMNS)?;
        let mut seen = Seen::nothing()?;
        self.each_row(&mut table, Pass::First, |tx, row| accounts::register(tx, &acts, row, &mut seen))?;

        let mut table = Table::open(path, accounts::COLUMNS)?;
        let mut seen = Seen::nothing()?;
        self.each_row(&mut table, Pass::Second, |tx, row| accounts::join_to_parent(tx, &acts, row, &mut seen))?;
        Ok(())
    }

    fn products(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let (mut table, acts) = self.open(path, products::COLUMNS)?;
        let mut seen = Seen::nothing()?;
        self.each_row(&mut table, Pass::First, |tx, row| products::add(tx, &acts, row, &mut seen))?;
        Ok(())
    }

    fn team(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let (mut table, acts) = self.open(path, team::COLUMNS)?;
        let mut seen = Seen::nothing()?;
        self.each_row(&mut table, Pass::First, |tx, row| team::add(tx, &acts, row, &mut seen))?;
        Ok(())
    }

    /// Reads the deals; gives how many rows there were, whatever became of them.
    fn pipelines(
        &mut self,
        paths: &[PathBuf],
        mut take: impl FnMut(&mut SqliteTx<'_>, &Acts, &Row, Deal) -> Taken,
    ) -> Result<u64, Box<dyn Error>> {
        let catalogue = self.crm.read(|tx| products::Catalogue::load(tx))?;
        let seen = Seen::nothing()?;
        let mut rows = 0;
        for path in paths {
            let (mut table, acts) = self.open(path, deals::COLUMNS)?;
            rows += self.each_row(&mut table, Pass::First, |tx, row| {
                let id = row.field("opportunity_id").required("no opportunity id")?;
                if seen.contains(id.text())? {
                    return Err(id.finding("duplicate opportunity id").into());
                }
                let mut notices = Vec::new();
                let deal = Deal::understand(tx, &catalogue, row, id, &mut notices)?;
                notices.extend(take(tx, &acts, row, deal)?);
                seen.insert(id.text())?;
                Ok(notices)
            })?;
        }
        Ok(rows)
    }

    /// A file and the acts of importing it. Columns that nobody asked for are noticed.
    fn open(&mut self, path: &Path, columns: &'static [&'static str]) -> Result<(Table, Acts), Box<dyn Error>> {
        let table = Table::open(path, columns)?;
        for unknown in table.unknown_columns() {
            self.notices.push(&unknown)?;
        }
        let acts = Acts::of(self.importer, &format!("import {}", table.file()))?;
        Ok((table, acts))
    }

    /// Reads a file to its end and gives each row to `take`, some hundreds of them in one transaction. Gives how many rows there were.
    fn each_row(
        &mut self,
        table: &mut Table,
        pass: Pass,
        mut take: impl FnMut(&mut SqliteTx<'_>, &Row) -> Taken,
    ) -> Result<u64, Box<dyn Error>> {
        let mut rows = 0;
        loop {
            let read_before = table.bytes_read();
            let batch = next_batch(table)?;
            if batch.is_empty() {
                return Ok(rows);
            }
            rows += batch.len() as u64;
            let outcomes = self.crm.write(|tx| {
                let outcomes = batch.into_iter().map(|read| match read {
                    Ok(row) => Outcome::of(row.line, take(tx, &row)),
                    Err(broken) => Ok(Outcome::Broken(broken)),
                });
                outcomes.collect::<Result<Vec<_>, crm::Error>>()
            })?;
            for outcome in outcomes {
                self.report(table, pass, outcome)?;
            }
            self.progress.inc(table.bytes_read() - read_before);
        }
    }

    fn report(&mut self, table: &Table, pass: Pass, outcome: Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Taken { line, notices } => {
                notices.into_iter().try_for_each(|notice| self.notices.push(&table.remark_on(line, notice)))
            }
            Outcome::Broken(_) | Outcome::Refused { .. } if pass == Pass::Second => Ok(()),
            Outcome::Broken(remark) => self.rejected.push(&remark),
            Outcome::Refused { line, finding } => self.rejected.push(&table.remark_on(line, finding)),
        }
    }
}

/// What became of a row.
enum Outcome {
    Taken { line: u64, notices: Vec<Finding> },
    Refused { line: u64, finding: Finding },
    Broken(Remark),
}

impl Outcome {
    fn of(line: u64, taken: Taken) -> Result<Self, crm::Error> {
        match taken {
            Ok(notices) => Ok(Self::Taken { line, notices }),
            Err(Refused::Row(finding)) => Ok(Self::Refused { line, finding }),
            Err(Refused::Import(error)) => Err(error),
        }
    }
}

fn next_batch(table: &mut Table) -> Result<Vec<Result<Row, Remark>>, TableError> {
    let mut batch = Vec::new();
    while batch.len() < ROWS_PER_TRANSACTION
        && let Some(row) = table.next_row()?
    {
        batch.push(row);
    }
    Ok(batch)
}

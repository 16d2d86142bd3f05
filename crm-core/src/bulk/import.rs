//! Many records in.

use std::{error::Error as StdError, fmt, ops::ControlFlow};

use super::{ImportBatch, ImportCount, ImportFact, Record};
use crate::{
    act::Act,
    id::ImportId,
    invalid::{Invalid, Rule},
    journal::{Entry, Fact, Position, RecordRef},
    store::{Journal, Page, Records, Refused, Store, StoreError},
    text::{IdempotencyKey, Label},
};

/// How an import is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ImportOptions {
    source: Label,
    batch_rows: u32,
    rejected_limit: Option<u64>,
}

impl ImportOptions {
    /// Rows of a batch where nothing else is asked for. Pages that several rows of a batch change are written once, so larger batches cost less a row; with these, others
    /// wait for some tenths of a second at most.
    pub const BATCH_ROWS: u32 = 5_000;

    /// From a source, by the name that the journal keeps: `orders.csv`. No limit to the rows that are rejected.
    pub const fn new(source: Label) -> Self {
        Self { source, batch_rows: Self::BATCH_ROWS, rejected_limit: None }
    }

    /// How many rows a batch has, from 1. So many records are in memory, and so many rows are read again after a failure; others wait for as long as a batch takes.
    pub const fn batch_rows(mut self, rows: u32) -> Self {
        self.batch_rows = rows;
        self
    }

    /// Stops after the batch in which more rows than these were rejected in this run. What was committed stays.
    pub const fn rejected_limit(mut self, rows: u64) -> Self {
        self.rejected_limit = Some(rows);
        self
    }
}

/// What a source gives for a row.
///
/// Mostly it is a `Result<R, X>`: a record, or the caller's own error of a row that cannot be made one. That row is rejected, and the import goes on.
/// Where reading the source itself may fail (a file, a connection), it is a `Result<Result<R, X>, SourceError>`: such a failure is no row, and ends the import with
/// [`ImportError::Source`] before it.
///
/// ```
/// use std::io::BufRead;
///
/// use crm_core::{Agent, bulk::SourceError};
///
/// # let file: &[u8] = b"";
/// let rows = file.lines().map(|line| Ok::<_, SourceError>(serde_json::from_str::<Agent>(&line?)));
/// # let _ = rows;
/// ```
pub trait ImportRow {
    /// The record.
    type Record: Record;
    /// The error of a row that cannot be made a record.
    type Malformed;

    /// The record or what is wrong with the row.
    ///
    /// # Errors
    ///
    /// A failure of the source.
    fn read(self) -> Result<Result<Self::Record, Self::Malformed>, SourceError>;
}

impl<R: Record, X> ImportRow for Result<R, X> {
    type Record = R;
    type Malformed = X;

    fn read(self) -> Result<Self, SourceError> {
        Ok(self)
    }
}

impl<R: Record, X> ImportRow for Result<Result<R, X>, SourceError> {
    type Record = R;
    type Malformed = X;

    fn read(self) -> Self {
        self
    }
}

/// A source that cannot be read on. `?` makes it of any error.
pub struct SourceError(Box<dyn StdError + Send + Sync>);

impl<E: StdError + Send + Sync + 'static> From<E> for SourceError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<SourceError> for ImportError {
    fn from(error: SourceError) -> Self {
        Self::Source(error.0)
    }
}

/// Why a row is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection<X> {
    /// The source gave an error in place of a record.
    #[error("{0}")]
    Malformed(X),
    /// The store refused the record: a value is taken, or a reference leads nowhere.
    #[error("{0}")]
    Refused(StoreError),
}

/// What an import tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportEvent<X> {
    /// A row was rejected. It comes after the commit of its batch, in the order of the rows, so that it stands in the journal when it is told.
    Rejected {
        /// The number of the row, from 1.
        row: u64,
        /// Why.
        rejection: Rejection<X>,
    },
    /// A batch was committed.
    Progress(ImportProgress),
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The import.
    pub import: ImportId,
    /// All its rows so far, those of earlier runs included.
    pub total: ImportCount,
    /// Batches that this run committed.
    pub batches: u64,
}

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportOutcome {
    /// The source came to its end.
    Finished,
    /// It was finished in an earlier run, and this one did nothing.
    FinishedBefore,
    /// The caller stopped it. With a key it can be resumed.
    Stopped,
}

/// What became of an import that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// The import, under which the journal has its batches.
    pub import: ImportId,
    /// How it ended.
    pub outcome: ImportOutcome,
    /// All its rows, those of earlier runs included.
    pub total: ImportCount,
    /// The part of them that earlier runs had done.
    pub before: ImportCount,
}

/// Why an import ended before its source did. What was committed stays; with a key it can be resumed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The store failed. The batch is not kept, unless the outcome of its commit is unknown; resuming finds out.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An option breaks a rule: a batch of no rows.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// More rows were rejected than the limit allows.
    #[error("{rejected} rows were rejected, more than the {limit} that are allowed")]
    TooManyRejected {
        /// The limit.
        limit: u64,
        /// Rows that this run rejected.
        rejected: u64,
        /// How far the import is.
        progress: ImportProgress,
    },
    /// The key is that of another act: of no import, or of one from another source or into another family.
    #[error("the key {key} is that of {found}")]
    KeyOfAnother {
        /// The key.
        key: IdempotencyKey,
        /// What it is the key of, in words.
        found: String,
    },
    /// The source ended before the row at which the import was to go on: it is not the source that it was.
    #[error("the source has ended before row {done}, up to which it was imported before")]
    SourceTooShort {
        /// Rows that earlier runs did.
        done: u64,
    },
    /// Reading the source failed, at the row after the last batch or further on. Nothing of that batch is kept; resuming begins with it.
    #[error("the source cannot be read")]
    Source(#[source] Box<dyn StdError + Send + Sync>),
    /// Another run under the same key went on meanwhile; this one did nothing since its last batch.
    #[error("another run of import {import} went on meanwhile")]
    Overtaken {
        /// The import.
        import: ImportId,
    },
}

/// Keeps the records of a source, batch by batch, and tells `watch` about rejected rows and progress (C71 to C73).
///
/// Each batch is a transaction of its own, with one entry in the journal; between batches others write. `rows` gives a record or, where a row cannot be made one, the
/// caller's own error: that row is rejected like one that the store refuses, and the import goes on. A source that fails itself ends the import ([`ImportRow`]).
/// No more than a batch is held in memory.
///
/// **Resuming.** Where the act has an idempotency key, the journal is asked for batches under that key first. So many rows as they did are passed over (`rows` must give the
/// same ones in the same order again), and the import goes on under its id; one that is finished does nothing. Records that bring their ids or
/// numbers along cannot come in twice in any case: they are refused. Without a key nothing is resumed. A key belongs to one source and one family.
///
/// **Stopping.** `watch` stops the import by [`ControlFlow::Break`] after the batch that it is told about. It is called outside any transaction, so it may use the store.
///
/// # Errors
///
/// [`ImportError`]. All that earlier batches did stays, and what failed left nothing of its batch.
pub fn import<S: Store, I: ImportRow>(
    store: &S,
    act: &mut Act,
    options: &ImportOptions,
    rows: impl IntoIterator<Item = I>,
    mut watch: impl FnMut(ImportEvent<I::Malformed>) -> ControlFlow<()>,
) -> Result<ImportReport, ImportError> {
    if options.batch_rows == 0 {
        return Err(Invalid::new("batch rows", "0", Rule::NotPositive).into());
    }
    let mut journaled = Journaled::new::<I::Record>(act, options);
    store.read(|tx| journaled.catch_up(tx))?;
    let before = journaled.total;
    if journaled.finished
        && let Some(import) = journaled.import
    {
        return Ok(ImportReport { import, outcome: ImportOutcome::FinishedBefore, total: before, before });
    }
    let import = journaled.import.unwrap_or_else(|| act.new_id());
    let mut rows = rows.into_iter().fuse();
    pass_over(&mut rows, before.rows)?;

    let mut rows = rows.peekable();
    let mut batches = 0;
    loop {
        let batch = Batch::read(&mut rows, journaled.total.rows, options.batch_rows)?;
        let last = rows.peek().is_none();
        let (total, rejected) = store.write(|tx| {
            if journaled.overtaken(tx)? {
                return Err(ImportError::Overtaken { import });
            }
            let kept = batch.keep(tx)?;
            let done = kept.fact(&journaled);
            let total = done.total;
            let fact = if last { ImportFact::Finished(done) } else { ImportFact::Batch(done) };
            tx.append(act, &Fact::from((import, fact)))?;
            Ok((total, kept.rejected))
        })?;
        (journaled.import, journaled.total) = (Some(import), total);
        batches += 1;

        let progress = ImportProgress { import, total, batches };
        let mut stop = false;
        for (row, rejection) in rejected {
            stop |= watch(ImportEvent::Rejected { row, rejection }).is_break();
        }
        stop |= watch(ImportEvent::Progress(progress)).is_break();
        let report = |outcome| ImportReport { import, outcome, total, before };
        if last {
            return Ok(report(ImportOutcome::Finished));
        }
        let rejected = total.rejected - before.rejected;
        if let Some(limit) = options.rejected_limit.filter(|limit| rejected > *limit) {
            return Err(ImportError::TooManyRejected { limit, rejected, progress });
        }
        if stop {
            return Ok(report(ImportOutcome::Stopped));
        }
    }
}

/// Passes over the rows that were done before.
fn pass_over<I: ImportRow>(rows: &mut impl Iterator<Item = I>, done: u64) -> Result<(), ImportError> {
    for _ in 0..done {
        drop(rows.next().ok_or(ImportError::SourceTooShort { done })?.read()?);
    }
    Ok(())
}

/// What the journal says of an import.
struct Journaled<'a> {
    key: Option<IdempotencyKey>,
    source: &'a Label,
    family: &'static str,
    /// How far the entries were read.
    position: Position,
    import: Option<ImportId>,
    total: ImportCount,
    finished: bool,
}

/// Entries that are read at once.
const ENTRIES: u16 = 500;

impl<'a> Journaled<'a> {
    fn new<R: Record>(act: &Act, options: &'a ImportOptions) -> Self {
        Self {
            key: act.key().cloned(),
            source: &options.source,
            family: R::FAMILY,
            position: Position::START,
            import: None,
            total: ImportCount::default(),
            finished: false,
        }
    }

    /// Reads the entries that came under the key since the last look.
    fn catch_up(&mut self, tx: &(impl Journal + ?Sized)) -> Result<(), ImportError> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        loop {
            let entries = tx.entries_with_key(&key, Page::after(self.position, ENTRIES))?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                self.take(&entry).map_err(|found| ImportError::KeyOfAnother { key: key.clone(), found })?;
                self.position = entry.position;
            }
        }
    }

    /// Takes one entry into account; says what else it is, where it is no batch of this import.
    fn take(&mut self, entry: &Entry) -> Result<(), String> {
        let (RecordRef::Import(import), Some(Fact::Import(_, fact))) = (entry.record, &entry.fact) else {
            return Err(format!("{} of {}", entry.kind, entry.record));
        };
        let batch = fact.batch();
        if batch.source != *self.source || batch.family != self.family || self.import.is_some_and(|own| own != import) {
            return Err(format!("{import}, of {} into the {} records", batch.source, batch.family));
        }
        (self.import, self.total) = (Some(import), batch.total);
        self.finished = matches!(fact, ImportFact::Finished(_));
        Ok(())
    }

    /// Whether the journal has more than this run knows of.
    fn overtaken(&mut self, tx: &(impl Journal + ?Sized)) -> Result<bool, ImportError> {
        let own = self.total;
        self.catch_up(tx)?;
        Ok(self.total != own || self.finished)
    }
}

/// Rows that were read and wait to be kept.
struct Batch<R, X> {
    records: Vec<R>,
    /// The number of the row of each record.
    numbers: Vec<u64>,
    rejected: Vec<(u64, Rejection<X>)>,
}

/// A batch of which the store has what can be kept.
struct Kept<X> {
    count: ImportCount,
    /// By the number of the row.
    rejected: Vec<(u64, Rejection<X>)>,
}

impl<R: Record, X> Batch<R, X> {
    /// Reads so many rows, or those that are left, after the row with a number.
    fn read<I>(rows: &mut impl Iterator<Item = I>, after: u64, batch_rows: u32) -> Result<Self, SourceError>
    where
        I: ImportRow<Record = R, Malformed = X>,
    {
        let mut batch = Self { records: Vec::new(), numbers: Vec::new(), rejected: Vec::new() };
        for (place, row) in (1..=u64::from(batch_rows)).zip(rows) {
            match row.read()? {
                Ok(record) => {
                    batch.records.push(record);
                    batch.numbers.push(after + place);
                }
                Err(malformed) => batch.rejected.push((after + place, Rejection::Malformed(malformed))),
            }
        }
        Ok(batch)
    }

    fn keep<T: Records + ?Sized>(self, tx: &mut T) -> Result<Kept<X>, StoreError> {
        let Self { records, numbers, mut rejected } = self;
        let refused = R::insert_many(tx, &records)?;
        let inserted = number_of(records.len().saturating_sub(refused.len()));
        let of_row = |Refused { place, error }| Some((*numbers.get(place)?, Rejection::Refused(error)));
        rejected.extend(refused.into_iter().filter_map(of_row));
        rejected.sort_by_key(|(row, _)| *row);
        let count =
            ImportCount { rows: inserted + number_of(rejected.len()), inserted, rejected: number_of(rejected.len()) };
        Ok(Kept { count, rejected })
    }
}

impl<X> Kept<X> {
    /// What the journal keeps of it.
    fn fact(&self, journaled: &Journaled<'_>) -> ImportBatch {
        ImportBatch {
            source: journaled.source.clone(),
            family: journaled.family.to_owned(),
            batch: self.count,
            total: journaled.total.and(self.count),
            rejected_rows: self.rejected.iter().map(|(row, _)| *row).collect(),
        }
    }
}

fn number_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

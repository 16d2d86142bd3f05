//! What can go wrong in a store.

use std::{error::Error, fmt, time::Duration};

/// An error of a store: one type for all backends, with the backend's own error as its source.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong, as far as a caller would act on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The value must be unique and is taken: the id, the number, the SKU, the external id.
    Duplicate {
        /// The record family: `order`.
        record: &'static str,
        /// The field: `number`.
        field: &'static str,
    },
    /// The record changed since it was read. Read it again and decide anew.
    Conflict {
        /// The record family.
        record: &'static str,
    },
    /// The record that is to be changed or deleted is not there.
    NotFound {
        /// The record family.
        record: &'static str,
    },
    /// The record refers to one that is not there.
    MissingReference {
        /// The record family.
        record: &'static str,
        /// The field that refers.
        field: &'static str,
    },
    /// The record cannot be deleted while others refer to it.
    StillReferenced {
        /// The family that refers.
        by: &'static str,
        /// How many of its records do.
        count: u64,
    },
    /// The figures that the record counts in would not fit 64 bits any more. Nothing is written.
    FigureOverflow {
        /// Whose figures: `sales`.
        figures: &'static str,
    },
    /// Others were writing for longer than the deadline. Try again.
    Contended {
        /// How long it waited; zero where the backend does not know.
        waited: Duration,
    },
    /// A closure called its own store again: the work must use the transaction that it has.
    Reentered,
    /// The commit failed in a way that leaves open whether it happened. Look for the act's key in the journal, and do the work again only where it is not there.
    CommitOutcomeUnknown,
    /// The storage ended the transaction, by a failure of this work or of a neighbour in the same commit; nothing of it is written. Try again.
    GroupAborted,
    /// The store ended a read that stood in its way for too long (its documentation says when), or the host interrupted its own connection. Try again.
    Interrupted,
    /// There is no room left. Nothing is written; reads go on.
    StorageFull,
    /// The file or the disk cannot be written to.
    ReadOnly,
    /// What is stored cannot be understood: damage, or a hand that was not ours.
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row, as far as it is known.
        row: Option<i64>,
    },
    /// The tables are of a newer version than this library knows.
    NewerSchema {
        /// The version of the tables.
        found: u32,
        /// The newest version that this library knows.
        known: u32,
    },
    /// The file is not ours: another program's database, or no database. It was left untouched.
    ForeignFile,
    /// The host's file has none of our tables, or not all of them: `install` adds them.
    NotInstalled,
    /// The connection cannot be used as it is set up.
    Unsuitable {
        /// What must be: `foreign keys must be on`.
        must: &'static str,
    },
    /// The store was closed.
    Closed,
    /// Anything else that the backend reports; the source says what.
    Backend,
}

impl StoreError {
    /// An error of a kind.
    pub const fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The same with what the backend reported.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> &StoreErrorKind {
        &self.kind
    }

    /// Whether the same work may succeed when it is tried again, unchanged, in a new transaction.
    ///
    /// [`StoreErrorKind::Conflict`] is not: what was read must be read again first. [`StoreErrorKind::CommitOutcomeUnknown`] is not: the work may have been done.
    ///
    /// ```
    /// use crm_core::store::{StoreError, StoreErrorKind};
    ///
    /// assert!(StoreError::new(StoreErrorKind::GroupAborted).is_retryable());
    /// assert!(!StoreError::new(StoreErrorKind::CommitOutcomeUnknown).is_retryable());
    /// ```
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Contended { .. } | StoreErrorKind::GroupAborted | StoreErrorKind::Interrupted
        )
    }

    /// Whether a rule of the contract refused this one record, and changed nothing: the transaction may go on with others.
    ///
    /// ```
    /// use crm_core::store::{StoreError, StoreErrorKind};
    ///
    /// assert!(StoreError::new(StoreErrorKind::Duplicate { record: "order", field: "number" }).is_refusal());
    /// assert!(!StoreError::new(StoreErrorKind::StorageFull).is_refusal());
    /// ```
    pub const fn is_refusal(&self) -> bool {
        matches!(
            self.kind,
            StoreErrorKind::Duplicate { .. }
                | StoreErrorKind::Conflict { .. }
                | StoreErrorKind::NotFound { .. }
                | StoreErrorKind::MissingReference { .. }
                | StoreErrorKind::StillReferenced { .. }
                | StoreErrorKind::FigureOverflow { .. }
        )
    }
}

/// A record that an insert of many could not keep.
#[derive(Debug)]
pub struct Refused {
    /// Its place among the records that were given, from 0.
    pub place: usize,
    /// Why: what the insert of that record alone is refused with.
    pub error: StoreError,
}

impl From<StoreErrorKind> for StoreError {
    fn from(kind: StoreErrorKind) -> Self {
        Self::new(kind)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

impl fmt::Display for StoreErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { record, field } => write!(f, "the {field} of the {record} is taken"),
            Self::Conflict { record } => write!(f, "the {record} changed since it was read"),
            Self::NotFound { record } => write!(f, "the {record} is not there"),
            Self::MissingReference { record, field } => {
                write!(f, "the {record} refers by its {field} to a record that is not there")
            }
            Self::StillReferenced { by, count } => write!(f, "it is still referred to by {count} of {by}"),
            Self::FigureOverflow { figures } => write!(f, "the {figures} figures would not fit 64 bits"),
            Self::Contended { waited } if waited.is_zero() => f.write_str("others were writing"),
            Self::Contended { waited } => write!(f, "others were writing for {} ms", waited.as_millis()),
            Self::Reentered => f.write_str("a closure called its own store again; use the transaction that it has"),
            Self::CommitOutcomeUnknown => f.write_str("the commit failed and may have happened or not"),
            Self::GroupAborted => f.write_str("the storage ended the transaction, and nothing of it is written"),
            Self::Interrupted => f.write_str("the work was interrupted"),
            Self::StorageFull => f.write_str("there is no room left in the storage"),
            Self::ReadOnly => f.write_str("the storage cannot be written to"),
            Self::Corrupt { table, column, row: Some(row) } => {
                write!(f, "row {row} of {table} holds a {column} that cannot be understood")
            }
            Self::Corrupt { table, column, row: None } => {
                write!(f, "{table} holds a {column} that cannot be understood")
            }
            Self::NewerSchema { found, known } => {
                write!(f, "the tables are of version {found}, and this library knows versions up to {known}")
            }
            Self::ForeignFile => f.write_str("the file is not a database of this library"),
            Self::NotInstalled => f.write_str("the file does not have the tables of this library; install them first"),
            Self::Unsuitable { must } => write!(f, "the connection cannot be used: {must}"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Backend => f.write_str("the storage failed"),
        }
    }
}

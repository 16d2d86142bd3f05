//! SQLite's errors as the contract's.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use crm_core::store::{StoreError, StoreErrorKind};
use rusqlite::ffi::{self, ErrorCode};

/// What goes wrong inside this crate: a statement that failed, or an error of the contract already.
#[derive(Debug)]
pub(crate) enum Failure {
    Sql(rusqlite::Error),
    Store(StoreError),
}

/// A result inside this crate; `?` makes it a [`StoreError`] at the border.
pub(crate) type Done<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StoreErrorKind> for Failure {
    fn from(kind: StoreErrorKind) -> Self {
        Self::Store(kind.into())
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => error,
            Failure::Sql(error) => {
                note(&error);
                Self::new(kind_of(&error)).caused_by(error)
            }
        }
    }
}

/// What an error of SQLite is in the contract.
pub(crate) fn kind_of(error: &rusqlite::Error) -> StoreErrorKind {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreErrorKind::StorageFull,
        // How long SQLite waited is known only where somebody waits for a turn; there the time is put in.
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreErrorKind::Contended { waited: Duration::ZERO }
        }
        Some(ErrorCode::ReadOnly) => StoreErrorKind::ReadOnly,
        Some(ErrorCode::NotADatabase) => StoreErrorKind::ForeignFile,
        Some(ErrorCode::DatabaseCorrupt) => StoreErrorKind::Corrupt { table: "the file", column: "page", row: None },
        Some(ErrorCode::OperationInterrupted) => StoreErrorKind::Interrupted,
        _ => StoreErrorKind::Backend,
    }
}

thread_local! {
    /// The last failure on this thread of those after which SQLite may end the transaction by itself.
    static ENDED_BY: RefCell<Option<rusqlite::Error>> = const { RefCell::new(None) };
}

/// Keeps a copy of what may have ended the transaction: the closure has the error itself, and may do with it what it likes, but its neighbours in the transaction must hear the cause.
fn note(error: &rusqlite::Error) {
    if let rusqlite::Error::SqliteFailure(code, message) = error
        && matches!(
            code.code,
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted
        )
    {
        ENDED_BY.set(Some(rusqlite::Error::SqliteFailure(*code, message.clone())));
    }
}

/// Takes what was noted last on this thread.
pub(crate) fn ended_by() -> Option<rusqlite::Error> {
    ENDED_BY.take()
}

/// Puts back what was taken, where the work between was about something else.
pub(crate) fn ended_by_again(noted: Option<rusqlite::Error>) {
    ENDED_BY.set(noted);
}

/// Which constraint a statement broke, if it was one.
pub(crate) enum Broken {
    /// A value is taken.
    Unique,
    /// A reference leads nowhere, or something refers to what is to go.
    Reference,
    /// A sum of whole numbers left 64 bits, so SQLite made it a float, which no column takes.
    Overflow,
    /// None: something else happened.
    Other,
}

impl Failure {
    /// As an error for one who has waited since `started`: [`StoreErrorKind::Contended`] knows for how long.
    pub(crate) fn contended(self, started: Instant) -> StoreError {
        match self {
            Self::Sql(error) if busy(&error) => {
                StoreError::new(StoreErrorKind::Contended { waited: started.elapsed() }).caused_by(error)
            }
            failure => failure.into(),
        }
    }

    pub(crate) fn broken(&self) -> Broken {
        match self {
            Self::Sql(error) => match error.sqlite_error().map(|error| error.extended_code) {
                Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Broken::Unique,
                Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Broken::Reference,
                Some(ffi::SQLITE_CONSTRAINT_DATATYPE) => Broken::Overflow,
                _ => Broken::Other,
            },
            Self::Store(_) => Broken::Other,
        }
    }

    /// An error of the contract with this failure as its source.
    pub(crate) fn into_source_of(self, kind: StoreErrorKind) -> Self {
        let error = StoreError::new(kind);
        Self::Store(match self {
            Self::Sql(source) => error.caused_by(source),
            Self::Store(source) => error.caused_by(source),
        })
    }
}

/// Whether another connection holds what is wanted.
pub(crate) fn busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

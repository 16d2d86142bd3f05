//! What can go wrong in an operation.

use crm_core::{
    IdempotencyError, Invalid, RecordRef, Revision, TicketError,
    store::{StoreError, StoreErrorKind},
};

/// Why an operation of this crate was refused or failed. A refused operation wrote nothing; after a failure of the store the closure must return the error, so
/// that the store rolls back.
///
/// The transparent variants say what the core and the store say; a duplicate number or a record that is still referred to comes as
/// [`ServiceError::Store`] with its [kind](StoreErrorKind).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The record that the operation is about, or one that it refers to, is not there.
    #[error("{} {record} is not there", record.family())]
    NotFound {
        /// The record.
        record: RecordRef,
    },
    /// The record changed since the caller saw it. Read it again and decide anew.
    #[error("{record} changed: revision {expected} was expected, {found} is there")]
    Conflict {
        /// The record.
        record: RecordRef,
        /// The revision that the caller has seen.
        expected: Revision,
        /// The revision that is stored.
        found: Revision,
    },
    /// The agent does not work tickets at present, and so takes over none.
    #[error("{} {record} is not active", record.family())]
    Inactive {
        /// The agent.
        record: RecordRef,
    },
    /// The key of the act stands for something else that was done before, or its answer was erased.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rules of tickets refuse it.
    #[error(transparent)]
    Ticket(#[from] TicketError),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ServiceError {
    /// The value that broke a rule, whichever record refused it: for the form or the import report that must show it.
    ///
    /// ```
    /// use crm_core::{Invalid, Rule, TicketError};
    /// use crm_service::ServiceError;
    ///
    /// let refused = ServiceError::from(TicketError::from(Invalid::new("messages", "10000", Rule::Overflow)));
    /// assert_eq!(refused.invalid().map(Invalid::field), Some("messages"));
    /// ```
    pub const fn invalid(&self) -> Option<&Invalid> {
        match self {
            Self::Invalid(invalid) | Self::Ticket(TicketError::Invalid(invalid)) => Some(invalid),
            _ => None,
        }
    }

    /// The kind of the store's error, where it is one.
    pub const fn store_kind(&self) -> Option<&StoreErrorKind> {
        match self {
            Self::Store(error) => Some(error.kind()),
            _ => None,
        }
    }

    pub(crate) fn not_found(record: impl Into<RecordRef>) -> Self {
        Self::NotFound { record: record.into() }
    }

    /// Refuses to write over a revision that the caller has not seen.
    pub(crate) fn unless_seen(
        record: impl Into<RecordRef>,
        expected: Option<Revision>,
        found: Revision,
    ) -> Result<(), Self> {
        match expected {
            Some(expected) if expected != found => Err(Self::Conflict { record: record.into(), expected, found }),
            _ => Ok(()),
        }
    }
}

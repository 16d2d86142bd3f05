use std::error::Error as StdError;

use crm_analytics::FitError;
use crm_core::{
    ActivityError, IdError, IdempotencyError, Invalid, LeadError, OpportunityError, OrderError, PaymentError,
    PlanError, PriceError, PriceListError, PromotionError, QuoteError, RateError, RecordRef, TicketError,
    bulk::ImportError,
    store::{StoreError, StoreErrorKind},
};
use crm_sales::SalesError;
use crm_service::ServiceError;

/// Any error of the library, for hosts that do not tell its parts apart.
///
/// A refusal or failure of the store is [`Error::Store`], and a value that breaks a rule is [`Error::Invalid`], also out of an operation. [`Error::invalid`] also finds the
/// value inside a refused line of an order and in what an order or a payment refuses, and [`Error::is_conflict`] a stale revision wherever it was noticed.
///
/// ```
/// use crm::{Crm, Error, NewCustomer, sales};
///
/// let crm = Crm::open_in_memory()?;
/// let tomorrow = crm.act("alice")?.day() + crm::chrono::Days::new(1);
/// let refused = crm.write(|tx| {
///     let act = &mut crm.act("alice")?;
///     Ok(sales::register_customer(tx, act, NewCustomer::person("张三".parse()?).born(tomorrow))?)
/// });
/// let Err(Error::Invalid(refused)) = refused else { panic!("{refused:?}") };
/// assert_eq!(refused.field(), "birth date");
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sales operation was refused.
    #[error(transparent)]
    Sales(SalesError),
    /// A service operation was refused.
    #[error(transparent)]
    Service(ServiceError),
    /// The store refused (a value is taken, a record is missing or still referred to) or failed; [`StoreError::kind`] tells.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A text is not an id, or not the id of that record.
    #[error(transparent)]
    Id(#[from] IdError),
    /// An import ended before its source did.
    #[error(transparent)]
    Import(ImportError),
    /// A line cannot be fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The system has no entropy for new ids.
    #[error("the system has no entropy for new ids")]
    Entropy(#[source] Box<dyn StdError + Send + Sync>),
    /// An error of the host, passed through a closure; see [`Error::host`].
    #[error(transparent)]
    Host(Box<dyn StdError + Send + Sync>),
}

impl Error {
    /// The value that was refused, where it was one.
    pub fn invalid(&self) -> Option<&Invalid> {
        match self {
            Self::Invalid(refused) | Self::Id(IdError::Malformed(refused)) => Some(refused),
            Self::Sales(refused) => refused.invalid(),
            Self::Service(refused) => refused.invalid(),
            _ => None,
        }
    }

    /// Whether somebody else changed the record since the caller read it: read it again and decide anew.
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Sales(refused) => matches!(refused, SalesError::Conflict { .. }),
            Self::Service(refused) => matches!(refused, ServiceError::Conflict { .. }),
            Self::Store(error) => matches!(error.kind(), StoreErrorKind::Conflict { .. }),
            _ => false,
        }
    }

    /// The record that is not there, where that was the refusal.
    pub fn not_found(&self) -> Option<RecordRef> {
        match self {
            Self::Sales(SalesError::NotFound { record }) | Self::Service(ServiceError::NotFound { record }) => {
                Some(*record)
            }
            _ => None,
        }
    }

    /// Carries an error of the host out of a closure, which rolls back.
    ///
    /// ```
    /// use crm::{Crm, Error};
    ///
    /// let crm = Crm::open_in_memory()?;
    /// let refused: Result<(), Error> = crm.write(|_| Err(Error::host("the host had second thoughts")));
    /// assert_eq!(refused.unwrap_err().to_string(), "the host had second thoughts");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn host(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Host(error.into())
    }
}

impl From<SalesError> for Error {
    fn from(refused: SalesError) -> Self {
        match refused {
            SalesError::Store(error) => Self::Store(error),
            SalesError::Invalid(refused)
            | SalesError::Order(OrderError::Invalid(refused))
            | SalesError::Lead(LeadError::Invalid(refused))
            | SalesError::Opportunity(OpportunityError::Invalid(refused))
            | SalesError::Price(PriceError::Invalid(refused))
            | SalesError::Plan(PlanError::Invalid(refused))
            | SalesError::Rate(RateError::Invalid(refused)) => Self::Invalid(refused),
            other => Self::Sales(other),
        }
    }
}

impl From<ServiceError> for Error {
    fn from(refused: ServiceError) -> Self {
        match refused {
            ServiceError::Store(error) => Self::Store(error),
            ServiceError::Invalid(refused) | ServiceError::Ticket(TicketError::Invalid(refused)) => {
                Self::Invalid(refused)
            }
            other => Self::Service(other),
        }
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        match error {
            ImportError::Store(error) => Self::Store(error),
            ImportError::Invalid(refused) => Self::Invalid(refused),
            other => Self::Import(other),
        }
    }
}

macro_rules! through_sales_or_service {
    ($($core:ty => $of:ty),*) => {$(
        impl From<$core> for Error {
            fn from(refused: $core) -> Self {
                <$of>::from(refused).into()
            }
        }
    )*};
}

through_sales_or_service! {
    IdempotencyError => SalesError, PaymentError => SalesError, OrderError => SalesError, QuoteError => SalesError,
    LeadError => SalesError, OpportunityError => SalesError, ActivityError => SalesError, PlanError => SalesError,
    RateError => SalesError, PriceListError => SalesError, PriceError => SalesError, PromotionError => SalesError,
    TicketError => ServiceError
}

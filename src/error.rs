use std::error::Error as StdError;

use crm_analytics::FitError;
use crm_core::{IdError, Invalid, OpportunityError, OrderError, PlanError, TicketError, store::StoreError};
use crm_sales::SalesError;
use crm_service::ServiceError;

/// Any error of the library, for hosts that do not tell its parts apart.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A sales operation was refused.
    #[error(transparent)]
    Sales(#[from] SalesError),
    /// A service operation was refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A text is not an id, or not the id of that record.
    #[error(transparent)]
    Id(#[from] IdError),
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

macro_rules! through_sales_or_service {
    ($($core:ty => $of:ty),*) => {$(
        impl From<$core> for Error {
            fn from(refused: $core) -> Self {
                <$of>::from(refused).into()
            }
        }
    )*};
}

through_sales_or_service!(
    OrderError => SalesError, OpportunityError => SalesError, PlanError => SalesError, TicketError => ServiceError
);

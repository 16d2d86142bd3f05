//! Why a forecast is not made or adjusted.

use crate::{exchange_rate::RateError, id::SalesRepId, invalid::Invalid};

/// Why a forecast is not made or adjusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForecastError {
    /// A number is adjusted by the rep whose it is or by their manager, and by nobody else (FC-5).
    #[error("{author} cannot adjust the forecast of {rep}: only {rep} or their manager can (FC-5)")]
    NotTheirs {
        /// Whose number it is.
        rep: SalesRepId,
        /// Who wanted to adjust it.
        author: SalesRepId,
        /// Whom the rep reports to.
        manager: Option<SalesRepId>,
    },
    /// An amount cannot be brought into the currency of the forecast.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

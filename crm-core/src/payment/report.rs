//! What a provider reports, and what does not fit.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Payment, PaymentAction, PaymentBalance, PaymentError, PaymentReference, ProviderStatus};
use crate::{money::Money, text::Label};

/// What a provider reports of a payment, in a callback or as its answer.
///
/// ```
/// use crm_core::{PaymentReport, ProviderStatus};
///
/// let declined = PaymentReport::new("acme:pi_1".parse()?, ProviderStatus::Failed).reason("card_declined".parse()?);
/// assert!(declined.amount.is_none()); // the provider did not say
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PaymentReport {
    /// The provider and what it knows the payment by.
    pub reference: PaymentReference,
    /// Where it says that the payment stands.
    pub status: ProviderStatus,
    /// The amount, where it says one: another one than that of the payment does not fit.
    pub amount: Option<Money>,
    /// Why it failed, by its code or in its words.
    pub reason: Option<Label>,
    /// The business day of the money; that of the act where there is none.
    pub day: Option<NaiveDate>,
}

impl PaymentReport {
    /// That a payment stands somewhere.
    pub const fn new(reference: PaymentReference, status: ProviderStatus) -> Self {
        Self { reference, status, amount: None, reason: None, day: None }
    }

    /// Over an amount.
    #[must_use]
    pub const fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// For a reason.
    #[must_use]
    pub fn reason(mut self, reason: Label) -> Self {
        self.reason = Some(reason);
        self
    }

    /// On another business day than that of the act.
    #[must_use]
    pub const fn day(mut self, day: NaiveDate) -> Self {
        self.day = Some(day);
        self
    }
}

/// A report that did not fit (PAY-1). It changed nothing, but for [`AnomalyKind::NotEntered`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAnomaly {
    /// When it came.
    pub at: DateTime<Utc>,
    /// What was wrong with it.
    pub kind: AnomalyKind,
    /// Where the provider said that the payment stood.
    pub reported: ProviderStatus,
    /// Where it stood.
    pub found: ProviderStatus,
    /// The amount that the provider named.
    pub amount: Option<Money>,
}

/// What was wrong with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyKind {
    /// The payment stands there already. Providers repeat themselves: nothing is to be done.
    Repeated,
    /// The payment has passed that on its way: the report came late, or after a later one. Nothing is to be done.
    Late,
    /// The payment came to another end: the provider took money of one that is cancelled, say. Somebody must look.
    Contradicting,
    /// The provider named another amount. Somebody must look.
    OtherAmount,
    /// Parts of the payment hold what the report would move, or for a part others took its room (PAY-2, REF-1). Somebody must look.
    NoRoom,
    /// The money moved and the payment is done, but the order could not take the entry: it is no longer owed, say, or the order is cancelled. Somebody must look.
    NotEntered,
}

impl fmt::Display for AnomalyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Repeated => "repeated",
            Self::Late => "late",
            Self::Contradicting => "contradicting",
            Self::OtherAmount => "other amount",
            Self::NoRoom => "no room",
            Self::NotEntered => "not entered",
        })
    }
}

impl PaymentReport {
    /// The anomaly that it is, of a kind, where the payment stands somewhere.
    pub const fn anomaly(&self, at: DateTime<Utc>, kind: AnomalyKind, found: ProviderStatus) -> PaymentAnomaly {
        PaymentAnomaly { at, kind, reported: self.status, found, amount: self.amount }
    }
}

impl Payment {
    /// What a report of the provider does to the payment; where it does not fit, why. `whole` and `balance` are those of [`Payment::allows`].
    ///
    /// # Errors
    ///
    /// The [`AnomalyKind`]; never [`AnomalyKind::NotEntered`], which the order says.
    pub fn judge(
        &self,
        report: &PaymentReport,
        whole: &Self,
        balance: &PaymentBalance,
    ) -> Result<PaymentAction, AnomalyKind> {
        let (reported, found) = (report.status, self.state().status());
        if report.amount.is_some_and(|amount| amount != self.amount()) {
            return Err(AnomalyKind::OtherAmount);
        }
        if reported == found {
            return Err(AnomalyKind::Repeated);
        }
        let late = if reported.progress() < found.progress() { AnomalyKind::Late } else { AnomalyKind::Contradicting };
        let action = reported.reached_by().ok_or(late)?;
        match self.allows(action, whole, balance) {
            Ok(()) => Ok(action),
            Err(PaymentError::NotAllowed { .. }) => Err(late),
            Err(PaymentError::NotAWhole { .. }) => Err(AnomalyKind::Contradicting),
            Err(_) => Err(AnomalyKind::NoRoom),
        }
    }
}

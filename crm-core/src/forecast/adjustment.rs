//! What a rep or their manager says in the place of a number that was computed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::RollUp;
use crate::{
    id::{ForecastAdjustmentId, SalesRepId},
    invalid::{Invalid, Rule},
    money::Money,
    record::{Revision, checked_when_read},
    text::Text,
    time::Period,
};

/// What a rep or their manager says in the place of a number of the rep's forecast (FC-5). It keeps the number that it replaced and who said it; each author has one for a rep, a period and
/// a roll-up, and that of the rep does not touch that of the manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ForecastAdjustment {
    /// The id.
    pub id: ForecastAdjustmentId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Whose number.
    pub rep: SalesRepId,
    /// Who says so: the rep, or the manager of the rep.
    pub author: SalesRepId,
    /// The period of the forecast.
    pub period: Period,
    /// Which number; never [`RollUp::Closed`], since what was sold is no opinion.
    pub roll_up: RollUp,
    /// What the author says.
    pub amount: Money,
    /// The number that it replaced when the author said so, in the same currency.
    pub original: Money,
    /// Why.
    pub note: Option<Text>,
}

checked_when_read!(ForecastAdjustment);

/// What somebody says in the place of a number.
///
/// ```
/// use crm_core::{Currency, Money, NewForecastAdjustment, Period, RecordId, RollUp, SalesRepId};
/// # let [maya, lin] = [1, 2].map(|bits| SalesRepId::from_uuid(uuid::Uuid::from_u128(bits)));
/// let (march, promised) = (Period::month(2026, 3)?, Money::parse("900.00", Currency::EUR)?);
/// let new = NewForecastAdjustment::new(lin, maya, march, RollUp::Commit, promised);
/// assert_eq!((new.rep, new.author), (lin, maya)); // Maya on Lin's number
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewForecastAdjustment {
    /// The host's own id; made from the act where there is none.
    pub id: Option<ForecastAdjustmentId>,
    /// Whose number.
    pub rep: SalesRepId,
    /// Who says so.
    pub author: SalesRepId,
    /// The period of the forecast.
    pub period: Period,
    /// Which number.
    pub roll_up: RollUp,
    /// What the author says.
    pub amount: Money,
    /// Why.
    pub note: Option<Text>,
}

impl NewForecastAdjustment {
    /// What `author` says of a number of `rep`.
    pub const fn new(rep: SalesRepId, author: SalesRepId, period: Period, roll_up: RollUp, amount: Money) -> Self {
        Self { id: None, rep, author, period, roll_up, amount, note: None }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: ForecastAdjustmentId) -> Self {
        self.id = Some(id);
        self
    }

    /// With a reason.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.note = Some(note);
        self
    }
}

/// What happened to an adjustment of a forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ForecastAdjustmentFact {
    /// It was made.
    Made {
        /// As it was then.
        adjustment: Box<ForecastAdjustment>,
    },
    /// Its author says something else.
    Changed {
        /// As it was.
        before: Box<ForecastAdjustment>,
        /// As it is.
        after: Box<ForecastAdjustment>,
    },
    /// It was taken back: the number that was computed holds again.
    Withdrawn {
        /// As it was.
        adjustment: Box<ForecastAdjustment>,
    },
}

impl ForecastAdjustment {
    /// A new one, in the place of a number.
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] for [`RollUp::Closed`], [`Rule::Negative`] amount, [`Rule::CurrencyMismatch`] to the original.
    pub fn make(
        id: ForecastAdjustmentId,
        at: DateTime<Utc>,
        original: Money,
        new: NewForecastAdjustment,
    ) -> Result<Self, Invalid> {
        let NewForecastAdjustment { id: _, rep, author, period, roll_up, amount, note } = new;
        let (revision, created_at, updated_at) = (Revision::FIRST, at, at);
        let made = Self { id, revision, created_at, updated_at, rep, author, period, roll_up, amount, original, note };
        made.check()?;
        Ok(made)
    }

    /// Says something else in the place of a number. `None` where nothing is different, the number that it replaces included.
    ///
    /// # Errors
    ///
    /// As [`ForecastAdjustment::make`].
    pub fn change(
        &mut self,
        at: DateTime<Utc>,
        original: Money,
        amount: Money,
        note: Option<Text>,
    ) -> Result<Option<ForecastAdjustmentFact>, Invalid> {
        let mut after = Self { amount, original, note, ..self.clone() };
        after.check()?;
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(ForecastAdjustmentFact::Changed { before, after: Box::new(self.clone()) }))
    }

    /// Whether the rep says it of their own number.
    pub fn is_by_owner(&self) -> bool {
        self.rep == self.author
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.roll_up == RollUp::Closed {
            let must = "must be open: what was sold is not adjusted (FC-5)";
            return Err(Invalid::new("roll-up", self.roll_up.to_string(), Rule::Inconsistent { must }));
        }
        if self.amount.is_negative() {
            return Err(Invalid::new("amount", self.amount.to_string(), Rule::Negative));
        }
        self.original.in_currency(self.amount.currency()).map_err(|refused| refused.in_field("original"))?;
        Ok(())
    }
}

//! The uses of promotions.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::positive;
use crate::{
    id::{CustomerId, OrderId, PromotionId, RedemptionId},
    invalid::{Invalid, Rule},
    money::Money,
    order::Order,
    record::{Revision, guarded},
};

guarded! {
    /// One use of a promotion. It is not changed; where the use is taken back it is deleted.
    Redemption(RedemptionId), RedemptionParts as "RedemptionParts" {
        /// The promotion.
        copy promotion: PromotionId,
        /// Who used it.
        copy customer: CustomerId,
        /// What it was used for.
        copy order: Option<OrderId>,
        /// Whether what it took off stands on the lines of the order: then it is taken back with them. Where it does not, the host took it off by itself, and takes it back by itself.
        copy on_lines: bool,
        /// The business day.
        copy day: NaiveDate,
        /// What it took off, in all; more than nothing.
        copy amount: Money,
    }
}

/// What a promotion is used with.
///
/// ```
/// use crm_core::{Currency, CustomerId, Money, NewRedemption, RecordId};
/// # let zhang = CustomerId::from_uuid(uuid::Uuid::from_u128(1));
/// let new = NewRedemption::by(zhang, Money::parse("10.00", Currency::EUR)?);
/// assert_eq!((new.customer, new.order), (zhang, None));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewRedemption {
    /// The host's own id; made from the act where there is none.
    pub id: Option<RedemptionId>,
    /// Who uses it.
    pub customer: CustomerId,
    /// What it is used for; once for an order.
    pub order: Option<OrderId>,
    /// The business day; that of the act, in UTC, where there is none.
    pub day: Option<NaiveDate>,
    /// What it takes off, in all: the sum of [`Promotion::taken_off`](super::Promotion::taken_off).
    pub amount: Money,
}

impl NewRedemption {
    /// A use by a customer, that takes so much off.
    pub const fn by(customer: CustomerId, amount: Money) -> Self {
        Self { id: None, customer, order: None, day: None, amount }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: RedemptionId) -> Self {
        self.id = Some(id);
        self
    }

    /// For an order.
    #[must_use]
    pub const fn order(mut self, order: OrderId) -> Self {
        self.order = Some(order);
        self
    }

    /// On a business day of the host's own calendar.
    #[must_use]
    pub const fn day(mut self, day: NaiveDate) -> Self {
        self.day = Some(day);
        self
    }
}

/// What happened to a use of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RedemptionFact {
    /// It was made.
    Made {
        /// As it was then.
        redemption: Box<Redemption>,
    },
    /// It was taken back.
    Released {
        /// As it was.
        redemption: Box<Redemption>,
    },
}

impl Redemption {
    /// A use of a promotion by a host that takes the amount off by itself.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] amount.
    pub fn make(
        id: RedemptionId,
        at: DateTime<Utc>,
        promotion: PromotionId,
        new: NewRedemption,
    ) -> Result<Self, Invalid> {
        let NewRedemption { id: _, customer, order, day, amount } = new;
        let day = day.unwrap_or_else(|| at.date_naive());
        let (revision, created_at, updated_at, on_lines) = (Revision::FIRST, at, at, false);
        let parts =
            RedemptionParts { id, revision, created_at, updated_at, promotion, customer, order, on_lines, day, amount };
        parts.try_into()
    }

    /// A use of a promotion that took so much off the lines of an order ([`Order::promote`]).
    ///
    /// # Errors
    ///
    /// As [`Redemption::make`].
    pub fn on_lines_of(
        order: &Order,
        id: RedemptionId,
        at: DateTime<Utc>,
        promotion: PromotionId,
        day: NaiveDate,
        amount: Money,
    ) -> Result<Self, Invalid> {
        let new = NewRedemption::by(order.customer(), amount).order(order.id).day(day);
        Ok(Self { on_lines: true, ..Self::make(id, at, promotion, new)? })
    }

    fn check(&self) -> Result<(), Invalid> {
        positive("amount", self.amount)?;
        if self.on_lines && self.order.is_none() {
            let must = "must not be said of a use for no order";
            return Err(Invalid::new("on lines", self.on_lines.to_string(), Rule::Inconsistent { must }));
        }
        Ok(())
    }
}

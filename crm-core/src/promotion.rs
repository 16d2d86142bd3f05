//! Promotions: what is taken off for some time, for everybody or for those who have the code of a coupon, so many times at most.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::Percent,
    id::{CustomerId, OrderId, PromotionId, RedemptionId},
    invalid::{Invalid, Rule},
    money::{Money, Rounding},
    patch::patched,
    price_list::PriceTarget,
    product::Product,
    record::{Revision, guarded},
    text::{Label, Name},
    totals::Discount,
    window::Window,
};

guarded! {
    /// Something that is taken off a document: for everybody, or, where it has a code, for those who give it.
    ///
    /// How often it was used is kept on it, so that its limit holds however many use it at once: two who come for the last use write the same record, one after the other. The
    /// [`Redemption`]s say who used it and for what.
    Promotion(PromotionId), PromotionParts as "PromotionParts" {
        /// The name.
        borrow name: Name,
        /// The code of a coupon, which was put in upper case; unique among promotions.
        maybe code: Label,
        /// What is taken off, more than nothing.
        copy benefit: Discount,
        /// What it is taken off from.
        borrow target: PriceTarget,
        /// The days on which it can be used.
        copy valid: Window,
        /// The least that the lines which it is for must come to.
        copy min_amount: Option<Money>,
        /// How often it can be used; without a limit where there is none.
        copy limit: Option<u32>,
        /// How often one customer can use it.
        copy limit_per_customer: Option<u32>,
        /// How often it was used.
        copy used: u32,
        /// Whether it can be used at present.
        copy active: bool,
    }
}

/// Why a promotion is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromotionError {
    /// It is switched off.
    #[error("{promotion} is inactive")]
    Inactive {
        /// The promotion.
        promotion: PromotionId,
    },
    /// It cannot be used on the day.
    #[error("{promotion} holds {valid}, not on {day}")]
    NotValid {
        /// The promotion.
        promotion: PromotionId,
        /// The days on which it can be used.
        valid: Window,
        /// The day.
        day: NaiveDate,
    },
    /// It was used as often as it can be.
    #[error("{promotion} was used {limit} times, which is its limit")]
    UsedUp {
        /// The promotion.
        promotion: PromotionId,
        /// How often it can be used.
        limit: u32,
    },
    /// The customer used it as often as one customer can.
    #[error("{customer} used {promotion} {limit} times, which is the limit of one customer")]
    UsedUpByCustomer {
        /// The promotion.
        promotion: PromotionId,
        /// The customer.
        customer: CustomerId,
        /// How often one customer can use it.
        limit: u32,
    },
    /// It was used for this order.
    #[error("{promotion} was used for {order} already")]
    UsedForOrder {
        /// The promotion.
        promotion: PromotionId,
        /// The order.
        order: OrderId,
    },
    /// The order is another customer's.
    #[error("{order} is not an order of {customer}")]
    OtherCustomer {
        /// The order.
        order: OrderId,
        /// Who would use it.
        customer: CustomerId,
    },
    /// What it took off stands on the lines of the order.
    #[error(
        "cannot release {redemption}: promotions take something off the lines of {order}, and are released with it"
    )]
    TakenOff {
        /// The use.
        redemption: RedemptionId,
        /// The order.
        order: OrderId,
    },
    /// The lines that it is for come to too little.
    #[error("{promotion} needs lines that come to {min}, these come to {amount}")]
    TooLittle {
        /// The promotion.
        promotion: PromotionId,
        /// The least that they must come to.
        min: Money,
        /// What they come to.
        amount: Money,
    },
    /// None of the lines is one that it is for.
    #[error("{promotion} is for none of the lines")]
    ForNoLine {
        /// The promotion.
        promotion: PromotionId,
    },
    /// Nobody has such a coupon: no promotion has the code.
    #[error("no promotion has the code {code:?}")]
    NoSuchCode {
        /// The code.
        code: Label,
    },
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What a promotion is added with.
///
/// ```
/// use crm_core::{Discount, NewPromotion, Percent};
///
/// let new = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10))).coupon("spring-10".parse()?).limit(100);
/// assert_eq!((new.limit, new.limit_per_customer), (Some(100), None));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPromotion {
    /// The host's own id; made from the act where there is none.
    pub id: Option<PromotionId>,
    /// The name.
    pub name: Name,
    /// The code of a coupon, in any case; unique among promotions.
    pub code: Option<Label>,
    /// What is taken off, more than nothing.
    pub benefit: Discount,
    /// What it is taken off from.
    pub target: PriceTarget,
    /// The days on which it can be used.
    pub valid: Window,
    /// The least that the lines which it is for must come to.
    pub min_amount: Option<Money>,
    /// How often it can be used.
    pub limit: Option<u32>,
    /// How often one customer can use it.
    pub limit_per_customer: Option<u32>,
}

impl NewPromotion {
    /// A promotion for everybody and everything, on every day, without a limit.
    pub const fn new(name: Name, benefit: Discount) -> Self {
        Self {
            id: None,
            name,
            code: None,
            benefit,
            target: PriceTarget::All,
            valid: Window::ALWAYS,
            min_amount: None,
            limit: None,
            limit_per_customer: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: PromotionId) -> Self {
        self.id = Some(id);
        self
    }

    /// For those who give a code, in whatever case.
    #[must_use]
    pub fn coupon(mut self, code: Label) -> Self {
        self.code = Some(code);
        self
    }

    /// Off these products only.
    #[must_use]
    pub fn target(mut self, target: PriceTarget) -> Self {
        self.target = target;
        self
    }

    /// Only on these days.
    #[must_use]
    pub fn valid(mut self, days: impl Into<Window>) -> Self {
        self.valid = days.into();
        self
    }

    /// Only where the lines that it is for come to so much.
    #[must_use]
    pub fn min_amount(mut self, amount: Money) -> Self {
        self.min_amount = Some(amount);
        self
    }

    /// So many times at most.
    #[must_use]
    pub fn limit(mut self, uses: u32) -> Self {
        self.limit = Some(uses);
        self
    }

    /// So many times at most by one customer.
    #[must_use]
    pub fn limit_per_customer(mut self, uses: u32) -> Self {
        self.limit_per_customer = Some(uses);
        self
    }
}

/// What is to change on a promotion. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it. What it takes off stays: uses were promised it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromotionPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The name.
    pub name: Option<Name>,
    /// The code of a coupon, in any case.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub code: Option<Option<Label>>,
    /// The days on which it can be used.
    pub valid: Option<Window>,
    /// How often it can be used; fewer than it was used ends it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub limit: Option<Option<u32>>,
    /// How often one customer can use it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub limit_per_customer: Option<Option<u32>>,
    /// Whether it can be used at present.
    pub active: Option<bool>,
}

/// What happened to a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PromotionFact {
    /// It was added.
    Added {
        /// As it was then.
        promotion: Box<Promotion>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<Promotion>,
        /// As it is.
        after: Box<Promotion>,
    },
    /// It was used.
    Used {
        /// The use.
        redemption: RedemptionId,
        /// How often it was used with it.
        used: u32,
    },
    /// A use of it was taken back.
    Released {
        /// The use.
        redemption: RedemptionId,
        /// How often it was used without it.
        used: u32,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        promotion: Box<Promotion>,
    },
}

/// A line that a promotion may be for.
#[derive(Clone, Copy, Debug)]
pub struct PromotedLine<'a> {
    /// The product.
    pub product: &'a Product,
    /// What it comes to, less its own discount.
    pub amount: Money,
}

/// What a code is kept and looked up by.
fn upper(code: &Label) -> Result<Label, Invalid> {
    Label::parse(&code.as_str().to_uppercase()).map_err(|invalid| invalid.in_field("code"))
}

fn positive(field: &'static str, amount: Money) -> Result<(), Invalid> {
    if amount.is_positive() { Ok(()) } else { Err(Invalid::new(field, amount.to_string(), Rule::NotPositive)) }
}

impl Promotion {
    /// A new one that can be used.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] benefit, least amount or limit; [`Rule::OutOfRange`] for a share above 100 %; [`Rule::CurrencyMismatch`] between benefit and least amount.
    pub fn add(id: PromotionId, at: DateTime<Utc>, new: NewPromotion) -> Result<Self, Invalid> {
        let NewPromotion { id: _, name, code, benefit, target, valid, min_amount, limit, limit_per_customer } = new;
        let code = code.as_ref().map(upper).transpose()?;
        let parts = PromotionParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            name,
            code,
            benefit,
            target,
            valid,
            min_amount,
            limit,
            limit_per_customer,
            used: 0,
            active: true,
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        match self.benefit {
            Discount::Percent(share) if share == Percent::ZERO => {
                return Err(Invalid::new("benefit", share.to_string(), Rule::NotPositive));
            }
            Discount::Percent(share) => drop(share.share("benefit")?),
            Discount::Amount(amount) => positive("benefit", amount)?,
        }
        if let Some(min) = self.min_amount {
            positive("least amount", min)?;
            if let Discount::Amount(amount) = self.benefit {
                min.in_currency(amount.currency()).map_err(|invalid| invalid.in_field("least amount"))?;
            }
        }
        for limit in [self.limit, self.limit_per_customer].into_iter().flatten() {
            if limit == 0 {
                return Err(Invalid::new("limit", "0", Rule::NotPositive));
            }
        }
        Ok(())
    }

    /// The code that a promotion with this one is kept by: the same in upper case.
    ///
    /// # Errors
    ///
    /// [`Rule::TooLong`]: a few letters become two in upper case.
    pub fn code_of(code: &Label) -> Result<Label, Invalid> {
        upper(code)
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    ///
    /// # Errors
    ///
    /// As [`Promotion::add`].
    pub fn update(&mut self, at: DateTime<Utc>, patch: PromotionPatch) -> Result<Option<PromotionFact>, Invalid> {
        let mut after = self.clone();
        patched!(after, patch: PromotionPatch { name, valid, limit, limit_per_customer, active }, and code);
        let code = code.map(|code| code.as_ref().map(upper).transpose()).transpose()?;
        crate::patch::set(&mut after.code, code);
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(PromotionFact::Updated { before, after: Box::new(self.clone()) }))
    }

    /// How often it can still be used; `None` where there is no limit.
    pub fn left(&self) -> Option<u32> {
        self.limit.map(|limit| limit.saturating_sub(self.used))
    }

    /// Whether it can be used on a day, by a customer who used it so often.
    ///
    /// # Errors
    ///
    /// [`PromotionError::Inactive`], [`PromotionError::NotValid`], [`PromotionError::UsedUp`], [`PromotionError::UsedUpByCustomer`].
    pub fn usable(&self, day: NaiveDate, customer: CustomerId, used_by_customer: u64) -> Result<(), PromotionError> {
        let promotion = self.id;
        if !self.active {
            return Err(PromotionError::Inactive { promotion });
        }
        if !self.valid.contains(day) {
            return Err(PromotionError::NotValid { promotion, valid: self.valid, day });
        }
        if let Some(limit) = self.limit.filter(|limit| self.used >= *limit) {
            return Err(PromotionError::UsedUp { promotion, limit });
        }
        if let Some(limit) = self.limit_per_customer.filter(|limit| used_by_customer >= u64::from(*limit)) {
            return Err(PromotionError::UsedUpByCustomer { promotion, customer, limit });
        }
        Ok(())
    }

    /// Counts a use of it.
    ///
    /// # Errors
    ///
    /// As [`Promotion::usable`].
    pub fn redeem(
        &mut self,
        at: DateTime<Utc>,
        redemption: &Redemption,
        used_by_customer: u64,
    ) -> Result<PromotionFact, PromotionError> {
        self.usable(redemption.day, redemption.customer, used_by_customer)?;
        let used =
            self.used.checked_add(1).ok_or_else(|| Invalid::new("uses", self.used.to_string(), Rule::Overflow))?;
        (self.used, self.updated_at) = (used, at);
        Ok(PromotionFact::Used { redemption: redemption.id, used })
    }

    /// Takes a use of it back; it can be used once more.
    pub fn release(&mut self, at: DateTime<Utc>, redemption: RedemptionId) -> PromotionFact {
        (self.used, self.updated_at) = (self.used.saturating_sub(1), at);
        PromotionFact::Released { redemption, used: self.used }
    }

    /// What it takes off each of some lines, all in one currency: nothing off those that it is not for, and never more than a line comes to (PRC-6). The parts sum to the whole
    /// exactly (MON-4), so 100 % leaves zero.
    ///
    /// # Errors
    ///
    /// [`PromotionError::ForNoLine`], also where the lines that it is for come to nothing; [`PromotionError::TooLittle`]; [`PromotionError::Invalid`] with
    /// [`Rule::CurrencyMismatch`], [`Rule::Negative`] line or [`Rule::Overflow`].
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_core::{Discount, Currency, Money, NewProduct, NewPromotion, Product, PromotedLine, Promotion, UnitPrice};
    /// # use chrono::{TimeZone, Utc};
    /// # let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
    /// # let mut act = crm_core::Act::new(at, "alice".parse()?, [7; 10]);
    ///
    /// let lamp = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, UnitPrice::parse("20.00", Currency::EUR)?);
    /// let lamp = Product::add(act.new_id(), at, lamp);
    /// let ten = NewPromotion::new("Ten off".parse()?, Discount::Amount(Money::parse("10.00", Currency::EUR)?));
    /// let ten = Promotion::add(act.new_id(), at, ten)?;
    ///
    /// let line = |cents| PromotedLine { product: &lamp, amount: Money::from_minor(cents, Currency::EUR) };
    /// let off = ten.taken_off(&[line(2000), line(1000)])?;
    /// assert_eq!(off.iter().map(|part| part.minor()).collect::<Vec<_>>(), [667, 333]);
    /// assert_eq!(ten.taken_off(&[line(700)])?[0].minor(), 700); // no more than there is
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn taken_off(&self, lines: &[PromotedLine<'_>]) -> Result<Vec<Money>, PromotionError> {
        let promotion = self.id;
        let Some(currency) = lines.first().map(|line| line.amount.currency()) else {
            return Err(PromotionError::ForNoLine { promotion });
        };
        let mut weights = Vec::with_capacity(lines.len());
        for PromotedLine { product, amount } in lines {
            amount.in_currency(currency)?;
            let refused = |_| Invalid::new("line", amount.to_string(), Rule::Negative);
            let weight = u64::try_from(amount.minor()).map_err(refused)?;
            weights.push(if self.target.covers(product) { weight } else { 0 });
        }
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let total = i64::try_from(total).map_err(|_| Invalid::new("lines", total.to_string(), Rule::Overflow))?;
        let total = Money::from_minor(total, currency);
        if total.is_zero() {
            return Err(PromotionError::ForNoLine { promotion });
        }
        if let Some(min) = self.min_amount {
            min.in_currency(currency)?;
            if total < min {
                return Err(PromotionError::TooLittle { promotion, min, amount: total });
            }
        }
        let off = match self.benefit {
            Discount::Percent(share) => total.percent(share, Rounding::HalfUp)?,
            Discount::Amount(amount) => {
                Money::from_minor(amount.in_currency(currency)?.minor().min(total.minor()), currency)
            }
        };
        Ok(off.allocate(&weights)?)
    }
}

/// One use of a promotion. It is not changed; where the use is taken back it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// The id.
    pub id: RedemptionId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The promotion.
    pub promotion: PromotionId,
    /// Who used it.
    pub customer: CustomerId,
    /// What it was used for.
    pub order: Option<OrderId>,
    /// The business day.
    pub day: NaiveDate,
    /// What it took off, in all.
    pub amount: Money,
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
    /// What it takes off, in all: the sum of [`Promotion::taken_off`].
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
    /// A use of a promotion.
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
        positive("amount", amount)?;
        let day = day.unwrap_or_else(|| at.date_naive());
        Ok(Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            promotion,
            customer,
            order,
            day,
            amount,
        })
    }
}

#[cfg(test)]
mod tests;

//! Promotions: what is taken off for some time, for everybody or for those who have the code of a coupon, so many times at most.

mod error;
mod new;
mod redemption;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    error::PromotionError,
    new::{NewPromotion, PromotionPatch},
    redemption::{NewRedemption, Redemption, RedemptionFact, RedemptionParts},
};
use crate::{
    decimal::Percent,
    id::{CustomerId, PromotionId, RedemptionId},
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
        if let Some(code) = &self.code
            && upper(code)? != *code
        {
            return Err(Invalid::new("code", code.as_str(), Rule::Inconsistent { must: "must be in upper case" }));
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

    /// A refused value with the promotion.
    fn refused(&self) -> impl Fn(Invalid) -> PromotionError + use<> {
        let promotion = self.id;
        move |invalid| PromotionError::Value { promotion, invalid }
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
    /// [`PromotionError::Value`] as [`Promotion::add`].
    pub fn update(
        &mut self,
        at: DateTime<Utc>,
        patch: PromotionPatch,
    ) -> Result<Option<PromotionFact>, PromotionError> {
        let refused = self.refused();
        let mut after = self.clone();
        patched!(after, patch: PromotionPatch { name, valid, limit, limit_per_customer, active }, and code);
        let code = code.map(|code| code.as_ref().map(upper).transpose()).transpose().map_err(&refused)?;
        crate::patch::set(&mut after.code, code);
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check().map_err(refused)?;
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
    /// As [`Promotion::usable`]; [`PromotionError::Value`] with [`Rule::Overflow`].
    pub fn redeem(
        &mut self,
        at: DateTime<Utc>,
        redemption: &Redemption,
        used_by_customer: u64,
    ) -> Result<PromotionFact, PromotionError> {
        self.usable(redemption.day(), redemption.customer(), used_by_customer)?;
        let overflow = || self.refused()(Invalid::new("uses", self.used.to_string(), Rule::Overflow));
        let used = self.used.checked_add(1).ok_or_else(overflow)?;
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
    /// [`PromotionError::ForNoLine`], also where the lines that it is for come to nothing; [`PromotionError::TooLittle`]; [`PromotionError::Value`] with
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
        let refused = self.refused();
        let mut weights = Vec::with_capacity(lines.len());
        for PromotedLine { product, amount } in lines {
            amount.in_currency(currency).map_err(&refused)?;
            let negative = |_| refused(Invalid::new("line", amount.to_string(), Rule::Negative));
            let weight = u64::try_from(amount.minor()).map_err(negative)?;
            weights.push(if self.target.covers(product) { weight } else { 0 });
        }
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        let overflow = |_| refused(Invalid::new("lines", total.to_string(), Rule::Overflow));
        let total = i64::try_from(total).map_err(overflow)?;
        let total = Money::from_minor(total, currency);
        if total.is_zero() {
            return Err(PromotionError::ForNoLine { promotion });
        }
        if let Some(min) = self.min_amount {
            min.in_currency(currency).map_err(&refused)?;
            if total < min {
                return Err(PromotionError::TooLittle { promotion, min, amount: total });
            }
        }
        let off = match self.benefit {
            Discount::Percent(share) => total.percent(share, Rounding::HalfUp),
            Discount::Amount(amount) => {
                amount.in_currency(currency).map(|amount| if amount > total { total } else { amount })
            }
        };
        off.and_then(|off| off.allocate(&weights)).map_err(refused)
    }
}

#[cfg(test)]
mod tests;

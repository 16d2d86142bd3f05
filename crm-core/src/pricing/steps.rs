//! The steps from a base to a price, exact until a step rounds.

use std::fmt;

use rust_decimal::Decimal;

use super::{Portion, PriceError, PriceReason};
use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    id::{PriceListId, ProductId},
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    price_list::{PriceFormula, PriceMultiple, PriceTier, TierMode, TierPrice},
};

/// Where a price is being made: the product, the rule, and the currency of its list.
#[derive(Clone, Copy)]
pub(super) struct Line {
    pub(super) product: ProductId,
    pub(super) list: PriceListId,
    pub(super) rule: u32,
    pub(super) currency: Currency,
}

impl Line {
    /// A price in millionths, if it is one.
    fn unit_price(self, millionths: i128) -> Result<UnitPrice, PriceError> {
        let Self { product, list, rule, currency } = self;
        match i64::try_from(millionths) {
            Ok(below) if below < 0 => {
                let price = Decimal::new(below, UnitPrice::SCALE).normalize();
                Err(PriceError::BelowZero { product, list, rule, price, currency })
            }
            Ok(fits) => Ok(UnitPrice::from_millionths(fits, currency)?),
            Err(_) => Err(Invalid::new("price", millionths.to_string(), Rule::Overflow).into()),
        }
    }

    /// PRC-2, in its order.
    pub(super) fn formula(
        self,
        formula: &PriceFormula,
        base: UnitPrice,
        reasons: &mut Vec<PriceReason>,
    ) -> Result<UnitPrice, PriceError> {
        let PriceFormula { base: _, discount, multiple, surcharge, min_margin, max_margin } = *formula;
        // In 10^-12 of the major unit, exact until it is rounded.
        let exact = discounted(base, discount);
        let mut millionths = match multiple {
            Some(PriceMultiple { of, rounding }) => {
                let of = i128::from(of.millionths());
                rounding.divide(exact, of * DISCOUNTED).checked_mul(of).unwrap_or(i128::MAX)
            }
            None => Rounding::HalfUp.divide(exact, DISCOUNTED),
        };
        if discount != Percent::ZERO {
            reasons.push(PriceReason::Discounted { discount, price: at_six_decimals(exact, self.currency) });
        }
        if let Some(multiple) = multiple {
            reasons.push(PriceReason::Rounded { multiple, price: shown(millionths, self.currency) });
        }
        if let Some(surcharge) = surcharge {
            millionths = millionths.saturating_add(in_millionths(surcharge));
            reasons.push(PriceReason::Surcharged { surcharge, price: shown(millionths, self.currency) });
        }
        let base = i128::from(base.millionths());
        if let Some(margin) = min_margin.filter(|margin| base + in_millionths(*margin) > millionths) {
            millionths = base + in_millionths(margin);
            reasons.push(PriceReason::RaisedToMargin { margin, price: shown(millionths, self.currency) });
        }
        if let Some(margin) = max_margin.filter(|margin| base + in_millionths(*margin) < millionths) {
            millionths = base + in_millionths(margin);
            reasons.push(PriceReason::LoweredToMargin { margin, price: shown(millionths, self.currency) });
        }
        self.unit_price(millionths)
    }

    /// PRC-3: the parts of a quantity by their tiers, and where the base has parts of its own, by those too.
    pub(super) fn tiers(
        self,
        mode: TierMode,
        parts: Vec<(Quantity, PriceTier)>,
        base: &[Portion],
        counted: Quantity,
        reasons: &mut Vec<PriceReason>,
    ) -> Result<Vec<Portion>, PriceError> {
        let mut base: Vec<Portion> = base.iter().rev().copied().collect();
        let mut portions: Vec<Portion> = Vec::new();
        for (part, tier) in parts {
            let mut left = part;
            while left > Quantity::ZERO {
                let (here, price) = match tier.price {
                    TierPrice::Price(price) => (left, price),
                    TierPrice::Discount(discount) => {
                        let of = base.last().map_or(left, |portion| portion.quantity.min(left));
                        let unit_price = base.last().map(|portion| portion.unit_price);
                        let price = unit_price.map_or(0, |price| discounted(price, discount));
                        (of, self.unit_price(Rounding::HalfUp.divide(price, DISCOUNTED))?)
                    }
                };
                left = left.less(here).unwrap_or(Quantity::ZERO);
                take(&mut base, here);
                reasons.push(PriceReason::Tier { mode, tier, counted, quantity: here, price });
                match portions.last_mut() {
                    Some(last) if last.unit_price == price => last.quantity = last.quantity.checked_add(here)?,
                    _ => portions.push(Portion { quantity: here, unit_price: price }),
                }
            }
        }
        Ok(portions)
    }
}

/// Takes so many from the first of some portions, which stand in reverse.
fn take(portions: &mut Vec<Portion>, mut quantity: Quantity) {
    while let Some(mut portion) = portions.pop() {
        match portion.quantity.less(quantity) {
            Some(Quantity::ZERO) => return,
            Some(left) => {
                portion.quantity = left;
                portions.push(portion);
                return;
            }
            None => quantity = quantity.less(portion.quantity).unwrap_or(Quantity::ZERO),
        }
    }
}

/// What a millionth is in the unit of [`discounted`].
const DISCOUNTED: i128 = 1_000_000;

/// A price less a discount, in 10^-12 of the major unit.
fn discounted(price: UnitPrice, discount: Percent) -> i128 {
    let kept = i128::from(Percent::HUNDRED.ten_thousandths()) - i128::from(discount.ten_thousandths());
    i128::from(price.millionths()) * kept
}

fn in_millionths(amount: Money) -> i128 {
    i128::from(amount.minor()) * 10_i128.pow(UnitPrice::SCALE - amount.currency().exponent())
}

fn at_six_decimals(exact: i128, currency: Currency) -> StepPrice {
    shown(Rounding::HalfUp.divide(exact, DISCOUNTED), currency)
}

fn shown(millionths: i128, currency: Currency) -> StepPrice {
    StepPrice { millionths, currency }
}

/// A price between two steps: it may lie below zero, or beyond what a price holds, where a later step brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepPrice {
    millionths: i128,
    currency: Currency,
}

impl StepPrice {
    /// The price in major units; `None` where it does not fit a decimal.
    pub fn to_decimal(self) -> Option<Decimal> {
        Decimal::try_from_i128_with_scale(self.millionths, UnitPrice::SCALE).ok().map(|price| price.normalize())
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

impl fmt::Display for StepPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_decimal() {
            Some(mut price) => {
                price.rescale(price.scale().max(self.currency.exponent()));
                f.pad(&format!("{price} {}", self.currency))
            }
            None => f.pad(&format!("{} millionths of {}", self.millionths, self.currency)),
        }
    }
}

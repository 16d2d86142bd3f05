//! Why a price is what it is, in steps and in words.

use std::fmt;

use chrono::NaiveDate;

use super::{DatedRate, Product, StepPrice};
use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    id::PriceListId,
    money::Money,
    price_list::{PriceBase, PriceMultiple, PriceRule, PriceTarget, PriceTier, Pricing, TierMode},
    window::Window,
};

/// How specific a rule is for a product, the most specific greatest (PRC-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Specificity {
    /// It is for everything.
    All,
    /// It is for the category of the product, or one that this lies within.
    Category,
    /// It is for the product, or for the one that the product is a variant of.
    Product,
    /// It is for the variant.
    Variant,
}

impl Specificity {
    /// That of a target that covers a product.
    pub(super) fn of(target: &PriceTarget, product: &Product) -> Self {
        match target {
            PriceTarget::All => Self::All,
            PriceTarget::Category(_) => Self::Category,
            PriceTarget::Product(id) if *id == product.id && product.variant_of.is_some() => Self::Variant,
            PriceTarget::Product(_) => Self::Product,
        }
    }
}

/// One step to a price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PriceReason {
    /// This rule was chosen.
    ByRule {
        /// The list.
        list: PriceListId,
        /// The number of the rule.
        rule: u32,
        /// How specific it is for the product.
        specificity: Specificity,
        /// What it is for.
        target: PriceTarget,
        /// The quantity that it begins at.
        min_quantity: Quantity,
    },
    /// No rule of the list applies.
    NoRule {
        /// The list.
        list: PriceListId,
    },
    /// The price is given.
    Fixed {
        /// The price.
        price: UnitPrice,
    },
    /// What the steps begin with.
    Base {
        /// Which price it is.
        base: PriceBase,
        /// The price.
        price: UnitPrice,
    },
    /// It was converted.
    Converted {
        /// The rate, its day and its source.
        rate: DatedRate,
        /// The price after it.
        price: UnitPrice,
    },
    /// A discount was taken off, or a mark-up put on.
    Discounted {
        /// The discount; a mark-up is below zero.
        discount: Percent,
        /// The price after it, shown with six decimals; the next step goes on with all of them.
        price: StepPrice,
    },
    /// It was rounded.
    Rounded {
        /// To a multiple of what.
        multiple: PriceMultiple,
        /// The price after it.
        price: StepPrice,
    },
    /// A surcharge was added.
    Surcharged {
        /// The surcharge.
        surcharge: Money,
        /// The price after it.
        price: StepPrice,
    },
    /// It lay too close to the base, or below it.
    RaisedToMargin {
        /// The least margin.
        margin: Money,
        /// The price after it.
        price: StepPrice,
    },
    /// It lay too far above the base.
    LoweredToMargin {
        /// The greatest margin.
        margin: Money,
        /// The price after it.
        price: StepPrice,
    },
    /// Units took a tier.
    Tier {
        /// Whether the whole quantity took it, or each unit its own.
        mode: TierMode,
        /// The tier.
        tier: PriceTier,
        /// The quantity that found it: that of all lines that are counted together.
        counted: Quantity,
        /// How many units took it.
        quantity: Quantity,
        /// What one of them costs.
        price: UnitPrice,
    },
}

impl fmt::Display for PriceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ByRule { list, rule, target, min_quantity, .. } => {
                write!(f, "rule {rule} of {list} is for {target}")?;
                if *min_quantity > Quantity::ZERO { write!(f, " from {min_quantity} on") } else { Ok(()) }
            }
            Self::NoRule { list } => write!(f, "no rule of {list} applies"),
            Self::Fixed { price } => write!(f, "the price is {price}"),
            Self::Base { base, price } => write!(f, "the {base} is {price}"),
            Self::Converted { rate: DatedRate { rate, day, source, .. }, price } => {
                write!(f, "at {rate} of {day} by {} it is {price}", source.as_str())
            }
            Self::Discounted { discount, price } => match discount.to_decimal() {
                below if below.is_sign_negative() => write!(f, "plus {} % is {price}", -below),
                _ => write!(f, "less {discount} is {price}"),
            },
            Self::Rounded { multiple, price } => write!(f, "to a multiple of {} it is {price}", multiple.of),
            Self::Surcharged { surcharge, price } => write!(f, "with a surcharge of {surcharge} it is {price}"),
            Self::RaisedToMargin { margin, price } => write!(f, "at least {margin} above the base it is {price}"),
            Self::LoweredToMargin { margin, price } => write!(f, "at most {margin} above the base it is {price}"),
            Self::Tier { tier, counted, quantity, price, mode } => match mode {
                TierMode::Range { .. } => write!(f, "{counted} lie in {tier}, where one costs {price}"),
                TierMode::Slab => write!(f, "{quantity} lie in {tier}, where one costs {price}"),
            },
        }
    }
}

/// A rule that is for a product and did not make its price, though it would have come before the one that did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RulePassedOver {
    /// It does not hold on the day.
    NotValid {
        /// The number of the rule.
        rule: u32,
        /// The days on which it holds.
        valid: Window,
    },
    /// The line has fewer.
    BelowQuantity {
        /// The number of the rule.
        rule: u32,
        /// The quantity that it begins at.
        min_quantity: Quantity,
    },
    /// The quantity has none of its tiers.
    NoTier {
        /// The number of the rule.
        rule: u32,
        /// The least quantity of the lowest tier.
        from: Quantity,
        /// The first quantity above the highest one.
        until: Option<Quantity>,
    },
}

impl RulePassedOver {
    pub(super) fn new(rule: &PriceRule, day: NaiveDate, quantity: Quantity) -> Self {
        let (number, tiers) = (
            rule.number,
            match &rule.pricing {
                Pricing::Tiers(tiers) => tiers.tiers.as_slice(),
                Pricing::Fixed(_) | Pricing::Formula(_) => &[],
            },
        );
        if !rule.valid.contains(day) {
            return Self::NotValid { rule: number, valid: rule.valid };
        }
        if rule.min_quantity > quantity {
            return Self::BelowQuantity { rule: number, min_quantity: rule.min_quantity };
        }
        let from = tiers.first().map_or(Quantity::ZERO, |tier| tier.from);
        Self::NoTier { rule: number, from, until: tiers.last().and_then(|tier| tier.until) }
    }
}

impl fmt::Display for RulePassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotValid { rule, valid } => write!(f, "rule {rule} holds {valid}"),
            Self::BelowQuantity { rule, min_quantity } => write!(f, "rule {rule} begins at {min_quantity}"),
            Self::NoTier { rule, from, until: Some(until) } => {
                write!(f, "rule {rule} has tiers from {from} until {until}")
            }
            Self::NoTier { rule, from, until: None } => write!(f, "rule {rule} has tiers from {from} on"),
        }
    }
}

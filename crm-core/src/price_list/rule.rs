//! One rule of a price list: for what, from how many on, when, and what it costs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    id::{PriceListId, ProductId},
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    product::Product,
    text::Label,
    window::Window,
};

/// One rule of a price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceRule {
    /// Its number in the list, which it keeps. The higher one is the newer rule.
    pub number: u32,
    /// What it is for.
    pub target: PriceTarget,
    /// It applies to a line of at least so many.
    pub min_quantity: Quantity,
    /// The days on which it applies.
    pub valid: Window,
    /// What it makes the price.
    pub pricing: Pricing,
}

/// A rule that a price list is to get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPriceRule {
    /// What it is for.
    pub target: PriceTarget,
    /// It applies to a line of at least so many.
    pub min_quantity: Quantity,
    /// The days on which it applies.
    pub valid: Window,
    /// What it makes the price.
    pub pricing: Pricing,
}

impl NewPriceRule {
    /// A rule for any quantity, on every day.
    pub const fn new(target: PriceTarget, pricing: Pricing) -> Self {
        Self { target, min_quantity: Quantity::ZERO, valid: Window::ALWAYS, pricing }
    }

    /// From so many on.
    #[must_use]
    pub const fn from_quantity(mut self, quantity: Quantity) -> Self {
        self.min_quantity = quantity;
        self
    }

    /// Only on these days.
    #[must_use]
    pub fn valid(mut self, days: impl Into<Window>) -> Self {
        self.valid = days.into();
        self
    }
}

/// What a rule or an offer is for, the most specific last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceTarget {
    /// Everything.
    All,
    /// The products of a category and of those within it: `Lamps` is for `Lamps / Desk lamps` too.
    Category(Label),
    /// One product and its variants; where it is a variant itself, it alone.
    Product(ProductId),
}

/// A category and those that it lies within, from the inside out.
pub(crate) fn within(category: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(category), |inner| inner.rsplit_once(" / ").map(|(outer, _)| outer.trim_end()))
}

impl PriceTarget {
    /// Whether it is for a product.
    pub fn covers(&self, product: &Product) -> bool {
        match self {
            Self::All => true,
            Self::Category(category) => {
                product.category.as_ref().is_some_and(|own| within(own.as_str()).any(|one| one == category.as_str()))
            }
            Self::Product(id) => *id == product.id || Some(*id) == product.variant_of,
        }
    }

    /// The product that it names.
    pub const fn product(&self) -> Option<ProductId> {
        match self {
            Self::Product(id) => Some(*id),
            Self::All | Self::Category(_) => None,
        }
    }
}

impl fmt::Display for PriceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::Category(category) => write!(f, "the category {}", category.as_str()),
            Self::Product(id) => write!(f, "{id}"),
        }
    }
}

/// What a rule makes the price of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pricing {
    /// This.
    Fixed(UnitPrice),
    /// What a formula makes of another price.
    Formula(PriceFormula),
    /// What the quantity makes of it.
    Tiers(PriceTiers),
}

impl Pricing {
    /// The list that it is priced after.
    pub const fn base_list(&self) -> Option<PriceListId> {
        match self {
            Self::Formula(PriceFormula { base: PriceBase::List(list), .. })
            | Self::Tiers(PriceTiers { base: PriceBase::List(list), .. }) => Some(*list),
            _ => None,
        }
    }
}

/// The price that a formula or a tier begins with. One in another currency is converted at the rate of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceBase {
    /// The list price of the product.
    ListPrice,
    /// What the product costs us.
    Cost,
    /// The price by another list.
    List(PriceListId),
}

impl fmt::Display for PriceBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ListPrice => f.write_str("list price"),
            Self::Cost => f.write_str("cost"),
            Self::List(list) => write!(f, "price by {list}"),
        }
    }
}

/// A price made of another one, in this order (PRC-2): the base, less a discount, rounded to a multiple, plus a surcharge, at least the base plus the least margin, at most the base plus
/// the greatest one.
///
/// ```
/// use crm_core::{Currency, Money, Percent, PriceBase, PriceFormula, Rounding, UnitPrice};
///
/// // 20 % above cost, to whole tens, less a cent, and never less than 5.00 above cost.
/// let formula = PriceFormula::of(PriceBase::Cost, "-20".parse()?)
///     .to_multiple(UnitPrice::parse("10", Currency::EUR)?, Rounding::HalfUp)
///     .surcharge(Money::parse("-0.01", Currency::EUR)?)
///     .min_margin(Money::parse("5.00", Currency::EUR)?);
/// assert_eq!(formula.discount.to_string(), "-20 %");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceFormula {
    /// What it begins with.
    pub base: PriceBase,
    /// The discount, up to 100 %; below zero it is a mark-up.
    pub discount: Percent,
    /// Then rounded to a multiple of this.
    pub multiple: Option<PriceMultiple>,
    /// Then so much more, or less where it is below zero.
    pub surcharge: Option<Money>,
    /// At least so much above the base.
    pub min_margin: Option<Money>,
    /// At most so much above the base.
    pub max_margin: Option<Money>,
}

/// What a price is rounded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceMultiple {
    /// The price is a whole number of these: 0.05, 10.
    pub of: UnitPrice,
    /// Which way.
    pub rounding: Rounding,
}

impl PriceFormula {
    /// A base less a discount; a mark-up where that is below zero.
    pub const fn of(base: PriceBase, discount: Percent) -> Self {
        Self { base, discount, multiple: None, surcharge: None, min_margin: None, max_margin: None }
    }

    /// The list price less a discount.
    pub const fn list_less(discount: Percent) -> Self {
        Self::of(PriceBase::ListPrice, discount)
    }

    /// Rounded to a multiple.
    #[must_use]
    pub const fn to_multiple(mut self, of: UnitPrice, rounding: Rounding) -> Self {
        self.multiple = Some(PriceMultiple { of, rounding });
        self
    }

    /// Plus a surcharge.
    #[must_use]
    pub const fn surcharge(mut self, surcharge: Money) -> Self {
        self.surcharge = Some(surcharge);
        self
    }

    /// At least so much above the base.
    #[must_use]
    pub const fn min_margin(mut self, margin: Money) -> Self {
        self.min_margin = Some(margin);
        self
    }

    /// At most so much above the base.
    #[must_use]
    pub const fn max_margin(mut self, margin: Money) -> Self {
        self.max_margin = Some(margin);
        self
    }

    fn check(&self, currency: Currency) -> Result<(), Invalid> {
        at_most_the_whole(self.discount)?;
        if let Some(PriceMultiple { of, .. }) = self.multiple {
            in_currency(of, currency, "multiple")?;
            if of.millionths() == 0 {
                return Err(Invalid::new("multiple", of.to_string(), Rule::NotPositive));
            }
        }
        let amounts = [("surcharge", self.surcharge), ("min margin", self.min_margin), ("max margin", self.max_margin)];
        for (field, amount) in amounts {
            amount.map_or(Ok(()), |amount| amount.in_currency(currency).map(drop)).map_err(|r| r.in_field(field))?;
        }
        match self.min_margin.zip(self.max_margin) {
            Some((min, max)) if min > max => {
                let must = "must not be above the greatest margin";
                Err(Invalid::new("min margin", format!("{min} above {max}"), Rule::Inconsistent { must }))
            }
            _ => Ok(()),
        }
    }
}

/// Prices by quantity. Bounds are included below and not above: a tier from 1 until 11 is for 1 to 10.
///
/// The tiers follow each other without gap or overlap; only the last may be open. A rule of tiers applies to quantities that have a tier. A slab tier counts whole units, so its bounds
/// are whole numbers and the first unit has a tier.
///
/// ```
/// use crm_core::{Aggregation, Percent, PriceTiers, TierPrice};
///
/// // PRC-3: by slabs, eleven of 100.00 come to ten at 100.00 and one at 95.00.
/// let tiers = PriceTiers::slab()
///     .tier(1.into(), Some(11.into()), TierPrice::Discount(Percent::ZERO))
///     .tier(11.into(), None, TierPrice::Discount(Percent::whole(5)));
/// assert_eq!(tiers.tiers.len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTiers {
    /// Whether the quantity takes one tier or each unit its own.
    pub mode: TierMode,
    /// What discounts are taken from.
    pub base: PriceBase,
    /// The tiers, the lowest first.
    pub tiers: Vec<PriceTier>,
}

/// How a quantity takes tiers (PRC-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TierMode {
    /// The whole quantity takes the tier that it lies in.
    Range {
        /// Which lines are counted together to find the tier.
        counted: Aggregation,
    },
    /// Each unit takes its own tier: the eleventh one that of 11. Lines are not counted together.
    Slab,
}

/// Which lines of one product are counted together to find a range (PRC-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Each line by itself.
    Line,
    /// Those of the same group; a line without a group by itself.
    Group,
    /// All of the document.
    Quote,
}

/// One tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceTier {
    /// The least quantity.
    pub from: Quantity,
    /// The first quantity that is too much; without an end where there is none.
    pub until: Option<Quantity>,
    /// What a unit costs in it.
    pub price: TierPrice,
}

/// What a unit costs in a tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TierPrice {
    /// This.
    Price(UnitPrice),
    /// The base less a discount, up to 100 %; below zero it is a mark-up.
    Discount(Percent),
}

impl fmt::Display for PriceTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(until) => write!(f, "[{}, {until})", self.from),
            None => write!(f, "[{}, …)", self.from),
        }
    }
}

impl PriceTiers {
    /// Tiers of which the whole quantity takes one, each line by itself, off the list price.
    pub const fn range() -> Self {
        Self { mode: TierMode::Range { counted: Aggregation::Line }, base: PriceBase::ListPrice, tiers: Vec::new() }
    }

    /// Tiers of which each unit takes its own, off the list price.
    pub const fn slab() -> Self {
        Self { mode: TierMode::Slab, base: PriceBase::ListPrice, tiers: Vec::new() }
    }

    /// Ranges that count lines together.
    pub const fn range_over(counted: Aggregation) -> Self {
        Self { mode: TierMode::Range { counted }, base: PriceBase::ListPrice, tiers: Vec::new() }
    }

    /// With discounts off another price.
    #[must_use]
    pub const fn base(mut self, base: PriceBase) -> Self {
        self.base = base;
        self
    }

    /// With one more tier, above those before.
    #[must_use]
    pub fn tier(mut self, from: Quantity, until: Option<Quantity>, price: TierPrice) -> Self {
        self.tiers.push(PriceTier { from, until, price });
        self
    }

    /// Whether a quantity has a tier, each unit of it where each takes its own.
    pub(crate) fn has(&self, quantity: Quantity) -> bool {
        let (Some(first), Some(last)) = (self.tiers.first(), self.tiers.last()) else { return false };
        match self.mode {
            TierMode::Range { .. } => first.from <= quantity && last.until.is_none_or(|until| quantity < until),
            // Of a unit that was begun, the whole is the one that takes a tier.
            TierMode::Slab => last.until.is_none_or(|until| quantity <= units_below(until)),
        }
    }

    /// The parts of a quantity, each with its tier; by range that is one, in the tier of the quantity that was counted.
    pub(crate) fn split(&self, quantity: Quantity, counted: Quantity) -> Vec<(Quantity, PriceTier)> {
        let lies_in = |tier: &&PriceTier| tier.from <= counted && tier.until.is_none_or(|until| counted < until);
        match self.mode {
            TierMode::Range { .. } => {
                self.tiers.iter().find(lies_in).map(|tier| (quantity, *tier)).into_iter().collect()
            }
            TierMode::Slab => {
                let mut left = quantity;
                let mut below = Quantity::ZERO;
                let mut parts = Vec::new();
                for tier in &self.tiers {
                    let end = tier.until.map_or(quantity, units_below).min(quantity);
                    let part = end.less(below).unwrap_or(Quantity::ZERO).min(left);
                    if part > Quantity::ZERO {
                        parts.push((part, *tier));
                        left = left.less(part).unwrap_or(Quantity::ZERO);
                        below = end;
                    }
                }
                parts
            }
        }
    }

    fn check(&self, currency: Currency) -> Result<(), Invalid> {
        let Some(first) = self.tiers.first() else { return Err(Invalid::new("tiers", "", Rule::Empty)) };
        if self.tiers.len() > TIERS {
            return Err(Invalid::new("tiers", self.tiers.len().to_string(), Rule::TooMany { limit: TIERS }));
        }
        for tier in &self.tiers {
            if tier.until.is_some_and(|until| until <= tier.from) {
                return Err(Invalid::new("tier", tier.to_string(), Rule::EndsBeforeStart));
            }
            match tier.price {
                TierPrice::Price(price) => in_currency(price, currency, "tier")?,
                TierPrice::Discount(discount) => at_most_the_whole(discount)?,
            }
        }
        for (one, next) in self.tiers.iter().zip(self.tiers.iter().skip(1)) {
            let refused = |rule| Err(Invalid::new("tiers", format!("{one} then {next}"), rule));
            match one.until {
                Some(until) if until < next.from => return refused(Rule::Gap),
                Some(until) if until == next.from => {}
                _ => return refused(Rule::Overlap),
            }
        }
        if self.mode == TierMode::Slab {
            let bounds = self.tiers.iter().flat_map(|tier| [Some(tier.from), tier.until]).flatten();
            for bound in bounds {
                if bound.millionths() % Quantity::from(1).millionths() != 0 {
                    return Err(Invalid::new("tier", bound.to_string(), Rule::TooManyDecimals { limit: 0 }));
                }
            }
            if first.from > Quantity::from(1) {
                let must = "must begin with the first unit where each unit takes its own";
                return Err(Invalid::new("tiers", first.to_string(), Rule::Inconsistent { must }));
            }
        }
        Ok(())
    }
}

/// Most tiers of one rule.
const TIERS: usize = 1_000;

/// How many units come before the one with this number.
fn units_below(bound: Quantity) -> Quantity {
    bound.less(Quantity::from(1)).unwrap_or(Quantity::ZERO)
}

fn at_most_the_whole(discount: Percent) -> Result<(), Invalid> {
    if discount <= Percent::HUNDRED {
        return Ok(());
    }
    let range = Rule::OutOfRange { min: "any mark-up".into(), max: Percent::HUNDRED.to_string() };
    Err(Invalid::new("discount", discount.to_string(), range))
}

fn in_currency(price: UnitPrice, expected: Currency, field: &'static str) -> Result<(), Invalid> {
    if price.currency() == expected {
        return Ok(());
    }
    Err(Invalid::new(field, price.to_string(), Rule::CurrencyMismatch { expected, found: price.currency() }))
}

impl PriceRule {
    /// Whether its price, and the amounts in it, are those of a list in a currency.
    pub(crate) fn check(&self, currency: Currency) -> Result<(), Invalid> {
        match &self.pricing {
            Pricing::Fixed(price) => in_currency(*price, currency, "price"),
            Pricing::Formula(formula) => formula.check(currency),
            Pricing::Tiers(tiers) => tiers.check(currency),
        }
    }
}

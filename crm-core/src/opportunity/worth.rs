//! What a deal is worth: its lines, and what comes again and again.

use serde::{Deserialize, Serialize};

use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    id::ProductId,
    invalid::{Invalid, Rule},
    money::{Money, Rounding},
};

/// Where the value of a deal comes from: never from both (OPP-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountSource {
    /// It is the sum of the lines.
    Lines,
    /// It was typed, or there is none.
    Manual,
}

/// One line of a deal: so many of a product at a price, less a discount.
///
/// ```
/// use crm_core::{Currency, DealLine, Percent, ProductId, Quantity, RecordId, UnitPrice};
/// # let lamp = ProductId::from_uuid(uuid::Uuid::from_u128(1));
/// let price = UnitPrice::parse("49.90", Currency::EUR)?;
/// let line = DealLine::new(lamp, Quantity::from(40), price, Percent::whole(10))?;
/// assert_eq!(line.amount().to_string(), "1796.40 EUR");
/// assert!(DealLine::new(lamp, Quantity::from(0), price, Percent::ZERO).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenLine", into = "WrittenLine")]
pub struct DealLine {
    product: ProductId,
    quantity: Quantity,
    unit_price: UnitPrice,
    discount: Percent,
    amount: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "DealLine", deny_unknown_fields)]
struct WrittenLine {
    product: ProductId,
    quantity: Quantity,
    unit_price: UnitPrice,
    discount: Percent,
    amount: Money,
}

impl TryFrom<WrittenLine> for DealLine {
    type Error = Invalid;
    fn try_from(written: WrittenLine) -> Result<Self, Invalid> {
        let WrittenLine { product, quantity, unit_price, discount, amount } = written;
        let line = Self::new(product, quantity, unit_price, discount)?;
        if line.amount == amount {
            return Ok(line);
        }
        let must = "must be quantity times price less discount";
        Err(Invalid::new("amount", amount.to_string(), Rule::Inconsistent { must }))
    }
}

impl From<DealLine> for WrittenLine {
    fn from(line: DealLine) -> Self {
        let DealLine { product, quantity, unit_price, discount, amount } = line;
        Self { product, quantity, unit_price, discount, amount }
    }
}

impl DealLine {
    /// A line; its amount is quantity times price less discount, rounded half up once (PRC-6).
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] quantity, [`Rule::OutOfRange`] discount, [`Rule::Overflow`].
    pub fn new(
        product: ProductId,
        quantity: Quantity,
        unit_price: UnitPrice,
        discount: Percent,
    ) -> Result<Self, Invalid> {
        let amount = unit_price.amount(quantity.positive()?, discount, Rounding::HalfUp)?;
        Ok(Self { product, quantity, unit_price, discount, amount })
    }

    /// The product.
    pub const fn product(&self) -> ProductId {
        self.product
    }

    /// How many.
    pub const fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// The price of one, before the discount.
    pub const fn unit_price(&self) -> UnitPrice {
        self.unit_price
    }

    /// The discount, 0 to 100 %.
    pub const fn discount(&self) -> Percent {
        self.discount
    }

    /// What the line comes to.
    pub const fn amount(&self) -> Money {
        self.amount
    }
}

/// Most lines of one deal.
const LINES: usize = 1_000;

/// What some lines come to together; `None` where there are none.
///
/// # Errors
///
/// [`Rule::TooMany`] lines, [`Rule::CurrencyMismatch`], [`Rule::Overflow`].
pub(super) fn total(lines: &[DealLine]) -> Result<Option<Money>, Invalid> {
    if lines.len() > LINES {
        return Err(Invalid::new("lines", lines.len().to_string(), Rule::TooMany { limit: LINES }));
    }
    let Some(first) = lines.first() else { return Ok(None) };
    let sum = Money::sum(lines.iter().map(|line| line.amount), first.amount.currency());
    sum.map(Some).map_err(|refused| refused.in_field("lines"))
}

/// Revenue that comes again: so much for each plan of so many months (OPP-9).
///
/// ```
/// use crm_core::{Currency, Money, Recurring, Rounding};
///
/// let yearly = Recurring::new(Money::parse("1000.00", Currency::EUR)?, 12)?;
/// assert_eq!(yearly.monthly(Rounding::HalfUp)?.to_string(), "83.33 EUR");
/// assert!(Recurring::new(yearly.revenue(), 0).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenRecurring", into = "WrittenRecurring")]
pub struct Recurring {
    revenue: Money,
    months: u16,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Recurring", deny_unknown_fields)]
struct WrittenRecurring {
    revenue: Money,
    months: u16,
}

impl TryFrom<WrittenRecurring> for Recurring {
    type Error = Invalid;
    fn try_from(WrittenRecurring { revenue, months }: WrittenRecurring) -> Result<Self, Invalid> {
        Self::new(revenue, months)
    }
}

impl From<Recurring> for WrittenRecurring {
    fn from(Recurring { revenue, months }: Recurring) -> Self {
        Self { revenue, months }
    }
}

impl Recurring {
    /// So much revenue for each plan of so many months, both more than zero.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`].
    pub fn new(revenue: Money, months: u16) -> Result<Self, Invalid> {
        if !revenue.is_positive() {
            return Err(Invalid::new("recurring revenue", revenue.to_string(), Rule::NotPositive));
        }
        if months == 0 {
            return Err(Invalid::new("plan months", "0", Rule::NotPositive));
        }
        Ok(Self { revenue, months })
    }

    /// The revenue of one plan.
    pub const fn revenue(&self) -> Money {
        self.revenue
    }

    /// The months of one plan.
    pub const fn months(&self) -> u16 {
        self.months
    }

    /// The revenue of one month (MRR), rounded to the currency.
    ///
    /// # Errors
    ///
    /// None that can be: it is no more than the revenue.
    pub fn monthly(&self, rounding: Rounding) -> Result<Money, Invalid> {
        let (revenue, months) = (i128::from(self.revenue.minor()), i128::from(self.months));
        Money::divided(Some(revenue), Some(months), self.revenue.currency(), rounding)
            .ok_or_else(|| Invalid::new("recurring revenue", self.revenue.to_string(), Rule::Overflow))
    }
}

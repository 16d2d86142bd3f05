//! The lines of an order.

use super::{Deserialize, Invalid, Money, Percent, ProductId, Quantity, Rule, Serialize, UnitPrice};
use crate::{money::Rounding, tax::Tax, text::Label, totals::Taxable};

/// One line of an order or a quote: so many of a product at a price, less a discount and what promotions take off, with the tax on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "OrderLineParts", into = "OrderLineParts")]
pub struct OrderLine {
    number: u32,
    product: ProductId,
    quantity: Quantity,
    unit_price: UnitPrice,
    discount: Percent,
    taken_off: Option<Money>,
    amount: Money,
    tax: Option<Tax>,
    source: Option<u32>,
    continues: Option<u32>,
    list_price: Option<UnitPrice>,
    group: Option<Label>,
}

/// The fields of an [`OrderLine`] in the open, for stores and deserialisers; checked where it is made of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename = "OrderLine", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is what the getter of its name says")]
pub struct OrderLineParts {
    pub number: u32,
    pub product: ProductId,
    pub quantity: Quantity,
    pub unit_price: UnitPrice,
    pub discount: Percent,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_off: Option<Money>,
    pub amount: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<Tax>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<UnitPrice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Label>,
}

impl TryFrom<OrderLineParts> for OrderLine {
    type Error = Invalid;
    fn try_from(parts: OrderLineParts) -> Result<Self, Invalid> {
        let OrderLineParts { number, product, quantity, unit_price, discount, taken_off, amount, .. } = parts;
        let OrderLineParts { tax, source, continues, list_price, group, .. } = parts;
        let mut comes_to = unit_price.amount(quantity.positive()?, discount, Rounding::HalfUp)?;
        if let Some(off) = taken_off {
            comes_to = left_after(comes_to, off)?;
        }
        if let Some(list_price) = list_price {
            same_currency(unit_price, list_price)?;
        }
        if comes_to != amount {
            let must = "must be quantity times price less discount and promotions";
            return Err(Invalid::new("amount", amount.to_string(), Rule::Inconsistent { must }));
        }
        let taken_off = taken_off.filter(|off| off.is_positive());
        Ok(Self {
            number,
            product,
            quantity,
            unit_price,
            discount,
            taken_off,
            amount,
            tax,
            source,
            continues,
            list_price,
            group,
        })
    }
}

impl From<OrderLine> for OrderLineParts {
    fn from(line: OrderLine) -> Self {
        let OrderLine { number, product, quantity, unit_price, discount, taken_off, amount, .. } = line;
        let OrderLine { tax, source, continues, list_price, group, .. } = line;
        Self {
            number,
            product,
            quantity,
            unit_price,
            discount,
            taken_off,
            amount,
            tax,
            source,
            continues,
            list_price,
            group,
        }
    }
}

/// What is left of an amount when some is taken off it.
fn left_after(amount: Money, off: Money) -> Result<Money, Invalid> {
    let left = amount.checked_sub(off).map_err(|refused| refused.in_field("taken off"))?;
    if off.is_negative() || left.is_negative() {
        let (min, max) = (Money::zero(off.currency()).to_string(), amount.to_string());
        return Err(Invalid::new("taken off", off.to_string(), Rule::OutOfRange { min, max }));
    }
    Ok(left)
}

fn same_currency(price: UnitPrice, list_price: UnitPrice) -> Result<(), Invalid> {
    let (expected, found) = (price.currency(), list_price.currency());
    if expected == found {
        return Ok(());
    }
    Err(Invalid::new("list price", list_price.to_string(), Rule::CurrencyMismatch { expected, found }))
}

impl OrderLine {
    /// A line; its amount is quantity times price less discount, rounded half up once (PRC-6).
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] quantity, [`Rule::OutOfRange`] discount, [`Rule::Overflow`].
    pub fn new(
        number: u32,
        product: ProductId,
        quantity: Quantity,
        unit_price: UnitPrice,
        discount: Percent,
    ) -> Result<Self, Invalid> {
        let amount = unit_price.amount(quantity.positive()?, discount, Rounding::HalfUp)?;
        Ok(Self {
            number,
            product,
            quantity,
            unit_price,
            discount,
            taken_off: None,
            amount,
            tax: None,
            source: None,
            continues: None,
            list_price: None,
            group: None,
        })
    }

    /// Less what a promotion takes off what is left of it, after its discount and the promotions before (PRC-6).
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`]; [`Rule::OutOfRange`] below zero or for more than it comes to.
    pub fn less(self, off: Money) -> Result<Self, Invalid> {
        let amount = left_after(self.amount, off)?;
        let all = self.taken_off.map_or(Ok(off), |before| before.checked_add(off))?;
        Ok(Self { amount, taken_off: Some(all).filter(|all| all.is_positive()), ..self })
    }

    /// As it comes to without promotions.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`], which a line that was checked does not give.
    pub fn without_promotions(self) -> Result<Self, Invalid> {
        let Some(off) = self.taken_off else { return Ok(self) };
        Ok(Self { amount: self.amount.checked_add(off)?, taken_off: None, ..self })
    }

    /// With a tax on it, or none.
    #[must_use]
    pub fn taxed(mut self, tax: Option<Tax>) -> Self {
        self.tax = tax;
        self
    }

    /// Made from the line of a quote with a number (QT-3).
    #[must_use]
    pub const fn from_line(mut self, source: u32) -> Self {
        self.source = Some(source);
        self
    }

    /// With the units of another line that cost something else: those of one slab stand in one line, those of the next in one that continues it (PRC-3).
    #[must_use]
    pub const fn continuing(mut self, line: u32) -> Self {
        self.continues = Some(line);
        self
    }

    /// At what a price list asks for one: discounts are measured from it (PRC-5).
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] with the price of the line.
    pub fn listed(self, list_price: UnitPrice) -> Result<Self, Invalid> {
        same_currency(self.unit_price, list_price)?;
        Ok(Self { list_price: Some(list_price), ..self })
    }

    /// Without what a price list asked for it, where that is not known any more.
    #[must_use]
    pub const fn unlisted(mut self) -> Self {
        self.list_price = None;
        self
    }

    /// In a group of lines, or in none.
    #[must_use]
    pub fn grouped(mut self, group: Option<Label>) -> Self {
        self.group = group;
        self
    }

    /// The number of the line, from 1. It stays when other lines go, and names the line for as long as the line is there: a new line of `crm-sales` gets the next
    /// number after the highest of the order, so the number of a last line that went in an earlier amendment is used again. It never changes once the order is
    /// confirmed.
    pub const fn number(&self) -> u32 {
        self.number
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

    /// What promotions take off it in all, after its discount.
    pub const fn taken_off(&self) -> Option<Money> {
        self.taken_off
    }

    /// What the line comes to, before a discount on the document; with or without tax, as the prices are.
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// The tax on it.
    pub const fn tax(&self) -> Option<&Tax> {
        self.tax.as_ref()
    }

    /// The number of the line of the quote that it was made from.
    pub const fn source(&self) -> Option<u32> {
        self.source
    }

    /// The number of the line whose other units it has, where each unit takes its own price.
    pub const fn continues(&self) -> Option<u32> {
        self.continues
    }

    /// What a price list asked for one when the line was priced by it; without it, what counts is the list price of the product.
    pub const fn list_price(&self) -> Option<UnitPrice> {
        self.list_price
    }

    /// The group of lines that it stands in, for ranges that count a group together (PRC-3).
    pub const fn group(&self) -> Option<&Label> {
        self.group.as_ref()
    }

    /// What its document sums.
    pub const fn taxable(&self) -> Taxable<'_> {
        Taxable { amount: self.amount, tax: self.tax.as_ref() }
    }
}

/// What a line is drafted with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewOrderLine {
    /// The product.
    pub product: ProductId,
    /// How many, more than zero.
    pub quantity: Quantity,
    /// The price of one; the list price of the product where there is none.
    pub unit_price: Option<UnitPrice>,
    /// The discount, 0 to 100 %.
    pub discount: Percent,
    /// The tax on it.
    #[serde(default)]
    pub tax: Option<Tax>,
}

impl NewOrderLine {
    /// So many of a product, at its list price.
    pub const fn new(product: ProductId, quantity: Quantity) -> Self {
        Self { product, quantity, unit_price: None, discount: Percent::ZERO, tax: None }
    }

    /// At another price.
    #[must_use]
    pub const fn unit_price(mut self, unit_price: UnitPrice) -> Self {
        self.unit_price = Some(unit_price);
        self
    }

    /// Less a discount.
    #[must_use]
    pub const fn discount(mut self, discount: Percent) -> Self {
        self.discount = discount;
        self
    }

    /// With a tax on it.
    #[must_use]
    pub fn tax(mut self, tax: Tax) -> Self {
        self.tax = Some(tax);
        self
    }
}

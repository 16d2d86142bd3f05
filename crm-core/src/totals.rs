//! What the lines of a document come to: its discount, its tax and its sums.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::{
    decimal::Percent,
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    tax::{PriceBasis, Tax, TaxRounding, Taxation},
};

/// What is taken off a sum: of a whole document, after the discounts of its lines (PRC-6), or of the lines that a promotion is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// A share of it, 0 to 100 %, rounded half up.
    Percent(Percent),
    /// An amount, or all that there is where that is less (PRC-6).
    Amount(Money),
}

/// What holds for all lines of an order or a quote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The discount on the document.
    pub discount: Option<Discount>,
    /// How it is taxed.
    pub taxation: Taxation,
}

impl From<Taxation> for Terms {
    fn from(taxation: Taxation) -> Self {
        Self { discount: None, taxation }
    }
}

impl Terms {
    /// With a discount on the document.
    #[must_use]
    pub const fn discount(mut self, discount: Discount) -> Self {
        self.discount = Some(discount);
        self
    }
}

/// What one line is, as far as its sums go.
#[derive(Clone, Copy, Debug)]
pub struct Taxable<'a> {
    /// Quantity times price less the discount of the line, zero or more; with or without the tax, as the terms say.
    pub amount: Money,
    /// The tax on it.
    pub tax: Option<&'a Tax>,
}

/// What one line comes to in its document. All of them sum to the document's own sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineTotals {
    /// Its part of the document's discount (MON-4).
    pub discount: Money,
    /// Without tax, after all discounts.
    pub net: Money,
    /// The tax.
    pub tax: Money,
}

/// What one tax comes to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxTotal {
    /// The tax.
    pub tax: Tax,
    /// What it is on.
    pub net: Money,
    /// How much it is.
    pub amount: Money,
}

/// What a document comes to.
///
/// ```
/// use crm_core::{Currency, Discount, Money, Percent, Tax, TaxRounding, Taxable, Taxation, Terms, Totals};
///
/// let eur = |text| Money::parse(text, Currency::EUR);
/// let vat = Tax::new("VAT".parse()?, Percent::whole(15))?;
/// let lines = [Taxable { amount: eur("292.13")?, tax: Some(&vat) }, Taxable { amount: eur("66.50")?, tax: Some(&vat) }];
/// let tax = |rounding| Ok::<_, crm_core::Invalid>(Totals::of(&lines, Currency::EUR, &Taxation::net(rounding).into())?.tax());
/// assert_eq!((tax(TaxRounding::PerLine)?, tax(TaxRounding::Global)?), (eur("53.80")?, eur("53.79")?));
///
/// let free = Terms::default().discount(Discount::Percent(Percent::HUNDRED));
/// assert!(Totals::of(&lines, Currency::EUR, &free)?.total().is_zero());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    lines: Vec<LineTotals>,
    taxes: Vec<TaxTotal>,
    subtotal: Money,
    discount: Money,
    net: Money,
    tax: Money,
    total: Money,
}

impl Totals {
    /// What lines come to under terms.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] where a line or the discount is in another currency, [`Rule::Negative`] for a line or a discount below zero,
    /// [`Rule::OutOfRange`] for one outside 0 to 100 %, [`Rule::Overflow`].
    pub fn of(lines: &[Taxable<'_>], currency: Currency, terms: &Terms) -> Result<Self, Invalid> {
        if let Some(negative) = lines.iter().find(|line| line.amount.is_negative()) {
            return Err(Invalid::new("amount", negative.amount.to_string(), Rule::Negative));
        }
        let in_total = |refused: Invalid| refused.in_field("total");
        let subtotal = Money::sum(lines.iter().map(|line| line.amount), currency).map_err(in_total)?;
        let discount = discounted(subtotal, terms.discount)?;
        // Of each line what is left after the discount: net or gross, as the prices are.
        let weights: Vec<u64> = lines.iter().map(|line| weight(line.amount)).collect();
        let discounts = split(discount, &weights)?;
        let amounts = lines.iter().zip(&discounts).map(|(line, discount)| line.amount.checked_sub(*discount));
        let amounts = amounts.collect::<Result<Vec<_>, _>>()?;

        let mut groups: BTreeMap<&Tax, Vec<usize>> = BTreeMap::new();
        for (place, line) in lines.iter().enumerate() {
            if let Some(tax) = line.tax {
                groups.entry(tax).or_default().push(place);
            }
        }
        let taxes = taxes(&amounts, &groups, currency, terms.taxation)
            .ok_or_else(|| Invalid::new("tax", subtotal.to_string(), Rule::Overflow))?;

        let mut totals = Vec::with_capacity(lines.len());
        for ((amount, tax), discount) in amounts.iter().zip(taxes).zip(discounts) {
            let net = match terms.taxation.prices {
                PriceBasis::Net => *amount,
                PriceBasis::Gross => amount.checked_sub(tax)?,
            };
            totals.push(LineTotals { discount, net, tax });
        }
        let sum = |part: fn(&LineTotals) -> Money, places: &mut dyn Iterator<Item = &LineTotals>| {
            Money::sum(places.map(part), currency).map_err(in_total)
        };
        let taxes = groups.into_iter().map(|(tax, places)| {
            let of = || places.iter().map(|place| &totals[*place]);
            Ok(TaxTotal {
                tax: tax.clone(),
                net: sum(|line| line.net, &mut of())?,
                amount: sum(|line| line.tax, &mut of())?,
            })
        });
        let taxes = taxes.collect::<Result<Vec<_>, Invalid>>()?;
        let (net, tax) = (sum(|line| line.net, &mut totals.iter())?, sum(|line| line.tax, &mut totals.iter())?);
        let total = net.checked_add(tax).map_err(in_total)?;
        Ok(Self { lines: totals, taxes, subtotal, discount, net, tax, total })
    }

    /// What each line comes to, in their order.
    pub fn lines(&self) -> &[LineTotals] {
        &self.lines
    }

    /// What each tax comes to, by code and rate.
    pub fn taxes(&self) -> &[TaxTotal] {
        &self.taxes
    }

    /// The sum of the lines before the discount on the document; with or without tax, as the prices are.
    pub const fn subtotal(&self) -> Money {
        self.subtotal
    }

    /// The discount on the document; with or without tax, as the prices are.
    pub const fn discount(&self) -> Money {
        self.discount
    }

    /// Without tax, after all discounts: what counts as revenue.
    pub const fn net(&self) -> Money {
        self.net
    }

    /// The tax.
    pub const fn tax(&self) -> Money {
        self.tax
    }

    /// What is to be paid.
    pub const fn total(&self) -> Money {
        self.total
    }
}

/// What a discount takes off a sum.
fn discounted(subtotal: Money, discount: Option<Discount>) -> Result<Money, Invalid> {
    match discount {
        None => Ok(Money::zero(subtotal.currency())),
        Some(Discount::Percent(percent)) => subtotal.percent(percent.share("discount")?, Rounding::HalfUp),
        Some(Discount::Amount(amount)) => {
            let amount = amount.in_currency(subtotal.currency()).map_err(|refused| refused.in_field("discount"))?;
            if amount.is_negative() {
                return Err(Invalid::new("discount", amount.to_string(), Rule::Negative));
            }
            Ok(if amount > subtotal { subtotal } else { amount })
        }
    }
}

/// An amount of zero or more as a weight.
fn weight(amount: Money) -> u64 {
    u64::try_from(amount.minor()).unwrap_or(0)
}

/// An amount split by weights; nothing is split over whatever weights.
fn split(amount: Money, weights: &[u64]) -> Result<Vec<Money>, Invalid> {
    if amount.is_zero() { Ok(vec![amount; weights.len()]) } else { amount.allocate(weights) }
}

/// A tax that is not rounded yet: so many minor units and a fraction of one, below one.
#[derive(Clone, Copy)]
struct Exact {
    whole: i128,
    numerator: i128,
    denominator: i128,
}

impl Exact {
    const ZERO: Self = Self { whole: 0, numerator: 0, denominator: 1 };

    /// The tax on an amount, or in it. Its denominator is at most 2^64, and an amount times a rate at most 2^126.
    fn on(amount: Money, tax: &Tax, prices: PriceBasis) -> Self {
        let (rate, hundred) =
            (i128::from(tax.rate().ten_thousandths()), i128::from(Percent::HUNDRED.ten_thousandths()));
        let denominator = match prices {
            PriceBasis::Net => hundred,
            PriceBasis::Gross => hundred + rate,
        };
        let wide = i128::from(amount.minor()) * rate;
        Self { whole: wide / denominator, numerator: wide % denominator, denominator }.reduced()
    }

    fn reduced(self) -> Self {
        let (mut a, mut b) = (self.numerator, self.denominator);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self { numerator: self.numerator / a, denominator: self.denominator / a, ..self }
    }

    /// The sum; `None` where the fraction has no common denominator that fits, as a dozen rates of four decimals in gross prices may have.
    fn plus(self, other: Self) -> Option<Self> {
        let denominator = self.denominator.checked_mul(other.denominator)?;
        let numerator = self
            .numerator
            .checked_mul(other.denominator)?
            .checked_add(other.numerator.checked_mul(self.denominator)?)?;
        let whole = self.whole.checked_add(other.whole)?.checked_add(numerator / denominator)?;
        Some(Self { whole, numerator: numerator % denominator, denominator }.reduced())
    }

    /// To the nearest unit, half up.
    fn rounded(self, currency: Currency) -> Option<Money> {
        // Twice the numerator may not fit, what is missing to the denominator does.
        let up = self.numerator >= self.denominator - self.numerator;
        Some(Money::from_minor(i64::try_from(self.whole + i128::from(up)).ok()?, currency))
    }
}

/// The tax of each line; `None` where a number does not fit.
fn taxes(
    amounts: &[Money],
    groups: &BTreeMap<&Tax, Vec<usize>>,
    currency: Currency,
    taxation: Taxation,
) -> Option<Vec<Money>> {
    let mut taxes = vec![Money::zero(currency); amounts.len()];
    if taxation.rounding == TaxRounding::PerLine {
        for (tax, places) in groups {
            for place in places {
                taxes[*place] = Exact::on(amounts[*place], tax, taxation.prices).rounded(currency)?;
            }
        }
        return Some(taxes);
    }
    let mut of_groups = Vec::with_capacity(groups.len());
    for (tax, places) in groups {
        let amount = Money::sum(places.iter().map(|place| amounts[*place]), currency).ok()?;
        of_groups.push(Exact::on(amount, tax, taxation.prices));
    }
    let of_groups: Vec<Money> = if taxation.rounding == TaxRounding::PerTaxGroup {
        of_groups.iter().map(|exact| exact.rounded(currency)).collect::<Option<_>>()?
    } else {
        rounded_together(&of_groups, currency)?
    };
    for (places, tax) in groups.values().zip(of_groups) {
        let weights: Vec<u64> = places.iter().map(|place| weight(amounts[*place])).collect();
        for (place, part) in places.iter().zip(split(tax, &weights).ok()?) {
            taxes[*place] = part;
        }
    }
    Some(taxes)
}

/// Parts of a sum that is rounded once: each rounded down, and the units that are left go one each to the largest remainders (MON-4).
fn rounded_together(parts: &[Exact], currency: Currency) -> Option<Vec<Money>> {
    let sum = parts.iter().try_fold(Exact::ZERO, |sum, part| sum.plus(*part))?.rounded(currency)?;
    let mut units: Vec<i128> = parts.iter().map(|part| part.whole).collect();
    let left = usize::try_from(i128::from(sum.minor()) - units.iter().sum::<i128>()).ok()?;
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    // A remainder as a fraction of 2^62: numerators are below 2^64, so the shift fits; remainders that differ by less count as equal.
    by_remainder.sort_by_key(|place| Reverse((parts[*place].numerator << 62) / parts[*place].denominator));
    for place in by_remainder.into_iter().take(left) {
        units[place] += 1;
    }
    units.into_iter().map(|units| Some(Money::from_minor(i64::try_from(units).ok()?, currency))).collect()
}

#[cfg(test)]
mod tests;

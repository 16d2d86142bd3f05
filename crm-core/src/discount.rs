//! Discount limits: what a seller may give alone, and what somebody else must approve.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    text::Actor,
};

/// What a seller may give without approval (PRC-5): so much less than the list price, however that comes about, and no price below the floor, which is the cost plus the
/// least margin. Where a limit cannot be held, since what it is measured by is in another currency, the line goes beyond it.
///
/// ```
/// use crm_core::{Actor, Approval, ApprovalError, Currency, DiscountLimit, DiscountedLine, MinMargin, Money, Percent, UnitPrice};
/// # use chrono::{TimeZone, Utc};
/// # let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
///
/// let limit = DiscountLimit::up_to(Percent::whole(10))?.min_margin(MinMargin::OfCost(Percent::whole(20)))?;
/// let eur = |price| UnitPrice::parse(price, Currency::EUR);
/// let line = DiscountedLine {
///     number: 1,
///     quantity: 2.into(),
///     list_price: eur("49.90")?,
///     price: eur("39.92")?, // 20 % off
///     net_price: eur("39.92")?,
///     cost: Some(eur("30.00")?),
///     amount: Money::parse("79.84", Currency::EUR)?,
///     net: Money::parse("79.84", Currency::EUR)?,
/// };
/// let beyond = limit.beyond(&[line])?;
/// assert_eq!(beyond[0].to_string(), "line 1 comes to 79.84 EUR, below 89.82 EUR (discount 10 %), margin 19.84 EUR");
///
/// let (alice, bob): (Actor, Actor) = ("alice".parse()?, "bob".parse()?);
/// let refused = Approval::give(vec![alice.clone()], alice.clone(), at, beyond.clone());
/// assert!(matches!(refused, Err(ApprovalError::ByAuthor { .. })));
/// assert_eq!(Approval::give(vec![alice], bob, at, beyond)?.beyond().len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenLimit", into = "WrittenLimit")]
pub struct DiscountLimit {
    discount: Percent,
    min_margin: Option<MinMargin>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "DiscountLimit", deny_unknown_fields)]
struct WrittenLimit {
    discount: Percent,
    min_margin: Option<MinMargin>,
}

impl TryFrom<WrittenLimit> for DiscountLimit {
    type Error = Invalid;
    fn try_from(written: WrittenLimit) -> Result<Self, Invalid> {
        let limit = Self::up_to(written.discount)?;
        written.min_margin.map_or(Ok(limit), |margin| limit.min_margin(margin))
    }
}

impl From<DiscountLimit> for WrittenLimit {
    fn from(limit: DiscountLimit) -> Self {
        Self { discount: limit.discount, min_margin: limit.min_margin }
    }
}

/// How much must be left above cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MinMargin {
    /// So much a unit.
    Amount(Money),
    /// This share of the cost.
    OfCost(Percent),
}

/// A line as it is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscountedLine {
    /// Its number.
    pub number: u32,
    /// How many, more than zero.
    pub quantity: Quantity,
    /// What a list asks for one, in its own currency.
    pub list_price: UnitPrice,
    /// What one comes to after all discounts, before it is rounded to an amount: half up to the six decimals of a price.
    pub price: UnitPrice,
    /// The same without tax, which is what leaves a margin above cost.
    pub net_price: UnitPrice,
    /// What one costs us, in whatever currency; a product without a cost has no floor.
    pub cost: Option<UnitPrice>,
    /// What all of it comes to after all discounts, its share of those on the document included; with or without tax, as its price is.
    pub amount: Money,
    /// The same without tax.
    pub net: Money,
}

/// A line that goes beyond a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeyondLimit {
    /// The number of the line.
    pub line: u32,
    /// What it comes to.
    pub amount: Money,
    /// The least that it may come to.
    pub least: LeastAmount,
    /// Which limit that is.
    pub limit: LimitKind,
    /// What it leaves above cost, where the cost is known in its currency.
    pub margin: Option<Money>,
}

/// What a limit says of the lines of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The limit, of whoever would let them through.
    pub limit: DiscountLimit,
    /// The lines that go beyond it; none where nobody needs to approve.
    pub beyond: Vec<BeyondLimit>,
}

/// The least that a line may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeastAmount {
    /// This.
    Known(Money),
    /// Nobody can say: the list price, the cost or the least margin is in this currency, and the line is in another one.
    StatedIn(Currency),
}

impl std::fmt::Display for LeastAmount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Known(least) => write!(f, "below {least}"),
            Self::StatedIn(currency) => write!(f, "and the least is known in {currency} only"),
        }
    }
}

/// Which limit a line goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// The greatest discount.
    Discount(Percent),
    /// The cost plus the least margin.
    Floor,
}

impl std::fmt::Display for BeyondLimit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {} comes to {}, {}", self.line, self.amount, self.least)?;
        match self.limit {
            LimitKind::Discount(limit) => write!(f, " (discount {limit})")?,
            LimitKind::Floor => f.write_str(" (floor)")?,
        }
        self.margin.map_or(Ok(()), |margin| write!(f, ", margin {margin}"))
    }
}

impl DiscountLimit {
    /// A discount of up to so much, 0 to 100 %, and no floor.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`].
    pub fn up_to(discount: Percent) -> Result<Self, Invalid> {
        Ok(Self { discount: discount.share("discount limit")?, min_margin: None })
    }

    /// With a floor: the cost plus this.
    ///
    /// # Errors
    ///
    /// [`Rule::Negative`] margin.
    pub fn min_margin(mut self, margin: MinMargin) -> Result<Self, Invalid> {
        let below = match margin {
            MinMargin::Amount(amount) => amount.is_negative().then(|| amount.to_string()),
            MinMargin::OfCost(share) => (share < Percent::ZERO).then(|| share.to_string()),
        };
        if let Some(below) = below {
            return Err(Invalid::new("min margin", below, Rule::Negative));
        }
        self.min_margin = Some(margin);
        Ok(self)
    }

    /// The greatest discount.
    pub const fn discount(self) -> Percent {
        self.discount
    }

    /// The lines that go beyond it, each with each limit that it breaks; none where nobody needs to approve. A line is beyond a limit where both its price and its amount are: by the
    /// price, which is not rounded, rounding takes nobody beyond the limit, and by the amount nobody is asked to approve what cannot be seen.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] quantity, [`Rule::CurrencyMismatch`] between prices and amounts, [`Rule::Overflow`].
    pub fn beyond(self, lines: &[DiscountedLine]) -> Result<Vec<BeyondLimit>, Invalid> {
        let mut beyond = Vec::new();
        for line in lines {
            let DiscountedLine { number, quantity, price, net_price, cost, amount, net, .. } = *line;
            let currency = price.currency();
            if net_price.currency() != currency {
                let rule = Rule::CurrencyMismatch { expected: currency, found: net_price.currency() };
                return Err(Invalid::new("net price", net_price.to_string(), rule));
            }
            let (quantity, amount, net) =
                (quantity.positive()?, amount.in_currency(currency)?, net.in_currency(currency)?);
            let cost = cost.filter(|cost| cost.currency() == currency);
            let cost = cost.map(|cost| cost.amount(quantity, Percent::ZERO, Rounding::HalfUp)).transpose()?;
            let margin = cost.map(|cost| net.checked_sub(cost)).transpose()?;
            let mut add =
                |amount, least, limit| beyond.push(BeyondLimit { line: number, amount, least, limit, margin });
            if let Some(least) = self.least_by_discount(line)? {
                add(amount, least, LimitKind::Discount(self.discount));
            }
            if let Some(least) = self.least_by_floor(line)? {
                add(net, least, LimitKind::Floor);
            }
        }
        Ok(beyond)
    }

    /// The lines that go beyond it, with the limit.
    ///
    /// # Errors
    ///
    /// As [`DiscountLimit::beyond`].
    pub fn measure(self, lines: &[DiscountedLine]) -> Result<Measured, Invalid> {
        Ok(Measured { limit: self, beyond: self.beyond(lines)? })
    }

    /// What a line may come to at least by the greatest discount, where it comes to less.
    fn least_by_discount(self, line: &DiscountedLine) -> Result<Option<LeastAmount>, Invalid> {
        if self.discount == Percent::HUNDRED {
            return Ok(None);
        }
        let list = line.list_price;
        if list.currency() != line.price.currency() {
            return Ok(Some(LeastAmount::StatedIn(list.currency())));
        }
        let (kept, whole) = (Percent::HUNDRED.ten_thousandths() - self.discount.ten_thousandths(), Percent::HUNDRED);
        let least_price = list.share(kept.into(), whole.ten_thousandths().into())?;
        let least = list.amount(line.quantity, self.discount, Rounding::HalfUp)?;
        let below = line.price.millionths() < least_price.millionths() && line.amount < least;
        Ok(below.then_some(LeastAmount::Known(least)))
    }

    /// What a line must leave at least by its cost and the least margin, where it leaves less.
    fn least_by_floor(self, line: &DiscountedLine) -> Result<Option<LeastAmount>, Invalid> {
        let Some((cost, margin)) = line.cost.zip(self.min_margin) else { return Ok(None) };
        let currency = line.price.currency();
        let stated = match margin {
            MinMargin::Amount(amount) => [cost.currency(), amount.currency()],
            MinMargin::OfCost(_) => [cost.currency(); 2],
        };
        if let Some(other) = stated.into_iter().find(|stated| *stated != currency) {
            return Ok(Some(LeastAmount::StatedIn(other)));
        }
        let floor = match margin {
            MinMargin::Amount(amount) => {
                let sum = cost.millionths().checked_add(UnitPrice::try_from(amount)?.millionths());
                let sum = sum.ok_or_else(|| Invalid::new("min margin", amount.to_string(), Rule::Overflow))?;
                UnitPrice::from_millionths(sum, currency)?
            }
            MinMargin::OfCost(share) => {
                let hundred = i128::from(Percent::HUNDRED.ten_thousandths());
                cost.share(hundred + i128::from(share.ten_thousandths()), hundred)?
            }
        };
        let least = floor.amount(line.quantity, Percent::ZERO, Rounding::HalfUp)?;
        let below = line.net_price.millionths() < floor.millionths() && line.net < least;
        Ok(below.then_some(LeastAmount::Known(least)))
    }
}

/// Why something is not approved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Nobody approves what they wrote (PRC-5).
    #[error("{actor} wrote it and cannot approve it (PRC-5)")]
    ByAuthor {
        /// The author.
        actor: Actor,
    },
}

/// What somebody approved who did not write it, and when (PRC-5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenApproval", into = "WrittenApproval")]
pub struct Approval {
    authors: Vec<Actor>,
    approver: Actor,
    at: DateTime<Utc>,
    beyond: Vec<BeyondLimit>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Approval", deny_unknown_fields)]
struct WrittenApproval {
    authors: Vec<Actor>,
    approver: Actor,
    at: DateTime<Utc>,
    beyond: Vec<BeyondLimit>,
}

impl TryFrom<WrittenApproval> for Approval {
    type Error = ApprovalError;
    fn try_from(written: WrittenApproval) -> Result<Self, ApprovalError> {
        Self::give(written.authors, written.approver, written.at, written.beyond)
    }
}

impl From<Approval> for WrittenApproval {
    fn from(approval: Approval) -> Self {
        let Approval { authors, approver, at, beyond } = approval;
        Self { authors, approver, at, beyond }
    }
}

impl Approval {
    /// An approval of what goes beyond the limit of who handed it in.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::ByAuthor`].
    pub fn give(
        authors: Vec<Actor>,
        approver: Actor,
        at: DateTime<Utc>,
        beyond: Vec<BeyondLimit>,
    ) -> Result<Self, ApprovalError> {
        if authors.contains(&approver) {
            return Err(ApprovalError::ByAuthor { actor: approver });
        }
        Ok(Self { authors, approver, at, beyond })
    }

    /// Who wrote it.
    pub fn authors(&self) -> &[Actor] {
        &self.authors
    }

    /// Who approved it.
    pub const fn approver(&self) -> &Actor {
        &self.approver
    }

    /// When.
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What goes beyond the limit, with the limits and the margins of that moment.
    pub fn beyond(&self) -> &[BeyondLimit] {
        &self.beyond
    }
}

#[cfg(test)]
mod tests;

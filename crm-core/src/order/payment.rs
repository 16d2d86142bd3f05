//! What of an order was paid and refunded.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Deserialize, Invalid, LIMIT, Money, Order, OrderAction, OrderError, OrderFact, OrderStatus, Rule, Serialize,
};
use crate::{money::Rounding, text::Label};

/// How much of an order is paid; follows from its payments and refunds. While it is confirmed or locked, something is owed exactly where it is
/// [`Unpaid`](Self::Unpaid) or [`Partial`](Self::Partial): those two are the ones to dun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// No money came in.
    Unpaid,
    /// Money came in, and more is owed; also where all that came in went back.
    Partial,
    /// Everything is.
    Paid,
    /// All that was paid went back, and nothing is owed any more.
    Refunded,
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unpaid => "unpaid",
            Self::Partial => "partly paid",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
        })
    }
}

/// Money in or money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Money came in.
    Payment,
    /// Money went back.
    Refund,
}

/// One movement of money. Entries are added and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentEntry {
    /// The number of the entry in its order, from 1.
    pub number: u32,
    /// In or back.
    pub kind: EntryKind,
    /// How much, above zero.
    pub amount: Money,
    /// When it was entered.
    pub at: DateTime<Utc>,
    /// The business day.
    pub day: NaiveDate,
    /// By what means: `card`, `bank transfer`.
    pub method: Option<Label>,
    /// What the bank or the provider calls it.
    pub reference: Option<Label>,
}

/// What a payment or a refund is entered with.
///
/// ```
/// use crm_core::{Currency, Money, NewPayment};
///
/// let by_card = NewPayment::of(Money::parse("99.80", Currency::EUR)?).method("card".parse()?);
/// assert!(by_card.day.is_none()); // the day of the act
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPayment {
    /// How much, above zero.
    pub amount: Money,
    /// The business day; that of the act ([`Order::business_day`]) where there is none. Money may come before the confirmation, and goes back after it.
    pub day: Option<NaiveDate>,
    /// By what means.
    pub method: Option<Label>,
    /// What the bank or the provider calls it.
    pub reference: Option<Label>,
}

impl NewPayment {
    /// So much money.
    pub const fn of(amount: Money) -> Self {
        Self { amount, day: None, method: None, reference: None }
    }

    /// On another business day than that of the act.
    #[must_use]
    pub fn day(mut self, day: NaiveDate) -> Self {
        self.day = Some(day);
        self
    }

    /// By a means.
    #[must_use]
    pub fn method(mut self, method: Label) -> Self {
        self.method = Some(method);
        self
    }

    /// Under a provider's reference.
    #[must_use]
    pub fn reference(mut self, reference: Label) -> Self {
        self.reference = Some(reference);
        self
    }
}

pub(super) fn check(order: &Order) -> Result<(), Invalid> {
    let mut left = order.total;
    let mut kept = Money::zero(order.currency);
    for (place, entry) in (1..).zip(&order.payments) {
        let inconsistent = |must| Err(Invalid::new("payments", entry.number.to_string(), Rule::Inconsistent { must }));
        if entry.number != place {
            return inconsistent("must be numbered from 1 without a gap");
        }
        if !entry.amount.is_positive() {
            return Err(Invalid::new("amount", entry.amount.to_string(), Rule::NotPositive));
        }
        match entry.kind {
            EntryKind::Payment => (left, kept) = (left.checked_sub(entry.amount)?, kept.checked_add(entry.amount)?),
            EntryKind::Refund => {
                order.not_before_booking(entry.day)?;
                kept = kept.checked_sub(entry.amount)?;
            }
        }
        if left.is_negative() {
            return inconsistent("must not exceed the total");
        }
        if kept.is_negative() {
            return inconsistent("must not refund more than was paid (REF-1)");
        }
    }
    Ok(())
}

impl Order {
    /// The sum of the entries of a kind. Payments never exceed the total and refunds never the payments, so it fits.
    fn moved(&self, kind: EntryKind) -> i64 {
        self.payments.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount.minor()).sum()
    }

    /// What was refunded, in all.
    pub fn refunded(&self) -> Money {
        Money::from_minor(self.moved(EntryKind::Refund), self.currency)
    }

    /// What was paid and not refunded: what can be refunded (REF-1).
    pub fn refundable(&self) -> Money {
        Money::from_minor(self.moved(EntryKind::Payment) - self.moved(EntryKind::Refund), self.currency)
    }

    /// What is owed: the total less all payments. What was refunded is not owed again: the order is worth that much less ([`Order::revenue`]). Nothing is owed for a
    /// draft or a cancelled order, since it does not bind.
    pub fn owed(&self) -> Money {
        match self.state.status() {
            OrderStatus::Confirmed | OrderStatus::Locked => self.unpaid(),
            OrderStatus::Draft | OrderStatus::Cancelled => Money::zero(self.currency),
        }
    }

    /// The total less all payments.
    fn unpaid(&self) -> Money {
        Money::from_minor(self.total.minor() - self.moved(EntryKind::Payment), self.currency)
    }

    /// What a confirmed order counts for as revenue: its net less what of it was refunded.
    pub(crate) fn worth(&self) -> Money {
        self.worth_after(self.moved(EntryKind::Refund))
    }

    /// What it counts for after so much was refunded, in all: once everything went back, exactly nothing (REF-2).
    pub(super) fn worth_after(&self, refunded: i64) -> Money {
        let back = self.without_tax(Money::from_minor(refunded, self.currency));
        Money::from_minor(self.net.minor() - back.minor(), self.currency)
    }

    /// What of some money paid for the order is not tax, to the nearest unit: its share of the total, of which it is a part. Of the whole total it is the net, so the parts of
    /// a sum are told by the sums before and after each.
    pub fn without_tax(&self, money: Money) -> Money {
        let (net, total) = (i128::from(self.net.minor()), i128::from(self.total.minor()));
        let part = if total == 0 { 0 } else { Rounding::HalfUp.divide(i128::from(money.minor()) * net, total) };
        // A net is at most its total.
        Money::from_minor(i64::try_from(part).unwrap_or(money.minor()), self.currency)
    }

    /// How much of it is paid. An order over nothing is paid once it is confirmed. One of which a part was paid and refunded is refunded once it is cancelled; while it
    /// still binds, the rest is owed and it is paid in part.
    pub fn payment_status(&self) -> PaymentStatus {
        let refunded = self.payments.iter().any(|entry| entry.kind == EntryKind::Refund);
        if refunded && self.refundable().is_zero() && self.owed().is_zero() {
            PaymentStatus::Refunded
        } else if self.unpaid().is_zero() && self.state.confirmed_on().is_some() {
            PaymentStatus::Paid
        } else if self.payments.is_empty() {
            PaymentStatus::Unpaid
        } else {
            PaymentStatus::Partial
        }
    }

    fn enter(&mut self, at: DateTime<Utc>, kind: EntryKind, new: NewPayment) -> Result<PaymentEntry, OrderError> {
        if self.payments.len() == LIMIT {
            return Err(
                Invalid::new("payments", self.payments.len().to_string(), Rule::TooMany { limit: LIMIT }).into()
            );
        }
        let NewPayment { amount, day, method, reference } = new;
        let day = day.unwrap_or_else(|| self.business_day(at));
        if kind == EntryKind::Refund {
            self.not_before_booking(day)?;
        }
        let number = self.payments.last().map_or(1, |last| last.number + 1);
        let entry = PaymentEntry { number, kind, amount, at, day, method, reference };
        self.payments.push(entry.clone());
        self.updated_at = at;
        Ok(entry)
    }

    /// Takes money, in part or in full.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::Overpaid`], [`OrderError::Invalid`] for an amount of zero or less or in another currency.
    pub fn pay(&mut self, at: DateTime<Utc>, payment: NewPayment) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Pay)?;
        let amount = positive(payment.amount)?.in_currency(self.currency)?;
        let owed = self.owed();
        if amount > owed {
            return Err(OrderError::Overpaid { order: self.id, amount, owed });
        }
        let entry = self.enter(at, EntryKind::Payment, payment)?;
        Ok(OrderFact::Paid { entry, owed: self.owed() })
    }

    /// Gives money back, at most what was paid (REF-1). The order is worth that much less from that day on.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::OverRefunded`], [`OrderError::Invalid`] for an amount of zero or less or in another currency.
    pub fn refund(&mut self, at: DateTime<Utc>, refund: NewPayment) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Refund)?;
        let amount = positive(refund.amount)?.in_currency(self.currency)?;
        let refundable = self.refundable();
        if amount > refundable {
            return Err(OrderError::OverRefunded { order: self.id, amount, refundable });
        }
        let entry = self.enter(at, EntryKind::Refund, refund)?;
        Ok(OrderFact::Refunded { entry, refundable: self.refundable() })
    }
}

fn positive(amount: Money) -> Result<Money, Invalid> {
    if amount.is_positive() { Ok(amount) } else { Err(Invalid::new("amount", amount.to_string(), Rule::NotPositive)) }
}

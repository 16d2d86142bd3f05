//! What of an order was paid, and its entries of money.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Deserialize, Invalid, LIMIT, Money, NewRefund, Order, OrderAction, OrderError, OrderFact, OrderStatus,
    RefundedLine, Rule, Serialize,
    refund::{check_lines, refunded_lines},
};
use crate::text::Label;

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
    /// A refund was undone ([`Order::undo_refund`]): no money moved, and what went back is owed again.
    RefundUndone,
}

/// One movement of money. Entries are added and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentEntry {
    /// The number of the entry in its order, from 1.
    pub number: u32,
    /// In or back, or a refund that was undone.
    pub kind: EntryKind,
    /// How much, above zero.
    pub amount: Money,
    /// When it was entered.
    pub at: DateTime<Utc>,
    /// The business day.
    pub day: NaiveDate,
    /// By what means: `card`, `bank transfer`.
    pub method: Option<Label>,
    /// What the bank or the provider calls it. With the method it is unique among the payments of the order, and among its refunds (REF-3).
    pub reference: Option<Label>,
    /// What the money went back for, by line, also where that was undone; empty for a payment, and for a refund of money alone.
    pub lines: Vec<RefundedLine>,
}

/// What a payment is entered with, or a refund of an amount; a refund of lines or of everything is a [`NewRefund`].
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
    let (mut kept, mut refunded) = (Money::zero(order.currency), Money::zero(order.currency));
    let mut standing: Vec<&PaymentEntry> = Vec::new();
    let mut references = BTreeSet::new();
    // Where each day is as late as those before, all money is there on each.
    let mut days = (!order.payments.is_sorted_by_key(|entry| entry.day)).then(MoneyByDay::default);
    for (place, entry) in (1..).zip(&order.payments) {
        let inconsistent = |must| Err(Invalid::new("payments", entry.number.to_string(), Rule::Inconsistent { must }));
        if entry.number != place {
            return inconsistent("must be numbered from 1 without a gap");
        }
        if let (Some(method), Some(reference)) = (&entry.method, &entry.reference)
            && !references.insert((entry.kind, method, reference))
        {
            return inconsistent("must be the only one of its kind under its method and reference (REF-3)");
        }
        if !entry.amount.is_positive() {
            return Err(Invalid::new("amount", entry.amount.to_string(), Rule::NotPositive));
        }
        match entry.kind {
            EntryKind::Payment if !entry.lines.is_empty() => {
                return inconsistent("must name lines only where money goes back");
            }
            EntryKind::Payment => (left, kept) = (left.checked_sub(entry.amount)?, kept.checked_add(entry.amount)?),
            EntryKind::Refund => {
                order.not_before_booking(entry.day)?;
                check_lines(&entry.lines)?;
                if let Some(earliest) = days.as_ref().and_then(|days| days.covers_from(entry.amount)) {
                    not_before(entry.day, earliest)?;
                }
                (kept, refunded) = (kept.checked_sub(entry.amount)?, refunded.checked_add(entry.amount)?);
                standing.push(entry);
            }
            EntryKind::RefundUndone => {
                let undone = standing.pop().filter(|last| (last.amount, &last.lines) == (entry.amount, &entry.lines));
                let Some(undone) = undone else { return inconsistent("must undo the last refund that stands") };
                not_before(entry.day, undone.day)?;
                if entry.method.is_some() || entry.reference.is_some() {
                    return inconsistent("must name no method and no reference where no money moves");
                }
                left = left.checked_add(entry.amount)?;
            }
        }
        if let Some(days) = &mut days {
            days.note(entry);
        }
        if left.is_negative() {
            return inconsistent("must not exceed the total");
        }
        if kept.is_negative() {
            return inconsistent("must not refund more than was paid (REF-1)");
        }
    }
    for (line, refunded) in refunded_lines(&order.payments)? {
        if order.line(line).is_none_or(|line| refunded > line.quantity()) {
            let must = "must not refund more of a line than was ordered (REF-1)";
            return Err(Invalid::new("payments", line.to_string(), Rule::Inconsistent { must }));
        }
    }
    Ok(())
}

/// What came in less what went back, by day.
#[derive(Default)]
struct MoneyByDay(BTreeMap<NaiveDate, i128>);

impl MoneyByDay {
    fn note(&mut self, entry: &PaymentEntry) {
        let amount = i128::from(entry.amount.minor());
        *self.0.entry(entry.day).or_default() += match entry.kind {
            EntryKind::Payment => amount,
            EntryKind::Refund => -amount,
            EntryKind::RefundUndone => 0,
        };
    }

    /// The first day from which on the money covers an amount, whatever was entered for later days.
    fn covers_from(&self, amount: Money) -> Option<NaiveDate> {
        let mut kept: i128 = self.0.values().sum();
        let mut from = None;
        for (day, moved) in self.0.iter().rev() {
            if kept < i128::from(amount.minor()) {
                break;
            }
            from = Some(*day);
            kept -= moved;
        }
        from
    }
}

/// Refuses a day before another one.
pub(super) fn not_before(day: NaiveDate, earliest: NaiveDate) -> Result<(), Invalid> {
    if day < earliest { Err(Invalid::new("day", day.to_string(), Rule::TooEarly { earliest })) } else { Ok(()) }
}

impl Order {
    /// The sum of the entries of a kind. An order that was checked gave back no more than fits. What was paid again after refunds that were undone may come to more,
    /// but never what is kept or owed, which is a difference of such sums: so that they are exact, they wrap.
    fn moved(&self, kind: EntryKind) -> i64 {
        let entries = self.payments.iter().filter(|entry| entry.kind == kind);
        entries.fold(0, |sum: i64, entry| sum.wrapping_add(entry.amount.minor()))
    }

    /// What went back, in all: also by refunds that were undone, since it did not come again by that.
    pub fn refunded(&self) -> Money {
        Money::from_minor(self.moved(EntryKind::Refund), self.currency)
    }

    /// What was paid and not refunded: what can be refunded (REF-1).
    pub fn refundable(&self) -> Money {
        Money::from_minor(self.moved(EntryKind::Payment).wrapping_sub(self.moved(EntryKind::Refund)), self.currency)
    }

    /// What is owed: the total less all payments, with what went back by refunds that were undone. What was refunded is not owed again: a refund is money back and credit in
    /// one, and the order is worth that much less ([`Order::revenue`]). Where the money is to come again, since it came by the wrong card, bounced, or went back by
    /// mistake, the refund is undone ([`Order::undo_refund`]). Nothing is owed for a draft or a cancelled order, since it does not bind.
    pub fn owed(&self) -> Money {
        match self.state.status() {
            OrderStatus::Confirmed | OrderStatus::Locked => self.unpaid(),
            OrderStatus::Draft | OrderStatus::Cancelled => Money::zero(self.currency),
        }
    }

    /// The total less all payments, with what went back and was undone.
    pub(super) fn unpaid(&self) -> Money {
        let again = self.moved(EntryKind::RefundUndone).wrapping_sub(self.moved(EntryKind::Payment));
        Money::from_minor(self.total.minor().wrapping_add(again), self.currency)
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

    /// The entry of a kind that was made under a method and a reference, where both are known (REF-3).
    pub fn entry_under(
        &self,
        kind: EntryKind,
        method: Option<&Label>,
        reference: Option<&Label>,
    ) -> Option<&PaymentEntry> {
        let names = (method?, reference?);
        self.payments
            .iter()
            .find(|entry| entry.kind == kind && entry.method.as_ref().zip(entry.reference.as_ref()) == Some(names))
    }

    /// Refuses a method and a reference under which an entry of the kind was made.
    pub(super) fn not_entered(
        &self,
        kind: EntryKind,
        method: Option<&Label>,
        reference: Option<&Label>,
    ) -> Result<(), OrderError> {
        match self.entry_under(kind, method, reference) {
            Some(known) => Err(OrderError::ReferenceTaken { order: self.id, entry: known.number }),
            None => Ok(()),
        }
    }

    /// A new entry, not kept yet.
    pub(super) fn entry(
        &self,
        at: DateTime<Utc>,
        kind: EntryKind,
        new: NewRefund,
        amount: Money,
    ) -> Result<PaymentEntry, OrderError> {
        if self.payments.len() == LIMIT {
            let rule = Rule::TooMany { limit: LIMIT };
            return Err(Invalid::new("payments", self.payments.len().to_string(), rule).into());
        }
        let NewRefund { amount: _, lines, day, method, reference } = new;
        // Money goes back on a day on which it is there.
        let mut days = MoneyByDay::default();
        self.payments.iter().for_each(|entry| days.note(entry));
        let earliest = days.covers_from(amount).filter(|_| kind == EntryKind::Refund);
        let default = self.business_day(at);
        let day = day.unwrap_or_else(|| earliest.map_or(default, |earliest| earliest.max(default)));
        if kind == EntryKind::Refund {
            self.not_before_booking(day)?;
        }
        if let Some(earliest) = earliest.filter(|earliest| day < *earliest) {
            return Err(OrderError::RefundedTooEarly { order: self.id, amount, day, earliest });
        }
        let number = self.payments.last().map_or(1, |last| last.number + 1);
        Ok(PaymentEntry { number, kind, amount, at, day, method, reference, lines })
    }

    pub(super) fn enter(&mut self, at: DateTime<Utc>, entry: &PaymentEntry) {
        self.payments.push(entry.clone());
        self.updated_at = at;
    }

    /// Takes money, in part or in full.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::Overpaid`], [`OrderError::ReferenceTaken`], [`OrderError::Value`] for an amount of zero or less or in
    /// another currency.
    pub fn pay(&mut self, at: DateTime<Utc>, payment: NewPayment) -> Result<OrderFact, OrderError> {
        let order = self.id;
        self.take(at, payment).map_err(|refused| refused.of(order, OrderAction::Pay))
    }

    fn take(&mut self, at: DateTime<Utc>, payment: NewPayment) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Pay)?;
        self.not_entered(EntryKind::Payment, payment.method.as_ref(), payment.reference.as_ref())?;
        let amount = positive(payment.amount)?.in_currency(self.currency)?;
        let owed = self.owed();
        if amount > owed {
            return Err(OrderError::Overpaid { order: self.id, amount, owed });
        }
        let entry = self.entry(at, EntryKind::Payment, payment.into(), amount)?;
        self.enter(at, &entry);
        Ok(OrderFact::Paid { entry, owed: self.owed() })
    }
}

/// Refuses an amount of zero or less.
pub(crate) fn positive(amount: Money) -> Result<Money, Invalid> {
    if amount.is_positive() { Ok(amount) } else { Err(Invalid::new("amount", amount.to_string(), Rule::NotPositive)) }
}

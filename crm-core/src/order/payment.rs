//! What of an order was paid and refunded.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Deserialize, Invalid, LIMIT, Money, Order, OrderAction, OrderError, OrderFact, OrderLine, OrderStatus, Quantity,
    Rule, Serialize, is_plain,
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
    /// What the money went back for, by line; empty for a payment, and for a refund of money alone.
    pub lines: Vec<RefundedLine>,
}

/// So many of one line of the order, for which money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundedLine {
    /// The number of the order's line.
    pub line: u32,
    /// How many.
    pub quantity: Quantity,
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

/// What a refund is entered with: an amount, lines, or all that is left.
///
/// ```
/// use crm_core::{Currency, Money, NewRefund, Quantity, RefundedLine};
///
/// let fee_kept = NewRefund::of_lines([RefundedLine { line: 1, quantity: Quantity::from(2) }])
///     .amount(Money::parse("89.80", Currency::EUR)?) // less than the lamps came to
///     .method("card".parse()?);
/// assert_eq!(fee_kept.lines.len(), 1);
/// assert!(NewRefund::in_full().amount.is_none());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewRefund {
    /// How much, above zero. Where there is none: what the lines came to ([`Order::came_to`]), or without lines all that can be refunded.
    pub amount: Option<Money>,
    /// What the money goes back for, by line; none for money alone.
    pub lines: Vec<RefundedLine>,
    /// The business day; that of the act ([`Order::business_day`]) where there is none. It is not before the confirmation.
    pub day: Option<NaiveDate>,
    /// By what means.
    pub method: Option<Label>,
    /// What the bank or the provider calls it.
    pub reference: Option<Label>,
}

impl NewRefund {
    /// So much money, whatever it is for.
    pub fn of(amount: Money) -> Self {
        Self { amount: Some(amount), ..Self::in_full() }
    }

    /// What so much of some lines came to.
    pub fn of_lines(lines: impl IntoIterator<Item = RefundedLine>) -> Self {
        Self { lines: lines.into_iter().collect(), ..Self::in_full() }
    }

    /// All that was paid and not refunded.
    pub const fn in_full() -> Self {
        Self { amount: None, lines: Vec::new(), day: None, method: None, reference: None }
    }

    /// Another amount than the lines came to, a lower one: where a fee is kept.
    #[must_use]
    pub fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
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

impl From<NewPayment> for NewRefund {
    fn from(payment: NewPayment) -> Self {
        let NewPayment { amount, day, method, reference } = payment;
        Self { amount: Some(amount), lines: Vec::new(), day, method, reference }
    }
}

/// Refuses quantities of zero, lines that are named twice, and too many of them.
pub(crate) fn check_lines(lines: &[RefundedLine]) -> Result<(), Invalid> {
    if lines.len() > LIMIT {
        return Err(Invalid::new("lines", lines.len().to_string(), Rule::TooMany { limit: LIMIT }));
    }
    let mut named = BTreeSet::new();
    for one in lines {
        one.quantity.positive()?;
        if !named.insert(one.line) {
            return Err(Invalid::new("lines", one.line.to_string(), Rule::Repeated));
        }
    }
    Ok(())
}

/// What of each line was refunded by the entries.
fn refunded_lines(entries: &[PaymentEntry]) -> Result<BTreeMap<u32, Quantity>, Invalid> {
    let mut refunded: BTreeMap<u32, Quantity> = BTreeMap::new();
    for one in entries.iter().flat_map(|entry| &entry.lines) {
        let sum = refunded.entry(one.line).or_insert(Quantity::ZERO);
        *sum = sum.checked_add(one.quantity)?;
    }
    Ok(refunded)
}

/// The part of an amount that falls to so many of a line, after so many others of it. Each unit has its place in the line, so the parts of any division sum to the whole
/// exactly, with the rounding that the line had (REF-2).
fn part_of(whole: Money, line: &OrderLine, before: Quantity, quantity: Quantity) -> Option<i64> {
    let (ordered, first) = (i128::from(line.quantity().millionths()), i128::from(before.millionths()));
    let upto = |units: i128| Rounding::HalfUp.divide(i128::from(whole.minor()) * units, ordered);
    i64::try_from(upto(first + i128::from(quantity.millionths())) - upto(first)).ok()
}

/// What a refund takes back of what an order counts for: without tax.
pub(crate) struct RefundNet {
    /// In all.
    pub(crate) net: Money,
    /// What of it falls to the lines that it is for, by their place; nothing for money alone.
    pub(crate) lines: Vec<(usize, i64)>,
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
            EntryKind::Payment if !entry.lines.is_empty() => {
                return inconsistent("must name lines only where money goes back");
            }
            EntryKind::Payment => (left, kept) = (left.checked_sub(entry.amount)?, kept.checked_add(entry.amount)?),
            EntryKind::Refund => {
                order.not_before_booking(entry.day)?;
                check_lines(&entry.lines)?;
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
    for (line, refunded) in refunded_lines(&order.payments)? {
        if order.line(line).is_none_or(|line| refunded > line.quantity()) {
            let must = "must not refund more of a line than was ordered (REF-1)";
            return Err(Invalid::new("payments", line.to_string(), Rule::Inconsistent { must }));
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
        let back: i64 = self.refund_nets().iter().map(|refund| refund.net.minor()).sum();
        Money::from_minor(self.net.minor() - back, self.currency)
    }

    /// What each line comes to after all discounts, without tax and with it.
    fn line_sums(&self) -> Result<Vec<(Money, Money)>, Invalid> {
        if is_plain(&self.lines, &self.terms) {
            return Ok(self.lines.iter().map(|line| (line.amount(), line.amount())).collect());
        }
        let sums = self.totals()?;
        sums.lines().iter().map(|line| Ok((line.net, line.net.checked_add(line.tax)?))).collect()
    }

    /// What each refund takes back of what the order counts for, in the order in which they were entered: of lines what they came to without their own tax, of money alone
    /// its share of what is left. Once everything went back, exactly nothing is left (REF-2).
    pub(crate) fn refund_nets(&self) -> Vec<RefundNet> {
        let refunds = || self.payments.iter().filter(|entry| entry.kind == EntryKind::Refund);
        // An order that was checked has sums.
        let sums = if refunds().any(|entry| !entry.lines.is_empty()) {
            self.line_sums().unwrap_or_default()
        } else {
            Vec::new()
        };
        let (mut net, mut total) = (self.net.minor(), self.total.minor());
        // What money alone is a share of, and how much of it went back since.
        let (mut whole, mut shared) = ((net, total), 0);
        let mut before: BTreeMap<u32, Quantity> = BTreeMap::new();
        let mut nets = Vec::new();
        for entry in refunds() {
            let amount = entry.amount.minor();
            let parts = self.refunded_parts(entry, &sums, &mut before);
            let (of_net, of_total) = parts.iter().fold((0, 0), |(net, total), part| (net + part.1, total + part.2));
            let back = if amount == total {
                net
            } else if of_total > 0 {
                share(amount, of_net, of_total)
            } else {
                share(shared + amount, whole.0, whole.1) - share(shared, whole.0, whole.1)
            };
            // What is left is neither below zero nor below nothing of tax.
            let back = back.max(amount - (total - net)).min(net);
            (net, total) = (net - back, total - amount);
            if of_total > 0 {
                (whole, shared) = ((net, total), 0);
            } else {
                shared += amount;
            }
            let back = Money::from_minor(back, self.currency);
            let weights: Vec<u64> = parts.iter().map(|part| u64::try_from(part.1).unwrap_or(0)).collect();
            let split = back.allocate(&weights).unwrap_or_default();
            let lines = parts.iter().zip(split).map(|((place, ..), part)| (*place, part.minor())).collect();
            nets.push(RefundNet { net: back, lines });
        }
        nets
    }

    /// The places of the lines that a refund is for, with what they came to without tax and with it, after those `before`.
    fn refunded_parts(
        &self,
        entry: &PaymentEntry,
        sums: &[(Money, Money)],
        before: &mut BTreeMap<u32, Quantity>,
    ) -> Vec<(usize, i64, i64)> {
        let part = |one: &RefundedLine| {
            let place = self.place_of(one.line)?;
            let (line, (net, total)) = (&self.lines[place], sums.get(place)?);
            let earlier = before.entry(one.line).or_insert(Quantity::ZERO);
            let (net, total) =
                (part_of(*net, line, *earlier, one.quantity)?, part_of(*total, line, *earlier, one.quantity)?);
            *earlier = earlier.checked_add(one.quantity).ok()?;
            Some((place, net, total))
        };
        entry.lines.iter().filter_map(part).collect()
    }

    /// What of some money paid for the order is not tax, to the nearest unit: its share of the total, of which it is a part. Of the whole total it is the net, so the parts of
    /// a sum are told by the sums before and after each.
    pub fn without_tax(&self, money: Money) -> Money {
        Money::from_minor(share(money.minor(), self.net.minor(), self.total.minor()), self.currency)
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

    /// What of each line can still be refunded by line: what was ordered and not refunded by line, shipped or not. Lines of which nothing is left are not listed. A refund of
    /// money alone leaves it; money goes back at most as was paid, whatever it is for ([`Order::refundable`]).
    pub fn refundable_lines(&self) -> Vec<RefundedLine> {
        // A sum that does not fit is refused where the order is read.
        let refunded = refunded_lines(&self.payments).unwrap_or_default();
        let left = |line: &OrderLine| {
            let refunded = refunded.get(&line.number()).copied().unwrap_or(Quantity::ZERO);
            let quantity = line.quantity().less(refunded)?.positive().ok()?;
            Some(RefundedLine { line: line.number(), quantity })
        };
        self.lines.iter().filter_map(left).collect()
    }

    /// What so much of some lines came to, with tax and after all discounts, as the next of them that are refunded: their part of what each line came to, rounded such that all
    /// of a line, in however many parts, comes to that exactly (REF-2).
    ///
    /// # Errors
    ///
    /// [`OrderError::NoSuchLine`], [`OrderError::MoreThanRefundable`], [`OrderError::Invalid`] for a quantity of zero or a line that is named twice.
    pub fn came_to(&self, lines: &[RefundedLine]) -> Result<Money, OrderError> {
        check_lines(lines)?;
        let (order, left, totals) = (self.id, self.refundable_lines(), self.line_sums()?);
        let mut sum = Money::zero(self.currency);
        for one in lines {
            let place = self.place_of(one.line).ok_or(OrderError::NoSuchLine { order, line: one.line })?;
            let line = &self.lines[place];
            let left = match left.binary_search_by_key(&one.line, |left| left.line) {
                Ok(place) => left[place].quantity,
                Err(_) => Quantity::ZERO,
            };
            let more = OrderError::MoreThanRefundable { order, line: one.line, quantity: one.quantity, left };
            let before = line.quantity().less(left).filter(|_| one.quantity <= left).ok_or(more)?;
            let overflow = || Invalid::new("lines", one.line.to_string(), Rule::Overflow);
            let (_, total) = totals[place];
            let part = part_of(total, line, before, one.quantity).ok_or_else(overflow)?;
            sum = sum.checked_add(Money::from_minor(part, self.currency))?;
        }
        Ok(sum)
    }

    /// A new entry, not kept yet.
    fn entry(
        &self,
        at: DateTime<Utc>,
        kind: EntryKind,
        new: NewRefund,
        amount: Money,
    ) -> Result<PaymentEntry, Invalid> {
        if self.payments.len() == LIMIT {
            return Err(Invalid::new("payments", self.payments.len().to_string(), Rule::TooMany { limit: LIMIT }));
        }
        let NewRefund { amount: _, lines, day, method, reference } = new;
        let day = day.unwrap_or_else(|| self.business_day(at));
        if kind == EntryKind::Refund {
            self.not_before_booking(day)?;
        }
        let number = self.payments.last().map_or(1, |last| last.number + 1);
        Ok(PaymentEntry { number, kind, amount, at, day, method, reference, lines })
    }

    fn enter(&mut self, at: DateTime<Utc>, entry: &PaymentEntry) {
        self.payments.push(entry.clone());
        self.updated_at = at;
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
        let entry = self.entry(at, EntryKind::Payment, payment.into(), amount)?;
        self.enter(at, &entry);
        Ok(OrderFact::Paid { entry, owed: self.owed() })
    }

    /// Gives money back, at most what was paid (REF-1): an amount, what some lines came to, or everything. The order is worth that much less from that day on.
    ///
    /// A refund in full of an order that is paid in full is for all lines that are left ([`Order::refundable_lines`]).
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::OverRefunded`], [`OrderError::NoSuchLine`], [`OrderError::MoreThanRefundable`],
    /// [`OrderError::MoreThanTheyCameTo`], [`OrderError::Invalid`] for an amount of zero or less or in another currency, a quantity of zero or a line that is named twice.
    pub fn refund(&mut self, at: DateTime<Utc>, refund: impl Into<NewRefund>) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Refund)?;
        let (order, mut refund) = (self.id, refund.into());
        let refundable = self.refundable();
        let amount = match (refund.amount, refund.lines.is_empty()) {
            (Some(amount), true) => amount,
            (None, true) => {
                if self.unpaid().is_zero() {
                    refund.lines = self.refundable_lines();
                }
                refundable
            }
            (named, false) => {
                let came_to = self.came_to(&refund.lines)?;
                let amount = named.unwrap_or(came_to).in_currency(self.currency)?;
                if amount > came_to {
                    return Err(OrderError::MoreThanTheyCameTo { order, amount, came_to });
                }
                amount
            }
        };
        let amount = positive(amount)?.in_currency(self.currency)?;
        if amount > refundable {
            return Err(OrderError::OverRefunded { order, amount, refundable });
        }
        let entry = self.entry(at, EntryKind::Refund, refund, amount)?;
        self.enter(at, &entry);
        let back = self.refund_nets().pop().map_or(Money::zero(self.currency), |back| back.net);
        let reversed = Money::from_minor(-back.minor(), self.currency);
        Ok(OrderFact::Refunded { entry, reversed, refundable: self.refundable() })
    }
}

/// The share of a net in some of its total, to the nearest unit.
fn share(amount: i64, net: i64, total: i64) -> i64 {
    if total == 0 {
        return 0;
    }
    let part = Rounding::HalfUp.divide(i128::from(amount) * i128::from(net), i128::from(total));
    // A net is at most its total.
    i64::try_from(part).unwrap_or(amount)
}

/// Refuses an amount of zero or less.
pub(crate) fn positive(amount: Money) -> Result<Money, Invalid> {
    if amount.is_positive() { Ok(amount) } else { Err(Invalid::new("amount", amount.to_string(), Rule::NotPositive)) }
}

//! What of an order is refunded: what it is entered with, what lines came to, what goes back of the net, and what undoes it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Deserialize, EntryKind, Invalid, LIMIT, Money, NewPayment, Order, OrderAction, OrderError, OrderFact, OrderLine,
    PaymentEntry, Quantity, Rule, Serialize, is_plain,
    payment::{not_before, positive},
};
use crate::{money::Rounding, text::Label};

/// So many of one line of the order, for which money goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundedLine {
    /// The number of the order's line.
    pub line: u32,
    /// How many.
    pub quantity: Quantity,
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
    /// The business day, neither before the confirmation nor before the money came in. Where there is none: that of the act ([`Order::business_day`]), or the first on
    /// which the money is there.
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

/// What of each line was refunded by the entries, and not undone.
pub(super) fn refunded_lines(entries: &[PaymentEntry]) -> Result<BTreeMap<u32, Quantity>, Invalid> {
    let mut refunded: BTreeMap<u32, Quantity> = BTreeMap::new();
    for entry in entries {
        for one in &entry.lines {
            let sum = refunded.entry(one.line).or_insert(Quantity::ZERO);
            *sum = match entry.kind {
                // What is undone was refunded before.
                EntryKind::RefundUndone => sum.less(one.quantity).unwrap_or(Quantity::ZERO),
                EntryKind::Payment | EntryKind::Refund => sum.checked_add(one.quantity)?,
            };
        }
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

/// The most that so many of a line come to, wherever they stand in it.
fn part_at_most(whole: Money, line: &OrderLine, quantity: Quantity) -> Option<i64> {
    let all = i128::from(whole.minor()) * i128::from(quantity.millionths());
    i64::try_from(-(-all).div_euclid(i128::from(line.quantity().millionths()))).ok()
}

/// What lines that are refunded come to: in their place, and at most in any.
struct SumsOfLines {
    came_to: Money,
    at_most: Money,
}

/// What a refund takes back of what an order counts for: without tax. Below zero where a refund is undone.
pub(crate) struct RefundNet {
    /// In all.
    pub(crate) net: Money,
    /// What of it falls to the lines that it is for, by their place; nothing for money alone.
    pub(crate) lines: Vec<(usize, i64)>,
}

/// What is left of an order as its refunds go by.
#[derive(Clone, Copy)]
struct Left {
    net: i64,
    total: i64,
    /// What money alone is a share of, without tax and with it.
    whole: (i64, i64),
    /// How much money alone went back since.
    shared: i64,
}

impl Order {
    /// The refunds that were not undone, oldest first: the last of them is the one that [`Order::undo_refund`] takes.
    pub fn standing_refunds(&self) -> Vec<&PaymentEntry> {
        let mut standing = Vec::new();
        for entry in &self.payments {
            match entry.kind {
                EntryKind::Payment => {}
                EntryKind::Refund => standing.push(entry),
                EntryKind::RefundUndone => drop(standing.pop()),
            }
        }
        standing
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
    /// its share of what is left. Once everything went back, exactly nothing is left (REF-2). One that is undone gives exactly as much back, and leaves the order as if it
    /// had not been.
    pub(crate) fn refund_nets(&self) -> Vec<RefundNet> {
        let refunds = || self.payments.iter().filter(|entry| entry.kind != EntryKind::Payment);
        // An order that was checked has sums.
        let sums = if refunds().any(|entry| !entry.lines.is_empty()) {
            self.line_sums().unwrap_or_default()
        } else {
            Vec::new()
        };
        let all = (self.net.minor(), self.total.minor());
        let mut left = Left { net: all.0, total: all.1, whole: all, shared: 0 };
        let mut before: BTreeMap<u32, Quantity> = BTreeMap::new();
        let mut nets: Vec<RefundNet> = Vec::new();
        // Of the refunds that stand: their place, and what was left before.
        let mut standing: Vec<(usize, Left)> = Vec::new();
        for entry in refunds() {
            let amount = entry.amount.minor();
            if entry.kind == EntryKind::RefundUndone {
                for one in &entry.lines {
                    let earlier = before.entry(one.line).or_insert(Quantity::ZERO);
                    *earlier = earlier.less(one.quantity).unwrap_or(Quantity::ZERO);
                }
                let mut undone = RefundNet { net: Money::zero(self.currency), lines: Vec::new() };
                if let Some((place, left_before)) = standing.pop() {
                    left = left_before;
                    undone.net = Money::from_minor(-nets[place].net.minor(), self.currency);
                    undone.lines = nets[place].lines.iter().map(|(place, part)| (*place, -part)).collect();
                }
                nets.push(undone);
                continue;
            }
            standing.push((nets.len(), left));
            let parts = self.refunded_parts(entry, &sums, &mut before);
            let (of_net, of_total) = parts.iter().fold((0, 0), |(net, total), part| (net + part.1, total + part.2));
            let back = if amount == left.total {
                left.net
            } else if of_total > 0 {
                share(amount, of_net, of_total)
            } else {
                share(left.shared + amount, left.whole.0, left.whole.1) - share(left.shared, left.whole.0, left.whole.1)
            };
            // What is left is neither below zero nor below nothing of tax.
            let back = back.max(amount - (left.total - left.net)).min(left.net);
            (left.net, left.total) = (left.net - back, left.total - amount);
            if of_total > 0 {
                (left.whole, left.shared) = ((left.net, left.total), 0);
            } else {
                left.shared += amount;
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

    /// What each of the [`payments`](Order::payments) counts for where money is credited as it comes, without tax: a payment its share of the total, told by the sums before and after
    /// it, so that all of them come to the net; a refund, below zero, what it takes back of the net, that of lines with their own tax (REF-2). Once no money is left nothing
    /// is, and a refund that is undone moves none.
    pub fn paid(&self) -> Vec<Money> {
        self.money_nets().into_iter().map(|entry| entry.net).collect()
    }

    /// The same, each with what of it falls to the lines that it is for, by their place.
    pub(crate) fn money_nets(&self) -> Vec<RefundNet> {
        let mut refunds = self.refund_nets().into_iter();
        let (mut kept_net, mut kept) = (0, 0);
        // What is shared out over the payments, without tax and with it, and how much of it came; what each standing refund took back.
        let (mut whole, mut came, mut standing) = ((self.net.minor(), self.total.minor()), 0, Vec::new());
        let mut nets = Vec::new();
        for entry in &self.payments {
            let amount = entry.amount.minor();
            let (net, lines) = match entry.kind {
                EntryKind::Payment => {
                    let net = share(came + amount, whole.0, whole.1) - share(came, whole.0, whole.1);
                    (came, kept_net, kept) = (came + amount, kept_net + net, kept + amount);
                    (net, Vec::new())
                }
                EntryKind::Refund => {
                    let back = refunds.next().unwrap_or(RefundNet { net: entry.amount, lines: Vec::new() });
                    let net = back.net.minor().max(amount - (kept - kept_net)).min(kept_net);
                    (kept_net, kept) = (kept_net - net, kept - amount);
                    standing.push(net);
                    (-net, back.lines)
                }
                EntryKind::RefundUndone => {
                    // It is owed again by just what it took back, with what has not come yet.
                    let net = standing.pop().unwrap_or(0);
                    whole = (whole.0 - share(came, whole.0, whole.1) + net, whole.1 - came + amount);
                    came = 0;
                    (0, refunds.next().map(|back| back.lines).unwrap_or_default())
                }
            };
            nets.push(RefundNet { net: Money::from_minor(net, self.currency), lines });
        }
        nets
    }

    /// What of each line can still be refunded by line, once it is paid: what was ordered and not refunded by line, shipped or not. Lines of which nothing is left are not
    /// listed. A refund of money alone leaves it; lines and money go back at most as was paid ([`Order::refund_of`]).
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
    /// [`OrderError::NoSuchLine`], [`OrderError::MoreThanRefundable`], [`OrderError::Value`] for a quantity of zero or a line that is named twice.
    pub fn came_to(&self, lines: &[RefundedLine]) -> Result<Money, OrderError> {
        let sums = self.sums_of(lines, &[]).map_err(|refused| refused.of(self.id, OrderAction::Refund))?;
        Ok(sums.came_to)
    }

    /// What lines come to after those that were refunded and those that are begun.
    fn sums_of(&self, lines: &[RefundedLine], begun: &[RefundedLine]) -> Result<SumsOfLines, OrderError> {
        check_lines(lines)?;
        let (order, mut left, totals) = (self.id, self.refundable_lines(), self.line_sums()?);
        for one in &mut left {
            for other in begun.iter().filter(|other| other.line == one.line) {
                one.quantity = one.quantity.less(other.quantity).unwrap_or(Quantity::ZERO);
            }
        }
        let none = Money::zero(self.currency);
        let mut sums = SumsOfLines { came_to: none, at_most: none };
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
            let at_most = part_at_most(total, line, one.quantity).ok_or_else(overflow)?;
            sums.came_to = sums.came_to.checked_add(Money::from_minor(part, self.currency))?;
            sums.at_most = sums.at_most.checked_add(Money::from_minor(at_most, self.currency))?;
        }
        Ok(sums)
    }

    /// How much goes back for so much of some lines: an amount that was named, or what they came to ([`Order::came_to`]), after what is `begun` and not entered yet. All lines
    /// that are refunded, with these, come to no more than was paid (REF-1): which of them a part payment was for nobody knows, so it is for whichever are refunded.
    ///
    /// # Errors
    ///
    /// As [`Order::came_to`]; [`OrderError::MoreThanTheyCameTo`], [`OrderError::OverRefunded`], [`OrderError::LinesNotPaid`], [`OrderError::Value`] for an amount of zero or
    /// less or in another currency.
    pub fn refund_of(
        &self,
        lines: &[RefundedLine],
        amount: Option<Money>,
        begun: &[RefundedLine],
    ) -> Result<Money, OrderError> {
        let amount = self.go_back_for(lines, amount, begun, false);
        amount.map_err(|refused| refused.of(self.id, OrderAction::Refund))
    }

    fn go_back_for(
        &self,
        lines: &[RefundedLine],
        amount: Option<Money>,
        begun: &[RefundedLine],
        in_any_place: bool,
    ) -> Result<Money, OrderError> {
        let order = self.id;
        let SumsOfLines { came_to, at_most } = self.sums_of(lines, begun)?;
        let at_most = if in_any_place { at_most } else { came_to };
        let amount = positive(amount.unwrap_or(came_to).in_currency(self.currency)?)?;
        if amount > at_most {
            return Err(OrderError::MoreThanTheyCameTo { order, amount, came_to });
        }
        let refundable = self.refundable();
        if amount > refundable {
            return Err(OrderError::OverRefunded { order, amount, refundable });
        }
        let (mut refunded, sums) = (refunded_lines(&self.payments)?, self.line_sums()?);
        for one in lines.iter().chain(begun) {
            let sum = refunded.entry(one.line).or_insert(Quantity::ZERO);
            *sum = sum.checked_add(one.quantity)?;
        }
        let of_line = |(line, (_, total)): (&OrderLine, &(Money, Money))| {
            let quantity = refunded.get(&line.number())?;
            Some(Money::from_minor(part_of(*total, line, Quantity::ZERO, *quantity)?, self.currency))
        };
        let came_to = Money::sum(self.lines.iter().zip(&sums).filter_map(of_line), self.currency)?;
        let paid = self.total.checked_sub(self.unpaid())?;
        if came_to > paid { Err(OrderError::LinesNotPaid { order, came_to, paid }) } else { Ok(amount) }
    }

    /// Gives money back, at most what was paid (REF-1): an amount, what some lines came to, or everything. The order is worth that much less from that day on.
    ///
    /// A refund in full of an order that is paid in full is for all lines that are left ([`Order::refundable_lines`]), whether the amount is named or not.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::OverRefunded`], [`OrderError::ReferenceTaken`], [`OrderError::RefundedTooEarly`], as
    /// [`Order::refund_of`] for lines, [`OrderError::Value`] for an amount of zero or less or in another currency, or a day before the confirmation.
    pub fn refund(&mut self, at: DateTime<Utc>, refund: impl Into<NewRefund>) -> Result<OrderFact, OrderError> {
        let order = self.id;
        self.give_back(at, refund.into(), false).map_err(|refused| refused.of(order, OrderAction::Refund))
    }

    /// Enters a refund that was begun elsewhere and is done, as [`Order::refund`] does. What was begun is not always done in its order: units that come to a unit of the
    /// currency more or less by their place in the line may have gone back for the more.
    ///
    /// # Errors
    ///
    /// As [`Order::refund`].
    pub fn enter_refund(&mut self, at: DateTime<Utc>, refund: impl Into<NewRefund>) -> Result<OrderFact, OrderError> {
        let order = self.id;
        self.give_back(at, refund.into(), true).map_err(|refused| refused.of(order, OrderAction::Refund))
    }

    fn give_back(
        &mut self,
        at: DateTime<Utc>,
        mut refund: NewRefund,
        in_any_place: bool,
    ) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Refund)?;
        self.not_entered(EntryKind::Refund, refund.method.as_ref(), refund.reference.as_ref())?;
        let order = self.id;
        let refundable = self.refundable();
        let amount = match (refund.amount, refund.lines.is_empty()) {
            (Some(amount), true) => amount,
            (None, true) => refundable,
            (named, false) => self.go_back_for(&refund.lines, named, &[], in_any_place)?,
        };
        let amount = positive(amount)?.in_currency(self.currency)?;
        if amount > refundable {
            return Err(OrderError::OverRefunded { order, amount, refundable });
        }
        if refund.lines.is_empty() && amount == refundable && self.unpaid().is_zero() {
            refund.lines = self.refundable_lines();
        }
        // So much that the sum of what ever went back does not fit.
        self.refunded().checked_add(amount)?;
        let entry = self.entry(at, EntryKind::Refund, refund, amount)?;
        self.enter(at, &entry);
        let reversed = self.refund_nets().pop().map_or(Money::zero(self.currency), |back| back.net);
        Ok(OrderFact::Refunded { entry, reversed, refundable: self.refundable() })
    }

    /// Takes the credit of a refund back, the last one that stands, by its number: what went back is owed again, its lines are to be delivered again, and the order is worth as much more from that day on as it
    /// was worth less by the refund. No money moves; it comes again by [`Order::pay`]. That is what undoes a refund that was a mistake or that bounced, and what gives
    /// back money that came by the wrong card: refund it, undo the refund, pay anew. Earlier refunds are undone after later ones, so that each leaves the order as it was
    /// before it.
    ///
    /// Without a day it is that of the act ([`Order::business_day`]), or of the refund where that is later.
    ///
    /// ```
    /// # use chrono::{TimeZone, Utc};
    /// use crm_core::{Currency, Draft, Money, NewPayment, NewRefund, Order, OrderLine, Percent, RecordId, UnitPrice};
    ///
    /// # let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
    /// # let (id, customer) = (crm_core::OrderId::from_uuid(Default::default()), crm_core::CustomerId::from_uuid(Default::default()));
    /// # let product = crm_core::ProductId::from_uuid(Default::default());
    /// let eur = |text| Money::parse(text, Currency::EUR);
    /// let line = OrderLine::new(1, product, 1.into(), UnitPrice::parse("100", Currency::EUR)?, Percent::ZERO)?;
    /// let mut order = Order::draft(at, Draft::new(id, "SO-1".parse()?, customer, Currency::EUR, vec![line]))?;
    /// order.confirm(at, at.date_naive())?;
    ///
    /// order.pay(at, NewPayment::of(eur("60.00")?))?; // by the wrong card
    /// order.refund(at, NewRefund::in_full())?;
    /// assert_eq!(order.owed(), eur("40.00")?);
    /// order.undo_refund(at, 2, None)?;
    /// assert_eq!(order.owed(), eur("100.00")?);
    /// order.pay(at, NewPayment::of(eur("100.00")?))?;
    /// assert_eq!(order.revenue().iter().map(|entry| entry.amount.minor()).collect::<Vec<_>>(), [10_000, -6_000, 6_000]);
    ///
    /// let refused = order.undo_refund(at, 2, None).unwrap_err().to_string();
    /// assert!(refused.ends_with("no refund stands"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::NotTheLastRefund`], [`OrderError::Value`] for a day before that of the refund.
    pub fn undo_refund(
        &mut self,
        at: DateTime<Utc>,
        entry: u32,
        day: Option<NaiveDate>,
    ) -> Result<OrderFact, OrderError> {
        let action = OrderAction::UndoRefund;
        self.step(action)?;
        let order = self.id;
        let last = self.standing_refunds().last().map(|last| (*last).clone());
        let number = last.as_ref().map(|last| last.number);
        let refund = last.filter(|last| last.number == entry);
        let refund = refund.ok_or(OrderError::NotTheLastRefund { order, entry, last: number })?;
        let day = day.unwrap_or_else(|| self.business_day(at).max(refund.day));
        not_before(day, refund.day).map_err(|invalid| OrderError::Value { order, action, invalid })?;
        let new = NewRefund { day: Some(day), ..NewRefund::of_lines(refund.lines) };
        let entry = self.entry(at, EntryKind::RefundUndone, new, refund.amount);
        let entry = entry.map_err(|refused| refused.of(order, action))?;
        self.enter(at, &entry);
        let back = self.refund_nets().pop().map_or(Money::zero(self.currency), |back| back.net);
        let restored = Money::from_minor(-back.minor(), self.currency);
        Ok(OrderFact::RefundUndone { entry, restored, owed: self.owed() })
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

//! Orders: what a customer has bound themself to buy, what was shipped, what was paid.

mod error;
mod fact;
mod fulfilment;
mod line;
mod new;
mod payment;
mod refund;
mod state;
mod sums;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use self::sums::is_plain;
pub use self::{
    error::OrderError,
    fact::OrderFact,
    fulfilment::{Fulfilment, Shipment, ShipmentState, ShipmentStatus, ShippedLine},
    line::{NewOrderLine, OrderLine, OrderLineParts},
    new::{Draft, NewOrder},
    payment::{EntryKind, NewPayment, PaymentEntry, PaymentStatus},
    refund::{NewRefund, RefundedLine},
    state::{OrderAction, OrderState, OrderStatus},
};
pub(crate) use self::{
    payment::positive,
    refund::check_lines as check_refunded_lines,
    sums::{check_lines, sums, totals},
};
use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    exchange_rate::DatedRate,
    id::{CustomerId, OrderId, PriceListId, ProductId, QuoteId, SalesRepId},
    invalid::{Invalid, Rule},
    money::{Currency, Money},
    record::{Revision, guarded},
    text::{ExternalId, Number, Text},
    totals::{Terms, Totals},
};

guarded! {
    /// An order on its three axes, which are kept apart (ORD-7): where it stands commercially, what of it was shipped ([`Fulfilment`]) and what of it
    /// was paid ([`PaymentStatus`]). The last two follow from the shipments and the payments.
    ///
    /// What may be done to an order, by where it stands commercially:
    ///
    #[doc = include_str!("transitions/order.md")]
    Order(OrderId), OrderParts as "OrderParts" {
        /// What people call it by; unique among orders.
        borrow number: Number,
        /// Its id in another system; unique among orders.
        maybe external_id: ExternalId,
        /// The customer.
        copy customer: CustomerId,
        /// The quote that it was made of (QT-3); its lines know theirs.
        copy quote: Option<QuoteId>,
        /// The rep whose sale it is; its revenue is theirs, that of past months too ([`Order::reassign`]).
        copy rep: Option<SalesRepId>,
        /// The currency of all its amounts.
        copy currency: Currency,
        /// The list that lines are priced by when they are added (PRC-4).
        copy price_list: Option<PriceListId>,
        /// What is ordered.
        list lines: OrderLine,
        /// The discount on the whole order, and how it is taxed.
        copy terms: Terms,
        /// The sum of the lines after all discounts, without tax: what it counts for as revenue.
        copy net: Money,
        /// The sum of the lines after all discounts, with tax: what is to be paid.
        copy total: Money,
        /// Where it stands commercially.
        borrow state: OrderState,
        /// The rate into another currency that it pinned when it was confirmed (MON-3).
        maybe rate: DatedRate,
        /// What was shipped, oldest first.
        list shipments: Shipment,
        /// What was paid and refunded, oldest first.
        list payments: PaymentEntry,
    }
}

/// Why an amount counts as revenue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevenueKind {
    /// An order was confirmed.
    Booked,
    /// Money went back: negative, on its own day.
    Refunded,
    /// A refund was undone: as much as it took back, on the day on which it was.
    RefundUndone,
    /// A confirmed order was cancelled: what counted until then, negative, on the day of the cancellation.
    Cancelled,
}

/// An amount of revenue on a business day: net of discount and without tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revenue {
    /// The business day.
    pub day: NaiveDate,
    /// Why it counts.
    pub kind: RevenueKind,
    /// The amount; negative where it is taken back.
    pub amount: Money,
}

/// Most lines, shipments and payments of one order, each.
const LIMIT: usize = 10_000;

impl Order {
    /// A new draft.
    ///
    /// # Errors
    ///
    /// [`Rule::TooMany`] lines, and as [`Totals::of`].
    pub fn draft(at: DateTime<Utc>, draft: Draft) -> Result<Self, Invalid> {
        let Draft { id, number, external_id, customer, quote, rep, currency, price_list, lines, terms } = draft;
        let (net, total) = sums(&lines, currency, &terms)?;
        let parts = OrderParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            number,
            external_id,
            customer,
            quote,
            rep,
            currency,
            price_list,
            lines,
            terms,
            net,
            total,
            state: OrderState::Draft,
            rate: None,
            shipments: Vec::new(),
            payments: Vec::new(),
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        for (field, count) in [("shipments", self.shipments.len()), ("payments", self.payments.len())] {
            if count > LIMIT {
                return Err(Invalid::new(field, count.to_string(), Rule::TooMany { limit: LIMIT }));
            }
        }
        let inconsistent = |field, value: String, must| Err(Invalid::new(field, value, Rule::Inconsistent { must }));
        check_lines(&self.lines, self.currency, &self.terms, (self.net, self.total))?;
        if self.lines.is_empty() && self.state.confirmed_on().is_some() {
            return Err(Invalid::new("lines", "", Rule::Empty));
        }
        if let Some(rate) = &self.rate {
            let Some(day) = self.state.confirmed_on() else {
                return inconsistent("rate", rate.to_string(), "must be pinned by the confirmation (MON-3)");
            };
            self.converts(rate, day)?;
        }
        let moved = !self.shipments.is_empty() || !self.payments.is_empty();
        if moved && self.state.confirmed_on().is_none() {
            return inconsistent(
                "state",
                self.state.status().to_string(),
                "must have been confirmed where goods or money moved",
            );
        }
        fulfilment::check(self)?;
        payment::check(self)?;
        if let OrderState::Cancelled { day, .. } = &self.state {
            self.not_before_booking(*day)?;
        }
        let cancelled = self.state.status() == OrderStatus::Cancelled;
        if cancelled && (self.has_goods_out() || self.refundable().is_positive()) {
            let must = "must not be cancelled while goods are out or money is not refunded";
            return inconsistent("state", self.state.status().to_string(), must);
        }
        Ok(())
    }

    /// Refuses a rate from another currency, and one that does not hold on a day yet.
    fn converts(&self, rate: &DatedRate, day: NaiveDate) -> Result<(), Invalid> {
        let rule = if rate.from != self.currency {
            Rule::CurrencyMismatch { expected: self.currency, found: rate.from }
        } else if rate.day > day {
            Rule::Inconsistent { must: "must hold on the day of the confirmation already (MON-3)" }
        } else {
            return Ok(());
        };
        Err(Invalid::new("rate", rate.to_string(), rule))
    }

    fn step(&self, action: OrderAction) -> Result<OrderStatus, OrderError> {
        let status = self.state.status();
        let refused = OrderError::NotAllowed { order: self.id, status, action };
        OrderStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// The business day of an act where the host names none: the day of the instant in UTC, or that of the confirmation where it is later, as it may be for a
    /// host that confirmed on a day of its own calendar.
    pub fn business_day(&self, at: DateTime<Utc>) -> NaiveDate {
        self.state.confirmed_on().map_or(at.date_naive(), |confirmed| confirmed.max(at.date_naive()))
    }

    /// Refuses a day on which revenue would be taken back before it was booked.
    fn not_before_booking(&self, day: NaiveDate) -> Result<(), Invalid> {
        match self.state.confirmed_on() {
            Some(earliest) if day < earliest => Err(Invalid::new("day", day.to_string(), Rule::TooEarly { earliest })),
            _ => Ok(()),
        }
    }

    /// Replaces the lines and the terms of a draft. `None` where nothing is different.
    ///
    /// What promotions took off was found for the lines as they are. So these stand until the promotions are released; the terms may change, since promotions come
    /// before the discount on the document (PRC-6).
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is confirmed, [`OrderError::Promoted`] for other lines, [`OrderError::Value`] as [`Order::draft`].
    pub fn amend(
        &mut self,
        at: DateTime<Utc>,
        lines: Vec<OrderLine>,
        terms: Terms,
    ) -> Result<Option<OrderFact>, OrderError> {
        self.step(OrderAction::Amend)?;
        if lines != self.lines && self.is_promoted() {
            return Err(OrderError::Promoted { order: self.id });
        }
        self.put(at, Ok(lines), terms)
    }

    /// Whether its lines and its terms can be amended.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is confirmed.
    pub fn amendable(&self) -> Result<(), OrderError> {
        self.step(OrderAction::Amend).map(drop)
    }

    /// Whether promotions take something off its lines.
    pub fn is_promoted(&self) -> bool {
        self.lines.iter().any(|line| line.taken_off().is_some())
    }

    /// Takes off the lines of a draft what a promotion does, as [`Promotion::taken_off`](crate::Promotion::taken_off) says of their amounts: a part for each line, in
    /// their order. So one promotion after the other takes something off what is left, and the discount on the document follows (PRC-6).
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is confirmed; [`OrderError::Value`] as [`OrderLine::less`], and for another number of parts than lines.
    pub fn promote(&mut self, at: DateTime<Utc>, parts: &[Money]) -> Result<Option<OrderFact>, OrderError> {
        self.step(OrderAction::Amend)?;
        if parts.len() != self.lines.len() {
            let must = "must be as many as there are lines";
            let refused = OrderError::from(Invalid::new("parts", parts.len().to_string(), Rule::Inconsistent { must }));
            return Err(refused.of(self.id, OrderAction::Amend));
        }
        let lines = self.lines.iter().zip(parts).map(|(line, off)| line.clone().less(*off));
        self.put(at, lines.collect(), self.terms)
    }

    /// Gives the lines of a draft back what promotions took off. `None` where they took nothing.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is confirmed.
    pub fn release_promotions(&mut self, at: DateTime<Utc>) -> Result<Option<OrderFact>, OrderError> {
        self.step(OrderAction::Amend)?;
        let lines = self.lines.iter().map(|line| line.clone().without_promotions());
        self.put(at, lines.collect(), self.terms)
    }

    fn put(
        &mut self,
        at: DateTime<Utc>,
        lines: Result<Vec<OrderLine>, Invalid>,
        terms: Terms,
    ) -> Result<Option<OrderFact>, OrderError> {
        let order = self.id;
        let refused = |invalid| OrderError::from(invalid).of(order, OrderAction::Amend);
        let lines = lines.map_err(refused)?;
        if lines == self.lines && terms == self.terms {
            return Ok(None);
        }
        let mut after = self.clone();
        (after.net, after.total) = sums(&lines, self.currency, &terms).map_err(refused)?;
        (after.lines, after.terms, after.updated_at) = (lines, terms, at);
        after.check().map_err(refused)?;
        let Self { lines: before, terms: terms_before, .. } = std::mem::replace(self, after);
        Ok(Some(OrderFact::Amended { before, after: self.lines.clone(), terms_before, terms }))
    }

    /// Prices the lines that are added from now on by another list, or by none; those that are there keep their prices (PRC-4). `None` where it is that list already.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is confirmed (ORD-4).
    pub fn price_by(&mut self, at: DateTime<Utc>, list: Option<PriceListId>) -> Result<Option<OrderFact>, OrderError> {
        self.step(OrderAction::Amend)?;
        if list == self.price_list {
            return Ok(None);
        }
        self.updated_at = at;
        let from = std::mem::replace(&mut self.price_list, list);
        Ok(Some(OrderFact::PriceListChanged { from, to: list }))
    }

    /// Makes it another rep's sale, or nobody's. All its revenue goes with it, that of past months too. `None` where it is theirs already.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] once it is cancelled.
    pub fn reassign(&mut self, at: DateTime<Utc>, rep: Option<SalesRepId>) -> Result<Option<OrderFact>, OrderError> {
        self.step(OrderAction::Reassign)?;
        if rep == self.rep {
            return Ok(None);
        }
        self.updated_at = at;
        let from = std::mem::replace(&mut self.rep, rep);
        Ok(Some(OrderFact::Reassigned { from, to: rep }))
    }

    /// Confirms a draft on a business day (ORD-1): from here on it counts as revenue and its lines stand.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is a draft, [`OrderError::NoLines`].
    pub fn confirm(&mut self, at: DateTime<Utc>, day: NaiveDate) -> Result<OrderFact, OrderError> {
        self.confirmable()?;
        Ok(self.confirmed(at, day, None))
    }

    /// Confirms a draft as [`Order::confirm`] does, and pins the rate by which its amounts are converted from here on (MON-3).
    ///
    /// # Errors
    ///
    /// As [`Order::confirm`]; [`OrderError::Value`] with [`Rule::CurrencyMismatch`] where the rate is from another currency than the order, and with
    /// [`Rule::Inconsistent`] where it holds from a later day on.
    pub fn confirm_at_rate(
        &mut self,
        at: DateTime<Utc>,
        day: NaiveDate,
        rate: DatedRate,
    ) -> Result<OrderFact, OrderError> {
        self.confirmable()?;
        let refused = |invalid| OrderError::from(invalid).of(self.id, OrderAction::Confirm);
        self.converts(&rate, day).map_err(refused)?;
        Ok(self.confirmed(at, day, Some(rate)))
    }

    fn confirmed(&mut self, at: DateTime<Utc>, day: NaiveDate, rate: Option<DatedRate>) -> OrderFact {
        (self.state, self.rate, self.updated_at) = (OrderState::Confirmed { at, day }, rate.clone(), at);
        OrderFact::Confirmed { day, net: self.net, total: self.total, rate }
    }

    /// Whether it can be confirmed (ORD-1).
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is a draft, [`OrderError::NoLines`].
    pub fn confirmable(&self) -> Result<(), OrderError> {
        self.step(OrderAction::Confirm)?;
        if self.lines.is_empty() { Err(OrderError::NoLines { order: self.id }) } else { Ok(()) }
    }

    /// Locks a confirmed order against cancelling (ORD-3).
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is confirmed.
    pub fn lock(&mut self, at: DateTime<Utc>) -> Result<OrderFact, OrderError> {
        let refused = OrderError::NotAllowed { order: self.id, status: self.state.status(), action: OrderAction::Lock };
        let OrderState::Confirmed { at: confirmed_at, day } = self.state else { return Err(refused) };
        (self.state, self.updated_at) = (OrderState::Locked { at: confirmed_at, day }, at);
        Ok(OrderFact::Locked)
    }

    /// Unlocks a locked order.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is locked.
    pub fn unlock(&mut self, at: DateTime<Utc>) -> Result<OrderFact, OrderError> {
        let refused =
            OrderError::NotAllowed { order: self.id, status: self.state.status(), action: OrderAction::Unlock };
        let OrderState::Locked { at: confirmed_at, day } = self.state else { return Err(refused) };
        (self.state, self.updated_at) = (OrderState::Confirmed { at: confirmed_at, day }, at);
        Ok(OrderFact::Unlocked)
    }

    /// Cancels a draft, or a confirmed order whose goods are back and whose money is refunded.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] where it is locked or cancelled, [`OrderError::StillShipped`], [`OrderError::StillPaid`],
    /// [`OrderError::Value`] for a day before that of the confirmation.
    pub fn cancel(&mut self, at: DateTime<Utc>, day: NaiveDate, reason: Option<Text>) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Cancel)?;
        if self.has_goods_out() {
            return Err(OrderError::StillShipped { order: self.id });
        }
        let paid = self.refundable();
        if paid.is_positive() {
            return Err(OrderError::StillPaid { order: self.id, paid });
        }
        let early = |invalid| OrderError::from(invalid).of(self.id, OrderAction::Cancel);
        self.not_before_booking(day).map_err(early)?;
        let confirmed_on = self.state.confirmed_on();
        let reversed = match confirmed_on {
            Some(_) => self.worth(),
            None => Money::zero(self.currency),
        };
        self.state = OrderState::Cancelled { at, day, confirmed_on, reason: reason.clone() };
        self.updated_at = at;
        Ok(OrderFact::Cancelled { day, reversed, reason })
    }

    /// Whether it may be deleted: a draft, cancelled or not (ORD-4). What was confirmed once stays, or a closed month would change.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`], [`OrderError::Booked`].
    pub fn deletable(&self) -> Result<(), OrderError> {
        self.step(OrderAction::Delete)?;
        match self.state.confirmed_on() {
            None => Ok(()),
            Some(_) => Err(OrderError::Booked { order: self.id }),
        }
    }

    /// The revenue that it counts for, in the order in which it was entered: booked in full on the day of the confirmation, less each refund on its own day, less what was
    /// left on the day of a cancellation. The sum is what the order is worth now. All of it is without tax: of a refund, what its money was without tax (REF-2). A refund that was
    /// undone counts again on the day on which it was.
    pub fn revenue(&self) -> Vec<Revenue> {
        let Some(day) = self.state.confirmed_on() else { return Vec::new() };
        let mut entries = vec![Revenue { day, kind: RevenueKind::Booked, amount: self.net }];
        let refunds = self.payments.iter().filter(|entry| entry.kind != EntryKind::Payment);
        for (refund, back) in refunds.zip(self.refund_nets()) {
            let amount = Money::from_minor(-back.net.minor(), self.currency);
            let undone = refund.kind == EntryKind::RefundUndone;
            let kind = if undone { RevenueKind::RefundUndone } else { RevenueKind::Refunded };
            entries.push(Revenue { day: refund.day, kind, amount });
        }
        if let OrderState::Cancelled { day, .. } = self.state {
            let amount = Money::from_minor(-self.worth().minor(), self.currency);
            entries.push(Revenue { day, kind: RevenueKind::Cancelled, amount });
        }
        entries
    }

    /// What its lines, its taxes and the whole of it come to.
    ///
    /// # Errors
    ///
    /// As [`Totals::of`], which an order that was checked does not give.
    pub fn totals(&self) -> Result<Totals, Invalid> {
        totals(&self.lines, self.currency, &self.terms)
    }

    /// What each line comes to after all discounts, without tax.
    pub(crate) fn nets(&self) -> Result<Vec<Money>, Invalid> {
        if is_plain(&self.lines, &self.terms) {
            return Ok(self.lines.iter().map(OrderLine::amount).collect());
        }
        Ok(self.totals()?.lines().iter().map(|line| line.net).collect())
    }

    /// The line with a number.
    pub fn line(&self, number: u32) -> Option<&OrderLine> {
        self.place_of(number).map(|place| &self.lines[place])
    }

    /// The place of the line with a number.
    fn place_of(&self, number: u32) -> Option<usize> {
        // The lines are numbered upwards.
        self.lines.binary_search_by_key(&number, OrderLine::number).ok()
    }
}

#[cfg(test)]
mod tests;

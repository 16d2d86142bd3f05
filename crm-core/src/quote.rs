//! Quotes: what is offered to a customer, until when, and what becomes of it.

mod approval;
mod error;
mod fact;
mod new;
mod state;

use chrono::{DateTime, NaiveDate, Utc};

pub use self::{
    error::QuoteError,
    fact::QuoteFact,
    new::{NewQuote, QuoteContent, QuoteDraft},
    state::{QuoteAction, QuoteState, QuoteStatus},
};
use crate::{
    discount::{Approval, Measured},
    id::{CustomerId, OpportunityId, OrderId, PriceListId, QuoteId, SalesRepId},
    invalid::{Invalid, Rule},
    money::{Currency, Money},
    order::{OrderLine, check_lines, sums, totals},
    record::{Revision, guarded},
    text::{Actor, ExternalId, Label, Number, Text},
    totals::{Terms, Totals},
};

guarded! {
    /// An offer to a customer, in one version. Once it is sent its content stands; a change makes the next version, which supersedes it (QT-1).
    ///
    /// What may be done to a quote, by where it stands:
    ///
    #[doc = include_str!("transitions/quote.md")]
    Quote(QuoteId), QuoteParts as "QuoteParts" {
        /// What people call it by; unique among quotes. A version after the first has its version behind it: `Q-000001-2`.
        borrow number: Number,
        /// Its id in another system; unique among quotes.
        maybe external_id: ExternalId,
        /// Which version it is, from 1.
        copy version: u32,
        /// The version before it.
        copy previous: Option<QuoteId>,
        /// The customer.
        copy customer: CustomerId,
        /// The opportunity that it is for.
        copy opportunity: Option<OpportunityId>,
        /// The rep whose sale it would be.
        copy rep: Option<SalesRepId>,
        /// Who wrote its content since somebody approved it last, who wrote last at the end: none of them approves it (PRC-5).
        list authors: Actor,
        /// The currency of all its amounts.
        copy currency: Currency,
        /// The list that lines are priced by when they are added (PRC-4).
        copy price_list: Option<PriceListId>,
        /// What is offered.
        list lines: OrderLine,
        /// The discount on the whole quote, and how it is taxed.
        copy terms: Terms,
        /// The sum of the lines after all discounts, without tax.
        copy net: Money,
        /// The sum of the lines after all discounts, with tax.
        copy total: Money,
        /// The last day on which the customer can take it (QT-2); any day where there is none.
        copy valid_until: Option<NaiveDate>,
        /// Who approved what goes beyond the limit of who handed it in, where that was asked.
        maybe approval: Approval,
        /// Where it stands.
        borrow state: QuoteState,
    }
}

impl Quote {
    /// A new draft, of version 1.
    ///
    /// # Errors
    ///
    /// [`Rule::TooMany`] lines, [`Rule::Empty`] authors, and as [`Totals::of`].
    pub fn draft(at: DateTime<Utc>, draft: QuoteDraft) -> Result<Self, Invalid> {
        let QuoteDraft { id, number, external_id, customer, opportunity, rep, authors, currency, price_list, content } =
            draft;
        let QuoteContent { lines, terms, valid_until } = content;
        let (net, total) = sums(&lines, currency, &terms)?;
        let parts = QuoteParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            number,
            external_id,
            version: 1,
            previous: None,
            customer,
            opportunity,
            rep,
            authors,
            currency,
            price_list,
            lines,
            terms,
            net,
            total,
            valid_until,
            approval: None,
            state: QuoteState::Draft { sent_back: None },
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        check_lines(&self.lines, self.currency, &self.terms, (self.net, self.total))?;
        let inconsistent = |field, value: String, must| Err(Invalid::new(field, value, Rule::Inconsistent { must }));
        if let Some(off) = self.lines.iter().find_map(OrderLine::taken_off) {
            return inconsistent("taken off", off.to_string(), "must not be there: promotions are for orders");
        }
        if self.version == 0 || (self.version == 1) != self.previous.is_none() {
            return inconsistent(
                "version",
                self.version.to_string(),
                "must be 1 for a first one, and more for one that follows another",
            );
        }
        let status = self.state.status();
        let unready = matches!(status, QuoteStatus::Draft | QuoteStatus::Superseded | QuoteStatus::Cancelled);
        if self.lines.is_empty() && !unready {
            return Err(Invalid::new("lines", "", Rule::Empty));
        }
        if self.authors.is_empty() {
            return Err(Invalid::new("authors", "", Rule::Empty));
        }
        if matches!(&self.state, QuoteState::InApproval { beyond, .. } if beyond.is_empty()) {
            return inconsistent("beyond", String::new(), "must not be empty where it waits for approval");
        }
        if self.approval.is_some() && matches!(status, QuoteStatus::Draft | QuoteStatus::InApproval) {
            return inconsistent("approval", status.to_string(), "must not be there before it is approved");
        }
        match &self.approval {
            Some(approval) if approval.authors() != self.authors => {
                let authors: Vec<&str> = self.authors.iter().map(Actor::as_str).collect();
                inconsistent("approval", authors.join(", "), "must be of what its authors wrote")
            }
            _ => Ok(()),
        }
    }

    fn step(&self, action: QuoteAction) -> Result<QuoteStatus, QuoteError> {
        let status = self.state.status();
        let refused = QuoteError::NotAllowed { quote: self.id, status, action };
        QuoteStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    fn has_lines(&self, action: QuoteAction) -> Result<(), QuoteError> {
        if self.lines.is_empty() { Err(QuoteError::NoLines { quote: self.id, action }) } else { Ok(()) }
    }

    /// Refuses a day after its last one (QT-2).
    fn valid_on(&self, day: NaiveDate, action: QuoteAction) -> Result<(), QuoteError> {
        match self.valid_until {
            Some(valid_until) if day > valid_until => {
                Err(QuoteError::NoLongerValid { quote: self.id, valid_until, day, action })
            }
            _ => Ok(()),
        }
    }

    /// A refused value with the quote and what was asked of it.
    fn refused(&self, action: QuoteAction) -> impl Fn(Invalid) -> QuoteError + use<> {
        let quote = self.id;
        move |invalid| QuoteError::Value { quote, action, invalid }
    }

    /// Refuses an answer of a day before the quote was sent.
    fn not_before_sending(&self, day: NaiveDate, action: QuoteAction) -> Result<(), QuoteError> {
        match self.state {
            QuoteState::Sent { day: earliest, .. } if day < earliest => {
                Err(self.refused(action)(Invalid::new("day", day.to_string(), Rule::TooEarly { earliest })))
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, at: DateTime<Utc>, state: QuoteState) {
        (self.state, self.updated_at) = (state, at);
    }

    /// What its lines, its taxes and the whole of it come to.
    ///
    /// # Errors
    ///
    /// As [`Totals::of`], which a quote that was checked does not give.
    pub fn totals(&self) -> Result<Totals, Invalid> {
        totals(&self.lines, self.currency, &self.terms)
    }

    /// The version that took its place.
    pub const fn superseded_by(&self) -> Option<QuoteId> {
        match self.state {
            QuoteState::Superseded { by, .. } => Some(by),
            _ => None,
        }
    }

    /// The order that was made of it.
    pub const fn order(&self) -> Option<OrderId> {
        match self.state {
            QuoteState::Accepted { order, .. } => order,
            _ => None,
        }
    }

    /// The line with a number.
    pub fn line(&self, number: u32) -> Option<&OrderLine> {
        let place = self.lines.binary_search_by_key(&number, OrderLine::number).ok()?;
        Some(&self.lines[place])
    }

    /// What it says.
    pub fn content(&self) -> QuoteContent {
        QuoteContent { lines: self.lines.clone(), terms: self.terms, valid_until: self.valid_until }
    }

    /// Whether its content can be amended.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is a draft or approved.
    pub fn amendable(&self) -> Result<(), QuoteError> {
        self.step(QuoteAction::Amend).map(drop)
    }

    /// Prices the lines that are added from now on by another list, or by none; those that are there keep their prices (PRC-4). `None` where it is that list already.
    ///
    /// # Errors
    ///
    /// As [`Quote::amendable`].
    pub fn price_by(&mut self, at: DateTime<Utc>, list: Option<PriceListId>) -> Result<Option<QuoteFact>, QuoteError> {
        self.amendable()?;
        if list == self.price_list {
            return Ok(None);
        }
        self.updated_at = at;
        let from = std::mem::replace(&mut self.price_list, list);
        Ok(Some(QuoteFact::PriceListChanged { from, to: list }))
    }

    /// What it would be with another content: for who must know what would go beyond a limit before it is amended.
    ///
    /// # Errors
    ///
    /// As [`Quote::amendable`]; [`QuoteError::NoLines`] where nothing is left of an approved one; [`QuoteError::Value`] as [`Quote::draft`].
    pub fn with(&self, content: QuoteContent) -> Result<Self, QuoteError> {
        self.amendable()?;
        let mut after = self.clone();
        let QuoteContent { lines, terms, valid_until } = content;
        if lines.is_empty() && self.state.status() == QuoteStatus::Approved {
            return Err(QuoteError::NoLines { quote: self.id, action: QuoteAction::Amend });
        }
        let refused = self.refused(QuoteAction::Amend);
        (after.net, after.total) = sums(&lines, self.currency, &terms).map_err(&refused)?;
        (after.lines, after.terms, after.valid_until) = (lines, terms, valid_until);
        after.check().map_err(refused)?;
        Ok(after)
    }

    /// Changes the content of a draft, or of an approved quote, which then stays approved only where nothing goes beyond the limit of who changed it; else it must be
    /// approved anew. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// As [`Quote::with`].
    pub fn amend(
        &mut self,
        at: DateTime<Utc>,
        author: &Actor,
        content: QuoteContent,
        measured: Measured,
    ) -> Result<Option<QuoteFact>, QuoteError> {
        if content == self.content() {
            return self.amendable().map(|()| None);
        }
        let mut unapproved = self.clone();
        (unapproved.authors, unapproved.approval) = (self.authors_with(author), None);
        let mut after = unapproved.with(content)?;
        let Measured { limit, beyond } = measured;
        if after.state.status() == QuoteStatus::Approved && !beyond.is_empty() {
            after.state = QuoteState::InApproval { since: at, beyond };
        }
        after.updated_at = at;
        let within = (after.state.status() == QuoteStatus::Approved).then_some(limit);
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(QuoteFact::Amended { before, after: Box::new(self.clone()), within }))
    }

    /// Notes that it went to the customer: an approved one, or a draft of which nothing goes beyond the limit of who sends it. From here on its content stands (QT-1).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`], [`QuoteError::NoLines`], [`QuoteError::NeedsApproval`], [`QuoteError::NoLongerValid`].
    pub fn send(&mut self, at: DateTime<Utc>, day: NaiveDate, measured: Measured) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Send)?;
        self.has_lines(QuoteAction::Send)?;
        let Measured { limit, beyond } = measured;
        let draft = self.state.status() == QuoteStatus::Draft;
        if draft && !beyond.is_empty() {
            return Err(QuoteError::NeedsApproval { quote: self.id, beyond });
        }
        self.valid_on(day, QuoteAction::Send)?;
        self.enter(at, QuoteState::Sent { at, day });
        Ok(QuoteFact::Sent { day, within: draft.then_some(limit) })
    }

    /// Notes that the customer takes it, on its last day at the latest (QT-2).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is sent, [`QuoteError::NoLongerValid`]; [`QuoteError::Value`] for a day before it was sent.
    pub fn accept(&mut self, at: DateTime<Utc>, day: NaiveDate) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Accept)?;
        self.not_before_sending(day, QuoteAction::Accept)?;
        self.valid_on(day, QuoteAction::Accept)?;
        self.enter(at, QuoteState::Accepted { at, day, order: None });
        Ok(QuoteFact::Accepted { day })
    }

    /// Notes the order that was made of it: one, and no second (QT-3).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is accepted, [`QuoteError::Ordered`].
    pub fn ordered(&mut self, at: DateTime<Utc>, order: OrderId) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Order)?;
        self.without_order(QuoteAction::Order)?;
        if let QuoteState::Accepted { order: made, .. } = &mut self.state {
            *made = Some(order);
        }
        self.updated_at = at;
        Ok(QuoteFact::Ordered { order })
    }

    fn without_order(&self, action: QuoteAction) -> Result<(), QuoteError> {
        match self.order() {
            Some(order) => Err(QuoteError::Ordered { quote: self.id, order, action }),
            None => Ok(()),
        }
    }

    /// Notes that the customer does not take it.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is sent; [`QuoteError::Value`] for a day before that.
    pub fn reject(
        &mut self,
        at: DateTime<Utc>,
        day: NaiveDate,
        reason: Label,
        note: Option<Text>,
    ) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Reject)?;
        self.not_before_sending(day, QuoteAction::Reject)?;
        self.enter(at, QuoteState::Rejected { at, day, reason: reason.clone(), note: note.clone() });
        Ok(QuoteFact::Rejected { day, reason, note })
    }

    /// Notes on a day that its last day is over.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is approved or sent, [`QuoteError::StillValid`].
    pub fn expire(&mut self, at: DateTime<Utc>, day: NaiveDate) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Expire)?;
        if self.valid_until.is_none_or(|last| day <= last) {
            return Err(QuoteError::StillValid { quote: self.id, valid_until: self.valid_until, day });
        }
        self.enter(at, QuoteState::Expired { at });
        Ok(QuoteFact::Expired { day })
    }

    /// Makes its next version, a draft of the same content whose authors are this one and those whose content nobody approved, and is superseded by it (QT-1).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] once the customer answered, or it ended otherwise; [`QuoteError::Value`] where its number has no place for the version.
    pub fn revise(&mut self, at: DateTime<Utc>, id: QuoteId, author: &Actor) -> Result<(Self, QuoteFact), QuoteError> {
        self.step(QuoteAction::Supersede)?;
        let refused = self.refused(QuoteAction::Supersede);
        let overflow = || refused(Invalid::new("version", self.version.to_string(), Rule::Overflow));
        let version = self.version.checked_add(1).ok_or_else(overflow)?;
        let number = self.number.as_str();
        let first = number.strip_suffix(&format!("-{}", self.version)).filter(|_| self.version > 1).unwrap_or(number);
        let next = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            number: format!("{first}-{version}").parse().map_err(&refused)?,
            external_id: None,
            version,
            previous: Some(self.id),
            authors: self.authors_with(author),
            approval: None,
            state: QuoteState::Draft { sent_back: None },
            ..self.clone()
        };
        self.enter(at, QuoteState::Superseded { at, by: id });
        Ok((next, QuoteFact::Superseded { by: id }))
    }

    /// Calls it off: until the customer answered, or before an order was made of it.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`], [`QuoteError::Ordered`].
    pub fn cancel(&mut self, at: DateTime<Utc>, reason: Option<Text>) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Cancel)?;
        self.without_order(QuoteAction::Cancel)?;
        self.enter(at, QuoteState::Cancelled { at, reason: reason.clone() });
        Ok(QuoteFact::Cancelled { reason })
    }

    /// Whether it may be deleted: while it is a draft.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`].
    pub fn deletable(&self) -> Result<(), QuoteError> {
        self.step(QuoteAction::Delete).map(drop)
    }
}

#[cfg(test)]
mod tests;

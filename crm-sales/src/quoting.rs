//! Drafting, amending, approving, sending, revising and ending quotes, and the order that one becomes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use crm_core::{
    Act, Actor, DiscountLimit, Draft, Label, Measured, NewOrderLine, NewQuote, Opportunity, Order, OrderFact, Product,
    ProductId, Quote, QuoteAction, QuoteContent, QuoteDraft, QuoteError, QuoteFact, QuoteId, Revision, Terms, Text,
    store::{Customers, Journal, Opportunities, Orders, Products, Quotes, SalesReps},
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    customers::in_use,
    error::SalesError,
    ordering::{amended_lines, copied, priced, priced_alone},
    record::{self, once},
    team::selling,
};

/// Drafts a quote, written by the actor. A line without a price takes the list price of its product; a quote without a
/// number gets the next free one.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the customer, the opportunity, the rep or a product, [`SalesError::Archived`] for the
///   customer, [`SalesError::Inactive`] for the rep or a product.
/// - [`SalesError::Line`] and [`SalesError::Invalid`] as [`draft_order`](crate::draft_order).
/// - [`SalesError::Store`]: the id, the number or the external id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, DiscountLimit, NewCustomer, NewProduct, NewQuote, Percent, QuoteStatus, UnitPrice, store::Store};
/// use crm_sales::{SalesError, accept_quote, add_product, confirm_order, draft_quote, register_customer, send_quote};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new()); // 2 March 2026
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///
///     let new = NewQuote::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2).valid_until("2026-03-31".parse().unwrap());
///     let quote = draft_quote(tx, act, new)?;
///     let limit = DiscountLimit::up_to(Percent::whole(10))?; // what alice may give alone
///     send_quote(tx, act, quote.id, &limit, act.day())?;
///
///     let (quote, order) = accept_quote(tx, act, quote.id, act.day())?;
///     assert_eq!((quote.state().status(), quote.order()), (QuoteStatus::Accepted, Some(order.id)));
///     assert_eq!((order.quote(), order.lines()[0].source()), (Some(quote.id), Some(1)));
///     confirm_order(tx, act, order.id)?;
///
///     assert!(accept_quote(tx, act, quote.id, act.day()).is_err()); // one order, and no second
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn draft_quote(
    tx: &mut (impl Quotes + Customers + Opportunities + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewQuote,
) -> Result<Quote, SalesError> {
    once(tx, act, "draft_quote", new, |tx, act, new| {
        in_use(tx, new.customer)?;
        new.rep.map_or(Ok(()), |rep| selling(tx, rep))?;
        if let Some(opportunity) = new.opportunity {
            let _: Opportunity = record::find(tx, opportunity)?;
        }
        let mut lines = Vec::with_capacity(new.lines.len());
        for (number, line) in (1..).zip(&new.lines) {
            lines.push(priced(tx, (None, new.currency), number, line)?);
        }
        let NewQuote { id, number, external_id, customer, opportunity, rep, currency, terms, valid_until, .. } = new;
        let number = match number {
            Some(number) => number,
            None => tx.next_quote_number()?,
        };
        let id = id.unwrap_or_else(|| act.new_id());
        let (authors, price_list) = (vec![act.actor().clone()], None);
        let content = QuoteContent { lines, terms, valid_until };
        let draft =
            QuoteDraft { id, number, external_id, customer, opportunity, rep, authors, currency, price_list, content };
        record::add(tx, act, Quote::draft(act.at(), draft)?, |quote| QuoteFact::Drafted { quote })
    })
}

/// Drafts the same quote again, wherever it stands: its customer, opportunity, rep, price list, terms and lines, at the
/// prices that they have there. So a customer whose quote is over gets a new one. Its number, its versions, its last day
/// and its approval stay with it; who wrote what nobody approved is an author of the copy too (PRC-5).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Archived`] for the customer, [`SalesError::Inactive`] for the rep or a product,
/// [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, DiscountLimit, NewCustomer, NewProduct, NewQuote, Percent, QuoteStatus, UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, copy_quote, draft_quote, register_customer, reject_quote, send_quote};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let quote = draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     send_quote(tx, act, quote.id, &DiscountLimit::up_to(Percent::ZERO)?, act.day())?;
///     reject_quote(tx, act, quote.id, act.day(), "no budget".parse()?, None)?;
///
///     let again = copy_quote(tx, act, quote.id)?;
///     assert_eq!((again.state().status(), again.total()), (QuoteStatus::Draft, quote.total()));
///     assert_eq!((again.version(), again.previous()), (1, None));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn copy_quote(
    tx: &mut (impl Quotes + Customers + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
) -> Result<Quote, SalesError> {
    once(tx, act, "copy_quote", id, |tx, act, id| {
        let quote: Quote = record::find(tx, id)?;
        in_use(tx, quote.customer())?;
        quote.rep().map_or(Ok(()), |rep| selling(tx, rep))?;
        let lines = copied(tx, (id.into(), quote.currency()), quote.lines())?;
        let draft = QuoteDraft {
            id: act.new_id(),
            number: tx.next_quote_number()?,
            external_id: None,
            customer: quote.customer(),
            opportunity: quote.opportunity(),
            rep: quote.rep(),
            authors: quote.authors_with(act.actor()),
            currency: quote.currency(),
            price_list: quote.price_list(),
            content: QuoteContent { lines, terms: quote.terms(), valid_until: None },
        };
        record::add(tx, act, Quote::draft(act.at(), draft)?, |quote| QuoteFact::Drafted { quote })
    })
}

/// What is to change on a quote. Lines keep their numbers; new ones are numbered on as in
/// [`OrderAmendment`](crate::OrderAmendment).
///
/// ```
/// use crm_core::{ProductId, RecordId};
/// use crm_sales::QuoteAmendment;
/// # let lamp = ProductId::from_uuid(Default::default());
/// let amendment = QuoteAmendment::new().add(lamp, 3).remove(1);
/// assert_eq!((amendment.add.len(), amendment.remove), (1, vec![1]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct QuoteAmendment {
    /// The revision that the caller has seen; a newer one is a conflict. `None` amends whatever is there now.
    pub expected: Option<Revision>,
    /// New content for lines, by their numbers.
    pub replace: BTreeMap<u32, NewOrderLine>,
    /// New lines.
    pub add: Vec<NewOrderLine>,
    /// The numbers of the lines that go.
    pub remove: Vec<u32>,
    /// Other terms; `None` leaves them.
    pub terms: Option<Terms>,
    /// Another last day, or with `Some(None)` none any more; `None` leaves it.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Option<NaiveDate>>,
}

/// A day that is there, `null` too, is given.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl QuoteAmendment {
    /// Nothing is to change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only over this revision.
    #[must_use]
    pub fn expecting(mut self, revision: Revision) -> Self {
        self.expected = Some(revision);
        self
    }

    /// With so many of a product more, at its list price. Where the quote has a price list,
    /// [`add_quote_lines`](crate::add_quote_lines) adds it.
    #[must_use]
    pub fn add(self, product: ProductId, quantity: u32) -> Self {
        self.add_line(NewOrderLine::new(product, quantity.into()))
    }

    /// With one more line of any quantity, price, discount and tax.
    #[must_use]
    pub fn add_line(mut self, line: NewOrderLine) -> Self {
        self.add.push(line);
        self
    }

    /// With another content of a line.
    #[must_use]
    pub fn replace(mut self, number: u32, line: NewOrderLine) -> Self {
        self.replace.insert(number, line);
        self
    }

    /// Without a line.
    #[must_use]
    pub fn remove(mut self, number: u32) -> Self {
        self.remove.push(number);
        self
    }

    /// Under other terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = Some(terms);
        self
    }

    /// To be taken on another day at the latest, or on any.
    #[must_use]
    pub fn valid_until(mut self, day: Option<NaiveDate>) -> Self {
        self.valid_until = Some(day);
        self
    }
}

/// Changes a draft, or an approved quote; the actor becomes one of its authors, the only one where somebody approved it
/// before. An approved one stays approved only where nothing goes beyond the actor's limit then, and else waits for approval
/// again. Where nothing is different, nothing is written. Lines are replaced, and priced where the quote has a price list, as
/// by [`amend_order`](crate::amend_order).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the quote or a product, [`SalesError::Inactive`] for a product.
/// - [`SalesError::Conflict`] where the amendment expects another revision.
/// - [`SalesError::Quote`]: [`QuoteError::NoSuchLine`], and as [`Quote::amend`].
/// - [`SalesError::Line`], [`SalesError::PricedByList`], [`SalesError::Invalid`], [`SalesError::Store`].
pub fn amend_quote(
    tx: &mut (impl Quotes + Products + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    amendment: QuoteAmendment,
    limit: &DiscountLimit,
) -> Result<Quote, SalesError> {
    once(tx, act, "amend_quote", (id, amendment, limit), |tx, act, (id, amendment, limit)| {
        record::change(tx, act, id, amendment.expected, |tx, quote: &mut Quote| {
            // Before the lines are looked at: that a quote can no longer be amended comes first.
            quote.amendable()?;
            let content = amended(tx, quote, amendment)?;
            rewrite(tx, act, quote, content, limit)
        })
    })
}

/// Gives a quote another content by the actor, whose limit this is.
pub(crate) fn rewrite(
    tx: &(impl Products + ?Sized),
    act: &Act,
    quote: &mut Quote,
    content: QuoteContent,
    limit: &DiscountLimit,
) -> Result<Option<QuoteFact>, SalesError> {
    let measured = measured(tx, &quote.with(content.clone())?, QuoteAction::Amend, limit)?;
    Ok(quote.amend(act.at(), act.actor(), content, measured)?)
}

fn amended(
    tx: &(impl Products + ?Sized),
    quote: &Quote,
    amendment: QuoteAmendment,
) -> Result<QuoteContent, SalesError> {
    let QuoteAmendment { expected: _, replace, add, remove, terms, valid_until } = amendment;
    let document = (quote.id.into(), quote.currency(), quote.price_list());
    let price = |number, line: &NewOrderLine| priced_alone(tx, document, number, line);
    let no_such = |line| QuoteError::NoSuchLine { quote: quote.id, line }.into();
    Ok(QuoteContent {
        lines: amended_lines(quote.lines(), (replace, add, remove), price, no_such)?,
        terms: terms.unwrap_or(quote.terms()),
        valid_until: valid_until.unwrap_or(quote.valid_until()),
    })
}

/// What a limit says of a quote, before something is done with it.
fn measured(
    tx: &(impl Products + ?Sized),
    quote: &Quote,
    action: QuoteAction,
    limit: &DiscountLimit,
) -> Result<Measured, SalesError> {
    let lines = quote.discounted(|product| {
        let Product { list_price, cost, .. } = record::find(tx, product)?;
        Ok::<_, SalesError>((list_price, cost))
    });
    let measured = lines.and_then(|lines| Ok(limit.measure(&lines)?));
    measured.map_err(|refused| match refused {
        SalesError::Invalid(invalid) => QuoteError::Value { quote: quote.id, action, invalid }.into(),
        other => other,
    })
}

/// Hands a draft in: where something goes beyond the limit of the actor it waits for approval by somebody who did not
/// write it (PRC-5); where nothing does, it is ready to be sent, and the journal says within whose and which limit.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::submit`].
pub fn submit_quote(
    tx: &mut (impl Quotes + Products + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    limit: &DiscountLimit,
) -> Result<Quote, SalesError> {
    once(tx, act, "submit_quote", (id, limit), |tx, act, (id, limit)| {
        record::change(tx, act, id, None, |tx, quote: &mut Quote| {
            let measured = measured(tx, quote, QuoteAction::Submit, limit)?;
            Ok(Some(quote.submit(act.at(), measured)?))
        })
    })
}

/// Approves a quote that waits for it, as another person than those who wrote it (PRC-5).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::approve`].
pub fn approve_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
) -> Result<Quote, SalesError> {
    once(tx, act, "approve_quote", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.approve(act.at(), act.actor())?)))
    })
}

/// Sends a quote that waits for approval back to its author, with a reason.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::send_back`].
pub fn send_back_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    reason: Text,
) -> Result<Quote, SalesError> {
    once(tx, act, "send_back_quote", (id, reason), |tx, act, (id, reason)| {
        record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.send_back(act.at(), reason)?)))
    })
}

/// Notes that a quote went to the customer on a day: an approved one, or a draft within the limit of the actor,
/// which the journal tells then. From here on its content stands; a change is the next version ([`revise_quote`], QT-1).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::send`].
pub fn send_quote(
    tx: &mut (impl Quotes + Products + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    limit: &DiscountLimit,
    day: NaiveDate,
) -> Result<Quote, SalesError> {
    once(tx, act, "send_quote", (id, limit, day), |tx, act, (id, limit, day)| {
        record::change(tx, act, id, None, |tx, quote: &mut Quote| {
            let measured = measured(tx, quote, QuoteAction::Send, limit)?;
            Ok(Some(quote.send(act.at(), day, measured)?))
        })
    })
}

/// Makes the next version of a quote that the customer has not answered: a draft of the same content, of which the actor is
/// an author too. The version before is superseded (QT-1). Gives the new one.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::revise`].
pub fn revise_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
) -> Result<Quote, SalesError> {
    once(tx, act, "revise_quote", id, |tx, act, id| {
        let next_id = act.new_id();
        let author: Actor = act.actor().clone();
        let mut before: Quote = record::find(tx, id)?;
        let (next, _) = before.revise(act.at(), next_id, &author)?;
        let next = record::add(tx, act, next, |quote| QuoteFact::Drafted { quote })?;
        record::change(tx, act, id, None, |_, quote: &mut Quote| {
            let (_, superseded) = quote.revise(act.at(), next_id, &author)?;
            Ok(Some(superseded))
        })?;
        Ok(next)
    })
}

/// Notes that the customer takes a quote on a day, its last one at the latest (QT-2), and makes one order of it, whose
/// lines know theirs (QT-3). The order is a draft: who counts the answer as binding confirms it in the same write.
///
/// Prices, discounts and taxes are those that were offered; what became of products and their prices since does not
/// matter.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::accept`].
pub fn accept_quote(
    tx: &mut (impl Quotes + Orders + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    day: NaiveDate,
) -> Result<(Quote, Order), SalesError> {
    once(tx, act, "accept_quote", (id, day), |tx, act, (id, day)| {
        let quote = record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.accept(act.at(), day)?)))?;
        let lines = quote.lines().iter().map(|line| line.clone().from_line(line.number())).collect();
        let number = tx.next_order_number()?;
        let draft = Draft {
            quote: Some(id),
            rep: quote.rep(),
            price_list: quote.price_list(),
            terms: quote.terms(),
            ..Draft::new(act.new_id(), number, quote.customer(), quote.currency(), lines)
        };
        let order = Order::draft(act.at(), draft)?;
        let order = record::add(tx, act, order, |order| OrderFact::Drafted { order })?;
        let quote =
            record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.ordered(act.at(), order.id)?)))?;
        Ok((quote, order))
    })
}

/// Notes that the customer does not take a quote, with a coded reason.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::reject`].
pub fn reject_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    day: NaiveDate,
    reason: Label,
    note: Option<Text>,
) -> Result<Quote, SalesError> {
    once(tx, act, "reject_quote", (id, day, reason, note), |tx, act, (id, day, reason, note)| {
        record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.reject(act.at(), day, reason, note)?)))
    })
}

/// Notes on a day that the last day of a quote is over. Which ones these are is told by
/// [`QuoteFilter::valid_until`](crm_core::store::QuoteFilter::valid_until); without this, a customer can not take such
/// a quote either.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::expire`].
pub fn expire_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    day: NaiveDate,
) -> Result<Quote, SalesError> {
    once(tx, act, "expire_quote", (id, day), |tx, act, (id, day)| {
        record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.expire(act.at(), day)?)))
    })
}

/// Calls a quote off: until the customer answered, or before an order was made of it.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Quote`] as [`Quote::cancel`].
pub fn cancel_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    reason: Option<Text>,
) -> Result<Quote, SalesError> {
    once(tx, act, "cancel_quote", (id, reason), |tx, act, (id, reason)| {
        record::change(tx, act, id, None, |_, quote: &mut Quote| Ok(Some(quote.cancel(act.at(), reason)?)))
    })
}

/// Deletes a draft that nothing refers to, and gives it as it was.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Quote`] as [`Quote::deletable`]; [`SalesError::Store`] with
/// `StillReferenced`: an earlier version was superseded by it.
pub fn delete_quote(
    tx: &mut (impl Quotes + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
) -> Result<Quote, SalesError> {
    once(tx, act, "delete_quote", id, |tx, act, id| {
        record::remove(tx, act, id, |quote: &Quote| Ok(quote.deletable()?), |quote| QuoteFact::Deleted { quote })
    })
}

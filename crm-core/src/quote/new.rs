//! What a quote is written with.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    id::{CustomerId, OpportunityId, PriceListId, ProductId, QuoteId, SalesRepId},
    money::Currency,
    order::{NewOrderLine, OrderLine},
    text::{Actor, ExternalId, Number},
    totals::Terms,
};

/// What a quote is drafted with.
///
/// ```
/// use crm_core::{Currency, CustomerId, NewQuote, ProductId, RecordId};
/// # let (zhang, lamp) = (CustomerId::from_uuid(uuid::Uuid::from_u128(1)), ProductId::from_uuid(uuid::Uuid::from_u128(2)));
/// let new = NewQuote::for_customer(zhang, Currency::EUR).line(lamp, 2).valid_until("2026-04-30".parse().unwrap());
/// assert_eq!(new.lines.len(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewQuote {
    /// The host's own id; made from the act where there is none.
    pub id: Option<QuoteId>,
    /// The host's own number; the next free one where there is none.
    pub number: Option<Number>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The opportunity that it is for.
    pub opportunity: Option<OpportunityId>,
    /// The rep whose sale it would be.
    pub rep: Option<SalesRepId>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What is offered.
    pub lines: Vec<NewOrderLine>,
    /// The discount on the whole quote, and how it is taxed.
    pub terms: Terms,
    /// The last day on which the customer can take it (QT-2).
    pub valid_until: Option<NaiveDate>,
}

impl NewQuote {
    /// A quote for a customer, without lines yet.
    pub fn for_customer(customer: CustomerId, currency: Currency) -> Self {
        Self {
            id: None,
            number: None,
            external_id: None,
            customer,
            opportunity: None,
            rep: None,
            currency,
            lines: Vec::new(),
            terms: Terms::default(),
            valid_until: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: QuoteId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the host's own number.
    #[must_use]
    pub fn number(mut self, number: Number) -> Self {
        self.number = Some(number);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// For an opportunity.
    #[must_use]
    pub fn opportunity(mut self, opportunity: OpportunityId) -> Self {
        self.opportunity = Some(opportunity);
        self
    }

    /// As what would be a rep's sale.
    #[must_use]
    pub fn rep(mut self, rep: SalesRepId) -> Self {
        self.rep = Some(rep);
        self
    }

    /// With so many of a product, at its list price.
    #[must_use]
    pub fn line(self, product: ProductId, quantity: u32) -> Self {
        self.line_with(NewOrderLine::new(product, quantity.into()))
    }

    /// With a line of any quantity, price, discount and tax.
    #[must_use]
    pub fn line_with(mut self, line: NewOrderLine) -> Self {
        self.lines.push(line);
        self
    }

    /// Under these terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// To be taken on this day at the latest.
    #[must_use]
    pub fn valid_until(mut self, day: NaiveDate) -> Self {
        self.valid_until = Some(day);
        self
    }
}

/// What a quote says: all that an amendment may change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteContent {
    /// What is offered.
    pub lines: Vec<OrderLine>,
    /// The discount on the whole quote, and how it is taxed.
    pub terms: Terms,
    /// The last day on which the customer can take it.
    pub valid_until: Option<NaiveDate>,
}

/// A quote as it is drafted: a [`NewQuote`] with its id, its number, its author and its lines priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteDraft {
    /// The id.
    pub id: QuoteId,
    /// The number.
    pub number: Number,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The opportunity that it is for.
    pub opportunity: Option<OpportunityId>,
    /// The rep whose sale it would be.
    pub rep: Option<SalesRepId>,
    /// Who writes it; of a copy, also who wrote what was copied and nobody approved ([`Quote::authors_with`](super::Quote::authors_with)).
    pub authors: Vec<Actor>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The list that lines are priced by when they are added.
    pub price_list: Option<PriceListId>,
    /// What it says.
    pub content: QuoteContent,
}

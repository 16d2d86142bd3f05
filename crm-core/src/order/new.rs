//! What an order is drafted with.

use serde::{Deserialize, Serialize};

use super::{NewOrderLine, OrderLine};
use crate::{
    decimal::Quantity,
    id::{CustomerId, OrderId, PriceListId, ProductId, QuoteId, SalesRepId},
    money::Currency,
    text::{ExternalId, Number},
    totals::Terms,
};

/// What an order is drafted with.
///
/// ```
/// use crm_core::{Currency, CustomerId, NewOrder, NewOrderLine, Percent, ProductId, RecordId};
/// # let (zhang, lamp) = (CustomerId::from_uuid(uuid::Uuid::from_u128(1)), ProductId::from_uuid(uuid::Uuid::from_u128(2)));
/// let new = NewOrder::for_customer(zhang, Currency::EUR)
///     .line(lamp, 2)
///     .line_with(NewOrderLine::new(lamp, "0.5".parse()?).discount(Percent::whole(10)));
/// assert_eq!(new.lines.len(), 2);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewOrder {
    /// The host's own id; made from the act where there is none.
    pub id: Option<OrderId>,
    /// The host's own number; the next free one where there is none.
    pub number: Option<Number>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The rep whose sale it is.
    pub rep: Option<SalesRepId>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<NewOrderLine>,
    /// The discount on the whole order, and how it is taxed.
    #[serde(default)]
    pub terms: Terms,
}

impl NewOrder {
    /// An order of a customer, without lines yet.
    pub fn for_customer(customer: CustomerId, currency: Currency) -> Self {
        Self {
            id: None,
            number: None,
            external_id: None,
            customer,
            rep: None,
            currency,
            lines: Vec::new(),
            terms: Terms::default(),
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: OrderId) -> Self {
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

    /// As a rep's sale.
    #[must_use]
    pub fn rep(mut self, rep: SalesRepId) -> Self {
        self.rep = Some(rep);
        self
    }

    /// With so many of a product, at its list price.
    #[must_use]
    pub fn line(self, product: ProductId, quantity: u32) -> Self {
        self.line_with(NewOrderLine::new(product, Quantity::from(quantity)))
    }

    /// Under these terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// With a line of any quantity, price and discount.
    #[must_use]
    pub fn line_with(mut self, line: NewOrderLine) -> Self {
        self.lines.push(line);
        self
    }
}

/// An order as it is drafted: a [`NewOrder`] with its id, its number and its lines priced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The id.
    pub id: OrderId,
    /// The number.
    pub number: Number,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The quote that it is made of.
    pub quote: Option<QuoteId>,
    /// The rep whose sale it is.
    pub rep: Option<SalesRepId>,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The list that lines are priced by when they are added.
    pub price_list: Option<PriceListId>,
    /// The lines, priced.
    pub lines: Vec<OrderLine>,
    /// The discount on the whole order, and how it is taxed.
    pub terms: Terms,
}

impl Draft {
    /// An order of a customer over these lines, on the usual terms and nobody's sale.
    pub fn new(id: OrderId, number: Number, customer: CustomerId, currency: Currency, lines: Vec<OrderLine>) -> Self {
        let (external_id, quote, rep, terms) = (None, None, None, Terms::default());
        Self { id, number, external_id, customer, quote, rep, currency, price_list: None, lines, terms }
    }
}

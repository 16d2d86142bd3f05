//! What an opportunity is opened with and what may be changed on it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{ContactRole, DealLine, Recurring};
use crate::{
    decimal::Percent,
    id::{CustomerId, OpportunityId, ProductId, SalesRepId},
    money::Money,
    pipeline::ForecastCategory,
    record::Revision,
    text::{ExternalId, Label, Subject},
};

/// What an opportunity is opened with.
///
/// ```
/// use crm_core::{Currency, Money, NewOpportunity};
///
/// let new = NewOpportunity::new("forty lamps".parse()?).value(Money::parse("1996.00", Currency::EUR)?);
/// assert!(new.stage.is_none()); // the first open stage of the pipeline
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewOpportunity {
    /// The host's own id; made from the act where there is none.
    pub id: Option<OpportunityId>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// What it is about.
    pub name: Subject,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The product that it is mainly about.
    pub product: Option<ProductId>,
    /// The rep who works it.
    pub rep: Option<SalesRepId>,
    /// The key of the stage to begin in; the first open stage where there is none.
    pub stage: Option<Label>,
    /// The expected value; with lines it is their sum, and another one is refused (OPP-10).
    pub value: Option<Money>,
    /// What it is to sell.
    pub lines: Vec<DealLine>,
    /// What it is to bring again and again.
    pub recurring: Option<Recurring>,
    /// The chance to win it, where it is not that of the stage.
    pub probability: Option<Percent>,
    /// The forecast category, where it is not that of the stage.
    pub forecast: Option<ForecastCategory>,
    /// The day on which it is expected to close.
    pub expected_close: Option<NaiveDate>,
    /// The persons who matter in it.
    pub contacts: Vec<ContactRole>,
}

impl NewOpportunity {
    /// An opportunity with what every opportunity has.
    pub fn new(name: Subject) -> Self {
        Self {
            id: None,
            external_id: None,
            name,
            customer: None,
            product: None,
            rep: None,
            stage: None,
            value: None,
            lines: Vec::new(),
            recurring: None,
            probability: None,
            forecast: None,
            expected_close: None,
            contacts: Vec::new(),
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: OpportunityId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// With a customer.
    #[must_use]
    pub fn customer(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// Mainly about a product.
    #[must_use]
    pub fn product(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// Worked by a rep.
    #[must_use]
    pub fn rep(mut self, rep: SalesRepId) -> Self {
        self.rep = Some(rep);
        self
    }

    /// Beginning in another stage than the first.
    #[must_use]
    pub fn stage(mut self, stage: Label) -> Self {
        self.stage = Some(stage);
        self
    }

    /// With an expected value.
    #[must_use]
    pub fn value(mut self, value: Money) -> Self {
        self.value = Some(value);
        self
    }

    /// With one more line.
    #[must_use]
    pub fn line(mut self, line: DealLine) -> Self {
        self.lines.push(line);
        self
    }

    /// With revenue that comes again.
    #[must_use]
    pub fn recurring(mut self, recurring: Recurring) -> Self {
        self.recurring = Some(recurring);
        self
    }

    /// In another forecast category than that of the stage.
    #[must_use]
    pub fn forecast(mut self, category: ForecastCategory) -> Self {
        self.forecast = Some(category);
        self
    }

    /// With one more person who matters in it.
    #[must_use]
    pub fn contact(mut self, person: CustomerId, role: Label) -> Self {
        self.contacts.push(ContactRole { person, role, primary: false });
        self
    }

    /// With the person to talk to first.
    #[must_use]
    pub fn primary_contact(mut self, person: CustomerId, role: Label) -> Self {
        self.contacts.push(ContactRole { person, role, primary: true });
        self
    }

    /// With another chance to win than that of the stage.
    #[must_use]
    pub fn probability(mut self, probability: Percent) -> Self {
        self.probability = Some(probability);
        self
    }

    /// Expected to close on a day.
    #[must_use]
    pub fn expected_close(mut self, day: NaiveDate) -> Self {
        self.expected_close = Some(day);
        self
    }
}

/// What is to change on an open opportunity. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpportunityPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// What it is about.
    pub name: Option<Subject>,
    /// The customer.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub customer: Option<Option<CustomerId>>,
    /// The product that it is mainly about.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub product: Option<Option<ProductId>>,
    /// The rep who works it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub rep: Option<Option<SalesRepId>>,
    /// The expected value; with lines it is their sum, and another one is refused (OPP-10).
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub value: Option<Option<Money>>,
    /// All its lines. Where the last one goes, so does the value that they came to.
    pub lines: Option<Vec<DealLine>>,
    /// What it is to bring again and again.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub recurring: Option<Option<Recurring>>,
    /// The chance to win it; emptied, it is that of the stage again (OPP-5).
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub probability: Option<Option<Percent>>,
    /// The forecast category; emptied, it is that of the stage again (FC-3).
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Option<ForecastCategory>>,
    /// The day on which it is expected to close.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub expected_close: Option<Option<NaiveDate>>,
    /// All persons who matter in it.
    pub contacts: Option<Vec<ContactRole>>,
}

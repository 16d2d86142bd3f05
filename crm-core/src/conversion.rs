//! Conversion: a lead becomes an organisation, a person and a deal, by a plan that can be looked at first.

mod customer;
mod deal;
mod mapping;
mod new;
mod plan;

use serde::{Deserialize, Serialize};

pub use self::{
    mapping::{CustomerField, FieldMap, LeadField, Mapped, OpportunityField, TargetField},
    new::{CloseBy, ConversionDeal, ConversionTarget, NewConversion, Qualification},
    plan::{ConversionLinks, ConversionPlan, PlannedCustomer, PlannedDeal, PlannedOwner},
};
use crate::{
    answer::Answered,
    id::{ActivityId, CustomerId, InteractionId, OpportunityId, RecordId},
    invalid::{Invalid, Rule},
    journal::RecordRef,
    lead::LeadStatus,
    record::Revision,
};

/// What a lead became, kept with it for good (CONV-9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The organisation.
    pub organisation: Option<Became<CustomerId>>,
    /// The person.
    pub person: Option<Became<CustomerId>>,
    /// The deal.
    pub opportunity: Option<Became<OpportunityId>>,
    /// The interactions that were made of what had been said to the lead.
    pub interactions: Vec<InteractionId>,
    /// The activities of the linked deal that were for nobody and are for its customer since it gained one.
    pub activities: Vec<ActivityId>,
    /// Where the lead stood.
    pub before: LeadStatus,
}

impl Answered for Conversion {
    fn records(&self) -> Vec<RecordRef> {
        let customers = self.organisation.iter().chain(&self.person).map(|became| became.id.into());
        let deal = self.opportunity.iter().map(|became| became.id.into());
        let said = self.interactions.iter().map(|id| (*id).into());
        customers.chain(deal).chain(said).chain(self.activities.iter().map(|id| (*id).into())).collect()
    }
}

impl Conversion {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.organisation.is_none() && self.person.is_none() && self.opportunity.is_none() {
            return Err(Invalid::new("conversion", "", Rule::Empty));
        }
        if !matches!(self.before, LeadStatus::New | LeadStatus::Working | LeadStatus::Qualified) {
            let must = "must be new, working or qualified";
            return Err(Invalid::new("before", self.before.word(), Rule::Inconsistent { must }));
        }
        Ok(())
    }
}

/// A record that a lead became, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "I: Serialize", deserialize = "I: Deserialize<'de>"))]
pub struct Became<I: RecordId> {
    /// The record.
    pub id: I,
    /// Whether it was made for the lead.
    pub origin: Origin,
    /// The revision that the conversion left. One that is newer stands in the way of undoing it.
    pub revision: Revision,
}

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// It was made for the lead.
    Created,
    /// It was there, and stayed as it was.
    Linked,
    /// It was there, and gained something from the lead.
    Filled {
        /// Its revision before.
        before: Revision,
    },
}

#[cfg(test)]
mod tests;

//! What a conversion will do, for somebody to look at.

use chrono::NaiveDate;
use serde::Serialize;

use super::{
    ConversionTarget, LeadField, Mapped, NewConversion, Qualification, TargetField,
    customer::Planner,
    deal::{Parties, linked_deal, new_deal},
    mapping::Filler,
};
use crate::{
    customer::{Customer, CustomerPatch, CustomerType, NewCustomer},
    id::{CustomerId, LeadId, OpportunityId},
    lead::{Lead, LeadError},
    opportunity::{NewOpportunity, Opportunity},
    pipeline::Pipeline,
    record::Revision,
    text::Label,
};

/// What is to happen to one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedCustomer {
    /// It is made.
    Create(Box<NewCustomer>),
    /// It is there.
    Link {
        /// Which one.
        id: CustomerId,
        /// As it was when the plan was made.
        revision: Revision,
        /// What it gains: addresses and numbers that it lacks, opt-outs (CONV-10), a region where it has none.
        fill: Option<Box<CustomerPatch>>,
    },
    /// Nothing.
    Skip,
}

impl PlannedCustomer {
    fn linked(&self) -> Option<CustomerId> {
        match self {
            Self::Link { id, .. } => Some(*id),
            Self::Create(_) | Self::Skip => None,
        }
    }
}

/// What is to happen to the deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedDeal {
    /// It is made.
    Create {
        /// In this pipeline.
        pipeline: Box<Pipeline>,
        /// Like this, but for the customer, which [`ConversionPlan::customer`] says, and the person.
        new: Box<NewOpportunity>,
        /// The role in which the person of the conversion is its primary contact: the lead's, else `contact`. `None` where there is no person, or the overrides say who is.
        contact: Option<Label>,
    },
    /// It is there.
    Link {
        /// Which one.
        id: OpportunityId,
        /// As it was when the plan was made.
        revision: Revision,
        /// Whether it has no customer yet and gains one.
        gains_customer: bool,
    },
    /// Nothing.
    Skip,
}

/// Whose the deal and what was said will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedOwner {
    /// The organisation's.
    Organisation,
    /// The person's.
    Person,
    /// Somebody's who was there before: the organisation of the linked person (CONV-5), the customer of the linked deal, or who the overrides name.
    Known(CustomerId),
    /// Nobody's.
    Nobody,
}

/// All that a conversion will do, for somebody to look at. It is pure; nothing is written until it is applied, and it is refused then where the lead or a linked record has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConversionPlan {
    /// The lead.
    pub lead: LeadId,
    /// As it was when the plan was made.
    pub revision: Revision,
    /// The organisation.
    pub organisation: PlannedCustomer,
    /// The person.
    pub person: PlannedCustomer,
    /// The deal.
    pub opportunity: PlannedDeal,
    /// Whose the deal and what was said will be.
    pub customer: PlannedOwner,
    /// Whether the person, who is made, comes to belong to the organisation. One who was there stays where they are.
    pub joins: bool,
    /// Which field of the lead goes where.
    pub mapped: Vec<Mapped>,
    /// What the lead knows and nobody takes; it stays with the lead.
    pub unmapped: Vec<LeadField>,
    /// How many of the things that were said become interactions (CONV-6).
    pub interactions: usize,
    /// How many activities of the lead come to be for the deal and the customer (CONV-6); who makes the plan counts them.
    pub activities: u64,
    /// Whether only a qualified lead is converted.
    pub qualification: Qualification,
}

/// The records that a conversion is to link, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConversionLinks<'a> {
    /// The organisation.
    pub organisation: Option<&'a Customer>,
    /// The person.
    pub person: Option<&'a Customer>,
    /// The deal.
    pub opportunity: Option<&'a Opportunity>,
}

impl ConversionPlan {
    /// What converting a lead on a day will do. `links` has the records that `new` links.
    ///
    /// # Errors
    ///
    /// - [`LeadError::NotAllowed`], [`LeadError::NotQualified`], [`LeadError::NoTarget`].
    /// - [`LeadError::DealClosed`], [`LeadError::OtherCustomersDeal`] for a linked deal; [`LeadError::DealMisses`] for a new one.
    /// - [`LeadError::Invalid`]: [`Rule::Empty`](crate::Rule::Empty) where what is to be made has no name, [`Rule::TooMany`](crate::Rule::TooMany) where a linked customer cannot hold the lead's addresses too,
    ///   [`Rule::NotListed`](crate::Rule::NotListed) where a linked record is missing in `links`; and as [`Customer::register`] and [`Opportunity::open`] refuse what is to be made.
    pub fn new(lead: &Lead, day: NaiveDate, new: NewConversion, links: ConversionLinks<'_>) -> Result<Self, LeadError> {
        let NewConversion { organisation, person, opportunity, map, close, qualification } = new;
        lead.convertible(qualification)?;
        let skipped = |target: &ConversionTarget<CustomerId, CustomerPatch>| *target == ConversionTarget::Skip;
        if skipped(&organisation) && skipped(&person) && opportunity == ConversionTarget::Skip {
            return Err(LeadError::NoTarget { lead: lead.id });
        }
        let mut filler = Filler::new(lead, &map);
        let (has_organisation, has_person) = (!skipped(&organisation), !skipped(&person));
        let organisation = Planner { filler: &mut filler, of: TargetField::Organisation, reached: !has_person }
            .customer(CustomerType::Organisation, organisation, links.organisation)?;
        let person = Planner { filler: &mut filler, of: TargetField::Person, reached: true }.customer(
            CustomerType::Person,
            person,
            links.person,
        )?;
        let employer = match person {
            PlannedCustomer::Link { .. } => links.person.and_then(|person| person.parent),
            PlannedCustomer::Create(ref new) => new.parent,
            PlannedCustomer::Skip => None,
        };
        let customer = match employer {
            _ if has_organisation => PlannedOwner::Organisation,
            Some(employer) => PlannedOwner::Known(employer),
            None if has_person => PlannedOwner::Person,
            None => PlannedOwner::Nobody,
        };
        let called = [&organisation, &person].into_iter().find_map(|planned| match planned {
            PlannedCustomer::Create(new) => Some(new.name.clone()),
            PlannedCustomer::Link { .. } | PlannedCustomer::Skip => None,
        });
        let called = called.or_else(|| links.organisation.or(links.person).map(|customer| customer.name.clone()));
        let parties = Parties {
            owner: customer,
            known: match customer {
                PlannedOwner::Organisation => organisation.linked(),
                PlannedOwner::Person => person.linked(),
                PlannedOwner::Known(known) => Some(known),
                PlannedOwner::Nobody => None,
            },
            has_person,
            person: person.linked(),
        };
        let (opportunity, customer) = match opportunity {
            ConversionTarget::Skip => (PlannedDeal::Skip, customer),
            ConversionTarget::Link(id) => linked_deal(lead, id, links.opportunity, parties)?,
            ConversionTarget::Create(new) => new_deal(&mut filler, new, (day, close), called, parties)?,
        };
        Ok(Self {
            lead: lead.id,
            revision: lead.revision,
            joins: has_organisation && employer.is_none() && matches!(person, PlannedCustomer::Create(_)),
            organisation,
            person,
            opportunity,
            customer,
            interactions: if customer == PlannedOwner::Nobody { 0 } else { lead.touches().len() },
            activities: 0,
            unmapped: filler.unmapped(),
            mapped: filler.mapped,
            qualification,
        })
    }
}

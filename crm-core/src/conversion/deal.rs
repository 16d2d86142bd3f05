//! What becomes of the deal.

use chrono::NaiveDate;

use super::{
    CloseBy, ConversionDeal, OpportunityField, PlannedDeal, PlannedOwner, TargetField,
    mapping::{FieldValue, Filler},
};
use crate::{
    id::{CustomerId, OpportunityId, RecordId},
    invalid::{Invalid, Rule},
    lead::{Lead, LeadError},
    opportunity::{By, NewOpportunity, Opportunity, OpportunityError, OpportunityPatch, OpportunityStatus},
    pipeline::Pipeline,
    text::{Actor, Label, Name, Subject},
};

/// Whom a conversion is about.
#[derive(Clone, Copy)]
pub(super) struct Parties {
    /// Whose the deal will be.
    pub(super) owner: PlannedOwner,
    /// Who that is, where they are there already.
    pub(super) known: Option<CustomerId>,
    /// Whether a person is made or linked.
    pub(super) has_person: bool,
    /// The person, where they are linked.
    pub(super) person: Option<CustomerId>,
}

/// Takes a deal that is there, and says whose it and what was said will be. An open one, of somebody in the conversion or of nobody.
pub(super) fn linked_deal(
    lead: &Lead,
    id: OpportunityId,
    link: Option<&Opportunity>,
    parties: Parties,
) -> Result<(PlannedDeal, PlannedOwner), LeadError> {
    let link = link.filter(|link| link.id == id);
    let link = link.ok_or_else(|| Invalid::new("links", id.to_string(), Rule::NotListed))?;
    let status = link.state().status();
    if status != OpportunityStatus::Open {
        return Err(LeadError::DealClosed { lead: lead.id, opportunity: id, status });
    }
    let nobodys = parties.owner == PlannedOwner::Nobody;
    let customer = match link.customer() {
        None => parties.owner,
        Some(customer) if parties.known == Some(customer) => parties.owner,
        Some(customer) if nobodys || parties.person == Some(customer) => PlannedOwner::Known(customer),
        Some(customer) => return Err(LeadError::OtherCustomersDeal { lead: lead.id, opportunity: id, customer }),
    };
    let gains_customer = link.customer().is_none() && !nobodys;
    Ok((PlannedDeal::Link { id, revision: link.revision, gains_customer }, customer))
}

/// Plans a new deal, and says whose it and what was said will be.
pub(super) fn new_deal(
    filler: &mut Filler<'_>,
    target: ConversionDeal,
    (day, close): (NaiveDate, CloseBy),
    called: Option<Name>,
    parties: Parties,
) -> Result<(PlannedDeal, PlannedOwner), LeadError> {
    let ConversionDeal { pipeline, overrides } = target;
    let OpportunityPatch {
        expected: _,
        name,
        customer: whose,
        product,
        rep,
        value,
        lines,
        recurring,
        probability,
        forecast,
        expected_close,
        contacts,
    } = overrides;
    let lines = lines.unwrap_or_default();
    let is_contact = parties.has_person && contacts.is_none();
    // What is overridden is not taken from the lead; and lines are worth their sum, whatever the lead says (OPP-10).
    let overridden = |field: OpportunityField| match field {
        OpportunityField::Name => name.is_some(),
        OpportunityField::Value => value.is_some() || !lines.is_empty(),
        OpportunityField::Product => product.is_some(),
        OpportunityField::Rep => rep.is_some(),
        OpportunityField::Probability => probability.is_some(),
        OpportunityField::Role => !is_contact,
    };
    let mut taken: Vec<FieldValue> = Vec::new();
    for field in OpportunityField::ALL.iter().filter(|field| !overridden(**field)) {
        taken.extend(filler.take(TargetField::Opportunity(*field), true));
    }
    let mapped = taken.iter().find_map(|value| match value {
        FieldValue::Subject(subject) => Some(subject.clone()),
        _ => None,
    });
    let role = taken.iter().find_map(|value| match value {
        FieldValue::Label(role) => Some(role.clone()),
        _ => None,
    });
    let called = called.and_then(|name| Subject::parse(name.as_str()).ok());
    let name = name.or(mapped).or(called);
    let name = name.ok_or_else(|| Invalid::new("opportunity", "", Rule::Empty))?;
    let mut new = NewOpportunity::new(name);
    taken.into_iter().for_each(|value| value.set_on_deal(&mut new));
    let last = match close {
        CloseBy::EndOfQuarter(calendar) => calendar.quarter_days(day)?.last(),
        CloseBy::EndOf(period) => period.last(),
    };
    new.expected_close = Some(last);
    new.lines = lines;
    crate::patch::set(&mut new.product, product);
    crate::patch::set(&mut new.rep, rep);
    crate::patch::set(&mut new.value, value);
    crate::patch::set(&mut new.expected_close, expected_close);
    crate::patch::set(&mut new.recurring, recurring);
    crate::patch::set(&mut new.probability, probability);
    crate::patch::set(&mut new.forecast, forecast);
    crate::patch::set(&mut new.contacts, contacts);
    let customer = match whose {
        Some(Some(known)) => PlannedOwner::Known(known),
        Some(None) => PlannedOwner::Nobody,
        None => parties.owner,
    };
    let contact = match role {
        Some(role) => Some(role),
        None if is_contact => Some(Label::parse("contact")?),
        None => None,
    };
    can_be_opened(filler.lead, &pipeline, new.clone(), customer, contact.as_ref())?;
    Ok((PlannedDeal::Create { pipeline: Box::new(pipeline), new: Box::new(new), contact }, customer))
}

/// Refuses now what would be refused when the deal is opened. Who is not made yet has the id of the lead here, which nobody sees.
fn can_be_opened(
    lead: &Lead,
    pipeline: &Pipeline,
    mut new: NewOpportunity,
    customer: PlannedOwner,
    contact: Option<&Label>,
) -> Result<(), LeadError> {
    let somebody = CustomerId::from_uuid(lead.id.uuid());
    new.customer = (customer != PlannedOwner::Nobody).then_some(somebody);
    if let Some(role) = contact {
        new = new.primary_contact(somebody, role.clone());
    }
    let by = By { at: lead.updated_at, actor: &Actor::parse("plan")? };
    match Opportunity::open(OpportunityId::from_uuid(lead.id.uuid()), by, pipeline, new) {
        Ok(_) => Ok(()),
        Err(OpportunityError::Missing { stage, fields, .. }) => {
            Err(LeadError::DealMisses { lead: lead.id, stage, fields })
        }
        Err(OpportunityError::ValueOfLines { given, .. }) => {
            let must = "must be the sum of the lines (OPP-10)";
            Err(Invalid::new("value", given.to_string(), Rule::Inconsistent { must }).into())
        }
        Err(OpportunityError::Invalid(refused)) => Err(refused.into()),
        // The others are about a deal that goes from one stage to another, and this one begins in the first.
        Err(
            OpportunityError::NotAllowed { .. }
            | OpportunityError::WrongStage { .. }
            | OpportunityError::NotNext { .. }
            | OpportunityError::OtherPipeline { .. }
            | OpportunityError::NoValue { .. },
        ) => Ok(()),
    }
}

impl FieldValue {
    /// Sets it on a deal that is to be made.
    fn set_on_deal(self, new: &mut NewOpportunity) {
        match self {
            Self::Money(value) => new.value = Some(value),
            Self::Percent(probability) => new.probability = Some(probability),
            Self::Product(product) => new.product = Some(product),
            Self::SalesRep(rep) => new.rep = Some(rep),
            // Its name and the role of its contact are set apart.
            _ => {}
        }
    }
}

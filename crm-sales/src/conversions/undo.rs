//! Taking a conversion back.

use crm_core::{
    Act, Activity, ActivityParties, Customer, CustomerFact, CustomerId, Fact, Interaction, InteractionFact, Lead,
    LeadFact, LeadId, Opportunity, OpportunityFact, OpportunityId, OpportunityPatch, RecordRef, Revision,
    conversion::{Became, Origin},
    store::{
        Activities, ActivityFilter, Customers, Interactions, Journal, Leads, Opportunities, Page, StoreError,
        StoreErrorKind, Timeline, pages,
    },
};

use super::activities_of;
use crate::{
    error::SalesError,
    record::{self, once},
};

/// Takes a conversion back: what it made is gone, what it filled is as it was, and the lead stands where it stood. What is
/// to be done about the lead, and what was done, is for the lead alone again, and what a linked deal had for nobody is so
/// again.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Lead`] unless it is converted.
/// - [`SalesError::Conflict`] where what it made or filled has changed since: that is work which undoing would lose.
/// - [`SalesError::Store`] with `StillReferenced` where something refers to what it made, an order to the person.
/// - [`SalesError::CannotUndo`] where the journal does not know any more how a customer was before.
pub fn undo_conversion(
    tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + Timeline + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
) -> Result<Lead, SalesError> {
    once(tx, act, "undo_conversion", id, |tx, act, id| {
        let converted: Lead = record::find(tx, id)?;
        let mut lead = converted.clone();
        let fact = lead.undo_conversion(act.at())?;
        let LeadFact::ConversionUndone { conversion } = &fact else { return Ok(converted) };
        let conversion = (**conversion).clone();

        // Whatever may be refused is looked at first.
        let customers: Vec<Became<CustomerId>> = conversion.person.into_iter().chain(conversion.organisation).collect();
        let mut restored = Vec::new();
        for became in &customers {
            if became.origin == Origin::Linked {
                continue;
            }
            let customer: Customer = record::unchanged(tx, became.id, became.revision)?;
            if let Origin::Filled { before } = became.origin {
                restored.push((before_it(tx, id, &customer, before)?, customer));
            }
        }
        let mut deal = None;
        if let Some(became) = conversion.opportunity.filter(|became| became.origin != Origin::Linked) {
            let mut opportunity: Opportunity = record::unchanged(tx, became.id, became.revision)?;
            if let Origin::Filled { .. } = became.origin {
                let patch = OpportunityPatch { customer: Some(None), ..OpportunityPatch::default() };
                deal = opportunity.revise(act.at(), patch)?.map(|fact| (opportunity, fact));
            }
        }
        let mut made = Made { activities: activities_of(tx, id)?, lead: Some(converted), ..Made::default() };
        // What a linked deal had for nobody lets go of the customer whom the deal gained, unless somebody was named since.
        let gained = deal.as_ref().and_then(|(_, fact)| match fact {
            OpportunityFact::Revised { before, .. } => before.customer(),
            _ => None,
        });
        let is_made = |person| {
            let created = customers.iter().filter(|became| became.origin == Origin::Created);
            created.into_iter().any(|became| Some(became.id) == person)
        };
        for activity in &conversion.activities {
            let found = tx.activity(*activity)?.filter(|one| one.customer() == gained && !is_made(one.person()));
            let linked = deal.as_ref().map(|(opportunity, _)| opportunity.id);
            made.activities.extend(found.filter(|one| one.lead() != Some(id) && one.opportunity() == linked));
        }
        for interaction in &conversion.interactions {
            if let Some(found) = tx.interaction(*interaction)? {
                let (expected, found_at) = (Revision::FIRST, found.revision);
                if found_at != expected {
                    return Err(SalesError::Conflict { record: found.id.into(), expected, found: found_at });
                }
                made.interactions.push(found);
            }
        }
        if let Some(became) = conversion.opportunity.filter(|became| became.origin == Origin::Created) {
            made.opportunity = Some(record::find(tx, became.id)?);
        }
        for became in customers.iter().filter(|became| became.origin == Origin::Created) {
            made.customers.push(record::find(tx, became.id)?);
        }

        // A linked deal lets go of a customer who was made before that one can go; so nothing else may hold them.
        let gained = gained.filter(|gained| made.customers.iter().any(|customer| customer.id == *gained));
        if let (Some(gained), Some((opportunity, _))) = (gained, &deal) {
            made.is_all_there_is_of(tx, gained, opportunity.id)?;
        }

        let last = made.remove(tx, gained)?;
        lead.revision = lead.revision.next();
        tx.insert_lead(&lead)?;
        tx.append(act, &(id, fact).into())?;
        for mut activity in std::mem::take(&mut made.activities) {
            let parties = if activity.lead() == Some(id) {
                ActivityParties::default()
            } else {
                ActivityParties { customer: None, ..activity.parties() }
            };
            let fact = activity.follow(act.at(), parties);
            if fact.is_some() {
                activity.revision = activity.revision.next();
            }
            tx.insert_activity(&activity)?;
            if let Some(fact) = fact {
                tx.append(act, &(activity.id, fact).into())?;
            }
        }
        if let Some((mut opportunity, fact)) = deal {
            record::save(tx, act, &mut opportunity, [fact])?;
        }
        if let Some(last) = last {
            tx.delete_customer(last)?;
        }
        made.tell(tx, act)?;
        for (before, customer) in restored {
            put_back(tx, act, before, customer)?;
        }
        Ok(lead)
    })
}

/// What a conversion made, and what refers to that and is put back without it.
#[derive(Default)]
struct Made {
    /// The activities of the lead, and those of a linked deal that gained its customer.
    activities: Vec<Activity>,
    lead: Option<Lead>,
    interactions: Vec<Interaction>,
    opportunity: Option<Opportunity>,
    /// The person, then the organisation that they belong to.
    customers: Vec<Customer>,
}

impl Made {
    /// Refuses where a customer has orders, tickets, deals or interactions besides a deal and what was made, or is to be met.
    fn is_all_there_is_of(
        &self,
        tx: &(impl Timeline + Activities + ?Sized),
        customer: CustomerId,
        deal: OpportunityId,
    ) -> Result<(), StoreError> {
        let own = self.interactions.iter().map(|one| one.id.into()).chain([deal.into()]);
        let own: Vec<RecordRef> = own.chain(self.activities.iter().map(|one| one.id.into())).collect();
        for item in pages(100, |page| tx.timeline(customer, page), |item| *item) {
            let by = match item?.record {
                record if own.contains(&record) => continue,
                RecordRef::Interaction(_) => "interactions",
                RecordRef::Opportunity(_) => "opportunities",
                RecordRef::Activity(_) => "activities",
                RecordRef::Quote(_) => "quotes",
                RecordRef::Order(_) => "orders",
                _ => "tickets",
            };
            return Err(StoreErrorKind::StillReferenced { by, count: 1 }.into());
        }
        let with = ActivityFilter { person: Some(customer), ..ActivityFilter::default() };
        let own = self.activities.iter().filter(|one| one.person() == Some(customer)).count();
        match tx.count_activities(&with)?.saturating_sub(u64::try_from(own).unwrap_or(u64::MAX)) {
            0 => Ok(()),
            count => Err(StoreErrorKind::StillReferenced { by: "activities", count }.into()),
        }
    }

    /// Deletes all of it; or, where something else refers to a part of it, nothing: what was deleted by then is put back as it was. The customer whom one linked
    /// deal still holds, and nothing else, is left and given back.
    fn remove(
        &self,
        tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + ?Sized),
        held: Option<CustomerId>,
    ) -> Result<Option<CustomerId>, StoreError> {
        let mut gone = Vec::new();
        let all = self.activities.iter().map(Part::Activity).chain(self.lead.iter().map(Part::Lead));
        let all = all.chain(self.interactions.iter().map(Part::Interaction));
        let all = all.chain(self.opportunity.iter().map(Part::Opportunity));
        for part in all.chain(self.customers.iter().map(Part::Customer)) {
            match part.delete(tx) {
                Ok(()) => gone.push(part),
                // Customers, interactions and leads are asked before opportunities, and the others were.
                Err(error) if part.is_held(held, &error) => {}
                Err(error) => {
                    for part in gone.into_iter().rev() {
                        part.insert(tx)?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(held)
    }

    fn tell(self, tx: &mut (impl Journal + ?Sized), act: &Act) -> Result<(), StoreError> {
        for interaction in self.interactions {
            let (id, interaction) = (interaction.id, Box::new(interaction));
            tx.append(act, &(id, InteractionFact::Deleted { interaction }).into())?;
        }
        if let Some(opportunity) = self.opportunity {
            let (id, opportunity) = (opportunity.id, Box::new(opportunity));
            tx.append(act, &(id, OpportunityFact::Deleted { opportunity }).into())?;
        }
        for customer in self.customers {
            let (id, customer) = (customer.id, Box::new(customer));
            tx.append(act, &(id, CustomerFact::Deleted { customer }).into())?;
        }
        Ok(())
    }
}

/// One record of what a conversion made.
#[derive(Clone, Copy)]
enum Part<'m> {
    Activity(&'m Activity),
    Lead(&'m Lead),
    Interaction(&'m Interaction),
    Opportunity(&'m Opportunity),
    Customer(&'m Customer),
}

impl Part<'_> {
    /// Whether it is a customer whom one deal holds, and nobody else.
    fn is_held(self, held: Option<CustomerId>, error: &StoreError) -> bool {
        let one_deal = StoreErrorKind::StillReferenced { by: "opportunities", count: 1 };
        matches!(self, Self::Customer(one) if Some(one.id) == held) && *error.kind() == one_deal
    }

    fn delete(
        self,
        tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + ?Sized),
    ) -> Result<(), StoreError> {
        match self {
            Self::Activity(one) => tx.delete_activity(one.id),
            Self::Lead(one) => tx.delete_lead(one.id),
            Self::Interaction(one) => tx.delete_interaction(one.id),
            Self::Opportunity(one) => tx.delete_opportunity(one.id),
            Self::Customer(one) => tx.delete_customer(one.id),
        }
    }

    fn insert(
        self,
        tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + ?Sized),
    ) -> Result<(), StoreError> {
        match self {
            Self::Activity(one) => tx.insert_activity(one),
            Self::Lead(one) => tx.insert_lead(one),
            Self::Interaction(one) => tx.insert_interaction(one),
            Self::Opportunity(one) => tx.insert_opportunity(one),
            Self::Customer(one) => tx.insert_customer(one),
        }
    }
}

/// The customer as it was before the conversion filled it, as the journal knows it.
fn before_it(
    tx: &(impl Journal + ?Sized),
    lead: LeadId,
    customer: &Customer,
    revision: Revision,
) -> Result<Customer, SalesError> {
    let record: RecordRef = customer.id.into();
    for entry in pages(100, |page: Page<_>| tx.history(record, page), |entry| entry.position) {
        if let Some(Fact::Customer(_, CustomerFact::Updated { before, .. })) = entry?.fact
            && before.revision == revision
        {
            return Ok(*before);
        }
    }
    Err(SalesError::CannotUndo { lead, record })
}

fn put_back(
    tx: &mut (impl Customers + Journal + ?Sized),
    act: &Act,
    before: Customer,
    now: Customer,
) -> Result<(), SalesError> {
    let mut after = Customer { revision: now.revision, updated_at: act.at(), ..before };
    let fact = CustomerFact::Updated { before: Box::new(now), after: Box::new(after.clone()) };
    record::save(tx, act, &mut after, [fact])
}

//! Leads.

use chrono::{DateTime, Utc};
use crm_core::{
    ContactRef, EmailAddress, ExternalId, Lead, LeadId, LeadState, Name, Phone, QueueId, RecordRef, Revision,
    SalesRepId, WaitingOrder,
    store::{LeadFilter, Leads, Page, WaitingKey},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods, reference},
};

impl Family for Lead {
    type Filter = LeadFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let own =
            [reference("owner", self.owner()), reference("queue", self.queue()), reference("product", self.product())];
        let became = match self.state() {
            LeadState::Converted { conversion, .. } => [
                reference("organisation", conversion.organisation.map(|became| became.id)),
                reference("person", conversion.person.map(|became| became.id)),
                reference("opportunity", conversion.opportunity.map(|became| became.id)),
            ],
            _ => [None; 3],
        };
        own.into_iter().chain(became).flatten().collect()
    }

    fn passes(&self, filter: &LeadFilter) -> bool {
        let LeadFilter { owner, queue, status, source, without_owner, waiting_in } = filter;
        holds(owner.as_ref(), self.owner().as_ref())
            && holds(queue.as_ref(), self.queue().as_ref())
            && holds(status.as_ref(), Some(&self.status()))
            && holds(source.as_ref(), self.source())
            && holds(without_owner.as_ref(), Some(&self.owner().is_none()))
            && holds(waiting_in.as_ref(), self.waits_in().as_ref())
    }
}

impl Leads for MemoryTx {
    record_methods! {
        Lead(LeadId), LeadFilter
        { lead leads count_leads insert_lead insert_leads update_lead delete_lead }
    }

    by_external_id! { lead_by_external_id: Lead }

    fn leads_with_email(&self, email: &EmailAddress, page: Page<LeadId>) -> Stored<Vec<Lead>> {
        Ok(self.state.listed_by_id(|lead: &Lead| lead.emails().get(email).is_some(), page))
    }

    fn leads_with_phone(&self, phone: &Phone, page: Page<LeadId>) -> Stored<Vec<Lead>> {
        Ok(self.state.listed_by_id(|lead: &Lead| lead.phones().get(phone).is_some(), page))
    }

    fn leads_named(&self, name: &Name, page: Page<LeadId>) -> Stored<Vec<Lead>> {
        let named = |lead: &Lead| lead.name().is_some_and(|own| own.key() == name.key());
        Ok(self.state.listed_by_id(named, page))
    }

    fn leads_of_organisation(&self, name: &Name, page: Page<LeadId>) -> Stored<Vec<Lead>> {
        let named = |lead: &Lead| lead.organisation().is_some_and(|own| own.key() == name.key());
        Ok(self.state.listed_by_id(named, page))
    }

    fn waiting_leads(&self, queue: QueueId, order: WaitingOrder, page: Page<WaitingKey>) -> Stored<Vec<Lead>> {
        let waits = |lead: &Lead| lead.waits_in() == Some(queue);
        Ok(self.state.listed(waits, |lead| Some((lead.waiting_key(order)?, lead.id)), page))
    }

    fn lead_load(&self, rep: SalesRepId) -> Stored<u64> {
        let open = |lead: &&Lead| lead.owner() == Some(rep) && lead.status().is_open();
        Ok(self.state.leads.values().filter(open).map(|lead| u64::from(lead.weight())).sum())
    }

    fn last_given(&self, reached: &ContactRef) -> Stored<Option<(DateTime<Utc>, SalesRepId)>> {
        let has = |lead: &&Lead| match reached {
            ContactRef::Email(email) => lead.emails().get(email).is_some(),
            ContactRef::Phone(phone) => lead.phones().get(phone).is_some(),
            ContactRef::Address(_) => false,
        };
        let leads = self.state.leads.values().filter(has);
        Ok(leads.filter_map(|lead| lead.assigned_at().zip(lead.owner())).max())
    }
}

//! Interactions.

use crm_core::{
    ExternalId, Interaction, InteractionId, Participant, RecordRef, Revision,
    store::{InteractionFilter, Interactions, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods, reference},
};

impl Family for Interaction {
    type Filter = InteractionFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id.as_ref()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let participants = self.participants.iter().filter_map(|participant| match participant {
            Participant::Customer(id) => Some(RecordRef::from(*id)),
            Participant::SalesRep(id) => Some(RecordRef::from(*id)),
            Participant::Agent(id) => Some(RecordRef::from(*id)),
            Participant::Other(_) => None,
        });
        let customer = ("customer", self.customer.into());
        let about = [Some(customer), reference("opportunity", self.opportunity)].into_iter().flatten();
        about.chain(participants.map(|to| ("participants", to))).collect()
    }

    fn passes(&self, filter: &InteractionFilter) -> bool {
        let InteractionFilter { customer, opportunity, channel } = filter;
        holds(customer.as_ref(), Some(&self.customer))
            && holds(opportunity.as_ref(), self.opportunity.as_ref())
            && holds(channel.as_ref(), Some(&self.channel))
    }
}

impl Interactions for MemoryTx {
    record_methods! {
        Interaction(InteractionId), InteractionFilter
        { interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction }
    }

    by_external_id! { interaction_by_external_id: Interaction }
}

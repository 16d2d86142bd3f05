//! Opportunities.

use crm_core::{
    ExternalId, Opportunity, OpportunityId, RecordRef, Revision,
    store::{Opportunities, OpportunityFilter, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods, reference},
};

impl Family for Opportunity {
    type Filter = OpportunityFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let references = [
            reference("customer", self.customer()),
            reference("product", self.product()),
            reference("rep", self.rep()),
        ];
        let lines = self.lines().iter().map(|line| ("lines", line.product().into()));
        let contacts = self.contacts().iter().map(|contact| ("contacts", contact.person.into()));
        references.into_iter().flatten().chain(lines).chain(contacts).collect()
    }

    fn passes(&self, filter: &OpportunityFilter) -> bool {
        let OpportunityFilter { customer, product, rep, status, pipeline, stage, expected_close, closed } = filter;
        holds(customer.as_ref(), self.customer().as_ref())
            && holds(product.as_ref(), self.product().as_ref())
            && holds(rep.as_ref(), self.rep().as_ref())
            && holds(status.as_ref(), Some(&self.state().status()))
            && holds(pipeline.as_ref(), Some(self.pipeline()))
            && holds(stage.as_ref(), Some(&self.stage().key))
            && expected_close.is_none_or(|days| self.expected_close().is_some_and(|day| days.contains(day)))
            && closed.is_none_or(|days| self.state().close_day().is_some_and(|day| days.contains(day)))
    }
}

impl Opportunities for MemoryTx {
    record_methods! {
        Opportunity(OpportunityId), OpportunityFilter
        { opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity }
    }

    by_external_id! { opportunity_by_external_id: Opportunity }
}

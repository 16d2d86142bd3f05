//! Activities.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Activity, ActivityId, ExternalId, OpportunityId, RecordRef, Revision,
    store::{Activities, ActivityFilter, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods, reference},
};

impl Family for Activity {
    type Filter = ActivityFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let references = [
            reference("lead", self.lead()),
            reference("customer", self.customer()),
            reference("opportunity", self.opportunity()),
            reference("person", self.person()),
            reference("owner", self.owner()),
        ];
        references.into_iter().flatten().collect()
    }

    fn passes(&self, filter: &ActivityFilter) -> bool {
        let ActivityFilter { lead, customer, opportunity, person, owner, kind, status, due } = filter;
        holds(lead.as_ref(), self.lead().as_ref())
            && holds(customer.as_ref(), self.customer().as_ref())
            && holds(opportunity.as_ref(), self.opportunity().as_ref())
            && holds(person.as_ref(), self.person().as_ref())
            && holds(owner.as_ref(), self.owner().as_ref())
            && holds(kind.as_ref(), Some(&self.kind()))
            && holds(status.as_ref(), Some(&self.state().status()))
            && due.is_none_or(|days| days.contains(self.due()))
    }
}

impl Activities for MemoryTx {
    record_methods! {
        Activity(ActivityId), ActivityFilter
        { activity activities count_activities insert_activity insert_activities update_activity delete_activity }
    }

    by_external_id! { activity_by_external_id: Activity }

    fn activities_by_due(&self, filter: &ActivityFilter, page: Page<(NaiveDate, ActivityId)>) -> Stored<Vec<Activity>> {
        let key = |activity: &Activity| Some((activity.planned_for()?, activity.id));
        Ok(self.state.listed(|activity: &Activity| activity.passes(filter), key, page))
    }

    fn activities_by_reminder(
        &self,
        filter: &ActivityFilter,
        page: Page<(DateTime<Utc>, ActivityId)>,
    ) -> Stored<Vec<Activity>> {
        let key = |activity: &Activity| Some((activity.reminds_at()?, activity.id));
        Ok(self.state.listed(|activity: &Activity| activity.passes(filter), key, page))
    }

    fn last_activity(&self, opportunity: OpportunityId) -> Stored<Option<DateTime<Utc>>> {
        let of_it = self.state.activities.values().filter(|activity| activity.opportunity() == Some(opportunity));
        let done = of_it.filter_map(|activity| activity.state().done_at());
        let about = self.state.interactions.values().filter(|one| one.opportunity == Some(opportunity));
        Ok(done.chain(about.map(|one| one.occurred_at)).max())
    }
}

//! Queues.

use crm_core::{
    Label, Member, Queue, QueueId, RecordRef, Revision,
    store::{Page, QueueFilter, Queues},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods},
};

impl Family for Queue {
    type Filter = QueueFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        vec![("name", self.name.as_str())]
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let member = |member| match member {
            Member::SalesRep(id) => RecordRef::SalesRep(id),
            Member::Agent(id) => RecordRef::Agent(id),
        };
        self.roster.members().iter().map(|one| ("members", member(one.member))).collect()
    }

    fn passes(&self, filter: &QueueFilter) -> bool {
        let QueueFilter { member, paused } = filter;
        member.is_none_or(|member| self.roster.members().iter().any(|one| one.member == member))
            && holds(paused.as_ref(), Some(&self.roster.policy().paused))
    }
}

impl Queues for MemoryTx {
    record_methods! {
        Queue(QueueId), QueueFilter
        { queue queues count_queues insert_queue insert_queues update_queue delete_queue }
    }

    fn queue_by_name(&self, name: &Label) -> Stored<Option<Queue>> {
        Ok(self.state.with_unique("name", name.as_str()))
    }
}

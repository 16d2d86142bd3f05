//! Agents.

use crm_core::{
    Agent, AgentId, ExternalId, Name, RecordRef, Revision,
    store::{AgentFilter, Agents, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, named, record_methods},
};

impl Family for Agent {
    type Filter = AgentFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id.as_ref()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        Vec::new()
    }

    fn passes(&self, filter: &AgentFilter) -> bool {
        let AgentFilter { group, active } = filter;
        holds(group.as_ref(), self.group.as_ref()) && holds(active.as_ref(), Some(&self.active))
    }
}

impl Agents for MemoryTx {
    record_methods! {
        Agent(AgentId), AgentFilter
        { agent agents count_agents insert_agent insert_agents update_agent delete_agent }
    }

    by_external_id! { agent_by_external_id: Agent }

    named! { agents_named: Agent(AgentId) }
}

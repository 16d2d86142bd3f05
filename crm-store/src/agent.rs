//! Agents in SQLite.

use crm_core::{
    Agent, AgentId, ExternalId, Invalid, Name, Revision,
    store::{AgentFilter, Agents, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Agent {
    type Id = AgentId;
    type Draft = Self;

    const RECORD: &'static str = "agent";
    const SQL: Statements =
        statements!("crm_agent", parts: "0", "external_id" "name" "team" "active", derived: "name_key");
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("interactions", "SELECT count(DISTINCT interaction) FROM crm_interaction_participant WHERE agent = ?1"),
        ("queues", "SELECT count(*) FROM crm_queue_member WHERE agent = ?1"),
        ("tickets", "SELECT count(*) FROM crm_ticket WHERE assignee = ?1 OR solved_by = ?1"),
        ("messages", "SELECT count(*) FROM crm_ticket_message WHERE agent = ?1"),
    ];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "name"]));

    fn id(&self) -> AgentId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id.as_ref().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        Vec::new()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id)?
            .put(&self.name)?
            .put(&self.group)?
            .put(&self.active)?
            .put(&self.name.key())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (external_id, name) = (cells.take()?, cells.take()?);
        Ok(Self {
            id,
            revision,
            created_at,
            updated_at,
            external_id,
            name,
            group: cells.take()?,
            active: cells.take()?,
        })
    }

    fn finish(agent: Self) -> Result<Self, Invalid> {
        Ok(agent)
    }
}

fn matching(filter: &AgentFilter) -> Where<'_> {
    let AgentFilter { group, active } = filter;
    Where::default().and(Serves::Ids, "team = ?", group.as_ref()).and(Serves::None, "active = ?", active.as_ref())
}

impl Agents for SqliteTx<'_> {
    family_methods!(Agent(AgentId), AgentFilter, matching {
        agent agents count_agents insert_agent insert_agents update_agent delete_agent
    });

    fn agent_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Agent>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn agents_named(&self, name: &Name, page: Page<AgentId>) -> Result<Vec<Agent>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }
}

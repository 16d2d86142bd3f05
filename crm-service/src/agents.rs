//! The people who work tickets.

use crm_core::{
    Act, Agent, AgentFact, AgentId, AgentPatch, Fact, NewAgent, once,
    store::{Agents, Journal},
};

use crate::ServiceError;

/// Adds an agent, active.
///
/// # Errors
///
/// [`ServiceError::Store`] with `Duplicate` where the id or the external id is taken.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, add_agent, delete_agent};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?).group("Returns".parse()?))?;
///     assert!(mei.active);
///     assert_eq!(delete_agent(tx, act, mei.id)?, mei); // nothing refers to her
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn add_agent(
    tx: &mut (impl Agents + Journal + ?Sized),
    act: &mut Act,
    new: NewAgent,
) -> Result<Agent, ServiceError> {
    once(tx, act, "add_agent", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let agent = Agent::add(id, act.at(), new);
        tx.insert_agent(&agent)?;
        tx.append(act, &Fact::from((id, AgentFact::Added { agent: Box::new(agent.clone()) })))?;
        Ok(agent)
    })
}

/// Changes what the patch names; writes nothing where nothing is different.
///
/// An agent who is no longer active keeps the tickets that they have, so that none is lost from sight: hand them on with
/// [`assign_ticket`](crate::assign_ticket).
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] where the patch expects another revision; [`ServiceError::Store`] with `Duplicate` where the external
/// id is taken.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, add_agent, update_agent};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
///     let away = AgentPatch { expected: Some(mei.revision), active: Some(false), ..AgentPatch::default() };
///     assert!(!update_agent(tx, act, mei.id, away.clone())?.active);
///     assert!(matches!(update_agent(tx, act, mei.id, away), Err(ServiceError::Conflict { .. }))); // she changed since
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn update_agent(
    tx: &mut (impl Agents + Journal + ?Sized),
    act: &mut Act,
    id: AgentId,
    patch: AgentPatch,
) -> Result<Agent, ServiceError> {
    once(tx, act, "update_agent", (id, patch), |tx, act, (id, patch)| {
        let mut agent = existing_agent(tx, id)?;
        ServiceError::unless_seen(id, patch.expected, agent.revision)?;
        if let Some(fact) = agent.update(act.at(), patch) {
            agent.revision = tx.update_agent(&agent)?;
            tx.append(act, &Fact::from((id, fact)))?;
        }
        Ok(agent)
    })
}

/// Deletes an agent whom nothing refers to (no interaction, ticket or message), and gives back who it was. An agent who leaves after some work is made inactive instead.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Store`] with `StillReferenced` where they took part in an interaction, a ticket is theirs or
/// stands solved by them, or they wrote a message.
pub fn delete_agent(
    tx: &mut (impl Agents + Journal + ?Sized),
    act: &mut Act,
    id: AgentId,
) -> Result<Agent, ServiceError> {
    once(tx, act, "delete_agent", id, |tx, act, id| {
        let agent = existing_agent(tx, id)?;
        tx.delete_agent(id)?;
        tx.append(act, &Fact::from((id, AgentFact::Deleted { agent: Box::new(agent.clone()) })))?;
        Ok(agent)
    })
}

/// The agent, who may have left: whoever wrote a message wrote it.
pub(crate) fn existing_agent(tx: &(impl Agents + ?Sized), id: AgentId) -> Result<Agent, ServiceError> {
    tx.agent(id)?.ok_or_else(|| ServiceError::not_found(id))
}

/// The agent, who works at present: somebody who can take over a ticket.
pub(crate) fn active_agent(tx: &(impl Agents + ?Sized), id: AgentId) -> Result<Agent, ServiceError> {
    let agent = existing_agent(tx, id)?;
    if agent.active { Ok(agent) } else { Err(ServiceError::Inactive { record: id.into() }) }
}

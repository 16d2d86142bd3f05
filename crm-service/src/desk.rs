//! The desk: where tickets come in and are handed out.

use chrono::{DateTime, Utc};
use crm_core::{
    Act, AgentId, Fact, MessageKind, NewMessage, NewTicket, Ticket, TicketFact, TicketId, TicketPatch, once,
    store::{Agents, Customers, Journal, Tickets},
};

use crate::{ServiceError, agents::active_agent};

/// Opens a ticket for a customer. It gets the next free number where it brings none (TKT-8); the customer's first message, where there is one, becomes message
/// 1 of the conversation.
///
/// An archived customer gets no new business, but gets answers to the old: their tickets open like anybody's, and the customer stays archived.
///
/// # Errors
///
/// [`ServiceError::NotFound`] where the customer is not there; [`ServiceError::Store`] with `Duplicate` where the id, the number or the external id is taken.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, open_ticket};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let new = NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?).message("since today".parse()?);
///     let ticket = open_ticket(tx, act, new)?;
///     assert_eq!((ticket.number().as_str(), ticket.messages()), ("T-000001", 1));
///
///     let stranger = NewTicket::new(act.new_id(), Channel::Email, "the lamp flickers".parse()?);
///     assert!(matches!(open_ticket(tx, act, stranger), Err(ServiceError::NotFound { .. })));
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn open_ticket(
    tx: &mut (impl Tickets + Customers + Journal + ?Sized),
    act: &mut Act,
    new: NewTicket,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "open_ticket", new, |tx, act, new| {
        if tx.customer(new.customer)?.is_none() {
            return Err(ServiceError::not_found(new.customer));
        }
        let number = match &new.number {
            Some(number) => number.clone(),
            None => tx.next_ticket_number()?,
        };
        let id = new.id.unwrap_or_else(|| act.new_id());
        let mut ticket = Ticket::open(id, number, act.at(), &new)?;
        let opened = TicketFact::Opened { ticket: Box::new(ticket.clone()) };
        let first = match new.message {
            Some(text) => Some(ticket.message(act.at(), NewMessage { kind: MessageKind::CustomerReply, text })?),
            None => None,
        };
        tx.insert_ticket(&ticket)?;
        tx.append(act, &Fact::from((id, opened)))?;
        if let Some((message, messaged)) = first {
            tx.append_message(&message)?;
            tx.append(act, &Fact::from((id, messaged)))?;
        }
        Ok(ticket)
    })
}

/// Changes what the patch names; writes nothing where nothing is different. A priority that was set can change and not become empty again (TKT-1).
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Conflict`] where the patch expects another revision; [`ServiceError::Ticket`] once it is closed.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, open_ticket, update_ticket};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let ticket = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?;
///     let high = TicketPatch { expected: Some(ticket.revision), priority: Some(Priority::High), ..TicketPatch::default() };
///     assert_eq!(update_ticket(tx, act, ticket.id, high.clone())?.priority(), Some(Priority::High));
///     assert!(matches!(update_ticket(tx, act, ticket.id, high), Err(ServiceError::Conflict { .. }))); // it changed since
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn update_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
    patch: TicketPatch,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "update_ticket", (id, patch), |tx, act, (id, patch)| {
        change_ticket(tx, act, id, |ticket, at| {
            ServiceError::unless_seen(id, patch.expected, ticket.revision)?;
            Ok::<_, ServiceError>(ticket.update(at, patch)?)
        })
    })
}

/// Gives a ticket to an agent. A new ticket is open then and never new again (TKT-1). Writes nothing where it is theirs already.
///
/// The agent's group and the ticket's are not compared: a colleague of another group may help out.
///
/// # Errors
///
/// [`ServiceError::NotFound`] where the ticket or the agent is not there; [`ServiceError::Inactive`] where the agent does not work at present;
/// [`ServiceError::Ticket`] once it is closed.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, add_agent, assign_ticket, open_ticket, update_agent};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
///     let ticket = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?;
///     let ticket = assign_ticket(tx, act, ticket.id, mei.id)?;
///     assert_eq!((ticket.assignee(), ticket.state()), (Some(mei.id), &TicketState::Open));
///
///     update_agent(tx, act, mei.id, AgentPatch { active: Some(false), ..AgentPatch::default() })?;
///     assert!(matches!(assign_ticket(tx, act, ticket.id, mei.id), Err(ServiceError::Inactive { .. })));
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn assign_ticket(
    tx: &mut (impl Tickets + Agents + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
    agent: AgentId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "assign_ticket", (id, agent), |tx, act, (id, agent)| {
        active_agent(tx, agent)?;
        change_ticket(tx, act, id, |ticket, at| ticket.assign(at, Some(agent)))
    })
}

/// Gives a ticket back: nobody works it, and it stands where it stood. Writes nothing where nobody did.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] where it is solved, which somebody answers for (TKT-2), or closed.
pub fn unassign_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "unassign_ticket", id, |tx, act, id| change_ticket(tx, act, id, |ticket, at| ticket.assign(at, None)))
}

/// Loads a ticket, lets it decide, and saves what it decided with its fact; a decision without a fact changed nothing, and nothing is written.
pub(crate) fn change_ticket<F, E>(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &Act,
    id: TicketId,
    decide: impl FnOnce(&mut Ticket, DateTime<Utc>) -> Result<F, E>,
) -> Result<Ticket, ServiceError>
where
    F: Into<Option<TicketFact>>,
    ServiceError: From<E>,
{
    let mut ticket = existing_ticket(tx, id)?;
    if let Some(fact) = decide(&mut ticket, act.at())?.into() {
        save_ticket(tx, act, &mut ticket, fact)?;
    }
    Ok(ticket)
}

pub(crate) fn existing_ticket(tx: &(impl Tickets + ?Sized), id: TicketId) -> Result<Ticket, ServiceError> {
    tx.ticket(id)?.ok_or_else(|| ServiceError::not_found(id))
}

pub(crate) fn save_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &Act,
    ticket: &mut Ticket,
    fact: TicketFact,
) -> Result<(), ServiceError> {
    ticket.revision = tx.update_ticket(ticket)?;
    tx.append(act, &Fact::from((ticket.id, fact)))?;
    Ok(())
}

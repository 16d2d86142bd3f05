//! The conversation of a ticket: what the customer writes, what agents answer, what they note among themselves.
//!
//! Messages are added and never changed. Each operation writes the message and what it does to the ticket in one transaction, and gives back both.

use crm_core::{
    Act, AgentId, MessageKind, NewMessage, Text, Ticket, TicketId, TicketMessage, once,
    store::{Agents, Journal, Tickets},
};

use crate::{
    ServiceError,
    agents::existing_agent,
    desk::{existing_ticket, save_ticket},
};

/// The customer writes. A ticket that is pending, on hold or solved is open again; the resolution of a solved one goes, and the journal keeps it.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] once it is closed, for closed is final: [open](crate::open_ticket) another ticket.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, customer_replies, open_ticket, pend_ticket};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let ticket = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?;
///     pend_ticket(tx, act, ticket.id)?;
///     let (ticket, message) = customer_replies(tx, act, ticket.id, "it is the old bulb".parse()?)?;
///     assert_eq!((ticket.state(), message.number), (&TicketState::Open, 1));
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn customer_replies(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    ticket: TicketId,
    text: Text,
) -> Result<(Ticket, TicketMessage), ServiceError> {
    once(tx, act, "customer_replies", (ticket, text), |tx, act, (ticket, text)| {
        add_message(tx, act, ticket, NewMessage { kind: MessageKind::CustomerReply, text })
    })
}

/// An agent writes to the customer. The first reply opens a new ticket; any later one leaves it where it stands.
///
/// The agent need not be active, nor the assignee: the conversation keeps who wrote, whatever they do now.
///
/// # Errors
///
/// [`ServiceError::NotFound`] where the ticket or the agent is not there; [`ServiceError::Ticket`] once it is closed.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, add_agent, add_note, agent_replies, open_ticket};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
///     let ticket = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?;
///     let (ticket, note) = add_note(tx, act, ticket.id, mei.id, "a known fault".parse()?)?;
///     assert_eq!((ticket.state(), note.kind.is_public()), (&TicketState::New, false));
///     let (ticket, reply) = agent_replies(tx, act, ticket.id, mei.id, "which bulb is it?".parse()?)?;
///     assert_eq!((ticket.state(), reply.kind.is_public()), (&TicketState::Open, true));
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn agent_replies(
    tx: &mut (impl Tickets + Agents + Journal + ?Sized),
    act: &mut Act,
    ticket: TicketId,
    agent: AgentId,
    text: Text,
) -> Result<(Ticket, TicketMessage), ServiceError> {
    once(tx, act, "agent_replies", (ticket, agent, text), |tx, act, (ticket, agent, text)| {
        existing_agent(tx, agent)?;
        add_message(tx, act, ticket, NewMessage { kind: MessageKind::AgentReply(agent), text })
    })
}

/// An agent writes for colleagues. The customer never sees it, and the ticket stays where it stands.
///
/// The agent need not be active, nor the assignee.
///
/// # Errors
///
/// [`ServiceError::NotFound`] where the ticket or the agent is not there; [`ServiceError::Ticket`] once it is closed.
pub fn add_note(
    tx: &mut (impl Tickets + Agents + Journal + ?Sized),
    act: &mut Act,
    ticket: TicketId,
    agent: AgentId,
    text: Text,
) -> Result<(Ticket, TicketMessage), ServiceError> {
    once(tx, act, "add_note", (ticket, agent, text), |tx, act, (ticket, agent, text)| {
        existing_agent(tx, agent)?;
        add_message(tx, act, ticket, NewMessage { kind: MessageKind::Note(agent), text })
    })
}

fn add_message(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &Act,
    id: TicketId,
    new: NewMessage,
) -> Result<(Ticket, TicketMessage), ServiceError> {
    let mut ticket = existing_ticket(tx, id)?;
    let (message, fact) = ticket.message(act.at(), new)?;
    save_ticket(tx, act, &mut ticket, fact)?;
    tx.append_message(&message)?;
    Ok((ticket, message))
}

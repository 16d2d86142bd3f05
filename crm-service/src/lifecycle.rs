//! The life of a ticket: taken up, waiting, solved, perhaps reopened, closed.
//!
//! What may follow what stands in [`TicketStatus::TRANSITIONS`](crm_core::TicketStatus::TRANSITIONS); anything else is refused with the status and the action.

use crm_core::{
    Act, AgentId, Text, Ticket, TicketId, Unassigned, once,
    store::{Agents, Journal, Tickets},
};

use crate::{ServiceError, agents::active_agent, desk::change_ticket};

/// Takes up the work on a ticket that is new, pending or on hold: it is open.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] where it is open, solved or closed.
pub fn work_on(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "work_on", id, |tx, act, id| change_ticket(tx, act, id, Ticket::work))
}

/// Waits for the customer: the ticket is pending until they reply.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] where it is pending or closed.
pub fn pend_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "pend_ticket", id, |tx, act, id| change_ticket(tx, act, id, Ticket::pend))
}

/// Waits for a third party: the ticket is on hold, and the customer sees it as open (TKT-1).
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] where it is on hold or closed.
pub fn hold_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "hold_ticket", id, |tx, act, id| change_ticket(tx, act, id, Ticket::hold))
}

/// Solves a ticket with its resolution. Where nobody is assigned, that is refused or the solver becomes the assignee, as `unassigned` says (TKT-2); where
/// somebody is, a colleague may solve it and the assignee stays.
///
/// # Errors
///
/// [`ServiceError::NotFound`] where the ticket or the solver is not there; [`ServiceError::Inactive`] where the solver does not work at present;
/// [`ServiceError::Ticket`] where it is solved or closed, or nobody is assigned and [`Unassigned::Refuse`] rules.
///
/// # Examples
///
/// ```
/// # use crm_core::{*, store::*};
/// # let (store, act) = (crm_testkit::MemoryStore::new(), &mut crm_testkit::Acts::new().next("mei"));
/// # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
/// use crm_service::{ServiceError, add_agent, close_ticket, customer_replies, open_ticket, solve_ticket};
///
/// store.write(|tx| {
/// #   tx.insert_customer(&zhang)?;
///     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
///     let id = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?.id;
///     let refused = solve_ticket(tx, act, id, mei.id, "new bulb".parse()?, Unassigned::Refuse);
///     assert!(matches!(refused, Err(ServiceError::Ticket(TicketError::NoAssignee { .. }))));
///
///     let ticket = solve_ticket(tx, act, id, mei.id, "new bulb".parse()?, Unassigned::SolverTakes)?;
///     assert_eq!(ticket.assignee(), Some(mei.id));
///
///     close_ticket(tx, act, id)?;
///     let refused = customer_replies(tx, act, id, "it flickers again".parse()?);
///     assert!(matches!(refused, Err(ServiceError::Ticket(TicketError::NotAllowed { status: TicketStatus::Closed, .. }))));
///     Ok::<_, ServiceError>(())
/// })?;
/// # Ok::<(), ServiceError>(())
/// ```
pub fn solve_ticket(
    tx: &mut (impl Tickets + Agents + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
    solver: AgentId,
    resolution: Text,
    unassigned: Unassigned,
) -> Result<Ticket, ServiceError> {
    once(
        tx,
        act,
        "solve_ticket",
        (id, solver, resolution, unassigned),
        |tx, act, (id, solver, resolution, unassigned)| {
            active_agent(tx, solver)?;
            change_ticket(tx, act, id, |ticket, at| ticket.solve(at, solver, resolution, unassigned))
        },
    )
}

/// Works a solved ticket again: it is open. Its resolution goes, and the journal keeps it.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] unless it is solved.
pub fn reopen_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "reopen_ticket", id, |tx, act, id| change_ticket(tx, act, id, Ticket::reopen))
}

/// Ends a solved ticket for good. What the customer writes after that needs another ticket.
///
/// # Errors
///
/// [`ServiceError::NotFound`]; [`ServiceError::Ticket`] unless it is solved.
pub fn close_ticket(
    tx: &mut (impl Tickets + Journal + ?Sized),
    act: &mut Act,
    id: TicketId,
) -> Result<Ticket, ServiceError> {
    once(tx, act, "close_ticket", id, |tx, act, id| change_ticket(tx, act, id, Ticket::close))
}

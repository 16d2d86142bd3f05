//! Service operations: tickets from the first message to the last.
//!
//! **What it is.** The work of a service team, one function each: agents come and go ([`add_agent`]), tickets come in and are handed out
//! ([`open_ticket`], [`assign_ticket`]), people write ([`customer_replies`], [`agent_replies`], [`add_note`]), the ticket waits and ends
//! ([`pend_ticket`], [`solve_ticket`], [`close_ticket`]). Each takes the transaction, the [`Act`](crm_core::Act) and its input; it loads, decides by the
//! rules of [`Ticket`](crm_core::Ticket), saves, and appends its fact to the journal. Any number of them share one commit. In an act with an idempotency key
//! each is done once: repeated, it gives its first answer ([`once`](crm_core::once)).
//!
//! **What it does not do.** It opens no store, reads no clock and checks no permission: the host does. It enforces no deadline
//! ([`Ticket::due_at`](crm_core::Ticket::due_at) is kept, no more), routes nothing by itself and sends no mail.
//!
//! It deletes no ticket: the customer was told the number, and the conversation is the record of what was promised. One that was opened by mistake
//! is solved with a resolution that says so, and closed. Closed is final: a customer who writes again needs another ticket.
//!
//! **Where to start.** With [`open_ticket`], over any store:
//!
//! ```
//! use crm_core::{Channel, NewAgent, NewTicket, TicketState, Unassigned};
//! use crm_core::store::{Journal, Page, Store};
//! use crm_service::{ServiceError, add_agent, agent_replies, customer_replies, open_ticket, solve_ticket};
//! use crm_testkit::{Acts, MemoryStore};
//! # use crm_core::{Customer, NewCustomer, store::Customers};
//!
//! let store = MemoryStore::new();
//! let act = &mut Acts::new().next("mei"); // a host's act has a clock's instant and the system's entropy
//! # let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
//!
//! store.write(|tx| {
//! #   tx.insert_customer(&zhang)?;
//!     let mei = add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
//!     let ticket = open_ticket(tx, act, NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?))?;
//!     agent_replies(tx, act, ticket.id, mei.id, "a new bulb is on its way".parse()?)?;
//!     let ticket = solve_ticket(tx, act, ticket.id, mei.id, "sent a bulb".parse()?, Unassigned::SolverTakes)?;
//!     assert_eq!(ticket.assignee(), Some(mei.id));
//!
//!     let (ticket, _) = customer_replies(tx, act, ticket.id, "it flickers again".parse()?)?;
//!     assert_eq!(ticket.state(), &TicketState::Open); // a solved ticket opens when the customer replies
//!     let told: Vec<_> = tx.history(ticket.id.into(), Page::first(10))?.iter().map(|entry| entry.kind.clone()).collect();
//!     assert_eq!(told, ["ticket.opened", "ticket.messaged", "ticket.solved", "ticket.messaged"]);
//!     Ok::<_, ServiceError>(())
//! })?;
//! # Ok::<(), ServiceError>(())
//! ```

mod agents;
mod conversation;
mod desk;
mod error;
mod lifecycle;

#[cfg(test)]
mod tests;

pub use self::{
    agents::{add_agent, delete_agent, update_agent},
    conversation::{add_note, agent_replies, customer_replies},
    desk::{assign_ticket, open_ticket, unassign_ticket, update_ticket},
    error::ServiceError,
    lifecycle::{close_ticket, hold_ticket, pend_ticket, reopen_ticket, solve_ticket, work_on},
};

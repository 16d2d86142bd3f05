//! Stories of a service desk, told on the reference store.

mod agents;
mod keys;
mod lives;
mod numbers;
mod refusals;

use std::cell::RefCell;

use chrono::{DateTime, TimeDelta, Utc};
use crm_core::{
    Act, Agent, AgentId, Channel, Customer, CustomerId, Entry, NewAgent, NewCustomer, NewTicket, RecordRef, Ticket,
    TicketId, TicketMessage, TicketStatus, Unassigned,
    store::{Agents as _, Customers as _, Journal as _, Page, Store, StoreError, Tickets as _},
};
use crm_testkit::{Acts, MemoryStore};

use crate::*;

type Tx<'t> = <MemoryStore as Store>::Tx<'t>;

/// A desk with one customer and three agents; Olga is not active. Every act happens a minute after the one before.
struct Desk {
    store: MemoryStore,
    acts: RefCell<Acts>,
    zhang: CustomerId,
    mei: AgentId,
    jonas: AgentId,
    olga: AgentId,
}

/// All that a service operation could write.
#[derive(Debug, PartialEq)]
struct Everything {
    agents: Vec<Agent>,
    tickets: Vec<Ticket>,
    messages: Vec<TicketMessage>,
    entries: Vec<Entry>,
}

const ALL: u16 = 1000;

impl Desk {
    fn new() -> Self {
        let mut acts = Acts::new();
        let mut act = acts.next("setup");
        let (zhang, mei, jonas, olga) = (act.new_id(), act.new_id(), act.new_id(), act.new_id());
        let desk = Self { store: MemoryStore::new(), acts: RefCell::new(acts), zhang, mei, jonas, olga };
        let customer = Customer::register(zhang, minute(0), NewCustomer::person("张三".parse().unwrap())).unwrap();
        desk.store.write(|tx| tx.insert_customer(&customer)).unwrap();
        for (id, name) in [(mei, "Mei"), (jonas, "Jonas"), (olga, "Olga")] {
            let agent = Agent::add(id, minute(0), NewAgent::new(name.parse().unwrap()));
            let agent = Agent { active: id != olga, ..agent };
            desk.store.write(|tx| tx.insert_agent(&agent)).unwrap();
        }
        desk
    }

    fn act(&self, actor: &str) -> Act {
        self.acts.borrow_mut().next(actor)
    }

    fn does<T>(&self, operation: impl FnOnce(&mut Tx<'_>, &mut Act) -> Result<T, ServiceError>) -> T {
        let mut act = self.act("mei");
        self.store.write(|tx| operation(tx, &mut act)).unwrap()
    }

    /// The error of an operation that is refused. What it may have written is committed on purpose, so that no rollback hides it.
    fn refuses<T>(&self, operation: impl FnOnce(&mut Tx<'_>, &mut Act) -> Result<T, ServiceError>) -> ServiceError {
        let before = self.everything();
        let mut act = self.act("mei");
        let refused = self.store.write(|tx| Ok::<_, StoreError>(operation(tx, &mut act).err())).unwrap();
        assert_eq!(self.everything(), before, "a refused operation wrote something");
        refused.expect("it should have been refused")
    }

    fn opens(&self) -> Ticket {
        self.does(|tx, act| open_ticket(tx, act, self.request()))
    }

    fn request(&self) -> NewTicket {
        NewTicket::new(self.zhang, Channel::Email, "the lamp flickers".parse().unwrap())
    }

    fn solves(&self, id: TicketId) -> Ticket {
        let how = "replaced the bulb".parse().unwrap();
        self.does(|tx, act| solve_ticket(tx, act, id, self.mei, how, Unassigned::SolverTakes))
    }

    fn ticket_that_is(&self, status: TicketStatus) -> Ticket {
        let id = self.opens().id;
        match status {
            TicketStatus::New => {}
            TicketStatus::Open => drop(self.does(|tx, act| assign_ticket(tx, act, id, self.mei))),
            TicketStatus::Pending => drop(self.does(|tx, act| pend_ticket(tx, act, id))),
            TicketStatus::OnHold => drop(self.does(|tx, act| hold_ticket(tx, act, id))),
            TicketStatus::Solved => drop(self.solves(id)),
            TicketStatus::Closed => {
                self.solves(id);
                self.does(|tx, act| close_ticket(tx, act, id));
            }
        }
        let ticket = self.ticket(id);
        assert_eq!(ticket.state().status(), status);
        ticket
    }

    fn ticket(&self, id: TicketId) -> Ticket {
        self.store.read(|tx| tx.ticket(id)).unwrap().unwrap()
    }

    fn messages(&self, id: TicketId) -> Vec<TicketMessage> {
        self.store.read(|tx| tx.messages(id, Page::first(ALL))).unwrap()
    }

    fn history(&self, record: impl Into<RecordRef>) -> Vec<Entry> {
        self.store.read(|tx| tx.history(record.into(), Page::first(ALL))).unwrap()
    }

    fn kinds(&self, record: impl Into<RecordRef>) -> Vec<String> {
        self.history(record).iter().map(|entry| entry.kind.clone()).collect()
    }

    fn everything(&self) -> Everything {
        let everything = |tx: &Tx<'_>| -> Result<_, StoreError> {
            let tickets = tx.tickets(&Default::default(), Page::first(ALL))?;
            let mut messages = Vec::new();
            for ticket in &tickets {
                messages.extend(tx.messages(ticket.id, Page::first(ALL))?);
            }
            let agents = tx.agents(&Default::default(), Page::first(ALL))?;
            Ok(Everything { agents, tickets, messages, entries: tx.entries(Page::first(ALL))? })
        };
        self.store.read(everything).unwrap()
    }
}

/// When the act with a number happens; the setup is act 0.
fn minute(number: i64) -> DateTime<Utc> {
    Acts::new().now() + TimeDelta::minutes(number)
}

//! The same key, the same effect once.

use std::collections::BTreeMap;

use crm_core::{AgentPatch, IdempotencyError, TicketPatch, store::Answers as _};

use super::*;

/// What a day answered.
type Day = (Vec<Ticket>, Vec<TicketMessage>, Vec<Agent>);

impl Desk {
    fn under<T>(
        &self,
        key: &str,
        operation: impl FnOnce(&mut Tx<'_>, &mut Act) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut act = self.act("mei").with_key(key.parse().unwrap());
        self.store.write(|tx| operation(tx, &mut act))
    }

    /// A day at the desk, in one act.
    fn day(&self, tx: &mut Tx<'_>, act: &mut Act) -> Result<Day, ServiceError> {
        let (mut tickets, mut messages, mut agents) = (Vec::new(), Vec::new(), Vec::new());
        let lin = add_agent(tx, act, NewAgent::new("Lin".parse()?))?;
        agents.push(update_agent(tx, act, lin.id, AgentPatch { active: Some(false), ..AgentPatch::default() })?);
        agents.extend([delete_agent(tx, act, lin.id)?, lin]);
        let ticket = open_ticket(tx, act, self.request())?;
        let id = ticket.id;
        tickets.push(ticket);
        let urgent = TicketPatch { priority: Some(crm_core::Priority::Urgent), ..TicketPatch::default() };
        tickets.push(update_ticket(tx, act, id, urgent)?);
        tickets.push(assign_ticket(tx, act, id, self.mei)?);
        tickets.push(unassign_ticket(tx, act, id)?);
        tickets.push(pend_ticket(tx, act, id)?);
        tickets.push(hold_ticket(tx, act, id)?);
        tickets.push(work_on(tx, act, id)?);
        // The same words twice are two messages.
        for _ in 0..2 {
            let (ticket, message) = customer_replies(tx, act, id, "still dark".parse()?)?;
            tickets.push(ticket);
            messages.push(message);
        }
        messages.push(agent_replies(tx, act, id, self.mei, "a bulb is on its way".parse()?)?.1);
        messages.push(add_note(tx, act, id, self.mei, "a known fault".parse()?)?.1);
        tickets.push(solve_ticket(tx, act, id, self.mei, "a new bulb".parse()?, Unassigned::SolverTakes)?);
        tickets.push(reopen_ticket(tx, act, id)?);
        tickets.push(solve_ticket(tx, act, id, self.jonas, "a newer bulb".parse()?, Unassigned::SolverTakes)?);
        tickets.push(close_ticket(tx, act, id)?);
        Ok((tickets, messages, agents))
    }
}

#[test]
fn a_whole_day_is_repeated_as_it_was() {
    let desk = Desk::new();
    let first = desk.under("2 March", |tx, act| desk.day(tx, act)).unwrap();
    let before = desk.everything();
    assert_eq!(desk.under("2 March", |tx, act| desk.day(tx, act)).unwrap(), first);
    assert_eq!(desk.everything(), before);
    assert_eq!(first.1.len(), 4);
}

#[test]
fn another_input_is_refused_and_an_erased_answer_names_its_ticket() {
    let desk = Desk::new();
    let ticket = desk.under("mail 7", |tx, act| open_ticket(tx, act, desk.request())).unwrap();
    let other = desk.request().message("since today".parse().unwrap());
    let refused = desk.under("mail 7", |tx, act| open_ticket(tx, act, other)).unwrap_err();
    assert!(matches!(refused, ServiceError::Idempotency(IdempotencyError::Mismatch { .. })), "{refused}");

    desk.does(|tx, _| Ok(tx.erase_answers(ticket.id.into())?));
    let refused = desk.under("mail 7", |tx, act| open_ticket(tx, act, desk.request())).unwrap_err();
    let ServiceError::Idempotency(refused @ IdempotencyError::Erased { .. }) = refused else { panic!("{refused}") };
    assert_eq!(refused.records(), [ticket.id.into()]);
    assert_eq!(desk.everything().tickets, [ticket]);
}

/// The operations of this crate, as they stand in its files: name and body.
fn operations() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let files = ["agents.rs", "conversation.rs", "desk.rs", "lifecycle.rs"];
    let codes = files.map(|file| std::fs::read_to_string(format!("{folder}/{file}")).unwrap());
    let functions = codes.iter().flat_map(|code| code.split("\npub fn ").skip(1));
    let named =
        functions.map(|function| (function.split_once('(').unwrap().0, function.split_once("\n}\n").unwrap().0));
    named.map(|(name, body)| (name.to_owned(), body.to_owned())).collect()
}

#[test]
fn every_operation_is_done_once_under_its_own_name() {
    let operations = operations();
    assert!(operations.len() >= 16, "{:?}", operations.keys());
    for (name, body) in operations {
        assert!(body.contains("once(") && body.contains(&format!("\"{name}\"")), "{name} is done again under its key");
    }
}

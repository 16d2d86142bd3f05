//! What is refused, and that it leaves tickets, messages and the journal as they were ([`Desk::refuses`] compares them).

use crm_core::{
    AgentPatch, Priority, RecordId, Revision, Text, TicketAction, TicketError, TicketPatch, store::StoreErrorKind,
};

use super::*;

fn text() -> Text {
    "as discussed".parse().unwrap()
}

impl Desk {
    /// Does to a ticket what a column of the transition table stands for, with something to change where there could be nothing.
    fn acts_on(
        &self,
        tx: &mut Tx<'_>,
        act: &mut Act,
        id: TicketId,
        action: TicketAction,
    ) -> Result<Ticket, ServiceError> {
        match action {
            TicketAction::Update => {
                update_ticket(tx, act, id, TicketPatch { priority: Some(Priority::High), ..TicketPatch::default() })
            }
            TicketAction::Assign => assign_ticket(tx, act, id, self.jonas),
            TicketAction::CustomerReplies => customer_replies(tx, act, id, text()).map(|(ticket, _)| ticket),
            TicketAction::AgentReplies => agent_replies(tx, act, id, self.mei, text()).map(|(ticket, _)| ticket),
            TicketAction::Note => add_note(tx, act, id, self.mei, text()).map(|(ticket, _)| ticket),
            TicketAction::Work => work_on(tx, act, id),
            TicketAction::Pend => pend_ticket(tx, act, id),
            TicketAction::Hold => hold_ticket(tx, act, id),
            TicketAction::Solve => solve_ticket(tx, act, id, self.mei, text(), Unassigned::SolverTakes),
            TicketAction::Reopen => reopen_ticket(tx, act, id),
            TicketAction::Close => close_ticket(tx, act, id),
        }
    }
}

#[test]
fn every_cell_of_the_transition_table_holds_through_the_operations() {
    for &from in TicketStatus::TRANSITIONS.states {
        for &action in TicketStatus::TRANSITIONS.actions {
            let desk = Desk::new();
            let before = desk.ticket_that_is(from);
            let entries = desk.everything().entries.len();
            let Some(to) = TicketStatus::TRANSITIONS.next(from, action) else {
                let refused = desk.refuses(|tx, act| desk.acts_on(tx, act, before.id, action));
                let expected = TicketError::NotAllowed { ticket: before.id, status: from, action };
                assert!(matches!(&refused, ServiceError::Ticket(error) if *error == expected), "{refused:?}");
                continue;
            };
            let after = desk.does(|tx, act| desk.acts_on(tx, act, before.id, action));
            assert_eq!(after.state().status(), to, "{action} a ticket that is {from}");
            assert_eq!(after, desk.ticket(before.id));
            assert_eq!(after.revision, before.revision.next());
            assert_eq!(desk.everything().entries.len(), entries + 1);
            assert_eq!(desk.messages(before.id).len(), usize::try_from(after.messages()).unwrap());
        }
    }
}

#[test]
fn a_reply_to_a_closed_ticket_is_refused_with_where_it_stands() {
    let desk = Desk::new();
    let id = desk.ticket_that_is(TicketStatus::Closed).id;
    let refused = desk.refuses(|tx, act| customer_replies(tx, act, id, text()));
    assert_eq!(refused.to_string(), format!("cannot add a customer's reply to {id}: it is closed"));
}

#[test]
fn tkt_2_solving_an_unassigned_ticket_is_refused_where_the_policy_says_so() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let refused = desk.refuses(|tx, act| solve_ticket(tx, act, id, desk.mei, text(), Unassigned::Refuse));
    assert!(matches!(refused, ServiceError::Ticket(TicketError::NoAssignee { ticket }) if ticket == id), "{refused:?}");
}

#[test]
fn tkt_2_a_solved_ticket_is_not_given_back() {
    let desk = Desk::new();
    let id = desk.ticket_that_is(TicketStatus::Solved).id;
    let refused = desk.refuses(|tx, act| unassign_ticket(tx, act, id));
    assert!(
        matches!(refused, ServiceError::Ticket(TicketError::StaysAssigned { ticket }) if ticket == id),
        "{refused:?}"
    );
}

#[test]
fn a_stale_patch_of_a_ticket_is_conflict() {
    let desk = Desk::new();
    let seen = desk.opens();
    let id = seen.id;
    desk.does(|tx, act| work_on(tx, act, id));
    let stale = TicketPatch { expected: Some(seen.revision), priority: Some(Priority::Low), ..TicketPatch::default() };
    let refused = desk.refuses(|tx, act| update_ticket(tx, act, id, stale));
    assert_eq!(refused.to_string(), format!("{id} changed: revision 1 was expected, 2 is there"));
    let ServiceError::Conflict { record, expected, found } = refused else { panic!("{refused:?}") };
    assert_eq!((record, expected, found), (id.into(), Revision::FIRST, Revision::new(2)));
}

#[test]
fn an_unknown_ticket_is_not_found_by_any_operation() {
    let desk = Desk::new();
    let unknown = desk.act("mei").new_id::<TicketId>();
    let is_not_found = |refused: ServiceError| {
        assert!(
            matches!(refused, ServiceError::NotFound { record } if record == RecordRef::from(unknown)),
            "{refused:?}"
        );
    };
    for &action in TicketStatus::TRANSITIONS.actions {
        is_not_found(desk.refuses(|tx, act| desk.acts_on(tx, act, unknown, action)));
    }
    is_not_found(desk.refuses(|tx, act| unassign_ticket(tx, act, unknown)));
}

#[test]
fn an_unknown_customer_opens_no_ticket_and_takes_no_number() {
    let desk = Desk::new();
    let unknown = CustomerId::from_uuid(desk.mei.uuid());
    let new = NewTicket::new(unknown, Channel::Email, "the lamp flickers".parse().unwrap());
    let refused = desk.refuses(|tx, act| open_ticket(tx, act, new));
    assert_eq!(refused.to_string(), format!("customer {unknown} is not there"));
    assert!(matches!(refused, ServiceError::NotFound { record } if record == unknown.into()));
    assert_eq!(desk.opens().number().as_str(), "T-000001");
}

#[test]
fn an_unknown_agent_neither_gets_nor_writes_nor_solves() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let nobody = desk.act("mei").new_id::<AgentId>();
    let refusals = [
        desk.refuses(|tx, act| assign_ticket(tx, act, id, nobody)),
        desk.refuses(|tx, act| agent_replies(tx, act, id, nobody, text())),
        desk.refuses(|tx, act| add_note(tx, act, id, nobody, text())),
        desk.refuses(|tx, act| solve_ticket(tx, act, id, nobody, text(), Unassigned::SolverTakes)),
        desk.refuses(|tx, act| update_agent(tx, act, nobody, AgentPatch::default())),
        desk.refuses(|tx, act| delete_agent(tx, act, nobody)),
    ];
    for refused in refusals {
        assert!(matches!(refused, ServiceError::NotFound { record } if record == nobody.into()), "{refused:?}");
    }
}

#[test]
fn an_inactive_agent_neither_gets_nor_solves() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let refusals = [
        desk.refuses(|tx, act| assign_ticket(tx, act, id, desk.olga)),
        desk.refuses(|tx, act| solve_ticket(tx, act, id, desk.olga, text(), Unassigned::SolverTakes)),
    ];
    for refused in refusals {
        assert!(!refused.to_string().contains("Olga"));
        assert!(matches!(refused, ServiceError::Inactive { record } if record == desk.olga.into()), "{refused:?}");
    }
}

#[test]
fn an_id_a_number_or_an_external_id_that_is_taken_is_refused() {
    let desk = Desk::new();
    let new = || desk.request().number("RMA-1".parse().unwrap()).external_id("old-1".parse().unwrap());
    let ticket = desk.does(|tx, act| open_ticket(tx, act, new().message(text())));
    let same = [
        ("id", desk.request().id(ticket.id)),
        ("number", desk.request().number("RMA-1".parse().unwrap())),
        ("external id", desk.request().external_id("old-1".parse().unwrap())),
    ];
    for (field, new) in same {
        let refused = desk.refuses(|tx, act| open_ticket(tx, act, new.message(text())));
        assert_eq!(refused.store_kind(), Some(&StoreErrorKind::Duplicate { record: "ticket", field }));
    }
}

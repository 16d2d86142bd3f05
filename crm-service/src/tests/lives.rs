//! Lives of tickets, as they are and as the journal tells them.

use crm_core::{
    Cause, Fact, MessageKind, Priority, Revision, TicketFact, TicketPatch, TicketState, TicketStatus, Unassigned,
    store::Records,
};

use super::*;

#[test]
fn a_whole_life_is_told_by_conversation_and_journal() {
    let desk = Desk::new();
    let mut portal = desk.act("portal").because("contact form".parse().unwrap());
    let new = desk.request().message("since this morning".parse().unwrap());
    let ticket = desk.store.write(|tx| open_ticket(tx, &mut portal, new)).unwrap();
    let id = ticket.id;
    assert_eq!((ticket.messages(), ticket.state(), ticket.revision), (1, &TicketState::New, Revision::FIRST));

    let urgent = TicketPatch { priority: Some(Priority::Urgent), ..TicketPatch::default() };
    desk.does(|tx, act| update_ticket(tx, act, id, urgent));
    desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
    desk.does(|tx, act| agent_replies(tx, act, id, desk.mei, "which bulb is it?".parse().unwrap()));
    desk.does(|tx, act| pend_ticket(tx, act, id));
    desk.does(|tx, act| customer_replies(tx, act, id, "the old one".parse().unwrap()));
    desk.does(|tx, act| hold_ticket(tx, act, id));
    desk.does(|tx, act| add_note(tx, act, id, desk.jonas, "the workshop has it".parse().unwrap()));
    desk.does(|tx, act| work_on(tx, act, id));
    desk.solves(id);
    let closed = desk.does(|tx, act| close_ticket(tx, act, id));

    assert_eq!(closed, desk.ticket(id));
    assert_eq!((closed.priority(), closed.assignee()), (Some(Priority::Urgent), Some(desk.mei)));
    let TicketState::Closed { at, solved_at, by, resolution } = closed.state() else { panic!("{:?}", closed.state()) };
    assert_eq!((*at, *solved_at, *by, resolution.as_str()), (minute(11), minute(10), desk.mei, "replaced the bulb"));

    let conversation: Vec<_> =
        desk.messages(id).iter().map(|message| (message.number, message.kind, message.at)).collect();
    assert_eq!(
        conversation,
        [
            (1, MessageKind::CustomerReply, minute(1)),
            (2, MessageKind::AgentReply(desk.mei), minute(4)),
            (3, MessageKind::CustomerReply, minute(6)),
            (4, MessageKind::Note(desk.jonas), minute(8)),
        ]
    );

    let history = desk.history(id);
    let told: Vec<_> = history.iter().map(|entry| (entry.kind.as_str(), entry.actor.as_str(), entry.at)).collect();
    assert_eq!(
        told,
        [
            ("ticket.opened", "portal", minute(1)),
            ("ticket.messaged", "portal", minute(1)),
            ("ticket.updated", "mei", minute(2)),
            ("ticket.assigned", "mei", minute(3)),
            ("ticket.messaged", "mei", minute(4)),
            ("ticket.moved", "mei", minute(5)),
            ("ticket.messaged", "mei", minute(6)),
            ("ticket.moved", "mei", minute(7)),
            ("ticket.messaged", "mei", minute(8)),
            ("ticket.moved", "mei", minute(9)),
            ("ticket.solved", "mei", minute(10)),
            ("ticket.moved", "mei", minute(11)),
        ]
    );
    let form = Some(Cause::Reason("contact form".parse().unwrap()));
    assert!(history[..2].iter().all(|entry| entry.cause == form));
    assert!(history[2..].iter().all(|entry| entry.cause.is_none()));
    assert_eq!(closed.revision, Revision::new(11), "each act after the first wrote once");
}

#[test]
fn the_journal_tells_the_ticket_before_and_after_its_first_message() {
    let desk = Desk::new();
    let new = desk.request().message("since this morning".parse().unwrap());
    let id = desk.does(|tx, act| open_ticket(tx, act, new)).id;
    let facts: Vec<_> = desk.history(id).into_iter().filter_map(|entry| entry.fact).collect();
    let [Fact::Ticket(_, TicketFact::Opened { ticket }), Fact::Ticket(_, TicketFact::Messaged { message, .. })] =
        &facts[..]
    else {
        panic!("{facts:?}")
    };
    assert_eq!((ticket.messages(), *message), (0, 1));
}

#[test]
fn a_customers_reply_opens_a_solved_ticket_and_the_journal_keeps_the_resolution() {
    let desk = Desk::new();
    let id = desk.ticket_that_is(TicketStatus::Solved).id;
    let (ticket, message) = desk.does(|tx, act| customer_replies(tx, act, id, "it flickers again".parse().unwrap()));
    assert_eq!((ticket.state(), ticket.resolution()), (&TicketState::Open, None));
    assert_eq!(ticket.assignee(), Some(desk.mei), "whoever solved it gets it back");
    assert_eq!((message.number, message.kind), (1, MessageKind::CustomerReply));
    assert_eq!((desk.ticket(id), desk.messages(id)), (ticket, vec![message]));

    assert_eq!(desk.kinds(id), ["ticket.opened", "ticket.solved", "ticket.messaged"]);
    let solved = desk.history(id)[1].fact.clone().unwrap();
    assert!(
        matches!(solved, Fact::Ticket(_, TicketFact::Solved { resolution, .. }) if resolution.as_str() == "replaced the bulb")
    );
}

#[test]
fn tkt_1_nothing_returns_to_new() {
    let desk = Desk::new();
    let id = desk.opens().id;
    desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
    let ticket = desk.does(|tx, act| unassign_ticket(tx, act, id));
    assert_eq!((ticket.state(), ticket.assignee()), (&TicketState::Open, None));
}

#[test]
fn tkt_2_an_unassigned_ticket_is_solved_by_a_solver_who_takes_it() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let how = "replaced the bulb".parse().unwrap();
    let ticket = desk.does(|tx, act| solve_ticket(tx, act, id, desk.jonas, how, Unassigned::SolverTakes));
    assert_eq!(ticket.assignee(), Some(desk.jonas));
    assert_eq!(ticket.state().status(), TicketStatus::Solved);
}

#[test]
fn tkt_2_an_assigned_ticket_is_solved_under_either_policy_and_stays_assigned() {
    let desk = Desk::new();
    for unassigned in [Unassigned::Refuse, Unassigned::SolverTakes] {
        let id = desk.opens().id;
        desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
        let how = "replaced the bulb".parse().unwrap();
        let ticket = desk.does(|tx, act| solve_ticket(tx, act, id, desk.jonas, how, unassigned));
        assert_eq!(ticket.assignee(), Some(desk.mei));
        assert!(matches!(ticket.state(), TicketState::Solved { by, .. } if *by == desk.jonas));
    }
}

#[test]
fn a_decision_that_changes_nothing_writes_nothing() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let before = desk.everything();
    desk.does(|tx, act| unassign_ticket(tx, act, id));
    desk.does(|tx, act| update_ticket(tx, act, id, TicketPatch::default()));
    let same = TicketPatch { subject: Some("the lamp flickers".parse().unwrap()), ..TicketPatch::default() };
    desk.does(|tx, act| update_ticket(tx, act, id, same));
    assert_eq!(desk.everything(), before);

    desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
    let before = desk.everything();
    desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
    assert_eq!(desk.everything(), before);
}

#[test]
fn an_archived_customer_still_opens_tickets_and_stays_archived() {
    let desk = Desk::new();
    let archive = |tx: &mut Tx<'_>| {
        let mut customer = tx.customer(desk.zhang)?.unwrap();
        customer.archive(minute(0));
        tx.update_customer(&customer)
    };
    desk.store.write::<_, StoreError>(archive).unwrap();
    let ticket = desk.opens();
    assert_eq!(ticket.customer(), desk.zhang);
    let customer = desk.store.read(|tx| tx.customer(desk.zhang)).unwrap().unwrap();
    assert!(customer.archived_at.is_some());
}

#[test]
fn a_patch_that_expects_the_stored_revision_is_written() {
    let desk = Desk::new();
    let ticket = desk.opens();
    let patch = TicketPatch {
        expected: Some(ticket.revision),
        group: Some(Some("Returns".parse().unwrap())),
        due_at: Some(Some(minute(60))),
        ..TicketPatch::default()
    };
    let after = desk.does(|tx, act| update_ticket(tx, act, ticket.id, patch));
    assert_eq!((after.revision, after.due_at()), (ticket.revision.next(), Some(minute(60))));
    assert_eq!(desk.ticket(ticket.id), after);
}

#[test]
fn operations_of_one_closure_share_its_commit_and_its_rollback() {
    let desk = Desk::new();
    let id = desk.opens().id;
    let before = desk.everything();
    let mut act = desk.act("mei");
    let refused = desk.store.write(|tx| {
        assign_ticket(tx, &mut act, id, desk.mei)?;
        add_note(tx, &mut act, id, desk.mei, "taken".parse()?)?;
        close_ticket(tx, &mut act, id)
    });
    assert!(matches!(refused, Err(ServiceError::Ticket(_))), "{refused:?}");
    assert_eq!(desk.everything(), before);
}

#[test]
fn operations_run_over_a_transaction_that_is_chosen_at_run_time() {
    let desk = Desk::new();
    let ticket = desk.does(|tx, act| {
        let tx: &mut dyn Records = tx;
        let ticket = open_ticket(tx, act, desk.request())?;
        solve_ticket(tx, act, ticket.id, desk.mei, "new bulb".parse()?, Unassigned::SolverTakes)
    });
    assert_eq!(desk.ticket(ticket.id), ticket);
}

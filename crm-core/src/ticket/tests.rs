use proptest::prelude::*;

use super::*;
use crate::{
    Fact,
    record::proof::{assert_cells, at, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

use TicketAction::{AgentReplies, Assign, Close, CustomerReplies, Hold, Note, Pend, Reopen, Solve, Update, Work};
use TicketStatus::{Closed, New, OnHold, Open, Pending, Solved};

fn mei() -> AgentId {
    id(5)
}

fn noor() -> AgentId {
    id(6)
}

fn text() -> Text {
    parsed("a new bulb")
}

fn opened() -> Ticket {
    let new = NewTicket::new(id(1), Channel::Email, parsed("the lamp flickers")).external_id(parsed("ext-1"));
    Ticket::open(id(9), parsed("T-1"), at(0), &new).unwrap()
}

/// A ticket that stands there; assigned to Mei unless it is new.
fn standing(status: TicketStatus) -> Ticket {
    let mut ticket = opened();
    if status == New {
        return ticket;
    }
    ticket.assign(at(1), Some(mei())).unwrap();
    match status {
        New | Open => {}
        Pending => drop(ticket.pend(at(2)).unwrap()),
        OnHold => drop(ticket.hold(at(2)).unwrap()),
        Solved | Closed => drop(ticket.solve(at(2), mei(), text(), Unassigned::Refuse).unwrap()),
    }
    if status == Closed {
        ticket.close(at(3)).unwrap();
    }
    ticket
}

fn kind_of(action: TicketAction) -> Option<MessageKind> {
    match action {
        CustomerReplies => Some(MessageKind::CustomerReply),
        AgentReplies => Some(MessageKind::AgentReply(noor())),
        Note => Some(MessageKind::Note(noor())),
        Update | Assign | Work | Pend | Hold | Solve | Reopen | Close => None,
    }
}

fn perform(ticket: &mut Ticket, action: TicketAction) -> Result<TicketFact, TicketError> {
    match action {
        Update => {
            let patch = TicketPatch { priority: Some(Priority::High), ..TicketPatch::default() };
            ticket.update(at(9), patch).map(Option::unwrap)
        }
        Assign => ticket.assign(at(9), Some(noor())).map(Option::unwrap),
        CustomerReplies | AgentReplies | Note => {
            let (kind, number) = (kind_of(action).unwrap(), ticket.messages() + 1);
            let (message, fact) = ticket.message(at(9), NewMessage { kind, text: text() })?;
            assert_eq!(message, TicketMessage { ticket: ticket.id, number, at: at(9), kind, text: text() });
            assert_eq!(ticket.messages(), number);
            Ok(fact)
        }
        Work => ticket.work(at(9)),
        Pend => ticket.pend(at(9)),
        Hold => ticket.hold(at(9)),
        Solve => ticket.solve(at(9), noor(), text(), Unassigned::SolverTakes),
        Reopen => ticket.reopen(at(9)),
        Close => ticket.close(at(9)),
    }
}

/// The fact that `perform` makes where it is allowed.
fn fact_of(action: TicketAction, before: &Ticket, after: &Ticket, to: TicketStatus) -> TicketFact {
    let status = before.state().status();
    match action {
        Update => TicketFact::Updated { before: Box::new(before.clone()), after: Box::new(after.clone()) },
        Assign => TicketFact::Assigned { from: before.assignee(), to: Some(noor()), before: status, after: to },
        CustomerReplies | AgentReplies | Note => {
            TicketFact::Messaged { message: 1, kind: kind_of(action).unwrap(), before: status, after: to }
        }
        Work | Pend | Hold | Reopen | Close => TicketFact::Moved { before: status, after: to },
        Solve => TicketFact::Solved {
            before: status,
            by: noor(),
            assignee: if status == New { noor() } else { mei() },
            resolution: text(),
        },
    }
}

const ACTIONS: [TicketAction; 11] =
    [Update, Assign, CustomerReplies, AgentReplies, Note, Work, Pend, Hold, Solve, Reopen, Close];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(TicketStatus, [Option<TicketStatus>; 11]); 6] = {
    let (no, n, o, p) = (None, Some(New), Some(Open), Some(Pending));
    let (h, s, c) = (Some(OnHold), Some(Solved), Some(Closed));
    [
        (New, [n, o, n, o, n, o, p, h, s, no, no]),
        (Open, [o, o, o, o, o, no, p, h, s, no, no]),
        (Pending, [p, p, o, p, p, o, no, h, s, no, no]),
        (OnHold, [h, h, o, h, h, o, p, no, s, no, no]),
        (Solved, [s, s, o, s, s, no, p, h, no, o, c]),
        (Closed, [no, no, no, no, no, no, no, no, no, no, no]),
    ]
};

#[test]
fn tkt_1_each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status);
            assert_eq!(before.state().status(), status);
            let mut ticket = before.clone();
            let done = perform(&mut ticket, action);
            let Some(to) = to else {
                assert_eq!(done, Err(TicketError::NotAllowed { ticket: before.id, status, action }));
                assert_eq!(ticket, before, "{status} {action}");
                continue;
            };
            assert_eq!(ticket.state().status(), to, "{status} {action}");
            assert_eq!(done, Ok(fact_of(action, &before, &ticket, to)), "{status} {action}");
            assert_eq!(ticket.updated_at, at(9), "{status} {action}");
        }
    }
}

#[test]
fn tkt_1_the_table_in_the_code_is_the_literal_one() {
    assert_cells(&TicketStatus::TRANSITIONS, ACTIONS, &CELLS);
}

#[test]
fn tkt_1_nothing_returns_to_new() {
    for (status, cells) in CELLS {
        assert!(status == New || !cells.contains(&Some(New)), "{status}");
    }
}

#[test]
fn tkt_1_the_requester_sees_a_held_ticket_as_open() {
    let shown = [New, Open, Pending, OnHold, Solved, Closed].map(TicketStatus::to_requester);
    assert_eq!(shown, [New, Open, Pending, Open, Solved, Closed]);
}

#[test]
fn tkt_1_a_priority_changes_and_is_never_emptied() {
    let mut ticket = standing(Open);
    assert_eq!(ticket.priority(), None);
    let patch = |json: &str| serde_json::from_str::<TicketPatch>(json).unwrap();
    ticket.update(at(3), patch(r#"{"priority":"high"}"#)).unwrap();
    ticket.update(at(4), patch(r#"{"priority":"low"}"#)).unwrap();
    assert_eq!(ticket.update(at(5), patch(r#"{"priority":null}"#)), Ok(None));
    assert_eq!(ticket.priority(), Some(Priority::Low));
}

#[test]
fn tkt_2_solving_without_an_assignee_is_refused_or_makes_the_solver_the_assignee() {
    for status in [New, Open, Pending, OnHold] {
        let mut unassigned = standing(status);
        if status != New {
            unassigned.assign(at(3), None).unwrap();
        }
        let before = unassigned.clone();
        let refused = unassigned.solve(at(4), noor(), text(), Unassigned::Refuse);
        assert_eq!(refused, Err(TicketError::NoAssignee { ticket: before.id }));
        assert_eq!(unassigned, before);
        unassigned.solve(at(4), noor(), text(), Unassigned::SolverTakes).unwrap();
        assert_eq!(unassigned.assignee(), Some(noor()));
        assert_eq!(unassigned.state(), &TicketState::Solved { at: at(4), by: noor(), resolution: text() });
    }
    assert_eq!(Unassigned::default(), Unassigned::Refuse);
}

#[test]
fn tkt_2_the_assignee_stays_when_somebody_else_solves() {
    for unassigned in [Unassigned::Refuse, Unassigned::SolverTakes] {
        let mut ticket = standing(Open);
        ticket.solve(at(4), noor(), text(), unassigned).unwrap();
        assert_eq!(ticket.assignee(), Some(mei()));
    }
}

#[test]
fn tkt_2_a_solved_ticket_is_given_to_another_and_never_to_nobody() {
    let before = standing(Solved);
    let mut ticket = before.clone();
    let refused = ticket.assign(at(4), None).unwrap_err();
    assert_eq!(refused, TicketError::StaysAssigned { ticket: before.id });
    assert_eq!(refused.to_string(), format!("cannot unassign {}: it is solved (TKT-2)", before.id));
    assert_eq!(ticket, before);
    ticket.assign(at(4), Some(noor())).unwrap().unwrap();
    assert_eq!((ticket.assignee(), ticket.state()), (Some(noor()), before.state()));
    ticket.reopen(at(5)).unwrap();
    ticket.assign(at(6), None).unwrap().unwrap();
    assert_eq!(ticket.assignee(), None);
}

#[test]
fn tkt_2_a_solved_or_closed_ticket_without_an_assignee_is_refused() {
    for status in [Solved, Closed] {
        let refused = refusal::<Ticket, _>(TicketParts { assignee: None, ..standing(status).into() });
        assert_eq!(refused.to_string(), "assignee must be given for a ticket that is solved or closed (TKT-2)");
    }
}

#[test]
fn a_customers_reply_reopens_and_the_resolution_goes() {
    let mut ticket = standing(Solved);
    assert_eq!(ticket.resolution(), Some(&text()));
    let new = NewMessage { kind: MessageKind::CustomerReply, text: parsed("it flickers again") };
    ticket.message(at(4), new).unwrap();
    assert_eq!((ticket.state(), ticket.resolution(), ticket.assignee()), (&TicketState::Open, None, Some(mei())));
}

#[test]
fn a_closed_ticket_keeps_when_and_how_it_was_solved() {
    let closed = TicketState::Closed { at: at(3), solved_at: at(2), by: mei(), resolution: text() };
    let ticket = standing(Closed);
    assert_eq!((ticket.state(), ticket.resolution()), (&closed, Some(&text())));
}

#[test]
fn assigning_to_the_same_agent_or_updating_to_the_same_changes_nothing() {
    for status in [New, Open, Pending, OnHold, Solved] {
        let before = standing(status);
        let mut ticket = before.clone();
        assert_eq!(ticket.assign(at(9), before.assignee()), Ok(None));
        assert_eq!(ticket.update(at(9), TicketPatch::default()), Ok(None));
        let same = TicketPatch { subject: Some(before.subject().clone()), ..TicketPatch::default() };
        assert_eq!(ticket.update(at(9), same), Ok(None));
        assert_eq!(ticket, before);
    }
}

#[test]
fn messages_are_numbered_and_a_full_conversation_takes_no_more() {
    let mut ticket = opened();
    let message = |kind| NewMessage { kind, text: text() };
    for number in 1..=3 {
        let (added, _) = ticket.message(at(1), message(MessageKind::Note(mei()))).unwrap();
        assert_eq!(added.number, number);
    }
    let full = Ticket::try_from(TicketParts { messages: u32::MAX, ..ticket.into() }).unwrap();
    let mut after = full.clone();
    let refused = after.message(at(2), message(MessageKind::AgentReply(mei()))).unwrap_err();
    let TicketError::Invalid(invalid) = refused else { panic!("{refused}") };
    assert_eq!((invalid.field(), invalid.rule()), ("messages", &Rule::Overflow));
    assert_eq!(after, full);
}

#[test]
fn a_note_is_for_colleagues_only() {
    let kinds = [MessageKind::CustomerReply, MessageKind::AgentReply(mei()), MessageKind::Note(mei())];
    assert_eq!(kinds.map(MessageKind::is_public), [true, true, false]);
    assert_eq!(kinds.map(MessageKind::agent), [None, Some(mei()), Some(mei())]);
}

#[test]
fn instants_are_held_to_the_microsecond() {
    let fine = at(0) + chrono::TimeDelta::nanoseconds(1_999);
    let new = NewTicket::new(id(1), Channel::Chat, parsed("a question")).due_at(fine);
    let mut ticket = Ticket::open(id(9), parsed("T-1"), at(0), &new).unwrap();
    let cut = at(0) + chrono::TimeDelta::microseconds(1);
    assert_eq!(ticket.due_at(), Some(cut));
    assert_eq!(ticket.update(at(1), TicketPatch { due_at: Some(Some(fine)), ..TicketPatch::default() }), Ok(None));
    ticket.update(at(1), TicketPatch { due_at: Some(None), ..TicketPatch::default() }).unwrap();
    assert_eq!(ticket.due_at(), None);
}

#[test]
fn an_assigned_ticket_is_not_new() {
    let refused = refusal::<Ticket, _>(TicketParts { assignee: Some(mei()), ..opened().into() });
    assert_eq!(refused.to_string(), "state must be open once it is assigned (TKT-1), got new");
}

#[derive(Clone, Debug)]
enum Step {
    Assign(Option<u128>),
    Prioritise(Priority),
    Message(MessageKind),
    Move(TicketAction),
    Solve(Unassigned),
}

fn take(ticket: &mut Ticket, step: &Step, minute: i64) -> Result<(), TicketError> {
    let at = at(minute);
    match step {
        Step::Assign(agent) => ticket.assign(at, agent.map(id)).map(drop),
        Step::Prioritise(priority) => {
            ticket.update(at, TicketPatch { priority: Some(*priority), ..TicketPatch::default() }).map(drop)
        }
        Step::Message(kind) => ticket.message(at, NewMessage { kind: *kind, text: text() }).map(drop),
        Step::Move(action) => perform(ticket, *action).map(drop),
        Step::Solve(unassigned) => ticket.solve(at, noor(), text(), *unassigned).map(drop),
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let kinds = vec![MessageKind::CustomerReply, MessageKind::AgentReply(mei()), MessageKind::Note(noor())];
    prop_oneof![
        prop::option::of(5_u128..7).prop_map(Step::Assign),
        prop::sample::select(vec![Priority::Low, Priority::Urgent]).prop_map(Step::Prioritise),
        prop::sample::select(kinds).prop_map(Step::Message),
        prop::sample::select(vec![Work, Pend, Hold, Reopen]).prop_map(Step::Move),
        prop::sample::select(vec![Unassigned::Refuse, Unassigned::SolverTakes]).prop_map(Step::Solve),
    ]
}

proptest! {
    #[test]
    fn tkt_1_whatever_is_asked_of_a_ticket_it_keeps_its_rules(
        steps in prop::collection::vec(steps(), 0..30), closes_at in 0_usize..60,
    ) {
        let mut ticket = opened();
        for (index, step) in steps.iter().enumerate() {
            let step = if index == closes_at { &Step::Move(Close) } else { step };
            let before = ticket.clone();
            if take(&mut ticket, step, 10 + i64::try_from(index).unwrap()).is_err() {
                prop_assert_eq!(&ticket, &before, "{:?} was refused", step);
            }
            prop_assert_eq!(&Ticket::try_from(TicketParts::from(ticket.clone())).unwrap(), &ticket);
            let (was, is) = (before.state().status(), ticket.state().status());
            prop_assert!(is != New || was == New);
            prop_assert!(was != Closed || ticket == before);
            prop_assert!(ticket.priority().is_some() || before.priority().is_none());
            prop_assert!(ticket.messages() >= before.messages());
            prop_assert_eq!(ticket.resolution().is_some(), matches!(is, Solved | Closed));
            prop_assert!(!matches!(is, Solved | Closed) || ticket.assignee().is_some());
        }
        survives_json(&ticket);
    }
}

#[test]
fn what_a_ticket_is_made_of_survives_json() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    let new = NewTicket::new(id(1), Channel::WebForm, parsed("the lamp flickers"))
        .id(id(2))
        .number(parsed("T-7"))
        .external_id(parsed("ext-7"))
        .priority(Priority::Urgent)
        .group(parsed("Returns"))
        .due_at(at(60))
        .message(text());
    survives_json(&new);
    for action in [CustomerReplies, AgentReplies, Note] {
        survives_json(&NewMessage { kind: kind_of(action).unwrap(), text: text() });
    }
}

#[test]
fn in_a_patch_of_a_ticket_absent_stays_and_null_empties() {
    let patch = TicketPatch { group: Some(None), due_at: Some(Some(at(1))), ..TicketPatch::default() };
    survives_json(&patch);
    survives_json(&TicketPatch::default());
    let read = serde_json::from_str::<TicketPatch>(r#"{"group":null}"#).unwrap();
    assert_eq!(read, TicketPatch { group: Some(None), ..TicketPatch::default() });

    let new = NewTicket::new(id(1), Channel::Chat, parsed("a question")).group(parsed("Returns")).due_at(at(9));
    let mut ticket = Ticket::open(id(9), parsed("T-1"), at(0), &new).unwrap();
    ticket.update(at(1), read).unwrap();
    assert_eq!((ticket.group(), ticket.due_at()), (None, Some(at(9))));
}

#[test]
fn each_fact_of_a_ticket_survives_json_under_its_name() {
    let (before, after) = (standing(Open), standing(Closed));
    let facts = [
        TicketFact::Opened { ticket: Box::new(opened()) },
        fact_of(Update, &before, &after, Open),
        fact_of(Assign, &before, &after, Open),
        fact_of(CustomerReplies, &before, &after, Open),
        fact_of(Note, &before, &after, Open),
        fact_of(Hold, &before, &after, OnHold),
        fact_of(Solve, &before, &after, Solved),
        TicketFact::Deleted { ticket: Box::new(after.clone()) },
    ];
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((after.id, fact)))),
        [
            "ticket.opened",
            "ticket.updated",
            "ticket.assigned",
            "ticket.messaged",
            "ticket.messaged",
            "ticket.moved",
            "ticket.solved",
            "ticket.deleted",
        ]
    );
}

#[test]
fn what_people_write_in_a_ticket_does_not_show_in_debug() {
    let written = || parsed::<Text>("Marker wrote that");
    let new = NewTicket::new(id(1), Channel::Phone, parsed("Marker calls")).message(written());
    hides_personal_data(&new);
    let mut ticket = Ticket::open(id(9), parsed("T-1"), at(0), &new).unwrap();
    let new = NewMessage { kind: MessageKind::CustomerReply, text: written() };
    hides_personal_data(&new);
    let (message, fact) = ticket.message(at(1), new).unwrap();
    hides_personal_data(&message);
    hides_personal_data(&fact);
    let patch = TicketPatch { subject: Some(parsed("Marker calls again")), ..TicketPatch::default() };
    hides_personal_data(&patch);
    hides_personal_data(&Fact::from((ticket.id, ticket.update(at(2), patch).unwrap().unwrap())));
    hides_personal_data(&ticket.solve(at(3), mei(), written(), Unassigned::SolverTakes).unwrap());
    hides_personal_data(&ticket);
    ticket.close(at(4)).unwrap();
    hides_personal_data(&TicketParts::from(ticket));
}

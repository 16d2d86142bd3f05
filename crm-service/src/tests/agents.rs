//! Agents come, change and go.

use crm_core::{
    AgentPatch, Channel, Direction, Interaction, NewInteraction, Participant, Revision, TicketStatus,
    store::{Interactions as _, StoreErrorKind},
};

use super::*;

#[test]
fn an_agent_comes_changes_and_goes_with_a_fact_each() {
    let desk = Desk::new();
    let new = NewAgent::new("Ada".parse().unwrap()).group("Returns".parse().unwrap());
    let ada = desk.does(|tx, act| add_agent(tx, act, new));
    assert!(ada.active);
    let patch = AgentPatch { expected: Some(ada.revision), active: Some(false), ..AgentPatch::default() };
    let changed = desk.does(|tx, act| update_agent(tx, act, ada.id, patch.clone()));
    assert_eq!((changed.active, changed.revision, &changed.group), (false, Revision::new(2), &ada.group));
    let gone = desk.does(|tx, act| delete_agent(tx, act, ada.id));
    assert_eq!(gone, changed);
    assert_eq!(desk.store.read(|tx| tx.agent(ada.id)).unwrap(), None);
    assert_eq!(desk.kinds(ada.id), ["agent.added", "agent.updated", "agent.deleted"]);
}

#[test]
fn a_patch_that_changes_nothing_writes_nothing() {
    let desk = Desk::new();
    let before = desk.everything();
    let patch = AgentPatch { active: Some(true), name: Some("Mei".parse().unwrap()), ..AgentPatch::default() };
    desk.does(|tx, act| update_agent(tx, act, desk.mei, patch));
    assert_eq!(desk.everything(), before);
}

#[test]
fn a_stale_patch_of_an_agent_is_conflict() {
    let desk = Desk::new();
    let away = AgentPatch { active: Some(false), ..AgentPatch::default() };
    desk.does(|tx, act| update_agent(tx, act, desk.mei, away));
    let stale = AgentPatch { expected: Some(Revision::FIRST), ..AgentPatch::default() };
    let refused = desk.refuses(|tx, act| update_agent(tx, act, desk.mei, stale));
    let ServiceError::Conflict { record, expected, found } = refused else { panic!("{refused:?}") };
    assert_eq!((record, expected, found), (desk.mei.into(), Revision::FIRST, Revision::new(2)));
}

#[test]
fn an_agent_with_tickets_or_messages_is_not_deleted() {
    let desk = Desk::new();
    let id = desk.opens().id;
    desk.does(|tx, act| assign_ticket(tx, act, id, desk.mei));
    desk.does(|tx, act| add_note(tx, act, id, desk.jonas, "seen".parse().unwrap()));
    for agent in [desk.mei, desk.jonas] {
        let refused = desk.refuses(|tx, act| delete_agent(tx, act, agent));
        assert!(matches!(refused.store_kind(), Some(StoreErrorKind::StillReferenced { count: 1, .. })), "{refused:?}");
    }
}

#[test]
fn an_agent_who_took_part_in_an_interaction_is_not_deleted() {
    let desk = Desk::new();
    let customer = desk.opens().customer();
    let new = NewInteraction::new(customer, Channel::Phone, Direction::Inbound, "a question".parse().unwrap())
        .participant(Participant::Agent(desk.jonas));
    let act = &mut desk.act("mei");
    let call = Interaction::log(act.new_id(), act.at(), new).unwrap();
    desk.store.write(|tx| tx.insert_interaction(&call)).unwrap();
    let refused = desk.refuses(|tx, act| delete_agent(tx, act, desk.jonas));
    let by_one = StoreErrorKind::StillReferenced { by: "interactions", count: 1 };
    assert_eq!(refused.store_kind(), Some(&by_one));
}

#[test]
fn an_agent_who_goes_inactive_keeps_their_tickets_and_may_still_write() {
    let desk = Desk::new();
    let id = desk.ticket_that_is(TicketStatus::Open).id;
    let away = AgentPatch { active: Some(false), ..AgentPatch::default() };
    desk.does(|tx, act| update_agent(tx, act, desk.mei, away));
    assert_eq!(desk.ticket(id).assignee(), Some(desk.mei));
    desk.does(|tx, act| agent_replies(tx, act, id, desk.mei, "a colleague takes over".parse().unwrap()));
    desk.does(|tx, act| add_note(tx, act, id, desk.olga, "mine was the same".parse().unwrap()));
    assert_eq!(desk.messages(id).len(), 2);
}

#[test]
fn an_external_id_that_is_taken_is_refused() {
    let desk = Desk::new();
    let new = || NewAgent::new("Ada".parse().unwrap()).external_id("hr-7".parse().unwrap());
    desk.does(|tx, act| add_agent(tx, act, new()));
    let refused = desk.refuses(|tx, act| add_agent(tx, act, new()));
    let taken = StoreErrorKind::Duplicate { record: "agent", field: "external id" };
    assert_eq!(refused.store_kind(), Some(&taken));
    let patch = AgentPatch { external_id: Some(Some("hr-7".parse().unwrap())), ..AgentPatch::default() };
    let refused = desk.refuses(|tx, act| update_agent(tx, act, desk.mei, patch));
    assert_eq!(refused.store_kind(), Some(&taken));
}

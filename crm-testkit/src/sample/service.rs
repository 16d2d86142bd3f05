//! Samples of interactions, tickets and messages.

use chrono::TimeDelta;
use crm_core::{
    AgentId, Channel, CustomerId, Direction, Interaction, MessageKind, NewInteraction, NewMessage, NewTicket,
    Participant, Priority, Rating, Ticket, TicketMessage, Unassigned,
};

use super::{Random, external_id, valid};

/// So many tickets of seeds in a row stand in each state: new, open, pending, on hold, solved, closed.
pub const TICKET_STATES: u64 = 6;

const CHANNELS: &[Channel] = &[
    Channel::Phone,
    Channel::Email,
    Channel::Chat,
    Channel::SocialMedia,
    Channel::Visit,
    Channel::Meeting,
    Channel::WebForm,
];

const SUBJECTS: &[&str] = &["the lamp flickers", "退款", "Где мой заказ?", "Wo bleibt die Rechnung?"];

/// An interaction with a customer, which refers to nobody else.
pub fn interaction(seed: u64, customer: CustomerId) -> Interaction {
    let mut random = Random::new(seed, "interaction");
    let at = random.instant();
    let direction = *random.one_of(&[Direction::Inbound, Direction::Outbound]);
    let subject = valid(random.one_of(SUBJECTS).parse());
    let mut new = NewInteraction::new(customer, *random.one_of(CHANNELS), direction, subject);
    if random.percent(60) {
        new = new.occurred_at(at - TimeDelta::microseconds(i64::from(random.below(1_000_000_000))));
    }
    if random.percent(60) {
        new = new.content(valid("asked for an offer\n想要报价".parse()));
    }
    if random.percent(40) {
        new = new.participant(Participant::Other(valid("Dr. Ælfgifu".parse())));
    }
    if random.percent(50) {
        new = new.rating(valid(Rating::new(*random.one_of(&[1, 2, 3, 4, 5]))));
    }
    if random.percent(50) {
        new = new.external_id(external_id("interaction", seed));
    }
    valid(Interaction::log(random.id(at), at, new))
}

/// A ticket of a customer that an agent works, whose conversation is [`messages`].
pub fn ticket(seed: u64, customer: CustomerId, agent: AgentId) -> Ticket {
    conversation(seed, customer, agent).0
}

/// The messages of [`ticket`] with the same arguments, in their order.
pub fn messages(seed: u64, customer: CustomerId, agent: AgentId) -> Vec<TicketMessage> {
    conversation(seed, customer, agent).1
}

fn conversation(seed: u64, customer: CustomerId, agent: AgentId) -> (Ticket, Vec<TicketMessage>) {
    let mut random = Random::new(seed, "ticket");
    let mut at = random.instant();
    let mut new = NewTicket::new(customer, *random.one_of(CHANNELS), valid(random.one_of(SUBJECTS).parse()));
    if random.percent(60) {
        new = new.priority(*random.one_of(&[Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]));
    }
    if random.percent(60) {
        new = new.group(random.label(&["Returns", "Billing", "售后"]));
    }
    if random.percent(60) {
        new = new.due_at(at + TimeDelta::hours(i64::from(random.below(72))));
    }
    if random.percent(50) {
        new = new.external_id(external_id("ticket", seed));
    }
    let number = valid(format!("SAMPLE-{seed}").parse());
    let mut ticket = valid(Ticket::open(random.id(at), number, at, &new));
    let mut messages = Vec::new();
    let mut write = |ticket: &mut Ticket, kind, text: &str| {
        at += TimeDelta::minutes(7);
        messages.push(valid(ticket.message(at, NewMessage { kind, text: valid(text.parse()) })).0);
    };
    write(&mut ticket, MessageKind::CustomerReply, "since this morning\n从今天早上开始");
    let state = seed % TICKET_STATES;
    if state > 0 {
        write(&mut ticket, MessageKind::AgentReply(agent), "We look into it.");
        write(&mut ticket, MessageKind::Note(agent), "third one of this batch");
    }
    at += TimeDelta::hours(1);
    if state > 0 {
        valid(ticket.assign(at, Some(agent)));
    }
    match state {
        2 => drop(valid(ticket.pend(at))),
        3 => drop(valid(ticket.hold(at))),
        4 | 5 => drop(valid(ticket.solve(at, agent, valid("replaced the bulb".parse()), Unassigned::Refuse))),
        _ => {}
    }
    if state == 5 {
        valid(ticket.close(at + TimeDelta::days(4)));
    }
    (ticket, messages)
}

//! A ticket from the first message to the last.

use crm::{
    Channel, Crm, Error, MessageKind, NewAgent, NewTicket, Priority, TicketError, TicketPatch, TicketState,
    TicketStatus, Unassigned,
    service::{self, ServiceError},
    store::{Page, Store, TicketFilter, Tickets},
};

use crate::stage::{alice, everything, facts, on_every_store, person};

on_every_store! {
    a_ticket_lives_from_the_first_message_to_the_last
}

fn a_ticket_lives_from_the_first_message_to_the_last<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let zhang = person(crm, "张三")?;
    let new = NewAgent::new("Mei".parse()?).group("Returns".parse()?);
    let mei = alice(crm, |tx, act| service::add_agent(tx, act, new))?.id;

    let new = NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?).message("since Monday".parse()?);
    let ticket = alice(crm, |tx, act| service::open_ticket(tx, act, new))?;
    let id = ticket.id;
    assert_eq!((ticket.number().as_str(), ticket.state()), ("T-000001", &TicketState::New));
    let urgent = TicketPatch { priority: Some(Priority::Urgent), ..TicketPatch::default() };
    alice(crm, |tx, act| service::update_ticket(tx, act, id, urgent))?;

    alice(crm, |tx, act| service::add_note(tx, act, id, mei, "a known fault".parse()?))?;
    let (ticket, _) = alice(crm, |tx, act| service::agent_replies(tx, act, id, mei, "which bulb is it?".parse()?))?;
    assert_eq!(ticket.state().status(), TicketStatus::Open);
    let ticket = alice(crm, |tx, act| service::pend_ticket(tx, act, id))?;
    assert_eq!(ticket.state().status(), TicketStatus::Pending);
    let (ticket, _) = alice(crm, |tx, act| service::customer_replies(tx, act, id, "the old one".parse()?))?;
    assert_eq!(ticket.state().status(), TicketStatus::Open);

    // TKT-1: while the supplier is asked, the customer sees an open ticket.
    let ticket = alice(crm, |tx, act| service::hold_ticket(tx, act, id))?;
    assert_eq!(ticket.state().status().to_requester(), TicketStatus::Open);

    // TKT-2: somebody solves it.
    let before = everything(crm)?;
    let bulb = || "sent a bulb".parse();
    let refused = alice(crm, |tx, act| service::solve_ticket(tx, act, id, mei, bulb()?, Unassigned::Refuse));
    assert!(
        matches!(refused, Err(Error::Service(ServiceError::Ticket(TicketError::NoAssignee { ticket }))) if ticket == id)
    );
    assert_eq!(everything(crm)?, before);
    alice(crm, |tx, act| service::assign_ticket(tx, act, id, mei))?;
    let solved = alice(crm, |tx, act| service::solve_ticket(tx, act, id, mei, bulb()?, Unassigned::Refuse))?;
    assert!(
        matches!(solved.state(), TicketState::Solved { by, resolution, .. } if *by == mei && *resolution == bulb()?)
    );

    // It flickers again, and then it does not.
    let (ticket, message) = alice(crm, |tx, act| service::customer_replies(tx, act, id, "it still does".parse()?))?;
    assert_eq!((ticket.state(), message.kind), (&TicketState::Open, MessageKind::CustomerReply));
    alice(crm, |tx, act| service::solve_ticket(tx, act, id, mei, "swapped it".parse()?, Unassigned::Refuse))?;
    let closed = alice(crm, |tx, act| service::close_ticket(tx, act, id))?;
    assert_eq!(closed.state().status(), TicketStatus::Closed);
    let before = everything(crm)?;
    let refused = alice(crm, |tx, act| service::customer_replies(tx, act, id, "thank you".parse()?));
    assert!(matches!(refused, Err(Error::Service(ServiceError::Ticket(TicketError::NotAllowed { .. })))));
    assert_eq!(everything(crm)?, before);

    crm.read(|tx| {
        assert_eq!(tx.ticket_by_number(closed.number())?.as_ref(), Some(&closed));
        let hers = TicketFilter { assignee: Some(mei), status: Some(TicketStatus::Closed), ..TicketFilter::default() };
        assert_eq!(tx.count_tickets(&hers)?, 1);
        let messages = tx.messages(id, Page::first(10))?;
        let said: Vec<_> = messages.iter().map(|message| (message.kind.is_public(), message.text.as_str())).collect();
        let expected = [
            (true, "since Monday"),
            (false, "a known fault"),
            (true, "which bulb is it?"),
            (true, "the old one"),
            (true, "it still does"),
        ];
        assert_eq!(said, expected);
        Ok(())
    })?;
    let told = [
        "opened", "messaged", "updated", "messaged", "messaged", "moved", "messaged", "moved", "assigned", "solved",
        "messaged", "solved", "moved",
    ];
    assert_eq!(facts(crm, id)?, told.map(|fact| format!("ticket.{fact}")));
    Ok(())
}

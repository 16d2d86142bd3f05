//! What tickets are called by.

use super::*;

#[test]
fn tkt_8_numbers_ascend_and_skip_those_that_the_host_took() {
    let desk = Desk::new();
    let first = desk.opens();
    let taken = desk.request().number("T-000002".parse().unwrap());
    desk.does(|tx, act| open_ticket(tx, act, taken));
    let third = desk.opens();
    let fourth = desk.opens();
    let numbers: Vec<_> = [&first, &third, &fourth].map(|ticket| ticket.number().as_str().to_owned()).into();
    assert_eq!(numbers, ["T-000001", "T-000003", "T-000004"]);
    let found = desk.store.read(|tx| tx.ticket_by_number(third.number())).unwrap();
    assert_eq!(found, Some(third));
}

#[test]
fn the_hosts_own_id_and_number_are_kept() {
    let desk = Desk::new();
    let id = desk.act("host").new_id();
    let new = desk.request().id(id).number("RMA/17".parse().unwrap()).external_id("old-17".parse().unwrap());
    let ticket = desk.does(|tx, act| open_ticket(tx, act, new));
    assert_eq!((ticket.id, ticket.number().as_str()), (id, "RMA/17"));
    let external_id = ticket.external_id().unwrap().clone();
    let found = desk.store.read(|tx| tx.ticket_by_external_id(&external_id)).unwrap();
    assert_eq!(found, Some(ticket));
}

#[test]
fn the_same_act_opens_the_same_ticket() {
    let (one, other) = (Desk::new(), Desk::new());
    assert_eq!(one.opens(), other.opens());
    assert_eq!(one.everything(), other.everything());
}

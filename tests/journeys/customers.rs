//! Customers: what there is about one, two who change the same one, and how one goes.

use chrono::TimeDelta;
use crm::{
    Channel, Crm, Currency, CustomerPatch, Direction, Error, NewInteraction, NewOpportunity, NewOrder, NewTicket,
    Percent, Pipeline, RecordRef, Revision, TimelineItem,
    sales::{self, SalesError},
    service,
    store::{CustomerFilter, Customers, Orders, Page, Store, StoreErrorKind, Timeline, pages},
};

use crate::stage::{alice, at, everything, facts, lamp, on_every_store, person};

on_every_store! {
    a_timeline_holds_all_that_there_is_about_a_customer
    whoever_changes_what_somebody_else_changed_is_told
    a_customer_with_an_order_is_archived_and_one_without_deleted
}

fn a_timeline_holds_all_that_there_is_about_a_customer<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, li) = (person(crm, "张三")?, person(crm, "李四")?);
    let pipeline = Pipeline::new("Hardware".parse()?)
        .open("prospecting".parse()?, Percent::whole(10))
        .won("won".parse()?)
        .build()?;
    let mut told = Vec::new();
    for customer in [zhang.id, li.id] {
        let deal = NewOpportunity::new("forty lamps".parse()?).customer(customer);
        let deal = alice(crm, |tx, act| sales::open_opportunity(tx, act, &pipeline, deal))?;
        let new = NewOrder::for_customer(customer, Currency::EUR);
        let order = alice(crm, |tx, act| sales::draft_order(tx, act, new))?;
        let new = NewTicket::new(customer, Channel::Phone, "where are my lamps?".parse()?);
        let ticket = alice(crm, |tx, act| service::open_ticket(tx, act, new))?;
        // Noted last, and it took place before all the rest.
        let call = NewInteraction::new(customer, Channel::Phone, Direction::Inbound, "asks for lamps".parse()?);
        let call = call.occurred_at(at(0) - TimeDelta::days(1));
        let call = alice(crm, |tx, act| sales::log_interaction(tx, act, call))?;
        told.push([
            TimelineItem { at: ticket.created_at, record: RecordRef::Ticket(ticket.id) },
            TimelineItem { at: order.created_at, record: RecordRef::Order(order.id) },
            TimelineItem { at: deal.created_at, record: RecordRef::Opportunity(deal.id) },
            TimelineItem { at: call.occurred_at, record: RecordRef::Interaction(call.id) },
        ]);
    }
    crm.read(|tx| {
        for (customer, told) in [zhang.id, li.id].into_iter().zip(&told) {
            assert_eq!(tx.timeline(customer, Page::first(10))?, told);
            let by_pages = pages(3, |page| tx.timeline(customer, page), |item| *item);
            assert_eq!(by_pages.collect::<Result<Vec<_>, _>>()?, told);
        }
        Ok(())
    })
}

fn whoever_changes_what_somebody_else_changed_is_told<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let seen = person(crm, "Zhang San")?;
    let rename = |name: &str| -> Result<_, Error> {
        Ok(CustomerPatch { expected: Some(seen.revision), name: Some(name.parse()?), ..CustomerPatch::default() })
    };

    // Two have it on their screens; the first one saves.
    let (first, second) = (rename("Zhang, San")?, rename("Mr Zhang")?);
    let changed = alice(crm, |tx, act| sales::update_customer(tx, act, seen.id, first))?;
    assert_eq!((changed.name.as_str(), changed.revision), ("Zhang, San", Revision::new(2)));

    let before = everything(crm)?;
    let refused = alice(crm, |tx, act| sales::update_customer(tx, act, seen.id, second.clone()));
    let Err(Error::Sales(SalesError::Conflict { record, expected, found })) = refused else {
        panic!("the second one wrote over the first: {refused:?}");
    };
    assert_eq!((record, expected, found), (RecordRef::Customer(seen.id), Revision::new(1), Revision::new(2)));
    // The same below the operations, where the record itself carries the revision.
    let stale = alice(crm, |tx, _| tx.update_customer(&seen));
    assert!(
        matches!(stale, Err(Error::Store(error)) if *error.kind() == StoreErrorKind::Conflict { record: "customer" })
    );
    assert_eq!(everything(crm)?, before);

    // Read again, decided anew.
    let second = CustomerPatch { expected: Some(found), ..second };
    let changed = alice(crm, |tx, act| sales::update_customer(tx, act, seen.id, second.clone()))?;
    assert_eq!((changed.name.as_str(), changed.revision), ("Mr Zhang", Revision::new(3)));

    // What is so already is not written again.
    let before = everything(crm)?;
    let same = CustomerPatch { expected: Some(changed.revision), ..second };
    assert_eq!(alice(crm, |tx, act| sales::update_customer(tx, act, seen.id, same))?, changed);
    assert_eq!(everything(crm)?, before);
    Ok(())
}

fn a_customer_with_an_order_is_archived_and_one_without_deleted<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, li, lamp) = (person(crm, "张三")?, person(crm, "李四")?, lamp(crm)?);
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1);
    let order = alice(crm, |tx, act| sales::draft_order(tx, act, new.clone()))?;

    let before = everything(crm)?;
    let refused = alice(crm, |tx, act| sales::delete_customer(tx, act, zhang.id));
    let Err(Error::Store(error)) = refused else { panic!("its order lost its customer: {refused:?}") };
    assert_eq!(*error.kind(), StoreErrorKind::StillReferenced { by: "orders", count: 1 });
    assert_eq!(everything(crm)?, before);

    // Out of the way: no new business, and what was begun goes on.
    alice(crm, |tx, act| sales::archive_customer(tx, act, zhang.id))?;
    let refused = alice(crm, |tx, act| sales::draft_order(tx, act, new));
    assert!(matches!(refused, Err(Error::Sales(SalesError::Archived { customer })) if customer == zhang.id));
    alice(crm, |tx, act| sales::confirm_order(tx, act, order.id))?;

    // Nothing refers to Li: gone, and the journal knows who it was.
    assert_eq!(alice(crm, |tx, act| sales::delete_customer(tx, act, li.id))?, li);
    assert_eq!(facts(crm, li.id)?, ["customer.registered", "customer.deleted"]);

    let in_use = CustomerFilter { archived: Some(false), ..CustomerFilter::default() };
    crm.read(|tx| {
        assert_eq!((tx.customer(li.id)?, tx.count_customers(&in_use)?), (None, 0));
        assert_eq!(tx.order(order.id)?.map(|order| order.customer()), Some(zhang.id));
        Ok(())
    })?;
    alice(crm, |tx, act| sales::restore_customer(tx, act, zhang.id))?;
    assert_eq!(crm.read(|tx| Ok(tx.count_customers(&in_use)?))?, 1);
    assert_eq!(facts(crm, zhang.id)?, ["customer.registered", "customer.archived", "customer.restored"]);
    Ok(())
}

//! C80 to C84, and C89: leads and queues.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use crm_core::{
    ContactRef, Disqualification, Lead, LeadId, LeadPlace, Member, NewLead, NewQueue, PostalAddress,
    PostalAddressFields, Queue, RosterMember, SalesRepId, WaitingOrder,
    assignment::{Standing, Work},
    store::{Leads as _, Page, Queues as _, Store, WaitingKey},
};

use super::{
    family::{Any, Family},
    maker::{Maker, WAITING_ORDERS, at, id, text, valid},
    world::{founded, insert_all, read, write},
};

fn ids(found: &[Lead]) -> Vec<LeadId> {
    found.iter().map(|lead| lead.id).collect()
}

/// C80: leads are found by an e-mail address or a name in another case, of the person and of the organisation apart, and by
/// a telephone number; several may share one.
pub fn c80_leads_are_found_by_how_they_are_reached<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C80");
    let lead = |(n, mailbox): (u32, &str)| {
        let new = NewLead::person(text("Zoë Ünal")).organisation(text("Lámparas")).email(text(mailbox));
        valid(Lead::add(id(n), at(n), new.phone(text("+12015550123"))))
    };
    // The highest first, so that the order of writing is not the order of the ids.
    let shared = ["Zoe.Unal@Example.NET", "zoe.unal@example.net", "ZOE.unal@EXAMPLE.net"];
    let leads: Vec<Any> = (20..23).zip(shared).rev().map(|one| lead(one).into()).collect();
    write(&store, "C80", |tx| insert_all(tx, &leads));
    write(&store, "C80", |tx| tx.insert_lead(&lead((30, "somebody@example.net"))));
    let sharing: Vec<LeadId> = vec![id(20), id(21), id(22)];
    read(&store, "C80", |tx| {
        for mailbox in ["zoe.unal@example.net", "ZOE.UNAL@EXAMPLE.NET"] {
            let found = tx.leads_with_email(&text(mailbox), Page::first(9))?;
            assert_eq!(ids(&found), sharing, "C80 by the e-mail address {mailbox:?}");
            let second = tx.leads_with_email(&text(mailbox), Page { after: Some(id(20)), limit: 1 })?;
            assert_eq!(ids(&second), [id(21)], "C80: the second page");
        }
        let found = tx.leads_with_email(&text("unal@example.net"), Page::first(9))?;
        assert!(found.is_empty(), "C80 by another e-mail address");
        let all: Vec<LeadId> = sharing.iter().copied().chain([id(30)]).collect();
        assert_eq!(ids(&tx.leads_with_phone(&text("+12015550123"), Page::first(9))?), all, "C80 by the number");
        let found = tx.leads_with_phone(&text("+12015550124"), Page::first(9))?;
        assert!(found.is_empty(), "C80 by another number");
        assert_eq!(ids(&tx.leads_named(&text("ZOË ünal"), Page::first(9))?), all, "C80 by the name of the person");
        let second = tx.leads_named(&text("zoë ünal"), Page { after: Some(id(20)), limit: 2 })?;
        assert_eq!(ids(&second), [id(21), id(22)], "C80: the second page by the name");
        let found = tx.leads_of_organisation(&text("LÁMPARAS"), Page::first(9))?;
        assert_eq!(ids(&found), all, "C80 by the name of the organisation");
        let crossed = (
            tx.leads_named(&text("Lámparas"), Page::first(9))?,
            tx.leads_of_organisation(&text("Zoë Ünal"), Page::first(9))?,
        );
        assert!(crossed.0.is_empty() && crossed.1.is_empty(), "C80: of the person and of the organisation apart");
        Ok(())
    });
    // Who gave an address up is not found by it any more.
    write(&store, "C80", |tx| {
        let Some(found) = tx.lead(id(21))? else { panic!("C80: the lead is gone") };
        let bare = valid(Lead::add(found.id, at(0), NewLead::person(text("Somebody Else"))));
        let bare = crm_core::LeadParts { revision: found.revision, ..bare.into() };
        tx.update_lead(&valid(bare.try_into())).map(drop)
    });
    read(&store, "C80", |tx| {
        let found = tx.leads_with_email(&text("zoe.unal@example.net"), Page::first(9))?;
        assert_eq!(ids(&found), [id(20), id(22)], "C80: the address is gone");
        let rest = [id(20), id(22), id(30)];
        assert_eq!(ids(&tx.leads_named(&text("Zoë Ünal"), Page::first(9))?), rest, "C80: the name is gone");
        let found = tx.leads_of_organisation(&text("Lámparas"), Page::first(9))?;
        assert_eq!(ids(&found), rest, "C80: the organisation is gone");
        Ok(())
    });
}

/// C81: the leads that wait in a queue, and no others, come in the order that is asked for, then by id; pages put together are the whole list.
pub fn c81_waiting_leads_come_in_the_order_that_is_asked_for<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C81");
    let mut maker = Maker::sound(81);
    let made: Vec<Any> = (11..131).map(|n| maker.record(Family::Lead, n)).collect();
    write(&store, "C81", |tx| insert_all(tx, &made));
    let leads: Vec<&Lead> = made
        .iter()
        .filter_map(|record| match record {
            Any::Lead(lead) => Some(lead.as_ref()),
            _ => None,
        })
        .collect();
    read(&store, "C81", |tx| {
        for (queue, order) in (1..=3).flat_map(|queue| WAITING_ORDERS.iter().map(move |order| (id(queue), *order))) {
            let key = |lead: &&Lead| Some((lead.waiting_key(order)?, lead.id));
            let waiting = leads.iter().copied().filter(|lead| lead.waits_in() == Some(queue));
            let mut wanted: Vec<WaitingKey> = waiting.filter_map(|lead| key(&lead)).collect();
            wanted.sort_unstable();
            assert!(wanted.len() > 2, "C81: the suite's own records must fill a queue");
            let keys = |found: Vec<Lead>| found.iter().filter_map(|lead| key(&lead)).collect::<Vec<_>>();
            let whole = tx.waiting_leads(queue, order, Page::first(1_000))?;
            assert_eq!(keys(whole), wanted, "C81: {order:?}");
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = keys(tx.waiting_leads(queue, order, Page { after, limit: 2 })?);
                let Some(last) = page.last() else { break };
                after = Some(*last);
                seen.extend(page);
                assert!(seen.len() <= wanted.len(), "C81: {order:?} repeats something");
            }
            assert_eq!(seen, wanted, "C81: {order:?} by pages");
            assert!(tx.waiting_leads(queue, order, Page::first(0))?.is_empty(), "C81: a page of none");
        }
        let nowhere = tx.waiting_leads(id(99), WaitingOrder::OldestFirst, Page::first(9))?;
        assert!(nowhere.is_empty(), "C81: a queue in which nothing waits");
        Ok(())
    });
}

/// C82: the load of a rep is the weight of the leads that they work and that are open, and zero where there are none.
pub fn c82_the_load_of_a_rep_is_the_weight_of_their_open_leads<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C82");
    let mut maker = Maker::sound(82);
    let made: Vec<Any> = (11..91).map(|n| maker.record(Family::Lead, n)).collect();
    write(&store, "C82", |tx| insert_all(tx, &made));
    let load = |of: SalesRepId, records: &[Any]| -> u64 {
        let open = records.iter().filter_map(|record| match record {
            Any::Lead(lead) if lead.owner() == Some(of) && lead.status().is_open() => Some(u64::from(lead.weight())),
            _ => None,
        });
        open.sum()
    };
    read(&store, "C82", |tx| {
        for rep in 1..=3 {
            let wanted = load(id(rep), &made);
            assert!(wanted > 3, "C82: the suite's own records must be a load");
            assert_eq!(tx.lead_load(id(rep))?, wanted, "C82: the load of rep {rep}");
        }
        assert_eq!(tx.lead_load(id(99))?, 0, "C82: the load of nobody");
        Ok(())
    });
}

/// C83: of two closures that give the same waiting lead to somebody, one does; the other one finds it given.
pub fn c83_a_lead_is_given_once<S: Store>(open: impl Fn() -> S) {
    const LEADS: u32 = 12;
    let store = founded(open, "C83");
    write(&store, "C83", |tx| {
        for n in 1..=LEADS {
            let mut lead = valid(Lead::add(id(10 + n), at(n), NewLead::person(text("Somebody"))));
            valid(lead.put(at(n), LeadPlace { queue: Some(id(1)), owner: None }));
            tx.insert_lead(&lead)?;
        }
        Ok(())
    });
    let given = AtomicU32::new(0);
    thread::scope(|scope| {
        for rep in 1..=3 {
            let (store, given) = (&store, &given);
            scope.spawn(move || {
                for _ in 0..LEADS {
                    let took = store.write(|tx| {
                        let mut waiting = tx.waiting_leads(id(1), WaitingOrder::OldestFirst, Page::first(1))?;
                        let Some(lead) = waiting.first_mut() else { return Ok(false) };
                        valid(lead.put(at(99), LeadPlace { owner: Some(id(rep)), ..lead.place() }));
                        tx.update_lead(lead)?;
                        Ok::<_, crm_core::store::StoreError>(true)
                    });
                    match took {
                        Ok(true) => drop(given.fetch_add(1, Ordering::SeqCst)),
                        Ok(false) => break,
                        Err(error) => panic!("C83: {error}"),
                    }
                }
            });
        }
    });
    assert_eq!(given.load(Ordering::SeqCst), LEADS, "C83: each lead is given once");
    read(&store, "C83", |tx| {
        let left = tx.waiting_leads(id(1), WaitingOrder::OldestFirst, Page::first(9))?;
        assert!(left.is_empty(), "C83: none waits any more");
        Ok(())
    });
}

/// C84: what a queue remembers of its members, whose turn it is and whom it gave what, reads back as it was written.
pub fn c84_a_queue_remembers_whose_turn_it_is<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C84");
    let members = (1..=3).map(|n| RosterMember::new(Member::SalesRep(id(n))).monthly(3_000));
    let new = members.fold(NewQueue::new(text("C84")), NewQueue::member);
    let queue = valid(Queue::add(id(50), at(0), new));
    write(&store, "C84", |tx| tx.insert_queue(&queue));
    let mut expected = queue;
    for round in 0..7 {
        // Who is passed over keeps their turn, so that no place in the order says whose it is.
        let standing = |member| Standing { available: round % 3 != 0 || member != Member::SalesRep(id(1)), load: 0 };
        let work = Work::new(at(0));
        let lead = id::<LeadId>(round).into();
        let (wanted, _) = expected.assign(at(round), lead, &work, standing);
        let decision = write(&store, "C84", |tx| {
            let Some(mut queue) = tx.queue(id(50))? else { panic!("C84: the queue is gone") };
            let (decision, _) = queue.assign(at(round), lead, &work, standing);
            tx.update_queue(&queue)?;
            Ok(decision)
        });
        assert_eq!(decision, wanted, "C84: round {round}");
    }
    let found = read(&store, "C84", |tx| tx.queue(id(50)));
    assert_eq!(found.map(|queue| queue.roster), Some(expected.roster), "C84: what it remembers");
}

/// C89: the rep who was last given a lead with an e-mail address or a number is the one who has the lead that was given
/// last, whatever became of it; of two of one instant the rep with the greater id. By a postal address there is none.
pub fn c89_the_rep_who_was_last_given_a_lead_of_an_address_is_known<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C89");
    let (email, phone) = (ContactRef::Email(text("zoe@example.net")), ContactRef::Phone(text("+12015550123")));
    let last = |reached: &ContactRef| read(&store, "C89", |tx| tx.last_given(reached));
    let given = |n: u32, minutes: u32, rep: Option<u32>| {
        let new = NewLead::person(text("Zoe")).email(text("ZOE@example.net")).phone(text("+12015550123"));
        let mut lead = valid(Lead::add(id(n), at(0), new));
        valid(lead.put(at(minutes), LeadPlace { queue: Some(id(1)), owner: rep.map(id) }));
        lead
    };
    write(&store, "C89", |tx| tx.insert_lead(&given(20, 5, None)));
    assert_eq!(last(&email), None, "C89: one that only waits");
    // Neither the first nor the last by id, and more than a page of them.
    for (n, minutes, rep, expected) in
        [(24, 50, 1, (50, 1)), (25, 80, 2, (80, 2)), (22, 90, 3, (90, 3)), (23, 20, 1, (90, 3))]
    {
        write(&store, "C89", |tx| tx.insert_lead(&given(n, minutes, Some(rep))));
        for reached in [&email, &phone] {
            assert_eq!(last(reached), Some((at(expected.0), id(expected.1))), "C89: of several leads the last");
        }
    }
    let mut lost = given(22, 90, Some(3));
    valid(lost.disqualify(at(95), Disqualification { reason: text("no budget"), note: None }));
    write(&store, "C89", |tx| tx.update_lead(&lost).map(drop));
    assert_eq!(last(&email), Some((at(90), id(3))), "C89: one that came to nothing counts");
    for (n, rep) in [(30, 2), (31, 1)] {
        write(&store, "C89", |tx| tx.insert_lead(&given(n, 99, Some(rep))));
    }
    assert_eq!(last(&phone), Some((at(99), id(2))), "C89: of two of one instant the greater id");
    for n in [30, 31, 22] {
        write(&store, "C89", |tx| tx.delete_lead(id(n)));
    }
    assert_eq!(last(&email), Some((at(80), id(2))), "C89: what was deleted does not count");
    let taken = crm_core::LeadParts { revision: crm_core::Revision::FIRST, ..given(25, 80, None).into() };
    write(&store, "C89", |tx| tx.update_lead(&valid(taken.clone().try_into())).map(drop));
    assert_eq!(last(&email), Some((at(50), id(1))), "C89: nor what was taken from them again");
    let other = ContactRef::Email(text("unal@example.net"));
    assert_eq!(last(&other), None, "C89: another address");
    let fields = PostalAddressFields { city: "上海".into(), ..PostalAddressFields::default() };
    let home = ContactRef::Address(valid(PostalAddress::parse(fields)));
    assert_eq!(last(&home), None, "C89: a postal address");
}

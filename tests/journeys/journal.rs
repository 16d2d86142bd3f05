//! What is written down about what happened, and what a commit holds together.

use crm::{
    Cause, Channel, Crm, Currency, CustomerFact, CustomerPatch, Entry, Error, Fact, IdempotencyKey, Label, NewAgent,
    NewCustomer, NewOrder, NewPayment, NewProduct, NewSalesRep, NewTicket, Position, RecordRef, Unassigned, UnitPrice,
    sales, service,
    sqlite::SqliteStore,
    store::{Journal, Page, Records, Store},
};
use crm_testkit::{Acts, DynStore, MemoryStore};

use crate::stage::{alice, at, everything, lamp, on_every_store, person};

on_every_store! {
    the_journal_says_who_when_why_and_what_was_before
    a_consumer_reads_each_fact_once
    two_operations_share_one_commit_and_one_end
    an_act_is_found_by_its_key
}

fn history<S: Store>(crm: &Crm<S>, record: impl Into<RecordRef>) -> Result<Vec<Entry>, Error> {
    let record = record.into();
    crm.read(|tx| Ok(tx.history(record, Page::first(100))?))
}

fn the_journal_says_who_when_why_and_what_was_before<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let zhang = person(crm, "Zhang San")?;
    let patch = CustomerPatch { region: Some(Some("Central".parse()?)), ..CustomerPatch::default() };
    let moved = crm.write(|tx| {
        let act = &mut crm.act("bob")?.because("call of 2 March".parse()?);
        Ok(sales::update_customer(tx, act, zhang.id, patch)?)
    })?;
    let [registered, updated] = &history(crm, zhang.id)?[..] else { panic!("two facts were expected") };

    assert_eq!((registered.actor.as_str(), registered.at, &registered.cause), ("alice", at(0), &None));
    let first = CustomerFact::Registered { customer: Box::new(zhang.clone()) };
    assert_eq!(registered.fact, Some(Fact::Customer(zhang.id, first)));

    assert_eq!((updated.actor.as_str(), updated.at), ("bob", at(1)));
    assert_eq!(updated.cause, Some(Cause::Reason("call of 2 March".parse()?)));
    let Some(Fact::Customer(id, CustomerFact::Updated { before, after })) = &updated.fact else {
        panic!("the region was changed: {:?}", updated.kind);
    };
    assert_eq!((id, &**before), (&zhang.id, &zhang));
    assert_eq!((&after.region, after.updated_at), (&moved.region, at(1)));

    // One act may answer another.
    crm.write(|tx| {
        let act = &mut crm.act("bob")?.in_answer_to(updated.position);
        Ok(sales::archive_customer(tx, act, zhang.id)?)
    })?;
    let all = history(crm, zhang.id)?;
    assert_eq!(all[2].cause, Some(Cause::Entry(updated.position)));
    assert!(all.is_sorted_by(|earlier, later| earlier.position < later.position));
    Ok(())
}

/// Reads what is new to a consumer, at most two facts, and remembers how far it came, in one commit.
fn reads_on<S: Store>(crm: &Crm<S>, consumer: &Label, power_fails: bool) -> Result<Vec<Position>, Error> {
    crm.write(|tx| {
        let page = Page::after(tx.cursor(consumer)?, 2);
        let new: Vec<_> = tx.entries(page)?.iter().map(|entry| entry.position).collect();
        if let Some(last) = new.last() {
            tx.move_cursor(consumer, *last)?;
        }
        if power_fails { Err(Error::host("the power failed")) } else { Ok(new) }
    })
}

fn a_consumer_reads_each_fact_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (billing, mailing): (Label, Label) = ("billing".parse()?, "mailing".parse()?);
    for name in ["张三", "李四", "王五"] {
        person(crm, name)?;
    }
    let mut read = reads_on(crm, &billing, false)?;
    assert_eq!(read.len(), 2);
    // What was read when the power failed is read again.
    assert!(reads_on(crm, &billing, true).is_err());
    person(crm, "赵六")?;
    loop {
        let new = reads_on(crm, &billing, false)?;
        if new.is_empty() {
            break;
        }
        read.extend(new);
    }
    let all = crm.read(|tx| Ok(tx.entries(Page::first(100))?))?;
    assert_eq!(read, all.iter().map(|entry| entry.position).collect::<Vec<_>>());
    assert_eq!(read.len(), 4);

    // Another consumer has a cursor of its own, and a replay is a step back.
    assert_eq!(reads_on(crm, &mailing, false)?, read[..2]);
    crm.write(|tx| Ok(tx.move_cursor(&billing, Position::START)?))?;
    assert_eq!(reads_on(crm, &billing, false)?, read[..2]);
    Ok(())
}

fn two_operations_share_one_commit_and_one_end<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let order = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1);
    let ticket = NewTicket::new(zhang.id, Channel::Phone, "wants a call".parse()?);
    let before = everything(crm)?;

    // The host has second thoughts.
    let refused = alice(crm, |tx, act| {
        sales::draft_order(tx, act, order.clone())?;
        service::open_ticket(tx, act, ticket.clone())?;
        Err::<(), _>(Error::host("the host had second thoughts"))
    });
    assert!(matches!(refused, Err(Error::Host(_))));
    assert_eq!(everything(crm)?, before);

    // The second operation is refused, and `?` takes the first one along.
    let mut of_nobody = ticket.clone();
    of_nobody.customer = crm.act("alice")?.new_id();
    let refused = alice(crm, |tx, act| {
        sales::draft_order(tx, act, order.clone())?;
        Ok::<_, Error>(service::open_ticket(tx, act, of_nobody)?)
    });
    assert!(matches!(refused, Err(Error::Service(service::ServiceError::NotFound { .. }))));
    assert_eq!(everything(crm)?, before);

    // A panic rolls back too, and the store goes on.
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        alice(crm, |tx, act| -> Result<(), Error> {
            sales::draft_order(tx, act, order.clone())?;
            panic!("a bug in the host");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(everything(crm)?, before);

    let (order, ticket) = alice(crm, |tx, act| {
        Ok::<_, Error>((sales::draft_order(tx, act, order)?, service::open_ticket(tx, act, ticket)?))
    })?;
    let (drafted, opened) = (&history(crm, order.id)?[0], &history(crm, ticket.id)?[0]);
    assert_eq!((drafted.at, &drafted.actor), (opened.at, &opened.actor));
    assert_eq!(drafted.position.get() + 1, opened.position.get());
    Ok(())
}

fn an_act_is_found_by_its_key<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let key: IdempotencyKey = "web shop, basket 4711".parse()?;
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);

    // A caller that does not know whether its commit happened asks first, in the same commit.
    let sell = || {
        crm.write(|tx| {
            if !tx.entries_with_key(&key, Page::first(1))?.is_empty() {
                return Ok(None);
            }
            let act = &mut crm.act("web shop")?.with_key(key.clone());
            let order = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1);
            let order = sales::draft_order(tx, act, order)?;
            Ok(Some(sales::confirm_order(tx, act, order.id)?))
        })
    };
    let order = sell()?.ok_or_else(|| Error::host("nobody sold it before"))?;
    assert_eq!(sell()?, None);

    let found = crm.read(|tx| Ok(tx.entries_with_key(&key, Page::first(10))?))?;
    assert_eq!(found, history(crm, order.id)?);
    assert_eq!(found.iter().map(|entry| entry.kind.clone()).collect::<Vec<_>>(), ["order.drafted", "order.confirmed"]);
    assert!(found.iter().all(|entry| entry.key.as_ref() == Some(&key)));
    Ok(())
}

/// A day's acts, the same whenever it is called.
fn a_day(tx: &mut (impl Records + ?Sized)) -> Result<(), Error> {
    let mut acts = Acts::new();
    let act = &mut acts.next("alice").because("the fair".parse()?);
    let rep = sales::add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
    let zhang = NewCustomer::person("张三".parse()?)
        .email("Zhang.San@Example.com".parse()?)
        .phone("+86 138 0000 0000".parse()?)
        .owner(rep.id)
        .tag("wholesale".parse()?);
    let zhang = sales::register_customer(tx, act, zhang)?;
    let price = UnitPrice::parse("49.905", Currency::EUR)?;
    let lamp = sales::add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;

    let act = &mut acts.next("bob").with_key("basket 1".parse()?);
    let order = NewOrder::for_customer(zhang.id, Currency::EUR).rep(rep.id).line(lamp.id, 3);
    let order = sales::draft_order(tx, act, order)?;
    let order = sales::confirm_order(tx, act, order.id)?;
    sales::pay_order(tx, act, order.id, NewPayment::of(order.owed()))?;
    sales::ship_order(tx, act, order.id)?;

    let act = &mut acts.next("mei");
    let mei = service::add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
    let ticket = NewTicket::new(zhang.id, Channel::Email, "the lamp flickers".parse()?);
    let ticket = service::open_ticket(tx, act, ticket)?;
    service::agent_replies(tx, act, ticket.id, mei.id, "a new bulb is on its way".parse()?)?;
    service::solve_ticket(tx, act, ticket.id, mei.id, "sent a bulb".parse()?, Unassigned::SolverTakes)?;
    Ok(())
}

fn after_a_day<S: Store>(store: S) -> Result<String, Error> {
    let crm = Crm::over(store);
    crm.write(|tx| a_day(tx))?;
    everything(&crm)
}

#[test]
fn the_same_acts_give_the_same_bytes_on_every_store() -> Result<(), Error> {
    let folder = tempfile::tempdir().map_err(Error::host)?;
    let on_the_reference_store = after_a_day(MemoryStore::new())?;
    assert_eq!(after_a_day(MemoryStore::new())?, on_the_reference_store);
    assert_eq!(after_a_day(SqliteStore::open_in_memory()?)?, on_the_reference_store);
    assert_eq!(after_a_day(SqliteStore::open(folder.path().join("crm.db"))?)?, on_the_reference_store);
    assert_eq!(after_a_day(DynStore::new(SqliteStore::open_in_memory()?))?, on_the_reference_store);
    assert!(on_the_reference_store.contains("the lamp flickers"));
    Ok(())
}

//! C01 to C09: transactions.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Barrier, mpsc},
    thread,
};

use crm_core::{
    AgentFact, Product, ProductId, Revision,
    store::{Journal as _, Page, Products as _, Records, Store, StoreError, StoreErrorKind, Tickets as _},
};

use super::{
    family::{Any, Family, Stored, delete, find, get, list},
    maker::{Maker, act, id, text},
    world::{
        everything, founded, good, insert_all, label, look, message, one_of_each, own_error, read, refused, write,
    },
};

/// Writes something of every kind: inserts, updates, a deletion, a message, journal, cursor, numbers. Returns what must be seen afterwards.
fn write_a_lot<T: Records + ?Sized>(tx: &mut T) -> Stored<Vec<Any>> {
    let mut written = one_of_each(20, 20);
    insert_all(tx, &written)?;
    for record in &mut written {
        let changed = Maker::sound(21).record(record.family(), 20);
        let revision = changed.update(tx)?;
        *record = changed.at_revision(revision);
    }
    tx.append_message(&message(20, 1))?;
    let deleted = Maker::sound(22).record(Family::Interaction, 21);
    deleted.insert(tx)?;
    delete(tx, deleted.id())?;
    tx.append(&act(1), &(id(20), AgentFact::Deleted { agent: Box::new(agent()) }).into())?;
    let last = tx.entries(Page::first(10))?.last().map(|entry| entry.position);
    tx.move_cursor(&label("mailer"), last.unwrap_or(crm_core::Position::new(1)))?;
    tx.next_order_number()?;
    tx.next_ticket_number()?;
    Ok(written)
}

fn agent() -> crm_core::Agent {
    match Maker::sound(3).record(Family::Agent, 20) {
        Any::Agent(agent) => *agent,
        other => panic!("the suite asked for an agent and made {other:?}"),
    }
}

/// C01: what a closure wrote is there, all of it, once `write` returned `Ok`.
pub fn c01_what_a_closure_wrote_is_there_after_ok<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C01");
    let (written, inside) = write(&store, "C01", |tx| Ok((write_a_lot(tx)?, everything(tx)?)));
    for record in written {
        let found = read(&store, "C01", |tx| get(tx, record.id()));
        assert_eq!(found, Some(record.clone()), "C01 {}: it was committed and is not there", record.family());
    }
    let outside = look(&store, "C01");
    outside
        .without_positions()
        .must_equal(&inside.without_positions(), "C01: what is there is not what the closure left");
}

/// C02: where the closure returns an error, nothing of it is there.
pub fn c02_after_an_error_nothing_is_there<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C02");
    let before = look(&store, "C02");
    let result: Stored<()> = store.write(|tx| {
        write_a_lot(tx)?;
        Err(own_error())
    });
    refused(result, &StoreErrorKind::Backend, "C02: the error of the closure must come out");
    look(&store, "C02").must_equal(&before, "C02");
    write(&store, "C02: the same work afterwards", |tx| write_a_lot(tx));
}

/// C03: where the closure panics, nothing of it is there, the panic goes on, and the store works.
pub fn c03_after_a_panic_nothing_is_there_and_the_store_works<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C03");
    let before = look(&store, "C03");
    let payload = "the closure of C03 panics";
    let result = catch_unwind(AssertUnwindSafe(|| {
        store.write(|tx| -> Stored<()> {
            write_a_lot(tx)?;
            // As a panic, without the noise of the hook.
            resume_unwind(Box::new(payload))
        })
    }));
    match result {
        Ok(result) => panic!("C03: the panic must go on, and the store returned {result:?}"),
        Err(found) => {
            assert_eq!(found.downcast_ref(), Some(&payload), "C03: another panic than the closure's came out");
        }
    }
    look(&store, "C03").must_equal(&before, "C03");
    let panicked =
        catch_unwind(AssertUnwindSafe(|| store.read(|_| -> Stored<()> { resume_unwind(Box::new(payload)) })));
    assert!(panicked.is_err(), "C03: the panic of a read must go on");
    write(&store, "C03: the same work afterwards", |tx| write_a_lot(tx));
}

/// C04: a closure reads what it wrote.
pub fn c04_a_closure_reads_what_it_wrote<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C04");
    write(&store, "C04", |tx| {
        let (first, second) = (one_of_each(20, 20), one_of_each(20, 21));
        for (record, changed) in first.iter().zip(second) {
            let (family, id) = (record.family(), record.id());
            record.insert(tx)?;
            assert_eq!(get(tx, id)?.as_ref(), Some(record), "C04 {family}: an insert does not show");
            let changed = changed.clone().at_revision(changed.update(tx)?);
            assert_eq!(get(tx, id)?.as_ref(), Some(&changed), "C04 {family}: an update does not show");
            let listed = list(tx, &family.no_filter(), Page::first(100))?;
            assert!(listed.contains(&changed), "C04 {family}: an update does not show in the list");
            for field in family.unique_fields() {
                let Some(value) = changed.unique(field) else { continue };
                let found = find(tx, family, field, &value)?;
                assert_eq!(found.as_ref(), Some(&changed), "C04 {family}: an update does not show by its {field}");
            }
        }
        tx.append_message(&message(20, 1))?;
        assert_eq!(tx.messages(id(20), Page::first(9))?, [message(20, 1)], "C04: a message does not show");
        tx.move_cursor(&label("mailer"), crm_core::Position::new(7))?;
        assert_eq!(tx.cursor(&label("mailer"))?.get(), 7, "C04: a cursor's move does not show");
        for record in first.iter().rev() {
            delete(tx, record.id())?;
            assert_eq!(get(tx, record.id())?, None, "C04 {}: a deletion does not show", record.family());
        }
        Ok(())
    });
}

/// How often C05 looks while another thread commits, at most: a store that holds writers off until the read has ended would have it look for ever.
const LOOKS: u32 = 2_000;

/// C05: a read sees one snapshot: what others commit meanwhile does not show.
///
/// The writer starts while the closure of the read runs. Where the store lets it commit at once, the closure looks until it has; where the store
/// holds it off, the closure ends first. Both keep the promise.
pub fn c05_a_read_sees_one_snapshot<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C05");
    let record = Maker::sound(5).record(Family::Customer, 1);
    let others = one_of_each(30, 30);
    thread::scope(|scope| {
        let (start, started) = mpsc::channel();
        let (done, finished) = mpsc::channel();
        read(&store, "C05", |tx| {
            let before = get(tx, record.id())?;
            let all_before = everything(tx)?;
            let (store, record, others) = (&store, &record, &others);
            scope.spawn(move || {
                // Nobody listens any more once the reader has failed; then that is what is reported.
                let _ = start.send(());
                write(store, "C05: the other writer", |tx| {
                    record.update(tx)?;
                    insert_all(tx, others)
                });
                let _ = done.send(());
            });
            if started.recv().is_err() {
                panic!("C05: the other writer did not start");
            }
            for _ in 0..LOOKS {
                let committed = finished.try_recv().is_ok();
                assert_eq!(
                    get(tx, record.id())?,
                    before,
                    "C05: what another one committed shows in a read that goes on"
                );
                if committed {
                    break;
                }
                thread::yield_now();
            }
            everything(tx)?.must_equal(&all_before, "C05");
            Ok(())
        });
    });
    let after = read(&store, "C05", |tx| get(tx, record.id()));
    let expected = record.at_revision(Revision::FIRST.next());
    assert_eq!(after, Some(expected), "C05: a read that begins after the commit must see it");
}

/// C06: writes are serialised: of two closures that read and then write the same record, the second one reads what the first one wrote.
pub fn c06_writes_are_serialised<S: Store>(open: impl Fn() -> S) {
    const THREADS: u64 = 4;
    const WRITES: u64 = 25;
    let store = founded(open, "C06");
    let lamp: ProductId = id(1);
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap_or(1));
    let rename = |number: u64| {
        write(&store, "C06: no writer may be turned away", |tx| {
            let found = tx.product(lamp)?;
            let product = found.unwrap_or_else(|| panic!("C06: the product is gone at write {number}"));
            let name = text(&format!("written {} times", product.revision.get()));
            let written = Product { name, ..product };
            thread::yield_now();
            tx.update_product(&written).map(drop)
        });
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                (0..WRITES).for_each(rename);
            });
        }
    });
    let Some(product) = read(&store, "C06", |tx| tx.product(lamp)) else { panic!("C06: the product is gone") };
    assert_eq!(product.revision.get(), 1 + THREADS * WRITES, "C06: a write was lost");
    assert_eq!(product.name.as_str(), format!("written {} times", THREADS * WRITES), "C06: a write was lost");
}

/// C07: a closure that calls its own store again is refused with [`StoreErrorKind::Reentered`].
pub fn c07_a_closure_that_calls_its_own_store_is_refused<S: Store>(open: impl Fn() -> S) {
    let store = founded(&open, "C07");
    let other = open();
    let reentered = |result: Stored<()>, what: &str| refused(result, &StoreErrorKind::Reentered, format!("C07 {what}"));
    let record = Maker::sound(7).record(Family::Agent, 20);
    write(&store, "C07", |tx| {
        reentered(store.read(|_| Ok(())), "a read in a write");
        reentered(store.write(|_| Ok(())), "a write in a write");
        good(other.write(|_| Ok(())), "C07: another store may be written to");
        record.insert(tx)
    });
    let found = read(&store, "C07", |tx| {
        reentered(store.read(|_| Ok(())), "a read in a read");
        reentered(store.write(|_| Ok(())), "a write in a read");
        good(other.read(|_| Ok(())), "C07: another store may be read");
        get(tx, record.id())
    });
    assert_eq!(found, Some(record), "C07: the refused call must leave the outer work alone");
    let passed_on: Result<(), StoreError> = store.write(|_| store.write(|_| Ok(())));
    reentered(passed_on, "a write in a write, passed on");
    write(&store, "C07: afterwards the store must work", |_| Ok(()));
}

/// C08: an error or a panic of one writer undoes its own work and nobody else's.
///
/// First one after the other on two threads, then many at once, which end as they like. What each one was told must be what is there.
pub fn c08_a_failure_undoes_nobody_elses_work<S: Store>(open: impl Fn() -> S) {
    const THREADS: u32 = 6;
    const WRITES: u32 = 20;
    let store = founded(open, "C08");
    let lamp: ProductId = id(1);
    let barrier = Barrier::new(1 + THREADS as usize);
    let record = |number: u32| Maker::sound(8).record(Family::Agent, 100 + number);
    // Inserts one record and counts it on the product, then ends in one of three ways. Says whether it was to stay.
    let work = |number: u32| {
        let ended = catch_unwind(AssertUnwindSafe(|| {
            store.write(|tx| -> Stored<()> {
                record(number).insert(tx)?;
                let Some(product) = tx.product(lamp)? else { panic!("C08: the product is gone") };
                tx.update_product(&product)?;
                thread::yield_now();
                match number % 3 {
                    0 => Ok(()),
                    1 => Err(own_error()),
                    _ => resume_unwind(Box::new("a closure of C08 panics")),
                }
            })
        }));
        match (number % 3, ended) {
            (0, Ok(result)) => good(result, "C08: a neighbour's failure must not come out here"),
            (1, Ok(result)) => refused(result, &StoreErrorKind::Backend, "C08: the closure's own error must come out"),
            (2, Err(_)) => {}
            (_, ended) => panic!("C08: closure {number} ended as {ended:?}"),
        }
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (barrier, work) = (&barrier, &work);
            scope.spawn(move || {
                barrier.wait();
                (0..WRITES).for_each(|number| work(10 + thread * WRITES + number));
            });
        }
        // Whatever fails, the others must be let go.
        let one_by_one = catch_unwind(AssertUnwindSafe(|| {
            for number in 0..3 {
                let ended = thread::scope(|scope| scope.spawn(|| work(number)).join());
                ended.unwrap_or_else(|panic| resume_unwind(panic));
                let first = read(&store, "C08", |tx| get(tx, record(0).id()));
                assert_eq!(first, Some(record(0)), "C08: another one's failure undid what was committed");
            }
        }));
        barrier.wait();
        one_by_one.unwrap_or_else(|panic| resume_unwind(panic));
    });
    let mut kept = 0;
    for number in (0..3).chain(10..10 + THREADS * WRITES) {
        let expected = (number % 3 == 0).then(|| record(number));
        kept += u64::from(expected.is_some());
        let found = read(&store, "C08", |tx| get(tx, record(number).id()));
        assert_eq!(found, expected, "C08: what is there of closure {number} is not what it was told");
    }
    let product = read(&store, "C08", |tx| tx.product(lamp));
    assert_eq!(product.map(|product| product.revision.get()), Some(1 + kept), "C08: the counts do not add up");
}

/// C09: nobody is answered before what the answer rests on is committed.
///
/// A closure inserts a record and stays until another writer, who wants to insert the same, may be in line behind it. Whether the first one then keeps or undoes it, the answer of
/// the second one must be what is there.
pub fn c09_an_answer_rests_on_what_is_committed<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C09");
    for (number, kept) in [(20, true), (21, false)] {
        let record = Maker::sound(9).record(Family::Agent, number);
        let (inserted, is_inserted) = mpsc::channel();
        let (coming, is_coming) = mpsc::channel();
        let (answer, found) = thread::scope(|scope| {
            let (store, record) = (&store, &record);
            scope.spawn(move || {
                let first: Stored<()> = store.write(|tx| {
                    record.insert(tx)?;
                    // Nobody listens any more once the other one has failed; then that is what is reported.
                    let _ = inserted.send(());
                    let _ = is_coming.recv();
                    (0..LOOKS).for_each(|_| thread::yield_now());
                    if kept { Ok(()) } else { Err(own_error()) }
                });
                assert_eq!(first.is_ok(), kept, "C09: the first one's own outcome must come out");
            });
            assert!(is_inserted.recv().is_ok(), "C09: the first one did not get to its record");
            let _ = coming.send(());
            let answer: Stored<()> = store.write(|tx| record.insert(tx));
            (answer, read(store, "C09", |tx| get(tx, record.id())))
        });
        match (answer, kept) {
            (Ok(()), false) => {}
            (answer, true) => {
                let taken = StoreErrorKind::Duplicate { record: Family::Agent.name(), field: "id" };
                refused(answer, &taken, "C09: of two who insert the same, the second one must be refused");
            }
            (Err(error), false) => panic!("C09: refused because of a record that was undone: {error:?}"),
        }
        assert_eq!(found.as_ref(), Some(&record), "C09: the answer came before what it rests on");
    }
}

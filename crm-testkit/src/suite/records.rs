//! C10 to C15, C18 and C19: the records of each family by themselves.

use chrono::TimeDelta;
use crm_core::{
    RecordId, Revision, WaitingOrder,
    store::{Page, Records, Store, StoreErrorKind, Tickets as _, Timeline as _},
};

use crate::instants::Instants as _;

use super::{
    family::{Any, Family, Stored, all, count, delete, find, get},
    maker::{Maker, id, text, valid, year},
    world::{founded, insert_all, message, read, refusal, write},
};

/// C10: a record that was inserted reads back equal, all fields, by its id.
pub fn c10_an_inserted_record_reads_back_equal<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C10");
    let mut maker = Maker::sound(10);
    for family in Family::ALL {
        for n in 100..150 {
            let record = maker.record(*family, n);
            // A record that comes from elsewhere brings its revision along.
            let record = if n % 10 == 0 { record.at_revision(Revision::new(n.into())) } else { record };
            write(&store, format!("C10 {family}"), |tx| record.insert(tx));
            let found = read(&store, format!("C10 {family}"), |tx| get(tx, record.id()));
            assert_eq!(found, Some(record), "C10 {family}: it reads back different");
        }
    }
    instants_are_cut(&store);
}

/// C10, too: what is finer than a microsecond is cut off, on an insert, on an update and in messages.
fn instants_are_cut<S: Store>(store: &S) {
    let finer = |record: Any| valid(record.with_instants(|at| *at += TimeDelta::nanoseconds(999)));
    let mut maker = Maker::sound(1_010);
    for family in Family::ALL {
        for n in 200..220 {
            let record = maker.record(*family, n);
            write(store, format!("C10 {family}: fine instants"), |tx| finer(record.clone()).insert(tx));
            let found = read(store, format!("C10 {family}"), |tx| get(tx, record.id()));
            assert_eq!(found, Some(record), "C10 {family}: instants are not cut to the microsecond");
            let changed = maker.record(*family, n);
            let revision = write(store, format!("C10 {family}: fine instants"), |tx| finer(changed.clone()).update(tx));
            let found = read(store, format!("C10 {family}"), |tx| get(tx, changed.id()));
            assert_eq!(found, Some(changed.at_revision(revision)), "C10 {family}: instants are not cut by an update");
        }
    }
    let fine = valid(message(200, 1).with_instants(|at| *at += TimeDelta::nanoseconds(999)));
    write(store, "C10 message: fine instants", |tx| tx.append_message(&fine));
    let found = read(store, "C10 message", |tx| tx.messages(id(200), Page::first(9)));
    assert_eq!(found, [message(200, 1)], "C10 message: its instant is not cut to the microsecond");
}

/// C11: an id that is not there reads as `Ok(None)`.
pub fn c11_an_absent_id_reads_as_none<S: Store>(open: impl Fn() -> S) {
    for store in [open(), founded(&open, "C11")] {
        for family in Family::ALL {
            let found = read(&store, format!("C11 {family}"), |tx| get(tx, family.id(99)));
            assert_eq!(found, None, "C11 {family}");
            for field in family.unique_fields() {
                let found = read(&store, format!("C11 {family}"), |tx| find(tx, *family, field, "none-such"));
                assert_eq!(found, None, "C11 {family} by {field}");
            }
        }
        read(&store, "C11", |tx| {
            assert!(tx.messages(id(99), Page::first(9))?.is_empty(), "C11: messages of no ticket");
            assert!(tx.timeline(id(99), Page::first(9))?.is_empty(), "C11: timeline of no customer");
            Ok(())
        });
    }
}

/// C12: inserting an id, a number, a SKU or an external id that is taken is [`StoreErrorKind::Duplicate`], which names the field, and changes nothing. An update
/// cannot take it either.
pub fn c12_a_taken_value_is_a_duplicate<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C12");
    for family in Family::ALL {
        let record = family.name();
        let taken = family.unique_fields().iter().fold(Maker::sound(12).record(*family, 20), |one, field| {
            one.with_unique(field, &format!("TAKEN-{}", field.len()))
        });
        let free = family.unique_fields().iter().fold(Maker::sound(13).record(*family, 22), |one, field| {
            one.with_unique(field, &format!("FREE-{}", field.len()))
        });
        write(&store, format!("C12 {family}"), |tx| insert_all(tx, &[taken.clone(), free.clone()]));
        let again = family.unique_fields().iter().fold(Maker::sound(14).record(*family, 20), |one, field| {
            one.with_unique(field, &format!("OTHER-{}", field.len()))
        });
        let kind = StoreErrorKind::Duplicate { record, field: "id" };
        refusal(&store, &kind, format!("C12 {family}: id"), |tx| again.insert(tx));
        for field in family.unique_fields() {
            let kind = StoreErrorKind::Duplicate { record, field };
            let value = taken.unique(field).unwrap_or_default();
            let second = again.clone().renamed(21).with_unique(field, &value);
            refusal(&store, &kind, format!("C12 {family}: {field}"), |tx| second.insert(tx));
            let changed = free.clone().with_unique(field, &value);
            refusal(&store, &kind, format!("C12 {family}: {field} by an update"), |tx| changed.update(tx));
        }
        // Its own values are no obstacle.
        write(&store, format!("C12 {family}: its own values"), |tx| taken.update(tx));
    }
}

/// C13: updating gives the next revision and writes all fields; the caller's value is untouched.
pub fn c13_an_update_writes_all_fields_and_gives_the_next_revision<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C13");
    for family in Family::ALL {
        let mut present = Maker::sound(13).record(*family, 20);
        write(&store, format!("C13 {family}"), |tx| present.insert(tx));
        for seed in 130..160 {
            let changed = Maker::sound(seed).record(*family, 20).at_revision(present.revision());
            let kept = changed.clone();
            let revision = write(&store, format!("C13 {family}"), |tx| changed.update(tx));
            assert_eq!(revision, present.revision().next(), "C13 {family}: the revision is not the next one");
            assert_eq!(changed, kept, "C13 {family}: the caller's value changed");
            present = changed.at_revision(revision);
            let found = read(&store, format!("C13 {family}"), |tx| get(tx, present.id()));
            assert_eq!(found.as_ref(), Some(&present), "C13 {family}: not all fields were written");
        }
    }
}

/// C14: updating from a revision other than the stored one is [`StoreErrorKind::Conflict`] and changes nothing.
pub fn c14_a_stale_update_is_a_conflict_and_changes_nothing<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C14");
    for family in Family::ALL {
        let record = Maker::sound(14).record(*family, 20);
        write(&store, format!("C14 {family}"), |tx| record.insert(tx));
        let second = write(&store, format!("C14 {family}"), |tx| record.update(tx));
        let conflict = StoreErrorKind::Conflict { record: family.name() };
        for revision in [Revision::FIRST, second.next(), Revision::new(0)] {
            let stale = Maker::sound(15).record(*family, 20).at_revision(revision);
            refusal(&store, &conflict, format!("C14 {family}: revision {revision}"), |tx| stale.update(tx));
        }
        let fresh = Maker::sound(15).record(*family, 20).at_revision(second);
        write(&store, format!("C14 {family}: the present revision"), |tx| fresh.update(tx));
    }
}

/// C15: updating or deleting what is not there is [`StoreErrorKind::NotFound`].
pub fn c15_changing_what_is_absent_is_not_found<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C15");
    for family in Family::ALL {
        let absent = Maker::sound(15).record(*family, 20);
        let kind = StoreErrorKind::NotFound { record: family.name() };
        for time in ["before it was", "after it was"] {
            refusal(&store, &kind, format!("C15 {family}: an update {time}"), |tx| absent.update(tx));
            refusal(&store, &kind, format!("C15 {family}: a deletion {time}"), |tx| delete(tx, absent.id()));
            write(&store, format!("C15 {family}"), |tx| {
                absent.insert(tx)?;
                delete(tx, absent.id())
            });
        }
    }
}

/// Looks for a record in all ways that there are; gives those in which it was found.
fn traces<T: Records + ?Sized>(tx: &T, record: &Any) -> Stored<Vec<String>> {
    let mut found = Vec::new();
    let (family, id) = (record.family(), record.id());
    let mut note = |there: bool, way: &str| {
        if there {
            found.push(way.to_owned());
        }
    };
    note(get(tx, id)?.is_some(), "its id");
    for field in family.unique_fields() {
        if let Some(value) = record.unique(field) {
            note(find(tx, family, field, &value)?.is_some(), field);
        }
    }
    let listed = all(tx, &family.no_filter())?;
    note(listed.iter().any(|one| one.id() == id), "the list");
    note(count(tx, &family.no_filter())? > listed.len() as u64, "the count");
    match record {
        Any::Customer(one) => {
            let by_name = tx.customers_by_name(&Default::default(), Page::first(1_000))?;
            note(by_name.iter().any(|other| other.id == one.id), "the list by name");
            note(tx.customers_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name");
            let mail = tx.customers_with_email(&text("zhang@example.com"), all_of())?;
            note(mail.iter().any(|other| other.id == one.id), "its e-mail address");
            let phone = tx.customers_with_phone(&text("+442079460958"), all_of())?;
            note(phone.iter().any(|other| other.id == one.id), "its telephone number");
        }
        Any::Product(one) => {
            note(tx.products_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name");
        }
        Any::SalesRep(one) => {
            note(tx.sales_reps_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name");
        }
        Any::Agent(one) => {
            note(tx.agents_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name");
        }
        Any::Activity(one) => {
            let by_due = tx.activities_by_due(&Default::default(), Page::first(1_000))?;
            note(by_due.iter().any(|other| other.id == one.id), "its due day");
            let by_reminder = tx.activities_by_reminder(&Default::default(), Page::first(1_000))?;
            note(by_reminder.iter().any(|other| other.id == one.id), "its reminder");
            if let Some(opportunity) = one.opportunity() {
                note(tx.last_activity(opportunity)?.is_some(), "the last activity of its deal");
            }
        }
        Any::Order(one) => {
            note(
                tx.orders_by_day(&Default::default(), Page::first(1_000))?.iter().any(|other| other.id == one.id),
                "its day",
            );
            note(tx.revenue(year(), Page::first(1_000))?.iter().any(|entry| entry.order == one.id), "the revenue");
            note(tx.payments(year(), Page::first(1_000))?.iter().any(|(order, _)| *order == one.id), "the payments");
        }
        Any::Ticket(one) => {
            note(
                tx.tickets_by_due(&Default::default(), Page::first(1_000))?.iter().any(|other| other.id == one.id),
                "its due date",
            );
            note(!tx.messages(one.id, Page::first(9))?.is_empty(), "its messages");
        }
        Any::Lead(one) => {
            let mail = tx.leads_with_email(&text("zhang@example.com"), all_of())?;
            note(mail.iter().any(|other| other.id == one.id), "its e-mail address");
            let phone = tx.leads_with_phone(&text("+442079460958"), all_of())?;
            note(phone.iter().any(|other| other.id == one.id), "its telephone number");
            if let Some(name) = one.name() {
                note(tx.leads_named(name, all_of())?.iter().any(|other| other.id == one.id), "its name");
            }
            if let Some(name) = one.organisation() {
                let found = tx.leads_of_organisation(name, all_of())?;
                note(found.iter().any(|other| other.id == one.id), "its organisation");
            }
            if let Some(queue) = one.waits_in() {
                let waiting = tx.waiting_leads(queue, WaitingOrder::OldestFirst, Page::first(1_000))?;
                note(waiting.iter().any(|other| other.id == one.id), "its queue");
            }
        }
        Any::ExchangeRate(one) => {
            let newest = tx.exchange_rate_on(one.from, one.to, one.day)?;
            note(newest.is_some_and(|other| other.id == one.id), "its day");
        }
        Any::PriceList(one) => {
            note(tx.price_lists_named(one.name(), all_of())?.iter().any(|other| other.id == one.id), "its name");
        }
        Any::Interaction(_)
        | Any::SalePlan(_)
        | Any::Queue(_)
        | Any::Opportunity(_)
        | Any::Quote(_)
        | Any::Payment(_)
        | Any::Promotion(_)
        | Any::Redemption(_)
        | Any::ForecastAdjustment(_)
        | Any::ForecastSnapshot(_) => {}
    }
    for customer in 1..=3 {
        let timeline = tx.timeline(super::id(customer), Page::first(1_000))?;
        note(timeline.iter().any(|item| item.record == id), "a timeline");
    }
    Ok(found)
}

fn all_of<I: RecordId>() -> Page<I> {
    Page::first(1_000)
}

/// C18: what was deleted is not there, nor found by anything.
pub fn c18_what_was_deleted_is_found_by_nothing<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C18");
    for family in Family::ALL {
        for seed in 180..190 {
            let record = Maker::sound(seed).record(*family, 20);
            let clause = format!("C18 {family}");
            write(&store, &clause, |tx| {
                record.insert(tx)?;
                if *family == Family::Ticket {
                    tx.append_message(&message(20, 1))?;
                }
                Ok(())
            });
            let before = read(&store, &clause, |tx| traces(tx, &record));
            assert!(before.contains(&"its id".to_owned()), "C18 {family}: it must be there first");
            write(&store, &clause, |tx| delete(tx, record.id()));
            let after = read(&store, &clause, |tx| traces(tx, &record));
            assert!(after.is_empty(), "C18 {family}: it was deleted and is still found by {after:?}");
            // What was its alone is free again, and nothing of the first one clings to the second.
            let again = Maker::sound(seed).record(*family, 20);
            write(&store, format!("C18 {family}: again"), |tx| again.insert(tx));
            let found = read(&store, &clause, |tx| get(tx, record.id()));
            assert_eq!(found, Some(again), "C18 {family}: another one under the same id");
            let messages = read(&store, &clause, |tx| tx.messages(id(20), Page::first(9)));
            assert!(messages.is_empty(), "C18 {family}: the messages of the deleted ticket are back");
            write(&store, &clause, |tx| delete(tx, record.id()));
        }
    }
}

/// C19: a number, a SKU and an external id find their record and no other.
pub fn c19_a_unique_value_finds_its_record_and_no_other<S: Store>(open: impl Fn() -> S) {
    const VALUES: &[&str] = &["A-1", "a-1", "A-10", "Ä-1", "A_1", "A%", "001", "1", "1e0"];
    const ABSENT: &[&str] = &["A", "A-", "A-100", "ä-1", "01", "%", "_", "A-1'"];
    let store = founded(open, "C19");
    for family in Family::ALL {
        for field in family.unique_fields() {
            let clause = format!("C19 {family}: {field}");
            let mut maker = Maker::sound(19);
            // The code of a coupon is kept in upper case.
            let kept = |value: &&str| *family != Family::Promotion || value.to_uppercase() == *value;
            let values: Vec<&str> = VALUES.iter().copied().filter(kept).collect();
            let made = (200..).zip(&values).map(|(n, value)| maker.record(*family, n).with_unique(field, value));
            let records: Vec<Any> = made.collect();
            write(&store, &clause, |tx| insert_all(tx, &records));
            for (record, value) in records.iter().zip(&values) {
                let found = read(&store, &clause, |tx| find(tx, *family, field, value));
                assert_eq!(found.as_ref(), Some(record), "{clause} {value:?} finds another record or none");
            }
            for value in ABSENT {
                let found = read(&store, &clause, |tx| find(tx, *family, field, value));
                assert_eq!(found, None, "{clause} {value:?} is nobody's and finds one");
            }
            // The value that a record had before an update finds it no more.
            let renamed = records[0].clone().with_unique(field, "A-2");
            write(&store, &clause, |tx| renamed.update(tx));
            let (old, new) =
                read(&store, &clause, |tx| Ok((find(tx, *family, field, "A-1")?, find(tx, *family, field, "A-2")?)));
            let ids = (old.map(|one| one.id()), new.map(|one| one.id()));
            assert_eq!(ids, (None, Some(renamed.id())), "{clause} after it changed");
            write(&store, &clause, |tx| records.iter().try_for_each(|record| delete(tx, record.id())));
        }
    }
}

//! C10 to C19: the records of each family.

use crm_core::{
    Customer, CustomerKind, Need, NeedKind, Opportunity, OpportunityParts, Order, OrderLine, OrderParts, Participant,
    Percent, PlanScope, Quantity, RecordId, Revision, SalePlan, SalePlanParts, SalesRep, Ticket, TicketParts,
    TicketState, UnitPrice,
    store::{Page, Records, Store, StoreErrorKind, Tickets as _, Timeline as _},
};

use super::{
    family::{Any, Family, Stored, all, count, delete, find, get},
    maker::{Maker, at, id, text, valid, year},
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
            one.with_unique(field, &format!("taken-{}", field.len()))
        });
        let free = family.unique_fields().iter().fold(Maker::sound(13).record(*family, 22), |one, field| {
            one.with_unique(field, &format!("free-{}", field.len()))
        });
        write(&store, format!("C12 {family}"), |tx| insert_all(tx, &[taken.clone(), free.clone()]));
        let again = family.unique_fields().iter().fold(Maker::sound(14).record(*family, 20), |one, field| {
            one.with_unique(field, &format!("other-{}", field.len()))
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

/// A way to refer to a record.
struct Way {
    field: &'static str,
    /// What the family that refers is called where it keeps a record from being deleted.
    by: &'static str,
    to: Family,
    /// The record with a number that refers to the record with another number.
    refer: fn(n: u32, to: u32) -> Any,
}

fn plain(family: Family, n: u32) -> Any {
    // The first record that refers to as little as a record of its family can.
    let bare = |seed| Maker::sound(seed).record(family, n);
    (0..2_000).map(bare).find(|record| references(record) == least(family)).unwrap_or_else(|| bare(0))
}

/// How many references a record of a family has at least.
const fn least(family: Family) -> usize {
    match family {
        Family::Interaction | Family::Order | Family::Ticket => 1,
        _ => 0,
    }
}

fn references(record: &Any) -> usize {
    match record {
        Any::Product(_) | Any::Agent(_) => 0,
        Any::SalesRep(rep) => usize::from(rep.manager.is_some()),
        Any::Customer(customer) => {
            let needs = customer.needs.iter().filter(|need| need.product.is_some()).count();
            let person = usize::from(matches!(customer.kind, CustomerKind::Person { .. }));
            // An organisation can have contacts, so a plain customer is one without any.
            needs
                + person
                + customer.contacts().count()
                + usize::from(customer.parent.is_some())
                + usize::from(customer.owner.is_some())
        }
        Any::Interaction(one) => 1 + one.participants.len(),
        Any::SalePlan(plan) => usize::from(!matches!(plan.scope(), PlanScope::Region(_))),
        Any::Opportunity(one) => {
            usize::from(one.customer().is_some())
                + usize::from(one.product().is_some())
                + usize::from(one.rep().is_some())
        }
        Any::Order(order) => 1 + usize::from(order.rep().is_some()) + order.lines().len(),
        Any::Ticket(ticket) => {
            1 + usize::from(ticket.assignee().is_some())
                + usize::from(!matches!(ticket.state(), TicketState::New | TicketState::Open))
        }
    }
}

fn customer(n: u32, change: impl FnOnce(&mut Customer)) -> Any {
    let mut made = plain(Family::Customer, n);
    if let Any::Customer(customer) = &mut made {
        change(customer);
    }
    made
}

fn interaction(n: u32, change: impl FnOnce(&mut crm_core::Interaction)) -> Any {
    let mut made = plain(Family::Interaction, n);
    if let Any::Interaction(interaction) = &mut made {
        change(interaction);
    }
    made
}

fn sales_rep(n: u32, change: impl FnOnce(&mut SalesRep)) -> Any {
    let mut made = plain(Family::SalesRep, n);
    if let Any::SalesRep(rep) = &mut made {
        change(rep);
    }
    made
}

macro_rules! guarded {
    ($($name:ident: $family:ident($parts:ident);)*) => {$(
        fn $name(n: u32, change: impl FnOnce(&mut $parts)) -> Any {
            match plain(Family::$family, n) {
                Any::$family(record) => {
                    let mut parts = $parts::from(*record);
                    change(&mut parts);
                    let record: $family = valid(parts.try_into());
                    record.into()
                }
                other => other,
            }
        }
    )*};
}

guarded! {
    sale_plan: SalePlan(SalePlanParts);
    opportunity: Opportunity(OpportunityParts);
    order: Order(OrderParts);
    ticket: Ticket(TicketParts);
}

fn solved(parts: &mut TicketParts, by: u32, assignee: u32) {
    parts.assignee = Some(id(assignee));
    parts.state = TicketState::Solved { at: at(3), by: id(by), resolution: text("a new bulb") };
}

fn need(to: u32) -> Need {
    Need { kind: NeedKind::Need, text: text("a lamp"), product: Some(id(to)) }
}

fn line(parts: &OrderParts, to: u32) -> OrderLine {
    let price = valid(UnitPrice::from_millionths(0, parts.currency));
    valid(OrderLine::new(1, id(to), Quantity::from(2_u32), price, Percent::ZERO))
}

/// All ways in which records refer to others.
const WAYS: &[Way] = &[
    Way {
        field: "parent",
        by: "customers",
        to: Family::Customer,
        refer: |n, to| customer(n, |one| one.parent = Some(id(to))),
    },
    Way {
        field: "contacts",
        by: "customers",
        to: Family::Customer,
        refer: |n, to| {
            let contact = crm_core::Contact { person: id(to), role: text("buyer") };
            customer(n, |one| one.kind = CustomerKind::Organisation { contacts: [contact].into() })
        },
    },
    Way {
        field: "owner",
        by: "customers",
        to: Family::SalesRep,
        refer: |n, to| customer(n, |one| one.owner = Some(id(to))),
    },
    Way {
        field: "needs",
        by: "customers",
        to: Family::Product,
        refer: |n, to| customer(n, |one| one.needs = vec![need(to)]),
    },
    Way {
        field: "customer",
        by: "interactions",
        to: Family::Customer,
        refer: |n, to| interaction(n, |one| one.customer = id(to)),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::Customer,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::Customer(id(to))]),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::SalesRep,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::SalesRep(id(to))]),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::Agent,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::Agent(id(to))]),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::SalesRep,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::SalesRep(id(to))),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::SalesRep,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::Team(id(to))),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::Product,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::Product(id(to))),
    },
    Way {
        field: "manager",
        by: "sales reps",
        to: Family::SalesRep,
        refer: |n, to| sales_rep(n, |one| one.manager = Some(id(to))),
    },
    Way {
        field: "customer",
        by: "opportunities",
        to: Family::Customer,
        refer: |n, to| opportunity(n, |one| one.customer = Some(id(to))),
    },
    Way {
        field: "product",
        by: "opportunities",
        to: Family::Product,
        refer: |n, to| opportunity(n, |one| one.product = Some(id(to))),
    },
    Way {
        field: "rep",
        by: "opportunities",
        to: Family::SalesRep,
        refer: |n, to| opportunity(n, |one| one.rep = Some(id(to))),
    },
    Way { field: "customer", by: "orders", to: Family::Customer, refer: |n, to| order(n, |one| one.customer = id(to)) },
    Way { field: "rep", by: "orders", to: Family::SalesRep, refer: |n, to| order(n, |one| one.rep = Some(id(to))) },
    Way {
        field: "lines",
        by: "orders",
        to: Family::Product,
        refer: |n, to| order(n, |one| one.lines = vec![line(one, to)]),
    },
    Way {
        field: "customer",
        by: "tickets",
        to: Family::Customer,
        refer: |n, to| ticket(n, |one| one.customer = id(to)),
    },
    Way { field: "assignee", by: "tickets", to: Family::Agent, refer: |n, to| ticket(n, |one| solved(one, 1, to)) },
    Way { field: "solved by", by: "tickets", to: Family::Agent, refer: |n, to| ticket(n, |one| solved(one, to, 1)) },
];

/// C16: a reference to a record that is not there is [`StoreErrorKind::MissingReference`], which names the field, and changes nothing.
pub fn c16_a_dangling_reference_is_refused<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C16");
    for (n, Way { field, refer, .. }) in (100..).zip(WAYS) {
        let (dangling, sound) = (refer(n, 99), refer(n, 1));
        let family = dangling.family();
        let kind = StoreErrorKind::MissingReference { record: family.name(), field };
        refusal(&store, &kind, format!("C16 {family}: {field}"), |tx| dangling.insert(tx));
        write(&store, format!("C16 {family}: {field} that is there"), |tx| sound.insert(tx));
        refusal(&store, &kind, format!("C16 {family}: {field} by an update"), |tx| dangling.update(tx));
    }
    let record = "message";
    let kind = StoreErrorKind::MissingReference { record, field: "ticket" };
    refusal(&store, &kind, "C16 message: ticket", |tx| tx.append_message(&message(98, 1)));
    write(&store, "C16", |tx| plain(Family::Ticket, 98).insert(tx));
    let stranger = crm_core::TicketMessage { kind: crm_core::MessageKind::AgentReply(id(99)), ..message(98, 1) };
    let kind = StoreErrorKind::MissingReference { record, field: "agent" };
    refusal(&store, &kind, "C16 message: agent", |tx| tx.append_message(&stranger));
}

/// C17: deleting what others refer to is [`StoreErrorKind::StillReferenced`], which names the family that refers and counts it, and changes nothing.
pub fn c17_what_others_refer_to_is_not_deleted<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C17");
    for (n, Way { field, by, to, refer }) in (0..).map(|way| 100 + 10 * way).zip(WAYS) {
        let target = plain(*to, n);
        let referring = [refer(n + 1, n), refer(n + 2, n)];
        let clause = format!("C17 {to}: {field} of {by}");
        write(&store, &clause, |tx| {
            target.insert(tx)?;
            insert_all(tx, &referring)
        });
        let kind = StoreErrorKind::StillReferenced { by, count: 2 };
        refusal(&store, &kind, &clause, |tx| delete(tx, target.id()));
        write(&store, &clause, |tx| delete(tx, referring[0].id()));
        let kind = StoreErrorKind::StillReferenced { by, count: 1 };
        refusal(&store, &kind, &clause, |tx| delete(tx, target.id()));
        write(&store, &clause, |tx| {
            refer(n + 2, 1).update(tx)?;
            delete(tx, target.id())
        });
    }
    // A message names its author for good.
    let (agent, ticket) = (plain(Family::Agent, 98), plain(Family::Ticket, 98));
    let note = crm_core::TicketMessage { kind: crm_core::MessageKind::Note(id(98)), ..message(98, 1) };
    write(&store, "C17 agent: messages", |tx| {
        insert_all(tx, &[agent.clone(), ticket.clone()])?;
        tx.append_message(&note)
    });
    let kind = StoreErrorKind::StillReferenced { by: "messages", count: 1 };
    refusal(&store, &kind, "C17 agent: messages", |tx| delete(tx, agent.id()));
    write(&store, "C17 agent: messages that went with their ticket", |tx| {
        delete(tx, ticket.id())?;
        delete(tx, agent.id())
    });
}

/// Looks for a record in all ways that there are; gives those in which it was found.
fn traces<T: Records + ?Sized>(tx: &T, record: &Any) -> Stored<Vec<String>> {
    let mut found = Vec::new();
    let (family, id) = (record.family(), record.id());
    let mut note = |there: bool, way: &str| {
        if there {
            found.push(way.to_owned())
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
            note(tx.products_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name")
        }
        Any::SalesRep(one) => {
            note(tx.sales_reps_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name");
        }
        Any::Agent(one) => {
            note(tx.agents_named(&one.name, all_of())?.iter().any(|other| other.id == one.id), "its name")
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
        Any::Interaction(_) | Any::SalePlan(_) | Any::Opportunity(_) => {}
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
            let made = (200..).zip(VALUES).map(|(n, value)| maker.record(*family, n).with_unique(field, value));
            let records: Vec<Any> = made.collect();
            write(&store, &clause, |tx| insert_all(tx, &records));
            for (record, value) in records.iter().zip(VALUES) {
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

use crm_core::{
    ContactMark, ContactRef, CustomerFact, CustomerId, CustomerPatch, Fact, NewCustomer, RecordId, RecordRef, Rule,
};
use crm_sales::{SalesError, archive_customer, mark_contact_point, register_customer, update_customer};

use crate::world::World;

fn email(text: &str) -> ContactRef {
    ContactRef::Email(text.parse().unwrap())
}

fn reachable(world: &mut World) -> crm_core::Customer {
    let new = NewCustomer::person("张三".parse().unwrap())
        .email("zhang@example.com".parse().unwrap())
        .phone("+442079460958".parse().unwrap());
    world.does(|tx, act| register_customer(tx, act, new))
}

#[test]
fn cmp_4_an_opt_out_outlives_updates_until_the_owner_opts_in() {
    let mut world = World::new();
    let seen = reachable(&mut world);
    let (id, email) = (seen.id, email("Zhang@Example.com"));
    let marked = world.does(|tx, act| mark_contact_point(tx, act, id, &email, ContactMark::OptOut));
    assert!(marked.emails.iter().all(|point| point.opted_out));

    let patch = CustomerPatch { emails: Some(seen.emails.clone()), ..CustomerPatch::default() };
    let updated = world.does(|tx, act| update_customer(tx, act, id, patch));
    assert_eq!(updated, marked);
    let entries = world.history(id);
    assert_eq!(
        entries.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(),
        ["customer.registered", "customer.contact_marked"]
    );
    let Some(Fact::Customer(_, CustomerFact::ContactMarked { contact, mark, before, after })) = &entries[1].fact else {
        panic!("{entries:?}")
    };
    assert_eq!((contact, mark), (&email, &ContactMark::OptOut));
    assert_eq!((before.opted_out, after.opted_out), (false, true));

    let back = world.does(|tx, act| mark_contact_point(tx, act, id, &email, ContactMark::OptIn));
    assert_eq!(back.emails, seen.emails);
}

#[test]
fn the_same_mark_again_writes_nothing_and_an_archived_customer_can_be_marked() {
    let mut world = World::new();
    let id = reachable(&mut world).id;
    world.does(|tx, act| archive_customer(tx, act, id));
    let phone = ContactRef::Phone("+442079460958".parse().unwrap());
    let once = world.does(|tx, act| mark_contact_point(tx, act, id, &phone, ContactMark::Invalid));
    let entries = world.history(id).len();
    let again = world.does(|tx, act| mark_contact_point(tx, act, id, &phone, ContactMark::Invalid));
    assert_eq!((again, world.history(id).len()), (once, entries));
}

#[test]
fn marking_nobody_or_what_the_customer_does_not_have_is_refused() {
    let mut world = World::new();
    let (id, other) = (reachable(&mut world).id, email("other@example.com"));
    let error = world.is_refused(|tx, act| mark_contact_point(tx, act, id, &other, ContactMark::OptOut));
    let invalid = error.invalid().unwrap();
    assert_eq!((invalid.field(), invalid.rule()), ("email", &Rule::NotListed));
    assert!(!error.to_string().contains("other@"));

    let nobody = CustomerId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| mark_contact_point(tx, act, nobody, &other, ContactMark::OptOut));
    assert!(matches!(error, SalesError::NotFound { record } if record == RecordRef::from(nobody)));
}

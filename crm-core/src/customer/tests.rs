use super::*;
use crate::{
    Fact, PostalAddressFields,
    record::proof::{at, day, hides_personal_data, id, kinds_of, parsed, survives_json},
};

/// A person with every field, each personal one with a marker in it.
fn person() -> NewCustomer {
    NewCustomer::person(parsed("Marker Person"))
        .id(id(1))
        .external_id(parsed("ext-1"))
        .email(parsed("marker.person@example.com"))
        .phone(parsed("+8613126900000"))
        .address(
            PostalAddress::parse(PostalAddressFields { city: "Marker City".into(), ..Default::default() }).unwrap(),
        )
        .born(day("1987-06-05"))
        .gender(Gender::Female)
        .region(parsed("East"))
        .parent(id(2))
        .owner(id(3))
        .tag(parsed("vip"))
        .need(parsed("Marker needs a lamp"), Some(id(4)))
        .preference(parsed("Marker likes green"), None)
}

fn organisation() -> NewCustomer {
    NewCustomer::organisation(parsed("Marker Ltd")).contact(id(1), parsed("buyer"))
}

fn registered() -> Customer {
    Customer::register(id(1), at(0), person()).unwrap()
}

#[test]
fn a_customer_is_registered_as_it_was_given() {
    let customer = registered();
    assert_eq!((customer.revision, customer.created_at, customer.updated_at), (Revision::FIRST, at(0), at(0)));
    assert_eq!((customer.birth_date(), customer.gender()), (Some(day("1987-06-05")), Some(Gender::Female)));
    assert_eq!((customer.contacts().count(), customer.kind.name()), (0, CustomerType::Person));
    assert_eq!((customer.needs.len(), customer.archived_at), (2, None));

    let customer = Customer::register(id(2), at(0), organisation()).unwrap();
    assert_eq!((customer.birth_date(), customer.gender()), (None, None));
    assert_eq!((customer.contacts().count(), customer.kind.name()), (1, CustomerType::Organisation));
}

#[test]
fn what_is_for_the_other_kind_is_refused() {
    let only = |only| Rule::NotForThisKind { only };
    let refused = |new| Customer::register(id(2), at(0), new).unwrap_err();
    let born = refused(organisation().born(day("1987-06-05")));
    assert_eq!((born.field(), born.rule()), ("birth date", &only("a person")));
    let gender = refused(organisation().gender(Gender::Other));
    assert_eq!((gender.field(), gender.rule()), ("gender", &only("a person")));
    let contact = refused(person().contact(id(5), parsed("buyer")));
    assert_eq!((contact.field(), contact.rule()), ("contacts", &only("an organisation")));
    hides_personal_data(&born);
    assert_eq!(born.to_string(), "birth date is only for a person");
}

/// Asserts that a patch is refused on registration and on update, which changes nothing.
fn refused_on(id: CustomerId, new: NewCustomer, patch: CustomerPatch) -> Invalid {
    let registered = Customer::register(id, at(0), new).unwrap_err();
    let before = Customer::register(id, at(0), NewCustomer::person(parsed("Ada"))).unwrap();
    let mut customer = before.clone();
    assert_eq!(customer.update(at(1), patch).unwrap_err().to_string(), registered.to_string());
    assert_eq!(customer, before);
    registered
}

#[test]
fn a_customer_that_breaks_a_rule_is_refused_and_stays_as_it_was() {
    let kind = |birth_date| CustomerKind::Person { birth_date: Some(birth_date), gender: None };
    let tomorrow = NewCustomer::person(parsed("Ada")).born(day("2026-03-03"));
    let patch = CustomerPatch { kind: Some(kind(day("2026-03-03"))), ..CustomerPatch::default() };
    let refused = refused_on(id(1), tomorrow, patch);
    assert_eq!(refused.field(), "birth date");
    assert!(!refused.to_string().contains("03-03"));
    let today = NewCustomer::person(parsed("Ada")).born(day("2026-03-02"));
    assert!(Customer::register(id(1), at(0), today).is_ok());

    let own_parent = NewCustomer::person(parsed("Ada")).parent(id(1));
    let patch = CustomerPatch { parent: Some(Some(id(1))), ..CustomerPatch::default() };
    let refused = refused_on(id(1), own_parent, patch);
    assert_eq!((refused.field(), refused.rule()), ("parent", &Rule::Circle));

    let own_contact = organisation();
    let kind = CustomerKind::Organisation { contacts: own_contact.contacts.clone() };
    let patch = CustomerPatch { kind: Some(kind), ..CustomerPatch::default() };
    let refused = refused_on(id(1), own_contact, patch);
    assert_eq!((refused.field(), refused.rule()), ("contacts", &Rule::Circle));
}

#[test]
fn tags_needs_and_contacts_are_bounded() {
    let many = |count: usize| (0..count).map(|number| parsed::<Label>(&format!("tag {number}")));
    let limit = Rule::TooMany { limit: 1_000 };
    let mut new = NewCustomer::person(parsed("Ada"));
    new.tags = many(1_000).collect();
    assert!(Customer::register(id(1), at(0), new.clone()).is_ok());
    let patch = CustomerPatch { tags: Some(many(1_001).collect()), ..CustomerPatch::default() };
    new.tags = many(1_001).collect();
    let refused = refused_on(id(1), new, patch);
    assert_eq!((refused.field(), refused.rule()), ("tags", &limit));

    let mut new = NewCustomer::person(parsed("Ada"));
    new.needs = (0..1_001).map(|_| Need { kind: NeedKind::Need, text: parsed("a lamp"), product: None }).collect();
    let patch = CustomerPatch { needs: Some(new.needs.clone()), ..CustomerPatch::default() };
    let refused = refused_on(id(1), new, patch);
    assert_eq!((refused.field(), refused.rule()), ("needs", &limit));

    let mut new = NewCustomer::organisation(parsed("Lamps Ltd"));
    new.contacts = many(1_001).map(|role| Contact { person: id(5), role }).collect();
    let kind = CustomerKind::Organisation { contacts: new.contacts.clone() };
    let patch = CustomerPatch { kind: Some(kind), ..CustomerPatch::default() };
    let refused = refused_on(id(1), new, patch);
    assert_eq!((refused.field(), refused.rule()), ("contacts", &limit));
}

#[test]
fn an_update_changes_what_it_names_and_tells_before_and_after() {
    let before = registered();
    let mut customer = before.clone();
    assert_eq!(customer.update(at(1), CustomerPatch::default()).unwrap(), None);
    let same = CustomerPatch { region: Some(before.region.clone()), ..CustomerPatch::default() };
    assert_eq!(customer.update(at(1), same).unwrap(), None);
    assert_eq!(customer, before);

    let patch = serde_json::from_str::<CustomerPatch>(r#"{"name":"Ada","region":null}"#).unwrap();
    let fact = customer.update(at(1), patch).unwrap().unwrap();
    let after = Customer { name: parsed("Ada"), region: None, updated_at: at(1), ..before.clone() };
    assert_eq!(customer, after);
    assert_eq!(fact, CustomerFact::Updated { before: Box::new(before), after: Box::new(after) });
}

/// The ways to reach the customer of these tests.
fn contacts() -> [ContactRef; 3] {
    let customer = registered();
    [
        ContactRef::Email(customer.emails.primary().unwrap().value.clone()),
        ContactRef::Phone(customer.phones.primary().unwrap().value.clone()),
        ContactRef::Address(customer.addresses.primary().unwrap().value.clone()),
    ]
}

#[test]
fn cmp_4_an_update_keeps_the_flags_of_what_stays_and_lifts_none() {
    let mut customer = registered();
    let unmarked = customer.clone();
    for (contact, mark) in contacts().iter().flat_map(|one| [(one, ContactMark::OptOut), (one, ContactMark::Invalid)]) {
        customer.mark_contact(at(1), contact, mark).unwrap();
    }
    let marked = customer.clone();
    // The lists as a form without check boxes sends them back.
    let lists = CustomerPatch {
        emails: Some(unmarked.emails.clone()),
        phones: Some(unmarked.phones.clone()),
        addresses: Some(unmarked.addresses.clone()),
        ..CustomerPatch::default()
    };
    assert_eq!(customer.update(at(2), lists.clone()).unwrap(), None);
    assert_eq!(customer, marked);

    // With another address before it, another label and another spelling it is the same address.
    let mut emails = ContactPoints::new();
    emails.add(parsed("new@example.com"), ContactLabel::Home).unwrap();
    emails.add(parsed("Marker.Person@EXAMPLE.com"), ContactLabel::Home).unwrap();
    customer.update(at(2), CustomerPatch { emails: Some(emails), ..lists }).unwrap().unwrap();
    let flags: Vec<_> = customer.emails.iter().map(|point| (point.opted_out, point.invalid)).collect();
    assert_eq!(flags, [(false, false), (true, true)]);
    assert!(customer.phones.iter().all(|point| point.opted_out && point.invalid));
    assert!(customer.addresses.iter().all(|point| point.opted_out && point.invalid));

    // A patch may set a flag: an import knows who opted out elsewhere.
    let mut customer = unmarked;
    let patch = CustomerPatch { emails: Some(marked.emails.clone()), ..CustomerPatch::default() };
    customer.update(at(2), patch).unwrap().unwrap();
    assert_eq!(customer.emails, marked.emails);
}

#[test]
fn a_mark_tells_before_and_after_and_the_same_mark_again_changes_nothing() {
    let standing = |opted_out, invalid| ContactStanding { opted_out, invalid };
    for contact in contacts() {
        let mut customer = registered();
        for (minute, (mark, before, after)) in (1..).zip([
            (ContactMark::OptOut, standing(false, false), standing(true, false)),
            (ContactMark::Invalid, standing(true, false), standing(true, true)),
            (ContactMark::OptIn, standing(true, true), standing(false, true)),
            (ContactMark::Valid, standing(false, true), standing(false, false)),
        ]) {
            let fact = customer.mark_contact(at(minute), &contact, mark).unwrap();
            assert_eq!(fact, Some(CustomerFact::ContactMarked { contact: contact.clone(), mark, before, after }));
            assert_eq!(customer.updated_at, at(minute));
            let marked = customer.clone();
            assert_eq!(customer.mark_contact(at(9), &contact, mark), Ok(None));
            assert_eq!(customer, marked);
        }
        assert_eq!(Customer { updated_at: at(0), ..customer }, registered());
    }
}

#[test]
fn marking_what_the_customer_does_not_have_is_refused_and_changes_nothing() {
    let street = PostalAddress::parse(PostalAddressFields { city: "Marker Town".into(), ..Default::default() });
    for (contact, field) in [
        (ContactRef::Email(parsed("marker@example.org")), "email"),
        (ContactRef::Phone(parsed("+442079460958")), "phone"),
        (ContactRef::Address(street.unwrap()), "address"),
    ] {
        let mut customer = registered();
        let refused = customer.mark_contact(at(1), &contact, ContactMark::OptOut).unwrap_err();
        assert_eq!((refused.field(), refused.rule()), (field, &Rule::NotListed));
        hides_personal_data(&refused);
        assert_eq!(customer, registered());
    }
}

#[test]
fn archiving_and_restoring_happen_once() {
    let mut customer = registered();
    assert_eq!(customer.restore(at(1)), None);
    assert_eq!(customer.archive(at(2)), Some(CustomerFact::Archived));
    assert_eq!((customer.archived_at, customer.updated_at), (Some(at(2)), at(2)));
    assert_eq!(customer.archive(at(3)), None);
    assert_eq!(customer.archived_at, Some(at(2)));
    assert_eq!(customer.restore(at(4)), Some(CustomerFact::Restored));
    assert_eq!((customer.archived_at, customer.updated_at), (None, at(4)));
}

#[test]
fn what_a_customer_is_made_of_survives_json() {
    let mut customer = registered();
    survives_json(&customer);
    contacts().iter().for_each(survives_json);
    customer.archive(at(1));
    survives_json(&customer);
    survives_json(&person());
    survives_json(&organisation());
    survives_json(&Customer::register(id(2), at(0), organisation()).unwrap());
}

#[test]
fn in_a_patch_of_a_customer_absent_stays_and_null_empties() {
    survives_json(&CustomerPatch::default());
    let full = registered();
    survives_json(&CustomerPatch {
        expected: Some(Revision::new(3)),
        external_id: Some(None),
        name: Some(full.name),
        kind: Some(full.kind),
        emails: Some(full.emails),
        phones: Some(full.phones),
        addresses: Some(full.addresses),
        region: Some(full.region),
        parent: Some(None),
        owner: Some(full.owner),
        tags: Some(full.tags),
        needs: Some(full.needs),
    });
    let read = serde_json::from_str::<CustomerPatch>(r#"{"external_id":null,"parent":null,"owner":null}"#).unwrap();
    let emptied =
        CustomerPatch { external_id: Some(None), parent: Some(None), owner: Some(None), ..CustomerPatch::default() };
    assert_eq!(read, emptied);
}

#[test]
fn each_fact_of_a_customer_survives_json_under_its_name() {
    let customer = || Box::new(registered());
    let marked = || registered().mark_contact(at(1), &contacts()[0], ContactMark::OptOut).unwrap().unwrap();
    let facts = [
        CustomerFact::Registered { customer: customer() },
        CustomerFact::Updated { before: customer(), after: customer() },
        marked(),
        CustomerFact::Archived,
        CustomerFact::Restored,
        CustomerFact::Deleted { customer: customer() },
    ];
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((registered().id, fact)))),
        [
            "customer.registered",
            "customer.updated",
            "customer.contact_marked",
            "customer.archived",
            "customer.restored",
            "customer.deleted"
        ]
    );
}

#[test]
fn personal_data_of_a_customer_does_not_show_in_debug() {
    let mut customer = registered();
    hides_personal_data(&person());
    hides_personal_data(&organisation());
    hides_personal_data(&customer);
    let patch = CustomerPatch {
        name: Some(parsed("Marker Other")),
        kind: Some(customer.kind.clone()),
        emails: Some(customer.emails.clone()),
        phones: Some(customer.phones.clone()),
        needs: Some(customer.needs.clone()),
        ..CustomerPatch::default()
    };
    hides_personal_data(&patch);
    let fact = customer.update(at(1), patch).unwrap().unwrap();
    hides_personal_data(&fact);
    hides_personal_data(&Fact::from((customer.id, fact)));
    for contact in contacts() {
        hides_personal_data(&contact);
        hides_personal_data(&customer.mark_contact(at(1), &contact, ContactMark::OptOut).unwrap().unwrap());
    }
    hides_personal_data(&CustomerFact::Deleted { customer: Box::new(customer) });
}

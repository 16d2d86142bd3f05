use crm_core::store::Store;
use crm_core::{
    Cause, Contact, CustomerFact, CustomerId, CustomerKind, CustomerPatch, CustomerType, Fact, NewCustomer, RecordId,
    RecordRef, Revision, Rule, SalesRepId, store::Customers, store::StoreErrorKind,
};
use crm_sales::{SalesError, archive_customer, delete_customer, register_customer, restore_customer, update_customer};

use crate::world::{World, kind};

fn nobody() -> CustomerId {
    CustomerId::from_uuid(Default::default())
}

fn under(parent: CustomerId) -> CustomerPatch {
    CustomerPatch { parent: Some(Some(parent)), ..CustomerPatch::default() }
}

fn with_contact(person: CustomerId) -> CustomerPatch {
    let contacts = [Contact { person, role: "buyer".parse().unwrap() }].into();
    CustomerPatch { kind: Some(CustomerKind::Organisation { contacts }), ..CustomerPatch::default() }
}

#[test]
fn a_registered_customer_is_there_and_the_journal_says_who_why_and_under_which_key() {
    let mut world = World::new();
    let act = world.acts.next("bob").because("fair in Leipzig".parse().unwrap()).with_key("k-1".parse().unwrap());
    let new = NewCustomer::person("张三".parse().unwrap()).region("East".parse().unwrap());
    let zhang = world.store.write(|tx| register_customer(tx, &mut act.clone(), new)).unwrap();

    assert_eq!(world.reads(|tx| Ok(tx.customer(zhang.id)?)), Some(zhang.clone()));
    let entries = world.history(zhang.id);
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].actor.as_str(), entries[0].at), ("bob", act.at()));
    assert_eq!(entries[0].cause, Some(Cause::Reason("fair in Leipzig".parse().unwrap())));
    assert_eq!(entries[0].key.as_ref().map(|key| key.as_str()), Some("k-1"));
    assert_eq!(entries[0].kind, "customer.registered");
    let registered = CustomerFact::Registered { customer: Box::new(zhang.clone()) };
    assert_eq!(entries[0].fact, Some(Fact::Customer(zhang.id, registered)));
}

#[test]
fn a_host_brings_its_own_id_once() {
    let mut world = World::new();
    let new = NewCustomer::person("张三".parse().unwrap()).id(nobody());
    assert_eq!(world.does(|tx, act| register_customer(tx, act, new.clone())).id, nobody());
    let error = world.is_refused(|tx, act| register_customer(tx, act, new));
    assert_eq!(kind(&error), &StoreErrorKind::Duplicate { record: "customer", field: "id" });
}

#[test]
fn a_parent_is_an_organisation_in_use() {
    let mut world = World::new();
    let (zhang, acme) = (world.person("张三"), world.organisation("Acme"));
    let branch = || NewCustomer::organisation("Branch".parse().unwrap());

    let error = world.is_refused(|tx, act| register_customer(tx, act, branch().parent(nobody())));
    assert!(matches!(error, SalesError::NotFound { record } if record == RecordRef::from(nobody())));
    let error = world.is_refused(|tx, act| register_customer(tx, act, branch().parent(zhang.id)));
    assert!(matches!(error, SalesError::NotAnOrganisation { customer, field: "parent" } if customer == zhang.id));

    let branch = world.does(|tx, act| register_customer(tx, act, branch().parent(acme.id)));
    assert_eq!(branch.parent, Some(acme.id));
    // Archiving the parent leaves those who belong to it as they are, but nobody new comes.
    world.does(|tx, act| archive_customer(tx, act, acme.id));
    let error = world.is_refused(|tx, act| update_customer(tx, act, zhang.id, under(acme.id)));
    assert!(matches!(error, SalesError::Archived { customer } if customer == acme.id));
    let region = CustomerPatch { region: Some(Some("West".parse().unwrap())), ..CustomerPatch::default() };
    assert_eq!(world.does(|tx, act| update_customer(tx, act, branch.id, region)).parent, Some(acme.id));
}

#[test]
fn parents_make_no_circle() {
    let mut world = World::new();
    let (top, middle, leaf) = (world.organisation("Top"), world.organisation("Middle"), world.organisation("Leaf"));
    world.does(|tx, act| update_customer(tx, act, middle.id, under(top.id)));
    world.does(|tx, act| update_customer(tx, act, leaf.id, under(middle.id)));
    for (id, parent) in [(top.id, leaf.id), (top.id, middle.id), (top.id, top.id)] {
        let error = world.is_refused(|tx, act| update_customer(tx, act, id, under(parent)));
        let invalid = error.invalid().unwrap();
        assert_eq!((invalid.field(), invalid.rule()), ("parent", &Rule::Circle));
    }
    // Sideways is no circle.
    world.does(|tx, act| update_customer(tx, act, leaf.id, under(top.id)));
}

#[test]
fn contacts_are_persons_in_use() {
    let mut world = World::new();
    let (acme, other, zhang, gone) =
        (world.organisation("Acme"), world.organisation("Other"), world.person("张三"), world.person("李四"));
    world.does(|tx, act| archive_customer(tx, act, gone.id));
    let error = world.is_refused(|tx, act| update_customer(tx, act, acme.id, with_contact(other.id)));
    assert!(matches!(error, SalesError::NotAPerson { customer, field: "contacts" } if customer == other.id));
    let error = world.is_refused(|tx, act| update_customer(tx, act, acme.id, with_contact(nobody())));
    assert!(matches!(error, SalesError::NotFound { .. }));
    let error = world.is_refused(|tx, act| update_customer(tx, act, acme.id, with_contact(gone.id)));
    assert!(matches!(error, SalesError::Archived { .. }));
    assert_eq!(world.does(|tx, act| update_customer(tx, act, acme.id, with_contact(zhang.id))).contacts().count(), 1);

    // Who was a contact before stays one.
    world.does(|tx, act| archive_customer(tx, act, zhang.id));
    let mut patch = with_contact(zhang.id);
    patch.name = Some("Acme Ltd".parse().unwrap());
    world.does(|tx, act| update_customer(tx, act, acme.id, patch));
}

#[test]
fn an_owner_is_a_rep_who_sells() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    let owned_by = |owner| CustomerPatch { owner: Some(Some(owner)), ..CustomerPatch::default() };
    let new = |owner| {
        let mut new = NewCustomer::person("张三".parse().unwrap());
        new.owner = Some(owner);
        new
    };
    let zhang = world.does(|tx, act| register_customer(tx, act, new(wang)));
    world.sells_at_present(lin, false);
    let nobody = SalesRepId::from_uuid(Default::default());
    for error in [
        world.is_refused(|tx, act| register_customer(tx, act, new(lin))),
        world.is_refused(|tx, act| update_customer(tx, act, zhang.id, owned_by(lin))),
    ] {
        assert!(matches!(error, SalesError::Inactive { record } if record == lin.into()));
    }
    for error in [
        world.is_refused(|tx, act| register_customer(tx, act, new(nobody))),
        world.is_refused(|tx, act| update_customer(tx, act, zhang.id, owned_by(nobody))),
    ] {
        assert!(matches!(error, SalesError::NotFound { record } if record == nobody.into()));
    }
    // An owner from before stays, whatever became of them.
    world.sells_at_present(wang, false);
    let patch = CustomerPatch { region: Some("West".parse().ok()), ..owned_by(wang) };
    assert_eq!(world.does(|tx, act| update_customer(tx, act, zhang.id, patch)).owner, Some(wang));
    world.sells_at_present(lin, true);
    assert_eq!(world.does(|tx, act| update_customer(tx, act, zhang.id, owned_by(lin))).owner, Some(lin));
}

#[test]
fn a_person_stays_a_person() {
    let mut world = World::new();
    let zhang = world.person("张三");
    let patch = CustomerPatch {
        kind: Some(CustomerKind::Organisation { contacts: Default::default() }),
        ..CustomerPatch::default()
    };
    let error = world.is_refused(|tx, act| update_customer(tx, act, zhang.id, patch));
    let asked_of = CustomerType::Person;
    assert!(
        matches!(error, SalesError::OtherKind { found, asked: CustomerType::Organisation, .. } if found == asked_of)
    );
}

#[test]
fn a_stale_patch_is_a_conflict_and_an_equal_one_does_nothing() {
    let mut world = World::new();
    let zhang = world.person("张三");
    let patch = CustomerPatch {
        expected: Some(Revision::FIRST),
        name: Some("张四".parse().unwrap()),
        ..CustomerPatch::default()
    };
    let after = world.does(|tx, act| update_customer(tx, act, zhang.id, patch.clone()));
    assert_eq!(after.revision, Revision::new(2));
    assert_eq!(world.reads(|tx| Ok(tx.customer(zhang.id)?)), Some(after));

    let error = world.is_refused(|tx, act| update_customer(tx, act, zhang.id, patch.clone()));
    let SalesError::Conflict { record, expected, found } = error else { panic!("{error}") };
    assert_eq!((record, expected.get(), found.get()), (zhang.id.into(), 1, 2));

    world.changes_nothing(|tx, act| update_customer(tx, act, zhang.id, CustomerPatch { expected: None, ..patch }));
    assert_eq!(world.facts(zhang.id), ["customer.registered", "customer.updated"]);
}

#[test]
fn what_only_the_store_knows_keeps_its_kind() {
    let mut world = World::new();
    let new = NewCustomer::person("张三".parse().unwrap()).external_id("A-1".parse().unwrap());
    world.does(|tx, act| register_customer(tx, act, new.clone()));
    let error = world.is_refused(|tx, act| register_customer(tx, act, new.clone()));
    assert_eq!(kind(&error), &StoreErrorKind::Duplicate { record: "customer", field: "external id" });
}

#[test]
fn archiving_and_restoring_happen_once() {
    let mut world = World::new();
    let zhang = world.person("张三");
    assert!(world.does(|tx, act| archive_customer(tx, act, zhang.id)).archived_at.is_some());
    world.changes_nothing(|tx, act| archive_customer(tx, act, zhang.id));
    assert_eq!(world.does(|tx, act| restore_customer(tx, act, zhang.id)).archived_at, None);
    world.changes_nothing(|tx, act| restore_customer(tx, act, zhang.id));
    assert_eq!(world.facts(zhang.id), ["customer.registered", "customer.archived", "customer.restored"]);
    assert!(matches!(world.is_refused(|tx, act| archive_customer(tx, act, nobody())), SalesError::NotFound { .. }));
    assert!(matches!(world.is_refused(|tx, act| restore_customer(tx, act, nobody())), SalesError::NotFound { .. }));
}

#[test]
fn a_customer_is_deleted_where_nothing_refers_to_it() {
    let mut world = World::new();
    let (acme, branch) = (world.organisation("Acme"), world.organisation("Branch"));
    world.does(|tx, act| update_customer(tx, act, branch.id, under(acme.id)));
    let error = world.is_refused(|tx, act| delete_customer(tx, act, acme.id));
    assert!(matches!(kind(&error), StoreErrorKind::StillReferenced { count: 1, .. }));

    world.does(|tx, act| delete_customer(tx, act, branch.id));
    world.does(|tx, act| delete_customer(tx, act, acme.id));
    assert_eq!(world.reads(|tx| Ok(tx.customer(acme.id)?)), None);
    assert_eq!(world.facts(acme.id), ["customer.registered", "customer.deleted"]);
    assert!(matches!(world.is_refused(|tx, act| delete_customer(tx, act, acme.id)), SalesError::NotFound { .. }));
}

use crm_core::{
    Channel, Direction, Disqualification, Lead, LeadError, LeadPatch, LeadStatus, LeadTouch, NewCustomer, NewLead,
    RecordId, Rule, SalesRepPatch, store::Leads,
};
use crm_sales::{
    DuplicateKey, SalesError, add_lead, apply_conversion, archive_customer, delete_lead, disqualify_lead,
    duplicate_hints, give_lead, log_lead_touch, nurture_lead, plan_conversion, qualify_lead, register_customer,
    reopen_lead, revise_lead, update_sales_rep, work_lead,
};

use crate::world::{World, kind};

fn zhang() -> NewLead {
    NewLead::person("张三".parse().unwrap()).email("zhang@example.com".parse().unwrap())
}

fn added(world: &mut World) -> Lead {
    world.does(|tx, act| add_lead(tx, act, zhang()))
}

fn why(reason: &str) -> Disqualification {
    Disqualification { reason: reason.parse().unwrap(), note: None }
}

#[test]
fn a_lead_is_worked_put_off_disqualified_and_reopened() {
    let mut world = World::new();
    let lead = added(&mut world);
    world.does(|tx, act| work_lead(tx, act, lead.id));
    let call = |at| LeadTouch::new(at, Channel::Phone, Direction::Outbound, "a call".parse().unwrap());
    world.does(|tx, act| log_lead_touch(tx, act, lead.id, call(act.at())));
    world.does(|tx, act| nurture_lead(tx, act, lead.id));
    world.does(|tx, act| qualify_lead(tx, act, lead.id));
    world.does(|tx, act| disqualify_lead(tx, act, lead.id, why("no budget")));
    let error = world.is_refused(|tx, act| work_lead(tx, act, lead.id));
    assert!(matches!(error, SalesError::Lead(LeadError::NotAllowed { status: LeadStatus::Disqualified, .. })));
    let after = world.does(|tx, act| reopen_lead(tx, act, lead.id, "they called again".parse()?));
    assert_eq!((after.status(), after.touches().len()), (LeadStatus::Working, 1));
    assert_eq!(world.reads(|tx| Ok(tx.lead(lead.id)?)), Some(after));
    let told = ["added", "moved", "touched", "moved", "moved", "disqualified", "reopened"];
    assert_eq!(world.facts(lead.id), told.map(|fact| format!("lead.{fact}")));
}

#[test]
fn lead_1_other_is_no_reason_by_itself() {
    let mut world = World::new();
    let lead = added(&mut world);
    let error = world.is_refused(|tx, act| disqualify_lead(tx, act, lead.id, why("Other")));
    assert_eq!(error.invalid().map(|invalid| (invalid.field(), invalid.rule())), Some(("note", &Rule::Empty)));
    let explained = Disqualification { note: Some("moved to Mars".parse().unwrap()), ..why("Other") };
    world.does(|tx, act| disqualify_lead(tx, act, lead.id, explained));
}

#[test]
fn lead_2_a_rep_does_not_own_the_lead_that_they_are() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    let patch = SalesRepPatch { email: Some(Some("ZHANG@example.com".parse().unwrap())), ..SalesRepPatch::default() };
    world.does(|tx, act| update_sales_rep(tx, act, lin, patch));
    let own = |error: SalesError| matches!(error, SalesError::Lead(LeadError::OwnLead { rep, .. }) if rep == lin);
    assert!(own(world.is_refused(|tx, act| add_lead(tx, act, zhang().owner(lin)))));
    let lead = world.does(|tx, act| add_lead(tx, act, zhang().owner(wang)));
    assert!(own(world.is_refused(|tx, act| give_lead(tx, act, lead.id, Some(lin)))));
    // Nor does a lead become its owner.
    let other = NewLead::of_email("other@example.com".parse().unwrap()).owner(lin);
    let other = world.does(|tx, act| add_lead(tx, act, other));
    let mut emails = other.emails().clone();
    emails.add("zhang@example.com".parse().unwrap(), crm_core::ContactLabel::Home).unwrap();
    let patch = LeadPatch { emails: Some(emails), ..LeadPatch::default() };
    assert!(own(world.is_refused(|tx, act| revise_lead(tx, act, other.id, patch))));
    // Without a name, an organisation and an address it is no lead.
    let mut nothing = zhang();
    (nothing.name, nothing.emails) = (None, Vec::new());
    let error = world.is_refused(|tx, act| add_lead(tx, act, nothing));
    assert_eq!(error.invalid().map(|invalid| invalid.rule()), Some(&Rule::Empty));
}

#[test]
fn a_lead_is_given_to_a_rep_who_sells_and_taken_back() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    world.sells_at_present(lin, false);
    let error = world.is_refused(|tx, act| add_lead(tx, act, zhang().owner(lin)));
    assert!(matches!(error, SalesError::Inactive { record } if record == lin.into()));
    let lead = added(&mut world);
    let error = world.is_refused(|tx, act| give_lead(tx, act, lead.id, Some(lin)));
    assert!(matches!(error, SalesError::Inactive { .. }));
    let missing = RecordId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| give_lead(tx, act, lead.id, Some(missing)));
    assert!(matches!(error, SalesError::NotFound { .. }));
    world.does(|tx, act| give_lead(tx, act, lead.id, Some(wang)));
    world.changes_nothing(|tx, act| give_lead(tx, act, lead.id, Some(wang)));
    assert_eq!(world.does(|tx, act| give_lead(tx, act, lead.id, None)).owner(), None);
}

#[test]
fn a_lead_is_revised_over_the_revision_that_was_seen_and_deleted() {
    let mut world = World::new();
    let lead = added(&mut world);
    let patch = LeadPatch {
        expected: Some(lead.revision),
        source: Some(Some("fair".parse().unwrap())),
        ..LeadPatch::default()
    };
    world.does(|tx, act| revise_lead(tx, act, lead.id, patch.clone()));
    let error = world.is_refused(|tx, act| revise_lead(tx, act, lead.id, patch.clone()));
    assert!(matches!(error, SalesError::Conflict { .. }));
    world.changes_nothing(|tx, act| revise_lead(tx, act, lead.id, LeadPatch { expected: None, ..patch }));
    let taken = zhang().external_id("ext-1".parse().unwrap());
    world.does(|tx, act| add_lead(tx, act, taken.clone()));
    let error = world.is_refused(|tx, act| add_lead(tx, act, taken));
    assert!(kind(&error).to_string().contains("external id"));
    world.does(|tx, act| delete_lead(tx, act, lead.id));
    assert_eq!(world.reads(|tx| Ok(tx.lead(lead.id)?)), None);
    assert!(matches!(world.is_refused(|tx, act| delete_lead(tx, act, lead.id)), SalesError::NotFound { .. }));
}

#[test]
fn conv_9_a_converted_lead_is_read_only_and_keeps_what_it_became() {
    let mut world = World::new();
    let lead = added(&mut world);
    let lead = world.does(|tx, act| qualify_lead(tx, act, lead.id));
    let new = crm_core::NewConversion::of(&lead);
    let plan = world.does(|tx, act| plan_conversion(tx, lead.id, act.day(), new));
    let became = world.does(|tx, act| apply_conversion(tx, act, &plan));
    let patch = LeadPatch { note: Some(Some("late".parse().unwrap())), ..LeadPatch::default() };
    for error in [
        world.is_refused(|tx, act| revise_lead(tx, act, lead.id, patch)),
        world.is_refused(|tx, act| give_lead(tx, act, lead.id, None).and(nurture_lead(tx, act, lead.id))),
        world.is_refused(|tx, act| work_lead(tx, act, lead.id)),
        world.is_refused(|tx, act| disqualify_lead(tx, act, lead.id, why("no budget"))),
        world.is_refused(|tx, act| delete_lead(tx, act, lead.id)),
    ] {
        assert!(matches!(error, SalesError::Lead(LeadError::NotAllowed { status: LeadStatus::Converted, .. })));
    }
    // It is still counted among the leads, and what it became cannot be deleted under it.
    let converted = crm_core::store::LeadFilter { status: Some(LeadStatus::Converted), ..Default::default() };
    assert_eq!(world.reads(|tx| Ok(tx.count_leads(&converted)?)), 1);
    let person = became.person.unwrap().id;
    let error = world.is_refused(|tx, act| crm_sales::delete_customer(tx, act, person));
    assert!(kind(&error).to_string().contains("leads"), "{error}");
}

#[test]
fn dup_1_exact_keys_come_first_and_what_too_many_share_tells_nothing() {
    let mut world = World::new();
    let person = |name: &str| NewCustomer::person(name.parse().unwrap());
    let by_mail = person("李四").email("Zhang@Example.com".parse().unwrap());
    let by_mail = world.does(|tx, act| register_customer(tx, act, by_mail)).id;
    let by_name = world.person("张三").id;
    // An archived one is the same person, too.
    world.does(|tx, act| archive_customer(tx, act, by_name));
    let by_phone = person("王五").phone("+12015550123".parse().unwrap()).external_id("x-1".parse().unwrap());
    let by_phone = world.does(|tx, act| register_customer(tx, act, by_phone)).id;
    world.person("somebody else");
    let other = added(&mut world).id;
    let lead = zhang().phone("+12015550123".parse().unwrap()).external_id("x-1".parse().unwrap());
    let lead = world.does(|tx, act| add_lead(tx, act, lead)).id;

    let found = world.reads(|tx| duplicate_hints(tx, lead));
    assert!(found.crowded.is_empty());
    let hints: Vec<_> = found.hints.into_iter().map(|hint| (hint.record, hint.by)).collect();
    use DuplicateKey::{Email, ExternalId, Name, Phone};
    let expected = [
        (by_mail.into(), vec![Email]),
        (other.into(), vec![Email, Name]),
        (by_phone.into(), vec![Phone, ExternalId]),
        (by_name.into(), vec![Name]),
    ];
    assert_eq!(hints, expected);
    assert!(Email.is_exact() && !Name.is_exact());

    for n in 0..21 {
        let shared = person(&format!("Colleague {n}")).email("zhang@example.com".parse().unwrap());
        world.does(|tx, act| register_customer(tx, act, shared));
    }
    let found = world.reads(|tx| duplicate_hints(tx, lead));
    assert_eq!(found.crowded, [Email]);
    assert!(found.hints.iter().all(|hint| hint.record != by_mail.into()));
    let missing = RecordId::from_uuid(Default::default());
    assert!(matches!(world.is_refused(|tx, _| duplicate_hints(tx, missing)), SalesError::NotFound { .. }));
}

#[test]
fn dup_1_leads_of_one_name_or_organisation_are_hints_for_somebody_to_look_at() {
    let mut world = World::new();
    let add = |world: &mut World, new: NewLead| world.does(|tx, act| add_lead(tx, act, new)).id;
    let person = |name: &str| NewLead::person(name.parse().unwrap());
    let lead = add(&mut world, person("Zoë Ünal").organisation("Acme".parse().unwrap()));
    let named = add(&mut world, person("ZOË ÜNAL"));
    let colleague = add(&mut world, person("somebody else").organisation("ACME".parse().unwrap()));
    add(&mut world, person("Acme"));
    let hints = world.reads(|tx| duplicate_hints(tx, lead)).hints;
    let hints: Vec<_> = hints.into_iter().map(|hint| (hint.record, hint.by)).collect();
    let by_name = |lead: crm_core::LeadId| (lead.into(), vec![DuplicateKey::Name]);
    assert_eq!(hints, [by_name(named), by_name(colleague)]);
    // More than 20 tell nothing, and the lead itself is none of them (DUP-2).
    for _ in 0..19 {
        add(&mut world, person("zoë ünal"));
    }
    assert_eq!(world.reads(|tx| duplicate_hints(tx, lead)).hints.len(), 21);
    add(&mut world, person("zoë ünal"));
    let found = world.reads(|tx| duplicate_hints(tx, lead));
    assert_eq!((found.crowded, found.hints.len()), (vec![DuplicateKey::Name], 1));
}

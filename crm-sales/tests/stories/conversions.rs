use std::collections::BTreeSet;

use crm_core::{
    Act, Activity, ActivityError, ActivityKind, ActivityParties, ActivityParts, ActivityPatch, Channel, Completion,
    Conversion, ConversionDeal, ConversionPlan, ConversionTarget, Customer, CustomerPatch, Direction, Lead, LeadError,
    LeadId, LeadPatch, LeadState, LeadStatus, LeadTouch, Member, NewActivity, NewConversion, NewCustomer,
    NewInteraction, NewLead, NewOpportunity, NewOrder, NewQueue, Opportunity, OpportunityParts, OpportunityPatch,
    Participant, Percent, Pipeline, RecordId, RosterMember, Rule,
    assignment::Skip,
    conversion::Origin,
    store::{
        Activities, ActivityFilter, Agents, Customers, InteractionFilter, Interactions, Leads, Opportunities, Page,
        Store, StoreErrorKind, Timeline,
    },
};
use crm_sales::{
    Converted, NotConverted, Reps, SalesError, add_lead, add_queue, apply_conversion, archive_customer,
    complete_activity, convert_leads, delete_lead, disqualify_lead, draft_order, log_interaction, log_lead_touch,
    lose_opportunity, open_opportunity, plan_activity, plan_conversion, qualify_lead, register_customer,
    revise_activity, revise_lead, revise_opportunity, undo_conversion, update_customer,
};

use crm_testkit::MemoryTx;
use proptest::prelude::*;

use crate::world::{World, day, eur, kind};

fn hardware() -> Pipeline {
    let pipeline = Pipeline::new("Hardware".parse().unwrap()).open("prospecting".parse().unwrap(), Percent::whole(10));
    pipeline.won("won".parse().unwrap()).build().unwrap()
}

fn acme() -> NewLead {
    NewLead::person("张三".parse().unwrap())
        .organisation("Acme".parse().unwrap())
        .email("zhang@example.com".parse().unwrap())
        .phone("+12015550123".parse().unwrap())
        .interest("forty lamps".parse().unwrap())
        .value(eur("1996.00"))
        .region("East".parse().unwrap())
}

fn qualified(world: &mut World, new: NewLead) -> Lead {
    let lead = world.does(|tx, act| add_lead(tx, act, new));
    world.does(|tx, act| qualify_lead(tx, act, lead.id))
}

fn planned(world: &World, lead: &Lead, new: NewConversion) -> ConversionPlan {
    world.reads(|tx| plan_conversion(tx, lead.id, day("2026-03-02"), new))
}

fn converted(world: &mut World, lead: &Lead, new: NewConversion) -> Conversion {
    let plan = planned(world, lead, new);
    world.does(|tx, act| apply_conversion(tx, act, &plan))
}

/// What is to become of each of some leads.
fn all_of(
    tx: &MemoryTx,
    leads: &[LeadId],
    new: impl Fn(&Lead) -> NewConversion,
) -> Result<Vec<(LeadId, NewConversion)>, SalesError> {
    leads.iter().map(|id| Ok((*id, new(&tx.lead(*id)?.unwrap())))).collect()
}

fn customer(world: &World, became: Option<crm_core::conversion::Became<crm_core::CustomerId>>) -> Customer {
    world.reads(|tx| Ok(tx.customer(became.unwrap().id)?)).unwrap()
}

fn deal(world: &World, conversion: &Conversion) -> Opportunity {
    world.reads(|tx| Ok(tx.opportunity(conversion.opportunity.unwrap().id)?)).unwrap()
}

#[test]
fn conv_1_a_lead_becomes_an_organisation_a_person_and_a_deal() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let became = converted(&mut world, &lead, NewConversion::of(&lead).deal(hardware()));
    let (organisation, person) = (customer(&world, became.organisation), customer(&world, became.person));
    assert_eq!((organisation.name.as_str(), person.name.as_str()), ("Acme", "张三"));
    assert_eq!((person.parent, organisation.emails.len(), person.emails.len()), (Some(organisation.id), 0, 1));
    let deal = deal(&world, &became);
    assert_eq!(
        (deal.name().as_str(), deal.value(), deal.customer()),
        ("forty lamps", lead.value(), Some(organisation.id))
    );
    // CONV-7: the last day of the fiscal quarter.
    assert_eq!(deal.expected_close(), Some(day("2026-03-31")));
    let lead = world.reads(|tx| Ok(tx.lead(lead.id)?)).unwrap();
    let LeadState::Converted { conversion, .. } = lead.state() else { panic!("{lead:?}") };
    assert_eq!(**conversion, became);
    assert_eq!(world.facts(lead.id), ["lead.added", "lead.moved", "lead.converted"]);
    assert_eq!(world.facts(deal.id), ["opportunity.opened"]);
}

#[test]
fn conv_2_a_second_conversion_gives_the_first_result_and_writes_nothing() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let plan = planned(&world, &lead, NewConversion::of(&lead).deal(hardware()));
    let first = world.does(|tx, act| apply_conversion(tx, act, &plan));
    world.changes_nothing(|tx, act| {
        assert_eq!(apply_conversion(tx, act, &plan)?, first);
        Ok(())
    });
    let error = world.is_refused(|tx, _| plan_conversion(tx, lead.id, day("2026-03-02"), NewConversion::of(&lead)));
    assert!(matches!(error, SalesError::Lead(LeadError::NotAllowed { status: LeadStatus::Converted, .. })));
}

#[test]
fn conv_2_a_lead_or_a_linked_record_that_changed_since_the_plan_is_a_conflict() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let known = world.organisation("Acme Ltd");
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), NewOpportunity::new("chairs".parse()?)));
    let new = NewConversion::of(&lead)
        .organisation(ConversionTarget::Link(known.id))
        .opportunity(ConversionTarget::Link(open.id));
    let plan = planned(&world, &lead, new.clone());
    let renamed = CustomerPatch { name: Some("Acme Inc".parse().unwrap()), ..CustomerPatch::default() };
    world.does(|tx, act| update_customer(tx, act, known.id, renamed));
    let error = world.is_refused(|tx, act| apply_conversion(tx, act, &plan));
    assert!(matches!(error, SalesError::Conflict { record, .. } if record == known.id.into()));

    let plan = planned(&world, &lead, new.clone());
    let dearer = OpportunityPatch { value: Some(Some(eur("9.00"))), ..OpportunityPatch::default() };
    world.does(|tx, act| revise_opportunity(tx, act, open.id, dearer));
    let error = world.is_refused(|tx, act| apply_conversion(tx, act, &plan));
    assert!(matches!(error, SalesError::Conflict { record, .. } if record == open.id.into()));

    let plan = planned(&world, &lead, new.clone());
    let patch = LeadPatch { source: Some(Some("fair".parse().unwrap())), ..LeadPatch::default() };
    world.does(|tx, act| revise_lead(tx, act, lead.id, patch));
    let error = world.is_refused(|tx, act| apply_conversion(tx, act, &plan));
    let SalesError::Conflict { record, expected, found } = error else { panic!("{error}") };
    assert_eq!((record, expected, found), (lead.id.into(), lead.revision, lead.revision.next()));
    converted(&mut world, &lead, new);
}

#[test]
fn conv_5_6_what_was_said_goes_to_the_organisation_of_the_person_with_the_deal() {
    let mut world = World::new();
    let employer = world.organisation("Employer");
    let person = NewCustomer::person("李四".parse().unwrap()).parent(employer.id);
    let person = world.does(|tx, act| register_customer(tx, act, person));
    let lead = world.does(|tx, act| add_lead(tx, act, acme()));
    for (channel, subject) in [(Channel::Phone, "a call"), (Channel::Meeting, "a meeting")] {
        world.does(|tx, act| {
            let touch = LeadTouch::new(act.at(), channel, Direction::Inbound, subject.parse()?);
            log_lead_touch(tx, act, lead.id, touch.content("said something".parse()?))
        });
    }
    let lead = world.does(|tx, act| qualify_lead(tx, act, lead.id));
    let new = NewConversion::of(&lead).organisation(ConversionTarget::Skip).deal(hardware());
    let became = converted(&mut world, &lead, new.person(ConversionTarget::Link(person.id)));
    let deal = deal(&world, &became);
    assert_eq!(deal.customer(), Some(employer.id));
    let about = InteractionFilter { opportunity: Some(deal.id), ..InteractionFilter::default() };
    let logged = world.reads(|tx| Ok(tx.interactions(&about, Page::first(9))?));
    assert_eq!(logged.iter().map(|one| one.id).collect::<Vec<_>>(), became.interactions);
    for (one, touch) in logged.iter().zip(lead.touches()) {
        assert_eq!((one.customer, &one.subject, one.occurred_at), (employer.id, &touch.subject, touch.at));
        assert_eq!(
            (&one.content, one.participants.as_slice()),
            (&touch.content, &[Participant::Customer(person.id)][..])
        );
    }
    // They stand in the timelines of both, and the lead keeps what was said.
    for customer in [employer.id, person.id] {
        let timeline = world.reads(|tx| Ok(tx.timeline(customer, Page::first(9))?));
        assert!(became.interactions.iter().all(|id| timeline.iter().any(|item| item.record == (*id).into())));
    }
    assert_eq!(world.reads(|tx| Ok(tx.lead(lead.id)?)).unwrap().touches(), lead.touches());
}

#[test]
fn conv_6_what_is_to_be_done_about_a_lead_goes_to_the_deal_and_comes_back() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let new = |subject: &str| {
        let subject = subject.parse().unwrap();
        NewActivity::new(ActivityKind::Meeting, subject, day("2026-03-09")).lead(lead.id)
    };
    let (open, done) = world.does(|tx, act| {
        let (open, done) = (plan_activity(tx, act, new("show the lamps"))?, plan_activity(tx, act, new("say hello"))?);
        let reached = Completion { day: act.day(), outcome: "reached".parse()?, note: None };
        Ok((open.id, complete_activity(tx, act, done.id, reached)?.id))
    });
    let refused = world.is_refused(|tx, act| delete_lead(tx, act, lead.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "activities", count: 2 });
    let (known, firm) = (world.person("李四").id, world.organisation("Acme Ltd").id);
    let crowd = world.is_refused(|tx, act| plan_activity(tx, act, new("call").customer(known)));
    assert_eq!(crowd.invalid().map(|invalid| invalid.field()), Some("lead"));
    let crowd = ActivityPatch { customer: Some(Some(known)), ..ActivityPatch::default() };
    let crowd = world.is_refused(|tx, act| revise_activity(tx, act, open, crowd));
    assert!(matches!(crowd, SalesError::Activity(ActivityError::OfLead { .. })), "{crowd}");
    let call = |tx: &mut MemoryTx, act: &mut Act, with| {
        plan_activity(tx, act, NewActivity::new(ActivityKind::Call, "call".parse()?, act.day()).person(with))
    };
    let no_person = world.is_refused(|tx, act| call(tx, act, firm));
    assert!(matches!(no_person, SalesError::NotAPerson { field: "person", .. }), "{no_person}");
    assert_eq!(world.does(|tx, act| call(tx, act, known)).person(), Some(known));

    let before = activities(&world, lead.id);
    assert!(before.iter().all(|one| one.parties() == ActivityParties::default()));
    let plan = planned(&world, &lead, NewConversion::of(&lead).deal(hardware()));
    assert_eq!(plan.activities, 2);
    let became = world.does(|tx, act| apply_conversion(tx, act, &plan));
    let parties = ActivityParties {
        customer: became.organisation.map(|one| one.id),
        opportunity: became.opportunity.map(|one| one.id),
        person: became.person.map(|one| one.id),
    };
    assert!(parties.customer.is_some() && parties.opportunity.is_some() && parties.person.is_some());
    let after = activities(&world, lead.id);
    assert_eq!(after.iter().map(Activity::parties).collect::<Vec<_>>(), [parties; 2]);
    assert_eq!(
        after.iter().map(|one| one.state()).collect::<Vec<_>>(),
        before.iter().map(|one| one.state()).collect::<Vec<_>>()
    );
    let health = world.reads(|tx| Ok(tx.last_activity(became.opportunity.unwrap().id)?));
    assert!(health.is_some(), "what was done before counts for the deal");
    let timeline = world.reads(|tx| Ok(tx.timeline(parties.customer.unwrap(), Page::first(9))?));
    assert!([open, done].iter().all(|id| timeline.iter().any(|item| item.record == (*id).into())));
    // The converted lead is read only: what comes next is for the deal.
    let late = world.is_refused(|tx, act| plan_activity(tx, act, new("call")));
    assert!(matches!(late, SalesError::Lead(LeadError::NotAllowed { .. })), "{late}");

    // Undoing gives the lead back what is its own, also what was done meanwhile.
    let reached = Completion { day: day("2026-03-09"), outcome: "reached".parse().unwrap(), note: None };
    world.does(|tx, act| complete_activity(tx, act, open, reached));
    let order = world
        .does(|tx, act| draft_order(tx, act, NewOrder::for_customer(parties.person.unwrap(), eur("0").currency())));
    let refused = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "orders", count: 1 });
    world.does(|tx, act| crm_sales::delete_order(tx, act, order.id));
    world.does(|tx, act| undo_conversion(tx, act, lead.id));
    let back = activities(&world, lead.id);
    assert!(back.iter().all(|one| one.parties() == ActivityParties::default() && one.state().done_at().is_some()));
    let told = ["planned", "revised", "completed", "revised"];
    assert_eq!(world.facts(open), told.map(|fact| format!("activity.{fact}")));
    // Without a deal and an organisation they are for the person.
    let lead = world.reads(|tx| Ok(tx.lead(lead.id)?)).unwrap();
    let mut alone = NewConversion::of(&lead);
    alone.organisation = ConversionTarget::Skip;
    let became = converted(&mut world, &lead, alone);
    let parties = ActivityParties { customer: became.person.map(|one| one.id), ..ActivityParties::default() };
    assert_eq!(activities(&world, lead.id).iter().map(Activity::parties).collect::<Vec<_>>(), [parties; 2]);
}

fn activities(world: &World, lead: LeadId) -> Vec<Activity> {
    let of_lead = ActivityFilter { lead: Some(lead), ..ActivityFilter::default() };
    world.reads(|tx| Ok(tx.activities(&of_lead, Page::first(9))?))
}

#[test]
fn conv_10_a_linked_person_is_opted_out_if_either_was_and_undo_restores_them() {
    let mut world = World::new();
    let known = NewCustomer::person("张三".parse().unwrap()).email("zhang@example.com".parse().unwrap());
    let known = world.does(|tx, act| register_customer(tx, act, known));
    let mut new = acme();
    new.emails[0].opted_out = true;
    let lead = qualified(&mut world, new);
    let new = NewConversion::of(&lead).organisation(ConversionTarget::Skip);
    let became = converted(&mut world, &lead, new.person(ConversionTarget::Link(known.id)));
    let filled = customer(&world, became.person);
    assert!(filled.emails.primary().unwrap().opted_out);
    assert_eq!((filled.phones.len(), filled.region.as_ref(), &filled.name), (1, lead.region(), &known.name));
    assert_eq!(became.person.unwrap().origin, Origin::Filled { before: known.revision });

    let undone = world.does(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(undone.state(), lead.state());
    let restored = customer(&world, became.person);
    let same = Customer { revision: known.revision, updated_at: known.updated_at, ..restored };
    assert_eq!(same, known);
    assert_eq!(world.facts(lead.id).last().unwrap(), "lead.conversion_undone");
}

#[test]
fn undo_takes_back_what_was_made_and_the_lead_can_be_converted_anew() {
    let mut world = World::new();
    let lead = world.does(|tx, act| add_lead(tx, act, acme()));
    world.does(|tx, act| {
        let touch = LeadTouch::new(act.at(), Channel::Phone, Direction::Inbound, "a call".parse()?);
        log_lead_touch(tx, act, lead.id, touch)
    });
    let lead = world.reads(|tx| Ok(tx.lead(lead.id)?)).unwrap();
    let new = NewConversion::of(&lead).deal(hardware()).skipping_qualification();
    let became = converted(&mut world, &lead, new.clone());
    let undone = world.does(|tx, act| undo_conversion(tx, act, lead.id));
    // It was new, and is new again; all that it says is as it was.
    assert_eq!((undone.status(), undone.touches()), (LeadStatus::New, lead.touches()));
    assert_eq!(world.reads(|tx| Ok(tx.lead(lead.id)?)), Some(undone.clone()));
    world.reads(|tx| {
        assert_eq!(tx.customer(became.person.unwrap().id)?, None);
        assert_eq!(tx.customer(became.organisation.unwrap().id)?, None);
        assert_eq!(tx.opportunity(became.opportunity.unwrap().id)?, None);
        assert_eq!(tx.interaction(became.interactions[0])?, None);
        Ok(())
    });
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert!(matches!(error, SalesError::Lead(LeadError::NotAllowed { status: LeadStatus::New, .. })));
    let again = converted(&mut world, &undone, new);
    assert_ne!(again.person.unwrap().id, became.person.unwrap().id);
}

#[test]
fn undo_is_refused_where_it_would_lose_work_and_leaves_all_as_it_is() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let became = converted(&mut world, &lead, NewConversion::of(&lead).deal(hardware()));
    let (person, deal) = (became.person.unwrap().id, became.opportunity.unwrap().id);
    // Somebody ordered.
    let order = NewOrder::for_customer(person, crm_core::Currency::EUR);
    let order = world.does(|tx, act| draft_order(tx, act, order));
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "orders", count: 1 });
    world.does(|tx, act| crm_sales::delete_order(tx, act, order.id));
    // Somebody logged a call about the deal.
    let subject = "another call".parse().unwrap();
    let call = NewInteraction::new(person, Channel::Phone, Direction::Inbound, subject).opportunity(deal);
    let call = world.does(|tx, act| log_interaction(tx, act, call));
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "interactions", count: 1 });
    world.does(|tx, act| crm_sales::delete_interaction(tx, act, call.id));
    // Somebody worked the deal.
    let loss = crm_core::Loss { day: day("2026-03-02"), reason: "price".parse().unwrap(), note: None };
    world.does(|tx, act| lose_opportunity(tx, act, deal, loss));
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert!(matches!(error, SalesError::Conflict { record, .. } if record == deal.into()));
}

#[test]
fn a_linked_deal_gains_the_customer_and_loses_them_again() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), NewOpportunity::new("chairs".parse()?)));
    let call = world.does(|tx, act| {
        plan_activity(tx, act, NewActivity::new(ActivityKind::Call, "call".parse()?, act.day()).opportunity(open.id))
    });
    let for_whom = |world: &World| world.reads(|tx| Ok(tx.activity(call.id)?)).unwrap().customer();
    let new = NewConversion::of(&lead).opportunity(ConversionTarget::Link(open.id));
    let became = converted(&mut world, &lead, new.clone());
    assert_eq!(deal(&world, &became).customer(), became.organisation.map(|became| became.id));
    // What was for the deal and nobody is for them, too, as long as the deal is theirs.
    assert_eq!((for_whom(&world), became.activities.as_slice()), (deal(&world, &became).customer(), &[call.id][..]));
    // Not while somebody ordered, or names the person as theirs.
    let (organisation, person) = (became.organisation.unwrap().id, became.person.unwrap().id);
    let order = NewOrder::for_customer(organisation, crm_core::Currency::EUR);
    let order = world.does(|tx, act| draft_order(tx, act, order));
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "orders", count: 1 });
    world.does(|tx, act| crm_sales::delete_order(tx, act, order.id));
    let other = NewCustomer::organisation("Other".parse().unwrap()).contact(person, "adviser".parse().unwrap());
    let other = world.does(|tx, act| register_customer(tx, act, other));
    let error = world.is_refused(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "customers", count: 1 });
    world.does(|tx, act| crm_sales::delete_customer(tx, act, other.id));
    world.does(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!((deal(&world, &became).customer(), for_whom(&world)), (None, None));
    assert_eq!(world.reads(|tx| Ok(tx.customer(organisation)?)), None);

    let loss = crm_core::Loss { day: day("2026-03-02"), reason: "price".parse().unwrap(), note: None };
    world.does(|tx, act| lose_opportunity(tx, act, open.id, loss));
    let lead = world.reads(|tx| Ok(tx.lead(lead.id)?)).unwrap();
    let error = world.is_refused(|tx, act| plan_conversion(tx, lead.id, act.day(), new));
    let closed = |status| matches!(status, crm_core::OpportunityStatus::Lost);
    assert!(matches!(error, SalesError::Lead(LeadError::DealClosed { status, .. }) if closed(status)));
}

#[test]
fn conv_1_a_deal_of_another_customer_is_not_linked() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let (acme, beta) = (world.organisation("Acme Ltd"), world.organisation("Beta Ltd"));
    let new = NewOpportunity::new("chairs".parse().unwrap()).customer(beta.id);
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), new));
    let new = NewConversion::of(&lead)
        .organisation(ConversionTarget::Link(acme.id))
        .opportunity(ConversionTarget::Link(open.id));
    let error = world.is_refused(|tx, act| plan_conversion(tx, lead.id, act.day(), new));
    let is_betas = |customer| customer == beta.id;
    assert!(matches!(error, SalesError::Lead(LeadError::OtherCustomersDeal { customer, .. }) if is_betas(customer)));
}

#[test]
fn conv_1_the_person_who_is_made_or_linked_is_the_primary_contact_of_the_new_deal() {
    let mut world = World::new();
    let pipeline = Pipeline::new("Hardware".parse().unwrap()).open("prospecting".parse().unwrap(), Percent::whole(10));
    let pipeline = pipeline.requires([crm_core::RequiredField::Contacts]).won("won".parse().unwrap()).build().unwrap();
    let lead = qualified(&mut world, acme().role("buyer".parse().unwrap()));
    let became = converted(&mut world, &lead, NewConversion::of(&lead).deal(pipeline.clone()));
    let role = |person, role: &str| crm_core::ContactRole { person, role: role.parse().unwrap(), primary: true };
    let person = became.person.unwrap().id;
    assert_eq!(deal(&world, &became).contacts(), [role(person, "buyer")]);
    // The person goes with the deal when it is undone; one who was there stays.
    world.does(|tx, act| undo_conversion(tx, act, lead.id));
    assert_eq!(world.reads(|tx| Ok(tx.customer(person)?)), None);

    let known = world.does(|tx, act| register_customer(tx, act, NewCustomer::person("李四".parse()?)));
    let new = NewLead::of_organisation("Acme".parse().unwrap()).interest("chairs".parse().unwrap());
    let lead = qualified(&mut world, new);
    let new = NewConversion::of(&lead).person(ConversionTarget::Link(known.id)).deal(pipeline);
    let became = converted(&mut world, &lead, new);
    assert_eq!(deal(&world, &became).contacts(), [role(known.id, "contact")]);
}

#[test]
fn a_conversion_that_is_refused_wrote_nothing() {
    let mut world = World::new();
    let lead = qualified(&mut world, acme());
    let taken = NewCustomer::person("王五".parse().unwrap()).external_id("ext-1".parse().unwrap());
    let taken = world.does(|tx, act| register_customer(tx, act, taken));
    let rep = world.rep("Lin Wei", None).id;
    world.sells_at_present(rep, false);
    let missing = RecordId::from_uuid(Default::default());
    let person = |patch| NewConversion::of(&lead).deal(hardware()).person(ConversionTarget::Create(patch));
    let of_deal = |patch| {
        let deal = ConversionDeal::new(hardware()).overrides(patch);
        NewConversion::of(&lead).opportunity(ConversionTarget::Create(deal))
    };
    let refused = |world: &mut World, new| {
        let plan = planned(world, &lead, new);
        world.is_refused(|tx, act| apply_conversion(tx, act, &plan))
    };
    let external_id = Some(taken.external_id.clone());
    let error = refused(&mut world, person(CustomerPatch { external_id, ..CustomerPatch::default() }));
    assert_eq!(kind(&error), &StoreErrorKind::Duplicate { record: "customer", field: "external id" });
    let error = refused(&mut world, person(CustomerPatch { owner: Some(Some(rep)), ..CustomerPatch::default() }));
    assert!(matches!(error, SalesError::Inactive { .. }));
    let error = refused(&mut world, of_deal(OpportunityPatch { product: Some(Some(missing)), ..Default::default() }));
    assert_eq!(kind(&error), &StoreErrorKind::MissingReference { record: "opportunity", field: "product" });
    let error = refused(&mut world, of_deal(OpportunityPatch { rep: Some(Some(rep)), ..Default::default() }));
    assert!(matches!(error, SalesError::Inactive { .. }));

    // What a plan refuses.
    let organisation = world.organisation("Acme Ltd");
    let plans =
        |new: NewConversion| move |tx: &mut MemoryTx, act: &mut Act| plan_conversion(tx, lead.id, act.day(), new);
    let negative = of_deal(OpportunityPatch { value: Some(Some(eur("-1.00"))), ..Default::default() });
    let error = world.is_refused(plans(negative));
    assert_eq!(error.invalid().map(|invalid| invalid.field()), Some("value"));
    let error = world.is_refused(plans(NewConversion::of(&lead).person(ConversionTarget::Link(organisation.id))));
    assert!(matches!(error, SalesError::NotAPerson { field: "person", .. }));
    let error = world.is_refused(plans(NewConversion::of(&lead).organisation(ConversionTarget::Link(taken.id))));
    assert!(matches!(error, SalesError::NotAnOrganisation { field: "organisation", .. }));
    world.does(|tx, act| archive_customer(tx, act, organisation.id));
    let error = world.is_refused(plans(NewConversion::of(&lead).organisation(ConversionTarget::Link(organisation.id))));
    assert!(matches!(error, SalesError::Archived { .. }));
    let new = world.does(|tx, act| add_lead(tx, act, NewLead::of_organisation("New".parse()?)));
    let error = world.is_refused(|tx, act| plan_conversion(tx, new.id, act.day(), NewConversion::of(&new)));
    assert!(matches!(error, SalesError::Lead(LeadError::NotQualified { status: LeadStatus::New, .. })));
}

#[test]
fn conv_11_many_leads_are_converted_with_reps_in_turn_and_lost_and_certain_ones_left_out() {
    let mut world = World::new();
    let reps: Vec<_> = (0..4).map(|n| world.rep(&format!("Rep {n}"), None).id).collect();
    let members = reps.iter().map(|rep| RosterMember::new(Member::SalesRep(*rep)));
    let queue = members.fold(NewQueue::new("All".parse().unwrap()), NewQueue::member);
    let queue = world.does(|tx, act| add_queue(tx, act, queue)).id;
    let named = |n: usize| NewLead::person(format!("Lead {n}").parse().unwrap());
    let mut leads = Vec::new();
    for n in 0..5 {
        leads.push(world.does(|tx, act| add_lead(tx, act, named(n))).id);
    }
    let lost = world.does(|tx, act| add_lead(tx, act, named(5))).id;
    let why = crm_core::Disqualification { reason: "no budget".parse().unwrap(), note: None };
    world.does(|tx, act| disqualify_lead(tx, act, lost, why));
    let certain = world.does(|tx, act| add_lead(tx, act, named(6).score(Percent::HUNDRED))).id;
    leads.extend([lost, certain]);

    let away = BTreeSet::new();
    let outcomes = world.does(|tx, act| {
        let by = Some(Reps { queue, away: &away });
        let new = |lead: &Lead| NewConversion::of(lead).deal(hardware()).skipping_qualification();
        let each = all_of(tx, &leads, new)?;
        convert_leads(tx, act, each, act.day(), by)
    });
    let mut of_reps = Vec::new();
    for one in &outcomes {
        match &one.outcome {
            Converted::Done { conversion, decision } => {
                let deal = deal(&world, conversion);
                assert_eq!(decision.as_ref().unwrap().given_to(), deal.rep().map(Member::SalesRep));
                of_reps.push(reps.iter().position(|rep| Some(*rep) == deal.rep()).unwrap());
            }
            Converted::Skipped(_) => {}
            Converted::Waits(decision) => panic!("{decision:?}"),
            Converted::Refused(refused) => panic!("{refused:?}"),
        }
    }
    // L1-S1, L2-S2 … L5-S1.
    assert_eq!(of_reps, [0, 1, 2, 3, 0]);
    let skipped = outcomes.iter().filter_map(|one| match one.outcome {
        Converted::Skipped(why) => Some((one.lead, why)),
        _ => None,
    });
    let skipped: Vec<_> = skipped.collect();
    assert_eq!(skipped, [(lost, NotConverted::Disqualified), (certain, NotConverted::Certain)]);

    // Once more: all of them are done. Where nobody is there, a lead stays as it is.
    let new_one = world.does(|tx, act| add_lead(tx, act, named(7))).id;
    leads.push(new_one);
    let away: BTreeSet<_> = reps.into_iter().collect();
    world.changes_nothing(|tx, act| {
        let by = Some(Reps { queue, away: &away });
        let new = |lead: &Lead| NewConversion::of(lead).skipping_qualification();
        let each = all_of(tx, &leads, new)?;
        let outcomes = convert_leads(tx, act, each, act.day(), by)?;
        assert!(matches!(outcomes[0].outcome, Converted::Skipped(NotConverted::Converted)));
        // Why nobody was given it is told (ASG-9).
        let Converted::Waits(decision) = &outcomes[7].outcome else { panic!("{outcomes:?}") };
        let why = away.iter().map(|rep| decision.why_not(Member::SalesRep(*rep)));
        assert!(why.clone().count() == 4 && why.into_iter().all(|why| why == Some(Skip::Unavailable)));
        // One that needs to be qualified is refused, and nothing of it is written.
        let refused = convert_leads(tx, act, all_of(tx, &[new_one], NewConversion::of)?, act.day(), None)?;
        assert!(matches!(&refused[0].outcome, Converted::Refused(refused) if matches!(refused.error.as_deref(), Some(SalesError::Lead(LeadError::NotQualified { .. })))));
        Ok(())
    });
}

#[test]
fn conv_11_what_many_conversions_need_and_is_not_there_is_refused_before_anything_is_written() {
    let mut world = World::new();
    let lead = world.does(|tx, act| add_lead(tx, act, NewLead::person("张三".parse()?)));
    let away = BTreeSet::new();
    let new = || NewConversion::of(&lead).skipping_qualification();
    let missing: LeadId = RecordId::from_uuid(Default::default());
    let refused =
        world.is_refused(|tx, act| convert_leads(tx, act, vec![(lead.id, new()), (missing, new())], act.day(), None));
    assert!(matches!(refused, SalesError::NotFound { record } if record == missing.into()));

    let mei = crm_core::Agent::add(
        RecordId::from_uuid(Default::default()),
        world.acts.now(),
        crm_core::NewAgent::new("Mei".parse().unwrap()),
    );
    world.does(|tx, _| Ok(tx.insert_agent(&mei)?));
    let desk = NewQueue::new("Desk".parse().unwrap()).member(RosterMember::new(Member::Agent(mei.id)));
    let desk = world.does(|tx, act| add_queue(tx, act, desk)).id;
    let mut of = |queue| {
        let by = Some(Reps { queue, away: &away });
        world.is_refused(|tx, act| convert_leads(tx, act, vec![(lead.id, new())], act.day(), by))
    };
    let agents = of(desk);
    assert!(matches!(agents.invalid().map(|invalid| invalid.rule()), Some(Rule::NotForThisKind { .. })));
    assert!(matches!(of(RecordId::from_uuid(Default::default())), SalesError::NotFound { .. }));
}

/// All customers, interactions, deals, leads and activities, but for how often and when they were written.
type Everything =
    (Vec<Customer>, Vec<crm_core::Interaction>, Vec<OpportunityParts>, Vec<crm_core::LeadParts>, Vec<ActivityParts>);

fn all_but_revisions(world: &World) -> Everything {
    let never = crm_core::Revision::FIRST;
    world.reads(|tx| {
        let mut customers = tx.customers(&Default::default(), Page::first(100))?;
        customers.iter_mut().for_each(|one| (one.revision, one.updated_at) = (never, one.created_at));
        let deals = tx.opportunities(&Default::default(), Page::first(100))?.into_iter().map(|one| {
            let parts = OpportunityParts::from(one);
            OpportunityParts { revision: never, updated_at: parts.created_at, ..parts }
        });
        let leads = tx.leads(&Default::default(), Page::first(100))?.into_iter().map(|one| {
            let parts = crm_core::LeadParts::from(one);
            crm_core::LeadParts { revision: never, updated_at: parts.created_at, ..parts }
        });
        let activities = tx.activities(&Default::default(), Page::first(100))?.into_iter().map(|one| {
            let parts = ActivityParts::from(one);
            ActivityParts { revision: never, updated_at: parts.created_at, ..parts }
        });
        let interactions = tx.interactions(&Default::default(), Page::first(100))?;
        Ok((customers, interactions, deals.collect(), leads.collect(), activities.collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is made, linked and left, and whatever the lead says: a second conversion gives the first result, and undoing gives back all there was.
    #[test]
    fn conv_2_undoing_any_conversion_gives_back_all_there_was(
        organisation in 0..3_u8, person in 0..4_u8, opportunity in 0..4_u8,
        touches in 0..3_usize, opted_out: bool, named: bool, skips: bool,
    ) {
        let mut world = World::new();
        let mut new = acme();
        new.emails[0].opted_out = opted_out;
        if !named {
            new.interest = None;
        }
        let known = world.organisation("Known");
        let reached = |name: &str| NewCustomer::person(name.parse().unwrap()).email("zhang@example.com".parse().unwrap());
        let alone = world.does(|tx, act| register_customer(tx, act, reached("王五")));
        let employed = world.does(|tx, act| register_customer(tx, act, reached("李四").parent(known.id)));
        let open = NewOpportunity::new("chairs".parse().unwrap());
        let nobodys = world.does(|tx, act| open_opportunity(tx, act, &hardware(), open.clone()));
        let somebodys = world.does(|tx, act| open_opportunity(tx, act, &hardware(), open.customer(known.id)));
        let lead = world.does(|tx, act| add_lead(tx, act, new));
        for deal in [nobodys.id, somebodys.id] {
            world.does(|tx, act| {
                let call = NewActivity::new(ActivityKind::Call, "call".parse()?, act.day());
                plan_activity(tx, act, call.opportunity(deal))
            });
        }
        for _ in 0..touches {
            world.does(|tx, act| {
                let touch = LeadTouch::new(act.at(), Channel::Phone, Direction::Inbound, "a call".parse()?);
                log_lead_touch(tx, act, lead.id, touch)
            });
        }
        if !skips {
            world.does(|tx, act| qualify_lead(tx, act, lead.id));
        }
        let create = || ConversionTarget::Create(CustomerPatch::default());
        let new = NewConversion::of(&lead)
            .organisation([create(), ConversionTarget::Link(known.id), ConversionTarget::Skip][usize::from(organisation)].clone())
            .person([
                create(),
                ConversionTarget::Link(alone.id),
                ConversionTarget::Link(employed.id),
                ConversionTarget::Skip,
            ][usize::from(person)].clone())
            .opportunity([
                ConversionTarget::Create(ConversionDeal::new(hardware())),
                ConversionTarget::Link(nobodys.id),
                ConversionTarget::Link(somebodys.id),
                ConversionTarget::Skip,
            ][usize::from(opportunity)].clone());
        let new = if skips { new.skipping_qualification() } else { new };
        let before = all_but_revisions(&world);
        let plan = world.store.read(|tx| plan_conversion(tx, lead.id, day("2026-03-02"), new));
        let plan = match plan {
            Ok(plan) => plan,
            // Nothing to make or link; or a deal that nobody and nothing gives a name.
            Err(SalesError::Lead(LeadError::NoTarget { .. } | LeadError::Invalid(_))) => return Ok(()),
            // The deal of the known one, with another organisation or with a person who is not theirs.
            Err(SalesError::Lead(LeadError::OtherCustomersDeal { customer, .. })) => {
                prop_assert!(customer == known.id && opportunity == 2 && organisation != 1);
                return Ok(());
            }
            Err(refused) => panic!("{refused:?}"),
        };
        let first = world.does(|tx, act| apply_conversion(tx, act, &plan));
        world.changes_nothing(|tx, act| {
            assert_eq!(apply_conversion(tx, act, &plan)?, first);
            Ok(())
        });
        prop_assert_eq!(first.interactions.len(), plan.interactions);
        world.does(|tx, act| undo_conversion(tx, act, lead.id));
        prop_assert_eq!(all_but_revisions(&world), before);
    }
}

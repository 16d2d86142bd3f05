use std::collections::BTreeSet;

use super::*;
use crate::{
    By, Channel, ContactLabel, ContactPoints, Currency, Customer, CustomerKind, CustomerPatch, DealLine, Direction,
    FiscalCalendar, Lead, LeadError, LeadTouch, Money, NewCustomer, NewLead, NewOpportunity, Opportunity,
    OpportunityPatch, OpportunityStatus, Percent, Period, Pipeline, ProductId, RequiredField, SalesRepId, UnitPrice,
    record::proof::{at, day, hides_personal_data, id, parsed},
};

fn hardware() -> Pipeline {
    let pipeline = Pipeline::new(parsed("Hardware")).open(parsed("prospecting"), Percent::whole(10));
    pipeline.won(parsed("won")).build().unwrap()
}

fn new_lead() -> NewLead {
    NewLead::person(parsed("张三"))
        .organisation(parsed("Marker Ltd"))
        .role(parsed("buyer"))
        .email(parsed("marker@example.com"))
        .phone(parsed("+447700900123"))
        .region(parsed("East"))
        .source(parsed("web"))
        .tag(parsed("vip"))
        .interest(parsed("forty lamps"))
        .value(Money::parse("1996.00", Currency::EUR).unwrap())
        .product(id::<ProductId>(3))
        .note(parsed("calls back"))
        .owner(id::<SalesRepId>(4))
}

fn qualified(new: NewLead) -> Lead {
    let mut lead = Lead::add(id(1), at(0), new).unwrap();
    lead.qualify(at(1)).unwrap();
    lead
}

fn customer(new: NewCustomer, n: u128) -> Customer {
    Customer::register(id(n), at(0), new).unwrap()
}

fn plan(lead: &Lead, new: NewConversion, links: ConversionLinks<'_>) -> Result<ConversionPlan, LeadError> {
    ConversionPlan::new(lead, day("2026-02-17"), new, links)
}

fn none() -> ConversionLinks<'static> {
    ConversionLinks::default()
}

fn created(planned: &PlannedCustomer) -> &NewCustomer {
    match planned {
        PlannedCustomer::Create(new) => new,
        other => panic!("{other:?}"),
    }
}

fn dealt(planned: &PlannedDeal) -> &NewOpportunity {
    match planned {
        PlannedDeal::Create { new, .. } => new,
        other => panic!("{other:?}"),
    }
}

#[test]
fn conv_1_each_target_is_created_linked_or_skipped() {
    let lead = qualified(new_lead());
    let whole = plan(&lead, NewConversion::of(&lead).deal(hardware()), none()).unwrap();
    assert_eq!((whole.lead, whole.revision), (lead.id, lead.revision));
    assert_eq!(created(&whole.organisation).name.as_str(), "Marker Ltd");
    assert_eq!(created(&whole.person).name.as_str(), "张三");
    let deal = dealt(&whole.opportunity);
    assert_eq!((deal.name.as_str(), deal.value, deal.product), ("forty lamps", lead.value(), lead.product()));
    assert_eq!(deal.rep, lead.owner());
    assert_eq!((whole.customer, whole.joins), (PlannedOwner::Organisation, true));

    let known = customer(NewCustomer::organisation(parsed("Acme")), 7);
    let linked = NewConversion::of(&lead).organisation(ConversionTarget::Link(known.id)).person(ConversionTarget::Skip);
    let links = ConversionLinks { organisation: Some(&known), ..none() };
    let linked = plan(&lead, linked, links).unwrap();
    assert!(matches!(linked.organisation, PlannedCustomer::Link { id, .. } if id == known.id));
    assert_eq!((&linked.person, &linked.opportunity), (&PlannedCustomer::Skip, &PlannedDeal::Skip));

    let skip = || NewConversion::of(&lead).organisation(ConversionTarget::Skip).person(ConversionTarget::Skip);
    assert_eq!(plan(&lead, skip(), none()), Err(LeadError::NoTarget { lead: lead.id }));
    // A link that is not at hand, and a lead that may not be converted.
    let missing = NewConversion::of(&lead).person(ConversionTarget::Link(id(9)));
    assert!(
        matches!(plan(&lead, missing, none()), Err(LeadError::Invalid(refused)) if *refused.rule() == Rule::NotListed)
    );
    let new = Lead::add(id(1), at(0), new_lead()).unwrap();
    assert!(matches!(plan(&new, NewConversion::of(&new), none()), Err(LeadError::NotQualified { .. })));
    assert!(plan(&new, NewConversion::of(&new).skipping_qualification(), none()).is_ok());
    hides_personal_data(&whole);
}

#[test]
fn conv_1_overrides_win_over_the_lead() {
    let lead = qualified(new_lead());
    let person = CustomerPatch {
        name: Some(parsed("李四")),
        region: Some(None),
        kind: Some(CustomerKind::Person { birth_date: Some(day("1987-03-02")), gender: None }),
        ..CustomerPatch::default()
    };
    let deal = OpportunityPatch {
        name: Some(parsed("chairs")),
        value: Some(None),
        probability: Some(Some(Percent::whole(33))),
        expected_close: Some(Some(day("2026-12-24"))),
        customer: Some(Some(id(77))),
        ..OpportunityPatch::default()
    };
    let deal = ConversionDeal::new(hardware()).overrides(deal);
    let new = NewConversion::of(&lead).person(ConversionTarget::Create(person));
    let plan = plan(&lead, new.opportunity(ConversionTarget::Create(deal)), none()).unwrap();
    let person = created(&plan.person);
    assert_eq!((person.name.as_str(), person.region.as_ref()), ("李四", None));
    assert_eq!(person.birth_date, Some(day("1987-03-02")));
    let deal = dealt(&plan.opportunity);
    assert_eq!((deal.name.as_str(), deal.value, deal.expected_close), ("chairs", None, Some(day("2026-12-24"))));
    assert_eq!((deal.probability, plan.customer), (Some(Percent::whole(33)), PlannedOwner::Known(id(77))));
}

#[test]
fn conv_3_a_field_that_an_override_replaces_is_not_said_to_be_taken() {
    let lead = qualified(new_lead());
    let emails = || Some(ContactPoints::new());
    let person = CustomerPatch { emails: emails(), region: Some(None), ..CustomerPatch::default() };
    let organisation = CustomerPatch { region: Some(None), tags: Some(Default::default()), ..CustomerPatch::default() };
    let deal = OpportunityPatch {
        name: Some(parsed("chairs")),
        value: Some(None),
        contacts: Some(Vec::new()),
        ..OpportunityPatch::default()
    };
    let new = NewConversion::of(&lead)
        .person(ConversionTarget::Create(person))
        .organisation(ConversionTarget::Create(organisation))
        .opportunity(ConversionTarget::Create(ConversionDeal::new(hardware()).overrides(deal)));
    let plan = plan(&lead, new, none()).unwrap();
    let taken = |from| plan.mapped.iter().filter(|mapped| mapped.from == from).count();
    let fields = [LeadField::Emails, LeadField::Region, LeadField::Interest, LeadField::Value, LeadField::Role];
    assert_eq!(fields.map(taken), [0; 5]);
    assert!(fields.iter().all(|field| plan.unmapped.contains(field)), "{:?}", plan.unmapped);
    assert_eq!([LeadField::Tags, LeadField::Product, LeadField::Phones].map(taken), [1; 3]);
}

#[test]
fn conv_1_the_person_is_the_primary_contact_of_a_new_deal_unless_the_overrides_say_who_is() {
    let contact = |lead: &Lead, new: NewConversion, links| {
        let planned = plan(lead, new, links).unwrap();
        let PlannedDeal::Create { new, contact, .. } = planned.opportunity else { panic!("{planned:?}") };
        (contact.map(|role| role.to_string()), new.contacts)
    };
    let lead = qualified(new_lead());
    let deal = || NewConversion::of(&lead).deal(hardware());
    assert_eq!(contact(&lead, deal(), none()), (Some("buyer".to_owned()), Vec::new()));
    let person = customer(NewCustomer::person(parsed("李四")), 8);
    let links = ConversionLinks { person: Some(&person), ..none() };
    let linked = deal().person(ConversionTarget::Link(person.id));
    assert_eq!(contact(&lead, linked, links).0.as_deref(), Some("buyer"));
    assert_eq!(contact(&lead, deal().person(ConversionTarget::Skip), none()).0, None);
    let roleless = qualified(NewLead::person(parsed("王五")));
    assert_eq!(contact(&roleless, NewConversion::of(&roleless).deal(hardware()), none()).0.as_deref(), Some("contact"));
    for contacts in [Vec::new(), vec![crate::ContactRole { person: id(9), role: parsed("user"), primary: true }]] {
        let overrides = OpportunityPatch { contacts: Some(contacts.clone()), ..OpportunityPatch::default() };
        let deal = ConversionTarget::Create(ConversionDeal::new(hardware()).overrides(overrides));
        assert_eq!(contact(&lead, NewConversion::of(&lead).opportunity(deal), none()), (None, contacts));
    }
}

#[test]
fn conv_1_a_plan_refuses_a_deal_that_could_not_be_opened() {
    let lead = qualified(NewLead::person(parsed("张三")).interest(parsed("lamps")));
    let pipeline = |required: &[RequiredField]| {
        let pipeline = Pipeline::new(parsed("Hardware")).open(parsed("prospecting"), Percent::whole(10));
        pipeline.requires(required.iter().copied()).won(parsed("won"))
    };
    let deal = |pipeline, overrides| {
        let deal = ConversionDeal::new(pipeline).overrides(overrides);
        plan(&lead, NewConversion::of(&lead).opportunity(ConversionTarget::Create(deal)), none())
    };
    let forecast = || pipeline(&[]).forecasting().build().unwrap();
    let misses =
        LeadError::DealMisses { lead: lead.id, stage: parsed("prospecting"), fields: vec![RequiredField::Value] };
    assert_eq!(deal(forecast(), OpportunityPatch::default()), Err(misses));
    let value = Some(Some(Money::parse("1.00", Currency::EUR).unwrap()));
    assert!(deal(forecast(), OpportunityPatch { value, ..OpportunityPatch::default() }).is_ok());
    // The person is a contact, and whose the deal is has a customer.
    let people = || pipeline(&[RequiredField::Contacts, RequiredField::Customer]).build().unwrap();
    assert!(deal(people(), OpportunityPatch::default()).is_ok());
    let nobodys = OpportunityPatch { customer: Some(None), contacts: Some(Vec::new()), ..OpportunityPatch::default() };
    let Err(LeadError::DealMisses { fields, .. }) = deal(people(), nobodys) else { panic!() };
    assert_eq!(BTreeSet::from_iter(fields), [RequiredField::Contacts, RequiredField::Customer].into());

    let line =
        DealLine::new(id(3), 2.into(), UnitPrice::parse("49.90", Currency::EUR).unwrap(), Percent::ZERO).unwrap();
    let twice = OpportunityPatch { value, lines: Some(vec![line]), ..OpportunityPatch::default() };
    let negative = Some(Some(Money::parse("-1.00", Currency::EUR).unwrap()));
    let negative = OpportunityPatch { value: negative, ..OpportunityPatch::default() };
    for wrong in [twice, negative] {
        let Err(LeadError::Invalid(refused)) = deal(hardware(), wrong) else { panic!() };
        assert_eq!(refused.field(), "value");
    }
}

#[test]
fn conv_1_a_linked_deal_is_open_and_of_somebody_in_the_conversion() {
    let lead = qualified(new_lead());
    let [acme, beta] = [(7, "Acme"), (8, "Beta")].map(|(n, name)| customer(NewCustomer::organisation(parsed(name)), n));
    let person = customer(NewCustomer::person(parsed("李四")), 9);
    let by = By { at: at(0), actor: &parsed("alice") };
    let deal = |of: CustomerId| {
        Opportunity::open(id(6), by, &hardware(), NewOpportunity::new(parsed("lamps")).customer(of)).unwrap()
    };
    let link = |deal: &Opportunity| {
        let new = NewConversion::of(&lead)
            .organisation(ConversionTarget::Link(acme.id))
            .person(ConversionTarget::Link(person.id))
            .opportunity(ConversionTarget::Link(deal.id));
        let links = ConversionLinks { organisation: Some(&acme), person: Some(&person), opportunity: Some(deal) };
        plan(&lead, new, links)
    };
    assert_eq!(link(&deal(acme.id)).unwrap().customer, PlannedOwner::Organisation);
    assert_eq!(link(&deal(person.id)).unwrap().customer, PlannedOwner::Known(person.id));
    let refused = LeadError::OtherCustomersDeal { lead: lead.id, opportunity: id(6), customer: beta.id };
    assert_eq!(link(&deal(beta.id)).unwrap_err(), refused);
    // An organisation that is made is another customer than the deal has.
    let made = NewConversion::of(&lead).opportunity(ConversionTarget::Link(id(6)));
    let beta = deal(beta.id);
    assert_eq!(plan(&lead, made, ConversionLinks { opportunity: Some(&beta), ..none() }).unwrap_err(), refused);

    let mut lost = deal(acme.id);
    lost.lose(at(1), crate::Loss { day: day("2026-03-02"), reason: parsed("price"), note: None }).unwrap();
    let closed = LeadError::DealClosed { lead: lead.id, opportunity: id(6), status: OpportunityStatus::Lost };
    assert_eq!(link(&lost).unwrap_err(), closed);
}

#[test]
fn conv_1_a_deal_with_lines_is_not_worth_what_the_lead_says() {
    let lead = qualified(new_lead());
    let line =
        DealLine::new(id(3), 2.into(), UnitPrice::parse("49.90", Currency::EUR).unwrap(), Percent::ZERO).unwrap();
    let overrides = OpportunityPatch { lines: Some(vec![line]), ..OpportunityPatch::default() };
    let deal = ConversionDeal::new(hardware()).overrides(overrides);
    let new = NewConversion::of(&lead).opportunity(ConversionTarget::Create(deal));
    let plan = plan(&lead, new, none()).unwrap();
    let new = dealt(&plan.opportunity);
    assert_eq!((&new.lines, new.value), (&vec![line], None));
    let by = By { at: at(2), actor: &"alice".parse().unwrap() };
    let opened = Opportunity::open(id(8), by, &hardware(), new.clone()).unwrap();
    assert_eq!(opened.value(), Some(Money::parse("99.80", Currency::EUR).unwrap()));
}

#[test]
fn conv_3_the_map_comes_first_then_the_same_name_and_type_and_nothing_else() {
    let lead = qualified(new_lead());
    let whole = plan(&lead, NewConversion::of(&lead).deal(hardware()), none()).unwrap();
    let has = |from, to| whole.mapped.contains(&Mapped { from, to });
    // Explicit: the organisation is not named after the person, though both fields are called `name`.
    assert!(has(LeadField::Organisation, TargetField::Organisation(CustomerField::Name)));
    assert!(has(LeadField::Interest, TargetField::Opportunity(OpportunityField::Name)));
    // The same name and type.
    assert!(has(LeadField::Name, TargetField::Person(CustomerField::Name)));
    for of in [TargetField::Organisation, TargetField::Person] {
        assert!(has(LeadField::Region, of(CustomerField::Region)) && has(LeadField::Tags, of(CustomerField::Tags)));
    }
    // Addresses are the person's where there is one.
    assert!(has(LeadField::Emails, TargetField::Person(CustomerField::Emails)));
    assert!(created(&whole.organisation).emails.is_empty());
    // The same type under another name, or another arity, goes nowhere by itself.
    assert_eq!(whole.unmapped, [LeadField::Source, LeadField::Note, LeadField::Score]);

    let map = FieldMap::default()
        .map(LeadField::Note, TargetField::Person(CustomerField::Need))
        .and_then(|map| map.map(LeadField::Source, TargetField::Organisation(CustomerField::Region)))
        .and_then(|map| map.map(LeadField::Score, TargetField::Opportunity(OpportunityField::Probability)))
        .unwrap()
        .leave(TargetField::Person(CustomerField::Tags));
    let other = plan(&lead, NewConversion::of(&lead).deal(hardware()).map(map), none()).unwrap();
    assert_eq!(created(&other.person).needs[0].text.as_str(), "calls back");
    assert_eq!(created(&other.organisation).region.as_ref().unwrap().as_str(), "web");
    assert!(created(&other.person).tags.is_empty());
    assert_eq!(dealt(&other.opportunity).probability, Some(Percent::ZERO));

    let one_for_many = FieldMap::default().map(LeadField::Source, TargetField::Person(CustomerField::Tags));
    assert!(matches!(one_for_many.unwrap_err().rule(), Rule::Inconsistent { .. }));
    let other_type = FieldMap::default().map(LeadField::Name, TargetField::Opportunity(OpportunityField::Name));
    assert!(other_type.is_err());
}

#[test]
fn conv_3_without_a_person_the_organisation_is_reached_at_the_leads_addresses() {
    let lead = qualified(NewLead::of_organisation(parsed("Acme")).email(parsed("sales@example.com")));
    let plan = plan(&lead, NewConversion::of(&lead).deal(hardware()), none()).unwrap();
    assert_eq!(created(&plan.organisation).emails.len(), 1);
    // Nothing says what the deal is about, so it is called after whom it is with.
    assert_eq!(dealt(&plan.opportunity).name.as_str(), "Acme");
}

#[test]
fn conv_5_the_deal_takes_the_organisation_of_the_person_who_was_chosen() {
    let lead = qualified(new_lead());
    let person = customer(NewCustomer::person(parsed("李四")).parent(id(50)), 8);
    let new = || {
        let new = NewConversion::of(&lead).organisation(ConversionTarget::Skip).deal(hardware());
        new.person(ConversionTarget::Link(person.id))
    };
    let links = ConversionLinks { person: Some(&person), ..none() };
    let employed = plan(&lead, new(), links).unwrap();
    assert_eq!((employed.customer, employed.joins), (PlannedOwner::Known(id(50)), false));
    let alone = Customer { parent: None, ..person.clone() };
    let alone = plan(&lead, new(), ConversionLinks { person: Some(&alone), ..none() }).unwrap();
    assert_eq!(alone.customer, PlannedOwner::Person);
    // Where an organisation is made, it is that one.
    let both = plan(&lead, NewConversion { organisation: NewConversion::of(&lead).organisation, ..new() }, links);
    assert_eq!(both.unwrap().customer, PlannedOwner::Organisation);
}

#[test]
fn conv_6_what_was_said_goes_to_whom_the_deal_is_with_or_stays() {
    let mut lead = qualified(new_lead());
    lead.touch(at(2), LeadTouch::new(at(2), Channel::Phone, Direction::Inbound, parsed("call"))).unwrap();
    assert_eq!(plan(&lead, NewConversion::of(&lead), none()).unwrap().interactions, 1);
    let actor = parsed("alice");
    let new = NewOpportunity::new(parsed("lamps"));
    let deal = Opportunity::open(id(6), By { at: at(0), actor: &actor }, &hardware(), new).unwrap();
    let only_deal = || {
        let new = NewConversion::of(&lead).organisation(ConversionTarget::Skip).person(ConversionTarget::Skip);
        new.opportunity(ConversionTarget::Link(deal.id))
    };
    let links = ConversionLinks { opportunity: Some(&deal), ..none() };
    let nobodys = plan(&lead, only_deal(), links).unwrap();
    assert_eq!((nobodys.interactions, nobodys.customer), (0, PlannedOwner::Nobody));
    let whole = plan(&lead, NewConversion { opportunity: only_deal().opportunity, ..NewConversion::of(&lead) }, links);
    let gains = PlannedDeal::Link { id: deal.id, revision: deal.revision, gains_customer: true };
    assert_eq!(whole.unwrap().opportunity, gains);
}

#[test]
fn conv_7_the_deal_closes_on_the_last_day_of_the_fiscal_quarter_unless_it_is_said_otherwise() {
    let lead = qualified(new_lead());
    let closes = |close| {
        let new = NewConversion::of(&lead).deal(hardware()).close(close);
        dealt(&plan(&lead, new, none()).unwrap().opportunity).expected_close.unwrap()
    };
    // 17 February 2026.
    assert_eq!(closes(CloseBy::EndOfQuarter(FiscalCalendar::CALENDAR_YEAR)), day("2026-03-31"));
    assert_eq!(closes(CloseBy::EndOfQuarter(FiscalCalendar::starting_in(2).unwrap())), day("2026-04-30"));
    assert_eq!(closes(CloseBy::EndOfQuarter(FiscalCalendar::starting_in(12).unwrap())), day("2026-02-28"));
    let period = Period::new(day("2026-02-01"), day("2026-03-01")).unwrap();
    assert_eq!(closes(CloseBy::EndOf(period)), day("2026-02-28"));
}

#[test]
fn conv_10_a_linked_person_keeps_what_they_have_and_is_opted_out_if_either_is() {
    let mut lead = Lead::add(id(1), at(0), new_lead().email(parsed("new@example.com"))).unwrap();
    let mut emails = lead.emails().clone();
    emails.opt_out(&parsed("marker@example.com")).unwrap();
    lead.revise(at(1), crate::LeadPatch { emails: Some(emails), ..Default::default() }).unwrap();
    lead.qualify(at(1)).unwrap();
    let mut person = customer(NewCustomer::person(parsed("李四")).email(parsed("MARKER@example.com")), 8);
    person.phones.add(parsed("+447700900123"), ContactLabel::Home).unwrap();
    person.phones.opt_out(&parsed("+447700900123")).unwrap();
    person.region = Some(parsed("West"));
    let new = NewConversion::of(&lead).person(ConversionTarget::Link(person.id));
    let plan = plan(&lead, new, ConversionLinks { person: Some(&person), ..none() }).unwrap();
    let PlannedCustomer::Link { fill: Some(fill), .. } = plan.person else { panic!("{plan:?}") };
    let emails = fill.emails.as_ref().unwrap();
    assert_eq!(emails.len(), 2);
    assert!(emails.get(&parsed("marker@example.com")).unwrap().opted_out);
    // The number is there already, opted out, and stays so; the region is theirs.
    assert_eq!((fill.phones.as_ref(), fill.region.as_ref()), (None, None));
    person.update(at(2), *fill).unwrap();
    assert!(person.phones.primary().unwrap().opted_out && person.emails.iter().any(|point| point.opted_out));
}

#[test]
fn conv_10_opt_outs_outlive_the_making_of_a_person_and_its_overrides() {
    let mut lead = Lead::add(id(1), at(0), new_lead()).unwrap();
    let mut out = lead.emails().clone();
    out.opt_out(&parsed("marker@example.com")).unwrap();
    lead.revise(at(1), crate::LeadPatch { emails: Some(out), ..Default::default() }).unwrap();
    lead.qualify(at(1)).unwrap();
    let mut fresh = ContactPoints::new();
    fresh.add(parsed("marker@example.com"), ContactLabel::Work).unwrap();
    for emails in [None, Some(fresh)] {
        let patch = CustomerPatch { emails, ..CustomerPatch::default() };
        let new = NewConversion::of(&lead).person(ConversionTarget::Create(patch));
        let plan = plan(&lead, new, none()).unwrap();
        assert!(created(&plan.person).emails[0].opted_out);
    }
}

#[test]
fn what_is_made_without_a_name_and_what_does_not_fit_are_refused() {
    let lead = qualified(NewLead::of_email(parsed("marker@example.com")));
    let new = NewConversion::of(&lead).person(ConversionTarget::Create(CustomerPatch::default()));
    let Err(LeadError::Invalid(refused)) = plan(&lead, new, none()) else { panic!() };
    assert_eq!((refused.field(), refused.rule()), ("person", &Rule::Empty));
    let Err(LeadError::Invalid(refused)) = plan(&lead, NewConversion::of(&lead).deal(hardware()), none()) else {
        panic!()
    };
    assert_eq!((refused.field(), refused.rule()), ("opportunity", &Rule::Empty));
    let mut full = customer(NewCustomer::person(parsed("李四")), 8);
    for n in 0..50 {
        full.emails.add(parsed(&format!("a{n}@example.com")), ContactLabel::Work).unwrap();
    }
    let new = NewConversion::of(&lead).person(ConversionTarget::Link(full.id));
    let links = ConversionLinks { person: Some(&full), ..none() };
    assert!(
        matches!(plan(&lead, new, links), Err(LeadError::Invalid(refused)) if *refused.rule() == Rule::TooMany { limit: 50 })
    );
}

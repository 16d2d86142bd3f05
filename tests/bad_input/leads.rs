//! Leads, queues and conversions that must not be.

use std::collections::BTreeSet;

use crm::{
    AssignmentPolicy, Channel, ConversionTarget, Direction, Disqualification, Error, FairnessWindow, Lead, LeadError,
    LeadPatch, LeadTouch, Member, Money, NewConversion, NewLead, NewQueue, Percent, Queue, QueuePatch, RosterMember,
    Rule, Text,
    assignment::Topic,
    conversion::{CustomerField, FieldMap, LeadField, TargetField},
    sales::{self, SalesError},
    store::Page,
};

use crate::company::{
    Company, STALE, alice, assert_conflict, assert_missing, assert_not_there, assert_taken, broken, eur,
};

fn ada_again(company: &Company) -> Result<(Lead, Queue), Error> {
    let new = NewLead::person("Ada Lovelace".parse()?).email("ada.lovelace@example.com".parse()?);
    let new = new.external_id("E-1".parse()?);
    let lead = alice(&company.crm, |tx, act| sales::add_lead(tx, act, new))?;
    let queue = NewQueue::new("Web".parse()?).member(RosterMember::new(Member::SalesRep(company.lin.id)));
    Ok((lead, alice(&company.crm, |tx, act| sales::add_queue(tx, act, queue))?))
}

#[test]
fn values_of_a_lead_and_of_a_queue_are_refused_with_the_rule() -> Result<(), Error> {
    let company = Company::new()?;
    let adds = |new: NewLead| company.refuses(|tx, act| sales::add_lead(tx, act, new));
    let ada = || Ok::<_, Error>(NewLead::person("Ada Lovelace".parse()?).email("ada@example.com".parse()?));
    let mut nothing = ada()?;
    (nothing.name, nothing.emails) = (None, Vec::new());
    assert_eq!(broken(&adds(nothing), "name, organisation or e-mail"), Rule::Empty);
    assert_eq!(broken(&adds(ada()?.email("ADA@example.com".parse()?)), "email"), Rule::Repeated);
    assert!(matches!(broken(&adds(ada()?.score(Percent::whole(101))), "score"), Rule::OutOfRange { .. }));
    assert!(matches!(broken(&adds(ada()?.weight(0)), "weight"), Rule::OutOfRange { .. }));
    let below: Money = eur("-0.01")?;
    assert_eq!(broken(&adds(ada()?.value(below)), "value"), Rule::Negative);

    let lin = || RosterMember::new(Member::SalesRep(company.lin.id));
    let queue = |member: RosterMember, policy| {
        let new = NewQueue::new("Web".parse()?).policy(policy).member(member);
        Ok::<_, Error>(company.refuses(|tx, act| sales::add_queue(tx, act, new)))
    };
    let policy = AssignmentPolicy::default();
    assert!(matches!(broken(&queue(lin().weight(0), policy)?, "weight"), Rule::OutOfRange { .. }));
    assert!(matches!(broken(&queue(lin().monthly(300_001), policy)?, "monthly capacity"), Rule::OutOfRange { .. }));
    let fairness = Some(FairnessWindow { limit: 0, window_seconds: 60 });
    let policy = AssignmentPolicy { fairness, ..policy };
    assert!(matches!(broken(&queue(lin(), policy)?, "fairness limit"), Rule::OutOfRange { .. }));
    let both = NewQueue::new("Web".parse()?).member(lin()).member(RosterMember::new(Member::Agent(company.mei.id)));
    let refused = company.refuses(|tx, act| sales::add_queue(tx, act, both));
    assert!(matches!(broken(&refused, "members"), Rule::NotForThisKind { .. }));
    let topic = Topic::new("source".parse()?, "web".parse()?);
    let twice = NewQueue::new("Web".parse()?).member(lin()).member(lin().takes(topic));
    let refused = company.refuses(|tx, act| sales::add_queue(tx, act, twice));
    assert_eq!(broken(&refused, "members"), Rule::Repeated);
    Ok(())
}

#[test]
fn leads_and_queues_refer_to_what_is_there_and_take_what_is_free() -> Result<(), Error> {
    let company = Company::new()?;
    let (lead, queue) = ada_again(&company)?;
    let ada = || Ok::<_, Error>(NewLead::person("Ada Lovelace".parse()?));
    let adds = |new: NewLead| company.refuses(|tx, act| sales::add_lead(tx, act, new));
    let no_rep = company.nobody();
    assert_not_there(&adds(ada()?.owner(no_rep)), no_rep);
    assert_missing(&adds(ada()?.product(company.nobody())), "lead", "product");
    assert_taken(&adds(ada()?.external_id("E-1".parse()?)), "lead", "external id");
    assert_taken(&adds(ada()?.id(lead.id)), "lead", "id");
    let refused = company.refuses(|tx, act| sales::add_queue(tx, act, NewQueue::new("Web".parse()?)));
    assert_taken(&refused, "queue", "name");
    let stranger = RosterMember::new(Member::SalesRep(company.nobody()));
    let new = NewQueue::new("Fairs".parse()?).member(stranger);
    assert_missing(&company.refuses(|tx, act| sales::add_queue(tx, act, new)), "queue", "members");
    let no_queue = company.nobody();
    let refused = company.refuses(|tx, act| sales::enqueue_lead(tx, act, lead.id, Some(no_queue)));
    assert_not_there(&refused, no_queue);
    let refused = company.refuses(|tx, act| sales::drain_queue(tx, act, no_queue, &BTreeSet::new(), Page::first(9)));
    assert_not_there(&refused, no_queue);

    let stale = LeadPatch { expected: Some(STALE), ..LeadPatch::default() };
    assert_conflict(&company.refuses(|tx, act| sales::revise_lead(tx, act, lead.id, stale)), lead.id);
    let stale = QueuePatch { expected: Some(STALE), ..QueuePatch::default() };
    assert_conflict(&company.refuses(|tx, act| sales::update_queue(tx, act, queue.id, stale)), queue.id);

    macro_rules! each_says_that_it_is_not_there {
        ($($operation:path: ($($input:expr),*);)*) => {$({
            let id = company.nobody();
            let refused = company.refuses(|tx, act| $operation(tx, act, id $(, $input)*));
            assert_not_there(&refused, id);
        })*};
    }
    let why = Disqualification { reason: "no budget".parse()?, note: None };
    let text: Text = "they called".parse()?;
    let call = LeadTouch::new(lead.created_at, Channel::Phone, Direction::Inbound, "a call".parse()?);
    let nobody = BTreeSet::new();
    each_says_that_it_is_not_there! {
        sales::revise_lead: (LeadPatch::default());
        sales::log_lead_touch: (call);
        sales::give_lead: (None);
        sales::work_lead: ();
        sales::qualify_lead: ();
        sales::nurture_lead: ();
        sales::disqualify_lead: (why);
        sales::reopen_lead: (text);
        sales::delete_lead: ();
        sales::enqueue_lead: (None);
        sales::assign_lead: (&nobody);
        sales::route_lead: (&[]);
        sales::apply_assignment_rules: (&[]);
        sales::undo_conversion: ();
        sales::update_queue: (QueuePatch::default());
        sales::delete_queue: ();
    }
    Ok(())
}

#[test]
fn a_lead_that_changed_since_the_plan_is_not_converted() -> Result<(), Error> {
    let company = Company::new()?;
    let (lead, _) = ada_again(&company)?;
    let new = || NewConversion::of(&lead).deal(company.hardware.clone()).skipping_qualification();
    let plan =
        company.crm.read(|tx| Ok(sales::plan_conversion(tx, lead.id, company.call.created_at.date_naive(), new())?))?;
    alice(&company.crm, |tx, act| sales::qualify_lead(tx, act, lead.id))?;
    let refused = company.refuses(|tx, act| sales::apply_conversion(tx, act, &plan));
    let Error::Sales(SalesError::Conflict { record, expected, found }) = refused else { panic!("{refused}") };
    assert_eq!((record, expected, found), (lead.id.into(), lead.revision, lead.revision.next()));

    // A plan that links what is not there, or what is something else.
    let day = company.call.created_at.date_naive();
    let plans = |new| company.refuses(|tx, _| sales::plan_conversion(tx, lead.id, day, new));
    let no_person = company.nobody();
    assert_not_there(&plans(new().person(ConversionTarget::Link(no_person))), no_person);
    let refused = plans(new().person(ConversionTarget::Link(company.acme.id)));
    assert!(matches!(refused, Error::Sales(SalesError::NotAPerson { field: "person", .. })));
    let nothing = new().person(ConversionTarget::Skip).opportunity(ConversionTarget::Skip);
    let refused = plans(nothing);
    assert!(matches!(refused, Error::Sales(SalesError::Lead(LeadError::NoTarget { lead: id })) if id == lead.id));
    // One field for many (CONV-3).
    let map = FieldMap::default().map(LeadField::Source, TargetField::Person(CustomerField::Tags));
    assert!(matches!(map.map_err(|refused| refused.rule().clone()), Err(Rule::Inconsistent { .. })));
    Ok(())
}

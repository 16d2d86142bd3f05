//! How a lead comes in, is given to somebody, and becomes a customer with a deal.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crm::{
    AssignmentPolicy, AssignmentStrategy, Channel, ConversionTarget, Crm, Direction, Error, Lead, LeadId, LeadStatus,
    LeadTouch, Member, NewConversion, NewCustomer, NewLead, NewQueue, Percent, Pipeline, Queue, RosterMember,
    SearchQuery,
    assignment::{Held, Outcome, Skip},
    sales::{self, DuplicateKey, SalesError},
    store::{Customers, LeadFilter, Leads, Opportunities, Page, Queues, Search, Store, Timeline},
};

use crate::stage::{alice, day, eur, everything, facts, on_every_store, rep};

on_every_store! {
    a_lead_comes_in_is_given_out_converted_and_converted_back
    a_full_queue_keeps_its_leads_and_gives_them_once_there_is_room
    conv_2_eight_who_convert_at_once_get_one_result
    asg_6_sixteen_who_drain_at_once_give_each_lead_once
}

fn hardware() -> Result<Pipeline, Error> {
    let pipeline = Pipeline::new("Hardware".parse()?).open("prospecting".parse()?, Percent::whole(10));
    Ok(pipeline.won("won".parse()?).build()?)
}

fn queue<S: Store>(crm: &Crm<S>, policy: AssignmentPolicy, capacity: u64, reps: &[&str]) -> Result<Queue, Error> {
    let mut new = NewQueue::new("Web".parse()?).policy(policy);
    for name in reps {
        new = new.member(RosterMember::new(Member::SalesRep(rep(crm, name)?.id)).capacity(capacity));
    }
    alice(crm, |tx, act| sales::add_queue(tx, act, new))
}

fn waiting<S: Store>(crm: &Crm<S>, queue: &Queue, new: NewLead) -> Result<LeadId, Error> {
    alice(crm, |tx, act| {
        let lead = sales::add_lead(tx, act, new)?;
        sales::enqueue_lead(tx, act, lead.id, Some(queue.id)).map(|lead| lead.id)
    })
}

fn lead<S: Store>(crm: &Crm<S>, id: LeadId) -> Result<Lead, Error> {
    crm.read(|tx| tx.lead(id)?.ok_or(Error::from(SalesError::NotFound { record: id.into() })))
}

fn a_lead_comes_in_is_given_out_converted_and_converted_back<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let queue = queue(crm, AssignmentPolicy::default(), 9, &["Lin Wei", "Wang Fang"])?;
    let known = NewCustomer::person("张三".parse()?).email("zhang@example.com".parse()?);
    let known = alice(crm, |tx, act| sales::register_customer(tx, act, known))?;
    let new = NewLead::person("张 三".parse()?).organisation("明灯".parse()?).email("Zhang@Example.com".parse()?);
    let new = new.source("web".parse()?).interest("forty lamps".parse()?).value(eur("1996.00")?);
    let id = waiting(crm, &queue, new)?;

    // It is found by what it says, and hints at who it may be.
    let hits = crm.read(|tx| Ok(tx.search(&SearchQuery::parse("明灯 lamps")?, Page::first(9))?))?;
    assert_eq!(hits.first().map(|hit| hit.record), Some(id.into()));
    let hints = crm.read(|tx| Ok(sales::duplicate_hints(tx, id)?))?.hints;
    assert_eq!((hints[0].record, hints[0].by.as_slice()), (known.id.into(), &[DuplicateKey::Email][..]));

    // Its turn is the first rep's, who is away.
    let first = queue.roster.members()[0].member;
    let Member::SalesRep(away) = first else { panic!("a rep") };
    let given = alice(crm, |tx, act| sales::assign_lead(tx, act, id, &BTreeSet::from([away])))?;
    assert_eq!(given.decision.why_not(first), Some(Skip::Unavailable));
    let second = given.decision.given_to();
    assert_eq!(second, Some(queue.roster.members()[1].member));
    assert_eq!(given.lead.owner().map(Member::SalesRep), second);

    alice(crm, |tx, act| {
        let call = LeadTouch::new(act.at(), Channel::Phone, Direction::Outbound, "wants an offer".parse()?);
        sales::log_lead_touch(tx, act, id, call)?;
        sales::work_lead(tx, act, id)?;
        sales::qualify_lead(tx, act, id)
    })?;
    let before = lead(crm, id)?;
    let new = NewConversion::of(&before).person(ConversionTarget::Link(known.id)).deal(hardware()?);
    let plan = crm.read(|tx| Ok(sales::plan_conversion(tx, id, day("2026-03-02")?, new)?))?;
    assert_eq!(plan.interactions, 1);
    let became = alice(crm, |tx, act| sales::apply_conversion(tx, act, &plan))?;
    let after = everything(crm)?;
    assert_eq!(alice(crm, |tx, act| sales::apply_conversion(tx, act, &plan))?, became);
    assert_eq!(everything(crm)?, after, "a second conversion wrote something");

    let (Some(organisation), Some(deal)) = (became.organisation, became.opportunity) else { panic!("{became:?}") };
    crm.read(|tx| {
        let deal = tx.opportunity(deal.id)?.map(|deal| (deal.customer(), deal.rep(), deal.expected_close()));
        assert_eq!(deal, Some((Some(organisation.id), before.owner(), Some(day("2026-03-31")?))));
        let timeline = tx.timeline(organisation.id, Page::first(9))?;
        assert_eq!(timeline.len(), 2);
        let converted = LeadFilter { status: Some(LeadStatus::Converted), ..LeadFilter::default() };
        assert_eq!(tx.count_leads(&converted)?, 1);
        Ok(())
    })?;

    let undone = alice(crm, |tx, act| sales::undo_conversion(tx, act, id))?;
    assert_eq!((undone.state(), undone.touches()), (before.state(), before.touches()));
    crm.read(|tx| {
        assert_eq!((tx.customer(organisation.id)?, tx.opportunity(deal.id)?), (None, None));
        assert_eq!(tx.customer(known.id)?.map(|person| person.name), Some(known.name));
        Ok(())
    })?;
    let told = facts(crm, id)?;
    assert_eq!(told.last().map(String::as_str), Some("lead.conversion_undone"));
    let refused = alice(crm, |tx, act| sales::apply_conversion(tx, act, &plan));
    assert!(refused.is_err_and(|refused| refused.is_conflict()), "the lead changed since the plan");
    Ok(())
}

fn a_full_queue_keeps_its_leads_and_gives_them_once_there_is_room<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let policy = AssignmentPolicy { strategy: AssignmentStrategy::LeastLoaded, ..AssignmentPolicy::default() };
    let queue = queue(crm, policy, 2, &["Lin Wei", "Wang Fang"])?;
    let mut leads = Vec::new();
    for n in 0..6 {
        leads.push(waiting(crm, &queue, NewLead::person(format!("Lead {n}").parse()?))?);
    }
    let nobody = BTreeSet::new();
    let drain = |page| alice(crm, |tx, act| sales::drain_queue(tx, act, queue.id, &nobody, page));
    let drained = drain(Page::first(3))?;
    assert_eq!((drained.given(), drained.decisions.len()), (3, 3));
    let Some(next) = drained.next else { panic!("three are left") };
    let drained = drain(Page::after(next, 9))?;
    assert_eq!((drained.given(), drained.next), (1, None));
    assert_eq!(drained.decisions[2].1.outcome, Outcome::Waits(Held::NobodyFree));

    let before = everything(crm)?;
    assert_eq!(drain(Page::first(9))?.given(), 0);
    assert_eq!(everything(crm)?, before, "a queue that gave nothing wrote something");
    let why = crm::Disqualification { reason: "no budget".parse()?, note: None };
    alice(crm, |tx, act| sales::disqualify_lead(tx, act, leads[0], why))?;
    assert_eq!(drain(Page::first(9))?.given(), 1);
    assert!(lead(crm, leads[4])?.owner().is_some() && lead(crm, leads[5])?.owner().is_none());
    Ok(())
}

fn conv_2_eight_who_convert_at_once_get_one_result<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let new = NewLead::person("张三".parse()?).organisation("明灯".parse()?);
    let lead = alice(crm, |tx, act| sales::add_lead(tx, act, new))?;
    let new = NewConversion::of(&lead).deal(hardware()?).skipping_qualification();
    let plan = crm.read(|tx| Ok(sales::plan_conversion(tx, lead.id, day("2026-03-02")?, new)?))?;
    let convert = || alice(crm, |tx, act| sales::apply_conversion(tx, act, &plan));
    let became = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(convert)).collect();
        all.into_iter().map(|one| one.join()).collect::<Vec<_>>()
    });
    let first = convert()?;
    for one in became {
        let Ok(Ok(one)) = one else { panic!("{one:?}") };
        assert_eq!(one, first);
    }
    crm.read(|tx| {
        assert_eq!(tx.count_customers(&Default::default())?, 2);
        assert_eq!(tx.count_opportunities(&Default::default())?, 1);
        Ok(())
    })
}

fn asg_6_sixteen_who_drain_at_once_give_each_lead_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let names = ["A", "B", "C"];
    let queue = queue(crm, AssignmentPolicy::default(), 1_000, &names)?;
    for n in 0..30 {
        waiting(crm, &queue, NewLead::person(format!("Lead {n}").parse()?))?;
    }
    let given = AtomicUsize::new(0);
    let nobody = BTreeSet::new();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let drained = alice(crm, |tx, act| sales::drain_queue(tx, act, queue.id, &nobody, Page::first(2)));
                    match drained {
                        Ok(drained) => given.fetch_add(drained.given(), Ordering::SeqCst),
                        Err(refused) => panic!("{refused}"),
                    };
                }
            });
        }
    });
    assert_eq!(given.load(Ordering::SeqCst), 30, "each lead is given, and once");
    crm.read(|tx| {
        // In turn: ten each, whoever drained.
        for one in queue.roster.members() {
            let Member::SalesRep(rep) = one.member else { continue };
            let of_rep = LeadFilter { owner: Some(rep), ..LeadFilter::default() };
            assert_eq!((tx.count_leads(&of_rep)?, tx.lead_load(rep)?), (10, 10));
        }
        assert_eq!(tx.queue(queue.id)?.map(|queue| queue.roster.cursor()), Some(0));
        Ok(())
    })
}

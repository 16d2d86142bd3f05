//! Samples of queues and leads.

use chrono::TimeDelta;
use crm_core::{
    AssignmentPolicy, AssignmentStrategy, Channel, Conversion, CustomerId, Direction, Disqualification, Lead,
    LeadPlace, LeadStatus, LeadTouch, Member, Money, NewLead, NewQueue, OpportunityId, Percent, ProductId,
    Qualification, Queue, Revision, RosterMember,
    conversion::{Became, Origin},
};

use super::{Random, currency, external_id, valid};

/// So many leads of seeds in a row stand in each state: new, working, qualified, nurturing, disqualified, converted.
pub const LEAD_STATES: u64 = 6;

/// A queue with some members.
pub fn queue(seed: u64, members: &[Member]) -> Queue {
    let mut random = Random::new(seed, "queue");
    let at = random.instant();
    let strategy = *random.one_of(&[AssignmentStrategy::RoundRobin, AssignmentStrategy::LeastLoaded]);
    let policy = AssignmentPolicy { strategy, sticky: random.percent(50), ..AssignmentPolicy::default() };
    let new = NewQueue::new(valid(format!("queue {seed}").parse())).policy(policy);
    let of = |member| RosterMember::new(member).capacity(200);
    valid(Queue::add(random.id(at), at, members.iter().copied().map(of).fold(new, NewQueue::member)))
}

/// A lead that is interested in a product, in a queue or with a rep; where it is converted, it became the customer and the deal.
pub fn lead(seed: u64, place: LeadPlace, product: ProductId, became: (CustomerId, OpportunityId)) -> Lead {
    let mut random = Random::new(seed, "lead");
    let at = random.instant();
    let mut new = NewLead::person(valid(random.one_of(super::PEOPLE).parse()));
    if random.percent(60) {
        new = new.organisation(valid(random.one_of(super::ORGANISATIONS).parse())).role(valid("buyer".parse()));
    }
    new = new.email(valid(format!("Lead{seed}@example.com").parse())).product(product);
    if random.percent(60) {
        new = new.phone(valid(format!("+447700900{:03}", random.below(1_000)).parse()));
    }
    if random.percent(70) {
        new = new.source(random.label(&["web", "fair 2026", "推荐"])).region(random.label(super::REGIONS));
    }
    if random.percent(50) {
        new = new.external_id(external_id("lead", seed)).tag(valid("vip".parse()));
    }
    if random.percent(50) {
        let value = Money::from_minor(i64::from(random.below(1_000_000)), currency(seed));
        new = new.value(value).interest(valid("二十盏台灯".parse())).note(valid("calls back in May".parse()));
    }
    new = new.score(Percent::whole(u16::try_from(random.below(101)).unwrap_or(0))).weight(1 + random.below(5));
    let mut lead = valid(Lead::add(random.id(at), at, new));
    let later = at + TimeDelta::hours(1);
    valid(lead.put(later, place));
    if random.percent(50) {
        let subject = valid("asks for an offer".parse());
        let touch = LeadTouch::new(later, Channel::Phone, Direction::Inbound, subject);
        valid(lead.touch(later, touch.content(valid("想要报价".parse()))));
    }
    let last = at + TimeDelta::days(1);
    match seed % LEAD_STATES {
        1 => drop(valid(lead.begin_work(last))),
        2 => drop(valid(lead.qualify(last))),
        3 => drop(valid(lead.nurture(last))),
        4 => {
            let note = Some(valid("the fair was cancelled".parse()));
            valid(lead.disqualify(last, Disqualification { reason: valid("other".parse()), note }));
        }
        5 => {
            let (customer, opportunity) = became;
            let conversion = Conversion {
                organisation: Some(Became { id: customer, origin: Origin::Linked, revision: Revision::FIRST }),
                person: None,
                opportunity: Some(Became { id: opportunity, origin: Origin::Created, revision: Revision::FIRST }),
                interactions: Vec::new(),
                activities: Vec::new(),
                before: LeadStatus::New,
            };
            valid(lead.convert(last, Qualification::MayBeSkipped, conversion));
        }
        _ => {}
    }
    lead
}

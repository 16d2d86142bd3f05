use std::collections::BTreeSet;

use chrono::TimeDelta;
use crm_core::{
    AssignmentPolicy, AssignmentRule, AssignmentStrategy, Disqualification, FairnessWindow, Lead, LeadId, Member,
    NewAgent, NewLead, NewQueue, Queue, QueueId, QueuePatch, Roster, RosterMember, Rule, SalesRepId, SalesRepPatch,
    WaitingOrder,
    assignment::{Because, Condition, Held, Outcome, Skip, Topic},
    store::{Agents, Leads, Page, Queues, StoreErrorKind},
};
use crm_sales::{
    SalesError, add_lead, add_queue, apply_assignment_rules, assign_lead, delete_queue, disqualify_lead, drain_queue,
    enqueue_lead, give_lead, nurture_lead, qualify_lead, route_lead, update_queue, update_sales_rep,
};

use crate::world::{World, kind};

/// Reps, and a queue of them.
fn web(
    world: &mut World,
    count: usize,
    policy: AssignmentPolicy,
    with: fn(RosterMember) -> RosterMember,
) -> (Queue, Vec<SalesRepId>) {
    let reps: Vec<SalesRepId> = (0..count).map(|n| world.rep(&format!("Rep {n}"), None).id).collect();
    let members = reps.iter().map(|rep| with(RosterMember::new(Member::SalesRep(*rep))));
    let new = members.fold(NewQueue::new("Web".parse().unwrap()).policy(policy), NewQueue::member);
    (world.does(|tx, act| add_queue(tx, act, new)), reps)
}

fn plain(member: RosterMember) -> RosterMember {
    member
}

fn waiting(world: &mut World, queue: QueueId, new: NewLead) -> Lead {
    let lead = world.does(|tx, act| add_lead(tx, act, new));
    world.does(|tx, act| enqueue_lead(tx, act, lead.id, Some(queue)))
}

fn somebody(n: usize) -> NewLead {
    NewLead::person(format!("Lead {n}").parse().unwrap()).email(format!("lead{n}@example.com").parse().unwrap())
}

fn nobody_away() -> BTreeSet<SalesRepId> {
    BTreeSet::new()
}

fn place(reps: &[SalesRepId], rep: Option<SalesRepId>) -> Option<usize> {
    reps.iter().position(|one| Some(*one) == rep)
}

#[test]
fn asg_1_5_leads_go_round_the_reps_and_the_turn_is_kept_between_acts() {
    let mut world = World::new();
    let (queue, reps) = web(&mut world, 3, AssignmentPolicy::default(), plain);
    let leads: Vec<LeadId> = (0..5).map(|n| waiting(&mut world, queue.id, somebody(n)).id).collect();
    let mut given = Vec::new();
    for lead in leads {
        let assigned = world.does(|tx, act| assign_lead(tx, act, lead, &nobody_away()));
        given.push(place(&reps, assigned.lead.owner()).unwrap());
        assert_eq!(world.facts(lead), ["lead.added", "lead.assigned", "lead.assigned"]);
    }
    assert_eq!(given, [0, 1, 2, 0, 1]);
    let last = world.reads(|tx| Ok(tx.queue(queue.id)?)).unwrap();
    assert_eq!(last.roster.cursor(), 2);
    assert_eq!(world.facts(queue.id).len(), 6);
}

#[test]
fn asg_5_room_somebody_who_comes_in_and_a_timer_each_drain_the_queue() {
    let mut world = World::new();
    let (queue, reps) = web(&mut world, 2, AssignmentPolicy::default(), |member| member.capacity(2));
    let away: BTreeSet<SalesRepId> = [reps[1]].into();
    let leads: Vec<LeadId> = (0..4).map(|n| waiting(&mut world, queue.id, somebody(n)).id).collect();
    let drain = |world: &mut World, away: &BTreeSet<SalesRepId>| -> Vec<(LeadId, Option<usize>)> {
        let drained = world.does(|tx, act| drain_queue(tx, act, queue.id, away, Page::first(9)));
        let given = drained.decisions.iter().map(|(lead, decision)| match decision.given_to() {
            Some(Member::SalesRep(rep)) => (*lead, place(&reps, Some(rep))),
            _ => (*lead, None),
        });
        given.collect()
    };
    // The one who is there takes what they have room for; the rest waits.
    let (one, two) = (Some(0), Some(1));
    assert_eq!(drain(&mut world, &away), [(leads[0], one), (leads[1], one), (leads[2], None), (leads[3], None)]);
    assert_eq!(drain(&mut world, &away), [(leads[2], None), (leads[3], None)]);

    // They have room again: a lead of theirs is closed. The oldest of what waits is given out.
    let why = Disqualification { reason: "no budget".parse().unwrap(), note: None };
    world.does(|tx, act| disqualify_lead(tx, act, leads[0], why));
    assert_eq!(drain(&mut world, &away), [(leads[2], one), (leads[3], None)]);
    // The other one comes in.
    assert_eq!(drain(&mut world, &nobody_away()), [(leads[3], two)]);

    // A timer: what the fairness window held back is given once the window has moved on.
    let mut world = World::new();
    let window = FairnessWindow { limit: 1, window_seconds: 3_600 };
    let policy = AssignmentPolicy { fairness: Some(window), ..AssignmentPolicy::default() };
    let (queue, reps) = web(&mut world, 1, policy, plain);
    let leads: Vec<LeadId> = (5..7).map(|n| waiting(&mut world, queue.id, somebody(n)).id).collect();
    let drained = |world: &mut World| {
        world.does(|tx, act| drain_queue(tx, act, queue.id, &nobody_away(), Page::first(9))).given()
    };
    assert_eq!((drained(&mut world), drained(&mut world)), (1, 0));
    world.acts.wait(TimeDelta::hours(1));
    assert_eq!((drained(&mut world), drained(&mut world)), (1, 0));
    let owners = leads.iter().map(|lead| world.reads(|tx| Ok(tx.lead(*lead)?)).unwrap().owner());
    assert!(owners.into_iter().all(|owner| owner == Some(reps[0])));
}

#[test]
fn asg_6_what_was_given_is_not_given_again() {
    let mut world = World::new();
    let (queue, _) = web(&mut world, 2, AssignmentPolicy::default(), plain);
    let lead = waiting(&mut world, queue.id, somebody(1));
    world.does(|tx, act| assign_lead(tx, act, lead.id, &nobody_away()));
    let error = world.is_refused(|tx, act| assign_lead(tx, act, lead.id, &nobody_away()));
    assert!(matches!(error, SalesError::NotWaiting { lead: id } if id == lead.id));
    world.changes_nothing(|tx, act| drain_queue(tx, act, queue.id, &nobody_away(), Page::first(9)));
    // Taken from them, it waits again.
    world.does(|tx, act| give_lead(tx, act, lead.id, None));
    assert!(world.does(|tx, act| assign_lead(tx, act, lead.id, &nobody_away())).decision.given_to().is_some());
    let other = world.does(|tx, act| add_lead(tx, act, somebody(2)));
    let error = world.is_refused(|tx, act| assign_lead(tx, act, other.id, &nobody_away()));
    assert!(matches!(error, SalesError::NotWaiting { .. }));
}

#[test]
fn asg_2_3_the_open_leads_of_a_rep_are_their_load_and_what_is_closed_frees_them() {
    let mut world = World::new();
    let policy = AssignmentPolicy { strategy: AssignmentStrategy::LeastLoaded, ..AssignmentPolicy::default() };
    let (queue, reps) = web(&mut world, 2, policy, |member| member.capacity(3));
    // The first rep has one from elsewhere.
    let own = world.does(|tx, act| add_lead(tx, act, somebody(0).weight(2).owner(reps[0])));
    let leads: Vec<Lead> = (1..5).map(|n| waiting(&mut world, queue.id, somebody(n))).collect();
    let drained = world.does(|tx, act| drain_queue(tx, act, queue.id, &nobody_away(), Page::first(9)));
    let given: Vec<_> = drained.decisions.iter().map(|(_, decision)| decision.given_to()).collect();
    let [one, two] = [Some(Member::SalesRep(reps[0])), Some(Member::SalesRep(reps[1]))];
    assert_eq!(given, [two, two, one, two]);
    assert_eq!((drained.given(), drained.next), (4, None));
    assert_eq!(world.reads(|tx| Ok((tx.lead_load(reps[0])?, tx.lead_load(reps[1])?))), (3, 3));

    // All are full: the next one waits and says so, until somebody has room (ASG-5).
    let late = waiting(&mut world, queue.id, somebody(9));
    let stays = world.does(|tx, act| assign_lead(tx, act, late.id, &nobody_away()));
    assert_eq!(stays.decision.outcome, Outcome::Waits(Held::NobodyFree));
    assert_eq!(stays.decision.why_not(Member::SalesRep(reps[0])), Some(Skip::Full { load: 3, capacity: 3 }));
    world.changes_nothing(|tx, act| assign_lead(tx, act, late.id, &nobody_away()));
    let why = Disqualification { reason: "no budget".parse().unwrap(), note: None };
    world.does(|tx, act| disqualify_lead(tx, act, own.id, why));
    let drained = world.does(|tx, act| drain_queue(tx, act, queue.id, &nobody_away(), Page::first(9)));
    assert_eq!(drained.decisions[0].1.given_to(), one);
    assert!(leads.iter().all(|lead| lead.id != late.id));
}

#[test]
fn who_is_away_inactive_or_the_lead_themself_is_skipped_with_the_reason() {
    let mut world = World::new();
    let (queue, reps) = web(&mut world, 4, AssignmentPolicy::default(), plain);
    world.sells_at_present(reps[1], false);
    let patch = SalesRepPatch { email: Some(Some("lead1@example.com".parse().unwrap())), ..SalesRepPatch::default() };
    world.does(|tx, act| update_sales_rep(tx, act, reps[2], patch));
    let lead = waiting(&mut world, queue.id, somebody(1));
    let assigned = world.does(|tx, act| assign_lead(tx, act, lead.id, &[reps[0]].into()));
    assert_eq!(assigned.lead.owner(), Some(reps[3]));
    let why = |rep: usize| assigned.decision.why_not(Member::SalesRep(reps[rep]));
    assert_eq!([why(0), why(1), why(2)], [Some(Skip::Unavailable), Some(Skip::Unavailable), Some(Skip::Excepted)]);
    // The journal of the queue keeps the reasons (ASG-9).
    let entry = world.history(queue.id).pop().unwrap();
    let Some(crm_core::Fact::Queue(_, crm_core::QueueFact::Assigned { record, decision })) = entry.fact else {
        panic!()
    };
    assert_eq!((record, decision), (lead.id.into(), assigned.decision));
}

#[test]
fn asg_7_a_queue_is_drained_by_pages_in_its_order() {
    let mut world = World::new();
    let policy = AssignmentPolicy { order: WaitingOrder::LikeliestFirst, ..AssignmentPolicy::default() };
    let (queue, _) = web(&mut world, 2, policy, plain);
    for (n, score) in [20, 80, 50].into_iter().enumerate() {
        let new = somebody(n).score(crm_core::Percent::whole(score));
        waiting(&mut world, queue.id, new);
    }
    let mut scores = Vec::new();
    let mut page = Page::first(2);
    loop {
        let drained = world.does(|tx, act| drain_queue(tx, act, queue.id, &nobody_away(), page));
        for (lead, decision) in &drained.decisions {
            assert!(decision.given_to().is_some());
            let lead = world.reads(|tx| Ok(tx.lead(*lead)?)).unwrap();
            scores.push(lead.score().to_string());
        }
        let Some(next) = drained.next else { break };
        page = Page::after(next, 2);
    }
    assert_eq!(scores, ["80 %", "50 %", "20 %"]);
}

#[test]
fn asg_7_teams_get_leads_by_their_capacity_and_a_paused_team_gets_none() {
    let mut world = World::new();
    let (small, _) = web(&mut world, 1, AssignmentPolicy::default(), |member| member.monthly(30));
    let rep = world.rep("Big", None).id;
    let big = NewQueue::new("Big".parse().unwrap());
    let big = big.member(RosterMember::new(Member::SalesRep(rep)).monthly(90));
    let big = world.does(|tx, act| add_queue(tx, act, big));
    let out = AssignmentPolicy { paused: true, ..AssignmentPolicy::default() };
    let paused = NewQueue::new("Out".parse().unwrap()).policy(out);
    let paused = paused.member(RosterMember::new(Member::SalesRep(rep)).monthly(9_000));
    let paused = world.does(|tx, act| add_queue(tx, act, paused));
    let teams = [small.id, big.id, paused.id];
    let mut went = Vec::new();
    for n in 0..8 {
        let lead = world.does(|tx, act| add_lead(tx, act, somebody(n)));
        let lead = world.does(|tx, act| route_lead(tx, act, lead.id, &teams)).unwrap();
        went.push(lead.queue().unwrap());
    }
    let count = |queue: QueueId| went.iter().filter(|one| **one == queue).count();
    assert_eq!((count(small.id), count(big.id), count(paused.id)), (2, 6, 0));
    let lead = world.does(|tx, act| add_lead(tx, act, somebody(9)));
    world.changes_nothing(|tx, act| {
        assert!(route_lead(tx, act, lead.id, &[paused.id])?.is_none());
        Ok(())
    });
}

#[test]
fn asg_7_a_lead_that_was_routed_or_is_being_worked_stays_where_it_is() {
    let mut world = World::new();
    let rep = world.rep("Lin Wei", None).id;
    let teams = ["East", "West"].map(|name| {
        let team = NewQueue::new(name.parse().unwrap());
        let team = team.member(RosterMember::new(Member::SalesRep(rep)).monthly(90));
        world.does(|tx, act| add_queue(tx, act, team)).id
    });
    let routed = |world: &mut World, n| {
        let lead = world.does(|tx, act| add_lead(tx, act, somebody(n)));
        world.does(|tx, act| route_lead(tx, act, lead.id, &teams)).unwrap()
    };
    let (one, other) = (routed(&mut world, 1), routed(&mut world, 2));
    assert_eq!((one.queue(), other.queue()), (Some(teams[0]), Some(teams[1])));
    let stays = |world: &mut World, lead: &Lead| {
        world.changes_nothing(|tx, act| {
            assert_eq!(route_lead(tx, act, lead.id, &teams)?.as_ref(), Some(lead));
            Ok(())
        });
    };
    stays(&mut world, &one);
    stays(&mut world, &other);
    // Who was given it from the queue keeps it, and who has it by hand.
    let given = world.does(|tx, act| assign_lead(tx, act, one.id, &nobody_away())).lead;
    assert_eq!(given.owner(), Some(rep));
    stays(&mut world, &given);
    let own = world.does(|tx, act| add_lead(tx, act, somebody(3).owner(rep)));
    stays(&mut world, &own);
    // From a queue that is none of the teams it goes to one of them.
    let fairs = world.does(|tx, act| add_queue(tx, act, NewQueue::new("Fairs".parse()?))).id;
    let waits = waiting(&mut world, fairs, somebody(4));
    let routed = world.does(|tx, act| route_lead(tx, act, waits.id, &teams)).unwrap();
    assert_eq!(routed.queue(), Some(teams[0]));
}

#[test]
fn asg_8_rules_send_take_away_and_let_go() {
    let mut world = World::new();
    let (web, reps) = web(&mut world, 1, AssignmentPolicy::default(), plain);
    let vip = world.does(|tx, act| add_queue(tx, act, NewQueue::new("VIP".parse()?)));
    let topic = |of: &str, is: &str| Topic::new(of.parse().unwrap(), is.parse().unwrap());
    let rule = |name: &str, priority, queue, assign| AssignmentRule {
        name: name.parse().unwrap(),
        priority,
        queue,
        assign,
        unassign: Some(Condition::default().with(topic("tag", "vip"))),
        close: Some(Condition::default().with(topic("status", "qualified"))),
    };
    let rules = [
        rule("web", 1, web.id, Condition::default().with(topic("source", "web"))),
        AssignmentRule { unassign: None, ..rule("vip", 9, vip.id, Condition::default().with(topic("tag", "vip"))) },
    ];
    let lead = world.does(|tx, act| add_lead(tx, act, somebody(1).source("web".parse()?)));
    let sent = world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    assert_eq!(sent.waits_in(), Some(web.id));
    world.changes_nothing(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    world.does(|tx, act| assign_lead(tx, act, lead.id, &nobody_away()));
    // Nothing takes it away yet; then a tag does, and the other rule sends it on.
    world.changes_nothing(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    let tagged = crm_core::LeadPatch { tags: Some(["vip".parse().unwrap()].into()), ..Default::default() };
    world.does(|tx, act| crm_sales::revise_lead(tx, act, lead.id, tagged));
    let moved = world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    assert_eq!((moved.queue(), moved.owner()), (Some(vip.id), None));
    // Once it is qualified the rule lets it go, and whoever has it keeps it.
    world.does(|tx, act| give_lead(tx, act, lead.id, Some(reps[0])));
    world.does(|tx, act| qualify_lead(tx, act, lead.id));
    let closed = world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    assert_eq!((closed.queue(), closed.owner()), (None, Some(reps[0])));
    world.changes_nothing(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
}

#[test]
fn asg_8_what_nobody_has_comes_to_rest_under_rules_that_hold_at_once() {
    let mut world = World::new();
    let [web, rest] = ["Web", "Rest"].map(|name| {
        let queue = NewQueue::new(name.parse().unwrap());
        world.does(|tx, act| add_queue(tx, act, queue)).id
    });
    let topic = |of: &str, is: &str| Topic::new(of.parse().unwrap(), is.parse().unwrap());
    let from_web = Condition::default().with(topic("source", "web"));
    let qualified = Condition::default().with(topic("status", "qualified"));
    let rule = |name: &str, priority, queue, assign, close| AssignmentRule {
        name: name.parse().unwrap(),
        priority,
        queue,
        assign,
        unassign: None,
        close,
    };
    let rules = [rule("web", 9, web, from_web, Some(qualified)), rule("rest", 1, rest, Condition::default(), None)];
    let lead = world.does(|tx, act| add_lead(tx, act, somebody(1).source("web".parse()?)));
    world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    world.does(|tx, act| qualify_lead(tx, act, lead.id));
    // It still comes from the web, and is closed there: one step takes it where it stays.
    let moved = world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    assert_eq!(moved.waits_in(), Some(rest));
    world.changes_nothing(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules));
    // Where no other rule takes it, it stands in no queue.
    let lead = world.does(|tx, act| enqueue_lead(tx, act, lead.id, Some(web)));
    let moved = world.does(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules[..1]));
    assert_eq!((moved.queue(), moved.owner()), (None, None));
    world.changes_nothing(|tx, act| apply_assignment_rules(tx, act, lead.id, &rules[..1]));
}

#[test]
fn asg_10_the_same_person_comes_back_to_the_rep_who_had_them() {
    let mut world = World::new();
    let policy = AssignmentPolicy { sticky: true, ..AssignmentPolicy::default() };
    let (queue, reps) = web(&mut world, 3, policy, plain);
    let first = world.does(|tx, act| add_lead(tx, act, somebody(1).owner(reps[2])));
    world.does(|tx, act| nurture_lead(tx, act, first.id));
    let again = NewLead::of_email("LEAD1@example.com".parse().unwrap());
    let again = waiting(&mut world, queue.id, again);
    let assigned = world.does(|tx, act| assign_lead(tx, act, again.id, &nobody_away()));
    let Outcome::Given { because, .. } = assigned.decision.outcome else { panic!() };
    assert_eq!((assigned.lead.owner(), because), (Some(reps[2]), Because::Sticky));
    // A customer's rep, too; where they are away, it goes as it would.
    let known = crm_core::NewCustomer::person("张三".parse().unwrap());
    let known = known.phone("+12015550123".parse().unwrap()).owner(reps[1]);
    world.does(|tx, act| crm_sales::register_customer(tx, act, known));
    let caller = |n| somebody(n).phone("+12015550123".parse().unwrap());
    let lead = waiting(&mut world, queue.id, caller(5));
    let assigned = world.does(|tx, act| assign_lead(tx, act, lead.id, &[reps[1]].into()));
    assert_eq!(assigned.lead.owner(), Some(reps[0]));
    world.does(|tx, act| give_lead(tx, act, lead.id, None));
    let assigned = world.does(|tx, act| assign_lead(tx, act, lead.id, &nobody_away()));
    assert_eq!(assigned.lead.owner(), Some(reps[1]));
}

#[test]
fn asg_10_of_many_leads_of_one_person_the_last_that_was_given_counts() {
    let mut world = World::new();
    let policy = AssignmentPolicy { sticky: true, ..AssignmentPolicy::default() };
    let (queue, reps) = web(&mut world, 3, policy, plain);
    // More than tell anything of a duplicate, and the rep of the last one is another.
    for n in 0..30 {
        let rep = if n == 29 { reps[2] } else { reps[1] };
        world.does(|tx, act| add_lead(tx, act, somebody(1).owner(rep)));
    }
    let again = waiting(&mut world, queue.id, somebody(1));
    let assigned = world.does(|tx, act| assign_lead(tx, act, again.id, &nobody_away()));
    assert_eq!(assigned.lead.owner(), Some(reps[2]));
    // A customer's rep is found behind any number of customers without one.
    for n in 0..30 {
        let mut known = crm_core::NewCustomer::person("张三".parse().unwrap());
        known.owner = (n == 29).then_some(reps[1]);
        let known = known.phone("+12015550123".parse().unwrap());
        world.does(|tx, act| crm_sales::register_customer(tx, act, known));
    }
    let called = waiting(&mut world, queue.id, somebody(2).phone("+12015550123".parse().unwrap()));
    let assigned = world.does(|tx, act| assign_lead(tx, act, called.id, &nobody_away()));
    assert_eq!(assigned.lead.owner(), Some(reps[1]));
}

#[test]
fn a_queue_is_changed_used_and_deleted_only_when_it_is_empty() {
    let mut world = World::new();
    let (queue, reps) = web(&mut world, 2, AssignmentPolicy::default(), plain);
    let error = world.is_refused(|tx, act| add_queue(tx, act, NewQueue::new("Web".parse()?)));
    assert_eq!(kind(&error), &StoreErrorKind::Duplicate { record: "queue", field: "name" });
    let missing = RosterMember::new(Member::SalesRep(crm_core::RecordId::from_uuid(Default::default())));
    let patch = |members| QueuePatch { members: Some(members), ..QueuePatch::default() };
    let error = world.is_refused(|tx, act| update_queue(tx, act, queue.id, patch(vec![missing])));
    assert_eq!(kind(&error), &StoreErrorKind::MissingReference { record: "queue", field: "members" });
    let twice = vec![RosterMember::new(Member::SalesRep(reps[0])); 2];
    let error = world.is_refused(|tx, act| update_queue(tx, act, queue.id, patch(twice)));
    assert_eq!(error.invalid().map(|invalid| invalid.rule()), Some(&Rule::Repeated));
    let stale = QueuePatch { expected: Some(queue.revision.next()), ..QueuePatch::default() };
    assert!(matches!(world.is_refused(|tx, act| update_queue(tx, act, queue.id, stale)), SalesError::Conflict { .. }));
    let only = patch(vec![RosterMember::new(Member::SalesRep(reps[1])).weight(3)]);
    let after = world.does(|tx, act| update_queue(tx, act, queue.id, only));
    assert_eq!(after.roster.members().len(), 1);

    let lead = waiting(&mut world, queue.id, somebody(1));
    let error = world.is_refused(|tx, act| delete_queue(tx, act, queue.id));
    assert_eq!(kind(&error), &StoreErrorKind::StillReferenced { by: "leads", count: 1 });
    world.does(|tx, act| enqueue_lead(tx, act, lead.id, None));
    world.does(|tx, act| delete_queue(tx, act, queue.id));
    assert_eq!(world.facts(queue.id), ["queue.added", "queue.updated", "queue.deleted"]);
}

#[test]
fn leads_do_not_wait_for_agents() {
    let mut world = World::new();
    let mei = crm_core::Agent::add(
        crm_core::RecordId::from_uuid(Default::default()),
        world.acts.now(),
        NewAgent::new("Mei".parse().unwrap()),
    );
    world.does(|tx, _| Ok(tx.insert_agent(&mei)?));
    let desk = NewQueue::new("Desk".parse().unwrap()).member(RosterMember::new(Member::Agent(mei.id)));
    let desk = world.does(|tx, act| add_queue(tx, act, desk));
    let lead = world.does(|tx, act| add_lead(tx, act, somebody(1)));
    for error in [
        world.is_refused(|tx, act| enqueue_lead(tx, act, lead.id, Some(desk.id))),
        world.is_refused(|tx, act| route_lead(tx, act, lead.id, &[desk.id])),
    ] {
        assert!(matches!(error.invalid().map(|invalid| invalid.rule()), Some(Rule::NotForThisKind { .. })));
    }
    let mixed = vec![
        RosterMember::new(Member::Agent(mei.id)),
        RosterMember::new(Member::SalesRep(crm_core::RecordId::from_uuid(Default::default()))),
    ];
    assert!(Roster::new(AssignmentPolicy::default(), mixed).is_err());
}

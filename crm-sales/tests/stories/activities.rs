use chrono::TimeDelta;
use crm_core::{
    Activity, ActivityAction, ActivityError, ActivityKind, ActivityPatch, ActivityPlan, ActivityState, ActivityStatus,
    Channel, Completion, Direction, NewActivity, NewInteraction, NewOpportunity, Opportunity, OpportunityId,
    OpportunityPatch, Percent, Pipeline, RecordId, SalesRepId, SearchQuery, TimelineItem,
    store::{Activities, ActivityFilter, Page, Search, StoreErrorKind, Timeline},
};
use crm_sales::{
    SalesError, Schedule, archive_customer, cancel_activity, complete_activity, deal_health, delete_activity,
    delete_opportunity, log_interaction, open_opportunity, plan_activity, reopen_activity, revise_activity,
    revise_opportunity, schedule_activities,
};

use crate::world::{World, day, kind};

fn call(due: &str) -> NewActivity {
    NewActivity::new(ActivityKind::Call, "ask about the lamps".parse().unwrap(), day(due))
}

fn reached() -> Completion {
    Completion {
        day: day("2026-03-02"),
        outcome: "reached".parse().unwrap(),
        note: Some("wants forty".parse().unwrap()),
    }
}

fn deal(world: &mut World) -> Opportunity {
    let pipeline = Pipeline::new("Hardware".parse().unwrap())
        .open("prospecting".parse().unwrap(), Percent::whole(10))
        .stale_after(7)
        .won("won".parse().unwrap())
        .build()
        .unwrap();
    let zhang = world.person("张三").id;
    let new = NewOpportunity::new("forty lamps".parse().unwrap()).customer(zhang);
    world.does(|tx, act| open_opportunity(tx, act, &pipeline, new))
}

#[test]
fn an_activity_is_planned_moved_done_and_planned_again() {
    let mut world = World::new();
    let (deal, lin) = (deal(&mut world), world.rep("Lin Wei", None).id);
    let planned = world.does(|tx, act| plan_activity(tx, act, call("2026-03-09").opportunity(deal.id).owner(lin)));
    assert_eq!(planned.customer(), deal.customer(), "an activity for a deal is for its customer");
    let later = ActivityPatch { due: Some(day("2026-03-10")), ..ActivityPatch::default() };
    world.does(|tx, act| revise_activity(tx, act, planned.id, later.clone()));
    world.changes_nothing(|tx, act| revise_activity(tx, act, planned.id, later));
    let done = world.does(|tx, act| complete_activity(tx, act, planned.id, reached()));
    let ActivityState::Done { outcome, .. } = done.state() else { panic!("{:?}", done.state()) };
    assert_eq!(outcome.as_str(), "reached");
    world.does(|tx, act| reopen_activity(tx, act, planned.id));
    let moved = Some("they moved away".parse().unwrap());
    world.does(|tx, act| cancel_activity(tx, act, planned.id, moved));
    let told = ["planned", "revised", "completed", "reopened", "cancelled"];
    assert_eq!(world.facts(planned.id), told.map(|fact| format!("activity.{fact}")));
    // It stands in the timeline of the customer and is found by what was said.
    let timeline = world.reads(|tx| Ok(tx.timeline(deal.customer().unwrap(), Page::first(9))?));
    assert!(timeline.contains(&TimelineItem { at: planned.created_at, record: planned.id.into() }));
    let hits = world.reads(|tx| Ok(tx.search(&SearchQuery::parse("moved lamps")?, Page::first(9))?));
    assert_eq!(hits.iter().map(|hit| hit.record).collect::<Vec<_>>(), [planned.id.into()]);
    world.does(|tx, act| delete_activity(tx, act, planned.id));
    assert_eq!(world.reads(|tx| Ok(tx.activity(planned.id)?)), None);
}

#[test]
fn what_is_over_is_not_done_again_and_what_was_done_is_kept() {
    let mut world = World::new();
    let call = world.does(|tx, act| plan_activity(tx, act, call("2026-03-09")));
    let refused = world.is_refused(|tx, act| reopen_activity(tx, act, call.id));
    assert!(matches!(refused, SalesError::Activity(ActivityError::NotAllowed { status: ActivityStatus::Planned, .. })));
    world.does(|tx, act| complete_activity(tx, act, call.id, reached()));
    let patch = ActivityPatch { due: Some(day("2026-04-01")), ..ActivityPatch::default() };
    for (refused, asked) in [
        (world.is_refused(|tx, act| complete_activity(tx, act, call.id, reached())), ActivityAction::Complete),
        (world.is_refused(|tx, act| cancel_activity(tx, act, call.id, None)), ActivityAction::Cancel),
        (world.is_refused(|tx, act| revise_activity(tx, act, call.id, patch)), ActivityAction::Revise),
        (world.is_refused(|tx, act| delete_activity(tx, act, call.id)), ActivityAction::Delete),
    ] {
        let SalesError::Activity(ActivityError::NotAllowed { activity, status, action }) = refused else {
            panic!("{refused}")
        };
        assert_eq!((activity, status, action), (call.id, ActivityStatus::Done, asked));
    }
}

#[test]
fn an_activity_is_for_whom_is_there_and_of_who_sells() {
    let mut world = World::new();
    let (zhang, lin) = (world.person("张三").id, world.rep("Lin Wei", None).id);
    let planned = world.does(|tx, act| plan_activity(tx, act, call("2026-03-09")));
    world.does(|tx, act| archive_customer(tx, act, zhang));
    world.sells_at_present(lin, false);
    let to = |patch: ActivityPatch| move |tx: &mut _, act: &mut _| revise_activity(tx, act, planned.id, patch);
    let nobody = SalesRepId::from_uuid(Default::default());
    let nothing = OpportunityId::from_uuid(Default::default());
    let patch = ActivityPatch::default;
    for refused in [
        world.is_refused(|tx, act| plan_activity(tx, act, call("2026-03-09").customer(zhang))),
        world.is_refused(to(ActivityPatch { customer: Some(Some(zhang)), ..patch() })),
    ] {
        assert!(matches!(refused, SalesError::Archived { customer } if customer == zhang));
    }
    for refused in [
        world.is_refused(|tx, act| plan_activity(tx, act, call("2026-03-09").owner(lin))),
        world.is_refused(to(ActivityPatch { owner: Some(Some(lin)), ..patch() })),
    ] {
        assert!(matches!(refused, SalesError::Inactive { record } if record == lin.into()));
    }
    for (refused, missing) in [
        (world.is_refused(|tx, act| plan_activity(tx, act, call("2026-03-09").owner(nobody))), nobody.into()),
        (world.is_refused(|tx, act| plan_activity(tx, act, call("2026-03-09").opportunity(nothing))), nothing.into()),
        (world.is_refused(to(ActivityPatch { opportunity: Some(Some(nothing)), ..patch() })), nothing.into()),
    ] {
        assert!(matches!(refused, SalesError::NotFound { record } if record == missing));
    }
    let stale = ActivityPatch { expected: Some(planned.revision.next()), ..patch() };
    assert!(matches!(world.is_refused(to(stale)), SalesError::Conflict { .. }));
}

#[test]
fn what_is_for_a_deal_stands_in_the_timeline_of_the_customer_whom_it_gains() {
    let mut world = World::new();
    let (acme, beta) = (world.organisation("Acme").id, world.organisation("Beta").id);
    let pipeline = Pipeline::new("Hardware".parse().unwrap()).open("prospecting".parse().unwrap(), Percent::whole(10));
    let pipeline = pipeline.won("won".parse().unwrap()).build().unwrap();
    let open = world.does(|tx, act| open_opportunity(tx, act, &pipeline, NewOpportunity::new("forty lamps".parse()?)));
    let planned = world.does(|tx, act| plan_activity(tx, act, call("2026-03-09").opportunity(open.id)));
    let done = world.does(|tx, act| plan_activity(tx, act, call("2026-03-03").opportunity(open.id)));
    world.does(|tx, act| complete_activity(tx, act, done.id, reached()));
    let betas = call("2026-03-04").opportunity(open.id).customer(beta);
    let betas = world.does(|tx, act| plan_activity(tx, act, betas));
    let of = |customer| OpportunityPatch { customer: Some(Some(customer)), ..OpportunityPatch::default() };
    world.does(|tx, act| revise_opportunity(tx, act, open.id, of(acme)));
    let listed = |world: &World, customer| {
        let items = world.reads(|tx| Ok(tx.timeline(customer, Page::first(9))?));
        items.into_iter().map(|item| item.record).collect::<std::collections::BTreeSet<_>>()
    };
    let acmes = [open.id.into(), planned.id.into(), done.id.into()].into();
    assert_eq!((listed(&world, acme), listed(&world, beta)), (acmes, [betas.id.into()].into()));
    assert_eq!(world.facts(done.id), ["activity.planned", "activity.completed", "activity.revised"]);
    // What it was for stays where the deal goes on to somebody else.
    world.does(|tx, act| revise_opportunity(tx, act, open.id, of(beta)));
    assert!(listed(&world, acme).contains(&planned.id.into()));

    // An activity that goes to another deal goes to its customer, unless it was for somebody else or is said to be.
    let to = |patch: ActivityPatch| ActivityPatch { opportunity: Some(Some(open.id)), ..patch };
    let moved = |world: &mut World, new: NewActivity, patch| {
        let activity = world.does(|tx, act| plan_activity(tx, act, new));
        world.does(|tx, act| revise_activity(tx, act, activity.id, to(patch))).customer()
    };
    let nothing = ActivityPatch::default;
    assert_eq!(moved(&mut world, call("2026-03-09"), nothing()), Some(beta));
    assert_eq!(moved(&mut world, call("2026-03-09").customer(acme), nothing()), Some(acme));
    let nobody = ActivityPatch { customer: Some(None), ..nothing() };
    assert_eq!(moved(&mut world, call("2026-03-09"), nobody), None);
    let other = NewOpportunity::new("chairs".parse().unwrap()).customer(acme);
    let other = world.does(|tx, act| open_opportunity(tx, act, &pipeline, other));
    assert_eq!(moved(&mut world, call("2026-03-09").opportunity(other.id), nothing()), Some(beta));
    // A deal of nobody takes it from the customer whose it was, who does not come with it.
    let nobodys = NewOpportunity::new("tables".parse().unwrap());
    let nobodys = world.does(|tx, act| open_opportunity(tx, act, &pipeline, nobodys));
    let chairs = world.does(|tx, act| plan_activity(tx, act, call("2026-03-09").opportunity(other.id)));
    let patch = ActivityPatch { opportunity: Some(Some(nobodys.id)), ..nothing() };
    assert_eq!(world.does(|tx, act| revise_activity(tx, act, chairs.id, patch)).customer(), None);
}

#[test]
fn a_plan_of_several_steps_is_scheduled_at_once() {
    let mut world = World::new();
    let (deal, lin, zhang) = (deal(&mut world), world.rep("Lin Wei", None).id, world.person("张三"));
    let plan = ActivityPlan::new("first contact".parse().unwrap())
        .step(ActivityKind::Call, "introduce ourselves".parse().unwrap(), 0)
        .step(ActivityKind::Visit, "show the lamps".parse().unwrap(), 7)
        .step(ActivityKind::Task, "send the offer".parse().unwrap(), 9)
        .build()
        .unwrap();
    let schedule = Schedule {
        first_day: day("2026-03-02"),
        lead: None,
        customer: None,
        opportunity: Some(deal.id),
        person: Some(zhang.id),
        owner: Some(lin),
    };
    let steps = world.does(|tx, act| schedule_activities(tx, act, &plan, schedule));
    let told: Vec<_> = steps.iter().map(|one| (one.kind(), one.due(), one.step().unwrap().number)).collect();
    assert_eq!(
        told,
        [
            (ActivityKind::Call, day("2026-03-02"), 1),
            (ActivityKind::Visit, day("2026-03-09"), 2),
            (ActivityKind::Task, day("2026-03-11"), 3),
        ]
    );
    assert!(steps.iter().all(|one| one.owner() == Some(lin) && one.customer() == deal.customer()));
    assert!(steps.iter().all(|one| one.person() == Some(zhang.id)));
    // All of it or nothing.
    let nobody = Schedule { owner: Some(SalesRepId::from_uuid(Default::default())), ..schedule };
    world.is_refused(|tx, act| schedule_activities(tx, act, &plan, nobody));
    let refused = world.is_refused(|tx, act| delete_opportunity(tx, act, deal.id));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "activities", count: 3 });
}

#[test]
fn opp_11_the_health_of_a_deal_knows_what_is_next_and_what_was_last() {
    let mut world = World::new();
    let deal = deal(&mut world);
    let health = |world: &World, days: i64| {
        let at = deal.created_at + TimeDelta::days(days);
        world.reads(|tx| deal_health(tx, &deal, at, at.date_naive()))
    };
    let bare = health(&world, 8);
    assert_eq!((bare.next, bare.overdue, bare.last_activity, bare.idle_days, bare.stale), (None, false, None, 8, true));
    assert!(!health(&world, 7).stale);
    let first = world.does(|tx, act| plan_activity(tx, act, call("2026-03-05").opportunity(deal.id)));
    let second = world.does(|tx, act| plan_activity(tx, act, call("2026-03-04").opportunity(deal.id)));
    let next = |world: &World, days| health(world, days).next.map(|next| next.id);
    assert_eq!((next(&world, 1), health(&world, 2).overdue, health(&world, 3).overdue), (Some(second.id), false, true));
    let done: Activity = world.does(|tx, act| complete_activity(tx, act, second.id, reached()));
    let after = health(&world, 8);
    assert_eq!((after.next.map(|next| next.id), after.last_activity), (Some(first.id), done.state().done_at()));
    assert!(!after.stale, "something was done meanwhile");
    assert!(health(&world, 9).stale);
    // What was said about the deal is something, too.
    let customer = world.organisation("Acme").id;
    let mut new = NewInteraction::new(customer, Channel::Phone, Direction::Inbound, "asks".parse().unwrap());
    (new.opportunity, new.occurred_at) = (Some(deal.id), Some(deal.created_at + TimeDelta::days(8)));
    let said = world.does(|tx, act| log_interaction(tx, act, new));
    let after = health(&world, 9);
    assert_eq!((after.last_activity, after.idle_days, after.stale), (Some(said.occurred_at), 1, false));
}

#[test]
fn what_is_to_be_done_and_reminded_of_comes_in_its_order() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    let start = world.acts.now();
    for (due, owner, hours) in [("2026-03-09", lin, 2), ("2026-03-03", lin, 9), ("2026-03-04", wang, 1)] {
        let new = call(due).owner(owner).remind_at(start + TimeDelta::hours(hours));
        world.does(|tx, act| plan_activity(tx, act, new));
    }
    let of = |owner| ActivityFilter { owner: Some(owner), ..ActivityFilter::default() };
    let due = |filter: ActivityFilter| {
        let found = world.reads(|tx| Ok(tx.activities_by_due(&filter, Page::first(9))?));
        found.iter().map(|one| one.due().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(due(ActivityFilter::default()), ["2026-03-03", "2026-03-04", "2026-03-09"]);
    assert_eq!(due(of(lin)), ["2026-03-03", "2026-03-09"]);
    let reminders = world.reads(|tx| Ok(tx.activities_by_reminder(&of(lin), Page::first(9))?));
    let hours: Vec<_> = reminders.iter().map(|one| (one.remind_at().unwrap() - start).num_hours()).collect();
    assert_eq!(hours, [2, 9]);
}

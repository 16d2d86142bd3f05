//! C85 to C87: what is to be done, and when something was done last.

use crm_core::{
    Activity, ActivityKind, Channel, Completion, Direction, Interaction, NewActivity, NewInteraction, OpportunityId,
    store::{Activities as _, ActivityFilter, Interactions as _, Opportunities as _, Page, Store},
};

use super::{
    family::{Any, Family},
    lists::sorted,
    maker::{Maker, at, day, id, text, valid},
    world::{founded, insert_all, read, write},
};

/// A call of deal 1, due so many days after the first.
fn call(n: u32, due: u32) -> Activity {
    let new = NewActivity::new(ActivityKind::Call, text("ask about the lamps"), day(due)).opportunity(id(1));
    valid(Activity::plan(id(n), at(n), new))
}

fn done(n: u32, minutes: u32) -> Activity {
    let mut call = call(n, 1);
    let completion = Completion { day: day(1), outcome: text("reached"), note: None };
    valid(call.complete(at(minutes), completion));
    call
}

fn some() -> Vec<Any> {
    let mut maker = Maker::sound(8_500);
    (0..240).map(|n| maker.record(Family::Activity, 100 + n)).collect()
}

fn activities(records: &[Any]) -> impl Iterator<Item = &Activity> {
    records.iter().filter_map(|record| if let Any::Activity(one) = record { Some(&**one) } else { None })
}

/// C85: what is planned comes by due day and id; what is done or cancelled is not to be done.
pub fn c85_what_is_planned_comes_by_its_due_day<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C85");
    let records = some();
    write(&store, "C85", |tx| insert_all(tx, &records));
    read(&store, "C85", |tx| {
        let expected = sorted(activities(&records).filter_map(|one| Some((one.planned_for()?, one.id))));
        let found = tx.activities_by_due(&ActivityFilter::default(), Page::first(1_000))?;
        let found: Vec<_> = found.iter().map(|one| (one.due(), one.id)).collect();
        assert_eq!(found, expected, "C85: all that is planned, by due day");
        Ok(())
    });
    // It comes and goes with its state, and moves with its day.
    let of_deal = ActivityFilter { opportunity: Some(id(1)), due: None, ..ActivityFilter::default() };
    let due = |clause: &str| {
        read(&store, clause, |tx| {
            Ok(tx.activities_by_due(&of_deal, Page::first(1_000))?.iter().any(|one| one.id == id(99)))
        })
    };
    let mut call = call(99, 5);
    write(&store, "C85", |tx| tx.insert_activity(&call));
    assert!(due("C85"), "C85: a planned call is due");
    valid(call.cancel(at(1), None));
    call.revision = write(&store, "C85", |tx| tx.update_activity(&call));
    assert!(!due("C85"), "C85: a cancelled call is not due");
    valid(call.reopen(at(2)));
    write(&store, "C85", |tx| tx.update_activity(&call));
    assert!(due("C85"), "C85: a call that is planned again is due");
}

/// C86: what is planned and has a reminder comes by its instant and the id.
pub fn c86_reminders_come_by_their_instant<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C86");
    let records = some();
    write(&store, "C86", |tx| insert_all(tx, &records));
    read(&store, "C86", |tx| {
        for owner in [None, Some(id(1)), Some(id(2))] {
            let filter = ActivityFilter { owner, ..ActivityFilter::default() };
            let of_owner = activities(&records).filter(|one| owner.is_none() || one.owner() == owner);
            let expected = sorted(of_owner.filter_map(|one| Some((one.reminds_at()?, one.id))));
            assert!(expected.len() > 2, "C86: the suite's own activities must have reminders");
            let found = tx.activities_by_reminder(&filter, Page::first(1_000))?;
            let found: Vec<_> = found.iter().map(|one| (one.remind_at().unwrap_or_default(), one.id)).collect();
            assert_eq!(found, expected, "C86: the reminders of {owner:?}");
        }
        Ok(())
    });
}

/// C87: the last activity of an opportunity is the latest instant at which one of its activities was marked done or an
/// interaction about it took place.
pub fn c87_the_last_activity_of_an_opportunity_is_known<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C87");
    let last = |opportunity: OpportunityId| read(&store, "C87", |tx| tx.last_activity(opportunity));
    write(&store, "C87", |tx| tx.insert_activity(&call(90, 3)));
    assert_eq!(last(id(1)), None, "C87: a call that is only planned");
    for (n, minutes, expected) in [(91, 50, 50), (92, 80, 80), (93, 20, 80)] {
        write(&store, "C87", |tx| tx.insert_activity(&done(n, minutes)));
        assert_eq!(last(id(1)), Some(at(expected)), "C87: of several calls the latest");
    }
    assert_eq!(last(id(2)), None, "C87: of another deal");
    let mut again = done(92, 80);
    valid(again.reopen(at(100)));
    write(&store, "C87", |tx| tx.update_activity(&again));
    assert_eq!(last(id(1)), Some(at(50)), "C87: one that is planned again does not count");
    write(&store, "C87", |tx| tx.delete_activity(id(91)));
    assert_eq!(last(id(1)), Some(at(20)), "C87: one that was deleted does not count");
    for (n, minutes, about, expected) in [(94, 70, 1, 70), (95, 30, 1, 70), (96, 90, 2, 70)] {
        let mut new = NewInteraction::new(id(1), Channel::Phone, Direction::Inbound, text("asks"));
        (new.opportunity, new.occurred_at) = (Some(id(about)), Some(at(minutes)));
        let interaction = valid(Interaction::log(id(n), at(100), new));
        write(&store, "C87", |tx| tx.insert_interaction(&interaction));
        assert_eq!(last(id(1)), Some(at(expected)), "C87: what was said counts too");
    }
    assert_eq!(last(id(2)), Some(at(90)), "C87: of another deal, what was said about it");
    write(&store, "C87", |tx| tx.delete_interaction(id(94)));
    assert_eq!(last(id(1)), Some(at(30)), "C87: an interaction that was deleted does not count");
    let there = read(&store, "C87", |tx| tx.opportunity(id(1)));
    assert!(
        there.is_some_and(|deal| deal.revision == crm_core::Revision::FIRST),
        "C87: the deal itself stays as it was"
    );
}

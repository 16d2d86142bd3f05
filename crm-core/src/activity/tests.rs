use super::*;
use crate::{
    Fact,
    record::proof::{assert_cells, at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};
use ActivityStatus::{Cancelled, Done, Planned};

fn new() -> NewActivity {
    NewActivity::new(ActivityKind::Call, parsed("ask about the lamps"), day("2026-03-09"))
        .external_id(parsed("ext-1"))
        .note(parsed("in the morning"))
        .customer(id(1))
        .opportunity(id(2))
        .owner(id(3))
        .remind_at(at(30))
}

fn planned() -> Activity {
    Activity::plan(id(9), at(0), new()).unwrap()
}

fn completion() -> Completion {
    Completion { day: day("2026-03-08"), outcome: parsed("reached"), note: Some(parsed("wants forty")) }
}

fn standing(status: ActivityStatus) -> Activity {
    let mut activity = planned();
    match status {
        Planned => {}
        Done => drop(activity.complete(at(1), completion()).unwrap()),
        Cancelled => drop(activity.cancel(at(1), Some(parsed("they moved"))).unwrap()),
    }
    activity
}

/// The fact is `None` where the action makes it elsewhere.
fn perform(activity: &mut Activity, action: ActivityAction) -> Result<Option<ActivityFact>, ActivityError> {
    match action {
        Revise => activity.revise(at(9), ActivityPatch { due: Some(day("2026-03-10")), ..ActivityPatch::default() }),
        Complete => activity.complete(at(9), completion()).map(Some),
        Cancel => activity.cancel(at(9), None).map(Some),
        Reopen => activity.reopen(at(9)).map(Some),
        Delete => activity.deletable().map(|()| None),
    }
}

fn fact_of(action: ActivityAction, before: &Activity, after: &Activity) -> Option<ActivityFact> {
    Some(match action {
        Revise => ActivityFact::Revised { before: Box::new(before.clone()), after: Box::new(after.clone()) },
        Complete => {
            let Completion { day, outcome, note } = completion();
            ActivityFact::Completed { day, outcome, note }
        }
        Cancel => ActivityFact::Cancelled { reason: None },
        Reopen => ActivityFact::Reopened { before: before.state().clone() },
        Delete => return None,
    })
}

const ACTIONS: [ActivityAction; 5] = [Revise, Complete, Cancel, Reopen, Delete];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(ActivityStatus, [Option<ActivityStatus>; 5]); 3] = [
    (Planned, [Some(Planned), Some(Done), Some(Cancelled), None, Some(Planned)]),
    (Done, [None, None, None, Some(Planned), None]),
    (Cancelled, [None, None, None, Some(Planned), Some(Cancelled)]),
];

#[test]
fn each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status);
            assert_eq!(before.state().status(), status);
            let mut activity = before.clone();
            let done = perform(&mut activity, action);
            let Some(to) = to else {
                let refused = ActivityError::NotAllowed { activity: before.id, status, action };
                assert_eq!(refused.to_string(), format!("cannot {action} {}: it is {status}", before.id));
                assert_eq!(done, Err(refused));
                assert_eq!(activity, before, "{status} {action}");
                continue;
            };
            assert_eq!(done, Ok(fact_of(action, &before, &activity)), "{status} {action}");
            assert_eq!(activity.state().status(), to, "{status} {action}");
            match action {
                Delete => assert_eq!(activity, before),
                _ => assert_eq!(activity.updated_at, at(9), "{status} {action}"),
            }
        }
    }
}

#[test]
fn the_table_in_the_code_is_the_literal_one() {
    assert_cells(&ActivityStatus::TRANSITIONS, ACTIONS, &CELLS);
}

#[test]
fn revising_to_the_same_changes_nothing_and_each_field_can_change() {
    let before = planned();
    let mut activity = before.clone();
    assert_eq!(activity.revise(at(9), ActivityPatch::default()), Ok(None));
    assert_eq!(activity.revise(at(9), ActivityPatch { due: Some(before.due()), ..ActivityPatch::default() }), Ok(None));
    assert_eq!(activity, before);
    let patch = ActivityPatch {
        expected: Some(Revision::FIRST),
        kind: Some(ActivityKind::Visit),
        subject: Some(parsed("show the lamps")),
        note: Some(None),
        lead: Some(None),
        customer: Some(None),
        opportunity: Some(Some(id(5))),
        person: Some(Some(id(7))),
        owner: Some(Some(id(6))),
        due: Some(day("2026-04-01")),
        remind_at: Some(None),
    };
    survives_json(&patch);
    survives_json(&ActivityPatch::default());
    activity.revise(at(9), patch).unwrap().unwrap();
    assert_eq!((activity.kind(), activity.subject().as_str()), (ActivityKind::Visit, "show the lamps"));
    assert_eq!((activity.note(), activity.customer(), activity.remind_at()), (None, None, None));
    assert_eq!((activity.opportunity(), activity.owner()), (Some(id(5)), Some(id(6))));
    assert_eq!(activity.person(), Some(id(7)));
    let read = serde_json::from_str::<ActivityPatch>(r#"{"owner":null}"#).unwrap();
    assert_eq!(read, ActivityPatch { owner: Some(None), ..ActivityPatch::default() });
}

#[test]
fn conv_6_an_activity_of_a_lead_is_for_nobody_else_until_it_follows_its_conversion() {
    let of_lead = || NewActivity { customer: None, opportunity: None, ..new() }.lead(id(8));
    for crowd in [of_lead().customer(id(1)), of_lead().opportunity(id(2)), of_lead().person(id(7))] {
        let refused = Activity::plan(id(9), at(0), crowd).unwrap_err();
        assert_eq!(refused.field(), "lead", "{refused}");
    }
    let mut activity = Activity::plan(id(9), at(0), of_lead()).unwrap();
    let crowd = ActivityPatch { person: Some(Some(id(7))), ..ActivityPatch::default() };
    let refused = ActivityError::OfLead { activity: id(9), lead: id(8) };
    assert_eq!(activity.clone().revise(at(1), crowd), Err(refused.clone()));
    activity.complete(at(1), completion()).unwrap();

    let parties = ActivityParties { customer: Some(id(1)), opportunity: Some(id(2)), person: Some(id(7)) };
    let before = activity.clone();
    let fact = activity.follow(at(2), parties).unwrap();
    assert_eq!(fact, ActivityFact::Revised { before: before.into(), after: activity.clone().into() });
    assert_eq!((activity.parties(), activity.lead(), activity.updated_at), (parties, Some(id(8)), at(2)));
    survives_json(&activity);
    assert_eq!(activity.follow(at(3), parties), None);
    // What became of the lead cannot be exchanged while the activity is the lead's; another day can.
    activity.reopen(at(3)).unwrap();
    let other = ActivityPatch { customer: Some(Some(id(4))), ..ActivityPatch::default() };
    assert_eq!(activity.clone().revise(at(4), other.clone()), Err(refused));
    let later = ActivityPatch { due: Some(day("2026-03-20")), ..ActivityPatch::default() };
    assert!(activity.clone().revise(at(4), later).unwrap().is_some());
    let mut taken = activity.clone();
    taken.revise(at(4), ActivityPatch { lead: Some(None), ..other }).unwrap().unwrap();
    assert_eq!((taken.lead(), taken.customer()), (None, Some(id(4))));
    activity.follow(at(5), ActivityParties::default()).unwrap();
    assert_eq!(activity.parties(), ActivityParties::default());
}

#[test]
fn only_what_is_planned_is_due_overdue_or_reminded_of() {
    let open = planned();
    assert_eq!((open.planned_for(), open.reminds_at()), (Some(day("2026-03-09")), Some(at(30))));
    assert!(!open.is_overdue(day("2026-03-09")), "on its day it is not overdue");
    assert!(open.is_overdue(day("2026-03-10")));
    for status in [Done, Cancelled] {
        let over = standing(status);
        assert_eq!((over.planned_for(), over.reminds_at()), (None, None));
        assert!(!over.is_overdue(day("2027-01-01")));
    }
    assert_eq!(standing(Done).state().done_at(), Some(at(1)));
    assert_eq!(standing(Cancelled).state().done_at(), None);
}

#[test]
fn a_plan_has_steps_that_ascend_and_says_which_step_an_activity_is() {
    let plan = || ActivityPlan::new(parsed("first contact")).step(ActivityKind::Call, parsed("call"), 3);
    let empty = ActivityPlan::new(parsed("nothing")).build().unwrap_err();
    assert_eq!(empty.to_string(), "steps must not be empty");
    let back = plan().step(ActivityKind::Visit, parsed("visit"), 2).build().unwrap_err();
    assert_eq!(back.to_string(), "steps must not be due before the step that it follows, got 2");
    let long = (0..100).fold(plan(), |plan, _| plan.step(ActivityKind::Task, parsed("more"), 9)).build().unwrap_err();
    assert_eq!(long.to_string(), "steps must have at most 100 entries, got 101");

    let plan = plan().step(ActivityKind::Visit, parsed("visit"), 3).build().unwrap();
    let steps = plan.from(day("2026-02-26")).unwrap();
    let told: Vec<_> = steps.iter().map(|new| (new.kind, new.due, new.step.clone().unwrap().number)).collect();
    let due = day("2026-03-01");
    assert_eq!(told, [(ActivityKind::Call, due, 1), (ActivityKind::Visit, due, 2)]);
    assert_eq!(plan.from(NaiveDate::MAX).unwrap_err().field(), "first day");
    let none = ActivityStep { plan: parsed("first contact"), number: 0 };
    let mut parts = ActivityParts::from(planned());
    parts.step = Some(none.clone());
    assert_eq!(refusal::<Activity, _>(parts).to_string(), "step must be greater than zero, got 0");
    assert!(Activity::plan(id(9), at(0), NewActivity { step: Some(none), ..new() }).is_err());
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<ActivityPlan>(&json).unwrap(), plan);
    assert!(serde_json::from_str::<ActivityPlan>(&json.replace("\"after_days\":3}]", "\"after_days\":2}]")).is_err());
}

#[test]
fn what_an_activity_is_made_of_survives_json_under_its_names() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    let step = ActivityStep { plan: parsed("first contact"), number: 2 };
    let of_plan = NewActivity { step: Some(step), ..new().id(id(4)) };
    survives_json(&of_plan);
    survives_json(&Activity::plan(id(4), at(0), of_plan).unwrap());
    survives_json(&completion());
    let (before, after) = (standing(Done), planned());
    let mut facts = vec![ActivityFact::Planned { activity: Box::new(planned()) }];
    facts.extend(ACTIONS.into_iter().filter_map(|action| fact_of(action, &before, &after)));
    facts.push(ActivityFact::Deleted { activity: Box::new(standing(Cancelled)) });
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((after.id, fact)))),
        [
            "activity.planned",
            "activity.revised",
            "activity.completed",
            "activity.cancelled",
            "activity.reopened",
            "activity.deleted",
        ]
    );
}

#[test]
fn what_people_write_about_an_activity_does_not_show_in_debug() {
    let new = NewActivity::new(ActivityKind::Call, parsed("call Marker"), day("2026-03-09")).note(parsed("Marker"));
    hides_personal_data(&new);
    let mut activity = Activity::plan(id(9), at(0), new).unwrap();
    let patch = ActivityPatch { note: Some(Some(parsed("Marker again"))), ..ActivityPatch::default() };
    hides_personal_data(&patch);
    hides_personal_data(&activity.revise(at(1), patch).unwrap());
    let done = Completion { note: Some(parsed("Marker moved away")), ..completion() };
    hides_personal_data(&done);
    hides_personal_data(&activity.complete(at(2), done).unwrap());
    hides_personal_data(&activity);
    hides_personal_data(&ActivityParts::from(activity.clone()));
    hides_personal_data(&activity.reopen(at(3)).unwrap());
    hides_personal_data(&activity.cancel(at(4), Some(parsed("Marker left"))).unwrap());
    let plan = ActivityPlan::new(parsed("contact")).step(ActivityKind::Call, parsed("call Marker"), 0);
    hides_personal_data(&plan);
    hides_personal_data(&plan.build().unwrap());
}

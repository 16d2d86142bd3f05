use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    calendar::{BusinessCalendar, OpeningHours},
    record::proof::{parsed, survives_json},
    ticket::{MessageKind, Priority, TicketFact, TicketStatus},
};

use SlaEvent::{AgentWrote, CustomerWrote, Moved, Prioritised};
use SlaMetric::{AgentWork, FirstResponse, NextResponse, PausableUpdate, PeriodicUpdate, RequesterWait, Resolution};
use SlaOutcome::{Met, Missed, Paused, Running};
use TicketStatus::{Closed, OnHold, Open, Pending, Solved};

/// Friday, 6 March 2026, at so many minutes after midnight.
fn at(minutes: i64) -> DateTime<Utc> {
    "2026-03-06T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

/// At an hour of that day.
fn hour(hours: i64) -> DateTime<Utc> {
    at(60 * hours)
}

fn always() -> SlaPolicy {
    SlaPolicy::new(parsed("always"), BusinessCalendar::always())
}

fn office() -> BusinessCalendar {
    BusinessCalendar::new(OpeningHours::default().weekdays([parsed("09:00-17:00")])).unwrap()
}

/// A ledger after some events at hours of the day.
fn after(policy: &SlaPolicy, events: &[(i64, SlaEvent)]) -> SlaLedger {
    let mut ledger = SlaLedger::open(hour(9), None);
    for (hours, event) in events {
        ledger.note(hour(*hours), *event, policy).unwrap();
    }
    survives_json(&ledger);
    ledger
}

/// How one metric stands, cycle by cycle.
fn outcomes(ledger: &SlaLedger, policy: &SlaPolicy, metric: SlaMetric, until: DateTime<Utc>) -> Vec<(u32, SlaOutcome)> {
    let measures = ledger.measures(policy, until).unwrap().into_iter().filter(|measure| measure.metric == metric);
    measures.map(|measure| (measure.cycle, measure.outcome)).collect()
}

fn hours_left(hours: i64) -> SlaOutcome {
    Paused { left_micros: hours * 3_600_000_000 }
}

#[test]
fn sla_1_targets_go_by_priority_and_are_15_seconds_at_least() {
    let policy = always().target(FirstResponse, None, 3600).target(FirstResponse, Some(Priority::Urgent), 15);
    policy.check().unwrap();
    assert_eq!(policy.within(FirstResponse, Some(Priority::Urgent)), Some(15));
    assert_eq!(policy.within(FirstResponse, Some(Priority::High)), Some(3600));
    assert_eq!(policy.within(FirstResponse, None), Some(3600));
    assert_eq!(policy.within(Resolution, Some(Priority::Urgent)), None);
    let only_urgent = always().target(Resolution, Some(Priority::Urgent), 60);
    assert_eq!(only_urgent.within(Resolution, None), None);
    survives_json(&policy);

    let refused = |policy: SlaPolicy| policy.check().unwrap_err().to_string();
    assert_eq!(refused(always()), "targets must not be empty");
    assert_eq!(
        refused(always().target(Resolution, None, 14)),
        "within_seconds must be between 15 and 4294967295, got 14"
    );
    assert_eq!(
        refused(always().target(Resolution, None, 60).target(Resolution, None, 90)),
        "targets must not be listed twice, got resolution"
    );
    assert!(refused(always().target(Resolution, None, 60).pause_in(Solved)).starts_with("paused_in must name states"));
    assert!(refused(always().target(Resolution, None, 60).alarm(0).alarm(-60)).starts_with("alarms must follow"));
}

/// What each metric is in each state: New, Open, Pending, `OnHold`, Solved, Closed.
const COUNTS: [(SlaMetric, [bool; 6]); 7] = [
    (FirstResponse, [true, true, true, true, false, false]),
    (NextResponse, [true, true, true, true, false, false]),
    (PeriodicUpdate, [true, true, true, true, false, false]),
    (PausableUpdate, [true, true, false, true, false, false]),
    (RequesterWait, [true, true, false, true, false, false]),
    (AgentWork, [true, true, false, false, false, false]),
    (Resolution, [true, true, true, true, false, false]),
];

#[test]
fn sla_3_each_metric_pauses_where_the_table_says() {
    let states = [TicketStatus::New, Open, Pending, OnHold, Solved, Closed];
    let paused = always().pause_in(Pending);
    for (metric, counts) in COUNTS {
        for (status, counts) in states.into_iter().zip(counts) {
            assert_eq!(always().counts(metric, status), counts, "{metric} while {status}");
            let by_policy = matches!(metric, FirstResponse | NextResponse | Resolution) && status == Pending;
            assert_eq!(paused.counts(metric, status), counts && !by_policy, "{metric} while {status}");
        }
    }
}

#[test]
fn sla_3_the_first_response_is_the_first_answer_of_an_agent_and_never_begins_again() {
    let policy = always().target(FirstResponse, None, 2 * 3600).target(PeriodicUpdate, None, 3600);
    let fresh = after(&policy, &[]);
    assert_eq!(fresh.next_due(&policy).unwrap(), Some(hour(11)));
    // The shorter update is not due before there was an answer.
    let asked = after(&policy, &[(10, CustomerWrote(1))]);
    assert_eq!(asked.next_due(&policy).unwrap(), Some(hour(11)));
    let answered = after(&policy, &[(11, AgentWrote(1)), (14, AgentWrote(2))]);
    assert_eq!(outcomes(&answered, &policy, FirstResponse, hour(20)), [(0, Met { at: hour(11) })]);
    let late = after(&policy, &[(12, AgentWrote(1))]);
    let missed = Missed { due_at: hour(11), done_at: Some(hour(12)) };
    assert_eq!(outcomes(&late, &policy, FirstResponse, hour(20)), [(0, missed)]);
}

#[test]
fn sla_4_at_the_due_instant_it_is_met_everywhere() {
    let policy = always().target(Resolution, None, 3600).warn_before(600);
    let ledger = after(&policy, &[]);
    let micro = TimeDelta::microseconds(1);
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(10)), [(0, Running { due_at: hour(10) })]);
    let missed = Missed { due_at: hour(10), done_at: None };
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(10) + micro), [(0, missed)]);
    let solved = after(&policy, &[(10, Moved(Solved))]);
    assert_eq!(outcomes(&solved, &policy, Resolution, hour(20)), [(0, Met { at: hour(10) })]);

    let status = |ledger: &SlaLedger, until| ledger.sla_status(&policy, until).unwrap();
    assert_eq!(
        (status(&ledger, hour(10)), status(&ledger, hour(11))),
        (SlaStatus::Active, SlaStatus::ActiveWithMisses)
    );
    assert_eq!(status(&solved, hour(20)), SlaStatus::Hit);
    assert_eq!(status(&after(&policy, &[(11, Moved(Solved))]), hour(20)), SlaStatus::Missed);
}

#[test]
fn sla_4_what_is_used_up_exactly_is_due_when_it_was() {
    // All of it passes by closing time on Friday; asked on Saturday, it was due on Friday.
    let policy = SlaPolicy::new(parsed("office"), office()).target(Resolution, None, 8 * 3600);
    let ledger = after(&policy, &[]);
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(40)), [(0, Running { due_at: hour(17) })]);
    let solved = after(&policy, &[(40, Moved(Solved))]);
    assert_eq!(outcomes(&solved, &policy, Resolution, hour(41)), [(0, Met { at: hour(40) })]);
    let monday = hour(9 + 72) + TimeDelta::microseconds(1);
    assert_eq!(outcomes(&ledger, &policy, Resolution, monday), [(0, Missed { due_at: hour(17), done_at: None })]);
}

#[test]
fn sla_7_a_second_message_before_an_answer_does_not_begin_anew() {
    let policy = always().target(NextResponse, None, 2 * 3600);
    let events = [(10, AgentWrote(1)), (11, CustomerWrote(2)), (12, CustomerWrote(3))];
    let ledger = after(&policy, &events);
    assert_eq!(outcomes(&ledger, &policy, NextResponse, hour(12)), [(2, Running { due_at: hour(13) })]);
    // Before the first response there is none.
    assert_eq!(outcomes(&after(&policy, &[(10, CustomerWrote(1))]), &policy, NextResponse, hour(12)), []);
    // Each cycle is judged by itself, and may be missed by itself.
    let events = [events.as_slice(), &[(13, AgentWrote(4)), (14, CustomerWrote(5)), (17, AgentWrote(6))]].concat();
    let missed = Missed { due_at: hour(16), done_at: Some(hour(17)) };
    assert_eq!(
        outcomes(&after(&policy, &events), &policy, NextResponse, hour(20)),
        [(2, Met { at: hour(13) }), (5, missed)]
    );
}

#[test]
fn sla_7_notes_never_satisfy() {
    let agent = "agent_00000000000000000000000001".parse().unwrap();
    let messaged = |kind, before, after| TicketFact::Messaged { message: 3, kind, before, after };
    assert_eq!(SlaEvent::of(&messaged(MessageKind::Note(agent), Open, Open)), []);
    assert_eq!(
        SlaEvent::of(&messaged(MessageKind::AgentReply(agent), TicketStatus::New, Open)),
        [AgentWrote(3), Moved(Open)]
    );
    assert_eq!(SlaEvent::of(&messaged(MessageKind::CustomerReply, Solved, Open)), [CustomerWrote(3), Moved(Open)]);
    assert_eq!(SlaEvent::of(&TicketFact::Moved { before: Open, after: Pending }), [Moved(Pending)]);
    let solved = TicketFact::Solved { before: Open, by: agent, assignee: agent, resolution: parsed("done") };
    assert_eq!(SlaEvent::of(&solved), [Moved(Solved)]);
    let assigned = TicketFact::Assigned { from: None, to: Some(agent), before: Open, after: Open };
    assert_eq!(SlaEvent::of(&assigned), []);
}

#[test]
fn sla_3_waits_and_work_pause_and_go_on_where_it_is_reopened() {
    let policy = always().target(RequesterWait, None, 10 * 3600).target(AgentWork, None, 10 * 3600).target(
        Resolution,
        None,
        10 * 3600,
    );
    // One hour open, two pending, one on hold, two solved, then open again.
    let events = [(10, Moved(Pending)), (12, Moved(OnHold)), (13, Moved(Solved)), (15, Moved(Open))];
    let until = |n: usize, metric, hours| outcomes(&after(&policy, &events[..n]), &policy, metric, hour(hours))[0].1;
    assert_eq!(until(1, AgentWork, 11), hours_left(9));
    assert_eq!(until(2, AgentWork, 12), hours_left(9));
    assert_eq!(until(2, RequesterWait, 12), Running { due_at: hour(21) });
    for (metric, met) in [(RequesterWait, hour(13)), (AgentWork, hour(13)), (Resolution, hour(13))] {
        assert_eq!(until(3, metric, 14), Met { at: met });
    }
    assert_eq!(until(4, RequesterWait, 15), Running { due_at: hour(23) });
    assert_eq!(until(4, AgentWork, 15), Running { due_at: hour(24) });
    assert_eq!(until(4, Resolution, 15), Running { due_at: hour(21) });
}

#[test]
fn sla_3_nothing_is_due_while_it_waits_for_the_customer_if_the_policy_says_so() {
    let policy = always().target(FirstResponse, None, 3 * 3600).target(Resolution, None, 8 * 3600).pause_in(Pending);
    let ledger = after(&policy, &[(10, Moved(Pending))]);
    assert_eq!(ledger.next_due(&policy).unwrap(), None);
    let ledger = after(&policy, &[(10, Moved(Pending)), (20, Moved(Open))]);
    assert_eq!(ledger.next_due(&policy).unwrap(), Some(hour(22)));
    // What was missed and is not done stays the next that is due.
    let ledger = after(&policy, &[(13, Moved(OnHold))]);
    assert_eq!(ledger.next_due(&policy).unwrap(), Some(hour(12)));
}

#[test]
fn sla_2_another_priority_or_policy_judges_anew_what_is_open_and_keeps_what_was_judged() {
    let first = always()
        .target(FirstResponse, None, 3600)
        .target(Resolution, None, 10 * 3600)
        .target(Resolution, Some(Priority::Urgent), 4 * 3600)
        .pause_in(Pending);
    let events =
        [(11, AgentWrote(1)), (11, Moved(Pending)), (13, Moved(Open)), (13, Prioritised(Some(Priority::Urgent)))];
    let mut ledger = after(&first, &events);
    // Two hours had passed, and the pause is kept.
    assert_eq!(outcomes(&ledger, &first, Resolution, hour(13)), [(0, Running { due_at: hour(15) })]);
    let second = SlaPolicy { version: 2, ..first.clone() };
    let second = SlaPolicy { targets: Vec::new(), ..second }.target(FirstResponse, None, 8 * 3600).target(
        Resolution,
        None,
        5 * 3600,
    );
    ledger.keep_judged(hour(14), &first).unwrap();
    let measures = ledger.measures(&second, hour(14)).unwrap();
    let judged: Vec<_> = measures.iter().map(|measure| (measure.metric, measure.version, measure.outcome)).collect();
    let missed = Missed { due_at: hour(10), done_at: Some(hour(11)) };
    assert_eq!(judged, [(FirstResponse, 1, missed), (Resolution, 2, Running { due_at: hour(16) })]);

    // What is missed when the rules change stays missed, and is done once.
    let mut ledger = after(&first, &[(11, Prioritised(Some(Priority::Low)))]);
    ledger.keep_judged(hour(12), &first).unwrap();
    let undone = Missed { due_at: hour(10), done_at: None };
    assert_eq!(outcomes(&ledger, &second, FirstResponse, hour(12)), [(0, undone)]);
    assert_eq!(ledger.next_due(&second).unwrap(), Some(hour(10)));
    ledger.note(hour(13), AgentWrote(1), &second).unwrap();
    assert_eq!(
        outcomes(&ledger, &second, FirstResponse, hour(20)),
        [(0, Missed { due_at: hour(10), done_at: Some(hour(13)) })]
    );
}

#[test]
fn sla_2_what_was_met_by_a_solution_goes_on_once_it_is_reopened() {
    let policy = always().target(Resolution, None, 4 * 3600);
    let mut ledger = after(&policy, &[(11, Moved(Solved)), (12, Prioritised(Some(Priority::Low)))]);
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(20)), [(0, Met { at: hour(11) })]);
    ledger.note(hour(14), Moved(Open), &policy).unwrap();
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(14)), [(0, Running { due_at: hour(16) })]);
    ledger.note(hour(17), Moved(Solved), &policy).unwrap();
    ledger.note(hour(18), Moved(Closed), &policy).unwrap();
    let missed = Missed { due_at: hour(16), done_at: Some(hour(17)) };
    assert_eq!(outcomes(&ledger, &policy, Resolution, hour(30)), [(0, missed)]);
    assert_eq!(ledger.next_due(&policy).unwrap(), None);
}

#[test]
fn sla_5_each_level_is_told_once_for_each_cycle() {
    let policy = always().target(NextResponse, None, 3600).warn_before(900).alarm(3600);
    let mut ledger = after(&policy, &[(9, AgentWrote(1)), (10, CustomerWrote(2))]);
    let told = |ledger: &mut SlaLedger, minutes: i64| {
        let rings = ledger.ring(&policy, at(minutes)).unwrap();
        rings.into_iter().map(|ring| (ring.cycle, ring.level)).collect::<Vec<_>>()
    };
    assert_eq!(ledger.next_ring(&policy).unwrap(), Some(at(645)));
    assert_eq!(told(&mut ledger, 644), []);
    assert_eq!(told(&mut ledger, 645), [(2, 0)]);
    assert_eq!(told(&mut ledger, 660), []); // at the due instant it is not missed
    assert_eq!(told(&mut ledger, 661), [(2, 1)]);
    // What happens meanwhile does not silence the next level.
    ledger.note(at(670), Moved(OnHold), &policy).unwrap();
    assert_eq!(ledger.next_ring(&policy).unwrap(), Some(at(720)));
    assert_eq!(told(&mut ledger, 800), [(2, 2)]);
    assert_eq!(told(&mut ledger, 900), []);
    // Another cycle has levels of its own; a sweep that comes late tells all of them.
    ledger.note(at(900), AgentWrote(3), &policy).unwrap();
    assert_eq!(ledger.next_ring(&policy).unwrap(), None);
    ledger.note(at(960), CustomerWrote(4), &policy).unwrap();
    assert_eq!(told(&mut ledger, 2000), [(4, 0), (4, 1), (4, 2)]);
}

#[test]
fn what_happened_goes_forward() {
    let policy = always().target(Resolution, None, 3600);
    let mut ledger = after(&policy, &[(10, Moved(Open))]);
    let before = ledger.clone();
    let refused = ledger.note(hour(9), CustomerWrote(1), &policy).unwrap_err();
    assert_eq!(refused.to_string(), "at must not lie before what happened last, got 2026-03-06T09:00:00+00:00");
    assert_eq!(ledger, before);
}

#[test]
fn each_stretch_says_why_it_counted_or_not() {
    let policy = SlaPolicy::new(parsed("office"), office()).target(Resolution, None, 4 * 3600).pause_in(Pending);
    let ledger = after(&policy, &[(15, Moved(Pending)), (16, Moved(Open))]);
    let until = hour(9 + 72);
    let measure = ledger.measures(&policy, until).unwrap()[0];
    let told = ledger.explain(&measure, &policy, until).into_iter().map(|one| (one.from, one.to, one.time));
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            (hour(9), hour(15), SlaTime::Counted),
            (hour(15), hour(16), SlaTime::Paused(Pending)),
            (hour(16), hour(17), SlaTime::Counted),
            (hour(17), until, SlaTime::Closed),
        ]
    );
}

fn some_events() -> impl Strategy<Value = Vec<(u16, u8)>> {
    prop::collection::vec((1_u16..400, 0_u8..9), 0..24)
}

/// The events, an instant each; messages are numbered as they come.
fn timed(events: &[(u16, u8)]) -> Vec<(DateTime<Utc>, SlaEvent)> {
    let (mut minutes, mut message) = (540, 0);
    let mut timed = Vec::new();
    for (later, kind) in events {
        minutes += i64::from(*later);
        let event = match kind {
            0 | 1 => CustomerWrote(0),
            2 | 3 => AgentWrote(0),
            4 => Moved(Open),
            5 => Moved(Pending),
            6 => Moved(OnHold),
            7 => Moved(Solved),
            _ => Prioritised(Some(Priority::Urgent)),
        };
        message += 1;
        timed.push((
            at(minutes),
            match event {
                CustomerWrote(_) => CustomerWrote(message),
                AgentWrote(_) => AgentWrote(message),
                other => other,
            },
        ));
    }
    timed
}

fn some_policy() -> impl Strategy<Value = SlaPolicy> {
    (prop::collection::vec(1_u32..900, 7), any::<bool>(), any::<bool>()).prop_map(|(minutes, open, paused)| {
        let calendar = if open { BusinessCalendar::always() } else { office() };
        let policy = SlaMetric::ALL
            .into_iter()
            .zip(minutes)
            .fold(SlaPolicy::new(parsed("some"), calendar), |policy, (metric, minutes)| {
                policy.target(metric, None, minutes * 60)
            });
        if paused { policy.pause_in(Pending) } else { policy }
    })
}

/// How much of a cycle passed, minute by minute.
fn walked(
    states: &[(DateTime<Utc>, TicketStatus)],
    policy: &SlaPolicy,
    metric: SlaMetric,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> i64 {
    let mut passed = 0;
    let mut at = from;
    while at < until {
        let (_, status) = states.iter().rev().find(|(since, _)| *since <= at).unwrap();
        passed += i64::from(policy.counts(metric, *status) && policy.calendar.is_open(at));
        at += TimeDelta::minutes(1);
    }
    passed
}

proptest! {
    /// Whatever happens, what is judged is what a walk through each minute finds.
    #[test]
    fn sla_3_the_fold_is_what_a_walk_through_time_finds(events in some_events(), policy in some_policy(), more in 0_i64..3000) {
        let events = timed(&events);
        let mut ledger = SlaLedger::open(hour(9), None);
        let mut states = vec![(hour(9), TicketStatus::New)];
        for (at, event) in &events {
            ledger.note(*at, *event, &policy).unwrap();
            if let Moved(to) = event {
                states.push((*at, *to));
            }
        }
        let until = events.last().map_or(hour(9), |(at, _)| *at) + TimeDelta::minutes(more);
        for measure in ledger.measures(&policy, until).unwrap() {
            let within = i64::from(measure.within_seconds) / 60;
            let end = match measure.outcome {
                Met { at } | Missed { done_at: Some(at), .. } => at,
                _ => until,
            };
            let passed = walked(&states, &policy, measure.metric, measure.started_at, end);
            match measure.outcome {
                Met { .. } => prop_assert!(passed <= within, "{:?}", measure),
                Missed { due_at, .. } => {
                    prop_assert!(passed > within, "{:?}", measure);
                    let by_then = walked(&states, &policy, measure.metric, measure.started_at, due_at);
                    prop_assert_eq!(by_then, within, "{:?}", measure);
                }
                Running { due_at } => {
                    prop_assert!(passed <= within, "{:?}", measure);
                    let later = states.iter().copied().filter(|(at, _)| *at <= until).collect::<Vec<_>>();
                    prop_assert_eq!(walked(&later, &policy, measure.metric, measure.started_at, due_at), within, "{:?}", measure);
                }
                Paused { left_micros } => prop_assert_eq!(passed, within - left_micros / 60_000_000, "{:?}", measure),
            }
            let told = ledger.explain(&measure, &policy, until);
            prop_assert!(told.windows(2).all(|two| two[0].to == two[1].from && two[0].time != two[1].time));
            let counted = told.iter().filter(|one| one.time == SlaTime::Counted).map(|one| one.to - one.from);
            prop_assert_eq!(counted.sum::<TimeDelta>().num_minutes(), passed, "{:?}", measure);
        }
        // The next that is due is the first of what is to be done.
        let open = ledger.measures(&policy, until).unwrap().into_iter().filter_map(|measure| match measure.outcome {
            Running { due_at } => Some(due_at),
            Missed { due_at, done_at: None } if policy.counts(measure.metric, ledger.status()) => Some(due_at),
            _ => None,
        });
        prop_assert_eq!(ledger.next_due(&policy).unwrap(), open.min());
    }

    /// Events that have nothing to do with each other come in any order.
    #[test]
    fn sla_3_a_change_of_priority_and_a_message_come_in_any_order(events in some_events(), policy in some_policy()) {
        let events = timed(&events);
        let fold = |swapped: bool| {
            let mut ledger = SlaLedger::open(hour(9), None);
            for (at, event) in &events {
                let urgent = Prioritised(Some(Priority::Urgent));
                let both = if swapped { [urgent, *event] } else { [*event, urgent] };
                both.into_iter().try_for_each(|event| ledger.note(*at, event, &policy)).unwrap();
            }
            ledger.measures(&policy, hour(200)).unwrap()
        };
        let sorted = |mut measures: Vec<SlaMeasure>| {
            measures.sort_by_key(|measure| (measure.metric, measure.cycle));
            measures
        };
        prop_assert_eq!(sorted(fold(true)), sorted(fold(false)));
    }
}

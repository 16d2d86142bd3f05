//! How fast business time and service levels are reckoned, and how that grows: `cargo bench --bench service`.
//!
//! Business time goes against a walk from day to day, as most write it, which knows no zone and no change of clocks. What a service level costs goes against the events that a ticket
//! had. `benches/README.md` says what came out.

#![expect(clippy::unwrap_used, reason = "a bench stops where its input is wrong")]

use std::{collections::HashSet, hint::black_box};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use crm::{
    BusinessCalendar, OpeningHours, SlaEvent, SlaLedger, SlaMetric, SlaPolicy, TicketStatus,
    chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc},
};

/// The first day of ten years.
fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2020, 1, 1).unwrap()
}

/// So many of the days of ten years, spread evenly.
fn holidays(count: u64) -> impl Iterator<Item = NaiveDate> {
    (0..count).map(move |place| first() + Days::new(place * 3653 / count))
}

fn calendar(holidays_there: u64) -> BusinessCalendar {
    let week = OpeningHours::in_zone("Europe/Berlin".parse().unwrap())
        .weekdays(["09:00-12:00".parse().unwrap(), "13:00-17:00".parse().unwrap()]);
    let hours = holidays(holidays_there).fold(week, |hours, day| hours.closed(day, []));
    BusinessCalendar::new(hours).unwrap()
}

/// Instants and open times, a thousand of them: of most tickets minutes to days, of some years.
fn asked() -> Vec<(DateTime<Utc>, TimeDelta)> {
    let mut seed = 7_u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((seed >> 33) % below).unwrap()
    };
    let start = first().and_time(NaiveTime::MIN).and_utc();
    let minutes = [240, 2_400, 24_000, 240_000];
    (0..1000)
        .map(|place| (start + TimeDelta::minutes(next(3_000_000)), TimeDelta::minutes(1 + next(minutes[place % 4]))))
        .collect()
}

/// The walk from day to day.
fn walk(holidays: &HashSet<NaiveDate>, from: NaiveDateTime, mut left: TimeDelta) -> NaiveDateTime {
    let hours = [(9, 12), (13, 17)].map(|(from, to)| {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        (time(from), time(to))
    });
    let mut day = from.date();
    loop {
        if day.weekday().num_days_from_monday() < 5 && !holidays.contains(&day) {
            for (opens, closes) in hours {
                let (opens, closes) = (day.and_time(opens).max(from), day.and_time(closes));
                if opens + left <= closes {
                    return opens + left;
                }
                left -= (closes - opens).max(TimeDelta::zero());
            }
        }
        day = day + Days::new(1);
    }
}

fn business_time(criterion: &mut Criterion) {
    let asked = asked();
    let mut group = criterion.benchmark_group("a thousand due instants, by holidays in ten years");
    group.throughput(Throughput::Elements(asked.len() as u64));
    for count in [10, 100, 1000] {
        let calendar = calendar(count);
        group.bench_with_input(BenchmarkId::new("crm", count), &calendar, |bencher, calendar| {
            bencher.iter(|| asked.iter().filter(|(at, open)| black_box(calendar.add(*at, *open)).is_ok()).count());
        });
        let holidays: HashSet<NaiveDate> = holidays(count).collect();
        group.bench_with_input(BenchmarkId::new("day by day", count), &holidays, |bencher, holidays| {
            bencher.iter(|| asked.iter().map(|(at, open)| black_box(walk(holidays, at.naive_utc(), *open))).max());
        });
    }
    group.finish();
}

/// What happens to a ticket that goes to and fro, an event each half hour.
fn events(count: u32) -> Vec<(DateTime<Utc>, SlaEvent)> {
    let start = first().and_time(NaiveTime::MIN).and_utc();
    let event = |number: u32| match number % 4 {
        0 => SlaEvent::CustomerWrote(number),
        1 => SlaEvent::AgentWrote(number),
        2 => SlaEvent::Moved(TicketStatus::Pending),
        _ => SlaEvent::Moved(TicketStatus::Open),
    };
    (1..=count).map(|number| (start + TimeDelta::minutes(30 * i64::from(number)), event(number))).collect()
}

fn service_levels(criterion: &mut Criterion) {
    let policy = SlaMetric::ALL.into_iter().fold(
        SlaPolicy::new("standard".parse().unwrap(), calendar(100)).pause_in(TicketStatus::Pending).warn_before(900),
        |policy, metric| policy.target(metric, None, 8 * 3600),
    );
    let opened = first().and_time(NaiveTime::MIN).and_utc();
    let folded = |events: &[(DateTime<Utc>, SlaEvent)]| {
        let mut ledger = SlaLedger::open(opened, None);
        events.iter().for_each(|(at, event)| ledger.note(*at, *event, &policy).unwrap());
        ledger
    };
    let mut group = criterion.benchmark_group("service levels of a ticket, by its events");
    for count in [10, 100, 1000] {
        let events = events(count);
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(BenchmarkId::new("folded", count), |bencher| bencher.iter(|| folded(&events)));
        let (ledger, end) = (folded(&events), events[events.len() - 1].0 + TimeDelta::days(1));
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("the next due instant", count), |bencher| {
            bencher.iter(|| ledger.next_due(&policy).unwrap());
        });
        group.bench_function(BenchmarkId::new("one more event", count), |bencher| {
            bencher.iter_batched_ref(
                || ledger.clone(),
                |ledger| ledger.note(end, SlaEvent::AgentWrote(9999), &policy),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, business_time, service_levels);
criterion_main!(benches);

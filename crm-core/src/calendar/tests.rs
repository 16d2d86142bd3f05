use chrono::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::record::proof::{day, parsed, survives_json};

fn utc(text: &str) -> DateTime<Utc> {
    format!("{text}Z").parse().unwrap()
}

fn hours(text: &str) -> Vec<ClockHours> {
    text.split(", ").filter(|one| !one.is_empty()).map(parsed).collect()
}

fn office(text: &str) -> OpeningHours {
    OpeningHours::default().weekdays(hours(text))
}

fn calendar(hours: OpeningHours) -> BusinessCalendar {
    BusinessCalendar::new(hours).unwrap()
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

/// From, so much open time, due.
type Due = (&'static str, i64, &'static str);

fn assert_due(calendar: &BusinessCalendar, cases: &[Due]) {
    for (from, open, due) in cases {
        let (from, due) = (utc(from), utc(due));
        assert_eq!(calendar.add(from, minutes(*open)).unwrap(), due, "{from} + {open}");
        assert_eq!(calendar.elapsed(from, due), minutes((*open).max(0)), "{from} to {due}");
    }
}

#[test]
fn cal_1_time_passes_while_it_is_open() {
    assert_due(
        &calendar(office("09:00-17:00")),
        &[
            ("2026-03-06T16:30:00", 60, "2026-03-09T09:30:00"),
            ("2026-03-04T07:00:00", 120, "2026-03-04T11:00:00"),
            ("2026-03-04T10:00:00", 120, "2026-03-04T12:00:00"),
            // What ends at closing time is due then, and not at the next opening.
            ("2026-03-06T15:00:00", 120, "2026-03-06T17:00:00"),
            ("2026-03-06T17:00:00", 480, "2026-03-09T17:00:00"),
            // Nothing passes until the next opening.
            ("2026-03-06T17:00:00", 0, "2026-03-09T09:00:00"),
            ("2026-03-06T16:59:00", 0, "2026-03-06T16:59:00"),
            // A year of work and one minute.
            ("2026-01-01T09:00:00", 261 * 480 + 1, "2027-01-01T09:01:00"),
        ],
    );
    // A ticket of Saturday evening: others let the clock run from Monday evening, and call it due on Tuesday.
    assert_due(&calendar(office("10:00-18:00")), &[("2026-03-07T20:00:00", 60, "2026-03-09T11:00:00")]);
    assert_due(
        &calendar(office("09:00-12:00, 13:00-17:00")),
        &[
            ("2026-03-06T11:30:00", 60, "2026-03-06T13:30:00"),
            ("2026-03-06T11:30:00", 30, "2026-03-06T12:00:00"),
            ("2026-03-06T12:30:00", 1, "2026-03-06T13:01:00"),
        ],
    );
}

#[test]
fn cal_1_time_goes_back_in_the_same_way() {
    assert_due(
        &calendar(office("09:00-17:00")),
        &[
            ("2026-03-09T09:50:00", -60, "2026-03-06T16:50:00"),
            // To the opening, and not to the closing before it.
            ("2026-03-09T11:00:00", -120, "2026-03-09T09:00:00"),
            ("2026-03-08T12:00:00", -60, "2026-03-06T16:00:00"),
        ],
    );
}

#[test]
fn cal_2_elapsed_is_the_sum_of_what_was_open() {
    let calendar = calendar(office("09:00-12:00, 13:00-17:00"));
    let elapsed = |from, to| calendar.elapsed(utc(from), utc(to)).num_minutes();
    assert_eq!(elapsed("2026-03-06T11:59:00", "2026-03-06T13:01:00"), 2);
    assert_eq!(elapsed("2026-03-02T00:00:00", "2026-03-09T00:00:00"), 5 * 420);
    assert_eq!(elapsed("2026-03-07T00:00:00", "2026-03-08T23:59:00"), 0);
    assert_eq!(elapsed("2026-03-06T13:01:00", "2026-03-06T11:59:00"), 0);
    // Before 1970 as after it.
    assert_eq!(elapsed("1965-03-06T00:00:00", "1965-03-09T00:00:00"), 420);
}

#[test]
fn cal_3_a_calendar_that_is_never_open_is_refused() {
    let refused = BusinessCalendar::new(OpeningHours::default().open(day("2026-12-24"), hours("09:00-12:00")));
    assert_eq!(refused.unwrap_err().to_string(), "week must be open at some hour of a week (CAL-3)");
    let json = r#"{"zone": "Europe/Berlin"}"#;
    assert!(serde_json::from_str::<BusinessCalendar>(json).unwrap_err().to_string().contains("CAL-3"));
}

#[test]
fn hours_that_overlap_or_are_none_are_refused() {
    for (text, refused) in [
        ("09:00-12:00, 11:59-13:00", "week must not overlap, got 09:00-12:00 and 11:59-13:00"),
        ("13:00-14:00, 09:00-17:00", "week must not overlap, got 09:00-17:00 and 13:00-14:00"),
    ] {
        assert_eq!(BusinessCalendar::new(office(text)).unwrap_err().to_string(), refused);
    }
    calendar(office("12:00-13:00, 09:00-12:00")); // they touch, in any order
    let of_day = office("09:00-17:00").open(day("2026-03-02"), hours("09:00-10:00, 09:30-11:00"));
    assert_eq!(BusinessCalendar::new(of_day).unwrap_err().field(), "open");
    for text in [
        "9-17",
        "09:00",
        "09:00-24:01",
        "09:60-10:00",
        "25:00-26:00",
        "09:00-09:00",
        "17:00-09:00",
        "+9:00-10:00",
        "09:00-10:00:00:00",
    ] {
        let refused = text.parse::<ClockHours>().unwrap_err();
        assert_eq!(refused.field(), "hours", "{refused}");
    }
    for (text, shown) in [(" 09:00 - 24:00", "09:00-24:00"), ("00:00:30-00:01:00", "00:00:30-00:01")] {
        let hours: ClockHours = parsed(text);
        assert_eq!(hours.to_string(), shown);
        survives_json(&hours);
    }
}

#[test]
fn holidays_close_days_and_hours_and_days_that_are_open_win() {
    let week = office("09:00-12:00, 13:00-17:00");
    let calendar = calendar(
        week.closed(day("2026-03-02"), [])
            .closed(day("2026-03-03"), hours("11:00-15:00"))
            .closed(day("2026-03-07"), [])
            .open(day("2026-03-07"), hours("10:00-14:00"))
            .open(day("2026-03-05"), []),
    );
    let of = |on| calendar.hours_of(day(on)).iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    assert_eq!(of("2026-03-02"), "");
    assert_eq!(of("2026-03-03"), "09:00-11:00, 15:00-17:00");
    assert_eq!(of("2026-03-05"), "");
    assert_eq!(of("2026-03-07"), "10:00-14:00");
    assert_eq!(of("2026-03-09"), "09:00-12:00, 13:00-17:00");
    assert_due(
        &calendar,
        &[
            ("2026-02-27T16:00:00", 60, "2026-02-27T17:00:00"),
            ("2026-02-27T16:00:00", 61, "2026-03-03T09:01:00"),
            ("2026-03-03T10:00:00", 120, "2026-03-03T16:00:00"),
            ("2026-03-04T16:00:00", 120, "2026-03-06T10:00:00"),
            ("2026-03-06T16:00:00", 120, "2026-03-07T11:00:00"),
            ("2026-03-07T13:00:00", 120, "2026-03-09T10:00:00"),
        ],
    );
    survives_json(&calendar);
}

#[test]
fn cal_4_hours_are_by_the_local_clock_and_what_passes_is_elapsed_time() {
    let berlin =
        |text| OpeningHours { zone: parsed("Europe/Berlin"), ..OpeningHours::always() }.on(Weekday::Sun, hours(text));
    // Nine o'clock is an hour earlier in summer.
    let at_nine = calendar(OpeningHours { zone: parsed("Europe/Berlin"), ..office("09:00-17:00") });
    assert_due(
        &at_nine,
        &[("2026-03-27T15:30:00", 60, "2026-03-30T07:30:00"), ("2026-10-23T14:30:00", 60, "2026-10-26T08:30:00")],
    );
    // On 29 March the clocks skip from two to three, and on 25 October they show two to three twice.
    let all_day = calendar(berlin("00:00-24:00"));
    let sunday =
        |on: &str| all_day.elapsed(all_day.start_of(on), all_day.start_of(on) + TimeDelta::days(2)).num_hours();
    assert_eq!((sunday("2026-03-29"), sunday("2026-10-25")), (48, 48));
    let early = calendar(berlin("01:00-02:30"));
    let open = |on| {
        let from = early.start_of(on);
        early
            .open_between(from, from + TimeDelta::hours(23))
            .map(|(from, to)| (from.to_rfc3339(), to.to_rfc3339()))
            .collect::<Vec<_>>()
    };
    let utc = |from: &str, to: &str| (format!("2026-{from}:00+00:00"), format!("2026-{to}:00+00:00"));
    assert_eq!(open("2026-03-29"), [utc("03-29T00:00", "03-29T01:00")]);
    assert_eq!(open("2026-10-25"), [utc("10-24T23:00", "10-25T00:30"), utc("10-25T01:00", "10-25T01:30")]);
    // An hour that the clocks skip is not there.
    let skipped = calendar(
        OpeningHours { zone: parsed("Europe/Berlin"), ..OpeningHours::default() }
            .on(Weekday::Sun, hours("02:00-03:00")),
    );
    let march = skipped.start_of("2026-03-23");
    assert_eq!(skipped.next_open(march).unwrap(), self::utc("2026-04-05T00:00:00"));
    assert_eq!(skipped.elapsed(march, march + TimeDelta::days(7)), TimeDelta::zero());
}

#[test]
fn cal_4_days_that_a_zone_skipped_or_mixed_up_are_as_their_clocks_showed_them() {
    // Samoa had no 30 December 2011.
    let samoa = calendar(OpeningHours { zone: parsed("Pacific/Apia"), ..OpeningHours::always() });
    assert_eq!(samoa.elapsed(utc("2011-12-30T00:00:00"), utc("2011-12-31T00:00:00")), TimeDelta::hours(24));
    let fridays = calendar(
        OpeningHours { zone: parsed("Pacific/Apia"), ..OpeningHours::default() }
            .on(Weekday::Fri, [ClockHours::ALL_DAY]),
    );
    assert_eq!(fridays.elapsed(utc("2011-12-25T00:00:00"), utc("2012-01-02T00:00:00")), TimeDelta::zero());
    // Newfoundland set its clocks back from one minute past midnight to the day before.
    let newfoundland = OpeningHours { zone: parsed("America/St_Johns"), ..OpeningHours::default() };
    let saturdays = calendar(newfoundland.on(Weekday::Sat, [ClockHours::ALL_DAY]));
    assert_eq!(saturdays.elapsed(utc("1999-10-29T12:00:00"), utc("1999-11-01T12:00:00")), minutes(24 * 60 + 59));
}

#[test]
fn a_calendar_that_is_always_open_counts_what_passes() {
    let always = BusinessCalendar::always();
    let (from, to) = (utc("1962-03-04T05:06:07.000008"), utc("2031-12-11T10:09:08.000007"));
    assert_eq!(always.elapsed(from, to), to - from);
    assert_eq!(always.add(from, to - from).unwrap(), to);
    assert_eq!(always.open_between(from, to).count(), 1);
    assert!(always.is_open(from));
}

#[test]
fn what_lies_past_all_instants_is_refused() {
    let calendar = calendar(OpeningHours::default().on(Weekday::Mon, hours("09:00:00-09:00:01")));
    for open in [TimeDelta::MAX, TimeDelta::MIN, TimeDelta::microseconds(i64::MAX), TimeDelta::days(400_000)] {
        let refused = calendar.add(utc("2026-03-06T16:30:00"), open).unwrap_err();
        assert_eq!((refused.field(), refused.rule()), ("due", &Rule::Overflow));
    }
    assert_eq!(calendar.elapsed(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).num_days(), 316);
}

/// Whether a calendar is open at an instant, as the clock on the wall says.
fn wall_says_open(hours: &OpeningHours, at: DateTime<Utc>) -> bool {
    let zone: chrono_tz::Tz = hours.zone.to_string().parse().unwrap();
    let local = zone.from_utc_datetime(&at.naive_utc()).naive_local();
    let (day, time) = (local.date(), chrono::Timelike::num_seconds_from_midnight(&local.time()));
    let among = |hours: &[ClockHours]| hours.iter().any(|one| one.from_seconds() <= time && time < one.to_seconds());
    match (hours.open.get(&day), hours.closed.get(&day)) {
        (Some(open), _) => among(open),
        (None, Some(closed)) if closed.is_empty() || among(closed) => false,
        _ => among(hours.week.of(chrono::Datelike::weekday(&day))),
    }
}

impl BusinessCalendar {
    fn start_of(&self, on: &str) -> DateTime<Utc> {
        self.hours.zone.instant(day(on).and_time(chrono::NaiveTime::MIN)).unwrap()
    }
}

fn some_hours() -> impl Strategy<Value = Vec<ClockHours>> {
    // Marks of a quarter of an hour, taken by twos.
    prop::collection::btree_set(0_u32..=96, 0..7).prop_map(|marks| {
        let marks: Vec<u32> = marks.into_iter().map(|mark| mark * 900).collect();
        marks.chunks_exact(2).map(|two| ClockHours::new(two[0], two[1]).unwrap()).collect()
    })
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
];

fn some_calendar() -> impl Strategy<Value = BusinessCalendar> {
    let days = || {
        prop::collection::btree_map(
            (0_u64..80).prop_map(|days| day("2011-10-20") + chrono::Days::new(days)),
            some_hours(),
            0..8,
        )
    };
    let week = prop::array::uniform7(some_hours());
    (prop::sample::select(ZONES.to_vec()), week, days(), days()).prop_filter_map(
        "never open",
        |(zone, week, closed, open)| {
            let hours = OpeningHours { zone: parsed(zone), closed, open, ..OpeningHours::default() };
            let hours = WEEKDAYS.into_iter().zip(week).fold(hours, |hours, (day, one)| hours.on(day, one));
            BusinessCalendar::new(hours).ok()
        },
    )
}

/// Seconds from 20 October 2011 on: the clocks of most zones change in that time.
fn some_instant() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..80 * 86_400, 0_i64..1_000_000).prop_map(|(second, micros)| {
        utc("2011-10-20T00:00:00") + TimeDelta::seconds(second) + TimeDelta::microseconds(micros)
    })
}

proptest! {
    #[test]
    fn cal_2_what_is_added_has_elapsed(calendar in some_calendar(), at in some_instant(), open in 0_i64..5_000_000_000_000) {
        let open = TimeDelta::microseconds(open);
        let due = calendar.add(at, open).unwrap();
        prop_assert_eq!(calendar.elapsed(at, due), open);
        // It is the first such instant, but for nothing, which passes until the next opening.
        if open > TimeDelta::zero() {
            prop_assert!(calendar.elapsed(at, due - TimeDelta::microseconds(1)) < open);
        } else {
            prop_assert!(calendar.is_open(due));
        }
        // And back; the last such instant.
        let back = calendar.add(due, -open).unwrap();
        prop_assert_eq!(calendar.elapsed(back, due), open);
        prop_assert!(calendar.elapsed(back + TimeDelta::microseconds(1), due) < open || open.is_zero());
    }

    #[test]
    fn cal_4_it_is_open_when_the_clock_on_the_wall_says_so(calendar in some_calendar(), from in some_instant(), length in 0_i64..200) {
        // Hours start and end at quarters, and clocks change at whole minutes.
        let from = DateTime::from_timestamp(from.timestamp() / 60 * 60, 0).unwrap();
        let to = from + TimeDelta::hours(length);
        let mut open = 0;
        let mut at = from;
        while at < to {
            let says = wall_says_open(calendar.opening_hours(), at);
            prop_assert_eq!(calendar.is_open(at), says, "{}", at);
            open += i64::from(says);
            at += minutes(1);
        }
        prop_assert_eq!(calendar.elapsed(from, to), minutes(open));
        let stretches: Vec<_> = calendar.open_between(from, to).collect();
        prop_assert_eq!(stretches.iter().map(|(from, to)| *to - *from).sum::<TimeDelta>(), minutes(open));
        for two in stretches.windows(2) {
            prop_assert!(two[0].1 < two[1].0);
        }
        for (from, to) in stretches {
            prop_assert!(from < to && calendar.is_open(from) && calendar.is_open(to - TimeDelta::microseconds(1)));
        }
    }
}

#[test]
fn zones_have_the_offsets_that_their_database_says() {
    // Some of six hundred, and those above.
    let named = ZONES.iter().map(|zone| zone.parse().unwrap());
    for zone in chrono_tz::TZ_VARIANTS.into_iter().step_by(29).chain(named) {
        let stretches = parsed::<Zone>(zone.name()).stretches();
        assert!(
            stretches.windows(2).all(|two| two[0].start < two[1].start && two[0].offset != two[1].offset),
            "{zone}"
        );
        let mut at = utc("1900-01-01T00:00:00");
        while at < utc("2100-12-31T00:00:00") {
            let place = stretches.partition_point(|stretch| stretch.start <= at.timestamp_micros()) - 1;
            let says = zone.offset_from_utc_datetime(&at.naive_utc());
            assert_eq!(
                stretches[place].offset / 1_000_000,
                i64::from(chrono::Offset::fix(&says).local_minus_utc()),
                "{zone} {at}"
            );
            at += TimeDelta::hours(65);
        }
    }
}

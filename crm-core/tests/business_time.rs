//! Business time against worked cases from vendors' pages and the tests of other libraries, where the reference data is at hand.

#![expect(clippy::unwrap_used, reason = "the functions that the tests share are test code too")]

use std::{fs, path::Path};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
use crm_core::{BusinessCalendar, ClockHours, OpeningHours};
use serde_json::Value;

const FILE: &str = "../../shared/data/acceptance-sla/sla_business_time_cases.json";

/// Of a case: a local time without an offset is by the clock of its calendar.
fn instant(calendar: &BusinessCalendar, text: &str) -> DateTime<Utc> {
    if let Ok(at) = text.parse::<DateTime<FixedOffset>>() {
        return at.to_utc();
    }
    let text = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    calendar.opening_hours().zone.instant(text.parse::<NaiveDateTime>().unwrap()).unwrap()
}

fn hours(stretches: &Value) -> Vec<ClockHours> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let stretches = stretches.as_array().unwrap().iter();
    stretches.map(|two| format!("{}-{}", text(&two[0]), text(&two[1])).parse().unwrap()).collect()
}

fn calendar(case: &Value) -> BusinessCalendar {
    let mut opening = OpeningHours::default();
    if let Some(text) = case.as_str() {
        let hours: ClockHours = text.strip_prefix("Mon-Fri ").unwrap().parse().unwrap();
        return BusinessCalendar::new(opening.weekdays([hours])).unwrap();
    }
    if let Some(zone) = case["tz"].as_str() {
        opening.zone = zone.parse().unwrap();
    }
    for (day, stretches) in case["week"].as_object().unwrap() {
        opening = opening.on(Weekday::try_from(day.parse::<u8>().unwrap()).unwrap(), hours(stretches));
    }
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    for (on, stretches) in case["overrides"].as_object().into_iter().flatten() {
        opening = opening.open(day(on), hours(stretches));
    }
    for on in case["holidays"].as_array().into_iter().flatten() {
        opening = opening.closed(day(on.as_str().unwrap()), []);
    }
    BusinessCalendar::new(opening).unwrap()
}

#[test]
fn business_time_is_that_of_the_worked_cases() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let Ok(text) = fs::read_to_string(file) else {
        println!("skipped: the worked cases are not at hand");
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 40);
    for case in cases {
        let calendar = calendar(&case["calendar"]);
        let of = |name: &str| instant(&calendar, case[name].as_str().unwrap());
        if case["kind"] == "due = add business seconds" {
            let open = TimeDelta::seconds(case["seconds"].as_i64().unwrap());
            assert_eq!(calendar.add(of("start"), open).unwrap(), of("expected_due"), "{case}");
        } else {
            let open = case["expected_seconds"].as_i64().unwrap();
            assert_eq!(calendar.elapsed(of("start"), of("end")).num_seconds(), open, "{case}");
        }
    }
}

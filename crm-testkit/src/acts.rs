//! Acts of a clock that only the test moves.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use crm_core::{Act, Actor};

/// A source of acts for tests and examples: the first at 09:30 UTC on Monday 2 March 2026, each later one a step after the one before; the entropy of their ids counts up.
///
/// Two sources give the same acts, and so the same ids. Where one test needs two sources that share a store, give them [different seeds](Self::seeded).
///
/// ```
/// use crm_core::CustomerId;
/// use crm_testkit::Acts;
///
/// let mut acts = Acts::new();
/// let act = &mut acts.next("alice");
/// assert_eq!(act.at().to_string(), "2026-03-02 09:30:00 UTC");
/// assert_eq!(act.new_id::<CustomerId>(), Acts::new().next("alice").new_id());
/// assert_eq!(acts.next("bob").at().to_string(), "2026-03-02 09:31:00 UTC");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acts {
    at: DateTime<Utc>,
    step: TimeDelta,
    seed: u16,
    made: u32,
}

impl Default for Acts {
    fn default() -> Self {
        Self::new()
    }
}

impl Acts {
    /// Acts a minute apart.
    pub fn new() -> Self {
        Self::seeded(0)
    }

    /// Acts a minute apart whose ids meet no ids of another seed.
    pub fn seeded(seed: u16) -> Self {
        let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
        let time = NaiveTime::from_hms_opt(9, 30, 0).unwrap_or_default();
        Self { at: day.and_time(time).and_utc(), step: TimeDelta::minutes(1), seed, made: 0 }
    }

    /// Acts a step apart, from the next one on; zero lets the clock stand.
    #[must_use]
    pub fn every(mut self, step: TimeDelta) -> Self {
        self.step = step;
        self
    }

    /// When the next act happens.
    pub fn now(&self) -> DateTime<Utc> {
        self.at
    }

    /// The day of the next act, in UTC.
    pub fn today(&self) -> NaiveDate {
        self.at.date_naive()
    }

    /// Moves the clock, besides the steps of the acts.
    pub fn wait(&mut self, time: TimeDelta) {
        self.at += time;
    }

    /// The next act, of an actor.
    ///
    /// # Panics
    ///
    /// Where the name is none: empty, longer than 100 characters or with control characters. That is a mistake in the test.
    pub fn next(&mut self, actor: &str) -> Act {
        let actor: Actor = match actor.parse() {
            Ok(actor) => actor,
            Err(invalid) => panic!("an act needs an actor: {invalid}"),
        };
        let mut entropy = [0; 10];
        // An act leaves the first byte unused; the last three count its ids, so those of different acts never meet.
        entropy[1..3].copy_from_slice(&self.seed.to_be_bytes());
        entropy[3..7].copy_from_slice(&self.made.to_be_bytes());
        let act = Act::new(self.at, actor, entropy);
        self.made += 1;
        self.at += self.step;
        act
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crm_core::OrderId;

    use super::*;

    #[test]
    fn ids_of_all_acts_differ_where_the_clock_stands() {
        let mut ids = HashSet::new();
        for seed in [0, 1, u16::MAX] {
            let mut acts = Acts::seeded(seed).every(TimeDelta::zero());
            for _ in 0..100 {
                let mut act = acts.next("alice");
                assert!((0..1_000).all(|_| ids.insert(act.new_id::<OrderId>())));
            }
        }
    }

    #[test]
    fn the_clock_moves_by_steps_and_by_waiting() {
        let mut acts = Acts::new().every(TimeDelta::hours(2));
        acts.next("alice");
        acts.wait(TimeDelta::days(1));
        assert_eq!(acts.now().to_rfc3339(), "2026-03-03T11:30:00+00:00");
        assert_eq!(acts.today().to_string(), "2026-03-03");
    }

    #[test]
    #[should_panic(expected = "an act needs an actor")]
    fn an_act_without_an_actor_is_a_mistake_of_the_test() {
        Acts::new().next("");
    }
}

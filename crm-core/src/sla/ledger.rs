//! What happened to a ticket, as far as its service levels ask, and how they stand by it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{SlaAlarm, SlaMeasure, SlaMetric, SlaOutcome, SlaPolicy, SlaStatus};
use crate::{
    invalid::{Invalid, Rule},
    ticket::{MessageKind, Priority, TicketFact, TicketStatus},
};

/// What happens to a ticket that its service levels ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SlaEvent {
    /// The customer wrote; the number of the message.
    CustomerWrote(u32),
    /// An agent wrote to the customer; the number of the message. Notes and answers of machines are none (SLA-7).
    AgentWrote(u32),
    /// It stands elsewhere.
    Moved(TicketStatus),
    /// It is as urgent as this.
    Prioritised(Option<Priority>),
}

impl SlaEvent {
    /// The events that a fact of a ticket is: a message is one, and one more where it moved the ticket.
    pub fn of(fact: &TicketFact) -> Vec<Self> {
        let moved = |before: TicketStatus, after| (before != after).then_some(Self::Moved(after));
        match fact {
            TicketFact::Messaged { message, kind, before, after } => {
                let wrote = match kind {
                    MessageKind::CustomerReply => Some(Self::CustomerWrote(*message)),
                    MessageKind::AgentReply(_) => Some(Self::AgentWrote(*message)),
                    MessageKind::Note(_) => None,
                };
                wrote.into_iter().chain(moved(*before, *after)).collect()
            }
            TicketFact::Assigned { before, after, .. } | TicketFact::Moved { before, after } => {
                moved(*before, *after).into_iter().collect()
            }
            TicketFact::Solved { before, .. } => moved(*before, TicketStatus::Solved).into_iter().collect(),
            TicketFact::Updated { before, after } if before.priority() != after.priority() => {
                vec![Self::Prioritised(after.priority())]
            }
            TicketFact::Opened { .. } | TicketFact::Updated { .. } | TicketFact::Deleted { .. } => Vec::new(),
        }
    }
}

/// What somebody is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaRing {
    /// What is measured.
    pub metric: SlaMetric,
    /// Which cycle of it.
    pub cycle: u32,
    /// The level of the alarm.
    pub level: u8,
    /// When it is due.
    pub due_at: DateTime<Utc>,
    /// When it was to be told.
    pub at: DateTime<Utc>,
}

/// Most states that a ledger keeps.
const LIMIT: usize = 10_000;

/// What happened to a ticket, as far as its service levels ask: the states that it stood in, its open questions and answers, and what was judged. It grows by one entry
/// with each change of state, and by one with each cycle that had a target.
///
/// ```
/// use chrono::{DateTime, Utc};
/// use crm_core::{BusinessCalendar, OpeningHours, SlaEvent, SlaLedger, SlaMetric, SlaOutcome, SlaPolicy, TicketStatus};
///
/// let hours = OpeningHours::default().weekdays(["09:00-17:00".parse()?]);
/// let policy = SlaPolicy::new("standard".parse()?, BusinessCalendar::new(hours)?)
///     .target(SlaMetric::Resolution, None, 8 * 3600)
///     .pause_in(TicketStatus::Pending);
/// let at = |text: &str| text.parse::<DateTime<Utc>>();
///
/// let mut ledger = SlaLedger::open(at("2026-03-06T15:00:00Z")?, None); // a Friday
/// assert_eq!(ledger.next_due(&policy)?, Some(at("2026-03-09T15:00:00Z")?));
/// ledger.note(at("2026-03-06T16:00:00Z")?, SlaEvent::Moved(TicketStatus::Pending), &policy)?;
/// assert_eq!(ledger.next_due(&policy)?, None);
/// ledger.note(at("2026-03-10T09:00:00Z")?, SlaEvent::Moved(TicketStatus::Open), &policy)?;
/// assert_eq!(ledger.next_due(&policy)?, Some(at("2026-03-10T16:00:00Z")?)); // seven hours were left
/// ledger.note(at("2026-03-10T16:00:00Z")?, SlaEvent::Moved(TicketStatus::Solved), &policy)?;
/// let measure = ledger.measures(&policy, at("2026-03-11T09:00:00Z")?)?[0];
/// assert_eq!(measure.outcome, SlaOutcome::Met { at: at("2026-03-10T16:00:00Z")? }); // exactly then is in time (SLA-4)
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaLedger {
    /// Since when it stood where, oldest first.
    states: Vec<(DateTime<Utc>, TicketStatus)>,
    priority: Option<Priority>,
    /// When an agent answered first.
    first_response: Option<DateTime<Utc>>,
    /// The oldest message of the customer since the first response that is unanswered.
    unanswered: Option<(DateTime<Utc>, u32)>,
    /// The last answer.
    answered: Option<(DateTime<Utc>, u32)>,
    /// Cycles that are over.
    judged: Vec<SlaMeasure>,
    /// Cycles that are not, and were judged under rules that do not hold any more.
    early: Vec<SlaMeasure>,
    /// What somebody was told of.
    told: Vec<(SlaMetric, u32, u8)>,
}

/// A cycle that is open, or that the solution ended.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) metric: SlaMetric,
    pub(super) cycle: u32,
    pub(super) from: DateTime<Utc>,
}

impl SlaLedger {
    /// Of a ticket that was opened.
    pub fn open(at: DateTime<Utc>, priority: Option<Priority>) -> Self {
        Self {
            states: vec![(at, TicketStatus::New)],
            priority,
            first_response: None,
            unanswered: None,
            answered: None,
            judged: Vec::new(),
            early: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Where the ticket stands.
    pub fn status(&self) -> TicketStatus {
        self.states.last().map_or(TicketStatus::New, |(_, status)| *status)
    }

    /// When it was opened.
    pub fn opened_at(&self) -> DateTime<Utc> {
        self.states.first().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at)
    }

    /// Takes what happened. `policy` is what holds then: what ends by it is judged by that (SLA-2).
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] for an instant before the last change of state; [`Rule::TooMany`]; [`Rule::Overflow`] as [`BusinessCalendar::add`](crate::BusinessCalendar::add).
    pub fn note(&mut self, at: DateTime<Utc>, event: SlaEvent, policy: &SlaPolicy) -> Result<(), Invalid> {
        if self.states.last().is_some_and(|(last, _)| at < *last) {
            let must = "must not lie before what happened last";
            return Err(Invalid::new("at", at.to_rfc3339(), Rule::Inconsistent { must }));
        }
        match event {
            SlaEvent::CustomerWrote(message) => {
                if self.first_response.is_some() && self.unanswered.is_none() {
                    self.unanswered = Some((at, message));
                }
            }
            SlaEvent::AgentWrote(message) => {
                let ended = self.open_cycles().filter(|open| open.metric.is_of_answers());
                let ended = self.measured(ended, policy, at, Some(at))?;
                self.judged.extend(ended);
                let early = self.early.extract_if(.., |measure| measure.metric.is_of_answers());
                self.judged.extend(early.map(|measure| measure.done_at(Some(at))));
                self.first_response.get_or_insert(at);
                (self.unanswered, self.answered) = (None, Some((at, message)));
            }
            SlaEvent::Moved(to) => {
                if self.states.len() == LIMIT {
                    let rule = Rule::TooMany { limit: LIMIT };
                    return Err(Invalid::new("states", LIMIT.to_string(), rule));
                }
                match (self.status(), to) {
                    (_, TicketStatus::Closed) => {
                        // What is not judged by then was not promised any more.
                        let rest = self.measures_of_open(policy, at)?;
                        self.judged.append(&mut self.early);
                        self.judged.extend(rest.into_iter().filter(|measure| measure.outcome.is_judged()));
                    }
                    (TicketStatus::Solved, _) => {
                        // It goes on, with what had passed; what was missed stays missed.
                        self.early.retain(|measure| measure.outcome.is_missed());
                        self.solution_done_at(None);
                    }
                    (_, TicketStatus::Solved) => self.solution_done_at(Some(at)),
                    _ => {}
                }
                self.states.push((at, to));
            }
            SlaEvent::Prioritised(priority) => {
                self.keep_judged(at, policy)?;
                self.priority = priority;
            }
        }
        Ok(())
    }

    /// Keeps what was met or missed under a policy that another one takes the place of (SLA-2). What is open is then judged anew by the other one.
    ///
    /// # Errors
    ///
    /// As [`SlaLedger::note`].
    pub fn keep_judged(&mut self, at: DateTime<Utc>, old: &SlaPolicy) -> Result<(), Invalid> {
        let mut measures = self.measures_of_open(old, at)?;
        measures.retain(|measure| measure.outcome.is_judged());
        self.early.append(&mut measures);
        Ok(())
    }

    /// Notes of what was missed early that the solution does it, or does not any more.
    fn solution_done_at(&mut self, at: Option<DateTime<Utc>>) {
        for measure in self.early.iter_mut().filter(|measure| !measure.metric.is_of_answers()) {
            *measure = measure.done_at(at);
        }
    }

    /// The cycles that were not judged: those of answers that are open, and those of the solution.
    fn open_cycles(&self) -> impl Iterator<Item = Open> {
        let opened = self.opened_at();
        let first = self.first_response.is_none().then_some((SlaMetric::FirstResponse, (opened, 0)));
        let next = self.unanswered.map(|oldest| (SlaMetric::NextResponse, oldest));
        let updates = self
            .answered
            .into_iter()
            .flat_map(|last| [(SlaMetric::PeriodicUpdate, last), (SlaMetric::PausableUpdate, last)]);
        let solution = [SlaMetric::RequesterWait, SlaMetric::AgentWork, SlaMetric::Resolution];
        let all = first.into_iter().chain(next).chain(updates).chain(solution.map(|metric| (metric, (opened, 0))));
        let open = all.map(|(metric, (from, cycle))| Open { metric, cycle, from });
        let early =
            |open: &Open| self.early.iter().any(|early| (early.metric, early.cycle) == (open.metric, open.cycle));
        open.filter(move |open| self.status() != TicketStatus::Closed && !early(open))
    }

    /// Where the ticket stood from the beginning of a cycle up to an instant.
    pub(super) fn stretches(
        &self,
        open: Open,
        until: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>, TicketStatus)> {
        // The last state that began before the cycle, and those after it.
        let first = self.states.partition_point(|(at, _)| *at <= open.from).saturating_sub(1);
        let states = self.states[first..].iter();
        let ends = states.clone().skip(1).map(|(at, _)| *at).chain([DateTime::<Utc>::MAX_UTC]);
        let stretches = states.zip(ends);
        let within = move |((from, status), to): (&(DateTime<Utc>, TicketStatus), DateTime<Utc>)| {
            ((*from).max(open.from), to.min(until), *status)
        };
        stretches.map(within).filter(|(from, to, _)| from < to)
    }

    /// How cycles stand at an instant; `done` says when what was promised was done, for those of answers.
    fn measured(
        &self,
        cycles: impl Iterator<Item = Open>,
        policy: &SlaPolicy,
        at: DateTime<Utc>,
        done: Option<DateTime<Utc>>,
    ) -> Result<Vec<SlaMeasure>, Invalid> {
        let mut measures = Vec::new();
        for open in cycles {
            let Some(within_seconds) = policy.within(open.metric, self.priority) else { continue };
            let outcome = self.outcome(open, policy, TimeDelta::seconds(within_seconds.into()), at, done)?;
            let Open { metric, cycle, from: started_at } = open;
            let version = policy.version;
            measures.push(SlaMeasure { metric, cycle, started_at, within_seconds, version, outcome });
        }
        Ok(measures)
    }

    fn outcome(
        &self,
        open: Open,
        policy: &SlaPolicy,
        within: TimeDelta,
        at: DateTime<Utc>,
        done: Option<DateTime<Utc>>,
    ) -> Result<SlaOutcome, Invalid> {
        let calendar = &policy.calendar;
        let done_at = if open.metric.is_of_answers() { done } else { self.solved_at() };
        let (mut left, mut used_up) = (within, None);
        for (from, to, status) in self.stretches(open, at) {
            if !policy.counts(open.metric, status) {
                continue;
            }
            let passed = calendar.elapsed(from, to);
            if passed >= left && used_up.is_none() {
                used_up = Some(calendar.add(from, left)?);
            }
            if let Some(due_at) = used_up.filter(|_| passed > left) {
                return Ok(SlaOutcome::Missed { due_at, done_at });
            }
            left -= passed;
        }
        if let Some(at) = done_at {
            return Ok(SlaOutcome::Met { at });
        }
        if !policy.counts(open.metric, self.status()) {
            let left_micros = left.num_microseconds().unwrap_or(i64::MAX);
            return Ok(SlaOutcome::Paused { left_micros });
        }
        // From the instant on all of it counts; before the cycle began nothing did.
        let due_at = used_up.map_or_else(|| calendar.add(at.max(open.from), left), Ok)?;
        Ok(SlaOutcome::Running { due_at })
    }

    /// When it was solved, where it is.
    fn solved_at(&self) -> Option<DateTime<Utc>> {
        let ended = |status| matches!(status, TicketStatus::Solved | TicketStatus::Closed);
        let solved = self.states.iter().rev().take_while(|(_, status)| ended(*status)).last();
        solved.map(|(at, _)| *at)
    }

    fn measures_of_open(&self, policy: &SlaPolicy, at: DateTime<Utc>) -> Result<Vec<SlaMeasure>, Invalid> {
        self.measured(self.open_cycles(), policy, at, None)
    }

    /// How everything stands at an instant, the cycles that are over first.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`] as [`BusinessCalendar::add`](crate::BusinessCalendar::add).
    pub fn measures(&self, policy: &SlaPolicy, at: DateTime<Utc>) -> Result<Vec<SlaMeasure>, Invalid> {
        let over = self.judged.iter().chain(&self.early).copied();
        Ok(over.chain(self.measures_of_open(policy, at)?).collect())
    }

    /// How the ticket stands with all that was promised of it (SLA-4).
    ///
    /// # Errors
    ///
    /// As [`SlaLedger::measures`].
    pub fn sla_status(&self, policy: &SlaPolicy, at: DateTime<Utc>) -> Result<SlaStatus, Invalid> {
        let missed = self.measures(policy, at)?.iter().any(|measure| measure.outcome.is_missed());
        Ok(match (self.solved_at().is_some(), missed) {
            (false, false) => SlaStatus::Active,
            (false, true) => SlaStatus::ActiveWithMisses,
            (true, false) => SlaStatus::Hit,
            (true, true) => SlaStatus::Missed,
        })
    }

    /// The next instant at which something is due that is not met (SLA-3), or the first at which something was that is not done; none while all of it is paused.
    ///
    /// # Errors
    ///
    /// As [`SlaLedger::measures`].
    pub fn next_due(&self, policy: &SlaPolicy) -> Result<Option<DateTime<Utc>>, Invalid> {
        Ok(self.due_instants(policy)?.into_iter().map(|(_, _, due_at)| due_at).min())
    }

    /// What is to be done, and when it is due; but for what is paused.
    fn due_instants(&self, policy: &SlaPolicy) -> Result<Vec<(SlaMetric, u32, DateTime<Utc>)>, Invalid> {
        let since = self.states.last().map_or(DateTime::UNIX_EPOCH, |(at, _)| *at);
        let measures = self.early.iter().copied().chain(self.measures_of_open(policy, since)?);
        let due = |measure: SlaMeasure| match measure.outcome {
            SlaOutcome::Running { due_at } | SlaOutcome::Missed { due_at, done_at: None }
                if policy.counts(measure.metric, self.status()) =>
            {
                Some((measure.metric, measure.cycle, due_at))
            }
            _ => None,
        };
        Ok(measures.filter_map(due).collect())
    }

    /// Tells what is to be told by an instant, each level of a cycle once (SLA-5), and keeps that it was.
    ///
    /// # Errors
    ///
    /// As [`SlaLedger::measures`].
    pub fn ring(&mut self, policy: &SlaPolicy, at: DateTime<Utc>) -> Result<Vec<SlaRing>, Invalid> {
        let rings: Vec<SlaRing> = self.rings(policy)?.into_iter().filter(|ring| ring.at <= at).collect();
        self.told.extend(rings.iter().map(|ring| (ring.metric, ring.cycle, ring.level)));
        Ok(rings)
    }

    /// When somebody is next to be told of something.
    ///
    /// # Errors
    ///
    /// As [`SlaLedger::measures`].
    pub fn next_ring(&self, policy: &SlaPolicy) -> Result<Option<DateTime<Utc>>, Invalid> {
        Ok(self.rings(policy)?.into_iter().map(|ring| ring.at).min())
    }

    fn rings(&self, policy: &SlaPolicy) -> Result<Vec<SlaRing>, Invalid> {
        let mut rings = Vec::new();
        for (metric, cycle, due_at) in self.due_instants(policy)? {
            for SlaAlarm { level, after_seconds } in policy.alarms.iter().copied() {
                if !self.told.contains(&(metric, cycle, level)) {
                    // At the due instant itself it is not missed yet (SLA-4).
                    let at = match after_seconds {
                        0 => due_at + TimeDelta::microseconds(1),
                        after => policy.calendar.add(due_at, TimeDelta::seconds(after.into()))?,
                    };
                    rings.push(SlaRing { metric, cycle, level, due_at, at });
                }
            }
        }
        Ok(rings)
    }
}

//! What is promised.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    calendar::BusinessCalendar,
    invalid::{Invalid, Rule},
    text::Label,
    ticket::{Priority, TicketStatus},
};

/// What is measured of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaMetric {
    /// From the opening to the first answer of an agent. It never begins again.
    FirstResponse,
    /// From the oldest message of the customer that is unanswered, after the first response, to the next answer; one cycle each (SLA-7).
    NextResponse,
    /// From one answer of an agent to the next; one cycle each.
    PeriodicUpdate,
    /// The same, but it pauses while the ticket waits for the customer.
    PausableUpdate,
    /// How long the customer waits for the solution: pauses while the ticket waits for them.
    RequesterWait,
    /// How long the ticket is in our hands: pauses while it waits for anybody else.
    AgentWork,
    /// From the opening to the solution; goes on where it is reopened.
    Resolution,
}

impl SlaMetric {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::FirstResponse,
        Self::NextResponse,
        Self::PeriodicUpdate,
        Self::PausableUpdate,
        Self::RequesterWait,
        Self::AgentWork,
        Self::Resolution,
    ];

    /// Whether it is met by an answer; the others by the solution.
    pub const fn is_of_answers(self) -> bool {
        matches!(self, Self::FirstResponse | Self::NextResponse | Self::PeriodicUpdate | Self::PausableUpdate)
    }
}

impl fmt::Display for SlaMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::FirstResponse => "first response",
            Self::NextResponse => "next response",
            Self::PeriodicUpdate => "periodic update",
            Self::PausableUpdate => "pausable update",
            Self::RequesterWait => "requester wait",
            Self::AgentWork => "agent work",
            Self::Resolution => "resolution",
        })
    }
}

/// How long something may take, in open time of the policy's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaTarget {
    /// What is measured.
    pub metric: SlaMetric,
    /// For tickets of this priority; without one for all that have no target of their own.
    pub priority: Option<Priority>,
    /// How long it may take: at least 15 seconds (SLA-1). What ends exactly then is in time (SLA-4).
    pub within_seconds: u32,
}

/// When somebody is told of a target: so much open time before or after it is due. Each level is told once for each cycle (SLA-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaAlarm {
    /// Its level, from 0: the first warning.
    pub level: u8,
    /// After the due instant; before it where it is below zero. At zero it is told of the miss, right after the due instant.
    pub after_seconds: i32,
}

/// What a desk promises: targets by metric and priority, on the hours of a calendar.
///
/// ```
/// use crm_core::{BusinessCalendar, Priority, SlaMetric, SlaPolicy};
///
/// let policy = SlaPolicy::new("standard".parse()?, BusinessCalendar::always())
///     .target(SlaMetric::FirstResponse, None, 4 * 3600)
///     .target(SlaMetric::FirstResponse, Some(Priority::Urgent), 30 * 60)
///     .warn_before(15 * 60);
/// policy.check()?;
/// assert_eq!(policy.within(SlaMetric::FirstResponse, Some(Priority::Urgent)), Some(1800));
/// assert_eq!(policy.within(SlaMetric::FirstResponse, Some(Priority::Low)), Some(14_400));
/// assert_eq!(policy.within(SlaMetric::Resolution, None), None);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SlaPolicy {
    /// What people call it.
    pub name: Label,
    /// Its version: what was judged keeps the one that it was judged by (SLA-2).
    pub version: u32,
    /// When the desk is open.
    pub calendar: BusinessCalendar,
    /// How long things may take.
    pub targets: Vec<SlaTarget>,
    /// The states in which the responses and the resolution pause.
    pub paused_in: Vec<TicketStatus>,
    /// When somebody is told.
    pub alarms: Vec<SlaAlarm>,
}

impl SlaPolicy {
    /// A policy without targets yet, in its first version. Responses and the resolution pause while the ticket waits for the customer.
    pub const fn new(name: Label, calendar: BusinessCalendar) -> Self {
        Self { name, version: 1, calendar, targets: Vec::new(), paused_in: Vec::new(), alarms: Vec::new() }
    }

    /// With a target for tickets of a priority, or for all that have none of their own.
    #[must_use]
    pub fn target(mut self, metric: SlaMetric, priority: Option<Priority>, within_seconds: u32) -> Self {
        self.targets.push(SlaTarget { metric, priority, within_seconds });
        self
    }

    /// With a state in which the responses and the resolution pause.
    #[must_use]
    pub fn pause_in(mut self, status: TicketStatus) -> Self {
        self.paused_in.push(status);
        self
    }

    /// With a warning before a target is due, and word of the miss after it: the next two levels.
    #[must_use]
    pub fn warn_before(self, seconds: u32) -> Self {
        let before = i32::try_from(seconds).map_or(i32::MIN, |seconds| -seconds);
        self.alarm(before).alarm(0)
    }

    /// With word to somebody so long after a target is due, or before it: the next level.
    #[must_use]
    pub fn alarm(mut self, after_seconds: i32) -> Self {
        let level = u8::try_from(self.alarms.len()).unwrap_or(u8::MAX);
        self.alarms.push(SlaAlarm { level, after_seconds });
        self
    }

    /// Refuses what promises nothing or contradicts itself.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] without targets, [`Rule::OutOfRange`] for one below 15 seconds (SLA-1), [`Rule::Repeated`] for two of one metric and priority or one level, and for
    /// alarms that are not in the order of their levels, [`Rule::Inconsistent`] for a pause where nothing runs anyway.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.targets.is_empty() {
            return Err(Invalid::new("targets", "", Rule::Empty));
        }
        for (place, target) in self.targets.iter().enumerate() {
            if target.within_seconds < 15 {
                let rule = Rule::OutOfRange { min: "15".into(), max: u32::MAX.to_string() };
                return Err(Invalid::new("within_seconds", target.within_seconds.to_string(), rule));
            }
            let same = |other: &&SlaTarget| (other.metric, other.priority) == (target.metric, target.priority);
            if self.targets[..place].iter().any(|other| same(&other)) {
                return Err(Invalid::new("targets", target.metric.to_string(), Rule::Repeated));
            }
        }
        let ends = |status: &&TicketStatus| matches!(status, TicketStatus::Solved | TicketStatus::Closed);
        if let Some(status) = self.paused_in.iter().find(ends) {
            let must = "must name states of tickets that are worked: nothing runs once they are solved";
            return Err(Invalid::new("paused_in", status.to_string(), Rule::Inconsistent { must }));
        }
        let ordered = |two: &[SlaAlarm]| two[0].level < two[1].level && two[0].after_seconds < two[1].after_seconds;
        if let Some(two) = self.alarms.windows(2).find(|two| !ordered(two)) {
            let must = "must follow each other in level and time";
            return Err(Invalid::new("alarms", two[1].level.to_string(), Rule::Inconsistent { must }));
        }
        Ok(())
    }

    /// How long something may take for a ticket of a priority, in seconds of open time.
    pub fn within(&self, metric: SlaMetric, priority: Option<Priority>) -> Option<u32> {
        let of = |priority| self.targets.iter().find(|target| (target.metric, target.priority) == (metric, priority));
        priority.and_then(|priority| of(Some(priority))).or_else(|| of(None)).map(|target| target.within_seconds)
    }

    /// Whether something runs while a ticket stands somewhere.
    pub fn counts(&self, metric: SlaMetric, status: TicketStatus) -> bool {
        use TicketStatus::{Closed, New, OnHold, Open, Pending, Solved};
        match (metric, status) {
            (_, Solved | Closed) => false,
            (SlaMetric::FirstResponse | SlaMetric::NextResponse | SlaMetric::Resolution, status) => {
                !self.paused_in.contains(&status)
            }
            (SlaMetric::PeriodicUpdate, _) | (_, New | Open) => true,
            (SlaMetric::PausableUpdate | SlaMetric::RequesterWait, status) => status == OnHold,
            (SlaMetric::AgentWork, Pending | OnHold) => false,
        }
    }
}

//! Who can be given work, and by which rules.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, SalesRepId},
    invalid::{Invalid, Rule},
    text::Label,
};

/// The most open work that a member may have where that is limited.
const CAPACITY: u64 = 1_000_000_000;
const DAYS_OF_QUOTA: u32 = 30;
/// Most topics that a member takes or prefers.
const TOPICS: usize = 100;
/// So many instants of a member are remembered at most: no limit and no quota of a day is higher.
const RECENT: usize = 10_000;
/// No roster comes to so many turns.
const TURNS: u64 = 1 << 62;

/// Somebody who may be given work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// A sales rep.
    SalesRep(SalesRepId),
    /// An agent.
    Agent(AgentId),
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SalesRep(id) => id.fmt(f),
            Self::Agent(id) => id.fmt(f),
        }
    }
}

/// Something that is known of a piece of work: `source` is `web`, `region` is `East`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What is said: `source`.
    pub of: Label,
    /// What it is: `web`.
    pub is: Label,
}

impl Topic {
    /// A topic from its two words.
    pub fn new(of: Label, is: Label) -> Self {
        Self { of, is }
    }
}

/// How one of those who could take a piece of work is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStrategy {
    /// In a fixed order, one after the other; who cannot take a piece keeps their turn for the next (ASG-1).
    RoundRobin,
    /// Who has the least open; then who waited longest since they were given something; then the lowest id (ASG-2).
    LeastLoaded,
    /// In turn, but in proportion to the weights: of seven, a member of weight 5 beside two of weight 1 is given five, not in a row.
    Weighted,
}

/// In which order work that waits is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingOrder {
    /// What was made first.
    OldestFirst,
    /// What has stood in the queue for longest.
    LongestWaitingFirst,
    /// What is likeliest to become something (ASG-7).
    LikeliestFirst,
}

/// No member is given more than so much in so long (ASG-4). What was given exactly a window ago counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FairnessWindow {
    /// The most that a member is given in any window, 1 to 10 000.
    pub limit: u32,
    /// How long the window is, in seconds: 1 to 2 592 000, thirty days.
    pub window_seconds: u32,
}

impl Default for FairnessWindow {
    /// 100 in an hour.
    fn default() -> Self {
        Self { limit: 100, window_seconds: 3_600 }
    }
}

/// How a roster hands out.
///
/// ```
/// use crm_core::{AssignmentPolicy, AssignmentStrategy, FairnessWindow};
///
/// let policy = AssignmentPolicy::default();
/// assert_eq!((policy.strategy, policy.fairness), (AssignmentStrategy::RoundRobin, Some(FairnessWindow::default())));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentPolicy {
    /// How one is chosen.
    pub strategy: AssignmentStrategy,
    /// What is handed out first.
    pub order: WaitingOrder,
    /// The most in a while; `None` sets no limit.
    pub fairness: Option<FairnessWindow>,
    /// Whether who had the customer's work before is given the next, where they can take it (ASG-10).
    pub sticky: bool,
    /// What was made more days ago is not handed out (ASG-7); `None` for whatever waits.
    pub stale_after_days: Option<u16>,
    /// Whether nothing is handed out at present: the team is out (ASG-7).
    pub paused: bool,
}

impl Default for AssignmentPolicy {
    /// In turn, the oldest first, at most 100 in an hour, however old.
    fn default() -> Self {
        Self {
            strategy: AssignmentStrategy::RoundRobin,
            order: WaitingOrder::OldestFirst,
            fairness: Some(FairnessWindow::default()),
            sticky: false,
            stale_after_days: None,
            paused: false,
        }
    }
}

/// A member of a roster: what they take, how much of it, and what they were given lately.
///
/// ```
/// use crm_core::{Member, RecordId, RosterMember, SalesRepId};
/// # let lin = SalesRepId::from_uuid(uuid::Uuid::from_u128(1));
/// let lin = RosterMember::new(Member::SalesRep(lin)).weight(2).capacity(40).monthly(45);
/// assert_eq!(lin.daily_quota(), Some(2)); // 1.5, rounded half up
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterMember {
    /// Who.
    pub member: Member,
    /// Their share where the strategy is [`AssignmentStrategy::Weighted`], 1 to 1 000.
    pub weight: u32,
    /// The most open work, by weight, that they may have (ASG-3), at most 1 000 000 000; `None` for any.
    pub capacity: Option<u64>,
    /// How many pieces they are to be given in thirty days (ASG-7), at most 300 000; a thirtieth of it, rounded half up, is their quota of any 24 hours.
    pub monthly: Option<u32>,
    /// They are given nothing but what has one of these topics; anything, where there are none. At most 100.
    pub takes: BTreeSet<Topic>,
    /// What has one of these topics goes to them before others. At most 100.
    pub prefers: BTreeSet<Topic>,
    /// Whether they are given nothing at present.
    pub paused: bool,
    /// What the roster remembers of them.
    pub given: Given,
}

/// What a roster remembers of a member. It moves with every assignment and stays when the rest is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// The number of their last turn, of all turns that were taken ([`AssignmentStrategy::RoundRobin`]); 0 where they had none. Who has the lowest is next.
    pub turn: u64,
    /// How far they are behind their share, in weights ([`AssignmentStrategy::Weighted`]).
    pub credit: i64,
    /// When they were last given something.
    pub last_at: Option<DateTime<Utc>>,
    /// When they were given what a window or a quota still counts, oldest first.
    pub recent: Vec<DateTime<Utc>>,
}

impl RosterMember {
    /// A member who takes anything, without limits, of weight 1.
    pub fn new(member: Member) -> Self {
        Self {
            member,
            weight: 1,
            capacity: None,
            monthly: None,
            takes: BTreeSet::new(),
            prefers: BTreeSet::new(),
            paused: false,
            given: Given::default(),
        }
    }

    /// With another weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// With the most open work that they may have.
    #[must_use]
    pub fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = Some(capacity);
        self
    }

    /// With how many pieces they are to be given in thirty days.
    #[must_use]
    pub fn monthly(mut self, monthly: u32) -> Self {
        self.monthly = Some(monthly);
        self
    }

    /// Given only what has this topic, or another one that was named so.
    #[must_use]
    pub fn takes(mut self, topic: Topic) -> Self {
        self.takes.insert(topic);
        self
    }

    /// Given before others what has this topic.
    #[must_use]
    pub fn prefers(mut self, topic: Topic) -> Self {
        self.prefers.insert(topic);
        self
    }

    /// Given nothing at present.
    #[must_use]
    pub fn paused(mut self) -> Self {
        self.paused = true;
        self
    }

    /// How many pieces they may be given in any 24 hours, where that is limited (ASG-7).
    pub fn daily_quota(&self) -> Option<u32> {
        // Half up: a whole half more, then the floor.
        self.monthly.map(|monthly| (monthly + DAYS_OF_QUOTA / 2) / DAYS_OF_QUOTA)
    }

    pub(super) fn given_after(&self, from: DateTime<Utc>) -> usize {
        self.given.recent.iter().filter(|given| **given > from).count()
    }

    pub(super) fn check(&self) -> Result<(), Invalid> {
        within("weight", self.weight, 1, 1_000)?;
        if let Some(capacity) = self.capacity.filter(|capacity| *capacity > CAPACITY) {
            let rule = Rule::OutOfRange { min: "0".into(), max: CAPACITY.to_string() };
            return Err(Invalid::new("capacity", capacity.to_string(), rule));
        }
        if self.given.turn > TURNS {
            let rule = Rule::OutOfRange { min: "0".into(), max: TURNS.to_string() };
            return Err(Invalid::new("turn", self.given.turn.to_string(), rule));
        }
        within("monthly capacity", self.monthly.unwrap_or(0), 0, 300_000)?;
        for (field, topics) in [("takes", &self.takes), ("prefers", &self.prefers)] {
            if topics.len() > TOPICS {
                return Err(Invalid::new(field, topics.len().to_string(), Rule::TooMany { limit: TOPICS }));
            }
        }
        let recent = self.given.recent.len();
        if recent > RECENT {
            return Err(Invalid::new("recent", recent.to_string(), Rule::TooMany { limit: RECENT }));
        }
        Ok(())
    }
}

pub(super) fn within(field: &'static str, value: u32, min: u32, max: u32) -> Result<(), Invalid> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let rule = Rule::OutOfRange { min: min.to_string(), max: max.to_string() };
    Err(Invalid::new(field, value.to_string(), rule))
}

//! What is asked, what was decided, and why.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Member, Topic};

/// How a member stands, as the caller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Whether they work at present and are there.
    pub available: bool,
    /// The weight of all that they have open; what is closed counts for nothing.
    pub load: u64,
}

/// A piece of work that is to be given to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// How much of a member's capacity it takes.
    pub weight: u32,
    /// What is known of it.
    pub topics: BTreeSet<Topic>,
    /// Who had the same customer's work before.
    pub previous: Option<Member>,
    /// Who must not be given it: nobody works a lead that is themself (LEAD-2).
    pub except: BTreeSet<Member>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Work {
    /// Work of weight 1 of which nothing else is known.
    pub fn new(created_at: DateTime<Utc>) -> Self {
        Self { weight: 1, topics: BTreeSet::new(), previous: None, except: BTreeSet::new(), created_at }
    }
}

/// Why a member was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Skip {
    /// They must not be given this.
    Excepted,
    /// They are given nothing at present.
    Paused,
    /// They do not work, or are not there.
    Unavailable,
    /// It has none of the topics that they take.
    OtherTopic,
    /// It would be more than they may have open (ASG-3).
    Full {
        /// What they have.
        load: u64,
        /// What they may have.
        capacity: u64,
    },
    /// They were given as much as a day may bring (ASG-7).
    QuotaSpent {
        /// What a day may bring.
        quota: u32,
    },
    /// They were given as much as the window allows (ASG-4).
    WindowFull {
        /// What it allows.
        limit: u32,
        /// How long it is.
        window_seconds: u32,
    },
}

/// A member who was not asked, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// Who.
    pub member: Member,
    /// Why.
    pub why: Skip,
}

/// A member who could have been given the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Who.
    pub member: Member,
    /// What they have open.
    pub load: u64,
}

/// Why it was this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// They had the customer's work before (ASG-10). That takes no turn.
    Sticky,
    /// They prefer its topic, and were chosen by the strategy among those who do.
    Preferred,
    /// The strategy chose them among all who could take it.
    Chosen,
}

/// Why nobody was given it: it stays where it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Held {
    /// The whole roster hands out nothing at present.
    Paused,
    /// It was made too long ago.
    Stale {
        /// After how many days it is.
        after_days: u16,
    },
    /// Each member was skipped.
    NobodyFree,
}

/// What became of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It was given to somebody.
    Given {
        /// To whom.
        to: Member,
        /// Why to them.
        because: Because,
    },
    /// It waits.
    Waits(Held),
}

/// What was decided, and why (ASG-9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What became of it.
    pub outcome: Outcome,
    /// Those who could take it, in the order in which it was their turn.
    pub candidates: Vec<Candidate>,
    /// Those who could not, in the same order.
    pub skipped: Vec<Skipped>,
    /// The place of the member whose turn it was, from 0.
    pub cursor_before: u16,
    /// The place of the member whose turn it is now.
    pub cursor_after: u16,
}

impl Decision {
    /// Who was given it.
    pub const fn given_to(&self) -> Option<Member> {
        match self.outcome {
            Outcome::Given { to, .. } => Some(to),
            Outcome::Waits(_) => None,
        }
    }

    /// Why a member was skipped, where they were.
    pub fn why_not(&self, member: Member) -> Option<Skip> {
        self.skipped.iter().find(|skipped| skipped.member == member).map(|skipped| skipped.why)
    }
}

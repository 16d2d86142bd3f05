//! How one promise stands.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::SlaMetric;

/// One cycle of one metric of a ticket, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaMeasure {
    /// What is measured.
    pub metric: SlaMetric,
    /// Which cycle: the number of the message that began it, 0 for the metrics that have one only.
    pub cycle: u32,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it may take, in seconds of open time.
    pub within_seconds: u32,
    /// The version of the policy that it is judged by.
    pub version: u32,
    /// How it stands.
    pub outcome: SlaOutcome,
}

impl SlaMeasure {
    /// Where it was missed: as what is done then, or not yet.
    pub(super) const fn done_at(mut self, at: Option<DateTime<Utc>>) -> Self {
        if let SlaOutcome::Missed { done_at, .. } = &mut self.outcome {
            *done_at = at;
        }
        self
    }
}

/// How a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SlaOutcome {
    /// Time passes; at the due instant it is still met (SLA-4).
    Running {
        /// When it is due, if nothing pauses it.
        due_at: DateTime<Utc>,
    },
    /// No time passes while the ticket stands where it does; so much open time is left.
    Paused {
        /// In microseconds.
        left_micros: i64,
    },
    /// It was kept.
    Met {
        /// When.
        at: DateTime<Utc>,
    },
    /// It was not.
    Missed {
        /// When it was due.
        due_at: DateTime<Utc>,
        /// When what was promised was done after all.
        done_at: Option<DateTime<Utc>>,
    },
}

impl SlaOutcome {
    /// Whether it was kept or missed: time does not change it any more.
    pub const fn is_judged(self) -> bool {
        matches!(self, Self::Met { .. } | Self::Missed { .. })
    }

    /// Whether it was missed.
    pub const fn is_missed(self) -> bool {
        matches!(self, Self::Missed { .. })
    }

    /// How much open time is left of a pause.
    pub const fn left(self) -> Option<TimeDelta> {
        match self {
            Self::Paused { left_micros } => Some(TimeDelta::microseconds(left_micros)),
            Self::Running { .. } | Self::Met { .. } | Self::Missed { .. } => None,
        }
    }
}

/// How a ticket stands with all that was promised of it (SLA-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaStatus {
    /// Nothing was missed so far.
    Active,
    /// Something was missed, and the ticket is not solved.
    ActiveWithMisses,
    /// It is solved, and nothing was missed.
    Hit,
    /// It is solved, and something was missed.
    Missed,
}

impl fmt::Display for SlaStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::ActiveWithMisses => "active with misses",
            Self::Hit => "hit",
            Self::Missed => "missed",
        })
    }
}

//! What kinds of activities there are, and where one stands.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    text::{Label, Text},
    transition::{Transition, Transitions},
};

/// What kind of work an activity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityKind {
    /// A telephone call.
    Call,
    /// A visit at the customer's.
    Visit,
    /// A meeting, in a room or on a screen.
    Meeting,
    /// Anything else: a letter, an offer, a question to a colleague.
    Task,
}

/// Planned, done or cancelled, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActivityState {
    /// To be done.
    Planned,
    /// Done.
    Done {
        /// When it was marked done.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
        /// The coded outcome.
        outcome: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// Not to be done any more.
    Cancelled {
        /// When it was cancelled.
        at: DateTime<Utc>,
        /// Why.
        reason: Option<Text>,
    },
}

impl ActivityState {
    /// The state without what is known in it.
    pub const fn status(&self) -> ActivityStatus {
        match self {
            Self::Planned => Planned,
            Self::Done { .. } => Done,
            Self::Cancelled { .. } => Cancelled,
        }
    }

    /// When it was done.
    pub const fn done_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Done { at, .. } => Some(*at),
            Self::Planned | Self::Cancelled { .. } => None,
        }
    }
}

/// Planned, done or cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivityStatus {
    /// To be done.
    Planned,
    /// Done.
    Done,
    /// Not to be done any more.
    Cancelled,
}

/// What can be done to an activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityAction {
    /// Change its data.
    Revise,
    /// Mark it done.
    Complete,
    /// Take it out of what is to be done.
    Cancel,
    /// Plan it again.
    Reopen,
    /// Delete it.
    Delete,
}

use ActivityAction::{Cancel, Complete, Delete, Reopen, Revise};
use ActivityStatus::{Cancelled, Done, Planned};

impl ActivityStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, ActivityAction> = Transitions {
        states: &[Planned, Done, Cancelled],
        actions: &[Revise, Complete, Cancel, Reopen, Delete],
        steps: &[
            Transition { from: Planned, action: Revise, to: Planned, guard: "" },
            Transition { from: Planned, action: Complete, to: Done, guard: "with an outcome" },
            Transition { from: Planned, action: Cancel, to: Cancelled, guard: "" },
            Transition { from: Planned, action: Delete, to: Planned, guard: "then gone" },
            Transition { from: Done, action: Reopen, to: Planned, guard: "" },
            Transition { from: Cancelled, action: Reopen, to: Planned, guard: "" },
            Transition { from: Cancelled, action: Delete, to: Cancelled, guard: "then gone" },
        ],
    };
}

impl fmt::Display for ActivityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Call => "call",
            Self::Visit => "visit",
            Self::Meeting => "meeting",
            Self::Task => "task",
        })
    }
}

impl fmt::Display for ActivityStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Planned => "planned",
            Done => "done",
            Cancelled => "cancelled",
        })
    }
}

impl fmt::Display for ActivityAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Revise => "revise",
            Complete => "complete",
            Cancel => "cancel",
            Reopen => "reopen",
            Delete => "delete",
        })
    }
}

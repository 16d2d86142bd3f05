//! Where an opportunity stands, and the stages that it stood in.

use std::fmt;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    pipeline::StageKind,
    text::{Actor, Label, Text},
    transition::{Transition, Transitions},
};

/// Open, won or lost, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OpportunityState {
    /// Being worked.
    Open,
    /// Sold.
    Won {
        /// When it was marked won. Moving on to another won stage leaves it (OPP-2).
        at: DateTime<Utc>,
        /// The business day of the sale.
        day: NaiveDate,
    },
    /// Not sold.
    Lost {
        /// When it was marked lost.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
        /// The coded reason.
        reason: Label,
        /// More about it.
        note: Option<Text>,
    },
}

impl OpportunityState {
    /// The state without what is known in it.
    pub const fn status(&self) -> OpportunityStatus {
        match self {
            Self::Open => Open,
            Self::Won { .. } => Won,
            Self::Lost { .. } => Lost,
        }
    }

    /// The day on which it was won or lost.
    pub const fn close_day(&self) -> Option<NaiveDate> {
        match self {
            Self::Open => None,
            Self::Won { day, .. } | Self::Lost { day, .. } => Some(*day),
        }
    }
}

/// One stay in a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageVisit {
    /// The key of the stage.
    pub stage: Label,
    /// The kind that the stage had.
    pub kind: StageKind,
    /// When it was entered.
    pub entered_at: DateTime<Utc>,
    /// When it was left, or when the opportunity was lost that was worked again later; `None` for the present one.
    pub left_at: Option<DateTime<Utc>>,
    /// Who moved it there.
    pub actor: Actor,
}

impl StageVisit {
    /// How long the stay took; `None` for the present one. The time between a loss and the reopening is part of no stay.
    pub fn duration(&self) -> Option<TimeDelta> {
        Some(self.left_at? - self.entered_at)
    }
}

/// Open, won or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpportunityStatus {
    /// Being worked.
    Open,
    /// Sold.
    Won,
    /// Not sold.
    Lost,
}

/// What can be done to an opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpportunityAction {
    /// Change its data.
    Revise,
    /// Move it to another stage.
    Advance,
    /// Mark it won.
    Win,
    /// Mark it lost.
    Lose,
    /// Work it again.
    Reopen,
    /// Delete it.
    Delete,
}

use OpportunityAction::{Advance, Delete, Lose, Reopen, Revise, Win};
use OpportunityStatus::{Lost, Open, Won};

impl OpportunityStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, OpportunityAction> = Transitions {
        states: &[Open, Won, Lost],
        actions: &[Revise, Advance, Win, Lose, Reopen, Delete],
        steps: &[
            Transition { from: Open, action: Revise, to: Open, guard: "" },
            Transition { from: Open, action: Advance, to: Open, guard: "to an open stage" },
            Transition { from: Open, action: Win, to: Won, guard: "with a value" },
            Transition { from: Open, action: Lose, to: Lost, guard: "with a reason" },
            Transition { from: Open, action: Delete, to: Open, guard: "then gone" },
            Transition { from: Won, action: Advance, to: Won, guard: "to a won stage" },
            Transition { from: Won, action: Reopen, to: Open, guard: "to an open stage" },
            Transition { from: Lost, action: Reopen, to: Open, guard: "to an open stage" },
        ],
    };
}

impl fmt::Display for OpportunityStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Open => "open",
            Won => "won",
            Lost => "lost",
        })
    }
}

impl fmt::Display for OpportunityAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Revise => "revise",
            Advance => "advance",
            Win => "win",
            Lose => "lose",
            Reopen => "reopen",
            Delete => "delete",
        })
    }
}

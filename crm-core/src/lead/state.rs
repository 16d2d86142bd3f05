//! Where a lead stands.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    conversion::Conversion,
    text::{Label, Text},
    transition::{Transition, Transitions},
};

/// Where a lead stands, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LeadState {
    /// Nobody has worked it yet.
    New,
    /// Somebody is finding out what it is worth.
    Working,
    /// It is worth a deal.
    Qualified,
    /// Not now, perhaps later.
    Nurturing,
    /// It is none.
    Disqualified {
        /// Since when.
        at: DateTime<Utc>,
        /// The coded reason.
        reason: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// It became an organisation, a person or a deal, and is read only (CONV-9).
    Converted {
        /// Since when.
        at: DateTime<Utc>,
        /// What it became.
        conversion: Box<Conversion>,
    },
}

impl LeadState {
    /// The state without what is known in it.
    pub const fn status(&self) -> LeadStatus {
        match self {
            Self::New => New,
            Self::Working => Working,
            Self::Qualified => Qualified,
            Self::Nurturing => Nurturing,
            Self::Disqualified { .. } => Disqualified,
            Self::Converted { .. } => Converted,
        }
    }
}

/// Where a lead stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadStatus {
    /// Nobody has worked it yet.
    New,
    /// Somebody is finding out what it is worth.
    Working,
    /// It is worth a deal.
    Qualified,
    /// Not now, perhaps later.
    Nurturing,
    /// It is none.
    Disqualified,
    /// It became an organisation, a person or a deal.
    Converted,
}

/// What can be done to a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadAction {
    /// Change its data, or note what was said.
    Revise,
    /// Put it into a queue, give it to a rep, or take it from them.
    Assign,
    /// Begin to work it, or work it again.
    Work,
    /// Find it worth a deal.
    Qualify,
    /// Put it off.
    Nurture,
    /// Find it to be none.
    Disqualify,
    /// Work again what was disqualified.
    Reopen,
    /// Make an organisation, a person or a deal of it.
    Convert,
    /// Take the conversion back.
    UndoConversion,
    /// Delete it.
    Delete,
}

use LeadAction::{Assign, Convert, Delete, Disqualify, Nurture, Qualify, Reopen, Revise, UndoConversion, Work};
use LeadStatus::{Converted, Disqualified, New, Nurturing, Qualified, Working};

impl LeadStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, LeadAction> = Transitions {
        states: &[New, Working, Qualified, Nurturing, Disqualified, Converted],
        actions: &[Revise, Assign, Work, Qualify, Nurture, Disqualify, Reopen, Convert, UndoConversion, Delete],
        steps: &[
            Transition { from: New, action: Revise, to: New, guard: "" },
            Transition { from: New, action: Assign, to: New, guard: "" },
            Transition { from: New, action: Work, to: Working, guard: "" },
            Transition { from: New, action: Qualify, to: Qualified, guard: "" },
            Transition { from: New, action: Nurture, to: Nurturing, guard: "" },
            Transition { from: New, action: Disqualify, to: Disqualified, guard: "with a reason" },
            Transition { from: New, action: Convert, to: Converted, guard: "if qualification may be skipped" },
            Transition { from: New, action: Delete, to: New, guard: "then gone" },
            Transition { from: Working, action: Revise, to: Working, guard: "" },
            Transition { from: Working, action: Assign, to: Working, guard: "" },
            Transition { from: Working, action: Qualify, to: Qualified, guard: "" },
            Transition { from: Working, action: Nurture, to: Nurturing, guard: "" },
            Transition { from: Working, action: Disqualify, to: Disqualified, guard: "with a reason" },
            Transition { from: Working, action: Convert, to: Converted, guard: "if qualification may be skipped" },
            Transition { from: Working, action: Delete, to: Working, guard: "then gone" },
            Transition { from: Qualified, action: Revise, to: Qualified, guard: "" },
            Transition { from: Qualified, action: Assign, to: Qualified, guard: "" },
            Transition { from: Qualified, action: Work, to: Working, guard: "" },
            Transition { from: Qualified, action: Nurture, to: Nurturing, guard: "" },
            Transition { from: Qualified, action: Disqualify, to: Disqualified, guard: "with a reason" },
            Transition { from: Qualified, action: Convert, to: Converted, guard: "" },
            Transition { from: Qualified, action: Delete, to: Qualified, guard: "then gone" },
            Transition { from: Nurturing, action: Revise, to: Nurturing, guard: "" },
            Transition { from: Nurturing, action: Assign, to: Nurturing, guard: "" },
            Transition { from: Nurturing, action: Work, to: Working, guard: "" },
            Transition { from: Nurturing, action: Qualify, to: Qualified, guard: "" },
            Transition { from: Nurturing, action: Disqualify, to: Disqualified, guard: "with a reason" },
            Transition { from: Nurturing, action: Delete, to: Nurturing, guard: "then gone" },
            Transition { from: Disqualified, action: Revise, to: Disqualified, guard: "" },
            Transition { from: Disqualified, action: Nurture, to: Nurturing, guard: "" },
            Transition { from: Disqualified, action: Reopen, to: Working, guard: "with a reason" },
            Transition { from: Disqualified, action: Delete, to: Disqualified, guard: "then gone" },
            Transition { from: Converted, action: UndoConversion, to: Qualified, guard: "or as it was before" },
        ],
    };

    /// Whether something may still come of it: neither disqualified nor converted.
    pub const fn is_open(self) -> bool {
        match self {
            New | Working | Qualified | Nurturing => true,
            Disqualified | Converted => false,
        }
    }

    /// The word for it, as rules of assignment know it.
    pub const fn word(self) -> &'static str {
        match self {
            New => "new",
            Working => "working",
            Qualified => "qualified",
            Nurturing => "nurturing",
            Disqualified => "disqualified",
            Converted => "converted",
        }
    }
}

impl fmt::Display for LeadStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl fmt::Display for LeadAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Revise => "revise",
            Assign => "assign",
            Work => "work",
            Qualify => "qualify",
            Nurture => "nurture",
            Disqualify => "disqualify",
            Reopen => "reopen",
            Convert => "convert",
            UndoConversion => "undo the conversion of",
            Delete => "delete",
        })
    }
}

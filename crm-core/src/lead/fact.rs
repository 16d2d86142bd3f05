//! What happens to a lead.

use serde::{Deserialize, Serialize};

use super::{Lead, LeadState, LeadStatus, LeadTouch};
use crate::{
    conversion::Conversion,
    id::{QueueId, SalesRepId},
    text::{Label, Text},
};

/// Where a lead stands in the work of others: the queue and the rep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadPlace {
    /// The queue that it waits in, or was given from.
    pub queue: Option<QueueId>,
    /// The rep who works it.
    pub owner: Option<SalesRepId>,
}

/// Why a lead is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disqualification {
    /// The coded reason: `no budget`. `other`, in any case, needs a note (LEAD-1).
    pub reason: Label,
    /// More about it.
    pub note: Option<Text>,
}

/// What happened to a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LeadFact {
    /// It came in.
    Added {
        /// As it was then.
        lead: Box<Lead>,
    },
    /// Its data changed.
    Revised {
        /// As it was.
        before: Box<Lead>,
        /// As it is.
        after: Box<Lead>,
    },
    /// Something was said.
    Touched {
        /// What.
        touch: LeadTouch,
    },
    /// It came into a queue or out of it, to a rep or from them.
    Assigned {
        /// Where it was.
        before: LeadPlace,
        /// Where it is.
        after: LeadPlace,
    },
    /// It is worked, qualified or put off.
    Moved {
        /// Where it stood, with what was known there.
        before: LeadState,
        /// Where it stands.
        to: LeadStatus,
    },
    /// It is none.
    Disqualified {
        /// Where it stood.
        from: LeadStatus,
        /// The coded reason.
        reason: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// What was disqualified is worked again.
    Reopened {
        /// Since when it was disqualified, and why.
        before: LeadState,
        /// Why it is worked again.
        reason: Text,
    },
    /// It became something.
    Converted {
        /// What.
        conversion: Box<Conversion>,
    },
    /// That was taken back.
    ConversionUndone {
        /// What it had become.
        conversion: Box<Conversion>,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        lead: Box<Lead>,
    },
}

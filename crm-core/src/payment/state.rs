//! Where a payment stands with its provider.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    text::Label,
    transition::{Transition, Transitions},
};

/// Where a payment stands with its provider, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentState {
    /// The provider has not answered yet.
    Draft,
    /// The provider works on it.
    Pending {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// The money is held.
    Authorised {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The money was taken; of a void, released; of a refund, given back.
    Done {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Called off: nothing is held.
    Cancelled {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// It failed.
    Failed {
        /// When.
        at: DateTime<Utc>,
        /// Why, by the provider's code or in its words.
        reason: Option<Label>,
    },
}

impl PaymentState {
    /// The state without what is known in it.
    pub const fn status(&self) -> ProviderStatus {
        match self {
            Self::Draft => Draft,
            Self::Pending { .. } => Pending,
            Self::Authorised { .. } => Authorised,
            Self::Done { .. } => Done,
            Self::Cancelled { .. } => Cancelled,
            Self::Failed { .. } => Failed,
        }
    }

    /// Since when it stands there; `None` for a draft, which has stood there since it was begun.
    pub const fn since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Draft => None,
            Self::Pending { since: at }
            | Self::Authorised { at }
            | Self::Done { at }
            | Self::Cancelled { at }
            | Self::Failed { at, .. } => Some(*at),
        }
    }
}

/// Where a payment stands with its provider, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// The provider has not answered yet.
    Draft,
    /// The provider works on it.
    Pending,
    /// The money is held.
    Authorised,
    /// The money was taken, released or given back.
    Done,
    /// Called off.
    Cancelled,
    /// It failed.
    Failed,
}

/// What can happen to a payment with its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentAction {
    /// The provider works on it.
    Pend,
    /// The provider holds the money.
    Authorise,
    /// A whole or a part is captured, a part is voided or refunded.
    Finish,
    /// A whole is voided, a part is not done.
    Cancel,
    /// It fails.
    Fail,
    /// Delete it.
    Delete,
}

use PaymentAction::{Authorise, Cancel, Delete, Fail, Finish, Pend};
use ProviderStatus::{Authorised, Cancelled, Done, Draft, Failed, Pending};

/// A provider may take the money of a payment that it had reported as failed: the customer tried again.
const STEPS: &[Transition<ProviderStatus, PaymentAction>] = &[
    Transition { from: Draft, action: Pend, to: Pending, guard: "" },
    Transition { from: Draft, action: Authorise, to: Authorised, guard: "a whole" },
    Transition { from: Draft, action: Finish, to: Done, guard: "" },
    Transition { from: Draft, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Draft, action: Fail, to: Failed, guard: "" },
    Transition { from: Draft, action: Delete, to: Draft, guard: "then gone" },
    Transition { from: Pending, action: Authorise, to: Authorised, guard: "a whole" },
    Transition { from: Pending, action: Finish, to: Done, guard: "" },
    Transition { from: Pending, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Pending, action: Fail, to: Failed, guard: "" },
    Transition { from: Authorised, action: Finish, to: Done, guard: "at once or in parts" },
    Transition { from: Authorised, action: Cancel, to: Cancelled, guard: "at once or in parts" },
    Transition { from: Authorised, action: Fail, to: Failed, guard: "without parts" },
    Transition { from: Failed, action: Finish, to: Done, guard: "with room left" },
];

impl ProviderStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, PaymentAction> = Transitions {
        states: &[Draft, Pending, Authorised, Done, Cancelled, Failed],
        actions: &[Pend, Authorise, Finish, Cancel, Fail, Delete],
        steps: STEPS,
    };

    /// How far on its way a payment is there; the three ends are equally far.
    pub(super) const fn progress(self) -> u8 {
        match self {
            Draft => 0,
            Pending => 1,
            Authorised => 2,
            Done | Cancelled | Failed => 3,
        }
    }

    /// What leads there; nothing leads to a draft.
    pub(super) const fn reached_by(self) -> Option<PaymentAction> {
        match self {
            Draft => None,
            Pending => Some(Pend),
            Authorised => Some(Authorise),
            Done => Some(Finish),
            Cancelled => Some(Cancel),
            Failed => Some(Fail),
        }
    }
}

impl fmt::Display for ProviderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Draft => "draft",
            Pending => "pending",
            Authorised => "authorised",
            Done => "done",
            Cancelled => "cancelled",
            Failed => "failed",
        })
    }
}

impl fmt::Display for PaymentAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Pend => "pend",
            Authorise => "authorise",
            Finish => "finish",
            Cancel => "cancel",
            Fail => "fail",
            Delete => "delete",
        })
    }
}

//! Where an order stands commercially.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    text::Text,
    transition::{Transition, Transitions},
};

/// Where an order stands commercially, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OrderState {
    /// Being written; its lines can be amended.
    Draft,
    /// Binding.
    Confirmed {
        /// When it was confirmed.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
    },
    /// Binding and not to be cancelled.
    Locked {
        /// When it was confirmed.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
    },
    /// Called off.
    Cancelled {
        /// When it was cancelled.
        at: DateTime<Utc>,
        /// The business day of the cancellation.
        day: NaiveDate,
        /// The business day on which it had been confirmed; `None` for a draft.
        confirmed_on: Option<NaiveDate>,
        /// Why.
        reason: Option<Text>,
    },
}

impl OrderState {
    /// The state without what is known in it.
    pub const fn status(&self) -> OrderStatus {
        match self {
            Self::Draft => Draft,
            Self::Confirmed { .. } => Confirmed,
            Self::Locked { .. } => Locked,
            Self::Cancelled { .. } => Cancelled,
        }
    }

    /// The business day on which it was confirmed, even if it was cancelled later.
    pub const fn confirmed_on(&self) -> Option<NaiveDate> {
        match self {
            Self::Draft => None,
            Self::Confirmed { day, .. } | Self::Locked { day, .. } => Some(*day),
            Self::Cancelled { confirmed_on, .. } => *confirmed_on,
        }
    }
}

/// Where an order stands commercially, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Being written.
    Draft,
    /// Binding.
    Confirmed,
    /// Binding and not to be cancelled.
    Locked,
    /// Called off.
    Cancelled,
}

/// What can be done to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderAction {
    /// Change its lines.
    Amend,
    /// Make it another rep's sale.
    Reassign,
    /// Make it binding.
    Confirm,
    /// Lock it against cancelling.
    Lock,
    /// Unlock it.
    Unlock,
    /// Call it off.
    Cancel,
    /// Send goods.
    Ship,
    /// Note that a shipment arrived.
    Deliver,
    /// Note that a shipment came back, or some of it.
    Return,
    /// Take money.
    Pay,
    /// Give money back.
    Refund,
    /// Take the credit of a refund back.
    UndoRefund,
    /// Delete it.
    Delete,
}

use OrderAction::{
    Amend, Cancel, Confirm, Delete, Deliver, Lock, Pay, Reassign, Refund, Return, Ship, UndoRefund, Unlock,
};
use OrderStatus::{Cancelled, Confirmed, Draft, Locked};

/// Goods and money of a binding order move whether it is locked or not; whose sale it is can be corrected until it is cancelled.
const STEPS: &[Transition<OrderStatus, OrderAction>] = &[
    Transition { from: Draft, action: Amend, to: Draft, guard: "" },
    Transition { from: Draft, action: Reassign, to: Draft, guard: "" },
    Transition { from: Draft, action: Confirm, to: Confirmed, guard: "with a line" },
    Transition { from: Draft, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Draft, action: Delete, to: Draft, guard: "then gone" },
    Transition { from: Confirmed, action: Reassign, to: Confirmed, guard: "" },
    Transition { from: Confirmed, action: Lock, to: Locked, guard: "" },
    Transition { from: Confirmed, action: Cancel, to: Cancelled, guard: "goods back, money refunded" },
    Transition { from: Confirmed, action: Ship, to: Confirmed, guard: "what is left" },
    Transition { from: Confirmed, action: Deliver, to: Confirmed, guard: "once" },
    Transition { from: Confirmed, action: Return, to: Confirmed, guard: "what is out" },
    Transition { from: Confirmed, action: Pay, to: Confirmed, guard: "what is owed" },
    Transition { from: Confirmed, action: Refund, to: Confirmed, guard: "what was paid" },
    Transition { from: Confirmed, action: UndoRefund, to: Confirmed, guard: "the last one" },
    Transition { from: Locked, action: Reassign, to: Locked, guard: "" },
    Transition { from: Locked, action: Unlock, to: Confirmed, guard: "" },
    Transition { from: Locked, action: Ship, to: Locked, guard: "what is left" },
    Transition { from: Locked, action: Deliver, to: Locked, guard: "once" },
    Transition { from: Locked, action: Return, to: Locked, guard: "what is out" },
    Transition { from: Locked, action: Pay, to: Locked, guard: "what is owed" },
    Transition { from: Locked, action: Refund, to: Locked, guard: "what was paid" },
    Transition { from: Locked, action: UndoRefund, to: Locked, guard: "the last one" },
    Transition { from: Cancelled, action: Delete, to: Cancelled, guard: "then gone; never confirmed" },
];

impl OrderStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, OrderAction> = Transitions {
        states: &[Draft, Confirmed, Locked, Cancelled],
        actions: &[
            Amend, Reassign, Confirm, Lock, Unlock, Cancel, Ship, Deliver, Return, Pay, Refund, UndoRefund, Delete,
        ],
        steps: STEPS,
    };
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Draft => "draft",
            Confirmed => "confirmed",
            Locked => "locked",
            Cancelled => "cancelled",
        })
    }
}

impl fmt::Display for OrderAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Amend => "amend",
            Reassign => "reassign",
            Confirm => "confirm",
            Lock => "lock",
            Unlock => "unlock",
            Cancel => "cancel",
            Ship => "ship",
            Deliver => "deliver",
            Return => "return",
            Pay => "pay",
            Refund => "refund",
            UndoRefund => "undo a refund of",
            Delete => "delete",
        })
    }
}

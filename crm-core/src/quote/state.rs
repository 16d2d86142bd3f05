//! Where a quote stands.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    discount::BeyondLimit,
    id::{OrderId, QuoteId},
    text::{Label, Text},
    transition::{Transition, Transitions},
};

/// Where a quote stands, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuoteState {
    /// Being written.
    Draft {
        /// Why it was sent back, where it was.
        sent_back: Option<Text>,
    },
    /// Waiting for somebody to approve what goes beyond the limit of who handed it in.
    InApproval {
        /// Since when.
        since: DateTime<Utc>,
        /// What goes beyond.
        beyond: Vec<BeyondLimit>,
    },
    /// Ready to be sent: approved ([`Quote::approval`](crate::Quote::approval)), or within the limit.
    Approved {
        /// When.
        at: DateTime<Utc>,
    },
    /// With the customer; its content stands (QT-1).
    Sent {
        /// When.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
    },
    /// The customer took it.
    Accepted {
        /// When.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
        /// The order that was made of it (QT-3).
        order: Option<OrderId>,
    },
    /// The customer did not take it.
    Rejected {
        /// When.
        at: DateTime<Utc>,
        /// The business day.
        day: NaiveDate,
        /// The coded reason: `price`, `no budget`.
        reason: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// Its last day is over.
    Expired {
        /// When that was noted.
        at: DateTime<Utc>,
    },
    /// A newer version took its place.
    Superseded {
        /// When.
        at: DateTime<Utc>,
        /// The newer version.
        by: QuoteId,
    },
    /// Called off.
    Cancelled {
        /// When.
        at: DateTime<Utc>,
        /// Why.
        reason: Option<Text>,
    },
}

impl QuoteState {
    /// The state without what is known in it.
    pub const fn status(&self) -> QuoteStatus {
        match self {
            Self::Draft { .. } => Draft,
            Self::InApproval { .. } => InApproval,
            Self::Approved { .. } => Approved,
            Self::Sent { .. } => Sent,
            Self::Accepted { .. } => Accepted,
            Self::Rejected { .. } => Rejected,
            Self::Expired { .. } => Expired,
            Self::Superseded { .. } => Superseded,
            Self::Cancelled { .. } => Cancelled,
        }
    }
}

/// Where a quote stands, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteStatus {
    /// Being written.
    Draft,
    /// Waiting for approval.
    InApproval,
    /// Ready to be sent.
    Approved,
    /// With the customer.
    Sent,
    /// The customer took it.
    Accepted,
    /// The customer did not take it.
    Rejected,
    /// Its last day is over.
    Expired,
    /// A newer version took its place.
    Superseded,
    /// Called off.
    Cancelled,
}

/// What can be done to a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuoteAction {
    /// Change its content.
    Amend,
    /// Ask for approval.
    Submit,
    /// Let it through where it is within the limit.
    Pass,
    /// Approve it.
    Approve,
    /// Send it back to its author.
    SendBack,
    /// Send it to the customer.
    Send,
    /// Note that the customer takes it.
    Accept,
    /// Note that the customer does not take it.
    Reject,
    /// Note that its last day is over.
    Expire,
    /// Put a newer version in its place.
    Supersede,
    /// Call it off.
    Cancel,
    /// Note the order that was made of it.
    Order,
    /// Delete it.
    Delete,
}

use QuoteAction::{
    Accept, Amend, Approve, Cancel, Delete, Expire, Order, Pass, Reject, Send, SendBack, Submit, Supersede,
};
use QuoteStatus::{Accepted, Approved, Cancelled, Draft, Expired, InApproval, Rejected, Sent, Superseded};

const STEPS: &[Transition<QuoteStatus, QuoteAction>] = &[
    Transition { from: Draft, action: Amend, to: Draft, guard: "" },
    Transition { from: Draft, action: Submit, to: InApproval, guard: "beyond the limit" },
    Transition { from: Draft, action: Pass, to: Approved, guard: "within the limit" },
    Transition { from: Draft, action: Send, to: Sent, guard: "within the limit" },
    Transition { from: Draft, action: Supersede, to: Superseded, guard: "" },
    Transition { from: Draft, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Draft, action: Delete, to: Draft, guard: "then gone" },
    Transition { from: InApproval, action: Approve, to: Approved, guard: "not by its author" },
    Transition { from: InApproval, action: SendBack, to: Draft, guard: "with a reason" },
    Transition { from: InApproval, action: Supersede, to: Superseded, guard: "" },
    Transition { from: InApproval, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Approved, action: Amend, to: InApproval, guard: "where it is beyond the limit then" },
    Transition { from: Approved, action: Send, to: Sent, guard: "until its last day" },
    Transition { from: Approved, action: Expire, to: Expired, guard: "after its last day" },
    Transition { from: Approved, action: Supersede, to: Superseded, guard: "" },
    Transition { from: Approved, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Sent, action: Accept, to: Accepted, guard: "until its last day" },
    Transition { from: Sent, action: Reject, to: Rejected, guard: "with a reason" },
    Transition { from: Sent, action: Expire, to: Expired, guard: "after its last day" },
    Transition { from: Sent, action: Supersede, to: Superseded, guard: "" },
    Transition { from: Sent, action: Cancel, to: Cancelled, guard: "" },
    Transition { from: Accepted, action: Cancel, to: Cancelled, guard: "before an order" },
    Transition { from: Accepted, action: Order, to: Accepted, guard: "once" },
];

impl QuoteStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, QuoteAction> = Transitions {
        states: &[Draft, InApproval, Approved, Sent, Accepted, Rejected, Expired, Superseded, Cancelled],
        actions: &[
            Amend, Submit, Pass, Approve, SendBack, Send, Accept, Reject, Expire, Supersede, Cancel, Order, Delete,
        ],
        steps: STEPS,
    };
}

impl fmt::Display for QuoteStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Draft => "draft",
            InApproval => "in approval",
            Approved => "approved",
            Sent => "sent",
            Accepted => "accepted",
            Rejected => "rejected",
            Expired => "expired",
            Superseded => "superseded",
            Cancelled => "cancelled",
        })
    }
}

impl fmt::Display for QuoteAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Amend => "amend",
            Submit => "submit",
            Pass => "pass",
            Approve => "approve",
            SendBack => "send back",
            Send => "send",
            Accept => "accept",
            Reject => "reject",
            Expire => "expire",
            Supersede => "supersede",
            Cancel => "cancel",
            Order => "order",
            Delete => "delete",
        })
    }
}

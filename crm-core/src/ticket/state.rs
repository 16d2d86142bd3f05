//! Where a ticket stands.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::AgentId,
    text::Text,
    transition::{Transition, Transitions},
};

/// Where a ticket stands, with what is known there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketState {
    /// Nobody has taken it up; nothing returns here (TKT-1).
    New,
    /// Being worked.
    Open,
    /// Waiting for the customer.
    Pending,
    /// Waiting for a third party; to the customer it is open (TKT-1).
    OnHold,
    /// Answered; a reply opens it again.
    Solved {
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: AgentId,
        /// How.
        resolution: Text,
    },
    /// Ended for good.
    Closed {
        /// When.
        at: DateTime<Utc>,
        /// When it had been solved.
        solved_at: DateTime<Utc>,
        /// By whom it was solved.
        by: AgentId,
        /// How it was solved.
        resolution: Text,
    },
}

impl TicketState {
    /// The state without what is known in it.
    pub const fn status(&self) -> TicketStatus {
        match self {
            Self::New => New,
            Self::Open => Open,
            Self::Pending => Pending,
            Self::OnHold => OnHold,
            Self::Solved { .. } => Solved,
            Self::Closed { .. } => Closed,
        }
    }
}

/// Where a ticket stands, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TicketStatus {
    /// Nobody has taken it up.
    New,
    /// Being worked.
    Open,
    /// Waiting for the customer.
    Pending,
    /// Waiting for a third party.
    OnHold,
    /// Answered.
    Solved,
    /// Ended for good.
    Closed,
}

/// What can be done to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TicketAction {
    /// Change its data.
    Update,
    /// Give it to somebody, or to nobody.
    Assign,
    /// The customer writes.
    CustomerReplies,
    /// An agent writes to the customer.
    AgentReplies,
    /// An agent writes for colleagues.
    Note,
    /// Take up the work.
    Work,
    /// Wait for the customer.
    Pend,
    /// Wait for a third party.
    Hold,
    /// Give the answer.
    Solve,
    /// Work it again.
    Reopen,
    /// End it for good.
    Close,
}

use TicketAction::{AgentReplies, Assign, Close, CustomerReplies, Hold, Note, Pend, Reopen, Solve, Update, Work};
use TicketStatus::{Closed, New, OnHold, Open, Pending, Solved};

const fn step(from: TicketStatus, action: TicketAction, to: TicketStatus) -> Transition<TicketStatus, TicketAction> {
    Transition { from, action, to, guard: "" }
}

const fn solve(from: TicketStatus) -> Transition<TicketStatus, TicketAction> {
    Transition { from, action: Solve, to: Solved, guard: "assigned" }
}

impl TicketStatus {
    /// What may follow what (Zendesk's native rules, TKT-1 and TKT-2).
    pub const TRANSITIONS: Transitions<Self, TicketAction> = Transitions {
        states: &[New, Open, Pending, OnHold, Solved, Closed],
        actions: &[Update, Assign, CustomerReplies, AgentReplies, Note, Work, Pend, Hold, Solve, Reopen, Close],
        steps: &[
            step(New, Update, New),
            step(New, Assign, Open),
            step(New, CustomerReplies, New),
            step(New, AgentReplies, Open),
            step(New, Note, New),
            step(New, Work, Open),
            step(New, Pend, Pending),
            step(New, Hold, OnHold),
            solve(New),
            step(Open, Update, Open),
            step(Open, Assign, Open),
            step(Open, CustomerReplies, Open),
            step(Open, AgentReplies, Open),
            step(Open, Note, Open),
            step(Open, Pend, Pending),
            step(Open, Hold, OnHold),
            solve(Open),
            step(Pending, Update, Pending),
            step(Pending, Assign, Pending),
            step(Pending, CustomerReplies, Open),
            step(Pending, AgentReplies, Pending),
            step(Pending, Note, Pending),
            step(Pending, Work, Open),
            step(Pending, Hold, OnHold),
            solve(Pending),
            step(OnHold, Update, OnHold),
            step(OnHold, Assign, OnHold),
            step(OnHold, CustomerReplies, Open),
            step(OnHold, AgentReplies, OnHold),
            step(OnHold, Note, OnHold),
            step(OnHold, Work, Open),
            step(OnHold, Pend, Pending),
            solve(OnHold),
            step(Solved, Update, Solved),
            step(Solved, Assign, Solved),
            step(Solved, CustomerReplies, Open),
            step(Solved, AgentReplies, Solved),
            step(Solved, Note, Solved),
            step(Solved, Pend, Pending),
            step(Solved, Hold, OnHold),
            step(Solved, Reopen, Open),
            step(Solved, Close, Closed),
        ],
    };

    /// What the requester is shown: a ticket on hold is open to them (TKT-1).
    #[must_use]
    pub const fn to_requester(self) -> Self {
        match self {
            OnHold => Open,
            other => other,
        }
    }
}

impl fmt::Display for TicketStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            New => "new",
            Open => "open",
            Pending => "pending",
            OnHold => "on hold",
            Solved => "solved",
            Closed => "closed",
        })
    }
}

impl fmt::Display for TicketAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Update => "update",
            Assign => "assign",
            CustomerReplies => "add a customer's reply to",
            AgentReplies => "reply to",
            Note => "add a note to",
            Work => "work on",
            Pend => "pend",
            Hold => "hold",
            Solve => "solve",
            Reopen => "reopen",
            Close => "close",
        })
    }
}

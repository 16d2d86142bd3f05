//! The conversation of a ticket.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::TicketAction;
use crate::{
    id::{AgentId, TicketId},
    text::Text,
};

/// One message of a conversation. Messages are added and never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketMessage {
    /// The ticket.
    pub ticket: TicketId,
    /// The number of the message in its ticket, from 1.
    pub number: u32,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who wrote it, to whom.
    pub kind: MessageKind,
    /// What it says.
    pub text: Text,
}

/// Who wrote a message, to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The customer, to us.
    CustomerReply,
    /// An agent, to the customer.
    AgentReply(AgentId),
    /// An agent, to colleagues; the customer never sees it.
    Note(AgentId),
}

impl MessageKind {
    /// What writing it does to the ticket.
    pub const fn action(self) -> TicketAction {
        match self {
            Self::CustomerReply => TicketAction::CustomerReplies,
            Self::AgentReply(_) => TicketAction::AgentReplies,
            Self::Note(_) => TicketAction::Note,
        }
    }

    /// The agent who wrote it.
    pub const fn agent(self) -> Option<AgentId> {
        match self {
            Self::CustomerReply => None,
            Self::AgentReply(agent) | Self::Note(agent) => Some(agent),
        }
    }

    /// Whether the customer sees it.
    pub const fn is_public(self) -> bool {
        !matches!(self, Self::Note(_))
    }
}

/// What a message is written with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Who writes it, to whom.
    pub kind: MessageKind,
    /// What it says.
    pub text: Text,
}

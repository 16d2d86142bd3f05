//! Tickets: requests of customers, from the first message to the last.

mod message;
mod state;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    message::{MessageKind, NewMessage, TicketMessage},
    state::{TicketAction, TicketState, TicketStatus},
};
use crate::{
    id::{AgentId, CustomerId, TicketId},
    interaction::Channel,
    invalid::{Invalid, Rule},
    record::{Revision, guarded},
    text::{ExternalId, Label, Number, Subject, Text},
    time::to_the_microsecond,
};

guarded! {
    /// One request of a customer and what becomes of it. Its conversation stands apart, in [`TicketMessage`]s, since it may grow long.
    ///
    /// What may be done to a ticket, by where it stands (TKT-1, TKT-2):
    ///
    #[doc = include_str!("transitions/ticket.md")]
    Ticket(TicketId), TicketParts as "TicketParts" {
        /// What people call it by; unique among tickets.
        borrow number: Number,
        /// Its id in another system; unique among tickets.
        maybe external_id: ExternalId,
        /// What it is about.
        borrow subject: Subject,
        /// The customer who asks.
        copy customer: CustomerId,
        /// How urgent it is, once somebody said so; never empty again after that (TKT-1).
        copy priority: Option<Priority>,
        /// The way it came in.
        copy channel: Channel,
        /// The group that works it.
        maybe group: Label,
        /// The agent who works it; there is one once it is solved (TKT-2).
        copy assignee: Option<AgentId>,
        /// When an answer is due.
        copy due_at: Option<DateTime<Utc>>,
        /// Where it stands.
        borrow state: TicketState,
        /// How many messages its conversation has.
        copy messages: u32,
    }
}

/// How urgent a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As most.
    Normal,
    /// Before the others.
    High,
    /// At once.
    Urgent,
}

/// Why something was not done to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// The ticket does not stand where that is allowed.
    #[error("cannot {action} {ticket}: it is {status}")]
    NotAllowed {
        /// The ticket.
        ticket: TicketId,
        /// Where it stands.
        status: TicketStatus,
        /// What was asked.
        action: TicketAction,
    },
    /// A ticket is solved by somebody (TKT-2): assign it first, or let the solver become the assignee.
    #[error("cannot solve {ticket}: nobody is assigned (TKT-2)")]
    NoAssignee {
        /// The ticket.
        ticket: TicketId,
    },
    /// A solved ticket stays somebody's (TKT-2): reopen it before it is given back.
    #[error("cannot unassign {ticket}: it is solved (TKT-2)")]
    StaysAssigned {
        /// The ticket.
        ticket: TicketId,
    },
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What a ticket is opened with.
///
/// ```
/// use crm_core::{Channel, CustomerId, NewTicket, Priority, RecordId};
/// # let zhang = CustomerId::from_uuid(uuid::Uuid::from_u128(1));
/// let new = NewTicket::new(zhang, Channel::Email, "the lamp flickers".parse()?)
///     .priority(Priority::High)
///     .message("since this morning".parse()?);
/// assert!(new.number.is_none()); // the next free one
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewTicket {
    /// The host's own id; made from the act where there is none.
    pub id: Option<TicketId>,
    /// The host's own number; the next free one where there is none.
    pub number: Option<Number>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// What it is about.
    pub subject: Subject,
    /// The customer who asks.
    pub customer: CustomerId,
    /// How urgent it is.
    pub priority: Option<Priority>,
    /// The way it came in.
    pub channel: Channel,
    /// The group that works it.
    pub group: Option<Label>,
    /// When an answer is due.
    pub due_at: Option<DateTime<Utc>>,
    /// The customer's first message.
    pub message: Option<Text>,
}

impl NewTicket {
    /// A ticket with what every ticket has.
    pub fn new(customer: CustomerId, channel: Channel, subject: Subject) -> Self {
        Self {
            id: None,
            number: None,
            external_id: None,
            subject,
            customer,
            priority: None,
            channel,
            group: None,
            due_at: None,
            message: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: TicketId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the host's own number.
    #[must_use]
    pub fn number(mut self, number: Number) -> Self {
        self.number = Some(number);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// As urgent as this.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// For a group.
    #[must_use]
    pub fn group(mut self, group: Label) -> Self {
        self.group = Some(group);
        self
    }

    /// Due at an instant.
    #[must_use]
    pub fn due_at(mut self, at: DateTime<Utc>) -> Self {
        self.due_at = Some(at);
        self
    }

    /// With the customer's first message.
    #[must_use]
    pub fn message(mut self, text: Text) -> Self {
        self.message = Some(text);
        self
    }
}

/// What is to change on a ticket. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TicketPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// How urgent it is; there is no way back to none (TKT-1).
    pub priority: Option<Priority>,
    /// The group that works it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub group: Option<Option<Label>>,
    /// When an answer is due.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Option<DateTime<Utc>>>,
}

/// What happened to a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketFact {
    /// It was opened.
    Opened {
        /// As it was then.
        ticket: Box<Ticket>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<Ticket>,
        /// As it is.
        after: Box<Ticket>,
    },
    /// Another agent works it.
    Assigned {
        /// Who worked it before.
        from: Option<AgentId>,
        /// Who works it now.
        to: Option<AgentId>,
        /// Where it stood.
        before: TicketStatus,
        /// Where it stands.
        after: TicketStatus,
    },
    /// A message joined the conversation.
    Messaged {
        /// The number of the message.
        message: u32,
        /// Who wrote it, to whom.
        kind: MessageKind,
        /// Where it stood.
        before: TicketStatus,
        /// Where it stands.
        after: TicketStatus,
    },
    /// It was moved by hand: worked on, pending, on hold, reopened, closed.
    Moved {
        /// Where it stood.
        before: TicketStatus,
        /// Where it stands.
        after: TicketStatus,
    },
    /// It was solved.
    Solved {
        /// Where it stood.
        before: TicketStatus,
        /// Who solved it.
        by: AgentId,
        /// Who is assigned now: the solver, where nobody was and [`Unassigned::SolverTakes`].
        assignee: AgentId,
        /// How.
        resolution: Text,
    },
    /// It was deleted.
    Deleted {
        /// As it was.
        ticket: Box<Ticket>,
    },
}

/// What happens when a ticket is solved that nobody is assigned to (TKT-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unassigned {
    /// That is refused.
    #[default]
    Refuse,
    /// The solver becomes the assignee.
    SolverTakes,
}

impl Ticket {
    /// A new ticket, with the number that was given or assigned.
    ///
    /// # Errors
    ///
    /// None at present: each part of a new ticket is valid by its type.
    pub fn open(id: TicketId, number: Number, at: DateTime<Utc>, new: &NewTicket) -> Result<Self, Invalid> {
        let parts = TicketParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            number,
            external_id: new.external_id.clone(),
            subject: new.subject.clone(),
            customer: new.customer,
            priority: new.priority,
            channel: new.channel,
            group: new.group.clone(),
            assignee: None,
            due_at: new.due_at.map(to_the_microsecond),
            state: TicketState::New,
            messages: 0,
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.state.status() == TicketStatus::New && self.assignee.is_some() {
            let must = "must be open once it is assigned (TKT-1)";
            return Err(Invalid::new("state", self.state.status().to_string(), Rule::Inconsistent { must }));
        }
        if matches!(self.state, TicketState::Solved { .. } | TicketState::Closed { .. }) && self.assignee.is_none() {
            let must = "must be given for a ticket that is solved or closed (TKT-2)";
            return Err(Invalid::new("assignee", "", Rule::Inconsistent { must }));
        }
        Ok(())
    }

    fn step(&self, action: TicketAction) -> Result<TicketStatus, TicketError> {
        let status = self.state.status();
        let refused = TicketError::NotAllowed { ticket: self.id, status, action };
        TicketStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// Moves to a status that knows nothing else, unless it stands there already.
    fn go(&mut self, at: DateTime<Utc>, to: TicketStatus) {
        self.updated_at = at;
        match to {
            TicketStatus::New | TicketStatus::Solved | TicketStatus::Closed => {}
            TicketStatus::Open => self.state = TicketState::Open,
            TicketStatus::Pending => self.state = TicketState::Pending,
            TicketStatus::OnHold => self.state = TicketState::OnHold,
        }
    }

    /// Changes its data. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] once it is closed.
    pub fn update(&mut self, at: DateTime<Utc>, patch: TicketPatch) -> Result<Option<TicketFact>, TicketError> {
        self.step(TicketAction::Update)?;
        let mut after = self.clone();
        let TicketPatch { expected: _, subject, priority, group, due_at } = patch;
        crate::patch::set(&mut after.subject, subject);
        crate::patch::set(&mut after.priority, priority.map(Some));
        crate::patch::set(&mut after.group, group);
        crate::patch::set(&mut after.due_at, due_at.map(|due_at| due_at.map(to_the_microsecond)));
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(TicketFact::Updated { before, after: Box::new(self.clone()) }))
    }

    /// Gives it to an agent, or to nobody. A new ticket that is assigned is open. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] once it is closed; [`TicketError::StaysAssigned`] where it is solved and would be nobody's.
    pub fn assign(&mut self, at: DateTime<Utc>, agent: Option<AgentId>) -> Result<Option<TicketFact>, TicketError> {
        let after = self.step(TicketAction::Assign)?;
        if agent == self.assignee {
            return Ok(None);
        }
        let (from, before) = (self.assignee, self.state.status());
        if agent.is_none() && before == TicketStatus::Solved {
            return Err(TicketError::StaysAssigned { ticket: self.id });
        }
        self.assignee = agent;
        self.go(at, after);
        Ok(Some(TicketFact::Assigned { from, to: agent, before, after }))
    }

    /// Adds a message to the conversation. A customer's reply to a pending, held or solved ticket opens it again; an agent's first reply opens a new one; a
    /// note moves nothing.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] once it is closed: a reply then needs a follow-up ticket.
    pub fn message(&mut self, at: DateTime<Utc>, new: NewMessage) -> Result<(TicketMessage, TicketFact), TicketError> {
        let NewMessage { kind, text } = new;
        let before = self.state.status();
        let after = self.step(kind.action())?;
        let number = self
            .messages
            .checked_add(1)
            .ok_or_else(|| Invalid::new("messages", self.messages.to_string(), Rule::Overflow))?;
        self.messages = number;
        self.go(at, after);
        let message = TicketMessage { ticket: self.id, number, at, kind, text };
        Ok((message, TicketFact::Messaged { message: number, kind, before, after }))
    }

    fn move_by_hand(&mut self, at: DateTime<Utc>, action: TicketAction) -> Result<TicketFact, TicketError> {
        let before = self.state.status();
        let after = self.step(action)?;
        self.go(at, after);
        Ok(TicketFact::Moved { before, after })
    }

    /// Takes up the work on it.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] where it is open, solved or closed.
    pub fn work(&mut self, at: DateTime<Utc>) -> Result<TicketFact, TicketError> {
        self.move_by_hand(at, TicketAction::Work)
    }

    /// Waits for the customer.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] where it is pending or closed.
    pub fn pend(&mut self, at: DateTime<Utc>) -> Result<TicketFact, TicketError> {
        self.move_by_hand(at, TicketAction::Pend)
    }

    /// Waits for a third party.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] where it is on hold or closed.
    pub fn hold(&mut self, at: DateTime<Utc>) -> Result<TicketFact, TicketError> {
        self.move_by_hand(at, TicketAction::Hold)
    }

    /// Gives the answer. Needs an assignee, or by [`Unassigned::SolverTakes`] makes the solver the assignee (TKT-2).
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] where it is solved or closed, [`TicketError::NoAssignee`].
    pub fn solve(
        &mut self,
        at: DateTime<Utc>,
        by: AgentId,
        resolution: Text,
        unassigned: Unassigned,
    ) -> Result<TicketFact, TicketError> {
        let before = self.state.status();
        self.step(TicketAction::Solve)?;
        let assignee = match (self.assignee, unassigned) {
            (Some(assignee), _) => assignee,
            (None, Unassigned::SolverTakes) => by,
            (None, Unassigned::Refuse) => return Err(TicketError::NoAssignee { ticket: self.id }),
        };
        self.assignee = Some(assignee);
        self.state = TicketState::Solved { at, by, resolution: resolution.clone() };
        self.updated_at = at;
        Ok(TicketFact::Solved { before, by, assignee, resolution })
    }

    /// Works a solved one again. The resolution goes; the journal keeps it.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] unless it is solved.
    pub fn reopen(&mut self, at: DateTime<Utc>) -> Result<TicketFact, TicketError> {
        self.move_by_hand(at, TicketAction::Reopen)
    }

    /// Ends a solved one for good.
    ///
    /// # Errors
    ///
    /// [`TicketError::NotAllowed`] unless it is solved.
    pub fn close(&mut self, at: DateTime<Utc>) -> Result<TicketFact, TicketError> {
        let refused =
            TicketError::NotAllowed { ticket: self.id, status: self.state.status(), action: TicketAction::Close };
        let TicketState::Solved { at: solved_at, by, resolution } = &self.state else { return Err(refused) };
        self.state = TicketState::Closed { at, solved_at: *solved_at, by: *by, resolution: resolution.clone() };
        self.updated_at = at;
        Ok(TicketFact::Moved { before: TicketStatus::Solved, after: TicketStatus::Closed })
    }

    /// The resolution of a solved or closed ticket.
    pub fn resolution(&self) -> Option<&Text> {
        match &self.state {
            TicketState::Solved { resolution, .. } | TicketState::Closed { resolution, .. } => Some(resolution),
            TicketState::New | TicketState::Open | TicketState::Pending | TicketState::OnHold => None,
        }
    }
}

#[cfg(test)]
mod tests;

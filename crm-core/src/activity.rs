//! Activities: what is to be done about a lead, a customer or a deal, and what was done.

mod new;
mod plan;
mod state;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use ActivityAction::{Cancel, Complete, Delete, Reopen, Revise};

pub use self::{
    new::{ActivityPatch, NewActivity},
    plan::{ActivityPlan, ActivityPlanBuilder, ActivityStep, PlannedStep},
    state::{ActivityAction, ActivityKind, ActivityState, ActivityStatus},
};
use crate::{
    id::{ActivityId, CustomerId, LeadId, OpportunityId, SalesRepId},
    invalid::{Invalid, Rule},
    patch::patched,
    record::{Revision, guarded},
    text::{ExternalId, Label, Subject, Text},
    time::to_the_microsecond,
};

guarded! {
    /// A call, a visit, a meeting or a task that is planned for a day, was done, or was cancelled.
    ///
    #[doc = include_str!("transitions/activity.md")]
    ///
    /// What was said when it was done is an [`Interaction`](crate::Interaction); an activity is the work.
    Activity(ActivityId), ActivityParts as "ActivityParts" {
        /// Its id in another system; unique among activities.
        maybe external_id: ExternalId,
        /// What kind of work it is.
        copy kind: ActivityKind,
        /// What it is about.
        borrow subject: Subject,
        /// More about it.
        maybe note: Text,
        /// The lead that it is for, or was for until the lead was converted: then it is for what became of the lead (CONV-6).
        copy lead: Option<LeadId>,
        /// The customer that it is for.
        copy customer: Option<CustomerId>,
        /// The deal that it is for.
        copy opportunity: Option<OpportunityId>,
        /// The person to call, to visit or to meet; where there is none, it is the customer.
        copy person: Option<CustomerId>,
        /// The rep who is to do it, or did.
        copy owner: Option<SalesRepId>,
        /// The day on which it is to be done.
        copy due: NaiveDate,
        /// When its owner wants to be reminded of it; nobody is once it is done or cancelled.
        copy remind_at: Option<DateTime<Utc>>,
        /// The step of a plan that it is, where it came from one.
        maybe step: ActivityStep,
        /// Planned, done or cancelled.
        borrow state: ActivityState,
    }
}

/// Why something was not done to an activity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActivityError {
    /// The activity does not stand where that is allowed.
    #[error("cannot {action} {activity}: it is {status}")]
    NotAllowed {
        /// The activity.
        activity: ActivityId,
        /// Where it stands.
        status: ActivityStatus,
        /// What was asked.
        action: ActivityAction,
    },
    /// An activity of a lead goes where the conversion of the lead goes (CONV-6).
    #[error("{activity} is for {lead}, whose conversion says for whom else: take it from the lead first (CONV-6)")]
    OfLead {
        /// The activity.
        activity: ActivityId,
        /// The lead.
        lead: LeadId,
    },
}

/// For whom an activity is, and with whom, besides its lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityParties {
    /// The customer that it is for.
    pub customer: Option<CustomerId>,
    /// The deal that it is for.
    pub opportunity: Option<OpportunityId>,
    /// The person to call, to visit or to meet; where there is none, it is the customer.
    pub person: Option<CustomerId>,
}

/// What happened to an activity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ActivityFact {
    /// It was planned.
    Planned {
        /// As it was then.
        activity: Box<Activity>,
    },
    /// Its data changed.
    Revised {
        /// As it was.
        before: Box<Activity>,
        /// As it is.
        after: Box<Activity>,
    },
    /// It was done.
    Completed {
        /// The business day.
        day: NaiveDate,
        /// The coded outcome.
        outcome: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// It is not to be done any more.
    Cancelled {
        /// Why.
        reason: Option<Text>,
    },
    /// It is planned again.
    Reopened {
        /// Done or cancelled before: when, and what was said of it.
        before: ActivityState,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        activity: Box<Activity>,
    },
}

/// How an activity was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// The business day.
    pub day: NaiveDate,
    /// The coded outcome: `reached`, `no answer`, `order placed`.
    pub outcome: Label,
    /// More about it.
    pub note: Option<Text>,
}

impl Activity {
    /// A new activity that is to be done.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`] for a step with the number 0; [`Rule::Inconsistent`] for a lead and somebody else.
    pub fn plan(id: ActivityId, at: DateTime<Utc>, new: NewActivity) -> Result<Self, Invalid> {
        let NewActivity {
            id: _,
            external_id,
            kind,
            subject,
            note,
            lead,
            customer,
            opportunity,
            person,
            owner,
            due,
            remind_at,
            step,
        } = new;
        let activity = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            external_id,
            kind,
            subject,
            note,
            lead,
            customer,
            opportunity,
            person,
            owner,
            due,
            remind_at: remind_at.map(to_the_microsecond),
            step,
            state: ActivityState::Planned,
        };
        activity.check()?;
        if let Some(lead) = activity.of_lead() {
            let must = "must be all that an activity is for: its conversion says for whom else";
            return Err(Invalid::new("lead", lead.to_string(), Rule::Inconsistent { must }));
        }
        Ok(activity)
    }

    /// The lead of an activity that is for others too.
    fn of_lead(&self) -> Option<LeadId> {
        self.lead.filter(|_| self.parties() != ActivityParties::default())
    }

    /// For whom it is, and with whom, besides its lead.
    pub const fn parties(&self) -> ActivityParties {
        ActivityParties { customer: self.customer, opportunity: self.opportunity, person: self.person }
    }

    /// Gives it to what became of its lead, or back to the lead alone; also where it is done or cancelled (CONV-6). `None` where nothing is different.
    pub fn follow(&mut self, at: DateTime<Utc>, parties: ActivityParties) -> Option<ActivityFact> {
        if parties == self.parties() {
            return None;
        }
        let before = Box::new(self.clone());
        let ActivityParties { customer, opportunity, person } = parties;
        (self.customer, self.opportunity, self.person, self.updated_at) = (customer, opportunity, person, at);
        Some(ActivityFact::Revised { before, after: Box::new(self.clone()) })
    }

    fn check(&self) -> Result<(), Invalid> {
        match &self.step {
            Some(ActivityStep { number: 0, .. }) => Err(Invalid::new("step", "0", Rule::NotPositive)),
            Some(_) | None => Ok(()),
        }
    }

    fn step_to(&self, action: ActivityAction) -> Result<(), ActivityError> {
        let status = self.state.status();
        let refused = ActivityError::NotAllowed { activity: self.id, status, action };
        ActivityStatus::TRANSITIONS.next(status, action).map(drop).ok_or(refused)
    }

    /// Changes the data of a planned activity. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`ActivityError::NotAllowed`] unless it is planned; [`ActivityError::OfLead`] where it would be for a lead and somebody else.
    pub fn revise(&mut self, at: DateTime<Utc>, patch: ActivityPatch) -> Result<Option<ActivityFact>, ActivityError> {
        self.step_to(Revise)?;
        let mut after = self.clone();
        patched!(after, patch: ActivityPatch { kind, subject, note, lead, customer, opportunity, person, owner, due }, and remind_at);
        crate::patch::set(&mut after.remind_at, remind_at.map(|at| at.map(to_the_microsecond)));
        if after == *self {
            return Ok(None);
        }
        let moved = (after.lead, after.parties()) != (self.lead, self.parties());
        if let Some(lead) = after.of_lead().filter(|_| moved) {
            return Err(ActivityError::OfLead { activity: self.id, lead });
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(ActivityFact::Revised { before, after: Box::new(self.clone()) }))
    }

    /// Marks it done, with its outcome.
    ///
    /// # Errors
    ///
    /// [`ActivityError::NotAllowed`] unless it is planned.
    pub fn complete(&mut self, at: DateTime<Utc>, completion: Completion) -> Result<ActivityFact, ActivityError> {
        self.step_to(Complete)?;
        let Completion { day, outcome, note } = completion;
        self.updated_at = at;
        self.state = ActivityState::Done { at, day, outcome: outcome.clone(), note: note.clone() };
        Ok(ActivityFact::Completed { day, outcome, note })
    }

    /// Takes it out of what is to be done.
    ///
    /// # Errors
    ///
    /// [`ActivityError::NotAllowed`] unless it is planned.
    pub fn cancel(&mut self, at: DateTime<Utc>, reason: Option<Text>) -> Result<ActivityFact, ActivityError> {
        self.step_to(Cancel)?;
        self.updated_at = at;
        self.state = ActivityState::Cancelled { at, reason: reason.clone() };
        Ok(ActivityFact::Cancelled { reason })
    }

    /// Plans it again: the outcome, or the reason, goes.
    ///
    /// # Errors
    ///
    /// [`ActivityError::NotAllowed`] where it is planned.
    pub fn reopen(&mut self, at: DateTime<Utc>) -> Result<ActivityFact, ActivityError> {
        self.step_to(Reopen)?;
        self.updated_at = at;
        let before = std::mem::replace(&mut self.state, ActivityState::Planned);
        Ok(ActivityFact::Reopened { before })
    }

    /// Whether it may be deleted: unless it was done. What was done is history.
    ///
    /// # Errors
    ///
    /// [`ActivityError::NotAllowed`] where it is done.
    pub fn deletable(&self) -> Result<(), ActivityError> {
        self.step_to(Delete)
    }

    /// The day on which it is to be done, while it is planned.
    pub fn planned_for(&self) -> Option<NaiveDate> {
        (self.state == ActivityState::Planned).then_some(self.due)
    }

    /// When its owner is to be reminded of it, while it is planned.
    pub fn reminds_at(&self) -> Option<DateTime<Utc>> {
        self.remind_at.filter(|_| self.state == ActivityState::Planned)
    }

    /// Whether it should have been done before a day. What is due that day is not overdue.
    pub fn is_overdue(&self, on: NaiveDate) -> bool {
        self.planned_for().is_some_and(|due| due < on)
    }
}

#[cfg(test)]
mod tests;

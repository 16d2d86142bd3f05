//! Sale plans: what is to be sold, by whom, until when, and how.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{ProductId, SalePlanId, SalesRepId},
    invalid::{Invalid, Rule},
    money::Money,
    patch::patched,
    record::{Revision, guarded},
    text::{Label, Name, Text},
    time::Period,
    transition::{Transition, Transitions},
};

guarded! {
    /// A target for a period, its owner, and the strategies that are to reach it.
    ///
    /// A draft can be amended, an active plan stands as it is, a closed one is history:
    ///
    #[doc = include_str!("transitions/sale_plan.md")]
    SalePlan(SalePlanId), SalePlanParts as "SalePlanParts" {
        /// The name.
        borrow name: Name,
        /// The days that count.
        copy period: Period,
        /// The revenue to reach, zero or more.
        copy target: Money,
        /// Whose sales count.
        borrow scope: PlanScope,
        /// The event that a sale counts at.
        copy credit: CreditAt,
        /// How the target is to be reached.
        list strategies: Strategy,
        /// Where the plan stands.
        copy state: PlanState,
    }
}

/// Whose sales count for a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanScope {
    /// One rep's.
    SalesRep(SalesRepId),
    /// Those of a manager and of everybody who reports to them, directly or not.
    Team(SalesRepId),
    /// The sales of one product.
    Product(ProductId),
    /// The sales of the reps in a region.
    Region(Label),
}

/// The event that a sale counts at (QTA-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditAt {
    /// When the order is confirmed; a refund or a cancellation counts against it on its own day.
    Booked,
    /// When the money comes in; a refund counts against it on its own day.
    Paid,
}

/// One way to reach the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strategy {
    /// What it works by.
    pub kind: StrategyKind,
    /// What is done.
    pub description: Text,
}

/// What a strategy works by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyKind {
    /// By the price.
    Price,
    /// By promotion.
    Promotion,
    /// By the channel.
    Channel,
}

/// Where a plan stands, with what is known there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PlanState {
    /// Being written.
    Draft,
    /// In force.
    Active {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Over.
    Closed {
        /// When it came into force.
        since: DateTime<Utc>,
        /// When it was closed.
        at: DateTime<Utc>,
    },
}

impl PlanState {
    /// The state without what is known in it.
    pub const fn status(self) -> PlanStatus {
        match self {
            Self::Draft => Draft,
            Self::Active { .. } => Active,
            Self::Closed { .. } => Closed,
        }
    }
}

/// Where a plan stands, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// Being written.
    Draft,
    /// In force.
    Active,
    /// Over.
    Closed,
}

/// What can be done to a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlanAction {
    /// Change its data.
    Amend,
    /// Put it into force.
    Activate,
    /// End it.
    Close,
    /// Delete it.
    Delete,
}

use PlanAction::{Activate, Amend, Close, Delete};
use PlanStatus::{Active, Closed, Draft};

impl PlanStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, PlanAction> = Transitions {
        states: &[Draft, Active, Closed],
        actions: &[Amend, Activate, Close, Delete],
        steps: &[
            Transition { from: Draft, action: Amend, to: Draft, guard: "" },
            Transition { from: Draft, action: Activate, to: Active, guard: "" },
            Transition { from: Draft, action: Delete, to: Draft, guard: "then gone" },
            Transition { from: Active, action: Close, to: Closed, guard: "" },
        ],
    };
}

impl fmt::Display for PlanStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Draft => "draft",
            Active => "active",
            Closed => "closed",
        })
    }
}

impl fmt::Display for PlanAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Amend => "amend",
            Activate => "activate",
            Close => "close",
            Delete => "delete",
        })
    }
}

/// Why something was not done to a plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The plan does not stand where that is allowed.
    #[error("cannot {action} {plan}: it is {status}")]
    NotAllowed {
        /// The plan.
        plan: SalePlanId,
        /// Where it stands.
        status: PlanStatus,
        /// What was asked.
        action: PlanAction,
    },
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What a plan is drafted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewSalePlan {
    /// The host's own id; made from the act where there is none.
    pub id: Option<SalePlanId>,
    /// The name.
    pub name: Name,
    /// The days that count.
    pub period: Period,
    /// The revenue to reach.
    pub target: Money,
    /// Whose sales count.
    pub scope: PlanScope,
    /// The event that a sale counts at.
    pub credit: CreditAt,
    /// How the target is to be reached.
    pub strategies: Vec<Strategy>,
}

impl NewSalePlan {
    /// A plan whose sales count when they are booked.
    pub fn new(name: Name, period: Period, target: Money, scope: PlanScope) -> Self {
        Self { id: None, name, period, target, scope, credit: CreditAt::Booked, strategies: Vec::new() }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: SalePlanId) -> Self {
        self.id = Some(id);
        self
    }

    /// Counting sales at another event.
    #[must_use]
    pub fn credit(mut self, credit: CreditAt) -> Self {
        self.credit = credit;
        self
    }

    /// With one more strategy.
    #[must_use]
    pub fn strategy(mut self, kind: StrategyKind, description: Text) -> Self {
        self.strategies.push(Strategy { kind, description });
        self
    }
}

/// What is to change on a draft of a plan. A field that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SalePlanPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The name.
    pub name: Option<Name>,
    /// The days that count.
    pub period: Option<Period>,
    /// The revenue to reach.
    pub target: Option<Money>,
    /// Whose sales count.
    pub scope: Option<PlanScope>,
    /// The event that a sale counts at.
    pub credit: Option<CreditAt>,
    /// How the target is to be reached, all of it.
    pub strategies: Option<Vec<Strategy>>,
}

/// What happened to a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SalePlanFact {
    /// It was drafted.
    Drafted {
        /// As it was then.
        plan: Box<SalePlan>,
    },
    /// The draft changed.
    Amended {
        /// As it was.
        before: Box<SalePlan>,
        /// As it is.
        after: Box<SalePlan>,
    },
    /// It came into force.
    Activated,
    /// It was closed.
    Closed,
    /// The draft was deleted.
    Deleted {
        /// As it was.
        plan: Box<SalePlan>,
    },
}

/// Most strategies of one plan.
const STRATEGIES: usize = 100;

impl SalePlan {
    /// A new draft.
    ///
    /// # Errors
    ///
    /// [`Rule::Negative`] target, [`Rule::TooMany`] strategies.
    pub fn draft(id: SalePlanId, at: DateTime<Utc>, new: NewSalePlan) -> Result<Self, Invalid> {
        let NewSalePlan { id: _, name, period, target, scope, credit, strategies } = new;
        let state = PlanState::Draft;
        let parts = SalePlanParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            name,
            period,
            target,
            scope,
            credit,
            strategies,
            state,
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.target.is_negative() {
            return Err(Invalid::new("target", self.target.to_string(), Rule::Negative));
        }
        if self.strategies.len() > STRATEGIES {
            return Err(Invalid::new(
                "strategies",
                self.strategies.len().to_string(),
                Rule::TooMany { limit: STRATEGIES },
            ));
        }
        Ok(())
    }

    fn step(&self, action: PlanAction) -> Result<PlanStatus, PlanError> {
        let status = self.state.status();
        let refused = PlanError::NotAllowed { plan: self.id, status, action };
        PlanStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// Changes a draft. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`PlanError::NotAllowed`] once it is active; [`PlanError::Invalid`] as [`SalePlan::draft`].
    pub fn amend(&mut self, at: DateTime<Utc>, patch: SalePlanPatch) -> Result<Option<SalePlanFact>, PlanError> {
        self.step(Amend)?;
        let mut after = self.clone();
        patched!(after, patch: SalePlanPatch { name, period, target, scope, credit, strategies });
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(SalePlanFact::Amended { before, after: Box::new(self.clone()) }))
    }

    /// Puts a draft into force.
    ///
    /// # Errors
    ///
    /// [`PlanError::NotAllowed`] unless it is a draft.
    pub fn activate(&mut self, at: DateTime<Utc>) -> Result<SalePlanFact, PlanError> {
        self.step(Activate)?;
        (self.state, self.updated_at) = (PlanState::Active { since: at }, at);
        Ok(SalePlanFact::Activated)
    }

    /// Ends an active plan.
    ///
    /// # Errors
    ///
    /// [`PlanError::NotAllowed`] unless it is active.
    pub fn close(&mut self, at: DateTime<Utc>) -> Result<SalePlanFact, PlanError> {
        let refused = PlanError::NotAllowed { plan: self.id, status: self.state.status(), action: Close };
        let PlanState::Active { since } = self.state else { return Err(refused) };
        (self.state, self.updated_at) = (PlanState::Closed { since, at }, at);
        Ok(SalePlanFact::Closed)
    }

    /// Whether it may be deleted: only a draft.
    ///
    /// # Errors
    ///
    /// [`PlanError::NotAllowed`] once it was active.
    pub fn deletable(&self) -> Result<(), PlanError> {
        self.step(Delete).map(drop)
    }

    /// Whether a day counts for it.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.period.contains(day)
    }
}

#[cfg(test)]
mod tests;

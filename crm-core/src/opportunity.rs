//! Opportunities: qualified possible sales on their way through a pipeline.

mod new;
mod state;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use OpportunityAction::{Advance, Delete, Lose, Reopen, Revise, Win};
use OpportunityStatus::{Lost, Open, Won};

pub use self::{
    new::{NewOpportunity, OpportunityPatch},
    state::{OpportunityAction, OpportunityState, OpportunityStatus, StageVisit},
};
use crate::{
    decimal::Percent,
    id::{CustomerId, OpportunityId, ProductId, SalesRepId},
    invalid::{Invalid, Rule},
    money::Money,
    pipeline::{Pipeline, Stage, StageKind},
    record::{Revision, guarded},
    text::{Actor, ExternalId, Label, Subject, Text},
};

guarded! {
    /// A possible sale with a value, a stage and an expected close date.
    ///
    /// Whether it is open, won or lost stands apart from its stage (OPP-3), so that "lost at which stage" is kept:
    ///
    #[doc = include_str!("transitions/opportunity.md")]
    Opportunity(OpportunityId), OpportunityParts as "OpportunityParts" {
        /// What it is about.
        borrow name: Subject,
        /// Its id in another system; unique among opportunities.
        maybe external_id: ExternalId,
        /// The customer, once one is known.
        copy customer: Option<CustomerId>,
        /// The product that it is mainly about.
        copy product: Option<ProductId>,
        /// The rep who works it.
        copy rep: Option<SalesRepId>,
        /// The name of its pipeline.
        borrow pipeline: Label,
        /// The stage that it stands in, or was lost in.
        borrow stage: Stage,
        /// The expected value while it is open, the value of the sale once it is won.
        copy value: Option<Money>,
        /// The chance to win it: that of the stage unless it was set by hand (OPP-5); 100 % when won, 0 % when lost.
        copy probability: Percent,
        /// The day on which it is expected to close.
        copy expected_close: Option<NaiveDate>,
        /// Open, won or lost.
        borrow state: OpportunityState,
        /// The stages that it stood in, oldest first; the last one has no end (OPP-7). Where it was lost and worked again, the stay that the loss cut short ends
        /// with the loss and a new one begins with the reopening, so the time between counts for no stage. At most 10 000.
        list history: StageVisit,
    }
}

/// Why something was not done to an opportunity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpportunityError {
    /// The opportunity does not stand where that is allowed.
    #[error("cannot {action} {opportunity}: it is {status}")]
    NotAllowed {
        /// The opportunity.
        opportunity: OpportunityId,
        /// Where it stands.
        status: OpportunityStatus,
        /// What was asked.
        action: OpportunityAction,
    },
    /// The stage is of the wrong kind for the action: one advances to an open stage and wins into a won stage.
    #[error("cannot {action} {opportunity} to stage {stage}: it is of kind {kind}")]
    WrongStage {
        /// The opportunity.
        opportunity: OpportunityId,
        /// The stage that was asked.
        stage: Label,
        /// Its kind.
        kind: StageKind,
        /// What was asked.
        action: OpportunityAction,
    },
    /// The opportunity goes through another pipeline.
    #[error("{opportunity} is in the pipeline {expected}, not in {found}")]
    OtherPipeline {
        /// The opportunity.
        opportunity: OpportunityId,
        /// Its pipeline.
        expected: Label,
        /// The pipeline that was given.
        found: Label,
    },
    /// An opportunity is won with a value: its own or one that is given.
    #[error("cannot win {opportunity} without a value")]
    NoValue {
        /// The opportunity.
        opportunity: OpportunityId,
    },
    /// A value breaks a rule; an unknown stage is [`Rule::NotListed`].
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// What happened to an opportunity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OpportunityFact {
    /// It was opened.
    Opened {
        /// As it was then.
        opportunity: Box<Opportunity>,
    },
    /// Its data changed.
    Revised {
        /// As it was.
        before: Box<Opportunity>,
        /// As it is.
        after: Box<Opportunity>,
    },
    /// It moved to another stage.
    Advanced {
        /// The stage before.
        from: Label,
        /// The stage now.
        to: Label,
        /// The chance to win it before.
        probability_before: Percent,
        /// The chance to win it now.
        probability: Percent,
    },
    /// It was won.
    Won {
        /// The business day.
        day: NaiveDate,
        /// The expected value before.
        value_before: Option<Money>,
        /// The value of the sale.
        value: Money,
        /// The stage before.
        from: Label,
        /// The chance to win it before.
        probability_before: Percent,
    },
    /// It was lost.
    Lost {
        /// The business day.
        day: NaiveDate,
        /// The coded reason.
        reason: Label,
        /// The stage that it was lost in.
        stage: Label,
        /// The chance to win it before.
        probability_before: Percent,
        /// More about the reason.
        note: Option<Text>,
    },
    /// It is worked again.
    Reopened {
        /// Won or lost before: when, on which day, and why.
        before: OpportunityState,
        /// The stage before.
        from: Label,
        /// The stage now.
        to: Label,
        /// 100 % where it was won, 0 % where it was lost.
        probability_before: Percent,
        /// The chance to win it now.
        probability: Percent,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        opportunity: Box<Opportunity>,
    },
}

/// How an opportunity was won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sale {
    /// The business day of the sale.
    pub day: NaiveDate,
    /// The value of the sale; the expected value where there is none.
    pub value: Option<Money>,
}

/// Why an opportunity was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loss {
    /// The business day.
    pub day: NaiveDate,
    /// The coded reason: `price`, `no budget`.
    pub reason: Label,
    /// More about it.
    pub note: Option<Text>,
}

/// Most stages in the history of one opportunity.
const LIMIT: usize = 10_000;

/// Who moves an opportunity, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: &'a Actor,
}

impl Opportunity {
    /// A new opportunity in an open stage of a pipeline.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::WrongStage`] for a won stage; [`OpportunityError::Invalid`] for a stage that the pipeline does not have, a value
    /// below zero, a probability outside 0 to 100 %.
    pub fn open(
        id: OpportunityId,
        by: By<'_>,
        pipeline: &Pipeline,
        new: NewOpportunity,
    ) -> Result<Self, OpportunityError> {
        let NewOpportunity {
            id: _,
            external_id,
            name,
            customer,
            product,
            rep,
            stage,
            value,
            probability,
            expected_close,
        } = new;
        let stage = match stage {
            Some(key) => pipeline.stage(&key)?,
            None => pipeline.first(),
        };
        if stage.kind != StageKind::Open {
            return Err(OpportunityError::WrongStage {
                opportunity: id,
                stage: stage.key.clone(),
                kind: stage.kind,
                action: Advance,
            });
        }
        let parts = OpportunityParts {
            id,
            revision: Revision::FIRST,
            created_at: by.at,
            updated_at: by.at,
            name,
            external_id,
            customer,
            product,
            rep,
            pipeline: pipeline.name().clone(),
            value,
            probability: probability.unwrap_or(stage.probability),
            expected_close,
            state: OpportunityState::Open,
            history: vec![visit(stage, by)],
            stage: stage.clone(),
        };
        Ok(parts.try_into()?)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.probability.share("probability")?;
        if let Some(value) = self.value.filter(|value| value.is_negative()) {
            return Err(Invalid::new("value", value.to_string(), Rule::Negative));
        }
        if self.history.len() > LIMIT {
            return Err(full(self.history.len()));
        }
        let inconsistent =
            |must| Err(Invalid::new("history", self.history.len().to_string(), Rule::Inconsistent { must }));
        let Some((last, earlier)) = self.history.split_last() else {
            return inconsistent("must not be empty");
        };
        if last.left_at.is_some() || last.stage != self.stage.key || earlier.iter().any(|visit| visit.left_at.is_none())
        {
            return inconsistent("must end with one visit that goes on, in the present stage (OPP-7)");
        }
        let won = self.state.status() == Won;
        if won != (self.stage.kind == StageKind::Won) {
            return Err(Invalid::new(
                "stage",
                self.stage.key.as_str(),
                Rule::Inconsistent { must: "must be a won stage where it is won, and only there" },
            ));
        }
        if won && self.value.is_none() {
            return Err(Invalid::new("value", "", Rule::Empty));
        }
        let certain = match self.state.status() {
            Open => self.probability,
            Won => Percent::HUNDRED,
            Lost => Percent::ZERO,
        };
        if self.probability != certain {
            let must = "must be 100 % where it is won and 0 % where it is lost (OPP-2, OPP-3)";
            return Err(Invalid::new("probability", self.probability.to_string(), Rule::Inconsistent { must }));
        }
        Ok(())
    }

    fn step(&self, action: OpportunityAction) -> Result<OpportunityStatus, OpportunityError> {
        let status = self.state.status();
        let refused = OpportunityError::NotAllowed { opportunity: self.id, status, action };
        OpportunityStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// The stage of a pipeline that an action leads to, which must be of the right kind.
    fn target<'p>(
        &self,
        pipeline: &'p Pipeline,
        key: &Label,
        kind: StageKind,
        action: OpportunityAction,
    ) -> Result<&'p Stage, OpportunityError> {
        self.in_pipeline(pipeline)?;
        let stage = pipeline.stage(key)?;
        if stage.kind == kind {
            return Ok(stage);
        }
        Err(OpportunityError::WrongStage { opportunity: self.id, stage: key.clone(), kind: stage.kind, action })
    }

    fn in_pipeline(&self, pipeline: &Pipeline) -> Result<(), OpportunityError> {
        if pipeline.name() == &self.pipeline {
            return Ok(());
        }
        let (expected, found) = (self.pipeline.clone(), pipeline.name().clone());
        Err(OpportunityError::OtherPipeline { opportunity: self.id, expected, found })
    }

    /// Goes to a stage, and gives the one before. A new visit begins unless it stands there already.
    fn enter(&mut self, stage: &Stage, by: By<'_>) -> Result<Label, Invalid> {
        if stage.key != self.stage.key {
            self.begin_visit(stage, by, by.at)?;
        }
        self.updated_at = by.at;
        Ok(std::mem::replace(&mut self.stage, stage.clone()).key)
    }

    /// Ends the present visit and begins another one, or changes nothing where the history is full.
    fn begin_visit(&mut self, stage: &Stage, by: By<'_>, left_at: DateTime<Utc>) -> Result<(), Invalid> {
        if self.history.len() >= LIMIT {
            return Err(full(self.history.len()));
        }
        if let Some(present) = self.history.last_mut() {
            present.left_at = Some(left_at);
        }
        self.history.push(visit(stage, by));
        Ok(())
    }

    /// Changes the data of an open opportunity. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open; [`OpportunityError::Invalid`] as [`Opportunity::open`].
    pub fn revise(
        &mut self,
        at: DateTime<Utc>,
        patch: OpportunityPatch,
    ) -> Result<Option<OpportunityFact>, OpportunityError> {
        self.step(Revise)?;
        let mut after = self.clone();
        let OpportunityPatch { expected: _, name, customer, product, rep, value, probability, expected_close } = patch;
        crate::patch::set(&mut after.name, name);
        crate::patch::set(&mut after.customer, customer);
        crate::patch::set(&mut after.product, product);
        crate::patch::set(&mut after.rep, rep);
        crate::patch::set(&mut after.value, value);
        crate::patch::set(&mut after.probability, probability);
        crate::patch::set(&mut after.expected_close, expected_close);
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(OpportunityFact::Revised { before, after: Box::new(self.clone()) }))
    }

    /// Moves it to another stage of its pipeline: an open deal to an open stage, a won one to another won stage, which leaves its close (OPP-2). The probability
    /// follows the stage unless one is given (OPP-5). `None` where it stands there already and nothing changes.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] for a lost one, [`OpportunityError::WrongStage`], [`OpportunityError::OtherPipeline`],
    /// [`OpportunityError::Invalid`] for an unknown stage, a probability outside 0 to 100 %, [`Rule::TooMany`] stages in its history.
    pub fn advance(
        &mut self,
        by: By<'_>,
        pipeline: &Pipeline,
        stage: &Label,
        probability: Option<Percent>,
    ) -> Result<Option<OpportunityFact>, OpportunityError> {
        let won = self.step(Advance)? == Won;
        let stage = self.target(pipeline, stage, if won { StageKind::Won } else { StageKind::Open }, Advance)?;
        let probability = match probability {
            Some(set) => set.share("probability")?,
            // Standing still is no change of stage, so what was set by hand stays.
            None if *stage == self.stage => self.probability,
            None => stage.probability,
        };
        let probability = if won { Percent::HUNDRED } else { probability };
        if *stage == self.stage && probability == self.probability {
            return Ok(None);
        }
        let from = self.enter(stage, by)?;
        let probability_before = std::mem::replace(&mut self.probability, probability);
        Ok(Some(OpportunityFact::Advanced { from, to: stage.key.clone(), probability_before, probability }))
    }

    /// Marks it won: it enters the first won stage of its pipeline (OPP-6), at 100 %, with the value that is given or else the expected one.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open, [`OpportunityError::NoValue`], [`OpportunityError::OtherPipeline`],
    /// [`OpportunityError::Invalid`] for a value below zero, [`Rule::TooMany`] stages in its history.
    pub fn win(&mut self, by: By<'_>, pipeline: &Pipeline, sale: Sale) -> Result<OpportunityFact, OpportunityError> {
        self.step(Win)?;
        self.in_pipeline(pipeline)?;
        let value = sale.value.or(self.value).ok_or(OpportunityError::NoValue { opportunity: self.id })?;
        if value.is_negative() {
            return Err(Invalid::new("value", value.to_string(), Rule::Negative).into());
        }
        let from = self.enter(pipeline.won_after(&self.stage), by)?;
        let value_before = self.value.replace(value);
        let probability_before = std::mem::replace(&mut self.probability, Percent::HUNDRED);
        self.state = OpportunityState::Won { at: by.at, day: sale.day };
        Ok(OpportunityFact::Won { day: sale.day, value_before, value, from, probability_before })
    }

    /// Marks it lost, where it stands, at 0 %.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open.
    pub fn lose(&mut self, at: DateTime<Utc>, loss: Loss) -> Result<OpportunityFact, OpportunityError> {
        self.step(Lose)?;
        let Loss { day, reason, note } = loss;
        let probability_before = std::mem::replace(&mut self.probability, Percent::ZERO);
        self.updated_at = at;
        self.state = OpportunityState::Lost { at, day, reason: reason.clone(), note: note.clone() };
        Ok(OpportunityFact::Lost { day, reason, stage: self.stage.key.clone(), probability_before, note })
    }

    /// Works a won or lost one again, in an open stage: the reason goes, the close goes, the probability is that of the stage (OPP-2, OPP-3).
    ///
    /// A new visit begins, also in the stage that it was lost in. The visit before ends now, or for a lost one at the instant of the loss.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] where it is open, [`OpportunityError::WrongStage`], [`OpportunityError::OtherPipeline`],
    /// [`OpportunityError::Invalid`] for an unknown stage, [`Rule::TooMany`] stages in its history.
    pub fn reopen(
        &mut self,
        by: By<'_>,
        pipeline: &Pipeline,
        stage: &Label,
    ) -> Result<OpportunityFact, OpportunityError> {
        self.step(Reopen)?;
        let stage = self.target(pipeline, stage, StageKind::Open, Reopen)?;
        let left_at = match self.state {
            OpportunityState::Lost { at, .. } => at,
            OpportunityState::Open | OpportunityState::Won { .. } => by.at,
        };
        self.begin_visit(stage, by, left_at)?;
        self.updated_at = by.at;
        let before = std::mem::replace(&mut self.state, OpportunityState::Open);
        let from = std::mem::replace(&mut self.stage, stage.clone()).key;
        let probability_before = std::mem::replace(&mut self.probability, stage.probability);
        let (to, probability) = (stage.key.clone(), stage.probability);
        Ok(OpportunityFact::Reopened { before, from, to, probability_before, probability })
    }

    /// Whether it may be deleted: while it is open. What was won or lost stays, or reported sales and win rates would change.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] where it is won or lost.
    pub fn deletable(&self) -> Result<(), OpportunityError> {
        self.step(Delete).map(drop)
    }

    /// When it first entered a stage.
    pub fn entered(&self, stage: &Label) -> Option<DateTime<Utc>> {
        self.history.iter().find(|visit| visit.stage == *stage).map(|visit| visit.entered_at)
    }
}

fn visit(stage: &Stage, by: By<'_>) -> StageVisit {
    StageVisit { stage: stage.key.clone(), kind: stage.kind, entered_at: by.at, left_at: None, actor: by.actor.clone() }
}

/// The refusal of a history of so many visits.
fn full(visits: usize) -> Invalid {
    Invalid::new("history", visits.to_string(), Rule::TooMany { limit: LIMIT })
}

#[cfg(test)]
mod tests;

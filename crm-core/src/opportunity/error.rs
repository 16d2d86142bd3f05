//! Why something is not done to an opportunity.

use super::{OpportunityAction, OpportunityStatus};
use crate::{
    id::OpportunityId,
    invalid::Invalid,
    money::Money,
    pipeline::{RequiredField, StageKind},
    text::Label,
};

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
    /// The stage is of the wrong kind for the action: an open deal advances to an open stage, a won one to a won stage (OPP-2), and one that is worked again goes to an
    /// open stage.
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
    /// The stage is not one of those that may follow where it stands; for a win there is no such won stage (OPP-1).
    #[error("cannot {action} {opportunity} to {}: it may not follow the stage {from}", to.as_ref().map_or("a won stage", Label::as_str))]
    NotNext {
        /// The opportunity.
        opportunity: OpportunityId,
        /// The stage that it stands in; for a won one, the open stage before.
        from: Label,
        /// The stage that was asked; `None` for a win.
        to: Option<Label>,
        /// What was asked.
        action: OpportunityAction,
    },
    /// The stage asks for what the opportunity does not have (OPP-1, OPP-8).
    #[error("{opportunity} must have {} in the stage {stage}", listed(fields))]
    Missing {
        /// The opportunity.
        opportunity: OpportunityId,
        /// The stage.
        stage: Label,
        /// What is missing, at least one.
        fields: Vec<RequiredField>,
    },
    /// The value is the sum of the lines, and another one was given (OPP-10).
    #[error("the value of {opportunity} is the sum of its lines, {total}, not {given}")]
    ValueOfLines {
        /// The opportunity.
        opportunity: OpportunityId,
        /// What its lines come to.
        total: Money,
        /// The value that was given.
        given: Money,
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
    /// A value breaks a rule; an unknown stage is [`Rule::NotListed`](crate::Rule::NotListed).
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

/// The names of some fields, one after the other.
pub(crate) fn listed(fields: &[RequiredField]) -> String {
    fields.iter().map(RequiredField::to_string).collect::<Vec<_>>().join(", ")
}

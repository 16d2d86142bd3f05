//! Why something is not done to a lead.

use super::{LeadAction, LeadStatus};
use crate::{
    id::{CustomerId, LeadId, OpportunityId, SalesRepId},
    invalid::Invalid,
    opportunity::{OpportunityStatus, listed},
    pipeline::RequiredField,
    text::Label,
};

/// Why something was not done to a lead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeadError {
    /// The lead does not stand where that is allowed.
    #[error("cannot {action} {lead}: it is {status}")]
    NotAllowed {
        /// The lead.
        lead: LeadId,
        /// Where it stands.
        status: LeadStatus,
        /// What was asked.
        action: LeadAction,
    },
    /// A lead is converted once it is qualified, unless that may be skipped.
    #[error("cannot convert {lead} before it is qualified: it is {status}")]
    NotQualified {
        /// The lead.
        lead: LeadId,
        /// Where it stands.
        status: LeadStatus,
    },
    /// Nobody works a lead that is themself (LEAD-2).
    #[error("{rep} must not own {lead}: they have the same e-mail address")]
    OwnLead {
        /// The lead.
        lead: LeadId,
        /// The rep.
        rep: SalesRepId,
    },
    /// A conversion makes or links something.
    #[error("the conversion of {lead} must create or link an organisation, a person or an opportunity")]
    NoTarget {
        /// The lead.
        lead: LeadId,
    },
    /// The deal that a conversion links is open.
    #[error("cannot convert {lead} with {opportunity}: it is {status}")]
    DealClosed {
        /// The lead.
        lead: LeadId,
        /// The deal.
        opportunity: OpportunityId,
        /// Where it stands.
        status: OpportunityStatus,
    },
    /// The deal that a conversion links is of somebody in the conversion, or of nobody.
    #[error("cannot convert {lead} with {opportunity}: it is a deal of {customer}, and the conversion is not")]
    OtherCustomersDeal {
        /// The lead.
        lead: LeadId,
        /// The deal.
        opportunity: OpportunityId,
        /// Whose it is.
        customer: CustomerId,
    },
    /// The first stage of the new deal asks for what neither the lead nor the overrides know (OPP-1, OPP-8).
    #[error("the deal of {lead} must have {} in the stage {stage}", listed(fields))]
    DealMisses {
        /// The lead.
        lead: LeadId,
        /// The stage.
        stage: Label,
        /// What is missing, at least one.
        fields: Vec<RequiredField>,
    },
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

//! Why something was not done to a quote.

use chrono::NaiveDate;

use super::{QuoteAction, QuoteStatus};
use crate::{
    discount::{ApprovalError, BeyondLimit},
    id::{OrderId, QuoteId},
    invalid::Invalid,
};

/// Why something was not done to a quote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// The quote does not stand where that is allowed.
    #[error("cannot {action} {quote}: it is {status}")]
    NotAllowed {
        /// The quote.
        quote: QuoteId,
        /// Where it stands.
        status: QuoteStatus,
        /// What was asked.
        action: QuoteAction,
    },
    /// A quote without lines is neither approved nor sent.
    #[error("cannot {action} {quote}: it has no line")]
    NoLines {
        /// The quote.
        quote: QuoteId,
        /// What was asked.
        action: QuoteAction,
    },
    /// Who would send it may not give that much without approval (PRC-5).
    #[error("cannot send {quote} before it is approved: {} (PRC-5)", beyond.first().map(ToString::to_string).unwrap_or_default())]
    NeedsApproval {
        /// The quote.
        quote: QuoteId,
        /// What goes beyond the limit.
        beyond: Vec<BeyondLimit>,
    },
    /// Who wrote it does not approve it.
    #[error("cannot approve {quote}: {refused}")]
    Approval {
        /// The quote.
        quote: QuoteId,
        /// Why not.
        refused: ApprovalError,
    },
    /// Its last day is over (QT-2).
    #[error("cannot {action} {quote} on {day}: it was valid until {valid_until} (QT-2)")]
    NoLongerValid {
        /// The quote.
        quote: QuoteId,
        /// Its last day.
        valid_until: NaiveDate,
        /// The day.
        day: NaiveDate,
        /// What was asked.
        action: QuoteAction,
    },
    /// Its last day is not over, or it has none.
    #[error("{quote} does not expire on {day}")]
    StillValid {
        /// The quote.
        quote: QuoteId,
        /// Its last day.
        valid_until: Option<NaiveDate>,
        /// The day.
        day: NaiveDate,
    },
    /// An order was made of it (QT-3).
    #[error("cannot {action} {quote}: {order} was made of it (QT-3)")]
    Ordered {
        /// The quote.
        quote: QuoteId,
        /// The order.
        order: OrderId,
        /// What was asked.
        action: QuoteAction,
    },
    /// It has no line of that number.
    #[error("{quote} has no line {line}")]
    NoSuchLine {
        /// The quote.
        quote: QuoteId,
        /// The number that was asked.
        line: u32,
    },
    /// A value that something was to be done with breaks a rule.
    #[error("cannot {action} {quote}: {invalid}")]
    Value {
        /// The quote.
        quote: QuoteId,
        /// What was asked.
        action: QuoteAction,
        /// The value and the rule.
        invalid: Invalid,
    },
}

//! What happened to a quote.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Quote;
use crate::{
    discount::{Approval, BeyondLimit, DiscountLimit},
    id::{OrderId, PriceListId, QuoteId},
    text::{Label, Text},
};

/// What happened to a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QuoteFact {
    /// It was drafted: a first version, or the next one.
    Drafted {
        /// As it was then.
        quote: Box<Quote>,
    },
    /// Its content changed.
    Amended {
        /// As it was.
        before: Box<Quote>,
        /// As it is.
        after: Box<Quote>,
        /// The limit of who changed it, where it was approved and stays so within that (PRC-5).
        within: Option<DiscountLimit>,
    },
    /// Lines that are added from now on are priced by another list, or by none.
    PriceListChanged {
        /// The list before.
        from: Option<PriceListId>,
        /// The list now.
        to: Option<PriceListId>,
    },
    /// Somebody is to approve it.
    Submitted {
        /// What goes beyond the limit of who handed it in.
        beyond: Vec<BeyondLimit>,
    },
    /// It is within the limit of who handed it in.
    Passed {
        /// The limit.
        within: DiscountLimit,
    },
    /// It was approved.
    Approved {
        /// Who approved what.
        approval: Approval,
    },
    /// It went back to its authors.
    SentBack {
        /// Why.
        reason: Text,
    },
    /// It went to the customer.
    Sent {
        /// The business day.
        day: NaiveDate,
        /// The limit of who sent it, where it was a draft and within that (PRC-5).
        within: Option<DiscountLimit>,
    },
    /// The customer took it.
    Accepted {
        /// The business day.
        day: NaiveDate,
    },
    /// An order was made of it.
    Ordered {
        /// The order.
        order: OrderId,
    },
    /// The customer did not take it.
    Rejected {
        /// The business day.
        day: NaiveDate,
        /// The coded reason.
        reason: Label,
        /// More about it.
        note: Option<Text>,
    },
    /// Its last day was over.
    Expired {
        /// The day on which that was noted.
        day: NaiveDate,
    },
    /// A newer version took its place.
    Superseded {
        /// The newer version.
        by: QuoteId,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        reason: Option<Text>,
    },
    /// It was deleted.
    Deleted {
        /// As it was.
        quote: Box<Quote>,
    },
}

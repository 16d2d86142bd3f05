//! What happens to an opportunity.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Opportunity, OpportunityState};
use crate::{
    decimal::Percent,
    id::SalesRepId,
    money::Money,
    pipeline::ForecastCategory,
    text::{Label, Text},
};

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
        /// As it counted before.
        before: DealStanding,
        /// As it counts now.
        after: DealStanding,
    },
    /// It was won.
    Won {
        /// The business day.
        day: NaiveDate,
        /// As it counted before.
        before: DealStanding,
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
        /// As it counted before.
        before: DealStanding,
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
        /// As it counts now.
        after: DealStanding,
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

/// What an opportunity counts by in the pipeline and in the forecast of a rep and a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealStanding {
    /// The rep who works it.
    pub rep: Option<SalesRepId>,
    /// The expected value.
    pub value: Option<Money>,
    /// The day on which it is expected to close.
    pub expected_close: Option<NaiveDate>,
    /// The forecast category.
    pub category: ForecastCategory,
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
    /// The coded reason: `price`, `no budget`. `other`, in any case, needs a note (LEAD-1).
    pub reason: Label,
    /// More about it.
    pub note: Option<Text>,
}

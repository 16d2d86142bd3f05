//! Service levels: what a desk promises, and how a ticket stands with it.
//!
//! A clock is a fold over what happened to the ticket: [`SlaLedger::note`] takes one event after the other, and everything else follows from what it keeps, under
//! whatever policy is asked. So another policy, priority or calendar judges anew what is open, by the same events.

mod explain;
mod ledger;
mod measure;
mod policy;

pub use self::{
    explain::{SlaSegment, SlaTime},
    ledger::{SlaEvent, SlaLedger, SlaRing},
    measure::{SlaMeasure, SlaOutcome, SlaStatus},
    policy::{SlaAlarm, SlaMetric, SlaPolicy, SlaTarget},
};

#[cfg(test)]
mod tests;

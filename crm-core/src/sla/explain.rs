//! Why a promise stands as it does.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{SlaLedger, SlaMeasure, SlaOutcome, SlaPolicy, ledger::Open};
use crate::ticket::TicketStatus;

/// What passed in some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaTime {
    /// It counted.
    Counted,
    /// The desk was closed.
    Closed,
    /// It did not count while the ticket stood there.
    Paused(TicketStatus),
}

/// A stretch of a cycle, and what passed in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlaSegment {
    /// From here …
    pub from: DateTime<Utc>,
    /// … to here.
    pub to: DateTime<Utc>,
    /// What passed.
    pub time: SlaTime,
}

impl SlaLedger {
    /// What passed in a cycle, stretch by stretch without a gap, from its beginning until it was done, or until an instant. What was counted sums to the open time that it
    /// is judged by.
    pub fn explain(&self, measure: &SlaMeasure, policy: &SlaPolicy, at: DateTime<Utc>) -> Vec<SlaSegment> {
        let until = match measure.outcome {
            SlaOutcome::Met { at } | SlaOutcome::Missed { done_at: Some(at), .. } => at,
            SlaOutcome::Missed { done_at: None, .. } | SlaOutcome::Running { .. } | SlaOutcome::Paused { .. } => at,
        };
        let open = Open { metric: measure.metric, cycle: measure.cycle, from: measure.started_at };
        let mut segments: Vec<SlaSegment> = Vec::new();
        let mut push = |from: DateTime<Utc>, to: DateTime<Utc>, time| match segments.last_mut() {
            Some(last) if last.time == time => last.to = to,
            _ if from < to => segments.push(SlaSegment { from, to, time }),
            _ => {}
        };
        for (from, to, status) in self.stretches(open, until) {
            if !policy.counts(measure.metric, status) {
                push(from, to, SlaTime::Paused(status));
                continue;
            }
            let mut closed = from;
            for (start, end) in policy.calendar.open_between(from, to) {
                push(closed, start, SlaTime::Closed);
                push(start, end, SlaTime::Counted);
                closed = end;
            }
            push(closed, to, SlaTime::Closed);
        }
        segments
    }
}

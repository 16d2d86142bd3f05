//! How a deal gets on: how long it stood where, whether it stands still, how often its close was pushed.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{Opportunity, OpportunityState};
use crate::{
    pipeline::{Stage, StageKind},
    text::Label,
    time::FiscalCalendar,
};

/// The expected close moved to a later month (FC-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// When it was moved.
    pub at: DateTime<Utc>,
    /// The day before.
    pub from: NaiveDate,
    /// The day that it was moved to.
    pub to: NaiveDate,
}

impl Push {
    /// A push, where a move of the expected close is one.
    pub(super) fn of(at: DateTime<Utc>, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Option<Self> {
        let month = |day: NaiveDate| (day.year(), day.month());
        from.zip(to).filter(|(from, to)| month(*to) > month(*from)).map(|(from, to)| Self { at, from, to })
    }

    /// Whether it led to a later fiscal quarter.
    pub fn leaves_quarter(&self, calendar: FiscalCalendar) -> bool {
        calendar.quarter_of(self.to) > calendar.quarter_of(self.from)
    }
}

impl Opportunity {
    /// When it entered the stage where it stands, or stood when it was lost.
    pub fn in_stage_since(&self) -> DateTime<Utc> {
        self.history.last().map_or(self.created_at, |visit| visit.entered_at)
    }

    /// The last open stage that it stood in, in which a lost deal fell (OPP-4).
    pub fn last_open_stage(&self) -> Option<&Label> {
        self.history.iter().rev().find(|visit| visit.kind == StageKind::Open).map(|visit| &visit.stage)
    }

    /// How long it stood in each stage, all stays added up, in the order in which it first came there. The present stay counts until the given instant, that of
    /// a lost deal until its loss.
    ///
    /// ```
    /// use chrono::{TimeDelta, TimeZone, Utc};
    /// use crm_core::{By, NewOpportunity, Opportunity, OpportunityId, Percent, Pipeline, RecordId};
    ///
    /// let pipeline = Pipeline::new("Hardware".parse()?)
    ///     .open("prospecting".parse()?, Percent::whole(10))
    ///     .open("engaging".parse()?, Percent::whole(50))
    ///     .won("won".parse()?)
    ///     .build()?;
    /// let at = |day| Utc.with_ymd_and_hms(2026, 3, day, 9, 0, 0).unwrap();
    /// let alice = "alice".parse()?;
    /// let by = |day| By { at: at(day), actor: &alice };
    /// # let id = OpportunityId::from_uuid(uuid::Uuid::from_u128(1));
    /// let mut lamps = Opportunity::open(id, by(2), &pipeline, NewOpportunity::new("forty lamps".parse()?))?;
    /// lamps.advance(by(5), &pipeline, &"engaging".parse()?, None)?;
    /// let times: Vec<_> = lamps.time_in_stages(at(6)).into_iter().map(|(stage, time)| (stage.as_str(), time)).collect();
    /// assert_eq!(times, [("prospecting", TimeDelta::days(3)), ("engaging", TimeDelta::days(1))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn time_in_stages(&self, until: DateTime<Utc>) -> Vec<(&Label, TimeDelta)> {
        let until = match self.state {
            OpportunityState::Lost { at, .. } => at.min(until),
            OpportunityState::Open | OpportunityState::Won { .. } => until,
        };
        let mut times: Vec<(&Label, TimeDelta)> = Vec::new();
        for visit in &self.history {
            let left = visit.left_at.unwrap_or(until).min(until);
            let stay = (left - visit.entered_at).max(TimeDelta::zero());
            match times.iter_mut().find(|(stage, _)| **stage == visit.stage) {
                Some((_, time)) => *time += stay,
                None => times.push((&visit.stage, stay)),
            }
        }
        times
    }

    /// How many whole days ago it last moved to another stage or something was done about it, whichever was later.
    pub fn idle_days(&self, at: DateTime<Utc>, last_activity: Option<DateTime<Utc>>) -> i64 {
        let since = last_activity.map_or(self.in_stage_since(), |done| done.max(self.in_stage_since()));
        (at - since).num_days().max(0)
    }

    /// Whether it is open and stood still for more days than its stage lets it (OPP-11).
    pub fn is_stale(&self, at: DateTime<Utc>, last_activity: Option<DateTime<Utc>>) -> bool {
        let Stage { stale_after_days, .. } = self.stage;
        self.state == OpportunityState::Open
            && stale_after_days.is_some_and(|days| self.idle_days(at, last_activity) > i64::from(days))
    }
}

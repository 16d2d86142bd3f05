//! Plans of several activities: what is to be done one after the other.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{ActivityKind, NewActivity};
use crate::{
    invalid::{Invalid, Rule},
    text::{Label, Subject},
};

/// Which step of which plan an activity is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityStep {
    /// The name of the plan.
    pub plan: Label,
    /// The number of the step, from 1.
    pub number: u16,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStep {
    /// What kind of work it is.
    pub kind: ActivityKind,
    /// What it is about.
    pub subject: Subject,
    /// How many days after the first day of the plan it is due.
    pub after_days: u16,
}

/// What is to be done one after the other: a call today, a visit in a week. A value that the host keeps, as a [`Pipeline`](crate::Pipeline) is; an activity carries its
/// name and the number of the step.
///
/// ```
/// use chrono::NaiveDate;
/// use crm_core::{ActivityKind, ActivityPlan};
///
/// let plan = ActivityPlan::new("first contact".parse()?)
///     .step(ActivityKind::Call, "introduce ourselves".parse()?, 0)
///     .step(ActivityKind::Visit, "show the lamps".parse()?, 7)
///     .build()?;
/// let steps = plan.from(NaiveDate::from_ymd_opt(2026, 3, 2).unwrap())?;
/// assert_eq!(steps[1].due.to_string(), "2026-03-09");
/// assert!(ActivityPlan::new("nothing".parse()?).build().is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ActivityPlanBuilder", into = "ActivityPlanBuilder")]
pub struct ActivityPlan {
    name: Label,
    steps: Vec<PlannedStep>,
}

/// A plan in the making; [`ActivityPlanBuilder::build`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivityPlanBuilder {
    name: Label,
    steps: Vec<PlannedStep>,
}

/// Most steps of one plan.
const STEPS: usize = 100;

impl ActivityPlanBuilder {
    /// With one more step, due so many days after the first day of the plan.
    #[must_use]
    pub fn step(mut self, kind: ActivityKind, subject: Subject, after_days: u16) -> Self {
        self.steps.push(PlannedStep { kind, subject, after_days });
        self
    }

    /// The plan.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] without a step; [`Rule::TooMany`] steps; [`Rule::Inconsistent`] where a step is due before the one before it.
    pub fn build(self) -> Result<ActivityPlan, Invalid> {
        let Self { name, steps } = self;
        if steps.is_empty() {
            return Err(Invalid::new("steps", "", Rule::Empty));
        }
        if steps.len() > STEPS {
            return Err(Invalid::new("steps", steps.len().to_string(), Rule::TooMany { limit: STEPS }));
        }
        if let Some(pair) = steps.windows(2).find(|pair| pair[1].after_days < pair[0].after_days) {
            let must = "must not be due before the step that it follows";
            return Err(Invalid::new("steps", pair[1].after_days.to_string(), Rule::Inconsistent { must }));
        }
        Ok(ActivityPlan { name, steps })
    }
}

impl TryFrom<ActivityPlanBuilder> for ActivityPlan {
    type Error = Invalid;
    fn try_from(builder: ActivityPlanBuilder) -> Result<Self, Invalid> {
        builder.build()
    }
}

impl From<ActivityPlan> for ActivityPlanBuilder {
    fn from(ActivityPlan { name, steps }: ActivityPlan) -> Self {
        Self { name, steps }
    }
}

impl ActivityPlan {
    #[expect(clippy::new_ret_no_self, reason = "a plan is only made by its builder, which checks it")]
    /// Begins a plan.
    pub const fn new(name: Label) -> ActivityPlanBuilder {
        ActivityPlanBuilder { name, steps: Vec::new() }
    }

    /// The name.
    pub const fn name(&self) -> &Label {
        &self.name
    }

    /// The steps in their order.
    pub fn steps(&self) -> &[PlannedStep] {
        &self.steps
    }

    /// The activities of the plan where it begins on a day, for nobody yet.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] for a day that the calendar does not have.
    pub fn from(&self, first_day: NaiveDate) -> Result<Vec<NewActivity>, Invalid> {
        let activity = |(number, step): (u16, &PlannedStep)| {
            let due = first_day.checked_add_days(Days::new(step.after_days.into()));
            let expected = "a day of the calendar";
            let due =
                due.ok_or_else(|| Invalid::new("first day", first_day.to_string(), Rule::Malformed { expected }))?;
            let mut new = NewActivity::new(step.kind, step.subject.clone(), due);
            new.step = Some(ActivityStep { plan: self.name.clone(), number });
            Ok(new)
        };
        (1..).zip(&self.steps).map(activity).collect()
    }
}

//! Pipelines: the ordered stages of one kind of sale.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    decimal::Percent,
    invalid::{Invalid, Rule},
    text::Label,
};

/// A place in a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it is known by; unique in its pipeline.
    pub key: Label,
    /// Its place, counted from 0 in the order of the pipeline.
    pub order: u16,
    /// Whether a deal there is open or won.
    pub kind: StageKind,
    /// The chance to win that a deal has there unless it is set by hand.
    pub probability: Percent,
    /// The forecast category that a deal has there unless it is set by hand (FC-3).
    pub forecast: ForecastCategory,
    /// How many whole days a deal may stand there without an activity before it counts as stale (OPP-11); it never does where there is none.
    pub stale_after_days: Option<u16>,
    /// What a deal must have to stand there.
    pub required: BTreeSet<RequiredField>,
    /// The keys of the stages that may follow; any stage where there is none.
    pub next: Option<BTreeSet<Label>>,
}

impl Stage {
    /// Whether a deal may go from here to a stage: where it stands it may always stay.
    pub fn leads_to(&self, stage: &Self) -> bool {
        self.key == stage.key || self.next.as_ref().is_none_or(|next| next.contains(&stage.key))
    }

    /// Refuses a probability and a forecast category that do not fit its kind.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.probability.share("probability")?;
        let refused = |field, must| Err(Invalid::new(field, self.key.as_str(), Rule::Inconsistent { must }));
        let won = self.kind == StageKind::Won;
        if won && self.probability != Percent::HUNDRED {
            return refused("probability", "must be 100 % for a won stage (OPP-2)");
        }
        if won != (self.forecast == ForecastCategory::Closed) {
            return refused("forecast category", "must be closed for a won stage, and only there (FC-3)");
        }
        Ok(())
    }
}

/// Whether a deal in a stage is open or won. There is no kind for lost: that is told apart from the stage (OPP-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Being worked.
    Open,
    /// Sold.
    Won,
}

impl fmt::Display for StageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "open",
            Self::Won => "won",
        })
    }
}

/// What a seller says of a deal in the forecast (FC-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForecastCategory {
    /// Left out: every lost deal is.
    Omitted,
    /// Being worked.
    Pipeline,
    /// Comes if all goes well.
    BestCase,
    /// Comes, as it looks.
    MostLikely,
    /// Promised for the period.
    Commit,
    /// Sold: every won deal is, and no other.
    Closed,
}

impl fmt::Display for ForecastCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Omitted => "omitted",
            Self::Pipeline => "pipeline",
            Self::BestCase => "best case",
            Self::MostLikely => "most likely",
            Self::Commit => "commit",
            Self::Closed => "closed",
        })
    }
}

/// Something that a stage may ask of a deal (OPP-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredField {
    /// A customer.
    Customer,
    /// The product that it is mainly about.
    Product,
    /// A rep.
    Rep,
    /// An expected value.
    Value,
    /// A day on which it is expected to close.
    ExpectedClose,
    /// Recurring revenue.
    Recurring,
    /// At least one line.
    Lines,
    /// At least one person with a role.
    Contacts,
}

impl fmt::Display for RequiredField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Customer => "customer",
            Self::Product => "product",
            Self::Rep => "rep",
            Self::Value => "value",
            Self::ExpectedClose => "expected close",
            Self::Recurring => "recurring revenue",
            Self::Lines => "lines",
            Self::Contacts => "contacts",
        })
    }
}

/// The ordered stages of one kind of sale: open ones first, then won ones, at least one of each (OPP-1).
///
/// A pipeline is a value that the host keeps; an opportunity carries the name of its pipeline and a copy of its stage.
///
/// ```
/// use crm_core::{Percent, Pipeline, Stage, StageKind};
///
/// let pipeline = Pipeline::new("Hardware".parse()?)
///     .open("prospecting".parse()?, Percent::whole(10))
///     .open("engaging".parse()?, Percent::whole(50))
///     .won("won".parse()?)
///     .build()?;
/// assert_eq!(pipeline.first().key.as_str(), "prospecting");
/// assert_eq!(pipeline.stage(&"engaging".parse()?)?.order, 1);
/// assert!(pipeline.stage(&"lost".parse()?).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
///
/// What more a stage says follows it:
///
/// ```
/// use crm_core::{ForecastCategory, Percent, Pipeline, RequiredField};
///
/// let pipeline = Pipeline::new("Hardware".parse()?)
///     .open("prospecting".parse()?, Percent::whole(10)).stale_after(30).next(["engaging".parse()?])
///     .open("engaging".parse()?, Percent::whole(50)).forecast(ForecastCategory::BestCase).requires([RequiredField::Contacts])
///     .won("won".parse()?)
///     .forecasting() // every open deal has a value and an expected close (OPP-8)
///     .build()?;
/// let [prospecting, engaging, won] = pipeline.stages() else { panic!() };
/// assert!(prospecting.leads_to(engaging) && !prospecting.leads_to(won));
/// assert!(engaging.required.contains(&RequiredField::ExpectedClose));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PipelineBuilder", into = "PipelineBuilder")]
pub struct Pipeline {
    name: Label,
    /// At least one open stage, then at least one won stage.
    stages: Vec<Stage>,
    /// How many of the stages are open.
    open: usize,
    keeps_set_by_hand: bool,
}

/// A pipeline in the making; [`PipelineBuilder::build`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineBuilder {
    name: Label,
    stages: Vec<Stage>,
    #[serde(default)]
    keeps_set_by_hand: bool,
    /// Whether value and expected close are still to be required; the stages of a built pipeline say so themselves.
    #[serde(skip)]
    forecasting: bool,
}

impl PipelineBuilder {
    fn stage(mut self, key: Label, kind: StageKind, probability: Percent) -> Self {
        // A pipeline of more than 65 535 stages is refused when it is built.
        let order = u16::try_from(self.stages.len()).unwrap_or(u16::MAX);
        let forecast = match kind {
            StageKind::Open => ForecastCategory::Pipeline,
            StageKind::Won => ForecastCategory::Closed,
        };
        let (stale_after_days, required, next) = (None, BTreeSet::new(), None);
        self.stages.push(Stage { key, order, kind, probability, forecast, stale_after_days, required, next });
        self
    }

    /// Changes the stage that was given last; there is nothing to change before the first.
    fn last(mut self, change: impl FnOnce(&mut Stage)) -> Self {
        if let Some(stage) = self.stages.last_mut() {
            change(stage);
        }
        self
    }

    /// With one more open stage and its default probability.
    #[must_use]
    pub fn open(self, key: Label, probability: Percent) -> Self {
        self.stage(key, StageKind::Open, probability)
    }

    /// With one more won stage.
    #[must_use]
    pub fn won(self, key: Label) -> Self {
        self.stage(key, StageKind::Won, Percent::HUNDRED)
    }

    /// The stage before has another forecast category than `Pipeline` (FC-3).
    #[must_use]
    pub fn forecast(self, category: ForecastCategory) -> Self {
        self.last(|stage| stage.forecast = category)
    }

    /// A deal counts as stale after more than so many whole days in the stage before without an activity (OPP-11).
    #[must_use]
    pub fn stale_after(self, days: u16) -> Self {
        self.last(|stage| stage.stale_after_days = Some(days))
    }

    /// A deal must have this to stand in the stage before.
    #[must_use]
    pub fn requires(self, fields: impl IntoIterator<Item = RequiredField>) -> Self {
        self.last(|stage| stage.required.extend(fields))
    }

    /// Only these stages may follow the one before; none at all where there are none.
    #[must_use]
    pub fn next(self, stages: impl IntoIterator<Item = Label>) -> Self {
        self.last(|stage| stage.next.get_or_insert_default().extend(stages))
    }

    /// Its deals are forecast: each open stage, also those that are still to come, requires a value and an expected close (OPP-8).
    #[must_use]
    pub fn forecasting(mut self) -> Self {
        self.forecasting = true;
        self
    }

    /// A probability or a forecast category that was set by hand outlives a change of the stage. Without this it follows the stage, unless it is given with the
    /// change (OPP-5).
    #[must_use]
    pub fn keep_set_by_hand(mut self) -> Self {
        self.keeps_set_by_hand = true;
        self
    }

    /// The pipeline.
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] unless open stages come first, then won ones, with their places counted from 0, and only the won ones are forecast as closed, at 100 %;
    /// [`Rule::Repeated`] key; [`Rule::OutOfRange`] probability; [`Rule::NotListed`] for a stage that may follow and is not there; [`Rule::TooMany`] stages.
    pub fn build(self) -> Result<Pipeline, Invalid> {
        let Self { name, mut stages, keeps_set_by_hand, forecasting } = self;
        if stages.len() > STAGES {
            return Err(Invalid::new("stages", stages.len().to_string(), Rule::TooMany { limit: STAGES }));
        }
        for (place, stage) in stages.iter().enumerate() {
            stage.check()?;
            if stages[..place].iter().any(|earlier| earlier.key == stage.key) {
                return Err(Invalid::new("stages", stage.key.as_str(), Rule::Repeated));
            }
            let unknown = |next: &&Label| stages.iter().all(|stage| stage.key != **next);
            if let Some(unknown) = stage.next.iter().flatten().find(unknown) {
                return Err(Invalid::new("next stage", unknown.as_str(), Rule::NotListed));
            }
        }
        let open = stages.iter().take_while(|stage| stage.kind == StageKind::Open).count();
        let ordered = stages.iter().enumerate().all(|(place, stage)| usize::from(stage.order) == place);
        if open == 0
            || open == stages.len()
            || stages[open..].iter().any(|stage| stage.kind == StageKind::Open)
            || !ordered
        {
            let must = "must be open stages first, then won ones, at least one of each, in their order";
            return Err(Invalid::new("stages", name.as_str(), Rule::Inconsistent { must }));
        }
        if forecasting {
            for stage in &mut stages[..open] {
                stage.required.extend([RequiredField::Value, RequiredField::ExpectedClose]);
            }
        }
        Ok(Pipeline { name, stages, open, keeps_set_by_hand })
    }
}

/// Most stages of one pipeline.
const STAGES: usize = 100;

impl TryFrom<PipelineBuilder> for Pipeline {
    type Error = Invalid;
    fn try_from(builder: PipelineBuilder) -> Result<Self, Invalid> {
        builder.build()
    }
}

impl From<Pipeline> for PipelineBuilder {
    fn from(pipeline: Pipeline) -> Self {
        let Pipeline { name, stages, open: _, keeps_set_by_hand } = pipeline;
        Self { name, stages, keeps_set_by_hand, forecasting: false }
    }
}

impl Pipeline {
    #[expect(clippy::new_ret_no_self, reason = "a pipeline is only made by its builder, which checks it")]
    /// Begins a pipeline.
    pub fn new(name: Label) -> PipelineBuilder {
        PipelineBuilder { name, stages: Vec::new(), keeps_set_by_hand: false, forecasting: false }
    }

    /// The name.
    pub fn name(&self) -> &Label {
        &self.name
    }

    /// The stages in their order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The stage with a key.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn stage(&self, key: &Label) -> Result<&Stage, Invalid> {
        let found = self.stages.iter().find(|stage| stage.key == *key);
        found.ok_or_else(|| Invalid::new("stage", key.as_str(), Rule::NotListed))
    }

    /// The first open stage.
    pub fn first(&self) -> &Stage {
        &self.stages[0]
    }

    /// The won stage that a deal enters from a stage: of those that may follow it the next one after it, else the last one (OPP-6). `None` where none may follow.
    pub fn won_after(&self, stage: &Stage) -> Option<&Stage> {
        let mut won = self.stages[self.open..].iter().filter(|won| stage.leads_to(won));
        let last = won.clone().next_back();
        won.find(|next| next.order > stage.order).or(last)
    }

    /// Whether what was set by hand on a deal outlives a change of its stage (OPP-5).
    pub const fn keeps_set_by_hand(&self) -> bool {
        self.keeps_set_by_hand
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Label {
        text.parse().unwrap()
    }

    #[test]
    fn opp_1_a_pipeline_has_open_stages_then_won_ones() {
        let new = || Pipeline::new(label("p"));
        assert!(new().build().is_err());
        assert!(new().open(label("a"), Percent::ZERO).build().is_err());
        assert!(new().won(label("w")).build().is_err());
        assert!(new().won(label("w")).open(label("a"), Percent::ZERO).build().is_err());
        let repeated = new().open(label("a"), Percent::ZERO).won(label("a")).build().unwrap_err();
        assert_eq!(repeated.rule(), &Rule::Repeated);
        let unlikely = new().open(label("a"), Percent::whole(101)).won(label("w")).build().unwrap_err();
        assert_eq!(unlikely.field(), "probability");
    }

    #[test]
    fn opp_6_a_win_enters_the_next_won_stage_or_the_last() {
        let pipeline = Pipeline::new(label("p"))
            .open(label("a"), Percent::ZERO)
            .won(label("signed"))
            .won(label("delivered"))
            .build()
            .unwrap();
        let after = |key: &str| pipeline.won_after(pipeline.stage(&label(key)).unwrap()).unwrap().key.as_str();
        assert_eq!((after("a"), after("signed"), after("delivered")), ("signed", "delivered", "delivered"));
    }

    #[test]
    fn opp_6_a_win_enters_only_a_won_stage_that_may_follow() {
        let pipeline = Pipeline::new(label("p"))
            .open(label("a"), Percent::ZERO)
            .next([label("b")])
            .open(label("b"), Percent::ZERO)
            .next([label("delivered")])
            .won(label("signed"))
            .won(label("delivered"))
            .build()
            .unwrap();
        let after = |place: usize| pipeline.won_after(&pipeline.stages()[place]).map(|stage| stage.key.as_str());
        assert_eq!((after(0), after(1)), (None, Some("delivered")));
    }

    #[test]
    fn opp_1_a_stage_names_only_stages_that_are_there_and_only_a_won_one_is_closed() {
        let new = || Pipeline::new(label("p")).open(label("a"), Percent::ZERO);
        let dangling = new().next([label("b")]).won(label("w")).build().unwrap_err();
        assert_eq!((dangling.field(), dangling.rule()), ("next stage", &Rule::NotListed));
        let closed = new().forecast(ForecastCategory::Closed).won(label("w")).build().unwrap_err();
        assert_eq!(closed.field(), "forecast category");
        let open = new().won(label("w")).forecast(ForecastCategory::Commit).build().unwrap_err();
        assert_eq!(open.field(), "forecast category");
        assert_eq!(new().next([]).won(label("w")).build().unwrap().first().next, Some(BTreeSet::new()));
    }

    #[test]
    fn opp_8_forecasting_requires_value_and_expected_close_of_every_open_deal() {
        let pipeline = Pipeline::new(label("p"))
            .open(label("a"), Percent::ZERO)
            .forecasting()
            .open(label("b"), Percent::ZERO)
            .requires([RequiredField::Rep])
            .won(label("w"))
            .build()
            .unwrap();
        let required: Vec<Vec<_>> =
            pipeline.stages().iter().map(|stage| stage.required.iter().copied().collect()).collect();
        let (value, close) = (RequiredField::Value, RequiredField::ExpectedClose);
        assert_eq!(required, [vec![value, close], vec![RequiredField::Rep, value, close], vec![]]);
        let json = serde_json::to_string(&pipeline).unwrap();
        assert_eq!(serde_json::from_str::<Pipeline>(&json).unwrap(), pipeline);
    }

    #[test]
    fn a_pipeline_is_checked_when_it_is_read() {
        let pipeline = Pipeline::new(label("p")).open(label("a"), Percent::ZERO).won(label("w")).build().unwrap();
        let json = serde_json::to_string(&pipeline).unwrap();
        assert_eq!(serde_json::from_str::<Pipeline>(&json).unwrap(), pipeline);
        assert!(serde_json::from_str::<Pipeline>(&json.replace("\"won\"", "\"open\"")).is_err());
        let mut unsure = serde_json::to_value(&pipeline).unwrap();
        unsure["stages"][1]["probability"] = serde_json::to_value(Percent::whole(99)).unwrap();
        let refused = serde_json::from_value::<Pipeline>(unsure).unwrap_err().to_string();
        assert!(refused.contains("OPP-2"), "{refused}");
        assert!(serde_json::from_str::<Pipeline>(&json.replace("\"next\":null", "\"next\":[\"b\"]")).is_err());
    }
}

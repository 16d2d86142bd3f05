//! Pipelines: the ordered stages of one kind of sale.

use std::fmt;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PipelineBuilder", into = "PipelineBuilder")]
pub struct Pipeline {
    name: Label,
    /// At least one open stage, then at least one won stage.
    stages: Vec<Stage>,
    /// How many of the stages are open.
    open: usize,
}

/// A pipeline in the making; [`PipelineBuilder::build`] checks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineBuilder {
    name: Label,
    stages: Vec<Stage>,
}

impl PipelineBuilder {
    fn stage(mut self, key: Label, kind: StageKind, probability: Percent) -> Self {
        // A pipeline of more than 65 535 stages is refused when it is built.
        let order = u16::try_from(self.stages.len()).unwrap_or(u16::MAX);
        self.stages.push(Stage { key, order, kind, probability });
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

    /// The pipeline.
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] unless open stages come first, then won ones, with their places counted from 0; [`Rule::Repeated`] key; [`Rule::OutOfRange`]
    /// probability; [`Rule::TooMany`] stages.
    pub fn build(self) -> Result<Pipeline, Invalid> {
        let Self { name, stages } = self;
        if stages.len() > STAGES {
            return Err(Invalid::new("stages", stages.len().to_string(), Rule::TooMany { limit: STAGES }));
        }
        for (place, stage) in stages.iter().enumerate() {
            stage.probability.share("probability")?;
            if stages[..place].iter().any(|earlier| earlier.key == stage.key) {
                return Err(Invalid::new("stages", stage.key.as_str(), Rule::Repeated));
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
        Ok(Pipeline { name, stages, open })
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
        Self { name: pipeline.name, stages: pipeline.stages }
    }
}

impl Pipeline {
    #[expect(clippy::new_ret_no_self, reason = "a pipeline is only made by its builder, which checks it")]
    /// Begins a pipeline.
    pub fn new(name: Label) -> PipelineBuilder {
        PipelineBuilder { name, stages: Vec::new() }
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

    /// The won stage that a deal enters from a stage: the next one after it, else the last one (OPP-6).
    pub fn won_after(&self, stage: &Stage) -> &Stage {
        let won = &self.stages[self.open..];
        won.iter().find(|next| next.order > stage.order).unwrap_or(&won[won.len() - 1])
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
        let after = |key: &str| pipeline.won_after(pipeline.stage(&label(key)).unwrap()).key.as_str();
        assert_eq!((after("a"), after("signed"), after("delivered")), ("signed", "delivered", "delivered"));
    }

    #[test]
    fn a_pipeline_is_checked_when_it_is_read() {
        let pipeline = Pipeline::new(label("p")).open(label("a"), Percent::ZERO).won(label("w")).build().unwrap();
        let json = serde_json::to_string(&pipeline).unwrap();
        assert_eq!(serde_json::from_str::<Pipeline>(&json).unwrap(), pipeline);
        assert!(serde_json::from_str::<Pipeline>(&json.replace("\"won\"", "\"open\"")).is_err());
    }
}

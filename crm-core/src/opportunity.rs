//! Opportunities: qualified possible sales on their way through a pipeline.

mod contact_role;
mod error;
mod fact;
mod new;
mod pace;
mod state;
mod worth;

use OpportunityAction::{Advance, Delete, Lose, Reopen, Revise, Win};
use OpportunityStatus::{Lost, Open, Won};
use chrono::{DateTime, NaiveDate, Utc};

pub(crate) use self::error::listed;
pub use self::{
    contact_role::ContactRole,
    error::OpportunityError,
    fact::{DealStanding, Loss, OpportunityFact, Sale},
    new::{NewOpportunity, OpportunityPatch},
    pace::Push,
    state::{OpportunityAction, OpportunityState, OpportunityStatus, StageVisit},
    worth::{AmountSource, DealLine, Recurring},
};
use crate::{
    act::Act,
    decimal::Percent,
    id::{CustomerId, OpportunityId, ProductId, SalesRepId},
    invalid::{Invalid, Rule},
    lead::explained,
    money::{Money, Rounding},
    patch::patched,
    pipeline::{ForecastCategory, Pipeline, RequiredField, Stage, StageKind},
    record::{Revision, guarded},
    text::{Actor, ExternalId, Label, Subject},
};

guarded! {
    /// A possible sale with a value, a stage and an expected close date.
    ///
    /// Whether it is open, won or lost stands apart from its stage (OPP-3), so that "lost at which stage" is kept:
    ///
    #[doc = include_str!("transitions/opportunity.md")]
    Opportunity(OpportunityId), OpportunityParts as "OpportunityParts" {
        /// What it is about.
        borrow name: Subject,
        /// Its id in another system; unique among opportunities.
        maybe external_id: ExternalId,
        /// The customer, once one is known.
        copy customer: Option<CustomerId>,
        /// The product that it is mainly about.
        copy product: Option<ProductId>,
        /// The rep who works it.
        copy rep: Option<SalesRepId>,
        /// The name of its pipeline.
        borrow pipeline: Label,
        /// The stage that it stands in, or was lost in, as it was when the deal came there.
        borrow stage: Stage,
        /// The expected value while it is open, the value of the sale once it is won; the sum of the lines where there are any (OPP-10).
        copy value: Option<Money>,
        /// What it is to sell. At most 1 000, in one currency.
        list lines: DealLine,
        /// What it is to bring again and again, in the currency of the value (OPP-9).
        copy recurring: Option<Recurring>,
        /// The chance to win it: that of the stage unless it was set by hand (OPP-5); 100 % when won, 0 % when lost.
        copy probability: Percent,
        /// The forecast category where it was set by hand, while it is open; [`Opportunity::forecast_category`] is the one that counts (FC-3).
        copy set_forecast: Option<ForecastCategory>,
        /// The day on which it is expected to close.
        copy expected_close: Option<NaiveDate>,
        /// The moves of the expected close to a later month, oldest first (FC-7). At most 10 000.
        list pushes: Push,
        /// The persons who matter in it, at most one of them the primary one. At most 100.
        list contacts: ContactRole,
        /// Open, won or lost.
        borrow state: OpportunityState,
        /// The stages that it stood in, oldest first; the last one has no end (OPP-7). Where it was lost and worked again, the stay that the loss cut short ends
        /// with the loss and a new one begins with the reopening, so the time between counts for no stage. At most 10 000.
        list history: StageVisit,
    }
}

/// Most stages in the history of one opportunity.
const LIMIT: usize = 10_000;

/// Who moves an opportunity, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: &'a Actor,
}

impl<'a> From<&'a Act> for By<'a> {
    fn from(act: &'a Act) -> Self {
        Self { at: act.at(), actor: act.actor() }
    }
}

impl Opportunity {
    /// A new opportunity in an open stage of a pipeline.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::Missing`]; [`OpportunityError::ValueOfLines`]; [`OpportunityError::Invalid`] for a won stage and one
    /// that the pipeline does not have, a value below zero, a probability outside 0 to 100 %, amounts in several currencies, the forecast category `Closed`, too many lines
    /// or contacts, a contact twice in one role, a second primary one.
    pub fn open(
        id: OpportunityId,
        by: By<'_>,
        pipeline: &Pipeline,
        new: NewOpportunity,
    ) -> Result<Self, OpportunityError> {
        let NewOpportunity {
            id: _,
            external_id,
            name,
            customer,
            product,
            rep,
            stage,
            value,
            lines,
            recurring,
            probability,
            forecast,
            expected_close,
            contacts,
        } = new;
        let stage = match stage {
            Some(key) => pipeline.stage(&key)?,
            None => pipeline.first(),
        };
        if stage.kind != StageKind::Open {
            let must = "must be an open one: a deal is opened before it is won";
            return Err(Invalid::new("stage", stage.key.as_str(), Rule::Inconsistent { must }).into());
        }
        let opportunity = Self {
            id,
            revision: Revision::FIRST,
            created_at: by.at,
            updated_at: by.at,
            name,
            external_id,
            customer,
            product,
            rep,
            pipeline: pipeline.name().clone(),
            value: worth(id, &lines, value)?,
            lines,
            recurring,
            probability: probability.unwrap_or(stage.probability),
            set_forecast: forecast.filter(|category| *category != stage.forecast),
            expected_close,
            pushes: Vec::new(),
            contacts,
            state: OpportunityState::Open,
            history: vec![visit(stage, by)],
            stage: stage.clone(),
        };
        opportunity.has_what(&opportunity.stage)?;
        opportunity.check()?;
        Ok(opportunity)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.stage.check()?;
        self.probability.share("probability")?;
        if let Some(value) = self.value.filter(|value| value.is_negative()) {
            return Err(Invalid::new("value", value.to_string(), Rule::Negative));
        }
        if let OpportunityState::Lost { reason, note, .. } = &self.state {
            explained(reason, note.as_ref())?;
        }
        if self.history.len() > LIMIT {
            return Err(full(self.history.len()));
        }
        if self.pushes.len() > LIMIT {
            return Err(Invalid::new("pushes", self.pushes.len().to_string(), Rule::TooMany { limit: LIMIT }));
        }
        contact_role::check(&self.contacts)?;
        let total = worth::total(&self.lines)?;
        if let Some(total) = total.filter(|total| Some(*total) != self.value) {
            let must = "must be the sum of the lines (OPP-10)";
            return Err(Invalid::new("value", total.to_string(), Rule::Inconsistent { must }));
        }
        if let Some((value, recurring)) = self.value.zip(self.recurring) {
            recurring
                .revenue()
                .in_currency(value.currency())
                .map_err(|refused| refused.in_field("recurring revenue"))?;
        }
        if let Some(set) = self.set_forecast
            && (self.state.status() != Open || set == ForecastCategory::Closed)
        {
            let must = "must be set by hand only while it is open, and never to closed (FC-3)";
            return Err(Invalid::new("forecast category", set.to_string(), Rule::Inconsistent { must }));
        }
        if !self.missing(&self.stage).is_empty() {
            let must = "must be one whose required fields are there (OPP-1)";
            return Err(Invalid::new("stage", self.stage.key.as_str(), Rule::Inconsistent { must }));
        }
        let inconsistent =
            |must| Err(Invalid::new("history", self.history.len().to_string(), Rule::Inconsistent { must }));
        let Some((last, earlier)) = self.history.split_last() else {
            return inconsistent("must not be empty");
        };
        let present = (&last.stage, last.kind) == (&self.stage.key, self.stage.kind);
        if last.left_at.is_some() || !present || earlier.iter().any(|visit| visit.left_at.is_none()) {
            return inconsistent("must end with one visit that goes on, in the present stage (OPP-7)");
        }
        let won = self.state.status() == Won;
        if won != (self.stage.kind == StageKind::Won) {
            return Err(Invalid::new(
                "stage",
                self.stage.key.as_str(),
                Rule::Inconsistent { must: "must be a won stage where it is won, and only there" },
            ));
        }
        if won && self.value.is_none() {
            return Err(Invalid::new("value", "", Rule::Empty));
        }
        let certain = match self.state.status() {
            Open => self.probability,
            Won => Percent::HUNDRED,
            Lost => Percent::ZERO,
        };
        if self.probability != certain {
            let must = "must be 100 % where it is won and 0 % where it is lost (OPP-2, OPP-3)";
            return Err(Invalid::new("probability", self.probability.to_string(), Rule::Inconsistent { must }));
        }
        Ok(())
    }

    /// What a stage asks for and is not there.
    fn missing(&self, stage: &Stage) -> Vec<RequiredField> {
        let there = |field| match field {
            RequiredField::Customer => self.customer.is_some(),
            RequiredField::Product => self.product.is_some(),
            RequiredField::Rep => self.rep.is_some(),
            RequiredField::Value => self.value.is_some(),
            RequiredField::ExpectedClose => self.expected_close.is_some(),
            RequiredField::Recurring => self.recurring.is_some(),
            RequiredField::Lines => !self.lines.is_empty(),
            RequiredField::Contacts => !self.contacts.is_empty(),
        };
        stage.required.iter().copied().filter(|field| !there(*field)).collect()
    }

    fn has_what(&self, stage: &Stage) -> Result<(), OpportunityError> {
        let fields = self.missing(stage);
        if fields.is_empty() {
            return Ok(());
        }
        Err(OpportunityError::Missing { opportunity: self.id, stage: stage.key.clone(), fields })
    }

    /// The chance to win it where it was set by hand: while it is open and not that of its stage (OPP-5).
    pub fn set_probability(&self) -> Option<Percent> {
        (self.state == OpportunityState::Open && self.probability != self.stage.probability).then_some(self.probability)
    }

    /// The forecast category: closed when won, omitted when lost, else as it was set by hand or as the stage has it (FC-3).
    pub fn forecast_category(&self) -> ForecastCategory {
        match self.state.status() {
            Won => ForecastCategory::Closed,
            Lost => ForecastCategory::Omitted,
            Open => self.set_forecast.unwrap_or(self.stage.forecast),
        }
    }

    /// The day that it has in a forecast (FC-2): the business day of its close, or while it is open the expected one.
    pub fn forecast_day(&self) -> Option<NaiveDate> {
        self.state.close_day().or(self.expected_close)
    }

    /// The value times the probability, rounded half to even to the minor unit of the currency (FC-1): of an open one that has a value, and of no other.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`], which a probability of at most 100 % does not give.
    pub fn weighted(&self) -> Result<Option<Money>, Invalid> {
        let value = self.value.filter(|_| self.state == OpportunityState::Open);
        value.map(|value| value.percent(self.probability, Rounding::HalfEven)).transpose()
    }

    /// What it counts by in the pipeline and in a forecast.
    pub fn standing(&self) -> DealStanding {
        let category = self.forecast_category();
        DealStanding { rep: self.rep, value: self.value, expected_close: self.expected_close, category }
    }

    /// Whether its value is the sum of its lines or was typed (OPP-10).
    pub const fn amount_source(&self) -> AmountSource {
        if self.lines.is_empty() { AmountSource::Manual } else { AmountSource::Lines }
    }

    fn step(&self, action: OpportunityAction) -> Result<OpportunityStatus, OpportunityError> {
        let status = self.state.status();
        let refused = OpportunityError::NotAllowed { opportunity: self.id, status, action };
        OpportunityStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// The stage of a pipeline that an action leads to, which must be of the right kind.
    fn target<'p>(
        &self,
        pipeline: &'p Pipeline,
        key: &Label,
        kind: StageKind,
        action: OpportunityAction,
    ) -> Result<&'p Stage, OpportunityError> {
        self.in_pipeline(pipeline)?;
        let stage = pipeline.stage(key)?;
        if stage.kind != kind {
            return Err(OpportunityError::WrongStage {
                opportunity: self.id,
                stage: key.clone(),
                kind: stage.kind,
                action,
            });
        }
        // One that is worked again goes on from the open stage that it left.
        let from = match action {
            Reopen => self.last_open_stage().unwrap_or(key),
            _ => &self.stage.key,
        };
        if pipeline.stage(from).is_ok_and(|from| !from.leads_to(stage)) {
            let (from, to) = (from.clone(), Some(key.clone()));
            return Err(OpportunityError::NotNext { opportunity: self.id, from, to, action });
        }
        Ok(stage)
    }

    fn in_pipeline(&self, pipeline: &Pipeline) -> Result<(), OpportunityError> {
        if pipeline.name() == &self.pipeline {
            return Ok(());
        }
        let (expected, found) = (self.pipeline.clone(), pipeline.name().clone());
        Err(OpportunityError::OtherPipeline { opportunity: self.id, expected, found })
    }

    /// Goes to a stage, and gives the one before. A new visit begins unless it stands there already: in the same stage, of the kind that it had then.
    fn enter(&mut self, stage: &Stage, by: By<'_>) -> Result<Label, Invalid> {
        if (&stage.key, stage.kind) != (&self.stage.key, self.stage.kind) {
            self.begin_visit(stage, by, by.at)?;
        }
        self.updated_at = by.at;
        Ok(std::mem::replace(&mut self.stage, stage.clone()).key)
    }

    /// Ends the present visit and begins another one, or changes nothing where the history is full.
    fn begin_visit(&mut self, stage: &Stage, by: By<'_>, left_at: DateTime<Utc>) -> Result<(), Invalid> {
        if self.history.len() >= LIMIT {
            return Err(full(self.history.len()));
        }
        if let Some(present) = self.history.last_mut() {
            present.left_at = Some(left_at);
        }
        self.history.push(visit(stage, by));
        Ok(())
    }

    /// Changes the data of an open opportunity. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open; [`OpportunityError::Missing`] where something goes that its stage requires;
    /// [`OpportunityError::ValueOfLines`] and [`OpportunityError::Invalid`] as [`Opportunity::open`].
    pub fn revise(
        &mut self,
        at: DateTime<Utc>,
        patch: OpportunityPatch,
    ) -> Result<Option<OpportunityFact>, OpportunityError> {
        self.step(Revise)?;
        let mut after = self.clone();
        patched!(after, patch: OpportunityPatch {
            name, customer, product, rep, recurring, expected_close, contacts
        }, and value, lines, probability, forecast);
        // Without lines any more it has no value, unless one is typed.
        let typed = match &lines {
            Some(_) => (!self.lines.is_empty()).then_some(None).or(Some(self.value)),
            None => None,
        };
        crate::patch::set(&mut after.lines, lines);
        if let Some(typed) = value.or(typed) {
            after.value = worth(self.id, &after.lines, typed)?;
        }
        if let Some(set) = probability {
            after.probability = set.unwrap_or(self.stage.probability);
        }
        if let Some(set) = forecast {
            after.set_forecast = set.filter(|category| *category != self.stage.forecast);
        }
        after.pushes.extend(Push::of(at, self.expected_close, after.expected_close));
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.has_what(&after.stage)?;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(OpportunityFact::Revised { before, after: Box::new(self.clone()) }))
    }

    /// Moves it to another stage of its pipeline: an open deal to an open stage, a won one to another won stage, which leaves its close (OPP-2). The probability
    /// and the forecast category follow the stage unless a probability is given or the pipeline keeps what was set by hand (OPP-5). `None` where it stands there already
    /// and nothing changes.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] for a lost one, [`OpportunityError::WrongStage`], [`OpportunityError::NotNext`], [`OpportunityError::Missing`],
    /// [`OpportunityError::OtherPipeline`], [`OpportunityError::Invalid`] for an unknown stage, a probability outside 0 to 100 %, [`Rule::TooMany`] stages in its history.
    pub fn advance(
        &mut self,
        by: By<'_>,
        pipeline: &Pipeline,
        stage: &Label,
        probability: Option<Percent>,
    ) -> Result<Option<OpportunityFact>, OpportunityError> {
        let won = self.step(Advance)? == Won;
        let stage = self.target(pipeline, stage, if won { StageKind::Won } else { StageKind::Open }, Advance)?;
        self.has_what(stage)?;
        // Standing still is no change of stage, so what was set by hand stays.
        let keeps = stage.key == self.stage.key || pipeline.keeps_set_by_hand();
        let set = match probability {
            Some(set) => Some(set.share("probability")?),
            None => self.set_probability().filter(|_| keeps),
        };
        let probability = if won { Percent::HUNDRED } else { set.unwrap_or(stage.probability) };
        if *stage == self.stage && probability == self.probability {
            return Ok(None);
        }
        let (before, probability_before) = (self.standing(), self.probability);
        let set_forecast = self.set_forecast.filter(|category| keeps && *category != stage.forecast);
        let from = self.enter(stage, by)?;
        (self.probability, self.set_forecast) = (probability, set_forecast);
        let (to, after) = (stage.key.clone(), self.standing());
        Ok(Some(OpportunityFact::Advanced { from, to, probability_before, probability, before, after }))
    }

    /// Marks it won: it enters the first won stage of its pipeline that may follow (OPP-6), at 100 %, with the value that is given or else the expected one.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open, [`OpportunityError::NoValue`], [`OpportunityError::ValueOfLines`], [`OpportunityError::NotNext`],
    /// [`OpportunityError::Missing`], [`OpportunityError::OtherPipeline`],
    /// [`OpportunityError::Invalid`] for a value below zero, [`Rule::TooMany`] stages in its history.
    pub fn win(&mut self, by: By<'_>, pipeline: &Pipeline, sale: Sale) -> Result<OpportunityFact, OpportunityError> {
        self.step(Win)?;
        self.in_pipeline(pipeline)?;
        let value = sale.value.or(self.value).ok_or(OpportunityError::NoValue { opportunity: self.id })?;
        if value.is_negative() {
            return Err(Invalid::new("value", value.to_string(), Rule::Negative).into());
        }
        let value = worth(self.id, &self.lines, Some(value))?.unwrap_or(value);
        let here = pipeline.stage(&self.stage.key).unwrap_or(&self.stage);
        let stage = pipeline.won_after(here).ok_or_else(|| OpportunityError::NotNext {
            opportunity: self.id,
            from: self.stage.key.clone(),
            to: None,
            action: Win,
        })?;
        Self { value: Some(value), ..self.clone() }.has_what(stage)?;
        if let Some(recurring) = self.recurring {
            value.in_currency(recurring.revenue().currency()).map_err(|refused| refused.in_field("value"))?;
        }
        let before = self.standing();
        let from = self.enter(stage, by)?;
        self.value = Some(value);
        let probability_before = std::mem::replace(&mut self.probability, Percent::HUNDRED);
        self.set_forecast = None;
        self.state = OpportunityState::Won { at: by.at, day: sale.day };
        Ok(OpportunityFact::Won { day: sale.day, before, value, from, probability_before })
    }

    /// Marks it lost, where it stands, at 0 %.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] unless it is open; [`OpportunityError::Invalid`] with [`Rule::Empty`] in the field `note` where the reason is `other` and nothing more is said
    /// (LEAD-1).
    pub fn lose(&mut self, at: DateTime<Utc>, loss: Loss) -> Result<OpportunityFact, OpportunityError> {
        self.step(Lose)?;
        let Loss { day, reason, note } = loss;
        explained(&reason, note.as_ref())?;
        let before = self.standing();
        let probability_before = std::mem::replace(&mut self.probability, Percent::ZERO);
        self.set_forecast = None;
        self.updated_at = at;
        self.state = OpportunityState::Lost { at, day, reason: reason.clone(), note: note.clone() };
        let stage = self.stage.key.clone();
        Ok(OpportunityFact::Lost { day, before, reason, stage, probability_before, note })
    }

    /// Works a won or lost one again, in the open stage that it left or one that may follow it: the reason goes, the close goes, the probability and the forecast category
    /// are those of the stage (OPP-2, OPP-3).
    ///
    /// A new visit begins, also in the stage that it was lost in. The visit before ends now, or for a lost one at the instant of the loss.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] where it is open, [`OpportunityError::WrongStage`], [`OpportunityError::NotNext`], [`OpportunityError::Missing`],
    /// [`OpportunityError::OtherPipeline`], [`OpportunityError::Invalid`] for an unknown stage, [`Rule::TooMany`] stages in its history.
    pub fn reopen(
        &mut self,
        by: By<'_>,
        pipeline: &Pipeline,
        stage: &Label,
    ) -> Result<OpportunityFact, OpportunityError> {
        self.step(Reopen)?;
        let stage = self.target(pipeline, stage, StageKind::Open, Reopen)?;
        self.has_what(stage)?;
        let left_at = match self.state {
            OpportunityState::Lost { at, .. } => at,
            OpportunityState::Open | OpportunityState::Won { .. } => by.at,
        };
        self.begin_visit(stage, by, left_at)?;
        self.updated_at = by.at;
        let before = std::mem::replace(&mut self.state, OpportunityState::Open);
        let from = std::mem::replace(&mut self.stage, stage.clone()).key;
        let probability_before = std::mem::replace(&mut self.probability, stage.probability);
        let (to, probability, after) = (stage.key.clone(), stage.probability, self.standing());
        Ok(OpportunityFact::Reopened { before, after, from, to, probability_before, probability })
    }

    /// Whether it may be deleted: while it is open. What was won or lost stays, or reported sales and win rates would change.
    ///
    /// # Errors
    ///
    /// [`OpportunityError::NotAllowed`] where it is won or lost.
    pub fn deletable(&self) -> Result<(), OpportunityError> {
        self.step(Delete).map(drop)
    }

    /// When it first entered a stage.
    pub fn entered(&self, stage: &Label) -> Option<DateTime<Utc>> {
        self.history.iter().find(|visit| visit.stage == *stage).map(|visit| visit.entered_at)
    }
}

/// The value of a deal with some lines: what they come to, else what was typed, which must not contradict them (OPP-10).
fn worth(
    opportunity: OpportunityId,
    lines: &[DealLine],
    typed: Option<Money>,
) -> Result<Option<Money>, OpportunityError> {
    let Some(total) = worth::total(lines)? else { return Ok(typed) };
    match typed.filter(|given| *given != total) {
        Some(given) => Err(OpportunityError::ValueOfLines { opportunity, total, given }),
        None => Ok(Some(total)),
    }
}

fn visit(stage: &Stage, by: By<'_>) -> StageVisit {
    StageVisit { stage: stage.key.clone(), kind: stage.kind, entered_at: by.at, left_at: None, actor: by.actor.clone() }
}

/// The refusal of a history of so many visits.
fn full(visits: usize) -> Invalid {
    Invalid::new("history", visits.to_string(), Rule::TooMany { limit: LIMIT })
}

#[cfg(test)]
mod tests;

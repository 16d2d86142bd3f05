//! What led from one state of the open pipeline to the next.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::RollUp;
use crate::{
    bulk::Record,
    id::SalesRepId,
    invalid::Invalid,
    journal::{Entry, Fact, RecordRef},
    money::{Currency, Money},
    opportunity::{DealStanding, Opportunity, OpportunityFact},
    time::Period,
};

/// Which deals of the open pipeline a movement is about; all of them by default. What is omitted from the forecast is in no pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PipelineScope {
    /// Those expected to close on one of these days.
    pub close: Option<Period>,
    /// Those of these reps.
    pub reps: Option<BTreeSet<SalesRepId>>,
}

impl PipelineScope {
    fn includes(&self, deal: &DealStanding) -> bool {
        RollUp::OpenPipeline.covers(deal.category)
            && self.close.is_none_or(|close| deal.expected_close.is_some_and(|day| close.contains(day)))
            && self.reps.as_ref().is_none_or(|reps| deal.rep.is_some_and(|rep| reps.contains(&rep)))
    }
}

/// Deals that came into the open pipeline or left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineFlow {
    /// How many.
    pub deals: u64,
    /// What they are worth.
    pub amount: Money,
}

impl PipelineFlow {
    fn add(&mut self, amount: Money) -> Result<(), Invalid> {
        self.amount = self.amount.checked_add(amount)?;
        self.deals += 1;
        Ok(())
    }
}

/// What led from one state of the open pipeline to the next, in one currency: the facts of the journal between the two, added up.
///
/// The open pipeline is that of [`ForecastTotals`](crate::ForecastTotals) ([`RollUp::OpenPipeline`]), as if nobody had adjusted anything. The two reconcile: `end = start + created + reopened + value_change + moved_in - moved_out - slipped - won - lost - deleted`. A scope of all deals has nothing to move in
/// from, out to or slip to, so that there `end = start + created + reopened + value_change - won - lost - deleted`.
///
/// A deal without a value is worth nothing here; the day it gets one, that is a change of its value.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use crm_core::{Act, By, Currency, Entry, Fact, Money, NewOpportunity, Opportunity, OpportunityFact, Percent};
/// use crm_core::{Pipeline, PipelineMovement, PipelineScope, Position, Sale};
///
/// let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]);
/// let pipeline = Pipeline::new("Hardware".parse()?)
///     .open("engaging".parse()?, Percent::whole(50))
///     .won("won".parse()?)
///     .build()?;
/// let eur = |amount| Money::parse(amount, Currency::EUR);
/// let new = NewOpportunity::new("forty lamps".parse()?).value(eur("2000.00")?);
/// let by = By { at, actor: &"alice".parse()? };
/// let mut lamps = Opportunity::open(act.new_id(), by, &pipeline, new)?;
/// let opened = OpportunityFact::Opened { opportunity: Box::new(lamps.clone()) };
/// let won = lamps.win(by, &pipeline, Sale { day: at.date_naive(), value: Some(eur("1900.00")?) })?;
///
/// let mut movement = PipelineMovement::new(Currency::EUR);
/// for (place, fact) in [(1, opened), (2, won)] {
///     let entry = Entry::new(Position::new(place), &act, Fact::from((lamps.id, fact)));
///     movement.push(&PipelineScope::default(), &entry)?;
/// }
/// assert_eq!(movement.created.amount, eur("2000.00")?);
/// assert_eq!(movement.value_change, eur("-100.00")?);
/// assert_eq!(movement.won.amount, eur("1900.00")?);
/// assert_eq!(movement.end(eur("0.00")?)?, eur("0.00")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PipelineMovement {
    /// Opened.
    pub created: PipelineFlow,
    /// Worked again after they were won or lost.
    pub reopened: PipelineFlow,
    /// How much more, or less, deals are worth that were open all the while; the last change of a won one came with the sale.
    pub value_change: Money,
    /// Got a rep, a day or a currency of the scope, or were omitted before.
    pub moved_in: PipelineFlow,
    /// Are expected after the last day of the scope, and were not (FC-7).
    pub slipped: PipelineFlow,
    /// Got a rep, an earlier day or a currency that is not of the scope, or are omitted now.
    pub moved_out: PipelineFlow,
    /// Won, for what they were sold at.
    pub won: PipelineFlow,
    /// Lost.
    pub lost: PipelineFlow,
    /// Deleted while they were open.
    pub deleted: PipelineFlow,
    /// How many opportunities an import brought, of which the journal has no facts: where there are any, `end` leaves out what they are worth.
    pub imported: u64,
    /// How many facts of opportunities were erased, and are left out as well.
    pub erased: u64,
    /// How many facts are of deals of the scope in other currencies, which have movements of their own.
    pub in_other_currencies: u64,
}

impl PipelineMovement {
    /// Nothing moved yet.
    pub const fn new(currency: Currency) -> Self {
        let value_change = Money::zero(currency);
        let none = PipelineFlow { deals: 0, amount: value_change };
        Self {
            created: none,
            reopened: none,
            value_change,
            moved_in: none,
            slipped: none,
            moved_out: none,
            won: none,
            lost: none,
            deleted: none,
            imported: 0,
            erased: 0,
            in_other_currencies: 0,
        }
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.value_change.currency()
    }

    /// Counts an entry of the journal; what is no fact of an opportunity counts for nothing. Entries come in their order, each once.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn push(&mut self, scope: &PipelineScope, entry: &Entry) -> Result<(), Invalid> {
        match &entry.fact {
            Some(Fact::Opportunity(_, fact)) => self.count(scope, fact)?,
            Some(Fact::Import(_, fact)) if fact.batch().family == Opportunity::FAMILY => {
                self.imported += fact.batch().batch.inserted;
            }
            None if matches!(entry.record, RecordRef::Opportunity(_)) => self.erased += 1,
            _ => {}
        }
        Ok(())
    }

    fn count(&mut self, scope: &PipelineScope, fact: &OpportunityFact) -> Result<(), Invalid> {
        type Flow = fn(&mut PipelineMovement) -> &mut PipelineFlow;
        let flow = |flow: Flow| Some(flow);
        let (before, after, flow) = match fact {
            OpportunityFact::Opened { opportunity } => (None, Some(opportunity.standing()), flow(|it| &mut it.created)),
            OpportunityFact::Reopened { after, .. } => (None, Some(*after), flow(|it| &mut it.reopened)),
            OpportunityFact::Revised { before, after } => (Some(before.standing()), Some(after.standing()), None),
            OpportunityFact::Advanced { before, after, .. } => (Some(*before), Some(*after), None),
            OpportunityFact::Won { before, value, .. } => {
                let sold = DealStanding { value: Some(*value), ..*before };
                (Some(*before), Some(sold), flow(|it| &mut it.won))
            }
            OpportunityFact::Lost { before, .. } => (Some(*before), None, flow(|it| &mut it.lost)),
            // Only open ones can be deleted.
            OpportunityFact::Deleted { opportunity } => {
                (Some(opportunity.standing()), None, flow(|it| &mut it.deleted))
            }
        };
        let elsewhere = |deal: DealStanding| {
            scope.includes(&deal) && deal.value.is_some_and(|value| value.currency() != self.currency())
        };
        self.in_other_currencies += u64::from([before, after].into_iter().flatten().any(elsewhere));
        if let (Some(before), Some(after)) = (before, after) {
            self.revise(scope, &before, &after)?;
        }
        // It comes as it is then, and goes as it was last.
        if let (Some(flow), Some(deal)) = (flow, after.or(before))
            && let Some(worth) = self.worth(scope, &deal)
        {
            flow(self).add(worth)?;
        }
        Ok(())
    }

    /// What an open deal is worth in the currency; `None` for one that is not in the scope.
    fn worth(&self, scope: &PipelineScope, deal: &DealStanding) -> Option<Money> {
        let worth = deal.value.unwrap_or(Money::zero(self.currency()));
        (scope.includes(deal) && worth.currency() == self.currency()).then_some(worth)
    }

    fn revise(&mut self, scope: &PipelineScope, before: &DealStanding, after: &DealStanding) -> Result<(), Invalid> {
        match (self.worth(scope, before), self.worth(scope, after)) {
            (Some(before), Some(after)) => {
                self.value_change = self.value_change.checked_add(after.checked_sub(before)?)?;
            }
            // Without a value it was of no currency, and so left none.
            (Some(_), None) if before.value.is_none() && scope.includes(after) => {}
            (Some(worth), None) => {
                let later = scope.close.zip(after.expected_close).is_some_and(|(close, day)| day >= close.until());
                let flow = if later { &mut self.slipped } else { &mut self.moved_out };
                flow.add(worth)?;
            }
            (None, Some(_)) if after.value.is_none() && scope.includes(before) => {}
            (None, Some(worth)) => self.moved_in.add(worth)?,
            (None, None) => {}
        }
        Ok(())
    }

    /// By how much the open pipeline grew.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn net(&self) -> Result<Money, Invalid> {
        let gone = [self.slipped, self.moved_out, self.won, self.lost, self.deleted];
        let gone = gone.into_iter().map(|flow| flow.amount.checked_neg());
        let came = [self.created.amount, self.reopened.amount, self.value_change, self.moved_in.amount];
        let all = came.into_iter().map(Ok).chain(gone).collect::<Result<Vec<_>, _>>()?;
        Money::sum(all, self.currency())
    }

    /// The open pipeline at the end, from that at the start.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`](crate::Rule::CurrencyMismatch), [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn end(&self, start: Money) -> Result<Money, Invalid> {
        start.checked_add(self.net()?)
    }
}

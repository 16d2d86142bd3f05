//! The report, computed from the store.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use crm::{
    Error, FiscalCalendar, Money, Opportunity, OpportunityState, SalesRep, SalesRepId,
    analytics::{GroupedTotals, LinearFit, Moments, MoneyTotals, MonthlySeries},
    store::{Opportunities, OpportunityFilter, SalesRepFilter, SalesReps, pages},
};
use rust_decimal::Decimal;
use serde::Serialize;

use super::{
    deals,
    sales_files::{deals::ENGAGING, team, values::CURRENCY},
};

/// How many records are held in memory at a time.
const PAGE: u16 = 500;

/// A sales team's year in numbers. Amounts are in USD; a statistic that does not exist is `None`.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) won: u64,
    pub(crate) lost: u64,
    pub(crate) engaging: u64,
    pub(crate) prospecting: u64,
    pub(crate) won_revenue: Decimal,
    /// Won of won and lost, from 0 to 1.
    pub(crate) win_rate: Option<f64>,
    /// From the day of engagement to the day of the sale.
    pub(crate) mean_cycle_days_won: Option<f64>,
    pub(crate) by_rep: BTreeMap<String, Decimal>,
    pub(crate) by_quarter: BTreeMap<String, Decimal>,
    pub(crate) by_region: BTreeMap<String, Decimal>,
    /// Of the months, in USD squared, with the divisor `n - 1`.
    pub(crate) monthly_sample_variance: Option<f64>,
    pub(crate) trend: Trend,
    /// The revenue that was won in each month.
    #[serde(skip)]
    pub(crate) months: MonthlySeries,
}

/// The straight line through the months: the first one is at 0.
#[derive(Serialize)]
pub(crate) struct Trend {
    /// USD per month.
    pub(crate) slope: Option<f64>,
    /// USD.
    pub(crate) intercept: Option<f64>,
    pub(crate) r_squared: Option<f64>,
    /// What the line says about the month after the last, in USD.
    pub(crate) next_month: Option<f64>,
}

/// Goes through all opportunities once, page by page.
pub(crate) fn compute(tx: &(impl Opportunities + SalesReps + ?Sized)) -> Result<Figures, Error> {
    let mut year = Year::of_team(agents(tx)?)?;
    let all = OpportunityFilter::default();
    for opportunity in pages(PAGE, |page| tx.opportunities(&all, page), |opportunity: &Opportunity| opportunity.id) {
        year.count(&opportunity?)?;
    }
    year.figures()
}

/// The sales agents; a team fits into memory.
fn agents(tx: &(impl SalesReps + ?Sized)) -> Result<BTreeMap<SalesRepId, SalesRep>, Error> {
    let everybody = SalesRepFilter::default();
    let reps = pages(PAGE, |page| tx.sales_reps(&everybody, page), |rep: &SalesRep| rep.id);
    let agents = reps.filter(|rep| rep.as_ref().map_or(true, |rep| team::region_of_agent(rep).is_some()));
    Ok(agents.map(|rep| rep.map(|rep| (rep.id, rep))).collect::<Result<_, _>>()?)
}

/// What is counted and summed while the opportunities go by.
struct Year {
    agents: BTreeMap<SalesRepId, SalesRep>,
    won: u64,
    lost: u64,
    engaging: u64,
    prospecting: u64,
    cycle_days: Moments,
    by_rep: GroupedTotals<String, MoneyTotals>,
    by_region: GroupedTotals<String, MoneyTotals>,
    months: MonthlySeries,
}

impl Year {
    /// Agents and regions stand there from the beginning, so that those who won nothing are not left out.
    fn of_team(agents: BTreeMap<SalesRepId, SalesRep>) -> Result<Self, Error> {
        let mut year = Self {
            agents: BTreeMap::new(),
            won: 0,
            lost: 0,
            engaging: 0,
            prospecting: 0,
            cycle_days: Moments::new(),
            by_rep: GroupedTotals::new(),
            by_region: GroupedTotals::new(),
            months: MonthlySeries::new(CURRENCY),
        };
        for agent in agents.values() {
            year.credit(agent, Money::zero(CURRENCY))?;
        }
        Ok(Self { agents, ..year })
    }

    fn credit(&mut self, agent: &SalesRep, amount: Money) -> Result<(), Error> {
        self.by_rep.push(agent.name.to_string(), amount)?;
        if let Some(region) = team::region_of_agent(agent) {
            self.by_region.push(region.to_string(), amount)?;
        }
        Ok(())
    }

    fn count(&mut self, opportunity: &Opportunity) -> Result<(), Error> {
        match opportunity.state() {
            OpportunityState::Won { day, .. } => self.count_won(opportunity, *day)?,
            OpportunityState::Lost { .. } => self.lost += 1,
            OpportunityState::Open if opportunity.stage().key.as_str() == ENGAGING => self.engaging += 1,
            OpportunityState::Open => self.prospecting += 1,
        }
        Ok(())
    }

    fn count_won(&mut self, opportunity: &Opportunity, day: NaiveDate) -> Result<(), Error> {
        self.won += 1;
        let value = opportunity.value().unwrap_or(Money::zero(CURRENCY));
        self.months.push(day, value)?;
        if let Some(agent) = opportunity.rep().and_then(|rep| self.agents.get(&rep).cloned()) {
            self.credit(&agent, value)?;
        }
        if let Some(engaged) = deals::engaged_on(opportunity) {
            self.cycle_days.push((day - engaged).num_days() as f64).map_err(Error::host)?;
        }
        Ok(())
    }

    fn figures(self) -> Result<Figures, Error> {
        let line = self.months.trend().ok();
        let line = line.as_ref();
        let trend = Trend {
            slope: line.map(LinearFit::slope),
            intercept: line.map(LinearFit::intercept),
            r_squared: line.and_then(LinearFit::r_squared),
            next_month: line.map(|line| line.predict(line.count() as f64)),
        };
        let quarters = self.months.by_quarter(FiscalCalendar::CALENDAR_YEAR)?;
        Ok(Figures {
            won: self.won,
            lost: self.lost,
            engaging: self.engaging,
            prospecting: self.prospecting,
            won_revenue: self.months.total()?.to_decimal(),
            win_rate: share(self.won, self.won + self.lost),
            mean_cycle_days_won: self.cycle_days.mean(),
            by_rep: in_usd(&self.by_rep),
            by_quarter: quarters
                .into_iter()
                .map(|total| (total.quarter.to_string(), total.amount.to_decimal()))
                .collect(),
            by_region: in_usd(&self.by_region),
            monthly_sample_variance: self.months.sample_variance(),
            trend,
            months: self.months,
        })
    }
}

fn in_usd(totals: &GroupedTotals<String, MoneyTotals>) -> BTreeMap<String, Decimal> {
    totals.iter().map(|(group, total)| (group.clone(), total.in_currency(CURRENCY).to_decimal())).collect()
}

/// A part of a whole; of nothing there is no share.
#[expect(clippy::float_arithmetic, reason = "a statistic, not an amount")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

//! Where the deals stand, asked of the store.

use std::collections::BTreeMap;

use crm::{
    Error, Money, Opportunity, OpportunityStatus, Pipeline, PipelineFigure, SalesRep, SalesRepId,
    store::{Figures, Opportunities, OpportunityFilter, SalesRepFilter, SalesReps, pages},
};

use super::sales_files::{deals::ENGAGING, team, values::CURRENCY};

/// How many records are held in memory at a time.
pub(crate) const PAGE: u16 = 500;

/// Deals and amounts by stage, as the store sums them with every write.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) prospecting: u64,
    pub(crate) engaging: u64,
    pub(crate) won: u64,
    pub(crate) lost: u64,
    pub(crate) won_revenue: Money,
    /// What the open deals are expected to bring, each times its probability.
    pub(crate) weighted_open: Money,
}

impl Standing {
    /// How all deals of a pipeline stand now.
    pub(crate) fn read(tx: &(impl Figures + ?Sized), pipeline: &Pipeline) -> Result<Self, Error> {
        let zero = Money::zero(CURRENCY);
        let mut standing =
            Self { prospecting: 0, engaging: 0, won: 0, lost: 0, won_revenue: zero, weighted_open: zero };
        for figure in pages(PAGE, |page| tx.pipeline_figures(Some(pipeline.name()), page), PipelineFigure::key) {
            let PipelineFigure { stage, open, weighted, won, lost, .. } = figure?;
            match stage.as_str() {
                ENGAGING => standing.engaging += open.count,
                _ => standing.prospecting += open.count,
            }
            standing.won += won.count;
            standing.lost += lost.count;
            standing.won_revenue = standing.won_revenue.checked_add(won.value.unwrap_or(zero))?;
            standing.weighted_open = standing.weighted_open.checked_add(weighted.unwrap_or(zero))?;
        }
        Ok(standing)
    }
}

/// A manager, with what their agents won.
pub(crate) struct Manager {
    pub(crate) rep: SalesRepId,
    pub(crate) name: String,
    pub(crate) won: u64,
    pub(crate) won_revenue: Money,
}

/// The managers by name; one whose agents won nothing is not left out. Goes through all deals that were won, page by page; a team fits into memory.
pub(crate) fn managers(tx: &(impl Opportunities + SalesReps + ?Sized)) -> Result<Vec<Manager>, Error> {
    let everybody = SalesRepFilter::default();
    let reps = pages(PAGE, |page| tx.sales_reps(&everybody, page), |rep: &SalesRep| rep.id);
    let reps: BTreeMap<SalesRepId, SalesRep> =
        reps.map(|rep| rep.map(|rep| (rep.id, rep))).collect::<Result<_, _>>()?;
    let agents = reps.values().filter(|rep| team::region_of_agent(rep).is_some());
    let mut managers: BTreeMap<SalesRepId, Manager> = agents
        .filter_map(|agent| reps.get(&agent.manager?))
        .map(|SalesRep { id, name, .. }| {
            (*id, Manager { rep: *id, name: name.to_string(), won: 0, won_revenue: Money::zero(CURRENCY) })
        })
        .collect();

    let won = OpportunityFilter { status: Some(OpportunityStatus::Won), ..OpportunityFilter::default() };
    for deal in pages(PAGE, |page| tx.opportunities(&won, page), |deal: &Opportunity| deal.id) {
        let deal = deal?;
        let manager = deal.rep().and_then(|agent| reps.get(&agent)?.manager);
        let manager = manager.and_then(|manager| managers.get_mut(&manager));
        if let Some((manager, value)) = manager.zip(deal.value()) {
            manager.won += 1;
            manager.won_revenue = manager.won_revenue.checked_add(value)?;
        }
    }
    let mut by_name: Vec<Manager> = managers.into_values().collect();
    by_name.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(by_name)
}

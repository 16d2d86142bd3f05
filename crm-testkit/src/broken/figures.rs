//! The figures of a broken store.

use crm_core::{
    Currency, CustomerFigure, CustomerId, FigureMismatch, ForecastFigure, ForecastKey, Label, OrderParts, OrderState,
    PipelineFigure, PipelineKey, SalesBy, SalesFigure, SalesKey, SalesOf, Span, TicketFigure, TicketKey,
    store::{CustomerFigureFilter, Figures, ForecastFilter, OrderFilter, Orders, Page, SalesFilter},
};

use super::{BrokenTx, Fault, noted};
use crate::{
    MemoryTx,
    suite::{Any, Stored},
};

impl BrokenTx<'_> {
    /// What the figures are computed from, as the fault would have it.
    fn counted<R>(&self, f: impl FnOnce(&MemoryTx) -> Stored<R>) -> Stored<R> {
        if let (Some(kept), true) = (&*noted(&self.store.rolled_back), self.has(Fault::FiguresKeptAfterRollback)) {
            return f(kept);
        }
        let first = noted(&self.store.first);
        let imagined = |tx: &MemoryTx| {
            tx.imagined(|orders, _, reps| {
                for order in orders.values_mut() {
                    let mut parts = OrderParts::from(order.clone());
                    match (self.store.fault, first.get(&order.id.into()), order.state()) {
                        (Some(Fault::RefundNotCounted), ..) => parts.payments.clear(),
                        (
                            Some(Fault::CancellationLeftIn),
                            _,
                            &OrderState::Cancelled { at, confirmed_on: Some(day), .. },
                        ) => parts.state = OrderState::Confirmed { at, day },
                        (Some(Fault::ReassignmentNotMoved), Some(Any::Order(first)), _) => parts.rep = first.rep(),
                        _ => {}
                    }
                    *order = parts.try_into().unwrap_or_else(|_| order.clone());
                }
                for rep in reps.values_mut() {
                    if let (true, Some(Any::SalesRep(first))) =
                        (self.has(Fault::RegionOfThePast), first.get(&rep.id.into()))
                    {
                        rep.region.clone_from(&first.region);
                    }
                }
            })
        };
        self.look(|tx| f(&imagined(tx)))
    }
}

impl Figures for BrokenTx<'_> {
    fn sales_figures(&self, filter: &SalesFilter, mut page: Page<SalesKey>) -> Stored<Vec<SalesFigure>> {
        let mut filter = filter.clone();
        if self.has(Fault::MonthsAreDays) {
            filter.span = Span::Day;
        }
        if let (SalesBy::One(SalesOf::Rep(_)), true) = (&filter.by, self.has(Fault::OneFigureIsEach)) {
            filter.by = SalesBy::Reps;
        }
        let skipped = page.after.is_some() && self.has(Fault::FigurePageSkipsOne);
        page.limit = page.limit.saturating_add(skipped.into());
        let found = self.counted(|tx| tx.sales_figures(&filter, page))?;
        Ok(found.into_iter().skip(skipped.into()).collect())
    }

    fn customer_figures(
        &self,
        filter: &CustomerFigureFilter,
        page: Page<(CustomerId, Currency)>,
    ) -> Stored<Vec<CustomerFigure>> {
        let mut found = self.counted(|tx| tx.customer_figures(filter, page))?;
        if self.has(Fault::LastDayStays) {
            for figure in &mut found {
                let own = OrderFilter { customer: Some(figure.customer), ..OrderFilter::default() };
                let orders = self.look(|tx| tx.orders(&own, Page::first(u16::MAX)))?;
                let own = orders.iter().filter(|order| order.currency() == figure.revenue.currency());
                figure.last_day = own.filter_map(|order| order.state().confirmed_on()).max().unwrap_or(figure.last_day);
            }
        }
        Ok(found)
    }

    fn pipeline_figures(&self, pipeline: Option<&Label>, page: Page<PipelineKey>) -> Stored<Vec<PipelineFigure>> {
        let mut found = self.counted(|tx| tx.pipeline_figures(pipeline, page))?;
        if self.has(Fault::LostIsWeighted) {
            for figure in &mut found {
                let sum = figure.weighted.zip(figure.lost.value).and_then(|(sum, lost)| sum.checked_add(lost).ok());
                figure.weighted = sum.or(figure.weighted);
            }
        }
        Ok(found)
    }

    fn forecast_figures(&self, filter: &ForecastFilter, page: Page<ForecastKey>) -> Stored<Vec<ForecastFigure>> {
        let found = if self.has(Fault::ForecastOfThePast) {
            let first = noted(&self.store.first);
            let as_inserted = |tx: &MemoryTx| {
                tx.imagined(|_, opportunities, _| {
                    for one in opportunities.values_mut() {
                        if let Some(Any::Opportunity(first)) = first.get(&one.id.into()) {
                            one.clone_from(first);
                        }
                    }
                })
            };
            self.look(|tx| as_inserted(tx).forecast_figures(filter, page))?
        } else {
            self.counted(|tx| tx.forecast_figures(filter, page))?
        };
        let kept = |one: &ForecastFigure| one.day.is_some() || !self.has(Fault::UndatedLeftOut);
        Ok(found.into_iter().filter(kept).collect())
    }

    fn ticket_figures(&self, page: Page<TicketKey>) -> Stored<Vec<TicketFigure>> {
        let mut found = self.counted(|tx| tx.ticket_figures(page))?;
        found.retain(|one| one.priority.is_some() || !self.has(Fault::UnprioritisedLeftOut));
        Ok(found)
    }

    fn verify_figures(&self, limit: u16) -> Stored<Vec<FigureMismatch>> {
        let wolf = FigureMismatch::Tickets { kept: None, counted: None };
        let cries = self.has(Fault::VerificationCriesWolf);
        self.look(|tx| tx.verify_figures(limit)).map(|found| if cries { vec![wolf] } else { found })
    }

    fn rebuild_figures(&mut self) -> Stored<()> {
        self.tx()?.rebuild_figures()
    }
}

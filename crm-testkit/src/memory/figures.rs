//! Figures: computed from the records whenever they are asked for, so they are always right.

use std::collections::BTreeMap;

use crm_core::{
    Currency, CustomerFigure, CustomerId, Deals, FigureMismatch, ForecastFigure, ForecastKey, Invalid, Label, Money,
    PipelineFigure, PipelineKey, SalesBy, SalesFigure, SalesKey, SalesOf, Span, TicketFigure, TicketKey, Units,
    store::{CustomerFigureFilter, Figures, ForecastFilter, Page, SalesFilter, StoreError, StoreErrorKind},
};

use super::{
    MemoryTx,
    state::{State, Stored, paged},
};

/// The figures that one would be in which another one is counted: what the records say, by the key of the figure that they add to.
type ByKey<K, F> = BTreeMap<K, Vec<F>>;

fn by_key<K: Ord, F>(figures: impl Iterator<Item = F>, key: impl Fn(&F) -> K) -> ByKey<K, F> {
    let mut groups = ByKey::new();
    for figure in figures {
        groups.entry(key(&figure)).or_default().push(figure);
    }
    groups
}

fn overflow(figures: &'static str) -> StoreError {
    StoreErrorKind::FigureOverflow { figures }.into()
}

fn refused(figures: &'static str) -> impl Fn(Invalid) -> StoreError {
    move |invalid| overflow(figures).caused_by(invalid)
}

/// The sum of a column. Only the whole must fit.
fn sum<F>(figures: &'static str, of: &[F], column: impl Fn(&F) -> i64) -> Stored<i64> {
    let sum: i128 = of.iter().map(|one| i128::from(column(one))).sum();
    i64::try_from(sum).map_err(|_| overflow(figures))
}

fn count<F>(of: &[F], column: impl Fn(&F) -> u64) -> u64 {
    of.iter().map(column).sum()
}

impl State {
    /// Refuses what does not fit the figures (C57).
    pub(super) fn countable(&self) -> Stored<()> {
        // Nothing sums to more than all amounts and quantities together, twice since what is cancelled counts again.
        let wide = |minor: i64| i128::from(minor).abs() * 2;
        let orders = || self.orders.values();
        let amounts: i128 = orders().map(|order| wide(order.total().minor())).sum();
        let quantities: i128 =
            orders().flat_map(|order| order.lines()).map(|line| wide(line.quantity().millionths())).sum();
        let values: i128 =
            self.opportunities.values().filter_map(|one| one.value()).map(|value| wide(value.minor())).sum();
        if [amounts, quantities, values].into_iter().all(|bound| bound <= i128::from(i64::MAX)) {
            return Ok(());
        }
        for span in [Span::Day, Span::Month] {
            for by in [SalesBy::Total, SalesBy::Reps, SalesBy::Products, SalesBy::Customers] {
                self.sales_figures(span, &by)?;
            }
        }
        self.customer_figures()?;
        self.pipeline_figures()?;
        [Span::Day, Span::Month].into_iter().try_for_each(|span| self.forecast_figures(span).map(drop))
    }

    fn sales_figures(&self, span: Span, by: &SalesBy) -> Stored<Vec<SalesFigure>> {
        let regions = matches!(by, SalesBy::Regions | SalesBy::One(SalesOf::Region(_)));
        let mut parts = Vec::new();
        for order in self.orders.values() {
            for entry in order.sales_figures().map_err(refused("sales"))? {
                for mut part in entry.map_err(refused("sales"))? {
                    part.day = span.first(part.day);
                    if let (SalesOf::Rep(rep), true) = (&part.of, regions) {
                        let rep = rep.and_then(|rep| self.sales_reps.get(&rep));
                        part.of = SalesOf::Region(rep.and_then(|rep| rep.region.clone()));
                    }
                    if by.includes(&part.of) {
                        parts.push(part);
                    }
                }
            }
        }
        let figure = |((day, currency, of), parts): (SalesKey, Vec<SalesFigure>)| {
            let units = sum("sales", &parts, |part| part.units.millionths())?;
            Ok(SalesFigure {
                day,
                of,
                revenue: Money::from_minor(sum("sales", &parts, |part| part.revenue.minor())?, currency),
                entries: count(&parts, |part| part.entries),
                orders: sum("sales", &parts, |part| part.orders)?,
                units: Units::from_millionths(units).map_err(refused("sales"))?,
            })
        };
        by_key(parts.into_iter(), SalesFigure::key).into_iter().map(figure).collect()
    }

    fn customer_figures(&self) -> Stored<Vec<CustomerFigure>> {
        let parts = self.orders.values().filter_map(crm_core::Order::customer_figure);
        let figure = |((customer, currency), parts): ((CustomerId, Currency), Vec<CustomerFigure>)| {
            let (first_day, last_day) =
                (parts.iter().map(|part| part.first_day), parts.iter().map(|part| part.last_day));
            Ok(CustomerFigure {
                customer,
                revenue: Money::from_minor(sum("customer", &parts, |part| part.revenue.minor())?, currency),
                orders: count(&parts, |part| part.orders),
                first_day: first_day.min().unwrap_or_default(),
                last_day: last_day.max().unwrap_or_default(),
            })
        };
        by_key(parts, CustomerFigure::key).into_iter().map(figure).collect()
    }

    fn pipeline_figures(&self) -> Stored<Vec<PipelineFigure>> {
        let parts = self.opportunities.values().map(|one| one.pipeline_figure().map_err(refused("pipeline")));
        let parts = parts.collect::<Stored<Vec<_>>>()?;
        let figure = |((pipeline, stage, currency), parts): (PipelineKey, Vec<PipelineFigure>)| {
            let money = |of: fn(&PipelineFigure) -> Option<Money>| -> Stored<Option<Money>> {
                let Some(currency) = currency else { return Ok(None) };
                let minor = sum("pipeline", &parts, |part| of(part).map_or(0, Money::minor))?;
                Ok(Some(Money::from_minor(minor, currency)))
            };
            Ok(PipelineFigure {
                pipeline,
                stage,
                currency,
                open: Deals { count: count(&parts, |part| part.open.count), value: money(|part| part.open.value)? },
                weighted: money(|part| part.weighted)?,
                won: Deals { count: count(&parts, |part| part.won.count), value: money(|part| part.won.value)? },
                lost: Deals { count: count(&parts, |part| part.lost.count), value: money(|part| part.lost.value)? },
            })
        };
        by_key(parts.into_iter(), PipelineFigure::key).into_iter().map(figure).collect()
    }

    fn forecast_figures(&self, span: Span) -> Stored<Vec<ForecastFigure>> {
        let parts = self.opportunities.values().map(|one| {
            let mut part = one.forecast_figure().map_err(refused("forecast"))?;
            part.day = part.day.map(|day| span.first(day));
            Ok(part)
        });
        let parts = parts.collect::<Stored<Vec<_>>>()?;
        let figure = |((day, rep, category, currency), parts): (ForecastKey, Vec<ForecastFigure>)| {
            let money = |of: fn(&ForecastFigure) -> Option<Money>| -> Stored<Option<Money>> {
                let Some(currency) = currency else { return Ok(None) };
                let minor = sum("forecast", &parts, |part| of(part).map_or(0, Money::minor))?;
                Ok(Some(Money::from_minor(minor, currency)))
            };
            let deals = Deals { count: count(&parts, |part| part.deals.count), value: money(|part| part.deals.value)? };
            Ok(ForecastFigure { day, rep, category, currency, deals, weighted: money(|part| part.weighted)? })
        };
        by_key(parts.into_iter(), ForecastFigure::key).into_iter().map(figure).collect()
    }

    fn ticket_figures(&self) -> Vec<TicketFigure> {
        let parts = self.tickets.values().map(crm_core::Ticket::ticket_figure);
        let figure = |((status, priority), parts): (TicketKey, Vec<TicketFigure>)| TicketFigure {
            status,
            priority,
            count: count(&parts, |part| part.count),
        };
        by_key(parts, TicketFigure::key).into_iter().map(figure).collect()
    }
}

impl Figures for MemoryTx {
    fn sales_figures(&self, filter: &SalesFilter, page: Page<SalesKey>) -> Stored<Vec<SalesFigure>> {
        let figures = self.state.sales_figures(filter.span, &filter.by)?.into_iter();
        let wanted = figures.filter(|one| {
            filter.days.contains(one.day) && filter.currency.is_none_or(|currency| one.revenue.currency() == currency)
        });
        Ok(paged(wanted.map(|one| (one.key(), one)), page))
    }

    fn customer_figures(
        &self,
        filter: &CustomerFigureFilter,
        page: Page<(CustomerId, Currency)>,
    ) -> Stored<Vec<CustomerFigure>> {
        let wanted = self.state.customer_figures()?.into_iter().filter(|one| {
            filter.customer.is_none_or(|customer| one.customer == customer)
                && filter.currency.is_none_or(|currency| one.revenue.currency() == currency)
        });
        Ok(paged(wanted.map(|one| (one.key(), one)), page))
    }

    fn pipeline_figures(&self, pipeline: Option<&Label>, page: Page<PipelineKey>) -> Stored<Vec<PipelineFigure>> {
        let figures = self.state.pipeline_figures()?.into_iter();
        let wanted = figures.filter(|one| pipeline.is_none_or(|pipeline| one.pipeline == *pipeline));
        Ok(paged(wanted.map(|one| (one.key(), one)), page))
    }

    fn forecast_figures(&self, filter: &ForecastFilter, page: Page<ForecastKey>) -> Stored<Vec<ForecastFigure>> {
        let figures = self.state.forecast_figures(filter.span)?.into_iter();
        let wanted = figures.filter(|one| match (filter.days, one.day) {
            (Some(days), Some(day)) => days.contains(day),
            (days, day) => days.is_none() && day.is_none(),
        });
        Ok(paged(wanted.map(|one| (one.key(), one)), page))
    }

    fn ticket_figures(&self, page: Page<TicketKey>) -> Stored<Vec<TicketFigure>> {
        Ok(paged(self.state.ticket_figures().into_iter().map(|one| (one.key(), one)), page))
    }

    /// Nothing is kept that could differ.
    fn verify_figures(&self, _: u16) -> Stored<Vec<FigureMismatch>> {
        Ok(Vec::new())
    }

    fn rebuild_figures(&mut self) -> Stored<()> {
        Ok(())
    }
}

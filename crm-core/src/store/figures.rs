//! What is asked most, summed ahead.

use super::{Page, StoreError};
use crate::{
    figures::{
        CustomerFigure, FigureMismatch, ForecastFigure, ForecastKey, PipelineFigure, PipelineKey, SalesBy, SalesFigure,
        SalesKey, Span, TicketFigure, TicketKey,
    },
    id::CustomerId,
    money::Currency,
    text::Label,
    time::Period,
};

type Stored<T> = Result<T, StoreError>;

/// Which sales figures.
///
/// ```
/// use crm_core::{Currency, Period, SalesBy, store::SalesFilter};
///
/// let year = Period::year(2026)?;
/// let filter = SalesFilter::monthly(SalesBy::Reps, year).currency(Currency::EUR);
/// assert_eq!((filter.days, filter.currency), (year, Some(Currency::EUR)));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalesFilter {
    /// By day or by month.
    pub span: Span,
    /// Whose.
    pub by: SalesBy,
    /// Of the spans that begin on one of these days: of a period of whole months, these months.
    pub days: Period,
    /// In this currency; `None` for all, each by itself.
    pub currency: Option<Currency>,
}

impl SalesFilter {
    /// Day by day.
    pub const fn daily(by: SalesBy, days: Period) -> Self {
        Self { span: Span::Day, by, days, currency: None }
    }

    /// Month by month: those that begin on one of the days, whole. A month that begins before the period is left out, and one that ends after it has all of its days; for other
    /// periods, whole months and the days around them are asked for apart, as `crm_sales::actual_sales` does.
    pub const fn monthly(by: SalesBy, days: Period) -> Self {
        Self { span: Span::Month, by, days, currency: None }
    }

    /// In one currency.
    #[must_use]
    pub const fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }
}

/// Which figures of customers. Fields that are `None` let everything through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CustomerFigureFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// In this currency.
    pub currency: Option<Currency>,
}

/// Which figures of the forecast.
///
/// ```
/// use crm_core::{Period, Span, store::ForecastFilter};
///
/// let march = Period::month(2026, 3)?;
/// assert_eq!(ForecastFilter::daily(march).span, Span::Day);
/// assert_eq!(ForecastFilter::undated().days, None);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForecastFilter {
    /// By day or by month.
    pub span: Span,
    /// Of the spans that begin on one of these days; `None` for the deals without a day.
    pub days: Option<Period>,
}

impl ForecastFilter {
    /// Day by day.
    pub const fn daily(days: Period) -> Self {
        Self { span: Span::Day, days: Some(days) }
    }

    /// Month by month, those that begin on one of the days, whole: see [`SalesFilter::monthly`].
    pub const fn monthly(days: Period) -> Self {
        Self { span: Span::Month, days: Some(days) }
    }

    /// The open deals of which no day of closing is expected.
    pub const fn undated() -> Self {
        Self { span: Span::Month, days: None }
    }
}

/// Figures over the records, kept with them: each write of a record moves its figures in the same transaction, so they are always those of what is stored (C50 to C58, C88).
///
/// They come in ascending order of their keys and by page, like all lists. A figure that nothing adds to is not listed.
pub trait Figures {
    /// What was sold by day or by month, by first day, currency, and whose it is. A question about one rep, product or customer takes one look-up for each day or month in which
    /// anything was sold at all; one about regions reads the figures of the reps.
    fn sales_figures(&self, filter: &SalesFilter, page: Page<SalesKey>) -> Stored<Vec<SalesFigure>>;
    /// What customers bought so far, by customer and currency.
    fn customer_figures(
        &self,
        filter: &CustomerFigureFilter,
        page: Page<(CustomerId, Currency)>,
    ) -> Stored<Vec<CustomerFigure>>;
    /// What stands in the stages of one pipeline, or of all, by pipeline, stage and currency.
    fn pipeline_figures(&self, pipeline: Option<&Label>, page: Page<PipelineKey>) -> Stored<Vec<PipelineFigure>>;
    /// What a forecast counts of the deals of each rep, by day or by month, then by rep, category and currency (C88).
    fn forecast_figures(&self, filter: &ForecastFilter, page: Page<ForecastKey>) -> Stored<Vec<ForecastFigure>>;
    /// How many tickets there are, by status and priority.
    fn ticket_figures(&self, page: Page<TicketKey>) -> Stored<Vec<TicketFigure>>;
    /// Counts all records anew and gives the figures that are not what was counted, at most `limit` of them; empty where all is well. It reads all orders, opportunities
    /// and tickets.
    fn verify_figures(&self, limit: u16) -> Stored<Vec<FigureMismatch>>;
    /// Throws the figures away and counts all records anew, in this one transaction. Only what a foreign hand wrote makes that necessary.
    fn rebuild_figures(&mut self) -> Stored<()>;
}

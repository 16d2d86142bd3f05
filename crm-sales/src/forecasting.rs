//! Forecasts: made from the figures, adjusted by those who answer for them, kept, and compared.

use crm_core::{
    Act, Currency, Entry, Exchange, Forecast, ForecastAdjustment, ForecastAdjustmentFact, ForecastAdjustmentId,
    ForecastCategory, ForecastFigure, ForecastSnapshot, ForecastSnapshotFact, ForecastSnapshotId, Invalid, Money,
    NewForecastAdjustment, NewForecastSnapshot, Period, PipelineMovement, PipelineScope, Position, RateError,
    RatePolicy, RecordRef, RollUp, Rule, SalesRep,
    store::{
        ExchangeRates, Figures, ForecastAdjustmentFilter, ForecastAdjustments, ForecastFilter, ForecastSnapshots,
        Journal, Page, SalesRepFilter, SalesReps, pages,
    },
};

use crate::{
    actual_sales::spans,
    error::SalesError,
    exchange::rate_on,
    record::{self, once},
};

/// How many figures, reps or entries are held in memory at a time.
const PAGE: u16 = 500;

/// What a period is expected to bring, in one currency: by category, by rep, and up the tree of the reps as it is now,
/// with what was adjusted (FC-1 to FC-5). A fiscal quarter is given as its days
/// ([`FiscalCalendar::quarter_days`](crm_core::FiscalCalendar::quarter_days)).
///
/// It is answered from figures: time goes with the reps, months and currencies and not with the deals.
///
/// # Errors
///
/// - [`SalesError::Rate`] with [`RateError::Missing`] where a currency has no rate on the day of the exchange, and with
///   [`RateError::NotPinned`] where the exchange asks for pinned rates and there are deals in other currencies: a deal
///   pins none (MON-3).
/// - [`SalesError::Invalid`] where a sum does not fit 64 bits; [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, Exchange, Money, NewForecastAdjustment, NewOpportunity, NewSalesRep, Percent, Period, Pipeline, RatePolicy,
///     RollUp, store::Store,
/// };
/// use crm_sales::{SalesError, add_sales_rep, adjust_forecast, forecast, open_opportunity};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("maya"); // 2 March 2026
///     let maya = add_sales_rep(tx, act, NewSalesRep::new("Maya".parse()?))?;
///     let lin = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?).manager(maya.id))?;
///     let pipeline = Pipeline::new("Hardware".parse()?)
///         .open("engaging".parse()?, Percent::whole(50))
///         .won("won".parse()?)
///         .build()?;
///     let (march, eur) = (Period::month(2026, 3)?, |amount| Money::parse(amount, Currency::EUR));
///     let lamps = NewOpportunity::new("forty lamps".parse()?).rep(lin.id).value(eur("2000.00")?);
///     open_opportunity(tx, act, &pipeline, lamps.expected_close(march.last()))?;
///
///     let exchange = Exchange::to(Currency::EUR, RatePolicy::Current, act.day());
///     let expected = forecast(tx, march, exchange)?;
///     assert_eq!(expected.total(RollUp::OpenPipeline)?, eur("2000.00")?);
///     assert_eq!(expected.totals()?.weighted()?, eur("1000.00")?);
///
///     // Maya knows better; the number that she replaces is kept.
///     let less = NewForecastAdjustment::new(lin.id, maya.id, march, RollUp::OpenPipeline, eur("1500.00")?);
///     assert_eq!(adjust_forecast(tx, act, less)?.original, eur("2000.00")?);
///     assert_eq!(forecast(tx, march, exchange)?.total(RollUp::OpenPipeline)?, eur("1500.00")?);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn forecast(
    tx: &(impl Figures + SalesReps + ForecastAdjustments + ExchangeRates + ?Sized),
    period: Period,
    exchange: Exchange,
) -> Result<Forecast, SalesError> {
    without(tx, period, exchange, None)
}

/// The forecast as it is without one of the adjustments.
fn without(
    tx: &(impl Figures + SalesReps + ForecastAdjustments + ExchangeRates + ?Sized),
    period: Period,
    exchange: Exchange,
    left_out: Option<ForecastAdjustmentId>,
) -> Result<Forecast, SalesError> {
    let mut figures = Vec::new();
    let dated = spans(period).into_iter().map(|(span, days)| ForecastFilter { span, days: Some(days) });
    for filter in dated.chain([ForecastFilter::undated()]) {
        for figure in pages(PAGE, |page| tx.forecast_figures(&filter, page), ForecastFigure::key) {
            figures.push(figure?);
        }
    }
    let mut team = Vec::new();
    for rep in pages(PAGE, |page| tx.sales_reps(&SalesRepFilter::default(), page), |rep: &SalesRep| rep.id) {
        let rep = rep?;
        team.push((rep.id, rep.manager));
    }
    let filter = ForecastAdjustmentFilter { period: Some(period), ..ForecastAdjustmentFilter::default() };
    let mut adjustments = Vec::new();
    let key = |one: &ForecastAdjustment| one.id;
    for adjustment in pages(PAGE, |page| tx.forecast_adjustments(&filter, page), key) {
        adjustments.push(adjustment?);
    }
    adjustments.retain(|one| Some(one.id) != left_out);
    let to = exchange.to;
    let rate = |from| match exchange.day() {
        Some(day) => rate_on(tx, from, to, day),
        None => Err(RateError::NotPinned { from, to }.into()),
    };
    Forecast::new(period, exchange, team, figures, &adjustments, rate)
}

/// Says what somebody thinks in the place of a number of a rep's forecast: the rep, or their manager (FC-5). What they
/// said before of the same number of the same period is replaced, whatever id is given; where they say the same and the
/// number is the same, nothing is written. The number that it replaces is kept with it: for the rep what is computed,
/// for the manager what the rep answers for. A quarter and its months are adjusted each by itself.
///
/// # Errors
///
/// - [`SalesError::NotTheirForecast`] for an author who is neither the rep nor their manager now.
/// - [`SalesError::NotFound`] for the rep or the author.
/// - [`SalesError::Invalid`] as [`ForecastAdjustment::make`]: what is closed is not adjusted; and [`Rule::Inconsistent`]
///   for a number that includes what is closed and would be below that (FC-4).
/// - [`SalesError::Rate`] where deals or adjustments are in other currencies than the amount, and have no rate on the
///   day of the act. [`SalesError::Store`].
pub fn adjust_forecast(
    tx: &mut (impl Figures + SalesReps + ForecastAdjustments + ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    new: NewForecastAdjustment,
) -> Result<ForecastAdjustment, SalesError> {
    once(tx, act, "adjust_forecast", new, |tx, act, new| {
        let (rep, author): (SalesRep, SalesRep) = (record::find(tx, new.rep)?, record::find(tx, new.author)?);
        if author.id != rep.id && rep.manager != Some(author.id) {
            return Err(SalesError::NotTheirForecast { rep: rep.id, author: author.id, manager: rep.manager });
        }
        let filter = ForecastAdjustmentFilter {
            rep: Some(rep.id),
            author: Some(author.id),
            period: Some(new.period),
            roll_up: Some(new.roll_up),
        };
        let there = tx.forecast_adjustments(&filter, Page::first(PAGE))?.pop().map(|there| there.id);
        let exchange = Exchange::to(new.amount.currency(), RatePolicy::Current, act.day());
        let made = without(tx, new.period, exchange, there)?;
        let number = |roll_up: RollUp| made.rep(rep.id).and_then(|one| one.numbers.get(&roll_up).copied());
        let original = number(new.roll_up).map_or(Money::zero(exchange.to), |number| {
            if author.id == rep.id { number.computed } else { number.of_owner() }
        });
        let closed = number(RollUp::Closed).filter(|_| new.roll_up.covers(ForecastCategory::Closed));
        if closed.is_some_and(|closed| new.amount.minor() < closed.computed.minor()) && new.roll_up != RollUp::Closed {
            let must = "must not be below what is closed (FC-4)";
            return Err(Invalid::new("amount", new.amount.to_string(), Rule::Inconsistent { must }).into());
        }
        match there {
            Some(there) => record::change(tx, act, there, None, |_, one: &mut ForecastAdjustment| {
                Ok(one.change(act.at(), original, new.amount, new.note)?)
            }),
            None => {
                let id = new.id.unwrap_or_else(|| act.new_id());
                let adjustment = ForecastAdjustment::make(id, act.at(), original, new)?;
                record::add(tx, act, adjustment, |adjustment| ForecastAdjustmentFact::Made { adjustment })
            }
        }
    })
}

/// Takes back what somebody said of a number, and gives it as it was. The number that is computed holds again, or what
/// the other one of rep and manager says. Who may do that is for the host to say.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn withdraw_adjustment(
    tx: &mut (impl ForecastAdjustments + Journal + ?Sized),
    act: &mut Act,
    id: ForecastAdjustmentId,
) -> Result<ForecastAdjustment, SalesError> {
    once(tx, act, "withdraw_adjustment", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |adjustment| ForecastAdjustmentFact::Withdrawn { adjustment })
    })
}

/// Keeps the forecast of a period as it is now, for good (FC-6): to be compared with what comes of it
/// (`crm_analytics::forecast_accuracy`), and with a later one ([`movement_between`]).
///
/// # Errors
///
/// As [`forecast`].
pub fn take_forecast_snapshot(
    tx: &mut (impl Figures + SalesReps + ForecastAdjustments + ForecastSnapshots + ExchangeRates + Journal + ?Sized),
    act: &mut Act,
    period: Period,
    exchange: Exchange,
    new: NewForecastSnapshot,
) -> Result<ForecastSnapshot, SalesError> {
    once(tx, act, "take_forecast_snapshot", (period, exchange, new), |tx, act, (period, exchange, new)| {
        let made = forecast(tx, period, exchange)?;
        let id = new.id.unwrap_or_else(|| act.new_id());
        let snapshot = ForecastSnapshot::take(id, act.at(), new.name, made);
        let taken = |it: Box<ForecastSnapshot>| ForecastSnapshotFact::Taken { name: it.name, period };
        record::add(tx, act, snapshot, taken)
    })
}

/// What led from one state of the open pipeline to another: the facts of the journal after `from` until `until`, that
/// one included, added up in one currency ([`PipelineMovement`] says how they reconcile). [`Position::START`] is before
/// everything.
///
/// Memory is bounded by a page; time goes with the entries between the two, of whatever records.
///
/// # Errors
///
/// [`SalesError::Invalid`] where a sum does not fit 64 bits; [`SalesError::Store`].
pub fn pipeline_movement(
    tx: &(impl Journal + ?Sized),
    from: Position,
    until: Position,
    scope: &PipelineScope,
    currency: Currency,
) -> Result<PipelineMovement, SalesError> {
    let mut movement = PipelineMovement::new(currency);
    let next = |page: Page<Position>| tx.entries(Page::after(page.after.unwrap_or(from), page.limit));
    for entry in pages(PAGE, next, |entry: &Entry| entry.position) {
        let entry = entry?;
        if entry.position > until {
            break;
        }
        movement.push(scope, &entry)?;
    }
    Ok(movement)
}

/// What led from one snapshot to a later one, or to now. The open pipeline of a snapshot is that of its
/// [`totals`](Forecast::totals), which nobody adjusted; with its period as the scope the two reconcile.
///
/// # Errors
///
/// [`SalesError::NotFound`] for a snapshot, also for one that an import brought, whose place among the facts is not
/// known; [`SalesError::Invalid`] where `until` was taken before `from`; as [`pipeline_movement`].
pub fn movement_between(
    tx: &(impl ForecastSnapshots + Journal + ?Sized),
    from: ForecastSnapshotId,
    until: Option<ForecastSnapshotId>,
    scope: &PipelineScope,
    currency: Currency,
) -> Result<PipelineMovement, SalesError> {
    let taken = |id: ForecastSnapshotId| {
        let record = RecordRef::from(id);
        let entry = tx.history(record, Page::first(1))?.pop();
        Ok::<_, SalesError>(entry.ok_or(SalesError::NotFound { record })?.position)
    };
    let start = taken(from)?;
    let end = match until {
        Some(until) => match taken(until)? {
            end if end < start => {
                let must = "must be a snapshot that was taken after the other one";
                return Err(Invalid::new("until", until.to_string(), Rule::Inconsistent { must }).into());
            }
            end => end,
        },
        None => Position::new(u64::MAX),
    };
    pipeline_movement(tx, start, end, scope, currency)
}

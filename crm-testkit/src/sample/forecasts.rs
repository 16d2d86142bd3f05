//! Samples of adjustments and snapshots of forecasts.

use crm_core::{
    Deals, Exchange, Forecast, ForecastAdjustment, ForecastCategory, ForecastFigure, ForecastSnapshot, Money,
    NewForecastAdjustment, Period, RateError, RatePolicy, RollUp, SalesRepId,
};

use super::{Random, currency, valid};

/// What somebody says in the place of a number of a rep, for the month in which they say so.
pub fn forecast_adjustment(seed: u64, rep: SalesRepId, author: SalesRepId) -> ForecastAdjustment {
    let mut random = Random::new(seed, "forecast adjustment");
    let at = random.instant();
    let mut money = || Money::from_minor(i64::from(random.below(100_000_000)), currency(seed));
    let (original, amount) = (money(), money());
    let roll_up = *random.one_of(&RollUp::ALL[1..]);
    let mut new = NewForecastAdjustment::new(rep, author, valid(Period::month_of(at.date_naive())), roll_up, amount);
    if random.percent(50) {
        new = new.note(valid("the buyer said yes, 张三也同意".parse()));
    }
    valid(ForecastAdjustment::make(random.id(at), at, original, new))
}

/// A forecast of the month in which it was kept, of reps who all report to the first of them.
pub fn forecast_snapshot(seed: u64, reps: &[SalesRepId]) -> ForecastSnapshot {
    use ForecastCategory::{BestCase, Closed, Commit, Omitted, Pipeline};
    let mut random = Random::new(seed, "forecast snapshot");
    let (at, currency) = (random.instant(), currency(seed));
    let (today, period) = (at.date_naive(), valid(Period::month_of(at.date_naive())));
    let mut figures = Vec::new();
    for rep in reps.iter().copied().map(Some).chain([None]) {
        for category in [Omitted, Pipeline, BestCase, Commit, Closed] {
            let value = Money::from_minor(i64::from(random.below(10_000_000)), currency);
            let day = (category != Pipeline || random.percent(80)).then_some(today);
            let deals = Deals { count: u64::from(1 + random.below(9)), value: Some(value) };
            let weighted = Some(Money::from_minor(value.minor() / 3, currency));
            figures.push(ForecastFigure { day, rep, category, currency: Some(currency), deals, weighted });
        }
    }
    let manager = reps.first().copied();
    let team = reps.iter().map(|rep| (*rep, manager.filter(|manager| manager != rep)));
    let exchange = Exchange::to(currency, RatePolicy::Current, today);
    let no_rate = |from| Err(RateError::NotPinned { from, to: exchange.to });
    let forecast = valid(Forecast::new(period, exchange, team, figures, &[], no_rate));
    let name = random.percent(70).then(|| random.label(&["week 10", "第十周", "start of the month"]));
    ForecastSnapshot::take(random.id(at), at, name, forecast)
}

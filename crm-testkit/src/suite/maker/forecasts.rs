//! Adjustments and snapshots of forecasts.

use crm_core::{
    Currency, DatedRate, Deals, Exchange, Forecast, ForecastAdjustment, ForecastCategory, ForecastFigure,
    ForecastSnapshot, Money, NewForecastAdjustment, Period, Rate, RateError, RatePolicy, RollUp, SalesRepId,
};

use super::{Maker, TEXTS, at, day, id, text, valid};

/// The periods of forecasts: with one first day or one last day in common, so that a period is known by both.
pub(crate) fn forecast_periods() -> [Period; 3] {
    [(0, 30), (0, 90), (30, 90)].map(|(from, until)| valid(Period::new(day(from), day(until))))
}

impl Maker {
    pub(super) fn forecast_adjustment(&mut self, n: u32) -> ForecastAdjustment {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY]);
        let (original, amount, roll_up) =
            (self.money(currency), self.money(currency), self.dice.one(&RollUp::ALL[1..]));
        let period = self.dice.one(&forecast_periods());
        let new = NewForecastAdjustment::new(self.slot(), self.slot(), period, roll_up, amount);
        let mut adjustment = valid(ForecastAdjustment::make(id(n), self.at(), original, new));
        if self.dice.yes() {
            let (at, amount) = (self.at(), Money::zero(currency));
            valid(adjustment.change(at, original, amount, Some(self.dice.one_text(TEXTS))));
        }
        adjustment
    }

    /// A forecast of reps who need not be there, in another tree each time.
    pub(super) fn forecast_snapshot(&mut self, n: u32) -> ForecastSnapshot {
        const CATEGORIES: &[ForecastCategory] = &[
            ForecastCategory::Omitted,
            ForecastCategory::Pipeline,
            ForecastCategory::BestCase,
            ForecastCategory::MostLikely,
            ForecastCategory::Commit,
            ForecastCategory::Closed,
        ];
        let (period, today) = (self.dice.one(&forecast_periods()), self.day());
        let reps = 90..90 + self.dice.below(4);
        let team: Vec<(SalesRepId, _)> =
            reps.map(|rep| (id(rep), (rep > 90 && self.dice.yes()).then(|| id(90)))).collect();
        let figures: Vec<_> = (0..self.dice.below(9))
            .map(|_| {
                let currency = self.dice.one(&[None, Some(Currency::EUR), Some(Currency::JPY)]);
                let value = currency.map(|currency| self.money(currency));
                ForecastFigure {
                    day: self.dice.yes().then_some(period.from()),
                    rep: self.dice.yes().then(|| id(90 + self.dice.below(4))),
                    category: self.dice.one(CATEGORIES),
                    currency,
                    deals: Deals { count: 1, value },
                    weighted: value,
                }
            })
            .collect();
        let made = (0..self.dice.below(3)).map(|number| {
            let amount = self.money(Currency::EUR);
            let (rep, author) = (id(90 + self.dice.below(4)), id(90 + self.dice.below(4)));
            let new = NewForecastAdjustment::new(rep, author, period, RollUp::Commit, amount);
            valid(ForecastAdjustment::make(id(number), at(number), amount, new))
        });
        let made: Vec<ForecastAdjustment> = made.collect();
        let rate = valid(Rate::from_ten_billionths(i64::from(1 + self.dice.below(1_000)) * 81_007));
        let rate = valid(DatedRate::new(Currency::JPY, Currency::EUR, day(0), rate, text("ECB")));
        let exchange = Exchange::to(Currency::EUR, self.dice.one(&[RatePolicy::Current, RatePolicy::Pinned]), today);
        let known = |_| Ok::<_, RateError>(rate.clone());
        let forecast = valid(Forecast::new(period, exchange, team, figures, &made, known));
        let name = self.dice.yes().then(|| self.dice.one_text(&["week 10", "第十周"]));
        ForecastSnapshot::take(id(n), self.at(), name, forecast)
    }
}

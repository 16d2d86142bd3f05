//! C88: the figures of a forecast, computed here by another way than the library's.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use crm_core::{
    Actor, By, Currency, Deals, ForecastCategory, ForecastFigure, ForecastKey, Loss, Money, NewOpportunity,
    Opportunity, OpportunityPatch, OpportunityState, Period, Rounding, Sale, Span,
    store::{Figures as _, ForecastFilter, Opportunities as _, Page, Records, Store},
};

use super::{
    super::{
        family::{Any, Family, Stored, all},
        lists::periods,
        maker::{at, day, id, pipeline::pipeline, text, valid, year},
        world::{founded, look, own_error, read, write},
    },
    forecasts, overwrite, paged, through_all_that_happens,
};

/// What the figures must be: of each day, or of the first days of the months, and without a day.
fn expected<T: Records + ?Sized>(tx: &T, span: Span) -> Stored<Vec<ForecastFigure>> {
    let mut sums: BTreeMap<ForecastKey, (u64, i64, i64)> = BTreeMap::new();
    for record in all(tx, &Family::Opportunity.no_filter())? {
        let Any::Opportunity(one) = record else { continue };
        let (day, category, is_open) = match one.state() {
            OpportunityState::Open => (one.expected_close(), one.set_forecast().unwrap_or(one.stage().forecast), true),
            OpportunityState::Won { day, .. } => (Some(*day), ForecastCategory::Closed, false),
            OpportunityState::Lost { day, .. } => (Some(*day), ForecastCategory::Omitted, false),
        };
        let first_of_month = |day: NaiveDate| NaiveDate::from_ymd_opt(day.year(), day.month(), 1).unwrap_or(day);
        let day = if span == Span::Day { day } else { day.map(first_of_month) };
        let sum = sums.entry((day, one.rep(), category, one.value().map(Money::currency))).or_default();
        sum.0 += 1;
        if let Some(value) = one.value() {
            sum.1 += value.minor();
            let weighted = valid(value.times(one.probability().fraction(), Rounding::HalfEven));
            sum.2 += if is_open { weighted.minor() } else { 0 };
        }
    }
    let figure = |((day, rep, category, currency), (count, value, weighted)): (ForecastKey, (u64, i64, i64))| {
        let money = |minor| currency.map(|currency| Money::from_minor(minor, currency));
        let deals = Deals { count, value: money(value) };
        ForecastFigure { day, rep, category, currency, deals, weighted: money(weighted) }
    };
    Ok(sums.into_iter().map(figure).collect())
}

/// Checks the lists against what the opportunities say; gives how many figures there are.
fn check<S: Store>(store: &S, name: &str) -> usize {
    read(store, name, |tx| {
        let mut found = 0;
        for span in [Span::Day, Span::Month] {
            let whole = expected(tx, span)?;
            assert_eq!(forecasts(tx, span)?, whole, "{name}: by {span:?}");
            // A filter gives the spans that begin in its period.
            let march = valid(Period::month(2026, 3));
            for days in periods().into_iter().chain([march]).map(Some).chain([None]) {
                let own = whole.iter().filter(|one| match (days, one.day) {
                    (Some(days), Some(day)) => days.contains(day),
                    (days, day) => days.is_none() && day.is_none(),
                });
                let own: Vec<ForecastFigure> = own.copied().collect();
                let filter = ForecastFilter { span, days };
                let listed = paged(
                    &format!("{name}: {filter:?}"),
                    |page| tx.forecast_figures(&filter, page),
                    ForecastFigure::key,
                )?;
                assert_eq!(listed, own, "{name}: {filter:?}");
                // After a key that is not in the list, too: what comes after it is the same.
                for after in whole.iter().step_by(7).map(ForecastFigure::key) {
                    let own: Vec<_> = own.iter().filter(|one| one.key() > after).copied().collect();
                    let later = tx.forecast_figures(&filter, Page::after(after, 1_000))?;
                    assert_eq!(later, own, "{name}: {filter:?} after {after:?}");
                }
            }
            found = whole.len();
        }
        Ok(found)
    })
}

/// C88: the figures of a forecast sum up the opportunities by the day or the month of their close, by rep, category and currency, with the weighted value of those that are open;
/// those without a day are apart.
pub fn c88_a_forecast_sums_up_the_deals_by_the_day_of_their_close<S: Store>(open: impl Fn() -> S) {
    let store = founded(&open, "C88");
    through_all_that_happens(&store, "C88", |name| {
        assert!(check(&store, name) > 5, "{name}: the suite's own opportunities must fill the figures");
    });
    follows_a_deal(&founded(open, "C88"));
}

/// One deal from its opening to its end, figure by figure.
fn follows_a_deal<S: Store>(store: &S) {
    let (hardware, actor): (_, Actor) = (pipeline("Hardware"), text("alice"));
    let by = |n| By { at: at(n), actor: &actor };
    let euros = |cents| Money::from_minor(cents, Currency::EUR);
    let filters = [ForecastFilter::daily(year()), ForecastFilter::undated()];
    // What each of the steps adds to the figures by day, beside those of the ground.
    let ground = read(store, "C88", |tx| forecasts(tx, Span::Day));
    let added = |name: &str| -> Vec<(Option<NaiveDate>, ForecastCategory, u64, i64, i64)> {
        let found = read(store, name, |tx| forecasts(tx, Span::Day));
        let minor = |money: Option<Money>| money.map_or(0, Money::minor);
        let own = found.into_iter().filter(|one| !ground.contains(one));
        own.map(|one| (one.day, one.category, one.deals.count, minor(one.deals.value), minor(one.weighted))).collect()
    };
    let new = NewOpportunity::new(text("forty lamps")).rep(id(3)).value(euros(1_005));
    let mut deal = valid(Opportunity::open(id(88), by(1), &hardware, new));
    let step = |name: &str, deal: &Opportunity| {
        let name = format!("C88: {name}");
        write(store, &name, |tx| overwrite(tx, deal.clone()));
        check(store, &name);
        added(&name)
    };
    use ForecastCategory::{BestCase, Closed, Commit, Omitted, Pipeline};
    write(store, "C88: an insert", |tx| tx.insert_opportunity(&deal));
    check(store, "C88: an insert");
    assert_eq!(added("C88"), [(None, Pipeline, 1, 1_005, 100)], "C88: without a day, 10 % half to even");
    let revised = |deal: &mut Opportunity, patch| drop(valid(deal.revise(at(2), patch)));
    revised(&mut deal, OpportunityPatch { expected_close: Some(Some(day(40))), ..OpportunityPatch::default() });
    assert_eq!(step("a day", &deal), [(Some(day(40)), Pipeline, 1, 1_005, 100)]);
    valid(deal.advance(by(3), &hardware, &text("engaging"), None));
    assert_eq!(step("another stage", &deal), [(Some(day(40)), BestCase, 1, 1_005, 502)]);
    revised(&mut deal, OpportunityPatch { forecast: Some(Some(Commit)), ..OpportunityPatch::default() });
    assert_eq!(step("another category", &deal), [(Some(day(40)), Commit, 1, 1_005, 502)]);
    revised(
        &mut deal,
        OpportunityPatch { rep: Some(None), value: Some(Some(euros(2_000))), ..OpportunityPatch::default() },
    );
    assert_eq!(step("nobody's", &deal), [(Some(day(40)), Commit, 1, 2_000, 1_000)]);
    revised(&mut deal, OpportunityPatch { name: Some(text("fifty lamps")), ..OpportunityPatch::default() });
    assert_eq!(step("another name", &deal), [(Some(day(40)), Commit, 1, 2_000, 1_000)]);
    valid(deal.win(by(4), &hardware, Sale { day: day(9), value: Some(euros(1_900)) }));
    assert_eq!(step("won", &deal), [(Some(day(9)), Closed, 1, 1_900, 0)], "C88: on the day of the close");
    valid(deal.reopen(by(5), &hardware, &text("engaging")));
    assert_eq!(step("reopened", &deal), [(Some(day(40)), BestCase, 1, 1_900, 950)]);
    valid(deal.lose(at(6), Loss { day: day(11), reason: text("price"), note: None }));
    assert_eq!(step("lost", &deal), [(Some(day(11)), Omitted, 1, 1_900, 0)]);
    let before = look(store, "C88");
    let undone = store.write(|tx| {
        tx.delete_opportunity(deal.id)?;
        assert_eq!(forecasts(tx, Span::Day)?, ground, "C88: a closure reads the figures of what it deleted");
        Err::<(), _>(own_error())
    });
    assert!(undone.is_err(), "C88: the closure's error");
    look(store, "C88").must_equal(&before, "C88: after a rollback");
    write(store, "C88: a deletion", |tx| tx.delete_opportunity(deal.id));
    check(store, "C88: a deletion");
    assert_eq!(added("C88: a deletion"), [], "C88: a figure that nothing adds to is not listed");
    for filter in filters {
        let none = read(store, "C88", |tx| tx.forecast_figures(&filter, Page::first(0)));
        assert_eq!(none, [], "C88: a limit of zero");
    }
}

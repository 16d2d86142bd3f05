//! A quarter from its first forecast to its end: what was promised, who changed it, and how near it came.

use crm::{
    Crm, Currency, Exchange, FiscalCalendar, ForecastCategory, NewForecastAdjustment, NewForecastSnapshot,
    NewOpportunity, NewSalesRep, Opportunity, OpportunityPatch, Percent, Pipeline, PipelineScope, RatePolicy, RollUp,
    Sale, analytics,
    sales::{self, SalesError},
    store::{Figures, ForecastSnapshots, Store},
};
use crm::{Error, Loss};

use crate::stage::{alice, day, eur, everything, on_every_store, person, rep};

on_every_store! {
    a_quarter_is_forecast_adjusted_kept_and_compared_with_what_became_of_it
}

fn pipeline() -> Result<Pipeline, Error> {
    Ok(Pipeline::new("Hardware".parse()?)
        .open("contact".parse()?, Percent::whole(10))
        .open("offer".parse()?, Percent::whole(60))
        .forecast(ForecastCategory::Commit)
        .won("won".parse()?)
        .forecasting()
        .build()?)
}

fn a_quarter_is_forecast_adjusted_kept_and_compared_with_what_became_of_it<S: Store>(
    crm: &Crm<S>,
) -> Result<(), Error> {
    let (pipeline, offer) = (pipeline()?, "offer".parse()?);
    let quarter = FiscalCalendar::CALENDAR_YEAR.quarter_days(day("2026-03-02")?)?;
    let (maya, zhang) = (rep(crm, "Maya")?, person(crm, "张三")?);
    let lin =
        alice(crm, |tx, act| sales::add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?).manager(maya.id)))?;
    let open = |name: &str, amount: &str, close: &str| -> Result<Opportunity, Error> {
        let close = day(close)?;
        let new = NewOpportunity::new(name.parse()?).customer(zhang.id).rep(lin.id).value(eur(amount)?);
        alice(crm, |tx, act| sales::open_opportunity(tx, act, &pipeline, new.expected_close(close)))
    };
    let lamps = open("forty lamps", "2000.00", "2026-03-20")?;
    let desks = open("ten desks", "6000.00", "2026-03-27")?;
    let chairs = open("sixty chairs", "9000.00", "2026-03-30")?;
    for deal in [&lamps, &desks] {
        alice(crm, |tx, act| sales::advance_opportunity(tx, act, deal.id, &pipeline, &offer, None))?;
    }

    // What the deals say: 8 000 are promised, and by their probabilities 5 700 are to be expected.
    let exchange = Exchange::to(Currency::EUR, RatePolicy::Current, day("2026-03-02")?);
    let expected = crm.read(|tx| Ok(sales::forecast(tx, quarter, exchange)?))?;
    assert_eq!(expected.total(RollUp::Commit)?, eur("8000.00")?);
    assert_eq!(expected.totals()?.weighted()?, eur("5700.00")?);

    // Maya promises less for Lin; Lin cannot do that to Maya.
    let less = NewForecastAdjustment::new(lin.id, maya.id, quarter, RollUp::Commit, eur("7000.00")?);
    let adjusted = alice(crm, |tx, act| sales::adjust_forecast(tx, act, less.note("desks are late".parse()?)))?;
    assert_eq!((adjusted.original, adjusted.author), (eur("8000.00")?, maya.id));
    let before = everything(crm)?;
    let more = NewForecastAdjustment::new(maya.id, lin.id, quarter, RollUp::Commit, eur("9000.00")?);
    let refused = alice(crm, |tx, act| sales::adjust_forecast(tx, act, more));
    assert!(matches!(refused, Err(Error::Sales(SalesError::NotTheirForecast { .. }))));
    assert_eq!(everything(crm)?, before);
    let new = NewForecastSnapshot::new().name("week 10".parse()?);
    let snapshot = alice(crm, |tx, act| sales::take_forecast_snapshot(tx, act, quarter, exchange, new))?;
    assert_eq!(snapshot.forecast.total(RollUp::Commit)?, eur("7000.00")?);

    // Lamps are sold for a little less, desks slip, chairs go elsewhere.
    let sale = Sale { day: day("2026-03-19")?, value: Some(eur("1900.00")?) };
    crm.write(|tx| sales::win_opportunity(tx, &mut crm.act("lin")?, lamps.id, &pipeline, sale).map_err(Error::from))?;
    let later = OpportunityPatch { expected_close: Some(Some(day("2026-04-10")?)), ..OpportunityPatch::default() };
    alice(crm, |tx, act| sales::revise_opportunity(tx, act, desks.id, later))?;
    let loss = Loss { day: day("2026-03-28")?, reason: "price".parse()?, note: None };
    alice(crm, |tx, act| sales::lose_opportunity(tx, act, chairs.id, loss))?;

    let scope = PipelineScope { close: Some(quarter), reps: None };
    let (moved, end) = crm.read(|tx| {
        let moved = sales::movement_between(tx, snapshot.id, None, &scope, Currency::EUR)?;
        Ok::<_, Error>((moved, sales::forecast(tx, quarter, exchange)?))
    })?;
    assert_eq!((moved.won.amount, moved.slipped.amount), (eur("1900.00")?, eur("6000.00")?));
    assert_eq!((moved.lost.amount, moved.value_change), (eur("9000.00")?, eur("-100.00")?));
    let start = snapshot.forecast.total(RollUp::OpenPipeline)?;
    assert_eq!(moved.end(start)?, end.total(RollUp::OpenPipeline)?);

    // How near the promise came, and whether the next quarter has enough to reach its quota.
    let (promised, closed) = (snapshot.forecast.total(RollUp::Commit)?, end.total(RollUp::Closed)?);
    assert_eq!(closed, eur("1900.00")?);
    let bias = analytics::forecast_bias(promised, closed)?.map(|share| share.round_dp(4).to_string());
    assert_eq!(bias, Some("2.6842".into()));
    let next = FiscalCalendar::CALENDAR_YEAR.quarter_days(day("2026-04-10")?)?;
    let ahead = crm.read(|tx| Ok(sales::forecast(tx, next, exchange)?))?;
    let (open, sold) = (ahead.total(RollUp::OpenPipeline)?, ahead.total(RollUp::Closed)?);
    let coverage = analytics::pipeline_coverage(open, eur("3000.00")?, sold)?;
    assert_eq!(coverage.map(|times| times.to_string()), Some("2".into()));

    crm.read(|tx| {
        assert_eq!(tx.forecast_snapshot(snapshot.id)?, Some(snapshot));
        assert_eq!(tx.verify_figures(9)?, []);
        Ok(())
    })
}

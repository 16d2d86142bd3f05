//! A deal from its first stage to the sale, with what is done about it on the way.

use chrono::TimeDelta;
use crm::{
    ActivityKind, ActivityPlan, AmountSource, Completion, Crm, Currency, DealLine, Error, ForecastCategory,
    NewOpportunity, OpportunityError, OpportunityPatch, Percent, Pipeline, Quantity, Recurring, RequiredField,
    Rounding, Sale,
    sales::{self, SalesError, Schedule},
    store::{Activities, ActivityFilter, Opportunities, Page, Store, Timeline},
};

use crate::stage::{alice, day, eur, facts, lamp, on_every_store, person, rep};

on_every_store! {
    a_deal_goes_through_its_pipeline_with_a_plan_of_activities
}

/// First contact, then an offer with a person to decide; a deal is stale after a week in either.
fn pipeline() -> Result<Pipeline, Error> {
    Ok(Pipeline::new("Hardware".parse()?)
        .open("contact".parse()?, Percent::whole(10))
        .stale_after(7)
        .next(["offer".parse()?])
        .open("offer".parse()?, Percent::whole(60))
        .stale_after(7)
        .forecast(ForecastCategory::BestCase)
        .requires([RequiredField::Contacts])
        .won("won".parse()?)
        .forecasting()
        .build()?)
}

fn a_deal_goes_through_its_pipeline_with_a_plan_of_activities<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (pipeline, offer) = (pipeline()?, "offer".parse()?);
    let (zhang, lin, lamp) = (person(crm, "张三")?, rep(crm, "Lin Wei")?, lamp(crm)?);
    let line = DealLine::new(lamp.id, Quantity::from(40), lamp.list_price, Percent::whole(10))?;
    let new = NewOpportunity::new("forty lamps".parse()?).customer(zhang.id).rep(lin.id).line(line);
    let new = new.recurring(Recurring::new(eur("120.00")?, 12)?);
    let open = |new| alice(crm, |tx, act| sales::open_opportunity(tx, act, &pipeline, new));
    let Err(Error::Sales(SalesError::Opportunity(OpportunityError::Missing { fields, .. }))) = open(new.clone()) else {
        panic!("a deal that is forecast was opened without its expected close")
    };
    assert_eq!(fields, [RequiredField::ExpectedClose]);
    let deal = open(new.expected_close(day("2026-03-20")?))?;
    assert_eq!((deal.amount_source(), deal.value()), (AmountSource::Lines, Some(eur("1796.40")?)));
    let recurring = deal.recurring().ok_or_else(|| Error::host("no recurring revenue"))?;
    assert_eq!(recurring.monthly(Rounding::HalfUp)?, eur("10.00")?);

    // A plan of two steps; the first one is done.
    let plan = ActivityPlan::new("first contact".parse()?)
        .step(ActivityKind::Call, "introduce ourselves".parse()?, 0)
        .step(ActivityKind::Visit, "show the lamps".parse()?, 7)
        .build()?;
    let first_day = deal.created_at.date_naive();
    let schedule = Schedule {
        first_day,
        lead: None,
        customer: None,
        opportunity: Some(deal.id),
        person: None,
        owner: Some(lin.id),
    };
    let steps = alice(crm, |tx, act| sales::schedule_activities(tx, act, &plan, schedule))?;
    let reached = Completion { day: first_day, outcome: "reached".parse()?, note: None };
    let called = alice(crm, |tx, act| sales::complete_activity(tx, act, steps[0].id, reached))?;
    assert_eq!(facts(crm, called.id)?, ["activity.planned", "activity.completed"]);
    let later = deal.created_at + TimeDelta::days(8);
    let health = crm.read(|tx| Ok(sales::deal_health(tx, &deal, later, later.date_naive())?))?;
    assert_eq!(health.next.map(|next| next.id), Some(steps[1].id));
    assert_eq!((health.overdue, health.stale, health.last_activity), (true, false, called.state().done_at()));

    // Only with somebody who decides does it come to an offer; its close is pushed to the next month.
    let advance = || alice(crm, |tx, act| sales::advance_opportunity(tx, act, deal.id, &pipeline, &offer, None));
    let refused = advance().err().map(|refused| refused.to_string());
    assert_eq!(refused, Some(format!("{} must have contacts in the stage offer", deal.id)));
    let contacts = NewOpportunity::new("x".parse()?).primary_contact(zhang.id, "decision maker".parse()?).contacts;
    let expected_close = Some(Some(day("2026-04-02")?));
    let patch = OpportunityPatch { contacts: Some(contacts), expected_close, ..OpportunityPatch::default() };
    let revised = alice(crm, |tx, act| sales::revise_opportunity(tx, act, deal.id, patch))?;
    assert_eq!(revised.pushes().len(), 1);
    let offered = advance()?;
    assert_eq!((offered.forecast_category(), offered.probability()), (ForecastCategory::BestCase, Percent::whole(60)));

    let price = Sale { day: first_day, value: Some(eur("1.00")?) };
    let refused = alice(crm, |tx, act| sales::win_opportunity(tx, act, deal.id, &pipeline, price));
    assert!(matches!(refused, Err(Error::Sales(SalesError::Opportunity(OpportunityError::ValueOfLines { .. })))));
    let sale = Sale { day: first_day, value: None };
    let won = alice(crm, |tx, act| sales::win_opportunity(tx, act, deal.id, &pipeline, sale))?;
    assert_eq!((won.forecast_category(), won.value()), (ForecastCategory::Closed, Some(eur("1796.40")?)));
    assert_eq!(won.value().map(|value| value.currency()), Some(Currency::EUR));
    crm.read(|tx| {
        assert_eq!(tx.opportunity(won.id)?.as_ref(), Some(&won));
        let planned = tx.activities_by_due(&ActivityFilter::default(), Page::first(9))?;
        assert_eq!(planned.iter().map(|one| one.id).collect::<Vec<_>>(), [steps[1].id]);
        let timeline = tx.timeline(zhang.id, Page::first(9))?;
        let told: Vec<_> = timeline.iter().map(|item| item.record.family()).collect();
        assert_eq!(told, ["activity", "activity", "opportunity"]);
        Ok::<_, Error>(())
    })
}

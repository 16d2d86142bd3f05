//! What is sold, paid, sent and given back, and what a deal went through.

use crm::{
    Crm, Currency, Error, Fulfilment, Loss, NewOpportunity, NewOrder, NewPayment, NewSalePlan, OpportunityId,
    OpportunityStatus, Order, OrderError, OrderStatus, PaymentStatus, Percent, Period, Pipeline, PlanScope, PlanStatus,
    Quantity, RevenueKind, Sale, ShippedLine, StageKind,
    analytics::Progress,
    sales::{self, SalesError},
    store::{Opportunities, OrderFilter, Orders, Page, Store},
};

use crate::stage::{alice, at, day, eur, everything, facts, lamp, on_every_store, person, rep};

on_every_store! {
    a_lamp_is_sold_paid_and_delivered
    a_refund_on_another_day_counts_on_that_day
    an_opportunity_is_lost_reopened_and_won_with_its_history
}

/// Where an order stands on its three axes.
fn axes(order: &Order) -> (OrderStatus, Fulfilment, PaymentStatus) {
    (order.state().status(), order.fulfilment(), order.payment_status())
}

fn a_lamp_is_sold_paid_and_delivered<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    use Fulfilment::{Fulfilled, Partial, Unfulfilled};
    use OrderStatus::{Confirmed, Draft};

    let (zhang, lamp, lin) = (person(crm, "张三")?, lamp(crm)?, rep(crm, "Lin Wei")?);
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).rep(lin.id).line(lamp.id, 3);
    let order = alice(crm, |tx, act| sales::draft_order(tx, act, new))?;
    let id = order.id;
    assert_eq!((order.number().as_str(), order.total()), ("SO-000001", eur("149.70")?));
    assert_eq!(axes(&order), (Draft, Unfulfilled, PaymentStatus::Unpaid));

    let order = alice(crm, |tx, act| sales::confirm_order(tx, act, id))?;
    assert_eq!(axes(&order), (Confirmed, Unfulfilled, PaymentStatus::Unpaid));

    // Two of the three lamps leave, half of the money comes.
    let two = ShippedLine { line: 1, quantity: Quantity::from(2) };
    let order = alice(crm, |tx, act| sales::ship_lines(tx, act, id, vec![two]))?;
    assert_eq!(axes(&order), (Confirmed, Partial, PaymentStatus::Unpaid));
    let half = NewPayment::of(eur("74.85")?).method("bank transfer".parse()?);
    let order = alice(crm, |tx, act| sales::pay_order(tx, act, id, half))?;
    assert_eq!(axes(&order), (Confirmed, Partial, PaymentStatus::Partial));

    // The rest of both; more than what is owed is not taken.
    let refused = alice(crm, |tx, act| sales::pay_order(tx, act, id, NewPayment::of(order.total())));
    let Err(Error::Sales(SalesError::Order(OrderError::Overpaid { owed, .. }))) = refused else {
        panic!("more was taken than is owed: {refused:?}");
    };
    assert_eq!(owed, eur("74.85")?);
    alice(crm, |tx, act| sales::pay_order(tx, act, id, NewPayment::of(order.owed())))?;
    alice(crm, |tx, act| sales::ship_order(tx, act, id))?;
    alice(crm, |tx, act| sales::deliver_shipment(tx, act, id, 1))?;
    let order = alice(crm, |tx, act| sales::deliver_shipment(tx, act, id, 2))?;
    assert_eq!(axes(&order), (Confirmed, Fulfilled, PaymentStatus::Paid));

    crm.read(|tx| {
        assert_eq!(tx.order(id)?.as_ref(), Some(&order));
        assert_eq!(tx.order_by_number(order.number())?.as_ref(), Some(&order));
        let done =
            OrderFilter { payment: Some(PaymentStatus::Paid), fulfilment: Some(Fulfilled), ..OrderFilter::default() };
        assert_eq!(tx.orders(&done, Page::first(10))?, [order]);
        let booked = tx.revenue(Period::day(day("2026-03-02")?)?, Page::first(10))?;
        let booked: Vec<_> = booked.iter().map(|entry| (entry.rep, entry.revenue.kind, entry.revenue.amount)).collect();
        assert_eq!(booked, [(Some(lin.id), RevenueKind::Booked, eur("149.70")?)]);
        Ok(())
    })?;
    let told = ["drafted", "confirmed", "shipped", "paid", "paid", "shipped", "delivered", "delivered"];
    assert_eq!(facts(crm, id)?, told.map(|fact| format!("order.{fact}")));
    Ok(())
}

fn a_refund_on_another_day_counts_on_that_day<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp, lin) = (person(crm, "张三")?, lamp(crm)?, rep(crm, "Lin Wei")?);
    let target = eur("100.00")?;
    let mut plans = Vec::new();
    for (name, month) in [("March", 3), ("April", 4)] {
        let new = NewSalePlan::new(name.parse()?, Period::month(2026, month)?, target, PlanScope::SalesRep(lin.id));
        let plan = alice(crm, |tx, act| {
            let plan = sales::draft_plan(tx, act, new)?;
            sales::activate_plan(tx, act, plan.id)
        })?;
        assert_eq!(plan.state().status(), PlanStatus::Active);
        plans.push(plan.id);
    }
    let order = alice(crm, |tx, act| {
        let new = NewOrder::for_customer(zhang.id, Currency::EUR).rep(lin.id).line(lamp.id, 2);
        let order = sales::draft_order(tx, act, new)?;
        sales::confirm_order(tx, act, order.id)?;
        sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))
    })?;

    let refund = NewPayment::of(eur("49.90")?).day(day("2026-04-07")?);
    let order = alice(crm, |tx, act| sales::refund_order(tx, act, order.id, refund))?;
    assert_eq!((order.refunded(), order.refundable()), (eur("49.90")?, eur("49.90")?));

    let mut progress = Vec::new();
    for (plan, actual, attainment) in [(plans[0], "99.80", "0.998"), (plans[1], "-49.90", "-0.499")] {
        let result = crm.read(|tx| Ok(sales::plan_result(tx, plan)?))?;
        assert_eq!((result.actual, result.target, result.entries), (eur(actual)?, target, 1));
        let month = Progress::new(result.period, result.target, result.actual)?;
        assert_eq!(month.attainment().map(|attained| attained.to_string()).as_deref(), Some(attainment));
        progress.push(month);
    }
    let mut both = progress[0];
    both.merge(&progress[1])?;
    assert_eq!((both.credited(), both.quota()), (eur("49.90")?, eur("200.00")?));

    // REF-1: never more than was paid.
    let before = everything(crm)?;
    let too_much = NewPayment::of(eur("49.91")?);
    let refused = alice(crm, |tx, act| sales::refund_order(tx, act, order.id, too_much));
    assert!(matches!(refused, Err(Error::Sales(SalesError::Order(OrderError::OverRefunded { .. })))));
    assert_eq!(everything(crm)?, before);
    Ok(())
}

fn hardware() -> Result<Pipeline, Error> {
    let pipeline = Pipeline::new("Hardware".parse()?)
        .open("prospecting".parse()?, Percent::whole(10))
        .open("negotiation".parse()?, Percent::whole(60))
        .won("won".parse()?);
    Ok(pipeline.build()?)
}

/// Where an opportunity has been: the stage, its kind and the minutes in it, as far as it was left.
fn visits<S: Store>(crm: &Crm<S>, id: OpportunityId) -> Result<Vec<(String, StageKind, Option<i64>)>, Error> {
    let opportunity = crm.read(|tx| Ok(tx.opportunity(id)?))?.ok_or_else(|| Error::host("it is gone"))?;
    let visits = opportunity.history().iter();
    Ok(visits
        .map(|visit| (visit.stage.to_string(), visit.kind, visit.duration().map(|time| time.num_minutes())))
        .collect())
}

fn an_opportunity_is_lost_reopened_and_won_with_its_history<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (hardware, negotiation) = (hardware()?, "negotiation".parse()?);
    let zhang = person(crm, "张三")?; // minute 0
    let new = NewOpportunity::new("forty lamps".parse()?).customer(zhang.id).value(eur("1996.00")?);
    let opened = alice(crm, |tx, act| sales::open_opportunity(tx, act, &hardware, new))?; // minute 1
    let id = opened.id;
    assert_eq!((opened.probability(), opened.state().status()), (Percent::whole(10), OpportunityStatus::Open));
    alice(crm, |tx, act| sales::advance_opportunity(tx, act, id, &hardware, &negotiation, None))?; // minute 2

    // OPP-3: lost is not a stage. The deal is lost where it stood.
    let loss = Loss { day: day("2026-03-02")?, reason: "price".parse()?, note: None };
    let lost = alice(crm, |tx, act| sales::lose_opportunity(tx, act, id, loss))?; // minute 3
    assert_eq!((lost.state().status(), lost.probability()), (OpportunityStatus::Lost, Percent::ZERO));
    assert_eq!(lost.stage().key.as_str(), "negotiation");

    let open_again = alice(crm, |tx, act| sales::reopen_opportunity(tx, act, id, &hardware, &negotiation))?;
    assert_eq!((open_again.state().status(), open_again.probability()), (OpportunityStatus::Open, Percent::whole(60)));

    let sale = Sale { day: day("2026-03-31")?, value: Some(eur("1900.00")?) };
    let won = alice(crm, |tx, act| sales::win_opportunity(tx, act, id, &hardware, sale))?; // minute 5
    assert_eq!((won.state().status(), won.probability()), (OpportunityStatus::Won, Percent::HUNDRED));
    assert_eq!((won.state().close_day(), won.value()), (Some(day("2026-03-31")?), Some(eur("1900.00")?)));

    // OPP-7: exactly one visit is not over, the one of the stage where it stands. The minute in which it was lost counts for none.
    let stages = [
        ("prospecting".to_owned(), StageKind::Open, Some(1)),
        ("negotiation".to_owned(), StageKind::Open, Some(1)),
        ("negotiation".to_owned(), StageKind::Open, Some(1)),
        ("won".to_owned(), StageKind::Won, None),
    ];
    assert_eq!(visits(crm, id)?, stages);
    assert_eq!(won.entered(&negotiation), Some(at(2)));
    let told = ["opened", "advanced", "lost", "reopened", "won"];
    assert_eq!(facts(crm, id)?, told.map(|fact| format!("opportunity.{fact}")));

    // A won deal can fall through, too.
    let open_again = alice(crm, |tx, act| sales::reopen_opportunity(tx, act, id, &hardware, &negotiation))?;
    assert_eq!((open_again.state().status(), open_again.state().close_day()), (OpportunityStatus::Open, None));
    assert_eq!(visits(crm, id)?.len(), 5);
    Ok(())
}

//! What a quarter is expected to bring, who says otherwise, and what became of it.

use chrono::NaiveDate;
use crm_core::{
    Currency, Exchange, FiscalCalendar, Forecast, ForecastCategory, Loss, Money, NewExchangeRate,
    NewForecastAdjustment, NewForecastSnapshot, NewOpportunity, Opportunity, OpportunityPatch, Percent, Period,
    Pipeline, PipelineScope, Position, RateError, RatePolicy, RecordId, RollUp, Rule, Sale, SalesRep, SalesRepId,
    SalesRepPatch,
    store::{ForecastAdjustments, ForecastSnapshotFilter, ForecastSnapshots, Page, StoreErrorKind},
};
use crm_sales::{
    SalesError, add_exchange_rate, adjust_forecast, delete_opportunity, delete_sales_rep, forecast, lose_opportunity,
    movement_between, open_opportunity, pipeline_movement, reopen_opportunity, revise_opportunity,
    take_forecast_snapshot, update_sales_rep, win_opportunity, withdraw_adjustment,
};

use crate::world::{World, day, eur, kind};

fn hardware() -> Pipeline {
    Pipeline::new("Hardware".parse().unwrap())
        .open("engaging".parse().unwrap(), Percent::whole(50))
        .open("offer".parse().unwrap(), Percent::whole(80))
        .forecast(ForecastCategory::Commit)
        .won("won".parse().unwrap())
        .build()
        .unwrap()
}

/// The quarter of the clock: January to March 2026.
fn quarter() -> Period {
    FiscalCalendar::CALENDAR_YEAR.quarter_days(day("2026-03-02")).unwrap()
}

fn euros() -> Exchange {
    Exchange::to(Currency::EUR, RatePolicy::Current, day("2026-03-02"))
}

impl World {
    fn deal(&mut self, rep: &SalesRep, amount: &str, close: Option<&str>) -> Opportunity {
        let zhang = self.person("张三");
        let mut new = NewOpportunity::new("a deal".parse().unwrap()).customer(zhang.id).rep(rep.id).value(eur(amount));
        new.expected_close = close.map(day);
        self.does(|tx, act| open_opportunity(tx, act, &hardware(), new))
    }

    fn expects(&mut self, period: Period) -> Forecast {
        self.reads(|tx| forecast(tx, period, euros()))
    }

    fn open_pipeline(&mut self) -> Money {
        self.expects(quarter()).total(RollUp::OpenPipeline).unwrap()
    }

    fn closes_on(&mut self, deal: &Opportunity, on: Option<&str>) {
        let patch = OpportunityPatch { expected_close: Some(on.map(day)), ..OpportunityPatch::default() };
        self.does(|tx, act| revise_opportunity(tx, act, deal.id, patch));
    }

    fn wins(&mut self, deal: &Opportunity, on: &str, value: &str) {
        let sale = Sale { day: day(on), value: Some(eur(value)) };
        self.does(|tx, act| win_opportunity(tx, act, deal.id, &hardware(), sale));
    }

    fn loses(&mut self, deal: &Opportunity, on: &str) {
        let loss = Loss { day: day(on), reason: "price".parse().unwrap(), note: None };
        self.does(|tx, act| lose_opportunity(tx, act, deal.id, loss));
    }

    fn says(&mut self, author: &SalesRep, rep: &SalesRep, amount: &str) -> crm_core::ForecastAdjustment {
        self.does(|tx, act| adjust_forecast(tx, act, adjustment(author.id, rep.id, amount)))
    }
}

fn adjustment(author: SalesRepId, rep: SalesRepId, amount: &str) -> NewForecastAdjustment {
    NewForecastAdjustment::new(rep, author, quarter(), RollUp::OpenPipeline, eur(amount))
}

#[test]
fn fc_2_a_deal_is_in_the_period_in_which_it_closes_whenever_it_was_made() {
    let mut world = World::new();
    let lin = world.rep("Lin", None);
    let march = world.deal(&lin, "100.00", Some("2026-03-31"));
    world.deal(&lin, "10.00", Some("2026-04-01"));
    world.deal(&lin, "1.00", None);
    let months = |world: &mut World| {
        [3, 4].map(|month| world.expects(Period::month(2026, month).unwrap()).total(RollUp::OpenPipeline).unwrap())
    };
    assert_eq!(months(&mut world), [eur("100.00"), eur("10.00")]);
    // Whole months are looked up as such, and days around them by themselves.
    for (from, until, worth) in [
        ("2026-03-30", "2026-04-01", "100.00"),
        ("2026-03-31", "2026-04-02", "110.00"),
        ("2026-02-15", "2026-05-15", "110.00"),
        ("2026-04-01", "2026-04-02", "10.00"),
        ("2026-04-02", "2026-07-01", "0.00"),
    ] {
        let period = Period::new(day(from), day(until)).unwrap();
        let expected = world.expects(period);
        assert_eq!((expected.total(RollUp::OpenPipeline).unwrap(), expected.undated), (eur(worth), 1), "{period}");
    }
    world.closes_on(&march, Some("2026-04-15"));
    assert_eq!(months(&mut world), [eur("0.00"), eur("110.00")]);
    // Won in February, it belongs there.
    world.wins(&march, "2026-02-27", "90.00");
    let february = world.expects(Period::month(2026, 2).unwrap());
    assert_eq!(february.total(RollUp::Closed).unwrap(), eur("90.00"));
    assert_eq!(months(&mut world), [eur("0.00"), eur("10.00")]);
}

#[test]
fn fc_1_and_fc_4_lost_deals_weigh_nothing_and_each_deal_is_in_one_category() {
    let mut world = World::new();
    let lin = world.rep("Lin", None);
    let deals = ["0.01", "100.00", "1000.00", "10000.00"].map(|amount| world.deal(&lin, amount, Some("2026-03-20")));
    world.loses(&deals[1], "2026-03-03");
    world.wins(&deals[2], "2026-03-04", "900.00");
    let offer = "offer".parse().unwrap();
    world.does(|tx, act| crm_sales::advance_opportunity(tx, act, deals[3].id, &hardware(), &offer, None));
    let totals = world.expects(quarter()).totals().unwrap();
    let amounts = totals.by_category().map(|(category, total)| (category, total.deals, total.amount, total.weighted));
    use ForecastCategory::{BestCase, Closed, Commit, MostLikely, Omitted, Pipeline};
    let nothing = eur("0.00");
    assert_eq!(
        amounts,
        [
            (Omitted, 1, eur("100.00"), nothing),
            (Pipeline, 1, eur("0.01"), nothing),
            (BestCase, 0, nothing, nothing),
            (MostLikely, 0, nothing, nothing),
            (Commit, 1, eur("10000.00"), eur("8000.00")),
            (Closed, 1, eur("900.00"), nothing),
        ]
    );
    assert_eq!(totals.roll_up(RollUp::Commit), Ok(eur("10900.00")));
    assert_eq!(totals.weighted(), Ok(eur("8000.00")));
}

#[test]
fn fc_5_the_rep_and_the_manager_adjust_and_the_original_and_the_author_stay() {
    let mut world = World::new();
    let maya = world.rep("Maya", None);
    let lin = world.rep("Lin", Some(maya.id));
    let zoe = world.rep("Zoe", Some(lin.id));
    world.deal(&lin, "100.00", Some("2026-03-20"));
    world.deal(&zoe, "50.00", Some("2026-03-20"));
    assert_eq!(world.open_pipeline(), eur("150.00"));

    let by_lin = world.says(&lin, &lin, "120.00");
    assert_eq!((by_lin.original, by_lin.author), (eur("150.00"), lin.id));
    let by_maya = world.says(&maya, &lin, "130.00");
    assert_eq!((by_maya.original, by_maya.author), (eur("120.00"), maya.id));
    assert_eq!(world.open_pipeline(), eur("130.00"));
    // Lin thinks better of it; what Maya says stands. The same again writes nothing.
    let again = world.says(&lin, &lin, "140.00");
    assert_eq!((again.id, again.original, again.revision.get()), (by_lin.id, eur("150.00"), 2));
    world.changes_nothing(|tx, act| adjust_forecast(tx, act, adjustment(lin.id, lin.id, "140.00")));
    assert_eq!(world.open_pipeline(), eur("130.00"));
    assert_eq!(world.facts(by_lin.id), ["forecast_adjustment.made", "forecast_adjustment.changed"]);
    // A deal more changes what is computed, and the number that was said stays.
    world.deal(&zoe, "7.00", Some("2026-03-20"));
    let of_lin = world.expects(quarter()).rep(lin.id).unwrap().numbers[&RollUp::OpenPipeline];
    assert_eq!((of_lin.computed, of_lin.of_owner(), of_lin.number()), (eur("157.00"), eur("140.00"), eur("130.00")));

    world.does(|tx, act| withdraw_adjustment(tx, act, by_maya.id));
    assert_eq!(world.open_pipeline(), eur("140.00"));
    world.does(|tx, act| withdraw_adjustment(tx, act, by_lin.id));
    assert_eq!(world.open_pipeline(), eur("157.00"));
    assert_eq!(world.reads(|tx| Ok(tx.forecast_adjustments(&Default::default(), Page::first(9))?)), []);
}

#[test]
fn fc_5_whoever_is_neither_the_rep_nor_their_manager_adjusts_nothing() {
    let mut world = World::new();
    let maya = world.rep("Maya", None);
    let lin = world.rep("Lin", Some(maya.id));
    let zoe = world.rep("Zoe", Some(lin.id));
    let refused = |world: &mut World, author, rep| {
        let refused = world.is_refused(|tx, act| adjust_forecast(tx, act, adjustment(author, rep, "1.00")));
        let SalesError::NotTheirForecast { manager, .. } = refused else { panic!("{refused}") };
        manager
    };
    // A report, a peer of nobody, and the manager of the manager.
    assert_eq!(refused(&mut world, zoe.id, lin.id), Some(maya.id));
    assert_eq!(refused(&mut world, lin.id, maya.id), None);
    assert_eq!(refused(&mut world, maya.id, zoe.id), Some(lin.id));
    let nobody = SalesRepId::from_uuid(Default::default());
    for (author, rep) in [(nobody, lin.id), (lin.id, nobody)] {
        let error = world.is_refused(|tx, act| adjust_forecast(tx, act, adjustment(author, rep, "1.00")));
        assert!(matches!(error, SalesError::NotFound { .. }), "{error}");
    }
    let closed = NewForecastAdjustment::new(lin.id, maya.id, quarter(), RollUp::Closed, eur("1.00"));
    let error = world.is_refused(|tx, act| adjust_forecast(tx, act, closed));
    assert!(matches!(&error, SalesError::Invalid(refused) if refused.field() == "roll-up"), "{error}");
    let below = adjustment(maya.id, lin.id, "-1.00");
    let error = world.is_refused(|tx, act| adjust_forecast(tx, act, below));
    assert!(matches!(&error, SalesError::Invalid(refused) if *refused.rule() == Rule::Negative), "{error}");
    // A promise is not below what is sold.
    let sold = world.deal(&lin, "100.00", Some("2026-03-20"));
    world.wins(&sold, "2026-03-03", "100.00");
    let promise = |amount| NewForecastAdjustment::new(lin.id, maya.id, quarter(), RollUp::Commit, eur(amount));
    let error = world.is_refused(|tx, act| adjust_forecast(tx, act, promise("99.99")));
    assert!(matches!(&error, SalesError::Invalid(refused) if refused.field() == "amount"), "{error}");
    let made = world.does(|tx, act| adjust_forecast(tx, act, promise("100.00"))).id;
    world.does(|tx, act| withdraw_adjustment(tx, act, made));
    let gone = world.says(&maya, &lin, "1.00").id;
    world.does(|tx, act| withdraw_adjustment(tx, act, gone));
    let error = world.is_refused(|tx, act| withdraw_adjustment(tx, act, gone));
    assert!(matches!(error, SalesError::NotFound { .. }), "{error}");

    // What Maya said of Lin lapses once Lin reports to somebody else, and is said again by them.
    world.deal(&lin, "100.00", Some("2026-03-20"));
    let by_maya = world.says(&maya, &lin, "10.00");
    let ada = world.rep("Ada", None);
    let patch = SalesRepPatch { manager: Some(Some(ada.id)), ..SalesRepPatch::default() };
    world.does(|tx, act| update_sales_rep(tx, act, lin.id, patch));
    let expected = world.expects(quarter());
    assert_eq!((expected.total(RollUp::OpenPipeline).unwrap(), expected.lapsed), (eur("100.00"), vec![by_maya.id]));
    assert_eq!(world.says(&ada, &lin, "20.00").original, eur("100.00"));
    // Who said something, or of whom it was said, is not deleted.
    let error = world.is_refused(|tx, act| delete_sales_rep(tx, act, maya.id));
    assert!(matches!(kind(&error), StoreErrorKind::StillReferenced { .. }), "{error}");
}

#[test]
fn mon_2_mon_3_deals_in_other_currencies_come_in_by_the_rate_of_one_day_or_not_at_all() {
    let mut world = World::new();
    let lin = world.rep("Lin", None);
    let usd = |cents| Money::from_minor(cents, Currency::USD);
    let new = NewOpportunity::new("abroad".parse().unwrap()).rep(lin.id).value(usd(10_000));
    let new = new.expected_close(day("2026-03-20"));
    world.does(|tx, act| open_opportunity(tx, act, &hardware(), new));
    let missing = world.reads(|tx| Ok(forecast(tx, quarter(), euros()).unwrap_err()));
    assert!(matches!(missing, SalesError::Rate(RateError::Missing { .. })), "{missing}");
    let error = world.is_refused(|tx, act| adjust_forecast(tx, act, adjustment(lin.id, lin.id, "1.00")));
    assert!(matches!(error, SalesError::Rate(RateError::Missing { .. })), "{error}");

    for (on, rate) in [("2026-03-01", "0.9"), ("2026-03-05", "0.8")] {
        let (from, to) = (Currency::USD, Currency::EUR);
        let new = NewExchangeRate::new(from, to, day(on), rate.parse().unwrap(), "ECB".parse().unwrap());
        world.does(|tx, act| add_exchange_rate(tx, act, new));
    }
    let worth = |world: &World, policy| {
        let exchange = Exchange::to(Currency::EUR, policy, day("2026-03-02"));
        let made = world.reads(|tx| forecast(tx, quarter(), exchange));
        (made.total(RollUp::OpenPipeline).unwrap(), made.rates[0].day)
    };
    assert_eq!(worth(&world, RatePolicy::Current), (eur("90.00"), day("2026-03-01")));
    assert_eq!(worth(&world, RatePolicy::AsOf(day("2026-03-31"))), (eur("80.00"), day("2026-03-05")));
    // What Lin says in dollars counts in euros, and is said again in euros though dollars cannot be had for them.
    world.does(|tx, act| adjust_forecast(tx, act, adjustment(lin.id, lin.id, "50.00")));
    let dollars = NewForecastAdjustment::new(lin.id, lin.id, quarter(), RollUp::OpenPipeline, usd(5_000));
    let said = world.does(|tx, act| adjust_forecast(tx, act, dollars));
    assert_eq!((said.original, said.revision.get()), (usd(10_000), 2));
    assert_eq!(worth(&world, RatePolicy::Current).0, eur("45.00"));
    let again = world.does(|tx, act| adjust_forecast(tx, act, adjustment(lin.id, lin.id, "60.00")));
    assert_eq!((again.id, again.original), (said.id, eur("90.00")));
    let pinned = Exchange::to(Currency::EUR, RatePolicy::Pinned, day("2026-03-02"));
    let refused = world.reads(|tx| Ok(forecast(tx, quarter(), pinned).unwrap_err()));
    assert!(matches!(refused, SalesError::Rate(RateError::NotPinned { .. })), "{refused}");
}

#[test]
fn fc_6_a_snapshot_stays_as_it_was_and_what_led_to_the_next_one_reconciles() {
    let mut world = World::new();
    let lin = world.rep("Lin", None);
    let deals = ["1.00", "20.00", "300.00", "4000.00"].map(|amount| world.deal(&lin, amount, Some("2026-03-20")));
    let take = |world: &mut World, name: &str| {
        let new = NewForecastSnapshot::new().name(name.parse().unwrap());
        world.does(|tx, act| take_forecast_snapshot(tx, act, quarter(), euros(), new))
    };
    let first = take(&mut world, "week 10");
    let start = first.forecast.total(RollUp::OpenPipeline).unwrap();
    assert_eq!(start, eur("4321.00"));

    world.wins(&deals[0], "2026-03-03", "2.00");
    world.loses(&deals[1], "2026-03-03");
    world.closes_on(&deals[2], Some("2026-04-20"));
    let patch = OpportunityPatch { value: Some(Some(eur("3500.00"))), ..OpportunityPatch::default() };
    world.does(|tx, act| revise_opportunity(tx, act, deals[3].id, patch));
    world.deal(&lin, "50000.00", Some("2026-03-20"));
    let gone = world.deal(&lin, "600000.00", Some("2026-03-20"));
    world.does(|tx, act| delete_opportunity(tx, act, gone.id));
    world.does(|tx, act| reopen_opportunity(tx, act, deals[1].id, &hardware(), &"engaging".parse()?));
    let second = take(&mut world, "week 11");

    let between = |world: &World, scope: &PipelineScope| {
        world.reads(|tx| movement_between(tx, first.id, Some(second.id), scope, Currency::EUR))
    };
    let scope = PipelineScope { close: Some(quarter()), reps: None };
    let moved = between(&world, &scope);
    assert_eq!((moved.created.deals, moved.created.amount), (2, eur("650000.00")));
    assert_eq!((moved.won.amount, moved.lost.amount, moved.reopened.amount), (eur("2.00"), eur("20.00"), eur("20.00")));
    assert_eq!((moved.slipped.deals, moved.slipped.amount), (1, eur("300.00")));
    assert_eq!((moved.value_change, moved.deleted.amount), (eur("-499.00"), eur("600000.00")));
    let end = second.forecast.total(RollUp::OpenPipeline).unwrap();
    assert_eq!((moved.end(start), end), (Ok(end), eur("53520.00")));
    // Over all deals nothing slips; the last one is still there.
    let all = between(&world, &PipelineScope::default());
    assert_eq!((all.slipped.deals, all.end(start)), (0, Ok(eur("53820.00"))));

    // Later the first one is as it was, and what comes after the second one is in neither.
    world.wins(&deals[3], "2026-03-04", "3500.00");
    let kept = world.reads(|tx| Ok(tx.forecast_snapshot(first.id)?)).unwrap();
    assert_eq!(kept, first);
    assert_eq!(between(&world, &scope), moved);
    let since = world.reads(|tx| movement_between(tx, second.id, None, &scope, Currency::EUR));
    assert_eq!(since.won.amount, eur("3500.00"));
    let all = world.reads(|tx| {
        pipeline_movement(tx, Position::START, Position::new(u64::MAX), &PipelineScope::default(), Currency::EUR)
    });
    assert_eq!(all.end(eur("0.00")), Ok(eur("50320.00")));
    let filter = ForecastSnapshotFilter { period: Some(quarter()) };
    assert_eq!(world.reads(|tx| Ok(tx.count_forecast_snapshots(&filter)?)), 2);
    let unknown = crm_core::ForecastSnapshotId::from_uuid(Default::default());
    let error = world.reads(|tx| {
        Ok(movement_between(tx, second.id, Some(first.id), &PipelineScope::default(), Currency::EUR).unwrap_err())
    });
    assert!(matches!(&error, SalesError::Invalid(refused) if refused.field() == "until"), "{error}");
    let refused = world
        .reads(|tx| Ok(movement_between(tx, unknown, None, &PipelineScope::default(), Currency::EUR).unwrap_err()));
    assert!(matches!(refused, SalesError::NotFound { .. }), "{refused}");
}

#[test]
fn fc_7_a_push_to_a_later_period_is_slippage_and_counted_on_the_deal() {
    let mut world = World::new();
    let lin = world.rep("Lin", None);
    let deal = world.deal(&lin, "100.00", Some("2026-03-20"));
    let scope = PipelineScope { close: Some(quarter()), reps: Some([lin.id].into()) };
    let slipped = |world: &World| {
        let moved =
            world.reads(|tx| pipeline_movement(tx, Position::START, Position::new(u64::MAX), &scope, Currency::EUR));
        (moved.slipped.deals, moved.moved_in.deals, moved.moved_out.deals)
    };
    world.closes_on(&deal, Some("2026-03-31"));
    assert_eq!(slipped(&world), (0, 0, 0));
    world.closes_on(&deal, Some("2026-04-01"));
    assert_eq!(slipped(&world), (1, 0, 0));
    world.closes_on(&deal, Some("2026-02-10"));
    assert_eq!(slipped(&world), (1, 1, 0));
    // An earlier quarter, or none that is known, is no slippage.
    world.closes_on(&deal, Some("2025-12-31"));
    assert_eq!(slipped(&world), (1, 1, 1));
    world.closes_on(&deal, Some("2026-02-10"));
    world.closes_on(&deal, None);
    assert_eq!(slipped(&world), (1, 2, 2));
    let pushes = world.reads(|tx| Ok(crm_core::store::Opportunities::opportunity(tx, deal.id)?)).unwrap();
    let pushes: Vec<(NaiveDate, NaiveDate)> = pushes.pushes().iter().map(|push| (push.from, push.to)).collect();
    let expected = [("2026-03-31", "2026-04-01"), ("2025-12-31", "2026-02-10")].map(|(from, to)| (day(from), day(to)));
    assert_eq!(pushes, expected);
}

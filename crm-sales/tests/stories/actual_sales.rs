use chrono::Days;
use crm_core::{
    CreditAt, Currency, EntryKind, Money, NewOrder, NewOrderLine, NewPayment, NewSalePlan, OrderId, OrderStatus,
    Period, PlanScope, ProductId, Quantity, RecordId, SalesRepId, SalesRepPatch, UnitPrice,
    store::{Orders, Page, Store},
};
use crm_sales::{
    PlanResult, SalesError, actual_sales, cancel_order_on, confirm_order_on, draft_order, draft_plan, pay_order,
    plan_result, reassign_order, refund_order, sales_of_rep, update_sales_rep,
};
use proptest::prelude::*;

use crate::world::{World, day, eur};

fn march() -> Period {
    Period::month(2026, 3).unwrap()
}

/// A plan for March over 1000.00 EUR, and what came of it.
fn result(world: &mut World, scope: PlanScope, credit: CreditAt) -> PlanResult {
    let new = NewSalePlan::new("March".parse().unwrap(), march(), eur("1000.00"), scope).credit(credit);
    let plan = world.does(|tx, act| draft_plan(tx, act, new));
    world.reads(|tx| plan_result(tx, plan.id))
}

fn figures(result: PlanResult) -> (String, u64, u64) {
    (result.actual.to_string(), result.entries, result.in_other_currencies)
}

fn pays(world: &mut World, order: OrderId, amount: Money, on: &str) {
    world.does(|tx, act| pay_order(tx, act, order, NewPayment::of(amount).day(day(on))));
}

fn refunds(world: &mut World, order: OrderId, amount: &str, on: &str) {
    world.does(|tx, act| refund_order(tx, act, order, NewPayment::of(eur(amount)).day(day(on))));
}

/// A boss, a lead below, a rep below the lead, and somebody else; and what they sold around March.
struct Team {
    world: World,
    boss: SalesRepId,
    lead: SalesRepId,
    rep: SalesRepId,
    other: SalesRepId,
}

fn team() -> Team {
    let mut world = World::new();
    let lamp = world.product("LAMP-1", "49.90").id;
    let boss = world.rep("Boss", None).id;
    let lead = world.rep("Lead", Some(boss)).id;
    let rep = world.rep("Rep", Some(lead)).id;
    let other = world.rep("Other", None).id;
    let euros = Currency::EUR;
    world.sells(Some(boss), "2026-03-01", euros, &[(lamp, "100.00")]);
    world.sells(Some(lead), "2026-03-31", euros, &[(lamp, "200.00")]);
    world.sells(Some(other), "2026-03-05", euros, &[(lamp, "1600.00")]);
    world.sells(None, "2026-03-06", euros, &[(lamp, "12800.00")]);
    // Outside the period on both sides.
    world.sells(Some(rep), "2026-04-01", euros, &[(lamp, "800.00")]);
    let february = world.sells(Some(rep), "2026-02-28", euros, &[(lamp, "32.00")]);
    world.does(|tx, act| cancel_order_on(tx, act, february, day("2026-03-15"), None));
    // Refunded in March and once more in April.
    let refunded = world.sells(Some(rep), "2026-03-10", euros, &[(lamp, "400.00")]);
    pays(&mut world, refunded, eur("400.00"), "2026-03-18");
    refunds(&mut world, refunded, "50.00", "2026-03-20");
    refunds(&mut world, refunded, "25.00", "2026-04-02");
    let dollars = world.sells(Some(rep), "2026-03-12", Currency::USD, &[(lamp, "6400.00")]);
    pays(&mut world, dollars, Money::parse("100.00", Currency::USD).unwrap(), "2026-03-13");
    Team { world, boss, lead, rep, other }
}

#[test]
fn a_rep_is_credited_with_bookings_less_what_was_taken_back_on_its_own_day() {
    let Team { mut world, rep, other, .. } = team();
    let of_rep = result(&mut world, PlanScope::SalesRep(rep), CreditAt::Booked);
    // 400.00 booked, 50.00 refunded in March, 32.00 of February cancelled in March; the dollars apart.
    assert_eq!(figures(of_rep), ("318.00 EUR".into(), 3, 1));
    assert_eq!(of_rep.deviation().unwrap(), eur("-682.00"));
    assert_eq!(of_rep.target, eur("1000.00"));
    assert_eq!(of_rep.without_rep, 1, "12800.00 are nobody's sale");
    let of_other = result(&mut world, PlanScope::SalesRep(other), CreditAt::Booked);
    assert_eq!(figures(of_other), ("1600.00 EUR".into(), 1, 0));
    assert_eq!(of_other.deviation().unwrap(), eur("600.00"));
}

#[test]
fn a_rep_is_credited_with_money_where_the_plan_says_so() {
    let Team { mut world, boss, rep, .. } = team();
    let paid = result(&mut world, PlanScope::SalesRep(rep), CreditAt::Paid);
    assert_eq!(figures(paid), ("350.00 EUR".into(), 2, 1));
    let nothing = result(&mut world, PlanScope::SalesRep(boss), CreditAt::Paid);
    assert_eq!(figures(nothing), ("0.00 EUR".into(), 0, 0));
}

#[test]
fn a_team_is_the_manager_and_everybody_below() {
    let Team { mut world, boss, lead, rep, .. } = team();
    for (manager, expected) in [
        (boss, ("618.00 EUR".to_owned(), 5, 1)),
        (lead, ("518.00 EUR".to_owned(), 4, 1)),
        (rep, ("318.00 EUR".to_owned(), 3, 1)),
    ] {
        assert_eq!(figures(result(&mut world, PlanScope::Team(manager), CreditAt::Booked)), expected);
    }
    assert_eq!(figures(result(&mut world, PlanScope::Team(boss), CreditAt::Paid)), ("350.00 EUR".into(), 2, 1));
}

#[test]
fn a_region_is_the_reps_who_are_in_it_now() {
    let Team { mut world, boss, other, .. } = team();
    let east = || PlanScope::Region("East".parse().unwrap());
    assert_eq!(figures(result(&mut world, east(), CreditAt::Booked)), ("0.00 EUR".into(), 0, 0));
    for rep in [boss, other] {
        let patch = SalesRepPatch { region: Some("East".parse().ok()), ..SalesRepPatch::default() };
        world.does(|tx, act| update_sales_rep(tx, act, rep, patch));
    }
    assert_eq!(figures(result(&mut world, east(), CreditAt::Booked)), ("1700.00 EUR".into(), 2, 0));
}

#[test]
fn entries_of_orders_without_a_rep_are_counted_beside_until_the_order_gets_one() {
    let Team { mut world, boss, rep, .. } = team();
    let lamp = world.product("LAMP-2", "49.90").id;
    // In another currency, and outside the period.
    world.sells(None, "2026-03-07", Currency::USD, &[(lamp, "1.00")]);
    world.sells(None, "2026-04-01", Currency::EUR, &[(lamp, "1.00")]);
    let orphan = world.sells(None, "2026-03-08", Currency::EUR, &[(lamp, "51200.00")]);
    pays(&mut world, orphan, eur("200.00"), "2026-03-09");
    refunds(&mut world, orphan, "100.00", "2026-03-10");
    let east = PlanScope::Region("East".parse().unwrap());
    for scope in [PlanScope::SalesRep(rep), PlanScope::Team(boss), east] {
        // The booking and the refund, and the booking of another order; of the payments both.
        assert_eq!(result(&mut world, scope.clone(), CreditAt::Booked).without_rep, 3);
        assert_eq!(result(&mut world, scope, CreditAt::Paid).without_rep, 2);
    }
    let of_product = result(&mut world, PlanScope::Product(lamp), CreditAt::Booked);
    assert_eq!((figures(of_product), of_product.without_rep), (("51100.00 EUR".into(), 2, 1), 0));
    let of_product = result(&mut world, PlanScope::Product(lamp), CreditAt::Paid);
    assert_eq!((figures(of_product), of_product.without_rep), (("100.00 EUR".into(), 2, 0), 0));

    // The revenue goes with the order, past months too.
    world.does(|tx, act| reassign_order(tx, act, orphan, Some(boss)));
    let of_boss = result(&mut world, PlanScope::SalesRep(boss), CreditAt::Booked);
    assert_eq!((figures(of_boss), of_boss.without_rep), (("51200.00 EUR".into(), 3, 0), 1));
    world.does(|tx, act| reassign_order(tx, act, orphan, Some(rep)));
    let of_boss = result(&mut world, PlanScope::SalesRep(boss), CreditAt::Booked);
    assert_eq!(figures(of_boss), ("100.00 EUR".into(), 1, 0));
    let of_rep = result(&mut world, PlanScope::SalesRep(rep), CreditAt::Paid);
    assert_eq!((figures(of_rep), of_rep.without_rep), (("450.00 EUR".into(), 4, 1), 0));
}

#[test]
fn the_sales_of_a_rep_are_what_they_booked_in_one_currency() {
    let Team { mut world, rep, .. } = team();
    let sales = world.reads(|tx| sales_of_rep(tx, rep, march(), Currency::EUR));
    assert_eq!((sales.amount, sales.entries, sales.in_other_currencies), (eur("318.00"), 3, 1));
    let sales = world.reads(|tx| sales_of_rep(tx, rep, march(), Currency::USD));
    assert_eq!((sales.amount.to_string().as_str(), sales.entries, sales.in_other_currencies), ("6400.00 USD", 1, 3));
    let nobody = SalesRepId::from_uuid(Default::default());
    let error = world.is_refused(|tx, _| sales_of_rep(tx, nobody, march(), Currency::EUR));
    assert!(matches!(error, SalesError::NotFound { .. }));
}

#[test]
fn mon_4_a_refund_is_spread_over_the_products_to_the_cent() {
    let mut world = World::new();
    let [lamp, desk, chair] = ["LAMP", "DESK", "CHAIR"].map(|sku| world.product(sku, "10.00").id);
    let unrelated = world.product("SOFA", "10.00").id;
    let lines = [(lamp, "10.00"), (desk, "10.00"), (chair, "10.00")];
    let order = world.sells(None, "2026-03-02", Currency::EUR, &lines);
    let of = |world: &mut World, product| {
        let result = result(world, PlanScope::Product(product), CreditAt::Booked);
        (result.actual.to_string(), result.entries)
    };
    assert_eq!(of(&mut world, lamp), ("10.00 EUR".into(), 1));

    // What is left, 20.00, is 6.67 + 6.67 + 6.66.
    pays(&mut world, order, eur("30.00"), "2026-03-03");
    refunds(&mut world, order, "10.00", "2026-03-04");
    assert_eq!(of(&mut world, lamp), ("6.67 EUR".into(), 2));
    assert_eq!(of(&mut world, desk), ("6.67 EUR".into(), 2));
    assert_eq!(of(&mut world, chair), ("6.66 EUR".into(), 2));
    assert_eq!(of(&mut world, unrelated), ("0.00 EUR".into(), 0));
    // 10.00 is 3.34 + 3.33 + 3.33, and money as it is paid goes the same way: 30.00 in, 20.00 back.
    refunds(&mut world, order, "10.00", "2026-03-05");
    assert_eq!(of(&mut world, lamp), ("3.34 EUR".into(), 3));
    let paid = result(&mut world, PlanScope::Product(chair), CreditAt::Paid);
    assert_eq!(figures(paid), ("3.33 EUR".into(), 3, 0));
    // A refund in full leaves nothing of any product (REF-2).
    refunds(&mut world, order, "10.00", "2026-03-06");
    for product in [lamp, desk, chair] {
        assert_eq!(of(&mut world, product), ("0.00 EUR".into(), 4));
    }
}

#[test]
fn a_product_counts_with_its_lines_alone_and_a_free_order_counts_nothing() {
    let mut world = World::new();
    let [lamp, desk] = ["LAMP", "DESK"].map(|sku| world.product(sku, "10.00").id);
    world.sells(None, "2026-03-02", Currency::EUR, &[(lamp, "0.01"), (desk, "99.99"), (lamp, "7.00")]);
    world.sells(None, "2026-03-03", Currency::EUR, &[(lamp, "0.00")]);
    world.sells(None, "2026-03-04", Currency::USD, &[(lamp, "5.00")]);
    world.sells(None, "2026-03-05", Currency::USD, &[(desk, "5.00")]);
    let of_lamp = result(&mut world, PlanScope::Product(lamp), CreditAt::Booked);
    assert_eq!(figures(of_lamp), ("7.01 EUR".into(), 2, 1));
}

#[test]
fn lists_longer_than_a_page_are_counted_to_the_end() {
    let mut world = World::new();
    let lamp = world.product("LAMP-1", "49.90").id;
    let boss = world.rep("Boss", None).id;
    let customer = world.person("张三").id;
    let price = UnitPrice::parse("1.00", Currency::EUR).unwrap();
    world.does(|tx, act| {
        for _ in 0..501 {
            let line = NewOrderLine::new(lamp, Quantity::from(1)).unit_price(price);
            let new = NewOrder::for_customer(customer, Currency::EUR).rep(boss).line_with(line);
            let order = draft_order(tx, act, new)?;
            confirm_order_on(tx, act, order.id, day("2026-03-02"))?;
        }
        Ok(())
    });
    let of_boss = result(&mut world, PlanScope::SalesRep(boss), CreditAt::Booked);
    assert_eq!(figures(of_boss), ("501.00 EUR".into(), 501, 0));
}

/// One order of the law below.
#[derive(Clone, Debug)]
struct Story {
    rep: usize,
    /// Days after 20 February.
    day: u64,
    /// Product and price in cents.
    lines: Vec<(usize, i64)>,
    /// What is paid of the total, in percent, and what of that is refunded in two steps, each with its days after
    /// the payment.
    paid: (u8, u64),
    refunded: [(u8, u64); 2],
    cancelled: bool,
}

prop_compose! {
    fn story()(
        rep in 0..3_usize,
        day in 0..50_u64,
        lines in prop::collection::vec((0..3_usize, 0..100_000_i64), 1..5),
        paid in (0..=100_u8, 0..20_u64),
        refunded in [(0..=50_u8, 0..20_u64), (0..=50_u8, 0..20_u64)],
        cancelled: bool,
    ) -> Story {
        Story { rep, day, lines, paid, refunded, cancelled }
    }
}

fn percent(total: i64, percent: u8) -> Money {
    Money::from_minor(total * i64::from(percent) / 100, Currency::EUR)
}

fn happens(world: &mut World, story: &Story, reps: &[SalesRepId], products: &[ProductId]) {
    let customer = world.person("张三").id;
    let on = |days: u64| day("2026-02-20") + Days::new(days);
    let mut new = NewOrder::for_customer(customer, Currency::EUR);
    new.rep = reps.get(story.rep).copied();
    for (product, cents) in &story.lines {
        let price = UnitPrice::try_from(Money::from_minor(*cents, Currency::EUR)).unwrap();
        new = new.line_with(NewOrderLine::new(products[*product], Quantity::from(1)).unit_price(price));
    }
    world.does(|tx, act| {
        let order = draft_order(tx, act, new)?;
        confirm_order_on(tx, act, order.id, on(story.day))?;
        let paid = percent(order.total().minor(), story.paid.0);
        if paid.is_positive() {
            pay_order(tx, act, order.id, NewPayment::of(paid).day(on(story.day + story.paid.1)))?;
        }
        for (share, later) in story.refunded {
            let refund = percent(paid.minor(), share);
            if refund.is_positive() {
                refund_order(tx, act, order.id, NewPayment::of(refund).day(on(story.day + story.paid.1 + later)))?;
            }
        }
        let kept = tx.order(order.id)?.unwrap().refundable();
        if story.cancelled && !kept.is_positive() {
            cancel_order_on(tx, act, order.id, on(story.day + 7), None)?;
        }
        Ok(())
    });
}

/// Amount, entries and entries without a rep, entry by entry of the revenue: another way than that of the figures.
fn walked(world: &World, days: Period, of_rep: &[SalesRepId], of_product: Option<ProductId>) -> (i64, u64, u64) {
    world.reads(|tx| {
        let (mut amount, mut entries, mut without_rep) = (0, 0, 0);
        for entry in tx.revenue(days, Page::first(u16::MAX))? {
            let order = tx.order(entry.order)?.unwrap();
            let before: i64 = order.revenue().iter().take(entry.number as usize).map(|one| one.amount.minor()).sum();
            let part = |sum: i64, product: ProductId| -> i64 {
                let weights: Vec<u64> = order.lines().iter().map(|line| line.amount().minor().unsigned_abs()).collect();
                let parts = Money::from_minor(sum, Currency::EUR).allocate(&weights).unwrap_or_default();
                let own = parts.iter().zip(order.lines()).filter(|(_, line)| line.product() == product);
                own.map(|(part, _)| part.minor()).sum()
            };
            let own = match of_product {
                Some(product) if order.lines().iter().any(|line| line.product() == product) => {
                    Some(part(before + entry.revenue.amount.minor(), product) - part(before, product))
                }
                None if entry.rep.is_some_and(|rep| of_rep.contains(&rep)) => Some(entry.revenue.amount.minor()),
                _ => None,
            };
            amount += own.unwrap_or(0);
            entries += u64::from(own.is_some());
            without_rep += u64::from(of_product.is_none() && entry.rep.is_none());
        }
        Ok((amount, entries, without_rep))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_figures_say_what_the_entries_say(
        stories in prop::collection::vec(story(), 0..8),
        from in 0..60_u64,
        length in 1..90_u64,
        reassigned: bool,
    ) {
        let mut world = World::new();
        let boss = world.rep("A", None).id;
        // Orders of the third rep are nobody's.
        let reps = [boss, world.rep("B", Some(boss)).id];
        let patch = SalesRepPatch { region: Some("East".parse().ok()), ..SalesRepPatch::default() };
        world.does(|tx, act| update_sales_rep(tx, act, reps[1], patch));
        let products = ["LAMP", "DESK", "CHAIR"].map(|sku| world.product(sku, "10.00").id);
        for story in &stories {
            happens(&mut world, story, &reps, &products);
        }
        if reassigned {
            let orders = world.reads(|tx| Ok(tx.orders(&Default::default(), Page::first(9))?));
            for order in orders.iter().filter(|order| order.state().status() != OrderStatus::Cancelled).take(3) {
                world.does(|tx, act| reassign_order(tx, act, order.id, Some(reps[1])));
            }
        }
        let from = day("2026-02-10") + Days::new(from);
        let days = Period::new(from, from + Days::new(length)).unwrap();
        let sold = |scope: PlanScope| {
            let sales = world.reads(|tx| actual_sales(tx, &scope, CreditAt::Booked, days, Currency::EUR));
            (sales.amount.minor(), sales.entries, sales.without_rep)
        };
        for rep in reps {
            prop_assert_eq!(sold(PlanScope::SalesRep(rep)), walked(&world, days, &[rep], None), "{:?}", days);
        }
        prop_assert_eq!(sold(PlanScope::Team(boss)), walked(&world, days, &reps, None));
        prop_assert_eq!(sold(PlanScope::Region("East".parse().unwrap())), walked(&world, days, &reps[1..], None));
        prop_assert_eq!(sold(PlanScope::Region("West".parse().unwrap())), walked(&world, days, &[], None));
        for product in products {
            prop_assert_eq!(sold(PlanScope::Product(product)), walked(&world, days, &[], Some(product)));
        }
    }

    #[test]
    fn what_all_reps_and_all_products_sold_is_what_was_sold(stories in prop::collection::vec(story(), 0..8)) {
        let mut world = World::new();
        let reps = ["A", "B", "C"].map(|name| world.rep(name, None).id);
        let products = ["LAMP", "DESK", "CHAIR"].map(|sku| world.product(sku, "10.00").id);
        for story in &stories {
            happens(&mut world, story, &reps, &products);
        }
        let sold = |scope: PlanScope, credit| {
            world.reads(|tx| actual_sales(tx, &scope, credit, march(), Currency::EUR)).amount.minor()
        };
        let (revenue, money) = world.store.read(|tx| {
            let entries = tx.revenue(march(), Page::first(u16::MAX))?;
            let revenue: i64 = entries.iter().map(|entry| entry.revenue.amount.minor()).sum();
            let payments = tx.payments(march(), Page::first(u16::MAX))?;
            let money: i64 = payments.iter().map(|(_, entry)| match entry.kind {
                EntryKind::Payment => entry.amount.minor(),
                EntryKind::Refund => -entry.amount.minor(),
                EntryKind::RefundUndone => 0,
            }).sum();
            Ok::<_, SalesError>((revenue, money))
        }).unwrap();
        for (credit, whole) in [(CreditAt::Booked, revenue), (CreditAt::Paid, money)] {
            let by_rep: i64 = reps.iter().map(|rep| sold(PlanScope::SalesRep(*rep), credit)).sum();
            let by_product: i64 = products.iter().map(|product| sold(PlanScope::Product(*product), credit)).sum();
            prop_assert_eq!(by_rep, whole);
            prop_assert_eq!(by_product, whole);
        }
    }
}

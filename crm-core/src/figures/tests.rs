use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::*;
use crate::{
    Actor, By, Draft, Loss, NewOpportunity, NewPayment, OrderLine, Percent, Pipeline, Quantity, Sale, UnitPrice,
    record::proof::{at, day, id, parsed, survives_json},
};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

/// An order with a line for each product, quantity and price in cents, confirmed on 2 March.
fn confirmed(lines: &[(u128, u32, i64)]) -> Order {
    let line = |(place, (product, quantity, cents)): (u32, &(u128, u32, i64))| {
        let price = UnitPrice::from_millionths(cents * 10_000, Currency::EUR).unwrap();
        OrderLine::new(place, id(*product), Quantity::from(*quantity), price, Percent::ZERO).unwrap()
    };
    let lines = (1..).zip(lines).map(line).collect();
    let (number, currency) = (parsed("SO-1"), Currency::EUR);
    let draft = Draft { rep: Some(id(2)), ..Draft::new(id(9), number, id(1), currency, lines) };
    let mut order = Order::draft(at(0), draft).unwrap();
    order.confirm(at(1), day("2026-03-02")).unwrap();
    order
}

fn refunded(mut order: Order, refunds: &[i64]) -> Order {
    order.pay(at(2), NewPayment::of(order.total())).unwrap();
    for cents in refunds {
        order.refund(at(3), NewPayment::of(eur(*cents)).day(day("2026-04-01"))).unwrap();
    }
    order
}

/// Day, revenue in cents, entries, orders and units of the figures of one kind.
fn rows(order: &Order, of: &SalesOf) -> Vec<(String, i64, u64, i64, String)> {
    let figures = order.sales_figures().unwrap().flat_map(Result::unwrap).filter(|figure| figure.of == *of);
    let row =
        |one: SalesFigure| (one.day.to_string(), one.revenue.minor(), one.entries, one.orders, one.units.to_string());
    figures.map(row).collect()
}

#[test]
fn an_order_adds_its_revenue_to_everybody_its_rep_its_customer_and_its_products() {
    let mut order = refunded(confirmed(&[(7, 2, 5_000), (8, 1, 2_000), (7, 1, 1_000)]), &[3_900]);
    order.refund(at(4), NewPayment::of(eur(9_100)).day(day("2026-04-02"))).unwrap();
    order.cancel(at(5), day("2026-05-01"), None).unwrap();
    let entry = |day: &str, cents, orders, units: &str| (day.to_owned(), cents, 1, orders, units.to_owned());
    let whole = [
        entry("2026-03-02", 13_000, 1, "4"),
        entry("2026-04-01", -3_900, 0, "0"),
        entry("2026-04-02", -9_100, 0, "0"),
        entry("2026-05-01", 0, -1, "-4"),
    ];
    for of in [SalesOf::Total, SalesOf::Rep(Some(id(2))), SalesOf::Customer(id(1))] {
        assert_eq!(rows(&order, &of), whole, "{of:?}");
    }
    let of_seven = [
        entry("2026-03-02", 11_000, 1, "3"),
        entry("2026-04-01", -3_300, 0, "0"),
        entry("2026-04-02", -7_700, 0, "0"),
        entry("2026-05-01", 0, -1, "-3"),
    ];
    assert_eq!(rows(&order, &SalesOf::Product(id(7))), of_seven);
    assert_eq!(rows(&order, &SalesOf::Rep(None)), []);
}

#[test]
fn a_draft_adds_nothing_cancelled_or_not() {
    let (number, currency) = (parsed("SO-1"), Currency::EUR);
    let draft = Draft::new(id(9), number, id(1), currency, Vec::new());
    let mut order = Order::draft(at(0), draft).unwrap();
    assert_eq!((order.sales_figures().unwrap().count(), order.customer_figure()), (0, None));
    order.cancel(at(1), day("2026-03-03"), None).unwrap();
    assert_eq!((order.sales_figures().unwrap().count(), order.customer_figure()), (0, None));
}

#[test]
fn rfm_2_an_order_that_was_refunded_in_full_or_cancelled_counts_for_nothing() {
    let order = confirmed(&[(7, 2, 5_000)]);
    let figure = order.customer_figure().unwrap();
    assert_eq!((figure.revenue, figure.orders, figure.last_day), (eur(10_000), 1, day("2026-03-02")));
    let in_part = refunded(order.clone(), &[9_999]);
    assert_eq!(in_part.customer_figure().map(|figure| figure.revenue), Some(eur(1)));
    assert_eq!((in_part.customer_figure_after(1), in_part.customer_figure_after(0)), (Some(figure), None));
    assert_eq!(refunded(order.clone(), &[9_999, 1]).customer_figure(), None);
    let mut cancelled = order;
    cancelled.cancel(at(4), day("2026-03-05"), None).unwrap();
    assert_eq!((cancelled.customer_figure(), cancelled.customer_figure_after(1)), (None, Some(figure)));
    let free = confirmed(&[(7, 2, 0)]);
    assert_eq!(free.customer_figure().map(|figure| figure.orders), Some(1), "what costs nothing was not refunded");
}

fn opened(value: Option<Money>, probability: &str) -> Opportunity {
    let actor: Actor = parsed("alice");
    let mut new = NewOpportunity::new(parsed("forty lamps"));
    new.value = value;
    new.probability = Some(parsed(probability));
    Opportunity::open(id(9), by(&actor, at(0)), &pipeline(), new).unwrap()
}

fn by(actor: &Actor, at: DateTime<Utc>) -> By<'_> {
    By { at, actor }
}

fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new(parsed("Hardware")).open(parsed("prospecting"), Percent::whole(10));
    pipeline.won(parsed("signed")).build().unwrap()
}

#[test]
fn fc_1_only_what_is_open_is_weighted_half_to_even_in_the_precision_of_its_currency() {
    let weighted = |one: &Opportunity| one.pipeline_figure().unwrap().weighted;
    // 50 % of 0.05, of 0.15 and of 7 yen.
    assert_eq!(weighted(&opened(Some(eur(5)), "50")), Some(eur(2)));
    assert_eq!(weighted(&opened(Some(eur(15)), "50")), Some(eur(8)));
    let yen = |yen| Money::from_minor(yen, Currency::JPY);
    assert_eq!(weighted(&opened(Some(yen(7)), "50")), Some(yen(4)));
    let without = opened(None, "50").pipeline_figure().unwrap();
    let one = Deals { count: 1, value: None };
    assert_eq!((without.currency, without.open, without.weighted), (None, one, None));

    let mut won = opened(Some(eur(5)), "50");
    let sale = Sale { day: day("2026-03-05"), value: None };
    won.win(by(&parsed("alice"), at(1)), &pipeline(), sale).unwrap();
    let figure = won.pipeline_figure().unwrap();
    assert_eq!((figure.won.count, figure.won.value, figure.weighted), (1, Some(eur(5)), Some(eur(0))));
    let mut lost = opened(Some(eur(5)), "50");
    lost.lose(at(1), Loss { day: day("2026-03-06"), reason: parsed("price"), note: None }).unwrap();
    let figure = lost.pipeline_figure().unwrap();
    assert_eq!((figure.lost.count, figure.open.count, figure.weighted), (1, 0, Some(eur(0))));
}

#[test]
fn a_sum_that_does_not_fit_leaves_a_figure_as_it_was() {
    let mut figure = confirmed(&[(7, 2, 5_000)]).sales_figures().unwrap().flat_map(Result::unwrap).next().unwrap();
    let before = figure.clone();
    let huge = SalesFigure { revenue: eur(i64::MAX), ..before.clone() };
    assert!(figure.add(&huge).is_err());
    let yen = SalesFigure { revenue: Money::zero(Currency::JPY), ..before.clone() };
    assert!(figure.add(&yen).is_err());
    assert_eq!(figure, before);
    figure.add(&before).unwrap();
    assert_eq!((figure.revenue, figure.entries, figure.orders), (eur(20_000), 2, 2));
}

/// Stores keep keys as text, in the order of its bytes.
#[test]
fn currencies_ascend_by_their_codes() {
    let letters = || (b'A'..=b'Z').map(char::from);
    let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| format!("{a}{b}{c}"))));
    let known: Vec<Currency> = codes.filter_map(|code| code.parse().ok()).collect();
    assert!(known.len() > 100 && known.is_sorted(), "{known:?}");
}

#[test]
fn figures_survive_json() {
    let order = confirmed(&[(7, 2, 5_000)]);
    order.sales_figures().unwrap().flat_map(Result::unwrap).for_each(|figure| survives_json(&figure));
    survives_json(&order.customer_figure().unwrap());
    survives_json(&opened(Some(eur(5)), "50").pipeline_figure().unwrap());
    survives_json(&TicketFigure { status: TicketStatus::OnHold, priority: Some(Priority::High), count: 3 });
    survives_json(&SalesOf::Region(Some(parsed("East"))));
    survives_json(&Span::Month);
}

proptest! {
    #[test]
    fn mon_4_the_parts_of_the_products_are_the_whole_of_each_entry_and_ref_2_leave_nothing(
        lines in prop::collection::vec((1..4_u128, 0..5_u32, 0..10_000_i64), 1..6),
        cuts in prop::collection::vec(1..5_000_i64, 0..6),
    ) {
        let lines: Vec<_> = lines.into_iter().map(|(product, quantity, cents)| (product, quantity + 1, cents)).collect();
        let order = confirmed(&lines);
        let mut left = order.total().minor();
        prop_assume!(left > 0);
        let mut refunds: Vec<i64> = Vec::new();
        for cut in cuts {
            let cut = cut.min(left);
            refunds.extend((cut > 0).then_some(cut));
            left -= cut;
        }
        refunds.extend((left > 0).then_some(left));
        let order = refunded(order, &refunds);
        let mut of_products = BTreeMap::<ProductId, i64>::new();
        for entry in order.revenue_by_product() {
            let (revenue, products) = entry.unwrap();
            prop_assert_eq!(products.values().map(|part| part.minor()).sum::<i64>(), revenue.amount.minor());
            for (product, part) in products {
                *of_products.entry(product).or_default() += part.minor();
            }
        }
        prop_assert!(of_products.values().all(|sum| *sum == 0), "{:?}", of_products);
        let booked = order.revenue_by_product().next().unwrap().unwrap().1;
        for (product, part) in booked {
            let amounts = order.lines().iter().filter(|line| line.product() == product).map(|line| line.amount().minor());
            prop_assert_eq!(part.minor(), amounts.sum::<i64>());
        }
    }
}

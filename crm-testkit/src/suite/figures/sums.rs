//! C50 to C54: what the figures sum up, computed here by another way than the library's.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use crm_core::{
    Currency, CustomerFigure, CustomerId, Deals, Money, Opportunity, OpportunityStatus, Order, OrderLine, OrderState,
    PipelineFigure, PipelineKey, ProductId, RevenueKind, Rounding, SalesBy, SalesFigure, SalesKey, SalesOf, Span,
    Ticket, TicketFigure, TicketKey, Units,
    store::{CustomerFigureFilter, Figures as _, Orders as _, Page, Records, SalesFilter, SalesReps as _, Store},
};

use super::{
    super::{
        family::{Any, Family, Stored, all},
        lists::periods,
        maker::{id, text, valid},
        world::{founded, read, write},
    },
    EACH, by_line, confirmed, filter, sales, through_all_that_happens, worth,
};

/// The orders of a store.
fn orders<T: Records + ?Sized>(tx: &T) -> Stored<Vec<Order>> {
    let order = |record| match record {
        Any::Order(order) => Some(*order),
        _ => None,
    };
    Ok(all(tx, &Family::Order.no_filter())?.into_iter().filter_map(order).collect())
}

/// What of a sum falls to a product, by another way than the library's.
fn part(order: &Order, product: ProductId, sum: i64) -> i64 {
    if sum == 0 {
        return 0;
    }
    let weights: Vec<u64> = valid(order.totals()).lines().iter().map(|line| line.net.minor().unsigned_abs()).collect();
    let parts = valid(Money::from_minor(sum, order.currency()).allocate(&weights));
    let its = parts.iter().zip(order.lines()).filter(|(_, line)| line.product() == product);
    its.map(|(part, _)| part.minor()).sum()
}

/// What the sales of a kind must be, entry by entry of the revenue.
fn expected_sales<T: Records + ?Sized>(tx: &T, span: Span, by: &SalesBy) -> Stored<Vec<SalesFigure>> {
    // Revenue, entries, orders and millionths of units.
    let mut sums: BTreeMap<SalesKey, [i64; 4]> = BTreeMap::new();
    for order in orders(tx)? {
        let mut counted = 0;
        let mut for_lines = order.revenue_by_product();
        for entry in order.revenue() {
            let of_lines = for_lines.next().transpose();
            let (before, after) = (counted, counted + entry.amount.minor());
            counted = after;
            let times = match entry.kind {
                RevenueKind::Booked => 1,
                RevenueKind::Refunded | RevenueKind::RefundUndone => 0,
                RevenueKind::Cancelled => -1,
            };
            let units = |of: &dyn Fn(ProductId) -> bool| -> i64 {
                let lines = order.lines().iter().filter(|line| of(line.product()));
                lines.map(|line| times * line.quantity().millionths()).sum()
            };
            let rep = match order.rep() {
                Some(rep) => tx.sales_rep(rep)?.and_then(|rep| rep.region),
                None => None,
            };
            let whole = (after - before, units(&|_| true));
            let mut moved = vec![
                (SalesOf::Total, whole),
                (SalesOf::Rep(order.rep()), whole),
                (SalesOf::Customer(order.customer()), whole),
                (SalesOf::Region(rep), whole),
            ];
            let mut products: Vec<ProductId> = order.lines().iter().map(OrderLine::product).collect();
            products.sort_unstable();
            products.dedup();
            for product in products {
                // What money that went back for lines takes from their products is proved with the orders themselves.
                let amount = match &of_lines {
                    Ok(Some((_, products))) if by_line(&order) => products.get(&product).map_or(0, |one| one.minor()),
                    _ => part(&order, product, after) - part(&order, product, before),
                };
                moved.push((SalesOf::Product(product), (amount, units(&|one| one == product))));
            }
            let first = match span {
                Span::Day => entry.day,
                Span::Month => valid(NaiveDate::from_ymd_opt(entry.day.year(), entry.day.month(), 1).ok_or("no day")),
            };
            for (of, (amount, units)) in moved.into_iter().filter(|(of, _)| by.includes(of)) {
                let row = sums.entry((first, order.currency(), of)).or_default();
                for (sum, one) in row.iter_mut().zip([amount, 1, times, units]) {
                    *sum += one;
                }
            }
        }
    }
    let figure = |((day, currency, of), [amount, entries, orders, units]): (SalesKey, [i64; 4])| SalesFigure {
        day,
        of,
        revenue: Money::from_minor(amount, currency),
        entries: entries.unsigned_abs(),
        orders,
        units: valid(Units::from_millionths(units)),
    };
    Ok(sums.into_iter().map(figure).collect())
}

/// C50: sales figures sum up the revenue of the orders on its days, by day and by month.
pub fn c50_sales_figures_sum_up_the_revenue_of_the_orders<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C50");
    through_all_that_happens(&store, "C50", |name| {
        read(&store, name, |tx| {
            for span in [Span::Day, Span::Month] {
                for by in EACH.iter().filter(|by| **by != SalesBy::Regions) {
                    let expected = expected_sales(tx, span, by)?;
                    assert!(expected.len() > 2, "{name}: the suite's own orders must fill the figures");
                    assert_eq!(sales(tx, span, by)?, expected, "{name}: {by:?} by {span:?}");
                }
                // A filter gives the spans that begin in its period, and one currency.
                for days in periods() {
                    let filter = SalesFilter { days, ..filter(span, &SalesBy::Reps).currency(Currency::EUR) };
                    let expected = expected_sales(tx, span, &SalesBy::Reps)?.into_iter();
                    let expected: Vec<_> = expected
                        .filter(|one| days.contains(one.day) && one.revenue.currency() == Currency::EUR)
                        .collect();
                    let found = tx.sales_figures(&filter, Page::first(1_000))?;
                    assert_eq!(found, expected, "{name}: reps by {span:?} in {days}");
                }
            }
            Ok(())
        });
    });
}

/// C51: the sales of a region are those of the reps who are in it now.
pub fn c51_a_region_is_the_reps_who_are_in_it_now<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C51");
    let made: Vec<Order> = (0..30).map(|n| confirmed(700 + n, 7 * n % 60)).collect();
    write(&store, "C51", |tx| made.iter().try_for_each(|one| tx.insert_order(one)));
    // Rep 1 goes from the east to the west, and rep 2 out of all regions.
    let moves = [(Some("East"), Some("East")), (Some("West"), Some("East")), (Some("West"), None)];
    for (of_first, of_second) in moves {
        write(&store, "C51", |tx| {
            for (n, region) in [(1, of_first), (2, of_second)] {
                let Some(mut rep) = tx.sales_rep(id(n))? else { panic!("C51: the rep is gone") };
                rep.region = region.map(text);
                tx.update_sales_rep(&rep)?;
            }
            Ok(())
        });
        read(&store, "C51", |tx| {
            for span in [Span::Day, Span::Month] {
                let expected = expected_sales(tx, span, &SalesBy::Regions)?;
                let found = sales(tx, span, &SalesBy::Regions)?;
                assert_eq!(found, expected, "C51: reps in {of_first:?} and {of_second:?} by {span:?}");
            }
            Ok(())
        });
    }
}

/// C52: the figures of a customer sum up the orders that count, and know the first and the last day of them.
pub fn c52_the_figures_of_a_customer_know_the_orders_that_count<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C52");
    through_all_that_happens(&store, "C52", |name| {
        read(&store, name, |tx| {
            let mut of_each: BTreeMap<(CustomerId, Currency), Vec<(NaiveDate, i64)>> = BTreeMap::new();
            for order in orders(tx)? {
                let (OrderState::Confirmed { day, .. } | OrderState::Locked { day, .. }) = order.state() else {
                    continue;
                };
                let refunded: i64 = order.standing_refunds().iter().map(|entry| entry.amount.minor()).sum();
                if refunded == 0 || refunded < order.total().minor() {
                    of_each.entry((order.customer(), order.currency())).or_default().push((*day, worth(&order)));
                }
            }
            let figure =
                |((customer, currency), orders): ((CustomerId, Currency), Vec<(NaiveDate, i64)>)| CustomerFigure {
                    customer,
                    revenue: Money::from_minor(orders.iter().map(|(_, worth)| worth).sum(), currency),
                    orders: orders.len() as u64,
                    first_day: orders.iter().map(|(day, _)| *day).min().unwrap_or_default(),
                    last_day: orders.iter().map(|(day, _)| *day).max().unwrap_or_default(),
                };
            let expected: Vec<_> = of_each.into_iter().map(figure).collect();
            assert!(expected.len() > 2, "{name}: the suite's own orders must fill the figures");
            let found = tx.customer_figures(&CustomerFigureFilter::default(), Page::first(1_000))?;
            assert_eq!(found, expected, "{name}");
            for (customer, currency) in
                [(Some(id(1)), None), (None, Some(Currency::EUR)), (Some(id(2)), Some(Currency::JPY))]
            {
                let filter = CustomerFigureFilter { customer, currency };
                let found = tx.customer_figures(&filter, Page::first(1_000))?;
                let own = expected.iter().filter(|one| {
                    customer.is_none_or(|customer| one.customer == customer)
                        && currency.is_none_or(|currency| one.revenue.currency() == currency)
                });
                assert_eq!(found, own.copied().collect::<Vec<_>>(), "{name}: {filter:?}");
            }
            Ok(())
        });
    });
}

/// C53: the figures of a pipeline sum up its opportunities by stage and currency, the weighted value of those that are open.
pub fn c53_a_pipeline_is_summed_up_by_stage<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C53");
    through_all_that_happens(&store, "C53", |name| {
        read(&store, name, |tx| {
            let mut expected: BTreeMap<PipelineKey, PipelineFigure> = BTreeMap::new();
            for record in all(tx, &Family::Opportunity.no_filter())? {
                let Any::Opportunity(one) = record else { continue };
                let one: Opportunity = *one;
                let currency = one.value().map(Money::currency);
                let nothing = currency.map(Money::zero);
                let none = Deals { count: 0, value: nothing };
                let key = (one.pipeline().clone(), one.stage().key.clone(), currency);
                let row = expected.entry(key.clone()).or_insert(PipelineFigure {
                    pipeline: key.0,
                    stage: key.1,
                    currency,
                    open: none,
                    weighted: nothing,
                    won: none,
                    lost: none,
                });
                let plus =
                    |sum: Option<Money>, one: Option<Money>| sum.zip(one).map(|(sum, one)| valid(sum.checked_add(one)));
                let deals = match one.state().status() {
                    OpportunityStatus::Open => {
                        let weighted = one
                            .value()
                            .map(|value| valid(value.times(one.probability().fraction(), Rounding::HalfEven)));
                        row.weighted = plus(row.weighted, weighted);
                        &mut row.open
                    }
                    OpportunityStatus::Won => &mut row.won,
                    OpportunityStatus::Lost => &mut row.lost,
                };
                (deals.count, deals.value) = (deals.count + 1, plus(deals.value, one.value()));
            }
            let expected: Vec<_> = expected.into_values().collect();
            assert!(expected.len() > 5, "{name}: the suite's own opportunities must fill the figures");
            assert_eq!(tx.pipeline_figures(None, Page::first(1_000))?, expected, "{name}");
            let pipeline = expected[expected.len() - 1].pipeline.clone();
            let own: Vec<_> = expected.into_iter().filter(|one| one.pipeline == pipeline).collect();
            assert_eq!(tx.pipeline_figures(Some(&pipeline), Page::first(1_000))?, own, "{name}: one pipeline");
            Ok(())
        });
    });
}

/// C54: tickets are counted by status and priority.
pub fn c54_tickets_are_counted_by_status_and_priority<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C54");
    through_all_that_happens(&store, "C54", |name| {
        read(&store, name, |tx| {
            let mut counts: BTreeMap<TicketKey, u64> = BTreeMap::new();
            for record in all(tx, &Family::Ticket.no_filter())? {
                let Any::Ticket(one) = record else { continue };
                let one: Ticket = *one;
                *counts.entry((one.state().status(), one.priority())).or_default() += 1;
            }
            let figure = |((status, priority), count)| TicketFigure { status, priority, count };
            let expected: Vec<_> = counts.into_iter().map(figure).collect();
            assert!(expected.len() > 5, "{name}: the suite's own tickets must fill the figures");
            assert_eq!(tx.ticket_figures(Page::first(1_000))?, expected, "{name}");
            Ok(())
        });
    });
}

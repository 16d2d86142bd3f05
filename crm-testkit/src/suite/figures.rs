//! C50 to C58 and C88: figures. What they sum up stands in `sums` and `forecasts`.

mod forecasts;
mod sums;

use crm_core::{
    Currency, CustomerFigure, Draft, ForecastFigure, Money, NewPayment, Opportunity, OpportunityParts,
    OpportunityStatus, Order, OrderLine, OrderParts, OrderState, Percent, PipelineFigure, SalesBy, SalesFigure,
    SalesOf, Span, Tax, TicketFigure, UnitPrice,
    store::{
        CustomerFigureFilter, Figures as _, ForecastFilter, Opportunities as _, Orders as _, Page, Records,
        SalesFilter, Store, StoreErrorKind, pages,
    },
};

use super::{
    family::{Any, Family, Stored, delete},
    lists::crowd,
    maker::{Maker, at, day, id, text, valid, year},
    world::{founded, insert_all, look, own_error, read, refusal, refused, write},
};

pub use self::{
    forecasts::c88_a_forecast_sums_up_the_deals_by_the_day_of_their_close,
    sums::{
        c50_sales_figures_sum_up_the_revenue_of_the_orders, c51_a_region_is_the_reps_who_are_in_it_now,
        c52_the_figures_of_a_customer_know_the_orders_that_count, c53_a_pipeline_is_summed_up_by_stage,
        c54_tickets_are_counted_by_status_and_priority,
    },
};

/// The lists of sales figures.
const EACH: &[SalesBy] = &[SalesBy::Total, SalesBy::Reps, SalesBy::Products, SalesBy::Customers, SalesBy::Regions];

/// All figures of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllFigures {
    sales: Vec<(Span, SalesBy, Vec<SalesFigure>)>,
    customers: Vec<CustomerFigure>,
    pipelines: Vec<PipelineFigure>,
    forecasts: Vec<(Span, Vec<ForecastFigure>)>,
    tickets: Vec<TicketFigure>,
}

pub(super) fn all_figures<T: Records + ?Sized>(tx: &T) -> Stored<AllFigures> {
    let mut found = AllFigures::default();
    for (span, by) in [Span::Day, Span::Month].into_iter().flat_map(|span| EACH.iter().map(move |by| (span, by))) {
        found.sales.push((span, by.clone(), sales(tx, span, by)?));
    }
    let everybody = CustomerFigureFilter::default();
    found.customers =
        pages(1_000, |page| tx.customer_figures(&everybody, page), CustomerFigure::key).collect::<Stored<_>>()?;
    found.pipelines =
        pages(1_000, |page| tx.pipeline_figures(None, page), PipelineFigure::key).collect::<Stored<_>>()?;
    for span in [Span::Day, Span::Month] {
        found.forecasts.push((span, forecasts(tx, span)?));
    }
    found.tickets = pages(1_000, |page| tx.ticket_figures(page), TicketFigure::key).collect::<Stored<_>>()?;
    Ok(found)
}

fn filter(span: Span, by: &SalesBy) -> SalesFilter {
    match span {
        Span::Day => SalesFilter::daily(by.clone(), year()),
        Span::Month => SalesFilter::monthly(by.clone(), year()),
    }
}

/// The sales figures of a year.
fn sales<T: Records + ?Sized>(tx: &T, span: Span, by: &SalesBy) -> Stored<Vec<SalesFigure>> {
    let filter = filter(span, by);
    pages(1_000, |page| tx.sales_figures(&filter, page), SalesFigure::key).collect()
}

/// The figures of the forecast of a year, after those without a day.
fn forecasts<T: Records + ?Sized>(tx: &T, span: Span) -> Stored<Vec<ForecastFigure>> {
    let listed = |days| {
        let filter = ForecastFilter { span, days };
        pages(1_000, move |page| tx.forecast_figures(&filter, page), ForecastFigure::key)
    };
    listed(None).chain(listed(Some(year()))).collect()
}

/// An order of two lamps and a chair, confirmed so many days after 2 March.
fn confirmed(n: u32, days: u32) -> Order {
    let price = |cents: i64| valid(UnitPrice::from_millionths(cents * 10_000, Currency::EUR));
    let line = |number, product: u32, quantity: &str, cents| {
        valid(OrderLine::new(number, id(product), text(quantity), price(cents), Percent::ZERO))
    };
    let draft = Draft {
        rep: [None, Some(id(1)), Some(id(2))][usize::try_from(n % 3).unwrap_or(0)],
        ..Draft::new(
            id(n),
            text(&format!("SO-{n:06}")),
            id(1 + n % 3),
            Currency::EUR,
            vec![
                line(1, 1, "2", 4_990).taxed(n.is_multiple_of(2).then(|| valid(Tax::new(text("VAT"), text("19"))))),
                line(2, 2, "1.5", 3_333),
                line(3, 1, "1", 100),
            ],
        )
    };
    let mut order = valid(Order::draft(at(n), draft));
    valid(order.confirm(at(n), day(days)));
    order
}

/// The same, paid, and refunded in part and then in full some days later.
fn refunds(mut order: Order, parts: &[(u32, i64)]) -> Order {
    let money = |cents| Money::from_minor(cents, Currency::EUR);
    valid(order.pay(at(900), NewPayment::of(order.total()).day(day(1))));
    for (days, cents) in parts {
        valid(order.refund(at(901), NewPayment::of(money(*cents)).day(day(*days))));
    }
    order
}

/// What a binding order counts for, by another way than the library's where money alone went back: its net less the share of it that did, half up.
pub(super) fn worth(order: &Order) -> i64 {
    if by_line(order) {
        return order.revenue().iter().map(|entry| entry.amount.minor()).sum();
    }
    let wide = |money: Money| i128::from(money.minor());
    let refunded: i128 = order.standing_refunds().iter().map(|entry| wide(entry.amount)).sum();
    let (net, total) = (wide(order.net()), wide(order.total()));
    let back = if refunded == 0 { 0 } else { (2 * refunded * net + total) / (2 * total) };
    valid(i64::try_from(net - back))
}

/// Whether money went back for lines of an order.
pub(super) fn by_line(order: &Order) -> bool {
    order.payments().iter().any(|entry| !entry.lines.is_empty())
}

/// Writes a record over what is stored.
fn overwrite<T: Records + ?Sized>(tx: &mut T, record: impl Into<Any>) -> Stored<()> {
    let record = record.into();
    let stored = super::get(tx, record.id())?;
    let revision = stored.map_or(record.revision(), |stored| stored.revision());
    record.at_revision(revision).update(tx).map(drop)
}

/// Brings a store to all that can happen to its orders, and checks after each step.
fn through_all_that_happens<S: Store>(store: &S, clause: &str, check: impl Fn(&str)) {
    let step = |what: &str, f: &mut dyn FnMut(&mut S::Tx<'_>) -> Stored<()>| {
        let name = format!("{clause}: {what}");
        write(store, &name, |tx| f(tx));
        check(&name);
    };
    let made = crowd(40);
    step("inserts", &mut |tx| insert_all(tx, &made));
    let mut maker = Maker::sound(5_000);
    let families = [Family::Order, Family::Opportunity, Family::Ticket];
    let changed: Vec<Any> = families
        .iter()
        .flat_map(|family| (0..40).map(|n| (*family, n)))
        .map(|(family, n)| maker.record(family, 11 + n))
        .collect();
    step("updates of everything", &mut |tx| changed.iter().try_for_each(|one| overwrite(tx, one.clone())));
    let orders: Vec<Order> = (0..12).map(|n| confirmed(700 + n, 11 * n)).collect();
    let draft = |order: &Order| {
        Order::draft(
            at(1),
            Draft {
                rep: order.rep(),
                terms: order.terms(),
                ..Draft::new(
                    order.id,
                    order.number().clone(),
                    order.customer(),
                    order.currency(),
                    order.lines().to_vec(),
                )
            },
        )
    };
    step("drafts", &mut |tx| orders.iter().try_for_each(|one| tx.insert_order(&valid(draft(one)))));
    step("confirmations", &mut |tx| orders.iter().try_for_each(|one| overwrite(tx, one.clone())));
    let refunded = refunds(orders[3].clone(), &[(60, 1), (61, 4_444)]);
    step("refunds in part", &mut |tx| overwrite(tx, refunded.clone()));
    let in_full = refunds(orders[4].clone(), &[(60, 1_001), (90, orders[4].total().minor() - 1_001)]);
    step("a refund in full", &mut |tx| overwrite(tx, in_full.clone()));
    let mut cancelled = orders[11].clone();
    valid(cancelled.cancel(at(950), day(140), None));
    step("a cancellation of the newest order", &mut |tx| overwrite(tx, cancelled.clone()));
    let mut reassigned = orders[1].clone();
    valid(reassigned.reassign(at(951), Some(id(3))));
    step("a reassignment", &mut |tx| overwrite(tx, reassigned.clone()));
    let mut orphan = reassigned.clone();
    valid(orphan.reassign(at(952), None));
    step("an order that nobody has", &mut |tx| overwrite(tx, orphan.clone()));
    step("deletions", &mut |tx| {
        (0..40).step_by(3).try_for_each(|n| families.iter().try_for_each(|family| delete(tx, family.id(11 + n))))?;
        delete(tx, orders[0].id.into())
    });
}

/// C55: figures move with the records: a closure reads what it wrote, and what was refused or rolled back left them as they were.
pub fn c55_figures_move_with_the_records<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C55");
    let (first, second) = (confirmed(701, 1), confirmed(703, 40));
    let total = |tx: &S::Tx<'_>| -> Stored<i64> {
        Ok(sales(tx, Span::Month, &SalesBy::Total)?.iter().map(|one| one.revenue.minor()).sum())
    };
    let worth = first.total().minor();
    write(&store, "C55", |tx| {
        tx.insert_order(&first)?;
        assert_eq!(total(tx)?, worth, "C55: a closure reads the figures of what it wrote");
        Ok(())
    });
    let before = look(&store, "C55");
    let rolled_back = store.write(|tx| {
        tx.insert_order(&second)?;
        overwrite(tx, refunds(first.clone(), &[(2, 100)]))?;
        assert_eq!(total(tx)?, 2 * worth - 100, "C55: before the rollback");
        Err::<(), _>(own_error())
    });
    assert!(rolled_back.is_err(), "C55: the closure's error");
    look(&store, "C55").must_equal(&before, "C55: after a rollback");
    // Refused: the id is taken, the revision is stale, the record is not there.
    let taken = StoreErrorKind::Duplicate { record: "order", field: "id" };
    refusal(&store, &taken, "C55: a duplicate", |tx| tx.insert_order(&first));
    let stale = Any::from(refunds(first.clone(), &[(2, 100)])).at_revision(first.revision.next());
    let conflict = StoreErrorKind::Conflict { record: "order" };
    refusal(&store, &conflict, "C55: a stale update", |tx| stale.update(tx));
    let missing = StoreErrorKind::NotFound { record: "order" };
    refusal(&store, &missing, "C55: a deletion of nothing", |tx| tx.delete_order(second.id));
    write(&store, "C55", |tx| {
        tx.delete_order(first.id)?;
        assert_eq!(total(tx)?, 0, "C55: what was deleted counts no more");
        assert_eq!(sales(tx, Span::Day, &SalesBy::Reps)?, [], "C55: a figure that nothing adds to is not listed");
        Ok(())
    });
}

/// Checks that pages of a list put together are the whole of it.
fn paged<K, F: Clone + PartialEq + std::fmt::Debug>(
    name: &str,
    fetch: impl Fn(Page<K>) -> Stored<Vec<F>>,
    key: impl Fn(&F) -> K,
) -> Stored<Vec<F>> {
    let whole = fetch(Page::first(1_000))?;
    for limit in [1, 2, 7] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = fetch(Page { after, limit })?;
            let Some(last) = page.last() else { break };
            after = Some(key(last));
            seen.extend(page);
            assert!(seen.len() <= whole.len(), "{name}: pages of {limit} repeat something");
        }
        assert_eq!(seen, whole, "{name}: pages of {limit}");
    }
    assert_eq!(fetch(Page::first(0))?, [], "{name}: a limit of zero");
    Ok(whole)
}

/// C56: figures come by key and page: pages put together are the whole list, and one key gives what the list of all has for it.
pub fn c56_figures_come_by_key_and_page<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C56");
    let (made, orders): (_, Vec<Order>) = (crowd(10), (0..12).map(|n| confirmed(700 + n, 9 * n)).collect());
    write(&store, "C56", |tx| {
        insert_all(tx, &made)?;
        orders.iter().try_for_each(|one| tx.insert_order(one))
    });
    read(&store, "C56", |tx| {
        for span in [Span::Day, Span::Month] {
            for by in EACH {
                let asked = filter(span, by);
                let whole = paged(&format!("C56: {asked:?}"), |page| tx.sales_figures(&asked, page), SalesFigure::key)?;
                assert!(whole.len() > 2, "C56: the suite's own orders must fill {asked:?}");
                assert!(whole.is_sorted_by_key(SalesFigure::key), "C56: {asked:?} is not in the order of its keys");
                let mut keys: Vec<SalesOf> = whole.iter().map(|one| one.of.clone()).collect();
                keys.extend([SalesOf::Rep(Some(id(9))), SalesOf::Product(id(9)), SalesOf::Customer(id(9))]);
                keys.push(SalesOf::Region(Some(text("Nowhere"))));
                for key in keys {
                    let one = filter(span, &SalesBy::One(key.clone()));
                    let found = paged(&format!("C56: {one:?}"), |page| tx.sales_figures(&one, page), SalesFigure::key)?;
                    let own: Vec<_> = whole.iter().filter(|figure| figure.of == key).cloned().collect();
                    if by.includes(&key) {
                        assert_eq!(found, own, "C56: {one:?} beside {by:?}");
                    }
                    for after in whole.iter().step_by(5).map(SalesFigure::key) {
                        let own: Vec<_> = found.iter().filter(|figure| figure.key() > after).cloned().collect();
                        let later = tx.sales_figures(&one, Page::after(after.clone(), 1_000))?;
                        assert_eq!(later, own, "C56: {one:?} after {after:?}");
                    }
                    let in_yen = tx.sales_figures(&one.clone().currency(Currency::JPY), Page::first(1_000))?;
                    let own: Vec<_> =
                        found.into_iter().filter(|figure| figure.revenue.currency() == Currency::JPY).collect();
                    assert_eq!(in_yen, own, "C56: {one:?} in yen");
                }
            }
        }
        let all = CustomerFigureFilter::default();
        paged("C56: customers", |page| tx.customer_figures(&all, page), CustomerFigure::key)?;
        paged("C56: pipelines", |page| tx.pipeline_figures(None, page), PipelineFigure::key)?;
        for (span, days) in [(Span::Day, Some(year())), (Span::Month, Some(year())), (Span::Month, None)] {
            let filter = ForecastFilter { span, days };
            let name = format!("C56: {filter:?}");
            let whole = paged(&name, |page| tx.forecast_figures(&filter, page), ForecastFigure::key)?;
            assert!(whole.len() > 2, "{name}: the suite's own opportunities must fill it");
            assert!(whole.is_sorted_by_key(ForecastFigure::key), "{name}: not in the order of its keys");
        }
        paged("C56: tickets", |page| tx.ticket_figures(page), TicketFigure::key)?;
        Ok(())
    });
}

/// An order of so much, on a day, that two of them do not fit 64 bits.
fn huge(n: u32, days: u32) -> Order {
    let price = valid(UnitPrice::from_millionths(i64::MAX, Currency::EUR));
    let line = valid(OrderLine::new(1, id(1), text("6000"), price, Percent::ZERO));
    let mut parts = OrderParts::from(confirmed(n, days));
    (parts.net, parts.total, parts.lines) = (line.amount(), line.amount(), vec![line]);
    valid(Order::try_from(parts))
}

/// C57: a write after which a sum would not fit 64 bits is refused and changes nothing.
pub fn c57_what_the_figures_cannot_hold_is_refused<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C57");
    // Each is another customer's and another rep's, so it is the sums over all of them and over the product that do not fit.
    let (first, second) = (huge(700, 5), huge(701, 5));
    write(&store, "C57", |tx| tx.insert_order(&first));
    let kind = StoreErrorKind::FigureOverflow { figures: "sales" };
    refusal(&store, &kind, "C57: an insert", |tx| tx.insert_order(&second));
    write(&store, "C57: a small one", |tx| tx.insert_order(&confirmed(701, 5)));
    refusal(&store, &kind, "C57: an update", |tx| tx.update_order(&second));
    // What is cancelled in April makes room there, until it is deleted.
    let mut cancelled = first.clone();
    valid(cancelled.cancel(at(900), day(40), None));
    write(&store, "C57: where there is room", |tx| {
        overwrite(tx, cancelled.clone())?;
        overwrite(tx, huge(701, 40))?;
        tx.insert_order(&huge(702, 40))
    });
    refusal(&store, &kind, "C57: a deletion", |tx| tx.delete_order(first.id));

    let units = |n: u32| {
        let line = |number| {
            let price = valid(UnitPrice::from_millionths(0, Currency::EUR));
            valid(OrderLine::new(number, id(2), text("5000000000000"), price, Percent::ZERO))
        };
        let mut parts = OrderParts::from(confirmed(n, 5));
        parts.lines = vec![line(1), line(2)];
        (parts.net, parts.total) = (Money::zero(Currency::EUR), Money::zero(Currency::EUR));
        parts
    };
    refusal(&store, &kind, "C57: units", |tx| tx.insert_order(&valid(Order::try_from(units(710)))));
    let draft = OrderParts { state: OrderState::Draft, ..units(711) };
    write(&store, "C57: a draft counts for nothing", |tx| tx.insert_order(&valid(Order::try_from(draft))));

    let mut maker = Maker::sound(5_700);
    let deal = loop {
        if let Any::Opportunity(one) = maker.record(Family::Opportunity, 50)
            && one.state().status() == OpportunityStatus::Open
            && one.value().is_some()
        {
            break one;
        }
    };
    let worth = |n: u32| {
        let value = Some(Money::from_minor(i64::MAX / 2 + 1, Currency::EUR));
        let parts = OpportunityParts { id: id(n), external_id: None, value, ..(*deal).clone().into() };
        valid(Opportunity::try_from(OpportunityParts { lines: Vec::new(), recurring: None, ..parts }))
    };
    write(&store, "C57", |tx| tx.insert_opportunity(&worth(51)));
    let kind = StoreErrorKind::FigureOverflow { figures: "pipeline" };
    refusal(&store, &kind, "C57: the values of a stage", |tx| tx.insert_opportunity(&worth(52)));
    refused(store.write(|tx| tx.insert_opportunity(&worth(53))), &kind, "C57: in a transaction of its own");

    // Of two pipelines, so that the values of the stages fit.
    let expected = |n: u32, pipeline: &str, rep: u32, days: u32| {
        let (expected_close, pushes) = (Some(day(days)), Vec::new());
        let (rep, pipeline) = (Some(id(rep)), text(pipeline));
        let parts = OpportunityParts { rep, pipeline, expected_close, pushes, ..worth(n).into() };
        valid(Opportunity::try_from(parts))
    };
    let kind = StoreErrorKind::FigureOverflow { figures: "forecast" };
    write(&store, "C57: two pipelines", |tx| {
        tx.delete_opportunity(id(51))?;
        tx.insert_opportunity(&expected(54, "one", 1, 5))?;
        tx.insert_opportunity(&expected(55, "two", 2, 5))
    });
    refusal(&store, &kind, "C57: the forecast of a day", |tx| tx.insert_opportunity(&expected(56, "three", 1, 5)));
    refusal(&store, &kind, "C57: the forecast of a month", |tx| tx.insert_opportunity(&expected(56, "three", 1, 6)));
    refusal(&store, &kind, "C57: a reassignment", |tx| tx.update_opportunity(&expected(55, "two", 1, 5)));
    write(&store, "C57: another month", |tx| overwrite(tx, expected(55, "two", 1, 40)));
}

/// C58: after any of this verification finds nothing, and rebuilding changes nothing.
pub fn c58_verification_finds_nothing_and_rebuilding_changes_nothing<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C58");
    through_all_that_happens(&store, "C58", |name| {
        assert_eq!(read(&store, name, |tx| tx.verify_figures(9)), [], "{name}: verification");
    });
    let before = look(&store, "C58");
    write(&store, "C58", |tx| tx.rebuild_figures());
    look(&store, "C58").must_equal(&before, "C58: rebuilding");
    assert_eq!(read(&store, "C58", |tx| tx.verify_figures(9)), [], "C58: verification after rebuilding");
}

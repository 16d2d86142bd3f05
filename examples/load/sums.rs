//! The two questions that read everything: from the figures that the store keeps, and from all orders, as if it kept none.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use crm::{
    Currency, CustomerId, Decimal, Error, Money, OrderId, Period, PlanScope, RevenueKind, SalesBy, SalesFigure,
    SalesOf, SalesRepId, Span,
    analytics::attainment,
    sqlite::SqliteTx,
    store::{CustomerFigureFilter, Figures, Orders, SalePlanFilter, SalePlans, SalesFilter, StoreError, pages},
};

/// Records of a page where all are read.
const WALK: u16 = 5_000;

/// A rep and the first day of a month.
type RepMonth = (SalesRepId, NaiveDate);

/// What each rep is to sell in each month.
pub(crate) type Targets = HashMap<RepMonth, Money>;

/// The monthly figures of each rep.
pub(crate) fn figures(
    tx: &SqliteTx<'_>,
    period: Period,
    currency: Currency,
) -> impl Iterator<Item = Result<SalesFigure, StoreError>> {
    let filter = SalesFilter::monthly(SalesBy::Reps, period).currency(currency);
    pages(WALK, move |page| tx.sales_figures(&filter, page), SalesFigure::key)
}

/// Revenue of each rep in each month, from the revenue entries of all orders.
pub(crate) fn revenue_of_orders(
    tx: &SqliteTx<'_>,
    period: Period,
    currency: Currency,
) -> Result<BTreeMap<RepMonth, Money>, Error> {
    let mut revenue = BTreeMap::new();
    for entry in pages(WALK, |page| tx.revenue(period, page), |entry| entry.key()) {
        let entry = entry?;
        if let Some(rep) = entry.rep {
            let sum = revenue.entry((rep, Span::Month.first(entry.revenue.day))).or_insert(Money::zero(currency));
            *sum = sum.checked_add(entry.revenue.amount)?;
        }
    }
    Ok(revenue)
}

/// The targets that stand in the plans.
pub(crate) fn targets(tx: &SqliteTx<'_>) -> Result<Targets, StoreError> {
    let all = SalePlanFilter::default();
    let mut targets = Targets::new();
    for plan in pages(WALK, |page| tx.sale_plans(&all, page), |plan| plan.id) {
        let plan = plan?;
        if let PlanScope::SalesRep(rep) = plan.scope() {
            targets.insert((*rep, plan.period().from()), plan.target());
        }
    }
    Ok(targets)
}

/// What each rep has reached of the target in each month in which anything was sold.
pub(crate) fn attained(
    figures: impl Iterator<Item = Result<SalesFigure, StoreError>>,
    targets: &Targets,
) -> Result<Vec<(RepMonth, Decimal)>, Error> {
    let mut attained = Vec::with_capacity(targets.len());
    for figure in figures {
        let figure = figure?;
        if let SalesOf::Rep(Some(rep)) = figure.of
            && let Some(target) = targets.get(&(rep, figure.day))
            && let Some(share) = attainment(figure.revenue, *target)?
        {
            attained.push(((rep, figure.day), share));
        }
    }
    Ok(attained)
}

/// What a customer's orders come to, of those that count: neither cancelled nor refunded in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rfm {
    pub(crate) last_day: NaiveDate,
    pub(crate) orders: u64,
    pub(crate) revenue: Money,
}

/// From the figures of the customers.
pub(crate) fn rfm(tx: &SqliteTx<'_>, currency: Currency) -> Result<Vec<(CustomerId, Rfm)>, StoreError> {
    let filter = CustomerFigureFilter { currency: Some(currency), ..CustomerFigureFilter::default() };
    pages(WALK, |page| tx.customer_figures(&filter, page), |figure| figure.key())
        .map(|figure| {
            let figure = figure?;
            let rfm = Rfm { last_day: figure.last_day, orders: figure.orders, revenue: figure.revenue };
            Ok((figure.customer, rfm))
        })
        .collect()
}

/// An order, as far as its revenue entries were read.
struct Bought {
    customer: CustomerId,
    day: NaiveDate,
    booked: Money,
    worth: Money,
    cancelled: bool,
}

/// From the revenue entries of all orders. What an order counts for is known only when the last of its entries was read, which may lie behind any period; so it holds a few bytes for each order.
pub(crate) fn rfm_of_orders(tx: &SqliteTx<'_>, currency: Currency) -> Result<Vec<(CustomerId, Rfm)>, Error> {
    let ever = Period::new(NaiveDate::MIN, NaiveDate::MAX)?;
    let mut bought: HashMap<OrderId, Bought> = HashMap::new();
    for entry in pages(WALK, |page| tx.revenue(ever, page), |entry| entry.key()) {
        let (entry, zero) = (entry?, Money::zero(currency));
        let revenue = entry.revenue;
        let order = bought.entry(entry.order).or_insert(Bought {
            customer: entry.customer,
            day: revenue.day,
            booked: zero,
            worth: zero,
            cancelled: false,
        });
        order.worth = order.worth.checked_add(revenue.amount)?;
        match revenue.kind {
            RevenueKind::Booked => (order.day, order.booked) = (revenue.day, revenue.amount),
            RevenueKind::Refunded | RevenueKind::RefundUndone => {}
            RevenueKind::Cancelled => order.cancelled = true,
        }
    }
    let mut customers: BTreeMap<CustomerId, Rfm> = BTreeMap::new();
    let counts = |order: &Bought| !order.cancelled && (order.worth.is_positive() || order.booked.is_zero());
    for order in bought.into_values().filter(counts) {
        let new = Rfm { last_day: order.day, orders: 0, revenue: Money::zero(currency) };
        let rfm = customers.entry(order.customer).or_insert(new);
        rfm.last_day = rfm.last_day.max(order.day);
        rfm.orders += 1;
        rfm.revenue = rfm.revenue.checked_add(order.worth)?;
    }
    Ok(customers.into_iter().collect())
}

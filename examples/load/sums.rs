//! The two questions that read everything: from the figures that the store keeps, and from all orders where no figure is kept for them.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use crm::{
    CustomerId, Decimal, Error, Money, PlanScope, SalesBy, SalesOf, SalesRepId,
    analytics::attainment,
    sqlite::SqliteTx,
    store::{CustomerFigureFilter, Figures, Orders, SalePlanFilter, SalePlans, SalesFilter, pages},
};

use super::questions::Subjects;

/// Records of a page where all are read.
const WALK: u16 = 5_000;

/// Revenue of each rep in each month.
pub(crate) type Revenue = BTreeMap<(SalesRepId, NaiveDate), Money>;

/// From the monthly figures.
pub(crate) fn revenue(tx: &SqliteTx<'_>, subjects: &Subjects) -> Result<Revenue, Error> {
    let filter = SalesFilter::monthly(SalesBy::Reps, subjects.period).currency(subjects.currency);
    let mut revenue = Revenue::new();
    for figure in pages(WALK, |page| tx.sales_figures(&filter, page), |figure| figure.key()) {
        let figure = figure?;
        if let SalesOf::Rep(Some(rep)) = figure.of {
            revenue.insert((rep, figure.day), figure.revenue);
        }
    }
    Ok(revenue)
}

/// From the revenue entries of all orders.
pub(crate) fn revenue_of_orders(tx: &SqliteTx<'_>, subjects: &Subjects) -> Result<Revenue, Error> {
    let mut revenue = Revenue::new();
    for entry in pages(WALK, |page| tx.revenue(subjects.period, page), |entry| entry.key()) {
        let entry = entry?;
        if let (Some(rep), Some(month)) = (entry.rep, entry.revenue.day.with_day(1)) {
            let sum = revenue.entry((rep, month)).or_insert(Money::zero(subjects.currency));
            *sum = sum.checked_add(entry.revenue.amount)?;
        }
    }
    Ok(revenue)
}

/// What of the plan of each rep and month is reached.
pub(crate) fn attained(tx: &SqliteTx<'_>, revenue: &Revenue) -> Result<Vec<Option<Decimal>>, Error> {
    let all = SalePlanFilter::default();
    let mut attained = Vec::with_capacity(revenue.len());
    for plan in pages(WALK, |page| tx.sale_plans(&all, page), |plan| plan.id) {
        let plan = plan?;
        if let PlanScope::SalesRep(rep) = plan.scope() {
            let sold = revenue.get(&(*rep, plan.period().from()));
            attained.push(sold.map(|sold| attainment(*sold, plan.target())).transpose()?.flatten());
        }
    }
    Ok(attained)
}

/// Last day, number of orders and revenue of a customer.
pub(crate) type Rfm = (CustomerId, NaiveDate, u64, Money);

/// From the figures of the customers.
pub(crate) fn rfm(tx: &SqliteTx<'_>, subjects: &Subjects) -> Result<Vec<Rfm>, Error> {
    let filter = CustomerFigureFilter { currency: Some(subjects.currency), ..CustomerFigureFilter::default() };
    pages(WALK, |page| tx.customer_figures(&filter, page), |figure| figure.key())
        .map(|figure| {
            let figure = figure?;
            Ok((figure.customer, figure.last_day, figure.orders, figure.revenue))
        })
        .collect()
}

/// From the revenue entries of all orders; an order that was cancelled, or refunded in full, counts here and not there.
pub(crate) fn rfm_of_orders(tx: &SqliteTx<'_>, subjects: &Subjects) -> Result<Vec<Rfm>, Error> {
    let mut customers: BTreeMap<CustomerId, (NaiveDate, u64, Money)> = BTreeMap::new();
    for entry in pages(WALK, |page| tx.revenue(subjects.period, page), |entry| entry.key()) {
        let entry = entry?;
        let begin = (entry.revenue.day, 0, Money::zero(subjects.currency));
        let (last, orders, sum) = customers.entry(entry.customer).or_insert(begin);
        if entry.number == 0 {
            (*last, *orders) = ((*last).max(entry.revenue.day), *orders + 1);
        }
        *sum = sum.checked_add(entry.revenue.amount)?;
    }
    Ok(customers.into_iter().map(|(customer, (last, orders, sum))| (customer, last, orders, sum)).collect())
}

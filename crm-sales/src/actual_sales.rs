//! What was sold: by a rep, a team, a region, or of a product.

use std::collections::BTreeSet;

use chrono::{Months, NaiveDate};
use crm_core::{
    CreditAt, Currency, Invalid, Money, Order, OrderId, PaymentEntry, Period, PlanScope, ProductId, SalesBy,
    SalesFigure, SalesOf, SalesRep, SalesRepId, Span,
    store::{Figures, Orders, SalesFilter, SalesRepFilter, SalesReps, pages},
};
use serde::{Deserialize, Serialize};

use crate::{error::SalesError, record};

/// How many entries, figures or reps are held in memory at a time.
const PAGE: u16 = 500;

/// What was sold in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActualSales {
    /// Bookings or payments less what was taken back; below zero where more was taken back than sold.
    pub amount: Money,
    /// How many entries are in the amount.
    pub entries: u64,
    /// How many entries are left out because they are in another currency.
    pub in_other_currencies: u64,
    /// How many entries of the period in this currency belong to an order without a rep: for a rep, a team or a region
    /// they are left out, whosever they should be. None for a product, which has them in the amount.
    pub without_rep: u64,
}

impl ActualSales {
    fn none(currency: Currency) -> Self {
        Self { amount: Money::zero(currency), entries: 0, in_other_currencies: 0, without_rep: 0 }
    }

    /// Counts the entries of a figure of the scope.
    fn add(&mut self, figure: &SalesFigure) -> Result<(), SalesError> {
        if figure.revenue.currency() == self.amount.currency() {
            self.amount = self.amount.checked_add(figure.revenue)?;
            self.entries += figure.entries;
        } else {
            self.in_other_currencies += figure.entries;
        }
        Ok(())
    }

    /// Counts an entry of the scope; `None` is one of others.
    fn count(&mut self, amount: Option<Money>) -> Result<(), SalesError> {
        let Some(amount) = amount else { return Ok(()) };
        if amount.currency() == self.amount.currency() {
            self.amount = self.amount.checked_add(amount)?;
            self.entries += 1;
        } else {
            self.in_other_currencies += 1;
        }
        Ok(())
    }

    /// Counts an entry of an order of `rep`, for a scope of reps.
    fn count_for(
        &mut self,
        reps: &BTreeSet<SalesRepId>,
        rep: Option<SalesRepId>,
        amount: Money,
    ) -> Result<(), SalesError> {
        if rep.is_none() && amount.currency() == self.amount.currency() {
            self.without_rep += 1;
        }
        self.count(rep.filter(|rep| reps.contains(rep)).map(|_| amount))
    }
}

/// What a rep sold in a period, in one currency: orders booked, less refunds and cancellations on their own days. It is
/// the base of attainment and of a flat commission, which `crm-analytics` computes.
///
/// # Errors
///
/// [`SalesError::NotFound`] for the rep, [`SalesError::Store`]; [`SalesError::Invalid`] where the sum does not fit 64
/// bits.
pub fn sales_of_rep(
    tx: &(impl Orders + SalesReps + Figures + ?Sized),
    rep: SalesRepId,
    period: Period,
    currency: Currency,
) -> Result<ActualSales, SalesError> {
    let rep: SalesRep = record::find(tx, rep)?;
    actual_sales(tx, &PlanScope::SalesRep(rep.id), CreditAt::Booked, period, currency)
}

/// What was sold in a scope and a period, in one currency.
///
/// - Booked: the revenue of the days of the period ([`Order::revenue`]): bookings less refunds and cancellations on
///   their own days.
/// - Paid: payments less refunds, by their days; without tax, as what is booked ([`Order::paid_by_product`]).
/// - Reps, teams and regions as they are now: a rep who moved takes their sales along, and an order that was reassigned
///   counts for its new rep in all months. Entries of orders without a rep count for nobody and are counted beside.
/// - A product counts with its share of each order. What an order is worth, or what of it is paid, is split over its
///   lines by what they come to without tax after each entry (MON-4), and an entry counts with what it changed in the
///   product's part. So a booking counts with exactly what the lines come to, a refund in part is spread to the cent, and a refund in
///   full, even in steps, leaves exactly nothing of any product (REF-2).
/// - Entries in another currency are not added but counted.
///
/// Memory is bounded by a page and by the number of reps. What was booked is answered from the figures of whole months and of the days
/// around them; what was paid takes time with the number of payments in the period, whosever they are, and reads the order of each.
///
/// # Errors
///
/// [`SalesError::Store`]; [`SalesError::Invalid`] where the sum does not fit 64 bits.
pub fn actual_sales(
    tx: &(impl Orders + SalesReps + Figures + ?Sized),
    scope: &PlanScope,
    credit: CreditAt,
    period: Period,
    currency: Currency,
) -> Result<ActualSales, SalesError> {
    let whose = Whose::of(tx, scope)?;
    match credit {
        CreditAt::Booked => booked(tx, &whose, period, currency),
        CreditAt::Paid => paid(tx, &whose, period, currency),
    }
}

/// Reads the figures of the days, and for whole months those of the months.
fn booked(
    tx: &(impl Figures + ?Sized),
    whose: &Whose,
    period: Period,
    currency: Currency,
) -> Result<ActualSales, SalesError> {
    let mut sales = ActualSales::none(currency);
    let figures = |by: &SalesBy, count: &mut dyn FnMut(SalesFigure) -> Result<(), SalesError>| {
        for (span, days) in spans(period) {
            let filter = SalesFilter { span, by: by.clone(), days, currency: None };
            for figure in pages(PAGE, |page| tx.sales_figures(&filter, page), SalesFigure::key) {
                count(figure?)?;
            }
        }
        Ok::<_, SalesError>(())
    };
    match whose {
        Whose::Product(product) => {
            figures(&SalesBy::One(SalesOf::Product(*product)), &mut |figure| sales.add(&figure))?;
        }
        Whose::Reps(reps) => {
            let mut count = |figure: SalesFigure| match figure.of {
                SalesOf::Rep(Some(rep)) if reps.contains(&rep) => sales.add(&figure),
                SalesOf::Rep(None) if figure.revenue.currency() == currency => {
                    sales.without_rep += figure.entries;
                    Ok(())
                }
                _ => Ok(()),
            };
            let one = |rep| SalesBy::One(SalesOf::Rep(rep));
            match reps.first() {
                // One is looked up, many are read together with all others.
                Some(rep) if reps.len() == 1 => {
                    figures(&one(Some(*rep)), &mut count)?;
                    figures(&one(None), &mut count)?;
                }
                Some(_) => figures(&SalesBy::Reps, &mut count)?,
                None => figures(&one(None), &mut count)?,
            }
        }
    }
    Ok(sales)
}

/// The whole months of a period, and the days before and after them.
pub(crate) fn spans(period: Period) -> Vec<(Span, Period)> {
    let (from, until) = (period.from(), period.until());
    let next = |day: NaiveDate| Span::Month.first(day).checked_add_months(Months::new(1));
    // The first month that begins in the period, and the last one that does not end in it.
    let first = if Span::Month.first(from) == from { Some(from) } else { next(from) };
    let end = Span::Month.first(until);
    let months = first.and_then(|first| Period::new(first, end).ok());
    let Some(months) = months else { return vec![(Span::Day, period)] };
    let parts = [
        (Span::Day, Period::new(from, months.from())),
        (Span::Month, Ok(months)),
        (Span::Day, Period::new(months.until(), until)),
    ];
    parts.into_iter().filter_map(|(span, days)| Some((span, days.ok()?))).collect()
}

fn paid(
    tx: &(impl Orders + ?Sized),
    whose: &Whose,
    period: Period,
    currency: Currency,
) -> Result<ActualSales, SalesError> {
    let mut sales = ActualSales::none(currency);
    let mut orders = LastOrder::default();
    let key = |(order, entry): &(OrderId, PaymentEntry)| (entry.day, *order, entry.number);
    for entry in pages(PAGE, |page| tx.payments(period, page), key) {
        let (order, entry) = entry?;
        let (order, credits) = orders.load(tx, order, whose)?;
        // Entries are numbered from 1 without a gap.
        let credit = credits.get(entry.number as usize - 1).copied().flatten();
        match (whose, credit) {
            (Whose::Reps(reps), Some(credit)) => sales.count_for(reps, order.rep(), credit)?,
            (_, credit) => sales.count(credit)?,
        }
    }
    Ok(sales)
}

/// A scope, looked up: the reps of a team or a region are found once.
enum Whose {
    Reps(BTreeSet<SalesRepId>),
    Product(ProductId),
}

impl Whose {
    fn of(tx: &(impl SalesReps + ?Sized), scope: &PlanScope) -> Result<Self, SalesError> {
        match scope {
            PlanScope::SalesRep(rep) => Ok(Self::Reps(BTreeSet::from([*rep]))),
            PlanScope::Product(product) => Ok(Self::Product(*product)),
            PlanScope::Region(region) => {
                let filter = SalesRepFilter { region: Some(region.clone()), ..SalesRepFilter::default() };
                Ok(Self::Reps(reps(tx, &filter).collect::<Result<_, _>>()?))
            }
            PlanScope::Team(manager) => {
                let mut team = BTreeSet::from([*manager]);
                let mut managers = vec![*manager];
                while let Some(manager) = managers.pop() {
                    let filter = SalesRepFilter { manager: Some(manager), ..SalesRepFilter::default() };
                    for rep in reps(tx, &filter) {
                        let rep = rep?;
                        // Whoever is in the team already was asked for their reports: a circle ends here.
                        if team.insert(rep) {
                            managers.push(rep);
                        }
                    }
                }
                Ok(Self::Reps(team))
            }
        }
    }
}

fn reps(
    tx: &(impl SalesReps + ?Sized),
    filter: &SalesRepFilter,
) -> impl Iterator<Item = Result<SalesRepId, SalesError>> {
    pages(PAGE, |page| tx.sales_reps(filter, page), |rep: &SalesRep| rep.id).map(|rep| Ok(rep?.id))
}

/// The order of the entry before, with what each of its entries counts for in the scope, `None` where the order has no line of the product: entries come by day and
/// order, so those of one order on one day follow each other.
#[derive(Default)]
struct LastOrder(Option<(Order, Vec<Option<Money>>)>);

impl LastOrder {
    fn load(
        &mut self,
        tx: &(impl Orders + ?Sized),
        id: OrderId,
        whose: &Whose,
    ) -> Result<&(Order, Vec<Option<Money>>), SalesError> {
        let order = match self.0.take().filter(|(order, _)| order.id == id) {
            Some(order) => order,
            None => {
                let order: Order = record::find(tx, id)?;
                let credits = match whose {
                    Whose::Reps(_) => order.paid().into_iter().map(Some).collect(),
                    Whose::Product(product) => {
                        let products = order.paid_by_product().map(|entry| Ok(entry?.1.get(product).copied()));
                        products.collect::<Result<_, Invalid>>()?
                    }
                };
                (order, credits)
            }
        };
        Ok(self.0.insert(order))
    }
}

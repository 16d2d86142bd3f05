//! Figures: what is asked most, summed ahead, and what each record adds to it.
//!
//! A record says what the figures would be if there were no other; a store adds that up. So a record family brings its figures by one method.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::Units,
    id::{CustomerId, ProductId, SalesRepId},
    invalid::Invalid,
    money::{Currency, Money},
    opportunity::{Opportunity, OpportunityStatus},
    order::{EntryKind, Order, Revenue, RevenueKind},
    pipeline::ForecastCategory,
    text::Label,
    ticket::{Priority, Ticket, TicketStatus},
};

/// How long a time one sales figure sums up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// A business day.
    Day,
    /// A calendar month.
    Month,
}

impl Span {
    /// The first day of the span that a day lies in.
    ///
    /// ```
    /// use crm_core::Span;
    ///
    /// let day = "2026-03-17".parse().unwrap();
    /// assert_eq!(Span::Day.first(day), day);
    /// assert_eq!(Span::Month.first(day), "2026-03-01".parse().unwrap());
    /// ```
    #[must_use]
    pub fn first(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            // Every month has a first day.
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

/// Whose sales a figure sums up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesOf {
    /// All of them.
    Total,
    /// Those of a rep, or those of nobody.
    Rep(Option<SalesRepId>),
    /// Those of a product.
    Product(ProductId),
    /// Those to a customer.
    Customer(CustomerId),
    /// Those of the reps who are in a region now, as in [`PlanScope::Region`](crate::PlanScope::Region), wherever the customers are; `None` for the reps without one, with the sales
    /// of nobody.
    Region(Option<Label>),
}

/// Which sales figures are asked for: those of each, or of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SalesBy {
    /// All sales together.
    Total,
    /// Each rep, and nobody.
    Reps,
    /// Each product.
    Products,
    /// Each customer.
    Customers,
    /// Each region.
    Regions,
    /// One of them.
    One(SalesOf),
}

impl SalesBy {
    /// Whether a figure of these sales is one that is asked for.
    pub fn includes(&self, of: &SalesOf) -> bool {
        match (self, of) {
            (Self::Total, SalesOf::Total)
            | (Self::Reps, SalesOf::Rep(_))
            | (Self::Products, SalesOf::Product(_))
            | (Self::Customers, SalesOf::Customer(_))
            | (Self::Regions, SalesOf::Region(_)) => true,
            (Self::One(one), of) => one == of,
            _ => false,
        }
    }
}

/// Where a sales figure stands among those of its kind: by the first day of its span, the currency, and whose it is.
pub type SalesKey = (NaiveDate, Currency, SalesOf);

/// What was sold in a day or a month, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SalesFigure {
    /// The day, or the first day of the month.
    pub day: NaiveDate,
    /// Whose sales.
    pub of: SalesOf,
    /// The revenue ([`Order::revenue`]), net of discount and without tax: booked less refunded and cancelled, each on its own day. Below zero where more was taken back than sold.
    pub revenue: Money,
    /// How many entries of revenue are in it.
    pub entries: u64,
    /// The orders that were confirmed, less the confirmed ones that were cancelled, each on its own day: below zero where a month has more cancellations. A refund leaves it,
    /// also one in full; [`CustomerFigure::orders`] does not count such an order.
    pub orders: i64,
    /// What the lines of these orders hold, in the same way. Neither a refund nor a shipment that comes back changes it.
    pub units: Units,
}

impl SalesFigure {
    /// Where it stands in a list.
    pub fn key(&self) -> SalesKey {
        (self.day, self.revenue.currency(), self.of.clone())
    }

    /// Adds the sums of another one in the same currency; the day and whose it is stay.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`](crate::Rule::CurrencyMismatch), [`Rule::Overflow`](crate::Rule::Overflow); then nothing is added.
    pub fn add(&mut self, other: &Self) -> Result<(), Invalid> {
        let (revenue, units) = (self.revenue.checked_add(other.revenue)?, self.units.checked_add(other.units)?);
        (self.revenue, self.units) = (revenue, units);
        // Nobody has 2^63 orders.
        self.entries += other.entries;
        self.orders += other.orders;
        Ok(())
    }
}

/// What a customer bought so far, in one currency: the ground of recency, frequency and monetary value (RFM-1). An order counts from its confirmation, paid or not; a customer
/// who bought in two currencies has two figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerFigure {
    /// The customer.
    pub customer: CustomerId,
    /// What the orders that count are worth, less refunds.
    pub revenue: Money,
    /// How many orders count: those that are confirmed or locked, and not refunded in full (RFM-2).
    pub orders: u64,
    /// The first business day on which one of them was confirmed.
    pub first_day: NaiveDate,
    /// The last one.
    pub last_day: NaiveDate,
}

impl CustomerFigure {
    /// Where it stands in a list.
    pub const fn key(&self) -> (CustomerId, Currency) {
        (self.customer, self.revenue.currency())
    }
}

/// Some opportunities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deals {
    /// How many.
    pub count: u64,
    /// The sum of their values; `None` for those without a value.
    pub value: Option<Money>,
}

/// What stands in a stage of a pipeline, or was lost in it, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineFigure {
    /// The name of the pipeline.
    pub pipeline: Label,
    /// The key of the stage.
    pub stage: Label,
    /// The currency of the values; `None` for the opportunities without a value.
    pub currency: Option<Currency>,
    /// Those that are open.
    pub open: Deals,
    /// The values of the open ones, each times its probability and rounded half to even to the minor unit of the currency, and then summed (FC-1).
    pub weighted: Option<Money>,
    /// Those that were won, at any time.
    pub won: Deals,
    /// Those that were lost, at any time.
    pub lost: Deals,
}

/// Where the figures of a stage stand in a list: by pipeline, stage and currency, those without a value first.
pub type PipelineKey = (Label, Label, Option<Currency>);

impl PipelineFigure {
    /// Where it stands in a list.
    pub fn key(&self) -> PipelineKey {
        (self.pipeline.clone(), self.stage.clone(), self.currency)
    }
}

/// What a forecast counts of the deals of one rep in one category and one currency, in a day or a month (FC-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastFigure {
    /// The day on which they are expected to close, or closed, or the first day of that month; `None` for the open ones of which no day is expected.
    pub day: Option<NaiveDate>,
    /// Whose they are; `None` for those of nobody.
    pub rep: Option<SalesRepId>,
    /// Where they stand in the forecast ([`Opportunity::forecast_category`]); the lost ones are among the omitted.
    pub category: ForecastCategory,
    /// The currency of the values; `None` for the deals without a value.
    pub currency: Option<Currency>,
    /// How many, and the sum of their values.
    pub deals: Deals,
    /// The values of the open ones, each times its probability and rounded half to even to the minor unit of the currency, and then summed (FC-1).
    pub weighted: Option<Money>,
}

/// Where a figure of the forecast stands in a list: those without a day, of nobody and without a value first.
pub type ForecastKey = (Option<NaiveDate>, Option<SalesRepId>, ForecastCategory, Option<Currency>);

impl ForecastFigure {
    /// Where it stands in a list.
    pub const fn key(&self) -> ForecastKey {
        (self.day, self.rep, self.category, self.currency)
    }
}

/// How many tickets stand somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketFigure {
    /// Where they stand.
    pub status: TicketStatus,
    /// How urgent they are; `None` where nobody said so.
    pub priority: Option<Priority>,
    /// How many.
    pub count: u64,
}

/// Where the number of some tickets stands in a list.
pub type TicketKey = (TicketStatus, Option<Priority>);

impl TicketFigure {
    /// Where it stands in a list.
    pub const fn key(&self) -> TicketKey {
        (self.status, self.priority)
    }
}

/// A figure that is not what the records say: what is kept, and what was counted. `None` where there is no such figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FigureMismatch {
    /// Of sales.
    Sales {
        /// By day or by month.
        span: Span,
        /// What is kept.
        kept: Option<SalesFigure>,
        /// What was counted.
        counted: Option<SalesFigure>,
    },
    /// Of a customer.
    Customer {
        /// What is kept.
        kept: Option<CustomerFigure>,
        /// What was counted.
        counted: Option<CustomerFigure>,
    },
    /// Of a pipeline.
    Pipeline {
        /// What is kept.
        kept: Option<PipelineFigure>,
        /// What was counted.
        counted: Option<PipelineFigure>,
    },
    /// Of a forecast.
    Forecast {
        /// By day or by month.
        span: Span,
        /// What is kept.
        kept: Option<ForecastFigure>,
        /// What was counted.
        counted: Option<ForecastFigure>,
    },
    /// Of tickets.
    Tickets {
        /// What is kept.
        kept: Option<TicketFigure>,
        /// What was counted.
        counted: Option<TicketFigure>,
    },
}

impl Order {
    /// What of a sum falls to each product when it is split over all lines by what they come to without tax (MON-4); by product.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`](crate::Rule::Empty) for a sum over an order that is worth nothing.
    pub fn by_product(&self, sum: Money) -> Result<BTreeMap<ProductId, Money>, Invalid> {
        let nets = if sum.is_zero() { Vec::new() } else { self.nets()? };
        self.split_by_product(sum, nets.into_iter().map(Money::minor))
    }

    /// The same, over all lines by some weights.
    fn split_by_product(
        &self,
        sum: Money,
        weights: impl Iterator<Item = i64>,
    ) -> Result<BTreeMap<ProductId, Money>, Invalid> {
        let zero = Money::zero(sum.currency());
        let parts = if sum.is_zero() {
            vec![zero; self.lines().len()]
        } else {
            // Lines are never below zero: price and quantity are not, and a discount is at most the whole.
            let weights: Vec<u64> = weights.map(|weight| u64::try_from(weight).unwrap_or(0)).collect();
            sum.allocate(&weights)?
        };
        let mut products = BTreeMap::new();
        for (part, line) in parts.into_iter().zip(self.lines()) {
            let product = products.entry(line.product()).or_insert(zero);
            *product = product.checked_add(part)?;
        }
        Ok(products)
    }

    /// The entries of [`Order::revenue`], each with what it changes in the part of each product. What the order is worth is split anew after each entry, so a
    /// booking counts with exactly the amounts of the lines, a refund of lines counts for their products, one of money alone is spread to the cent, and a refund in full, even in steps, leaves
    /// exactly nothing of any product (MON-4, REF-2). It ends after an error, [`Rule::Overflow`](crate::Rule::Overflow), which an order that was checked does not give.
    pub fn revenue_by_product(
        &self,
    ) -> impl Iterator<Item = Result<(Revenue, BTreeMap<ProductId, Money>), Invalid>> + use<'_> {
        let revenue = self.revenue();
        let mut refunds = self.refund_nets().into_iter();
        let entries = revenue.clone().into_iter().map(move |entry| match entry.kind {
            RevenueKind::Booked | RevenueKind::Cancelled => (entry.amount, Vec::new()),
            RevenueKind::Refunded | RevenueKind::RefundUndone => {
                (entry.amount, refunds.next().map(|refund| refund.lines).unwrap_or_default())
            }
        });
        revenue.into_iter().zip(self.spread(entries)).map(|(entry, products)| Ok((entry, products?)))
    }

    /// The entries of [`Order::paid`], each with what it changes in the part of each product: a payment is spread over all lines, a refund of lines counts for their own
    /// products, one of money alone is spread over what is left, and after one that is undone all that is kept is. Once all money went back nothing is left of any product (MON-4, REF-2).
    ///
    /// # Errors
    ///
    /// As [`Order::revenue_by_product`].
    pub fn paid_by_product(
        &self,
    ) -> impl Iterator<Item = Result<(Money, BTreeMap<ProductId, Money>), Invalid>> + use<'_> {
        let entries: Vec<_> = self.money_nets().into_iter().map(|entry| (entry.net, entry.lines)).collect();
        let nets: Vec<Money> = entries.iter().map(|(net, _)| *net).collect();
        nets.into_iter().zip(self.spread(entries.into_iter())).map(|(net, products)| Ok((net, products?)))
    }

    /// What each entry changes in the part of each product: their sum is split anew after each, by what the lines come to less what went back of themselves.
    fn spread(
        &self,
        entries: impl Iterator<Item = (Money, Vec<(usize, i64)>)>,
    ) -> impl Iterator<Item = Result<BTreeMap<ProductId, Money>, Invalid>> {
        let mut sum = Money::zero(self.currency());
        let mut before = BTreeMap::new();
        // What lines still come to after what was refunded of themselves: the weights that the rest is split by.
        let mut left: Option<Vec<i64>> = None;
        entries.map(move |(amount, back)| {
            sum = sum.checked_add(amount)?;
            for (place, back) in back {
                let nets = match &mut left {
                    Some(nets) => nets,
                    None => left.insert(self.nets()?.into_iter().map(Money::minor).collect()),
                };
                nets[place] -= back;
            }
            let after = match &left {
                Some(left) if left.iter().any(|net| *net > 0) => self.split_by_product(sum, left.iter().copied())?,
                _ => self.by_product(sum)?,
            };
            let mut changes = after.clone();
            for (product, before) in &before {
                if let Some(change) = changes.get_mut(product) {
                    *change = change.checked_sub(*before)?;
                }
            }
            before = after;
            Ok(changes)
        })
    }

    /// What the order adds to the sales figures by day: for each entry of its revenue a figure of all sales, of its rep, of its customer and of each of its products.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow) where the quantities of its lines do not sum.
    pub fn sales_figures(&self) -> Result<impl Iterator<Item = Result<Vec<SalesFigure>, Invalid>> + use<'_>, Invalid> {
        let (mut all, mut of_products) = (Units::ZERO, BTreeMap::<ProductId, Units>::new());
        // A draft counts for nothing, whatever it holds.
        let binding = if self.state().confirmed_on().is_some() { self.lines() } else { &[] };
        for line in binding {
            all = all.checked_add(line.quantity().into())?;
            let of_product = of_products.entry(line.product()).or_default();
            *of_product = of_product.checked_add(line.quantity().into())?;
        }
        Ok(self.revenue_by_product().map(move |entry| {
            let (Revenue { day, kind, amount }, products) = entry?;
            let orders = match kind {
                RevenueKind::Booked => 1,
                RevenueKind::Refunded | RevenueKind::RefundUndone => 0,
                RevenueKind::Cancelled => -1,
            };
            let figure = |of, revenue, units: Units| SalesFigure {
                day,
                of,
                revenue,
                entries: 1,
                orders,
                units: units.times(orders),
            };
            let mut figures = vec![
                figure(SalesOf::Total, amount, all),
                figure(SalesOf::Rep(self.rep()), amount, all),
                figure(SalesOf::Customer(self.customer()), amount, all),
            ];
            for ((product, revenue), units) in products.into_iter().zip(of_products.values()) {
                figures.push(figure(SalesOf::Product(product), revenue, *units));
            }
            Ok(figures)
        }))
    }

    /// What the order adds to the figures of its customer; nothing while it is a draft, and once it is cancelled or refunded in full.
    pub fn customer_figure(&self) -> Option<CustomerFigure> {
        self.customer_figure_after(usize::MAX)
    }

    /// What it added when its revenue ([`Order::revenue`]) had only so many entries.
    pub fn customer_figure_after(&self, entries: usize) -> Option<CustomerFigure> {
        let mut revenue = self.revenue();
        revenue.truncate(entries);
        let cancelled = revenue.iter().any(|entry| entry.kind == RevenueKind::Cancelled);
        let day = revenue.first()?.day;
        // Entries of revenue sum to at most the net, and refunds to at most the total.
        let worth = Money::from_minor(revenue.iter().map(|entry| entry.amount.minor()).sum(), self.currency());
        let refunds = self.payments().iter().filter(|entry| entry.kind != EntryKind::Payment);
        let times = revenue.iter().filter(|entry| !matches!(entry.kind, RevenueKind::Booked | RevenueKind::Cancelled));
        let refunded: i64 = refunds
            .take(times.count())
            .map(|entry| if entry.kind == EntryKind::Refund { entry.amount.minor() } else { -entry.amount.minor() })
            .sum();
        let counts = !cancelled && (refunded == 0 || refunded < self.total().minor());
        counts.then_some(CustomerFigure {
            customer: self.customer(),
            revenue: worth,
            orders: 1,
            first_day: day,
            last_day: day,
        })
    }
}

impl Opportunity {
    /// What the opportunity adds to the figures of its pipeline.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow), which a probability of at most 100 % does not give.
    pub fn pipeline_figure(&self) -> Result<PipelineFigure, Invalid> {
        let value = self.value();
        let zero = value.map(|value| Money::zero(value.currency()));
        let none = Deals { count: 0, value: zero };
        let mut figure = PipelineFigure {
            pipeline: self.pipeline().clone(),
            stage: self.stage().key.clone(),
            currency: value.map(Money::currency),
            open: none,
            weighted: zero,
            won: none,
            lost: none,
        };
        let one = Deals { count: 1, value };
        match self.state().status() {
            OpportunityStatus::Open => {
                figure.open = one;
                figure.weighted = self.weighted()?;
            }
            OpportunityStatus::Won => figure.won = one,
            OpportunityStatus::Lost => figure.lost = one,
        }
        Ok(figure)
    }

    /// What the opportunity adds to the figures of the forecast, by day.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow), which a probability of at most 100 % does not give.
    pub fn forecast_figure(&self) -> Result<ForecastFigure, Invalid> {
        let value = self.value();
        Ok(ForecastFigure {
            day: self.forecast_day(),
            rep: self.rep(),
            category: self.forecast_category(),
            currency: value.map(Money::currency),
            deals: Deals { count: 1, value },
            weighted: self.weighted()?.or(value.map(|value| Money::zero(value.currency()))),
        })
    }
}

impl Ticket {
    /// What the ticket adds to the numbers of tickets.
    pub fn ticket_figure(&self) -> TicketFigure {
        TicketFigure { status: self.state().status(), priority: self.priority(), count: 1 }
    }
}

#[cfg(test)]
mod tests;

//! The figures of a business over its records: customers by age, gender and region, quantity by order status, units by
//! product; customers, orders and revenue per unit of time.
//!
//! Each function says which records count and which day decides. All go through an iterator once and keep one total for
//! each group, so records may stream from a store; they take them owned or borrowed. Whatever is given counts: who
//! wants no archived customers leaves them out beforehand. Where reading a record may fail, the keys
//! ([`age_group`], [`gender_group`]) go with [`GroupedTotals::push`] in a loop of the caller's own.

use std::{borrow::Borrow, collections::BTreeMap, fmt};

use chrono::NaiveDate;
use crm_core::{
    Customer, CustomerKind, Gender, Invalid, Label, Order, OrderStatus, Period, ProductId, Quantity, Revenue, Rounding,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    ages::{AgeBand, AgeBands, age_on},
    groups::{GroupedTotals, MoneyTotals, Total},
    rates::{TimeUnit, amount_per, count_per},
};

/// The group of a customer by something that only a person has. Sorts as listed; displays as the value, `unknown` or
/// `organisation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonGroup<K> {
    /// A person of whom it is known.
    Known(K),
    /// A person of whom it is not known.
    Unknown,
    /// An organisation, which has none.
    Organisation,
}

impl<K: fmt::Display> fmt::Display for PersonGroup<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Unknown => f.pad("unknown"),
            Self::Organisation => f.pad("organisation"),
        }
    }
}

/// The group by age that a customer is in on a day. A birth date that is not known, or that lies after the day, is
/// [`PersonGroup::Unknown`].
#[must_use]
pub fn age_group(customer: &Customer, bands: &AgeBands, on: NaiveDate) -> PersonGroup<AgeBand> {
    match customer.kind {
        CustomerKind::Organisation { .. } => PersonGroup::Organisation,
        CustomerKind::Person { birth_date, .. } => birth_date
            .and_then(|birth| age_on(birth, on))
            .map_or(PersonGroup::Unknown, |age| PersonGroup::Known(bands.band_of(age))),
    }
}

/// The group by gender that a customer is in.
#[must_use]
pub fn gender_group(customer: &Customer) -> PersonGroup<Gender> {
    match customer.kind {
        CustomerKind::Organisation { .. } => PersonGroup::Organisation,
        CustomerKind::Person { gender, .. } => gender.map_or(PersonGroup::Unknown, PersonGroup::Known),
    }
}

/// How many customers of each age there are on a day, in full years (see [`age_on`]); organisations are counted apart,
/// and so are persons whose birth date is not known. A band without customers is left out.
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow), beyond 2^64 customers.
///
/// # Examples
///
/// ```
/// use crm_analytics::{AgeBands, PersonGroup, customers_by_age, customers_by_gender, customers_by_region};
/// use crm_core::{Act, Customer, Gender, NewCustomer};
///
/// let at = "2026-06-30T12:00:00Z".parse().unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]);
/// let mut register = |new| Customer::register(act.new_id(), at, new);
/// let customers = [
///     register(NewCustomer::person("Ada".parse()?).born("1999-01-05".parse().unwrap()).region("North".parse()?))?,
///     register(NewCustomer::person("张三".parse()?).gender(Gender::Male).region("North".parse()?))?,
///     register(NewCustomer::organisation("Acme".parse()?))?,
/// ];
///
/// let bands = AgeBands::from_bounds([18, 30, 65])?;
/// let by_age = customers_by_age(&customers, &bands, at.date_naive())?;
/// assert_eq!(by_age.get(&PersonGroup::Known(bands.band_of(27))), Some(&1));
/// let lines: Vec<_> = by_age.iter().map(|(group, count)| format!("{group}: {count}")).collect();
/// assert_eq!(lines, ["18 to 29: 1", "unknown: 1", "organisation: 1"]);
///
/// assert_eq!(customers_by_gender(&customers)?.get(&PersonGroup::Known(Gender::Male)), Some(&1));
/// assert_eq!(customers_by_region(&customers)?.get(&Some("North".parse()?)), Some(&2));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn customers_by_age(
    customers: impl IntoIterator<Item: Borrow<Customer>>,
    bands: &AgeBands,
    on: NaiveDate,
) -> Result<GroupedTotals<PersonGroup<AgeBand>, u64>, Invalid> {
    GroupedTotals::of(customers.into_iter().map(|customer| (age_group(customer.borrow(), bands, on), 1)))
}

/// How many customers of each gender there are; organisations are counted apart, and so are persons whose gender is not
/// known. For an example see [`customers_by_age`].
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow), beyond 2^64 customers.
pub fn customers_by_gender(
    customers: impl IntoIterator<Item: Borrow<Customer>>,
) -> Result<GroupedTotals<PersonGroup<Gender>, u64>, Invalid> {
    GroupedTotals::of(customers.into_iter().map(|customer| (gender_group(customer.borrow()), 1)))
}

/// How many customers, persons and organisations, there are in each region; `None` are those of no region. For an
/// example see [`customers_by_age`].
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow), beyond 2^64 customers.
pub fn customers_by_region(
    customers: impl IntoIterator<Item: Borrow<Customer>>,
) -> Result<GroupedTotals<Option<Label>, u64>, Invalid> {
    GroupedTotals::of(customers.into_iter().map(|customer| (customer.borrow().region.clone(), 1)))
}

/// The ordered units of all orders that stand in each commercial status: the quantities of their lines, summed over all
/// products, whatever was shipped or returned since. An order without lines adds nothing.
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow).
///
/// # Examples
///
/// ```
/// use crm_analytics::{net_units_by_product, quantity_by_order_status, units_by_product};
/// use crm_core::{Act, Currency, Draft, Order, OrderLine, OrderStatus, Percent, Quantity, ShippedLine, UnitPrice};
///
/// let at = "2026-03-02T09:30:00Z".parse().unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]);
/// let (zhang, lamp) = (act.new_id(), act.new_id());
/// let mut draft = |number: &str, lamps: u32| {
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lines = vec![OrderLine::new(1, lamp, Quantity::from(lamps), price, Percent::ZERO)?];
///     let (id, number) = (act.new_id(), number.parse()?);
///     let currency = Currency::EUR;
///     Order::draft(at, Draft::new(id, number, zhang, currency, lines))
/// };
/// let (mut bought, offered) = (draft("SO-1", 10)?, draft("SO-2", 3)?);
/// bought.confirm(at, at.date_naive())?;
/// bought.ship(at, Some(vec![ShippedLine { line: 1, quantity: 4_u32.into() }]))?;
/// bought.take_back(at, 1)?;
/// let orders = [bought, offered];
///
/// let by_status = quantity_by_order_status(&orders)?;
/// assert_eq!(by_status.get(&OrderStatus::Draft), Some(&Quantity::from(3)));
/// assert_eq!(by_status.get(&OrderStatus::Confirmed), Some(&Quantity::from(10)));
/// // A draft is no sale; what came back is no unit sold.
/// assert_eq!(units_by_product(&orders)?.get(&lamp), Some(&Quantity::from(10)));
/// assert_eq!(net_units_by_product(&orders)?.get(&lamp), Some(&Quantity::from(6)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn quantity_by_order_status(
    orders: impl IntoIterator<Item: Borrow<Order>>,
) -> Result<GroupedTotals<OrderStatus, Quantity>, Invalid> {
    let mut totals = GroupedTotals::new();
    for order in orders {
        let order = order.borrow();
        order.lines().iter().try_for_each(|line| totals.push(order.state().status(), line.quantity()))?;
    }
    Ok(totals)
}

/// Whether what was ordered is sold: a draft is not yet, and a cancelled order no more.
fn is_binding(order: &Order) -> bool {
    matches!(order.state().status(), OrderStatus::Confirmed | OrderStatus::Locked)
}

/// The ordered units of each product in confirmed and locked orders, whatever was shipped or returned since. For an
/// example see [`quantity_by_order_status`].
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow).
pub fn units_by_product(
    orders: impl IntoIterator<Item: Borrow<Order>>,
) -> Result<GroupedTotals<ProductId, Quantity>, Invalid> {
    let mut totals = GroupedTotals::new();
    for order in orders {
        let order = order.borrow();
        let sold = order.lines().iter().filter(|_| is_binding(order));
        sold.map(|line| (line.product(), line.quantity()))
            .try_for_each(|(product, units)| totals.push(product, units))?;
    }
    Ok(totals)
}

/// The ordered units of each product in confirmed and locked orders, less those that came back and were not sent again.
/// Units that have not left yet count as ordered. A product of which all came back is listed with zero. For an example
/// see [`quantity_by_order_status`].
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow).
pub fn net_units_by_product(
    orders: impl IntoIterator<Item: Borrow<Order>>,
) -> Result<GroupedTotals<ProductId, Quantity>, Invalid> {
    let mut totals = GroupedTotals::new();
    for order in orders {
        let order = order.borrow();
        if !is_binding(order) {
            continue;
        }
        let moved = moved(order);
        for line in order.lines() {
            totals
                .push(line.product(), net(line.quantity(), moved.get(&line.number()).copied().unwrap_or_default())?)?;
        }
    }
    Ok(totals)
}

/// What became of the shipped units of one line, in millionths.
#[derive(Clone, Copy, Default)]
struct Moved {
    kept: i128,
    returned: i128,
}

fn moved(order: &Order) -> BTreeMap<u32, Moved> {
    let mut moved: BTreeMap<u32, Moved> = BTreeMap::new();
    for shipment in order.shipments() {
        for one in &shipment.lines {
            moved.entry(one.line).or_default().kept += i128::from(one.quantity.millionths());
        }
        for one in &shipment.returned {
            let line = moved.entry(one.line).or_default();
            line.kept -= i128::from(one.quantity.millionths());
            line.returned += i128::from(one.quantity.millionths());
        }
    }
    moved
}

/// Of what came back, that much is still here which is not with the customer now: more cannot have been sent again.
fn net(ordered: Quantity, Moved { kept, returned }: Moved) -> Result<Quantity, Invalid> {
    let ordered_units = i128::from(ordered.millionths());
    let net = ordered_units - returned.min(ordered_units - kept);
    // It lies between what is kept and what was ordered, so it fits.
    Quantity::from_millionths(i64::try_from(net).unwrap_or(ordered.millionths()))
}

/// How many customers were registered per unit of time: those whose `created_at` lies on a day of the period, in UTC.
///
/// # Examples
///
/// ```
/// use crm_analytics::{TimeUnit, new_customers_per};
/// use crm_core::{Act, Customer, NewCustomer, Period};
///
/// let at = "2026-03-31T23:59:59Z".parse().unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]);
/// let zhang = Customer::register(act.new_id(), at, NewCustomer::person("张三".parse()?))?;
/// assert_eq!(new_customers_per([&zhang], "2026-03-01..2026-05-01".parse()?, TimeUnit::Month), "0.5".parse().unwrap());
/// assert_eq!(new_customers_per([&zhang], Period::month(2026, 4)?, TimeUnit::Month), 0.into());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[must_use]
pub fn new_customers_per(
    customers: impl IntoIterator<Item: Borrow<Customer>>,
    period: Period,
    unit: TimeUnit,
) -> Decimal {
    let registered = |customer: &Customer| period.contains(customer.created_at.date_naive());
    rate(customers.into_iter().filter(|customer| registered(customer.borrow())), period, unit)
}

/// How many orders were confirmed per unit of time: those whose business day lies in the period. An order that was
/// cancelled later was an order all the same, so that the figure of a past month stays; drafts never count.
///
/// # Examples
///
/// ```
/// use crm_analytics::{TimeUnit, orders_per, revenue_per};
/// use crm_core::{Act, Currency, Draft, Order, OrderLine, Percent, Period, Rounding, UnitPrice};
///
/// let at = "2026-03-02T09:30:00Z".parse().unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]);
/// let price = UnitPrice::parse("49.90", Currency::EUR)?;
/// let lines = vec![OrderLine::new(1, act.new_id(), 10_u32.into(), price, Percent::ZERO)?];
/// let (id, number, currency, customer) = (act.new_id(), "SO-1".parse()?, Currency::EUR, act.new_id());
/// let mut order = Order::draft(at, Draft::new(id, number, customer, currency, lines))?;
///
/// let spring = "2026-03-01..2026-05-01".parse()?;
/// assert_eq!(orders_per([&order], spring, TimeUnit::Month), 0.into());
/// order.confirm(at, at.date_naive())?;
/// assert_eq!(orders_per([&order], spring, TimeUnit::Month), "0.5".parse().unwrap());
///
/// let monthly = revenue_per(order.revenue(), spring, TimeUnit::Month, Rounding::HalfEven)?;
/// assert_eq!(monthly.in_currency(Currency::EUR).to_string(), "249.50 EUR");
/// assert_eq!(revenue_per(order.revenue(), Period::month(2026, 4)?, TimeUnit::Day, Rounding::HalfEven)?.iter().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn orders_per(orders: impl IntoIterator<Item: Borrow<Order>>, period: Period, unit: TimeUnit) -> Decimal {
    let confirmed = |order: &Order| order.state().confirmed_on().is_some_and(|day| period.contains(day));
    rate(orders.into_iter().filter(|order| confirmed(order.borrow())), period, unit)
}

fn rate(counted: impl Iterator, period: Period, unit: TimeUnit) -> Decimal {
    count_per(counted.fold(0, |count: u64, _| count.saturating_add(1)), period, unit)
}

/// How much revenue there was per unit of time, in each currency by itself: the entries whose day lies in the period,
/// bookings less what was refunded or cancelled on its own day. Rounded once for each currency. For an example see
/// [`orders_per`].
///
/// The entries are those of [`Order::revenue`], or of [`Orders::revenue`](crm_core::store::Orders::revenue).
///
/// # Errors
///
/// [`Rule::Overflow`](crm_core::Rule::Overflow).
pub fn revenue_per(
    entries: impl IntoIterator<Item = Revenue>,
    period: Period,
    unit: TimeUnit,
    rounding: Rounding,
) -> Result<MoneyTotals, Invalid> {
    let mut sums = MoneyTotals::NONE;
    let mut counted = entries.into_iter().filter(|entry| period.contains(entry.day));
    counted.try_for_each(|entry| sums.add(entry.amount))?;
    let mut rates = MoneyTotals::NONE;
    sums.iter().try_for_each(|sum| rates.add(amount_per(sum, period, unit, rounding)?))?;
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use crm_core::{
        Act, Currency, Draft, Money, NewCustomer, NewPayment, OrderLine, Percent, RevenueKind, ShippedLine, UnitPrice,
    };

    use super::*;

    fn at(day: &str) -> DateTime<Utc> {
        format!("{day}T12:00:00Z").parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn act(seed: u8) -> Act {
        Act::new(at("2026-03-02"), "alice".parse().unwrap(), [seed; 10])
    }

    fn person(born: Option<&str>, gender: Option<Gender>) -> Customer {
        let mut new = NewCustomer::person("Ada".parse().unwrap());
        (new.birth_date, new.gender) = (born.map(day), gender);
        Customer::register(act(1).new_id(), at("2026-03-02"), new).unwrap()
    }

    fn organisation(region: Option<&str>) -> Customer {
        let mut new = NewCustomer::organisation("Acme".parse().unwrap());
        new.region = region.map(|region| region.parse().unwrap());
        Customer::register(act(2).new_id(), at("2026-03-02"), new).unwrap()
    }

    fn product(seed: u8) -> ProductId {
        act(seed).new_id()
    }

    /// A draft with so many of each product.
    fn order(lines: &[(u8, u32)]) -> Order {
        let mut act = act(9);
        let price = UnitPrice::parse("1.00", Currency::EUR).unwrap();
        let line = |(number, (seed, units)): (u32, &(u8, u32))| {
            OrderLine::new(number, product(*seed), Quantity::from(*units), price, Percent::ZERO).unwrap()
        };
        let lines = (1..).zip(lines).map(line).collect();
        let (id, customer, number) = (act.new_id(), act.new_id(), "SO-1".parse().unwrap());
        let draft = Draft::new(id, number, customer, Currency::EUR, lines);
        Order::draft(at("2026-03-02"), draft).unwrap()
    }

    fn confirmed(lines: &[(u8, u32)]) -> Order {
        let mut order = order(lines);
        order.confirm(at("2026-03-02"), day("2026-03-02")).unwrap();
        order
    }

    fn ship(order: &mut Order, line: u32, units: u32) {
        let lines = vec![ShippedLine { line, quantity: Quantity::from(units) }];
        order.ship(at("2026-03-03"), Some(lines)).unwrap();
    }

    #[test]
    fn unknown_births_future_births_and_organisations_stand_apart_from_the_bands() {
        let bands = AgeBands::from_bounds([18, 30]).unwrap();
        let on = day("2020-06-30");
        let customers = [
            person(Some("2002-06-30"), None),
            person(Some("2002-07-01"), None),
            person(Some("1950-01-01"), None),
            person(Some("2021-01-01"), None),
            person(None, None),
            organisation(None),
        ];
        let counts = customers_by_age(&customers, &bands, on).unwrap();
        let shown: Vec<_> = counts.iter().map(|(group, count)| (group.to_string(), *count)).collect();
        let expected = [("under 18", 1), ("18 to 29", 1), ("30 and over", 1), ("unknown", 2), ("organisation", 1)];
        assert_eq!(shown, expected.map(|(group, count)| (group.to_owned(), count)));
        // Owned records count like borrowed ones, as they come from a store.
        assert_eq!(customers_by_age(customers, &bands, on).unwrap(), counts);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(serde_json::from_str::<GroupedTotals<_, u64>>(&json).unwrap(), counts);
    }

    #[test]
    fn genders_that_were_not_told_and_organisations_stand_apart() {
        let customers = [
            person(None, Some(Gender::Female)),
            person(None, Some(Gender::Female)),
            person(None, Some(Gender::Other)),
            person(None, None),
            organisation(None),
        ];
        let counts = customers_by_gender(&customers).unwrap();
        let expected = [
            (PersonGroup::Known(Gender::Female), 2),
            (PersonGroup::Known(Gender::Other), 1),
            (PersonGroup::Unknown, 1),
            (PersonGroup::Organisation, 1),
        ];
        assert_eq!(counts, GroupedTotals::of(expected).unwrap());
        assert_eq!(counts.total().unwrap(), 5);
    }

    #[test]
    fn customers_of_no_region_are_counted_as_such() {
        let customers = [organisation(Some("North")), organisation(None), organisation(Some("North"))];
        let expected = [(None, 1), (Some("North".parse().unwrap()), 2)];
        assert_eq!(customers_by_region(customers).unwrap(), GroupedTotals::of(expected).unwrap());
    }

    #[test]
    fn only_binding_orders_have_units_and_every_status_has_its_quantity() {
        let draft = order(&[(3, 1), (4, 2)]);
        let bought = confirmed(&[(3, 10), (4, 20), (3, 5)]);
        let (mut locked, mut cancelled) = (confirmed(&[(4, 40)]), confirmed(&[(4, 80)]));
        locked.lock(at("2026-03-03")).unwrap();
        cancelled.cancel(at("2026-03-03"), day("2026-03-03"), None).unwrap();
        let orders = [draft, bought, locked, cancelled];
        let units = |units: u32| Quantity::from(units);
        let by_status = [
            (OrderStatus::Draft, units(3)),
            (OrderStatus::Confirmed, units(35)),
            (OrderStatus::Locked, units(40)),
            (OrderStatus::Cancelled, units(80)),
        ];
        assert_eq!(quantity_by_order_status(&orders).unwrap(), GroupedTotals::of(by_status).unwrap());
        let by_product = GroupedTotals::of([(product(3), units(15)), (product(4), units(60))]).unwrap();
        assert_eq!(units_by_product(&orders).unwrap(), by_product);
        assert_eq!(net_units_by_product(&orders).unwrap(), by_product);
    }

    #[test]
    fn what_came_back_is_taken_off_until_it_is_sent_again() {
        let mut order = confirmed(&[(3, 10)]);
        let net = |order: &Order| net_units_by_product([order]).unwrap().get(&product(3)).copied().unwrap();
        ship(&mut order, 1, 4);
        assert_eq!(net(&order), 10.into());
        order.take_back(at("2026-03-04"), 1).unwrap();
        assert_eq!(net(&order), 6.into());
        // Six that had never left leave: the four are still back.
        ship(&mut order, 1, 6);
        assert_eq!(net(&order), 6.into());
        ship(&mut order, 1, 3);
        assert_eq!(net(&order), 9.into());
        // All come back: more returned than was ordered, and nothing is sold.
        order.take_back(at("2026-03-05"), 2).unwrap();
        order.take_back(at("2026-03-05"), 3).unwrap();
        assert_eq!(net(&order), 0.into());
        order.ship(at("2026-03-06"), None).unwrap();
        assert_eq!(net(&order), 10.into());
        // Some of a shipment comes back, and the rest stays.
        let two = ShippedLine { line: 1, quantity: 2.into() };
        order.take_back_lines(at("2026-03-07"), 4, vec![two]).unwrap();
        assert_eq!(net(&order), 8.into());
        assert_eq!(units_by_product([order]).unwrap().get(&product(3)), Some(&10.into()));
    }

    #[test]
    fn the_first_day_of_a_period_counts_and_the_day_after_it_does_not() {
        let march = Period::month(2026, 3).unwrap();
        let customer = |created: &str| Customer { created_at: created.parse().unwrap(), ..organisation(None) };
        let registered =
            ["2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"];
        assert_eq!(new_customers_per(registered.map(customer), march, TimeUnit::Month), 2.into());

        let on = |business_day: &str| {
            let mut order = order(&[(3, 1)]);
            order.confirm(at("2026-03-15"), day(business_day)).unwrap();
            order
        };
        let orders = ["2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01"].map(on);
        assert_eq!(orders_per(&orders, march, TimeUnit::Month), 2.into());
        let mut cancelled = on("2026-03-31");
        cancelled.cancel(at("2026-04-02"), day("2026-04-02"), None).unwrap();
        assert_eq!(orders_per([&cancelled, &order(&[])], march, TimeUnit::Month), 1.into());
    }

    #[test]
    fn refunds_and_cancellations_lower_the_revenue_of_their_own_day() {
        let mut order = confirmed(&[(3, 100)]);
        order.pay(at("2026-03-05"), NewPayment::of(Money::parse("100", Currency::EUR).unwrap())).unwrap();
        let refund = NewPayment::of(Money::parse("30", Currency::EUR).unwrap()).day(day("2026-04-10"));
        order.refund(at("2026-04-10"), refund).unwrap();
        let monthly = |period: &str, unit| {
            let rates = revenue_per(order.revenue(), period.parse().unwrap(), unit, Rounding::HalfEven).unwrap();
            rates.in_currency(Currency::EUR).to_string()
        };
        assert_eq!(monthly("2026-03-01..2026-04-01", TimeUnit::Month), "100.00 EUR");
        assert_eq!(monthly("2026-04-01..2026-05-01", TimeUnit::Month), "-30.00 EUR");
        assert_eq!(monthly("2026-03-01..2026-05-01", TimeUnit::Month), "35.00 EUR");
        assert_eq!(monthly("2026-03-01..2026-04-01", TimeUnit::Day), "3.23 EUR");
    }

    #[test]
    fn mon_1_revenue_rates_of_two_currencies_stay_apart() {
        let entry = |minor, currency| {
            let amount = Money::from_minor(minor, currency);
            Revenue { day: day("2026-03-02"), kind: RevenueKind::Booked, amount }
        };
        let entries = [entry(3_100, Currency::EUR), entry(62, Currency::JPY), entry(3_100, Currency::EUR)];
        let daily = revenue_per(entries, Period::month(2026, 3).unwrap(), TimeUnit::Day, Rounding::HalfEven).unwrap();
        let shown: Vec<_> = daily.iter().map(|rate| rate.to_string()).collect();
        assert_eq!(shown, ["2.00 EUR", "2 JPY"]);
    }
}

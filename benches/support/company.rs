//! The company that both sides keep: records from their numbers, the same on every run.

use chrono::{DateTime, TimeDelta, Utc};
use crm::{
    Act, Currency, Customer, Draft, EmailAddress, ExternalId, NewCustomer, NewOrder, NewProduct, NewQuote, NewSalesRep,
    Number, Order, OrderLine, Percent, PostalAddress, PostalAddressFields, Product, RecordId, SalesRep, UnitPrice,
};

/// A result of the bench: whatever goes wrong ends it.
pub(crate) type Done<T> = Result<T, Box<dyn std::error::Error>>;

/// What is in the file when the measuring begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) customers: u32,
    pub(crate) orders: u32,
}

impl Size {
    /// Of so many orders, and half as many customers.
    pub(crate) const fn of_orders(orders: u32) -> Self {
        Self { customers: orders / 2, orders }
    }
}

/// The customer of every tenth order, whose list is long enough to have a depth.
pub(crate) const BEST_CUSTOMER: u32 = 1;
pub(crate) const PRODUCTS: u32 = 200;
pub(crate) const REPS: u32 = 20;
pub(crate) const CURRENCY: Currency = Currency::EUR;
const REGIONS: [&str; 4] = ["Central", "East", "West", "华东"];

fn at(number: u32) -> DateTime<Utc> {
    DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(number.into())
}

/// The act of a number: a minute after that of the number before, so that ids ascend.
pub(crate) fn act(number: u32) -> Done<Act> {
    let mut entropy = [0; 10];
    entropy[3..7].copy_from_slice(&number.to_be_bytes());
    Ok(Act::new(at(number), "bench".parse()?, entropy))
}

/// The id of the record with a number.
pub(crate) fn id<I: RecordId>(number: u32) -> Done<I> {
    Ok(act(number)?.new_id())
}

/// The number that an id was made from: the integer key of the side that is written by hand.
pub(crate) fn number(id: impl RecordId) -> i64 {
    let bytes = id.uuid().into_bytes();
    u32::from_be_bytes([bytes[9], bytes[10], bytes[11], bytes[12]]).into()
}

pub(crate) fn sales_rep(number: u32) -> Done<SalesRep> {
    Ok(SalesRep::add(id(number)?, at(number), NewSalesRep::new(format!("Rep {number}").parse()?))?)
}

pub(crate) fn product(number: u32) -> Done<Product> {
    let price = UnitPrice::from_millionths(i64::from(number) * 1_990_000, CURRENCY)?;
    let new = NewProduct::new(format!("SKU-{number}").parse()?, format!("Lamp {number}").parse()?, price);
    Ok(Product::add(id(number)?, at(number), new))
}

/// A person with an e-mail address, a telephone, a postal address, an owner, a region, a tag and an id in another system.
pub(crate) fn new_customer(number: u32) -> Done<NewCustomer> {
    let address = PostalAddressFields {
        street: vec![format!("{number} High Street")],
        city: "Leeds".into(),
        country: "GB".into(),
        ..Default::default()
    };
    Ok(NewCustomer::person(format!("Ada Lovelace {number}").parse()?)
        .id(id(number)?)
        .external_id(external_id(number)?)
        .email(email(number)?)
        .phone(format!("+4477{number:08}").parse()?)
        .address(PostalAddress::parse(address)?)
        .region(REGIONS[number as usize % REGIONS.len()].parse()?)
        .owner(id(number % REPS + 1)?)
        .tag("newsletter".parse()?))
}

pub(crate) fn email(number: u32) -> Done<EmailAddress> {
    Ok(format!("Ada.{number}@example.com").parse()?)
}

pub(crate) fn customer(number: u32) -> Done<Customer> {
    Ok(Customer::register(id(number)?, at(number), new_customer(number)?)?)
}

/// A confirmed order of three lines.
pub(crate) fn order(number: u32, size: Size) -> Done<Order> {
    let mut lines = Vec::new();
    for place in 1..=3 {
        let product = product(product_of(number, place))?;
        lines.push(OrderLine::new(place, product.id, (place + 1).into(), product.list_price, Percent::ZERO)?);
    }
    let mut order = Order::draft(
        at(number),
        Draft {
            external_id: Some(external_id(number)?),
            rep: Some(id(number % REPS + 1)?),
            ..Draft::new(id(number)?, order_number(number)?, id(customer_of(number, size))?, CURRENCY, lines)
        },
    )?;
    order.confirm(at(number), at(number).date_naive())?;
    Ok(order)
}

pub(crate) fn order_number(number: u32) -> Done<Number> {
    Ok(format!("B-{number:06}").parse()?)
}

/// What the operation drafts an order from; its number is given on the way.
pub(crate) fn new_order(number: u32, size: Size) -> Done<NewOrder> {
    let mut new = NewOrder::for_customer(id(customer_of(number, size))?, CURRENCY)
        .id(id(number)?)
        .external_id(external_id(number)?)
        .rep(id(number % REPS + 1)?);
    for place in 1..=3 {
        new = new.line(id(product_of(number, place))?, place + 1);
    }
    Ok(new)
}

/// What the operation drafts a quote from: what an order of that number is of.
pub(crate) fn new_quote(number: u32, size: Size) -> Done<NewQuote> {
    let mut new = NewQuote::for_customer(id(customer_of(number, size))?, CURRENCY)
        .id(id(number)?)
        .external_id(external_id(number)?)
        .rep(id(number % REPS + 1)?)
        .valid_until(at(number).date_naive() + TimeDelta::days(30));
    for place in 1..=3 {
        new = new.line(id(product_of(number, place))?, place + 1);
    }
    Ok(new)
}

fn customer_of(order: u32, size: Size) -> u32 {
    if order.is_multiple_of(10) { BEST_CUSTOMER } else { order % size.customers + 1 }
}

fn product_of(order: u32, place: u32) -> u32 {
    (order * 7 + place) % PRODUCTS + 1
}

fn external_id(number: u32) -> Done<ExternalId> {
    Ok(format!("legacy-{number}").parse()?)
}

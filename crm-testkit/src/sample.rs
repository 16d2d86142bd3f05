//! Valid, varied records for tests, each made from a seed, and a small company of them.
//!
//! The same seed gives the same record, on every machine; another seed gives another id, number, SKU and external id. Optional fields come and go with the
//! seed, names come in several scripts. The kind of a customer and the state of a plan, an opportunity, an activity, a quote, an order, a payment and a ticket follow from the seed in turn, so that as many seeds in a
//! row as there are states ([`ORDER_STATES`] …) bring each of them.
//!
//! ```
//! use crm_core::OrderStatus;
//! use crm_testkit::sample;
//!
//! let (zhang, lamp) = (sample::customer(1), sample::product(1));
//! let orders: Vec<_> = (0..sample::ORDER_STATES).map(|seed| sample::order(seed, zhang.id, &[lamp.id])).collect();
//! assert!(orders.iter().any(|order| order.state().status() == OrderStatus::Locked));
//! assert_eq!(orders[3], sample::order(3, zhang.id, &[lamp.id]));
//! ```

mod company;
mod forecasts;
mod leads;
mod prices;
mod random;
mod sales;
mod service;

use std::fmt::Display;

use chrono::TimeDelta;
use crm_core::{
    Agent, Currency, Customer, ExchangeRate, ExternalId, Gender, NeedKind, NewAgent, NewCustomer, NewExchangeRate,
    NewProduct, NewSalesRep, Percent, PostalAddress, PostalAddressFields, Product, Rate, SalesRep, UnitPrice,
};

use self::random::Random;
pub use self::{
    company::Sample,
    forecasts::{forecast_adjustment, forecast_snapshot},
    leads::{LEAD_STATES, lead, queue},
    prices::{price_list, promotion, redemption},
    sales::{
        ACTIVITY_STATES, OPPORTUNITY_STATES, ORDER_STATES, PAYMENT_STATES, PLAN_STATES, QUOTE_STATES, activity,
        opportunity, order, payment, pipeline, quote, sale_plan,
    },
    service::{TICKET_STATES, interaction, messages, ticket},
};

/// Names of people: several scripts, both orders, an apostrophe, a decomposed diaeresis, no family name.
const PEOPLE: &[&str] = &[
    "张伟",
    "王芳",
    "佐藤 花子",
    "김민준",
    "Ольга Иванова",
    "Zoë Müller",
    "Zoe\u{308} Mu\u{308}ller",
    "محمد علي",
    "יעל כהן",
    "สมชาย ใจดี",
    "Ngô Thị Lan",
    "प्रिया शर्मा",
    "Μαρία Παπαδοπούλου",
    "Siobhán O'Brien",
    "Ada Lovelace",
    "Sukarno",
];

const ORGANISATIONS: &[&str] = &[
    "上海明灯有限公司",
    "株式会社ひかり",
    "Ромашка ООО",
    "شركة النور",
    "Lumière & Fils",
    "Leuchten Groß GmbH & Co. KG",
    "Acme, Inc.",
    "한빛전자",
];

const REGIONS: &[&str] = &["Central", "East", "West", "华东"];

/// A value that the samples are sure of.
fn valid<T, E: Display>(value: Result<T, E>) -> T {
    match value {
        Ok(value) => value,
        Err(error) => panic!("a sample must be valid: {error}"),
    }
}

fn external_id(family: &str, seed: u64) -> ExternalId {
    valid(format!("{family}:{seed}").parse())
}

/// Currencies of two, no and three decimals in turn.
fn currency(seed: u64) -> Currency {
    match seed % 3 {
        0 => Currency::EUR,
        1 => Currency::JPY,
        _ => Currency::KWD,
    }
}

/// A price of one unit, from 10 to 1 010, with up to six decimals.
fn price(random: &mut Random, currency: Currency) -> UnitPrice {
    let millionths = 10_000_000 + i64::from(random.below(1_000_000_000));
    let cents = millionths / 10_000 * 10_000;
    valid(UnitPrice::from_millionths(if random.percent(80) { cents } else { millionths }, currency))
}

/// A customer who refers to nobody: a person, or from every third seed an organisation without contacts.
pub fn customer(seed: u64) -> Customer {
    let mut random = Random::new(seed, "customer");
    let at = random.instant();
    let id = random.id(at);
    let mut new = if seed % 3 == 2 {
        NewCustomer::organisation(valid(random.one_of(ORGANISATIONS).parse()))
    } else {
        let mut person = NewCustomer::person(valid(random.one_of(PEOPLE).parse()));
        if random.percent(50) {
            let age = TimeDelta::days(365 * 18 + i64::from(random.below(365 * 60)));
            person = person.born((at - age).date_naive());
        }
        if random.percent(50) {
            person = person.gender(*random.one_of(&[Gender::Female, Gender::Male, Gender::Other]));
        }
        person
    };
    for place in 0..random.below(3) {
        new = new.email(valid(format!("Customer{seed}.{place}@example.com").parse()));
    }
    if random.percent(60) {
        // The range that the British regulator keeps free for films.
        new = new.phone(valid(format!("+447700900{:03}", random.below(1_000)).parse()));
    }
    if random.percent(40) {
        let (street, city) =
            *random.one_of(&[("南京东路 1 号", "上海"), ("Hauptstraße 5", "Köln"), ("10 High St", "Leeds")]);
        let fields = PostalAddressFields { street: vec![street.into()], city: city.into(), ..Default::default() };
        new = new.address(valid(PostalAddress::parse(fields)));
    }
    if random.percent(50) {
        new = new.external_id(external_id("customer", seed));
    }
    if random.percent(70) {
        new = new.region(random.label(REGIONS));
    }
    for tag in ["vip", "fair 2026", "回头客"] {
        if random.percent(30) {
            new = new.tag(valid(tag.parse()));
        }
    }
    let mut customer = valid(Customer::register(id, at, new));
    if random.percent(40) {
        let kind = *random.one_of(&[NeedKind::Need, NeedKind::Preference]);
        let text = valid(random.one_of(&["delivery before noon", "发票抬头用公司全称", "warm light\nno blue"]).parse());
        customer.needs.push(crm_core::Need { kind, text, product: None });
    }
    if random.percent(10) {
        customer.archive(at + TimeDelta::days(1));
    }
    customer
}

/// A sales rep without a manager.
pub fn sales_rep(seed: u64) -> SalesRep {
    let mut random = Random::new(seed, "sales rep");
    let at = random.instant();
    let mut new = NewSalesRep::new(valid(random.one_of(PEOPLE).parse()))
        .position(random.label(&["account executive", "区域经理", "inside sales"]))
        .commission_rate(*random.one_of(&[Percent::ZERO, Percent::whole(3), Percent::whole(5), Percent::HUNDRED]));
    if random.percent(50) {
        new = new.external_id(external_id("rep", seed));
    }
    if random.percent(70) {
        new = new.region(random.label(REGIONS));
    }
    let mut rep = valid(SalesRep::add(random.id(at), at, new));
    rep.active = random.percent(90);
    rep
}

/// A product, in a currency of two, no or three decimals.
pub fn product(seed: u64) -> Product {
    let mut random = Random::new(seed, "product");
    let at = random.instant();
    let (sku, name) =
        (valid(format!("SKU-{seed}").parse()), *random.one_of(&["Desk lamp", "吊灯", "Лампа", "Bulb E27"]));
    let list_price = price(&mut random, currency(seed));
    let mut new = NewProduct::new(sku, valid(name.parse()), list_price);
    if random.percent(70) {
        new = new.category(random.label(&["Lamps", "Bulbs", "配件"]));
    }
    let mut product = Product::add(random.id(at), at, new);
    product.active = random.percent(90);
    product.cost = random.percent(60).then(|| price(&mut random, currency(seed)));
    product
}

/// An exchange rate of one of three pairs.
pub fn exchange_rate(seed: u64) -> ExchangeRate {
    let mut random = Random::new(seed, "exchange rate");
    let at = random.instant();
    let rate = valid(Rate::from_ten_billionths(1 + i64::from(random.below(2_000_000_000)) * 10));
    let pairs = [(Currency::EUR, Currency::USD), (Currency::JPY, Currency::EUR), (Currency::USD, Currency::KWD)];
    let (from, to) = *random.one_of(&pairs);
    let new = NewExchangeRate::new(from, to, at.date_naive(), rate, random.label(&["ECB", "treasurer"]));
    valid(ExchangeRate::add(random.id(at), at, new))
}

/// An agent.
pub fn agent(seed: u64) -> Agent {
    let mut random = Random::new(seed, "agent");
    let at = random.instant();
    let mut new = NewAgent::new(valid(random.one_of(PEOPLE).parse()));
    if random.percent(50) {
        new = new.external_id(external_id("agent", seed));
    }
    if random.percent(70) {
        new = new.group(random.label(&["Returns", "Billing", "售后"]));
    }
    let mut agent = Agent::add(random.id(at), at, new);
    agent.active = random.percent(90);
    agent
}

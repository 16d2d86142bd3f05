//! Records of all families in all their states, made from a number and a seed.

pub(crate) mod forecasts;
mod orders;
mod people;
pub(crate) mod pipeline;
mod prices;

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use crm_core::{Act, Channel, Currency, Money, Period, RecordId, UnitPrice, WaitingOrder};
use uuid::Builder;

use super::family::{Any, Family};

/// A checked text; a mistake in the suite where it is none.
pub(crate) fn text<T: FromStr<Err: Display>>(raw: &str) -> T {
    valid(raw.parse())
}

/// What the suite made itself, so it is valid.
pub(crate) fn valid<T, E: Display>(made: Result<T, E>) -> T {
    made.unwrap_or_else(|refused| panic!("the suite made an invalid record: {refused}"))
}

/// The id with a number; ids ascend with their numbers.
pub(crate) fn id<I: RecordId>(n: u32) -> I {
    let millis = 1_767_225_600_000 + 977 * u64::from(n);
    I::from_uuid(Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
}

/// So many minutes and microseconds after noon of 2 March 2026.
pub(crate) fn at(n: u32) -> DateTime<Utc> {
    let noon = day(0).and_hms_opt(12, 0, 0).unwrap_or_default().and_utc();
    noon + TimeDelta::minutes(n.into()) + TimeDelta::microseconds(n.into())
}

/// So many days after 2 March 2026.
pub(crate) fn day(n: u32) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap_or_default();
    first.checked_add_days(Days::new(n.into())).unwrap_or(first)
}

/// The days of 2026.
pub(crate) fn year() -> Period {
    valid(Period::year(2026))
}

/// An act of somebody.
pub(crate) fn act(n: u32) -> Act {
    Act::new(at(n), text("alice"), [5; 10])
}

/// Names that a careless store stumbles over.
const NAMES: &[&str] = &[
    "张三",
    "Zoe\u{308}",
    "Zoë",
    "ZOË",
    "O'Brien; DROP TABLE crm_customer;--",
    "=1+1",
    "%_\\",
    "👩\u{200d}👩\u{200d}👧",
    "Ada  LOVELACE",
    "ada lovelace",
    "null",
    "\u{202e}right to left",
];
const TEXTS: &[&str] = &["wants a call back\n\tafter five", "'); --", "退款", "\"quoted\", and so on", "{\"a\":null}"];
const REGIONS: &[&str] = &["East", "West"];
const CATEGORIES: &[&str] = &["Lamps", "Chairs"];
const SOURCES: &[&str] = &["web", "fair"];
const GROUPS: &[&str] = &["Returns", "Repairs"];
const TAGS: &[&str] = &["vip", "press", "VIP"];

/// Chance that is the same each time: SplitMix64 by Vigna (<https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, Debug)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.roll() % u64::from(limit)).unwrap_or(0)
    }

    /// Yes or no.
    pub(crate) fn yes(&mut self) -> bool {
        self.below(2) == 1
    }

    /// One of some.
    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.roll() % of.len() as u64).unwrap_or(0);
        of[place]
    }

    pub(crate) fn one_text<T: FromStr<Err: Display>>(&mut self, of: &[&str]) -> T {
        text(self.one(of))
    }
}

/// Makes records.
#[derive(Clone, Debug)]
pub(crate) struct Maker {
    pub(crate) dice: Dice,
    /// References go to the records with numbers from 1 to this.
    slots: u32,
    /// Whether unique values are drawn from a few, so that records clash, and records may refer to each other in a circle.
    clashing: bool,
}

impl Maker {
    /// Makes records that fit together, as far as those with the numbers 1 to 3 are there.
    pub(crate) const fn sound(seed: u64) -> Self {
        Self { dice: Dice(seed), slots: SLOTS, clashing: false }
    }

    /// Makes records whose unique values and references may or may not be in order.
    pub(crate) const fn clashing(seed: u64) -> Self {
        Self { dice: Dice(seed), slots: SLOTS, clashing: true }
    }

    /// A reference to any of the first records.
    fn slot<I: RecordId>(&mut self) -> I {
        id(1 + self.dice.below(self.slots))
    }

    fn maybe_slot<I: RecordId>(&mut self) -> Option<I> {
        let slot = self.slot();
        self.dice.yes().then_some(slot)
    }

    /// A reference within the family: to an earlier record or, where they may clash, to any but itself.
    fn relative<I: RecordId>(&mut self, n: u32) -> Option<I> {
        let to = 1 + self.dice.below(self.slots);
        let allowed = if self.clashing { to != n } else { to < n };
        (allowed && self.dice.yes()).then(|| id(to))
    }

    fn number<T: FromStr<Err: Display>>(&mut self, prefix: &str, n: u32) -> T {
        let n = if self.clashing { 1 + self.dice.below(5) } else { n };
        text(&format!("{prefix}-{n:06}"))
    }

    fn external<T: FromStr<Err: Display>>(&mut self, n: u32) -> Option<T> {
        self.dice.yes().then(|| self.number("ext", n))
    }

    fn money(&mut self, currency: Currency) -> Money {
        Money::from_minor(i64::from(1 + self.dice.below(1_000_000)), currency)
    }

    fn price(&mut self, currency: Currency) -> UnitPrice {
        valid(UnitPrice::from_millionths(i64::from(self.dice.below(100)) * 499_900, currency))
    }

    fn at(&mut self) -> DateTime<Utc> {
        at(self.dice.below(1_000))
    }

    fn day(&mut self) -> NaiveDate {
        day(self.dice.below(10))
    }

    /// A new record of a family.
    pub(crate) fn record(&mut self, family: Family, n: u32) -> Any {
        match family {
            Family::Product => self.product(n).into(),
            Family::PriceList => self.price_list(n).into(),
            Family::Promotion => self.promotion(n).into(),
            Family::Redemption => self.redemption(n).into(),
            Family::SalesRep => self.sales_rep(n).into(),
            Family::Agent => self.agent(n).into(),
            Family::Customer => self.customer(n).into(),
            Family::Interaction => self.interaction(n).into(),
            Family::SalePlan => self.sale_plan(n).into(),
            Family::Queue => self.queue(n).into(),
            Family::Lead => self.lead(n).into(),
            Family::Opportunity => self.opportunity(n).into(),
            Family::Quote => self.quote(n).into(),
            Family::Activity => self.activity(n).into(),
            Family::Order => self.order(n).into(),
            Family::Payment => self.payment(n).into(),
            Family::ExchangeRate => self.exchange_rate(n).into(),
            Family::Ticket => self.ticket(n).into(),
            Family::ForecastAdjustment => self.forecast_adjustment(n).into(),
            Family::ForecastSnapshot => self.forecast_snapshot(n).into(),
        }
    }
}

/// In which order work is handed out.
pub(crate) const WAITING_ORDERS: &[WaitingOrder] =
    &[WaitingOrder::OldestFirst, WaitingOrder::LongestWaitingFirst, WaitingOrder::LikeliestFirst];

/// How many records of each family may be referred to.
pub(crate) const SLOTS: u32 = 3;

/// The ways that a communication takes in the suite; the others stay unused, so that a filter may find nothing.
pub(crate) const CHANNELS: &[Channel] = &[Channel::Phone, Channel::Email, Channel::SocialMedia];

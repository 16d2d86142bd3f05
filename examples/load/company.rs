//! A company of any size: its records from a seed and their numbers, each made when it is asked for, so that memory does not grow with the company.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm::{
    Act, By, Channel, Currency, Customer, CustomerId, Draft, EmailAddress, Money, NewCustomer, NewOpportunity,
    NewPayment, NewProduct, NewSalePlan, NewSalesRep, NewTicket, Number, Opportunity, Order, OrderId, OrderLine,
    Percent, Period, Pipeline, PlanScope, Priority, Product, RecordId, SalePlan, SalesRep, SalesRepId, Ticket,
    UnitPrice,
};
use fastrand::Rng;

use super::{Done, names, options::Options};

pub(crate) const CURRENCY: Currency = Currency::EUR;
const REGIONS: &[&str] = &["North", "South", "East", "West", "华东", "华南"];
/// The years in which orders come in, and the year before, in which the customers do.
const FIRST_YEAR: i32 = 2023;
const YEARS: i32 = 3;
const MONTHS: u32 = 36;

/// The company and the number of each of its records.
pub(crate) struct Company {
    seed: u64,
    pub(crate) customers: u32,
    pub(crate) orders: u32,
    pub(crate) reps: u32,
    pub(crate) products: u32,
    pub(crate) tickets: u32,
    pub(crate) opportunities: u32,
    pub(crate) plans: u32,
    first_day: NaiveDate,
    seconds: i64,
}

impl Company {
    /// Of the size that was asked for; what it was not asked for follows from the orders.
    pub(crate) fn new(options: &Options) -> Done<Self> {
        let years = (FIRST_YEAR..FIRST_YEAR + YEARS).map(|year| Ok(Period::year(year)?)).collect::<Done<Vec<_>>>()?;
        let days: u64 = years.iter().map(|year| year.days()).sum();
        let reps = (options.orders / 10_000).clamp(8, 200);
        Ok(Self {
            seed: options.seed,
            customers: options.customers,
            orders: options.orders,
            reps,
            products: (options.orders / 200).clamp(20, 5_000),
            tickets: options.orders / 10,
            opportunities: options.orders / 20,
            plans: reps * MONTHS,
            first_day: years[0].from(),
            seconds: i64::try_from(days)? * 86_400,
        })
    }

    fn start(&self) -> DateTime<Utc> {
        self.first_day.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    /// The chance of one record, the same on every run.
    fn random(&self, family: u64, number: u32) -> Rng {
        Rng::with_seed(self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ family << 40 ^ u64::from(number))
    }

    /// The id of a record that was made at an instant: later ones ascend.
    fn id<I: RecordId>(&self, at: DateTime<Utc>, number: u32) -> Done<I> {
        let mut entropy = [0; 10];
        entropy[..4].copy_from_slice(&number.to_be_bytes());
        entropy[4..].copy_from_slice(&self.seed.to_be_bytes()[2..]);
        Ok(Act::new(at, "load".parse()?, entropy).new_id())
    }

    /// What the keys of its imports begin with.
    pub(crate) fn key(&self) -> String {
        format!("load {}, {} customers, {} orders: ", self.seed, self.customers, self.orders)
    }

    /// The act that imports the records of a family, under a key of its own, so that a second run goes on where the first one stopped.
    pub(crate) fn import_act(&self, family: &str) -> Done<Act> {
        let mut entropy = [0; 10];
        for (to, from) in entropy.iter_mut().zip(family.bytes()) {
            *to = from;
        }
        Ok(Act::new(self.start(), "load".parse()?, entropy).with_key(format!("{}{family}", self.key()).parse()?))
    }

    /// When the record of a number came, where so many come in the three years, one after the other.
    fn at(&self, number: u32, of: u32) -> DateTime<Utc> {
        self.start() + TimeDelta::seconds(self.seconds * i64::from(number - 1) / i64::from(of))
    }

    /// Customers come in the year before.
    fn registered_at(&self, number: u32) -> DateTime<Utc> {
        self.start() - TimeDelta::seconds(31_536_000)
            + TimeDelta::seconds(31_000_000 * i64::from(number) / i64::from(self.customers))
    }

    pub(crate) fn customer_id(&self, number: u32) -> Done<CustomerId> {
        self.id(self.registered_at(number), number)
    }

    pub(crate) fn email(number: u32) -> Done<EmailAddress> {
        Ok(format!("customer.{number}@example.com").parse()?)
    }

    pub(crate) fn rep_id(&self, number: u32) -> Done<SalesRepId> {
        self.id(self.start() - TimeDelta::days(400), number)
    }

    pub(crate) fn order_id(&self, number: u32) -> Done<OrderId> {
        self.id(self.at(number, self.orders), number)
    }

    pub(crate) fn order_number(number: u32) -> Done<Number> {
        Ok(format!("L-{number:08}").parse()?)
    }

    /// The months of the three years.
    pub(crate) fn months(&self) -> Done<Vec<Period>> {
        let months =
            (0..MONTHS).map(|month| Ok(Period::month(FIRST_YEAR + (month / 12).cast_signed(), month % 12 + 1)?));
        months.collect()
    }

    /// The three years.
    pub(crate) fn period(&self) -> Done<Period> {
        let last = Period::year(FIRST_YEAR + YEARS - 1)?;
        Ok(Period::new(self.first_day, last.until())?)
    }

    pub(crate) fn rep(&self, number: u32) -> Done<SalesRep> {
        let region = REGIONS[number as usize % REGIONS.len()];
        let new = NewSalesRep::new(names::person(&mut self.random(1, number)).parse()?).region(region.parse()?);
        Ok(SalesRep::add(self.rep_id(number)?, self.start() - TimeDelta::days(400), new)?)
    }

    fn price(&self, product: u32) -> Done<UnitPrice> {
        let cents = self.random(2, product).i64(199..50_000);
        Ok(UnitPrice::from_millionths(cents * 10_000, CURRENCY)?)
    }

    pub(crate) fn product(&self, number: u32) -> Done<Product> {
        let at = self.start() - TimeDelta::days(400);
        let new = NewProduct::new(
            format!("SKU-{number:05}").parse()?,
            format!("Article {number}").parse()?,
            self.price(number)?,
        );
        Ok(Product::add(self.id(at, number)?, at, new))
    }

    pub(crate) fn customer(&self, number: u32) -> Done<Customer> {
        let mut random = self.random(3, number);
        let mut new = match random.u8(..10) {
            0 => NewCustomer::organisation(names::organisation(&mut random).parse()?),
            _ => NewCustomer::person(names::person(&mut random).parse()?),
        };
        new = new.email(Self::email(number)?).owner(self.rep_id(random.u32(1..=self.reps))?);
        if random.u8(..10) < 6 {
            new = new.phone(format!("+4477{number:08}").parse()?);
        }
        if random.u8(..10) < 8 {
            new = new.region(REGIONS[random.usize(..REGIONS.len())].parse()?);
        }
        if random.u8(..10) == 0 {
            new = new.tag("newsletter".parse()?);
        }
        Ok(Customer::register(self.customer_id(number)?, self.registered_at(number), new)?)
    }

    /// Whose the order is: a few customers have most of them, the first one the most.
    fn customer_of(&self, random: &mut Rng) -> Done<CustomerId> {
        let cube = u128::from(random.u32(..)).pow(3);
        let number = (u128::from(self.customers) * cube) >> 96;
        self.customer_id(u32::try_from(number)? + 1)
    }

    /// An order of one to five lines, as it stands in the end: of a hundred, 5 are drafts, 10 are not paid, 15 are paid and not shipped, 62 are paid and shipped, 3 of them
    /// refunded in part, and 8 were cancelled after they had been confirmed.
    pub(crate) fn order(&self, number: u32) -> Done<Order> {
        let mut random = self.random(4, number);
        let at = self.at(number, self.orders);
        let lines = (1..=random.u32(1..=5)).map(|place| {
            let product = random.u32(1..=self.products);
            let id = self.id(self.start() - TimeDelta::days(400), product)?;
            Ok(OrderLine::new(place, id, random.u32(1..=10).into(), self.price(product)?, Percent::ZERO)?)
        });
        let lines = lines.collect::<Done<Vec<_>>>()?;
        let draft = Draft {
            rep: Some(self.rep_id(random.u32(1..=self.reps))?),
            ..Draft::new(
                self.order_id(number)?,
                Self::order_number(number)?,
                self.customer_of(&mut random)?,
                CURRENCY,
                lines,
            )
        };
        let mut order = Order::draft(at, draft)?;
        let after = |days| at + TimeDelta::days(days);
        let fate = random.u8(..100);
        if fate >= 5 {
            order.confirm(at, at.date_naive())?;
        }
        match fate {
            0..15 => {}
            15..92 => {
                order.pay(after(1), NewPayment::of(order.total()))?;
                if fate >= 30 {
                    order.ship(after(2), None)?;
                }
                if fate >= 89 {
                    order.refund(after(20), NewPayment::of(order.lines()[0].amount()))?;
                }
            }
            _ => drop(order.cancel(after(1), after(1).date_naive(), None)?),
        }
        Ok(order)
    }

    /// A plan for each rep and month, reached more or less.
    pub(crate) fn plan(&self, number: u32) -> Done<SalePlan> {
        let (rep, month) = ((number - 1) / MONTHS + 1, (number - 1) % MONTHS);
        let period = self.months()?[month as usize];
        // Three lines of 5.5 pieces at 251 euros, of which nine in ten count.
        let expected = i64::from(self.orders) * 3 * 550 * 251 * 9 / 10 / i64::from(self.plans);
        let target = Money::from_minor(expected * self.random(5, number).i64(80..130) / 100, CURRENCY);
        let scope = PlanScope::SalesRep(self.rep_id(rep)?);
        let at = period.from().and_time(chrono::NaiveTime::MIN).and_utc();
        let name = format!("Rep {rep}, {}", period.from().format("%Y-%m")).parse()?;
        let mut plan = SalePlan::draft(self.id(at, number)?, at, NewSalePlan::new(name, period, target, scope))?;
        plan.activate(at)?;
        Ok(plan)
    }

    pub(crate) fn ticket(&self, number: u32) -> Done<Ticket> {
        let mut random = self.random(6, number);
        let at = self.at(number, self.tickets);
        let subject = if random.bool() { "退款 " } else { "Return of " };
        let subject = format!("{subject}{}", Self::order_number(random.u32(1..=self.orders))?.as_str()).parse()?;
        let mut new =
            NewTicket::new(self.customer_of(&mut random)?, Channel::Email, subject).due_at(at + TimeDelta::days(2));
        if random.u8(..10) < 7 {
            new = new.priority([Priority::Low, Priority::Normal, Priority::High, Priority::Urgent][random.usize(..4)]);
        }
        Ok(Ticket::open(self.id(at, number)?, format!("LT-{number:08}").parse()?, at, &new)?)
    }

    pub(crate) fn opportunity(&self, pipeline: &Pipeline, number: u32) -> Done<Opportunity> {
        let mut random = self.random(7, number);
        let at = self.at(number, self.opportunities);
        let stage = &pipeline.stages()[random.usize(..3)];
        let new = NewOpportunity::new(format!("Offer {number}").parse()?)
            .customer(self.customer_of(&mut random)?)
            .rep(self.rep_id(random.u32(1..=self.reps))?)
            .stage(stage.key.clone())
            .value(Money::from_minor(random.i64(10_000..5_000_000), CURRENCY));
        Ok(Opportunity::open(self.id(at, number)?, By { at, actor: &"load".parse()? }, pipeline, new)?)
    }
}

/// The way of an opportunity.
pub(crate) fn pipeline() -> Done<Pipeline> {
    let builder = Pipeline::new("Sales".parse()?)
        .open("prospecting".parse()?, Percent::whole(10))
        .open("engaging".parse()?, Percent::whole(50))
        .open("negotiating".parse()?, Percent::whole(80))
        .won("won".parse()?);
    Ok(builder.build()?)
}

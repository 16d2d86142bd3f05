//! Samples of plans, opportunities and orders.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use crm_core::{
    Activity, ActivityKind, AnomalyKind, BeyondLimit, By, Completion, CreditAt, Currency, CustomerId, DatedRate,
    Discount, DiscountLimit, Draft, LeastAmount, LimitKind, Loss, Measured, Money, NewActivity, NewOpportunity,
    NewPayment, NewProviderPayment, NewSalePlan, Opportunity, Order, OrderId, OrderLine, Payment, PaymentReport,
    Percent, Period, Pipeline, PlanScope, ProductId, ProviderStatus, Quantity, Quote, QuoteContent, QuoteDraft, Sale,
    SalePlan, StrategyKind, Tax, TaxRounding, Taxation, Terms,
};

use super::{Random, currency, external_id, price, valid};

/// So many plans of seeds in a row stand in each state: draft, active, closed.
pub const PLAN_STATES: u64 = 3;

/// So many opportunities of seeds in a row stand in each state: new, advanced, won, lost, reopened.
pub const OPPORTUNITY_STATES: u64 = 5;

/// So many activities of seeds in a row stand in each state: planned, done, cancelled.
pub const ACTIVITY_STATES: u64 = 3;

/// So many orders of seeds in a row stand in each state: draft, confirmed, locked, partly shipped and paid, delivered and paid, returned and partly refunded, cancelled
/// after a refund, cancelled as a draft.
pub const ORDER_STATES: u64 = 8;

/// So many payments of seeds in a row stand in each state: draft, pending, authorised, done, cancelled, failed.
pub const PAYMENT_STATES: u64 = 6;

const SUBJECTS: &[&str] = &["forty lamps", "二十盏台灯", "Освещение склада", "O'Brien's \"loft\"; 50 % off"];

/// Time that passes by days, and its business day in UTC.
struct Days(DateTime<Utc>);

impl Days {
    fn next(&mut self) -> (DateTime<Utc>, NaiveDate) {
        self.0 += TimeDelta::days(1);
        (self.0, self.0.date_naive())
    }
}

/// A plan for a quarter and a region's sales.
pub fn sale_plan(seed: u64) -> SalePlan {
    let mut random = Random::new(seed, "sale plan");
    let at = random.instant();
    let from = at.date_naive();
    let period = valid(Period::new(from, from + TimeDelta::days(90)));
    let target = Money::from_minor(i64::from(random.below(100_000_000)), currency(seed));
    let region = PlanScope::Region(random.label(super::REGIONS));
    let name = valid(random.one_of(&["Q2", "第二季度", "Весна"]).parse());
    let mut new =
        NewSalePlan::new(name, period, target, region).credit(*random.one_of(&[CreditAt::Booked, CreditAt::Paid]));
    for kind in [StrategyKind::Price, StrategyKind::Promotion, StrategyKind::Channel] {
        if random.percent(50) {
            new = new.strategy(kind, valid("three for two".parse()));
        }
    }
    let mut plan = valid(SalePlan::draft(random.id(at), at, new));
    let mut days = Days(at);
    if !seed.is_multiple_of(PLAN_STATES) {
        valid(plan.activate(days.next().0));
    }
    if seed % PLAN_STATES > 1 {
        valid(plan.close(days.next().0));
    }
    plan
}

/// An activity for a customer, of nobody yet.
pub fn activity(seed: u64, customer: Option<CustomerId>) -> Activity {
    let mut random = Random::new(seed, "activity");
    let at = random.instant();
    let kinds = [ActivityKind::Call, ActivityKind::Visit, ActivityKind::Meeting, ActivityKind::Task];
    let subject = valid(random.one_of(&["ask about the lamps", "回电话", "Показать лампы"]).parse());
    let mut new = NewActivity::new(*random.one_of(&kinds), subject, at.date_naive() + TimeDelta::days(7));
    new.customer = customer;
    if random.percent(50) {
        new = new.remind_at(at + TimeDelta::days(6)).note(valid("after lunch".parse()));
    }
    if random.percent(50) {
        new = new.external_id(external_id("activity", seed));
    }
    let mut activity = valid(Activity::plan(random.id(at), at, new));
    let (at, day) = Days(at).next();
    match seed % ACTIVITY_STATES {
        1 => {
            let outcome = random.label(&["reached", "no answer", "已成交"]);
            valid(activity.complete(at, Completion { day, outcome, note: None }));
        }
        2 => drop(valid(activity.cancel(at, None))),
        _ => {}
    }
    activity
}

/// The pipeline of the sample opportunities: three open stages, then two won ones.
pub fn pipeline() -> Pipeline {
    let pipeline = Pipeline::new(valid("Hardware".parse()))
        .open(valid("prospecting".parse()), Percent::whole(10))
        .open(valid("engaging".parse()), Percent::whole(50))
        .open(valid("negotiating".parse()), Percent::whole(80))
        .won(valid("won".parse()))
        .won(valid("delivered".parse()));
    valid(pipeline.build())
}

/// An opportunity, of a customer or of nobody yet.
pub fn opportunity(seed: u64, customer: Option<CustomerId>) -> Opportunity {
    let mut random = Random::new(seed, "opportunity");
    let at = random.instant();
    let (pipeline, actor) = (pipeline(), valid("sample".parse()));
    let mut new = NewOpportunity::new(valid(random.one_of(SUBJECTS).parse()));
    new.customer = customer;
    let value = Money::from_minor(i64::from(random.below(10_000_000)), currency(seed));
    if random.percent(70) {
        new = new.value(value);
    }
    if random.percent(50) {
        new = new.expected_close(at.date_naive() + TimeDelta::days(30));
    }
    if random.percent(50) {
        new = new.external_id(external_id("opportunity", seed));
    }
    let mut opportunity = valid(Opportunity::open(random.id(at), By { at, actor: &actor }, &pipeline, new));
    let mut days = Days(at);
    let state = seed % OPPORTUNITY_STATES;
    if state > 0 {
        let by = By { at: days.next().0, actor: &actor };
        valid(opportunity.advance(by, &pipeline, &pipeline.stages()[1].key, None));
    }
    let (at, day) = days.next();
    match state {
        2 => {
            valid(opportunity.win(By { at, actor: &actor }, &pipeline, Sale { day, value: Some(value) }));
        }
        3 | 4 => {
            let note = random.percent(50).then(|| valid("the other offer was cheaper".parse()));
            let reason = random.label(&["price", "no budget", "竞争对手"]);
            valid(opportunity.lose(at, Loss { day, reason, note }));
        }
        _ => {}
    }
    if state == 4 {
        let by = By { at: days.next().0, actor: &actor };
        valid(opportunity.reopen(by, &pipeline, &pipeline.stages()[2].key));
    }
    opportunity
}

/// So many quotes of seeds in a row stand in each state but superseded, which takes another quote.
pub const QUOTE_STATES: u64 = 8;

/// A quote for a customer over some of the products, of which there must be one.
pub fn quote(seed: u64, customer: CustomerId, products: &[ProductId]) -> Quote {
    let mut random = Random::new(seed, "quote");
    let at = random.instant();
    let draft = QuoteDraft {
        id: random.id(at),
        number: valid(format!("SAMPLE-Q-{seed}").parse()),
        external_id: random.percent(50).then(|| external_id("quote", seed)),
        customer,
        opportunity: None,
        rep: None,
        authors: vec![valid("alice".parse())],
        currency: currency(seed),
        price_list: None,
        content: QuoteContent {
            lines: lines(&mut random, seed, products),
            terms: terms(seed),
            valid_until: Some(at.date_naive() + TimeDelta::days(30)),
        },
    };
    let mut quote = valid(Quote::draft(at, draft));
    let mut days = Days(at);
    let (at, day) = days.next();
    let none = valid(DiscountLimit::up_to(Percent::ZERO));
    match seed % QUOTE_STATES {
        1 | 2 => {
            let least = quote.lines()[0].amount();
            let beyond = BeyondLimit {
                line: 1,
                amount: Money::zero(least.currency()),
                least: LeastAmount::Known(least),
                limit: LimitKind::Discount(Percent::ZERO),
                margin: None,
            };
            valid(quote.submit(at, Measured { limit: none, beyond: vec![beyond] }));
        }
        3 => drop(valid(quote.cancel(at, Some(valid("客户改变了主意".parse()))))),
        4..=7 => drop(valid(quote.send(at, day, Measured { limit: none, beyond: Vec::new() }))),
        _ => {}
    }
    let (at, day) = days.next();
    match seed % QUOTE_STATES {
        2 => drop(valid(quote.approve(at, &valid("bob".parse())))),
        5 => drop(valid(quote.accept(at, day))),
        6 => drop(valid(quote.reject(at, day, valid("price".parse()), None))),
        7 => drop(valid(quote.expire(at, day + TimeDelta::days(60)))),
        _ => {}
    }
    quote
}

/// Two lines or three.
fn lines(random: &mut Random, seed: u64, products: &[ProductId]) -> Vec<OrderLine> {
    let currency = currency(seed);
    let mut line = |number| {
        let quantity = valid(Quantity::from_millionths(1_000_000 + i64::from(random.below(20)) * 500_000));
        let discount = *random.one_of(&[Percent::ZERO, Percent::whole(10), Percent::whole(33)]);
        let price = price(random, currency);
        let line = valid(OrderLine::new(number, *random.one_of(products), quantity, price, discount));
        let tax = *random.one_of(&[None, Some(Percent::whole(19)), Some(Percent::whole(7))]);
        line.taxed(tax.map(|rate| valid(Tax::new(valid("VAT".parse()), rate))))
    };
    // Two at least, so that an order can be shipped in part.
    let mut lines = vec![line(1), line(2)];
    if seed.is_multiple_of(2) {
        // Numbers may have gaps, where lines went.
        lines.push(line(4));
    }
    lines
}

fn terms(seed: u64) -> Terms {
    match seed % 3 {
        0 => Terms::default(),
        1 => Taxation::gross(TaxRounding::PerTaxGroup).into(),
        _ => Terms::from(Taxation::net(TaxRounding::Global)).discount(Discount::Percent(Percent::whole(5))),
    }
}

/// An order of a customer for some of the products, of which there must be one.
pub fn order(seed: u64, customer: CustomerId, products: &[ProductId]) -> Order {
    let mut random = Random::new(seed, "order");
    let at = random.instant();
    let currency = currency(seed);
    let lines = lines(&mut random, seed, products);
    let external_id = random.percent(50).then(|| external_id("order", seed));
    let number = valid(format!("SAMPLE-{seed}").parse());
    let terms = terms(seed);
    let draft = Draft { external_id, terms, ..Draft::new(random.id(at), number, customer, currency, lines) };
    let mut order = valid(Order::draft(at, draft));
    bring_about(&mut order, seed % ORDER_STATES, Days(at));
    order
}

fn bring_about(order: &mut Order, state: u64, mut days: Days) {
    let (at, day) = days.next();
    if state == 7 {
        valid(order.cancel(at, day, Some(valid("客户改变了主意".parse()))));
        return;
    }
    let rate = || {
        let (rate, source) = (valid("1.0842".parse()), valid("ECB".parse()));
        valid(DatedRate::new(order.currency(), Currency::USD, day, rate, source))
    };
    match state {
        0 => {}
        5 | 6 => {
            let rate = rate();
            valid(order.confirm_at_rate(at, day, rate));
        }
        _ => drop(valid(order.confirm(at, day))),
    }
    if state == 2 {
        valid(order.lock(days.next().0));
    }
    if state == 3 {
        let first = order.unshipped().into_iter().take(1).collect();
        valid(order.ship(days.next().0, Some(first)));
        pay(order, &mut days, order.total().minor() / 2);
    }
    if (4..=6).contains(&state) {
        valid(order.ship(days.next().0, None));
        valid(order.deliver(days.next().0, 1));
        pay(order, &mut days, order.total().minor());
    }
    if (5..=6).contains(&state) {
        valid(order.take_back(days.next().0, 1));
        let refunded = order.refundable().minor();
        refund(order, &mut days, if state == 5 { refunded / 2 } else { refunded });
    }
    if state == 6 {
        let (at, day) = days.next();
        valid(order.cancel(at, day, None));
    }
}

fn pay(order: &mut Order, days: &mut Days, minor: i64) {
    let (at, day) = days.next();
    let payment = NewPayment::of(Money::from_minor(minor, order.currency())).day(day);
    valid(order.pay(at, payment.method(valid("transfer".parse())).reference(valid("RF18 5390".parse()))));
}

fn refund(order: &mut Order, days: &mut Days, minor: i64) {
    let (at, day) = days.next();
    valid(order.refund(at, NewPayment::of(Money::from_minor(minor, order.currency())).day(day)));
}

/// A whole payment for an order with a provider. The order knows nothing of it.
pub fn payment(seed: u64, order: OrderId) -> Payment {
    let mut random = Random::new(seed, "payment");
    let at = random.instant();
    let amount = Money::from_minor(1 + i64::from(random.below(10_000_000)), currency(seed));
    let reference = valid(format!("{}:pi_{seed}", random.one_of(&["acme", "银行"])).parse());
    let mut payment = valid(Payment::begin(random.id(at), at, NewProviderPayment::new(order, reference, amount)));
    let mut days = Days(at);
    let state = seed % PAYMENT_STATES;
    if state > 0 {
        valid(payment.pend(days.next().0));
    }
    if (2..=4).contains(&state) {
        valid(payment.authorise(days.next().0));
    }
    match state {
        3 => drop(valid(payment.finish(days.next().0, None, amount))),
        4 => drop(valid(payment.cancel(days.next().0))),
        5 => drop(valid(payment.fail(days.next().0, Some(valid("card declined".parse()))))),
        _ => {}
    }
    if random.percent(30) {
        let report = PaymentReport::new(payment.reference().clone(), ProviderStatus::Pending);
        let at = days.next().0;
        valid(payment.note(at, report.anomaly(at, AnomalyKind::Late, payment.state().status())));
    }
    payment
}

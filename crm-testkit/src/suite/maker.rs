//! Records of all families in all their states, made from a number and a seed.

use std::{fmt::Display, str::FromStr};

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use crm_core::{
    Act, Activity, ActivityKind, ActivityStep, Actor, Agent, Aggregation, AnomalyKind, AssignmentPolicy,
    AssignmentStrategy, BeyondLimit, By, Channel, Completion, Conversion, Currency, Customer, DatedRate, DealLine,
    Direction, Discount, Disqualification, Draft, ExchangeRate, FairnessWindow, ForecastCategory, Gender, Interaction,
    Label, Lead, LeadPlace, LeadStatus, LeadTouch, LimitKind, Loss, Member, MessageKind, Money, NewActivity, NewAgent,
    NewCustomer, NewExchangeRate, NewInteraction, NewLead, NewMessage, NewOpportunity, NewPayment, NewPriceList,
    NewPriceRule, NewProduct, NewPromotion, NewQueue, NewRedemption, NewRefund, NewSalePlan, NewSalesRep, NewTicket,
    Opportunity, OpportunityPatch, Order, OrderLine, OrderParts, OrderState, Participant, Payment, PaymentKind,
    PaymentParts, PaymentReference, PaymentReport, PaymentState, Percent, Period, Pipeline, PlanScope, PostalAddress,
    PostalAddressFields, PriceBase, PriceChanges, PriceFormula, PriceList, PriceListPatch, PriceTarget, PriceTiers,
    Pricing, Priority, Product, Promotion, PromotionPatch, ProviderStatus, Qualification, Quantity, Queue, Quote,
    QuoteContent, QuoteDraft, QuoteParts, QuoteState, Rate, Rating, RecordId, Recurring, Redemption, RefundedLine,
    RequiredField, Revision, RosterMember, Rounding, Sale, SalePlan, SalesRep, ShippedLine, StrategyKind, Tax,
    TaxRounding, Taxation, Terms, Ticket, TierPrice, Unassigned, UnitPrice, WaitingOrder, Window,
    assignment::{Standing, Topic, Work},
    conversion::{Became, Origin},
};
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
        }
    }

    fn product(&mut self, n: u32) -> Product {
        let price = self.price(Currency::EUR);
        let mut new = NewProduct::new(self.number("LAMP", n), self.dice.one_text(NAMES), price);
        if self.dice.yes() {
            new = new.category(self.dice.one_text(CATEGORIES));
        }
        if self.dice.yes() {
            new = new.cost(self.price(Currency::JPY));
        }
        new.variant_of = self.relative(n);
        let mut product = Product::add(id(n), self.at(), new);
        product.active = self.dice.yes();
        product
    }

    fn window(&mut self) -> Window {
        let (from, until) = (day(self.dice.below(5)), day(5 + self.dice.below(5)));
        valid(Window::new(self.dice.yes().then_some(from), self.dice.yes().then_some(until)))
    }

    fn target(&mut self) -> PriceTarget {
        match self.dice.below(3) {
            0 => PriceTarget::All,
            1 => PriceTarget::Category(self.dice.one_text(CATEGORIES)),
            _ => PriceTarget::Product(self.slot()),
        }
    }

    fn price_list(&mut self, n: u32) -> PriceList {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY]);
        let mut new = NewPriceList::new(self.dice.one_text(NAMES), currency).valid(self.window());
        new.external_id = self.external(n);
        for _ in 0..self.dice.below(5) {
            let rule = self.price_rule(n, currency);
            new = new.rule(rule);
        }
        let mut list = valid(PriceList::add(id(n), self.at(), new));
        if self.dice.yes() {
            let at = self.at();
            list.update(at, PriceListPatch { active: Some(false), ..PriceListPatch::default() });
        }
        if list.rules().len() > 1 && self.dice.yes() {
            // Numbers with a gap, as after a rule was taken out.
            let (at, rule) = (self.at(), self.price_rule(n, currency));
            valid(list.reprice(at, PriceChanges::new().remove(1).rule(rule)));
        }
        list
    }

    fn price_rule(&mut self, n: u32, currency: Currency) -> NewPriceRule {
        let base = match (self.dice.below(3), self.relative(n)) {
            (0, Some(list)) => PriceBase::List(list),
            (1, _) => PriceBase::Cost,
            _ => PriceBase::ListPrice,
        };
        let (price, discount) = (self.price(currency), self.dice.one_text(&["0", "12.5", "-20"]));
        let pricing = match self.dice.below(4) {
            0 => Pricing::Fixed(price),
            1 => Pricing::Formula(PriceFormula::of(base, discount)),
            2 => {
                let multiple = valid(UnitPrice::from_millionths(50_000, currency));
                let formula = PriceFormula::of(base, discount).to_multiple(multiple, Rounding::HalfUp);
                let margin = self.money(currency);
                Pricing::Formula(
                    formula.surcharge(Money::from_minor(-1, currency)).min_margin(margin).max_margin(margin),
                )
            }
            _ => {
                let tiers =
                    if self.dice.yes() { PriceTiers::slab() } else { PriceTiers::range_over(Aggregation::Group) };
                let tiers = tiers.base(base).tier(1.into(), Some(11.into()), TierPrice::Discount(discount));
                Pricing::Tiers(if self.dice.yes() {
                    tiers.tier(11.into(), None, TierPrice::Price(price))
                } else {
                    tiers
                })
            }
        };
        let rule = NewPriceRule::new(self.target(), pricing).valid(self.window());
        if self.dice.yes() { rule.from_quantity(text("2.5")) } else { rule }
    }

    fn promotion(&mut self, n: u32) -> Promotion {
        let benefit = match self.dice.yes() {
            true => Discount::Percent(text("7.5")),
            false => Discount::Amount(self.money(Currency::EUR)),
        };
        let mut new = NewPromotion::new(self.dice.one_text(NAMES), benefit).target(self.target()).valid(self.window());
        if self.dice.yes() {
            new = new.coupon(self.number("CODE", n));
        }
        if self.dice.yes() {
            new = new.min_amount(self.money(Currency::EUR)).limit(3);
        }
        if self.dice.yes() {
            new = new.limit_per_customer(2);
        }
        let mut promotion = valid(Promotion::add(id(n), self.at(), new));
        for use_number in 0..self.dice.below(3) {
            let (at, amount, on) = (self.at(), self.money(Currency::EUR), promotion.valid().from().unwrap_or(day(4)));
            let by = NewRedemption::by(id(1), amount).day(on);
            valid(promotion.redeem(at, &valid(Redemption::make(id(use_number), at, id(n), by)), 0));
        }
        if self.dice.yes() {
            let at = self.at();
            valid(promotion.update(at, PromotionPatch { active: Some(false), ..PromotionPatch::default() }));
        }
        promotion
    }

    fn redemption(&mut self, n: u32) -> Redemption {
        let (promotion, customer, amount) = (self.slot(), self.slot(), self.money(Currency::KWD));
        let mut new = NewRedemption::by(customer, amount).day(self.day());
        if self.clashing {
            new.order = self.maybe_slot();
        }
        valid(Redemption::make(id(n), self.at(), promotion, new))
    }

    fn sales_rep(&mut self, n: u32) -> SalesRep {
        let mut new = NewSalesRep::new(self.dice.one_text(NAMES));
        (new.external_id, new.manager) = (self.external(n), self.relative(n));
        if self.dice.yes() {
            new = new.email(text("Lin@Example.com")).position(text("account executive")).commission_rate(text("7.25"));
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS));
        }
        let mut rep = valid(SalesRep::add(id(n), self.at(), new));
        rep.active = self.dice.yes();
        rep
    }

    fn agent(&mut self, n: u32) -> Agent {
        let mut new = NewAgent::new(self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        if self.dice.yes() {
            new = new.group(self.dice.one_text(GROUPS));
        }
        let mut agent = Agent::add(id(n), self.at(), new);
        agent.active = self.dice.yes();
        agent
    }

    fn customer(&mut self, n: u32) -> Customer {
        let name = self.dice.one_text(NAMES);
        let mut new = if self.dice.yes() {
            let born = NaiveDate::from_ymd_opt(1931, 2, 28).unwrap_or_default();
            let person = NewCustomer::person(name);
            let person = if self.dice.yes() { person.born(born) } else { person };
            let gender = self.dice.one(&[None, Some(Gender::Female), Some(Gender::Male), Some(Gender::Other)]);
            gender.into_iter().fold(person, |person, gender| person.gender(gender))
        } else {
            let mut organisation = NewCustomer::organisation(name);
            for role in ["buyer", "managing director"] {
                if let Some(person) = self.relative(n) {
                    organisation = organisation.contact(person, text(role));
                }
            }
            organisation
        };
        (new.external_id, new.parent, new.owner) = (self.external(n), self.relative(n), self.maybe_slot());
        for mailbox in ["zhang@example.com", "Sales@Example.org"] {
            if self.dice.yes() {
                new = new.email(text(mailbox));
            }
        }
        for phone in ["+442079460958", "+8613812345678"] {
            if self.dice.yes() {
                new = new.phone(text(phone));
            }
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS));
        }
        if self.dice.yes() {
            let street = if self.dice.yes() { vec!["10 High St".into(), "Flat 3".into()] } else { Vec::new() };
            let fields = PostalAddressFields { street, city: "上海".into(), ..PostalAddressFields::default() };
            new = new.address(valid(PostalAddress::parse(fields)));
        }
        for _ in 0..self.dice.below(3) {
            new = new.tag(self.dice.one_text(TAGS));
        }
        for _ in 0..self.dice.below(3) {
            let (words, product) = (self.dice.one_text(TEXTS), self.maybe_slot());
            new = if self.dice.yes() { new.need(words, product) } else { new.preference(words, product) };
        }
        let mut customer = valid(Customer::register(id(n), self.at(), new));
        if let Some(mailbox) = customer.emails.iter().last().map(|point| point.value.clone()) {
            if self.dice.yes() {
                valid(customer.emails.set_primary(&mailbox));
            }
            if self.dice.yes() {
                valid(customer.emails.opt_out(&mailbox));
            }
            if self.dice.yes() {
                valid(customer.emails.mark_invalid(&mailbox));
            }
        }
        if self.dice.below(4) == 0 {
            customer.archive(self.at());
        }
        customer
    }

    fn interaction(&mut self, n: u32) -> Interaction {
        let channel = self.dice.one(CHANNELS);
        let direction = self.dice.one(&[Direction::Inbound, Direction::Outbound]);
        let mut new = NewInteraction::new(self.slot(), channel, direction, self.dice.one_text(NAMES));
        (new.external_id, new.opportunity) = (self.external(n), self.maybe_slot());
        if self.dice.yes() {
            new = new.content(self.dice.one_text(TEXTS));
        }
        if self.dice.yes() {
            // Before 1970 too: instants are not only of today.
            new = new.occurred_at(self.at() - TimeDelta::days(i64::from(self.dice.below(2)) * 30_000));
        }
        let others = [
            Participant::Customer(self.slot()),
            Participant::SalesRep(self.slot()),
            Participant::Agent(self.slot()),
            Participant::Other(self.dice.one_text(NAMES)),
        ];
        for other in others {
            if self.dice.yes() {
                new = new.participant(other);
            }
        }
        if self.dice.yes() {
            new = new.rating(valid(Rating::new(self.dice.one(&[1, 3, 5]))));
        }
        valid(Interaction::log(id(n), self.at(), new))
    }

    fn sale_plan(&mut self, n: u32) -> SalePlan {
        let month = valid(Period::month(2026, self.dice.one(&[2, 3, 4])));
        let scope = match self.dice.below(4) {
            0 => PlanScope::SalesRep(self.slot()),
            1 => PlanScope::Team(self.slot()),
            2 => PlanScope::Product(self.slot()),
            _ => PlanScope::Region(self.dice.one_text(REGIONS)),
        };
        let mut new = NewSalePlan::new(self.dice.one_text(NAMES), month, self.money(Currency::EUR), scope);
        for kind in [StrategyKind::Promotion, StrategyKind::Price, StrategyKind::Channel] {
            if self.dice.yes() {
                new = new.strategy(kind, self.dice.one_text(TEXTS));
            }
        }
        if self.dice.yes() {
            new = new.credit(crm_core::CreditAt::Paid);
        }
        let mut plan = valid(SalePlan::draft(id(n), self.at(), new));
        let steps = self.dice.below(3);
        if steps > 0 {
            valid(plan.activate(self.at()));
        }
        if steps > 1 {
            valid(plan.close(self.at()));
        }
        plan
    }

    fn queue(&mut self, n: u32) -> Queue {
        let policy = AssignmentPolicy {
            strategy: self.dice.one(&[
                AssignmentStrategy::RoundRobin,
                AssignmentStrategy::LeastLoaded,
                AssignmentStrategy::Weighted,
            ]),
            order: self.dice.one(WAITING_ORDERS),
            fairness: self.dice.one(&[None, Some(FairnessWindow::default())]),
            sticky: self.dice.yes(),
            stale_after_days: self.dice.one(&[None, Some(7)]),
            paused: false,
        };
        let mut new = NewQueue::new(self.number("Queue", n)).policy(policy);
        let of_reps = self.dice.yes();
        // Each at most once: from the first slot on.
        for slot in 1..=self.dice.below(self.slots + 1) {
            let member = if of_reps { Member::SalesRep(id(slot)) } else { Member::Agent(id(slot)) };
            let mut member = RosterMember::new(member).weight(1 + self.dice.below(5));
            if self.dice.yes() {
                member = member.capacity(9).monthly(45);
            }
            if self.dice.yes() {
                member = member.takes(Topic::new(text("tag"), self.dice.one_text(TAGS)));
            }
            if self.dice.yes() {
                member = member.prefers(Topic::new(text("region"), self.dice.one_text(REGIONS)));
            }
            new = new.member(if self.dice.below(4) == 0 { member.paused() } else { member });
        }
        let mut queue = valid(Queue::add(id(n), self.at(), new));
        let standing = |_| Standing { available: true, load: 0 };
        for _ in 0..self.dice.below(3) {
            let (when, lead) = (self.at(), id::<crm_core::LeadId>(n));
            let work = Work { topics: [Topic::new(text("tag"), text("vip"))].into(), ..Work::new(when) };
            queue.assign(when, lead.into(), &work, standing);
        }
        if self.dice.below(4) == 0 {
            let out = AssignmentPolicy { paused: true, ..policy };
            queue.roster = valid(queue.roster.changed(Some(out), None));
        }
        queue
    }

    fn lead(&mut self, n: u32) -> Lead {
        let mut new = match self.dice.below(3) {
            0 => NewLead::person(self.dice.one_text(NAMES)),
            1 => NewLead::of_organisation(self.dice.one_text(NAMES)),
            _ => NewLead::of_email(text("lead@example.com")),
        };
        if self.dice.yes() {
            new = new.organisation(self.dice.one_text(NAMES)).role(text("buyer"));
        }
        (new.external_id, new.product) = (self.external(n), self.maybe_slot());
        if self.dice.yes() {
            new = new.email(text("Zhang@Example.com"));
        }
        if self.dice.yes() {
            new = new.phone(text("+442079460958")).phone(text("+8613812345678"));
        }
        if self.dice.yes() {
            let fields = PostalAddressFields { city: "上海".into(), ..PostalAddressFields::default() };
            new = new.address(valid(PostalAddress::parse(fields)));
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS)).tag(self.dice.one_text(TAGS));
        }
        if self.dice.yes() {
            new = new.source(self.dice.one_text(SOURCES));
        }
        if self.dice.yes() {
            new = new.interest(self.dice.one_text(NAMES)).note(self.dice.one_text(TEXTS));
        }
        if self.dice.yes() {
            new = new.value(self.money(Currency::JPY)).weight(1 + self.dice.below(9));
        }
        new = new.score(Percent::whole(u16::try_from(10 * self.dice.below(11)).unwrap_or(0)));
        let mut lead = valid(Lead::add(id(n), self.at(), new));
        let place = LeadPlace { queue: self.maybe_slot(), owner: self.maybe_slot() };
        valid(lead.put(self.at(), place));
        for _ in 0..self.dice.below(3) {
            let direction = self.dice.one(&[Direction::Inbound, Direction::Outbound]);
            let mut touch = LeadTouch::new(self.at(), self.dice.one(CHANNELS), direction, self.dice.one_text(NAMES));
            touch.content = self.dice.yes().then(|| self.dice.one_text(TEXTS));
            valid(lead.touch(self.at(), touch));
        }
        let when = self.at();
        match self.dice.below(6) {
            0 => drop(valid(lead.begin_work(when))),
            1 => drop(valid(lead.qualify(when))),
            2 => drop(valid(lead.nurture(when))),
            3 => {
                let note = Some(self.dice.one_text(TEXTS));
                valid(lead.disqualify(when, Disqualification { reason: text("other"), note }));
            }
            4 => {
                let became = Became { id: self.slot(), origin: Origin::Created, revision: Revision::FIRST };
                let conversion = Conversion {
                    organisation: self.dice.yes().then_some(became),
                    person: Some(Became { id: self.slot(), origin: Origin::Linked, ..became }),
                    opportunity: self.maybe_slot().map(|id| Became {
                        id,
                        origin: Origin::Filled { before: Revision::FIRST },
                        revision: Revision::new(2),
                    }),
                    interactions: vec![id(7)],
                    before: LeadStatus::New,
                };
                valid(lead.convert(when, Qualification::MayBeSkipped, conversion));
            }
            _ => {}
        }
        lead
    }

    fn opportunity(&mut self, n: u32) -> Opportunity {
        let (pipeline, actor): (_, Actor) = (pipeline(self.dice.one(&["Hardware", "Services"])), text("alice"));
        let mut new = NewOpportunity::new(self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        (new.customer, new.product, new.rep) = (self.maybe_slot(), self.maybe_slot(), self.maybe_slot());
        match self.dice.below(4) {
            0 => new = new.value(self.money(Currency::JPY)).probability(text("12.5")),
            1 => new.lines = (0..=self.dice.below(2)).map(|_| self.deal_line()).collect(),
            _ => {}
        }
        if self.dice.yes() {
            new = new.expected_close(self.day());
        }
        if self.dice.below(3) == 0 {
            new.recurring = Some(valid(Recurring::new(Money::from_minor(5_000, Currency::JPY), 12)));
            new.forecast = Some(ForecastCategory::Commit);
        }
        if self.dice.below(3) == 0 {
            new = new.primary_contact(self.slot(), text("buyer")).contact(self.slot(), text("user"));
        }
        let mut opportunity = valid(Opportunity::open(id(n), By { at: self.at(), actor: &actor }, &pipeline, new));
        let by = |maker: &mut Self| By { at: maker.at(), actor: &actor };
        if self.dice.yes() {
            valid(opportunity.advance(by(self), &pipeline, &text("engaging"), None));
        }
        if let Some(close) = opportunity.expected_close().filter(|_| self.dice.yes()) {
            let later = Some(close.checked_add_months(Months::new(1)));
            let patch = OpportunityPatch { expected_close: later, ..OpportunityPatch::default() };
            valid(opportunity.revise(self.at(), patch));
        }
        let (when, on) = (self.at(), self.day());
        match self.dice.below(4) {
            0 => {
                let money = self.money(Currency::JPY);
                let sale = Sale { day: on, value: opportunity.lines().is_empty().then_some(money) };
                valid(opportunity.win(by(self), &pipeline, sale));
                if self.dice.yes() {
                    valid(opportunity.advance(by(self), &pipeline, &text("delivered"), None));
                }
            }
            1 => {
                let note = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(opportunity.lose(when, Loss { day: on, reason: text("price"), note }));
                if self.dice.below(3) == 0 {
                    valid(opportunity.reopen(by(self), &pipeline, &text("prospecting")));
                }
            }
            _ => {}
        }
        opportunity
    }

    fn deal_line(&mut self) -> DealLine {
        let price = valid(UnitPrice::from_millionths(12_345_000, Currency::JPY));
        valid(DealLine::new(self.slot(), Quantity::from(1 + self.dice.below(9)), price, Percent::whole(5)))
    }

    fn activity(&mut self, n: u32) -> Activity {
        let kind = self.dice.one(&[ActivityKind::Call, ActivityKind::Visit, ActivityKind::Meeting, ActivityKind::Task]);
        let mut new = NewActivity::new(kind, self.dice.one_text(NAMES), self.day());
        new.external_id = self.external(n);
        (new.customer, new.opportunity, new.owner) = (self.maybe_slot(), self.maybe_slot(), self.maybe_slot());
        if self.dice.yes() {
            new = new.note(self.dice.one_text(TEXTS)).remind_at(self.at());
        }
        if self.dice.below(3) == 0 {
            new.step = Some(ActivityStep { plan: text("first contact"), number: 2 });
        }
        let mut activity = valid(Activity::plan(id(n), self.at(), new));
        match self.dice.below(4) {
            0 => {
                let note = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(activity.complete(self.at(), Completion { day: self.day(), outcome: text("reached"), note }));
            }
            1 => {
                let reason = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(activity.cancel(self.at(), reason));
            }
            _ => {}
        }
        activity
    }

    fn terms(&mut self, currency: Currency, worth_something: bool) -> Terms {
        let rounding = self.dice.one(&[TaxRounding::PerLine, TaxRounding::PerTaxGroup, TaxRounding::Global]);
        let terms: Terms = self.dice.one(&[Taxation::net(rounding), Taxation::gross(rounding)]).into();
        match self.dice.below(4) {
            0 => terms.discount(Discount::Percent(text("12.5"))),
            1 if worth_something => terms.discount(Discount::Amount(Money::from_minor(1, currency))),
            _ => terms,
        }
    }

    /// Up to three lines, with gaps in their numbers as after a line was taken out.
    fn lines(&mut self, currency: Currency) -> Vec<OrderLine> {
        let mut lines = Vec::new();
        for place in 0..self.dice.below(4) {
            let (quantity, discount) = (self.dice.one(&["1", "2.5", "40"]), self.dice.one(&["0", "10", "33.3333"]));
            let price = valid(UnitPrice::from_millionths(i64::from(1 + self.dice.below(100)) * 500_000, currency));
            let line = valid(OrderLine::new(1 + 2 * place, self.slot(), text(quantity), price, text(discount)));
            let tax =
                self.dice.one(&[None, Some("19"), Some("7.7")]).map(|rate| valid(Tax::new(text("VAT"), text(rate))));
            let line = tax.into_iter().fold(line, |line, tax| line.taxed(Some(tax)));
            lines.push(if place > 0 && self.dice.yes() { line.continuing(1) } else { line });
        }
        lines
    }

    fn quote(&mut self, n: u32) -> Quote {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY, Currency::KWD]);
        let lines = self.lines(currency);
        let terms = self.terms(currency, lines.iter().any(|line| line.amount().is_positive()));
        let content = QuoteContent { lines, terms, valid_until: self.dice.yes().then(|| self.day()) };
        let draft = QuoteDraft {
            id: id(n),
            number: self.number("Q", n),
            external_id: self.external(n),
            customer: self.slot(),
            opportunity: self.maybe_slot(),
            rep: self.maybe_slot(),
            author: text("alice"),
            currency,
            content,
        };
        let mut quote = valid(Quote::draft(self.at(), draft));
        let (when, on) = (self.at(), day(0));
        // Records that fit together stand in each state; those that may clash change it with each writing.
        let state = if self.clashing { self.dice.below(10) } else { n % 10 };
        if state == 9 {
            valid(quote.cancel(when, self.dice.yes().then(|| self.dice.one_text(TEXTS))));
        } else if !quote.lines().is_empty() {
            self.offered(&mut quote, state, when, on);
        }
        let mut parts = QuoteParts::from(quote);
        if let Some(previous) = self.relative(n) {
            (parts.version, parts.previous) = (2, Some(previous));
        }
        if let Some(by) = self.relative(n).filter(|_| parts.approval.is_none() && self.dice.yes()) {
            parts.state = QuoteState::Superseded { at: when, by };
        }
        valid(parts.try_into())
    }

    /// What becomes of a quote that has a line.
    fn offered(&mut self, quote: &mut Quote, state: u32, when: DateTime<Utc>, on: NaiveDate) {
        let money = |minor| Money::from_minor(minor, quote.currency());
        let limit = LimitKind::Discount(text("10"));
        let beyond = vec![BeyondLimit { line: 1, amount: money(80), least: money(90), limit, margin: None }];
        let at = self.at();
        match state {
            0 => drop(valid(quote.submit(when, Vec::new()))),
            1..=3 => drop(valid(quote.submit(when, beyond))),
            4..=7 => drop(valid(quote.send(when, on, Vec::new()))),
            _ => {}
        }
        match state {
            1 => drop(valid(quote.approve(at, &text("bob")))),
            2 => drop(valid(quote.send_back(at, self.dice.one_text(TEXTS)))),
            5 => {
                valid(quote.accept(at, on));
                // No order needs to be there for what is sound.
                if self.clashing && self.dice.yes() {
                    valid(quote.ordered(at, self.slot()));
                }
            }
            6 => drop(valid(quote.reject(at, on, text("price"), None))),
            7 if quote.valid_until().is_some() => drop(valid(quote.expire(at, day(40)))),
            _ => {}
        }
    }

    fn order(&mut self, n: u32) -> Order {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY, Currency::KWD]);
        let (customer, external_id, rep) = (self.slot(), self.external(n), self.maybe_slot());
        let lines = self.lines(currency);
        let terms = self.terms(currency, lines.iter().any(|line| line.amount().is_positive()));
        let draft = Draft {
            external_id,
            quote: self.maybe_slot(),
            rep,
            terms,
            ..Draft::new(id(n), self.number("SO", n), customer, currency, lines)
        };
        let mut order = valid(Order::draft(self.at(), draft));
        if order.lines().is_empty() || self.dice.below(5) == 0 {
            if self.dice.below(3) == 0 {
                valid(order.cancel(self.at(), self.day(), None));
            }
            return order;
        }
        let confirmed = self.day();
        if self.dice.yes() {
            let rate = DatedRate::new(currency, Currency::USD, self.day(), valid("1.0842".parse()), text("ECB"));
            valid(order.confirm_at_rate(self.at(), confirmed, valid(rate)));
        } else {
            valid(order.confirm(self.at(), confirmed));
        }
        match self.dice.below(4) {
            0 => {
                let part = ShippedLine { line: 1, quantity: order.lines()[0].quantity() };
                let part = if self.dice.yes() {
                    part
                } else {
                    ShippedLine { quantity: valid(Quantity::from_millionths(1)), ..part }
                };
                valid(order.ship(self.at(), Some(vec![part])));
            }
            1 => drop(valid(order.ship(self.at(), None))),
            _ => {}
        }
        let shipped = !order.shipments().is_empty();
        if shipped && self.dice.yes() {
            valid(order.deliver(self.at(), 1));
        }
        if shipped && self.dice.yes() && order.shipments()[0].out()[0].quantity > valid(Quantity::from_millionths(1)) {
            let line = order.shipments()[0].out()[0].line;
            let some = ShippedLine { line, quantity: valid(Quantity::from_millionths(1)) };
            valid(order.take_back_lines(self.at(), 1, vec![some]));
        }
        let returned = shipped && self.dice.yes();
        if returned {
            valid(order.take_back(self.at(), 1));
        }
        for _ in 0..self.dice.below(3) {
            let owed = order.owed().minor();
            let amount = Money::from_minor(if self.dice.yes() { owed } else { owed / 3 }, currency);
            if amount.is_positive() {
                let payment = NewPayment::of(amount).day(self.day()).method(text("bank transfer"));
                valid(order.pay(
                    self.at(),
                    if self.dice.yes() { payment } else { payment.reference(text("RF18 5390 0754 7034")) },
                ));
            }
        }
        let refundable = order.refundable();
        if refundable.is_positive() && self.dice.yes() {
            let part = Money::from_minor(refundable.minor() / 2, currency);
            let amount = if part.is_positive() && self.dice.yes() { part } else { refundable };
            valid(order.refund(self.at(), NewPayment::of(amount).day(self.day().max(confirmed))));
        }
        let half = |one: RefundedLine| RefundedLine { quantity: valid(Quantity::from_millionths(500_000)), ..one };
        let lines: Vec<RefundedLine> = order.refundable_lines().into_iter().map(half).collect();
        let came_to = valid(order.came_to(&lines));
        if came_to.is_positive() && came_to <= order.refundable() && self.dice.yes() {
            valid(order.refund(self.at(), NewRefund::of_lines(lines).day(self.day().max(confirmed))));
        }
        let whole = !order.refundable().is_positive() && (!shipped || returned);
        match self.dice.below(4) {
            0 => drop(valid(order.lock(self.at()))),
            1 if whole => {
                drop(valid(order.cancel(self.at(), self.day().max(confirmed), Some(self.dice.one_text(TEXTS)))));
            }
            _ => {}
        }
        order
    }

    /// An order that is still a draft, so that others refer to it and nobody counts it.
    pub(crate) fn draft(&mut self, n: u32) -> Order {
        let parts = OrderParts::from(self.order(n));
        let number = text(&format!("DRAFT-{n}"));
        let (state, shipments, payments) = (OrderState::Draft, Vec::new(), Vec::new());
        valid(OrderParts { number, state, rate: None, shipments, payments, ..parts }.try_into())
    }

    fn payment(&mut self, n: u32) -> Payment {
        use ProviderStatus::{Authorised, Cancelled, Done, Draft, Failed, Pending};
        let source = self.relative(n);
        let kinds = [PaymentKind::Capture, PaymentKind::Void, PaymentKind::Refund];
        let kind = if source.is_some() { self.dice.one(&kinds) } else { PaymentKind::Whole };
        let provider = self.dice.one(&["acme:pi", "bank:tr"]);
        let reference: PaymentReference = self.number(provider, n);
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY]);
        let status = match self.dice.one(&[Draft, Pending, Authorised, Done, Done, Cancelled, Failed]) {
            Authorised if kind != PaymentKind::Whole => Pending,
            status => status,
        };
        let at = self.at();
        let state = match status {
            Draft => PaymentState::Draft,
            Pending => PaymentState::Pending { since: at },
            Authorised => PaymentState::Authorised { at },
            Done => PaymentState::Done { at },
            Cancelled => PaymentState::Cancelled { at },
            Failed => PaymentState::Failed { at, reason: self.dice.yes().then(|| text("card declined")) },
        };
        let entry = (status == Done && kind != PaymentKind::Void && self.dice.yes()).then(|| 1 + self.dice.below(3));
        let mut lines = Vec::new();
        if kind == PaymentKind::Refund {
            for place in 0..self.dice.below(3) {
                lines.push(RefundedLine { line: 1 + 2 * place, quantity: self.dice.one_text(&["1", "2.5"]) });
            }
        }
        let mut anomalies = Vec::new();
        for _ in 0..self.dice.below(3).saturating_sub(self.dice.below(2)) {
            let report = PaymentReport::new(reference.clone(), self.dice.one(&[Pending, Done]));
            let report = if self.dice.yes() { report.amount(Money::from_minor(7, currency)) } else { report };
            let kind = self.dice.one(&[AnomalyKind::Repeated, AnomalyKind::NotEntered]);
            anomalies.push(report.anomaly(self.at(), kind, status));
        }
        let (created_at, updated_at) = (self.at(), self.at());
        let parts = PaymentParts {
            id: id(n),
            revision: Revision::FIRST,
            created_at,
            updated_at,
            order: self.slot(),
            kind,
            source,
            amount: self.money(currency),
            reference,
            lines,
            state,
            entry,
            anomalies,
        };
        valid(parts.try_into())
    }

    fn exchange_rate(&mut self, n: u32) -> ExchangeRate {
        let from = self.dice.one(&[Currency::EUR, Currency::USD]);
        let to = self.dice.one(&[Currency::JPY, Currency::KWD]);
        let rate = valid(Rate::from_ten_billionths(i64::from(1 + self.dice.below(1_000_000)) * 362_319));
        let new = NewExchangeRate::new(from, to, self.day(), rate, self.dice.one_text(&["ECB", "treasurer"]));
        valid(ExchangeRate::add(id(n), self.at(), new))
    }

    fn ticket(&mut self, n: u32) -> Ticket {
        let channel = self.dice.one(CHANNELS);
        let mut new = NewTicket::new(self.slot(), channel, self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        if self.dice.yes() {
            new = new.priority(self.dice.one(&[Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]));
        }
        if self.dice.yes() {
            new = new.group(self.dice.one_text(GROUPS));
        }
        if self.dice.yes() {
            new = new.due_at(at(self.dice.below(3)));
        }
        let mut ticket = valid(Ticket::open(id(n), self.number("T", n), self.at(), &new));
        let agent = self.slot();
        if self.dice.yes() {
            valid(ticket.assign(self.at(), Some(agent)));
        }
        if self.dice.yes() {
            let kind = MessageKind::Note(agent);
            valid(ticket.message(self.at(), NewMessage { kind, text: self.dice.one_text(TEXTS) }));
        }
        let when = self.at();
        match self.dice.below(6) {
            0 => drop(valid(ticket.pend(when))),
            1 => drop(valid(ticket.hold(when))),
            step @ (2 | 3) => {
                let (solver, words) = (self.slot(), self.dice.one_text(TEXTS));
                valid(ticket.solve(when, solver, words, Unassigned::SolverTakes));
                if step == 3 {
                    valid(ticket.close(self.at()));
                }
            }
            _ => {}
        }
        ticket
    }
}

/// In which order work is handed out.
pub(crate) const WAITING_ORDERS: &[WaitingOrder] =
    &[WaitingOrder::OldestFirst, WaitingOrder::LongestWaitingFirst, WaitingOrder::LikeliestFirst];

/// How many records of each family may be referred to.
pub(crate) const SLOTS: u32 = 3;

/// The ways that a communication takes in the suite; the others stay unused, so that a filter may find nothing.
pub(crate) const CHANNELS: &[Channel] = &[Channel::Phone, Channel::Email, Channel::SocialMedia];

fn pipeline(name: &str) -> Pipeline {
    let label = |key: &str| -> Label { text(key) };
    let pipeline = Pipeline::new(label(name))
        .open(label("prospecting"), Percent::whole(10))
        .next(["engaging", "signed"].map(text))
        .open(label("engaging"), Percent::whole(50))
        .forecast(ForecastCategory::BestCase)
        .stale_after(14)
        .won(label("signed"))
        .next(["delivered"].map(text))
        .won(label("delivered"))
        .requires([RequiredField::Value]);
    valid(pipeline.build())
}

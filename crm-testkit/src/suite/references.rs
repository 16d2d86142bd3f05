//! C16 and C17: references between records.

use crm_core::{
    Activity, ActivityParts, Contact, ContactRole, Conversion, Currency, Customer, CustomerKind, DealLine,
    ForecastAdjustment, Interaction, Lead, LeadParts, LeadState, LeadStatus, Member, MessageKind, Need, NeedKind,
    NewPriceRule, Opportunity, OpportunityParts, Order, OrderLine, OrderParts, Participant, Payment, PaymentKind,
    PaymentParts, PaymentState, Percent, PlanScope, PriceBase, PriceFormula, PriceList, PriceListParts, PriceRule,
    PriceTarget, Pricing, Product, Promotion, PromotionParts, Quantity, Quote, QuoteParts, QuoteState, RecordId,
    Redemption, RedemptionParts, Revision, Roster, RosterMember, SalePlan, SalePlanParts, SalesRep, Ticket,
    TicketMessage, TicketParts, TicketState, UnitPrice,
    conversion::{Became, Origin},
    store::{Store, StoreErrorKind, Tickets as _},
};

use super::{
    family::{Any, Family, delete},
    maker::{Maker, at, day, id, text, valid},
    world::{founded, insert_all, message, refusal, write},
};

/// A way to refer to a record.
struct Way {
    field: &'static str,
    /// What the family that refers is called where it keeps a record from being deleted.
    by: &'static str,
    to: Family,
    /// The record with a number that refers to the record with another number.
    refer: fn(n: u32, to: u32) -> Any,
}

pub(super) fn plain(family: Family, n: u32) -> Any {
    // The first record that refers to as little as a record of its family can.
    let bare = |seed| Maker::sound(seed).record(family, n);
    (0..2_000).map(bare).find(|record| references(record) == least(family)).unwrap_or_else(|| bare(0))
}

/// How many references a record of a family has at least.
const fn least(family: Family) -> usize {
    match family {
        Family::Interaction | Family::Quote | Family::Order | Family::Payment | Family::Ticket => 1,
        Family::Redemption | Family::ForecastAdjustment => 2,
        _ => 0,
    }
}

fn references(record: &Any) -> usize {
    match record {
        Any::Agent(_) | Any::ExchangeRate(_) | Any::ForecastSnapshot(_) => 0,
        Any::ForecastAdjustment(_) => 2,
        Any::Product(product) => usize::from(product.variant_of.is_some()),
        Any::PriceList(list) => list.products().len() + list.bases().len(),
        Any::Promotion(promotion) => usize::from(promotion.target().product().is_some()),
        Any::Redemption(redemption) => 2 + usize::from(redemption.order().is_some()),
        Any::SalesRep(rep) => usize::from(rep.manager.is_some()),
        Any::Customer(customer) => {
            let needs = customer.needs.iter().filter(|need| need.product.is_some()).count();
            let person = usize::from(matches!(customer.kind, CustomerKind::Person { .. }));
            // An organisation can have contacts, so a plain customer is one without any.
            needs
                + person
                + customer.contacts().count()
                + usize::from(customer.parent.is_some())
                + usize::from(customer.owner.is_some())
        }
        Any::Interaction(one) => 1 + usize::from(one.opportunity.is_some()) + one.participants.len(),
        Any::Queue(one) => one.roster.members().len(),
        Any::Lead(one) => {
            usize::from(one.owner().is_some())
                + usize::from(one.queue().is_some())
                + usize::from(one.product().is_some())
                + usize::from(one.status() == LeadStatus::Converted)
        }
        Any::SalePlan(plan) => usize::from(!matches!(plan.scope(), PlanScope::Region(_))),
        Any::Opportunity(one) => {
            usize::from(one.customer().is_some())
                + usize::from(one.product().is_some())
                + usize::from(one.rep().is_some())
                + one.lines().len()
                + one.contacts().len()
        }
        Any::Activity(one) => {
            let parties = [one.lead().is_some(), one.opportunity().is_some(), one.owner().is_some()];
            let customers = [one.customer(), one.person()].into_iter().flatten().count();
            customers + parties.into_iter().filter(|there| *there).count()
        }
        Any::Quote(quote) => {
            let one = [quote.previous(), quote.superseded_by()].into_iter().flatten().count();
            let others = [quote.opportunity().is_some(), quote.rep().is_some(), quote.order().is_some()];
            let listed = usize::from(quote.price_list().is_some());
            1 + one + others.into_iter().filter(|there| *there).count() + listed + quote.lines().len()
        }
        Any::Order(order) => {
            let one = [order.rep().is_some(), order.quote().is_some()].into_iter().filter(|there| *there).count();
            1 + one + usize::from(order.price_list().is_some()) + order.lines().len()
        }
        Any::Payment(payment) => 1 + usize::from(payment.source().is_some()),
        Any::Ticket(ticket) => {
            1 + usize::from(ticket.assignee().is_some())
                + usize::from(!matches!(ticket.state(), TicketState::New | TicketState::Open))
        }
    }
}

fn customer(n: u32, change: impl FnOnce(&mut Customer)) -> Any {
    let mut made = plain(Family::Customer, n);
    if let Any::Customer(customer) = &mut made {
        change(customer);
    }
    made
}

fn interaction(n: u32, change: impl FnOnce(&mut Interaction)) -> Any {
    let mut made = plain(Family::Interaction, n);
    if let Any::Interaction(interaction) = &mut made {
        change(interaction);
    }
    made
}

fn product(n: u32, change: impl FnOnce(&mut Product)) -> Any {
    let mut made = plain(Family::Product, n);
    if let Any::Product(product) = &mut made {
        change(product);
    }
    made
}

fn adjustment(n: u32, change: impl FnOnce(&mut ForecastAdjustment)) -> Any {
    let mut made = plain(Family::ForecastAdjustment, n);
    if let Any::ForecastAdjustment(adjustment) = &mut made {
        change(adjustment);
    }
    made
}

/// The one rule of a list.
fn rules(parts: &mut PriceListParts, target: PriceTarget, base: PriceBase) {
    let pricing = Pricing::Formula(PriceFormula::of(base, Percent::ZERO));
    let NewPriceRule { target, min_quantity, valid, pricing, .. } = NewPriceRule::new(target, pricing);
    parts.rules = vec![PriceRule { number: 1, target, min_quantity, valid, pricing }];
    parts.next_rule = 2;
}

fn sales_rep(n: u32, change: impl FnOnce(&mut SalesRep)) -> Any {
    let mut made = plain(Family::SalesRep, n);
    if let Any::SalesRep(rep) = &mut made {
        change(rep);
    }
    made
}

macro_rules! guarded {
    ($($name:ident: $family:ident($parts:ident);)*) => {$(
        fn $name(n: u32, change: impl FnOnce(&mut $parts)) -> Any {
            match plain(Family::$family, n) {
                Any::$family(record) => {
                    let mut parts = $parts::from(*record);
                    change(&mut parts);
                    let record: $family = valid(parts.try_into());
                    record.into()
                }
                other => other,
            }
        }
    )*};
}

fn queue(n: u32, member: Member) -> Any {
    let mut made = plain(Family::Queue, n);
    if let Any::Queue(queue) = &mut made {
        queue.roster = valid(Roster::new(*queue.roster.policy(), vec![RosterMember::new(member)]));
    }
    made
}

fn became<I: RecordId>(to: u32) -> Option<Became<I>> {
    Some(Became { id: id(to), origin: Origin::Created, revision: Revision::FIRST })
}

/// A lead that became what `change` says.
fn converted(n: u32, change: impl FnOnce(&mut Conversion)) -> Any {
    lead(n, |parts| {
        let mut conversion = Conversion {
            organisation: None,
            person: None,
            opportunity: None,
            interactions: Vec::new(),
            activities: Vec::new(),
            before: LeadStatus::Qualified,
        };
        change(&mut conversion);
        parts.state = LeadState::Converted { at: at(3), conversion: Box::new(conversion) };
    })
}

guarded! {
    lead: Lead(LeadParts);
    price_list: PriceList(PriceListParts);
    promotion: Promotion(PromotionParts);
    redemption: Redemption(RedemptionParts);
    sale_plan: SalePlan(SalePlanParts);
    opportunity: Opportunity(OpportunityParts);
    quote: Quote(QuoteParts);
    activity: Activity(ActivityParts);
    order: Order(OrderParts);
    payment: Payment(PaymentParts);
    ticket: Ticket(TicketParts);
}

fn solved(parts: &mut TicketParts, by: u32, assignee: u32) {
    parts.assignee = Some(id(assignee));
    parts.state = TicketState::Solved { at: at(3), by: id(by), resolution: text("a new bulb") };
}

fn need(to: u32) -> Need {
    Need { kind: NeedKind::Need, text: text("a lamp"), product: Some(id(to)) }
}

fn line(currency: Currency, to: u32) -> OrderLine {
    let price = valid(UnitPrice::from_millionths(0, currency));
    valid(OrderLine::new(1, id(to), Quantity::from(2_u32), price, Percent::ZERO))
}

/// All ways in which records refer to others.
const WAYS: &[Way] = &[
    Way {
        field: "parent",
        by: "customers",
        to: Family::Customer,
        refer: |n, to| customer(n, |one| one.parent = Some(id(to))),
    },
    Way {
        field: "contacts",
        by: "customers",
        to: Family::Customer,
        refer: |n, to| {
            let contact = Contact { person: id(to), role: text("buyer") };
            customer(n, |one| one.kind = CustomerKind::Organisation { contacts: [contact].into() })
        },
    },
    Way {
        field: "owner",
        by: "customers",
        to: Family::SalesRep,
        refer: |n, to| customer(n, |one| one.owner = Some(id(to))),
    },
    Way {
        field: "needs",
        by: "customers",
        to: Family::Product,
        refer: |n, to| customer(n, |one| one.needs = vec![need(to)]),
    },
    Way {
        field: "customer",
        by: "interactions",
        to: Family::Customer,
        refer: |n, to| interaction(n, |one| one.customer = id(to)),
    },
    Way {
        field: "opportunity",
        by: "interactions",
        to: Family::Opportunity,
        refer: |n, to| interaction(n, |one| one.opportunity = Some(id(to))),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::Customer,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::Customer(id(to))]),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::SalesRep,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::SalesRep(id(to))]),
    },
    Way {
        field: "participants",
        by: "interactions",
        to: Family::Agent,
        refer: |n, to| interaction(n, |one| one.participants = vec![Participant::Agent(id(to))]),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::SalesRep,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::SalesRep(id(to))),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::SalesRep,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::Team(id(to))),
    },
    Way {
        field: "scope",
        by: "sale plans",
        to: Family::Product,
        refer: |n, to| sale_plan(n, |one| one.scope = PlanScope::Product(id(to))),
    },
    Way {
        field: "manager",
        by: "sales reps",
        to: Family::SalesRep,
        refer: |n, to| sales_rep(n, |one| one.manager = Some(id(to))),
    },
    Way { field: "members", by: "queues", to: Family::SalesRep, refer: |n, to| queue(n, Member::SalesRep(id(to))) },
    Way { field: "members", by: "queues", to: Family::Agent, refer: |n, to| queue(n, Member::Agent(id(to))) },
    Way {
        field: "owner",
        by: "leads",
        to: Family::SalesRep,
        refer: |n, to| lead(n, |one| (one.owner, one.assigned_at) = (Some(id(to)), Some(at(2)))),
    },
    Way {
        field: "queue",
        by: "leads",
        to: Family::Queue,
        refer: |n, to| lead(n, |one| (one.queue, one.queued_at) = (Some(id(to)), Some(at(2)))),
    },
    Way {
        field: "product",
        by: "leads",
        to: Family::Product,
        refer: |n, to| lead(n, |one| one.product = Some(id(to))),
    },
    Way {
        field: "organisation",
        by: "leads",
        to: Family::Customer,
        refer: |n, to| converted(n, |one| one.organisation = became(to)),
    },
    Way {
        field: "person",
        by: "leads",
        to: Family::Customer,
        refer: |n, to| converted(n, |one| one.person = became(to)),
    },
    Way {
        field: "opportunity",
        by: "leads",
        to: Family::Opportunity,
        refer: |n, to| converted(n, |one| one.opportunity = became(to)),
    },
    Way {
        field: "customer",
        by: "opportunities",
        to: Family::Customer,
        refer: |n, to| opportunity(n, |one| one.customer = Some(id(to))),
    },
    Way {
        field: "product",
        by: "opportunities",
        to: Family::Product,
        refer: |n, to| opportunity(n, |one| one.product = Some(id(to))),
    },
    Way {
        field: "rep",
        by: "opportunities",
        to: Family::SalesRep,
        refer: |n, to| opportunity(n, |one| one.rep = Some(id(to))),
    },
    Way { field: "customer", by: "quotes", to: Family::Customer, refer: |n, to| quote(n, |one| one.customer = id(to)) },
    Way {
        field: "previous",
        by: "quotes",
        to: Family::Quote,
        refer: |n, to| quote(n, |one| (one.version, one.previous) = (2, Some(id(to)))),
    },
    Way {
        field: "opportunity",
        by: "quotes",
        to: Family::Opportunity,
        refer: |n, to| quote(n, |one| one.opportunity = Some(id(to))),
    },
    Way { field: "rep", by: "quotes", to: Family::SalesRep, refer: |n, to| quote(n, |one| one.rep = Some(id(to))) },
    Way {
        field: "superseded by",
        by: "quotes",
        to: Family::Quote,
        refer: |n, to| quote(n, |one| one.state = QuoteState::Superseded { at: at(3), by: id(to) }),
    },
    Way {
        field: "order",
        by: "quotes",
        to: Family::Order,
        refer: |n, to| {
            quote(n, |one| {
                one.lines = vec![line(one.currency, 1)];
                one.state = QuoteState::Accepted { at: at(3), day: day(3), order: Some(id(to)) };
            })
        },
    },
    Way {
        field: "lines",
        by: "quotes",
        to: Family::Product,
        refer: |n, to| quote(n, |one| one.lines = vec![line(one.currency, to)]),
    },
    Way {
        field: "price list",
        by: "quotes",
        to: Family::PriceList,
        refer: |n, to| quote(n, |one| one.price_list = Some(id(to))),
    },
    Way { field: "quote", by: "orders", to: Family::Quote, refer: |n, to| order(n, |one| one.quote = Some(id(to))) },
    Way {
        field: "lines",
        by: "opportunities",
        to: Family::Product,
        refer: |n, to| {
            let price = valid(UnitPrice::parse("10", Currency::EUR));
            let line = valid(DealLine::new(id(to), Quantity::from(2_u32), price, Percent::ZERO));
            opportunity(n, |one| (one.value, one.lines, one.recurring) = (Some(line.amount()), vec![line], None))
        },
    },
    Way {
        field: "contacts",
        by: "opportunities",
        to: Family::Customer,
        refer: |n, to| {
            let buyer = ContactRole { person: id(to), role: text("buyer"), primary: true };
            opportunity(n, |one| one.contacts = vec![buyer])
        },
    },
    Way {
        field: "lead",
        by: "activities",
        to: Family::Lead,
        refer: |n, to| activity(n, |one| one.lead = Some(id(to))),
    },
    Way {
        field: "person",
        by: "activities",
        to: Family::Customer,
        refer: |n, to| activity(n, |one| one.person = Some(id(to))),
    },
    Way {
        field: "customer",
        by: "activities",
        to: Family::Customer,
        refer: |n, to| activity(n, |one| one.customer = Some(id(to))),
    },
    Way {
        field: "opportunity",
        by: "activities",
        to: Family::Opportunity,
        refer: |n, to| activity(n, |one| one.opportunity = Some(id(to))),
    },
    Way {
        field: "owner",
        by: "activities",
        to: Family::SalesRep,
        refer: |n, to| activity(n, |one| one.owner = Some(id(to))),
    },
    Way { field: "customer", by: "orders", to: Family::Customer, refer: |n, to| order(n, |one| one.customer = id(to)) },
    Way {
        field: "price list",
        by: "orders",
        to: Family::PriceList,
        refer: |n, to| order(n, |one| one.price_list = Some(id(to))),
    },
    Way { field: "rep", by: "orders", to: Family::SalesRep, refer: |n, to| order(n, |one| one.rep = Some(id(to))) },
    Way {
        field: "lines",
        by: "orders",
        to: Family::Product,
        refer: |n, to| order(n, |one| one.lines = vec![line(one.currency, to)]),
    },
    Way { field: "order", by: "payments", to: Family::Order, refer: |n, to| payment(n, |one| one.order = id(to)) },
    Way {
        field: "source",
        by: "payments",
        to: Family::Payment,
        refer: |n, to| {
            payment(n, |one| {
                (one.kind, one.source, one.state) = (PaymentKind::Capture, Some(id(to)), PaymentState::Draft);
                one.entry = None;
            })
        },
    },
    Way {
        field: "customer",
        by: "tickets",
        to: Family::Customer,
        refer: |n, to| ticket(n, |one| one.customer = id(to)),
    },
    Way { field: "assignee", by: "tickets", to: Family::Agent, refer: |n, to| ticket(n, |one| solved(one, 1, to)) },
    Way {
        field: "rules",
        by: "price lists",
        to: Family::Product,
        refer: |n, to| price_list(n, |one| rules(one, PriceTarget::Product(id(to)), PriceBase::Cost)),
    },
    Way {
        field: "rules",
        by: "price lists",
        to: Family::PriceList,
        refer: |n, to| price_list(n, |one| rules(one, PriceTarget::All, PriceBase::List(id(to)))),
    },
    Way {
        field: "target",
        by: "promotions",
        to: Family::Product,
        refer: |n, to| promotion(n, |one| one.target = PriceTarget::Product(id(to))),
    },
    Way {
        field: "promotion",
        by: "redemptions",
        to: Family::Promotion,
        refer: |n, to| redemption(n, |one| one.promotion = id(to)),
    },
    Way {
        field: "customer",
        by: "redemptions",
        to: Family::Customer,
        refer: |n, to| redemption(n, |one| one.customer = id(to)),
    },
    Way {
        field: "rep",
        by: "forecast adjustments",
        to: Family::SalesRep,
        refer: |n, to| adjustment(n, |one| (one.rep, one.author) = (id(to), id(2))),
    },
    Way {
        field: "author",
        by: "forecast adjustments",
        to: Family::SalesRep,
        refer: |n, to| adjustment(n, |one| (one.rep, one.author) = (id(2), id(to))),
    },
    Way {
        field: "variant of",
        by: "products",
        to: Family::Product,
        refer: |n, to| product(n, |one| one.variant_of = Some(id(to))),
    },
    Way { field: "solved by", by: "tickets", to: Family::Agent, refer: |n, to| ticket(n, |one| solved(one, to, 1)) },
];

/// C16: a reference to a record that is not there is [`StoreErrorKind::MissingReference`], which names the field, and changes nothing.
pub fn c16_a_dangling_reference_is_refused<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C16");
    for (n, Way { field, refer, .. }) in (100..).zip(WAYS) {
        let (dangling, sound) = (refer(n, 99), refer(n, 1));
        let family = dangling.family();
        let kind = StoreErrorKind::MissingReference { record: family.name(), field };
        refusal(&store, &kind, format!("C16 {family}: {field}"), |tx| dangling.insert(tx));
        write(&store, format!("C16 {family}: {field} that is there"), |tx| sound.insert(tx));
        refusal(&store, &kind, format!("C16 {family}: {field} by an update"), |tx| dangling.update(tx));
    }
    let record = "message";
    let kind = StoreErrorKind::MissingReference { record, field: "ticket" };
    refusal(&store, &kind, "C16 message: ticket", |tx| tx.append_message(&message(98, 1)));
    write(&store, "C16", |tx| plain(Family::Ticket, 98).insert(tx));
    let stranger = TicketMessage { kind: MessageKind::AgentReply(id(99)), ..message(98, 1) };
    let kind = StoreErrorKind::MissingReference { record, field: "agent" };
    refusal(&store, &kind, "C16 message: agent", |tx| tx.append_message(&stranger));
}

/// C17: deleting what others refer to is [`StoreErrorKind::StillReferenced`], which names the family that refers and counts it, and changes nothing.
pub fn c17_what_others_refer_to_is_not_deleted<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C17");
    for (n, Way { field, by, to, refer }) in (0..).map(|way| 100 + 10 * way).zip(WAYS) {
        let target = plain(*to, n);
        let referring = [refer(n + 1, n), refer(n + 2, n)];
        let clause = format!("C17 {to}: {field} of {by}");
        write(&store, &clause, |tx| {
            target.insert(tx)?;
            insert_all(tx, &referring)
        });
        let kind = StoreErrorKind::StillReferenced { by, count: 2 };
        refusal(&store, &kind, &clause, |tx| delete(tx, target.id()));
        write(&store, &clause, |tx| delete(tx, referring[0].id()));
        let kind = StoreErrorKind::StillReferenced { by, count: 1 };
        refusal(&store, &kind, &clause, |tx| delete(tx, target.id()));
        write(&store, &clause, |tx| {
            refer(n + 2, 1).update(tx)?;
            delete(tx, target.id())
        });
    }
    // A message names its author for good.
    let (agent, ticket) = (plain(Family::Agent, 98), plain(Family::Ticket, 98));
    let note = TicketMessage { kind: MessageKind::Note(id(98)), ..message(98, 1) };
    write(&store, "C17 agent: messages", |tx| {
        insert_all(tx, &[agent.clone(), ticket.clone()])?;
        tx.append_message(&note)
    });
    let kind = StoreErrorKind::StillReferenced { by: "messages", count: 1 };
    refusal(&store, &kind, "C17 agent: messages", |tx| delete(tx, agent.id()));
    write(&store, "C17 agent: messages that went with their ticket", |tx| {
        delete(tx, ticket.id())?;
        delete(tx, agent.id())
    });
}

//! What the clauses leave open and this store settles: the names of fields and families, and which refusal comes first.

use crm_core::{
    Activity, ActivityParts, Agent, AgentId, Contact, ContactRole, Customer, CustomerId, CustomerKind, DealLine,
    Interaction, MessageKind, Need, NeedKind, Opportunity, OpportunityParts, Order, OrderParts, Participant, Payment,
    PaymentKind, PaymentParts, Percent, PlanScope, Product, ProductId, RecordRef, SalePlan, SalePlanParts, SalesRep,
    SalesRepId, Ticket, TicketMessage,
    store::{
        Activities, Agents, Customers, ForecastAdjustments, Interactions, Opportunities, Orders, Payments, Products,
        SalePlans, SalesReps, Tickets,
    },
};

use super::*;
use crate::sample;

type Stored = Result<(), StoreError>;

/// The records that the others refer to, and themselves refer to nobody.
struct Targets {
    customer: Customer,
    rep: SalesRep,
    product: Product,
    agent: Agent,
    deal: Opportunity,
    sale: Order,
    whole: Payment,
    /// A customer that no case is about.
    other: Customer,
}

impl Targets {
    fn new() -> Self {
        Self {
            customer: sample::customer(0),
            rep: sample::sales_rep(0),
            product: sample::product(0),
            agent: sample::agent(0),
            deal: sample::opportunity(5, None),
            sale: sample::order(8, sample::customer(1).id, &[sample::product(8).id]),
            whole: sample::payment(0, sample::order(16, sample::customer(1).id, &[sample::product(8).id]).id),
            other: sample::customer(1),
        }
    }

    /// A store with all of them but one.
    fn without(&self, left_out: Option<RecordRef>) -> MemoryTx {
        let mut tx = MemoryStore::new().snapshot();
        let kept = |record: RecordRef| Some(record) != left_out;
        tx.insert_customer(&self.other).unwrap();
        tx.insert_product(&sample::product(8)).unwrap();
        tx.insert_order(&sample::order(16, self.other.id, &[sample::product(8).id])).unwrap();
        if kept(self.sale.id.into()) {
            tx.insert_order(&self.sale).unwrap();
        }
        if kept(self.whole.id.into()) {
            tx.insert_payment(&self.whole).unwrap();
        }
        if kept(self.customer.id.into()) {
            tx.insert_customer(&self.customer).unwrap();
        }
        if kept(self.rep.id.into()) {
            tx.insert_sales_rep(&self.rep).unwrap();
        }
        if kept(self.product.id.into()) {
            tx.insert_product(&self.product).unwrap();
        }
        if kept(self.agent.id.into()) {
            tx.insert_agent(&self.agent).unwrap();
        }
        if kept(self.deal.id.into()) {
            tx.insert_opportunity(&self.deal).unwrap();
        }
        tx
    }
}

fn delete(tx: &mut MemoryTx, record: RecordRef) -> Stored {
    match record {
        RecordRef::Customer(id) => tx.delete_customer(id),
        RecordRef::SalesRep(id) => tx.delete_sales_rep(id),
        RecordRef::Product(id) => tx.delete_product(id),
        RecordRef::Agent(id) => tx.delete_agent(id),
        RecordRef::Opportunity(id) => tx.delete_opportunity(id),
        RecordRef::Order(id) => tx.delete_order(id),
        RecordRef::Payment(id) => tx.delete_payment(id),
        RecordRef::Interaction(_)
        | RecordRef::SalePlan(_)
        | RecordRef::Queue(_)
        | RecordRef::Lead(_)
        | RecordRef::ForecastAdjustment(_)
        | RecordRef::ForecastSnapshot(_)
        | RecordRef::Activity(_)
        | RecordRef::Quote(_)
        | RecordRef::Ticket(_)
        | RecordRef::ExchangeRate(_)
        | RecordRef::PriceList(_)
        | RecordRef::Promotion(_)
        | RecordRef::Redemption(_)
        | RecordRef::Import(_) => panic!("no case refers to {record}"),
    }
}

fn customer(change: impl FnOnce(&mut Customer)) -> Customer {
    let mut customer = sample::customer(2);
    change(&mut customer);
    customer
}

fn with_participant(customer: CustomerId, participant: Participant) -> Interaction {
    Interaction { participants: vec![participant], ..sample::interaction(3, customer) }
}

fn plan(scope: PlanScope) -> SalePlan {
    SalePlan::try_from(SalePlanParts { scope, ..sample::sale_plan(0).into() }).unwrap()
}

fn deal(customer: Option<CustomerId>, product: Option<ProductId>, rep: Option<SalesRepId>) -> Opportunity {
    Opportunity::try_from(OpportunityParts { product, rep, ..sample::opportunity(0, customer).into() }).unwrap()
}

fn activity(change: impl FnOnce(&mut ActivityParts)) -> Activity {
    let mut parts = ActivityParts::from(sample::activity(0, None));
    change(&mut parts);
    Activity::try_from(parts).unwrap()
}

fn order(customer: CustomerId, product: Option<ProductId>, rep: Option<SalesRepId>) -> Order {
    let parts = OrderParts::from(sample::order(0, customer, &[product.unwrap_or(sample::product(9).id)]));
    Order::try_from(OrderParts { rep, ..parts }).unwrap()
}

/// A record with one reference, put into a store.
type Insert<'a> = Box<dyn Fn(&mut MemoryTx) -> Stored + 'a>;

/// An insertion, the record and the field that refer, the record that is referred to, the family that refers.
type Case<'a> = (Insert<'a>, &'static str, &'static str, RecordRef, &'static str);

fn case<'a>(
    names: (&'static str, &'static str, &'static str),
    to: impl Into<RecordRef>,
    insert: impl Fn(&mut MemoryTx) -> Stored + 'a,
) -> Case<'a> {
    let (record, field, family) = names;
    (Box::new(insert), record, field, to.into(), family)
}

fn sales_cases(targets: &Targets) -> Vec<Case<'_>> {
    let Targets { customer: asker, rep, product, deal: of_targets, sale, whole, other, .. } = targets;
    let contact = Contact { person: asker.id, role: "buyer".parse().unwrap() };
    let kind = CustomerKind::Organisation { contacts: [contact].into() };
    let need = Need { kind: NeedKind::Need, text: "light".parse().unwrap(), product: Some(product.id) };
    let of_customers = |field| ("customer", field, "customers");
    let of_opportunities = |field| ("opportunity", field, "opportunities");
    let of_orders = |field| ("order", field, "orders");
    let scope = ("sale plan", "scope", "sale plans");
    vec![
        case(of_customers("parent"), asker.id, |tx| tx.insert_customer(&customer(|new| new.parent = Some(asker.id)))),
        case(of_customers("owner"), rep.id, |tx| tx.insert_customer(&customer(|new| new.owner = Some(rep.id)))),
        case(of_customers("contacts"), asker.id, move |tx| {
            tx.insert_customer(&customer(|new| new.kind = kind.clone()))
        }),
        case(of_customers("needs"), product.id, move |tx| {
            tx.insert_customer(&customer(|new| new.needs = vec![need.clone()]))
        }),
        case(scope, rep.id, |tx| tx.insert_sale_plan(&plan(PlanScope::SalesRep(rep.id)))),
        case(scope, rep.id, |tx| tx.insert_sale_plan(&plan(PlanScope::Team(rep.id)))),
        case(scope, product.id, |tx| tx.insert_sale_plan(&plan(PlanScope::Product(product.id)))),
        case(("sales rep", "manager", "sales reps"), rep.id, |tx| {
            tx.insert_sales_rep(&SalesRep { manager: Some(rep.id), ..sample::sales_rep(1) })
        }),
        case(of_opportunities("customer"), asker.id, |tx| tx.insert_opportunity(&deal(Some(asker.id), None, None))),
        case(of_opportunities("product"), product.id, |tx| tx.insert_opportunity(&deal(None, Some(product.id), None))),
        case(of_opportunities("rep"), rep.id, |tx| tx.insert_opportunity(&deal(None, None, Some(rep.id)))),
        case(of_opportunities("lines"), product.id, |tx| {
            let line = DealLine::new(product.id, 2.into(), product.list_price, Percent::ZERO).unwrap();
            let (value, lines) = (Some(line.amount()), vec![line]);
            let parts = OpportunityParts { value, lines, ..deal(None, None, None).into() };
            tx.insert_opportunity(&Opportunity::try_from(parts).unwrap())
        }),
        case(of_opportunities("contacts"), asker.id, |tx| {
            let contacts = vec![ContactRole { person: asker.id, role: "buyer".parse().unwrap(), primary: true }];
            let parts = OpportunityParts { contacts, ..deal(None, None, None).into() };
            tx.insert_opportunity(&Opportunity::try_from(parts).unwrap())
        }),
        case(("forecast adjustment", "rep", "forecast adjustments"), rep.id, |tx| {
            let author = sample::sales_rep(1);
            tx.insert_sales_rep(&author)?;
            tx.insert_forecast_adjustment(&sample::forecast_adjustment(0, rep.id, author.id))
        }),
        case(("forecast adjustment", "author", "forecast adjustments"), rep.id, |tx| {
            let of = sample::sales_rep(1);
            tx.insert_sales_rep(&of)?;
            tx.insert_forecast_adjustment(&sample::forecast_adjustment(0, of.id, rep.id))
        }),
        case(("activity", "customer", "activities"), asker.id, |tx| {
            tx.insert_activity(&sample::activity(0, Some(asker.id)))
        }),
        case(("activity", "opportunity", "activities"), of_targets.id, |tx| {
            tx.insert_activity(&activity(|parts| parts.opportunity = Some(of_targets.id)))
        }),
        case(("activity", "owner", "activities"), rep.id, |tx| {
            tx.insert_activity(&activity(|parts| parts.owner = Some(rep.id)))
        }),
        case(of_orders("customer"), asker.id, |tx| {
            tx.insert_product(&sample::product(9))?;
            tx.insert_order(&order(asker.id, None, None))
        }),
        case(of_orders("rep"), rep.id, |tx| {
            tx.insert_product(&sample::product(9))?;
            tx.insert_order(&order(other.id, None, Some(rep.id)))
        }),
        case(of_orders("lines"), product.id, |tx| tx.insert_order(&order(other.id, Some(product.id), None))),
        case(("payment", "order", "payments"), sale.id, |tx| tx.insert_payment(&sample::payment(1, sale.id))),
        case(("payment", "source", "payments"), whole.id, |tx| {
            let parts = PaymentParts::from(sample::payment(1, whole.order()));
            let part = PaymentParts { kind: PaymentKind::Capture, source: Some(whole.id), ..parts };
            tx.insert_payment(&part.try_into().unwrap())
        }),
    ]
}

fn service_cases(targets: &Targets) -> Vec<Case<'_>> {
    let Targets { customer: asker, rep, agent, other, .. } = targets;
    let participants = ("interaction", "participants", "interactions");
    let of_tickets = |field| ("ticket", field, "tickets");
    // Seed 0 gives a new ticket, which has no agent; 1 an open one, which is assigned; 4 a solved one.
    let new = |customer| sample::ticket(0, customer, agent.id);
    vec![
        case(("interaction", "customer", "interactions"), asker.id, |tx| {
            tx.insert_interaction(&Interaction { participants: vec![], ..sample::interaction(3, asker.id) })
        }),
        case(participants, asker.id, |tx| {
            tx.insert_interaction(&with_participant(other.id, Participant::Customer(asker.id)))
        }),
        case(participants, rep.id, |tx| {
            tx.insert_interaction(&with_participant(other.id, Participant::SalesRep(rep.id)))
        }),
        case(participants, agent.id, |tx| {
            tx.insert_interaction(&with_participant(other.id, Participant::Agent(agent.id)))
        }),
        case(of_tickets("customer"), asker.id, move |tx| tx.insert_ticket(&new(asker.id))),
        case(of_tickets("assignee"), agent.id, |tx| tx.insert_ticket(&sample::ticket(1, other.id, agent.id))),
        case(of_tickets("solved by"), agent.id, |tx| {
            let colleague = sample::agent(9);
            tx.insert_agent(&colleague)?;
            tx.insert_ticket(&solved_by(other.id, agent.id, colleague.id))
        }),
        case(("message", "agent", "messages"), agent.id, move |tx| {
            tx.insert_ticket(&new(other.id))?;
            tx.append_message(&note(new(other.id).id, agent.id))
        }),
    ]
}

/// A ticket that an agent solved and that another one is assigned to now.
fn solved_by(customer: CustomerId, agent: AgentId, assignee: AgentId) -> Ticket {
    let mut ticket = sample::ticket(4, customer, agent);
    ticket.assign(ticket.updated_at, Some(assignee)).unwrap();
    ticket
}

fn note(ticket: crm_core::TicketId, agent: AgentId) -> TicketMessage {
    let text = "third one of this batch".parse().unwrap();
    TicketMessage { ticket, number: 1, at: crate::Acts::new().now(), kind: MessageKind::Note(agent), text }
}

#[test]
fn each_reference_is_a_foreign_key() {
    let targets = Targets::new();
    for (insert, record, field, to, by) in sales_cases(&targets).into_iter().chain(service_cases(&targets)) {
        let missing = insert(&mut targets.without(Some(to))).unwrap_err();
        assert_eq!(missing.kind(), &StoreErrorKind::MissingReference { record, field }, "{record}.{field}");

        let mut tx = targets.without(None);
        insert(&mut tx).unwrap();
        let refused = delete(&mut tx, to).unwrap_err();
        assert_eq!(refused.kind(), &StoreErrorKind::StillReferenced { by, count: 1 }, "{record}.{field}");
        delete(&mut targets.without(None), to).unwrap();
    }
}

#[test]
fn a_record_that_refers_to_itself_can_be_kept_and_deleted() {
    let mut tx = MemoryStore::new().snapshot();
    let rep = sample::sales_rep(0);
    let own = SalesRep { manager: Some(rep.id), ..rep };
    tx.insert_sales_rep(&own).unwrap();
    tx.delete_sales_rep(own.id).unwrap();
}

#[test]
fn the_id_is_checked_before_the_number_and_the_number_before_the_references() {
    let targets = Targets::new();
    let mut tx = targets.without(None);
    let stored = order(targets.other.id, Some(targets.product.id), None);
    tx.insert_order(&stored).unwrap();
    let nobody = sample::customer(5).id;
    let duplicate = |field| StoreErrorKind::Duplicate { record: "order", field };

    let mut next = OrderParts { customer: nobody, ..stored.into() };
    let mut refused = |parts: &OrderParts| {
        let order = Order::try_from(parts.clone()).unwrap();
        tx.insert_order(&order).unwrap_err().kind().clone()
    };
    assert_eq!(refused(&next), duplicate("id"));
    next.id = sample::order(24, nobody, &[targets.product.id]).id;
    assert_eq!(refused(&next), duplicate("number"));
    next.number = "SO-7".parse().unwrap();
    if next.external_id.is_some() {
        assert_eq!(refused(&next), duplicate("external id"));
    }
    next.external_id = None;
    assert_eq!(refused(&next), StoreErrorKind::MissingReference { record: "order", field: "customer" });
}

#[test]
fn the_conversation_goes_with_its_ticket() {
    let targets = Targets::new();
    let mut tx = targets.without(None);
    let ticket = sample::ticket(0, targets.other.id, targets.agent.id);
    tx.insert_ticket(&ticket).unwrap();
    tx.append_message(&note(ticket.id, targets.agent.id)).unwrap();
    tx.delete_ticket(ticket.id).unwrap();
    tx.delete_agent(targets.agent.id).unwrap();
}

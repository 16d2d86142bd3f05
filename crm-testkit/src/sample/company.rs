//! A small company whose records refer to each other.

use crm_core::{
    Activity, ActivityParts, Agent, Contact, ContactLabel, Customer, CustomerId, CustomerKind, ExchangeRate,
    ForecastAdjustment, ForecastSnapshot, Interaction, Lead, LeadPlace, Member, Opportunity, OpportunityParts, Order,
    OrderParts, Participant, Payment, PlanScope, PriceList, Product, Promotion, Queue, Quote, QuoteParts, Redemption,
    RedemptionParts, SalePlan, SalePlanParts, SalesRep, SalesRepId, Ticket, TicketMessage,
    store::{Records, StoreError},
};

use super::{
    ACTIVITY_STATES, LEAD_STATES, OPPORTUNITY_STATES, ORDER_STATES, PAYMENT_STATES, PLAN_STATES, QUOTE_STATES,
    TICKET_STATES, valid,
};

/// A seeded small company: reps under a manager, agents, products in three currencies, persons and organisations with contacts and employers, and of plans,
/// opportunities, orders, payments and tickets some in each state.
///
/// ```
/// use crm_core::{OrderStatus, store::{OrderFilter, Orders, Store, StoreError}};
/// use crm_testkit::{MemoryStore, sample::Sample};
///
/// let store = MemoryStore::new();
/// let company = Sample::new(7);
/// store.write(|tx| company.write_to(tx))?;
///
/// let locked = OrderFilter { status: Some(OrderStatus::Locked), ..OrderFilter::default() };
/// assert_eq!(store.read(|tx| tx.count_orders(&locked))?, 3);
/// # Ok::<(), StoreError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sample {
    /// The first one manages the others.
    pub sales_reps: Vec<SalesRep>,
    /// Exchange rates.
    pub exchange_rates: Vec<ExchangeRate>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Products.
    pub products: Vec<Product>,
    /// Price lists, in three currencies.
    pub price_lists: Vec<PriceList>,
    /// Promotions, some of them coupons.
    pub promotions: Vec<Promotion>,
    /// Uses of promotions, some for an order.
    pub redemptions: Vec<Redemption>,
    /// Customers, in an order in which they can be inserted: each refers to earlier ones only.
    pub customers: Vec<Customer>,
    /// Interactions.
    pub interactions: Vec<Interaction>,
    /// Sale plans, with each kind of scope.
    pub sale_plans: Vec<SalePlan>,
    /// Queues: one of reps, one of agents.
    pub queues: Vec<Queue>,
    /// Opportunities.
    pub opportunities: Vec<Opportunity>,
    /// Adjustments of forecasts, by the reps and by their manager.
    pub forecast_adjustments: Vec<ForecastAdjustment>,
    /// Snapshots of forecasts of the whole team.
    pub forecast_snapshots: Vec<ForecastSnapshot>,
    /// Leads, some of which wait in the queue of reps.
    pub leads: Vec<Lead>,
    /// Quotes.
    pub quotes: Vec<Quote>,
    /// Activities, for customers and deals.
    pub activities: Vec<Activity>,
    /// Orders.
    pub orders: Vec<Order>,
    /// Payments with a provider, for some of the orders.
    pub payments: Vec<Payment>,
    /// Tickets.
    pub tickets: Vec<Ticket>,
    /// The conversations of all tickets.
    pub messages: Vec<TicketMessage>,
}

/// One of a list by a running number.
fn pick<T>(list: &[T], number: u64) -> &T {
    &list[usize::try_from(number).unwrap_or(0) % list.len()]
}

impl Sample {
    /// The company of a seed. The ids and numbers of two companies meet only where their seeds are equal.
    pub fn new(seed: u64) -> Self {
        // Each company has a thousand seeds for each family of records.
        let first = seed.wrapping_mul(1_000);
        let seeds = |count: u64| (0..count).map(move |number| (number, first.wrapping_add(number)));

        let mut sales_reps: Vec<SalesRep> = seeds(5).map(|(_, seed)| super::sales_rep(seed)).collect();
        if let Some((manager, team)) = sales_reps.split_first_mut() {
            team.iter_mut().for_each(|rep| rep.manager = Some(manager.id));
        }
        let agents: Vec<Agent> = seeds(3).map(|(_, seed)| super::agent(seed)).collect();
        let mut products: Vec<Product> = seeds(9).map(|(_, seed)| super::product(seed)).collect();
        let whole = products[0].id;
        products.iter_mut().skip(7).for_each(|variant| variant.variant_of = Some(whole));
        let price_lists = seeds(6).map(|(number, seed)| super::price_list(seed, &[whole, pick(&products, number).id]));
        let price_lists: Vec<PriceList> = price_lists.collect();
        let promotions = seeds(6).map(|(number, seed)| super::promotion(seed, pick(&products, number).id));
        let promotions: Vec<Promotion> = promotions.collect();
        let customers = customers(seeds(18).map(|(_, seed)| super::customer(seed)).collect(), &sales_reps, &products);
        let ids: Vec<CustomerId> = customers.iter().map(|customer| customer.id).collect();

        let interactions = seeds(40).map(|(number, seed)| {
            let mut interaction = super::interaction(seed, *pick(&ids, number % 7));
            let participant = match number % 4 {
                0 => Participant::SalesRep(pick(&sales_reps, number).id),
                1 => Participant::Agent(pick(&agents, number).id),
                2 => Participant::Customer(*pick(&ids, number % 7 + 1)),
                _ => return interaction,
            };
            interaction.participants.push(participant);
            interaction
        });
        let sale_plans = seeds(4 * PLAN_STATES).map(|(number, seed)| {
            let scope = match number / PLAN_STATES {
                0 => PlanScope::SalesRep(pick(&sales_reps, number).id),
                1 => PlanScope::Team(pick(&sales_reps, 0).id),
                2 => PlanScope::Product(pick(&products, number).id),
                _ => return super::sale_plan(seed),
            };
            valid(SalePlan::try_from(SalePlanParts { scope, ..super::sale_plan(seed).into() }))
        });
        let opportunities = seeds(4 * OPPORTUNITY_STATES).map(|(number, seed)| {
            let customer = (number % 3 > 0).then(|| *pick(&ids, number));
            let product = (number % 4 > 0).then(|| pick(&products, number).id);
            let rep = Some(pick(&sales_reps, number).id);
            let parts = OpportunityParts { product, rep, ..super::opportunity(seed, customer).into() };
            valid(Opportunity::try_from(parts))
        });
        let adjustments = seeds(10).map(|(number, seed)| {
            let (rep, manager) = (pick(&sales_reps, number).id, sales_reps[0].id);
            super::forecast_adjustment(seed, rep, if number < 5 { rep } else { manager })
        });
        let team: Vec<SalesRepId> = sales_reps.iter().map(|rep| rep.id).collect();
        let snapshots = seeds(3).map(|(_, seed)| super::forecast_snapshot(seed, &team));
        let members = [
            sales_reps.iter().map(|rep| Member::SalesRep(rep.id)).collect::<Vec<_>>(),
            agents.iter().map(|agent| Member::Agent(agent.id)).collect(),
        ];
        let queues: Vec<Queue> = seeds(2).zip(members).map(|((_, seed), of)| super::queue(seed, &of)).collect();
        let opportunities: Vec<Opportunity> = opportunities.collect();
        let interactions = interactions.enumerate().map(|(number, mut interaction)| {
            interaction.opportunity = (number % 5 == 0).then(|| opportunities[number % opportunities.len()].id);
            interaction
        });
        let leads = seeds(3 * LEAD_STATES).map(|(number, seed)| {
            let became = (*pick(&ids, 2), pick(&opportunities, number).id);
            let owner = (number % 3 > 0).then(|| pick(&sales_reps, number).id);
            let place = LeadPlace { queue: (number % 4 > 0).then_some(queues[0].id), owner };
            super::lead(seed, place, pick(&products, number).id, became)
        });
        let quotes = seeds(3 * QUOTE_STATES).map(|(number, seed)| {
            let some = [pick(&products, number).id, pick(&products, number + 1).id];
            let rep = (number % 4 > 0).then(|| pick(&sales_reps, number).id);
            let parts = QuoteParts { rep, ..super::quote(seed, *pick(&ids, number % 10), &some).into() };
            valid(Quote::try_from(parts))
        });
        let activities = seeds(4 * ACTIVITY_STATES).map(|(number, seed)| {
            let customer = (number % 3 > 0).then(|| *pick(&ids, number));
            let opportunity = (number % 4 > 0).then(|| pick(&opportunities, number).id);
            let owner = Some(pick(&sales_reps, number).id);
            let parts = ActivityParts { opportunity, owner, ..super::activity(seed, customer).into() };
            valid(Activity::try_from(parts))
        });
        let orders = seeds(3 * ORDER_STATES).map(|(number, seed)| {
            let some = [pick(&products, number).id, pick(&products, number + 1).id];
            let rep = (number % 4 > 0).then(|| pick(&sales_reps, number).id);
            let parts = OrderParts { rep, ..super::order(seed, *pick(&ids, number % 10), &some).into() };
            valid(Order::try_from(parts))
        });
        let orders: Vec<Order> = orders.collect();
        let redemptions = seeds(12).map(|(number, seed)| {
            let order = pick(&orders, number);
            let one = super::redemption(seed, pick(&promotions, number).id, order.customer());
            let (used_for, on_lines) = ((number % 3 > 0).then_some(order.id), number % 3 > 1);
            valid(Redemption::try_from(RedemptionParts { order: used_for, on_lines, ..one.into() }))
        });
        let payments = seeds(3 * PAYMENT_STATES).map(|(number, seed)| super::payment(seed, pick(&orders, number).id));
        let payments = payments.collect();
        let parties = |number| (*pick(&ids, number % 7), pick(&agents, number).id);
        let tickets = seeds(3 * TICKET_STATES).map(|(number, seed)| {
            let (customer, agent) = parties(number);
            super::ticket(seed, customer, agent)
        });
        let messages = seeds(3 * TICKET_STATES).flat_map(|(number, seed)| {
            let (customer, agent) = parties(number);
            super::messages(seed, customer, agent)
        });
        let (interactions, leads) = (interactions.collect(), leads.collect());
        Self {
            interactions,
            sale_plans: sale_plans.collect(),
            forecast_adjustments: adjustments.collect(),
            forecast_snapshots: snapshots.collect(),
            leads,
            queues,
            activities: activities.collect(),
            quotes: quotes.collect(),
            redemptions: redemptions.collect(),
            opportunities,
            orders,
            payments,
            price_lists,
            promotions,
            tickets: tickets.collect(),
            messages: messages.collect(),
            exchange_rates: seeds(6).map(|(_, seed)| super::exchange_rate(seed)).collect(),
            sales_reps,
            agents,
            products,
            customers,
        }
    }

    /// Writes all of it into a store, as it is and without journal entries.
    ///
    /// # Errors
    ///
    /// What the store refuses, such as [`StoreErrorKind::Duplicate`](crm_core::store::StoreErrorKind::Duplicate) the second time.
    pub fn write_to(&self, tx: &mut (impl Records + ?Sized)) -> Result<(), StoreError> {
        self.sales_reps.iter().try_for_each(|record| tx.insert_sales_rep(record))?;
        self.exchange_rates.iter().try_for_each(|record| tx.insert_exchange_rate(record))?;
        self.agents.iter().try_for_each(|record| tx.insert_agent(record))?;
        self.products.iter().try_for_each(|record| tx.insert_product(record))?;
        self.price_lists.iter().try_for_each(|record| tx.insert_price_list(record))?;
        self.promotions.iter().try_for_each(|record| tx.insert_promotion(record))?;
        self.customers.iter().try_for_each(|record| tx.insert_customer(record))?;
        self.queues.iter().try_for_each(|record| tx.insert_queue(record))?;
        self.opportunities.iter().try_for_each(|record| tx.insert_opportunity(record))?;
        self.forecast_adjustments.iter().try_for_each(|record| tx.insert_forecast_adjustment(record))?;
        self.forecast_snapshots.iter().try_for_each(|record| tx.insert_forecast_snapshot(record))?;
        self.leads.iter().try_for_each(|record| tx.insert_lead(record))?;
        self.interactions.iter().try_for_each(|record| tx.insert_interaction(record))?;
        self.sale_plans.iter().try_for_each(|record| tx.insert_sale_plan(record))?;
        self.quotes.iter().try_for_each(|record| tx.insert_quote(record))?;
        self.activities.iter().try_for_each(|record| tx.insert_activity(record))?;
        self.orders.iter().try_for_each(|record| tx.insert_order(record))?;
        self.redemptions.iter().try_for_each(|record| tx.insert_redemption(record))?;
        self.payments.iter().try_for_each(|record| tx.insert_payment(record))?;
        self.tickets.iter().try_for_each(|record| tx.insert_ticket(record))?;
        self.messages.iter().try_for_each(|message| tx.append_message(message))
    }
}

/// Gives the customers their owners and needs; every organisation has the person before it as a contact and is the employer of the person after it.
fn customers(mut customers: Vec<Customer>, sales_reps: &[SalesRep], products: &[Product]) -> Vec<Customer> {
    let mut before: Option<(CustomerId, bool)> = None;
    for (number, customer) in (0..).zip(&mut customers) {
        if number % 4 > 0 {
            customer.owner = Some(pick(sales_reps, number).id);
        }
        for need in &mut customer.needs {
            need.product = Some(pick(products, number).id);
        }
        let is_organisation = matches!(customer.kind, CustomerKind::Organisation { .. });
        match (&mut customer.kind, before) {
            (CustomerKind::Organisation { contacts }, Some((person, false))) => {
                for role in ["buyer", "经理"] {
                    contacts.insert(Contact { person, role: valid(role.parse()) });
                }
            }
            (CustomerKind::Person { .. }, Some((organisation, true))) => customer.parent = Some(organisation),
            _ => {}
        }
        before = Some((customer.id, is_organisation));
    }
    // Two people of one household share an address, so look-ups by it give both.
    let shared = "Household@example.com";
    for customer in customers.iter_mut().take(2) {
        valid(customer.emails.add(valid(shared.parse()), ContactLabel::Home));
    }
    customers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crm_core::{
        Fulfilment, LeadStatus, OpportunityStatus, OrderStatus, PaymentStatus, PlanStatus, ProviderStatus,
        TicketStatus,
        store::{CustomerFilter, Customers, Page, Store},
    };

    use super::*;
    use crate::MemoryStore;

    #[test]
    fn a_company_has_records_in_all_states() {
        let company = Sample::new(1);
        let orders: BTreeSet<_> = company.orders.iter().map(|order| order.state().status()).collect();
        assert_eq!(orders, OrderStatus::TRANSITIONS.states.iter().copied().collect());
        let shipped: BTreeSet<_> = company.orders.iter().map(Order::fulfilment).collect();
        use Fulfilment::{Fulfilled, Partial, Returned, Unfulfilled};
        assert_eq!(shipped, [Unfulfilled, Partial, Fulfilled, Returned].into());
        let paid: BTreeSet<_> = company.orders.iter().map(Order::payment_status).collect();
        use PaymentStatus::{Paid, Refunded, Unpaid};
        assert_eq!(paid, [Unpaid, PaymentStatus::Partial, Paid, Refunded].into());
        let plans: BTreeSet<_> = company.sale_plans.iter().map(|plan| plan.state().status()).collect();
        assert_eq!(plans, PlanStatus::TRANSITIONS.states.iter().copied().collect());
        let deals: BTreeSet<_> = company.opportunities.iter().map(|deal| deal.state().status()).collect();
        assert_eq!(deals, OpportunityStatus::TRANSITIONS.states.iter().copied().collect());
        let leads: BTreeSet<_> = company.leads.iter().map(Lead::status).collect();
        assert_eq!(leads, LeadStatus::TRANSITIONS.states.iter().copied().collect());
        let payments: BTreeSet<_> = company.payments.iter().map(|payment| payment.state().status()).collect();
        assert_eq!(payments, ProviderStatus::TRANSITIONS.states.iter().copied().collect());
        let tickets: BTreeSet<_> = company.tickets.iter().map(|ticket| ticket.state().status()).collect();
        assert_eq!(tickets, TicketStatus::TRANSITIONS.states.iter().copied().collect());
    }

    #[test]
    fn companies_of_several_seeds_live_in_one_store() {
        let store = MemoryStore::new();
        for seed in [0, 1, 2, 3, u64::MAX] {
            store.write(|tx| Sample::new(seed).write_to(tx)).unwrap();
        }
        let count = store.read(|tx| tx.count_customers(&CustomerFilter::default()));
        assert_eq!(count.unwrap(), 5 * 18);
    }

    #[test]
    fn the_same_seed_gives_the_same_company() {
        assert_eq!(Sample::new(9), Sample::new(9));
        assert_ne!(Sample::new(9), Sample::new(10));
    }

    #[test]
    fn what_was_written_reads_back_equal() {
        let (store, company) = (MemoryStore::new(), Sample::new(4));
        store.write(|tx| company.write_to(tx)).unwrap();
        let mut expected = company.customers;
        expected.sort_by_key(|customer| customer.id);
        let read = store.read(|tx| tx.customers(&CustomerFilter::default(), Page::first(100)));
        assert_eq!(read.unwrap(), expected);
    }
}

//! One small trait a record family.
//!
//! The traits stay free of generics, so that a bridge for a backend that is chosen at run time can be built over `dyn` of each.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Page, Records, Refused, StoreError};
use crate::{
    act::Act,
    activity::{Activity, ActivityKind, ActivityStatus},
    agent::Agent,
    answer::{Answer, Keyed},
    assignment::{Member, WaitingOrder},
    bulk::Record,
    contact_point::ContactRef,
    customer::{Customer, CustomerType},
    email::EmailAddress,
    exchange_rate::ExchangeRate,
    forecast::{ForecastAdjustment, ForecastSnapshot, RollUp},
    id::{
        ActivityId, AgentId, CustomerId, ExchangeRateId, ForecastAdjustmentId, ForecastSnapshotId, InteractionId,
        LeadId, OpportunityId, OrderId, PaymentId, PriceListId, ProductId, PromotionId, QueueId, QuoteId, RedemptionId,
        SalePlanId, SalesRepId, TicketId,
    },
    interaction::{Channel, Interaction},
    journal::{Entry, Fact, Position, RecordRef, TimelineItem},
    lead::{Lead, LeadStatus},
    money::Currency,
    opportunity::{Opportunity, OpportunityStatus},
    order::{Fulfilment, Order, OrderStatus, PaymentEntry, PaymentStatus, Revenue},
    payment::{Payment, PaymentKind, PaymentReference, ProviderStatus},
    phone::Phone,
    price_list::PriceList,
    product::Product,
    promotion::{Promotion, Redemption},
    queue::Queue,
    quote::{Quote, QuoteStatus},
    record::Revision,
    sale_plan::{PlanScope, PlanStatus, SalePlan},
    sales_rep::SalesRep,
    search::{SearchHit, SearchPlace, SearchQuery},
    text::{ExternalId, IdempotencyKey, Label, Name, Number},
    ticket::{Priority, Ticket, TicketMessage, TicketStatus},
    time::Period,
};

/// A result of the store.
type Stored<T> = Result<T, StoreError>;

macro_rules! filters {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        ///
        /// Fields that are `None` let everything through; the others must all hold. Which of them a list is read by is the store's affair, and said there (`crm_store`, "What a list costs").
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: Option<$type>,)*
        }
    )*};
}

filters! {
    /// Which customers.
    CustomerFilter {
        /// Persons or organisations.
        kind: CustomerType,
        /// Looked after by this rep.
        owner: SalesRepId,
        /// Looked after by nobody, or by somebody.
        without_owner: bool,
        /// In this region.
        region: Label,
        /// Belonging to this organisation.
        parent: CustomerId,
        /// With this tag.
        tag: Label,
        /// Archived, or not.
        archived: bool,
    }
    /// Which interactions.
    InteractionFilter {
        /// Logged for this customer; a [`Timeline`] has those too in which they took part.
        customer: CustomerId,
        /// About this deal.
        opportunity: OpportunityId,
        /// That took this way.
        channel: Channel,
    }
    /// Which products.
    ProductFilter {
        /// Of this series or category.
        category: Label,
        /// Variants of this product.
        variant_of: ProductId,
        /// In use, or not.
        active: bool,
    }
    /// Which price lists.
    PriceListFilter {
        /// With prices in this currency.
        currency: Currency,
        /// In use, or not.
        active: bool,
    }
    /// Which promotions.
    PromotionFilter {
        /// For those who have a code, or for everybody.
        coupon: bool,
        /// That can be used at present, or not.
        active: bool,
    }
    /// Which uses of promotions.
    RedemptionFilter {
        /// Of this promotion.
        promotion: PromotionId,
        /// By this customer.
        customer: CustomerId,
        /// For this order.
        order: OrderId,
    }
    /// Which sales reps.
    SalesRepFilter {
        /// Reporting to this manager, directly.
        manager: SalesRepId,
        /// In this region.
        region: Label,
        /// Selling at present, or not.
        active: bool,
    }
    /// Which sale plans.
    SalePlanFilter {
        /// For these sales.
        scope: PlanScope,
        /// Standing there.
        status: PlanStatus,
        /// Whose period has this day.
        covers: NaiveDate,
    }
    /// Which queues.
    QueueFilter {
        /// With this member.
        member: Member,
        /// Handing out nothing at present, or handing out.
        paused: bool,
    }
    /// Which leads.
    LeadFilter {
        /// Worked by this rep.
        owner: SalesRepId,
        /// Waiting in this queue, or given from it.
        queue: QueueId,
        /// Standing there.
        status: LeadStatus,
        /// From this source.
        source: Label,
        /// Worked by nobody, or by somebody.
        without_owner: bool,
        /// Waiting in this queue: open, and nobody has it.
        waiting_in: QueueId,
    }
    /// Which opportunities.
    OpportunityFilter {
        /// Of this customer.
        customer: CustomerId,
        /// About this product.
        product: ProductId,
        /// Worked by this rep.
        rep: SalesRepId,
        /// Open, won or lost.
        status: OpportunityStatus,
        /// On its way through the pipeline with this name.
        pipeline: Label,
        /// Standing in the stage with this key.
        stage: Label,
        /// Expected to close on one of these days.
        expected_close: Period,
        /// Won or lost on one of these days.
        closed: Period,
    }
    /// Which adjustments of forecasts.
    ForecastAdjustmentFilter {
        /// Of a number of this rep.
        rep: SalesRepId,
        /// By this rep.
        author: SalesRepId,
        /// Of the forecast of exactly this period.
        period: Period,
        /// Of this number.
        roll_up: RollUp,
    }
    /// Which snapshots of forecasts.
    ForecastSnapshotFilter {
        /// Of the forecast of exactly this period.
        period: Period,
    }
    /// Which quotes.
    QuoteFilter {
        /// For this customer.
        customer: CustomerId,
        /// For this opportunity.
        opportunity: OpportunityId,
        /// Of this rep.
        rep: SalesRepId,
        /// Standing there.
        status: QuoteStatus,
        /// With its last day on one of these days.
        valid_until: Period,
    }
    /// Which activities.
    ActivityFilter {
        /// For this lead, also where it was converted since.
        lead: LeadId,
        /// For this customer.
        customer: CustomerId,
        /// For this deal.
        opportunity: OpportunityId,
        /// With this person, besides the customer.
        person: CustomerId,
        /// Of this rep.
        owner: SalesRepId,
        /// Of this kind.
        kind: ActivityKind,
        /// Planned, done or cancelled.
        status: ActivityStatus,
        /// Due on one of these days, also where it is done or cancelled.
        due: Period,
    }
    /// Which orders.
    OrderFilter {
        /// Of this customer.
        customer: CustomerId,
        /// Of this rep.
        rep: SalesRepId,
        /// Of no rep, or of some rep.
        without_rep: bool,
        /// With a line of this product.
        product: ProductId,
        /// Standing there commercially.
        status: OrderStatus,
        /// Shipped so far.
        fulfilment: Fulfilment,
        /// Paid so far.
        payment: PaymentStatus,
        /// Confirmed on one of these business days; [`Orders::orders_by_day`] is the list that is made for it.
        confirmed: Period,
    }
    /// Which payments with a provider.
    PaymentFilter {
        /// For this order.
        order: OrderId,
        /// Parts of this payment.
        source: PaymentId,
        /// With this provider.
        provider: Label,
        /// Wholes, or parts of this kind.
        kind: PaymentKind,
        /// Standing there with their provider.
        status: ProviderStatus,
        /// With reports of the provider that did not fit, or without.
        anomalous: bool,
    }
    /// Which exchange rates.
    ExchangeRateFilter {
        /// From this currency.
        from: Currency,
        /// Into this currency.
        to: Currency,
        /// Beginning on one of these days; [`ExchangeRates::exchange_rate_on`] has the one that holds on a day.
        days: Period,
    }
    /// Which agents.
    AgentFilter {
        /// Of this group.
        group: Label,
        /// Working at present, or not.
        active: bool,
    }
    /// Which tickets.
    TicketFilter {
        /// Of this customer.
        customer: CustomerId,
        /// Of this agent.
        assignee: AgentId,
        /// Of nobody, or of somebody: the tickets that wait to be handed out.
        unassigned: bool,
        /// Of this group.
        group: Label,
        /// Standing there.
        status: TicketStatus,
        /// As urgent as this.
        priority: Priority,
    }
}

/// Inserts one record after the other: what an insert of many does, said with an insert of one.
fn one_by_one<R>(records: &[R], mut insert: impl FnMut(&R) -> Stored<()>) -> Stored<Vec<Refused>> {
    let mut refused = Vec::new();
    for (place, record) in records.iter().enumerate() {
        match insert(record) {
            Err(error) if error.is_refusal() => refused.push(Refused { place, error }),
            kept => kept?,
        }
    }
    Ok(refused)
}

macro_rules! family {
    (
        $(#[$doc:meta])*
        $trait:ident, $one:literal: $record:ident($id:ident), $filter:ident
        { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident }
        $($rest:tt)*
    ) => {
        $(#[$doc])*
        pub trait $trait {
            #[doc = concat!("The ", $one, " with an id.")]
            fn $get(&self, id: $id) -> Stored<Option<$record>>;
            #[doc = concat!("The ", $one, "s that a filter lets through, by id.")]
            fn $list(&self, filter: &$filter, page: Page<$id>) -> Stored<Vec<$record>>;
            #[doc = concat!("How many ", $one, "s a filter lets through.")]
            fn $count(&self, filter: &$filter) -> Stored<u64>;
            #[doc = concat!("Keeps a new ", $one, ", as it is (C10, C12, C16).")]
            fn $insert(&mut self, record: &$record) -> Stored<()>;
            #[doc = concat!("Keeps each new ", $one, " that can be kept, as one after the other would be; gives those that cannot (C70).")]
            fn $insert_many(&mut self, records: &[$record]) -> Stored<Vec<Refused>> {
                one_by_one(records, |record| self.$insert(record))
            }
            #[doc = concat!("Writes all fields of the ", $one, " over the revision that it carries; gives the new revision (C13 to C16).")]
            fn $update(&mut self, record: &$record) -> Stored<Revision>;
            #[doc = concat!("Removes the ", $one, " where nothing refers to it (C15, C17, C18).")]
            fn $delete(&mut self, id: $id) -> Stored<()>;
            $($rest)*
        }

        impl Record for $record {
            type Id = $id;
            type Filter = $filter;
            const FAMILY: &'static str = RecordRef::$record($id::MAX).family();

            fn id(&self) -> $id {
                self.id
            }

            fn insert_many<T: Records + ?Sized>(tx: &mut T, records: &[Self]) -> Stored<Vec<Refused>> {
                tx.$insert_many(records)
            }

            fn list<T: Records + ?Sized>(tx: &T, filter: &$filter, page: Page<$id>) -> Stored<Vec<Self>> {
                tx.$list(filter, page)
            }
        }
    };
}

family! {
    /// Customers.
    Customers, "customer": Customer(CustomerId), CustomerFilter
    { customer customers count_customers insert_customer insert_customers update_customer delete_customer }

    /// The customer with an id in another system.
    fn customer_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Customer>>;
    /// The customers that a filter lets through, by the key of the name ([`Name::key`]) and the id.
    fn customers_by_name(&self, filter: &CustomerFilter, page: Page<(String, CustomerId)>) -> Stored<Vec<Customer>>;
    /// The customers with a name, however it is spelt (C24).
    fn customers_named(&self, name: &Name, page: Page<CustomerId>) -> Stored<Vec<Customer>>;
    /// The customers with an e-mail address, however it is spelt (C24).
    fn customers_with_email(&self, email: &EmailAddress, page: Page<CustomerId>) -> Stored<Vec<Customer>>;
    /// The customers with a telephone number (C24).
    fn customers_with_phone(&self, phone: &Phone, page: Page<CustomerId>) -> Stored<Vec<Customer>>;
}

family! {
    /// Interactions with customers.
    Interactions, "interaction": Interaction(InteractionId), InteractionFilter
    { interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction }

    /// The interaction with an id in another system.
    fn interaction_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Interaction>>;
}

family! {
    /// Products.
    Products, "product": Product(ProductId), ProductFilter
    { product products count_products insert_product insert_products update_product delete_product }

    /// The product with a stock keeping unit.
    fn product_by_sku(&self, sku: &Label) -> Stored<Option<Product>>;
    /// The products with a name, however it is spelt.
    fn products_named(&self, name: &Name, page: Page<ProductId>) -> Stored<Vec<Product>>;
}

family! {
    /// Price lists.
    PriceLists, "price list": PriceList(PriceListId), PriceListFilter
    { price_list price_lists count_price_lists insert_price_list insert_price_lists update_price_list delete_price_list }

    /// The price list with an id in another system.
    fn price_list_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<PriceList>>;
    /// The price lists with a name, however it is spelt.
    fn price_lists_named(&self, name: &Name, page: Page<PriceListId>) -> Stored<Vec<PriceList>>;
}

family! {
    /// Promotions.
    Promotions, "promotion": Promotion(PromotionId), PromotionFilter
    { promotion promotions count_promotions insert_promotion insert_promotions update_promotion delete_promotion }

    /// The promotion with the code of a coupon.
    fn promotion_by_code(&self, code: &Label) -> Stored<Option<Promotion>>;
}

family! {
    /// Uses of promotions.
    Redemptions, "redemption": Redemption(RedemptionId), RedemptionFilter
    { redemption redemptions count_redemptions insert_redemption insert_redemptions update_redemption delete_redemption }
}

family! {
    /// Sales reps.
    SalesReps, "sales rep": SalesRep(SalesRepId), SalesRepFilter
    { sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep }

    /// The sales rep with an id in another system.
    fn sales_rep_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<SalesRep>>;
    /// The sales reps with a name, however it is spelt.
    fn sales_reps_named(&self, name: &Name, page: Page<SalesRepId>) -> Stored<Vec<SalesRep>>;
}

family! {
    /// Sale plans.
    SalePlans, "sale plan": SalePlan(SalePlanId), SalePlanFilter
    { sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan }
}

family! {
    /// Queues.
    Queues, "queue": Queue(QueueId), QueueFilter
    { queue queues count_queues insert_queue insert_queues update_queue delete_queue }

    /// The queue with a name.
    fn queue_by_name(&self, name: &Label) -> Stored<Option<Queue>>;
}

/// Where a lead stands among those that wait: by what [`Lead::waiting_key`] says, then by id.
pub type WaitingKey = (i64, LeadId);

family! {
    /// Leads.
    Leads, "lead": Lead(LeadId), LeadFilter
    { lead leads count_leads insert_lead insert_leads update_lead delete_lead }

    /// The lead with an id in another system.
    fn lead_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Lead>>;
    /// The leads with an e-mail address, however it is spelt, by id (C80).
    fn leads_with_email(&self, email: &EmailAddress, page: Page<LeadId>) -> Stored<Vec<Lead>>;
    /// The leads with a telephone number, by id (C80).
    fn leads_with_phone(&self, phone: &Phone, page: Page<LeadId>) -> Stored<Vec<Lead>>;
    /// The leads whose person has a name, however it is spelt, by id (C80).
    fn leads_named(&self, name: &Name, page: Page<LeadId>) -> Stored<Vec<Lead>>;
    /// The leads whose organisation has a name, however it is spelt, by id (C80).
    fn leads_of_organisation(&self, name: &Name, page: Page<LeadId>) -> Stored<Vec<Lead>>;
    /// The leads that wait in a queue, in the order in which they are handed out (C81).
    fn waiting_leads(&self, queue: QueueId, order: WaitingOrder, page: Page<WaitingKey>) -> Stored<Vec<Lead>>;
    /// The weight of all open leads that a rep works (C82).
    fn lead_load(&self, rep: SalesRepId) -> Stored<u64>;
    /// When a lead with an e-mail address or a number was last given to a rep, and to whom (C89). Time goes with the leads that have it.
    fn last_given(&self, reached: &ContactRef) -> Stored<Option<(DateTime<Utc>, SalesRepId)>>;
}

family! {
    /// Opportunities.
    Opportunities, "opportunity": Opportunity(OpportunityId), OpportunityFilter
    { opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity }

    /// The opportunity with an id in another system.
    fn opportunity_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Opportunity>>;
}

family! {
    /// Adjustments of forecasts.
    ForecastAdjustments, "forecast adjustment": ForecastAdjustment(ForecastAdjustmentId), ForecastAdjustmentFilter
    {
        forecast_adjustment forecast_adjustments count_forecast_adjustments insert_forecast_adjustment insert_forecast_adjustments
        update_forecast_adjustment delete_forecast_adjustment
    }
}

family! {
    /// Snapshots of forecasts.
    ForecastSnapshots, "forecast snapshot": ForecastSnapshot(ForecastSnapshotId), ForecastSnapshotFilter
    {
        forecast_snapshot forecast_snapshots count_forecast_snapshots insert_forecast_snapshot insert_forecast_snapshots
        update_forecast_snapshot delete_forecast_snapshot
    }
}

family! {
    /// Quotes, with their lines.
    Quotes, "quote": Quote(QuoteId), QuoteFilter
    { quote quotes count_quotes insert_quote insert_quotes update_quote delete_quote }

    /// The quote with a number.
    fn quote_by_number(&self, number: &Number) -> Stored<Option<Quote>>;
    /// The quote with an id in another system.
    fn quote_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Quote>>;
    /// A free number for a new quote, `Q-000001` and up (C30).
    fn next_quote_number(&mut self) -> Stored<Number>;
}

family! {
    /// Activities.
    Activities, "activity": Activity(ActivityId), ActivityFilter
    { activity activities count_activities insert_activity insert_activities update_activity delete_activity }

    /// The activity with an id in another system.
    fn activity_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Activity>>;
    /// The activities that are planned and that a filter lets through, by due day and id (C85).
    fn activities_by_due(&self, filter: &ActivityFilter, page: Page<(NaiveDate, ActivityId)>) -> Stored<Vec<Activity>>;
    /// The activities that are planned, have a reminder and pass a filter, by its instant and the id (C86).
    fn activities_by_reminder(
        &self,
        filter: &ActivityFilter,
        page: Page<(DateTime<Utc>, ActivityId)>,
    ) -> Stored<Vec<Activity>>;
    /// When an activity of an opportunity was last done, or an interaction about it took place (C87).
    fn last_activity(&self, opportunity: OpportunityId) -> Stored<Option<DateTime<Utc>>>;
}

/// Where a revenue entry stands: by business day, order and number.
pub type RevenueKey = (NaiveDate, OrderId, u32);

/// One entry of revenue and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevenueEntry {
    /// The order.
    pub order: OrderId,
    /// Its place in [`Order::revenue`], from 0.
    pub number: u32,
    /// The customer of the order.
    pub customer: CustomerId,
    /// The rep of the order.
    pub rep: Option<SalesRepId>,
    /// Day, kind and amount.
    pub revenue: Revenue,
}

impl RevenueEntry {
    /// Where it stands in the list.
    pub const fn key(&self) -> RevenueKey {
        (self.revenue.day, self.order, self.number)
    }
}

family! {
    /// Orders, with their lines, shipments and payments.
    Orders, "order": Order(OrderId), OrderFilter
    { order orders count_orders insert_order insert_orders update_order delete_order }

    /// The order with a number.
    fn order_by_number(&self, number: &Number) -> Stored<Option<Order>>;
    /// The order with an id in another system.
    fn order_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Order>>;
    /// The orders that were confirmed and that a filter lets through, by business day and id.
    fn orders_by_day(&self, filter: &OrderFilter, page: Page<(NaiveDate, OrderId)>) -> Stored<Vec<Order>>;
    /// What counted as revenue on the days of a period, by day, order and number (C26).
    fn revenue(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<RevenueEntry>>;
    /// The money that moved on the days of a period, by day, order and number.
    fn payments(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<(OrderId, PaymentEntry)>>;
    /// A free number for a new order, `SO-000001` and up (C30).
    fn next_order_number(&mut self) -> Stored<Number>;
}

family! {
    /// Payments with a provider and their parts. What an order was paid by is in [`Orders::payments`].
    Payments, "payment": Payment(PaymentId), PaymentFilter
    { payment provider_payments count_payments insert_payment insert_payments update_payment delete_payment }

    /// The payment that a provider knows by a reference.
    fn payment_by_reference(&self, reference: &PaymentReference) -> Stored<Option<Payment>>;
}

family! {
    /// Exchange rates.
    ExchangeRates, "exchange rate": ExchangeRate(ExchangeRateId), ExchangeRateFilter
    { exchange_rate exchange_rates count_exchange_rates insert_exchange_rate insert_exchange_rates update_exchange_rate delete_exchange_rate }

    /// The rate of a pair that holds on a day: the newest one that is not of a later day (C79, MON-2).
    fn exchange_rate_on(&self, from: Currency, to: Currency, day: NaiveDate) -> Stored<Option<ExchangeRate>>;
}

family! {
    /// Agents.
    Agents, "agent": Agent(AgentId), AgentFilter
    { agent agents count_agents insert_agent insert_agents update_agent delete_agent }

    /// The agent with an id in another system.
    fn agent_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Agent>>;
    /// The agents with a name, however it is spelt.
    fn agents_named(&self, name: &Name, page: Page<AgentId>) -> Stored<Vec<Agent>>;
}

family! {
    /// Tickets and their conversations.
    Tickets, "ticket": Ticket(TicketId), TicketFilter
    { ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket }

    /// The ticket with a number.
    fn ticket_by_number(&self, number: &Number) -> Stored<Option<Ticket>>;
    /// The ticket with an id in another system.
    fn ticket_by_external_id(&self, external_id: &ExternalId) -> Stored<Option<Ticket>>;
    /// The tickets that are due at some instant and that a filter lets through, by that instant and the id.
    fn tickets_by_due(&self, filter: &TicketFilter, page: Page<(DateTime<Utc>, TicketId)>) -> Stored<Vec<Ticket>>;
    /// The conversation of a ticket, by number (C27).
    fn messages(&self, ticket: TicketId, page: Page<u32>) -> Stored<Vec<TicketMessage>>;
    /// Adds a message to a conversation (C16, C27), by which its ticket is found (C64).
    fn append_message(&mut self, message: &TicketMessage) -> Stored<()>;
    /// A free number for a new ticket, `T-000001` and up (C30).
    fn next_ticket_number(&mut self) -> Stored<Number>;
}

/// What there is about a customer, over all record kinds.
pub trait Timeline {
    /// The interactions, opportunities, activities, quotes, orders and tickets of a customer, newest first (C25), with the interactions of others in which they took part. The page continues after, that is before in time, the given item.
    fn timeline(&self, customer: CustomerId, page: Page<TimelineItem>) -> Stored<Vec<TimelineItem>>;
}

/// What people look for, over all families that can be searched.
pub trait Search {
    /// The records that have each word of a query, the best first (C60 to C66). A page is read
    /// no further than it is long, as far as the backend has an index for the words; a limit of zero gives nothing.
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Stored<Vec<SearchHit>>;
}

/// What operations under an idempotency key answered first: [`once`](crate::once) asks and keeps it.
pub trait Answers {
    /// The answer under a key at a place (C75).
    fn answer(&self, key: &IdempotencyKey, place: u32) -> Stored<Option<Answer>>;
    /// All answers, by key and place.
    fn answers(&self, page: Page<(IdempotencyKey, u32)>) -> Stored<Vec<Answer>>;
    /// Keeps an answer (C75, C76).
    fn keep_answer(&mut self, answer: &Answer) -> Stored<()>;
    /// Erases the content of all answers that a record is in; gives how many had one (C77).
    fn erase_answers(&mut self, record: RecordRef) -> Stored<u64>;
    /// What this transaction has done under each key; at its begin nothing (C78).
    fn keyed(&mut self) -> &mut Keyed;
}

/// Every fact, in the order of the commits. Who writes facts keeps answers too, so that each act can be repeated.
pub trait Journal: Answers {
    /// Appends a fact under the act that made it; its position is given at commit.
    fn append(&mut self, act: &Act, fact: &Fact) -> Stored<()>;
    /// All entries, by position.
    fn entries(&self, page: Page<Position>) -> Stored<Vec<Entry>>;
    /// The entries of a record, by position (C42).
    fn history(&self, record: RecordRef, page: Page<Position>) -> Stored<Vec<Entry>>;
    /// The entries of the acts with a caller's key, by position (C42).
    fn entries_with_key(&self, key: &IdempotencyKey, page: Page<Position>) -> Stored<Vec<Entry>>;
    /// How far a consumer has read; [`Position::START`] for a new one (C43).
    fn cursor(&self, consumer: &Label) -> Stored<Position>;
    /// Notes how far a consumer has read, forwards or, to replay, back (C43).
    fn move_cursor(&mut self, consumer: &Label, to: Position) -> Stored<()>;
}

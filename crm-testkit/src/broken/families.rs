//! The families of records, the timeline and the journal of a broken store.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Act, Activity, ActivityId, Agent, AgentId, Answer, ContactRef, Currency, Customer, CustomerId, EmailAddress, Entry,
    ExchangeRate, ExchangeRateId, ExternalId, Fact, ForecastAdjustment, ForecastAdjustmentId, ForecastSnapshot,
    ForecastSnapshotId, IdempotencyKey, Interaction, InteractionId, Keyed, Label, Lead, LeadId, Name, Number,
    Opportunity, OpportunityId, Order, OrderId, Payment, PaymentEntry, PaymentId, PaymentReference, Period, Phone,
    Position, PriceList, PriceListId, Product, ProductId, Promotion, PromotionId, Queue, QueueId, Quote, QuoteId,
    RecordRef, Redemption, RedemptionId, Revision, SalePlan, SalePlanId, SalesRep, SalesRepId, Ticket, TicketId,
    TicketMessage, TimelineItem, WaitingOrder,
    bulk::ImportFact,
    store::{
        Activities, ActivityFilter, AgentFilter, Agents, Answers, CustomerFilter, Customers, ExchangeRateFilter,
        ExchangeRates, ForecastAdjustmentFilter, ForecastAdjustments, ForecastSnapshotFilter, ForecastSnapshots,
        InteractionFilter, Interactions, Journal, LeadFilter, Leads, Opportunities, OpportunityFilter, OrderFilter,
        Orders, Page, PaymentFilter, Payments, PriceListFilter, PriceLists, ProductFilter, Products, PromotionFilter,
        Promotions, QueueFilter, Queues, QuoteFilter, Quotes, RedemptionFilter, Redemptions, Refused, RevenueEntry,
        RevenueKey, SalePlanFilter, SalePlans, SalesRepFilter, SalesReps, TicketFilter, Tickets, Timeline, WaitingKey,
    },
};

use super::{BrokenTx, Fault};
use crate::suite::{Any, Family, Stored, text};

/// What all families have.
macro_rules! records {
    ($record:ident($id:ident), $filter:ident { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident }) => {
        fn $get(&self, id: $id) -> Stored<Option<$record>> {
            self.got(id.into(), |tx| tx.$get(id))
        }
        fn $list(&self, filter: &$filter, page: Page<$id>) -> Stored<Vec<$record>> {
            let filter = self.filter(filter, Fault::FilterIgnored);
            self.listed(page, |tx, page| tx.$list(&filter, page))
        }
        fn $count(&self, filter: &$filter) -> Stored<u64> {
            let filter = self.filter(filter, Fault::CountIgnoresFilter);
            self.look(|tx| tx.$count(&filter))
        }
        fn $insert(&mut self, record: &$record) -> Stored<()> {
            self.insert(record.clone().into())
        }
        fn $insert_many(&mut self, records: &[$record]) -> Stored<Vec<Refused>> {
            self.insert_many(records.iter().cloned().map(Any::from))
        }
        fn $update(&mut self, record: &$record) -> Stored<Revision> {
            self.update(record.clone().into())
        }
        fn $delete(&mut self, id: $id) -> Stored<()> {
            self.delete(id.into())
        }
    };
}

/// Look-ups by a value that is unique.
macro_rules! unique {
    ($($name:ident($value:ident): $record:ident by $field:literal;)*) => {$(
        fn $name(&self, value: &$value) -> Stored<Option<$record>> {
            match self.found(Family::$record, $field, value.as_str())? {
                Some(Any::$record(record)) => Ok(Some(*record)),
                _ => Ok(None),
            }
        }
    )*};
}

/// Lists of what has some value.
macro_rules! lists {
    ($($name:ident($value:ty, $key:ty) -> $item:ty;)*) => {$(
        fn $name(&self, value: $value, page: Page<$key>) -> Stored<Vec<$item>> {
            self.listed(page, |tx, page| tx.$name(value, page))
        }
    )*};
}

impl Customers for BrokenTx<'_> {
    records! { Customer(CustomerId), CustomerFilter { customer customers count_customers insert_customer insert_customers update_customer delete_customer } }
    unique! { customer_by_external_id(ExternalId): Customer by "external id"; }
    lists! {
        customers_by_name(&CustomerFilter, (String, CustomerId)) -> Customer;
        customers_with_email(&EmailAddress, CustomerId) -> Customer;
        customers_with_phone(&Phone, CustomerId) -> Customer;
    }

    fn customers_named(&self, name: &Name, page: Page<CustomerId>) -> Stored<Vec<Customer>> {
        let mut found = self.listed(page, |tx, page| tx.customers_named(name, page))?;
        found.retain(|one| one.name == *name || !self.has(Fault::NameBySpelling));
        Ok(found)
    }
}

impl Interactions for BrokenTx<'_> {
    records! { Interaction(InteractionId), InteractionFilter { interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction } }
    unique! { interaction_by_external_id(ExternalId): Interaction by "external id"; }
}

impl Products for BrokenTx<'_> {
    records! { Product(ProductId), ProductFilter { product products count_products insert_product insert_products update_product delete_product } }
    unique! { product_by_sku(Label): Product by "sku"; }
    lists! { products_named(&Name, ProductId) -> Product; }
}

impl PriceLists for BrokenTx<'_> {
    records! { PriceList(PriceListId), PriceListFilter { price_list price_lists count_price_lists insert_price_list insert_price_lists update_price_list delete_price_list } }
    unique! { price_list_by_external_id(ExternalId): PriceList by "external id"; }
    lists! { price_lists_named(&Name, PriceListId) -> PriceList; }
}

impl Promotions for BrokenTx<'_> {
    records! { Promotion(PromotionId), PromotionFilter { promotion promotions count_promotions insert_promotion insert_promotions update_promotion delete_promotion } }
    unique! { promotion_by_code(Label): Promotion by "code"; }
}

impl Redemptions for BrokenTx<'_> {
    records! { Redemption(RedemptionId), RedemptionFilter { redemption redemptions count_redemptions insert_redemption insert_redemptions update_redemption delete_redemption } }
}

impl SalesReps for BrokenTx<'_> {
    records! { SalesRep(SalesRepId), SalesRepFilter { sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep } }
    unique! { sales_rep_by_external_id(ExternalId): SalesRep by "external id"; }
    lists! { sales_reps_named(&Name, SalesRepId) -> SalesRep; }
}

impl SalePlans for BrokenTx<'_> {
    records! { SalePlan(SalePlanId), SalePlanFilter { sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan } }
}

impl Queues for BrokenTx<'_> {
    records! { Queue(QueueId), QueueFilter { queue queues count_queues insert_queue insert_queues update_queue delete_queue } }
    unique! { queue_by_name(Label): Queue by "name"; }
}

impl Leads for BrokenTx<'_> {
    records! { Lead(LeadId), LeadFilter { lead leads count_leads insert_lead insert_leads update_lead delete_lead } }
    unique! { lead_by_external_id(ExternalId): Lead by "external id"; }
    lists! {
        leads_with_phone(&Phone, LeadId) -> Lead;
        leads_named(&Name, LeadId) -> Lead;
        leads_of_organisation(&Name, LeadId) -> Lead;
    }

    fn leads_with_email(&self, email: &EmailAddress, page: Page<LeadId>) -> Stored<Vec<Lead>> {
        let mut found = self.listed(page, |tx, page| tx.leads_with_email(email, page))?;
        let spelt = |lead: &Lead| lead.emails().iter().any(|point| point.value.as_str() == email.as_str());
        found.retain(|lead| spelt(lead) || !self.has(Fault::LeadMailBySpelling));
        Ok(found)
    }

    fn waiting_leads(&self, queue: QueueId, order: WaitingOrder, page: Page<WaitingKey>) -> Stored<Vec<Lead>> {
        if self.has(Fault::GivenTwice)
            && let Some(lead) = self.listed(Page::first(1), |tx, page| tx.leads(&LeadFilter::default(), page))?.pop()
        {
            return Ok(vec![lead]);
        }
        let order = if self.has(Fault::AlwaysOldestFirst) { WaitingOrder::OldestFirst } else { order };
        self.listed(page, |tx, page| tx.waiting_leads(queue, order, page))
    }

    fn lead_load(&self, rep: SalesRepId) -> Stored<u64> {
        if self.has(Fault::LoadCountsClosed) {
            let of_rep = LeadFilter { owner: Some(rep), ..LeadFilter::default() };
            let all = self.look(|tx| tx.leads(&of_rep, Page::first(u16::MAX)))?;
            return Ok(all.iter().map(|lead| u64::from(lead.weight())).sum());
        }
        self.look(|tx| tx.lead_load(rep))
    }

    fn last_given(&self, reached: &ContactRef) -> Stored<Option<(DateTime<Utc>, SalesRepId)>> {
        let first = match reached {
            ContactRef::Email(email) if self.has(Fault::GivenToTheFirst) => {
                self.look(|tx| tx.leads_with_email(email, Page::first(1)))?.pop()
            }
            _ => return self.look(|tx| tx.last_given(reached)),
        };
        Ok(first.and_then(|lead| lead.assigned_at().zip(lead.owner())))
    }
}

impl Opportunities for BrokenTx<'_> {
    records! { Opportunity(OpportunityId), OpportunityFilter { opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity } }
    unique! { opportunity_by_external_id(ExternalId): Opportunity by "external id"; }
}

impl Quotes for BrokenTx<'_> {
    records! { Quote(QuoteId), QuoteFilter { quote quotes count_quotes insert_quote insert_quotes update_quote delete_quote } }
    unique! {
        quote_by_number(Number): Quote by "number";
        quote_by_external_id(ExternalId): Quote by "external id";
    }

    fn next_quote_number(&mut self) -> Stored<Number> {
        if self.has(Fault::NumberReused) { Ok(text("Q-000001")) } else { self.tx()?.next_quote_number() }
    }
}

impl Activities for BrokenTx<'_> {
    records! { Activity(ActivityId), ActivityFilter { activity activities count_activities insert_activity insert_activities update_activity delete_activity } }
    unique! { activity_by_external_id(ExternalId): Activity by "external id"; }

    fn activities_by_due(&self, filter: &ActivityFilter, page: Page<(NaiveDate, ActivityId)>) -> Stored<Vec<Activity>> {
        if self.has(Fault::DoneStaysDue) {
            let mut found = self.look(|tx| tx.activities(filter, Page::first(u16::MAX)))?;
            found.sort_by_key(|one| (one.due(), one.id));
            return Ok(found);
        }
        self.listed(page, |tx, page| tx.activities_by_due(filter, page))
    }

    fn activities_by_reminder(
        &self,
        filter: &ActivityFilter,
        page: Page<(DateTime<Utc>, ActivityId)>,
    ) -> Stored<Vec<Activity>> {
        let mut found = self.listed(page, |tx, page| tx.activities_by_reminder(filter, page))?;
        if self.has(Fault::RemindersReversed) {
            found.reverse();
        }
        Ok(found)
    }

    fn last_activity(&self, opportunity: OpportunityId) -> Stored<Option<DateTime<Utc>>> {
        if self.has(Fault::LastActivityIsFirst) {
            let of_it = ActivityFilter { opportunity: Some(opportunity), ..ActivityFilter::default() };
            let found = self.look(|tx| tx.activities(&of_it, Page::first(u16::MAX)))?;
            return Ok(found.iter().filter_map(|one| one.state().done_at()).min());
        }
        self.look(|tx| tx.last_activity(opportunity))
    }
}

impl Orders for BrokenTx<'_> {
    records! { Order(OrderId), OrderFilter { order orders count_orders insert_order insert_orders update_order delete_order } }
    unique! {
        order_by_number(Number): Order by "number";
        order_by_external_id(ExternalId): Order by "external id";
    }
    lists! {
        orders_by_day(&OrderFilter, (NaiveDate, OrderId)) -> Order;
        payments(Period, RevenueKey) -> (OrderId, PaymentEntry);
    }

    fn revenue(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<RevenueEntry>> {
        let found = self.listed(page, |tx, page| tx.revenue(days, page))?;
        let times = if self.has(Fault::RevenueTwice) { 2 } else { 1 };
        Ok(found.into_iter().flat_map(|entry| std::iter::repeat_n(entry, times)).collect())
    }

    fn next_order_number(&mut self) -> Stored<Number> {
        if self.has(Fault::NumberReused) { Ok(text("SO-000001")) } else { self.tx()?.next_order_number() }
    }
}

impl Payments for BrokenTx<'_> {
    records! { Payment(PaymentId), PaymentFilter { payment provider_payments count_payments insert_payment insert_payments update_payment delete_payment } }
    unique! { payment_by_reference(PaymentReference): Payment by "reference"; }
}

impl ForecastAdjustments for BrokenTx<'_> {
    records! { ForecastAdjustment(ForecastAdjustmentId), ForecastAdjustmentFilter { forecast_adjustment forecast_adjustments count_forecast_adjustments insert_forecast_adjustment insert_forecast_adjustments update_forecast_adjustment delete_forecast_adjustment } }
}

impl ForecastSnapshots for BrokenTx<'_> {
    records! { ForecastSnapshot(ForecastSnapshotId), ForecastSnapshotFilter { forecast_snapshot forecast_snapshots count_forecast_snapshots insert_forecast_snapshot insert_forecast_snapshots update_forecast_snapshot delete_forecast_snapshot } }
}

impl ExchangeRates for BrokenTx<'_> {
    records! { ExchangeRate(ExchangeRateId), ExchangeRateFilter { exchange_rate exchange_rates count_exchange_rates insert_exchange_rate insert_exchange_rates update_exchange_rate delete_exchange_rate } }

    fn exchange_rate_on(&self, from: Currency, to: Currency, day: NaiveDate) -> Stored<Option<ExchangeRate>> {
        let day = if self.has(Fault::RateOfTheFuture) { NaiveDate::MAX } else { day };
        self.look(|tx| tx.exchange_rate_on(from, to, day))
    }
}

impl Agents for BrokenTx<'_> {
    records! { Agent(AgentId), AgentFilter { agent agents count_agents insert_agent insert_agents update_agent delete_agent } }
    unique! { agent_by_external_id(ExternalId): Agent by "external id"; }
    lists! { agents_named(&Name, AgentId) -> Agent; }
}

impl Tickets for BrokenTx<'_> {
    records! { Ticket(TicketId), TicketFilter { ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket } }
    unique! {
        ticket_by_number(Number): Ticket by "number";
        ticket_by_external_id(ExternalId): Ticket by "external id";
    }
    lists! { tickets_by_due(&TicketFilter, (DateTime<Utc>, TicketId)) -> Ticket; }

    fn messages(&self, ticket: TicketId, page: Page<u32>) -> Stored<Vec<TicketMessage>> {
        let mut found = self.listed(page, |tx, page| tx.messages(ticket, page))?;
        if self.has(Fault::MessagesReversed) {
            found.reverse();
        }
        Ok(found)
    }

    fn append_message(&mut self, message: &TicketMessage) -> Stored<()> {
        let result = self.tx()?.append_message(message);
        self.forgiven(result).map(Option::unwrap_or_default)
    }

    fn next_ticket_number(&mut self) -> Stored<Number> {
        if self.has(Fault::NumberReused) { Ok(text("T-000001")) } else { self.tx()?.next_ticket_number() }
    }
}

impl Timeline for BrokenTx<'_> {
    fn timeline(&self, customer: CustomerId, page: Page<TimelineItem>) -> Stored<Vec<TimelineItem>> {
        let mut found = self.listed(page, |tx, page| tx.timeline(customer, page))?;
        if self.has(Fault::TimelineOldestFirst) {
            found.reverse();
        }
        if self.has(Fault::ParticipantsLeftOut) {
            let logged_for = InteractionFilter { customer: Some(customer), ..InteractionFilter::default() };
            let own = self.look(|tx| tx.interactions(&logged_for, Page::first(u16::MAX)))?;
            found.retain(|item| match item.record {
                RecordRef::Interaction(id) => own.iter().any(|one| one.id == id),
                _ => true,
            });
        }
        Ok(found)
    }
}

impl Answers for BrokenTx<'_> {
    fn answer(&self, key: &IdempotencyKey, place: u32) -> Stored<Option<Answer>> {
        let place = if self.has(Fault::AnswerByKeyAlone) { 1 } else { place };
        self.look(|tx| tx.answer(key, place))
    }

    fn answers(&self, page: Page<(IdempotencyKey, u32)>) -> Stored<Vec<Answer>> {
        self.listed(page, |tx, page| tx.answers(page))
    }

    fn keep_answer(&mut self, answer: &Answer) -> Stored<()> {
        let result = self.tx()?.keep_answer(answer);
        if self.has(Fault::AnswerTwice) { Ok(()) } else { result }
    }

    fn erase_answers(&mut self, record: RecordRef) -> Stored<u64> {
        if !self.has(Fault::AnswerNotErased) {
            return self.tx()?.erase_answers(record);
        }
        let all = self.look(|tx| tx.answers(Page::first(u16::MAX)))?;
        let of_it = all.iter().filter(|answer| answer.content.is_some() && answer.records.contains(&record));
        Ok(u64::try_from(of_it.count()).unwrap_or(u64::MAX))
    }

    fn keyed(&mut self) -> &mut Keyed {
        &mut self.keyed
    }
}

impl Journal for BrokenTx<'_> {
    fn append(&mut self, act: &Act, fact: &Fact) -> Stored<()> {
        let nobody = || Act::new(act.at(), text("nobody"), [0; 10]);
        let act = if self.has(Fault::ActorLost) { nobody() } else { act.clone() };
        let mut fact = fact.clone();
        if let (Fact::Import(_, ImportFact::Batch(batch) | ImportFact::Finished(batch)), true) =
            (&mut fact, self.has(Fault::ImportSourceLost))
        {
            batch.source = text("somewhere");
        }
        self.tx()?.append(&act, &fact)?;
        self.appended.push((act, fact));
        Ok(())
    }

    fn entries(&self, page: Page<Position>) -> Stored<Vec<Entry>> {
        self.listed(page, |tx, page| tx.entries(page))
    }

    fn history(&self, record: RecordRef, page: Page<Position>) -> Stored<Vec<Entry>> {
        let mixed = self.has(Fault::HistoryMixed);
        self.listed(page, |tx, page| if mixed { tx.entries(page) } else { tx.history(record, page) })
    }

    fn entries_with_key(&self, key: &IdempotencyKey, page: Page<Position>) -> Stored<Vec<Entry>> {
        let mut found = self.listed(page, |tx, page| tx.entries_with_key(key, page))?;
        found.retain(|entry| !matches!(entry.record, RecordRef::Import(_)) || !self.has(Fault::ImportForgotten));
        Ok(found)
    }

    fn cursor(&self, consumer: &Label) -> Stored<Position> {
        self.look(|tx| tx.cursor(consumer))
    }

    fn move_cursor(&mut self, consumer: &Label, to: Position) -> Stored<()> {
        if self.has(Fault::CursorForgotten) { Ok(()) } else { self.tx()?.move_cursor(consumer, to) }
    }
}

//! A record of any family as one value, so that a clause is written once and holds for all of them.

use std::fmt;

use chrono::{DateTime, Utc};
use crm_core::{
    Activity, ActivityParts, Agent, Customer, ExchangeRate, ForecastAdjustment, ForecastSnapshot, Interaction, Invalid,
    Lead, LeadParts, Opportunity, OpportunityParts, Order, OrderParts, Payment, PaymentParts, PaymentReference,
    PriceList, PriceListParts, Product, Promotion, PromotionParts, Queue, Quote, QuoteParts, RecordId, RecordRef,
    Redemption, Revision, SalePlan, SalesRep, Ticket, TicketParts,
    store::{
        ActivityFilter, AgentFilter, CustomerFilter, ExchangeRateFilter, ForecastAdjustmentFilter,
        ForecastSnapshotFilter, InteractionFilter, LeadFilter, OpportunityFilter, OrderFilter, Page, PaymentFilter,
        PriceListFilter, ProductFilter, PromotionFilter, QueueFilter, QuoteFilter, Records, RedemptionFilter, Refused,
        SalePlanFilter, SalesRepFilter, StoreError, StoreErrorKind, TicketFilter, pages,
    },
};

use super::maker::{id, text, valid};
use crate::instants::Instants as _;

/// A result of the store.
pub(crate) type Stored<T> = Result<T, StoreError>;

macro_rules! families {
    ($($family:ident, $filter:ident, $name:literal { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident })*) => {
        /// A record family.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Family {
            $($family,)*
        }

        /// A record of any family.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Any {
            $($family(Box<$family>),)*
        }

        /// A filter of any family.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Filter {
            $($family($filter),)*
        }

        impl Family {
            /// All families, those first that others refer to.
            pub(crate) const ALL: &[Self] = &[$(Self::$family,)*];

            /// What errors call it.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$family => $name,)*
                }
            }

            /// The id of its record with a number.
            pub(crate) fn id(self, n: u32) -> RecordRef {
                match self {
                    $(Self::$family => RecordRef::$family(id(n)),)*
                }
            }

            /// The filter that lets everything through.
            pub(crate) fn no_filter(self) -> Filter {
                match self {
                    $(Self::$family => Filter::$family($filter::default()),)*
                }
            }
        }

        impl Any {
            pub(crate) const fn family(&self) -> Family {
                match self {
                    $(Self::$family(_) => Family::$family,)*
                }
            }

            pub(crate) fn id(&self) -> RecordRef {
                match self {
                    $(Self::$family(record) => record.id.into(),)*
                }
            }

            pub(crate) fn revision(&self) -> Revision {
                match self {
                    $(Self::$family(record) => record.revision,)*
                }
            }

            /// The same as the record with another number and revision.
            pub(crate) fn renamed(mut self, n: u32) -> Self {
                match &mut self {
                    $(Self::$family(record) => record.id = id(n),)*
                }
                self
            }

            pub(crate) fn at_revision(mut self, revision: Revision) -> Self {
                match &mut self {
                    $(Self::$family(record) => record.revision = revision,)*
                }
                self
            }

            /// The record with each instant changed.
            pub(crate) fn with_instants(self, change: impl Fn(&mut DateTime<Utc>)) -> Result<Self, Invalid> {
                match self {
                    $(Self::$family(record) => Ok((*record).with_instants(change)?.into()),)*
                }
            }

            pub(crate) fn insert<T: Records + ?Sized>(&self, tx: &mut T) -> Stored<()> {
                match self {
                    $(Self::$family(record) => tx.$insert(record),)*
                }
            }

            pub(crate) fn update<T: Records + ?Sized>(&self, tx: &mut T) -> Stored<Revision> {
                match self {
                    $(Self::$family(record) => tx.$update(record),)*
                }
            }
        }

        /// Inserts many records at once; those of another family than the first are left out.
        pub(crate) fn insert_many<T: Records + ?Sized>(tx: &mut T, records: &[Any]) -> Stored<Vec<Refused>> {
            match records.first().map(Any::family) {
                None => Ok(Vec::new()),
                $(Some(Family::$family) => {
                    let of_family = |record: &Any| match record { Any::$family(record) => Some((**record).clone()), _ => None };
                    tx.$insert_many(&records.iter().filter_map(of_family).collect::<Vec<_>>())
                })*
            }
        }

        pub(crate) fn get<T: Records + ?Sized>(tx: &T, record: RecordRef) -> Stored<Option<Any>> {
            match record {
                $(RecordRef::$family(id) => Ok(tx.$get(id)?.map(Any::from)),)*
                RecordRef::Import(_) => Ok(None),
            }
        }

        pub(crate) fn delete<T: Records + ?Sized>(tx: &mut T, record: RecordRef) -> Stored<()> {
            match record {
                $(RecordRef::$family(id) => tx.$delete(id),)*
                RecordRef::Import(_) => Err(StoreErrorKind::NotFound { record: "import" }.into()),
            }
        }

        /// The records that a filter lets through, by id. The key of the page is of the filter's family.
        pub(crate) fn list<T: Records + ?Sized>(tx: &T, filter: &Filter, page: Page<RecordRef>) -> Stored<Vec<Any>> {
            match filter {
                $(Filter::$family(filter) => {
                    let after = page.after.map(|record| RecordId::from_uuid(record.uuid()));
                    Ok(tx.$list(filter, Page { after, limit: page.limit })?.into_iter().map(Any::from).collect())
                })*
            }
        }

        pub(crate) fn count<T: Records + ?Sized>(tx: &T, filter: &Filter) -> Stored<u64> {
            match filter {
                $(Filter::$family(filter) => tx.$count(filter),)*
            }
        }

        $(impl From<$family> for Any {
            fn from(record: $family) -> Self {
                Self::$family(Box::new(record))
            }
        })*
    };
}

families! {
    Product, ProductFilter, "product" { product products count_products insert_product insert_products update_product delete_product }
    PriceList, PriceListFilter, "price list" { price_list price_lists count_price_lists insert_price_list insert_price_lists update_price_list delete_price_list }
    Promotion, PromotionFilter, "promotion" { promotion promotions count_promotions insert_promotion insert_promotions update_promotion delete_promotion }
    SalesRep, SalesRepFilter, "sales rep" { sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep }
    Agent, AgentFilter, "agent" { agent agents count_agents insert_agent insert_agents update_agent delete_agent }
    Customer, CustomerFilter, "customer" { customer customers count_customers insert_customer insert_customers update_customer delete_customer }
    Queue, QueueFilter, "queue" { queue queues count_queues insert_queue insert_queues update_queue delete_queue }
    Opportunity, OpportunityFilter, "opportunity" { opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity }
    Lead, LeadFilter, "lead" { lead leads count_leads insert_lead insert_leads update_lead delete_lead }
    Interaction, InteractionFilter, "interaction" { interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction }
    SalePlan, SalePlanFilter, "sale plan" { sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan }
    Quote, QuoteFilter, "quote" { quote quotes count_quotes insert_quote insert_quotes update_quote delete_quote }
    Activity, ActivityFilter, "activity" { activity activities count_activities insert_activity insert_activities update_activity delete_activity }
    Order, OrderFilter, "order" { order orders count_orders insert_order insert_orders update_order delete_order }
    Payment, PaymentFilter, "payment" { payment provider_payments count_payments insert_payment insert_payments update_payment delete_payment }
    ExchangeRate, ExchangeRateFilter, "exchange rate" { exchange_rate exchange_rates count_exchange_rates insert_exchange_rate insert_exchange_rates update_exchange_rate delete_exchange_rate }
    Redemption, RedemptionFilter, "redemption" { redemption redemptions count_redemptions insert_redemption insert_redemptions update_redemption delete_redemption }
    Ticket, TicketFilter, "ticket" { ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket }
    ForecastAdjustment, ForecastAdjustmentFilter, "forecast adjustment" { forecast_adjustment forecast_adjustments count_forecast_adjustments insert_forecast_adjustment insert_forecast_adjustments update_forecast_adjustment delete_forecast_adjustment }
    ForecastSnapshot, ForecastSnapshotFilter, "forecast snapshot" { forecast_snapshot forecast_snapshots count_forecast_snapshots insert_forecast_snapshot insert_forecast_snapshots update_forecast_snapshot delete_forecast_snapshot }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Family {
    /// The fields besides the id that are unique in it.
    pub(crate) const fn unique_fields(self) -> &'static [&'static str] {
        match self {
            Self::Product => &["sku"],
            Self::Queue => &["name"],
            Self::Payment => &["reference"],
            Self::Promotion => &["code"],
            Self::SalePlan
            | Self::ExchangeRate
            | Self::Redemption
            | Self::ForecastAdjustment
            | Self::ForecastSnapshot => &[],
            Self::Quote | Self::Order | Self::Ticket => &["number", "external id"],
            Self::PriceList
            | Self::SalesRep
            | Self::Agent
            | Self::Customer
            | Self::Interaction
            | Self::Lead
            | Self::Opportunity
            | Self::Activity => &["external id"],
        }
    }
}

impl Any {
    /// The value of a unique field.
    pub(crate) fn unique(&self, field: &str) -> Option<String> {
        let external_id = match self {
            Self::Product(record) => return Some(record.sku.to_string()),
            Self::Queue(record) => return Some(record.name.to_string()),
            Self::Quote(record) if field == "number" => return Some(record.number().to_string()),
            Self::Order(record) if field == "number" => return Some(record.number().to_string()),
            Self::Ticket(record) if field == "number" => return Some(record.number().to_string()),
            Self::Promotion(record) => return record.code().map(ToString::to_string),
            Self::Payment(record) => return Some(record.reference().to_string()),
            Self::SalePlan(_)
            | Self::ExchangeRate(_)
            | Self::Redemption(_)
            | Self::ForecastAdjustment(_)
            | Self::ForecastSnapshot(_) => None,
            Self::PriceList(record) => record.external_id(),
            Self::SalesRep(record) => record.external_id.as_ref(),
            Self::Agent(record) => record.external_id.as_ref(),
            Self::Customer(record) => record.external_id.as_ref(),
            Self::Interaction(record) => record.external_id.as_ref(),
            Self::Lead(record) => record.external_id(),
            Self::Opportunity(record) => record.external_id(),
            Self::Quote(record) => record.external_id(),
            Self::Activity(record) => record.external_id(),
            Self::Order(record) => record.external_id(),
            Self::Ticket(record) => record.external_id(),
        };
        external_id.map(ToString::to_string)
    }

    /// The record with another value in a unique field.
    pub(crate) fn with_unique(mut self, field: &str, value: &str) -> Self {
        match &mut self {
            Self::Product(record) => record.sku = text(value),
            Self::Queue(record) => record.name = text(value),
            Self::SalePlan(_)
            | Self::ExchangeRate(_)
            | Self::Redemption(_)
            | Self::ForecastAdjustment(_)
            | Self::ForecastSnapshot(_) => {}
            Self::PriceList(record) => {
                let parts =
                    PriceListParts { external_id: Some(text(value)), ..PriceListParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::Promotion(record) => {
                let parts = PromotionParts { code: Some(text(value)), ..PromotionParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::SalesRep(record) => record.external_id = Some(text(value)),
            Self::Agent(record) => record.external_id = Some(text(value)),
            Self::Customer(record) => record.external_id = Some(text(value)),
            Self::Interaction(record) => record.external_id = Some(text(value)),
            Self::Lead(record) => {
                let parts = LeadParts { external_id: Some(text(value)), ..LeadParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::Opportunity(record) => {
                let parts =
                    OpportunityParts { external_id: Some(text(value)), ..OpportunityParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::Quote(record) => {
                let mut parts = QuoteParts::from((**record).clone());
                if field == "number" {
                    parts.number = text(value);
                } else {
                    parts.external_id = Some(text(value));
                }
                **record = valid(parts.try_into());
            }
            Self::Activity(record) => {
                let parts = ActivityParts { external_id: Some(text(value)), ..ActivityParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::Order(record) => {
                let mut parts = OrderParts::from((**record).clone());
                if field == "number" {
                    parts.number = text(value);
                } else {
                    parts.external_id = Some(text(value));
                }
                **record = valid(parts.try_into());
            }
            Self::Payment(record) => {
                let parts = PaymentParts { reference: reference(value), ..PaymentParts::from((**record).clone()) };
                **record = valid(parts.try_into());
            }
            Self::Ticket(record) => {
                let mut parts = TicketParts::from((**record).clone());
                if field == "number" {
                    parts.number = text(value);
                } else {
                    parts.external_id = Some(text(value));
                }
                **record = valid(parts.try_into());
            }
        }
        self
    }
}

/// A payment's reference; a value that names no provider is one of a provider of the suite.
fn reference(value: &str) -> PaymentReference {
    if value.contains(':') { text(value) } else { text(&format!("suite:{value}")) }
}

/// The record of a family that has a value in a unique field.
pub(crate) fn find<T: Records + ?Sized>(tx: &T, family: Family, field: &str, value: &str) -> Stored<Option<Any>> {
    Ok(match family {
        Family::Product => tx.product_by_sku(&text(value))?.map(Any::from),
        Family::PriceList => tx.price_list_by_external_id(&text(value))?.map(Any::from),
        Family::Promotion => tx.promotion_by_code(&text(value))?.map(Any::from),
        Family::SalePlan
        | Family::ExchangeRate
        | Family::Redemption
        | Family::ForecastAdjustment
        | Family::ForecastSnapshot => None,
        Family::Queue => tx.queue_by_name(&text(value))?.map(Any::from),
        Family::Lead => tx.lead_by_external_id(&text(value))?.map(Any::from),
        Family::SalesRep => tx.sales_rep_by_external_id(&text(value))?.map(Any::from),
        Family::Agent => tx.agent_by_external_id(&text(value))?.map(Any::from),
        Family::Customer => tx.customer_by_external_id(&text(value))?.map(Any::from),
        Family::Interaction => tx.interaction_by_external_id(&text(value))?.map(Any::from),
        Family::Opportunity => tx.opportunity_by_external_id(&text(value))?.map(Any::from),
        Family::Quote if field == "number" => tx.quote_by_number(&text(value))?.map(Any::from),
        Family::Quote => tx.quote_by_external_id(&text(value))?.map(Any::from),
        Family::Activity => tx.activity_by_external_id(&text(value))?.map(Any::from),
        Family::Order if field == "number" => tx.order_by_number(&text(value))?.map(Any::from),
        Family::Order => tx.order_by_external_id(&text(value))?.map(Any::from),
        Family::Payment => tx.payment_by_reference(&reference(value))?.map(Any::from),
        Family::Ticket if field == "number" => tx.ticket_by_number(&text(value))?.map(Any::from),
        Family::Ticket => tx.ticket_by_external_id(&text(value))?.map(Any::from),
    })
}

/// All records that a filter lets through, by id.
pub(crate) fn all<T: Records + ?Sized>(tx: &T, filter: &Filter) -> Stored<Vec<Any>> {
    pages(1_000, |page| list(tx, filter, page), Any::id).collect()
}

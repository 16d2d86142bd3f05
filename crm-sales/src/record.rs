//! What all operations share: load, decide, save, append the fact. It stands here once, for every record family.

use crm_core::{
    Act, Activity, ActivityFact, ActivityId, Answered, Customer, CustomerFact, CustomerId, ExchangeRate,
    ExchangeRateFact, ExchangeRateId, Fact, ForecastAdjustment, ForecastAdjustmentFact, ForecastAdjustmentId,
    ForecastSnapshot, ForecastSnapshotFact, ForecastSnapshotId, Interaction, InteractionFact, InteractionId, Lead,
    LeadFact, LeadId, Opportunity, OpportunityFact, OpportunityId, Order, OrderFact, OrderId, Payment, PaymentFact,
    PaymentId, PriceList, PriceListFact, PriceListId, Product, ProductFact, ProductId, Promotion, PromotionFact,
    PromotionId, Queue, QueueFact, QueueId, Quote, QuoteFact, QuoteId, RecordRef, Redemption, RedemptionFact,
    RedemptionId, Revision, SalePlan, SalePlanFact, SalePlanId, SalesRep, SalesRepFact, SalesRepId,
    store::{
        Activities, Customers, ExchangeRates, ForecastAdjustments, ForecastSnapshots, Interactions, Journal, Leads,
        Opportunities, Orders, Payments, PriceLists, Products, Promotions, Queues, Quotes, Redemptions, SalePlans,
        SalesReps, StoreError,
    },
};
use serde::Serialize;

use crate::error::SalesError;

/// A record of a family, as a transaction keeps it.
pub(crate) trait Record<Tx: ?Sized>: Clone {
    type Id: Copy + Into<RecordRef>;
    type Fact;

    fn load(tx: &Tx, id: Self::Id) -> Result<Option<Self>, StoreError>;
    fn insert(&self, tx: &mut Tx) -> Result<(), StoreError>;
    fn update(&self, tx: &mut Tx) -> Result<Revision, StoreError>;
    fn delete(tx: &mut Tx, id: Self::Id) -> Result<(), StoreError>;
    fn id(&self) -> Self::Id;
    fn revision(&mut self) -> &mut Revision;
}

macro_rules! records {
    ($(
        $record:ident($id:ident, $fact:ident) in $family:ident
        { $get:ident $insert:ident $update:ident $delete:ident }
    )*) => {$(
        impl<Tx: $family + ?Sized> Record<Tx> for $record {
            type Id = $id;
            type Fact = $fact;

            fn load(tx: &Tx, id: $id) -> Result<Option<Self>, StoreError> {
                tx.$get(id)
            }
            fn insert(&self, tx: &mut Tx) -> Result<(), StoreError> {
                tx.$insert(self)
            }
            fn update(&self, tx: &mut Tx) -> Result<Revision, StoreError> {
                tx.$update(self)
            }
            fn delete(tx: &mut Tx, id: $id) -> Result<(), StoreError> {
                tx.$delete(id)
            }
            fn id(&self) -> $id {
                self.id
            }
            fn revision(&mut self) -> &mut Revision {
                &mut self.revision
            }
        }
    )*};
}

records! {
    Customer(CustomerId, CustomerFact) in Customers { customer insert_customer update_customer delete_customer }
    Interaction(InteractionId, InteractionFact) in Interactions
        { interaction insert_interaction update_interaction delete_interaction }
    Product(ProductId, ProductFact) in Products { product insert_product update_product delete_product }
    PriceList(PriceListId, PriceListFact) in PriceLists
        { price_list insert_price_list update_price_list delete_price_list }
    Promotion(PromotionId, PromotionFact) in Promotions
        { promotion insert_promotion update_promotion delete_promotion }
    Redemption(RedemptionId, RedemptionFact) in Redemptions
        { redemption insert_redemption update_redemption delete_redemption }
    SalesRep(SalesRepId, SalesRepFact) in SalesReps { sales_rep insert_sales_rep update_sales_rep delete_sales_rep }
    SalePlan(SalePlanId, SalePlanFact) in SalePlans { sale_plan insert_sale_plan update_sale_plan delete_sale_plan }
    Queue(QueueId, QueueFact) in Queues { queue insert_queue update_queue delete_queue }
    Lead(LeadId, LeadFact) in Leads { lead insert_lead update_lead delete_lead }
    Opportunity(OpportunityId, OpportunityFact) in Opportunities
        { opportunity insert_opportunity update_opportunity delete_opportunity }
    Activity(ActivityId, ActivityFact) in Activities
        { activity insert_activity update_activity delete_activity }
    ForecastAdjustment(ForecastAdjustmentId, ForecastAdjustmentFact) in ForecastAdjustments
        {
            forecast_adjustment insert_forecast_adjustment update_forecast_adjustment delete_forecast_adjustment
        }
    ForecastSnapshot(ForecastSnapshotId, ForecastSnapshotFact) in ForecastSnapshots
        { forecast_snapshot insert_forecast_snapshot update_forecast_snapshot delete_forecast_snapshot }
    ExchangeRate(ExchangeRateId, ExchangeRateFact) in ExchangeRates
        { exchange_rate insert_exchange_rate update_exchange_rate delete_exchange_rate }
    Quote(QuoteId, QuoteFact) in Quotes { quote insert_quote update_quote delete_quote }
    Order(OrderId, OrderFact) in Orders { order insert_order update_order delete_order }
    Payment(PaymentId, PaymentFact) in Payments { payment insert_payment update_payment delete_payment }
}

/// Runs an operation once for each place under the key of the act; a repetition gives the first answer again ([`crm_core::once`]).
/// `input` is all that `run` gets, by value or by reference, since only what is in it is told from another input; what it calls
/// are its parts. The name stays: it is stored.
///
/// ```text
/// once(tx, act, "pay_order", (id, payment), |tx, act, (id, payment)| change_order(tx, act, id, …))
/// ```
pub(crate) fn once<Tx, I, T>(
    tx: &mut Tx,
    act: &mut Act,
    operation: &'static str,
    input: I,
    run: impl FnOnce(&mut Tx, &mut Act, I) -> Result<T, SalesError>,
) -> Result<T, SalesError>
where
    Tx: Journal + ?Sized,
    I: Serialize,
    T: Answered,
{
    crm_core::once(tx, act, operation, input, run)
}

/// The record with an id; that it is missing is an error here.
pub(crate) fn find<R: Record<Tx>, Tx: ?Sized>(tx: &Tx, id: R::Id) -> Result<R, SalesError> {
    R::load(tx, id)?.ok_or(SalesError::NotFound { record: id.into() })
}

/// Keeps a new record and appends the fact that it is there.
pub(crate) fn add<R, Tx>(
    tx: &mut Tx,
    act: &Act,
    record: R,
    fact: impl FnOnce(Box<R>) -> R::Fact,
) -> Result<R, SalesError>
where
    R: Record<Tx>,
    Tx: Journal + ?Sized,
    Fact: From<(R::Id, R::Fact)>,
{
    record.insert(tx)?;
    tx.append(act, &Fact::from((record.id(), fact(Box::new(record.clone())))))?;
    Ok(record)
}

/// Loads a record, lets `decide` change it, saves it and appends the fact that was made. Where `decide` makes no fact,
/// nothing is different and nothing is written. `decide` also gets the transaction, to look at other records.
pub(crate) fn change<R, Tx>(
    tx: &mut Tx,
    act: &Act,
    id: R::Id,
    expected: Option<Revision>,
    decide: impl FnOnce(&Tx, &mut R) -> Result<Option<R::Fact>, SalesError>,
) -> Result<R, SalesError>
where
    R: Record<Tx>,
    Tx: Journal + ?Sized,
    Fact: From<(R::Id, R::Fact)>,
{
    let mut record: R = find(tx, id)?;
    let found = *record.revision();
    if let Some(expected) = expected.filter(|expected| *expected != found) {
        return Err(SalesError::Conflict { record: id.into(), expected, found });
    }
    if let Some(fact) = decide(tx, &mut record)? {
        *record.revision() = record.update(tx)?;
        tx.append(act, &Fact::from((id, fact)))?;
    }
    Ok(record)
}

/// Saves a record that was changed, and appends what happened to it.
pub(crate) fn save<R, Tx>(
    tx: &mut Tx,
    act: &Act,
    record: &mut R,
    facts: impl IntoIterator<Item = R::Fact>,
) -> Result<(), SalesError>
where
    R: Record<Tx>,
    Tx: Journal + ?Sized,
    Fact: From<(R::Id, R::Fact)>,
{
    *record.revision() = record.update(tx)?;
    for fact in facts {
        tx.append(act, &Fact::from((record.id(), fact)))?;
    }
    Ok(())
}

/// Refuses a record that is at another revision than the caller has seen.
pub(crate) fn unchanged<R: Record<Tx>, Tx: ?Sized>(tx: &Tx, id: R::Id, expected: Revision) -> Result<R, SalesError> {
    let mut record: R = find(tx, id)?;
    let found = *record.revision();
    if found == expected { Ok(record) } else { Err(SalesError::Conflict { record: id.into(), expected, found }) }
}

/// Removes a record where `allowed` lets it go and nothing refers to it, and appends the fact; gives the record as it
/// was.
pub(crate) fn remove<R, Tx>(
    tx: &mut Tx,
    act: &Act,
    id: R::Id,
    allowed: impl FnOnce(&R) -> Result<(), SalesError>,
    fact: impl FnOnce(Box<R>) -> R::Fact,
) -> Result<R, SalesError>
where
    R: Record<Tx>,
    Tx: Journal + ?Sized,
    Fact: From<(R::Id, R::Fact)>,
{
    let record: R = find(tx, id)?;
    allowed(&record)?;
    R::delete(tx, id)?;
    tx.append(act, &Fact::from((id, fact(Box::new(record.clone())))))?;
    Ok(record)
}

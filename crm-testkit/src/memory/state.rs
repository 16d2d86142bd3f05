//! What the store holds, and what all record families share.

use std::collections::BTreeMap;

use chrono::SubsecRound as _;
use crm_core::{
    Activity, ActivityId, Agent, AgentId, Answer, Customer, CustomerId, Entry, ExchangeRate, ExchangeRateId,
    ForecastAdjustment, ForecastAdjustmentId, ForecastSnapshot, ForecastSnapshotId, IdempotencyKey, Interaction,
    InteractionId, Label, Lead, LeadId, Number, Opportunity, OpportunityId, Order, OrderId, Payment, PaymentId,
    Position, PriceList, PriceListId, Product, ProductId, Promotion, PromotionId, Queue, QueueId, Quote, QuoteId,
    RecordRef, Redemption, RedemptionId, Revision, SalePlan, SalePlanId, SalesRep, SalesRepId, Ticket, TicketId,
    TicketMessage,
    store::{Page, StoreError, StoreErrorKind},
};

use crate::instants::Instants;

pub(super) type Stored<T> = Result<T, StoreError>;

/// What differs from family to family.
pub(super) trait Family {
    /// What its lists are narrowed by.
    type Filter;
    /// The values that no other record of the family may have, by field, in the order in which they are checked.
    fn unique(&self) -> Vec<(&'static str, &str)>;
    /// The records that this one refers to, by field.
    fn references(&self) -> Vec<(&'static str, RecordRef)>;
    /// Whether a filter lets it through.
    fn passes(&self, filter: &Self::Filter) -> bool;
    /// Removes what goes with the record when it is deleted.
    fn delete_parts(&self, _state: &mut State) {}
}

/// What is the same in each family, up to names: how its records are found and written.
pub(super) trait Kept: Family + Instants + Clone + 'static {
    type Id: Copy + Ord + Into<RecordRef>;
    const RECORD: &'static str;
    fn id(&self) -> Self::Id;
    fn revision(&self) -> Revision;
    fn with_revision(self, revision: Revision) -> Self;
    fn table(state: &State) -> &BTreeMap<Self::Id, Self>;
    fn table_mut(state: &mut State) -> &mut BTreeMap<Self::Id, Self>;
}

macro_rules! tables {
    ($($table:ident, $plural:literal: $record:ident($id:ident), $one:literal;)*) => {
        /// All that is stored.
        #[derive(Clone, Default)]
        pub(super) struct State {
            $(pub(super) $table: BTreeMap<$id, $record>,)*
            pub(super) messages: BTreeMap<(TicketId, u32), TicketMessage>,
            /// How many records had been inserted when each one was.
            pub(super) inserted: BTreeMap<RecordRef, u64>,
            pub(super) insertions: u64,
            /// The last number that was assigned.
            pub(super) quote_numbers: u64,
            pub(super) order_numbers: u64,
            pub(super) ticket_numbers: u64,
            pub(super) answers: BTreeMap<(IdempotencyKey, u32), Answer>,
            pub(super) journal: BTreeMap<Position, Entry>,
            pub(super) cursors: BTreeMap<Label, Position>,
        }

        impl State {
            /// Whether a record is there.
            fn has(&self, record: RecordRef) -> bool {
                match record {
                    $(RecordRef::$record(id) => self.$table.contains_key(&id),)*
                    RecordRef::Import(_) => false,
                }
            }

            /// Refuses where records other than the record itself refer to it.
            fn unreferenced(&self, record: RecordRef) -> Stored<()> {
                $(still_referenced($plural, self.$table.values().filter(|other| refers(*other, record)).count())?;)*
                let written_by = |message: &&TicketMessage| message.kind.agent().map(RecordRef::Agent) == Some(record);
                still_referenced("messages", self.messages.values().filter(written_by).count())
            }
        }

        $(impl Kept for $record {
            type Id = $id;
            const RECORD: &'static str = $one;
            fn id(&self) -> $id {
                self.id
            }
            fn revision(&self) -> Revision {
                self.revision
            }
            fn with_revision(mut self, revision: Revision) -> Self {
                self.revision = revision;
                self
            }
            fn table(state: &State) -> &BTreeMap<$id, Self> {
                &state.$table
            }
            fn table_mut(state: &mut State) -> &mut BTreeMap<$id, Self> {
                &mut state.$table
            }
        })*
    };
}

// In the order in which the families are asked whether they refer to a record.
tables! {
    customers, "customers": Customer(CustomerId), "customer";
    interactions, "interactions": Interaction(InteractionId), "interaction";
    sale_plans, "sale plans": SalePlan(SalePlanId), "sale plan";
    sales_reps, "sales reps": SalesRep(SalesRepId), "sales rep";
    queues, "queues": Queue(QueueId), "queue";
    leads, "leads": Lead(LeadId), "lead";
    opportunities, "opportunities": Opportunity(OpportunityId), "opportunity";
    forecast_adjustments, "forecast adjustments": ForecastAdjustment(ForecastAdjustmentId), "forecast adjustment";
    forecast_snapshots, "forecast snapshots": ForecastSnapshot(ForecastSnapshotId), "forecast snapshot";
    activities, "activities": Activity(ActivityId), "activity";
    quotes, "quotes": Quote(QuoteId), "quote";
    orders, "orders": Order(OrderId), "order";
    payments, "payments": Payment(PaymentId), "payment";
    tickets, "tickets": Ticket(TicketId), "ticket";
    price_lists, "price lists": PriceList(PriceListId), "price list";
    promotions, "promotions": Promotion(PromotionId), "promotion";
    redemptions, "redemptions": Redemption(RedemptionId), "redemption";
    products, "products": Product(ProductId), "product";
    agents, "agents": Agent(AgentId), "agent";
    exchange_rates, "exchange rates": ExchangeRate(ExchangeRateId), "exchange rate";
}

fn refers<R: Kept>(other: &R, record: RecordRef) -> bool {
    other.id().into() != record && other.references().iter().any(|(_, to)| *to == record)
}

fn still_referenced(by: &'static str, count: usize) -> Stored<()> {
    match u64::try_from(count).unwrap_or(u64::MAX) {
        0 => Ok(()),
        count => Err(StoreErrorKind::StillReferenced { by, count }.into()),
    }
}

/// The same with whole microseconds, which are all that a store keeps (C10).
pub(super) fn cut<T: Instants + Clone>(one: &T) -> Stored<T> {
    let cut = one.clone().with_instants(|at| *at = at.trunc_subsecs(6));
    // Cutting keeps the order of instants and their days, so nothing that was valid is refused.
    cut.map_err(|invalid| StoreError::new(StoreErrorKind::Backend).caused_by(invalid.to_string()))
}

impl State {
    /// The record with an id.
    pub(super) fn get<R: Kept>(&self, id: R::Id) -> Option<R> {
        R::table(self).get(&id).cloned()
    }

    /// The record with a value that no other has.
    pub(super) fn with_unique<R: Kept>(&self, field: &'static str, value: &str) -> Option<R> {
        R::table(self).values().find(|record| record.unique().contains(&(field, value))).cloned()
    }

    /// The records that a condition lets through, by a key that `key` makes; those without a key stay out.
    pub(super) fn listed<R: Kept, K: Ord>(
        &self,
        condition: impl Fn(&R) -> bool,
        key: impl Fn(&R) -> Option<K>,
        page: Page<K>,
    ) -> Vec<R> {
        let records = R::table(self).values().filter(|record| condition(record));
        let keyed = records.filter_map(|record| Some((key(record)?, record)));
        paged(keyed, page).into_iter().cloned().collect()
    }

    /// The records that a condition lets through, by id.
    pub(super) fn listed_by_id<R: Kept>(&self, condition: impl Fn(&R) -> bool, page: Page<R::Id>) -> Vec<R> {
        self.listed(condition, |record| Some(record.id()), page)
    }

    /// How many records a filter lets through.
    pub(super) fn count<R: Kept>(&self, filter: &R::Filter) -> u64 {
        let count = R::table(self).values().filter(|record| record.passes(filter)).count();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Keeps a new record as it is.
    pub(super) fn insert<R: Kept>(&mut self, record: &R) -> Stored<()> {
        if R::table(self).contains_key(&record.id()) {
            return Err(StoreErrorKind::Duplicate { record: R::RECORD, field: "id" }.into());
        }
        self.check(record)?;
        self.put(record.id(), Some(cut(record)?))?;
        self.insertions += 1;
        self.inserted.insert(record.id().into(), self.insertions);
        Ok(())
    }

    /// Writes over the revision that the record carries; gives the next one.
    pub(super) fn update<R: Kept>(&mut self, record: &R) -> Stored<Revision> {
        let stored = R::table(self).get(&record.id()).ok_or(StoreErrorKind::NotFound { record: R::RECORD })?;
        if stored.revision() != record.revision() {
            return Err(StoreErrorKind::Conflict { record: R::RECORD }.into());
        }
        self.check(record)?;
        let next = record.revision().next();
        self.put(record.id(), Some(cut(record)?.with_revision(next)))?;
        Ok(next)
    }

    /// Removes a record that nothing refers to, with its parts.
    pub(super) fn delete<R: Kept>(&mut self, id: R::Id) -> Stored<()> {
        let record = self.get::<R>(id).ok_or(StoreErrorKind::NotFound { record: R::RECORD })?;
        self.unreferenced(id.into())?;
        self.put::<R>(id, None)?;
        record.delete_parts(self);
        self.inserted.remove(&id.into());
        Ok(())
    }

    /// Puts a record in the place of what is there, unless the figures cannot take it.
    fn put<R: Kept>(&mut self, id: R::Id, record: Option<R>) -> Stored<()> {
        let replace = |state: &mut Self, record: Option<R>| match record {
            Some(record) => R::table_mut(state).insert(id, record),
            None => R::table_mut(state).remove(&id),
        };
        let before = replace(self, record);
        self.countable().inspect_err(|_| drop(replace(self, before)))
    }

    /// Refuses a record whose unique values another one has, or that refers to what is not there. It may refer to itself, as foreign keys allow.
    fn check<R: Kept>(&self, record: &R) -> Stored<()> {
        for (field, value) in record.unique() {
            if self.with_unique::<R>(field, value).is_some_and(|other| other.id() != record.id()) {
                return Err(StoreErrorKind::Duplicate { record: R::RECORD, field }.into());
            }
        }
        for (field, to) in record.references() {
            if to != record.id().into() {
                self.exists(R::RECORD, field, to)?;
            }
        }
        Ok(())
    }

    /// Refuses a reference to what is not there.
    pub(super) fn exists(&self, record: &'static str, field: &'static str, to: RecordRef) -> Stored<()> {
        if self.has(to) {
            return Ok(());
        }
        Err(StoreErrorKind::MissingReference { record, field }.into())
    }

    /// The first free number after the last one that was assigned; gives how far it counted, too.
    pub(super) fn free_number<R: Kept>(&self, prefix: &str, last: u64) -> Stored<(u64, Number)> {
        let mut count = last;
        loop {
            count = count.checked_add(1).ok_or(StoreErrorKind::StorageFull)?;
            let number = Number::parse(&format!("{prefix}-{count:06}"))
                .map_err(|invalid| StoreError::new(StoreErrorKind::Backend).caused_by(invalid.to_string()))?;
            if self.with_unique::<R>("number", number.as_str()).is_none() {
                return Ok((count, number));
            }
        }
    }
}

/// A page of items that carry their keys: ascending, those after the given key, at most the limit.
pub(super) fn paged<K: Ord, T>(items: impl Iterator<Item = (K, T)>, page: Page<K>) -> Vec<T> {
    let Page { after, limit } = page;
    let mut items: Vec<(K, T)> = items.filter(|(key, _)| after.as_ref().is_none_or(|after| key > after)).collect();
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    items.into_iter().take(limit.into()).map(|(_, item)| item).collect()
}

/// Whether a field of a filter lets a value through.
pub(super) fn holds<T: PartialEq>(wanted: Option<&T>, value: Option<&T>) -> bool {
    wanted.is_none() || wanted == value
}

/// The methods that every family trait has.
macro_rules! record_methods {
    ($record:ident($id:ident), $filter:ident { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident }) => {
        fn $get(&self, id: $id) -> Stored<Option<$record>> {
            Ok(self.state.get(id))
        }
        fn $list(&self, filter: &$filter, page: Page<$id>) -> Stored<Vec<$record>> {
            Ok(self.state.listed_by_id(|record: &$record| record.passes(filter), page))
        }
        fn $count(&self, filter: &$filter) -> Stored<u64> {
            Ok(self.state.count::<$record>(filter))
        }
        fn $insert(&mut self, record: &$record) -> Stored<()> {
            self.state_mut().insert(record)
        }
        fn $update(&mut self, record: &$record) -> Stored<Revision> {
            self.state_mut().update(record)
        }
        fn $delete(&mut self, id: $id) -> Stored<()> {
            self.state_mut().delete::<$record>(id)
        }
    };
}

/// The look-up by the id in another system, in those families that have one.
macro_rules! by_external_id {
    ($name:ident: $record:ident) => {
        fn $name(&self, external_id: &ExternalId) -> Stored<Option<$record>> {
            Ok(self.state.with_unique("external id", external_id.as_str()))
        }
    };
}

/// The look-up by name, in those families that have one.
macro_rules! named {
    ($name:ident: $record:ident($id:ident)) => {
        fn $name(&self, name: &Name, page: Page<$id>) -> Stored<Vec<$record>> {
            Ok(self.state.listed_by_id(|record: &$record| record.name.key() == name.key(), page))
        }
    };
}

/// An external id among the unique values, where there is one.
pub(super) fn external_id(id: Option<&crm_core::ExternalId>) -> impl Iterator<Item = (&'static str, &str)> {
    id.map(|id| ("external id", id.as_str())).into_iter()
}

/// A reference, where there is one.
pub(super) fn reference(field: &'static str, id: Option<impl Into<RecordRef>>) -> Option<(&'static str, RecordRef)> {
    id.map(|id| (field, id.into()))
}

pub(super) use {by_external_id, named, record_methods};

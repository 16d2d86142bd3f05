//! How a value looks in a column. No other module knows.

use std::cell::Cell;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use crm_core::{
    ActivityId, ActivityKind, ActivityStatus, Actor, AgentId, AnomalyKind, AssignmentStrategy, Channel, ContactLabel,
    CreditAt, Currency, CustomerId, CustomerType, Direction, EmailAddress, EntryKind, ExchangeRateId, ExternalId,
    Fingerprint, ForecastAdjustmentId, ForecastCategory, ForecastSnapshotId, Fulfilment, Gender, IdempotencyKey,
    InteractionId, Label, LeadId, LeadStatus, Money, Name, NeedKind, Number, OpportunityId, OpportunityStatus, OrderId,
    OrderStatus, PaymentId, PaymentKind, PaymentReference, PaymentStatus, Percent, Phone, PlanStatus, Position,
    PriceListId, Priority, ProductId, PromotionId, ProviderStatus, Quantity, QueueId, QuoteId, QuoteStatus, Rate,
    Rating, RecordId, RedemptionId, RevenueKind, Revision, RollUp, SalePlanId, SalesRepId, ShipmentStatus, Span,
    StageKind, StrategyKind, Subject, Text, TicketId, TicketStatus, Units, WaitingOrder,
    store::{StoreError, StoreErrorKind},
};
use rusqlite::{
    Row, Statement, ToSql,
    types::{ToSqlOutput, Value, ValueRef},
};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::error::{Done, Failure};

/// A value of one column.
pub(crate) trait Column: Sized {
    /// What is written.
    fn write(&self) -> ToSqlOutput<'_>;
    /// What was read, or `None` where it cannot be understood.
    fn read(value: ValueRef<'_>) -> Option<Self>;
}

/// A column's value as a parameter.
pub(crate) struct Bound<'a, T>(pub(crate) &'a T);

impl<T: Column> ToSql for Bound<'_, T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.write())
    }
}

impl<T: Column> Column for Option<T> {
    fn write(&self) -> ToSqlOutput<'_> {
        self.as_ref().map_or(ToSqlOutput::Owned(Value::Null), Column::write)
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(integer) => Some(integer),
        _ => None,
    }
}

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

macro_rules! integers {
    ($($type:ty: |$value:ident| $write:expr, |$read:ident| $from:expr;)*) => {$(
        impl Column for $type {
            fn write(&self) -> ToSqlOutput<'_> {
                let $value = self;
                ToSqlOutput::Owned(Value::Integer($write))
            }
            fn read(value: ValueRef<'_>) -> Option<Self> {
                let $read = integer(value)?;
                $from
            }
        }
    )*};
}

integers! {
    i64: |value| *value, |read| Some(read);
    bool: |value| i64::from(*value), |read| match read { 0 => Some(false), 1 => Some(true), _ => None };
    u16: |value| i64::from(*value), |read| Self::try_from(read).ok();
    u32: |value| i64::from(*value), |read| Self::try_from(read).ok();
    DateTime<Utc>: |value| value.timestamp_micros(), |read| Self::from_timestamp_micros(read);
    NaiveDate: |value| i64::from(value.num_days_from_ce()), |read| Self::from_num_days_from_ce_opt(i32::try_from(read).ok()?);
    // No store has 2^63 writes; what is beyond stands for the end.
    Revision: |value| i64::try_from(value.get()).unwrap_or(i64::MAX), |read| u64::try_from(read).ok().map(Self::new);
    Position: |value| i64::try_from(value.get()).unwrap_or(i64::MAX), |read| u64::try_from(read).ok().map(Self::new);
    Percent: |value| value.ten_thousandths(), |read| Self::from_ten_thousandths(read).ok();
    Quantity: |value| value.millionths(), |read| Self::from_millionths(read).ok();
    Rate: |value| value.ten_billionths(), |read| Self::from_ten_billionths(read).ok();
    Units: |value| value.millionths(), |read| Self::from_millionths(read).ok();
    u64: |value| i64::try_from(*value).unwrap_or(i64::MAX), |read| Self::try_from(read).ok();
    Span: |value| match value { Self::Day => 0, Self::Month => 1 }, |read| match read { 0 => Some(Self::Day), 1 => Some(Self::Month), _ => None };
    Rating: |value| i64::from(value.get()), |read| Self::new(u8::try_from(read).ok()?).ok();
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn write(&self) -> ToSqlOutput<'_> {
                ToSqlOutput::Borrowed(ValueRef::Text(self.as_str().as_bytes()))
            }
            fn read(value: ValueRef<'_>) -> Option<Self> {
                text(value)?.parse().ok()
            }
        }
    )*};
}

texts!(
    Actor,
    EmailAddress,
    ExternalId,
    IdempotencyKey,
    Label,
    Name,
    Number,
    PaymentReference,
    Phone,
    String,
    Subject,
    Text
);

/// A value as JSON: for what is never searched by its inside.
pub(crate) struct Json(String);

impl Json {
    pub(crate) fn of<T: Serialize>(value: &T) -> Done<Self> {
        let json = serde_json::to_string(value);
        Ok(Self(json.map_err(|error| StoreError::new(StoreErrorKind::Backend).caused_by(error))?))
    }

    fn parse<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }
}

impl Column for Json {
    fn write(&self) -> ToSqlOutput<'_> {
        self.0.write()
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        String::read(value).map(Self)
    }
}

impl Column for Currency {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Text(self.code().as_bytes()))
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        thread_local! {
            /// Rows that are read one after the other are nearly always in one currency, and most have it several times.
            static LAST: Cell<Option<Currency>> = const { Cell::new(None) };
        }
        let code = text(value)?;
        if let Some(last) = LAST.get().filter(|last| last.code() == code) {
            return Some(last);
        }
        let read = code.parse().ok();
        LAST.set(read);
        read
    }
}

macro_rules! ids {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn write(&self) -> ToSqlOutput<'_> {
                ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes()))
            }
            fn read(value: ValueRef<'_>) -> Option<Self> {
                Uuid::read(value).map(Self::from_uuid)
            }
        }
    )*};
}

ids!(
    CustomerId,
    ExchangeRateId,
    ForecastAdjustmentId,
    ForecastSnapshotId,
    InteractionId,
    ProductId,
    SalesRepId,
    SalePlanId,
    QueueId,
    LeadId,
    OpportunityId,
    ActivityId,
    OrderId,
    QuoteId,
    PaymentId,
    AgentId,
    TicketId,
    PriceListId,
    PromotionId,
    RedemptionId
);

impl Column for Uuid {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes()))
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Blob(bytes) => Self::from_slice(bytes).ok(),
            _ => None,
        }
    }
}

impl Column for Fingerprint {
    fn write(&self) -> ToSqlOutput<'_> {
        ToSqlOutput::Borrowed(ValueRef::Blob(self.as_bytes()))
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes.try_into().ok().map(Self::new),
            _ => None,
        }
    }
}

/// A value of a key, which has no NULL: nothing is an empty text, or an empty blob for an id, or for a day the least number of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OrEmpty<T>(pub(crate) Option<T>);

impl<T: Column + Keyed> Column for OrEmpty<T> {
    fn write(&self) -> ToSqlOutput<'_> {
        self.0.as_ref().map_or(ToSqlOutput::Borrowed(T::EMPTY), Column::write)
    }
    fn read(value: ValueRef<'_>) -> Option<Self> {
        if value == T::EMPTY { Some(Self(None)) } else { T::read(value).map(Some).map(Self) }
    }
}

/// What stands in a key for nothing.
pub(crate) trait Keyed {
    const EMPTY: ValueRef<'static>;
}

impl Keyed for Uuid {
    const EMPTY: ValueRef<'static> = ValueRef::Blob(&[]);
}

impl Keyed for NaiveDate {
    /// No day, and before all days: the first one of the calendar has a far greater number.
    const EMPTY: ValueRef<'static> = ValueRef::Integer(i64::MIN);
}

impl Keyed for Currency {
    const EMPTY: ValueRef<'static> = ValueRef::Text(&[]);
}

impl Keyed for Label {
    const EMPTY: ValueRef<'static> = ValueRef::Text(&[]);
}

impl Keyed for Priority {
    const EMPTY: ValueRef<'static> = ValueRef::Text(&[]);
}

macro_rules! names {
    ($($type:ident { $($variant:ident = $name:literal),* })*) => {$(
        impl Column for $type {
            fn write(&self) -> ToSqlOutput<'_> {
                let name = match self { $(Self::$variant => $name,)* };
                ToSqlOutput::Borrowed(ValueRef::Text(name.as_bytes()))
            }
            fn read(value: ValueRef<'_>) -> Option<Self> {
                match text(value)? { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

names! {
    CustomerType { Person = "person", Organisation = "organisation" }
    Gender { Female = "female", Male = "male", Other = "other" }
    NeedKind { Need = "need", Preference = "preference" }
    ContactLabel { Work = "work", Home = "home", Mobile = "mobile", Billing = "billing", Shipping = "shipping", Other = "other" }
    Channel {
        Phone = "phone", Email = "email", Chat = "chat", SocialMedia = "social_media", Visit = "visit", Meeting = "meeting",
        WebForm = "web_form"
    }
    Direction { Inbound = "inbound", Outbound = "outbound" }
    CreditAt { Booked = "booked", Paid = "paid" }
    PlanStatus { Draft = "draft", Active = "active", Closed = "closed" }
    StrategyKind { Price = "price", Promotion = "promotion", Channel = "channel" }
    AssignmentStrategy { RoundRobin = "round_robin", LeastLoaded = "least_loaded", Weighted = "weighted" }
    WaitingOrder { OldestFirst = "oldest_first", LongestWaitingFirst = "longest_waiting_first", LikeliestFirst = "likeliest_first" }
    LeadStatus {
        New = "new", Working = "working", Qualified = "qualified", Nurturing = "nurturing", Disqualified = "disqualified", Converted = "converted"
    }
    StageKind { Open = "open", Won = "won" }
    ForecastCategory {
        Omitted = "omitted", Pipeline = "pipeline", BestCase = "best_case", MostLikely = "most_likely", Commit = "commit", Closed = "closed"
    }
    RollUp { Closed = "closed", Commit = "commit", MostLikely = "most_likely", BestCase = "best_case", OpenPipeline = "open_pipeline" }
    OpportunityStatus { Open = "open", Won = "won", Lost = "lost" }
    ActivityKind { Call = "call", Visit = "visit", Meeting = "meeting", Task = "task" }
    ActivityStatus { Planned = "planned", Done = "done", Cancelled = "cancelled" }
    OrderStatus { Draft = "draft", Confirmed = "confirmed", Locked = "locked", Cancelled = "cancelled" }
    Fulfilment { Unfulfilled = "unfulfilled", Partial = "partial", Fulfilled = "fulfilled", Returned = "returned" }
    PaymentStatus { Unpaid = "unpaid", Partial = "partial", Paid = "paid", Refunded = "refunded" }
    ShipmentStatus { Shipped = "shipped", Delivered = "delivered", Returned = "returned" }
    PaymentKind { Whole = "whole", Capture = "capture", Void = "void", Refund = "refund" }
    ProviderStatus {
        Draft = "draft", Pending = "pending", Authorised = "authorised", Done = "done", Cancelled = "cancelled", Failed = "failed"
    }
    AnomalyKind {
        Repeated = "repeated", Late = "late", Contradicting = "contradicting", OtherAmount = "other_amount", NoRoom = "no_room",
        NotEntered = "not_entered"
    }
    EntryKind { Payment = "payment", Refund = "refund", RefundUndone = "refund_undone" }
    RevenueKind { Booked = "booked", Refunded = "refunded", RefundUndone = "refund_undone", Cancelled = "cancelled" }
    QuoteStatus {
        Draft = "draft", InApproval = "in_approval", Approved = "approved", Sent = "sent", Accepted = "accepted", Rejected = "rejected",
        Expired = "expired", Superseded = "superseded", Cancelled = "cancelled"
    }
    Priority { Low = "low", Normal = "normal", High = "high", Urgent = "urgent" }
    TicketStatus { New = "new", Open = "open", Pending = "pending", OnHold = "on_hold", Solved = "solved", Closed = "closed" }
}

/// Binds values to a statement's parameters, one after the other.
pub(crate) struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
    /// Which of the values that come are bound, one bit each; the others are passed over.
    wanted: u64,
}

impl<'s, 'c> Binder<'s, 'c> {
    pub(crate) fn new(statement: &'s mut Statement<'c>) -> Self {
        Self { statement, next: 0, wanted: u64::MAX }
    }

    /// From here on only some of the values are bound, the first of them by the lowest bit.
    pub(crate) fn only(&mut self, wanted: u64) -> &mut Self {
        self.wanted = wanted;
        self
    }

    pub(crate) fn put<T: Column>(&mut self, value: &T) -> Done<&mut Self> {
        let wanted = self.wanted & 1 == 1;
        // What lies beyond the bits is bound.
        self.wanted = self.wanted >> 1 | 1 << 63;
        if wanted {
            self.next += 1;
            self.statement.raw_bind_parameter(self.next, Bound(value))?;
        }
        Ok(self)
    }

    /// An amount that may be missing: its minor units and its currency.
    pub(crate) fn put_amount(&mut self, amount: Option<Money>) -> Done<&mut Self> {
        self.put(&amount.map(Money::minor))?.put(&amount.map(Money::currency))
    }
}

/// Reads the cells of a row, one after the other.
pub(crate) struct Cells<'r, 's> {
    row: &'r Row<'s>,
    table: &'static str,
    columns: &'static [&'static str],
    /// How many cells stand before the first of the columns.
    skipped: usize,
    next: usize,
    number: Option<i64>,
}

impl<'r, 's> Cells<'r, 's> {
    /// The cells of a record's row that was selected as the row's number, its parts and these columns, in their order.
    pub(crate) const fn numbered(
        row: &'r Row<'s>,
        table: &'static str,
        columns: &'static [&'static str],
        number: i64,
    ) -> Self {
        Self { row, table, columns, skipped: 2, next: 0, number: Some(number) }
    }

    /// The cells of a part's row that was selected as its record, its place and these columns, in their order.
    pub(crate) const fn of_part(row: &'r Row<'s>, table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { row, table, columns, skipped: 2, next: 0, number: None }
    }

    /// The cells of a row that was selected as these columns, in their order.
    pub(crate) const fn new(row: &'r Row<'s>, table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { row, table, columns, skipped: 0, next: 0, number: None }
    }

    /// The cells after some others, of a row that was selected as these and then these columns, in their order.
    pub(crate) fn after(
        skipped: usize,
        row: &'r Row<'s>,
        table: &'static str,
        columns: &'static [&'static str],
    ) -> Self {
        Self { skipped, ..Self::new(row, table, columns) }
    }

    /// The next cell.
    pub(crate) fn take<T: Column>(&mut self) -> Done<T> {
        let value = T::read(self.row.get_ref(self.skipped + self.next)?);
        self.next += 1;
        value.ok_or_else(|| self.corrupt())
    }

    /// The next two cells: an amount, or nothing.
    pub(crate) fn take_amount(&mut self) -> Done<Option<Money>> {
        match (self.take::<Option<i64>>()?, self.take::<Option<Currency>>()?) {
            (Some(minor), Some(currency)) => Ok(Some(Money::from_minor(minor, currency))),
            (None, None) => Ok(None),
            _ => Err(self.corrupt()),
        }
    }

    /// The next cell, which holds JSON.
    pub(crate) fn take_json<T: DeserializeOwned>(&mut self) -> Done<T> {
        self.take::<Json>()?.parse().ok_or_else(|| self.corrupt())
    }

    /// The next cell, which holds JSON or nothing.
    pub(crate) fn take_json_or_none<T: DeserializeOwned>(&mut self) -> Done<Option<T>> {
        let json = self.take::<Option<Json>>()?;
        json.map(|json| json.parse().ok_or_else(|| self.corrupt())).transpose()
    }

    /// The error of the cell that was taken last.
    pub(crate) fn corrupt(&self) -> Failure {
        let column = self.next.checked_sub(1).and_then(|last| self.columns.get(last)).copied().unwrap_or("row");
        StoreErrorKind::Corrupt { table: self.table, column, row: self.number }.into()
    }
}

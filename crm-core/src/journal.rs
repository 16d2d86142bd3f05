//! The journal: every fact, who made it, when and why.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    act::{Act, Cause},
    activity::ActivityFact,
    agent::AgentFact,
    bulk::ImportFact,
    customer::CustomerFact,
    exchange_rate::ExchangeRateFact,
    forecast::{ForecastAdjustmentFact, ForecastSnapshotFact},
    id::{
        ActivityId, AgentId, CustomerId, ExchangeRateId, ForecastAdjustmentId, ForecastSnapshotId, ImportId,
        InteractionId, LeadId, OpportunityId, OrderId, PaymentId, PriceListId, ProductId, PromotionId, QueueId,
        QuoteId, RecordId, RedemptionId, SalePlanId, SalesRepId, TicketId,
    },
    interaction::InteractionFact,
    lead::LeadFact,
    opportunity::OpportunityFact,
    order::OrderFact,
    payment::PaymentFact,
    price_list::PriceListFact,
    product::ProductFact,
    promotion::{PromotionFact, RedemptionFact},
    queue::QueueFact,
    quote::QuoteFact,
    sale_plan::SalePlanFact,
    sales_rep::SalesRepFact,
    text::{Actor, IdempotencyKey},
    ticket::TicketFact,
};

/// The place of an entry in the journal, in the order of the commits. Places ascend; there may be gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(u64);

impl Position {
    /// Before the first entry.
    pub const START: Self = Self(0);

    /// So many from the start.
    pub const fn new(place: u64) -> Self {
        Self(place)
    }

    /// How many from the start.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One entry of the journal: a fact and the act that made it.
///
/// The header stays for ever. The fact, which may hold personal data, can be erased; then the header still tells what happened to which record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place.
    pub position: Position,
    /// When the act happened.
    pub at: DateTime<Utc>,
    /// Who acted.
    pub actor: Actor,
    /// Why.
    pub cause: Option<Cause>,
    /// The caller's own key of the act.
    pub key: Option<IdempotencyKey>,
    /// The record that it happened to.
    pub record: RecordRef,
    /// What happened, as [`Fact::kind`] names it.
    pub kind: String,
    /// What happened, with all that is known of it; `None` once it was erased.
    pub fact: Option<Fact>,
}

impl Entry {
    /// The entry of a fact that an act made.
    pub fn new(position: Position, act: &Act, fact: Fact) -> Self {
        Self {
            position,
            at: act.at(),
            actor: act.actor().clone(),
            cause: act.cause().cloned(),
            key: act.key().cloned(),
            record: fact.record(),
            kind: fact.kind().into(),
            fact: Some(fact),
        }
    }
}

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident($id:ident, $fact:ident) = $name:literal { $($variant:ident = $kind:literal),* })*) => {
        /// What happened to which record: one variant a record family.
        ///
        /// `kind` names it in the words that the journal is searched by, `order.confirmed`; the names stay when the code changes.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Fact {
            $($(#[$doc])* $family($id, $fact),)*
        }

        /// A record of any family, by its id.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RecordRef {
            $($(#[$doc])* $family($id),)*
        }

        impl Fact {
            /// The version of the payload's form. A newer form gets a new number; older ones stay readable.
            pub const VERSION: u32 = 1;

            /// The record that it happened to.
            pub const fn record(&self) -> RecordRef {
                match self {
                    $(Self::$family(id, _) => RecordRef::$family(*id),)*
                }
            }

            /// What happened, as `family.fact`.
            pub const fn kind(&self) -> &'static str {
                match self {
                    $($(Self::$family(_, $fact::$variant { .. }) => concat!($name, ".", $kind),)*)*
                }
            }
        }

        impl RecordRef {
            /// The name of the family.
            pub const fn family(self) -> &'static str {
                match self {
                    $(Self::$family(_) => $name,)*
                }
            }

            /// The UUID of the id.
            pub fn uuid(self) -> Uuid {
                match self {
                    $(Self::$family(id) => id.uuid(),)*
                }
            }

            /// The record of a family by its UUID; `None` for a family that there is not.
            pub fn new(family: &str, uuid: Uuid) -> Option<Self> {
                match family {
                    $($name => Some(Self::$family($id::from_uuid(uuid))),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for RecordRef {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$family(id) => fmt::Display::fmt(id, f),)*
                }
            }
        }

        $(impl From<$id> for RecordRef {
            fn from(id: $id) -> Self {
                Self::$family(id)
            }
        }

        impl From<($id, $fact)> for Fact {
            fn from((id, fact): ($id, $fact)) -> Self {
                Self::$family(id, fact)
            }
        })*
    };
}

families! {
    /// A customer.
    Customer(CustomerId, CustomerFact) = "customer" {
        Registered = "registered", Updated = "updated", ContactMarked = "contact_marked", Archived = "archived", Restored = "restored", Deleted = "deleted"
    }
    /// An interaction.
    Interaction(InteractionId, InteractionFact) = "interaction" { Logged = "logged", Rated = "rated", Deleted = "deleted" }
    /// A product.
    Product(ProductId, ProductFact) = "product" { Added = "added", Updated = "updated", Deleted = "deleted" }
    /// A price list.
    PriceList(PriceListId, PriceListFact) = "price_list" {
        Added = "added", Updated = "updated", Repriced = "repriced", Deleted = "deleted"
    }
    /// A promotion.
    Promotion(PromotionId, PromotionFact) = "promotion" {
        Added = "added", Updated = "updated", Used = "used", Released = "released", Deleted = "deleted"
    }
    /// A use of a promotion.
    Redemption(RedemptionId, RedemptionFact) = "redemption" { Made = "made", Released = "released" }
    /// A sales rep.
    SalesRep(SalesRepId, SalesRepFact) = "sales_rep" { Added = "added", Updated = "updated", Deleted = "deleted" }
    /// A sale plan.
    SalePlan(SalePlanId, SalePlanFact) = "sale_plan" {
        Drafted = "drafted", Amended = "amended", Activated = "activated", Closed = "closed", Deleted = "deleted"
    }
    /// A queue.
    Queue(QueueId, QueueFact) = "queue" { Added = "added", Updated = "updated", Assigned = "assigned", Deleted = "deleted" }
    /// A lead.
    Lead(LeadId, LeadFact) = "lead" {
        Added = "added", Revised = "revised", Touched = "touched", Assigned = "assigned", Moved = "moved", Disqualified = "disqualified",
        Reopened = "reopened", Converted = "converted", ConversionUndone = "conversion_undone", Deleted = "deleted"
    }
    /// An opportunity.
    Opportunity(OpportunityId, OpportunityFact) = "opportunity" {
        Opened = "opened", Revised = "revised", Advanced = "advanced", Won = "won", Lost = "lost", Reopened = "reopened",
        Deleted = "deleted"
    }
    /// An adjustment of a forecast.
    ForecastAdjustment(ForecastAdjustmentId, ForecastAdjustmentFact) = "forecast_adjustment" {
        Made = "made", Changed = "changed", Withdrawn = "withdrawn"
    }
    /// A snapshot of a forecast.
    ForecastSnapshot(ForecastSnapshotId, ForecastSnapshotFact) = "forecast_snapshot" { Taken = "taken" }
    /// A quote.
    Quote(QuoteId, QuoteFact) = "quote" {
        Drafted = "drafted", Amended = "amended", PriceListChanged = "price_list_changed", Submitted = "submitted", Passed = "passed", Approved = "approved", SentBack = "sent_back",
        Sent = "sent", Accepted = "accepted", Ordered = "ordered", Rejected = "rejected", Expired = "expired", Superseded = "superseded",
        Cancelled = "cancelled", Deleted = "deleted"
    }
    /// An activity.
    Activity(ActivityId, ActivityFact) = "activity" {
        Planned = "planned", Revised = "revised", Completed = "completed", Cancelled = "cancelled", Reopened = "reopened",
        Deleted = "deleted"
    }
    /// An order.
    Order(OrderId, OrderFact) = "order" {
        Drafted = "drafted", Amended = "amended", PriceListChanged = "price_list_changed", Reassigned = "reassigned", Confirmed = "confirmed", Locked = "locked", Unlocked = "unlocked",
        Cancelled = "cancelled", Shipped = "shipped", Delivered = "delivered", Returned = "returned", Paid = "paid",
        Refunded = "refunded", RefundUndone = "refund_undone", Deleted = "deleted"
    }
    /// A payment with a provider.
    Payment(PaymentId, PaymentFact) = "payment" {
        Begun = "begun", Pending = "pending", Authorised = "authorised", Done = "done", Cancelled = "cancelled", Failed = "failed",
        Entered = "entered", Anomaly = "anomaly", Deleted = "deleted"
    }
    /// An exchange rate.
    ExchangeRate(ExchangeRateId, ExchangeRateFact) = "exchange_rate" { Added = "added", Updated = "updated", Deleted = "deleted" }
    /// An agent.
    Agent(AgentId, AgentFact) = "agent" { Added = "added", Updated = "updated", Deleted = "deleted" }
    /// A ticket.
    Ticket(TicketId, TicketFact) = "ticket" {
        Opened = "opened", Updated = "updated", Assigned = "assigned", Messaged = "messaged", Moved = "moved",
        Solved = "solved", Deleted = "deleted"
    }
    /// An import: it has no record of its own, its entries are all that there is of it.
    Import(ImportId, ImportFact) = "import" { Batch = "batch", Finished = "finished" }
}

/// One line of a customer's timeline: a record and the instant that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimelineItem {
    /// When an interaction took place, or when another record was made.
    pub at: DateTime<Utc>,
    /// The record.
    pub record: RecordRef,
}

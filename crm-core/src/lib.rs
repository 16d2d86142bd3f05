//! draft
mod act;
mod contact_point;
mod decimal;
mod email;
mod id;
mod invalid;
mod money;
mod phone;
mod postal_address;
mod text;
mod time;
mod transition;
pub use self::{
    act::{Act, Cause},
    contact_point::{ContactLabel, ContactPoint, ContactPoints, ContactValue},
    decimal::{Percent, Quantity, UnitPrice},
    email::EmailAddress,
    id::{
        AgentId, CustomerId, IdError, InteractionId, OpportunityId, OrderId, ProductId, RecordId, SalePlanId,
        SalesRepId, TicketId, typeid,
    },
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    phone::Phone,
    postal_address::{PostalAddress, PostalAddressFields},
    text::{Actor, ExternalId, IdempotencyKey, Label, Name, Number, Text},
    time::{FiscalCalendar, FiscalQuarter, Period, WorkingDays},
    transition::{Transition, Transitions},
};
/// journal
pub mod journal {
    /// p
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
    pub struct Position(pub u64);
}

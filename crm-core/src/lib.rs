//! draft
mod act;
mod decimal;
mod id;
mod invalid;
mod money;
mod text;
mod time;
mod transition;
pub use self::{
    act::{Act, Cause},
    decimal::{Percent, Quantity, UnitPrice},
    id::{
        AgentId, CustomerId, IdError, InteractionId, OpportunityId, OrderId, ProductId, RecordId, SalePlanId,
        SalesRepId, TicketId, typeid,
    },
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
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

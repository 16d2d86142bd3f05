//! Why something was not done to an order.

use chrono::NaiveDate;

use super::{OrderAction, OrderStatus, ShipmentStatus};
use crate::{decimal::Quantity, id::OrderId, invalid::Invalid, money::Money};

/// Why something was not done to an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// The order does not stand where that is allowed.
    #[error("cannot {action} {order}: it is {status}")]
    NotAllowed {
        /// The order.
        order: OrderId,
        /// Where it stands.
        status: OrderStatus,
        /// What was asked.
        action: OrderAction,
    },
    /// An order without lines cannot be confirmed (ORD-1).
    #[error("cannot confirm {order}: it has no line")]
    NoLines {
        /// The order.
        order: OrderId,
    },
    /// The order has no line of that number.
    #[error("{order} has no line {line}")]
    NoSuchLine {
        /// The order.
        order: OrderId,
        /// The number that was asked.
        line: u32,
    },
    /// What promotions take off was found for the lines as they are.
    #[error(
        "cannot change the lines of {order}: promotions take something off them, and are to be released first (PRC-6)"
    )]
    Promoted {
        /// The order.
        order: OrderId,
    },
    /// More would be shipped than is left to ship.
    #[error("cannot ship {quantity} of line {line} of {order}: {left} are left")]
    MoreThanLeft {
        /// The order.
        order: OrderId,
        /// The line.
        line: u32,
        /// What was asked.
        quantity: Quantity,
        /// What is left to ship.
        left: Quantity,
    },
    /// Everything is shipped already.
    #[error("nothing of {order} is left to ship")]
    NothingLeft {
        /// The order.
        order: OrderId,
    },
    /// The order has no shipment of that number.
    #[error("{order} has no shipment {shipment}")]
    NoSuchShipment {
        /// The order.
        order: OrderId,
        /// The number that was asked.
        shipment: u32,
    },
    /// A shipment is delivered once, and a returned one not at all.
    #[error("cannot {action} shipment {shipment} of {order}: it is {status}")]
    ShipmentNotAllowed {
        /// The order.
        order: OrderId,
        /// The shipment.
        shipment: u32,
        /// Where the shipment stands.
        status: ShipmentStatus,
        /// What was asked.
        action: OrderAction,
    },
    /// More would come back of a shipment than is out.
    #[error("cannot take back {quantity} of line {line} of shipment {shipment} of {order}: {out} are out")]
    MoreThanOut {
        /// The order.
        order: OrderId,
        /// The shipment.
        shipment: u32,
        /// The line.
        line: u32,
        /// What was asked.
        quantity: Quantity,
        /// What of it has left in this shipment and not come back.
        out: Quantity,
    },
    /// More would be paid than is owed.
    #[error("cannot take {amount} for {order}: {owed} is owed")]
    Overpaid {
        /// The order.
        order: OrderId,
        /// What was offered.
        amount: Money,
        /// What is owed.
        owed: Money,
    },
    /// More would be refunded than was paid (REF-1).
    #[error("cannot refund {amount} of {order}: {refundable} is left of what was paid (REF-1)")]
    OverRefunded {
        /// The order.
        order: OrderId,
        /// What was asked.
        amount: Money,
        /// What can be refunded.
        refundable: Money,
    },
    /// More of a line would be refunded than was ordered and not refunded (REF-1).
    #[error("cannot refund {quantity} of line {line} of {order}: {left} are left to refund (REF-1)")]
    MoreThanRefundable {
        /// The order.
        order: OrderId,
        /// The line.
        line: u32,
        /// What was asked.
        quantity: Quantity,
        /// What is left to refund.
        left: Quantity,
    },
    /// More money would be refunded for lines than they came to (REF-2).
    #[error("cannot refund {amount} for these lines of {order}: they came to {came_to} (REF-2)")]
    MoreThanTheyCameTo {
        /// The order.
        order: OrderId,
        /// What was asked.
        amount: Money,
        /// What the lines came to.
        came_to: Money,
    },
    /// Lines would be refunded that were not paid (REF-1).
    #[error(
        "cannot refund these lines of {order}: with those that are refunded they come to {came_to}, and {paid} is paid (REF-1)"
    )]
    LinesNotPaid {
        /// The order.
        order: OrderId,
        /// What all lines that are refunded came to, with these.
        came_to: Money,
        /// What is paid of the order.
        paid: Money,
    },
    /// Money would go back before it came in (REF-1).
    #[error("cannot refund {amount} of {order} on {day}: so much is there from {earliest} on (REF-1)")]
    RefundedTooEarly {
        /// The order.
        order: OrderId,
        /// What was asked.
        amount: Money,
        /// The business day that was asked.
        day: NaiveDate,
        /// The first one on which so much money is there, then and later.
        earliest: NaiveDate,
    },
    /// Another payment of the order, or another refund, has the method and the reference: the money is entered already (REF-3).
    #[error("entry {entry} of {order} has that method and reference already (REF-3)")]
    ReferenceTaken {
        /// The order.
        order: OrderId,
        /// The number of the entry that has them.
        entry: u32,
    },
    /// Refunds are undone one by one, the last one that stands first.
    #[error("cannot undo entry {entry} of {order}: {}", match last {
        Some(last) => format!("the last refund that stands is entry {last}"),
        None => "no refund stands".into(),
    })]
    NotTheLastRefund {
        /// The order.
        order: OrderId,
        /// The number that was asked.
        entry: u32,
        /// The number of the last refund that stands.
        last: Option<u32>,
    },
    /// Money that was taken must be refunded before the order is cancelled.
    #[error("cannot cancel {order}: {paid} is paid and not refunded")]
    StillPaid {
        /// The order.
        order: OrderId,
        /// What is paid and not refunded.
        paid: Money,
    },
    /// Goods that left must be returned before the order is cancelled.
    #[error("cannot cancel {order}: goods are shipped and not returned")]
    StillShipped {
        /// The order.
        order: OrderId,
    },
    /// An order that was confirmed is kept, also after it was cancelled: its revenue stands in the books of two days.
    #[error("cannot delete {order}: it was confirmed, and the books keep what was booked")]
    Booked {
        /// The order.
        order: OrderId,
    },
    /// A value that something was to be done with breaks a rule.
    #[error("cannot {action} {order}: {invalid}")]
    Value {
        /// The order.
        order: OrderId,
        /// What was asked.
        action: OrderAction,
        /// The value and the rule.
        invalid: Invalid,
    },
    /// A value of a new order breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

impl OrderError {
    /// A refused value with the order and what was asked of it.
    pub(super) fn of(self, order: OrderId, action: OrderAction) -> Self {
        match self {
            Self::Invalid(invalid) => Self::Value { order, action, invalid },
            other => other,
        }
    }
}

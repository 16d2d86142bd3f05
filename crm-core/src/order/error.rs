//! Why something was not done to an order.

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
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

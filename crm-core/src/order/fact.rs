//! What happened to an order.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Order, OrderLine, PaymentEntry, Shipment, ShipmentState, ShippedLine};
use crate::{
    exchange_rate::DatedRate,
    id::{PriceListId, SalesRepId},
    money::Money,
    text::Text,
    totals::Terms,
};

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OrderFact {
    /// It was drafted.
    Drafted {
        /// As it was then.
        order: Box<Order>,
    },
    /// The lines of the draft changed, or its terms.
    Amended {
        /// The lines before.
        before: Vec<OrderLine>,
        /// The lines now.
        after: Vec<OrderLine>,
        /// The terms before.
        terms_before: Terms,
        /// The terms now.
        terms: Terms,
    },
    /// Lines that are added from now on are priced by another list, or by none.
    PriceListChanged {
        /// The list before.
        from: Option<PriceListId>,
        /// The list now.
        to: Option<PriceListId>,
    },
    /// It became another rep's sale, or nobody's.
    Reassigned {
        /// The rep before.
        from: Option<SalesRepId>,
        /// The rep now.
        to: Option<SalesRepId>,
    },
    /// It was confirmed: it binds both sides and counts as revenue.
    Confirmed {
        /// The business day.
        day: NaiveDate,
        /// What counts as revenue.
        net: Money,
        /// What is to be paid.
        total: Money,
        /// The rate that it pinned, where it pinned one (MON-3).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<DatedRate>,
    },
    /// It was locked against cancelling.
    Locked,
    /// It was unlocked.
    Unlocked,
    /// It was cancelled.
    Cancelled {
        /// The business day.
        day: NaiveDate,
        /// The revenue that counted until then and is taken back; zero for a draft.
        reversed: Money,
        /// Why.
        reason: Option<Text>,
    },
    /// Goods left.
    Shipped {
        /// What left.
        shipment: Shipment,
    },
    /// A shipment arrived.
    Delivered {
        /// The number of the shipment.
        shipment: u32,
    },
    /// Goods of a shipment came back.
    Returned {
        /// The number of the shipment.
        shipment: u32,
        /// Where it stood before: on its way, or delivered and when.
        before: ShipmentState,
        /// What came back: some of it, or the rest.
        lines: Vec<ShippedLine>,
    },
    /// Money came in.
    Paid {
        /// The entry.
        entry: PaymentEntry,
        /// What is owed after it.
        owed: Money,
    },
    /// Money went back. Commission is reversed by it, and a customer's figures move (REF-4): whose order it is stands in the order, and stays there.
    Refunded {
        /// The entry.
        entry: PaymentEntry,
        /// The revenue that is taken back on its day, without the tax that went back too (REF-2).
        reversed: Money,
        /// What can still be refunded after it.
        refundable: Money,
    },
    /// A refund was undone.
    RefundUndone {
        /// The entry.
        entry: PaymentEntry,
        /// The revenue that counts again, by which a commission that was reversed is due again (REF-4).
        restored: Money,
        /// What is owed after it.
        owed: Money,
    },
    /// It was deleted.
    Deleted {
        /// As it was.
        order: Box<Order>,
    },
}

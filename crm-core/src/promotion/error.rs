//! Why a promotion is not used.

use chrono::NaiveDate;

use crate::{
    id::{CustomerId, OrderId, PromotionId, RedemptionId},
    invalid::Invalid,
    money::Money,
    text::Label,
    window::Window,
};

/// Why a promotion is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PromotionError {
    /// It is switched off.
    #[error("{promotion} is inactive")]
    Inactive {
        /// The promotion.
        promotion: PromotionId,
    },
    /// It cannot be used on the day.
    #[error("{promotion} holds {valid}, not on {day}")]
    NotValid {
        /// The promotion.
        promotion: PromotionId,
        /// The days on which it can be used.
        valid: Window,
        /// The day.
        day: NaiveDate,
    },
    /// It was used as often as it can be.
    #[error("{promotion} was used {limit} times, which is its limit")]
    UsedUp {
        /// The promotion.
        promotion: PromotionId,
        /// How often it can be used.
        limit: u32,
    },
    /// The customer used it as often as one customer can.
    #[error("{customer} used {promotion} {limit} times, which is the limit of one customer")]
    UsedUpByCustomer {
        /// The promotion.
        promotion: PromotionId,
        /// The customer.
        customer: CustomerId,
        /// How often one customer can use it.
        limit: u32,
    },
    /// It was used for this order.
    #[error("{promotion} was used for {order} already")]
    UsedForOrder {
        /// The promotion.
        promotion: PromotionId,
        /// The order.
        order: OrderId,
    },
    /// The order is another customer's.
    #[error("{order} is not an order of {customer}")]
    OtherCustomer {
        /// The order.
        order: OrderId,
        /// Who would use it.
        customer: CustomerId,
    },
    /// What it took off stands on the lines of the order.
    #[error(
        "cannot release {redemption}: promotions take something off the lines of {order}, and are released with it"
    )]
    TakenOff {
        /// The use.
        redemption: RedemptionId,
        /// The order.
        order: OrderId,
    },
    /// The lines that it is for come to too little.
    #[error("{promotion} needs lines that come to {min}, these come to {amount}")]
    TooLittle {
        /// The promotion.
        promotion: PromotionId,
        /// The least that they must come to.
        min: Money,
        /// What they come to.
        amount: Money,
    },
    /// None of the lines is one that it is for.
    #[error("{promotion} is for none of the lines")]
    ForNoLine {
        /// The promotion.
        promotion: PromotionId,
    },
    /// Nobody has such a coupon: no promotion has the code.
    #[error("no promotion has the code {code:?}")]
    NoSuchCode {
        /// The code.
        code: Label,
    },
    /// A value that it has, or that it was to be used with, breaks a rule.
    #[error("{promotion}: {invalid}")]
    Value {
        /// The promotion.
        promotion: PromotionId,
        /// The value and the rule.
        invalid: Invalid,
    },
}

//! Why something has no price.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::{
    id::{PriceListId, ProductId},
    invalid::Invalid,
    money::Currency,
    window::Window,
};

/// Why there is no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// The book lacks a list that was asked for, or that another one is priced after.
    #[error("{list} is not there to price by")]
    NoList {
        /// The list.
        list: PriceListId,
    },
    /// Lists are priced after each other in a circle (PRC-2).
    #[error("prices go round in a circle: {}", path(.lists))]
    Circle {
        /// The lists, each priced after the next, and the last after the first.
        lists: Vec<PriceListId>,
    },
    /// A list is priced after one that is priced after one, and so on for too long.
    #[error("{list} is priced after more than {limit} others in a row")]
    TooDeep {
        /// Where it begins.
        list: PriceListId,
        /// Most in a row.
        limit: usize,
    },
    /// The list is no longer in use.
    #[error("{list} is inactive")]
    Inactive {
        /// The list.
        list: PriceListId,
    },
    /// The list does not hold on the day.
    #[error("{list} holds {valid}, not on {day}")]
    NotValid {
        /// The list.
        list: PriceListId,
        /// The days on which it holds.
        valid: Window,
        /// The day.
        day: NaiveDate,
    },
    /// A rule begins with the cost of a product that has none.
    #[error("rule {rule} of {list} needs the cost of {product}, which is not known")]
    NoCost {
        /// The product.
        product: ProductId,
        /// The list.
        list: PriceListId,
        /// The rule.
        rule: u32,
    },
    /// There is no rate for a conversion on the day or before it (MON-2).
    #[error("there is no rate from {from} to {to} on {day} or before (MON-2)")]
    NoRate {
        /// The currency that there is.
        from: Currency,
        /// The currency that is wanted.
        to: Currency,
        /// The day.
        day: NaiveDate,
    },
    /// The steps of a rule lead below zero.
    #[error("rule {rule} of {list} makes the price of {product} {price} {currency}, below zero")]
    BelowZero {
        /// The product.
        product: ProductId,
        /// The list.
        list: PriceListId,
        /// The rule.
        rule: u32,
        /// What it would be, in major units.
        price: Decimal,
        /// The currency of the list.
        currency: Currency,
    },
    /// A value breaks a rule: a quantity of zero, an amount that does not fit.
    #[error(transparent)]
    Invalid(#[from] Invalid),
}

fn path(lists: &[PriceListId]) -> String {
    let names: Vec<String> = lists.iter().chain(lists.first()).map(ToString::to_string).collect();
    names.join(" after ")
}

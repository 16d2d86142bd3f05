//! What a promotion is added and changed with.

use serde::{Deserialize, Serialize};

use crate::{
    id::PromotionId,
    money::Money,
    price_list::PriceTarget,
    record::Revision,
    text::{Label, Name},
    totals::Discount,
    window::Window,
};

/// What a promotion is added with.
///
/// ```
/// use crm_core::{Discount, NewPromotion, Percent};
///
/// let new = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10))).coupon("spring-10".parse()?).limit(100);
/// assert_eq!((new.limit, new.limit_per_customer), (Some(100), None));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPromotion {
    /// The host's own id; made from the act where there is none.
    pub id: Option<PromotionId>,
    /// The name.
    pub name: Name,
    /// The code of a coupon, in any case; unique among promotions.
    pub code: Option<Label>,
    /// What is taken off, more than nothing.
    pub benefit: Discount,
    /// What it is taken off from.
    pub target: PriceTarget,
    /// The days on which it can be used.
    pub valid: Window,
    /// The least that the lines which it is for must come to.
    pub min_amount: Option<Money>,
    /// How often it can be used.
    pub limit: Option<u32>,
    /// How often one customer can use it.
    pub limit_per_customer: Option<u32>,
}

impl NewPromotion {
    /// A promotion for everybody and everything, on every day, without a limit.
    pub const fn new(name: Name, benefit: Discount) -> Self {
        Self {
            id: None,
            name,
            code: None,
            benefit,
            target: PriceTarget::All,
            valid: Window::ALWAYS,
            min_amount: None,
            limit: None,
            limit_per_customer: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: PromotionId) -> Self {
        self.id = Some(id);
        self
    }

    /// For those who give a code, in whatever case.
    #[must_use]
    pub fn coupon(mut self, code: Label) -> Self {
        self.code = Some(code);
        self
    }

    /// Off these products only.
    #[must_use]
    pub fn target(mut self, target: PriceTarget) -> Self {
        self.target = target;
        self
    }

    /// Only on these days.
    #[must_use]
    pub fn valid(mut self, days: impl Into<Window>) -> Self {
        self.valid = days.into();
        self
    }

    /// Only where the lines that it is for come to so much.
    #[must_use]
    pub fn min_amount(mut self, amount: Money) -> Self {
        self.min_amount = Some(amount);
        self
    }

    /// So many times at most.
    #[must_use]
    pub fn limit(mut self, uses: u32) -> Self {
        self.limit = Some(uses);
        self
    }

    /// So many times at most by one customer.
    #[must_use]
    pub fn limit_per_customer(mut self, uses: u32) -> Self {
        self.limit_per_customer = Some(uses);
        self
    }
}

/// What is to change on a promotion. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it. What it takes off stays: uses were promised it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PromotionPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The name.
    pub name: Option<Name>,
    /// The code of a coupon, in any case.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub code: Option<Option<Label>>,
    /// The days on which it can be used.
    pub valid: Option<Window>,
    /// How often it can be used; fewer than it was used ends it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub limit: Option<Option<u32>>,
    /// How often one customer can use it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub limit_per_customer: Option<Option<u32>>,
    /// Whether it can be used at present.
    pub active: Option<bool>,
}

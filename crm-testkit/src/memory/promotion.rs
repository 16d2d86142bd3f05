//! Promotions and their uses.

use crm_core::{
    Label, Promotion, PromotionId, RecordRef, Redemption, RedemptionId, Revision,
    store::{Page, PromotionFilter, Promotions, RedemptionFilter, Redemptions},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods, reference},
};

impl Family for Promotion {
    type Filter = PromotionFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        self.code().map(|code| ("code", code.as_str())).into_iter().collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        reference("target", self.target().product()).into_iter().collect()
    }

    fn passes(&self, filter: &PromotionFilter) -> bool {
        let PromotionFilter { coupon, active } = filter;
        holds(coupon.as_ref(), Some(&self.code().is_some())) && holds(active.as_ref(), Some(&self.active()))
    }
}

impl Promotions for MemoryTx {
    record_methods! {
        Promotion(PromotionId), PromotionFilter
        { promotion promotions count_promotions insert_promotion insert_promotions update_promotion delete_promotion }
    }

    fn promotion_by_code(&self, code: &Label) -> Stored<Option<Promotion>> {
        Ok(self.state.with_unique("code", code.as_str()))
    }
}

impl Family for Redemption {
    type Filter = RedemptionFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let own = [("promotion", self.promotion().into()), ("customer", self.customer().into())];
        own.into_iter().chain(reference("order", self.order())).collect()
    }

    fn passes(&self, filter: &RedemptionFilter) -> bool {
        let RedemptionFilter { promotion, customer, order } = filter;
        holds(promotion.as_ref(), Some(&self.promotion()))
            && holds(customer.as_ref(), Some(&self.customer()))
            && holds(order.as_ref(), self.order().as_ref())
    }
}

impl Redemptions for MemoryTx {
    record_methods! {
        Redemption(RedemptionId), RedemptionFilter
        { redemption redemptions count_redemptions insert_redemption insert_redemptions update_redemption delete_redemption }
    }
}

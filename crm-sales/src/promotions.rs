//! Promotions, coupons and their use.

use crm_core::{
    Act, Fact, Label, NewPromotion, NewRedemption, Order, Promotion, PromotionError, PromotionFact, PromotionId,
    PromotionPatch, Redemption, RedemptionFact, RedemptionId,
    store::{Customers, Journal, Orders, Page, Promotions, RedemptionFilter, Redemptions},
};

use crate::{
    customers::in_use,
    error::SalesError,
    record::{self, once},
};

/// Adds a promotion; with a code it is a coupon.
///
/// # Errors
///
/// [`SalesError::Invalid`] as [`Promotion::add`]; [`SalesError::Store`]: the id or the code is taken, the product is not
/// there.
pub fn add_promotion(
    tx: &mut (impl Promotions + Journal + ?Sized),
    act: &mut Act,
    new: NewPromotion,
) -> Result<Promotion, SalesError> {
    once(tx, act, "add_promotion", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let promotion = Promotion::add(id, act.at(), new)?;
        record::add(tx, act, promotion, |promotion| PromotionFact::Added { promotion })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. What was used stays used.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision;
/// [`SalesError::Invalid`] as [`Promotion::update`]; [`SalesError::Store`]: the code is taken.
pub fn update_promotion(
    tx: &mut (impl Promotions + Journal + ?Sized),
    act: &mut Act,
    id: PromotionId,
    patch: PromotionPatch,
) -> Result<Promotion, SalesError> {
    once(tx, act, "update_promotion", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, promotion: &mut Promotion| {
            Ok(promotion.update(act.at(), patch)?)
        })
    })
}

/// Deletes a promotion that was never used, and gives it as it was. One that was used is made inactive instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced`.
pub fn delete_promotion(
    tx: &mut (impl Promotions + Journal + ?Sized),
    act: &mut Act,
    id: PromotionId,
) -> Result<Promotion, SalesError> {
    once(tx, act, "delete_promotion", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |promotion| PromotionFact::Deleted { promotion })
    })
}

/// The promotion with the code of a coupon, typed in whatever case.
///
/// # Errors
///
/// [`SalesError::Promotion`]: [`PromotionError::NoSuchCode`]; [`SalesError::Store`].
pub fn find_coupon(tx: &(impl Promotions + ?Sized), code: &Label) -> Result<Promotion, SalesError> {
    let found = tx.promotion_by_code(&Promotion::code_of(code)?)?;
    Ok(found.ok_or_else(|| PromotionError::NoSuchCode { code: code.clone() })?)
}

/// Uses a promotion: counts the use against its limits and keeps who used it, for what and how much it took off. Its
/// limit holds however many use it at once, since the count is read and raised in one write.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the promotion, the customer or the order; [`SalesError::Archived`].
/// - [`SalesError::Promotion`] as [`Promotion::redeem`]; [`PromotionError::UsedForOrder`] where it was used for the
///   order, [`PromotionError::OtherCustomer`] where the order is another customer's.
/// - [`SalesError::Invalid`]: an amount of zero or less; an amount in another currency than that of the order.
/// - [`SalesError::Store`]: the id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{Discount, Currency, Money, NewCustomer, NewPromotion, NewRedemption, Percent, PromotionError};
/// use crm_core::store::Store;
/// use crm_sales::{SalesError, add_promotion, find_coupon, redeem_promotion, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("shop");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let offer = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10)));
///     add_promotion(tx, act, offer.coupon("SPRING".parse()?).limit(1))?;
///
///     let coupon = find_coupon(tx, &"spring".parse()?)?;
///     let by_zhang = NewRedemption::by(zhang.id, Money::parse("4.99", Currency::EUR)?);
///     redeem_promotion(tx, act, coupon.id, by_zhang)?;
///     let refused = redeem_promotion(tx, act, coupon.id, by_zhang);
///     assert!(matches!(refused, Err(SalesError::Promotion(PromotionError::UsedUp { limit: 1, .. }))));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn redeem_promotion(
    tx: &mut (impl Promotions + Redemptions + Customers + Orders + Journal + ?Sized),
    act: &mut Act,
    id: PromotionId,
    new: NewRedemption,
) -> Result<Redemption, SalesError> {
    once(tx, act, "redeem_promotion", (id, new), |tx, act, (id, new)| {
        let (customer, promotion) = (new.customer, id);
        let mut counted: Promotion = record::find(tx, promotion)?;
        in_use(tx, customer)?;
        if let Some(order) = new.order {
            let found: Order = record::find(tx, order)?;
            if found.customer() != customer {
                return Err(PromotionError::OtherCustomer { order, customer }.into());
            }
            new.amount.in_currency(found.currency())?;
            let for_order =
                RedemptionFilter { promotion: Some(promotion), order: Some(order), ..RedemptionFilter::default() };
            if !tx.redemptions(&for_order, Page::first(1))?.is_empty() {
                return Err(PromotionError::UsedForOrder { promotion, order }.into());
            }
        }
        let by =
            RedemptionFilter { promotion: Some(promotion), customer: Some(customer), ..RedemptionFilter::default() };
        // Counted only where there is a limit: a shop's one customer for all who pay in cash has many uses.
        let used = if counted.limit_per_customer().is_some() { tx.count_redemptions(&by)? } else { 0 };
        let redemption = Redemption::make(new.id.unwrap_or_else(|| act.new_id()), act.at(), promotion, new)?;
        let fact = counted.redeem(act.at(), &redemption, used)?;
        // The use comes first: where its id is taken, nothing is written.
        let redemption = record::add(tx, act, redemption, |redemption| RedemptionFact::Made { redemption })?;
        tx.update_promotion(&counted)?;
        tx.append(act, &Fact::from((promotion, fact)))?;
        Ok(redemption)
    })
}

/// Takes a use of a promotion back, as when its order was cancelled; the promotion can be used once more. Gives the use
/// as it was.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn release_redemption(
    tx: &mut (impl Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    id: RedemptionId,
) -> Result<Redemption, SalesError> {
    once(tx, act, "release_redemption", id, |tx, act, id| {
        let redemption: Redemption =
            record::remove(tx, act, id, |_| Ok(()), |redemption| RedemptionFact::Released { redemption })?;
        record::change(tx, act, redemption.promotion, None, |_, promotion: &mut Promotion| {
            Ok(Some(promotion.release(act.at(), id)))
        })?;
        Ok(redemption)
    })
}

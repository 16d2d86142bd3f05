//! Promotions, coupons and their use.

use std::collections::{BTreeMap, btree_map::Entry};

use chrono::NaiveDate;
use crm_core::{
    Act, CustomerId, Fact, Invalid, Label, Money, NewPromotion, NewRedemption, Order, OrderId, Product, ProductId,
    PromotedLine, Promotion, PromotionError, PromotionFact, PromotionId, PromotionPatch, Redemption, RedemptionFact,
    RedemptionId,
    store::{Customers, Journal, Orders, Page, Products, Promotions, RedemptionFilter, Redemptions, StoreError, pages},
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
/// [`SalesError::Promotion`] as [`Promotion::update`]; [`SalesError::Store`]: the code is taken.
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

/// Uses a promotion for a draft, in one go: takes off the lines that it is for what it takes off them, and counts the use
/// against its limits. Its limit holds however many use it at once.
///
/// What stands in the order by then stays: a promotion takes its part of what is left after the discounts of the lines
/// and the promotions before it, which is also what its least amount is asked of; the discount on the document, whenever
/// it was given, is of what is left after all of them (PRC-6). So each is used in its turn, and none takes what is not
/// there.
///
/// The lines stand from then on. Who amends or prices them anew takes the promotions back first
/// ([`release_promotions`]) and uses them again, in the same write. Cancelling or deleting the order takes them back.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or the promotion; [`SalesError::Archived`] for the customer.
/// - [`SalesError::Order`]: [`OrderError::NotAllowed`](crm_core::OrderError::NotAllowed) once the order is confirmed;
///   as [`Order::promote`].
/// - [`SalesError::Promotion`] as [`Promotion::usable`] and [`Promotion::taken_off`];
///   [`PromotionError::UsedForOrder`]; [`PromotionError::Value`] where it would take off nothing, since that is less
///   than the smallest unit.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, Discount, NewCustomer, NewOrder, NewProduct, NewPromotion, Percent, PromotionError};
/// use crm_core::{UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, add_promotion, apply_coupon, cancel_order, confirm_order, draft_order};
/// use crm_sales::{find_coupon, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("shop"); // 2 March 2026
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let offer = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10)));
///     add_promotion(tx, act, offer.coupon("SPRING".parse()?).limit(1))?;
///
///     let lamps = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
///     let (first, second) = (draft_order(tx, act, lamps.clone())?, draft_order(tx, act, lamps)?);
///     let code = "spring".parse()?;
///     let (first, used) = apply_coupon(tx, act, first.id, &code, act.day())?;
///     assert_eq!((first.total().to_string(), used.amount().to_string()), ("89.82 EUR".into(), "9.98 EUR".into()));
///     let refused = apply_coupon(tx, act, second.id, &code, act.day());
///     assert!(matches!(refused, Err(SalesError::Promotion(PromotionError::UsedUp { limit: 1, .. }))));
///
///     confirm_order(tx, act, first.id)?;
///     cancel_order(tx, act, first.id, None)?; // so it can be used once more
///     assert_eq!(find_coupon(tx, &code)?.left(), Some(1));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn apply_promotion(
    tx: &mut (impl Orders + Products + Promotions + Redemptions + Customers + Journal + ?Sized),
    act: &mut Act,
    order: OrderId,
    promotion: PromotionId,
    day: NaiveDate,
) -> Result<(Order, Redemption), SalesError> {
    once(tx, act, "apply_promotion", (order, promotion, day), |tx, act, (order, promotion, day)| {
        let mut order: Order = record::find(tx, order)?;
        order.amendable()?;
        let mut promotion: Promotion = record::find(tx, promotion)?;
        let used = usable(tx, &promotion, order.customer(), Some(order.id), day)?;
        let parts = taken_off(tx, &order, &promotion)?;
        let refused = refused_by(promotion.id);
        let amount = Money::sum(parts.iter().copied(), order.currency()).map_err(&refused)?;
        let fact = order.promote(act.at(), &parts)?;
        let redemption = Redemption::on_lines_of(&order, act.new_id(), act.at(), promotion.id, day, amount);
        let redemption = redeemed(tx, act, &mut promotion, redemption.map_err(refused)?, used)?;
        record::save(tx, act, &mut order, fact)?;
        Ok((order, redemption))
    })
}

/// Uses the promotion with the code of a coupon for a draft, as [`apply_promotion`] does.
///
/// # Errors
///
/// As [`find_coupon`] and [`apply_promotion`].
pub fn apply_coupon(
    tx: &mut (impl Orders + Products + Promotions + Redemptions + Customers + Journal + ?Sized),
    act: &mut Act,
    order: OrderId,
    code: &Label,
    day: NaiveDate,
) -> Result<(Order, Redemption), SalesError> {
    once(tx, act, "apply_coupon", (order, code, day), |tx, act, (order, code, day)| {
        let promotion = find_coupon(tx, code)?.id;
        apply_promotion(tx, act, order, promotion, day)
    })
}

/// What a promotion takes off each line of an order.
fn taken_off(tx: &(impl Products + ?Sized), order: &Order, promotion: &Promotion) -> Result<Vec<Money>, SalesError> {
    let mut products: BTreeMap<ProductId, Product> = BTreeMap::new();
    for line in order.lines() {
        if let Entry::Vacant(unknown) = products.entry(line.product()) {
            unknown.insert(record::find(tx, line.product())?);
        }
    }
    let lines = order
        .lines()
        .iter()
        .filter_map(|line| Some(PromotedLine { product: products.get(&line.product())?, amount: line.amount() }));
    Ok(promotion.taken_off(&lines.collect::<Vec<_>>())?)
}

/// Takes back all promotions that take something off the lines of a draft: they come to what they did without them, and
/// each can be used once more. Uses that the host made by itself ([`redeem_promotion`]) stay.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Order`] once it is confirmed.
pub fn release_promotions(
    tx: &mut (impl Orders + Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    order: OrderId,
) -> Result<Order, SalesError> {
    once(tx, act, "release_promotions", order, |tx, act, order| {
        let released =
            record::change(tx, act, order, None, |_, order: &mut Order| Ok(order.release_promotions(act.at())?))?;
        release_all(tx, act, order, Redemption::on_lines)?;
        Ok(released)
    })
}

/// The uses of promotions for an order.
pub(crate) fn uses_for(tx: &(impl Redemptions + ?Sized), order: OrderId) -> Result<Vec<Redemption>, StoreError> {
    let filter = RedemptionFilter { order: Some(order), ..RedemptionFilter::default() };
    pages(100, |page| tx.redemptions(&filter, page), |redemption| redemption.id).collect()
}

/// Takes some of the uses of promotions for an order back.
pub(crate) fn release_all(
    tx: &mut (impl Promotions + Redemptions + Journal + ?Sized),
    act: &Act,
    order: OrderId,
    which: impl Fn(&Redemption) -> bool,
) -> Result<(), SalesError> {
    for redemption in uses_for(tx, order)?.into_iter().filter(which) {
        tx.delete_redemption(redemption.id)?;
        released(tx, act, redemption)?;
    }
    Ok(())
}

/// Tells that a use, which is gone, was taken back, and counts it no more.
pub(crate) fn released(
    tx: &mut (impl Promotions + Journal + ?Sized),
    act: &Act,
    redemption: Redemption,
) -> Result<(), SalesError> {
    let (id, promotion) = (redemption.id, redemption.promotion());
    tx.append(act, &Fact::from((id, RedemptionFact::Released { redemption: Box::new(redemption) })))?;
    record::change(tx, act, promotion, None, |_, promotion: &mut Promotion| Ok(Some(promotion.release(act.at(), id))))?;
    Ok(())
}

/// Uses a promotion: counts the use against its limits and keeps who used it, for what and how much it took off. Its
/// limit holds however many use it at once, since the count is read and raised in one write.
///
/// This is for a host that takes the amount off by itself, or sells without orders; [`apply_promotion`] does all of it
/// to an order.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the promotion, the customer or the order; [`SalesError::Archived`].
/// - [`SalesError::Promotion`] as [`Promotion::redeem`]; [`PromotionError::UsedForOrder`] where it was used for the
///   order, [`PromotionError::OtherCustomer`] where the order is another customer's;
///   [`PromotionError::Value`]: an amount of zero or less; an amount in another currency than that of the order.
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
        let mut promotion: Promotion = record::find(tx, id)?;
        let day = new.day.unwrap_or_else(|| act.at().date_naive());
        if let Some(order) = new.order {
            let found: Order = record::find(tx, order)?;
            if found.customer() != new.customer {
                return Err(PromotionError::OtherCustomer { order, customer: new.customer }.into());
            }
            new.amount.in_currency(found.currency()).map_err(refused_by(id))?;
        }
        let used = usable(tx, &promotion, new.customer, new.order, day)?;
        let redemption = Redemption::make(new.id.unwrap_or_else(|| act.new_id()), act.at(), id, new);
        redeemed(tx, act, &mut promotion, redemption.map_err(refused_by(id))?, used)
    })
}

/// A refused value with the promotion that was to be used with it.
fn refused_by(promotion: PromotionId) -> impl Fn(Invalid) -> PromotionError {
    move |invalid| PromotionError::Value { promotion, invalid }
}

/// Keeps a use of a promotion by a customer who used it so often before, and counts it.
fn redeemed(
    tx: &mut (impl Promotions + Redemptions + Journal + ?Sized),
    act: &Act,
    promotion: &mut Promotion,
    redemption: Redemption,
    used: u64,
) -> Result<Redemption, SalesError> {
    let fact = promotion.redeem(act.at(), &redemption, used)?;
    // The use comes first: where its id is taken, nothing is written.
    let redemption = record::add(tx, act, redemption, |redemption| RedemptionFact::Made { redemption })?;
    record::save(tx, act, promotion, [fact])?;
    Ok(redemption)
}

/// Whether a promotion can be used on a day, by a customer and for an order; gives how often the customer used it, where
/// that is limited.
fn usable(
    tx: &(impl Redemptions + Customers + ?Sized),
    promotion: &Promotion,
    customer: CustomerId,
    order: Option<OrderId>,
    day: NaiveDate,
) -> Result<u64, SalesError> {
    in_use(tx, customer)?;
    let of = |customer, order| RedemptionFilter { promotion: Some(promotion.id), customer, order };
    if let Some(order) = order
        && !tx.redemptions(&of(None, Some(order)), Page::first(1))?.is_empty()
    {
        return Err(PromotionError::UsedForOrder { promotion: promotion.id, order }.into());
    }
    // Counted only where there is a limit: a shop's one customer for all who pay in cash has many uses.
    let limited = promotion.limit_per_customer().is_some();
    let used = if limited { tx.count_redemptions(&of(Some(customer), None))? } else { 0 };
    promotion.usable(day, customer, used)?;
    Ok(used)
}

/// Takes a use of a promotion back; the promotion can be used once more. Gives the use as it was. One that takes something
/// off the lines of an order is taken back with the others that do, by [`release_promotions`] or with the order.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Promotion`]: [`PromotionError::TakenOff`]; [`SalesError::Store`].
pub fn release_redemption(
    tx: &mut (impl Promotions + Redemptions + Journal + ?Sized),
    act: &mut Act,
    id: RedemptionId,
) -> Result<Redemption, SalesError> {
    once(tx, act, "release_redemption", id, |tx, act, id| {
        let redemption: Redemption = record::find(tx, id)?;
        if let Some(order) = redemption.order().filter(|_| redemption.on_lines()) {
            return Err(PromotionError::TakenOff { redemption: id, order }.into());
        }
        tx.delete_redemption(id)?;
        released(tx, act, redemption.clone())?;
        Ok(redemption)
    })
}

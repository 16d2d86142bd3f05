//! Drafting, placing, amending and reassigning orders.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Act, Currency, Draft, Fact, Invalid, NewOrder, NewOrderLine, Order, OrderError, OrderFact, OrderId, OrderLine,
    PriceListId, Product, ProductId, Quantity, RecordRef, Revision, Rule, SalesRepId, Terms,
    store::{Customers, Journal, Orders, Products, SalesReps},
};
use serde::{Deserialize, Serialize};

use crate::{
    customers::in_use,
    error::SalesError,
    record::{self, once},
    team::selling,
};

/// Drafts an order. Taxes stand on the lines, a discount on the whole order and how it is taxed in its
/// [`Terms`](crm_core::Terms). A line without a price takes the list price of its product; an order without a number gets the next
/// free one. (The number that a refused draft would have had may stay unused.)
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the customer, the rep or a product, [`SalesError::Archived`] for the customer,
///   [`SalesError::Inactive`] for the rep or a product.
/// - [`SalesError::Line`]: [`Rule::CurrencyMismatch`] where a price is in another currency than the order, and as
///   [`OrderLine::new`].
/// - [`SalesError::Invalid`] as [`Order::draft`].
/// - [`SalesError::Store`]: the id, the number or the external id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewCustomer, NewOrder, NewProduct, OrderStatus, UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, archive_customer, confirm_order, draft_order, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///
///     let order = draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     assert_eq!(order.total().to_string(), "99.80 EUR");
///     assert_eq!(confirm_order(tx, act, order.id)?.state().status(), OrderStatus::Confirmed);
///
///     archive_customer(tx, act, zhang.id)?;
///     let refused = draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1));
///     assert!(matches!(refused, Err(SalesError::Archived { customer }) if customer == zhang.id));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn draft_order(
    tx: &mut (impl Orders + Customers + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewOrder,
) -> Result<Order, SalesError> {
    once(tx, act, "draft_order", new, |tx, act, new| {
        let order = drafted(tx, act, new)?;
        record::add(tx, act, order, |order| OrderFact::Drafted { order })
    })
}

/// Drafts an order and confirms it at once, as a shop does when its customer buys: in one write, with both facts. The
/// revenue is of the day of the act, in UTC. A host that reports in another currency drafts it and confirms it by
/// [`confirm_order_in`](crate::confirm_order_in) in one write, which pins the rate.
///
/// # Errors
///
/// As [`draft_order`] and [`confirm_order`](crate::confirm_order).
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewCustomer, NewOrder, NewProduct, OrderError, OrderStatus, UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, place_order, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("shop");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///
///     let order = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     assert_eq!(order.state().status(), OrderStatus::Confirmed);
///
///     let refused = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR));
///     assert!(matches!(refused, Err(SalesError::Order(OrderError::NoLines { .. }))));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn place_order(
    tx: &mut (impl Orders + Customers + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewOrder,
) -> Result<Order, SalesError> {
    once(tx, act, "place_order", new, |tx, act, new| {
        let day = act.at().date_naive();
        place_order_on(tx, act, new, day)
    })
}

/// Drafts an order and confirms it as [`place_order`] does, on a business day of the host's own calendar.
///
/// # Errors
///
/// As [`place_order`].
pub fn place_order_on(
    tx: &mut (impl Orders + Customers + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewOrder,
    day: NaiveDate,
) -> Result<Order, SalesError> {
    once(tx, act, "place_order_on", (new, day), |tx, act, (new, day)| {
        let mut order = drafted(tx, act, new)?;
        let draft = Box::new(order.clone());
        let confirmed = order.confirm(act.at(), day)?;
        let order = record::add(tx, act, order, |_| OrderFact::Drafted { order: draft })?;
        tx.append(act, &Fact::Order(order.id, confirmed))?;
        Ok(order)
    })
}

/// A draft that can be kept.
fn drafted(
    tx: &mut (impl Orders + Customers + Products + SalesReps + ?Sized),
    act: &mut Act,
    new: NewOrder,
) -> Result<Order, SalesError> {
    in_use(tx, new.customer)?;
    new.rep.map_or(Ok(()), |rep| selling(tx, rep))?;
    let mut lines = Vec::with_capacity(new.lines.len());
    for (number, line) in (1..).zip(&new.lines) {
        lines.push(priced(tx, (None, new.currency), number, line)?);
    }
    let NewOrder { id, number, external_id, customer, rep, currency, terms, .. } = new;
    let number = match number {
        Some(number) => number,
        None => tx.next_order_number()?,
    };
    let id = id.unwrap_or_else(|| act.new_id());
    Ok(Order::draft(act.at(), Draft { external_id, rep, terms, ..Draft::new(id, number, customer, currency, lines) })?)
}

/// A line of an order or a quote that is there, which has a price of its own where others are priced by a list.
pub(crate) fn priced_alone(
    tx: &(impl Products + ?Sized),
    (record, currency, list): (RecordRef, Currency, Option<PriceListId>),
    number: u32,
    line: &NewOrderLine,
) -> Result<OrderLine, SalesError> {
    if list.is_some() && line.unit_price.is_none() {
        return Err(SalesError::PricedByList { record, number });
    }
    priced(tx, (Some(record), currency), number, line)
}

/// The line of an order over a product that can be ordered, at its own price or the list price.
pub(crate) fn priced(
    tx: &(impl Products + ?Sized),
    (record, currency): (Option<RecordRef>, Currency),
    number: u32,
    line: &NewOrderLine,
) -> Result<OrderLine, SalesError> {
    let product: Product = record::find(tx, line.product)?;
    if !product.active {
        return Err(SalesError::Inactive { record: product.id.into() });
    }
    let refused = |invalid| SalesError::Line { record, number, invalid };
    let (field, price) = match line.unit_price {
        Some(price) => ("unit price", price),
        None => ("list price", product.list_price),
    };
    if price.currency() != currency {
        let rule = Rule::CurrencyMismatch { expected: currency, found: price.currency() };
        return Err(refused(Invalid::new(field, price.to_string(), rule)));
    }
    let priced = OrderLine::new(number, line.product, line.quantity, price, line.discount).map_err(refused)?;
    Ok(priced.taxed(line.tax.clone()))
}

/// What is to change on the lines of a draft, or on its terms. Lines keep their numbers; new ones are numbered on from the highest number
/// of the order as it is before any of its lines go. So one amendment gives no number twice, and a later one may give
/// the number of a last line that went before.
///
/// ```
/// use crm_core::{ProductId, RecordId};
/// use crm_sales::OrderAmendment;
/// # let lamp = ProductId::from_uuid(Default::default());
/// let amendment = OrderAmendment::new().add(lamp, 3).remove(1);
/// assert_eq!((amendment.add.len(), amendment.remove), (1, vec![1]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OrderAmendment {
    /// The revision that the caller has seen; a newer one is a conflict. `None` amends whatever is there now.
    pub expected: Option<Revision>,
    /// New content for lines, by their numbers.
    pub replace: BTreeMap<u32, NewOrderLine>,
    /// New lines.
    pub add: Vec<NewOrderLine>,
    /// The numbers of the lines that go.
    pub remove: Vec<u32>,
    /// Other terms; `None` leaves them.
    pub terms: Option<Terms>,
}

impl OrderAmendment {
    /// Nothing is to change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only over this revision.
    #[must_use]
    pub fn expecting(mut self, revision: Revision) -> Self {
        self.expected = Some(revision);
        self
    }

    /// With so many of a product more, at its list price. Where the order has a price list,
    /// [`add_order_lines`](crate::add_order_lines) adds it.
    #[must_use]
    pub fn add(self, product: ProductId, quantity: u32) -> Self {
        self.add_line(NewOrderLine::new(product, Quantity::from(quantity)))
    }

    /// With one more line of any quantity, price and discount.
    #[must_use]
    pub fn add_line(mut self, line: NewOrderLine) -> Self {
        self.add.push(line);
        self
    }

    /// With another content of a line.
    #[must_use]
    pub fn replace(mut self, number: u32, line: NewOrderLine) -> Self {
        self.replace.insert(number, line);
        self
    }

    /// Under other terms.
    #[must_use]
    pub fn terms(mut self, terms: Terms) -> Self {
        self.terms = Some(terms);
        self
    }

    /// Without a line.
    #[must_use]
    pub fn remove(mut self, number: u32) -> Self {
        self.remove.push(number);
        self
    }
}

/// Drafts the same order again: its customer, rep, price list, terms and lines, at the prices that they have there. Its
/// number, its dates, the rate that it pinned, what was shipped and paid, what promotions took off, and the quote that it
/// was made of stay with it (ORD-5).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Archived`] for the customer, [`SalesError::Inactive`] for the rep or a product,
/// [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewCustomer, NewOrder, NewProduct, OrderStatus, UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, copy_order, place_order, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
///     let again = copy_order(tx, act, order.id)?;
///     assert_eq!((again.total(), again.state().status()), (order.total(), OrderStatus::Draft));
///     assert_ne!(again.number(), order.number());
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn copy_order(
    tx: &mut (impl Orders + Customers + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
) -> Result<Order, SalesError> {
    once(tx, act, "copy_order", id, |tx, act, id| {
        let order: Order = record::find(tx, id)?;
        in_use(tx, order.customer())?;
        order.rep().map_or(Ok(()), |rep| selling(tx, rep))?;
        let lines = copied(tx, (id.into(), order.currency()), order.lines())?;
        let number = tx.next_order_number()?;
        let draft = Draft {
            rep: order.rep(),
            price_list: order.price_list(),
            terms: order.terms(),
            ..Draft::new(act.new_id(), number, order.customer(), order.currency(), lines)
        };
        record::add(tx, act, Order::draft(act.at(), draft)?, |order| OrderFact::Drafted { order })
    })
}

/// The lines of an order or a quote again, at the same prices, over products that can still be ordered.
pub(crate) fn copied(
    tx: &(impl Products + ?Sized),
    (record, currency): (RecordRef, Currency),
    lines: &[OrderLine],
) -> Result<Vec<OrderLine>, SalesError> {
    let copy = |line: &OrderLine| {
        let new = NewOrderLine::new(line.product(), line.quantity()).unit_price(line.unit_price());
        let new = line.tax().cloned().into_iter().fold(new.discount(line.discount()), NewOrderLine::tax);
        kept(line, priced(tx, (Some(record), currency), line.number(), &new)?)
    };
    lines.iter().map(copy).collect()
}

/// Changes the lines of a draft; where nothing is different, nothing is written. New and replaced lines are priced as
/// in [`draft_order`]; the others stay as they are. A replaced line that stays one of the same product keeps its group, the
/// line of the quote that it was made from and the one that it continues.
///
/// Where the order has a price list, new lines need a price of their own: [`add_order_lines`](crate::add_order_lines)
/// prices by the list. So does a replaced one, unless a list priced just as many of the same product: then it keeps that
/// price, also where the order is priced by another list since or by none (PRC-4). Where promotions take something off,
/// they are released first ([`release_promotions`](crate::release_promotions)).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or a product, [`SalesError::Inactive`].
/// - [`SalesError::Conflict`] where the amendment expects another revision.
/// - [`SalesError::Order`]: [`OrderError::NoSuchLine`], and as [`Order::amend`].
/// - [`SalesError::Line`] and [`SalesError::Invalid`] as [`draft_order`]; [`SalesError::PricedByList`].
/// - [`SalesError::Store`].
pub fn amend_order(
    tx: &mut (impl Orders + Products + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    amendment: OrderAmendment,
) -> Result<Order, SalesError> {
    once(tx, act, "amend_order", (id, amendment), |tx, act, (id, amendment)| {
        record::change(tx, act, id, amendment.expected, |tx, order: &mut Order| {
            // Before the lines are looked at: that an order can no longer be amended comes first.
            order.amendable()?;
            let terms = amendment.terms.unwrap_or(order.terms());
            let lines = amended(tx, order, amendment)?;
            Ok(order.amend(act.at(), lines, terms)?)
        })
    })
}

fn amended(
    tx: &(impl Products + ?Sized),
    order: &Order,
    amendment: OrderAmendment,
) -> Result<Vec<OrderLine>, SalesError> {
    let OrderAmendment { expected: _, replace, add, remove, terms: _ } = amendment;
    let document = (order.id.into(), order.currency(), order.price_list());
    let price = |number, line: &NewOrderLine| priced_alone(tx, document, number, line);
    let no_such = |line| OrderError::NoSuchLine { order: order.id, line }.into();
    amended_lines(order.lines(), (replace, add, remove), price, no_such)
}

/// Lines with new content, with new ones and without some, of an order or a quote; each that is new is made by `price`.
/// Where one that a list priced goes, or is of another quantity, what the list would ask for the others of its product is
/// not known any more: it may have counted them together (PRC-3), so a discount is measured from the product's own list
/// price then (PRC-5).
pub(crate) fn amended_lines(
    present: &[OrderLine],
    (replace, add, remove): (BTreeMap<u32, NewOrderLine>, Vec<NewOrderLine>, Vec<u32>),
    price: impl Fn(u32, &NewOrderLine) -> Result<OrderLine, SalesError>,
    no_such: impl Fn(u32) -> SalesError,
) -> Result<Vec<OrderLine>, SalesError> {
    let mut lines: BTreeMap<u32, OrderLine> = present.iter().map(|line| (line.number(), line.clone())).collect();
    let counted = |line: &OrderLine| (line.product(), line.quantity());
    for (number, mut line) in replace {
        let present = lines.get_mut(&number).ok_or_else(|| no_such(number))?;
        if (line.product, line.quantity) == counted(present) {
            line.unit_price = line.unit_price.or(present.list_price());
        }
        let replaced = kept(present, price(number, &line)?)?;
        let source = present.source().filter(|_| replaced.product() == present.product());
        *present = source.into_iter().fold(replaced, OrderLine::from_line);
    }
    // Before lines go, so that a new one does not take the number of one that goes.
    for line in add {
        let number = lines.last_key_value().map_or(Some(1), |(last, _)| last.checked_add(1));
        let number = number.ok_or_else(|| Invalid::new("lines", lines.len().to_string(), Rule::Overflow))?;
        lines.insert(number, price(number, &line)?);
    }
    for number in remove {
        lines.remove(&number).ok_or_else(|| no_such(number))?;
    }
    let stays = |was: &OrderLine| lines.get(&was.number()).is_some_and(|line| counted(line) == counted(was));
    let listed = present.iter().filter(|was| was.list_price().is_some());
    let fewer: BTreeSet<ProductId> = listed.filter(|was| !stays(was)).map(OrderLine::product).collect();
    let known = |line: OrderLine| if fewer.contains(&line.product()) { line.unlisted() } else { line };
    Ok(lines.into_values().map(known).collect())
}

/// A line with what it has of another one, where that is one of the same product: its group, what it continues, and what a
/// list asked for one of just as many.
fn kept(before: &OrderLine, line: OrderLine) -> Result<OrderLine, SalesError> {
    if line.product() != before.product() {
        return Ok(line);
    }
    let line = line.grouped(before.group().cloned());
    let line = before.continues().into_iter().fold(line, OrderLine::continuing);
    let listed = before.list_price().filter(|_| line.quantity() == before.quantity());
    Ok(listed.into_iter().try_fold(line, OrderLine::listed)?)
}

/// Makes an order another rep's sale, or nobody's, until it is cancelled; where it is theirs already, nothing is
/// written. All its revenue goes with it, that of past months too: sales by rep follow the order as it stands.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or the rep, [`SalesError::Inactive`] for the rep.
/// - [`SalesError::Order`] as [`Order::reassign`].
/// - [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewCustomer, NewOrder, NewSalesRep, SalesRepPatch, store::Store};
/// use crm_sales::{
///     SalesError, add_sales_rep, draft_order, reassign_order, register_customer, update_sales_rep,
/// };
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let lin = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
///     let order = draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR))?;
///     assert_eq!(reassign_order(tx, act, order.id, Some(lin.id))?.rep(), Some(lin.id));
///
///     let gone = add_sales_rep(tx, act, NewSalesRep::new("Wang Fang".parse()?))?;
///     update_sales_rep(tx, act, gone.id, SalesRepPatch { active: Some(false), ..SalesRepPatch::default() })?;
///     let refused = reassign_order(tx, act, order.id, Some(gone.id));
///     assert!(matches!(refused, Err(SalesError::Inactive { .. })));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn reassign_order(
    tx: &mut (impl Orders + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    rep: Option<SalesRepId>,
) -> Result<Order, SalesError> {
    once(tx, act, "reassign_order", (id, rep), |tx, act, (id, rep)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            let fact = order.reassign(act.at(), rep)?;
            if let (Some(rep), Some(_)) = (rep, &fact) {
                selling(tx, rep)?;
            }
            Ok(fact)
        })
    })
}

/// Loads an order, lets it decide, saves it and appends the fact.
pub(crate) fn change_order(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &Act,
    id: OrderId,
    decide: impl FnOnce(&mut Order, DateTime<Utc>) -> Result<OrderFact, OrderError>,
) -> Result<Order, SalesError> {
    record::change(tx, act, id, None, |_, order: &mut Order| Ok(Some(decide(order, act.at())?)))
}

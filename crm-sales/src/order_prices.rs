//! Orders whose lines are priced by a list.

use std::collections::BTreeMap;

use crm_core::{
    Act, Invalid, Order, OrderId, OrderLine, Percent, Price, PriceBook, PriceList, PriceListId, Quantity, Rule,
    store::{Journal, Orders, PriceLists, Products},
};

use crate::{
    error::SalesError,
    prices::{PriceLine, price_lines},
    record::{self, once},
};

/// Prices the lines that are added to a draft from now on by another list, or by none. Those that are there keep their
/// prices and discounts, until [`update_order_prices`] (PRC-4). Where it is that list already, nothing is written.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or the list; [`SalesError::Inactive`] for the list.
/// - [`SalesError::Invalid`]: [`Rule::CurrencyMismatch`] where the list is in another currency than the order.
/// - [`SalesError::Order`] as [`Order::price_by`]: once it is confirmed (ORD-4).
pub fn price_order_by(
    tx: &mut (impl Orders + PriceLists + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    list: Option<PriceListId>,
) -> Result<Order, SalesError> {
    once(tx, act, "price_order_by", (id, list), |tx, act, (id, list)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            let fact = order.price_by(act.at(), list)?;
            if let (Some(list), Some(_)) = (list, &fact) {
                let list: PriceList = record::find(tx, list)?;
                if !list.active() {
                    return Err(SalesError::Inactive { record: list.id.into() });
                }
                let (expected, found) = (order.currency(), list.currency());
                if expected != found {
                    let rule = Rule::CurrencyMismatch { expected, found };
                    return Err(Invalid::new("price list", list.id.to_string(), rule).into());
                }
            }
            Ok(fact)
        })
    })
}

/// Adds lines to a draft, priced by its list. Those that are there keep their prices, and are counted together with the
/// new ones where a range counts the document. Where each unit has its own price, a line has the units of one price and
/// is continued by the next.
///
/// The book is that of the order's list, on the day that is to count ([`price_book`](crate::price_book)).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or a product, [`SalesError::Inactive`] for a product;
///   [`SalesError::NoPriceList`].
/// - [`SalesError::LinePrice`]: a line has no price; its number is its place from 1, behind the lines of the order that
///   have the same products.
/// - [`SalesError::Order`] as [`Order::amend`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewCustomer, NewOrder, NewPriceList, NewPriceRule, NewProduct, Percent, PriceFormula};
/// use crm_core::{PriceTarget, Pricing, UnitPrice, store::Store};
/// use crm_sales::{PriceLine, SalesError, add_order_lines, add_price_list, add_product, draft_order, price_book};
/// use crm_sales::{price_order_by, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("50.00", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let ten_off = Pricing::Formula(PriceFormula::list_less(Percent::whole(10)));
///     let list = NewPriceList::new("Resellers".parse()?, Currency::EUR);
///     let list = add_price_list(tx, act, list.rule(NewPriceRule::new(PriceTarget::All, ten_off)))?;
///
///     let order = draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR))?;
///     price_order_by(tx, act, order.id, Some(list.id))?;
///     let book = price_book(tx, list.id, act.day(), [])?;
///     let order = add_order_lines(tx, act, order.id, &book, &[PriceLine::new(lamp.id, 2)])?;
///     assert_eq!(order.total().to_string(), "90.00 EUR");
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn add_order_lines(
    tx: &mut (impl Orders + Products + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    book: &PriceBook,
    lines: &[PriceLine],
) -> Result<Order, SalesError> {
    once(tx, act, "add_order_lines", (id, lines), |tx, act, (id, lines)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            let list = open_list(order)?;
            // Ranges count the lines of one product.
            let also = |line: &PriceLine| lines.iter().any(|new| new.product == line.product);
            let mut all: Vec<PriceLine> = whole_lines(order).iter().map(Whole::line).filter(also).collect();
            let there = all.len();
            all.extend_from_slice(lines);
            let prices = price_lines(tx, book, list, &all)?;
            let mut after = order.lines().to_vec();
            for (line, price) in lines.iter().zip(&prices[there..]) {
                let next = after.last().map_or(Some(1), |last| last.number().checked_add(1));
                let mut numbers = next.into_iter().flat_map(|next| next..=u32::MAX);
                put(&mut after, &mut numbers, line, price, |line| line)?;
            }
            Ok(order.amend(act.at(), after, order.terms())?)
        })
    })
}

/// Prices all lines of a draft anew by its list, and takes off the discounts of its lines (PRC-4); what is taken off the
/// whole order stays. Lines keep their numbers, taxes and sources.
///
/// # Errors
///
/// As [`add_order_lines`].
pub fn update_order_prices(
    tx: &mut (impl Orders + Products + Journal + ?Sized),
    act: &mut Act,
    id: OrderId,
    book: &PriceBook,
) -> Result<Order, SalesError> {
    once(tx, act, "update_order_prices", id, |tx, act, id| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            let list = open_list(order)?;
            let whole = whole_lines(order);
            let all: Vec<PriceLine> = whole.iter().map(Whole::line).collect();
            let prices = price_lines(tx, book, list, &all)?;
            let behind = order.lines().last().map_or(0, OrderLine::number);
            let mut free = (1..).map_while(|more| behind.checked_add(more));
            let mut after = Vec::with_capacity(order.lines().len());
            for ((one, line), price) in whole.iter().zip(&all).zip(&prices) {
                let mut numbers = one.numbers.iter().copied().chain(free.by_ref());
                put(&mut after, &mut numbers, line, price, |line| one.like_before(line))?;
            }
            after.sort_unstable_by_key(OrderLine::number);
            Ok(order.amend(act.at(), after, order.terms())?)
        })
    })
}

/// The list of an order whose lines can be changed.
fn open_list(order: &Order) -> Result<PriceListId, SalesError> {
    order.amendable()?;
    order.price_list().ok_or(SalesError::NoPriceList { order: order.id })
}

/// A line with those that continue it: what was asked for as one.
struct Whole<'a> {
    first: &'a OrderLine,
    numbers: Vec<u32>,
    quantity: Quantity,
}

impl Whole<'_> {
    fn line(&self) -> PriceLine {
        PriceLine::new(self.first.product(), self.quantity)
    }

    /// A line with the tax and the source of this one.
    fn like_before(&self, line: OrderLine) -> OrderLine {
        let line = line.taxed(self.first.tax().cloned());
        self.first.source().into_iter().fold(line, OrderLine::from_line)
    }
}

/// The lines of an order, each with those that continue it. One that continues nothing that is there, or another
/// product, stands by itself.
fn whole_lines(order: &Order) -> Vec<Whole<'_>> {
    let mut whole: Vec<Whole<'_>> = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for line in order.lines() {
        let first = line.continues().and_then(|first| places.get(&first)).copied();
        let first = first.and_then(|place| whole.get_mut(place)).filter(|one| one.first.product() == line.product());
        let joined = first.and_then(|one| Some((one.quantity.checked_add(line.quantity()).ok()?, one)));
        match joined {
            Some((quantity, one)) => {
                one.quantity = quantity;
                one.numbers.push(line.number());
            }
            None => {
                places.insert(line.number(), whole.len());
                whole.push(Whole { first: line, numbers: vec![line.number()], quantity: line.quantity() });
            }
        }
    }
    whole
}

/// Puts a line for each portion of a price behind the others, under the next numbers.
fn put(
    lines: &mut Vec<OrderLine>,
    numbers: &mut impl Iterator<Item = u32>,
    line: &PriceLine,
    price: &Price,
    finish: impl Fn(OrderLine) -> OrderLine,
) -> Result<(), SalesError> {
    let mut first = None;
    for portion in price.portions() {
        let full = || Invalid::new("lines", lines.len().to_string(), Rule::Overflow);
        let number = numbers.next().ok_or_else(full)?;
        let made = OrderLine::new(number, line.product, portion.quantity, portion.unit_price, Percent::ZERO);
        let made = finish(made.map_err(|invalid| SalesError::Line { number, invalid })?);
        lines.push(first.into_iter().fold(made, OrderLine::continuing));
        first = first.or(Some(number));
    }
    Ok(())
}

//! Orders and quotes whose lines are priced by a list.

use std::collections::BTreeMap;

use crm_core::{
    Act, Currency, DiscountLimit, Invalid, Order, OrderAction, OrderError, OrderId, OrderLine, Percent, Price,
    PriceBook, PriceList, PriceListId, Quantity, Quote, QuoteAction, QuoteContent, QuoteError, QuoteId, RecordRef,
    Rule,
    store::{Journal, Orders, PriceLists, Products, Quotes},
};

use crate::{
    error::SalesError,
    prices::{PriceLine, behind, price_lines_with},
    quoting::rewrite,
    record::{self, once},
};

/// Prices the lines that are added to a draft from now on by another list, or by none. Those that are there keep their
/// prices and discounts, until [`update_order_prices`] (PRC-4). Where it is that list already, nothing is written.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order or the list; [`SalesError::Inactive`] for the list.
/// - [`SalesError::Order`] as [`Order::price_by`]: once it is confirmed (ORD-4);
///   [`OrderError::Value`] with [`Rule::CurrencyMismatch`] where the list is in another currency than the order.
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
                let action = OrderAction::Amend;
                usable(tx, list, order.currency(), |invalid| OrderError::Value { order: id, action, invalid })?;
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
/// - [`SalesError::LinePrice`]: a line has no price; a new one is told by its place behind the lines that are there.
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
    once(tx, act, "add_order_lines", (id, book, lines), |tx, act, (id, book, lines)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            order.amendable()?;
            let after = with_new(tx, book, by_list(id, order.price_list())?, order.lines(), lines)?;
            Ok(order.amend(act.at(), after, order.terms())?)
        })
    })
}

/// Prices all lines of a draft anew by its list, and takes off the discounts of its lines (PRC-4); what is taken off the
/// whole order stays. Lines keep their numbers, groups, taxes and sources.
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
    once(tx, act, "update_order_prices", (id, book), |tx, act, (id, book)| {
        record::change(tx, act, id, None, |tx, order: &mut Order| {
            order.amendable()?;
            let after = anew(tx, book, by_list(id, order.price_list())?, order.lines())?;
            Ok(order.amend(act.at(), after, order.terms())?)
        })
    })
}

/// Prices the lines that are added to a quote from now on by another list, or by none, as [`price_order_by`] does for an
/// order: while it is a draft or approved.
///
/// # Errors
///
/// As [`price_order_by`], with [`SalesError::Quote`] as [`Quote::price_by`] and [`QuoteError::Value`].
pub fn price_quote_by(
    tx: &mut (impl Quotes + PriceLists + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    list: Option<PriceListId>,
) -> Result<Quote, SalesError> {
    once(tx, act, "price_quote_by", (id, list), |tx, act, (id, list)| {
        record::change(tx, act, id, None, |tx, quote: &mut Quote| {
            let fact = quote.price_by(act.at(), list)?;
            if let (Some(list), Some(_)) = (list, &fact) {
                let action = QuoteAction::Amend;
                usable(tx, list, quote.currency(), |invalid| QuoteError::Value { quote: id, action, invalid })?;
            }
            Ok(fact)
        })
    })
}

/// Adds lines to a quote, priced by its list, as [`add_order_lines`] does for an order; otherwise as
/// [`amend_quote`](crate::amend_quote). A discount on such a line is measured from the price by the list (PRC-5).
///
/// # Errors
///
/// As [`add_order_lines`]; [`SalesError::Quote`] as [`Quote::amend`].
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, DiscountLimit, NewCustomer, NewPriceList, NewPriceRule, NewProduct, NewQuote, Percent};
/// use crm_core::{PriceTarget, PriceTiers, Pricing, TierPrice, UnitPrice, store::Store};
/// use crm_sales::{PriceLine, SalesError, add_price_list, add_product, add_quote_lines, draft_quote, price_book};
/// use crm_sales::{price_quote_by, register_customer, send_quote};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("100.00", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let tiers = PriceTiers::slab()
///         .tier(1.into(), Some(11.into()), TierPrice::Discount(Percent::ZERO))
///         .tier(11.into(), None, TierPrice::Discount(Percent::whole(20)));
///     let list = NewPriceList::new("Wholesale".parse()?, Currency::EUR)
///         .rule(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers)));
///     let list = add_price_list(tx, act, list)?;
///
///     let limit = DiscountLimit::up_to(Percent::ZERO)?; // what is by the list needs nobody's approval
///     let quote = draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR))?;
///     price_quote_by(tx, act, quote.id, Some(list.id))?;
///     let book = price_book(tx, list.id, act.day(), [])?;
///     let quote = add_quote_lines(tx, act, quote.id, &book, &[PriceLine::new(lamp.id, 12)], &limit)?;
///     assert_eq!(quote.total().to_string(), "1160.00 EUR"); // ten at 100.00, two at 80.00
///     assert_eq!(quote.lines()[1].continues(), Some(1));
///     send_quote(tx, act, quote.id, &limit, act.day())?;
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn add_quote_lines(
    tx: &mut (impl Quotes + Products + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    book: &PriceBook,
    lines: &[PriceLine],
    limit: &DiscountLimit,
) -> Result<Quote, SalesError> {
    once(tx, act, "add_quote_lines", (id, book, lines, limit), |tx, act, (id, book, lines, limit)| {
        record::change(tx, act, id, None, |tx, quote: &mut Quote| {
            quote.amendable()?;
            let lines = with_new(tx, book, by_list(id, quote.price_list())?, quote.lines(), lines)?;
            let content = QuoteContent { lines, ..quote.content() };
            rewrite(tx, act, quote, content, limit)
        })
    })
}

/// Prices all lines of a quote anew by its list, as [`update_order_prices`] does for an order; otherwise as
/// [`amend_quote`](crate::amend_quote).
///
/// # Errors
///
/// As [`add_quote_lines`].
pub fn update_quote_prices(
    tx: &mut (impl Quotes + Products + Journal + ?Sized),
    act: &mut Act,
    id: QuoteId,
    book: &PriceBook,
    limit: &DiscountLimit,
) -> Result<Quote, SalesError> {
    once(tx, act, "update_quote_prices", (id, book, limit), |tx, act, (id, book, limit)| {
        record::change(tx, act, id, None, |tx, quote: &mut Quote| {
            quote.amendable()?;
            let lines = anew(tx, book, by_list(id, quote.price_list())?, quote.lines())?;
            let content = QuoteContent { lines, ..quote.content() };
            rewrite(tx, act, quote, content, limit)
        })
    })
}

/// Refuses a list that cannot price lines in a currency.
fn usable<E: Into<SalesError>>(
    tx: &(impl PriceLists + ?Sized),
    list: PriceListId,
    expected: Currency,
    refused: impl FnOnce(Invalid) -> E,
) -> Result<(), SalesError> {
    let list: PriceList = record::find(tx, list)?;
    if !list.active() {
        return Err(SalesError::Inactive { record: list.id.into() });
    }
    let found = list.currency();
    if expected != found {
        let rule = Rule::CurrencyMismatch { expected, found };
        return Err(refused(Invalid::new("price list", list.id.to_string(), rule)).into());
    }
    Ok(())
}

/// An order or a quote with the list that prices it.
fn by_list(record: impl Into<RecordRef>, list: Option<PriceListId>) -> Result<(RecordRef, PriceListId), SalesError> {
    let record = record.into();
    Ok((record, list.ok_or(SalesError::NoPriceList { record })?))
}

/// Lines with new ones behind them, which are priced by a list.
fn with_new(
    tx: &(impl Products + ?Sized),
    book: &PriceBook,
    (record, list): (RecordRef, PriceListId),
    lines: &[OrderLine],
    new: &[PriceLine],
) -> Result<Vec<OrderLine>, SalesError> {
    // Ranges count the lines of one product.
    let counts = |line: &PriceLine| new.iter().any(|new| new.product == line.product);
    let others: Vec<PriceLine> = whole_lines(lines).iter().map(Whole::line).filter(counts).collect();
    let last = lines.last().map_or(0, OrderLine::number);
    let refused = |place, error| SalesError::LinePrice { record: Some(record), number: behind(last, place), error };
    let prices = price_lines_with(tx, book, list, new, &others, refused)?;
    let mut after = lines.to_vec();
    for (line, price) in new.iter().zip(&prices) {
        let next = after.last().map_or(Some(1), |last| last.number().checked_add(1));
        let numbers = next.into_iter().flat_map(|next| next..=u32::MAX);
        put(&mut after, &mut numbers.map(|number| (number, None)), record, line, price)?;
    }
    Ok(after)
}

/// Lines priced anew by a list, without their discounts.
fn anew(
    tx: &(impl Products + ?Sized),
    book: &PriceBook,
    (record, list): (RecordRef, PriceListId),
    lines: &[OrderLine],
) -> Result<Vec<OrderLine>, SalesError> {
    let whole = whole_lines(lines);
    let all: Vec<PriceLine> = whole.iter().map(Whole::line).collect();
    let refused = |place: usize, error| {
        let number = whole.get(place).map_or(0, |one| one.first.number());
        SalesError::LinePrice { record: Some(record), number, error }
    };
    let prices = price_lines_with(tx, book, list, &all, &[], refused)?;
    let last = lines.last().map_or(0, OrderLine::number);
    let mut free = (1..).map_while(|more| last.checked_add(more));
    let mut after = Vec::with_capacity(lines.len());
    for ((one, line), price) in whole.iter().zip(&all).zip(&prices) {
        let more = free.by_ref().map(|number| (number, one.first.source()));
        put(&mut after, &mut one.numbers.iter().copied().chain(more), record, line, price)?;
    }
    after.sort_unstable_by_key(OrderLine::number);
    Ok(after)
}

/// A line with those that continue it: what was asked for as one.
struct Whole<'a> {
    first: &'a OrderLine,
    /// The numbers of all of them, each with its source.
    numbers: Vec<(u32, Option<u32>)>,
    quantity: Quantity,
}

impl Whole<'_> {
    /// What was asked for.
    fn line(&self) -> PriceLine {
        let (group, tax) = (self.first.group().cloned(), self.first.tax().cloned());
        PriceLine { product: self.first.product(), quantity: self.quantity, group, tax }
    }
}

/// Lines, each with those that continue it. One that continues nothing that is there, another
/// product or another tax stands by itself.
fn whole_lines(lines: &[OrderLine]) -> Vec<Whole<'_>> {
    let mut whole: Vec<Whole<'_>> = Vec::new();
    let mut places: BTreeMap<u32, usize> = BTreeMap::new();
    for line in lines {
        let first = line.continues().and_then(|first| places.get(&first)).copied();
        let alike = |one: &&mut Whole<'_>| one.first.product() == line.product() && one.first.tax() == line.tax();
        let first = first.and_then(|place| whole.get_mut(place)).filter(alike);
        let joined = first.and_then(|one| Some((one.quantity.checked_add(line.quantity()).ok()?, one)));
        match joined {
            Some((quantity, one)) => {
                one.quantity = quantity;
                one.numbers.push((line.number(), line.source()));
            }
            None => {
                places.insert(line.number(), whole.len());
                let numbers = vec![(line.number(), line.source())];
                whole.push(Whole { first: line, numbers, quantity: line.quantity() });
            }
        }
    }
    whole
}

/// Puts a line for each portion of a price behind the others, under the next numbers, each with the source of that one.
fn put(
    lines: &mut Vec<OrderLine>,
    numbers: &mut impl Iterator<Item = (u32, Option<u32>)>,
    record: RecordRef,
    line: &PriceLine,
    price: &Price,
) -> Result<(), SalesError> {
    let mut first = None;
    for portion in price.portions() {
        let full = || Invalid::new("lines", lines.len().to_string(), Rule::Overflow);
        let (number, source) = numbers.next().ok_or_else(full)?;
        let made = OrderLine::new(number, line.product, portion.quantity, portion.unit_price, Percent::ZERO)
            .and_then(|made| made.listed(portion.unit_price))
            .map_err(|invalid| SalesError::Line { record: Some(record), number, invalid })?;
        let made = made.grouped(line.group.clone()).taxed(line.tax.clone());
        let made = source.into_iter().fold(made, OrderLine::from_line);
        lines.push(first.into_iter().fold(made, OrderLine::continuing));
        first = first.or(Some(number));
    }
    Ok(())
}

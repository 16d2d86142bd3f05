//! Price lists, and what is charged by them.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use chrono::NaiveDate;
use crm_core::{
    Act, DatedRate, Label, NewPriceList, Price, PriceBook, PriceChanges, PriceError, PriceList, PriceListFact,
    PriceListId, PriceListPatch, PriceRequest, Product, ProductId, Quantity, Tax,
    store::{Journal, PriceLists, Products},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Adds a price list, in use from now on. Its rules may name products and other lists that are there.
///
/// # Errors
///
/// [`SalesError::PriceList`] as [`PriceList::add`]; [`SalesError::Price`]: [`TooDeep`](crm_core::PriceError::TooDeep);
/// [`SalesError::NotFound`] for a list that a rule is priced after; [`SalesError::Store`]: the id or the external id is
/// taken, a product is not there.
pub fn add_price_list(
    tx: &mut (impl PriceLists + Journal + ?Sized),
    act: &mut Act,
    new: NewPriceList,
) -> Result<PriceList, SalesError> {
    once(tx, act, "add_price_list", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let list = PriceList::add(id, act.at(), new)?;
        acyclic(tx, &list)?;
        record::add(tx, act, list, |prices| PriceListFact::Added { prices })
    })
}

/// Changes what the patch names beside the rules; where nothing is different, nothing is written. What was priced keeps
/// its price.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision; [`SalesError::Store`]:
/// the external id is taken.
pub fn update_price_list(
    tx: &mut (impl PriceLists + Journal + ?Sized),
    act: &mut Act,
    id: PriceListId,
    patch: PriceListPatch,
) -> Result<PriceList, SalesError> {
    once(tx, act, "update_price_list", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, list: &mut PriceList| Ok(list.update(act.at(), patch)))
    })
}

/// Takes rules out of a price list and puts new ones in. What was priced keeps its price.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the list or one that a rule is priced after; [`SalesError::Conflict`].
/// - [`SalesError::PriceList`] as [`PriceList::reprice`].
/// - [`SalesError::Price`]: [`Circle`](crm_core::PriceError::Circle) where the list would be priced after itself (PRC-2),
///   [`TooDeep`](crm_core::PriceError::TooDeep).
/// - [`SalesError::Store`]: a product is not there.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewPriceList, NewPriceRule, Percent, PriceBase, PriceChanges, PriceError, PriceFormula};
/// use crm_core::{PriceTarget, Pricing, store::Store};
/// use crm_sales::{SalesError, add_price_list, change_prices};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let retail = add_price_list(tx, act, NewPriceList::new("Retail".parse()?, Currency::EUR))?;
///     let after = |list, percent| {
///         let formula = PriceFormula::of(PriceBase::List(list), Percent::whole(percent));
///         NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula))
///     };
///     let staff = NewPriceList::new("Staff".parse()?, Currency::EUR).rule(after(retail.id, 20));
///     let staff = add_price_list(tx, act, staff)?;
///
///     let circle = change_prices(tx, act, retail.id, PriceChanges::new().rule(after(staff.id, 5)));
///     assert!(matches!(circle, Err(SalesError::Price(PriceError::Circle { .. }))));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn change_prices(
    tx: &mut (impl PriceLists + Journal + ?Sized),
    act: &mut Act,
    id: PriceListId,
    changes: PriceChanges,
) -> Result<PriceList, SalesError> {
    once(tx, act, "change_prices", (id, changes), |tx, act, (id, changes)| {
        record::change(tx, act, id, changes.expected, |tx, list: &mut PriceList| {
            let fact = list.reprice(act.at(), changes)?;
            if fact.is_some() {
                acyclic(tx, list)?;
            }
            Ok(fact)
        })
    })
}

/// Deletes a price list that nothing refers to, and gives it as it was. One that was used is made inactive instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced`.
pub fn delete_price_list(
    tx: &mut (impl PriceLists + Journal + ?Sized),
    act: &mut Act,
    id: PriceListId,
) -> Result<PriceList, SalesError> {
    once(tx, act, "delete_price_list", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |prices| PriceListFact::Deleted { prices })
    })
}

/// A list with all those that it is priced after, directly or not.
fn with_bases(tx: &(impl PriceLists + ?Sized), list: PriceList) -> Result<Vec<PriceList>, SalesError> {
    let (mut seen, mut waiting) = (BTreeSet::from([list.id]), vec![list]);
    let mut all = Vec::new();
    while let Some(list) = waiting.pop() {
        for base in list.bases() {
            if seen.insert(base) {
                waiting.push(record::find(tx, base)?);
            }
        }
        all.push(list);
    }
    Ok(all)
}

/// Refuses a list that is priced after itself, or after too many in a row.
fn acyclic(tx: &(impl PriceLists + ?Sized), list: &PriceList) -> Result<(), SalesError> {
    // The day says which rules apply, and here all of them count.
    PriceBook::on(NaiveDate::default(), with_bases(tx, list.clone())?, [])?;
    Ok(())
}

/// The prices of a list on a day, with those that it is priced after: for many lines, or for more than one document. An
/// index over the rules is made here, so a price costs little after it.
///
/// The rates are those that prices in other currencies are converted by; the newest that is not after the day is taken.
///
/// # Errors
///
/// [`SalesError::NotFound`] for a list; [`SalesError::Price`] as [`PriceBook::on`].
pub fn price_book(
    tx: &(impl PriceLists + ?Sized),
    list: PriceListId,
    day: NaiveDate,
    rates: impl IntoIterator<Item = DatedRate>,
) -> Result<PriceBook, SalesError> {
    Ok(PriceBook::on(day, with_bases(tx, record::find(tx, list)?)?, rates)?)
}

/// A line that is to be priced: so many of a product, in a group of lines or in none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceLine {
    /// The product.
    pub product: ProductId,
    /// How many, more than zero.
    pub quantity: Quantity,
    /// The group of lines that it stands in, for ranges that count a group together.
    pub group: Option<Label>,
    /// The tax on it.
    #[serde(default)]
    pub tax: Option<Tax>,
}

impl PriceLine {
    /// So many of a product, in no group and without tax.
    pub fn new(product: ProductId, quantity: impl Into<Quantity>) -> Self {
        Self { product, quantity: quantity.into(), group: None, tax: None }
    }

    /// In a group of lines.
    #[must_use]
    pub fn group(mut self, group: Label) -> Self {
        self.group = Some(group);
        self
    }

    /// With a tax on it.
    #[must_use]
    pub fn tax(mut self, tax: Tax) -> Self {
        self.tax = Some(tax);
        self
    }
}

/// What lines cost by a book, in their order, each with its reasons. Nothing is written.
///
/// # Errors
///
/// [`SalesError::NotFound`] and [`SalesError::Inactive`] for a product; [`SalesError::LinePrice`] names the first line
/// that has no price, from 1.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewPriceList, NewPriceRule, NewProduct, Percent, PriceTarget, PriceTiers, Pricing, TierPrice};
/// use crm_core::{UnitPrice, store::Store};
/// use crm_sales::{PriceLine, SalesError, add_price_list, add_product, price_book, price_lines};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let price = UnitPrice::parse("100.00", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let tiers = PriceTiers::slab()
///         .tier(1.into(), Some(11.into()), TierPrice::Discount(Percent::ZERO))
///         .tier(11.into(), None, TierPrice::Discount(Percent::whole(5)));
///     let list = NewPriceList::new("Wholesale".parse()?, Currency::EUR)
///         .rule(NewPriceRule::new(PriceTarget::Product(lamp.id), Pricing::Tiers(tiers)));
///     let list = add_price_list(tx, act, list)?;
///
///     let book = price_book(tx, list.id, act.day(), [])?;
///     let prices = price_lines(tx, &book, list.id, &[PriceLine::new(lamp.id, 11)])?;
///     assert_eq!(prices[0].amount().to_string(), "1095.00 EUR");
///     assert_eq!(prices[0].portions().len(), 2); // ten at 100.00, one at 95.00
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn price_lines(
    tx: &(impl Products + ?Sized),
    book: &PriceBook,
    list: PriceListId,
    lines: &[PriceLine],
) -> Result<Vec<Price>, SalesError> {
    let refused = |place, error| SalesError::LinePrice { record: None, number: behind(0, place), error };
    price_lines_with(tx, book, list, lines, &[], refused)
}

/// The number of a line at a place, from 0, behind the line with a number.
pub(crate) fn behind(last: u32, place: usize) -> u32 {
    last.saturating_add(1).saturating_add(u32::try_from(place).unwrap_or(u32::MAX))
}

/// What new lines of a document cost by a book, whose ranges count the others of the document with them. `refused` names
/// the line at a place, from 0.
pub(crate) fn price_lines_with(
    tx: &(impl Products + ?Sized),
    book: &PriceBook,
    list: PriceListId,
    lines: &[PriceLine],
    others: &[PriceLine],
    refused: impl FnOnce(usize, PriceError) -> SalesError,
) -> Result<Vec<Price>, SalesError> {
    let mut products: BTreeMap<ProductId, Product> = BTreeMap::new();
    for line in lines.iter().chain(others) {
        if let Entry::Vacant(unknown) = products.entry(line.product) {
            let product: Product = record::find(tx, line.product)?;
            if !product.active {
                return Err(SalesError::Inactive { record: product.id.into() });
            }
            unknown.insert(product);
        }
    }
    let requests: Vec<PriceRequest<'_>> = lines.iter().filter_map(|line| request(&products, line)).collect();
    let others: Vec<PriceRequest<'_>> = others.iter().filter_map(|line| request(&products, line)).collect();
    book.prices_with(list, &requests, &others).map_err(|(place, error)| refused(place, error))
}

/// What a line asks for, of a product that was found.
fn request<'a>(products: &'a BTreeMap<ProductId, Product>, line: &'a PriceLine) -> Option<PriceRequest<'a>> {
    let request = PriceRequest::new(products.get(&line.product)?, line.quantity);
    Some(line.group.as_ref().map_or(request, |group| request.group(group)))
}

//! The products that can be ordered.

use crm_core::{
    Act, NewProduct, Product, ProductFact, ProductId, ProductPatch,
    store::{Journal, Products},
};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Adds a product, which can be ordered from now on.
///
/// # Errors
///
/// [`SalesError::Store`]: the id or the SKU is taken.
pub fn add_product(
    tx: &mut (impl Products + Journal + ?Sized),
    act: &mut Act,
    new: NewProduct,
) -> Result<Product, SalesError> {
    once(tx, act, "add_product", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        record::add(tx, act, Product::add(id, act.at(), new), |product| ProductFact::Added { product })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. Lines that were priced before keep
/// their price; an inactive product can no longer be ordered.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Store`]: the SKU is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, NewProduct, ProductPatch, UnitPrice, store::Store};
/// use crm_sales::{SalesError, add_product, update_product};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///
///     let off = ProductPatch { expected: Some(lamp.revision), active: Some(false), ..ProductPatch::default() };
///     assert!(!update_product(tx, act, lamp.id, off.clone())?.active);
///     assert!(matches!(update_product(tx, act, lamp.id, off), Err(SalesError::Conflict { .. })));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn update_product(
    tx: &mut (impl Products + Journal + ?Sized),
    act: &mut Act,
    id: ProductId,
    patch: ProductPatch,
) -> Result<Product, SalesError> {
    once(tx, act, "update_product", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, product: &mut Product| Ok(product.update(act.at(), patch)))
    })
}

/// Deletes a product that nothing refers to, and gives it as it was. One that was ordered is made inactive instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced`.
pub fn delete_product(
    tx: &mut (impl Products + Journal + ?Sized),
    act: &mut Act,
    id: ProductId,
) -> Result<Product, SalesError> {
    once(tx, act, "delete_product", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |product| ProductFact::Deleted { product })
    })
}

//! The products that can be ordered.

use crm_core::{
    Act, NewProduct, Product, ProductFact, ProductId, ProductPatch,
    store::{Journal, ProductFilter, Products},
};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Adds a product, which can be ordered from now on.
///
/// # Errors
///
/// [`SalesError::NotFound`] for the product that it is a variant of, [`SalesError::VariantOfVariant`] where that is one
/// itself; [`SalesError::Store`]: the id or the SKU is taken.
pub fn add_product(
    tx: &mut (impl Products + Journal + ?Sized),
    act: &mut Act,
    new: NewProduct,
) -> Result<Product, SalesError> {
    once(tx, act, "add_product", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let product = Product::add(id, act.at(), new);
        may_be_a_variant(tx, &product)?;
        record::add(tx, act, product, |product| ProductFact::Added { product })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. Lines that were priced before keep
/// their price; an inactive product can no longer be ordered.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::NotFound`] for the product that it is to be a variant of, [`SalesError::VariantOfVariant`] where that
///   is one itself, or where this one has variants.
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
        record::change(tx, act, id, patch.expected, |tx, product: &mut Product| {
            let before = product.variant_of;
            let fact = product.update(act.at(), patch);
            if product.variant_of != before {
                may_be_a_variant(tx, product)?;
            }
            Ok(fact)
        })
    })
}

/// Refuses a product that is a variant of another variant, or of itself, or has variants.
fn may_be_a_variant(tx: &(impl Products + ?Sized), product: &Product) -> Result<(), SalesError> {
    let Some(of) = product.variant_of else { return Ok(()) };
    let refused = SalesError::VariantOfVariant { product: product.id, of };
    if of == product.id {
        return Err(refused);
    }
    let whole: Product = record::find(tx, of)?;
    let variants = ProductFilter { variant_of: Some(product.id), ..ProductFilter::default() };
    if whole.variant_of.is_some() || tx.count_products(&variants)? > 0 { Err(refused) } else { Ok(()) }
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

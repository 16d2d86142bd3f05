//! Products.

use crm_core::{
    Label, Name, Product, ProductId, RecordRef, Revision,
    store::{Page, ProductFilter, Products},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, named, record_methods, reference},
};

impl Family for Product {
    type Filter = ProductFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        vec![("sku", self.sku.as_str())]
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        reference("variant of", self.variant_of).into_iter().collect()
    }

    fn passes(&self, filter: &ProductFilter) -> bool {
        let ProductFilter { category, variant_of, active } = filter;
        holds(category.as_ref(), self.category.as_ref())
            && holds(variant_of.as_ref(), self.variant_of.as_ref())
            && holds(active.as_ref(), Some(&self.active))
    }
}

impl Products for MemoryTx {
    record_methods! {
        Product(ProductId), ProductFilter
        { product products count_products insert_product insert_products update_product delete_product }
    }

    fn product_by_sku(&self, sku: &Label) -> Stored<Option<Product>> {
        Ok(self.state.with_unique("sku", sku.as_str()))
    }

    named! { products_named: Product(ProductId) }
}

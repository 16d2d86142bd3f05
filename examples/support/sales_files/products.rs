//! Products, and the names that people write for them.

use std::{collections::BTreeMap, rc::Rc};

use crm::{
    Label, NewProduct, Product, UnitPrice, sales,
    store::{ProductFilter, Products, Records, pages},
};

use super::{
    csv_table::{Field, Row},
    history::Acts,
    import::Taken,
    remarks::Finding,
    seen::Seen,
    values,
};

pub(crate) const COLUMNS: &[&str] = &["product", "series", "sales_price"];

/// Adds the product of a row, unless it is there from an earlier import.
pub(crate) fn add(tx: &mut (impl Records + ?Sized), acts: &Acts, row: &Row, seen: &mut Seen) -> Taken {
    let name = row.field("product").required("no product name")?;
    if seen.contains(name.text())? {
        return Err(name.finding("duplicate product").into());
    }
    let sku: Label = name.parsed()?;
    let price = row.field("sales_price").required("no sales price")?;
    let list_price = UnitPrice::new(values::amount(price)?.to_decimal(), values::CURRENCY)
        .map_err(|_| price.finding("amount too large"))?;
    let mut new = NewProduct::new(sku.clone(), name.parsed()?, list_price);
    let mut notices = Vec::new();
    match row.field("series").given().map(Field::parsed).transpose() {
        Ok(series) => new.category = series,
        Err(no_label) => notices.push(no_label),
    }
    if tx.product_by_sku(&sku)?.is_none() {
        sales::add_product(tx, &mut acts.today()?, new)?;
    }
    seen.insert(name.text())?;
    Ok(notices)
}

/// The price list: products by name, however it is spelt.
pub(crate) struct Catalogue {
    products: Vec<Rc<Product>>,
    /// Places in the list.
    by_name: BTreeMap<String, usize>,
    by_folded_name: BTreeMap<String, Vec<usize>>,
}

impl Catalogue {
    /// The products of a store.
    pub(crate) fn load(tx: &(impl Products + ?Sized)) -> Result<Self, crm::Error> {
        let mut catalogue = Self { products: Vec::new(), by_name: BTreeMap::new(), by_folded_name: BTreeMap::new() };
        let filter = ProductFilter::default();
        for product in pages(500, |page| tx.products(&filter, page), |product| product.id) {
            let product: Product = product?;
            let (name, place) = (product.name.as_str(), catalogue.products.len());
            catalogue.by_folded_name.entry(folded(name)).or_default().push(place);
            catalogue.by_name.insert(name.to_owned(), place);
            catalogue.products.push(Rc::new(product));
        }
        Ok(catalogue)
    }

    /// The product that a field means: by its exact name, else by the only name that differs in nothing but case, spaces, hyphens, underscores and points. A
    /// spelling variant is noticed.
    pub(crate) fn find(&self, field: Field<'_>) -> Result<(&Rc<Product>, Option<Finding>), Finding> {
        let field = field.required("no product")?;
        if let Some(place) = self.by_name.get(field.text()) {
            return Ok((&self.products[*place], None));
        }
        let meant = self.by_folded_name.get(&folded(field.text()));
        match meant.map_or(&[][..], Vec::as_slice) {
            [] => Err(field.finding("unknown product")),
            [place] => {
                let product = &self.products[*place];
                Ok((product, Some(field.finding(format!("spelling variant, taken as {}", product.name)))))
            }
            _ => Err(field.finding("product name matches more than one product")),
        }
    }
}

/// What spelling variants of a name share.
fn folded(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.')).collect()
}

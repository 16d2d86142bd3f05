//! Products: what is sold.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::UnitPrice,
    id::ProductId,
    patch::patched,
    record::Revision,
    text::{Label, Name},
};

/// Something that is sold. A product that is no longer sold is made inactive, so that its orders keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The id.
    pub id: ProductId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The stock keeping unit; unique among products.
    pub sku: Label,
    /// The name.
    pub name: Name,
    /// The series or category; one within another is written after it, behind ` / `: `Lamps / Desk lamps`.
    pub category: Option<Label>,
    /// The price of one unit before any discount.
    pub list_price: UnitPrice,
    /// What one unit costs us, where that is known.
    pub cost: Option<UnitPrice>,
    /// The product that this one is a variant of: the lamp of which it is the red one. Price rules for that product are for this one too. A variant has no variants, which the
    /// operations of `crm-sales` see to.
    pub variant_of: Option<ProductId>,
    /// Whether it can be ordered.
    pub active: bool,
}

/// What a product is added with.
///
/// ```
/// use crm_core::{Currency, NewProduct, UnitPrice};
///
/// let lamp = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, UnitPrice::parse("49.90", Currency::EUR)?).category("Lamps".parse()?);
/// assert_eq!(lamp.list_price.to_string(), "49.90 EUR");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewProduct {
    /// The host's own id; made from the act where there is none.
    pub id: Option<ProductId>,
    /// The stock keeping unit; unique among products.
    pub sku: Label,
    /// The name.
    pub name: Name,
    /// The series or category, `Lamps / Desk lamps` where it is one within another.
    pub category: Option<Label>,
    /// The price of one unit before any discount.
    pub list_price: UnitPrice,
    /// What one unit costs us.
    pub cost: Option<UnitPrice>,
    /// The product that it is a variant of.
    pub variant_of: Option<ProductId>,
}

impl NewProduct {
    /// A product with what every product has.
    pub fn new(sku: Label, name: Name, list_price: UnitPrice) -> Self {
        Self { id: None, sku, name, category: None, list_price, cost: None, variant_of: None }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: ProductId) -> Self {
        self.id = Some(id);
        self
    }

    /// In a series or category.
    #[must_use]
    pub fn category(mut self, category: Label) -> Self {
        self.category = Some(category);
        self
    }

    /// With what one unit costs us.
    #[must_use]
    pub fn cost(mut self, cost: UnitPrice) -> Self {
        self.cost = Some(cost);
        self
    }

    /// As a variant of another product.
    #[must_use]
    pub fn variant_of(mut self, product: ProductId) -> Self {
        self.variant_of = Some(product);
        self
    }
}

/// What is to change on a product. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProductPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The stock keeping unit; unique among products.
    pub sku: Option<Label>,
    /// The name.
    pub name: Option<Name>,
    /// The series or category.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub category: Option<Option<Label>>,
    /// The price of one unit before any discount.
    pub list_price: Option<UnitPrice>,
    /// What one unit costs us.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub cost: Option<Option<UnitPrice>>,
    /// The product that it is a variant of.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub variant_of: Option<Option<ProductId>>,
    /// Whether it can be ordered.
    pub active: Option<bool>,
}

/// What happened to a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProductFact {
    /// It was added.
    Added {
        /// As it was then.
        product: Box<Product>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<Product>,
        /// As it is.
        after: Box<Product>,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        product: Box<Product>,
    },
}

impl Product {
    /// A new one, active.
    pub fn add(id: ProductId, at: DateTime<Utc>, new: NewProduct) -> Self {
        let NewProduct { id: _, sku, name, category, list_price, cost, variant_of } = new;
        Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            sku,
            name,
            category,
            list_price,
            cost,
            variant_of,
            active: true,
        }
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    pub fn update(&mut self, at: DateTime<Utc>, patch: ProductPatch) -> Option<ProductFact> {
        let mut after = self.clone();
        patched!(after, patch: ProductPatch { sku, name, category, list_price, cost, variant_of, active });
        if after == *self {
            return None;
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Some(ProductFact::Updated { before, after: Box::new(self.clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Currency, Fact,
        record::proof::{at, id, kinds_of, parsed, survives_json},
    };

    fn new() -> NewProduct {
        let price = UnitPrice::parse("49.90", Currency::EUR).unwrap();
        let new = NewProduct::new(parsed("LAMP-1"), parsed("Desk lamp"), price).id(id(1)).category(parsed("Lamps"));
        new.cost(UnitPrice::parse("20", Currency::EUR).unwrap()).variant_of(id(9))
    }

    #[test]
    fn a_product_changes_what_a_patch_names() {
        let before = Product::add(id(1), at(0), new());
        assert!(before.active);
        let mut product = before.clone();
        assert_eq!(product.update(at(1), ProductPatch::default()), None);
        assert_eq!(product.update(at(1), ProductPatch { active: Some(true), ..ProductPatch::default() }), None);
        assert_eq!(product, before);
        let patch = serde_json::from_str::<ProductPatch>(r#"{"category":null,"cost":null,"active":false}"#).unwrap();
        let emptied = ProductPatch { category: Some(None), cost: Some(None), ..ProductPatch::default() };
        assert_eq!(patch, ProductPatch { active: Some(false), ..emptied });
        let fact = product.update(at(1), patch).unwrap();
        let after = Product { category: None, cost: None, active: false, updated_at: at(1), ..before.clone() };
        assert_eq!(product, after);
        assert_eq!(fact, ProductFact::Updated { before: Box::new(before), after: Box::new(after) });
    }

    #[test]
    fn what_a_product_is_made_of_survives_json() {
        let product = || Box::new(Product::add(id(1), at(0), new()));
        survives_json(&new());
        survives_json(&product());
        survives_json(&ProductPatch::default());
        let NewProduct { sku, name, category, list_price, cost, variant_of, .. } = new();
        survives_json(&ProductPatch {
            expected: Some(Revision::FIRST),
            sku: Some(sku),
            name: Some(name),
            category: Some(category),
            list_price: Some(list_price),
            cost: Some(cost),
            variant_of: Some(variant_of),
            active: Some(false),
        });
        let facts = [
            ProductFact::Added { product: product() },
            ProductFact::Updated { before: product(), after: product() },
            ProductFact::Deleted { product: product() },
        ];
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((product().id, fact))));
        assert_eq!(kinds, ["product.added", "product.updated", "product.deleted"]);
    }
}

//! Products in SQLite.

use crm_core::{
    Currency, Invalid, Label, Name, Product, ProductId, RecordId as _, Revision, UnitPrice,
    store::{Page, ProductFilter, Products, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Product {
    type Id = ProductId;
    type Draft = Self;

    const RECORD: &'static str = "product";
    const SQL: Statements = statements!("crm_product", parts: "0", "sku" "name" "category" "list_price" "currency" "cost" "cost_currency" "variant_of" "active", derived: "name_key");
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("customers", "SELECT count(DISTINCT customer) FROM crm_customer_need WHERE product = ?1"),
        ("sale plans", "SELECT count(*) FROM crm_sale_plan WHERE scope_product = ?1"),
        ("leads", "SELECT count(*) FROM crm_lead WHERE product = ?1"),
        (
            "opportunities",
            "SELECT (SELECT count(*) FROM crm_opportunity WHERE product = ?1)
             + (SELECT count(DISTINCT line.opportunity) FROM crm_opportunity_line AS line CROSS JOIN crm_opportunity AS deal ON deal.row = line.opportunity
                WHERE line.product = ?1 AND deal.product IS NOT ?1)",
        ),
        ("quotes", "SELECT count(DISTINCT quote_row) FROM crm_quote_line WHERE product = ?1"),
        ("orders", "SELECT count(DISTINCT order_row) FROM crm_order_line WHERE product = ?1"),
        ("price lists", "SELECT count(DISTINCT list) FROM crm_price_rule WHERE product = ?1"),
        ("promotions", "SELECT count(*) FROM crm_promotion WHERE product = ?1"),
        ("products", "SELECT count(*) FROM crm_product WHERE variant_of = ?1 AND id <> ?1"),
    ];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["sku", "name", "category"]));

    fn id(&self) -> ProductId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("sku", "sku", Some(self.sku.as_str()))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        self.variant_of.map(|id| ("variant of", "crm_product", id.uuid())).into_iter().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.sku)?
            .put(&self.name)?
            .put(&self.category)?
            .put(&self.list_price.millionths())?
            .put(&self.list_price.currency())?
            .put(&self.cost.map(UnitPrice::millionths))?
            .put(&self.cost.map(UnitPrice::currency))?
            .put(&self.variant_of)?
            .put(&self.active)?
            .put(&self.name.key())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (sku, name) = (cells.take()?, cells.take()?);
        let category = cells.take()?;
        let list_price = UnitPrice::from_millionths(cells.take()?, cells.take()?).map_err(|_| cells.corrupt())?;
        let cost: (Option<i64>, Option<Currency>) = (cells.take()?, cells.take()?);
        let cost = match cost {
            (Some(millionths), Some(currency)) => {
                Some(UnitPrice::from_millionths(millionths, currency).map_err(|_| cells.corrupt())?)
            }
            (None, None) => None,
            _ => return Err(cells.corrupt()),
        };
        let (variant_of, active) = (cells.take()?, cells.take()?);
        Ok(Self { id, revision, created_at, updated_at, sku, name, category, list_price, cost, variant_of, active })
    }

    fn finish(product: Self) -> Result<Self, Invalid> {
        Ok(product)
    }
}

fn matching(filter: &ProductFilter) -> Where<'_> {
    let ProductFilter { category, variant_of, active } = filter;
    Where::default()
        .and(Serves::Ids, "variant_of = ?", variant_of.as_ref())
        .and(Serves::Ids, "category = ?", category.as_ref())
        .and(Serves::None, "active = ?", active.as_ref())
}

impl Products for SqliteTx<'_> {
    family_methods!(Product(ProductId), ProductFilter, matching {
        product products count_products insert_product insert_products update_product delete_product
    });

    fn product_by_sku(&self, sku: &Label) -> Result<Option<Product>, StoreError> {
        Ok(table::get_by(self.connection, "sku", sku)?)
    }

    fn products_named(&self, name: &Name, page: Page<ProductId>) -> Result<Vec<Product>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }
}

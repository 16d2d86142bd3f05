//! Price lists in SQLite.

use chrono::NaiveDate;
use crm_core::{
    ExternalId, Invalid, Label, Name, PriceList, PriceListId, PriceListParts, PriceRule, PriceTarget, Pricing,
    ProductId, RecordId as _, Revision, Window,
    store::{Page, PriceListFilter, PriceLists, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells, Json},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for PriceList {
    type Id = PriceListId;
    type Draft = PriceListParts;

    const RECORD: &'static str = "price list";
    const SQL: Statements = statements!("crm_price_list", parts: "parts",
        "external_id" "name" "currency" "valid_from" "valid_until" "active" "next_rule", derived: "name_key" "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("quotes", "SELECT count(*) FROM crm_quote WHERE price_list = ?1"),
        ("orders", "SELECT count(*) FROM crm_order WHERE price_list = ?1"),
        ("price lists", "SELECT count(DISTINCT list) FROM crm_price_rule WHERE base_list = ?1"),
    ];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "name"]));

    fn id(&self) -> PriceListId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let products = self.products().into_iter().map(|id| ("rules", "crm_product", id.uuid()));
        products.chain(self.bases().into_iter().map(|id| ("rules", "crm_price_list", id.uuid()))).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id().cloned())?
            .put(self.name())?
            .put(&self.currency())?
            .put(&self.valid().from())?
            .put(&self.valid().until())?
            .put(&self.active())?
            .put(&self.next_rule())?
            .put(&self.name().key())?
            .put(&!self.rules().is_empty())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<PriceListParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (external_id, name, currency) = (cells.take()?, cells.take()?, cells.take()?);
        let (valid, active, next_rule) = (window(cells)?, cells.take()?, cells.take()?);
        let rules = Vec::new();
        Ok(PriceListParts {
            id,
            revision,
            created_at,
            updated_at,
            name,
            external_id,
            currency,
            valid,
            active,
            rules,
            next_rule,
        })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |list| &mut list.rules)
    }

    fn finish(list: PriceListParts) -> Result<Self, Invalid> {
        list.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |list| list.rules())
    }
}

/// A window from its two columns.
pub(crate) fn window(cells: &mut Cells<'_, '_>) -> Done<Window> {
    let (from, until): (Option<NaiveDate>, Option<NaiveDate>) = (cells.take()?, cells.take()?);
    Window::new(from, until).map_err(|_| cells.corrupt())
}

/// What something is for, as its two columns.
pub(crate) fn target_columns(target: &PriceTarget) -> (Option<Label>, Option<ProductId>) {
    match target {
        PriceTarget::All => (None, None),
        PriceTarget::Category(category) => (Some(category.clone()), None),
        PriceTarget::Product(product) => (None, Some(*product)),
    }
}

/// What something is for, from its two columns.
pub(crate) fn target(cells: &mut Cells<'_, '_>) -> Done<PriceTarget> {
    let (category, product): (Option<Label>, Option<ProductId>) = (cells.take()?, cells.take()?);
    match (category, product) {
        (None, None) => Ok(PriceTarget::All),
        (Some(category), None) => Ok(PriceTarget::Category(category)),
        (None, Some(product)) => Ok(PriceTarget::Product(product)),
        (Some(_), Some(_)) => Err(cells.corrupt()),
    }
}

impl Part for PriceRule {
    const SQL: PartStatements = part_statements!("crm_price_rule" of "list",
        "number" "category" "product" "min_quantity" "valid_from" "valid_until" "pricing" "base_list"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (category, product) = target_columns(&self.target);
        binder
            .put(&self.number)?
            .put(&category)?
            .put(&product)?
            .put(&self.min_quantity)?
            .put(&self.valid.from())?
            .put(&self.valid.until())?
            .put(&Json::of(&self.pricing)?)?
            .put(&self.pricing.base_list())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (number, target, min_quantity, valid) = (cells.take()?, target(cells)?, cells.take()?, window(cells)?);
        let pricing: Pricing = cells.take_json()?;
        let base_list: Option<PriceListId> = cells.take()?;
        if base_list != pricing.base_list() {
            return Err(cells.corrupt());
        }
        Ok(Self { number, target, min_quantity, valid, pricing })
    }
}

fn matching(filter: &PriceListFilter) -> Where<'_> {
    let PriceListFilter { currency, active } = filter;
    Where::default().and(Serves::None, "currency = ?", currency.as_ref()).and(
        Serves::None,
        "active = ?",
        active.as_ref(),
    )
}

impl PriceLists for SqliteTx<'_> {
    family_methods!(PriceList(PriceListId), PriceListFilter, matching {
        price_list price_lists count_price_lists insert_price_list insert_price_lists update_price_list delete_price_list
    });

    fn price_list_by_external_id(&self, external_id: &ExternalId) -> Result<Option<PriceList>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn price_lists_named(&self, name: &Name, page: Page<PriceListId>) -> Result<Vec<PriceList>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }
}

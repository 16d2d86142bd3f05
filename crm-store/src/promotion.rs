//! Promotions and their uses in SQLite.

use crm_core::{
    Discount, Invalid, Label, Money, Percent, Promotion, PromotionId, PromotionParts, RecordId as _, Redemption,
    RedemptionId, RedemptionParts, Revision,
    store::{Page, PromotionFilter, Promotions, RedemptionFilter, Redemptions, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    price_list::{target, target_columns, window},
    row::{Binder, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Promotion {
    type Id = PromotionId;
    type Draft = PromotionParts;

    const RECORD: &'static str = "promotion";
    const SQL: Statements = statements!("crm_promotion", parts: "0",
        "code" "name" "share" "amount" "amount_currency" "category" "product" "valid_from" "valid_until" "min_amount" "min_currency"
        "use_limit" "customer_limit" "used" "active"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] =
        &[("redemptions", "SELECT count(*) FROM crm_redemption WHERE promotion = ?1")];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["code", "name"]));

    fn id(&self) -> PromotionId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("code", "code", self.code().map(Label::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        self.target().product().map(|id| ("target", "crm_product", id.uuid())).into_iter().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (share, amount) = match self.benefit() {
            Discount::Percent(share) => (Some(share), None),
            Discount::Amount(amount) => (None, Some(amount)),
        };
        let (category, product) = target_columns(self.target());
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.code().cloned())?
            .put(self.name())?
            .put(&share)?
            .put_amount(amount)?
            .put(&category)?
            .put(&product)?
            .put(&self.valid().from())?
            .put(&self.valid().until())?
            .put_amount(self.min_amount())?
            .put(&self.limit())?
            .put(&self.limit_per_customer())?
            .put(&self.used())?
            .put(&self.active())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<PromotionParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (code, name) = (cells.take()?, cells.take()?);
        let share: Option<Percent> = cells.take()?;
        let benefit = match (share, cells.take_amount()?) {
            (Some(share), None) => Discount::Percent(share),
            (None, Some(amount)) => Discount::Amount(amount),
            _ => return Err(cells.corrupt()),
        };
        let (target, valid, min_amount) = (target(cells)?, window(cells)?, cells.take_amount()?);
        let (limit, limit_per_customer) = (cells.take()?, cells.take()?);
        let (used, active) = (cells.take()?, cells.take()?);
        Ok(PromotionParts {
            id,
            revision,
            created_at,
            updated_at,
            name,
            code,
            benefit,
            target,
            valid,
            min_amount,
            limit,
            limit_per_customer,
            used,
            active,
        })
    }

    fn finish(promotion: PromotionParts) -> Result<Self, Invalid> {
        promotion.try_into()
    }
}

fn matching(filter: &PromotionFilter) -> Where<'_> {
    let PromotionFilter { coupon, active } = filter;
    Where::default()
        .when(*coupon == Some(true), Serves::None, "code IS NOT NULL")
        .when(*coupon == Some(false), Serves::None, "code IS NULL")
        .and(Serves::None, "active = ?", active.as_ref())
}

impl Promotions for SqliteTx<'_> {
    family_methods!(Promotion(PromotionId), PromotionFilter, matching {
        promotion promotions count_promotions insert_promotion insert_promotions update_promotion delete_promotion
    });

    fn promotion_by_code(&self, code: &Label) -> Result<Option<Promotion>, StoreError> {
        Ok(table::get_by(self.connection, "code", code)?)
    }
}

impl Table for Redemption {
    type Id = RedemptionId;
    type Draft = RedemptionParts;

    const RECORD: &'static str = "redemption";
    const SQL: Statements = statements!("crm_redemption", parts: "0",
        "promotion" "customer" "order_id" "on_lines" "day" "amount" "currency"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];

    fn id(&self) -> RedemptionId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let promotion = ("promotion", "crm_promotion", self.promotion().uuid());
        let customer = ("customer", "crm_customer", self.customer().uuid());
        let order = self.order().map(|id| ("order", "crm_order", id.uuid()));
        [promotion, customer].into_iter().chain(order).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.promotion())?
            .put(&self.customer())?
            .put(&self.order())?
            .put(&self.on_lines())?
            .put(&self.day())?
            .put(&self.amount().minor())?
            .put(&self.amount().currency())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<RedemptionParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (promotion, customer, order) = (cells.take()?, cells.take()?, cells.take()?);
        let (on_lines, day) = (cells.take()?, cells.take()?);
        let amount = Money::from_minor(cells.take()?, cells.take()?);
        Ok(RedemptionParts { id, revision, created_at, updated_at, promotion, customer, order, on_lines, day, amount })
    }

    fn finish(redemption: RedemptionParts) -> Result<Self, Invalid> {
        redemption.try_into()
    }
}

fn matching_uses(filter: &RedemptionFilter) -> Where<'_> {
    let RedemptionFilter { promotion, customer, order } = filter;
    Where::default()
        .and(Serves::Ids, "order_id = ?", order.as_ref())
        .and(Serves::Ids, "customer = ?", customer.as_ref())
        .and(Serves::Ids, "promotion = ?", promotion.as_ref())
}

impl Redemptions for SqliteTx<'_> {
    family_methods!(Redemption(RedemptionId), RedemptionFilter, matching_uses {
        redemption redemptions count_redemptions insert_redemption insert_redemptions update_redemption delete_redemption
    });
}

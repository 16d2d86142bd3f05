//! Sale plans in SQLite.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Invalid, Label, Money, Period, PlanScope, PlanState, PlanStatus, ProductId, RecordId, Revision, SalePlan,
    SalePlanId, SalePlanParts, SalesRepId, Strategy,
    store::{Page, SalePlanFilter, SalePlans, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells},
    table::{Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

/// The scope as its columns: the name, and the rep, the product or the region.
fn columns(scope: &PlanScope) -> (&'static str, Option<SalesRepId>, Option<ProductId>, Option<&Label>) {
    match scope {
        PlanScope::SalesRep(rep) => ("sales_rep", Some(*rep), None, None),
        PlanScope::Team(manager) => ("team", Some(*manager), None, None),
        PlanScope::Product(product) => ("product", None, Some(*product), None),
        PlanScope::Region(region) => ("region", None, None, Some(region)),
    }
}

impl Table for SalePlan {
    type Id = SalePlanId;
    type Draft = SalePlanParts;

    const RECORD: &'static str = "sale plan";
    const SQL: Statements = statements!("crm_sale_plan", parts: "parts",
        "name" "period_from" "period_until" "target" "currency" "scope" "scope_rep" "scope_product" "scope_region" "credit" "status"
        "active_since" "closed_at", derived: "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];

    fn id(&self) -> SalePlanId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let (_, rep, product, _) = columns(self.scope());
        let rep = rep.map(|id| ("scope", "crm_sales_rep", id.uuid()));
        rep.or(product.map(|id| ("scope", "crm_product", id.uuid()))).into_iter().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (scope, rep, product, region) = columns(self.scope());
        let (active_since, closed_at) = match self.state() {
            PlanState::Draft => (None, None),
            PlanState::Active { since } => (Some(since), None),
            PlanState::Closed { since, at } => (Some(since), Some(at)),
        };
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(self.name())?
            .put(&self.period().from())?
            .put(&self.period().until())?
            .put(&self.target().minor())?
            .put(&self.target().currency())?
            .put(&scope.to_owned())?
            .put(&rep)?
            .put(&product)?
            .put(&region.cloned())?
            .put(&self.credit())?
            .put(&self.state().status())?
            .put(&active_since)?
            .put(&closed_at)?
            .put(&!self.strategies().is_empty())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<SalePlanParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let name = cells.take()?;
        let (from, until): (NaiveDate, NaiveDate) = (cells.take()?, cells.take()?);
        let period = Period::new(from, until).map_err(|_| cells.corrupt())?;
        let target = Money::from_minor(cells.take()?, cells.take()?);
        let scope: String = cells.take()?;
        let (rep, product, region) = (cells.take()?, cells.take()?, cells.take()?);
        let scope = match (scope.as_str(), rep, product, region) {
            ("sales_rep", Some(rep), None, None) => PlanScope::SalesRep(rep),
            ("team", Some(manager), None, None) => PlanScope::Team(manager),
            ("product", None, Some(product), None) => PlanScope::Product(product),
            ("region", None, None, Some(region)) => PlanScope::Region(region),
            _ => return Err(cells.corrupt()),
        };
        let credit = cells.take()?;
        let status = cells.take()?;
        let (since, closed): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
        let state = match (status, since, closed) {
            (PlanStatus::Draft, None, None) => PlanState::Draft,
            (PlanStatus::Active, Some(since), None) => PlanState::Active { since },
            (PlanStatus::Closed, Some(since), Some(at)) => PlanState::Closed { since, at },
            _ => return Err(cells.corrupt()),
        };
        Ok(SalePlanParts {
            id,
            revision,
            created_at,
            updated_at,
            name,
            period,
            target,
            scope,
            credit,
            strategies: Vec::new(),
            state,
        })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |plan| &mut plan.strategies)
    }

    fn finish(plan: SalePlanParts) -> Result<Self, Invalid> {
        plan.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |plan| plan.strategies())
    }
}

impl Part for Strategy {
    const SQL: PartStatements = part_statements!("crm_sale_plan_strategy" of "plan", "kind" "description");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.kind)?.put(&self.description)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self { kind: cells.take()?, description: cells.take()? })
    }
}

fn matching(filter: &SalePlanFilter) -> Where<'_> {
    let SalePlanFilter { scope, status, covers } = filter;
    let mut all = Where::default();
    if let Some(scope) = scope {
        let (name, rep, product, region) = columns(scope);
        all = match (rep, product, region) {
            (Some(rep), ..) => all.with(Serves::Ids, "scope_rep = ?", rep),
            (_, Some(product), _) => all.with(Serves::Ids, "scope_product = ?", product),
            (.., region) => all.and(Serves::Ids, "scope_region = ?", region),
        };
        all = all.also(Serves::None, "scope = ?", name);
    }
    all.and(Serves::Ids, "status = ?", status.as_ref()).and(Serves::None, "period_from <= ?", covers.as_ref()).and(
        Serves::None,
        "period_until > ?",
        covers.as_ref(),
    )
}

impl SalePlans for SqliteTx<'_> {
    family_methods!(SalePlan(SalePlanId), SalePlanFilter, matching {
        sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan
    });
}

//! Sale plans.

use crm_core::{
    PlanScope, RecordRef, Revision, SalePlan, SalePlanId,
    store::{Page, SalePlanFilter, SalePlans},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods},
};

impl Family for SalePlan {
    type Filter = SalePlanFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        match self.scope() {
            PlanScope::SalesRep(rep) | PlanScope::Team(rep) => vec![("scope", (*rep).into())],
            PlanScope::Product(product) => vec![("scope", (*product).into())],
            PlanScope::Region(_) => Vec::new(),
        }
    }

    fn passes(&self, filter: &SalePlanFilter) -> bool {
        let SalePlanFilter { scope, status, covers } = filter;
        holds(scope.as_ref(), Some(self.scope()))
            && holds(status.as_ref(), Some(&self.state().status()))
            && covers.is_none_or(|day| self.covers(day))
    }
}

impl SalePlans for MemoryTx {
    record_methods! {
        SalePlan(SalePlanId), SalePlanFilter
        { sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan }
    }
}

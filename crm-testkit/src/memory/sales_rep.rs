//! Sales reps.

use crm_core::{
    ExternalId, Name, RecordRef, Revision, SalesRep, SalesRepId,
    store::{Page, SalesRepFilter, SalesReps},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, named, record_methods, reference},
};

impl Family for SalesRep {
    type Filter = SalesRepFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id.as_ref()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        reference("manager", self.manager).into_iter().collect()
    }

    fn passes(&self, filter: &SalesRepFilter) -> bool {
        let SalesRepFilter { manager, region, active } = filter;
        holds(manager.as_ref(), self.manager.as_ref())
            && holds(region.as_ref(), self.region.as_ref())
            && holds(active.as_ref(), Some(&self.active))
    }
}

impl SalesReps for MemoryTx {
    record_methods! {
        SalesRep(SalesRepId), SalesRepFilter
        { sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep }
    }

    by_external_id! { sales_rep_by_external_id: SalesRep }

    named! { sales_reps_named: SalesRep(SalesRepId) }
}

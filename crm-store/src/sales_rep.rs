//! Sales reps in SQLite.

use crm_core::{
    ExternalId, Invalid, Name, RecordId, Revision, SalesRep, SalesRepId,
    store::{Page, SalesRepFilter, SalesReps, StoreError},
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

impl Table for SalesRep {
    type Id = SalesRepId;
    type Draft = Self;

    const RECORD: &'static str = "sales rep";
    const SQL: Statements = statements!("crm_sales_rep", parts: "0", "external_id" "name" "email" "position" "manager" "region" "commission_rate" "active", derived: "name_key");
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("customers", "SELECT count(*) FROM crm_customer WHERE owner = ?1"),
        ("interactions", "SELECT count(DISTINCT interaction) FROM crm_interaction_participant WHERE sales_rep = ?1"),
        ("sale plans", "SELECT count(*) FROM crm_sale_plan WHERE scope_rep = ?1"),
        ("sales reps", "SELECT count(*) FROM crm_sales_rep WHERE manager = ?1 AND id <> ?1"),
        ("queues", "SELECT count(*) FROM crm_queue_member WHERE sales_rep = ?1"),
        ("leads", "SELECT count(*) FROM crm_lead WHERE owner = ?1"),
        ("opportunities", "SELECT count(*) FROM crm_opportunity WHERE rep = ?1"),
        ("forecast adjustments", "SELECT count(*) FROM crm_forecast_adjustment WHERE rep = ?1 OR author = ?1"),
        ("activities", "SELECT count(*) FROM crm_activity WHERE owner = ?1"),
        ("quotes", "SELECT count(*) FROM crm_quote WHERE rep = ?1"),
        ("orders", "SELECT count(*) FROM crm_order WHERE rep = ?1"),
    ];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "name"]));

    fn id(&self) -> SalesRepId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id.as_ref().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        self.manager.map(|manager| ("manager", Self::SQL.table, manager.uuid())).into_iter().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id)?
            .put(&self.name)?
            .put(&self.email)?
            .put(&self.position)?
            .put(&self.manager)?
            .put(&self.region)?
            .put(&self.commission_rate)?
            .put(&self.active)?
            .put(&self.name.key())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (external_id, name) = (cells.take()?, cells.take()?);
        Ok(Self {
            id,
            revision,
            created_at,
            updated_at,
            external_id,
            name,
            email: cells.take()?,
            position: cells.take()?,
            manager: cells.take()?,
            region: cells.take()?,
            commission_rate: cells.take()?,
            active: cells.take()?,
        })
    }

    fn finish(rep: Self) -> Result<Self, Invalid> {
        Ok(rep)
    }
}

fn matching(filter: &SalesRepFilter) -> Where<'_> {
    let SalesRepFilter { manager, region, active } = filter;
    Where::default()
        .and(Serves::Ids, "manager = ?", manager.as_ref())
        .and(Serves::Ids, "region = ?", region.as_ref())
        .and(Serves::None, "active = ?", active.as_ref())
}

impl SalesReps for SqliteTx<'_> {
    family_methods!(SalesRep(SalesRepId), SalesRepFilter, matching {
        sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep
    });

    fn sales_rep_by_external_id(&self, external_id: &ExternalId) -> Result<Option<SalesRep>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn sales_reps_named(&self, name: &Name, page: Page<SalesRepId>) -> Result<Vec<SalesRep>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }
}

//! Opportunities in SQLite.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Currency, ExternalId, Invalid, Label, Money, Opportunity, OpportunityId, OpportunityParts, OpportunityState,
    OpportunityStatus, RecordId, Revision, Stage, StageVisit, Text,
    store::{Opportunities, OpportunityFilter, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    figures::{self, Counted, Tally},
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Opportunity {
    type Id = OpportunityId;
    type Draft = OpportunityParts;

    const RECORD: &'static str = "opportunity";
    const SQL: Statements = statements!("crm_opportunity", parts: "-1",
        "name" "external_id" "customer" "product" "rep" "pipeline" "stage" "stage_order" "stage_kind" "stage_probability" "value"
        "currency" "probability" "expected_close" "status" "closed_at" "close_day" "lost_reason" "lost_note"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] =
        &[("quotes", "SELECT count(*) FROM crm_quote WHERE opportunity = ?1")];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "name", "lost_note"]));

    fn id(&self) -> OpportunityId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let customer = self.customer().map(|id| ("customer", "crm_customer", id.uuid()));
        let product = self.product().map(|id| ("product", "crm_product", id.uuid()));
        let rep = self.rep().map(|id| ("rep", "crm_sales_rep", id.uuid()));
        [customer, product, rep].into_iter().flatten().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Stage { key, order, kind, probability } = self.stage();
        let (at, day, reason, note) = match self.state() {
            OpportunityState::Open => (None, None, None, None),
            OpportunityState::Won { at, day } => (Some(*at), Some(*day), None, None),
            OpportunityState::Lost { at, day, reason, note } => {
                (Some(*at), Some(*day), Some(reason.clone()), note.clone())
            }
        };
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(self.name())?
            .put(&self.external_id().cloned())?
            .put(&self.customer())?
            .put(&self.product())?
            .put(&self.rep())?
            .put(self.pipeline())?
            .put(key)?
            .put(order)?
            .put(kind)?
            .put(probability)?
            .put(&self.value().map(Money::minor))?
            .put(&self.value().map(Money::currency))?
            .put(&self.probability())?
            .put(&self.expected_close())?
            .put(&self.state().status())?
            .put(&at)?
            .put(&day)?
            .put(&reason)?
            .put(&note)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<OpportunityParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (name, external_id) = (cells.take()?, cells.take()?);
        let (customer, product, rep) = (cells.take()?, cells.take()?, cells.take()?);
        let pipeline = cells.take()?;
        let stage = Stage { key: cells.take()?, order: cells.take()?, kind: cells.take()?, probability: cells.take()? };
        let value: (Option<i64>, Option<Currency>) = (cells.take()?, cells.take()?);
        let value = match value {
            (Some(minor), Some(currency)) => Some(Money::from_minor(minor, currency)),
            (None, None) => None,
            _ => return Err(cells.corrupt()),
        };
        let (probability, expected_close) = (cells.take()?, cells.take()?);
        let status = cells.take()?;
        let (at, day): (Option<DateTime<Utc>>, Option<NaiveDate>) = (cells.take()?, cells.take()?);
        let (reason, note): (Option<Label>, Option<Text>) = (cells.take()?, cells.take()?);
        let state = match (status, at, day, reason, note) {
            (OpportunityStatus::Open, None, None, None, None) => OpportunityState::Open,
            (OpportunityStatus::Won, Some(at), Some(day), None, None) => OpportunityState::Won { at, day },
            (OpportunityStatus::Lost, Some(at), Some(day), Some(reason), note) => {
                OpportunityState::Lost { at, day, reason, note }
            }
            _ => return Err(cells.corrupt()),
        };
        Ok(OpportunityParts {
            id,
            revision,
            created_at,
            updated_at,
            name,
            external_id,
            customer,
            product,
            rep,
            pipeline,
            stage,
            value,
            probability,
            expected_close,
            state,
            history: Vec::new(),
        })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |opportunity| &mut opportunity.history)
    }

    fn finish(parts: OpportunityParts) -> Result<Self, Invalid> {
        parts.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |opportunity| opportunity.history())
    }

    const COUNTED: Option<Counted> = Some(Counted {
        columns: &["pipeline", "stage", "value", "currency", "probability", "status"],
        parts: 0,
        entries: 0,
    });

    fn count(&self, tally: &mut Tally<'_>) -> Done<()> {
        tally.pipeline(self.pipeline_figure().map_err(figures::overflow("pipeline"))?);
        Ok(())
    }
}

impl Part for StageVisit {
    const SQL: PartStatements =
        part_statements!("crm_opportunity_visit" of "opportunity", "stage" "kind" "entered_at" "left_at" "actor");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.stage)?.put(&self.kind)?.put(&self.entered_at)?.put(&self.left_at)?.put(&self.actor)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self {
            stage: cells.take()?,
            kind: cells.take()?,
            entered_at: cells.take()?,
            left_at: cells.take()?,
            actor: cells.take()?,
        })
    }
}

fn matching(filter: &OpportunityFilter) -> Where<'_> {
    let OpportunityFilter { customer, product, rep, status, pipeline, stage, expected_close, closed } = filter;
    Where::default()
        .and(Serves::Ids, "customer = ?", customer.as_ref())
        .and(Serves::Ids, "rep = ?", rep.as_ref())
        .and(Serves::Ids, "product = ?", product.as_ref())
        .and(Serves::Ids, "stage = ?", stage.as_ref())
        .during(Serves::Sorted, "expected_close BETWEEN ? AND ?", *expected_close)
        .during(Serves::Sorted, "close_day BETWEEN ? AND ?", *closed)
        .and(Serves::Ids, "pipeline = ?", pipeline.as_ref())
        .and(Serves::Ids, "status = ?", status.as_ref())
}

impl Opportunities for SqliteTx<'_> {
    family_methods!(Opportunity(OpportunityId), OpportunityFilter, matching {
        opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity
    });

    fn opportunity_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Opportunity>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }
}

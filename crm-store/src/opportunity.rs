//! Opportunities in SQLite, with their stays, lines, contacts and pushes.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    ContactRole, Currency, CustomerId, DealLine, ExternalId, Invalid, Label, Opportunity, OpportunityId,
    OpportunityParts, OpportunityState, OpportunityStatus, Percent, ProductId, Push, Quantity, RecordId, Recurring,
    RequiredField, Revision, Stage, StageVisit, Text, UnitPrice,
    store::{Opportunities, OpportunityFilter, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    figures::{self, Counted, Tally},
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells, Json},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

/// Which tables hold parts of an opportunity; each has a stay.
mod parts {
    pub(super) const VISITS: i64 = 1;
    pub(super) const LINES: i64 = 2;
    pub(super) const CONTACTS: i64 = 4;
    pub(super) const PUSHES: i64 = 8;
}

fn parts_of(opportunity: &Opportunity) -> i64 {
    let one = |empty: bool, part: i64| if empty { 0 } else { part };
    parts::VISITS
        | one(opportunity.lines().is_empty(), parts::LINES)
        | one(opportunity.contacts().is_empty(), parts::CONTACTS)
        | one(opportunity.pushes().is_empty(), parts::PUSHES)
}

/// An amount as its columns hold it.
fn stage(cells: &mut Cells<'_, '_>) -> Done<Stage> {
    let (key, order, kind, probability) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
    let (forecast, stale_after_days) = (cells.take()?, cells.take()?);
    let required: Option<BTreeSet<RequiredField>> = cells.take_json_or_none()?;
    let (required, next) = (required.unwrap_or_default(), cells.take_json_or_none()?);
    Ok(Stage { key, order, kind, probability, forecast, stale_after_days, required, next })
}

impl Table for Opportunity {
    type Id = OpportunityId;
    type Draft = OpportunityParts;

    const RECORD: &'static str = "opportunity";
    const SQL: Statements = statements!("crm_opportunity", parts: "parts",
        "name" "external_id" "customer" "product" "rep" "pipeline" "stage" "stage_order" "stage_kind" "stage_probability" "stage_forecast"
        "stage_stale_after_days" "stage_required" "stage_next" "value" "currency" "recurring" "recurring_currency" "recurring_months" "probability"
        "set_forecast" "expected_close" "status" "closed_at" "close_day" "lost_reason" "lost_note", derived: "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("interactions", "SELECT count(*) FROM crm_interaction WHERE opportunity = ?1"),
        ("leads", "SELECT count(*) FROM crm_lead WHERE became_opportunity = ?1"),
        ("activities", "SELECT count(*) FROM crm_activity WHERE opportunity = ?1"),
        ("quotes", "SELECT count(*) FROM crm_quote WHERE opportunity = ?1"),
    ];
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
        let lines = self.lines().iter().map(|line| ("lines", "crm_product", line.product().uuid()));
        let contacts = self.contacts().iter().map(|contact| ("contacts", "crm_customer", contact.person.uuid()));
        [customer, product, rep].into_iter().flatten().chain(lines).chain(contacts).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Stage { key, order, kind, probability, forecast, stale_after_days, required, next } = self.stage();
        let required = (!required.is_empty()).then(|| Json::of(required)).transpose()?;
        let next = next.as_ref().map(Json::of).transpose()?;
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
            .put(forecast)?
            .put(stale_after_days)?
            .put(&required)?
            .put(&next)?
            .put_amount(self.value())?
            .put_amount(self.recurring().map(|recurring| recurring.revenue()))?
            .put(&self.recurring().map(|recurring| recurring.months()))?
            .put(&self.probability())?
            .put(&self.set_forecast())?
            .put(&self.expected_close())?
            .put(&self.state().status())?
            .put(&at)?
            .put(&day)?
            .put(&reason)?
            .put(&note)?
            .put(&parts_of(self))?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<OpportunityParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (name, external_id) = (cells.take()?, cells.take()?);
        let (customer, product, rep) = (cells.take()?, cells.take()?, cells.take()?);
        let pipeline = cells.take()?;
        let stage = stage(cells)?;
        let value = cells.take_amount()?;
        let recurring = match (cells.take_amount()?, cells.take::<Option<u16>>()?) {
            (Some(revenue), Some(months)) => Some(Recurring::new(revenue, months).map_err(|_| cells.corrupt())?),
            (None, None) => None,
            _ => return Err(cells.corrupt()),
        };
        let (probability, set_forecast, expected_close) = (cells.take()?, cells.take()?, cells.take()?);
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
            lines: Vec::new(),
            recurring,
            probability,
            set_forecast,
            expected_close,
            pushes: Vec::new(),
            contacts: Vec::new(),
            state,
            history: Vec::new(),
        })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(parts::VISITS, |opportunity| &mut opportunity.history)?;
        drafts.read(parts::LINES, |opportunity| &mut opportunity.lines)?;
        drafts.read(parts::CONTACTS, |opportunity| &mut opportunity.contacts)?;
        drafts.read(parts::PUSHES, |opportunity| &mut opportunity.pushes)
    }

    fn finish(parts: OpportunityParts) -> Result<Self, Invalid> {
        parts.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(parts::VISITS, |opportunity| opportunity.history())?;
        parts.write(parts::LINES, |opportunity| opportunity.lines())?;
        parts.write(parts::CONTACTS, |opportunity| opportunity.contacts())?;
        parts.write(parts::PUSHES, |opportunity| opportunity.pushes())
    }

    const COUNTED: Option<Counted> = Some(Counted {
        columns: &[
            "rep",
            "pipeline",
            "stage",
            "stage_forecast",
            "value",
            "currency",
            "probability",
            "set_forecast",
            "expected_close",
            "status",
            "close_day",
        ],
        parts: 0,
        entries: 0,
    });

    fn count(&self, tally: &mut Tally<'_>) -> Done<()> {
        tally.pipeline(self.pipeline_figure().map_err(figures::overflow("pipeline"))?);
        tally.forecast(self.forecast_figure().map_err(figures::overflow("forecast"))?);
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

impl Part for DealLine {
    const SQL: PartStatements = part_statements!(
        "crm_opportunity_line" of "opportunity", "product" "quantity" "unit_price" "discount" "amount" "currency"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.product())?
            .put(&self.quantity())?
            .put(&self.unit_price().millionths())?
            .put(&self.discount())?
            .put(&self.amount().minor())?
            .put(&self.amount().currency())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (product, quantity): (ProductId, Quantity) = (cells.take()?, cells.take()?);
        let (price, discount): (i64, Percent) = (cells.take()?, cells.take()?);
        let (minor, currency): (i64, Currency) = (cells.take()?, cells.take()?);
        let price = UnitPrice::from_millionths(price, currency).map_err(|_| cells.corrupt())?;
        let line = Self::new(product, quantity, price, discount).map_err(|_| cells.corrupt())?;
        if line.amount().minor() == minor { Ok(line) } else { Err(cells.corrupt()) }
    }
}

impl Part for ContactRole {
    const SQL: PartStatements =
        part_statements!("crm_opportunity_contact" of "opportunity", "person" "role" "is_primary");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.person)?.put(&self.role)?.put(&self.primary)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let person: CustomerId = cells.take()?;
        Ok(Self { person, role: cells.take()?, primary: cells.take()? })
    }
}

impl Part for Push {
    const SQL: PartStatements = part_statements!("crm_opportunity_push" of "opportunity", "at" "day_before" "day");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.at)?.put(&self.from)?.put(&self.to)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self { at: cells.take()?, from: cells.take()?, to: cells.take()? })
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

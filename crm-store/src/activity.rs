//! Activities in SQLite.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Activity, ActivityId, ActivityParts, ActivityState, ActivityStatus, ActivityStep, ExternalId, Invalid, Label,
    OpportunityId, RecordId, Revision, Text,
    store::{Activities, ActivityFilter, Page, StoreError},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Bound, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, prepared, statements},
    transaction::SqliteTx,
};

impl Table for Activity {
    type Id = ActivityId;
    type Draft = ActivityParts;

    const RECORD: &'static str = "activity";
    const SQL: Statements = statements!("crm_activity", parts: "0",
        "external_id" "kind" "subject" "note" "lead" "customer" "opportunity" "person" "owner" "due" "remind_at" "plan" "step" "status" "done_at" "done_on"
        "outcome" "cancelled_at" "remark", derived: "planned_due" "planned_reminder"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "subject", "note", "remark"]));

    fn id(&self) -> ActivityId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let lead = self.lead().map(|id| ("lead", "crm_lead", id.uuid()));
        let customer = self.customer().map(|id| ("customer", "crm_customer", id.uuid()));
        let opportunity = self.opportunity().map(|id| ("opportunity", "crm_opportunity", id.uuid()));
        let person = self.person().map(|id| ("person", "crm_customer", id.uuid()));
        let owner = self.owner().map(|id| ("owner", "crm_sales_rep", id.uuid()));
        [lead, customer, opportunity, person, owner].into_iter().flatten().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (done_at, done_on, outcome, cancelled_at, remark) = match self.state() {
            ActivityState::Planned => (None, None, None, None, None),
            ActivityState::Done { at, day, outcome, note } => {
                (Some(*at), Some(*day), Some(outcome.clone()), None, note.clone())
            }
            ActivityState::Cancelled { at, reason } => (None, None, None, Some(*at), reason.clone()),
        };
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id().cloned())?
            .put(&self.kind())?
            .put(self.subject())?
            .put(&self.note().cloned())?
            .put(&self.lead())?
            .put(&self.customer())?
            .put(&self.opportunity())?
            .put(&self.person())?
            .put(&self.owner())?
            .put(&self.due())?
            .put(&self.remind_at())?
            .put(&self.step().map(|step| step.plan.clone()))?
            .put(&self.step().map(|step| step.number))?
            .put(&self.state().status())?
            .put(&done_at)?
            .put(&done_on)?
            .put(&outcome)?
            .put(&cancelled_at)?
            .put(&remark)?
            .put(&self.planned_for())?
            .put(&self.reminds_at())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<ActivityParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (external_id, kind, subject, note) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (lead, customer, opportunity) = (cells.take()?, cells.take()?, cells.take()?);
        let (person, owner) = (cells.take()?, cells.take()?);
        let (due, remind_at) = (cells.take()?, cells.take()?);
        let step = match (cells.take()?, cells.take()?) {
            (Some(plan), Some(number)) => Some(ActivityStep { plan, number }),
            (None::<Label>, None::<u16>) => None,
            _ => return Err(cells.corrupt()),
        };
        let status = cells.take()?;
        let (done_at, done_on): (Option<DateTime<Utc>>, Option<NaiveDate>) = (cells.take()?, cells.take()?);
        let outcome: Option<Label> = cells.take()?;
        let (cancelled_at, remark): (Option<DateTime<Utc>>, Option<Text>) = (cells.take()?, cells.take()?);
        let state = match (status, done_at, done_on, outcome, cancelled_at, remark) {
            (ActivityStatus::Planned, None, None, None, None, None) => ActivityState::Planned,
            (ActivityStatus::Done, Some(at), Some(day), Some(outcome), None, note) => {
                ActivityState::Done { at, day, outcome, note }
            }
            (ActivityStatus::Cancelled, None, None, None, Some(at), reason) => ActivityState::Cancelled { at, reason },
            _ => return Err(cells.corrupt()),
        };
        Ok(ActivityParts {
            id,
            revision,
            created_at,
            updated_at,
            external_id,
            kind,
            subject,
            note,
            lead,
            customer,
            opportunity,
            person,
            owner,
            due,
            remind_at,
            step,
            state,
        })
    }

    fn finish(parts: ActivityParts) -> Result<Self, Invalid> {
        parts.try_into()
    }
}

fn matching(filter: &ActivityFilter) -> Where<'_> {
    let ActivityFilter { lead, customer, opportunity, person, owner, kind, status, due } = filter;
    Where::default()
        .and(Serves::Few, "lead = ?", lead.as_ref())
        .and(Serves::Few, "opportunity = ?", opportunity.as_ref())
        .and(Serves::Few, "customer = ?", customer.as_ref())
        .and(Serves::Few, "person = ?", person.as_ref())
        .and(Serves::All, "owner = ?", owner.as_ref())
        .during(Serves::Sorted, "due BETWEEN ? AND ?", *due)
        .and(Serves::Ids, "status = ?", status.as_ref())
        .and(Serves::None, "kind = ?", kind.as_ref())
}

fn last(connection: &Connection, opportunity: OpportunityId) -> Done<Option<DateTime<Utc>>> {
    let done = "SELECT max(done_at) FROM crm_activity WHERE opportunity = ?1 AND done_at IS NOT NULL";
    let said = "SELECT max(occurred_at) FROM crm_interaction WHERE opportunity = ?1";
    let mut latest = None;
    let both: [(_, _, &[&str]); 2] =
        [(done, "crm_activity", &["done_at"]), (said, "crm_interaction", &["occurred_at"])];
    for (sql, table, column) in both {
        let mut statement = prepared(connection, sql)?;
        let mut rows = statement.query([Bound(&opportunity)])?;
        if let Some(row) = rows.next()? {
            latest = latest.max(Cells::new(row, table, column).take()?);
        }
    }
    Ok(latest)
}

impl Activities for SqliteTx<'_> {
    family_methods!(Activity(ActivityId), ActivityFilter, matching {
        activity activities count_activities insert_activity insert_activities update_activity delete_activity
    });

    fn activity_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Activity>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn activities_by_due(
        &self,
        filter: &ActivityFilter,
        page: Page<(NaiveDate, ActivityId)>,
    ) -> Result<Vec<Activity>, StoreError> {
        Ok(matching(filter).by(self.connection, "planned_due", page, None)?)
    }

    fn activities_by_reminder(
        &self,
        filter: &ActivityFilter,
        page: Page<(DateTime<Utc>, ActivityId)>,
    ) -> Result<Vec<Activity>, StoreError> {
        Ok(matching(filter).by(self.connection, "planned_reminder", page, None)?)
    }

    fn last_activity(&self, opportunity: OpportunityId) -> Result<Option<DateTime<Utc>>, StoreError> {
        Ok(last(self.connection, opportunity)?)
    }
}

//! The timeline of a customer in SQLite: the newest of each family, merged.

use crm_core::{
    ActivityId, CustomerId, InteractionId, OpportunityId, OrderId, QuoteId, RecordId, RecordRef, TicketId,
    TimelineItem,
    store::{Page, StoreError, Timeline},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    error::Done,
    row::{Bound, Cells, Column},
    table::prepared,
    transaction::SqliteTx,
};

/// The records of one family before an instant and an id, newest first.
macro_rules! newest {
    ($table:literal, $at:literal, $id:literal) => {
        concat!(
            "SELECT ",
            $at,
            ", ",
            $id,
            " FROM ",
            $table,
            " WHERE customer = ?1 AND (",
            $at,
            ", ",
            $id,
            ") < (?2, ?3) ORDER BY ",
            $at,
            " DESC, ",
            $id,
            " DESC"
        )
    };
}

/// The instant in microseconds and the id before which the records of a family come after the page's key. Records of one instant stand by their family and then by their id.
fn before(after: Option<TimelineItem>, of: impl Fn(Uuid) -> RecordRef) -> (i64, Uuid) {
    let Some(TimelineItem { at, record }) = after else { return (i64::MAX, Uuid::nil()) };
    let at = at.timestamp_micros();
    if of(Uuid::max()) < record {
        // All of that instant are still to come.
        (at.saturating_add(1), Uuid::nil())
    } else if of(Uuid::nil()) > record {
        (at, Uuid::nil())
    } else {
        (at, record.uuid())
    }
}

/// Reads the items of one family that come after the page's key, at most as many as the page holds.
fn family<I: Column + RecordId>(
    connection: &Connection,
    (table, sql): (&'static str, &'static str),
    customer: CustomerId,
    page: Page<TimelineItem>,
    of: fn(I) -> RecordRef,
    items: &mut Vec<TimelineItem>,
) -> Done<()> {
    let (at, id) = before(page.after, |uuid| of(I::from_uuid(uuid)));
    let mut statement = prepared(connection, sql)?;
    // Who stands twice among the participants took part once, so the statement is read until the page is full, not limited.
    let mut rows = statement.query((Bound(&customer), at, Bound(&id)))?;
    let mut wanted = usize::from(page.limit);
    while wanted > 0
        && let Some(row) = rows.next()?
    {
        let mut cells = Cells::new(row, table, &["at", "id"]);
        let item = TimelineItem { at: cells.take()?, record: of(cells.take()?) };
        if items.last() != Some(&item) {
            items.push(item);
            wanted -= 1;
        }
    }
    Ok(())
}

fn timeline(connection: &Connection, customer: CustomerId, page: Page<TimelineItem>) -> Done<Vec<TimelineItem>> {
    let mut items = Vec::new();
    let interactions = ("crm_interaction", newest!("crm_interaction", "occurred_at", "id"));
    family::<InteractionId>(connection, interactions, customer, page, RecordRef::Interaction, &mut items)?;
    // A customer whom an interaction was logged for may have taken part as well: then both statements give it.
    let took_part =
        ("crm_interaction_participant", newest!("crm_interaction_participant", "occurred_at", "interaction_id"));
    family::<InteractionId>(connection, took_part, customer, page, RecordRef::Interaction, &mut items)?;
    let opportunities = ("crm_opportunity", newest!("crm_opportunity", "created_at", "id"));
    family::<OpportunityId>(connection, opportunities, customer, page, RecordRef::Opportunity, &mut items)?;
    let quotes = ("crm_quote", newest!("crm_quote", "created_at", "id"));
    family::<QuoteId>(connection, quotes, customer, page, RecordRef::Quote, &mut items)?;
    let activities = ("crm_activity", newest!("crm_activity", "created_at", "id"));
    family::<ActivityId>(connection, activities, customer, page, RecordRef::Activity, &mut items)?;
    family::<OrderId>(
        connection,
        ("crm_order", newest!("crm_order", "created_at", "id")),
        customer,
        page,
        RecordRef::Order,
        &mut items,
    )?;
    family::<TicketId>(
        connection,
        ("crm_ticket", newest!("crm_ticket", "created_at", "id")),
        customer,
        page,
        RecordRef::Ticket,
        &mut items,
    )?;
    items.sort_unstable_by(|a, b| b.cmp(a));
    items.dedup();
    items.truncate(page.limit.into());
    Ok(items)
}

impl Timeline for SqliteTx<'_> {
    fn timeline(&self, customer: CustomerId, page: Page<TimelineItem>) -> Result<Vec<TimelineItem>, StoreError> {
        Ok(timeline(self.connection, customer, page)?)
    }
}

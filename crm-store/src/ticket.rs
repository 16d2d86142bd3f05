//! Tickets and their conversations in SQLite.

use chrono::{DateTime, Utc};
use crm_core::{
    AgentId, ExternalId, Invalid, MessageKind, Number, RecordId, Revision, Text, Ticket, TicketId, TicketMessage,
    TicketParts, TicketState, TicketStatus,
    store::{Page, StoreError, StoreErrorKind, TicketFilter, Tickets},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    counter,
    error::{Broken, Done, Failure},
    figures::{Counted, Tally},
    filter::{Serves, Where},
    row::{Binder, Bound, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, prepared, row_of, statements},
    transaction::SqliteTx,
};

impl Table for Ticket {
    type Id = TicketId;
    type Draft = TicketParts;

    const RECORD: &'static str = "ticket";
    const SQL: Statements = statements!("crm_ticket", parts: "0",
        "number" "external_id" "subject" "customer" "priority" "channel" "team" "assignee" "due_at" "status" "solved_at" "solved_by"
        "closed_at" "resolution" "messages"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];
    const SEARCH: Option<Index<Self>> =
        Some(Index::of(&["number", "external_id", "subject", "resolution"]).and(conversation));

    fn id(&self) -> TicketId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        let external_id = self.external_id().map(ExternalId::as_str);
        vec![("number", "number", Some(self.number().as_str())), ("external id", "external_id", external_id)]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let customer = ("customer", "crm_customer", self.customer().uuid());
        let assignee = self.assignee().map(|id| ("assignee", "crm_agent", id.uuid()));
        let solver = solution(self.state()).solved_by.map(|id| ("solved by", "crm_agent", id.uuid()));
        [Some(customer), assignee, solver].into_iter().flatten().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Solution { solved_at, solved_by, closed_at, resolution } = solution(self.state());
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(self.number())?
            .put(&self.external_id().cloned())?
            .put(self.subject())?
            .put(&self.customer())?
            .put(&self.priority())?
            .put(&self.channel())?
            .put(&self.group().cloned())?
            .put(&self.assignee())?
            .put(&self.due_at())?
            .put(&self.state().status())?
            .put(&solved_at)?
            .put(&solved_by)?
            .put(&closed_at)?
            .put(&resolution)?
            .put(&self.messages())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<TicketParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (number, external_id, subject, customer) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (priority, channel, group) = (cells.take()?, cells.take()?, cells.take()?);
        let (assignee, due_at) = (cells.take()?, cells.take()?);
        let status = cells.take()?;
        let (solved_at, solved_by): (Option<DateTime<Utc>>, Option<AgentId>) = (cells.take()?, cells.take()?);
        let (closed_at, resolution): (Option<DateTime<Utc>>, Option<Text>) = (cells.take()?, cells.take()?);
        let state = match (status, solved_at, solved_by, closed_at, resolution) {
            (TicketStatus::New, None, None, None, None) => TicketState::New,
            (TicketStatus::Open, None, None, None, None) => TicketState::Open,
            (TicketStatus::Pending, None, None, None, None) => TicketState::Pending,
            (TicketStatus::OnHold, None, None, None, None) => TicketState::OnHold,
            (TicketStatus::Solved, Some(at), Some(by), None, Some(resolution)) => {
                TicketState::Solved { at, by, resolution }
            }
            (TicketStatus::Closed, Some(solved_at), Some(by), Some(at), Some(resolution)) => {
                TicketState::Closed { at, solved_at, by, resolution }
            }
            _ => return Err(cells.corrupt()),
        };
        Ok(TicketParts {
            id,
            revision,
            created_at,
            updated_at,
            number,
            external_id,
            subject,
            customer,
            priority,
            channel,
            group,
            assignee,
            due_at,
            state,
            messages: cells.take()?,
        })
    }

    fn finish(parts: TicketParts) -> Result<Self, Invalid> {
        parts.try_into()
    }

    const COUNTED: Option<Counted> = Some(Counted { columns: &["status", "priority"], parts: 0, entries: 0 });

    fn count(&self, tally: &mut Tally<'_>) -> Done<()> {
        tally.ticket(self.ticket_figure());
        Ok(())
    }
}

/// What is known of a solution, as its columns.
#[derive(Default)]
struct Solution {
    solved_at: Option<DateTime<Utc>>,
    solved_by: Option<AgentId>,
    closed_at: Option<DateTime<Utc>>,
    resolution: Option<Text>,
}

fn solution(state: &TicketState) -> Solution {
    match state {
        TicketState::New | TicketState::Open | TicketState::Pending | TicketState::OnHold => Solution::default(),
        TicketState::Solved { at, by, resolution } => Solution {
            solved_at: Some(*at),
            solved_by: Some(*by),
            closed_at: None,
            resolution: Some(resolution.clone()),
        },
        TicketState::Closed { at, solved_at, by, resolution } => Solution {
            solved_at: Some(*solved_at),
            solved_by: Some(*by),
            closed_at: Some(*at),
            resolution: Some(resolution.clone()),
        },
    }
}

fn matching(filter: &TicketFilter) -> Where<'_> {
    let TicketFilter { customer, assignee, unassigned, group, status, priority } = filter;
    Where::default()
        .and(Serves::Few, "customer = ?", customer.as_ref())
        .and(Serves::All, "assignee = ?", assignee.as_ref())
        .when(*unassigned == Some(true), Serves::All, "assignee IS NULL")
        .and(Serves::All, "status = ?", status.as_ref())
        .and(Serves::Ids, "team = ?", group.as_ref())
        .and(Serves::Ids, "priority = ?", priority.as_ref())
        .when(*unassigned == Some(false), Serves::None, "assignee IS NOT NULL")
}

/// What was said about a ticket, for the search.
fn conversation(connection: &Connection, row: i64, work: &mut dyn FnMut(u32, &str) -> Done<()>) -> Done<()> {
    let said = "SELECT number, text FROM crm_ticket_message WHERE ticket = ?1 ORDER BY number";
    let mut statement = prepared(connection, said)?;
    let mut rows = statement.query([row])?;
    while let Some(row) = rows.next()? {
        let mut cells = Cells::new(row, "crm_ticket_message", &["number", "text"]);
        let (number, said): (u32, Text) = (cells.take()?, cells.take()?);
        work(number, said.as_str())?;
    }
    Ok(())
}

const MESSAGE_COLUMNS: &[&str] = &["number", "at", "kind", "agent", "text"];
const MESSAGES: &str = "SELECT number, at, kind, agent, text FROM crm_ticket_message
    WHERE ticket = (SELECT row FROM crm_ticket WHERE id = ?1) AND number > ?2 ORDER BY number LIMIT ?3";
const TAKE_BACK: &str = "DELETE FROM crm_ticket_message WHERE ticket = ?1 AND number = ?2";
const APPEND: &str = "INSERT INTO crm_ticket_message (ticket, number, at, kind, agent, text) VALUES (?, ?, ?, ?, ?, ?)";

fn messages(connection: &Connection, ticket: TicketId, page: Page<u32>) -> Done<Vec<TicketMessage>> {
    let mut statement = prepared(connection, MESSAGES)?;
    let mut rows = statement.query((Bound(&ticket), page.after.map_or(-1, i64::from), page.limit))?;
    let mut messages = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::new(row, "crm_ticket_message", MESSAGE_COLUMNS);
        let (number, at) = (cells.take()?, cells.take()?);
        let (kind, agent): (String, Option<AgentId>) = (cells.take()?, cells.take()?);
        let kind = match (kind.as_str(), agent) {
            ("customer_reply", None) => MessageKind::CustomerReply,
            ("agent_reply", Some(agent)) => MessageKind::AgentReply(agent),
            ("note", Some(agent)) => MessageKind::Note(agent),
            _ => return Err(cells.corrupt()),
        };
        messages.push(TicketMessage { ticket, number, at, kind, text: cells.take()? });
    }
    Ok(messages)
}

fn append(connection: &Connection, message: &TicketMessage) -> Done<()> {
    let TicketMessage { ticket, number, at, kind, text } = message;
    let missing = |field| StoreErrorKind::MissingReference { record: "message", field };
    let row = row_of::<Ticket>(connection, *ticket)?.ok_or_else(|| missing("ticket"))?;
    let kind_name = match kind {
        MessageKind::CustomerReply => "customer_reply",
        MessageKind::AgentReply(_) => "agent_reply",
        MessageKind::Note(_) => "note",
    };
    let mut statement = prepared(connection, APPEND)?;
    Binder::new(&mut statement)
        .put(&row)?
        .put(number)?
        .put(at)?
        .put(&kind_name.to_owned())?
        .put(&kind.agent())?
        .put(text)?;
    match statement.raw_execute().map_err(Failure::Sql) {
        Ok(_) => {
            let appended = Ticket::SEARCH.map_or(Ok(()), |index| index.append(connection, row, *number, text.as_str()));
            appended.inspect_err(|_| {
                // As where a record is inserted: cheaper than a savepoint around every message.
                let _ = prepared(connection, TAKE_BACK).and_then(|mut take| take.execute((row, *number)));
            })
        }
        Err(failure) => Err(match failure.broken() {
            Broken::Unique => failure.into_source_of(StoreErrorKind::Duplicate { record: "message", field: "number" }),
            Broken::Reference => failure.into_source_of(missing("agent")),
            Broken::Overflow | Broken::Other => failure,
        }),
    }
}

impl Tickets for SqliteTx<'_> {
    family_methods!(Ticket(TicketId), TicketFilter, matching {
        ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket
    });

    fn ticket_by_number(&self, number: &Number) -> Result<Option<Ticket>, StoreError> {
        Ok(table::get_by(self.connection, "number", number)?)
    }

    fn ticket_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Ticket>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn tickets_by_due(
        &self,
        filter: &TicketFilter,
        page: Page<(DateTime<Utc>, TicketId)>,
    ) -> Result<Vec<Ticket>, StoreError> {
        Ok(matching(filter).by(self.connection, "due_at", page, None)?)
    }

    fn messages(&self, ticket: TicketId, page: Page<u32>) -> Result<Vec<TicketMessage>, StoreError> {
        Ok(messages(self.connection, ticket, page)?)
    }

    fn append_message(&mut self, message: &TicketMessage) -> Result<(), StoreError> {
        Ok(append(self.writing()?, message)?)
    }

    fn next_ticket_number(&mut self) -> Result<Number, StoreError> {
        Ok(counter::next(self.writing()?, "T-", "SELECT 1 FROM crm_ticket WHERE number = ?1")?)
    }
}

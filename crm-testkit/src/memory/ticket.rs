//! Tickets and their conversations.

use chrono::{DateTime, Utc};
use crm_core::{
    ExternalId, Number, RecordRef, Revision, Ticket, TicketId, TicketMessage, TicketState,
    store::{Page, StoreErrorKind, TicketFilter, Tickets},
};

use super::{
    MemoryTx,
    state::{Family, State, Stored, by_external_id, cut, external_id, holds, paged, record_methods, reference},
};

impl Family for Ticket {
    type Filter = TicketFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        std::iter::once(("number", self.number().as_str())).chain(external_id(self.external_id())).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let solved_by = match self.state() {
            TicketState::Solved { by, .. } | TicketState::Closed { by, .. } => Some(*by),
            TicketState::New | TicketState::Open | TicketState::Pending | TicketState::OnHold => None,
        };
        let references = [
            reference("customer", Some(self.customer())),
            reference("assignee", self.assignee()),
            reference("solved by", solved_by),
        ];
        references.into_iter().flatten().collect()
    }

    fn passes(&self, filter: &TicketFilter) -> bool {
        let TicketFilter { customer, assignee, unassigned, group, status, priority } = filter;
        holds(customer.as_ref(), Some(&self.customer()))
            && holds(assignee.as_ref(), self.assignee().as_ref())
            && holds(unassigned.as_ref(), Some(&self.assignee().is_none()))
            && holds(group.as_ref(), self.group())
            && holds(status.as_ref(), Some(&self.state().status()))
            && holds(priority.as_ref(), self.priority().as_ref())
    }

    /// The conversation goes with its ticket.
    fn delete_parts(&self, state: &mut State) {
        state.messages.retain(|(ticket, _), _| *ticket != self.id);
    }
}

impl Tickets for MemoryTx {
    record_methods! {
        Ticket(TicketId), TicketFilter
        { ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket }
    }

    fn ticket_by_number(&self, number: &Number) -> Stored<Option<Ticket>> {
        Ok(self.state.with_unique("number", number.as_str()))
    }

    by_external_id! { ticket_by_external_id: Ticket }

    fn tickets_by_due(&self, filter: &TicketFilter, page: Page<(DateTime<Utc>, TicketId)>) -> Stored<Vec<Ticket>> {
        let key = |ticket: &Ticket| Some((ticket.due_at()?, ticket.id));
        Ok(self.state.listed(|ticket: &Ticket| ticket.passes(filter), key, page))
    }

    fn messages(&self, ticket: TicketId, page: Page<u32>) -> Stored<Vec<TicketMessage>> {
        let of_ticket = self.state.messages.values().filter(|message| message.ticket == ticket);
        Ok(paged(of_ticket.map(|message| (message.number, message.clone())), page))
    }

    fn append_message(&mut self, message: &TicketMessage) -> Stored<()> {
        let key = (message.ticket, message.number);
        if self.state.messages.contains_key(&key) {
            return Err(StoreErrorKind::Duplicate { record: "message", field: "number" }.into());
        }
        self.state.exists("message", "ticket", message.ticket.into())?;
        if let Some(agent) = message.kind.agent() {
            self.state.exists("message", "agent", agent.into())?;
        }
        self.state_mut().messages.insert(key, cut(message)?);
        Ok(())
    }

    fn next_ticket_number(&mut self) -> Stored<Number> {
        let (count, number) = self.state.free_number::<Ticket>("T", self.state.ticket_numbers)?;
        self.state_mut().ticket_numbers = count;
        Ok(number)
    }
}

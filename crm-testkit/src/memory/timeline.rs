//! What there is about a customer, newest first.

use std::cmp::Reverse;

use crm_core::{
    CustomerId, Participant, TimelineItem,
    store::{Page, Timeline},
};

use super::{
    MemoryTx,
    state::{Stored, paged},
};

impl Timeline for MemoryTx {
    fn timeline(&self, customer: CustomerId, page: Page<TimelineItem>) -> Stored<Vec<TimelineItem>> {
        let state = &self.state;
        let took_part = Participant::Customer(customer);
        let interactions = state
            .interactions
            .values()
            .filter(|record| record.customer == customer || record.participants.contains(&took_part));
        let opportunities = state.opportunities.values().filter(|record| record.customer() == Some(customer));
        let quotes = state.quotes.values().filter(|record| record.customer() == customer);
        let activities = state.activities.values().filter(|record| record.customer() == Some(customer));
        let orders = state.orders.values().filter(|record| record.customer() == customer);
        let tickets = state.tickets.values().filter(|record| record.customer() == customer);
        let items = interactions
            .map(|record| TimelineItem { at: record.occurred_at, record: record.id.into() })
            .chain(opportunities.map(|record| TimelineItem { at: record.created_at, record: record.id.into() }))
            .chain(quotes.map(|record| TimelineItem { at: record.created_at, record: record.id.into() }))
            .chain(activities.map(|record| TimelineItem { at: record.created_at, record: record.id.into() }))
            .chain(orders.map(|record| TimelineItem { at: record.created_at, record: record.id.into() }))
            .chain(tickets.map(|record| TimelineItem { at: record.created_at, record: record.id.into() }));
        let newest_first = Page { after: page.after.map(Reverse), limit: page.limit };
        Ok(paged(items.map(|item| (Reverse(item), item)), newest_first))
    }
}

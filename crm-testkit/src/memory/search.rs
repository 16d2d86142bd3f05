//! Search: every record is read and asked.

use crm_core::{
    Agent, Customer, Interaction, Opportunity, Product, SalesRep, SearchHit, SearchPlace, SearchQuery, SearchText,
    Searched, Ticket,
    store::{Page, Search},
};

use super::{
    MemoryTx,
    state::{Kept, State, Stored, paged},
};

impl State {
    /// The hits of one family.
    fn hits<R: Kept + Searched>(&self, query: &SearchQuery, text: impl Fn(&R) -> SearchText) -> Vec<SearchHit> {
        if !query.families().contains(&R::FAMILY) {
            return Vec::new();
        }
        let hit = |record: &R| {
            let (tier, record) = (text(record).tier(query)?, record.id().into());
            let count = self.inserted.get(&record).copied()?;
            Some(SearchHit { record, place: SearchPlace::new(tier, R::FAMILY, count) })
        };
        R::table(self).values().filter_map(hit).collect()
    }

    /// What is searched of a ticket: its own text and all that was said.
    fn conversation(&self, ticket: &Ticket) -> SearchText {
        let messages = self.messages.values().filter(|message| message.ticket == ticket.id);
        messages.fold(ticket.search_text(), |text, message| text.body(message.text.as_str()))
    }
}

impl Search for MemoryTx {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Stored<Vec<SearchHit>> {
        let state = &self.state;
        let mut hits = state.hits(query, Customer::search_text);
        hits.extend(state.hits(query, Opportunity::search_text));
        hits.extend(state.hits(query, |ticket| state.conversation(ticket)));
        hits.extend(state.hits(query, Interaction::search_text));
        hits.extend(state.hits(query, Product::search_text));
        hits.extend(state.hits(query, SalesRep::search_text));
        hits.extend(state.hits(query, Agent::search_text));
        Ok(paged(hits.into_iter().map(|hit| (hit.place, hit)), page))
    }
}

//! Search: every record is read and asked.

use crm_core::{
    Activity, Agent, Customer, Interaction, Lead, Opportunity, PriceList, Product, Promotion, SalesRep, SearchHit,
    SearchPlace, SearchQuery, SearchText, Searched, Ticket,
    store::{Page, Search},
};

use super::{
    MemoryTx,
    state::{Kept, State, Stored, paged},
};

impl State {
    /// The hits of one family, by the best of the texts of each record.
    fn hits<R: Kept + Searched>(&self, query: &SearchQuery, texts: impl Fn(&R) -> Vec<SearchText>) -> Vec<SearchHit> {
        if !query.families().contains(&R::FAMILY) {
            return Vec::new();
        }
        let hit = |record: &R| {
            let tier = texts(record).iter().filter_map(|text| text.tier(query)).min()?;
            let record = record.id().into();
            let count = self.inserted.get(&record).copied()?;
            Some(SearchHit { record, place: SearchPlace::new(tier, R::FAMILY, count) })
        };
        R::table(self).values().filter_map(hit).collect()
    }

    /// What is searched of a ticket: its own text, and each message.
    fn conversation(&self, ticket: &Ticket) -> Vec<SearchText> {
        let own = ticket.search_text();
        let messages = self.messages.values().filter(|message| message.ticket == ticket.id);
        let mut texts: Vec<_> = messages.map(|message| own.with_body(message.text.as_str())).collect();
        texts.push(own);
        texts
    }
}

fn own<R: Searched>(record: &R) -> Vec<SearchText> {
    vec![record.search_text()]
}

impl Search for MemoryTx {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Stored<Vec<SearchHit>> {
        let state = &self.state;
        let mut hits = state.hits(query, own::<Customer>);
        hits.extend(state.hits(query, own::<Lead>));
        hits.extend(state.hits(query, own::<Opportunity>));
        hits.extend(state.hits(query, |ticket| state.conversation(ticket)));
        hits.extend(state.hits(query, own::<Interaction>));
        hits.extend(state.hits(query, own::<Activity>));
        hits.extend(state.hits(query, own::<Product>));
        hits.extend(state.hits(query, own::<PriceList>));
        hits.extend(state.hits(query, own::<Promotion>));
        hits.extend(state.hits(query, own::<SalesRep>));
        hits.extend(state.hits(query, own::<Agent>));
        Ok(paged(hits.into_iter().map(|hit| (hit.place, hit)), page))
    }
}

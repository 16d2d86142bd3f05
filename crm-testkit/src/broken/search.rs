//! The search of a broken store.

use crm_core::{
    RecordRef, SearchFamily, SearchHit, SearchPlace, SearchQuery, SearchWord, Searched as _,
    store::{Page, Search, Tickets},
};

use super::{BrokenTx, Fault};
use crate::suite::Stored;

impl Search for BrokenTx<'_> {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Stored<Vec<SearchHit>> {
        let words = || query.words().map(SearchWord::as_str);
        let operator = |word: &&str| ["or", "and", "not", "near"].contains(word);
        let (mut sought, mut page) = (query.clone(), page);
        match self.store.fault {
            Some(Fault::OneWordIsEnough) => sought = parsed(words().take(1), query),
            Some(Fault::OperatorsUnderstood) => sought = parsed(words().filter(|word| !operator(word)), query),
            Some(Fault::FamiliesIgnored) => sought = query.clone().only(SearchFamily::ALL.iter().copied()),
            Some(Fault::PlaceIgnored) => page.after = None,
            _ => {}
        }
        let mut found = self.listed(page, |tx, page| tx.search(&sought, page))?;
        if self.has(Fault::HitsUnranked) {
            found.reverse();
        }
        if self.has(Fault::OwnInsertNotFound) {
            found.retain(|hit| !self.inserted.contains(&hit.record));
        }
        if self.has(Fault::MessagesNotSearched) {
            let by_itself = |hit: &SearchHit| match hit.record {
                RecordRef::Ticket(id) => self
                    .look(|tx| tx.ticket(id))
                    .is_ok_and(|ticket| ticket.is_some_and(|ticket| ticket.search_text().tier(query).is_some())),
                _ => true,
            };
            found.retain(by_itself);
        }
        if self.has(Fault::MessagesSearchedTogether) && found.is_empty() {
            let one = |word| self.look(|tx| tx.search(&parsed(std::iter::once(word), query), Page::first(u16::MAX)));
            let each = words().map(one).collect::<Stored<Vec<_>>>()?;
            let in_all = |hit: &SearchHit| each.iter().all(|hits| hits.iter().any(|other| other.record == hit.record));
            let first = each.iter().flatten().copied();
            found = first.filter(|hit| matches!(hit.record, RecordRef::Ticket(_)) && in_all(hit)).take(1).collect();
        }
        Ok(found)
    }
}

/// A query of some of the words of another one, over the same families.
fn parsed<'a>(words: impl Iterator<Item = &'a str>, query: &SearchQuery) -> SearchQuery {
    let some = SearchQuery::parse(&words.collect::<Vec<_>>().join(" "));
    some.map_or_else(|_| query.clone(), |some| some.only(query.families().iter().copied()))
}

//! Quotes.

use crm_core::{
    ExternalId, Number, Quote, QuoteId, RecordRef, Revision,
    store::{Page, QuoteFilter, Quotes},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, record_methods, reference},
};

impl Family for Quote {
    type Filter = QuoteFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        std::iter::once(("number", self.number().as_str())).chain(external_id(self.external_id())).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let one = [
            reference("customer", Some(self.customer())),
            reference("previous", self.previous()),
            reference("opportunity", self.opportunity()),
            reference("rep", self.rep()),
            reference("superseded by", self.superseded_by()),
            reference("order", self.order()),
            reference("price list", self.price_list()),
        ];
        let products = self.lines().iter().map(|line| ("lines", line.product().into()));
        one.into_iter().flatten().chain(products).collect()
    }

    fn passes(&self, filter: &QuoteFilter) -> bool {
        let QuoteFilter { customer, opportunity, rep, status, valid_until } = filter;
        holds(customer.as_ref(), Some(&self.customer()))
            && holds(opportunity.as_ref(), self.opportunity().as_ref())
            && holds(rep.as_ref(), self.rep().as_ref())
            && holds(status.as_ref(), Some(&self.state().status()))
            && valid_until.is_none_or(|days| self.valid_until().is_some_and(|day| days.contains(day)))
    }
}

impl Quotes for MemoryTx {
    record_methods! {
        Quote(QuoteId), QuoteFilter
        { quote quotes count_quotes insert_quote insert_quotes update_quote delete_quote }
    }

    fn quote_by_number(&self, number: &Number) -> Stored<Option<Quote>> {
        Ok(self.state.with_unique("number", number.as_str()))
    }

    by_external_id! { quote_by_external_id: Quote }

    fn next_quote_number(&mut self) -> Stored<Number> {
        let (count, number) = self.state.free_number::<Quote>("Q", self.state.quote_numbers)?;
        self.state_mut().quote_numbers = count;
        Ok(number)
    }
}
